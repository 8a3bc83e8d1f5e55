//! The program that explains an error.

use std::fs;

use base64::{Engine, prelude::BASE64_STANDARD};

use crate::{run::Run, snapshot::assert_snapshot};

/// The output of explain for this input and these arguments, if it succeeds.
fn page(args: &[&str], input: impl AsRef<[u8]>) -> String {
    let output = Run::new("explain").args(args).output(input.as_ref());
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn sample(name: &str) -> Vec<u8> {
    fs::read(format!("{}/tests/data/{name}.http", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

#[track_caller]
fn assert_line(args: &[&str], input: impl AsRef<[u8]>, line: &str) {
    let page = page(args, input);
    assert!(page.lines().any(|known| known == line), "no line {line:?} in\n{page}");
}

/// An error document as in the header.
fn x_oss_err() -> String {
    BASE64_STANDARD
        .encode("<Error><Code>NoSuchBucket</Code><EC>0015-00000101</EC><RequestId>65A1</RequestId></Error>")
}

#[test]
fn a_response_is_explained() {
    assert_snapshot("explain-document.txt", &page(&["tests/data/no-such-key.http"], ""));
    assert_snapshot("explain-proxy.txt", &page(&["-"], sample("proxy-502-html")));
    let json = page(&["--json", "tests/data/not-implemented-header.http"], "");
    assert_snapshot("explain-json.txt", &json);
}

#[test]
fn an_ec_or_a_code_is_explained() {
    assert_snapshot("explain-ec.txt", &page(&["0003-00000005"], ""));
    assert_snapshot("explain-code.txt", &page(&["NoSuchKey"], ""));
    assert_line(&["VaultQpsLimited"], "", "retry helps   yes, after a wait");
    assert_line(&["Vault"], "", "retry helps   unknown");
}

#[test]
fn a_body_or_the_header_x_oss_err_is_enough() {
    assert_snapshot("explain-xml-alone.txt", &page(&[], "\n<Error><Code>NoSuchBucket</Code></Error>"));
    assert_snapshot("explain-x-oss-err-alone.txt", &page(&[], x_oss_err()));
    assert_line(&[], r#"{"code":"Wrong","message":"It is wrong."}"#, "class         unknown");
    let id = "request id    65A1";
    assert_line(&[], format!("X-Oss-Err: {}", x_oss_err()), id);
    let whole = x_oss_err();
    let (first, rest) = whole.split_at(76);
    assert_line(&[], format!("{first}\n{rest}\n"), id);
    assert_line(&[], x_oss_err().trim_end_matches('='), id);
}

#[test]
fn the_state_of_the_body_is_shown() {
    for (name, line) in [
        ("head-missing-key-padded", "code origin   header"),
        ("head-missing-key-padded", "body          0 bytes, Empty, no body"),
        ("json-vector-bucket", "code          NoSuchBucket"),
        ("cut-inside-message", "body          162 bytes, Truncated, an OSS error in XML"),
        ("empty-429-retry-after", "retry after   2 s"),
        (
            "external-redirect-forbidden-location",
            "message       A redirect rule was matched, see https://www.example.com/next?*** for its target.",
        ),
    ] {
        assert_line(&[], sample(name), line);
    }
}

#[test]
fn heads_are_read_as_curl_prints_them() {
    let mut lf_only = sample("no-such-key");
    lf_only.retain(|byte| *byte != b'\r');
    assert_line(&[], lf_only, "request id    5620AA17B85CB82F1D82633C");
    let ec = "EC            0003-00000201";
    assert_line(&[], "HTTP/2 403 \r\nX-OSS-EC: 0003-00000201\r\n\r\n", ec);
    assert_line(&[], "HTTP/2 403\nx-oss-ec:\n 0003-00000201\n\n", ec);
    assert_line(&[], b"HTTP/1.0 403 \xe9\nx:\xe9\nx-oss-ec:0003-00000201", ec);
    assert_line(&[], "HTTP/3 307\nlocation: https://example.com/\n\n", "class         redirect");

    let mut interim = b"HTTP/1.1 200 Connection established\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n\
        HTTP/1.1 302 Found\r\nLocation: /a\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </b>\r\n\r\n"
        .to_vec();
    interim.extend(sample("no-such-key"));
    assert_line(&[], interim, "status        404");
}

#[test]
fn input_that_is_no_error_gives_one_line_and_the_exit_code_2() {
    let readme = fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap();
    let long = vec![0; (2 << 20) + 1];
    let cases: [(&[&str], &[u8], &str); 9] = [
        (&[], b"", "the input is empty"),
        (&[], b"\r\n\n", "the input is empty"),
        (&[], b"HTTP/1.1 200 OK\r\n\r\n<Error/>", "the response is no error: its status is 200"),
        (&[], b"HTTP/1.1 100 Continue\r\n\r\n", "the response is no error: its status is 100"),
        (&[], &readme, "the input is no HTTP response, no XML or JSON, and no base64 of x-oss-err"),
        (&["--jason"], b"", "unknown option \"--jason\", try --help"),
        (&["a", "b"], b"", "more than one FILE, try --help"),
        (&["no\nfile"], b"", "cannot read \"no\\nfile\": No such file or directory (os error 2)"),
        (&[], &long, "the input is longer than 2 MiB"),
    ];
    for (args, input, line) in cases {
        let output = Run::new("explain").args(args).output(input);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!((output.status.code(), &*stderr), (Some(2), &*format!("explain: {line}\n")), "{args:?}");
        assert!(output.stdout.is_empty(), "{args:?}");
    }
    assert!(page(&["--help"], "").starts_with("usage: explain [--json] [EC | CODE | FILE]"));
}

#[test]
fn no_sample_shows_a_secret_a_control_character_or_a_long_line() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data");
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let samples: Vec<_> = files.filter(|path| path.extension().is_some_and(|end| end == "http")).collect();
    assert!(samples.len() > 150, "the samples are missing");
    for sample in samples {
        let name = sample.to_str().unwrap();
        let (text, json) = (page(&[name], ""), page(&["--json", name], ""));
        for page in [&text, &json] {
            assert!(!page.contains("CANARY"), "{name}: {page}");
            assert!(!page.chars().any(|c| c.is_control() && c != '\n'), "{name}: {page:?}");
        }
        assert!(text.lines().all(|line| line.chars().count() <= 100), "{name}: {text}");
        let value: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert!(value.is_object(), "{name}");
    }
}
