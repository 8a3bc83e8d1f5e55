//! Reads single pieces of XML.
//!
//! A fault never ends the document: a `<` that begins no markup is text. Only markup without an end
//! does, because the text may have been cut there.

use memchr::{memchr, memchr_iter, memchr2};

/// The markup that begins at a `<`. Names of document types and end tags are local names.
#[derive(Debug, PartialEq)]
pub(super) enum Markup<'a> {
    Start {
        name: Name<'a>,
        is_empty: bool,
    },
    End(&'a [u8]),
    /// The text inside of a CDATA section.
    Literal(&'a [u8]),
    /// A document type, and its name.
    DocType(&'a [u8]),
    /// A comment, a declaration, a processing instruction: ignored.
    Nothing,
    /// A bracket that is part of the text.
    Bracket,
}

/// The name of an element.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Name<'a> {
    pub(super) local: &'a [u8],
    /// With its prefix, as the end tag repeats it.
    pub(super) full: &'a [u8],
}

/// Reads the markup that a text begins with. Returns the rest, too, or `None` if the text ends
/// first.
pub(super) fn read(text: &[u8]) -> Option<(Markup<'_>, &[u8])> {
    match text.get(1..)? {
        [b'/', tag @ ..] => end_tag(tag),
        [b'!', ..] => declaration(text),
        [b'?', inside @ ..] => {
            let end = if without(text, b"<?xml").is_some() { ">" } else { "?>" };
            Some((Markup::Nothing, split(inside, end)?.1))
        }
        tag @ [first, ..] if begins_name(*first) => start_tag(tag),
        [] => None,
        behind => Some((Markup::Bracket, behind)),
    }
}

/// Whether a byte may begin the name in a tag. In `a < b` and `a <= b`, none does.
pub(super) fn begins_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b':') || !byte.is_ascii()
}

fn start_tag(tag: &[u8]) -> Option<(Markup<'_>, &[u8])> {
    let Some(end) = next_bracket(tag) else {
        // A quote is not closed: the text was cut in a tag, or this is not a tag.
        let bracket = memchr2(b'<', b'>', tag)?;
        return (tag[bracket] == b'<').then_some((Markup::Bracket, tag));
    };
    if tag[end] == b'<' {
        return Some((Markup::Bracket, tag));
    }
    let (inside, behind) = (&tag[..end], &tag[end + 1..]);
    let full = until(inside, |b| b.is_ascii_whitespace() || b == b'/');
    let name = Name { local: local(full), full };
    Some((Markup::Start { name, is_empty: inside.ends_with(b"/") }, behind))
}

/// Tolerates text around the name, and a missing bracket.
fn end_tag(tag: &[u8]) -> Option<(Markup<'_>, &[u8])> {
    let (inside, behind) = tag.split_at(memchr2(b'<', b'>', tag)?);
    let name = until(inside.trim_ascii_start(), |b| b.is_ascii_whitespace());
    Some((Markup::End(local(name)), behind.strip_prefix(b">").unwrap_or(behind)))
}

fn declaration(text: &[u8]) -> Option<(Markup<'_>, &[u8])> {
    if let Some(inside) = without(text, b"<!--") {
        Some((Markup::Nothing, split(inside, "-->")?.1))
    } else if let Some(inside) = without(text, b"<![CDATA[") {
        let (inside, behind) = split(inside, "]]>")?;
        Some((Markup::Literal(inside), behind))
    } else if let Some(inside) = without(text, b"<!DOCTYPE") {
        document_type(inside)
    } else {
        Some((Markup::Nothing, split(text, ">")?.1))
    }
}

fn document_type(inside: &[u8]) -> Option<(Markup<'_>, &[u8])> {
    let (mut behind, mut open) = (inside, 1);
    while open > 0 {
        let bracket = next_bracket(behind)?;
        if behind[bracket] == b'<' {
            open += 1
        } else {
            open -= 1
        }
        behind = &behind[bracket + 1..];
    }
    let name = until(inside.trim_ascii_start(), |b| b.is_ascii_whitespace() || matches!(b, b'[' | b'>'));
    Some((Markup::DocType(name), behind))
}

/// The next `<` or `>` that no quotes enclose.
///
/// Linear even if it is called for many tags that other ones interrupt: of at most three calls from
/// successive tags, one stops where the previous one did. Quotes permute three states (outside, and
/// in either kind of quotes), so a call that begins in the state that another one left continues
/// like it.
fn next_bracket(text: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        at += text[at..].iter().position(|b| matches!(b, b'<' | b'>' | b'"' | b'\''))?;
        match text[at] {
            quote @ (b'"' | b'\'') => at += 2 + memchr(quote, &text[at + 1..])?,
            _ => return Some(at),
        }
    }
}

/// The text before the first of these, which all end in a `>`, and the rest after it.
fn split<'a>(text: &'a [u8], end: &str) -> Option<(&'a [u8], &'a [u8])> {
    let (inside, behind) = memchr_iter(b'>', text)
        .map(|at| text.split_at(at + 1))
        .find(|(inside, _)| inside.ends_with(end.as_bytes()))?;
    Some((&inside[..inside.len() - end.len()], behind))
}

/// The rest after a beginning, in either case.
fn without<'a>(text: &'a [u8], start: &[u8]) -> Option<&'a [u8]> {
    let (first, rest) = text.split_at_checked(start.len())?;
    first.eq_ignore_ascii_case(start).then_some(rest)
}

fn until(text: &[u8], is_end: impl Fn(u8) -> bool) -> &[u8] {
    &text[..text.iter().position(|b| is_end(*b)).unwrap_or(text.len())]
}

/// A name without its prefix.
fn local(name: &[u8]) -> &[u8] {
    &name[memchr(b':', name).map_or(0, |colon| colon + 1)..]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first markup of a text, and the rest.
    fn first(text: &str) -> Option<(String, &str)> {
        let (markup, behind) = read(text.as_bytes())?;
        let said = |text: &[u8]| String::from_utf8_lossy(text).into_owned();
        let what = match markup {
            Markup::Start { name, is_empty } => {
                format!("start {} of {} {is_empty}", said(name.local), said(name.full))
            }
            Markup::End(name) => format!("end {}", said(name)),
            Markup::Literal(inside) => format!("literal {}", said(inside)),
            Markup::DocType(name) => format!("type {}", said(name)),
            Markup::Nothing => "nothing".to_owned(),
            Markup::Bracket => "bracket".to_owned(),
        };
        Some((what, &text[text.len() - behind.len()..]))
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
