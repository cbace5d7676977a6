//! Time, algorithms, archive: R23 to R27.

use postacert::{
    Check, CheckState, Message, MessageClass, Outcome, Policy, TimeBasis, UnixTime, VerificationTime, Verifier, VerifierBuilder,
};

use crate::fixtures::{at, certificates, read};
use crate::support::judged::{Judged, anchored, both, crls, directory, instant, judge_file, judge_with, listed, with_policy};

const RECEIPT: &str = "valid/accettazione.eml";

#[test]
fn r23_the_instant_and_its_basis_are_in_the_result() {
    let verifier = both().build().unwrap();
    let at = at().instant().unwrap();
    for (time, basis) in [
        (VerificationTime::now(at), TimeBasis::Now),
        (VerificationTime::asserted(at), TimeBasis::Asserted),
        (VerificationTime::timestamp(at), TimeBasis::Timestamp),
        (VerificationTime::archive(at), TimeBasis::Archive),
    ] {
        for name in [RECEIPT, "hostile/firmatario-scaduto.eml", "hostile/vuoto.eml"] {
            let raw = read(name);
            let message = Message::parse(&raw).unwrap();
            let report = verifier.verify(&message, time);
            assert_eq!((report.basis(), report.instant()), (basis, Some(at)), "{name}");
            if let Some(evidence) = report.evidence() {
                assert_eq!((evidence.basis(), evidence.instant()), (basis, at));
            }
        }
    }
    // The certification's own: the time of the data, or none where there are no data.
    let archive = with_policy(Policy::archive());
    let raw = read(RECEIPT);
    let message = Message::parse(&raw).unwrap();
    let when = message.unverified_content().unwrap().data().unwrap().when().instant();
    let report = archive.verify(&message, VerificationTime::certification());
    assert_eq!((report.basis(), report.instant()), (TimeBasis::Certification, Some(when)));
    let evidence = report.evidence().unwrap();
    assert_eq!((evidence.basis(), evidence.instant(), evidence.policy()), (TimeBasis::Certification, when, "archive"));
    for name in ["valid/anomalia-ordinaria.eml", "hostile/vuoto.eml"] {
        let raw = read(name);
        let message = Message::parse(&raw).unwrap();
        let report = archive.verify(&message, VerificationTime::certification());
        assert_eq!(
            (report.basis(), report.instant(), report.outcome() == Outcome::Passed),
            (TimeBasis::Certification, None, false),
            "{name}"
        );
    }
    judge_with(&archive, VerificationTime::certification(), &read("valid/anomalia-ordinaria.eml"))
        .undecided(Check::Time, "no-certification-time");
}

#[test]
fn r23_no_time_of_the_message_proves_that_it_existed() {
    // Signing time, daticert and Date all lie within the validity of the certificate; the caller's instant does not.
    let verifier = both().build().unwrap();
    let late = instant("2050-06-01T00:00:00Z");
    for time in
        [VerificationTime::now(late), VerificationTime::asserted(late), VerificationTime::timestamp(late), VerificationTime::archive(late)]
    {
        judge_with(&verifier, time, &read(RECEIPT)).undecided(Check::Time, "out-of-bounds-no-proof");
    }
    // And the other way round: data from before the certificate do not spoil an instant at which all was valid.
    judge_file("hostile/daticert-prima-del-certificato.eml").flagged("older-than-certificate");
}

/// The row of R24's table that a case stands in.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Row {
    Valid,
    Expired,
    NotYetValid,
    Revoked,
    RevokedLater,
}

