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
    for length in [0, 1, 31, 33] {
        let cut = with_cms(&read(RECEIPT), |cms| {
            let at = attribute(cms, 4);
            attributes(cms)[at].nodes()[1].nodes()[0].bytes().resize(length, 0);
        });
        assert_eq!(judge(&cut).checks.signature, CheckState::Bad, "{length} bytes");
        assert!(judge(&cut).reasons.iter().any(|reason| ["digest-mismatch", "cms"].contains(&reason.1)), "{length} bytes");
    }
}

#[test]
fn r12_attributes_are_hashed_as_received_then_sorted() {
    // OpenSSL signs the set in DER order. In another order it holds over the sorted set only, and that is said.
    let moved = with_cms(&read(RECEIPT), |cms| attributes(cms).reverse());
    assert_ne!(signature(&moved), signature(&read(RECEIPT)));
    let judged = judge(&moved);
    assert_eq!(
        judged.flagged("attributes-reordered"),
        "the signature holds over the signed attributes in DER order, not in the order they were sent"
    );
    assert!(!judge_file(RECEIPT).has_finding("attributes-reordered"));
    // A changed attribute is nobody's.
    let changed = with_cms(&read(RECEIPT), |cms| {
        let at = attribute(cms, 5);
        let time = attributes(cms)[at].nodes()[1].nodes()[0].bytes();
        *time.iter_mut().rev().nth(1).unwrap() ^= 1;
    });
    judge(&changed).failed(Check::Signature, "signature-mismatch");
}

#[test]
fn r12_the_algorithms_of_the_signer_agree() {
    judge_file("variant/sha256-con-rsa.eml").clean();
    judge_file("hostile/cms-digest-altro.eml").failed(Check::Signature, "digest-mismatch");
    // sha512WithRSAEncryption over a SHA-256 digest.
    let raw = with_cms(&read("variant/sha256-con-rsa.eml"), |cms| {
        let algorithm = &mut signers(cms)[0].nodes()[4];
        *algorithm.nodes()[0].bytes().last_mut().unwrap() = 13;
    });
    assert_eq!(
        judge(&raw).failed(Check::Signature, "cms").split(" (").next(),
        Some("the signature could not be read: the digest algorithm is stated as sha256, but the signature's is sha512")
    );
    // ECDSA under an RSA key.
    let ecdsa = [0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2];
    let raw = with_cms(&read(RECEIPT), |cms| {
        let algorithm = &mut signers(cms)[0].nodes()[4];
        *algorithm.nodes() = vec![Node { tag: 6, inside: Inside::Bytes(ecdsa.to_vec()) }];
    });
    let judged = judge(&raw);
    assert!(judged.outcome != Outcome::Passed && judged.checks.signature != CheckState::Good, "{judged:#?}");
}

#[test]
fn r13_the_padding_is_compared_whole_and_weak_keys_are_refused() {
    judge_file("hostile/firma-imbottitura.eml").failed(Check::Signature, "signature-mismatch");
    judge_file("hostile/cms-firma-alterata.eml").failed(Check::Signature, "signature-mismatch");
    assert_eq!(
        judge_file("hostile/rsa512.eml").failed(Check::Signature, "key-refused"),
        "the signer's key was refused: the RSA key has 512 bits, fewer than 1024"
    );
    assert_eq!(judge_file("variant/esponente-3.eml").flagged("small-exponent"), "the signer's RSA exponent is 3");
    assert!(judge_file("variant/rsa1024.eml").undecided(Check::Chain, "weak-algorithm").contains("an RSA key of 1024 bits"));
    // Of another length than the modulus, zeros before or after.
    for change in
        [(|value: &mut Vec<u8>| value.insert(0, 0)) as fn(&mut Vec<u8>), |value| value.push(0), |value| value.truncate(255), Vec::clear]
    {
        let raw = with_cms(&read(RECEIPT), |cms| change(signers(cms)[0].nodes().last_mut().unwrap().bytes()));
        judge(&raw).failed(Check::Signature, "signature-mismatch");
    }
}

