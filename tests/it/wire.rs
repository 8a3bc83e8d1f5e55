//! Over real sockets: connections, stalls, memory. Short real limits, and assertions on counts.

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use http::{Method, Request};
use http_body_util::Full;
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::{TokioExecutor, TokioTimer},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    time::{sleep, timeout},
};
use tower::{Layer, ServiceExt};
use tower_oss::{Error, ErrorCode, OssError, OssErrorLayer, error::BodyState, layer::OssErrorService};

/// A part of a response: bytes, then a pause.
type Part = (Vec<u8>, Duration);

const NO_PAUSE: Duration = Duration::ZERO;
const SHORT: Duration = Duration::from_millis(3);
const FOR_EVER: Duration = Duration::from_secs(3600);

/// A server that writes the same parts to every request, and counts its connections.
struct Server {
    address: SocketAddr,
    connections: Arc<AtomicUsize>,
}

impl Server {
    async fn start(parts: Vec<Part>) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let connections = Arc::new(AtomicUsize::new(0));
        let (parts, count) = (Arc::new(parts), Arc::clone(&connections));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                count.fetch_add(1, Ordering::Relaxed);
                tokio::spawn(answer(stream, Arc::clone(&parts)));
            }
        });
        Self { address, connections }
    }

    fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }
}

/// Requests have no bodies, so each ends with its head.
async fn answer(mut stream: TcpStream, parts: Arc<Vec<Part>>) {
    let mut request = Vec::new();
    stream.set_nodelay(true).unwrap();
    while let Ok(1..) = stream.read_buf(&mut request).await {
        if !request.ends_with(b"\r\n\r\n") {
            continue;
        }
        request.clear();
        for (bytes, pause) in &*parts {
            if stream.write_all(bytes).await.is_err() {
                return;
            }
            if !pause.is_zero() {
                sleep(*pause).await;
            }
        }
    }
}

type TestClient = OssErrorService<Client<HttpConnector, Full<Bytes>>>;

fn client(layer: &OssErrorLayer) -> TestClient {
    let client = Client::builder(TokioExecutor::new()).pool_timer(TokioTimer::new()).build_http();
    layer.layer(client)
}

async fn call(client: &TestClient, server: &Server, method: Method) -> Result<(), Error> {
    let request = Request::builder().method(method).uri(format!("http://{}/k", server.address));
    client.clone().oneshot(request.body(Full::default()).unwrap()).await.map(|_| ())
}

async fn error(client: &TestClient, server: &Server) -> OssError {
    let called = timeout(Duration::from_secs(20), call(client, server, Method::GET)).await;
    called.expect("an answer that never ends").unwrap_err().into_oss().expect("an answer of the server")
}

fn head(length: &str) -> Vec<u8> {
    format!("HTTP/1.1 503 Service Unavailable\r\nx-oss-request-id: 65A1\r\n{length}\r\n\r\n").into_bytes()
}

fn with_length(length: usize) -> Vec<u8> {
    head(&format!("content-length: {length}"))
}

fn chunk(bytes: &[u8]) -> Vec<u8> {
    [format!("{:x}\r\n", bytes.len()).as_bytes(), bytes, b"\r\n"].concat()
}

const BODY: &[u8] =
    b"<?xml version=\"1.0\"?>\n<Error><Code>QpsLimitExceeded</Code><Message>m</Message></Error>\n";

/// A document with a message that makes it this long.
fn long_body(length: usize) -> Vec<u8> {
    let (start, end) = (&b"<Error><Code>QpsLimitExceeded</Code><Message>"[..], &b"</Message></Error>"[..]);
    [start, &vec![b'm'; length - start.len() - end.len()], end].concat()
}

/// Makes 200 calls that fail, one after the other. Returns the number of connections.
async fn connections_for_200_errors(parts: Vec<Part>) -> usize {
    let server = Server::start(parts).await;
    // Long, so that late bytes arrive within the grace on a busy machine, too.
    let client = client(&OssErrorLayer::new().grace(Duration::from_secs(5)));
    for _ in 0..200 {
        let error = error(&client, &server).await;
        assert_eq!(*error.code(), ErrorCode::QpsLimitExceeded);
        assert_eq!(error.body_state(), BodyState::Complete);
    }
    server.connections()
}

#[tokio::test]
async fn errors_whose_body_arrives_with_the_head_share_a_connection() {
    let answer = [with_length(BODY.len()), BODY.to_vec()].concat();
    assert_eq!(connections_for_200_errors(vec![(answer, NO_PAUSE)]).await, 1);
}

#[tokio::test]
async fn errors_whose_body_arrives_later_share_a_connection() {
    let parts = vec![(with_length(BODY.len()), SHORT), (BODY.to_vec(), NO_PAUSE)];
    assert_eq!(connections_for_200_errors(parts).await, 1);
}

