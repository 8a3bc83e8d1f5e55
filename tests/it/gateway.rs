//! Errors that are passed on: as responses of a gateway, and as `io::Error`.

use std::{
    convert::Infallible,
    future::ready,
    io::{self, ErrorKind},
    net::Ipv4Addr,
    time::Duration,
};

use axum::extract::Path;
use base64::{Engine, prelude::BASE64_STANDARD};
use bytes::Bytes;
use futures_util::FutureExt;
use http::{Method, Request, Response};
use http_body::Body;
use http_body_util::{BodyExt, Full};
use hyper::{body::Incoming, service::service_fn};
use hyper_util::{
    client::legacy::Client,
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
};
use proptest::prelude::*;
use tokio::net::TcpListener;
use tower::{Layer, ServiceExt, timeout::error::Elapsed};
use tower_oss::{
    Error, ErrorCode, FindOssError, OssError, OssErrorLayer,
    error::{CodeOrigin, NotSentError, NotSentReason, RetryStop},
    test_util::{ErrorBuilder, ErrorResponse},
};

use crate::support::samples;

fn not_sent(reason: NotSentReason, wait: Duration) -> Error {
    ErrorBuilder::not_sent(reason, wait).build()
}

fn read(response: Response<Full<Bytes>>) -> OssError {
    let (head, body) = response.into_parts();
    let body = body.collect().now_or_never().unwrap().unwrap().to_bytes(); // it never waits
    OssError::from_response(Response::from_parts(head, body))
}

/// What a gateway passes on.
fn said(error: &OssError) -> impl PartialEq + std::fmt::Debug + use<> {
    let text = |text: Option<&str>| text.map(str::to_owned);
    (
        (error.status(), error.code().as_str().to_owned(), error.class(), error.retry_after()),
        (text(error.message()), text(error.request_id()), text(error.host_id()), text(error.ec())),
        (error.is_transient(), error.is_throttled()),
    )
}

/// A text that is shown unchanged: not too long, and without control characters, secrets and blanks
/// at its ends.
fn plain_text() -> impl Strategy<Value = String> {
    "[a-zA-Z0-9<>&'\";,.äöü桶 -]{0,100}".prop_map(|text| text.trim().to_owned())
}

proptest! {
    /// Parse, render, parse.
    #[test]
    fn a_response_that_is_passed_on_means_the_same(
        status in prop::sample::select(vec![203_u16, 304, 307, 400, 403, 404, 409, 412, 429, 499, 500, 502, 503, 504, 599]),
        code in prop::sample::select(vec!["NoSuchKey", "AccessDenied", "QpsLimitExceeded", "Imm Client", "Vault<&>"]),
        message in plain_text(),
        host in plain_text(),
        ids in ("[0-9A-F]{1,24}", prop::option::of("[0-9]{4}-[0-9]{8}")),
        retry_after in prop::option::of(0_u32..90_000),
    ) {
        let mut response = ErrorResponse::new(code).status(status.try_into().unwrap()).message(message.clone());
        response = response.request_id(ids.0).host_id(host).field("Key", "k").field("StringToSign", "s");
        if let Some(ec) = ids.1 {
            response = response.ec(ec);
        }
        if let Some(seconds) = retry_after {
            response = response.header(http::header::RETRY_AFTER, seconds.into());
        }
        let error = response.error();
        prop_assert_eq!(error.message(), Some(&*message));
        // A text may name a secret by chance, and is then hidden.
        prop_assume!(!format!("{error} {error:?}").contains("***"));
        for passed_on in [error.to_response(), error.to_head_response()] {
            let again = read(passed_on);
            prop_assert_eq!(said(&again), said(&error));
            prop_assert_eq!(again.fields().count(), 0, "other elements stay behind");
        }
    }

    #[test]
    fn no_text_breaks_out_of_its_element(
        message in any::<String>(), code in any::<String>(), id in any::<String>(), host in any::<String>(),
    ) {
        let error = ErrorResponse::new(&*code).message(message).request_id(id).host_id(host).error();
        for passed_on in [error.to_response(), error.to_head_response()] {
            let again = read(passed_on);
            prop_assert_eq!(again.status(), error.status());
            prop_assert_eq!(again.message().is_some(), error.message().is_some());
            prop_assert_eq!(again.fields().count(), 0);
        }
    }
}

