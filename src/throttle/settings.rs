use std::time::Duration;

/// The numbers of the limiter. Those that have a setter in `Builder` are explained there; the others here.
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

    /// Share of the rate that is left at the first refusal. The rate has doubled while the news was under way, and
    /// the server's bucket has hidden the limit before: a quarter of it was below the limit wherever it was tried,
    /// and not far below. More costs refusals at the start, less time.
    pub(super) first_cut: f64,
    /// A limit is not counted over less than this: what is under way would be too large a part of it.
    pub(super) shortest_measure: Duration,
    /// Two measures agree within this share, beside the one request and the moments that cannot be known better.
    /// Clocks and ways of varying length need some; with much more, a contest looks like nobody else's being there.
    pub(super) agreement: f64,
    /// So many measures in a row have to agree until nobody else is thought to use up the limit. In a contest
    /// about one in four agrees by chance.
    pub(super) alone_after: u32,
    /// A pass gets longer by this factor each time that happens again. Less takes longer to get to few refusals;
    /// more makes it cost more to have been wrong.
    pub(super) patience: f64,
    /// A pass is no shorter than this while others may be there: nobody grows by more than
    /// `contest_back_off / contest_shortest`, a fifth, a second. Small shares would be refused all the time otherwise.
    pub(super) contest_shortest: Duration,
    /// Nor is it longer: a large client would lose what the server cannot save up so long.
    pub(super) contest_longest: Duration,
    /// A pass leaves out at least so many requests in its first half, however slow: less cannot be told from what the
    /// ways vary by. More is lost where nothing can be saved up.
    pub(super) least_deficit: f64,
    /// Growth for each second of quota sent beyond what can be explained, as a logarithm a second: the limit has
    /// risen. With a bucket of 0.1 s, which is common, the rate is doubled before it shows that it is empty.
    pub(super) evidence: f64,
    /// So many seconds of quota beyond the limit can be explained by others that go, as long as others may be there.
    pub(super) doubt: Duration,
    /// A limit that falls below this share of itself has fallen; above it, others may have come.
    pub(super) fallen: f64,
    /// What fell may rise again: for so long, no trial is longer than `eager_trial`.
    pub(super) eager_for: Duration,
    pub(super) eager_trial: Duration,
    /// So many refusals in a row mean that the server gives nothing at present, as at the end of a window.
    pub(super) shut_after: u32,
    /// So do so many of requests that were sent at the lower rate after a cut, which is what few requests have time
    /// for.
    pub(super) shut_after_cut: u32,
    /// Share of the rate with which a shut server is tried, at least once a second. Less finds out late that it gives
    /// again.
    pub(super) trickle: f64,
    /// An outage shorter than this changes nothing: it was chance.
    pub(super) blip: Duration,
}

impl Settings {
    pub(super) const DEFAULT: Self = Self {
        first_rate: 250.0,
        max_rate: 100_000.0,
        doubling: Duration::from_millis(100),
        burst: Duration::from_millis(40),
        back_off: 0.0125,
        settling: Duration::from_millis(100),
        floor: 0.5,
        shortest_trial: Duration::from_secs(4),
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

        first_cut: 0.25,
        shortest_measure: Duration::from_millis(50),
        agreement: 0.01,
        alone_after: 5,
        patience: 2.0,
        contest_shortest: Duration::from_millis(450),
        contest_longest: Duration::from_millis(1500),
        least_deficit: 0.5,
        evidence: 20.0,
        doubt: Duration::from_millis(500),
        fallen: 0.6,
        eager_for: Duration::from_secs(30),
        eager_trial: Duration::from_millis(700),
        shut_after: 5,
        shut_after_cut: 3,
        trickle: 0.2,
        blip: Duration::from_secs(1),
    };
}
