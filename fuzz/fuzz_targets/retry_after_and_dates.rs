//! Any text as the times that a server sends: `Retry-After`, `Date`, `Age`, `ServerTime`, and the
//! two of OSS in milliseconds.
//!
//! One a line, in this order. The layer learns the offset of the clock from them, and the policy
//! waits by them.
#![no_main]

mod shared;

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode};
use libfuzzer_sys::fuzz_target;
use tokio::{runtime::Builder, time::Instant};
use tower::{ServiceBuilder, ServiceExt};
use tower_oss::{
    ClockOffset, Error, OssError, OssErrorLayer, RetryPolicy,
    test_util::{Answer, Scripted},
};

const DAY: u64 = 24 * 60 * 60;
const BOUND: Duration = Duration::from_secs(48 * 60 * 60);

/// The policy believes a `Retry-After` up to a minute, and its own waits are shorter.
const LONGEST: Duration = Duration::from_secs(2 * (60 + 30));

fuzz_target!(|data: &[u8]| {
    let lines: Vec<_> = data.split(|byte| *byte == b'\n').collect();
    let line = |at: usize| lines.get(at).copied().unwrap_or_default();
    for (status, code) in [(403, "RequestTimeTooSkewed"), (400, "InvalidArgument"), (503, "ServerBusy")] {
        let time = String::from_utf8_lossy(line(3)).replace('&', "&amp;").replace('<', "&lt;");
        let document = format!("<Error><Code>{code}</Code><ServerTime>{time}</ServerTime></Error>");
        let mut response = Response::new(Bytes::from(document));
        *response.status_mut() = StatusCode::from_u16(status).expect("a status");
        let names = ["retry-after", "date", "age", "", "x-oss-qos-delay-time", "x-oss-server-time"];
        for (at, name) in names.into_iter().enumerate().filter(|(_, name)| !name.is_empty()) {
            if let (Ok(value), true) = (HeaderValue::from_bytes(line(at)), at < lines.len()) {
                response.headers_mut().insert(name, value);
            }
        }
        if status == 403 {
            assert_seconds(&shared::read(response.clone()));
        }
        through_the_stack(response);
    }
});

/// Digits alone are seconds.
fn assert_seconds(error: &OssError) {
    let digits = error.headers().get("retry-after").map_or(&b""[..], |value| value.as_bytes().trim_ascii());
    if !digits.is_empty() && digits.iter().all(u8::is_ascii_digit) {
        let seconds = digits.iter().fold(0, |sum, digit| DAY.min(10 * sum + u64::from(digit - b'0')));
        assert_eq!(error.retry_after(), Some(Duration::from_secs(seconds)));
    }
}

/// Sends it with every attempt, in a runtime whose time passes by itself.
fn through_the_stack(response: Response<Bytes>) {
    let clock = ClockOffset::bounded(BOUND);
    let oss = Scripted::new(vec![Answer::new(response); 5]);
    let client = ServiceBuilder::new()
        .retry(RetryPolicy::new().clock(clock.clone()))
        .layer(OssErrorLayer::new().clock(clock.clone()))
        .service(oss);
    let runtime = Builder::new_current_thread().enable_time().start_paused(true).build();
    let (result, waited) = runtime.expect("a runtime").block_on(async {
        let start = Instant::now();
        (client.oneshot(Request::new(())).await, start.elapsed())
    });
    let error = result.err().and_then(Error::into_oss).expect("an error");
    assert!((1..=3).contains(&error.attempts()), "{error}");
    assert!(waited <= LONGEST, "{waited:?}");
    assert_clock(&clock);
}

/// The clock has moved by no more than the bound, and gives dates that can be sent.
fn assert_clock(clock: &ClockOffset) {
    assert!(u128::from(clock.millis().unsigned_abs()) <= BOUND.as_millis(), "{clock:?}");
    let latest = SystemTime::UNIX_EPOCH + Duration::from_secs(253_402_300_799);
    for local in [SystemTime::UNIX_EPOCH, SystemTime::now(), latest] {
        let date = clock.apply(local);
        assert!((SystemTime::UNIX_EPOCH..=latest).contains(&date), "{date:?}");
        assert_eq!(httpdate::fmt_http_date(date).len(), "Sun, 22 Nov 2026 10:00:00 GMT".len());
    }
}
