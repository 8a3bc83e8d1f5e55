use std::{sync::Arc, time::Duration};

use tower::Layer;

use super::{
    Throttle,
    limiter::Counts,
    settings::{self, Change, Settings},
    shared::Shared,
};

/// Layer that applies the [`Throttle`] middleware, which limits the request rate to what OSS
/// accepts.
///
/// Calls wait for a permit, first come, first served. The [module page](crate::throttle) describes
/// what callers see and how the rate is found.
///
/// Clones of the layer, and all services that they make, share one limiter. Make one layer for each
/// quota: limits of OSS apply to an account or a bucket.
///
/// # Panics
///
/// A call that has to wait needs a tokio runtime with its time driver.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use tower::ServiceBuilder;
/// use tower_oss::{OssErrorLayer, ThrottleLayer, test_util::Scripted};
///
/// let throttle = ThrottleLayer::new().max_rate(2_000.0).max_wait(Duration::from_secs(5));
/// let handle = throttle.handle(); // to watch the rate later
/// let client = ServiceBuilder::new()
///     .layer(throttle)
///     .layer(OssErrorLayer::new())
///     .service(Scripted::default());
/// # let _ = (client, handle);
/// ```
#[derive(Clone, Debug)]
pub struct ThrottleLayer {
    shared: Shared,
}

impl ThrottleLayer {
    /// Creates a layer with the default settings, and a limiter of its own.
    #[must_use]
    pub fn new() -> Self {
        Self { shared: Shared::new(Settings::DEFAULT) }
    }

    /// Creates a layer that shares the limiter of this handle.
    #[must_use]
    pub fn shared(handle: &ThrottleHandle) -> Self {
        Self { shared: handle.shared.clone() }
    }

    /// Returns a handle to the limiter.
    #[must_use]
    pub fn handle(&self) -> ThrottleHandle {
        ThrottleHandle { shared: self.shared.clone() }
    }

    /// Calls this closure when the throttle begins to slow down, and when an outage begins or ends.
    ///
    /// It runs outside all locks, while the call that notices the change is polled, so it should
    /// return soon. A second closure replaces the first. With the feature `tracing`, the throttle
    /// also sends an event at level INFO, and one at level DEBUG for each call that is rejected.
    ///
    /// # Examples
    ///
    /// ```
    /// use tower_oss::ThrottleLayer;
    ///
    /// let layer = ThrottleLayer::new()
    ///     .on_change(|change| println!("{:?}: {:.0} requests/s", change.kind, change.rate));
    /// # let _ = layer;
    /// ```
    #[must_use]
    pub fn on_change(self, hook: impl Fn(Change) + Send + Sync + 'static) -> Self {
        self.shared.set_hook(Arc::new(hook));
        self
    }

    pub(super) fn set(self, set: impl FnOnce(&mut Settings)) -> Self {
        self.shared.with(|limiter, _, _| {
            let mut settings = limiter.settings;
            set(&mut settings);
            limiter.set(settings);
        });
        self
    }
}

impl Default for ThrottleLayer {
    fn default() -> Self {
        Self::new()
    }
}

impl<S> Layer<S> for ThrottleLayer {
    type Service = Throttle<S>;

    fn layer(&self, inner: S) -> Throttle<S> {
        Throttle::new(inner, self.shared.clone())
    }
}

/// Handle to the limiter of a [`ThrottleLayer`], to watch it, to control it and to share it.
///
/// Cheap to clone. Layers of one handle ([`ThrottleLayer::shared`]) share one limiter. Use this for
/// services that share a quota, such as two buckets of one account.
///
/// The counters count since the start and never go back.
///
/// # Examples
///
/// ```
/// use tower_oss::ThrottleLayer;
///
/// let layer = ThrottleLayer::new();
/// let handle = layer.handle();
/// let for_another_bucket = ThrottleLayer::shared(&handle);
///
/// assert_eq!(handle.rate(), 250.0); // requests per second
/// assert_eq!((handle.waiting(), handle.accepted(), handle.throttled()), (0, 0, 0));
/// # let _ = for_another_bucket;
/// ```
#[derive(Clone, Debug)]
pub struct ThrottleHandle {
    shared: Shared,
}

impl ThrottleHandle {
    /// Returns how many requests per second may be sent at present. In an outage, this is the rate
    /// of probes. A pause does not change it.
    #[must_use]
    pub fn rate(&self) -> f64 {
        self.shared.with(|limiter, now, _| {
            limiter.advance(now);
            limiter.per_second(now)
        })
    }

    /// Returns how many calls wait for a permit.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.shared.with(|limiter, _, _| limiter.waiting())
    }

    /// Returns how many responses were neither throttled nor failures of the server.
    #[must_use]
    pub fn accepted(&self) -> u64 {
        self.counts().accepted
    }

    /// Returns how many responses said that a limit is reached: 429, 503, 509, and the codes of
    /// limits.
    #[must_use]
    pub fn throttled(&self) -> u64 {
        self.counts().throttled
    }

    /// Returns how many responses were failures of the server that name no limit, such as a 500.
    #[must_use]
    pub fn failed(&self) -> u64 {
        self.counts().failed
    }

    /// Returns how many calls ended without a permit.
    #[must_use]
    pub fn rejected(&self) -> u64 {
        self.counts().rejected
    }

    /// Returns how many times the server accepted nothing for a while.
    #[must_use]
    pub fn outages(&self) -> u64 {
        self.counts().outages
    }

    /// Returns how many accepted requests OSS has held back because a bandwidth limit is reached
    /// (`x-oss-qos-delay-time`).
    #[must_use]
    pub fn delayed(&self) -> u64 {
        self.counts().delayed
    }

    /// Pauses all calls for this time. A pause that ends later stays. Calls wait, or are rejected if
    /// they cannot wait for so long.
    pub fn pause_for(&self, time: Duration) {
        self.shared.with(|limiter, now, _| limiter.pause(time, now));
    }

    /// Ends a pause, whether [`pause_for`](Self::pause_for) or a `Retry-After` started it.
    pub fn resume(&self) {
        self.shared.with(|limiter, now, wakers| limiter.resume(now, wakers));
    }

    /// Sets the most requests per second, as [`ThrottleLayer::max_rate`] does.
    pub fn set_max_rate(&self, per_second: f64) {
        let max = settings::rate(per_second, Settings::DEFAULT.max_rate);
        self.shared.with(|limiter, now, _| {
            limiter.advance(now);
            limiter.set(Settings { max_rate: max, ..limiter.settings });
        });
    }

    /// Forgets what was learned: the rate is the first rate again, and a pause ends.
    ///
    /// For a limit that was raised, say. Waiting calls go on waiting, and the counters stay.
    pub fn reset(&self) {
        self.shared.with(|limiter, now, wakers| limiter.reset(now, wakers));
    }

    fn counts(&self) -> Counts {
        self.shared.with(|limiter, _, _| limiter.counts)
    }
}
