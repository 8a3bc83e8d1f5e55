use std::{f64::consts::LN_2, time::Duration};

use super::settings::Settings;

/// What the rate is about to do while callers wait.
#[derive(Clone, Copy, Debug)]
pub(super) enum Course {
    /// No limit met yet: double.
    Start,
    /// Met, but not measured: grow more slowly than at the start, until it is met again.
    Search,
    /// Measured: pass it slowly, to see whether it has moved.
    Trial(Trial),
    /// Others use up the same limit: grow by the same step as they do.
    Contest(Contest),
}

/// One pass over a limit that is known, from a little below to a little above.
///
/// Up to its length it walks on a straight line: the deficit of the first half fills the server's bucket, the
/// excess of the second one empties it again, so that nothing of the quota is lost. Beyond its length the rate grows
/// with the evidence that the limit has risen: the faster, the more was sent above it without a refusal.
#[derive(Clone, Copy, Debug)]
pub(super) struct Trial {
    pub(super) limit: f64,
    pub(super) length: f64,
    /// How far below the limit it begins, as a share.
    pub(super) back_off: f64,
    /// Time in it while callers waited.
    pub(super) walked: f64,
    /// What was sent above the limit, less what was not sent below it, in seconds of the limit.
    pub(super) excess: f64,
    evidence: f64,
    /// Fastest growth: its natural logarithm a second.
    haste: f64,
}

/// Additive increase: what Chiu and Jain showed to make shares equal.
#[derive(Clone, Copy, Debug)]
pub(super) struct Contest {
    pub(super) limit: f64,
    /// How often in a row the measured share has stayed the same.
    pub(super) agreed: u32,
    excess: f64,
}

/// Growth, as a logarithm a second, for each second of quota sent above the limit without a refusal. A bucket of
/// 0.1 s, which is common, then makes the rate six times larger in a second before it shows that it is empty.
const EVIDENCE: f64 = 60.0;
/// The same for a server that counts in windows: within one it takes far more than its rate.
const EVIDENCE_IN_WINDOWS: f64 = 8.0;
/// In a contest, this many seconds of quota above the own share are no evidence: others may have left it.
const UNCERTAIN: f64 = 0.5;
/// Largest share of refusals that a small client causes while it catches up with the others.
const COST_OF_CATCHING_UP: f64 = 0.06;

/// The growth that doubles a rate in this time.
pub(super) fn growth(doubling: Duration) -> f64 {
    LN_2 / doubling.as_secs_f64()
}

impl Course {
    /// The rate after this time, from this rate.
    pub(super) fn step(&mut self, rate: f64, seconds: f64, settings: &Settings) -> f64 {
        let fastest = growth(settings.doubling);
        match self {
            Self::Start => rate * (fastest * seconds).exp(),
            Self::Search => rate * (fastest / 2.0 * seconds).exp(),
            Self::Trial(trial) => trial.step(rate, seconds),
            Self::Contest(contest) => contest.step(rate, seconds, settings),
        }
    }
}

impl Trial {
    pub(super) fn new(limit: f64, length: f64, back_off: f64, settings: &Settings) -> Self {
        let haste = growth(settings.doubling);
        Self { limit, length, back_off, walked: 0.0, excess: 0.0, evidence: EVIDENCE, haste }
    }

    /// For a server that has shown to count in windows.
    pub(super) fn in_windows(self) -> Self {
        Self { evidence: EVIDENCE_IN_WINDOWS, ..self }
    }

    pub(super) fn is_in_windows(&self) -> bool {
        self.evidence == EVIDENCE_IN_WINDOWS
    }

    /// At its end already: the rate is the limit, and grows at most this fast.
    pub(super) fn walked(self, haste: f64) -> Self {
        Self { walked: self.length, haste, ..self }
    }

    /// The same from its beginning.
    pub(super) fn again(self) -> Self {
        Self { walked: 0.0, excess: 0.0, ..self }
    }

    /// The rate at its beginning.
    pub(super) fn first_rate(&self) -> f64 {
        self.limit * (1.0 - self.back_off)
    }

    fn step(&mut self, rate: f64, seconds: f64) -> f64 {
        self.walked += seconds;
        let slope = 2.0 * self.back_off / self.length;
        let next = if self.walked <= self.length {
            self.limit * (1.0 - self.back_off + slope * self.walked)
        } else {
            let growth = (slope + self.evidence * self.excess.max(0.0)).min(self.haste);
            rate * (growth * seconds).exp()
        };
        self.excess += (next / self.limit - 1.0) * seconds;
        next
    }
}

impl Contest {
    pub(super) fn new(limit: f64, agreed: u32) -> Self {
        Self { limit, agreed, excess: 0.0 }
    }

    fn step(&mut self, rate: f64, seconds: f64, settings: &Settings) -> f64 {
        // A cut of `back_off` has to be regrown after each refusal: so many refusals come of a step.
        let bearable = COST_OF_CATCHING_UP * settings.contest_back_off * rate * rate;
        let step = settings.contest_step.min(bearable);
        let evidence = EVIDENCE * (self.excess - UNCERTAIN).max(0.0);
        let next = rate * ((step / rate + evidence).min(growth(settings.doubling)) * seconds).exp();
        self.excess += (next / self.limit - 1.0) * seconds;
        next
    }
}
