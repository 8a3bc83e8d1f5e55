//! The future of a call: waits for a permit, sends the request, and reports its result.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use http::{Request, Response};
use pin_project_lite::pin_project;
use tokio::time::{Instant, Sleep, sleep};
use tower::Service;

use super::{
    limiter::Polled,
    rate::Outcome,
    shared::{Position, Report, Shared},
};
use crate::{
    deadline::{Deadline, MaxElapsed},
    error::{
        ErrorClass, FindOssError, LastError, NotSentError, NotSentReason, OssError, X_OSS_REQUEST_ID,
        X_OSS_TRAFFIC_LIMIT, qos_delay,
    },
};

pin_project! {
    /// Response future for [`Throttle`](crate::throttle::Throttle): waits for a permit, sends the
    /// request, and waits for the response.
    ///
    /// # Cancel safety
    ///
    /// Dropping it at any time is safe: a waiting call leaves the queue, and uses no permit.
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
        /// Boxed: most calls never wait.
        Queued { call: Pin<Box<Queued<S, B>>> },
        Sent { #[pin] inner: S::Future, shared: Shared, sent: f64, limited: bool },
    }
}

pin_project! {
    struct Queued<S, B> {
        position: Position,
        inner: S,
        request: Option<Request<B>>,
        #[pin]
        timer: Sleep,
    }
}

impl<S, B> ResponseFuture<S, B>
where
    S: Service<Request<B>>,
{
    pub(super) fn sent(inner: S::Future, shared: Shared, sent: f64, limited: bool) -> Self {
        Self { state: State::Sent { inner, shared, sent, limited } }
    }

    pub(super) fn waiting(inner: S, request: Request<B>, position: Position) -> Self {
        let timer = sleep(Duration::ZERO);
        let call = Queued { position, inner, request: Some(request), timer };
        Self { state: State::Queued { call: Box::pin(call) } }
    }
}

fn rejection<B>(request: &Request<B>, reason: NotSentReason, wait: Duration) -> NotSentError {
    let reason = match (reason, end_of(request)) {
        (NotSentReason::Deadline, Some((_, reason))) => reason,
        _ => reason,
    };
    #[cfg(feature = "tracing")]
    tracing::event!(
        target: "tower_oss",
        tracing::Level::DEBUG,
        http.request.method = request.method().as_str(),
        "error.type" = reason.as_str(),
        oss.throttle.wait_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX),
        "request not sent: no permit in time"
    );
    let last = request.extensions().get().map(|LastError(error)| error.clone());
    NotSentError::new(reason, wait, last)
}

/// When a request may be sent at the latest, and why.
pub(super) fn end_of<B>(request: &Request<B>) -> Option<(Instant, NotSentReason)> {
    let deadline = Deadline::of(request).map(|deadline| (deadline.moment(), NotSentReason::Deadline));
    let limit = MaxElapsed::of(request).map(|limit| (limit.0, NotSentReason::MaxElapsed));
    deadline.into_iter().chain(limit).min_by_key(|(end, _)| *end)
}

/// Whether the request itself limits its bandwidth. A delay of its response says nothing of the
/// account then.
pub(super) fn limits_itself<B>(request: &Request<B>) -> bool {
    let in_query = || request.uri().query().is_some_and(|query| query.contains("x-oss-traffic-limit="));
    request.headers().contains_key(&X_OSS_TRAFFIC_LIMIT) || in_query()
}

impl<S, B, R> Future for ResponseFuture<S, B>
where
    S: Service<Request<B>, Response = Response<R>>,
    S::Error: FindOssError + From<NotSentError>,
{
    type Output = Result<Response<R>, S::Error>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut state = self.project().state;
        if !matches!(*state, State::Sent { .. }) {
            ready!(state.as_mut().poll_permit(cx))?;
        }
        state.poll_response(cx)
    }
}

