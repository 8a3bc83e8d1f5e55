use std::{error::Error as StdError, fmt};

use super::{BoxError, Notes};

/// The wrapped service failed before there was an answer.
///
/// The cause is the `source()`. It is never printed here, neither by `Display` nor by `Debug`: the error of an
/// HTTP client may show the whole URL, and a presigned URL is a credential (with reqwest, call `without_url` on
/// its error before it gets here).
pub struct TransportError(Box<Inner>);

struct Inner {
    cause: BoxError,
    notes: Notes,
}

impl TransportError {
    pub(crate) fn new(cause: BoxError) -> Self {
        Self(Box::new(Inner { cause, notes: Notes::default() }))
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

    pub(crate) fn notes(&self) -> &Notes {
        &self.0.notes
    }
}

impl fmt::Display for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no answer from OSS: the request failed on the way")
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
