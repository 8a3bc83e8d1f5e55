//! The utilities for users' tests.

use std::{
    io::{self, ErrorKind},
    time::Duration,
};

use bytes::Bytes;
use futures_util::stream;
use http::{HeaderValue, Method, Request, Response, header};
use http_body::Frame;
use http_body_util::{BodyExt, StreamBody};
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use tokio::time::{Instant, timeout};
use tower::{BoxError, Layer, ServiceBuilder, ServiceExt};
use tower_oss::{
    Error, ErrorCode, OssError, OssErrorLayer, RetryPolicy,
    error::{NotSentError, NotSentReason, RetryStop},
    test_util::{Answer, ErrorBuilder, ErrorResponse, Scripted},
};

fn denied() -> ErrorResponse {
    ErrorResponse::new(ErrorCode::AccessDenied)
        .ec("0003-00000201")
        .field("Bucket", "b & <c>")
        .field("AccessDeniedDetail/PolicyType", "SessionPolicy")
        .field("AccessDeniedDetail/AuthAction", "oss:GetObject")
}

#[test]
fn every_form_of_an_error_means_the_same() {
    let said = |error: &OssError| {
        let fields: Vec<_> = error.fields().map(|(name, value)| format!("{name}={value}")).collect();
        format!("{error} {:?} {:?} {fields:?}", error.host_id(), error.recommend_doc())
    };
    let xml = said(&denied().error());
    assert!(xml.contains("AccessDeniedDetail/AuthAction=oss:GetObject") && xml.contains("b & <c>"), "{xml}");
    assert_eq!(said(&denied().vector_json().error()), xml);
    let head = denied().head_response().map(|_| bytes::Bytes::new());
    assert_eq!(said(&OssError::from_response(head)), xml);

    let table = ErrorResponse::new(ErrorCode::BadRequestException).message("m").table_json().error();
    assert_eq!((table.code(), table.message()), (&ErrorCode::BadRequestException, Some("m")));
}

#[test]
fn a_nested_element_is_written_once_and_a_header_is_replaced() {
    let response = denied().header(header::SERVER, HeaderValue::from_static("nginx")).response();
    assert_eq!(response.headers().get_all(header::SERVER).iter().count(), 1);
    let body = format!("{:?}", response.into_body());
    assert_eq!(body.matches("<AccessDeniedDetail>").count(), 1, "{body}");
}

/// The result of a call of this script: the status or the text of the error.
async fn call(oss: &Scripted, method: Method, uri: &str) -> Result<u16, BoxError> {
    let request = Request::builder().method(method).uri(uri).body(()).unwrap();
    oss.clone().oneshot(request).await.map(|response| response.status().as_u16())
}

#[tokio::test]
async fn a_fault_is_an_io_error_and_a_transport_error_in_a_stack() {
    let oss = Scripted::new([Answer::fault(ErrorKind::ConnectionRefused)]);
    let error = OssErrorLayer::new().layer(oss).oneshot(Request::new(())).await.unwrap_err();
    let Error::Transport(error) = error else { panic!("{error}") };
    let cause = error.get_ref().downcast_ref::<io::Error>().unwrap();
    assert_eq!(cause.kind(), ErrorKind::ConnectionRefused);
}

#[tokio::test(start_paused = true)]
async fn a_response_is_delayed_and_one_may_never_come() {
    let oss = Scripted::new([
        Answer::ok("").delayed(Duration::from_secs(3)),
        Answer::fault(ErrorKind::TimedOut).delayed(Duration::from_secs(4)),
        Answer::never(),
    ]);
    let start = Instant::now();
    assert_eq!(call(&oss, Method::GET, "/k").await.unwrap(), 200);
    assert_eq!(start.elapsed().as_secs(), 3);
    call(&oss, Method::GET, "/k").await.unwrap_err();
    assert_eq!(start.elapsed().as_secs(), 7);
    assert!(timeout(Duration::from_secs(86_400), call(&oss, Method::GET, "/k")).await.is_err());
    assert_eq!(oss.requests().len(), 3);
}

