//! The wait before a retry: exponential, with full jitter.

use std::time::Duration;

/// Backoff that doubles with each retry, with full jitter.
///
/// Before retry `n` (the first is 0), the wait is `sample × min(base × 2ⁿ, cap)`, where `sample` is
/// a random number in `[0, 1)`. The waits cover the full range, down to zero. This spreads the
/// retries of many clients (AWS Architecture Blog, "Exponential Backoff And Jitter").
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use tower_oss::retry::Backoff;
///
/// let backoff = Backoff::new(Duration::from_millis(100), Duration::from_secs(20));
/// assert_eq!(backoff.delay(0, 0.5), Duration::from_millis(50));
/// assert_eq!(backoff.delay(3, 0.5), Duration::from_millis(400));
/// assert_eq!(backoff.delay(99, 0.5), Duration::from_secs(10));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    base: Duration,
    cap: Duration,
}

/// The maximum of `base` and `cap`.
const MAX: Duration = Duration::from_secs(24 * 60 * 60);

impl Backoff {
    /// Creates a backoff. `base` is the maximum wait before the first retry. It doubles with each
    /// retry, up to `cap`.
    ///
    /// `base` and `cap` are clamped to a day.
    #[must_use]
    pub fn new(base: Duration, cap: Duration) -> Self {
        Self { base: base.min(MAX), cap: cap.min(MAX) }
    }

    /// Returns the wait before retry `n` (the first is 0) for this random sample.
    ///
    /// The sample is clamped to `[0, 1]`. NaN counts as 0.
    #[must_use]
    pub fn delay(&self, n: u32, sample: f64) -> Duration {
        let range = self.base.saturating_mul(1_u32.checked_shl(n).unwrap_or(u32::MAX)).min(self.cap);
        let sample = if sample.is_nan() { 0.0 } else { sample.clamp(0.0, 1.0) };
        range.mul_f64(sample)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BACKOFF: Backoff = Backoff { base: Duration::from_millis(100), cap: Duration::from_secs(20) };

    /// The maximum distance between the distribution of the samples and the uniform one
    /// (Kolmogorov–Smirnov).
    fn distance_from_uniform(mut samples: Vec<f64>) -> f64 {
        samples.sort_by(f64::total_cmp);
        let n = samples.len() as f64;
        let distance = |(i, sample): (usize, &f64)| {
            (sample - i as f64 / n).abs().max((sample - (i + 1) as f64 / n).abs())
        };
        samples.iter().enumerate().map(distance).fold(0.0, f64::max)
    }

    #[test]
    fn delays_are_spread_evenly_over_the_range() {
        for (seed, n) in (0..10).flat_map(|seed| [(seed, 0), (seed, 2), (seed, 30)]) {
            let mut random = fastrand::Rng::with_seed(seed);
            let range = BACKOFF.delay(n, 1.0).as_secs_f64();
            let samples = (0..10_000).map(|_| BACKOFF.delay(n, random.f64()).as_secs_f64() / range).collect();
            assert!(distance_from_uniform(samples) < 0.02, "seed {seed}, retry {n}");
        }
    }

    #[test]
    fn absurd_numbers_give_a_delay_within_the_range() {
        for n in [0, 1, 31, 32, 33, u32::MAX] {
            for sample in [f64::NAN, f64::NEG_INFINITY, -1.0, 0.0, 1.0, 2.0, f64::INFINITY] {
                assert!(BACKOFF.delay(n, sample) <= Duration::from_secs(20));
                assert!(Backoff::new(Duration::MAX, Duration::MAX).delay(n, sample) <= MAX);
            }
        }
        assert_eq!(Backoff::new(Duration::ZERO, MAX).delay(u32::MAX, 1.0), Duration::ZERO);
    }
}
