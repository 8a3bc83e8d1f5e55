//! A gateway in axum that maps paths to objects: `cargo run --example gateway`
//!
//! Errors of OSS are passed on. If OSS does not respond, the gateway has its own error response.
//!
//! It serves an embedded stand-in for OSS, and shows what its clients get. With the variables that
//! `examples/client` reads in the environment, it serves that bucket instead, until it is stopped.

mod signer;
#[path = "client/stack.rs"]
mod stack;
mod stand_in;

use std::{
    error::Error as _,
    future::ready,
    net::{Ipv4Addr, SocketAddr},
    time::Duration,
};

use axum::{Router, body::Body, extract::State, response::Response, routing::get};
use bytes::Bytes;
use http::{HeaderMap, Method, Request, Uri, header};
use http_body_util::{BodyExt, Full};
use hyper_util::{client::legacy::Client as HyperClient, rt::TokioExecutor};
use tokio::net::TcpListener;
use tower::{Layer, ServiceExt};
use tower_http::timeout::ResponseBodyTimeoutLayer;
use tower_oss::{
    Error, ErrorCode, OssErrorLayer,
    error::{BoxError, NotSentError},
    test_util::ErrorResponse,
};

use crate::{
    signer::{Credentials, Keys, Target},
    stack::Client,
    stand_in::StandIn,
};

/// The state. The client has one name, so that a struct and axum's `State` can hold it.
#[derive(Clone)]
struct Gateway {
    client: Client,
    /// The address of the bucket, without a slash at the end.
    bucket: String,
}

/// Headers of a request that are passed to OSS.
const PASSED_ON: [header::HeaderName; 5] = [
    header::RANGE,
    header::IF_MATCH,
    header::IF_NONE_MATCH,
    header::IF_MODIFIED_SINCE,
    header::IF_UNMODIFIED_SINCE,
];

/// Headers that are about the connection to OSS, not about the object.
const HOP_BY_HOP: [header::HeaderName; 2] = [header::CONNECTION, header::TRANSFER_ENCODING];

async fn object(State(gateway): State<Gateway>, method: Method, uri: Uri, headers: HeaderMap) -> Response {
    match gateway.object(&method, uri.path(), &headers).await {
        Ok(response) => response,
        Err(error) => {
            // The cause is only for the log. It contains no secrets here: no URL of this gateway is
            // presigned.
            let cause = error.source().map(|cause| format!(": {cause}")).unwrap_or_default();
            eprintln!("{method} {}: {error}{cause}", uri.path());
            error.gateway_response(&method).map(Body::new)
        }
    }
}

impl Gateway {
    async fn object(&self, method: &Method, path: &str, headers: &HeaderMap) -> Result<Response, Error> {
        let mut request = Request::builder().method(method).uri(format!("{}{path}", self.bucket));
        for name in PASSED_ON {
            if let Some(value) = headers.get(&name) {
                request = request.header(name, value);
            }
        }
        let request = request.body(Full::default()).map_err(NotSentError::prepare)?;
        // The timeouts of the stack end at the response head. This one is for a stalled body.
        let client = ResponseBodyTimeoutLayer::new(Duration::from_secs(30)).layer(self.client.clone());
        let mut response = client.oneshot(request).await?;
        for name in HOP_BY_HOP {
            response.headers_mut().remove(name);
        }
        Ok(response.map(Body::new))
    }

    /// Serves in the background, until the runtime stops.
    async fn serve(self, port: u16) -> std::io::Result<SocketAddr> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
        let address = listener.local_addr()?;
        let app = Router::new().route("/{*key}", get(object)).with_state(self);
        tokio::spawn(async move { axum::serve(listener, app).await });
        Ok(address)
    }
}

/// Sends a request to the gateway, and prints the response like `curl -i`, with a few of the
/// headers.
async fn show(gateway: SocketAddr, method: Method, path: &str) -> Result<(), BoxError> {
    println!("  {method} {path}");
    let client = HyperClient::builder(TokioExecutor::new()).build_http::<Full<Bytes>>();
    let request = Request::builder().method(&method).uri(format!("http://{gateway}{path}"));
    let response = client.request(request.body(Full::default())?).await?;
    println!("    {}", response.status());
    for name in ["content-type", "content-length", "x-oss-request-id", "x-oss-ec", "retry-after"] {
        if let Some(value) = response.headers().get(name) {
            println!("    {name}: {}", value.to_str()?);
        }
    }
    for line in String::from_utf8(response.into_body().collect().await?.to_bytes().into())?.lines() {
        println!("    {line}");
    }
    Ok(())
}

/// A client of OSS cannot tell the gateway from OSS.
async fn read_as_a_client_of_oss(gateway: SocketAddr, method: Method, path: &str) -> Result<(), BoxError> {
    let client = OssErrorLayer::new().layer(HyperClient::builder(TokioExecutor::new()).build_http());
    let request = Request::builder().method(method).uri(format!("http://{gateway}{path}"));
    let result = client.oneshot(request.body(Full::<Bytes>::default())?).await;
    println!(
        "    read by OssErrorLayer: {}",
        result.err().map_or("a success".to_owned(), |error| error.to_string())
    );
    Ok(())
}

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    if let Some((target, bucket)) = Target::from_env() {
        let client = stack::client(Credentials::new(|| ready(Keys::from_env())), target)?;
        let address = Gateway { client, bucket }.serve(8080).await?;
        println!("http://{address} serves the objects of the bucket; Ctrl-C ends it");
        return std::future::pending().await;
    }
    let target = Target { bucket: "examplebucket".to_owned(), region: "cn-hangzhou".to_owned() };
    let keys = || Keys::new("an-example-id", "an-example-secret", None);
    let (stand_in, oss) = StandIn::start(target.clone(), keys()).await?;
    stand_in.put("hello.txt", "Hello, OSS!");
    let bucket = format!("http://{oss}/{}", target.bucket);
    let client = stack::client(Credentials::new(move || ready(Ok(keys()))), target.clone())?;
    let gateway = Gateway { client: client.clone(), bucket }.serve(0).await?;

    println!("an object");
    show(gateway, Method::GET, "/hello.txt").await?;
    show(gateway, Method::HEAD, "/hello.txt").await?;
    println!("\nan object that is not there");
    for method in [Method::GET, Method::HEAD] {
        show(gateway, method.clone(), "/missing.txt").await?;
        read_as_a_client_of_oss(gateway, method, "/missing.txt").await?;
    }
    println!("\nan object that may not be read");
    stand_in.fail_next(
        ErrorResponse::new(ErrorCode::AccessDenied)
            .message("You have no right to access this object because of bucket acl.")
            .ec("0003-00000001"),
    );
    show(gateway, Method::GET, "/hello.txt").await?;

    println!("\nOSS cannot be reached");
    let nowhere = Gateway { client, bucket: "http://127.0.0.1:1/examplebucket".to_owned() }.serve(0).await?;
    show(nowhere, Method::GET, "/hello.txt").await?;

    println!("\nthe gateway has no credentials");
    let none = Credentials::new(|| ready(Err("nothing is mounted at /var/run/secrets/oss".into())));
    let bucket = format!("http://{oss}/{}", target.bucket);
    let unsigned = Gateway { client: stack::client(none, target)?, bucket }.serve(0).await?;
    show(unsigned, Method::GET, "/hello.txt").await
}
