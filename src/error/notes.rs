//! What layers above record on an error after it was built: attempts, reason to stop, history.

use std::sync::{
    OnceLock,
    atomic::{AtomicBool, AtomicU8, AtomicU32, Ordering::Relaxed},
};

use super::{History, RetryStop};

/// What the layers above record on an error. Clones of the error share it.
#[derive(Debug, Default)]
pub(crate) struct Notes {
    /// How many attempts of the call were sent. 0 also if nothing was recorded.
    attempts: AtomicU32,
    /// 0, or the index in `STOPS` plus one.
    stop: AtomicU8,
    after_ambiguous_attempt: AtomicBool,
    delayed_by_throttle: AtomicBool,
    clock_beyond_bound: AtomicBool,
    /// The failed attempts before this one, if there were any.
    earlier: OnceLock<Box<History>>,
}

/// Every reason, in the order of the enum.
const STOPS: [RetryStop; 6] = [
    RetryStop::NotRetryable,
    RetryStop::AttemptsExhausted,
    RetryStop::OutOfTime,
    RetryStop::BudgetExhausted,
    RetryStop::BodyNotReplayable,
    RetryStop::OutcomeUnknown,
];

impl Notes {
    pub(crate) fn set_attempts(&self, attempts: u32) {
        self.attempts.store(attempts, Relaxed);
    }

    pub(crate) fn attempts(&self) -> u32 {
        self.attempts.load(Relaxed)
    }

    pub(crate) fn set_stop(&self, stop: RetryStop) {
        self.stop.store(stop as u8 + 1, Relaxed);
    }

    pub(crate) fn stop(&self) -> Option<RetryStop> {
        STOPS.get(usize::from(self.stop.load(Relaxed)).checked_sub(1)?).copied()
    }

    pub(crate) fn set_after_ambiguous_attempt(&self) {
        self.after_ambiguous_attempt.store(true, Relaxed);
    }

    pub(crate) fn after_ambiguous_attempt(&self) -> bool {
        self.after_ambiguous_attempt.load(Relaxed)
    }

    pub(crate) fn set_earlier(&self, attempts: Box<History>) {
        self.earlier.get_or_init(|| attempts);
    }

    /// The number of this attempt, counted from 1.
    pub(crate) fn number(&self) -> u32 {
        self.earlier.get().map_or(0, |earlier| earlier.count()).saturating_add(1)
    }

    /// The failed attempts before this one.
    pub(crate) fn earlier(&self) -> History {
        self.earlier.get().map(|attempts| History::clone(attempts)).unwrap_or_default()
    }

    /// Records that the server's clock differs by more than the bound of the `ClockOffset`.
    pub(crate) fn set_clock_beyond_bound(&self) {
        self.clock_beyond_bound.store(true, Relaxed);
    }

    pub(crate) fn is_clock_beyond_bound(&self) -> bool {
        self.clock_beyond_bound.load(Relaxed)
    }

    /// Records that the throttle below will delay the next attempt, so that the policy need not
    /// wait.
    pub(crate) fn set_delayed_by_throttle(&self) {
        self.delayed_by_throttle.store(true, Relaxed);
    }

    pub(crate) fn is_delayed_by_throttle(&self) -> bool {
        self.delayed_by_throttle.load(Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_stop_is_read_back() {
        let notes = Notes::default();
        assert_eq!((notes.stop(), notes.attempts()), (None, 0));
        for (place, stop) in STOPS.into_iter().enumerate() {
            assert_eq!(stop as usize, place);
            notes.set_stop(stop);
            assert_eq!(notes.stop(), Some(stop));
        }
    }
}
