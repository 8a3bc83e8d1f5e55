//! How far the local clock is from the server's.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering::Relaxed},
    },
    time::{Duration, SystemTime},
};

use http::header;

use crate::error::{ErrorCode, OssError, server_date};

/// How far the clock of OSS is ahead of the local one, learned from its answers: a handle, cheap to clone.
///
/// OSS refuses requests whose date is more than 15 minutes off. Give clones of one `ClockOffset` to
/// [`OssErrorLayer::clock`](crate::OssErrorLayer::clock), which learns it,
/// to [`RetryPolicy::clock`](crate::RetryPolicy::clock), which repeats what was refused, and to
/// your signer, which dates its requests by [`now`](Self::now). The local clock is never touched.
///
/// It is learned from a `RequestTimeTooSkewed` answer that no cache has kept (`Age`): from the body's `ServerTime`, or else
/// from `Date`. Under V4 signing, OSS answers a wrong date with `InvalidArgument`, which it answers to much
/// else, too; then the offset is learned only if `Date` is more than 15 minutes away from what the client takes for
/// now, whatever the message says. When the local clock has been set right, the next such answer brings the
/// offset back to zero.
///
/// An offset beyond the bound, a day unless set, is not believed, and neither is a server that lives before 2020. Whoever can
/// forge an answer, on a connection without TLS, can move the dates of your signatures by as much as the bound. Use one
/// offset for the servers of one clock.
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
pub struct ClockOffset(Arc<Inner>);

struct Inner {
    /// Milliseconds that the server is ahead.
    ahead: AtomicI64,
    /// Milliseconds.
    bound: i64,
}

/// The farthest that OSS lets a date be off.
const ALLOWED_SKEW: Duration = Duration::from_secs(15 * 60);

/// 2020-01-01, in seconds since 1970.
const EARLIEST: Duration = Duration::from_secs(1_577_836_800);

impl ClockOffset {
    /// No offset yet; up to a day is believed.
    #[must_use]
    pub fn new() -> Self {
        Self::bounded(Duration::from_secs(24 * 60 * 60))
    }

    /// No offset yet; up to this much is believed. A device that wakes up in 1970 needs some sixty years.
    #[must_use]
    pub fn bounded(bound: Duration) -> Self {
        Self(Arc::new(Inner { ahead: AtomicI64::new(0), bound: to_millis(bound) }))
    }

    /// The present time by the server's clock, as far as it is known.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is the clock")]
    pub fn now(&self) -> SystemTime {
        self.apply(SystemTime::now())
    }

    /// A moment of the local clock, by the server's clock.
    #[must_use]
    pub fn apply(&self, local: SystemTime) -> SystemTime {
        let ahead = self.millis();
        let by = Duration::from_millis(ahead.unsigned_abs());
        let moved = if ahead >= 0 { local.checked_add(by) } else { local.checked_sub(by) };
        moved.unwrap_or(local)
    }

    /// Milliseconds that the server's clock is ahead of the local one; below zero, it is behind.
    #[must_use]
    pub fn millis(&self) -> i64 {
        self.0.ahead.load(Relaxed)
    }

    /// Notes what the server's clock shows at a moment of the local one. Says whether that was believed.
    #[expect(clippy::must_use_candidate, reason = "whoever teaches need not mind")]
    pub fn learn(&self, server: SystemTime, local: SystemTime) -> bool {
        let ahead = match server.duration_since(local) {
            Ok(ahead) => to_millis(ahead),
            Err(behind) => -to_millis(behind.duration()),
        };
        let sane = server >= SystemTime::UNIX_EPOCH + EARLIEST && ahead.abs() <= self.0.bound;
        if sane {
            self.0.ahead.store(ahead, Relaxed);
        }
        sane
    }

    /// Learns from an error that may be due to the clock.
    #[expect(clippy::disallowed_methods, reason = "the answer has just come")]
    pub(crate) fn learn_from(&self, error: &OssError) {
        self.learn_at(error, SystemTime::now());
    }

    fn learn_at(&self, error: &OssError, local: SystemTime) {
        // What a cache has kept tells nothing about now.
        if error.headers().get(header::AGE).is_some_and(|age| age != "0") {
            return;
        }
        let date = || server_date(error.headers());
        if error.is_clock_skewed() {
            let believed = server_time(error).is_some_and(|server| self.learn(server, local));
            if !believed {
                date().map(|server| self.learn(server, local));
            }
        } else if let Some(server) = date().filter(|_| may_be_skewed(error)) {
            if distance(server, self.apply(local)) > ALLOWED_SKEW {
                self.learn(server, local);
            }
        }
    }
}

/// Whether an error may be due to the clock: only then is it worth a look at it.
pub(crate) fn may_be_skewed(error: &OssError) -> bool {
    error.is_clock_skewed() || *error.code() == ErrorCode::InvalidArgument
}

