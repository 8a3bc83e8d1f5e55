/// Counts what the server serves from a moment at which it was known to have nothing left to give.
///
/// If it has nothing left at a later moment either, what it served in between is its limit, exactly, however much
/// it can save up: a bucket that was empty at both ends has given what flowed into it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Measure {
    at: f64,
    served: f64,
    /// How long callers waited.
    pressed: f64,
}

impl Measure {
    pub(super) fn from(at: f64) -> Self {
        Self { at, served: 0.0, pressed: 0.0 }
    }

    pub(super) fn serve(&mut self, requests: u32) {
        self.served += f64::from(requests);
    }

    pub(super) fn press(&mut self, seconds: f64) {
        self.pressed += seconds;
    }

    pub(super) fn age(&self, now: f64) -> f64 {
        now - self.at
    }

    pub(super) fn served(&self) -> f64 {
        self.served
    }

    /// The limit, unless the time is too short to count in, or callers did not take all that they could get.
    pub(super) fn limit(&self, now: f64) -> Option<f64> {
        let age = self.age(now);
        (age >= 0.05 && self.pressed >= 0.8 * age).then(|| self.served / age)
    }
}
