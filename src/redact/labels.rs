//! Secrets after their name and a sign, and after the name of an authentication scheme.

use std::ops::Range;

use super::{
    fold::ENCODED_BLANK,
    names::{has_several_lines, may_be_words, names_secret},
    shapes::until,
    work::visit,
};

/// Maximum length of a word in a sentence.
const LONGEST_WORD: usize = 14;

/// Hides what follows a secret name and a sign, up to the end of the line and however short it is:
/// `Signature=…`, `Authorization: …`, `"token": "…"`, `<StringToSign>…`. Also hides a credential
/// after the name of an authentication scheme.
///
/// Skips passages that are `hidden` already, because a query ends before its line does. They must
/// be sorted.
pub(super) fn secrets(text: &[u8], hidden: &[Range<usize>]) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut hidden = hidden.iter().peekable();
    let (mut at, mut word) = (0, 0);
    while at <= text.len() {
        while let Some(passage) = hidden.next_if(|passage| passage.start <= at) {
            (at, word) = (at.max(passage.end), at.max(passage.end));
        }
        if text.get(at).is_some_and(|byte| is_word_byte(*byte)) {
            at += 1;
            continue;
        }
        visit(at + 1 - word);
        let name = std::str::from_utf8(&text[word..at]).unwrap_or_default();
        let secret = label(text, name, at).or_else(|| scheme(text, name, at));
        at = secret.as_ref().map_or(at + 1, |secret| secret.end);
        word = at;
        found.extend(secret);
    }
    found
}

fn is_word_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.')
}

fn label(text: &[u8], name: &str, end: usize) -> Option<Range<usize>> {
    if name.is_empty() {
        return None;
    }
    let rest = &text[end..];
    let between = until(rest, |byte| {
        !matches!(byte, b':' | b'=' | b'>' | b'"' | b'\'' | b'\\' | b'[' | b'(' | b'{' | ENCODED_BLANK)
            && !byte.is_ascii_whitespace()
    });
    visit(between);
    let (between, value) = rest.split_at(between);
    let is_label = between.iter().any(|byte| matches!(byte, b':' | b'=' | b'>')) && names_secret(name);
    let is_sentence = || is_colon(between, value) && is_prose(value) && !may_be_words(name);
    if !is_label || is_sentence() {
        return None;
    }
    let length = if has_several_lines(name) {
        value.len()
    } else {
        until(value, |byte| matches!(byte, b'\n' | b'\r'))
    };
    visit(length);
    let start = end + between.len();
    (length > 0).then_some(start..start + length)
}

/// Whether only a colon and a blank separate the two, as in a sentence. A full-width colon has no
/// blank.
fn is_colon(between: &[u8], value: &[u8]) -> bool {
    between.trim_ascii() == b":"
        && (between.ends_with(b" ") || value.first().is_some_and(|byte| !byte.is_ascii()))
}

/// Whether a sentence follows: two words in lower case, three with a capital, or words beyond
/// ASCII.
fn is_prose(value: &[u8]) -> bool {
    if value.first().is_some_and(|byte| !byte.is_ascii()) {
        return true;
    }
    let mut words = value.split(|byte| *byte == b' ').take(3).map(|word| {
        let word = &word[..word.len().min(LONGEST_WORD + 2)];
        word.strip_suffix(b".").or(word.strip_suffix(b",")).unwrap_or(word)
    });
    let is_lower = |word: &[u8]| {
        !word.is_empty() && word.len() <= LONGEST_WORD && word.iter().all(u8::is_ascii_lowercase)
    };
    let Some(first) = words.next() else { return false };
    let needed = if is_lower(first) { 1 } else { 2 };
    let rest = first
        .split_first()
        .is_some_and(|(capital, rest)| capital.is_ascii_alphabetic() && (rest.is_empty() || is_lower(rest)));
    rest && words.take(needed).filter(|word| is_lower(word)).count() == needed
}

/// Hides what follows the name of an authentication scheme, if it looks like a credential:
/// `Bearer 3f…`, `OSS id:signature`.
fn scheme(text: &[u8], name: &str, end: usize) -> Option<Range<usize>> {
    let is = |scheme: &str| name.eq_ignore_ascii_case(scheme);
    let looks_secret: fn(&[u8]) -> bool = if is("Basic") || is("Bearer") {
        |value| value.len() >= 20 || value.iter().any(u8::is_ascii_digit)
    } else if is("OSS") || is("AWS") {
        |value| value[..value.len().saturating_sub(1)].contains(&b':')
    } else {
        return None;
    };
    let start = end + until(&text[end..], |byte| !matches!(byte, b' ' | ENCODED_BLANK));
    let length = until(&text[start..], |byte| byte.is_ascii_whitespace());
    visit(start - end + length);
    (start > end && looks_secret(&text[start..start + length])).then_some(start..start + length)
}
