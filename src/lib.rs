//! Typed errors, retries and throttling for clients of Alibaba Cloud OSS, as tower middleware.
//!
//! | piece | what it does |
//! |---|---|
//! | [`OssErrorLayer`] | turns error responses into typed errors; successes pass unchanged |
//! | [`Error`] | the error of a call: an error response, no response, or a request that was not sent |
//! | [`OssError`] | an error response with all its elements; no rendering shows secrets |
//! | [`ErrorCode`] | OSS's code, to branch on |
//! | [`ErrorClass`] | the category of the code, to branch on |
//! | [`OssHeaders`](layer::OssHeaders) | OSS's headers of any response, such as the [request id](layer::OssHeaders#obtain-the-request-id) of a success |
//! | [`FindOssError`] | finds the OSS error that other layers have wrapped |
//! | [`RetryPolicy`] | a policy for tower's retry layer, with a budget: [what is retried](retry), and when |
//! | [`Idempotency`](retry::Idempotency) | whether a request may take effect twice |
//! | [`RetryStop`](error::RetryStop) | why the policy did not retry |
//! | [`ThrottleLayer`] | limits the [request rate](throttle) to what OSS accepts |
//! | [`ClockOffset`] | the offset between the clock of OSS and the local clock, for signers |
//!
//! # Examples
//!
//! The complete stack. Here the inner service is scripted. Put a hyper-util client or an
//! `axum::Router` in its place.
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
//! - It does not see an error inside a success, such as an error document with status 200, the end
//!   frame of a SelectObject stream, or a success body that breaks off while you read it.
//! - It recognizes a failed callback (203) by the request's header or query. A form upload
//!   (PostObject) has its callback in the body, which is not searched.
//! - It does not branch on ECs or on message texts, because OSS changes them without notice.
//!   Neither should you.
//! - It does not decompress bodies. Put a decompressing layer below.
//!
//! # Features
//!
//! - `hyper-util`, on by default: lets the retry policy classify transport errors of hyper,
//!   hyper-util and reqwest.
//! - `http2`: detects requests that an HTTP/2 server did not process, so that they can be retried.
//! - `tracing`: events with the target `tower_oss` and OpenTelemetry's names:
//!   - WARN or INFO for each error,
//!   - DEBUG for each retry,
//!   - ERROR, WARN or INFO when a call has failed, with the request ids of its attempts,
//!   - INFO when the throttle begins to slow down, or an outage begins or ends,
//!   - DEBUG when the throttle rejects a call.
//! - `test-util`: the module `test_util` with a scripted OSS and builders for errors, for your
//!   tests. Not on wasm32.
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
