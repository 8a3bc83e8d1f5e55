//! Random servers and clients, to find cases that no test has listed.

use std::{
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    thread,
    time::Duration,
};

use super::{
    client::Kind,
    random::Random,
    record::{Record, Slot},
    scenario::{Limits, Load, Scenario},
    server::{Nature, Outage, Quota},
};

/// The load begins to change after this time, in seconds.
const CHANGE: f64 = 95.0;
/// What is counted after a start, a change or an outage begins this long after it, and takes this
/// long.
const SETTLE: f64 = 30.0;
const COUNTED: f64 = 60.0;

/// What happened to one seed.
pub(crate) struct Run {
    pub(crate) seed: u64,
    /// What the server was like.
    pub(crate) name: String,
    /// Accepted, as a share of what was possible, once settled.
    pub(crate) goodput: f64,
    /// Share of the requests that was throttled, once settled.
    pub(crate) throttled: f64,
    /// Least goodput in any 60 s in which the server could have served.
    pub(crate) progress: f64,
    /// Smallest share of a client in 60 s, of its fair share, where that is 60 requests or more.
    pub(crate) share: f64,
    /// The smallest quota, in requests per second and client.
    quota: f64,
}

struct Plan {
    scenario: Scenario,
    name: String,
    idle: Option<(f64, f64)>,
    end: f64,
    deadline: Option<f64>,
}

fn log_between(random: &mut Random, low: f64, high: f64) -> f64 {
    (random.between(low.ln(), high.ln())).exp()
}

fn plan(seed: u64) -> Plan {
    let mut random = Random::new(seed.wrapping_mul(7919) ^ 0x5EED);
    let random = &mut random;
    let rate = log_between(random, 0.5, 10_000.0);
    let burst = (rate * random.between(0.0, 5.0)).max(1.0);
    let quota = match random.next() {
        kind if kind < 0.4 => Quota::Bucket { burst },
        kind if kind < 0.6 => Quota::Windows { seconds: log_between(random, 0.5, 60.0) },
        kind if kind < 0.85 => Quota::Charging { burst },
        _ => Quota::Delaying { burst },
    };
    let latency = log_between(random, 0.001, 2.0);
    let jitter = random.between(0.1, 0.6);
    let clients = if random.next() < 0.5 { 1 } else { random.between(2.0, 8.99) as usize };
    let workers = (random.next() < 0.5).then(|| log_between(random, 1.0, 512.0) as usize);
    let offered = log_between(random, 0.1, 3.0) * rate;
    let deadline = (random.next() < 0.35).then(|| log_between(random, 0.02, 60.0));
    let retry = random.next() < 0.75;
    let random_429s = if random.next() < 0.2 { random.between(0.0, 0.01) } else { 0.0 };
    let (mut steps, mut outage, mut idle, mut change) = (vec![(0.0, rate)], None, None, String::new());
    match random.next() {
        kind if kind < 0.35 => {
            let factor = log_between(random, 1.0 / 20.0, 20.0);
            let next = (rate * factor).clamp(0.5, 10_000.0);
            steps.push((CHANGE, next));
            change = format!(", then {next:.1}/s");
        }
        kind if kind < 0.55 => {
            let (seconds, by_503) = (random.between(1.0, 30.0), random.next() < 0.5);
            outage = Some(Outage { from: CHANGE, to: CHANGE + seconds, by_503 });
            change = format!(", outage of {seconds:.0} s by {}", if by_503 { 503 } else { 500 });
        }
        kind if kind < 0.7 => {
            let seconds = random.between(60.0, 300.0);
            idle = Some((CHANGE, CHANGE + seconds));
            change = format!(", idle for {seconds:.0} s");
        }
        _ => {}
    }
    let from = idle.or(outage.map(|outage| (outage.from, outage.to))).map_or(CHANGE, |(_, to)| to);
    let end = if change.is_empty() { CHANGE } else { from + SETTLE + COUNTED + 5.0 };
    let load = match workers {
        Some(count) => Load::Workers { count, until: end },
        None => Load::Offered { rate: offered / clients as f64, until: end },
    };
    let name = format!(
        "{rate:.1}/s {quota:.1?}{change}; {:.0} ms; {clients} × {}{}{}{}",
        latency * 1000.0,
        workers
            .map_or_else(|| format!("{:.1}/s", offered / clients as f64), |count| format!("{count} workers")),
        deadline.map_or_else(String::new, |deadline| format!("; deadline {deadline:.2} s")),
        if retry { "" } else { "; no retry" },
        if random_429s > 0.0 { format!("; {:.1} % random 429s", 100.0 * random_429s) } else { String::new() },
    );
    let way = (latency / 2.0 * (1.0 - jitter), latency / 2.0 * (1.0 + jitter));
    let nature = Nature { quota, steps, outage, noise: 0.0, random_429s, proxy_503s: 0.0, way };
    let limits = Limits {
        max_elapsed: Duration::from_secs(60),
        retry,
        deadline: deadline.map(Duration::from_secs_f64),
        idle,
    };
    Plan {
        scenario: Scenario { nature, load, clients: vec![0.0; clients], limits },
        name,
        idle,
        end,
        deadline,
    }
}

