//! The event that the layer sends for every error.
//!
//! A program of its own: while there is one subscriber, `tracing` asks the thread that comes to an event first
//! whether anybody wants it, and keeps the answer. A test on another thread would answer no, for all of them.
#![expect(clippy::unwrap_used, reason = "a test that unwraps too much fails")]

use std::{
    collections::BTreeMap,
    fmt::Debug,
    sync::{Arc, Mutex},
};

use http::{Request, StatusCode};
use tower::{Layer, ServiceExt};
use tower_oss::{
    ErrorCode, OssErrorLayer,
    test_util::{Answer, ErrorResponse, Scripted},
};
use tracing::{
    Event, Level, Metadata, Subscriber,
    field::{Field, Visit},
    span,
};

/// An event: its level and its fields.
type Told = (Level, BTreeMap<String, String>);

#[derive(Clone, Default)]
struct Recorder(Arc<Mutex<Vec<Told>>>);

struct Fields<'a>(&'a mut BTreeMap<String, String>);

impl Visit for Fields<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.insert(field.name().to_owned(), format!("{value:?}"));
    }
}

impl Subscriber for Recorder {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("tower_oss")
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}
    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
    fn enter(&self, _: &span::Id) {}
    fn exit(&self, _: &span::Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut fields = BTreeMap::new();
        event.record(&mut Fields(&mut fields));
        self.0.lock().unwrap().push((*event.metadata().level(), fields));
    }
}

#[tokio::test]
async fn every_error_is_told_once_with_its_request_id_and_never_a_success() {
    let recorder = Recorder::default();
    let _guard = tracing::subscriber::set_default(recorder.clone());
    let oss = Scripted::new([
        Answer::ok("fine"),
        ErrorResponse::new(ErrorCode::NoSuchKey)
            .ec("0026-00000001")
            .request_id("65A1")
            .host_id("b.oss")
            .into(),
        ErrorResponse::new(ErrorCode::QpsLimitExceeded).into(),
        Answer::html(StatusCode::BAD_GATEWAY, "<html>"),
    ]);
    let client = OssErrorLayer::new().layer(oss);
    for _ in 0..4 {
        let _ = client.clone().oneshot(Request::new(())).await;
    }

    let events = recorder.0.lock().unwrap().clone();
    let levels: Vec<_> = events.iter().map(|(level, _)| *level).collect();
    assert_eq!(levels, [Level::INFO, Level::WARN, Level::ERROR]);
    let expected = [
        ("http.response.status_code", "404"),
        ("message", "OSS answered with an error"),
        ("oss.class", "\"not_found\""),
        ("oss.code", "NoSuchKey"),
        ("oss.ec", "0026-00000001"),
        ("oss.host_id", "b.oss"),
        ("oss.request_id", "65A1"),
    ];
    let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(events[0].1, BTreeMap::from(expected));
    assert!(!events[2].1.contains_key("oss.request_id"), "there is none, and none is made up");
}
