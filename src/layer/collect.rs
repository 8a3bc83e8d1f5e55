//! Reads an error body frame by frame, within limits.

use std::{
    future::Future,
    mem,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::Buf;
use http_body::Body;
use tokio::time::{Instant, Sleep, sleep_until};

use crate::{
    deadline::far,
    error::{BodyState, BoxError},
};

/// Longer than nearly all error documents, in bytes.
const USUAL_LEN: usize = 512;

/// How much of an error body is read, and for how long.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// Bytes that are kept.
    pub(crate) keep: usize,
    /// Bytes that are read; those beyond `keep` are discarded, so that the connection can be used again.
    pub(crate) read: usize,
    /// Time for all of it, from the moment when the body first makes wait, or has come in many frames.
    pub(crate) deadline: Duration,
    /// Time for the end of the body, once the error document in it has ended.
    pub(crate) grace: Duration,
}

impl Limits {
    pub(crate) const DEFAULT: Self = Self {
        keep: 64 * 1024,
        read: 1024 * 1024,
        deadline: Duration::from_secs(5),
        grace: Duration::from_millis(50),
    };
}

/// What there is of a body.
pub(crate) struct Collected {
    pub(crate) bytes: Vec<u8>,
    pub(crate) state: BodyState,
    /// Why reading failed.
    pub(crate) cause: Option<BoxError>,
}

/// Reads a body up to its end or to the first limit. It never fails: what came is never lost.
///
/// The body stands apart, so that this can be moved: nearly always, it is done before it has to be kept anywhere. The
/// timer is made when the body first makes wait, so a body that is there already needs no runtime.
pub(crate) struct Collect<B> {
    body: Pin<Box<B>>,
    limits: Limits,
    /// Whether a text ends in a whole error document.
    is_whole: fn(&[u8]) -> bool,
    timer: Option<Pin<Box<Sleep>>>,
    buffer: Vec<u8>,
    read: usize,
    frames: u32,
    discarded: bool,
    deadline: Option<Instant>,
    grace: Option<Grace>,
}

/// The wait for the end of the body after a text that may be a whole document.
#[derive(Clone, Copy)]
struct Grace {
    /// The length of that text.
    length: usize,
    until: Instant,
}

impl<B> Collect<B>
where
    B: Body,
    B::Error: Into<BoxError>,
{
    pub(crate) fn new(body: B, limits: Limits, is_whole: fn(&[u8]) -> bool) -> Self {
        let exact = body.size_hint().exact().map_or(0, to_usize);
        let buffer = Vec::with_capacity(exact.min(limits.keep));
        Self {
            body: Box::pin(body),
            limits,
            is_whole,
            timer: None,
            buffer,
            read: 0,
            frames: 0,
            discarded: false,
            deadline: None,
            grace: None,
        }
    }

    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Collected> {
        loop {
            // The body before the timer: what is there counts, however late this is polled.
            let (state, cause) = match self.body.as_mut().poll_frame(cx) {
                Poll::Ready(Some(Ok(frame))) => {
                    // Trailers and unknown frames say nothing about the error.
                    let length = frame.into_data().map_or(0, |data| self.keep(data));
                    if !self.is_worth_reading_on(length) {
                        (BodyState::Truncated, None)
                    } else if self.is_late() {
                        (BodyState::TimedOut, None)
                    } else {
                        continue;
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

    /// Keeps what there is room for; returns how long the frame was.
    fn keep(&mut self, mut data: impl Buf) -> usize {
        let length = data.remaining();
        let mut room = (self.limits.keep - self.buffer.len()).min(length);
        if self.buffer.capacity() - self.buffer.len() < room {
            // Doubles, but never beyond the limit; and starts with what is enough for nearly every document.
            let grown = (2 * self.buffer.capacity()).max(USUAL_LEN);
            let wanted = (self.buffer.len() + room).max(grown).min(self.limits.keep);
            self.buffer.reserve_exact(wanted - self.buffer.len());
        }
        self.discarded |= room < length;
        while room > 0 && !data.chunk().is_empty() {
            let part = data.chunk().len().min(room);
            self.buffer.extend_from_slice(&data.chunk()[..part]);
            data.advance(part);
            room -= part;
        }
        length
    }

    /// Whether there is a point in the next frame.
    ///
    /// An empty frame counts as a byte, so that endless ones come to an end. And a body that is announced to be
    /// longer than what will be read is left at once: reading a part of it frees no connection.
    fn is_worth_reading_on(&mut self, length: usize) -> bool {
        self.read = self.read.saturating_add(length.max(1));
        let left = self.limits.read.max(self.limits.keep).checked_sub(self.read);
        let is_full = self.buffer.len() == self.limits.keep;
        left.is_some_and(|left| !is_full || to_usize(self.body.size_hint().lower()) <= left)
    }

    /// Whether the deadline has passed, for a body that never makes wait. A look at the clock every 64 frames will do.
    fn is_late(&mut self) -> bool {
        let limit = self.limits.deadline;
        self.frames = self.frames.wrapping_add(1);
        self.frames % 64 == 0
            && *self.deadline.get_or_insert_with(|| far(Instant::now(), limit)) <= Instant::now()
    }

    /// Waits for the deadline; or, if the text turns out to be a whole document, for the end of the grace.
    fn poll_timer(&mut self, cx: &mut Context<'_>) -> Poll<BodyState> {
        let (now, length, limits) = (Instant::now(), self.buffer.len(), self.limits);
        let deadline = *self.deadline.get_or_insert_with(|| far(now, limits.deadline));
        if self.grace.is_none_or(|grace| grace.length != length) {
            self.grace = Some(Grace { length, until: far(now, limits.grace).min(deadline) });
        }
        loop {
            let until = self.grace.map_or(deadline, |grace| grace.until);
            match &mut self.timer {
                None => self.timer = Some(Box::pin(sleep_until(until))),
                Some(timer) if timer.deadline() != until => timer.as_mut().reset(until),
                Some(timer) => {
                    ready!(timer.as_mut().poll(cx));
                    if !self.discarded && (self.is_whole)(&self.buffer) {
                        return Poll::Ready(BodyState::Complete);
                    }
                    if until == deadline {
                        return Poll::Ready(BodyState::TimedOut);
                    }
                    self.grace = Some(Grace { length, until: deadline });
                }
            }
        }
    }

    fn finish(&mut self, state: BodyState, cause: Option<BoxError>) -> Collected {
        let state = match state {
            BodyState::Complete if self.discarded => BodyState::Truncated,
            BodyState::Complete if self.buffer.is_empty() => BodyState::Empty,
            state => state,
        };
        Collected { bytes: mem::take(&mut self.buffer), state, cause }
    }
}

fn to_usize(size: u64) -> usize {
    usize::try_from(size).unwrap_or(usize::MAX)
}
