//! The kind of each failure without a response, over real sockets.

use std::{
    error::Error as StdError,
    fmt, future,
    io::{self, ErrorKind},
    net::{Ipv4Addr, TcpListener},
    time::Duration,
};

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, Uri};
use http_body_util::Full;
use hyper_util::{
    client::legacy::Client,
    rt::{TokioExecutor, TokioIo},
};
use tokio::net::TcpStream;
use tower::{
    BoxError, Service, ServiceBuilder, ServiceExt, buffer::Buffer, service_fn, timeout::error::Elapsed,
    util::MapFutureLayer,
};
use tower_oss::{
    Error, OssErrorLayer, RetryPolicy,
    error::{RetryStop, TransportError, TransportKind},
    test_util::ErrorBuilder,
};

use crate::retry_wire::{
    clients::{Reqwest, Stack, policy, stack, stacks},
    server::{Reply, Server},
};

const LONG: Duration = Duration::from_secs(20);
const SHORT: Duration = Duration::from_millis(200);

fn append(url: String) -> Request<Full<Bytes>> {
    Request::post(url).body(Full::from("four")).unwrap()
}

fn transport(error: &Error) -> &TransportError {
    match error {
        Error::Transport(error) => error,
        error => panic!("{error:?}"),
    }
}

async fn failed(stack: &Stack, url: String) -> Error {
    stack.clone().oneshot(append(url)).await.unwrap_err()
}

#[tokio::test]
async fn a_refused_connection_says_so() {
    let nobody = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap();
    for (client, stack) in stacks(policy, LONG) {
        let error = failed(&stack, format!("http://{nobody}/secret?Signature=CANARY")).await;
        assert_eq!(transport(&error).kind(), TransportKind::Connect, "{client}");
        assert_eq!(transport(&error).io_kind(), Some(ErrorKind::ConnectionRefused), "{client}");
        assert!(error.is_connect() && error.is_transient() && !error.is_timeout(), "{client}");
        assert_eq!(error.to_string(), "no response from OSS: connection refused [3 attempts]", "{client}");
        let debug = format!("{error:?}");
        for part in ["kind: Connect", "ConnectionRefused", "attempts: 3"] {
            assert!(debug.contains(part), "{client}: {debug}");
        }
        assert!(!debug.contains("CANARY") && !debug.contains("secret"), "{client}: {debug}");
    }
}

#[tokio::test]
async fn an_unknown_host_is_no_connection_and_an_append_is_retried() {
    for (client, stack) in stacks(policy, LONG) {
        // A reserved name that no resolver knows (RFC 6761, section 6.4).
        let error = failed(&stack, "http://bucket.invalid/k?append".to_owned()).await;
        assert_eq!(transport(&error).kind(), TransportKind::Connect, "{client}: {error}");
        assert_eq!(error.to_string(), "no response from OSS: host not found [3 attempts]", "{client}");
        // The resolver's error has a kind, but one without a name.
        assert_eq!(transport(&error).io_kind(), None, "{client}: {error:?}");
        assert_eq!(io::Error::from(error).kind(), ErrorKind::NotConnected, "{client}");
    }
}

/// As the connector of `build_http` does with the URL of a bucket.
#[tokio::test]
async fn a_url_that_the_connector_cannot_use_is_not_retried() {
    let client = Client::builder(TokioExecutor::new()).build_http::<Full<Bytes>>();
    let stack = stack(policy(), OssErrorLayer::new(), LONG, client);
    let error = failed(&stack, "https://127.0.0.1:1/k?append".to_owned()).await;
    assert_eq!(transport(&error).kind(), TransportKind::Connect);
    assert_eq!(error.to_string(), "no response from OSS: the connector speaks http only");
    assert_eq!((error.attempts(), error.retry_stop()), (1, Some(RetryStop::NotRetryable)));
    assert!(!error.is_transient() && !error.explain().retry_helps());
}

/// The error of a client whose connector fails with this.
async fn error_of_connector<E: Into<BoxError> + 'static>(fails: fn() -> E) -> Error {
    let connector =
        service_fn(move |_: Uri| future::ready(Err::<TokioIo<TcpStream>, BoxError>(fails().into())));
    let client = Client::builder(TokioExecutor::new()).build::<_, Full<Bytes>>(connector);
    failed(&stack(policy(), OssErrorLayer::new(), LONG, client), "http://b/k?append".to_owned()).await
}

