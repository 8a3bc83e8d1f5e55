use std::{
    error::Error as StdError,
    sync::{Arc, OnceLock},
};

use http::{Extensions, HeaderMap, StatusCode, Version};

use super::{BodyKind, BodyState, CodeOrigin, ErrorClass, ErrorCode, Fields, Meaning, Notes, Outlook};
use crate::method::StandardMethod;

/// What an [`OssError`](super::OssError) is made of.
pub(crate) struct ErrorParts {
    pub(crate) status: StatusCode,
    pub(crate) version: Version,
    pub(crate) headers: HeaderMap,
    pub(crate) extensions: Extensions,
    /// The headers with the secret ones marked. Computed on demand, because the search for secrets
    /// costs more than reading the error.
    pub(crate) marked: OnceLock<Box<HeaderMap>>,
    pub(crate) method: StandardMethod,
    pub(crate) code: ErrorCode,
    /// The code, hidden, if it repeats a secret. Computed on demand.
    pub(crate) hidden_code: OnceLock<Option<ErrorCode>>,
    pub(crate) origin: CodeOrigin,
    pub(crate) meaning: Meaning,
    pub(crate) fields: Fields,
    /// The body, unless it is the source of the fields.
    pub(crate) body: Option<Vec<u8>>,
    pub(crate) kind: BodyKind,
    pub(crate) state: BodyState,
    /// Why the body could not be read.
    pub(crate) cause: Option<Arc<dyn StdError + Send + Sync>>,
    pub(crate) notes: Notes,
}

/// Placeholders, to be filled in.
impl Default for ErrorParts {
    #[inline]
    fn default() -> Self {
        Self {
            status: StatusCode::default(),
            version: Version::default(),
            headers: HeaderMap::new(),
            extensions: Extensions::new(),
            marked: OnceLock::new(),
            method: StandardMethod::default(),
            code: ErrorCode::InternalError,
            hidden_code: OnceLock::new(),
            origin: CodeOrigin::Inferred,
            meaning: Meaning { class: ErrorClass::Unknown, outlook: Outlook::Permanent },
            fields: Fields::default(),
            body: None,
            kind: BodyKind::None,
            state: BodyState::Empty,
            cause: None,
            notes: Notes::default(),
        }
    }
}

impl ErrorParts {
    /// A copy without notes.
    pub(super) fn copy(&self) -> Self {
        Self {
            headers: self.headers.clone(),
            extensions: self.extensions.clone(),
            code: self.code.clone(),
            fields: self.fields.clone(),
            body: self.body.clone(),
            cause: self.cause.clone(),
            marked: OnceLock::new(),
            hidden_code: OnceLock::new(),
            notes: Notes::default(),
            ..*self
        }
    }
}
