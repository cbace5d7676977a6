//! The certification data and the form by kind: R29, R30, R33, R34.

use postacert::{
    Check, CheckState, Checks, Message, MessageClass, Notification, Outcome, Policy, ReceiptKind, TimeoutNotice, VerificationTime, Verifier,
};

use crate::fixtures::{at, read, verifier};
use crate::support::judged::{Judged, anchored, both, crls, judge, judge_file, judge_with, listed, with_policy};
use crate::support::mail::{replaced, with_field};

const RECEIPT: &str = "valid/accettazione.eml";

#[test]
fn r29_the_form_of_a_brief_receipt() {
    judge_file("valid/avvenuta-consegna-breve.eml").clean();
    judge_file("valid/avvenuta-consegna-breve-nomi-2231.eml").clean();
    assert!(judge_file("hostile/forma-breve-senza-hash.eml").flagged("brief-part-unhashed").contains("\"verbale.pdf\""));
    assert!(judge_file("hostile/forma-breve-hash-corto.eml").flagged("brief-hash-malformed").contains("not 40 hexadecimal digits"));
    // A complete receipt may carry what it likes.
    let complete = judge_file("valid/avvenuta-consegna-completa.eml");
    assert!(!complete.has_finding("brief-part-unhashed"));
}

#[test]
fn r30_the_data_are_read_as_they_say_and_nothing_else() {
    for (name, what) in [
        ("daticert-latin1", "ISO-8859-1"),
        ("daticert-windows-1252", "windows-1252"),
        ("daticert-utf-16", "UTF-16"),
        ("daticert-senza-risposte", "risposte is missing"),
        ("daticert-elemento-ignoto", "the element provider-note"),
        ("daticert-zona-due-punti", "colon"),
    ] {
        let said = judge_file(&format!("variant/{name}.eml"));
        assert!(said.flagged("daticert-departure").contains(what), "{name}: {said:#?}");
    }
    assert!(judge_file("variant/daticert-windows-1252.eml").proven.unwrap().contains("“tutto” – bene"));
    assert!(judge_file("variant/daticert-latin1.eml").proven.unwrap().contains("Perché così è"));
    let charset = judge_file("variant/daticert-charset.eml");
    let said = charset.flagged("daticert-part");
    assert!(said.contains("iso-8859-1") && said.contains("UTF-8"), "both sides: {said}");
    for (name, what) in [
        ("daticert-testo-sparso", "there is text between the elements of postacert"),
        ("daticert-ordine", "is not where the DTD wants it"),
        ("daticert-destinatario-strano", "destinatari is no mail address: \"nessun indirizzo\""),
        ("daticert-esca", "the element note"),
    ] {
        let judged = judge_file(&format!("hostile/{name}.eml"));
        assert!(judged.findings.iter().any(|(code, text)| *code == "daticert-departure" && text.contains(what)), "{name}: {judged:#?}");
        assert_eq!(judged.summary(), (Outcome::Passed, MessageClass::Certified), "{name}");
    }
    // The decoys inside what does not belong are never read.
    for name in ["hostile/daticert-esca.eml", "variant/daticert-elemento-ignoto.eml"] {
        assert!(judge_file(name).proven.unwrap().contains("<identificativo>opec21008."), "{name}");
    }
    for name in ["daticert-bom", "daticert-cdata", "daticert-doctype", "daticert-predefiniti"] {
        let judged = judge_file(&format!("variant/{name}.eml"));
        assert_eq!(judged.summary(), (Outcome::Passed, MessageClass::Certified), "{name}");
        assert!(judged.proven.unwrap().contains("<oggetto>Trasmissione del verbale di collaudo</oggetto>"), "{name}");
    }
    for name in
        ["xxe", "billion-laughs", "identificativo-due", "figlio", "namespace", "incompleto", "due-radici", "attributo-due", "carattere"]
    {
        let judged = judge_file(&format!("hostile/daticert-{name}.eml"));
        judged.failed(Check::Content, "daticert");
        assert_eq!((judged.class, judged.proven), (MessageClass::Irregular, None), "{name}");
    }
}

