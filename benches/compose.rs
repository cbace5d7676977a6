//! Composing and signing by kind and size: `cargo bench --bench compose`.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use postacert::compose::Draft;
use postacert::{Acceptance, Delivery, Message, Outcome, ReceiptKind, TransportEnvelope};

#[path = "support/composer.rs"]
mod composer;
#[allow(dead_code, reason = "the other benches use more of it")]
mod support;

fn by_kind_and_size(criterion: &mut Criterion) {
    let composer = composer::Composer::new();
    let (trust, time) = support::trust();
    let verifier = trust.build().unwrap();
    let mut group = criterion.benchmark_group("compose");
    for (size, bytes) in [("8 KB", 8_000), ("100 KB", 100_000), ("1 MB", 1_000_000), ("10 MB", 10_000_000)] {
        let original = composer::original(bytes);
        let t = || composer.transaction();
        let envelope = TransportEnvelope::new(t(), ReceiptKind::Complete);
        let delivery = |kind| Delivery::new(t(), composer.recipient(), kind);
        let (complete, brief, concise) = (delivery(ReceiptKind::Complete), delivery(ReceiptKind::Brief), delivery(ReceiptKind::Concise));
        let (identity, entropy) = (&composer.identity, &composer.entropy);
        let acceptance = Acceptance::new(t());
        let sign = |draft: Draft<'_>| draft.sign_with(&composer.key).unwrap();
        let original = || black_box(&original[..]);
        let kinds: [(&str, &dyn Fn() -> Vec<u8>); 5] = [
            ("acceptance", &|| sign(Draft::acceptance(identity, &acceptance, entropy).unwrap())),
            ("transport envelope", &|| sign(Draft::transport_envelope(identity, &envelope, original(), entropy).unwrap())),
            ("complete receipt", &|| sign(Draft::delivery(identity, &complete, original(), entropy).unwrap())),
            ("brief receipt", &|| sign(Draft::delivery(identity, &brief, original(), entropy).unwrap())),
            ("concise receipt", &|| sign(Draft::delivery(identity, &concise, original(), entropy).unwrap())),
        ];
        for (kind, compose) in kinds {
            let raw = compose();
            assert_eq!(verifier.verify(&Message::parse(&raw).unwrap(), time).outcome(), Outcome::Passed, "{kind}");
            group.throughput(Throughput::Bytes(raw.len() as u64));
            group.bench_function(BenchmarkId::new(kind, size), |b| b.iter(compose));
        }
    }
    group.finish();
}

criterion_group!(benches, by_kind_and_size);
criterion_main!(benches);
