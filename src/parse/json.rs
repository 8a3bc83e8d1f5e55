//! The members of a JSON error document.
//!
//! Not serde_json, because that stops at the first flaw, and the request id may come after it. This
//! reader tolerates extra and missing commas, comments, broken escapes, line breaks in strings and
//! numbers of any form. A serde_json visitor that keeps what precedes a flaw is not shorter, and
//! cannot tell the position of a borrowed value, so it copies every value.

mod escape;
mod token;

use std::borrow::Cow;

use self::{
    escape::decode,
    token::{Raw, Token, Tokens},
};
use super::trim;
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
        top: Basics::default(),
        open: Vec::new(),
        name: None,
        in_envelope: false,
        has_envelope: false,
        skipped_objects: 0,
        skipped_arrays: 0,
    };
    let mut closed = false;
    let mut tokens = Tokens { text, at: start };
    while let (false, Some(token)) = (closed, tokens.next()) {
        match token {
            Token::Open { is_array } => document.open(is_array),
            Token::Close { is_array } => closed = document.close(is_array),
            Token::Comma => document.name = None,
            Token::Text(range) => document.text(range),
            Token::Word(range) => document.word(range),
        }
    }
    document.finish(closed)
}

struct JsonDocument<'a> {
    text: &'a str,
    fields: &'a mut Fields,
    /// The basic values beside the object `Error`. Those in the object come first, wherever it is.
    top: Basics,
    /// The open objects and arrays, outermost first.
    open: Vec<Open>,
    /// The name of the member whose value comes next.
    name: Option<Raw>,
    in_envelope: bool,
    has_envelope: bool,
    /// How many open ones are not kept, all of them inside the last of `open`.
    skipped_objects: usize,
    skipped_arrays: usize,
}

struct Open {
    is_array: bool,
    /// The name that it adds to the paths of its members.
    name: Option<Raw>,
}

impl Raw {
    /// The decoded text.
    fn decoded<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let raw = &text[self.range.clone()];
        if !self.escaped {
            return Cow::Borrowed(raw);
        }
        let mut text = String::new();
        decode(raw, &mut text);
        Cow::Owned(text)
    }
}

