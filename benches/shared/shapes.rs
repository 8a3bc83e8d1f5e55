//! Common error documents in many variations, all of one length.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode};

use super::bodies::{ELEVEN, response};

/// A document in which `{}` stands for text that fills it up to this length.
fn filled(document: &str, length: usize) -> String {
    const PROSE: &str = "the request signature we calculated does not match ";
    let missing = length.checked_sub(document.len() - "{}".len()).unwrap();
    document.replacen("{}", &PROSE.repeat(missing / PROSE.len() + 1)[..missing], 1)
}

/// The document of eleven elements, with a message that can be shorter.
fn eleven() -> String {
    ELEVEN.replace("The request signature we calculated does not match the signature you provided.", "{}")
}

/// The usual document.
pub fn plain(length: usize) -> String {
    filled(&eleven(), length)
}

/// The document with a replacement.
pub fn with(from: &str, to: &str) -> String {
    with_all(&[(from, to)])
}

/// The document with several replacements.
pub fn with_all(changes: &[(&str, &str)]) -> String {
    let document = changes.iter().fold(eleven(), |document, (from, to)| {
        assert!(document.contains(from));
        document.replace(from, to)
    });
    filled(&document, ELEVEN.len())
}

/// A reference in each value but the code, and one more in the message.
pub fn references() -> String {
    with_all(&[
        ("{}", "{} &#x4e2d;"),
        ("</", "&lt;</"),
        ("&lt;</Code>", "</Code>"),
        ("&lt;</Error>", "</Error>"),
    ])
}

/// With the details of a denial, one level deeper.
pub fn denial(length: usize) -> String {
    let code = if length < 1024 { "" } else { "AQKaMdJ1Lj0+".repeat(length / 30).leak() };
    let document = format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<Error>
  <Code>AccessDenied</Code>
  <Message>{{}}</Message>
  <RequestId>5C3D9175B6FC201293AD4C0D</RequestId>
  <HostId>b.oss-cn-hangzhou.aliyuncs.com</HostId>
  <EC>0003-00000201</EC>
  <AccessDeniedDetail>
    <PolicyType>ResourceGroupLevelIdentityBasedPolicy</PolicyType>
    <AuthPrincipalOwnerId>1234567890</AuthPrincipalOwnerId>
    <AuthPrincipalType>SubUser</AuthPrincipalType>
    <NoPermissionType>ImplicitDeny</NoPermissionType>
    <AuthAction>oss:GetObject</AuthAction>
    <EncodedDiagnosticMessage>{code}</EncodedDiagnosticMessage>
  </AccessDeniedDetail>
</Error>
"#
    );
    filled(&document, length)
}

/// A random document: other names, orders and lengths, and any number of references.
pub fn mix(seed: u64, length: usize) -> String {
    const NAMES: [&str; 12] = [
        "Code",
        "Message",
        "RequestId",
        "HostId",
        "EC",
        "RecommendDoc",
        "Key",
        "Content-MD5",
        "User",
        "ArgumentValue",
        "MaxAllowedSkewMilliseconds",
        "oss:Condition",
    ];
    const PIECES: [&str; 12] = [
        "a",
        "0026",
        "b.oss-cn",
        "the key ",
        "&amp;",
        "&lt;",
        "&#39;",
        "\r\n",
        "=",
        "<![CDATA[<&>]]>",
        "<!-- -->",
        "\u{4e2d}\u{6587}",
    ];
    let mut random = fastrand::Rng::with_seed(seed);
    let mut names = NAMES;
    random.shuffle(&mut names);
    let blanks = *random.choice(&["", "\n", "\r\n\t", "\n    "]).unwrap();
    let mut document = String::from("<?xml version='1.0'?>\n<Error>");
    for name in names {
        let value: String = match name {
            "Code" => "NoSuchKey".to_owned(),
            _ => (0..random.u32(0..6)).map(|_| *random.choice(&PIECES).unwrap()).collect(),
        };
        let element = match random.u32(0..8) {
            0 => format!("<{name}/>"),
            1 => format!("<Detail>{blanks}<{name}>{value}</{name}></Detail>"),
            2 => format!("<{name} lang=\"en\">{value}</{name}>"),
            _ => format!("<{name}>{value}</{name}>"),
        };
        document.push_str(blanks);
        document.push_str(&element);
    }
    filled(&(document + "<Text>{}</Text></Error>"), length)
}

/// The members of the document as JSON, with this value of the message.
pub fn json(message: &str) -> String {
    let document = r#"{"Error": {
  "Code": "SignatureDoesNotMatch",
  "Message": "MESSAGE{}",
  "RequestId": "5C3D9175B6FC201293AD4C0D",
  "HostId": "bucket.oss-cn-hangzhou.aliyuncs.com",
  "OSSAccessKeyId": "LTAI0123456789abcdefghij",
  "SignatureProvided": "c2lnbmF0dXJlIG9mIG5vYm9keQ==",
  "StringToSign": "GET",
  "StringToSignBytes": "47 45 54 0A 0A 0A 53 75 6E 2C",
  "BucketName": "bucket",
  "EC": "0002-00000040",
  "RecommendDoc": "https://api.alibabacloud.com/qq"
}}"#;
    filled(&document.replace("MESSAGE", message), ELEVEN.len())
}

/// A response to HEAD, with a document in the header.
pub fn header(document: &str) -> Response<Bytes> {
    let mut response = response(StatusCode::NOT_FOUND, Bytes::new());
    let value = HeaderValue::try_from(STANDARD.encode(document)).unwrap();
    response.headers_mut().insert("x-oss-err", value);
    response
}
