use std::{error::Error as StdError, fmt, time::Duration};

use super::{ThrottleLayer, settings::Settings};

/// Sets the numbers of a [`ThrottleLayer`](crate::ThrottleLayer). The defaults are meant to fit; the
/// [module](crate::throttle) tells what they do together.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use tower_oss::ThrottleLayer;
///
/// let layer = ThrottleLayer::builder().max_rate(2_000.0).max_wait(Duration::from_secs(5)).build()?;
/// # let _ = layer;
///
/// let error = ThrottleLayer::builder().first_rate(f64::NAN).build().unwrap_err();
/// assert_eq!(error.to_string(), "first_rate must be between 0.1 and 1000000, got NaN");
/// # Ok::<(), tower_oss::throttle::InvalidSetting>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Builder {
    settings: Settings,
}

/// A number that makes no sense for a limiter.
#[derive(Clone, Debug, PartialEq)]
pub struct InvalidSetting {
    name: &'static str,
    least: f64,
    most: f64,
    given: f64,
}

impl Builder {
    pub(super) fn new() -> Self {
        Self { settings: Settings::DEFAULT }
    }

    /// Requests a second at the very beginning; 250.
    ///
    /// Enough that small jobs do not notice, and so little that a server which is overloaded already is not
    /// overrun. Less is stricter.
    pub fn first_rate(self, per_second: f64) -> Self {
        self.with(|settings| settings.first_rate = per_second)
    }

    /// Never more requests a second than this; 100 000, which is to say no limit.
    ///
    /// With a quota that is known and shared with nobody, set it a little below: nothing is refused then.
    pub fn max_rate(self, per_second: f64) -> Self {
        self.with(|settings| settings.max_rate = per_second)
    }

    /// Time in which the rate doubles as long as no limit has been met; 100 ms.
    ///
    /// So 256 calls at once are sent within 0.4 s. Longer is stricter: the limit is overrun by less.
    pub fn doubling(self, time: Duration) -> Self {
        self.with(|settings| settings.doubling = time)
    }

    /// Turns that nobody takes are saved up for this long; 20 ms. At least one is.
    ///
    /// It makes good for timers, which tell milliseconds apart and no less, and for tasks that are polled late.
    pub fn burst(self, time: Duration) -> Self {
        self.with(|settings| settings.burst = time)
    }

    /// How far below the limit the rate goes after a refusal, and above it before the next, when nobody else uses it up
    /// and it is tried after the [`shortest_trial`](Self::shortest_trial); 0.0125. Less if that takes longer.
    ///
    /// More finds a new limit sooner, and wastes more at a server that cannot save up.
    pub fn back_off(self, share: f64) -> Self {
        self.with(|settings| settings.back_off = share)
    }

    /// At most one cut in this time; 100 ms. All refusals of one moment are one event.
    pub fn settling(self, time: Duration) -> Self {
        self.with(|settings| settings.settling = time)
    }

    /// A cut goes no lower than this share of what was accepted in the last second, but for trials and outages; 0.5.
    ///
    /// What was accepted is the server's own word for what it can do. Less is stricter.
    pub fn floor(self, share: f64) -> Self {
        self.with(|settings| settings.floor = share)
    }

    /// A limit that does not move is tried again after this time at the earliest; 4 s.
    ///
    /// Sooner while others may use it up, too, or after it has fallen.
    pub fn shortest_trial(self, time: Duration) -> Self {
        self.with(|settings| settings.shortest_trial = time)
    }

    /// A limit is tried again after this time at the latest; 20 s.
    pub fn longest_trial(self, time: Duration) -> Self {
        self.with(|settings| settings.longest_trial = time)
    }

    /// A limit that does not move is tried again after so many requests; 400.
    ///
    /// A trial costs one refusal or two, so this is the price of knowing the limit: a quarter of a per cent. It is also
    /// what the measured limit is averaged over. More is stricter.
    pub fn requests_a_trial(self, requests: f64) -> Self {
        self.with(|settings| settings.requests_a_trial = requests)
    }

    /// How far the rate is cut at a refusal while other clients may use up the same limit; 0.09.
    ///
    /// Less costs more refusals: with four clients at 500/s, 0.07 costs 1.7 %, 0.09 costs 1.4 %, and 0.16 costs 0.8 %. The
    /// smallest share is about 0.9 of the largest with any of them, and may be 0.8 at single times.
    pub fn contest_back_off(self, share: f64) -> Self {
        self.with(|settings| settings.contest_back_off = share)
    }

    /// By how much the rate grows each second, in requests a second, while other clients may use up the same limit; 20.
    /// But never by more than a fifth of itself.
    ///
    /// All clients that grow by the same step come to equal shares. A larger one gets there sooner and costs more
    /// refusals. Use the same in all clients of one quota.
    pub fn contest_step(self, per_second: f64) -> Self {
        self.with(|settings| settings.contest_step = per_second)
    }

    /// So many failures of the server in a row are an outage; 10.
    ///
    /// Where one answer in five is a random 500, that many in a row come once in ten million requests. Less is stricter.
    pub fn outage_after(self, failures: u32) -> Self {
        self.with(|settings| settings.outage_after = failures)
    }

    /// Requests a second during an outage, or while a server gives nothing; 10.
    ///
    /// The end of an outage is seen within a tenth of a second then.
    pub fn probe_rate(self, per_second: f64) -> Self {
        self.with(|settings| settings.probe_rate = per_second)
    }

    /// Each waiting caller adds one probe in this time, up to the [`probe_rate`](Self::probe_rate); 5 s.
    ///
    /// So one alone does not knock ten times a second for something that may be broken only for it.
    pub fn probe_interval(self, time: Duration) -> Self {
        self.with(|settings| settings.probe_interval = time)
    }

