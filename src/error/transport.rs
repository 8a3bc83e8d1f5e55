use std::{error::Error as StdError, fmt, io::ErrorKind, sync::OnceLock};

use super::{
    BoxError, Fate, Notes, OssError, TransportFailure, TransportKind,
    bracket::Bracket,
    find::{error_chain, is_not_sent},
};

/// Error of a call without a response: the inner service failed.
///
/// `Display` and `Debug` name the [kind](Self::kind) of failure. They never print the cause, which
/// is the `source()`: the error of an HTTP client may show the complete URL, and a presigned URL is
/// a credential. With reqwest, call `without_url` on its error before it gets here.
pub struct TransportError(Box<FailedCall>);

struct FailedCall {
    cause: BoxError,
    failure: TransportFailure,
    notes: Notes,
    last_oss_error: OnceLock<OssError>,
}

impl TransportError {
    pub(crate) fn new(cause: BoxError) -> Self {
        let failure = TransportFailure::of(&*cause);
        Self(Box::new(FailedCall {
            cause,
            failure,
            notes: Notes::default(),
            last_oss_error: OnceLock::new(),
        }))
    }

    /// Returns what kind of failure it was.
    ///
    /// With the features `hyper-util` and `http2`, the errors of hyper, hyper-util and reqwest are
    /// recognized. Without them, only tower's `Elapsed` and an [`io::Error`](std::io::Error) among
    /// the causes are.
    #[must_use]
    pub fn kind(&self) -> TransportKind {
        self.0.failure.kind
    }

    /// Returns the kind of the first [`io::Error`](std::io::Error) among the causes whose kind is
    /// not `Other`.
    #[must_use]
    pub fn io_kind(&self) -> Option<ErrorKind> {
        self.0.failure.io_kind
    }

    /// Gets a reference to the error of the inner service.
    #[must_use]
    pub fn get_ref(&self) -> &(dyn StdError + Send + Sync + 'static) {
        &*self.0.cause
    }

    /// Consumes `self`, returning the error of the inner service.
    #[must_use]
    pub fn into_inner(self) -> BoxError {
        self.0.cause
    }

    /// Returns the last OSS error of an earlier attempt, if there was one. It has the request id
    /// that OSS's support asks for.
    #[must_use]
    pub fn last_oss_error(&self) -> Option<&OssError> {
        self.0.last_oss_error.get()
    }

    pub(crate) fn set_last_oss_error(&self, error: &OssError) {
        self.0.last_oss_error.get_or_init(|| error.clone());
    }

    pub(crate) fn is_transient(&self) -> bool {
        matches!(self.0.failure.fate, Fate::NotApplied | Fate::Transient) || self.is_overloaded()
    }

    pub(crate) fn is_overloaded(&self) -> bool {
        self.0.failure.is_overloaded()
    }

    pub(crate) fn is_timeout(&self) -> bool {
        self.0.failure.timed_out
    }

    /// Returns how many times the request was sent: 1 without a retry policy. This attempt does not
    /// count if a layer has wrapped a [`NotSentError`](crate::error::NotSentError), or tower's
    /// `Overloaded`.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        let was_sent = !error_chain(&*self.0.cause).any(is_not_sent);
        self.notes().attempts().max(was_sent.into())
    }

    pub(crate) fn notes(&self) -> &Notes {
        &self.0.notes
    }
}

impl fmt::Display for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no response from OSS: {}", self.0.failure.describe())?;
        let mut bracket = Bracket::new(f);
        let attempts = self.attempts();
        if attempts > 1 {
            bracket.add(format_args!("{attempts} attempts"))?;
        }
        bracket.add_call(self.notes(), self.last_oss_error())?;
        bracket.close()
    }
}

impl fmt::Debug for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TransportError")
            .field("kind", &self.kind())
            .field("io_kind", &self.io_kind())
            .field("attempts", &self.attempts())
            .field("retry_stop", &self.notes().stop())
            .field("last_oss_error", &self.last_oss_error())
            .finish_non_exhaustive()
    }
}

impl StdError for TransportError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(&*self.0.cause)
    }
}