/// R33 once more, from the words of the rule: what outcome the checks, the trust and the policy come to.
fn fold(checks: &Checks, directory: bool, anchors: bool, policy: &Policy) -> Outcome {
    let states: Vec<(Check, CheckState)> = checks.iter().collect();
    if states.iter().any(|(_, state)| *state == CheckState::Bad) {
        return Outcome::Failed;
    }
    if states.iter().any(|(_, state)| *state == CheckState::Unknown) {
        return Outcome::Indeterminate;
    }
    let may_be_open = |check: Check| match check {
        Check::Chain => directory && !anchors,
        Check::Authority => anchors && !directory,
        Check::Revocation => policy.name() != "strict",
        _ => false,
    };
    let good = |(check, state): &(Check, CheckState)| *state == CheckState::Good || may_be_open(*check);
    if states.iter().all(good) { Outcome::Passed } else { Outcome::Indeterminate }
}

#[test]
fn r33_the_fold_for_every_message_under_every_trust_and_policy() {
    let at = at();
    let table = String::from_utf8(read("index.tsv")).unwrap();
    let files: Vec<Vec<u8>> = table.lines().skip(1).map(|line| read(line.split('\t').next().unwrap())).collect();
    let mut seen = std::collections::BTreeSet::new();
    for policy in [Policy::default(), Policy::strict(), Policy::archive()] {
        for (directory, anchors) in [(true, true), (true, false), (false, true)] {
            for with_lists in [true, false] {
                let builder = match (directory, anchors) {
                    (true, true) => both(),
                    (true, false) => listed(),
                    (false, _) => anchored(),
                };
                let lists = if with_lists { crls(&["pki/root.crl", "pki/issuing.crl"]) } else { Vec::new() };
                let verifier = builder.crls(lists).policy(policy.clone()).build().unwrap();
                for time in [at, VerificationTime::certification()] {
                    for raw in &files {
                        let judged = judge_with(&verifier, time, raw);
                        assert_eq!(judged.outcome, fold(&judged.checks, directory, anchors, &policy), "{judged:#?}");
                        consistent(&judged);
                        seen.insert(format!("{:?}", judged.checks));
                    }
                }
            }
        }
    }
    assert!(seen.len() > 40, "{} combinations of checks", seen.len());
}

/// What holds for every report: a bad check has its reason, and so has an unknown one; the class follows RFC 6109 §2.2.2.
fn consistent(judged: &Judged) {
    for (check, state) in judged.checks.iter() {
        let has_reason = judged.reasons.iter().any(|reason| reason.0 == check);
        assert_eq!(matches!(state, CheckState::Bad | CheckState::Unknown), has_reason, "{check}: {judged:#?}");
    }
    assert_eq!(judged.outcome == Outcome::Passed, judged.reasons.is_empty(), "{judged:#?}");
    let origin = [Check::Structure, Check::Signature]
        .iter()
        .all(|check| !matches!(judged.checks.get(*check), CheckState::Bad | CheckState::NotChecked))
        && [Check::Chain, Check::Time, Check::Revocation].iter().all(|check| judged.checks.get(*check) != CheckState::Bad);
    assert_eq!(judged.class == MessageClass::Ordinary, !origin, "{judged:#?}");
    if judged.outcome == Outcome::Passed {
        assert!(matches!(judged.class, MessageClass::Certified | MessageClass::Anomaly));
        assert_eq!(judged.checks.signature, CheckState::Good);
        assert!([Check::Structure, Check::Time, Check::Content].iter().all(|check| judged.checks.get(*check) == CheckState::Good));
    }
    for (_, code, text) in &judged.reasons {
        assert!(
            !text.ends_with('.') && text.chars().next().is_some_and(|c| !c.is_uppercase() || text.starts_with("MD5"))
                || *code == "broken-algorithm"
                || text.starts_with(char::is_uppercase),
            "{text}"
        );
    }
}

