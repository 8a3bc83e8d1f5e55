use proptest::prelude::*;

use super::*;

/// The same in exact integer arithmetic.
struct Model {
    held: u128,
    room: u128,
    per_attempt: u128,
    per_second: u128,
}

impl Model {
    fn earn(&mut self, amount: u128) {
        self.held = (self.held + amount).min(self.room);
    }

    fn pass(&mut self, micros: u64) {
        self.earn(u128::from(micros) * self.per_second);
    }

    fn deposit(&mut self) {
        self.earn(self.per_attempt * 1_000_000);
    }

    fn withdraw(&mut self) -> bool {
        let one = 1_000_000_000_000;
        let held = self.held >= one;
        self.held -= if held { one } else { 0 };
        held
    }
}

#[derive(Clone, Debug)]
enum Step {
    Attempt,
    Retry,
    Pass(u64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => Just(Step::Attempt),
        6 => Just(Step::Retry),
        2 => (0_u64..300_000).prop_map(Step::Pass),
        1 => (0_u64..20_000_000).prop_map(Step::Pass),
    ];
    prop::collection::vec(step, 0..600)
}

proptest! {
    #[test]
    fn the_bucket_does_what_the_model_does(
        ratio in 0_u32..3000, per_second in 0_u32..50, room in 1_u32..150, steps in steps(),
    ) {
        let budget = RetryBudget::new(f64::from(ratio) / 1000.0, f64::from(per_second), room);
        let mut model = Model {
            held: u128::from(room) * 1_000_000_000_000,
            room: u128::from(room) * 1_000_000_000_000,
            per_attempt: u128::from(ratio) * 1000,
            per_second: u128::from(per_second) * 1_000_000,
        };
        let start = Instant::now();
        let (mut now, mut attempts, mut retries) = (start, 0_u32, 0_u32);
        let _ = budget.withdraw_at(now) && model.withdraw();
        for step in steps {
            match step {
                Step::Attempt => { budget.deposit(); model.deposit(); attempts += 1; }
                Step::Pass(micros) => { now += Duration::from_micros(micros); model.pass(micros); }
                Step::Retry => {
                    let allowed = budget.withdraw_at(now);
                    prop_assert_eq!(allowed, model.withdraw());
                    retries += u32::from(allowed);
                }
            }
        }
        let seconds = (now - start).as_secs_f64();
        let most = f64::from(ratio) / 1000.0 * f64::from(attempts) + f64::from(per_second) * seconds + f64::from(room);
        prop_assert!(f64::from(retries) <= most + 1e-6, "{retries} retries, {most} allowed");
    }
}

#[test]
fn an_empty_bucket_always_fills_again() {
    let budget = RetryBudget::default();
    let start = Instant::now();
    assert_eq!((0..200).filter(|_| budget.withdraw_at(start)).count(), 100);
    let later = start + Duration::from_secs(5);
    assert_eq!((0..200).filter(|_| budget.withdraw_at(later)).count(), 50);
    assert!(!budget.withdraw_at(start), "time that goes backwards earns nothing");
    let much_later = later + Duration::from_secs(u64::from(u32::MAX));
    assert_eq!((0..200).filter(|_| budget.withdraw_at(much_later)).count(), 100);
}

#[test]
fn frequent_calls_lose_no_fractions() {
    for nanos in [300, 1_900, 5_500, 999_999] {
        let budget = RetryBudget::new(0.0, 10.0, 1);
        let start = Instant::now();
        assert!(budget.withdraw_at(start));
        let calls = 1_000_000_000 / nanos;
        let granted =
            (1..=calls).filter(|call| budget.withdraw_at(start + Duration::from_nanos(call * nanos)));
        assert_eq!(granted.count(), if calls * nanos < 1_000_000_000 { 9 } else { 10 }, "every {nanos} ns");
    }
}

#[test]
fn two_threads_get_what_is_due_and_no_more() {
    let budget = RetryBudget::new(0.0, 0.0, 1000);
    let now = Instant::now();
    let grab = || (0..1000).filter(|_| budget.withdraw_at(now)).count();
    let total = std::thread::scope(|scope| {
        let other = scope.spawn(grab);
        grab() + other.join().unwrap()
    });
    assert_eq!(total, 1000);
}

#[test]
fn absurd_settings_give_a_budget_that_works() {
    for number in [f64::NAN, f64::NEG_INFINITY, -1.0, 0.0, 1e300, f64::INFINITY] {
        let budget = RetryBudget::new(number, number, 0);
        assert!(budget.withdraw_at(Instant::now()));
        budget.deposit();
    }
}
