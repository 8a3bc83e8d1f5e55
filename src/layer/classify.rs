use http::{HeaderMap, StatusCode};

use super::RequestInfo;

/// Decides which responses are errors.
///
/// # Examples
///
/// A client that treats a missing object as an ordinary response:
///
/// ```
/// use http::{HeaderMap, Method, StatusCode};
/// use tower_oss::{OssErrorLayer, layer::{ClassifyResponse, OssRule, RequestInfo}};
///
/// struct MissingIsFine;
///
/// impl ClassifyResponse for MissingIsFine {
///     fn is_error(&self, request: RequestInfo, status: StatusCode, headers: &HeaderMap) -> bool {
///         let probe = request.method() == Some(Method::HEAD) && status == StatusCode::NOT_FOUND;
///         !probe && OssRule.is_error(request, status, headers)
///     }
/// }
///
/// let layer = OssErrorLayer::new().classify(MissingIsFine);
/// # let _ = layer;
/// ```
pub trait ClassifyResponse: Send + Sync {
    /// Whether the response is an error. If not, it passes through untouched.
    fn is_error(&self, request: RequestInfo, status: StatusCode, headers: &HeaderMap) -> bool;
}

/// The rule that [`OssErrorLayer`](crate::OssErrorLayer) uses by itself.
///
/// Errors are all statuses from 400 up, and 203 when the request carried an upload callback: the object is stored
/// then, but the callback failed. Everything else passes, redirects and 304 included.
///
/// A status from 600 up is no HTTP: the class of its error is `Unknown` unless a code says more, and it is not
/// retried.
#[derive(Clone, Copy, Debug, Default)]
#[expect(clippy::exhaustive_structs, reason = "a name for one rule, to be written as a value")]
pub struct OssRule;

impl ClassifyResponse for OssRule {
    #[inline]
    fn is_error(&self, request: RequestInfo, status: StatusCode, _headers: &HeaderMap) -> bool {
        match status.as_u16() {
            ..203 => false, // nearly all responses
            203 => request.has_callback(),
            number => number >= 400,
        }
    }
}
