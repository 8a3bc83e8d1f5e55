//! Finds the end of an error document while the document arrives.

mod json;
mod xml;

use self::{json::Json, xml::Xml};

/// Scans for the end of an error document.
///
/// It resumes where it stopped, so each byte is read once, however the text is split. In a document
/// that is not well-formed it may miss the end, or find one too early. Then reading ends at a limit
/// or after the grace, and the parser reports the document as truncated.
#[derive(Debug, Default)]
pub(super) struct DocumentEnd(Kind);

#[derive(Debug, Default)]
enum Kind {
    /// Only blanks and bytes of a byte order mark so far.
    #[default]
    Unknown,
    Xml(Xml),
    Json(Json),
    /// Any other text, whose end cannot be recognized.
    Foreign,
}

impl DocumentEnd {
    /// Whether the text so far contains a complete document.
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
