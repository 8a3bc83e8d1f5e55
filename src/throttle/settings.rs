use std::time::Duration;

use super::ThrottleLayer;

/// The numbers that users may set.
#[derive(Clone, Copy, Debug)]
pub(super) struct Settings {
    pub(super) first_rate: f64,
    pub(super) max_rate: f64,
    pub(super) max_wait: Duration,
    pub(super) max_waiting: usize,
    pub(super) max_retry_after: Duration,
}

impl Settings {
    pub(super) const DEFAULT: Self = Self {
        first_rate: 250.0,
        max_rate: 1e6,
        max_wait: Duration::from_secs(60),
        max_waiting: 10_000,
        max_retry_after: Duration::from_secs(30),
    };
}

/// A rate within its bounds: one request in a minute to a million in a second.
pub(super) fn rate(given: f64, default: f64) -> f64 {
    if given.is_nan() { default } else { given.clamp(1.0 / 60.0, 1e6) }
}

/// # Settings
///
/// | | default |
/// |---|---|
/// | [`first_rate`](Self::first_rate) | 250 requests/s |
/// | [`max_rate`](Self::max_rate) | 1 000 000 requests/s |
/// | [`max_wait`](Self::max_wait) | 60 s |
/// | [`max_waiting`](Self::max_waiting) | 10 000 calls |
/// | [`max_retry_after`](Self::max_retry_after) | 30 s |
///
/// Numbers beyond the bounds are clamped, and NaN means the default. Set them before the first
/// request: the clones of the layer, its handle and its services share them.
impl ThrottleLayer {
    /// Sets the requests per second to begin with. Default: 250.
    ///
    /// As long as no limit is known, the rate doubles each round trip (0.1 to 1 s) while calls wait.
    /// Clamped to 1/60 to 1 000 000.
    #[must_use]
    pub fn first_rate(self, per_second: f64) -> Self {
        self.set(|settings| settings.first_rate = rate(per_second, Settings::DEFAULT.first_rate))
    }

    /// Sets the maximum rate, in requests per second. Default: 1 000 000.
    ///
    /// Use it for a quota that you know, or for your share of it. Clamped to 1/60 to 1 000 000.
    /// [`ThrottleHandle::set_max_rate`](super::ThrottleHandle::set_max_rate) changes it later.
    #[must_use]
    pub fn max_rate(self, per_second: f64) -> Self {
        self.set(|settings| settings.max_rate = rate(per_second, Settings::DEFAULT.max_rate))
    }

    /// Sets the maximum wait for a permit. Default: 60 s.
    ///
    /// The [`Deadline`](crate::Deadline) of the request applies as well. With zero, a call that
    /// finds no permit is rejected at once. Clamped to one day.
    #[must_use]
    pub fn max_wait(self, time: Duration) -> Self {
        self.set(|settings| settings.max_wait = time.min(DAY))
    }

    /// Sets how many calls may wait. Default: 10 000. One more is rejected at once, as
    /// [`QueueFull`](crate::error::NotSentReason::QueueFull). It bounds the memory that overload can
    /// take.
    #[must_use]
    pub fn max_waiting(self, calls: usize) -> Self {
        self.set(|settings| settings.max_waiting = calls)
    }

    /// Sets how long a `Retry-After` may pause all calls. Default: 30 s. Clamped to one day.
    ///
    /// Only an error that names a limit of the rate pauses all calls, or any error while nothing is
    /// accepted.
    #[must_use]
    pub fn max_retry_after(self, time: Duration) -> Self {
        self.set(|settings| settings.max_retry_after = time.min(DAY))
    }
}

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// A change of what a throttle does, for
/// [`ThrottleLayer::on_change`](crate::ThrottleLayer::on_change).
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Change {
    /// What has changed.
    pub kind: ChangeKind,
    /// Requests per second from now on. In an outage, the rate of probes.
    pub rate: f64,
    /// Calls that wait for a permit.
    pub waiting: usize,
}

/// What has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ChangeKind {
    /// A limit was found where none was known: the server has throttled or delayed a request. Not
    /// sent again until the limit is forgotten.
    Slowed,
    /// Nothing is accepted any more: only a few requests are sent, as probes.
    OutageBegan,
    /// A probe was accepted.
    OutageEnded,
}

impl ChangeKind {
    /// Returns the name of the change in snake case, for logs and metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Slowed => "slowed",
            Self::OutageBegan => "outage_began",
            Self::OutageEnded => "outage_ended",
        }
    }
}
