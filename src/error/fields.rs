//! The elements of an error document, as ranges of one text.

use std::ops::Range;

/// The elements that any OSS error may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Basic {
    Code,
    Message,
    RequestId,
    HostId,
    Ec,
    RecommendDoc,
}

impl Basic {
    pub(crate) const ALL: [(Self, &'static str); 6] = [
        (Self::Code, "Code"),
        (Self::Message, "Message"),
        (Self::RequestId, "RequestId"),
        (Self::HostId, "HostId"),
        (Self::Ec, "EC"),
        (Self::RecommendDoc, "RecommendDoc"),
    ];

    pub(crate) fn of_element(name: &[u8]) -> Option<Self> {
        Some(match name {
            b"Code" => Self::Code,
            b"Message" => Self::Message,
            b"RequestId" => Self::RequestId,
            b"HostId" => Self::HostId,
            b"EC" => Self::Ec,
            b"RecommendDoc" => Self::RecommendDoc,
            _ => return None,
        })
    }

    /// Ignores case, because JSON bodies spell the same name in several ways.
    pub(crate) fn of_member(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, text)| text.eq_ignore_ascii_case(name)).map(|(basic, _)| *basic)
    }
}

/// The position of a text: a range of the document or, from [`DECODED`] on, of the decoded text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    start: u32,
    end: u32,
}

/// Larger than any document that is kept.
const DECODED: u32 = 1 << 31;

/// The positions of the basic elements. A missing element ends before it starts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Basics([Span; 6]);

impl Default for Basics {
    fn default() -> Self {
        Self([Span { start: 1, end: 0 }; 6])
    }
}

impl Basics {
    /// Notes a basic element; the first of duplicates wins that is not blank.
    pub(crate) fn set(&mut self, basic: Basic, value: Span) {
        if self.lacks(basic) {
            self.0[basic as usize] = value;
        }
    }

    pub(crate) fn get(&self, basic: Basic) -> Option<Span> {
        Some(self.0[basic as usize]).filter(|span| span.start <= span.end)
    }

    /// Whether one more element of this kind would be kept. If not, it need not be decoded.
    pub(crate) fn lacks(&self, basic: Basic) -> bool {
        self.0[basic as usize].is_empty()
    }
}

/// The elements of an error document.
///
/// The document is kept in one piece, and a value is a range of it. Only values that must be
/// decoded (references, CDATA, JSON escapes) are copied, into a second text.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fields {
    source: String,
    decoded: String,
    basic: Basics,
    other: Vec<(Span, Span)>,
}

/// Maximum number of elements kept besides the basic ones. Real documents have fewer than twenty.
const MAX_OTHER: usize = 256;

/// Maximum number of bytes reserved for decoded text. Documents are rarely as long.
const MAX_RESERVED: usize = 8 * 1024;

/// Maximum length of an element's path, in bytes. Elements with a longer one are dropped.
pub(crate) const MAX_NAME: usize = 256;

/// Maximum depth below the root. Deeper elements are dropped.
pub(crate) const MAX_DEPTH: usize = 8;

impl Fields {
    /// Sets the document that spans of the source refer to.
    pub(crate) fn set_source(&mut self, source: String) {
        self.source = source;
    }

    pub(crate) fn source(&self) -> &str {
        &self.source
    }

    /// Returns the document that spans of the source refer to.
    pub(crate) fn into_source(self) -> String {
        self.source
    }

    pub(crate) fn decode(&mut self, text: &str) -> Span {
        let start = self.decoded.len();
        self.decoded.push_str(text);
        self.decoded_since(start)
    }

    /// The decoded text, to append to.
    pub(crate) fn decoded(&mut self) -> &mut String {
        &mut self.decoded
    }

    /// As [`decoded`](Self::decoded), with room for the `left` bytes that remain of the document,
    /// so that it is allocated once.
    pub(crate) fn decoded_of(&mut self, left: usize) -> &mut String {
        if self.decoded.capacity() == 0 {
            self.decoded.reserve_exact(left.min(MAX_RESERVED));
        }
        &mut self.decoded
    }

    /// The position of the decoded text that was appended since its length was `start`.
    pub(crate) fn decoded_since(&self, start: usize) -> Span {
        Span { start: DECODED + offset(start), end: DECODED + offset(self.decoded.len()) }
    }

