use std::time::Duration;

use tokio::time::Instant;

use http::Request;

use super::{
    Failure, Idempotency, TryCloneBody, Verdict, idempotency::changes_something, settings::Settings,
    verdict::Cause,
};
use crate::{
    attempt::Attempt,
    deadline::Deadline,
    error::{CallNotes, FailedAttempt, History, Notes, RetryStop, retry_after},
};

/// What is known of one call, over all its attempts.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) attempt: Attempt,
    /// Attempts that count against the limit: those that a throttle paces do not.
    counted: u32,
    /// Attempts that failed before they were sent.
    unsent: u32,
    /// The failed attempts, once there is a retry.
    earlier: Option<Box<History>>,
    deposited: bool,
    skew_retried: bool,
    /// An attempt that has failed may have been applied.
    ambiguous: bool,
    /// When it began; known if there is a time limit, or once an attempt has been paced.
    started: Option<Instant>,
    /// The clock offset that the last attempt was signed with.
    offset: i64,
}

/// How long an error that a throttle paces is repeated, if nothing else limits it.
const PACED_LIMIT: Duration = Duration::from_secs(20);

/// How far the clock offset must have moved for a repeat to make sense.
const CORRECTED: u64 = 60_000;

/// A failed attempt, and what the decision on the next one depends on.
pub(super) struct Question {
    pub(super) verdict: Verdict,
    /// The attempt was not sent.
    pub(super) not_sent: bool,
    /// A throttle below delays the next attempt, because of this error.
    pub(super) paced: bool,
    pub(super) idempotency: Idempotency,
    /// The request could change something.
    pub(super) changes_something: bool,
    /// The body was sent and cannot be sent again.
    pub(super) body_is_gone: bool,
    pub(super) retry_after: Option<Duration>,
    pub(super) deadline: Option<Instant>,
}

impl Question {
    pub(super) fn new<B: TryCloneBody>(
        request: &Request<B>,
        failure: &Failure<'_>,
        verdict: Verdict,
    ) -> Self {
        Self {
            verdict,
            not_sent: failure.not_sent().is_some(),
            paced: failure.oss().is_some_and(|error| error.notes().is_paced()),
            idempotency: Idempotency::of(request),
            changes_something: changes_something(request),
            body_is_gone: request.body().is_stand_in(),
            retry_after: match failure.cause {
                Cause::Oss(error) => error.retry_after(),
                Cause::Response(_, headers) => retry_after(headers),
                Cause::NotSent(..) | Cause::Transport(_) => None,
            },
            deadline: Deadline::of(request).map(Deadline::moment),
        }
    }
}

/// An attempt that is to be made.
#[derive(Debug)]
pub(super) struct Next {
    /// How long to wait before it.
    pub(super) delay: Duration,
    /// When it all must be over, as far as is known: a throttle below need not let it wait for longer.
    pub(super) end: Option<Instant>,
}

impl Session {
    #[inline]
    pub(super) fn new(settings: &Settings, offset: i64) -> Self {
        Self {
            attempt: Attempt::FIRST,
            counted: 1,
            unsent: 0,
            earlier: None,
            deposited: false,
            skew_retried: false,
            ambiguous: false,
            started: settings.max_elapsed.map(|_| Instant::now()),
            offset,
        }
    }

    /// A request is about to be signed and sent.
    #[inline]
    pub(super) fn note_offset(&mut self, settings: &Settings) {
        self.offset = settings.clock.as_ref().map_or(0, |clock| clock.millis());
    }

    pub(super) fn offset(&self) -> i64 {
        self.offset
    }

    pub(super) fn is_ambiguous(&self) -> bool {
        self.ambiguous
    }

    /// The first attempt is over: it earns its part of a retry, once.
    #[inline]
    pub(super) fn deposit(&mut self, settings: &Settings) {
        if !self.deposited {
            self.deposited = true;
            if let Some(budget) = &settings.budget {
                budget.deposit();
            }
        }
    }

