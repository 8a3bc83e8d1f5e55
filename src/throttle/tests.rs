//! The limiter as a whole, without a clock: a server, callers who always want more, and a time that is stepped.

use std::{collections::VecDeque, time::Duration};

use proptest::{collection::vec, prelude::*};

use super::{
    limiter::{Limiter, NotYet},
    rate::{Answer, Rate},
    settings::Settings,
};

const DEFAULT: Settings = Settings::DEFAULT;

/// Plays so many seconds in steps of a millisecond; answers come after ten. Returns what each second accepted and
/// refused.
fn play(limiter: &mut Limiter<()>, seconds: u32, server: impl FnMut(f64) -> Answer) -> Vec<(u32, u32)> {
    play_while(|_| true, limiter, seconds, server)
}

/// The same; new callers come only at times.
fn play_while(
    comes: impl Fn(f64) -> bool,
    limiter: &mut Limiter<()>,
    seconds: u32,
    mut server: impl FnMut(f64) -> Answer,
) -> Vec<(u32, u32)> {
    let mut flying: VecDeque<(f64, Answer)> = VecDeque::new();
    let mut counts = vec![(0, 0); seconds as usize];
    let mut waiting: VecDeque<u64> = VecDeque::new();
    for tick in 0..seconds * 1000 {
        let now = f64::from(tick) * 0.001;
        while let Some((sent, answer)) = flying.pop_front_if(|(sent, _)| now - *sent >= 0.01) {
            limiter.answered(answer, None, sent, now, drop);
        }
        while waiting.len() < 20 && comes(now) {
            match limiter.enter(|| f64::INFINITY, now) {
                Ok(()) => flying.push_back((now, server(now))),
                Err(NotYet::Wait(ticket)) => waiting.push_back(ticket),
                other => panic!("{other:?}"),
            }
        }
        limiter.call(now, drop);
        while waiting.front().is_some_and(|ticket| limiter.look(*ticket, now, || ()).is_ok()) {
            waiting.pop_front();
            let answer = server(now);
            let (accepted, refused) = &mut counts[tick as usize / 1000];
            *(if answer == Answer::Accepted { accepted } else { refused }) += 1;
            flying.push_back((now, answer));
        }
    }
    counts
}

/// A bucket that fills at this rate.
fn bucket(rate: impl Fn(f64) -> f64) -> impl FnMut(f64) -> Answer {
    let (mut tokens, mut at) = (50.0, 0.0);
    move |now| {
        tokens = f64::min(tokens + (now - at) * rate(now), 50.0);
        at = now;
        if tokens >= 1.0 {
            tokens -= 1.0;
            Answer::Accepted
        } else {
            Answer::Throttled
        }
    }
}

/// So many in each second.
fn windows(limit: u32) -> impl FnMut(f64) -> Answer {
    let (mut left, mut window) = (limit, 0.0);
    move |now| {
        if now.floor() > window {
            (left, window) = (limit, now.floor());
        }
        let answer = if left > 0 { Answer::Accepted } else { Answer::Throttled };
        left = left.saturating_sub(1);
        answer
    }
}

fn sums(counts: &[(u32, u32)]) -> (f64, f64) {
    let sum = |of: fn(&(u32, u32)) -> u32| f64::from(counts.iter().map(of).sum::<u32>());
    (sum(|count| count.0), sum(|count| count.1))
}

#[test]
fn a_steady_limit_is_used_and_hardly_passed() {
    for rate in [100.0, 500.0, 2000.0] {
        let counts = play(&mut Limiter::new(DEFAULT), 30, bucket(|_| rate));
        let (accepted, refused) = sums(&counts[10..]);
        assert!(accepted >= 0.99 * 20.0 * rate, "{rate}: {accepted}");
        assert!(refused <= 0.005 * 20.0 * rate, "{rate}: {refused}");
    }
}

#[test]
fn windows_are_used_up_and_hardly_passed() {
    for limit in [50, 100, 500, 2000] {
        let counts = play(&mut Limiter::new(DEFAULT), 40, windows(limit));
        let (accepted, refused) = sums(&counts[20..]);
        assert!(accepted >= 0.98 * 20.0 * f64::from(limit), "{limit}: {accepted}");
        assert!(refused <= 0.02 * 20.0 * f64::from(limit), "{limit}: {refused}");
    }
}

#[test]
fn a_slow_limit_is_used_and_hardly_passed() {
    let counts = play(&mut Limiter::new(DEFAULT), 120, bucket(|_| 20.0));
    let (accepted, refused) = sums(&counts[20..]);
    assert!(accepted >= 0.99 * 2000.0, "{accepted}");
    assert!(refused <= 0.005 * 2000.0, "{refused}");
}

#[test]
fn a_limit_that_falls_and_rises_is_followed() {
    let quota = |now| if (10.0..20.0).contains(&now) { 100.0 } else { 500.0 };
    let counts = play(&mut Limiter::new(DEFAULT), 30, bucket(quota));
    let (accepted, refused) = sums(&counts);
    assert!(refused <= 0.05 * (accepted + refused), "{refused} of {accepted}");
    assert!(counts[22].0 >= 450, "{:?}", &counts[20..]);
}

/// A bucket that fills at this rate and holds what comes in a second.
fn deep_bucket(rate: f64) -> impl FnMut(f64) -> Answer {
    let (mut tokens, mut at) = (rate, 0.0);
    move |now| {
        tokens = f64::min(tokens + (now - at) * rate, rate);
        at = now;
        let accepted = tokens >= 1.0;
        tokens -= if accepted { 1.0 } else { 0.0 };
        if accepted { Answer::Accepted } else { Answer::Throttled }
    }
}

