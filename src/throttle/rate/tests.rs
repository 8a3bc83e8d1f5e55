use std::collections::VecDeque;

use proptest::{collection::vec, prelude::*};

use super::*;

const DEFAULT: Settings = Settings::DEFAULT;

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

/// The rate after callers have waited for this long, while answers came that took so long.
fn grown(waited: f64, answer_time: f64) -> f64 {
    let mut rate = Rate::new(DEFAULT);
    for tick in 1..=(waited * 1000.0) as u32 {
        let now = f64::from(tick) * 0.001;
        rate.grow(0.001);
        if now >= answer_time {
            rate.on(Answer::Accepted, now - answer_time, now);
        }
    }
    rate.hoped() / DEFAULT.first_rate
}

#[test]
fn at_the_start_the_rate_doubles_no_faster_than_answers_come() {
    for (waited, answer_time, growth) in [
        (0.3, 0.4, 1.23),
        (0.31, 0.01, 8.0),
        (0.4, 0.2, 2.3),
        (0.8, 0.2, 9.2),
        (3.0, 1.0, 8.0),
        (3.0, 9.0, 8.0),
    ] {
        let grown = grown(waited, answer_time);
        assert!((grown / growth - 1.0).abs() < 0.05, "{grown} after {waited} s, {answer_time} s an answer");
    }
}

#[test]
fn slow_requests_among_fast_ones_do_not_hold_the_start_up() {
    let mut rate = Rate::new(DEFAULT);
    for tick in 1..=400 {
        let now = f64::from(tick) * 0.001 + 10.0;
        rate.grow(0.001);
        let took = if tick % 2 == 0 { 5.0 } else { 0.01 };
        rate.on(Answer::Accepted, now - took, now);
    }
    assert!(rate.hoped() > 4.0 * DEFAULT.first_rate, "{}", rate.hoped());
}

/// A server that refuses what is beyond 500/s, and answers after 0.2 s.
#[test]
fn where_the_way_is_long_the_first_refusals_tell_the_limit() {
    let mut rate = Rate::new(DEFAULT);
    let (mut due, mut budget, mut served, mut refused) = (0.0, 0.0, 0, 0);
    let mut under_way = VecDeque::new();
    let mut ticks = (1..=3000).map(|tick| f64::from(tick) * 0.001);
    while let (false, Some(now)) = (rate.is_measured(), ticks.next()) {
        while under_way.front().is_some_and(|(sent, _)| now - sent >= 0.2) {
            let (sent, answer) = under_way.pop_front().unwrap();
            *(if answer == Answer::Accepted { &mut served } else { &mut refused }) += 1;
            rate.on(answer, sent, now);
        }
        rate.grow(0.001);
        due += rate.per_second(100, now) * 0.001;
        budget = f64::min(budget + 0.5, 50.0);
        while due >= 1.0 {
            due -= 1.0;
            let accepts = budget >= 1.0;
            budget -= f64::from(u8::from(accepts));
            under_way.push_back((now, if accepts { Answer::Accepted } else { Answer::Throttled }));
        }
    }
    assert!(refused < 250 && served < 600, "{refused} {served}");
    assert!((400.0..=600.0).contains(&rate.hoped()), "{}", rate.hoped());
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
