use std::{error::Error as StdError, fmt};

use http::{HeaderMap, Method, StatusCode};

use crate::error::{FailedAttempt, Fate, NotSentReason, OssError, Outlook, TransportFailure, TransportKind};

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
    /// Nothing is known, not even whether the request was sent. It is not repeated, and if it is not idempotent, the call ends
    /// as [`OutcomeUnknown`](crate::error::RetryStop::OutcomeUnknown).
    Unknown,
}

impl Verdict {
    /// Returns the name of the verdict in snake case, for logs and metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Never => "never",
            Self::Transient => "transient",
            Self::NotApplied => "not_applied",
            Self::Throttled => "throttled",
            Self::ClockSkewed => "clock_skewed",
            Self::Unknown => "unknown",
        }
    }

    /// The verdict on a failure, by itself.
    pub(super) fn of(cause: Cause<'_>) -> Self {
        match cause {
            Cause::Oss(error) => error.outlook().into(),
            Cause::Response(status, _) => Self::of_status(status),
            Cause::NotSent(..) => Self::Never,
            Cause::Transport(error) => match TransportFailure::of(error).fate {
                Fate::NotApplied => Self::NotApplied,
                Fate::Transient => Self::Transient,
                Fate::Never => Self::Never,
                Fate::Unknown => Self::Unknown,
            },
        }
    }

    /// What a response means of which only the status is known.
    #[inline]
    pub(super) fn of_status(status: StatusCode) -> Self {
        Outlook::of_status(status).into()
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
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
    /// OSS responded with an error.
    Oss(&'a OssError),
    /// A response that no layer below has turned into an error: only its status is known.
    Response(StatusCode, &'a HeaderMap),
    /// The request was not sent.
    NotSent(NotSentReason, &'a (dyn StdError + 'static)),
    /// There was no response.
    Transport(&'a (dyn StdError + 'static)),
}

impl Cause<'_> {
    /// Whether a throttle below gave the request up because its permit would have come too late.
    pub(super) fn is_out_of_time(self) -> bool {
        matches!(self, Self::NotSent(NotSentReason::Deadline | NotSentReason::MaxWait, _))
    }
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

    /// The error, unless there was a response.
    #[must_use]
    pub fn transport(&self) -> Option<&'a (dyn StdError + 'static)> {
        match self.cause {
            Cause::Transport(error) | Cause::NotSent(_, error) => Some(error),
            Cause::Oss(_) | Cause::Response(..) => None,
        }
    }

    /// What kind of transport error it is, if the request was sent, or could not be, and there was no response.
    #[must_use]
    pub fn transport_kind(&self) -> Option<TransportKind> {
        match self.cause {
            Cause::Transport(error) => Some(TransportFailure::of(error).kind),
            _ => None,
        }
    }

    /// Why the request was not sent, if it was not.
    #[must_use]
    pub fn not_sent(&self) -> Option<NotSentReason> {
        match self.cause {
            Cause::NotSent(reason, _) => Some(reason),
            _ => None,
        }
    }

    /// The status, if there was an answer.
    #[must_use]
    pub fn status(&self) -> Option<StatusCode> {
        match self.cause {
            Cause::Oss(error) => Some(error.status()),
            Cause::Response(status, _) => Some(status),
            Cause::Transport(_) | Cause::NotSent(..) => None,
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

    /// What the history keeps of it.
    pub(super) fn to_attempt(self) -> FailedAttempt {
        match self.cause {
            Cause::Oss(error) => FailedAttempt::of_oss(error),
            Cause::Response(status, _) => FailedAttempt::of_status(status),
            Cause::NotSent(reason, _) => FailedAttempt::of_not_sent(reason),
            Cause::Transport(error) => FailedAttempt::of_transport(TransportFailure::of(error).kind),
        }
    }
}

/// Never shows a cause: the error of an HTTP client may hold a presigned URL.
impl fmt::Debug for Cause<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Oss(error) => fmt::Debug::fmt(error, f),
            Self::Response(status, _) => write!(f, "Response({status})"),
            Self::NotSent(reason, _) => write!(f, "NotSent({reason:?})"),
            Self::Transport(error) => write!(f, "Transport({:?})", TransportFailure::of(*error).kind),
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
                let verdict = Verdict::of(Cause::Oss(&error));
                let repeated = !matches!(verdict, Verdict::Never | Verdict::ClockSkewed);
                assert_eq!(error.is_transient(), repeated, "{code} {status}");
                assert_eq!(error.explain().retry_helps(), repeated, "{code} {status}");
                assert_eq!(error.is_throttled(), verdict == Verdict::Throttled, "{code} {status}");
                assert_eq!(error.is_clock_skewed(), verdict == Verdict::ClockSkewed, "{code} {status}");
            }
        }
    }
}
