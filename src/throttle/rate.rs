use super::{
    course::{Contest, Course, Trial, growth},
    measure::Measure,
    recent::Recent,
    settings::Settings,
};

/// What came back for a request, as far as the rate is concerned.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Answer {
    /// OSS did the work: a success, or an error that is not about load.
    Accepted,
    /// A limit is reached.
    Throttled,
    /// OSS failed: a 5xx that names no limit.
    Failed,
}

/// The request rate, and what is known about the limit of the server. Pure: times are arguments, in seconds.
#[derive(Clone, Debug)]
pub(super) struct Rate {
    settings: Settings,
    /// Requests a second, unless the server is shut or there is an outage.
    value: f64,
    course: Course,
    recent: Recent,
    /// From the last moment at which the server had nothing left.
    drained: Option<Measure>,
    /// From the last moment at which the server opened again: where a window begins.
    opened: Option<Measure>,
    /// Cuts since the server last opened that it was expected to be shut after.
    unshut: u32,
    cut_at: f64,
    shut_at: f64,
    /// When last nobody waited.
    idle_at: f64,
    /// Up to this moment, the limit is expected to rise again soon.
    eager_until: f64,
    /// Refusals in a row, failures in a row.
    refusals: u32,
    failures: u32,
    /// Refusals below the known limit, in a row.
    surprises: u32,
    outage: Option<Outage>,
}

#[derive(Clone, Copy, Debug)]
struct Outage {
    since: f64,
    /// What was accepted in the second before.
    carried: f64,
}

/// At the first refusal, the rate has doubled for as long as the news took, and the server's bucket has hidden the
/// limit before: a quarter of it is below the limit in all cases that were tried, and not far below.
const FIRST_CUT: f64 = 0.25;
/// Two measures of a limit agree within this.
const AGREE: f64 = 0.08;
/// A trial gets longer by this factor each time they do: what does not change need not be looked at often.
const PATIENCE: f64 = 1.3;
/// Requests that a trial needs at least, so that counting them means something.
const COUNTABLE: f64 = 100.0;
/// A limit that has fallen below this share of itself has fallen; above it, others may have come.
const FALLEN: f64 = 0.6;
/// For so long after a fall, the limit is tried at once again and again.
const EAGER: f64 = 30.0;
/// A refusal this far above the limit means that its measure was low: what was not sent in time was lost.
const OVERRUN: f64 = 1.3;
/// So many seconds of the limit in excess of it are more than a server saves up, as a rule: the limit has risen.
const RISEN: f64 = 0.25;
/// What is left of the last second, if the bucket was full at its beginning.
const RECENT: f64 = 0.85;
/// So many refusals in a row mean that the server gives nothing at present, as at the end of a window.
const SHUT: u32 = 5;
/// So many times it may be only just used up, and not shut, before windows are no longer believed in.
const UNSHUT: u32 = 2;
/// Share of the rate with which a shut server is tried.
const TRICKLE: f64 = 0.1;
/// Shares of a contest agree within this, and when they have done so this often in a row, nobody else is there.
const SAME_SHARE: f64 = 0.03;
const ALONE: u32 = 10;
/// An outage shorter than this changes nothing: it was chance.
const BLIP: f64 = 1.0;
/// Longest time that growth is reckoned for at once.
const LONGEST_STEP: f64 = 0.25;

impl Rate {
    pub(super) fn new(settings: Settings) -> Self {
        Self {
            settings,
            value: settings.first_rate,
            course: Course::Start,
            recent: Recent::default(),
            drained: None,
            opened: None,
            unshut: 0,
            cut_at: f64::NEG_INFINITY,
            shut_at: 0.0,
            idle_at: 0.0,
            eager_until: 0.0,
            refusals: 0,
            failures: 0,
            surprises: 0,
            outage: None,
        }
    }

