//! The law: how the rate falls after throttled responses, and grows after successes.

use super::recent::Recent;

/// What a response says about the load of the server.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Outcome {
    /// The server did the work, or rejected the request for a reason other than load.
    Accepted,
    /// Accepted, but the server held it back first, because a bandwidth limit is reached.
    Delayed,
    /// A limit is reached.
    Throttled,
    /// A 503 without a request id, which OSS did not send: a proxy is overloaded, or broken.
    Unavailable,
    /// The server failed without naming a limit.
    Failed,
}

/// The law: state and event in, request rate out. Times are arguments, in seconds since the start.
#[derive(Clone, Debug)]
pub(super) struct Rate {
    /// Requests per second, except during an outage.
    value: f64,
    first: f64,
    max: f64,
    /// The rate that the server accepted at the last cut. None in slow start.
    limit: Option<f64>,
    cut_at: f64,
    /// Time with demand since the last cut.
    wanted: f64,
    accepted: Recent,
    /// The share of responses that was throttled lately. Requests from before the last cut do not
    /// count.
    throttled: f64,
    round_trip: Option<f64>,
    /// Responses in a row that were not accepted.
    misses: u32,
    /// When a request was last accepted, and the usual time between two.
    accepted_at: f64,
    gap: f64,
    outage: Option<Outage>,
}

/// Nothing is accepted.
#[derive(Clone, Copy, Debug)]
struct Outage {
    since: f64,
    /// The rate that was accepted before.
    carried: f64,
    /// The last response was throttled.
    throttled: bool,
}

/// Lowest rate, one request in ten seconds: a cut never ends in a standstill.
const LEAST: f64 = 0.1;
/// Most of the rate that one cut takes away.
const DEEPEST_CUT: f64 = 0.5;
/// A cut goes to this share of what was accepted: enough to empty a full queue of the server.
const BELOW_LIMIT: f64 = 0.9;
/// Throttled responses within this time are one event.
const SETTLE: f64 = 0.05;
/// This share may be throttled for reasons other than the rate: a limit that is passed soon
/// throttles more.
const TOLERATED: f64 = 0.015;
/// How much a 503 of a proxy counts. Up to 30 % are tolerated: one proxy of four that is broken has
/// nothing to do with the rate.
const UNAVAILABLE: f64 = 0.05;
/// The share is taken over the responses of a second, or over this many.
const SAMPLE: f64 = 100.0;
/// Slow start doubles once in a round trip, within these bounds.
const DOUBLING: (f64, f64) = (0.1, 1.0);
/// After this time without demand, and without a throttled response, the limit is unknown again.
const FORGET: f64 = 60.0;
/// Misses in a row that may be an outage. One response in five may be a random 500: ten in a row
/// are 1 in 10⁷.
const MISSES: u32 = 10;
/// Nothing is accepted if it takes this long, and this many times as long as usual.
const SILENCE: (f64, f64) = (0.05, 5.0);
/// Probes per second, at most, and per waiting call.
const PROBES: (f64, f64) = (10.0, 0.2);
/// Probes come after this share of the time since the last accepted response: failures, throttled.
const PROBE_SHARE: (f64, f64) = (0.05, 0.25);
/// Longest time between two probes.
const LONGEST_PROBE: f64 = 20.0;
/// Longest time that one update may account for: the rate does not grow while the program stands
/// still.
pub(super) const LONGEST_STEP: f64 = 0.25;

impl Rate {
    pub(super) fn new(first: f64, max: f64) -> Self {
        Self {
            value: first.min(max),
            first,
            max,
            limit: None,
            cut_at: f64::NEG_INFINITY,
            wanted: 0.0,
            accepted: Recent::default(),
            throttled: 0.0,
            round_trip: None,
            misses: 0,
            accepted_at: 0.0,
            gap: 0.0,
            outage: None,
        }
    }

    pub(super) fn set_max(&mut self, max: f64) {
        self.max = max;
        self.value = self.value.min(max);
    }

    /// Requests per second while this many calls wait.
    pub(super) fn per_second(&self, waiting: usize, now: f64) -> f64 {
        let Some(outage) = self.outage else { return self.value };
        let share = if outage.throttled { PROBE_SHARE.1 } else { PROBE_SHARE.0 };
        let patient = 1.0 / (share * (now - self.accepted_at)).clamp(0.01, LONGEST_PROBE);
        (PROBES.1 * waiting.max(1) as f64).min(PROBES.0).min(patient).min(self.value)
    }

    pub(super) fn is_outage(&self) -> bool {
        self.outage.is_some()
    }

    /// Whether a limit has been met and not been forgotten.
    pub(super) fn is_limited(&self) -> bool {
        self.limit.is_some()
    }

