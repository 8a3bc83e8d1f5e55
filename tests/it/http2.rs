//! Which requests an HTTP/2 server surely did not process, and which it may have.

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use bytes::Bytes;
use http::{Method, Request, Response};
use http_body_util::Full;
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use tower::ServiceExt;
use tower_oss::{
    Error, OssErrorLayer,
    error::{RetryStop, TransportKind},
};

use crate::retry_wire::clients::{Reqwest, Stack, policy, stack};

const LONG: Duration = Duration::from_secs(20);

/// The same stack over both clients, with HTTP/2 from the start. reqwest's own retries are off.
fn stacks() -> [(&'static str, Stack); 2] {
    let hyper = Client::builder(TokioExecutor::new()).http2_only(true).build_http();
    let reqwest = reqwest::Client::builder().http2_prior_knowledge().retry(reqwest::retry::never());
    [
        ("hyper-util", stack(policy(), OssErrorLayer::new(), LONG, hyper)),
        ("reqwest", stack(policy(), OssErrorLayer::new(), LONG, Reqwest::with(reqwest))),
    ]
}

async fn call(stack: &Stack, method: Method, server: SocketAddr) -> Result<Response<Bytes>, Error> {
    let query = if method == Method::POST { "?append&position=0" } else { "" };
    let request = Request::builder().method(method).uri(format!("http://{server}/k{query}"));
    stack.clone().oneshot(request.body(Full::from("four")).unwrap()).await
}

const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const GOAWAY: u8 = 7;

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

fn reset(stream: u32, code: u32) -> Vec<u8> {
    frame(RST_STREAM, 0, stream, &code.to_be_bytes())
}

fn go_away(last_stream: u32, code: u32) -> Vec<u8> {
    frame(GOAWAY, 0, 0, &[last_stream.to_be_bytes(), code.to_be_bytes()].concat())
}

/// `:status: 200` and no body.
fn ok(stream: u32) -> Vec<u8> {
    frame(HEADERS, 0b101, stream, &[0x88])
}

/// What the server writes to a request, given its stream. Then it closes the connection, unless
/// this is `ok`.
type Reply = fn(u32) -> Vec<u8>;

/// A server that writes frames by hand. It counts its requests, and ends with the runtime.
async fn start(fails: usize, reply: Reply) -> (SocketAddr, Arc<AtomicUsize>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let seen = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&seen);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let count = Arc::clone(&count);
            tokio::spawn(async move { serve(stream, &count, fails, reply).await });
        }
    });
    (address, seen)
}

async fn serve(mut stream: TcpStream, count: &AtomicUsize, fails: usize, reply: Reply) -> Option<()> {
    stream.set_nodelay(true).unwrap();
    let mut preface = [0; 24];
    stream.read_exact(&mut preface).await.ok()?;
    stream.write_all(&frame(SETTINGS, 0, 0, &[])).await.ok()?;
    loop {
        let (kind, flags, id) = read_frame(&mut stream).await?;
        if kind == SETTINGS && flags == 0 {
            stream.write_all(&frame(SETTINGS, 1, 0, &[])).await.ok()?;
        }
        if kind == HEADERS {
            let failed = count.fetch_add(1, Relaxed) < fails;
            let bytes = if failed { reply(id) } else { ok(id) };
            stream.write_all(&bytes).await.ok()?;
            if failed && bytes.get(3) != Some(&RST_STREAM) {
                stream.shutdown().await.ok()?;
            }
        }
    }
}

/// The kind, flags and stream of the next frame.
async fn read_frame(stream: &mut TcpStream) -> Option<(u8, u8, u32)> {
    let mut head = [0; 9];
    stream.read_exact(&mut head).await.ok()?;
    let [l0, l1, l2, kind, flags, id @ ..] = head;
    let mut payload = vec![0; u32::from_be_bytes([0, l0, l1, l2]).try_into().unwrap()];
    stream.read_exact(&mut payload).await.ok()?;
    Some((kind, flags, u32::from_be_bytes(id)))
}

const NO_ERROR: u32 = 0;
const INTERNAL_ERROR: u32 = 2;
const REFUSED_STREAM: u32 = 7;
const CANCEL: u32 = 8;
const ENHANCE_YOUR_CALM: u32 = 11;

