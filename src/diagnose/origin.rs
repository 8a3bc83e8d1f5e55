//! Whether OSS or another server made a response, by its shape.

use crate::error::{BodyKind, OssError};

const BEYOND_BOUND: &str =
    "The server's clock differs by more than the bound of ClockOffset, so it was ignored";
const COMPRESSED: &str = "The body is compressed, so it could not be read";
const FOREIGN: &str = "The response does not look like OSS's: it may come from a proxy, gateway or CDN";
const OWN_PAGE: &str = "The bucket responds with its own error page (static website hosting)";

/// Whether OSS made the response, or passed it on. Every response of OSS has an `x-oss-` header.
pub(super) fn is_from_oss(error: &OssError) -> bool {
    error.body_kind().is_oss() || error.plain_headers().keys().any(|name| name.as_str().starts_with("x-oss-"))
}

/// The cause that the shape of the response tells, if any.
pub(super) fn cause(error: &OssError) -> Option<&'static str> {
    if error.notes().is_clock_beyond_bound() {
        return Some(BEYOND_BOUND);
    }
    match error.body_kind() {
        BodyKind::OssXml | BodyKind::OssJson => None,
        BodyKind::Compressed => Some(COMPRESSED),
        _ if !is_from_oss(error) => Some(FOREIGN),
        BodyKind::Html => Some(OWN_PAGE),
        _ => None,
    }
}
