//! The throttle over mock services, under a paused clock.

use std::{
    error::Error as _,
    future::{Future, poll_fn},
    pin::pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    task::{Context, Poll, Wake, Waker},
    time::Duration,
};

use bytes::Bytes;
use futures_util::{FutureExt, future::join_all};
use http::{HeaderValue, Request, Response, header};
use http_body_util::Full;
use tokio::time::{Instant, sleep, timeout};
use tower::{BoxError, Layer, Service, ServiceBuilder, ServiceExt, retry::RetryLayer, service_fn};
use tower_oss::{
    Deadline, Error, ErrorCode, FindOssError, OssErrorLayer, RetryPolicy, ThrottleLayer,
    error::{NotSentReason, RetryStop},
    test_util::{Answer, AnswerBody, ErrorResponse, Scripted},
    throttle::{Throttle, ThrottleHandle},
};

const SECOND: Duration = Duration::from_secs(1);

fn throttled() -> Answer {
    ErrorResponse::new(ErrorCode::QpsLimitExceeded).into()
}

fn failed() -> Answer {
    ErrorResponse::new(ErrorCode::InternalError).into()
}

/// A layer whose rate stays the same as long as nothing is throttled.
fn constant(per_second: f64) -> ThrottleLayer {
    ThrottleLayer::new().first_rate(per_second).max_rate(per_second)
}

fn request(name: usize) -> Request<usize> {
    Request::new(name)
}

/// A service that records the bodies of its requests, in order.
fn noting(
    seen: &Arc<Mutex<Vec<usize>>>,
) -> impl Service<Request<usize>, Response = Response<()>, Error = Error, Future: Send> + Clone + Send + use<>
{
    let seen = Arc::clone(seen);
    service_fn(move |request: Request<usize>| {
        seen.lock().unwrap().push(request.into_body());
        async { Ok::<_, Error>(Response::new(())) }
    })
}

/// Counts its wakes.
#[derive(Default)]
struct Count(AtomicUsize);

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Relaxed);
    }
}

#[tokio::test(start_paused = true)]
async fn first_come_first_served() {
    let seen = Arc::default();
    let service = constant(100.0).layer(noting(&seen));
    let begun = Instant::now();
    let calls = (0..50).map(|name| service.clone().oneshot(request(name)));
    assert!(join_all(calls).await.iter().all(Result::is_ok));
    assert_eq!(*seen.lock().unwrap(), (0..50).collect::<Vec<_>>());
    let took = begun.elapsed().as_millis();
    assert!((490..=510).contains(&took), "{took} ms for 49 turns of 10 ms");
}

#[test]
fn below_the_rate_there_is_no_timer_and_so_no_runtime() {
    let seen = Arc::default();
    let mut service = ThrottleLayer::new().layer(noting(&seen));
    let mut ready = |_| service.ready().now_or_never().unwrap().unwrap().call(request(7)).now_or_never();
    assert!(ready(()).unwrap().is_ok());
    assert_eq!(*seen.lock().unwrap(), [7]);
}

#[tokio::test(start_paused = true)]
async fn poll_ready_only_forwards() {
    let (inner, mut handle) = tower_test::mock::pair::<Request<()>, Response<()>>();
    let mut service = ThrottleLayer::new().layer(inner);
    handle.allow(0);
    assert!(service.ready().now_or_never().is_none());
    handle.allow(1);
    assert!(service.ready().await.is_ok());
    handle.send_error("gone");
    assert!(service.ready().await.is_err());
}

