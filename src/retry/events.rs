use std::time::Duration;

use http::Extensions;

use super::{Failure, Verdict};
use crate::error::{History, RetryStop};

/// Event of a retry that is about to be made, for
/// [`RetryPolicy::on_retry`](crate::RetryPolicy::on_retry).
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct RetryEvent<'a> {
    /// The attempt that failed.
    pub failure: Failure<'a>,
    /// How it was classified.
    pub verdict: Verdict,
    /// How long the policy waits before the next attempt.
    pub delay: Duration,
    /// Whether a throttle below delays the next attempt, so that the policy does not.
    pub delayed_by_throttle: bool,
    /// The path of the request's URI, without the query: that of a presigned URL is a credential.
    pub path: &'a str,
    /// The extensions of the request.
    pub extensions: &'a Extensions,
}

/// Event of a call that has failed, for
/// [`RetryPolicy::on_give_up`](crate::RetryPolicy::on_give_up).
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct GiveUpEvent<'a> {
    /// The last attempt.
    pub failure: Failure<'a>,
    /// Why there is no other attempt.
    pub stop: RetryStop,
    /// How many times the request was sent.
    pub attempts: u32,
    /// Whether an earlier attempt may have taken effect.
    pub after_ambiguous_attempt: bool,
    /// The failed attempts, the last one included.
    pub history: &'a History,
    /// The path of the request's URI, without the query: that of a presigned URL is a credential.
    pub path: &'a str,
    /// The extensions of the request.
    pub extensions: &'a Extensions,
}