    /// Time in which the rate doubles after an outage, beyond what was carried before it; 4 s.
    ///
    /// All those who waited come at once, and the server has just recovered. Longer is stricter.
    pub fn return_doubling(self, time: Duration) -> Self {
        self.with(|settings| settings.return_doubling = time)
    }

    /// A `Retry-After` pauses all sharers, but never for longer than this; 30 s.
    pub fn max_retry_after(self, time: Duration) -> Self {
        self.with(|settings| settings.max_retry_after = time)
    }

    /// No request waits longer than this for its turn; 60 s.
    ///
    /// If it is clear that it would, it is rejected at once.
    pub fn max_wait(self, time: Duration) -> Self {
        self.with(|settings| settings.max_wait = time)
    }

    /// No more requests wait than this; 10 000. It bounds the memory that overload can take.
    pub fn max_waiting(self, requests: usize) -> Self {
        self.with(|settings| settings.max_waiting = requests)
    }

    /// The layer, with a limiter of its own.
    ///
    /// # Errors
    ///
    /// [`InvalidSetting`] names the first number that makes no sense: NaN, infinite, zero where that would stop
    /// everything, or beyond all reason.
    pub fn build(self) -> Result<ThrottleLayer, InvalidSetting> {
        let Settings { shortest_trial, longest_trial, outage_after, max_waiting, .. } = self.settings;
        let s = &self.settings;
        let rates = [
            ("first_rate", s.first_rate, 0.1, 1e6),
            ("max_rate", s.max_rate, s.first_rate.max(0.1), 1e6),
            ("back_off", s.back_off, 0.001, 0.5),
            ("floor", s.floor, 0.0, 0.9),
            ("requests_a_trial", s.requests_a_trial, 10.0, 1e6),
            ("contest_back_off", s.contest_back_off, 0.001, 0.5),
            ("contest_step", s.contest_step, 0.001, 1e6),
            ("outage_after", f64::from(outage_after), 2.0, 1e6),
            ("probe_rate", s.probe_rate, 0.01, 1e3),
            ("max_waiting", max_waiting as f64, 0.0, 1e7),
        ];
        let times = [
            ("doubling", s.doubling, 0.01, 60.0),
            ("burst", s.burst, 0.0, 1.0),
            ("settling", s.settling, 0.0, 10.0),
            ("shortest_trial", shortest_trial, 0.1, 3600.0),
            ("longest_trial", longest_trial, shortest_trial.as_secs_f64(), 3600.0),
            ("probe_interval", s.probe_interval, 0.1, 3600.0),
            ("return_doubling", s.return_doubling, 0.01, 3600.0),
            ("max_retry_after", s.max_retry_after, 0.0, 86_400.0),
            ("max_wait", s.max_wait, 0.0, 86_400.0),
        ];
        let times = times.map(|(name, time, least, most)| (name, time.as_secs_f64(), least, most));
        let wrong = |(_, given, least, most): &(_, f64, f64, f64)| !(*least..=*most).contains(given);
        match rates.into_iter().chain(times).find(wrong) {
            Some((name, given, least, most)) => Err(InvalidSetting { name, least, most, given }),
            None => Ok(ThrottleLayer::with(self.settings)),
        }
    }

    fn with(mut self, set: impl FnOnce(&mut Settings)) -> Self {
        set(&mut self.settings);
        self
    }
}

impl InvalidSetting {
    /// The name of the setter.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }
}

impl fmt::Display for InvalidSetting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, least, most, given } = self;
        write!(f, "{name} must be between {least} and {most}, got {given}")
    }
}

impl StdError for InvalidSetting {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_make_sense() {
        assert!(Builder::new().build().is_ok());
    }

    #[test]
    fn nonsense_is_named() {
        type Set = fn(Builder, f64) -> Builder;
        let rates: [(&str, Set); 7] = [
            ("first_rate", Builder::first_rate),
            ("max_rate", Builder::max_rate),
            ("back_off", Builder::back_off),
            ("floor", Builder::floor),
            ("requests_a_trial", Builder::requests_a_trial),
            ("contest_back_off", Builder::contest_back_off),
            ("contest_step", Builder::contest_step),
        ];
        for (name, set) in rates {
            for nonsense in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -1.0, 1e300] {
                let error = set(Builder::new(), nonsense).build().unwrap_err();
                assert_eq!(error.name(), name, "{nonsense}");
                assert!(error.to_string().starts_with(name) && error.to_string().contains("got"));
            }
        }
        type SetTime = fn(Builder, Duration) -> Builder;
        let times: [(&str, SetTime); 5] = [
            ("doubling", Builder::doubling),
            ("shortest_trial", Builder::shortest_trial),
            ("longest_trial", Builder::longest_trial),
            ("probe_interval", Builder::probe_interval),
            ("return_doubling", Builder::return_doubling),
        ];
        for (name, set) in times {
            assert_eq!(set(Builder::new(), Duration::ZERO).build().unwrap_err().name(), name);
        }
        assert_eq!(Builder::new().max_wait(Duration::MAX).build().unwrap_err().name(), "max_wait");
        assert_eq!(Builder::new().probe_rate(0.0).build().unwrap_err().name(), "probe_rate");
        assert_eq!(Builder::new().outage_after(0).build().unwrap_err().name(), "outage_after");
        assert_eq!(Builder::new().max_waiting(usize::MAX).build().unwrap_err().name(), "max_waiting");
    }

    #[test]
    fn settings_have_to_agree() {
        let builder = Builder::new().first_rate(100.0);
        assert_eq!(builder.clone().max_rate(99.0).build().unwrap_err().name(), "max_rate");
        assert!(builder.max_rate(100.0).build().is_ok());
    }
}
