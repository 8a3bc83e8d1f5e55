//! Reads an error body frame by frame, within limits.

use std::{
    future::Future,
    mem,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Buf;
use http_body::Body;
use tokio::time::{Instant, Sleep, sleep_until};

use super::{document_end::DocumentEnd, limits::Limits};
use crate::{
    deadline::far,
    error::{BodyState, BoxError},
};

/// The initial size of the buffer, in bytes: more than nearly all error documents have.
const USUAL_LEN: usize = 512;

/// What is read in one poll before other tasks can run: frames, and bytes.
const MAX_FRAMES_PER_POLL: u32 = 64;
const MAX_BYTES_PER_POLL: usize = 1024 * 1024;

/// What was read of a body.
pub(super) struct Collected {
    pub(super) bytes: Vec<u8>,
    /// The number of bytes received, including the discarded ones.
    pub(super) received: usize,
    pub(super) state: BodyState,
    /// Why reading the body failed.
    pub(super) cause: Option<BoxError>,
}

/// Reads a body up to its end or to the first limit. It never fails, and keeps what was received.
///
/// The body is boxed, so that this can be moved although the body may not be. The timer is created
/// when the body first returns `Pending`, so a body that is ready needs no runtime.
pub(super) struct Collect<B> {
    body: Pin<Box<B>>,
    limits: Limits,
    buffer: Vec<u8>,
    /// Bytes received.
    received: usize,
    /// What counts towards the limit: the bytes, and 1 for each empty frame, so that endless empty
    /// frames end.
    read: usize,
    end: DocumentEnd,
    /// How many bytes of the buffer were searched for the end of the document.
    scanned: usize,
    deadline: Option<Instant>,
    silence: Option<Silence>,
    timer: Option<Pin<Box<Sleep>>>,
}

/// A wait for the next byte.
#[derive(Clone, Copy)]
struct Silence {
    since: Instant,
    /// How many bytes had been received when the wait began.
    received: usize,
}

impl<B> Collect<B>
where
    B: Body,
    B::Error: Into<BoxError>,
{
    pub(super) fn new(body: B, limits: Limits) -> Self {
        let exact = body.size_hint().exact().map_or(0, to_usize);
        let buffer = Vec::with_capacity(exact.min(limits.keep));
        Self {
            body: Box::pin(body),
            limits,
            buffer,
            received: 0,
            read: 0,
            end: DocumentEnd::default(),
            scanned: 0,
            deadline: None,
            silence: None,
            timer: None,
        }
    }

    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Collected> {
        let (mut frames, before) = (0, self.received);
        loop {
            // Polls the body before the timer: bytes that are there count, even if this is polled
            // late.
            let (state, cause) = match self.body.as_mut().poll_frame(cx) {
                Poll::Ready(Some(Ok(frame))) => {
                    // Trailers and unknown frames have no part of the error.
                    let length = frame.into_data().map_or(0, |data| self.keep(data));
                    frames += 1;
                    self.read = self.read.saturating_add(length.max(1));
                    if !self.is_worth_reading_on() {
                        (BodyState::Truncated, None)
                    } else if frames <= MAX_FRAMES_PER_POLL && self.received - before <= MAX_BYTES_PER_POLL {
                        continue;
                    } else if self.start_deadline() <= Instant::now() {
                        (BodyState::TimedOut, None)
                    } else {
                        self.scan();
                        cx.waker().wake_by_ref();
                        return Poll::Pending;
                    }
                }
                Poll::Ready(Some(Err(error))) => (BodyState::Failed, Some(error.into())),
                Poll::Ready(None) => (BodyState::Complete, None),
                Poll::Pending if self.body.is_end_stream() => (BodyState::Complete, None),
                Poll::Pending => (ready!(self.poll_timer(cx)), None),
            };
            return Poll::Ready(self.finish(state, cause));
        }
    }

    /// Keeps the bytes up to the limit. Returns the length of the frame.
    fn keep(&mut self, mut data: impl Buf) -> usize {
        let length = data.remaining();
        self.received = self.received.saturating_add(length);
        let mut room = (self.limits.keep - self.buffer.len()).min(length);
        self.reserve(room);
        while room > 0 && !data.chunk().is_empty() {
            let part = data.chunk().len().min(room);
            self.buffer.extend_from_slice(&data.chunk()[..part]);
            data.advance(part);
            room -= part;
        }
        if data.has_remaining() {
            self.discard(data);
        }
        length
    }

    /// Doubles the buffer, up to the limit. It starts with [`USUAL_LEN`].
    fn reserve(&mut self, room: usize) {
        if self.buffer.capacity() - self.buffer.len() < room {
            let grown = (2 * self.buffer.capacity()).max(USUAL_LEN);
            let wanted = (self.buffer.len() + room).max(grown).min(self.limits.keep);
            self.buffer.reserve_exact(wanted - self.buffer.len());
        }
    }

    /// The document may end in the part that is discarded.
    fn discard(&mut self, mut data: impl Buf) {
        self.scan();
        while !data.chunk().is_empty() {
            self.end.read(data.chunk());
            data.advance(data.chunk().len());
        }
    }

    /// Searches the new bytes of the buffer for the end of the document.
    fn scan(&mut self) {
        self.end.read(&self.buffer[self.scanned..]);
        self.scanned = self.buffer.len();
    }

    /// Whether to read another frame.
    ///
    /// A body whose announced length exceeds the limit is not read further: reading a part of it
    /// would not free the connection.
    fn is_worth_reading_on(&self) -> bool {
        let Limits { keep, read, read_announced, .. } = self.limits;
        if self.buffer.len() < keep {
            return self.read <= read.max(keep);
        }
        let left = self.body.size_hint();
        let limit = if left.exact().is_some() { read_announced } else { read };
        limit.max(keep).checked_sub(self.read).is_some_and(|room| to_usize(left.lower()) <= room)
    }

    /// Returns the deadline, and starts it at the first call.
    fn start_deadline(&mut self) -> Instant {
        *self.deadline.get_or_insert_with(|| far(Instant::now(), self.limits.deadline))
    }

    /// Waits for the next byte, but not past the deadline, and only for the grace if the document
    /// has ended.
    fn poll_timer(&mut self, cx: &mut Context<'_>) -> Poll<BodyState> {
        self.scan();
        let (limit, state) = match self.end.is_reached() {
            true => (self.limits.grace, BodyState::Complete),
            false => (self.limits.idle, BodyState::TimedOut),
        };
        let (now, received) = (Instant::now(), self.received);
        let silence = self.silence.filter(|silence| silence.received == received);
        let silence = *self.silence.insert(silence.unwrap_or(Silence { since: now, received }));
        let until = far(silence.since, limit).min(self.start_deadline());
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(until)));
        if timer.deadline() != until {
            timer.as_mut().reset(until);
        }
        timer.as_mut().poll(cx).map(|()| state)
    }

    fn finish(&mut self, state: BodyState, cause: Option<BoxError>) -> Collected {
        let state = match state {
            BodyState::Complete if self.buffer.len() < self.received => BodyState::Truncated,
            BodyState::Complete if self.buffer.is_empty() => BodyState::Empty,
            state => state,
        };
        Collected { bytes: mem::take(&mut self.buffer), received: self.received, state, cause }
    }
}

fn to_usize(size: u64) -> usize {
    usize::try_from(size).unwrap_or(usize::MAX)
}
