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

use std::str;

use crate::error::{BodyKind, Fields, Span, range_of};

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
    let (kind, start) = kind::of(&body);
    if !kind.is_oss() {
        return Parsed::foreign(kind, body);
    }
    let (text, start, body) = match String::from_utf8(body) {
        Ok(text) => (text, start, None),
        Err(error) => {
            let text = lossy(error.as_bytes());
            let (_, start) = kind::of(text.as_bytes());
            (text, start, Some(error.into_bytes()))
        }
    };
    let (is_bare, closed) = if kind == BodyKind::OssXml {
        (false, xml::read(&text, start, fields))
    } else {
        let outcome = json::read(&text, start, fields);
        if !outcome.is_oss {
            *fields = Fields::default();
            return Parsed::foreign(BodyKind::OtherJson, body.unwrap_or_else(|| text.into_bytes()));
        }
        (outcome.is_bare, outcome.closed)
    };
    fields.set_source(text);
    Parsed { kind, is_bare, closed, body }
}

/// How many bytes a text may grow by when invalid UTF-8 is replaced.
const MAX_GROWTH: usize = 2 * 1024;

/// Replaces invalid UTF-8: by U+FFFD, which has three bytes, until the text has grown too much,
/// then by `?`. `utf8_chunks` takes four times as long.
fn lossy(mut bytes: &[u8]) -> String {
    let most = bytes.len() + MAX_GROWTH;
    let mut text = String::with_capacity(most);
    while let Err(error) = str::from_utf8(bytes) {
        let (valid, rest) = bytes.split_at(error.valid_up_to());
        text.push_str(str::from_utf8(valid).unwrap_or_default());
        bytes = &rest[error.error_len().unwrap_or(rest.len())..];
        let has_room = text.len() + char::REPLACEMENT_CHARACTER.len_utf8() + bytes.len() <= most;
        text.push(if has_room { char::REPLACEMENT_CHARACTER } else { '?' });
    }
    text.push_str(str::from_utf8(bytes).unwrap_or_default());
    text
}

/// A value without the blanks around it, unless they are part of a signed text.
#[inline]
fn trim<'a>(value: &'a [u8], name: &[u8]) -> &'a [u8] {
    match value {
        // Fast path for values without blanks. Saves a tenth.
        [first, .., last] if *first > b' ' && *last > b' ' => value,
        _ if matches!(name, b"StringToSign" | b"CanonicalRequest") => value,
        _ => value.trim_ascii(),
    }
}

/// The span of the value that was decoded since this length, trimmed.
fn decoded_since(fields: &mut Fields, start: usize, name: &[u8]) -> Span {
    let out = fields.decoded();
    let value = range_of(out, trim(&out.as_bytes()[start..], name));
    out.truncate(value.end);
    fields.decoded_since(value.start)
}

#[cfg(test)]
mod tests;
