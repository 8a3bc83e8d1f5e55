//! From bytes to fields. Never fails, never recurses without bound, linear in time.

mod fast;
mod json;
mod kind;
mod markup;
mod x_oss_err;
mod xml;

use std::{borrow::Cow, ops::Range};

use crate::error::{BodyKind, Fields};

pub(crate) use self::x_oss_err::read as x_oss_err;

/// What a body is, besides what its fields say.
#[derive(Debug)]
pub(crate) struct Parsed {
    pub(crate) kind: BodyKind,
    /// It is JSON that many gateways write, too: whose it is, only the headers tell.
    pub(crate) is_bare: bool,
    /// The error document ends in what was read: nothing more can come that matters.
    pub(crate) closed: bool,
    /// The body, unless it became the source of the fields.
    pub(crate) body: Option<Vec<u8>>,
}

impl Parsed {
    /// A body that says nothing.
    fn foreign(kind: BodyKind, body: Vec<u8>) -> Self {
        Self { kind, is_bare: false, closed: false, body: Some(body) }
    }
}

/// Reads an error body, whatever it is, into fields that are empty so far.
pub(crate) fn body(body: Vec<u8>, fields: &mut Fields) -> Parsed {
    let Some(start) = fast::start(&body) else { return general(body, fields) };
    let text = match String::from_utf8(body) {
        Ok(text) => text,
        Err(error) => return general(error.into_bytes(), fields),
    };
    if fast::read(text.as_bytes(), start, fields).is_none() {
        *fields = Fields::default();
        return general(text.into_bytes(), fields);
    }
    fields.set_source(text);
    Parsed { kind: BodyKind::OssXml, is_bare: false, closed: true, body: None }
}

/// The path that reads everything.
fn general(body: Vec<u8>, fields: &mut Fields) -> Parsed {
    match kind::of(&body) {
        BodyKind::OssXml => read_xml(body, fields),
        BodyKind::OssJson => read_json(body, fields),
        kind => Parsed::foreign(kind, body),
    }
}

fn read_xml(body: Vec<u8>, fields: &mut Fields) -> Parsed {
    let (text, body) = match String::from_utf8(body) {
        Ok(text) => (text, None),
        Err(error) => (lossy(error.as_bytes()), Some(error.into_bytes())),
    };
    let closed = xml::read(&text, fields);
    fields.set_source(text);
    Parsed { kind: BodyKind::OssXml, is_bare: false, closed, body }
}

fn read_json(body: Vec<u8>, fields: &mut Fields) -> Parsed {
    let text = skip_preamble(&body);
    let text = std::str::from_utf8(text).map_or_else(|_| Cow::Owned(lossy(text)), Cow::Borrowed);
    let json::Outcome { is_oss, is_bare, closed } = json::read(&text, fields);
    drop(text);
    if is_oss {
        Parsed { kind: BodyKind::OssJson, is_bare, closed, body: Some(body) }
    } else {
        *fields = Fields::default();
        Parsed::foreign(BodyKind::OtherJson, body)
    }
}

/// How many bytes a text may grow by where it is not UTF-8.
const MAX_GROWTH: usize = 16 * 1024;

/// Text with what is not UTF-8 replaced: by U+FFFD, three bytes long, until it has grown too much, then by `?`.
fn lossy(bytes: &[u8]) -> String {
    let faults = bytes.utf8_chunks().filter(|chunk| !chunk.invalid().is_empty()).count();
    let mut text = String::with_capacity(bytes.len() + (2 * faults).min(MAX_GROWTH + 2));
    let mut read = 0;
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        read += chunk.valid().len() + chunk.invalid().len();
        if !chunk.invalid().is_empty() {
            text.push(if text.len() < read + MAX_GROWTH { char::REPLACEMENT_CHARACTER } else { '?' });
        }
    }
    text
}

/// White space, as XML and JSON count it.
const BLANKS: [char; 4] = [' ', '\t', '\r', '\n'];

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

/// Where a value stands between the blanks around it, unless they are part of what was signed.
fn trim(value: &[u8], name: &[u8]) -> Range<usize> {
    if matches!(name, b"StringToSign" | b"CanonicalRequest") {
        return 0..value.len();
    }
    let start = value.iter().position(|b| !is_blank(*b)).unwrap_or(value.len());
    let end = value.iter().rposition(|b| !is_blank(*b)).map_or(start, |last| last + 1);
    start..end
}

/// The text behind byte order marks and blanks.
fn skip_preamble(mut body: &[u8]) -> &[u8] {
    loop {
        body = body.trim_ascii_start();
        match body.strip_prefix(b"\xef\xbb\xbf") {
            Some(rest) => body = rest,
            None => return body,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Basic;

    #[test]
    fn what_is_not_utf8_is_replaced_without_growing_much() {
        assert_eq!(lossy(b"a\xffb\xe4\xbd\xff\xff"), String::from_utf8_lossy(b"a\xffb\xe4\xbd\xff\xff"));
        for length in [0, 1, 16 * 1024, 64 * 1024, 1024 * 1024] {
            let body =
                [&b"<Error><Message>"[..], &vec![0xff; length], b"</Message><Code>A</Code></Error>"].concat();
            let text = lossy(&body);
            assert!(text.capacity() <= body.len() + MAX_GROWTH + 2 && text.len() <= text.capacity());
            let mut fields = Fields::default();
            super::body(body, &mut fields);
            assert_eq!(fields.get(Basic::Code), Some("A"));
        }
    }

    #[test]
    fn a_code_behind_more_elements_than_are_kept_is_read() {
        let xml = format!("<Error>{}<Code>A</Code></Error>", "<a>&lt;</a>".repeat(1000));
        let json = format!("{{\"Error\":{{\"a\":[{}1],\"Code\":\"A\"}}}}", "1,".repeat(1000));
        for text in [xml, json] {
            let mut fields = Fields::default();
            assert!(body(text.into_bytes(), &mut fields).closed);
            assert_eq!(fields.get(Basic::Code), Some("A"));
            assert_eq!(fields.others().count(), 256);
        }
    }
}
