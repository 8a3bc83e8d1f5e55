//! A text without its escapes.

use std::ops::Range;

use super::work::visit;

/// A text in which every escape is decoded. A secret may be escaped for a URL (`%3D`, `%253D`), for
/// JSON (`\u003d`, `\/`) or for XML and HTML (`&#x3d;`, `&amp;quot;`). It may have full-width
/// letters, or invisible characters between its letters.
///
/// Other letters beyond ASCII are kept. All quotes become `"`, all blanks a space, all line breaks
/// ` `.
#[derive(Default)]
pub(super) struct Folded {
    bytes: Vec<u8>,
    /// The position in the text of each byte, and the end of the text.
    places: Vec<usize>,
}

impl Folded {
    pub(super) fn new(text: &str) -> Self {
        let mut folded = Self::default();
        folded.read(text);
        folded
    }

    /// Reads another text into the same buffers, in one pass with a few bytes of lookahead.
    pub(super) fn read(&mut self, text: &str) {
        self.bytes.clear();
        self.places.clear();
        self.bytes.reserve(text.len());
        self.places.reserve(text.len() + 1);
        let mut at = 0;
        while at < text.len() {
            let (unit, length) = next_unit(&text[at..]);
            visit(length);
            match unit {
                Unit::Byte(byte) => self.push(byte, at),
                Unit::Letter => text.as_bytes()[at..at + length].iter().for_each(|b| self.push(*b, at)),
                Unit::Nothing => {}
            }
            at += length;
        }
        self.places.push(text.len());
    }