#[tokio::test]
async fn a_list_for_a_method_and_path_comes_before_the_script_and_its_last_response_repeats() {
    let status = |code: u16| Answer::new(Response::builder().status(code).body(Bytes::new()).unwrap());
    let oss = Scripted::new([status(200)]);
    oss.on(Method::GET, "/k", [status(201), status(202)]);
    oss.on(Method::GET, "/k?acl", [status(203)]);
    for (method, uri, expected) in [
        (Method::GET, "/k", 201),
        (Method::GET, "/k?acl", 203),
        (Method::GET, "http://b.example.com/k?other", 202),
        (Method::GET, "/k", 202),
        (Method::PUT, "/k", 200),
    ] {
        assert_eq!(call(&oss, method.clone(), uri).await.unwrap(), expected, "{method} {uri}");
    }
    let error = call(&oss, Method::GET, "/l").await.unwrap_err();
    assert_eq!(error.to_string(), "the script has ended: no answer is left for GET /l");
    oss.on(Method::GET, "/k", [status(204)]);
    assert_eq!(call(&oss, Method::GET, "/k").await.unwrap(), 204, "a second list replaces the first");
    oss.on(Method::GET, "/k", [(); 0].map(|()| status(200)));
    oss.push(status(205));
    assert_eq!(call(&oss, Method::GET, "/k").await.unwrap(), 205, "an empty list gives way to the script");
}

#[tokio::test]
async fn a_request_body_is_read_to_its_end_and_recorded() {
    let oss = Scripted::new([Answer::ok("")]);
    let frames = ["he", "llo"].map(|text| Ok::<_, BoxError>(Frame::data(Bytes::from(text))));
    let request = Request::put("/k").body(StreamBody::new(stream::iter(frames))).unwrap();
    oss.reading_bodies().oneshot(request).await.unwrap();

    let broken = stream::iter([Err::<Frame<Bytes>, BoxError>("the disk failed".into())]);
    let request = Request::put("/l").body(StreamBody::new(broken)).unwrap();
    let error = oss.reading_bodies().oneshot(request).await.unwrap_err();
    assert_eq!(error.to_string(), "the disk failed");

    let requests = oss.requests();
    let came: Vec<_> = requests.iter().map(|request| (request.uri().path(), &request.body()[..])).collect();
    assert_eq!(came, [("/k", &b"hello"[..]), ("/l", b"")]);
}

#[tokio::test]
async fn a_served_script_responds_records_and_breaks_connections() {
    let oss = Scripted::new([
        Answer::ok("hi").in_frames_of(1),
        Answer::fault(ErrorKind::ConnectionReset),
        ErrorResponse::new(ErrorCode::NoSuchKey).into(),
    ]);
    let address = oss.serve().await.unwrap();
    let client = OssErrorLayer::new().layer(Client::builder(TokioExecutor::new()).build_http());
    let request = |method: Method| {
        let uri = format!("http://{address}/k");
        Request::builder().method(method).uri(uri).body("body".to_owned()).unwrap()
    };
    let response = client.clone().oneshot(request(Method::PUT)).await.unwrap();
    assert_eq!(response.into_body().collect().await.unwrap().to_bytes(), "hi");
    let error = client.clone().oneshot(request(Method::POST)).await.unwrap_err();
    assert!(matches!(error, Error::Transport(_)), "{error}");
    let error = client.oneshot(request(Method::HEAD)).await.unwrap_err();
    assert_eq!(error.oss().unwrap().code(), &ErrorCode::NoSuchKey);
    let bodies: Vec<_> = oss.requests().into_iter().map(|request| request.into_body()).collect();
    assert_eq!(bodies[..2], ["body", "body"]);
}

#[test]
fn a_built_error_has_the_notes_of_a_policy_and_changes_no_other() {
    let kept = ErrorResponse::new(ErrorCode::NoSuchUpload).error();
    let built = || {
        let transport = ErrorBuilder::transport(io::Error::from(ErrorKind::BrokenPipe));
        [
            ErrorBuilder::oss(kept.clone()),
            transport,
            ErrorBuilder::not_sent(NotSentReason::QueueFull, Duration::ZERO),
        ]
    };
    assert_eq!(built().map(|builder| builder.build().attempts()), [1, 1, 0]);
    for builder in built() {
        let error = builder.build();
        assert_eq!((error.retry_stop(), error.after_ambiguous_attempt()), (None, false), "{error}");
    }
    for builder in built() {
        let error = builder.attempts(3).retry_stop(RetryStop::OutOfTime).after_ambiguous_attempt().build();
        let notes = (error.attempts(), error.retry_stop(), error.after_ambiguous_attempt());
        assert_eq!(notes, (3, Some(RetryStop::OutOfTime), true), "{error}");
    }
    assert_eq!((kept.attempts(), kept.retry_stop()), (1, None));
}

