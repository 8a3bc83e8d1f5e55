//! Text from the wire, made fit for a log line.

use std::{
    fmt::{self, Write},
    ops::Range,
};

use super::{names::is_secret_name, passages::secrets};
use crate::error::Fields;

/// Longest text that is shown, in characters.
const MAX_SHOWN: usize = 512;

/// Longest text that is looked at for showing it, in bytes.
const MAX_SCANNED: usize = 4096;

/// Shortest secret that is recognised where it is repeated, in bytes. A shorter one may be any word.
const MIN_REPEATED: usize = 6;

/// Shows a text that came over the wire: on one line, at most 512 characters, with what would break or forge a line
/// escaped and with what is secret replaced by `***`.
#[derive(Clone, Copy)]
pub(crate) struct Shown<'a> {
    text: &'a str,
    /// The document that the text is from: what is secret in it is hidden in the text, too.
    document: Option<&'a Fields>,
}

impl<'a> Shown<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self { text, document: None }
    }

    pub(crate) fn of_document(text: &'a str, document: &'a Fields) -> Self {
        Self { text, document: Some(document) }
    }

    /// What is hidden, in order; passages may overlap.
    fn hidden(&self, scanned: &str) -> Vec<Range<usize>> {
        let mut hidden = secrets(scanned);
        let fields = self.document.into_iter().flat_map(Fields::others);
        let secrets = fields.filter(|(path, _)| is_secret_element(path)).map(|(_, secret)| secret.trim());
        let mut secrets: Vec<_> = secrets.filter(|secret| secret.len() >= MIN_REPEATED).collect();
        secrets.sort_unstable();
        secrets.dedup();
        for secret in secrets {
            // One that begins in the part that is shown may end behind it.
            let text = start_of(self.text, scanned.len() + secret.len());
            hidden.extend(text.match_indices(secret).map(|(at, found)| at..at + found.len()));
        }
        hidden.sort_by_key(|passage| passage.start);
        hidden
    }
}

fn is_secret_element(path: &str) -> bool {
    is_secret_name(path.rsplit('/').next().unwrap_or_default())
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scanned = start_of(self.text, MAX_SCANNED);
        let mut left = MAX_SHOWN;
        let mut from = 0;
        for passage in self.hidden(scanned) {
            if passage.start >= scanned.len() {
                break;
            }
            if passage.start >= from {
                let plain = &scanned[from..passage.start];
                if !write_plain(f, plain, &mut left)? || !write_plain(f, "***", &mut left)? {
                    return Ok(());
                }
            }
            from = from.max(passage.end);
        }
        if write_plain(f, scanned.get(from..).unwrap_or_default(), &mut left)?
            && scanned.len() < self.text.len()
        {
            f.write_char('…')?;
        }
        Ok(())
    }
}

impl fmt::Debug for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{self}\"")
    }
}

/// As much of a text as fits into so many bytes.
fn start_of(text: &str, bytes: usize) -> &str {
    let end = (0..=bytes.min(text.len())).rev().find(|end| text.is_char_boundary(*end));
    &text[..end.unwrap_or(0)]
}

/// Writes at most `left` characters; says whether it wrote all.
fn write_plain(f: &mut fmt::Formatter<'_>, text: &str, left: &mut usize) -> Result<bool, fmt::Error> {
    for c in text.chars() {
        if *left == 0 {
            f.write_char('…')?;
            return Ok(false);
        }
        *left -= 1;
        if deceives(c) { write!(f, "{}", c.escape_unicode())? } else { write_visible(f, c)? }
    }
    Ok(true)
}

fn write_visible(f: &mut fmt::Formatter<'_>, c: char) -> fmt::Result {
    if c.is_control() { write!(f, "{}", c.escape_debug()) } else { f.write_char(c) }
}

/// Whether a character that is no control character could break a line, turn the direction of the text around it, or
/// not be seen at all.
fn deceives(c: char) -> bool {
    matches!(
        c,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        Shown::new(text).to_string()
    }

    #[test]
    fn control_and_direction_characters_are_escaped() {
        let text = "a\r\n\0\u{1b}[2J\u{202e}\u{2028}\u{85}\u{feff}\u{ad}z";
        assert_eq!(shown(text), r"a\r\n\0\u{1b}[2J\u{202e}\u{2028}\u{85}\u{feff}\u{ad}z");
    }

    #[test]
    fn what_is_hidden_counts_too() {
        let ids = shown(&"LTAI5tAbCdEf12 ".repeat(250));
        assert!(ids.starts_with("*** *** ***") && ids.chars().count() <= 513, "{ids}");
    }

    #[test]
    fn text_is_cut_after_512_characters() {
        assert_eq!(shown(&"é".repeat(512)), "é".repeat(512));
        assert_eq!(shown(&"é".repeat(513)), "é".repeat(512) + "…");
        assert_eq!(shown(&"a?b ".repeat(9999)).matches('a').count(), 86);
        assert_eq!(shown(&format!("Signature={}", "s".repeat(9999))), "Signature=***…");
    }

    #[test]
    fn secrets_are_masked_and_the_rest_is_kept() {
        assert_eq!(shown("see /k?Signature=abc&acl now"), "see /k?*** now");
        assert_eq!(format!("{:?}", Shown::new("a\nb")), r#""a\nb""#);
    }

    #[test]
    fn secrets_of_the_document_are_masked_wherever_they_are_repeated() {
        let mut document = Fields::default();
        for (name, value) in
            [("OSSAccessKeyId", "AKEXAMPLE"), ("Bucket", "photos"), ("A/Signature", "AMPLE-and-more")]
        {
            let (name, value) = (document.decode(name), document.decode(value));
            document.push(name, value);
        }
        let blank = (document.decode("StringToSign"), document.decode("       e"));
        document.push(blank.0, blank.1);
        let text = "AKEXAMPLE: no key AKEXAMPLE-and-more in photos";
        assert_eq!(Shown::of_document(text, &document).to_string(), "***: no key *** in photos");
    }
}
