//! What the words of a code say: its class, if the table does not list it, and whether access is
//! denied.

use http::StatusCode;

use super::ErrorClass;

/// Words that name a limit on the request rate, whatever the status.
const THROTTLED: [&str; 14] = [
    "|flow|control",
    "|flowcontrol",
    "|qps",
    "|rate|limit",
    "|ratelimit",
    "|request|limit",
    "|requestlimit",
    "|requests|limit",
    "|requests|throttl",
    "|slow|down",
    "|slowdown",
    "|throttl",
    "|too|many|requests",
    "|toomanyrequests",
];

/// Beginnings of codes that are about a wrong request, even where they name a limit.
const WRONG_REQUEST: [&str; 4] = ["|invalid", "|malformed", "|missing", "|no|such"];

const NOT_FOUND: [&str; 3] = ["|not|exist|", "|not|exists|", "|not|found|"];

const EXISTS: [&str; 2] = ["|already|exist|", "|already|exists|"];

const UNSUPPORTED: [&str; 3] = ["|not|implemented|", "|not|support|", "|not|supported|"];

/// Endings of limits of configuration: too many rules, not too many requests.
const CONFIGURATION: [&str; 4] = ["|beyond|limit|", "|exceed|limit|", "|exceeded|limit|", "|exceeds|limit|"];

const DENIED: [&str; 5] =
    ["|access|denied|", "|denied|by|", "|not|authorized", "|not|authorised", "|unauthorized"];

/// Endings of codes that say that permission is missing. `Forbidden` after another word may name a
/// host, a domain or a file that OSS does not accept.
const DENIED_AT_THE_END: [&str; 3] = ["|denied|", "|access|forbidden|", "|bucket|not|belong|to|"];

/// A credential that does not exist is a matter of authentication.
const CREDENTIALS: [&str; 8] = [
    "|access|key",
    "|access|token",
    "|credential",
    "|security|token",
    "|session|token",
    "|signature",
    "|sts|token",
    "|token|not|",
];

/// The class that the words of an unlisted code name, or `None` if they name none.
pub(super) fn class(code: &str, status: StatusCode) -> Option<ErrorClass> {
    let words = Words(folded(code));
    let is_limit =
        words.hold(&THROTTLED) || status == StatusCode::SERVICE_UNAVAILABLE && words.hold(&["|limit"]);
    let is_wrong_request = || words.start(&WRONG_REQUEST) || words.end(&NOT_FOUND) || words.end(&EXISTS);
    let is_configuration = || matches!(status.as_u16(), 400 | 409) && words.end(&CONFIGURATION);
    if is_limit && !is_wrong_request() && !is_configuration() {
        Some(ErrorClass::Throttling)
    } else if words.deny_access() {
        Some(ErrorClass::Auth)
    } else if words.start(&["|no|such"]) || words.end(&NOT_FOUND) {
        Some(if words.hold(&CREDENTIALS) { ErrorClass::Auth } else { ErrorClass::NotFound })
    } else if words.end(&EXISTS) || words.end(&["|conflict|"]) {
        Some(ErrorClass::Conflict)
    } else {
        None
    }
}

/// Whether the words of a code, listed or not, say that permission is missing.
pub(super) fn deny_access(code: &str) -> bool {
    Words(folded(code)).deny_access()
}

/// The words of a code, folded.
struct Words(String);

impl Words {
    fn deny_access(&self) -> bool {
        self.0 == "|forbidden|"
            || self.start(&["|no|permission"])
            || self.end(&DENIED_AT_THE_END)
            || self.hold(&DENIED)
    }

    #[inline]
    fn start(&self, parts: &[&str]) -> bool {
        parts.iter().any(|part| self.0.starts_with(part))
    }

    #[inline]
    fn end(&self, parts: &[&str]) -> bool {
        parts.iter().any(|part| self.0.ends_with(part))
    }

    #[inline]
    fn hold(&self, parts: &[&str]) -> bool {
        let mut begun = self.0.match_indices('|').map(|(at, _)| &self.0[at..]);
        begun.any(|words| parts.iter().any(|part| words.starts_with(part)))
    }
}

/// Whether a code, listed or not, says that something exists already.
pub(super) fn says_exists(code: &str) -> bool {
    ends_with(code, &EXISTS)
}

/// Whether a code, listed or not, says that the operation is not supported.
pub(super) fn says_unsupported(code: &str) -> bool {
    ends_with(code, &UNSUPPORTED)
}

fn ends_with(code: &str, parts: &[&str]) -> bool {
    let words = folded(code);
    parts.iter().any(|part| words.ends_with(part))
}

