//! Who is served and when, over mock services under a paused clock.

use std::{
    future::Future,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use bytes::Bytes;
use futures_util::{FutureExt, future::join_all};
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use tokio::{
    task::JoinSet,
    time::{Instant, interval, sleep},
};
use tower::{BoxError, Layer, Service, ServiceBuilder, ServiceExt, retry::RetryLayer, service_fn};
use tower_oss::{
    Deadline, Error, ErrorCode, OssErrorLayer, RetryPolicy, ThrottleLayer, test_util::ErrorResponse,
};

const SECOND: Duration = Duration::from_secs(1);

type Reply = Response<Full<Bytes>>;

fn ok() -> Reply {
    Response::default()
}

fn throttled() -> Reply {
    ErrorResponse::new(ErrorCode::QpsLimitExceeded).response()
}

/// A service that takes 10 ms, and responds as this closure says: to the number of the request, and
/// to its path.
fn server(
    respond: impl Fn(usize, &str) -> Reply + Clone + Send + 'static,
) -> impl Service<Request<()>, Response = Reply, Error = BoxError, Future: Send> + Clone + Send + 'static {
    let count = Arc::new(AtomicUsize::new(0));
    service_fn(move |request: Request<()>| {
        let response = respond(count.fetch_add(1, Relaxed), request.uri().path());
        async {
            sleep(SECOND / 100).await;
            Ok(response)
        }
    })
}

/// A request with a deadline.
fn within(time: Duration) -> Request<()> {
    Request::builder().extension(Deadline::after(time)).body(()).unwrap()
}

#[tokio::test(start_paused = true)]
async fn after_a_throttled_response_and_idle_minutes_no_call_is_rejected() {
    let server = server(|number, _| if number == 0 { throttled() } else { ok() });
    let client =
        ServiceBuilder::new().layer(ThrottleLayer::new()).layer(OssErrorLayer::new()).service(server);
    client.clone().oneshot(Request::new(())).await.unwrap_err();
    sleep(600 * SECOND).await;
    let calls = (0..50).map(|_| client.clone().oneshot(within(5 * SECOND)));
    assert!(join_all(calls).await.iter().all(Result::is_ok));
}

#[tokio::test(start_paused = true)]
async fn after_an_overload_impatient_calls_are_soon_served() {
    let begun = Instant::now();
    let is_overloaded = move || begun.elapsed() < 30 * SECOND;
    let server = server(move |_, _| if is_overloaded() { throttled() } else { ok() });
    let client =
        ServiceBuilder::new().layer(ThrottleLayer::new()).layer(OssErrorLayer::new()).service(server);
    let mut calls = JoinSet::new();
    while is_overloaded() {
        calls.spawn(client.clone().oneshot(within(SECOND)));
        sleep(SECOND / 20).await;
    }
    let mut served = 0;
    for _ in 0..10 {
        served += usize::from(client.clone().oneshot(within(SECOND / 10)).await.is_ok());
        sleep(SECOND).await;
    }
    assert!(served > 0, "{served}");
}

#[tokio::test(start_paused = true)]
async fn calls_that_do_not_wait_make_the_rate_grow() {
    for per_second in [10, 100, 1_000] {
        let throttle = ThrottleLayer::new().max_wait(Duration::ZERO);
        let handle = throttle.handle();
        let client = throttle.layer(OssErrorLayer::new().layer(server(|_, _| ok())));
        let mut ticks = interval(SECOND / per_second);
        let (mut calls, mut early) = (JoinSet::new(), 0);
        for number in 0..30 * per_second {
            ticks.tick().await;
            if number == 10 * per_second {
                early = handle.rejected();
            }
            calls.spawn(client.clone().oneshot(Request::new(())));
        }
        calls.join_all().await;
        let late = handle.rejected() - early;
        assert!(late * 50 <= u64::from(20 * per_second), "{late} rejected at {per_second}/s");
    }
}

#[tokio::test(start_paused = true)]
async fn a_low_rate_grows_while_a_call_waits() {
    let throttle = ThrottleLayer::new().first_rate(0.5);
    let handle = throttle.handle();
    let server = server(|number, _| if number == 0 { throttled() } else { ok() });
    let client = throttle.layer(OssErrorLayer::new().layer(server));
    let begun = Instant::now();
    while begun.elapsed() < 90 * SECOND {
        let _ = client.clone().oneshot(Request::new(())).await;
    }
    assert!(handle.rate() >= 2.0, "{}", handle.rate());
}

#[tokio::test(start_paused = true)]
async fn one_throttled_response_in_a_hundred_costs_less_than_half_of_the_throughput() {
    let per_second = accepted_beside(|number| (number % 100 == 99).then(throttled)).await;
    assert!(per_second >= 450, "{per_second} of about 900");
}

