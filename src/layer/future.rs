//! The future of a call: passes a success on, reads an error body, and returns the typed error.

use std::{
    fmt,
    future::Future,
    mem,
    pin::Pin,
    task::{Context, Poll, ready},
};

use http::{Response, response};
use http_body::Body;
use pin_project_lite::pin_project;

use super::{
    RequestInfo,
    collect::Collect,
    finish::{with_response, without_response},
    settings::SharedSettings,
};
use crate::error::{BoxError, Error};

pin_project! {
    /// Response future for [`OssErrorService`](crate::layer::OssErrorService).
    ///
    /// It returns the inner response, or an [`Error`].
    ///
    /// # Cancel safety
    ///
    /// The future can be dropped at any point. If it is reading an error body, this closes the
    /// connection, or resets the stream over HTTP/2.
    pub struct ResponseFuture<F, B> {
        #[pin]
        state: ResponseState<F, B>,
    }
}

pin_project! {
    #[project = StateProj]
    enum ResponseState<F, B> {
        /// Waiting for the response head.
        Waiting { #[pin] inner: F, info: RequestInfo, settings: SharedSettings },
        /// Reading an error body that was not ready at once. Boxed: inline, it would make every
        /// future many times larger.
        Reading { reading: Option<Box<Reading<B>>> },
    }
}

struct Reading<B> {
    collect: Collect<B>,
    head: response::Parts,
    info: RequestInfo,
    settings: SharedSettings,
}

impl<F, B> ResponseFuture<F, B> {
    #[inline]
    pub(super) fn new(inner: F, info: RequestInfo, settings: SharedSettings) -> Self {
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
        // Checked in place, so that a success is moved once.
        let polled = inner.poll(cx);
        match polled {
            Poll::Ready(Ok(ref response)) if settings.is_error(*info, response) => {}
            _ => return polled.map_err(|error| without_response(error.into(), *info, settings)),
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
        let (info, settings) = (*info, mem::take(settings));
        let (head, body) = response.into_parts();
        let mut collect = Collect::new(body, settings.limits().for_response(&head));
        // Drops the inner future before the body is read.
        self.set(Self::Reading { reading: None });
        match collect.poll(cx) {
            Poll::Ready(collected) => {
                drop(collect); // frees the connection before the error is reported
                Poll::Ready(with_response(head, collected, info, &settings))
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
        Poll::Ready(with_response(head, collected, info, &settings))
    }
}

impl<F, B> fmt::Debug for ResponseFuture<F, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture").finish_non_exhaustive()
    }
}
