//! Error responses of several sizes and shapes.

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Response, StatusCode};

/// The six elements that every error has, in 322 bytes.
pub const SIX: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<Error>
  <Code>NoSuchKey</Code>
  <Message>The specified key does not exist.</Message>
  <RequestId>5C3D9175B6FC201293AD4C0D</RequestId>
  <HostId>b.oss-cn-hangzhou.aliyuncs.com</HostId>
  <EC>0026-00000001</EC>
  <RecommendDoc>https://api.aliyun.com/q?q=1a</RecommendDoc>
</Error>
"#;

/// The six elements and five more, in 700 bytes.
pub const ELEVEN: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<Error>
  <Code>SignatureDoesNotMatch</Code>
  <Message>The request signature we calculated does not match the signature you provided.</Message>
  <RequestId>5C3D9175B6FC201293AD4C0D</RequestId>
  <HostId>bucket.oss-cn-hangzhou.aliyuncs.com</HostId>
  <OSSAccessKeyId>LTAI0123456789abcdefghij</OSSAccessKeyId>
  <SignatureProvided>c2lnbmF0dXJlIG9mIG5vYm9keQ==</SignatureProvided>
  <StringToSign>GET


Sun, 22 Nov 2026 10:00:00 GMT
/bucket/key</StringToSign>
  <StringToSignBytes>47 45 54 0A 0A 0A 53 75 6E 2C</StringToSignBytes>
  <BucketName>bucket</BucketName>
  <EC>0002-00000040</EC>
  <RecommendDoc>https://api.alibabacloud.com/qq</RecommendDoc>
</Error>
"#;

/// The six elements, with a message of 4 KiB.
pub fn long_message() -> String {
    SIX.replace(
        "The specified key does not exist.",
        &"The specified key does not exist. ".repeat(121)[..4096],
    )
}

/// A page of 64 KiB, as a proxy or a bucket with static website hosting sends it.
pub fn page() -> String {
    let mut page = "<!DOCTYPE html>\n<html><head><title>404</title></head><body>\n".to_owned();
    while page.len() < 64 * 1024 {
        page.push_str("<p>Sorry, there is <b>nothing</b> at this address.</p>\n");
    }
    page.truncate(64 * 1024);
    page
}

/// A response with the headers that OSS sends.
pub fn response<B>(status: StatusCode, body: B) -> Response<B> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    for (name, value) in [
        ("server", "AliyunOSS"),
        ("date", "Sun, 22 Nov 2026 10:00:00 GMT"),
        ("content-type", "application/xml"),
        ("content-length", "322"),
        ("connection", "keep-alive"),
        ("x-oss-request-id", "5C3D9175B6FC201293AD4C0D"),
        ("x-oss-server-time", "18"),
        ("x-oss-ec", "0026-00000001"),
    ] {
        response.headers_mut().insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    response
}

/// A 404 with a complete body.
pub fn not_found(body: &str) -> Response<Bytes> {
    response(StatusCode::NOT_FOUND, Bytes::from(body.to_owned()))
}
