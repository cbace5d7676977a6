//! Paths, profile and revocation over the certificates of `tests/fixtures/x509` (made by its `make.sh`, hence by OpenSSL).

use std::cell::Cell;
use std::path::Path as FilePath;

use super::link::LinkError;
use super::*;
use crate::Limits;
use crate::crypto::RustCrypto;

fn file(name: &str) -> Vec<u8> {
    let path = FilePath::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/x509").join(name);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn certificate(name: &str) -> Certificate {
    Certificate::from_pem_or_der(&file(&format!("{name}.pem"))).unwrap().remove(0)
}

fn list(name: &str) -> Crl {
    Crl::from_der(&file(&format!("{name}.crl"))).unwrap()
}

fn pool(names: &[&str]) -> Pool {
    names.iter().map(|name| certificate(name)).collect()
}

fn at(text: &str) -> UnixTime {
    text.parse().unwrap()
}

const NOW: &str = "2024-01-20T00:00:00Z";

fn search(leaf: &str, intermediates: &[&str], anchors: &[&str]) -> Result<Vec<String>, PathError> {
    search_with(leaf, &pool(intermediates), &pool(anchors), &Limits::default(), &|child, issuer| link(&RustCrypto, child, issuer), &|_| {
        Judgement::Accept
    })
}

fn search_with(
    leaf: &str,
    intermediates: &Pool,
    anchors: &Pool,
    limits: &Limits,
    check: &dyn Fn(&Certificate, &Certificate) -> Result<(), LinkError>,
    judge: &dyn Fn(&[Certificate]) -> Judgement,
) -> Result<Vec<String>, PathError> {
    let leaf = certificate(leaf);
    let path = Search { anchors, intermediates: &[intermediates], limits, at: at(NOW), check, judge }.run(&leaf)?;
    Ok(path.certificates.iter().map(|certificate| certificate.subject().split(',').next().unwrap().to_owned()).collect())
}

const WHO: &str = "CN=Posta Certificata,O=Gestore di Prova S.p.A.,C=IT";

#[test]
fn r22_a_plain_path() {
    assert_eq!(search("leaf", &["inter"], &["root"]).unwrap(), ["CN=Posta Certificata", "CN=Issuing CA", "CN=Root"]);
    // In any order, more than once, among others.
    assert_eq!(search("leaf", &["root2", "leaf", "inter", "root", "inter"], &["root2", "root"]).unwrap().len(), 3);
    // An anchor need not be signed by itself.
    assert_eq!(search("leaf", &["root"], &["inter"]).unwrap(), ["CN=Posta Certificata", "CN=Issuing CA"]);
    for leaf in ["leaf-rsa", "leaf-sha1", "leaf-pss"] {
        assert_eq!(search(leaf, &["inter-rsa"], &["root"]).unwrap().len(), 3, "{leaf}");
    }
    assert_eq!(search("mail-ca-leaf", &["mail-ca"], &["root"]).unwrap().len(), 3);
    assert_eq!(search("policies-critical-leaf", &["policies-critical"], &["root"]).unwrap().len(), 3);
    assert_eq!(search("v1-leaf", &[], &["v1-root"]).unwrap().len(), 2);
}

#[test]
fn r25_the_digest_of_a_certificates_signature_is_known() {
    use crate::crypto::{AlgorithmError, DigestAlgorithm};
    let digest = |name: &str| certificate(name).signed_with().map(|scheme| scheme.digest());
    assert_eq!(digest("leaf"), Ok(DigestAlgorithm::Sha256));
    assert_eq!(digest("leaf-sha1"), Ok(DigestAlgorithm::Sha1));
    assert_eq!(digest("leaf-md5"), Err(AlgorithmError::Broken { name: "MD5 with RSA" }));
}

