//! The elements that are open while another one is read.

use super::{text::decode, trim};
use crate::error::{Fields, MAX_DEPTH, MAX_NAME, Span, range_of};

const ROOT: &str = "Error";

/// The open elements that have children. A document without any allocates nothing here.
#[derive(Default)]
pub(super) struct Nesting<'a> {
    /// Outermost first: the root, and the open elements in it.
    open: Vec<Element<'a>>,
    /// The decoded texts of the open elements, one after the other.
    texts: String,
    /// How many open elements are not kept, all of them inside of the last of `open`.
    skipped: usize,
}

#[derive(Default)]
struct Element<'a> {
    name: &'a str,
    /// Where its text starts in all of them.
    text: usize,
    /// The end of its text, and whether it is literal. It is not decoded yet: a cut element never is.
    last: Option<(&'a str, bool)>,
    has_children: bool,
    /// How many of the skipped elements have its name.
    namesakes: usize,
}

impl Element<'_> {
    /// Decodes the end of the text. Blanks between children are ignored.
    fn decode_last(&mut self, texts: &mut String) {
        let is_first = self.text == texts.len();
        let is_ignored = |text: &str| self.has_children && is_first && text.trim_ascii().is_empty();
        if let Some((text, literal)) = self.last.filter(|(text, _)| !is_ignored(text)) {
            decode(text, literal, texts);
        }
    }
}

impl<'a> Nesting<'a> {
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
    fn outer(&self) -> impl Iterator<Item = &str> {
        self.open.iter().skip(1).map(|element| element.name)
    }

    /// Opens an element, to keep it or to skip it.
    pub(super) fn open(&mut self, name: &'a str) {
        let is_kept = self.keeps_child(name.len());
        if self.open.is_empty() {
            self.open.push(Element { name: ROOT, ..Element::default() });
        }
        if is_kept {
            self.open.push(Element { name, text: self.texts.len(), ..Element::default() });
            return;
        }
        if self.skipped == 0 {
            self.open.iter_mut().for_each(|element| element.namesakes = 0);
        }
        self.skipped += 1;
        if let Some(at) = self.nearest(name.as_bytes()) {
            self.open[at].namesakes += 1;
        }
    }

    /// Finds the nearest element of this name, which ends with everything open in it. An unknown name
    /// ends the innermost element, so that a wrong name loses only its own value.
    ///
    /// Returns how many elements stay open, the root included, or `None` if the name is unknown and
    /// only the root is open.
    pub(super) fn end(&mut self, name: &[u8]) -> Option<usize> {
        let nearest = self.nearest(name);
        if self.skipped > 0 && nearest.is_none_or(|at| self.open[at].namesakes > 0) {
            self.skipped -= 1;
            if let Some(at) = nearest {
                self.open[at].namesakes -= 1;
            }
            return Some(self.open.len());
        }
        self.skipped = 0;
        let innermost = self.open.len().checked_sub(1).filter(|at| *at > 0);
        nearest.or(innermost).or((name == ROOT.as_bytes()).then_some(0))
    }

    fn nearest(&self, name: &[u8]) -> Option<usize> {
        self.open.iter().rposition(|element| element.name.as_bytes() == name)
    }

    /// Adds to the text of the innermost element.
    pub(super) fn text(&mut self, text: &'a str, literal: bool) {
        let is_kept = self.skipped == 0 && self.open.len() > 1;
        if let Some(element) = self.open.last_mut().filter(|_| is_kept) {
            element.decode_last(&mut self.texts);
            element.last = Some((text, literal));
        }
    }

    /// Closes the innermost element, if more than these are open and it is not the root. Returns its
    /// name and its value. An element with children has a value only if it also has text.
    pub(super) fn close(&mut self, left: usize, fields: &mut Fields) -> Option<(&'a str, Option<Span>)> {
        if self.open.len() <= left.max(1) {
            return None;
        }
        let mut element = self.open.pop()?;
        element.decode_last(&mut self.texts);
        let Element { name, text, has_children, .. } = element;
        let value = range_of(&self.texts, trim(&self.texts.as_bytes()[text..], name.as_bytes()));
        let value = (!has_children || !value.is_empty()).then(|| fields.decode(&self.texts[value]));
        self.texts.truncate(text);
        Some((name, value))
    }

    /// The path of an element in here: the names, separated by slashes. It is as far from the end of
    /// the document as its name.
    pub(super) fn path(&self, name: &str, left: usize, fields: &mut Fields) -> Span {
        let out = fields.decoded_of(left);
        let start = out.len();
        for outer in self.outer() {
            out.push_str(outer);
            out.push('/');
        }
        out.push_str(name);
        fields.decoded_since(start)
    }
}
