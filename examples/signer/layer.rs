use std::{
    future::Future,
    mem,
    pin::Pin,
    task::{Context, Poll},
};

use http::{Request, Response};
use tower::{Layer, Service};
use tower_oss::{
    ClockOffset,
    error::{BoxError, NotSentError},
};

use super::{Credentials, Target, v4};

/// Signs each request. Put it below the retry policy, so that every attempt is signed with its own
/// date.
#[derive(Clone)]
pub(crate) struct SignerLayer {
    credentials: Credentials,
    target: Target,
    clock: ClockOffset,
}

impl SignerLayer {
    pub(crate) fn new(credentials: Credentials, target: Target, clock: ClockOffset) -> Self {
        Self { credentials, target, clock }
    }
}

impl<S> Layer<S> for SignerLayer {
    type Service = Signer<S>;

    fn layer(&self, inner: S) -> Signer<S> {
        Signer { settings: self.clone(), inner }
    }
}

/// The service that [`SignerLayer`] makes.
#[derive(Clone)]
pub(crate) struct Signer<S> {
    settings: SignerLayer,
    inner: S,
}

impl<S, B, R> Service<Request<B>> for Signer<S>
where
    S: Service<Request<B>, Response = Response<R>, Error: Into<BoxError>, Future: Send>,
    S: Clone + Send + 'static,
    B: Send + 'static,
{
    type Response = Response<R>;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Response<R>, BoxError>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        // The service that is ready must be called, not its clone.
        let clone = self.inner.clone();
        let mut inner = mem::replace(&mut self.inner, clone);
        let SignerLayer { credentials, target, clock } = self.settings.clone();
        Box::pin(async move {
            let (mut head, body) = request.into_parts();
            let keys = credentials.keys().await.map_err(NotSentError::prepare)?;
            v4::sign(&mut head, &keys, &target, &[], clock.now()).map_err(NotSentError::prepare)?;
            let mut response = inner.call(Request::from_parts(head, body)).await.map_err(Into::into)?;
            if response.status().is_success() {
                keys.note_accepted();
            }
            response.extensions_mut().insert(keys); // for `credentials::refresh`
            Ok(response)
        })
    }
}
