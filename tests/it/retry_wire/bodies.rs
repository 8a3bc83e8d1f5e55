//! Every attempt sends what the first one sent.

use std::{
    convert::Infallible,
    sync::{Arc, Mutex},
    time::Duration,
};

use bytes::Bytes;
use futures_util::stream;
use http::{HeaderValue, Method, Request, StatusCode, Version};
use http_body::{Body, Frame};
use http_body_util::{Either, Empty, Full, StreamBody};
use tower::{BoxError, ServiceBuilder, ServiceExt};
use tower_oss::{
    Error, OssErrorLayer,
    error::RetryStop,
    retry::{Attempt, OnceBody, TryCloneBody},
};

use super::{
    clients::{Reqwest, hyper, policy},
    server::{Reply, Seen, Server, failure, header, ok},
};

/// An extension of the caller, like a span or a signing context.
#[derive(Clone, Debug, PartialEq)]
struct Mark(&'static str);

/// What a layer below the policy sees of an attempt, besides the bytes.
#[derive(Debug, PartialEq)]
struct Extensions {
    attempt: Option<u32>,
    mark: Option<Mark>,
}

fn request<B>(server: &Server, method: Method, version: Version, body: B) -> Request<B> {
    let mut request = Request::new(body);
    *request.method_mut() = method;
    *request.uri_mut() = server.url("/a%20key?versionId=CAEQ&b=%E4%B8%AD&empty=").parse().unwrap();
    *request.version_mut() = version;
    let headers = request.headers_mut();
    headers.append("x-oss-meta-twice", HeaderValue::from_static("one"));
    headers.append("x-oss-meta-twice", HeaderValue::from_static("two"));
    headers.append("x-oss-meta-bytes", HeaderValue::from_bytes(b"\xe4\xb8\xad").unwrap());
    request.extensions_mut().insert(Mark("of the caller"));
    request
}

async fn two_failures() -> Server {
    let mut left = 2;
    Server::start(move |_| {
        left -= 1;
        if left >= 0 { failure("InternalError", StatusCode::INTERNAL_SERVER_ERROR) } else { ok("") }
    })
    .await
}

/// Sends the body three times over each client. Returns what the server received first.
async fn sent_alike<B>(method: Method, version: Version, body: impl Fn() -> B) -> Seen
where
    B: Body<Data = Bytes, Error: Into<BoxError>> + TryCloneBody + Send + Sync + Unpin + 'static,
{
    let (over_hyper, over_reqwest) = (two_failures().await, two_failures().await);
    let below = Arc::new(Mutex::new(Vec::new()));
    let note = {
        let below = Arc::clone(&below);
        move |request: Request<B>| {
            let attempt = request.extensions().get::<Attempt>().map(|attempt| attempt.number());
            below.lock().unwrap().push(Extensions { attempt, mark: request.extensions().get().cloned() });
            request
        }
    };
    let stack = ServiceBuilder::new().retry(policy()).layer(OssErrorLayer::new()).map_request(note);
    let first = request(&over_hyper, method.clone(), version, body());
    stack.clone().service(hyper()).oneshot(first).await.unwrap();
    let first = request(&over_reqwest, method, version, body());
    stack.service(Reqwest::new()).oneshot(first).await.unwrap();

    for server in [&over_hyper, &over_reqwest] {
        let seen = server.seen();
        assert_eq!(seen.len(), 3);
        assert_eq!(seen[1], seen[0]);
        assert_eq!(seen[2], seen[0]);
        assert_eq!(server.connections(), if version == Version::HTTP_11 { 1 } else { 3 });
    }
    let expected = [None, Some(2), Some(3)].map(|attempt| (attempt, Some(Mark("of the caller"))));
    let expected = expected.map(|(attempt, mark)| Extensions { attempt, mark });
    let below = below.lock().unwrap();
    assert_eq!(below[..3], expected);
    assert_eq!(below[3..], expected);
    over_hyper.seen().swap_remove(0)
}

#[tokio::test]
async fn every_attempt_carries_the_bytes_of_the_first() {
    let sent = sent_alike(Method::PUT, Version::HTTP_11, || Full::new(Bytes::from("a full body"))).await;
    assert_eq!(sent.body, b"a full body");
    assert!(sent.head.starts_with("PUT /a%20key?versionId=CAEQ&b=%E4%B8%AD&empty= HTTP/1.1\r\n"), "{sent:?}");
    assert_eq!(header(&sent.head, "content-length"), Some("11"));
    assert_eq!(sent.head.matches("x-oss-meta-twice: ").count(), 2);

    let long = "中".repeat(100_000);
    let sent = sent_alike(Method::PUT, Version::HTTP_11, || long.clone()).await;
    assert_eq!(sent.body, long.as_bytes());

    let sent = sent_alike(Method::GET, Version::HTTP_11, Empty::<Bytes>::new).await;
    assert_eq!(sent.body, b"");

    type Upload = Either<Full<Bytes>, Empty<Bytes>>;
    let sent = sent_alike(Method::PUT, Version::HTTP_11, || Upload::Left(Full::from("the left one"))).await;
    assert_eq!(sent.body, b"the left one");
    let sent = sent_alike(Method::DELETE, Version::HTTP_11, || Upload::Right(Empty::new())).await;
    assert_eq!(sent.body, b"");
}

#[tokio::test]
async fn an_optional_body_is_sent_alike_too() {
    for body in [Some(Full::from("there")), None] {
        let server = two_failures().await;
        // No client accepts an `Option` as body, so it is converted below the policy.
        let stack = ServiceBuilder::new()
            .retry(policy())
            .layer(OssErrorLayer::new())
            .map_request(|request: Request<Option<Full<Bytes>>>| request.map(Option::unwrap_or_default))
            .service(hyper());
        let request = request(&server, Method::PUT, Version::HTTP_11, body.clone());
        stack.oneshot(request).await.unwrap();

        let seen = server.seen();
        assert_eq!((seen.len(), &seen[1], &seen[2]), (3, &seen[0], &seen[0]));
        assert_eq!(seen[0].body.len(), body.map_or(0, |_| "there".len()));
    }
}

/// A stream of ten frames, each of 64 KiB.
fn upload() -> OnceBody<impl Body<Data = Bytes, Error = Infallible> + Send + Sync + 'static> {
    let frames = (0..10).map(|n| Ok(Frame::data(Bytes::from(vec![b'0' + n; 64 * 1024]))));
    OnceBody::new(StreamBody::new(stream::iter(frames)))
}

