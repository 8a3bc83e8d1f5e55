use std::{io, time::Duration};

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};

use super::{AnswerBody, ErrorResponse, answer_body::Stop, response::to_head};
use crate::error::ErrorCode;

/// How a [`Scripted`](super::Scripted) service responds to one request.
///
/// This is a response and how it arrives, an error, or nothing at all.
///
/// # Examples
///
/// ```
/// use std::{io, time::Duration};
/// use tower_oss::{ErrorCode, test_util::{Answer, ErrorResponse}};
///
/// let complete = Answer::from(ErrorResponse::new(ErrorCode::InternalError));
/// let trickling = complete.clone().in_frames_of(7);
/// let cut = complete.clone().cut_after(100);
/// let stalled = complete.clone().stalled_after(100);
/// let late = complete.delayed(Duration::from_secs(2));
/// let fault = Answer::fault(io::ErrorKind::ConnectionRefused);
/// # let _ = (trickling, cut, stalled, late, fault);
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Answer {
    pub(super) delay: Duration,
    outcome: CallResult,
}

#[derive(Clone, Debug)]
enum CallResult {
    Response { response: Response<Bytes>, frame: usize, stop: Option<(usize, Stop)> },
    Fault(io::ErrorKind),
    Never,
}

impl Answer {
    /// Creates a 200 with this body.
    pub fn ok(body: impl Into<Bytes>) -> Self {
        Self::new(Response::new(body.into()))
    }

    /// Creates any response.
    pub fn new(response: Response<Bytes>) -> Self {
        Self::of(CallResult::Response { response, frame: usize::MAX, stop: None })
    }

    /// Creates a web page, like one from a proxy.
    pub fn html(status: StatusCode, page: impl Into<Bytes>) -> Self {
        let mut response = Response::new(page.into());
        *response.status_mut() = status;
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html"));
        Self::new(response)
    }

    /// Creates a 203: the object was stored, but the upload callback failed.
    pub fn callback_failed() -> Self {
        ErrorResponse::new(ErrorCode::CallbackFailed)
            .message("Error status : 502.")
            .ec("0007-00000203")
            .header(header::ETAG, HeaderValue::from_static("\"5D41402ABC4B2A76B9719D911017C592\""))
            .into()
    }

    /// Makes the call fail with an [`io::Error`] of this kind.
    ///
    /// Behind [`serve`](super::Scripted::serve), the server closes the connection instead, whatever
    /// the kind.
    pub fn fault(kind: io::ErrorKind) -> Self {
        Self::of(CallResult::Fault(kind))
    }

    /// Never responds: the call waits until the caller gives up.
    pub fn never() -> Self {
        Self::of(CallResult::Never)
    }

    fn of(outcome: CallResult) -> Self {
        Self { delay: Duration::ZERO, outcome }
    }

    /// Delays the response or the error by this time. If tokio's clock is paused, it advances by
    /// itself.
    pub fn delayed(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// Sends the body in frames of this many bytes, at least one.
    pub fn in_frames_of(mut self, bytes: usize) -> Self {
        if let CallResult::Response { frame, .. } = &mut self.outcome {
            *frame = bytes.max(1);
        }
        self
    }

    /// Ends the body after this many bytes, as if it were complete. A shorter body is unchanged.
    pub fn cut_after(self, bytes: usize) -> Self {
        self.stop(bytes, Stop::Ends)
    }

    /// Makes the body fail after this many bytes, as if the connection broke. A shorter body is
    /// unchanged.
    pub fn failing_after(self, bytes: usize) -> Self {
        self.stop(bytes, Stop::Fails)
    }

    /// Makes the body stall for ever after this many bytes. A shorter body is unchanged.
    pub fn stalled_after(self, bytes: usize) -> Self {
        self.stop(bytes, Stop::Stalls)
    }

    fn stop(mut self, bytes: usize, how: Stop) -> Self {
        if let CallResult::Response { stop, .. } = &mut self.outcome {
            *stop = Some((bytes, how));
        }
        self
    }

    /// The result of the call, or `None` if it never ends.
    pub(super) fn result(&self, is_head: bool) -> Option<io::Result<Response<AnswerBody>>> {
        match &self.outcome {
            CallResult::Response { response, .. } if is_head => Some(Ok(respond_to_head(response.clone()))),
            CallResult::Response { response, frame, stop } => {
                Some(Ok(respond(response.clone(), *frame, *stop)))
            }
            CallResult::Fault(kind) => Some(Err((*kind).into())),
            CallResult::Never => None,
        }
    }
}

/// A response that arrives complete.
pub(super) fn respond_with(response: Response<Bytes>, is_head: bool) -> Response<AnswerBody> {
    if is_head { respond_to_head(response) } else { respond(response, usize::MAX, None) }
}

/// The error document of a response to HEAD is in `x-oss-err`.
fn respond_to_head(response: Response<Bytes>) -> Response<AnswerBody> {
    to_head(response).map(|_| AnswerBody::default())
}

fn respond(mut response: Response<Bytes>, frame: usize, stop: Option<(usize, Stop)>) -> Response<AnswerBody> {
    let complete = response.body().len();
    let stop = stop.filter(|(at, _)| *at <= complete);
    let sent = stop.map_or(complete, |(at, _)| at);
    let announced = if let Some((_, Stop::Ends)) = stop { sent } else { complete };
    if response.headers().contains_key(header::CONTENT_LENGTH) {
        response.headers_mut().insert(header::CONTENT_LENGTH, announced.into());
    }
    let stop = stop.map(|(_, stop)| stop);
    response.map(|body| AnswerBody::new(body.slice(..sent), frame, announced, stop))
}

impl From<ErrorResponse> for Answer {
    fn from(response: ErrorResponse) -> Self {
        Self::new(response.complete())
    }
}
