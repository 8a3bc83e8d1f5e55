use memchr::memchr;

/// The local name of the root.
const ROOT: &[u8] = b"Error";

/// Scans for the end tag of the root.
#[derive(Debug, Default)]
pub(super) struct Xml {
    place: XmlPlace,
    /// Open elements with the name of the root, including the root.
    open: usize,
    /// Open elements of other names.
    others: usize,
    /// The last tag closed no element: it may have been meant for the root.
    ends_astray: bool,
}

#[derive(Clone, Copy, Debug, Default)]
enum XmlPlace {
    #[default]
    Text,
    /// After `<`.
    Bracket,
    /// In a possible opening. `rest` is the part that is still missing.
    Opening {
        opening: Opening,
        rest: &'static [u8],
    },
    /// Before the bytes that end a comment, a CDATA section or an instruction. The first `matched`
    /// of them were read.
    Until {
        end: &'static [u8],
        matched: usize,
    },
    /// In a declaration, and in this many others inside it.
    Declaration {
        inner: usize,
    },
    Tag(Tag),
    Ended,
    /// The root has another name.
    Foreign,
}

#[derive(Clone, Copy, Debug)]
enum Opening {
    Comment,
    Cdata,
    Xml,
}

impl Opening {
    /// The next state, after a complete opening or an incomplete one.
    fn place(self, has_come: bool) -> XmlPlace {
        match (self, has_come) {
            (Self::Comment, true) => XmlPlace::until(b"-->"),
            (Self::Cdata, true) => XmlPlace::until(b"]]>"),
            (Self::Comment | Self::Cdata, false) => XmlPlace::Declaration { inner: 0 },
            (Self::Xml, true) => XmlPlace::until(b">"),
            (Self::Xml, false) => XmlPlace::until(b"?>"),
        }
    }
}

impl XmlPlace {
    fn until(end: &'static [u8]) -> Self {
        Self::Until { end, matched: 0 }
    }
}

impl Xml {
    pub(super) fn is_ended(&self) -> bool {
        self.ends_astray || matches!(self.place, XmlPlace::Ended)
    }

    pub(super) fn read(&mut self, mut text: &[u8]) {
        loop {
            text = &text[self.skipped(text)..];
            let Some((byte, rest)) = text.split_first() else { return };
            self.place = self.step(*byte);
            text = rest;
        }
    }

    /// How many bytes can be skipped.
    fn skipped(&self, text: &[u8]) -> usize {
        let next = match self.place {
            XmlPlace::Text if self.open > 0 && !self.ends_astray => memchr(b'<', text),
            XmlPlace::Until { end, matched: 0 } => memchr(end[0], text),
            XmlPlace::Ended | XmlPlace::Foreign => None,
            _ => Some(0),
        };
        next.unwrap_or(text.len())
    }

    fn step(&mut self, byte: u8) -> XmlPlace {
        match self.place {
            XmlPlace::Text => self.text(byte),
            XmlPlace::Bracket => self.bracket(byte),
            XmlPlace::Opening { opening, rest } => self.opening(opening, rest, byte),
            XmlPlace::Until { end, matched } => until(end, matched, byte),
            XmlPlace::Declaration { inner } => match (byte, inner) {
                (b'>', 0) => XmlPlace::Text,
                (b'>', _) => XmlPlace::Declaration { inner: inner - 1 },
                _ => XmlPlace::Declaration { inner: inner + usize::from(byte == b'<') },
            },
            XmlPlace::Tag(tag) => self.tag(tag, byte),
            place @ (XmlPlace::Ended | XmlPlace::Foreign) => place,
        }
    }

    fn text(&mut self, byte: u8) -> XmlPlace {
        if byte.is_ascii_whitespace() {
            return XmlPlace::Text;
        }
        self.ends_astray = false;
        match byte {
            b'<' => XmlPlace::Bracket,
            // A byte order mark between the prologue and the root.
            0xef | 0xbb | 0xbf => XmlPlace::Text,
            _ if self.open == 0 => XmlPlace::Foreign,
            _ => XmlPlace::Text,
        }
    }

