//! Any bytes as an error document: in the body, and in the header `x-oss-err`; also over and over,
//! up to 400 KiB.
//!
//! The bodies of `tests/data` are a start.
#![no_main]

mod shared;

use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode};
use http_body_util::Full;
use libfuzzer_sys::fuzz_target;
use tokio::runtime::Builder;
use tower::{Layer, ServiceExt, service_fn};
use tower_oss::{Error, OssError, OssErrorLayer, error::BodyKind};

/// Longest document.
const LARGE: usize = 400 << 10;

fuzz_target!(|data: &[u8]| {
    let error = shared::read(response(data));
    assert!(data.len() > 64 << 10 || error.raw_body() == data);

    // A comment before the root takes any document to the general path. It must say the same.
    if error.body_kind() == BodyKind::OssXml && !starts_with_preamble(data) {
        let general = shared::read(response(&[b"<!-- -->", data].concat()));
        assert_eq!(said(&error), said(&general));
    }

    if let Ok(value) = HeaderValue::from_bytes(data) {
        let mut response = response(b"");
        response.headers_mut().insert("x-oss-err", value);
        shared::read(response);
    }

    // A large one costs as much as many small ones, so it is not made of each.
    if shared::pick(data, 32) == 0 && !data.is_empty() {
        through_layer(&grown(data));
    }
});

fn response(body: &[u8]) -> Response<Bytes> {
    let mut response = Response::new(Bytes::copy_from_slice(body));
    *response.status_mut() = StatusCode::NOT_FOUND;
    response
}

/// The first half, and then the second one over and over.
fn grown(data: &[u8]) -> Vec<u8> {
    let (start, again) = data.split_at(data.len() / 2);
    [start, &again.repeat(LARGE / again.len())].concat()
}

/// Reads all of it.
fn through_layer(body: &[u8]) {
    let runtime = Builder::new_current_thread().enable_time().start_paused(true).build().expect("a runtime");
    let response = response(body).map(Full::new);
    shared::in_proportion(body.len(), || {
        let service = service_fn(|_: Request<()>| async { Ok::<_, Error>(response.clone()) });
        let call = OssErrorLayer::new().body_limit(2 * LARGE).layer(service).oneshot(Request::new(()));
        let error = runtime.block_on(call).err().and_then(Error::into_oss).expect("an error");
        shared::look_at(&error);
    });
}

/// Behind the comment, a byte order mark is text before the root, and so is none.
fn starts_with_preamble(data: &[u8]) -> bool {
    !data.starts_with(b"<") || data.len() > 60 << 10
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
