use std::{fmt, sync::Arc, time::Duration};

use http::{HeaderMap, StatusCode};
use tower::Layer;

use super::{ClassifyResponse, ErrorEvent, OssErrorService, OssRule, RequestInfo, limits::Limits};
use crate::clock::ClockOffset;

/// Turns error responses into [`Error::Oss`](crate::Error::Oss).
///
/// A success passes through unchanged: the response has the type and the body of the inner service,
/// and nothing is allocated. The body of an error response is read within limits, so that its
/// connection can be reused, and parsed: XML, JSON, or the header `x-oss-err` if there is no body.
/// An error of the inner service becomes [`Error::Transport`](crate::Error::Transport).
///
/// | setting | default |
/// |---|---|
/// | [`body_limit`](Self::body_limit): bytes kept of an error body | 64 KiB |
/// | [`drain_limit`](Self::drain_limit): bytes read of it | 1 MiB |
/// | [`body_deadline`](Self::body_deadline): time to read it | 5 s |
/// | [`body_idle_timeout`](Self::body_idle_timeout): time without a byte of it, for 429 and 5xx | 1 s |
/// | [`grace`](Self::grace): time without a byte after the error document has ended | 50 ms |
/// | [`redirects_as_errors`](Self::redirects_as_errors) | redirects pass |
/// | [`classify`](Self::classify): which responses are errors | [`OssRule`] |
/// | [`clock`](Self::clock): learns the server's time | none |
///
/// # Place among the layers
///
/// Put it inside a retry layer, so that by the time it decides, the error body has been read and
/// the connection is back in the pool. Put it outside the signer, and outside a layer that
/// decompresses responses. A Timeout outside includes the reading of the error body: make it longer
/// than the body deadline, or it hides the error.
///
/// A decompressing layer must remove the header `content-length`, as tower-http's does. An error
/// body that ends before the announced length, and without a complete error document, counts as
/// [`Truncated`](crate::error::BodyState::Truncated).
///
/// # HTTP/2
///
/// A body that is not read to its end is dropped. Over HTTP/1.1, that closes its connection. Over
/// HTTP/2, it resets its stream. After bytes have arrived for 1 024 streams that were reset and
/// forgotten, h2 closes the connection with all requests on it (`too_many_internal_resets`).
///
/// Therefore an error body with an announced length of at most 2 MiB, the stream window of
/// hyper-util and reqwest, is read to its end over HTTP/2, even if the drain limit is lower: the
/// server may have sent it already. Longer bodies, and those that stall past a time limit, are
/// reset. If a proxy sends many of those, raise [`drain_limit`](Self::drain_limit) or the client's
/// stream windows.
///
/// # Clone
///
/// Clones share their settings, including the closure of [`on_error`](Self::on_error) and the
/// [`ClockOffset`]. A setter changes only the clone that it is called on, and no service that was
/// made before.
///
/// # Panics
///
/// If an error body is not ready at once, the future needs a tokio runtime with its time driver,
/// and panics outside of one.
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
#[derive(Clone, Default)]
pub struct OssErrorLayer {
    /// `None` means the defaults: then no reference count changes per request.
    settings: Option<Arc<OssErrorSettings>>,
}

#[derive(Clone)]
pub(super) struct OssErrorSettings {
    pub(super) limits: Limits,
    redirects: bool,
    rule: Option<Arc<dyn ClassifyResponse>>,
    pub(super) clock: Option<ClockOffset>,
    pub(super) on_error: Option<Arc<OnError>>,
}

type OnError = dyn Fn(&ErrorEvent<'_>) + Send + Sync;

impl OssErrorLayer {
    /// Creates a layer with the default settings.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Keeps at most this many bytes of an error body. Default: 64 KiB. At least 1 KiB, at most 16
    /// MiB.
    ///
    /// A longer body is cut, not rejected. Each error that is being read may use this much memory.
    #[must_use]
    pub fn body_limit(self, bytes: usize) -> Self {
        self.with(|settings| settings.limits.keep = bytes.clamp(1024, 16 * 1024 * 1024))
    }

    /// Reads at most about this many bytes of an error body, and discards those beyond the
    /// [`body_limit`](Self::body_limit). Default: 1 MiB.
    ///
    /// A connection can be reused only after the body has been read to its end. A longer body
    /// closes its connection, or resets its stream over [HTTP/2](Self#http2).
    #[must_use]
    pub fn drain_limit(self, bytes: usize) -> Self {
        self.with(|settings| (settings.limits.read, settings.limits.read_announced) = (bytes, bytes))
    }

    /// Limits the time for an error body to arrive, from when it first returns `Pending`. Default:
    /// 5 s.
    #[must_use]
    pub fn body_deadline(self, time: Duration) -> Self {
        self.with(|settings| settings.limits.deadline = time)
    }

    /// Stops reading the body of a 429 or 5xx after this time without a byte. Default: 1 s.
    ///
    /// With such a status, the request is retried whatever the document says, so a long wait for it
    /// is not worthwhile. With other statuses, the document tells what is wrong: only the
    /// [`body_deadline`](Self::body_deadline) limits their bodies.
    #[must_use]
    pub fn body_idle_timeout(self, time: Duration) -> Self {
        self.with(|settings| settings.limits.idle = time)
    }

    /// Limits the time without a byte once the error document is complete, but the body has not
    /// ended. Default: 50 ms.
    ///
    /// The connection can be reused if the terminating chunk arrives within this time. A peer that
    /// never sends it delays the error by this time only.
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
    /// It runs outside all locks. With the feature `tracing`, the layer also sends an event: at
    /// level WARN, or INFO where something does not exist, a condition was not met, or a redirect
    /// counts as an error.
    ///
    /// The layer does not keep the request, because a success would pay for it: the event has
    /// neither its path nor its extensions, which [`RetryPolicy::on_give_up`] has. The closure runs
    /// while the call is polled, so the current span and task-local values are those of the call.
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
        let default = || {
            let limits = Limits::DEFAULT;
            Arc::new(OssErrorSettings { limits, redirects: false, rule: None, clock: None, on_error: None })
        };
        set(Arc::make_mut(self.settings.get_or_insert_with(default)));
        self
    }
}

impl OssErrorSettings {
    pub(super) fn is_error(&self, request: RequestInfo, status: StatusCode, headers: &HeaderMap) -> bool {
        self.redirects && status.is_redirection()
            || match &self.rule {
                Some(rule) => rule.is_error(request, status, headers),
                None => OssRule.is_error(request, status, headers),
            }
    }
}

impl<S> Layer<S> for OssErrorLayer {
    type Service = OssErrorService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        OssErrorService::new(inner, self.settings.clone())
    }
}

impl fmt::Debug for OssErrorLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OssErrorLayer").field("settings", &self.settings).finish()
    }
}

impl fmt::Debug for OssErrorSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OssErrorSettings")
            .field("limits", &self.limits)
            .field("redirects", &self.redirects)
            .field("own_rule", &self.rule.is_some())
            .field("clock", &self.clock)
            .finish()
    }
}
