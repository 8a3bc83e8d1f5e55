//! Decodes the text of elements.

use memchr::memchr2;

/// Appends a text with its references resolved, and each line end as a line feed, as XML defines
/// it.
///
/// In a `literal` text, that of a CDATA section, references are kept.
pub(super) fn decode(mut text: &str, literal: bool, out: &mut String) {
    while let Some(at) = memchr2(b'&', b'\r', text.as_bytes()) {
        out.push_str(&text[..at]);
        text = if literal && text.as_bytes()[at] == b'&' {
            out.push('&');
            &text[at + 1..]
        } else {
            decode_first(&text[at..], out)
        };
    }
    out.push_str(text);
}

/// Decodes the reference or line end at the beginning of a text, and appends it. Returns the rest.
///
/// A document's own entities are never expanded, and an ampersand without a reference is kept.
pub(super) fn decode_first<'a>(text: &'a str, out: &mut String) -> &'a str {
    let (c, length) = match text.as_bytes() {
        [b'\r', b'\n', ..] => ('\n', 2),
        [b'\r', ..] => ('\n', 1),
        [b'&', b'a', b'm', b'p', b';', ..] => ('&', 5),
        [b'&', b'l', b't', b';', ..] => ('<', 4),
        [b'&', b'g', b't', b';', ..] => ('>', 4),
        [b'&', b'q', b'u', b'o', b't', b';', ..] => ('"', 6),
        [b'&', b'a', b'p', b'o', b's', b';', ..] => ('\'', 6),
        [b'&', b'#', ..] => match number(&text[2..]) {
            Some((c, behind)) => (c, text.len() - behind.len()),
            None => ('&', 1),
        },
        _ => ('&', 1),
    };
    out.push(c);
    &text[length..]
}

/// The character of a numeric reference, or U+FFFD if there is none, and the rest.
fn number(text: &str) -> Option<(char, &str)> {
    let end = text.bytes().position(|b| !b.is_ascii_alphanumeric())?;
    let behind = text[end..].strip_prefix(';')?;
    let number = match text[..end].strip_prefix(['x', 'X']) {
        Some(digits) => u32::from_str_radix(digits, 16),
        None => text[..end].parse(),
    };
    let c = number.ok().filter(|number| *number > 0).and_then(char::from_u32);
    Some((c.unwrap_or(char::REPLACEMENT_CHARACTER), behind))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_resolved_and_faulty_ones_lose_nothing() {
        for (text, expected) in [
            ("a&lt;b&gt;&amp;lt;&quot;&apos;", "a<b>&lt;\"'"),
            ("&#65;&#x42;&#X43;&#x4e2d;", "ABC\u{4e2d}"),
            (
                "&#0;&#xD800;&#x110000;&#99999999999;&#;&#x;&#zz;",
                "\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}",
            ),
            ("&#1;", "\u{1}"),
            ("a & b &amp &nbsp; &#65 &#6 5; &", "a & b &amp &nbsp; &#65 &#6 5; &"),
            ("a\r\nb\rc\n\r", "a\nb\nc\n\n"),
        ] {
            let mut out = String::new();
            decode(text, false, &mut out);
            assert_eq!(out, expected, "{text:?}");
        }
    }

    #[test]
    fn a_literal_text_keeps_its_ampersands() {
        let mut out = String::new();
        decode("a&lt;&\r\nb", true, &mut out);
        assert_eq!(out, "a&lt;&\nb");
    }
}
