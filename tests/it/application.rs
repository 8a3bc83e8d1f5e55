//! The statements of docs/application.md about stacks.

use std::{io, time::Duration};

use bytes::Bytes;
use http::Request;
use http_body_util::Full;
use tokio::time::Instant;
use tower::{BoxError, Service, ServiceBuilder, ServiceExt};
use tower_oss::{
    Error, OssErrorLayer, RetryPolicy,
    error::{NotSentError, RetryStop},
    test_util::{Answer, AnswerBody, Scripted},
};

const ATTEMPT: Duration = Duration::from_secs(30);

fn client(
    oss: &Scripted,
) -> impl Service<Request<Full<Bytes>>, Response = http::Response<AnswerBody>, Error = Error> + use<> {
    ServiceBuilder::new()
        .retry(RetryPolicy::new().random(|| 0.0))
        .layer(OssErrorLayer::new())
        .timeout(ATTEMPT)
        .service(oss.reading_bodies())
}

#[tokio::test(start_paused = true)]
async fn an_attempt_limit_that_is_too_short_for_an_upload_sends_it_three_times_for_nothing() {
    let slow = || Answer::ok("").delayed(ATTEMPT + Duration::from_secs(1));
    let oss = Scripted::new([slow(), slow(), slow()]);
    let begun = Instant::now();
    let put = Request::put("/k").body(Full::from("a large object")).unwrap();
    let error = client(&oss).oneshot(put).await.unwrap_err();

    assert_eq!(begun.elapsed().as_secs(), 3 * ATTEMPT.as_secs());
    assert!(error.is_timeout(), "{error}");
    assert_eq!((error.attempts(), error.retry_stop()), (3, Some(RetryStop::AttemptsExhausted)));
    assert!(error.after_ambiguous_attempt(), "the first may have stored it");
    assert!(
        oss.requests().iter().all(|request| request.body() == "a large object"),
        "from the start each time"
    );
}

#[tokio::test(start_paused = true)]
async fn an_append_cut_by_the_attempt_limit_is_not_sent_again() {
    let oss = Scripted::new([Answer::never()]);
    let append = Request::post("/k?append&position=0").body(Full::from("a line")).unwrap();
    let error = client(&oss).oneshot(append).await.unwrap_err();
    assert!(error.is_timeout(), "{error}");
    assert_eq!((error.attempts(), error.retry_stop()), (1, Some(RetryStop::OutcomeUnknown)));
}

/// The trap of `filter_async`: `?` boxes any error, and nothing warns.
#[tokio::test(start_paused = true)]
async fn an_error_of_a_signer_that_is_boxed_as_it_is_leaves_the_outcome_unknown() {
    type Signed = Result<Request<Full<Bytes>>, BoxError>;
    fn credentials() -> io::Result<()> {
        Err(io::Error::other("no credentials"))
    }
    async fn boxed(request: Request<Full<Bytes>>) -> Signed {
        credentials()?;
        Ok(request)
    }
    async fn mapped(request: Request<Full<Bytes>>) -> Signed {
        credentials().map_err(NotSentError::prepare)?;
        Ok(request)
    }
    async fn stop<F: Future<Output = Signed>>(sign: fn(Request<Full<Bytes>>) -> F) -> Option<RetryStop> {
        let client = ServiceBuilder::new()
            .retry(RetryPolicy::new())
            .layer(OssErrorLayer::new())
            .filter_async(sign)
            .service(Scripted::default());
        let append = Request::post("/k?append&position=0").body(Full::default()).unwrap();
        client.oneshot(append).await.unwrap_err().retry_stop()
    }
    assert_eq!(stop(boxed).await, Some(RetryStop::OutcomeUnknown));
    assert_eq!(stop(mapped).await, Some(RetryStop::NotRetryable));
}

#[tokio::test(start_paused = true)]
async fn a_limit_of_the_call_ends_at_the_response_head() {
    let oss = Scripted::new([Answer::ok("an object").stalled_after(2)]);
    let client = ServiceBuilder::new().timeout(ATTEMPT).service(client(&oss));
    let response = client.oneshot(Request::new(Full::default())).await.unwrap();
    assert_eq!(response.status(), 200);
    let rest = http_body_util::BodyExt::collect(response.into_body());
    assert!(tokio::time::timeout(1000 * ATTEMPT, rest).await.is_err(), "nothing limits the body");
}
