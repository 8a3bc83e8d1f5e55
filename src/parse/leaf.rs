//! Leaves: a start tag, text, and the end tag that matches.

use std::ops::Range;

use memchr::memchr3;

use super::{
    markup::{self, Markup},
    text::{decode, decode_first},
    trim,
};
use crate::error::{Fields, MAX_NAME, Span};

/// The name of an element, and its range.
#[derive(Clone, Copy)]
pub(super) struct Name<'a> {
    pub(super) local: &'a [u8],
    /// With its prefix, as the end tag repeats it.
    full: &'a [u8],
    start: usize,
}

impl<'a> Name<'a> {
    pub(super) fn new(text: &'a str, local: Range<usize>, full: Range<usize>) -> Self {
        Self { start: local.start, local: &text.as_bytes()[local], full: &text.as_bytes()[full] }
    }

    pub(super) fn range(self) -> Range<usize> {
        self.start..self.start + self.local.len()
    }
}

/// Reads a start tag that is a short name of letters, from after its bracket. Returns the rest,
/// too.
#[inline]
pub(super) fn plain_name(tag: &[u8]) -> Option<(&[u8], &[u8])> {
    let (name, inside) = tag.split_at(letters(tag)?);
    let inside = inside.strip_prefix(b">")?;
    (begins_with_letter(name) && name.len() <= MAX_NAME).then_some((name, inside))
}

/// As [`plain_name`], for a name that may have a prefix, hyphens, dots or digits. Saves a quarter
/// with prefixes.
#[inline]
pub(super) fn start_tag<'a>(text: &str, tag: &'a [u8]) -> Option<(Name<'a>, &'a [u8])> {
    if !begins_with_letter(tag) {
        return None;
    }
    let (mut prefix, mut length) = (0, 0);
    loop {
        length += letters(&tag[length..])?;
        match tag[length] {
            b'>' => break,
            b':' if prefix == 0 => prefix = length + 1,
            b'-' | b'.' | b'0'..=b'9' => {}
            _ => return None,
        }
        length += 1;
    }
    let (full, inside) = tag.split_at(length);
    let name = Name { local: &full[prefix..], full, start: text.len() - tag.len() + prefix };
    Some((name, &inside[1..]))
}

fn begins_with_letter(tag: &[u8]) -> bool {
    matches!(tag, [b'A'..=b'Z' | b'a'..=b'z' | b'_' | 0x80.., ..])
}

/// The distance to the first byte that sorts before the letters. Eight at a time: saves a
/// twentieth.
///
/// All special bytes of a tag sort before them, with neither of the two high bits set. There are
/// always eight bytes: a name is followed by its bracket, its end tag, and that of the root.
fn letters(tag: &[u8]) -> Option<usize> {
    tag.chunks_exact(8).zip((0..).step_by(8)).find_map(|(eight, start)| {
        let eight = u64::from_le_bytes(eight.try_into().ok()?);
        let low = !(eight | eight << 1) & 0x8080_8080_8080_8080;
        (low != 0).then(|| start + low.trailing_zeros() as usize / 8)
    })
}

/// The distance to the end of a value, or to what must be decoded in it: a reference, or a carriage
/// return.
#[inline]
pub(super) fn text_length(inside: &[u8]) -> Option<usize> {
    memchr3(b'<', b'&', b'\r', inside)
}

/// Reads the value of a leaf. Returns the rest after its end tag, too. `None` if the element is not
/// a leaf.
#[inline]
pub(super) fn value<'a>(
    text: &'a str,
    name: Name<'_>,
    inside: &'a [u8],
    fields: &mut Fields,
) -> Option<(Span, &'a [u8])> {
    let length = text_length(inside)?;
    let (value, behind) = inside.split_at(length);
    let start = text.len() - inside.len();
    match without_end_tag(behind, name.full) {
        Some(behind) => {
            let value = trim(value, name.local);
            Some((Span::source(start + value.start, start + value.end), behind))
        }
        None if begins_tag(behind) => None,
        None => decoded_value(&text[start..], length, name, fields),
    }
}

/// Whether a text begins with a start tag, or something similar, which is found without decoding.
fn begins_tag(text: &[u8]) -> bool {
    matches!(text, [b'<', next, ..] if markup::begins_name(*next))
}

/// As [`value`], for one that must be decoded after this length.
#[inline(never)]
fn decoded_value<'a>(
    inside: &'a str,
    length: usize,
    name: Name<'_>,
    fields: &mut Fields,
) -> Option<(Span, &'a [u8])> {
    let out = fields.decoded_of(inside.len());
    let start = out.len();
    let Some(behind) = decode_up_to_end(inside, length, name, out) else {
        out.truncate(start);
        return None;
    };
    let value = trim(&out.as_bytes()[start..], name.local);
    out.truncate(start + value.end);
    Some((fields.decoded_since(start + value.start), behind))
}

/// Appends the decoded text of a leaf. Returns the rest after its end tag, or `None` if it is not a
/// leaf.
fn decode_up_to_end<'a>(
    mut text: &'a str,
    mut length: usize,
    name: Name<'_>,
    out: &mut String,
) -> Option<&'a [u8]> {
    loop {
        out.push_str(&text[..length]);
        text = &text[length..];
        if !text.starts_with('<') {
            text = decode_first(text, out);
        } else if let Some(behind) = without_end_tag(text.as_bytes(), name.full) {
            return Some(behind);
        } else {
            let (markup, behind) = markup::read(text.as_bytes(), 0)?;
            let behind = &text[behind..];
            match markup {
                Markup::End(end) if text.as_bytes()[end.clone()] == *name.local => {
                    return Some(behind.as_bytes());
                }
                Markup::Start { .. } | Markup::End(_) => return None,
                Markup::Literal(inside) => decode(&text[inside], true, out),
                Markup::Bracket => out.push('<'),
                Markup::DocType(_) | Markup::Nothing => {}
            }
            text = behind;
        }
        length = text_length(text.as_bytes())?;
    }
}

/// The rest after the end tag of this name, in its usual form.
#[inline]
pub(super) fn without_end_tag<'a>(text: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    text.strip_prefix(b"</")?.strip_prefix(name)?.strip_prefix(b">")
}
