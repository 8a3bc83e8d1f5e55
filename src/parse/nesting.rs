//! The elements that are open while another one is read.

use std::ops::Range;

use memchr::memchr2;

use super::{is_blank, text::decode, trim};
use crate::error::{Fields, MAX_DEPTH, MAX_NAME, Span};

/// The open elements that have children. A document without any allocates nothing here.
#[derive(Default)]
pub(super) struct Nesting {
    /// Outermost first: the root, and the open elements in it.
    open: Vec<Element>,
    /// How many open elements are not kept, all of them inside of the last of `open`.
    skipped: usize,
}

#[derive(Default)]
struct Element {
    name: Range<usize>,
    value: Value,
    has_children: bool,
    /// How many of the skipped elements have its name.
    namesakes: usize,
}

/// What an end tag ends.
#[derive(Debug, PartialEq)]
pub(super) enum Ended {
    /// This many of the elements that are kept, the innermost first.
    Elements(usize),
    Root,
    /// No element: none is open in the root.
    Nothing,
}

impl Nesting {
    /// Whether the next element is a child of the root.
    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.open.len() < 2 && self.skipped == 0
    }

    /// Adds a child whose name has this length. Returns whether it is kept: not too deep, with a
    /// path that is short enough.
    #[inline]
    pub(super) fn keeps_child(&mut self, name: usize) -> bool {
        if self.is_empty() { name <= MAX_NAME } else { self.keeps_nested(name) }
    }

    fn keeps_nested(&mut self, name: usize) -> bool {
        let outer: usize = self.outer().map(|outer| outer.len() + 1).sum();
        match self.open.last_mut() {
            Some(parent) if self.skipped == 0 => parent.has_children = true,
            _ => return false,
        }
        self.open.len() <= MAX_DEPTH && outer + name <= MAX_NAME
    }

    /// The names of the elements inside of the root.
    fn outer(&self) -> impl Iterator<Item = &Range<usize>> {
        self.open.iter().skip(1).map(|element| &element.name)
    }

    /// Opens an element, to keep it or to skip it.
    pub(super) fn open(&mut self, text: &str, name: Range<usize>) {
        let is_kept = self.keeps_child(name.len());
        if self.open.is_empty() {
            self.open.push(Element::default());
        }
        if is_kept {
            self.open.push(Element { name, ..Element::default() });
            return;
        }
        if self.skipped == 0 {
            self.open.iter_mut().for_each(|element| element.namesakes = 0);
        }
        self.skipped += 1;
        if let Some(at) = self.nearest(text, &text[name]) {
            self.open[at].namesakes += 1;
        }
    }

    /// Ends the nearest element of this name and everything open in it. An unknown name ends the
    /// innermost element, so that a wrong name loses only its own value. At the root, it ends
    /// nothing.
    pub(super) fn end(&mut self, text: &str, name: &str) -> Ended {
        let nearest = self.nearest(text, name);
        if self.skipped > 0 && nearest.is_none_or(|at| self.open[at].namesakes > 0) {
            self.skipped -= 1;
            if let Some(at) = nearest {
                self.open[at].namesakes -= 1;
            }
            return Ended::Elements(0);
        }
        self.skipped = 0;
        match nearest {
            Some(0) => Ended::Root,
            Some(at) => Ended::Elements(self.open.len() - at),
            None if self.open.len() > 1 => Ended::Elements(1),
            None if name == "Error" => Ended::Root,
            None => Ended::Nothing,
        }
    }

    fn nearest(&self, text: &str, name: &str) -> Option<usize> {
        let is_of_name = |element: &Element| &text[element.name.clone()] == name;
        let inner = self.open.iter().skip(1).rposition(is_of_name).map(|at| at + 1);
        inner.or_else(|| (name == "Error" && !self.open.is_empty()).then_some(0))
    }

    /// Adds to the value of the innermost element.
    pub(super) fn text(&mut self, text: &str, range: Range<usize>, literal: bool) {
        let is_kept = self.skipped == 0 && self.open.len() > 1;
        if let Some(element) = self.open.last_mut().filter(|_| is_kept) {
            element.value.push(text, range, literal, element.has_children);
        }
    }

    /// Closes the innermost element inside of the root. Returns its name and its value. An element
    /// with children has a value only if it also has text.
    pub(super) fn close(&mut self, text: &str, fields: &mut Fields) -> Option<(Range<usize>, Option<Span>)> {
        if self.is_empty() {
            return None;
        }
        let element = self.open.pop()?;
        let value = element.value.finish(text, &text[element.name.clone()], fields);
        Some((element.name, (!element.has_children || !value.is_empty()).then_some(value)))
    }

    /// The path of an element in here: the names, separated by slashes.
    pub(super) fn path(&self, text: &str, name: Range<usize>, fields: &mut Fields) -> Span {
        let out = fields.decoded_of(text.len() - name.start);
        let start = out.len();
        for outer in self.outer() {
            out.push_str(&text[outer.clone()]);
            out.push('/');
        }
        out.push_str(&text[name]);
        fields.decoded_since(start)
    }
}

/// The text of an element with children: a range of the document if possible, else a copy.
#[derive(Default)]
struct Value {
    range: Range<usize>,
    /// The range is that of a CDATA section.
    literal: bool,
    copy: Option<String>,
}

impl Value {
    /// Appends a part. Blanks between children are ignored.
    fn push(&mut self, text: &str, range: Range<usize>, literal: bool, has_children: bool) {
        let so_far = &text[self.range.clone()];
        if self.copy.is_none() && (so_far.is_empty() || has_children && so_far.bytes().all(is_blank)) {
            (self.range, self.literal) = (range, literal);
        } else {
            let copy = self.copy.get_or_insert_with(|| {
                let mut copy = String::new();
                decode(so_far, self.literal, &mut copy);
                copy
            });
            decode(&text[range], literal, copy);
        }
    }

    /// Trims the value, unless its blanks are part of a signed text.
    fn finish(self, text: &str, name: &str, fields: &mut Fields) -> Span {
        if let Some(copy) = self.copy {
            return fields.decode(&copy[trim(copy.as_bytes(), name.as_bytes())]);
        }
        let raw = &text[self.range.clone()];
        let value = trim(raw.as_bytes(), name.as_bytes());
        if memchr2(b'&', b'\r', raw[value.clone()].as_bytes()).is_none() {
            return Span::source(self.range.start + value.start, self.range.start + value.end);
        }
        let mut copy = String::new();
        decode(&raw[value], self.literal, &mut copy);
        fields.decode(&copy[trim(copy.as_bytes(), name.as_bytes())])
    }
}