/// The words of a code in lower case, each between bars: `TotalQPSLimit` and `total_qps_limit`
/// become `|total|qps|limit|`. A last word that only says that it is an error is left out.
fn folded(code: &str) -> String {
    let mut words = String::with_capacity(2 * code.len() + 2);
    let mut last = '|';
    let mut rest = code.chars().peekable();
    while let Some(letter) = rest.next() {
        let capital = letter.is_ascii_uppercase();
        let begins =
            capital && (!last.is_ascii_uppercase() || rest.peek().is_some_and(char::is_ascii_lowercase));
        if (begins || !letter.is_alphanumeric()) && !words.ends_with('|') {
            words.push('|');
        }
        if letter.is_alphanumeric() {
            if words.is_empty() {
                words.push('|');
            }
            words.push(letter.to_ascii_lowercase());
        }
        last = letter;
    }
    if !words.ends_with('|') {
        words.push('|');
    }
    for suffix in ["|exception|", "|error|", "|fault|"] {
        if words.len() > suffix.len() && words.ends_with(suffix) {
            words.truncate(words.len() - suffix.len() + "|".len());
            break;
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn class(code: &str, status: u16) -> Option<ErrorClass> {
        super::class(code, StatusCode::from_u16(status).unwrap())
    }

    #[test]
    fn codes_are_split_into_words_however_they_are_written() {
        for (code, words) in [
            ("PartitionQpsLimitted", "|partition|qps|limitted|"),
            ("TotalQPSLimit", "|total|qps|limit|"),
            ("total_qps-limit", "|total|qps|limit|"),
            ("Throttling.User", "|throttling|user|"),
            ("TOO_MANY_REQUESTS", "|too|many|requests|"),
            ("XSlowDown", "|x|slow|down|"),
            ("InvalidCRC64", "|invalid|crc64|"),
            ("TableNotFoundException", "|table|not|found|"),
            ("Exception", "|exception|"),
            ("Imm Client", "|imm|client|"),
            ("..", "|"),
            ("", "|"),
            ("ÜberLimit", "|Über|limit|"),
        ] {
            assert_eq!(folded(code), words, "{code}");
        }
    }

    #[test]
    fn a_code_that_names_a_rate_limit_is_throttling_at_any_status() {
        for code in [
            "BucketQpsLimited",
            "QpsExceeded",
            "PutObjectRateLimitExceeded",
            "AccountRequestLimitReached",
            "Throttled",
            "Throttling.Api",
            "Rejected.Throttling",
            "SlowDownWrites",
            "UserFlowControl",
            "TooManyRequestsException",
            "SLOW_DOWN",
        ] {
            for status in [400, 403, 404, 409, 418, 500, 503, 999] {
                assert_eq!(class(code, status), Some(ErrorClass::Throttling), "{code} {status}");
            }
        }
    }

    #[test]
    fn at_503_any_limit_will_do() {
        for code in ["ShardLimitReached", "ConnectionLimited", "BucketExceedLimit"] {
            assert_eq!(class(code, 503), Some(ErrorClass::Throttling), "{code}");
            assert_eq!(class(code, 400), None, "{code}");
        }
        for code in ["DelimiterUnavailable", "Unlimited", "Busy", "ServiceDown"] {
            assert_eq!(class(code, 503), None, "{code}");
        }
    }

    #[test]
    fn a_wrong_request_or_a_limit_of_configuration_is_not_throttling() {
        for (code, status, expected) in [
            ("InvalidRateLimit", 400, None),
            ("MissingQpsHeader", 400, None),
            ("MalformedThrottlingRule", 400, None),
            ("NoSuchQpsRule", 404, Some(ErrorClass::NotFound)),
            ("QpsRuleNotExist", 404, Some(ErrorClass::NotFound)),
            ("RateLimitNotFound", 503, Some(ErrorClass::NotFound)),
            ("FlowControlAlreadyExists", 409, Some(ErrorClass::Conflict)),
            ("QpsRuleExceedLimit", 400, None),
            ("QpsRuleExceedLimit", 409, None),
            ("QpsRuleExceedLimit", 429, Some(ErrorClass::Throttling)),
        ] {
            assert_eq!(class(code, status), expected, "{code} {status}");
        }
    }

    #[test]
    fn other_words_tell_the_class_whatever_the_status() {
        for (code, expected) in [
            ("NoPermissionForTable", ErrorClass::Auth),
            ("VaultAccessDenied", ErrorClass::Auth),
            ("OperationDeniedException", ErrorClass::Auth),
            ("UnauthorizedOperation", ErrorClass::Auth),
            ("NoSuchVault", ErrorClass::NotFound),
            ("VaultNotExist", ErrorClass::NotFound),
            ("TableNotFoundException", ErrorClass::NotFound),
            ("InvalidAccessKeyId.NotFound", ErrorClass::Auth),
            ("SecurityTokenNotFound", ErrorClass::Auth),
            ("NoSuchCredential", ErrorClass::Auth),
            ("VaultAlreadyExist", ErrorClass::Conflict),
            ("VaultAlreadyExists", ErrorClass::Conflict),
            ("VaultStatusConflict", ErrorClass::Conflict),
        ] {
            for status in [400, 404, 500] {
                assert_eq!(class(code, status), Some(expected), "{code} {status}");
            }
        }
        for code in ["VaultLocked", "Imm Client", "Conflicted", "Nothing", ""] {
            assert_eq!(class(code, 400), None, "{code}");
        }
    }
}