#[test]
fn no_sample_is_passed_on_with_a_secret_or_another_class() {
    for sample in samples() {
        let error = OssError::from_response(sample.response);
        for passed_on in [error.to_response(), error.to_head_response()] {
            let (head, body) = passed_on.clone().into_parts();
            let x_oss_err = head.headers.get("x-oss-err").map(|value| BASE64_STANDARD.decode(value).unwrap());
            let text =
                format!("{head:?} {body:?} {:?}", x_oss_err.map(|bytes| String::from_utf8(bytes).unwrap()));
            assert!(!text.contains("CANARY"), "{}: {text}", sample.name);
            let again = read(passed_on);
            assert_eq!((again.status(), again.class()), (error.status(), error.class()), "{}", sample.name);
            assert_ne!(again.code_origin(), CodeOrigin::Inferred, "{}", sample.name);
        }
    }
}

#[test]
fn a_gateway_has_its_own_response_if_oss_has_not_responded() {
    let transport = |kind: ErrorKind| ErrorBuilder::transport(io::Error::from(kind)).build();
    let prepare = Error::from(NotSentError::prepare("the key is CANARY"));
    for (error, status, code) in [
        (transport(ErrorKind::ConnectionRefused), 502, "BadGateway"),
        (transport(ErrorKind::ConnectionReset), 502, "BadGateway"),
        (transport(ErrorKind::TimedOut), 504, "GatewayTimeout"),
        (not_sent(NotSentReason::QueueFull, Duration::ZERO), 503, "ServiceUnavailable"),
        (not_sent(NotSentReason::Deadline, Duration::ZERO), 503, "ServiceUnavailable"),
        (prepare, 500, "InternalError"),
        (ErrorBuilder::oss(ErrorResponse::new(ErrorCode::NoSuchKey)).build(), 404, "NoSuchKey"),
    ] {
        for method in [Method::GET, Method::HEAD] {
            let response = error.gateway_response(&method);
            let has_retry_after = response.headers().contains_key("retry-after");
            assert_eq!(response.body().size_hint().exact() == Some(0), method == Method::HEAD);
            let again = read(response);
            assert_eq!((again.status().as_u16(), again.code().as_str()), (status, code), "{method} {error}");
            assert_eq!(has_retry_after, status == 503, "{error}");
            assert!(!again.message().unwrap().contains("CANARY"));
        }
    }
}

#[test]
fn the_request_id_of_an_earlier_attempt_is_passed_on() {
    let last = ErrorResponse::new(ErrorCode::InternalError).request_id("65A1");
    let error = ErrorBuilder::transport(io::Error::from(ErrorKind::TimedOut)).last_oss_error(last).build();
    assert_eq!(read(error.gateway_response(&Method::GET)).request_id(), Some("65A1"));
}

#[test]
fn the_response_after_a_full_throttle_has_a_retry_after() {
    for (wait, seconds) in [(0, "1"), (900, "1"), (2_000, "2"), (2_001, "3"), (u64::MAX, "18446744073709552")]
    {
        let error = not_sent(NotSentReason::MaxWait, Duration::from_millis(wait));
        let response = error.gateway_response(&Method::GET);
        assert_eq!(response.headers()["retry-after"], seconds);
    }
}

#[tokio::test]
async fn an_axum_handler_returns_the_response_as_it_is() {
    async fn handler() -> Result<(), Response<Full<Bytes>>> {
        Err(ErrorBuilder::oss(ErrorResponse::new(ErrorCode::NoSuchKey))
            .build()
            .gateway_response(&Method::GET))
    }
    let app = axum::Router::new().route("/k", axum::routing::get(handler));
    let request = Request::get("/k").body(axum::body::Body::empty()).unwrap();
    let error = OssErrorLayer::new().layer(app).oneshot(request).await.unwrap_err();
    assert_eq!(*error.oss().unwrap().code(), ErrorCode::NoSuchKey);
}

