//! The events of the error layer and of the retry policy; those of the throttle are in
//! `throttle.rs`.
//!
//! A separate program: it sets the subscriber of the process. Each test sees the events of
//! its own thread.
#![expect(clippy::unwrap_used, reason = "a test that unwraps too much fails")]

mod recorder;
mod throttle;

use std::{error::Error as StdError, fmt, io::ErrorKind};

use http::{Request, StatusCode};
use tower::{BoxError, Layer, ServiceBuilder, ServiceExt};
use tower_oss::{
    Error, ErrorCode, OssErrorLayer, RetryPolicy,
    error::NotSentError,
    retry::Attempt,
    test_util::{Answer, ErrorResponse, Scripted},
};
use tracing::Level;

use crate::recorder::{events, fields, record};

fn failure(code: ErrorCode, id: &str) -> Answer {
    ErrorResponse::new(code).request_id(id).into()
}

#[tokio::test]
async fn every_error_is_told_once_with_its_request_id_and_never_a_success() {
    record();
    let oss = Scripted::new([
        Answer::ok("fine"),
        ErrorResponse::new(ErrorCode::NoSuchKey)
            .ec("0026-00000001")
            .request_id("65A1")
            .host_id("b.oss")
            .into(),
        ErrorResponse::new(ErrorCode::QpsLimitExceeded).into(),
        Answer::html(StatusCode::BAD_GATEWAY, "<html>"),
        ErrorResponse::new(ErrorCode::from("Bad-AKEXAMPLE12"))
            .field("OSSAccessKeyId", "AKEXAMPLE12")
            .ec("AKEXAMPLE12")
            .request_id("AKEXAMPLE12")
            .host_id("AKEXAMPLE12.oss")
            .into(),
    ]);
    let client = OssErrorLayer::new().layer(oss);
    for _ in 0..5 {
        let _ = client.clone().oneshot(Request::new(())).await;
    }

    let events = events();
    let levels: Vec<_> = events.iter().map(|(level, _)| *level).collect();
    assert_eq!(levels, [Level::INFO, Level::WARN, Level::WARN, levels[3]], "a retry may heal it");
    let expected = fields([
        ("error.type", "NoSuchKey"),
        ("http.request.method", "GET"),
        ("http.response.status_code", "404"),
        ("message", "OSS responded with an error"),
        ("oss.attempt", "1"),
        ("oss.class", "not_found"),
        ("oss.ec", "0026-00000001"),
        ("oss.host_id", "b.oss"),
        ("oss.request_id", "65A1"),
    ]);
    assert_eq!(events[0].1, expected);
    assert!(!events[2].1.contains_key("oss.request_id"), "there is none, and none is made up");
    let repeated = ["error.type", "oss.ec", "oss.request_id", "oss.host_id"].map(|name| &*events[3].1[name]);
    assert_eq!(repeated, ["***", "***", "***", "***.oss"], "a secret of the document is hidden");
}

#[tokio::test(start_paused = true)]
async fn a_call_tells_of_each_error_each_retry_and_its_end() {
    record();
    let oss = Scripted::new([
        failure(ErrorCode::InternalError, "65A1"),
        Answer::fault(ErrorKind::ConnectionReset),
        failure(ErrorCode::ServiceUnavailable, "65A3"),
    ]);
    let policy = RetryPolicy::new().random(|| 0.5);
    let client = ServiceBuilder::new().retry(policy).layer(OssErrorLayer::new()).service(oss);
    client.oneshot(Request::put("/k").body(()).unwrap()).await.unwrap_err();

    let events = events();
    let told: Vec<_> = events.iter().map(|(level, fields)| (*level, &*fields["message"])).collect();
    assert_eq!(
        told,
        [
            (Level::WARN, "OSS responded with an error"),
            (Level::DEBUG, "retrying a request"),
            (Level::WARN, "no response from OSS"),
            (Level::DEBUG, "retrying a request"),
            (Level::WARN, "OSS responded with an error"),
            (Level::ERROR, "request failed"),
        ]
    );
    let retry = fields([
        ("error.type", "InternalError"),
        ("http.request.method", "PUT"),
        ("http.request.resend_count", "1"),
        ("http.response.status_code", "500"),
        ("message", "retrying a request"),
        ("oss.request_id", "65A1"),
        ("oss.retry.delay_ms", "50"),
        ("oss.retry.delayed_by_throttle", "false"),
        ("oss.retry.verdict", "transient"),
    ]);
    assert_eq!(events[1].1, retry);
    let reset = fields([
        ("error.type", "reset"),
        ("http.request.method", "PUT"),
        ("http.request.resend_count", "1"),
        ("message", "no response from OSS"),
        ("oss.attempt", "2"),
    ]);
    assert_eq!(events[2].1, reset);
    let end = fields([
        ("error.type", "ServiceUnavailable"),
        ("http.request.method", "PUT"),
        ("http.request.resend_count", "2"),
        ("http.response.status_code", "503"),
        ("message", "request failed"),
        ("oss.attempts", "3"),
        ("oss.request_ids", "65A1, 65A3"),
        ("oss.retry.after_ambiguous_attempt", "true"),
        ("oss.retry.stop", "attempts_exhausted"),
        ("url.path", "/k"),
    ]);
    assert_eq!(events[5].1, end);
}

