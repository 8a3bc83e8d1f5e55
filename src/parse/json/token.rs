//! The tokens of a JSON text, in any order.

use std::ops::Range;

use memchr::{memchr, memchr2};

/// A token of a JSON text.
pub(super) enum Token {
    Open {
        is_array: bool,
    },
    Close {
        is_array: bool,
    },
    Comma,
    /// The text between two quotes.
    Text(Raw),
    /// A number, a literal, or anything else without quotes.
    Word(Raw),
}

/// The range of a text, and whether it has escapes.
#[derive(Clone, Debug)]
pub(super) struct Raw {
    pub(super) range: Range<usize>,
    pub(super) escaped: bool,
}

pub(super) struct Tokens<'a> {
    pub(super) text: &'a str,
    /// The position of the next token.
    pub(super) at: usize,
}

impl Iterator for Tokens<'_> {
    type Item = Token;

    /// The next token, if it is complete.
    fn next(&mut self) -> Option<Token> {
        let text = self.text.as_bytes();
        loop {
            let start = self.at;
            self.at += 1;
            match *text.get(start)? {
                0..=b' ' | b':' => {} // the position of a value tells its name
                first @ (b'{' | b'[') => return Some(Token::Open { is_array: first == b'[' }),
                first @ (b'}' | b']') => return Some(Token::Close { is_array: first == b']' }),
                b',' => return Some(Token::Comma),
                b'"' => {
                    let (end, escaped) = string_end(text, start + 1)?;
                    self.at = end + 1;
                    return Some(Token::Text(Raw { range: start + 1..end, escaped }));
                }
                b'/' if text[start..].starts_with(b"//") => self.at += memchr(b'\n', &text[start..])?,
                b'/' if text[start..].starts_with(b"/*") => self.at = comment_end(text, start + 2)?,
                b'/' => {}
                _ => {
                    // A number at the end of a cut text may be incomplete: it is dropped.
                    self.at += text[self.at..].iter().position(|byte| !is_of_word(*byte))?;
                    return Some(Token::Word(Raw { range: start..self.at, escaped: false }));
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
