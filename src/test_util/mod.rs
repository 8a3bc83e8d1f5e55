//! A scripted OSS, as a service or as a server, and builders for errors, for your tests.
//!
//! | type | what |
//! |---|---|
//! | [`Scripted`] | a service that returns scripted responses in order, or by method and path, and records the requests |
//! | [`Scripted::serve`] | the same over HTTP on a free loopback port, for a complete client |
//! | [`Answer`] | what `Scripted` returns: a response (complete, in frames, cut, failing, stalled or delayed), an error, or nothing |
//! | [`ErrorResponse`] | an error response as OSS sends it, or the [`OssError`](crate::OssError) that the layer creates from it |
//! | [`ErrorBuilder`] | an [`Error`](crate::Error) with attempts, history, the reason why there was no retry, and ambiguity |
//!
//! # Examples
//!
//! A function of an application, tested with a real client and this server.
//!
//! ```
//! use std::{io, time::Duration};
//!
//! use bytes::Bytes;
//! use http::{Method, Request};
//! use http_body_util::Full;
//! use hyper_util::{client::legacy::Client, rt::TokioExecutor};
//! use tower::{Service, ServiceBuilder, ServiceExt};
//! use tower_oss::{
//!     Error, ErrorCode, OssErrorLayer, RetryPolicy,
//!     retry::Backoff,
//!     test_util::{Answer, ErrorResponse, Scripted},
//! };
//!
//! /// The code under test: stores a report unless there is one.
//! async fn store<S, B>(oss: S, url: &str, report: &str) -> Result<bool, Error>
//! where
//!     S: Service<Request<Full<Bytes>>, Response = http::Response<B>, Error = Error>,
//! {
//!     let request = Request::put(url)
//!         .header("x-oss-forbid-overwrite", "true")
//!         .body(Full::from(report.to_owned()))
//!         .expect("the URL is valid");
//!     match oss.oneshot(request).await {
//!         Ok(_) => Ok(true),
//!         Err(Error::Oss(error)) if *error.code() == ErrorCode::FileAlreadyExists => Ok(false),
//!         Err(error) => Err(error),
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let oss = Scripted::default();
//! let url = format!("http://{}/report", oss.serve().await?);
//! let client = ServiceBuilder::new()
//!     .retry(RetryPolicy::new().throttled_backoff(Backoff::new(Duration::ZERO, Duration::ZERO)))
//!     .layer(OssErrorLayer::new())
//!     .service(Client::builder(TokioExecutor::new()).build_http());
//!
//! // It is throttled once, and then stored.
//! oss.push(ErrorResponse::new(ErrorCode::QpsLimitExceeded));
//! oss.push(Answer::ok(""));
//! assert!(store(client.clone(), &url, "42").await?);
//! assert_eq!(oss.requests().len(), 2);
//! assert_eq!(oss.requests()[1].body(), "42");
//!
//! // There is one.
//! oss.push(ErrorResponse::new(ErrorCode::FileAlreadyExists));
//! assert!(!store(client.clone(), &url, "42").await?);
//!
//! // The connection breaks: it may be stored, so it is not sent again.
//! oss.on(Method::PUT, "/report", [Answer::fault(io::ErrorKind::ConnectionReset)]);
//! let error = store(client, &url, "42").await.unwrap_err();
//! assert_eq!(error.retry_stop(), Some(tower_oss::error::RetryStop::OutcomeUnknown));
//! # Ok(())
//! # }
//! ```
//!
//! With the mock of the crate `tower-test`, the test receives each request. It controls when the
//! service is ready, and when it responds:
//!
//! ```
//! use http::Request;
//! use tower_oss::{ErrorCode, OssErrorLayer, test_util::ErrorResponse};
//! use tower_test::mock;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! let (mut client, mut oss) = mock::spawn_layer(OssErrorLayer::new());
//! oss.allow(0);
//! assert!(client.poll_ready::<Request<()>>().is_pending());
//! oss.allow(1);
//! assert!(client.poll_ready::<Request<()>>().is_ready());
//!
//! let response = client.call(Request::get("/k").body(()).unwrap());
//! let (request, send) = oss.next_request().await.unwrap();
//! assert_eq!(request.uri(), "/k");
//! send.send_response(ErrorResponse::new(ErrorCode::NoSuchKey).response());
//!
//! let error: tower_oss::Error = response.await.unwrap_err();
//! assert!(error.oss().unwrap().is_not_found());
//! # }
//! ```

mod answer;
mod answer_body;
mod error_builder;
mod reading;
mod response;
mod script;
mod scripted;
mod serve;

pub use self::{
    answer::Answer,
    answer_body::AnswerBody,
    error_builder::ErrorBuilder,
    reading::ReadingBodies,
    response::ErrorResponse,
    scripted::{ResponseFuture, Scripted},
};
