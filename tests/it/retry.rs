//! The retry policy over scripted responses and a paused clock.

use std::{
    collections::HashSet,
    io::{self, ErrorKind},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use http_body_util::{Full, StreamBody};
use tokio::time::Instant;
use tower::{BoxError, Layer, Service, ServiceBuilder, ServiceExt, service_fn};
use tower_oss::{
    Deadline, Error, ErrorClass, ErrorCode, OssError, OssErrorLayer, RetryPolicy,
    error::RetryStop,
    retry::{Attempt, Backoff, Idempotency, OnceBody, RetryBudget, RetryError, TryCloneBody, Verdict},
    test_util::{Answer, AnswerBody, ErrorResponse, Scripted},
};

type Answered = Response<AnswerBody>;

/// A policy whose jitter is always half of the range.
fn half() -> RetryPolicy {
    RetryPolicy::new().random(|| 0.5)
}

fn of(code: ErrorCode) -> Answer {
    ErrorResponse::new(code).into()
}

/// The stack of the docs: retry above the error layer.
fn client<S, B>(
    policy: RetryPolicy,
    inner: S,
) -> impl Service<Request<B>, Response = Answered, Error = Error> + Clone
where
    S: Service<Request<B>, Response = Answered, Error = BoxError> + Clone,
    B: TryCloneBody,
{
    ServiceBuilder::new().retry(policy).layer(OssErrorLayer::new()).service(inner)
}

fn request(method: Method, uri: &str) -> Request<()> {
    Request::builder().method(method).uri(uri).body(()).unwrap()
}

fn get() -> Request<()> {
    request(Method::GET, "/k")
}

/// Sends one request to a script. Returns the result and the number of requests received.
async fn run(
    policy: RetryPolicy,
    request: Request<()>,
    script: Vec<Answer>,
) -> (Result<Answered, Error>, usize) {
    let oss = Scripted::new(script);
    let result = client(policy, oss.clone()).oneshot(request).await;
    (result, oss.requests().len())
}

async fn fails(policy: RetryPolicy, request: Request<()>, answer: Answer) -> (OssError, usize) {
    let (result, requests) = run(policy, request, vec![answer; 10]).await;
    (result.unwrap_err().into_oss().unwrap(), requests)
}

#[tokio::test(start_paused = true)]
async fn a_transient_error_is_retried_and_the_success_is_returned() {
    let (result, requests) =
        run(half(), get(), vec![of(ErrorCode::InternalError), Answer::ok("hello")]).await;
    assert_eq!((result.unwrap().status(), requests), (StatusCode::OK, 2));
}

#[tokio::test(start_paused = true)]
async fn every_code_is_retried_or_not_as_the_table_says() {
    for code in ErrorCode::known() {
        let again = matches!(code.class(), ErrorClass::Server | ErrorClass::Throttling)
            || *code == ErrorCode::RequestTimeout;
        // A callback is what makes a 203 an error.
        let mut put = request(Method::PUT, "/k");
        put.headers_mut().insert("x-oss-callback", HeaderValue::from_static("e30="));
        put.extensions_mut().insert(Idempotency::Idempotent);
        let (error, requests) = fails(half(), put, of(code.clone())).await;
        assert_eq!(requests, if again { 3 } else { 1 }, "{code}");
        assert_eq!(error.attempts() as usize, requests, "{code}");
        let stop = if again { RetryStop::AttemptsExhausted } else { RetryStop::NotRetryable };
        assert_eq!(error.retry_stop(), Some(stop), "{code}");
        assert_eq!(again, error.is_transient(), "{code}");
    }
}

#[tokio::test(start_paused = true)]
async fn responses_that_are_not_from_oss_are_classified_by_status() {
    for status in 400..600 {
        let status = StatusCode::from_u16(status).unwrap();
        let again = match status.as_u16() {
            408 | 424 | 429 => true,
            501 | 505 | 506 | 508 | 510 | 511 => false,
            status => status >= 500,
        };
        let (_, requests) = fails(half(), get(), Answer::html(status, "<html>")).await;
        assert_eq!(requests, if again { 3 } else { 1 }, "{status}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_permanent_error_whose_body_was_cut_is_not_retried() {
    for cut in [0, 30, 60] {
        let (_, requests) = fails(half(), get(), of(ErrorCode::AccessDenied).failing_after(cut)).await;
        assert_eq!(requests, 1, "cut after {cut}");
    }
}

#[tokio::test(start_paused = true)]
async fn without_the_error_layer_the_status_decides_and_the_response_is_returned() {
    for (status, expected) in [(500, 3), (503, 3), (429, 3), (408, 3), (404, 1), (501, 1), (200, 1), (203, 1)]
    {
        let count = AtomicUsize::new(0);
        let service = service_fn(|_: Request<()>| {
            count.fetch_add(1, Relaxed);
            async move { Ok::<_, BoxError>(Response::builder().status(status).body(()).unwrap()) }
        });
        let client = ServiceBuilder::new().retry(half()).retry(half()).service(service);
        let answer = client.oneshot(get()).await.unwrap();
        assert_eq!((answer.status().as_u16(), count.load(Relaxed)), (status, expected));
    }
}

#[tokio::test(start_paused = true)]
async fn delays_double_with_full_jitter_and_are_longer_after_a_throttled_response() {
    let times = |code: ErrorCode| async move {
        let start = Instant::now();
        let times = Arc::new(Mutex::new(Vec::new()));
        let noted = Arc::clone(&times);
        let service = service_fn(move |_: Request<()>| {
            noted.lock().unwrap().push(start.elapsed().as_millis());
            Scripted::new([of(code.clone())]).oneshot(get())
        });
        client(half().max_attempts(4), service).oneshot(get()).await.unwrap_err();
        times.lock().unwrap().clone()
    };
    assert_eq!(times(ErrorCode::InternalError).await, [0, 50, 150, 350]);
    assert_eq!(times(ErrorCode::QpsLimitExceeded).await, [0, 500, 1500, 3500]);
}

/// The wait before the first retry after an error with this header, in milliseconds.
async fn wait_after(policy: RetryPolicy, value: &'static str) -> u128 {
    let error = ErrorResponse::new(ErrorCode::InternalError);
    let error = error.header(header::RETRY_AFTER, HeaderValue::from_static(value));
    let start = Instant::now();
    let (result, requests) = run(policy, get(), vec![error.into(), Answer::ok("")]).await;
    assert!(result.is_ok() && requests == 2);
    start.elapsed().as_millis()
}

#[tokio::test(start_paused = true)]
async fn retry_after_is_a_floor_within_a_cap_and_the_jitter_is_added() {
    for (value, expected) in [
        ("0", 50),
        ("7", 7_050),
        ("Sun, 22 Nov 2026 08:00:09 GMT", 9_050), // the response's own date is 08:00:00
        ("Sun, 22 Nov 2026 07:00:00 GMT", 50),
        ("61", 60_050),
        ("18446744073709551615", 60_050),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 60_050),
        ("Mon, 01 Jan 0001 00:00:00 GMT", 50),
        ("soon", 50),
        ("-7", 50),
    ] {
        assert_eq!(wait_after(half(), value).await, expected, "{value}");
    }
    assert_eq!(wait_after(half().max_retry_after(Duration::from_secs(3)), "7").await, 3_050);
}

#[tokio::test(start_paused = true)]
async fn no_wait_ends_past_the_time_limit_or_the_deadline() {
    let start = Instant::now();
    let policy = half().max_attempts(100).max_elapsed(Duration::from_secs(1));
    let (error, requests) = fails(policy, get(), of(ErrorCode::InternalError)).await;
    assert_eq!(error.retry_stop(), Some(RetryStop::OutOfTime));
    assert_eq!(requests, 5, "at 0, 50, 150, 350 and 750 ms; the next would be at 1550 ms");
    assert!(start.elapsed() < Duration::from_secs(1));

    let mut request = get();
    request.extensions_mut().insert(Deadline::after(Duration::from_millis(100)));
    let (error, requests) = fails(half(), request, of(ErrorCode::InternalError)).await;
    assert_eq!((error.retry_stop(), requests), (Some(RetryStop::OutOfTime), 2));

    let late = ErrorResponse::new(ErrorCode::InternalError)
        .header(header::RETRY_AFTER, HeaderValue::from_static("30"));
    let (error, requests) = fails(half().max_elapsed(Duration::from_secs(29)), get(), late.into()).await;
    assert_eq!((error.retry_stop(), requests), (Some(RetryStop::OutOfTime), 1));
}

#[tokio::test(start_paused = true)]
async fn requests_that_are_not_idempotent_are_retried_only_if_they_had_no_effect() {
    let append = || request(Method::POST, "/k?append&position=0");
    for (code, requests, stop) in [
        (ErrorCode::InternalError, 1, RetryStop::OutcomeUnknown),
        (ErrorCode::ServiceUnavailable, 1, RetryStop::OutcomeUnknown),
        (ErrorCode::RequestTimeout, 1, RetryStop::OutcomeUnknown),
        (ErrorCode::TotalQpsLimitExceeded, 3, RetryStop::AttemptsExhausted),
        (ErrorCode::PositionNotEqualToLength, 1, RetryStop::NotRetryable),
    ] {
        let (error, sent) = fails(half(), append(), of(code.clone())).await;
        assert_eq!((sent, error.retry_stop()), (requests, Some(stop)), "{code}");
        assert!(!error.after_ambiguous_attempt());
    }
    let mut told = append();
    told.extensions_mut().insert(Idempotency::Idempotent);
    assert_eq!(fails(half(), told, of(ErrorCode::InternalError)).await.1, 3);
    let mut told = get();
    told.extensions_mut().insert(Idempotency::NotIdempotent);
    assert_eq!(fails(half(), told, of(ErrorCode::InternalError)).await.1, 1);
}

#[tokio::test(start_paused = true)]
async fn a_conflict_after_an_attempt_that_may_have_taken_effect_says_so() {
    for (method, conflict) in [
        (Method::PUT, ErrorCode::FileAlreadyExists),
        (Method::POST, ErrorCode::PositionNotEqualToLength),
        (Method::POST, ErrorCode::NoSuchUpload),
        (Method::DELETE, ErrorCode::NoSuchKey),
    ] {
        let ends = |first: ErrorCode| {
            let mut request = request(method.clone(), "/k");
            request.extensions_mut().insert(Idempotency::Idempotent);
            run(half(), request, vec![of(first), of(conflict.clone())])
        };
        let (result, requests) = ends(ErrorCode::InternalError).await;
        let error = result.unwrap_err();
        assert_eq!((requests, error.oss().unwrap().code()), (2, &conflict));
        assert!(error.after_ambiguous_attempt(), "{conflict}");

        let (result, _) = ends(ErrorCode::QpsLimitExceeded).await;
        assert!(!result.unwrap_err().after_ambiguous_attempt(), "throttled is not applied");
    }
    let (result, _) = run(half(), get(), vec![of(ErrorCode::InternalError), of(ErrorCode::NoSuchKey)]).await;
    assert!(!result.unwrap_err().after_ambiguous_attempt(), "reading applies nothing");
}

#[tokio::test(start_paused = true)]
async fn a_body_that_can_be_sent_once_is_sent_once() {
    let stream =
        || StreamBody::new(futures_util::stream::empty::<Result<http_body::Frame<Bytes>, BoxError>>());
    for (answer, requests, stop) in [
        (of(ErrorCode::InternalError), 1, RetryStop::BodyNotReplayable),
        (of(ErrorCode::QpsLimitExceeded), 1, RetryStop::BodyNotReplayable),
        (of(ErrorCode::NoSuchBucket), 1, RetryStop::NotRetryable),
    ] {
        let oss = Scripted::new([answer, Answer::ok("")]);
        let request = Request::put("/k").body(OnceBody::new(stream())).unwrap();
        let error = client(half(), oss.clone()).oneshot(request).await.unwrap_err();
        assert_eq!((oss.requests().len(), error.retry_stop()), (requests, Some(stop)));
        assert_eq!(error.attempts(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn the_attempt_is_in_the_request_from_the_second_on() {
    let oss =
        Scripted::new([of(ErrorCode::InternalError), of(ErrorCode::ServiceUnavailable), Answer::ok("")]);
    client(half(), oss.clone()).oneshot(get()).await.unwrap();
    let requests = oss.requests();
    assert!(requests[0].extensions().get::<Attempt>().is_none());
    assert_eq!(requests.iter().map(|request| Attempt::of(request).number()).collect::<Vec<_>>(), [1, 2, 3]);
}

#[tokio::test(start_paused = true)]
async fn the_outer_of_two_policies_does_not_retry() {
    let oss = Scripted::new(vec![of(ErrorCode::InternalError); 10]);
    let client =
        ServiceBuilder::new().retry(half()).retry(half()).layer(OssErrorLayer::new()).service(oss.clone());
    let error = client.oneshot(get()).await.unwrap_err();
    assert_eq!((oss.requests().len(), error.attempts()), (3, 3));

    // With a layer in between that boxes errors.
    let oss = Scripted::new(vec![of(ErrorCode::InternalError); 10]);
    let client = ServiceBuilder::new()
        .retry(half())
        .timeout(Duration::from_secs(60))
        .retry(half())
        .timeout(Duration::from_secs(60))
        .layer(OssErrorLayer::new())
        .service(oss.clone());
    let error = Error::from(client.oneshot(get()).await.unwrap_err());
    assert_eq!((oss.requests().len(), error.attempts()), (3, 3));
    assert_eq!(error.retry_stop(), Some(RetryStop::AttemptsExhausted));
}

/// Calls a service that stalls, with a timeout for each attempt below the policy.
async fn stalled<E: RetryError>(
    layers: impl Layer<
        tower::util::BoxCloneService<Request<()>, Answered, BoxError>,
        Service: Service<Request<()>, Error = E>,
    >,
) -> (E, u32) {
    let count = Arc::new(AtomicU32::new(0));
    let counter = Arc::clone(&count);
    let stalls = service_fn(move |_: Request<()>| {
        counter.fetch_add(1, Relaxed);
        std::future::pending::<Result<Answered, BoxError>>()
    });
    let result = layers.layer(tower::util::BoxCloneService::new(stalls)).oneshot(get()).await;
    (result.err().unwrap(), count.load(Relaxed))
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_times_out_is_retried_whatever_the_error_type() {
    let second = Duration::from_secs(1);
    let layers = ServiceBuilder::new().retry(half()).layer(OssErrorLayer::new()).timeout(second);
    let (error, requests) = stalled(layers.into_inner()).await;
    assert_eq!((requests, error.attempts(), error.retry_stop()), (3, 3, Some(RetryStop::AttemptsExhausted)));

    let layers = ServiceBuilder::new().retry(half()).timeout(second).layer(OssErrorLayer::new());
    let (error, requests) = stalled(layers.into_inner()).await;
    let error = error.downcast::<Error>().expect("wrapped, so that it can say");
    assert_eq!((requests, error.attempts(), error.retry_stop()), (3, 3, Some(RetryStop::AttemptsExhausted)));
    assert!(std::error::Error::source(&*error).unwrap().is::<tower::timeout::error::Elapsed>());
}

#[tokio::test(start_paused = true)]
async fn the_request_id_of_a_response_is_kept_through_later_attempts() {
    let inner = || {
        let attempts = Arc::new(AtomicUsize::new(0));
        service_fn(move |_: Request<()>| {
            let error: BoxError = match attempts.fetch_add(1, Relaxed) {
                0 => ErrorResponse::new(ErrorCode::InternalError).request_id("65A1F0").error().into(),
                _ => io::Error::from(ErrorKind::ConnectionReset).into(),
            };
            async { Err::<Answered, BoxError>(error) }
        })
    };
    let layered = client(half(), inner()).oneshot(get()).await.unwrap_err();
    let boxed = ServiceBuilder::new().retry(half()).service(inner()).oneshot(get()).await.unwrap_err();
    for error in [layered, Error::from(boxed)] {
        assert!(matches!(error, Error::Transport(_)) && error.oss().is_none(), "{error:?}");
        assert_eq!((error.attempts(), error.request_id()), (3, Some("65A1F0")));
        let text = error.to_string();
        let expected =
            "no response from OSS: connection reset [3 attempts, last error InternalError, request 65A1F0]";
        assert_eq!(text, expected);
    }
}

#[tokio::test(start_paused = true)]
async fn local_overload_is_reported_and_not_retried() {
    let busy = ServiceBuilder::new()
        .load_shed()
        .concurrency_limit(1)
        .service(service_fn(|_: Request<()>| std::future::pending::<Result<Response<()>, BoxError>>()));
    let mut first = busy.clone();
    let _held = first.ready().await.unwrap().call(get());
    let error = ServiceBuilder::new().retry(half()).service(busy).oneshot(get()).await.unwrap_err();
    let error = error.downcast::<Error>().unwrap();
    assert_eq!((error.attempts(), error.retry_stop()), (0, Some(RetryStop::NotRetryable)));
}

#[tokio::test(start_paused = true)]
async fn calls_never_see_each_others_state() {
    let oss = Scripted::new(vec![of(ErrorCode::InternalError); 100]);
    let mut one = client(half(), oss.clone());
    let mut other = one.clone();
    for round in 1..5 {
        let (a, b) =
            tokio::join!(async { one.ready().await.unwrap().call(get()).await.unwrap_err() }, async {
                other.ready().await.unwrap().call(get()).await.unwrap_err()
            },);
        assert_eq!((a.attempts(), b.attempts()), (3, 3));
        assert_eq!(oss.requests().len(), 6 * round);
    }
}

#[tokio::test(start_paused = true)]
async fn a_closure_overrules_the_verdict_and_another_is_called_for_every_retry() {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let notes = Arc::clone(&heard);
    let policy = half()
        .classify(|failure, verdict| match failure.oss().map(OssError::code) {
            Some(ErrorCode::NoSuchBucket) => Verdict::Transient,
            Some(ErrorCode::InternalError) => Verdict::Never,
            _ => verdict,
        })
        .on_retry(move |event| {
            let event =
                (event.failure.attempt(), event.verdict, event.delay.as_millis(), event.delayed_by_throttle);
            notes.lock().unwrap().push(event);
        });
    assert_eq!(fails(policy.clone(), get(), of(ErrorCode::InternalError)).await.1, 1);
    assert_eq!(fails(policy.clone(), get(), of(ErrorCode::NoSuchBucket)).await.1, 3);
    assert_eq!(
        *heard.lock().unwrap(),
        [(1, Verdict::Transient, 50, false), (2, Verdict::Transient, 100, false)]
    );
}

#[tokio::test(start_paused = true)]
async fn an_outage_does_not_multiply_the_requests() {
    let requests = Arc::new(AtomicU32::new(0));
    let counter = Arc::clone(&requests);
    let outage = service_fn(move |_: Request<()>| {
        counter.fetch_add(1, Relaxed);
        Scripted::new([of(ErrorCode::ServiceUnavailable)]).oneshot(get())
    });
    let client = client(RetryPolicy::new(), outage);
    let calls = (0..800).map(|n| {
        let client = client.clone();
        async move {
            tokio::time::sleep(Duration::from_millis(5 * n)).await;
            client.oneshot(get()).await.unwrap_err().retry_stop().unwrap()
        }
    });
    let stops: HashSet<_> = futures_util::future::join_all(calls).await.into_iter().collect();
    let requests = requests.load(Relaxed);
    // 200 requests/s for 4 s: 800 offered, 0.2 for each, 10 per second, and the room of the bucket.
    assert!(requests <= 800 + 160 + 45 + 100, "{requests} requests");
    assert_eq!(stops, HashSet::from([RetryStop::AttemptsExhausted, RetryStop::BudgetExhausted]));
}

#[tokio::test(start_paused = true)]
async fn the_default_budget_allows_all_retries_when_a_fifth_of_the_responses_fail() {
    for seed in 0..5 {
        let random = Mutex::new(fastrand::Rng::with_seed(seed));
        let requests = AtomicU32::new(0);
        let flaky = service_fn(|_: Request<()>| {
            requests.fetch_add(1, Relaxed);
            let fails = random.lock().unwrap().f64() < 0.2;
            Scripted::new([if fails { of(ErrorCode::InternalError) } else { Answer::ok("") }]).oneshot(get())
        });
        let mut client = client(RetryPolicy::new(), flaky);
        let mut lost = 0;
        for _ in 0..2000 {
            lost += u32::from(client.ready().await.unwrap().call(get()).await.is_err());
        }
        // Three independent tries lose 2000 × 0.2³ = 16, with a standard deviation of 4.
        assert!(lost <= 16 + 12, "{lost} lost");
        let rate = f64::from(requests.load(Relaxed)) / 2000.0;
        assert!((rate - 1.24).abs() < 0.04, "{rate} requests a call");
    }
}

/// The first delays of clones of a policy, by their own entropy.
async fn first_delays(policies: impl Iterator<Item = RetryPolicy>) -> Vec<f64> {
    let delays = Arc::new(Mutex::new(Vec::new()));
    let notes = Arc::clone(&delays);
    for policy in policies {
        let notes = Arc::clone(&notes);
        let policy = policy
            .without_budget()
            .max_attempts(2)
            .on_retry(move |event| notes.lock().unwrap().push(event.delay.as_secs_f64() * 1000.0));
        fails(policy, get(), of(ErrorCode::InternalError)).await;
    }
    drop(notes);
    let delays = delays.lock().unwrap();
    delays.clone()
}

#[tokio::test(start_paused = true)]
async fn clients_that_fail_together_do_not_return_together() {
    let one = RetryPolicy::new();
    for delays in [
        first_delays((0..10_000).map(|_| one.clone())).await,
        first_delays((0..10_000).map(|_| RetryPolicy::new())).await,
    ] {
        assert_eq!(delays.len(), 10_000);
        let mut slots = [0; 10];
        for delay in &delays {
            slots[(delay / 10.0) as usize] += 1;
        }
        assert!(slots.iter().all(|slot| (500..2000).contains(slot)), "{slots:?}");
        // By chance, 10 000 of 100 000 microseconds leave some 9 500 distinct.
        let distinct: HashSet<_> = delays.iter().map(|delay| (delay * 1000.0) as u32).collect();
        assert!(distinct.len() > 9_300, "{}", distinct.len());
        let mut sorted = delays.clone();
        sorted.sort_by(f64::total_cmp);
        assert!((sorted[5_000] - 50.0).abs() < 3.0, "the median is {} ms", sorted[5_000]);
    }
}

#[tokio::test(start_paused = true)]
async fn fixed_samples_give_delays_spread_evenly_over_clones_and_policies() {
    let random = || {
        let random = Mutex::new(fastrand::Rng::with_seed(7));
        move || random.lock().unwrap().f64()
    };
    let one = RetryPolicy::new().random(random());
    let shared = Arc::new(random());
    let policies = (0..10_000).map(|_| {
        let shared = Arc::clone(&shared);
        RetryPolicy::new().random(move || shared())
    });
    for mut delays in [first_delays((0..10_000).map(|_| one.clone())).await, first_delays(policies).await] {
        delays.sort_by(f64::total_cmp);
        let distance = |(i, delay): (usize, &f64)| (delay / 100.0 - (i as f64 + 0.5) / 10_000.0).abs();
        let distance = delays.iter().enumerate().map(distance).fold(0.0, f64::max);
        assert!(distance < 0.02, "D = {distance}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_budget_may_be_shared_and_says_when_it_is_empty() {
    let budget = Arc::new(RetryBudget::new(0.0, 0.0, 1));
    let (one, other) = (half().budget(budget.clone()), half().budget(budget));
    let (error, requests) = fails(one, get(), of(ErrorCode::InternalError)).await;
    assert_eq!((requests, error.retry_stop()), (2, Some(RetryStop::BudgetExhausted)));
    let (error, requests) = fails(other, get(), of(ErrorCode::InternalError)).await;
    assert_eq!((requests, error.retry_stop()), (1, Some(RetryStop::BudgetExhausted)));
}

#[tokio::test(start_paused = true)]
async fn absurd_settings_still_send_the_request_once() {
    for policy in [
        RetryPolicy::new().max_attempts(0),
        RetryPolicy::new().max_elapsed(Duration::ZERO),
        RetryPolicy::new().budget(Arc::new(RetryBudget::new(f64::NAN, -1.0, 0))).max_attempts(1),
    ] {
        assert_eq!(fails(policy, get(), of(ErrorCode::InternalError)).await.1, 1);
    }
    let policy =
        RetryPolicy::new().max_elapsed(Duration::MAX).max_retry_after(Duration::MAX).random(|| f64::NAN);
    assert_eq!(fails(policy, get(), of(ErrorCode::InternalError)).await.1, 3);
}

#[tokio::test(start_paused = true)]
async fn a_request_is_the_same_every_time() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let notes = Arc::clone(&seen);
    let service = service_fn(move |request: Request<Full<Bytes>>| {
        let notes = Arc::clone(&notes);
        async move {
            let (mut head, body) = request.into_parts();
            head.extensions.remove::<Attempt>();
            let mark = head.extensions.get::<&str>().copied();
            let body = http_body_util::BodyExt::collect(body).await.unwrap().to_bytes();
            notes.lock().unwrap().push(format!(
                "{} {} {:?} {:?} {mark:?} {body:?}",
                head.method, head.uri, head.version, head.headers
            ));
            Scripted::new([of(ErrorCode::InternalError)]).oneshot(get()).await
        }
    });
    let request =
        Request::put("https://b.oss/k?x=1").version(http::Version::HTTP_2).header("a", "1").header("a", "2");
    let request = request.extension("mark").body(Full::new(Bytes::from("body"))).unwrap();
    client(half(), service).oneshot(request).await.unwrap_err();
    let seen = seen.lock().unwrap();
    assert!(seen.len() == 3 && seen.iter().all(|request| *request == seen[0]), "{seen:#?}");
    assert!(seen[0].contains("PUT https://b.oss/k?x=1 HTTP/2.0") && seen[0].contains("mark"));
}

#[tokio::test(start_paused = true)]
async fn a_stored_object_is_never_sent_again_whatever_the_code_of_its_203() {
    for code in [ErrorCode::CallbackFailed, ErrorCode::QpsLimitExceeded, ErrorCode::InternalError] {
        let mut put = request(Method::PUT, "/k");
        put.headers_mut().insert("x-oss-callback", HeaderValue::from_static("e30="));
        put.extensions_mut().insert(Idempotency::Idempotent);
        let stored = ErrorResponse::new(code).status(StatusCode::NON_AUTHORITATIVE_INFORMATION);
        let (error, requests) = fails(half(), put, stored.into()).await;
        assert_eq!((requests, error.retry_stop()), (1, Some(RetryStop::NotRetryable)));
    }
}

#[tokio::test]
async fn a_timeout_outside_fires_even_if_every_attempt_fails_at_once() {
    let attempts = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&attempts);
    let service = service_fn(move |_: Request<()>| {
        counter.fetch_add(1, Relaxed);
        Scripted::new([of(ErrorCode::InternalError)]).oneshot(get())
    });
    let at_once = Backoff::new(Duration::ZERO, Duration::ZERO);
    let policy = RetryPolicy::new().max_attempts(u32::MAX).without_budget().backoff(at_once);
    let stack = ServiceBuilder::new().timeout(Duration::from_millis(50)).service(client(policy, service));
    let error = stack.oneshot(get()).await.unwrap_err();
    assert!(error.is::<tower::timeout::error::Elapsed>());
    assert!(attempts.load(Relaxed) > 10);
}

#[tokio::test(start_paused = true)]
async fn an_error_that_is_kept_and_returned_twice_does_not_carry_notes_from_call_to_call() {
    let kept = ErrorResponse::new(ErrorCode::InternalError).error();
    let cache = kept.clone();
    let service = service_fn(move |_: Request<()>| {
        let error = cache.clone();
        async move { Err::<Response<()>, Error>(error.into()) }
    });
    let mut client = ServiceBuilder::new().retry(half()).service(service);
    let first = client.ready().await.unwrap().call(request(Method::PUT, "/a")).await.unwrap_err();
    assert_eq!((first.attempts(), first.after_ambiguous_attempt()), (3, true));
    let second = client.ready().await.unwrap().call(get()).await.unwrap_err();
    assert_eq!((second.attempts(), second.after_ambiguous_attempt()), (3, false));
    assert_eq!((kept.attempts(), kept.retry_stop()), (1, None));
    assert!(first.after_ambiguous_attempt(), "and nothing is written behind the caller's back");
}

#[tokio::test(start_paused = true)]
async fn an_oss_error_that_another_layer_has_wrapped_stays_one() {
    let oss = Scripted::new([of(ErrorCode::InternalError), of(ErrorCode::FileAlreadyExists)]);
    let client = ServiceBuilder::new()
        .retry(half())
        .map_err(|error: Error| -> BoxError { std::io::Error::other(error).into() })
        .layer(OssErrorLayer::new())
        .service(oss);
    let error = client.oneshot(request(Method::PUT, "/k")).await.unwrap_err();
    assert!(error.is::<std::io::Error>());
    let error = tower_oss::FindOssError::oss_error(&error).unwrap();
    assert_eq!((error.retry_stop(), error.attempts()), (Some(RetryStop::NotRetryable), 2));
    assert!(error.after_ambiguous_attempt());
}

#[tokio::test(start_paused = true)]
async fn the_time_limit_counts_from_the_first_attempt() {
    let slow = service_fn(|_: Request<()>| async {
        tokio::time::sleep(Duration::from_secs(2)).await;
        Scripted::new([of(ErrorCode::InternalError)]).oneshot(get()).await
    });
    let error = client(half().max_elapsed(Duration::from_secs(1)), slow).oneshot(get()).await.unwrap_err();
    assert_eq!((error.attempts(), error.retry_stop()), (1, Some(RetryStop::OutOfTime)));
}

#[tokio::test(start_paused = true)]
async fn retry_after_is_honoured_without_the_error_layer_too() {
    let start = Instant::now();
    let service = service_fn(|_: Request<()>| async {
        let answer = Response::builder().status(503).header(header::RETRY_AFTER, "7");
        Ok::<_, BoxError>(answer.body(()).unwrap())
    });
    let client = ServiceBuilder::new().retry(half().max_attempts(2)).service(service);
    assert_eq!(client.oneshot(get()).await.unwrap().status(), 503);
    assert_eq!(start.elapsed(), Duration::from_millis(7_050));
}