    /// Notes a basic element; the first of duplicates wins that is not blank.
    pub(crate) fn set(&mut self, basic: Basic, value: Span) {
        self.basic.set(basic, value);
    }

    /// Whether one more element of this kind would be kept.
    pub(crate) fn lacks(&self, basic: Basic) -> bool {
        self.basic.lacks(basic)
    }

    pub(crate) fn get(&self, basic: Basic) -> Option<&str> {
        self.text(self.basic.0[basic as usize])
    }

    /// As [`get`](Self::get), but `None` for a blank value.
    pub(crate) fn get_filled(&self, basic: Basic) -> Option<&str> {
        self.get(basic).filter(|_| self.is_filled(basic))
    }

    pub(crate) fn is_filled(&self, basic: Basic) -> bool {
        !self.lacks(basic)
    }

    /// Whether one more of the other elements would be kept. If not, it must not be decoded:
    /// decoded text is never removed.
    pub(crate) fn has_room(&self) -> bool {
        self.other.len() < MAX_OTHER
    }

    /// Adds an element that is not a basic one.
    #[inline]
    pub(crate) fn push(&mut self, name: Span, value: Span) {
        if self.has_room() {
            if self.other.is_empty() {
                self.other.reserve_exact(12); // more than most documents have
            }
            self.other.push((name, value));
        }
    }

    pub(crate) fn others(&self) -> impl Iterator<Item = (&str, &str)> {
        let text = |span: &Span| self.text(*span).unwrap_or_default();
        self.other.iter().map(move |(name, value)| (text(name), text(value)))
    }

    /// Whether the document says which policy denied the request.
    pub(crate) fn has_access_denied_detail(&self) -> bool {
        let is_detail = |rest: &str| rest.is_empty() || rest.starts_with('/');
        self.others().any(|(name, _)| name.strip_prefix("AccessDeniedDetail").is_some_and(is_detail))
    }

    /// Replaces a blank basic element.
    pub(crate) fn fill(&mut self, basic: Basic, text: &str) {
        let span = self.decode(text);
        self.set(basic, span);
    }

    /// Adds the elements of another document that this one lacks.
    pub(crate) fn fill_from(&mut self, other: Self) {
        if self.source.is_empty() {
            *self = other;
            return;
        }
        for (basic, _) in Basic::ALL {
            if let (false, Some(text)) = (self.is_filled(basic), other.get(basic)) {
                self.fill(basic, text);
            }
        }
        for (name, value) in other.others() {
            if !self.others().any(|(known, _)| known == name) {
                let (name, value) = (self.decode(name), self.decode(value));
                self.push(name, value);
            }
        }
    }

    fn text(&self, span: Span) -> Option<&str> {
        let text = if span.end < DECODED { &self.source } else { &self.decoded };
        let [start, end] = [span.start, span.end].map(|place| (place % DECODED) as usize);
        // INVARIANT: spans start and end at character boundaries of the text they refer to.
        text.get(start..end)
    }
}

/// Documents have at most 16 MiB. A span beyond 2 GiB would be empty, never wrong.
fn offset(position: usize) -> u32 {
    position.min(DECODED as usize - 1) as u32
}

/// The range of a part of a text, which is a slice of it.
#[inline]
pub(crate) fn range_of(text: &str, part: &[u8]) -> Range<usize> {
    let start = part.as_ptr().addr().wrapping_sub(text.as_ptr().addr());
    start..start.wrapping_add(part.len())
}

impl Span {
    /// The position of a part of the document.
    #[inline]
    pub(crate) fn of(document: &str, part: &[u8]) -> Self {
        let range = range_of(document, part);
        Self { start: offset(range.start), end: offset(range.end) }
    }

    pub(crate) fn is_empty(self) -> bool {
        self.start >= self.end
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_duplicate_that_is_not_blank_wins() {
        for (values, kept) in [
            (&["a", "b"][..], Some("a")),
            (&["", "b", "c"], Some("b")),
            (&["a", ""], Some("a")),
            (&["", ""], Some("")),
            (&[], None),
        ] {
            let mut fields = Fields::default();
            for value in values {
                let span = fields.decode(value);
                fields.set(Basic::Code, span);
            }
            assert_eq!(fields.get(Basic::Code), kept, "{values:?}");
        }
    }
}
