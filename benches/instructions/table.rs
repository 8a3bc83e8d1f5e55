use std::{fs, iter, process::ExitCode};

use crate::{
    callgrind::{Cost, cost_of},
    groups::all,
    measure::{Group, Measure},
};

/// The limits, one line per case: group, name, figure, allocations.
const LIMITS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/instructions/limits.tsv");

/// A case that was measured.
struct Row {
    group: &'static Group,
    name: &'static str,
    cost: Cost,
    /// The ratio, or the share added.
    figure: f64,
}

/// Measures the groups whose names start like this.
fn rows(start: &str) -> impl Iterator<Item = Row> {
    // All figures are relative to the same build, so that another compiler changes little.
    let unit = all().next().map_or(0, |first| cost_of(first.name, first.cases[0].0).instructions) as f64;
    all().filter(move |group| group.name.starts_with(start)).flat_map(move |group| {
        let first = cost_of(group.name, group.cases[0].0);
        let others = group.cases[1..].iter().map(|(name, _)| (*name, cost_of(group.name, name)));
        iter::once((group.cases[0].0, first)).chain(others).map(move |(name, cost)| {
            let (base, own) = (first.instructions as f64, cost.instructions as f64);
            let figure = if group.measure == Measure::Added { (own - base) / unit } else { own / base };
            Row { group, name, cost, figure }
        })
    })
}

pub fn print(start: &str) {
    type Inner = hyper_util::client::legacy::ResponseFuture;
    type Outer = tower_oss::layer::ResponseFuture<Inner, hyper::body::Incoming>;
    println!("future {} bytes over the inner one", size_of::<Outer>() - size_of::<Inner>());
    println!("service {} bytes over the inner one", size_of::<tower_oss::layer::OssErrorService<()>>());
    println!("error {} bytes", size_of::<tower_oss::Error>());
    let mut last = "";
    for Row { group, name, cost, figure } in rows(start) {
        if group.name != last {
            println!("{:<42}{:>14}{:>13}{:>9}", group.name, "instructions", "allocations", "");
            last = group.name;
        }
        let sign = if group.measure == Measure::Added { "+" } else { "×" };
        println!("  {name:<40}{:>14}{:>13}  {sign}{figure:.3}", cost.instructions, cost.allocations);
    }
}

/// Compares with the limits, case by case.
pub fn check() -> ExitCode {
    let limits = fs::read_to_string(LIMITS).unwrap();
    let mut limits = limits.lines();
    let mut faults = 0;
    for row in rows("") {
        let now = line(&row);
        let limit = limits.next().unwrap_or_default();
        if !is_within(&now, limit, row.group.measure) {
            println!("was {limit}\nnow {now}");
            faults += 1;
        }
    }
    match faults {
        0 => ExitCode::SUCCESS,
        _ => {
            println!("{faults} changed; if on purpose: cargo bench --bench instructions -- --write");
            ExitCode::FAILURE
        }
    }
}

/// Rewrites the limits.
pub fn write() {
    let lines: String = rows("").map(|row| line(&row) + "\n").collect();
    fs::write(LIMITS, lines).unwrap();
}

fn line(row: &Row) -> String {
    format!("{}\t{}\t{:.4}\t{}", row.group.name, row.name, row.figure, row.cost.allocations)
}

/// Only this crate has limits, not the others.
fn is_within(now: &str, limit: &str, measure: Measure) -> bool {
    let columns = |line: &str| line.split('\t').map(str::to_owned).collect::<Vec<_>>();
    let (now, limit) = (columns(now), columns(limit));
    if now.len() != limit.len() || now[..2] != limit[..2] {
        return false;
    }
    let figure = |line: &[String]| line[2].parse::<f64>().unwrap();
    let is_close = match measure {
        Measure::Ratio | Measure::Even | Measure::Added => {
            (figure(&now) - figure(&limit)).abs() <= 0.1 * figure(&limit).abs()
        }
        Measure::Client => (figure(&now) - figure(&limit)).abs() <= 0.005,
    };
    let is_ours = now[1].starts_with("tower-oss") || now[1].starts_with("in ") || now[1] == "twice as long";
    !is_ours || is_close && (measure == Measure::Client || now[3] == limit[3])
}