impl Plan {
    /// Requests that callers wanted and the server could have accepted between two moments.
    fn possible(&self, record: &Record, from: f64, to: f64) -> f64 {
        let Scenario { nature, load, clients, .. } = &self.scenario;
        let clients = clients.len() as f64;
        let latency = nature.way.0 + nature.way.1;
        let wanted = match load {
            Load::Workers { count, .. } => clients * *count as f64 / latency,
            Load::Offered { rate, .. } => clients * rate,
            Load::Job { .. } => f64::INFINITY,
        };
        // A worker that cannot wait tries again after a while.
        let tries = match (load, self.deadline) {
            (Load::Workers { count, .. }, Some(_)) => {
                clients * *count as f64 / (latency + super::scenario::RETRY_AFTER)
            }
            _ => f64::INFINITY,
        };
        let demand = (to - from) * wanted.min(tries) * (1.0 - nature.random_429s);
        demand.min(f64::from(record.all(from, to).accepted) + record.unused(from, to))
    }

    /// Whether the server and the client were there all the time.
    fn is_busy(&self, from: f64, to: f64) -> bool {
        let outage = self.scenario.nature.outage.map(|outage| (outage.from, outage.to));
        outage.into_iter().chain(self.idle).all(|(start, end)| to <= start || from >= end)
    }

    fn judge(&self, seed: u64, record: &Record) -> Run {
        let settled = [SETTLE, self.end - COUNTED - 2.0];
        let counted = if self.end > CHANGE { &settled[..] } else { &settled[..1] };
        let (mut sum, mut possible, mut share) = (Slot::default(), 0.0, f64::INFINITY);
        let clients = self.scenario.clients.len();
        for from in counted {
            let to = from + COUNTED;
            sum = sum.plus(record.all(*from, to));
            let here = self.possible(record, *from, to);
            possible += here;
            let fair = here / clients as f64;
            for client in 0..clients {
                if fair >= 60.0 {
                    share = share.min(f64::from(record.of(client, *from, to).accepted) / fair);
                }
            }
        }
        let starts = (0..).map(|step| 5.0 * f64::from(step)).take_while(|from| from + COUNTED < self.end);
        let progress = starts
            .filter(|from| self.is_busy(*from, from + COUNTED))
            .map(|from| (record.all(from, from + COUNTED), self.possible(record, from, from + COUNTED)))
            // Of fewer requests, chance decides.
            .filter(|(_, possible)| *possible >= 20.0)
            .map(|(sum, possible)| f64::from(sum.accepted) / possible)
            .fold(f64::INFINITY, f64::min);
        let rates = self.scenario.nature.steps.iter().map(|(_, rate)| *rate);
        Run {
            seed,
            name: self.name.clone(),
            goodput: f64::from(sum.accepted) / possible,
            throttled: f64::from(sum.throttled) / f64::from(sum.sent().max(1)),
            progress,
            share,
            quota: rates.fold(f64::INFINITY, f64::min) / clients as f64,
        }
    }
}