#[test]
fn an_io_error_has_the_kind_that_fits_and_keeps_the_error() {
    let oss = |code: ErrorCode| ErrorBuilder::oss(ErrorResponse::new(code)).build();
    let bare = |status: u16| {
        let response = Response::builder().status(status).body(Bytes::new()).unwrap();
        Error::from(OssError::from_response(response))
    };
    let transport = |kind: ErrorKind| ErrorBuilder::transport(io::Error::from(kind)).build();
    let not_sent = |reason| not_sent(reason, Duration::ZERO);
    for (error, kind) in [
        (oss(ErrorCode::NoSuchBucket), ErrorKind::NotFound),
        (oss(ErrorCode::AccessDenied), ErrorKind::PermissionDenied),
        (oss(ErrorCode::SignatureDoesNotMatch), ErrorKind::PermissionDenied),
        (oss(ErrorCode::FileAlreadyExists), ErrorKind::AlreadyExists),
        (oss(ErrorCode::VectorBucketIndexAlreadyExist), ErrorKind::AlreadyExists),
        (oss(ErrorCode::BucketReplicationAlreadyExist), ErrorKind::AlreadyExists),
        (oss(ErrorCode::from("TableAlreadyExists")), ErrorKind::AlreadyExists),
        (oss(ErrorCode::BucketNotEmpty), ErrorKind::Other),
        (oss(ErrorCode::NotImplemented), ErrorKind::Unsupported),
        (oss(ErrorCode::OperationNotSupported), ErrorKind::Unsupported),
        (bare(501), ErrorKind::Unsupported),
        (bare(504), ErrorKind::TimedOut),
        (bare(503), ErrorKind::Other),
        (oss(ErrorCode::InvalidArgument), ErrorKind::InvalidInput),
        (oss(ErrorCode::RequestTimeout), ErrorKind::TimedOut),
        (oss(ErrorCode::QpsLimitExceeded), ErrorKind::ResourceBusy),
        (oss(ErrorCode::InternalError), ErrorKind::Other),
        (oss(ErrorCode::from("NoSuchVault")), ErrorKind::NotFound),
        (oss(ErrorCode::from("Vault")), ErrorKind::InvalidInput),
        (transport(ErrorKind::ConnectionRefused), ErrorKind::ConnectionRefused),
        (transport(ErrorKind::Interrupted), ErrorKind::Other),
        (transport(ErrorKind::WouldBlock), ErrorKind::Other),
        // Of a file, for example: it must not read as OSS's response.
        (transport(ErrorKind::NotFound), ErrorKind::Other),
        (transport(ErrorKind::PermissionDenied), ErrorKind::Other),
        (transport(ErrorKind::AlreadyExists), ErrorKind::Other),
        (ErrorBuilder::transport("the pool is closed").build(), ErrorKind::Other),
        (ErrorBuilder::transport(Elapsed::new()).build(), ErrorKind::TimedOut),
        (not_sent(NotSentReason::Deadline), ErrorKind::TimedOut),
        (not_sent(NotSentReason::QueueFull), ErrorKind::ResourceBusy),
        (not_sent(NotSentReason::Prepare), ErrorKind::Other),
    ] {
        let (text, code) = (error.to_string(), error.oss().map(|oss| oss.code().clone()));
        let error = io::Error::from(error);
        assert_eq!((error.kind(), error.to_string()), (kind, text));
        let found = error.get_ref().unwrap().oss_error().map(|oss| oss.code().clone());
        assert_eq!(found, code);
    }
}

#[test]
fn an_io_error_gives_the_complete_error_back() {
    let oss = ErrorBuilder::oss(ErrorResponse::new(ErrorCode::NoSuchKey).request_id("65A1"))
        .attempts(3)
        .retry_stop(RetryStop::NotRetryable);
    let transport = ErrorBuilder::transport(io::Error::from(ErrorKind::TimedOut))
        .attempts(3)
        .after_ambiguous_attempt()
        .retry_stop(RetryStop::AttemptsExhausted);
    let not_sent = ErrorBuilder::not_sent(NotSentReason::Deadline, Duration::from_secs(1)).attempts(2);
    for (error, depth) in [(oss, 1), (transport, 2), (not_sent, 1000)] {
        let error = error.build();
        let said = format!("{error} {error:?} {}", error.report());
        let nested = (1..depth).fold(io::Error::from(error), |inner, _| io::Error::other(inner));
        let again = Error::transport(nested);
        assert_eq!(format!("{again} {again:?} {}", again.report()), said);
    }
    let error = Error::transport(io::Error::other(OssError::from(ErrorResponse::new(ErrorCode::NoSuchKey))));
    assert_eq!(error.gateway_response(&Method::GET).status(), 404);

    // What holds none of them stays as it is.
    for foreign in [io::Error::from(ErrorKind::NotFound), io::Error::other(io::Error::other("mine"))] {
        let said = format!("{foreign:?}");
        let Error::Transport(error) = Error::transport(foreign) else { panic!("{said}") };
        assert_eq!(format!("{:?}", error.into_inner()), said);
    }
}

