//! Which names make a value secret.
//!
//! A name on none of these lists is harmless, and so are common words like `key` and `id`. Their
//! values can still be hidden because of their shape.

/// Words that name a secret anywhere in a name or a sentence, in lower case, without blanks,
/// hyphens and underscores.
const WORDS: [&[u8]; 24] = [
    b"accesskey",
    b"apikey",
    b"argumentvalue",
    b"authkey",
    b"authorization",
    b"authprincipaldisplayname",
    b"authprincipalownerid",
    b"callbackbody",
    b"callbackurl",
    b"callbackvar",
    b"canonicalrequest",
    b"cookie",
    b"credential",
    b"customerkey",
    b"encodeddiagnosticmessage",
    b"osscallback",
    b"passphrase",
    b"passwd",
    b"password",
    b"privatekey",
    b"secret",
    b"signature",
    b"stringtosign",
    b"token",
];

/// The same in Chinese, as callback servers and proxies write: password, signature, key, token,
/// credential.
const CHINESE: [&str; 6] = ["令牌", "凭证", "凭据", "密码", "密钥", "签名"];

/// Whether a text ends in a Chinese word that names a secret.
pub(super) fn ends_in_chinese_secret(text: &[u8]) -> bool {
    CHINESE.iter().any(|word| text.ends_with(word.as_bytes()))
}

/// The last letters of these words. Most letters of a text are not among them, and need no further
/// test.
const LAST: [bool; 256] = {
    let (mut last, mut at) = ([false; 256], 0);
    while at < WORDS.len() {
        last[WORDS[at][WORDS[at].len() - 1] as usize] = true;
        at += 1;
    }
    last
};

/// Words that make a name secret if they are a separate part of it, as in `auth`, `x-auth` or `sk`.
/// In sentences they are ignored.
const PARTS: [&str; 11] =
    ["ak", "auth", "jwt", "pass", "passcode", "pwd", "session", "sessionid", "sig", "sign", "sk"];

/// Words that make an element or a header secret, but are ignored in texts.
const ONLY_OF_FIELDS: [&[u8]; 2] = [b"authenticat", b"callback"];

/// The prefix of user metadata.
const METADATA: [&str; 2] = ["x-oss-meta", "x-amz-meta"];

/// Names whose values may have several lines.
const OF_SEVERAL_LINES: [&[u8]; 2] = [b"canonicalrequest", b"stringtosign"];

/// Names whose values may be words, so that a sentence may be the secret.
const OF_WORDS: [&[u8]; 4] = [b"passphrase", b"passwd", b"password", b"secret"];

/// How many of the last letters of a name are examined.
const LONGEST: usize = 64;

/// Whether the value of an element or a header is secret, by its name or the name of a parent
/// element (`A/B`).
pub(super) fn is_secret_field(path: &str) -> bool {
    path.split('/').any(|name| {
        names_secret(name)
            || Letters::of(name).hold(&ONLY_OF_FIELDS)
            || name.eq_ignore_ascii_case("user")
            || name.eq_ignore_ascii_case("x-oss-err") // the document
            || METADATA.iter().any(|start| name.get(..start.len()).is_some_and(|s| s.eq_ignore_ascii_case(start)))
    })
}

/// Whether a name that stands before a value names a secret: `Signature=`, `x-oss-security-token:`,
/// `auth=`.
pub(super) fn names_secret(name: &str) -> bool {
    let mut parts = name.rsplit(|c: char| !c.is_ascii_alphanumeric()).take(LONGEST);
    Letters::of(name).hold(&WORDS) || parts.any(|part| PARTS.iter().any(|p| p.eq_ignore_ascii_case(part)))
}

/// Whether the value of a name may have several lines.
pub(super) fn has_several_lines(name: &str) -> bool {
    Letters::of(name).hold(&OF_SEVERAL_LINES)
}

/// Whether the value of a name may be words.
pub(super) fn may_be_words(name: &str) -> bool {
    Letters::of(name).hold(&OF_WORDS)
}

/// The last letters and digits of a text, in lower case, without blanks, hyphens and underscores.
pub(super) struct Letters {
    /// Stored twice, one copy after the other, so that the last letters are always contiguous.
    ring: [u8; 2 * LONGEST],
    next: usize,
    length: usize,
}

