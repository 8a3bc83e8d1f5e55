//! Common documents with one variation each: none may cost much more than the usual one.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;

use super::documents::{events, ours, serde};
use crate::{
    measure::{Group, Measure, repeat},
    shared::{
        bodies::ELEVEN,
        contenders,
        shapes::{self, with},
    },
};

/// This crate and the other parsers on a document of 700 bytes.
macro_rules! compared {
    ($name:literal, $document:expr) => {
        Group {
            name: concat!("700 bytes, ", $name),
            measure: Measure::Ratio,
            cases: &[
                ("quick-xml events", || events(&$document)),
                ("tower-oss", || ours(&$document)),
                ("quick-xml serde", || serde(&$document)),
            ],
        }
    };
}

pub const GROUPS: &[Group] = &[
    Group {
        name: "shapes of 700 bytes",
        measure: Measure::Even,
        cases: &[
            ("tower-oss, plain", || ours(ELEVEN)),
            ("tower-oss, &amp; in the message", || ours(&in_message())),
            ("tower-oss, &amp; in the link", || ours(&in_link())),
            ("tower-oss, &amp; in the string to sign", || ours(&in_string())),
            ("tower-oss, 11 references", || ours(&shapes::references())),
            ("tower-oss, empty element", || ours(&empty())),
            ("tower-oss, nested detail", || ours(&shapes::denial(700))),
            ("tower-oss, comment", || ours(&comment())),
            ("tower-oss, CDATA", || ours(&cdata())),
            ("tower-oss, CRLF", || ours(&crlf())),
            ("tower-oss, xmlns", || ours(&xmlns())),
            ("tower-oss, attributes", || ours(&attributes())),
            ("tower-oss, prefixes", || ours(&prefixes())),
            ("tower-oss, unlisted code", || ours(&with("SignatureDoesNotMatch", "PartitionQpsLimited"))),
            ("tower-oss, unlisted code without a meaning", || {
                ours(&with("SignatureDoesNotMatch", "BucketIsShy"))
            }),
            ("tower-oss, one line", || ours(&with("\n  <", "<"))),
            ("tower-oss, not UTF-8", || repeat(not_utf8, contenders::ours)),
            ("tower-oss, x-oss-err", || header(ELEVEN)),
            ("tower-oss, x-oss-err with &amp;", || header(&in_message())),
            ("tower-oss, x-oss-err, not padded", || header(&ELEVEN[..699])),
            ("tower-oss, JSON", || ours(&shapes::json(""))),
            ("tower-oss, JSON with escapes", || ours(&shapes::json("\\n\\u4e2d\\\"a\\\""))),
        ],
    },
    Group {
        name: "shapes of 2 KiB",
        measure: Measure::Even,
        cases: &[
            ("tower-oss, plain", || ours(&shapes::plain(2048))),
            ("tower-oss, denial with details", || ours(&shapes::denial(2048))),
            ("tower-oss, JSON", || ours(&long_json())),
        ],
    },
    Group {
        name: "any mix of 1 KiB",
        measure: Measure::Even,
        cases: &[
            ("tower-oss, plain", || ours(&shapes::plain(1024))),
            ("tower-oss, mix 1", || ours(&shapes::mix(1, 1024))),
            ("tower-oss, mix 2", || ours(&shapes::mix(2, 1024))),
            ("tower-oss, mix 3", || ours(&shapes::mix(3, 1024))),
            ("tower-oss, mix 4", || ours(&shapes::mix(4, 1024))),
            ("tower-oss, mix 5", || ours(&shapes::mix(5, 1024))),
            ("tower-oss, mix 6", || ours(&shapes::mix(6, 1024))),
            ("tower-oss, mix 7", || ours(&shapes::mix(7, 1024))),
            ("tower-oss, mix 8", || ours(&shapes::mix(8, 1024))),
        ],
    },
    compared!("&amp; in the message", in_message()),
    compared!("&amp; in the link", in_link()),
    compared!("&amp; in the string to sign", in_string()),
    compared!("11 references", shapes::references()),
    compared!("empty element", empty()),
    compared!("nested detail", shapes::denial(700)),
    compared!("comment", comment()),
    compared!("CDATA", cdata()),
    compared!("CRLF", crlf()),
    compared!("xmlns", xmlns()),
    compared!("attributes", attributes()),
    Group {
        name: "700 bytes, x-oss-err",
        measure: Measure::Ratio,
        cases: &[
            ("quick-xml events", || {
                repeat(encoded, |text| contenders::events(&STANDARD.decode(text).unwrap()))
            }),
            ("tower-oss", || header(ELEVEN)),
        ],
    },
    Group {
        name: "700 bytes, JSON",
        measure: Measure::Ratio,
        cases: &[
            ("serde_json", || repeat(|| shapes::json(""), |text| contenders::json(text.as_bytes()))),
            ("tower-oss", || ours(&shapes::json(""))),
        ],
    },
];

fn in_message() -> String {
    with("<Message>", "<Message>a &amp; b, ")
}

fn in_link() -> String {
    with("com/qq", "com/?q=1&amp;a=b")
}

fn in_string() -> String {
    with("/bucket/key", "/bucket/key?acl&amp;b")
}

fn empty() -> String {
    with("  <BucketName>", "  <ArgumentValue/>\n  <BucketName>")
}

fn comment() -> String {
    with("  <Message>", "  <!-- by a proxy -->\n  <Message>")
}

fn cdata() -> String {
    with("<Message>", "<Message><![CDATA[a < b]]>")
}

fn crlf() -> String {
    with("\n", "\r\n")
}

fn xmlns() -> String {
    with("<Error>", "<Error xmlns=\"http://doc.oss-cn-hangzhou.aliyuncs.com\">")
}

fn attributes() -> String {
    shapes::with_all(&[
        ("<Message>", "<Message lang=\"en\">"),
        ("<EC>", "<EC a='>'>"),
        ("<HostId>", "<HostId >"),
    ])
}

fn prefixes() -> String {
    shapes::with_all(&[("<", "<a:"), ("<a:/", "</a:"), ("<a:?", "<?")])
}

fn not_utf8() -> http::Response<Bytes> {
    let body = ELEVEN.bytes().map(|byte| if byte == b',' { 0xe9 } else { byte });
    crate::shared::bodies::response(http::StatusCode::NOT_FOUND, body.collect())
}

fn long_json() -> String {
    let text = shapes::json("");
    text.replacen("GET", &"GET ".repeat((2048 - text.len()) / 4), 1)
}

fn encoded() -> String {
    STANDARD.encode(ELEVEN)
}

fn header(document: &str) {
    repeat(|| shapes::header(document), contenders::ours);
}
