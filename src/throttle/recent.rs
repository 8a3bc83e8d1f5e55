use std::collections::VecDeque;

/// The rate at which requests were accepted lately.
#[derive(Clone, Debug, Default)]
pub(super) struct Recent {
    accepted: u64,
    /// Oldest first. A hundred and twenty at most.
    marks: VecDeque<Mark>,
    /// When the last one was accepted.
    at: f64,
}

/// How many had been accepted before this time.
#[derive(Clone, Copy, Debug)]
struct Mark {
    at: f64,
    accepted: u64,
}

/// Seconds between two marks, at least: a hundredth of the shortest span.
const STEP: f64 = 0.01;
/// Seconds that a rate is measured over.
const SPANS: [f64; 6] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0];
/// Less than this after a start, the first requests of a burst are too few to tell a rate.
const LEAST: f64 = 0.1;
/// Enough to measure a rate: one more or less changes it by a twentieth.
const ENOUGH: u64 = 20;

impl Recent {
    pub(super) fn add(&mut self, now: f64) {
        if self.marks.back().is_none_or(|mark| now - mark.at >= STEP) {
            while self.marks.get(1).is_some_and(|next| self.is_past(next, now)) {
                self.marks.pop_front();
            }
            self.marks.push_back(Mark { at: now, accepted: self.accepted });
        }
        self.accepted += 1;
        self.at = now;
    }

    /// Whether no measurement looks further back.
    fn is_past(&self, mark: &Mark, now: f64) -> bool {
        let age = now - mark.at;
        age > SPANS[5] || age > SPANS[0] && self.accepted - mark.accepted >= ENOUGH
    }

    /// As [`rate`](Self::rate), when the last one was accepted.
    pub(super) fn last(&self) -> f64 {
        self.rate(self.at)
    }

    /// Requests accepted per second: in the last second, or in the shortest span in which 20 were
    /// accepted.
    pub(super) fn rate(&self, now: f64) -> f64 {
        let known = self.marks.front().map_or(0.0, |mark| now - mark.at).max(LEAST);
        let counts = SPANS.map(|span| (self.since(now - span), span.min(known)));
        let found = counts.into_iter().find(|(count, span)| *count >= ENOUGH || *span >= known);
        let (count, span) = found.unwrap_or(counts[5]);
        count as f64 / span
    }

    /// How many were accepted since then.
    fn since(&self, time: f64) -> u64 {
        let first = self.marks.partition_point(|mark| mark.at < time);
        self.marks.get(first).map_or(0, |mark| self.accepted - mark.accepted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_second_is_counted_and_no_more() {
        let mut recent = Recent::default();
        for tick in 0..500 {
            recent.add(f64::from(tick) * 0.01); // 100 per second for 5 s
        }
        assert!((recent.rate(5.0) - 100.0).abs() <= 1.0);
        assert!((recent.rate(5.5) - 50.0).abs() <= 1.0);
        assert_eq!(recent.rate(40.0), 0.0);
        assert_eq!(recent.rate(1e9), 0.0);
    }

    #[test]
    fn a_slow_rate_is_measured_over_more_time() {
        let mut recent = Recent::default();
        for tick in 0..50 {
            recent.add(f64::from(tick) * 2.0); // one in 2 s
        }
        assert!((recent.rate(100.0) - 0.5).abs() <= 0.05, "{}", recent.rate(100.0));
    }

    #[test]
    fn a_time_that_goes_back_is_counted_as_now() {
        let mut recent = Recent::default();
        for _ in 0..50 {
            recent.add(100.0);
            recent.add(50.0);
        }
        assert!(recent.rate(100.5).is_finite());
        assert!(recent.rate(50.0).is_finite());
    }
}
