//! OSS's own names, which are no secrets even near a word that names one.
//!
//! The lists are narrow on purpose. A text that matches none of them, and could be a secret, is
//! hidden near a word that names one.

/// Parts of OSS's own names that contain digits.
const PARTS: [&str; 18] = [
    "aes128",
    "aes256",
    "aws4",
    "crc64",
    "crc64ecma",
    "http1",
    "http2",
    "md5",
    "oss2",
    "oss4",
    "s3",
    "sha1",
    "sha256",
    "sha512",
    "tls1",
    "v1",
    "v2",
    "v4",
];

/// Prefixes of OSS's own names: headers, endpoints and regions, algorithms, scopes.
const BEGINNINGS: [&str; 9] =
    ["aliyun_v4_request", "aws4_request", "aws4-", "hmac-", "oss-", "oss2-", "oss4-", "x-amz-", "x-oss-"];

/// Hosts of Alibaba Cloud.
const HOSTS: [&str; 3] = [".aliyuncs.com", ".aliyun.com", ".alibabacloud.com"];

/// Maximum length of a name.
const LONGEST: usize = 255;

/// Whether a run is a time, one of OSS's own names, a host of Alibaba Cloud with or without a path
/// of words, or parameters with such values, words or short numbers. A query is always hidden, and
/// is not part of the run.
pub(super) fn is_public(run: &[u8]) -> bool {
    let Some(run) = std::str::from_utf8(run).ok().filter(|run| run.len() <= LONGEST) else { return false };
    let run = run.to_ascii_lowercase();
    let run = run.split_once('?').map_or(&*run, |(before, _)| before);
    if run.contains('=') {
        return run.split(['=', '&']).all(|part| is_plain(part) || is_public_value(part));
    }
    is_public_value(run)
}

/// Whether a text is a short number, or words without digits.
fn is_plain(text: &str) -> bool {
    let is_of = |wanted: fn(&u8) -> bool| text.bytes().all(|byte| wanted(&byte));
    let is_number = text.len() <= 5 && is_of(u8::is_ascii_digit);
    is_number || is_of(|byte| byte.is_ascii_alphabetic() || matches!(byte, b'-' | b'_' | b'.'))
}

fn is_public_value(text: &str) -> bool {
    // `Date:2026-11-25…`
    let value = text.split_once(':').filter(|(name, _)| is_word(name)).map_or(text, |(_, value)| value);
    is_time(value) || is_own_name(value) || is_own_host(value)
}

fn is_time(text: &str) -> bool {
    let is_of_time =
        |byte: u8| byte.is_ascii_digit() || matches!(byte, b't' | b'z' | b'-' | b':' | b'.' | b'+');
    text.starts_with(|c: char| c.is_ascii_digit())
        && text.bytes().all(is_of_time)
        && text.bytes().filter(u8::is_ascii_alphabetic).count() <= 2
}

fn is_own_name(text: &str) -> bool {
    BEGINNINGS.iter().any(|start| text.starts_with(start)) && is_of_words(text)
}

fn is_own_host(text: &str) -> bool {
    let url = text.strip_prefix("//").unwrap_or(text);
    let (host, path) = url.split_once('/').unwrap_or((url, ""));
    let host = host.split(':').next().unwrap_or_default();
    HOSTS.iter().any(|own| host.ends_with(own))
        && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-'))
        && is_of_words(path)
}

/// Whether all parts of a text are words, short numbers, or parts of OSS's own names.
fn is_of_words(text: &str) -> bool {
    let is_number = |part: &str| part.len() <= 5 && part.bytes().all(|byte| byte.is_ascii_digit());
    let is_part = |part: &str| is_word(part) || is_number(part) || PARTS.contains(&part);
    text.split(['-', '_', '.', '/', '#']).all(is_part)
}

fn is_word(text: &str) -> bool {
    text.len() <= 20 && text.bytes().all(|byte| byte.is_ascii_alphabetic())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lists_are_in_order() {
        assert!(PARTS.is_sorted());
    }

    #[test]
    fn times_hosts_and_names_of_oss_are_public() {
        for run in [
            "2026-11-25T07:00:00.000Z",
            "20261125T070000Z",
            "Date:2026-11-25T07:00:00+08:00",
            "OSS4-HMAC-SHA256",
            "AWS4-HMAC-SHA256",
            "x-oss-content-sha256",
            "X-Amz-Content-Sha256",
            "oss-ap-southeast-1",
            "oss-us-west-1-internal",
            "aliyun_v4_request",
            "photos2024.oss-ap-southeast-1.aliyuncs.com",
            "//help.aliyun.com/document_detail/31950.html",
            "https://help.aliyun.com/document_detail/31950.html",
            "https://help.aliyun.com/document_detail/31950.html?hidden",
            "partNumber=10000&max-keys=100",
            "x-oss-signature-version=OSS4-HMAC-SHA256&x-oss-date=20261125T070000Z",
        ] {
            assert!(is_public(run.as_bytes()), "{run}");
        }
    }

    #[test]
    fn nothing_else_is_public() {
        for run in [
            "",
            "my-secret-value-1234",
            "550e8400-e29b-41d4-a716-446655440000",
            "photos/2024/IMG_0001.jpg",
            "x-oss-4f1c9a7be2d3",
            "oss-4f1c9a7be2d3-0123456789",
            "4f1c9a7b.example.com",
            "//help.aliyun.com/4f1c9a7be2d3",
            "4f1c@b.oss-cn-hangzhou.aliyuncs.com",
            "t123456789012345z",
            "value=my-secret-value-1234",
            "value=4f1c9a7be2d3",
            "a1b2c3d4=100000",
        ] {
            assert!(!is_public(run.as_bytes()), "{run}");
        }
        assert!(!is_public(&[b'1'; 300]));
    }
}