impl<S, B> State<S, B>
where
    S: Service<Request<B>>,
{
    /// Ready when the request is sent.
    #[inline(never)]
    fn poll_permit(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), NotSentError>> {
        if let StateProj::Queued { call } = self.as_mut().project() {
            let sent = ready!(call.as_mut().poll(cx))?;
            self.set(sent);
        }
        Poll::Ready(Ok(()))
    }

    #[inline]
    fn poll_response<R>(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<Response<R>, S::Error>>
    where
        S: Service<Request<B>, Response = Response<R>>,
        S::Error: FindOssError,
    {
        let StateProj::Sent { inner, shared, sent, limited } = self.project() else {
            // INVARIANT: the caller has made sure that it is sent.
            unreachable!("the response of a request that was not sent")
        };
        let polled = inner.poll(cx);
        match &polled {
            Poll::Ready(Ok(response)) => {
                shared.report(report_of_response(response, *limited), *sent);
            }
            Poll::Ready(Err(error)) => failed(shared, error, *sent),
            Poll::Pending => {}
        }
        polled
    }
}

impl<S, B> Queued<S, B>
where
    S: Service<Request<B>>,
{
    /// Ready when the request is sent.
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<State<S, B>, NotSentError>> {
        let mut this = self.project();
        loop {
            let now = this.position.shared().now();
            match this.position.poll(now, cx) {
                Polled::Pending(until) => {
                    this.timer.as_mut().reset(this.position.shared().moment(until));
                    ready!(this.timer.as_mut().poll(cx));
                }
                Polled::Permit => {
                    // INVARIANT: a call gets one permit, and is not polled here again.
                    let request = this.request.take().expect("ResponseFuture polled after it was ready");
                    let (shared, limited) = (this.position.shared().clone(), limits_itself(&request));
                    let inner = this.inner.call(request);
                    return Poll::Ready(Ok(State::Sent { inner, shared, sent: now, limited }));
                }
                Polled::Rejected { reason, wait, has_waited } => {
                    let request = this.request.as_ref().expect("ResponseFuture polled after it was ready");
                    let wait = Duration::try_from_secs_f64(wait).unwrap_or(Duration::MAX);
                    let error = rejection(request, reason, wait);
                    return Poll::Ready(Err(if has_waited { error.after_waiting() } else { error }));
                }
            }
        }
    }
}

fn report_of_response<R>(response: &Response<R>, limited: bool) -> Report {
    let is_from_oss = || response.headers().contains_key(&X_OSS_REQUEST_ID);
    let outcome = match response.status().as_u16() {
        200..=299 if !limited && qos_delay(response.headers()).is_some() => Outcome::Delayed,
        status => outcome_of(status, is_from_oss),
    };
    Report { outcome, names_limit: false, retry_after: None }
}

fn outcome_of(status: u16, is_from_oss: impl FnOnce() -> bool) -> Outcome {
    match status {
        503 if !is_from_oss() => Outcome::Unavailable,
        429 | 503 | 509 => Outcome::Throttled,
        500..=599 => Outcome::Failed,
        _ => Outcome::Accepted,
    }
}

fn report_of_error(error: &OssError) -> Report {
    let names_limit = error.is_throttled();
    let outcome = match outcome_of(error.status().as_u16(), || error.request_id().is_some()) {
        _ if names_limit => Outcome::Throttled,
        Outcome::Accepted if error.class() == ErrorClass::Server => Outcome::Failed,
        by_status => by_status,
    };
    Report { outcome, names_limit, retry_after: error.retry_after() }
}

/// Takes note of an error, and marks one that the throttle delays the retry of.
fn failed<E: FindOssError>(shared: &Shared, error: &E, sent: f64) {
    if error.is_not_sent() {
        return; // by another throttle further in: nothing was sent
    }
    // Without a response, it says nothing about the load of the server.
    let Some(error) = error.oss_error() else { return };
    if shared.report(report_of_error(error), sent) {
        error.notes().set_delayed_by_throttle();
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