    /// The next attempt, or why there is none.
    pub(super) fn decide(
        &mut self,
        question: &Question,
        settings: &Settings,
        now: Instant,
    ) -> Result<Next, RetryStop> {
        let corrected = question.verdict == Verdict::ClockSkewed && self.clock_was_corrected(settings);
        if !corrected {
            Self::check_request(question)?;
        }
        if question.body_is_gone {
            return Err(RetryStop::BodyNotReplayable);
        }
        let free = corrected || question.paced;
        let used_up = self.counted >= settings.max_attempts && !free;
        if used_up || settings.max_attempts <= 1 {
            return Err(RetryStop::AttemptsExhausted);
        }
        let delay = if free {
            Duration::ZERO
        } else {
            settings.delay(question.verdict, self.counted - 1, question.retry_after)
        };
        let end = self.check_time(question, settings, now, delay)?;
        if !free {
            if settings.budget.as_ref().is_some_and(|budget| !budget.withdraw()) {
                return Err(RetryStop::BudgetExhausted);
            }
            self.counted = self.counted.saturating_add(1);
        }
        self.skew_retried |= corrected;
        self.ambiguous |= question.verdict == Verdict::Transient && question.changes_something;
        self.unsent = self.unsent.saturating_add(u32::from(question.not_sent));
        self.attempt = self.attempt.next();
        Ok(Next { delay, end })
    }

    /// Keeps what a failed attempt was, as there is another one.
    pub(super) fn remember(&mut self, failed: FailedAttempt) {
        self.earlier.get_or_insert_default().push(failed);
    }

    /// The failed attempts, with the last one.
    pub(super) fn history(&self, last: FailedAttempt) -> History {
        self.earlier.as_deref().cloned().unwrap_or_default().with(last)
    }

    /// How many attempts were sent, if all but the last one failed.
    pub(super) fn sent(&self, last_was_sent: bool) -> u32 {
        self.attempt.number() - self.unsent - u32::from(!last_was_sent)
    }

    /// What an error layer above is to note, if the call ends with this response.
    pub(super) fn call_notes(&mut self, stop: RetryStop) -> CallNotes {
        CallNotes {
            attempts: self.sent(true),
            stop,
            after_ambiguous_attempt: self.ambiguous,
            earlier: self.earlier.take(),
        }
    }

    /// Notes on the last error how it went.
    pub(super) fn note(&mut self, stop: RetryStop, notes: Option<&Notes>) {
        let Some(notes) = notes else { return };
        notes.set_attempts(self.attempt.number() - self.unsent);
        notes.set_stop(stop);
        if self.ambiguous {
            notes.set_after_ambiguous_attempt();
        }
        if let Some(earlier) = self.earlier.take() {
            notes.set_earlier(earlier);
        }
    }

    /// Whether the request was signed with another offset than is known by now. Only once a call: a clock that is
    /// still wrong then is not the trouble.
    pub(super) fn clock_was_corrected(&self, settings: &Settings) -> bool {
        let present = settings.clock.as_ref().map_or(self.offset, |clock| clock.millis());
        !self.skew_retried && present.abs_diff(self.offset) > CORRECTED
    }

    fn check_request(question: &Question) -> Result<(), RetryStop> {
        match (question.verdict, question.idempotency) {
            (Verdict::Transient | Verdict::Unknown, Idempotency::NotIdempotent) => {
                Err(RetryStop::OutcomeUnknown)
            }
            (Verdict::Never | Verdict::Unknown | Verdict::ClockSkewed, _) => Err(RetryStop::NotRetryable),
            _ => Ok(()),
        }
    }

