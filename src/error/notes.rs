use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, Ordering::Relaxed};

/// What the layers above note on an error. Its clones share the notes.
#[derive(Debug, Default)]
pub(crate) struct Notes {
    attempts: AtomicU32,
    stop: AtomicU8,
    after_ambiguous_attempt: AtomicBool,
    paced: AtomicBool,
}

impl Notes {
    /// The throttle below sees to it that the request rate is right: the policy need not wait.
    pub(crate) fn set_paced(&self) {
        self.paced.store(true, Relaxed);
    }

    pub(crate) fn is_paced(&self) -> bool {
        self.paced.load(Relaxed)
    }
}
