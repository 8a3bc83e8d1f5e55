//! Any response head and body, as they come over the wire: also with headers of 400 KiB in all, be
//! they long or many.
//!
//! `tests/data/*.http` are a start.
#![no_main]

mod shared;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Response};
use libfuzzer_sys::fuzz_target;
use tower_oss::OssError;

/// What the headers of a grown response have in all. hyper takes as much.
const LARGE: usize = 400 << 10;

fuzz_target!(|data: &[u8]| {
    hides_a_secret_of_the_document(data);
    let Some(response) = shared::input::read_response(data) else { return };
    shared::read(response.clone());
    // A large one costs as much as many small ones, so it is not made of each.
    match shared::pick(data, 32) {
        0 => drop(shared::read(grown(response, longer))),
        1 => drop(shared::read(grown(response, more))),
        2 => drop(shared::read(grown(response, more_names))),
        _ => {}
    }
});

fn grown(
    mut response: Response<Bytes>,
    grow: impl Fn(&mut HeaderMap, &HeaderName, &HeaderValue, usize),
) -> Response<Bytes> {
    let times = LARGE / shared::size(&response).max(64);
    let mut headers = HeaderMap::new();
    for (name, value) in response.headers() {
        grow(&mut headers, name, value, times);
    }
    *response.headers_mut() = headers;
    response
}

/// Each value over and over.
fn longer(headers: &mut HeaderMap, name: &HeaderName, value: &HeaderValue, times: usize) {
    if let Ok(value) = HeaderValue::from_bytes(&value.as_bytes().repeat(times)) {
        headers.append(name, value);
    }
}

/// Each header over and over.
fn more(headers: &mut HeaderMap, name: &HeaderName, value: &HeaderValue, times: usize) {
    for _ in 0..times {
        let _ = headers.try_append(name, value.clone()); // a map has room for 32768
    }
}

/// Each value over and over, under one name after the other.
fn more_names(headers: &mut HeaderMap, name: &HeaderName, value: &HeaderValue, times: usize) {
    for time in 0..times {
        let name = HeaderName::try_from(format!("{name}{time}"));
        let _ = headers.try_append(name.unwrap_or(HeaderName::from_static("a")), value.clone());
    }
}

/// A header repeats a secret of the document, with anything around it.
fn hides_a_secret_of_the_document(data: &[u8]) {
    const SECRET: &[u8] = b"Zy7gCanaryOfTheFuzzer";
    let (before, behind) = data.split_at(data.len() / 2);
    let Ok(value) = HeaderValue::from_bytes(&[before, SECRET, behind].concat()) else { return };
    let document = format!(
        "<Error><Code>A</Code><SecurityToken>{}</SecurityToken></Error>",
        String::from_utf8_lossy(SECRET)
    );
    let mut response = Response::new(Bytes::from(document));
    response.headers_mut().insert("x-a", value.clone());
    response.headers_mut().insert("x-oss-ec", value);
    let error = OssError::from_response(response);
    let shown = [
        error.to_string(),
        format!("{error:?}"),
        error.report(),
        format!("{:?}", error.headers()),
        format!("{:?}", error.explain()),
        String::from_utf8_lossy(&shared::whole(error.to_response().into_body())).into_owned(),
    ];
    for text in shown {
        assert!(!text.as_bytes().windows(SECRET.len()).any(|part| part == SECRET), "{text}");
    }
}
