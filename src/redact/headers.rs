//! Which headers are secret.
//!
//! This, [`names`](super::names) and [`passages`](super::passages) err on the side of hiding: a log line that says less can
//! be lived with.

use http::{HeaderMap, HeaderValue};

use super::passages::secrets;

/// Headers whose values are shown. Any other may repeat what a client or a proxy sent.
const SHOWN_HEADERS: [&str; 30] = [
    "accept-ranges",
    "age",
    "allow",
    "cache-control",
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "date",
    "etag",
    "expires",
    "keep-alive",
    "last-modified",
    "retry-after",
    "server",
    "transfer-encoding",
    "vary",
    "via",
    "x-cache",
    "x-oss-delete-marker",
    "x-oss-ec",
    "x-oss-error-type",
    "x-oss-hash-crc64ecma",
    "x-oss-next-append-position",
    "x-oss-object-type",
    "x-oss-request-id",
    "x-oss-restore",
    "x-oss-server-time",
    "x-oss-storage-class",
    "x-oss-version-id",
];

/// Marks the values of all other headers as sensitive, so that no `Debug` output shows them. `x-oss-err` is the
/// whole error document, and `Location` may be a presigned URL.
pub(crate) fn marked(mut headers: HeaderMap) -> HeaderMap {
    for (name, value) in headers.iter_mut() {
        if !SHOWN_HEADERS.contains(&name.as_str()) || may_hold_secret(value) {
            value.set_sensitive(true);
        }
    }
    headers
}

/// Whether there could be a URL with a query or a user in a value, plain or encoded, or anything else that is secret.
fn may_hold_secret(value: &HeaderValue) -> bool {
    value.as_bytes().iter().any(|b| matches!(b, b'?' | b'@' | b'%'))
        || value.to_str().is_ok_and(|text| !secrets(text).is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_headers_that_are_known_to_be_harmless_are_shown() {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("x-oss-err", "PD94"),
            ("authorization", "OSS a:b"),
            ("x-oss-security-token", "CAIS"),
            ("set-cookie", "a=b"),
            ("location", "https://b.oss/k"),
            ("x-unheard-of", "a"),
            ("via", "http://u:p@proxy"),
            ("server", "https://b.oss/k?Signature=s"),
            ("x-oss-ec", "Signature=s"),
            ("x-oss-request-id", "65A1"),
            ("content-type", "application/xml; charset=utf-8"),
            ("etag", "\"abc\""),
        ] {
            headers.append(name, HeaderValue::from_static(value));
        }
        let headers = marked(headers);
        let plain: Vec<_> =
            headers.iter().filter(|(_, v)| !v.is_sensitive()).map(|(n, _)| n.as_str()).collect();
        assert_eq!(plain, ["x-oss-request-id", "content-type", "etag"]);
        assert!(SHOWN_HEADERS.is_sorted());
    }
}
