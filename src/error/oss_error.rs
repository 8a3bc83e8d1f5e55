use std::{error::Error as StdError, sync::Arc, time::Duration};

use http::{Extensions, HeaderMap, Method, StatusCode, Version};

use super::{
    Basic, BodyKind, BodyState, CodeOrigin, ErrorClass, ErrorCode, Notes, Outlook, Parts, RetryStop, headers,
};
use crate::redact::{Shown, marked};

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

impl OssError {
    #[inline]
    pub(crate) fn new(parts: Arc<Parts>) -> Self {
        Self(parts)
    }

    /// A text of this error, fit for a log line.
    pub(crate) fn shown<'a>(&'a self, text: &'a str) -> Shown<'a> {
        Shown::of_document(text, &self.0.fields)
    }

    /// As [`notes`](Self::notes), on a copy of its own if the error is shared: what one call notes on an error that was
    /// kept somewhere, no other call may read.
    pub(crate) fn own_notes(&mut self) -> &Notes {
        if Arc::get_mut(&mut self.0).is_none() {
            self.0 = Arc::new(self.0.copy());
        }
        &self.0.notes
    }

    pub(crate) fn notes(&self) -> &Notes {
        &self.0.notes
    }

    /// The HTTP status.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.0.status
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

    /// What kind of trouble it is.
    ///
    /// The code decides if it is listed ([`ErrorCode::class`]), else its words (`…QpsLimited`, `NoSuch…`, `…Denied`),
    /// else what stands before its first dot, else the status. 429 and 509 always mean
    /// [`Throttling`](ErrorClass::Throttling), and 203 means [`Callback`](ErrorClass::Callback).
    #[must_use]
    pub fn class(&self) -> ErrorClass {
        self.0.meaning.class
    }

    /// What the same request can expect if it is sent again.
    pub(crate) fn outlook(&self) -> Outlook {
        self.0.meaning.outlook
    }

    /// OSS's explanation, as it came; it may be empty. Its text may change: never branch on it.
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

    /// The headers of the answer, as they came.
    pub(crate) fn plain_headers(&self) -> &HeaderMap {
        &self.0.headers
    }

    /// The headers of the answer. Those that carry secrets are marked sensitive, so that `Debug` hides them.
    ///
    /// Their values share the buffer that the HTTP client read them into, and keep it in memory for as long as the error: of
    /// errors that are kept by the thousand, keep the [`report`](Self::report).
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        self.0.marked.get_or_init(|| Box::new(marked(self.0.headers.clone())))
    }

    /// The extensions of the answer.
    #[must_use]
    pub fn extensions(&self) -> &Extensions {
        &self.0.extensions
    }

    /// The HTTP version of the answer.
    #[must_use]
    pub fn version(&self) -> Version {
        self.0.version
    }

    /// The method of the request, if the layer saw it and it is one of the standard ones.
    #[must_use]
    pub fn method(&self) -> Option<Method> {
        self.0.method.get()
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
    pub fn retry_after(&self) -> Option<Duration> {
        headers::wait(self.plain_headers())
    }

    /// How long OSS delayed this response because a bandwidth limit is reached, from `x-oss-qos-delay-time`.
    ///
    /// It says that a limit is reached, not how long to wait. At most a day.
    #[must_use]
    pub fn qos_delay(&self) -> Option<Duration> {
        headers::qos_delay(self.plain_headers())
    }

    /// How long OSS worked on the request, from `x-oss-server-time`. At most a day.
    #[must_use]
    pub fn server_time(&self) -> Option<Duration> {
        headers::server_time(self.plain_headers())
    }

    /// How many times the request was tried. 1 unless a retry policy says more.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.notes().attempts()
    }

    /// Why the retry policy did not try again, if it was asked.
    #[must_use]
    pub fn retry_stop(&self) -> Option<RetryStop> {
        self.notes().stop()
    }

    /// An earlier attempt may have been applied, although it failed.
    ///
    /// A conflict or a missing upload may then be the request's own success: look before you repeat it.
    #[must_use]
    pub fn after_ambiguous_attempt(&self) -> bool {
        self.notes().after_ambiguous_attempt()
    }

    /// The object, bucket, upload or configuration does not exist.
    ///
    /// Which of them is missing, only the [`code`](Self::code) tells: after a HEAD without one, it may be the bucket.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        self.class() == ErrorClass::NotFound
    }

    /// A limit is reached: reduce the request rate. The request did not take effect.
    ///
    /// True for codes of class [`Throttling`](ErrorClass::Throttling), for every 429 and 509, for a 503 with an unlisted
    /// code that names a limit, and at other statuses for an unlisted code that names a request rate
    /// (`…Qps…`, `Throttl…`, `SlowDown`, `RateLimit`, and the like). A 503 without such a code is class
    /// [`Server`](ErrorClass::Server): the request may have taken effect.
    #[must_use]
    pub fn is_throttled(&self) -> bool {
        self.class() == ErrorClass::Throttling
    }

    /// The caller may not do this: permission is missing, whoever signed. A wrong signature or key is class
    /// [`Auth`](ErrorClass::Auth), too, but not this.
    ///
    /// True for `AccessDenied` and its like, for unlisted codes that say so (`NoPermission…`, `…Denied`,
    /// `Unauthorized…`), and for every error with an `AccessDeniedDetail`.
    #[must_use]
    pub fn is_access_denied(&self) -> bool {
        self.0.meaning.access_denied || self.0.fields.has_access_denied_detail()
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
    /// Says nothing about whether repeating is safe: an append whose response was lost may have taken effect.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        matches!(self.outlook(), Outlook::Transient | Outlook::Throttled)
    }
}

impl StdError for OssError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.cause.as_ref().map(|cause| &**cause as _)
    }
}
