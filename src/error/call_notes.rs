use super::{History, Notes, RetryStop};

/// What a retry policy *below* the error layer knows about the call: an extension of the response.
///
/// Such a policy sees statuses, not errors, so it cannot mark the error that the layer makes.
#[derive(Clone, Debug)]
pub(crate) struct CallNotes {
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
