//! What an application hears of errors, retries, the end of a call, and the throttle.

use std::{
    io::ErrorKind,
    sync::{
        Arc, Mutex, OnceLock,
        atomic::{AtomicU32, Ordering::Relaxed},
    },
    time::Duration,
};

use futures_util::FutureExt;
use http::{Method, Request, Response};
use tower::{BoxError, ServiceBuilder, ServiceExt, util::BoxCloneSyncService};
use tower_oss::{
    Error, ErrorCode, OssErrorLayer, RetryPolicy, ThrottleLayer,
    error::NotSentError,
    retry::Verdict,
    test_util::{Answer, AnswerBody, ErrorResponse, Scripted},
    throttle::ChangeKind,
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
    assert_eq!(lines[2], "error PUT 2: no response from OSS: connection reset [2 attempts]");
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

/// Each hook sends a request through the client that it belongs to. With a lock held, it would
/// never return.
#[tokio::test(start_paused = true)]
async fn hooks_may_use_the_client_and_run_outside_all_locks() {
    type Boxed = BoxCloneSyncService<Request<()>, Response<AnswerBody>, Error>;
    let oss = Scripted::new([
        failure(ErrorCode::QpsLimitExceeded, "65A1"),
        failure(ErrorCode::QpsLimitExceeded, "65A2"),
        failure(ErrorCode::AccessDenied, "65A3"),
    ]);
    oss.on(Method::GET, "/hook", [Answer::ok("")]);
    let client = Arc::<OnceLock<Boxed>>::default();
    let heard = Arc::<Mutex<Vec<_>>>::default();
    let call = |hook: &'static str| {
        let (client, heard) = (Arc::clone(&client), Arc::clone(&heard));
        move || {
            heard.lock().unwrap().push(hook);
            let request = Request::get("/hook").body(()).unwrap();
            let mut call = client.get().unwrap().clone().oneshot(request);
            if (&mut call).now_or_never().is_none() {
                tokio::spawn(call); // it waits for its permit
            }
        }
    };
    let [error, retry, end, change] = ["error", "retry", "end", "change"].map(call);
    let throttle = ThrottleLayer::new().on_change(move |_| change());
    let policy = RetryPolicy::new().on_retry(move |_| retry()).on_give_up(move |_| end());
    let service = ServiceBuilder::new()
        .retry(policy)
        .layer(throttle)
        .layer(OssErrorLayer::new().on_error(move |_| error()))
        .service(oss.clone());
    client.set(BoxCloneSyncService::new(service)).ok().unwrap();
    let request = Request::put("/k").body(()).unwrap();
    client.get().unwrap().clone().oneshot(request).await.unwrap_err();
    tokio::time::sleep(Duration::from_secs(60)).await;
    let heard = heard.lock().unwrap();
    for hook in ["error", "retry", "end", "change"] {
        assert!(heard.contains(&hook), "{hook}: {heard:?}");
    }
    let made = oss.requests().iter().filter(|request| request.uri() == "/hook").count();
    assert_eq!(made, heard.len(), "each of them reached OSS");
}

/// With a policy below, the request does not tell the number.
#[tokio::test(start_paused = true)]
async fn the_number_of_the_attempt_includes_those_of_a_policy_below() {
    let heard = Arc::<Mutex<Vec<_>>>::default();
    let errors = Arc::clone(&heard);
    let layer = OssErrorLayer::new().on_error(move |event| {
        errors.lock().unwrap().push((event.attempt, event.error.attempts()));
    });
    let oss = Scripted::new(vec![failure(ErrorCode::InternalError, "65A1"); 3]);
    let client = ServiceBuilder::new().layer(layer).retry(RetryPolicy::new()).service(oss);
    client.oneshot(request(Method::GET)).await.unwrap_err();
    assert_eq!(*heard.lock().unwrap(), [(3, 3)]);
}

#[tokio::test(start_paused = true)]
async fn an_error_counts_what_was_sent_and_the_event_every_attempt() {
    let heard = Arc::<Mutex<Vec<_>>>::default();
    let errors = Arc::clone(&heard);
    let layer = OssErrorLayer::new().on_error(move |event| {
        errors.lock().unwrap().push((event.attempt, event.error.attempts()));
    });
    let policy = RetryPolicy::new().max_attempts(5).classify(|failure, verdict| match failure.not_sent() {
        Some(_) => Verdict::NotApplied,
        None => verdict,
    });
    let number = Arc::new(AtomicU32::new(0));
    let client = ServiceBuilder::new()
        .retry(policy)
        .layer(layer)
        .filter(move |request: Request<()>| match number.fetch_add(1, Relaxed) {
            1 | 3 => Ok(request),
            _ => Err(BoxError::from(NotSentError::prepare("no credentials"))),
        })
        .service(Scripted::new([
            failure(ErrorCode::InternalError, "65A1"),
            Answer::fault(ErrorKind::ConnectionReset),
        ]));
    let error = client.oneshot(request(Method::PUT)).await.unwrap_err();
    assert_eq!(*heard.lock().unwrap(), [(1, 0), (2, 1), (3, 1), (4, 2), (5, 2)]);
    assert_eq!((error.attempts(), error.history().count()), (2, 5));
    assert!(error.report().contains("attempts      5, of which 2 were sent\n"), "{}", error.report());
}

