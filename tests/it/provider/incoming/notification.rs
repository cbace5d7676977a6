//! Notifications (RFC 6109 §2.2.2, §2.2.5, §3.1.6, §3.2.4; R19, R28).

use postacert::compose::{Draft, Entropy};
use postacert::provider::{Event, Fate, Output, Stage, State, VirusVerdict};
use postacert::{Delivery, ExtendedError, Fault, Message, NonDelivery, ReceiptKind, TakenInCharge, Transaction, VirusDetection};
use serde_json::json;

use super::{
    DUE, Gestore, ID, MARIO, PROTOCOLLO, SINDACO, TRE, UNO, accepted, address, changes, data, due, fate, heard, lines, log, messages, now,
    transaction, with_field,
};
use crate::fixtures::read;

const SERVICE: &str = "ricezione@pec.gestoreuno.example";

fn silent(state: &State) {
    for recipient in [PROTOCOLLO, SINDACO] {
        assert_eq!(fate(state, recipient).stage, Stage::Silent);
    }
}

fn reason() -> Option<ExtendedError> {
    "5.3.0 - un gestore - un motivo".parse().ok()
}

fn told(provider: &str) -> Transaction {
    transaction(provider, MARIO, &[PROTOCOLLO, SINDACO])
}

fn delivery(gestore: &Gestore, transaction: Transaction, recipient: &str) -> Vec<u8> {
    let facts = Delivery::new(transaction, address(recipient), ReceiptKind::Concise);
    gestore.sign(Draft::delivery(gestore.identity(), &facts, b"", &Entropy::new([3; 32])).unwrap())
}

#[test]
fn what_providers_say_of_their_recipients_is_heard() {
    let table = [
        ("presa-in-carico", SERVICE, &[PROTOCOLLO, SINDACO][..], Stage::TakenInCharge),
        ("avvenuta-consegna-completa", MARIO, &[PROTOCOLLO][..], Stage::Delivered),
        ("avvenuta-consegna-sintetica", MARIO, &[PROTOCOLLO][..], Stage::Delivered),
        ("errore-consegna-no-dest", MARIO, &[PROTOCOLLO][..], Stage::NotDelivered),
        ("errore-consegna-virus", MARIO, &[PROTOCOLLO][..], Stage::NotDelivered),
    ];
    for (name, to, recipients, stage) in table {
        let message = read(&format!("valid/{name}.eml"));
        let id = data(&message).id().text().to_owned();
        let mut state = accepted();
        let committed = Gestore::uno().receive(&state, &[to], &message);
        let kind = data(&message).kind().as_wire();
        if id != ID {
            assert!(heard(&committed).is_empty(), "{name}");
            continue;
        }
        let expected = [
            format!("log arrived {to}"),
            format!("log notification-heard {}", recipients.join(" ")),
            format!("log forwarded {to}"),
            format!("deliver {kind} {to}"),
        ];
        assert_eq!(lines(&committed), expected, "{name}");
        assert_eq!(messages(&committed, kind), [&message[..]], "unmodified");
        assert_eq!(due(&committed), [(to.to_owned(), json!("nothing"), "awaited".to_owned())]);
        let record = log(&committed, Event::NotificationHeard);
        assert_eq!((&*record.provider, record.id.as_str(), &*record.note), (DUE, ID, ""));
        state.apply(&committed.delta);
        for recipient in [PROTOCOLLO, SINDACO] {
            let expected = if recipients.contains(&recipient) { stage } else { Stage::Silent };
            assert_eq!(fate(&state, recipient).stage, expected, "{name}");
        }
        // Replayed, from wherever, it is known; with other things around it as well.
        for message in [message.clone(), with_field(&message, "Received: by altro.example")] {
            let again = Gestore::uno().receive(&state, &[to], &message);
            assert_eq!(lines(&again), [format!("log arrival-repeated {to}")]);
            assert!(again.delta.is_empty());
        }
    }
}

