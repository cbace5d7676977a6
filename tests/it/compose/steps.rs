//! The two steps of signing: what goes out to be signed, and what comes of the answer.

use postacert::compose::{ComposeError, Draft, Identity, InMemoryKey, Signer as _, SignerError};
use postacert::crypto::{DigestAlgorithm, SignatureScheme, digest};
use postacert::{Acceptance, CheckState, Message, VerificationTime, Verifier};

use crate::fixtures::{at, certificates, read};
use crate::support::composed::{ENTROPY, Facts, KEY, identity, proves, transaction};

fn facts() -> Acceptance {
    Acceptance::new(transaction("Richiesta"))
}

fn draft() -> Draft<'static> {
    Draft::acceptance(&identity(), &facts(), &ENTROPY).unwrap()
}

#[test]
fn both_ways_give_the_same_message() {
    for algorithm in [DigestAlgorithm::Sha256, DigestAlgorithm::Sha384, DigestAlgorithm::Sha512] {
        let to_sign = draft().with_digest(algorithm).to_sign().unwrap();
        let request = to_sign.request();
        assert_eq!(request.scheme(), SignatureScheme::RsaPkcs1 { digest: algorithm });
        assert_eq!(*request.digest(), digest(algorithm, request.bytes()));
        assert_eq!(request.bytes()[0], 0x31, "the DER of a SET OF");
        let signature = KEY.sign(&request).unwrap();
        let raw = to_sign.finish(&signature).unwrap();
        assert_eq!(raw, draft().with_digest(algorithm).sign_with(&*KEY).unwrap());
        proves(&raw, &Facts::Notification(facts().into()));
        let micalg = format!("micalg=\"sha-{}\"", &algorithm.name()[3..]);
        assert!(String::from_utf8(raw).unwrap().contains(&micalg), "{micalg}");
    }
}

#[test]
fn a_signature_that_does_not_hold_gives_no_message() {
    let to_sign = draft().to_sign().unwrap();
    let good = KEY.sign(&to_sign.request()).unwrap();
    for wrong in [&good[1..], &[], &[0; 256], &[&good[..], &[0]].concat()] {
        let error = to_sign.clone().finish(wrong).unwrap_err();
        assert!(matches!(error, ComposeError::Signer { error: SignerError::DoesNotHold { .. } }), "{error}");
    }
    let other = InMemoryKey::from_pem(read("pki/due.key")).unwrap();
    let error = draft().sign_with(&other).unwrap_err();
    assert_eq!(error.code(), "compose-signer");
    assert!(error.to_string().starts_with("the signature does not hold under the signer's certificate: "), "{error}");
    assert!(to_sign.finish(&good).is_ok());
}

#[test]
fn sha_1_is_not_signed_with() {
    let error = draft().with_digest(DigestAlgorithm::Sha1).to_sign().unwrap_err();
    assert!(matches!(error, ComposeError::Signer { error: SignerError::WeakDigest { .. } }), "{error}");
    let error = draft().to_sign_by(SignatureScheme::RsaPkcs1 { digest: DigestAlgorithm::Sha512 }).unwrap_err();
    assert!(matches!(error, ComposeError::Signer { error: SignerError::Failed { .. } }), "{error}");
}

#[test]
fn other_kinds_of_keys_sign_too() {
    for (name, pss) in [("uno", true), ("p256", false), ("p384", false), ("rsa4096", false), ("pss", false)] {
        let certificate = certificates(&format!("pki/{name}.pem")).remove(0);
        let key = InMemoryKey::from_pem(read(&format!("pki/{name}.key"))).unwrap();
        let key = if pss { key.with_pss() } else { key };
        let identity = Identity::new(identity().provider(), certificate, certificates("pki/issuing.pem")).unwrap();
        let sign = || Draft::acceptance(&identity, &facts(), &ENTROPY).unwrap().sign_with(&key).unwrap();
        let raw = sign();
        assert_eq!(raw, sign(), "{name}: the same bytes again");
        let verifier = Verifier::builder().anchors(certificates("pki/root.pem")).build().unwrap();
        let message = Message::parse(&raw).unwrap();
        let report = verifier.verify(&message, VerificationTime::asserted(at().instant().unwrap()));
        assert_eq!(report.checks().signature, CheckState::Good, "{name}: {report}");
    }
}

#[test]
fn nothing_secret_is_shown() {
    let to_sign = draft().to_sign().unwrap();
    for shown in [format!("{to_sign:?}"), format!("{:?}", draft()), format!("{:?}", *KEY), format!("{:?}", to_sign.request())] {
        assert!(!shown.contains("42, 42"), "{shown}");
    }
}
