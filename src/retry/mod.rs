//! Retries whose numbers are true.
//!
//! [`RetryPolicy`] serves tower's retry layer, above [`OssErrorLayer`](crate::OssErrorLayer): it sees typed errors,
//! whole, and a connection that is free again. Its parts are in this module.
//!
//! # What is worth a retry
//!
//! By the code first, then by the status, and by what the transport says where there was no answer.
//!
//! | answer | [`Verdict`] | why |
//! |---|---|---|
//! | `QpsLimitExceeded` and every other code of class throttling; 429 without a known code | `Throttled` | OSS refused it before doing anything, and asks for fewer requests: a longer wait |
//! | `InternalError`, `ServiceUnavailable`, `MirrorFailed` and every other code of class server; 424, 500, 502, 503, 504 without a known code | `Transient` | OSS, or something on the way, failed or was busy; it may have been done all the same |
//! | `RequestTimeout` (400); 408 without a known code | `Transient` | the bytes came too slowly, which says nothing about the next time |
//! | `RequestTimeTooSkewed`; `InvalidArgument` from a server whose clock is far from ours | `ClockSkewed` | refused for its date: once more, at once, if the [`ClockOffset`](crate::ClockOffset) has learned since |
//! | 203, whatever its code | `Never` | the object is stored; a repeat would store and call again |
//! | every other code and status: 400, 403, 404, 405, 409, 411, 412, 416, … | `Never` | the same request gets the same answer |
//!
//! | no answer | [`Verdict`] | why |
//! |---|---|---|
//! | connection refused, DNS, TLS: no connection | `NotApplied` | nothing has left |
//! | connection reset, closed or timed out; an answer that is no HTTP; tower's `Elapsed` | `Transient` | it may have been done |
//! | tower's `Overloaded` | `Never` | not the network's doing; the caller should know |
//! | everything else: a faulty request, a closed Buffer, reqwest's own timeout (use tower's instead), … | `Never` | nothing is known of it; a request that must not be applied twice ends as `OutcomeUnknown` |
//!
//! A code of class server or throttling counts whatever the status, except 203. Without the feature `hyper-util`, only what
//! is an `io::Error` underneath is told apart, and the rest counts as "everything else".
//!
//! `Throttled`, `NotApplied` and `ClockSkewed` are surely not applied, so any request may be repeated after them. After
//! `Transient`, only an idempotent one is ([`Idempotency`]).
//!
//! # How long it waits
//!
//! Before the retry n, counted from 0, it waits `random[0, 1) × min(base × 2ⁿ, cap)`: "full jitter", which spreads
//! clients that failed together over the whole time instead of sending them back together. `base` is 100 ms, or 1 s after a
//! throttling answer; `cap` is 20 s. A `Retry-After` comes on top, up to a minute.
//!
//! # What limits it
//!
//! Attempts (3), the time limit (none, unless set), the [`Deadline`](crate::Deadline) of the request, and a
//! [`RetryBudget`] that all clones share: it keeps an outage from being met with three times the requests.
//!
//! An error that a throttle below paces is repeated at once, and counts against none of these but the time (a minute from
//! the first such error, where neither limit nor deadline is set): the throttle makes it wait, and stops asking what cannot be
//! had. The first attempt waits there before the policy hears of it: only a deadline bounds that.

mod backoff;
mod body;
mod budget;
mod idempotency;
mod policy;
mod retry_error;
mod session;
mod settings;
mod transport;
mod verdict;
mod wait;

pub use self::{
    backoff::Backoff,
    body::{OnceBody, OnceBodyError, TryCloneBody},
    budget::RetryBudget,
    idempotency::Idempotency,
    policy::RetryPolicy,
    retry_error::RetryError,
    settings::RetryEvent,
    verdict::{Failure, Verdict},
    wait::Wait,
};
pub use crate::attempt::Attempt;