/// Prints what the server did with one seed, in steps of 5 s: responses per second.
pub(crate) fn trace(seed: u64) {
    let plan = plan(seed);
    let record = plan.scenario.play(Kind::Ours, seed).record;
    println!("seed {seed}: {}\n  from   possible  accepted  throttled    failed", plan.name);
    let steps = (0..).map(|step| 5.0 * f64::from(step)).take_while(|from| *from < plan.end);
    for from in steps {
        let (slot, possible) = (record.all(from, from + 5.0), plan.possible(&record, from, from + 5.0) / 5.0);
        let [accepted, throttled, failed] =
            [slot.accepted, slot.throttled, slot.failed].map(|count| f64::from(count) / 5.0);
        println!("{from:4.0} s {possible:10.1}{accepted:10.1}{throttled:11.1}{failed:10.1}");
    }
}

/// Plays these seeds on all cores.
pub(crate) fn sweep(first: u64, runs: u64) -> Vec<Run> {
    let next = AtomicU64::new(first);
    let work = || {
        let mut done = Vec::new();
        loop {
            let seed = next.fetch_add(1, Relaxed);
            if seed >= first + runs {
                return done;
            }
            let plan = plan(seed);
            done.push(plan.judge(seed, &plan.scenario.play(Kind::Ours, seed).record));
        }
    };
    thread::scope(|scope| {
        let threads: Vec<_> =
            (0..thread::available_parallelism().map_or(1, Into::into)).map(|_| scope.spawn(work)).collect();
        let mut runs: Vec<_> = threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect();
        runs.sort_by_key(|run| run.seed);
        runs
    })
}

/// Whether no run stood still, and 95 % of them used what the server gave.
pub(crate) fn check(runs: &[Run]) -> Result<(), String> {
    let progress = runs.iter().map(|run| run.progress).fold(f64::INFINITY, f64::min);
    if progress < 0.3 {
        return Err(format!("a run had 60 s with a goodput of {progress:.3}, less than 0.3"));
    }
    let mut goodput: Vec<_> = runs.iter().map(|run| run.goodput).collect();
    goodput.sort_by(f64::total_cmp);
    match goodput.get(goodput.len() / 20) {
        Some(fifth) if *fifth < 0.85 => {
            Err(format!("more than 5 % of the runs have a goodput below 0.85, the best of them {fifth:.3}"))
        }
        _ => Ok(()),
    }
}

/// Prints how the runs are distributed, and the worst of them.
pub(crate) fn print(runs: &[Run]) {
    type Figure = fn(&Run) -> f64;
    let figures: [(&str, Figure); 4] = [
        ("goodput", |run| run.goodput),
        ("throttled", |run| -run.throttled),
        ("progress", |run| run.progress),
        ("share", |run| run.share),
    ];
    for (name, figure) in figures {
        let mut sorted: Vec<_> = runs.iter().filter(|run| figure(run).is_finite()).collect();
        sorted.sort_by(|a, b| figure(a).total_cmp(&figure(b)));
        println!("\n{name}");
        for (least, group) in [(0.0, "all"), (1.0, "1/s or more for each client"), (10.0, "10/s or more")] {
            let values: Vec<_> =
                sorted.iter().filter(|run| run.quota >= least).map(|run| figure(run).abs()).collect();
            if values.is_empty() {
                continue;
            }
            let at = |percent: usize| values[(values.len() - 1) * percent / 100];
            let percentiles =
                [0, 1, 2, 5, 10, 25, 50].map(|percent| format!("{percent} %: {:.3}", at(percent)));
            println!("  {:4} runs, {group:27}  {}", values.len(), percentiles.join("  "));
        }
        for run in sorted.iter().take(10) {
            println!("  {:.3}  seed {:4}: {}", figure(run).abs(), run.seed, run.name);
        }
    }
}
