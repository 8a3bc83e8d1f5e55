//! Sends requests to a stand-in for OSS and prints the results: `cargo run --example quickstart`

use std::{error::Error, time::Duration};

use bytes::Bytes;
use http::{Method, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use tower::{ServiceBuilder, ServiceExt};
use tower_oss::{
    ErrorCode, OssError, OssErrorLayer,
    error::BodyState,
    test_util::{Answer, ErrorResponse, Scripted},
};

/// The requests, and the responses of the stand-in.
fn cases() -> Vec<(&'static str, Method, Answer)> {
    let no_such_key = ErrorResponse::new(ErrorCode::NoSuchKey)
        .message("The specified key does not exist.")
        .ec("0026-00000001")
        .field("Key", "holiday.jpg");
    let wrong_signature = ErrorResponse::new(ErrorCode::SignatureDoesNotMatch)
        .message("The request signature we calculated does not match the signature you provided.")
        .ec("0002-00000040")
        .field("SignatureProvided", "never shown")
        .field("StringToSign", "never shown");
    let throttled = ErrorResponse::new(ErrorCode::QpsLimitExceeded).message("The request rate is too high.");
    let internal = Answer::from(ErrorResponse::new(ErrorCode::InternalError));
    let page = "<html><body><h1>502 Bad Gateway</h1></body></html>";
    vec![
        ("missing key", Method::GET, no_such_key.clone().into()),
        ("HEAD of a missing key", Method::HEAD, no_such_key.into()),
        ("wrong signature", Method::GET, wrong_signature.into()),
        ("upload whose callback failed", Method::PUT, Answer::callback_failed()),
        ("throttled", Method::GET, throttled.into()),
        ("page of a proxy", Method::GET, Answer::html(StatusCode::BAD_GATEWAY, page)),
        ("body that breaks off", Method::GET, internal.clone().failing_after(200)),
        ("body that stalls", Method::GET, internal.stalled_after(200)),
        ("success", Method::GET, Answer::ok("hello from OSS")),
    ]
}

fn print(error: &OssError) {
    println!("  code        {} ({:?})", error.code(), error.code_origin());
    println!("  class       {}", error.class());
    println!("  status      {}", error.status());
    println!("  request id  {}", error.request_id().unwrap_or("none"));
    println!("  EC          {}", error.ec().unwrap_or("none"));
    println!("  what to do  {}", error.explain().remedy());
    if !matches!(error.body_state(), BodyState::Complete | BodyState::Empty) {
        println!("  body        {:?}, after {} bytes", error.body_state(), error.raw_body().len());
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let oss = Scripted::default();
    let address = oss.serve().await?;

    // The one line that a client adds. The deadline is shorter than the default of 5 s, for the
    // stalled body.
    let layer = OssErrorLayer::new().body_deadline(Duration::from_millis(300));
    let client = Client::builder(TokioExecutor::new()).build_http::<Full<Bytes>>();
    let client = ServiceBuilder::new().layer(layer).service(client);

    for (name, method, answer) in cases() {
        oss.push(answer);
        let request = Request::builder()
            .method(method)
            .uri(format!("http://{address}/holiday.jpg"))
            .header("x-oss-callback", "e30=") // only an upload has a callback; OSS ignores it elsewhere
            .body(Full::default())?;

        println!("\n{name}");
        match client.clone().oneshot(request).await {
            Ok(response) => {
                println!("  status      {}", response.status());
                println!("  body        {:?}", response.into_body().collect().await?.to_bytes());
            }
            Err(tower_oss::Error::Oss(error)) => print(&error),
            Err(error) => println!("  {error}"),
        }
    }
    Ok(())
}
