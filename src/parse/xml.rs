//! The elements of an error document, in one pass.
//!
//! Nearly all of them are leaves: a start tag, text, and the end tag that matches. A leaf is read in one go, whatever its
//! text needs to be decoded, and everything else as [`markup`] and [`Nesting`] have it. Elements count when they are
//! closed, so that half a value is never taken for a value.

use std::ops::Range;

use memchr::memchr3;

use super::{
    markup::{self, Markup},
    nesting::{Ended, Nesting},
    text::{decode, decode_first},
    trim,
};
use crate::error::{Basic, Fields, MAX_NAME, Span};

/// Reads the elements of the document whose root begins here; says whether the root is closed.
pub(super) fn read(text: &str, root: usize, fields: &mut Fields) -> bool {
    let bytes = text.as_bytes();
    let inside = match bytes[root..].strip_prefix(b"<Error>") {
        Some(inside) => inside,
        None => match markup::read(bytes, root) {
            Some((Markup::Start { is_empty: false, .. }, end)) => &bytes[end..],
            other => return other.is_some(),
        },
    };
    let mut document = XmlDocument { text, rest: inside, fields, nesting: Nesting::default(), astray: None };
    // The usual ones in OSS's order; in any other order they are read as all the rest.
    document.usual(b"\n  <Code>", b"</Code>", Basic::Code);
    document.usual(b"\n  <Message>", b"</Message>", Basic::Message);
    document.usual(b"\n  <RequestId>", b"</RequestId>", Basic::RequestId);
    document.usual(b"\n  <HostId>", b"</HostId>", Basic::HostId);
    loop {
        let closes_root = if document.nesting.is_empty() {
            document.usual(b"\n  <EC>", b"</EC>", Basic::Ec);
            document.usual(b"\n  <RecommendDoc>", b"</RecommendDoc>", Basic::RecommendDoc);
            document.child()
        } else {
            document.inner()
        };
        match closes_root {
            Some(false) => {}
            Some(true) => return true,
            None => return document.ends_astray(),
        }
    }
}

struct XmlDocument<'a> {
    text: &'a str,
    /// What is not read yet: an end of the text.
    rest: &'a [u8],
    fields: &'a mut Fields,
    nesting: Nesting,
    /// Where the last end tag in the root ends that matches nothing.
    astray: Option<usize>,
}

/// The name of an element, and where it stands.
#[derive(Clone, Copy)]
struct Name<'a> {
    local: &'a [u8],
    /// With its prefix, as the end tag repeats it.
    full: &'a [u8],
    start: usize,
}

impl Name<'_> {
    fn range(self) -> Range<usize> {
        self.start..self.start + self.local.len()
    }
}

impl<'a> XmlDocument<'a> {
    /// Reads this child of the root, if it is the next and stands as OSS writes it.
    #[inline(always)]
    fn usual<const N: usize, const M: usize>(&mut self, start: &[u8; N], end: &[u8; M], basic: Basic) {
        let Some(inside) = self.rest.strip_prefix(start) else { return };
        let Some(length) = text_length(inside) else { return };
        let (value, behind) = inside.split_at(length);
        if let Some(rest) = behind.strip_prefix(end) {
            let value = self.span(inside, trimmed(value, b""));
            self.fields.set(basic, value);
            self.rest = rest;
        }
    }

    /// Reads what comes next in the root; says whether it closes it. None at the end of the text.
    #[inline]
    fn child(&mut self) -> Option<bool> {
        let gap = self.rest.iter().position(|b| *b == b'<')?;
        let tag = &self.rest[gap + 1..];
        if tag.starts_with(b"/Error>") {
            return Some(true);
        }
        if self.plain(tag).is_some() {
            return Some(false);
        }
        self.piece(tag)
    }

    /// As [`child`](Self::child), in an element of the root.
    fn inner(&mut self) -> Option<bool> {
        let gap = self.rest.iter().position(|b| *b == b'<')?;
        self.nesting.text(self.text, self.at()..self.at() + gap, false);
        self.piece(&self.rest[gap + 1..])
    }

