use std::time::Duration;

use super::ErrorResponse;
use crate::error::{
    BoxError, Error, FailedAttempt, History, NotSentError, NotSentReason, OssError, RetryStop, TransportError,
};

/// Builder for an [`Error`] as a complete stack returns it, with what the retry policy records.
///
/// # Examples
///
/// ```
/// use std::{io, time::Duration};
/// use tower_oss::{
///     Error, ErrorCode, OssError,
///     error::{NotSentReason, RetryStop},
///     test_util::{ErrorBuilder, ErrorResponse},
/// };
///
/// /// The code under test.
/// fn is_aborted(error: &Error) -> bool {
///     let is_missing = |oss: &OssError| *oss.code() == ErrorCode::NoSuchUpload;
///     error.oss().is_some_and(is_missing) && error.after_ambiguous_attempt()
/// }
///
/// let missing = ErrorBuilder::oss(ErrorResponse::new(ErrorCode::NoSuchUpload));
/// assert!(!is_aborted(&missing.build()));
///
/// let missing = ErrorBuilder::oss(ErrorResponse::new(ErrorCode::NoSuchUpload))
///     .attempts(2)
///     .retry_stop(RetryStop::NotRetryable)
///     .after_ambiguous_attempt()
///     .build();
/// assert!(is_aborted(&missing));
/// assert_eq!(missing.attempts(), 2);
///
/// let wait = Duration::from_secs(9);
/// let late = ErrorBuilder::not_sent(NotSentReason::Deadline, wait).attempts(2).build();
/// assert!(late.to_string().starts_with("not sent again after 2 attempts: deadline"));
///
/// let reset = ErrorBuilder::transport(io::Error::from(io::ErrorKind::ConnectionReset)).build();
/// assert!(!is_aborted(&reset));
/// ```
#[derive(Debug)]
#[must_use]
pub struct ErrorBuilder {
    error: Error,
    earlier: History,
    last: Option<OssError>,
}

impl ErrorBuilder {
    /// Creates an OSS error: from an [`OssError`], or an [`ErrorResponse`].
    pub fn oss(error: impl Into<OssError>) -> Self {
        Self::of(Error::Oss(error.into()))
    }

    /// Creates the error of a call without a response. The HTTP client failed with this cause.
    pub fn transport(cause: impl Into<BoxError>) -> Self {
        Self::of(Error::Transport(TransportError::new(cause.into())))
    }

    /// Creates the error of a request that was not sent. `wait` is how long it would have had to
    /// wait for a permit of the throttle.
    ///
    /// For [`NotSentReason::Prepare`], pass [`NotSentError::prepare`] with its cause to `from`.
    pub fn not_sent(reason: NotSentReason, wait: Duration) -> Self {
        Self::from(NotSentError::new(reason, wait, None))
    }

    /// Copies the notes of a shared error, so that no other error changes.
    fn of(mut error: Error) -> Self {
        error.own_notes();
        Self { error, earlier: History::default(), last: None }
    }

    /// Sets [`attempts`](Error::attempts). Default: 1, or 0 if the request was not sent.
    pub fn attempts(self, attempts: u32) -> Self {
        self.error.notes().set_attempts(attempts);
        self
    }

    /// Sets [`last_oss_error`](Error::last_oss_error), if the last attempt had no response or was
    /// not sent. Has no effect on an OSS error.
    pub fn last_oss_error(self, error: impl Into<OssError>) -> Self {
        match &self.error {
            Error::Oss(_) => {}
            Error::Transport(transport) => transport.set_last_oss_error(&error.into()),
            Error::NotSent(not_sent) => not_sent.set_last_oss_error(&error.into()),
        }
        self
    }

    /// Adds an attempt that failed before this one, and the wait after it, to
    /// [`history`](Error::history).
    ///
    /// If it was sent, [`attempts`](Error::attempts) grows by one. If it failed with an OSS error,
    /// this becomes the [`last_oss_error`](Error::last_oss_error), unless another one is set.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::{io, time::Duration};
    /// use tower_oss::{ErrorCode, test_util::{ErrorBuilder, ErrorResponse}};
    ///
    /// let failed = ErrorBuilder::oss(ErrorResponse::new(ErrorCode::InternalError).request_id("65A1"));
    /// let error = ErrorBuilder::transport(io::Error::from(io::ErrorKind::ConnectionReset))
    ///     .after_attempt(&failed.build(), Duration::from_millis(70))
    ///     .build();
    ///
    /// let attempts = error.history();
    /// let lines: Vec<_> = attempts.attempts().iter().map(ToString::to_string).collect();
    /// assert_eq!(lines, ["1. InternalError (500) [request 65A1], then 0.070 s", "2. reset"]);
    /// assert_eq!((error.attempts(), error.request_id()), (2, Some("65A1")));
    /// ```
    pub fn after_attempt(mut self, failed: &Error, delay: Duration) -> Self {
        self.earlier.push(FailedAttempt::of(failed).then(delay));
        if !matches!(failed, Error::NotSent(_)) {
            self.error.notes().set_attempts(self.error.attempts().saturating_add(1));
        }
        if let Error::Oss(error) = failed {
            self.last = Some(error.clone());
        }
        self
    }

    /// Sets [`retry_stop`](Error::retry_stop).
    pub fn retry_stop(self, stop: RetryStop) -> Self {
        self.error.notes().set_stop(stop);
        self
    }

    /// Sets [`after_ambiguous_attempt`](Error::after_ambiguous_attempt).
    pub fn after_ambiguous_attempt(self) -> Self {
        self.error.notes().set_after_ambiguous_attempt();
        self
    }

    /// Returns the error.
    #[must_use]
    pub fn build(mut self) -> Error {
        if let Some(last) = self.last.take() {
            self = self.last_oss_error(last);
        }
        if self.earlier.count() > 0 {
            self.error.notes().set_earlier(Box::new(self.earlier));
        }
        self.error
    }
}

impl From<NotSentError> for ErrorBuilder {
    fn from(error: NotSentError) -> Self {
        Self::of(Error::NotSent(error))
    }
}

impl From<ErrorResponse> for OssError {
    fn from(response: ErrorResponse) -> Self {
        response.error()
    }
}
