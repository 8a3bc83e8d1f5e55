//! Any bytes as an error body, cut into frames in any way: the same error as of the whole body.
#![no_main]

use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use libfuzzer_sys::fuzz_target;
use tower::{Layer, Service, service_fn};
use tower_oss::{BodyState, OssError, OssErrorLayer, test_util::Answer};

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
    let framed = through_layer(sent);
    let whole = OssError::from_response(answer(&body[..end.unwrap_or(body.len())]));

    assert_eq!(framed.raw_body(), whole.raw_body());
    assert_eq!(framed.to_string().split(" [").next(), whole.to_string().split(" [").next());
    assert_eq!(framed.body_kind(), whole.body_kind());
    assert!(framed.fields().eq(whole.fields()));
    assert_eq!(framed.body_state() == BodyState::Failed, end.is_some() && fails);
});

fn through_layer(answer: Answer) -> OssError {
    let answer = std::cell::RefCell::new(Some(answer));
    let service = service_fn(|_: Request<()>| {
        let mut scripted = tower_oss::test_util::Scripted::new(answer.borrow_mut().take());
        scripted.call(Request::new(()))
    });
    let mut service = OssErrorLayer::new().layer(service);
    let mut call = std::pin::pin!(service.call(Request::new(())));
    match call.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(result) => result.unwrap_err().into_oss().expect("OSS answered"),
        Poll::Pending => panic!("everything is there at once"),
    }
}
