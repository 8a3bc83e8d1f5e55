use quick_xml::events::{BytesStart, Event};

use super::{markup::Markup, skip_preamble};
use crate::error::BodyKind;

/// How far the root of a document that is not UTF-8 is looked for: that takes a copy.
const MAX_PROLOGUE: usize = 4096;

/// What a body is, by how it begins.
///
/// `OssJson` means JSON here: only reading it tells whose it is.
pub(super) fn of(body: &[u8]) -> BodyKind {
    if body.is_empty() {
        return BodyKind::None;
    }
    match skip_preamble(body) {
        [b'{', ..] => BodyKind::OssJson,
        [b'[', ..] => BodyKind::OtherJson,
        page if is_plain_page(page) => BodyKind::Html,
        text @ [b'<', ..] => match std::str::from_utf8(text) {
            Ok(text) => of_markup(text),
            Err(_) => of_markup(&String::from_utf8_lossy(&text[..text.len().min(MAX_PROLOGUE)])),
        },
        [0x1f, 0x8b, ..] | [0x28, 0xb5, 0x2f, 0xfd, ..] => BodyKind::Compressed, // gzip, zstd
        _ => BodyKind::Other,
    }
}

/// Whether this begins as nearly every page does: told without reading a tag.
fn is_plain_page(text: &[u8]) -> bool {
    [&b"<!doctype html>"[..], b"<html>"]
        .iter()
        .any(|start| text.get(..start.len()).is_some_and(|text| text.eq_ignore_ascii_case(start)))
}

/// Reads up to the root element.
fn of_markup(text: &str) -> BodyKind {
    for (event, range) in Markup::new(text) {
        match event {
            Event::Start(root) | Event::Empty(root) => return of_root(&root),
            Event::DocType(root) if is_html(first_word(&root)) => return BodyKind::Html,
            Event::Decl(_) | Event::PI(_) | Event::Comment(_) | Event::DocType(_) => {}
            Event::Text(_) if text[range].trim_ascii().is_empty() => {}
            _ => return BodyKind::Other,
        }
    }
    BodyKind::Other
}

fn of_root(root: &BytesStart<'_>) -> BodyKind {
    match root.local_name().into_inner() {
        "Error" => BodyKind::OssXml,
        name if is_html(name) => BodyKind::Html,
        _ => BodyKind::OtherXml,
    }
}

/// Proxies leave out the outer elements of a page.
fn is_html(name: &str) -> bool {
    ["html", "head", "body", "title", "center", "h1", "p", "div"]
        .iter()
        .any(|known| name.eq_ignore_ascii_case(known))
}

fn first_word(text: &str) -> &str {
    text.split_ascii_whitespace().next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_are_told_apart_by_their_beginning() {
        for (body, kind) in [
            (&b""[..], BodyKind::None),
            (b" \r\n", BodyKind::Other),
            (b"<Error/>", BodyKind::OssXml),
            (
                b"\xef\xbb\xbf\n\xef\xbb\xbf <?xml version='1.0'?>\n<!-- -->\n<a:Error b='>'>",
                BodyKind::OssXml,
            ),
            (b"<!DOCTYPE Error [<!ENTITY a 'b'>]><Error>", BodyKind::OssXml),
            (b"<!-- \xff --><Error>", BodyKind::OssXml),
            (b"<error>", BodyKind::OtherXml),
            (b"<Errors><Error/></Errors>", BodyKind::OtherXml),
            (b"<!doctype HTML><Error>", BodyKind::Html),
            (b"<HTML>", BodyKind::Html),
            (b"<center>", BodyKind::Html),
            (b"<Erro", BodyKind::Other),
            (b"<!-- ", BodyKind::Other),
            (b"<!x><Error/>", BodyKind::OssXml),
            (b"<!x", BodyKind::Other),
            (b"<?xml version='1.0'><Error/>", BodyKind::OssXml),
            (b"<?xml version='1.0'><html>", BodyKind::Html),
            (b"< Error>", BodyKind::Other),
            (b"oops <Error/>", BodyKind::Other),
            (b"<?xml version='1.0'?> oops <Error/>", BodyKind::Other),
            (b"{}", BodyKind::OssJson),
            (b"[]", BodyKind::OtherJson),
            (b"\x1f\x8b\x08", BodyKind::Compressed),
        ] {
            assert_eq!(of(body), kind, "{}", String::from_utf8_lossy(body));
        }
    }
}
