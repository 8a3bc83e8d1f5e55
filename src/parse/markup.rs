//! Reads single pieces of XML.
//!
//! A fault never ends the document: a `<` that begins no markup is text. Only markup without an end
//! does, because the text may have been cut there.

use std::ops::Range;

use memchr::{memchr, memchr_iter, memchr2};

/// The markup that begins at a `<`. Names are local names, without a prefix.
#[derive(Debug, PartialEq)]
pub(super) enum Markup {
    Start {
        name: Range<usize>,
        /// The name with its prefix, as the end tag repeats it.
        full: Range<usize>,
        is_empty: bool,
    },
    End(Range<usize>),
    /// The text inside of a CDATA section.
    Literal(Range<usize>),
    /// A document type, and its name.
    DocType(Range<usize>),
    /// A comment, a declaration, a processing instruction: ignored.
    Nothing,
    /// A bracket that is part of the text.
    Bracket,
}

/// Reads the markup that begins at this `<`. Returns it and its end, or `None` if the text ends
/// first.
pub(super) fn read(text: &[u8], start: usize) -> Option<(Markup, usize)> {
    match &text[start + 1..] {
        [b'/', ..] => end_tag(text, start + 2),
        [b'!', ..] => declaration(text, start),
        [b'?', ..] => {
            let end = if begins(text, start, b"<?xml") { ">" } else { "?>" };
            Some((Markup::Nothing, end_of(text, start + 2, end)?))
        }
        [first, ..] if begins_name(*first) => start_tag(text, start + 1),
        [] => None,
        _ => Some((Markup::Bracket, start + 1)),
    }
}

/// Whether a byte may begin the name in a tag. In `a < b` and `a <= b`, none does.
pub(super) fn begins_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b':') || !byte.is_ascii()
}

fn start_tag(text: &[u8], at: usize) -> Option<(Markup, usize)> {
    let Some(end) = next_bracket(text, at) else {
        // A quote is not closed: the text was cut in a tag, or this is not a tag.
        let bracket = memchr2(b'<', b'>', &text[at..])?;
        return (text[at + bracket] == b'<').then_some((Markup::Bracket, at));
    };
    if text[end] == b'<' {
        return Some((Markup::Bracket, at));
    }
    let tag = &text[at..end];
    let full = at..at + tag.iter().position(|b| b.is_ascii_whitespace() || *b == b'/').unwrap_or(tag.len());
    Some((Markup::Start { name: local(text, full.clone()), full, is_empty: tag.ends_with(b"/") }, end + 1))
}

/// Tolerates text around the name, and a missing bracket.
fn end_tag(text: &[u8], at: usize) -> Option<(Markup, usize)> {
    let end = at + memchr2(b'<', b'>', &text[at..])?;
    let start = end - text[at..end].trim_ascii_start().len();
    let length = text[start..end].iter().position(u8::is_ascii_whitespace).unwrap_or(end - start);
    let name = local(text, start..start + length);
    Some((Markup::End(name), end + usize::from(text[end] == b'>')))
}

fn declaration(text: &[u8], start: usize) -> Option<(Markup, usize)> {
    const CDATA: &[u8] = b"<![CDATA[";
    const DOCTYPE: &[u8] = b"<!DOCTYPE";
    if begins(text, start, b"<!--") {
        Some((Markup::Nothing, end_of(text, start + "<!--".len(), "-->")?))
    } else if begins(text, start, CDATA) {
        let inside = start + CDATA.len();
        let end = end_of(text, inside, "]]>")?;
        Some((Markup::Literal(inside..end - "]]>".len()), end))
    } else if begins(text, start, DOCTYPE) {
        let mut end = start + 1;
        let mut open = 1;
        while open > 0 {
            end = next_bracket(text, end)?;
            if text[end] == b'<' {
                open += 1
            } else {
                open -= 1
            }
            end += 1;
        }
        let rest = text[start + DOCTYPE.len()..end - 1].trim_ascii_start();
        let length = rest.iter().position(|b| b.is_ascii_whitespace() || *b == b'[').unwrap_or(rest.len());
        Some((Markup::DocType(end - 1 - rest.len()..end - 1 - rest.len() + length), end))
    } else {
        Some((Markup::Nothing, end_of(text, start, ">")?))
    }
}

