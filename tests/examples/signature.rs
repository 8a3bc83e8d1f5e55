//! The examples' signer creates the signatures that the official Go SDK's tests expect:
//! `TestV4AuthHeader`, `TestV4AuthHeaderToken` and `TestV4AuthHeaderWithAdditionalHeaders` of
//! `oss/signer/signer_test.go` in aliyun/alibabacloud-oss-go-sdk-v2.

use std::time::{Duration, UNIX_EPOCH};

use http::{Request, header};

use crate::signer::{Keys, Target, v4};

const PATH: &str = "/1234%2B-/123/1.txt";

fn authorization(path: &str, token: Option<&str>, additional: &[&str], unix_time: u64) -> String {
    let query = "%2Bparam1=value3&%2Bparam2=&%7Cparam1=value4&%7Cparam2=&param1=value1&param2=";
    let request = Request::put(format!("http://bucket.oss-cn-hangzhou.aliyuncs.com{path}?{query}"))
        .header("x-oss-head1", "value")
        .header("abc", "value")
        .header("ZAbc", "value")
        .header("XYZ", "value")
        .header("content-type", "text/plain");
    let (mut head, ()) = request.body(()).unwrap().into_parts();
    let keys = Keys::new("ak", "sk", token.map(str::to_owned));
    let target = Target { bucket: "bucket".to_owned(), region: "cn-hangzhou".to_owned() };
    v4::sign(&mut head, &keys, &target, additional, UNIX_EPOCH + Duration::from_secs(unix_time)).unwrap();
    let value = &head.headers[header::AUTHORIZATION];
    assert!(value.is_sensitive(), "Debug would show it");
    value.to_str().unwrap().to_owned()
}

#[test]
fn a_request_is_signed_as_the_official_sdk_signs_it() {
    for path in [PATH, "/1234+-/123/1.txt"] {
        assert_eq!(
            authorization(path, None, &[], 1_702_743_657),
            "OSS4-HMAC-SHA256 Credential=ak/20231216/cn-hangzhou/oss/aliyun_v4_request,\
             Signature=e21d18daa82167720f9b1047ae7e7f1ce7cb77a31e8203a7d5f4624fa0284afe"
        );
    }
}

#[test]
fn a_security_token_is_signed_too() {
    assert_eq!(
        authorization(PATH, Some("token"), &[], 1_702_784_856),
        "OSS4-HMAC-SHA256 Credential=ak/20231217/cn-hangzhou/oss/aliyun_v4_request,\
         Signature=b94a3f999cf85bcdc00d332fbd3734ba03e48382c36fa4d5af5df817395bd9ea"
    );
}

#[test]
fn additional_headers_are_named_and_signed() {
    assert_eq!(
        authorization(PATH, None, &["abc", "zabc"], 1_702_747_512),
        "OSS4-HMAC-SHA256 Credential=ak/20231216/cn-hangzhou/oss/aliyun_v4_request,AdditionalHeaders=abc;zabc,\
         Signature=4a4183c187c07c8947db7620deb0a6b38d9fbdd34187b6dbaccb316fa251212f"
    );
}
