//! Base64 in headers: in either alphabet, padded or not, with blanks or escapes.

/// Marks a byte that is not a digit.
const NONE: u32 = 1 << 31;

/// The digits, each shifted to its position among four. This takes half the instructions of
/// shifting at run time.
const DIGITS: [[u32; 256]; 4] = [digits(18), digits(12), digits(6), digits(0)];

const fn digits(shift: u32) -> [u32; 256] {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut digits = [NONE; 256];
    let mut value = 0;
    while value < ALPHABET.len() {
        digits[ALPHABET[value] as usize] = (value as u32) << shift;
        value += 1;
    }
    digits[b'-' as usize] = digits[b'+' as usize];
    digits[b'_' as usize] = digits[b'/' as usize];
    digits
}

/// Decodes as far as the text is base64.
pub(super) fn decode(text: &[u8]) -> Vec<u8> {
    let (out, rest) = digits_decoded(text);
    if rest.iter().all(|b| *b == b'=') {
        return out;
    }
    // It was altered in transit.
    let digits: Vec<u8> = unescaped(text)
        .into_iter()
        .filter(|b| !b.is_ascii_whitespace())
        .take_while(|b| DIGITS[0][usize::from(*b)] != NONE)
        .collect();
    digits_decoded(&digits).0
}

/// Decodes up to the first byte that is not a digit, and ignores trailing bits. Returns the rest.
fn digits_decoded(text: &[u8]) -> (Vec<u8>, &[u8]) {
    let mut out = vec![0; text.len() / 4 * 3 + 3];
    let mut decoded = 0;
    for (digits, bytes) in text.chunks_exact(8).zip(out.chunks_exact_mut(6)) {
        let (high, low) = (bits(&digits[..4]), bits(&digits[4..]));
        if (high | low) & NONE != 0 {
            break;
        }
        let bits = u64::from(high) << 24 | u64::from(low);
        bytes.copy_from_slice(&bits.to_be_bytes()[2..]);
        decoded += 1;
    }
    out.truncate(6 * decoded);
    let mut rest = &text[8 * decoded..];
    loop {
        let digits = rest.iter().take(4).take_while(|b| DIGITS[0][usize::from(**b)] != NONE).count();
        out.extend_from_slice(&bits(&rest[..digits]).to_be_bytes()[1..][..digits.saturating_sub(1)]);
        rest = &rest[digits..];
        if digits < 4 {
            return (out, rest);
        }
    }
}

/// The bits of up to four digits, from the highest position.
fn bits(digits: &[u8]) -> u32 {
    digits.iter().zip(&DIGITS).fold(0, |bits, (digit, places)| bits | places[usize::from(*digit)])
}

/// Decodes `%2B` and the like, and turns line breaks written as `\r
/// ` into blanks.
pub(super) fn unescaped(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let [first, behind @ ..] = rest {
        let (byte, behind) = match (first, behind) {
            (b'%', [high, low, behind @ ..]) if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                (hex(*high) << 4 | hex(*low), behind)
            }
            (b'\\', [b'r' | b'n', behind @ ..]) => (b' ', behind),
            _ => (*first, behind),
        };
        out.push(byte);
        rest = behind;
    }
    out
}

/// The value of a hex digit.
fn hex(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        _ => digit.to_ascii_lowercase() - b'a' + 10,
    }
}

#[cfg(test)]
mod tests {
    use base64::{
        Engine as _,
        engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD},
    };
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_text_is_decoded_as_far_as_it_goes() {
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
            ("PEE%2BPA%3D%3d", "<A><"),
            ("PEE+PEF%2b", "<A><A~"),
            ("PEE+\\r\\nPA==", "<A><"),
            ("PEE+%0d%0APA==", "<A><"),
            ("PEE+%", "<A>"),
            ("PEE+%2", "<A>"),
            ("PEE+\\x", "<A>"),
            ("", ""),
        ] {
            assert_eq!(decode(text.as_bytes()), expected.as_bytes(), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn what_is_encoded_comes_out_again(bytes: Vec<u8>) {
            for engine in [STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD] {
                prop_assert_eq!(decode(engine.encode(&bytes).as_bytes()), &bytes[..]);
            }
        }
    }
}
