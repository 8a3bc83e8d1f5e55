use std::time::Duration;

use http::Request;

use super::{Failure, Idempotency, TryCloneBody, Verdict, idempotency::changes_something, verdict::Cause};
use crate::{deadline::Deadline, error::retry_after};

/// What the decision about another attempt depends on.
pub(super) struct Facts {
    pub(super) verdict: Verdict,
    /// The failed attempt was sent.
    pub(super) was_sent: bool,
    /// A throttle below delays the next attempt, because of this error.
    pub(super) delayed_by_throttle: bool,
    pub(super) idempotency: Idempotency,
    /// The request could change something.
    pub(super) changes_something: bool,
    /// The body was sent and cannot be sent again.
    pub(super) body_is_stand_in: bool,
    pub(super) retry_after: Option<Duration>,
    pub(super) deadline: Option<Deadline>,
}

impl Facts {
    pub(super) fn new<B: TryCloneBody>(
        request: &Request<B>,
        failure: &Failure<'_>,
        verdict: Verdict,
    ) -> Self {
        Self {
            verdict,
            was_sent: failure.was_sent(),
            delayed_by_throttle: failure.oss().is_some_and(|error| error.notes().is_delayed_by_throttle()),
            idempotency: Idempotency::of(request),
            changes_something: changes_something(request),
            body_is_stand_in: request.body().is_stand_in(),
            retry_after: match failure.cause {
                Cause::Oss(error) => error.retry_after(),
                Cause::Response(_, headers) => retry_after(headers),
                Cause::NotSent(..) | Cause::Transport(_) => None,
            },
            deadline: Deadline::of(request),
        }
    }
}
