use std::{error::Error as StdError, io};

use super::{BoxError, Error, NotSentError, OssError, TransportError};

/// Unwraps an [`Error`] or one of its parts, so that nested layers add no link to the chain of
/// causes. It may be inside any number of [`io::Error`]s, where
/// `io::Error::from(error)` has put it.
impl From<BoxError> for Error {
    fn from(error: BoxError) -> Self {
        own(out_of_io(error)).unwrap_or_else(|error| Self::Transport(TransportError::new(error)))
    }
}

/// An error of this crate, or else the error as it was.
fn own(error: BoxError) -> Result<Error, BoxError> {
    error
        .downcast::<Error>()
        .map(|error| *error)
        .or_else(|error| Ok(Error::Oss(*error.downcast()?)))
        .or_else(|error: BoxError| Ok(Error::NotSent(*error.downcast()?)))
        .or_else(|error: BoxError| Ok(Error::Transport(*error.downcast()?)))
}

/// Takes an error of this crate out of the `io::Error`s around it. Any other error stays as it is.
fn out_of_io(mut error: BoxError) -> BoxError {
    if !holds_own(&error) {
        return error;
    }
    loop {
        error = match error.downcast::<io::Error>() {
            // INVARIANT: the way to an error of this crate leads through `io::Error`s that hold one.
            Ok(outer) => outer.into_inner().expect("an io::Error that held an error holds none"),
            Err(inner) => return inner,
        };
    }
}

fn holds_own(error: &BoxError) -> bool {
    let mut inner: &(dyn StdError + 'static) = &**error;
    while let Some(held) = inner.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
        inner = held;
    }
    inner.is::<Error>()
        || inner.is::<OssError>()
        || inner.is::<NotSentError>()
        || inner.is::<TransportError>()
}

impl From<OssError> for Error {
    fn from(error: OssError) -> Self {
        Self::Oss(error)
    }
}

impl From<TransportError> for Error {
    fn from(error: TransportError) -> Self {
        Self::Transport(error)
    }
}

impl From<NotSentError> for Error {
    fn from(error: NotSentError) -> Self {
        Self::NotSent(error)
    }
}
