use std::{
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};
use http_body::{Body, Frame, SizeHint};

use super::{ErrorResponse, response::to_head};
use crate::{ErrorCode, error::BoxError};

/// One answer of a [`Scripted`](super::Scripted) service: what it says, and how its body arrives.
///
/// # Examples
///
/// ```
/// use tower_oss::{ErrorCode, test_util::{Answer, ErrorResponse}};
///
/// let whole = Answer::from(ErrorResponse::new(ErrorCode::InternalError));
/// let trickling = whole.clone().in_frames_of(7);
/// let cut = whole.clone().cut_after(100);
/// let stalled = whole.stalled_after(100);
/// # let _ = (trickling, cut, stalled);
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Answer {
    response: Response<Bytes>,
    frame: usize,
    stop: Option<(usize, Stop)>,
}

/// How a body ends before its end.
#[derive(Clone, Copy, Debug)]
enum Stop {
    Ends,
    Fails,
    Failed,
    Stalls,
}

impl Answer {
    /// A 200 with this body.
    pub fn ok(body: impl Into<Bytes>) -> Self {
        Self::new(Response::new(body.into()))
    }

    /// Any answer at all.
    pub fn new(response: Response<Bytes>) -> Self {
        Self { response, frame: usize::MAX, stop: None }
    }

    /// A web page, as a proxy sends it.
    pub fn html(status: StatusCode, page: impl Into<Bytes>) -> Self {
        let mut response = Response::new(page.into());
        *response.status_mut() = status;
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html"));
        Self::new(response)
    }

    /// The 203 of an upload that is stored, but whose callback failed.
    pub fn callback_failed() -> Self {
        ErrorResponse::new(ErrorCode::CallbackFailed)
            .message("Error status : 502.")
            .ec("0007-00000203")
            .header(header::ETAG, HeaderValue::from_static("\"5D41402ABC4B2A76B9719D911017C592\""))
            .into()
    }

    /// Sends the body in frames of this many bytes, at least one.
    pub fn in_frames_of(mut self, bytes: usize) -> Self {
        self.frame = bytes.max(1);
        self
    }

    /// Ends the body after this many bytes, as if that were all of it.
    pub fn cut_after(self, bytes: usize) -> Self {
        self.stop(bytes, Stop::Ends)
    }

    /// Lets the body fail after this many bytes, as when the connection breaks.
    pub fn failing_after(self, bytes: usize) -> Self {
        self.stop(bytes, Stop::Fails)
    }

    /// Lets the body stall after this many bytes: nothing more comes, for ever.
    pub fn stalled_after(self, bytes: usize) -> Self {
        self.stop(bytes, Stop::Stalls)
    }

    fn stop(mut self, bytes: usize, stop: Stop) -> Self {
        self.stop = Some((bytes, stop));
        self
    }

    /// The answer to HEAD: the body moves into `x-oss-err`.
    pub(super) fn to_head(&self) -> Response<AnswerBody> {
        to_head(self.response.clone()).map(|_| AnswerBody {
            rest: Bytes::new(),
            frame: usize::MAX,
            announced: 0,
            stop: None,
        })
    }

    pub(super) fn to_response(&self) -> Response<AnswerBody> {
        let mut response = self.response.clone();
        let whole = response.body().len();
        let stop = self.stop.filter(|(at, _)| *at <= whole);
        let sent = stop.map_or(whole, |(at, _)| at);
        let announced = if let Some((_, Stop::Ends)) = stop { sent } else { whole };
        if response.headers().contains_key(header::CONTENT_LENGTH) {
            response.headers_mut().insert(header::CONTENT_LENGTH, announced.into());
        }
        let stop = stop.map(|(_, stop)| stop);
        response.map(|body| AnswerBody { rest: body.slice(..sent), frame: self.frame, announced, stop })
    }
}

impl From<ErrorResponse> for Answer {
    fn from(response: ErrorResponse) -> Self {
        Self::new(response.whole())
    }
}

/// The body of an [`Answer`].
#[derive(Debug)]
pub struct AnswerBody {
    rest: Bytes,
    frame: usize,
    announced: usize,
    stop: Option<Stop>,
}

impl Body for AnswerBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        if self.rest.is_empty() {
            return match self.stop {
                Some(Stop::Stalls) => Poll::Pending,
                Some(Stop::Fails) => {
                    // Once more round first, so that a server has sent what it was given.
                    self.stop = Some(Stop::Failed);
                    cx.waker().wake_by_ref();
                    Poll::Pending
                }
                Some(Stop::Failed) => {
                    self.stop = None;
                    Poll::Ready(Some(Err("the connection broke".into())))
                }
                Some(Stop::Ends) | None => Poll::Ready(None),
            };
        }
        let length = self.frame.min(self.rest.len());
        self.announced -= length;
        let frame = self.rest.split_to(length);
        Poll::Ready(Some(Ok(Frame::data(frame))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && matches!(self.stop, None | Some(Stop::Ends))
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.announced as u64)
    }
}
