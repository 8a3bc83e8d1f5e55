use std::{
    sync::{PoisonError, atomic::Ordering::Relaxed},
    time::Duration,
};

use tokio::time::Instant;
use tower::retry::budget::Budget;

use crate::sync::{AtomicU64, Mutex};

/// Budget that limits the number of retries of all requests together.
///
/// The budget is a bucket of retries. By default, the bucket has room for 100 and starts full. Each
/// first attempt adds 0.2 retries, and each second adds 10. A retry takes one out. If the bucket is
/// empty, there is no retry. So at most 0.2 × first attempts + 10 × seconds + 100 retries are made.
/// Because of the 10 per second, the bucket fills again after every outage.
///
/// Retries that a throttle below delays, and the retry after the clock was corrected, use no
/// budget.
///
/// Clones of a [`RetryPolicy`](crate::RetryPolicy) share one budget. Other policies can share it
/// through an `Arc`.
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
    /// The content of the bucket, in millionths of a retry.
    held: AtomicU64,
    capacity: u64,
    per_attempt: u64,
    per_second: u64,
    /// The time up to which `per_second` has been added.
    paid: Mutex<Option<Instant>>,
}

/// A retry, in the bucket's unit.
const RETRY: u64 = 1_000_000;

/// Nanoseconds.
const SECOND: u128 = 1_000_000_000;

impl RetryBudget {
    /// Creates a budget that gains `ratio` retries with each first attempt and `per_second` retries
    /// each second, and holds at most `room` retries.
    ///
    /// Negative numbers and NaN count as 0. `ratio` and `per_second` are at most a million, `room`
    /// is at least 1.
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

    /// Adds the share of a first attempt.
    pub fn deposit(&self) {
        self.pay_in(self.per_attempt);
    }

    /// Takes a retry out of the bucket, and returns whether it held one at this time.
    #[must_use]
    pub fn withdraw_at(&self, now: Instant) -> bool {
        self.pay_seconds(now);
        self.held.fetch_update(Relaxed, Relaxed, |held| held.checked_sub(RETRY)).is_ok()
    }

    /// Adds the share of the time since the last call. Time that goes backwards adds nothing.
    fn pay_seconds(&self, now: Instant) {
        // The lock is held until it is added, so that the next caller finds it in the bucket.
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
        // Advances by the time that was paid for. The remainder counts in the next call.
        let spent = (u128::from(earned) * SECOND).div_ceil(rate).min(since);
        let spent = Duration::from_nanos(u64::try_from(spent).unwrap_or(u64::MAX));
        *paid = Some(last.checked_add(spent).unwrap_or(now));
        self.pay_in(earned);
    }

    /// If the bucket is full, this costs one load.
    fn pay_in(&self, amount: u64) {
        let _ = self.held.fetch_update(Relaxed, Relaxed, |held| {
            (held < self.capacity).then(|| held.saturating_add(amount).min(self.capacity))
        });
    }
}

/// 0.2 per first attempt, 10 per second, room for 100.
///
/// The first two are the defaults of Finagle's `RetryBudget`. The room is what ten seconds add: as
/// long as Finagle keeps an unused retry.
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

/// The cast turns NaN into 0.
fn millionths(number: f64) -> u64 {
    (number.clamp(0.0, 1e6) * 1e6).round() as u64
}

#[cfg(all(test, tower_oss_loom))]
mod interleavings;
#[cfg(all(test, not(tower_oss_loom)))]
mod tests;
