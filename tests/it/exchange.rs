//! An exchange that works through every stack: an error, and then a success.

use std::{error::Error as StdError, iter};

use bytes::Bytes;
use http::{Request, Response, StatusCode, header};
use http_body::Body;
use http_body_util::BodyExt;
use tower::{Service, ServiceExt};
use tower_oss::{
    ErrorCode, FindOssError, OssError,
    error::{BodyState, BoxError},
    test_util::{Answer, ErrorResponse, Scripted},
};

pub(crate) const REQUEST_ID: &str = "5C3D9175B6FC201293AD4C0D";
const ETAG: &str = "\"FBACF535F27731C9771645A39863328D\"";
pub(crate) const CONTENT: &str = "the content of the object";

/// The error, as OSS sends it.
pub(crate) fn missing() -> ErrorResponse {
    ErrorResponse::new(ErrorCode::NoSuchKey).request_id(REQUEST_ID).ec("0026-00000001")
}

/// The success.
pub(crate) fn found() -> Response<Bytes> {
    Response::builder().header(header::ETAG, ETAG).body(Bytes::from(CONTENT)).unwrap()
}

/// A service that responds with the error in small frames, then with the success, and then not at
/// all.
pub(crate) fn leaf() -> Scripted {
    Scripted::new([Answer::from(missing()).in_frames_of(7), Answer::new(found())])
}

/// Requests `/missing` and `/found` below this address.
pub(crate) async fn assert_carries<S, B, R>(mut service: S, address: &str)
where
    S: Service<Request<B>, Response = Response<R>>,
    S::Error: Into<BoxError>,
    B: Default,
    R: Body,
    R::Error: Into<BoxError>,
{
    let error = send(&mut service, &format!("{address}/missing")).await.map(drop).unwrap_err();
    assert_is_missing(error.oss_error().expect("an OSS error"));

    let response = send(&mut service, &format!("{address}/found")).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.headers()[header::ETAG], ETAG);
    let body = response.into_body().collect().await.map_err(Into::into).unwrap();
    assert_eq!(body.to_bytes(), CONTENT);
}

/// Sends a GET when the service is ready for it.
pub(crate) async fn send<S, B>(service: &mut S, uri: &str) -> Result<S::Response, BoxError>
where
    S: Service<Request<B>>,
    S::Error: Into<BoxError>,
    B: Default,
{
    let request = Request::builder().uri(uri).body(B::default()).unwrap();
    service.ready().await.map_err(Into::into)?.call(request).await.map_err(Into::into)
}

pub(crate) fn assert_is_missing(error: &OssError) {
    assert_eq!(*error.code(), ErrorCode::NoSuchKey);
    assert_eq!(error.status(), StatusCode::NOT_FOUND);
    assert_eq!(error.request_id(), Some(REQUEST_ID));
    assert_eq!(error.ec(), Some("0026-00000001"));
    assert_eq!(error.body_state(), BodyState::Complete);
}

/// An error and all of its causes.
pub(crate) fn chain<'a>(
    error: &'a (dyn StdError + 'static),
) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    let mut next = Some(error);
    iter::from_fn(move || {
        let link = next?;
        next = link.source();
        Some(link)
    })
}
