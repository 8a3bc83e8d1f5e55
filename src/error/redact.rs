//! What is secret: header names, and passages of a text.

use std::ops::Range;

use http::{HeaderMap, HeaderName, HeaderValue};

/// Marks the headers whose values are secret as sensitive, so that no `Debug` output shows them.
pub(super) fn marked(mut headers: HeaderMap) -> HeaderMap {
    for (name, value) in headers.iter_mut() {
        if is_secret_header(name, value) {
            value.set_sensitive(true);
        }
    }
    headers
}

/// `x-oss-err` is the whole error document.
fn is_secret_header(name: &HeaderName, value: &HeaderValue) -> bool {
    name.as_str() == "x-oss-err" || is_secret_name(name.as_str()) || holds_secret(value.as_bytes())
}

/// A value with a query may be a presigned URL, and bytes beyond ASCII may be anything.
fn holds_secret(value: &[u8]) -> bool {
    let is_odd = |b: u8| b == b'?' || !matches!(b, b' '..=b'~' | b'\t');
    if value.iter().any(|b| is_odd(*b)) {
        return true;
    }
    // Cheap, and false for nearly every header.
    let may_hold = value.iter().any(|b| is_separator(*b)) && holds_secret_word(value);
    may_hold && std::str::from_utf8(value).map_or(true, |text| Secrets::of(text).next().is_some())
}

/// Words that make a parameter, element or header secret, in lower case.
const SECRET_WORDS: [&str; 11] = [
    "accesskey",
    "access-key",
    "authorization",
    "callback",
    "cookie",
    "credential",
    "customer-key",
    "password",
    "secret",
    "signature",
    "token",
];

fn is_secret_name(name: &str) -> bool {
    holds_secret_word(name.as_bytes())
}

/// Looks for the words that make a parameter, element or header secret, in any case.
fn holds_secret_word(text: &[u8]) -> bool {
    text.iter().enumerate().any(|(at, first)| match first | 0x20 {
        b'a' | b'c' | b'p' | b's' | b't' => starts_with_secret_word(&text[at..]),
        _ => false,
    })
}

fn starts_with_secret_word(text: &[u8]) -> bool {
    SECRET_WORDS.iter().any(|word| starts_with(text, word))
}

/// Whether a text starts with a word in lower case, whatever its own case.
fn starts_with(text: &[u8], word: &str) -> bool {
    text.len() >= word.len() && text.iter().zip(word.bytes()).all(|(a, b)| a.to_ascii_lowercase() == b)
}

/// Whether a name followed by a colon starts a secret. Stricter than [`is_secret_name`], because messages
/// use the colon in prose, too.
fn is_secret_label(name: &str) -> bool {
    let name = name.as_bytes();
    [
        "signature",
        "-token",
        "securitytoken",
        "authorization",
        "accesskeyid",
        "access-key-id",
        "secret",
        "cookie",
        "credential",
    ]
    .iter()
    .any(|word| {
        let end = name.len().checked_sub(word.len()).and_then(|start| name.get(start..));
        end.is_some_and(|end| end.eq_ignore_ascii_case(word.as_bytes()))
    })
}

/// Finds the secret passages of a text: the value of every query parameter of a URL, and whatever follows a
/// telling name such as `Signature=` or `Authorization:`.
///
/// One pass, so linear in the length of the text. A query value in the form of an EC is not secret: it is how
/// the link to OSS's own explanation ends.
pub(crate) struct Secrets<'a> {
    text: &'a str,
    at: usize,
    name_start: usize,
    in_query: bool,
}

impl<'a> Secrets<'a> {
    pub(crate) fn of(text: &'a str) -> Self {
        Self { text, at: 0, name_start: 0, in_query: false }
    }

