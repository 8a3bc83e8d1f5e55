//! Reading what OSS writes is what this crate is for, and a strict reader loses the request id behind the first
//! wrong letter: hence a reader of our own.

use std::{borrow::Cow, iter, mem, str::Chars};

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

enum Token<'a> {
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
fn next_token<'a>(rest: &mut &'a str) -> Option<Token<'a>> {
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

fn decoded(raw: &str) -> Cow<'_, str> {
    if !raw.contains('\\') {
        return Cow::Borrowed(raw);
    }
    let mut text = String::with_capacity(raw.len()); // an escape is never shorter than what it stands for
    text.extend(unescaped(raw));
    Cow::Owned(text)
}

fn unescaped(raw: &str) -> impl Iterator<Item = char> {
    let mut rest = raw.chars();
    iter::from_fn(move || match rest.next()? {
        '\\' => Some(escaped(&mut rest)),
        c => Some(c),
    })
}

/// What stands behind a backslash.
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

/// The character whose first half this is, if the second follows.
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

#[cfg(test)]
mod tests {
    use super::*;

    /// How reading ended, and all that was read, a line each.
    fn of(text: &str) -> (Outcome, Vec<String>) {
        let mut fields = Fields::default();
        let outcome = read(text, &mut fields);
        let basic = Basic::ALL.iter().filter_map(|(basic, name)| Some((*name, fields.get(*basic)?)));
        let lines = basic.chain(fields.others()).map(|(name, value)| format!("{name}={value}")).collect();
        (outcome, lines)
    }

    const WHOLE: Outcome = Outcome { is_oss: true, is_bare: false, closed: true };

