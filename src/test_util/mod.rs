//! For tests: error answers as OSS sends them, and a service that gives them.
//!
//! [`ErrorResponse`] builds an answer, or the [`OssError`](crate::OssError) that comes of it. [`Scripted`] is a
//! service that gives one [`Answer`] after the other, whole, in frames, cut, failing or stalled, with no network.
//!
//! # Examples
//!
//! ```
//! use http::Request;
//! use tower::{Layer, ServiceExt};
//! use tower_oss::{ErrorCode, OssErrorLayer, test_util::{Answer, ErrorResponse, Scripted}};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! let oss = Scripted::new([
//!     Answer::from(ErrorResponse::new(ErrorCode::QpsLimitExceeded)),
//!     Answer::ok("hello"),
//! ]);
//! let client = OssErrorLayer::new().layer(oss.clone());
//!
//! let error = client.clone().oneshot(Request::new(())).await.unwrap_err();
//! assert!(error.oss().unwrap().is_throttled());
//! assert!(client.oneshot(Request::new(())).await.is_ok());
//! assert_eq!(oss.requests().len(), 2);
//! # }
//! ```

mod answer;
mod response;
mod scripted;
mod stand_in;

pub use self::{
    answer::{Answer, AnswerBody},
    response::ErrorResponse,
    scripted::Scripted,
    stand_in::StandInPolicy,
};
