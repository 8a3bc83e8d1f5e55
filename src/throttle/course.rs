use std::f64::consts::LN_2;

use super::settings::Settings;

/// What the rate is about to do while callers wait.
#[derive(Clone, Copy, Debug)]
pub(super) enum Course {
    /// No limit met yet: double.
    Start,
    /// Met, but not measured: grow more slowly than at the start, until it is met again.
    Search,
    /// Measured: pass it slowly, to see whether it has moved.
    Pass(Pass),
}

/// One pass over a limit that is known, from a little below to a little above, by equal steps.
///
/// What is not sent in the first half fills the server's bucket, what is sent in excess in the second half empties
/// it again: nothing of the quota is lost, and the refusal comes at the end. If it does not, the limit has risen, and
/// the rate grows with the evidence: the faster, the more was sent above the limit.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pass {
    pub(super) limit: f64,
    /// How far below the limit it begins, as a share.
    pub(super) back_off: f64,
    /// What was sent above the limit, less what was not sent below it, in seconds of the limit.
    pub(super) excess: f64,
    /// So much excess is no evidence.
    pub(super) doubt: f64,
    /// By how much the rate grows in a second.
    step: f64,
    /// Fastest growth, as a logarithm a second.
    haste: f64,
    evidence: f64,
}

/// The growth that doubles a rate in this time.
fn growth(doubling: f64) -> f64 {
    LN_2 / doubling
}

impl Course {
    /// The rate after this time, from this rate. As long as no limit has been met, it doubles no faster than answers come.
    pub(super) fn step(&mut self, rate: f64, seconds: f64, answer_time: f64, settings: &Settings) -> f64 {
        let doubling = settings.doubling.as_secs_f64();
        match self {
            Self::Start => rate * (growth(doubling.max(answer_time)) * seconds).exp(),
            Self::Search => rate * (growth(doubling) / 2.0 * seconds).exp(),
            Self::Pass(pass) => pass.step(rate, seconds),
        }
    }
}

impl Pass {
    /// Takes so many seconds over this limit.
    pub(super) fn new(limit: f64, length: f64, back_off: f64, doubt: f64, settings: &Settings) -> Self {
        let step = 2.0 * back_off * limit / length;
        let haste = growth(settings.doubling.as_secs_f64());
        Self { limit, back_off, excess: 0.0, doubt, step, haste, evidence: settings.evidence }
    }

    /// With less haste: all those who waited during an outage are there at once.
    pub(super) fn returning(self, settings: &Settings) -> Self {
        Self { haste: growth(settings.return_doubling.as_secs_f64()), ..self }
    }

    /// Far more was sent than the limit can explain.
    pub(super) fn is_overrun(&self, settings: &Settings) -> bool {
        self.excess > self.doubt + settings.doubt.as_secs_f64()
    }

    /// The rate at its beginning.
    pub(super) fn first_rate(&self) -> f64 {
        self.limit * (1.0 - self.back_off)
    }

    fn step(&mut self, rate: f64, seconds: f64) -> f64 {
        let evidence = self.evidence * (self.excess - self.doubt).max(0.0);
        let next = rate * ((self.step / rate + evidence).min(self.haste) * seconds).exp();
        self.excess += (next / self.limit - 1.0) * seconds;
        next
    }
}