impl JsonDocument<'_> {
    fn open(&mut self, is_array: bool) {
        let name = self.name.take();
        let deepest = MAX_DEPTH + usize::from(self.in_envelope);
        if !self.open.is_empty() && !self.has_place(name.as_ref()) || self.open.len() >= deepest {
            let skipped = if is_array { &mut self.skipped_arrays } else { &mut self.skipped_objects };
            *skipped += 1;
            return;
        }
        let is_error = |name: &Raw| name.decoded(self.text).eq_ignore_ascii_case("error");
        let is_envelope = self.open.len() == 1 && !is_array && name.as_ref().is_some_and(is_error);
        self.in_envelope |= is_envelope;
        self.has_envelope |= is_envelope;
        self.open.push(Open { is_array, name: name.filter(|_| !is_envelope) });
    }

    /// Closes the nearest open one of this kind and everything in it. Returns whether that was the
    /// root.
    fn close(&mut self, is_array: bool) -> bool {
        self.name = None;
        let skipped = if is_array { &mut self.skipped_arrays } else { &mut self.skipped_objects };
        if *skipped > 0 {
            *skipped -= 1;
            return false;
        }
        if is_array && self.skipped_objects > 0 {
            return false;
        }
        self.skipped_arrays = 0;
        let Some(at) = self.open.iter().rposition(|open| open.is_array == is_array) else { return false };
        self.open.truncate(at);
        self.in_envelope &= at > 1;
        at == 0
    }

    fn text(&mut self, raw: Raw) {
        if self.name.is_none() && !self.in_array() {
            self.name = Some(raw);
        } else {
            self.value(raw, |_| true);
        }
    }

    fn word(&mut self, raw: Raw) {
        let word = &self.text[raw.range.clone()];
        let is_number = word.starts_with(|c: char| c == '-' || c.is_ascii_digit());
        if word == "null" {
            self.name = None;
        } else {
            // A number can be an id, but not a code.
            self.value(raw, |basic| is_number && basic != Basic::Code);
        }
    }

    fn in_array(&self) -> bool {
        self.open.last().is_some_and(|open| open.is_array)
    }

    /// The names of the objects and arrays that are open.
    fn outer(&self) -> impl Iterator<Item = &Raw> {
        self.open.iter().filter_map(|open| open.name.as_ref())
    }

    /// Whether a value of this name is kept: it has a name, its path is short enough, and it is not
    /// inside something skipped. The elements of an array have the array's name.
    fn has_place(&self, name: Option<&Raw>) -> bool {
        let length: usize = self.outer().chain(name).map(|name| name.range.len() + 1).sum();
        (name.is_some() || self.in_array())
            && length <= MAX_NAME + 1
            && self.skipped_objects + self.skipped_arrays == 0
    }

    fn value(&mut self, raw: Raw, may_be: impl Fn(Basic) -> bool) {
        let name = self.name.take();
        if !self.has_place(name.as_ref()) {
            return;
        }
        let only = self.only_name(name.as_ref());
        let basic = only
            .as_ref()
            .and_then(|name| Basic::of_member(&name.decoded(self.text)))
            .filter(|basic| may_be(*basic));
        if let Some(basic) = basic {
            self.basic(basic, &raw);
        } else if self.fields.has_room() {
            let path = match only {
                Some(name) => self.span(&name),
                None => self.path(name.as_ref()),
            };
            let value = self.span(&raw);
            self.fields.push(path, value);
        }
    }

    /// The only name of a value's path, or `None` if there are several.
    fn only_name(&self, name: Option<&Raw>) -> Option<Raw> {
        let mut names = self.outer().chain(name);
        names.next().filter(|_| names.next().is_none()).cloned()
    }

    fn basic(&mut self, basic: Basic, raw: &Raw) {
        let lacks = if self.in_envelope { self.fields.lacks(basic) } else { self.top.lacks(basic) };
        if !lacks {
            return;
        }
        let value = self.trimmed(raw);
        if self.in_envelope { self.fields.set(basic, value) } else { self.top.set(basic, value) }
    }

    /// The path: the names of everything open and of the member, separated by slashes.
    fn path(&mut self, name: Option<&Raw>) -> Span {
        let start = self.fields.decoded().len();
        let names = self.open.iter().filter_map(|open| open.name.as_ref()).chain(name);
        for (i, name) in names.enumerate() {
            let out = self.fields.decoded_of(self.text.len() - name.range.start);
            if i > 0 {
                out.push('/');
            }
            decode(&self.text[name.range.clone()], out);
        }
        self.fields.decoded_since(start)
    }

    /// The span of a text: in the document, if it has no escapes.
    fn span(&mut self, raw: &Raw) -> Span {
        if !raw.escaped {
            return Span::source(raw.range.start, raw.range.end);
        }
        let out = self.fields.decoded_of(self.text.len() - raw.range.start);
        let start = out.len();
        decode(&self.text[raw.range.clone()], out);
        self.fields.decoded_since(start)
    }

    /// As [`span`](Self::span), without the blanks around the text.
    fn trimmed(&mut self, raw: &Raw) -> Span {
        if raw.escaped {
            let start = self.fields.decoded().len();
            self.span(raw);
            let value = trim(&self.fields.decoded().as_bytes()[start..], b"");
            self.fields.decoded().truncate(start + value.end);
            return self.fields.decoded_since(start + value.start);
        }
        let value = trim(self.text[raw.range.clone()].as_bytes(), b"");
        Span::source(raw.range.start + value.start, raw.range.start + value.end)
    }

    fn finish(self, closed: bool) -> JsonOutcome {
        let Self { fields, top, has_envelope, .. } = self;
        for (basic, _) in Basic::ALL {
            if let Some(value) = top.get(basic) {
                fields.set(basic, value);
            }
        }
        let is_flat = [Basic::Code, Basic::Message].iter().any(|basic| top.get(*basic).is_some());
        JsonOutcome {
            is_oss: has_envelope || is_flat,
            is_bare: !has_envelope && top.lacks(Basic::Code),
            closed,
        }
    }
}

#[cfg(test)]
mod tests;
