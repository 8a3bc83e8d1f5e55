//! Simulates clients that want more than OSS gives, and prints what they get:
//! `cargo run --release --example throttle [picture.svg]`
//!
//! Each line is the worst of five seeds. *Goodput* is what was accepted, as a share of what the
//! best possible client would have got in that time; *throttled* is the share of all requests that
//! was throttled. Both matter, and only together: a client that never retries has goodput 1, too.
#![expect(clippy::unwrap_used, reason = "a program that only prints")]

mod simulation;

use std::{env, error::Error, time::Duration};

use simulation::{
    client::Kind,
    picture::{Panel, draw},
    record::{Record, Slot},
    scenario::{Limits, Load, Outcome, Scenario},
    server::{Nature, Outage, Quota},
    sweep,
};

const SEEDS: [u64; 5] = [1, 2, 3, 4, 5];
const ALL: [Kind; 4] = [Kind::Ours, Kind::Backoff, Kind::Aimd, Kind::Bare];
const FOR_EVER: f64 = 1e6;

/// A server with a bucket of a tenth of a second, at 10 to 20 ms, and 64 workers for a minute.
fn scenario(quota: Quota, rate: f64) -> Scenario {
    Scenario {
        nature: Nature {
            quota,
            steps: vec![(0.0, rate)],
            outage: None,
            noise: 0.0,
            random_429s: 0.0,
            proxy_503s: 0.0,
            way: (0.005, 0.010),
        },
        load: Load::Workers { count: 64.max((rate * 0.05) as usize), until: 60.0 },
        clients: vec![0.0],
        limits: Limits::patient(Duration::from_secs(3600)),
    }
}

fn bucket(rate: f64) -> Scenario {
    scenario(Quota::Bucket { burst: rate / 10.0 }, rate)
}

/// Quota 500, then 100, then 500 again.
fn steps() -> Scenario {
    let mut scenario = bucket(500.0);
    scenario.nature.steps = vec![(0.0, 500.0), (10.0, 100.0), (20.0, 500.0)];
    scenario.load = Load::Workers { count: 64, until: 30.0 };
    scenario
}

fn worst(
    scenario: &Scenario,
    kind: Kind,
    figure: impl Fn(&Outcome) -> f64,
    fold: fn(f64, f64) -> f64,
) -> f64 {
    SEEDS.map(|seed| figure(&scenario.play(kind, seed))).into_iter().reduce(fold).unwrap()
}

fn throttled(slot: Slot) -> f64 {
    100.0 * f64::from(slot.throttled) / f64::from(slot.sent().max(1))
}

/// The lowest goodput and the largest throttled share between two times.
fn both(scenario: &Scenario, kind: Kind, optimum: f64, from: f64, to: f64) -> String {
    let outcomes = SEEDS.map(|seed| scenario.play(kind, seed).record.all(from, to));
    let goodput = outcomes.map(|slot| f64::from(slot.accepted) / (to - from) / optimum);
    let (goodput, throttled) = (
        goodput.into_iter().fold(f64::MAX, f64::min),
        outcomes.map(throttled).into_iter().fold(0.0, f64::max),
    );
    format!("goodput {goodput:.3}  throttled {throttled:5.2} %")
}

fn job() {
    println!("\n1 000 GETs, quota 500/s, bucket 50, at 1 ms");
    for workers in [8, 64, 256] {
        for kind in ALL {
            let mut scenario = bucket(500.0);
            scenario.nature.way = (0.0002, 0.0006);
            scenario.load = Load::Job { workers, requests: 1000 };
            let least = |figure: fn(&Outcome) -> f64| worst(&scenario, kind, figure, f64::min);
            let most = |figure: fn(&Outcome) -> f64| worst(&scenario, kind, figure, f64::max);
            let sent = |outcome: &Outcome| f64::from(outcome.record.all(0.0, FOR_EVER).sent()) / 1000.0;
            println!(
                "  {workers:3} workers, {:13}  goodput {:.3}  throttled {:5.2} %  {:5.2} requests a GET  {:3.0} lost",
                kind.name(),
                least(|outcome| (1.9 / outcome.end).min(1.0) * outcome.done as f64 / 1000.0),
                most(|outcome| throttled(outcome.record.all(0.0, FOR_EVER))),
                most(sent),
                most(|outcome| outcome.lost as f64),
            );
        }
    }
}

