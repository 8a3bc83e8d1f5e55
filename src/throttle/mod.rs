//! Slows requests down when OSS throttles them.
//!
//! [`ThrottleLayer`] puts one limiter in front of all calls of a client. Below the limit a call is
//! sent at once. Beyond it, calls wait for a permit, first come, first served, and permits come at
//! the rate that OSS accepts. A call that gets no permit by its [`Deadline`](crate::Deadline), or
//! within [`max_wait`](ThrottleLayer::max_wait), ends as [`Error::NotSent`](crate::Error::NotSent).
//!
//! Put it inside the retry layer and outside [`OssErrorLayer`](crate::OssErrorLayer). It marks the
//! errors whose retry it delays, and [`RetryPolicy`](crate::RetryPolicy) then retries at once,
//! without using an attempt.
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
//! It is TCP's, with requests for bytes (CUBIC, RFC 9438).
//!
//! 1. **Slow start.** The rate begins at 250/s and doubles each round trip while calls wait.
//! 2. **Cut.** A throttled response lowers the rate to 0.9 of what was accepted in the last second,
//!    once per round trip. That is the limit, as far as it is known.
//! 3. **Growth.** While calls wait, the rate returns to the limit within 0.6 to 2.5 s (longer below
//!    1.2 requests/s, or if responses take more than 0.6 s), stays near it, and then grows ever
//!    faster in search of a new one. It does not grow without demand, and a quiet minute forgets
//!    the limit.
//! 4. **Tolerance.** Once a limit is known, up to 1.5 % throttled responses, of the last second or
//!    the last hundred, are no reason for a cut: they may have nothing to do with the rate.
//! 5. **Outage.** If nothing is accepted, a few requests are sent as probes and the others wait.
//!    The first success brings back the rate from before.
//!
//! Every 429, 503 and 509 counts as throttled, and so does every error that
//! [`is_throttled`](crate::OssError::is_throttled). A success with `x-oss-qos-delay-time` is an
//! early warning, unless the request set `x-oss-traffic-limit` itself. A `Retry-After` pauses all
//! calls.
//!
//! The figures, what was tried, and what this does not solve are in `docs/throttle.md` of the
//! repository.
//!
//! The throttle waits in the response future, so a `LoadShed` outside sees no back-pressure.

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
