use std::{
    mem,
    task::{Context, Poll},
    time::Duration,
};

use http::Request;
use tokio::time::Instant;
use tower::Service;

use super::{
    future::{Limit, ResponseFuture},
    limiter::NotYet,
    shared::{Shared, Turn},
};
use crate::{
    Deadline,
    error::{FindOssError, NotSentError, NotSentReason},
};

/// The service that [`ThrottleLayer`](crate::ThrottleLayer) makes. Its clones share one limiter.
#[derive(Clone, Debug)]
pub struct Throttle<S> {
    inner: S,
    shared: Shared,
}

impl<S> Throttle<S> {
    pub(super) fn new(inner: S, shared: Shared) -> Self {
        Self { inner, shared }
    }

    /// The wrapped service.
    pub fn get_ref(&self) -> &S {
        &self.inner
    }

    /// The wrapped service, to change it.
    pub fn get_mut(&mut self) -> &mut S {
        &mut self.inner
    }

    /// The wrapped service, by value.
    pub fn into_inner(self) -> S {
        self.inner
    }
}

impl<S, B> Service<Request<B>> for Throttle<S>
where
    S: Service<Request<B>> + Clone,
    S::Error: FindOssError + From<NotSentError>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = ResponseFuture<S, B>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    #[inline]
    fn call(&mut self, request: Request<B>) -> Self::Future {
        let deadline = Deadline::of(&request);
        let in_time = |deadline: Deadline| deadline.moment() >= Instant::now();
        if deadline.is_none_or(in_time) && self.shared.calm().take() {
            return ResponseFuture::sent(self.inner.call(request), self.shared.clone());
        }
        match self.look(deadline) {
            Ok(()) => ResponseFuture::sent(self.inner.call(request), self.shared.clone()),
            Err(not_yet) => self.wait(request, not_yet),
        }
    }
}

impl<S> Throttle<S> {
    #[inline(never)]
    fn look(&self, deadline: Option<Deadline>) -> Result<(), NotYet> {
        let now = Instant::now();
        if deadline.is_some_and(|deadline| deadline.moment() < now) {
            return Err(NotYet::TooLong(0.0));
        }
        let limit = || Limit::of(deadline, self.shared.settings().max_wait, now);
        self.shared.enter(|| limit().patience(now), now)
    }

    #[cold]
    #[inline(never)]
    fn wait<B>(&mut self, request: Request<B>, not_yet: NotYet) -> ResponseFuture<S, B>
    where
        S: Service<Request<B>> + Clone,
    {
        let now = Instant::now();
        let limit = Limit::of(Deadline::of(&request), self.shared.settings().max_wait, now);
        match not_yet {
            NotYet::Wait(ticket) => {
                // The one that is ready waits along; the clone that stays has to be polled ready anew.
                let clone = self.inner.clone();
                let inner = mem::replace(&mut self.inner, clone);
                ResponseFuture::waiting(inner, request, Turn::new(self.shared.clone(), ticket), limit, now)
            }
            NotYet::TooLong(wait) => ResponseFuture::rejected(&request, limit.reason(), duration(wait)),
            NotYet::TooMany(wait) => {
                ResponseFuture::rejected(&request, NotSentReason::QueueFull, duration(wait))
            }
        }
    }
}

fn duration(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX)
}