#[test]
fn r14_the_shell_may_be_ber_and_hold_odd_certificates() {
    for name in ["ber", "ber-busta", "certificati-in-piu", "certificato-incrociato", "solo-firmatario", "ski", "pkcs7", "smime", "cades"] {
        judge_file(&format!("variant/{name}.eml")).clean();
    }
    let receipt = read(RECEIPT);
    // Twice the same certificate, an attribute certificate, one that nobody can read.
    let odd = [
        certificate("pki/uno.pem"),
        Node { tag: 0xa1, inside: Inside::Nodes(vec![Node { tag: 5, inside: Inside::Bytes(Vec::new()) }]) },
        Node { tag: 0x30, inside: Inside::Nodes(vec![Node { tag: 5, inside: Inside::Bytes(Vec::new()) }]) },
    ];
    for node in odd {
        for at in [0, 1] {
            let raw = with_cms(&receipt, |cms| embedded(cms).insert(at, node.clone()));
            judge(&raw).clean();
        }
    }
    // What follows the structure.
    assert_eq!(
        judge_file("variant/a-capo-dopo-cms.eml").flagged("cms-trailing-line-breaks"),
        "line breaks follow the signature's structure (part 2)"
    );
    assert_eq!(cms_error(&read("hostile/cms-coda.eml")), CmsErrorKind::TrailingBytes);
    for tail in [&b"\0"[..], b" ", b"\r\n\0"] {
        let raw = with_signature(&receipt, &[&signature(&receipt)[..], tail].concat());
        assert_eq!(cms_error(&raw), CmsErrorKind::TrailingBytes);
    }
    // Attributes in BER: an indefinite length where DER is due.
    let der = signature(&receipt);
    let at = der.windows(2).rposition(|w| w == [0xa0, 0x81]).expect("the signed attributes");
    let length = usize::from(der[at + 2]);
    let ber = [&der[..at], &[0xa0, 0x80], &der[at + 3..at + 3 + length], &[0, 0], &der[at + 3 + length..]].concat();
    let judged = judge(&with_signature(&receipt, &ber));
    assert_eq!((judged.outcome, judged.checks.signature), (Outcome::Failed, CheckState::Bad));
}

fn certificate(name: &str) -> Node {
    Node::read(certificates(name)[0].der())
}

#[test]
fn r14_asn1_is_read_to_a_depth_of_sixteen() {
    // A certificate set entry of another kind, of 40 values inside each other.
    let deep = |depth: usize| {
        let mut node = Node { tag: 5, inside: Inside::Bytes(Vec::new()) };
        for _ in 0..depth {
            node = Node { tag: 0x30, inside: Inside::Nodes(vec![node]) };
        }
        Node { tag: 0xa1, inside: Inside::Nodes(vec![node]) }
    };
    // Skipped by their lengths: what nobody looks into is not too deep. With indefinite lengths it must be looked into.
    let mut ber = signature(&read(RECEIPT));
    let plain = with_cms(&read(RECEIPT), |cms| embedded(cms).push(deep(40)));
    assert_ne!(judge(&plain).outcome, Outcome::Indeterminate);
    ber.splice(.., [0x30, 0x80].repeat(100_000));
    assert!(matches!(cms_error(&with_signature(&read(RECEIPT), &ber)), CmsErrorKind::Encoding { .. }));
}

#[test]
fn r15_one_certificate_answers_to_the_signer() {
    let (receipt, without) = (read(RECEIPT), read("variant/senza-certificati.eml"));
    assert!(
        judge_file("hostile/cms-certificato-gemello.eml")
            .failed(Check::Signature, "signer-certificate-ambiguous")
            .contains("two different certificates")
    );
    assert!(judge(&without).flagged("signer-certificate-not-embedded").contains("the directory's was used"));
    // Without a directory there is nowhere to look; and nobody's certificate is nobody's.
    let judged = judge_with(&anchored().build().unwrap(), at(), &without);
    assert_eq!(
        judged.failed(Check::Signature, "signer-certificate-missing"),
        "the signer's certificate is neither in the message nor in the directory"
    );
    assert_eq!(judged.class, MessageClass::Ordinary);
    // The twin alone answers to the identifier, but did not sign, and is not listed.
    let twin = with_cms(&receipt, |cms| {
        let at = embedded(cms).iter().position(|node| *node == certificate("pki/uno.pem")).unwrap();
        embedded(cms)[at] = certificate("pki/uno-twin.pem");
    });
    let judged = judge(&twin);
    judged.failed(Check::Signature, "signature-mismatch");
    judged.failed(Check::Chain, "not-listed");
}

#[test]
fn r15_a_listed_hash_is_an_index_never_proof() {
    // The directory lists the hash of uno's certificate, over the bytes of another.
    let ldif = String::from_utf8(read("directory/short.ldif")).unwrap().replace("\n ", "");
    let line = |name: &str| {
        let der = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, certificates(name)[0].der());
        format!("providerCertificate;binary:: {der}")
    };
    assert!(ldif.contains(&line("pki/uno.pem")));
    let swapped = ldif.replace(&line("pki/uno.pem"), &line("pki/uno-twin.pem"));
    let verifier = |ldif: &str| Verifier::builder().directory(Directory::from_ldif(ldif.as_bytes()).unwrap()).build().unwrap();
    assert_eq!(judge_with(&verifier(&ldif), at(), &read(RECEIPT)).outcome, Outcome::Passed);
    let judged = judge_with(&verifier(&swapped), at(), &read(RECEIPT));
    judged.failed(Check::Chain, "not-listed");
    assert_eq!(judged.class, MessageClass::Ordinary);
    // And a certificate of the same name and address is another certificate.
    for build in [both(), listed()] {
        let verifier = build.build().unwrap();
        let judged = judge_with(&verifier, at(), &read("hostile/firmatario-estraneo.eml"));
        assert!(judged.failed(Check::Chain, "not-listed").contains("Gestore Uno"));
    }
}

#[test]
fn r32_lengths_beyond_the_data_are_refused_not_trusted() {
    let der = signature(&read(RECEIPT));
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
