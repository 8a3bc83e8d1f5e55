use std::fmt;

/// Reason why [`RetryPolicy`](crate::RetryPolicy) did not retry.
///
/// Returned by [`Error::retry_stop`](crate::Error::retry_stop). If no
/// [`OssErrorLayer`](crate::OssErrorLayer) is below the policy, the last response has this as an
/// extension, if its status is retryable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RetryStop {
    /// The policy does not retry this failure, or cannot tell whether it may.
    NotRetryable,
    /// The maximum number of attempts was made.
    AttemptsExhausted,
    /// The next attempt would start after the time limit or the request's deadline. Also if the
    /// throttle gave no permit within its `max_wait`.
    OutOfTime,
    /// The retry budget is empty.
    BudgetExhausted,
    /// The body can be sent only once, and was sent.
    BodyNotReplayable,
    /// The request may have taken effect, and it is not idempotent.
    OutcomeUnknown,
}

impl RetryStop {
    /// Returns the name of the reason in snake case, for logs and metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotRetryable => "not_retryable",
            Self::AttemptsExhausted => "attempts_exhausted",
            Self::OutOfTime => "out_of_time",
            Self::BudgetExhausted => "budget_exhausted",
            Self::BodyNotReplayable => "body_not_replayable",
            Self::OutcomeUnknown => "outcome_unknown",
        }
    }
}

impl fmt::Display for RetryStop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
