//! The future of a call: passes a success on, reads an error body, and returns the typed error.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use http::{Response, response};
use http_body::Body;
use pin_project_lite::pin_project;

use super::{
    ClassifyResponse, OssRule, RequestInfo,
    assemble::assemble,
    collect::{Collect, Collected},
    error_event::{announce, without_response},
    error_layer::OssErrorSettings,
    limits::Limits,
};
use crate::{
    clock::may_be_skewed,
    error::{BoxError, CallNotes, Error},
};

pin_project! {
    /// What [`OssErrorService`](crate::layer::OssErrorService) returns: the inner response, or an
    /// [`Error`].
    ///
    /// # Cancel safety
    ///
    /// Dropping it at any point is safe. While an error body is being read, that drops the body,
    /// and with it the connection.
    pub struct ResponseFuture<F, B> {
        #[pin]
        state: ResponseState<F, B>,
    }
}

pin_project! {
    #[project = StateProj]
    enum ResponseState<F, B> {
        /// The response has not come.
        Waiting { #[pin] inner: F, info: RequestInfo, settings: Option<Arc<OssErrorSettings>> },
        /// Reading an error body that was not ready at once. Boxed: inline, it would make every
        /// future many times larger.
        Reading { reading: Option<Box<Reading<B>>> },
    }
}

struct Reading<B> {
    collect: Collect<B>,
    head: response::Parts,
    info: RequestInfo,
    settings: Option<Arc<OssErrorSettings>>,
}

impl<F, B> ResponseFuture<F, B> {
    #[inline]
    pub(super) fn new(inner: F, info: RequestInfo, settings: Option<Arc<OssErrorSettings>>) -> Self {
        Self { state: ResponseState::Waiting { inner, info, settings } }
    }
}

impl<F, E, B> Future for ResponseFuture<F, B>
where
    F: Future<Output = Result<Response<B>, E>>,
    E: Into<BoxError>,
    B: Body,
    B::Error: Into<BoxError>,
{
    type Output = Result<Response<B>, Error>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut state = self.project().state;
        let StateProj::Waiting { inner, info, settings } = state.as_mut().project() else {
            return state.poll_reading(cx).map(Err);
        };
        // Looked at where it is, so that a success is moved once.
        let polled = inner.poll(cx);
        match polled {
            Poll::Ready(Ok(ref response)) if is_error(settings.as_deref(), info, response) => {}
            _ => return polled.map_err(|error| without_response(error.into(), *info, settings.as_deref())),
        }
        // INVARIANT: this is what the match let through.
        let Poll::Ready(Ok(response)) = polled else { unreachable!() };
        state.read(response, cx).map(Err)
    }
}

impl<F, B> ResponseState<F, B>
where
    B: Body,
    B::Error: Into<BoxError>,
{
    /// Begins to read an error. Not inlined, so that the path of a success is.
    #[inline(never)]
    fn read(mut self: Pin<&mut Self>, response: Response<B>, cx: &mut Context<'_>) -> Poll<Error> {
        let StateProj::Waiting { info, settings, .. } = self.as_mut().project() else {
            // INVARIANT: only `Waiting` yields a response.
            unreachable!("a response in another state than Waiting")
        };
        let (info, settings) = (*info, settings.take());
        let (head, body) = response.into_parts();
        let limits = settings.as_ref().map_or(Limits::DEFAULT, |settings| settings.limits);
        let mut collect = Collect::new(body, limits.for_response(&head));
        // Drops the inner future before the body is read.
        self.set(Self::Reading { reading: None });
        match collect.poll(cx) {
            Poll::Ready(collected) => {
                drop(collect); // frees the connection before the error is reported
                Poll::Ready(finish(head, collected, info, settings.as_deref()))
            }
            Poll::Pending => {
                let reading = Box::new(Reading { collect, head, info, settings });
                self.set(Self::Reading { reading: Some(reading) });
                Poll::Pending
            }
        }
    }

    fn poll_reading(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Error> {
        let StateProj::Reading { reading } = self.project() else {
            // INVARIANT: this is called only in the state `Reading`.
            unreachable!("an error body in another state than Reading")
        };
        // INVARIANT: a future is not polled again once it is ready.
        let waiting = reading.as_mut().expect("ResponseFuture polled after it was ready");
        let collected = ready!(waiting.collect.poll(cx));
        let Reading { collect, head, info, settings } = *reading.take().expect("it was there");
        drop(collect);
        Poll::Ready(finish(head, collected, info, settings.as_deref()))
    }
}

#[inline]
fn is_error<B>(settings: Option<&OssErrorSettings>, info: &RequestInfo, response: &Response<B>) -> bool {
    match settings {
        None => OssRule.is_error(*info, response.status(), response.headers()),
        Some(settings) => settings.is_error(*info, response.status(), response.headers()),
    }
}

/// What is done once an error body is read, whatever its type.
fn finish(
    mut head: response::Parts,
    collected: Collected,
    info: RequestInfo,
    settings: Option<&OssErrorSettings>,
) -> Error {
    let call = head.extensions.remove::<CallNotes>();
    let error = assemble(head, info.standard_method(), collected);
    error.notes().set_attempts(info.attempt());
    if let Some(call) = call {
        call.apply(error.notes());
    }
    let clock = settings.and_then(|settings| settings.clock.as_ref());
    if let Some(clock) = clock.filter(|_| may_be_skewed(&error)) {
        clock.learn_from(&error);
    }
    let error = error.into();
    announce(&error, info, settings);
    error
}

impl<F, B> fmt::Debug for ResponseFuture<F, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture").finish_non_exhaustive()
    }
}
