//! Which responses are errors.

use std::{
    convert::Infallible,
    future::ready,
    sync::{Arc, Mutex},
};

use bytes::Bytes;
use futures_util::FutureExt;
use http::{HeaderMap, Method, Request, Response, StatusCode, header};
use http_body_util::Empty;
use tower::{Layer, ServiceExt, service_fn};
use tower_oss::{
    Error, ErrorClass, ErrorCode, OssError, OssErrorLayer,
    layer::{ClassifyResponse, OssRule, RequestInfo},
};

/// The layer's error for a response, or `None` if it passes.
fn error_of(layer: &OssErrorLayer, request: Request<()>, response: Response<()>) -> Option<OssError> {
    let status = response.status();
    let inner = service_fn(|_| ready(Ok::<_, Infallible>(response.clone().map(|()| Empty::<Bytes>::new()))));
    match layer.layer(inner).oneshot(request).now_or_never().expect("no body is waited for") {
        Ok(response) => {
            assert_eq!(response.status(), status);
            None
        }
        Err(Error::Oss(error)) => {
            assert_eq!(error.status(), status);
            Some(error)
        }
        Err(error) => panic!("{error:?}"),
    }
}

fn response(status: u16) -> Response<()> {
    Response::builder().status(status).body(()).unwrap()
}

/// The statuses that the layer turns into errors.
fn errors(layer: &OssErrorLayer, request: &Request<()>) -> Vec<u16> {
    (100..=999).filter(|status| error_of(layer, request.clone(), response(*status)).is_some()).collect()
}

#[test]
fn every_status_from_400_up_is_an_error_and_no_other() {
    for method in ["GET", "HEAD", "PUT", "POST", "DELETE", "OPTIONS", "PURGE"] {
        let request = Request::builder().method(method).body(()).unwrap();
        assert_eq!(errors(&OssErrorLayer::new(), &request), Vec::from_iter(400..=999), "{method}");
    }
}

#[test]
fn a_status_that_is_not_valid_http_has_an_unknown_class_and_is_not_retried() {
    for status in 600..=999 {
        let error = error_of(&OssErrorLayer::new(), Request::default(), response(status)).unwrap();
        assert_eq!(error.class(), ErrorClass::Unknown, "{status}");
        assert!(!error.is_transient(), "{status}");
    }
}

#[test]
fn redirects_are_errors_on_request() {
    let layer = OssErrorLayer::new().redirects_as_errors();
    assert_eq!(errors(&layer, &Request::default()), Vec::from_iter(300..=999));

    let error = |status| error_of(&layer, Request::default(), response(status)).unwrap();
    assert_eq!(error(301).class(), ErrorClass::Redirect);
    assert_eq!(error(304).class(), ErrorClass::Precondition);
}

/// An upload with the callback in its header, and in the query under both names.
fn uploads_with_callback(method: &Method) -> [Request<()>; 3] {
    let request = |uri| Request::builder().method(method).uri(uri);
    [
        request("/key").header("x-oss-callback", "e30=").body(()).unwrap(),
        request("/key?callback=e30%3D").body(()).unwrap(),
        request("/key?uploadId=1&x-oss-callback=e30%3D").body(()).unwrap(),
    ]
}

#[test]
fn a_203_is_an_error_of_an_upload_with_callback() {
    for request in [Method::PUT, Method::POST].iter().flat_map(uploads_with_callback) {
        let error = error_of(&OssErrorLayer::new(), request.clone(), response(203)).unwrap();
        assert_eq!(*error.code(), ErrorCode::CallbackFailed);
        assert!(error.is_callback_failed());

        let others = errors(&OssErrorLayer::new(), &request);
        assert_eq!(others, Vec::from_iter([203].into_iter().chain(400..=999)));
    }
}

#[test]
fn a_203_is_a_success_of_anything_else() {
    let layer = OssErrorLayer::new();
    for method in [Method::PUT, Method::POST] {
        for uri in ["/key", "/callback", "/key?callback-var=e30%3D", "/key?acl=callback"] {
            let request = Request::builder().method(&method).uri(uri).body(()).unwrap();
            assert!(error_of(&layer, request, response(203)).is_none(), "{method} {uri}");
        }
    }
    for request in [Method::GET, Method::HEAD, Method::DELETE, Method::OPTIONS, Method::PATCH]
        .iter()
        .flat_map(uploads_with_callback)
    {
        assert!(error_of(&layer, request.clone(), response(203)).is_none(), "{request:?}");
    }
}

/// A missing object is no error for HEAD; a web page always is one.
struct Own;

impl ClassifyResponse for Own {
    fn is_error(&self, request: RequestInfo, status: StatusCode, headers: &HeaderMap) -> bool {
        let probe = request.method() == Some(Method::HEAD) && status == StatusCode::NOT_FOUND;
        let page = headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind == "text/html");
        page || !probe && OssRule.is_error(request, status, headers)
    }
}

#[test]
fn an_own_rule_replaces_the_rule_and_may_ask_it() {
    let layer = OssErrorLayer::new().classify(Own);
    let head = Request::head("/key").body(()).unwrap();

    let but_404 = (400..=999).filter(|status| *status != 404);
    assert_eq!(errors(&layer, &head), Vec::from_iter(but_404));
    assert_eq!(errors(&layer, &Request::default()), Vec::from_iter(400..=999));

    let [upload, ..] = uploads_with_callback(&Method::PUT);
    assert!(error_of(&layer, upload, response(203)).is_some());

    let page = Response::builder().header(header::CONTENT_TYPE, "text/html").body(()).unwrap();
    assert!(error_of(&layer, Request::default(), page).is_some());
}

#[test]
fn redirects_as_errors_and_an_own_rule_add_up_in_either_order() {
    let one = OssErrorLayer::new().redirects_as_errors().classify(Own);
    let other = OssErrorLayer::new().classify(Own).redirects_as_errors();
    let head = Request::head("/key").body(()).unwrap();
    for layer in [one, other] {
        assert_eq!(errors(&layer, &head), Vec::from_iter((300..=999).filter(|status| *status != 404)));
    }
}

/// Records its arguments.
#[derive(Clone, Default)]
struct Recorder(Arc<Mutex<Vec<String>>>);

impl ClassifyResponse for Recorder {
    fn is_error(&self, request: RequestInfo, status: StatusCode, headers: &HeaderMap) -> bool {
        let (method, callback) = (request.method(), request.has_callback());
        self.0.lock().unwrap().push(format!("{method:?}, callback {callback}, {status}, {headers:?}"));
        false
    }
}

#[test]
fn a_rule_is_asked_once_per_response_and_sees_request_and_head() {
    let rule = Recorder::default();
    let layer = OssErrorLayer::new().classify(rule.clone());
    let put = Request::put("/key?callback=e30%3D").body(()).unwrap();
    let purge = Request::builder().method("PURGE").body(()).unwrap();
    let with_header = Response::builder().header("x-oss-ec", "0016-00000001").status(500).body(()).unwrap();

    assert!(error_of(&layer, put, with_header).is_none());
    assert!(error_of(&layer, purge, response(203)).is_none());
    assert_eq!(
        *rule.0.lock().unwrap(),
        [
            "Some(PUT), callback true, 500 Internal Server Error, {\"x-oss-ec\": \"0016-00000001\"}",
            "None, callback false, 203 Non Authoritative Information, {}",
        ]
    );
}
