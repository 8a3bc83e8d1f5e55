use base64::{
    Engine as _,
    alphabet::STANDARD,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use http::HeaderMap;

use super::body;
use crate::error::{Fields, X_OSS_ERR};

/// Padding or not, and whatever the last bits are.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// Longest value that is read, in bytes; a server may not send longer headers than its client's buffer.
const MAX_LEN: usize = 128 * 1024;

/// Most values that are read; a document would be split because it is long, so into a few.
const MAX_PARTS: usize = 16;

/// An error document in a header.
pub(crate) struct Document {
    pub(crate) fields: Fields,
    closed: bool,
}

/// Reads the header in which OSS sends the error document of an answer that has no body.
///
/// Each value by itself; if none is a whole document, all of them as one that was split.
pub(crate) fn read(headers: &HeaderMap) -> Option<Document> {
    let values = headers.get_all(&X_OSS_ERR).iter();
    let parts: Vec<_> = values.flat_map(|value| parts(value.as_bytes())).take(MAX_PARTS).collect();
    let mut first = None;
    for part in &parts {
        match document(part) {
            Some(document) if document.closed => return Some(document),
            document => first = first.or(document),
        }
    }
    match (parts.len() > 1).then(|| document(&parts.concat())).flatten() {
        Some(joined) if joined.closed || first.is_none() => Some(joined),
        _ => first,
    }
}

/// The document in a text, if it is one of OSS.
fn document(text: &[u8]) -> Option<Document> {
    let mut fields = Fields::default();
    let parsed = body(decode(text), &mut fields);
    parsed.kind.is_oss().then_some(Document { fields, closed: parsed.closed })
}

/// The values that one header holds: a proxy may have joined several.
fn parts(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    let value = value.trim_ascii();
    let value = value.strip_prefix(b"\"").unwrap_or(value);
    let value = value.strip_suffix(b"\"").unwrap_or(value);
    let has_commas = is_markup(value);
    value.split(move |b| *b == b',' && !has_commas).map(<[u8]>::trim_ascii)
}

fn is_markup(value: &[u8]) -> bool {
    value.starts_with(b"<")
}

/// Decodes as far as the text is base64. Some servers send the document itself.
fn decode(text: &[u8]) -> Vec<u8> {
    if is_markup(text) {
        return text[..text.len().min(MAX_LEN)].to_vec();
    }
    let text = percent_decoded(text);
    if is_markup(&text) {
        return text;
    }
    let mut digits: Vec<u8> = text
        .split(|b| b.is_ascii_whitespace())
        .flatten()
        .map(|b| match b {
            b'-' => b'+',
            b'_' => b'/',
            other => *other,
        })
        .take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/'))
        .collect();
    if digits.len() % 4 == 1 {
        digits.pop(); // six bits make no byte
    }
    LENIENT.decode(digits).unwrap_or_default()
}

/// Resolves `%2B` and the like, and takes line breaks written as `\r\n` for blanks.
fn percent_decoded(text: &[u8]) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(text.len().min(MAX_LEN));
    let mut rest = text;
    while let ([first, behind @ ..], true) = (rest, decoded.len() < MAX_LEN) {
        let (byte, behind) = match (first, behind) {
            (b'%', [high, low, behind @ ..]) if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                (hex(*high) << 4 | hex(*low), behind)
            }
            (b'\\', [b'r' | b'n', behind @ ..]) => (b' ', behind),
            _ => (*first, behind),
        };
        decoded.push(byte);
        rest = behind;
    }
    decoded
}

/// The value of a hex digit.
fn hex(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        _ => digit.to_ascii_lowercase() - b'a' + 10,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Basic;

    #[test]
    fn base64_is_decoded_as_far_as_it_goes() {
        for (text, expected) in [
            ("PEE+", "<A>"),
            ("PA==", "<"),
            ("PA", "<"),
            ("PB", "<"),
            ("PEE-", "<A>"),
            ("PEE+ \tPA", "<A><"),
            ("PEE+P", "<A>"),
            ("PEE+!PEE+", "<A>"),
            ("PA==PA==", "<"),
            ("=", ""),
            ("PEE%2BPA%3D%3d", "<A><"),
            ("PEE+\\r\\nPA==", "<A><"),
            ("PEE+%0d%0APA==", "<A><"),
            ("PEE+%", "<A>"),
            ("PEE+%2", "<A>"),
            ("PEE+\\x", "<A>"),
            ("<A b='%41\\n'>", "<A b='%41\\n'>"),
            ("%3CA%3E", "<A>"),
            ("", ""),
        ] {
            assert_eq!(decode(text.as_bytes()), expected.as_bytes(), "{text:?}");
        }
    }

    #[test]
    fn a_document_is_found_in_one_value_or_in_all() {
        const WHOLE: &str = "PEVycm9yPjxDb2RlPkE8L0NvZGU+PC9FcnJvcj4="; // <Error><Code>A</Code></Error>
        let (start, end) = WHOLE.split_at(31); // behind the code
        let quoted = format!("\"{WHOLE}\"");
        let joined = format!("{start}, {end}");
        let other = format!("nonsense,{WHOLE}");
        for (values, closed) in [
            (&[WHOLE][..], true),
            (&[&quoted], true),
            (&["", "nonsense", WHOLE], true),
            (&[&other], true),
            (&[start, WHOLE], true),
            (&[start, end], true),
            (&[&joined], true),
            (&[&format!("\"{start}"), &format!("{end}\"")], true),
            (&[start, "nonsense"], false),
            (&[start], false),
            (&["<Error><Code>A</Code><X>,</X></Error>"], true),
            (&["<Error><Code>A</", "Code></Error>"], true),
            (&["%3CError%3E%3CCode%3EA%3C/Code%3E"], false),
        ] {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append("x-oss-err", value.parse().unwrap());
            }
            let document = read(&headers).unwrap();
            assert_eq!(
                (document.fields.get(Basic::Code), document.closed),
                (Some("A"), closed),
                "{values:?}"
            );
        }
    }
}
