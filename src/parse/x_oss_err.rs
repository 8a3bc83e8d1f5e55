//! The error document in the header `x-oss-err`.

use http::HeaderMap;
use memchr::memchr;

use super::{base64, body};
use crate::error::{Fields, X_OSS_ERR};

/// Maximum length that is read, in bytes: a document of 48 KiB. Real ones have less than 4 KiB.
///
/// It keeps the memory for reading the header below 128 KiB, or twice that for a hostile one.
const MAX_LEN: usize = 64 * 1024;

/// Maximum number of values that are read. A long document may be split into a few.
const MAX_PARTS: usize = 16;

/// Adds the document in the header, where OSS sends it if a response has no body.
pub(crate) fn read(headers: &HeaderMap, fields: &mut Fields) {
    if let Some((document, _)) = find(headers) {
        fields.fill_from(document);
    }
}

/// The document, and whether it is complete.
fn find(headers: &HeaderMap) -> Option<(Fields, bool)> {
    let mut values = headers.get_all(&X_OSS_ERR).iter();
    let first = values.next()?.as_bytes();
    match (values.next(), memchr(b',', first)) {
        (None, None) => document(unquoted(first)),
        _ => find_in_parts(headers),
    }
}

/// Tries each value. If none is a complete document, joins all of them.
fn find_in_parts(headers: &HeaderMap) -> Option<(Fields, bool)> {
    let values = headers.get_all(&X_OSS_ERR).iter();
    let parts: Vec<_> = values.flat_map(|value| parts(value.as_bytes())).take(MAX_PARTS).collect();
    let mut first = None;
    for part in &parts {
        match document(part) {
            Some(document @ (_, true)) => return Some(document),
            Some(_) => first = first.or(Some(part)),
            None => {}
        }
    }
    // One document at a time: reading the first one again takes less memory than keeping it.
    let joined = document(&parts.concat());
    joined.filter(|(_, closed)| *closed || first.is_none()).or_else(|| document(first?))
}

/// The document in a text, if it is one of OSS.
fn document(text: &[u8]) -> Option<(Fields, bool)> {
    let mut fields = Fields::default();
    let parsed = body(decode(&text[..text.len().min(MAX_LEN)]), &mut fields);
    parsed.kind.is_oss().then_some((fields, parsed.closed))
}

/// The values that one header holds: a proxy may have joined several.
fn parts(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    let value = unquoted(value);
    let has_commas = is_markup(value);
    value.split(move |b| *b == b',' && !has_commas).map(<[u8]>::trim_ascii)
}

fn unquoted(value: &[u8]) -> &[u8] {
    let value = value.trim_ascii();
    let value = value.strip_prefix(b"\"").unwrap_or(value);
    value.strip_suffix(b"\"").unwrap_or(value)
}

fn is_markup(value: &[u8]) -> bool {
    value.starts_with(b"<")
}

/// Decodes a value, or returns it unchanged if it is not encoded.
fn decode(text: &[u8]) -> Vec<u8> {
    if is_markup(text) {
        return text.to_vec();
    }
    if text.starts_with(b"%3") {
        let text = base64::unescaped(text);
        if is_markup(&text) {
            return text;
        }
    }
    base64::decode(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Basic;

    #[test]
    fn a_document_may_come_as_it_is() {
        for (text, expected) in [
            ("PEE+", "<A>"),
            ("<A b='%41\\n'>", "<A b='%41\\n'>"),
            ("%3CA%3E", "<A>"),
            ("%3cA", "<A"),
            ("%3DPA", ""),
        ] {
            assert_eq!(decode(text.as_bytes()), expected.as_bytes(), "{text:?}");
        }
    }

    #[test]
    fn a_document_is_found_in_one_value_or_in_all() {
        const WHOLE: &str = "PEVycm9yPjxDb2RlPkE8L0NvZGU+PC9FcnJvcj4="; // <Error><Code>A</Code></Error>
        let (start, end) = WHOLE.split_at(31); // after the code
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
            let (fields, closed_now) = find(&headers).unwrap();
            assert_eq!((fields.get(Basic::Code), closed_now), (Some("A"), closed), "{values:?}");
        }
    }
}
