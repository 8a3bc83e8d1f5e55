use http::Method;

use super::RequestInfo;
use crate::error::Error;

/// An error that the layer is about to return.
///
/// Passed to the closure of [`OssErrorLayer::on_error`](crate::OssErrorLayer::on_error).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ErrorEvent<'a> {
    /// The error.
    pub error: &'a Error,
    /// The method of the request, or `None` if it is not a standard one.
    pub method: Option<Method>,
    /// Which attempt of the call it was, counted from 1. Attempts that were not sent count, too:
    /// [`Error::attempts`] counts those that were.
    pub attempt: u32,
}

impl<'a> ErrorEvent<'a> {
    pub(super) fn new(error: &'a Error, info: RequestInfo) -> Self {
        Self { error, method: info.method(), attempt: number(error, info) }
    }
}

/// The number of the attempt. A retry policy below the layer has made more than the request tells.
pub(super) fn number(error: &Error, info: RequestInfo) -> u32 {
    info.attempt().max(error.attempts()).max(error.notes().number())
}