    /// Requests a second, now that this many callers wait.
    pub(super) fn per_second(&mut self, waiting: usize, now: f64) -> f64 {
        let Settings { probe_rate, probe_interval, .. } = self.settings;
        if self.outage.is_some() {
            let probes = probe_rate.min(waiting as f64 / probe_interval.as_secs_f64());
            (self.recent.accepted(now) / 2.0).max(probes).min(self.value)
        } else if self.is_shut() {
            (self.value * TRICKLE).max(probe_rate).min(self.value)
        } else {
            self.value
        }
    }

    /// As [`per_second`](Self::per_second), once the server is open and the outage over.
    pub(super) fn hoped(&self) -> f64 {
        self.value
    }

    pub(super) fn is_outage(&self) -> bool {
        self.outage.is_some()
    }

    /// Whether nothing is wrong at present, so that a good answer changes nothing.
    pub(super) fn is_calm(&self) -> bool {
        self.outage.is_none() && self.failures == 0 && self.refusals == 0
    }

    fn is_shut(&self) -> bool {
        self.refusals >= SHUT
    }

    /// Callers waited for this long.
    pub(super) fn grow(&mut self, seconds: f64) {
        let seconds = seconds.min(LONGEST_STEP);
        for measure in [&mut self.drained, &mut self.opened].into_iter().flatten() {
            measure.press(seconds);
        }
        if self.outage.is_none() && !self.is_shut() {
            let next = self.course.step(self.value, seconds, &self.settings);
            self.value = next.min(self.settings.max_rate);
        }
    }

    /// Nobody waits: the rate is not what is sent.
    pub(super) fn idle(&mut self, now: f64) {
        self.idle_at = now;
    }

    /// Takes note of an answer to a request that was sent then. True if the throttle paces what is done about it.
    pub(super) fn on(&mut self, answer: Answer, sent: f64, now: f64) -> bool {
        let accepted = u32::from(answer == Answer::Accepted);
        self.recent.add(accepted, 1 - accepted, now);
        match answer {
            Answer::Failed => return self.failed(now),
            Answer::Accepted | Answer::Throttled => self.answers_again(now),
        }
        match answer {
            Answer::Throttled => self.throttled(sent, now),
            _ => self.accepted(sent, now),
        }
        answer == Answer::Throttled
    }

    /// So many good answers came while it was [calm](Self::is_calm).
    pub(super) fn accepted_calmly(&mut self, answers: u32, now: f64) {
        self.recent.add(answers, 0, now);
        self.serve(answers);
    }

    fn failed(&mut self, now: f64) -> bool {
        self.failures = self.failures.saturating_add(1);
        if self.failures >= self.settings.outage_after && self.outage.is_none() {
            self.outage = Some(Outage { since: now, carried: self.recent.accepted(now) });
        }
        if self.outage.is_none() {
            self.serve(1); // it failed for another reason, but the limit had let it pass
        }
        self.outage.is_some()
    }

    /// The server works. After an outage, back to what it carried, and on from there without haste: all those who
    /// waited are there at once.
    fn answers_again(&mut self, now: f64) {
        self.failures = 0;
        let Some(outage) = self.outage.take().filter(|outage| now - outage.since >= BLIP) else { return };
        let settings = &self.settings;
        let limit = outage.carried.max(settings.probe_rate).min(self.value);
        let length = settings.shortest_trial.as_secs_f64();
        let trial = Trial::new(limit, length, settings.back_off, settings);
        self.value = limit;
        self.course = Course::Trial(trial.walked(growth(settings.return_doubling)));
        self.drained = None;
    }

    fn accepted(&mut self, sent: f64, now: f64) {
        if !self.is_shut() {
            self.refusals = 0;
        } else if sent >= self.shut_at {
            self.refusals = 0;
            self.open(now);
        }
        self.serve(1);
    }

    /// So many requests have used up some of the limit.
    fn serve(&mut self, requests: u32) {
        for measure in [&mut self.drained, &mut self.opened].into_iter().flatten() {
            measure.serve(requests);
        }
    }