/// What the body says the server's time is.
fn server_time(error: &OssError) -> Option<SystemTime> {
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
mod tests {
    use bytes::Bytes;
    use http::Response;

    use super::*;

    const HOUR: i64 = 60 * 60 * 1000;

    fn at(text: &str) -> SystemTime {
        humantime::parse_rfc3339(text).unwrap()
    }

    /// What is learned at noon by the local clock from an answer with this body and these headers.
    fn learned(clock: &ClockOffset, body: &str, headers: &[(&'static str, &str)]) -> i64 {
        let answer = headers
            .iter()
            .fold(Response::builder().status(403), |answer, (name, value)| answer.header(*name, *value));
        let error = OssError::from_response(answer.body(Bytes::copy_from_slice(body.as_bytes())).unwrap());
        clock.learn_at(&error, at("2026-11-22T12:00:00Z"));
        clock.millis()
    }

    fn skewed(server_time: &str) -> String {
        format!("<Error><Code>RequestTimeTooSkewed</Code><ServerTime>{server_time}</ServerTime></Error>")
    }

    const ONE_OCLOCK: (&str, &str) = ("date", "Sun, 22 Nov 2026 13:00:00 GMT");
    const NOON: (&str, &str) = ("date", "Sun, 22 Nov 2026 12:00:00 GMT");

    #[test]
    fn the_body_is_believed_before_the_date() {
        let body = skewed("2026-11-22T10:00:00.500Z");
        assert_eq!(learned(&ClockOffset::new(), &body, &[ONE_OCLOCK]), -2 * HOUR + 500);
        let nested = "<Error><Code>RequestTimeTooSkewed</Code><Detail><ServerTime>2026-11-22T13:00:00Z</ServerTime></Detail></Error>";
        assert_eq!(learned(&ClockOffset::new(), nested, &[]), HOUR);
    }

    #[test]
    fn a_server_time_that_cannot_be_true_leaves_the_word_to_the_date() {
        for nonsense in [
            "",
            "soon",
            "0001-01-01T00:00:00Z",
            "1970-01-01T00:00:00.000Z",
            "2019-12-31T23:59:59Z",
            "9999-12-31T23:59:59Z",
        ] {
            assert_eq!(learned(&ClockOffset::new(), &skewed(nonsense), &[ONE_OCLOCK]), HOUR, "{nonsense}");
            assert_eq!(
                learned(&ClockOffset::new(), &skewed(nonsense), &[ONE_OCLOCK, ("age", "3600")]),
                0,
                "{nonsense}"
            );
            assert_eq!(learned(&ClockOffset::new(), &skewed(nonsense), &[]), 0, "{nonsense}");
        }
        assert_eq!(
            learned(&ClockOffset::new(), &skewed(""), &[("date", "Thu, 01 Jan 1970 00:00:00 GMT")]),
            0
        );
    }

    #[test]
    fn the_bound_is_a_setting_and_zero_comes_back() {
        let far = skewed("2026-11-24T13:00:00Z");
        assert_eq!(learned(&ClockOffset::new(), &far, &[]), 0);
        let clock = ClockOffset::bounded(Duration::MAX);
        assert_eq!(learned(&clock, &far, &[]), 49 * HOUR);
        assert_eq!(learned(&clock, &skewed("2026-11-22T12:00:00Z"), &[]), 0);
    }

    #[test]
    fn an_invalid_argument_counts_only_with_a_date_far_away() {
        let body = "<Error><Code>InvalidArgument</Code></Error>";
        assert_eq!(learned(&ClockOffset::new(), body, &[ONE_OCLOCK]), HOUR);
        assert_eq!(learned(&ClockOffset::new(), body, &[ONE_OCLOCK, ("age", "1")]), 0);
        assert_eq!(learned(&ClockOffset::new(), body, &[("date", "Sun, 22 Nov 2026 12:14:59 GMT")]), 0);
        let corrected = ClockOffset::new();
        assert!(corrected.learn(at("2026-11-22T13:00:00Z"), at("2026-11-22T12:00:00Z")));
        assert_eq!(learned(&corrected, body, &[ONE_OCLOCK]), HOUR, "right as it is");
        assert_eq!(learned(&corrected, body, &[NOON]), 0);
        assert_eq!(
            learned(&ClockOffset::new(), "<Error><Code>AccessDenied</Code></Error>", &[ONE_OCLOCK]),
            0
        );
    }

    #[test]
    fn moments_move_by_the_offset_and_never_beyond_what_a_clock_can_say() {
        let clock = ClockOffset::bounded(Duration::MAX);
        let noon = at("2026-11-22T12:00:00Z");
        assert!(clock.learn(at("2026-11-22T11:00:00Z"), noon));
        assert_eq!(clock.apply(noon), at("2026-11-22T11:00:00Z"));
        clock.0.ahead.store(i64::MIN, Relaxed);
        let _ = clock.apply(noon);
        clock.0.ahead.store(i64::MAX, Relaxed);
        let _ = clock.apply(noon);
    }
}
