//! Tests of the notifications.

use postacert::{
    Acceptance, CertificationData, Delivery, DeliveryTimeout, Fault, NonAcceptance, NonDelivery, Notification, NotificationError, PecKind,
    ReceiptKind, Recipient, RecipientKind, TakenInCharge, TimeoutNotice, Transaction, TransportEnvelope, VirusDetection,
};
use proptest::prelude::*;

fn transaction() -> Transaction {
    let recipients = vec![
        Recipient::new("b@cert.example".parse().unwrap(), RecipientKind::Certified),
        Recipient::new("c@mail.example".parse().unwrap(), RecipientKind::External),
        Recipient::new("b@cert.example".parse().unwrap(), RecipientKind::Certified),
    ];
    let when = "2025-05-25T10:10:10+02:00".parse().unwrap();
    Transaction::new("a@pec.example".parse().unwrap(), recipients, " Gestore S.p.A.\n", when, "opec1@pec.example".parse().unwrap())
        .and_then(|t| t.with_reply_to("a@pec.example"))
        .and_then(|t| t.with_subject("Richiesta <1> & \"2\""))
        .unwrap()
        .with_message_id("m$1@pec.example".parse().unwrap())
}

fn one_of_each() -> Vec<Notification> {
    let (t, to) = (transaction, || "b@cert.example".parse().unwrap());
    let reason = |s: &str| Some(s.parse().unwrap());
    vec![
        Acceptance::new(t()).into(),
        NonAcceptance::new(t(), Fault::Virus, reason("[W32/Prova.A]")).unwrap().into(),
        NonAcceptance::new(t(), Fault::Other, None).unwrap().into(),
        TakenInCharge::new(t(), vec![to(), to()]).unwrap().into(),
        Delivery::new(t(), to(), ReceiptKind::Brief).into(),
        NonDelivery::new(t(), to(), Fault::NoRecipient, reason("5.1.1 - G - indirizzo non valido")).unwrap().into(),
        DeliveryTimeout::new(t(), to(), reason("5.4.1 - G - scaduto")).into(),
        VirusDetection::new(t(), to(), reason("[W32/Prova.A]")).into(),
    ]
}

/// Certification data of a kind, with these attributes and these elements after `msgid`.
fn data(kind: &str, more: &str) -> CertificationData {
    let (kind, fault) = kind.split_once(' ').unwrap_or((kind, "nessuno"));
    let xml = format!(
        "<postacert tipo='{kind}' errore='{fault}'><intestazione><mittente>a@pec.example</mittente><destinatari>b@cert.example</destinatari>\
         <risposte/></intestazione><dati><gestore-emittente>G</gestore-emittente><data zona='+0200'><giorno>25/05/2025</giorno>\
         <ora>10:10:10</ora></data><identificativo>x@y</identificativo>{more}</dati></postacert>"
    );
    CertificationData::parse(xml.as_bytes()).unwrap().0
}

const TO: &str = "<consegna>b@cert.example</consegna>";

#[test]
fn every_kind_survives_its_xml() {
    for notification in one_of_each() {
        let xml = CertificationData::from(&notification).to_xml();
        let (data, departures) = CertificationData::parse(xml.as_bytes()).unwrap();
        assert_eq!(departures, []);
        assert_eq!(data.kind(), notification.kind());
        assert_eq!(Notification::try_from(&data).as_ref(), Ok(&notification));
        assert_eq!(CertificationData::from(notification), data);
    }
    let envelope = TransportEnvelope::new(transaction(), ReceiptKind::Concise);
    let (data, departures) = CertificationData::parse(CertificationData::from(&envelope).to_xml().as_bytes()).unwrap();
    assert_eq!((TransportEnvelope::try_from(data), departures), (Ok(envelope), vec![]));
}

#[test]
fn all_kinds_are_covered() {
    let mut kinds: Vec<_> = one_of_each().iter().map(Notification::kind).collect();
    kinds.dedup();
    kinds.push(PecKind::TransportEnvelope);
    kinds.sort();
    assert_eq!(kinds, PecKind::ALL);
}