    /// Whether the next attempt comes in time; and when it all must be over, as far as is known.
    fn check_time(
        &mut self,
        question: &Question,
        settings: &Settings,
        now: Instant,
        delay: Duration,
    ) -> Result<Option<Instant>, RetryStop> {
        let unlimited = question.paced && question.deadline.is_none();
        let limit = settings.max_elapsed.or(unlimited.then_some(PACED_LIMIT));
        let by_limit = limit.and_then(|limit| self.started.get_or_insert(now).checked_add(limit));
        let end = by_limit.into_iter().chain(question.deadline).min();
        let in_time = end.is_none_or(|end| now.checked_add(delay).is_some_and(|next| next < end));
        if in_time { Ok(end) } else { Err(RetryStop::OutOfTime) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::ClockOffset;

    fn delay(
        session: &mut Session,
        question: &Question,
        settings: &Settings,
        now: Instant,
    ) -> Result<Duration, RetryStop> {
        session.decide(question, settings, now).map(|next| next.delay)
    }

    fn question(verdict: Verdict) -> Question {
        Question {
            verdict,
            not_sent: false,
            paced: false,
            idempotency: Idempotency::Idempotent,
            changes_something: true,
            body_is_gone: false,
            retry_after: None,
            deadline: None,
        }
    }

    #[test]
    fn a_paced_error_is_repeated_at_once_until_time_is_up() {
        let settings = Settings::default();
        let mut session = Session::new(&settings, 0);
        let start = Instant::now();
        let paced = |verdict| Question { paced: true, ..question(verdict) };
        for second in 0..20 {
            let now = start + Duration::from_secs(second);
            assert_eq!(delay(&mut session, &paced(Verdict::Throttled), &settings, now), Ok(Duration::ZERO));
        }
        let end = start + Duration::from_secs(20);
        assert_eq!(
            delay(&mut session, &paced(Verdict::Throttled), &settings, end),
            Err(RetryStop::OutOfTime)
        );
        assert_eq!(session.attempt.number(), 21);

        // None of it counted: the attempts and the budget are as they were.
        assert!(delay(&mut session, &question(Verdict::Transient), &settings, end).is_ok());
        assert!(delay(&mut session, &question(Verdict::Transient), &settings, end).is_ok());
        let stop = delay(&mut session, &question(Verdict::Transient), &settings, end);
        assert_eq!(stop, Err(RetryStop::AttemptsExhausted));
    }

    #[test]
    fn a_paced_error_is_bounded_by_the_time_limit_and_the_deadline() {
        let settings = Settings { max_elapsed: Some(Duration::from_secs(15)), ..Settings::default() };
        let start = Instant::now();
        let at = |second| start + Duration::from_secs(second);
        let paced = Question { paced: true, ..question(Verdict::Transient) };
        let mut session = Session { started: Some(start), ..Session::new(&settings, 0) };
        assert!(delay(&mut session, &paced, &settings, at(14)).is_ok());
        assert_eq!(delay(&mut session, &paced, &settings, at(15)), Err(RetryStop::OutOfTime));
        let sooner = Question { deadline: Some(at(5)), ..paced };
        assert!(delay(&mut session, &sooner, &settings, at(4)).is_ok());
        assert_eq!(delay(&mut session, &sooner, &settings, at(5)), Err(RetryStop::OutOfTime));

        // A caller who gives it more than the minute means it.
        let (settings, later) = (Settings::default(), Question { deadline: Some(at(600)), ..paced });
        let mut session = Session { started: Some(start), ..Session::new(&settings, 0) };
        assert!(delay(&mut session, &later, &settings, at(599)).is_ok());
        assert_eq!(delay(&mut session, &later, &settings, at(600)), Err(RetryStop::OutOfTime));
    }

    #[test]
    fn a_paced_error_is_still_not_repeated_if_that_is_not_safe() {
        let settings = Settings::default();
        let decide =
            |question: Question| delay(&mut Session::new(&settings, 0), &question, &settings, Instant::now());
        let paced =
            |verdict| Question { paced: true, idempotency: Idempotency::NotIdempotent, ..question(verdict) };
        assert_eq!(decide(paced(Verdict::Transient)), Err(RetryStop::OutcomeUnknown));
        assert_eq!(decide(paced(Verdict::Throttled)), Ok(Duration::ZERO));
        let gone = Question { body_is_gone: true, ..paced(Verdict::Throttled) };
        assert_eq!(decide(gone), Err(RetryStop::BodyNotReplayable));
    }

    #[test]
    fn an_error_due_to_the_clock_is_repeated_once_if_the_clock_was_corrected_since() {
        let clock = ClockOffset::new();
        let settings = Settings { clock: Some(clock.clone()), ..Settings::default() };
        let now = Instant::now();
        let mut session = Session::new(&settings, 0);
        assert_eq!(
            delay(&mut session, &question(Verdict::ClockSkewed), &settings, now),
            Err(RetryStop::NotRetryable)
        );

        let local = std::time::SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000);
        assert!(clock.learn(local + Duration::from_secs(60), local));
        assert_eq!(
            delay(&mut session, &question(Verdict::ClockSkewed), &settings, now),
            Err(RetryStop::NotRetryable)
        );
        assert!(clock.learn(local + Duration::from_secs(3600), local));
        assert_eq!(delay(&mut session, &question(Verdict::ClockSkewed), &settings, now), Ok(Duration::ZERO));
        assert_eq!(
            delay(&mut session, &question(Verdict::ClockSkewed), &settings, now),
            Err(RetryStop::NotRetryable)
        );
    }
}
