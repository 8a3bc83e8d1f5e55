//! The members of a JSON error document.
//!
//! Not serde_json: it stops at the first flaw, such as a wrong escape, and a visitor on it keeps
//! only what precedes that. The request id may come after it. This reader tolerates extra and
//! missing commas, comments, broken escapes, line breaks in strings and numbers of any form.

mod escape;
mod token;

use std::borrow::Cow;

use self::{
    escape::decode,
    token::{Raw, Token, Tokens},
};
use super::{decoded_since, trim};
use crate::error::{Basic, Basics, Fields, MAX_DEPTH, MAX_NAME, Span};

/// The outcome of reading a JSON body.
#[derive(Debug, PartialEq)]
pub(super) struct JsonOutcome {
    /// It may be an error document of OSS.
    pub(super) is_oss: bool,
    /// It has neither an object `Error` nor a code, like the errors of many gateways.
    pub(super) is_bare: bool,
    /// It is complete.
    pub(super) closed: bool,
}

/// Reads the document that begins here. It has one of three shapes: the members in an object
/// `Error`, the same members at the top, or only a `message` at the top. Values before a cut are
/// kept.
pub(super) fn read(text: &str, start: usize, fields: &mut Fields) -> JsonOutcome {
    let mut document = JsonDocument {
        text,
        fields,
        basics: Default::default(),
        open: Vec::new(),
        name: None,
        has_envelope: false,
        skipped: [0; 2],
    };
    let mut closed = false;
    let mut tokens = Tokens { text, at: start };
    while let (false, Some(token)) = (closed, tokens.next()) {
        match token {
            Token::Mark(b',') => document.name = None,
            Token::Mark(mark @ (b'{' | b'[')) => document.open(mark == b'['),
            Token::Mark(mark) => closed = document.close(mark == b']'),
            Token::Text(raw) => document.text(raw),
            Token::Word(word) => document.word(word),
        }
    }
    document.finish(closed)
}

struct JsonDocument<'a> {
    text: &'a str,
    fields: &'a mut Fields,
    /// The basic values beside the object `Error`, and those in it.
    basics: [Basics; 2],
    /// The open objects and arrays, outermost first.
    open: Vec<Open<'a>>,
    /// The name of the member whose value comes next.
    name: Option<Cow<'a, str>>,
    has_envelope: bool,
    /// How many open objects and how many open arrays are not kept, all of them inside the last of
    /// `open`.
    skipped: [usize; 2],
}

struct Open<'a> {
    is_array: bool,
    /// The name that it adds to the paths of its members. An array in an array has none, and neither
    /// has the object `Error`.
    name: Option<Cow<'a, str>>,
}

/// The names in the path of a value: those of the open objects and arrays, and its own. The
/// elements of an array have the array's name.
fn path<'n, 'a>(
    open: &'n [Open<'a>],
    name: Option<&'n Cow<'a, str>>,
) -> impl Iterator<Item = &'n Cow<'a, str>> {
    open.iter().filter_map(|open| open.name.as_ref()).chain(name)
}

fn only<T>(mut names: impl Iterator<Item = T>) -> Option<T> {
    names.next().filter(|_| names.next().is_none())
}

impl<'a> JsonDocument<'a> {
    fn open(&mut self, is_array: bool) {
        let name = self.name.take();
        let deepest = MAX_DEPTH + usize::from(self.in_envelope());
        if !self.open.is_empty() && !self.has_place(name.as_ref()) || self.open.len() >= deepest {
            self.skipped[usize::from(is_array)] += 1;
            return;
        }
        let is_error = name.as_ref().is_some_and(|name| name.eq_ignore_ascii_case("error"));
        let is_envelope = self.open.len() == 1 && !is_array && is_error;
        self.has_envelope |= is_envelope;
        self.open.push(Open { is_array, name: name.filter(|_| !is_envelope) });
    }

    /// Closes the nearest open one of this kind and everything in it. Returns whether that was the
    /// root.
    fn close(&mut self, is_array: bool) -> bool {
        self.name = None;
        if self.skipped[usize::from(is_array)] > 0 {
            self.skipped[usize::from(is_array)] -= 1;
            return false;
        }
        if is_array && self.skipped != [0; 2] {
            return false;
        }
        self.skipped = [0; 2];
        let Some(at) = self.open.iter().rposition(|open| open.is_array == is_array) else { return false };
        self.open.truncate(at);
        at == 0
    }

