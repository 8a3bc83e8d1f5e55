//! Shows what the retry policy does with failures, attempt by attempt: `cargo run --example retry`

use std::{error::Error as StdError, io::ErrorKind, iter, net::SocketAddr, time::Duration};

use bytes::Bytes;
use http::{HeaderValue, Method, Request, header};
use http_body_util::Full;
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use tokio::time::Instant;
use tower::{BoxError, ServiceBuilder, ServiceExt};
use tower_oss::{
    ClockOffset, Error, ErrorCode, OssErrorLayer, RetryPolicy,
    retry::{Attempt, Failure, RetryEvent},
    test_util::{Answer, ErrorResponse, Scripted},
};

/// A request, and the responses of the stand-in to its attempts.
struct Case {
    name: &'static str,
    method: Method,
    path: &'static str,
    answers: Vec<Answer>,
}

fn cases() -> Vec<Case> {
    let ok = || Answer::ok("hello from OSS");
    let lost = || Answer::fault(ErrorKind::ConnectionReset);
    let internal = || Answer::from(ErrorResponse::new(ErrorCode::InternalError));
    let throttled = ErrorResponse::new(ErrorCode::QpsLimitExceeded)
        .header(header::RETRY_AFTER, HeaderValue::from_static("1"));
    let gone = ErrorResponse::new(ErrorCode::NoSuchUpload);
    let hour = Duration::from_secs(60 * 60);
    let server_time = humantime::format_rfc3339_millis(ClockOffset::new().now() + hour);
    let skewed =
        ErrorResponse::new(ErrorCode::RequestTimeTooSkewed).field("ServerTime", server_time.to_string());
    let case = |name, method, path, answers| Case { name, method, path, answers };
    vec![
        case("an error that passes", Method::GET, "/k", vec![internal(), ok()]),
        case("an error that stays", Method::GET, "/k", vec![internal(), internal(), internal()]),
        case(
            "an error that would stay",
            Method::GET,
            "/k",
            vec![ErrorResponse::new(ErrorCode::NoSuchKey).into()],
        ),
        case("throttled, with Retry-After", Method::GET, "/k", vec![throttled.into(), ok()]),
        case("a connection that breaks", Method::PUT, "/k", vec![lost(), ok()]),
        case("an abort whose response is lost", Method::DELETE, "/k?uploadId=1", vec![lost(), gone.into()]),
        case("an append whose response is lost", Method::POST, "/k?append&position=0", vec![lost()]),
        case("a clock that is an hour slow", Method::GET, "/k", vec![skewed.into(), ok()]),
    ]
}

/// A line of the time line.
fn line(start: Instant, text: &str) {
    println!("  {:>6} ms  {text}", start.elapsed().as_millis());
}

fn why(failure: &Failure<'_>) -> String {
    match (failure.oss(), failure.transport()) {
        (Some(error), _) => format!("{} ({})", error.code(), error.status().as_u16()),
        (_, Some(error)) => innermost(error),
        _ => "an error response that no layer below reads".to_owned(),
    }
}

/// The first cause, which says most. That of an HTTP client could show the URL. This one does not.
fn innermost(error: &(dyn StdError + 'static)) -> String {
    let causes = iter::successors(Some(error), |error: &&_| StdError::source(*error));
    causes.last().map(ToString::to_string).unwrap_or_default()
}

async fn run(case: Case, oss: &Scripted, address: SocketAddr) -> Result<(), BoxError> {
    println!("\n{}: {} {}", case.name, case.method, case.path);
    case.answers.into_iter().for_each(|answer| oss.push(answer));
    let start = Instant::now();
    let clock = ClockOffset::new();
    let policy = RetryPolicy::default()
        .clock(clock.clone())
        .random(|| 0.5) // the middle of the jitter, so that this shows the same each time
        .on_retry(move |event: &RetryEvent<'_>| {
            let wait = event.delay.as_millis();
            line(start, &format!("{}: {:?}, again in {wait} ms", why(&event.failure), event.verdict));
        });
    let signer_clock = clock.clone();
    let signer = move |request: Request<Full<Bytes>>| {
        let off = signer_clock.millis() as f64 / 60_000.0;
        let date = if off == 0.0 { String::new() } else { format!(", dated {off:+.0} min") };
        line(start, &format!("attempt {}{date}", Attempt::of(&request).number()));
        request
    };
    let client = ServiceBuilder::new()
        .timeout(Duration::from_secs(30)) // the call, up to the response head
        .retry(policy)
        .layer(OssErrorLayer::new().clock(clock))
        .map_request(signer)
        .timeout(Duration::from_secs(5)) // one attempt, its upload included
        .service(Client::builder(TokioExecutor::new()).build_http());

    let request = Request::builder().method(case.method).uri(format!("http://{address}{}", case.path));
    match client.oneshot(request.body(Full::from("four"))?).await {
        Ok(response) => line(start, &format!("response: {}", response.status())),
        Err(error) => end(start, &error.into()),
    }
    Ok(())
}

fn end(start: Instant, error: &Error) {
    let text = match error.oss() {
        Some(error) => format!("failed: {} ({})", error.code(), error.status().as_u16()),
        None => format!("failed: {}", innermost(error)),
    };
    line(start, &text);
    let stop = error.retry_stop().map_or("none".to_owned(), |stop| format!("{stop:?}"));
    println!("             attempts {}, retry_stop {stop}", error.attempts());
    if error.after_ambiguous_attempt() {
        println!("             after an attempt that may have taken effect: check before you repeat it");
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    let oss = Scripted::default();
    let address = oss.serve().await?;
    for case in cases() {
        run(case, &oss, address).await?;
    }
    Ok(())
}
