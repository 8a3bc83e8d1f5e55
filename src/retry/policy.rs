//! The policy: its settings, and what clones share.

use std::{sync::Arc, time::Duration};

use tokio::time::Instant;
use tower::retry::budget::Budget;

use super::{Backoff, Failure, GiveUpEvent, RetryEvent, Verdict, session::Session, settings::RetrySettings};
use crate::clock::ClockOffset;

/// Policy that retries requests to OSS, for tower's retry layer.
///
/// The policy classifies errors by OSS's code first, and retries only where that is safe. It waits
/// with full jitter, honours `Retry-After`, and keeps within a budget that all clones share. The
/// final error says why the policy did not retry: [`Error::retry_stop`](crate::Error::retry_stop).
/// The [module page](crate::retry) lists what is retried.
///
/// | setting | default |
/// |---|---|
/// | [`max_attempts`](Self::max_attempts) | 3, the first included |
/// | [`max_elapsed`](Self::max_elapsed) | no limit |
/// | [`backoff`](Self::backoff) | up to 100 ms, doubling, at most 20 s |
/// | [`throttled_backoff`](Self::throttled_backoff), after a throttled response | up to 1 s, doubling, at most 20 s |
/// | [`max_retry_after`](Self::max_retry_after) | 60 s |
/// | [`budget`](Self::budget) | 0.2 per first attempt, plus 10 per second, room for 100 |
/// | [`clock`](Self::clock) | none: an error due to the clock is not retried |
/// | [`classify`](Self::classify) | the table on the module page |
/// | [`on_retry`](Self::on_retry), [`on_give_up`](Self::on_give_up) | none |
/// | [`random`](Self::random) | `fastrand` |
///
/// # Clone
///
/// tower clones the policy for each call. A clone starts a new call. It shares the settings,
/// including the budget, the clock and the closures, but not the state of any call. A setter
/// changes only the clone that it is called on. The budget stays shared until
/// [`budget`](Self::budget) replaces it.
///
/// # Several policies
///
/// If one policy is inside another, the outer policy does not retry what the inner policy has given
/// up. If a `Timeout` between them cuts the inner policy short, the outer policy retries.
///
/// If `poll_ready` fails between two attempts, tower returns that error without asking the policy.
///
/// # Examples
///
/// ```
/// use http::{Request, StatusCode};
/// use http_body_util::Empty;
/// use bytes::Bytes;
/// use tower::{ServiceBuilder, ServiceExt};
/// use tower_oss::{
///     ErrorCode, OssErrorLayer, RetryPolicy,
///     test_util::{Answer, ErrorResponse, Scripted},
/// };
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() {
/// let failure = ErrorResponse::new(ErrorCode::InternalError);
/// let oss = Scripted::new([failure.into(), Answer::ok("hello")]);
///
/// let client = ServiceBuilder::new()
///     .retry(RetryPolicy::default()) // the one line
///     .layer(OssErrorLayer::new())
///     .service(oss.clone());
///
/// let response = client.oneshot(Request::new(Empty::<Bytes>::new())).await.unwrap();
/// assert_eq!(response.status(), StatusCode::OK);
/// assert_eq!(oss.requests().len(), 2);
/// # }
/// ```
#[derive(Debug)]
pub struct RetryPolicy {
    pub(super) settings: Arc<RetrySettings>,
    pub(super) session: Session,
}

impl RetryPolicy {
    /// Creates a policy with the default settings.
    #[must_use]
    pub fn new() -> Self {
        let settings = Arc::<RetrySettings>::default();
        Self { session: Session::new(&settings, 0, Instant::now), settings }
    }

    /// Sets the maximum number of attempts, including the first. Default: 3. At least 1.
    ///
    /// Two kinds of retry do not count: after a clock correction, and those that a throttle below
    /// delays. During an outage, the throttle delays retries after any error of the server, such as a
    /// 500. With 1, there are no retries of any kind.
    #[must_use]
    pub fn max_attempts(self, attempts: u32) -> Self {
        self.set(|settings| settings.max_attempts = attempts.max(1))
    }

    /// Sets the time after which no attempt is started, counted from the first. Default: no limit.
    ///
    /// This does not interrupt an attempt, or the wait of the first one in a throttle below: put a
    /// `Timeout` outside for that. The [`Deadline`](crate::Deadline) of a request applies as well.
    ///
    /// With a limit, the policy reads the clock once per call, and after each failure.
    #[must_use]
    pub fn max_elapsed(self, time: Duration) -> Self {
        self.set(|settings| settings.max_elapsed = Some(time))
    }

    /// Sets the wait before a retry. Default: up to 100 ms, doubling, at most 20 s.
    #[must_use]
    pub fn backoff(self, backoff: Backoff) -> Self {
        self.set(|settings| settings.backoff = backoff)
    }

    /// Sets the wait before a retry after a throttled response. Default: up to 1 s, doubling, at
    /// most 20 s.
    ///
    /// If a throttle below delays the retry, the policy does not wait.
    #[must_use]
    pub fn throttled_backoff(self, backoff: Backoff) -> Self {
        self.set(|settings| settings.throttled_backoff = backoff)
    }

    /// Sets the maximum wait that `Retry-After` can cause. Default: 60 s. The jitter of the backoff
    /// is added.
    #[must_use]
    pub fn max_retry_after(self, time: Duration) -> Self {
        self.set(|settings| settings.max_retry_after = time)
    }

    /// Sets the budget: a [`RetryBudget`](crate::retry::RetryBudget), or any other [`Budget`].
    /// Default: a `RetryBudget` with its defaults, shared by all clones of this policy.
    ///
    /// Other policies can share a budget, too.
    #[must_use]
    pub fn budget(self, budget: Arc<dyn Budget + Send + Sync>) -> Self {
        self.set(|settings| settings.budget = Some(budget))
    }

    /// Removes the budget. In an outage, each request is then sent
    /// [`max_attempts`](Self::max_attempts) times.
    #[must_use]
    pub fn without_budget(self) -> Self {
        self.set(|settings| settings.budget = None)
    }

    /// Retries once, at once, if the request was rejected for its date and this offset has changed
    /// since by more than a minute. Default: no such retry.
    #[must_use]
    pub fn clock(self, clock: ClockOffset) -> Self {
        self.set(|settings| settings.clock = Some(clock))
    }

    /// Lets a closure replace the [`Verdict`] on each failure. The closure receives the policy's
    /// verdict, and returns that or another one.
    ///
    /// Without an [`OssErrorLayer`](crate::OssErrorLayer) below, a response is a failure only if
    /// its status is retryable.
    ///
    /// # Examples
    ///
    /// ```
    /// use tower_oss::{ErrorCode, RetryPolicy, retry::Verdict};
    ///
    /// // A new bucket is not visible at once.
    /// let policy = RetryPolicy::new().classify(|failure, verdict| {
    ///     match failure.oss() {
    ///         Some(error) if *error.code() == ErrorCode::NoSuchBucket => Verdict::Transient,
    ///         _ => verdict,
    ///     }
    /// });
    /// # let _ = policy;
    /// ```
    #[must_use]
    pub fn classify(
        self,
        classify: impl Fn(&Failure<'_>, Verdict) -> Verdict + Send + Sync + 'static,
    ) -> Self {
        self.set(|settings| settings.classify = Some(Arc::new(classify)))
    }

    /// Calls this closure before each retry, for logs and metrics.
    ///
    /// The closure runs outside all locks. With the feature `tracing`, the policy also sends an event
    /// at level DEBUG.
    ///
    /// # Examples
    ///
    /// What the application knows about a call can be put into the extensions of its request.
    ///
    /// ```
    /// use http::Request;
    /// use tower_oss::RetryPolicy;
    ///
    /// #[derive(Clone)]
    /// struct Tenant(&'static str);
    ///
    /// let request = Request::get("/report").extension(Tenant("acme"));
    ///
    /// let policy = RetryPolicy::new().on_retry(|event| {
    ///     let tenant = event.extensions.get().map_or("-", |Tenant(name)| name);
    ///     // acme /report: retry in 70ms
    ///     eprintln!("{tenant} {}: retry in {:?}", event.path, event.delay);
    /// });
    /// # let _ = (policy, request);
    /// ```
    #[must_use]
    pub fn on_retry(self, on_retry: impl Fn(&RetryEvent<'_>) + Send + Sync + 'static) -> Self {
        self.set(|settings| settings.on_retry = Some(Arc::new(on_retry)))
    }

    /// Calls this closure when a call has failed and this policy does not retry, with the
    /// [reason](crate::error::RetryStop).
    ///
    /// Not reported are calls that end without a decision of this policy: what an inner policy gave
    /// up, a failed `poll_ready` between two attempts, and a call that is dropped, for example by a
    /// `Timeout` outside. Below an [`OssErrorLayer`](crate::OssErrorLayer), the policy sees statuses
    /// alone: a last response whose status is not retried, such as 404, is not reported either.
    ///
    /// The closure runs outside all locks. With the feature `tracing`, the policy also sends an event:
    /// at level ERROR for a server error or an unknown outcome, at INFO where something does not exist
    /// or a condition was not met, else at WARN.
    ///
    /// # Examples
    ///
    /// ```
    /// use tower_oss::RetryPolicy;
    ///
    /// let policy = RetryPolicy::new().on_give_up(|event| {
    ///     eprintln!("{} {} failed: {}", event.failure.method(), event.path, event.stop);
    ///     for attempt in event.history.attempts() {
    ///         // 1. InternalError (500) [request 65A1F0C2D3E4B5A697887766], then 0.070 s
    ///         eprintln!("  {attempt}");
    ///     }
    /// });
    /// # let _ = policy;
    /// ```
    #[must_use]
    pub fn on_give_up(self, on_give_up: impl Fn(&GiveUpEvent<'_>) + Send + Sync + 'static) -> Self {
        self.set(|settings| settings.on_give_up = Some(Arc::new(on_give_up)))
    }

    /// Sets the source of random samples for the jitter, in `[0, 1)`. Default: `fastrand`.
    ///
    /// This is for reproducible simulations.
    #[must_use]
    pub fn random(self, random: impl Fn() -> f64 + Send + Sync + 'static) -> Self {
        self.set(|settings| settings.random = Some(Arc::new(random)))
    }

    fn set(mut self, set: impl FnOnce(&mut RetrySettings)) -> Self {
        set(Arc::make_mut(&mut self.settings));
        self
    }
}

/// Starts a new call with the same settings. tower clones the policy after the first attempt was
/// sent, so the clone keeps the clock offset that the attempt was signed with.
impl Clone for RetryPolicy {
    #[inline]
    fn clone(&self) -> Self {
        let session = Session::new(&self.settings, self.session.offset(), Instant::now);
        Self { settings: Arc::clone(&self.settings), session }
    }
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self::new()
    }
}