/// The content of a chunked body.
fn dechunked(mut body: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let end = body.windows(2).position(|two| two == b"\r\n").unwrap();
        let length = usize::from_str_radix(std::str::from_utf8(&body[..end]).unwrap(), 16).unwrap();
        if length == 0 {
            return bytes;
        }
        bytes.extend_from_slice(&body[end + 2..][..length]);
        body = &body[end + 2 + length + 2..];
    }
}

/// Uploads the stream over each client. Returns the result, and what the server received.
async fn uploaded(reply: fn() -> Reply) -> [(Result<StatusCode, Error>, Vec<Seen>); 2] {
    let (over_hyper, over_reqwest) =
        (Server::start(move |_| reply()).await, Server::start(move |_| reply()).await);
    let stack =
        ServiceBuilder::new().retry(policy()).layer(OssErrorLayer::new()).timeout(Duration::from_secs(20));
    let request = |server: &Server| request(server, Method::PUT, Version::HTTP_11, upload());
    let by_hyper =
        stack.clone().service(hyper()).oneshot(request(&over_hyper)).await.map(|answer| answer.status());
    let by_reqwest =
        stack.service(Reqwest::new()).oneshot(request(&over_reqwest)).await.map(|answer| answer.status());
    [(by_hyper, over_hyper.seen()), (by_reqwest, over_reqwest.seen())]
}

#[tokio::test]
async fn a_stream_is_sent_once_and_completely() {
    let whole: Vec<u8> = (0..10).flat_map(|n| vec![b'0' + n; 64 * 1024]).collect();
    for (result, seen) in uploaded(|| ok("")).await {
        assert_eq!(result.unwrap(), 200);
        assert_eq!(seen.len(), 1);
        assert_eq!(dechunked(&seen[0].body), whole);
    }
    let faults: [fn() -> Reply; 2] =
        [|| failure("InternalError", StatusCode::INTERNAL_SERVER_ERROR), || Reply::Reset(b"")];
    for fault in faults {
        for (result, seen) in uploaded(fault).await {
            let error = result.unwrap_err();
            assert_eq!(error.retry_stop(), Some(RetryStop::BodyNotReplayable), "{error:?}");
            assert_eq!((error.attempts(), seen.len()), (1, 1));
            assert_eq!(dechunked(&seen[0].body), whole);
        }
    }
    for (result, seen) in uploaded(|| failure("AccessDenied", StatusCode::FORBIDDEN)).await {
        assert_eq!(
            result.unwrap_err().retry_stop(),
            Some(RetryStop::NotRetryable),
            "a retry would not have helped"
        );
        assert_eq!(seen.len(), 1);
    }
}
