//! A connection that dies silently: nothing arrives any more in either direction, without an error.
//!
//! Real time, so that only counts are asserted: of connections, of requests that arrived, and of
//! attempts.

use std::{
    convert::Infallible,
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
use hyper::service::service_fn;
use hyper_util::{
    client::legacy::Client,
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto,
};
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    sync::watch,
};
use tower::ServiceExt;
use tower_oss::{
    Error, OssErrorLayer, RetryPolicy,
    error::{RetryStop, TransportKind},
};

use crate::retry_wire::clients::{Reqwest, Stack, hyper, policy, stack};

/// The limit of an attempt: never reached, or reached by each attempt on a dead connection.
const LONG: Duration = Duration::from_secs(20);
const SHORT: Duration = Duration::from_millis(300);

const PING_EVERY: Duration = Duration::from_millis(50);
const PONG_WITHIN: Duration = Duration::from_millis(300);

/// A server behind a path that can die.
struct Path {
    address: SocketAddr,
    connections: Arc<AtomicUsize>,
    requests: Arc<AtomicUsize>,
    die: watch::Sender<()>,
}

impl Path {
    async fn start() -> Self {
        let (server, requests) = serve().await;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (connections, die) = (Arc::new(AtomicUsize::new(0)), watch::Sender::new(()));
        let (count, death) = (Arc::clone(&connections), die.clone());
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                count.fetch_add(1, Relaxed);
                tokio::spawn(forward(client, server, death.subscribe()));
            }
        });
        Self { address, connections, requests, die }
    }

    /// From now on, the connections that are open carry nothing. Those that are opened later work.
    fn die(&self) {
        self.die.send_replace(());
    }

    async fn call(&self, stack: &Stack, method: Method) -> Result<Response<Bytes>, Error> {
        let request = Request::builder().method(method).uri(format!("http://{}/k", self.address));
        stack.clone().oneshot(request.body(Full::from("four")).unwrap()).await
    }

    /// Connections, and requests that arrived.
    fn counts(&self) -> (usize, usize) {
        (self.connections.load(Relaxed), self.requests.load(Relaxed))
    }
}

async fn forward(mut client: TcpStream, server: SocketAddr, mut death: watch::Receiver<()>) {
    let mut server = TcpStream::connect(server).await.unwrap();
    tokio::select! {
        _ = copy_bidirectional(&mut client, &mut server) => {}
        // Both ends stay open, and are not read any more.
        _ = death.changed() => std::future::pending().await,
    }
}

/// Responds with 200, and counts its requests.
async fn serve() -> (SocketAddr, Arc<AtomicUsize>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let requests = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&requests);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let count = Arc::clone(&count);
            tokio::spawn(async move {
                let respond = service_fn(|_| {
                    count.fetch_add(1, Relaxed);
                    async { Ok::<_, Infallible>(Response::new(Full::<Bytes>::default())) }
                });
                let server = auto::Builder::new(TokioExecutor::new());
                drop(server.serve_connection(TokioIo::new(stream), respond).await);
            });
        }
    });
    (address, requests)
}

/// Both clients over HTTP/2, as docs/application.md sets them up, with these settings for pings.
fn http2(
    pings: Option<(Duration, Duration)>,
    policy: fn() -> RetryPolicy,
    attempt: Duration,
) -> [(&'static str, Stack); 2] {
    let mut hyper = Client::builder(TokioExecutor::new());
    hyper.timer(TokioTimer::new()).http2_only(true);
    let mut reqwest = reqwest::Client::builder().http2_prior_knowledge().retry(reqwest::retry::never());
    if let Some((every, within)) = pings {
        hyper.http2_keep_alive_interval(every).http2_keep_alive_timeout(within);
        reqwest = reqwest.http2_keep_alive_interval(every).http2_keep_alive_timeout(within);
    }
    [
        ("hyper-util", stack(policy(), OssErrorLayer::new(), attempt, hyper.build_http())),
        ("reqwest", stack(policy(), OssErrorLayer::new(), attempt, Reqwest::with(reqwest))),
    ]
}

#[tokio::test]
async fn with_pings_a_dead_connection_is_found_out_and_the_retry_opens_another() {
    for (client, stack) in http2(Some((PING_EVERY, PONG_WITHIN)), policy, LONG) {
        let path = Path::start().await;
        path.call(&stack, Method::GET).await.unwrap();
        assert_eq!(path.counts(), (1, 1), "{client}");
        path.die();
        assert_eq!(path.call(&stack, Method::GET).await.unwrap().status(), 200, "{client}");
        assert_eq!(path.counts(), (2, 2), "{client}");
    }
}

#[tokio::test]
async fn what_was_sent_on_it_ends_as_a_transport_error_and_may_have_taken_effect() {
    for (client, stack) in http2(Some((PING_EVERY, PONG_WITHIN)), policy, LONG) {
        let path = Path::start().await;
        path.call(&stack, Method::GET).await.unwrap();
        path.die();
        let error = path.call(&stack, Method::POST).await.unwrap_err();
        let Error::Transport(transport) = &error else { panic!("{client}: {error:?}") };
        assert_eq!(transport.kind(), TransportKind::Timeout, "{client}: {error:?}");
        assert!(error.is_timeout() && error.is_transient(), "{client}");
        assert_eq!((error.attempts(), error.retry_stop()), (1, Some(RetryStop::OutcomeUnknown)), "{client}");
        assert_eq!(path.counts(), (1, 1), "{client}");
    }
}

/// The trap: what dies is the connection, and the attempts that time out leave it in the pool.
#[tokio::test]
async fn without_pings_all_attempts_stay_on_the_dead_connection() {
    for (client, stack) in http2(None, policy, SHORT) {
        let path = Path::start().await;
        path.call(&stack, Method::GET).await.unwrap();
        path.die();
        for call in ["a call", "and the next call"] {
            let error = path.call(&stack, Method::GET).await.unwrap_err();
            assert!(error.is_timeout(), "{call} over {client}: {error:?}");
            assert_eq!(error.retry_stop(), Some(RetryStop::AttemptsExhausted), "{call} over {client}");
            assert_eq!((error.attempts(), path.counts()), (3, (1, 1)), "{call} over {client}");
        }
    }
}

#[tokio::test]
async fn over_http1_the_attempt_limit_is_enough() {
    let reqwest = Reqwest::with(reqwest::Client::builder().retry(reqwest::retry::never()));
    for (client, stack) in [
        ("hyper-util", stack(policy(), OssErrorLayer::new(), SHORT, hyper())),
        ("reqwest", stack(policy(), OssErrorLayer::new(), SHORT, reqwest)),
    ] {
        let path = Path::start().await;
        path.call(&stack, Method::GET).await.unwrap();
        path.die();
        assert_eq!(path.call(&stack, Method::GET).await.unwrap().status(), 200, "{client}");
        assert_eq!(path.counts(), (2, 2), "{client}");
    }
}
