//! The four clients, each below the complete stack, and other orders of layers.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper_rustls::HttpsConnectorBuilder;
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use tower::{BoxError, Service, ServiceBuilder, ServiceExt, util::BoxCloneSyncService};
use tower_oss::{Error, OssErrorLayer, RetryPolicy};

use crate::clients::{Reqwest, Stack, hyper, policy, stack, tls};

/// Time limits of a call, short or long.
#[derive(Clone, Copy)]
pub(crate) enum Patience {
    Usual,
    Short,
}

impl Patience {
    /// The time that a call may take on a busy machine.
    pub(crate) fn limit(self) -> Duration {
        match self {
            Self::Usual => Duration::from_secs(20),
            Self::Short => Duration::from_secs(5),
        }
    }

    fn attempt(self) -> Duration {
        match self {
            Self::Usual => Duration::from_secs(20),
            Self::Short => Duration::from_millis(300),
        }
    }

    fn layer(self) -> OssErrorLayer {
        match self {
            // Long, so that late bytes arrive within the grace on a busy machine, too.
            Self::Usual => OssErrorLayer::new()
                .grace(Duration::from_secs(5))
                .body_idle_timeout(Duration::from_secs(10))
                .body_deadline(Duration::from_secs(10)),
            Self::Short => OssErrorLayer::new()
                .body_idle_timeout(Duration::from_millis(150))
                .body_deadline(Duration::from_millis(300)),
        }
    }
}

