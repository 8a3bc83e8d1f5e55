//! However a body arrives, what is known is kept.

use std::{error::Error, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, Request, Response, header};
use http_body::Frame;
use http_body_util::StreamBody;
use tokio::time::Instant;
use tower::{BoxError, Layer, ServiceExt, service_fn};
use tower_oss::{
    OssError, OssErrorLayer,
    error::{BodyState, CodeOrigin},
    test_util::Answer,
};

use crate::support::{Sample, samples};

/// What a cut answer still tells is what the whole one tells, and the headers' part is there in any case.
fn assert_floor(sample: &Sample, whole: &OssError, error: &OssError, cut: usize) {
    let at = format!("{} at {cut}: {error}", sample.name);
    assert_eq!(error.status(), whole.status(), "{at}");
    assert_eq!(without_length(error), without_length(whole), "{at}");
    assert_eq!(error.raw_body(), &sample.answer.body()[..cut], "{at}");

    let header = |name| error.headers().get(name).and_then(|value| value.to_str().ok()).map(str::trim);
    let id = error.request_id();
    assert!(
        id == header("x-oss-request-id") || id == whole.request_id() || header("x-oss-err").is_some(),
        "{at}"
    );
    assert!(id.is_some() || header("x-oss-request-id").is_none_or(str::is_empty), "{at}");
    assert!(error.ec().is_some() || header("x-oss-ec").is_none_or(str::is_empty), "{at}");
    let shown = id.filter(|id| id.bytes().all(|b| b.is_ascii_alphanumeric())).unwrap_or("[");
    assert!(error.to_string().contains(shown), "{at}");

    if header("x-oss-err").is_some() {
        return; // it may fill in for what the cut took
    }
    assert!(error.code() == whole.code() || error.code_origin() != CodeOrigin::Body, "{at}");
    assert!(error.message().is_none() || error.message() == whole.message(), "{at}");
    assert!(error.host_id().is_none() || error.host_id() == whole.host_id(), "{at}");
    assert!(error.recommend_doc().is_none() || error.recommend_doc() == whole.recommend_doc(), "{at}");
    let kept: Vec<_> = error.fields().collect();
    assert!(whole.fields().collect::<Vec<_>>().starts_with(&kept), "{at}: {kept:?}");
}

fn without_length(error: &OssError) -> HeaderMap {
    let mut headers = error.headers().clone();
    headers.remove(header::CONTENT_LENGTH);
    headers
}

#[tokio::test(start_paused = true)]
async fn every_sample_cut_at_every_byte_keeps_the_floor() {
    for sample in samples() {
        let whole = sample.through_layer(Answer::new(sample.answer.clone())).await;
        let length = sample.answer.body().len();
        for cut in 0..=length {
            let answer = Answer::new(sample.answer.clone());

            let ended = sample.through_layer(answer.clone().cut_after(cut)).await;
            assert_floor(&sample, &whole, &ended, cut);
            assert_eq!(ended.body_state() == BodyState::Empty, cut == 0, "{} at {cut}", sample.name);
            assert!(cut < length || ended.body_state() == whole.body_state(), "{}", sample.name);

            let failed = sample.through_layer(answer.clone().failing_after(cut)).await;
            assert_floor(&sample, &whole, &failed, cut);
            assert_eq!(failed.body_state(), BodyState::Failed);
            assert_eq!(failed.source().unwrap().to_string(), "the connection broke");

            let start = Instant::now();
            let stalled = sample.through_layer(answer.stalled_after(cut)).await;
            assert_floor(&sample, &whole, &stalled, cut);
            let (state, limit) = (stalled.body_state(), start.elapsed());
            let closed = (BodyState::Complete, Duration::from_millis(50));
            assert!(
                (state, limit) == closed || (state, limit) == (BodyState::TimedOut, Duration::from_secs(5))
            );
            let document_ended = ended.body_kind().is_oss() && ended.body_state() == BodyState::Complete;
            let ends_in_it = matches!(ended.raw_body().trim_ascii_end().last(), Some(b'>' | b'}'));
            assert_eq!(
                state == BodyState::Complete,
                document_ended && ends_in_it,
                "{} at {cut}",
                sample.name
            );
        }
    }
}

/// What the layer makes of a body of these frames.
async fn in_frames(sample: &Sample, frames: Vec<Bytes>) -> OssError {
    let service = service_fn(|_: Request<()>| {
        let frames = frames.clone().into_iter().map(|bytes| Ok::<_, BoxError>(Frame::data(bytes)));
        let body = StreamBody::new(futures_util::stream::iter(frames));
        let (head, _) = sample.answer.clone().into_parts();
        async move { Ok::<_, BoxError>(Response::from_parts(head, body)) }
    });
    OssErrorLayer::new().layer(service).oneshot(sample.request()).await.unwrap_err().into_oss().unwrap()
}

#[tokio::test]
async fn every_sample_split_at_every_offset_gives_the_same_error() {
    for sample in samples() {
        let whole = sample.through_layer(Answer::new(sample.answer.clone())).await;
        let body = sample.answer.body();
        for offset in 0..=body.len() {
            let error =
                in_frames(&sample, vec![body.slice(..offset), Bytes::new(), body.slice(offset..)]).await;
            assert_eq!(
                format!("{error:?}{error}"),
                format!("{whole:?}{whole}"),
                "{} at {offset}",
                sample.name
            );
            assert_eq!(error.raw_body(), whole.raw_body());
            assert!(error.fields().eq(whole.fields()));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_that_is_always_ready_but_slow_gives_its_error_at_the_deadline() {
    let service = service_fn(|_: Request<()>| async {
        // Each frame takes a quarter of a second of the clock, and never makes wait.
        let frames = futures_util::stream::repeat_with(|| {
            futures_util::FutureExt::now_or_never(tokio::time::advance(Duration::from_millis(250)));
            Ok::<_, BoxError>(Frame::data(Bytes::from_static(b"x")))
        });
        Ok::<_, BoxError>(Response::builder().status(500).body(StreamBody::new(frames)).unwrap())
    });
    let error = OssErrorLayer::new().layer(service).oneshot(Request::new(())).await;
    let error = error.err().and_then(tower_oss::Error::into_oss).unwrap();
    assert_eq!(error.body_state(), BodyState::TimedOut);
    assert!(error.raw_body().len() <= 128, "{} frames", error.raw_body().len());
}