    /// Reads what begins at the bracket before this.
    #[inline(never)]
    fn piece(&mut self, tag: &'a [u8]) -> Option<bool> {
        let text = self.text;
        let start = text.len() - tag.len() - 1;
        if let Some((prefix, length)) = simple_name(tag) {
            let (full, inside) = tag.split_at(length);
            self.element(Name { local: &full[prefix..], full, start: start + 1 + prefix }, &inside[1..]);
            return Some(false);
        }
        let bytes = text.as_bytes();
        let (markup, end) = markup::read(bytes, start)?;
        self.rest = &bytes[end..];
        match markup {
            Markup::Start { name, full, is_empty } => {
                let name = Name { local: &bytes[name.clone()], full: &bytes[full], start: name.start };
                if is_empty { self.leaf(name, Span::source(0, 0)) } else { self.element(name, self.rest) }
            }
            Markup::End(name) => return Some(self.end(&text[name])),
            Markup::Literal(inside) => self.nesting.text(text, inside, true),
            Markup::Bracket => self.nesting.text(text, start..end, false),
            Markup::DocType(_) | Markup::Nothing => {}
        }
        Some(false)
    }

    /// Reads a child of the root that has nothing but text in it, and that as it is meant.
    #[inline]
    fn plain(&mut self, tag: &'a [u8]) -> Option<()> {
        let (name, inside) = tag.split_at(letters(tag)?);
        let is_name = begins_with_letter(name) && name.len() <= MAX_NAME;
        let inside = inside.strip_prefix(b">").filter(|_| is_name)?;
        let (value, behind) = inside.split_at(text_length(inside)?);
        self.rest = without_end_tag(behind, name)?;
        let value = self.span(inside, trimmed(value, name));
        match Basic::of_element(name) {
            Some(basic) => self.fields.set(basic, value),
            None => self.fields.push(self.span(tag, 0..name.len()), value),
        }
        Some(())
    }

    /// Reads an element behind its start tag: all of it if it is a leaf.
    fn element(&mut self, name: Name<'a>, inside: &'a [u8]) {
        match self.value(name, inside) {
            Some((value, behind)) => {
                self.rest = behind;
                self.leaf(name, value);
            }
            None => {
                self.rest = inside;
                self.nesting.has_child();
                self.nesting.open(self.text, name.range());
            }
        }
    }

    /// The value of a leaf, and what stands behind its end tag.
    #[inline]
    fn value(&mut self, name: Name<'_>, inside: &'a [u8]) -> Option<(Span, &'a [u8])> {
        let (value, behind) = inside.split_at(text_length(inside)?);
        match without_end_tag(behind, name.full) {
            Some(behind) => Some((self.span(inside, trimmed(value, name.local)), behind)),
            None if begins_tag(behind) => None,
            None => self.decoded_value(name, inside),
        }
    }

    /// As [`value`](Self::value), for one that does not stand in the document letter by letter.
    #[inline(never)]
    fn decoded_value(&mut self, name: Name<'_>, inside: &'a [u8]) -> Option<(Span, &'a [u8])> {
        let text = &self.text[self.text.len() - inside.len()..];
        let out = self.fields.decoded_of(inside.len());
        let start = out.len();
        let Some(behind) = decode_up_to_end(text, name.full, out) else {
            out.truncate(start);
            return None;
        };
        let value = trim(&out.as_bytes()[start..], name.local);
        out.truncate(start + value.end);
        Some((self.fields.decoded_since(start + value.start), behind.as_bytes()))
    }

    /// Notes an element without children.
    fn leaf(&mut self, name: Name<'_>, value: Span) {
        if !self.nesting.is_empty() {
            self.nesting.has_child();
        }
        if self.nesting.keeps(name.local.len()) {
            self.note(name, value);
        }
    }

    fn note(&mut self, name: Name<'_>, value: Span) {
        if !self.nesting.is_empty() {
            self.note_nested(name, value);
        } else if let Some(basic) = Basic::of_element(name.local) {
            self.fields.set(basic, value);
        } else {
            let name = name.range();
            self.fields.push(Span::source(name.start, name.end), value);
        }
    }

