//! The attempts of a call, as its error has them.

use std::{
    io::{self, ErrorKind},
    time::Duration,
};

use http::{HeaderValue, Method, Request, StatusCode};
use tower::{BoxError, Layer, ServiceBuilder, ServiceExt, retry::RetryLayer};
use tower_oss::{
    Error, ErrorCode, FindOssError, OssErrorLayer, RetryPolicy,
    error::{NotSentReason, RetryStop, TransportKind},
    test_util::{Answer, ErrorBuilder, ErrorResponse, Scripted},
};

fn failure(code: ErrorCode, id: &str) -> Answer {
    ErrorResponse::new(code).request_id(id).into()
}

fn request(method: Method) -> Request<()> {
    Request::builder().method(method).uri("/k").body(()).unwrap()
}

#[tokio::test(start_paused = true)]
async fn the_error_knows_every_attempt() {
    let oss = Scripted::new([
        failure(ErrorCode::InternalError, "65A1"),
        Answer::fault(ErrorKind::ConnectionReset),
        failure(ErrorCode::ServiceUnavailable, "65A3"),
    ]);
    let policy = RetryPolicy::new().random(|| 0.5);
    let client = ServiceBuilder::new().retry(policy).layer(OssErrorLayer::new()).service(oss);
    let error = client.oneshot(request(Method::GET)).await.unwrap_err();

    let history = error.history();
    let lines: Vec<_> = history.attempts().iter().map(ToString::to_string).collect();
    let expected = [
        "1. InternalError (500) [request 65A1], then 0.050 s",
        "2. reset, then 0.100 s",
        "3. ServiceUnavailable (503) [request 65A3]",
    ];
    assert_eq!(lines, expected);
    let [first, second, third] = history.attempts() else { panic!("{history:?}") };
    assert_eq!(
        (first.code(), first.status()),
        (Some(&ErrorCode::InternalError), Some(StatusCode::INTERNAL_SERVER_ERROR))
    );
    assert_eq!((second.transport_kind(), second.request_id()), (Some(TransportKind::Reset), None));
    assert_eq!((first.delay(), third.delay()), (Some(Duration::from_millis(50)), None));
    assert_eq!((third.number(), history.count()), (3, 3));

    let report = error.report();
    for line in expected {
        assert!(report.contains(line), "{report}");
    }
    let boxed = BoxError::from(error);
    assert_eq!(boxed.oss_error().unwrap().history().count(), 3, "behind whatever wraps it");
}

