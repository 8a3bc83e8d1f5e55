//! Any bytes as an error document: in the body, and in the header `x-oss-err`.
//!
//! `cargo +nightly fuzz run document`, with the bodies of `tests/data` as a start.
#![no_main]

use bytes::Bytes;
use http::{HeaderValue, Response};
use libfuzzer_sys::fuzz_target;
use tower_oss::{OssError, error::BodyKind};

fuzz_target!(|data: &[u8]| {
    let answer = |body: &[u8]| {
        let mut answer = Response::new(Bytes::copy_from_slice(body));
        *answer.status_mut() = http::StatusCode::NOT_FOUND;
        answer
    };
    let error = read(answer(data));
    assert!(data.len() > 64 * 1024 || error.raw_body() == data);

    // A comment before the root takes any document to the general path. It must say the same.
    if error.body_kind() == BodyKind::OssXml && !starts_with_preamble(data) {
        let general = read(answer(&[b"<!-- -->", data].concat()));
        assert_eq!(said(&error), said(&general));
    }

    if let Ok(value) = HeaderValue::from_bytes(data) {
        let mut answer = answer(b"");
        answer.headers_mut().insert("x-oss-err", value);
        read(answer);
    }
});

/// Behind the comment, a byte order mark is text before the root, and so is none.
fn starts_with_preamble(data: &[u8]) -> bool {
    !data.starts_with(b"<") || data.len() > 60 * 1024
}

/// Reads an answer, and looks at all of it.
fn read(answer: Response<Bytes>) -> OssError {
    let error = OssError::from_response(answer);
    for text in [error.to_string(), format!("{error:?}"), error.explain().to_string()] {
        assert!(!text.chars().any(char::is_control), "{text:?}");
    }
    assert!(error.report().lines().count() < 350);
    assert!(error.headers().len() < 2 && error.fields().count() <= 256);
    error
}

fn said(error: &OssError) -> String {
    let fields: Vec<_> = error.fields().collect();
    let basic = [error.message(), error.request_id(), error.host_id(), error.ec(), error.recommend_doc()];
    format!(
        "{} {:?} {basic:?} {fields:?} {:?}",
        error.code().as_str(),
        error.code_origin(),
        error.body_state()
    )
}
