//! Every public function that takes bytes, headers or text, over inputs made to cost as much as
//! they can.

mod shapes;

use std::{convert::Infallible, hint::black_box, io};

use bytes::Bytes;
use futures_util::stream::iter;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response};
use http_body::Frame;
use http_body_util::StreamBody;
use memchr::memchr;
use shapes::{DOCUMENTS, texts};
use tokio::runtime::Builder;
use tower::{Layer, ServiceExt, service_fn};
use tower_oss::{
    ClockOffset, Deadline, Error, ErrorCode, OssError, OssErrorLayer,
    error::{BoxError, Explanation},
    layer::OssHeaders,
    retry::Idempotency,
};
use tower_oss_complexity::Faults;

const KIB: usize = 1024;

/// What can be asked of an error that costs something.
const QUESTIONS: [(&str, fn(&OssError)); 12] = [
    ("Display", |error| drop(error.to_string())),
    ("Debug", |error| drop(format!("{error:?}"))),
    ("report", |error| drop(error.report())),
    ("explain", |error| drop(error.explain().to_string())),
    ("code", |error| drop(error.code().to_string())),
    ("code's Debug", |error| drop(format!("{:?}", error.code()))),
    ("headers", |error| drop(format!("{:?}", error.headers()))),
    ("fields", |error| assert_eq!(error.field("none"), None)),
    ("times", |error| _ = (error.retry_after(), error.qos_delay(), error.server_time())),
    ("to_response", |error| drop(error.to_response())),
    ("to_head_response", |error| drop(error.to_head_response())),
    ("gateway_response", |error| drop(Error::from(error.clone()).gateway_response(&Method::GET))),
];

fn response(status: u16, body: Vec<u8>) -> Response<Bytes> {
    let response = Response::builder().status(status);
    response.body(Bytes::from(body)).expect("a status")
}

/// Calls all accessors of errors that are made of this many bytes.
fn ask(faults: &mut Faults, name: &str, length: usize, response: impl Fn(usize) -> Response<Bytes>) {
    for (question, ask) in QUESTIONS {
        let error = |length| OssError::from_response(response(length));
        faults.measure(&format!("{question} of {name}"), length, error, |error| ask(&error));
    }
}

#[test]
fn quadratic_work_is_noticed() {
    let mut faults = Faults::default();
    let text = |length| "a".repeat(length);
    faults.measure("a loop in a loop", KIB, text, |text| {
        text.bytes().map(|a| text.bytes().filter(|b| a == *b).count()).sum::<usize>()
    });
    faults.measure("a search from each byte on", 4 * KIB, text, |text| {
        (0..text.len()).filter_map(|at| memchr(b'b', &text.as_bytes()[at..])).count()
    });
    faults.measure("a copy of the rest at each byte", KIB, text, |text| {
        (0..text.len()).map(|at| black_box(text[at..].to_owned())).filter(String::is_empty).count()
    });
    assert_eq!(faults.count(), 3, "{faults:?}");
    faults = Faults::default();
    faults.measure("a loop", KIB, text, |text| text.bytes().filter(|byte| *byte == b'b').count());
    faults.assert_none();
}

#[test]
fn reading_a_body() {
    let mut faults = Faults::default();
    for shape in DOCUMENTS {
        let body = |length| response(404, shape.of(length));
        faults.measure(&format!("from_response of {shape:?}"), 12 * KIB, body, OssError::from_response);
        ask(&mut faults, &format!("{shape:?}"), 12 * KIB, body);
    }
    faults.assert_none();
}

#[test]
fn reading_a_body_through_the_layer_in_frames_of_any_size() {
    let mut faults = Faults::default();
    for shape in DOCUMENTS {
        for frame in [16, 4 * KIB] {
            let body = |length| shape.of(length);
            let name = format!("the layer, {shape:?} in frames of {frame}");
            faults.measure(&name, 64 * KIB, body, |body| through_layer(&body, frame));
        }
    }
    faults.assert_none();
}

fn through_layer(body: &[u8], frame: usize) -> Error {
    let service = service_fn(|_: Request<()>| async {
        let frames = body.chunks(frame).map(|frame| Ok(Frame::data(Bytes::copy_from_slice(frame))));
        let frames: Vec<Result<_, Infallible>> = frames.collect();
        let body = StreamBody::new(iter(frames));
        Ok::<_, Infallible>(Response::builder().status(404).body(body).expect("a status"))
    });
    let layer = OssErrorLayer::new().body_limit(KIB * KIB).clock(ClockOffset::new());
    let runtime = Builder::new_current_thread().enable_time().start_paused(true).build().expect("a runtime");
    runtime.block_on(layer.layer(service).oneshot(Request::new(()))).err().expect("an error")
}

#[test]
fn reading_and_showing_a_text_in_any_element() {
    let mut faults = Faults::default();
    for text in texts() {
        for name in
            ["Code", "Message", "RequestId", "EC", "RecommendDoc", "StringToSign", "ServerTime", "Any"]
        {
            let document = |length| {
                let text = text.repeat(length / text.len()).replace('&', "&amp;").replace('<', "&lt;");
                response(403, format!("<Error><Code>A</Code><{name}>{text}</{name}></Error>").into_bytes())
            };
            ask(&mut faults, &format!("{text:?} as {name}"), 8 * KIB, document);
        }
    }
    faults.assert_none();
}

