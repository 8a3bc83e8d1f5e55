use super::settings::Settings;

/// Failures in a row, and what came before them.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Outage {
    failures: u32,
    begun: Option<Begun>,
}

#[derive(Clone, Copy, Debug)]
struct Begun {
    at: f64,
    /// What was accepted in the second before.
    carried: f64,
}

impl Outage {
    pub(super) fn is_on(&self) -> bool {
        self.begun.is_some()
    }

    /// Whether nothing has failed since the server last answered.
    pub(super) fn is_calm(&self) -> bool {
        self.failures == 0 && !self.is_on()
    }

    /// One more failure, when so much had been accepted in the second before it.
    pub(super) fn failed(&mut self, accepted: f64, now: f64, settings: &Settings) {
        self.failures = self.failures.saturating_add(1);
        if self.failures >= settings.outage_after && self.begun.is_none() {
            self.begun = Some(Begun { at: now, carried: accepted });
        }
    }

    /// The server answers again. What it carried before, if that was an outage that changes anything.
    pub(super) fn end(&mut self, now: f64, settings: &Settings) -> Option<f64> {
        self.failures = 0;
        let begun = self.begun.take()?;
        (now - begun.at >= settings.blip.as_secs_f64()).then_some(begun.carried)
    }
}
