//! The offset between the local clock and the clock of OSS.
//!
//! OSS rejects a request whose date is more than 15 minutes off. [`ClockOffset`] learns the offset
//! from such a response, so that the next attempt has the right date.
//!
//! # Examples
//!
//! A client whose clock is an hour slow. The first attempt is rejected, and the second one has the
//! date of the server.
//!
//! ```
//! use std::time::{Duration, SystemTime};
//!
//! use http::{HeaderValue, Request, header};
//! use tower::{ServiceBuilder, ServiceExt};
//! use tower_oss::{
//!     ClockOffset, ErrorCode, OssErrorLayer, RetryPolicy,
//!     test_util::{Answer, ErrorResponse, Scripted},
//! };
//!
//! # #[tokio::main(flavor = "current_thread", start_paused = true)]
//! # async fn main() {
//! let server = SystemTime::now() + Duration::from_secs(60 * 60);
//! let date = HeaderValue::from_str(&httpdate::fmt_http_date(server)).unwrap();
//! let skewed = ErrorResponse::new(ErrorCode::RequestTimeTooSkewed).header(header::DATE, date);
//! let oss = Scripted::new([skewed.into(), Answer::ok("")]);
//!
//! let clock = ClockOffset::new();
//! let client = ServiceBuilder::new()
//!     .retry(RetryPolicy::new().clock(clock.clone()))
//!     .layer(OssErrorLayer::new().clock(clock.clone()))
//!     .map_request(|request: Request<()>| request) // your signer, with `clock.now()` as date
//!     .service(oss);
//!
//! assert!(client.oneshot(Request::new(())).await.is_ok());
//! assert!(clock.millis() > 59 * 60 * 1000);
//! # }
//! ```

use std::{
    fmt,
    sync::{Arc, atomic::Ordering::Relaxed},
    time::{Duration, SystemTime},
};

use http::header;

use crate::{
    error::{ErrorCode, OssError, server_date},
    sync::AtomicI64,
};

/// Offset between the clock of OSS and the local clock.
///
/// A handle that is cheap to clone. Clones share the offset.
///
/// Give clones of one `ClockOffset` to
///
/// - [`OssErrorLayer::clock`](crate::OssErrorLayer::clock), which learns the offset,
/// - [`RetryPolicy::clock`](crate::RetryPolicy::clock), which retries a request once if it was
///   rejected for its date and the offset has changed since,
/// - your signer, which dates requests with [`now`](Self::now).
///
/// The local clock is never changed. Use one offset for all servers that share a clock.
///
/// # When it learns
///
/// - From a `RequestTimeTooSkewed` response: from `ServerTime` in the body, or else from the header
///   `Date`.
/// - From an `InvalidArgument` response, if its `Date` differs from [`now`](Self::now) by more than
///   15 minutes. With V4 signatures, OSS rejects a wrong date with this code, which has many other
///   causes.
///
/// A response from a cache, with a header `Age` other than 0, is ignored. After the local clock is
/// corrected, the next rejection resets the offset.
///
/// # Bound
///
/// An offset beyond the bound is ignored, and so is a server time before 2020. If the bound was
/// exceeded, the error says so in [`explain`](OssError::explain) and in its `tracing` event.
///
/// The default bound is 48 hours. This covers a date that is wrong by one day, in any time zone. A
/// larger bound is a risk: without TLS, a forged response can move the dates of your signatures by
/// as much as the bound. A hostile server could collect signatures that stay valid far into the
/// future.
///
/// # Examples
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use tower_oss::{ClockOffset, OssErrorLayer, RetryPolicy};
///
/// let clock = ClockOffset::new();
/// let layer = OssErrorLayer::new().clock(clock.clone());
/// let policy = RetryPolicy::new().clock(clock.clone());
///
/// // In the signer:
/// let date: SystemTime = clock.now();
/// # let _ = (layer, policy, date);
/// ```
#[derive(Clone)]
pub struct ClockOffset(Arc<SharedOffset>);

struct SharedOffset {
    /// Milliseconds by which the server is ahead.
    ahead: AtomicI64,
    /// Milliseconds.
    bound: i64,
}

/// The difference that OSS tolerates.
const ALLOWED_SKEW: Duration = Duration::from_secs(15 * 60);

/// 2020-01-01, in seconds since 1970.
const EARLIEST: Duration = Duration::from_secs(1_577_836_800);

/// The last second of 9999, in seconds since 1970: the latest that an HTTP date can hold.
const LATEST: Duration = Duration::from_secs(253_402_300_799);

impl ClockOffset {
    /// Creates a handle with an offset of zero and a bound of 48 hours.
    #[must_use]
    pub fn new() -> Self {
        Self::bounded(Duration::from_secs(48 * 60 * 60))
    }

