//! Requests that a layer below the policy could not prepare.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use tower::{BoxError, Service, ServiceBuilder, ServiceExt, service_fn};
use tower_oss::{
    Error, ErrorCode, FindOssError, OssErrorLayer, RetryPolicy, ThrottleLayer,
    error::{NotSentError, NotSentReason, RetryStop},
    retry::Verdict,
    test_util::{ErrorResponse, Scripted},
};

fn post() -> Request<Full<Bytes>> {
    Request::post("/k?append&position=0").body(Full::default()).unwrap()
}

/// A signer with credentials for this many requests, over an OSS that fails each time.
fn signed(
    credentials: usize,
    policy: RetryPolicy,
) -> (
    impl Service<Request<Full<Bytes>>, Response = Response<tower_oss::test_util::AnswerBody>, Error = Error>,
    Scripted,
) {
    let left = Arc::new(AtomicUsize::new(credentials));
    let oss =
        Scripted::new(vec![ErrorResponse::new(ErrorCode::QpsLimitExceeded).request_id("65A1").into(); 9]);
    let client = ServiceBuilder::new()
        .retry(policy)
        .layer(OssErrorLayer::new())
        .filter(move |request: Request<Full<Bytes>>| {
            match left.fetch_update(Relaxed, Relaxed, |left| left.checked_sub(1)) {
                Ok(_) => Ok(request),
                Err(_) => Err(BoxError::from(NotSentError::prepare("no credentials for key AKEXAMPLE"))),
            }
        })
        .service(oss.clone());
    (client, oss)
}

#[tokio::test(start_paused = true)]
async fn a_signer_without_credentials_is_asked_once_and_nothing_was_sent() {
    let (client, oss) = signed(0, RetryPolicy::new());
    let error = client.oneshot(post()).await.map(drop).unwrap_err();
    assert_eq!((oss.requests().len(), error.attempts()), (0, 0));
    assert_eq!(
        error.retry_stop(),
        Some(RetryStop::NotRetryable),
        "not OutcomeUnknown, although it is an append"
    );
    assert_eq!(error.to_string(), "not sent: it could not be prepared");
    assert!(!error.is_transient() && !error.is_timeout() && !error.after_ambiguous_attempt());
    assert!(!format!("{error:?} {error}").contains("AKEXAMPLE"), "the cause is behind source() alone");
    let Error::NotSent(error) = error else { panic!("{error:?}") };
    assert_eq!(error.reason(), NotSentReason::Prepare);
}

#[tokio::test(start_paused = true)]
async fn after_an_attempt_that_was_sent_its_error_stays_reachable() {
    let (client, oss) = signed(1, RetryPolicy::new());
    let error = client.oneshot(post()).await.map(drop).unwrap_err();
    assert_eq!((oss.requests().len(), error.attempts()), (1, 1));
    assert_eq!(error.request_id(), Some("65A1"));
    assert_eq!(error.oss().map(|error| error.code().clone()), Some(ErrorCode::QpsLimitExceeded));
    let text = "not sent again after 1 attempt: it could not be prepared \
                [last error QpsLimitExceeded, request 65A1]";
    assert_eq!(error.to_string(), text);
}

#[tokio::test(start_paused = true)]
async fn classify_can_have_it_retried() {
    let policy = RetryPolicy::new().classify(|failure, verdict| match failure.not_sent() {
        Some(NotSentReason::Prepare) => Verdict::NotApplied,
        _ => verdict,
    });
    let (client, oss) = signed(0, policy);
    let error = client.oneshot(post()).await.map(drop).unwrap_err();
    assert_eq!((oss.requests().len(), error.attempts()), (0, 0), "three were prepared, none was sent");
    assert_eq!(error.retry_stop(), Some(RetryStop::AttemptsExhausted));
}