#[test]
fn r22_cross_certificates_and_loops() {
    let crossed = search("leaf", &["inter", "root", "root-cross"], &["root2"]).unwrap();
    assert_eq!(crossed, ["CN=Posta Certificata", "CN=Issuing CA", "CN=Root", "CN=Root 2"]);
    let looping = search("loop-leaf", &["loop-a", "loop-b", "loop-a-by-b", "loop-b-by-a"], &["root"]);
    assert!(matches!(looping, Err(PathError::UntrustedRoot { .. } | PathError::NoIssuerFound { .. })), "{looping:?}");
    assert_eq!(search("loop-leaf", &["loop-a", "loop-b", "loop-a-by-b", "loop-b-by-a"], &["root", "loop-b"]).unwrap().len(), 3);
}

#[test]
fn r22_an_expired_twin_is_not_preferred() {
    let leaf = certificate("leaf");
    let (anchors, pool) = (pool(&["root"]), pool(&["inter-expired", "inter", "inter-expired"]));
    let check = |child: &Certificate, issuer: &Certificate| link(&RustCrypto, child, issuer);
    let limits = Limits::default();
    let run = |time: &str, judge: &dyn Fn(&[Certificate]) -> Judgement| {
        Search { anchors: &anchors, intermediates: &[&pool], limits: &limits, at: at(time), check: &check, judge }
            .run(&leaf)
            .unwrap()
            .certificates
    };
    let path = run(NOW, &|_| Judgement::Accept);
    assert_eq!(path[1], certificate("inter"));
    assert_eq!(out_of_time(&path, at(NOW)), OutOfTime { expired: None, not_yet_valid: None });
    // The caller's word weighs more than the time.
    let expired = certificate("inter-expired");
    let path = run(NOW, &|path| if path[1] == expired { Judgement::Accept } else { Judgement::Worse(1) });
    assert_eq!(path[1], expired);
    assert_eq!(out_of_time(&path, at(NOW)).expired, Some(&expired));
    assert_eq!(out_of_time(&path, at("2019-12-31T23:59:59Z")).not_yet_valid, Some(&leaf));
    // Both ends of a validity belong to it.
    assert_eq!(out_of_time(&path, expired.not_after()).expired, None);
    assert_eq!(out_of_time(&path, expired.not_before()).not_yet_valid, None);
}

#[test]
fn r22_what_stands_against_a_path() {
    let name = |subject: &str| -> Box<str> { subject.into() };
    let cases: &[(&str, &[&str], &[&str], PathError)] = &[
        ("leaf", &[], &["root"], PathError::NoIssuerFound { subject: WHO.into(), issuer: name("CN=Issuing CA,O=Prova,C=IT") }),
        (
            "leaf",
            &["inter"],
            &["root2"],
            PathError::NoIssuerFound { subject: name("CN=Issuing CA,O=Prova,C=IT"), issuer: name("CN=Root,O=Prova,C=IT") },
        ),
        ("leaf", &["inter", "root"], &["root2"], PathError::UntrustedRoot { subject: name("CN=Root,O=Prova,C=IT") }),
        ("self-signed", &["inter"], &["root"], PathError::UntrustedRoot { subject: WHO.into() }),
        ("self-signed", &["inter"], &["self-signed"], PathError::SignerIsAnchor { subject: WHO.into() }),
        ("leaf", &[], &["leaf"], PathError::SignerIsAnchor { subject: WHO.into() }),
        (
            "leaf",
            &["inter"],
            &["impostor-root"],
            PathError::SignatureMismatch { subject: name("CN=Issuing CA,O=Prova,C=IT"), issuer: name("CN=Root,O=Prova,C=IT") },
        ),
        ("leaf-md5", &["inter-rsa"], &["root"], PathError::BrokenAlgorithm { subject: WHO.into(), algorithm: "MD5 with RSA".into() }),
        ("leaf-of-leaf", &["inter", "leaf"], &["root"], PathError::NotACa { subject: WHO.into() }),
        ("not-ca-leaf", &["not-ca"], &["root"], PathError::NotACa { subject: name("CN=Flawed not-ca,O=Prova,C=IT") }),
        ("not-ca-leaf", &[], &["not-ca"], PathError::NotACa { subject: name("CN=Flawed not-ca,O=Prova,C=IT") }),
        (
            "no-basic-constraints-leaf",
            &["no-basic-constraints"],
            &["root"],
            PathError::NotACa { subject: name("CN=Flawed no-basic-constraints,O=Prova,C=IT") },
        ),
        ("v1-leaf", &["v1-root"], &["root"], PathError::NotACa { subject: name("CN=Old Root,O=Prova,C=IT") }),
        (
            "no-cert-sign-leaf",
            &["no-cert-sign"],
            &["root"],
            PathError::MayNotSignCertificates { subject: name("CN=Flawed no-cert-sign,O=Prova,C=IT") },
        ),
        ("server-ca-leaf", &["server-ca"], &["root"], PathError::NotForMail { subject: name("CN=Flawed server-ca,O=Prova,C=IT") }),
        (
            "unknown-critical-leaf",
            &["unknown-critical"],
            &["root"],
            PathError::UnknownCriticalExtension {
                subject: name("CN=Flawed unknown-critical,O=Prova,C=IT"),
                oid: "1.3.6.1.4.1.99999.1".into(),
            },
        ),
        (
            "too-deep-leaf",
            &["too-deep", "inter"],
            &["root"],
            PathError::PathLength { subject: name("CN=Issuing CA,O=Prova,C=IT"), allowed: 0, found: 1 },
        ),
        (
            "too-deep-leaf",
            &["too-deep"],
            &["inter"],
            PathError::PathLength { subject: name("CN=Issuing CA,O=Prova,C=IT"), allowed: 0, found: 1 },
        ),
    ];
    for (leaf, intermediates, anchors, expected) in cases {
        assert_eq!(search(leaf, intermediates, anchors).as_ref(), Err(expected), "{leaf} {intermediates:?} {anchors:?}");
    }
}

