//! Middleware that turns error responses of OSS into typed errors.
//!
//! [`OssErrorLayer`] wraps a service in [`OssErrorService`]. A success costs no allocation.
//! [`OssHeaders`] reads OSS's headers of successes.
//!
//! # Examples
//!
//! ```
//! use http::Request;
//! use tower::{Layer, ServiceExt};
//! use tower_oss::{
//!     Error, ErrorCode, OssErrorLayer,
//!     layer::OssHeaders,
//!     test_util::{Answer, ErrorResponse, Scripted},
//! };
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! let missing = ErrorResponse::new(ErrorCode::NoSuchKey).request_id("65A1");
//! let client = OssErrorLayer::new().layer(Scripted::new([missing.into(), Answer::ok("hello")]));
//!
//! match client.clone().oneshot(Request::new(())).await {
//!     Err(Error::Oss(error)) => assert_eq!(error.request_id(), Some("65A1")),
//!     _ => unreachable!("the response is a 404"),
//! }
//! let success = client.oneshot(Request::new(())).await.unwrap();
//! assert_eq!(success.oss_request_id(), None); // a real OSS sends one
//! # }
//! ```
//!
//! # Limits
//!
//! | | limit |
//! |---|---|
//! | bytes kept of an error body | 64 KiB ([`body_limit`](OssErrorLayer::body_limit)) |
//! | bytes read of an error body, so that the connection can be reused | 1 MiB ([`drain_limit`](OssErrorLayer::drain_limit)) |
//! | time for the body to arrive, once it is not ready | 5 s ([`body_deadline`](OssErrorLayer::body_deadline)) |
//! | time without a byte of the body, if the status is 429 or 5xx | 1 s ([`body_idle_timeout`](OssErrorLayer::body_idle_timeout)) |
//! | wait for the end of the body after a complete error document | 50 ms ([`grace`](OssErrorLayer::grace)) |
//! | elements kept besides the basic ones | 256, 8 levels deep, names of up to 256 bytes |
//! | text shown of any one value | 512 characters |
//!
//! When a limit is reached, the error is built from what has arrived, and
//! [`body_state`](crate::OssError::body_state) says so. Reading an error takes less than 128 KiB of
//! memory, or twice that for a hostile document. An error keeps hyper's read buffer alive, which
//! can be 400 KiB. If you keep many errors, keep their [`report`](crate::OssError::report) instead.

mod assemble;
mod classify;
mod collect;
mod document_end;
mod error_event;
mod error_layer;
mod finish;
mod future;
mod limits;
mod oss_headers;
mod request;
mod service;
mod settings;
mod trace;

pub use self::{
    classify::{ClassifyResponse, OssRule},
    error_event::ErrorEvent,
    error_layer::OssErrorLayer,
    future::ResponseFuture,
    oss_headers::OssHeaders,
    request::RequestInfo,
    service::OssErrorService,
};
