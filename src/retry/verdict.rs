use std::{error::Error as StdError, fmt};

use http::{HeaderMap, Method, StatusCode};

use crate::error::{
    FailedAttempt, Fate, NotSentReason, OssError, Outlook, TransportFailure, TransportKind, error_chain,
    is_not_sent,
};

/// How a failed attempt is classified. The [module page](crate::retry) has the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Verdict {
    /// The same request would fail again.
    Never,
    /// Another attempt could succeed, but the request may have taken effect. Retried after a wait,
    /// if the request is idempotent.
    Transient,
    /// The request did not take effect, for example because the request was not sent. Retried after
    /// a wait, idempotent or not.
    NotApplied,
    /// The request did not take effect, because there were too many. Retried after a longer wait,
    /// idempotent or not.
    Throttled,
    /// The request did not take effect, because its date was wrong. Retried at once, if the clock
    /// has been corrected.
    ClockSkewed,
    /// It is not clear what failed, or whether the request was sent. Not retried. If the request is
    /// not idempotent, the call ends as
    /// [`OutcomeUnknown`](crate::error::RetryStop::OutcomeUnknown).
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

    /// Classifies a failure.
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

    /// Classifies a response by its status alone.
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

/// A failed attempt: the argument of [`RetryPolicy::classify`](crate::RetryPolicy::classify).
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
    /// A response that no layer below has turned into an error.
    Response(StatusCode, &'a HeaderMap),
    /// The request was not sent.
    NotSent(NotSentReason, &'a (dyn StdError + 'static)),
    /// There was no response.
    Transport(&'a (dyn StdError + 'static)),
}

impl Cause<'_> {
    /// Whether a throttle below could not give the request a permit in time.
    pub(super) fn is_out_of_time(self) -> bool {
        matches!(
            self,
            Self::NotSent(NotSentReason::Deadline | NotSentReason::MaxWait | NotSentReason::MaxElapsed, _)
        )
    }
}

impl<'a> Failure<'a> {
    /// Returns the OSS error, if there is one and an [`OssErrorLayer`](crate::OssErrorLayer) is
    /// below.
    #[must_use]
    pub fn oss(&self) -> Option<&'a OssError> {
        match self.cause {
            Cause::Oss(error) => Some(error),
            _ => None,
        }
    }

    /// Returns the error, if there was no response.
    #[must_use]
    pub fn transport(&self) -> Option<&'a (dyn StdError + 'static)> {
        match self.cause {
            Cause::Transport(error) | Cause::NotSent(_, error) => Some(error),
            Cause::Oss(_) | Cause::Response(..) => None,
        }
    }

    /// Returns the kind of the transport error, if there was one.
    #[must_use]
    pub fn transport_kind(&self) -> Option<TransportKind> {
        match self.cause {
            Cause::Transport(error) => Some(TransportFailure::of(error).kind),
            _ => None,
        }
    }

    /// Returns why the request was not sent, if it was not.
    #[must_use]
    pub fn not_sent(&self) -> Option<NotSentReason> {
        match self.cause {
            Cause::NotSent(reason, _) => Some(reason),
            _ => None,
        }
    }

    /// Returns the status, if there was a response.
    #[must_use]
    pub fn status(&self) -> Option<StatusCode> {
        match self.cause {
            Cause::Oss(error) => Some(error.status()),
            Cause::Response(status, _) => Some(status),
            Cause::Transport(_) | Cause::NotSent(..) => None,
        }
    }

    /// Returns the method of the request.
    #[must_use]
    pub fn method(&self) -> &'a Method {
        self.method
    }

    /// Returns which attempt failed, counted from 1.
    #[must_use]
    pub fn attempt(&self) -> u32 {
        self.attempt
    }

    /// Whether the request left the client, as far as the error tells.
    pub(super) fn was_sent(&self) -> bool {
        match self.cause {
            Cause::NotSent(..) => false,
            Cause::Transport(error) => !error_chain(error).any(is_not_sent),
            Cause::Oss(_) | Cause::Response(..) => true,
        }
    }

    pub(super) fn to_attempt(self) -> FailedAttempt {
        match self.cause {
            Cause::Oss(error) => FailedAttempt::of_oss(error),
            Cause::Response(status, headers) => FailedAttempt::of_response(status, headers),
            Cause::NotSent(reason, _) => FailedAttempt::of_not_sent(reason),
            Cause::Transport(error) => FailedAttempt::of_transport(TransportFailure::of(error).kind),
        }
    }
}

/// Never shows a cause: the error of an HTTP client may contain a presigned URL.
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

    /// `is_transient`, `explain` and the policy must agree on each response.
    #[test]
    fn what_is_transient_is_retried_and_nothing_else() {
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
