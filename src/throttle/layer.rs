use tower::Layer;

use super::{Builder, Throttle, handle::ThrottleHandle, settings::Settings, shared::Shared};

/// Slows requests down while OSS reports that it is overloaded.
///
/// Calls wait for their turn, first come, first served; the rate of turns follows the limit that OSS enforces. Answers
/// and errors pass through unchanged. While less is sent than the rate allows, most calls take a turn that was set aside
/// without a lock, some look at the limiter, and none needs a timer. How the rate is found, the [module](crate::throttle) tells; every number of it can be set by
/// [`builder`](Self::builder).
///
/// Clones of the layer, and all services that they make, share one limiter. Make one layer for each quota: limits of
/// OSS hold for an account or a bucket, not for a call.
///
/// # Place among the layers
///
/// Inside the retry layer, outside [`OssErrorLayer`](crate::OssErrorLayer).
///
/// # Panics
///
/// A call that has to wait needs a tokio runtime with its time driver, like every other timer of tokio.
///
/// # Examples
///
/// ```
/// use tower::ServiceBuilder;
/// use tower_oss::{OssErrorLayer, ThrottleLayer, test_util::Scripted};
///
/// let throttle = ThrottleLayer::new();
/// let handle = throttle.handle(); // to look at the rate later
/// let client =
///     ServiceBuilder::new().layer(throttle).layer(OssErrorLayer::new()).service(Scripted::default());
/// # let _ = (client, handle);
/// ```
#[derive(Clone, Debug)]
pub struct ThrottleLayer {
    shared: Shared,
}

impl ThrottleLayer {
    /// The layer with its defaults, and a limiter of its own.
    #[must_use]
    pub fn new() -> Self {
        Self::with(Settings::DEFAULT)
    }

    pub(super) fn with(settings: Settings) -> Self {
        Self { shared: Shared::new(settings) }
    }

    /// To set the numbers of the limiter.
    pub fn builder() -> Builder {
        Builder::new()
    }

    /// A layer that shares the limiter of this handle.
    #[must_use]
    pub fn shared(handle: &ThrottleHandle) -> Self {
        Self { shared: handle.shared.clone() }
    }

    /// Looks at the limiter.
    #[must_use]
    pub fn handle(&self) -> ThrottleHandle {
        ThrottleHandle { shared: self.shared.clone() }
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
