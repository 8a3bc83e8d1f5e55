//! Builds an error from the response head and what was read of the body.

use std::{mem, sync::Arc};

use bytes::Bytes;
use http::{
    HeaderMap, Method, Response, StatusCode, header::CONTENT_ENCODING, header::CONTENT_LENGTH, response,
};

use super::{collect::Collected, limits::Limits};
use crate::{
    error::{
        Basic, BodyKind, BodyState, CodeOrigin, ErrorCode, ErrorParts, Fields, Meaning, OssError, X_OSS_EC,
        X_OSS_ERROR_TYPE, X_OSS_REQUEST_ID, header_text,
    },
    method::StandardMethod,
    parse::{self, Parsed},
};

impl OssError {
    /// Creates the error that the layer would create from this response.
    ///
    /// The first 64 KiB of the body are kept and parsed. A response to HEAD has no body: its error
    /// document is in the header `x-oss-err`.
    #[must_use]
    pub fn from_response(response: Response<Bytes>) -> Self {
        let (head, mut body) = response.into_parts();
        let received = body.len();
        let state = match received {
            0 => BodyState::Empty,
            length if length > Limits::DEFAULT.keep => BodyState::Truncated,
            _ => BodyState::Complete,
        };
        // Copies what is kept, unless the buffer is not shared. Then its other part is freed.
        body.truncate(Limits::DEFAULT.keep);
        let mut bytes = Vec::from(body);
        bytes.shrink_to_fit();
        assemble(head, StandardMethod::default(), Collected { bytes, received, state, cause: None })
    }
}

/// Builds the error from the response head and what was read of the body.
pub(super) fn assemble(head: response::Parts, method: StandardMethod, collected: Collected) -> OssError {
    // Filled in place: it is large, and moving it costs time.
    let mut error = Arc::<ErrorParts>::default();
    // INVARIANT: the `Arc` was just made, so it is not shared.
    let parts = Arc::get_mut(&mut error).expect("a new Arc is shared");
    fill_from_head(parts, head);
    parts.method = method;
    parts.cause = collected.cause.map(Arc::from);
    let parsed = parse_body(collected.bytes, &mut parts.fields, &parts.headers);
    parts.origin = fill_from_headers(&mut parts.fields, &parts.headers);
    let code = parts.fields.get_filled(Basic::Code).map(ErrorCode::from);
    parts.code = code.unwrap_or_else(|| inferred(parts.status));
    parts.meaning = Meaning::of(&parts.code, parts.status, || parts.fields.has_access_denied_detail());
    let is_cut = || !parsed.closed && (parsed.kind.is_oss() || is_short(parts, collected.received));
    parts.state = match collected.state {
        BodyState::Complete | BodyState::Empty if is_cut() => BodyState::Truncated,
        state => state,
    };
    parts.kind = kind(parsed.kind, &parts.headers);
    parts.body = parsed.body;
    OssError::new(error)
}

fn fill_from_head(parts: &mut ErrorParts, head: response::Parts) {
    parts.status = head.status;
    parts.version = head.version;
    // The old map is empty. Forgetting it leaks nothing, and is cheaper than dropping it.
    mem::forget(mem::replace(&mut parts.headers, head.headers));
    parts.extensions = head.extensions;
}

/// Parses the body. JSON that any server could have sent is from OSS only if a header says so.
fn parse_body(bytes: Vec<u8>, fields: &mut Fields, headers: &HeaderMap) -> Parsed {
    let parsed = parse::body(bytes, fields);
    if !parsed.is_bare || headers.keys().any(|name| name.as_str().starts_with("x-oss-")) {
        return parsed;
    }
    let text = mem::take(fields).into_source();
    let body = parsed.body.or_else(|| Some(text.into_bytes()));
    Parsed { body, kind: BodyKind::OtherJson, closed: false, ..parsed }
}

/// What the body contains, if the headers count as well: some codings have no magic bytes.
fn kind(kind: BodyKind, headers: &HeaderMap) -> BodyKind {
    if !kind.is_oss() && kind != BodyKind::None && is_encoded(headers) { BodyKind::Compressed } else { kind }
}

/// Whether the body is shorter than `content-length` announces.
///
/// HTTP/2 can end a body early without an error. In a response to HEAD, the header is the length
/// for a GET. If the method is unknown, the request may have been a HEAD.
fn is_short(parts: &ErrorParts, received: usize) -> bool {
    let has_no_body = matches!(parts.status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED)
        || parts.method.get().map_or(received == 0, |method| method == Method::HEAD);
    !has_no_body && announced_length(&parts.headers).is_some_and(|length| to_u64(received) < length)
}

