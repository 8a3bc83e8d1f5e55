//! Nothing secret, and nothing that could forge a log line, in any rendering.

use std::{
    error::Error as StdError,
    panic::{self, AssertUnwindSafe},
};

use base64::{Engine, prelude::BASE64_STANDARD};
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Response, StatusCode};
use proptest::prelude::*;
use tower_oss::{Error, OssError};

use crate::support::samples;

/// All renderings of an error that a log or a ticket could contain.
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
        error.explain().guide_url().unwrap_or_default().to_owned(),
    ]
}

/// The message of a panic caused by an error, as with `expect` and `unwrap`.
fn panic_message(error: &OssError) -> String {
    fn call(error: &OssError) -> Result<(), Error> {
        Err(error.clone().into())
    }
    let payload =
        panic::catch_unwind(AssertUnwindSafe(|| call(error).expect("the call failed"))).unwrap_err();
    *payload.downcast::<String>().unwrap()
}

fn assert_safe(error: &OssError, canary: &str) {
    for text in renderings(error) {
        assert!(!text.contains(canary), "a secret in {text}");
    }
    let line = error.to_string();
    assert!(!line.contains(|c: char| c.is_control()), "{line:?}");
    assert!(line.chars().count() < 2200, "{line}");
    assert!(!error.report().contains(canary), "{}", error.report());
    assert!(!error.report().contains(|c: char| c.is_control() && c != '\n'), "{:?}", error.report());
}

#[test]
fn no_sample_leaks_its_canaries() {
    for sample in samples() {
        assert_safe(&OssError::from_response(sample.response), "CANARY");
    }
}

/// The elements of an error document whose values are credentials, or parts of them.
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

/// Elements that are shown, and that may contain a user's URL.
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

