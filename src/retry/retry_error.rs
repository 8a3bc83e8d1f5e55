//! Finds out what an error is about, and records notes on it, however it is wrapped.

use std::{error::Error as StdError, fmt, mem};

use super::verdict::Cause;
use crate::error::{
    BoxError, Error, FindOssError, NotSentError, NotSentReason, Notes, OssError, TransportError, error_chain,
};

/// Error that [`RetryPolicy`](crate::RetryPolicy) can classify: [`Error`], or the [`BoxError`] of
/// tower's own layers.
///
/// If the final `BoxError` has neither an [`Error`] nor an [`OssError`] among its causes, the
/// policy wraps it in [`Error::Transport`], which has the number of attempts and the
/// [`RetryStop`](crate::error::RetryStop).
///
/// This trait is sealed: no other type can implement it.
#[diagnostic::on_unimplemented(
    message = "`RetryPolicy` cannot classify errors of type `{Self}`",
    label = "the service below the policy must fail with `tower_oss::Error` or `BoxError`",
    note = "put an `OssErrorLayer` below the policy, or turn the error into a `BoxError` with `map_err`"
)]
pub trait RetryError: sealed::HasNotes {}

impl RetryError for Error {}
impl RetryError for BoxError {}

mod sealed {
    use std::error::Error as StdError;

    #[expect(unnameable_types, reason = "seals `RetryError`")]
    pub trait HasNotes {
        fn as_error(&self) -> &(dyn StdError + 'static);

        /// Makes sure that the error has notes, and that no other call shares them. Errors that
        /// other layers have wrapped may be shared.
        fn own_notes(&mut self);
    }
}

impl sealed::HasNotes for Error {
    fn as_error(&self) -> &(dyn StdError + 'static) {
        self
    }

    fn own_notes(&mut self) {
        self.own_notes();
    }
}

impl sealed::HasNotes for BoxError {
    fn as_error(&self) -> &(dyn StdError + 'static) {
        &**self
    }

    fn own_notes(&mut self) {
        if let Some(error) = self.downcast_mut::<Error>() {
            error.own_notes();
        } else if let Some(error) = self.downcast_mut::<OssError>() {
            error.own_notes();
        } else if error_chain(&**self).find_map(notes).is_none() {
            let cause = mem::replace(self, Box::new(Taken));
            *self = Box::new(Error::Transport(TransportError::new(cause)));
        }
    }
}

/// Finds out what failed.
pub(super) fn cause(error: &impl RetryError) -> Cause<'_> {
    let error = error.as_error();
    // The OSS error behind a request that was not sent is that of an earlier attempt, which was
    // classified already.
    if let Some(reason) = error_chain(error).find_map(not_sent_reason) {
        return Cause::NotSent(reason, error);
    }
    error.oss_error().map_or(Cause::Transport(error), Cause::Oss)
}

fn not_sent_reason(link: &(dyn StdError + 'static)) -> Option<NotSentReason> {
    match link.downcast_ref() {
        Some(Error::NotSent(error)) => Some(error.reason()),
        _ => link.downcast_ref().map(NotSentError::reason),
    }
}

/// Whether an inner policy has already given up.
pub(super) fn is_final(error: &impl RetryError) -> bool {
    error_chain(error.as_error()).filter_map(notes).any(|notes| notes.stop().is_some())
}

/// The notes of the error. Creates them if there are none.
pub(super) fn notes_of(error: &mut impl RetryError) -> Option<&Notes> {
    error.own_notes();
    error_chain(error.as_error()).find_map(notes)
}

/// Adds the OSS error of an earlier attempt to an error that has none of its own.
pub(super) fn set_last_oss_error(error: &impl RetryError, last: &OssError) {
    for link in error_chain(error.as_error()) {
        if let Some(Error::Transport(error)) = link.downcast_ref() {
            error.set_last_oss_error(last);
        } else if let Some(Error::NotSent(error)) = link.downcast_ref() {
            error.set_last_oss_error(last);
        } else if let Some(error) = link.downcast_ref::<TransportError>() {
            error.set_last_oss_error(last);
        } else if let Some(error) = link.downcast_ref::<NotSentError>() {
            error.set_last_oss_error(last);
        }
    }
}

fn notes<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a Notes> {
    let notes = error.downcast_ref().map(Error::notes);
    notes
        .or_else(|| error.downcast_ref().map(OssError::notes))
        .or_else(|| error.downcast_ref().map(TransportError::notes))
        .or_else(|| error.downcast_ref().map(NotSentError::notes))
}

/// Takes the place of an error while it is wrapped.
#[derive(Debug)]
struct Taken;

impl fmt::Display for Taken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("taken")
    }
}

impl StdError for Taken {}