/// Over a real connection, which drops the body of a status that has none.
#[tokio::test]
async fn a_status_without_a_body_is_passed_on_in_a_header() {
    async fn respond(Path(status): Path<u16>, method: Method) -> Response<Full<Bytes>> {
        let error = ErrorResponse::new("Vault").status(status.try_into().unwrap()).message("closed");
        ErrorBuilder::oss(error).build().gateway_response(&method)
    }
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let app = axum::Router::new().route("/{status}", axum::routing::get(respond));
    tokio::spawn(async move { axum::serve(listener, app).await });
    let client = Client::builder(TokioExecutor::new()).build_http::<Full<Bytes>>();
    for (sent, status) in [(304, 304), (204, 204), (205, 205), (404, 404), (100, 502), (101, 502), (103, 502)]
    {
        for method in [Method::GET, Method::HEAD] {
            let request = Request::builder().method(&method).uri(format!("http://{address}/{sent}"));
            let response = client.request(request.body(Full::default()).unwrap()).await.unwrap();
            let (head, body) = response.into_parts();
            let body = body.collect().await.unwrap().to_bytes();
            let error = OssError::from_response(Response::from_parts(head, body));
            let said = (error.status().as_u16(), error.code().as_str(), error.message());
            assert_eq!(said, (status, "Vault", Some("closed")), "{method}");
        }
    }
}

/// Over HTTP/2, whose clients limit the size of a head to 16 KiB.
#[tokio::test]
async fn a_response_to_head_stays_small_whatever_the_error_holds() {
    let escaped = "&quot;".repeat(512);
    let elements = ["Code", "Message", "RequestId", "HostId", "EC"];
    for long in 0..1 << elements.len() {
        let text = |at: usize| if long >> at & 1 == 1 { &*escaped } else { "65A1" };
        let body: String =
            (0..).zip(elements).map(|(at, name)| format!("<{name}>{}</{name}>", text(at))).collect();
        let response = Response::builder().status(400);
        let error = OssError::from_response(response.body(format!("<Error>{body}</Error>").into()).unwrap());
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let passed_on = Error::from(error.clone());
        tokio::spawn(async move {
            let (stream, _) = listener.accept().await.unwrap();
            let respond = service_fn(move |request: Request<Incoming>| {
                ready(Ok::<_, Infallible>(passed_on.gateway_response(request.method())))
            });
            auto::Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(stream), respond).await
        });
        let client = Client::builder(TokioExecutor::new()).http2_only(true).build_http::<Full<Bytes>>();
        let request = Request::head(format!("http://{address}/k")).body(Full::default()).unwrap();
        let again = OssErrorLayer::new().layer(client).oneshot(request).await.unwrap_err();
        let again = again.oss().unwrap();
        assert_eq!((again.code(), again.status()), (error.code(), error.status()), "{long:b}");
        assert_eq!((again.request_id(), again.ec()), (error.request_id(), error.ec()), "{long:b}");
        let is_kept = |text: Option<&str>, kept: Option<&str>| text == kept;
        let texts = escaped.len() * (long as u32).count_ones() as usize;
        let fits = texts < 7 * 1024;
        assert!(!fits || is_kept(error.message(), again.message()), "{long:b}");
        assert!(!fits || is_kept(error.host_id(), again.host_id()), "{long:b}");
    }
    let message = "é\"".repeat(256);
    let error =
        ErrorResponse::new("Vault").message(&*message).host_id(&*escaped).request_id("\"".repeat(512));
    let error = error.ec("\"".repeat(512)).error();
    let value = error.to_head_response().headers()["x-oss-err"].clone();
    let document = BASE64_STANDARD.decode(value).unwrap();
    assert!((7 * 1024..=8 * 1024).contains(&document.len()), "{}", document.len());
    let again = read(error.to_head_response());
    let kept = again.message().unwrap().strip_suffix('…').unwrap();
    assert!(!kept.is_empty() && message.starts_with(kept) && again.host_id().is_none());
}