#[tokio::test(start_paused = true)]
async fn hundreds_of_attempts_are_counted_and_eight_are_kept() {
    let oss = Scripted::new((1..=300).map(|id| failure(ErrorCode::InternalError, &id.to_string())));
    let policy = RetryPolicy::new().max_attempts(300).without_budget().random(|| 0.0);
    let client = ServiceBuilder::new().retry(policy).layer(OssErrorLayer::new()).service(oss);
    let history = client.oneshot(request(Method::GET)).await.unwrap_err().history();
    let ids: Vec<_> = history.attempts().iter().filter_map(|attempt| attempt.request_id()).collect();
    assert_eq!(ids, ["1", "294", "295", "296", "297", "298", "299", "300"]);
    assert_eq!(history.count(), 300);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_was_not_retried_has_a_history_of_one() {
    let client = OssErrorLayer::new().layer(Scripted::new([failure(ErrorCode::NoSuchKey, "65A1")]));
    let error = client.oneshot(request(Method::GET)).await.unwrap_err();
    assert_eq!(error.history().attempts()[0].to_string(), "1. NoSuchKey (404) [request 65A1]");
    let error = Error::from(BoxError::from(io::Error::from(ErrorKind::ConnectionRefused)));
    assert_eq!(error.history().attempts()[0].to_string(), "1. connect");
    assert!(error.report().contains("connection refused"), "{}", error.report());
}

/// Such a policy sees only statuses, but the numbers are right.
#[tokio::test(start_paused = true)]
async fn the_error_knows_the_attempts_of_a_policy_below_the_error_layer() {
    let below = |answers: Vec<Answer>| {
        let client = RetryLayer::new(RetryPolicy::new()).layer(Scripted::new(answers));
        OssErrorLayer::new().layer(client)
    };
    let unwell = |id| failure(ErrorCode::InternalError, id);
    let client = below(vec![unwell("65A1"), unwell("65A2"), unwell("65A3")]);
    let error = client.oneshot(request(Method::PUT)).await.unwrap_err();
    assert_eq!((error.attempts(), error.retry_stop()), (3, Some(RetryStop::AttemptsExhausted)));
    assert!(error.after_ambiguous_attempt());
    let first = error.history().attempts()[0].clone();
    assert_eq!(first.request_id(), Some("65A1"));
    assert!(first.to_string().starts_with("1. status 500 [request 65A1], then "), "{first}");
    assert_eq!(error.history().count(), 3);

    let client = below(vec![unwell("65A1"), failure(ErrorCode::FileAlreadyExists, "65A2")]);
    let error = client.oneshot(request(Method::PUT)).await.unwrap_err();
    assert_eq!((error.attempts(), error.retry_stop()), (2, Some(RetryStop::NotRetryable)));
    assert!(error.after_ambiguous_attempt());

    let fault = || Answer::fault(ErrorKind::ConnectionReset);
    let client = below(vec![unwell("65A1"), fault(), fault()]);
    let error = client.oneshot(request(Method::PUT)).await.unwrap_err();
    assert_eq!((error.attempts(), error.retry_stop()), (3, Some(RetryStop::AttemptsExhausted)));
    let text = "no response from OSS: connection reset [3 attempts, an earlier one may have taken effect]";
    assert_eq!(error.to_string(), text);
    assert_eq!(error.history().count(), 3);

    let client = below(vec![failure(ErrorCode::NoSuchKey, "65A1")]);
    let error = client.oneshot(request(Method::GET)).await.unwrap_err();
    assert_eq!((error.attempts(), error.retry_stop()), (1, Some(RetryStop::NotRetryable)));
}

#[tokio::test(start_paused = true)]
async fn each_part_of_an_error_knows_its_call() {
    let earlier = ErrorBuilder::oss(ErrorResponse::new(ErrorCode::InternalError)).build();
    let of = |error: ErrorBuilder| {
        let error = error.after_attempt(&earlier, Duration::ZERO).retry_stop(RetryStop::OutOfTime);
        let error = error.after_ambiguous_attempt().build();
        let expected = (error.attempts(), error.history().count(), error.retry_stop(), true);
        let found = match &error {
            Error::Oss(e) => (e.attempts(), e.history().count(), e.retry_stop(), e.after_ambiguous_attempt()),
            Error::Transport(e) => {
                (e.attempts(), e.history().count(), e.retry_stop(), e.after_ambiguous_attempt())
            }
            Error::NotSent(e) => {
                (e.attempts(), e.history().count(), e.retry_stop(), e.after_ambiguous_attempt())
            }
            error => panic!("{error:?}"),
        };
        assert_eq!(found, expected);
        found.0
    };
    assert_eq!(of(ErrorBuilder::oss(ErrorResponse::new(ErrorCode::AccessDenied))), 2);
    assert_eq!(of(ErrorBuilder::transport(io::Error::from(ErrorKind::ConnectionReset))), 2);
    assert_eq!(of(ErrorBuilder::not_sent(NotSentReason::QueueFull, Duration::ZERO)), 1);
}

#[tokio::test(start_paused = true)]
async fn nothing_secret_is_in_the_history() {
    let header = |value| HeaderValue::from_static(value);
    let id = header("https://b.oss/k?Signature=CANARY");
    let code = format!("LTAI5tCANARY-{}", "x".repeat(300));
    let leaking = || -> Answer {
        ErrorResponse::new(&*code)
            .status(StatusCode::BAD_GATEWAY)
            .field("OSSAccessKeyId", "LTAI5tCANARY")
            .header("x-oss-request-id".parse().unwrap(), id.clone())
            .into()
    };
    let client = ServiceBuilder::new()
        .retry(RetryPolicy::new())
        .layer(OssErrorLayer::new())
        .service(Scripted::new([leaking(), leaking(), leaking()]));
    let error = client.oneshot(request(Method::GET)).await.unwrap_err();
    assert!(error.request_id().is_some());
    let below = RetryLayer::new(RetryPolicy::new()).layer(Scripted::new([leaking(), leaking(), leaking()]));
    let below = OssErrorLayer::new().layer(below).oneshot(request(Method::GET)).await.unwrap_err();
    assert!(below.history().attempts()[0].request_id().is_some());
    for text in [format!("{:?}", below.history()), below.report()] {
        assert!(!text.contains("CANARY"), "{text}");
    }
    for text in [format!("{:?}", error.history()), error.report(), format!("{error:?}")] {
        assert!(!text.contains("CANARY"), "{text}");
    }
}
