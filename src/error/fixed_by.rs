use std::fmt;

/// Who can fix the cause of an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FixedBy {
    /// The code that sends the request, or its settings.
    Caller,
    /// Whoever administers the Alibaba Cloud account: permissions, policies, keys, payment.
    Administrator,
    /// Alibaba Cloud's support, asked with the request id.
    Support,
    /// No one has to act: wait.
    Nobody,
}

impl FixedBy {
    /// Returns the name in lower case, for logs and metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Caller => "caller",
            Self::Administrator => "administrator",
            Self::Support => "support",
            Self::Nobody => "nobody",
        }
    }
}

/// A few words for people. For logs and metrics, use [`as_str`](FixedBy::as_str).
impl fmt::Display for FixedBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Caller => "the caller's code",
            Self::Administrator => "the account's administrator",
            Self::Support => "Alibaba Cloud's support",
            Self::Nobody => "nobody: wait",
        })
    }
}
