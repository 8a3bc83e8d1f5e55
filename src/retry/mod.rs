//! Retries whose numbers are true.
//!
//! [`RetryPolicy`] serves tower's retry layer, above [`OssErrorLayer`](crate::OssErrorLayer): it sees typed errors,
//! whole, and a connection that is free again. Its parts are in this module.
//!
//! # What is worth a retry
//!
//! The code decides if it is listed in [`ErrorCode`](crate::ErrorCode), else its words, else what stands before its first
//! dot, else the status. The throttle looks at the status, too.
//!
//! | response | [`Verdict`] | [`ThrottleLayer`](crate::ThrottleLayer) | why |
//! |---|---|---|---|
//! | a code of class throttling (`QpsLimitExceeded`, …); every 429 and 509; a 503 with an unlisted code that names a limit (`…Limit…`); at other statuses an unlisted code that names a rate (`…Qps…`, `Throttl…`, `SlowDown`, `RateLimit`, `RequestLimit`, `FlowControl`, `TooManyRequests`) | `Throttled` | slows down | [`is_throttled`](crate::OssError::is_throttled): it did not take effect, so even an append is repeated, after a longer wait |
//! | any other 503: `ServiceUnavailable`, an unlisted code, a proxy's page | `Transient` | slows down | the server is busy; the request may have taken effect |
//! | `InternalError`, `MirrorFailed` and every other code of class server; 408, 424 and 5xx without a code that says more, a CDN's 520 to 530 among them | `Transient` | – | OSS, or something on the way, failed; the request may have taken effect |
//! | `RequestTimeout` (400) | `Transient` | – | the bytes came too slowly, which says nothing about the next time |
//! | `RequestTimeTooSkewed`; `InvalidArgument` from a server whose clock is far from ours | `ClockSkewed` | – | once more, at once, if the [`ClockOffset`](crate::ClockOffset) has learned since |
//! | 203, whatever its code | `Never` | – | the object is stored; a repeat would store and call again |
//! | 501, 505, 506, 508, 510, 511 without a code that says more; everything from 600 up | `Never` | – | the server cannot do it the next time either |
//! | every other code and status: 400, 403, 404, 405, 409, 411, 412, 416, … | `Never` | – | the same request gets the same response |
//!
//! Of the unlisted codes, those that start with `NoSuch`, `Invalid`, `Missing` or `Malformed`, or end in `NotExist`, `NotFound` or
//! `AlreadyExists`, name no rate, whatever else they hold; and at 400 and 409, `…ExceedLimit` is a limit of configuration.
//! OSS's page on error responses asks for fewer requests after every 429 and 503; a
//! `ServiceUnavailable` among them does not prove that nothing was done.
//!
//! | no response | [`Verdict`] | why |
//! |---|---|---|
//! | [`TransportKind::Connect`](crate::error::TransportKind::Connect): connection refused, no such host, TLS | `NotApplied` | nothing was sent |
//! | [`Unprocessed`](crate::error::TransportKind::Unprocessed): HTTP/2's `REFUSED_STREAM`, or a `GOAWAY` that excludes the stream (feature `http2`) | `NotApplied` | the server says so |
//! | [`Reset`](crate::error::TransportKind::Reset), [`Closed`](crate::error::TransportKind::Closed), [`Timeout`](crate::error::TransportKind::Timeout), [`Protocol`](crate::error::TransportKind::Protocol) | `Transient` | the request may have taken effect |
//! | tower's `Overloaded` | `Never` | nothing was sent, and the caller should know |
//! | every other error: a faulty request, a closed `Buffer`, an HTTP client that this crate does not know, … | `Unknown` | not even known whether it was sent; a request that is not idempotent ends as `OutcomeUnknown` |
//! | [`NotSentError`](crate::error::NotSentError) | `Never` | something below could not prepare the request, or the queue of a throttle is full |
//!
//! reqwest's own timeouts have a private type: let the adapter turn them into `io::ErrorKind::TimedOut`, as README's does, or use
//! tower's `Timeout`. Without the feature `hyper-util`, only an `io::Error` among the causes is known, and tower's errors.
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
