//! However a body arrives, no information is lost.

use std::{
    cell::Cell,
    error::Error,
    future::{poll_fn, ready},
    pin::{Pin, pin},
    time::Duration,
};

use bytes::Bytes;
use futures_util::{Stream, StreamExt, TryStreamExt, poll, stream};
use http::{HeaderMap, Request, Response, header};
use http_body::Frame;
use http_body_util::{Full, StreamBody};
use tokio::time::{Instant, sleep};
use tower::{BoxError, Layer, ServiceExt, service_fn};
use tower_oss::{
    OssError, OssErrorLayer,
    error::{BodyState, CodeOrigin},
    test_util::Answer,
};

use crate::support::{Sample, samples};

/// A cut response has the same values as the complete one, as far as it has them, and always those
/// of the headers.
fn assert_floor(sample: &Sample, complete: &OssError, error: &OssError, cut: usize) {
    let at = format!("{} at {cut}: {error}", sample.name);
    assert_eq!(error.status(), complete.status(), "{at}");
    assert_eq!(without_length(error), without_length(complete), "{at}");
    assert_eq!(error.raw_body(), &sample.response.body()[..cut], "{at}");

    let header = |name| error.headers().get(name).and_then(|value| value.to_str().ok()).map(str::trim);
    let id = error.request_id();
    assert!(
        id == header("x-oss-request-id") || id == complete.request_id() || header("x-oss-err").is_some(),
        "{at}"
    );
    assert!(id.is_some() || header("x-oss-request-id").is_none_or(str::is_empty), "{at}");
    assert!(error.ec().is_some() || header("x-oss-ec").is_none_or(str::is_empty), "{at}");
    let shown = id.filter(|id| id.bytes().all(|b| b.is_ascii_alphanumeric())).unwrap_or("[");
    assert!(error.to_string().contains(shown), "{at}");

    if header("x-oss-err").is_some() {
        return; // it may replace what was cut off
    }
    assert!(error.code() == complete.code() || error.code_origin() != CodeOrigin::Body, "{at}");
    assert!(error.message().is_none() || error.message() == complete.message(), "{at}");
    assert!(error.host_id().is_none() || error.host_id() == complete.host_id(), "{at}");
    assert!(error.recommend_doc().is_none() || error.recommend_doc() == complete.recommend_doc(), "{at}");
    let kept: Vec<_> = error.fields().collect();
    assert!(complete.fields().collect::<Vec<_>>().starts_with(&kept), "{at}: {kept:?}");
}

fn without_length(error: &OssError) -> HeaderMap {
    let mut headers = error.headers().clone();
    headers.remove(header::CONTENT_LENGTH);
    headers
}

#[tokio::test(start_paused = true)]
async fn every_sample_cut_at_every_byte_keeps_the_floor() {
    for sample in samples() {
        let complete = sample.through_layer(Answer::new(sample.response.clone())).await;
        let length = sample.response.body().len();
        for cut in 0..=length {
            let answer = Answer::new(sample.response.clone());

            let ended = sample.through_layer(answer.clone().cut_after(cut)).await;
            assert_floor(&sample, &complete, &ended, cut);
            assert_eq!(ended.body_state() == BodyState::Empty, cut == 0, "{} at {cut}", sample.name);
            assert!(cut < length || ended.body_state() == complete.body_state(), "{}", sample.name);

            let failed = sample.through_layer(answer.clone().failing_after(cut)).await;
            assert_floor(&sample, &complete, &failed, cut);
            assert_eq!(failed.body_state(), BodyState::Failed);
            assert_eq!(failed.source().unwrap().to_string(), "the connection broke");

            let start = Instant::now();
            let stalled = sample.through_layer(answer.stalled_after(cut)).await;
            assert_floor(&sample, &complete, &stalled, cut);
            let document_ended = ended.body_kind().is_oss() && ended.body_state() == BodyState::Complete;
            let is_json = serde_json::from_slice::<serde_json::Map<_, _>>(ended.raw_body()).is_ok();
            // Their last tag matches no open element, and others were never closed: they take the
            // longer wait.
            let is_missed = ["mismatched-end-tags", "stray-and-missing-end-tags"].contains(&&*sample.name);
            let is_decided = sample.response.status().is_server_error() || sample.response.status() == 429;
            let expected = match document_ended || is_json {
                true if is_missed && stalled.body_state() == BodyState::TimedOut => {
                    (BodyState::TimedOut, 5000)
                }
                true => (BodyState::Complete, 50),
                false if is_decided => (BodyState::TimedOut, 1000),
                false => (BodyState::TimedOut, 5000),
            };
            let (state, limit) = (stalled.body_state(), start.elapsed());
            assert_eq!((state, limit.as_millis()), expected, "{} at {cut}", sample.name);
        }
    }
}