#[test]
fn r33_a_refusal_is_an_error_that_says_why() {
    let raw = read("hostile/firmatario-scaduto.eml");
    let message = Message::parse(&raw).unwrap();
    let error = verifier().verify(&message, at()).into_verified().unwrap_err();
    assert_eq!((error.outcome(), error.class()), (Outcome::Indeterminate, MessageClass::Certified));
    assert!(error.to_string().starts_with("the verification is indeterminate: the certificate of CN="), "{error}");
    let raw = read("hostile/testo-alterato.eml");
    let message = Message::parse(&raw).unwrap();
    let report = verifier().verify(&message, at());
    assert!(report.verified().is_none() && report.unverified_content().is_some(), "what is readable stays so, and says what it is");
    assert_eq!(
        report.into_verified().unwrap_err().to_string(),
        "the verification failed: the signed bytes were changed after signing: their digest is not the signed one (part 1)"
    );
}

#[test]
fn r33_the_mathematics_alone_are_never_called_valid() {
    // Every signature here holds; not one message is proven.
    for name in [
        "hostile/firmatario-estraneo.eml",
        "hostile/firmatario-utente.eml",
        "hostile/autorita-accettazione.eml",
        "hostile/from-manca.eml",
        "hostile/daticert-manca.eml",
        "hostile/firmatario-scaduto.eml",
    ] {
        let judged = judge_file(name);
        assert_eq!((judged.checks.signature, judged.outcome == Outcome::Passed, judged.proven), (CheckState::Good, false, None), "{name}");
    }
}

#[test]
fn r34_departures_of_form_are_findings_that_name_both_sides() {
    for (name, code, sides) in [
        ("hostile/forma-senza-originale.eml", "original-missing", &["the original message is missing"][..]),
        ("hostile/forma-completa-senza-originale.eml", "original-missing", &["missing"]),
        ("hostile/forma-breve-senza-originale.eml", "original-missing", &["missing"]),
        ("hostile/forma-originale-di-troppo.eml", "original-forbidden", &["forbid", "part 1.3"]),
        ("hostile/forma-non-accettazione-originale.eml", "original-forbidden", &["forbid"]),
        ("hostile/forma-virus-originale.eml", "original-forbidden", &["forbid"]),
        ("hostile/forma-errore.eml", "errore-not-allowed", &["\"virus\"", "accettazione"]),
        ("hostile/forma-errore-ignoto.eml", "daticert-departure", &["errore", "\"guasto\""]),
        ("hostile/forma-consegna.eml", "consegna-not-listed", &["altri@cert.duepostale.example", "destinatari"]),
        ("variant/daticert-altro-nome.eml", "provider-name-mismatch", &["\"Gestore Uno\"", "\"Gestore Uno PEC S.p.A.\""]),
        ("variant/daticert-senza-risposte.eml", "daticert-departure", &["risposte is missing"]),
        ("hostile/forma-senza-gestore.eml", "daticert-departure", &["gestore-emittente is missing"]),
        ("hostile/forma-mittente-vuoto.eml", "daticert-departure", &["mittente is empty"]),
        ("hostile/forma-identificativo-vuoto.eml", "daticert-departure", &["identificativo is empty"]),
        ("hostile/forma-destinatari-tipo.eml", "daticert-departure", &["destinatari", "\"ordinario\""]),
        ("hostile/forma-ricevuta-ignota.eml", "daticert-departure", &["ricevuta", "\"lunga\""]),
        ("hostile/forma-ricevuta-manca.eml", "ricevuta-missing", &["ricevuta"]),
    ] {
        let judged = judge_file(name);
        assert_eq!(judged.summary(), (Outcome::Passed, MessageClass::Certified), "{name}: {judged:#?}");
        let said: Vec<&str> = judged.findings.iter().filter(|f| f.0 == code).map(|f| &*f.1).collect();
        assert!(said.iter().any(|text| sides.iter().all(|side| text.contains(side))), "{name}: {said:?} without {sides:?}");
    }
}

