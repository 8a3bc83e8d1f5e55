//! Which names make what stands behind them secret.

/// Words that make a parameter, header or element secret, in lower case and without hyphens.
const SECRET_WORDS: [&str; 21] = [
    "accesskey",
    "apikey",
    "argumentvalue",
    "authorization",
    "authprincipaldisplayname",
    "authprincipalownerid",
    "callbackbody",
    "callbackurl",
    "callbackvar",
    "canonicalrequest",
    "cookie",
    "credential",
    "customerkey",
    "encodeddiagnosticmessage",
    "osscallback",
    "passwd",
    "password",
    "secret",
    "signature",
    "stringtosign",
    "token",
];

/// Those of them whose values are texts of several lines.
pub(super) const OF_SEVERAL_LINES: [&str; 2] = ["canonicalrequest", "stringtosign"];

/// Whether the value behind a name is secret.
pub(super) fn is_secret_name(name: &str) -> bool {
    holds(name, &SECRET_WORDS) || name.eq_ignore_ascii_case("user")
}

/// Whether a name holds one of these words. Of a long name, the last 64 letters count.
pub(super) fn holds(name: &str, words: &[&str]) -> bool {
    let mut letters = [0; 64];
    let mut start = letters.len();
    let last = name.bytes().rev().filter(u8::is_ascii_alphanumeric).take(letters.len());
    for letter in last {
        start -= 1;
        letters[start] = letter.to_ascii_lowercase();
    }
    let letters = &letters[start..];
    words.iter().any(|word| letters.windows(word.len()).any(|part| part == word.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_are_in_order() {
        assert!(SECRET_WORDS.is_sorted());
    }
}
