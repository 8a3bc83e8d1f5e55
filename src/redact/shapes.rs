//! What a secret looks like, wherever it stands.
//!
//! The shapes of requests ids, `ETag`s, ECs, checksums, upload ids and version ids are none of them. A secret of a shape
//! that is not here is found if its name stands before it ([`nearness`](super::nearness)), or if it is as long as no name is.

use super::work::visit;

/// What key ids begin with, the letters and digits that follow at least, and whether words begin so, too.
const KEY_IDS: [(&[u8], usize, bool); 3] = [(b"ltai", 8, false), (b"akia", 12, false), (b"asia", 12, true)];

/// The beginnings of temporary key ids, which end in a dot.
const TEMPORARY_KEY_IDS: [&[u8]; 2] = [b"sts", b"tmp"];

/// Letters and digits that a temporary key id has at least behind its dot.
const TEMPORARY: usize = 8;

/// Letters of a key id that can be without a digit by chance.
const SURE: usize = 20;

/// What security tokens of Alibaba Cloud and AWS begin with.
const TOKENS: [&[u8]; 5] = [b"CAES", b"CAIS", b"FQoG", b"FwoG", b"IQoJ"];

/// What JSON begins with in base64: web tokens, callbacks.
const JSON: &[u8] = b"eyJ";

/// Letters and digits of JSON in base64 that are needed.
const SHORTEST_JSON: usize = 12;

/// Letters and digits that a token has at least, with its beginning.
const SHORTEST_TOKEN: usize = 20;

/// The same for one that is not written in the case that tokens have.
const SHORTEST_TOKEN_OF_ANY_CASE: usize = 32;

/// Lengths of signatures in base64 without their padding, and that padding: HMAC of SHA-1, SHA-256, SHA-512. An MD5 has 22
/// letters.
const SIGNATURES: [(usize, usize); 3] = [(27, 1), (43, 1), (86, 2)];

/// Digits of a signature in hexadecimal, at least: SHA-256. An MD5, an upload id and an `ETag` have 32.
const HEX_SIGNATURE: usize = 64;

/// From this length on, letters in both cases and digits without a break are taken for a secret of an unknown kind.
const NO_NAME: usize = 100;

/// Letters between two slashes or hyphens of such a secret on average, at least.
const AVERAGE_PART: usize = 24;

/// What the scope of a V4 credential ends in.
const SCOPES: [&[u8]; 2] = [b"/aliyun_v4_request", b"/aws4_request"];

/// Where the first secret begins in a lump of text without blanks and quotes.
pub(super) fn first(lump: &[u8]) -> Option<usize> {
    visit(lump.len());
    let credential = v4_credential(lump);
    let chunks = Chunks { lump, at: 0 };
    chunks.filter_map(|chunk| chunk.secret()).chain(credential).min()
}

/// `LTAI…/20261125/cn-hangzhou/oss/aliyun_v4_request`: a scope, and whose it is.
fn v4_credential(lump: &[u8]) -> Option<usize> {
    let end = SCOPES.iter().filter_map(|scope| find(lump, scope)).min()?;
    let start = lump[..end].iter().rposition(|byte| !is_credential(*byte)).map_or(0, |before| before + 1);
    let start = start + until(&lump[start..end], |byte| byte != b'/');
    let scope = &lump[start..end];
    let is_date = |part: &[u8]| part.len() == 8 && part.iter().all(u8::is_ascii_digit);
    let date = scope.split(|byte| *byte == b'/').position(is_date)?;
    (date > 0).then_some(start)
}

fn is_credential(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'.' | b'-' | b'_' | b'+')
}

fn find(text: &[u8], part: &[u8]) -> Option<usize> {
    memchr::memmem::find(text, part)
}

/// The sequences of letters, digits and what else base64 is written with.
struct Chunks<'a> {
    lump: &'a [u8],
    at: usize,
}

impl<'a> Iterator for Chunks<'a> {
    type Item = Chunk<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        let start = self.at + self.lump[self.at..].iter().position(|byte| is_base64(*byte))?;
        self.at = start + until(&self.lump[start..], |byte| !is_base64(byte));
        Some(Chunk { text: &self.lump[start..self.at], behind: &self.lump[self.at..], start })
    }
}

struct Chunk<'a> {
    text: &'a [u8],
    /// The rest of the lump.
    behind: &'a [u8],
    start: usize,
}

impl Chunk<'_> {
    /// Where the first secret of the chunk begins.
    fn secret(&self) -> Option<usize> {
        let is_all_secret = || is_signature(self.text, self.behind) || is_no_name(self.text);
        let first = token(self.text).or_else(|| is_all_secret().then_some(0));
        first.into_iter().chain(self.secret_word()).min().map(|at| self.start + at)
    }

    /// The same for secrets of letters and digits alone.
    fn secret_word(&self) -> Option<usize> {
        let mut at = 0;
        while at < self.text.len() {
            let length = until(&self.text[at..], |byte| !byte.is_ascii_alphanumeric());
            let word = &self.text[at..at + length];
            let behind = if at + length == self.text.len() { self.behind } else { &[] };
            let is_json = word.starts_with(JSON) && length >= SHORTEST_JSON;
            let whole = || (is_json || is_hex_signature(word)).then_some(0);
            if let Some(found) = key_id(word, behind).or_else(whole) {
                return Some(at + found);
            }
            at += length + 1;
        }
        None
    }
}

fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'-' | b'_')
}

/// A key id, wherever in a chunk. Only the first of equal beginnings can be one if any is: it has the most behind it.
fn key_id(text: &[u8], behind: &[u8]) -> Option<usize> {
    let long_lived = KEY_IDS.iter().filter_map(|(start, least, is_word)| {
        let at = text.windows(start.len()).position(|part| part.eq_ignore_ascii_case(start))?;
        let id = &text[at + start.len()..];
        let begins_no_word = at == 0 && !is_word && id.len() >= *least;
        (begins_no_word || is_random(id, *least)).then_some(at)
    });
    long_lived.chain(temporary_key_id(text, behind)).min()
}

fn temporary_key_id(text: &[u8], behind: &[u8]) -> Option<usize> {
    let rest = behind.strip_prefix(b".")?;
    let ends_in =
        |start: &&&[u8]| text.last_chunk().is_some_and(|end: &[u8; 3]| end.eq_ignore_ascii_case(start));
    let start = TEMPORARY_KEY_IDS.iter().find(ends_in)?;
    let id = &rest[..until(rest, |byte| !byte.is_ascii_alphanumeric())];
    visit(id.len());
    is_random(id, TEMPORARY).then(|| text.len() - start.len())
}

/// Whether so many letters and digits are no word.
fn is_random(text: &[u8], least: usize) -> bool {
    text.len() >= SURE || (text.len() >= least && is_mixed(text))
}

/// Whether there are letters and digits in a text.
pub(super) fn is_mixed(text: &[u8]) -> bool {
    text.iter().any(u8::is_ascii_alphabetic) && text.iter().any(u8::is_ascii_digit)
}

fn token(text: &[u8]) -> Option<usize> {
    let exact = TOKENS.iter().filter_map(|start| find(text, start)).min();
    let exact = exact.filter(|at| text.len() - at >= SHORTEST_TOKEN && is_varied(&text[*at..]));
    exact.or_else(|| token_of_any_case(text))
}

/// Only the first beginning of a word can be one if any is: it has the most behind it.
fn token_of_any_case(text: &[u8]) -> Option<usize> {
    let is_start = |at: usize| at == 0 || !text[at - 1].is_ascii_alphanumeric();
    let begins = |four: &[u8]| TOKENS[..2].iter().any(|start| four.eq_ignore_ascii_case(start));
    let at = text.windows(4).enumerate().position(|(at, four)| is_start(at) && begins(four))?;
    let token = &text[at..];
    (token.len() >= SHORTEST_TOKEN_OF_ANY_CASE && is_mixed(token)).then_some(at)
}

/// Whether a text is neither a word nor a number: a digit, or letters in both cases.
fn is_varied(text: &[u8]) -> bool {
    let has = |class: fn(&u8) -> bool| text.iter().any(class);
    is_mixed(text) || (has(u8::is_ascii_lowercase) && has(u8::is_ascii_uppercase))
}

/// Whether a text is a signature, or ends in one behind a slash or a hyphen.
fn is_signature(text: &[u8], behind: &[u8]) -> bool {
    let padding = until(behind, |byte| byte != b'=').min(3);
    let ends = behind.get(padding).is_none_or(|byte| !byte.is_ascii_alphanumeric());
    ends && SIGNATURES.iter().any(|(length, expected)| {
        let before = text.len().checked_sub(*length).map(|start| text.split_at(start));
        *expected == padding
            && before.is_some_and(|(before, signature)| {
                !before.last().is_some_and(u8::is_ascii_alphanumeric) && is_varied(signature)
            })
    })
}

fn is_hex_signature(text: &[u8]) -> bool {
    text.len() >= HEX_SIGNATURE && text.iter().all(u8::is_ascii_hexdigit) && is_mixed(text)
}

/// Whether a text is too long and too mixed for a name. Names of objects are long, too, but made of short parts.
fn is_no_name(text: &[u8]) -> bool {
    let parts = || text.split(|byte| matches!(byte, b'/' | b'-' | b'_'));
    let has_all_classes = |part: &[u8]| {
        let has = |class: fn(&u8) -> bool| part.iter().any(class);
        has(u8::is_ascii_lowercase) && has(u8::is_ascii_uppercase) && has(u8::is_ascii_digit)
    };
    text.len() >= NO_NAME && parts().count() * AVERAGE_PART <= text.len() && parts().any(has_all_classes)
}

/// The number of bytes before the first that is wanted.
pub(super) fn until(bytes: &[u8], wanted: impl Fn(u8) -> bool) -> usize {
    bytes.iter().position(|b| wanted(*b)).unwrap_or(bytes.len())
}
