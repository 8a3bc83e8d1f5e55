//! What the targets look at, and what it may cost.
#![allow(dead_code, reason = "no target uses all of it")]

#[path = "../../../examples/explain/input.rs"]
pub(crate) mod input;

use std::{
    pin::Pin,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    task::{Context, Poll, Waker},
    time::Duration,
};

use allocation_counter::measure;
use bytes::Bytes;
use http::{HeaderMap, Response, StatusCode};
use http_body::Body;
use http_body_util::Full;
use tower_oss::{OssError, error::Explanation, layer::OssHeaders};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

static STEPS: AtomicU64 = AtomicU64::new(0);

/// Called at every load from memory, in the crate and in what it depends on: see `.ci/extra/fuzz`.
macro_rules! counts_loads {
    ($($name:ident)*) => {$(
        #[unsafe(no_mangle)]
        extern "C" fn $name(_: usize) {
            STEPS.fetch_add(1, Relaxed);
        }
    )*};
}
counts_loads! {
    __sanitizer_cov_load1
    __sanitizer_cov_load2
    __sanitizer_cov_load4
    __sanitizer_cov_load8
    __sanitizer_cov_load16
}

/// Steps and allocated bytes that a byte of the input may cost, in all renderings together, and
/// what is free besides: a small document may have 256 elements whose names, with those around
/// them, have 256 bytes.
const PER_BYTE: u64 = 500;
const FREE: u64 = 32 << 20;

/// Does some work on an input of this length, and demands that the steps and the allocated bytes be
/// in proportion.
///
/// Steps inside of the standard library do not count, unless its code is generic.
pub(crate) fn in_proportion<T>(length: usize, work: impl FnOnce() -> T) -> T {
    let before = STEPS.load(Relaxed);
    let mut result = None;
    let allocated = measure(|| result = Some(work()));
    let steps = STEPS.load(Relaxed) - before;
    assert!(steps > 0, "nothing counts the steps: run .ci/extra/fuzz");
    let most = FREE + PER_BYTE * length as u64;
    assert!(steps <= most, "{steps} steps for {length} bytes");
    assert!(allocated.bytes_total <= most, "{allocated:?} for {length} bytes");
    result.expect("it has run")
}

/// Picks one of this many, by the input.
pub(crate) fn pick(data: &[u8], many: u8) -> u8 {
    data.iter().fold(0_u8, |sum, byte| sum.wrapping_mul(31).wrapping_add(*byte)) % many
}

/// The bytes of a response.
pub(crate) fn size(response: &Response<Bytes>) -> usize {
    let headers = response.headers().iter().map(|(name, value)| name.as_str().len() + value.len());
    headers.sum::<usize>() + response.body().len()
}

/// Reads a response, and looks at all of the error.
pub(crate) fn read(response: Response<Bytes>) -> OssError {
    in_proportion(size(&response), || {
        assert_headers(response.headers());
        let sent = response.headers().clone();
        let error = OssError::from_response(response);
        assert_eq!(error.headers(), &sent);
        look_at(&error);
        error
    })
}

/// Asks an error everything.
pub(crate) fn look_at(error: &OssError) {
    for text in [error.to_string(), format!("{error:?}"), error.code().to_string()] {
        assert_one_line(&text);
    }
    assert!(error.to_string().len() < 32 << 10);
    let report = error.report();
    assert!(report.lines().count() < 450 && report.lines().all(|line| !line.chars().any(char::is_control)));
    assert!(error.fields().count() <= 256);
    for time in [error.retry_after(), error.qos_delay(), error.server_time()] {
        assert!(time.is_none_or(|time| time <= DAY));
    }
    assert!(error.is_transient() || !error.is_throttled(), "what is throttled is worth a retry");
    assert_explanation(&error.explain());
    assert_response(error);
}

fn assert_headers(headers: &HeaderMap) {
    assert!(headers.oss_request_id().is_none_or(|id| !id.is_empty()));
    assert!(headers.oss_ec().is_none_or(|ec| !ec.is_empty()));
    for time in [headers.qos_delay(), headers.server_time()] {
        assert!(time.is_none_or(|time| time <= DAY));
    }
}

pub(crate) fn assert_explanation(explanation: &Explanation) {
    assert_one_line(&explanation.to_string());
    assert_one_line(&format!("{explanation:?}"));
    let hosts = ["api.aliyun.com", "api.alibabacloud.com", "help.aliyun.com", "www.alibabacloud.com"];
    if let Some(url) = explanation.guide_url() {
        let (scheme, rest) = url.split_once("://").unwrap_or_default();
        let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
        // A scheme may be written in any case (RFC 3986, section 3.1).
        assert!(scheme.eq_ignore_ascii_case("https") && hosts.contains(&host), "{url}");
    }
}

/// A gateway passes the error on: after GET and after HEAD it says the same, unless the document is
/// too long for a header.
fn assert_response(error: &OssError) {
    let status = error.status();
    let status = if status.is_informational() { StatusCode::BAD_GATEWAY } else { status };
    let [get, head] = [error.to_response(), error.to_head_response()].map(|response| {
        assert_eq!(response.status(), status);
        let response = response.map(whole);
        let length = response.body().len();
        (OssError::from_response(response), length)
    });
    let ((get, length), (head, _)) = (get, head);
    assert_eq!(get.request_id(), head.request_id());
    if length <= SURELY_FITS {
        assert_eq!(get.code(), head.code());
        assert_eq!(get.message(), head.message());
    }
    assert_eq!(get.retry_after(), error.retry_after());
}

/// A document of this length is passed on in a header, which has 8 KiB for it, in base64.
const SURELY_FITS: usize = 5 << 10;

/// All of a body that is there at once.
pub(crate) fn whole(mut body: Full<Bytes>) -> Bytes {
    match Pin::new(&mut body).poll_frame(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(Some(Ok(frame))) => frame.into_data().unwrap_or_default(),
        _ => Bytes::new(),
    }
}

pub(crate) fn assert_one_line(text: &str) {
    assert!(!text.chars().any(char::is_control), "{text:?}");
}
