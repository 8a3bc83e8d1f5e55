//! The answers for other people's tests are what OSS would send.

use http::{HeaderValue, header};
use tower_oss::{ErrorCode, OssError, test_util::ErrorResponse};

fn denied() -> ErrorResponse {
    ErrorResponse::new(ErrorCode::AccessDenied)
        .ec("0003-00000201")
        .field("Bucket", "b & <c>")
        .field("AccessDeniedDetail/PolicyType", "SessionPolicy")
        .field("AccessDeniedDetail/AuthAction", "oss:GetObject")
}

#[test]
fn every_form_of_an_error_says_the_same() {
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
