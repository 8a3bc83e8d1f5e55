//! The secret passages of a text.

use std::ops::Range;

use super::names::{OF_SEVERAL_LINES, holds, is_secret_name};

/// What key ids begin with: long-lived ones, and temporary ones of either kind.
const KEY_IDS: [&str; 3] = ["LTAI", "STS.", "TMP."];

/// Letters and digits that a key id has at least behind its beginning.
const SHORTEST_KEY_ID: usize = 8;

/// The secret passages of a text, in order: the query of every URL, the user in front of a host, whatever follows a
/// telling name up to the end of the line, what follows the name of an authentication scheme, and key ids.
///
/// One pass over the text, whatever stands in it. The query that OSS's links to its own explanations end in, an
/// EC, is no secret.
pub(super) fn secrets(text: &str) -> Vec<Range<usize>> {
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    let (mut at, mut word) = (0, 0);
    while at <= bytes.len() {
        if bytes.get(at).is_some_and(|b| is_word_byte(*b)) {
            at += 1;
            continue;
        }
        // Inside a character of several bytes there is no word.
        let name = text.get(word..at).unwrap_or_default();
        let secret = key_id(bytes, name, word)
            .or_else(|| label(bytes, name, at))
            .or_else(|| scheme(bytes, name, at))
            .or_else(|| of_url(bytes, at));
        at = secret.as_ref().map_or(at + 1, |secret| secret.end);
        word = at;
        found.extend(secret);
    }
    found
}

/// A key id, wherever in a word, with what is attached to it: `LTAI…:signature`, `acs%2FLTAI…`. Long enough for one: the
/// names of objects are needed.
fn key_id(bytes: &[u8], name: &str, start: usize) -> Option<Range<usize>> {
    let begins =
        |prefix: &&str| name.find(*prefix).filter(|at| name.len() - at - prefix.len() >= SHORTEST_KEY_ID);
    let start = start + KEY_IDS.iter().filter_map(begins).min()?;
    Some(start..start + until(&bytes[start..], |b| b.is_ascii_whitespace()))
}

/// What follows the name of an authentication scheme, if it looks like a credential: `Bearer 3f…`, `OSS id:signature`.
fn scheme(bytes: &[u8], name: &str, end: usize) -> Option<Range<usize>> {
    let is = |scheme: &str| name.eq_ignore_ascii_case(scheme);
    let looks_secret: fn(&[u8]) -> bool = if is("Basic") || is("Bearer") {
        |value| value.len() >= 20 || value.iter().any(u8::is_ascii_digit)
    } else if is("OSS") {
        |value| value[..value.len().saturating_sub(1)].contains(&b':')
    } else {
        return None;
    };
    let mut start = end;
    while let Some((b' ', length)) = separator(&bytes[start..]) {
        start += length;
    }
    let value = &bytes[start..][..until(&bytes[start..], |b| b.is_ascii_whitespace())];
    (start > end && looks_secret(value)).then_some(start..start + value.len())
}

/// What follows a telling name: `Signature=…`, `Authorization: …`, `"token": "…"`, `<StringToSign>…`, `token%22%3A%22…`.
fn label(bytes: &[u8], name: &str, end: usize) -> Option<Range<usize>> {
    if name.is_empty() {
        return None;
    }
    let mut start = end;
    let mut separated = false;
    while let Some((byte, length)) = separator(&bytes[start..]) {
        match byte {
            b':' | b'=' | b'>' => separated = true,
            b'"' | b'\'' | b'\\' | b'[' | b'(' | b'{' => {}
            _ if byte.is_ascii_whitespace() => {}
            _ => break,
        }
        start += length;
    }
    if !separated || !is_secret_name(name) {
        return None;
    }
    let several_lines = holds(name, &OF_SEVERAL_LINES);
    let length = until(&bytes[start..], |b| !several_lines && matches!(b, b'\n' | b'\r'));
    (length > 0).then_some(start..start + length)
}

/// What a separator, a quote or a blank stands for, and its length: as it is, as a URL encodes it (`%3A`), once or more
/// often (`%253A`), as JSON (`\u003a`) and XML may, and as an East Asian keyboard and a web page write it.
fn separator(bytes: &[u8]) -> Option<(u8, usize)> {
    let digit = |b: u8| char::from(b).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    match bytes {
        [b'%', b'2', b'5', rest @ ..] if rest.len() >= 2 => {
            let again = [b'%', rest[0], rest[1]];
            separator(&again).filter(|(byte, _)| *byte != b'%').map(|(byte, _)| (byte, 5))
        }
        [b'%', high, low, ..] => Some((digit(*high)? << 4 | digit(*low)?, 3)),
        [b'\\', b'u', b'0', b'0', high, low, ..] => Some((digit(*high)? << 4 | digit(*low)?, 6)),
        [b'&', b'q', b'u', b'o', b't', b';', ..] => Some((b'"', 6)),
        [0xef, 0xbc, 0x9a | 0x9d, ..] => Some((b':', 3)), // full width
        [0xc2, 0xa0, ..] => Some((b' ', 2)),
        [0xe2, 0x80, 0x8b, ..] => Some((b' ', 3)), // of no width
        _ => bytes.first().map(|byte| (*byte, 1)),
    }
}

