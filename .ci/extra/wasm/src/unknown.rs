//! What docs/application.md says of `wasm32-unknown-unknown`, which has no clock and no timers.

use std::{
    error::Error as _,
    future::{Future, ready},
    io,
    pin::pin,
    sync::atomic::{AtomicU32, Ordering::Relaxed},
    task::{Context, Poll, Waker},
    time::Duration,
};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use tower::{BoxError, Service, ServiceBuilder, ServiceExt, service_fn};
use tower_oss::{Error, ErrorCode, OssError, OssErrorLayer, RetryPolicy, error::RetryStop, retry::Backoff};

fn response(status: u16, code: &str) -> Response<Full<Bytes>> {
    let document = format!("<Error><Code>{code}</Code><RequestId>65A1</RequestId></Error>");
    let response = Response::builder().status(status).header("retry-after", "Fri, 31 Dec 9999 23:59:59 GMT");
    response.body(Full::from(document)).expect("valid")
}

/// Polls a future for as long as it asks for it at once.
fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    for _ in 0..1000 {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return output;
        }
    }
    panic!("it waits for something");
}

fn call<S>(client: S) -> Error
where
    S: Service<Request<Full<Bytes>>, Response = Response<Full<Bytes>>, Error = Error>,
{
    block_on(client.oneshot(Request::new(Full::default()))).expect_err("OSS fails")
}

fn errors_need_no_clock() {
    let body = Bytes::from_static(b"<Error><Code>QpsLimitExceeded</Code><RequestId>65A1</RequestId></Error>");
    let late = Response::builder().status(503).header("retry-after", "Fri, 31 Dec 9999 23:59:59 GMT");
    let error = OssError::from_response(late.body(body).expect("valid"));
    assert_eq!((error.code(), error.request_id()), (&ErrorCode::QpsLimitExceeded, Some("65A1")));
    assert_eq!(error.retry_after(), None, "a date without the server's own says nothing here");
    assert!(error.report().contains("65A1") && !error.explain().to_string().is_empty());
    assert!(error.to_response().status() == 503 && error.source().is_none());
}

fn what_is_not_retried_passes_through_the_policy() {
    let denied =
        service_fn(|_: Request<Full<Bytes>>| ready(Ok::<_, BoxError>(response(403, "AccessDenied"))));
    let stack = ServiceBuilder::new().retry(RetryPolicy::new()).layer(OssErrorLayer::new()).service(denied);
    let error = call(stack);
    assert_eq!((error.request_id(), error.retry_stop()), (Some("65A1"), Some(RetryStop::NotRetryable)));

    let unknown = service_fn(|_: Request<Full<Bytes>>| {
        ready(Err::<Response<Full<Bytes>>, _>(io::Error::other("of some client")))
    });
    let stack = ServiceBuilder::new().retry(RetryPolicy::new()).layer(OssErrorLayer::new()).service(unknown);
    assert_eq!(call(stack).retry_stop(), Some(RetryStop::NotRetryable));
}

fn without_waits_and_a_budget_the_policy_retries() {
    let sent = AtomicU32::new(0);
    let unwell = service_fn(|_: Request<Full<Bytes>>| {
        sent.fetch_add(1, Relaxed);
        ready(Ok::<_, BoxError>(response(500, "InternalError")))
    });
    let at_once = Backoff::new(Duration::ZERO, Duration::ZERO);
    let policy = RetryPolicy::new()
        .backoff(at_once)
        .throttled_backoff(at_once)
        .max_retry_after(Duration::ZERO)
        .without_budget();
    let stack = ServiceBuilder::new().retry(policy).layer(OssErrorLayer::new()).service(unwell);
    let error = call(stack);
    assert_eq!((error.attempts(), sent.load(Relaxed)), (3, 3));
    assert_eq!(error.history().count(), 3);
}

fn main() {
    errors_need_no_clock();
    what_is_not_retried_passes_through_the_policy();
    without_waits_and_a_budget_the_policy_retries();
}
