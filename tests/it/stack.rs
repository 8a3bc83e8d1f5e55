//! The layer together with tower's own layers.

use std::{
    future::{Ready, pending, ready},
    mem,
    time::Duration,
};

use futures_util::poll;
use http::{Request, Response};
use tokio::time::Instant;
use tower::{
    BoxError, Layer, Service, ServiceBuilder, ServiceExt,
    buffer::BufferLayer,
    limit::{ConcurrencyLimitLayer, RateLimitLayer},
    load_shed::{LoadShedLayer, error::Overloaded},
    retry::{Policy, RetryLayer},
    service_fn,
    timeout::{TimeoutLayer, error::Elapsed},
    util::{BoxCloneSyncService, BoxService},
};
use tower_oss::{
    ClockOffset, Error, ErrorCode, FindOssError, OssErrorLayer,
    error::BodyState,
    layer::OssRule,
    test_util::{Answer, AnswerBody, ErrorResponse, Scripted},
};

use crate::exchange::{assert_carries, chain, found, leaf, missing, send};

const SECOND: Duration = Duration::from_secs(1);

/// The layer with its defaults, and with every setting set.
fn layers() -> [OssErrorLayer; 2] {
    let with_settings = OssErrorLayer::new()
        .body_limit(4096)
        .drain_limit(8192)
        .body_deadline(SECOND)
        .body_idle_timeout(SECOND)
        .grace(Duration::from_millis(10))
        .redirects_as_errors()
        .classify(OssRule)
        .clock(ClockOffset::new())
        .on_error(|_| {});
    [OssErrorLayer::new(), with_settings]
}

/// The error and the success are returned, and a failure without a response is not an OSS error.
async fn assert_composes<S>(mut service: S)
where
    S: Service<Request<()>, Response = Response<AnswerBody>>,
    S::Error: Into<BoxError>,
{
    assert_carries(&mut service, "").await;
    let error = send(&mut service, "/").await.unwrap_err();
    assert!(error.oss_error().is_none());
    let innermost = chain(&*error).last().unwrap();
    assert_eq!(innermost.to_string(), "the script has ended: no answer is left for GET /");
}

macro_rules! composes_above_and_below {
    ($($name:ident: $layer:expr;)*) => {
        $(
            #[tokio::test(start_paused = true)]
            async fn $name() {
                for ours in layers() {
                    let above = ServiceBuilder::new().layer($layer).layer(ours.clone()).service(leaf());
                    assert_composes(above).await;
                    let below = ServiceBuilder::new().layer(ours).layer($layer).service(leaf());
                    assert_composes(below).await;
                }
            }
        )*
    };
}

composes_above_and_below! {
    timeout_composes_above_and_below: TimeoutLayer::new(SECOND);
    buffer_composes_above_and_below: BufferLayer::<Request<()>>::new(1);
    rate_limit_composes_above_and_below: RateLimitLayer::new(1, SECOND);
    concurrency_limit_composes_above_and_below: ConcurrencyLimitLayer::new(1);
    load_shed_composes_above_and_below: LoadShedLayer::new();
    the_layer_composes_with_itself: OssErrorLayer::new();
}

