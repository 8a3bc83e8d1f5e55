use super::{limiter::Limiter, shared::Shared};

/// Looks at the limiter of a [`ThrottleLayer`](crate::ThrottleLayer), and shares it between layers.
///
/// Cheap to clone. Layers of one handle ([`ThrottleLayer::shared`](crate::ThrottleLayer::shared)) count as one
/// client: what one of them learns about the limit, all know. That is right for services that use up one quota, as
/// two buckets of one account may do, and wrong for those that do not.
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
/// assert_eq!(handle.rate(), 250.0); // requests a second that may be sent at present
/// assert_eq!((handle.waiting(), handle.accepted(), handle.refused()), (0, 0, 0));
/// # let _ = for_another_bucket;
/// ```
#[derive(Clone, Debug)]
pub struct ThrottleHandle {
    pub(super) shared: Shared,
}

impl ThrottleHandle {
    /// Requests a second that may be sent at present.
    #[must_use]
    pub fn rate(&self) -> f64 {
        self.shared.read(|limiter, now| limiter.rate(now))
    }

    /// How many requests wait for their turn.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.shared.read(|limiter, _| limiter.waiting())
    }

    /// Answers so far that were no refusals and no failures of the server.
    #[must_use]
    pub fn accepted(&self) -> u64 {
        self.shared.read(|limiter, _| Limiter::accepted(limiter))
    }

    /// Answers so far that told to slow down.
    #[must_use]
    pub fn refused(&self) -> u64 {
        self.shared.read(|limiter, _| Limiter::refused(limiter))
    }

    /// Forgets what was learned: the rate is the first rate again, and a pause is over.
    ///
    /// For when something else than time has changed the limit, such as a raised quota. Who waits goes on waiting
    /// in its place, and the totals stay.
    pub fn reset(&self) {
        self.shared.reset();
    }
}
