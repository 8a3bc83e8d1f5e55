/// How many answers there were lately, and how many of them were good: counts for each tenth of a second.
#[derive(Clone, Debug, Default)]
pub(super) struct Recent {
    slots: [Counts; SLOTS],
    /// The slot that is being counted, as a number since the beginning.
    current: u64,
}

#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    accepted: u32,
    others: u32,
}

const SLOTS: usize = 11;
const PER_SECOND: f64 = 10.0;

impl Recent {
    pub(super) fn add(&mut self, accepted: u32, others: u32, now: f64) {
        let slot = self.turn_to(now);
        let counts = &mut self.slots[slot];
        counts.accepted = counts.accepted.saturating_add(accepted);
        counts.others = counts.others.saturating_add(others);
    }

    /// How many were accepted in the last second.
    pub(super) fn accepted(&mut self, now: f64) -> f64 {
        self.last(10, now, |counts| f64::from(counts.accepted))
    }

    /// How many answers came in this many tenths of a second before now, at most ten.
    pub(super) fn answered(&mut self, tenths: usize, now: f64) -> f64 {
        self.last(tenths.min(SLOTS - 1), now, |counts| f64::from(counts.accepted) + f64::from(counts.others))
    }

    /// The oldest slot counts by the share of it that is not older.
    fn last(&mut self, tenths: usize, now: f64, count: fn(&Counts) -> f64) -> f64 {
        let slot = self.turn_to(now);
        let back = |steps: usize| count(&self.slots[(slot + SLOTS - steps) % SLOTS]);
        let whole: f64 = (0..tenths).map(back).sum();
        whole + back(tenths) * (1.0 - (now * PER_SECOND).fract())
    }

    /// Empties the slots whose time has passed; returns the one of now.
    fn turn_to(&mut self, now: f64) -> usize {
        // A time before the current slot, which no clock gives, is the current slot's.
        let number = ((now * PER_SECOND) as u64).max(self.current);
        let passed = (number - self.current).min(SLOTS as u64);
        for step in 0..passed {
            self.slots[slot_of(number - step)] = Counts::default();
        }
        self.current = number;
        slot_of(number)
    }
}

fn slot_of(number: u64) -> usize {
    (number % SLOTS as u64) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_second_is_counted_and_no_more() {
        let mut recent = Recent::default();
        for tick in 0..500 {
            recent.add(1, tick % 2, f64::from(tick) * 0.01); // 100 a second, for five seconds
        }
        assert!((recent.accepted(5.0) - 100.0).abs() <= 1.0);
        assert!((recent.answered(10, 5.0) - 150.0).abs() <= 1.0);
        assert!((recent.answered(2, 5.0) - 30.0).abs() <= 1.0);
        assert!((recent.accepted(5.5) - 50.0).abs() <= 1.0);
        assert_eq!(recent.accepted(6.2), 0.0);
        assert_eq!(recent.answered(10, 1e9), 0.0);
    }

    #[test]
    fn a_time_that_goes_back_is_counted_as_now() {
        let mut recent = Recent::default();
        recent.add(1, 0, 100.0);
        recent.add(1, 0, 50.0);
        assert_eq!(recent.answered(1, 100.05), 2.0);
    }
}
