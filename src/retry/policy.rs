use std::{sync::Arc, time::Duration};

use http::{Request, Response};
use tower::retry::{Policy, budget::Budget};

use super::{
    Backoff, Failure, GiveUpEvent, RetryError, RetryEvent, TryCloneBody, Verdict, Wait, session::Session,
    settings::RetrySettings,
};
use crate::{attempt::Attempt, clock::ClockOffset};

/// Decides what is tried again, and when: for tower's retry layer.
///
/// It judges by OSS's code first, repeats only what is safe to repeat, waits with full jitter, honours `Retry-After`,
/// and keeps within a budget that all clones share. What it gives up on says why:
/// [`Error::retry_stop`](crate::Error::retry_stop). The table of what is worth a retry is in the [module's docs](crate::retry).
///
/// | setting | default |
/// |---|---|
/// | [`max_attempts`](Self::max_attempts) | 3, the first included |
/// | [`max_elapsed`](Self::max_elapsed) | no limit |
/// | [`backoff`](Self::backoff) | up to 100 ms, doubling, at most 20 s |
/// | [`throttled_backoff`](Self::throttled_backoff), after a throttling answer | up to 1 s, doubling, at most 20 s |
/// | [`max_retry_after`](Self::max_retry_after) | a minute |
/// | [`budget`](Self::budget) | a fifth of the first attempts, plus 10 a second, room for 100 |
/// | [`clock`](Self::clock) | none: an error due to the clock is not repeated |
///
/// # Clone
///
/// tower clones the policy for each call. A clone starts with no attempts. It shares the settings, with them the budget, the
/// clock and the closures, and nothing else: no call sees the state of another. A setter called on a clone changes that
/// clone alone, but its budget stays the shared one until [`budget`](Self::budget) replaces it.
///
/// # Several policies
///
/// Of two policies one inside the
/// other, the outer one stands down from what the inner one has given up on; it cannot know of an inner one that a Timeout
/// between them has cut short. An error of `poll_ready` between two attempts is tower's to return: the policy is not asked.
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
/// let oss = Scripted::new([ErrorResponse::new(ErrorCode::InternalError).into(), Answer::ok("hello")]);
///
/// let client = ServiceBuilder::new()
///     .retry(RetryPolicy::default()) // the one line
///     .layer(OssErrorLayer::new())
///     .service(oss.clone());
///
/// let answer = client.oneshot(Request::new(Empty::<Bytes>::new())).await.unwrap();
/// assert_eq!(answer.status(), StatusCode::OK);
/// assert_eq!(oss.requests().len(), 2);
/// # }
/// ```
#[derive(Debug)]
pub struct RetryPolicy {
    pub(super) settings: Arc<RetrySettings>,
    pub(super) session: Session,
}

impl RetryPolicy {
    /// The policy with its defaults.
    #[must_use]
    pub fn new() -> Self {
        let settings = Arc::<RetrySettings>::default();
        Self { session: Session::new(&settings, 0), settings }
    }

    /// Sends a request at most this often in all, at least once; 3 unless set.
    ///
    /// Not counted are the one repeat after the clock was corrected, and those that a throttle below paces. With 1, there
    /// is no repeat of any kind.
    #[must_use]
    pub fn max_attempts(self, attempts: u32) -> Self {
        self.set(|settings| settings.max_attempts = attempts.max(1))
    }

    /// Starts no attempt later than this after the first; no limit unless set. Costs a look at the clock per call.
    ///
    /// It does not cut an attempt short, nor its wait in a throttle below: put a Timeout outside for that. The [`Deadline`](crate::Deadline) of a single request holds besides.
    #[must_use]
    pub fn max_elapsed(self, time: Duration) -> Self {
        self.set(|settings| settings.max_elapsed = Some(time))
    }

    /// Waits like this before a retry.
    #[must_use]
    pub fn backoff(self, backoff: Backoff) -> Self {
        self.set(|settings| settings.backoff = backoff)
    }

    /// Waits like this before a retry after a throttling answer, unless a throttle below does it better.
    #[must_use]
    pub fn throttled_backoff(self, backoff: Backoff) -> Self {
        self.set(|settings| settings.throttled_backoff = backoff)
    }

    /// Believes a `Retry-After` up to this; a minute unless set. The jitter of the backoff comes on top.
    #[must_use]
    pub fn max_retry_after(self, time: Duration) -> Self {
        self.set(|settings| settings.max_retry_after = time)
    }

