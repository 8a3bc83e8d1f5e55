use super::ErrorResponse;
use crate::error::{BoxError, Error, OssError, RetryStop, TransportError};

/// Builds an [`Error`] as it reaches the caller of a complete stack: with what the retry policy notes on it.
///
/// # Examples
///
/// ```
/// use std::io;
/// use tower_oss::{
///     Error, ErrorCode,
///     error::RetryStop,
///     test_util::{ErrorBuilder, ErrorResponse},
/// };
///
/// /// The code under test.
/// fn is_aborted(error: &Error) -> bool {
///     error.oss().is_some_and(|oss| *oss.code() == ErrorCode::NoSuchUpload) && error.after_ambiguous_attempt()
/// }
///
/// let gone = ErrorBuilder::oss(ErrorResponse::new(ErrorCode::NoSuchUpload));
/// assert!(!is_aborted(&gone.build()));
///
/// let gone = ErrorBuilder::oss(ErrorResponse::new(ErrorCode::NoSuchUpload))
///     .attempts(2)
///     .retry_stop(RetryStop::NotRetryable)
///     .after_ambiguous_attempt()
///     .build();
/// assert!(is_aborted(&gone));
/// assert_eq!(gone.attempts(), 2);
///
/// let reset = ErrorBuilder::transport(io::Error::from(io::ErrorKind::ConnectionReset)).build();
/// assert!(!is_aborted(&reset));
/// ```
#[derive(Debug)]
#[must_use]
pub struct ErrorBuilder {
    error: Error,
}

impl ErrorBuilder {
    /// An error that OSS responded with: an [`OssError`], or an [`ErrorResponse`].
    pub fn oss(error: impl Into<OssError>) -> Self {
        Self::of(Error::Oss(error.into()))
    }

    /// No response: the HTTP client failed with this cause.
    pub fn transport(cause: impl Into<BoxError>) -> Self {
        Self::of(Error::Transport(TransportError::new(cause.into())))
    }

    /// A copy of the notes for an error that is shared: what is set here changes no other error.
    fn of(mut error: Error) -> Self {
        error.own_notes();
        Self { error }
    }

    /// Sets [`attempts`](Error::attempts); 1 unless set.
    pub fn attempts(self, attempts: u32) -> Self {
        self.error.notes().set_attempts(attempts);
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

    /// The error.
    #[must_use]
    pub fn build(self) -> Error {
        self.error
    }
}

impl From<ErrorResponse> for OssError {
    fn from(response: ErrorResponse) -> Self {
        response.error()
    }
}