    /// Callers wanted more than the rate for this long.
    pub(super) fn grow(&mut self, seconds: f64) {
        let seconds = seconds.min(LONGEST_STEP);
        if self.is_outage() {
            return;
        }
        self.wanted += seconds;
        self.value = match self.limit {
            None => {
                let doubling = self.round_trip.unwrap_or(DOUBLING.1).clamp(DOUBLING.0, DOUBLING.1);
                self.value * (seconds / doubling).exp2()
            }
            Some(limit) => self.value.max(cubic(limit, self.wanted / self.period(limit))),
        }
        .min(self.max);
    }

    /// The time in which the rate grows from below the limit back to it: K of RFC 9438.
    fn period(&self, limit: f64) -> f64 {
        let by_rate = (limit / 125.0).cbrt().max(30.0 / limit).clamp(0.6, 2.5);
        // Fewer than three requests, or four round trips, are too few to see what the rate does.
        by_rate.max(3.0 / limit).max(4.0 * self.round_trip.unwrap_or(0.0))
    }

    /// The client asks for less than the rate.
    pub(super) fn idle(&mut self, now: f64) {
        if self.limit.is_some() && now - self.cut_at - self.wanted >= FORGET && !self.is_outage() {
            self.limit = None;
            self.value = self.value.max(self.first).min(self.max);
        }
    }

    /// Takes note of a response to a request that was sent at that time.
    pub(super) fn on(&mut self, outcome: Outcome, sent: f64, now: f64) {
        self.time((now - sent).max(0.0));
        match outcome {
            Outcome::Accepted => self.accept(sent, now),
            Outcome::Delayed => {
                self.accept(sent, now);
                self.cut(sent, now);
            }
            Outcome::Throttled | Outcome::Unavailable => {
                self.sample(sent, if outcome == Outcome::Throttled { 1.0 } else { UNAVAILABLE });
                if self.limit.is_none() || self.throttled > TOLERATED {
                    self.cut(sent, now);
                }
                self.miss(true, now);
            }
            Outcome::Failed => self.miss(false, now),
        }
    }

    /// Slow responses are slow for reasons of their own, and count for little.
    fn time(&mut self, took: f64) {
        let usual = self.round_trip.unwrap_or(took);
        self.round_trip = Some(took.min(usual + (took - usual) / 16.0));
    }

    fn accept(&mut self, sent: f64, now: f64) {
        self.accepted.add(now);
        self.sample(sent, 0.0);
        if let Some(outage) = self.outage {
            // A response to a request from before the outage says nothing about now.
            if sent < outage.since {
                return;
            }
            self.recover(outage.carried);
        } else {
            self.gap += (now - self.accepted_at - self.gap) / 8.0;
        }
        self.misses = 0;
        self.accepted_at = now;
    }

    fn recover(&mut self, carried: f64) {
        self.outage = None;
        let carried = if carried > PROBES.0 { carried } else { self.first };
        let limit = carried.min(self.value);
        self.limit = Some(limit);
        self.wanted = self.period(limit);
        self.value = limit;
    }

    fn sample(&mut self, sent: f64, throttled: f64) {
        if sent >= self.cut_at {
            self.throttled += (throttled - self.throttled) / self.value.max(SAMPLE);
        }
    }

    fn cut(&mut self, sent: f64, now: f64) {
        if sent < self.cut_at || now - self.cut_at < SETTLE || self.is_outage() {
            return;
        }
        let target = (BELOW_LIMIT * self.accepted.rate(now)).max(DEEPEST_CUT * self.value).max(LEAST);
        self.value = self.value.min(target);
        self.limit = Some(self.value / BELOW_LIMIT);
        self.cut_at = now;
        self.wanted = 0.0;
    }

    fn miss(&mut self, throttled: bool, now: f64) {
        self.misses = self.misses.saturating_add(1);
        if !throttled && !self.is_outage() {
            self.accepted.add(now); // it failed for another reason, but no limit has held it up
        }
        match &mut self.outage {
            Some(outage) => outage.throttled = throttled,
            None if self.misses >= MISSES
                && now - self.accepted_at >= (SILENCE.1 * self.gap).max(SILENCE.0) =>
            {
                self.outage = Some(Outage { since: now, carried: self.accepted.last(), throttled });
            }
            None => {}
        }
    }
}

/// CUBIC: 0.9 of the limit at 0, the limit at 1, 1.1 times the limit at 2, 6 times at 4.7.
fn cubic(limit: f64, periods: f64) -> f64 {
    limit * (1.0 + (1.0 - BELOW_LIMIT) * (periods - 1.0).powi(3))
}
