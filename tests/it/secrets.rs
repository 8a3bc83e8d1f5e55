//! Nothing secret, and nothing that could forge a log line, in any rendering.

use std::error::Error as StdError;

use base64::{Engine, prelude::BASE64_STANDARD};
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Response, StatusCode};
use proptest::prelude::*;
use tower_oss::{Error, OssError};

use crate::support::samples;

/// Everything that a log or a ticket could show of an error.
fn renderings(error: &OssError) -> Vec<String> {
    let outer = Error::from(error.clone());
    vec![
        error.to_string(),
        format!("{error:?}"),
        format!("{error:#?}"),
        error.report(),
        error.explain().to_string(),
        format!("{:?}", error.explain()),
        outer.to_string(),
        format!("{outer:?}"),
        format!("{:?}", error.headers()),
        format!("{:?} {}", error.code(), error.code()),
        error.source().map(ToString::to_string).unwrap_or_default(),
    ]
}

fn assert_safe(error: &OssError, canary: &str) {
    for text in renderings(error) {
        assert!(!text.contains(canary), "a secret in {text}");
    }
    let line = error.to_string();
    assert!(!line.contains(|c: char| c.is_control()), "{line:?}");
    assert!(line.chars().count() < 2200, "{line}");
    assert!(!error.report().contains(|c: char| c.is_control() && c != '\n'), "{:?}", error.report());
}

#[test]
fn no_sample_leaks_its_canaries() {
    for sample in samples() {
        assert_safe(&OssError::from_response(sample.answer), "CANARY");
    }
}

/// The elements of an error document whose values are credentials, or what credentials are made of.
const SECRET_ELEMENTS: [&str; 14] = [
    "SignatureProvided",
    "StringToSign",
    "StringToSignBytes",
    "CanonicalRequest",
    "CanonicalRequestBytes",
    "OSSAccessKeyId",
    "AWSAccessKeyId",
    "Authorization",
    "ArgumentValue",
    "SecurityToken",
    "User",
    "AccessDeniedDetail/EncodedDiagnosticMessage",
    "AccessDeniedDetail/AuthPrincipalOwnerId",
    "AccessDeniedDetail/AuthPrincipalDisplayName",
];

const SECRET_HEADERS: [&str; 7] = [
    "authorization",
    "x-oss-security-token",
    "x-amz-security-token",
    "x-oss-callback",
    "x-oss-callback-var",
    "set-cookie",
    "x-oss-err",
];

/// Elements that are shown, and where somebody's URL may stand.
const SHOWN_ELEMENTS: [&str; 8] =
    ["Code", "Message", "RequestId", "HostId", "EC", "RecommendDoc", "Endpoint", "Unheard-Of"];

fn element(path: &str, value: &str) -> String {
    let value = value.replace('&', "&amp;").replace('<', "&lt;");
    let opened: String = path.split('/').map(|name| format!("<{name}>")).collect();
    let closed: String = path.rsplit('/').map(|name| format!("</{name}>")).collect();
    format!("{opened}{value}{closed}")
}

fn answer(body: String, header: Option<(&str, &str)>) -> Response<Bytes> {
    let mut answer = Response::new(Bytes::from(body));
    *answer.status_mut() = StatusCode::FORBIDDEN;
    if let Some((name, value)) = header {
        let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
        answer.headers_mut().insert(name, HeaderValue::from_str(value).unwrap());
    }
    answer
}

/// A value with the canary in it, as a credential or as part of a URL's query.
fn secret_value() -> impl Strategy<Value = String> {
    "[A-Za-z0-9%+/=:,;.~_-]{0,12}".prop_map(|noise| format!("{noise}CANARY{noise}"))
}

fn url_with_secret() -> impl Strategy<Value = String> {
    let before = prop::sample::select(vec!["", "see ", "\"", "(", "a=b c: ", "é"]);
    let base = prop::sample::select(vec!["https://b.oss-cn-hangzhou.aliyuncs.com/k", "/k", "//h/k", "k"]);
    let name = "[A-Za-z][A-Za-z0-9._~%-]{0,12}";
    let plain = prop::sample::select(vec!["", "acl&", "a=1&", "x-oss-process=image/resize,w_1&", "b&amp;"]);
    let after = prop::sample::select(vec!["", " and more", "\"", "&z=1", "#f", "\n"]);
    (before, base, plain, name, secret_value(), after).prop_map(
        |(before, base, plain, name, value, after)| format!("{before}{base}?{plain}{name}={value}{after}"),
    )
}

