use super::{
    course::Course,
    gauge::{Cut, Gauge},
    known::Known,
    outage::Outage,
    recent::Recent,
    settings::Settings,
    shut::Shut,
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

/// The request rate. Pure: times are arguments, in seconds.
#[derive(Clone, Debug)]
pub(super) struct Rate {
    settings: Settings,
    /// Requests a second, unless the server is shut or there is an outage.
    value: f64,
    course: Course,
    known: Known,
    shut: Shut,
    outage: Outage,
    accepted: Recent,
    gauge: Gauge,
    /// When the rate was last set after a refusal.
    cut_at: f64,
    /// When last nobody waited.
    idle_at: f64,
    /// How long the faster answers take, at most: they are timed from the last look at the limiter before they were sent.
    /// Unknown before the first.
    answer_time: Option<f64>,
}

/// Longest time that callers can have waited between two looks: there is one each nap.
const LONGEST_STEP: f64 = 0.25;

impl Rate {
    pub(super) fn new(settings: Settings) -> Self {
        Self {
            settings,
            value: settings.first_rate.min(settings.max_rate),
            course: Course::Start,
            known: Known::new(&settings),
            shut: Shut::default(),
            outage: Outage::default(),
            accepted: Recent::default(),
            gauge: Gauge::default(),
            cut_at: f64::NEG_INFINITY,
            idle_at: 0.0,
            answer_time: None,
        }
    }

    /// Requests a second, now that this many callers wait.
    pub(super) fn per_second(&mut self, waiting: usize, now: f64) -> f64 {
        let Settings { probe_rate, probe_interval, trickle, .. } = self.settings;
        if self.outage.is_on() {
            let probes = probe_rate.min(waiting as f64 / probe_interval.as_secs_f64());
            (self.accepted.last(10, now) / 2.0).max(probes).min(self.value)
        } else if self.shut.is_shut() {
            (self.value * trickle).max(f64::min(1.0, self.value / 2.0))
        } else {
            self.value
        }
    }

    /// As [`per_second`](Self::per_second), once the server is open and the outage over.
    pub(super) fn hoped(&self) -> f64 {
        self.value
    }

    pub(super) fn is_outage(&self) -> bool {
        self.outage.is_on()
    }

    /// Whether there is a limit that was measured.
    pub(super) fn is_measured(&self) -> bool {
        matches!(self.course, Course::Pass(_))
    }

    /// Whether a good answer changes nothing at present, so that it is enough to count it.
    pub(super) fn is_calm(&self) -> bool {
        self.outage.is_calm() && self.shut.is_calm() && !self.gauge.is_cut()
    }

    /// So many good answers came while it was [calm](Self::is_calm).
    pub(super) fn accepted_calmly(&mut self, answers: u32, now: f64) {
        self.accepted.add(answers, now);
        self.gauge.serve(answers);
    }

    /// Callers waited for this long.
    pub(super) fn grow(&mut self, seconds: f64) {
        let seconds = seconds.min(LONGEST_STEP);
        self.gauge.press(seconds);
        // Growth needs news: when the program has stood still, there were none.
        let seconds = seconds.min(1.0 / self.value + self.settings.standstill.as_secs_f64());
        let longest = self.settings.longest_doubling.as_secs_f64();
        let answer_time = self.answer_time.map_or(longest, |known| known.min(longest));
        if !self.outage.is_on() && !self.shut.is_shut() {
            let next = self.course.step(self.value, seconds, answer_time, &self.settings);
            self.value = next.min(self.settings.max_rate);
        }
    }

    /// Nobody waits: the rate is not what is sent.
    pub(super) fn idle(&mut self, now: f64) {
        self.idle_at = now;
    }

    /// Takes note of an answer to a request that was sent then. True if the throttle paces what is done about it.
    pub(super) fn on(&mut self, answer: Answer, sent: f64, now: f64) -> bool {
        if answer != Answer::Failed {
            self.answers_again(now);
            self.time((now - sent).max(0.0));
        }
        match answer {
            Answer::Failed => self.failed(now),
            Answer::Throttled => self.throttled(sent, now),
            Answer::Accepted => self.accepted(sent, now),
        }
        answer == Answer::Throttled || self.outage.is_on()
    }

    /// An answer took so long. Slow ones are slow because of what was asked for, and count for little.
    fn time(&mut self, took: f64) {
        let known = self.answer_time.unwrap_or(took);
        self.answer_time = Some(took.min(known + (took - known) / 16.0));
    }

    fn failed(&mut self, now: f64) {
        self.outage.failed(self.accepted.last(10, now), now, &self.settings);
        if !self.outage.is_on() {
            self.gauge.serve(1); // it failed for another reason, but the limit had let it pass
        }
    }

    /// The server works. After an outage, back to what it carried, and on from there.
    fn answers_again(&mut self, now: f64) {
        let settings = &self.settings;
        let Some(carried) = self.outage.end(now, settings) else { return };
        // What little was carried in a quiet time is no measure.
        let returning = if carried > settings.probe_rate { carried } else { settings.first_rate };
        self.value = returning.min(self.value);
        self.course = Course::Pass(self.known.first_pass(self.value, settings).returning(settings));
        self.gauge.forget();
    }

    fn accepted(&mut self, sent: f64, now: f64) {
        let ends = self.gauge.ends(sent);
        self.shut.served(sent, ends.is_some());
        if let Some(cut) = ends {
            self.judge(cut, now);
        }
        self.accepted.add(1, now);
        self.gauge.serve(1);
    }

    fn throttled(&mut self, sent: f64, now: f64) {
        let after_cut = sent >= self.cut_at;
        let settled = now - self.cut_at >= self.settings.settling.as_secs_f64();
        let cuts = after_cut && settled && !self.shut.is_shut();
        if cuts {
            self.cut(now);
        }
        let shuts = self.shut.refused(after_cut && !cuts, now, &self.settings);
        self.gauge.refused(shuts, now);
    }

    /// The server has refused a request that was sent since the last cut. How far down is right is known when it
    /// gives again.
    fn cut(&mut self, now: f64) {
        let sent = self.sent_lately(now);
        let floor = self.settings.floor * self.accepted.last(10, now);
        let share = match self.course {
            Course::Start => self.settings.first_cut,
            Course::Search => self.settings.search_cut,
            Course::Pass(_) => 1.0 - self.settings.contest_back_off,
        };
        self.value = (sent * share).max(floor).min(sent);
        if let Course::Start = self.course {
            self.course = Course::Search;
        }
        self.gauge.cut(sent, floor, now);
        self.cut_at = now;
    }

    /// The rate at which requests went out: the limiter's, if callers waited.
    fn sent_lately(&mut self, now: f64) -> f64 {
        if now - self.idle_at > 0.02 {
            return self.value;
        }
        let seen = self.accepted.last(10, now).max(self.accepted.last(2, now) * 5.0);
        self.value.min(1.2 * seen.max(self.settings.probe_rate))
    }

    /// The server gives again, after a cut.
    fn judge(&mut self, cut: Cut, now: f64) {
        // What was under way at the first refusal is refused, or served, for as long as an answer takes, more or less: that is
        // all the time that there is to count in then.
        let answer_time = 0.75 * self.answer_time.unwrap_or(0.0);
        let shortest = self.settings.shortest_measure.as_secs_f64().max(answer_time);
        let Some(mut measure) = self.gauge.measure(cut, shortest, self.settings.least_measure, now) else {
            // Nothing is known of it but that it is not where the pass takes it to be.
            if matches!(self.course, Course::Pass(pass) if pass.is_overrun(&self.settings)) {
                self.search(cut);
            }
            return;
        };
        self.cut_at = now; // what was sent before tells nothing of the rate from now on
        measure.limit = measure.limit.min(cut.sent).max(cut.floor).max(0.1);
        let (pass, rate) = if let Course::Pass(old) = self.course {
            match self.known.next_pass(&old, cut.sent, &measure, now, &self.settings) {
                Some(next) => next,
                None => return self.search(cut),
            }
        } else {
            let pass = self.known.first_pass(measure.limit, &self.settings);
            (pass, pass.first_rate())
        };
        self.course = Course::Pass(pass);
        self.set(rate.max(cut.floor));
    }

    /// The limit is no longer where it was.
    fn search(&mut self, cut: Cut) {
        self.course = Course::Search;
        self.set((cut.sent * self.settings.first_cut).max(cut.floor));
    }

    fn set(&mut self, rate: f64) {
        self.value = rate.min(self.settings.max_rate);
    }
}

#[cfg(test)]
mod tests;
