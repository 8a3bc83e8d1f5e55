//! The permits and the queue, as pure functions of the time.

use std::{collections::BTreeMap, task::Waker, time::Duration};

use super::{
    rate::{LONGEST_STEP, Outcome, Rate},
    settings::{ChangeKind, Settings},
};
use crate::error::NotSentReason;

/// The queue of waiting calls, and the permits that become available at the rate. Pure: times are
/// arguments, in seconds since the start. No waker is cloned, woken or dropped here: they are
/// handed in and out by [`Wakers`].
#[derive(Debug)]
pub(super) struct Limiter {
    pub(super) settings: Settings,
    rate: Rate,
    /// By ticket, a number in the order of arrival.
    queue: BTreeMap<u64, Waiting>,
    next_ticket: u64,
    /// Calls that did not poll when they could have. They are not in the queue until they do.
    skipped: usize,
    permits: f64,
    /// Permits are counted up to this time.
    at: f64,
    paused_until: f64,
    /// A call that could not wait found no permit: it wanted one until then.
    wanted_until: f64,
    pub(super) counts: Counts,
}

#[derive(Debug)]
struct Waiting {
    /// None: it has been woken, or has not been polled yet.
    waker: Option<Waker>,
    /// When it will poll by itself, or was woken.
    due: f64,
}

#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counts {
    pub(super) accepted: u64,
    pub(super) throttled: u64,
    pub(super) failed: u64,
    pub(super) rejected: u64,
    pub(super) outages: u64,
    pub(super) delayed: u64,
}

/// What a call gets.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Entry {
    Permit,
    /// It waits until then, at most, for the reason given.
    Wait {
        ticket: u64,
        until: f64,
        reason: NotSentReason,
    },
    /// It would wait for this long, and cannot.
    Rejected {
        reason: NotSentReason,
        wait: f64,
    },
}

/// What is to be woken, or dropped, once the lock is free.
#[derive(Debug, Default)]
pub(super) struct Wakers {
    pub(super) wake: Vec<Waker>,
    pub(super) drop: Vec<Waker>,
}

/// Permits accumulate for this time. Less than the bucket of a server usually holds, more than
/// timers are late by.
const BURST: f64 = 0.05;
/// A call that does not poll within this time after it could have is passed over.
const GRACE: f64 = 0.1;
/// A timer that is later than this is set anew.
const SLACK: f64 = 0.01;
/// What tokio's timers can tell apart.
const TICK: f64 = 0.001;

impl Limiter {
    pub(super) fn new(settings: Settings) -> Self {
        Self {
            settings,
            rate: Rate::new(settings.first_rate, settings.max_rate),
            queue: BTreeMap::new(),
            next_ticket: 0,
            skipped: 0,
            permits: 1.0,
            at: 0.0,
            paused_until: 0.0,
            wanted_until: 0.0,
            counts: Counts::default(),
        }
    }

    /// A call comes.
    pub(super) fn enter(&mut self, deadline: Option<f64>, now: f64, wakers: &mut Wakers) -> Entry {
        self.advance(now);
        if self.queue.is_empty() && self.is_permit_available(now) {
            self.permits -= 1.0;
            return Entry::Permit;
        }
        if self.queue.is_empty() {
            self.wanted_until = now + 1.0 / self.per_second(now);
        }
        self.wake(now, wakers);
        let by_wait = now + self.settings.max_wait.as_secs_f64();
        let (until, reason) = match deadline {
            Some(deadline) if deadline <= by_wait => (deadline, NotSentReason::Deadline),
            _ => (by_wait, NotSentReason::MaxWait),
        };
        let reason = if until <= now || until < self.paused_until {
            reason
        } else if self.waiting() >= self.settings.max_waiting {
            NotSentReason::QueueFull
        } else {
            let ticket = self.next_ticket;
            self.next_ticket += 1;
            let due = self.due(self.queue.len(), now);
            self.queue.insert(ticket, Waiting { waker: None, due });
            return Entry::Wait { ticket, until, reason };
        };
        self.counts.rejected += 1;
        Entry::Rejected { reason, wait: self.due(self.queue.len(), now) - now }
    }

    /// A waiting call is polled. Ok if it takes a permit; else the time at which it should poll
    /// again, and its waker is kept.
    pub(super) fn poll(
        &mut self,
        ticket: u64,
        waker: Waker,
        now: f64,
        wakers: &mut Wakers,
    ) -> Result<(), f64> {
        self.advance(now);
        let known = self.queue.remove(&ticket);
        self.skipped -= usize::from(known.is_none());
        wakers.drop.extend(known.and_then(|waiting| waiting.waker));
        let mut blocked_until = f64::INFINITY;
        if self.is_permit_available(now) {
            self.skip_absent(ticket, now, wakers);
            match self.queue.first_key_value() {
                Some((first, waiting)) if *first < ticket => blocked_until = waiting.due + GRACE,
                _ => {
                    self.permits -= 1.0;
                    wakers.drop.push(waker);
                    self.wake(now, wakers);
                    return Ok(());
                }
            }
        }
        let first = self.queue.keys().next().map_or(ticket, |first| *first);
        let ahead = usize::try_from(ticket.saturating_sub(first)).unwrap_or(usize::MAX).min(self.queue.len());
        let due = self.due(ahead, now);
        self.queue.insert(ticket, Waiting { waker: Some(waker), due });
        self.wake_others(ticket, now, wakers);
        // The first one reads the clock from time to time, or the rate would not grow.
        let grow = if ahead == 0 { now.max(self.paused_until) + LONGEST_STEP } else { f64::INFINITY };
        Err(due.min(blocked_until).min(grow).max(now + TICK))
    }

