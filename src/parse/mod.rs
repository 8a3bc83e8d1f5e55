//! From bytes to fields. Never fails, never recurses without bound, linear in time.

mod base64;
mod json;
mod kind;
mod leaf;
mod markup;
mod nesting;
mod text;
mod x_oss_err;
mod xml;

use std::{iter, ops::Range};

use crate::error::{BodyKind, Fields};

pub(crate) use self::x_oss_err::read as x_oss_err;

/// What a body is, besides its fields.
#[derive(Debug)]
pub(crate) struct Parsed {
    pub(crate) kind: BodyKind,
    /// It is JSON like that of many gateways: only the headers tell whether it is OSS's.
    pub(crate) is_bare: bool,
    /// The error document is complete.
    pub(crate) closed: bool,
    /// The body, unless it became the source of the fields.
    pub(crate) body: Option<Vec<u8>>,
}

impl Parsed {
    /// An empty body.
    fn foreign(kind: BodyKind, body: Vec<u8>) -> Self {
        Self { kind, is_bare: false, closed: false, body: Some(body) }
    }
}

/// Reads any error body into empty fields.
pub(crate) fn body(body: Vec<u8>, fields: &mut Fields) -> Parsed {
    match kind::of(&body) {
        (BodyKind::OssXml, root) => read_xml(body, root, fields),
        (BodyKind::OssJson, start) => read_json(body, start, fields),
        (kind, _) => Parsed::foreign(kind, body),
    }
}

fn read_xml(body: Vec<u8>, root: usize, fields: &mut Fields) -> Parsed {
    let (text, root, body) = match String::from_utf8(body) {
        Ok(text) => (text, root, None),
        Err(error) => {
            let text = lossy(error.as_bytes());
            let (_, root) = kind::of(text.as_bytes());
            (text, root, Some(error.into_bytes()))
        }
    };
    let closed = xml::read(&text, root, fields);
    fields.set_source(text);
    Parsed { kind: BodyKind::OssXml, is_bare: false, closed, body }
}

fn read_json(body: Vec<u8>, start: usize, fields: &mut Fields) -> Parsed {
    let (text, start, body) = match String::from_utf8(body) {
        Ok(text) => (text, start, None),
        Err(error) => (lossy(&error.as_bytes()[start..]), 0, Some(error.into_bytes())),
    };
    let json::JsonOutcome { is_oss, is_bare, closed } = json::read(&text, start, fields);
    if is_oss {
        fields.set_source(text);
        Parsed { kind: BodyKind::OssJson, is_bare, closed, body }
    } else {
        *fields = Fields::default();
        Parsed::foreign(BodyKind::OtherJson, body.unwrap_or_else(|| text.into_bytes()))
    }
}

/// How many bytes a text may grow by when invalid UTF-8 is replaced.
const MAX_GROWTH: usize = 16 * 1024;

/// Replaces invalid UTF-8: by U+FFFD, which has three bytes, until the text has grown too much,
/// then by `?`.
fn lossy(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() + (2 * faults(bytes).count()).min(MAX_GROWTH + 2));
    let mut read = 0;
    for (valid, behind) in faults(bytes) {
        text.push_str(valid);
        text.push(if text.len() < behind + MAX_GROWTH { char::REPLACEMENT_CHARACTER } else { '?' });
        read = behind;
    }
    text.push_str(std::str::from_utf8(&bytes[read..]).unwrap_or_default());
    text
}

/// The invalid sequences: the text before each, and its end. `utf8_chunks` takes four times as
/// long.
fn faults(bytes: &[u8]) -> impl Iterator<Item = (&str, usize)> {
    let mut at = 0;
    iter::from_fn(move || {
        let error = std::str::from_utf8(&bytes[at..]).err()?;
        let (valid, rest) = bytes[at..].split_at(error.valid_up_to());
        at = bytes.len() - rest.len() + error.error_len().unwrap_or(rest.len());
        Some((std::str::from_utf8(valid).ok()?, at))
    })
}

/// White space as defined by XML and JSON.
fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

/// The range of a value without the blanks around it, unless they are part of a signed text.
#[inline]
fn trim(value: &[u8], name: &[u8]) -> Range<usize> {
    match value {
        // Fast path for values without blanks. Saves a tenth.
        [first, .., last] if *first > b' ' && *last > b' ' => 0..value.len(),
        _ if matches!(name, b"StringToSign" | b"CanonicalRequest") => 0..value.len(),
        _ => {
            let start = value.iter().position(|b| !is_blank(*b)).unwrap_or(value.len());
            let end = value.iter().rposition(|b| !is_blank(*b)).map_or(start, |last| last + 1);
            start..end
        }
    }
}

/// The text after byte order marks and blanks.
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
mod tests;
