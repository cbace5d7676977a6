//! The committed corpus of the fuzz targets, run through the same properties.
#![cfg(feature = "rustcrypto")]

use std::path::Path;

use crate::support::world::provider_ops;

#[allow(unreachable_pub, reason = "the fuzz targets, which are crates of their own, include the same file")]
#[path = "support/properties.rs"]
mod properties;

#[test]
fn every_input_of_the_corpus_keeps_its_property() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus");
    if !corpus.is_dir() {
        // A published package does not hold it.
        eprintln!("skipped: {} is not there", corpus.display());
        return;
    }
    for (target, property) in all() {
        let folder = corpus.join(target);
        let mut inputs: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        inputs.sort();
        assert!(!inputs.is_empty(), "{} holds nothing", folder.display());
        for input in inputs {
            println!("{}", input.display());
            property(&std::fs::read(&input).unwrap());
        }
    }
}

/// Every property, by the name of its fuzz target.
fn all() -> impl Iterator<Item = (&'static str, properties::Property)> {
    properties::ALL.into_iter().chain([("provider_ops", provider_ops as properties::Property)])
}

#[test]
fn properties_hold_for_trifles() {
    for (_, property) in all() {
        for bytes in [&b""[..], b"\0", b"\n", b"\r\n\r\n", b"a", b"\xff\xfe", b"0\x80", b"--\r\n"] {
            property(bytes);
        }
    }
}
