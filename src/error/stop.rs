/// Why the retry policy did not try again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RetryStop {
    /// The same request would fail again, as far as is known.
    NotRetryable,
    /// All attempts are used up.
    AttemptsExhausted,
    /// The next attempt would come after the time limit, or after the request's deadline.
    OutOfTime,
    /// Too many requests have been retried lately.
    BudgetExhausted,
    /// The body can be sent only once.
    BodyNotReplayable,
    /// The request may have been applied, and must not be applied twice.
    OutcomeUnknown,
}
