//! The shape that nearly every error document has, in one pass: a root, and children with nothing but text inside.
//!
//! Whatever else there is in a document, this gives up, and the general path reads it from its beginning. What it
//! does read, the general path would read just so.

use std::ops::Range;

use memchr::{memchr, memchr3};

use super::{is_blank, skip_preamble, trim};
use crate::error::{Basic, Fields, MAX_NAME, Span};

/// How OSS's own documents begin: that takes one comparison.
const USUAL: &[u8] = b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error>";

/// Where the children of the root begin, in a body that starts as OSS's do.
///
/// Cheap for any other body, however long: only the beginning is looked at.
pub(super) fn start(body: &[u8]) -> Option<usize> {
    if body.starts_with(USUAL) {
        return Some(USUAL.len());
    }
    let mut rest = skip_preamble(body);
    if let Some(declaration) = rest.strip_prefix(b"<?xml") {
        let end = memchr(b'>', declaration)?;
        declaration[..end].strip_suffix(b"?")?;
        rest = declaration[end + 1..].trim_ascii_start();
    }
    rest = rest.strip_prefix(b"<Error")?;
    if !rest.starts_with(b">") {
        let end = memchr(b'>', rest)?;
        is_harmless(&rest[..end]).then_some(())?;
        rest = &rest[end..];
    }
    Some(body.len() - rest.len() + 1)
}

/// Whether these are attributes, or blanks, and the bracket behind them is none of a value and closes no element.
fn is_harmless(attributes: &[u8]) -> bool {
    let quotes = attributes.iter().filter(|b| **b == b'"').count();
    let odd = attributes.iter().any(|b| matches!(b, b'\'' | b'<'));
    is_blank(attributes[0]) && !attributes.ends_with(b"/") && !odd && quotes % 2 == 0
}

/// Reads the children, if all of them are there and none has anything but text inside.
pub(super) fn read(text: &[u8], start: usize, fields: &mut Fields) -> Option<()> {
    let mut children = Children { text, rest: &text[start..], fields };
    // The usual ones in OSS's order. In any other order they are read as all the rest.
    children.usual(b"\n  <Code>", b"</Code>", Basic::Code)?;
    children.usual(b"\n  <Message>", b"</Message>", Basic::Message)?;
    children.usual(b"\n  <RequestId>", b"</RequestId>", Basic::RequestId)?;
    children.usual(b"\n  <HostId>", b"</HostId>", Basic::HostId)?;
    loop {
        children.usual(b"\n  <EC>", b"</EC>", Basic::Ec)?;
        children.usual(b"\n  <RecommendDoc>", b"</RecommendDoc>", Basic::RecommendDoc)?;
        if !children.any()? {
            return Some(());
        }
    }
}

/// The children of the root, read one after the other.
struct Children<'a> {
    text: &'a [u8],
    /// What is not read yet: an end of the text.
    rest: &'a [u8],
    fields: &'a mut Fields,
}

impl<'a> Children<'a> {
    /// Reads this child, if it is the next and begins as OSS writes it: that takes one comparison.
    #[inline(always)]
    fn usual<const N: usize, const M: usize>(
        &mut self,
        start: &[u8; N],
        end: &[u8; M],
        basic: Basic,
    ) -> Option<()> {
        if let Some(inside) = self.rest.strip_prefix(start) {
            let (value, behind) = split(inside)?;
            self.rest = behind.strip_prefix(end)?;
            let value = self.span(inside, trimmed(value, b""));
            self.fields.set(basic, value);
        }
        Some(())
    }

    /// Reads the next child, whatever its name; says whether there was one. What stands before it says nothing.
    fn any(&mut self) -> Option<bool> {
        let tag = &self.rest[self.rest.iter().position(|b| *b == b'<')? + 1..];
        if tag.starts_with(b"/Error>") {
            return Some(false);
        }
        let (name, inside) = tag.split_at(name_len(tag)?);
        let begins = matches!(name, [b'A'..=b'Z' | b'a'..=b'z' | b'_' | 0x80.., ..]);
        let inside = inside.strip_prefix(b">").filter(|_| begins && name.len() <= MAX_NAME)?;
        let (value, behind) = split(inside)?;
        self.rest = behind.strip_prefix(b"</")?.strip_prefix(name)?.strip_prefix(b">")?;
        let value = self.span(inside, trimmed(value, name));
        match Basic::of_element(name) {
            Some(basic) => self.fields.set(basic, value),
            None => self.fields.push(self.span(tag, 0..name.len()), value),
        }
        Some(true)
    }

    /// Where a part of an end of the text stands.
    fn span(&self, end: &[u8], part: Range<usize>) -> Span {
        let start = self.text.len() - end.len();
        Span::source(start + part.start, start + part.end)
    }
}

/// How long the name in a tag is: up to the first byte that comes before the letters.
///
/// Whatever means something in a tag does: blanks, quotes, `/ : < = > ? !`. So do digits and hyphens, which only odd
/// names have. Those bytes have neither of the two high bits: eight are looked at in one go. There are always eight:
/// behind a name come its bracket, its end tag, and that of the root.
fn name_len(tag: &[u8]) -> Option<usize> {
    tag.chunks_exact(8).zip((0..).step_by(8)).find_map(|(eight, start)| {
        let eight = u64::from_le_bytes(eight.try_into().ok()?);
        let low = !(eight | eight << 1) & 0x8080_8080_8080_8080;
        (low != 0).then(|| start + low.trailing_zeros() as usize / 8)
    })
}

/// A value, and what stands behind it. A reference in it has to be resolved, and a carriage return to become a line
/// feed: then there is none.
#[inline]
fn split(inside: &[u8]) -> Option<(&[u8], &[u8])> {
    Some(inside.split_at(memchr3(b'<', b'&', b'\r', inside)?))
}

/// As [`trim`]; most values need none.
#[inline]
fn trimmed(value: &[u8], name: &[u8]) -> Range<usize> {
    match value {
        [first, .., last] if *first > b' ' && *last > b' ' => 0..value.len(),
        value => trim(value, name),
    }
}

#[cfg(test)]
mod tests;
