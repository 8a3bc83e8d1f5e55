use std::{error::Error as StdError, fmt, sync::OnceLock, time::Duration};

use super::{BoxError, FindOssError, Notes, OssError, bracket::Bracket, find::sealed};

/// Error of a request whose last attempt was not sent. Earlier attempts may have been:
/// [`attempts`](Self::attempts) counts them.
///
/// Either the [`ThrottleLayer`](crate::ThrottleLayer) gave it no permit in time, or a layer below
/// the retry policy could not [`prepare`](Self::prepare) it, for example a signer.
///
/// If an earlier attempt failed with an OSS error, that is the
/// [`last_oss_error`](Self::last_oss_error). Ask [`Error::oss`](crate::Error::oss) first: a match
/// on the variant alone misses it.
///
/// # Examples
///
/// ```
/// use tower_oss::{Error, error::NotSentReason};
///
/// fn advice(error: &Error) -> &'static str {
///     match error {
///         error if error.oss().is_some_and(|oss| oss.is_throttled()) => "OSS allows less load",
///         Error::NotSent(error) => match error.reason() {
///             NotSentReason::Deadline => "the deadline passed while the request was queued",
///             NotSentReason::MaxWait | NotSentReason::QueueFull => "OSS allows less load",
///             NotSentReason::Prepare => "check the credentials",
///             _ => "it was not sent",
///         },
///         _ => "it was sent",
///     }
/// }
/// ```
pub struct NotSentError(Box<UnsentRequest>);

struct UnsentRequest {
    reason: NotSentReason,
    wait: Duration,
    /// The wait is over. Else it is the time that a permit would have taken.
    has_waited: bool,
    cause: Option<BoxError>,
    last_oss_error: OnceLock<OssError>,
    notes: Notes,
}

/// Reason why a request was not sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum NotSentReason {
    /// The request's [`Deadline`](crate::Deadline) passed, or would have passed, before its permit.
    Deadline,
    /// The time limit of the retry policy passed, or would have passed, before its permit:
    /// [`max_elapsed`](crate::RetryPolicy::max_elapsed), or else 20 s and the time of a
    /// `Retry-After`, for which a request is retried that OSS throttles.
    MaxElapsed,
    /// The wait for a permit was, or would have been, longer than the throttle's `max_wait`.
    MaxWait,
    /// The queue of the throttle is full (`max_waiting`).
    QueueFull,
    /// A layer below the retry policy could not prepare the request.
    Prepare,
}

impl NotSentReason {
    /// Returns the name of the reason in snake case, for logs and metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Deadline => "deadline",
            Self::MaxElapsed => "max_elapsed",
            Self::MaxWait => "max_wait",
            Self::QueueFull => "queue_full",
            Self::Prepare => "prepare",
        }
    }
}

/// A few words for people, as in the text of [`NotSentError`]. For logs and metrics, use
/// [`as_str`](NotSentReason::as_str).
impl fmt::Display for NotSentReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Deadline => "deadline",
            Self::MaxElapsed => "deadline of the retry policy",
            Self::MaxWait => "maximum wait",
            Self::QueueFull => "queue full",
            Self::Prepare => "it could not be prepared",
        })
    }
}

impl NotSentError {
    /// Creates an error for a layer that could not prepare a request, for example a signer without
    /// credentials.
    ///
    /// Return it from a service below [`OssErrorLayer`](crate::OssErrorLayer). The call then ends
    /// with [`Error::NotSent`](crate::Error::NotSent), whose `source()` is the cause. The request
    /// is retried only if [`RetryPolicy::classify`](crate::RetryPolicy::classify) says so.
    ///
    /// # Examples
    ///
    /// ```
    /// use http::Request;
    /// use tower::{BoxError, ServiceBuilder, ServiceExt};
    /// use tower_oss::{
    ///     Error, OssErrorLayer,
    ///     error::{NotSentError, NotSentReason},
    ///     test_util::Scripted,
    /// };
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let oss = ServiceBuilder::new()
    ///     .layer(OssErrorLayer::new())
    ///     .filter(|request: Request<()>| {
    ///         if request.headers().contains_key("authorization") {
    ///             Ok(request)
    ///         } else {
    ///             Err(BoxError::from(NotSentError::prepare("there are no credentials")))
    ///         }
    ///     })
    ///     .service(Scripted::default());
    ///
    /// let Err(Error::NotSent(error)) = oss.oneshot(Request::new(())).await else { panic!() };
    /// assert_eq!(error.reason(), NotSentReason::Prepare);
    /// # }
    /// ```
    #[must_use]
    pub fn prepare(cause: impl Into<BoxError>) -> Self {
        Self::from_parts(NotSentReason::Prepare, Duration::ZERO, Some(cause.into()), None)
    }

