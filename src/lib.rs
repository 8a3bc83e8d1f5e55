//! Typed errors for clients of Alibaba Cloud OSS, as tower middleware.
//!
//! | piece | what it does |
//! |---|---|
//! | [`OssErrorLayer`] | turns error answers into typed errors; successes pass untouched |
//! | [`OssError`] | what OSS said, complete and without leaking secrets |
//! | [`ErrorCode`], [`ErrorClass`] | what to branch on |
//! | [`FindOssError`] | finds the error behind whatever other layers wrapped around it |
//!
//! # Examples
//!
//! A whole stack. The inner service is scripted here; a client of hyper-util or an `axum::Router` fits as it is.
//!
//! ```
//! use std::time::Duration;
//!
//! use http::Request;
//! use tower::{ServiceBuilder, ServiceExt};
//! use tower_oss::{
//!     ErrorCode, FindOssError, OssErrorLayer,
//!     test_util::{ErrorResponse, Scripted},
//! };
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! let oss = Scripted::default();
//! oss.push(ErrorResponse::new(ErrorCode::AccessDenied).request_id("65A1F0C2D3E4B5A697887766"));
//!
//! let client = ServiceBuilder::new()
//!     .timeout(Duration::from_secs(30))
//!     .layer(OssErrorLayer::new())
//!     .service(oss);
//!
//! let error = client.oneshot(Request::new(())).await.unwrap_err(); // boxed by the timeout
//! let error = error.oss_error().expect("OSS answered");
//! assert!(error.is_access_denied());
//! assert_eq!(error.request_id(), Some("65A1F0C2D3E4B5A697887766"));
//! # }
//! ```
//!
//! # Features
//!
//! - `tracing`: one event an error, with code, class, status, request id, EC and host.
//! - `test-util`: the module `test_util`: error answers as OSS sends them, and a service that gives them.
//! - `full`: both.
//!
//! # Minimum supported Rust version
//!
//! 1.86. It is raised only with a new minor version.
#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(
    not(feature = "test-util"),
    expect(rustdoc::broken_intra_doc_links, reason = "a module of that feature")
)]

mod attempt;
mod clock;
mod collect;
mod deadline;
mod decode;
mod error;
mod parse;
pub mod retry;
#[cfg(feature = "test-util")]
pub mod test_util;

pub use self::{
    attempt::Attempt,
    clock::ClockOffset,
    deadline::Deadline,
    decode::{ClassifyResponse, OssErrorLayer, OssErrorService, OssRule, RequestInfo, ResponseFuture},
    error::{
        BodyKind, BodyState, BoxError, CodeOrigin, Error, ErrorClass, ErrorCode, Explanation, FindOssError,
        OssError, RetryStop, TransportError, UnknownCode,
    },
    retry::RetryPolicy,
};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
