//! Error types.
//!
//! A call ends with an [`Error`], which has three variants:
//!
//! | variant | what happened |
//! |---|---|
//! | [`Error::Oss`] | OSS, or a proxy in front of it, responded with an error: [`OssError`] |
//! | [`Error::Transport`] | there was no response: [`TransportError`] |
//! | [`Error::NotSent`] | the request was not sent: [`NotSentError`] |
//!
//! # What to match on
//!
//! | question | method |
//! |---|---|
//! | which error is it? | [`OssError::code`], an [`ErrorCode`] |
//! | what kind of error is it? | [`OssError::class`], an [`ErrorClass`], or `is_not_found()`, `is_throttled()` and so on |
//! | could the same request succeed later? | [`Error::is_transient`] |
//! | did a time limit pass, or was there no connection? | [`Error::is_timeout`], [`Error::is_connect`] |
//! | why was it not retried? | [`Error::retry_stop`], a [`RetryStop`] |
//! | may an earlier attempt have taken effect? | [`Error::after_ambiguous_attempt`] |
//!
//! Do not match on the status, the message or the EC. One status has many causes, and OSS changes
//! messages and ECs without notice.
//!
//! If another layer has boxed the error, [`FindOssError`] finds the `OssError` in it, and
//! `Error::from(boxed)` unboxes it.
//!
//! # What to log
//!
//! [`Error::request_id`] is the id that OSS's support asks for. It is that of the last response, so
//! a timeout after an error response has one, too. [`Error::history`] has the ids of the first
//! attempt and the last seven. [`Error::report`] is a text for a ticket. No `Display`, `Debug`,
//! `report()` or `explain()` shows a secret.
//!
//! # Examples
//!
//! ```
//! use tower_oss::{
//!     Error, ErrorCode,
//!     test_util::{ErrorBuilder, ErrorResponse},
//! };
//!
//! fn handle(error: &Error) -> &'static str {
//!     match error {
//!         Error::Oss(error) if *error.code() == ErrorCode::NoSuchKey => "create the object",
//!         Error::Oss(error) if error.is_access_denied() => "ask for permission",
//!         error if error.is_transient() => "try again later",
//!         _ => "give up",
//!     }
//! }
//!
//! let denied = ErrorResponse::new(ErrorCode::AccessDenied).request_id("65A1");
//! let denied = ErrorBuilder::oss(denied).build();
//! assert_eq!(handle(&denied), "ask for permission");
//! assert_eq!(denied.request_id(), Some("65A1"));
//! ```

mod bracket;
mod call;
mod call_notes;
mod class;
mod code;
mod codes;
mod connect_fault;
mod convert;
mod display;
mod doubt;
mod envelope;
mod explanation;
mod fields;
mod find;
mod fixed_by;
mod headers;
mod history;
mod into_io;
mod last;
mod meaning;
mod not_sent;
mod notes;
mod oss_error;
mod parts;
mod questions;
mod respond;
mod state;
mod stop;
mod transport;
mod transport_kind;
mod words;

use std::{error::Error as StdError, fmt};

pub(crate) use self::{
    call_notes::CallNotes,
    doubt::Doubt,
    fields::{Basic, Basics, Fields, MAX_DEPTH, MAX_NAME, Span, range_of},
    find::{error_chain, is_not_sent},
    headers::{
        X_OSS_EC, X_OSS_ERR, X_OSS_ERROR_TYPE, X_OSS_REQUEST_ID, X_OSS_TRAFFIC_LIMIT, header_str,
        header_text, qos_delay, retry_after, server_date, server_time,
    },
    last::LastError,
    meaning::{Meaning, Outlook},
    notes::Notes,
    parts::ErrorParts,
    transport_kind::{Fate, TransportFailure},
};
pub use self::{
    class::ErrorClass,
    code::{ErrorCode, UnknownCode},
    explanation::Explanation,
    find::FindOssError,
    fixed_by::FixedBy,
    history::{FailedAttempt, History},
    not_sent::{NotSentError, NotSentReason},
    oss_error::OssError,
    state::{BodyKind, BodyState, CodeOrigin},
    stop::RetryStop,
    transport::TransportError,
    transport_kind::TransportKind,
};

/// A boxed error, as tower's own layers return it.
pub type BoxError = Box<dyn StdError + Send + Sync>;

/// Error of a call through the stack.
///
/// # Examples
///
/// ```
/// use tower_oss::{Error, ErrorCode};
///
/// fn advice(error: &Error) -> &'static str {
///     match error {
///         Error::Oss(error) => match error.code() {
///             ErrorCode::NoSuchKey => "upload it first",
///             _ if error.is_throttled() => "slow down",
///             _ => "read the code",
///         },
///         Error::Transport(_) => "check the network",
///         Error::NotSent(_) => "send less, or check the credentials",
///         _ => "read the text",
///     }
/// }
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// OSS, or a proxy in front of it, responded with an error.
    Oss(OssError),
    /// There was no response: the inner service failed.
    Transport(TransportError),
    /// The request was not sent.
    NotSent(NotSentError),
}

