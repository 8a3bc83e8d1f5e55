//! The shape that nearly every error document has, in one pass: a root, and children with nothing but text inside.
//!
//! Whatever else there is in a document, this gives up, and the general path reads it from its beginning. What it
//! does read, the general path would read just so.

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
    let mut at = start;
    loop {
        at += gap(&text[at..])? + 1;
        let tag = &text[at..];
        let Some((basic, opening)) = name(tag) else {
            return tag.starts_with(b"/Error>").then_some(());
        };
        let (name, inside) = tag.split_at(opening);
        // A reference has to be resolved, and a carriage return to become a line feed.
        let (value, closing) = inside.split_at(memchr3(b'<', b'&', b'\r', inside)?);
        closing.strip_prefix(b"</")?.strip_prefix(name)?;
        let start = at + opening;
        let end = start + value.len();
        let value = match value {
            [first, .., last] if *first > b' ' && *last > b' ' => Span::source(start, end), // nothing to trim
            value => {
                let inner = trim(value, &tag[..opening - 1]);
                Span::source(start + inner.start, start + inner.end)
            }
        };
        match basic {
            Some(basic) => fields.set(basic, value),
            None => fields.push(Span::source(at, start - 1), value),
        }
        at = end + "</".len() + opening;
    }
}

/// How long that is which stands between two children: it says nothing. OSS writes one of them a line.
fn gap(rest: &[u8]) -> Option<usize> {
    if rest.starts_with(b"\n  <") { Some(3) } else { rest.iter().position(|b| *b == b'<') }
}

/// The element in a tag without attributes, and how long its name is with the bracket behind it.
///
/// Whatever means something in a tag comes before the letters: blanks, quotes, `/ : < = > ? !`. So do digits and
/// hyphens, which only odd names have.
fn name(tag: &[u8]) -> Option<(Option<Basic>, usize)> {
    // The usual names cost a comparison each: with so much of the document left, without a look at its length.
    let begin: &[u8; 13] = tag.first_chunk()?;
    Some(match begin[0] {
        b'C' if begin.starts_with(b"Code>") => (Some(Basic::Code), 5),
        b'M' if begin.starts_with(b"Message>") => (Some(Basic::Message), 8),
        b'R' if begin.starts_with(b"RequestId>") => (Some(Basic::RequestId), 10),
        b'H' if begin.starts_with(b"HostId>") => (Some(Basic::HostId), 7),
        b'E' if begin.starts_with(b"EC>") => (Some(Basic::Ec), 3),
        b'R' if begin.starts_with(b"RecommendDoc>") => (Some(Basic::RecommendDoc), 13),
        _ => {
            let length = tag.iter().position(|b| *b < b'@')?;
            ((1..=MAX_NAME).contains(&length) && tag[length] == b'>').then_some((None, length + 1))?
        }
    })
}

#[cfg(test)]
mod tests;
