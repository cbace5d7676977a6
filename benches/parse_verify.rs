//! Parsing and verifying by size: `cargo bench --bench parse_verify`.
//!
//! The larger messages are signed by the `openssl` command; without it they are left out.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use postacert::{Message, Outcome};

mod support;

fn by_size(criterion: &mut Criterion) {
    let (trust, time) = support::trust();
    let verifier = trust.build().unwrap();
    let mut messages = vec![("8 KB receipt", support::fixture("valid/accettazione.eml"))];
    for (name, bytes) in [("100 KB envelope", 100_000), ("1 MB envelope", 1_000_000), ("10 MB envelope", 10_000_000)] {
        match support::envelope(bytes) {
            Some(raw) => messages.push((name, raw)),
            None => eprintln!("{name}: left out, the openssl command is needed to sign it"),
        }
    }
    for (name, raw) in &messages {
        let message = Message::parse(raw).unwrap();
        let report = verifier.verify(&message, time);
        assert_eq!(report.outcome(), Outcome::Passed, "{name}: {report}");
    }

    let mut group = criterion.benchmark_group("parse");
    for (name, raw) in &messages {
        group.throughput(Throughput::Bytes(raw.len() as u64));
        group.bench_with_input(BenchmarkId::from_parameter(name), raw, |b, raw| b.iter(|| Message::parse(black_box(raw)).unwrap()));
    }
    group.finish();

    let mut group = criterion.benchmark_group("parse and verify");
    for (name, raw) in &messages {
        group.throughput(Throughput::Bytes(raw.len() as u64));
        group.bench_with_input(BenchmarkId::from_parameter(name), raw, |b, raw| {
            b.iter(|| verifier.verify(&Message::parse(black_box(raw)).unwrap(), time).outcome());
        });
    }
    group.finish();
}

criterion_group!(benches, by_size);
criterion_main!(benches);
