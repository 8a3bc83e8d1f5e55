use bytes::Bytes;
use http::Response;

use super::*;

fn error(code: &str, status: u16, ec: Option<&str>) -> OssError {
    let ec = ec.map(|ec| format!("<EC>{ec}</EC>")).unwrap_or_default();
    let body = format!("<Error><Code>{code}</Code>{ec}</Error>");
    OssError::from_response(Response::builder().status(status).body(Bytes::from(body)).unwrap())
}

/// A remedy says "try again" or "later" only if that helps.
#[test]
fn no_remedy_says_try_again_where_that_does_not_help() {
    let unlisted = ["Vault", "VaultQpsLimited", "NoSuchVault", "VaultDenied", "VaultConflict"];
    let codes = ErrorCode::known().iter().map(ErrorCode::as_str).chain(unlisted);
    for code in codes {
        for status in (400..1000).chain([203]) {
            let error = error(code, status, None);
            let explanation = error.explain();
            assert_eq!(explanation.retry_helps(), error.is_transient(), "{code} {status}");
            let says = explanation.remedy().to_lowercase();
            let says = says.contains("try again") || says.contains("retry");
            assert!(!says || explanation.retry_helps(), "{code} {status}: {}", explanation.remedy());
        }
    }
}

#[test]
fn each_remedy_says_who_can_do_it() {
    for (code, status, ec, expected) in [
        ("AccessDenied", 403, None, FixedBy::Administrator),
        ("AccessDenied", 403, Some("0003-00000001"), FixedBy::Support),
        ("SignatureDoesNotMatch", 403, None, FixedBy::Caller),
        ("SecurityTokenExpired", 403, None, FixedBy::Caller),
        ("InternalError", 500, None, FixedBy::Nobody),
        ("StaleFile", 409, Some("0026-00000004"), FixedBy::Nobody),
        ("SlowDown", 503, None, FixedBy::Caller),
        ("ActiveRequestLimitExceeded", 503, None, FixedBy::Support),
        ("Vault", 418, None, FixedBy::Caller),
        ("Vault", 503, None, FixedBy::Nobody),
        ("Vault", 700, None, FixedBy::Support),
        ("InternalError", 203, None, FixedBy::Caller),
    ] {
        assert_eq!(error(code, status, ec).explain().fixed_by(), Some(expected), "{code} {status}");
    }
}

#[test]
fn an_access_denied_detail_denies_access_whatever_the_code() {
    for (code, class) in [("Vault", ErrorClass::Auth), ("InvalidArgument", ErrorClass::Client)] {
        let detail = "<AccessDeniedDetail><PolicyType>ControlPolicy</PolicyType></AccessDeniedDetail>";
        let body = format!("<Error><Code>{code}</Code>{detail}</Error>");
        let response = Response::builder().status(400).body(Bytes::from(body)).unwrap();
        let error = OssError::from_response(response);
        assert!(error.is_access_denied(), "{code}");
        assert_eq!(error.class(), class, "{code}");
    }
}

#[test]
fn an_ec_that_is_not_listed_falls_back_to_its_area() {
    let explanation = error("InvalidArgument", 400, Some("0040-99999999")).explain();
    assert_eq!(explanation.area(), Some("image processing"));
    assert!(explanation.cause().unwrap().contains("image processing"));
    assert!(explanation.remedy().starts_with("Fix the request"), "the remedy stays the code's");
    let explanation = error("InvalidArgument", 400, Some("9999-00000001")).explain();
    assert_eq!((explanation.area(), explanation.cause()), (None, None));
}

#[test]
fn a_code_or_an_ec_alone_can_be_explained() {
    let explanation = Explanation::of_code(&ErrorCode::NoSuchKey);
    assert_eq!(explanation.meaning(), Some("Object does not exist"));
    assert_eq!(explanation.fixed_by(), Some(FixedBy::Caller));
    assert!(Explanation::of_code(&"VaultQpsLimited".into()).retry_helps());
    assert!(!Explanation::of_code(&"Vault".into()).retry_helps());

    let explanation = Explanation::of_ec("0003-00000005").unwrap();
    assert!(explanation.cause().is_some());
    assert_eq!(explanation.fixed_by(), Some(FixedBy::Administrator));
    assert!(explanation.guide_url().unwrap().ends_with("?q=0003-00000005"));
    assert_eq!(Explanation::of_ec("9999-00000001").unwrap().cause(), None);
    for text in ["", "NoSuchKey", "0003-5", "0003-00000005 "] {
        assert!(Explanation::of_ec(text).is_none(), "{text}");
    }
}

#[test]
fn a_response_without_an_oss_header_is_not_taken_for_one_of_oss() {
    for (header, value, body, expected) in [
        ("x-oss-request-id", "65A1", "", None),
        ("x-oss-server-time", "1", "", None),
        ("via", "cache1", "", Some("proxy")),
        ("via", "cache1", "<html>", Some("proxy")),
        ("via", "cache1", "out of order", Some("proxy")),
        ("via", "cache1", "<Error><Code>NoSuchKey</Code></Error>", None),
        ("x-oss-request-id", "65A1", "<html>", Some("own error page")),
        ("x-oss-request-id", "65A1", "out of order", None),
    ] {
        let response = Response::builder().status(400).header(header, value);
        let error = OssError::from_response(response.body(Bytes::from(body)).unwrap());
        let cause = error.explain().cause();
        match expected {
            Some(part) => {
                assert!(cause.is_some_and(|cause| cause.contains(part)), "{header} {body}: {cause:?}")
            }
            None => assert_eq!(cause, None, "{header} {body}"),
        }
    }
}
