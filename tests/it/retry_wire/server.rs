//! A server that can break connections like a network.

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use http::StatusCode;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use tower_oss::test_util::ErrorResponse;

/// A request as it was received.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Seen {
    /// Request line and headers, as they were written.
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

/// What the server does after it has read a request.
pub(crate) enum Reply {
    Answer(Vec<u8>),
    /// Closes the connection after these bytes.
    Close(&'static [u8]),
    /// Resets the connection after these bytes.
    Reset(&'static [u8]),
    /// Never responds.
    Stall,
}

type Handler = dyn FnMut(&Seen) -> Reply + Send;

struct State {
    connections: AtomicUsize,
    seen: Mutex<Vec<Seen>>,
    handler: Mutex<Box<Handler>>,
}

/// Counts its connections and records its requests. It stops with the runtime.
#[derive(Clone)]
pub(crate) struct Server {
    address: SocketAddr,
    state: Arc<State>,
}

impl Server {
    pub(crate) async fn start(handler: impl FnMut(&Seen) -> Reply + Send + 'static) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(State {
            connections: AtomicUsize::new(0),
            seen: Mutex::default(),
            handler: Mutex::new(Box::new(handler)),
        });
        let server = Self { address, state };
        tokio::spawn(server.clone().accept(listener));
        server
    }

    pub(crate) fn url(&self, path_and_query: &str) -> String {
        format!("http://{}{path_and_query}", self.address)
    }

    pub(crate) fn connections(&self) -> usize {
        self.state.connections.load(Ordering::Relaxed)
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.state.seen.lock().unwrap().clone()
    }

    async fn accept(self, listener: TcpListener) {
        while let Ok((stream, _)) = listener.accept().await {
            self.state.connections.fetch_add(1, Ordering::Relaxed);
            tokio::spawn(self.clone().serve(stream));
        }
    }

    async fn serve(self, mut stream: TcpStream) {
        stream.set_nodelay(true).unwrap();
        while let Some(request) = read_request(&mut stream).await {
            let reply = (self.state.handler.lock().unwrap())(&request);
            self.state.seen.lock().unwrap().push(request);
            match reply {
                Reply::Answer(bytes) if stream.write_all(&bytes).await.is_ok() => continue,
                Reply::Answer(_) => {}
                Reply::Close(bytes) => stream.write_all(bytes).await.unwrap_or_default(),
                Reply::Reset(bytes) => {
                    stream.write_all(bytes).await.unwrap_or_default();
                    stream.set_zero_linger().unwrap();
                }
                Reply::Stall => std::future::pending().await,
            }
            return;
        }
    }
}

/// The next request, or `None` when the client has closed.
async fn read_request(stream: &mut TcpStream) -> Option<Seen> {
    let mut bytes = Vec::new();
    loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&bytes[..end + 4]).into_owned();
            if is_whole(&head, &bytes[end + 4..]) {
                return Some(Seen { body: bytes.split_off(end + 4), head });
            }
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
}

fn is_whole(head: &str, body: &[u8]) -> bool {
    match header(head, "content-length") {
        Some(length) => body.len() >= length.parse().unwrap(),
        None => header(head, "transfer-encoding").is_none() || body.ends_with(b"0\r\n\r\n"),
    }
}

/// The value of a header of a head.
pub(crate) fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let mut lines = head.lines().filter_map(|line| line.split_once(':'));
    lines.find_map(|(known, value)| known.eq_ignore_ascii_case(name).then_some(value.trim()))
}

/// A 200 with these headers, each with its line end.
pub(crate) fn ok(headers: &str) -> Reply {
    Reply::Answer(format!("HTTP/1.1 200 OK\r\n{headers}content-length: 2\r\n\r\nok").into_bytes())
}

/// An error response as OSS sends it.
pub(crate) fn error(response: ErrorResponse, headers: &str) -> Reply {
    let status = response.response().status();
    let error = response.error();
    let body = error.raw_body();
    let head = format!(
        "HTTP/1.1 {status}\r\nx-oss-request-id: 65A1\r\n{headers}content-length: {}\r\n\r\n",
        body.len()
    );
    Reply::Answer([head.as_bytes(), body].concat())
}

/// A transient error with this status.
pub(crate) fn failure(code: &str, status: StatusCode) -> Reply {
    error(ErrorResponse::new(code).status(status), "")
}
