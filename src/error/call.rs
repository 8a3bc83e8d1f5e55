//! What an error knows of its call, whatever its variant.

use super::{Error, FailedAttempt, History, NotSentError, OssError, RetryStop, TransportError};

macro_rules! know_their_call {
    ($($error:ty: $last:expr;)*) => {$(
        impl $error {
            /// Returns the failed attempts of the call, including the last one. It keeps the first
            /// and the last seven, and counts all.
            ///
            /// If the call was not retried, there is one. With one policy inside another, these are
            /// the attempts of the inner one.
            #[must_use]
            pub fn history(&self) -> History {
                self.notes().earlier().with($last(self))
            }

            /// Returns why the retry policy did not retry, if there is a policy.
            #[must_use]
            pub fn retry_stop(&self) -> Option<RetryStop> {
                self.notes().stop()
            }

            /// Returns whether an earlier, failed attempt may have taken effect.
            ///
            /// If so, a conflict or a missing upload can be the result of the request's own
            /// success. Check before you repeat it.
            #[must_use]
            pub fn after_ambiguous_attempt(&self) -> bool {
                self.notes().after_ambiguous_attempt()
            }
        }
    )*};
}

know_their_call! {
    Error: FailedAttempt::of;
    OssError: FailedAttempt::of_oss;
    TransportError: |error: &Self| FailedAttempt::of_transport(error.kind());
    NotSentError: |error: &Self| FailedAttempt::of_not_sent(error.reason());
}
