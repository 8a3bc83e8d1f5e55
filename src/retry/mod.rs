//! A retry policy for OSS requests.
//!
//! [`RetryPolicy`] is a [`Policy`](tower::retry::Policy) for tower's retry layer. Put it above
//! [`OssErrorLayer`](crate::OssErrorLayer). By the time the policy decides, the error body has been
//! read, and the connection is back in the pool.
//!
//! The two settings that most people change are [`max_attempts`](RetryPolicy::max_attempts), 3 by
//! default, and [`max_elapsed`](RetryPolicy::max_elapsed), no limit by default.
//!
//! # What is retried
//!
//! The first of these that says something classifies a response:
//!
//! 1. the status, if it is 203, 429 or 509;
//! 2. the [`ErrorCode`](crate::ErrorCode), if it is listed;
//! 3. the words of a code that is not listed, or else the part of it before its first dot;
//! 4. the status.
//!
//! [`ThrottleLayer`](crate::ThrottleLayer) also treats every 503 as throttled.
//!
//! | response | [`Verdict`] | [`ThrottleLayer`](crate::ThrottleLayer) | why |
//! |---|---|---|---|
//! | a code of class throttling: `QpsLimitExceeded`, … | `Throttled` | slows down | [`is_throttled`](crate::OssError::is_throttled): the request did not take effect. Even an append is retried, after a longer wait |
//! | every 429 and 509 | `Throttled` | slows down | the same; OSS's page on error responses asks for fewer requests after every 429 and 503 |
//! | an unlisted code that names a rate limit: `…Qps…`, `Throttl…`, `SlowDown`, `RateLimit`, `RequestLimit`, `FlowControl`, `TooManyRequests`; at 503, any `…Limit…` | `Throttled` | slows down | the same |
//! | any other 503: `ServiceUnavailable`, an unlisted code, a proxy's page | `Transient` | slows down | the server is overloaded; the request may have taken effect |
//! | `InternalError`, `MirrorFailed` and every other code of class server; 408, 424 and 5xx without a code that says more, including a CDN's 520 to 530 | `Transient` | – | OSS, or something before it, failed; the request may have taken effect |
//! | `RequestTimeout` (400) | `Transient` | – | the request's bytes came too slowly |
//! | `RequestTimeTooSkewed`; `InvalidArgument` from a server whose clock differs from ours | `ClockSkewed` | – | retried once, at once, if the [`ClockOffset`](crate::ClockOffset) has changed by more than a minute |
//! | 203, whatever its code | `Never` | – | the object is stored; a retry would store it and call back again |
//! | 501, 505, 506, 508, 510, 511 without a code that says more; 600 and above | `Never` | – | the server does not support the request |
//! | every other code and status: 400, 403, 404, 405, 409, 411, 412, 416, … | `Never` | – | the response would be the same |
//!
//! An unlisted code that starts with `NoSuch`, `Invalid`, `Missing` or `Malformed`, or ends in
//! `NotExist`, `NotFound` or `AlreadyExists`, does not count as a rate limit. At 400 and 409,
//! `…ExceedLimit` is a limit of configuration. Under 429 and 509, every code counts as a rate
//! limit.
//!
//! | no response | [`Verdict`] | why |
//! |---|---|---|
//! | [`TransportKind::Connect`](crate::error::TransportKind::Connect): connection refused, unknown host, TLS | `NotApplied` | nothing was sent |
//! | [`Unprocessed`](crate::error::TransportKind::Unprocessed): HTTP/2's `REFUSED_STREAM`, or a `GOAWAY` that excludes the stream (feature `http2`) | `NotApplied` | the server says so |
//! | [`Reset`](crate::error::TransportKind::Reset), [`Closed`](crate::error::TransportKind::Closed), [`Timeout`](crate::error::TransportKind::Timeout), [`Protocol`](crate::error::TransportKind::Protocol) | `Transient` | the request may have taken effect |
//! | an [`io::Error`](std::io::Error) of kind `HostUnreachable`, `NetworkUnreachable` or `NetworkDown` that is not from connecting; `Interrupted` | `Transient` | the same: these also end connections that are in use |
//! | tower's `Overloaded` | `Never` | nothing was sent; tower's `LoadShed` is there to fail at once, and a retry would add load |
//! | [`NotSentError`](crate::error::NotSentError) | `Never` | a layer below could not prepare the request, or the throttle's queue is full |
//! | every other error: a faulty request, a closed `Buffer`, an unknown HTTP client, … | `Unknown` | it is not clear what failed, so it is not retried |
//!
//! reqwest's own timeouts have a private type. Let the adapter turn them into
//! `io::ErrorKind::TimedOut`, as `examples/reqwest.rs` does, or use tower's `Timeout`. Without the
//! feature `hyper-util`, only an `io::Error` among the causes and tower's errors are recognized,
//! and a refused connection is `Transient`: it may be the one that the request's body is read from.
//!
//! # What is never sent twice
//!
//! After `Throttled`, `NotApplied` and `ClockSkewed`, the request did not take effect, and any
//! request is retried. After `Transient`, an [idempotent](Idempotency) request is retried, and any
//! other ends the call as [`OutcomeUnknown`](crate::error::RetryStop::OutcomeUnknown). Not
//! idempotent are an append, `CompleteMultipartUpload` and any other POST that can change
//! something, a PUT with `x-oss-forbid-overwrite`, and an upload with a callback. The request
//! extension [`Idempotency`] overrides the rule.
//!
//! A stream cannot be sent twice: wrap it in [`OnceBody`]. Complete bodies are sent again byte by
//! byte.
//!
//! If an earlier attempt may have taken effect, the final error says
//! [`after_ambiguous_attempt`](crate::Error::after_ambiguous_attempt). A 409 or 404 can then mean
//! that an earlier attempt succeeded.
//!
//! # How long it waits
//!
//! Before retry `n` (the first is 0), the policy waits `random[0, 1) × min(base × 2ⁿ, cap)`. This
//! is full jitter: clients that failed together do not return together. `base` is 100 ms, or 1 s
//! after a throttled response. `cap` is 20 s. A `Retry-After` is added, up to a minute.
//!
//! # What limits it
//!
//! The number of attempts, the time limit, the [`Deadline`](crate::Deadline) of the request, and a
//! [`RetryBudget`] that all clones share, so that an outage does not triple the number of requests.
//!
//! With a [`ThrottleLayer`](crate::ThrottleLayer) below, a throttled request is retried without a
//! wait of its own, because the throttle does the waiting. From the second such retry of a call on,
//! the policy waits for up to a second as well: the object itself may be in demand. Such retries
//! use no attempt and no budget. They end at `max_elapsed` or the deadline. If neither is set, they
//! end 20 s after the first one, plus the time that a `Retry-After` asks for.
//!
//! The time that the first attempt waits in the throttle counts towards `max_elapsed` and the
//! deadline. Only the deadline, or the throttle's `max_wait`, ends that wait. Nothing of this stops
//! an attempt in progress: to limit the complete call, put a `Timeout` outside.
//!
//! # With other layers
//!
//! - **Timeouts**: outside the policy, tower's `Timeout` limits the call, waits included. Inside,
//!   it limits one attempt, up to the response head. An upload is part of the attempt.
//! - **Limiters** belong inside, where they see every attempt. A concurrency limit outside keeps
//!   its permit during the waits. So does one below a [`ThrottleLayer`](crate::ThrottleLayer): a
//!   call that waits in the throttle has already made the service below ready, and holds its
//!   permit. tower's `RateLimit` cannot be cloned: put a `Buffer` between it and the policy.
//! - **Other retries**: hyper-util's `retry_canceled_requests` and reqwest's default `retry` resend
//!   requests that were not processed, with the old signature. They do no harm, but
//!   [`attempts`](crate::Error::attempts) does not count them.
//! - **Redirects**: turn them off in the client. The signature is for one address.
//! - **Two policies**, one inside the other: the outer one does not retry what the inner one has
//!   given up, unless a `Timeout` between them cuts the inner one short.
//! - **The error layer** belongs below the policy. If it is above, the policy sees only statuses:
//!   it cannot read codes, and learns nothing about the clock. `attempts()` is still right.
//! - **Success bodies** are not the policy's concern. A success passes as soon as its head is
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
