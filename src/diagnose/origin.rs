//! Who made a response, as far as its shape tells.

use crate::error::{BodyKind, OssError};

const BEYOND_BOUND: &str =
    "The server's clock is further off than the bound of ClockOffset allows, so it was not believed";
const COMPRESSED: &str = "The body is compressed, so it could not be read";
const FOREIGN: &str =
    "The response does not look like OSS's: a proxy, gateway or CDN on the way may have made it";
const OWN_PAGE: &str = "The bucket responds with its own error page (static website hosting)";

/// Whether OSS made the response, or passed it on: all of its responses have a header of this kind.
pub(super) fn is_from_oss(error: &OssError) -> bool {
    error.body_kind().is_oss() || error.plain_headers().keys().any(|name| name.as_str().starts_with("x-oss-"))
}

/// What the shape of a response tells about its cause.
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
