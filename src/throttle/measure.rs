/// A moment, and how much had come about up to then.
///
/// If the server has nothing left to give at two such moments, what it served in between is its limit, exactly,
/// however much it can save up: a bucket that was empty at both ends has given what flowed into it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment {
    pub(super) at: f64,
    /// Requests served so far.
    pub(super) served: f64,
    /// For how long callers have waited so far.
    pub(super) pressed: f64,
}

/// What came about from one moment to another.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Span {
    pub(super) seconds: f64,
    pub(super) served: f64,
    pressed: f64,
}

impl Moment {
    pub(super) fn to(self, end: Self) -> Span {
        Span {
            seconds: end.at - self.at,
            served: end.served - self.served,
            pressed: end.pressed - self.pressed,
        }
    }
}

impl Span {
    /// What was served a second, unless it is no time at all.
    pub(super) fn mean(&self) -> Option<f64> {
        (self.seconds > 0.0).then(|| self.served / self.seconds)
    }

    /// The limit: that, unless callers waited for less than this share of the time, and did not take all that they
    /// could get.
    pub(super) fn limit(&self, pressed: f64) -> Option<f64> {
        self.mean().filter(|_| self.pressed >= pressed * self.seconds)
    }

    /// Adds what was served in so many seconds more.
    pub(super) fn join(&mut self, served: f64, seconds: f64) {
        self.served += served;
        self.seconds += seconds;
        self.pressed += seconds;
    }

    /// Counts for no more than so many requests from now on.
    pub(super) fn fade(&mut self, requests: f64) {
        let share = (requests / self.served.max(1.0)).min(1.0);
        self.served *= share;
        self.seconds *= share;
        self.pressed *= share;
    }
}
