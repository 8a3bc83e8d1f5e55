//! Typed errors, retries and throttling for clients of Alibaba Cloud OSS, as tower middleware.
//!
//! | piece | what it does |
//! |---|---|
//! | [`OssErrorLayer`] | turns error responses into typed errors; successes pass untouched |
//! | [`Error`], [`OssError`] | what went wrong, complete and without leaking secrets |
//! | [`ErrorCode`], [`ErrorClass`] | what to branch on |
//! | [`OssHeaders`](layer::OssHeaders) | the headers of every response, also of a success: the [request id](layer::OssHeaders#obtain-the-request-id) |
//! | [`FindOssError`] | finds the error that other layers have wrapped |
//! | [`RetryPolicy`] | for tower's retry layer: what is [retried](retry), and when, within a budget |
//! | [`Idempotency`](retry::Idempotency), [`RetryStop`](error::RetryStop) | what must not take effect twice, and why the policy did not retry |
//! | [`ThrottleLayer`] | lowers the [request rate](throttle) of all calls while OSS reports overload |
//! | [`ClockOffset`] | the offset of the server's clock, for signers |
//!
//! # Examples
//!
//! The complete stack. The inner service is scripted here: a hyper-util client or an `axum::Router`
//! can take its place.
//!
//! ```
//! use std::time::Duration;
//!
//! use http::Request;
//! use tower::{ServiceBuilder, ServiceExt};
//! use tower_oss::{
//!     ClockOffset, ErrorCode, FindOssError, OssErrorLayer, RetryPolicy, ThrottleLayer,
//!     test_util::{ErrorResponse, Scripted},
//! };
//!
//! # #[tokio::main(flavor = "current_thread", start_paused = true)]
//! # async fn main() {
//! let oss = Scripted::default();
//! oss.push(ErrorResponse::new(ErrorCode::InternalError)); // retried
//! oss.push(ErrorResponse::new(ErrorCode::AccessDenied).request_id("65A1F0C2D3E4B5A697887766"));
//!
//! let clock = ClockOffset::new();
//! let client = ServiceBuilder::new()
//!     .timeout(Duration::from_secs(60)) // the call, up to the response head
//!     .retry(RetryPolicy::default().clock(clock.clone()))
//!     .layer(ThrottleLayer::new())
//!     .layer(OssErrorLayer::new().clock(clock.clone()))
//!     .map_request(|request: Request<()>| request) // your signer, with `clock.now()` as date
//!     .timeout(Duration::from_secs(10)) // one attempt, its upload included
//!     .service(oss);
//!
//! let error = client.oneshot(Request::new(())).await.unwrap_err(); // boxed by the outer timeout
//! let error = error.oss_error().expect("OSS responded");
//! assert!(error.is_access_denied());
//! assert_eq!(error.request_id(), Some("65A1F0C2D3E4B5A697887766"));
//! assert_eq!(error.attempts(), 2);
//! # }
//! ```
//!
//! The page [In an application](application) shows how to hold and share a client, sign, set
//! timeouts, use HTTP/2, and log.
//!
//! # What it does not do
//!
//! - It does not see an error inside a success: an error document under status 200, the end frame
//!   of a SelectObject stream, or a success body that breaks off while you read it.
//! - It recognizes a failed callback (203) by the request's header or query. A form upload
//!   (PostObject) has its callback in the body, which is not searched.
//! - It does not branch on ECs or on message texts, which OSS changes without notice, and neither
//!   should you.
//! - It does not decompress: put a decompressing layer below.
//!
//! # Features
//!
//! - `hyper-util`, on by default: tells the transport errors of hyper, hyper-util and reqwest
//!   apart.
//! - `http2`: tells a request that an HTTP/2 server did not process from one that may have taken
//!   effect.
//! - `tracing`: events with target `tower_oss` and OpenTelemetry's names: WARN or INFO per error,
//!   DEBUG per retry, one when a call has failed, with the request ids of its attempts, and INFO
//!   when the throttle slows down or an outage begins or ends.
//! - `test-util`: the module `test_util`, for your tests: a scripted OSS, and builders for errors.
//!   Not on wasm32.
//! - `full`: all of them.
//!
//! # Minimum supported Rust version
//!
//! 1.86. It is raised only with a new minor version.
#![cfg_attr(docsrs, feature(doc_cfg))]

mod attempt;
mod callback;
pub mod clock;
mod deadline;
mod diagnose;
pub mod error;
pub mod layer;
mod method;
mod parse;
mod redact;
pub mod retry;
mod sync;
#[cfg(feature = "test-util")]
pub mod test_util;
pub mod throttle;

#[doc(inline)]
pub use self::{
    clock::ClockOffset,
    deadline::Deadline,
    error::{Error, ErrorClass, ErrorCode, FindOssError, OssError},
    layer::OssErrorLayer,
    retry::RetryPolicy,
    throttle::ThrottleLayer,
};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

#[cfg(any(doc, doctest))] // a page, not an item
#[doc = include_str!("../docs/application.md")]
pub mod application {}