    fn throttled(&mut self, sent: f64, now: f64) {
        self.refusals = self.refusals.saturating_add(1);
        if self.refusals == SHUT {
            self.shut_at = now;
        }
        if self.refusals > SHUT {
            return;
        }
        if sent < self.cut_at {
            // Old news; but it tells that nothing was left a moment ago.
            self.drained = Some(Measure::from(now));
        } else if now - self.cut_at >= self.settling() {
            self.cut(now);
        }
    }

    /// Time between cuts: enough to see whether the server gives nothing at all.
    fn settling(&self) -> f64 {
        let settling = self.settings.settling.as_secs_f64();
        // A search is meant to find the limit: it is over as soon as that can be counted.
        let settling = if let Course::Search = self.course { settling / 2.0 } else { settling };
        settling.max(f64::from(SHUT) / self.value)
    }

    /// The server was shut, and gives again. From one opening to the next it has given whole windows.
    fn open(&mut self, now: f64) {
        let long_enough = |measure: &Measure| measure.age(now) >= 0.3;
        let measured = self.opened.filter(long_enough).and_then(|measure| measure.limit(now));
        if let (Some(limit), false) = (measured, matches!(self.course, Course::Contest(_))) {
            // Only what had been seen twice can fall.
            let known = self.settings.shortest_trial.as_secs_f64() * 1.2;
            let fallen = |old: Trial| old.length > known && limit / old.limit <= FALLEN;
            if matches!(self.course, Course::Trial(old) if fallen(old)) {
                self.eager_until = now + EAGER;
            }
            let trial = self.trial_in_windows(limit);
            self.value = trial.first_rate();
            self.course = Course::Trial(trial);
            self.cut_at = now;
        }
        self.unshut = 0;
        self.drained = Some(Measure::from(now));
        if self.opened.is_none_or(|opened| long_enough(&opened)) {
            self.opened = self.drained;
        }
    }

    fn trial_in_windows(&self, measured: f64) -> Trial {
        let settings = &self.settings;
        let shortest = settings.shortest_trial.as_secs_f64();
        let (limit, length) = match self.course {
            Course::Trial(old) if agree(measured, old.limit) => {
                // Windows that were not used up count for too little; the longer the walk, the more of them.
                let low = if old.walked > 1.05 * old.length { 0.75 } else { 0.25 };
                let limit = measured * (1.0 + low * old.back_off);
                (limit, (old.length * PATIENCE).min(self.longest_trial(limit, 3.0 * shortest)))
            }
            _ => (measured, shortest),
        };
        Trial::new(limit, length, settings.back_off * shortest / length, settings).in_windows()
    }

    /// The server has refused a request that was sent since the last cut.
    fn cut(&mut self, now: f64) {
        if let Course::Trial(trial) = self.course {
            if self.opened.is_some() && self.unshut < UNSHUT && now >= self.eager_until {
                // A window is used up. What the limit is will be known when the next one opens.
                self.unshut += 1;
                self.value = trial.first_rate();
                self.course = Course::Trial(trial.again());
                self.cut_at = now;
                return;
            }
        }
        let sent = self.sent_lately(now);
        let floor = self.settings.floor * self.recent.accepted(now);
        let measured = self.drained.and_then(|measure| measure.limit(now));
        let limit = self.limit(measured, sent, floor, now);
        match (self.course, measured) {
            (Course::Start, _) | (Course::Search, None) => self.search(sent, floor),
            (Course::Search, Some(_)) => self.begin_trial(limit, self.shortest_trial(limit)),
            (Course::Trial(old), _) => self.after_trial(old, limit, sent, floor, now),
            (Course::Contest(old), _) => self.after_contest(old, limit, sent, floor, now),
        }
        self.cut_at = now;
        self.drained = Some(Measure::from(now));
    }

    /// The limit is met for the first time, or where it was not before.
    fn search(&mut self, sent: f64, floor: f64) {
        self.value = (sent * FIRST_CUT).max(floor);
        self.course = Course::Search;
    }