    fn push(&mut self, byte: u8, at: usize) {
        self.bytes.push(byte);
        self.places.push(at);
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The range of the text that these bytes come from.
    pub(super) fn place(&self, range: &Range<usize>) -> Range<usize> {
        self.places[range.start]..self.places[range.end]
    }
}

/// A blank or a control character that a URL encodes. It ends a word, but not the URL.
pub(super) const ENCODED_BLANK: u8 = 0x1f;

/// The result of one step of the pass.
enum Unit {
    Byte(u8),
    /// A character beyond ASCII, kept as it is.
    Letter,
    /// An invisible character, or a backslash that only escapes the next character.
    Nothing,
}

fn next_unit(text: &str) -> (Unit, usize) {
    let bytes = text.as_bytes();
    match bytes[0] {
        b'%' => percent(bytes),
        b'\\' => backslash(bytes),
        b'&' => reference(bytes),
        byte if byte.is_ascii() => (Unit::Byte(byte), 1),
        _ => text.chars().next().map_or((Unit::Nothing, 1), |c| (of_char(c), c.len_utf8())),
    }
}

/// `%3D`, `%253D` (encoded more than once), `%u003D`.
fn percent(bytes: &[u8]) -> (Unit, usize) {
    let mut end = 1;
    while bytes[end..].starts_with(b"25") && hex(&bytes[end + 2..], 2).is_some() {
        end += 2;
    }
    if let Some(code) = bytes[end..].strip_prefix(b"u").and_then(|rest| hex(rest, 4)) {
        return (of_code(code), end + 5);
    }
    match hex(&bytes[end..], 2) {
        Some(0..=0x20) => (Unit::Byte(ENCODED_BLANK), end + 2),
        Some(code) => (Unit::Byte(u8::try_from(code).unwrap_or(b'%')), end + 2),
        None => (Unit::Byte(b'%'), end),
    }
}

/// `\u003d`, `\x3d`, `\n`, `\"`, `\/`, with any number of backslashes.
fn backslash(bytes: &[u8]) -> (Unit, usize) {
    let end = bytes.iter().position(|byte| *byte != b'\\').unwrap_or(bytes.len());
    let escape = match bytes.get(end) {
        Some(b'u') => hex(&bytes[end + 1..], 4).map(|code| (of_code(code), 5)),
        Some(b'x') => hex(&bytes[end + 1..], 2).map(|code| (of_code(code), 3)),
        Some(b'n' | b'r') => Some((Unit::Byte(b'\n'), 1)),
        Some(b't') => Some((Unit::Byte(b' '), 1)),
        Some(byte) if byte.is_ascii_punctuation() => Some((Unit::Nothing, 0)),
        _ => None,
    };
    escape.map_or((Unit::Byte(b'\\'), end), |(unit, length)| (unit, end + length))
}

/// Names that stand for punctuation in HTML.
const REFERENCES: [(&[u8], u8); 11] = [
    (b"quot;", b'"'),
    (b"apos;", b'\''),
    (b"lt;", b'<'),
    (b"gt;", b'>'),
    (b"nbsp;", b' '),
    (b"colon;", b':'),
    (b"equals;", b'='),
    (b"sol;", b'/'),
    (b"plus;", b'+'),
    (b"lowbar;", b'_'),
    (b"period;", b'.'),
];

/// Maximum number of digits of a numeric reference.
const MAX_DIGITS: usize = 10;

/// `&quot;`, `&#61;`, `&#x3d;`, `&amp;amp;quot;`.
fn reference(bytes: &[u8]) -> (Unit, usize) {
    let mut end = 1;
    while bytes[end..].starts_with(b"amp;") {
        end += 4;
    }
    let rest = &bytes[end..];
    if let Some((name, byte)) = REFERENCES.iter().find(|(name, _)| rest.starts_with(name)) {
        return (Unit::Byte(*byte), end + name.len());
    }
    numeric(rest).map_or((Unit::Byte(b'&'), end), |(code, length)| (of_code(code), end + length))
}

fn numeric(rest: &[u8]) -> Option<(u32, usize)> {
    let digits = rest.strip_prefix(b"#")?;
    let (digits, radix, before) = match digits {
        [b'x' | b'X', digits @ ..] => (digits, 16, 2),
        _ => (digits, 10, 1),
    };
    let length = digits.iter().take(MAX_DIGITS + 1).position(|byte| *byte == b';')?;
    let code = u32::from_str_radix(std::str::from_utf8(&digits[..length]).ok()?, radix).ok()?;
    Some((code, before + length + 1))
}

fn hex(bytes: &[u8], length: usize) -> Option<u32> {
    let digits = bytes.get(..length).filter(|digits| digits.iter().all(u8::is_ascii_hexdigit))?;
    u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

/// A character from a numeric escape. Secrets have none beyond ASCII, so any such character will
/// do.
fn of_code(code: u32) -> Unit {
    match char::from_u32(code).map(|c| if c.is_ascii() { Unit::Byte(c as u8) } else { of_char(c) }) {
        Some(Unit::Letter) | None => Unit::Byte(0xff),
        Some(unit) => unit,
    }
}

fn of_char(c: char) -> Unit {
    match c {
        // A full-width question mark ends a sentence. It does not begin a query.
        '\u{ff1f}' => Unit::Letter,
        '\u{ff01}'..='\u{ff5e}' => Unit::Byte(u8::try_from(u32::from(c) - 0xfee0).unwrap_or(b'?')),
        '\u{85}' | '\u{2028}' | '\u{2029}' => Unit::Byte(b'\n'),
        '\u{2018}'..='\u{201f}' | '«' | '»' | '\u{300a}'..='\u{300f}' => Unit::Byte(b'"'),
        _ if c.is_whitespace() => Unit::Byte(b' '),
        _ if is_unseen(c) => Unit::Nothing,
        _ => Unit::Letter,
    }
}

/// Whether a character, other than a control character, breaks lines, changes the direction of
/// text, or is invisible.
pub(super) fn is_unseen(c: char) -> bool {
    matches!(
        c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e01ef}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_decoded() {
        for (text, expected) in [
            ("a%3Db%3d", "a=b="),
            ("a%253D%25253d%2525zz%", "a==%zz%"),
            ("%u003D", "="),
            (r"\u003d\\u003d\x3d\/\\\/\\", r"===//\"),
            (r"a\nb\tc\d", "a\nb c\\d"),
            (r#"{\"a\":\\\"b\\\"}"#, r#"{"a":"b"}"#),
            ("&quot;&#61;&#x3D;&amp;quot;&amp;amp;#61;&amp;&colon;&x;&#12", "\"==\"=&:&x;&#12"),
            ("ｔｏｋｅｎ：＝", "token:="),
            ("C\u{200b}A\u{feff}I\u{ad}S", "CAIS"),
            ("a\u{a0}b\u{3000}c\u{2028}d\u{85}e", "a b c\nd\ne"),
            ("“a” ‘b’ «c»", "\"a\" \"b\" \"c\""),
            ("签名？é", "签名？é"),
        ] {
            let folded = Folded::new(text);
            assert_eq!(String::from_utf8_lossy(folded.bytes()), expected, "{text}");
        }
    }

    #[test]
    fn a_position_refers_to_the_original_text() {
        let text = "é%3Db\u{200b}c";
        let folded = Folded::new(text);
        assert_eq!(folded.bytes(), "é=bc".as_bytes());
        assert_eq!(&text[folded.place(&(2..3))], "%3D");
        assert_eq!(&text[folded.place(&(3..5))], "b\u{200b}c");
        assert_eq!(&text[folded.place(&(0..5))], text);
    }
}
