//! What is kept of a request until its response.

use http::{Method, Request};

use crate::{
    attempt::{Attempt, PackedAttempt},
    callback::names_callback,
    method::StandardMethod,
};

/// The method of a request, and whether it has an upload callback.
///
/// Passed to [`ClassifyResponse`](crate::layer::ClassifyResponse).
#[derive(Clone, Copy, Debug)]
pub struct RequestInfo {
    method: StandardMethod,
    callback: bool,
    attempt: PackedAttempt,
}

impl RequestInfo {
    #[inline]
    pub(crate) fn of<B>(request: &Request<B>) -> Self {
        let attempt = Attempt::of(request).packed();
        Self { method: method(request), callback: asks_for_callback(request), attempt }
    }

    /// Returns the method, or `None` if it is not a standard one.
    #[must_use]
    pub fn method(self) -> Option<Method> {
        self.method.get()
    }

    pub(super) fn standard_method(self) -> StandardMethod {
        self.method
    }

    pub(super) fn attempt(self) -> u32 {
        self.attempt.number()
    }

    /// How many attempts were sent, if this one was.
    pub(super) fn sent(self) -> u32 {
        self.attempt.sent()
    }

    /// Returns whether the request asks OSS to call an application server after the upload.
    ///
    /// Such a request is a PUT or POST with the header `x-oss-callback`, or with `callback` or
    /// `x-oss-callback` in the query.
    #[must_use]
    #[inline]
    pub fn has_callback(self) -> bool {
        self.callback
    }
}

#[inline]
fn method<B>(request: &Request<B>) -> StandardMethod {
    StandardMethod::of(request.method())
}

#[inline]
fn asks_for_callback<B>(request: &Request<B>) -> bool {
    matches!(*request.method(), Method::PUT | Method::POST) && names_callback(request)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(method: &str, uri: &str, header: bool) -> RequestInfo {
        let request = Request::builder().method(method).uri(uri);
        let request = if header { request.header("x-oss-callback", "e30=") } else { request };
        RequestInfo::of(&request.body(()).unwrap())
    }

    #[test]
    fn callbacks_are_found_in_header_and_query_of_uploads() {
        for method in ["PUT", "POST"] {
            assert!(of(method, "/k", true).has_callback());
            for uri in [
                "/k?callback=e30=",
                "/k?a&callback",
                "/k?x-oss-callback=e30=&b",
                "https://b.oss/k?callback=x",
            ] {
                assert!(of(method, uri, false).has_callback(), "{uri}");
            }
            for uri in ["/k", "/k?callback-var=e30=", "/callback=?a=callback", "/k?xcallback=1&Callback=1"] {
                assert!(!of(method, uri, false).has_callback(), "{uri}");
            }
        }
        assert!(!of("GET", "/k?callback=e30=", true).has_callback());
    }
}
