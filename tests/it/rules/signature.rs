//! The CMS signature: R9 to R15, and R32.

use postacert::{Check, CheckState, CmsErrorKind, Directory, FindingKind, Limits, Message, MessageClass, Outcome, Report, Verifier};

use crate::fixtures::{at, certificates, read, verifier};
use crate::support::der::{Inside, Node, attribute, attributes, certificates as embedded, signed_data, signers};
use crate::support::judged::{anchored, both, judge, judge_file, judge_with, listed};
use crate::support::mail::{signature, with_cms, with_signature};

const RECEIPT: &str = "valid/accettazione.eml";

/// What the reader of the CMS says of this message's signature.
#[track_caller]
fn cms_error(raw: &[u8]) -> CmsErrorKind {
    let message = Message::parse(raw).unwrap();
    let report: Report<'_> = verifier().verify(&message, at());
    assert_eq!(
        (report.outcome(), report.class(), report.checks().signature),
        (Outcome::Failed, MessageClass::Ordinary, CheckState::Bad),
        "{report}"
    );
    let error = report.reasons().iter().find_map(|reason| match reason.finding().kind() {
        FindingKind::Cms { error } => Some(error.kind().clone()),
        _ => None,
    });
    error.unwrap_or_else(|| panic!("no error of the CMS: {report}"))
}

#[test]
fn r09_content_inside_a_detached_signature_is_refused() {
    for name in ["hostile/cms-con-contenuto.eml", "hostile/cms-altro-contenuto.eml"] {
        judge_file(name).failed(Check::Signature, "content-inside-signature");
    }
    // Also the very bytes that stand beside it, put in by somebody else: they are not signed as being there.
    let octets = Node { tag: 4, inside: Inside::Bytes(b"x".to_vec()) };
    let stuffed = with_cms(&read(RECEIPT), |cms| {
        signed_data(cms)[2].nodes().push(Node { tag: 0xa0, inside: Inside::Nodes(vec![octets]) });
    });
    judge(&stuffed).failed(Check::Signature, "content-inside-signature");
}

#[test]
fn r10_there_is_exactly_one_signer() {
    judge(&with_cms(&read(RECEIPT), |_| {})).clean();
    assert_eq!(cms_error(&read("hostile/cms-nessun-firmatario.eml")), CmsErrorKind::NoSigner);
    assert_eq!(cms_error(&read("hostile/cms-due-firmatari.eml")), CmsErrorKind::MultipleSigners);
    let none = with_cms(&read(RECEIPT), |cms| signers(cms).clear());
    assert_eq!(cms_error(&none), CmsErrorKind::NoSigner);
    // The same good one twice is two.
    let twice = with_cms(&read(RECEIPT), |cms| {
        let signer = signers(cms)[0].clone();
        signers(cms).push(signer);
    });
    assert_eq!(cms_error(&twice), CmsErrorKind::MultipleSigners);
}

#[test]
fn r11_the_signed_attributes_are_there_once_and_agree() {
    assert_eq!(cms_error(&read("hostile/cms-senza-attributi.eml")), CmsErrorKind::NoSignedAttributes);
    assert!(matches!(cms_error(&read("hostile/cms-tipo-tst.eml")), CmsErrorKind::NotData { .. }));
    assert!(matches!(cms_error(&read("hostile/cms-tipo-smentito.eml")), CmsErrorKind::ContentTypeMismatch { .. }));
    for (pkcs9, name) in [(3, "content-type"), (4, "message-digest")] {
        let missing = with_cms(&read(RECEIPT), |cms| {
            let at = attribute(cms, pkcs9);
            attributes(cms).remove(at);
        });
        assert_eq!(cms_error(&missing), CmsErrorKind::AttributeMissing { attribute: name });
        let twice = with_cms(&read(RECEIPT), |cms| {
            let at = attribute(cms, pkcs9);
            let again = attributes(cms)[at].clone();
            attributes(cms).insert(at, again);
        });
        assert_eq!(cms_error(&twice), CmsErrorKind::AttributeTwice { attribute: name });
        let two_values = with_cms(&read(RECEIPT), |cms| {
            let at = attribute(cms, pkcs9);
            let values = attributes(cms)[at].nodes()[1].nodes();
            let again = values[0].clone();
            values.push(again);
        });
        assert_eq!(cms_error(&two_values), CmsErrorKind::AttributeValues { attribute: name });
    }
    // The digest is compared in its whole length: neither its beginning nor something longer will do.
    let huge: [&[u8]; 5] = [
        &[0x82, 0xff, 0xff],
        &[0x83, 1, 0, 0],
        &[0x84, 0x7f, 0xff, 0xff, 0xff],
        &[0x84, 0xff, 0xff, 0xff, 0xff],
        &[0x88, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
    ];
    // The length of the whole; then, where they fit, of SignedData and of the signature value.
    let places = [1, 20, der.len() - 259];
    for (at, length) in huge.map(|length| (1, length)).into_iter().chain(places.map(|at| (at, huge[0]))) {
        assert_eq!(der[at], 0x82, "a length in two octets");
        let raw = with_signature(&read(RECEIPT), &[&der[..at], length, &der[at + 3..]].concat());
        let error = cms_error(&raw);
        assert!(matches!(error, CmsErrorKind::Encoding { .. }), "{length:?} at {at}: {error}");
    }
    // The limits are the caller's, and each is met exactly.
    let raw = read(RECEIPT);
    let mut limits = Limits::default();
    limits.cms_bytes = der.len();
    let judged = |limits: &Limits| judge_with(&both().limits(limits.clone()).build().unwrap(), at(), &raw);
    judged(&limits).clean();
    limits.cms_bytes -= 1;
    assert!(judged(&limits).failed(Check::Signature, "cms").contains("larger than"));
}