#[test]
fn s2_2_5_what_providers_tell_each_other_never_reaches_a_user() {
    for name in ["presa-in-carico", "rilevazione-virus"] {
        let message = read(&format!("valid/{name}.eml"));
        let committed = Gestore::uno().receive(&State::new(), &[MARIO, "anna@pec.gestoreuno.example"], &message);
        let expected = [
            format!("log arrived {SERVICE}"),
            format!(
                "log notification-unknown {}",
                if name == "presa-in-carico" { format!("{PROTOCOLLO} {SINDACO}") } else { PROTOCOLLO.into() }
            ),
            format!("log forwarded {SERVICE}"),
            format!("deliver {name} {SERVICE}"),
        ];
        assert_eq!(lines(&committed), expected);
    }
}

#[test]
fn s3_2_4_the_sender_is_told_of_a_virus_once() {
    let (uno, mut state) = (Gestore::uno(), accepted());
    let committed = uno.receive(&state, &[SERVICE], &read("valid/rilevazione-virus.eml"));
    let expected = [
        format!("log arrived {SERVICE}"),
        format!("log notification-heard {PROTOCOLLO}"),
        format!("log non-delivery-issued {PROTOCOLLO}"),
        format!("deliver errore-consegna {MARIO}"),
        format!("log forwarded {SERVICE}"),
        format!("deliver rilevazione-virus {SERVICE}"),
    ];
    assert_eq!(lines(&committed), expected);
    let notice = messages(&committed, "errore-consegna")[0];
    let facts = data(notice);
    assert_eq!((facts.provider(), facts.when(), facts.fault().value()), (Some(UNO), now(), Some(&Fault::Virus)));
    assert_eq!(facts.recipient().unwrap().text(), PROTOCOLLO);
    assert_eq!(facts.extended_error().unwrap().raw(), "W32/Finto.B");
    assert_eq!(Message::parse(notice).unwrap().claims().security_check().as_deref(), Some("errore"));
    assert_eq!(&*log(&committed, Event::NonDeliveryIssued).provider, UNO);
    state.apply(&committed.delta);
    assert_eq!(fate(&state, PROTOCOLLO).stage, Stage::NotDelivered);
    assert_eq!(state.awaited().count(), 2);

    // Its provider says it once more, in another message.
    let due_ = Gestore::due();
    let facts = VirusDetection::new(told(DUE), address(PROTOCOLLO), reason());
    let draft = Draft::virus_detection(due_.identity(), &facts, &address(SERVICE), &Entropy::new([3; 32])).unwrap();
    let again = uno.receive(&state, &[SERVICE], &due_.sign(draft));
    assert!(messages(&again, "errore-consegna").is_empty());
    assert_eq!(messages(&again, "rilevazione-virus").len(), 1);
}

#[test]
fn a_reason_of_great_length_is_cut() {
    let due_ = Gestore::due();
    let facts = VirusDetection::new(told(DUE), address(PROTOCOLLO), Some("virus ".repeat(100_000).parse().unwrap()));
    let draft = Draft::virus_detection(due_.identity(), &facts, &address(SERVICE), &Entropy::new([3; 32])).unwrap();
    let committed = Gestore::uno().receive(&accepted(), &[SERVICE], &due_.sign(draft));
    let told = data(messages(&committed, "errore-consegna")[0]);
    assert!((900..=1_000).contains(&told.extended_error().unwrap().raw().len()));
}

#[test]
fn a_reason_that_says_nothing_where_it_is_cut_is_replaced() {
    let due_ = Gestore::due();
    let blank = format!("-{}x", "\u{a0}".repeat(2_000));
    let facts = VirusDetection::new(told(DUE), address(PROTOCOLLO), blank.parse().ok());
    let draft = Draft::virus_detection(due_.identity(), &facts, &address(SERVICE), &Entropy::new([3; 32])).unwrap();
    let committed = Gestore::uno().receive(&accepted(), &[SERVICE], &due_.sign(draft));
    let told = data(messages(&committed, "errore-consegna")[0]);
    assert!(told.extended_error().unwrap().raw().ends_with("non specificato dal gestore del destinatario"));
}

