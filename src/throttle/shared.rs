use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Waker},
    time::Duration,
};

use tokio::time::Instant;

use super::{
    limiter::{Entry, Limiter, Wakers},
    rate::Outcome,
    settings::{Change, Settings},
};
use crate::{
    deadline::{Deadline, far},
    error::NotSentReason,
};

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

    pub(super) fn since_start(&self, moment: Instant) -> f64 {
        moment.saturating_duration_since(self.0.start).as_secs_f64()
    }

    /// Locks the limiter. Whoever is to be woken is woken after that: it may lock the limiter at
    /// once.
    #[inline]
    pub(super) fn with<T>(&self, act: impl FnOnce(&mut Limiter, f64, &mut Wakers) -> T) -> T {
        self.at(Instant::now(), act)
    }

    #[inline]
    fn at<T>(&self, now: Instant, act: impl FnOnce(&mut Limiter, f64, &mut Wakers) -> T) -> T {
        let now = self.since_start(now);
        let mut wakers = Wakers::default();
        // A panic under the lock leaves nothing half done: wakers and hooks, which may panic, are
        // called outside.
        let result =
            act(&mut self.0.limiter.lock().unwrap_or_else(PoisonError::into_inner), now, &mut wakers);
        wakers.wake.into_iter().for_each(Waker::wake);
        result
    }

    pub(super) fn enter(&self, deadline: Option<Deadline>, now: Instant) -> Entry {
        let deadline = deadline.map(|deadline| self.since_start(deadline.moment()));
        self.at(now, |limiter, now, wakers| limiter.enter(deadline, now, wakers))
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
                ChangeKind::Slowed => "OSS throttles requests: slowing down",
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

/// The position of a call in the queue. Dropped before it got its permit, it leaves the queue.
#[derive(Debug)]
pub(super) struct Position {
    pub(super) shared: Shared,
    ticket: Option<u64>,
    since: Instant,
    /// It waits until then, at most.
    pub(super) until: Instant,
    reason: NotSentReason,
}

impl Position {
    pub(super) fn new(
        shared: Shared,
        ticket: u64,
        until: f64,
        reason: NotSentReason,
        since: Instant,
    ) -> Self {
        let left = Duration::try_from_secs_f64(until - shared.since_start(since)).unwrap_or(Duration::ZERO);
        Self { shared, ticket: Some(ticket), since, until: far(since, left), reason }
    }

    /// Ok if it takes a permit; else the time at which it should be polled again.
    pub(super) fn poll(&mut self, now: Instant, cx: &mut Context<'_>) -> Result<(), Instant> {
        let Some(ticket) = self.ticket else { return Ok(()) };
        let waker = cx.waker().clone();
        let polled = self.shared.at(now, |limiter, now, wakers| {
            limiter.poll(ticket, waker, now, wakers).map_err(|due| due - now)
        });
        match polled {
            Ok(()) => {
                self.ticket = None;
                Ok(())
            }
            Err(nap) => Err(far(now, Duration::try_from_secs_f64(nap).unwrap_or(Duration::MAX))),
        }
    }
}

impl Position {
    /// Leaves the queue without a permit: the reason, and how long it has waited.
    pub(super) fn give_up(&mut self, now: Instant) -> (NotSentReason, Duration) {
        self.shared.with(|limiter, _, _| limiter.counts.rejected += 1);
        (self.reason, now - self.since)
    }
}

impl Drop for Position {
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket {
            self.shared.with(|limiter, now, wakers| limiter.leave(ticket, now, wakers));
        }
    }
}
