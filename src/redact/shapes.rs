//! Secrets that are recognized by their shape.
//!
//! Request ids, `ETag`s, ECs, checksums, upload ids and version ids have none of these shapes. A
//! secret of another shape is found near its name ([`nearness`](super::nearness)), or if it is
//! longer than any name.

use super::work::visit;

/// Prefixes of key ids, the minimum number of letters and digits after them, and whether words have
/// the same prefix.
const KEY_IDS: [(&[u8], usize, bool); 3] = [(b"ltai", 8, false), (b"akia", 12, false), (b"asia", 12, true)];

/// Prefixes of temporary key ids, which end in a dot.
const TEMPORARY_KEY_IDS: [&[u8]; 2] = [b"sts", b"tmp"];

/// Minimum number of letters and digits after the dot of a temporary key id.
const TEMPORARY: usize = 8;

/// Maximum number of letters of a key id that may have no digit by chance.
const SURE: usize = 20;

/// Prefixes of security tokens of Alibaba Cloud and AWS.
const TOKENS: [&[u8]; 5] = [b"CAES", b"CAIS", b"FQoG", b"FwoG", b"IQoJ"];

/// Prefixes of JSON in base64: web tokens, callbacks.
const JSON: &[u8] = b"eyJ";

/// Minimum number of letters and digits of JSON in base64.
const SHORTEST_JSON: usize = 12;

/// Minimum number of letters and digits of a token, including its prefix.
const SHORTEST_TOKEN: usize = 20;

/// The same for one with a prefix in another case.
const SHORTEST_TOKEN_OF_ANY_CASE: usize = 32;

/// Lengths of signatures in base64 without their padding, and that padding: HMAC of SHA-1, SHA-256,
/// SHA-512. An MD5 has 22 letters.
const SIGNATURES: [(usize, usize); 3] = [(27, 1), (43, 1), (86, 2)];

/// Minimum number of digits of a hexadecimal signature: SHA-256. An MD5, an upload id and an `ETag`
/// have 32.
const HEX_SIGNATURE: usize = 64;

/// From this length on, letters in both cases and digits without a break count as a secret of an
/// unknown kind.
const NO_NAME: usize = 100;

/// Minimum average number of letters between slashes or hyphens in such a secret.
const AVERAGE_PART: usize = 24;

/// The suffix of the scope of a V4 credential.
const SCOPES: [&[u8]; 2] = [b"/aliyun_v4_request", b"/aws4_request"];

/// The position of the first secret in a chunk of text without blanks and quotes.
pub(super) fn first(lump: &[u8]) -> Option<usize> {
    visit(lump.len());
    let credential = v4_credential(lump);
    let chunks = Chunks { lump, at: 0 };
    chunks.filter_map(|chunk| chunk.secret()).chain(credential).min()
}

/// `LTAI…/20261125/cn-hangzhou/oss/aliyun_v4_request`: a key id and a scope.
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

/// The sequences of letters, digits and the other characters of base64.
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
    /// The rest of the chunk.
    behind: &'a [u8],
    start: usize,
}

impl Chunk<'_> {
    /// The position of the first secret of the chunk.
    fn secret(&self) -> Option<usize> {
        let is_all_secret = || is_signature(self.text, self.behind) || is_no_name(self.text);
        let first = token(self.text).or_else(|| is_all_secret().then_some(0));
        first.into_iter().chain(self.secret_word()).min().map(|at| self.start + at)
    }

    /// The same for secrets that consist of letters and digits.
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

/// A key id anywhere in a chunk. Of equal prefixes, only the first is tested: it is followed by the
/// most letters.
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

/// Whether these letters and digits are too many for a word.
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

/// Only the first prefix in a word is tested: it is followed by the most letters.
fn token_of_any_case(text: &[u8]) -> Option<usize> {
    let is_start = |at: usize| at == 0 || !text[at - 1].is_ascii_alphanumeric();
    let begins = |four: &[u8]| TOKENS[..2].iter().any(|start| four.eq_ignore_ascii_case(start));
    let at = text.windows(4).enumerate().position(|(at, four)| is_start(at) && begins(four))?;
    let token = &text[at..];
    (token.len() >= SHORTEST_TOKEN_OF_ANY_CASE && is_mixed(token)).then_some(at)
}

/// Whether a text has a digit, or letters in both cases, so that it is no plain word.
fn is_varied(text: &[u8]) -> bool {
    let has = |class: fn(&u8) -> bool| text.iter().any(class);
    is_mixed(text) || (has(u8::is_ascii_lowercase) && has(u8::is_ascii_uppercase))
}

/// Whether a text is a signature, or ends in one after a slash or a hyphen.
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

/// Whether a text is too long and too mixed for a name. Object names can be long, too, but have
/// short parts.
fn is_no_name(text: &[u8]) -> bool {
    let parts = || text.split(|byte| matches!(byte, b'/' | b'-' | b'_'));
    let has_all_classes = |part: &[u8]| {
        let has = |class: fn(&u8) -> bool| part.iter().any(class);
        has(u8::is_ascii_lowercase) && has(u8::is_ascii_uppercase) && has(u8::is_ascii_digit)
    };
    text.len() >= NO_NAME && parts().count() * AVERAGE_PART <= text.len() && parts().any(has_all_classes)
}

/// The number of bytes before the first one that matches.
pub(super) fn until(bytes: &[u8], wanted: impl Fn(u8) -> bool) -> usize {
    bytes.iter().position(|b| wanted(*b)).unwrap_or(bytes.len())
}
