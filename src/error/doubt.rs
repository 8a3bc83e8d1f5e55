use std::fmt;

use super::{Notes, RetryStop};

/// What a failed call leaves open: whether one of its attempts took effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Doubt {
    /// The last attempt may have taken effect, and the request is not idempotent.
    Outcome,
    /// An attempt before the last one may have taken effect.
    Earlier,
}

impl Doubt {
    pub(crate) fn of(notes: &Notes) -> Option<Self> {
        match notes.stop() {
            Some(RetryStop::OutcomeUnknown) => Some(Self::Outcome),
            _ => notes.after_ambiguous_attempt().then_some(Self::Earlier),
        }
    }
}

/// A few words for a line that names the attempts.
impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Outcome => "outcome unknown",
            Self::Earlier => "an earlier one may have taken effect",
        })
    }
}
