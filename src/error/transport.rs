use std::{error::Error as StdError, fmt, sync::OnceLock};

use super::{BoxError, Notes, OssError};

/// The wrapped service failed before there was an answer.
///
/// The cause is the `source()`. It is never printed here, neither by `Display` nor by `Debug`: the error of an
/// HTTP client may show the whole URL, and a presigned URL is a credential (with reqwest, call `without_url` on
/// its error before it gets here).
pub struct TransportError(Box<Inner>);

struct Inner {
    cause: BoxError,
    notes: Notes,
    last_answer: OnceLock<OssError>,
}

impl TransportError {
    pub(crate) fn new(cause: BoxError) -> Self {
        Self(Box::new(Inner { cause, notes: Notes::default(), last_answer: OnceLock::new() }))
    }

    /// What the wrapped service returned.
    #[must_use]
    pub fn get_ref(&self) -> &(dyn StdError + Send + Sync + 'static) {
        &*self.0.cause
    }

    /// What the wrapped service returned, by value.
    #[must_use]
    pub fn into_inner(self) -> BoxError {
        self.0.cause
    }

    /// The error that OSS answered an earlier attempt with, if there was one: the request id that its support asks for.
    #[must_use]
    pub fn last_answer(&self) -> Option<&OssError> {
        self.0.last_answer.get()
    }

    pub(crate) fn set_last_answer(&self, error: &OssError) {
        self.0.last_answer.get_or_init(|| error.clone());
    }

    pub(crate) fn notes(&self) -> &Notes {
        &self.0.notes
    }
}

impl fmt::Display for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no answer from OSS: the request failed on the way")?;
        match self.last_answer() {
            Some(error) => {
                let id = error.request_id().unwrap_or("none");
                write!(f, " (an earlier attempt: {}, request id {})", error.code(), error.shown(id))
            }
            None => Ok(()),
        }
    }
}

impl fmt::Debug for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TransportError").finish_non_exhaustive()
    }
}

impl StdError for TransportError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(&*self.0.cause)
    }
}