/// The same call, through a stack and made by hand.
#[tokio::test(start_paused = true)]
async fn a_built_history_is_that_of_a_call() {
    let unwell = |id| ErrorResponse::new(ErrorCode::InternalError).request_id(id);
    let oss = Scripted::new([
        unwell("65A1").into(),
        unwell("65A2").into(),
        Answer::fault(ErrorKind::ConnectionReset),
    ]);
    let policy = RetryPolicy::new().random(|| 0.5);
    let client = ServiceBuilder::new().retry(policy).layer(OssErrorLayer::new()).service(oss);
    let called = client.oneshot(Request::put("/k").body(()).unwrap()).await.unwrap_err();

    let [first, second] = ["65A1", "65A2"].map(|id| ErrorBuilder::oss(unwell(id)).build());
    let built = ErrorBuilder::transport(io::Error::from(ErrorKind::ConnectionReset))
        .after_attempt(&first, Duration::from_millis(50))
        .after_attempt(&second, Duration::from_millis(100))
        .retry_stop(RetryStop::AttemptsExhausted)
        .after_ambiguous_attempt()
        .build();
    let of_no_request = called.report().replace("method        PUT\n", "");
    assert_eq!(built.report(), of_no_request);
    assert_eq!(format!("{:?}", built.history()), format!("{:?}", called.history()));
    let notes = |error: &Error| (error.attempts(), error.retry_stop(), error.after_ambiguous_attempt());
    assert_eq!(notes(&built), notes(&called));

    let unsent = ErrorBuilder::from(NotSentError::prepare("no credentials")).build();
    let denied = ErrorBuilder::oss(denied()).after_attempt(&unsent, Duration::ZERO).build();
    assert_eq!((denied.attempts(), denied.history().count()), (1, 2));
}

/// So that a variant that was matched can be returned again, boxed or not.
#[test]
fn the_parts_of_an_error_become_it_again_and_keep_their_notes() {
    let builders = || {
        [
            ErrorBuilder::oss(ErrorResponse::new(ErrorCode::NoSuchKey)),
            ErrorBuilder::transport(io::Error::from(ErrorKind::ConnectionReset)),
            ErrorBuilder::from(NotSentError::prepare("no credentials")),
        ]
        .map(|builder| builder.attempts(3).retry_stop(RetryStop::OutOfTime).build())
    };
    let boxed = |error| -> BoxError {
        match error {
            Error::Oss(error) => error.into(),
            Error::Transport(error) => error.into(),
            Error::NotSent(error) => error.into(),
            error => panic!("{error}"),
        }
    };
    for (error, again) in builders().into_iter().zip(builders().map(boxed).map(Error::transport)) {
        assert_eq!(format!("{again:?}"), format!("{error:?}"));
        assert_eq!((again.attempts(), again.retry_stop()), (3, Some(RetryStop::OutOfTime)), "{again}");
    }
    let error = Error::transport("the pool is closed");
    assert!(matches!(&error, Error::Transport(error) if error.get_ref().to_string() == "the pool is closed"));
}

#[test]
fn a_built_error_without_a_response_keeps_the_last_one() {
    let last = || ErrorResponse::new(ErrorCode::InternalError).request_id("65A1");
    for builder in [
        ErrorBuilder::transport("the pool is closed"),
        ErrorBuilder::not_sent(NotSentReason::Deadline, Duration::ZERO),
        ErrorBuilder::from(NotSentError::prepare("no credentials")),
    ] {
        let error = builder.last_oss_error(last()).build();
        assert_eq!(error.request_id(), Some("65A1"), "{error}");
    }
    let error = ErrorBuilder::oss(ErrorResponse::new(ErrorCode::NoSuchKey)).last_oss_error(last()).build();
    assert_eq!(*error.oss().unwrap().code(), ErrorCode::NoSuchKey);
}

#[tokio::test]
async fn a_request_without_an_answer_is_named_over_a_connection_too() {
    let oss = Scripted::default();
    oss.on(Method::GET, "/k", [Answer::ok("")]);
    let address = oss.serve().await.unwrap();
    let client = Client::builder(TokioExecutor::new()).build_http::<String>();
    let client = ServiceBuilder::new().layer(OssErrorLayer::new()).service(client);
    for method in [Method::PUT, Method::HEAD] {
        let request = Request::builder().method(&method).uri(format!("http://{address}/other?x=1"));
        let error = client.clone().oneshot(request.body(String::new()).unwrap()).await.unwrap_err();
        let error = error.oss().unwrap();
        assert_eq!(error.status(), 501);
        let text = format!("the script has ended: no answer is left for {method} /other?x=1");
        assert_eq!(error.message(), Some(&*text));
    }
}

#[test]
fn a_path_that_no_request_can_have_is_rejected() {
    for path in ["", "k", "http://b/k", "/k?", "/a b", "/k#f", "*"] {
        let on = || Scripted::default().on(Method::GET, path, [Answer::ok("")]);
        assert!(std::panic::catch_unwind(on).is_err(), "{path}");
    }
    for path in ["/", "/k", "/k?uploads", "/a%20b", "//k", "/k?a=b?c"] {
        Scripted::default().on(Method::GET, path, [Answer::ok("")]);
    }
}
