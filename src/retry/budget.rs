use std::{
    sync::{PoisonError, atomic::Ordering::Relaxed},
    time::Duration,
};

use tokio::time::Instant;
use tower::retry::budget::Budget;

use crate::sync::{AtomicU64, Mutex};

/// How many retries all requests together may cause.
///
/// A bucket that holds 100 retries and starts full. Every first attempt puts a fifth of a retry into it, and every second
/// ten, so over any time there are at most 0.2 × first attempts + 10 × seconds + 100 retries, and none is refused
/// while the bucket holds one. The floor of ten a second means that it always fills again: an outage that empties it is not
/// remembered.
///
/// What a throttle below paces, and the one repeat after the clock was corrected, cost nothing of it.
///
/// Clones of a [`RetryPolicy`](crate::RetryPolicy) share theirs; share one between policies by an `Arc`.
///
/// # Examples
///
/// ```
/// use std::sync::Arc;
/// use tower_oss::{RetryPolicy, retry::RetryBudget};
///
/// let budget = Arc::new(RetryBudget::new(0.1, 5.0, 50));
/// let policy = RetryPolicy::new().budget(budget);
/// # let _ = policy;
/// ```
#[derive(Debug)]
pub struct RetryBudget {
    /// What the bucket holds, in millionths of a retry.
    held: AtomicU64,
    capacity: u64,
    per_attempt: u64,
    per_second: u64,
    /// Up to when the floor has been paid in.
    paid: Mutex<Option<Instant>>,
}

/// A retry, in the bucket's unit.
const RETRY: u64 = 1_000_000;

/// In nanoseconds.
const SECOND: u128 = 1_000_000_000;

impl RetryBudget {
    /// Creates a budget that earns `ratio` retries for each first attempt and `per_second` retries in each second, and
    /// holds at most `room` retries.
    ///
    /// Negative numbers and NaN count as 0. The ratio and the floor are at most a million, the room is at least one.
    #[must_use]
    pub fn new(ratio: f64, per_second: f64, room: u32) -> Self {
        let capacity = u64::from(room.max(1)) * RETRY;
        Self {
            held: AtomicU64::new(capacity),
            capacity,
            per_attempt: millionths(ratio),
            per_second: millionths(per_second),
            paid: Mutex::new(None),
        }
    }

    /// Notes a first attempt.
    pub fn deposit(&self) {
        self.pay_in(self.per_attempt);
    }

    /// Takes a retry out of the bucket, if it holds one at this moment.
    #[must_use]
    pub fn withdraw_at(&self, now: Instant) -> bool {
        self.pay_floor(now);
        self.held.fetch_update(Relaxed, Relaxed, |held| held.checked_sub(RETRY)).is_ok()
    }

    /// Pays in what the time since the last look has earned; time that goes backwards earns nothing.
    fn pay_floor(&self, now: Instant) {
        // Paid in under the lock: who comes second finds it in the bucket.
        let mut paid = self.paid.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(last) = *paid else {
            *paid = Some(now);
            return;
        };
        let since = now.saturating_duration_since(last).as_nanos();
        let rate = u128::from(self.per_second);
        let earned = u64::try_from(since.saturating_mul(rate) / SECOND).unwrap_or(u64::MAX);
        if earned == 0 {
            return;
        }
        // Only the time that was paid for is over; a rest of it counts the next time.
        let spent = (u128::from(earned) * SECOND).div_ceil(rate).min(since);
        let spent = Duration::from_nanos(u64::try_from(spent).unwrap_or(u64::MAX));
        *paid = Some(last.checked_add(spent).unwrap_or(now));
        self.pay_in(earned);
    }

    /// A full bucket costs one load.
    fn pay_in(&self, amount: u64) {
        let _ = self.held.fetch_update(Relaxed, Relaxed, |held| {
            (held < self.capacity).then(|| held.saturating_add(amount).min(self.capacity))
        });
    }
}

/// A fifth of the first attempts, ten a second, room for a hundred.
impl Default for RetryBudget {
    fn default() -> Self {
        Self::new(0.2, 10.0, 100)
    }
}

impl Budget for RetryBudget {
    fn deposit(&self) {
        self.deposit();
    }

    fn withdraw(&self) -> bool {
        self.withdraw_at(Instant::now())
    }
}

/// The cast takes NaN for 0.
fn millionths(number: f64) -> u64 {
    (number.clamp(0.0, 1e6) * 1e6).round() as u64
}

#[cfg(test)]
#[cfg(tower_oss_loom)]
mod interleavings {
    use loom::{sync::Arc, thread};

    use super::*;

    /// How many of two threads could withdraw a retry at these moments.
    fn withdrawn(budget: &Arc<RetryBudget>, moments: [Instant; 2]) -> u32 {
        let threads = moments.map(|now| {
            let budget = Arc::clone(budget);
            thread::spawn(move || u32::from(budget.withdraw_at(now)))
        });
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    }

    #[test]
    fn one_retry_is_given_to_one_caller() {
        loom::model(|| {
            let budget = Arc::new(RetryBudget::new(0.0, 0.0, 1));
            assert_eq!(withdrawn(&budget, [Instant::now(); 2]), 1);
        });
    }

    #[test]
    fn no_deposit_is_lost_and_none_counts_twice() {
        loom::model(|| {
            let budget = Arc::new(RetryBudget::new(0.5, 0.0, 2));
            let now = Instant::now();
            assert!(budget.withdraw_at(now) && budget.withdraw_at(now));
            let depositors = [(); 2].map(|()| {
                let budget = Arc::clone(&budget);
                thread::spawn(move || budget.deposit())
            });
            let early = budget.withdraw_at(now);
            for thread in depositors {
                thread.join().unwrap();
            }
            let late = budget.withdraw_at(now);
            assert!(early ^ late, "two halves are one retry");
        });
    }

    #[test]
    fn the_same_second_is_paid_once() {
        loom::model(|| {
            let budget = Arc::new(RetryBudget::new(0.0, 1.0, 2));
            let now = Instant::now();
            assert!(budget.withdraw_at(now) && budget.withdraw_at(now));
            let later = now + Duration::from_secs(1);
            assert_eq!(withdrawn(&budget, [later; 2]), 1);
        });
    }
}

#[cfg(test)]
#[cfg(not(tower_oss_loom))]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The same, in plain words and exact fractions of a millionth.
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
    fn looks_between_two_units_lose_nothing() {
        for nanos in [300, 1_900, 5_500, 999_999] {
            let budget = RetryBudget::new(0.0, 10.0, 1);
            let start = Instant::now();
            assert!(budget.withdraw_at(start));
            let looks = 1_000_000_000 / nanos;
            let granted =
                (1..=looks).filter(|look| budget.withdraw_at(start + Duration::from_nanos(look * nanos)));
            assert_eq!(
                granted.count(),
                if looks * nanos < 1_000_000_000 { 9 } else { 10 },
                "every {nanos} ns"
            );
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
}
