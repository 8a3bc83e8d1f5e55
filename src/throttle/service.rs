//! The service: takes a permit, or puts the call into the queue.

use std::{
    mem,
    task::{Context, Poll},
    time::Duration,
};

use http::{Request, Response};
use tokio::time::Instant;
use tower::Service;

use super::{
    future::{ResponseFuture, limits_itself, rejection},
    limiter::Entry,
    shared::{Position, Shared},
};
use crate::{
    deadline::Deadline,
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

    /// Returns the inner service.
    pub fn get_ref(&self) -> &S {
        &self.inner
    }

    /// Returns the inner service, to change it.
    pub fn get_mut(&mut self) -> &mut S {
        &mut self.inner
    }

    /// Returns the inner service, by value.
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
        let now = Instant::now();
        let deadline = Deadline::of(&request);
        let entry = match deadline {
            Some(deadline) if deadline.moment() < now => {
                Entry::Rejected { reason: NotSentReason::Deadline, wait: 0.0 }
            }
            _ => self.shared.enter(deadline, now),
        };
        if entry == Entry::Permit {
            let sent = self.shared.since_start(now);
            let limited = limits_itself(&request);
            return ResponseFuture::sent(self.inner.call(request), self.shared.clone(), sent, limited);
        }
        self.wait(request, entry, now)
    }
}

impl<S> Throttle<S> {
    #[cold]
    #[inline(never)]
    fn wait<B>(&mut self, request: Request<B>, entry: Entry, now: Instant) -> ResponseFuture<S, B>
    where
        S: Service<Request<B>> + Clone,
    {
        match entry {
            Entry::Wait { ticket, until, reason } => {
                // The service that is ready waits, too; the clone that replaces it must be polled
                // ready first.
                let clone = self.inner.clone();
                let inner = mem::replace(&mut self.inner, clone);
                let position = Position::new(self.shared.clone(), ticket, until, reason, now);
                ResponseFuture::waiting(inner, request, position)
            }
            Entry::Rejected { reason, wait } => {
                let wait = Duration::try_from_secs_f64(wait).unwrap_or(Duration::MAX);
                ResponseFuture::rejected(rejection(&request, reason, wait))
            }
            // INVARIANT: the caller sends a request that has its permit.
            Entry::Permit => unreachable!("a call with a permit does not wait"),
        }
    }
}
