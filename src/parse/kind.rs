//! The kind of a body, from its beginning.

use super::markup::{self, Markup};
use crate::error::BodyKind;

/// The beginning of OSS's documents, for a fast path.
const USUAL: &[u8] = b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error>";

/// The kind of a body, and the position of its first relevant part: the root of an error document.
///
/// `OssJson` means any JSON here: only reading it tells whether it is OSS's.
pub(super) fn of(body: &[u8]) -> (BodyKind, usize) {
    if body.starts_with(USUAL) {
        return (BodyKind::OssXml, USUAL.len() - "<Error>".len());
    }
    let text = skip_preamble(body);
    let (kind, from) = match text {
        [] if body.is_empty() => (BodyKind::None, text),
        [b'{', ..] => (BodyKind::OssJson, text),
        [b'[', ..] => (BodyKind::OtherJson, text),
        [b'<', ..] => of_markup(text),
        [0x1f, 0x8b, ..] | [0x28, 0xb5, 0x2f, 0xfd, ..] => (BodyKind::Compressed, text), // gzip, zstd
        _ => (BodyKind::Other, text),
    };
    (kind, body.len() - from.len())
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

/// Reads up to the root element.
fn of_markup(mut text: &[u8]) -> (BodyKind, &[u8]) {
    while let [b'<', ..] = text {
        let Some((markup, behind)) = markup::read(text) else { break };
        match markup {
            Markup::Start { name, .. } => return (of_root(name.local), text),
            Markup::DocType(name) if is_html(name) => return (BodyKind::Html, text),
            Markup::DocType(_) | Markup::Nothing => {}
            Markup::End(_) | Markup::Literal(_) | Markup::Bracket => break,
        }
        text = behind.trim_ascii_start();
    }
    (BodyKind::Other, text)
}

fn of_root(name: &[u8]) -> BodyKind {
    match name {
        b"Error" => BodyKind::OssXml,
        name if is_html(name) => BodyKind::Html,
        _ => BodyKind::OtherXml,
    }
}

/// Some proxies omit the outer elements of a page.
fn is_html(name: &[u8]) -> bool {
    ["html", "head", "body", "title", "center", "h1", "p", "div"]
        .iter()
        .any(|known| name.eq_ignore_ascii_case(known.as_bytes()))
}
#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_are_recognized_by_their_beginning() {
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
            assert_eq!(of(body).0, kind, "{}", String::from_utf8_lossy(body));
        }
    }
}
