use std::sync::atomic::{
    AtomicBool, AtomicU32, AtomicU64,
    Ordering::{AcqRel, Acquire, Relaxed, Release},
};

/// What needs no lock: while nobody waits and nothing is wrong, a few turns are set aside that anybody can take, and
/// good answers are only counted. The limiter gets all of it back at the next look at it.
#[derive(Debug)]
pub(super) struct Calm {
    /// Turns that are set aside.
    turns: AtomicU32,
    /// Whether good answers are only counted.
    on: AtomicBool,
    accepted: AtomicU32,
    /// When the limiter was last looked at, in seconds, as bits.
    looked: AtomicU64,
}

/// So many answers may be counted without a look at the clock: so many are the most that can be taken for recent ones
/// long after they came.
const UNTIMED: u32 = 16;

impl Calm {
    /// There is none until the limiter has been looked at.
    pub(super) fn none() -> Self {
        let (turns, accepted, looked) = (AtomicU32::new(0), AtomicU32::new(0), AtomicU64::new(0));
        Self { turns, on: AtomicBool::new(false), accepted, looked }
    }

    /// Takes a turn. False if none is left.
    #[inline]
    pub(super) fn take(&self) -> bool {
        self.turns.fetch_update(AcqRel, Relaxed, |turns| turns.checked_sub(1)).is_ok()
    }

    /// Counts a good answer. False if it has to be reported: now and then one has, to tell the limiter when they come.
    #[inline]
    pub(super) fn accept(&self) -> bool {
        let counts = self.on.load(Acquire) && self.accepted.load(Relaxed) < UNTIMED;
        if counts {
            self.accepted.fetch_add(1, Relaxed);
        }
        counts
    }

    /// When the limiter was last looked at. What is sent now is sent after that, and before the next look.
    #[inline]
    pub(super) fn looked(&self) -> f64 {
        f64::from_bits(self.looked.load(Acquire))
    }

    /// Ends it: the turns that are left, and the good answers that came.
    pub(super) fn end(&self) -> (u32, u32) {
        (self.turns.swap(0, AcqRel), self.accepted.swap(0, Relaxed))
    }

    /// After a look: so many turns are set aside, if nobody waits and nothing is wrong.
    pub(super) fn begin(&self, turns: Option<u32>, now: f64) {
        self.looked.store(now.to_bits(), Release);
        self.on.store(turns.is_some(), Release);
        self.turns.store(turns.unwrap_or(0), Release);
    }
}
