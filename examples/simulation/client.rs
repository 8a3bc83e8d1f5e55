use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use tower::{ServiceBuilder, retry::RetryLayer, util::BoxCloneService};
use tower_oss::{Error, OssErrorLayer, RetryPolicy, ThrottleLayer};

use super::{
    others::{Aimd, PlainBackoff},
    scenario::Limits,
    server::Server,
};

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Kind {
    /// Retry, throttle and error layer, as in the README.
    Ours,
    /// Retry with exponential backoff and full jitter, for ever; nothing slows it down.
    Backoff,
    /// A rate that rises steadily and is halved at each throttled response.
    Aimd,
    /// Neither retry nor throttle: a throttled request is not sent again.
    Bare,
}

impl Kind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Ours => "throttle",
            Self::Backoff => "plain backoff",
            Self::Aimd => "AIMD",
            Self::Bare => "no retry",
        }
    }
}

pub(crate) type Client = BoxCloneService<Request<()>, Response<Full<Bytes>>, Error>;

/// One client of its own: its workers share it.
pub(crate) fn client(kind: Kind, server: Server, seed: u64, limits: &Limits) -> Client {
    let random = Mutex::new(fastrand::Rng::with_seed(seed));
    let sample = move || random.lock().unwrap_or_else(PoisonError::into_inner).f64();
    let policy = RetryPolicy::new().max_elapsed(limits.max_elapsed).random(sample);
    let errors = OssErrorLayer::new();
    let throttle = ThrottleLayer::new();
    match kind {
        Kind::Ours if !limits.retry => {
            BoxCloneService::new(ServiceBuilder::new().layer(throttle).layer(errors).service(server))
        }
        Kind::Ours => BoxCloneService::new(
            ServiceBuilder::new()
                .layer(RetryLayer::new(policy))
                .layer(throttle)
                .layer(errors)
                .service(server),
        ),
        Kind::Backoff => BoxCloneService::new(
            ServiceBuilder::new()
                .layer(RetryLayer::new(PlainBackoff::new(seed)))
                .layer(errors)
                .service(server),
        ),
        Kind::Aimd => BoxCloneService::new(
            ServiceBuilder::new()
                .layer(RetryLayer::new(PlainBackoff::new(seed)))
                .layer_fn(Aimd::new)
                .layer(errors)
                .service(server),
        ),
        Kind::Bare => BoxCloneService::new(ServiceBuilder::new().layer(errors).service(server)),
    }
}