    /// Creates a handle with an offset of zero and this bound.
    ///
    /// For a device whose clock starts at 1970, use 60 years. The bound is at most about 8 000
    /// years, the range of an HTTP date.
    #[must_use]
    pub fn bounded(bound: Duration) -> Self {
        Self(Arc::new(SharedOffset { ahead: AtomicI64::new(0), bound: to_millis(bound.min(LATEST)) }))
    }

    /// Returns the current time by the server's clock: the local time plus the offset.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is the clock")]
    pub fn now(&self) -> SystemTime {
        self.apply(SystemTime::now())
    }

    /// Converts a time of the local clock to the server's clock.
    ///
    /// The result is never before 1970 or after 9999, so it can always be formatted as an HTTP
    /// date.
    #[must_use]
    pub fn apply(&self, local: SystemTime) -> SystemTime {
        let ahead = self.millis();
        let by = Duration::from_millis(ahead.unsigned_abs());
        let moved = if ahead >= 0 { local.checked_add(by) } else { local.checked_sub(by) };
        let moved = moved.unwrap_or(local).max(SystemTime::UNIX_EPOCH);
        SystemTime::UNIX_EPOCH.checked_add(LATEST).map_or(moved, |latest| moved.min(latest))
    }

    /// Returns the milliseconds by which the server's clock is ahead of the local one. Negative if
    /// it is behind.
    #[must_use]
    pub fn millis(&self) -> i64 {
        self.0.ahead.load(Relaxed)
    }

    /// Sets the offset to the difference of two times that were read at once.
    ///
    /// Returns `false`, and keeps the present offset, if the new one is beyond the bound or the
    /// server's time is before 2020.
    #[expect(clippy::must_use_candidate, reason = "the result is only informative")]
    pub fn learn(&self, server: SystemTime, local: SystemTime) -> bool {
        self.consider(server, local) == Learned::Believed
    }

    fn consider(&self, server: SystemTime, local: SystemTime) -> Learned {
        let ahead = match server.duration_since(local) {
            Ok(ahead) => to_millis(ahead),
            Err(behind) => -to_millis(behind.duration()),
        };
        if server < SystemTime::UNIX_EPOCH + EARLIEST {
            return Learned::Nothing;
        }
        if ahead.abs() > self.0.bound {
            return Learned::BeyondBound;
        }
        self.0.ahead.store(ahead, Relaxed);
        Learned::Believed
    }

    /// Learns from an error that a wrong clock may have caused, and marks the error if the bound
    /// was exceeded.
    #[expect(clippy::disallowed_methods, reason = "the response has just come")]
    pub(crate) fn learn_from(&self, error: &OssError) {
        if self.learn_at(error, SystemTime::now()) == Learned::BeyondBound {
            error.notes().set_clock_beyond_bound();
        }
    }

    fn learn_at(&self, error: &OssError, local: SystemTime) -> Learned {
        let headers = error.plain_headers();
        // A cached response says nothing about the current time.
        if headers.get(header::AGE).is_some_and(|age| age != "0") {
            return Learned::Nothing;
        }
        let by_date = || server_date(headers).map_or(Learned::Nothing, |server| self.consider(server, local));
        if error.is_clock_skewed() {
            return match server_time_in_body(error).map(|server| self.consider(server, local)) {
                Some(Learned::Believed) => Learned::Believed,
                Some(Learned::BeyondBound) => by_date().max(Learned::BeyondBound),
                Some(Learned::Nothing) | None => by_date(),
            };
        }
        let is_far = |server| distance(server, self.apply(local)) > ALLOWED_SKEW;
        if may_be_skewed(error) && server_date(headers).is_some_and(is_far) {
            by_date()
        } else {
            Learned::Nothing
        }
    }
}

/// The result of considering a server's time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Learned {
    /// The time is missing or before 2020.
    Nothing,
    /// The offset exceeds the bound.
    BeyondBound,
    Believed,
}

/// Whether a wrong clock may have caused an error.
pub(crate) fn may_be_skewed(error: &OssError) -> bool {
    error.is_clock_skewed() || *error.plain_code() == ErrorCode::InvalidArgument
}

/// The server's time from the body.
fn server_time_in_body(error: &OssError) -> Option<SystemTime> {
    let text = error.field("ServerTime").or_else(|| error.field("Detail/ServerTime"))?;
    humantime::parse_rfc3339_weak(text).ok()
}

fn distance(a: SystemTime, b: SystemTime) -> Duration {
    a.duration_since(b).unwrap_or_else(|error| error.duration())
}

fn to_millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

impl Default for ClockOffset {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for ClockOffset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ClockOffset({} ms)", self.millis())
    }
}

#[cfg(test)]
mod tests;