fn announced_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.trim().parse().ok()
}

fn to_u64(length: usize) -> u64 {
    length.try_into().unwrap_or(u64::MAX)
}

/// Fills gaps in the document from the headers. Returns where the code came from.
fn fill_from_headers(fields: &mut Fields, headers: &HeaderMap) -> CodeOrigin {
    let is_in_body = fields.is_filled(Basic::Code);
    if !is_in_body {
        parse::x_oss_err(headers, fields);
    }
    for (basic, name) in
        [(Basic::Code, &X_OSS_ERROR_TYPE), (Basic::RequestId, &X_OSS_REQUEST_ID), (Basic::Ec, &X_OSS_EC)]
    {
        if !fields.is_filled(basic) {
            if let Some(text) = header_text(headers, name) {
                fields.fill(basic, &text);
            }
        }
    }
    match fields.is_filled(Basic::Code) {
        true if is_in_body => CodeOrigin::Body,
        true => CodeOrigin::Header,
        false => CodeOrigin::Inferred,
    }
}

/// Whether the body has a coding that compresses.
fn is_encoded(headers: &HeaderMap) -> bool {
    let values = headers.get_all(CONTENT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    let mut codings = values.flat_map(|value| value.split(',')).map(str::trim);
    codings.any(|coding| CODINGS.iter().any(|known| known.eq_ignore_ascii_case(coding)))
}

/// Codings that compress. With any other coding, the bytes of the body decide.
const CODINGS: [&str; 7] = ["br", "compress", "deflate", "gzip", "x-compress", "x-gzip", "zstd"];

/// The code of a response without one: the only code that OSS documents for the status, or the name
/// of the status. 404 is not `NoSuchKey`: the bucket may not exist.
fn inferred(status: StatusCode) -> ErrorCode {
    match status.as_u16() {
        203 => ErrorCode::CallbackFailed,
        411 => ErrorCode::MissingContentLength,
        416 => ErrorCode::InvalidRange,
        424 => ErrorCode::MirrorFailed,
        429 => ErrorCode::QpsLimitExceeded,
        500 => ErrorCode::InternalError,
        number => match status.canonical_reason() {
            Some(reason) => ErrorCode::from(&*reason.replace(|c: char| !c.is_ascii_alphanumeric(), "")),
            None => ErrorCode::from(&*format!("Status{number}")),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_coding_marks_a_body_as_compressed_unless_it_can_be_read() {
        let document = "<Error><Code>A</Code></Error>";
        for (coding, body, kind) in [
            ("deflate", "\u{1}\u{2}", BodyKind::Compressed),
            ("BR", "\u{1}\u{2}", BodyKind::Compressed),
            ("identity, zstd", "\u{1}\u{2}", BodyKind::Compressed),
            ("x-gzip", "", BodyKind::None),
            ("gzip", document, BodyKind::OssXml),
            ("identity", "\u{1}\u{2}", BodyKind::Other),
            ("unheard-of", "\u{1}\u{2}", BodyKind::Other),
            ("unheard-of", document, BodyKind::OssXml),
        ] {
            let response = Response::builder().status(403).header("content-encoding", coding);
            let error = OssError::from_response(response.body(Bytes::from(body)).unwrap());
            assert_eq!(error.body_kind(), kind, "{coding} {body:?}");
        }
    }

    #[test]
    fn json_without_a_code_is_from_oss_only_if_a_header_says_so() {
        for (body, header, kind, message) in [
            (r#"{"message":"m"}"#, "x-oss-request-id", BodyKind::OssJson, Some("m")),
            (r#"{"message":"m"}"#, "x-request-id", BodyKind::OtherJson, None),
            (r#"{"message":"m","code":404,"X":"1"}"#, "x-request-id", BodyKind::OtherJson, None),
            (r#"{"message":"m","code":"A"}"#, "x-request-id", BodyKind::OssJson, Some("m")),
            (r#"{"Error":{"Message":"m"}}"#, "x-request-id", BodyKind::OssJson, Some("m")),
        ] {
            let response = Response::builder().status(404).header(header, "1");
            let error = OssError::from_response(response.body(Bytes::from_static(body.as_bytes())).unwrap());
            assert_eq!((error.body_kind(), error.message()), (kind, message), "{body} {header}");
            assert_eq!(error.fields().count(), 0, "{body} {header}");
            assert_eq!(error.raw_body(), body.as_bytes());
            assert_eq!(error.body_state(), BodyState::Complete);
        }
    }
}
