//! The service: takes a permit, or puts the call into the queue.

use std::{
    mem,
    task::{Context, Poll},
};

use http::{Request, Response};
use tower::Service;

use super::{
    future::{ResponseFuture, end_of, limits_itself},
    shared::{Position, Shared},
};
use crate::error::{FindOssError, NotSentError};

/// Middleware that limits the request rate to what OSS accepts. Clones share one limiter.
///
/// The inner service must be `Clone`: a call that waits takes the service that is ready, and a
/// clone replaces it. Its error must be one of this crate's, or a `BoxError`.
#[derive(Clone, Debug)]
pub struct Throttle<S> {
    inner: S,
    shared: Shared,
}

impl<S> Throttle<S> {
    pub(super) fn new(inner: S, shared: Shared) -> Self {
        Self { inner, shared }
    }

    /// Gets a reference to the inner service.
    pub fn get_ref(&self) -> &S {
        &self.inner
    }

    /// Gets a mutable reference to the inner service.
    pub fn get_mut(&mut self) -> &mut S {
        &mut self.inner
    }

    /// Consumes `self`, returning the inner service.
    pub fn into_inner(self) -> S {
        self.inner
    }
}

impl<S, B, R> Service<Request<B>> for Throttle<S>
where
    S: Service<Request<B>, Response = Response<R>> + Clone,
    S::Error: FindOssError + From<NotSentError>,
{
    type Response = Response<R>;
    type Error = S::Error;
    type Future = ResponseFuture<S, B>;

    /// Forwards to the inner service. It is the future that waits for a permit.
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    #[inline]
    fn call(&mut self, request: Request<B>) -> Self::Future {
        let now = self.shared.now();
        let deadline = end_of(&request).map(|(end, _)| self.shared.since_start(end));
        if deadline.is_none_or(|deadline| deadline >= now) && self.shared.take(now) {
            let limited = limits_itself(&request);
            return ResponseFuture::sent(self.inner.call(request), self.shared.clone(), now, limited);
        }
        self.wait(request, deadline, now)
    }
}

impl<S> Throttle<S> {
    #[cold]
    #[inline(never)]
    fn wait<B>(&mut self, request: Request<B>, deadline: Option<f64>, now: f64) -> ResponseFuture<S, B>
    where
        S: Service<Request<B>> + Clone,
    {
        // The service that is ready waits, too; the clone that replaces it must be polled ready
        // first.
        let clone = self.inner.clone();
        let inner = mem::replace(&mut self.inner, clone);
        ResponseFuture::waiting(inner, request, Position::new(self.shared.clone(), deadline, now))
    }
}
