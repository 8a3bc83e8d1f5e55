use std::time::Duration;

use super::{
    queue::Queue,
    rate::{Answer, Rate},
    settings::Settings,
};

/// Whose turn it is: the queue, and the turns that are ready, saved up at the rate. Pure: times are arguments, in
/// seconds; a waker is whatever `W` is.
#[derive(Debug)]
pub(super) struct Limiter<W> {
    rate: Rate,
    queue: Queue<W>,
    /// Turns that are ready to be taken.
    ready: f64,
    /// Turns that were set aside at the last look, and, during a look, those of them that were taken since.
    aside: f64,
    /// The moment up to which turns are counted.
    at: f64,
    /// No turn before this.
    paused_until: f64,
    burst: f64,
    catch_up: f64,
    standstill: f64,
    longest_pause: f64,
    max_waiting: usize,
    accepted: u64,
    refused: u64,
}

/// What a caller gets who comes before its turn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum NotYet {
    /// A ticket.
    Wait(u64),
    /// Nothing: the wait would be this long, and it is too long.
    TooLong(f64),
    /// Nothing: too many wait, and the wait would be this long.
    TooMany(f64),
}

/// Longest time between two looks at the queue, so that a rise of the rate is noticed.
const LONGEST_NAP: f64 = 0.25;
/// What tokio's timers can tell apart. Less would be a look at the same moment again.
const SHORTEST_NAP: f64 = 0.001;

impl<W> Limiter<W> {
    pub(super) fn new(settings: Settings) -> Self {
        Self {
            rate: Rate::new(settings),
            queue: Queue::default(),
            ready: 1.0,
            aside: 0.0,
            at: 0.0,
            paused_until: 0.0,
            burst: settings.burst.as_secs_f64(),
            catch_up: settings.catch_up.as_secs_f64(),
            standstill: settings.standstill.as_secs_f64(),
            longest_pause: settings.max_retry_after.as_secs_f64(),
            max_waiting: settings.max_waiting,
            accepted: 0,
            refused: 0,
        }
    }

    /// The turns that had been set aside and that nobody took, and the good answers that came meanwhile.
    pub(super) fn take_back(&mut self, turns: u32, accepted: u32, now: f64) {
        self.ready += f64::from(turns);
        self.aside -= f64::from(turns);
        if accepted > 0 {
            self.accepted += u64::from(accepted);
            self.rate.accepted_calmly(accepted, now);
        }
    }

    /// Sets the turns that are ready aside, if nobody waits and nothing is wrong: the rate need not be looked at then.
    pub(super) fn set_aside(&mut self, now: f64) -> Option<u32> {
        let calm = self.queue.is_empty() && self.rate.is_calm() && self.paused_until <= now;
        let turns = if calm { self.ready.max(0.0) as u32 } else { 0 };
        self.aside = f64::from(turns);
        self.ready -= self.aside;
        calm.then_some(turns)
    }

    /// A caller comes, and can wait for this long, which is asked for only if it has to. Ok if it is its turn.
    pub(super) fn enter(&mut self, patience: impl FnOnce() -> f64, now: f64) -> Result<(), NotYet> {
        self.advance(now);
        if self.queue.is_empty() && self.ready >= 1.0 && now >= self.paused_until {
            self.ready -= 1.0;
            return Ok(());
        }
        let wait = self.wait_of(self.queue.len(), self.rate.hoped(), now);
        Err(if wait > patience() {
            NotYet::TooLong(wait)
        } else if self.queue.len() >= self.max_waiting {
            NotYet::TooMany(wait)
        } else {
            NotYet::Wait(self.queue.push())
        })
    }

    /// Whether the turn of this ticket has come. If not, the waker is kept, and this long is it until the next look.
    pub(super) fn look(&mut self, ticket: u64, now: f64, waker: impl FnOnce() -> W) -> Result<(), f64> {
        if !self.queue.waits(ticket) {
            return Ok(());
        }
        self.queue.remember(ticket, waker());
        let rate = self.rate(now);
        Err(self.wait_of(self.queue.ahead_of(ticket), rate, now).clamp(SHORTEST_NAP, LONGEST_NAP))
    }

