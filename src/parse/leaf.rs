//! Leaves: a start tag, text, and the end tag that matches.

use memchr::memchr3;

use super::{
    decoded_since,
    markup::{self, Markup, Name},
    text::{decode, decode_first},
    trim,
};
use crate::error::{Fields, Span, range_of};

/// Reads a start tag whose name has letters, digits, hyphens, dots and maybe a prefix, from after
/// its bracket. Returns the rest, too. [`markup::read`] takes any start tag, and more instructions.
#[inline(always)]
pub(super) fn start_tag(tag: &[u8]) -> Option<(Name<'_>, &[u8])> {
    if !markup::begins_name(*tag.first()?) {
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
    let full = &tag[..length];
    Some((Name { local: &full[prefix..], full }, &tag[length + 1..]))
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

/// Reads the value of a leaf of the document. Returns the rest after its end tag, too. `None` if
/// the element is not a leaf.
#[inline(always)]
pub(super) fn value<'a>(
    document: &'a str,
    name: Name<'_>,
    inside: &'a [u8],
    fields: &mut Fields,
) -> Option<(Span, &'a [u8])> {
    let (value, behind) = inside.split_at(text_length(inside)?);
    match without_end_tag(behind, name.full) {
        Some(behind) => Some((Span::of(document, trim(value, name.local)), behind)),
        None if begins_tag(behind) => None,
        None => decoded_value(&document[range_of(document, inside)], value.len(), name, fields),
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
    Some((decoded_since(fields, start, name.local), behind))
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
            let (markup, behind) = markup::read(text.as_bytes())?;
            match markup {
                Markup::End(end) if end == name.local => return Some(behind),
                Markup::Start { .. } | Markup::End(_) => return None,
                Markup::Literal(inside) => decode(&text[range_of(text, inside)], true, out),
                Markup::Bracket => out.push('<'),
                Markup::DocType(_) | Markup::Nothing => {}
            }
            text = &text[text.len() - behind.len()..];
        }
        length = text_length(text.as_bytes())?;
    }
}

/// The rest after the end tag of this name, in its usual form.
#[inline]
pub(super) fn without_end_tag<'a>(text: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    text.strip_prefix(b"</")?.strip_prefix(name)?.strip_prefix(b">")
}
