use std::time::Duration;

use http::Request;
use tokio::time::Instant;

/// Request extension with the time after which no attempt is started, and no wait goes on.
///
/// [`RetryPolicy`](crate::RetryPolicy) starts no wait that would end after it.
/// [`Throttle`](crate::throttle::Throttle) keeps no request waiting beyond it. An attempt in
/// progress goes on: use tower's `Timeout` to end it.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use http::Request;
/// use tower_oss::Deadline;
///
/// let mut request = Request::get("https://b.oss-cn-hangzhou.aliyuncs.com/k").body(()).unwrap();
/// request.extensions_mut().insert(Deadline::after(Duration::from_secs(15)));
/// assert!(Deadline::of(&request).is_some());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Deadline(Instant);

/// The time limit of the retry policy, for the throttle below it: a request extension.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MaxElapsed(pub(crate) Instant);

impl Deadline {
    /// Creates a deadline at this time.
    #[must_use]
    pub fn at(moment: Instant) -> Self {
        Self(moment)
    }

    /// Creates a deadline this long from now, or in thirty years if the clock cannot represent
    /// that.
    #[must_use]
    pub fn after(duration: Duration) -> Self {
        Self::at(far(Instant::now(), duration))
    }

    /// Returns the time.
    #[must_use]
    pub fn moment(self) -> Instant {
        self.0
    }

    /// Returns the deadline of a request, if it has one.
    #[must_use]
    pub fn of<B>(request: &Request<B>) -> Option<Self> {
        request.extensions().get().copied()
    }
}

impl MaxElapsed {
    pub(crate) fn of<B>(request: &Request<B>) -> Option<Self> {
        request.extensions().get().copied()
    }
}

/// `now + duration`, or in thirty years if the clock cannot represent that.
pub(crate) fn far(now: Instant, duration: Duration) -> Instant {
    now.checked_add(duration).unwrap_or_else(|| now + Duration::from_secs(30 * 365 * 24 * 60 * 60))
}
