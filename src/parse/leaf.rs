//! Leaves: a start tag, text, and the end tag that matches.

use std::ops::Range;

use memchr::memchr3;

use super::{
    markup::{self, Markup},
    text::{decode, decode_first},
    trim,
};
use crate::error::{Fields, MAX_NAME, Span};

/// The name of an element, and where it stands.
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

/// Reads a start tag that is a short name of letters, from behind its bracket; returns what stands behind it, too.
#[inline]
pub(super) fn plain_name(tag: &[u8]) -> Option<(&[u8], &[u8])> {
    let (name, inside) = tag.split_at(letters(tag)?);
    let inside = inside.strip_prefix(b">")?;
    (begins_with_letter(name) && name.len() <= MAX_NAME).then_some((name, inside))
}

/// As [`plain_name`], for a name that may have a prefix, hyphens, dots or digits in it. With prefixes, that saves a quarter.
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

/// How far it is to the first byte that comes before the letters. Eight at a time: that saves a twentieth.
///
/// Whatever means something in a tag comes before them, and has neither of the two high bits. There are always
/// eight: behind a name come its bracket, its end tag, and that of the root.
fn letters(tag: &[u8]) -> Option<usize> {
    tag.chunks_exact(8).zip((0..).step_by(8)).find_map(|(eight, start)| {
        let eight = u64::from_le_bytes(eight.try_into().ok()?);
        let low = !(eight | eight << 1) & 0x8080_8080_8080_8080;
        (low != 0).then(|| start + low.trailing_zeros() as usize / 8)
    })
}

/// How far it is to what ends a value, or has to be decoded in it: a reference, or the carriage return of a line end.
#[inline]
pub(super) fn text_length(inside: &[u8]) -> Option<usize> {
    memchr3(b'<', b'&', b'\r', inside)
}

/// Reads the value of a leaf; returns what stands behind its end tag, too. None if the element is no leaf.
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

/// Whether a text begins with a start tag, or what looks like one: then nothing need be decoded to find out.
fn begins_tag(text: &[u8]) -> bool {
    matches!(text, [b'<', next, ..] if markup::begins_name(*next))
}

/// As [`value`], for one that does not stand in the document letter by letter; the first of it does, over this length.
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

/// Appends what the text of a leaf stands for; returns the text behind its end tag. None if it is not a leaf.
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

/// What stands behind the end tag of this name, as XML writers write it.
#[inline]
pub(super) fn without_end_tag<'a>(text: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    text.strip_prefix(b"</")?.strip_prefix(name)?.strip_prefix(b">")
}
