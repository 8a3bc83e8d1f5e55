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
    limiter::Entry,
    shared::{Shared, Turn},
};
use crate::{
    Deadline,
    error::{FindOssError, ThrottleReason, ThrottledError},
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
    S::Error: FindOssError + From<ThrottledError>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = ResponseFuture<S, B>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    #[inline]
    fn call(&mut self, request: Request<B>) -> Self::Future {
        let in_time = |deadline: Deadline| deadline.moment() >= Instant::now();
        if Deadline::of(&request).is_none_or(in_time) && self.shared.calm().take() {
            ResponseFuture::sent(self.inner.call(request), self.shared.clone())
        } else {
            self.enter(request)
        }
    }
}

impl<S> Throttle<S> {
    /// Apart from the short way, which is there to be inlined.
    #[inline(never)]
    fn enter<B>(&mut self, request: Request<B>) -> ResponseFuture<S, B>
    where
        S: Service<Request<B>> + Clone,
    {
        let now = Instant::now();
        if Deadline::of(&request).is_some_and(|deadline| deadline.moment() < now) {
            return ResponseFuture::rejected(&request, ThrottleReason::Deadline, Duration::ZERO);
        }
        let limit = || Limit::of(&request, self.shared.settings().max_wait, now);
        match self.shared.enter(|| limit().patience(now), now) {
            Entry::Go => ResponseFuture::sent(self.inner.call(request), self.shared.clone()),
            Entry::Wait(ticket) => {
                let limit = limit();
                // The one that is ready waits along; the clone that stays has to be polled ready anew.
                let clone = self.inner.clone();
                let inner = mem::replace(&mut self.inner, clone);
                ResponseFuture::waiting(inner, request, Turn::new(self.shared.clone(), ticket), limit, now)
            }
            Entry::TooLong(wait) => ResponseFuture::rejected(&request, limit().reason(), duration(wait)),
            Entry::TooMany(wait) => {
                ResponseFuture::rejected(&request, ThrottleReason::MaxWaiting, duration(wait))
            }
        }
    }
}

fn duration(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX)
}
