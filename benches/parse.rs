//! Time to read an error document, compared with other parsers.
#![expect(clippy::unwrap_used, reason = "a bench that unwraps too much fails")]
#![expect(unreachable_pub, reason = "what the benches share is public to each of them")]
#![expect(dead_code, reason = "each of the benches uses a part of what they share")]

mod shared;

use bytes::Bytes;
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};

use self::shared::{
    bodies::{self, ELEVEN, SIX},
    contenders,
};

fn parse(criterion: &mut Criterion) {
    let long = bodies::long_message();
    for (name, body) in [("322 bytes", SIX), ("700 bytes", ELEVEN), ("message of 4 KiB", &long)] {
        let mut group = criterion.benchmark_group(name);
        group.throughput(Throughput::Bytes(body.len() as u64));
        group.bench_function("tower-oss", |bencher| {
            bencher.iter_batched(|| bodies::not_found(body), contenders::ours, BatchSize::SmallInput);
        });
        group.bench_function("quick-xml events", |bencher| {
            bencher.iter(|| contenders::events(body.as_bytes()));
        });
        group.bench_function("quick-xml serde", |bencher| {
            let body = Bytes::from(body.to_owned());
            bencher.iter(|| contenders::serde(body.clone()));
        });
        group.bench_function("floor", |bencher| bencher.iter(|| contenders::floor(body.as_bytes())));
        group.finish();
    }
}

criterion_group!(benches, parse);
criterion_main!(benches);
