//! Reads a response: the output of `curl -i`, a part of it, or a header.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};

/// Reads the last response. A head directly before another one is interim: of a 100 or 103, a
/// proxy's tunnel, or a redirect.
pub(crate) fn read_response(mut input: &[u8]) -> Option<Response<Bytes>> {
    let mut last = None;
    while let Some(status) = status_of(input) {
        let mut head = Response::new(());
        *head.status_mut() = status;
        (*head.headers_mut(), input) = read_headers(split_line(input).1);
        last = Some(head);
    }
    last.map(|head| head.map(|()| Bytes::copy_from_slice(input)))
}

/// Reads headers up to the empty line. Returns them and the rest. Skips lines that are not headers.
fn read_headers(mut input: &[u8]) -> (HeaderMap, &[u8]) {
    let mut lines: Vec<Vec<u8>> = Vec::new();
    loop {
        let (line, rest) = split_line(input);
        input = rest;
        match (line, lines.last_mut()) {
            ([], _) => break,
            ([b' ' | b'\t', ..], Some(folded)) => folded.extend_from_slice(line),
            _ => lines.push(line.to_vec()),
        }
    }
    let mut headers = HeaderMap::new();
    for line in &lines {
        let mut parts = line.splitn(2, |b| *b == b':').map(<[u8]>::trim_ascii);
        let name = parts.next().map(HeaderName::from_bytes);
        if let (Some(Ok(name)), Some(value)) = (name, parts.next().and_then(header_value)) {
            let _ = headers.try_append(name, value); // a map has room for 32768
        }
    }
    (headers, input)
}

/// The status, if the input begins with a status line: `HTTP/1.1 404 Not Found`, `HTTP/2 404`.
fn status_of(input: &[u8]) -> Option<StatusCode> {
    let (line, _) = split_line(input.strip_prefix(b"HTTP/")?);
    let mut words = line.split(u8::is_ascii_whitespace);
    words.next().filter(|version| version.iter().all(|b| b.is_ascii_digit() || *b == b'.'))?;
    StatusCode::from_bytes(words.find(|word| !word.is_empty())?).ok()
}

/// The first line, without its end, and the rest.
fn split_line(input: &[u8]) -> (&[u8], &[u8]) {
    let end = input.iter().position(|b| *b == b'\n').unwrap_or(input.len());
    let line = &input[..end];
    (line.strip_suffix(b"\r").unwrap_or(line), input.get(end + 1..).unwrap_or_default())
}

/// Control characters count as blanks, as RFC 9110, section 5.5, allows.
fn header_value(text: &[u8]) -> Option<HeaderValue> {
    let text: Vec<_> = text.iter().map(|b| if b.is_ascii_control() { b' ' } else { *b }).collect();
    HeaderValue::from_bytes(text.trim_ascii()).ok()
}

/// Makes a response from the header `x-oss-err`.
pub(crate) fn read_x_oss_err(input: &[u8]) -> Response<Bytes> {
    let value = match input.split_at_checked("x-oss-err:".len()) {
        Some((name, value)) if name.eq_ignore_ascii_case(b"x-oss-err:") => value,
        _ => input,
    };
    let mut response = Response::default();
    if let Some(value) = header_value(value) {
        response.headers_mut().insert("x-oss-err", value);
    }
    response
}
