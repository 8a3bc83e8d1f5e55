//! What the policy does after an attempt.

use http::{Request, Response, StatusCode};
use tokio::time::Instant;
use tower::retry::Policy;

use super::{
    Failure, GiveUpEvent, RetryError, RetryEvent, RetryPolicy, TryCloneBody, Verdict, Wait, facts::Facts,
    retry_error, session::Next, trace, verdict::Cause,
};
use crate::{
    attempt::Attempt,
    clock::may_be_skewed,
    deadline::MaxElapsed,
    error::{CallNotes, LastError, Notes, RetryStop},
};

impl<B: TryCloneBody, R, E: RetryError> Policy<Request<B>, Response<R>, E> for RetryPolicy {
    type Future = Wait;

    #[inline]
    fn retry(&mut self, request: &mut Request<B>, result: &mut Result<Response<R>, E>) -> Option<Wait> {
        self.session.deposit(&self.settings);
        match result {
            Ok(response) if is_settled(response.status()) => {
                // A success of the first attempt needs no notes: one attempt is the default.
                if self.session.attempt > Attempt::FIRST || response.status().as_u16() >= 400 {
                    self.pass(response);
                }
                None
            }
            // No layer below has turned it into an error: only the status tells.
            Ok(response) => self.after_response(request, response),
            Err(error) => self.after_error(request, error),
        }
    }

    fn clone_request(&mut self, request: &Request<B>) -> Option<Request<B>> {
        self.session.note_offset(&self.settings);
        B::try_clone_request(request)
    }
}

/// Whether a response with this status goes to the caller as it is: a success, or an error that no
/// retry helps.
#[inline]
fn is_settled(status: StatusCode) -> bool {
    Verdict::of_status(status) == Verdict::Never
}

impl RetryPolicy {
    #[cold]
    fn after_response<B: TryCloneBody, R>(
        &mut self,
        request: &mut Request<B>,
        response: &mut Response<R>,
    ) -> Option<Wait> {
        if response.extensions().get::<RetryStop>().is_some() {
            return None;
        }
        match self.retry_or_give_up(request, Cause::Response(response.status(), response.headers())) {
            Ok(wait) => Some(wait),
            Err(notes) => {
                response.extensions_mut().insert(notes.stop);
                response.extensions_mut().insert(notes);
                None
            }
        }
    }

    /// Adds the number of attempts to a response that is not retried, for an error layer above.
    #[cold]
    fn pass<R>(&mut self, response: &mut Response<R>) {
        if response.extensions().get::<CallNotes>().is_none() {
            response.extensions_mut().insert(self.session.take_call_notes(RetryStop::NotRetryable, true));
        }
    }

    #[cold]
    fn after_error<B: TryCloneBody, E: RetryError>(
        &mut self,
        request: &mut Request<B>,
        error: &mut E,
    ) -> Option<Wait> {
        if retry_error::is_final(error) {
            if self.session.is_ambiguous() {
                // The inner policy has not seen the earlier attempts.
                retry_error::notes_of(error).map(Notes::set_after_ambiguous_attempt);
            }
            return None;
        }
        match self.retry_or_give_up(request, retry_error::cause(error)) {
            Ok(wait) => Some(wait),
            Err(notes) => {
                if let Some(of_error) = retry_error::notes_of(error) {
                    notes.apply(of_error);
                }
                if let Some(LastError(last)) = request.extensions().get() {
                    retry_error::set_last_oss_error(error, last);
                }
                None
            }
        }
    }

    /// Prepares the request for the next attempt. Without one, reports the end of the call, and
    /// returns what to record on its error.
    fn retry_or_give_up<B: TryCloneBody>(
        &mut self,
        request: &mut Request<B>,
        cause: Cause<'_>,
    ) -> Result<Wait, CallNotes> {
        let failure = Failure { cause, attempt: self.session.attempt.number(), method: request.method() };
        match self.next_attempt(request, failure) {
            Ok(next) => {
                self.prepare(request, cause, next.end);
                Ok(Wait::new(next.delay))
            }
            Err(stop) => {
                self.announce_end(request, failure, stop);
                Err(self.session.take_call_notes(stop, failure.was_sent()))
            }
        }
    }

    /// Decides on the next attempt, and announces it.
    fn next_attempt<B: TryCloneBody>(
        &mut self,
        request: &Request<B>,
        failure: Failure<'_>,
    ) -> Result<Next, RetryStop> {
        if failure.cause.is_out_of_time() {
            return Err(RetryStop::OutOfTime);
        }
        let verdict = self.classify_failure(&failure);
        let facts = Facts::new(request, &failure, verdict);
        let next = self.session.decide(&facts, &self.settings, Instant::now)?;
        self.announce_retry(&RetryEvent {
            failure,
            verdict,
            delay: next.delay,
            delayed_by_throttle: facts.delayed_by_throttle,
            path: request.uri().path(),
            extensions: request.extensions(),
        });
        Ok(next)
    }

    /// Reports a retry to the hook and to `tracing`, and adds the failed attempt to the history.
    fn announce_retry(&mut self, event: &RetryEvent<'_>) {
        let failed = event.failure.to_attempt().then(event.delay);
        let failed = if event.delayed_by_throttle { failed.then_by_throttle() } else { failed };
        trace::retry(event, &failed);
        self.session.remember(failed);
        if let Some(on_retry) = &self.settings.on_retry {
            on_retry(event);
        }
    }

    /// Reports to the hook and to `tracing` that the call has failed.
    fn announce_end<B>(&self, request: &Request<B>, failure: Failure<'_>, stop: RetryStop) {
        let on_give_up = self.settings.on_give_up.as_ref();
        if on_give_up.is_none() && !trace::is_enabled() {
            return;
        }
        let event = GiveUpEvent {
            failure,
            stop,
            attempts: self.session.sent(failure.was_sent()),
            after_ambiguous_attempt: self.session.is_ambiguous(),
            history: &self.session.history(failure.to_attempt()),
            path: request.uri().path(),
            extensions: request.extensions(),
        };
        trace::give_up(&event);
        if let Some(on_give_up) = on_give_up {
            on_give_up(&event);
        }
    }

    fn classify_failure(&self, failure: &Failure<'_>) -> Verdict {
        let verdict = match failure.cause {
            // With V4 signatures, the code alone does not tell that the clock is wrong.
            Cause::Oss(error) if may_be_skewed(error) && self.session.clock_was_corrected(&self.settings) => {
                Verdict::ClockSkewed
            }
            cause => Verdict::of(cause),
        };
        let verdict = self.settings.classify.as_ref().map_or(verdict, |classify| classify(failure, verdict));
        // A request that was not sent did not take effect, whatever the closure returns.
        let unsent = verdict == Verdict::Transient && !failure.was_sent();
        if unsent { Verdict::NotApplied } else { verdict }
    }

    /// Adds the extensions that the layers below read.
    fn prepare<B>(&self, request: &mut Request<B>, cause: Cause<'_>, end: Option<Instant>) {
        let extensions = request.extensions_mut();
        extensions.insert(self.session.attempt);
        match end {
            Some(end) => extensions.insert(MaxElapsed(end)),
            None => extensions.remove(),
        };
        if let Cause::Oss(error) = cause {
            extensions.insert(LastError(error.clone()));
        }
    }
}
