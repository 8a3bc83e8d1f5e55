//! The same stack with the signing crate reqsign, which loads credentials from many sources.
//!
//! There are two drawbacks. It dates requests by the local clock only, so a clock that is more than
//! 15 minutes off is not corrected. And it renews credentials when they are about to expire by the
//! local clock, not when OSS reports that they have expired.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use http::Request;
use http_body_util::Full;
use hyper_util::{client::legacy::Client as HyperClient, rt::TokioExecutor};
use reqsign_aliyun_oss::{RequestSigner, SigningVersion, StaticCredentialProvider};
use reqsign_core::{Context, Signer};
use tower::{ServiceBuilder, util::BoxCloneSyncService};
use tower_oss::{Error, OssErrorLayer, RetryPolicy, ThrottleLayer, error::NotSentError};

use crate::{signer::Target, stack::Client};

pub(crate) fn client(target: &Target, id: &str, secret: &str) -> Client {
    let request_signer = RequestSigner::new(&target.bucket)
        .with_region(&target.region)
        .with_signing_version(SigningVersion::V4); // its default, V1, is being retired
    // In an application: `DefaultCredentialProvider`, with a context that may read files and send
    // requests.
    let credentials = StaticCredentialProvider::new(id, secret);
    let signer = Arc::new(Signer::new(Context::new(), credentials, request_signer));
    let sign = move |request: Request<Full<Bytes>>| {
        let signer = signer.clone();
        async move {
            let (mut head, body) = request.into_parts();
            signer.sign(&mut head, None).await.map_err(NotSentError::prepare)?;
            // The type is named because any error that fits a `BoxError` would do.
            Ok::<_, NotSentError>(Request::from_parts(head, body))
        }
    };
    BoxCloneSyncService::new(
        ServiceBuilder::new()
            .map_err(Error::from)
            .retry(RetryPolicy::new().max_elapsed(Duration::from_secs(120)))
            .layer(ThrottleLayer::new())
            .layer(OssErrorLayer::new())
            .filter_async(sign)
            .timeout(Duration::from_secs(30))
            .service(HyperClient::builder(TokioExecutor::new()).build_http()),
    )
}
