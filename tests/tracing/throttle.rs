//! The events of the throttle.

use std::time::Duration;

use http::Request;
use tower::{Service, ServiceBuilder, ServiceExt};
use tower_oss::{
    Deadline, Error, ErrorCode, OssErrorLayer, ThrottleLayer,
    test_util::{Answer, ErrorResponse, Scripted},
};
use tracing::Level;

use crate::recorder::{Told, events, fields, record};

/// What the throttle says while its server gives these responses, one each 50 ms.
async fn told(answers: impl IntoIterator<Item = Answer>) -> Vec<Told> {
    record();
    let answers: Vec<_> = answers.into_iter().collect();
    let calls = answers.len();
    let mut client = client(ThrottleLayer::new(), Scripted::new(answers));
    for _ in 0..calls {
        tokio::time::sleep(Duration::from_millis(50)).await;
        let _ = client.ready().await.unwrap().call(Request::get("/k").body(()).unwrap()).await;
    }
    // Those of the error layer have an `oss.attempt`.
    events().into_iter().filter(|(_, fields)| !fields.contains_key("oss.attempt")).collect()
}

fn client(
    throttle: ThrottleLayer,
    oss: Scripted,
) -> impl Service<Request<()>, Response: Sized, Error = Error> + Clone {
    ServiceBuilder::new().layer(throttle).layer(OssErrorLayer::new()).service(oss)
}

fn ok() -> Answer {
    Answer::ok("")
}

fn failure(code: ErrorCode) -> Answer {
    ErrorResponse::new(code).into()
}

#[tokio::test(start_paused = true)]
async fn while_nothing_is_throttled_it_is_silent() {
    assert!(told((0..20).map(|_| ok())).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn slowing_down_is_told_once_at_info() {
    let throttled = || failure(ErrorCode::QpsLimitExceeded);
    let told = told([ok(), ok(), throttled(), ok(), throttled(), ok()]).await;
    let [(level, fields)] = &told[..] else { panic!("{told:?}") };
    assert_eq!(*level, Level::INFO);
    assert_eq!(fields["message"], "OSS throttles requests, or is overloaded: slowing down");
    assert_eq!(fields["oss.throttle.waiting"], "0");
    let rate: f64 = fields["oss.throttle.rate"].parse().unwrap();
    assert!(0.0 < rate && rate < 250.0, "less than the first rate: {rate}");
    assert_eq!(fields.len(), 3, "{fields:?}");
}

#[tokio::test(start_paused = true)]
async fn an_outage_is_told_at_its_beginning_and_at_its_end() {
    let unwell = || failure(ErrorCode::InternalError);
    let told = told([ok()].into_iter().chain((0..30).map(|_| unwell())).chain([ok(), ok()])).await;
    let told: Vec<_> = told.iter().map(|(level, fields)| (*level, &*fields["message"])).collect();
    let expected = [
        (Level::INFO, "OSS accepts no requests: only probes are sent"),
        (Level::INFO, "OSS accepts requests again"),
    ];
    assert_eq!(told, expected);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_cannot_wait_is_told_at_debug() {
    record();
    let put = || Request::put("/k?x-oss-signature=CANARY").body(()).unwrap();
    let slow = || ThrottleLayer::new().first_rate(1.0).max_rate(1.0);
    for (throttle, deadline, reason) in [
        (slow().max_wait(Duration::ZERO), None, "max_wait"),
        (slow().max_waiting(0), None, "queue_full"),
        (slow(), Some(Duration::from_millis(500)), "deadline"),
    ] {
        let client = client(throttle, Scripted::new([ok()]));
        client.clone().oneshot(put()).await.map(drop).unwrap();
        assert!(events().is_empty(), "it took the only permit");
        let mut late = put();
        if let Some(time) = deadline {
            late.extensions_mut().insert(Deadline::after(time));
        }
        let error = client.oneshot(late).await.map(drop).unwrap_err();
        let Error::NotSent(error) = error else { panic!("{error:?}") };
        let expected = fields([
            ("error.type", reason),
            ("http.request.method", "PUT"),
            ("message", "request not sent: no permit in time"),
            ("oss.throttle.wait_ms", &error.wait().as_millis().to_string()),
        ]);
        assert_eq!(events(), [(Level::DEBUG, expected)]);
    }
}