impl Letters {
    pub(super) fn new() -> Self {
        Self { ring: [0; 2 * LONGEST], next: 0, length: 0 }
    }

    fn of(name: &str) -> Self {
        let mut letters = Self::new();
        let last = name.bytes().rev().filter(u8::is_ascii_alphanumeric).take(LONGEST).count();
        let all = name.bytes().filter(u8::is_ascii_alphanumeric).count();
        name.bytes().filter(u8::is_ascii_alphanumeric).skip(all - last).for_each(|b| letters.push(b));
        letters
    }

    pub(super) fn push(&mut self, letter: u8) {
        let letter = letter.to_ascii_lowercase();
        self.ring[self.next] = letter;
        self.ring[self.next + LONGEST] = letter;
        self.next = (self.next + 1) % LONGEST;
        self.length = (self.length + 1).min(LONGEST);
    }

    pub(super) fn clear(&mut self) {
        self.length = 0;
    }

    /// Whether the last letters are one of the words that name a secret.
    pub(super) fn end_in_secret(&self) -> bool {
        let letters = self.all();
        let may_be_last = letters.last().is_some_and(|last| LAST[usize::from(*last)]);
        may_be_last && WORDS.iter().any(|word| letters.ends_with(word))
    }

    fn all(&self) -> &[u8] {
        let end = self.next + LONGEST;
        &self.ring[end - self.length..end]
    }

    fn hold(&self, words: &[&[u8]]) -> bool {
        // Comparing the first letters before the words saves half of the instructions.
        let begins_with = |part: &[u8], word: &[u8]| part[0] == word[0] && part == word;
        words.iter().any(|word| self.all().windows(word.len()).any(|part| begins_with(part, word)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lists_are_in_order() {
        assert!(WORDS.is_sorted() && PARTS.is_sorted() && ONLY_OF_FIELDS.is_sorted());
        assert!(WORDS.iter().all(|word| word.len() <= LONGEST));
    }

    #[test]
    fn secret_fields_are_recognized_by_name_in_any_spelling() {
        for name in [
            "SignatureProvided",
            "StringToSign",
            "StringToSignBytes",
            "CanonicalRequest",
            "OSSAccessKeyId",
            "AWSAccessKeyId",
            "Authorization",
            "ArgumentValue",
            "User",
            "Detail/User",
            "Authorization/Part",
            "AccessDeniedDetail/EncodedDiagnosticMessage",
            "AccessDeniedDetail/AuthPrincipalOwnerId",
            "AccessDeniedDetail/AuthPrincipalDisplayName",
            "security_token",
            "SECURITY-TOKEN",
            "x-oss-security-token",
            "x-amz-credential",
            "set-cookie",
            "Cookie2",
            "www-authenticate",
            "proxy-authenticate",
            "authentication-info",
            "x-oss-callback",
            "x-oss-callback-var",
            "Callback",
            "x-oss-meta-owner",
            "X-Oss-Meta",
            "x-oss-err",
            // Not in OSS's documents:
            "X-Auth",
            "x-session-id-session",
            "api_key",
            "DbPassword",
            "client.secret",
            "sk",
            "X-Amz-Server-Side-Encryption-Customer-Key",
        ] {
            assert!(is_secret_field(name), "{name}");
        }
        let long = format!("{}token", "a".repeat(LONGEST));
        assert!(is_secret_field(&long));
    }

    #[test]
    fn other_fields_are_harmless() {
        for name in [
            "",
            "/",
            "Key",
            "Bucket",
            "BucketName",
            "UploadId",
            "ETag",
            "PartNumber",
            "Expires",
            "Detail",
            "Detail/ServerTime",
            "ArgumentName",
            "AccessDeniedDetail/AuthAction",
            "AccessDeniedDetail/AuthPrincipalType",
            "AccessDeniedDetail/PolicyType",
            "Design",
            "Asks",
            "x-oss-qos-delay-time",
            "X-Tengine-Error",
            "x-oss-version-id",
            "x-oss-server-side-encryption-key-id",
            "content-md5",
            "userdata",
            "Unheard-Of",
        ] {
            assert!(!is_secret_field(name), "{name}");
        }
    }
}
