//! A fault, and pieces of responses for scripts.

use crate::{http1, http2::Step as Frames, stacks::Patience};

/// What a server does with each request, and the result of a GET.
pub(crate) struct Fault {
    pub(crate) name: &'static str,
    pub(crate) script: Script,
    pub(crate) patience: Patience,
    /// As from [`tell`]. If the network decides, one of several.
    pub(crate) results: &'static [&'static str],
    pub(crate) requests: usize,
    /// Maximum.
    pub(crate) connections: usize,
}

pub(crate) enum Script {
    Http1(Vec<http1::Step>),
    Http2(Vec<Frames>),
    /// What it writes to a client that starts a TLS handshake, before it closes.
    Tls(&'static [u8]),
    /// It has a certificate that no client trusts.
    Untrusted,
    /// No server listens.
    Refused,
    UnknownHost,
}

pub(crate) const DOCUMENT: &str = "<Error><Code>NoSuchKey</Code><Message>m</Message></Error>";
pub(crate) const BUSY: &str = "<Error><Code>QpsLimitExceeded</Code><Message>m</Message></Error>";

pub(crate) fn head(status: &str, headers: &str) -> String {
    format!("HTTP/1.1 {status}\r\nx-oss-request-id: 65A1\r\n{headers}\r\n")
}

pub(crate) fn with_length(status: &str, length: usize) -> String {
    head(status, &format!("content-length: {length}\r\n"))
}

pub(crate) fn chunked(status: &str) -> String {
    head(status, "transfer-encoding: chunked\r\n")
}

pub(crate) fn chunk(text: impl AsRef<[u8]>) -> Vec<u8> {
    let text = text.as_ref();
    [format!("{:x}\r\n", text.len()).as_bytes(), text, b"\r\n"].concat()
}

pub(crate) fn complete(status: &str, body: &str) -> String {
    with_length(status, body.len()) + body
}

pub(crate) fn fault(
    name: &'static str,
    script: Script,
    results: &'static [&'static str],
    requests: usize,
    connections: usize,
) -> Fault {
    Fault { name, script, patience: Patience::Usual, results, requests, connections }
}

impl Fault {
    pub(crate) fn short(self) -> Self {
        Self { patience: Patience::Short, ..self }
    }
}

pub(crate) const RESET: &[&str] = &["no response: reset"];
pub(crate) const CLOSED: &[&str] = &["no response: closed"];
pub(crate) const TIMEOUT: &[&str] = &["no response: timeout"];
pub(crate) const PROTOCOL: &[&str] = &["no response: protocol"];
pub(crate) const CUT: &[&str] = &["404 NoSuchKey, body Failed"];