impl Error {
    /// Creates the error of a call that got no response, or whose response body broke off.
    ///
    /// Use it for failures that the layer does not see, such as reading the body of a success. A
    /// layer below [`OssErrorLayer`](crate::OssErrorLayer) does not need it: it can return any
    /// error.
    ///
    /// An error of this crate keeps its variant. Any other error becomes
    /// [`Transport`](Self::Transport).
    ///
    /// # Examples
    ///
    /// ```
    /// use http_body::Body;
    /// use http_body_util::BodyExt;
    /// use tower_oss::{Error, error::BoxError};
    ///
    /// async fn read<B>(response: http::Response<B>) -> Result<Vec<u8>, Error>
    /// where
    ///     B: Body<Error: Into<BoxError>>,
    /// {
    ///     let body = response.into_body().collect().await.map_err(Error::transport)?;
    ///     Ok(body.to_bytes().to_vec())
    /// }
    /// ```
    #[must_use]
    pub fn transport(cause: impl Into<BoxError>) -> Self {
        Self::from(cause.into())
    }

    /// Returns the OSS error, if there is one.
    ///
    /// The other variants can have one among their causes. The inner service may have wrapped an
    /// OSS error, and a request that was not sent may be the retry of one that failed with an OSS
    /// error.
    #[must_use]
    pub fn oss(&self) -> Option<&OssError> {
        self.oss_error()
    }

    /// Like [`oss`](Self::oss), but by value.
    #[must_use]
    pub fn into_oss(self) -> Option<OssError> {
        match self {
            Self::Oss(error) => Some(error),
            other => other.oss_error().cloned(),
        }
    }

    /// Returns the last OSS error of the call. If the last attempt had no response, this is the
    /// error of an earlier attempt.
    #[must_use]
    pub fn last_oss_error(&self) -> Option<&OssError> {
        match self {
            Self::Transport(error) => self.oss().or(error.last_oss_error()),
            Self::Oss(_) | Self::NotSent(_) => self.oss(),
        }
    }

    /// Returns the request id of the [last OSS error](Self::last_oss_error).
    ///
    /// Always log it: OSS's support asks for it.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.last_oss_error()?.request_id()
    }

    /// Returns how many times the request was sent.
    ///
    /// This is 1 without a retry policy, and 0 if the request was never sent.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        match self {
            Self::Oss(error) => error.attempts(),
            Self::Transport(error) => error.attempts(),
            Self::NotSent(error) => error.attempts(),
        }
    }

    /// Returns whether a time limit passed: there was no connection or response in time, or no
    /// permit of the throttle.
    ///
    /// False for the code `RequestTimeout`, with which OSS says that it waited too long for the
    /// bytes of the request.
    #[must_use]
    pub fn is_timeout(&self) -> bool {
        match self {
            Self::Oss(_) => false,
            Self::Transport(error) => error.is_timeout(),
            Self::NotSent(error) => {
                matches!(
                    error.reason(),
                    NotSentReason::Deadline | NotSentReason::MaxElapsed | NotSentReason::MaxWait
                )
            }
        }
    }

    /// Returns whether there was no connection: [`TransportKind::Connect`].
    #[must_use]
    pub fn is_connect(&self) -> bool {
        matches!(self, Self::Transport(error) if error.kind() == TransportKind::Connect)
    }

    /// Returns whether the same request could succeed after a wait.
    ///
    /// This does not mean that a retry is safe: the request may have taken effect.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Oss(error) => error.is_transient(),
            Self::Transport(error) => error.is_transient(),
            Self::NotSent(error) => {
                matches!(error.reason(), NotSentReason::MaxWait | NotSentReason::QueueFull)
            }
        }
    }

    pub(crate) fn own_notes(&mut self) -> &Notes {
        match self {
            Self::Oss(error) => error.own_notes(),
            Self::Transport(error) => error.notes(),
            Self::NotSent(error) => error.notes(),
        }
    }

    pub(crate) fn notes(&self) -> &Notes {
        match self {
            Self::Oss(error) => error.notes(),
            Self::Transport(error) => error.notes(),
            Self::NotSent(error) => error.notes(),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Oss(error) => error.fmt(f),
            Self::Transport(error) => error.fmt(f),
            Self::NotSent(error) => error.fmt(f),
        }
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Self::Oss(error) => error.source(),
            Self::Transport(error) => error.source(),
            Self::NotSent(error) => error.source(),
        }
    }
}