/// The next `<` or `>` that no quotes enclose.
///
/// Linear even if it is called for many tags that other ones interrupt: of at most three calls from
/// successive tags, one stops where the previous one did. Quotes permute three states (outside, and
/// in either kind of quotes), so a call that begins in the state that another one left continues
/// like it.
fn next_bracket(text: &[u8], mut at: usize) -> Option<usize> {
    loop {
        at += text[at..].iter().position(|b| matches!(b, b'<' | b'>' | b'"' | b'\''))?;
        match text[at] {
            quote @ (b'"' | b'\'') => at += 2 + memchr(quote, &text[at + 1..])?,
            _ => return Some(at),
        }
    }
}

/// The end of the first of these, which all end in a `>`.
fn end_of(text: &[u8], start: usize, end: &str) -> Option<usize> {
    memchr_iter(b'>', &text[start..])
        .map(|at| start + at + 1)
        .find(|at| text[start..*at].ends_with(end.as_bytes()))
}

fn begins(text: &[u8], start: usize, with: &[u8]) -> bool {
    text[start..].get(..with.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(with))
}

/// A name without its prefix.
fn local(text: &[u8], name: Range<usize>) -> Range<usize> {
    let prefix = memchr(b':', &text[name.clone()]).map_or(0, |colon| colon + 1);
    name.start + prefix..name.end
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first markup of a text, and the rest.
    fn first(text: &str) -> Option<(String, &str)> {
        let (markup, end) = read(text.as_bytes(), 0)?;
        let said = match markup {
            Markup::Start { name, full, is_empty } => {
                format!("start {} of {} {is_empty}", &text[name], &text[full])
            }
            Markup::End(name) => format!("end {}", &text[name]),
            Markup::Literal(inside) => format!("literal {}", &text[inside]),
            Markup::DocType(name) => format!("type {}", &text[name]),
            Markup::Nothing => "nothing".to_owned(),
            Markup::Bracket => "bracket".to_owned(),
        };
        Some((said, &text[end..]))
    }

    #[test]
    fn every_kind_is_recognized() {
        for (text, said, behind) in [
            ("<a>b", "start a of a false", "b"),
            ("<a:b/>", "start b of a:b true", ""),
            ("<a b='/>' c=\"'<\"\n/>d", "start a of a true", "d"),
            ("<a b='c</a>", "bracket", "a b='c</a>"),
            ("<a <b>", "bracket", "a <b>"),
            ("<5>", "start 5 of 5 false", ""),
            ("< b>", "bracket", " b>"),
            ("<= \"c>", "bracket", "= \"c>"),
            ("<>", "bracket", ">"),
            ("</a>b", "end a", "b"),
            ("</ a:b c='1'>", "end b", ""),
            ("</a<b>", "end a", "<b>"),
            ("</>", "end ", ""),
            ("<!-->--->b", "nothing", "b"),
            ("<!b>c", "nothing", "c"),
            ("<![if x]>b", "nothing", "b"),
            ("<![CDATA[a]>]]>b", "literal a]>", "b"),
            ("<![cdata[]]>", "literal ", ""),
            ("<?a > ?>b", "nothing", "b"),
            ("<?xml version='1.0'>b", "nothing", "b"),
            ("<!doctype html>b", "type html", "b"),
            ("<!DOCTYPE a[<!ENTITY b '>]'><!ENTITY c \"\">]>d", "type a", "d"),
        ] {
            assert_eq!(first(text), Some((said.to_owned(), behind)), "{text}");
        }
    }

    #[test]
    fn markup_without_an_end_may_have_been_cut() {
        for text in [
            "<",
            "<a",
            "<a b='",
            "<a b='>c</a>",
            "</",
            "</a ",
            "<!",
            "<!--> --",
            "<![CDATA[ > ]]",
            "<![cdata[ > ",
            "<?b > ",
            "<?xml ",
            "<!DOCTYPE b [ <a> ",
            "<!DOCTYPE '>",
        ] {
            assert_eq!(first(text), None, "{text}");
        }
    }
}