    /// The rate at which requests went out: the limiter's, if callers waited.
    fn sent_lately(&mut self, now: f64) -> f64 {
        if now - self.idle_at > 0.02 {
            return self.value;
        }
        let seen = self.recent.answered(10, now).max(self.recent.answered(2, now) * 5.0);
        self.value.min(1.2 * seen.max(1.0))
    }

    /// The limit, as far as it can be known: as measured, but not less than what was surely possible.
    fn limit(&mut self, measured: Option<f64>, sent: f64, floor: f64, now: f64) -> f64 {
        // Over a short time nothing can have been lost, and the measure is exact.
        let long = self.drained.is_none_or(|measure| measure.age(now) > 1.0);
        let recent = if long { RECENT * self.recent.accepted(now) } else { 0.0 };
        measured.unwrap_or(sent).max(recent).min(sent).max(floor).max(0.1)
    }

    fn after_trial(&mut self, old: Trial, limit: f64, sent: f64, floor: f64, now: f64) {
        self.opened = None;
        self.unshut = 0;
        if old.excess > RISEN && !old.is_in_windows() {
            self.search(sent, floor);
            return;
        }
        let low = sent > OVERRUN * limit;
        let limit = if low { limit * (1.0 + old.back_off / 2.0) } else { limit };
        let early = old.walked > 0.2 && old.walked < 0.5 * old.length;
        let fallen = limit / old.limit <= FALLEN;
        self.surprises = if early { self.surprises + 1 } else { 0 };
        let enough = if now < self.eager_until { 4 } else { 1 };
        if self.surprises >= enough && !fallen {
            self.value = sent * (1.0 - self.settings.contest_back_off);
            self.course = Course::Contest(Contest::new(limit, 0));
            return;
        }
        if fallen {
            self.eager_until = now + EAGER;
        }
        let shortest = self.shortest_trial(limit);
        let calm = agree(limit, old.limit) && !early && now >= self.eager_until;
        let longest = self.longest_trial(limit, 2.0 * self.settings.shortest_trial.as_secs_f64());
        let length = if calm { (old.length * PATIENCE).min(longest.max(shortest)) } else { shortest };
        self.begin_trial(limit, length);
    }

    fn after_contest(&mut self, old: Contest, limit: f64, sent: f64, floor: f64, now: f64) {
        let ratio = limit / old.limit;
        let counted = self.drained.map_or(1.0, |measure| measure.served().max(1.0));
        let same = (ratio - 1.0).abs() < SAME_SHARE + 1.0 / counted;
        let agreed = if same { old.agreed + 1 } else { 0 };
        if ratio < FALLEN {
            self.eager_until = now + EAGER;
        }
        if agreed >= ALONE || ratio < FALLEN {
            self.surprises = 0;
            self.begin_trial(limit, self.shortest_trial(limit));
        } else {
            self.value = (sent * (1.0 - self.settings.contest_back_off)).max(floor);
            self.course = Course::Contest(Contest::new(limit, agreed));
        }
    }

    fn begin_trial(&mut self, limit: f64, length: f64) {
        let back_off = self.settings.back_off * self.shortest_trial(limit) / length;
        let trial = Trial::new(limit, length, back_off, &self.settings);
        self.value = trial.first_rate();
        self.course = Course::Trial(trial);
    }

    fn shortest_trial(&self, limit: f64) -> f64 {
        let Settings { shortest_trial, longest_trial, .. } = self.settings;
        shortest_trial.as_secs_f64().max(COUNTABLE / limit).min(longest_trial.as_secs_f64())
    }

    fn longest_trial(&self, limit: f64, least: f64) -> f64 {
        let longest = self.settings.longest_trial.as_secs_f64();
        (self.settings.requests_a_trial / limit).max(least).min(longest)
    }
}

fn agree(limit: f64, old: f64) -> bool {
    (limit / old - 1.0).abs() <= AGREE
}
