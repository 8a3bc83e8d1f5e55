//! From bytes to fields. Never fails, never recurses without bound, linear in time.

mod fast;
mod json;
mod kind;
mod x_oss_err;
mod xml;

use std::ops::Range;

use crate::error::{Basic, BodyKind, Fields};

pub(crate) use self::x_oss_err::read as x_oss_err;

/// What a body says.
#[derive(Debug)]
pub(crate) struct Parsed {
    pub(crate) fields: Fields,
    pub(crate) kind: BodyKind,
    /// The error document ends in what was read: nothing more can come that matters.
    pub(crate) closed: bool,
    /// The body, unless it became the source of the fields.
    pub(crate) body: Option<Vec<u8>>,
}

impl Parsed {
    pub(crate) fn has_code(&self) -> bool {
        self.fields.is_filled(Basic::Code)
    }
}

/// Reads an error body, whatever it is.
pub(crate) fn body(body: Vec<u8>) -> Parsed {
    let Some(start) = fast::start(&body) else { return general(body) };
    let text = match String::from_utf8(body) {
        Ok(text) => text,
        Err(error) => return general(error.into_bytes()),
    };
    let mut fields = Fields::default();
    if fast::read(text.as_bytes(), start, &mut fields).is_none() {
        return general(text.into_bytes());
    }
    fields.set_source(text);
    Parsed { fields, kind: BodyKind::OssXml, closed: true, body: None }
}

/// The path that reads everything.
fn general(body: Vec<u8>) -> Parsed {
    let mut fields = Fields::default();
    match kind::of(&body) {
        BodyKind::OssXml => {
            let (text, body) = match String::from_utf8(body) {
                Ok(text) => (text, None),
                Err(error) => {
                    let body = error.into_bytes();
                    (String::from_utf8_lossy(&body).into_owned(), Some(body))
                }
            };
            let closed = xml::read(&text, &mut fields);
            fields.set_source(text);
            Parsed { fields, kind: BodyKind::OssXml, closed, body }
        }
        BodyKind::OssJson => {
            let json::Outcome { is_oss, closed } =
                json::read(&String::from_utf8_lossy(skip_preamble(&body)), &mut fields);
            if is_oss {
                Parsed { fields, kind: BodyKind::OssJson, closed, body: Some(body) }
            } else {
                Parsed {
                    fields: Fields::default(),
                    kind: BodyKind::OtherJson,
                    closed: false,
                    body: Some(body),
                }
            }
        }
        kind => Parsed { fields, kind, closed: false, body: Some(body) },
    }
}

/// Whether an error document of OSS ends in this text.
pub(crate) fn is_closed(text: &[u8]) -> bool {
    body(text.to_vec()).closed
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

    #[test]
    fn a_code_behind_more_elements_than_are_kept_is_read() {
        let xml = format!("<Error>{}<Code>A</Code></Error>", "<a>&lt;</a>".repeat(1000));
        let json = format!("{{\"Error\":{{\"a\":[{}1],\"Code\":\"A\"}}}}", "1,".repeat(1000));
        for text in [xml, json] {
            let parsed = body(text.into_bytes());
            assert_eq!(parsed.fields.get(Basic::Code), Some("A"));
            assert_eq!(parsed.fields.others().count(), 256);
            assert!(parsed.closed);
        }
    }
}
