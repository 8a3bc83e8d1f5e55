use std::{mem, ops::Range};

use quick_xml::{
    Reader,
    events::{BytesRef, BytesStart, Event},
    reader::Config,
};

use super::{skip_preamble, trim};
use crate::error::{Basic, Fields, MAX_DEPTH, MAX_NAME, Span};

/// OSS's documents are read as they come: nothing in them is worth failing for.
pub(super) fn configure(config: &mut Config) {
    config.allow_dangling_amp = true;
    config.allow_unmatched_ends = true;
    config.check_end_names = false;
}

/// Reads the elements of an error document; says whether its root is closed.
///
/// Elements count when they are closed, so that half a value is never taken for a value.
pub(super) fn read(text: &str, fields: &mut Fields) -> bool {
    let rest = skip_preamble(text.as_bytes()).len();
    let base = text.len() - rest;
    let mut reader = Reader::from_str(&text[base..]);
    configure(reader.config_mut());

    let mut document = Document { text, fields, open: Vec::new(), skipped: 0 };
    let mut inside = false;
    let mut at = base;
    loop {
        let Ok(event) = reader.read_event() else { return false };
        let end = base + usize::try_from(reader.buffer_position()).unwrap_or(rest);
        let range = mem::replace(&mut at, end)..end;
        match event {
            Event::Eof => return false,
            Event::Start(_) if !inside => inside = true,
            Event::Empty(_) if !inside => return true,
            _ if !inside => {}
            Event::Start(tag) => document.open(&tag, range.start),
            Event::Empty(tag) => {
                document.open(&tag, range.start);
                document.close();
            }
            Event::End(_) if document.is_at_root() => return true,
            Event::End(_) => document.close(),
            Event::Text(_) => document.text(range),
            Event::CData(_) => document.text(range.start + "<![CDATA[".len()..range.end - "]]>".len()),
            Event::GeneralRef(reference) => document.reference(&reference),
            Event::Comment(_) | Event::PI(_) | Event::Decl(_) | Event::DocType(_) => {}
        }
    }
}

struct Document<'a> {
    text: &'a str,
    fields: &'a mut Fields,
    /// The open elements below the root, outermost first.
    open: Vec<Element>,
    /// How many elements are open that are not kept, all of them inside the last of `open`.
    skipped: usize,
}

struct Element {
    name: Range<usize>,
    value: Value,
    has_children: bool,
}

impl Document<'_> {
    fn is_at_root(&self) -> bool {
        self.open.is_empty() && self.skipped == 0
    }

    fn open(&mut self, tag: &BytesStart<'_>, start: usize) {
        let (name, local) = (tag.name().into_inner(), tag.local_name().into_inner());
        if let (0, Some(parent)) = (self.skipped, self.open.last_mut()) {
            parent.has_children = true;
        }
        if self.skipped > 0 || self.open.len() == MAX_DEPTH || local.len() > MAX_NAME {
            self.skipped += 1;
            return;
        }
        let end = start + "<".len() + name.len();
        self.open.push(Element {
            name: end - local.len()..end,
            value: Value::default(),
            has_children: false,
        });
    }

    fn close(&mut self) {
        if self.skipped > 0 {
            self.skipped -= 1;
            return;
        }
        let Some(element) = self.open.pop() else { return };
        let name = &self.text[element.name.clone()];
        let basic = Basic::of_element(name.as_bytes()).filter(|_| self.open.is_empty());
        if basic.is_none() && !self.fields.has_room() {
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
        if self.open.is_empty() {
            return Span::source(name.start, name.end);
        }
        let outer = self.open.iter().map(|element| &element.name);
        let names: Vec<_> = outer.chain([name]).map(|name| &self.text[name.clone()]).collect();
        self.fields.decode(&names.join("/"))
    }

    fn value(&mut self) -> Option<&mut Value> {
        if self.skipped > 0 { None } else { self.open.last_mut().map(|element| &mut element.value) }
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
