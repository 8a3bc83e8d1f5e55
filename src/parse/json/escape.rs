//! Decodes the escapes of JSON strings.

use std::str::Chars;

use memchr::memchr;

/// Appends the decoded string.
pub(super) fn decode(mut raw: &str, out: &mut String) {
    while let Some(at) = memchr(b'\\', raw.as_bytes()) {
        out.push_str(&raw[..at]);
        let mut rest = raw[at + 1..].chars();
        out.push(escaped(&mut rest));
        raw = rest.as_str();
    }
    out.push_str(raw);
}

/// Decodes the text after a backslash.
fn escaped(rest: &mut Chars<'_>) -> char {
    match rest.next() {
        Some('b') => '\u{8}',
        Some('f') => '\u{c}',
        Some('n') => '\n',
        Some('r') => '\r',
        Some('t') => '\t',
        Some('u') => match code_unit(rest) {
            Some(high @ 0xd800..=0xdbff) => joined(high, rest),
            Some(unit) => char::from_u32(unit).unwrap_or(char::REPLACEMENT_CHARACTER),
            None => 'u',
        },
        Some(other) => other,
        None => '\\',
    }
}

/// The character of this surrogate, if the second one follows.
fn joined(high: u32, rest: &mut Chars<'_>) -> char {
    let mut behind = rest.clone();
    let follows = behind.next() == Some('\\') && behind.next() == Some('u');
    match code_unit(&mut behind).filter(|_| follows) {
        Some(low @ 0xdc00..=0xdfff) => {
            *rest = behind;
            let joined = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
            char::from_u32(joined).unwrap_or(char::REPLACEMENT_CHARACTER)
        }
        _ => char::REPLACEMENT_CHARACTER,
    }
}

/// Takes four hex digits.
fn code_unit(rest: &mut Chars<'_>) -> Option<u32> {
    let digits = rest.as_str().get(..4).filter(|text| text.bytes().all(|b| b.is_ascii_hexdigit()))?;
    *rest = rest.as_str()[4..].chars();
    u32::from_str_radix(digits, 16).ok()
}
