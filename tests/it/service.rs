//! The service, polled step by step.

use std::{
    collections::VecDeque,
    convert::Infallible,
    error::Error as StdError,
    future::ready,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use futures_util::{poll, stream};
use http::{Method, Request, Response, StatusCode, Version};
use http_body::{Body, Frame};
use http_body_util::StreamBody;
use tokio::{sync::mpsc, task::yield_now, time::Instant};
use tower::{Layer, ServiceExt, service_fn};
use tower_oss::{Error, ErrorCode, OssErrorLayer, error::BodyState, layer::OssErrorService};
use tower_test::mock;

use crate::exchange::{REQUEST_ID, assert_is_missing, missing};

/// A body that yields its frames and then ends or stalls. The other `Arc` shows when it is dropped.
#[derive(Debug, Default)]
struct Tracked {
    frames: VecDeque<Bytes>,
    stalls: bool,
    alive: Arc<()>,
}

impl Body for Tracked {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        match self.frames.pop_front() {
            None if self.stalls => Poll::Pending,
            frame => Poll::Ready(frame.map(|data| Ok(Frame::data(data)))),
        }
    }
}

type Mock = mock::Mock<Request<&'static str>, Response<Tracked>>;
type Handle = mock::Handle<Request<&'static str>, Response<Tracked>>;

fn spawn() -> (mock::Spawn<OssErrorService<Mock>>, Handle) {
    mock::spawn_layer(OssErrorLayer::new())
}

fn is_dropped(alive: &Arc<()>) -> bool {
    Arc::strong_count(alive) == 1
}

#[tokio::test]
async fn every_call_waits_until_the_inner_service_is_ready() {
    let (mut service, mut handle) = spawn();
    handle.allow(0);
    for _ in 0..3 {
        assert!(service.poll_ready().is_pending());
        handle.allow(1);
        assert!(service.is_woken());
        assert!(matches!(service.poll_ready(), Poll::Ready(Ok(()))));

        let answer = service.call(Request::new(""));
        handle.next_request().await.unwrap().1.send_response(Response::default());
        assert!(answer.await.is_ok());
    }
}

#[test]
#[should_panic(expected = "service not ready")]
fn a_call_without_readiness_is_forwarded_unchanged() {
    let (mut service, _handle) = spawn();
    drop(service.call(Request::new("")));
}

#[test]
fn a_failure_to_become_ready_is_a_transport_error() {
    let (mut service, mut handle) = spawn();
    handle.send_error("no connection for secret");
    let Poll::Ready(Err(error)) = service.poll_ready() else { panic!("it is ready") };
    assert_is_failure(&error, "no connection for secret");
}

#[test]
fn an_oss_error_instead_of_readiness_stays_one() {
    let (mut service, mut handle) = spawn();
    handle.send_error(missing().error());
    let Poll::Ready(Err(Error::Oss(error))) = service.poll_ready() else { panic!("it is no OSS error") };
    assert_is_missing(&error);
}

#[tokio::test]
async fn an_inner_failure_is_the_cause_and_is_never_printed() {
    let (mut service, mut handle) = spawn();
    assert!(service.poll_ready().is_ready());
    let answer = service.call(Request::new(""));
    let (_, inner) = handle.next_request().await.unwrap();
    inner.send_error("GET https://b.oss/k?x-oss-signature=secret failed");
    assert_is_failure(&answer.await.unwrap_err(), "GET https://b.oss/k?x-oss-signature=secret failed");
}

#[track_caller]
fn assert_is_failure(error: &Error, cause: &str) {
    assert!(matches!(error, Error::Transport(_)));
    assert_eq!(error.source().unwrap().to_string(), cause);
    let printed = format!("{error} {error:?} {error:#?}");
    assert!(!printed.contains("secret"), "{printed}");
}

#[test]
fn the_inner_call_is_made_at_once_with_the_unchanged_request() {
    let (mut service, mut handle) = spawn();
    assert!(service.poll_ready().is_ready());
    let request = Request::put("/key?a=b").version(Version::HTTP_2).header("x-oss-meta-a", "1");
    let answer = service.call(request.extension(7_u8).body("the body").unwrap());

    let Poll::Ready(Some((request, _))) = handle.poll_request() else { panic!("no request came") };
    assert_eq!(request.method(), Method::PUT);
    assert_eq!(request.uri(), "/key?a=b");
    assert_eq!(request.version(), Version::HTTP_2);
    assert_eq!(request.headers().len(), 1);
    assert_eq!(request.headers()["x-oss-meta-a"], "1");
    assert_eq!(request.extensions().get(), Some(&7_u8));
    assert_eq!(request.into_body(), "the body");
    drop(answer);
}

#[tokio::test]
async fn a_success_is_returned_unchanged() {
    let (mut service, mut handle) = spawn();
    assert!(service.poll_ready().is_ready());
    let answer = service.call(Request::new(""));
    let body = Tracked { frames: [Bytes::from_static(b"content")].into(), ..Tracked::default() };
    let alive = body.alive.clone();
    let response = Response::builder().status(206).version(Version::HTTP_2).header("etag", "\"e\"");
    let response = response.header("x-oss-ec", "").extension(7_u8).body(body).unwrap();
    handle.next_request().await.unwrap().1.send_response(response);

    let response = answer.await.unwrap();
    assert_eq!(response.status(), StatusCode::PARTIAL_CONTENT);
    assert_eq!(response.version(), Version::HTTP_2);
    assert_eq!(response.headers().len(), 2);
    assert_eq!(response.headers()["etag"], "\"e\"");
    assert_eq!(response.extensions().get(), Some(&7_u8));
    assert!(Arc::ptr_eq(&response.body().alive, &alive));
    assert_eq!(response.body().frames, ["content"]);
}

