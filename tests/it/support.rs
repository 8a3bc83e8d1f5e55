//! Samples, and how to read them.

use std::{fs, path::Path};

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, Request, Response, StatusCode};
use tower::{Layer, ServiceExt, service_fn};
use tower_oss::{
    OssError, OssErrorLayer,
    test_util::{Answer, Scripted},
};

/// A recorded response, and the expected error.
pub(crate) struct Sample {
    pub(crate) name: String,
    pub(crate) response: Response<Bytes>,
    /// Key and value, unescaped, in the order of the file.
    pub(crate) expected: Vec<(String, String)>,
}

impl Sample {
    pub(crate) fn expected(&self, key: &str) -> Option<&str> {
        self.expected.iter().find(|(known, _)| known == key).map(|(_, value)| &**value)
    }

    /// The request of the response.
    pub(crate) fn request(&self) -> Request<()> {
        let method = self.expected("method").unwrap_or("GET").parse::<Method>().unwrap();
        let request =
            Request::builder().method(method).uri("https://b.oss-cn-hangzhou.aliyuncs.com/k?uploads");
        let request = match self.expected("callback") {
            Some(_) => request.header("x-oss-callback", "e30="),
            None => request,
        };
        request.body(()).unwrap()
    }

    /// The layer's error when the sample is sent like this. It is sent unchanged, even after HEAD.
    pub(crate) async fn through_layer(&self, response: Answer) -> OssError {
        let service =
            service_fn(|_: Request<()>| Scripted::new([response.clone()]).oneshot(Request::new(())));
        let error = OssErrorLayer::new().layer(service).oneshot(self.request()).await.unwrap_err();
        error.into_oss().unwrap()
    }
}

/// Every sample of `tests/data`, sorted by name.
pub(crate) fn samples() -> Vec<Sample> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data");
    let mut samples: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "http"))
        .map(|path| read(&path))
        .collect();
    samples.sort_by(|a, b| a.name.cmp(&b.name));
    assert!(samples.len() > 150, "the samples are missing");
    samples
}

fn read(path: &Path) -> Sample {
    let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
    let raw = fs::read(path).unwrap();
    let end = raw.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
    let mut lines = raw[..end].split(|b| *b == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));

    let status = std::str::from_utf8(lines.next().unwrap()).unwrap();
    let status: StatusCode = status.split(' ').nth(1).unwrap().parse().unwrap();
    let mut response = Response::new(Bytes::copy_from_slice(&raw[end + 4..]));
    *response.status_mut() = status;
    for line in lines {
        let colon = line.iter().position(|b| *b == b':').unwrap();
        let name = HeaderName::from_bytes(&line[..colon]).unwrap();
        let value = HeaderValue::from_bytes(line[colon + 1..].trim_ascii()).unwrap();
        response.headers_mut().append(name, value);
    }

    let expected = fs::read_to_string(path.with_extension("expect")).unwrap();
    let expected = expected.lines().map(|line| {
        let (key, value) = line.split_once(':').unwrap();
        (key.to_owned(), unescape(value.strip_prefix(' ').unwrap_or(value)))
    });
    Sample { name, response, expected: expected.collect() }
}

fn unescape(text: &str) -> String {
    let mut out = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        match chars.next().unwrap() {
            'n' => out.push('\n'),
            'r' => out.push('\r'),
            't' => out.push('\t'),
            'u' => {
                assert_eq!(chars.next(), Some('{'));
                let hex: String = chars.by_ref().take_while(|c| *c != '}').collect();
                out.push(char::from_u32(u32::from_str_radix(&hex, 16).unwrap()).unwrap());
            }
            c => out.push(c),
        }
    }
    out
}
