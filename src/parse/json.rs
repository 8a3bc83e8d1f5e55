//! Reading what OSS writes is what this crate is for, and a strict reader loses the request id behind the first
//! wrong letter: hence a reader of our own.

mod escape;
mod token;

use std::mem;

use self::{
    escape::{decoded, unescaped},
    token::{Token, next_token},
};
use crate::error::{Basic, Basics, Fields, MAX_DEPTH, MAX_NAME};

/// What reading a JSON body came to.
#[derive(Debug, PartialEq)]
pub(super) struct Outcome {
    /// It may be an error document of OSS.
    pub(super) is_oss: bool,
    /// It has neither an object `Error` nor a code: many gateways write the like.
    pub(super) is_bare: bool,
    /// It is whole.
    pub(super) closed: bool,
}

/// Reads the members of a JSON error document, which has one of three shapes: the members inside an object
/// `Error`, the same members at the top, or just a `message` at the top.
///
/// What came before a cut is kept, and what is wrong is passed over: commas too many or too few, comments, broken
/// escapes, line breaks in a string, numbers of any form.
pub(super) fn read(text: &str, fields: &mut Fields) -> Outcome {
    let mut document = Document {
        fields,
        top: Basics::default(),
        open: Vec::new(),
        path: String::new(),
        in_envelope: false,
        has_envelope: false,
        skipped: 0,
    };
    let mut rest = text;
    let mut closed = false;
    while let (false, Some(token)) = (closed, next_token(&mut rest)) {
        match token {
            Token::Open { is_array } => document.open(is_array),
            Token::Close { is_array } => closed = document.close(is_array),
            Token::Comma => document.comma(),
            Token::Text(raw) => document.text(raw),
            Token::Word(word) => document.word(word),
        }
    }
    document.finish(closed)
}

struct Document<'a> {
    fields: &'a mut Fields,
    /// The basic values beside the object `Error`: that one's go before them, wherever it stands.
    top: Basics,
    /// The open objects and arrays, outermost first.
    open: Vec<Open>,
    /// The name of the last member, behind those of the objects around it.
    path: String,
    in_envelope: bool,
    has_envelope: bool,
    /// How many objects and arrays are open that are not kept, all of them inside the last of `open`.
    skipped: usize,
}

struct Open {
    is_array: bool,
    /// How much of the path stands before the names of its members; the whole path of an array's elements.
    prefix: usize,
    /// Its last member has a name and no value yet.
    is_named: bool,
}

impl Document<'_> {
    fn open(&mut self, is_array: bool) {
        let is_root = self.open.is_empty();
        let deepest = MAX_DEPTH + usize::from(self.in_envelope);
        if self.skipped > 0 || (!is_root && !self.take_name()) || self.open.len() >= deepest {
            self.skipped += 1;
            return;
        }
        if self.open.len() == 1 && !is_array && self.path.eq_ignore_ascii_case("error") {
            self.in_envelope = true;
            self.has_envelope = true;
            self.path.clear();
        } else if !is_root && !is_array {
            self.path.push('/');
        }
        self.open.push(Open { is_array, prefix: self.path.len(), is_named: false });
    }

    /// Closes the nearest open one of this kind and all in it; says whether that was the root.
    fn close(&mut self, is_array: bool) -> bool {
        if self.skipped > 0 {
            self.skipped -= 1;
            return false;
        }
        let Some(at) = self.open.iter().rposition(|open| open.is_array == is_array) else { return false };
        self.open.truncate(at);
        self.in_envelope &= at > 1;
        at == 0
    }

    fn comma(&mut self) {
        if let (0, Some(object)) = (self.skipped, self.open.last_mut()) {
            object.is_named = false;
        }
    }

    fn text(&mut self, raw: &str) {
        match self.open.last_mut() {
            Some(object) if self.skipped == 0 && !object.is_array && !object.is_named => {
                object.is_named = true;
                self.path.truncate(object.prefix);
                for c in unescaped(raw) {
                    self.path.push(c);
                    if self.path.len() > MAX_NAME {
                        break;
                    }
                }
            }
            _ => self.value(raw, Basic::of_member),
        }
    }

    fn word(&mut self, word: &str) {
        let is_number = word.starts_with(|c: char| c == '-' || c.is_ascii_digit());
        if word == "null" {
            self.take_name();
        } else if is_number {
            // A number is an id, but no code.
            self.value(word, |path| Basic::of_member(path).filter(|basic| *basic != Basic::Code));
        } else {
            self.value(word, |_| None);
        }
    }

    /// Whether a value that comes now has a name, and not too long a one. The elements of an array have the array's.
    fn take_name(&mut self) -> bool {
        let Some(open) = self.open.last_mut().filter(|_| self.skipped == 0) else { return false };
        if open.is_array {
            self.path.truncate(open.prefix);
        }
        (open.is_array || mem::take(&mut open.is_named)) && self.path.len() <= MAX_NAME
    }

    fn value(&mut self, raw: &str, basic: impl Fn(&str) -> Option<Basic>) {
        if !self.take_name() {
            return;
        }
        let Some(basic) = basic(&self.path) else {
            if self.fields.has_room() {
                let name = self.fields.decode(&self.path);
                let value = self.fields.decode(&decoded(raw));
                self.fields.push(name, value);
            }
            return;
        };
        let lacks = if self.in_envelope { self.fields.lacks(basic) } else { self.top.lacks(basic) };
        if lacks {
            let value = self.fields.decode(decoded(raw).trim_matches(super::BLANKS));
            if self.in_envelope { self.fields.set(basic, value) } else { self.top.set(basic, value) }
        }
    }

    fn finish(self, closed: bool) -> Outcome {
        let Self { fields, top, has_envelope, .. } = self;
        for (basic, _) in Basic::ALL {
            if let Some(value) = top.get(basic) {
                fields.set(basic, value);
            }
        }
        let is_flat = [Basic::Code, Basic::Message].iter().any(|basic| top.get(*basic).is_some());
        Outcome { is_oss: has_envelope || is_flat, is_bare: !has_envelope && top.lacks(Basic::Code), closed }
    }
}

#[cfg(test)]
mod tests;
