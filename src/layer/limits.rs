//! How many bytes of an error body are read, and for how long.

use std::time::Duration;

use http::{StatusCode, Version, response};

/// The receive window of a stream in hyper-util and reqwest: what a server may have sent before it
/// sees a reset.
const HTTP2_WINDOW: usize = 2 * 1024 * 1024;

/// The limits for reading an error body.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// Maximum number of bytes that are kept.
    pub(super) keep: usize,
    /// Maximum number of bytes that are read. Those beyond `keep` are discarded, so that the
    /// connection can be reused.
    pub(super) read: usize,
    /// The same for a body that announces its length.
    pub(super) read_announced: usize,
    /// Time for the complete body. The timer starts when the body is first not ready, or has had
    /// many frames.
    pub(super) deadline: Duration,
    /// Time without a byte.
    pub(super) idle: Duration,
    /// Time without a byte once the error document has ended.
    pub(super) grace: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self::DEFAULT
    }
}

impl Limits {
    pub(super) const DEFAULT: Self = Self {
        keep: 64 * 1024,
        read: 1024 * 1024,
        read_announced: 1024 * 1024,
        deadline: Duration::from_secs(5),
        idle: Duration::from_secs(1),
        grace: Duration::from_millis(50),
    };

    /// Adjusts the limits to a response.
    pub(super) fn for_response(mut self, head: &response::Parts) -> Self {
        if !mostly_decides(head.status) {
            self.idle = self.deadline;
        }
        // Dropping a body resets its stream, and a client closes a connection with too many resets.
        if head.version == Version::HTTP_2 {
            self.read_announced = self.read_announced.max(HTTP2_WINDOW);
        }
        self
    }
}

/// Whether the status nearly always decides about a retry, whatever the body says.
fn mostly_decides(status: StatusCode) -> bool {
    status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS
}
