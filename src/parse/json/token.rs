//! The tokens of a JSON text, in any order.

use std::borrow::Cow;

use memchr::{memchr, memchr2};

use super::escape::decode;

/// A token of a JSON text.
pub(super) enum Token<'a> {
    /// A bracket, a brace or a comma.
    Mark(u8),
    /// The text between two quotes.
    Text(Raw<'a>),
    /// A number, a literal, or anything else without quotes.
    Word(&'a str),
}

/// A text, and whether it has escapes.
#[derive(Clone, Copy)]
pub(super) struct Raw<'a> {
    pub(super) text: &'a str,
    pub(super) escaped: bool,
}

impl<'a> Raw<'a> {
    pub(super) fn decoded(self) -> Cow<'a, str> {
        if !self.escaped {
            return Cow::Borrowed(self.text);
        }
        let mut text = String::new();
        decode(self.text, &mut text);
        Cow::Owned(text)
    }
}

pub(super) struct Tokens<'a> {
    pub(super) text: &'a str,
    /// The position of the next token.
    pub(super) at: usize,
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    /// The next token, if it is complete.
    fn next(&mut self) -> Option<Token<'a>> {
        let text = self.text.as_bytes();
        loop {
            let start = self.at;
            self.at += 1;
            match *text.get(start)? {
                0..=b' ' | b':' => {} // the position of a value tells its name
                mark @ (b'{' | b'[' | b'}' | b']' | b',') => return Some(Token::Mark(mark)),
                b'"' => {
                    let (end, escaped) = string_end(text, start + 1)?;
                    self.at = end + 1;
                    return Some(Token::Text(Raw { text: &self.text[start + 1..end], escaped }));
                }
                b'/' if text[start..].starts_with(b"//") => self.at += memchr(b'\n', &text[start..])?,
                b'/' if text[start..].starts_with(b"/*") => self.at = comment_end(text, start + 2)?,
                b'/' => {}
                _ => {
                    // A number at the end of a cut text may be incomplete: it is dropped.
                    self.at += text[self.at..].iter().position(|byte| !is_of_word(*byte))?;
                    return Some(Token::Word(&self.text[start..self.at]));
                }
            }
        }
    }
}

fn is_of_word(byte: u8) -> bool {
    byte > b' ' && !b"{}[],:\"/".contains(&byte)
}

/// The position of the quote that ends a string, and whether there are escapes before it.
fn string_end(text: &[u8], start: usize) -> Option<(usize, bool)> {
    let (mut at, mut escaped) = (start, false);
    loop {
        at += memchr2(b'"', b'\\', text.get(at..)?)?;
        if text[at] == b'"' {
            return Some((at, escaped));
        }
        escaped = true;
        at += 2;
    }
}

fn comment_end(text: &[u8], mut at: usize) -> Option<usize> {
    loop {
        at += memchr(b'/', &text[at..])? + 1;
        if text[..at].ends_with(b"*/") {
            return Some(at);
        }
    }
}
