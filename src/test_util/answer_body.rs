use std::{
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

use crate::error::BoxError;

/// Response body of an [`Answer`](super::Answer).
#[derive(Debug)]
pub struct AnswerBody {
    rest: Bytes,
    frame: usize,
    announced: usize,
    stop: Option<Stop>,
}

/// How a body ends early.
#[derive(Clone, Copy, Debug)]
pub(super) enum Stop {
    Ends,
    Fails,
    Failed,
    Stalls,
}

impl AnswerBody {
    pub(super) fn new(bytes: Bytes, frame: usize, announced: usize, stop: Option<Stop>) -> Self {
        Self { rest: bytes, frame, announced, stop }
    }
}

/// The empty body.
impl Default for AnswerBody {
    fn default() -> Self {
        Self::new(Bytes::new(), usize::MAX, 0, None)
    }
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
                    // Returns `Pending` once, so that a server flushes what it has.
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