#[test]
fn r22_name_constraints() {
    let run = |leaf: &str, issuer: &str| search(leaf, &[issuer], &["root"]);
    for (leaf, issuer) in [
        ("nc-mail-ok", "nc-mail"),
        ("nc-mail-subject-beside", "nc-mail"),
        ("nc-dir-ok", "nc-dir"),
        ("nc-dns-without", "nc-dns"),
        ("nc-dns-lax-with", "nc-dns-lax"),
    ] {
        assert_eq!(run(leaf, issuer).map(|path| path.len()), Ok(3), "{leaf}");
        assert_eq!(search(leaf, &[], &[issuer]).map(|path| path.len()), Ok(2), "{leaf}, constrained by its anchor");
    }
    let against = |leaf: &str, issuer: &str| match run(leaf, issuer) {
        Err(PathError::NameNotPermitted { name, constraint, .. }) => format!("{name} | {constraint}"),
        other => panic!("{leaf}: {other:?}"),
    };
    let permitted = "permitted: \"pec.example\", \".pec.example\", \"one@other.example\"";
    assert_eq!(against("nc-mail-outside", "nc-mail"), format!("two@other.example | {permitted}"));
    assert_eq!(against("nc-mail-excluded", "nc-mail"), "a@bad.pec.example | excluded: \"bad.pec.example\"");
    assert_eq!(against("nc-mail-no-domain", "nc-mail"), "pec.example | a mail address with a domain");
    assert_eq!(against("nc-mail-subject", "nc-mail"), format!("a@elsewhere.example | {permitted}"));
    assert_eq!(against("nc-dir-outside", "nc-dir"), "CN=Posta Certificata,O=Another,C=IT | permitted: \"O=gestore DI  prova S.p.A.,C=IT\"");
    assert_eq!(against("nc-dir-excluded", "nc-dir-out"), format!("{WHO} | excluded: \"O=gestore DI  prova S.p.A.,C=IT\""));
    assert_eq!(against("nc-dir-alternative", "nc-dir"), "O=Another,C=IT | permitted: \"O=gestore DI  prova S.p.A.,C=IT\"");
    assert!(matches!(run("nc-dns-with", "nc-dns"), Err(PathError::ConstraintNotUnderstood { .. })));
    assert!(
        matches!(search("nc-mail-outside", &[], &["nc-mail"]), Err(PathError::NameNotPermitted { .. })),
        "an anchor's constraints bind too"
    );
}

