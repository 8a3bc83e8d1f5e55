use std::{fmt, sync::Arc, time::Duration};

use tower::retry::budget::Budget;

use super::{Backoff, Failure, GiveUpEvent, RetryBudget, RetryEvent, Verdict};
use crate::clock::ClockOffset;

type Classify = dyn Fn(&Failure<'_>, Verdict) -> Verdict + Send + Sync;
type OnRetry = dyn Fn(&RetryEvent<'_>) + Send + Sync;
type OnGiveUp = dyn Fn(&GiveUpEvent<'_>) + Send + Sync;
type Random = dyn Fn() -> f64 + Send + Sync;

/// The settings, shared by all clones of a policy.
#[derive(Clone)]
pub(super) struct RetrySettings {
    pub(super) max_attempts: u32,
    pub(super) max_elapsed: Option<Duration>,
    pub(super) max_retry_after: Duration,
    pub(super) backoff: Backoff,
    pub(super) throttled_backoff: Backoff,
    pub(super) budget: Option<Arc<dyn Budget + Send + Sync>>,
    pub(super) clock: Option<ClockOffset>,
    pub(super) classify: Option<Arc<Classify>>,
    pub(super) on_retry: Option<Arc<OnRetry>>,
    pub(super) on_give_up: Option<Arc<OnGiveUp>>,
    pub(super) random: Option<Arc<Random>>,
}

impl RetrySettings {
    /// The wait before the retry `n`, counted from 0.
    pub(super) fn delay(&self, verdict: Verdict, n: u32, retry_after: Option<Duration>) -> Duration {
        let backoff = if verdict == Verdict::Throttled { self.throttled_backoff } else { self.backoff };
        retry_after.unwrap_or_default().min(self.max_retry_after) + backoff.delay(n, self.sample())
    }

    /// The wait before the retry `n`, counted from 0, that a throttle delays as well.
    ///
    /// The first is sent as soon as the throttle allows. A request that is throttled again may be
    /// limited by itself, for its object is in demand for example, while the throttle lets others
    /// pass.
    pub(super) fn delay_before_throttle(&self, n: u32) -> Duration {
        let backoff = Backoff::new(Duration::from_millis(100), Duration::from_secs(1));
        n.checked_sub(1).map_or(Duration::ZERO, |n| backoff.delay(n, self.sample()))
    }

    fn sample(&self) -> f64 {
        self.random.as_ref().map_or_else(fastrand::f64, |random| random())
    }
}

impl Default for RetrySettings {
    fn default() -> Self {
        let cap = Duration::from_secs(20);
        Self {
            max_attempts: 3,
            max_elapsed: None,
            max_retry_after: Duration::from_secs(60),
            backoff: Backoff::new(Duration::from_millis(100), cap),
            throttled_backoff: Backoff::new(Duration::from_secs(1), cap),
            budget: Some(Arc::new(RetryBudget::default())),
            clock: None,
            classify: None,
            on_retry: None,
            on_give_up: None,
            random: None,
        }
    }
}

impl fmt::Debug for RetrySettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RetrySettings")
            .field("max_attempts", &self.max_attempts)
            .field("max_elapsed", &self.max_elapsed)
            .field("max_retry_after", &self.max_retry_after)
            .field("backoff", &self.backoff)
            .field("throttled_backoff", &self.throttled_backoff)
            .field("has_budget", &self.budget.is_some())
            .field("clock", &self.clock)
            .finish_non_exhaustive()
    }
}
