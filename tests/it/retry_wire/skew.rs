//! A client whose clock is an hour off.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::{Duration, SystemTime},
};

use bytes::Bytes;
use futures_util::future::join_all;
use http::{HeaderValue, Request, StatusCode};
use http_body_util::Full;
use tokio::time::timeout;
use tower::ServiceExt;
use tower_oss::{
    ClockOffset, Error, ErrorCode, OssErrorLayer, error::RetryStop, retry::Verdict, test_util::ErrorResponse,
};

use super::{
    clients::{Reqwest, Stack, hyper, policy, stack},
    server::{Reply, Seen, Server, error, header, ok},
};

const HOUR: Duration = Duration::from_secs(60 * 60);
const LONG: Duration = Duration::from_secs(20);
const ALLOWED: Duration = Duration::from_secs(15 * 60);

/// Whether the server's clock is ahead or behind. The local clock is not changed.
#[derive(Clone, Copy, Debug)]
enum Off {
    Ahead,
    Behind,
}

/// How OSS rejects a date.
#[derive(Clone, Copy, Debug)]
enum Refusal {
    /// V1 signing: its own code, and the server's time in the body.
    TooSkewed,
    /// V4 signing: a code for many errors, and the server's time only in the header.
    InvalidArgument,
}

/// The clock of such a server.
fn clock(off: Off, by: Duration) -> ClockOffset {
    let (clock, here) = (ClockOffset::new(), ClockOffset::new().now());
    let there = match off {
        Off::Ahead => here + by,
        Off::Behind => here - by,
    };
    assert!(clock.learn(there, here));
    clock
}

/// The response of a server whose clock shows this time.
fn judge(request: &Seen, now: SystemTime, refusal: Refusal) -> Reply {
    let date = httpdate::parse_http_date(header(&request.head, "date").unwrap()).unwrap();
    let off = now.duration_since(date).unwrap_or_else(|error| error.duration());
    if off > ALLOWED { refuse(now, refusal) } else { ok("") }
}

fn refuse(now: SystemTime, refusal: Refusal) -> Reply {
    let date = format!("date: {}\r\n", httpdate::fmt_http_date(now));
    match refusal {
        Refusal::TooSkewed => {
            let time = humantime::format_rfc3339_millis(now).to_string();
            error(ErrorResponse::new(ErrorCode::RequestTimeTooSkewed).field("ServerTime", time), "")
        }
        Refusal::InvalidArgument => error(ErrorResponse::new(ErrorCode::InvalidArgument), &date),
    }
}

/// A signer that only dates each attempt.
fn signer(clock: ClockOffset) -> impl Fn(Request<Full<Bytes>>) -> Request<Full<Bytes>> + Clone + Send + Sync {
    move |mut request| {
        let date = HeaderValue::from_str(&httpdate::fmt_http_date(clock.now())).unwrap();
        request.headers_mut().insert(http::header::DATE, date);
        request
    }
}

/// A stack over each client, each with its own offset.
fn stacks() -> [Stack; 2] {
    let (a, b) = (ClockOffset::new(), ClockOffset::new());
    let (first, second) =
        (hyper().map_request(signer(a.clone())), Reqwest::new().map_request(signer(b.clone())));
    [
        stack(policy().clock(a.clone()), OssErrorLayer::new().clock(a), LONG, first),
        stack(policy().clock(b.clone()), OssErrorLayer::new().clock(b), LONG, second),
    ]
}

async fn call(stack: &Stack, server: &Server) -> Result<(), Error> {
    // Every request is retried: OSS rejects a wrong date before anything takes effect.
    let request = Request::post(server.url("/k?append&position=0")).body(Full::from("four")).unwrap();
    timeout(LONG, stack.clone().oneshot(request)).await.expect("a call that never ends").map(|_| ())
}

const WAYS: [(Off, Refusal); 4] = [
    (Off::Ahead, Refusal::TooSkewed),
    (Off::Behind, Refusal::TooSkewed),
    (Off::Ahead, Refusal::InvalidArgument),
    (Off::Behind, Refusal::InvalidArgument),
];

#[tokio::test]
async fn eight_requests_one_after_the_other_cost_nine() {
    for (off, refusal) in WAYS {
        for stack in stacks() {
            let clock = clock(off, HOUR);
            let server = Server::start(move |request| judge(request, clock.now(), refusal)).await;
            for _ in 0..8 {
                call(&stack, &server).await.unwrap();
            }
            assert_eq!(server.seen().len(), 9, "{off:?}, {refusal:?}");
        }
    }
}