    #[cold]
    fn note_nested(&mut self, name: Name<'_>, value: Span) {
        if self.fields.has_room() {
            let path = self.nesting.path(self.text, name.range(), self.fields);
            self.fields.push(path, value);
        }
    }

    /// Closes what an end tag ends; says whether that is the root.
    fn end(&mut self, name: &str) -> bool {
        match self.nesting.end(self.text, name) {
            Ended::Root => {
                while !self.nesting.is_empty() {
                    self.close();
                }
                return true;
            }
            Ended::Nothing => self.astray = Some(self.at()),
            Ended::Skipped => {}
            Ended::Open(count) => {
                for _ in 0..count {
                    self.close();
                }
            }
        }
        false
    }

    /// Closes the innermost element.
    fn close(&mut self) {
        let Some(element) = self.nesting.pop() else { return };
        let local = self.text[element.name.clone()].as_bytes();
        let name = Name { local, full: local, start: element.name.start };
        if let Some(value) = element.value(self.text, self.fields) {
            self.note(name, value);
        }
    }

    /// Whether the last thing in the root is an end tag of another name: it may have been meant for the root.
    fn ends_astray(&self) -> bool {
        self.astray.is_some_and(|end| self.text[end..].trim_ascii().is_empty())
    }

    fn at(&self) -> usize {
        self.text.len() - self.rest.len()
    }

    /// Where a part of an end of the text stands.
    fn span(&self, end: &[u8], part: Range<usize>) -> Span {
        let start = self.text.len() - end.len();
        Span::source(start + part.start, start + part.end)
    }
}

/// How long the prefix and all of the name in a start tag are, if there is nothing else in the tag.
fn simple_name(tag: &[u8]) -> Option<(usize, usize)> {
    let (mut prefix, mut length) = (0, 0);
    loop {
        length += letters(&tag[length..])?;
        match tag[length] {
            b'>' => return begins_with_letter(tag).then_some((prefix, length)),
            b':' if prefix == 0 => prefix = length + 1,
            b'-' | b'.' | b'0'..=b'9' => {}
            _ => return None,
        }
        length += 1;
    }
}

fn begins_with_letter(tag: &[u8]) -> bool {
    matches!(tag, [b'A'..=b'Z' | b'a'..=b'z' | b'_' | 0x80.., ..])
}

/// How far it is to the first byte that comes before the letters, of which eight are looked at in one go.
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
fn text_length(inside: &[u8]) -> Option<usize> {
    memchr3(b'<', b'&', b'\r', inside)
}

/// As [`trim`]; most values need none.
#[inline]
fn trimmed(value: &[u8], name: &[u8]) -> Range<usize> {
    match value {
        [first, .., last] if *first > b' ' && *last > b' ' => 0..value.len(),
        value => trim(value, name),
    }
}

/// What stands behind the end tag of this name, as XML writers write it.
#[inline]
fn without_end_tag<'a>(text: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    text.strip_prefix(b"</")?.strip_prefix(name)?.strip_prefix(b">")
}

/// Whether a text begins with a tag, or what looks like one.
fn begins_tag(text: &[u8]) -> bool {
    matches!(text, [b'<', next, ..] if *next == b'/' || markup::begins_name(*next))
}

