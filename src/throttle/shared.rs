use std::{
    fmt,
    sync::{Arc, PoisonError},
    task::{Context, Waker},
    time::Duration,
};

use tokio::time::Instant;

use super::{
    limiter::{Call, Limiter, Polled, Wakers},
    rate::Outcome,
    settings::{Change, Settings},
};
use crate::{deadline::far, sync::Mutex};

/// A limiter behind its lock, and everybody who shares it.
#[derive(Clone)]
pub(super) struct Shared(Arc<Inner>);

struct Inner {
    start: Instant,
    limiter: Mutex<Limiter>,
    on_change: Mutex<Option<Hook>>,
}

pub(super) type Hook = Arc<dyn Fn(Change) + Send + Sync>;

/// A response, as far as the throttle is concerned.
#[derive(Clone, Copy, Debug)]
pub(super) struct Report {
    pub(super) outcome: Outcome,
    /// The error says that a limit is reached, not only its status.
    pub(super) names_limit: bool,
    pub(super) retry_after: Option<Duration>,
}

impl Shared {
    pub(super) fn new(settings: Settings) -> Self {
        let limiter = Mutex::new(Limiter::new(settings));
        Self(Arc::new(Inner { start: Instant::now(), limiter, on_change: Mutex::default() }))
    }

    /// Seconds since the start, which is how the limiter counts time.
    pub(super) fn now(&self) -> f64 {
        self.since_start(Instant::now())
    }

    pub(super) fn since_start(&self, moment: Instant) -> f64 {
        moment.checked_duration_since(self.0.start).map_or(-1.0, |time| time.as_secs_f64())
    }

    pub(super) fn moment(&self, since_start: f64) -> Instant {
        far(self.0.start, Duration::try_from_secs_f64(since_start).unwrap_or(Duration::MAX))
    }

    /// Locks the limiter. Whoever is to be woken is woken after that: it may lock the limiter at
    /// once.
    #[inline]
    pub(super) fn with<T>(&self, act: impl FnOnce(&mut Limiter, f64, &mut Wakers) -> T) -> T {
        self.at(self.now(), act)
    }

    #[inline]
    fn at<T>(&self, now: f64, act: impl FnOnce(&mut Limiter, f64, &mut Wakers) -> T) -> T {
        let mut wakers = Wakers::default();
        // A panic under the lock leaves nothing half done: wakers and hooks, which may panic, are
        // called outside.
        let result =
            act(&mut self.0.limiter.lock().unwrap_or_else(PoisonError::into_inner), now, &mut wakers);
        wakers.wake.into_iter().for_each(Waker::wake);
        result
    }

    /// Takes a permit, if there is one at once.
    #[inline]
    pub(super) fn take(&self, now: f64) -> bool {
        self.at(now, |limiter, now, _| limiter.take(now))
    }

    /// Takes note of a response. True if the throttle delays what is sent after it, so that a retry
    /// need not wait.
    #[inline]
    pub(super) fn report(&self, report: Report, sent: f64) -> bool {
        let (delays, change) = self.with(|limiter, now, wakers| {
            let change = limiter.on(report.outcome, sent, now, wakers);
            let delays = report.outcome != Outcome::Accepted && (report.names_limit || limiter.is_outage());
            if let Some(pause) = report.retry_after.filter(|_| delays) {
                limiter.pause(pause.min(limiter.settings.max_retry_after), now);
            }
            let change =
                change.map(|kind| Change { kind, rate: limiter.per_second(now), waiting: limiter.waiting() });
            (delays, change)
        });
        if let Some(change) = change {
            self.tell(change);
        }
        delays
    }

    pub(super) fn set_hook(&self, hook: Hook) {
        *self.0.on_change.lock().unwrap_or_else(PoisonError::into_inner) = Some(hook);
    }

    #[cold]
    fn tell(&self, change: Change) {
        #[cfg(feature = "tracing")]
        {
            use crate::throttle::ChangeKind;

            let message = match change.kind {
                ChangeKind::Slowed => "OSS throttles requests, or is overloaded: slowing down",
                ChangeKind::OutageBegan => "OSS accepts no requests: only probes are sent",
                ChangeKind::OutageEnded => "OSS accepts requests again",
            };
            tracing::event!(
                target: "tower_oss",
                tracing::Level::INFO,
                oss.throttle.rate = change.rate,
                oss.throttle.waiting = change.waiting,
                "{message}"
            );
        }
        let hook = self.0.on_change.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(hook) = hook {
            hook(change);
        }
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").finish_non_exhaustive()
    }
}

/// A call that waits for a permit. Dropped before it got one, it leaves the queue.
#[derive(Debug)]
pub(super) struct Position {
    shared: Shared,
    call: Call,
}

impl Position {
    pub(super) fn new(shared: Shared, deadline: Option<f64>, now: f64) -> Self {
        Self { shared, call: Call::new(now, deadline) }
    }

    pub(super) fn shared(&self) -> &Shared {
        &self.shared
    }

    pub(super) fn poll(&mut self, now: f64, cx: &mut Context<'_>) -> Polled {
        let waker = cx.waker().clone();
        self.shared.at(now, |limiter, now, wakers| limiter.poll(&mut self.call, waker, now, wakers))
    }
}

impl Drop for Position {
    fn drop(&mut self) {
        self.shared.with(|limiter, now, wakers| limiter.leave(&mut self.call, now, wakers));
    }
}

#[cfg(all(test, tower_oss_loom))]
mod interleavings;
