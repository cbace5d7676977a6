//! A dossier as it is kept: it comes back as it was, and proves nothing.

use postacert::dossier::{Dossier, DossierRecord, Issue, Standing, Summary};
use postacert::{Fault, ReceiptKind, RecipientKind};

use super::post::*;
use crate::support::composed::address;

fn several() -> Dossier {
    dossier(&[
        post().acceptance(0),
        post().delivery_of(5, BRUNO, ReceiptKind::Complete, ORIGINAL),
        post().non_delivery(6, CARLA, Fault::Other, "5.2.2 - G - casella piena"),
        post().late(12 * HOUR, CARLA, "4.4.1 - G - in ritardo"),
        post().taken(2, &[BRUNO, CARLA]),
    ])
}

#[test]
fn a_record_in_json_comes_back_as_it_was() {
    let dossier = several();
    let json = serde_json::to_string(&DossierRecord::from(&dossier)).unwrap();
    let record: DossierRecord = serde_json::from_str(&json).unwrap();
    assert_eq!(record, DossierRecord::from(&dossier));
    assert_eq!(serde_json::to_string(&record).unwrap(), json);
    let back = Dossier::from(record);
    assert_eq!(told(&back), told(&dossier));
    assert_eq!(back.issues(), dossier.issues());
    assert!(back.receipts().iter().all(|receipt| back.standing(&receipt.id) == Some(Standing::Recorded)));
    assert!(back.recipients().iter().all(|status| status.standing() == Standing::Recorded));
}

#[test]
fn a_record_has_no_place_for_a_standing() {
    let json = serde_json::to_string(&DossierRecord::from(&several())).unwrap();
    assert!(!json.contains("standing") && !json.contains("erified"), "{json}");
    // Nor does it take one.
    let forged = json.replace("\"kind\":", "\"standing\":\"verified\",\"kind\":");
    assert_ne!(forged, json);
    let back: Dossier = serde_json::from_str::<DossierRecord>(&forged).unwrap().into();
    assert!(back.receipts().iter().all(|receipt| back.standing(&receipt.id) == Some(Standing::Recorded)));
}

#[test]
fn what_a_record_tells_otherwise_of_a_verified_receipt_does_not_count() {
    let dossier = several();
    let json = serde_json::to_string(&DossierRecord::from(&dossier)).unwrap();
    // That what was not delivered was.
    let forged = json.replace("\"errore-consegna\"", "\"avvenuta-consegna\"");
    assert_ne!(forged, json);
    let forged: Dossier = serde_json::from_str::<DossierRecord>(&forged).unwrap().into();
    assert_eq!(forged.summary(), Summary::Delivered, "alone it tells what it likes, as recorded");
    for (mut one, other) in [(dossier.clone(), forged.clone()), (forged, dossier.clone())] {
        one.merge(other).unwrap();
        assert_eq!(one, dossier);
    }
}

#[test]
fn two_records_that_tell_differently_of_a_receipt_give_the_same_whichever_comes_first() {
    let json = serde_json::to_string(&DossierRecord::from(&several())).unwrap();
    let read = |json: &str| -> Dossier { serde_json::from_str::<DossierRecord>(json).unwrap().into() };
    let (one, other) = (read(&json), read(&json.replace("casella piena", "casella vuota")));
    assert_ne!(one, other);
    let merged = |mut a: Dossier, b: &Dossier| {
        a.merge(b.clone()).unwrap();
        a
    };
    assert_eq!(merged(one.clone(), &other), merged(other, &one));
}

#[test]
fn hostile_records_are_read_or_refused_and_never_panic() {
    let json = serde_json::to_string(&DossierRecord::from(&several())).unwrap();
    let edits = [
        ("richiesta", "x"),
        (BRUNO, "a@b"),
        ("certificato", "esterno"),
        ("2026-11-22", "0001-01-01"),
        ("2026-11-22", "9999-12-31"),
        ("accettazione", "posta-certificata"),
        ("accettazione", "rilevazione-virus"),
        ("avvenuta-consegna", "accettazione"),
        ("preavviso-errore-consegna", "avvenuta-consegna"),
        ("5.2.2", "99999999999999999999.4.1"),
        ("completa", "sintetica"),
    ];
    for (from, to) in edits {
        let edited = json.replace(from, to);
        let Ok(record) = serde_json::from_str::<DossierRecord>(&edited) else { continue };
        let dossier = Dossier::from(record);
        let _ = (told(&dossier), dossier.issues(), dossier.missing(after(0)), dossier.missing(postacert::UnixTime::MIN));
        let _ = (dossier.missing(postacert::UnixTime::MAX), dossier.receipts());
        assert_eq!(recorded(&dossier), dossier, "{from} {to}");
    }
    for bad in ["2026-13-01T00:00:00Z", "10000-01-01T00:00:00Z", "-1"] {
        let edited = json.replace("2026-11-22T03:00:00+00:00", bad);
        assert_ne!(edited, json);
        assert!(serde_json::from_str::<DossierRecord>(&edited).is_err(), "{bad}");
    }
    for broken in ["", "{}", "[]", "null", "{\"id\":\"a\"}"] {
        assert!(serde_json::from_str::<DossierRecord>(broken).is_err());
    }
}

#[test]
fn a_record_with_receipts_of_nobody_it_lists_is_no_trouble() {
    let mut record = DossierRecord::from(&several());
    record.recipients.clear();
    let dossier = Dossier::from(record);
    assert_eq!(told(&dossier), (vec![], Summary::Warning));
    assert!(dossier.issues().iter().all(|issue| matches!(issue, Issue::NotARecipient { .. })));
    // Each names its recipients: the server's acceptance two.
    assert_eq!(dossier.issues().len(), 5);
}

#[test]
fn a_record_makes_nobody_external_who_is_verified_to_be_certified() {
    // A delivery to Bruno tells that Carla is certified, too; a record, that the message was accepted for her as an external one.
    let alone = dossier(&[post().delivery(5, BRUNO)]);
    let mut record = DossierRecord::from(&alone);
    record.receipts.clear();
    record.recipients.retain(|recipient| recipient.address == address(CARLA));
    record.recipients[0].accepted = Some(RecipientKind::External);
    for (mut one, other) in [(alone.clone(), Dossier::from(record.clone())), (record.into(), alone.clone())] {
        one.merge(other).unwrap();
        assert_eq!(one.recipients(), alone.recipients());
        assert_eq!(one.summary(), Summary::Submitted);
    }
}
