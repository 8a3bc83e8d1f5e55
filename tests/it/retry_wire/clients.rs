//! The complete stack over each of the clients.

use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use http_body_util::{BodyExt, Full};
use hyper_util::{
    client::legacy::Client,
    rt::{TokioExecutor, TokioTimer},
};
use rustls::{ClientConfig, RootCertStore, crypto::ring::default_provider};
use tower::{BoxError, Service, ServiceBuilder, ServiceExt, util::BoxCloneSyncService};
use tower_oss::{Error, OssErrorLayer, RetryPolicy, retry::Backoff};

/// The default policy with short waits.
pub(crate) fn policy() -> RetryPolicy {
    let backoff = Backoff::new(Duration::from_millis(2), Duration::from_millis(2));
    RetryPolicy::new().backoff(backoff).throttled_backoff(backoff)
}

/// A stack that reads the bodies of its successes.
pub(crate) type Stack = BoxCloneSyncService<Request<Full<Bytes>>, Response<Bytes>, Error>;

/// The same stack over both clients, each with its own policy, and this limit for an attempt.
pub(crate) fn stacks(policy: fn() -> RetryPolicy, attempt: Duration) -> [(&'static str, Stack); 2] {
    [
        ("hyper-util", stack(policy(), OssErrorLayer::new(), attempt, hyper())),
        ("reqwest", stack(policy(), OssErrorLayer::new(), attempt, Reqwest::new())),
    ]
}

pub(crate) fn stack<S, B>(policy: RetryPolicy, layer: OssErrorLayer, attempt: Duration, client: S) -> Stack
where
    S: Service<Request<Full<Bytes>>, Response = Response<B>> + Clone + Send + Sync + 'static,
    S::Error: Into<BoxError> + Send + Sync + 'static,
    S::Future: Send,
    B: Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
{
    let stack = ServiceBuilder::new().retry(policy).layer(layer).timeout(attempt).service(client);
    BoxCloneSyncService::new(stack.and_then(read))
}

async fn read<B>(response: Response<B>) -> Result<Response<Bytes>, Error>
where
    B: Body<Data = Bytes, Error: Into<BoxError>>,
{
    let (head, body) = response.into_parts();
    let body = body.collect().await.map_err(Error::transport)?;
    Ok(Response::from_parts(head, body.to_bytes()))
}

pub(crate) fn hyper<B>() -> Client<hyper_util::client::legacy::connect::HttpConnector, B>
where
    B: Body<Data: Send> + Send,
{
    Client::builder(TokioExecutor::new()).pool_timer(TokioTimer::new()).build_http()
}

/// reqwest's client as a service of `http`'s types.
#[derive(Clone)]
pub(crate) struct Reqwest(reqwest::Client);

impl Reqwest {
    pub(crate) fn new() -> Self {
        Self::with(reqwest::Client::builder())
    }

    pub(crate) fn with(settings: reqwest::ClientBuilder) -> Self {
        Self::over_tls(settings, tls())
    }

    pub(crate) fn over_tls(settings: reqwest::ClientBuilder, tls: ClientConfig) -> Self {
        Self(settings.tls_backend_preconfigured(tls).no_proxy().build().unwrap())
    }
}

/// TLS that trusts no certificate.
pub(crate) fn tls() -> ClientConfig {
    let config = ClientConfig::builder_with_provider(Arc::new(default_provider()));
    let config = config.with_safe_default_protocol_versions().unwrap();
    config.with_root_certificates(RootCertStore::empty()).with_no_client_auth()
}

impl<B> Service<Request<B>> for Reqwest
where
    B: Body<Data: Into<Bytes>, Error: Into<BoxError>> + Send + Sync + 'static,
{
    type Response = Response<reqwest::Body>;
    type Error = reqwest::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, reqwest::Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), reqwest::Error>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let sent = reqwest::Request::try_from(request.map(reqwest::Body::wrap));
        let sent = sent.map(|request| self.0.call(request));
        Box::pin(async {
            let answer = sent?.await.map_err(reqwest::Error::without_url)?;
            Ok(Response::from(answer))
        })
    }
}
