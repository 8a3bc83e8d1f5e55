use std::error::Error as StdError;

use http::{HeaderMap, Method, StatusCode};

use crate::error::{OssError, Outlook};

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
    /// What an error that OSS responded with means.
    pub(super) fn of_oss(error: &OssError) -> Self {
        error.outlook().into()
    }

    /// What a response means of which only the status is known.
    #[inline]
    pub(super) fn of_status(status: StatusCode) -> Self {
        Outlook::of_status(status).into()
    }
}

impl From<Outlook> for Verdict {
    #[inline]
    fn from(outlook: Outlook) -> Self {
        match outlook {
            Outlook::Permanent => Self::Never,
            Outlook::Transient => Self::Transient,
            Outlook::Throttled => Self::Throttled,
            Outlook::ClockSkewed => Self::ClockSkewed,
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

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::Response;

    use super::*;
    use crate::error::ErrorCode;

    /// Of the same response, the questions, the explanation and the policy must say the same.
    #[test]
    fn what_is_transient_is_repeated_and_nothing_else() {
        let unlisted = ["Vault", "VaultQpsLimited", "NoSuchVault", "VaultDenied", "Throttling.User"];
        for code in ErrorCode::known().iter().map(ErrorCode::as_str).chain(unlisted) {
            let body = Bytes::from(format!("<Error><Code>{code}</Code></Error>"));
            for status in 400..1000 {
                let response = Response::builder().status(status).body(body.clone()).unwrap();
                let error = OssError::from_response(response);
                let verdict = Verdict::of_oss(&error);
                let repeated = !matches!(verdict, Verdict::Never | Verdict::ClockSkewed);
                assert_eq!(error.is_transient(), repeated, "{code} {status}");
                assert_eq!(error.explain().retry_helps(), repeated, "{code} {status}");
                assert_eq!(error.is_throttled(), verdict == Verdict::Throttled, "{code} {status}");
                assert_eq!(error.is_clock_skewed(), verdict == Verdict::ClockSkewed, "{code} {status}");
            }
        }
    }
}
