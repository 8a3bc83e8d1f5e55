//! The responses of `tests/data/field-cases.jsonl`, from public reports, through the complete
//! stack.

use std::{
    collections::BTreeMap,
    fs,
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, SystemTime},
};

use base64::{Engine, prelude::BASE64_STANDARD};
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use serde_json::Value;
use tower::{BoxError, Service, ServiceBuilder, ServiceExt, service_fn};
use tower_oss::{
    ClockOffset, Error, ErrorClass, ErrorCode, OssError, OssErrorLayer, RetryPolicy, ThrottleLayer,
    retry::Verdict,
};

#[tokio::test(start_paused = true)]
async fn every_response_from_the_field_is_understood() {
    let mut faults = Vec::new();
    let cases = cases();
    assert!(cases.len() > 50, "cases are missing");
    for case in &cases {
        let seen = Seen::of(case).await;
        for (key, wanted) in case["expect"].as_object().unwrap() {
            if let Err(got) = seen.check(key, wanted) {
                faults.push(format!("{}: {key}: want {wanted}, got {got}", case["name"]));
            }
        }
    }
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}

fn cases() -> Vec<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/field-cases.jsonl");
    let text = fs::read_to_string(path).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The result that a user sees.
struct Seen {
    /// The result of the call through policy and layer.
    end: Result<u16, Error>,
    requests: usize,
    first_verdict: Option<Verdict>,
    clock_millis: i64,
    throttled_of_three: u64,
}

impl Seen {
    async fn of(case: &Value) -> Self {
        let sent = Arc::new(AtomicUsize::new(0));
        let clock = ClockOffset::new();
        let verdict = Arc::new(Mutex::new(None));
        let noted = Arc::clone(&verdict);
        let policy = RetryPolicy::new().clock(clock.clone()).classify(move |_, verdict| {
            noted.lock().unwrap().get_or_insert(verdict);
            verdict
        });
        let end = ServiceBuilder::new()
            .retry(policy)
            .layer(layer(case).clock(clock.clone()))
            .service(server(case, Arc::clone(&sent)))
            .oneshot(request(case))
            .await;
        let first_verdict = *verdict.lock().unwrap();
        Self {
            end: end.map(|response| response.status().as_u16()),
            requests: sent.load(Ordering::Relaxed),
            first_verdict,
            clock_millis: clock.millis(),
            throttled_of_three: throttled_of_three(case).await,
        }
    }

    fn error(&self) -> &OssError {
        self.end.as_ref().unwrap_err().oss().unwrap()
    }

    fn check(&self, key: &str, wanted: &Value) -> Result<(), String> {
        if let Some(key) = key.strip_suffix("_any").filter(|key| *key != "has" && !key.ends_with("_has")) {
            let got = self.value(key);
            return ok(wanted.as_array().unwrap().contains(&got), || got.to_string());
        }
        if let Some(key) = key.strip_suffix("_is_some") {
            let got = self.value(key);
            return ok(got.is_null() != wanted.as_bool().unwrap(), || got.to_string());
        }
        for (suffix, check) in CHECKS {
            if let Some(key) = key.strip_suffix(suffix) {
                let got = self.text(key).to_lowercase();
                let words: Vec<_> = wanted
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|word| word.as_str().unwrap().to_lowercase())
                    .collect();
                return ok(check(&got, &words), || got.clone());
            }
        }
        let got = self.value(key);
        let fine = match wanted.as_object() {
            Some(wanted) => wanted.iter().all(|(name, value)| got[name] == *value),
            None => got == *wanted,
        };
        ok(fine, || got.to_string())
    }

    fn text(&self, key: &str) -> String {
        match key {
            "display" => self.error().to_string(),
            "debug" => format!("{:?} {:?}", self.error(), self.error().headers()),
            "report" => self.error().report(),
            "all" => ["display", "debug", "report", "explain"].map(|key| self.text(key)).join("\n"),
            "explain" => self.error().explain().to_string(),
            key => self.value(key).as_str().unwrap_or_default().to_owned(),
        }
    }

    fn value(&self, key: &str) -> Value {
        match key {
            "is_error" => return self.end.is_err().into(),
            "final" => {
                return match &self.end {
                    Ok(status) => format!("ok {status}").into(),
                    Err(_) => "error".into(),
                };
            }
            "requests" => return self.requests.into(),
            "clock_ms" => return self.clock_millis.into(),
            "throttle_refused" => return self.throttled_of_three.into(),
            "verdict" => return self.first_verdict.map(|verdict| format!("{verdict:?}")).into(),
            _ => {}
        }
        let error = self.error();
        let explanation = error.explain();
        match key {
            "code" => error.code().as_str().into(),
            "known" => (!matches!(error.code(), ErrorCode::Other(_))).into(),
            "origin" => format!("{:?}", error.code_origin()).into(),
            "class" => error.class().as_str().into(),
            "message" => error.message().into(),
            "request_id" => error.request_id().into(),
            "host_id" => error.host_id().into(),
            "ec" => error.ec().into(),
            "recommend_doc" => error.recommend_doc().into(),
            "body_kind" => format!("{:?}", error.body_kind()).into(),
            "body_state" => format!("{:?}", error.body_state()).into(),
            "fields" => serde_json::to_value(error.fields().collect::<BTreeMap<_, _>>()).unwrap(),
            "throttled" => error.is_throttled().into(),
            "transient" => error.is_transient().into(),
            "not_found" => error.is_not_found().into(),
            "conflict" => error.is_conflict().into(),
            "access_denied" => error.is_access_denied().into(),
            "clock_skewed" => (error.class() == ErrorClass::Clock && error.is_clock_skewed()).into(),
            "callback_failed" => error.is_callback_failed().into(),
            "meaning" => explanation.meaning().into(),
            "cause" => explanation.cause().into(),
            "remedy" => explanation.remedy().into(),
            "retry_helps" => explanation.retry_helps().into(),
            "stop" => error.retry_stop().map(|stop| format!("{stop:?}")).into(),
            "attempts" => error.attempts().into(),
            "after_ambiguous" => error.after_ambiguous_attempt().into(),
            unknown => unreachable!("an expectation that is not checked: {unknown}"),
        }
    }
}

