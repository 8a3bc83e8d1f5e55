use std::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use http::Request;
use pin_project_lite::pin_project;
use tokio::time::{Instant, Sleep, sleep_until};
use tower::Service;

use super::{
    rate::Answer,
    shared::{Shared, Turn},
};
use crate::{
    deadline::{Deadline, far},
    error::{ErrorClass, FindOssError, LastError, NotSentError, NotSentReason, OssError},
};

pin_project! {
    /// What [`Throttle`](crate::throttle::Throttle) returns: waits for the turn of its request, then for the answer.
    ///
    /// # Cancel safety
    ///
    /// Dropping it at any point is safe. While it waits, its place is given up, and a turn that had come already
    /// goes to the next one.
    pub struct ResponseFuture<S, B>
    where
        S: Service<Request<B>>,
    {
        #[pin]
        state: State<S, B>,
    }
}

pin_project! {
    #[project = StateProj]
    enum State<S, B>
    where
        S: Service<Request<B>>,
    {
        /// Its turn has not come. Boxed: most calls never wait.
        Waiting { waiting: Pin<Box<Waiting<S, B>>> },
        /// It is sent.
        Sent { #[pin] inner: S::Future, shared: Shared, looked: f64 },
        /// Its turn cannot come in time.
        Rejected { error: Option<NotSentError> },
    }
}

pin_project! {
    struct Waiting<S, B> {
        turn: Turn,
        inner: S,
        request: Option<Request<B>>,
        since: Instant,
        limit: Limit,
        #[pin]
        timer: Sleep,
    }
}

/// Until when a request can wait, and what it is that would pass then.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limit {
    until: Instant,
    reason: NotSentReason,
}

impl Limit {
    pub(super) fn of(deadline: Option<Deadline>, max_wait: Duration, now: Instant) -> Self {
        let by_wait = Self { until: far(now, max_wait), reason: NotSentReason::MaxWait };
        match deadline.map(Deadline::moment) {
            Some(until) if until <= by_wait.until => Self { until, reason: NotSentReason::Deadline },
            _ => by_wait,
        }
    }

    pub(super) fn patience(&self, now: Instant) -> Duration {
        self.until.saturating_duration_since(now)
    }

    pub(super) fn is_over(&self, now: Instant) -> bool {
        self.until < now
    }

    pub(super) fn reason(&self) -> NotSentReason {
        self.reason
    }
}

impl<S, B> ResponseFuture<S, B>
where
    S: Service<Request<B>>,
{
    pub(super) fn sent(inner: S::Future, shared: Shared) -> Self {
        Self { state: State::sent(inner, shared) }
    }

    pub(super) fn waiting(inner: S, request: Request<B>, turn: Turn, limit: Limit, now: Instant) -> Self {
        let timer = sleep_until(now);
        let waiting = Waiting { turn, inner, request: Some(request), since: now, limit, timer };
        Self { state: State::Waiting { waiting: Box::pin(waiting) } }
    }

    pub(super) fn rejected(request: &Request<B>, reason: NotSentReason, wait: Duration) -> Self {
        Self { state: State::Rejected { error: Some(rejection(request, reason, wait)) } }
    }
}

fn rejection<B>(request: &Request<B>, reason: NotSentReason, wait: Duration) -> NotSentError {
    let last = request.extensions().get().map(|LastError(error)| error.clone());
    NotSentError::new(reason, wait, last)
}

impl<S, B> Future for ResponseFuture<S, B>
where
    S: Service<Request<B>>,
    S::Error: FindOssError + From<NotSentError>,
{
    type Output = Result<S::Response, S::Error>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut state = self.project().state;
        if !matches!(*state, State::Sent { .. }) {
            if let Err(error) = ready!(state.as_mut().poll_turn(cx)) {
                return Poll::Ready(Err(error.into()));
            }
        }
        state.poll_sent(cx)
    }
}

impl<S, B> State<S, B>
where
    S: Service<Request<B>>,
{
    fn sent(inner: S::Future, shared: Shared) -> Self {
        let looked = shared.calm().looked();
        Self::Sent { inner, shared, looked }
    }

    /// Ready when the request is sent.
    #[inline(never)]
    fn poll_turn(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), NotSentError>> {
        let turn = match self.as_mut().project() {
            StateProj::Waiting { waiting } => ready!(waiting.as_mut().poll(cx)),
            // INVARIANT: a future is not polled again once it is ready.
            StateProj::Rejected { error } => {
                Err(error.take().expect("ResponseFuture polled after it was ready"))
            }
            StateProj::Sent { .. } => return Poll::Ready(Ok(())),
        };
        // Either way its place is given up at once.
        let (state, result) = match turn {
            Ok((inner, shared)) => (State::sent(inner, shared), Ok(())),
            Err(error) => (State::Rejected { error: None }, Err(error)),
        };
        self.set(state);
        Poll::Ready(result)
    }

    /// The answer; the limiter is told of it. What the inner future returns is returned where it stands.
    #[inline]
    fn poll_sent(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<S::Response, S::Error>>
    where
        S::Error: FindOssError,
    {
        let StateProj::Sent { inner, shared, looked } = self.project() else {
            // INVARIANT: whoever had no turn yet has returned, or got it.
            unreachable!("an answer is waited for that nobody asked for")
        };
        let polled = inner.poll(cx);
        match &polled {
            Poll::Ready(Ok(_)) => shared.accepted(*looked),
            Poll::Ready(Err(error)) => failed(shared, error, *looked),
            Poll::Pending => {}
        }
        polled
    }
}

impl<S, B> Waiting<S, B>
where
    S: Service<Request<B>>,
{
    /// Ready when the request is sent.
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(S::Future, Shared), NotSentError>> {
        let mut this = self.project();
        loop {
            let now = Instant::now();
            // INVARIANT: a future is not polled again once it is ready.
            let Some(request) = this.request.take() else {
                panic!("ResponseFuture polled after it was sent")
            };
            if this.limit.is_over(now) {
                return Poll::Ready(Err(rejection(&request, this.limit.reason, now - *this.since)));
            }
            let nap = match this.turn.poll(now, cx) {
                Ok(()) => return Poll::Ready(Ok((this.inner.call(request), this.turn.shared().clone()))),
                Err(nap) => nap,
            };
            if now >= this.limit.until {
                return Poll::Ready(Err(rejection(&request, this.limit.reason, now - *this.since)));
            }
            *this.request = Some(request);
            this.timer.as_mut().reset(far(now, nap).min(this.limit.until));
            ready!(this.timer.as_mut().poll(cx));
        }
    }
}

/// Tells the limiter about an error, and marks one that the throttle paces.
fn failed<E: FindOssError>(shared: &Shared, error: &E, looked: f64) {
    if error.is_not_sent() {
        return; // of another throttle, further in: nothing was sent
    }
    // Without an answer, it tells nothing about the load of the server.
    let Some(error) = error.oss_error() else { return };
    match answer_of(error) {
        Answer::Accepted => shared.accepted(looked),
        answer => {
            if shared.answered(answer, error.retry_after(), looked) {
                error.notes().set_paced();
            }
        }
    }
}

fn answer_of(error: &OssError) -> Answer {
    match error.class() {
        ErrorClass::Throttling => Answer::Throttled,
        ErrorClass::Server => Answer::Failed,
        _ => Answer::Accepted,
    }
}

impl<S, B> fmt::Debug for ResponseFuture<S, B>
where
    S: Service<Request<B>>,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture").finish_non_exhaustive()
    }
}
