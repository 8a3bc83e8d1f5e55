//! A retry policy for OSS requests.
//!
//! [`RetryPolicy`] serves tower's retry layer. Put it above
//! [`OssErrorLayer`](crate::OssErrorLayer): by the time it decides, the error body has been read
//! and the connection is back in the pool.
//!
//! The two settings that most people touch are [`max_attempts`](RetryPolicy::max_attempts), 3 by
//! default, and [`max_elapsed`](RetryPolicy::max_elapsed), no limit by default.
//!
//! # What is retried
//!
//! A listed [`ErrorCode`](crate::ErrorCode) decides, else the words of the code, else the part
//! before its first dot, else the status. The throttle also looks at the status.
//!
//! | response | [`Verdict`] | [`ThrottleLayer`](crate::ThrottleLayer) | why |
//! |---|---|---|---|
//! | a code of class throttling (`QpsLimitExceeded`, …); every 429 and 509; a 503 with an unlisted code that names a limit (`…Limit…`); at other statuses an unlisted code that names a rate (`…Qps…`, `Throttl…`, `SlowDown`, `RateLimit`, `RequestLimit`, `FlowControl`, `TooManyRequests`) | `Throttled` | slows down | [`is_throttled`](crate::OssError::is_throttled): the request did not take effect, so even an append is retried, after a longer wait |
//! | any other 503: `ServiceUnavailable`, an unlisted code, a proxy's page | `Transient` | slows down | the server is overloaded; the request may have taken effect |
//! | `InternalError`, `MirrorFailed` and every other code of class server; 408, 424 and 5xx without a code that says more, including a CDN's 520 to 530 | `Transient` | – | OSS, or something before it, failed; the request may have taken effect |
//! | `RequestTimeout` (400) | `Transient` | – | the request's bytes came too slowly |
//! | `RequestTimeTooSkewed`; `InvalidArgument` from a server whose clock differs from ours | `ClockSkewed` | – | retried at once, if the [`ClockOffset`](crate::ClockOffset) has changed |
//! | 203, whatever its code | `Never` | – | the object is stored; a retry would store it and call back again |
//! | 501, 505, 506, 508, 510, 511 without a code that says more; 600 and above | `Never` | – | the server does not support the request |
//! | every other code and status: 400, 403, 404, 405, 409, 411, 412, 416, … | `Never` | – | the response would be the same |
//!
//! An unlisted code that starts with `NoSuch`, `Invalid`, `Missing` or `Malformed`, or ends in
//! `NotExist`, `NotFound` or `AlreadyExists`, names no rate. At 400 and 409, `…ExceedLimit` is a
//! limit of configuration. OSS's page on error responses asks for fewer requests after every 429
//! and 503.
//!
//! | no response | [`Verdict`] | why |
//! |---|---|---|
//! | [`TransportKind::Connect`](crate::error::TransportKind::Connect): connection refused, unknown host, TLS | `NotApplied` | nothing was sent |
//! | [`Unprocessed`](crate::error::TransportKind::Unprocessed): HTTP/2's `REFUSED_STREAM`, or a `GOAWAY` that excludes the stream (feature `http2`) | `NotApplied` | the server says so |
//! | [`Reset`](crate::error::TransportKind::Reset), [`Closed`](crate::error::TransportKind::Closed), [`Timeout`](crate::error::TransportKind::Timeout), [`Protocol`](crate::error::TransportKind::Protocol) | `Transient` | the request may have taken effect |
//! | tower's `Overloaded` | `Never` | nothing was sent, and the caller should know |
//! | [`NotSentError`](crate::error::NotSentError) | `Never` | a layer below could not prepare the request, or the throttle's queue is full |
//! | every other error: a faulty request, a closed `Buffer`, an unknown HTTP client, … | `Unknown` | it is not clear what failed, so it is not retried |
//!
//! reqwest's own timeouts have a private type. Let the adapter turn them into
//! `io::ErrorKind::TimedOut`, as `examples/reqwest.rs` does, or use tower's `Timeout`. Without the
//! feature `hyper-util`, only an `io::Error` among the causes and tower's errors are known.
//!
//! # What is never sent twice
//!
//! After `Throttled`, `NotApplied` and `ClockSkewed` the request did not take effect, and any
//! request is retried. After `Transient`, only an [idempotent](Idempotency) request is. Otherwise
//! the call ends as [`OutcomeUnknown`](crate::error::RetryStop::OutcomeUnknown). That holds for an
//! append, `CompleteMultipartUpload` and any other POST that can change something, a PUT with
//! `x-oss-forbid-overwrite`, and an upload with a callback. The request extension [`Idempotency`]
//! overrides the rule.
//!
//! A stream cannot be sent twice: wrap it in [`OnceBody`]. Complete bodies are sent again byte by
//! byte.
//!
//! If an earlier attempt may have taken effect, the final error says
//! [`after_ambiguous_attempt`](crate::Error::after_ambiguous_attempt). A 409 or 404 can then be the
//! result of the request's own success.
//!
//! # How long it waits
//!
//! Before retry n, counted from 0, it waits `random[0, 1) × min(base × 2ⁿ, cap)`. This is full
//! jitter: clients that failed together do not return together. `base` is 100 ms, or 1 s after a
//! throttled response; `cap` is 20 s. A `Retry-After` is added, up to a minute.
//!
//! # What limits it
//!
//! The number of attempts, the time limit, the [`Deadline`](crate::Deadline) of the request, and a
//! [`RetryBudget`] that all clones share, so that an outage does not triple the number of requests.
//!
//! With a [`ThrottleLayer`](crate::ThrottleLayer) below, a throttled request is retried at once,
//! because the throttle does the waiting. Such a retry uses no attempt and no budget. The time
//! limit or the deadline ends them, or else 20 s from the first one. The wait of the first attempt
//! in the throttle is not part of this: only a deadline, or a `Timeout` outside, limits the
//! complete call.
//!
//! # With other layers
//!
//! - **Timeouts**: outside the policy, tower's `Timeout` limits the call, waits included;
//!   inside, it limits one attempt, up to the response head. An upload is part of the attempt.
//! - **Limiters** belong inside, where they see every attempt. A concurrency limit outside keeps
//!   its permit during the waits. tower's `RateLimit` cannot be cloned: put a `Buffer` between it
//!   and the policy.
//! - **Other retries**: hyper-util's `retry_canceled_requests` and reqwest's default `retry` resend
//!   requests that were not processed, with the old signature, and
//!   [`attempts`](crate::Error::attempts) does not count them. They do no harm. Let no client
//!   follow redirects. Of two policies, one inside the other, the outer one does not retry what the
//!   inner one has given up, unless a `Timeout` between them cuts the inner one short.
//! - **The error layer** belongs below the policy. Above it, the policy sees statuses alone: it
//!   cannot read codes and learns nothing about the clock, but the numbers on the final error are
//!   right.
//! - **Success bodies** are not the policy's concern: a success passes as soon as its head is
//!   there, and a body that breaks off later is not retried.

mod backoff;
mod body;
mod budget;
mod decide;
mod events;
mod facts;
mod idempotency;
mod policy;
mod retry_error;
mod session;
mod settings;
mod trace;
mod verdict;
mod wait;

pub use self::{
    backoff::Backoff,
    body::{OnceBody, OnceBodyError, TryCloneBody},
    budget::RetryBudget,
    events::{GiveUpEvent, RetryEvent},
    idempotency::Idempotency,
    policy::RetryPolicy,
    retry_error::RetryError,
    verdict::{Failure, Verdict},
    wait::Wait,
};
pub use crate::attempt::Attempt;
