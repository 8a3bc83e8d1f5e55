use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Waker},
    time::Duration,
};

use tokio::time::Instant;

use super::{
    calm::Calm,
    limiter::{Limiter, NotYet},
    rate::Answer,
    settings::Settings,
};

/// One limiter, and all who share it.
#[derive(Clone)]
pub(super) struct Shared(Arc<Inner>);

struct Inner {
    calm: Calm,
    settings: Settings,
    start: Instant,
    limiter: Mutex<Limiter<Waker>>,
}

/// Whom to wake once the lock is free again.
type Woken = Vec<Waker>;

impl Shared {
    pub(super) fn new(settings: Settings) -> Self {
        let limiter = Mutex::new(Limiter::new(settings));
        Self(Arc::new(Inner { calm: Calm::none(), settings, start: Instant::now(), limiter }))
    }

    pub(super) fn calm(&self) -> &Calm {
        &self.0.calm
    }

    pub(super) fn settings(&self) -> &Settings {
        &self.0.settings
    }

    pub(super) fn enter(&self, patience: impl FnOnce() -> Duration, now: Instant) -> Result<(), NotYet> {
        self.with(now, |limiter, now, _| limiter.enter(|| patience().as_secs_f64(), now))
    }

    /// A good answer came to a request that was sent after this look at the limiter.
    #[inline]
    pub(super) fn accepted(&self, looked: f64) {
        if !self.0.calm.accept() {
            self.answered(Answer::Accepted, None, looked);
        }
    }

    /// An answer came to a request that was sent after this look at the limiter. True if the throttle paces what is
    /// done about it.
    #[cold]
    pub(super) fn answered(&self, answer: Answer, retry_after: Option<Duration>, looked: f64) -> bool {
        self.with(Instant::now(), |limiter, now, woken| {
            limiter.answered(answer, retry_after, looked, now, |waker| woken.push(waker))
        })
    }

    pub(super) fn reset(&self) {
        self.with(Instant::now(), |limiter, now, woken| {
            limiter.reset(self.0.settings, now, |waker| woken.push(waker));
        });
    }

    /// Reads a number off the limiter.
    pub(super) fn read<T>(&self, read: impl FnOnce(&mut Limiter<Waker>, f64) -> T) -> T {
        self.with(Instant::now(), |limiter, now, _| read(limiter, now))
    }

    /// A look at the limiter. Wakes only after the lock is free: a woken task may take it at once.
    fn with<T>(&self, now: Instant, act: impl FnOnce(&mut Limiter<Waker>, f64, &mut Woken) -> T) -> T {
        let now = now.saturating_duration_since(self.0.start).as_secs_f64();
        let mut woken = Woken::new();
        let mut limiter = self.lock();
        let (turns, accepted) = self.0.calm.end();
        limiter.take_back(turns, accepted, now);
        let result = act(&mut limiter, now, &mut woken);
        self.0.calm.begin(limiter.set_aside(now), now);
        drop(limiter);
        woken.into_iter().for_each(Waker::wake);
        result
    }

    fn lock(&self) -> MutexGuard<'_, Limiter<Waker>> {
        // Nothing under the lock can be left half done: a panic there would come from a waker, which is outside.
        self.0.limiter.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").field("settings", &self.0.settings).finish_non_exhaustive()
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
        let looked = self.shared.with(now, |limiter, now, woken| {
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
            self.shared.with(Instant::now(), |limiter, now, woken| {
                limiter.leave(self.ticket, now, |waker| woken.push(waker));
            });
        }
    }
}
