use std::{sync::Arc, time::Duration};

use tower::Layer;

use super::{
    ClassifyResponse, ErrorEvent, OssErrorService,
    settings::{OssErrorSettings, SharedSettings},
};
use crate::clock::ClockOffset;

/// Layer that applies the [`OssErrorService`] middleware, which turns error responses of OSS into
/// [`Error::Oss`](crate::Error::Oss).
///
/// A success passes through unchanged, with the body of the inner service, and nothing is
/// allocated. The body of an error response is read within limits, so that its connection can be
/// reused. It is parsed as XML or JSON. If there is no body, the header `x-oss-err` is parsed. An
/// error of the inner service becomes [`Error::Transport`](crate::Error::Transport).
///
/// | setting | default |
/// |---|---|
/// | [`body_limit`](Self::body_limit): bytes kept of an error body | 64 KiB |
/// | [`drain_limit`](Self::drain_limit): bytes read of it | 1 MiB |
/// | [`body_deadline`](Self::body_deadline): time to read it | 5 s |
/// | [`body_idle_timeout`](Self::body_idle_timeout): time without a byte of it, for 429 and 5xx | 1 s |
/// | [`grace`](Self::grace): time without a byte after the error document has ended | 50 ms |
/// | [`redirects_as_errors`](Self::redirects_as_errors) | redirects pass |
/// | [`classify`](Self::classify): which responses are errors | [`OssRule`](crate::layer::OssRule) |
/// | [`clock`](Self::clock): learns the server's time | none |
///
/// # Place among the layers
///
/// Put it inside the retry layer: the body is then read, and the connection back in the pool,
/// before the policy decides. Put it outside the signer, and outside a layer that decompresses
/// responses.
///
/// A `Timeout` outside must be longer than [`body_deadline`](Self::body_deadline). Otherwise it
/// fires while the error body is read, and the error is lost.
///
/// A decompressing layer must remove the header `content-length`, as tower-http's does. Otherwise
/// an error body that ends before the announced length, and has no complete error document, counts
/// as [`Truncated`](crate::error::BodyState::Truncated).
///
/// # HTTP/2
///
/// A body that is not read to its end is dropped. Over HTTP/1.1, this closes the connection. Over
/// HTTP/2, it resets the stream. h2 closes a connection on which the server keeps sending on more
/// than 1 024 reset streams (`too_many_internal_resets`), and all requests on it fail.
///
/// Therefore, an error body with an announced length of at most 2 MiB is read to its end over
/// HTTP/2, even if the drain limit is lower. This is the stream window of hyper-util and reqwest:
/// the server may have sent that much already. Longer bodies, and those that stall past a time
/// limit, are reset. If a proxy sends many of those, raise [`drain_limit`](Self::drain_limit) or
/// the client's stream windows.
///
/// # Clone
///
/// Clones share their settings, including the closure of [`on_error`](Self::on_error) and the
/// [`ClockOffset`]. A setter changes only the clone that it is called on. Services that exist
/// already keep their settings.
///
/// # Panics
///
/// The future panics outside of a tokio runtime with its time driver, if an error body is not ready
/// at once.
///
/// # Examples
///
/// ```
/// use bytes::Bytes;
/// use http::{Request, Response, StatusCode};
/// use http_body_util::Full;
/// use tower::{BoxError, ServiceBuilder, ServiceExt, service_fn};
/// use tower_oss::{ErrorCode, OssErrorLayer};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let client = service_fn(|_: Request<()>| async {
///     let body = "<Error><Code>NoSuchKey</Code></Error>";
///     let response = Response::builder().status(StatusCode::NOT_FOUND);
///     response.body(Full::new(Bytes::from(body))).map_err(BoxError::from)
/// });
/// let client = ServiceBuilder::new().layer(OssErrorLayer::new()).service(client);
///
/// let error = client.oneshot(Request::new(())).await.unwrap_err();
/// assert_eq!(*error.oss().unwrap().code(), ErrorCode::NoSuchKey);
/// # }
/// ```
#[derive(Clone, Debug, Default)]
pub struct OssErrorLayer {
    settings: SharedSettings,
}