#[test]
fn r22_comparisons_of_names_have_a_budget() {
    let constraints = certificate("nc-mail");
    let constraints = constraints.extensions().name_constraints.as_ref().unwrap();
    let leaf = certificate("nc-mail-ok"); // three addresses under four constraints
    let (mut enough, mut short) = (12, 11);
    assert_eq!(constraints.check(&leaf, &mut enough), Ok(()));
    assert_eq!(enough, 0);
    assert_eq!(constraints.check(&leaf, &mut short), Err(constraints::Objection::Budget));
}

#[test]
fn r22_the_length_of_a_chain_is_limited() {
    let run = |limit| {
        let limits = Limits { chain_certificates: limit, ..Limits::default() };
        let check = |child: &Certificate, issuer: &Certificate| link(&RustCrypto, child, issuer);
        search_with("deep-leaf", &pool(&["deep1", "deep2", "deep3"]), &pool(&["root"]), &limits, &check, &|_| Judgement::Accept)
    };
    assert_eq!(run(5).unwrap().len(), 5);
    assert_eq!(run(4), Err(PathError::ChainTooLong { limit: 4 }));
    assert_eq!(run(0), Err(PathError::ChainTooLong { limit: 0 }));
}

/// Certificates of one subject, each with another key: the last bits of the key are changed, so no signature of theirs holds.
fn namesakes(name: &str, count: u16) -> Vec<Certificate> {
    let der = certificate(name).der().to_vec();
    let spki = certificate(name).spki().to_vec();
    let end = der.windows(spki.len()).position(|window| window == spki).unwrap() + spki.len();
    (0..count)
        .map(|number| {
            let mut der = der.clone();
            der[end - 2..end].copy_from_slice(&number.to_be_bytes());
            Certificate::from_der(&der).unwrap()
        })
        .collect()
}

#[test]
fn r31_many_namesakes_cost_a_bounded_number_of_signatures() {
    let many: Pool = namesakes("inter", 10_000).into_iter().collect();
    let asked = Cell::new(0usize);
    let check = |_: &Certificate, _: &Certificate| {
        asked.set(asked.get() + 1);
        Err(LinkError::Mismatch)
    };
    let limits = Limits::default();
    let found = search_with("leaf", &many, &pool(&["root"]), &limits, &check, &|_| Judgement::Accept);
    assert_eq!((found, asked.get()), (Err(PathError::Budget { limit: 32 }), 32));

    // CAs of one name that all certify each other: an exponential number of paths, but for the budget.
    asked.set(0);
    let all: Pool = namesakes("loop-a", 200).into_iter().collect();
    let check = |_: &Certificate, _: &Certificate| {
        asked.set(asked.get() + 1);
        Ok(())
    };
    let limits = Limits { chain_certificates: 1_000, chain_signatures: 5_000, ..limits };
    let found = search_with("loop-leaf", &all, &pool(&["root"]), &limits, &check, &|_| Judgement::Accept);
    assert_eq!((found, asked.get()), (Err(PathError::Budget { limit: 5_000 }), 5_000));
}

#[test]
fn r22_signatures_are_counted() {
    let run = |limit| {
        let limits = Limits { chain_signatures: limit, ..Limits::default() };
        let check = |child: &Certificate, issuer: &Certificate| link(&RustCrypto, child, issuer);
        search_with("leaf", &pool(&["inter"]), &pool(&["root"]), &limits, &check, &|_| Judgement::Accept)
    };
    assert_eq!(run(2).unwrap().len(), 3);
    assert_eq!(run(1), Err(PathError::Budget { limit: 1 }));
}

#[test]
fn r22_a_key_that_was_wrong_is_not_tried_again() {
    // Another certificate of the same name and key: the impostor's, with another serial number.
    let impostor = certificate("impostor-root");
    let mut der = impostor.der().to_vec();
    let serial = impostor.serial_octets().to_vec();
    let place = der.windows(serial.len()).position(|window| window == serial).unwrap();
    der[place + 1] ^= 1;
    let anchors: Pool = [impostor, Certificate::from_der(&der).unwrap()].into_iter().collect();
    let asked = Cell::new(0);
    let check = |child: &Certificate, issuer: &Certificate| {
        asked.set(asked.get() + 1);
        link(&RustCrypto, child, issuer)
    };
    let found = search_with("leaf", &pool(&["inter"]), &anchors, &Limits::default(), &check, &|_| Judgement::Accept);
    assert!(matches!(found, Err(PathError::SignatureMismatch { .. })));
    assert_eq!(asked.get(), 2);
}

