//! The client of an application, with all layers.

use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper_rustls::HttpsConnectorBuilder;
use hyper_util::{client::legacy::Client as HyperClient, rt::TokioExecutor};
use tower::{ServiceBuilder, util::BoxCloneSyncService};
use tower_oss::{
    ClockOffset, Error, OssErrorLayer, RetryPolicy, ThrottleLayer, error::BoxError, retry::RetryEvent,
};

use crate::signer::{Credentials, SignerLayer, Target, refresh};

/// One name for the complete stack, so that a struct can hold it.
pub(crate) type Client = BoxCloneSyncService<Request<Full<Bytes>>, Response<Incoming>, Error>;

pub(crate) fn client(credentials: Credentials, target: Target) -> Result<Client, BoxError> {
    let connector = HttpsConnectorBuilder::new().with_native_roots()?.https_or_http().enable_http1().build();
    let clock = ClockOffset::new();
    let retry = RetryPolicy::new().clock(clock.clone()).classify(refresh).on_retry(print);
    Ok(BoxCloneSyncService::new(
        ServiceBuilder::new()
            .map_err(Error::from) // whatever a layer below has boxed
            .retry(retry.max_elapsed(Duration::from_secs(120)))
            .layer(ThrottleLayer::new())
            .layer(OssErrorLayer::new().clock(clock.clone()))
            .layer(SignerLayer::new(credentials, target, clock))
            .timeout(Duration::from_secs(30)) // one attempt, its upload included
            .service(HyperClient::builder(TokioExecutor::new()).build(connector)),
    ))
}

fn print(event: &RetryEvent<'_>) {
    let why = event.failure.oss().map_or("no response".to_owned(), |error| error.code().to_string());
    println!("  sent again  after {why}");
}