/// The query behind a question mark, or the user in front of a host. The text of a URL may itself be encoded.
fn of_url(bytes: &[u8], at: usize) -> Option<Range<usize>> {
    let rest = &bytes[at.min(bytes.len())..];
    let start = match rest {
        [b'?' | b'%', ..] => at + separator(rest).filter(|(byte, _)| *byte == b'?')?.1,
        [b':', b'/', b'/', host @ ..] => {
            let host =
                &host[..until(host, |b| matches!(b, b'/' | b'?' | b'#' | b'"') || b.is_ascii_whitespace())];
            let length = host.iter().rposition(|b| *b == b'@')?;
            return Some(at + 3..at + 3 + length);
        }
        _ => return None,
    };
    let length = until(&bytes[start..], |b| b <= b' ');
    (length > 0 && !is_link_to_ec(&bytes[start..start + length])).then_some(start..start + length)
}

/// `q=0026-00000001`, and at most the punctuation of a sentence after it.
fn is_link_to_ec(query: &[u8]) -> bool {
    let Some((ec, rest)) = query.strip_prefix(b"q=").and_then(|value| value.split_at_checked(13)) else {
        return false;
    };
    ec.iter().enumerate().all(|(i, b)| if i == 4 { *b == b'-' } else { b.is_ascii_digit() })
        && rest.iter().all(|b| matches!(b, b'.' | b',' | b';' | b')' | b'"' | b'\''))
}

/// The number of bytes before the first that is wanted.
fn until(bytes: &[u8], wanted: impl Fn(u8) -> bool) -> usize {
    bytes.iter().position(|b| wanted(*b)).unwrap_or(bytes.len())
}

fn is_word_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masked(text: &str) -> String {
        let mut out = String::new();
        let mut from = 0;
        for secret in secrets(text) {
            out += &text[from..secret.start];
            out += "*";
            from = secret.end;
        }
        out + &text[from..]
    }

    #[test]
    fn passages_that_hold_a_secret_are_found() {
        for (text, expected) in [
            ("https://b.oss/k?Expires=1&Signature=s%2F+&x", "https://b.oss/k?*"),
            ("get 'http://b/k?a=x'y z' done", "get 'http://b/k?* z' done"),
            ("/k?a=\"b\" /k?a=<b> /k?b", "/k?* /k?* /k?*"),
            ("/cb/https%3A%2F%2Fb%2Fk%3FSignature%3Db c", "/cb/https%3A%2F%2Fb%2Fk%3F* c"),
            ("?é=ü&ß=ä é", "?* é"),
            ("https://key:secret@b.oss/k", "https://*@b.oss/k"),
            ("troubleshoot?q=0026-00000001&a=b", "troubleshoot?*"),
            ("OSS4 Credential=AK/1/oss, Signature=abc", "OSS4 Credential=*"),
            ("Authorization: OSS AK:sig\nDate: now", "Authorization: *\nDate: now"),
            ("Authorization:\n  OSS AK:sig", "Authorization:\n  *"),
            ("Signature\t=\tabc", "Signature\t=\t*"),
            (r#"{"x-oss-security-token": "CAIS", "a": 1}"#, r#"{"x-oss-security-token": "*"#),
            (r#"{\"SecurityToken\":[\"CAIS\"]}"#, r#"{\"SecurityToken\":[\"*"#),
            ("<StringToSign>GET</StringToSign>", "<StringToSign>*"),
            ("access_key_id: a", "access_key_id: *"),
            ("x-oss-callback-var=e30=", "x-oss-callback-var=*"),
            ("the header OSS LTAI5tAbCdEf12:abc+/= is malformed", "the header OSS * is malformed"),
            ("STS.NUabcDEF123", "*"),
            ("\u{a0}é token='ü'", "\u{a0}é token='*"),
            ("token%3Dabc", "token%3D*"),
            ("%7B%22Signature%22%3A%20%22abc%22%7D", "%7B%22Signature%22%3A%20%22*"),
            ("Signature%20%3d%20abc", "Signature%20%3d%20*"),
            ("https%253A%252F%252Fb%252Fk%253FSignature%253Dabc", "https%253A%252F%252Fb%252Fk%253F*"),
            ("token%253Dabc, token%25zz", "token%253D*"),
            ("签名 Signature：abc", "签名 Signature：*"),
            ("Secret\u{a0}=\u{a0}abc Signature\u{200b}=abc", "Secret\u{a0}=\u{a0}*"),
            ("StringToSign:\nGET\nabc\n/b/k", "StringToSign:\n*"),
            ("oss%2FLTAI5tAbCdEf12%2F2026 x", "oss%2F* x"),
            ("%22LTAI5tAbCdEf12%22, ak_LTAI5tAbCdEf12, idLTAI5tAbCdEf12", "%22* ak_* id*"),
            ("\"role-STS.NUabcDEF123\" TMP.3KabcDEF123", "\"role-* *"),
            ("bearer\u{a0}3fa85f64 is no", "bearer\u{a0}* is no"),
            (r"Signature\u003dabc", r"Signature\u003d*"),
            ("&quot;token&quot;:&quot;abc", "&quot;token&quot;:&quot;*"),
            ("Bearer 3fa85f64 is no", "Bearer * is no"),
            ("Basic dXNlcjpwYXNzd29yZA== is no", "Basic * is no"),
            ("scheme OSS  ak:sig= is no", "scheme OSS  * is no"),
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
            "(see https://api.aliyun.com/troubleshoot?q=0026-00000001).",
            "CallbackFailed: status 502",
            "Check your key and signing method: it is the signature that is wrong",
            "the token is old; Signature",
            "token",
            "token=",
            "token = ",
            "a?",
            "http://host:80/path",
            "use the STS. Or TMP. Or LTAI",
            "FALTAIRE.jpg, photos/TMP.jpg and STS.md do not exist",
            "Basic authentication is not supported, nor are Bearer tokens; OSS says: no",
            "100 %, token %zz",
        ] {
            assert_eq!(masked(text), text);
        }
    }
}
