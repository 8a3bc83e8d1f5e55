//! The secret parts of URLs.

use std::ops::Range;

use super::{fold::ENCODED_BLANK, nearness::is_between, shapes::until, work::visit};

/// Hides the query after each question mark, and the user before each host.
///
/// The query of OSS's links to its explanations is an EC, and no secret.
pub(super) fn secrets(text: &[u8]) -> Vec<Range<usize>> {
    let mut found = users(text);
    let mut at = 0;
    while let Some(mark) = memchr::memchr(b'?', &text[at..]).map(|mark| at + mark) {
        let start = mark + 1;
        let end = start + until(&text[start..], |byte| byte <= b' ' && byte != ENCODED_BLANK);
        visit(end - mark);
        if end > start && !is_link_to_ec(&text[start..end]) {
            found.push(start..end);
        }
        at = end;
    }
    found.sort_unstable_by_key(|passage| passage.start);
    found
}

/// Hides `user:password@` with or without a scheme before it, and `user@` after a scheme.
fn users(text: &[u8]) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut at = 0;
    visit(text.len());
    while at < text.len() {
        // An authority: text without a slash, query or blank.
        let length = until(&text[at..], |byte| is_between(byte) || matches!(byte, b'/' | b'?' | b'#'));
        let part = &text[at..at + length];
        if let Some(sign) = memchr::memrchr(b'@', part) {
            let user = &part[..sign];
            let has_password = user.iter().skip(1).any(|byte| *byte == b':') && !user.starts_with(b"mailto:");
            if sign > 0 && (has_password || text[..at].ends_with(b"://")) {
                found.push(at..at + sign);
            }
        }
        at += length + 1;
    }
    found
}

/// `q=0026-00000001`, and at most the punctuation of a sentence after it.
fn is_link_to_ec(query: &[u8]) -> bool {
    let Some((ec, rest)) = query.strip_prefix(b"q=").and_then(|value| value.split_at_checked(13)) else {
        return false;
    };
    ec.iter().enumerate().all(|(i, b)| if i == 4 { *b == b'-' } else { b.is_ascii_digit() })
        && rest.iter().all(|b| matches!(b, b'.' | b',' | b';' | b')' | b'"' | b'\''))
}
