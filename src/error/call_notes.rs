use super::{History, Notes, RetryStop};

/// What the retry policy records on the error that a call ends with.
///
/// A policy *below* the error layer sees statuses, not errors. It adds this to the response as an
/// extension, and the layer records it.
#[derive(Clone, Debug)]
pub(crate) struct CallNotes {
    /// How many attempts were sent.
    pub(crate) attempts: u32,
    pub(crate) stop: RetryStop,
    pub(crate) after_ambiguous_attempt: bool,
    pub(crate) earlier: Option<Box<History>>,
}

impl CallNotes {
    pub(crate) fn apply(self, notes: &Notes) {
        notes.set_attempts(self.attempts);
        notes.set_stop(self.stop);
        if self.after_ambiguous_attempt {
            notes.set_after_ambiguous_attempt();
        }
        if let Some(earlier) = self.earlier {
            notes.set_earlier(earlier);
        }
    }
}