#[test]
fn a_virus_after_the_delivery_changes_nothing() {
    let (uno, mut state) = (Gestore::uno(), accepted());
    state.apply(&uno.receive(&state, &[MARIO], &delivery(&Gestore::due(), told(DUE), PROTOCOLLO)).delta);
    let committed = uno.receive(&state, &[SERVICE], &read("valid/rilevazione-virus.eml"));
    assert!(messages(&committed, "errore-consegna").is_empty());
    state.apply(&committed.delta);
    assert_eq!(fate(&state, PROTOCOLLO).stage, Stage::Delivered);
}

#[test]
fn r28_a_receipt_binds_by_identifier_sender_and_recipient() {
    let (uno, due_) = (Gestore::uno(), Gestore::due());
    let stranger = "altro@cert.duepostale.example";
    let other_sender = transaction(DUE, "anna@pec.gestoreuno.example", &[PROTOCOLLO]);
    let cases = [
        ("sender", accepted(), delivery(&due_, other_sender, PROTOCOLLO), PROTOCOLLO),
        ("recipient", accepted(), delivery(&due_, transaction(DUE, MARIO, &[stranger]), stranger), stranger),
        ("identifier", State::new(), delivery(&due_, told(DUE), PROTOCOLLO), PROTOCOLLO),
    ];
    for (what, state, message, recipient) in cases {
        let committed = uno.receive(&state, &[MARIO], &message);
        let expected = [
            format!("log arrived {MARIO}"),
            format!("log notification-unknown {recipient}"),
            format!("log forwarded {MARIO}"),
            format!("deliver avvenuta-consegna {MARIO}"),
        ];
        assert_eq!(lines(&committed), expected, "{what}");
        assert!(heard(&committed).is_empty());
    }
}

#[test]
fn another_wording_of_the_subject_or_case_of_an_address_is_noted_and_heard() {
    let (uno, due_, mut state) = (Gestore::uno(), Gestore::due(), accepted());
    let other =
        transaction(DUE, "Mario.Rossi@PEC.gestoreuno.example", &["PROTOCOLLO@cert.duepostale.example"]).with_subject("altro").unwrap();
    let committed = uno.receive(&state, &[MARIO], &delivery(&due_, other, "PROTOCOLLO@cert.duepostale.example"));
    assert!(log(&committed, Event::NotificationHeard).note.contains("oggetto"));
    state.apply(&committed.delta);
    assert_eq!(fate(&state, PROTOCOLLO).stage, Stage::Delivered);
}

#[test]
fn r19_only_the_recipients_provider_is_heard() {
    let (uno, tre) = (Gestore::uno(), Gestore::of(TRE, "tre"));
    let state = accepted();
    // Another provider cannot speak of this domain: irregular.
    let taken = TakenInCharge::new(told(TRE), vec![address(PROTOCOLLO)]).unwrap();
    let virus = VirusDetection::new(told(TRE), address(PROTOCOLLO), reason());
    let failed = NonDelivery::new(told(TRE), address(PROTOCOLLO), Fault::Other, reason()).unwrap();
    let (identity, entropy, service) = (tre.identity(), Entropy::new([3; 32]), address(SERVICE));
    let forged = [
        tre.sign(Draft::taken_in_charge(identity, &taken, &service, &entropy).unwrap()),
        tre.sign(Draft::virus_detection(identity, &virus, &service, &entropy).unwrap()),
        tre.sign(Draft::non_delivery(identity, &failed, &entropy).unwrap()),
        delivery(&tre, told(TRE), PROTOCOLLO),
    ];
    for message in forged {
        let committed = uno.receive(&state, &[MARIO], &message);
        assert_eq!(
            lines(&committed),
            [format!("log arrived {MARIO}"), format!("log anomaly-issued {MARIO}"), format!("deliver anomalia {MARIO}")]
        );
        assert_eq!(&*log(&committed, Event::AnomalyIssued).provider, TRE);
        assert!(heard(&committed).is_empty());
    }
    // The sender's own provider may write that a delivery failed; it does not learn it from itself.
    let failed = NonDelivery::new(told(UNO), address(PROTOCOLLO), Fault::Other, reason()).unwrap();
    let own = uno.sign(Draft::non_delivery(uno.identity(), &failed, &entropy).unwrap());
    let committed = uno.receive(&state, &[MARIO], &own);
    assert_eq!(log(&committed, Event::NotificationUnknown).recipients, [address(PROTOCOLLO)]);
    assert!(heard(&committed).is_empty());
    silent(&state);
}