#[tokio::test]
async fn an_error_keeps_the_head_of_its_response() {
    let (mut service, mut handle) = spawn();
    assert!(service.poll_ready().is_ready());
    let answer = service.call(Request::delete("/key").body("").unwrap());
    let mut response = missing().response().map(|_| Tracked::default());
    *response.version_mut() = Version::HTTP_2;
    response.extensions_mut().insert(7_u8);
    let headers = response.headers().clone();
    handle.next_request().await.unwrap().1.send_response(response);

    let error = answer.await.unwrap_err().into_oss().unwrap();
    assert_eq!(error.status(), StatusCode::NOT_FOUND);
    assert_eq!(error.version(), Version::HTTP_2);
    assert_eq!(*error.headers(), headers);
    assert_eq!(error.extensions().get(), Some(&7_u8));
    assert_eq!(error.method(), Some(Method::DELETE));
    assert_eq!(error.request_id(), Some(REQUEST_ID));
}

/// An error response whose body stalls after these frames, and an `Arc` that shows when it is
/// dropped.
fn stalled(frames: &[&'static str]) -> (Response<Tracked>, Arc<()>) {
    let frames = frames.iter().map(|frame| Bytes::from_static(frame.as_bytes())).collect();
    let body = Tracked { frames, stalls: true, ..Tracked::default() };
    let alive = body.alive.clone();
    (Response::builder().status(503).body(body).unwrap(), alive)
}

#[tokio::test]
async fn a_future_dropped_before_its_response_drops_the_response_too() {
    let (mut service, mut handle) = spawn();
    assert!(service.poll_ready().is_ready());
    let mut answer = Box::pin(service.call(Request::new("")));
    assert!(poll!(&mut answer).is_pending());
    let (_, inner) = handle.next_request().await.unwrap();
    drop(answer);

    let (response, alive) = stalled(&[]);
    inner.send_response(response);
    assert!(is_dropped(&alive));
}

#[tokio::test]
async fn a_future_dropped_with_its_response_unread_drops_the_body() {
    let (mut service, mut handle) = spawn();
    assert!(service.poll_ready().is_ready());
    let answer = service.call(Request::new(""));
    let (response, alive) = stalled(&[]);
    handle.next_request().await.unwrap().1.send_response(response);
    assert!(!is_dropped(&alive));
    drop(answer);
    assert!(is_dropped(&alive));
}

#[tokio::test(start_paused = true)]
async fn a_future_dropped_while_the_body_is_pending_drops_the_body() {
    for frames in [&[][..], &["<Error>"], &["<Error><Code>SlowDown</Code>", "</Error>"]] {
        let (mut service, mut handle) = spawn();
        assert!(service.poll_ready().is_ready());
        let mut answer = Box::pin(service.call(Request::new("")));
        let (response, alive) = stalled(frames);
        handle.next_request().await.unwrap().1.send_response(response);
        assert!(poll!(&mut answer).is_pending());
        assert!(!is_dropped(&alive));
        drop(answer);
        assert!(is_dropped(&alive));

        // The service still works.
        assert!(service.poll_ready().is_ready());
        let answer = service.call(Request::new(""));
        handle.next_request().await.unwrap().1.send_response(Response::default());
        assert!(answer.await.is_ok());
    }
}

#[tokio::test(start_paused = true)]
async fn an_error_does_not_hold_the_body_that_it_was_read_from() {
    let (mut service, mut handle) = spawn();
    assert!(service.poll_ready().is_ready());
    let answer = service.call(Request::new(""));
    let (response, alive) = stalled(&["<Error><Code>SlowDown</Code></Error>"]);
    handle.next_request().await.unwrap().1.send_response(response);

    let error = answer.await.unwrap_err();
    assert!(is_dropped(&alive));
    assert_eq!(error.oss().unwrap().code(), &"SlowDown");
}

#[tokio::test(start_paused = true)]
async fn every_frame_wakes_the_future() {
    let (frames, mut inbox) = mpsc::unbounded_channel();
    let frames_of_body = stream::poll_fn(move |cx| inbox.poll_recv(cx));
    let mut response = Some(Response::builder().status(404).body(StreamBody::new(frames_of_body)).unwrap());
    let inner = service_fn(move |_: Request<()>| ready(Ok::<_, Infallible>(response.take().unwrap())));
    let start = Instant::now();
    let answer = tokio::spawn(OssErrorLayer::new().layer(inner).oneshot(Request::new(())));

    for part in ["<Error><Code>NoSuch", "Key</Code>", "</Error>"] {
        yield_now().await;
        frames.send(Ok::<_, Infallible>(Frame::data(Bytes::from_static(part.as_bytes())))).unwrap();
    }
    yield_now().await;
    drop(frames);

    let error = answer.await.unwrap().err().unwrap().into_oss().unwrap();
    assert_eq!(*error.code(), ErrorCode::NoSuchKey);
    assert_eq!(error.body_state(), BodyState::Complete);
    assert_eq!(start.elapsed(), Duration::ZERO);
}
