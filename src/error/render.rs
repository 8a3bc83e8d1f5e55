//! Text from the wire, made fit for a log line.

use std::fmt::{self, Write};

use super::redact::Secrets;

/// Longest text that is shown, in characters.
const MAX_SHOWN: usize = 512;

/// Shows a text that came over the wire: on one line, at most 512 characters, with control characters escaped
/// and with the values of URL queries and of named secrets replaced by `***`.
#[derive(Clone, Copy)]
pub(crate) struct Shown<'a>(pub(crate) &'a str);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut left = MAX_SHOWN;
        let mut from = 0;
        for secret in Secrets::of(self.0) {
            if !write_plain(f, &self.0[from..secret.start], &mut left)? {
                return Ok(());
            }
            f.write_str("***")?;
            from = secret.end;
        }
        write_plain(f, &self.0[from..], &mut left).map(|_| ())
    }
}

impl fmt::Debug for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{self}\"")
    }
}

/// Writes at most `left` characters; says whether it wrote all.
fn write_plain(f: &mut fmt::Formatter<'_>, text: &str, left: &mut usize) -> Result<bool, fmt::Error> {
    for c in text.chars() {
        if *left == 0 {
            f.write_char('…')?;
            return Ok(false);
        }
        *left -= 1;
        if breaks_lines(c) { write!(f, "{}", c.escape_debug())? } else { f.write_char(c)? }
    }
    Ok(true)
}

/// Whether a character could forge a line, move the cursor or turn the direction of the text around it.
fn breaks_lines(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_and_direction_characters_are_escaped() {
        let text = "a\r\n\u{1b}[2J\u{202e}\u{2028}\u{85}\u{feff}z";
        assert_eq!(Shown(text).to_string(), r"a\r\n\u{1b}[2J\u{202e}\u{2028}\u{85}\u{feff}z");
    }

    #[test]
    fn text_is_cut_after_512_characters() {
        assert_eq!(Shown(&"é".repeat(512)).to_string(), "é".repeat(512));
        assert_eq!(Shown(&"é".repeat(513)).to_string(), "é".repeat(512) + "…");
        assert_eq!(Shown(&"?a=b&".repeat(999)).to_string().chars().filter(|c| *c == '?').count(), 128);
    }

    #[test]
    fn secrets_are_masked_and_the_rest_is_kept() {
        assert_eq!(Shown("see /k?Signature=abc&acl now").to_string(), "see /k?Signature=***&acl now");
        assert_eq!(format!("{:?}", Shown("a\nb")), r#""a\nb""#);
    }
}