#[test]
fn the_fields_are_what_the_data_say() {
    let Ok(Notification::Delivery(d)) = Notification::try_from(data("avvenuta-consegna", &format!("<ricevuta tipo='sintetica'/>{TO}")))
    else {
        panic!()
    };
    assert_eq!((d.recipient().as_str(), d.receipt()), ("b@cert.example", ReceiptKind::Concise));
    let t = d.transaction();
    assert_eq!((t.sender().as_str(), t.id().as_str(), t.provider(), t.reply_to()), ("a@pec.example", "x@y", Some("G"), Some("")));
    assert_eq!((t.subject(), t.message_id(), t.recipients().len()), (None, None, 1));
    assert_eq!(t.when().to_string(), "2025-05-25T10:10:10+02:00");
    assert_eq!(transaction().provider(), Some("Gestore S.p.A."));
    assert_eq!(transaction().message_id().unwrap().as_str(), "m$1@pec.example");
    // RFC 6109 §3.3.2.1: nothing said means complete
    assert_eq!(TransportEnvelope::try_from(data("posta-certificata", "")).unwrap().receipt(), ReceiptKind::Complete);
    assert_eq!(Delivery::try_from(data("avvenuta-consegna", TO)).unwrap().receipt(), ReceiptKind::Complete);
}

#[test]
fn the_final_timeout_notice_is_known_by_its_code() {
    let notice = |error: &str| {
        let data = data("preavviso-errore-consegna altro", &format!("{TO}<errore-esteso>{error}</errore-esteso>"));
        DeliveryTimeout::try_from(data).unwrap().notice()
    };
    assert_eq!(notice("5.4.1 - InfoCert S.p.A. - scaduto"), TimeoutNotice::Final);
    assert_eq!(notice("5.4.10 - x"), TimeoutNotice::Unknown);
    assert_eq!(notice("4.4.1 - x"), TimeoutNotice::Unknown);
    assert_eq!(notice("superato il tempo massimo di 24 ore"), TimeoutNotice::Unknown);
    let without = data("preavviso-errore-consegna", TO);
    assert_eq!(DeliveryTimeout::try_from(&without).map(|d| (d.notice(), d.fault())), Ok((TimeoutNotice::Unknown, Fault::None)));
    assert_eq!(CertificationData::from(DeliveryTimeout::try_from(&without).unwrap()), without);
}

#[test]
fn what_a_kind_must_have_and_lacks_is_named() {
    let missing = |element| NotificationError::Missing { element };
    let malformed = |element, value: &str| NotificationError::Malformed { element, value: value.into() };
    for (kind, more, error) in [
        ("errore-consegna altro", "", missing("consegna")),
        ("preavviso-errore-consegna altro", "", missing("consegna")),
        ("rilevazione-virus virus", "", missing("consegna")),
        ("presa-in-carico", "", missing("ricezione")),
        ("errore-consegna altro", "<consegna/>", missing("consegna")),
        ("avvenuta-consegna", "<consegna>nobody</consegna>", malformed("consegna", "nobody")),
        ("presa-in-carico", "<ricezione>a@b</ricezione><ricezione>c</ricezione>", malformed("ricezione", "c")),
        ("avvenuta-consegna", "<ricevuta tipo='boh'/><consegna>a@b</consegna>", malformed("ricevuta", "boh")),
        ("accettazione boh", "", malformed("errore", "boh")),
    ] {
        assert_eq!(Notification::try_from(data(kind, more)), Err(error), "{kind}");
    }
    // A delivery to nobody is no certification data at all (R34).
    let nobody = data("avvenuta-consegna", TO).to_xml().replace("b@cert.example</consegna>", "</consegna>");
    assert!(CertificationData::parse(nobody.as_bytes()).is_err());
    let mut xml = data("accettazione", "").to_xml();
    assert!(Notification::try_from(CertificationData::parse(xml.as_bytes()).unwrap().0).is_ok());
    xml = xml.replace("a@pec.example", "");
    assert_eq!(Notification::try_from(CertificationData::parse(xml.as_bytes()).unwrap().0), Err(missing("mittente")));
    xml = xml.replace("<mittente>", "<mittente>a@b").replace("x@y", "x y");
    assert_eq!(Notification::try_from(CertificationData::parse(xml.as_bytes()).unwrap().0), Err(malformed("identificativo", "x y")));
    assert_eq!(malformed("consegna", "x").to_string(), "consegna has the value \"x\", which is not of its form");
}

