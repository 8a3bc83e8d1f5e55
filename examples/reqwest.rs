//! The stack over reqwest, whose client has its own request type.
//!
//! ```sh
//! cargo run --example reqwest
//! ```

use std::{io, time::Duration};

use bytes::Bytes;
use http::{Method, Request, Response};
use tower::{BoxError, Service, ServiceBuilder, ServiceExt, service_fn};
use tower_oss::{
    ErrorCode, OssErrorLayer, RetryPolicy,
    error::RetryStop,
    retry::Backoff,
    test_util::{Answer, ErrorResponse, Scripted},
};

/// reqwest's client as a service of `http`'s types. Its future can be spawned.
fn adapt<B>(
    reqwest: reqwest::Client,
) -> impl Service<Request<B>, Response = Response<reqwest::Body>, Error = BoxError, Future: Send> + Clone + Send
where
    B: Into<reqwest::Body> + Send + 'static,
{
    service_fn(move |request: Request<B>| {
        let reqwest = reqwest.clone();
        async move {
            let request = reqwest::Request::try_from(request)?;
            match reqwest.execute(request).await {
                Ok(response) => Ok(Response::from(response)),
                // The type of reqwest's timeout is private, so it is mapped to one that the policy
                // recognizes. A timeout while connecting is kept: it tells the policy that nothing
                // was sent.
                Err(error) if error.is_timeout() && !error.is_connect() => {
                    Err(io::Error::from(io::ErrorKind::TimedOut).into())
                }
                // A presigned URL is a credential.
                Err(error) => Err(error.without_url().into()),
            }
        }
    })
}

fn client() -> reqwest::Result<reqwest::Client> {
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none()) // OSS signs one address
        .retry(reqwest::retry::never()) // the policy counts its attempts
        .connect_timeout(Duration::from_secs(5))
        .timeout(Duration::from_millis(500)) // one attempt, its body included
        .no_proxy() // the stand-in is on this machine
        .build()
}

/// A stand-in for OSS: the first GET fails once, the second finds nothing, and the third and the
/// append get no response.
fn stand_in() -> Scripted {
    let failure = |code, id| -> Answer { ErrorResponse::new(code).request_id(id).into() };
    let once = [
        failure(ErrorCode::InternalError, "65A1F0C2D3E4B5A697887701"),
        Answer::ok("hello"),
        failure(ErrorCode::NoSuchKey, "65A1F0C2D3E4B5A697887703"),
    ];
    Scripted::new(once.into_iter().chain(std::iter::repeat_n(Answer::never(), 4)))
}

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    // Not needed with reqwest's feature `rustls`, which has a provider.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let oss = stand_in();
    let address = oss.serve().await?;
    let quick = Backoff::new(Duration::from_millis(10), Duration::from_millis(10));
    let client = ServiceBuilder::new()
        .retry(RetryPolicy::new().backoff(quick))
        .layer(OssErrorLayer::new())
        .service(adapt::<Bytes>(client()?));

    for (method, target) in [
        (Method::GET, "heals"),
        (Method::GET, "missing"),
        (Method::GET, "stalls"),
        (Method::POST, "log?append&position=0"),
    ] {
        let uri = format!("http://{address}/{target}");
        let request = Request::builder().method(&method).uri(uri).body(Bytes::from_static(b"four"))?;
        let call = tokio::spawn(client.clone().oneshot(request)); // the future is `Send`
        match call.await? {
            Ok(response) => println!("{method} {target}: {}", response.status()),
            Err(error) => {
                println!("{method} {target}: {error}");
                let stop = error.retry_stop().map(RetryStop::as_str).unwrap_or_default();
                println!("    timeout: {}, not retried: {stop}", error.is_timeout());
            }
        }
    }
    println!("{} requests were sent", oss.requests().len());
    Ok(())
}
