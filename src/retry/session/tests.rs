use std::sync::Arc;

use super::*;
use crate::clock::ClockOffset;

fn delay(
    session: &mut Session,
    facts: &Facts,
    settings: &RetrySettings,
    now: Instant,
) -> Result<Duration, RetryStop> {
    session.decide(facts, settings, || now).map(|next| next.delay)
}

fn facts(verdict: Verdict) -> Facts {
    Facts {
        verdict,
        was_sent: true,
        delayed_by_throttle: false,
        idempotency: Idempotency::Idempotent,
        changes_something: true,
        body_is_stand_in: false,
        retry_after: None,
        deadline: None,
    }
}

#[test]
fn an_error_that_a_throttle_delays_is_retried_until_the_time_limit_at_most_a_second_later() {
    let settings = RetrySettings { random: Some(Arc::new(|| 0.5)), ..RetrySettings::default() };
    let mut session = Session::new(&settings, 0, Instant::now);
    let start = Instant::now();
    let delayed = |verdict| Facts { delayed_by_throttle: true, ..facts(verdict) };
    for second in 0..20 {
        let now = start + Duration::from_secs(second);
        let expected = [0, 50, 100, 200, 400].get(second as usize).copied().unwrap_or(500);
        let delay = delay(&mut session, &delayed(Verdict::Throttled), &settings, now);
        assert_eq!(delay, Ok(Duration::from_millis(expected)));
    }
    let end = start + Duration::from_secs(20);
    assert_eq!(delay(&mut session, &delayed(Verdict::Throttled), &settings, end), Err(RetryStop::OutOfTime));
    assert_eq!(session.attempt.number(), 21);

    // The attempts and the budget are unchanged.
    assert!(delay(&mut session, &facts(Verdict::Transient), &settings, end).is_ok());
    assert!(delay(&mut session, &facts(Verdict::Transient), &settings, end).is_ok());
    let stop = delay(&mut session, &facts(Verdict::Transient), &settings, end);
    assert_eq!(stop, Err(RetryStop::AttemptsExhausted));
}

#[test]
fn the_time_limit_and_the_deadline_end_the_retries_that_a_throttle_delays() {
    let settings = RetrySettings { max_elapsed: Some(Duration::from_secs(15)), ..RetrySettings::default() };
    let start = Instant::now();
    let at = |second| start + Duration::from_secs(second);
    let delayed = Facts { delayed_by_throttle: true, ..facts(Verdict::Transient) };
    let mut session = Session { started: Some(start), ..Session::new(&settings, 0, Instant::now) };
    assert!(delay(&mut session, &delayed, &settings, at(14)).is_ok());
    assert_eq!(delay(&mut session, &delayed, &settings, at(15)), Err(RetryStop::OutOfTime));
    let sooner = Facts { deadline: Some(Deadline::at(at(5))), ..delayed };
    assert!(delay(&mut session, &sooner, &settings, at(4)).is_ok());
    assert_eq!(delay(&mut session, &sooner, &settings, at(5)), Err(RetryStop::OutOfTime));

    // A longer deadline replaces the limit of 20 s.
    let (settings, later) =
        (RetrySettings::default(), Facts { deadline: Some(Deadline::at(at(600))), ..delayed });
    let mut session = Session { started: Some(start), ..Session::new(&settings, 0, Instant::now) };
    assert!(delay(&mut session, &later, &settings, at(599)).is_ok());
    assert_eq!(delay(&mut session, &later, &settings, at(600)), Err(RetryStop::OutOfTime));
}

/// Not every target has a clock.
#[test]
fn without_a_time_limit_the_clock_is_not_read() {
    let settings = RetrySettings { budget: None, ..RetrySettings::default() };
    let decide = |facts: Facts| {
        let now = || panic!("the clock was read");
        Session::new(&settings, 0, now).decide(&facts, &settings, now).map(|next| next.end)
    };
    assert_eq!(decide(facts(Verdict::Never)), Err(RetryStop::NotRetryable));
    assert_eq!(decide(facts(Verdict::Transient)), Ok(None));
    let waits = Facts { retry_after: Some(Duration::from_secs(5)), ..facts(Verdict::Throttled) };
    assert_eq!(decide(waits), Ok(None));
}

#[test]
fn an_error_that_a_throttle_delays_is_not_retried_if_that_is_not_safe() {
    let settings = RetrySettings::default();
    let decide = |facts: Facts| {
        delay(&mut Session::new(&settings, 0, Instant::now), &facts, &settings, Instant::now())
    };
    let delayed = |verdict| Facts {
        delayed_by_throttle: true,
        idempotency: Idempotency::NotIdempotent,
        ..facts(verdict)
    };
    assert_eq!(decide(delayed(Verdict::Transient)), Err(RetryStop::OutcomeUnknown));
    assert_eq!(decide(delayed(Verdict::Throttled)), Ok(Duration::ZERO));
    let stream = Facts { body_is_stand_in: true, ..delayed(Verdict::Throttled) };
    assert_eq!(decide(stream), Err(RetryStop::BodyNotReplayable));
}

#[test]
fn an_error_due_to_the_clock_is_retried_once_after_the_clock_was_corrected() {
    let clock = ClockOffset::new();
    let settings = RetrySettings { clock: Some(clock.clone()), ..RetrySettings::default() };
    let now = Instant::now();
    let mut session = Session::new(&settings, 0, Instant::now);
    assert_eq!(
        delay(&mut session, &facts(Verdict::ClockSkewed), &settings, now),
        Err(RetryStop::NotRetryable)
    );

    let local = std::time::SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000);
    assert!(clock.learn(local + Duration::from_secs(60), local));
    assert_eq!(
        delay(&mut session, &facts(Verdict::ClockSkewed), &settings, now),
        Err(RetryStop::NotRetryable)
    );
    assert!(clock.learn(local + Duration::from_secs(3600), local));
    assert_eq!(delay(&mut session, &facts(Verdict::ClockSkewed), &settings, now), Ok(Duration::ZERO));
    assert_eq!(
        delay(&mut session, &facts(Verdict::ClockSkewed), &settings, now),
        Err(RetryStop::NotRetryable)
    );
}