#[tokio::test(start_paused = true)]
async fn a_dropped_permit_goes_to_the_next() {
    let seen = Arc::default();
    let service = constant(10.0).layer(noting(&seen));
    service.clone().oneshot(request(0)).await.unwrap();

    let begun = Instant::now();
    let mut calls: Vec<_> = (1..=4).map(|name| Box::pin(service.clone().oneshot(request(name)))).collect();
    for call in &mut calls {
        assert!(call.as_mut().now_or_never().is_none());
    }
    calls.remove(2); // the third gives up before its permit
    let first = calls.remove(0);
    sleep(Duration::from_millis(101)).await;
    // The permit belongs to the first one, whichever is polled. Then the first one is dropped.
    assert!(calls[1].as_mut().now_or_never().is_none());
    drop(first);
    assert!(join_all(calls).await.iter().all(Result::is_ok));
    assert_eq!(*seen.lock().unwrap(), [0, 2, 4]);
    assert!(begun.elapsed() < Duration::from_millis(210), "{:?}", begun.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_permit_wakes_one_caller_and_not_all() {
    let seen = Arc::default();
    let service = constant(10.0).layer(noting(&seen));
    service.clone().oneshot(request(0)).await.unwrap();
    let mut calls: Vec<_> = (0..100).map(|name| Box::pin(service.clone().oneshot(request(name)))).collect();
    let counts: Vec<Arc<Count>> = calls.iter().map(|_| Arc::default()).collect();
    for (call, count) in calls.iter_mut().zip(&counts) {
        let waker = Waker::from(Arc::clone(count));
        assert!(call.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    }
    sleep(Duration::from_millis(150)).await; // one permit; only the first timer has expired
    let woken: usize = counts.iter().map(|count| count.0.load(Relaxed)).sum();
    assert_eq!(woken, 1);
    assert_eq!(counts[0].0.load(Relaxed), 1);
}

#[tokio::test(start_paused = true)]
async fn a_call_waits_until_its_deadline_unless_a_pause_ends_later() {
    let seen = Arc::default();
    let layer = constant(10.0);
    let handle = layer.handle();
    let service = layer.layer(noting(&seen));
    let waiting: Vec<_> = (0..10).map(|name| tokio::spawn(service.clone().oneshot(request(name)))).collect();
    tokio::task::yield_now().await;
    let call = |deadline| {
        let mut request = request(99);
        request.extensions_mut().insert(Deadline::after(deadline));
        service.clone().oneshot(request)
    };
    let begun = Instant::now();
    let Err(Error::NotSent(error)) = call(SECOND / 2).await else { panic!("it was sent") };
    assert_eq!((error.reason(), error.wait()), (NotSentReason::Deadline, SECOND / 2));
    assert!(error.source().is_none());
    assert!(call(2 * SECOND).await.is_ok());
    assert!(waiting.iter().all(tokio::task::JoinHandle::is_finished));

    handle.pause_for(10 * SECOND);
    let begun_pause = Instant::now();
    let Err(Error::NotSent(error)) = call(SECOND).await else { panic!("it was sent during a pause") };
    assert_eq!((error.reason(), begun_pause.elapsed()), (NotSentReason::Deadline, Duration::ZERO));
    assert!(error.wait() >= 10 * SECOND, "{:?}", error.wait());
    assert_eq!(handle.rejected(), 2);
    handle.resume();
    assert!(call(SECOND).await.is_ok());
    assert!(begun.elapsed() < 3 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn a_deadline_that_has_passed_is_reported_even_if_there_is_no_wait() {
    let seen = Arc::default();
    let service = ThrottleLayer::new().layer(noting(&seen));
    for (name, passed) in [(1, false), (2, true), (3, false)] {
        let mut request = request(name);
        request.extensions_mut().insert(Deadline::after(Duration::from_millis(10)));
        sleep(Duration::from_millis(if passed { 11 } else { 9 })).await;
        let rejected = reason(&service.clone().oneshot(request).await);
        assert_eq!(rejected, passed.then_some(NotSentReason::Deadline));
    }
    assert_eq!(*seen.lock().unwrap(), [1, 3]);
}

#[tokio::test(start_paused = true)]
async fn a_rejected_call_leaves_the_queue_at_once() {
    let refusing = service_fn(|_: Request<()>| async {
        let pause = HeaderValue::from_static("10");
        sleep(SECOND / 10).await;
        let error =
            ErrorResponse::new(ErrorCode::QpsLimitExceeded).header(header::RETRY_AFTER, pause).error();
        Err::<Response<()>, BoxError>(Box::new(error))
    });
    let seen = Arc::default();
    let layer = constant(1.0);
    let handle = layer.handle();
    let mut service = layer.layer(noting(&seen));
    let begun = Instant::now();
    let refused = tokio::spawn(layer.layer(refusing).oneshot(Request::new(())));
    tokio::task::yield_now().await;
    let mut impatient = request(1);
    impatient.extensions_mut().insert(Deadline::after(2 * SECOND)); // before the pause begins
    let mut impatient = pin!(service.ready().await.unwrap().call(impatient));
    let patient = tokio::spawn(service.ready().await.unwrap().call(request(2)));

    // Not at the deadline: it is known before that the pause is too long.
    assert_eq!(reason(&impatient.as_mut().await), Some(NotSentReason::Deadline));
    assert!(begun.elapsed() < SECOND, "{:?}", begun.elapsed());
    assert!(refused.await.unwrap().is_err());
    // The future still exists, but is not in the queue.
    assert_eq!(handle.waiting(), 1);
    patient.await.unwrap().unwrap();
    let after = begun.elapsed().as_millis();
    assert!((10_100..11_500).contains(&after), "{after} ms: a pause of 10 s, and one turn");
}

#[tokio::test(start_paused = true)]
async fn too_long_a_wait_and_too_many_waiting_are_reported_at_once() {
    let seen = Arc::default();
    let (wait, many) = (Some(NotSentReason::MaxWait), Some(NotSentReason::QueueFull));
    for (layer, expected) in [
        (constant(1.0).max_waiting(2), [None, None, many, many]),
        (constant(1.0).max_wait(SECOND * 3 / 2), [None, wait, wait, wait]),
    ] {
        let service = layer.layer(noting(&seen));
        service.clone().oneshot(request(0)).await.unwrap();
        let calls = join_all((1..=4).map(|name| service.clone().oneshot(request(name)))).await;
        assert_eq!(calls.iter().map(reason).collect::<Vec<_>>(), expected);
    }
}

fn reason(call: &Result<Response<()>, Error>) -> Option<NotSentReason> {
    match call {
        Ok(_) => None,
        Err(Error::NotSent(error)) => Some(error.reason()),
        Err(error) => panic!("{error}"),
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_waits_for_ever() {
    let oss = Scripted::new((0..1000).map(|_| failed()));
    let layer = ThrottleLayer::new();
    let service = ServiceBuilder::new().layer(&layer).layer(OssErrorLayer::new()).service(oss);
    while layer.handle().outages() == 0 {
        tokio::time::sleep(SECOND / 100).await;
        service.clone().oneshot(Request::new(())).await.unwrap_err();
    }
    assert!(layer.handle().failed() <= 20);
    let mut late = Request::new(());
    late.extensions_mut().insert(Deadline::after(SECOND));
    let begun = Instant::now();
    let (late, other) =
        tokio::join!(service.clone().oneshot(late), service.clone().oneshot(Request::new(())));
    let Err(Error::NotSent(late)) = late else { panic!("a turn in an outage, so soon") };
    assert_eq!((late.reason(), late.wait()), (NotSentReason::Deadline, SECOND));
    assert!(other.is_err());
    assert!(begun.elapsed() < 10 * SECOND);
    assert_eq!(layer.handle().waiting(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_rejection_says_which_error_was_being_retried() {
    let retry_after = (header::RETRY_AFTER, HeaderValue::from_static("20"));
    let oss = Scripted::new([ErrorResponse::new(ErrorCode::QpsLimitExceeded)
        .request_id("65A1")
        .header(retry_after.0, retry_after.1)
        .into()]);
    let service = ServiceBuilder::new()
        .layer(RetryLayer::new(RetryPolicy::new().max_elapsed(15 * SECOND)))
        .layer(ThrottleLayer::new())
        .layer(OssErrorLayer::new())
        .service(oss);
    let error = service.oneshot(Request::new(Full::<Bytes>::default())).await.unwrap_err();
    assert_eq!(error.request_id(), Some("65A1"));
    let text = error.to_string();
    assert!(text.starts_with("not sent again after 1 attempt: deadline"), "{text}");
    assert!(text.ends_with("[last error QpsLimitExceeded, request 65A1]"), "{text}");
    let Error::NotSent(not_sent) = &error else { panic!("{error:?}") };
    assert_eq!(not_sent.reason(), NotSentReason::MaxElapsed, "the request has no deadline of its own");
    assert_eq!((error.attempts(), error.is_timeout()), (1, true));
    assert!(error.source().unwrap().is::<tower_oss::OssError>());
    let Error::NotSent(error) = Error::from(BoxError::from(error)) else { panic!("flattened wrongly") };
    assert_eq!(BoxError::from(error).oss_error().unwrap().request_id(), Some("65A1"));
}

#[tokio::test(start_paused = true)]
async fn the_limit_of_the_policy_is_not_taken_for_the_deadline_of_the_request() {
    let retry_after = |seconds| (header::RETRY_AFTER, HeaderValue::from_static(seconds));
    let throttled = |seconds| -> Answer {
        let (name, value) = retry_after(seconds);
        ErrorResponse::new(ErrorCode::QpsLimitExceeded).header(name, value).into()
    };
    for (deadline, reason) in [
        (None, NotSentReason::MaxElapsed),
        (Some(19 * SECOND), NotSentReason::Deadline),
        (Some(600 * SECOND), NotSentReason::Deadline), // it replaces the limit of 20 s
    ] {
        let mut answers = vec![throttled("1"), throttled("1")];
        answers.extend((0..100).map(|_| throttled("600")));
        let service = ServiceBuilder::new()
            .retry(RetryPolicy::new())
            .layer(ThrottleLayer::new().max_wait(3600 * SECOND))
            .layer(OssErrorLayer::new())
            .service(Scripted::new(answers));
        let mut request = Request::new(Full::<Bytes>::default());
        request.extensions_mut().extend(
            deadline
                .map(|deadline| {
                    let mut extensions = http::Extensions::new();
                    extensions.insert(Deadline::after(deadline));
                    extensions
                })
                .unwrap_or_default(),
        );
        let error = service.oneshot(request).await.unwrap_err();
        let text = error.to_string();
        let Error::NotSent(not_sent) = &error else { panic!("{deadline:?}: {error:?}") };
        assert_eq!(not_sent.reason(), reason, "{deadline:?}: {text}");
        assert!(text.contains(" attempts: deadline"), "{text}");
        assert!(error.is_timeout() && error.retry_stop() == Some(RetryStop::OutOfTime), "{text}");
        assert_eq!(text.contains("of the retry policy"), reason == NotSentReason::MaxElapsed, "{text}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_the_throttle_delays_says_so_and_no_wait_of_zero() {
    let oss = Scripted::new([throttled(), ErrorResponse::new(ErrorCode::AccessDenied).into()]);
    let service = ServiceBuilder::new()
        .retry(RetryPolicy::new())
        .layer(ThrottleLayer::new())
        .layer(OssErrorLayer::new())
        .service(oss);
    let error = service.oneshot(Request::new(Full::<Bytes>::default())).await.unwrap_err();
    let first = error.history().attempts()[0].to_string();
    assert!(first.ends_with("], then as soon as the throttle allowed"), "{first}");
    assert!(error.report().contains(&first));
}

/// The first attempt reaches OSS and its response is lost. The second does not get its permit.
#[tokio::test(start_paused = true)]
async fn after_an_ambiguous_attempt_a_rejection_says_so() {
    let layer = ThrottleLayer::new().first_rate(1.0).max_rate(1.0).max_wait(Duration::ZERO);
    let service = ServiceBuilder::new()
        .retry(RetryPolicy::new().random(|| 0.0))
        .layer(layer)
        .layer(OssErrorLayer::new())
        .service(Scripted::new([Answer::fault(std::io::ErrorKind::ConnectionReset)]));
    let error =
        service.oneshot(Request::put("/k").body(Full::<Bytes>::default()).unwrap()).await.unwrap_err();
    let Error::NotSent(not_sent) = &error else { panic!("{error:?}") };
    assert!(not_sent.after_ambiguous_attempt() && not_sent.reason() == NotSentReason::MaxWait);
    assert_eq!((not_sent.attempts(), not_sent.history().count()), (1, 2));
    let text = error.to_string();
    assert!(
        text.starts_with("not sent again after 1 attempt: maximum wait (a permit would have come"),
        "{text}"
    );
    assert!(text.ends_with(" [an earlier one may have taken effect]"), "{text}");
    let report = error.report();
    assert!(report.contains("attempts      2, of which 1 was sent\n"), "{report}");
}

#[tokio::test(start_paused = true)]
async fn boxed_errors_work_as_well() {
    let inner = service_fn(|_: Request<()>| async {
        Err::<Response<()>, BoxError>(Box::new(ErrorResponse::new(ErrorCode::QpsLimitExceeded).error()))
    });
    let layer = ThrottleLayer::new().max_waiting(0);
    let handle = layer.handle();
    let service = layer.layer(inner);
    assert!(service.clone().oneshot(Request::new(())).await.unwrap_err().oss_error().is_some());
    assert_eq!(handle.throttled(), 1);
    let error = service.oneshot(Request::new(())).await.unwrap_err();
    assert!(error.is::<tower_oss::error::NotSentError>());
}

#[tokio::test(start_paused = true)]
async fn a_handle_shares_the_limiter_and_resets_it() {
    let oss = Scripted::new([throttled(), Answer::ok("")]);
    let layer = ThrottleLayer::new();
    let handle = layer.handle();
    let stack = |layer| ServiceBuilder::new().layer(layer).layer(OssErrorLayer::new()).service(oss.clone());
    let (one, two) = (stack(layer), stack(ThrottleLayer::shared(&handle)));
    let first = handle.rate();
    one.oneshot(Request::new(())).await.unwrap_err();
    assert!(handle.rate() < first);
    two.oneshot(Request::new(())).await.unwrap();
    assert_eq!((handle.accepted(), handle.throttled(), handle.waiting()), (1, 1, 0));
    handle.reset();
    assert_eq!((handle.rate(), handle.accepted(), handle.throttled()), (first, 1, 1));
}

#[tokio::test(start_paused = true)]
async fn transport_failures_tell_nothing_about_the_load() {
    let inner = service_fn(|_: Request<()>| async { Err::<Response<()>, BoxError>("broken pipe".into()) });
    let layer = ThrottleLayer::new();
    let handle = layer.handle();
    let service = layer.layer(inner);
    for _ in 0..100 {
        assert!(service.clone().oneshot(Request::new(())).await.is_err());
    }
    assert!(handle.rate() >= 250.0);
}

#[tokio::test(start_paused = true)]
async fn a_lone_caller_probes_rarely() {
    let oss = Scripted::new((0..1000).map(|_| failed()));
    let service = ServiceBuilder::new()
        .layer(RetryLayer::new(RetryPolicy::new().max_elapsed(15 * SECOND)))
        .layer(ThrottleLayer::new())
        .layer(OssErrorLayer::new())
        .service(oss.clone());
    for call in 0..10 {
        let (before, begun) = (oss.requests().len(), Instant::now());
        service.clone().oneshot(Request::new(Full::<Bytes>::default())).await.unwrap_err();
        assert!(oss.requests().len() - before <= 3 + 3, "call {call}");
        assert!(begun.elapsed() <= 16 * SECOND);
    }
}

#[tokio::test(start_paused = true)]
async fn many_calls_at_once_are_hardly_delayed() {
    let seen = Arc::default();
    let service = ThrottleLayer::new().layer(noting(&seen));
    let begun = Instant::now();
    join_all((0..256).map(|name| service.clone().oneshot(request(name)))).await;
    assert!(begun.elapsed() <= Duration::from_millis(600), "{:?}", begun.elapsed());
}

/// 256 tasks on two threads, half of which give up: all others are served, and none is left
/// waiting.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cancelled_callers_leave_no_trace_on_two_threads() {
    let seen = Arc::default();
    let layer = constant(2_000.0);
    let handle: ThrottleHandle = layer.handle();
    let service: Throttle<_> = layer.layer(noting(&seen));
    let tasks = (0..256).map(|name| {
        let service = service.clone();
        tokio::spawn(async move {
            let call = service.oneshot(request(name));
            if name % 2 == 0 {
                // Dropped after a number of polls, not of milliseconds.
                let mut call = pin!(call);
                let mut polls = name % 7;
                poll_fn(|cx| {
                    polls -= usize::from(polls > 0);
                    if polls == 0 { Poll::Ready(()) } else { call.as_mut().poll(cx).map(drop) }
                })
                .await;
                return true;
            }
            call.await.is_ok()
        })
    });
    let served = timeout(10 * SECOND, join_all(tasks)).await.expect("somebody was forgotten");
    assert!(served.into_iter().all(|served| served.unwrap()));
    assert_eq!(handle.waiting(), 0);
    let odd = seen.lock().unwrap().iter().filter(|name| *name % 2 == 1).count();
    assert_eq!(odd, 128);
}

/// Four threads share a throttle: no permit is given twice, and every response is counted.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_rate_is_kept_and_every_response_counted_on_four_threads() {
    const RATE: f64 = 2_000.0;
    const CALLS: usize = 2_000;
    let seen = Arc::default();
    let layer = ThrottleLayer::new().first_rate(RATE).max_rate(RATE);
    let handle = layer.handle();
    let service = layer.layer(noting(&seen));
    let begun = Instant::now();
    let tasks = (0..8).map(|task: u64| {
        let service = service.clone();
        tokio::spawn(async move {
            for call in 0..CALLS / 8 {
                service.clone().oneshot(request(call)).await.unwrap();
                if call as u64 % 50 == task {
                    sleep(Duration::from_millis(20)).await; // so that sometimes no caller waits
                }
            }
        })
    });
    for task in join_all(tasks).await {
        task.unwrap();
    }
    let most = 1.0 + RATE * (begun.elapsed().as_secs_f64() + 0.05);
    assert!(CALLS as f64 <= most, "{CALLS} calls, at most {most} in this time");
    assert_eq!((handle.accepted(), handle.waiting()), (CALLS as u64, 0));
    assert_eq!(seen.lock().unwrap().len(), CALLS);
}

/// A service that always fails like this, and records when it was called.
fn failing(
    error: ErrorResponse,
    asked: &Arc<Mutex<Vec<Instant>>>,
) -> impl Service<Request<()>, Response = Response<AnswerBody>, Error = BoxError, Future: Send> + Clone + use<>
{
    let asked = Arc::clone(asked);
    service_fn(move |_: Request<()>| {
        asked.lock().unwrap().push(Instant::now());
        Scripted::new([error.clone().into()]).oneshot(Request::new(()))
    })
}

#[tokio::test(start_paused = true)]
async fn a_retry_after_during_an_outage_is_waited_for() {
    let error = ErrorResponse::new(ErrorCode::ServiceUnavailable)
        .header(header::RETRY_AFTER, HeaderValue::from_static("20"));
    let asked = Arc::default();
    let service = ServiceBuilder::new()
        .layer(RetryLayer::new(RetryPolicy::new().max_attempts(15).max_elapsed(600 * SECOND)))
        .layer(ThrottleLayer::new())
        .layer(OssErrorLayer::new())
        .service(failing(error, &asked));
    service.oneshot(Request::new(())).await.unwrap_err();
    let asked = asked.lock().unwrap();
    assert!(asked.len() > 12, "{} requests", asked.len());
    assert!(asked.windows(2).all(|two| two[1] - two[0] >= 20 * SECOND), "{asked:?}");
}

#[tokio::test(start_paused = true)]
async fn what_an_inner_throttle_rejects_does_not_count_as_throttled() {
    let account = ThrottleLayer::new();
    let bucket = ThrottleLayer::new().max_waiting(0);
    let (outer, inner) = (account.handle(), bucket.handle());
    let service = ServiceBuilder::new()
        .layer(RetryLayer::new(RetryPolicy::new().max_elapsed(15 * SECOND).random(|| 0.0)))
        .layer(account)
        .layer(bucket)
        .layer(OssErrorLayer::new())
        .service(failing(ErrorResponse::new(ErrorCode::QpsLimitExceeded), &Arc::default()));
    let error = service.oneshot(Request::new(())).await.unwrap_err();
    assert!(matches!(error, Error::NotSent(_)), "{error}");
    assert_eq!(error.retry_stop(), Some(RetryStop::NotRetryable));
    assert_eq!(inner.throttled(), outer.throttled());
}

#[tokio::test(start_paused = true)]
async fn the_limit_of_delayed_retries_does_not_end_ordinary_ones() {
    let slow = Answer::from(ErrorResponse::new(ErrorCode::InternalError)).delayed(25 * SECOND);
    let oss = Scripted::new([throttled(), slow, Answer::ok("")]);
    let service = ServiceBuilder::new()
        .layer(RetryLayer::new(RetryPolicy::new()))
        .layer(ThrottleLayer::new())
        .layer(OssErrorLayer::new())
        .service(oss.clone());
    service.oneshot(Request::new(Full::<Bytes>::default())).await.unwrap();
    assert_eq!(oss.requests().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_deadline_from_before_the_throttle_was_made_has_passed() {
    let deadline = Deadline::at(Instant::now());
    sleep(SECOND).await;
    let seen = Arc::default();
    let layer = ThrottleLayer::new();
    let mut late = request(1);
    late.extensions_mut().insert(deadline);
    assert_eq!(reason(&layer.layer(noting(&seen)).oneshot(late).await), Some(NotSentReason::Deadline));
    assert_eq!((seen.lock().unwrap().len(), layer.handle().rejected()), (0, 1));
}

#[tokio::test(start_paused = true)]
async fn a_long_retry_after_does_not_end_the_call() {
    for seconds in ["10", "19", "21", "29", "45"] {
        let throttled = ErrorResponse::new(ErrorCode::QpsLimitExceeded)
            .header(header::RETRY_AFTER, HeaderValue::from_str(seconds).unwrap());
        let service = ServiceBuilder::new()
            .layer(RetryLayer::new(RetryPolicy::new()))
            .layer(ThrottleLayer::new())
            .layer(OssErrorLayer::new())
            .service(Scripted::new([throttled.into(), Answer::ok("")]));
        let begun = Instant::now();
        service.oneshot(Request::new(Full::<Bytes>::default())).await.unwrap();
        let asked: u32 = seconds.parse().unwrap();
        assert!(begun.elapsed() >= SECOND * asked.min(30), "{seconds}: {:?}", begun.elapsed());
    }
}
