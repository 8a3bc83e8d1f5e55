use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{Method, Request, Response, Uri};
use tokio::time::{Sleep, sleep};
use tower::Service;

use super::{
    Answer, AnswerBody, ReadingBodies,
    script::{Script, ScriptEnded},
};
use crate::error::BoxError;

/// Service that returns scripted responses in order, and records the requests.
///
/// Clones share the script and the record. A response to HEAD has no body. Its error document is in
/// the header `x-oss-err`, as with OSS. When no [`Answer`] is left, calls fail with an error that
/// names the method and the path. Over [`serve`](Self::serve), they get a 501 with that text.
///
/// The request body can have any type, and is dropped. To read and record it, use
/// [`reading_bodies`](Self::reading_bodies), or a real server with [`serve`](Self::serve).
///
/// # Examples
///
/// ```
/// use http::{Method, Request};
/// use tower::ServiceExt;
/// use tower_oss::{ErrorCode, test_util::{Answer, ErrorResponse, Scripted}};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let oss = Scripted::new([Answer::ok("first"), Answer::ok("second")]);
/// oss.on(Method::DELETE, "/k", [ErrorResponse::new(ErrorCode::AccessDenied)]);
///
/// let status = async |method: Method| {
///     let request = Request::builder().method(method).uri("/k").body(()).unwrap();
///     oss.clone().oneshot(request).await.unwrap().status()
/// };
/// assert_eq!(status(Method::GET).await, 200); // the first of the script
/// assert_eq!(status(Method::DELETE).await, 403); // by method and path
/// assert_eq!(status(Method::DELETE).await, 403); // the last one repeats
/// assert_eq!(oss.requests().len(), 3);
/// # }
/// ```
#[derive(Clone, Debug, Default)]
pub struct Scripted {
    script: Arc<Mutex<Script>>,
}

impl Scripted {
    /// Creates a service with this script.
    #[must_use]
    pub fn new(answers: impl IntoIterator<Item = Answer>) -> Self {
        let scripted = Self::default();
        scripted.lock().answers.extend(answers);
        scripted
    }

    /// Adds an [`Answer`] to the end of the script.
    pub fn push(&self, answer: impl Into<Answer>) {
        self.lock().answers.push_back(answer.into());
    }

    /// Scripts the responses for one method and path. The last one repeats.
    ///
    /// A path with a query (`/k?uploads`) matches requests with exactly this query. A path without
    /// one matches every other query. A second list for the same method and path replaces the
    /// first.
    ///
    /// # Panics
    ///
    /// Panics if no request can have this path: it must begin with `/`, as in `/k` or `/k?uploads`,
    /// and be escaped as in a URL.
    pub fn on<A: Into<Answer>>(
        &self,
        method: Method,
        path: impl Into<String>,
        answers: impl IntoIterator<Item = A>,
    ) {
        let path = path.into();
        let is_valid = path.starts_with('/') && path.parse().is_ok_and(|uri: Uri| uri.to_string() == path);
        assert!(is_valid && !path.ends_with('?'), "no request has the path {path:?}");
        let answers = answers.into_iter().map(Into::into).collect();
        self.lock().route(method, path, answers);
    }

    /// Returns the requests that were received, in order.
    ///
    /// Their bodies are empty, unless [`reading_bodies`](Self::reading_bodies) or
    /// [`serve`](Self::serve) read them.
    #[must_use]
    pub fn requests(&self) -> Vec<Request<Bytes>> {
        self.lock().requests.clone()
    }

    /// Creates a service that reads the body of each request to its end before it responds, like a
    /// server.
    #[must_use]
    pub fn reading_bodies(&self) -> ReadingBodies {
        ReadingBodies::new(self.clone())
    }

    pub(super) fn respond(&self, request: Request<Bytes>) -> ResponseFuture {
        let mut script = self.lock();
        let result = match script.next(request.method(), request.uri()) {
            Some(answer) => ResponseFuture::new(&answer, request.method() == Method::HEAD),
            None => ResponseFuture::ended(ScriptEnded::of(&request).into()),
        };
        script.requests.push(request);
        result
    }

    pub(super) fn record(&self, request: Request<Bytes>) {
        self.lock().requests.push(request);
    }

    fn lock(&self) -> MutexGuard<'_, Script> {
        self.script.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<B> Service<Request<B>> for Scripted {
    type Response = Response<AnswerBody>;
    type Error = BoxError;
    type Future = ResponseFuture;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> ResponseFuture {
        self.respond(request.map(|_| Bytes::new()))
    }
}

/// Response future for [`Scripted`].
pub struct ResponseFuture {
    delay: Option<Pin<Box<Sleep>>>,
    /// `None` if it was returned already, or will never be returned.
    result: Option<Result<Response<AnswerBody>, BoxError>>,
}

impl ResponseFuture {
    fn ended(error: BoxError) -> Self {
        Self { delay: None, result: Some(Err(error)) }
    }

    fn new(answer: &Answer, is_head: bool) -> Self {
        Self {
            delay: (!answer.delay.is_zero()).then(|| Box::pin(sleep(answer.delay))),
            result: answer.result(is_head).map(|result| result.map_err(Into::into)),
        }
    }
}

impl Future for ResponseFuture {
    type Output = Result<Response<AnswerBody>, BoxError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        if self.delay.as_mut().is_some_and(|delay| delay.as_mut().poll(cx).is_pending()) {
            return Poll::Pending;
        }
        self.delay = None;
        self.result.take().map_or(Poll::Pending, Poll::Ready)
    }
}

impl fmt::Debug for ResponseFuture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture").finish_non_exhaustive()
    }
}
