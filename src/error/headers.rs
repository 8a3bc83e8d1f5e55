use std::{
    borrow::Cow,
    time::{Duration, SystemTime},
};

use http::{HeaderMap, HeaderName, header};

// Names for lookups that need no parsing.
pub(crate) static X_OSS_EC: HeaderName = HeaderName::from_static("x-oss-ec");
pub(crate) static X_OSS_ERR: HeaderName = HeaderName::from_static("x-oss-err");
pub(crate) static X_OSS_ERROR_TYPE: HeaderName = HeaderName::from_static("x-oss-error-type");
static X_OSS_QOS_DELAY_TIME: HeaderName = HeaderName::from_static("x-oss-qos-delay-time");
pub(crate) static X_OSS_REQUEST_ID: HeaderName = HeaderName::from_static("x-oss-request-id");
static X_OSS_SERVER_TIME: HeaderName = HeaderName::from_static("x-oss-server-time");
pub(crate) static X_OSS_TRAFFIC_LIMIT: HeaderName = HeaderName::from_static("x-oss-traffic-limit");

/// The cap on every duration that a header gives.
const MAX_TIME: Duration = Duration::from_secs(24 * 60 * 60);

/// The first value of a header that is not blank, as text. Bytes beyond UTF-8 are replaced.
pub(crate) fn header_text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<Cow<'a, str>> {
    let values = headers.get_all(name).iter();
    values.map(|value| String::from_utf8_lossy(value.as_bytes().trim_ascii())).find(|text| !text.is_empty())
}

/// As [`header_text`], but `None` unless it is visible ASCII.
pub(crate) fn header_str<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    values.find_map(|value| Some(value.trim_ascii()).filter(|text| !text.is_empty()))
}

/// How long OSS delayed this response because a bandwidth limit was reached.
pub(crate) fn qos_delay(headers: &HeaderMap) -> Option<Duration> {
    millis(headers, &X_OSS_QOS_DELAY_TIME)
}

/// How long OSS worked on the request.
pub(crate) fn server_time(headers: &HeaderMap) -> Option<Duration> {
    millis(headers, &X_OSS_SERVER_TIME)
}

/// A header that consists of digits, as milliseconds.
fn millis(headers: &HeaderMap, name: &HeaderName) -> Option<Duration> {
    let millis = parse_digits(header_str(headers, name)?)?;
    Some(Duration::from_millis(millis).min(MAX_TIME))
}

/// Parses a number that consists of digits. Saturates if it is too large.
fn parse_digits(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().unwrap_or(u64::MAX))
}

/// How long `Retry-After` asks to wait. A date is compared with the response's `Date`, or else with
/// the local clock.
pub(crate) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    retry_after_at(headers, || server_date(headers).or_else(local_time))
}

fn retry_after_at(headers: &HeaderMap, now: impl FnOnce() -> Option<SystemTime>) -> Option<Duration> {
    let value = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    let wait = match parse_digits(value) {
        Some(seconds) => Duration::from_secs(seconds),
        None => date(value)?.duration_since(now()?).unwrap_or_default(),
    };
    Some(wait.min(MAX_TIME))
}

/// Returns `None` on `wasm32-unknown-unknown`, where reading the clock panics.
#[expect(clippy::disallowed_methods, reason = "only for a response that gives a date but not its own")]
fn local_time() -> Option<SystemTime> {
    let has_clock = !cfg!(all(target_family = "wasm", target_os = "unknown"));
    has_clock.then(SystemTime::now)
}

/// The time of the response by the server's clock.
pub(crate) fn server_date(headers: &HeaderMap) -> Option<SystemTime> {
    date(headers.get(header::DATE)?.to_str().ok()?)
}

fn date(text: &str) -> Option<SystemTime> {
    httpdate::parse_http_date(text).ok()
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn wait(value: &str) -> Option<u64> {
        let now = || date("Sun, 22 Nov 2026 10:00:00 GMT");
        let headers = HeaderMap::from_iter([(header::RETRY_AFTER, HeaderValue::from_str(value).unwrap())]);
        retry_after_at(&headers, now).map(|wait| wait.as_secs())
    }

    #[test]
    fn retry_after_is_read_as_seconds_or_date_and_capped() {
        assert_eq!(wait("0"), Some(0));
        assert_eq!(wait(" 7 "), Some(7));
        assert_eq!(wait("86401"), Some(86400));
        assert_eq!(wait("18446744073709551616"), Some(86400));
        assert_eq!(wait("Sun, 22 Nov 2026 10:00:09 GMT"), Some(9));
        assert_eq!(wait("Sun, 22 Nov 2026 09:00:00 GMT"), Some(0));
        assert_eq!(wait("Fri, 31 Dec 9999 23:59:59 GMT"), Some(86400));
        for nonsense in
            ["", "-1", "1.5", "soon", "Mon, 01 Jan 0001 00:00:00 GMT", "Sun, 99 Nov 2026 10:00:09 GMT"]
        {
            assert_eq!(wait(nonsense), None, "{nonsense:?}");
        }
    }

    #[test]
    fn without_a_clock_seconds_are_read_and_a_date_says_nothing() {
        for (value, seconds) in [("7", Some(7)), ("Sun, 22 Nov 2026 10:00:09 GMT", None)] {
            let headers = HeaderMap::from_iter([(header::RETRY_AFTER, HeaderValue::from_static(value))]);
            assert_eq!(retry_after_at(&headers, || None).map(|wait| wait.as_secs()), seconds);
        }
    }

    #[test]
    fn milliseconds_are_digits_and_capped() {
        for (value, expected) in [
            ("0", Some(0)),
            (" 1200 ", Some(1200)),
            ("18446744073709551616", Some(86_400_000)),
            ("99999999999999999999999", Some(86_400_000)),
            ("", None),
            ("-1", None),
            ("1.5", None),
            ("1200ms", None),
            ("+1", None),
        ] {
            let value = HeaderValue::from_str(value).unwrap();
            let headers = HeaderMap::from_iter([
                (X_OSS_QOS_DELAY_TIME.clone(), value.clone()),
                (X_OSS_SERVER_TIME.clone(), value.clone()),
            ]);
            let expected = expected.map(Duration::from_millis);
            assert_eq!(qos_delay(&headers), expected, "{value:?}");
            assert_eq!(server_time(&headers), expected, "{value:?}");
        }
    }

    #[test]
    fn header_text_survives_bytes_beyond_utf8() {
        let mut headers = HeaderMap::new();
        headers.insert("x-oss-request-id", HeaderValue::from_bytes(b" 65\xff ").unwrap());
        headers.insert("x-oss-ec", HeaderValue::from_static("  "));
        assert_eq!(header_text(&headers, &X_OSS_REQUEST_ID).as_deref(), Some("65\u{fffd}"));
        assert_eq!(header_text(&headers, &X_OSS_EC), None);
    }

    #[test]
    fn the_first_header_that_is_not_blank_counts() {
        for (values, expected) in [
            (&["", " ", "b", "c"][..], Some("b")),
            (&["\u{a0}b\u{a0}"], Some("\u{a0}b\u{a0}")), // trimmed as headers are, of ASCII blanks alone
            (&[" "], None),
            (&[], None),
        ] {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append("x-oss-request-id", HeaderValue::from_bytes(value.as_bytes()).unwrap());
            }
            assert_eq!(header_text(&headers, &X_OSS_REQUEST_ID).as_deref(), expected, "{values:?}");
        }
    }
}
