use std::fmt;

use http::StatusCode;

/// What kind of trouble an error code means.
///
/// The class is what most callers want to branch on when no single [`ErrorCode`](crate::ErrorCode) matters to
/// them: one status has many causes (a 403 may be a wrong key, a skewed clock or an archived object), a class
/// has one remedy.
///
/// # Examples
///
/// ```
/// use tower_oss::{ErrorClass, ErrorCode};
///
/// assert_eq!(ErrorCode::TotalQpsLimitExceeded.class(), ErrorClass::Throttling);
/// assert_eq!(ErrorCode::InvalidObjectState.class(), ErrorClass::Conflict); // although its status is 403
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum ErrorClass {
    /// The request is wrong and stays wrong: mend it before sending it again.
    Client,
    /// Credentials, signature or permission.
    Auth,
    /// The object, bucket, upload or configuration does not exist.
    NotFound,
    /// The present state of the resource forbids the operation.
    Conflict,
    /// A conditional header was not satisfied.
    Precondition,
    /// A limit is reached: reduce the request rate.
    Throttling,
    /// OSS failed, or is too busy: try again after a wait.
    Server,
    /// The clock of the client is too far from the clock of OSS.
    Clock,
    /// The resource must be reached at another address.
    Redirect,
    /// The object is stored, but the upload callback failed.
    Callback,
    /// Neither the code nor the status tells.
    Unknown,
}

impl ErrorClass {
    /// The class in lower case with underscores, for logs and metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Auth => "auth",
            Self::NotFound => "not_found",
            Self::Conflict => "conflict",
            Self::Precondition => "precondition",
            Self::Throttling => "throttling",
            Self::Server => "server",
            Self::Clock => "clock",
            Self::Redirect => "redirect",
            Self::Callback => "callback",
            Self::Unknown => "unknown",
        }
    }

    /// The class of an answer whose code is missing or unknown.
    pub(crate) fn of_status(status: StatusCode) -> Self {
        match status.as_u16() {
            203 => Self::Callback,
            304 | 412 => Self::Precondition,
            300..=399 => Self::Redirect,
            401 | 403 => Self::Auth,
            404 | 410 => Self::NotFound,
            409 => Self::Conflict,
            429 | 509 => Self::Throttling,
            424 => Self::Server, // the origin behind OSS failed
            400..=499 => Self::Client,
            500..=599 => Self::Server,
            _ => Self::Unknown,
        }
    }
}

impl fmt::Display for ErrorClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
