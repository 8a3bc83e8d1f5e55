//! What an application hears of errors, retries and the end of a call.

use std::{
    io::{self, ErrorKind},
    sync::{Arc, Mutex},
    time::Duration,
};

use http::{HeaderValue, Method, Request, StatusCode};
use tower::{BoxError, Layer, ServiceBuilder, ServiceExt, retry::RetryLayer};
use tower_oss::{
    Error, ErrorCode, FindOssError, OssErrorLayer, RetryPolicy,
    error::{RetryStop, TransportKind},
    test_util::{Answer, ErrorResponse, Scripted},
};

type Lines = Arc<Mutex<Vec<String>>>;

fn failure(code: ErrorCode, id: &str) -> Answer {
    ErrorResponse::new(code).request_id(id).into()
}

/// An extension of a request, as an application would put one in.
#[derive(Clone)]
struct Tenant(&'static str);

fn request(method: Method) -> Request<()> {
    let uri = "https://b.oss-cn-hangzhou.aliyuncs.com/folder/key?Signature=CANARY";
    Request::builder().method(method).uri(uri).extension(Tenant("acme")).body(()).unwrap()
}

fn policy(lines: &Lines) -> RetryPolicy {
    let (retries, ends) = (Arc::clone(lines), Arc::clone(lines));
    RetryPolicy::new()
        .random(|| 0.5)
        .on_retry(move |event| {
            let Tenant(tenant) = event.extensions.get().unwrap();
            let line = format!("retry {} {tenant} after {:?}", event.path, event.delay);
            retries.lock().unwrap().push(line);
        })
        .on_give_up(move |event| {
            let Tenant(tenant) = event.extensions.get().unwrap();
            let ids: Vec<_> =
                event.history.attempts().iter().filter_map(|attempt| attempt.request_id()).collect();
            let line = format!(
                "give up {} {} {tenant}: {}, {} attempts, ambiguous {}, {ids:?}",
                event.failure.method(),
                event.path,
                event.stop,
                event.attempts,
                event.after_ambiguous_attempt
            );
            ends.lock().unwrap().push(line);
        })
}

fn taken(lines: &Lines) -> Vec<String> {
    std::mem::take(&mut lines.lock().unwrap())
}

#[tokio::test(start_paused = true)]
async fn every_error_every_retry_and_the_end_are_heard_of_in_order() {
    let lines = Lines::default();
    let errors = Arc::clone(&lines);
    let layer = OssErrorLayer::new().on_error(move |event| {
        let method = event.method.as_ref().unwrap();
        errors.lock().unwrap().push(format!("error {method} {}: {}", event.attempt, event.error));
    });
    let oss = Scripted::new([
        failure(ErrorCode::InternalError, "65A1"),
        Answer::fault(ErrorKind::ConnectionReset),
        failure(ErrorCode::AccessDenied, "65A3"),
    ]);
    let client = ServiceBuilder::new().retry(policy(&lines)).layer(layer).service(oss);
    client.oneshot(request(Method::PUT)).await.unwrap_err();

    let lines = taken(&lines);
    assert!(lines[0].starts_with("error PUT 1: InternalError (500)"), "{lines:?}");
    assert_eq!(lines[1], "retry /folder/key acme after 50ms");
    assert_eq!(lines[2], "error PUT 2: no answer from OSS: connection reset [2 attempts]");
    assert_eq!(lines[3], "retry /folder/key acme after 100ms");
    assert!(lines[4].starts_with("error PUT 3: AccessDenied (403)"), "{lines:?}");
    assert_eq!(
        lines[5],
        r#"give up PUT /folder/key acme: not_retryable, 3 attempts, ambiguous true, ["65A1", "65A3"]"#
    );
    assert_eq!(lines.len(), 6);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_succeeds_in_the_end_is_not_given_up() {
    let lines = Lines::default();
    let oss = Scripted::new([failure(ErrorCode::InternalError, "65A1"), Answer::ok("")]);
    let client = ServiceBuilder::new().retry(policy(&lines)).layer(OssErrorLayer::new()).service(oss);
    client.oneshot(request(Method::GET)).await.unwrap();
    assert_eq!(taken(&lines), ["retry /folder/key acme after 50ms"]);
}

#[tokio::test(start_paused = true)]
async fn of_two_policies_the_inner_one_alone_gives_up() {
    let (outer, inner) = (Lines::default(), Lines::default());
    let oss = Scripted::new([failure(ErrorCode::AccessDenied, "65A1")]);
    let client = ServiceBuilder::new()
        .retry(policy(&outer))
        .retry(policy(&inner))
        .layer(OssErrorLayer::new())
        .service(oss);
    client.oneshot(request(Method::GET)).await.unwrap_err();
    assert_eq!((taken(&outer).len(), taken(&inner).len()), (0, 1));
}

#[tokio::test(start_paused = true)]
async fn hooks_may_use_the_client_and_run_outside_all_locks() {
    let oss =
        Scripted::new([failure(ErrorCode::InternalError, "65A1"), failure(ErrorCode::AccessDenied, "65A2")]);
    let seen = oss.clone();
    let budget = Arc::new(tower_oss::retry::RetryBudget::default());
    let shared = Arc::clone(&budget);
    let policy = RetryPolicy::new().budget(budget).on_retry(move |_| {
        assert!(tower::retry::budget::Budget::withdraw(&*shared));
        assert_eq!(seen.requests().len(), 1);
    });
    let client = ServiceBuilder::new().retry(policy).layer(OssErrorLayer::new()).service(oss);
    client.oneshot(request(Method::GET)).await.unwrap_err();
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

/// It sees statuses alone, but the numbers are right.
#[tokio::test(start_paused = true)]
async fn of_a_policy_below_the_error_layer_the_error_knows_the_attempts() {
    let below = |answers: Vec<Answer>| {
        let client = RetryLayer::new(RetryPolicy::new()).layer(Scripted::new(answers));
        OssErrorLayer::new().layer(client)
    };
    let unwell = |id| failure(ErrorCode::InternalError, id);
    let client = below(vec![unwell("65A1"), unwell("65A2"), unwell("65A3")]);
    let error = client.oneshot(request(Method::PUT)).await.unwrap_err();
    assert_eq!((error.attempts(), error.retry_stop()), (3, Some(RetryStop::AttemptsExhausted)));
    assert!(error.after_ambiguous_attempt());
    assert_eq!(error.history().attempts()[0].to_string().split(',').next(), Some("1. status 500"));
    assert_eq!(error.history().count(), 3);

    let client = below(vec![unwell("65A1"), failure(ErrorCode::FileAlreadyExists, "65A2")]);
    let error = client.oneshot(request(Method::PUT)).await.unwrap_err();
    assert_eq!((error.attempts(), error.retry_stop()), (2, Some(RetryStop::NotRetryable)));
    assert!(error.after_ambiguous_attempt());

    let fault = || Answer::fault(ErrorKind::ConnectionReset);
    let client = below(vec![unwell("65A1"), fault(), fault()]);
    let error = client.oneshot(request(Method::PUT)).await.unwrap_err();
    assert_eq!((error.attempts(), error.retry_stop()), (3, Some(RetryStop::AttemptsExhausted)));
    assert_eq!(error.to_string(), "no answer from OSS: connection reset [3 attempts]");
    assert_eq!(error.history().count(), 3);

    let client = below(vec![failure(ErrorCode::NoSuchKey, "65A1")]);
    let error = client.oneshot(request(Method::GET)).await.unwrap_err();
    assert_eq!((error.attempts(), error.retry_stop()), (1, Some(RetryStop::NotRetryable)));
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
    for text in [format!("{:?}", error.history()), error.report(), format!("{error:?}")] {
        assert!(!text.contains("CANARY"), "{text}");
    }
}