#[test]
fn r18_a_caller_can_refuse_issuers() {
    let refuse = |path: &[Certificate]| match path.get(1) {
        Some(issuer) if issuer.subject().contains("Issuing") => {
            Judgement::Refuse(PathError::IssuerNotAccepted { issuer: issuer.subject().into() })
        }
        _ => Judgement::Accept,
    };
    let check = |child: &Certificate, issuer: &Certificate| link(&RustCrypto, child, issuer);
    let found = search_with("leaf", &pool(&["inter"]), &pool(&["root"]), &Limits::default(), &check, &refuse);
    assert_eq!(found, Err(PathError::IssuerNotAccepted { issuer: "CN=Issuing CA,O=Prova,C=IT".into() }));
    assert!(certificate("leaf").extensions().has_pec_policy());
    assert!(!certificate("inter").extensions().has_pec_policy());
    assert_eq!(certificate("leaf-rsa").public_key(), &PublicKeyFacts::Other);
    assert_eq!(certificate("inter-rsa").public_key(), &PublicKeyFacts::Rsa { bits: 2048 });
}

#[test]
fn r22_departures_from_the_profile() {
    let problems = |certificate: &Certificate, provider: Option<&str>| -> Vec<String> {
        let severity = |severity| ["note", "strict", "fatal"][severity as usize];
        profile(certificate, provider).iter().map(|(problem, weight)| format!("{} {}", severity(*weight), problem.code())).collect()
    };
    let provider = Some("GESTORE di Prova  S.p.A.");
    assert_eq!(problems(&certificate("leaf"), provider), [""; 0]);
    let cases: &[(&str, &[&str])] = &[
        ("signer-is-ca", &["fatal signer-is-ca", "fatal no-digital-signature"]),
        ("basic-constraints-present", &["strict basic-constraints-present"]),
        ("key-usage-missing", &["strict key-usage-missing"]),
        ("no-digital-signature", &["fatal no-digital-signature"]),
        ("key-usage-not-critical", &["strict key-usage-not-critical"]),
        ("no-email-protection", &["fatal no-email-protection"]),
        ("email-protection", &[]),
        ("authority-key-id-missing", &["strict authority-key-id-missing"]),
        ("authority-key-id-empty", &["strict authority-key-id-empty"]),
        ("subject-key-id-missing", &["strict subject-key-id-missing"]),
        ("alternative-name-missing", &["strict alternative-name-missing"]),
        ("alternative-name-without-address", &["strict alternative-name-without-address"]),
        ("alternative-name-critical", &["strict alternative-name-critical"]),
        ("address-in-subject", &["note address-in-subject"]),
        ("provider-name-missing", &["strict provider-name-missing"]),
        (
            "certificate-version",
            &[
                "strict certificate-version",
                "strict key-usage-missing",
                "strict authority-key-id-missing",
                "strict subject-key-id-missing",
                "strict alternative-name-missing",
            ],
        ),
        ("added-critical-extension", &["strict added-critical-extension"]),
        ("unknown-critical-extension", &["fatal unknown-critical-extension"]),
    ];
    for (name, expected) in cases {
        assert_eq!(problems(&certificate(&format!("profile-{name}")), provider), *expected, "{name}");
    }
    assert_eq!(problems(&certificate("profile-provider-name-missing"), None), [""; 0]);
}

/// A certificate with one extension's identifier turned into another's.
fn with_extension_renamed(name: &str, from: u8, to: u8) -> Certificate {
    let mut der = certificate(name).der().to_vec();
    let place = der.windows(5).position(|window| window == [6, 3, 0x55, 0x1d, from]).unwrap();
    der[place + 4] = to;
    Certificate::from_der(&der).unwrap()
}

