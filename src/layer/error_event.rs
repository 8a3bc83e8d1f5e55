use http::Method;

use super::{RequestInfo, error_layer::OssErrorSettings, trace};
use crate::error::{BoxError, Error, error_chain, is_not_sent};

/// An error that the layer is about to return. See
/// [`OssErrorLayer::on_error`](crate::OssErrorLayer::on_error).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ErrorEvent<'a> {
    /// The error.
    pub error: &'a Error,
    /// The method of the request, if it is one of the standard ones.
    pub method: Option<Method>,
    /// Which attempt of the call it was, counted from 1.
    pub attempt: u32,
}

impl<'a> ErrorEvent<'a> {
    pub(super) fn new(error: &'a Error, info: RequestInfo) -> Self {
        Self { error, method: info.method(), attempt: info.attempt() }
    }
}

/// The error of an attempt without a response.
#[cold]
#[inline(never)]
pub(super) fn without_response(
    cause: BoxError,
    info: RequestInfo,
    settings: Option<&OssErrorSettings>,
) -> Error {
    let error = Error::from(cause);
    let sent = u32::from(!error_chain(&error).any(is_not_sent));
    // A policy below may have recorded the attempts of its own.
    let is_noted = matches!(error, Error::Oss(_)) || error.attempts() > sent;
    if !is_noted {
        error.notes().set_attempts(info.attempt() - 1 + sent);
    }
    announce(&error, info, settings);
    error
}

/// Reports an error to the hook and to `tracing`.
pub(super) fn announce(error: &Error, info: RequestInfo, settings: Option<&OssErrorSettings>) {
    trace::event(error, info);
    if let Some(on_error) = settings.and_then(|settings| settings.on_error.as_ref()) {
        on_error(&ErrorEvent::new(error, info));
    }
}