    /// Calls those whose turn it is, and tells whom to wake.
    pub(super) fn call(&mut self, now: f64, mut wake: impl FnMut(W)) {
        self.advance(now);
        while now >= self.paused_until && self.ready >= 1.0 {
            let Some(waker) = self.queue.call_next() else { return };
            self.ready -= 1.0;
            if let Some(waker) = waker {
                wake(waker);
            }
        }
    }

    /// For when its turn comes sooner than its timer knows.
    fn wake_first(&mut self, wake: impl FnMut(W)) {
        self.queue.take_first_waker().into_iter().for_each(wake);
    }

    /// A caller with a ticket goes away. A turn that it had got already is given to the next.
    pub(super) fn leave(&mut self, ticket: u64, now: f64, mut wake: impl FnMut(W)) {
        if !self.queue.waits(ticket) {
            self.ready += 1.0;
        } else if self.queue.leave(ticket) {
            self.wake_first(&mut wake);
        }
        self.call(now, wake);
    }

    /// An answer came to a request that was sent then. True if the throttle paces what is done about it.
    pub(super) fn answered(
        &mut self,
        answer: Answer,
        retry_after: Option<Duration>,
        sent: f64,
        now: f64,
        mut wake: impl FnMut(W),
    ) -> bool {
        self.advance(now);
        let was_outage = self.rate.is_outage();
        let paced = self.rate.on(answer, sent, now);
        if self.rate.is_outage() && !was_outage {
            // What was saved up in better times is not for probes.
            self.ready = 0.0;
        }
        match answer {
            Answer::Accepted => self.accepted += 1,
            Answer::Throttled => self.refused += 1,
            Answer::Failed => {}
        }
        // What is not paced waits by itself.
        if let Some(pause) = retry_after.filter(|_| paced) {
            self.paused_until = self.paused_until.max(now + pause.as_secs_f64().min(self.longest_pause));
        }
        if !self.queue.is_empty() {
            if was_outage && !self.rate.is_outage() {
                // Its timer was set when turns were rare.
                self.wake_first(&mut wake);
            }
            self.call(now, wake);
        }
        paced
    }

    /// Counts the turns that have become ready.
    fn advance(&mut self, now: f64) {
        let from = self.at.max(self.paused_until).min(now);
        self.at = self.at.max(now);
        let passed = now - from;
        if passed <= 0.0 {
            return;
        }
        let saved_up = if self.queue.is_empty() {
            self.rate.idle(now);
            self.burst
        } else {
            self.rate.grow(passed);
            if self.rate.is_measured() { self.catch_up } else { self.standstill }
        };
        let rate = self.rate(now);
        // What was set aside may all have been taken a moment ago: no more than a burst goes out at any time.
        let most = 1.0 + rate * saved_up - self.aside;
        self.ready = (self.ready + passed * rate).min(most.max(0.0));
    }

    /// The time until the turn of one who has this many before it.
    fn wait_of(&self, ahead: usize, rate: f64, now: f64) -> f64 {
        let turns = (ahead as f64 + 1.0 - self.ready).max(0.0);
        (self.paused_until - now).max(0.0) + turns / rate
    }

    /// Turns a second. In an outage there are some for whoever comes, too, though nobody waits.
    pub(super) fn rate(&mut self, now: f64) -> f64 {
        self.rate.per_second(self.queue.len().max(1), now)
    }

    pub(super) fn waiting(&self) -> usize {
        self.queue.len()
    }

    pub(super) fn accepted(&self) -> u64 {
        self.accepted
    }

    pub(super) fn refused(&self) -> u64 {
        self.refused
    }

    /// Forgets what was learned. Who waits goes on waiting, and the totals stay.
    pub(super) fn reset(&mut self, settings: Settings, now: f64, wake: impl FnMut(W)) {
        self.rate = Rate::new(settings);
        self.paused_until = now.min(self.paused_until);
        self.call(now, wake);
    }
}

#[cfg(test)]
mod tests;
