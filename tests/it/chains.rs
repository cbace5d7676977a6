//! R24, R25 and R27 where not only the signer's certificate is out of its time, revoked or weak, but any other of its chain.
//! The chain is signer < issuer < middle < root, of the certificates of [`differential`](crate::differential).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use postacert::{
    Check, CheckState, Directory, Message, MessageClass, Outcome, Policy, Report, TimeBasis, UnixTime, VerificationTime, Verifier,
    VerifierBuilder,
};

use crate::differential::Bundle;

/// The certificates of a chain by name, the signer's first.
type Chain = [&'static str; 4];

const SOUND: Chain = ["leaf", "ca-mid", "mid", "root"];
const LEVELS: [&str; 4] = ["signer", "issuer", "middle", "root"];
/// That of the receipt's certification data too.
const NOW: &str = "2024-06-01T12:00:00Z";

/// The sound chain with the certificate of one level replaced.
fn with(level: usize, name: &'static str) -> Chain {
    let mut chain = SOUND;
    chain[level] = name;
    chain
}

fn builder(bundle: &Bundle, chain: Chain, lists: &[&str], policy: Policy) -> VerifierBuilder {
    Verifier::builder()
        .anchors([bundle.certificate(chain[3])])
        .accepted_issuers(bundle.issuers())
        .crls(lists.iter().map(|name| bundle.list(name)))
        .policy(policy)
}

/// Verifies the receipt of a chain and looks at the report.
fn verify<T>(
    bundle: &Bundle,
    chain: Chain,
    lists: &[&str],
    policy: Policy,
    time: VerificationTime,
    look: impl FnOnce(&Report<'_>) -> T,
) -> T {
    let raw = bundle.message(chain[0], &chain[1..3]);
    look(&builder(bundle, chain, lists, policy).build().unwrap().verify(&Message::parse(&raw).unwrap(), time))
}

fn now() -> UnixTime {
    NOW.parse().unwrap()
}

fn every_basis() -> [VerificationTime; 5] {
    let at = now();
    [
        VerificationTime::now(at),
        VerificationTime::asserted(at),
        VerificationTime::certification(),
        VerificationTime::timestamp(at),
        VerificationTime::archive(at),
    ]
}

/// Outcome, the codes of the reasons, the codes of the findings.
type Seen = (Outcome, Vec<&'static str>, Vec<&'static str>);

fn seen(report: &Report<'_>) -> Seen {
    let reasons = report.reasons().iter().map(|reason| reason.code()).collect();
    (report.outcome(), reasons, report.findings().iter().map(|finding| finding.code()).collect())
}

#[test]
fn r24_the_first_row_of_the_table() {
    let bundle = Bundle::load();
    for time in every_basis() {
        let run = |policy| verify(&bundle, SOUND, &["c-good", "m-good", "r-good"], policy, time, seen);
        let sound = (Outcome::Passed, vec![], vec![]);
        if time.basis() == TimeBasis::Certification {
            assert_eq!(run(Policy::default()), (Outcome::Indeterminate, vec!["self-asserted-time"], vec![]));
            assert_eq!(run(Policy::strict()), (Outcome::Indeterminate, vec!["self-asserted-time"], vec![]));
            assert_eq!(run(Policy::archive()), (Outcome::Passed, vec![], vec!["self-asserted-time"]));
        } else {
            assert_eq!(run(Policy::default()), sound, "{}", time.basis());
            assert_eq!(run(Policy::strict()), sound, "{}", time.basis());
            assert_eq!(run(Policy::archive()), sound, "{}", time.basis());
        }
    }
}

#[test]
fn r24_expired_at_any_level() {
    let bundle = Bundle::load();
    for (level, name) in ["early.leaf", "early.ca", "early.mid", "early.root"].into_iter().enumerate() {
        for time in every_basis() {
            for policy in [Policy::default(), Policy::archive()] {
                let (outcome, reasons, _) = verify(&bundle, with(level, name), &[], policy, time, seen);
                assert_eq!(outcome, Outcome::Indeterminate, "{} {}", LEVELS[level], time.basis());
                assert!(reasons.contains(&"out-of-bounds-no-proof"), "{} {}: {reasons:?}", LEVELS[level], time.basis());
            }
        }
    }
}

#[test]
fn r24_not_yet_valid_at_any_level() {
    let bundle = Bundle::load();
    for (level, name) in ["late.leaf", "late.ca", "late.mid", "late.root"].into_iter().enumerate() {
        for time in every_basis() {
            let (outcome, reasons, _) = verify(&bundle, with(level, name), &[], Policy::default(), time, seen);
            let expected = match time.basis() {
                TimeBasis::Asserted | TimeBasis::Certification => Outcome::Indeterminate,
                _ => Outcome::Failed,
            };
            assert_eq!(outcome, expected, "{} {}", LEVELS[level], time.basis());
            assert!(reasons.contains(&"not-yet-valid"), "{} {}: {reasons:?}", LEVELS[level], time.basis());
        }
    }
}

#[test]
fn r24_revoked_at_any_level() {
    let bundle = Bundle::load();
    let lists: [[&str; 3]; 3] =
        [["c-revoked", "m-good", "r-good"], ["c-good", "m-ca-revoked", "r-good"], ["c-good", "m-good", "r-mid-revoked"]];
    for (level, lists) in lists.iter().enumerate() {
        for time in every_basis() {
            for policy in [Policy::default(), Policy::strict(), Policy::archive()] {
                let (outcome, reasons, _) = verify(&bundle, SOUND, lists, policy, time, seen);
                assert_eq!(outcome, Outcome::Indeterminate, "{} {}", LEVELS[level], time.basis());
                assert!(reasons.contains(&"revoked-no-proof"), "{} {}: {reasons:?}", LEVELS[level], time.basis());
            }
        }
    }
}

#[test]
fn r24_revoked_later_at_any_level() {
    let bundle = Bundle::load();
    let lists: [[&str; 3]; 3] =
        [["c-revoked-later", "m-good", "r-good"], ["c-good", "m-ca-revoked-later", "r-good"], ["c-good", "m-good", "r-mid-revoked-later"]];
    for (level, lists) in lists.iter().enumerate() {
        for time in every_basis() {
            let run = |policy| verify(&bundle, SOUND, lists, policy, time, seen);
            let name = format!("{} {}", LEVELS[level], time.basis());
            if time.basis() == TimeBasis::Certification {
                assert_eq!(run(Policy::default()), (Outcome::Indeterminate, vec!["self-asserted-time"], vec!["revoked-later"]), "{name}");
                assert_eq!(run(Policy::archive()), (Outcome::Passed, vec![], vec!["self-asserted-time", "revoked-later"]), "{name}");
            } else {
                assert_eq!(run(Policy::default()), (Outcome::Passed, vec![], vec!["revoked-later"]), "{name}");
                assert_eq!(run(Policy::strict()), (Outcome::Passed, vec![], vec!["revoked-later"]), "{name}");
            }
        }
    }
}

#[test]
fn r24_an_expired_and_revoked_issuer_says_both() {
    let bundle = Bundle::load();
    let later = VerificationTime::now("2041-01-01T00:00:00Z".parse().unwrap());
    let (outcome, reasons, _) = verify(&bundle, SOUND, &["r-mid-revoked"], Policy::default(), later, seen);
    assert_eq!((outcome, reasons), (Outcome::Indeterminate, vec!["out-of-bounds-no-proof", "revoked-no-proof"]));
}

#[test]
fn r25_weak_certificates_at_any_level() {
    let bundle = Bundle::load();
    let lists = ["c-good", "m-good", "r-good"];
    let time = VerificationTime::now(now());
    let short = ["leaf", "short.ca", "short.mid", "root"];
    for (what, chain) in
        [("signer", with(0, "sha1.leaf")), ("issuer", with(1, "sha1.ca")), ("middle", with(2, "sha1.mid")), ("1024 bits", short)]
    {
        let run = |policy| verify(&bundle, chain, &lists, policy, time, seen);
        assert_eq!(run(Policy::default()), (Outcome::Indeterminate, vec!["weak-algorithm"], vec![]), "{what}");
        assert_eq!(run(Policy::archive()), (Outcome::Passed, vec![], vec!["weak-algorithm"]), "{what}");
        let (outcome, reasons, _) = run(Policy::strict());
        assert_eq!((outcome, reasons[0]), (Outcome::Failed, "weak-algorithm"), "{what}");
    }
    // An anchor is trusted for itself: what signed it proves nothing to anybody.
    for policy in [Policy::default(), Policy::strict(), Policy::archive()] {
        assert_eq!(verify(&bundle, with(3, "alg-root-sha1"), &lists, policy, time, seen), (Outcome::Passed, vec![], vec![]));
    }
    // MD5 fails under every policy.
    for policy in [Policy::default(), Policy::strict(), Policy::archive()] {
        let chain = ["leaf", "alg-sub-rsa-md5", "alg-sub-rsa-md5", "alg-root-rsa:ca"];
        assert_eq!(verify(&bundle, chain, &[], policy, time, |report| report.outcome()), Outcome::Failed);
    }
}

#[test]
fn r27_what_is_not_known_is_not_good() {
    let bundle = Bundle::load();
    let time = VerificationTime::now(now());
    let of_all = ["c-good", "m-good", "r-good"];
    assert_eq!(verify(&bundle, SOUND, &of_all, Policy::default(), time, |report| report.checks().revocation), CheckState::Good);
    let unusable = ["c-stale", "c-forged", "c-by-another-key", "c-of-another-name", "c-authorities-only", "c-some-reasons", "c-of-a-point"];
    let short_of_one =
        unusable.map(|list| [list, "m-good", "r-good"]).into_iter().chain([["c-good", "m-good", "m-good"], ["c-good", "r-good", "r-good"]]);
    for lists in short_of_one {
        let (state, outcome) =
            verify(&bundle, SOUND, &lists, Policy::default(), time, |report| (report.checks().revocation, report.outcome()));
        assert_eq!((state, outcome), (CheckState::NotChecked, Outcome::Passed), "{lists:?}");
        let (outcome, reasons, _) = verify(&bundle, SOUND, &lists, Policy::strict(), time, seen);
        assert_eq!((outcome, reasons), (Outcome::Indeterminate, vec!["revocation-unknown"]), "{lists:?}");
    }
}

#[test]
fn r27_a_path_that_is_not_revoked_is_preferred() {
    let bundle = Bundle::load();
    let raw = bundle.message("leaf", &["ca", "ca-by-root2"]);
    let message = Message::parse(&raw).unwrap();
    let run = |anchors: &[&str]| {
        let anchors = anchors.iter().map(|name| bundle.certificate(name));
        let verifier =
            Verifier::builder().anchors(anchors).accepted_issuers(bundle.issuers()).crls([bundle.list("r-ca-revoked")]).build().unwrap();
        let report = verifier.verify(&message, VerificationTime::now(now()));
        (report.outcome(), report.evidence().map(|evidence| evidence.path()[2].subject().to_owned()))
    };
    assert_eq!(run(&["root"]), (Outcome::Indeterminate, None));
    assert_eq!(run(&["root", "root2"]), (Outcome::Passed, Some("CN=Root 2,O=Prova,C=IT".to_owned())));
}

#[test]
fn r33_a_broken_chain_makes_ordinary_mail_a_revoked_one_does_not() {
    let bundle = Bundle::load();
    let look = |report: &Report<'_>| (report.outcome(), report.class(), report.checks().get(Check::Chain));
    let time = VerificationTime::now(now());
    let broken = verify(&bundle, with(1, "signature-flipped.ca"), &[], Policy::default(), time, look);
    assert_eq!(broken, (Outcome::Failed, MessageClass::Ordinary, CheckState::Bad));
    let revoked = verify(&bundle, SOUND, &["c-revoked"], Policy::default(), time, look);
    assert_eq!(revoked, (Outcome::Indeterminate, MessageClass::Certified, CheckState::Good));
}

#[test]
fn r27_a_directory_alone_asks_no_path_but_heeds_the_lists() {
    let bundle = Bundle::load();
    let encoded = STANDARD.encode(bundle.der("leaf"));
    let ldif = format!(
        "dn: providerName=Gestore di Prova S.p.A.,o=postacert\nobjectClass: provider\nproviderName: Gestore di Prova S.p.A.\n\
         providerCertificate;binary:: {encoded}\nmailReceipt: posta-certificata@gestore.example\nmanagedDomains: gestore.example\n\n"
    );
    let directory = Directory::from_ldif(ldif.as_bytes()).unwrap();
    let run = |list: &str, others: &[&str]| {
        let raw = bundle.message("leaf", others);
        let verifier = Verifier::builder().directory(directory.clone()).crls([bundle.list(list)]).build().unwrap();
        let report = verifier.verify(&Message::parse(&raw).unwrap(), VerificationTime::now(now()));
        (report.outcome(), report.checks().chain, report.checks().revocation)
    };
    assert_eq!(run("c-good", &["ca"]), (Outcome::Passed, CheckState::NotChecked, CheckState::Good));
    assert_eq!(run("c-revoked", &["ca"]), (Outcome::Indeterminate, CheckState::NotChecked, CheckState::Unknown));
    // Whose key signed the list cannot be known without the issuer's certificate.
    assert_eq!(run("c-revoked", &[]), (Outcome::Passed, CheckState::NotChecked, CheckState::NotChecked));
    assert_eq!(run("c-revoked", &["namesake-0"]), (Outcome::Passed, CheckState::NotChecked, CheckState::NotChecked));
}
