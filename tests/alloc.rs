//! What the layer allocates: nothing for a success, a bounded amount for an error of any size.
//!
//! A separate program, because `allocation_counter` replaces the allocator. It counts each thread
//! separately.
#![expect(clippy::unwrap_used, reason = "a test that unwraps too much fails")]

use std::{
    cell::Cell,
    convert::Infallible,
    future::{Ready, ready},
    io::{Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpListener},
    pin::Pin,
    rc::Rc,
    task::{Context, Poll},
    thread,
};

use allocation_counter::{AllocationInfo, measure};
use bytes::Bytes;
use futures_util::{FutureExt, stream::iter};
use http::{Request, Response};
use http_body::{Body, Frame, SizeHint};
use http_body_util::{Empty, Full, StreamBody};
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use tower::{
    Layer, Service, ServiceExt,
    retry::{Policy, Retry},
};
use tower_oss::{Error, ErrorCode, OssError, OssErrorLayer, RetryPolicy, error::BodyState, layer::OssRule};

const KIB: u64 = 1024;

/// One frame of an error body.
const FRAME: usize = 16 * 1024;

/// A service that returns its one response at once, and allocates nothing.
struct Once<B>(Option<Response<B>>);

impl<B> Service<Request<()>> for Once<B> {
    type Response = Response<B>;
    type Error = Infallible;
    type Future = Ready<Result<Response<B>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<()>) -> Self::Future {
        ready(Ok(self.0.take().unwrap()))
    }
}

/// Sends a request through the layer. Returns the result and what was allocated.
fn send<B>(
    layer: &OssErrorLayer,
    request: Request<()>,
    response: Response<B>,
) -> (Result<Response<B>, Error>, AllocationInfo)
where
    B: Body<Error = Infallible>,
{
    let mut service = layer.layer(Once(Some(response)));
    let mut result = None;
    let allocated = measure(|| result = service.call(request).now_or_never());
    (result.expect("the body is there at once"), allocated)
}

/// A body of full frames, which are ready at once.
struct Large {
    frame: Bytes,
    /// Remaining bytes, if it ever ends.
    left: Option<u64>,
    announced: bool,
    frames_read: Rc<Cell<u64>>,
}

impl Large {
    fn new(frame: &'static [u8], length: Option<u64>) -> Self {
        Self { frame: Bytes::from_static(frame), left: length, announced: false, frames_read: Rc::default() }
    }
}

impl Body for Large {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if self.left == Some(0) {
            return Poll::Ready(None);
        }
        self.frames_read.set(self.frames_read.get() + 1);
        self.left = self.left.map(|left| left - self.frame.len() as u64);
        Poll::Ready(Some(Ok(Frame::data(self.frame.clone()))))
    }

    fn size_hint(&self) -> SizeHint {
        match self.left {
            Some(left) if self.announced => SizeHint::with_exact(left),
            _ => SizeHint::new(),
        }
    }
}

#[test]
fn a_success_allocates_nothing() {
    let with_settings = OssErrorLayer::new().body_limit(4096).redirects_as_errors().classify(OssRule);
    let with_hook = OssErrorLayer::new().on_error(|event| panic!("{event:?}"));
    for layer in [OssErrorLayer::new(), with_settings, with_hook] {
        for status in [200, 204, 206] {
            let body = Large::new(b"content", None);
            let frames_read = body.frames_read.clone();
            let response = Response::builder().status(status).header("etag", "\"e\"").body(body).unwrap();
            let request = Request::put("/key?uploadId=1").header("x-oss-meta-a", "1").body(()).unwrap();
            let (result, allocated) = send(&layer, request, response);

            assert_eq!(result.unwrap().status(), status);
            assert_eq!(allocated.count_total, 0);
            assert_eq!(frames_read.get(), 0);
        }
    }
}

/// Fills a frame with a beginning, and then the same text again and again.
fn frame(start: &str, again: &str) -> &'static [u8] {
    let mut frame = start.to_owned();
    while frame.len() + again.len() <= FRAME {
        frame.push_str(again);
    }
    frame.push_str(&" ".repeat(FRAME - frame.len()));
    frame.into_bytes().leak()
}

fn read(layer: &OssErrorLayer, body: Large) -> (OssError, AllocationInfo) {
    let response = Response::builder().status(503).body(body).unwrap();
    let (result, allocated) = send(layer, Request::default(), response);
    (result.err().unwrap().into_oss().unwrap(), allocated)
}

