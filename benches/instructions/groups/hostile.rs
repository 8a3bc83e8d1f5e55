//! Hostile bodies: twice the length may take twice the time, not more.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode};
use http_body_util::Full;
use tower::Layer;
use tower_oss::{OssError, OssErrorLayer};

use crate::{
    measure::{Group, Measure, repeat},
    shared::{
        bodies,
        stack::{Once, Slot, request, send},
    },
};

/// A group of a hostile shape at one length and at twice that: linear, or not.
macro_rules! twice {
    ($name:literal, $run:path, $shape:path, $kib:literal) => {
        Group {
            name: concat!("hostile: ", $name),
            measure: Measure::Ratio,
            cases: &[("once", || $run($shape, $kib)), ("twice as long", || $run($shape, 2 * $kib))],
        }
    };
}

pub const GROUPS: &[Group] = &[
    twice!("deep nesting", body, DEEP, 128),
    twice!("attributes", body, ATTRIBUTES, 128),
    twice!("entities", body, ENTITIES, 128),
    twice!("tiny elements", body, ELEMENTS, 128),
    twice!("tiny elements that never end", body, FAST_ELEMENTS_THEN_NONE, 128),
    twice!("JSON, deep", body, JSON_DEEP, 128),
    twice!("JSON, array", body, JSON_ARRAY, 128),
    twice!("JSON, escapes", body, JSON_ESCAPES, 128),
    twice!("x-oss-err", header, ELEMENTS, 32),
    twice!("Display of queries", display, QUERY, 16),
    twice!("Display of secrets", display, SECRETS, 16),
    twice!("Display of blanks", display, BLANKS, 16),
];

const KIB: usize = 1024;

/// The beginning of a document, and the part that is repeated.
type Shape = (&'static str, &'static str);

const DEEP: Shape = ("<Error><Code>A</Code>", "<a>");
const ATTRIBUTES: Shape = ("<Error><Code>A</Code><a", " a=\"\"");
const ENTITIES: Shape = ("<Error><Code>A</Code><Message>", "&lt;");
const ELEMENTS: Shape = ("<Error><Code>A</Code>", "<a>b</a>");
const FAST_ELEMENTS_THEN_NONE: Shape = ("<Error>", "<Code></Code>");
const JSON_DEEP: Shape = ("{\"Error\":{\"Code\":\"A\"", ",\"a\":{\"a\":1");
const JSON_ARRAY: Shape = ("{\"Error\":{\"Code\":\"A\",\"a\":[0", ",1");
const JSON_ESCAPES: Shape = ("{\"Error\":{\"Code\":\"A\",\"Message\":\"", "\\u0041");
const QUERY: Shape = ("<Error><Message>", "?a=b ");
const SECRETS: Shape = ("<Error><Message>", "a-token: ");
const BLANKS: Shape = ("<Error><Message>token", " ");

fn document((start, again): Shape, length: usize) -> String {
    let end = if start.starts_with("<Error><Message>") { "</Message></Error>" } else { "" };
    format!("{start}{}{end}", again.repeat((length - start.len()) / again.len()))
}

/// Reads a document of this length through a layer that keeps it completely.
fn body(shape: Shape, kib: usize) {
    let slot = Slot::default();
    let mut service = OssErrorLayer::new().body_limit(1024 * KIB).layer(Once(slot.clone()));
    let body = Bytes::from(document(shape, kib * KIB));
    let input = || {
        slot.set(Some(Box::new(bodies::response(StatusCode::NOT_FOUND, Full::new(body.clone())))));
        request("GET", false)
    };
    repeat(input, |request| send(&mut service, request).err());
}

/// Reads it from the header.
fn header(shape: Shape, kib: usize) {
    let value = HeaderValue::try_from(STANDARD.encode(document(shape, kib * KIB))).unwrap();
    let input = || {
        let mut response = Response::new(Bytes::new());
        *response.status_mut() = StatusCode::NOT_FOUND;
        response.headers_mut().insert("x-oss-err", value.clone());
        response
    };
    repeat(input, OssError::from_response);
}

/// Shows it.
fn display(shape: Shape, kib: usize) {
    let error = OssError::from_response(bodies::not_found(&document(shape, kib * KIB)));
    repeat(|| &error, |error| error.to_string());
}