#[tokio::test]
async fn eight_requests_in_parallel_cost_at_most_sixteen_and_all_succeed() {
    for (off, refusal) in WAYS {
        for stack in stacks() {
            let clock = clock(off, HOUR);
            let server = Server::start(move |request| judge(request, clock.now(), refusal)).await;
            for result in join_all((0..8).map(|_| call(&stack, &server))).await {
                result.unwrap();
            }
            assert!(server.seen().len() <= 16, "{off:?}, {refusal:?}: {} requests", server.seen().len());
        }
    }
}

/// After the local clock was corrected, the offset is wrong.
#[tokio::test]
async fn an_offset_that_has_become_wrong_is_corrected_too() {
    for (off, refusal) in WAYS {
        for stack in stacks() {
            let there = clock(off, HOUR);
            let clock = there.clone();
            let server = Server::start(move |request| judge(request, clock.now(), refusal)).await;
            call(&stack, &server).await.unwrap();
            let here = ClockOffset::new().now();
            assert!(there.learn(here, here));
            for _ in 0..8 {
                call(&stack, &server).await.unwrap();
            }
            assert_eq!(server.seen().len(), 2 + 9, "{off:?}, {refusal:?}");
        }
    }
}

#[tokio::test]
async fn a_server_that_rejects_every_date_gets_two_requests_and_then_one() {
    for (off, refusal) in WAYS {
        for stack in stacks() {
            let clock = clock(off, HOUR);
            let server = Server::start(move |_| refuse(clock.now(), refusal)).await;
            for requests in [2, 1, 1] {
                let before = server.seen().len();
                let error = call(&stack, &server).await.unwrap_err();
                assert_eq!(server.seen().len() - before, requests, "{off:?}, {refusal:?}");
                assert_eq!(error.attempts(), requests as u32, "{off:?}, {refusal:?}");
                assert_eq!(error.retry_stop(), Some(RetryStop::NotRetryable), "{off:?}, {refusal:?}");
                assert!(!error.after_ambiguous_attempt(), "{off:?}, {refusal:?}");
            }
        }
    }
}

/// Each response changes the offset again, but every call ends.
#[tokio::test]
async fn a_server_whose_clock_jumps_is_asked_twice_a_call() {
    for (_, refusal) in WAYS {
        for stack in stacks() {
            let count = AtomicUsize::new(0);
            let server = Server::start(move |_| {
                let hours = 1 + count.fetch_add(1, Ordering::Relaxed) % 5;
                refuse(clock(Off::Ahead, hours as u32 * HOUR).now(), refusal)
            })
            .await;
            for calls in 1..=6 {
                call(&stack, &server).await.unwrap_err();
                assert_eq!(server.seen().len(), 2 * calls, "{refusal:?}");
            }
        }
    }
}

/// An invalid argument is retried only if the server's clock is far off.
#[tokio::test]
async fn an_invalid_argument_from_a_server_whose_clock_is_right_costs_one_request() {
    for stack in stacks() {
        let server = Server::start(|_| refuse(ClockOffset::new().now(), Refusal::InvalidArgument)).await;
        let error = call(&stack, &server).await.unwrap_err();
        assert_eq!(error.oss().unwrap().status(), StatusCode::BAD_REQUEST);
        assert_eq!((server.seen().len(), error.attempts()), (1, 1));
    }
}

/// The closure is called for errors due to the clock, too.
#[tokio::test]
async fn a_closure_may_leave_a_wrong_date_at_that() {
    for (off, refusal) in WAYS {
        for (overruled, requests) in [(Verdict::ClockSkewed, 2), (Verdict::Never, 1)] {
            let offset = ClockOffset::new();
            let policy = policy()
                .clock(offset.clone())
                .classify(move |_, verdict| if verdict == Verdict::ClockSkewed { overruled } else { verdict })
                .on_retry(|event| assert_eq!(event.verdict, Verdict::ClockSkewed));
            let client = hyper().map_request(signer(offset.clone()));
            let stack = stack(policy, OssErrorLayer::new().clock(offset), LONG, client);
            let clock = clock(off, HOUR);
            let server = Server::start(move |request| judge(request, clock.now(), refusal)).await;

            assert_eq!(call(&stack, &server).await.is_ok(), requests == 2, "{off:?}, {refusal:?}");
            assert_eq!(server.seen().len(), requests, "{off:?}, {refusal:?}");
        }
    }
}
