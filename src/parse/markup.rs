use std::{mem, ops::Range};

use quick_xml::{
    Reader,
    events::{BytesCData, BytesText, Event},
};

/// How many faults are read past. Each may have been looked for up to the end of the text: more would not be linear.
const MAX_FAULTS: usize = 32;

/// How many open elements a reader may remember: their names are of no use, and cost more than the document.
const MAX_REMEMBERED: usize = 256;

const CDATA: &str = "<![CDATA[";

/// The events of a document and where they stand, past what the reader below would stop at.
///
/// A fault is passed by beginning anew behind it: that costs nothing.
pub(super) struct Markup<'a> {
    text: &'a str,
    reader: Reader<&'a [u8]>,
    /// Where the reader began.
    base: usize,
    /// Where the next event begins.
    at: usize,
    remembered: usize,
    faults: usize,
}

impl<'a> Markup<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        let at = text.len() - super::skip_preamble(text.as_bytes()).len();
        Self { text, reader: reader(&text[at..]), base: at, at, remembered: 0, faults: 0 }
    }

    /// Whether the reader took more for markup than is meant.
    fn is_faulty(&self, event: &Event<'_>, start: usize) -> bool {
        let text = &self.text[start..self.at];
        match event {
            Event::Start(_) | Event::Empty(_) => !begins_tag(text) || has_stray_bracket(&text[1..]),
            Event::Decl(_) => text[..text.len() - 1].contains('>'), // `<?xml version="1.0">`
            _ => false,
        }
    }

    /// Goes on behind a fault, and says what it counts as. None if the text is cut there.
    fn pass(&mut self, start: usize) -> Option<(Event<'a>, Range<usize>)> {
        let rest = &self.text[start..];
        let (event, length) = if begins(rest, CDATA) {
            (Event::CData(BytesCData::new("")), rest.find("]]>")? + "]]>".len())
        } else if begins(rest, "<!") || begins(rest, "<?") {
            (Event::Comment(BytesText::from_escaped("")), rest.find('>')? + ">".len())
        } else {
            (Event::Text(BytesText::from_escaped("<")), "<".len())
        };
        self.restart(start + length);
        Some((event, start..start + length))
    }

    fn remember(&mut self, event: &Event<'_>) {
        match event {
            Event::Start(_) if self.remembered == MAX_REMEMBERED => self.restart(self.at),
            Event::Start(_) => self.remembered += 1,
            Event::End(_) => self.remembered = self.remembered.saturating_sub(1),
            _ => {}
        }
    }

    fn restart(&mut self, at: usize) {
        // A reader takes a byte order mark away and does not count it.
        let rest = self.text[at..].trim_start_matches('\u{feff}');
        self.reader = reader(rest);
        self.base = self.text.len() - rest.len();
        self.at = self.base;
        self.remembered = 0;
    }
}

impl<'a> Iterator for Markup<'a> {
    type Item = (Event<'a>, Range<usize>);

    /// The next event; none at the end, or where the text is cut.
    fn next(&mut self) -> Option<Self::Item> {
        let event = self.reader.read_event();
        let read = usize::try_from(self.reader.buffer_position()).unwrap_or(usize::MAX);
        let start = mem::replace(&mut self.at, self.base.saturating_add(read).min(self.text.len()));
        match event {
            Ok(Event::Eof) => None,
            Ok(event) if self.faults == MAX_FAULTS || !self.is_faulty(&event, start) => {
                let range = start..self.at;
                self.remember(&event);
                Some((event, range))
            }
            Err(_) if self.faults == MAX_FAULTS || is_cut(&self.text[start..]) => None,
            Ok(_) | Err(_) => {
                self.faults += 1;
                self.pass(start)
            }
        }
    }
}

/// OSS's documents are read as they come: nothing in them is worth failing for.
fn reader(text: &str) -> Reader<&[u8]> {
    let mut reader = Reader::from_str(text);
    let config = reader.config_mut();
    config.allow_dangling_amp = true;
    config.allow_unmatched_ends = true;
    config.check_end_names = false;
    reader
}

/// Whether markup that has no end is right so far.
fn is_cut(text: &str) -> bool {
    let is_declaration = begins(text, "<?xml") && text.contains('>');
    let is_known = ["<!--", "<!DOCTYPE", "</", "<?"].iter().any(|start| begins(text, start));
    text.starts_with(CDATA) || begins_tag(text) || (is_known && !is_declaration)
}

/// Whether another tag begins in a tag, outside of its quotes.
fn has_stray_bracket(tag: &str) -> bool {
    let mut quote = None;
    tag.bytes().any(|byte| {
        match quote {
            None if matches!(byte, b'"' | b'\'') => quote = Some(byte),
            Some(open) if open == byte => quote = None,
            _ => {}
        }
        byte == b'<' && quote.is_none()
    })
}

fn begins(text: &str, start: &str) -> bool {
    text.as_bytes().get(..start.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(start.as_bytes()))
}

/// Whether a name stands behind the `<`. In `a < b` there is none: it is text.
fn begins_tag(text: &str) -> bool {
    let first = text.as_bytes().get(1);
    first.is_some_and(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b':') || !b.is_ascii())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The events, each as the text it stands for, with bars between them.
    fn events(text: &str) -> String {
        Markup::new(text).map(|(_, range)| &text[range]).collect::<Vec<_>>().join("|")
    }

    #[test]
    fn faults_are_passed_over() {
        for (text, expected) in [
            ("<a>b</a>", "<a>|b|</a>"),
            ("<a><!FOO>b</a>", "<a>|<!FOO>|b|</a>"),
            ("<a><!FOO>\u{feff}b</a>", "<a>|<!FOO>|b|</a>"),
            ("<a><![if x]>b<![endif]></a>", "<a>|<![if x]>|b|<![endif]>|</a>"),
            ("<a><![cdata[<b>]]>c</a>", "<a>|<![cdata[<b>]]>|c|</a>"),
            ("<a>b < c</a>", "<a>|b |<| c|</a>"),
            ("<a>b <= \"c</a>", "<a>|b |<|= \"c|</a>"),
            ("<a b='<' c=\"'<\">d</a>", "<a b='<' c=\"'<\">|d|</a>"),
            ("<a><></a>", "<a>|<|>|</a>"),
            ("<a>b<5</a>", "<a>|b|<|5|</a>"),
            ("<?xml version='1.0'><a/><?b?>", "<?xml version='1.0'>|<a/>|<?b?>"),
            ("<?xml version='1.0'><a/>", "<?xml version='1.0'>|<a/>"),
            // Cut: there may be more of it to come.
            ("<a><!FOO", "<a>"),
            ("<a><![CDATA[ > ", "<a>"),
            ("<a><![cdata[ > ", "<a>"),
            ("<a><!-- > ", "<a>"),
            ("<a><!DOCTYPE b [ > ", "<a>"),
            ("<a><?b > ", "<a>"),
            ("<a><b c='>", "<a>"),
            ("<a></b c='>", "<a>"),
        ] {
            assert_eq!(events(text), expected, "{text}");
        }
    }

    #[test]
    fn only_so_much_is_passed_over_and_remembered() {
        for start in ["<a>", "<!x>", "<![x>", "< ", "<", "<a <", "<?xml >"] {
            let text = start.repeat(10_000);
            let mut markup = Markup::new(&text);
            while markup.next().is_some() {
                assert!(markup.remembered <= MAX_REMEMBERED && markup.faults <= MAX_FAULTS);
            }
        }
    }
}
