//! What the layer does with an error before it returns it.

use http::response;

use super::{
    ErrorEvent, RequestInfo, assemble::assemble, collect::Collected, settings::SharedSettings, trace,
};
use crate::{
    clock::may_be_skewed,
    error::{BoxError, CallNotes, Error, error_chain, is_not_sent},
};

/// Makes the error of a response whose body was read.
pub(super) fn with_response(
    mut head: response::Parts,
    collected: Collected,
    info: RequestInfo,
    settings: &SharedSettings,
) -> Error {
    let call = head.extensions.remove::<CallNotes>();
    let error = assemble(head, info.standard_method(), collected);
    error.notes().set_attempts(info.sent());
    if let Some(call) = call {
        call.apply(error.notes());
    }
    if let Some(clock) = settings.clock().filter(|_| may_be_skewed(&error)) {
        clock.learn_from(&error);
    }
    announce(error.into(), info, settings)
}

/// Makes the error of an attempt without a response.
#[cold]
#[inline(never)]
pub(super) fn without_response(cause: BoxError, info: RequestInfo, settings: &SharedSettings) -> Error {
    let error = Error::from(cause);
    let sent = u32::from(!error_chain(&error).any(is_not_sent));
    // A layer or a policy below may have recorded the attempts of its own.
    let is_noted = matches!(error, Error::Oss(_)) || error.attempts() > sent;
    if !is_noted {
        error.notes().set_attempts(info.sent() - 1 + sent);
    }
    announce(error, info, settings)
}

/// Reports an error to `tracing` and to the hook.
fn announce(error: Error, info: RequestInfo, settings: &SharedSettings) -> Error {
    trace::event(&error, info);
    if let Some(on_error) = settings.on_error() {
        on_error(&ErrorEvent::new(&error, info));
    }
    error
}