#[test]
fn a_large_error_body_allocates_what_is_kept_and_little_more() {
    const LARGE: u64 = 100 * KIB * KIB;
    let foreign = frame("", "x");
    let document = frame("<Error><Code>InternalError</Code><Message>", "x");
    for (content, code) in [(foreign, "ServiceUnavailable"), (document, "InternalError")] {
        for (length, announced, most_frames) in [
            (None, false, 65),
            (Some(LARGE), false, 65),
            (Some(LARGE), true, 4), // reading a part of it would not free the connection
            (Some(KIB * KIB), true, 64),
        ] {
            let body = Large { announced, ..Large::new(content, length) };
            let frames_read = body.frames_read.clone();
            let (error, allocated) = read(&OssErrorLayer::new(), body);

            assert_eq!(error.code(), code);
            assert_eq!(error.body_state(), BodyState::Truncated);
            assert_eq!(error.raw_body().len(), 64 * 1024);
            assert!(allocated.bytes_total <= 128 * KIB, "{allocated:?}");
            assert!(frames_read.get() <= most_frames);
        }
    }
}

#[test]
fn a_hostile_document_holds_a_few_times_what_is_kept() {
    let deep: String = (0..7).map(|i| format!("<{i}{}>", "n".repeat(100))).collect();
    let deep_json: String = (0..7).map(|i| format!("\"{i}{}\":{{", "n".repeat(100))).collect();
    let documents = [
        frame("<Error><Message>", "&amp;"),
        frame("<Error><Message>", "&"),
        frame("<Error>", "<a>"),
        frame("<Error><Message>", "<a/>"),
        frame("<Error>", "<a>&lt;</a>"),
        frame(&format!("<Error>{deep}"), "<a/>"),
        frame(&format!("<Error>{deep}"), "<a>b</a>"),
        frame("{\"Error\":{\"Message\":\"", "\\u0041"),
        frame("{\"Error\":{\"a\":[1", ",1"),
        frame(&format!("{{\"Error\":{{{deep_json}\"a\":[1"), ",1"),
        frame(&format!("{{\"Error\":{{{deep_json}\"a\":1"), ",\"a\":1"),
    ];
    for document in documents {
        for kept in [64 * KIB, 1024 * KIB] {
            let layer = OssErrorLayer::new().body_limit(kept as usize);
            let (error, allocated) = read(&layer, Large::new(document, None));

            assert!(error.body_kind().is_oss());
            assert!(allocated.bytes_max <= 3 * kept + 64 * KIB, "{allocated:?}");
        }
    }
}

/// The six elements that every error has, in 344 bytes.
const DOCUMENT: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<Error>
  <Code>NoSuchKey</Code>
  <Message>The specified key does not exist.</Message>
  <RequestId>5C3D9175B6FC201293AD4C0D</RequestId>
  <HostId>b.oss-cn-hangzhou.aliyuncs.com</HostId>
  <EC>0026-00000001</EC>
  <RecommendDoc>https://api.aliyun.com/troubleshoot?q=0026-00000001</RecommendDoc>
</Error>
"#;

fn usual_response() -> Response<Bytes> {
    let response = Response::builder().status(404).header("x-oss-request-id", "5C3D9175B6FC201293AD4C0D");
    response.body(Bytes::from_static(DOCUMENT.as_bytes())).unwrap()
}

#[test]
fn an_error_has_its_text_and_one_more_allocation() {
    let response = usual_response();
    let mut error = None;
    let allocated = measure(|| error = Some(OssError::from_response(response)));

    assert_eq!(error.unwrap().code(), "NoSuchKey");
    assert_eq!((allocated.count_current, allocated.count_total), (2, 2));
    assert!(allocated.bytes_total <= 3 * DOCUMENT.len() as u64, "{allocated:?}");
}

#[test]
fn no_more_of_a_shared_body_is_copied_than_is_kept() {
    let body = Bytes::from(DOCUMENT.repeat(24 * 1024)); // 8 MiB
    let response = Response::builder().status(404).body(body.clone()).unwrap();
    let mut error = None;
    let allocated = measure(|| error = Some(OssError::from_response(response)));

    assert_eq!(error.unwrap().code(), "NoSuchKey");
    assert!(allocated.bytes_max <= 256 * KIB, "{allocated:?}");
    drop(body);
}

#[test]
fn a_buffer_that_is_not_shared_is_reused_and_its_unused_part_freed() {
    for spare in [0, 64 * 1024] {
        let mut buffer = Vec::with_capacity(DOCUMENT.len() + spare);
        buffer.extend_from_slice(DOCUMENT.as_bytes());
        let response = usual_response().map(|_| Bytes::from(buffer));
        let mut error = None;
        let allocated = measure(|| error = Some(OssError::from_response(response)));

        assert_eq!(error.unwrap().raw_body(), DOCUMENT.as_bytes());
        assert!(allocated.count_total <= 2, "{allocated:?}");
        assert!(allocated.bytes_current + (spare as i64) < 1024, "{allocated:?}");
    }
}