/// Appends what the text of a leaf stands for; returns the text behind its end tag. None if it is not a leaf.
fn decode_up_to_end<'a>(mut text: &'a str, name: &[u8], out: &mut String) -> Option<&'a str> {
    loop {
        let length = text_length(text.as_bytes())?;
        out.push_str(&text[..length]);
        text = &text[length..];
        if !text.starts_with('<') {
            text = decode_first(text, out);
            continue;
        }
        if let Some(behind) = without_end_tag(text.as_bytes(), name) {
            return text.get(text.len() - behind.len()..);
        }
        let (markup, end) = markup::read(text.as_bytes(), 0)?;
        match markup {
            Markup::Start { .. } | Markup::End(_) => return None,
            Markup::Literal(inside) => decode(&text[inside], true, out),
            Markup::Bracket => out.push('<'),
            Markup::DocType(_) | Markup::Nothing => {}
        }
        text = &text[end..];
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::kind;

    /// What a document says, a line each, and whether its root is closed.
    fn of(text: &str) -> (Vec<String>, bool) {
        let mut fields = Fields::default();
        let root = kind::of(text.as_bytes()).1;
        let closed = read(text, root, &mut fields);
        fields.set_source(text.to_owned());
        let basic = Basic::ALL.iter().filter_map(|(basic, name)| Some((*name, fields.get(*basic)?)));
        let lines = basic.chain(fields.others()).map(|(name, value)| format!("{name}={value}")).collect();
        (lines, closed)
    }

    #[test]
    fn a_flaw_loses_nothing_behind_it() {
        for (flaw, expected) in [
            ("<Message>x</b>y</Message>", &["Message=x"][..]),
            ("<Message>Bad<br>gateway</Message>", &["Message=Bad", "Message/br=gateway"]),
            ("<Message>a<b>c<i>d</Message>", &["Message=a", "Message/b/i=d", "Message/b=c"]),
            ("</Extra>", &[]),
            ("<X>1</x><Y>2</ Y><Y>3</a:Y z='1'>", &["X=1", "Y=2", "Y=3"]),
            ("<X>1</Y><Z>2</Z></X>", &["X=1", "Z=2"]),
            ("<HostId>h</Host><EC>e</E><X>1</X>", &["HostId=h", "EC=e", "X=1"]),
            ("<X><Y>1</y></X>", &["X/Y=1"]),
            ("<Message>size < 5 and > 3</Message>", &["Message=size < 5 and > 3"]),
            ("<Message>a < b</Message>", &["Message=a < b"]),
            ("<Message>a<5</Message>", &["Message=a<5"]),
            ("<Message>a<!FOO>b</Message><!BAR>", &["Message=ab"]),
            ("<Message>a<![cdata[<b>]]>c</Message>", &["Message=a<b>c"]),
            ("<Message></Message><Message> </Message><Message>b</Message>", &["Message=b"]),
        ] {
            let text = format!("<Error>{flaw}<Code>A</Code></Error>");
            let (mut lines, closed) = of(&text);
            assert!(closed, "{text}");
            assert_eq!(lines.remove(0), "Code=A", "{text}");
            assert_eq!(lines, expected, "{text}");
        }
    }

    #[test]
    fn the_root_is_closed_by_its_own_name_or_by_the_last_tag() {
        for (text, is_closed) in [
            (" <!-- --> <Error/>", true),
            ("<Error><Code></Error>", true),
            ("<a:Error></Error>", true),
            ("<Error></error>", true),
            ("<Error></Errors> ", true),
            ("<Error></Errors><Code>", false),
            ("<Error><X></error>", false),
            ("<Error><Error></Error>", false),
        ] {
            assert_eq!(of(text).1, is_closed, "{text}");
        }
    }

    #[test]
    fn what_is_skipped_ends_where_it_began() {
        let long = "n".repeat(300);
        for (start, end) in [
            ("<a>".repeat(20), "</a>".repeat(20)),
            ("<a>".repeat(300), "</a>".repeat(300)),
            ("<Error>".repeat(20), "</Error>".repeat(20)),
            (format!("<a>{}", "<b><c>".repeat(10)), "</c></b>".repeat(10) + "</a>"),
            (format!("<{long}><Code>"), format!("</Code></{long}>")),
            (format!("<X><{long}><{long}>"), "</X>".to_owned()),
            (format!("<X>{}", "<b>".repeat(20)), "</X>".to_owned()),
        ] {
            let text = format!("<Error>{start}<Code>B</Code>{end}<Code>A</Code></Error>");
            assert_eq!(of(&text), (vec!["Code=A".to_owned()], true), "{text}");
        }
    }
}
