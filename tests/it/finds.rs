//! Messages that once came out wrong (`tests/fixtures/finds`), each under the rule it broke.
#![cfg(feature = "rustcrypto")]

use postacert::{Message, Outcome};

use crate::fixtures::{at, read, verifier};

/// Name, whether it may pass, and the code that must be among its reasons, or else among its findings.
const FINDS: [(&str, Outcome, &str); 17] = [
    // R4: what somebody else might take for the certification data.
    ("dual-name", Outcome::Failed, "daticert-ambiguous"),
    ("dual-rfc822", Outcome::Failed, "daticert-ambiguous"),
    ("text-plain-xml", Outcome::Failed, "daticert-ambiguous"),
    ("bad-enc", Outcome::Failed, "daticert-ambiguous"),
    ("bad-utf8", Outcome::Failed, "daticert-ambiguous"),
    ("doctype-bracket", Outcome::Failed, "daticert-ambiguous"),
    ("doctype-gt", Outcome::Failed, "daticert-ambiguous"),
    ("unk-cte", Outcome::Failed, "daticert-ambiguous"),
    ("name-blank", Outcome::Failed, "daticert-ambiguous"),
    ("cte-unknown", Outcome::Failed, "unknown-encoding"),
    ("anom-rival-text", Outcome::Passed, "anomaly-extra-part"),
    // R19 and R34: who is attested must be there, and be one address.
    ("consegna-empty", Outcome::Failed, "daticert"),
    ("ricezione-empty", Outcome::Failed, "recipient-missing"),
    ("xml-mitt-2", Outcome::Failed, "wrong-authority"),
    ("xml-mitt-3", Outcome::Failed, "wrong-authority"),
    ("consegna-list", Outcome::Failed, "wrong-authority"),
    // R17: damage of a carried message is said.
    ("orig-b64-garbage", Outcome::Passed, "bad-base64"),
];

#[test]
fn r04_r17_r19_what_once_came_out_wrong_stays_right() {
    let (verifier, at) = (verifier(), at());
    for (name, outcome, code) in FINDS {
        let raw = read(&format!("finds/{name}.eml"));
        let report = verifier.verify(&Message::parse(&raw).unwrap(), at);
        assert_eq!(report.outcome(), outcome, "{name}: {report}");
        let codes: Vec<_> = match outcome {
            Outcome::Passed => report.findings().iter().map(|finding| finding.code()).collect(),
            _ => report.reasons().iter().map(|reason| reason.code()).collect(),
        };
        assert!(codes.contains(&code), "{name}: {codes:?}");
    }
}

#[test]
fn r16_an_encoded_original_is_that_of_the_signed_form() {
    let (verifier, at) = (verifier(), at());
    let original = |name: &str| {
        let raw = read(name);
        let message = Message::parse(&raw).unwrap();
        let verified = verifier.verify(&message, at).into_verified().unwrap();
        verified.value().original().unwrap().bytes().to_vec()
    };
    assert_eq!(original("finds/qp.eml"), original("finds/qp-lf.eml"));
}