#[test]
fn r22_duplicate_and_critical_key_identifiers() {
    // authorityKeyIdentifier and subjectKeyIdentifier under one name; no content of theirs is read twice.
    let duplicate = with_extension_renamed("profile-alternative-name-missing", 35, 14);
    let problems = profile(&duplicate, None);
    assert!(problems.contains(&(ProfileProblem::DuplicateExtension { oid: "2.5.29.14".into() }, Severity::Fatal)), "{problems:?}");
    let issuer = with_extension_renamed("inter", 35, 14);
    let anchors: Pool = [issuer].into_iter().collect();
    let found = search_with("leaf", &pool(&[]), &anchors, &Limits::default(), &|_, _| Ok(()), &|_| Judgement::Accept);
    assert_eq!(found, Err(PathError::DuplicateExtension { subject: "CN=Issuing CA,O=Prova,C=IT".into(), oid: "2.5.29.14".into() }));
}

fn status_of(lists: &[&str], leaf: &str, time: &str) -> Revocation {
    let lists: Vec<Crl> = lists.iter().map(|name| list(name)).collect();
    let check = |list: &Crl, issuer: &Certificate| {
        let key = crate::crypto::Algorithms::prepare(&RustCrypto, issuer.spki()).unwrap();
        check_signature(&RustCrypto, &*key, list.signature_algorithm(), list.tbs(), list.signature())
    };
    revocation_status(&lists, &certificate(leaf), &certificate("inter"), at(time), &check)
}