const UNPROCESSED: [(&str, Reply); 5] = [
    ("REFUSED_STREAM", |stream| reset(stream, REFUSED_STREAM)),
    ("GOAWAY that excludes the stream", |stream| go_away(stream - 1, NO_ERROR)),
    ("GOAWAY that excludes every stream", |_| go_away(0, NO_ERROR)),
    ("GOAWAY of a busy server", |stream| go_away(stream - 1, ENHANCE_YOUR_CALM)),
    ("GOAWAY of a broken server", |stream| go_away(stream - 1, INTERNAL_ERROR)),
];

/// RFC 9113, section 8.7.
#[tokio::test]
async fn an_append_that_the_server_did_not_process_is_retried() {
    for (name, reply) in UNPROCESSED {
        for (client, stack) in stacks() {
            let (server, seen) = start(1, reply).await;
            let answer = call(&stack, Method::POST, server).await;
            assert_eq!(answer.unwrap().status(), 200, "{name} over {client}");
            assert_eq!(seen.load(Relaxed), 2, "{name} over {client}");

            let (server, seen) = start(usize::MAX, reply).await;
            let error = call(&stack, Method::POST, server).await.unwrap_err();
            let case = format!("{name} over {client}: {error:?}");
            let Error::Transport(transport) = &error else { panic!("{case}") };
            assert_eq!(transport.kind(), TransportKind::Unprocessed, "{case}");
            assert_eq!(error.retry_stop(), Some(RetryStop::AttemptsExhausted), "{case}");
            assert_eq!((error.attempts(), seen.load(Relaxed)), (3, 3), "{case}");
            assert!(!error.after_ambiguous_attempt() && error.is_transient(), "{case}");
            assert_eq!(
                error.to_string(),
                "no response from OSS: not processed by the server [3 attempts]",
                "{case}"
            );
        }
    }
}

const MAYBE_PROCESSED: [(&str, Reply, TransportKind); 6] = [
    ("RST_STREAM INTERNAL_ERROR", |stream| reset(stream, INTERNAL_ERROR), TransportKind::Reset),
    ("RST_STREAM CANCEL", |stream| reset(stream, CANCEL), TransportKind::Reset),
    (
        "GOAWAY that includes the stream, then the end",
        |stream| go_away(stream, NO_ERROR),
        TransportKind::Closed,
    ),
    ("the same of a broken server", |stream| go_away(stream, INTERNAL_ERROR), TransportKind::Closed),
    ("the end", |_| Vec::new(), TransportKind::Closed),
    ("no HTTP/2", |_| b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec(), TransportKind::Protocol),
];

#[tokio::test]
async fn an_append_that_the_server_may_have_processed_is_not_retried() {
    for (name, reply, kind) in MAYBE_PROCESSED {
        for (client, stack) in stacks() {
            let (server, seen) = start(usize::MAX, reply).await;
            let error = call(&stack, Method::POST, server).await.unwrap_err();
            let case = format!("{name} over {client}: {error:?} {:?}", std::error::Error::source(&error));
            let Error::Transport(transport) = &error else { panic!("{case}") };
            assert_eq!(transport.kind(), kind, "{case}");
            assert_eq!(error.retry_stop(), Some(RetryStop::OutcomeUnknown), "{case}");
            assert_eq!((error.attempts(), seen.load(Relaxed)), (1, 1), "{case}");

            let (server, _) = start(1, reply).await;
            let answer = call(&stack, Method::GET, server).await;
            assert_eq!(answer.unwrap().status(), 200, "a GET is repeated: {case}");
        }
    }
}

/// The frames above are written by hand. These are from the server that hyper uses.
#[tokio::test]
async fn a_refused_stream_of_the_h2_server_is_retried() {
    for (client, stack) in stacks() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = tokio::spawn(async move {
            let (stream, _) = listener.accept().await.unwrap();
            let mut connection = h2::server::handshake(stream).await.unwrap();
            let mut seen = 0;
            while let Some(Ok((_, mut respond))) = connection.accept().await {
                seen += 1;
                match seen {
                    1 => respond.send_reset(h2::Reason::REFUSED_STREAM),
                    _ => drop(respond.send_response(Response::new(()), true).unwrap()),
                }
            }
            seen
        });
        assert_eq!(call(&stack, Method::POST, address).await.unwrap().status(), 200, "{client}");
        drop(stack);
        assert_eq!(server.await.unwrap(), 2, "{client}");
    }
}