/// What a throttle tells of while its server gives these responses, one each 50 ms.
async fn changes(answers: impl IntoIterator<Item = Answer>) -> Vec<ChangeKind> {
    let (throttle, changes) = (ThrottleLayer::new(), Arc::<Mutex<Vec<_>>>::default());
    let (handle, heard) = (throttle.handle(), Arc::clone(&changes));
    let throttle = throttle.on_change(move |change| {
        // Both lock the limiter: the hook runs outside its lock.
        assert_eq!((change.rate, change.waiting), (handle.rate(), handle.waiting()));
        heard.lock().unwrap().push(change.kind);
    });
    let answers: Vec<_> = answers.into_iter().collect();
    let calls = answers.len();
    let client =
        ServiceBuilder::new().layer(throttle).layer(OssErrorLayer::new()).service(Scripted::new(answers));
    for _ in 0..calls {
        tokio::time::sleep(Duration::from_millis(50)).await;
        let _ = client.clone().oneshot(request(Method::GET)).await;
    }
    let changes = changes.lock().unwrap();
    changes.clone()
}

#[tokio::test(start_paused = true)]
async fn a_call_that_a_timeout_outside_ends_is_not_reported_as_failed() {
    let lines = Lines::default();
    let client = ServiceBuilder::new()
        .timeout(Duration::from_secs(1))
        .retry(policy(&lines))
        .layer(OssErrorLayer::new())
        .service(Scripted::new([failure(ErrorCode::InternalError, "65A1"), Answer::never()]));
    client.oneshot(request(Method::GET)).await.unwrap_err();
    assert_eq!(taken(&lines), ["retry /folder/key acme after 50ms"]);
}

#[tokio::test(start_paused = true)]
async fn a_throttle_tells_when_it_begins_to_slow_down() {
    let throttled = || failure(ErrorCode::QpsLimitExceeded, "65A1");
    assert!(changes((0..20).map(|_| Answer::ok(""))).await.is_empty());
    let told = changes([Answer::ok(""), throttled(), Answer::ok(""), throttled(), Answer::ok("")]).await;
    assert_eq!(told, [ChangeKind::Slowed], "once");
}

#[tokio::test(start_paused = true)]
async fn a_throttle_tells_when_an_outage_begins_and_ends() {
    let unwell = (0..30).map(|_| failure(ErrorCode::InternalError, "65A1"));
    let told = changes([Answer::ok("")].into_iter().chain(unwell).chain([Answer::ok("")])).await;
    assert_eq!(told, [ChangeKind::OutageBegan, ChangeKind::OutageEnded]);
    assert_eq!(told.iter().map(|kind| kind.as_str()).collect::<Vec<_>>(), ["outage_began", "outage_ended"]);
}

#[tokio::test(start_paused = true)]
async fn no_event_shows_a_secret_however_it_is_printed() {
    let lines = Lines::default();
    let [errors, retries, ends] = [(); 3].map(|()| Arc::clone(&lines));
    let note = |lines: &Lines, event: &dyn std::fmt::Debug| lines.lock().unwrap().push(format!("{event:?}"));
    let layer = OssErrorLayer::new().on_error(move |event| note(&errors, event));
    let policy = RetryPolicy::new()
        .on_retry(move |event| note(&retries, event))
        .on_give_up(move |event| note(&ends, event));
    let leaking = || -> Answer {
        let url = "https://b.oss/k?x-oss-signature=CANARY";
        ErrorResponse::new("InternalError")
            .message(url)
            .request_id(url)
            .field("StringToSign", "CANARY")
            .into()
    };
    let client = ServiceBuilder::new().retry(policy).layer(layer).service(Scripted::new([
        leaking(),
        leaking(),
        leaking(),
    ]));
    client.oneshot(request(Method::GET)).await.unwrap_err();
    let lines = taken(&lines);
    assert_eq!(lines.len(), 3 + 2 + 1);
    for line in lines {
        assert!(!line.contains("CANARY"), "{line}");
    }
}
