//! What a mail client shows in a list.

use postacert::glance::{CertifiedGlance, Glance, Listing, strip_prefixes};
use postacert::{ContentKind, Language, Message, PecKind};

use crate::fixtures::{at, read, verifier};
use crate::support::composed::{Facts, ORIGINAL, compose, every_kind, original, transaction, with_report};
use crate::support::mail::replaced;

fn glance(raw: &[u8]) -> Glance {
    with_report(raw, Glance::of)
}

/// The message with one letter of its signed text changed.
fn broken(raw: &[u8]) -> Vec<u8> {
    let message = Message::parse(raw).unwrap();
    let signed = message.signed().unwrap();
    let at = signed.offset() + signed.bytes().windows(3).position(|w| w == b"Il ").unwrap();
    let mut raw = raw.to_vec();
    raw[at] = b'i';
    raw
}

#[track_caller]
fn certified(glance: &Glance) -> &CertifiedGlance {
    match glance {
        Glance::Receipt(certified) | Glance::Envelope(certified) => certified,
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_kind_is_listed_as_what_it_is_and_nothing_unproven_is_a_receipt() {
    let all = every_kind(&transaction("CONSEGNA: POSTA CERTIFICATA: Però"));
    for (name, facts) in &all {
        let raw = compose(facts, &original("CONSEGNA: POSTA CERTIFICATA: Però"));
        let shown = glance(&raw);
        let due = match *name {
            "accettazione" | "presa-in-carico" => Listing::Receipt,
            name if name.starts_with("avvenuta-consegna") => Listing::Receipt,
            name if name.starts_with("posta-certificata") || name == "anomalia" => Listing::Message,
            _ => Listing::Warning,
        };
        assert_eq!(shown.listing(), due, "{name}");
        match facts {
            Facts::Anomaly => assert!(matches!(shown, Glance::Anomaly(_))),
            _ => {
                let certified = certified(&shown);
                assert_eq!((certified.sender().text(), certified.subject()), ("anna@pec.gestoreuno.example", "Però"), "{name}");
                assert_eq!(certified.whole_subject(), "CONSEGNA: POSTA CERTIFICATA: Però");
                assert_eq!(matches!(shown, Glance::Envelope(_)), certified.kind() == PecKind::TransportEnvelope);
            }
        }

        let forged = glance(&broken(&raw));
        assert_eq!(forged.listing(), Listing::Message, "{name}: what is not proven is shown");
        let Glance::Unverified(unverified) = &forged else { panic!("{name}: {forged:?}") };
        assert!(unverified.claimed_kind().is_some());
        assert!(forged.to_string().starts_with("unverified, it claims to be a PEC message ("), "{forged}");
        assert!(forged.in_language(Language::Italian).to_string().starts_with("non verificato, si presenta come messaggio PEC ("));
        if *facts != Facts::Anomaly {
            let claimed = (unverified.claimed_sender(), unverified.claimed_subject());
            assert_eq!(claimed, (Some("anna@pec.gestoreuno.example"), Some("Però")));
        }
    }
    assert_eq!(all.len(), 18);
}

#[test]
fn a_delivery_names_its_recipient_and_an_acceptance_none() {
    let consegna = certified(&glance(&read("valid/avvenuta-consegna-completa.eml"))).recipient().map(|to| to.text().to_owned());
    assert_eq!(consegna.as_deref(), Some("protocollo@cert.duepostale.example"));
    assert_eq!(certified(&glance(&read("valid/accettazione.eml"))).recipient(), None);
}

#[test]
fn the_mail_in_an_anomaly_envelope_is_carried_not_attested() {
    let original = replaced(ORIGINAL, "Subject: Richiesta", "Subject: =?utf-8?q?POSTA_CERTIFICATA:_cos=C3=AC?=\r\n \u{202e}e basta");
    let shown = glance(&compose(&Facts::Anomaly, &original));
    let Glance::Anomaly(carried) = &shown else { panic!("{shown:?}") };
    assert_eq!(carried.carried_sender(), Some("anna@pec.gestoreuno.example"));
    assert_eq!(carried.carried_subject(), Some("POSTA CERTIFICATA: così \u{202e}e basta"), "it is nobody's to change");
    assert_eq!(
        shown.to_string(),
        "anomaly, neither sender nor subject attested: \"POSTA CERTIFICATA: così \u{fffd}e basta\", from anna@pec.gestoreuno.example"
    );
    assert_eq!(
        shown.in_language(Language::Italian).to_string(),
        "anomalia, né il mittente né l'oggetto sono attestati: \"POSTA CERTIFICATA: così \u{fffd}e basta\", da anna@pec.gestoreuno.example"
    );
}

#[test]
fn s3_2_2_the_reason_of_an_anomaly_is_in_the_provider_s_text() {
    let text = |raw: &[u8]| {
        let content = verifier().verify(&Message::parse(raw).unwrap(), at()).into_verified().unwrap();
        content.into_owned().value().anomaly_text().map(str::to_owned)
    };
    let told = text(&read("valid/anomalia-ordinaria.eml")).unwrap();
    assert!(told.contains(" è stato ricevuto") && told.contains("il messaggio non proviene da un sistema di posta certificata"), "{told}");
    // The mail inside has a text, too, which is not the provider's.
    let told = text(&compose(&Facts::Anomaly, ORIGINAL)).unwrap();
    assert!(told.starts_with("Anomalia nel messaggio") && !told.contains("ciao"), "{told}");
    for other in ["valid/accettazione.eml", "valid/posta-certificata-completa.eml"] {
        assert_eq!(text(&read(other)), None);
    }
}

#[test]
fn ordinary_mail_shows_its_header_as_a_claim() {
    let raw = b"From: \"CONSEGNA\" <a@x.example>\r\nX-Ricevuta: avvenuta-consegna\r\nSubject: CONSEGNA: x\r\n\r\nciao\r\n";
    let shown = glance(raw);
    assert_eq!(shown.listing(), Listing::Message);
    let Glance::Unverified(unverified) = &shown else { panic!("{shown:?}") };
    assert_eq!(unverified.claimed_kind(), None);
    assert_eq!((unverified.claimed_sender(), unverified.claimed_subject()), (Some("a@x.example"), Some("CONSEGNA: x")));
    assert_eq!(shown.to_string(), "unverified: \"CONSEGNA: x\", from a@x.example");

    assert_eq!(glance(b"").to_string(), "unverified: no subject, from nobody named");
    assert_eq!(glance(b"").in_language(Language::Italian).to_string(), "non verificato: nessun oggetto, da nessuno indicato");
    assert_eq!(glance(b"From: a@x, b@x\r\n\r\n").to_string(), "unverified: no subject, from a@x, b@x");
}

#[test]
fn a_receipt_and_an_envelope_are_said_in_both_languages() {
    let [receipt, envelope] = ["valid/errore-consegna-no-dest.eml", "valid/posta-certificata-completa.eml"].map(|name| glance(&read(name)));
    let from = certified(&receipt).sender().text().to_owned();
    let subject = certified(&receipt).subject().to_owned();
    assert_eq!(receipt.to_string(), format!("non-delivery notice: \"{subject}\", from {from}"));
    assert_eq!(receipt.in_language(Language::Italian).to_string(), format!("avviso di mancata consegna: \"{subject}\", da {from}"));
    let from = certified(&envelope).sender().text().to_owned();
    assert_eq!(envelope.to_string(), format!("\"{}\", from {from}", certified(&envelope).subject()));
}

#[test]
fn every_message_of_the_fixtures_has_a_glance() {
    let verifier = verifier();
    let mut kinds = std::collections::BTreeSet::new();
    for group in ["valid", "variant", "hostile"] {
        for file in std::fs::read_dir(crate::fixtures::folder().join(group)).unwrap() {
            let raw = std::fs::read(file.unwrap().path()).unwrap();
            let Ok(message) = Message::parse(&raw) else { continue };
            let report = verifier.verify(&message, at());
            let shown = Glance::of(&report);
            assert_eq!(matches!(shown, Glance::Unverified(_)), report.verified().is_none());
            assert!(!shown.to_string().contains(char::is_control), "one line");
            if let Some(verified) = report.verified() {
                kinds.insert(verified.value().kind().as_wire());
                assert_eq!(matches!(shown, Glance::Anomaly(_)), verified.value().kind() == ContentKind::Anomaly);
            }
        }
    }
    assert_eq!(kinds.len(), 9, "{kinds:?}");
}

#[test]
fn s3_every_prefix_is_taken_off_however_often() {
    let prefixes = [
        "ACCETTAZIONE",
        "AVVISO DI NON ACCETTAZIONE",
        "AVVISO DI NON ACCETTAZIONE PER VIRUS",
        "POSTA CERTIFICATA",
        "PRESA IN CARICO",
        "CONSEGNA",
        "AVVISO DI MANCATA CONSEGNA",
        "AVVISO DI MANCATA CONSEGNA PER VIRUS",
        "AVVISO DI MANCATA CONSEGNA PER SUP. TEMPO MASSIMO",
        "PROBLEMA DI SICUREZZA",
        "ANOMALIA MESSAGGIO",
    ];
    for prefix in prefixes {
        assert_eq!(strip_prefixes(&format!("{prefix}: Verbale")), "Verbale");
        assert_eq!(strip_prefixes(&format!("{prefix}: ")), "");
        assert_eq!(strip_prefixes(prefix), prefix, "without its colon it is a subject");
        assert_eq!(strip_prefixes(&format!("R: {prefix}: x")), format!("R: {prefix}: x"), "only at the beginning");
        assert_eq!(strip_prefixes(&prefix.to_lowercase()), prefix.to_lowercase());
    }
    let all: String = prefixes.iter().map(|prefix| format!(" {prefix}:")).collect();
    assert_eq!(strip_prefixes(&format!("{all} Verbale: CONSEGNA: x ")), "Verbale: CONSEGNA: x");
}

#[test]
fn r31_a_subject_of_a_million_prefixes_takes_no_time() {
    let subject = "CONSEGNA:".repeat(1_000_000);
    let start = std::time::Instant::now();
    assert_eq!(strip_prefixes(&subject), "");
    assert!(start.elapsed().as_secs() < 5, "{:?}", start.elapsed());
}
