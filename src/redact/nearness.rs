//! Secrets near a word that names one.

use std::ops::Range;

use super::{
    fold::ENCODED_BLANK,
    names::{Letters, ends_in_chinese_secret},
    public::is_public,
    shapes::{is_mixed, until},
    work::visit,
};

/// Maximum distance between a word that names a secret and the secret, in characters.
const NEAR: usize = 64;

/// Minimum length of a run that could be a secret, in characters.
const SHORTEST: usize = 16;

/// Maximum length of a character, in bytes.
const LONGEST_CHARACTER: usize = 4;

/// Hides runs that could be a secret near a word that names one, whatever is between them.
///
/// A run has at least 16 characters without a blank or a quote, with letters and digits. The word
/// may also be the beginning of the run (`token-4f1c…`). A line after a hidden one continues it,
/// however short, if it has letters and digits.
pub(super) fn near_secrets(text: &[u8]) -> Vec<Range<usize>> {
    let mut words = ends_of_words(text).into_iter().peekable();
    let (mut last_word, mut hidden_until): (Option<usize>, Option<usize>) = (None, None);
    let mut found = Vec::new();
    for run in (Runs { text, at: 0 }) {
        while let Some(word) = words.next_if(|word| *word <= run.start) {
            last_word = Some(word);
        }
        let continues = hidden_until.is_some_and(|end| is_line_break(&text[end..run.start]));
        let least = if continues { 2 } else { SHORTEST };
        if run.len() < least {
            continue;
        }
        let is_near = continues || last_word.is_some_and(|word| is_within_reach(&text[word..run.start]));
        let mut word_in_run = || words.peek().copied().filter(|word| *word < run.end);
        let start = if is_near { Some(run.start) } else { word_in_run() };
        if let Some(secret) = start.and_then(|start| secret_of(text, start..run.end, least)) {
            hidden_until = Some(secret.end);
            found.push(secret);
        }
    }
    found
}

/// The ends of words that name a secret. Their parts may be joined by hyphens, underscores and
/// blanks: `Access Key`, `access_key`.
fn ends_of_words(text: &[u8]) -> Vec<usize> {
    let mut letters = Letters::new();
    let mut ends = Vec::new();
    visit(text.len());
    for (at, byte) in text.iter().copied().enumerate() {
        match byte {
            b'-' | b'_' | b' ' | ENCODED_BLANK => {}
            _ if byte.is_ascii_alphanumeric() => {
                letters.push(byte);
                if letters.end_in_secret() {
                    ends.push(at + 1);
                }
            }
            _ => {
                letters.clear();
                if !byte.is_ascii() && ends_in_chinese_secret(&text[..=at]) {
                    ends.push(at + 1);
                }
            }
        }
    }
    ends
}

fn is_within_reach(between: &[u8]) -> bool {
    visit(between.len().min(NEAR * LONGEST_CHARACTER));
    let is_start = |byte: &&u8| !matches!(byte, 0x80..=0xbf);
    between.len() <= NEAR * LONGEST_CHARACTER && between.iter().filter(is_start).count() <= NEAR
}

fn is_line_break(between: &[u8]) -> bool {
    between.len() <= NEAR && between.contains(&b'\n') && between.iter().all(u8::is_ascii_whitespace)
}

/// The part of a run that could be a secret, without the punctuation around it.
fn secret_of(text: &[u8], run: Range<usize>, least: usize) -> Option<Range<usize>> {
    let part = &text[run.clone()];
    let before = until(part, |byte| !is_punctuation(byte)).min(part.len());
    let behind = part.iter().rev().position(|byte| byte.is_ascii_alphanumeric())?;
    // URL-safe base64 may begin with them.
    let hyphens = part[..before].iter().rev().take(2).take_while(|byte| matches!(byte, b'-' | b'_')).count();
    visit(part.len());
    let secret = run.start + before - hyphens..run.end;
    let core = &text[run.start + before..run.end - behind];
    let could_be = secret.len() >= least && is_mixed(core) && !is_public(core);
    could_be.then_some(secret)
}

fn is_punctuation(byte: u8) -> bool {
    matches!(byte, b'.' | b':' | b'-' | b'_' | b'!' | b'*')
}

/// Sequences of visible characters without a quote, bracket, comma, bar or backslash.
struct Runs<'a> {
    text: &'a [u8],
    at: usize,
}

impl Iterator for Runs<'_> {
    type Item = Range<usize>;

    fn next(&mut self) -> Option<Range<usize>> {
        let start = self.at + self.text[self.at..].iter().position(|byte| is_of_run(*byte))?;
        self.at = start + until(&self.text[start..], |byte| !is_of_run(byte));
        Some(start..self.at)
    }
}

fn is_of_run(byte: u8) -> bool {
    !is_between(byte) && !matches!(byte, b'|' | b'\\')
}

/// Whether a byte ends a run: quotes, brackets, commas, blanks.
pub(super) fn is_between(byte: u8) -> bool {
    !byte.is_ascii_graphic()
        || matches!(
            byte,
            b'"' | b'\'' | b'`' | b'<' | b'>' | b'(' | b')' | b'[' | b']' | b'{' | b'}' | b',' | b';'
        )
}
