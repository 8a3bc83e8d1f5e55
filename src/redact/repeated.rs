//! Secrets of a document that another text repeats.

use std::{cmp::Reverse, ops::Range};

use super::{
    fold::Folded,
    names::is_secret_field,
    shown::{MAX_SCANNED, start_of},
    work::visit,
};

/// Minimum length of a secret that is recognized where it is repeated, in bytes. A shorter one
/// could be a common word.
const SHORTEST: usize = 8;

/// How many bytes a secret is looked up by. Less than the minimum length, because decoding its
/// escapes makes a secret shorter.
const KEY: usize = 4;

/// Maximum number of comparisons per byte of a text. Only a hostile document needs more. Then a
/// text is hidden if it repeats the first bytes of a secret.
const EFFORT: usize = 16;

/// The secrets of a document. They are found in one pass over a text, by their first bytes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Secrets {
    /// The decoded secrets in lower case, by their first bytes. Secrets with the same first bytes
    /// are sorted by length, the longest first.
    secrets: Vec<(u32, Box<[u8]>)>,
}

impl Secrets {
    pub(crate) const NONE: Self = Self { secrets: Vec::new() };

    /// Collects the secret elements of these, given as name and value.
    pub(crate) fn of<'a>(elements: impl Iterator<Item = (&'a str, &'a str)>) -> Self {
        let secret = elements.filter(|(name, _)| is_secret_field(name)).map(|(_, value)| value.trim());
        let secret = secret.filter(|value| value.len() >= SHORTEST).map(|value| lower(&Folded::new(value)));
        let mut secrets: Vec<_> = secret.filter_map(|value| Some((first_bytes(&value)?, value))).collect();
        secrets
            .sort_unstable_by(|a, b| (a.0, Reverse(a.1.len()), &a.1).cmp(&(b.0, Reverse(b.1.len()), &b.1)));
        secrets.dedup();
        Self { secrets }
    }

    /// Whether a text repeats a secret element of those given as name and value.
    ///
    /// The same as `of(elements).are_in(text)` at a tenth of the cost: it reads only the names of
    /// elements whose values may begin in the text.
    pub(crate) fn of_any_are_in<'a>(elements: impl Iterator<Item = (&'a str, &'a str)>, text: &str) -> bool {
        let parts = Parts::of(start_of(text, MAX_SCANNED));
        Self::of(elements.filter(|(_, value)| parts.may_begin(value.trim()))).are_in(text)
    }

    /// Whether a text repeats one of the secrets.
    pub(crate) fn are_in(&self, text: &str) -> bool {
        !self.secrets.is_empty() && !self.find(&Folded::new(start_of(text, MAX_SCANNED)), true).is_empty()
    }

    /// The positions of the secrets in a text, sorted. If the text is cut, a secret may begin at
    /// its end.
    pub(super) fn find(&self, text: &Folded, is_cut: bool) -> Vec<Range<usize>> {
        let mut found = Vec::new();
        if self.secrets.is_empty() {
            return found;
        }
        let text = lower(text);
        let mut effort = EFFORT * text.len();
        for at in 0..text.len() {
            visit(1);
            let rest = &text[at..];
            let Some(key) = first_bytes(rest) else { break };
            let from = self.secrets.partition_point(|(known, _)| *known < key);
            let mut candidates =
                self.secrets[from..].iter().take_while(|(known, _)| *known == key).peekable();
            if candidates.peek().is_none() {
                continue;
            }
            let length = candidates.find_map(|(_, secret)| {
                let length = secret.len().min(rest.len());
                visit(length.min(effort));
                match effort.checked_sub(length) {
                    Some(left) => effort = left,
                    None => return Some(KEY),
                }
                let is_there = rest.starts_with(secret) || (is_cut && secret.starts_with(rest));
                is_there.then_some(length)
            });
            found.extend(length.map(|length| at..at + length));
        }
        found
    }
}

/// The parts of a text that have the length of a key, as a set of hashes.
struct Parts([u64; 16]);

impl Parts {
    fn of(text: &str) -> Self {
        if !text.bytes().all(stands_for_itself) {
            return Self([u64::MAX; 16]);
        }
        let mut parts = Self([0; 16]);
        for key in text.as_bytes().windows(KEY).filter_map(first_bytes) {
            let (word, bit) = Self::place(key);
            parts.0[word] |= bit;
        }
        parts
    }

    /// Whether a value may begin with one of them.
    fn may_begin(&self, value: &str) -> bool {
        let Some(key) = first_bytes(value.as_bytes()) else { return false };
        let (word, bit) = Self::place(key);
        self.0[word] & bit != 0 || !value.bytes().take(KEY).all(stands_for_itself)
    }

    /// The word and the bit of a key.
    fn place(key: u32) -> (usize, u64) {
        let key = key | 0x2020_2020; // in lower case
        let hash = key.wrapping_mul(0x9e37_79b1) >> 22; // Fibonacci hashing, down to 1 024 bits
        ((hash / u64::BITS) as usize, 1 << (hash % u64::BITS))
    }
}

/// Whether a byte begins no escape, and is no part of a letter beyond ASCII.
fn stands_for_itself(byte: u8) -> bool {
    byte.is_ascii() && !b"%\\&".contains(&byte)
}

fn first_bytes(text: &[u8]) -> Option<u32> {
    text.first_chunk().map(|first: &[u8; KEY]| u32::from_be_bytes(*first))
}

fn lower(text: &Folded) -> Box<[u8]> {
    text.bytes().to_ascii_lowercase().into()
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*, sample::select};

    use super::*;

    /// A text of a few pieces, so that one often repeats another.
    fn text() -> impl Strategy<Value = String> {
        vec(select(&["ab", "AB", "cdef", "%41", "&amp;", "%253D", "=", "\u{e9}", "\u{200b}", " "][..]), 0..10)
            .prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn a_text_repeats_the_same_secrets_whether_all_names_are_read_or_few(
            elements in vec((select(&["Token", "Key", "Signature"][..]), text()), 0..5),
            text in text(),
        ) {
            let elements = || elements.iter().map(|(name, value)| (*name, &**value));
            prop_assert_eq!(Secrets::of_any_are_in(elements(), &text), Secrets::of(elements()).are_in(&text));
        }
    }
}
