//! What an application hears of errors, retries, the end of a call, and the throttle.

use std::{
    io::ErrorKind,
    sync::{Arc, Mutex},
    time::Duration,
};

use http::{Method, Request};
use tower::{ServiceBuilder, ServiceExt};
use tower_oss::{
    ErrorCode, OssErrorLayer, RetryPolicy, ThrottleLayer,
    test_util::{Answer, ErrorResponse, Scripted},
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
