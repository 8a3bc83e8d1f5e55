use std::{
    error::Error as StdError,
    fmt,
    sync::Arc,
    time::{Duration, SystemTime},
};

use http::{Extensions, HeaderMap, Method, StatusCode, Version, response};

use super::{
    Basic, BodyKind, BodyState, BoxError, CodeOrigin, ErrorClass, ErrorCode, Explanation, Fields, Notes,
    Shown, headers, report::Report,
};

/// An error that OSS answered with: everything it said, and how it said it.
///
/// It is one pointer wide and cheap to clone. It is made by [`OssErrorLayer`](crate::OssErrorLayer), or of a
/// whole answer by [`from_response`](Self::from_response).
///
/// Whatever happened to the body, the status, the headers, the class and the request id (where a header carried
/// it) are there, and [`body_state`](Self::body_state) tells why the rest may be missing.
///
/// # Secrets
///
/// `Display`, `Debug`, [`report`](Self::report) and the `tracing` event show nothing secret: no signature, string
/// to sign, key id or token, and no query value of a URL. [`field`](Self::field), [`fields`](Self::fields),
/// [`message`](Self::message) and [`raw_body`](Self::raw_body) return what OSS sent, as it is.
///
/// # Examples
///
/// ```
/// use bytes::Bytes;
/// use http::{Response, StatusCode};
/// use tower_oss::{ErrorCode, OssError};
///
/// let answer = Response::builder()
///     .status(StatusCode::NOT_FOUND)
///     .header("x-oss-request-id", "65A1F0C2D3E4B5A697887766")
///     .body(Bytes::from(
///         "<Error><Code>NoSuchKey</Code><Message>The specified key does not exist.</Message>\
///          <EC>0026-00000001</EC><Key>a.txt</Key></Error>",
///     ))
///     .unwrap();
/// let error = OssError::from_response(answer);
///
/// assert_eq!(*error.code(), ErrorCode::NoSuchKey);
/// assert_eq!(error.request_id(), Some("65A1F0C2D3E4B5A697887766"));
/// assert_eq!(error.field("Key"), Some("a.txt"));
/// assert_eq!(
///     error.to_string(),
///     "NoSuchKey (404): The specified key does not exist. \
///      [request 65A1F0C2D3E4B5A697887766, EC 0026-00000001]"
/// );
/// ```
#[derive(Clone)]
pub struct OssError(Arc<Parts>);

/// What an [`OssError`] is made of.
pub(crate) struct Parts {
    pub(crate) head: response::Parts,
    pub(crate) method: Option<Method>,
    pub(crate) code: ErrorCode,
    pub(crate) origin: CodeOrigin,
    pub(crate) fields: Fields,
    /// The body, unless it is the source of the fields.
    pub(crate) body: Option<Vec<u8>>,
    pub(crate) kind: BodyKind,
    pub(crate) state: BodyState,
    /// Why the body could not be read.
    pub(crate) cause: Option<BoxError>,
    pub(crate) notes: Notes,
}

impl OssError {
    pub(crate) fn new(parts: Parts) -> Self {
        Self(Arc::new(parts))
    }

    pub(crate) fn notes(&self) -> &Notes {
        &self.0.notes
    }

