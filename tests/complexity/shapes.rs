//! Inputs made to cost as much as they can: what made a scan go over the same bytes again and
//! again, or could.

use std::fmt;

/// A beginning, what then comes again and again, and an end.
pub(crate) struct Shape(&'static [u8], &'static [u8], &'static [u8]);

impl fmt::Debug for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [start, again, end] = [self.0, self.1, self.2].map(<[u8]>::escape_ascii);
        write!(f, "{start}({again})*{end}")
    }
}

impl Shape {
    pub(crate) fn of(&self, length: usize) -> Vec<u8> {
        let Self(start, again, end) = self;
        let times = (length - start.len() - end.len()) / again.len();
        [start, &*again.repeat(times), end].concat()
    }
}

const CODE: &[u8] = b"<Error><Code>A</Code>";
const MESSAGE: &[u8] = b"<Error><Code>A</Code><Message>";
const JSON: &[u8] = br#"{"Error":{"Code":"A""#;

pub(crate) const DOCUMENTS: &[Shape] = &[
    Shape(b"", b"\xef\xbb\xbf", b"<Error>"),
    Shape(b"", b" ", b"<Error>"),
    Shape(b"", b"<!x>", b"<Error>"),
    Shape(b"", b"<!--", b""),
    Shape(b"", b"<?", b""),
    Shape(b"", b"<", b""),
    Shape(b"<!DOCTYPE a [", b"<!a>", b""),
    Shape(b"<!DOCTYPE a ", b"<", b""),
    Shape(b"<html>", b"<p>", b""),
    Shape(CODE, b"<a>", b""),
    Shape(CODE, b"<a>", b"</Error>"),
    Shape(CODE, b"<a></b>", b"</Error>"),
    Shape(CODE, b"<a>b</a>", b"</Error>"),
    Shape(CODE, b"<a/>", b"</Error>"),
    Shape(CODE, b"<a>b<c>d</c>", b""),
    Shape(CODE, b"<Error>", b""),
    Shape(CODE, b"</a>", b""),
    Shape(CODE, b"</", b""),
    Shape(CODE, b"<a", b""),
    Shape(CODE, b"<a \"", b""),
    Shape(CODE, b"<a '\"", b""),
    Shape(CODE, b"<a b='c' ", b""),
    Shape(CODE, b"<a:", b""),
    Shape(CODE, b"<!", b""),
    Shape(CODE, b"<!--", b""),
    Shape(CODE, b"<!-->", b""),
    Shape(CODE, b"<![CDATA[", b""),
    Shape(CODE, b"<![CDATA[]>", b""),
    Shape(CODE, b"<![CDATA[&]]>", b""),
    Shape(CODE, b"<!DOCTYPE ", b""),
    Shape(CODE, b"<?a", b""),
    Shape(CODE, b"<SecurityToken>aaaaaaaaaaaab</SecurityToken>", b"</Error>"),
    Shape(b"<Error><a", b" b=\"\"", b"></Error>"),
    Shape(b"<Error><a>", b"&lt;<b/>", b"</a></Error>"),
    Shape(b"<Error><a>", b" <b/>", b"</a></Error>"),
    Shape(b"<Error>", b"<Code></Code>", b""),
    Shape(MESSAGE, b"&", b"</Message></Error>"),
    Shape(MESSAGE, b"&lt;", b"</Message></Error>"),
    Shape(MESSAGE, b"&#", b"</Message></Error>"),
    Shape(MESSAGE, b"&#x4", b"</Message></Error>"),
    Shape(MESSAGE, b"\r", b"</Message></Error>"),
    Shape(MESSAGE, b"<", b"</Message></Error>"),
    Shape(MESSAGE, b">", b"</Message></Error>"),
    Shape(MESSAGE, b"\xff", b"</Message></Error>"),
    Shape(MESSAGE, b"\xe4\xb8", b"</Message></Error>"),
    Shape(MESSAGE, b"</Mess", b""),
    Shape(JSON, br#","a":{"a":1"#, b""),
    Shape(JSON, br#","a":[1"#, b""),
    Shape(JSON, br#","a":1"#, b"}}"),
    Shape(JSON, br#","\u0061":"\u0061""#, b"}}"),
    Shape(JSON, b"{", b""),
    Shape(JSON, b"[", b""),
    Shape(JSON, b"[]", b""),
    Shape(JSON, b"{]", b""),
    Shape(JSON, b"//", b""),
    Shape(JSON, b"/*", b""),
    Shape(JSON, b"/*/", b""),
    Shape(JSON, b"\"", b""),
    Shape(JSON, b"a ", b""),
    Shape(br#"{"Error":{"Code":"A","a":[0"#, b",1", b"]}}"),
    Shape(br#"{"Error":{"Message":""#, b"\\u0041", b"\"}}"),
    Shape(br#"{"Error":{"Message":""#, b"\\", b""),
    Shape(br#"{"Error":{"Message":""#, b"\xff", b"\"}}"),
    Shape(b"", b"[", b""),
];

#[path = "../../src/redact/hostile.rs"]
mod hostile;

/// Texts beside those that redaction is tested with.
const OTHERS: [&str; 18] = [
    "a",
    "A",
    "Ab",
    "a.",
    "|",
    "qps",
    " ",
    "?a=b ",
    "https://",
    ",",
    "PEVycm9yPj",
    "PEVycm9yPj,",
    "%3CError%3E",
    "<Error><a>",
    "Zy7gAnyToken",
    "Zy7g",
    "\u{1f600}",
    "\0",
];

pub(crate) fn texts() -> impl Iterator<Item = &'static str> {
    hostile::HOSTILE.into_iter().chain(OTHERS)
}
