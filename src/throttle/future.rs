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
    error::{ErrorClass, FindOssError, LastError, OssError, ThrottleReason, ThrottledError},
};

pin_project! {
    /// What [`Throttle`](crate::Throttle) returns: waits for the turn of its request, then for the answer.
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
        Sent { #[pin] inner: S::Future, shared: Shared, sent: Instant },
        /// Its turn cannot come in time.
        Rejected { error: Option<ThrottledError> },
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
    reason: ThrottleReason,
}

impl Limit {
    pub(super) fn of<B>(request: &Request<B>, max_wait: Duration, now: Instant) -> Self {
        let by_wait = Self { until: far(now, max_wait), reason: ThrottleReason::MaxWait };
        match Deadline::of(request).map(Deadline::moment) {
            Some(until) if until <= by_wait.until => Self { until, reason: ThrottleReason::Deadline },
            _ => by_wait,
        }
    }

    pub(super) fn patience(&self, now: Instant) -> Duration {
        self.until.saturating_duration_since(now)
    }

    pub(super) fn reason(&self) -> ThrottleReason {
        self.reason
    }
}

impl<S, B> ResponseFuture<S, B>
where
    S: Service<Request<B>>,
{
    pub(super) fn sent(inner: S::Future, shared: Shared, sent: Instant) -> Self {
        Self { state: State::Sent { inner, shared, sent } }
    }

    pub(super) fn waiting(inner: S, request: Request<B>, turn: Turn, limit: Limit, now: Instant) -> Self {
        let timer = sleep_until(now);
        let waiting = Waiting { turn, inner, request: Some(request), since: now, limit, timer };
        Self { state: State::Waiting { waiting: Box::pin(waiting) } }
    }

    pub(super) fn rejected(request: &Request<B>, reason: ThrottleReason, wait: Duration) -> Self {
        Self { state: State::Rejected { error: Some(rejection(request, reason, wait)) } }
    }
}

fn rejection<B>(request: &Request<B>, reason: ThrottleReason, wait: Duration) -> ThrottledError {
    let last = request.extensions().get().map(|LastError(error)| error.clone());
    ThrottledError::new(reason, wait, last)
}

impl<S, B> Future for ResponseFuture<S, B>
where
    S: Service<Request<B>>,
    S::Error: FindOssError + From<ThrottledError>,
{
    type Output = Result<S::Response, S::Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut state = self.project().state;
        loop {
            match state.as_mut().project() {
                StateProj::Waiting { waiting } => {
                    // Either way its place is given up at once.
                    let next = match ready!(waiting.as_mut().poll(cx)) {
                        Ok((inner, shared)) => State::Sent { inner, shared, sent: Instant::now() },
                        Err(error) => State::Rejected { error: Some(error) },
                    };
                    state.set(next);
                }
                StateProj::Sent { inner, shared, sent } => {
                    let result = ready!(inner.poll(cx));
                    report(shared, &result, *sent);
                    return Poll::Ready(result);
                }
                StateProj::Rejected { error } => {
                    // INVARIANT: a future is not polled again once it is ready.
                    let error = error.take().expect("ResponseFuture polled after it was ready");
                    return Poll::Ready(Err(error.into()));
                }
            }
        }
    }
}

impl<S, B> Waiting<S, B>
where
    S: Service<Request<B>>,
{
    /// Ready when the request is sent.
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(S::Future, Shared), ThrottledError>> {
        let mut this = self.project();
        loop {
            let now = Instant::now();
            // INVARIANT: a future is not polled again once it is ready.
            let Some(request) = this.request.take() else {
                panic!("ResponseFuture polled after it was sent")
            };
            if now > this.limit.until {
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

/// Tells the limiter what came back, and marks an error that the throttle paces.
fn report<T, E: FindOssError>(shared: &Shared, result: &Result<T, E>, sent: Instant) {
    if result.as_ref().is_err_and(FindOssError::is_rejection) {
        return; // of another throttle, further in: nothing was sent
    }
    let now = Instant::now();
    let (answer, error) = match result.as_ref().map_err(FindOssError::oss_error) {
        Ok(_) => (Answer::Accepted, None),
        Err(Some(error)) => (answer_of(error), Some(error)),
        Err(None) => return, // no answer: it tells nothing about the load of the server
    };
    let paced = shared.answered(answer, error.and_then(OssError::retry_after), sent, now);
    if let Some(error) = error.filter(|_| paced) {
        error.notes().set_paced();
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
