//! The limiter as a whole, without a clock: a server, callers who always want more, and a time that is stepped.

use std::collections::VecDeque;

use super::{
    limiter::{Limiter, NotYet},
    rate::Answer,
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

/// A bucket that fills at this rate and holds so many.
fn bucket(most: f64, rate: impl Fn(f64) -> f64) -> impl FnMut(f64) -> Answer {
    let (mut tokens, mut at) = (most, 0.0);
    move |now| {
        tokens = f64::min(tokens + (now - at) * rate(now), most);
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
        let counts = play(&mut Limiter::new(DEFAULT), 30, bucket(50.0, |_| rate));
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
    let counts = play(&mut Limiter::new(DEFAULT), 120, bucket(50.0, |_| 20.0));
    let (accepted, refused) = sums(&counts[20..]);
    assert!(accepted >= 0.99 * 2000.0, "{accepted}");
    assert!(refused <= 0.005 * 2000.0, "{refused}");
}

#[test]
fn a_limit_that_falls_and_rises_is_followed() {
    let quota = |now| if (10.0..20.0).contains(&now) { 100.0 } else { 500.0 };
    let counts = play(&mut Limiter::new(DEFAULT), 30, bucket(50.0, quota));
    let (accepted, refused) = sums(&counts);
    assert!(refused <= 0.05 * (accepted + refused), "{refused} of {accepted}");
    assert!(counts[22].0 >= 450, "{:?}", &counts[20..]);
}

#[test]
fn an_idle_time_does_not_spoil_what_is_known() {
    for rate in [100.0, 500.0] {
        for work in 5..15 {
            let idle = f64::from(work)..f64::from(work + 20);
            let counts = play_while(
                |now| !idle.contains(&now),
                &mut Limiter::new(DEFAULT),
                80,
                bucket(rate, |_| rate),
            );
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
