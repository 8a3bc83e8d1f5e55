/// How many there were lately: one count for each tenth of a second.
#[derive(Clone, Debug, Default)]
pub(super) struct Recent {
    counts: [u32; SLOTS],
    /// The slot that is being counted, as a number since the beginning.
    current: u64,
}

const SLOTS: usize = 11;
const PER_SECOND: f64 = 10.0;

impl Recent {
    pub(super) fn add(&mut self, number: u32, now: f64) {
        let slot = self.turn_to(now);
        self.counts[slot] = self.counts[slot].saturating_add(number);
    }

    /// The number in this many tenths of a second before now, at most ten. The oldest slot counts by the share of
    /// it that is not older.
    pub(super) fn last(&mut self, tenths: usize, now: f64) -> f64 {
        let slot = self.turn_to(now);
        let tenths = tenths.min(SLOTS - 1);
        let back = |steps: usize| f64::from(self.counts[(slot + SLOTS - steps) % SLOTS]);
        let whole: f64 = (0..tenths).map(back).sum();
        whole + back(tenths) * (1.0 - (now * PER_SECOND).fract())
    }

    /// Empties the slots whose time has passed; returns the one of now.
    fn turn_to(&mut self, now: f64) -> usize {
        // A time before the first slot, which no clock gives, is the first slot's.
        let number = ((now * PER_SECOND) as u64).max(self.current);
        let passed = (number - self.current).min(SLOTS as u64);
        for step in 1..=passed {
            self.counts[((self.current + step) % SLOTS as u64) as usize] = 0;
        }
        if passed == SLOTS as u64 {
            self.counts = [0; SLOTS];
        }
        self.current = number;
        (number % SLOTS as u64) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_second_is_counted_and_no_more() {
        let mut recent = Recent::default();
        for tick in 0..500 {
            recent.add(1, f64::from(tick) * 0.01); // 100 a second, for five seconds
        }
        assert!((recent.last(10, 5.0) - 100.0).abs() <= 1.0);
        assert!((recent.last(2, 5.0) - 20.0).abs() <= 1.0);
        assert!((recent.last(10, 5.5) - 50.0).abs() <= 1.0);
        assert_eq!(recent.last(10, 6.2), 0.0);
        assert_eq!(recent.last(10, 1e9), 0.0);
    }

    #[test]
    fn a_time_that_goes_back_is_counted_as_now() {
        let mut recent = Recent::default();
        recent.add(1, 100.0);
        recent.add(1, 50.0);
        assert_eq!(recent.last(1, 100.05), 2.0);
    }
}
