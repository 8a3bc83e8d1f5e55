use std::task::{Context, Poll};

use http::{Request, Response};
use http_body::Body;
use tower::Service;

use super::{RequestInfo, ResponseFuture, settings::SharedSettings};
use crate::error::{BoxError, Error};

/// Middleware that turns error responses of OSS into [`Error::Oss`](crate::Error::Oss).
///
/// Created by [`OssErrorLayer`](crate::OssErrorLayer). A clone has a clone of the inner service and
/// shares the settings. Calls share no state.
#[derive(Clone, Debug)]
pub struct OssErrorService<S> {
    inner: S,
    settings: SharedSettings,
}

impl<S> OssErrorService<S> {
    pub(super) fn new(inner: S, settings: SharedSettings) -> Self {
        Self { inner, settings }
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

impl<S, B, R> Service<Request<B>> for OssErrorService<S>
where
    S: Service<Request<B>, Response = Response<R>>,
    S::Error: Into<BoxError>,
    R: Body,
    R::Error: Into<BoxError>,
{
    type Response = Response<R>;
    type Error = Error;
    type Future = ResponseFuture<S::Future, R>;

    #[inline]
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.inner.poll_ready(cx).map_err(|error| Error::from(error.into()))
    }

    #[inline]
    fn call(&mut self, request: Request<B>) -> Self::Future {
        let info = RequestInfo::of(&request);
        ResponseFuture::new(self.inner.call(request), info, self.settings.clone())
    }
}