#[tokio::test(start_paused = true)]
async fn a_request_that_was_not_sent_is_a_warning_with_its_number() {
    record();
    let client = tower::service_fn(|request: Request<()>| {
        let failure = if Attempt::of(&request).number() == 1 {
            BoxError::from(ErrorResponse::new(ErrorCode::InternalError).error())
        } else {
            BoxError::from(NotSentError::prepare("no credentials"))
        };
        std::future::ready(Err::<http::Response<String>, _>(failure))
    });
    let client = ServiceBuilder::new().retry(RetryPolicy::new()).layer(OssErrorLayer::new()).service(client);
    client.oneshot(Request::put("/folder/k?Signature=CANARY").body(()).unwrap()).await.unwrap_err();
    let events = events();
    let not_sent = fields([
        ("error.type", "prepare"),
        ("http.request.method", "PUT"),
        ("http.request.resend_count", "1"),
        ("message", "request not sent"),
        ("oss.attempt", "2"),
    ]);
    assert_eq!(events[2], (Level::WARN, not_sent));
    let (level, end) = events.last().unwrap();
    assert_eq!((*level, &*end["message"], &*end["url.path"]), (Level::WARN, "request failed", "/folder/k"));
}

#[tokio::test(start_paused = true)]
async fn a_retry_that_heals_tells_nobody_above_warn() {
    record();
    let oss = Scripted::new([failure(ErrorCode::InternalError, "65A1"), Answer::ok("")]);
    let client = ServiceBuilder::new().retry(RetryPolicy::new()).layer(OssErrorLayer::new()).service(oss);
    client.oneshot(Request::new(())).await.unwrap();
    assert!(events().iter().all(|(level, _)| *level >= Level::WARN), "the more verbose is the greater");
}

/// How loud the end of a call is.
async fn level_of_the_end(answer: Answer, method: &str) -> Level {
    events();
    let policy = RetryPolicy::new().max_attempts(1);
    let client =
        ServiceBuilder::new().retry(policy).layer(OssErrorLayer::new()).service(Scripted::new([answer]));
    client.oneshot(Request::builder().method(method).uri("/k").body(()).unwrap()).await.unwrap_err();
    let events = events();
    let (level, fields) = events.last().unwrap();
    assert_eq!(fields["message"], "request failed");
    *level
}

#[tokio::test(start_paused = true)]
async fn the_end_is_as_loud_as_the_error_is_bad() {
    record();
    for (code, level) in [
        (ErrorCode::InternalError, Level::ERROR),
        (ErrorCode::NoSuchKey, Level::INFO),
        (ErrorCode::PreconditionFailed, Level::INFO),
        (ErrorCode::AccessDenied, Level::WARN),
        (ErrorCode::QpsLimitExceeded, Level::WARN),
        (ErrorCode::from("NobodyKnowsThis"), Level::WARN),
    ] {
        assert_eq!(level_of_the_end(failure(code.clone(), "65A1"), "GET").await, level, "{code}");
    }
    assert_eq!(level_of_the_end(Answer::fault(ErrorKind::ConnectionReset), "GET").await, Level::WARN);
    let unknown = level_of_the_end(Answer::fault(ErrorKind::ConnectionReset), "POST").await;
    assert_eq!(unknown, Level::ERROR, "its outcome is unknown");
}

/// The error of a client that shows what must not be shown.
#[derive(Debug)]
struct Leaky;

impl fmt::Display for Leaky {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("https://b.oss/k?Signature=CANARY failed")
    }
}

impl StdError for Leaky {}

#[tokio::test(start_paused = true)]
async fn no_event_shows_a_secret() {
    record();
    let url = "https://b.oss-cn-hangzhou.aliyuncs.com/k?x-oss-signature=CANARY";
    let request = || Request::get(url).header("authorization", "OSS4 CANARY").body(()).unwrap();
    let leaking = || -> Answer {
        ErrorResponse::new("InternalError")
            .message(url)
            .host_id(url)
            .ec(url)
            .request_id(url)
            .field("StringToSign", "CANARY")
            .field("OSSAccessKeyId", "CANARY")
            .into()
    };
    let oss = Scripted::new([leaking(), leaking(), leaking()]);
    let client = ServiceBuilder::new().retry(RetryPolicy::new()).layer(OssErrorLayer::new()).service(oss);
    client.oneshot(request()).await.unwrap_err();

    let causes: [fn() -> BoxError; 2] = [|| Leaky.into(), || NotSentError::prepare(Leaky).into()];
    for cause in causes {
        let client =
            tower::service_fn(move |_: Request<()>| async move { Err::<http::Response<String>, _>(cause()) });
        let client =
            ServiceBuilder::new().retry(RetryPolicy::new()).layer(OssErrorLayer::new()).service(client);
        let error: Error = client.oneshot(request()).await.unwrap_err();
        assert!(error.source().unwrap().to_string().contains("CANARY"));
    }

    let events = events();
    let said = |message| events.iter().filter(|(_, fields)| fields["message"] == message).count();
    assert_eq!((said("OSS responded with an error"), said("retrying a request")), (3, 2));
    assert_eq!((said("no response from OSS"), said("request not sent"), said("request failed")), (1, 1, 3));
    for (_, fields) in &events {
        for (name, value) in fields {
            assert!(!value.contains("CANARY"), "{name}: {value}");
        }
    }
}

#[tokio::test]
async fn an_event_says_when_the_bound_of_the_clock_was_exceeded() {
    record();
    let of = |code| ErrorResponse::new(code).field("ServerTime", "9999-01-01T00:00:00Z");
    for (code, beyond) in [(ErrorCode::RequestTimeTooSkewed, Some("true")), (ErrorCode::InternalError, None)]
    {
        let skewed = of(code.clone());
        let oss = Scripted::new([skewed.into()]);
        let client = OssErrorLayer::new().clock(tower_oss::ClockOffset::new()).layer(oss);
        let _ = client.oneshot(Request::new(())).await;
        let events = events();
        let told = events[0].1.get("oss.clock_beyond_bound").map(String::as_str);
        assert_eq!(told, beyond, "{code}");
    }
}