#[tokio::test(start_paused = true)]
async fn a_broken_proxy_of_ten_costs_less_than_half_of_the_throughput() {
    let unavailable = || {
        let mut response = ok();
        *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
        response
    };
    let per_second = accepted_beside(move |number| (number % 10 == 9).then(unavailable)).await;
    assert!(per_second >= 450, "{per_second} of about 900");
    // If more than 30 % are unavailable, it is overload.
    let per_second = accepted_beside(move |number| (number % 2 == 1).then(unavailable)).await;
    assert!(per_second <= 250, "{per_second}");
}

/// Requests accepted per second, by ten workers beside some responses that are not accepted.
async fn accepted_beside(other: impl Fn(usize) -> Option<Reply> + Clone + Send + Sync + 'static) -> u64 {
    let throttle = ThrottleLayer::new();
    let handle = throttle.handle();
    let server = server(move |number, _| other(number).unwrap_or_else(ok));
    let client = throttle.layer(OssErrorLayer::new().layer(server));
    let begun = Instant::now();
    let mut workers = JoinSet::new();
    for _ in 0..10 {
        let client = client.clone();
        workers.spawn(async move {
            while begun.elapsed() < 30 * SECOND {
                let _ = client.clone().oneshot(Request::new(())).await;
            }
        });
    }
    sleep(20 * SECOND).await;
    let before = handle.accepted();
    workers.join_all().await;
    (handle.accepted() - before) / 10
}

#[tokio::test(start_paused = true)]
async fn one_object_that_always_fails_does_not_delay_the_others() {
    let internal_error = |path: &str| match path {
        "/bad" => ErrorResponse::new(ErrorCode::InternalError).response(),
        _ => ok(),
    };
    let client = ServiceBuilder::new()
        .layer(RetryLayer::new(RetryPolicy::new().random(|| 0.5)))
        .layer(ThrottleLayer::new())
        .layer(OssErrorLayer::new())
        .service(server(move |_, path| internal_error(path)));
    let begun = Instant::now();
    let mut workers = JoinSet::new();
    for _ in 0..64 {
        let client = client.clone();
        workers.spawn(async move {
            while begun.elapsed() < 60 * SECOND {
                client.clone().oneshot(Request::get("/bad").body(()).unwrap()).await.unwrap_err();
            }
        });
    }
    let mut times = Vec::new();
    for number in 1..=100 {
        sleep((begun + SECOND / 2 * number).saturating_duration_since(Instant::now())).await;
        let called = Instant::now();
        client.clone().oneshot(Request::get("/good").body(()).unwrap()).await.unwrap();
        times.push(called.elapsed());
    }
    times.sort();
    assert!(times[50] <= SECOND / 5, "{:?}", times[50]);
}

#[tokio::test(start_paused = true)]
async fn a_permanent_503_of_a_proxy_uses_the_attempts_while_other_calls_succeed() {
    let of_proxy = || Response::builder().status(503).body(Full::from("<html>busy</html>")).unwrap();
    let client = ServiceBuilder::new()
        .layer(RetryLayer::new(RetryPolicy::new().random(|| 0.5)))
        .layer(ThrottleLayer::new())
        .layer(OssErrorLayer::new())
        .service(server(move |_, path| if path == "/bad" { of_proxy() } else { ok() }));
    let other = client.clone();
    let others = tokio::spawn(async move {
        for _ in 0..500 {
            other.clone().oneshot(Request::new(())).await.unwrap();
        }
    });
    for _ in 0..5 {
        let error = client.clone().oneshot(Request::get("/bad").body(()).unwrap()).await.unwrap_err();
        assert_eq!((error.oss().map(|error| error.status().as_u16()), error.attempts()), (Some(503), 3));
    }
    others.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn waiting_calls_that_are_not_polled_delay_the_others_by_a_tenth_of_a_second() {
    let throttle = ThrottleLayer::new().first_rate(10.0).max_rate(10.0);
    let client = throttle.layer(OssErrorLayer::new().layer(server(|_, _| ok())));
    client.clone().oneshot(Request::new(())).await.unwrap();
    let mut idle: Vec<_> = (0..20).map(|_| Box::pin(client.clone().oneshot(Request::new(())))).collect();
    assert!(idle.iter_mut().all(|call| call.as_mut().now_or_never().is_none()));
    let begun = Instant::now();
    // Their permits are due one after the other, within two seconds.
    client.clone().oneshot(Request::new(())).await.unwrap();
    assert!(begun.elapsed() <= 2 * SECOND + SECOND / 4, "{:?}", begun.elapsed());
    assert!(join_all(idle).await.iter().all(Result::is_ok));
}

#[tokio::test(start_paused = true)]
async fn during_a_pause_no_call_is_woken() {
    let throttle = ThrottleLayer::new();
    let handle = throttle.handle();
    let client = throttle.layer(OssErrorLayer::new().layer(server(|_, _| ok())));
    handle.pause_for(10 * SECOND);
    let mut polls = 0;
    let mut call = pin!(client.oneshot(Request::new(())));
    let result: Result<Reply, Error> = std::future::poll_fn(|cx| {
        polls += 1;
        call.as_mut().poll(cx)
    })
    .await;
    assert!(result.is_ok() && polls <= 5, "{polls} polls");
}
