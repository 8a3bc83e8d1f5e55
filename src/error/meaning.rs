//! What an error response means: the one place that decides class and outlook.

use http::StatusCode;

use super::{ErrorClass, ErrorCode, words::Words};

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
    pub(crate) access_denied: bool,
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
        let by_words = |code: &ErrorCode| Words::of(code.as_str(), status).map(Self::of_words);
        let first = code.as_str().split_once('.').map(|(first, _)| ErrorCode::from(first));
        let by_first = || match first {
            Some(first) if first.class() != ErrorClass::Unknown => Some(Self::of_listed(&first)),
            first => first.as_ref().and_then(by_words),
        };
        match by_words(code).or_else(by_first) {
            Some(meaning) => meaning,
            None if has_detail => {
                Self { class: ErrorClass::Auth, outlook: Outlook::Permanent, access_denied: true }
            }
            None => Self::of_status(status),
        }
    }

    /// The meaning of a response from its status alone.
    fn of_status(status: StatusCode) -> Self {
        let (class, outlook) = (ErrorClass::of_status(status), Outlook::of_status(status));
        Self { class, outlook, access_denied: false }
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
        Self { class, outlook, access_denied: is_access_denied(code) }
    }

    fn of_words(words: Words) -> Self {
        let outlook = match words.class {
            ErrorClass::Throttling => Outlook::Throttled,
            _ => Outlook::Permanent,
        };
        Self { class: words.class, outlook, access_denied: words.access_denied }
    }
}

/// Whether a listed code of class [`Auth`](ErrorClass::Auth) is about permission. The others are
/// about the key, the signature or the account.
fn is_access_denied(code: &ErrorCode) -> bool {
    matches!(
        code,
        ErrorCode::AccessDenied
            | ErrorCode::AccessDeniedException
            | ErrorCode::AccessForbidden
            | ErrorCode::BucketNotBelongTo
            | ErrorCode::Forbidden
            | ErrorCode::ForbiddenException
            | ErrorCode::NoPermission
    )
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
    fn access_is_denied_by_a_listed_code_by_words_or_by_detail() {
        for code in ["AccessDenied", "NoPermission", "VaultDenied", "NoPermission.Vault", "Unauthorized"] {
            assert!(of(code, 400).access_denied, "{code}");
        }
        for code in ["SignatureDoesNotMatch", "InvalidAccessKeyId", "Vault", "NoSuchKey", "SlowDown"] {
            assert!(!of(code, 403).access_denied, "{code}");
        }
        let meaning = Meaning::of(&"Vault".into(), StatusCode::BAD_REQUEST, || true);
        assert!(meaning.access_denied && meaning.class == ErrorClass::Auth);
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