const HEADERS: [&str; 12] = [
    "x-oss-err",
    "x-oss-ec",
    "x-oss-request-id",
    "x-oss-error-type",
    "x-oss-qos-delay-time",
    "x-oss-server-time",
    "retry-after",
    "date",
    "age",
    "content-length",
    "content-encoding",
    "x-any",
];

fn with_headers(headers: HeaderMap) -> Response<Bytes> {
    let document = "<Error><Code>InvalidArgument</Code><SecurityToken>Zy7gAnyToken</SecurityToken></Error>";
    let mut response = response(400, document.into());
    *response.headers_mut() = headers;
    response
}

/// A header of a long value, or of many short ones.
fn headers(name: &'static str, text: &str, length: usize, each: usize) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let value = text.repeat(each.min(length).div_ceil(text.len()));
    let value = HeaderValue::from_str(&value).expect("visible text");
    for at in 0..length.div_ceil(each) {
        let name = if name == "x-any" {
            HeaderName::try_from(format!("x-{at}")).expect("a name")
        } else {
            HeaderName::from_static(name)
        };
        headers.append(name, value.clone());
    }
    headers
}

#[test]
fn reading_and_showing_headers_long_and_many() {
    let mut faults = Faults::default();
    for text in texts().filter(|text| text.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ')) {
        for name in HEADERS {
            for each in [64, 240, usize::MAX] {
                let sent = |length| with_headers(headers(name, text, length, each.min(length)));
                let label = format!("{text:?} in {name} of {each}");
                faults.measure(&label, 16 * KIB, sent, OssError::from_response);
                faults.measure(&label, 16 * KIB, sent, |sent| {
                    (
                        sent.qos_delay(),
                        sent.server_time(),
                        sent.oss_ec().map(str::len),
                        sent.oss_request_id().map(str::len),
                    )
                });
                ask(&mut faults, &label, 16 * KIB, sent);
            }
        }
    }
    faults.assert_none();
}

#[test]
fn learning_the_clock() {
    let mut faults = Faults::default();
    for name in ["date", "age", "retry-after"] {
        for text in ["Sun, 22 Nov 2026 10:00:00 GMT ", "0", " ", "9"] {
            let sent = |length| with_headers(headers(name, text, length, length));
            faults.measure(&format!("the clock, {text:?} in {name}"), 16 * KIB, sent, |sent| {
                let service = service_fn(|_: Request<()>| async {
                    Ok::<_, Infallible>(sent.clone().map(http_body_util::Full::new))
                });
                let call =
                    OssErrorLayer::new().clock(ClockOffset::new()).layer(service).oneshot(Request::new(()));
                let runtime = Builder::new_current_thread().enable_time().start_paused(true).build();
                runtime.expect("a runtime").block_on(call).err()
            });
        }
    }
    faults.assert_none();
}

#[test]
fn codes_and_ecs() {
    let mut faults = Faults::default();
    for text in texts() {
        let text = |length| text.repeat(length / text.len());
        let code = |length| ErrorCode::from(&*text(length));
        faults.measure("ErrorCode::from", 16 * KIB, text, |text| ErrorCode::from(&*text));
        faults.measure("ErrorCode's Display", 16 * KIB, code, |code| format!("{code} {code:?}"));
        faults.measure("of_code", 16 * KIB, code, |code| Explanation::of_code(&code));
        faults.measure("of_ec", 16 * KIB, text, |text| Explanation::of_ec(&text));
    }
    faults.assert_none();
}

#[test]
fn requests_with_long_queries_and_many_headers() {
    let mut faults = Faults::default();
    for (path, again) in [
        ("/", "a"),
        ("/k?", "&"),
        ("/k?", "a&"),
        ("/k?", "callback="),
        ("/k?", "%63"),
        ("/k?", "x-oss-process=a&"),
    ] {
        for method in ["GET", "POST", "PUT", "DELETE"] {
            let sent = |length: usize| {
                let uri = format!("{path}{}", again.repeat(length / again.len()));
                let mut request = Request::builder().method(method).uri(uri).body(()).expect("a URI");
                *request.headers_mut() = headers("x-any", "a", length, 64);
                request
            };
            let name = format!("{method} {path}{again}");
            faults.measure(&name, 12 * KIB, sent, |request| {
                (Idempotency::of(&request), Deadline::of(&request))
            });
            faults.measure(&name, 12 * KIB, sent, |request| {
                let service = service_fn(|_: Request<()>| async {
                    Ok::<_, Infallible>(
                        Response::builder()
                            .status(203)
                            .body(http_body_util::Full::new(Bytes::new()))
                            .expect("a status"),
                    )
                });
                let runtime = Builder::new_current_thread().enable_time().start_paused(true).build();
                runtime
                    .expect("a runtime")
                    .block_on(OssErrorLayer::new().layer(service).oneshot(request))
                    .is_err()
            });
        }
    }
    faults.assert_none();
}

#[test]
fn errors_of_the_client_below() {
    let mut faults = Faults::default();
    for text in texts() {
        let error =
            |length: usize| Error::from(BoxError::from(io::Error::other(text.repeat(length / text.len()))));
        faults.measure("TransportError's Display", 16 * KIB, error, |error| error.to_string());
        faults.measure("TransportError's Debug", 16 * KIB, error, |error| format!("{error:?}"));
        faults.measure("TransportError's response", 16 * KIB, error, |error| {
            error.gateway_response(&Method::HEAD)
        });
    }
    faults.assert_none();
}
