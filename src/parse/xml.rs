use std::ops::Range;

use quick_xml::events::{BytesEnd, BytesRef, BytesStart, Event};

use super::{markup::Markup, trim};
use crate::error::{Basic, Fields, MAX_DEPTH, MAX_NAME, Span};

/// Reads the elements of an error document; says whether its root is closed.
///
/// Elements count when they are closed, so that half a value is never taken for a value.
pub(super) fn read(text: &str, fields: &mut Fields) -> bool {
    let mut document = Document { text, fields, open: Vec::new(), skipped: 0, ends_astray: false };
    for (event, range) in Markup::new(text) {
        document.ends_astray &= matches!(&event, Event::Text(text) if text.trim_ascii().is_empty());
        match event {
            Event::Start(tag) => document.open(&tag, range.start),
            Event::Empty(_) if document.open.is_empty() => return true,
            _ if document.open.is_empty() => continue,
            Event::Empty(tag) => {
                document.open(&tag, range.start);
                document.end(tag.local_name().into_inner());
            }
            Event::End(tag) => document.end(name_of(&tag)),
            Event::Text(_) => document.text(range),
            Event::CData(_) => document.text(range.start + "<![CDATA[".len()..range.end - "]]>".len()),
            Event::GeneralRef(reference) => document.reference(&reference),
            Event::Comment(_) | Event::PI(_) | Event::Decl(_) | Event::DocType(_) | Event::Eof => continue,
        }
        if document.open.is_empty() {
            return true;
        }
    }
    document.ends_astray
}

/// The local name in an end tag, whatever stands around it.
fn name_of<'a>(tag: &'a BytesEnd<'_>) -> &'a str {
    let mut words = tag.name().into_inner().split(|c: char| c == '<' || c.is_ascii_whitespace());
    let name = words.find(|word| !word.is_empty()).unwrap_or_default();
    name.split_once(':').map_or(name, |(_, local)| local)
}

struct Document<'a> {
    text: &'a str,
    fields: &'a mut Fields,
    /// The root and the open elements in it, outermost first.
    open: Vec<Element>,
    /// How many elements are open that are not kept, all of them inside the last of `open`.
    skipped: usize,
    /// The last thing in the root was an end tag of another name: it may have been meant for the root.
    ends_astray: bool,
}

struct Element {
    name: Range<usize>,
    value: Value,
    has_children: bool,
    /// How many of the skipped elements have its name.
    namesakes: usize,
}

impl<'a> Document<'a> {
    fn open(&mut self, tag: &BytesStart<'_>, start: usize) {
        let (name, local) = (tag.name().into_inner(), tag.local_name().into_inner());
        if let (0, Some(parent)) = (self.skipped, self.open.last_mut()) {
            parent.has_children = true;
        }
        let outer: usize = self.open.iter().skip(1).map(|element| element.name.len() + 1).sum();
        let is_root = self.open.is_empty();
        if !is_root && (self.skipped > 0 || self.open.len() > MAX_DEPTH || outer + local.len() > MAX_NAME) {
            self.skip(local);
            return;
        }
        let end = start + "<".len() + name.len();
        self.open.push(Element {
            name: end - local.len()..end,
            value: Value::default(),
            has_children: false,
            namesakes: 0,
        });
    }

    fn skip(&mut self, name: &str) {
        if self.skipped == 0 {
            self.open.iter_mut().for_each(|element| element.namesakes = 0);
        }
        self.skipped += 1;
        if let Some(at) = self.nearest(name) {
            self.open[at].namesakes += 1;
        }
    }

    /// Closes the nearest element of the name and all that is open in it. A tag that names none closes the innermost
    /// element, so that a wrong name costs no more than its own value; at the root, it is passed over.
    fn end(&mut self, name: &str) {
        let nearest = self.nearest(name);
        if self.skipped > 0 && nearest.is_none_or(|at| self.open[at].namesakes > 0) {
            self.skipped -= 1;
            if let Some(at) = nearest {
                self.open[at].namesakes -= 1;
            }
        } else if let Some(at) = nearest {
            self.skipped = 0;
            while self.open.len() > at {
                self.close();
            }
        } else if self.open.len() > 1 {
            self.close();
        } else {
            self.ends_astray = true;
        }
    }

