//! Slows requests down when OSS throttles them.
//!
//! [`ThrottleLayer`] puts one limiter in front of all calls of a client. Below the limit a call is sent at once. Beyond it,
//! calls wait for a permit, first come, first served, and permits come at the rate that OSS accepts. A call that gets no
//! permit by its [`Deadline`](crate::Deadline), or within [`max_wait`](ThrottleLayer::max_wait), ends as
//! [`Error::NotSent`](crate::Error::NotSent).
//!
//! Put it inside the retry layer and outside [`OssErrorLayer`](crate::OssErrorLayer). It marks the errors whose retry it
//! delays, and [`RetryPolicy`](crate::RetryPolicy) then retries at once, without using an attempt.
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
//! let oss = Scripted::new([ErrorResponse::new(ErrorCode::QpsLimitExceeded).into(), Answer::ok("hello")]);
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

mod change;
mod future;
mod layer;
mod limiter;
mod rate;
mod recent;
mod service;
mod settings;
mod shared;

pub use self::{
    change::{Change, ChangeKind},
    future::ResponseFuture,
    layer::{ThrottleHandle, ThrottleLayer},
    service::Throttle,
};
