use std::{
    sync::Arc,
    task::{Context, Poll},
};

use http::{Request, Response};
use http_body::Body;
use tower::Service;

use super::{RequestInfo, ResponseFuture, error_layer::OssErrorSettings};
use crate::error::{BoxError, Error};

/// The service that [`OssErrorLayer`](crate::OssErrorLayer) makes.
///
/// A clone has a clone of the inner service and shares the settings. Nothing passes from one call
/// to another.
#[derive(Clone, Debug)]
pub struct OssErrorService<S> {
    inner: S,
    settings: Option<Arc<OssErrorSettings>>,
}

impl<S> OssErrorService<S> {
    pub(super) fn new(inner: S, settings: Option<Arc<OssErrorSettings>>) -> Self {
        Self { inner, settings }
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