    /// The HTTP status.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.0.head.status
    }

    /// What went wrong, in one word. Branch on this, not on the status.
    #[must_use]
    pub fn code(&self) -> &ErrorCode {
        &self.0.code
    }

    /// Where the code came from.
    #[must_use]
    pub fn code_origin(&self) -> CodeOrigin {
        self.0.origin
    }

    /// What kind of trouble it is: the class of the code, or of the status where the code has none.
    #[must_use]
    pub fn class(&self) -> ErrorClass {
        match self.0.code.class() {
            ErrorClass::Unknown => ErrorClass::of_status(self.status()),
            class => class,
        }
    }

    /// OSS's explanation, as it came. Its text may change; never branch on it.
    #[must_use]
    pub fn message(&self) -> Option<&str> {
        self.0.fields.get(Basic::Message)
    }

    /// The id of the request, from the body or else from the header `x-oss-request-id`.
    ///
    /// Always log it: without it, OSS's support cannot help.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.0.fields.get_filled(Basic::RequestId)
    }

    /// The host that the request was sent to. Text of the client's own choice, so it proves nothing.
    #[must_use]
    pub fn host_id(&self) -> Option<&str> {
        self.0.fields.get(Basic::HostId)
    }

    /// The fine-grained code, from the body or else from the header `x-oss-ec`.
    ///
    /// For diagnosis only: OSS changes these without notice, and its documentation says that applications must
    /// not depend on them. [`explain`](Self::explain) looks it up.
    #[must_use]
    pub fn ec(&self) -> Option<&str> {
        self.0.fields.get_filled(Basic::Ec)
    }

    /// The address of OSS's own page about this error. It came over the wire: check the host before following it.
    #[must_use]
    pub fn recommend_doc(&self) -> Option<&str> {
        self.0.fields.get(Basic::RecommendDoc)
    }

    /// Any other element of the error, for example `BucketName`, or `AccessDeniedDetail/AuthAction` for a nested
    /// one. The first of several.
    ///
    /// Some elements are secret, `StringToSign` and `OSSAccessKeyId` among them: do not log what you get.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&str> {
        self.fields().find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    /// Every other element of the error in the order of the document, at most 256.
    ///
    /// Some are secret, as with [`field`](Self::field).
    pub fn fields(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.fields.others()
    }

    /// The headers of the answer. Those that carry secrets are marked sensitive, so that `Debug` hides them.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        &self.0.head.headers
    }

    /// The extensions of the answer.
    #[must_use]
    pub fn extensions(&self) -> &Extensions {
        &self.0.head.extensions
    }

    /// The HTTP version of the answer.
    #[must_use]
    pub fn version(&self) -> Version {
        self.0.head.version
    }

    /// The method of the request, if the layer saw it and it is one of the standard ones.
    #[must_use]
    pub fn method(&self) -> Option<Method> {
        self.0.method.clone()
    }

    /// The body, up to the limit of the layer.
    ///
    /// **It may hold secrets**: OSS repeats signature, string to sign and key id to whoever signed wrongly, and
    /// a proxy may repeat anything. Look at it; do not log it.
    #[must_use]
    pub fn raw_body(&self) -> &[u8] {
        self.0.body.as_deref().unwrap_or(self.0.fields.source().as_bytes())
    }

    /// How the body arrived.
    #[must_use]
    pub fn body_state(&self) -> BodyState {
        self.0.state
    }

    /// What the body is. If it is not OSS's, the answer may come from a proxy.
    #[must_use]
    pub fn body_kind(&self) -> BodyKind {
        self.0.kind
    }

    /// How long the header `Retry-After` asks to wait, at most a day.
    ///
    /// A date is measured from the answer's own `Date`, so that the client's clock does not matter; without one,
    /// from the client's clock.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "only for an answer that gives a date but not its own")]
    pub fn retry_after(&self) -> Option<Duration> {
        let now = headers::server_date(self.headers()).unwrap_or_else(SystemTime::now);
        headers::retry_after(self.headers(), now)
    }

    /// Everything that OSS's support asks for, as text of several lines to paste into a ticket. Nothing secret.
    #[must_use]
    pub fn report(&self) -> String {
        Report(self).to_string()
    }

    /// Meaning, likely cause and remedy, from tables that are built in.
    #[must_use]
    pub fn explain(&self) -> Explanation {
        Explanation::of(self)
    }

    /// The object, bucket, upload or configuration does not exist.
    ///
    /// Which of them is missing, only the [`code`](Self::code) tells: after a HEAD without one, it may be the bucket.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        self.class() == ErrorClass::NotFound
    }

    /// A limit is reached: reduce the request rate.
    #[must_use]
    pub fn is_throttled(&self) -> bool {
        self.class() == ErrorClass::Throttling
    }

    /// The caller may not do this: permission is missing, whoever signed. A wrong signature or key is class
    /// [`Auth`](ErrorClass::Auth), too, but not this.
    #[must_use]
    pub fn is_access_denied(&self) -> bool {
        matches!(
            self.0.code,
            ErrorCode::AccessDenied
                | ErrorCode::AccessDeniedException
                | ErrorCode::AccessForbidden
                | ErrorCode::BucketNotBelongTo
                | ErrorCode::Forbidden
                | ErrorCode::ForbiddenException
        )
    }

    /// The present state of the resource forbids the operation.
    #[must_use]
    pub fn is_conflict(&self) -> bool {
        self.class() == ErrorClass::Conflict
    }

    /// A conditional header was not satisfied.
    #[must_use]
    pub fn is_precondition_failed(&self) -> bool {
        self.class() == ErrorClass::Precondition
    }

    /// The client's clock is more than 15 minutes off.
    #[must_use]
    pub fn is_clock_skewed(&self) -> bool {
        self.class() == ErrorClass::Clock
    }

    /// The object **is stored**, but OSS could not call the application server. Do not upload it again.
    #[must_use]
    pub fn is_callback_failed(&self) -> bool {
        self.class() == ErrorClass::Callback
    }

    /// The same request could succeed if it is repeated after a wait.
    ///
    /// Says nothing about whether repeating is safe: an append whose answer was lost may have been applied.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self.0.code.class() {
            ErrorClass::Server | ErrorClass::Throttling => true,
            ErrorClass::Unknown => matches!(self.status().as_u16(), 429 | 500 | 502..=504),
            _ => self.0.code == ErrorCode::RequestTimeout,
        }
    }
}

/// One line: code, status, message, request id, EC, and what is wrong with the body.
impl fmt::Display for OssError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.code(), self.status().as_u16())?;
        match self.message().filter(|message| !message.is_empty()) {
            Some(message) => write!(f, ": {}", Shown(message))?,
            None if !self.body_kind().is_oss() && self.body_kind() != BodyKind::None => {
                write!(f, ": not an OSS error document ({})", self.body_kind().describe())?;
            }
            None => {}
        }
        match self.request_id() {
            Some(id) => write!(f, " [request {}", Shown(id))?,
            None => f.write_str(" [no request id")?,
        }
        if let Some(ec) = self.ec() {
            write!(f, ", EC {}", Shown(ec))?;
        }
        f.write_str(match self.body_state() {
            BodyState::Complete | BodyState::Empty => "]",
            BodyState::Truncated => ", body cut]",
            BodyState::TimedOut => ", body timed out]",
            BodyState::Failed => ", body failed]",
        })
    }
}

impl fmt::Debug for OssError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OssError")
            .field("status", &self.status())
            .field("code", self.code())
            .field("code_origin", &self.code_origin())
            .field("class", &self.class())
            .field("message", &self.message().map(Shown))
            .field("request_id", &self.request_id().map(Shown))
            .field("host_id", &self.host_id().map(Shown))
            .field("ec", &self.ec().map(Shown))
            .field("recommend_doc", &self.recommend_doc().map(Shown))
            .field("fields", &self.fields().map(|(name, _)| Shown(name)).collect::<Vec<_>>())
            .field("method", &self.0.method)
            .field("body_state", &self.body_state())
            .field("body_kind", &self.body_kind())
            .finish_non_exhaustive()
    }
}

impl StdError for OssError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.cause.as_ref().map(|cause| &**cause as _)
    }
}
