use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode};
use http_body_util::Full;
use tower::Layer;
use tower_oss::{OssError, OssErrorLayer};

use crate::{
    cases::{KIB, repeat},
    shared::{
        bodies,
        stack::{Once, Slot, request, send},
    },
};

/// The beginning of a document, and what then comes again and again.
pub type Shape = (&'static str, &'static str);

pub const DEEP: Shape = ("<Error><Code>A</Code>", "<a>");
pub const ATTRIBUTES: Shape = ("<Error><Code>A</Code><a", " a=\"\"");
pub const ENTITIES: Shape = ("<Error><Code>A</Code><Message>", "&lt;");
pub const ELEMENTS: Shape = ("<Error><Code>A</Code>", "<a>b</a>");
pub const FAST_ELEMENTS_THEN_NONE: Shape = ("<Error>", "<Code></Code>");
pub const JSON_DEEP: Shape = ("{\"Error\":{\"Code\":\"A\"", ",\"a\":{\"a\":1");
pub const JSON_ARRAY: Shape = ("{\"Error\":{\"Code\":\"A\",\"a\":[0", ",1");
pub const JSON_ESCAPES: Shape = ("{\"Error\":{\"Code\":\"A\",\"Message\":\"", "\\u0041");
pub const QUERY: Shape = ("<Error><Message>", "?a=b ");
pub const SECRETS: Shape = ("<Error><Message>", "a-token: ");
pub const BLANKS: Shape = ("<Error><Message>token", " ");

fn document((start, again): Shape, length: usize) -> String {
    let end = if start.starts_with("<Error><Message>") { "</Message></Error>" } else { "" };
    format!("{start}{}{end}", again.repeat((length - start.len()) / again.len()))
}

/// Reads a document of this length through a layer that keeps all of it.
pub fn body(shape: Shape, kib: usize) {
    let slot = Slot::default();
    let mut service = OssErrorLayer::new().body_limit(1024 * KIB).layer(Once(slot.clone()));
    let body = Bytes::from(document(shape, kib * KIB));
    let input = || {
        slot.set(Some(Box::new(bodies::answer(StatusCode::NOT_FOUND, Full::new(body.clone())))));
        request("GET", false)
    };
    repeat(input, |request| send(&mut service, request).err());
}

/// Reads it from the header.
pub fn header(shape: Shape, kib: usize) {
    let value = HeaderValue::try_from(STANDARD.encode(document(shape, kib * KIB))).unwrap();
    let input = || {
        let mut answer = Response::new(Bytes::new());
        *answer.status_mut() = StatusCode::NOT_FOUND;
        answer.headers_mut().insert("x-oss-err", value.clone());
        answer
    };
    repeat(input, OssError::from_response);
}

/// Shows it.
pub fn display(shape: Shape, kib: usize) {
    let error = OssError::from_response(bodies::not_found(&document(shape, kib * KIB)));
    repeat(|| &error, |error| error.to_string());
}
