use std::time::Duration;

use super::{course::Pass, gauge::Measure, measure::Span, settings::Settings};

/// What the refusals so far have told about the limit, and whether others use it up, too.
#[derive(Clone, Copy, Debug)]
pub(super) struct Known {
    /// The measures that agree, as one.
    measure: Span,
    /// How many measures in a row agree.
    agreed: u32,
    /// How many times longer a pass is than while others may be there.
    patience: f64,
    /// Seconds of quota above the limit that can be explained.
    doubt: f64,
    /// A limit was once counted over more than a few requests.
    settled: bool,
    /// Up to this moment, the limit is expected to rise again soon.
    eager_until: f64,
}

impl Known {
    pub(super) fn new(settings: &Settings) -> Self {
        let doubt = settings.doubt.as_secs_f64();
        Self {
            measure: Span::default(),
            agreed: 0,
            patience: 1.0,
            doubt,
            settled: false,
            eager_until: f64::NEG_INFINITY,
        }
    }

    /// The first pass over a limit that was just measured.
    pub(super) fn first_pass(&mut self, limit: f64, settings: &Settings) -> Pass {
        let Self { settled, eager_until, .. } = *self;
        *self = Self { settled, eager_until, ..Self::new(settings) };
        self.pass(limit, settings)
    }

    /// The pass that follows this one, after a refusal at this rate, and the rate at its beginning. None if the limit
    /// is no longer where it was.
    pub(super) fn next_pass(
        &mut self,
        old: &Pass,
        sent: f64,
        measure: &Measure,
        now: f64,
        settings: &Settings,
    ) -> Option<(Pass, f64)> {
        if old.is_overrun(settings) {
            return None;
        }
        if measure.limit <= settings.fallen * old.limit {
            // Only what was known can fall: at the start, the first measures are far off.
            if self.settled {
                self.eager_until = now + settings.eager_for.as_secs_f64();
            }
            let pass = self.first_pass(measure.limit, settings);
            return Some((pass, pass.first_rate()));
        }
        let limit = self.learn(old, sent, measure, settings);
        if self.is_alone(settings) {
            self.patience = (self.patience * settings.patience).min(self.most_patience(limit, now, settings));
            // What was refused although the limit had not moved is explained from now on, and something more.
            self.doubt = (self.doubt / 2.0).max(2.0 * old.excess).max(settings.least_doubt / limit);
            let pass = self.pass(limit, settings);
            Some((pass, pass.first_rate()))
        } else {
            self.patience = 1.0;
            self.doubt = settings.doubt.as_secs_f64();
            // Who has more loses more; and nobody begins above the end of a pass.
            let (cut, cap) = (1.0 - settings.contest_back_off, 1.0 + settings.contest_back_off);
            Some((self.pass(limit, settings), (sent * cut).min(limit * cap)))
        }
    }

    /// Takes note of a measure. The limit as it is known then.
    fn learn(&mut self, old: &Pass, sent: f64, measure: &Measure, settings: &Settings) -> f64 {
        let Measure { limit, span, blur } = *measure;
        let tolerance = settings.agreement + 1.0 / span.served.max(1.0) + blur / span.seconds;
        let agrees = (limit / old.limit - 1.0).abs() <= tolerance;
        // Who is alone is refused above the limit, not below. If less was served then, it was lost in the first
        // half of the pass; if more, the measures before had lost some.
        let passed = self.is_alone(settings) && sent >= old.limit;
        self.agreed = if agrees || passed { self.agreed.saturating_add(1) } else { 0 };
        if passed && limit < old.limit && !agrees {
            return old.limit;
        }
        if !agrees || passed && limit > old.limit {
            self.measure = Span::default();
        }
        // Old measures count for less and less: the limit may drift.
        self.measure.fade(settings.requests_a_trial);
        self.measure.join(limit * span.seconds, span.seconds);
        self.settled |= self.measure.served >= settings.requests_a_trial / 4.0;
        self.measure.mean().unwrap_or(limit)
    }

    /// Nobody else uses up the limit: the measures agree.
    fn is_alone(&self, settings: &Settings) -> bool {
        self.agreed >= settings.alone_after
    }

    fn pass(&self, limit: f64, settings: &Settings) -> Pass {
        let shortest = contest_length(limit, settings);
        let contest = settings.contest_back_off / 2.0;
        let length = shortest * self.patience;
        let back_off = if self.is_alone(settings) {
            // The same deficit whatever the length, within what can be counted.
            let usual = settings.back_off * settings.shortest_trial.as_secs_f64() / length;
            usual.max(4.0 * settings.least_deficit / (limit * length)).min(contest)
        } else {
            contest
        };
        Pass::new(limit, length, back_off, self.doubt, settings)
    }

    fn most_patience(&self, limit: f64, now: f64, settings: &Settings) -> f64 {
        let Settings { eager_trial, shortest_trial, longest_trial, .. } = settings;
        let [eager, shortest, longest] =
            [eager_trial, shortest_trial, longest_trial].map(Duration::as_secs_f64);
        let enough = (settings.requests_a_trial / limit).max(shortest).min(longest);
        let most = if now < self.eager_until { eager } else { enough };
        (most / contest_length(limit, settings)).max(1.0)
    }
}

/// The length of a pass while others may be there: all grow by the same step, within bounds.
fn contest_length(limit: f64, settings: &Settings) -> f64 {
    let Settings { contest_back_off, contest_step, contest_shortest, contest_longest, .. } = settings;
    let [shortest, longest] = [contest_shortest, contest_longest].map(|time| time.as_secs_f64());
    (contest_back_off * limit / contest_step).max(shortest).min(longest)
}
