//! Logs and metrics of a stack, side by side: the events of the feature `tracing`, and hooks that
//! count with `metrics`.
//!
//! ```sh
//! cargo run --example observe
//! ```

use std::io::ErrorKind;

use http::{Method, Request};
use metrics::{counter, histogram};
use metrics_util::debugging::{DebugValue, DebuggingRecorder};
use tower::{BoxError, ServiceBuilder, ServiceExt};
use tower_oss::{
    Error, ErrorCode, OssErrorLayer, RetryPolicy, ThrottleLayer,
    error::FailedAttempt,
    layer::ErrorEvent,
    retry::{GiveUpEvent, RetryEvent},
    test_util::{Answer, ErrorResponse, Scripted},
    throttle::Change,
};
use tracing::Level;

fn count_error(event: &ErrorEvent<'_>) {
    // Not the code: a server can invent codes, and each new label costs memory.
    let class = match event.error {
        Error::Oss(error) => error.class().as_str(),
        Error::Transport(error) => error.kind().as_str(),
        Error::NotSent(error) => error.reason().as_str(),
        _ => "other",
    };
    counter!("oss_errors_total", "class" => class).increment(1);
}

fn count_retry(event: &RetryEvent<'_>) {
    counter!("oss_retries_total", "verdict" => event.verdict.as_str()).increment(1);
    histogram!("oss_retry_delay_seconds").record(event.delay);
}

fn count_failure(event: &GiveUpEvent<'_>) {
    counter!("oss_failed_calls_total", "stop" => event.stop.as_str()).increment(1);
}

fn count_change(change: Change) {
    counter!("oss_throttle_changes_total", "kind" => change.kind.as_str()).increment(1);
}

/// Three failures: retries make the first call succeed, which is throttled, too; the outcome of the
/// second is unknown; and the third cannot succeed.
fn bad_day() -> Scripted {
    let failure = |code, id| -> Answer { ErrorResponse::new(code).request_id(id).into() };
    Scripted::new([
        failure(ErrorCode::InternalError, "65A1F0C2D3E4B5A697887701"),
        failure(ErrorCode::QpsLimitExceeded, "65A1F0C2D3E4B5A697887702"),
        Answer::ok("hello"),
        Answer::fault(ErrorKind::ConnectionReset),
        failure(ErrorCode::ServiceUnavailable, "65A1F0C2D3E4B5A697887704"),
        failure(ErrorCode::AccessDenied, "65A1F0C2D3E4B5A697887705"),
    ])
}

#[tokio::main(flavor = "current_thread", start_paused = true)]
async fn main() -> Result<(), BoxError> {
    println!("logs\n");
    // To see single retries and errors, let DEBUG through.
    tracing_subscriber::fmt().with_max_level(Level::DEBUG).without_time().with_ansi(false).init();
    let recorder = DebuggingRecorder::new(); // in an application, an exporter
    let snapshotter = recorder.snapshotter();
    recorder.install()?;

    let policy = RetryPolicy::new().random(|| 0.5); // fixed delays, to compare the output
    let client = ServiceBuilder::new()
        .retry(policy.on_retry(count_retry).on_give_up(count_failure))
        .layer(ThrottleLayer::new().on_change(count_change))
        .layer(OssErrorLayer::new().on_error(count_error))
        .service(bad_day());

    let bucket = "https://examplebucket.oss-cn-hangzhou.aliyuncs.com";
    let request = |method, key| Request::builder().method(method).uri(format!("{bucket}/{key}")).body(());
    client.clone().oneshot(request(Method::GET, "heals")?).await?;
    for request in [request(Method::POST, "log?append&position=0")?, request(Method::PUT, "report")?] {
        let error = client.clone().oneshot(request).await.err().ok_or("it succeeded")?;
        let attempts: Vec<_> = error.history().attempts().iter().map(FailedAttempt::to_string).collect();
        println!("  -> {error}\n     {}", attempts.join("\n     "));
    }

    println!("\nmetrics\n");
    let mut lines: Vec<_> = snapshotter
        .snapshot()
        .into_vec()
        .into_iter()
        .map(|(key, _, _, value)| {
            let key = key.key();
            let labels: Vec<_> =
                key.labels().map(|label| format!("{}={}", label.key(), label.value())).collect();
            let value = match value {
                DebugValue::Counter(count) => count.to_string(),
                DebugValue::Gauge(value) => value.to_string(),
                DebugValue::Histogram(samples) => format!("{samples:?}"),
            };
            format!("{:<56} {value}", format!("{}{{{}}}", key.name(), labels.join(",")))
        })
        .collect();
    lines.sort();
    println!("{}", lines.join("\n"));
    Ok(())
}
