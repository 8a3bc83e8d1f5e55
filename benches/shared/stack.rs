//! Services with and without the layer.

use std::{
    cell::Cell,
    collections::VecDeque,
    convert::Infallible,
    future::Ready,
    hint::black_box,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, Waker},
};

use bytes::Bytes;
use http::{Request, Response};
use http_body::{Body, Frame};
use http_body_util::Empty;
use tower::{BoxError, Service, retry::Policy};

/// A service that returns its one response at once.
///
/// Like that of an HTTP client, its future is small, reads its waker, and is too large to be
/// inlined.
#[derive(Clone)]
pub struct Once<B>(pub Slot<B>);

/// The slot with the next response.
pub type Slot<B> = Rc<Cell<Option<Box<Response<B>>>>>;

/// The future of [`Once`].
pub struct OnceFuture<B>(Option<Box<Response<B>>>);

impl<B> Future for OnceFuture<B> {
    type Output = Result<Response<B>, BoxError>;

    #[inline(never)]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        black_box(cx.waker());
        Poll::Ready(Ok(*self.0.take().unwrap()))
    }
}

impl<B, Q> Service<Request<Q>> for Once<B> {
    type Response = Response<B>;
    type Error = BoxError;
    type Future = OnceFuture<B>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    #[inline(never)]
    fn call(&mut self, _: Request<Q>) -> Self::Future {
        OnceFuture(self.0.take())
    }
}

/// The minimum cost of tower's retry layer: it clones every request.
#[derive(Clone)]
pub struct NeverAgain;

impl<B: Clone, R> Policy<Request<B>, Response<R>, BoxError> for NeverAgain {
    type Future = Ready<()>;

    fn retry(&mut self, _: &mut Request<B>, _: &mut Result<Response<R>, BoxError>) -> Option<Self::Future> {
        None
    }

    fn clone_request(&mut self, request: &Request<B>) -> Option<Request<B>> {
        Some(request.clone())
    }
}

/// A body of several frames that are ready at once, of unknown length, like a chunked one.
pub struct Frames(VecDeque<Bytes>);

impl Frames {
    /// Splits a body into this many frames.
    pub fn new(body: &str, frames: usize) -> Self {
        let body = Bytes::from(body.to_owned());
        let size = body.len().div_ceil(frames);
        Self((0..body.len()).step_by(size).map(|at| body.slice(at..body.len().min(at + size))).collect())
    }
}

impl Body for Frames {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.0.pop_front().map(|data| Ok(Frame::data(data))))
    }
}

/// A request that uploads a part, signed in the query or not.
pub fn request(method: &str, signed: bool) -> Request<Empty<Bytes>> {
    let uri = "https://bucket.oss-cn-hangzhou.aliyuncs.com/key?partNumber=1&uploadId=0004B9895DBBB6EC98E36";
    let query = if signed {
        "&x-oss-signature-version=OSS4-HMAC-SHA256&x-oss-date=20261122T100000Z&x-oss-expires=3600\
         &x-oss-credential=LTAI0123456789abcdefghij%2F20261122%2Fcn-hangzhou%2Foss%2Faliyun_v4_request\
         &x-oss-signature=0000000000000000000000000000000000000000000000000000000000000000"
    } else {
        ""
    };
    Request::builder()
        .method(method)
        .uri(format!("{uri}{query}"))
        .header("host", "bucket.oss-cn-hangzhou.aliyuncs.com")
        .header("date", "Sun, 22 Nov 2026 10:00:00 GMT")
        .header("content-type", "application/octet-stream")
        .header("content-length", "0")
        .header("authorization", "OSS4-HMAC-SHA256 Credential=LTAI0123456789abcdefghij")
        .body(Empty::new())
        .unwrap()
}

/// Sends a request to a service that never returns `Pending`.
pub fn send<S, Q>(service: &mut S, request: Request<Q>) -> Result<S::Response, S::Error>
where
    S: Service<Request<Q>>,
{
    let mut context = Context::from_waker(Waker::noop());
    let Poll::Ready(ready) = service.poll_ready(&mut context) else { unreachable!("always ready") };
    ready?;
    let mut call = std::pin::pin!(service.call(request));
    let Poll::Ready(result) = call.as_mut().poll(&mut context) else { unreachable!("nothing to wait for") };
    result
}
