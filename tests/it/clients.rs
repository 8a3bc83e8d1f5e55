//! The layer over common clients.

use std::{convert::Infallible, error::Error as StdError, future::ready};

use axum::{
    Router,
    body::Body,
    extract::{Path, State},
    response::{IntoResponse, Response as AxumResponse},
    routing::get,
};
use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Empty, Full};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::{TokioExecutor, TokioIo},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};
use tower::{Layer, ServiceBuilder, ServiceExt, util::BoxCloneSyncService};
use tower_oss::{
    Error, ErrorCode, OssErrorLayer,
    error::{BodyState, CodeOrigin},
    test_util::ErrorResponse,
};

use crate::{
    exchange::{CONTENT, REQUEST_ID, assert_carries, chain, found, leaf, missing},
    retry_wire::clients::Reqwest,
};

/// Starts a stand-in for OSS on loopback; returns its address.
async fn server() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let service = service_fn(|request| ready(Ok::<_, Infallible>(respond(&request))));
            tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
        }
    });
    address
}

fn respond(request: &Request<Incoming>) -> Response<Full<Bytes>> {
    match (request.uri().path(), request.method()) {
        ("/found", _) => found().map(Full::new),
        (_, &Method::HEAD) => missing().head_response(),
        _ => missing().response(),
    }
}

/// A presigned URL at an address where no server listens.
const REFUSED: &str = "http://127.0.0.1:1/key?x-oss-signature=secret";

/// All renderings of an error that a log could contain.
fn printed(error: &Error) -> String {
    chain(error).map(|link| format!("{link}\n{link:?}\n")).collect()
}

fn hyper_client() -> Client<HttpConnector, Empty<Bytes>> {
    Client::builder(TokioExecutor::new()).build_http()
}

#[tokio::test]
async fn hyper_utils_client_carries_errors_and_successes() {
    let address = server().await;
    for ours in [OssErrorLayer::new(), OssErrorLayer::new().body_limit(4096)] {
        assert_carries(ours.layer(hyper_client()), &address).await;
    }
}

#[tokio::test]
async fn the_error_of_a_head_request_is_read_from_its_header() {
    let address = server().await;
    let request = Request::head(format!("{address}/missing")).body(Empty::new()).unwrap();
    let error = OssErrorLayer::new().layer(hyper_client()).oneshot(request).await.unwrap_err();

    let error = error.into_oss().unwrap();
    assert_eq!(*error.code(), ErrorCode::NoSuchKey);
    assert_eq!(error.request_id(), Some(REQUEST_ID));
    assert_eq!(error.method(), Some(Method::HEAD));
}

#[tokio::test]
async fn a_refused_connection_is_a_transport_error() {
    let request = Request::get(REFUSED).body(Empty::new()).unwrap();
    let error = OssErrorLayer::new().layer(hyper_client()).oneshot(request).await.unwrap_err();

    assert!(!printed(&error).contains("secret"), "{}", printed(&error));
    let Error::Transport(cause) = &error else { panic!("{error}") };
    let cause = cause.get_ref().downcast_ref::<hyper_util::client::legacy::Error>().unwrap();
    assert!(cause.is_connect());
}

#[tokio::test]
async fn reqwests_client_carries_errors_and_successes() {
    let address = server().await;
    for ours in [OssErrorLayer::new(), OssErrorLayer::new().body_limit(4096)] {
        assert_carries::<_, reqwest::Body, _>(ours.layer(Reqwest::new()), &address).await;
    }
}

#[tokio::test]
async fn a_presigned_url_is_not_in_any_rendering_of_reqwests_failure() {
    let request = Request::get(REFUSED).body(reqwest::Body::default()).unwrap();
    let error = OssErrorLayer::new().layer(Reqwest::new()).oneshot(request).await.unwrap_err();

    assert!(!printed(&error).contains("secret"), "{}", printed(&error));
    let Error::Transport(cause) = error else { panic!("{error}") };
    assert!(cause.get_ref().downcast_ref::<reqwest::Error>().unwrap().is_connect());
}

#[tokio::test]
async fn a_body_that_breaks_off_over_reqwest_keeps_what_arrived() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/key?x-oss-signature=secret", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.read_buf(&mut Vec::new()).await.unwrap();
        let response = "HTTP/1.1 503 Service Unavailable\r\ncontent-length: 1000\r\n\r\n\
                      <Error><Code>ServiceUnavailable</Code><Message>The ser";
        stream.write_all(response.as_bytes()).await.unwrap();
    });
    let request = Request::get(url).body(reqwest::Body::default()).unwrap();
    let error = OssErrorLayer::new().layer(Reqwest::new()).oneshot(request).await.unwrap_err();

    assert!(!printed(&error).contains("secret"), "{}", printed(&error));
    let error = error.into_oss().unwrap();
    assert_eq!(*error.code(), ErrorCode::ServiceUnavailable);
    assert_eq!(error.code_origin(), CodeOrigin::Body);
    assert_eq!(error.body_state(), BodyState::Failed);
    assert!(error.source().is_some());
}

#[tokio::test]
async fn an_axum_router_can_be_the_inner_service() {
    let oss: Router = Router::new()
        .route("/missing", get(async || missing().response()))
        .route("/found", get(async || found().map(Full::new)));
    for ours in [OssErrorLayer::new(), OssErrorLayer::new().body_limit(4096)] {
        assert_carries::<_, Body, _>(ours.layer(oss.clone()), "").await;
    }
}

/// An OSS client as an application keeps it in its state.
type Oss = BoxCloneSyncService<Request<Empty<Bytes>>, Response<Body>, Error>;

/// Serves an object.
async fn download(State(oss): State<Oss>, Path(key): Path<String>) -> Result<Response<Body>, Failure> {
    let request = Request::get(format!("/{key}")).body(Empty::new()).unwrap();
    Ok(oss.oneshot(request).await?)
}

/// The application's response to an error of OSS.
struct Failure(Error);

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self(error)
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> AxumResponse {
        let status = match self.0.oss() {
            Some(error) if error.is_not_found() => StatusCode::NOT_FOUND,
            Some(error) if error.is_throttled() => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::BAD_GATEWAY,
        };
        (status, self.0.request_id().unwrap_or("none").to_owned()).into_response()
    }
}

#[tokio::test]
async fn a_handler_uses_the_client_in_its_state_and_maps_the_errors() {
    let oss = leaf();
    oss.push(ErrorResponse::new(ErrorCode::QpsLimitExceeded).request_id(REQUEST_ID));
    let client = ServiceBuilder::new()
        .map_response(|response: Response<_>| response.map(Body::new))
        .layer(OssErrorLayer::new())
        .service(oss);
    let app = Router::new().route("/{key}", get(download)).with_state(Oss::new(client));

    for (status, body) in [
        (StatusCode::NOT_FOUND, REQUEST_ID),
        (StatusCode::OK, CONTENT),
        (StatusCode::SERVICE_UNAVAILABLE, REQUEST_ID),
        (StatusCode::BAD_GATEWAY, "none"),
    ] {
        let request = Request::get("/a.txt").body(Body::empty()).unwrap();
        let response = app.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status(), status);
        assert_eq!(response.into_body().collect().await.unwrap().to_bytes(), body);
    }
}
