//! Any bytes as an error body, split into any frames: the same error as from one frame.
#![no_main]

mod shared;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use libfuzzer_sys::fuzz_target;
use tokio::runtime::Builder;
use tower::{Layer, ServiceExt};
use tower_oss::{
    Error, OssError, OssErrorLayer,
    error::BodyState,
    test_util::{Answer, Scripted},
};

fuzz_target!(|input: (u16, Option<u16>, bool, &[u8])| {
    let (frame, end, fails, body) = input;
    let body = &body[..body.len().min(32 * 1024)];
    let answer = |body: &[u8]| {
        let mut answer = Response::new(Bytes::copy_from_slice(body));
        *answer.status_mut() = StatusCode::FORBIDDEN;
        answer
    };
    let sent = Answer::new(answer(body)).in_frames_of(usize::from(frame));
    let end = end.map(usize::from).filter(|end| *end < body.len());
    let sent = match end {
        Some(end) if fails => sent.failing_after(end),
        Some(end) => sent.cut_after(end),
        None => sent,
    };
    let framed = shared::in_proportion(4 * body.len(), || through_layer(sent));
    let whole = OssError::from_response(answer(&body[..end.unwrap_or(body.len())]));

    assert_eq!(framed.raw_body(), whole.raw_body());
    assert_eq!(framed.to_string().split(" [").next(), whole.to_string().split(" [").next());
    assert_eq!(framed.body_kind(), whole.body_kind());
    assert!(framed.fields().eq(whole.fields()));
    assert_eq!(framed.body_state() == BodyState::Failed, end.is_some() && fails);
});

/// Sends it through the layer, in a runtime whose time passes by itself.
fn through_layer(answer: Answer) -> OssError {
    let service = OssErrorLayer::new().layer(Scripted::new([answer]));
    let runtime = Builder::new_current_thread().enable_time().start_paused(true).build();
    let result = runtime.expect("a runtime").block_on(service.oneshot(Request::new(())));
    result.err().and_then(Error::into_oss).expect("OSS answered")
}
