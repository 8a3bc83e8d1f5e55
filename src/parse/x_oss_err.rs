use base64::{
    Engine as _,
    alphabet::STANDARD,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use http::HeaderMap;

use super::{Parsed, body};
use crate::error::X_OSS_ERR;

/// Padding or not, and whatever the last bits are.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// Longest value that is read, in bytes; a server may not send longer headers than its client's buffer.
const MAX_LEN: usize = 128 * 1024;

/// Reads the header in which OSS sends the error document of an answer that has no body.
pub(crate) fn read(headers: &HeaderMap) -> Option<Parsed> {
    let values = headers.get_all(&X_OSS_ERR).iter();
    values.map(|value| body(decode(value.as_bytes()))).find(|parsed| parsed.kind.is_oss())
}

/// Decodes as far as the text is base64.
fn decode(text: &[u8]) -> Vec<u8> {
    let mut digits: Vec<u8> = text
        .iter()
        .filter(|b| !b.is_ascii_whitespace())
        .map(|b| match b {
            b'-' => b'+',
            b'_' => b'/',
            other => *other,
        })
        .take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/'))
        .take(MAX_LEN)
        .collect();
    if digits.len() % 4 == 1 {
        digits.pop(); // six bits make no byte
    }
    LENIENT.decode(digits).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_decoded_as_far_as_it_goes() {
        for (text, expected) in [
            ("PEE+", "<A>"),
            ("PA==", "<"),
            ("PA", "<"),
            ("PB", "<"),
            ("PEE-", "<A>"),
            ("PEE+ \tPA", "<A><"),
            ("PEE+P", "<A>"),
            ("PEE+!PEE+", "<A>"),
            ("PA==PA==", "<"),
            ("=", ""),
            ("", ""),
        ] {
            assert_eq!(decode(text.as_bytes()), expected.as_bytes(), "{text:?}");
        }
    }
}
