use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Waker},
    time::Duration,
};

use tokio::time::Instant;

use super::{
    limiter::{Entry, Limiter},
    rate::Answer,
    settings::Settings,
};

/// One limiter, and all who share it.
#[derive(Clone)]
pub(super) struct Shared(Arc<Inner>);

struct Inner {
    settings: Settings,
    start: Instant,
    limiter: Mutex<Limiter<Waker>>,
}

/// Whom to wake once the lock is free again.
type Woken = Vec<Waker>;

impl Shared {
    pub(super) fn new(settings: Settings) -> Self {
        let limiter = Mutex::new(Limiter::new(settings));
        Self(Arc::new(Inner { settings, start: Instant::now(), limiter }))
    }

    pub(super) fn settings(&self) -> &Settings {
        &self.0.settings
    }

    pub(super) fn enter(&self, patience: impl FnOnce() -> Duration, now: Instant) -> Entry {
        self.lock().enter(|| patience().as_secs_f64(), self.seconds(now))
    }

    pub(super) fn answered(
        &self,
        answer: Answer,
        retry_after: Option<Duration>,
        sent: Instant,
        now: Instant,
    ) -> bool {
        let (sent, now) = (self.seconds(sent), self.seconds(now));
        self.with(|limiter, woken| {
            limiter.answered(answer, retry_after, sent, now, |waker| woken.push(waker))
        })
    }

    pub(super) fn reset(&self, now: Instant) {
        let now = self.seconds(now);
        self.with(|limiter, woken| limiter.reset(self.0.settings, now, |waker| woken.push(waker)));
    }

    /// Reads a number off the limiter.
    pub(super) fn read<T>(&self, read: impl FnOnce(&mut Limiter<Waker>, f64) -> T, now: Instant) -> T {
        read(&mut self.lock(), self.seconds(now))
    }

    /// Wakes only after the lock is free: a woken task may take it at once.
    fn with<T>(&self, act: impl FnOnce(&mut Limiter<Waker>, &mut Woken) -> T) -> T {
        let mut woken = Woken::new();
        let result = act(&mut self.lock(), &mut woken);
        woken.into_iter().for_each(Waker::wake);
        result
    }

    fn lock(&self) -> MutexGuard<'_, Limiter<Waker>> {
        // Nothing under the lock can be left half done: a panic there would come from a waker, which is outside.
        self.0.limiter.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn seconds(&self, moment: Instant) -> f64 {
        moment.saturating_duration_since(self.0.start).as_secs_f64()
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Limiter").field("settings", &self.0.settings).finish_non_exhaustive()
    }
}

/// A place in the queue. Dropped before it is used, it is given to the next.
#[derive(Debug)]
pub(super) struct Turn {
    shared: Shared,
    ticket: u64,
    used: bool,
}

impl Turn {
    pub(super) fn new(shared: Shared, ticket: u64) -> Self {
        Self { shared, ticket, used: false }
    }

    /// Whether the turn has come; then it is used. If not, this long is it until the next look.
    pub(super) fn poll(&mut self, now: Instant, cx: &mut Context<'_>) -> Result<(), Duration> {
        let now = self.shared.seconds(now);
        let looked = self.shared.with(|limiter, woken| {
            limiter.call(now, |waker| woken.push(waker));
            // It may wake its own task, too: another call of the same task may be the one that was called.
            limiter.look(self.ticket, now, || cx.waker().clone())
        });
        self.used = looked.is_ok();
        looked.map_err(Duration::from_secs_f64)
    }

    pub(super) fn shared(&self) -> &Shared {
        &self.shared
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if !self.used {
            let now = self.shared.seconds(Instant::now());
            let ticket = self.ticket;
            self.shared.with(|limiter, woken| limiter.leave(ticket, now, |waker| woken.push(waker)));
        }
    }
}
