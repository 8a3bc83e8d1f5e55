use std::time::Duration;

/// The numbers of the limiter. What each one means stands at its setter in `Builder`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Settings {
    pub(super) first_rate: f64,
    pub(super) max_rate: f64,
    pub(super) doubling: Duration,
    pub(super) burst: Duration,
    pub(super) back_off: f64,
    pub(super) settling: Duration,
    pub(super) floor: f64,
    pub(super) shortest_trial: Duration,
    pub(super) longest_trial: Duration,
    pub(super) requests_a_trial: f64,
    pub(super) contest_back_off: f64,
    pub(super) contest_step: f64,
    pub(super) outage_after: u32,
    pub(super) probe_rate: f64,
    pub(super) probe_interval: Duration,
    pub(super) return_doubling: Duration,
    pub(super) max_retry_after: Duration,
    pub(super) max_wait: Duration,
    pub(super) max_waiting: usize,
}

impl Settings {
    pub(super) const DEFAULT: Self = Self {
        first_rate: 250.0,
        max_rate: 100_000.0,
        doubling: Duration::from_millis(100),
        burst: Duration::from_millis(20),
        back_off: 0.05,
        settling: Duration::from_millis(100),
        floor: 0.5,
        shortest_trial: Duration::from_secs(1),
        longest_trial: Duration::from_secs(20),
        requests_a_trial: 400.0,
        contest_back_off: 0.09,
        contest_step: 20.0,
        outage_after: 10,
        probe_rate: 10.0,
        probe_interval: Duration::from_secs(5),
        return_doubling: Duration::from_secs(4),
        max_retry_after: Duration::from_secs(30),
        max_wait: Duration::from_secs(60),
        max_waiting: 10_000,
    };
}
