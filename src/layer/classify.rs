//! Which responses are errors: the trait, and the default rule.

use http::{HeaderMap, StatusCode};

use super::RequestInfo;

/// Trait for rules that decide which responses are errors.
///
/// Given to [`OssErrorLayer::classify`](crate::OssErrorLayer::classify).
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
    /// Returns whether the response is an error. Every other response passes through unchanged.
    fn is_error(&self, request: RequestInfo, status: StatusCode, headers: &HeaderMap) -> bool;
}

/// The default rule of [`OssErrorLayer`](crate::OssErrorLayer).
///
/// Every status from 400 up is an error. So is 203 if the request carried an upload callback: the
/// object is stored, but the callback failed. Every other response passes, redirects and 304 too.
///
/// A status from 600 up is not valid HTTP. Such a response is not retried. Its class is `Unknown`,
/// unless it has a code.
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
