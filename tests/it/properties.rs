//! Properties of verification: what holds whatever is done to a message.
#![cfg(feature = "rustcrypto")]

use std::collections::HashSet;
use std::sync::LazyLock;

use postacert::{CertificationData, CheckState, Message, Outcome, Report, Verifier};
use proptest::prelude::*;

use crate::fixtures::{at, read, verifier};
use crate::support::judged::judge;
use crate::support::mail::signed_span;

static VERIFIER: LazyLock<Verifier> = LazyLock::new(verifier);

/// The messages of a group of `index.tsv` that pass, and their names.
fn passing(group: &str) -> Vec<(String, Vec<u8>)> {
    let table = String::from_utf8(read("index.tsv")).unwrap();
    let rows = table.lines().skip(1).map(|line| line.split('\t').collect::<Vec<_>>());
    let rows = rows.filter(|row| (group.is_empty() || row[1] == group) && row[4] == "passed");
    rows.map(|row| (row[0].to_owned(), read(row[0]))).collect()
}

static VALID: LazyLock<Vec<(String, Vec<u8>)>> = LazyLock::new(|| passing("valid"));
static ALL: LazyLock<Vec<(String, Vec<u8>)>> = LazyLock::new(|| passing(""));

fn with_report<T>(raw: &[u8], look: impl FnOnce(&Report<'_>) -> T) -> T {
    let message = Message::parse(raw).unwrap();
    look(&VERIFIER.verify(&message, at()))
}

/// What is proven of a message: its data and its carried original.
type Proven = (Option<CertificationData>, Option<Vec<u8>>);

fn proven(raw: &[u8]) -> Option<Proven> {
    with_report(raw, |report| {
        report.verified().map(|content| {
            let content = content.value();
            (content.data().cloned(), content.original().map(|original| original.bytes().to_vec()))
        })
    })
}

#[test]
fn r03_every_bit_of_the_signed_span_counts() {
    let mut raw = read("valid/accettazione.eml");
    let span = signed_span(&raw);
    assert!(span.len() > 3_000);
    for at in span {
        for bit in 0..8 {
            raw[at] ^= 1 << bit;
            with_report(&raw, |report| {
                assert_ne!(report.outcome(), Outcome::Passed, "byte {at}");
                assert_ne!(report.checks().signature, CheckState::Good, "byte {at}: the mathematics must fail, or not be reached");
                assert!(report.verified().is_none());
            });
            raw[at] ^= 1 << bit;
        }
    }
    judge(&raw).clean();
}

#[test]
fn r31_every_truncation_ends_well_and_passes_only_whole() {
    let raw = read("valid/accettazione.eml");
    let whole = proven(&raw).unwrap();
    let signature_end = {
        let message = Message::parse(&raw).unwrap();
        let part = message.root().children().nth(1).unwrap();
        part.offset() + part.raw().len()
    };
    let mut passed = 0;
    for length in 0..raw.len() {
        if let Some(found) = proven(&raw[..length]) {
            assert!(length > signature_end, "passed with {length} bytes, before the signature part was whole");
            assert_eq!(found, whole);
            passed += 1;
        }
    }
    // Only what follows the two dashes of the close delimiter can be missing: a line end.
    assert!(passed <= 2, "{passed} truncations pass");
}

/// One change of one message: bytes taken out and others put in.
fn edits() -> impl Strategy<Value = (prop::sample::Index, usize, Vec<u8>)> {
    let bytes = prop_oneof![
        3 => prop::collection::vec(any::<u8>(), 0..4),
        2 => prop::sample::select(vec!["\r\n", "\n", "--", "=", "\0", "Content-Type: text/plain\r\n", "\r\n\r\n", "boundary=x; ", "(", "\"", "<", ",", "From: x@y\r\n"])
            .prop_map(|text| text.as_bytes().to_vec()),
    ];
    (any::<prop::sample::Index>(), 0_usize..4, bytes)
}

fn edited(raw: &[u8], at: usize, taken: usize, put: &[u8]) -> Vec<u8> {
    let end = raw.len().min(at + taken);
    [&raw[..at], put, &raw[end..]].concat()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, ..ProptestConfig::default() })]

    #[test]
    fn a_flipped_bit_of_the_signed_span_fails(which in any::<prop::sample::Index>(), place in any::<prop::sample::Index>(), bit in 0_u32..8) {
        let (name, raw) = which.get(&VALID);
        let span = signed_span(raw);
        let at = span.start + place.index(span.len());
        let mut raw = raw.clone();
        raw[at] ^= 1 << bit;
        with_report(&raw, |report| {
            prop_assert_ne!(report.outcome(), Outcome::Passed, "{} byte {}", name, at);
            prop_assert_ne!(report.checks().signature, CheckState::Good, "{} byte {}", name, at);
            Ok(())
        })?;
    }

    #[test]
    fn nothing_outside_the_signed_span_changes_what_is_proven(which in any::<prop::sample::Index>(), (place, taken, put) in edits()) {
        let (name, raw) = which.get(&ALL);
        let span = signed_span(raw);
        // A place before the span, or after it: the change must not reach into it.
        let outside = raw.len() - span.len();
        let at = place.index(outside.max(1));
        let (at, taken) = if at < span.start { (at, taken.min(span.start - at)) } else { (at + span.len(), taken) };
        let changed = edited(raw, at, taken, &put);
        if let Some(found) = proven(&changed) {
            let same = Some(found) == proven(raw);
            prop_assert!(same, "{} at {}: {:?}", name, at, put);
        }
    }

    #[test]
    fn a_change_passes_only_if_the_signed_bytes_are_those_that_were_signed(which in any::<prop::sample::Index>(), changes in prop::collection::vec(edits(), 1..4)) {
        static SIGNED: LazyLock<HashSet<Vec<u8>>> = LazyLock::new(|| ALL.iter().map(|(_, raw)| crlf(&raw[signed_span(raw)])).collect());
        let (name, raw) = which.get(&ALL);
        let mut changed = raw.clone();
        for (place, taken, put) in &changes {
            let at = place.index(changed.len().max(1));
            changed = edited(&changed, at, *taken, put);
        }
        if proven(&changed).is_some() {
            prop_assert!(SIGNED.contains(&crlf(&changed[signed_span(&changed)])), "{}: {:?}", name, changes);
        }
        everything(&changed);
    }

    #[test]
    fn r31_arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..600), text in "[\\x00-\\x7f]{0,300}") {
        everything(&bytes);
        everything(text.as_bytes());
        everything(&[b"Content-Type: multipart/signed; boundary=b\r\n\r\n--b\r\n", &bytes[..], b"\r\n--b\r\n", text.as_bytes(), b"\r\n--b--\r\n"].concat());
    }
}

