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
    /// The calls that wait, by ticket: a number in the order of arrival. A call that did not poll
    /// when it could have is in neither map until it does.
    asleep: BTreeMap<u64, Waiting>,
    /// Those that have been woken, and have not polled yet.
    awake: BTreeMap<u64, Waiting>,
    next_ticket: u64,
    /// All calls that wait.
    waiting: usize,
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
    /// None if it is awake.
    waker: Option<Waker>,
    /// When it will poll by itself, or was woken.
    due: f64,
    /// It has been passed over: the others do not wait for it any more.
    is_late: bool,
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

/// A call that found no permit when it came.
#[derive(Debug)]
pub(super) struct Call {
    /// None: it is not in the queue, because it has not been polled yet or does not wait any more.
    ticket: Option<u64>,
    since: f64,
    deadline: Option<f64>,
}

impl Call {
    pub(super) fn new(since: f64, deadline: Option<f64>) -> Self {
        Self { ticket: None, since, deadline }
    }
}

/// What a call gets when it is polled.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Polled {
    Permit,
    /// It is to poll again at this time, or when it is woken.
    Pending(f64),
    /// It has waited for this long, or would have to.
    Rejected {
        reason: NotSentReason,
        wait: f64,
        has_waited: bool,
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
            asleep: BTreeMap::new(),
            awake: BTreeMap::new(),
            next_ticket: 0,
            waiting: 0,
            permits: 1.0,
            at: 0.0,
            paused_until: 0.0,
            wanted_until: 0.0,
            counts: Counts::default(),
        }
    }

    /// A call comes. True if it takes a permit.
    pub(super) fn take(&mut self, now: f64) -> bool {
        self.advance(now);
        let is_first = self.first().is_none();
        let takes = is_first && self.is_permit_available(now);
        if takes {
            self.permits -= 1.0;
        } else if is_first {
            self.wanted_until = now + 1.0 / self.per_second(now);
        }
        takes
    }

    /// A call that found no permit is polled.
    pub(super) fn poll(&mut self, call: &mut Call, waker: Waker, now: f64, wakers: &mut Wakers) -> Polled {
        self.advance(now);
        let ticket = call.ticket.unwrap_or(self.next_ticket);
        let known = self.remove(ticket);
        let is_late = known.as_ref().map_or(call.ticket.is_some(), |waiting| waiting.is_late);
        wakers.drop.extend(known.and_then(|waiting| waiting.waker));
        let (until, reason) = self.limit_of(call);
        let mut again = until;
        if self.is_permit_available(now) && now <= until {
            if !self.is_behind(ticket, now, wakers) {
                self.permits -= 1.0;
                wakers.drop.push(waker);
                self.leave(call, now, wakers);
                return Polled::Permit;
            }
            again = again.min(now + GRACE);
        }
        let ahead = ticket.saturating_sub(self.first().unwrap_or(ticket));
        let ahead = usize::try_from(ahead).unwrap_or(usize::MAX).min(self.asleep.len() + self.awake.len());
        let due = self.due(ahead, now);
        let is_known = call.ticket.is_some();
        let too_late = until <= now || until < self.paused_until;
        if too_late || !is_known && self.waiting >= self.settings.max_waiting {
            let reason = if too_late { reason } else { NotSentReason::QueueFull };
            // A call that is polled for the first time after its end has waited, too.
            let has_waited = is_known || call.since < until && until <= now;
            let wait = if has_waited { now - call.since } else { due - now };
            self.counts.rejected += 1;
            wakers.drop.push(waker);
            self.leave(call, now, wakers);
            return Polled::Rejected { reason, wait, has_waited };
        }
        if !is_known {
            call.ticket = Some(ticket);
            self.next_ticket += 1;
            self.waiting += 1;
        }
        self.asleep.insert(ticket, Waiting { waker: Some(waker), due, is_late });
        if ahead == 0 {
            // The first one reads the clock from time to time, or the rate would not grow.
            again = again.min(now.max(self.paused_until) + LONGEST_STEP);
        }
        Polled::Pending(due.min(again).max(now + TICK))
    }

    /// How long a call waits, and why no longer.
    fn limit_of(&self, call: &Call) -> (f64, NotSentReason) {
        let by_wait = call.since + self.settings.max_wait.as_secs_f64();
        match call.deadline {
            Some(deadline) if deadline <= by_wait => (deadline, NotSentReason::Deadline),
            _ => (by_wait, NotSentReason::MaxWait),
        }
    }

    /// A call waits no longer.
    pub(super) fn leave(&mut self, call: &mut Call, now: f64, wakers: &mut Wakers) {
        if let Some(ticket) = call.ticket.take() {
            self.waiting -= 1;
            wakers.drop.extend(self.remove(ticket).and_then(|waiting| waiting.waker));
            self.advance(now);
            self.wake(now, wakers);
        }
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
            Outcome::Throttled | Outcome::Unavailable => self.counts.throttled += 1,
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
        self.rate.per_second(self.waiting, now)
    }

    pub(super) fn waiting(&self) -> usize {
        self.waiting
    }

    /// Counts the permits that have become available.
    pub(super) fn advance(&mut self, now: f64) {
        let (from, passed) = (self.at, now - self.at);
        if passed <= 0.0 {
            return;
        }
        self.at = now;
        let wanted_until = if self.first().is_none() { self.wanted_until } else { now };
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

    /// The ticket of the first call that is there.
    fn first(&self) -> Option<u64> {
        let (asleep, awake) = (self.asleep.keys().next(), self.awake.keys().next());
        asleep.into_iter().chain(awake).min().copied()
    }

    fn remove(&mut self, ticket: u64) -> Option<Waiting> {
        self.asleep.remove(&ticket).or_else(|| self.awake.remove(&ticket))
    }

    /// Whether a call before this one is to take the permit, and has been woken for that. Calls that
    /// have not polled although they could have are passed over.
    fn is_behind(&mut self, ticket: u64, now: f64, wakers: &mut Wakers) -> bool {
        while let Some(first) = self.first().filter(|first| *first < ticket) {
            // No other is woken: two calls behind an absent one would wake each other for ever.
            if let Some(waiting) = self.wake_one(first, now, wakers) {
                if waiting.due + GRACE > now && !waiting.is_late {
                    return true;
                }
                self.awake.remove(&first);
            }
        }
        false
    }

    /// Wakes as many calls as there are permits, and the first one if its timer is too late by now.
    fn wake(&mut self, now: f64, wakers: &mut Wakers) {
        let permits = if self.is_permit_available(now) { self.permits as usize } else { 0 };
        while self.awake.len() < permits.max(1) {
            let Some((ticket, waiting)) = self.asleep.first_key_value() else { return };
            if self.awake.len() >= permits && waiting.due <= self.due(0, now) + SLACK {
                return;
            }
            self.wake_one(*ticket, now, wakers);
        }
    }

    fn wake_one(&mut self, ticket: u64, now: f64, wakers: &mut Wakers) -> Option<&Waiting> {
        let due = self.due(0, now);
        if let Some(mut waiting) = self.asleep.remove(&ticket) {
            waiting.due = waiting.due.min(due);
            wakers.wake.extend(waiting.waker.take());
            self.awake.insert(ticket, waiting);
        }
        self.awake.get(&ticket)
    }
}
