//! What can go wrong, as types: [`Error`], [`OssError`], [`ErrorCode`], [`ErrorClass`].

mod class;
mod code;
mod codes;
mod display;
mod envelope;
mod fields;
mod find;
mod headers;
mod last;
mod meaning;
mod notes;
mod oss_error;
mod parts;
mod questions;
mod state;
mod stop;
mod throttled;
mod transport;
mod words;

use std::{error::Error as StdError, fmt};

pub use self::{
    class::ErrorClass,
    code::{ErrorCode, UnknownCode},
    find::FindOssError,
    oss_error::OssError,
    state::{BodyKind, BodyState, CodeOrigin},
    stop::RetryStop,
    throttled::{ThrottleReason, ThrottledError},
    transport::TransportError,
};
pub(crate) use self::{
    fields::{Basic, Basics, Fields, MAX_DEPTH, MAX_NAME, Span},
    find::{chain as error_chain, is_throttled},
    headers::{
        X_OSS_EC, X_OSS_ERR, X_OSS_ERROR_TYPE, X_OSS_REQUEST_ID, header_str, qos_delay, server_date,
        server_time, text as header_text, wait as retry_after,
    },
    last::LastError,
    meaning::{Meaning, Outlook},
    notes::Notes,
    parts::Parts,
};
pub use crate::diagnose::{Explanation, FixedBy};

/// A boxed error, as tower's own layers return it.
pub type BoxError = Box<dyn StdError + Send + Sync>;

/// Why a call gave no success.
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
///         Error::Throttled(_) => "send less, or wait longer",
///         _ => "read the text",
///     }
/// }
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// OSS, or something in front of it, answered with an error.
    Oss(OssError),
    /// There was no answer: the wrapped service failed.
    Transport(TransportError),
    /// It was not sent: the throttle has slowed requests down, and its turn could not come in time.
    Throttled(ThrottledError),
}

impl Error {
    /// The error that OSS answered with, if it did.
    ///
    /// Looks behind the other variants, too: the wrapped service may have wrapped it, and a request that was not
    /// sent may be the repetition of one that was answered.
    #[must_use]
    pub fn oss(&self) -> Option<&OssError> {
        self.oss_error()
    }

    /// As [`oss`](Self::oss), by value.
    #[must_use]
    pub fn into_oss(self) -> Option<OssError> {
        match self {
            Self::Oss(error) => Some(error),
            other => other.oss_error().cloned(),
        }
    }

    /// The last error that OSS answered with: this one, or, if there was no answer in the end, that of an attempt before.
    #[must_use]
    pub fn last_answer(&self) -> Option<&OssError> {
        match self {
            Self::Transport(error) => self.oss().or(error.last_answer()),
            _ => self.oss(),
        }
    }

    /// The request id, without which OSS's support cannot help: that of the [last answer](Self::last_answer).
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.last_answer()?.request_id()
    }

    /// How many times the request was sent. 1 unless a retry policy says more, or a throttle gave it up unsent.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        let unsent = matches!(self, Self::Throttled(_));
        self.notes().attempts() - u32::from(unsent)
    }

    /// Why the retry policy did not try again, if it was asked.
    #[must_use]
    pub fn retry_stop(&self) -> Option<RetryStop> {
        self.notes().stop()
    }

    /// An earlier attempt may have been applied, although it failed.
    ///
    /// A conflict or a missing upload may then be the request's own success: look before you repeat it.
    #[must_use]
    pub fn after_ambiguous_attempt(&self) -> bool {
        self.notes().after_ambiguous_attempt()
    }

    pub(crate) fn own_notes(&mut self) -> &Notes {
        match self {
            Self::Oss(error) => error.own_notes(),
            Self::Transport(error) => error.notes(),
            Self::Throttled(error) => error.notes(),
        }
    }

    pub(crate) fn notes(&self) -> &Notes {
        match self {
            Self::Oss(error) => error.notes(),
            Self::Transport(error) => error.notes(),
            Self::Throttled(error) => error.notes(),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Oss(error) => error.fmt(f),
            Self::Transport(error) => error.fmt(f),
            Self::Throttled(error) => error.fmt(f),
        }
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Self::Oss(error) => error.source(),
            Self::Transport(error) => error.source(),
            Self::Throttled(error) => error.source(),
        }
    }
}

impl From<OssError> for Error {
    fn from(error: OssError) -> Self {
        Self::Oss(error)
    }
}

impl From<ThrottledError> for Error {
    fn from(error: ThrottledError) -> Self {
        Self::Throttled(error)
    }
}

/// Takes an [`Error`] or one of its parts out of its box again, so that nested layers add no link to the chain.
impl From<BoxError> for Error {
    fn from(error: BoxError) -> Self {
        match error.downcast::<Self>() {
            Ok(error) => *error,
            Err(error) => match error.downcast::<OssError>() {
                Ok(error) => Self::Oss(*error),
                Err(error) => match error.downcast::<ThrottledError>() {
                    Ok(error) => Self::Throttled(*error),
                    Err(error) => Self::Transport(TransportError::new(error)),
                },
            },
        }
    }
}
