//! Slows requests down when OSS throttles them.
//!
//! [`ThrottleLayer`] puts one limiter in front of all calls of a client. Below the limit a call is
//! sent at once. Beyond it, calls wait for a permit, first come, first served, and permits come at
//! the rate that OSS accepts. A call that gets no permit by its [`Deadline`](crate::Deadline), or
//! within [`max_wait`](ThrottleLayer::max_wait), ends as [`Error::NotSent`](crate::Error::NotSent).
//!
//! Put it inside the retry layer and outside [`OssErrorLayer`](crate::OssErrorLayer). If OSS
//! throttles a request, [`RetryPolicy`](crate::RetryPolicy) then retries it as soon as the throttle
//! has a permit. Such a retry does not count as an attempt. If the same call is throttled again, it
//! also waits for up to a second before it asks for a permit.
//!
//! ```
//! use http::Request;
//! use tower::{ServiceBuilder, ServiceExt};
//! use tower_oss::{
//!     ErrorCode, OssErrorLayer, ThrottleLayer,
//!     test_util::{Answer, ErrorResponse, Scripted},
//! };
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! let throttle = ThrottleLayer::new();
//! let handle = throttle.handle();
//! let throttled = ErrorResponse::new(ErrorCode::QpsLimitExceeded);
//! let oss = Scripted::new([throttled.into(), Answer::ok("hello")]);
//! let client = ServiceBuilder::new().layer(throttle).layer(OssErrorLayer::new()).service(oss);
//!
//! let before = handle.rate();
//! let error = client.clone().oneshot(Request::new(())).await.unwrap_err();
//! assert!(error.oss().unwrap().is_throttled());
//! assert!(handle.rate() < before);
//!
//! assert!(client.oneshot(Request::new(())).await.is_ok());
//! assert_eq!((handle.accepted(), handle.throttled()), (1, 1));
//! # }
//! ```
//!
//! # The law
//!
//! The rate follows TCP congestion control (CUBIC, RFC 9438), with requests in place of bytes.
//!
//! 1. **Slow start.** The rate begins at 250/s and doubles each round trip (0.1 to 1 s) while calls
//!    wait.
//! 2. **Cut.** A throttled response lowers the rate to 0.9 of what was accepted in the last second
//!    (or longer, until 20 were accepted), once per round trip, and at most by half. What was
//!    accepted becomes the known limit.
//! 3. **Growth.** While calls wait, the rate returns to the limit within 0.6 to 2.5 s (longer below
//!    1.2 requests/s, or if responses take more than 0.6 s), stays near it, and then grows ever
//!    faster in search of a new one. The rate grows only while calls wait. After a minute in which
//!    none waited and none was throttled, the limit is forgotten.
//! 4. **Tolerance.** Once a limit is known, the rate is cut only if more than 1.5 % of the
//!    responses are throttled, of the last second or the last hundred. Fewer may have nothing to do
//!    with the rate. A 503 without a request id is not from OSS, but from a proxy that may be
//!    broken: 30 % of these are tolerated.
//! 5. **Outage.** After ten responses in a row that were not accepted, a few requests are sent as
//!    probes and the others wait: at most 10/s, one in 5 s for each waiting call, and fewer the
//!    longer it lasts. The first success brings back the rate from before.
//!
//! Every 429, 503 and 509 counts as throttled here, and so does every error for which
//! [`is_throttled`](crate::OssError::is_throttled) is true. A success with `x-oss-qos-delay-time`
//! is an early warning, unless the request set `x-oss-traffic-limit` itself. A `Retry-After` pauses
//! all calls if the error names a limit of the rate, or if nothing is accepted.
//!
//! The figures, what was tried, and what this does not solve are in `docs/throttle.md` of the
//! repository.
//!
//! # With other layers
//!
//! The throttle waits in the response future, so a `LoadShed` outside sees no back-pressure. A
//! waiting call holds the service below it, which is ready: a `ConcurrencyLimit` there lends it a
//! permit for the wait. Put such a limit outside, or give it room for the calls that wait.

mod future;
mod layer;
mod limiter;
mod rate;
mod recent;
mod service;
mod settings;
mod shared;

pub use self::{
    future::ResponseFuture,
    layer::{ThrottleHandle, ThrottleLayer},
    service::Throttle,
    settings::{Change, ChangeKind},
};
