//! Combines code, words and status into class and outlook.

use http::StatusCode;

use super::{ErrorClass, ErrorCode, words};

/// The expected result of sending the same request again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outlook {
    /// The same response.
    Permanent,
    /// Possibly another response. The request may have taken effect.
    Transient,
    /// Another response, at a lower rate. The request did not take effect.
    Throttled,
    /// Another response, with the right date. The request did not take effect.
    ClockSkewed,
}

impl Outlook {
    /// The outlook of a response from its status alone.
    #[inline]
    pub(crate) fn of_status(status: StatusCode) -> Self {
        match status.as_u16() {
            ..400 => Self::Permanent, // first, because most responses are successes
            429 | 509 => Self::Throttled,
            408 | 424 => Self::Transient,
            // The server or proxy does not support the request.
            501 | 505 | 506 | 508 | 510 | 511 => Self::Permanent,
            // An unknown 5xx counts as 500 (RFC 9110, section 15). CDNs send 520 to 530 if the
            // origin did not respond.
            500..600 => Self::Transient,
            _ => Self::Permanent,
        }
    }
}

/// Class and outlook of an error response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Meaning {
    pub(crate) class: ErrorClass,
    pub(crate) outlook: Outlook,
}

impl Meaning {
    /// Finds the meaning of a response from its code and its status.
    ///
    /// The code decides if it is listed, else its words, else the part before its first dot, else
    /// the status. Three statuses override the code: 203, because the object is stored, and 429 and
    /// 509, which always mean too many requests.
    ///
    /// An unlisted code without such words is a denial if the response has an `AccessDeniedDetail`.
    #[inline]
    pub(crate) fn of(code: &ErrorCode, status: StatusCode, has_detail: impl FnOnce() -> bool) -> Self {
        match status.as_u16() {
            203 | 429 | 509 => Self::of_status(status),
            _ if code.class() != ErrorClass::Unknown => Self::of_listed(code),
            _ => Self::of_unlisted(code, status, has_detail()),
        }
    }

    #[cold]
    fn of_unlisted(code: &ErrorCode, status: StatusCode, has_detail: bool) -> Self {
        let by_words = |code: &ErrorCode| words::class(code.as_str(), status).map(Self::of_words);
        let first = code.as_str().split_once('.').map(|(first, _)| ErrorCode::from(first));
        let by_first = || match first {
            Some(first) if first.class() != ErrorClass::Unknown => Some(Self::of_listed(&first)),
            first => first.as_ref().and_then(by_words),
        };
        match by_words(code).or_else(by_first) {
            Some(meaning) => meaning,
            None if has_detail => Self { class: ErrorClass::Auth, outlook: Outlook::Permanent },
            None => Self::of_status(status),
        }
    }

    /// The meaning of a response from its status alone.
    fn of_status(status: StatusCode) -> Self {
        Self { class: ErrorClass::of_status(status), outlook: Outlook::of_status(status) }
    }

    fn of_listed(code: &ErrorCode) -> Self {
        let class = code.class();
        let outlook = match class {
            ErrorClass::Throttling => Outlook::Throttled,
            ErrorClass::Server => Outlook::Transient,
            ErrorClass::Clock => Outlook::ClockSkewed,
            // The bytes came too slowly. The next attempt may be faster.
            _ if *code == ErrorCode::RequestTimeout => Outlook::Transient,
            _ => Outlook::Permanent,
        };
        Self { class, outlook }
    }

    fn of_words(class: ErrorClass) -> Self {
        let outlook = match class {
            ErrorClass::Throttling => Outlook::Throttled,
            _ => Outlook::Permanent,
        };
        Self { class, outlook }
    }

