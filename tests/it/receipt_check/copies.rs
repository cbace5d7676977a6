//! Complete receipts: the copy and the kept original.

use postacert::Message;
use postacert::compose::relabel;
use postacert::receipt_check::{CheckOutcome, CopyCheck};

use super::{CSV, PDF, TEXT, found, mixed, multipart};
use crate::fixtures;

fn compared(copy: &str, original: &str) -> CopyCheck {
    CopyCheck::compare(copy.as_bytes(), original.as_bytes()).unwrap()
}

#[test]
fn s3_3_2_1_what_a_provider_does_to_the_header_is_allowed() {
    let original = mixed(&[TEXT, PDF]);
    let same = compared(&original, &original);
    assert_eq!((same.outcome(), same.findings()), (CheckOutcome::Agrees, &[][..]));
    assert_eq!(same.to_string(), "the copy agrees with the original");

    let copy = relabel(original.as_bytes(), &"opec1.20250525101010.1.1@pec.example".parse().unwrap()).to_vec();
    let copy = format!("Received: from x\r\n{}", String::from_utf8(copy).unwrap());
    let check = compared(&copy, &original);
    assert_eq!(check.outcome(), CheckOutcome::Agrees);
    assert_eq!(
        check.to_string(),
        "the copy agrees with the original\n\
         allowed: the provider added the field Received (copy: the message itself, offset 0)\n\
         allowed: the provider replaced the field Message-ID (copy: the message itself, offset 41; original: the message itself, offset 23)\n\
         allowed: the provider added the field X-Riferimento-Message-ID (copy: the message itself, offset 93)"
    );
    let table: [(&str, &str, &[&str]); 8] = [
        ("X-TipoRicevuta: breve\r\n", "", &["provider-field-added"]),
        ("", "X-TipoRicevuta: breve\r\n", &["provider-field-removed"]),
        ("", "Return-Path: <x@y>\r\n", &["provider-field-removed"]),
        ("", "Bcc: \r\n", &["provider-field-removed"]),
        ("Date: x\r\n", "", &["provider-field-added"]),
        ("X-Attachment: 1\r\n", "", &["provider-field-added"]),
        ("To: a@b,\r\n\tc@d\r\n", "To: a@b, c@d\r\n", &["field-refolded"]),
        ("TO: a@b\r\nCc: e@f\r\n", "Cc: e@f\r\nTo: a@b\r\n", &[]),
    ];
    for (in_copy, in_original, codes) in table {
        let check = compared(&format!("{in_copy}{original}"), &format!("{in_original}{original}"));
        let codes_found: Vec<_> = check.findings().iter().map(|found| found.code()).collect();
        assert_eq!((check.outcome(), &*codes_found), (CheckOutcome::Agrees, codes), "{in_copy:?} {in_original:?}");
    }
}

#[test]
fn what_a_provider_must_not_do_to_the_header_differs() {
    let original = mixed(&[TEXT, PDF]);
    let table: [(&str, &str, &[&str]); 13] = [
        ("To: x\r@y\r\n", "To: x@y\r\n", &["field-changed"]),
        ("To: x@y\r\n", "", &["field-added"]),
        ("", "To: x@y\r\n", &["field-removed"]),
        ("To: x@y\r\n", "To: x@z\r\n", &["field-changed"]),
        ("Subject: t\r\n", "", &["field-added"]),
        ("Reply-To: t@u\r\n", "", &["field-added"]),
        ("", "Bcc: x@y\r\n", &["field-removed"]),
        ("Date: x\r\n", "Date: y\r\n", &["field-changed"]),
        ("", "Date: y\r\n", &["field-removed"]),
        ("X-A: 1\r\n", "X-A: 2\r\n", &["field-changed"]),
        ("X-A: 1\r\nX-A: 2\r\n", "X-A: 2\r\n", &["field-added"]),
        ("garbage\r\n", "", &["header-changed"]),
        ("X-Riferimento-Message-ID: <2@x>\r\n", "", &["provider-field-added", "reference-differs"]),
    ];
    for (in_copy, in_original, codes) in table {
        let check = compared(&format!("{in_copy}{original}"), &format!("{in_original}{original}"));
        let mut codes_found: Vec<_> = check.findings().iter().map(|found| found.code()).collect();
        codes_found.sort_unstable();
        assert_eq!(codes_found, codes, "{in_copy:?} {in_original:?}");
        assert_eq!(check.outcome(), CheckOutcome::Differs, "{in_copy:?} {in_original:?}");
    }
    // One that the original had before.
    let referring = format!("X-Riferimento-Message-ID: <2@x>\r\n{original}");
    assert_eq!(compared(&referring, &referring).outcome(), CheckOutcome::Agrees);
    assert_eq!(compared(&referring.replace("<1@x>", "<3@x>"), &referring).outcome(), CheckOutcome::Agrees);
}

