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
    /// Which attempt of the call it was, counted from 1.
    pub attempt: u32,
}

impl<'a> ErrorEvent<'a> {
    pub(super) fn new(error: &'a Error, info: RequestInfo) -> Self {
        Self { error, method: info.method(), attempt: info.attempt() }
    }
}