fn crlf(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    for (at, byte) in bytes.iter().enumerate() {
        if *byte == b'\n' && (at == 0 || bytes[at - 1] != b'\r') {
            out.push(b'\r');
        }
        out.push(*byte);
    }
    out
}

/// Everything that can be asked of bytes, whatever they are.
fn everything(raw: &[u8]) {
    let Ok(message) = Message::parse(raw) else { return };
    let claims = message.claims();
    let _ = (claims.receipt(), claims.transport(), claims.kind(), claims.receipt_kind(), claims.security_check(), claims.original_sender());
    let _ =
        (claims.reference(), claims.message_id(), claims.subject(), claims.date(), claims.from(), claims.from_address(), claims.sender());
    let _ = (claims.to(), claims.cc(), claims.reply_to(), claims.count("From"), claims.text("Subject"));
    let mail = message.mail();
    let _ = (mail.text(), mail.html());
    for attachment in mail.attachments() {
        let _ = (attachment.name(), attachment.media_type(), attachment.decode().bytes().len());
    }
    for carried in message.carried_messages() {
        let _ = carried.message().map(|inner| (inner.mail().text(), inner.carried_messages().count()));
    }
    let _ = message.unverified_content().map(|content| (content.kind(), content.data().map(CertificationData::to_xml)));
    let report = VERIFIER.verify(&message, at());
    assert_eq!(report.outcome() == Outcome::Passed, report.verified().is_some());
    let _ = (report.to_string(), report.message_sha256());
}
