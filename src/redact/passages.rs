//! The secret passages of a text.

use std::ops::Range;

use super::{
    fold::Folded,
    labels,
    nearness::{is_between, near_secrets},
    shapes, urls,
    work::visit,
};

/// Finds the secret passages of a text, sorted by their start. They may overlap.
///
/// All escapes are decoded first. Then each rule scans the text once, so that the work is linear:
/// [labels and schemes](labels), [queries and users of URLs](urls), [nearness](super::nearness),
/// [shapes].
pub(super) fn secrets(folded: &Folded) -> Vec<Range<usize>> {
    let text = folded.bytes();
    let mut found = urls::secrets(text);
    found.extend(labels::secrets(text, &found));
    found.extend(near_secrets(text));
    found.extend(shaped(text));
    found.extend(private_keys(text));
    found.sort_unstable_by_key(|passage| passage.start);
    found
}

/// Hides what has the shape of a secret, with what is attached to it: `LTAI…:signature`.
fn shaped(text: &[u8]) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let length = shapes::until(&text[at..], is_between);
        found.extend(shapes::first(&text[at..at + length]).map(|start| at + start..at + length));
        at += length + 1;
    }
    found
}

/// Maximum length of the first line of a PEM key.
const PEM_LINE: usize = 64;

/// Hides private keys in PEM, which may have many lines.
fn private_keys(text: &[u8]) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut at = 0;
    visit(text.len());
    while let Some(start) = memchr::memmem::find(&text[at..], b"-----BEGIN ").map(|start| at + start) {
        let line = &text[start..text.len().min(start + PEM_LINE)];
        at = start + 1;
        if memchr::memmem::find(line, b"PRIVATE KEY").is_some() {
            let end = memchr::memmem::find(&text[start..], b"-----END ");
            at = end.map_or(text.len(), |end| start + end);
            found.push(start..at);
        }
    }
    found
}

#[cfg(test)]
mod harmless;
#[cfg(test)]
mod tests;
