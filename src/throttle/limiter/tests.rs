use super::*;

const DEFAULT: Settings = Settings::DEFAULT;

#[test]
fn retry_after_pauses_everybody_within_a_cap() {
    for (asked, paused) in [(2, 2.0), (3600, 30.0)] {
        let mut limiter: Limiter<()> = Limiter::new(DEFAULT);
        limiter.answered(Answer::Throttled, Some(Duration::from_secs(asked)), 0.0, 1.0, drop);
        let Err(NotYet::Wait(ticket)) = limiter.enter(|| 60.0, 1.0) else { panic!("not paused") };
        assert_eq!(limiter.enter(|| paused - 0.1, 1.0), Err(NotYet::TooLong(limiter_wait(&mut limiter))));
        limiter.call(1.0 + paused - 0.01, drop);
        assert!(limiter.look(ticket, 1.0 + paused - 0.01, || ()).is_err());
        limiter.call(1.0 + paused + 0.1, drop);
        assert!(limiter.look(ticket, 1.0 + paused + 0.1, || ()).is_ok());
    }
}

fn limiter_wait(limiter: &mut Limiter<()>) -> f64 {
    let Err(NotYet::TooLong(wait)) = limiter.enter(|| 0.0, 1.0) else { panic!("a turn at once") };
    wait
}

#[test]
fn a_turn_that_is_not_taken_goes_to_the_next() {
    let mut limiter = Limiter::new(DEFAULT);
    assert_eq!(limiter.enter(|| 1.0, 0.0), Ok(()));
    let tickets = [(); 3].map(|()| match limiter.enter(|| 1.0, 0.0) {
        Err(NotYet::Wait(ticket)) => ticket,
        other => panic!("{other:?}"),
    });
    for (name, ticket) in ["a", "b", "c"].into_iter().zip(tickets) {
        assert!(limiter.look(ticket, 0.0, || name).is_err());
    }
    let mut woken = Vec::new();
    limiter.call(0.004, |name| woken.push(name)); // time for one turn
    assert_eq!(woken, ["a"]);
    limiter.leave(tickets[0], 0.004, |name| woken.push(name));
    assert_eq!(woken, ["a", "b"]);
    assert_eq!(limiter.waiting(), 1);
}

#[test]
fn what_is_set_aside_in_calm_times_is_taken_back() {
    let settings = Settings { burst: Duration::from_millis(20), ..DEFAULT };
    let mut limiter: Limiter<()> = Limiter::new(settings);
    assert_eq!(limiter.enter(|| 0.0, 1.0), Ok(()));
    assert_eq!(limiter.set_aside(1.0), Some(5)); // those of 20 ms, at 250 a second
    assert!(matches!(limiter.enter(|| 0.0, 1.0), Err(NotYet::TooLong(_))));
    limiter.take_back(3, 1, 1.0);
    assert_eq!(limiter.accepted(), 1);
    assert_eq!([0; 3].map(|_| limiter.enter(|| 0.0, 1.0)), [Ok(()); 3]);
    assert!(matches!(limiter.enter(|| 0.0, 1.0), Err(NotYet::TooLong(_))));
}

/// However the turns that were set aside are taken, no more than a burst goes out at any time.
#[test]
fn what_was_set_aside_is_no_second_burst() {
    for (rate, burst, most) in [(250.0, 0.02, 5), (100.0, 1.0, 100), (10.0, 0.0, 1)] {
        let burst = Duration::from_secs_f64(burst);
        let settings = Settings { first_rate: rate, max_rate: rate, burst, ..DEFAULT };
        let mut limiter: Limiter<()> = Limiter::new(settings);
        assert_eq!(limiter.enter(|| 0.0, 100.0), Ok(()));
        let aside = limiter.set_aside(100.0).unwrap();
        // An hour later all of them are taken, and then there is a look.
        limiter.take_back(0, 0, 3700.0);
        let more = (0..1000).take_while(|_| limiter.enter(|| 0.0, 3700.0) == Ok(())).count();
        assert!(aside as usize + more <= most + 1, "{aside} + {more} at {rate}/s");
        // If none is taken, none is lost.
        let aside = limiter.set_aside(7200.0).unwrap();
        limiter.take_back(aside, 0, 7200.0);
        let later = (0..1000).take_while(|_| limiter.enter(|| 0.0, 7200.0) == Ok(())).count();
        assert!(later >= most, "{later} at {rate}/s");
    }
}

#[test]
fn after_an_outage_in_silence_the_first_caller_goes_at_once() {
    let mut limiter: Limiter<()> = Limiter::new(DEFAULT);
    for _ in 0..10 {
        limiter.answered(Answer::Failed, None, 0.0, 1.0, drop);
    }
    assert!(limiter.rate(1.0) > 0.0);
    assert!(matches!(limiter.enter(|| 0.0, 1.0), Err(NotYet::TooLong(_))));
    assert_eq!(limiter.enter(|| 0.0, 3600.0), Ok(()));
}

#[test]
fn nothing_is_set_aside_while_somebody_waits_or_something_is_wrong() {
    let mut waited_for: Limiter<()> = Limiter::new(DEFAULT);
    assert_eq!(waited_for.enter(|| 1.0, 0.0), Ok(()));
    assert!(matches!(waited_for.enter(|| 1.0, 0.0), Err(NotYet::Wait(_))));
    assert_eq!(waited_for.set_aside(0.0), None);
    for wrong in [Answer::Throttled, Answer::Failed] {
        let mut limiter: Limiter<()> = Limiter::new(DEFAULT);
        limiter.answered(wrong, None, 0.0, 1.0, drop);
        assert_eq!(limiter.set_aside(1.0), None);
        limiter.answered(Answer::Accepted, None, 1.0, 1.1, drop);
        assert!(limiter.set_aside(1.1).is_some());
    }
    let mut paused: Limiter<()> = Limiter::new(DEFAULT);
    paused.answered(Answer::Throttled, Some(Duration::from_secs(1)), 0.0, 1.0, drop);
    paused.answered(Answer::Accepted, None, 1.0, 1.1, drop);
    assert_eq!(paused.set_aside(1.1), None);
}
