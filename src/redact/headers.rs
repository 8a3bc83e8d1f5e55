//! Which headers are secret, and what is shown of the others.

use std::fmt;

use http::{HeaderMap, HeaderName, HeaderValue};

use super::{
    Secrets, ShownField, field::MAX_VALUE, fold::Folded, names::is_secret_field, passages::secrets,
    work::visit,
};

/// OSS makes the request id, and its support asks for it: it is shown even if it equals a secret.
const REQUEST_ID: &str = "x-oss-request-id";

/// Maximum number of headers that are listed. Real responses have about ten.
const MAX_LISTED: usize = 64;

/// Calls `show` with each header and the part of its value that may be shown. Returns how many
/// headers are left out.
pub(crate) fn list_headers(
    headers: &HeaderMap,
    secrets: &Secrets,
    mut show: impl FnMut(&HeaderName, &str, ShownField<'_>) -> fmt::Result,
) -> Result<usize, fmt::Error> {
    for (name, value) in headers.iter().take(MAX_LISTED) {
        let secrets = if name == REQUEST_ID { &Secrets::NONE } else { secrets };
        let start = &value.as_bytes()[..value.len().min(MAX_VALUE)];
        let text = String::from_utf8_lossy(start);
        let is_withheld = value.len() > MAX_VALUE || value.is_sensitive();
        let shown = if is_withheld {
            ShownField::Size(value.len())
        } else {
            ShownField::new(name.as_str(), &text, secrets)
        };
        show(name, &text, shown)?;
    }
    Ok(headers.len().saturating_sub(MAX_LISTED))
}

/// Marks values as sensitive, so that `Debug` does not show them.
///
/// Hidden are values that have a secret name, look like a secret, repeat a secret of the document,
/// or are long. Long values are not read.
pub(crate) fn marked(mut headers: HeaderMap, secrets: &Secrets) -> HeaderMap {
    let mut text = Folded::default();
    for (name, value) in headers.iter_mut() {
        visit(1);
        if is_sensitive(name, value, secrets, &mut text) {
            value.set_sensitive(true);
        }
    }
    headers
}

fn is_sensitive(name: &HeaderName, value: &HeaderValue, of_document: &Secrets, text: &mut Folded) -> bool {
    if value.len() > MAX_VALUE || is_secret_field(name.as_str()) {
        return true;
    }
    text.read(&String::from_utf8_lossy(value.as_bytes()));
    !secrets(text).is_empty() || (name != REQUEST_ID && !of_document.find(text, false).is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(headers: &[(&'static str, &str)], secrets: &Secrets) -> Vec<String> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, HeaderValue::from_str(value).unwrap());
        }
        let shown = marked(map, secrets);
        shown.iter().filter(|(_, value)| !value.is_sensitive()).map(|(name, _)| name.to_string()).collect()
    }

    #[test]
    fn headers_are_shown_unless_their_name_or_their_value_is_secret() {
        let harmless = [
            ("x-oss-request-id", "65A1F0C2D3E4B5A697887766"),
            ("content-type", "application/xml; charset=utf-8"),
            ("etag", "\"5B3C1A2E053D763E1B002CC607C5A0FE\""),
            ("x-oss-hash-crc64ecma", "14741617095266562575"),
            ("x-oss-version-id", "CAEQNhiBgMDJgZCA0BYiIDc4MGZjZGI2OTBjOTRmNTE5NmU5NmFhZjhjYmY0"),
            ("x-oss-qos-delay-time", "1200"),
            ("x-tengine-error", "denied by Referer ACL"),
            ("x-swift-error", "request parse msg error"),
            ("via", "cache5.cn539[0,400-1,M], cache3.cn539[2,0]"),
            ("date", "Wed, 25 Nov 2026 07:00:00 GMT"),
            ("location", "https://b.oss-cn-hangzhou.aliyuncs.com/k"),
            ("x-unheard-of", "a%20b@c"),
        ];
        assert_eq!(plain(&harmless, &Secrets::NONE), harmless.map(|(name, _)| name));
        let secret = [
            ("x-oss-err", "PD94"),
            ("authorization", "OSS a:b"),
            ("x-oss-security-token", "CAIS"),
            ("set-cookie", "a=b"),
            ("www-authenticate", "Basic"),
            ("x-oss-meta-owner", "me"),
            ("x-oss-callback", "e30="),
            ("via", "http://u:p@proxy"),
            ("location", "https://b.oss/k?a=b"),
            ("x-oss-ec", "Signature=s"),
            ("x-oss-request-id", "LTAI5tAbCdEf12"),
        ];
        assert_eq!(plain(&secret, &Secrets::NONE), [""; 0]);
        assert_eq!(plain(&[("a", &"a".repeat(257)), ("b", &"b".repeat(256))], &Secrets::NONE), ["b"]);
    }

    #[test]
    fn a_secret_of_the_document_is_shown_in_the_request_id_only() {
        let secrets = Secrets::of([("OSSAccessKeyId", "AKEXAMPLE")].into_iter());
        let headers =
            [("x-oss-request-id", "AKEXAMPLE"), ("x-oss-ec", "akexample"), ("server", "of AK%45XAMPLE")];
        assert_eq!(plain(&headers, &secrets), ["x-oss-request-id"]);
    }
}