/// With an unknown error, it is not clear whether the request was sent. The closure may know.
#[tokio::test(start_paused = true)]
async fn classify_can_say_that_an_unknown_error_is_final() {
    for (says, stop, doubt) in [
        (None, RetryStop::OutcomeUnknown, " [outcome unknown]"),
        (Some(Verdict::Never), RetryStop::NotRetryable, ""),
    ] {
        let policy = RetryPolicy::new().classify(move |failure, verdict| {
            assert!(failure.transport().is_some() && verdict == Verdict::Unknown);
            says.unwrap_or(verdict)
        });
        let inner = service_fn(|_: Request<Full<Bytes>>| async {
            Err::<Response<Full<Bytes>>, _>(BoxError::from("nobody knows me"))
        });
        let client = ServiceBuilder::new().retry(policy).layer(OssErrorLayer::new()).service(inner);
        let error = client.oneshot(post()).await.unwrap_err();
        assert_eq!(error.retry_stop(), Some(stop));
        assert_eq!(error.to_string(), format!("no response from OSS: the request failed{doubt}"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_throttle_counts_it_as_neither_accepted_nor_throttled() {
    let throttle = ThrottleLayer::new();
    let handle = throttle.handle();
    let inner = service_fn(|_: Request<Full<Bytes>>| async {
        Err::<Response<Full<Bytes>>, _>(BoxError::from(NotSentError::prepare("no credentials")))
    });
    let client = ServiceBuilder::new().layer(throttle).layer(OssErrorLayer::new()).service(inner);
    assert!(matches!(client.oneshot(post()).await, Err(Error::NotSent(_))));
    assert_eq!((handle.accepted(), handle.throttled()), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn what_was_not_sent_did_not_take_effect_even_if_classify_calls_it_transient() {
    let policy = RetryPolicy::new().classify(|failure, verdict| match failure.not_sent() {
        Some(NotSentReason::Prepare) => Verdict::Transient,
        _ => verdict,
    });
    let (client, oss) = signed(0, policy);
    let error = client.oneshot(post()).await.map(drop).unwrap_err();
    assert_eq!(error.retry_stop(), Some(RetryStop::AttemptsExhausted), "though it is an append");
    assert_eq!((oss.requests().len(), error.attempts()), (0, 0));
    assert!(!error.after_ambiguous_attempt());
}

#[tokio::test(start_paused = true)]
async fn it_is_the_error_of_the_call_boxed_or_not() {
    let left = Arc::new(AtomicUsize::new(2));
    let failure = |id| ErrorResponse::new(ErrorCode::InternalError).request_id(id).into();
    let client = ServiceBuilder::new()
        .retry(RetryPolicy::new())
        .layer(OssErrorLayer::new())
        .filter(move |request: Request<Full<Bytes>>| {
            let left = left.fetch_update(Relaxed, Relaxed, |left| left.checked_sub(1));
            left.map(|_| request).map_err(|_| BoxError::from(NotSentError::prepare("no credentials")))
        })
        .service(Scripted::new([failure("65A1"), failure("65A2")]));
    let error = client.oneshot(Request::put("/k").body(Full::default()).unwrap()).await.unwrap_err();
    assert_eq!((error.attempts(), error.request_id()), (2, Some("65A2")));
    assert!(error.after_ambiguous_attempt());

    let boxed = BoxError::from(error);
    assert_eq!(boxed.oss_error().unwrap().request_id(), Some("65A2"));
    let error = Error::from(boxed);
    assert_eq!((error.attempts(), error.after_ambiguous_attempt()), (2, true));
}

#[tokio::test(start_paused = true)]
async fn wrapped_in_another_error_it_still_counts_as_not_sent() {
    let inner = service_fn(|_: Request<Full<Bytes>>| async {
        Err::<Response<Full<Bytes>>, _>(io::Error::other(NotSentError::prepare("no credentials")))
    });
    let client = ServiceBuilder::new().retry(RetryPolicy::new()).layer(OssErrorLayer::new()).service(inner);
    let error = client.oneshot(post()).await.unwrap_err();
    assert_eq!((error.attempts(), error.retry_stop()), (0, Some(RetryStop::NotRetryable)));
    assert!(format!("{error:?}").contains("attempts: 0"), "{error:?}");
}
