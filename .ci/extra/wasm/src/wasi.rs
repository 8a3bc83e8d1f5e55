//! What docs/application.md says of `wasm32-wasip1`: within a tokio runtime, everything works.

use std::{
    future::ready,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use tower::{BoxError, ServiceBuilder, ServiceExt, service_fn};
use tower_oss::{ClockOffset, FindOssError, OssErrorLayer, RetryPolicy, ThrottleLayer};

/// Throttles the first request, fails at the second, and accepts the third.
fn respond(sent: u32) -> Response<Full<Bytes>> {
    let (status, document) = match sent {
        0 => (503, "<Error><Code>QpsLimitExceeded</Code></Error>"),
        1 => (500, "<Error><Code>InternalError</Code></Error>"),
        _ => (200, "hello"),
    };
    Response::builder().status(status).body(Full::from(document)).expect("valid")
}

async fn check() {
    let sent = Arc::new(AtomicU32::new(0));
    let count = Arc::clone(&sent);
    let oss = service_fn(move |_: Request<Full<Bytes>>| {
        ready(Ok::<_, BoxError>(respond(count.fetch_add(1, Relaxed))))
    });
    let clock = ClockOffset::new();
    let throttle = ThrottleLayer::new();
    let handle = throttle.handle();
    let client = ServiceBuilder::new()
        .timeout(Duration::from_secs(60))
        .retry(RetryPolicy::new().clock(clock.clone()).random(|| 0.5))
        .layer(throttle)
        .layer(OssErrorLayer::new().clock(clock.clone()))
        .service(oss);

    let begun = Instant::now();
    let response = client.oneshot(Request::new(Full::default())).await;
    let response = response.unwrap_or_else(|error| panic!("{error} {:?}", error.oss_error()));
    assert_eq!((response.status().as_u16(), sent.load(Relaxed)), (200, 3));
    assert!(begun.elapsed() >= Duration::from_millis(50), "it waits before the second retry");
    assert_eq!((handle.throttled(), handle.failed(), handle.accepted()), (1, 1, 1));
    assert!(clock.now() > std::time::SystemTime::UNIX_EPOCH);
}

fn main() {
    tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime").block_on(check());
}