#[test]
fn an_unsigned_receipt_is_ordinary_mail() {
    let signed = delivery(&Gestore::due(), told(DUE), PROTOCOLLO);
    // What is signed, without its signature.
    let text = String::from_utf8(signed).unwrap();
    let forged = text.replacen("multipart/signed", "multipart/mixed", 1);
    let committed = Gestore::uno().receive(&accepted(), &[MARIO], forged.as_bytes());
    assert_eq!(
        lines(&committed),
        [format!("log arrived {MARIO}"), format!("log anomaly-issued {MARIO}"), format!("deliver anomalia {MARIO}")]
    );
    assert_eq!(&*log(&committed, Event::AnomalyIssued).provider, "");
    assert!(heard(&committed).is_empty());
}

#[test]
fn notifications_for_users_are_delivered_and_teach_nothing() {
    for name in ["accettazione", "non-accettazione", "preavviso-12h", "preavviso-24h"] {
        let message = read(&format!("valid/{name}.eml"));
        let state = accepted();
        let committed = Gestore::uno().receive(&state, &[MARIO], &message);
        let kind = data(&message).kind().as_wire();
        assert_eq!(
            lines(&committed),
            [format!("log arrived {MARIO}"), format!("log forwarded {MARIO}"), format!("deliver {kind} {MARIO}")]
        );
        assert!(heard(&committed).is_empty());
    }
}

#[test]
fn an_infected_notification_is_stored_and_unheard() {
    let (uno, mut state) = (Gestore::uno(), accepted());
    let message = delivery(&Gestore::due(), told(DUE), PROTOCOLLO);
    let committed = uno.receive_with(&state, &[MARIO], &message, VirusVerdict::Infected("EICAR"));
    assert_eq!(lines(&committed), [format!("log arrived {MARIO}"), format!("log virus-stored {MARIO}"), "store EICAR".into()]);
    state.apply(&committed.delta);
    silent(&state);
    assert_eq!(state.awaited().count(), 0);
    let again = uno.receive_with(&state, &[MARIO], &message, VirusVerdict::Infected("EICAR"));
    assert_eq!(lines(&again), [format!("log arrival-repeated {MARIO}")]);
}

#[test]
fn a_late_receipt_overtakes_the_final_notice() {
    let (uno, mut state) = (Gestore::uno(), accepted());
    let timed_out = json!([{ "heard": { "id": ID, "recipients": [PROTOCOLLO], "stage": "timed-out" } }]);
    state.apply(&serde_json::from_value(timed_out).unwrap());
    let committed = uno.receive(&state, &[SERVICE], &read("valid/rilevazione-virus.eml"));
    assert_eq!(messages(&committed, "errore-consegna").len(), 1);
    state.apply(&committed.delta);
    let Fate { stage, .. } = fate(&state, PROTOCOLLO);
    assert_eq!(stage, Stage::NotDelivered);
}

#[test]
fn a_receipt_for_further_mailboxes_is_delivered_to_these() {
    let (uno, mut state) = (Gestore::uno(), accepted());
    let message = delivery(&Gestore::due(), told(DUE), PROTOCOLLO);
    state.apply(&uno.receive(&state, &[MARIO], &message).delta);
    let committed = uno.receive(&state, &[MARIO, "anna@pec.gestoreuno.example"], &message);
    let delivered: Vec<_> = committed.outputs.iter().filter(|output| matches!(output, Output::Deliver { .. })).collect();
    assert_eq!(delivered.len(), 1, "{:?}", changes(&committed));
    assert_eq!(log(&committed, Event::ArrivalRepeated).recipients, [address(MARIO)]);
}
