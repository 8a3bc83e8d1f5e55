//! What an error says if the request may have taken effect.

use std::{
    io::ErrorKind,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
};

use http::{Method, Request};
use tower::{BoxError, ServiceBuilder, ServiceExt};
use tower_oss::{
    Error, ErrorCode, OssErrorLayer, RetryPolicy,
    error::NotSentError,
    test_util::{Answer, ErrorResponse, Scripted},
};

fn failure(code: ErrorCode, id: &str) -> Answer {
    ErrorResponse::new(code).message("m").request_id(id).into()
}

fn reset() -> Answer {
    Answer::fault(ErrorKind::ConnectionReset)
}

/// The error of a call that gets these responses. A signer has credentials for each of them.
async fn error_of(method: Method, answers: impl IntoIterator<Item = Answer>) -> Error {
    let answers: Vec<_> = answers.into_iter().collect();
    let left = Arc::new(AtomicUsize::new(answers.len()));
    let client = ServiceBuilder::new()
        .retry(RetryPolicy::new())
        .layer(OssErrorLayer::new())
        .filter(move |request: Request<()>| {
            let left = left.fetch_update(Relaxed, Relaxed, |left| left.checked_sub(1));
            left.map(|_| request).map_err(|_| BoxError::from(NotSentError::prepare("no credentials")))
        })
        .service(Scripted::new(answers));
    let request = Request::builder().method(method).uri("/k").body(()).unwrap();
    client.oneshot(request).await.map(drop).unwrap_err()
}

fn is_in_doubt(error: &Error) -> bool {
    let explanation = error.explain();
    let cautious =
        explanation.to_string().starts_with("It may have taken effect: check before you repeat it. ");
    assert_eq!(explanation.caution().is_some(), cautious);
    let outcome = error.report().lines().any(|line| line.starts_with("outcome  "));
    assert_eq!(outcome, cautious, "{}", error.report());
    cautious
}

#[tokio::test(start_paused = true)]
async fn an_unknown_outcome_is_in_every_text() {
    let throttled = || failure(ErrorCode::QpsLimitExceeded, "65A1");
    for (answers, text) in [
        (vec![reset()], "no response from OSS: connection reset [outcome unknown]"),
        (
            vec![throttled(), throttled(), reset()],
            "no response from OSS: connection reset \
             [3 attempts, outcome unknown, last error QpsLimitExceeded, request 65A1]",
        ),
        (
            vec![failure(ErrorCode::InternalError, "65A1")],
            "InternalError (500): m [request 65A1, outcome unknown]",
        ),
        (
            vec![throttled(), failure(ErrorCode::InternalError, "65A2")],
            "InternalError (500): m [request 65A2, 2 attempts, outcome unknown]",
        ),
    ] {
        let error = error_of(Method::POST, answers).await;
        assert_eq!(error.to_string(), text);
        assert!(is_in_doubt(&error), "{text}");
        let remedy = error.explain().remedy();
        assert_eq!(remedy, "If it did not take effect, try again after a wait", "{text}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_earlier_attempt_that_may_have_taken_effect_is_in_every_text() {
    let unwell = || failure(ErrorCode::InternalError, "65A1");
    for (answers, text) in [
        (
            vec![unwell(), failure(ErrorCode::FileAlreadyExists, "65A2")],
            "FileAlreadyExists (409): m [request 65A2, 2 attempts, an earlier one may have taken effect]",
        ),
        (
            vec![reset(), reset(), reset()],
            "no response from OSS: connection reset [3 attempts, an earlier one may have taken effect]",
        ),
        (
            vec![unwell()],
            "not sent again after 1 attempt: it could not be prepared \
             [an earlier one may have taken effect, last error InternalError, request 65A1]",
        ),
    ] {
        let error = error_of(Method::PUT, answers).await;
        assert_eq!(error.to_string(), text);
        assert!(is_in_doubt(&error), "{text}");
    }
}

#[tokio::test(start_paused = true)]
async fn without_doubt_no_text_speaks_of_it() {
    let unwell = || failure(ErrorCode::InternalError, "65A1");
    for (method, answers) in [
        (Method::GET, vec![unwell(), unwell(), unwell()]),
        (Method::GET, vec![reset(), reset(), reset()]),
        (Method::PUT, vec![failure(ErrorCode::AccessDenied, "65A1")]),
        (Method::POST, vec![failure(ErrorCode::QpsLimitExceeded, "65A1"); 3]),
        (Method::POST, vec![Answer::fault(ErrorKind::ConnectionRefused); 3]),
        (Method::POST, vec![]),
    ] {
        let error = error_of(method, answers).await;
        assert!(!is_in_doubt(&error), "{error}");
        assert!(!error.to_string().contains("effect") && !error.to_string().contains("outcome"), "{error}");
    }
}