    /// Whether permission is missing. Other errors of class [`Auth`](ErrorClass::Auth) are about
    /// the key, the signature or the account.
    ///
    /// The words of the code decide, whether it is listed or not, or else those before its first
    /// dot.
    pub(super) fn denies_access(self, code: &ErrorCode) -> bool {
        let first = || code.as_str().split_once('.').is_some_and(|(first, _)| words::deny_access(first));
        self.class == ErrorClass::Auth && (words::deny_access(code.as_str()) || first())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(code: &str, status: u16) -> Meaning {
        Meaning::of(&code.into(), StatusCode::from_u16(status).unwrap(), || false)
    }

    #[test]
    fn a_listed_code_decides_before_the_status() {
        assert_eq!(of("NoSuchKey", 503).outlook, Outlook::Permanent);
        assert_eq!(of("InternalError", 400).outlook, Outlook::Transient);
        assert_eq!(of("RequestTimeout", 400).outlook, Outlook::Transient);
        assert_eq!(of("SlowDown", 200).outlook, Outlook::Throttled);
        for code in ["CORSRuleBeyondLimit", "TooManyBuckets", "VectorBucketIndexExceedLimit"] {
            assert_eq!(of(code, 400).class, ErrorClass::Client, "{code}");
        }
        for code in ["ServiceUnavailable", "Vault", ""] {
            assert_eq!(
                (of(code, 503).class, of(code, 503).outlook),
                (ErrorClass::Server, Outlook::Transient)
            );
        }
    }

    #[test]
    fn status_203_429_and_509_override_the_code() {
        for code in ["NoSuchKey", "InternalError", "SlowDown", "Vault", "RequestTimeTooSkewed"] {
            let stored = of(code, 203);
            assert_eq!((stored.class, stored.outlook), (ErrorClass::Callback, Outlook::Permanent), "{code}");
            for status in [429, 509] {
                let limited = of(code, status);
                assert_eq!((limited.class, limited.outlook), (ErrorClass::Throttling, Outlook::Throttled));
            }
        }
    }

    #[test]
    fn the_part_before_a_dot_decides_if_the_code_does_not() {
        for (code, class, outlook) in [
            ("InternalError.Shard", ErrorClass::Server, Outlook::Transient),
            ("RequestTimeout.Upload", ErrorClass::Client, Outlook::Transient),
            ("InvalidAccessKeyId.NotFound", ErrorClass::Auth, Outlook::Permanent),
            ("Throttling.User", ErrorClass::Throttling, Outlook::Throttled),
            ("VaultNotExist.User.X", ErrorClass::NotFound, Outlook::Permanent),
            ("Vault.Shard", ErrorClass::Server, Outlook::Transient),
            (".", ErrorClass::Server, Outlook::Transient),
        ] {
            assert_eq!((of(code, 500).class, of(code, 500).outlook), (class, outlook), "{code}");
        }
    }

    #[test]
    fn access_is_denied_by_the_words_of_a_code() {
        let denies = |code: &str, status| of(code, status).denies_access(&code.into());
        for code in ["AccessDenied", "NoPermission", "VaultDenied", "NoPermission.Vault", "Unauthorized"] {
            assert!(denies(code, 400), "{code}");
        }
        for code in ["Forbidden.Ram", "AccessForbidden", "BucketNotBelongTo", "RequestDeniedByVault"] {
            assert!(denies(code, 403), "{code}");
        }
        for code in ["SignatureDoesNotMatch", "InvalidAccessKeyId", "Vault", "NoSuchKey", "SlowDown"] {
            assert!(!denies(code, 403), "{code}");
        }
        assert!(!denies("AccessDenied", 429), "too many requests, whatever the code");
    }

    #[test]
    fn a_listed_code_denies_access_if_an_unlisted_one_with_its_words_would() {
        for code in ErrorCode::known() {
            let denies = of(code.as_str(), 403).denies_access(code);
            assert_eq!(denies, words::deny_access(code.as_str()), "{code}");
            if code.as_str().contains("Denied") {
                assert!(denies, "{code}");
            }
            // The others ask for another host, domain or file.
            if code.as_str().contains("Forbidden") {
                assert_eq!(denies, code.class() == ErrorClass::Auth, "{code}");
            }
        }
    }

    #[test]
    fn an_unlisted_code_with_an_access_denied_detail_is_a_denial() {
        let meaning = Meaning::of(&"Vault".into(), StatusCode::BAD_REQUEST, || true);
        assert_eq!(meaning, Meaning { class: ErrorClass::Auth, outlook: Outlook::Permanent });
    }

    #[test]
    fn a_status_alone_has_an_outlook() {
        for status in 100..1000 {
            let meaning = Meaning::of_status(StatusCode::from_u16(status).unwrap());
            let expected = match status {
                429 | 509 => Outlook::Throttled,
                408 | 424 => Outlook::Transient,
                501 | 505 | 506 | 508 | 510 | 511 => Outlook::Permanent,
                500..600 => Outlook::Transient,
                _ => Outlook::Permanent,
            };
            assert_eq!(meaning.outlook, expected, "{status}");
            assert_eq!(
                meaning.class == ErrorClass::Unknown,
                !(203..600).contains(&status) || (204..300).contains(&status),
                "{status}"
            );
        }
    }
}