    /// Creates the error of a throttle.
    pub(crate) fn new(reason: NotSentReason, wait: Duration, last: Option<OssError>) -> Self {
        Self::from_parts(reason, wait, None, last)
    }

    /// The wait for the permit was in vain.
    pub(crate) fn after_waiting(mut self) -> Self {
        self.0.has_waited = true;
        self
    }

    fn from_parts(
        reason: NotSentReason,
        wait: Duration,
        cause: Option<BoxError>,
        last: Option<OssError>,
    ) -> Self {
        let last_oss_error = last.map_or_else(OnceLock::new, OnceLock::from);
        Self(Box::new(UnsentRequest {
            reason,
            wait,
            has_waited: false,
            cause,
            last_oss_error,
            notes: Notes::default(),
        }))
    }

    /// Returns why the request was not sent.
    #[must_use]
    pub fn reason(&self) -> NotSentReason {
        self.0.reason
    }

    /// Returns how long the request waited for a permit of the throttle, or would have had to wait.
    /// Zero for [`Prepare`](NotSentReason::Prepare).
    #[must_use]
    pub fn wait(&self) -> Duration {
        self.0.wait
    }

    /// Returns the OSS error of the last attempt that was sent, if there was one.
    #[must_use]
    pub fn last_oss_error(&self) -> Option<&OssError> {
        self.0.last_oss_error.get()
    }

    pub(crate) fn set_last_oss_error(&self, error: &OssError) {
        self.0.last_oss_error.get_or_init(|| error.clone());
    }

    pub(crate) fn notes(&self) -> &Notes {
        &self.0.notes
    }

    /// Returns how many times the request was sent before this attempt. 0 if OSS has not seen it.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.notes().attempts()
    }
}

/// One line without the cause, which is the `source()`.
impl fmt::Display for NotSentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.attempts() {
            0 => f.write_str("not sent")?,
            1 => f.write_str("not sent again after 1 attempt")?,
            attempts => write!(f, "not sent again after {attempts} attempts")?,
        }
        write!(f, ": {}", self.0.reason)?;
        if !self.0.wait.is_zero() {
            let wait = self.0.wait.as_secs_f64();
            let how = if self.0.has_waited { "waited" } else { "a permit would have come after" };
            write!(f, " ({how} {wait:.3} s)")?;
        }
        let mut bracket = Bracket::new(f);
        bracket.add_call(self.notes(), self.last_oss_error())?;
        bracket.close()
    }
}

/// Omits the cause: the error of a signer may show what it signs.
impl fmt::Debug for NotSentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NotSentError")
            .field("reason", &self.0.reason)
            .field("wait", &self.0.wait)
            .field("attempts", &self.attempts())
            .field("last_oss_error", &self.last_oss_error())
            .finish_non_exhaustive()
    }
}

impl StdError for NotSentError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match &self.0.cause {
            Some(cause) => Some(&**cause),
            None => self.last_oss_error().map(|last| last as _),
        }
    }
}

impl FindOssError for NotSentError {
    fn oss_error(&self) -> Option<&OssError> {
        self.last_oss_error()
    }
}

impl sealed::Sealed for NotSentError {
    fn is_not_sent(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_counts_the_attempts_that_were_sent() {
        for (attempts, expected) in [
            (0, "not sent: deadline (waited 0.500 s)"),
            (1, "not sent again after 1 attempt: deadline (waited 0.500 s)"),
            (2, "not sent again after 2 attempts: deadline (waited 0.500 s)"),
        ] {
            let error = NotSentError::new(NotSentReason::Deadline, Duration::from_millis(500), None);
            let error = error.after_waiting();
            error.notes().set_attempts(attempts);
            assert_eq!(error.to_string(), expected);
        }
        let error = NotSentError::new(NotSentReason::MaxWait, Duration::from_millis(1500), None);
        assert_eq!(error.to_string(), "not sent: maximum wait (a permit would have come after 1.500 s)");
        let error = NotSentError::new(NotSentReason::QueueFull, Duration::ZERO, None);
        assert_eq!(error.to_string(), "not sent: queue full");
        let error = NotSentError::prepare("the key is AKEXAMPLE");
        assert_eq!(error.to_string(), "not sent: it could not be prepared");
        assert!(!format!("{error:?}").contains("AKEXAMPLE"));
        assert_eq!(error.source().unwrap().to_string(), "the key is AKEXAMPLE");
    }
}
