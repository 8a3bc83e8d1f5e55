use std::{fmt, sync::Arc, time::Duration};

use http::{HeaderMap, StatusCode};
use tower::Layer;

use super::{ClassifyResponse, OssErrorService, OssRule, RequestInfo, collect::Limits};
use crate::clock::ClockOffset;

/// Turns answers that are errors into [`Error::Oss`](crate::Error::Oss).
///
/// A success passes through untouched: its type, its body and its bytes are the inner service's own, and nothing
/// is allocated. The body of an error is read within limits, so that its connection can be used again, and
/// parsed: XML, JSON, or the header `x-oss-err` where there is no body. An error of the inner service becomes
/// [`Error::Transport`](crate::Error::Transport).
///
/// | setting | default |
/// |---|---|
/// | [`body_limit`](Self::body_limit): bytes kept of an error body | 64 KiB |
/// | [`drain_limit`](Self::drain_limit): bytes read of it | 1 MiB |
/// | [`body_deadline`](Self::body_deadline): time to read it | 5 s |
/// | [`grace`](Self::grace): time for its end after the error document has ended | 50 ms |
/// | [`redirects_as_errors`](Self::redirects_as_errors) | redirects pass |
/// | [`classify`](Self::classify): which answers are errors | [`OssRule`] |
/// | [`clock`](Self::clock): what learns the server's time | nothing |
///
/// # Place among the layers
///
/// Inside a retry layer, so that what it decides on is a whole error and the connection is free again; outside
/// whatever signs requests; and outside a layer that decompresses answers. A Timeout outside counts the reading of
/// the error body, too: make it longer than the body deadline, or it hides the error.
///
/// # Panics
///
/// An error body that has to be waited for needs a tokio runtime with its time driver, like every other timer of
/// tokio: polling the future outside of one panics. Without waiting, any executor will do.
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
///     let answer = Response::builder().status(StatusCode::NOT_FOUND).body(Full::new(Bytes::from(body)));
///     answer.map_err(BoxError::from)
/// });
/// let client = ServiceBuilder::new().layer(OssErrorLayer::new()).service(client);
///
/// let error = client.oneshot(Request::new(())).await.unwrap_err();
/// assert_eq!(*error.oss().unwrap().code(), ErrorCode::NoSuchKey);
/// # }
/// ```
#[derive(Clone, Default)]
pub struct OssErrorLayer {
    /// None means the defaults: nothing to count when a request is made.
    settings: Option<Arc<Settings>>,
}

#[derive(Clone)]
pub(super) struct Settings {
    pub(super) limits: Limits,
    redirects: bool,
    rule: Option<Arc<dyn ClassifyResponse>>,
    pub(super) clock: Option<ClockOffset>,
}

impl OssErrorLayer {
    /// The layer with its defaults.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Keeps at most this many bytes of an error body; 64 KiB unless set, at least 1 KiB, at most 16 MiB.
    ///
    /// What is longer is cut, never rejected. This much memory may be held for each error that is being read.
    #[must_use]
    pub fn body_limit(self, bytes: usize) -> Self {
        self.with(|settings| settings.limits.keep = bytes.clamp(1024, 16 * 1024 * 1024))
    }

    /// Reads at most about this many bytes of an error body, 1 MiB unless set, and discards those beyond the
    /// [`body_limit`](Self::body_limit).
    ///
    /// A connection can be used again only after the body has been read to its end; what is longer than this costs
    /// its connection.
    #[must_use]
    pub fn drain_limit(self, bytes: usize) -> Self {
        self.with(|settings| settings.limits.read = bytes)
    }

    /// Gives an error body at most this time to arrive, 5 s unless set, from the moment when it first makes wait.
    #[must_use]
    pub fn body_deadline(self, time: Duration) -> Self {
        self.with(|settings| settings.limits.deadline = time)
    }

    /// Waits at most this time, 50 ms unless set, for the end of a body whose error document has ended.
    ///
    /// A terminating chunk that comes a little later keeps its connection, and a peer that never sends it costs no
    /// more than this.
    #[must_use]
    pub fn grace(self, time: Duration) -> Self {
        self.with(|settings| settings.limits.grace = time)
    }

    /// Turns 3xx answers into errors, too, 304 among them.
    #[must_use]
    pub fn redirects_as_errors(self) -> Self {
        self.with(|settings| settings.redirects = true)
    }

    /// Replaces the rule which answers are errors.
    #[must_use]
    pub fn classify(self, rule: impl ClassifyResponse + 'static) -> Self {
        self.with(|settings| settings.rule = Some(Arc::new(rule)))
    }

    /// Notes how far the server's clock is from the local one, whenever an answer tells.
    #[must_use]
    pub fn clock(self, clock: ClockOffset) -> Self {
        self.with(|settings| settings.clock = Some(clock))
    }

    fn with(mut self, set: impl FnOnce(&mut Settings)) -> Self {
        let default =
            || Arc::new(Settings { limits: Limits::DEFAULT, redirects: false, rule: None, clock: None });
        set(Arc::make_mut(self.settings.get_or_insert_with(default)));
        self
    }
}

impl Settings {
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

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("limits", &self.limits)
            .field("redirects", &self.redirects)
            .field("own_rule", &self.rule.is_some())
            .field("clock", &self.clock)
            .finish()
    }
}