/// The stack over hyper-util and over reqwest with this HTTP version. reqwest's own retries are
/// off.
pub(crate) fn stacks(version: &str, patience: Patience) -> [(&'static str, Stack); 2] {
    let (attempt, layer) = (patience.attempt(), patience.layer());
    let reqwest = reqwest::Client::builder().retry(reqwest::retry::never());
    if version == "HTTP/1.1" {
        return [
            ("hyper-util", stack(policy(), layer.clone(), attempt, hyper())),
            ("reqwest", stack(policy(), layer, attempt, Reqwest::with(reqwest))),
        ];
    }
    let hyper = Client::builder(TokioExecutor::new()).http2_only(true).build_http();
    [
        ("hyper-util", stack(policy(), layer.clone(), attempt, hyper)),
        ("reqwest", stack(policy(), layer, attempt, Reqwest::with(reqwest.http2_prior_knowledge()))),
    ]
}

/// The four clients below the stack with this policy, with a counter of the requests that each
/// received.
pub(crate) fn counted(policy: fn() -> RetryPolicy) -> [(&'static str, Stack, Arc<AtomicUsize>); 4] {
    let reqwest = || reqwest::Client::builder().retry(reqwest::retry::never());
    let http2 = Client::builder(TokioExecutor::new()).http2_only(true).build_http();
    macro_rules! counted {
        ($client:expr) => {{
            let sent = Arc::new(AtomicUsize::new(0));
            let count = Arc::clone(&sent);
            let client = ServiceBuilder::new()
                .map_request(move |request: Request<Full<Bytes>>| {
                    count.fetch_add(1, Relaxed);
                    request
                })
                .service($client);
            (stack(policy(), Patience::Short.layer(), Patience::Short.attempt(), client), sent)
        }};
    }
    let clients = [
        ("HTTP/1.1", counted!(hyper())),
        ("HTTP/1.1", counted!(Reqwest::with(reqwest()))),
        ("HTTP/2", counted!(http2)),
        ("HTTP/2", counted!(Reqwest::with(reqwest().http2_prior_knowledge()))),
    ];
    clients.map(|(version, (stack, sent))| (version, stack, sent))
}

/// The stack over each client with each HTTP version, over TLS that trusts no certificate.
pub(crate) fn over_rustls() -> [(&'static str, Stack); 4] {
    let hyper = |http2| {
        let connector = HttpsConnectorBuilder::new().with_tls_config(tls()).https_only();
        let connector =
            if http2 { connector.enable_http2().build() } else { connector.enable_http1().build() };
        over(Client::builder(TokioExecutor::new()).http2_only(http2).build(connector))
    };
    let reqwest = |alpn: &str, settings: reqwest::ClientBuilder| {
        let mut tls = tls();
        tls.alpn_protocols = vec![alpn.into()];
        over(Reqwest::over_tls(settings.retry(reqwest::retry::never()), tls))
    };
    [
        ("hyper-util, HTTP/1.1", hyper(false)),
        ("reqwest, HTTP/1.1", reqwest("http/1.1", reqwest::Client::builder().http1_only())),
        ("hyper-util, HTTP/2", hyper(true)),
        ("reqwest, HTTP/2", reqwest("h2", reqwest::Client::builder().http2_prior_knowledge())),
    ]
}

/// The stack with the usual limits.
fn over<S, B>(client: S) -> Stack
where
    S: Service<Request<Full<Bytes>>, Response = Response<B>> + Clone + Send + Sync + 'static,
    S::Error: Into<BoxError> + Send + Sync + 'static,
    S::Future: Send,
    B: Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
{
    stack(policy(), Patience::Usual.layer(), Patience::Usual.attempt(), client)
}

type Leaf = BoxCloneSyncService<Request<Full<Bytes>>, Response<Bytes>, BoxError>;

/// Other orders of the same layers and tower's, over hyper-util: those above the retries, and those
/// below.
pub(crate) fn orders() -> Vec<(&'static str, Leaf)> {
    const SECOND: Duration = Duration::from_secs(1);
    let attempt = Patience::Short.attempt();
    macro_rules! order {
        ($name:literal, $($layer:ident($($argument:expr),*)).+) => {{
            let service = ServiceBuilder::new()$(.$layer($($argument),*))+.service(hyper());
            let read = service.map_err(BoxError::from).and_then(|response: Response<Incoming>| async {
                let (head, body) = response.into_parts();
                let body = body.collect().await.map_err(|error| BoxError::from(Error::from(BoxError::from(error))))?;
                Ok(Response::from_parts(head, body.to_bytes()))
            });
            ($name, BoxCloneSyncService::new(read))
        }};
    }
    let (oss, retry) = (|| Patience::Short.layer(), policy);
    vec![
        order!(
            "Retry, OssError, Timeout, ConcurrencyLimit",
            retry(retry()).layer(oss()).timeout(attempt).concurrency_limit(1)
        ),
        order!(
            "Retry, OssError, ConcurrencyLimit, Timeout",
            retry(retry()).layer(oss()).concurrency_limit(1).timeout(attempt)
        ),
        order!(
            "Retry, OssError, Buffer, RateLimit, Timeout",
            retry(retry()).layer(oss()).buffer(8).rate_limit(100, SECOND).timeout(attempt)
        ),
        order!(
            "Retry, OssError, Timeout, Buffer, RateLimit",
            retry(retry()).layer(oss()).timeout(attempt).buffer(8).rate_limit(100, SECOND)
        ),
        order!(
            "Retry, OssError, Buffer, ConcurrencyLimit, RateLimit, Timeout",
            retry(retry())
                .layer(oss())
                .buffer(8)
                .concurrency_limit(1)
                .rate_limit(100, SECOND)
                .timeout(attempt)
        ),
        order!(
            "Retry, ConcurrencyLimit, OssError, Timeout",
            retry(retry()).concurrency_limit(1).layer(oss()).timeout(attempt)
        ),
        order!(
            "ConcurrencyLimit, Retry, OssError, Timeout",
            concurrency_limit(1).retry(retry()).layer(oss()).timeout(attempt)
        ),
        order!(
            "Buffer, RateLimit, Retry, OssError, Timeout",
            buffer(8).rate_limit(100, SECOND).retry(retry()).layer(oss()).timeout(attempt)
        ),
        order!(
            "Timeout, Retry, OssError, Timeout",
            timeout(20 * SECOND).retry(retry()).layer(oss()).timeout(attempt)
        ),
        order!(
            "Buffer, Timeout, ConcurrencyLimit, Retry, OssError, Timeout",
            buffer(8).timeout(20 * SECOND).concurrency_limit(4).retry(retry()).layer(oss()).timeout(attempt)
        ),
    ]
}

/// Makes one call when the stack is ready.
pub(crate) async fn call<S>(stack: &S, url: &str) -> Result<Response<Bytes>, S::Error>
where
    S: Service<Request<Full<Bytes>>, Response = Response<Bytes>> + Clone,
{
    stack.clone().oneshot(Request::get(url).body(Full::default()).unwrap()).await
}
