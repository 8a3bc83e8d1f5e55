use std::{error::Error as StdError, sync::Arc};

use super::{Basic, CodeOrigin, ErrorClass, ErrorCode, ErrorParts, Notes, Outlook};
use crate::redact::{Secrets, Shown};

/// Error response of OSS.
///
/// Created by [`OssErrorLayer`](crate::OssErrorLayer), or from a complete response by
/// [`from_response`](Self::from_response). It is one pointer wide and cheap to clone.
///
/// Whatever happened to the body, the error has the status, the headers and the class, and the
/// request id if a header carries it. [`body_state`](Self::body_state) says why the rest may be
/// missing.
///
/// # Secrets
///
/// `Display`, `Debug`, [`report`](Self::report) and the `tracing` events show no signature, string
/// to sign, key id or token, and no query value of a URL. A secret is recognized by the name of its
/// element, by a nearby word such as `Signature`, or by its shape. A secret element is also hidden
/// where the response repeats it.
///
/// [`field`](Self::field), [`fields`](Self::fields), [`message`](Self::message) and
/// [`raw_body`](Self::raw_body) return what OSS sent, secrets included.
///
/// # Examples
///
/// ```
/// use bytes::Bytes;
/// use http::{Response, StatusCode};
/// use tower_oss::{ErrorCode, OssError};
///
/// let response = Response::builder()
///     .status(StatusCode::NOT_FOUND)
///     .header("x-oss-request-id", "65A1F0C2D3E4B5A697887766")
///     .body(Bytes::from(
///         "<Error><Code>NoSuchKey</Code><Message>The specified key does not exist.</Message>\
///          <EC>0026-00000001</EC><Key>a.txt</Key></Error>",
///     ))
///     .unwrap();
/// let error = OssError::from_response(response);
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
pub struct OssError(Arc<ErrorParts>);

impl OssError {
    #[inline]
    pub(crate) fn new(parts: Arc<ErrorParts>) -> Self {
        Self(parts)
    }

    pub(super) fn parts(&self) -> &ErrorParts {
        &self.0
    }

    /// Prepares a text of this error for a log line.
    pub(crate) fn shown<'a>(&'a self, text: &'a str) -> Shown<'a> {
        Shown::with(text, self.secrets())
    }

    /// The secrets of the document, which may be repeated elsewhere. Shared by callers that show
    /// several texts.
    pub(crate) fn secrets(&self) -> Secrets {
        Secrets::of(self.0.fields.others())
    }

    /// Like [`notes`](Self::notes), but copies the error first if it is shared, so that the notes
    /// of one call do not appear on an error that another call keeps.
    pub(crate) fn own_notes(&mut self) -> &Notes {
        if Arc::get_mut(&mut self.0).is_none() {
            self.0 = Arc::new(self.0.copy());
        }
        &self.0.notes
    }

    pub(crate) fn notes(&self) -> &Notes {
        &self.0.notes
    }

    /// Returns the code. Branch on this, not on the status.
    #[must_use]
    pub fn code(&self) -> &ErrorCode {
        let code = &self.0.code;
        let ErrorCode::Other(unlisted) = code else { return code };
        let is_secret = || Secrets::of_any_are_in(self.fields(), unlisted.as_str());
        let hidden = || is_secret().then(|| code.hidden());
        self.0.hidden_code.get_or_init(hidden).as_ref().unwrap_or(code)
    }

    /// Returns the code without a search for secrets. It must not be shown.
    pub(crate) fn plain_code(&self) -> &ErrorCode {
        &self.0.code
    }

    /// Returns where the code came from.
    #[must_use]
    pub fn code_origin(&self) -> CodeOrigin {
        self.0.origin
    }

    /// Returns the class of the error.
    ///
    /// The first of these that has a class decides: the code, if it is listed
    /// ([`ErrorCode::class`]); the words of the code (`…QpsLimited`, `NoSuch…`, `…Denied`); the part
    /// of the code before its first dot; the status.
    ///
    /// Three statuses override the code: 429 and 509 always mean
    /// [`Throttling`](ErrorClass::Throttling), and 203 always means
    /// [`Callback`](ErrorClass::Callback).
    #[must_use]
    pub fn class(&self) -> ErrorClass {
        self.0.meaning.class
    }

    /// The expected result of sending the same request again.
    pub(crate) fn outlook(&self) -> Outlook {
        self.0.meaning.outlook
    }

    /// Returns OSS's description of the error, unchanged, or `None` if the response has none.
    ///
    /// It can be empty. Do not branch on it: OSS changes the texts without notice.
    #[must_use]
    pub fn message(&self) -> Option<&str> {
        self.0.fields.get(Basic::Message)
    }

    /// Returns the request id, from the body or else from the header `x-oss-request-id`. `None` if
    /// neither has one.
    ///
    /// Always log it: OSS's support asks for it.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.0.fields.get_filled(Basic::RequestId)
    }

    /// Returns the host that the request was sent to, from the body. OSS copies this from the
    /// request; do not trust it.
    #[must_use]
    pub fn host_id(&self) -> Option<&str> {
        self.0.fields.get(Basic::HostId)
    }

    /// Returns the fine-grained code (EC), from the body or else from the header `x-oss-ec`.
    ///
    /// For diagnosis only. OSS changes ECs without notice, and its documentation says that
    /// applications must not depend on them. [`explain`](Self::explain) looks the EC up.
    #[must_use]
    pub fn ec(&self) -> Option<&str> {
        self.0.fields.get_filled(Basic::Ec)
    }

    /// Returns the address of OSS's page about this error, as it came over the wire.
    ///
    /// For a link whose host was checked, see
    /// [`guide_url`](crate::error::Explanation::guide_url).
    #[must_use]
    pub fn recommend_doc(&self) -> Option<&str> {
        self.0.fields.get(Basic::RecommendDoc)
    }

    /// Returns any other element of the error, for example `BucketName`. A nested element has a
    /// path, as in `AccessDeniedDetail/AuthAction`. If there are several, this is the first.
    ///
    /// Some elements are secret, among them `StringToSign` and `OSSAccessKeyId`. Do not log the
    /// result.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&str> {
        self.fields().find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    /// Returns every other element of the error in document order, at most 256.
    ///
    /// Some elements are secret, as with [`field`](Self::field).
    pub fn fields(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.fields.others()
    }
}

impl StdError for OssError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.cause.as_ref().map(|cause| &**cause as _)
    }
}
