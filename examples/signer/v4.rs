//! The OSS signature version 4 (`OSS4-HMAC-SHA256`) in headers.
//!
//! <https://www.alibabacloud.com/help/en/oss/developer-reference/recommend-to-use-signature-version-4>

use std::{fmt::Write, time::SystemTime};

use hmac::{Hmac, KeyInit, Mac};
use http::{HeaderName, HeaderValue, header, request::Parts};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, percent_encode};
use sha2::{Digest, Sha256};
use tower_oss::error::BoxError;

use super::{Keys, Target};

const ALGORITHM: &str = "OSS4-HMAC-SHA256";
const PATH: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');
const UNSIGNED: &str = "UNSIGNED-PAYLOAD";

/// Dates the request and signs it. Headers that are set later are not signed.
pub(crate) fn sign(
    head: &mut Parts,
    keys: &Keys,
    target: &Target,
    additional: &[&str],
    now: SystemTime,
) -> Result<(), BoxError> {
    let time = humantime::format_rfc3339_seconds(now).to_string().replace(['-', ':'], "");
    head.headers.insert("x-oss-date", time.parse()?);
    head.headers.insert("x-oss-content-sha256", HeaderValue::from_static(UNSIGNED));
    if let Some(token) = &keys.token {
        head.headers.insert("x-oss-security-token", secret(token)?);
    }
    let signed = Signed::new(head, target, additional, &time);
    let mut authorization = format!("{ALGORITHM} Credential={}/{}", keys.id, signed.scope);
    if !additional.is_empty() {
        write!(authorization, ",AdditionalHeaders={}", additional.join(";"))?;
    }
    write!(authorization, ",Signature={}", signed.signature(&keys.secret, target))?;
    head.headers.insert(header::AUTHORIZATION, secret(&authorization)?);
    Ok(())
}

/// A header value that `Debug` hides.
fn secret(text: &str) -> Result<HeaderValue, BoxError> {
    let mut value = HeaderValue::from_str(text)?;
    value.set_sensitive(true);
    Ok(value)
}

/// The text that is signed.
pub(crate) struct Signed {
    pub(crate) canonical_request: String,
    pub(crate) string_to_sign: String,
    scope: String,
}

impl Signed {
    /// `additional` are further headers to sign, in lower case and sorted. `time` is the text of
    /// `x-oss-date`.
    pub(crate) fn new(head: &Parts, target: &Target, additional: &[&str], time: &str) -> Self {
        let date = time.get(..8).unwrap_or_default();
        let scope = format!("{date}/{}/oss/aliyun_v4_request", target.region);
        let canonical_request = canonical_request(head, &target.bucket, additional);
        let hash = hex(&Sha256::digest(&canonical_request));
        let string_to_sign = format!("{ALGORITHM}\n{time}\n{scope}\n{hash}");
        Self { canonical_request, string_to_sign, scope }
    }

    pub(crate) fn signature(&self, secret: &str, target: &Target) -> String {
        let date = self.scope.get(..8).unwrap_or_default();
        let key = format!("aliyun_v4{secret}").into_bytes();
        let steps = [date, &target.region, "oss", "aliyun_v4_request", &self.string_to_sign];
        hex(&steps.iter().fold(key, |key, step| hmac(&key, step)))
    }
}

fn canonical_request(head: &Parts, bucket: &str, additional: &[&str]) -> String {
    // In `https://bucket.endpoint/key` the path does not contain the bucket, but the signature
    // does.
    let host = head.uri.host().unwrap_or_default();
    let bucket = if host.starts_with(&format!("{bucket}.")) { format!("/{bucket}") } else { String::new() };
    let mut query: Vec<_> = head.uri.query().unwrap_or_default().split('&').collect();
    query.sort_by_key(|pair| pair.split('=').next());
    let query: Vec<_> = query.iter().map(|pair| pair.strip_suffix('=').unwrap_or(pair)).collect();
    let headers = canonical_headers(head, additional);
    // OSS signs a normalized path, in which every reserved character is encoded.
    let path: Vec<u8> = percent_decode_str(head.uri.path()).collect();
    let (path, query, additional) = (percent_encode(&path, &PATH), query.join("&"), additional.join(";"));
    format!("{}\n{bucket}{path}\n{query}\n{headers}\n{additional}\n{UNSIGNED}", head.method)
}

fn canonical_headers(head: &Parts, additional: &[&str]) -> String {
    let is_signed = |name: &HeaderName| {
        let name = name.as_str();
        name.starts_with("x-oss-")
            || ["content-type", "content-md5"].contains(&name)
            || additional.contains(&name)
    };
    let mut names: Vec<_> = head.headers.keys().filter(|name| is_signed(name)).collect();
    names.sort_by_key(|name| name.as_str());
    let line = |name: &HeaderName| {
        let values: Vec<_> = head.headers.get_all(name).iter().map(HeaderValue::as_bytes).collect();
        format!("{name}:{}\n", String::from_utf8_lossy(&values.join(&b',')).trim())
    };
    names.into_iter().map(line).collect()
}

fn hmac(key: &[u8], text: &str) -> Vec<u8> {
    // INVARIANT: HMAC takes a key of any length.
    let mut hmac = Hmac::<Sha256>::new_from_slice(key).expect("a key of any length");
    hmac.update(text.as_bytes());
    hmac.finalize().into_bytes().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
