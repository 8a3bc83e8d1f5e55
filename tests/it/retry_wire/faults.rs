//! Network faults, and that a request that may have taken effect is not sent twice unless that is
//! safe.

use std::{
    error::Error as StdError,
    io::{self, ErrorKind},
    iter,
    net::{Ipv4Addr, TcpListener},
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use http::{Method, Request, StatusCode};
use http_body::{Body, Frame};
use http_body_util::Full;
use tower::{ServiceBuilder, ServiceExt, timeout::error::Elapsed};
use tower_oss::{
    Error, ErrorCode, FindOssError, OssErrorLayer,
    error::RetryStop,
    retry::{Idempotency, TryCloneBody},
};

use super::{
    clients::{Reqwest, Stack, hyper, policy, stack, stacks},
    server::{Reply, Server, failure, ok},
};

const LONG: Duration = Duration::from_secs(20);
const SHORT: Duration = Duration::from_millis(200);

/// A fault, the limit of an attempt, and the kind of the error.
struct Fault {
    name: &'static str,
    reply: fn() -> Reply,
    attempt: Duration,
    is_cause: fn(&(dyn StdError + 'static)) -> bool,
}

const FAULTS: [Fault; 6] = [
    Fault {
        name: "reset before the head",
        reply: || Reply::Reset(b""),
        attempt: LONG,
        is_cause: |cause| io_kind(cause) == Some(ErrorKind::ConnectionReset),
    },
    Fault {
        name: "reset inside the head",
        reply: || Reply::Reset(b"HTTP/1.1 200 OK\r\ncontent-le"),
        attempt: LONG,
        is_cause: |cause| io_kind(cause) == Some(ErrorKind::ConnectionReset) || is_incomplete(cause),
    },
    Fault {
        name: "closed before the head",
        reply: || Reply::Close(b""),
        attempt: LONG,
        is_cause: is_incomplete,
    },
    Fault {
        name: "closed inside the head",
        reply: || Reply::Close(b"HTTP/1.1 200 OK\r\ncontent-le"),
        attempt: LONG,
        is_cause: is_incomplete,
    },
    Fault {
        name: "garbage",
        reply: || Reply::Close(b"220 smtp.example.com ready\r\n\r\n"),
        attempt: LONG,
        is_cause: |cause| cause.downcast_ref().is_some_and(hyper::Error::is_parse),
    },
    Fault { name: "stall", reply: || Reply::Stall, attempt: SHORT, is_cause: |cause| cause.is::<Elapsed>() },
];

fn io_kind(cause: &(dyn StdError + 'static)) -> Option<ErrorKind> {
    cause.downcast_ref().map(io::Error::kind)
}

fn is_incomplete(cause: &(dyn StdError + 'static)) -> bool {
    cause.downcast_ref().is_some_and(hyper::Error::is_incomplete_message)
}

fn has_cause(error: &Error, is_cause: fn(&(dyn StdError + 'static)) -> bool) -> bool {
    iter::successors(Some(error as &(dyn StdError + 'static)), |link: &&_| StdError::source(*link))
        .any(is_cause)
}

fn request(method: Method, url: String) -> Request<Full<Bytes>> {
    Request::builder().method(method).uri(url).body(Full::from("four")).unwrap()
}

async fn failed(stack: &Stack, request: Request<Full<Bytes>>) -> Error {
    stack.clone().oneshot(request).await.unwrap_err()
}

#[tokio::test]
async fn idempotent_requests_are_sent_three_times_through_every_fault() {
    for fault in FAULTS {
        for (client, stack) in stacks(policy, fault.attempt) {
            for method in [Method::GET, Method::PUT] {
                let server = Server::start(move |_| (fault.reply)()).await;
                let error = failed(&stack, request(method.clone(), server.url("/k"))).await;
                let case = format!("{} of {method} over {client}: {error:?}", fault.name);

                assert_eq!(server.seen().len(), 3, "{case}");
                assert!(matches!(error, Error::Transport(_)), "{case}");
                assert!(has_cause(&error, fault.is_cause), "{case}");
                assert_eq!(error.attempts(), 3, "{case}");
                assert_eq!(error.retry_stop(), Some(RetryStop::AttemptsExhausted), "{case}");
                assert_eq!(error.after_ambiguous_attempt(), !method.is_safe(), "{case}");
            }
        }
    }
}

#[tokio::test]
async fn an_append_is_sent_once_through_every_fault_and_says_that_its_outcome_is_unknown() {
    for fault in FAULTS {
        for (client, stack) in stacks(policy, fault.attempt) {
            let server = Server::start(move |_| (fault.reply)()).await;
            let error = failed(&stack, request(Method::POST, server.url("/k?append&position=0"))).await;
            let case = format!("{} over {client}: {error:?}", fault.name);

            assert_eq!(server.seen().len(), 1, "{case}");
            assert!(has_cause(&error, fault.is_cause), "{case}");
            assert_eq!(error.attempts(), 1, "{case}");
            assert_eq!(error.retry_stop(), Some(RetryStop::OutcomeUnknown), "{case}");
            assert!(!error.after_ambiguous_attempt(), "no attempt was before this one: {case}");
        }
    }
}

#[tokio::test]
async fn a_fault_that_passes_ends_in_success() {
    for fault in FAULTS {
        for (client, stack) in stacks(policy, fault.attempt) {
            let mut left = 2;
            let server = Server::start(move |_| {
                left -= 1;
                if left >= 0 { (fault.reply)() } else { ok("") }
            })
            .await;
            let answer = stack.oneshot(request(Method::PUT, server.url("/k"))).await;
            assert_eq!(answer.unwrap().body(), "ok", "{} over {client}", fault.name);
            assert_eq!(server.seen().len(), 3, "{} over {client}", fault.name);
        }
    }
}

/// An address where no server listens.
fn nobody() -> std::net::SocketAddr {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap()
}

#[tokio::test]
async fn an_append_without_a_connection_is_retried() {
    for (client, stack) in stacks(policy, LONG) {
        let error = failed(&stack, request(Method::POST, format!("http://{}/k?append", nobody()))).await;

        assert!(has_cause(&error, |cause| io_kind(cause) == Some(ErrorKind::ConnectionRefused)), "{client}");
        assert_eq!(error.attempts(), 3, "{client}");
        assert_eq!(error.retry_stop(), Some(RetryStop::AttemptsExhausted), "{client}");
        assert!(!error.after_ambiguous_attempt(), "it was never sent, over {client}");
    }
}

/// A body that could be opened again, and whose source fails after the first piece.
struct Proxied {
    pieces: usize,
}

impl TryCloneBody for Proxied {
    fn try_clone(&self) -> Option<Self> {
        Some(Self { pieces: 0 })
    }
}

impl Body for Proxied {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        self.pieces += 1;
        match self.pieces {
            1 => Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(b"half of it"))))),
            2..20 => {
                cx.waker().wake_by_ref();
                Poll::Pending // hyper flushes what it has
            }
            _ => Poll::Ready(Some(Err(ErrorKind::ConnectionRefused.into()))),
        }
    }
}

#[tokio::test]
async fn an_append_whose_body_broke_off_is_not_taken_for_one_without_a_connection() {
    let nothing = Server::start(|_| Reply::Close(b"")).await;
    let request = Request::post(nothing.url("/k?append&position=0")).body(Proxied { pieces: 0 }).unwrap();
    let stack = ServiceBuilder::new().retry(policy()).layer(OssErrorLayer::new()).service(hyper());
    let error = stack.oneshot(request).await.unwrap_err();

    assert!(has_cause(&error, |cause| io_kind(cause) == Some(ErrorKind::ConnectionRefused)));
    assert_eq!(error.attempts(), 1);
    assert_eq!(error.retry_stop(), Some(RetryStop::OutcomeUnknown));
}

#[tokio::test]
async fn permanent_errors_take_one_request() {
    for (code, status) in
        [("AccessDenied", 403), ("NoSuchKey", 404), ("FileAlreadyExists", 409), ("PreconditionFailed", 412)]
    {
        for (client, stack) in stacks(policy, LONG) {
            let server = Server::start(move |_| failure(code, StatusCode::from_u16(status).unwrap())).await;
            let error = failed(&stack, request(Method::PUT, server.url("/k"))).await;

            assert_eq!(*error.oss().unwrap().code(), ErrorCode::from(code), "{client}");
            assert_eq!(error.retry_stop(), Some(RetryStop::NotRetryable), "{client}");
            assert_eq!((server.seen().len(), error.attempts()), (1, 1), "{client}");
        }
    }
}

#[tokio::test]
async fn a_403_whose_body_was_cut_costs_one_request() {
    for (client, stack) in stacks(policy, LONG) {
        let cut =
            b"HTTP/1.1 403 Forbidden\r\nx-oss-request-id: 65A1\r\ncontent-length: 300\r\n\r\n<Error><Co";
        let server = Server::start(|_| Reply::Close(cut)).await;
        let error = failed(&stack, request(Method::GET, server.url("/k"))).await;

        assert_eq!(error.request_id(), Some("65A1"), "{client}");
        assert_eq!(error.retry_stop(), Some(RetryStop::NotRetryable), "{client}");
        assert_eq!(server.seen().len(), 1, "{client}");
    }
}

#[tokio::test]
async fn a_hundred_transient_errors_one_after_the_other_share_a_connection() {
    for (client, stack) in stacks(policy, LONG) {
        let mut fails = false;
        let server = Server::start(move |_| {
            fails = !fails;
            if fails { failure("InternalError", StatusCode::INTERNAL_SERVER_ERROR) } else { ok("") }
        })
        .await;
        for _ in 0..100 {
            stack.clone().oneshot(request(Method::GET, server.url("/k"))).await.unwrap();
        }
        assert_eq!((server.seen().len(), server.connections()), (200, 1), "{client}");
    }
}

#[tokio::test]
async fn a_conflict_after_a_lost_response_says_that_it_may_be_the_requests_own_success() {
    let cases = [
        (Method::POST, "/k?append&position=0", "PositionNotEqualToLength", StatusCode::CONFLICT),
        (Method::PUT, "/k", "FileAlreadyExists", StatusCode::CONFLICT),
        (Method::POST, "/k?uploadId=1", "NoSuchUpload", StatusCode::NOT_FOUND),
    ];
    for (method, uri, code, status) in cases {
        for (client, stack) in stacks(policy, LONG) {
            let mut first = true;
            let server = Server::start(move |_| {
                if std::mem::take(&mut first) { Reply::Reset(b"") } else { failure(code, status) }
            })
            .await;
            let mut request = request(method.clone(), server.url(uri));
            request.extensions_mut().insert(Idempotency::Idempotent);
            let error = failed(&stack, request).await;

            assert_eq!(*error.oss().unwrap().code(), ErrorCode::from(code), "{client}");
            assert!(error.after_ambiguous_attempt(), "{code} over {client}");
            assert_eq!((server.seen().len(), error.attempts()), (2, 2), "{code} over {client}");
            assert_eq!(error.retry_stop(), Some(RetryStop::NotRetryable), "{code} over {client}");
        }
    }
}

/// The inner policy gives up on the conflict. Only the outer one knows the earlier attempt.
#[tokio::test]
async fn a_conflict_after_a_timeout_between_two_policies_may_be_the_requests_own_success_too() {
    let mut first = true;
    let server = Server::start(move |_| match std::mem::take(&mut first) {
        true => Reply::Stall,
        false => failure("FileAlreadyExists", StatusCode::CONFLICT),
    })
    .await;
    let stack =
        ServiceBuilder::new().retry(policy()).timeout(SHORT).retry(policy()).layer(OssErrorLayer::new());
    let error = stack.service(hyper()).oneshot(request(Method::PUT, server.url("/k"))).await.unwrap_err();

    let error = error.oss_error().unwrap();
    assert!(error.is_conflict() && error.after_ambiguous_attempt(), "{error:?}");
    assert_eq!(error.retry_stop(), Some(RetryStop::NotRetryable));
    assert_eq!(server.seen().len(), 2);
}

/// Its type is private, so it is unknown, and the error must say so.
#[tokio::test]
async fn reqwests_own_timeout_is_never_repeated_and_leaves_an_append_unknown() {
    for (uri, stop) in [("/k", RetryStop::NotRetryable), ("/k?append&position=0", RetryStop::OutcomeUnknown)]
    {
        let server = Server::start(|_| Reply::Stall).await;
        let client = Reqwest::with(reqwest::Client::builder().timeout(SHORT));
        let stack = stack(policy(), OssErrorLayer::new(), LONG, client);
        let error = failed(&stack, request(Method::PUT, server.url(uri))).await;

        assert!(has_cause(&error, |cause| cause.downcast_ref().is_some_and(reqwest::Error::is_timeout)));
        assert_eq!((server.seen().len(), error.attempts()), (1, 1));
        assert_eq!(error.retry_stop(), Some(stop));
    }
}
