//! The state of one call, and the decision about its next attempt.

use std::time::Duration;

use tokio::time::Instant;

use super::{Idempotency, Verdict, facts::Facts, settings::RetrySettings};
use crate::{
    attempt::Attempt,
    deadline::Deadline,
    error::{CallNotes, FailedAttempt, History, RetryStop},
};

/// The state of one call over all its attempts.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) attempt: Attempt,
    /// Attempts that count towards `max_attempts`. Retries that a throttle delays do not, nor does
    /// the one after the clock was corrected.
    counted: u32,
    /// Retries that a throttle delayed.
    delayed: u32,
    /// The failed attempts, once there is a retry.
    earlier: Option<Box<History>>,
    deposited: bool,
    skew_retried: bool,
    /// A failed attempt may have taken effect.
    ambiguous: bool,
    /// The start of the call. Set if there is a time limit, or once a throttle delays a retry.
    started: Option<Instant>,
    /// The clock offset that the last attempt was signed with.
    offset: i64,
}

/// For how long retries are made that a throttle delays, if nothing else limits the call. As long
/// as the longest wait of the default backoff.
const DELAYED_LIMIT: Duration = Duration::from_secs(20);

/// How far the clock offset must have changed for a retry, in milliseconds. OSS tolerates 15
/// minutes, so a correction is larger. Offsets from two responses differ by a few seconds: a date
/// in a header has no fractions, and each response had its own latency.
const CORRECTED: u64 = 60_000;

/// The next attempt.
#[derive(Debug)]
pub(super) struct Next {
    /// How long to wait before it.
    pub(super) delay: Duration,
    /// The end of the call, if the policy limits it: a throttle below lets the attempt wait no longer.
    pub(super) end: Option<Instant>,
}

impl Session {
    /// Starts a call. Reads the clock only if there is a time limit.
    #[inline]
    pub(super) fn new(settings: &RetrySettings, offset: i64, now: impl FnOnce() -> Instant) -> Self {
        Self {
            attempt: Attempt::FIRST,
            counted: 1,
            delayed: 0,
            earlier: None,
            deposited: false,
            skew_retried: false,
            ambiguous: false,
            started: settings.max_elapsed.map(|_| now()),
            offset,
        }
    }

    /// Records the clock offset that the next attempt is signed with.
    #[inline]
    pub(super) fn note_offset(&mut self, settings: &RetrySettings) {
        self.offset = settings.clock.as_ref().map_or(0, |clock| clock.millis());
    }

    pub(super) fn offset(&self) -> i64 {
        self.offset
    }

    pub(super) fn is_ambiguous(&self) -> bool {
        self.ambiguous
    }

    /// Adds the share of the first attempt to the budget, once.
    #[inline]
    pub(super) fn deposit(&mut self, settings: &RetrySettings) {
        if !self.deposited {
            self.deposited = true;
            if let Some(budget) = &settings.budget {
                budget.deposit();
            }
        }
    }

    /// Decides on the next attempt, or returns the reason why there is none.
    ///
    /// Reads the clock only if something limits the time.
    pub(super) fn decide(
        &mut self,
        facts: &Facts,
        settings: &RetrySettings,
        now: impl FnOnce() -> Instant,
    ) -> Result<Next, RetryStop> {
        let corrected = facts.verdict == Verdict::ClockSkewed && self.clock_was_corrected(settings);
        if !corrected {
            Self::check_request(facts)?;
        }
        if facts.body_is_stand_in {
            return Err(RetryStop::BodyNotReplayable);
        }
        let free = corrected || facts.delayed_by_throttle;
        let used_up = self.counted >= settings.max_attempts && !free;
        if used_up || settings.max_attempts <= 1 {
            return Err(RetryStop::AttemptsExhausted);
        }
        let delay = if corrected {
            Duration::ZERO
        } else if free {
            settings.delay_before_throttle(self.delayed)
        } else {
            settings.delay(facts.verdict, self.counted - 1, facts.retry_after)
        };
        let end = self.enforce_time_limit(facts, settings, now, delay)?;
        if !free {
            if settings.budget.as_ref().is_some_and(|budget| !budget.withdraw()) {
                return Err(RetryStop::BudgetExhausted);
            }
            self.counted = self.counted.saturating_add(1);
        }
        self.skew_retried |= corrected;
        self.delayed = self.delayed.saturating_add(u32::from(facts.delayed_by_throttle));
        self.ambiguous |= facts.verdict == Verdict::Transient && facts.changes_something;
        self.attempt = self.attempt.next(facts.was_sent);
        Ok(Next { delay, end })
    }

    /// Adds a failed attempt to the history.
    pub(super) fn remember(&mut self, failed: FailedAttempt) {
        self.earlier.get_or_insert_default().push(failed);
    }

    /// The failed attempts, including the last one.
    pub(super) fn history(&self, last: FailedAttempt) -> History {
        self.earlier.as_deref().cloned().unwrap_or_default().with(last)
    }

    /// How many attempts were sent.
    pub(super) fn sent(&self, last_was_sent: bool) -> u32 {
        self.attempt.sent() - u32::from(!last_was_sent)
    }

    /// What is recorded on the error that the call ends with. Takes the history.
    pub(super) fn take_call_notes(&mut self, stop: RetryStop, last_was_sent: bool) -> CallNotes {
        CallNotes {
            attempts: self.sent(last_was_sent),
            stop,
            after_ambiguous_attempt: self.ambiguous,
            earlier: self.earlier.take(),
        }
    }

    /// Whether the offset has changed since the request was signed. True once per call: if the
    /// request fails again, the offset was not the cause.
    pub(super) fn clock_was_corrected(&self, settings: &RetrySettings) -> bool {
        let present = settings.clock.as_ref().map_or(self.offset, |clock| clock.millis());
        !self.skew_retried && present.abs_diff(self.offset) > CORRECTED
    }

    fn check_request(facts: &Facts) -> Result<(), RetryStop> {
        match (facts.verdict, facts.idempotency) {
            (Verdict::Transient | Verdict::Unknown, Idempotency::NotIdempotent) => {
                Err(RetryStop::OutcomeUnknown)
            }
            (Verdict::Never | Verdict::Unknown | Verdict::ClockSkewed, _) => Err(RetryStop::NotRetryable),
            _ => Ok(()),
        }
    }

    /// Checks that the next attempt starts in time. Returns the end of the call, if the policy limits
    /// it.
    ///
    /// The first retry that a throttle delays starts the limit of such retries.
    fn enforce_time_limit(
        &mut self,
        facts: &Facts,
        settings: &RetrySettings,
        now: impl FnOnce() -> Instant,
        delay: Duration,
    ) -> Result<Option<Instant>, RetryStop> {
        let unlimited = facts.delayed_by_throttle && facts.deadline.is_none();
        // The throttle pauses for this time first.
        let pause = facts.retry_after.unwrap_or_default().min(settings.max_retry_after);
        let limit = settings.max_elapsed.or(unlimited.then_some(DELAYED_LIMIT + pause));
        if limit.is_none() && facts.deadline.is_none() {
            return Ok(None);
        }
        let now = now();
        let by_limit = limit.and_then(|limit| self.started.get_or_insert(now).checked_add(limit));
        let deadline = facts.deadline.map(Deadline::moment);
        let in_time = now.checked_add(delay).is_some_and(|next| {
            by_limit.is_none_or(|end| next < end) && deadline.is_none_or(|end| next < end)
        });
        if in_time { Ok(by_limit) } else { Err(RetryStop::OutOfTime) }
    }
}

#[cfg(test)]
mod tests;