#[test]
fn a_secret_that_is_repeated_is_hidden_everywhere_but_in_the_header_of_the_request_id() {
    let secret = "CANARY-1";
    let body = format!(
        "<Error><Code>Bad-{secret}</Code><Message>no canary-1, no CANARY%2d1</Message><EC>{secret}</EC>\
         <RequestId>{secret}</RequestId><HostId>{secret}.oss</HostId><Key>a/{secret}</Key><{secret}>1</{secret}>\
         <RecommendDoc>https://api.aliyun.com/{secret}</RecommendDoc><SignatureProvided>{secret}</SignatureProvided>\
         </Error>"
    );
    let mut response = answer(body, Some(("server", &format!("of {secret}"))));
    response.headers_mut().insert("x-oss-request-id", HeaderValue::from_static("CANARY-1"));
    let error = OssError::from_response(response);

    let headers = format!("{:?}", error.headers());
    assert!(
        headers.contains(r#""x-oss-request-id": "CANARY-1""#) && headers.contains(r#""server": Sensitive"#)
    );
    let code = error.code();
    assert_eq!(format!("{code} {code:?}"), "*** Other(***)");
    assert_eq!(*code, "Bad-CANARY-1", "it is hidden, not changed");
    assert_eq!(*code, tower_oss::ErrorCode::from("Bad-CANARY-1"));
    let others =
        renderings(&error).into_iter().filter(|text| *text != headers).chain([panic_message(&error)]);
    for text in others {
        assert!(!text.to_lowercase().contains("canary"), "{text}");
    }
}

#[test]
fn a_secret_of_seven_bytes_is_not_searched_for() {
    let body = "<Error><Message>the objects</Message><SignatureProvided>objects</SignatureProvided></Error>";
    let error = OssError::from_response(answer(body.to_owned(), None));
    assert!(error.to_string().contains("the objects"), "{error}");
}

/// Responses with elements and headers that help to find out what happened, known ones and invented
/// ones.
#[test]
fn reports_and_debug_show_what_diagnoses() {
    let elements = [
        ("Expires", "2026-11-25T07:00:00.000Z"),
        ("PartNumber", "8"),
        ("ETag", "5B3C1A2E053D763E1B002CC607C5A0FE"),
        ("Detail", "RestoreObject operation does not support this object storage class"),
        ("Key", "photos/2024/IMG_0001.jpg"),
        ("UploadId", "0004B9894A22E5B1888A1E29F8236E2D"),
        ("ServerTime", "2026-11-25T07:00:00.000Z"),
        ("ArgumentName", "Content-MD5"),
        ("Nobody-Has-Listed-This", "a1b2c3"),
    ];
    let headers = [
        ("x-oss-qos-delay-time", "1200"),
        ("x-tengine-error", "denied by Referer ACL"),
        ("x-swift-error", "request parse msg error"),
        ("x-oss-server-time", "3"),
        ("etag", "\"5B3C1A2E053D763E1B002CC607C5A0FE\""),
        ("nobody-has-listed-this", "a%20b@c"),
    ];
    let body: String = elements.map(|(name, value)| element(name, value)).concat();
    let mut response = answer(format!("<Error>{body}</Error>"), None);
    for (name, value) in headers {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    let error = OssError::from_response(response);
    let (report, debug) = (error.report(), format!("{error:?}"));
    for (name, value) in elements {
        assert!(report.contains(&format!("with          {name} {value}\n")), "{name}: {report}");
        assert!(debug.contains(&format!("\"{name}\": \"{value}\"")), "{name}: {debug}");
    }
    for (name, value) in headers {
        assert!(report.contains(&format!("header        {name}: {value}\n")), "{name}: {report}");
        assert!(debug.contains(&format!("\"{name}\": \"{value}\"")), "{name}: {debug}");
    }
}

#[test]
fn reports_and_debug_name_what_they_withhold() {
    let long = "word ".repeat(52);
    let elements = [("StringToSign", "GET"), ("User", "u"), ("Made-Up-Token", "t"), ("Remark", &*long)];
    let headers = [
        ("www-authenticate", "CANARY"),
        ("set-cookie", "CANARY"),
        ("x-oss-meta-owner", "CANARY"),
        ("x-oss-callback", "CANARY"),
        ("x-made-up-secret", "CANARY"),
        ("x-remark", &*long),
    ];
    let body: String = elements.map(|(name, value)| element(name, value)).concat();
    let mut response = answer(format!("<Error>{body}</Error>"), None);
    for (name, value) in headers {
        response.headers_mut().insert(name, HeaderValue::from_str(value).unwrap());
    }
    response.headers_mut().insert("location", HeaderValue::from_static("https://b.oss/k?a=CANARY"));
    let error = OssError::from_response(response);
    assert_safe(&error, "CANARY");
    let (report, debug) = (error.report(), format!("{error:?}"));
    for (name, value) in elements {
        let bytes = value.trim().len();
        assert!(report.contains(&format!("with          {name} ({bytes} bytes, not shown)")), "{report}");
        assert!(debug.contains(&format!("\"{name}\": ({bytes} bytes, not shown)")), "{debug}");
    }
    for (name, value) in headers {
        let bytes = value.len();
        assert!(report.contains(&format!("header        {name}: ({bytes} bytes, not shown)")), "{report}");
    }
    assert!(report.contains("location: https://b.oss/k?***\n"), "{report}");
}

#[test]
fn a_report_lists_64_headers() {
    let mut response = answer(String::new(), None);
    for _ in 0..1000 {
        response.headers_mut().append("x-a", HeaderValue::from_static("b"));
    }
    let report = OssError::from_response(response).report();
    assert_eq!(report.matches("x-a: b").count(), 64);
    assert!(report.contains("header        (936 more)\n"), "{report}");
}

#[test]
fn a_secret_across_the_end_of_what_is_shown_is_hidden_too() {
    let secrets =
        ["LTAI5tCANARYGhIjKl34Mn", "token kq7Zp2mX9CANARYvR4tL8w", "https://a:CANARY1@b.oss", "x?a=CANARY"];
    for secret in secrets {
        for start in (480..520).chain(4060..4110) {
            // Many hidden passages leave room for the end of the text.
            for filler in ["a ", "LTAI5tAbCdEf12 ", "é "] {
                let mut text = filler.repeat(start / filler.len());
                text.push_str(&"-".repeat(start - text.len()));
                text.push(' ');
                let message = element("Message", &format!("{text}{secret} and more{}", " b".repeat(500)));
                let line =
                    OssError::from_response(answer(format!("<Error>{message}</Error>"), None)).to_string();
                // The canary begins a few characters into the secret.
                assert!(!line.contains("CAN"), "{start} {secret}: {line}");
            }
        }
    }
}

/// A secret of a listed shape with the canary in it.
fn shaped_secret() -> impl Strategy<Value = String> {
    let shapes = prop::sample::select(vec![
        ("LTAI5t", "[A-Za-z0-9]{18}"),
        ("ltai", "[a-z0-9]{16}"),
        ("STS.", "[A-Za-z0-9]{24}"),
        ("TMP.", "[A-Za-z0-9]{24}"),
        ("AKIA", "[A-Z0-9]{16}"),
        ("ASIA", "[A-Z0-9]{16}"),
        ("CAIS", "[A-Za-z0-9+/]{60}"),
        ("eyJ", "[A-Za-z0-9]{60}"),
    ]);
    shapes.prop_flat_map(|(start, rest)| rest.prop_map(move |rest| format!("{start}7a{rest}")))
}

/// One of an unlisted shape: letters and digits, at least 16.
fn unlisted_secret() -> impl Strategy<Value = String> {
    "[a-z]{2}[0-9]{2}[A-Za-z0-9+/_-]{12,60}[a-z][0-9]"
}

/// A word that names a secret.
fn name_of_secret() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "token",
        "Security Token",
        "x-oss-security-token",
        "SecurityToken",
        "Signature",
        "x-oss-signature",
        "Authorization",
        "credential",
        "AccessKeyId",
        "access key",
        "OSSAccessKeyId",
        "secret",
        "password",
        "Cookie",
        "StringToSign",
    ])
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

    #[test]
    fn secrets_of_a_known_shape_are_never_shown(
        secret in shaped_secret(),
        before in "([ -~]{0,40}[ \"'(,:=<])?",
        after in "([ \"'),<;][ -~]{0,40})?",
        name in prop::sample::select(SHOWN_ELEMENTS.to_vec()),
    ) {
        let value = format!("{before}{secret}{after}");
        let body = format!("<Error>{}</Error>", element(name, &value));
        let piece = &secret[6..14];
        assert_safe(&OssError::from_response(answer(body, None)), piece);
        assert_safe(&OssError::from_response(answer(String::new(), Some(("x-made-up", &value)))), piece);
        assert_safe(&OssError::from_response(answer(String::new(), Some(("x-oss-request-id", &value)))), piece);
    }

    #[test]
    fn secrets_near_their_names_are_never_shown(
        name in name_of_secret(),
        between in "([ \"'(,:=<\\[\\]|>-][ -~]{0,50}[ \"'(,:=<])?[ \"'(,:=<]",
        secret in unlisted_secret(),
        after in "([ \"'),<;][ -~]{0,40})?",
        element_name in prop::sample::select(SHOWN_ELEMENTS.to_vec()),
    ) {
        let value = format!("{name}{between}{secret}{after}");
        let piece = &secret[2..14];
        let body = format!("<Error>{}</Error>", element(element_name, &value));
        assert_safe(&OssError::from_response(answer(body, None)), piece);
        assert_safe(&OssError::from_response(answer(String::new(), Some(("x-made-up", &value)))), piece);
    }

    #[test]
    fn repeated_secrets_are_never_shown(
        path in prop::sample::select(SECRET_ELEMENTS.to_vec()),
        secret in "[!-~]([ -~]{6,60})[!-~]",
        before in "[a-z ]{0,20}",
        element_name in prop::sample::select(SHOWN_ELEMENTS.to_vec()),
    ) {
        prop_assume!(!before.contains(&secret));
        let [repeated, own] = [element(element_name, &format!("{before}\u{201c}{secret}\u{201d}")), element(path, &secret)];
        let error = OssError::from_response(answer(format!("<Error>{own}{repeated}</Error>"), None));
        assert_safe(&error, &format!("\u{201c}{secret}\u{201d}"));
    }
}