#[test]
fn a_secret_of_the_document_that_the_message_repeats_is_not_shown() {
    for path in SECRET_ELEMENTS {
        let (message, secret) =
            (element("Message", "The value CANARY-1, is wrong"), element(path, " CANARY-1 "));
        let body = format!("<Error>{message}{secret}{}</Error>", element("HostId", "CANARY-1.oss"));
        assert_safe(&OssError::from_response(answer(body, None)), "CANARY");
    }
}

proptest! {
    #[test]
    fn secret_elements_are_never_shown(
        path in prop::sample::select(SECRET_ELEMENTS.to_vec()),
        value in secret_value(),
        form in 0..3,
    ) {
        let xml = format!("<Error><Code>AccessDenied</Code>{}</Error>", element(path, &value));
        let error = OssError::from_response(match form {
            0 => answer(xml, None),
            1 => answer(String::new(), Some(("x-oss-err", &BASE64_STANDARD.encode(xml)))),
            _ => answer(serde_json::json!({ "Error": { "Code": "AccessDenied", path: value } }).to_string(), None),
        });
        assert!(error.fields().any(|(name, kept)| name == path && kept == value.trim()), "{error:?}");
        assert_safe(&error, "CANARY");
    }

    #[test]
    fn secret_headers_are_never_shown(name in prop::sample::select(SECRET_HEADERS.to_vec()), value in secret_value()) {
        let error = OssError::from_response(answer(String::new(), Some((name, &value))));
        assert!(error.headers()[name].is_sensitive());
        assert_safe(&error, "CANARY");
    }

    #[test]
    fn query_values_are_never_shown(path in prop::sample::select(SHOWN_ELEMENTS.to_vec()), url in url_with_secret()) {
        let body = format!("<Error>{}</Error>", element(path, &url));
        assert_safe(&OssError::from_response(answer(body, None)), "CANARY");
        for name in ["location", "x-oss-request-id", "x-oss-ec", "x-oss-error-type", "link"] {
            let value = url.replace(|c: char| !c.is_ascii_graphic() && c != ' ', "");
            assert_safe(&OssError::from_response(answer(String::new(), Some((name, &value)))), "CANARY");
        }
    }

    #[test]
    fn labelled_secrets_in_prose_are_never_shown(
        label in prop::sample::select(vec![
            "Signature=", "Credential=", "x-oss-security-token:", "Authorization: OSS ", "\"AccessKeyId\": \"",
            "OSSAccessKeyId=", "secret = '", "Cookie: a=", "{\\\"SecurityToken\\\":\\\"", "<StringToSign>",
            "Authorization:\n OSS ", "Authorization: Digest username=\"u\", response=\"", "x-oss-callback-var: ",
            "https://b.oss/k%3FSignature%3D", "https://b.oss/k?", "https://key:", "access_key=", "OSS LTAI:",
        ]),
        token in "[A-Za-z0-9+_-]{0,8}",
    ) {
        let message = format!("refused, {label}{token}CANARY{token}@host");
        let error = OssError::from_response(answer(format!("<Error>{}</Error>", element("Message", &message)), None));
        assert_eq!(error.message(), Some(&*message));
        assert_safe(&error, "CANARY");
    }

    #[test]
    fn no_body_and_no_header_breaks_a_line_or_panics(body in prop::collection::vec(any::<u8>(), 0..300), id in "\\PC{0,40}") {
        let xml = [b"<Error><Message>", &body[..], b"</Message></Error>"].concat();
        for body in [body, xml] {
            let mut answer = Response::new(Bytes::from(body));
            answer.headers_mut().insert("x-oss-request-id", HeaderValue::from_str(&id).unwrap());
            assert_safe(&OssError::from_response(answer), "CANARY CANNOT BE MADE BY CHANCE");
        }
    }
}
