use std::error::Error as StdError;

use http::{HeaderMap, Method, StatusCode};

use crate::error::{ErrorClass, ErrorCode, OssError, is_transient_status};

/// What a failed attempt means for the next. The table is in the [module's docs](crate::retry).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Verdict {
    /// The same request would fail again.
    Never,
    /// It could succeed, and it may have been applied already: an idempotent request is repeated after a wait.
    Transient,
    /// It was surely not applied, for example because it was never sent: any request is repeated after a wait.
    NotApplied,
    /// It was surely not applied, because there are too many: any request is repeated after a longer wait.
    Throttled,
    /// It was surely not applied, because its date is wrong: it is repeated at once if the clock has been corrected.
    ClockSkewed,
}

impl Verdict {
    /// What an error that OSS answered with means.
    pub(super) fn of_oss(error: &OssError) -> Self {
        if error.is_stored() {
            return Self::Never;
        }
        match error.code().class() {
            ErrorClass::Throttling => Self::Throttled,
            ErrorClass::Server => Self::Transient,
            ErrorClass::Clock => Self::ClockSkewed,
            ErrorClass::Unknown => Self::of_status(error.status()),
            _ if *error.code() == ErrorCode::RequestTimeout => Self::Transient,
            _ => Self::Never,
        }
    }

    /// What an answer means that nothing but its status is known of.
    #[inline]
    pub(super) fn of_status(status: StatusCode) -> Self {
        match status.as_u16() {
            ..400 => Self::Never, // first, for the successes
            429 => Self::Throttled,
            _ if is_transient_status(status) => Self::Transient,
            _ => Self::Never,
        }
    }
}

/// A failed attempt, as the policy sees it.
#[derive(Clone, Copy, Debug)]
pub struct Failure<'a> {
    pub(super) cause: Cause<'a>,
    pub(super) attempt: u32,
    pub(super) method: &'a Method,
}

#[derive(Clone, Copy)]
pub(super) enum Cause<'a> {
    /// OSS answered with an error.
    Oss(&'a OssError),
    /// An answer came through that no layer below has turned into an error: only its status is known.
    Answer(StatusCode, &'a HeaderMap),
    /// There was no answer.
    Transport(&'a (dyn StdError + 'static)),
}

impl<'a> Failure<'a> {
    /// The error that OSS answered with, if it did and an [`OssErrorLayer`](crate::OssErrorLayer) is below.
    #[must_use]
    pub fn oss(&self) -> Option<&'a OssError> {
        match self.cause {
            Cause::Oss(error) => Some(error),
            _ => None,
        }
    }

    /// The error, unless there was an answer.
    #[must_use]
    pub fn transport(&self) -> Option<&'a (dyn StdError + 'static)> {
        match self.cause {
            Cause::Transport(error) => Some(error),
            _ => None,
        }
    }

    /// The status, if there was an answer.
    #[must_use]
    pub fn status(&self) -> Option<StatusCode> {
        match self.cause {
            Cause::Oss(error) => Some(error.status()),
            Cause::Answer(status, _) => Some(status),
            Cause::Transport(_) => None,
        }
    }

    /// The method of the request.
    #[must_use]
    pub fn method(&self) -> &'a Method {
        self.method
    }

    /// Which attempt failed, counted from 1.
    #[must_use]
    pub fn attempt(&self) -> u32 {
        self.attempt
    }
}

/// Never shows a cause: the error of an HTTP client may hold a presigned URL.
impl std::fmt::Debug for Cause<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Oss(error) => std::fmt::Debug::fmt(error, f),
            Self::Answer(status, _) => write!(f, "Answer({status})"),
            Self::Transport(_) => f.write_str("Transport(..)"),
        }
    }
}
