use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use http_body_util::BodyExt;
use tower::Service;

use super::{AnswerBody, Scripted};
use crate::error::BoxError;

/// [`Scripted`] service that reads the request bodies. Created by [`Scripted::reading_bodies`].
///
/// If reading a body fails, the call fails with the same error, and the request is recorded without
/// a body.
///
/// # Examples
///
/// ```
/// use http::Request;
/// use tower::ServiceExt;
/// use tower_oss::test_util::{Answer, Scripted};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let oss = Scripted::new([Answer::ok("")]);
/// let request = Request::put("/k").body("hello".to_owned()).unwrap();
/// oss.reading_bodies().oneshot(request).await.unwrap();
/// assert_eq!(oss.requests()[0].body(), "hello");
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct ReadingBodies(Scripted);

impl ReadingBodies {
    pub(super) fn new(scripted: Scripted) -> Self {
        Self(scripted)
    }
}

impl<B> Service<Request<B>> for ReadingBodies
where
    B: Body<Data: Send, Error: Into<BoxError>> + Send + 'static,
{
    type Response = Response<AnswerBody>;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Response<AnswerBody>, BoxError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let scripted = self.0.clone();
        Box::pin(async move {
            let (head, body) = request.into_parts();
            match body.collect().await.map_err(Into::<BoxError>::into) {
                Ok(body) => scripted.respond(Request::from_parts(head, body.to_bytes())).await,
                Err(error) => {
                    scripted.record(Request::from_parts(head, Bytes::new()));
                    Err(error)
                }
            }
        })
    }
}