    /// A waiting call is dropped.
    pub(super) fn leave(&mut self, ticket: u64, now: f64, wakers: &mut Wakers) {
        match self.queue.remove(&ticket) {
            Some(waiting) => wakers.drop.extend(waiting.waker),
            None => self.skipped -= 1,
        }
        self.advance(now);
        self.wake(now, wakers);
    }

    /// A response came to a request that was sent at that time.
    pub(super) fn on(
        &mut self,
        outcome: Outcome,
        sent: f64,
        now: f64,
        wakers: &mut Wakers,
    ) -> Option<ChangeKind> {
        self.advance(now);
        let (was_limited, was_outage) = (self.rate.is_limited(), self.rate.is_outage());
        self.rate.on(outcome, sent, now);
        match outcome {
            Outcome::Accepted => self.counts.accepted += 1,
            Outcome::Delayed => {
                self.counts.accepted += 1;
                self.counts.delayed += 1;
            }
            Outcome::Throttled => self.counts.throttled += 1,
            Outcome::Failed => self.counts.failed += 1,
        }
        let change = match (was_outage, self.rate.is_outage()) {
            (false, true) => {
                self.counts.outages += 1;
                // What was saved up in better times is not for probes.
                self.permits = 0.0;
                Some(ChangeKind::OutageBegan)
            }
            (true, false) => Some(ChangeKind::OutageEnded),
            _ => (!was_limited && self.rate.is_limited()).then_some(ChangeKind::Slowed),
        };
        self.wake(now, wakers);
        change
    }

    /// Nothing is accepted at present.
    pub(super) fn is_outage(&self) -> bool {
        self.rate.is_outage()
    }

    /// No permit is given before that time.
    pub(super) fn pause(&mut self, time: Duration, now: f64) {
        self.advance(now);
        self.paused_until = self.paused_until.max(now + time.as_secs_f64());
    }

    pub(super) fn resume(&mut self, now: f64, wakers: &mut Wakers) {
        self.paused_until = self.paused_until.min(now);
        self.wake(now, wakers);
    }

    pub(super) fn set(&mut self, settings: Settings) {
        if settings.first_rate != self.settings.first_rate {
            self.rate = Rate::new(settings.first_rate, settings.max_rate);
        }
        self.rate.set_max(settings.max_rate);
        self.settings = settings;
    }

    /// Forgets what was learned.
    pub(super) fn reset(&mut self, now: f64, wakers: &mut Wakers) {
        self.rate = Rate::new(self.settings.first_rate, self.settings.max_rate);
        self.resume(now, wakers);
    }

    /// Permits per second.
    pub(super) fn per_second(&self, now: f64) -> f64 {
        self.rate.per_second(self.queue.len(), now)
    }

    pub(super) fn waiting(&self) -> usize {
        self.queue.len() + self.skipped
    }

    /// Counts the permits that have become available.
    pub(super) fn advance(&mut self, now: f64) {
        let (from, passed) = (self.at, now - self.at);
        if passed <= 0.0 {
            return;
        }
        self.at = now;
        let wanted_until = if self.queue.is_empty() { self.wanted_until } else { now };
        // Nobody knows what is accepted while nothing is sent.
        let wanted = wanted_until.min(now) - from.max(self.paused_until);
        if wanted > 0.0 {
            self.rate.grow(wanted);
        } else {
            self.rate.idle(now);
        }
        let rate = self.per_second(now);
        self.permits = (self.permits + passed * rate).min(1.0 + BURST * rate);
    }

    fn is_permit_available(&self, now: f64) -> bool {
        self.permits >= 1.0 && now >= self.paused_until
    }

    /// When a call with this many ahead gets its permit.
    fn due(&self, ahead: usize, now: f64) -> f64 {
        let missing = (ahead as f64 + 1.0 - self.permits).max(0.0);
        now.max(self.paused_until) + missing / self.per_second(now)
    }

    /// Passes over the calls before this one that have not polled although they could have.
    fn skip_absent(&mut self, ticket: u64, now: f64, wakers: &mut Wakers) {
        while let Some(first) = self.queue.first_entry() {
            if *first.key() >= ticket || first.get().due + GRACE > now {
                return;
            }
            wakers.wake.extend(first.remove().waker);
            self.skipped += 1;
        }
    }

    /// Wakes as many calls as there are permits, and the first one if its timer is too late by now.
    fn wake(&mut self, now: f64, wakers: &mut Wakers) {
        self.wake_others(u64::MAX, now, wakers);
    }

    /// As `wake`, but for a call that is being polled.
    fn wake_others(&mut self, polled: u64, now: f64, wakers: &mut Wakers) {
        if self.queue.is_empty() {
            return;
        }
        let permits = if self.is_permit_available(now) { self.permits as usize } else { 0 };
        let first_due = self.due(0, now);
        for (index, (ticket, waiting)) in self.queue.iter_mut().take(permits.max(1)).enumerate() {
            if *ticket != polled && (index < permits || waiting.due > first_due + SLACK) {
                waiting.due = waiting.due.min(first_due);
                wakers.wake.extend(waiting.waker.take());
            }
        }
    }
}