#[test]
fn an_error_read_by_the_layer_pins_its_body_besides() {
    let response = usual_response().map(Full::new);
    let (result, allocated) = send(&OssErrorLayer::new(), Request::default(), response);

    assert_eq!(result.err().unwrap().request_id(), Some("5C3D9175B6FC201293AD4C0D"));
    assert_eq!((allocated.count_current, allocated.count_total), (2, 3));
}

#[test]
fn an_error_in_frames_of_unknown_number_allocates_no_more() {
    let response = usual_response().map(|body| {
        let frames: Vec<_> =
            body.chunks(body.len().div_ceil(16)).map(|frame| body.slice_ref(frame)).collect();
        StreamBody::new(iter(frames.into_iter().map(|frame| Ok::<_, Infallible>(Frame::data(frame)))))
    });
    let (result, allocated) = send(&OssErrorLayer::new(), Request::default(), response);

    assert_eq!(result.err().unwrap().request_id(), Some("5C3D9175B6FC201293AD4C0D"));
    assert_eq!(allocated.count_total, 3);
}

#[test]
fn headers_are_copied_once_on_first_use() {
    let error = OssError::from_response(usual_response());
    let first = measure(|| assert_eq!(error.headers().len(), 1));
    let again = measure(|| assert_eq!(error.clone().headers().len(), 1));

    assert!((1..=7).contains(&first.count_total), "{first:?}"); // the map, what its texts share, two buffers
    assert_eq!(again.count_total, 0);
}

#[test]
fn accessors_and_clones_of_an_error_allocate_nothing() {
    let error = Error::from(OssError::from_response(usual_response()));
    let allocated = measure(|| {
        let error = error.oss().unwrap().clone();
        assert_eq!(*error.code(), ErrorCode::NoSuchKey);
        assert_eq!(error.message(), Some("The specified key does not exist."));
        assert_eq!(error.request_id(), Some("5C3D9175B6FC201293AD4C0D"));
        assert_eq!(error.field("Key"), None);
        assert!(error.is_not_found() && !error.is_transient());
    });
    assert_eq!(allocated.count_total, 0);
}

/// A service that succeeds, and allocates nothing.
#[derive(Clone)]
struct Fine;

impl Service<Request<()>> for Fine {
    type Response = Response<()>;
    type Error = Error;
    type Future = Ready<Result<Response<()>, Error>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<()>) -> Self::Future {
        ready(Ok(Response::new(())))
    }
}

/// The minimum cost of tower's retry layer: it clones every request.
#[derive(Clone)]
struct Never;

impl Policy<Request<()>, Response<()>, Error> for Never {
    type Future = Ready<()>;

    fn retry(&mut self, _: &mut Request<()>, _: &mut Result<Response<()>, Error>) -> Option<Ready<()>> {
        None
    }

    fn clone_request(&mut self, request: &Request<()>) -> Option<Request<()>> {
        Some(request.clone())
    }
}

#[test]
fn the_retry_policy_allocates_nothing_for_a_success() {
    fn allocated(mut service: impl Service<Request<()>, Error = Error>) -> AllocationInfo {
        let request = Request::get("https://b.oss/k?a").header("date", "now").body(()).unwrap();
        measure(|| assert!(service.call(request).now_or_never().unwrap().is_ok()))
    }
    let least = allocated(Retry::new(Never, Fine));
    assert!(least.count_total > 0, "tower clones the request");
    let with_hooks =
        RetryPolicy::new().on_retry(|event| panic!("{event:?}")).on_give_up(|event| panic!("{event:?}"));
    for policy in [RetryPolicy::new(), with_hooks] {
        assert_eq!(allocated(Retry::new(policy, Fine)).count_total, least.count_total);
    }
}

/// A server that responds to every request with an error whose body has this head and never ends.
fn endless_server(head: &'static str) -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let _ = stream.read(&mut [0; 4096]);
            let _ = write!(stream, "HTTP/1.1 500 Internal Server Error\r\n{head}\r\n\r\n");
            let piece = [b"4000\r\n", &[b'x'; 0x4000][..], b"\r\n"].concat();
            while stream.write_all(&piece).is_ok() {}
        }
    });
    address
}

#[test]
fn an_endless_body_over_a_socket_takes_less_than_a_mebibyte_of_the_process() {
    for head in ["transfer-encoding: chunked", "content-length: 104857600"] {
        let address = endless_server(head);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let client = Client::builder(TokioExecutor::new()).build_http::<Empty<Bytes>>();
        let request = Request::get(format!("http://{address}/")).body(Empty::new()).unwrap();
        let mut error = None;
        let allocated = measure(|| {
            let called = OssErrorLayer::new().layer(client.clone()).oneshot(request.clone());
            error = runtime.block_on(called).err();
        });
        let error = error.and_then(Error::into_oss).expect("an error of the server");
        assert_eq!(error.body_state(), BodyState::Truncated);
        assert!(allocated.bytes_max < 1024 * KIB, "{head}: {allocated:?}");
    }
}