    #[test]
    fn all_three_shapes_are_read() {
        let lines = ["Code=A", "Message=b c", "X=1"].map(str::to_owned).to_vec();
        assert_eq!(of(r#"{"Error":{"Code":" A ","Message":"b c","X":1}}"#), (WHOLE, lines.clone()));
        assert_eq!(of("\n{\"code\":\"A\",\"MESSAGE\":\"b c\",\"X\":1}"), (WHOLE, lines));
        let (outcome, lines) = of(r#"{"message":"b \u0063"}"#);
        assert_eq!(outcome, Outcome { is_bare: true, ..WHOLE });
        assert_eq!(lines, ["Message=b c"]);
    }

    #[test]
    fn members_are_kept_under_their_path() {
        for (text, expected) in [
            (r#""D":{"E":true,"F":{"G":-1.5}},"I":2"#, &["D/E=true", "D/F/G=-1.5", "I=2"][..]),
            (r#""H":["x",["y"],null,{"I":"z"},"x"]"#, &["H=x", "H=y", "H/I=z", "H=x"]),
            (r#""":{"Code":"B","":1},"":"2""#, &["/Code=B", "/=1", "=2"]),
            (r#""Code":"B","D":{"Code":"C"},"Error":{"Code":"E"}"#, &["D/Code=C", "Error/Code=E"]),
            (r#""RequestId":5,"EC":-1.50,"HostId":true"#, &["RequestId=5", "EC=-1.50", "HostId=true"]),
            (
                r#""X":1.10,"Y":123456789012345678901234567890"#,
                &["X=1.10", "Y=123456789012345678901234567890"],
            ),
        ] {
            let (outcome, lines) = of(&format!(r#"{{"Error":{{"Code":"A",{text}}}}}"#));
            assert_eq!(outcome, WHOLE, "{text}");
            assert_eq!(lines[0], "Code=A", "{text}");
            assert_eq!(lines[1..], *expected, "{text}");
        }
    }

    #[test]
    fn a_flaw_loses_nothing_behind_it() {
        for (flaw, expected) in [
            (r#""X":"\ud83d","#, &["X=\u{fffd}"][..]),
            (r#""X":"\ude00\ud83dx\ud83d\u0041","#, &["X=\u{fffd}\u{fffd}x\u{fffd}A"]),
            (r#""X":"\ud83d\ude00","#, &["X=\u{1f600}"]),
            ("\"X\":\"a\nb\tc\u{1}\",", &["X=a\nb\tc\u{1}"]),
            (r#""X":"\'\x41\u12","#, &["X='x41u12"]),
            (r#""X":"\\","Y":"\"\/\b\f\n\r\t","#, &["X=\\", "Y=\"/\u{8}\u{c}\n\r\t"]),
            (r#""X":1e999,"Y":NaN,"Z":007,"#, &["X=1e999", "Y=NaN", "Z=007"]),
            (r#""X":[1,],,"Y":{"Z":2,},"#, &["X=1", "Y/Z=2"]),
            (r#""X":1 "Y" "2" "Z":[3 4]"#, &["X=1", "Y=2", "Z=3", "Z=4"]),
            ("// \"X\":1,\n/* \"Y\":2, */ / \"Z\":3/**/,", &["Z=3"]),
            (r#""X":,"Y":{1,"Z"},{"V":1},[2],3,"#, &[]),
            (r#""X":"He said "no" to","Y":1,"#, &["X=He said ", "Y=1"]),
            (r#""X":{"Y":[1},"Z":2,"#, &["X/Y=1", "Z=2"]),
            (r#"],"Z":2,"#, &["Z=2"]),
            (r#"\,"Z":é,"#, &["Z=é"]),
        ] {
            let text = format!("{{\"Error\":{{{flaw}\"Code\":\"A\",}},}}");
            let (outcome, lines) = of(&text);
            assert_eq!((outcome, &*lines[0]), (WHOLE, "Code=A"), "{text}");
            assert_eq!(lines[1..], *expected, "{text}");
        }
    }

    #[test]
    fn the_error_object_wins_and_blanks_yield() {
        for (text, expected) in [
            (r#"{"Code":"B","Error":{"Code":"A"}}"#, &["Code=A"][..]),
            (r#"{"Error":{"Code":"A"},"Code":"B"}"#, &["Code=A"]),
            (r#"{"Code":"B","Message":"m","Error":{"Code":" "}}"#, &["Code=B", "Message=m"]),
            (r#"{"Error":{"Code":"","code":"A","CODE":"B"}}"#, &["Code=A"]),
            (r#"{"Code":"","code":"A"}"#, &["Code=A"]),
        ] {
            let (outcome, lines) = of(text);
            assert_eq!(outcome, WHOLE, "{text}");
            assert_eq!(lines, expected, "{text}");
        }
    }

    #[test]
    fn other_documents_are_not_from_oss() {
        for text in [
            "{}",
            r#"{"a":{"code":"x"}}"#,
            r#"{"error":"bad gateway"}"#,
            r#"{"error":[{"code":"x"}]}"#,
            r#"{"code":404}"#,
            "{",
            "{]",
            "",
        ] {
            assert!(!of(text).0.is_oss, "{text}");
        }
        for text in [r#"{"message":"x","code":404}"#, r#"{"Message":1,"Code":""}"#] {
            let (outcome, _) = of(text);
            assert!(outcome.is_oss && outcome.is_bare, "{text}");
        }
    }

    #[test]
    fn what_came_before_a_cut_is_kept() {
        let text = r#"{"Error":{"Code":"A","X":123,"Message":"b"}}"#;
        for end in 0..text.len() {
            let (outcome, lines) = of(&text[..end]);
            assert!(!outcome.closed, "{end}");
            assert_eq!(outcome.is_oss, end >= r#"{"Error":{"#.len(), "{end}");
            let kept =
                [r#"{"Error":{"Code":"A""#, r#"{"Error":{"Code":"A","X":123,"#, &text[..text.len() - 2]];
            assert_eq!(lines.len(), kept.iter().filter(|text| end >= text.len()).count(), "{end}");
        }
    }

    #[test]
    fn deep_and_long_names_are_left_out_without_harm() {
        for (start, end) in [("{\"a\":", "}"), ("[", "]")] {
            let deep = format!("{}\"x\"{}", start.repeat(200), end.repeat(200));
            let long = "n".repeat(300);
            let text =
                format!("{{\"Error\":{{\"D\":{deep},\"{long}\":1,\"{long}\":{{\"a\":1}},\"Code\":\"A\"}}}}");
            assert_eq!(of(&text), (WHOLE, vec!["Code=A".to_owned()]));
        }
        assert!(!of(&"{\"Error\":".repeat(10_000)).0.closed);
    }

    #[test]
    fn eight_levels_are_kept() {
        let nested = |levels: usize| format!("{}1{}", "{\"a\":".repeat(levels), "}".repeat(levels));
        for (levels, kept) in [(8, 1), (9, 0)] {
            assert_eq!(of(&nested(levels)).1.len(), kept);
            assert_eq!(of(&format!("{{\"Error\":{}}}", nested(levels))).1.len(), kept);
        }
    }
}
