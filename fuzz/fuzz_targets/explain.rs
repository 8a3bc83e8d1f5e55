//! Any text as a code, an EC and a recommended link, and as the input of the example `explain`.
#![no_main]

#[allow(dead_code, reason = "the program itself is not run")]
#[path = "../../examples/explain/main.rs"]
mod explain;
mod shared;

use bytes::Bytes;
use http::Response;
use libfuzzer_sys::fuzz_target;
use tower_oss::{ErrorCode, error::Explanation};

fuzz_target!(|data: &[u8]| {
    explain_all(data);
    // A large one costs as much as many small ones, so it is not made of each.
    if shared::pick(data, 64) == 0 && !data.is_empty() {
        explain_all(&data.repeat((128 << 10) / data.len() + 1));
    }
});

fn explain_all(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    shared::in_proportion(data.len(), || {
        let code = ErrorCode::from(&*text);
        assert_eq!(code.as_str(), text);
        shared::assert_one_line(&format!("{code} {code:?}"));
        shared::assert_explanation(&Explanation::of_code(&code));
        if let Some(explanation) = Explanation::of_ec(&text) {
            shared::assert_explanation(&explanation);
            assert!(explanation.guide_url().is_some_and(|url| url.ends_with(&*text)));
        }
    });
    shared::read(of_parts(&text));
    example(data);
}

/// A response whose every basic element is the text.
fn of_parts(text: &str) -> Response<Bytes> {
    let text = text.replace('&', "&amp;").replace('<', "&lt;");
    let elements = ["Code", "Message", "RequestId", "HostId", "EC", "RecommendDoc"]
        .map(|name| format!("<{name}>{text}</{name}>"));
    Response::new(Bytes::from(format!("<Error>{}</Error>", elements.concat())))
}

/// The page and the JSON are fit for a terminal.
fn example(data: &[u8]) {
    shared::in_proportion(data.len(), || {
        let Ok(finding) = explain::finding::diagnose(data) else { return };
        let page = explain::page(finding.facts());
        assert!(page.lines().all(|line| !line.chars().any(char::is_control)), "{page:?}");
        let json = explain::to_json(finding.facts());
        shared::assert_one_line(&json.to_string());
    });
}