#[tokio::test]
async fn a_connect_that_timed_out_is_a_timeout_and_nothing_was_sent() {
    let by_system = error_of_connector(|| io::Error::from(ErrorKind::TimedOut)).await;
    let by_layer = error_of_connector(Elapsed::new).await;
    for error in [by_system, by_layer] {
        assert_eq!(error.to_string(), "no response from OSS: connecting timed out [3 attempts]");
        assert!(error.is_timeout() && error.is_connect() && error.is_transient(), "{error:?}");
        assert_eq!(error.gateway_response(&Method::GET).status(), 504);
        assert_eq!(io::Error::from(error).kind(), ErrorKind::TimedOut);
    }
}

#[tokio::test]
async fn each_failure_to_connect_has_its_text() {
    type Case = (fn() -> io::Error, &'static str, ErrorKind);
    let cases: [Case; 7] = [
        (|| ErrorKind::ConnectionRefused.into(), "connection refused", ErrorKind::ConnectionRefused),
        (|| ErrorKind::HostUnreachable.into(), "host unreachable", ErrorKind::HostUnreachable),
        (|| ErrorKind::NetworkUnreachable.into(), "network unreachable", ErrorKind::NetworkUnreachable),
        (
            || io::Error::other(io::Error::new(ErrorKind::InvalidData, "bad certificate")),
            "TLS failed",
            ErrorKind::NotConnected,
        ),
        (|| ErrorKind::UnexpectedEof.into(), "no connection", ErrorKind::UnexpectedEof),
        // A Unix socket that does not exist is no object that does not exist.
        (|| ErrorKind::NotFound.into(), "no connection", ErrorKind::NotConnected),
        (|| io::Error::other("of a connector"), "no connection", ErrorKind::NotConnected),
    ];
    for (fails, text, kind) in cases {
        let error = error_of_connector(fails).await;
        assert_eq!(error.to_string(), format!("no response from OSS: {text} [3 attempts]"));
        assert!(error.is_connect() && !error.is_timeout(), "{error:?}");
        assert_eq!(io::Error::from(error).kind(), kind, "{text}");
    }
}

/// A TLS connector fails inside the client's connector, with its own error.
#[tokio::test]
async fn a_failed_tls_handshake_is_no_connection_and_an_append_is_repeated() {
    let connector = service_fn(|_: Uri| {
        let handshake = io::Error::new(ErrorKind::InvalidData, "invalid peer certificate");
        future::ready(Err::<TokioIo<TcpStream>, io::Error>(handshake))
    });
    let client = Client::builder(TokioExecutor::new()).build::<_, Full<Bytes>>(connector);
    let error = failed(&stack(policy(), OssErrorLayer::new(), LONG, client), "http://b/k".to_owned()).await;
    assert_eq!(transport(&error).kind(), TransportKind::Connect);
    assert_eq!((transport(&error).io_kind(), error.attempts()), (Some(ErrorKind::InvalidData), 3));
    assert_eq!(error.to_string(), "no response from OSS: TLS failed [3 attempts]");
}

#[tokio::test]
async fn each_failure_of_a_connection_has_a_kind_and_an_append_is_sent_once() {
    type Fault = (&'static str, fn() -> Reply, Duration, TransportKind, &'static str);
    let faults: [Fault; 5] = [
        ("reset", || Reply::Reset(b""), LONG, TransportKind::Reset, "connection reset"),
        ("close", || Reply::Close(b""), LONG, TransportKind::Closed, "connection closed"),
        (
            "half a head",
            || Reply::Close(b"HTTP/1.1 200 OK\r\nco"),
            LONG,
            TransportKind::Closed,
            "connection closed",
        ),
        (
            "garbage",
            || Reply::Close(b"220 smtp ready\r\n\r\n"),
            LONG,
            TransportKind::Protocol,
            "invalid HTTP",
        ),
        ("stall", || Reply::Stall, SHORT, TransportKind::Timeout, "timed out"),
    ];
    for (name, reply, attempt, kind, text) in faults {
        for (client, stack) in stacks(policy, attempt) {
            let server = Server::start(move |_| reply()).await;
            let error = failed(&stack, server.url("/k?append&position=0")).await;
            let case = format!("{name} over {client}: {error:?}");
            assert_eq!(transport(&error).kind(), kind, "{case}");
            let text = format!("no response from OSS: {text} [outcome unknown]");
            assert_eq!(error.to_string(), text, "{case}");
            assert_eq!(error.is_timeout(), kind == TransportKind::Timeout, "{case}");
            assert!(error.is_transient() && !error.is_connect(), "{case}");
            let io_kind = match kind {
                TransportKind::Reset => ErrorKind::ConnectionReset,
                TransportKind::Closed => ErrorKind::ConnectionAborted,
                TransportKind::Protocol => ErrorKind::InvalidData,
                _ => ErrorKind::TimedOut,
            };
            assert_eq!(error.retry_stop(), Some(RetryStop::OutcomeUnknown), "{case}");
            assert_eq!(io::Error::from(error).kind(), io_kind, "{case}");
            assert_eq!(server.seen().len(), 1, "{case}");
        }
    }
}

/// An error of an unknown type: it is not clear whether the request was sent.
#[derive(Debug)]
struct OfSomeClient;

impl fmt::Display for OfSomeClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("http://b/k?Signature=CANARY failed")
    }
}

