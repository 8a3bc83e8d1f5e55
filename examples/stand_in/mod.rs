//! A stand-in for OSS: one bucket, in memory, on a free port of the loopback interface.
//!
//! It checks the V4 signature and the date of each request, keeps objects and multipart uploads,
//! and responds to errors like OSS. It supports only the operations that the examples need.

mod bucket;
mod check;
mod store;

use std::{
    collections::VecDeque,
    io, mem,
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use axum::{
    body::{Body, Bytes, to_bytes},
    extract::{Request, State},
    response::Response,
};
use http::{HeaderValue, Method, StatusCode};
use tokio::net::TcpListener;
use tower_oss::{ErrorCode, test_util::ErrorResponse};

use self::store::{Object, Store};
use crate::signer::{Keys, Target};

const BODY_LIMIT: usize = 16 * 1024 * 1024;

/// A handle to the stand-in. Clones control the same one.
#[derive(Clone)]
pub(crate) struct StandIn {
    target: Target,
    state: Arc<Mutex<OssState>>,
}

struct OssState {
    store: Store,
    keys: Keys,
    expired_tokens: Vec<String>,
    clock_ahead: Duration,
    failures: VecDeque<ErrorResponse>,
    requests: u64,
}

#[allow(dead_code, reason = "not every program needs all of it")]
impl StandIn {
    /// Starts it with these keys, and returns its address. It stops with the runtime.
    pub(crate) async fn start(target: Target, keys: Keys) -> io::Result<(Self, SocketAddr)> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let state = OssState {
            store: Store::default(),
            keys,
            expired_tokens: Vec::new(),
            clock_ahead: Duration::ZERO,
            failures: VecDeque::new(),
            requests: 0,
        };
        let stand_in = Self { target, state: Arc::new(Mutex::new(state)) };
        let app = axum::Router::new().fallback(respond).with_state(stand_in.clone());
        tokio::spawn(async move { axum::serve(listener, app).await });
        Ok((stand_in, address))
    }

    /// Stores an object.
    pub(crate) fn put(&self, key: &str, bytes: impl Into<Bytes>) {
        let object = Object { bytes: bytes.into(), content_type: "text/plain".to_owned() };
        self.lock().store.objects.insert(key.to_owned(), object);
    }

    /// Sets its clock ahead by this time.
    pub(crate) fn set_clock_ahead(&self, ahead: Duration) {
        self.lock().clock_ahead = ahead;
    }

    /// Expires the keys, and accepts these from now on.
    pub(crate) fn replace_keys(&self, keys: Keys) {
        let mut state = self.lock();
        let before = mem::replace(&mut state.keys, keys);
        state.expired_tokens.extend(before.token);
    }

    /// Makes the next request fail like this, although it is signed correctly.
    pub(crate) fn fail_next(&self, error: ErrorResponse) {
        self.lock().failures.push_back(error);
    }

    fn lock(&self) -> MutexGuard<'_, OssState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn handle(&self, request: http::Request<Bytes>) -> Result<Response, ErrorResponse> {
        let (head, body) = request.into_parts();
        let mut state = self.lock();
        check::check(&head, &self.target, &state)?;
        if let Some(error) = state.failures.pop_front() {
            return Err(error);
        }
        bucket::operate(&mut state.store, &self.target.bucket, &http::Request::from_parts(head, body))
    }
}

async fn respond(State(stand_in): State<StandIn>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let is_head = head.method == Method::HEAD;
    let host = head.headers.get("host").and_then(|host| host.to_str().ok()).unwrap_or_default().to_owned();
    let result = match to_bytes(body, BODY_LIMIT).await {
        Ok(body) => stand_in.handle(http::Request::from_parts(head, body)),
        Err(_) => Err(ErrorResponse::new(ErrorCode::EntityTooLarge)),
    };
    let id = {
        let mut state = stand_in.lock();
        state.requests += 1;
        format!("65A1F0C2D3E4B5A6{:08X}", state.requests)
    };
    match result {
        Ok(mut response) => {
            let id = HeaderValue::from_str(&id).expect("hexadecimal digits");
            response.headers_mut().insert("x-oss-request-id", id);
            response
        }
        Err(error) => {
            let error = error.request_id(id).host_id(host);
            let response = if is_head { error.head_response() } else { error.response() };
            response.map(Body::new)
        }
    }
}

fn empty(status: StatusCode) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}