fn gap(status: Revocation) -> &'static str {
    match status {
        Revocation::NotChecked { why } => why.code(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn r27_a_current_list_without_entry_is_good() {
    assert_eq!(status_of(&["empty"], "leaf", "2024-01-20T00:00:00Z"), Revocation::Good);
    // Both ends, and a list issued after the time.
    assert_eq!(status_of(&["empty"], "leaf", "2024-01-01T00:00:00Z"), Revocation::Good);
    assert_eq!(status_of(&["empty"], "leaf", "2024-02-01T00:00:00Z"), Revocation::Good);
    assert_eq!(status_of(&["empty"], "leaf", "2022-01-01T00:00:00Z"), Revocation::Good);
}

#[test]
fn r27_nothing_else_is_good() {
    assert_eq!(gap(status_of(&[], "leaf", NOW)), "no-list");
    assert_eq!(gap(status_of(&["empty"], "leaf", "2024-02-01T00:00:01Z")), "list-stale");
    assert_eq!(gap(status_of(&["forged"], "leaf", NOW)), "list-signature");
    assert_eq!(gap(status_of(&["after-expiry"], "leaf", NOW)), "list-after-expiry");
    assert_eq!(status_of(&["forged", "after-expiry", "empty"], "leaf", NOW), Revocation::Good);
    let lists = [list("empty")];
    let status = revocation_status(&lists, &certificate("leaf"), &certificate("inter-no-crl"), at(NOW), &|_, _| Ok(()));
    assert_eq!(gap(status), "list-issuer-may-not-sign");
    let other =
        revocation_status(&lists, &certificate("leaf-rsa"), &certificate("inter-rsa"), at(NOW), &|_, _| panic!("not of this issuer"));
    assert_eq!(gap(other), "no-list");
}

#[test]
fn r27_entries_count_from_their_date_on() {
    let date = at("2024-01-10T00:00:00Z");
    assert_eq!(status_of(&["revoked"], "leaf", NOW), Revocation::Revoked { date });
    assert_eq!(status_of(&["revoked"], "leaf", "2024-01-10T00:00:00Z"), Revocation::Revoked { date });
    assert_eq!(status_of(&["revoked"], "leaf", "2024-01-09T23:59:59Z"), Revocation::RevokedLater { date });
    // A stale list's entry counts, and outweighs a list that knows nothing of it.
    assert_eq!(status_of(&["revoked"], "leaf", "2030-01-01T00:00:00Z"), Revocation::Revoked { date });
    assert_eq!(status_of(&["empty", "revoked", "after-hold"], "leaf", NOW), Revocation::Revoked { date });
    assert_eq!(status_of(&["scope-reasons-revoked"], "leaf", NOW), Revocation::Revoked { date });
}

#[test]
fn r27_holds_end() {
    let date = at("2024-01-10T00:00:00Z");
    assert_eq!(status_of(&["held"], "leaf", NOW), Revocation::Revoked { date });
    assert_eq!(status_of(&["held", "after-hold"], "leaf", NOW), Revocation::Good);
    // Not known to be over by then.
    assert_eq!(status_of(&["held", "after-hold"], "leaf", "2024-01-19T23:59:59Z"), Revocation::Revoked { date });
    assert_eq!(status_of(&["empty", "held"], "leaf", NOW), Revocation::Revoked { date });
    assert_eq!(status_of(&["removed"], "leaf", NOW), Revocation::Good);
}

#[test]
fn r27_lists_speak_within_their_scope() {
    assert_eq!(status_of(&["scope-users"], "leaf", NOW), Revocation::Good);
    for other in ["scope-authorities", "scope-reasons", "scope-named"] {
        assert_eq!(gap(status_of(&[other], "leaf", NOW)), "list-other-scope", "{other}");
    }
    assert_eq!(status_of(&["scope-named"], "leaf-published", NOW), Revocation::Good);
    for (name, code) in [("scope-indirect", "crl-indirect"), ("delta", "crl-delta"), ("unknown-critical", "crl-unknown-critical-extension")]
    {
        assert_eq!(Crl::from_der(&file(&format!("{name}.crl"))).unwrap_err().kind().code(), code);
    }
}

/// DER of one value.
fn der(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let mut der = vec![tag];
    match content.len() {
        length @ 0..0x80 => der.push(length as u8),
        length => {
            let octets = length.to_be_bytes();
            let octets = &octets[octets.iter().take_while(|octet| **octet == 0).count()..];
            der.push(0x80 | octets.len() as u8);
            der.extend_from_slice(octets);
        }
    }
    der.extend_from_slice(&content);
    der
}

#[test]
fn r31_half_a_million_entries() {
    let issuer = certificate("leaf").issuer_der().to_vec();
    let algorithm = der(0x30, &[&der(6, &[&[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2]])]);
    let date = der(0x17, &[b"240101000000Z"]);
    let entries: Vec<u8> = (0..500_000u32).rev().flat_map(|number| der(0x30, &[&der(2, &[&[1], &number.to_be_bytes()]), &date])).collect();
    let tbs = der(0x30, &[&der(2, &[&[1]]), &algorithm, &issuer, &date, &date, &der(0x30, &[&entries])]);
    let bytes = der(0x30, &[&tbs, &algorithm, &der(3, &[&[0]])]);
    let list = Crl::from_der(&bytes).unwrap();
    assert_eq!(list.len(), 500_000);
    let mut der = certificate("leaf").der().to_vec();
    let serial = certificate("leaf").serial_octets().to_vec();
    assert!(serial.len() >= 19, "long enough for what follows");
    let place = der.windows(serial.len()).position(|window| window == serial).unwrap();
    der[place..place + serial.len()].fill(0);
    der[place + serial.len() - 5] = 1;
    der[place + serial.len() - 4..place + serial.len()].copy_from_slice(&499_999u32.to_be_bytes());
    let leaf = Certificate::from_der(&der).unwrap();
    let status = revocation_status(&[list], &leaf, &certificate("inter"), at(NOW), &|_, _| Ok(()));
    assert_eq!(status, Revocation::Revoked { date: at("2024-01-01T00:00:00Z") });
}

#[test]
fn r20_addresses_with_odd_octets_are_refused() {
    let sound = certificate("leaf");
    let place = sound.der().windows(17).position(|window| window == b"posta-certificata").unwrap();
    for octet in [0, b'\n', 0x7f, 0x80, 0xe0] {
        let mut der = sound.der().to_vec();
        der[place + 3] = octet;
        let error = Certificate::from_der(&der).unwrap_err();
        assert_eq!(error.kind(), &CertificateErrorKind::AddressNotAscii);
        assert_eq!(error.offset(), Some(place - 2));
    }
}