    fn nearest(&self, name: &str) -> Option<usize> {
        self.open.iter().rposition(|element| self.name(element) == name)
    }

    fn name(&self, element: &Element) -> &'a str {
        &self.text[element.name.clone()]
    }

    /// Closes the innermost element.
    fn close(&mut self) {
        let Some(element) = self.open.pop() else { return };
        if self.open.is_empty() {
            return; // the text of the root says nothing
        }
        let name = self.name(&element);
        let basic = Basic::of_element(name.as_bytes()).filter(|_| self.open.len() == 1);
        if !basic.map_or(self.fields.has_room(), |basic| self.fields.lacks(basic)) {
            return;
        }
        let value = element.value.finish(self.text, name, self.fields);
        if let Some(basic) = basic {
            self.fields.set(basic, value);
        } else if !element.has_children || !value.is_empty() {
            let name = self.path(&element.name);
            self.fields.push(name, value);
        }
    }

    /// The names of the open elements and of this one, with slashes between them.
    fn path(&mut self, name: &Range<usize>) -> Span {
        if self.open.len() == 1 {
            return Span::source(name.start, name.end);
        }
        let outer = self.open.iter().skip(1).map(|element| &element.name);
        let names: Vec<_> = outer.chain([name]).map(|name| &self.text[name.clone()]).collect();
        self.fields.decode(&names.join("/"))
    }

    fn value(&mut self) -> Option<&mut Value> {
        let is_kept = self.skipped == 0 && self.open.len() > 1;
        self.open.last_mut().filter(|_| is_kept).map(|element| &mut element.value)
    }

    fn text(&mut self, range: Range<usize>) {
        let text = self.text;
        if let Some(value) = self.value() {
            value.push_range(text, range);
        }
    }

    fn reference(&mut self, reference: &BytesRef<'_>) {
        let text = self.text;
        let Some(value) = self.value().map(|value| value.own(text)) else { return };
        match &**reference {
            "lt" => value.push('<'),
            "gt" => value.push('>'),
            "amp" => value.push('&'),
            "quot" => value.push('"'),
            "apos" => value.push('\''),
            name if name.starts_with('#') => {
                value
                    .push(reference.resolve_char_ref().ok().flatten().unwrap_or(char::REPLACEMENT_CHARACTER));
            }
            // Entities of the document's own are never expanded.
            name => value.extend(["&", name, ";"]),
        }
    }
}

/// The text of an element: a range of the document for as long as it is one, then a copy.
#[derive(Default)]
struct Value {
    range: Range<usize>,
    copy: Option<String>,
}

impl Value {
    fn push_range(&mut self, text: &str, range: Range<usize>) {
        let part = &text[range.clone()];
        if self.copy.is_none() && self.range.is_empty() && !part.contains('\r') {
            self.range = range;
        } else {
            push_lines(self.own(text), part);
        }
    }

    fn own(&mut self, text: &str) -> &mut String {
        self.copy.get_or_insert_with(|| text[self.range.clone()].to_owned())
    }

    /// Trims the value, unless its blanks are part of what was signed.
    fn finish(self, text: &str, name: &str, fields: &mut Fields) -> Span {
        if let Some(copy) = self.copy {
            return fields.decode(&copy[trim(copy.as_bytes(), name.as_bytes())]);
        }
        let value = trim(text[self.range.clone()].as_bytes(), name.as_bytes());
        Span::source(self.range.start + value.start, self.range.start + value.end)
    }
}

/// Appends a text with its line ends as XML defines them: each a single line feed.
fn push_lines(out: &mut String, text: &str) {
    for (i, line) in text.split('\r').enumerate() {
        let line = if i == 0 {
            line
        } else {
            out.push('\n');
            line.strip_prefix('\n').unwrap_or(line)
        };
        out.push_str(line);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a document says, a line each, and whether its root is closed.
    fn of(text: &str) -> (Vec<String>, bool) {
        let mut fields = Fields::default();
        let closed = read(text, &mut fields);
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
