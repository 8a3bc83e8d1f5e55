//! Text from the wire, made safe for a log line.

use std::{
    borrow::Cow,
    fmt::{self, Write},
    ops::Range,
};

use super::{
    fold::{Folded, is_unseen},
    nearness::is_between,
    passages::secrets,
    repeated::Secrets,
};

/// Maximum length of the text that is shown, in characters.
const MAX_SHOWN: usize = 512;

/// Maximum number of bytes of a text that are examined.
pub(super) const MAX_SCANNED: usize = 4096;

/// How many bytes at the end of a cut text may be the beginning of a secret that is too short to be
/// recognized.
const MAX_UNSURE: usize = 256;

/// Shows a text from the wire on one line, with at most 512 characters. Characters that could break
/// or forge a line are escaped, and secrets are replaced by `***`.
#[derive(Clone)]
pub(crate) struct Shown<'a> {
    text: &'a str,
    /// The secrets of the document that the text belongs to. They are hidden in the text, too.
    secrets: Cow<'a, Secrets>,
}

impl<'a> Shown<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self { text, secrets: Cow::Owned(Secrets::NONE) }
    }

    pub(crate) fn beside(text: &'a str, secrets: &'a Secrets) -> Self {
        Self { text, secrets: Cow::Borrowed(secrets) }
    }

    pub(crate) fn with(text: &'a str, secrets: Secrets) -> Self {
        Self { text, secrets: Cow::Owned(secrets) }
    }

    /// Returns the part of the text that is examined, without what may be the beginning of a
    /// secret, and the passages to hide in it, sorted. Passages may overlap.
    fn scan(&self) -> (&'a str, Vec<Range<usize>>) {
        let scanned = start_of(self.text, MAX_SCANNED);
        let is_cut = scanned.len() < self.text.len();
        let folded = Folded::new(scanned);
        let mut hidden = secrets(&folded);
        hidden.extend(self.secrets.find(&folded, is_cut));
        hidden.sort_unstable_by_key(|passage| passage.start);
        let hidden = hidden.iter().map(|passage| folded.place(passage)).collect();
        if !is_cut {
            return (scanned, hidden);
        }
        let bytes = folded.bytes();
        let unsure = bytes.iter().rev().take(MAX_UNSURE).take_while(|byte| !is_between(**byte)).count();
        (&scanned[..folded.place(&(0..bytes.len() - unsure)).end], hidden)
    }
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scanned, hidden) = self.scan();
        let mut left = MAX_SHOWN;
        let mut from = 0;
        for passage in hidden {
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

/// The beginning of a text, cut to at most this many bytes.
pub(super) fn start_of(text: &str, bytes: usize) -> &str {
    let end = (0..=bytes.min(text.len())).rev().find(|end| text.is_char_boundary(*end));
    &text[..end.unwrap_or(0)]
}

/// Writes at most `left` characters. Returns whether it wrote all.
fn write_plain(f: &mut fmt::Formatter<'_>, text: &str, left: &mut usize) -> Result<bool, fmt::Error> {
    for c in text.chars() {
        if *left == 0 {
            f.write_char('…')?;
            return Ok(false);
        }
        *left -= 1;
        if is_unseen(c) { write!(f, "{}", c.escape_unicode())? } else { write_visible(f, c)? }
    }
    Ok(true)
}

fn write_visible(f: &mut fmt::Formatter<'_>, c: char) -> fmt::Result {
    if c.is_control() { write!(f, "{}", c.escape_debug()) } else { f.write_char(c) }
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
    fn hidden_text_counts_towards_the_length() {
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
    fn secrets_of_the_document_are_masked_where_a_text_repeats_them() {
        let elements = [
            ("OSSAccessKeyId", "AKEXAMPLE"),
            ("Bucket", "photographs"),
            ("A/Signature", "AMPLE-and-more"),
            ("User", "seven77"),
            ("StringToSign", "       e"),
        ];
        let secrets = Secrets::of(elements.into_iter());
        let text = "AKEXAMPLE: no key AK%45XAMPLE-and-more, akexample in photographs, seven77";
        assert_eq!(Shown::beside(text, &secrets).to_string(), "***: no key ***, *** in photographs, seven77");
    }
}
