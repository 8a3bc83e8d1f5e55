use std::time::Duration;

use http::Request;
use tokio::time::Instant;

/// The moment by which a call must be over: a request extension.
///
/// [`RetryPolicy`](crate::RetryPolicy) starts no wait that would end past it, and [`Throttle`](crate::throttle::Throttle) lets nobody wait past it. It does
/// not stop an attempt that is under way: that is what tower's Timeout is for.
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

impl Deadline {
    /// At this moment.
    #[must_use]
    pub fn at(moment: Instant) -> Self {
        Self(moment)
    }

    /// This long from now; in thirty years if that is beyond what a clock can say.
    #[must_use]
    pub fn after(duration: Duration) -> Self {
        Self(far(Instant::now(), duration))
    }

    /// The moment.
    #[must_use]
    pub fn moment(self) -> Instant {
        self.0
    }

    /// The deadline of a request, if it has one.
    #[must_use]
    pub fn of<B>(request: &Request<B>) -> Option<Self> {
        request.extensions().get().copied()
    }
}

/// The moment after a while; in thirty years if the while is beyond what a clock can say.
pub(crate) fn far(now: Instant, duration: Duration) -> Instant {
    now.checked_add(duration).unwrap_or_else(|| now + Duration::from_secs(30 * 365 * 24 * 60 * 60))
}