    /// The value that belongs to the name which ends here, if it is secret.
    fn value(&self) -> Option<Range<usize>> {
        let bytes = self.text.as_bytes();
        if self.in_query && bytes[self.at] == b'=' {
            let start = self.at + 1;
            let value = start..start + until(&bytes[start..], |b| b == b'&' || ends_url(b));
            return (!value.is_empty() && !is_ec(&bytes[value.clone()])).then_some(value);
        }
        if self.name_start == self.at {
            return None;
        }
        // The name may stand in quotes of its own, as in JSON.
        let mut start = self.at + usize::from(is_quote(bytes[self.at]));
        start += until(&bytes[start..], |b| b != b' ');
        let separator = *bytes.get(start).filter(|b| is_separator(**b))?;
        // Inside a character of several bytes there is no name.
        let name = self.text.get(self.name_start..self.at).filter(|name| is_secret_name(name))?;
        start += 1 + until(bytes.get(start + 1..)?, |b| b != b' ');
        let quote = bytes.get(start).copied().filter(|b| is_quote(*b));
        start += usize::from(quote.is_some());
        let rest = bytes.get(start..)?;
        let length = match (separator, quote) {
            (b'=' | b':', Some(quote)) => until(rest, |b| b == quote),
            (b'=', None) => until(rest, |b| matches!(b, b',' | b';' | b'&') || ends_url(b)),
            (b':', None) if is_secret_label(name) => {
                until(rest, |b| matches!(b, b'\n' | b'\r' | b'"' | b'<'))
            }
            _ => 0,
        };
        (length > 0).then_some(start..start + length)
    }
}

impl Iterator for Secrets<'_> {
    type Item = Range<usize>;

    fn next(&mut self) -> Option<Range<usize>> {
        let bytes = self.text.as_bytes();
        while let Some(&byte) = bytes.get(self.at) {
            if is_name_byte(byte) {
                self.at += 1;
                continue;
            }
            if let Some(value) = self.value() {
                self.at = value.end;
                self.name_start = value.end;
                return Some(value);
            }
            self.in_query = byte == b'?' || self.in_query && !ends_url(byte);
            self.at += 1;
            self.name_start = self.at;
        }
        None
    }
}

/// The number of bytes before the first that is wanted.
fn until(bytes: &[u8], wanted: impl Fn(u8) -> bool) -> usize {
    bytes.iter().position(|b| wanted(*b)).unwrap_or(bytes.len())
}

fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.')
}

fn is_separator(byte: u8) -> bool {
    matches!(byte, b'=' | b':')
}

fn is_quote(byte: u8) -> bool {
    matches!(byte, b'"' | b'\'')
}

fn ends_url(byte: u8) -> bool {
    byte <= b' ' || matches!(byte, b'"' | b'<' | b'>' | 0x7f)
}

/// Four digits, a hyphen, eight digits.
fn is_ec(value: &[u8]) -> bool {
    value.len() == 13
        && value.iter().enumerate().all(|(i, b)| if i == 4 { *b == b'-' } else { b.is_ascii_digit() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masked(text: &str) -> String {
        let mut out = String::new();
        let mut from = 0;
        for secret in Secrets::of(text) {
            out += &text[from..secret.start];
            out += "*";
            from = secret.end;
        }
        out + &text[from..]
    }

    #[test]
    fn passages_that_hold_a_secret_are_found() {
        for (text, expected) in [
            ("https://b.oss/k?Expires=1&Signature=s%2F+&x", "https://b.oss/k?Expires=*&Signature=*&x"),
            ("get 'http://b/k?a=x'y z' done", "get 'http://b/k?a=* z' done"),
            ("/k?a=b=c?d=e&amp;f=g", "/k?a=*&amp;f=*"),
            ("/k?a=1;b=2 c=3", "/k?a=* c=3"),
            ("OSS4 Credential=AK/1/oss, Signature=abc", "OSS4 Credential=*, Signature=*"),
            ("Authorization: OSS AK:sig\nDate: now", "Authorization: *\nDate: now"),
            (r#"{"x-oss-security-token": "CAIS", "a": 1}"#, r#"{"x-oss-security-token": "*", "a": 1}"#),
            ("secret = 'a b' c", "secret = '*' c"),
            ("?é=ü&ß=ä é", "?é=*&ß=* é"),
            ("\u{a0}é token='ü'", "\u{a0}é token='*'"),
        ] {
            assert_eq!(masked(text), expected);
        }
    }

    #[test]
    fn plain_text_is_left_alone() {
        for text in [
            "",
            "The specified key does not exist.",
            "Is it there? a = b",
            "https://api.aliyun.com/troubleshoot?q=0026-00000001",
            "CallbackFailed: status 502",
            "the token is old; Signature",
            "token",
            "token=",
            "token = ",
            "?a=&b",
        ] {
            assert_eq!(masked(text), text);
        }
    }

    #[test]
    fn headers_that_carry_secrets_are_marked() {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("x-oss-err", "PD94"),
            ("authorization", "OSS a:b"),
            ("x-oss-security-token", "CAIS"),
            ("set-cookie", "a=b"),
            ("location", "https://b.oss/k?Signature=s"),
            ("x-echo", "Signature=s"),
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
    }
}
