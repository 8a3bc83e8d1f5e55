//! The pieces of a JSON text, whatever their order.

/// A piece of a JSON text.
pub(super) enum Token<'a> {
    Open {
        is_array: bool,
    },
    Close {
        is_array: bool,
    },
    Comma,
    /// What stands between two quotes, escapes and all.
    Text(&'a str),
    /// A number, a literal, or anything else without quotes.
    Word(&'a str),
}

/// Takes the next token off the text, if it is whole.
pub(super) fn next_token<'a>(rest: &mut &'a str) -> Option<Token<'a>> {
    loop {
        let text = *rest;
        let (token, length) = match *text.as_bytes().first()? {
            first @ (b'{' | b'[') => (Some(Token::Open { is_array: first == b'[' }), 1),
            first @ (b'}' | b']') => (Some(Token::Close { is_array: first == b']' }), 1),
            b',' => (Some(Token::Comma), 1),
            b'"' => {
                let length = string_length(&text[1..])?;
                (Some(Token::Text(&text[1..=length])), length + 2)
            }
            b'/' if text.starts_with("//") => (None, text.find('\n')?),
            b'/' if text.starts_with("/*") => (None, text[2..].find("*/")? + 4),
            first if is_of_word(first) => {
                // A number at the end of a cut text may have had more digits: it is left out.
                let length = text.bytes().position(|byte| !is_of_word(byte))?;
                (Some(Token::Word(&text[..length])), length)
            }
            _ => (None, 1), // a blank, or a colon: where a value stands tells whose it is
        };
        *rest = &text[length..];
        if token.is_some() {
            return token;
        }
    }
}

fn is_of_word(byte: u8) -> bool {
    byte > b' ' && !b"{}[],:\"/".contains(&byte)
}

/// How far it is to the quote that ends a string.
fn string_length(text: &str) -> Option<usize> {
    let mut is_escaped = false;
    text.bytes().position(|byte| {
        let is_end = byte == b'"' && !is_escaped;
        is_escaped = byte == b'\\' && !is_escaped;
        is_end
    })
}