#[test]
fn the_first_difference_of_the_bodies_is_told_with_its_place() {
    let original = mixed(&[TEXT, &multipart("alternative", "c", &[CSV, PDF])]);
    let at = original.find("LjQK").unwrap();
    let check = compared(&original.replace("LjQK", "LjQL"), &original);
    assert_eq!((check.outcome(), found(check.findings())), (CheckOutcome::Differs, vec![("body-changed", Some("2.2"), Some("2.2"))]));
    assert_eq!(check.findings()[0].copy().offset, Some(at + 3));
    // With other line ends it is in the same place, some bytes before; and these are not a finding by themselves there.
    let check = compared(&original.replace("LjQK", "LjQL").replace("\r\n", "\n"), &original);
    assert_eq!(check.outcome(), CheckOutcome::Differs);
    let body = check.findings().last().unwrap();
    let lines = original[..at].matches('\n').count();
    assert_eq!((body.original().offset, body.copy().offset), (Some(at + 3), Some(at + 3 - lines)));
    // What is missing at the end, what is more.
    for (copy, original) in [("a: b\r\n\r\nx\r\ny", "a: b\r\n\r\nx\r\ny\r\nz"), ("a: b\r\n\r\nx\r\n\r\n", "a: b\r\n\r\nx")] {
        assert_eq!(found(compared(copy, original).findings()), [("body-changed", Some(""), Some(""))]);
    }
}

#[test]
fn line_ends_alone_are_no_difference() {
    let original = mixed(&[TEXT, PDF]);
    let (lf, cut) = (original.replace("\r\n", "\n"), original.trim_end());
    assert_eq!(found(compared(&lf, &original).findings()), [("line-ends-converted", None, None)]);
    assert_eq!(found(compared(&original, &lf).findings()), [("line-ends-converted", None, None)]);
    assert_eq!(found(compared(cut, &original).findings()), []);
    assert_eq!(compared(&lf, &original).outcome(), CheckOutcome::Agrees);
}

#[test]
fn a_fixture_agrees_with_what_was_sent() {
    let receipt = fixtures::read("valid/avvenuta-consegna-completa.eml");
    let message = Message::parse(&receipt).unwrap();
    let content = fixtures::verifier().verify(&message, fixtures::at()).into_verified().unwrap();
    let copy = content.split().original.unwrap();
    // The sender's copy has the identifier of the sender's program, and no trace.
    let (mut kept, mut own) = (String::new(), None);
    let text = String::from_utf8(copy.value().bytes().to_vec()).unwrap();
    for line in text.split_inclusive('\n') {
        match line.strip_prefix("X-Riferimento-Message-ID") {
            Some(id) => own = Some(format!("Message-ID{id}")),
            None if line.starts_with("Message-ID") && own.is_none() => {}
            None => kept += line,
        }
    }
    let kept = own.expect("the provider kept the identifier") + &kept;
    let check = CopyCheck::of(&copy, kept.as_bytes()).unwrap();
    assert_eq!(check.outcome(), CheckOutcome::Agrees, "{check}");
    assert_eq!(CopyCheck::of(&copy, kept.replace("collaudo", "Collaudo").as_bytes()).unwrap().outcome(), CheckOutcome::Differs);
}
