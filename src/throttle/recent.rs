use std::iter;

/// How many requests were accepted lately, in two resolutions: fast clients are measured over a
/// second, slow ones over up to half a minute.
#[derive(Clone, Debug)]
pub(super) struct Recent {
    fine: Slots,
    coarse: Slots,
    /// When the last one was accepted, and the first one after the last long pause.
    at: f64,
    since: f64,
}

#[derive(Clone, Debug)]
struct Slots {
    counts: [u32; SLOTS],
    /// Seconds of one slot.
    width: f64,
    /// The slot that is being counted, as a number since the start.
    current: u64,
}

const SLOTS: usize = 11;
/// Seconds that the coarse slots cover.
const REACH: f64 = 30.0;
/// Enough to measure a rate: one more or less changes it by a twentieth.
const ENOUGH: f64 = 20.0;

impl Default for Recent {
    fn default() -> Self {
        let slots = |width| Slots { counts: [0; SLOTS], width, current: 0 };
        Self { fine: slots(0.1), coarse: slots(3.0), at: 0.0, since: 0.0 }
    }
}

impl Recent {
    pub(super) fn add(&mut self, now: f64) {
        if now - self.at > REACH {
            self.since = now;
        }
        self.at = now;
        self.fine.add(now);
        self.coarse.add(now);
    }

    /// As [`rate`](Self::rate), when the last one was accepted.
    pub(super) fn last(&self) -> f64 {
        self.rate(self.at)
    }

    /// Requests accepted per second: in the last second, or in as much more time as it took to
    /// accept 20, but not before the last long pause.
    pub(super) fn rate(&self, now: f64) -> f64 {
        let spans = iter::once(self.fine.since(SLOTS - 1, now));
        let spans = spans.chain((1..SLOTS).map(|slots| self.coarse.since(slots, now)));
        let most = (now - self.since).max(0.1);
        let mut spans = spans.map(|(count, seconds)| (count, seconds.min(most)));
        let (count, seconds) = spans
            .find(|(count, seconds)| *count >= ENOUGH || *seconds >= most)
            .unwrap_or_else(|| self.coarse.since(SLOTS - 1, now));
        count / seconds
    }
}

impl Slots {
    fn number(&self, now: f64) -> u64 {
        // A time before the current slot, which no clock gives, belongs to it.
        ((now / self.width) as u64).max(self.current)
    }

    fn add(&mut self, now: f64) {
        let number = self.number(now);
        for passed in (self.current + 1..=number).rev().take(SLOTS) {
            self.counts[(passed % SLOTS as u64) as usize] = 0;
        }
        self.current = number;
        let count = &mut self.counts[(number % SLOTS as u64) as usize];
        *count = count.saturating_add(1);
    }

    /// The count in this many slots of time before now, and the time in seconds. The oldest slot
    /// counts by the share of it that is not older.
    fn since(&self, slots: usize, now: f64) -> (f64, f64) {
        let number = self.number(now);
        let count = |back: usize| {
            let slot = number.checked_sub(back as u64).filter(|slot| *slot <= self.current);
            let slot = slot.filter(|slot| self.current - slot < SLOTS as u64);
            slot.map_or(0.0, |slot| f64::from(self.counts[(slot % SLOTS as u64) as usize]))
        };
        let whole: f64 = (0..slots).map(count).sum();
        let oldest = count(slots) * (1.0 - (now / self.width).fract());
        (whole + oldest, slots as f64 * self.width)
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