impl StdError for OfSomeClient {}

/// The error of a call whose client fails with this.
async fn error_of<E>(fails: fn() -> E, method: &str) -> Error
where
    E: Into<BoxError> + Send + Sync + 'static,
{
    let client =
        service_fn(move |_: Request<Full<Bytes>>| async move { Err::<Response<Full<Bytes>>, E>(fails()) });
    let mut client = ServiceBuilder::new().retry(policy()).layer(OssErrorLayer::new()).service(client);
    let request = Request::builder().method(method).uri("/k").body(Full::default()).unwrap();
    client.ready().await.unwrap().call(request).await.unwrap_err()
}

#[tokio::test]
async fn an_unknown_error_is_other_and_never_retried() {
    for (method, stop, doubt) in
        [("GET", RetryStop::NotRetryable, ""), ("POST", RetryStop::OutcomeUnknown, " [outcome unknown]")]
    {
        let error = error_of(|| OfSomeClient, method).await;
        assert_eq!((transport(&error).kind(), transport(&error).io_kind()), (TransportKind::Other, None));
        assert_eq!((error.attempts(), error.retry_stop()), (1, Some(stop)), "{method}");
        assert!(!error.is_transient() && !error.is_timeout() && !error.is_connect());
        assert_eq!(error.to_string(), format!("no response from OSS: the request failed{doubt}"));
        assert!(!format!("{error:?}").contains("CANARY"));
        assert!(error.source().unwrap().to_string().contains("CANARY"), "reached through source() alone");
    }
}

#[tokio::test]
async fn io_errors_have_the_kind_that_they_name() {
    type Case = (fn() -> io::Error, TransportKind, bool);
    let cases: [Case; 6] = [
        (|| ErrorKind::TimedOut.into(), TransportKind::Timeout, true),
        (|| ErrorKind::ConnectionReset.into(), TransportKind::Reset, true),
        (|| ErrorKind::BrokenPipe.into(), TransportKind::Closed, true),
        (|| ErrorKind::ConnectionRefused.into(), TransportKind::Connect, true),
        (|| ErrorKind::PermissionDenied.into(), TransportKind::Other, false),
        (|| io::Error::other(OfSomeClient), TransportKind::Other, false),
    ];
    for (fails, kind, transient) in cases {
        let error = error_of(fails, "GET").await;
        assert_eq!((transport(&error).kind(), error.is_transient()), (kind, transient), "{:?}", fails());
        assert_eq!(error.attempts(), if transient { 3 } else { 1 }, "{:?}", fails());
    }
}

/// An application's service below the policy may match on the error of an inner stack, and return a
/// part of it.
#[tokio::test]
async fn what_an_inner_policy_gave_up_is_not_retried_without_its_variant_either() {
    let inner = service_fn(|_: Request<Full<Bytes>>| async {
        let error = ErrorBuilder::transport(io::Error::from(ErrorKind::ConnectionReset))
            .attempts(7)
            .retry_stop(RetryStop::AttemptsExhausted)
            .build();
        let Error::Transport(error) = error else { panic!("{error}") };
        Err::<Response<Full<Bytes>>, _>(BoxError::from(error))
    });
    let client = ServiceBuilder::new().retry(policy()).service(inner);
    let error = client.oneshot(Request::new(Full::default())).await.unwrap_err();
    assert_eq!(Error::from(error).attempts(), 7);
}