fn steady() {
    println!("\nsteady, seconds 10 to 60");
    for rate in [20.0, 100.0, 500.0, 2000.0, 5000.0] {
        let burst = rate / 10.0;
        for (name, quota) in [
            ("bucket of 0.1 s", Quota::Bucket { burst }),
            ("bucket of 50", Quota::Bucket { burst: 50.0 }),
            ("windows of 1 s", Quota::Windows { seconds: 1.0 }),
            ("charges throttled", Quota::Charging { burst }),
        ] {
            println!(
                "  {rate:4}/s  {name:16}  {}",
                both(&scenario(quota, rate), Kind::Ours, rate, 10.0, 60.0)
            );
        }
    }
    for kind in [Kind::Backoff, Kind::Aimd] {
        println!("   500/s  {:16}  {}", kind.name(), both(&bucket(500.0), kind, 500.0, 10.0, 60.0));
    }
    // Of what the quota lets pass, four in five end well.
    let mut noisy = bucket(500.0);
    noisy.nature.noise = 0.2;
    println!("   500/s  20 % random 500s  {}", both(&noisy, Kind::Ours, 400.0, 10.0, 60.0));
}

/// What does not depend on the rate: 1 % random 429s, and 10 % nameless 503s of one bad proxy.
fn random() {
    println!("\nthrottled whatever the rate, seconds 30 to 60");
    for rate in [50.0, 200.0, 500.0, 2000.0, 6400.0] {
        for share in [0.003, 0.01] {
            let mut scenario = bucket(rate);
            scenario.nature.random_429s = share;
            println!(
                "  {rate:4}/s  {:.1} %  {}",
                100.0 * share,
                both(&scenario, Kind::Ours, rate * (1.0 - share), 30.0, 60.0)
            );
        }
        let mut scenario = bucket(rate);
        scenario.nature.proxy_503s = 0.1;
        println!(
            "  {rate:4}/s   10 % by a proxy's 503  {}",
            both(&scenario, Kind::Ours, 0.9 * rate, 30.0, 60.0)
        );
    }
}

fn starts() {
    println!("\nthe first 10 s, 256 workers, quota 500/s, by the time that a response takes");
    for millis in [1, 20, 50, 100, 200, 300] {
        let mut scenario = bucket(500.0);
        let way = f64::from(millis) / 2000.0;
        scenario.nature.way = (0.8 * way, 1.2 * way);
        scenario.load = Load::Workers { count: 256, until: 10.0 };
        for kind in [Kind::Ours, Kind::Aimd] {
            println!("  {millis:3} ms  {:13}  {}", kind.name(), both(&scenario, kind, 500.0, 0.0, 10.0));
        }
    }
}

/// Seconds until 90 % of the quota is used for a full second.
fn back(record: &Record, from: f64, quota: f64) -> f64 {
    let full = |time: &f64| f64::from(record.all(*time, time + 1.0).accepted) >= 0.9 * quota;
    (0..200).map(|step| from + f64::from(step) * 0.1).find(full).map_or(f64::INFINITY, |time| time - from)
}

fn changes() {
    println!("\nquota 500, 100, 500 for 10 s each");
    for kind in [Kind::Ours, Kind::Backoff, Kind::Aimd] {
        println!(
            "  {:13}  throttled {:5.2} %, 90 % of the quota again after {:.1} s",
            kind.name(),
            worst(&steps(), kind, |outcome| throttled(outcome.record.all(0.0, 30.0)), f64::max),
            worst(&steps(), kind, |outcome| back(&outcome.record, 20.0, 500.0), f64::max),
        );
    }
}

fn shares(outcome: &Outcome, clients: usize) -> Vec<f64> {
    (0..clients).map(|client| f64::from(outcome.record.of(client, 60.0, 120.0).accepted)).collect()
}

fn jain(shares: &[f64]) -> f64 {
    let sum: f64 = shares.iter().sum();
    sum * sum / (shares.len() as f64 * shares.iter().map(|share| share * share).sum::<f64>())
}

fn least_of_largest(shares: &[f64]) -> f64 {
    shares.iter().copied().fold(f64::MAX, f64::min) / shares.iter().copied().fold(0.0, f64::max)
}

fn contest() {
    println!(
        "\nclients without knowledge of each other, quota 500/s, the last one 30 s late; seconds 60 to 120"
    );
    for (clients, kind) in
        [(2, Kind::Ours), (4, Kind::Ours), (8, Kind::Ours), (4, Kind::Backoff), (4, Kind::Aimd)]
    {
        shared_quota(clients, kind, kind.name());
    }
}

fn shared_quota(clients: usize, kind: Kind, name: &str) {
    let mut scenario = bucket(500.0);
    scenario.load = Load::Workers { count: 64, until: 120.0 };
    scenario.clients = vec![0.0; clients];
    scenario.clients[clients - 1] = 30.0;
    let outcomes: Vec<_> = (1..=20).map(|seed| scenario.play(kind, seed)).collect();
    let least =
        |figure: fn(&[f64]) -> f64| outcomes.iter().map(|o| figure(&shares(o, clients))).fold(2.0, f64::min);
    let most = outcomes.iter().map(|outcome| throttled(outcome.record.all(60.0, 120.0))).fold(0.0, f64::max);
    println!(
        "  {clients} clients, {name:13}  Jain's index {:.3}  smallest share {:.2} of the largest  throttled {most:5.2} %",
        least(jain),
        least(least_of_largest),
    );
}