impl OssErrorLayer {
    /// Creates a layer with the default settings.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Keeps at most this many bytes of an error body. Default: 64 KiB. At least 1 KiB, at most 16
    /// MiB.
    ///
    /// A longer body is cut. Each error that is being read can use this much memory.
    #[must_use]
    pub fn body_limit(self, bytes: usize) -> Self {
        self.with(|settings| settings.limits.keep = bytes.clamp(1024, 16 * 1024 * 1024))
    }

    /// Reads at most about this many bytes of an error body, and discards those beyond the
    /// [`body_limit`](Self::body_limit). Default: 1 MiB.
    ///
    /// A connection can be reused only after the body has been read to its end. If the body is
    /// longer, its connection is closed, or its stream reset over [HTTP/2](Self#http2).
    #[must_use]
    pub fn drain_limit(self, bytes: usize) -> Self {
        self.with(|settings| (settings.limits.read, settings.limits.read_announced) = (bytes, bytes))
    }

    /// Limits the time for an error body to arrive. Default: 5 s.
    ///
    /// The timer starts when the body is first not ready.
    #[must_use]
    pub fn body_deadline(self, time: Duration) -> Self {
        self.with(|settings| settings.limits.deadline = time)
    }

    /// Stops reading the body of a 429 or 5xx after this time without a byte. Default: 1 s.
    ///
    /// With these statuses, the body rarely changes whether a retry is worthwhile, so a long wait
    /// for it is not. With all others, the body tells what is wrong, and only the
    /// [`body_deadline`](Self::body_deadline) limits the wait.
    #[must_use]
    pub fn body_idle_timeout(self, time: Duration) -> Self {
        self.with(|settings| settings.limits.idle = time)
    }

    /// Limits the wait for the end of the body after a complete error document. Default: 50 ms.
    ///
    /// The connection can be reused if the terminating chunk arrives within this time. If it never
    /// arrives, the error is delayed by this time.
    #[must_use]
    pub fn grace(self, time: Duration) -> Self {
        self.with(|settings| settings.limits.grace = time)
    }

    /// Turns 3xx responses into errors, including 304.
    #[must_use]
    pub fn redirects_as_errors(self) -> Self {
        self.with(|settings| settings.redirects = true)
    }

    /// Replaces the rule that decides which responses are errors.
    #[must_use]
    pub fn classify(self, rule: impl ClassifyResponse + 'static) -> Self {
        self.with(|settings| settings.rule = Some(Arc::new(rule)))
    }

    /// Updates this offset from responses to requests with a wrong date.
    #[must_use]
    pub fn clock(self, clock: ClockOffset) -> Self {
        self.with(|settings| settings.clock = Some(clock))
    }

    /// Calls this closure for each error that the layer returns, for logs and metrics. A retry may
    /// still make the call succeed.
    ///
    /// With the feature `tracing`, the layer also sends an event, at level WARN. The level is INFO
    /// if something does not exist, a condition was not met, or a redirect counts as an error.
    ///
    /// The closure runs outside all locks, while the call is polled, so the current span and
    /// task-local values are those of the call.
    ///
    /// The event has neither the path nor the extensions of the request: the layer does not keep
    /// the request, to keep successes cheap. [`RetryPolicy::on_give_up`] has both.
    ///
    /// An error of the inner service's `poll_ready` belongs to no request, and is not reported.
    ///
    /// [`RetryPolicy::on_give_up`]: crate::RetryPolicy::on_give_up
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
    /// use tower_oss::OssErrorLayer;
    ///
    /// static THROTTLED: AtomicU64 = AtomicU64::new(0);
    ///
    /// let layer = OssErrorLayer::new().on_error(|event| {
    ///     if event.error.oss().is_some_and(|error| error.is_throttled()) {
    ///         THROTTLED.fetch_add(1, Relaxed);
    ///     }
    /// });
    /// # let _ = layer;
    /// ```
    #[must_use]
    pub fn on_error(self, on_error: impl Fn(&ErrorEvent<'_>) + Send + Sync + 'static) -> Self {
        self.with(|settings| settings.on_error = Some(Arc::new(on_error)))
    }

    fn with(mut self, set: impl FnOnce(&mut OssErrorSettings)) -> Self {
        set(self.settings.to_mut());
        self
    }
}

impl<S> Layer<S> for OssErrorLayer {
    type Service = OssErrorService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        OssErrorService::new(inner, self.settings.clone())
    }
}