/// The layer's error for a body of these frames.
async fn in_frames(sample: &Sample, frames: Vec<Bytes>) -> OssError {
    let service = service_fn(|_: Request<()>| {
        let frames = frames.clone().into_iter().map(|bytes| Ok::<_, BoxError>(Frame::data(bytes)));
        let body = StreamBody::new(stream::iter(frames));
        let (head, _) = sample.response.clone().into_parts();
        async move { Ok::<_, BoxError>(Response::from_parts(head, body)) }
    });
    OssErrorLayer::new().layer(service).oneshot(sample.request()).await.unwrap_err().into_oss().unwrap()
}

#[tokio::test]
async fn every_sample_split_at_every_offset_gives_the_same_error() {
    for sample in samples() {
        let complete = sample.through_layer(Answer::new(sample.response.clone())).await;
        let body = sample.response.body();
        for offset in 0..=body.len() {
            let error =
                in_frames(&sample, vec![body.slice(..offset), Bytes::new(), body.slice(offset..)]).await;
            assert_eq!(
                format!("{error:?}{error}"),
                format!("{complete:?}{complete}"),
                "{} at {offset}",
                sample.name
            );
            assert_eq!(error.raw_body(), complete.raw_body());
            assert!(error.fields().eq(complete.fields()));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_slow_body_that_never_returns_pending_is_cut_at_the_deadline() {
    let service = service_fn(|_: Request<()>| async {
        // Each frame takes a quarter of a second, and is ready when polled.
        let frames = stream::repeat_with(|| {
            futures_util::FutureExt::now_or_never(tokio::time::advance(Duration::from_millis(250)));
            Ok::<_, BoxError>(Frame::data(Bytes::from_static(b"x")))
        });
        Ok::<_, BoxError>(Response::builder().status(500).body(StreamBody::new(frames)).unwrap())
    });
    let error = OssErrorLayer::new().layer(service).oneshot(Request::new(())).await;
    let error = error.err().and_then(tower_oss::Error::into_oss).unwrap();
    assert_eq!(error.body_state(), BodyState::TimedOut);
    assert!(error.raw_body().len() <= 130, "{} frames", error.raw_body().len());
}

type TestFrame = Result<Frame<Bytes>, BoxError>;

/// The layer's error for a response with this status and this body.
async fn error_of(
    layer: OssErrorLayer,
    status: u16,
    body: impl Stream<Item = TestFrame> + Unpin,
) -> OssError {
    let mut response = Some(Response::builder().status(status).body(StreamBody::new(body)).unwrap());
    let service = service_fn(move |_: Request<()>| ready(Ok::<_, BoxError>(response.take().unwrap())));
    layer.layer(service).oneshot(Request::new(())).await.err().and_then(tower_oss::Error::into_oss).unwrap()
}

/// The same byte for ever, one frame after each pause.
fn trickle(pause: Duration) -> Pin<Box<dyn Stream<Item = TestFrame>>> {
    Box::pin(stream::unfold((), move |()| async move {
        sleep(pause).await;
        Some((Ok(Frame::data(Bytes::from_static(b">"))), ()))
    }))
}

#[tokio::test]
async fn a_body_that_never_returns_pending_yields_to_other_tasks() {
    for (length, most_frames) in [(0, 65), (1, 65), (16 * 1024, 65), (512 * 1024, 3), (4 * 1024 * 1024, 1)] {
        let frames = Cell::new(0);
        let frame = Bytes::from(vec![b'x'; length]);
        let body = stream::repeat_with(|| {
            frames.set(frames.get() + 1);
            Ok(Frame::data(frame.clone()))
        });
        let layer = OssErrorLayer::new().drain_limit(usize::MAX).body_deadline(Duration::from_secs(3600));
        let mut reading = pin!(error_of(layer, 404, body));
        for polls in 1..100 {
            assert!(poll!(reading.as_mut()).is_pending());
            assert_eq!(frames.get(), polls * most_frames, "frames of {length}");
        }
    }
}

#[tokio::test]
async fn a_body_that_yielded_to_other_tasks_is_read_further() {
    let (frames, polls) = (3000, Cell::new(0));
    let body = stream::iter((0..frames).map(|_| Ok(Frame::data(Bytes::from_static(b"x")))));
    let mut reading = pin!(error_of(OssErrorLayer::new(), 404, body));
    let error = poll_fn(|cx| {
        polls.set(polls.get() + 1);
        reading.as_mut().poll(cx)
    });
    assert_eq!(error.await.raw_body().len(), frames);
    assert_eq!(polls.get(), frames.div_ceil(65));
}

#[tokio::test(start_paused = true)]
async fn a_stalled_body_is_given_up_sooner_if_the_status_decides() {
    for (layer, status, limit) in [
        (OssErrorLayer::new(), 429, 1000),
        (OssErrorLayer::new(), 500, 1000),
        (OssErrorLayer::new(), 503, 1000),
        (OssErrorLayer::new(), 599, 1000),
        (OssErrorLayer::new(), 400, 5000),
        (OssErrorLayer::new(), 403, 5000),
        (OssErrorLayer::new(), 404, 5000),
        (OssErrorLayer::new().body_idle_timeout(Duration::from_secs(3)), 500, 3000),
        (OssErrorLayer::new().body_idle_timeout(Duration::from_secs(3)), 404, 5000),
        (OssErrorLayer::new().body_idle_timeout(Duration::MAX), 500, 5000),
        (OssErrorLayer::new().body_deadline(Duration::from_millis(500)), 500, 500),
    ] {
        for cut in [&b""[..], b"<Error><Code>SlowDown</Code>"] {
            let start = Instant::now();
            let begin = stream::iter([Ok(Frame::data(Bytes::from_static(cut)))]);
            let error = error_of(layer.clone(), status, begin.chain(stream::pending())).await;
            assert_eq!(error.body_state(), BodyState::TimedOut);
            assert_eq!(error.raw_body(), cut);
            assert_eq!(start.elapsed().as_millis(), limit, "{status} after {} bytes", cut.len());
        }
    }
}

#[tokio::test(start_paused = true)]
async fn each_byte_restarts_the_idle_timeout_but_not_the_deadline() {
    let start = Instant::now();
    let error = error_of(OssErrorLayer::new(), 500, trickle(Duration::from_millis(900))).await;
    assert_eq!((error.body_state(), error.raw_body().len()), (BodyState::TimedOut, 5));
    assert_eq!(start.elapsed().as_millis(), 900 + 5000 - 900, "from the first Pending");
}

#[tokio::test(start_paused = true)]
async fn empty_frames_do_not_restart_the_idle_timeout() {
    let start = Instant::now();
    let empty = trickle(Duration::from_millis(100)).map_ok(|_| Frame::data(Bytes::new()));
    let error = error_of(OssErrorLayer::new(), 500, empty).await;
    assert_eq!(error.body_state(), BodyState::TimedOut);
    assert_eq!(start.elapsed().as_millis(), 1000);
}

#[tokio::test(start_paused = true)]
async fn a_document_longer_than_the_limit_that_stalls_after_its_end_costs_the_grace() {
    for (start, end) in
        [("<Error><Code>A</Code><Message>", "</Message></Error>"), ("{\"Code\":\"A\",\"a\":\"", "\"}")]
    {
        let text = Bytes::from(format!("{start}{}{end}\n", "x".repeat(100_000)));
        for frame in [1000, 70_000, 200_000] {
            let now = Instant::now();
            let frames: Vec<_> =
                text.chunks(frame).map(|frame| Ok(Frame::data(text.slice_ref(frame)))).collect();
            let error =
                error_of(OssErrorLayer::new(), 404, stream::iter(frames).chain(stream::pending())).await;
            assert_eq!(*error.code(), "A");
            assert_eq!((error.body_state(), error.raw_body().len()), (BodyState::Truncated, 64 * 1024));
            assert_eq!(now.elapsed().as_millis(), 50);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_bracket_every_53_ms_behind_a_long_text_costs_the_deadline_and_no_more() {
    for start in ["<Error><Message>", "<Error><!--", "<Error><a b='", "{\"Error\":{\"a\":\"", "<html>"] {
        let begin = stream::iter([Ok(Frame::data(Bytes::from(start.to_owned() + &"x".repeat(8 << 20))))]);
        let layer = OssErrorLayer::new().body_limit(16 << 20).drain_limit(usize::MAX);
        let now = Instant::now();
        let error = error_of(layer, 404, begin.chain(trickle(Duration::from_millis(53)))).await;
        assert_eq!(error.body_state(), BodyState::TimedOut);
        assert_eq!(error.raw_body().len(), start.len() + (8 << 20) + 94);
        assert_eq!(now.elapsed().as_millis(), 5000);
    }
}

const DOCUMENT: &str = "<Error><Code>NoSuchKey</Code></Error>";

#[tokio::test]
async fn a_body_that_ends_before_its_announced_length_is_truncated() {
    use BodyState::{Complete, Empty, Truncated};
    for (method, status, length, body, state) in [
        ("GET", 404, "5000", "<Error><Code>NoSuchKey", Truncated),
        ("GET", 502, "5000", "<html><body>Bad", Truncated),
        ("GET", 502, "5000", "", Truncated),
        ("GET", 502, "15", "<html><body>Bad", Complete),
        // Shorter than the body: a layer below has decompressed it.
        ("GET", 502, "3", "<html><body>Bad", Complete),
        // What is missing can only be blanks.
        ("GET", 404, "5000", DOCUMENT, Complete),
        // No length at all.
        ("GET", 502, "many", "<html><body>Bad", Complete),
        ("GET", 502, "-1", "<html><body>Bad", Complete),
        ("GET", 502, "99999999999999999999", "<html><body>Bad", Complete),
        // These have no body, and announce the length of a GET.
        ("HEAD", 404, "5000", "", Empty),
        ("GET", 304, "5000", "", Empty),
        // The method is unknown.
        ("PROPFIND", 404, "5000", "", Empty),
        ("PROPFIND", 404, "5000", "<html>", Truncated),
    ] {
        let response = Response::builder().status(status).header(header::CONTENT_LENGTH, length);
        let response = response.body(Full::<Bytes>::from(body)).unwrap();
        let service = service_fn(|_: Request<()>| ready(Ok::<_, BoxError>(response.clone())));
        let request = Request::builder().method(method).body(()).unwrap();
        let error = OssErrorLayer::new().redirects_as_errors().layer(service).oneshot(request).await;
        let error = error.unwrap_err().into_oss().unwrap();
        assert_eq!(error.body_state(), state, "{length} of {body:?} after {method}");
    }
}