    /// Keeps within this budget, which may be shared with other policies: a
    /// [`RetryBudget`](crate::retry::RetryBudget), or any other [`Budget`].
    #[must_use]
    pub fn budget(self, budget: Arc<dyn Budget + Send + Sync>) -> Self {
        self.set(|settings| settings.budget = Some(budget))
    }

    /// Keeps within no budget. In an outage, every request is then sent as often as the attempts allow.
    #[must_use]
    pub fn without_budget(self) -> Self {
        self.set(|settings| settings.budget = None)
    }

    /// Repeats once, at once, what was refused for its date, if this offset has been corrected since it was signed.
    #[must_use]
    pub fn clock(self, clock: ClockOffset) -> Self {
        self.set(|settings| settings.clock = Some(clock))
    }

    /// Replaces the verdict on each failure. The closure gets the verdict that the policy has reached, and returns it or
    /// another one.
    ///
    /// Without an [`OssErrorLayer`](crate::OssErrorLayer) below, a response is a failure only if its status is worth a retry.
    ///
    /// # Examples
    ///
    /// ```
    /// use tower_oss::{ErrorCode, RetryPolicy, retry::Verdict};
    ///
    /// // A bucket that is being made is not there at once.
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

    /// Calls this before each retry, for logs and metrics.
    ///
    /// It runs outside all locks. With the feature `tracing`, the policy also sends an event at level DEBUG.
    #[must_use]
    pub fn on_retry(self, on_retry: impl Fn(&RetryEvent<'_>) + Send + Sync + 'static) -> Self {
        self.set(|settings| settings.on_retry = Some(Arc::new(on_retry)))
    }

    /// Calls this when a call has failed and is not retried, whatever the reason: [`RetryStop`](crate::error::RetryStop).
    ///
    /// It runs outside all locks. With the feature `tracing`, the policy also sends an event: at level ERROR for a server
    /// error or an unknown outcome, at INFO where something does not exist or a condition was not met, else at WARN.
    ///
    /// # Examples
    ///
    /// ```
    /// use tower_oss::RetryPolicy;
    ///
    /// let policy = RetryPolicy::new().on_give_up(|event| {
    ///     eprintln!("{} {} failed: {}", event.failure.method(), event.path, event.stop);
    ///     for attempt in event.history.attempts() {
    ///         eprintln!("  {attempt}"); // 1. InternalError (500) [request 65A1F0C2D3E4B5A697887766], then 0.070 s
    ///     }
    /// });
    /// # let _ = policy;
    /// ```
    #[must_use]
    pub fn on_give_up(self, on_give_up: impl Fn(&GiveUpEvent<'_>) + Send + Sync + 'static) -> Self {
        self.set(|settings| settings.on_give_up = Some(Arc::new(on_give_up)))
    }

    /// Takes the jitter's random samples, in `[0, 1)`, from here; for simulations that are to be repeated.
    #[must_use]
    pub fn random(self, random: impl Fn() -> f64 + Send + Sync + 'static) -> Self {
        self.set(|settings| settings.random = Some(Arc::new(random)))
    }

    fn set(mut self, set: impl FnOnce(&mut RetrySettings)) -> Self {
        set(Arc::make_mut(&mut self.settings));
        self
    }
}

impl<B: TryCloneBody, R, E: RetryError> Policy<Request<B>, Response<R>, E> for RetryPolicy {
    type Future = Wait;

    #[inline]
    fn retry(&mut self, request: &mut Request<B>, result: &mut Result<Response<R>, E>) -> Option<Wait> {
        self.session.deposit(&self.settings);
        match result {
            Ok(response) if Verdict::of_status(response.status()) == Verdict::Never => {
                if self.session.attempt > Attempt::FIRST || response.status().as_u16() >= 400 {
                    self.pass(response);
                }
                None
            }
            // No layer below has made an error of it: the status is all that is known.
            Ok(response) => self.after_response(request, response),
            Err(error) => self.after_error(request, error),
        }
    }

    fn clone_request(&mut self, request: &Request<B>) -> Option<Request<B>> {
        self.session.note_offset(&self.settings);
        B::try_clone_request(request)
    }
}

/// Starts a new call: with the same settings, and nothing of the calls before. tower clones the policy right
/// after the first attempt was sent, so the clock offset that it was signed with goes along.
impl Clone for RetryPolicy {
    #[inline]
    fn clone(&self) -> Self {
        let session = Session::new(&self.settings, self.session.offset());
        Self { settings: Arc::clone(&self.settings), session }
    }
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self::new()
    }
}
