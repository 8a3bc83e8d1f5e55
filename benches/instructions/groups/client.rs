//! Calls of a complete HTTP client over the loopback interface.

use std::{env, future::poll_fn};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Empty};
use hyper::body::Incoming;
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use tower::{Layer, Service};
use tower_oss::OssErrorLayer;

use crate::measure::{Group, Measure, measured};

pub const GROUPS: &[Group] = &[
    Group {
        name: "64 calls over loopback, 200",
        measure: Measure::Client,
        cases: &[
            ("hyper-util", || calls("/there", |client| client)),
            ("tower-oss", || calls("/there", |client| OssErrorLayer::new().layer(client))),
        ],
    },
    Group {
        name: "64 calls over loopback, 404",
        measure: Measure::Client,
        cases: &[
            ("hyper-util", || calls("/missing", |client| client)),
            ("tower-oss", || calls("/missing", |client| OssErrorLayer::new().layer(client))),
        ],
    },
];

/// How many calls are measured together.
const CALLS: usize = 64;

/// Sends the requests, and collects the bodies.
fn calls<S>(path: &str, wrap: impl FnOnce(Client<HttpConnector, Empty<Bytes>>) -> S)
where
    S: Service<Request<Empty<Bytes>>, Response = Response<Incoming>>,
{
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut service = wrap(Client::builder(TokioExecutor::new()).build_http());
    let uri = format!("http://{}{path}", env::var("SERVER").unwrap());
    let requests = || vec![Request::get(&uri).body(Empty::new()).unwrap(); CALLS];
    let mut call_all = |requests| {
        for request in requests {
            runtime.block_on(call(&mut service, request));
        }
    };
    call_all(requests());
    let mut requests = Some(requests());
    measured(&mut || call_all(requests.take().unwrap()));
}

async fn call<S>(service: &mut S, request: Request<Empty<Bytes>>)
where
    S: Service<Request<Empty<Bytes>>, Response = Response<Incoming>>,
{
    assert!(poll_fn(|cx| service.poll_ready(cx)).await.is_ok());
    if let Ok(response) = service.call(request).await {
        response.into_body().collect().await.unwrap();
    }
}
