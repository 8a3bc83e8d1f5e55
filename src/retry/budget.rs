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

#[cfg(all(test, tower_oss_loom))]
mod interleavings;
#[cfg(all(test, not(tower_oss_loom)))]
mod tests;
