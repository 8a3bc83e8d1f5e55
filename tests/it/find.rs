//! The error is found whatever has wrapped it.

use std::{
    error::Error as StdError,
    fmt,
    future::Ready,
    io,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
};

use http::{Request, Response};
use tower::{
    BoxError, Layer, Service, ServiceExt,
    buffer::{Buffer, error::ServiceError},
};
use tower_oss::{Error, FindOssError, OssErrorLayer, test_util::AnswerBody};

use crate::exchange::{assert_is_missing, missing};

/// An application's error.
#[derive(Debug)]
struct Wrapped(BoxError);

impl fmt::Display for Wrapped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the upload failed")
    }
}

impl StdError for Wrapped {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(&*self.0)
    }
}

fn wrapped(error: impl Into<BoxError>) -> BoxError {
    Wrapped(error.into()).into()
}

fn nested(links: usize, wrap: impl Fn(BoxError) -> BoxError) -> BoxError {
    (0..links).fold(missing().error().into(), |error, _| wrap(error))
}

#[track_caller]
fn assert_finds(error: &(impl FindOssError + ?Sized)) {
    assert_is_missing(error.oss_error().expect("an OSS error"));
}

#[test]
fn it_is_found_behind_every_kind_of_reference() {
    let error = || Error::from(missing().error());
    assert_finds(&missing().error());
    assert_finds(&error());
    assert_finds(&BoxError::from(error()));
    assert_finds(&error() as &dyn StdError);
    assert_finds(&error() as &(dyn StdError + Send));
    assert_finds(&error() as &(dyn StdError + Send + Sync));
    assert_finds(&*Box::<dyn StdError>::from(error()));

    let object: &dyn FindOssError = &error();
    assert_finds(object);
}

#[test]
fn it_is_found_behind_an_applications_own_error() {
    assert_finds(&wrapped(missing().error()));
    assert_finds(&wrapped(Error::from(missing().error())));
    assert_finds(&Wrapped(missing().error().into()) as &dyn StdError);
    assert_finds(&nested(30, wrapped));
}

#[test]
fn it_is_found_behind_io_errors() {
    let io = |error: BoxError| io::Error::other(error).into();
    for links in [1, 2, 3, 30] {
        assert_finds(&nested(links, io));
        assert_finds(&nested(links, |error| io(wrapped(error))));
        assert_finds(&nested(links, |error| wrapped(io(error))));
    }
}

#[test]
fn it_is_found_behind_boxes_and_shared_errors() {
    let error = || Error::from(missing().error());
    assert_finds(&BoxError::from(Arc::new(error())));
    assert_finds(&BoxError::from(Arc::<dyn StdError + Send + Sync>::from(BoxError::from(error()))));
    assert_finds(&wrapped(io::Error::other(Arc::new(error()))));
    assert_finds(&Wrapped(Box::new(Box::new(error()))) as &dyn StdError);
}

#[test]
fn it_is_found_behind_a_failure_of_the_transport() {
    let error = Error::from(wrapped(missing().error()));
    assert!(matches!(error, Error::Transport(_)));
    assert_finds(&error);
    assert_is_missing(error.oss().unwrap());
    assert_eq!(error.request_id(), missing().error().request_id());
    assert_finds(&wrapped(error));
    assert_is_missing(&Error::from(wrapped(missing().error())).into_oss().unwrap());
}

#[test]
fn nothing_is_found_in_other_errors() {
    let others: [BoxError; 6] = [
        "NoSuchKey (404)".into(),
        fmt::Error.into(),
        io::Error::from(io::ErrorKind::NotFound).into(),
        io::Error::other("NoSuchKey").into(),
        wrapped(io::Error::other(wrapped("NoSuchKey"))),
        Error::from(BoxError::from("the connection broke")).into(),
    ];
    for error in others {
        assert!(error.oss_error().is_none(), "{error:?}");
        assert!(Error::from(error).oss().is_none());
    }
}

/// An error that is its own cause.
#[derive(Debug, Default)]
struct Cycle {
    visits: AtomicUsize,
}

impl fmt::Display for Cycle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("again")
    }
}

impl StdError for Cycle {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.visits.fetch_add(1, Ordering::Relaxed);
        Some(self)
    }
}

#[test]
fn an_endless_chain_of_causes_ends() {
    let cycle = Cycle::default();
    assert!((&cycle as &dyn StdError).oss_error().is_none());
    assert!((2..=1000).contains(&cycle.visits.into_inner()));
}

/// Fails to become ready, with an OSS error.
struct NeverReady;

impl Service<Request<()>> for NeverReady {
    type Response = Response<AnswerBody>;
    type Error = Error;
    type Future = Ready<Result<Response<AnswerBody>, Error>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Poll::Ready(Err(missing().error().into()))
    }

    fn call(&mut self, _: Request<()>) -> Self::Future {
        unreachable!("it is never ready")
    }
}

#[tokio::test]
async fn it_is_found_behind_a_buffer_whose_worker_has_failed() {
    let mut buffer = Buffer::new(NeverReady, 1);
    let error = buffer.ready().await.unwrap().call(Request::new(())).await.unwrap_err();
    assert!(error.is::<ServiceError>());
    assert_finds(&error);

    let error = OssErrorLayer::new().layer(buffer).oneshot(Request::new(())).await.unwrap_err();
    assert!(matches!(error, Error::Transport(_)));
    assert_finds(&error);
}