#[test]
fn r34_no_notification_has_a_fault_that_its_kind_may_not_have() {
    for &kind in PecKind::ALL {
        for &fault in Fault::ALL {
            let receipt = "<ricevuta tipo='completa'/>";
            let data = data(&format!("{kind} {fault}"), &format!("{receipt}{TO}<ricezione>b@cert.example</ricezione>"));
            let read = if kind == PecKind::TransportEnvelope {
                TransportEnvelope::try_from(&data).map(|_| ())
            } else {
                Notification::try_from(&data).map(|_| ())
            };
            let lawful = kind.lawful_faults().contains(&fault);
            assert_eq!(read, if lawful { Ok(()) } else { Err(NotificationError::FaultNotAllowed { fault, kind }) });
        }
    }
    assert!(NonAcceptance::new(transaction(), Fault::None, None).is_err());
    assert!(NonAcceptance::new(transaction(), Fault::NoDomain, None).is_err());
    let to = || "b@cert.example".parse().unwrap();
    assert!(NonDelivery::new(transaction(), to(), Fault::None, None).is_err());
    assert!(NonDelivery::new(transaction(), to(), Fault::NoDomain, None).is_ok());
}

#[test]
fn one_kind_is_not_taken_for_another() {
    let wrong = |found| NotificationError::WrongKind { found };
    assert_eq!(Acceptance::try_from(data("non-accettazione virus", "")), Err(wrong(PecKind::NonAcceptance)));
    assert_eq!(Delivery::try_from(data("errore-consegna altro", TO)), Err(wrong(PecKind::NonDelivery)));
    assert_eq!(Notification::try_from(data("posta-certificata", "")), Err(wrong(PecKind::TransportEnvelope)));
    assert_eq!(TransportEnvelope::try_from(data("accettazione", "")), Err(wrong(PecKind::Acceptance)));
}

#[test]
fn what_xml_cannot_hold_is_refused_before_it_is_written() {
    assert!(matches!(transaction().with_subject("a\0"), Err(NotificationError::Text { element: "oggetto", .. })));
    assert!(transaction().with_reply_to("\u{ffff}").is_err());
    let t = transaction();
    let none = Transaction::new(t.sender().clone(), vec![], "G", t.when(), t.id().clone());
    assert_eq!(none, Err(NotificationError::Missing { element: "destinatari" }));
}

proptest! {
    #[test]
    fn data_and_notification_say_the_same(subject in "\\PC{0,30}", provider in "[ -~à]{0,20}", error in proptest::option::of("[ -~\r\n\t]{0,40}"), n in 1usize..6) {
        let subject = subject.replace(['\u{fffe}', '\u{ffff}'], "");
        let recipients = (0..n).map(|i| Recipient::new(format!("r{i}@Cert.example").parse().unwrap(), RecipientKind::ALL[i % 2])).collect();
        let t = transaction();
        let t = Transaction::new(t.sender().clone(), recipients, &provider, t.when(), t.id().clone()).unwrap().with_subject(&subject).unwrap();
        let reason = error.map(|e| e.parse().unwrap());
        let notification: Notification = NonDelivery::new(t, "r0@cert.example".parse().unwrap(), Fault::Other, reason).unwrap().into();
        let data = CertificationData::from(&notification);
        prop_assert_eq!(&CertificationData::parse(data.to_xml().as_bytes()).unwrap().0, &data);
        prop_assert_eq!(Notification::try_from(&data), Ok(notification));
    }
}

#[cfg(feature = "serde")]
#[test]
fn notifications_are_validated_when_deserialized() {
    for notification in one_of_each() {
        let json = serde_json::to_value(&notification).unwrap();
        assert_eq!(json["kind"], notification.kind().as_wire());
        assert_eq!(serde_json::from_value::<Notification>(json).unwrap(), notification);
    }
    let mut json = serde_json::to_value(data("presa-in-carico", "")).unwrap();
    assert!(serde_json::from_value::<TakenInCharge>(json.clone()).is_err());
    json["received_for"] = serde_json::json!(["b@cert.example"]);
    assert!(serde_json::from_value::<TakenInCharge>(json).is_ok());
}
