//! Tests of what the module `cms` shows: its errors. The reader itself is private and tested beside its code.

use std::collections::BTreeSet;

use postacert::{Asn1ErrorKind, CmsError, CmsErrorKind, crypto::AlgorithmError};

#[test]
fn the_error_crosses_threads_and_is_small() {
    static_assertions::assert_impl_all!(CmsError: std::error::Error, Send, Sync, Clone);
    static_assertions::const_assert!(size_of::<CmsError>() <= 48);
}

#[test]
fn codes_and_sentences_keep_to_their_form() {
    let tables = [CmsErrorKind::TABLE, Asn1ErrorKind::TABLE, AlgorithmError::TABLE];
    let mut seen = BTreeSet::new();
    for row in tables.into_iter().flatten() {
        assert!(row.code.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-'), "{}", row.code);
        assert!(seen.insert(row.code), "{} is there twice", row.code);
        assert!(!row.text.ends_with('.') && !row.meaning.trim().is_empty(), "{}", row.code);
    }
    assert!(seen.len() > 30, "{}", seen.len());
}

#[test]
fn sentences_are_these() {
    for (kind, sentence) in [
        (CmsErrorKind::Encoding { error: Asn1ErrorKind::TooDeep }, "values are nested too deeply"),
        (CmsErrorKind::MultipleSigners, "there is more than one signer"),
        (CmsErrorKind::AttributeTwice { attribute: "message-digest" }, "the signed attribute message-digest is there twice"),
        (CmsErrorKind::TooLarge { limit: 5 }, "the structure is larger than 5 bytes"),
        (CmsErrorKind::Algorithm { error: AlgorithmError::Broken { name: "MD5" } }, "the algorithm MD5 is broken"),
    ] {
        assert_eq!(kind.to_string(), sentence);
    }
}