    fn text(&mut self, raw: Raw<'a>) {
        if self.name.is_none() && !self.in_array() {
            self.name = Some(raw.decoded());
        } else {
            self.value(raw, |_| true);
        }
    }

    fn word(&mut self, text: &'a str) {
        let is_number = text.starts_with(|c: char| c == '-' || c.is_ascii_digit());
        if text == "null" {
            self.name = None;
        } else {
            // A number can be an id, but not a code.
            self.value(Raw { text, escaped: false }, |basic| is_number && basic != Basic::Code);
        }
    }

    fn in_array(&self) -> bool {
        self.open.last().is_some_and(|open| open.is_array)
    }

    fn in_envelope(&self) -> bool {
        self.open.get(1).is_some_and(|open| open.name.is_none())
    }

    /// Whether a value of this name is kept: it has a name, its path is short enough, and it is not
    /// inside something skipped.
    fn has_place(&self, name: Option<&Cow<'a, str>>) -> bool {
        let length: usize = path(&self.open, name).map(|name| name.len() + 1).sum();
        (name.is_some() || self.in_array()) && length <= MAX_NAME + 1 && self.skipped == [0; 2]
    }

    fn value(&mut self, raw: Raw<'a>, may_be: impl Fn(Basic) -> bool) {
        let name = self.name.take();
        if !self.has_place(name.as_ref()) {
            return;
        }
        let only = only(path(&self.open, name.as_ref()));
        let basic = only.and_then(|name| Basic::of_member(name));
        if let Some(basic) = basic.filter(|basic| may_be(*basic)) {
            self.basic(basic, raw);
        } else if self.fields.has_room() {
            let path = match only {
                Some(Cow::Borrowed(name)) => Span::of(self.text, name.as_bytes()),
                _ => self.joined(name.as_ref()),
            };
            let value = self.span(raw);
            self.fields.push(path, value);
        }
    }

    /// The span of a path: its names, separated by slashes.
    fn joined(&mut self, name: Option<&Cow<'a, str>>) -> Span {
        let out = self.fields.decoded_of(self.text.len());
        let start = out.len();
        for (i, name) in path(&self.open, name).enumerate() {
            if i > 0 {
                out.push('/');
            }
            out.push_str(name);
        }
        self.fields.decoded_since(start)
    }

    fn basic(&mut self, basic: Basic, raw: Raw<'a>) {
        let place = usize::from(self.in_envelope());
        if self.basics[place].lacks(basic) {
            let value = self.trimmed(raw);
            self.basics[place].set(basic, value);
        }
    }

    /// The span of a text: in the document, if it has no escapes.
    fn span(&mut self, raw: Raw<'a>) -> Span {
        if !raw.escaped {
            return Span::of(self.text, raw.text.as_bytes());
        }
        let out = self.fields.decoded_of(self.text.len());
        let start = out.len();
        decode(raw.text, out);
        self.fields.decoded_since(start)
    }

    /// As [`span`](Self::span), without the blanks around the text.
    fn trimmed(&mut self, raw: Raw<'a>) -> Span {
        if !raw.escaped {
            return Span::of(self.text, trim(raw.text.as_bytes(), b""));
        }
        let start = self.fields.decoded().len();
        self.span(raw);
        decoded_since(self.fields, start, b"")
    }

    fn finish(self, closed: bool) -> JsonOutcome {
        let [beside, inside] = &self.basics;
        for basics in [inside, beside] {
            for (basic, _) in Basic::ALL {
                if let Some(value) = basics.get(basic) {
                    self.fields.set(basic, value);
                }
            }
        }
        let is_flat = [Basic::Code, Basic::Message].iter().any(|basic| beside.get(*basic).is_some());
        JsonOutcome {
            is_oss: self.has_envelope || is_flat,
            is_bare: !self.has_envelope && beside.lacks(Basic::Code),
            closed,
        }
    }
}

#[cfg(test)]
mod tests;
