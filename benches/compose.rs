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
    let (identity, entropy) = (&composer.identity, &composer.entropy);
    let sign = |draft: Draft<'_>| draft.sign_with(&composer.key).unwrap();
    let proven = |raw: &[u8]| assert_eq!(verifier.verify(&Message::parse(raw).unwrap(), time).outcome(), Outcome::Passed);
    let delivery = |kind| Delivery::new(composer.transaction(), composer.recipient(), kind);

    // They are the same whatever the original is.
    let mut group = criterion.benchmark_group("compose");
    let (acceptance, concise) = (Acceptance::new(composer.transaction()), delivery(ReceiptKind::Concise));
    let kinds: [(&str, &dyn Fn() -> Vec<u8>); 2] = [
        ("acceptance", &|| sign(Draft::acceptance(identity, black_box(&acceptance), entropy).unwrap())),
        ("concise receipt", &|| sign(Draft::delivery(identity, black_box(&concise), b"", entropy).unwrap())),
    ];
    for (kind, compose) in kinds {
        proven(&compose());
        group.bench_function(kind, |b| b.iter(compose));
    }

    // The throughput is that of the original.
    let envelope = TransportEnvelope::new(composer.transaction(), ReceiptKind::Complete);
    let (complete, brief) = (delivery(ReceiptKind::Complete), delivery(ReceiptKind::Brief));
    for (size, bytes) in [("8 KB", 8_000), ("100 KB", 100_000), ("1 MB", 1_000_000), ("10 MB", 10_000_000)] {
        let original = composer::original(bytes);
        let original = || black_box(&original[..]);
        let kinds: [(&str, &dyn Fn() -> Vec<u8>); 3] = [
            ("transport envelope", &|| sign(Draft::transport_envelope(identity, &envelope, original(), entropy).unwrap())),
            ("complete receipt", &|| sign(Draft::delivery(identity, &complete, original(), entropy).unwrap())),
            ("brief receipt", &|| sign(Draft::delivery(identity, &brief, original(), entropy).unwrap())),
        ];
        for (kind, compose) in kinds {
            proven(&compose());
            group.throughput(Throughput::Bytes(original().len() as u64));
            group.bench_function(BenchmarkId::new(kind, size), |b| b.iter(compose));
        }
    }
    group.finish();
}

criterion_group!(benches, by_kind_and_size);
criterion_main!(benches);
