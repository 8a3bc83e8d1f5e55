//! Decodes the escapes of JSON strings.

use std::iter;

use memchr::memchr;

/// Appends the decoded string.
pub(super) fn decode(mut raw: &str, out: &mut String) {
    while let Some(at) = memchr(b'\\', raw.as_bytes()) {
        out.push_str(&raw[..at]);
        raw = &raw[at..];
        let length = raw.len();
        let units = iter::from_fn(|| code_unit(&mut raw));
        out.extend(char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)));
        if raw.len() == length {
            let mut rest = raw[1..].chars();
            out.push(rest.next().map_or('\\', meaning));
            raw = rest.as_str();
        }
    }
    out.push_str(raw);
}

/// Takes `\u` and four hex digits.
fn code_unit(raw: &mut &str) -> Option<u16> {
    let digits = raw.strip_prefix("\\u")?.get(..4)?;
    let unit = digits.bytes().try_fold(0, |unit, b| Some(unit << 4 | char::from(b).to_digit(16)?))?;
    *raw = &raw[6..];
    u16::try_from(unit).ok()
}

/// The meaning of a character after a backslash: of most, itself.
fn meaning(escaped: char) -> char {
    match escaped {
        'b' => '\u{8}',
        'f' => '\u{c}',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        other => other,
    }
}
