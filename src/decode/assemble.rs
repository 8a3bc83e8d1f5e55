use bytes::Bytes;
use http::{HeaderMap, Method, Response, StatusCode, response};

use crate::{
    collect::{Collected, Limits},
    error::{
        Basic, BodyState, CodeOrigin, ErrorCode, Fields, Notes, OssError, Parts, header_text, mark_sensitive,
    },
    parse,
};

impl OssError {
    /// Reads an answer that is known to be an error, without the layer: the same error comes out.
    ///
    /// The first 64 KiB of the body are kept and read. An answer to HEAD has no body; its error document is in the
    /// header `x-oss-err`, and is found there.
    #[must_use]
    pub fn from_response(response: Response<Bytes>) -> Self {
        let (head, body) = response.into_parts();
        let kept = &body[..body.len().min(Limits::DEFAULT.keep)];
        let state = match kept.len() {
            0 => BodyState::Empty,
            length if length < body.len() => BodyState::Truncated,
            _ => BodyState::Complete,
        };
        assemble(head, None, Collected { bytes: kept.to_vec(), state, cause: None })
    }
}

/// Makes an error of all that is known about it.
pub(super) fn assemble(mut head: response::Parts, method: Option<Method>, collected: Collected) -> OssError {
    let mut parsed = parse::body(collected.bytes);
    let mut origin = CodeOrigin::Body;
    if !parsed.has_code() {
        origin = CodeOrigin::Header;
        if let Some(document) = parse::x_oss_err(&head.headers) {
            parsed.fields.fill_from(&document.fields);
        }
    }
    fill_from_headers(&mut parsed.fields, &head.headers);
    let code = match parsed.fields.get_filled(Basic::Code) {
        Some(code) => ErrorCode::from(code),
        None => {
            origin = CodeOrigin::Inferred;
            inferred(head.status)
        }
    };
    let state = match collected.state {
        BodyState::Complete if parsed.kind.is_oss() && !parsed.closed => BodyState::Truncated,
        state => state,
    };
    mark_sensitive(&mut head.headers);
    OssError::new(Parts {
        head,
        method,
        code,
        origin,
        fields: parsed.fields,
        body: parsed.body,
        kind: parsed.kind,
        state,
        cause: collected.cause,
        notes: Notes::default(),
    })
}

/// What the document does not say, single headers may.
fn fill_from_headers(fields: &mut Fields, headers: &HeaderMap) {
    for (basic, name) in
        [(Basic::Code, "x-oss-error-type"), (Basic::RequestId, "x-oss-request-id"), (Basic::Ec, "x-oss-ec")]
    {
        if fields.get_filled(basic).is_none() {
            if let Some(text) = header_text(headers, name) {
                fields.fill(basic, &text);
            }
        }
    }
}

/// The code of an answer that names none: the one code that OSS documents for the status, or the status's own
/// name. 404 is not `NoSuchKey`: the bucket may be what is missing.
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