    fn bracket(&mut self, byte: u8) -> XmlPlace {
        match byte {
            b'!' => return XmlPlace::Opening { opening: Opening::Comment, rest: b"--" },
            b'?' => return XmlPlace::Opening { opening: Opening::Xml, rest: b"xml" },
            b'/' => return XmlPlace::Tag(Tag::new(true)),
            b'_' | b':' | 0x80.. => {}
            byte if byte.is_ascii_alphanumeric() => {}
            // In `a < b`, the bracket is text.
            _ if self.open == 0 => return XmlPlace::Foreign,
            _ => return self.text(byte),
        }
        self.tag(Tag::new(false), byte)
    }

    fn opening(&mut self, opening: Opening, rest: &'static [u8], byte: u8) -> XmlPlace {
        match rest {
            [next] if next.eq_ignore_ascii_case(&byte) => opening.place(true),
            [next, rest @ ..] if next.eq_ignore_ascii_case(&byte) => XmlPlace::Opening { opening, rest },
            b"--" if byte == b'[' => XmlPlace::Opening { opening: Opening::Cdata, rest: b"CDATA[" },
            _ => {
                self.place = opening.place(false);
                self.step(byte)
            }
        }
    }

    fn tag(&mut self, mut tag: Tag, byte: u8) -> XmlPlace {
        match (tag.quote, byte) {
            (Some(quote), byte) if quote == byte => tag.quote = None,
            (Some(_), _) => {}
            (None, b'"' | b'\'') => {
                tag.quote = Some(byte);
                tag.is_empty = false;
            }
            (None, b'>') => return self.end_of(tag),
            // In `a <b <c>`, the first bracket is text.
            (None, b'<') if !tag.is_end => return XmlPlace::Bracket,
            (None, _) => tag.push(byte),
        }
        XmlPlace::Tag(tag)
    }

    /// Opens or closes an element. An end tag closes the nearest element of its name, and all open
    /// elements in it.
    fn end_of(&mut self, tag: Tag) -> XmlPlace {
        let is_root = tag.rest == Some(b"");
        match (tag.is_end, is_root) {
            (true, _) | (false, false) if self.open == 0 => return XmlPlace::Foreign,
            (false, true) if self.open == 0 && tag.is_empty => return XmlPlace::Ended,
            (false, _) if tag.is_empty => {}
            (false, true) => self.open += 1,
            (false, false) => self.others += 1,
            (true, true) => self.open -= 1,
            (true, false) if self.others > 0 => self.others -= 1,
            (true, false) => self.ends_astray = self.open == 1,
        }
        if self.open == 0 { XmlPlace::Ended } else { XmlPlace::Text }
    }
}

fn until(end: &'static [u8], matched: usize, byte: u8) -> XmlPlace {
    if end[matched] == byte {
        let matched = matched + 1;
        return if matched == end.len() { XmlPlace::Text } else { XmlPlace::Until { end, matched } };
    }
    // The first bytes of an end are the same, so one more of them leaves `matched` unchanged:
    // `--->`, `]]]>`.
    XmlPlace::Until { end, matched: if byte == end[0] { matched } else { 0 } }
}

/// A tag, up to the last byte read.
#[derive(Clone, Copy, Debug)]
struct Tag {
    is_end: bool,
    /// It ends in a slash.
    is_empty: bool,
    quote: Option<u8>,
    /// The part of the root's name that is still missing. `None` if the tag has another name.
    rest: Option<&'static [u8]>,
    /// A byte of the name was read.
    has_name: bool,
    /// The name has ended.
    is_named: bool,
}

impl Tag {
    fn new(is_end: bool) -> Self {
        Self { is_end, is_empty: false, quote: None, rest: Some(ROOT), has_name: false, is_named: false }
    }

    fn push(&mut self, byte: u8) {
        self.is_empty = byte == b'/';
        match byte {
            _ if self.is_named => {}
            b':' => self.rest = Some(ROOT),
            b'/' | b'<' => self.is_named = self.has_name,
            byte if byte.is_ascii_whitespace() => self.is_named = self.has_name,
            _ => {
                self.has_name = true;
                self.rest = self.rest.and_then(|rest| rest.strip_prefix(&[byte]));
            }
        }
    }
}
