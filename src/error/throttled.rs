use std::{error::Error as StdError, fmt, time::Duration};

use super::{FindOssError, Notes, OssError};

/// The throttle gave a request up before it was sent: its turn could not come in time.
///
/// OSS has not seen this attempt. If an earlier attempt of the same request was answered with an error, that is
/// the `source()`: it tells why the request rate is low.
///
/// # Examples
///
/// ```
/// use tower_oss::{Error, error::ThrottleReason};
///
/// fn advice(error: &Error) -> &'static str {
///     match error {
///         Error::Throttled(error) => match error.reason() {
///             ThrottleReason::Deadline => "more load than OSS takes: the deadline would pass in the queue",
///             ThrottleReason::MaxWait => "the queue is too long",
///             _ => "too many callers wait",
///         },
///         _ => "not ours",
///     }
/// }
/// ```
#[derive(Debug)]
pub struct ThrottledError(Box<Parts>);

#[derive(Debug)]
struct Parts {
    reason: ThrottleReason,
    wait: Duration,
    last: Option<OssError>,
    notes: Notes,
}

/// Why the turn of a request could not come in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ThrottleReason {
    /// The request's [`Deadline`](crate::Deadline) would pass, or has passed, before its turn.
    Deadline,
    /// The wait would be, or was, longer than the longest one allowed.
    MaxWait,
    /// As many callers wait already as may.
    MaxWaiting,
}

impl ThrottledError {
    pub(crate) fn new(reason: ThrottleReason, wait: Duration, last: Option<OssError>) -> Self {
        Self(Box::new(Parts { reason, wait, last, notes: Notes::default() }))
    }

    pub(crate) fn notes(&self) -> &Notes {
        &self.0.notes
    }

    /// Why the turn could not come in time.
    #[must_use]
    pub fn reason(&self) -> ThrottleReason {
        self.0.reason
    }

    /// How long the wait would have been at the rate of that moment, or how long it was if it was begun.
    #[must_use]
    pub fn wait(&self) -> Duration {
        self.0.wait
    }
}

impl fmt::Display for ThrottledError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let why = match self.0.reason {
            ThrottleReason::Deadline if self.0.wait.is_zero() => {
                return f.write_str("request not sent: its deadline has passed");
            }
            ThrottleReason::Deadline => "its turn comes after its deadline",
            ThrottleReason::MaxWait => "its turn is further off than the longest wait",
            ThrottleReason::MaxWaiting => "too many requests wait already",
        };
        write!(
            f,
            "request not sent while the rate is reduced: {why} (wait {:.3} s)",
            self.0.wait.as_secs_f64()
        )
    }
}

impl StdError for ThrottledError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.last.as_ref().map(|last| last as _)
    }
}

impl FindOssError for ThrottledError {
    fn oss_error(&self) -> Option<&OssError> {
        self.0.last.as_ref()
    }

    fn is_rejection(&self) -> bool {
        true
    }
}