type Check = fn(&str, &[String]) -> bool;

/// Endings of keys whose values are words to look for in a text.
const CHECKS: [(&str, Check); 3] = [
    ("_has", |text, words| words.iter().all(|word| text.contains(word))),
    ("_has_any", |text, words| words.iter().any(|word| text.contains(word))),
    ("_not", |text, words| words.iter().all(|word| !text.contains(word))),
];

fn ok(fine: bool, got: impl Fn() -> String) -> Result<(), String> {
    if fine { Ok(()) } else { Err(got()) }
}

/// Makes three calls without a policy, and counts those that the throttle counts as throttled.
async fn throttled_of_three(case: &Value) -> u64 {
    let throttle = ThrottleLayer::new();
    let handle = throttle.handle();
    let mut client =
        ServiceBuilder::new().layer(throttle).layer(layer(case)).service(server(case, Arc::default()));
    for _ in 0..3 {
        let _ = client.ready().await.unwrap().call(request(case)).await;
    }
    handle.throttled()
}

fn layer(case: &Value) -> OssErrorLayer {
    let layer = OssErrorLayer::new();
    if case["redirects"] == true { layer.redirects_as_errors() } else { layer }
}

/// Responds as in the case, one response after the other. The last one repeats.
fn server(
    case: &Value,
    sent: Arc<AtomicUsize>,
) -> impl Service<Request<Full<Bytes>>, Response = Response<Full<Bytes>>, Error = BoxError, Future: Send>
+ Clone
+ use<> {
    let responses = case["sequence"].as_array().cloned().unwrap_or_else(|| vec![case.clone()]);
    service_fn(move |_| {
        let at = sent.fetch_add(1, Ordering::Relaxed);
        let response = response(&responses[at.min(responses.len() - 1)]);
        async move { Ok(response) }
    })
}

fn response(part: &Value) -> Response<Full<Bytes>> {
    let mut response = Response::builder().status(u16::try_from(part["status"].as_u64().unwrap()).unwrap());
    for header in part["headers"].as_array().unwrap() {
        let value = filled(header[1].as_str().unwrap());
        let value = match value.strip_prefix("B64:") {
            Some(plain) => BASE64_STANDARD.encode(plain),
            None => value,
        };
        response = response.header(header[0].as_str().unwrap(), value);
    }
    let body = match part["body_b64"].as_str() {
        Some(text) => BASE64_STANDARD.decode(text).unwrap(),
        None => filled(part["body"].as_str().unwrap()).into(),
    };
    response.body(Full::from(body)).unwrap()
}

fn request(case: &Value) -> Request<Full<Bytes>> {
    let uri = case["uri"].as_str().unwrap_or("http://examplebucket.oss-cn-hangzhou.aliyuncs.com/k");
    let mut request = Request::builder().method(case["method"].as_str().unwrap()).uri(uri);
    for header in case["req_headers"].as_array().into_iter().flatten() {
        request = request.header(header[0].as_str().unwrap(), header[1].as_str().unwrap());
    }
    // A 203 is an error only if the request has a callback.
    if case["status"] == 203 {
        request = request.header("x-oss-callback", "e30=");
    }
    request.body(Full::default()).unwrap()
}

/// The text with its moments, `@HTTP5@` and `@ISO-5@`, written out: seconds from now, as each of
/// them is dated.
#[expect(clippy::disallowed_methods, reason = "a server's clock")]
fn filled(text: &str) -> String {
    let mut out = String::new();
    for (at, part) in text.split('@').enumerate() {
        let seconds =
            |prefix| part.strip_prefix(prefix).and_then(|seconds: &str| seconds.parse::<i64>().ok());
        let moment = |seconds: i64| {
            let by = Duration::from_secs(seconds.unsigned_abs());
            if seconds < 0 { SystemTime::now() - by } else { SystemTime::now() + by }
        };
        match (seconds("HTTP"), seconds("ISO")) {
            (Some(seconds), _) if at % 2 == 1 => out += &httpdate::fmt_http_date(moment(seconds)),
            (_, Some(seconds)) if at % 2 == 1 => {
                out += &humantime::format_rfc3339_millis(moment(seconds)).to_string();
            }
            _ if at > 0 && at % 2 == 1 => out += &format!("@{part}@"),
            _ => out += part,
        }
    }
    out
}