#[test]
fn r34_the_wrapping_of_the_signature() {
    let raw = read(RECEIPT);
    let protocol = "protocol=\"application/x-pkcs7-signature\"";
    assert!(judge(&replaced(&raw, &format!(" {protocol};"), "")).flagged("signature-protocol").contains("\"\""));
    assert!(
        judge(&replaced(&raw, protocol, "protocol=\"application/pgp-signature\""))
            .flagged("signature-protocol")
            .contains("\"application/pgp-signature\"")
    );
    judge(&replaced(&raw, protocol, "protocol=\"application/pkcs7-signature\"")).clean();
    judge(&replaced(&raw, protocol, "protocol=\"Application/X-PKCS7-Signature\"")).clean();
    let other = replaced(&raw, "Content-Type: application/x-pkcs7-signature;", "Content-Type: application/octet-stream;");
    assert!(judge(&other).flagged("signature-type").contains("application/octet-stream"));
    assert!(judge(&with_field(&raw, "Content-Type", "text/plain")).reasons.iter().any(|reason| reason.1 == "not-pec"));
}

#[test]
fn r34_what_is_missing_from_the_data_makes_it_irregular() {
    for (name, element) in [
        ("senza-tipo", "tipo"),
        ("senza-mittente", "mittente"),
        ("senza-destinatari", "destinatari"),
        ("senza-dati", "dati"),
        ("senza-intestazione", "intestazione"),
        ("senza-data", "data"),
        ("senza-zona", "zona"),
        ("senza-giorno", "giorno"),
        ("senza-ora", "ora"),
        ("senza-identificativo", "identificativo"),
        ("tipo-ignoto", "\"accettazione-forse\""),
    ] {
        let judged = judge_file(&format!("hostile/daticert-{name}.eml"));
        assert!(judged.failed(Check::Content, "daticert").contains(element), "{name}");
        assert_eq!((judged.class, judged.checks.signature), (MessageClass::Irregular, CheckState::Good), "{name}");
    }
    // Only a delivery cannot be without its consegna: failed by its data alone, whatever the directory.
    for verifier in [both(), anchored()] {
        let judged = judge_with(&verifier.build().unwrap(), at(), &read("hostile/consegna-manca.eml"));
        assert!(judged.failed(Check::Content, "daticert").contains("consegna"), "{judged:#?}");
        assert_eq!(judged.class, MessageClass::Irregular);
    }
}

#[test]
fn r34_every_kind_becomes_its_notification() {
    let read_as = |name: &str| {
        let raw = read(&format!("valid/{name}.eml"));
        let message = Message::parse(&raw).unwrap();
        let content = verifier().verify(&message, at()).into_verified().unwrap();
        content.notification().unwrap().value().clone()
    };
    assert!(matches!(read_as("accettazione"), Notification::Acceptance(_)));
    assert!(matches!(read_as("non-accettazione"), Notification::NonAcceptance(_)));
    assert!(matches!(read_as("presa-in-carico"), Notification::TakenInCharge(_)));
    assert!(matches!(read_as("errore-consegna-no-dest"), Notification::NonDelivery(_)));
    assert!(matches!(read_as("rilevazione-virus"), Notification::VirusDetection(_)));
    for (name, kind) in [("completa", ReceiptKind::Complete), ("breve", ReceiptKind::Brief), ("sintetica", ReceiptKind::Concise)] {
        let Notification::Delivery(delivery) = read_as(&format!("avvenuta-consegna-{name}")) else { panic!("{name} is a delivery") };
        assert_eq!((delivery.receipt(), delivery.recipient().as_str()), (kind, "protocollo@cert.duepostale.example"));
    }
    for (name, notice) in [("12h", TimeoutNotice::Unknown), ("24h", TimeoutNotice::Final)] {
        let Notification::DeliveryTimeout(timeout) = read_as(&format!("preavviso-{name}")) else { panic!("{name} is a timeout") };
        assert_eq!(timeout.notice(), notice);
    }
    let strict: Verifier = with_policy(Policy::strict());
    judge_with(&strict, at(), &read("valid/avvenuta-consegna-completa.eml")).clean();
}
