//! Whether a request asks OSS for an upload callback.

use http::{HeaderName, Request};
use memchr::memchr_iter;

static X_OSS_CALLBACK: HeaderName = HeaderName::from_static("x-oss-callback");

/// Whether the request has the header `x-oss-callback`, or `callback` or `x-oss-callback` in its
/// query. OSS reads them on uploads alone.
pub(crate) fn names_callback<B>(request: &Request<B>) -> bool {
    // For the number of headers that requests have, comparing each name costs less than hashing
    // one.
    request.headers().keys().any(|name| *name == X_OSS_CALLBACK)
        || request.uri().query().is_some_and(query_names_callback)
}

/// Whether one of the names in a query is `callback` or `x-oss-callback`.
fn query_names_callback(query: &str) -> bool {
    let query = query.as_bytes();
    // The last letter is rare, so one pass is enough for nearly every query.
    memchr_iter(b'k', query).any(|at| {
        let (name, behind) = query.split_at(at + 1);
        let before = name.strip_suffix(b"x-oss-callback").or_else(|| name.strip_suffix(b"callback"));
        before.is_some_and(|before| before.is_empty() || before.ends_with(b"&"))
            && matches!(behind, [] | [b'=' | b'&', ..])
    })
}