fn outage() {
    println!("\noutage of 4 s, 200 requests/s offered, quota 500/s, max_elapsed 15 s");
    let mut scenario = bucket(500.0);
    scenario.nature.outage = Some(Outage { from: 5.0, to: 9.0, by_503: false });
    scenario.load = Load::Offered { rate: 200.0, until: 20.0 };
    scenario.limits = Limits::patient(Duration::from_secs(15));
    for kind in [Kind::Ours, Kind::Backoff, Kind::Aimd] {
        let most = |figure: fn(&Outcome) -> f64| worst(&scenario, kind, figure, f64::max);
        let peak = |outcome: &Outcome| {
            let tenths = (90..300).map(|tenth| f64::from(tenth) / 10.0);
            tenths
                .map(|time| f64::from(outcome.record.all(time, time + 0.1).sent()) / 50.0)
                .fold(0.0, f64::max)
        };
        let recovery = |outcome: &Outcome| {
            let works = |time: &f64| outcome.record.all(*time, time + 0.05).accepted >= 9; // of 10 offered
            (180..1000)
                .map(|slot| f64::from(slot) / 20.0)
                .find(works)
                .map_or(f64::INFINITY, |time| time - 9.0)
        };
        println!(
            "  {:13}  {:3.0} lost  {:.2} requests for each one offered  recovery {:.2} s  then {:4.0} throttled  peak {:.2} × quota",
            kind.name(),
            most(|outcome| outcome.lost as f64),
            most(|outcome| f64::from(outcome.record.all(5.0, 9.0).sent()) / 800.0),
            most(recovery),
            most(|outcome| f64::from(outcome.record.all(9.0, FOR_EVER).throttled)),
            most(peak),
        );
    }
}

fn at_once() {
    println!("\n256 calls at once, no quota");
    let mut scenario = scenario(Quota::None, 0.0);
    scenario.load = Load::Job { workers: 256, requests: 256 };
    let end = |kind| worst(&scenario, kind, |outcome| outcome.end, f64::max);
    println!("  the last one ends {:.2} s later than without", end(Kind::Ours) - end(Kind::Bare));
}

fn proxies() {
    println!("\nlimits that are no rate, seconds 10 to 60 (goodput 1 is 500 mean requests/s)");
    let bandwidth = Quota::Bandwidth { mean: 1.0, burst: 50.0 };
    let concurrency = Quota::Concurrency { at_once: 50, work: Duration::from_millis(100) };
    for (name, quota) in
        [("bytes a second, sizes 0.1 to 1.9", bandwidth), ("50 at a time, of 50 to 150 ms", concurrency)]
    {
        for kind in [Kind::Ours, Kind::Backoff, Kind::Aimd] {
            println!(
                "  {name:32}  {:13}  {}",
                kind.name(),
                both(&scenario(quota, 500.0), kind, 500.0, 10.0, 60.0)
            );
        }
    }
}

fn picture(path: &str) -> Result<(), Box<dyn Error>> {
    let scenario = steps();
    let records = [Kind::Ours, Kind::Aimd, Kind::Backoff].map(|kind| (kind, scenario.play(kind, 1).record));
    let quota = |time| scenario.nature.rate(time);
    let panels: Vec<_> = records
        .iter()
        .map(|(kind, record)| Panel { name: kind.name(), record, quota: &quota, seconds: 30.0 })
        .collect();
    draw(path, &panels)
}

fn main() -> Result<(), Box<dyn Error>> {
    let path = env::args().nth(1);
    if path.as_deref() == Some("sweep") {
        let number = |index| env::args().nth(index).and_then(|number| number.parse().ok());
        let (first, runs) = (number(2).unwrap_or(0), number(3).unwrap_or(100));
        if runs == 1 {
            sweep::trace(first);
        }
        let runs = sweep::sweep(first, runs);
        sweep::print(&runs);
        return sweep::check(&runs).map_err(Into::into);
    }
    let parts: [(&str, fn()); 9] = [
        ("random", random),
        ("job", job),
        ("steady", steady),
        ("starts", starts),
        ("changes", changes),
        ("contest", contest),
        ("outage", outage),
        ("at_once", at_once),
        ("proxies", proxies),
    ];
    let named = parts.iter().find(|(name, _)| path.as_deref() == Some(name));
    if let Some((_, part)) = named {
        part();
        return Ok(());
    }
    if path.as_ref().is_some_and(|path| !path.ends_with(".svg")) {
        println!("usage: throttle [PICTURE.svg | PART | sweep [FIRST SEED] [RUNS]]");
        return Ok(());
    }
    parts.iter().for_each(|(_, part)| part());
    match path {
        Some(path) => picture(&path),
        None => Ok(()),
    }
}