#[tokio::test]
async fn layers_of_tower_below_are_told_apart() {
    // A full load shedder: the request was not sent, and a retry would fail as well.
    let full =
        service_fn(|_: Request<Full<Bytes>>| future::pending::<Result<Response<Full<Bytes>>, BoxError>>());
    let client = ServiceBuilder::new()
        .retry(RetryPolicy::new())
        .layer(OssErrorLayer::new())
        .load_shed()
        .concurrency_limit(1)
        .service(full);
    let busy = tokio::spawn(client.clone().oneshot(append("/k".to_owned())));
    tokio::task::yield_now().await;
    let error = client.oneshot(append("/k".to_owned())).await.unwrap_err();
    assert_eq!((transport(&error).kind(), error.attempts()), (TransportKind::Other, 0));
    assert_eq!(error.retry_stop(), Some(RetryStop::NotRetryable));
    assert_eq!(error.to_string(), "no response from OSS: overloaded, so it was not sent");
    assert!(error.is_transient() && error.explain().retry_helps(), "later, by the caller");
    let response = error.gateway_response(&Method::GET);
    assert_eq!(
        (response.status().as_u16(), &response.headers()["retry-after"]),
        (503, &HeaderValue::from(1))
    );
    assert_eq!(io::Error::from(error).kind(), ErrorKind::ResourceBusy);
    busy.abort();

    // A Buffer whose worker has ended: it is not clear what happened to the request.
    let (buffer, worker) = Buffer::pair(
        service_fn(|_: Request<Full<Bytes>>| async {
            Ok::<_, BoxError>(Response::new(Full::<Bytes>::default()))
        }),
        1,
    );
    drop(worker);
    let client = ServiceBuilder::new().layer(OssErrorLayer::new()).service(buffer);
    let error = client.oneshot(append("/k".to_owned())).await.unwrap_err();
    assert_eq!(transport(&error).kind(), TransportKind::Other);
    assert!(!error.is_transient());
}

/// As `examples/reqwest.rs` does: reqwest's timeout has a private type.
fn timeouts_of_reqwest(
    settings: reqwest::ClientBuilder,
) -> impl Service<Request<Full<Bytes>>, Response = Response<reqwest::Body>, Error = BoxError, Future: Send>
+ Clone
+ Send
+ Sync {
    let map = |error: reqwest::Error| match error.is_timeout() && !error.is_connect() {
        true => BoxError::from(io::Error::from(ErrorKind::TimedOut)),
        false => error.into(),
    };
    ServiceBuilder::new().map_err(map).service(Reqwest::with(settings))
}

#[tokio::test]
async fn reqwests_own_timeout_can_be_mapped() {
    let stack = |settings| stack(policy(), OssErrorLayer::new(), LONG, timeouts_of_reqwest(settings));
    let server = Server::start(|_| Reply::Stall).await;
    let client = stack(reqwest::Client::builder().timeout(SHORT));
    let error = failed(&client, server.url("/k?append&position=0")).await;
    assert_eq!(transport(&error).kind(), TransportKind::Timeout);
    assert_eq!((error.attempts(), error.retry_stop()), (1, Some(RetryStop::OutcomeUnknown)));
    let get = Request::get(server.url("/k")).body(Full::default()).unwrap();
    assert_eq!(client.oneshot(get).await.unwrap_err().attempts(), 3, "a GET is repeated");

    // While connecting, nothing was sent.
    let never = MapFutureLayer::new(|_| future::pending());
    let client = stack(reqwest::Client::builder().connect_timeout(SHORT).connector_layer(never));
    let error = failed(&client, "http://127.0.0.1:1/k?append&position=0".to_owned()).await;
    assert_eq!(transport(&error).kind(), TransportKind::Connect);
    assert_eq!((error.attempts(), error.retry_stop()), (3, Some(RetryStop::AttemptsExhausted)));
}