/// What a cell holds: the outcome, the check and code of its reason, the code of its finding.
type Cell = (Outcome, Option<(Check, &'static str)>, Option<&'static str>);

/// R24, cell by cell, as `rules` prints it.
fn cell(row: Row, basis: TimeBasis, archive_policy: bool) -> Vec<Cell> {
    use Outcome::{Failed, Indeterminate, Passed};
    let own_word = (Check::Time, "self-asserted-time");
    let certification = basis == TimeBasis::Certification;
    let as_first_row: Vec<Cell> = match (certification, archive_policy) {
        (true, false) => vec![(Indeterminate, Some(own_word), None)],
        (true, true) => vec![(Passed, None, Some(own_word.1))],
        (false, _) => vec![(Passed, None, None)],
    };
    match row {
        Row::Valid => as_first_row,
        Row::Expired => vec![(Indeterminate, Some((Check::Time, "out-of-bounds-no-proof")), None)],
        Row::NotYetValid => {
            let outcome = if matches!(basis, TimeBasis::Asserted | TimeBasis::Certification) { Indeterminate } else { Failed };
            vec![(outcome, Some((Check::Time, "not-yet-valid")), None)]
        }
        Row::Revoked => vec![(Indeterminate, Some((Check::Revocation, "revoked-no-proof")), None)],
        Row::RevokedLater => {
            as_first_row.into_iter().chain([(as_outcome(certification, archive_policy), None, Some("revoked-later"))]).collect()
        }
    }
}

fn as_outcome(certification: bool, archive_policy: bool) -> Outcome {
    if certification && !archive_policy { Outcome::Indeterminate } else { Outcome::Passed }
}

#[track_caller]
fn hold(what: &str, row: Row, time: VerificationTime, policy: &Policy, judged: &Judged) {
    for (outcome, reason, finding) in cell(row, time.basis(), policy.name() == "archive") {
        assert_eq!(judged.outcome, outcome, "{what}, {row:?}, {}, {}: {judged:#?}", time.basis(), policy.name());
        if let Some((check, code)) = reason {
            let state = if outcome == Outcome::Failed { CheckState::Bad } else { CheckState::Unknown };
            assert_eq!(judged.checks.get(check), state, "{what}, {row:?}, {}", time.basis());
            judged.reason(check, code);
        }
        if let Some(code) = finding {
            judged.finding(code);
        }
    }
    let class = if judged.outcome == Outcome::Failed { MessageClass::Ordinary } else { MessageClass::Certified };
    assert_eq!(judged.class, class, "{what}, {row:?}, {}", time.basis());
}

/// The five bases at one instant. The certification has the instant of the data, which every case takes care to be in the same row.
fn bases(at: UnixTime) -> [VerificationTime; 5] {
    [
        VerificationTime::now(at),
        VerificationTime::asserted(at),
        VerificationTime::certification(),
        VerificationTime::timestamp(at),
        VerificationTime::archive(at),
    ]
}

#[test]
fn r24_the_table_for_the_signers_certificate() {
    let now = at().instant().unwrap();
    for policy in [Policy::default(), Policy::archive()] {
        let verifier = with_policy(policy.clone());
        for (row, name) in [
            (Row::Valid, RECEIPT),
            (Row::Expired, "hostile/firmatario-scaduto.eml"),
            (Row::NotYetValid, "hostile/firmatario-futuro.eml"),
            (Row::Revoked, "hostile/firmatario-revocato.eml"),
            (Row::RevokedLater, "variant/revocato-poi.eml"),
        ] {
            for time in bases(now) {
                hold(name, row, time, &policy, &judge_with(&verifier, time, &read(name)));
            }
        }
    }
}

#[test]
fn r24_the_table_for_one_receipt_at_several_instants() {
    let crl_entry = |list: &str| both().crls(crls(&["pki/root.crl", list]));
    let cases: [(Row, &str, &str, &str); 9] = [
        // The certificate is good from 2020 to the end of 2049, the authority's from 2016, the root's from 2015.
        (Row::Valid, RECEIPT, "2020-01-01T00:00:00Z", "pki/issuing.crl"),
        (Row::Valid, RECEIPT, "2049-12-31T00:00:00Z", "pki/issuing.crl"),
        (Row::Expired, RECEIPT, "2049-12-31T00:00:01Z", "pki/issuing.crl"),
        (Row::Expired, RECEIPT, "2099-01-01T00:00:00Z", "pki/issuing.crl"),
        (Row::NotYetValid, RECEIPT, "2019-12-31T23:59:59Z", "pki/issuing.crl"),
        (Row::NotYetValid, RECEIPT, "1999-01-01T00:00:00Z", "pki/issuing.crl"),
        // Revoked on 2024-03-01.
        (Row::Revoked, "hostile/firmatario-revocato.eml", "2024-03-01T00:00:00Z", "pki/issuing.crl"),
        (Row::RevokedLater, "hostile/firmatario-revocato.eml", "2024-02-29T23:59:59Z", "pki/issuing.crl"),
        (Row::RevokedLater, "hostile/firmatario-revocato.eml", "2023-01-01T00:00:00Z", "pki/issuing-stale.crl"),
    ];
    for (row, name, at, list) in cases {
        for policy in [Policy::default(), Policy::archive()] {
            let verifier = crl_entry(list).policy(policy.clone()).build().unwrap();
            for time in bases(instant(at)).into_iter().filter(|time| time.basis() != TimeBasis::Certification) {
                hold(at, row, time, &policy, &judge_with(&verifier, time, &read(name)));
            }
        }
    }
}

#[test]
fn r24_the_table_for_the_authority_above_the_signer() {
    // The same receipt, without its authority's certificate, which the caller supplies: of 2016 to 2022, from 2045, revoked in 2024.
    let now = at().instant().unwrap();
    let supplied = |name: &str| -> VerifierBuilder {
        Verifier::builder()
            .directory(directory())
            .anchors(certificates("pki/root.pem"))
            .intermediates(certificates(name))
            .crls(crls(&["pki/root.crl", "pki/issuing.crl"]))
    };
    for (row, issuer) in [
        (Row::Valid, "pki/issuing.pem"),
        (Row::Expired, "pki/issuing-expired.pem"),
        (Row::NotYetValid, "pki/issuing-future.pem"),
        (Row::Revoked, "pki/issuing-revoked.pem"),
    ] {
        for policy in [Policy::default(), Policy::archive()] {
            let verifier = supplied(issuer).policy(policy.clone()).build().unwrap();
            for time in bases(now) {
                hold(issuer, row, time, &policy, &judge_with(&verifier, time, &read("variant/solo-firmatario.eml")));
            }
        }
    }
    let verifier = supplied("pki/issuing-revoked.pem").build().unwrap();
    for time in bases(instant("2023-06-01T00:00:00Z")).into_iter().filter(|time| time.basis() != TimeBasis::Certification) {
        hold(
            "issuing-revoked",
            Row::RevokedLater,
            time,
            &Policy::default(),
            &judge_with(&verifier, time, &read("variant/solo-firmatario.eml")),
        );
    }
    // A good certificate of the authority beside the bad one is the path.
    for bad in ["pki/issuing-expired.pem", "pki/issuing-future.pem"] {
        let verifier = supplied(bad).intermediates(certificates("pki/issuing.pem")).build().unwrap();
        judge_with(&verifier, VerificationTime::now(now), &read("variant/solo-firmatario.eml")).clean();
    }
}

#[test]
fn r24_the_reason_says_what_a_user_can_act_on() {
    assert_eq!(
        judge_file("hostile/firmatario-scaduto.eml").undecided(Check::Time, "out-of-bounds-no-proof"),
        "the certificate of CN=Posta Certificata 2020,O=Gestore Tre Posta S.c.a r.l.,C=IT expired on 2022-01-01T00:00:00Z and no trusted time shows the signature to be older"
    );
}

#[test]
fn r25_weak_algorithms_by_policy() {
    use Outcome::{Failed, Indeterminate, Passed};
    let rows = [
        // (what, [default, strict, archive], check, code)
        ("variant/sha1.eml", [Passed, Failed, Passed], Check::Signature, "weak-digest"),
        ("variant/certificato-sha1.eml", [Indeterminate, Failed, Passed], Check::Chain, "weak-algorithm"),
        ("variant/rsa1024.eml", [Indeterminate, Failed, Passed], Check::Chain, "weak-algorithm"),
        ("variant/legacy.eml", [Indeterminate, Failed, Passed], Check::Chain, "weak-algorithm"),
        ("hostile/cms-md5.eml", [Failed, Failed, Failed], Check::Signature, "broken-algorithm"),
        ("hostile/firmatario-md5.eml", [Failed, Failed, Failed], Check::Chain, "broken-algorithm"),
    ];
    for (name, outcomes, check, code) in rows {
        for (outcome, policy) in outcomes.into_iter().zip([Policy::default(), Policy::strict(), Policy::archive()]) {
            let policy_name = policy.name();
            let judged = judge_with(&with_policy(policy), at(), &read(name));
            assert_eq!(judged.outcome, outcome, "{name}, {policy_name}: {judged:#?}");
            if outcome == Passed {
                judged.finding(code);
            } else {
                judged.reason(check, code);
            }
        }
    }
    // Each can be set; and without anchors, where no path is sought, the signer's certificate is judged the same.
    let set = |policy: Policy, name: &str| judge_with(&with_policy(policy), at(), &read(name)).outcome;
    let default = Policy::default;
    assert_eq!(set(default().with_sha1_digest(postacert::Leniency::Doubt), "variant/sha1.eml"), Indeterminate);
    assert_eq!(set(default().with_weak_certificate(postacert::Leniency::Accept), "variant/rsa1024.eml"), Passed);
    assert_eq!(judge_with(&listed().build().unwrap(), at(), &read("variant/certificato-sha1.eml")).outcome, Indeterminate);
    assert_eq!(judge_with(&listed().build().unwrap(), at(), &read("hostile/firmatario-md5.eml")).outcome, Failed);
    judge_with(&with_policy(Policy::strict()), at(), &read(RECEIPT)).clean();
}

#[test]
fn r26_times_that_lie_apart_are_findings() {
    let old = judge_file("hostile/daticert-prima-del-certificato.eml");
    assert_eq!(old.flagged("older-than-certificate"), "the certification data are older than the signer's certificate");
    assert!(old.flagged("signing-time-apart").contains("seconds apart"));
    assert!(old.flagged("claim-mismatch").contains("Date"));
    let tolerant = both().policy(Policy::default().with_clock_tolerance(u32::MAX)).build().unwrap();
    let judged = judge_with(&tolerant, at(), &read("hostile/daticert-prima-del-certificato.eml"));
    assert!(!judged.has_finding("signing-time-apart") && judged.has_finding("older-than-certificate"), "{judged:#?}");
    // The tolerance is met exactly.
    let raw = read(RECEIPT);
    let message = Message::parse(&raw).unwrap();
    let report = both().build().unwrap().verify(&message, at());
    let when = report.verified().unwrap().value().data().unwrap().when().instant();
    let apart = report.signing_time().unwrap().as_secs().abs_diff(when.as_secs());
    assert!(apart < 5, "{apart} seconds");
}

#[test]
fn r26_a_time_that_is_none_makes_the_data_unusable() {
    for name in ["senza-data", "senza-giorno", "senza-ora", "senza-zona", "31-febbraio", "ore-24", "anno-10000", "cifre-arabe"] {
        let judged = judge_file(&format!("hostile/daticert-{name}.eml"));
        judged.failed(Check::Content, "daticert");
        assert_eq!((judged.class, judged.proven, judged.checks.signature), (MessageClass::Irregular, None, CheckState::Good), "{name}");
    }
    let leap = judge_file("variant/daticert-secondo-60.eml");
    assert_eq!(leap.summary(), (Outcome::Passed, MessageClass::Certified));
    assert!(leap.proven.unwrap().contains("<ora>23:59:60</ora>"));
    assert!(judge_file("variant/daticert-zona-due-punti.eml").flagged("daticert-departure").contains("zona is written with a colon"));
}

#[test]
fn r27_revocation_is_what_the_lists_say_and_otherwise_not_checked() {
    let now = at();
    let judged = |lists: &[&str], name: &str| judge_with(&both().crls(crls(lists)).build().unwrap(), now, &read(name));
    let revoked = "hostile/firmatario-revocato.eml";
    // No list, or one of another issuer only: not checked, never good, and no hindrance.
    for lists in [
        &[][..],
        &["pki/root.crl"],
        &["pki/users-ca.crl"],
        &["pki/issuing-forged.crl", "pki/root.crl"],
        &["pki/issuing-stale.crl", "pki/root.crl"],
    ] {
        let judged = judged(lists, RECEIPT);
        judged.clean();
        assert_eq!(judged.checks.revocation, CheckState::NotChecked, "{lists:?}");
    }
    let good = judged(&["pki/root.crl", "pki/issuing.crl"], RECEIPT);
    assert_eq!(good.checks.revocation, CheckState::Good);
    // An entry counts even from a stale list; the forged list, which nobody of that name signed, says nothing.
    judged(&["pki/issuing.crl"], revoked).undecided(Check::Revocation, "revoked-no-proof");
    judged(&["pki/issuing-stale.crl"], revoked).undecided(Check::Revocation, "revoked-no-proof");
    let none = judged(&[], revoked);
    assert_eq!((none.outcome, none.checks.revocation), (Outcome::Passed, CheckState::NotChecked));
    // The strict policy wants to know.
    let strict = both().crls(crls(&["pki/root.crl"])).policy(Policy::strict()).build().unwrap();
    judge_with(&strict, now, &read(RECEIPT)).undecided(Check::Revocation, "revocation-unknown");
    // Of the authority too.
    let above = Verifier::builder()
        .directory(directory())
        .anchors(certificates("pki/root.pem"))
        .intermediates(certificates("pki/issuing-revoked.pem"))
        .crls(crls(&["pki/root.crl"]))
        .build()
        .unwrap();
    judge_with(&above, now, &read("variant/solo-firmatario.eml")).undecided(Check::Revocation, "revoked-no-proof");
    // With anchors alone, and with a directory alone where the issuer came along.
    let anchored = anchored().crls(crls(&["pki/issuing.crl"])).build().unwrap();
    judge_with(&anchored, now, &read(revoked)).undecided(Check::Revocation, "revoked-no-proof");
    let listed = listed().crls(crls(&["pki/issuing.crl"])).build().unwrap();
    judge_with(&listed, now, &read(revoked)).undecided(Check::Revocation, "revoked-no-proof");
}