#[tokio::test(start_paused = true)]
async fn boxed_services_hold_the_layer() {
    for ours in layers() {
        assert_composes(BoxService::new(ours.layer(leaf()))).await;
        assert_composes(BoxCloneSyncService::new(ours.layer(leaf())).clone()).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_complete_stack_composes_and_can_be_boxed_and_cloned() {
    for ours in layers() {
        let stack = ServiceBuilder::new()
            .load_shed()
            .concurrency_limit(8)
            .buffer(8)
            .layer(ours)
            .rate_limit(1, SECOND)
            .timeout(SECOND)
            .service(leaf());
        assert_composes(BoxCloneSyncService::new(stack).clone()).await;
    }
}

#[tokio::test(start_paused = true)]
async fn nested_layers_add_no_link_to_an_error() {
    let ours = OssErrorLayer::new();
    let nested = ServiceBuilder::new().layer(ours.clone()).layer(ours.clone()).layer(ours.clone());
    let boxing = ServiceBuilder::new().layer(ours.clone()).timeout(SECOND).buffer(1).layer(ours);

    let error = nested.service(leaf()).oneshot(Request::new(())).await.unwrap_err();
    assert!(matches!(&error, Error::Oss(oss) if chain(oss).count() == 1), "{error:?}");

    let error = boxing.service(leaf()).oneshot(Request::new(())).await.unwrap_err();
    assert!(matches!(&error, Error::Oss(oss) if chain(oss).count() == 1), "{error:?}");
}

#[tokio::test]
async fn nested_layers_add_one_link_to_a_failure() {
    let ours = OssErrorLayer::new();
    let nested = ServiceBuilder::new().layer(ours.clone()).layer(ours.clone()).layer(ours);
    let error = nested.service(Scripted::default()).oneshot(Request::new(())).await.unwrap_err();

    assert!(matches!(error, Error::Transport(_)));
    assert_eq!(chain(&error).count(), 2);
}

/// The error with a body that stalls after its code.
fn stalled() -> Scripted {
    Scripted::new([Answer::from(missing()).stalled_after(150)])
}

#[tokio::test(start_paused = true)]
async fn a_timeout_outside_covers_the_reading_of_the_error() {
    let service = ServiceBuilder::new().timeout(SECOND).layer(OssErrorLayer::new()).service(stalled());
    let start = Instant::now();
    let error = service.oneshot(Request::new(())).await.unwrap_err();

    assert!(error.is::<Elapsed>());
    assert_eq!(start.elapsed(), SECOND);
}

#[tokio::test(start_paused = true)]
async fn a_timeout_longer_than_the_body_deadline_leaves_the_error() {
    for deadline in [SECOND, 5 * SECOND] {
        let ours = OssErrorLayer::new().body_deadline(deadline);
        let service = ServiceBuilder::new().timeout(6 * SECOND).layer(ours).service(stalled());
        let start = Instant::now();
        let error = service.oneshot(Request::new(())).await.unwrap_err();

        let error = error.oss_error().unwrap();
        assert_eq!(*error.code(), ErrorCode::NoSuchKey);
        assert_eq!(error.body_state(), BodyState::TimedOut);
        assert_eq!(start.elapsed(), deadline);
    }
}

#[tokio::test(start_paused = true)]
async fn a_timeout_inside_covers_the_head_only() {
    let ours = ServiceBuilder::new().layer(OssErrorLayer::new()).timeout(SECOND);

    let silent = service_fn(|_: Request<()>| pending::<Result<Response<AnswerBody>, BoxError>>());
    let error = ours.clone().service(silent).oneshot(Request::new(())).await.unwrap_err();
    assert!(matches!(&error, Error::Transport(cause) if cause.get_ref().is::<Elapsed>()));

    let start = Instant::now();
    let error = ours.service(stalled()).oneshot(Request::new(())).await.unwrap_err();
    assert_eq!(error.oss().unwrap().body_state(), BodyState::TimedOut);
    assert_eq!(start.elapsed(), 5 * SECOND);
}

#[tokio::test]
async fn a_request_shed_below_the_layer_is_a_transport_error() {
    let silent = service_fn(|_: Request<()>| pending::<Result<Response<AnswerBody>, BoxError>>());
    let mut service =
        ServiceBuilder::new().layer(OssErrorLayer::new()).load_shed().concurrency_limit(1).service(silent);
    let _first = service.ready().await.unwrap().call(Request::new(()));
    let error = service.ready().await.unwrap().call(Request::new(())).await.unwrap_err();

    assert!(matches!(&error, Error::Transport(cause) if cause.get_ref().is::<Overloaded>()));
}

#[tokio::test(start_paused = true)]
async fn a_concurrency_limit_outside_counts_a_request_until_its_error_is_read() {
    let service = ServiceBuilder::new().concurrency_limit(1).layer(OssErrorLayer::new()).service(stalled());
    let mut reading = Box::pin(service.clone().oneshot(Request::new(())));
    assert!(poll!(&mut reading).is_pending());

    let mut next = Box::pin(ServiceExt::<Request<()>>::ready_oneshot(service));
    assert!(poll!(&mut next).is_pending());
    drop(reading);
    assert!(poll!(&mut next).is_ready());
}

#[tokio::test(start_paused = true)]
async fn a_concurrency_limit_inside_counts_a_request_until_its_response_head() {
    for leaf in [stalled(), Scripted::new([Answer::from(missing())])] {
        let service = ServiceBuilder::new().layer(OssErrorLayer::new()).concurrency_limit(1).service(leaf);
        let mut first = Box::pin(service.clone().oneshot(Request::new(())));
        let _ = poll!(&mut first); // whether it fails now, or its body returns `Pending`

        let mut next = Box::pin(ServiceExt::<Request<()>>::ready_oneshot(service));
        assert!(poll!(&mut next).is_ready());
    }
}

/// Retries a request once if its error is transient.
#[derive(Clone)]
struct OnceMore(bool);

impl<R> Policy<Request<()>, R, Error> for OnceMore {
    type Future = Ready<()>;

    fn retry(&mut self, _: &mut Request<()>, result: &mut Result<R, Error>) -> Option<Ready<()>> {
        let error = result.as_ref().err()?.oss()?;
        (error.is_transient() && mem::take(&mut self.0)).then(|| ready(()))
    }

    fn clone_request(&mut self, request: &Request<()>) -> Option<Request<()>> {
        Some(request.clone())
    }
}

#[tokio::test]
async fn a_retry_layer_outside_decides_on_complete_errors() {
    let busy = || Answer::from(ErrorResponse::new(ErrorCode::InternalError)).in_frames_of(7);
    for ours in layers() {
        let oss = Scripted::new([busy(), Answer::from(missing()), Answer::new(found()), busy(), busy()]);
        let retry = RetryLayer::new(OnceMore(true));
        let mut service = ServiceBuilder::new().layer(retry).layer(ours).service(oss.clone());

        assert_carries(&mut service, "").await;
        assert_eq!(oss.requests().len(), 3);
        let error = service.oneshot(Request::new(())).await.unwrap_err();
        assert_eq!(*error.oss().unwrap().code(), ErrorCode::InternalError);
        assert_eq!(oss.requests().len(), 5);
    }
}
