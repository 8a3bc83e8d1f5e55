//! The shape that nearly every error document has, in one pass: a root, and children with nothing but text inside.
//!
//! Whatever else there is in a document, this gives up, and the general path reads it from its beginning. What it
//! does read, the general path would read just so.

use memchr::{memchr, memchr3};

use super::{is_blank, skip_preamble, trim};
use crate::error::{Basic, Fields, MAX_NAME, Span};

/// Where the children of the root begin, in a body that starts as OSS's do.
///
/// Cheap for any other body, however long: only the beginning is looked at.
pub(super) fn start(body: &[u8]) -> Option<usize> {
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
    let mut rest = &text[start..];
    loop {
        // What stands between the children says nothing.
        let tag = rest.iter().position(|b| *b == b'<')?;
        rest = &rest[tag + 1..];
        if rest.starts_with(b"/Error>") {
            return Some(());
        }
        let name = name(rest)?;
        let (_, inside) = rest.split_at(name.len() + 1);
        // A reference has to be resolved, and a carriage return to become a line feed.
        let value = &inside[..memchr3(b'<', b'&', b'\r', inside)?];
        let end = inside[value.len()..].strip_prefix(b"</")?.strip_prefix(name)?.strip_prefix(b">")?;
        note(name, value, text.len() - rest.len(), fields);
        rest = end;
    }
}

/// The name in a tag without attributes.
///
/// Whatever means something in a tag comes before the letters: blanks, quotes, `/ : < = > ? !`. So do digits and
/// hyphens, which only odd names have.
fn name(tag: &[u8]) -> Option<&[u8]> {
    // The usual names cost a comparison each.
    let length = match tag {
        _ if tag.starts_with(b"Code>") => 4,
        _ if tag.starts_with(b"Message>") => 7,
        _ if tag.starts_with(b"RequestId>") => 9,
        _ if tag.starts_with(b"HostId>") => 6,
        _ if tag.starts_with(b"EC>") => 2,
        _ if tag.starts_with(b"RecommendDoc>") => 12,
        _ => tag.iter().position(|b| *b < b'@')?,
    };
    ((1..=MAX_NAME).contains(&length) && tag[length] == b'>').then(|| &tag[..length])
}

/// Notes an element whose name starts here.
fn note(name: &[u8], value: &[u8], start: usize, fields: &mut Fields) {
    let behind = start + name.len();
    let value = match value {
        [first, .., last] if *first > b' ' && *last > b' ' => 0..value.len(), // nothing to trim
        _ => trim(value, name),
    };
    let value = Span::source(behind + 1 + value.start, behind + 1 + value.end);
    match Basic::of_element(name) {
        Some(basic) => fields.set(basic, value),
        None => fields.push(Span::source(start, behind), value),
    }
}

#[cfg(test)]
mod tests;
