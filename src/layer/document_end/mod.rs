//! Finds the end of an error document while the document arrives.

mod json;
mod xml;

use self::{json::Json, xml::Xml};

/// A scan for the end of an error document.
///
/// It resumes where it stopped, so each byte is looked at once, however the text is cut. Of a document that is not
/// well-formed it may miss the end, or see one too early. Then reading ends at a limit, or after the grace, and the parser,
/// which has the last word, finds the document truncated.
#[derive(Debug, Default)]
pub(super) struct DocumentEnd(Kind);

#[derive(Debug, Default)]
enum Kind {
    /// Only blanks and bytes of a byte order mark have come.
    #[default]
    Unknown,
    Xml(Xml),
    Json(Json),
    /// Any other text: nothing in it says where it ends.
    Foreign,
}

impl DocumentEnd {
    /// Whether the text read so far ends a document.
    pub(super) fn is_reached(&self) -> bool {
        match &self.0 {
            Kind::Unknown | Kind::Foreign => false,
            Kind::Xml(xml) => xml.is_ended(),
            Kind::Json(json) => json.is_ended(),
        }
    }

    /// Reads the next part of the text.
    pub(super) fn read(&mut self, mut text: &[u8]) {
        if let Kind::Unknown = self.0 {
            let start = text.iter().position(|b| !b.is_ascii_whitespace() && !b"\xef\xbb\xbf".contains(b));
            let Some(start) = start else { return };
            text = &text[start..];
            self.0 = match text[0] {
                b'<' => Kind::Xml(Xml::default()),
                b'{' => Kind::Json(Json::default()),
                _ => Kind::Foreign,
            };
        }
        match &mut self.0 {
            Kind::Xml(xml) => xml.read(text),
            Kind::Json(json) => json.read(text),
            Kind::Unknown | Kind::Foreign => {}
        }
    }
}

#[cfg(test)]
mod tests;
