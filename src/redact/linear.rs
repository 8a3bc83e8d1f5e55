//! Tests that the work is linear in any text. They count the bytes that are visited.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, Response};
use http_body_util::Full;
use tower::{Layer, ServiceExt, service_fn};

use super::{
    Secrets,
    fold::Folded,
    hostile::HOSTILE,
    marked,
    passages::secrets,
    shown::Shown,
    work::{count, visited},
};
use crate::{clock::ClockOffset, layer::OssErrorLayer};

/// Maximum number of visits per byte of the text, over all rules.
const PER_BYTE: usize = 48;

fn repeated(part: &str, length: usize) -> String {
    part.repeat(length.div_ceil(part.len()))
}

#[test]
fn the_rules_visit_each_byte_a_few_times() {
    for part in HOSTILE {
        for (end, length) in
            [("", 200 << 10), ("x", 8 << 10), ("=", 8 << 10), ("@", 8 << 10), ("\n", 8 << 10)]
        {
            let work = |length| {
                let text = repeated(part, length) + end;
                count(|| secrets(&Folded::new(&text)))
            };
            let (once, twice) = (work(length), work(2 * length));
            assert!(twice <= 2 * length * PER_BYTE, "{part:?}{end:?} {twice}");
            assert!(twice <= once * 21 / 10, "{part:?}{end:?} {once} {twice}");
        }
    }
}

#[test]
fn pairs_of_hostile_parts_are_linear_too() {
    for a in HOSTILE {
        for b in HOSTILE {
            let work = |length| {
                let text = repeated(&format!("{a}{b}"), length);
                count(|| secrets(&Folded::new(&text)))
            };
            let (once, twice) = (work(1 << 10), work(2 << 10));
            assert!(twice <= once * 22 / 10, "{a:?} {b:?} {once} {twice}");
        }
    }
}

#[test]
fn long_headers_are_not_read_and_many_headers_are_linear() {
    let one = |length| {
        let mut headers = HeaderMap::new();
        headers.insert("x-a", HeaderValue::from_str(&repeated("\\u003a", length)).unwrap());
        count(|| marked(headers, &Secrets::NONE))
    };
    assert_eq!((one(200 << 10), one(400 << 10)), (1, 1));
    let many = |length: usize| {
        let mut headers = HeaderMap::new();
        for _ in 0..length / 256 {
            headers.append("x-a", HeaderValue::from_str(&repeated("token: LTAI", 240)).unwrap());
        }
        count(|| marked(headers, &Secrets::NONE))
    };
    assert!(many(400 << 10) <= (400 << 10) * PER_BYTE);
}

#[test]
fn the_secrets_of_a_document_are_found_in_linear_time() {
    // The maximum number of secrets, of the maximum length, nearly alike.
    let values: Vec<_> = (0..250).map(|at| "a".repeat(8 + at) + "b").collect();
    let secrets = Secrets::of(values.iter().map(|value| ("Token", &**value)));
    let work = |length| {
        let text = Folded::new(&"a".repeat(length));
        count(|| secrets.find(&text, false))
    };
    let (once, twice) = (work(200 << 10), work(400 << 10));
    assert!(twice <= (400 << 10) * PER_BYTE && twice <= once * 21 / 10, "{once} {twice}");
}

#[test]
fn showing_a_text_takes_the_same_work_at_any_length() {
    for part in HOSTILE {
        let work = |length| {
            let text = repeated(part, length);
            count(|| Shown::new(&text).to_string())
        };
        assert!(work(400 << 10) <= work(8 << 10) + 512, "{part:?}");
    }
}

#[tokio::test]
async fn poll_never_looks_for_secrets() {
    for code in ["InvalidArgument", "RequestTimeTooSkewed", "Nobody-Has-Listed-This"] {
        let document = format!(
            "<Error><Code>{code}</Code><Message>token {code}</Message><StringToSign>{code}</StringToSign></Error>"
        );
        let service = service_fn(|_: Request<()>| {
            let response = Response::builder().status(403).header("x-a", repeated("\\u003a", 390 << 10));
            let response = response.body(Full::new(Bytes::from(document.clone()))).unwrap();
            async { Ok::<_, std::io::Error>(response) }
        });
        let layer = OssErrorLayer::new().clock(ClockOffset::new());
        let before = visited();
        let error = layer.layer(service).oneshot(Request::new(())).await.unwrap_err();
        assert_eq!(visited(), before, "{code}");
        assert!(count(|| error.oss().map(crate::OssError::report)) > 0, "{code}");
    }
}