#[tokio::test]
async fn errors_of_64_kib_share_a_connection() {
    let body = long_body(64 * 1024);
    let parts = vec![(with_length(body.len()), NO_PAUSE), (body, NO_PAUSE)];
    assert_eq!(connections_for_200_errors(parts).await, 1);
}

#[tokio::test]
async fn errors_whose_last_chunk_arrives_late_share_a_connection() {
    let start = [head("transfer-encoding: chunked"), chunk(BODY)].concat();
    assert_eq!(connections_for_200_errors(vec![(start, SHORT), (b"0\r\n\r\n".to_vec(), NO_PAUSE)]).await, 1);
}

#[tokio::test]
async fn errors_without_a_body_share_a_connection() {
    let server = Server::start(vec![(with_length(322), NO_PAUSE)]).await;
    let client = client(&OssErrorLayer::new());
    for _ in 0..200 {
        let error = call(&client, &server, Method::HEAD).await.unwrap_err();
        assert_eq!(error.oss().unwrap().body_state(), BodyState::Empty);
    }
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn a_stalled_peer_costs_no_more_than_the_grace_once_the_document_has_ended() {
    let layer = OssErrorLayer::new().body_deadline(FOR_EVER);
    let chunked = [head("transfer-encoding: chunked"), chunk(BODY)].concat();
    let too_short = [with_length(BODY.len() + 1), BODY.to_vec()].concat();
    for answer in [chunked, too_short] {
        let server = Server::start(vec![(answer, FOR_EVER)]).await;
        let error = error(&client(&layer), &server).await;
        assert_eq!(*error.code(), ErrorCode::QpsLimitExceeded);
        assert_eq!(error.body_state(), BodyState::Complete);
    }
}

#[tokio::test]
async fn a_stalled_body_ends_at_the_deadline() {
    let layer = OssErrorLayer::new().body_deadline(Duration::from_millis(100));
    for cut in [0, 1, 60, BODY.len() - 2] {
        let server = Server::start(vec![([&with_length(BODY.len()), &BODY[..cut]].concat(), FOR_EVER)]).await;
        let error = error(&client(&layer), &server).await;
        assert_eq!(error.status(), 503);
        assert_eq!(error.request_id(), Some("65A1"));
        assert_eq!(error.raw_body(), &BODY[..cut]);
        assert_eq!(error.body_state(), BodyState::TimedOut);
    }
}

#[tokio::test]
async fn a_trickling_body_ends_at_the_deadline_too() {
    let layer = OssErrorLayer::new().body_deadline(Duration::from_millis(100));
    let mut parts = vec![(head("transfer-encoding: chunked"), NO_PAUSE)];
    parts.extend((0..10_000).map(|_| (chunk(b">"), SHORT)));
    let server = Server::start(parts).await;
    let error = error(&client(&layer), &server).await;
    assert_eq!(error.body_state(), BodyState::TimedOut);
    assert!(error.raw_body().len() < 1000);
}

#[tokio::test]
async fn a_connection_that_breaks_in_the_body_keeps_what_arrived() {
    let cut = BODY.len() - 20;
    let server = Server::start(vec![]).await;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let server = Server { address: listener.local_addr().unwrap(), ..server };
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.read_buf(&mut Vec::new()).await.unwrap();
        stream.write_all(&[&with_length(BODY.len()), &BODY[..cut]].concat()).await.unwrap();
    });
    let error = error(&client(&OssErrorLayer::new()), &server).await;
    assert_eq!(*error.code(), ErrorCode::QpsLimitExceeded);
    assert_eq!(error.body_state(), BodyState::Failed);
    assert!(std::error::Error::source(&error).is_some());
}

#[tokio::test]
async fn a_body_that_is_announced_to_be_too_long_is_dropped_at_once() {
    let server =
        Server::start(vec![([with_length(100_000_000), long_body(64 * 1024)].concat(), FOR_EVER)]).await;
    let error = error(&client(&OssErrorLayer::new().body_deadline(FOR_EVER)), &server).await;
    assert_eq!(error.body_state(), BodyState::Truncated);
    assert_eq!(error.raw_body().len(), 64 * 1024);
    assert_eq!(*error.code(), ErrorCode::QpsLimitExceeded);
}

#[tokio::test]
async fn an_endless_body_is_dropped_at_the_limit() {
    let piece = chunk(&[b'x'; 16 * 1024]);
    let mut parts = vec![(head("transfer-encoding: chunked"), NO_PAUSE)];
    parts.extend((0..1000).map(|_| (piece.clone(), NO_PAUSE)));
    let server = Server::start(parts).await;
    let error = error(&client(&OssErrorLayer::new().body_deadline(FOR_EVER)), &server).await;
    assert_eq!(error.body_state(), BodyState::Truncated);
    assert_eq!(error.raw_body().len(), 64 * 1024);
}
