use std::{error::Error as StdError, fmt, mem};

use super::verdict::Cause;
use crate::error::{
    BoxError, Error, FindOssError, Notes, OssError, ThrottledError, TransportError, error_chain, is_throttled,
};

/// The errors that [`RetryPolicy`](crate::RetryPolicy) can judge: [`Error`], and the [`BoxError`] of tower's own layers.
///
/// When the policy gives up on a `BoxError` behind which there is neither an [`Error`] nor an [`OssError`], it wraps it in
/// [`Error::Transport`], so that it can say how often it was tried, and why no more.
///
/// This trait is sealed: no other type can implement it.
pub trait RetryError: sealed::Judged {}

impl RetryError for Error {}
impl RetryError for BoxError {}

mod sealed {
    use std::error::Error as StdError;

    #[expect(unnameable_types, reason = "so that nobody else implements it")]
    pub trait Judged {
        fn as_error(&self) -> &(dyn StdError + 'static);

        /// Sees to it that there is a place for notes, and that no other call reads it. What other layers have wrapped is
        /// theirs to share.
        fn own_notes(&mut self);
    }
}

impl sealed::Judged for Error {
    fn as_error(&self) -> &(dyn StdError + 'static) {
        self
    }

    fn own_notes(&mut self) {
        self.own_notes();
    }
}

impl sealed::Judged for BoxError {
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

/// What happened.
pub(super) fn cause(error: &impl RetryError) -> Cause<'_> {
    let error = error.as_error();
    // What stands behind a rejection is the error of an attempt before, which is judged already.
    if error_chain(error).any(is_throttled) {
        return Cause::Transport(error);
    }
    error.oss_error().map_or(Cause::Transport(error), Cause::Oss)
}

/// Whether another policy has had its say.
pub(super) fn is_final(error: &impl RetryError) -> bool {
    error_chain(error.as_error()).filter_map(notes).any(|notes| notes.stop().is_some())
}

/// Where to note how it went.
pub(super) fn notes_of(error: &mut impl RetryError) -> Option<&Notes> {
    error.own_notes();
    error_chain(error.as_error()).find_map(notes)
}

/// Notes what OSS answered before, if this is no answer.
pub(super) fn set_last_answer(error: &impl RetryError, last: &OssError) {
    for link in error_chain(error.as_error()) {
        if let Some(Error::Transport(error)) = link.downcast_ref() {
            error.set_last_answer(last);
        }
    }
}

fn notes<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a Notes> {
    let ours = error.downcast_ref().map(Error::notes).or_else(|| error.downcast_ref().map(OssError::notes));
    ours.or_else(|| error.downcast_ref().map(ThrottledError::notes))
}

/// Stands in for an error while it is wrapped.
#[derive(Debug)]
struct Taken;

impl fmt::Display for Taken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("taken")
    }
}

impl StdError for Taken {}
