use std::{error::Error as StdError, io, iter, sync::Arc};

use tower::load_shed::error::Overloaded;

use super::{BoxError, Error, NotSentError, OssError};

/// Maximum number of causes that are walked.
const MAX_LINKS: usize = 64;

/// Extension trait that finds the [`OssError`] in an error that other layers have wrapped.
///
/// tower's `Timeout`, `Buffer`, `LoadShed` and others turn every error into a [`BoxError`]. Some
/// wrap it once more. This trait looks at the error itself and at each `source()` behind it. It
/// also looks into an [`io::Error`], an `Arc<Error>`, a `Box<Error>` and an
/// `Arc<dyn std::error::Error + Send + Sync>`.
///
/// On an error of any other type, call it through `dyn Error`:
/// `(&error as &dyn Error).oss_error()`.
///
/// This trait is sealed: no other type can implement it.
///
/// # Examples
///
/// ```
/// use http::{Response, StatusCode};
/// use tower_oss::{FindOssError, OssError, error::BoxError};
///
/// let response = Response::builder().status(StatusCode::NOT_FOUND);
/// let error = OssError::from_response(response.body(bytes::Bytes::new()).unwrap());
///
/// let boxed: BoxError = std::io::Error::other(error).into();
/// assert!(boxed.oss_error().is_some_and(OssError::is_not_found));
/// ```
#[diagnostic::on_unimplemented(
    message = "`ThrottleLayer` and `FindOssError` cannot read errors of type `{Self}`",
    label = "the error must be `tower_oss::Error`, `BoxError` or `dyn Error`",
    note = "put an `OssErrorLayer` below the throttle, or turn the error into a `BoxError` with `map_err`"
)]
pub trait FindOssError: sealed::Sealed {
    /// Returns the OSS error behind this error, if there is one.
    fn oss_error(&self) -> Option<&OssError>;
}

pub(super) mod sealed {
    #[expect(unnameable_types, reason = "seals `FindOssError`")]
    pub trait Sealed {
        /// Whether the request was not sent. The OSS error is then that of an earlier attempt.
        fn is_not_sent(&self) -> bool {
            false
        }
    }
}

/// Whether this cause says that the request was not sent.
pub(crate) fn is_not_sent(link: &(dyn StdError + 'static)) -> bool {
    link.is::<NotSentError>()
        || link.is::<Overloaded>()
        || matches!(link.downcast_ref(), Some(Error::NotSent(_)))
}

fn find<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a OssError> {
    error_chain(error).find_map(|link| match link.downcast_ref::<Error>() {
        Some(Error::Oss(error)) => Some(error),
        Some(Error::NotSent(error)) => error.last_oss_error(),
        _ => {
            link.downcast_ref::<OssError>().or_else(|| link.downcast_ref::<NotSentError>()?.last_oss_error())
        }
    })
}

/// An error and its causes, up to [`MAX_LINKS`].
pub(crate) fn error_chain<'a>(
    error: &'a (dyn StdError + 'static),
) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    iter::successors(Some(error), |link: &&'a _| next(*link)).take(MAX_LINKS)
}

/// The cause of an error.
fn next<'a>(link: &'a (dyn StdError + 'static)) -> Option<&'a (dyn StdError + 'static)> {
    // The `source()` of each of these is that of the error inside, and would skip it.
    if let Some(error) = link.downcast_ref::<io::Error>() {
        return error.get_ref().map(|held| held as _);
    }
    if let Some(held) = link.downcast_ref::<Arc<dyn StdError + Send + Sync>>() {
        return Some(&**held);
    }
    if let Some(held) = link.downcast_ref::<Arc<Error>>() {
        return Some(&**held);
    }
    if let Some(held) = link.downcast_ref::<Box<Error>>() {
        return Some(&**held);
    }
    link.source()
}

impl sealed::Sealed for OssError {}
impl FindOssError for OssError {
    fn oss_error(&self) -> Option<&OssError> {
        Some(self)
    }
}

impl FindOssError for Error {
    fn oss_error(&self) -> Option<&OssError> {
        match self {
            Self::Oss(error) => Some(error),
            Self::Transport(error) => find(error),
            Self::NotSent(error) => error.oss_error().or_else(|| find(error)),
        }
    }
}

impl sealed::Sealed for Error {
    fn is_not_sent(&self) -> bool {
        error_chain(self).any(is_not_sent)
    }
}

impl FindOssError for BoxError {
    fn oss_error(&self) -> Option<&OssError> {
        find(&**self)
    }
}

impl sealed::Sealed for BoxError {
    fn is_not_sent(&self) -> bool {
        error_chain(&**self).any(is_not_sent)
    }
}

impl sealed::Sealed for dyn StdError {}
impl FindOssError for dyn StdError {
    fn oss_error(&self) -> Option<&OssError> {
        find(self)
    }
}

impl sealed::Sealed for dyn StdError + Send {}
impl FindOssError for dyn StdError + Send {
    fn oss_error(&self) -> Option<&OssError> {
        find(self)
    }
}

impl sealed::Sealed for dyn StdError + Send + Sync {}
impl FindOssError for dyn StdError + Send + Sync {
    fn oss_error(&self) -> Option<&OssError> {
        find(self)
    }
}
