use std::fmt;

use http::StatusCode;

/// Category of an error.
///
/// Branch on the class if no single [`ErrorCode`](crate::ErrorCode) matters to you. A class has one
/// remedy. A status has many causes: a 403, for example, can mean a wrong key, a skewed clock or an
/// archived object.
///
/// # Examples
///
/// ```
/// use tower_oss::{ErrorClass, ErrorCode};
///
/// assert_eq!(ErrorCode::TotalQpsLimitExceeded.class(), ErrorClass::Throttling);
/// // Although its status is 403.
/// assert_eq!(ErrorCode::InvalidObjectState.class(), ErrorClass::Conflict);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum ErrorClass {
    /// The request is invalid. Change it before you send it again.
    Client,
    /// The credentials or the signature are wrong, or permission is missing.
    Auth,
    /// The object, bucket, upload or configuration does not exist.
    NotFound,
    /// The current state of the resource does not allow the operation.
    Conflict,
    /// A condition in the request's headers was not met.
    Precondition,
    /// A limit was exceeded. Reduce the request rate.
    Throttling,
    /// OSS failed or is overloaded. Retry after a wait.
    Server,
    /// The client's clock differs too much from the clock of OSS.
    Clock,
    /// The resource is at another address. Send the request there.
    Redirect,
    /// The object is stored, but the upload callback failed.
    Callback,
    /// Neither the code nor the status tells the category.
    Unknown,
}

impl ErrorClass {
    /// Returns the name of the class in snake case, for logs and metrics.
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

    /// Whether many programs provoke such errors on purpose, for example to see whether an object
    /// exists. Their events have the level INFO.
    #[cfg(feature = "tracing")]
    pub(crate) fn is_expected(self) -> bool {
        matches!(self, Self::NotFound | Self::Precondition | Self::Redirect)
    }

    /// The class of a response without a code that says more.
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