#[test]
fn an_idle_time_does_not_spoil_what_is_known() {
    for rate in [100.0, 500.0] {
        for work in 5..15 {
            let idle = f64::from(work)..f64::from(work + 20);
            let counts =
                play_while(|now| !idle.contains(&now), &mut Limiter::new(DEFAULT), 80, deep_bucket(rate));
            let (accepted, refused) = sums(&counts[50..]);
            assert!(refused <= 0.02 * (accepted + refused), "{rate}/s, {work} s of work first: {refused}");
            assert!(accepted >= 0.95 * 30.0 * rate, "{rate}/s, {work} s of work first: {accepted}");
        }
    }
}

#[test]
fn without_a_limit_the_rate_rises_to_the_highest_one() {
    let mut limiter = Limiter::new(Settings { max_rate: 3000.0, ..DEFAULT });
    let counts = play(&mut limiter, 2, |_| Answer::Accepted);
    assert!((2950..=3060).contains(&counts[1].0), "{counts:?}");
}

#[test]
fn random_failures_slow_nobody_down() {
    let mut random = 1_u64;
    let mut one_in_five = move || {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        random >> 33 < (1 << 31) / 5
    };
    let mut rate = Rate::new(DEFAULT);
    for request in 0..100_000 {
        let now = f64::from(request) * 0.01;
        let answer = if one_in_five() { Answer::Failed } else { Answer::Accepted };
        rate.on(answer, now, now);
        assert_eq!(rate.per_second(5, now), DEFAULT.first_rate, "request {request}");
    }
}

#[test]
fn an_outage_is_probed_and_its_end_brings_back_what_was_carried() {
    let mut rate = Rate::new(DEFAULT);
    for request in 0..200 {
        let now = f64::from(request) * 0.005;
        rate.on(Answer::Accepted, now, now);
    }
    let paced: Vec<bool> = (0..12).map(|_| rate.on(Answer::Failed, 1.0, 1.0)).collect();
    assert_eq!(paced.iter().filter(|paced| **paced).count(), 3); // the tenth is the first
    assert_eq!(rate.per_second(1000, 3.0), 10.0);
    assert_eq!(rate.per_second(10, 3.0), 2.0);
    assert_eq!(rate.per_second(1, 3.0), 0.2);
    assert!(!rate.on(Answer::Accepted, 4.9, 5.0));
    let carried = rate.per_second(1000, 5.0);
    assert!((190.0..=210.0).contains(&carried), "{carried}");
}

#[test]
fn refusals_of_one_moment_are_one_cut() {
    let mut rate = Rate::new(DEFAULT);
    assert!(rate.on(Answer::Throttled, 0.9, 1.0));
    let once = rate.hoped();
    for _ in 0..3 {
        rate.on(Answer::Throttled, 0.95, 1.01); // sent before the cut
        rate.on(Answer::Accepted, 0.95, 1.02);
    }
    assert_eq!(rate.hoped(), once);
}

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

/// The defaults, some of them moved to a bound.
fn settings() -> impl Strategy<Value = Settings> {
    let moved = vec((any::<prop::sample::Index>(), any::<bool>()), 0..6);
    moved.prop_map(|moved| {
        let all: Vec<_> = DEFAULT.all().collect();
        moved.into_iter().fold(DEFAULT, |settings, (which, up)| {
            let setting = which.get(&all);
            settings.with(setting.name, if up { setting.most } else { setting.least })
        })
    })
}

proptest! {
    /// Whatever is set, whatever comes back, and whenever: the rate stays a number that can be worked with.
    #[test]
    fn the_rate_stays_within_its_bounds(
        settings in settings(),
        events in vec((0..4_u8, 0.0..3.0_f64, 0.0..2.0_f64, 0..300_usize), 1..400)
    ) {
        let mut rate = Rate::new(settings);
        let mut now = 0.0;
        for (kind, passed, ago, waiting) in events {
            now += passed;
            match kind {
                0 => rate.grow(passed),
                1 => { rate.on(Answer::Accepted, now - ago, now); }
                2 => { rate.on(Answer::Throttled, now - ago, now); }
                _ => { rate.on(Answer::Failed, now - ago, now); }
            }
            let hoped = rate.hoped();
            prop_assert!(hoped.is_finite() && hoped > 0.0 && hoped <= settings.max_rate, "{hoped}");
            prop_assert!((0.0..=hoped).contains(&rate.per_second(waiting, now)));
        }
    }

    /// Growth needs callers that wait: answers alone never raise the rate.
    #[test]
    fn nothing_grows_while_nobody_waits(events in vec((0..3_u8, 0.0..0.5_f64), 1..200)) {
        let mut rate = Rate::new(DEFAULT);
        let (mut now, mut highest) = (0.0, rate.hoped());
        for (kind, passed) in events {
            now += passed;
            rate.idle(now);
            let answer = [Answer::Accepted, Answer::Throttled, Answer::Failed][usize::from(kind)];
            rate.on(answer, now, now);
            prop_assert!(rate.hoped() <= highest * 1.05);
            highest = highest.max(rate.hoped());
        }
    }

    /// No cut goes below half of what the server accepted in the last second.
    #[test]
    fn a_cut_leaves_half_of_what_was_accepted(accepted in 10..2000_u32) {
        let mut rate = Rate::new(DEFAULT);
        for request in 0..accepted {
            let now = 1.0 + f64::from(request) / f64::from(accepted);
            rate.on(Answer::Accepted, now, now);
        }
        for cut in 0..4 {
            let now = 2.0 + f64::from(cut) * 0.001;
            rate.on(Answer::Throttled, now, now);
            prop_assert!(rate.hoped() >= (0.45 * f64::from(accepted)).min(0.3 * DEFAULT.first_rate));
        }
    }
}
