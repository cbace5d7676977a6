//! Transport envelopes (RFC 6109 §2.2.2, §3.2.1, §3.2.3).

use std::sync::Arc;
use std::time::{Duration, Instant};

use postacert::compose::{Draft, Entropy};
use postacert::provider::{Event, MailboxOutcome, Output, State, VirusVerdict};
use postacert::{Directory, Message, ReceiptKind, VerificationTime, Verifier};
use serde_json::{Value, json};

use super::{DUE, Gestore, ID, MARIO, PROTOCOLLO, SINDACO, UNO, address, data, due, lines, log, messages, now, records, with_field};
use crate::fixtures::{certificates, read};

const SERVICE: &str = "ricezione@pec.gestoreuno.example";
const FROM_DUE: &str = "posta-certificata@cert.duepostale.example";
const ORIGINAL: &[u8] = b"From: mario.rossi@pec.gestoreuno.example\r\nTo: protocollo@cert.duepostale.example\r\n\
    Cc: sindaco@comune.duepostale.example\r\nSubject: x\r\n\r\nciao\r\n";

fn envelope() -> Vec<u8> {
    read("valid/posta-certificata-completa.eml")
}

fn receipt(recipient: &str, kind: &str) -> Value {
    json!({ "receipt": { "recipient": recipient, "kind": kind } })
}

fn awaited(mailbox: &str, due: Value) -> (String, Value, String) {
    (mailbox.into(), due, "awaited".into())
}

fn over(mailbox: &str) -> (String, Value, String) {
    (mailbox.into(), json!("nothing"), "settled".into())
}

#[test]
fn s2_2_2_an_envelope_is_taken_in_charge_and_handed_on_unmodified() {
    let message = envelope();
    let committed = Gestore::due().receive(&State::new(), &[PROTOCOLLO, SINDACO], &message);
    let both = format!("{PROTOCOLLO} {SINDACO}");
    let expected = [
        format!("log arrived {both}"),
        format!("log taken-in-charge-issued {both}"),
        format!("send presa-in-carico {FROM_DUE} {SERVICE}"),
        format!("log forwarded {both}"),
        format!("deliver posta-certificata {PROTOCOLLO}"),
        format!("deliver posta-certificata {SINDACO}"),
    ];
    assert_eq!(lines(&committed), expected);
    assert_eq!(committed.transaction.as_str(), ID);
    assert!(messages(&committed, "posta-certificata").iter().all(|delivered| *delivered == message));
    let kinds = [awaited(PROTOCOLLO, receipt(PROTOCOLLO, "completa")), awaited(SINDACO, receipt(SINDACO, "completa"))];
    assert_eq!(due(&committed), kinds);
}

#[test]
fn s3_2_1_one_notification_is_for_all_recipients_here() {
    let committed = Gestore::due().receive(
        &State::new(),
        &["SINDACO@Comune.Duepostale.example", PROTOCOLLO, "Protocollo@cert.duepostale.example"],
        &envelope(),
    );
    let [taken] = messages(&committed, "presa-in-carico")[..] else { panic!("{:?}", lines(&committed)) };
    let facts = data(taken);
    let received: Vec<&str> = facts.received_for().iter().map(|address| address.text()).collect();
    assert_eq!(received, [SINDACO, PROTOCOLLO], "as the envelope spells them, each once");
    assert_eq!((facts.provider(), facts.when(), facts.id().text()), (Some(DUE), now(), ID));
    assert_eq!(facts.recipients().len(), 3, "all recipients of the message");
    assert_eq!(messages(&committed, "posta-certificata").len(), 2);
}

#[test]
fn an_external_recipient_gets_the_envelope_and_no_receipt_is_due() {
    let (uno, due_) = (Gestore::uno(), Gestore::due());
    let external = "info@cert.duepostale.example";
    let committed = due_.receive(&State::new(), &[external], &uno.envelope(&["?info@cert.duepostale.example"], ORIGINAL));
    let expected =
        [format!("log arrived {external}"), format!("log forwarded {external}"), format!("deliver posta-certificata {external}")];
    assert_eq!(lines(&committed), expected);
    assert_eq!(due(&committed), [awaited(external, json!("nothing"))]);
    // Named in both ways it is certified.
    let twice = uno.envelope(&["?info@cert.duepostale.example", "INFO@cert.duepostale.example"], ORIGINAL);
    let committed = due_.receive(&State::new(), &[external], &twice);
    assert_eq!(due(&committed), [awaited(external, receipt("INFO@cert.duepostale.example", "completa"))]);
}

#[test]
fn an_envelope_sent_on_to_a_stranger_gives_no_receipt() {
    let stranger = "altro@cert.duepostale.example";
    let committed = Gestore::due().receive(&State::new(), &[stranger], &envelope());
    let expected = [format!("log arrived {stranger}"), format!("log anomaly-issued {stranger}"), format!("deliver anomalia {stranger}")];
    assert_eq!(lines(&committed), expected);
    assert_eq!(due(&committed), [awaited(stranger, json!("nothing"))]);
    assert!(log(&committed, Event::AnomalyIssued).note.contains("non è fra quelli"));

    // Beside one whom it names, each gets his own.
    let committed = Gestore::due().receive(&State::new(), &[stranger, PROTOCOLLO], &envelope());
    assert_eq!(messages(&committed, "posta-certificata").len(), 1);
    assert_eq!(messages(&committed, "anomalia").len(), 1);
    let facts = data(messages(&committed, "presa-in-carico")[0]);
    assert_eq!(facts.received_for().len(), 1);
    assert_eq!(due(&committed), [awaited(PROTOCOLLO, receipt(PROTOCOLLO, "completa")), awaited(stranger, json!("nothing"))]);
}

#[test]
fn s3_3_2_1_who_is_in_copy_gives_a_concise_receipt_as_the_signed_original_has_it() {
    let message = Gestore::uno().envelope(&[PROTOCOLLO, SINDACO], ORIGINAL);
    let kinds = [awaited(PROTOCOLLO, receipt(PROTOCOLLO, "completa")), awaited(SINDACO, receipt(SINDACO, "sintetica"))];
    assert_eq!(due(&Gestore::due().receive(&State::new(), &[PROTOCOLLO, SINDACO], &message)), kinds);
    // The outer header is nobody's word.
    let text = String::from_utf8(message).unwrap();
    let forged = text.replacen(
        "To: protocollo@cert.duepostale.example\r\nCc: sindaco@comune",
        "Cc: protocollo@cert.duepostale.example\r\nTo: sindaco@comune",
        1,
    );
    assert_ne!(text, forged);
    assert_eq!(due(&Gestore::due().receive(&State::new(), &[PROTOCOLLO, SINDACO], forged.as_bytes())), kinds);
}

#[test]
fn s3_2_3_an_infected_envelope_is_stored_and_each_recipient_told_of() {
    let message = envelope();
    let virus = VirusVerdict::Infected("W32/Finto\r\n.B");
    let committed = Gestore::due().receive_with(&State::new(), &[PROTOCOLLO, SINDACO], &message, virus);
    let both = format!("{PROTOCOLLO} {SINDACO}");
    let expected = [
        format!("log arrived {both}"),
        format!("log taken-in-charge-issued {both}"),
        format!("send presa-in-carico {FROM_DUE} {SERVICE}"),
        format!("log virus-stored {both}"),
        "store W32/Finto\r\n.B".into(),
        format!("log virus-detection-issued {PROTOCOLLO}"),
        format!("send rilevazione-virus {FROM_DUE} {SERVICE}"),
        format!("log virus-detection-issued {SINDACO}"),
        format!("send rilevazione-virus {FROM_DUE} {SERVICE}"),
    ];
    assert_eq!(lines(&committed), expected);
    let facts: Vec<_> = messages(&committed, "rilevazione-virus").into_iter().map(data).collect();
    let told: Vec<&str> = facts.iter().map(|facts| facts.recipient().unwrap().text()).collect();
    assert_eq!(told, [PROTOCOLLO, SINDACO]);
    let reason = facts[0].extended_error().unwrap();
    assert_eq!(reason.provider(), Some(DUE));
    assert!(reason.raw().contains("W32/Finto") && !reason.raw().contains('\n'), "{reason}");
    let stored = committed.outputs.iter().find_map(|output| match output {
        Output::Store { message, keep_until, .. } => Some((&**message, *keep_until)),
        _ => None,
    });
    assert_eq!(stored, Some((&message[..], now().instant().checked_add_secs(915 * 86_400).unwrap())));
    let mut state = State::new();
    state.apply(&committed.delta);
    assert_eq!(state.awaited().count(), 0, "nothing is owed, nothing is under way");
}

#[test]
fn of_the_virus_detections_so_many_are_written_at_once_and_the_others_are_owed() {
    let due_ = Gestore::due().with(|settings| settings.batch = 1);
    let committed = due_.receive_with(&State::new(), &[SINDACO, PROTOCOLLO], &envelope(), VirusVerdict::Infected("EICAR"));
    assert_eq!(messages(&committed, "rilevazione-virus").len(), 1);
    assert_eq!(messages(&committed, "presa-in-carico").len(), 1);
    let mut state = State::new();
    state.apply(&committed.delta);
    let owed: Vec<_> = state.awaited().map(|delivery| delivery.mailbox).collect();
    assert_eq!(owed, [address(SINDACO)]);
}

#[test]
fn an_infected_envelope_for_strangers_or_external_recipients_is_stored() {
    let external = Gestore::uno().envelope(&["?info@cert.duepostale.example"], ORIGINAL);
    let cases: [(&str, Vec<u8>); 2] = [("altro@cert.duepostale.example", envelope()), ("info@cert.duepostale.example", external)];
    for (to, message) in cases {
        let due_ = Gestore::due();
        let committed = due_.receive_with(&State::new(), &[to], &message, VirusVerdict::Infected("EICAR"));
        assert_eq!(lines(&committed), [format!("log arrived {to}"), format!("log virus-stored {to}"), "store EICAR".into()]);
        assert_eq!(due(&committed), [over(to)]);
        let mut state = State::new();
        state.apply(&committed.delta);
        let again = due_.receive_with(&state, &[to], &message, VirusVerdict::Infected("EICAR"));
        assert_eq!(lines(&again), [format!("log arrival-repeated {to}")]);
    }
}

#[test]
fn the_same_envelope_again_does_nothing() {
    let (due_, message) = (Gestore::due(), envelope());
    for virus in [VirusVerdict::Clean, VirusVerdict::Infected("EICAR")] {
        let mut state = State::new();
        let to = [PROTOCOLLO, "altro@cert.duepostale.example"];
        state.apply(&due_.receive_with(&state, &to, &message, virus).delta);
        let again = due_.receive_with(&state, &["PROTOCOLLO@cert.duepostale.example", to[1]], &message, virus);
        assert_eq!(lines(&again), ["log arrival-repeated PROTOCOLLO@cert.duepostale.example altro@cert.duepostale.example"]);
        assert!(again.delta.is_empty());
        // Nor with something else around the signed bytes.
        let again = due_.receive_with(&state, &[PROTOCOLLO], &with_field(&message, "Received: by altro.example"), virus);
        assert_eq!(lines(&again), [format!("log arrival-repeated {PROTOCOLLO}")]);
    }
}

#[test]
fn the_same_envelope_for_further_recipients_is_handled_for_these() {
    let (due_, message) = (Gestore::due(), envelope());
    let (clean, infected) = (VirusVerdict::Clean, VirusVerdict::Infected("EICAR"));
    for (first, second, around) in
        [(clean, clean, ""), (clean, clean, "X"), (clean, infected, "X"), (infected, clean, ""), (infected, infected, "X")]
    {
        let mut state = State::new();
        state.apply(&due_.receive_with(&state, &[PROTOCOLLO], &message, first).delta);
        let on_its_way = if around.is_empty() { message.clone() } else { with_field(&message, "Received: by altro.example") };
        let committed = due_.receive_with(&state, &[PROTOCOLLO, SINDACO], &on_its_way, second);
        let facts = data(messages(&committed, "presa-in-carico")[0]);
        let received: Vec<&str> = facts.received_for().iter().map(|address| address.text()).collect();
        assert_eq!(received, [SINDACO]);
        assert_eq!(log(&committed, Event::ArrivalRepeated).recipients, [address(PROTOCOLLO)]);
        state.apply(&committed.delta);
        // The delivery that is given out is the one that is awaited, and the message that is remembered is the one given out.
        let delivery = committed.outputs.iter().find_map(|output| match output {
            Output::Deliver { delivery, message, .. } => Some((delivery.clone(), &**message)),
            _ => None,
        });
        let detections = messages(&committed, "rilevazione-virus").len();
        match (second, delivery) {
            (VirusVerdict::Clean, Some((delivery, delivered))) => {
                assert_eq!((delivered, detections, &delivery.mailbox), (&on_its_way[..], 0, &address(SINDACO)));
                assert!(state.awaited().any(|awaited| awaited == delivery));
                let remembered = serde_json::to_value(&state).unwrap();
                let mut arrivals = remembered.as_array().unwrap().iter().filter_map(|change| change.get("arrived"));
                let arrived = arrivals.find(|arrived| arrived["message"] == json!(delivery.arrival)).unwrap();
                let sha256: String = Message::parse(delivered).unwrap().sha256().iter().map(|byte| format!("{byte:02x}")).collect();
                assert_eq!(arrived["arrival"]["content"]["envelope"]["message"], json!(sha256));
                assert_eq!(arrived["arrival"]["mailboxes"][SINDACO]["due"], receipt(SINDACO, "completa"));
            }
            (VirusVerdict::Infected(_), None) => assert_eq!(detections, 1),
            other => panic!("{other:?}"),
        }
        // A third time, whatever stands around it and whatever is found, it is known for both.
        for message in [&message, &on_its_way, &with_field(&message, "Received: by terzo.example")] {
            for virus in [clean, infected] {
                let again = due_.receive_with(&state, &[PROTOCOLLO, SINDACO], message, virus);
                assert_eq!(lines(&again), [format!("log arrival-repeated {PROTOCOLLO} {SINDACO}")]);
            }
        }
    }
}

#[test]
fn r34_an_envelope_without_the_original_is_certified_and_its_receipt_concise() {
    let (due_, message) = (Gestore::due(), read("hostile/forma-senza-originale.eml"));
    let committed = due_.receive(&State::new(), &[PROTOCOLLO], &message);
    let expected = [
        format!("log arrived {PROTOCOLLO}"),
        format!("log taken-in-charge-issued {PROTOCOLLO}"),
        format!("send presa-in-carico {FROM_DUE} {SERVICE}"),
        format!("log forwarded {PROTOCOLLO}"),
        format!("deliver posta-certificata {PROTOCOLLO}"),
    ];
    assert_eq!(lines(&committed), expected);
    assert_eq!(due(&committed), [awaited(PROTOCOLLO, receipt(PROTOCOLLO, "sintetica"))]);

    let mut state = State::new();
    state.apply(&committed.delta);
    let delivery = state.awaited().next().unwrap();
    let point = due_.operator.delivery_point();
    let settled = point.settle(&state, &delivery, &message, MailboxOutcome::Stored, &Entropy::new([8; 32]), now()).unwrap();
    let settled = settled.sign_with(&*due_.key).unwrap();
    assert_eq!(data(messages(&settled, "avvenuta-consegna")[0]).receipt().and_then(|kind| kind.value()), Some(&ReceiptKind::Concise));
}

#[test]
fn s3_2_1_a_service_mailbox_is_told_of_no_mail_of_its_own() {
    let (uno, due_) = (Gestore::uno(), Gestore::due());
    // Within one provider, to its own service mailbox: the others are told of.
    let (anna, original) = ("anna@pec.gestoreuno.example", ORIGINAL);
    let committed = uno.receive(&State::new(), &[anna, SERVICE], &uno.envelope(&[anna, SERVICE], original));
    let facts = data(messages(&committed, "presa-in-carico")[0]);
    assert_eq!(facts.received_for().iter().map(|to| to.text()).collect::<Vec<_>>(), [anna]);
    assert_eq!(due(&committed), [awaited(anna, receipt(anna, "completa")), awaited(SERVICE, receipt(SERVICE, "completa"))]);
    let committed = uno.receive(&State::new(), &[SERVICE], &uno.envelope(&[SERVICE], original));
    assert_eq!((messages(&committed, "presa-in-carico").len(), messages(&committed, "posta-certificata").len()), (0, 1));

    // From a service mailbox: the receipt will tell.
    let original = String::from_utf8(ORIGINAL.to_vec()).unwrap().replace(MARIO, SERVICE);
    let facts = uno.facts_of(original.as_bytes(), SERVICE, &[PROTOCOLLO]);
    let draft = Draft::transport_envelope(uno.identity(), &facts, original.as_bytes(), &Entropy::new([1; 32])).unwrap();
    let committed = due_.receive(&State::new(), &[PROTOCOLLO], &uno.sign(draft));
    let expected =
        [format!("log arrived {PROTOCOLLO}"), format!("log forwarded {PROTOCOLLO}"), format!("deliver posta-certificata {PROTOCOLLO}")];
    assert_eq!(lines(&committed), expected);
    assert!(!log(&committed, Event::Arrived).note.is_empty());
    assert_eq!(due(&committed), [awaited(PROTOCOLLO, receipt(PROTOCOLLO, "completa"))]);
}

#[test]
fn s3_2_1_what_is_too_long_for_one_presa_in_carico_is_told_in_several() {
    let long = |n: usize| format!("{n:0>63}@{}.cert.duepostale.example", [&*"l".repeat(61); 2].join("."));
    let (uno, due_) = (Gestore::uno(), with_domain(&long(0)));
    let to: Vec<String> = (0..10_000).map(long).collect();
    let to: Vec<&str> = to.iter().map(String::as_str).collect();
    let committed = due_.receive(&State::new(), &to, &uno.envelope(&to, ORIGINAL));
    let sent = committed.outputs.iter().filter_map(|output| match output {
        Output::Send { message, .. } => Some(&message[..]),
        _ => None,
    });
    let taken: Vec<_> = sent.collect();
    assert!((2..=8).contains(&taken.len()), "{}", taken.len());
    let received_for = |raw: &&[u8]| -> Vec<_> {
        let message = Message::parse(raw).unwrap();
        let report = due_.operator.verifier().verify(&message, VerificationTime::now(now().instant()));
        report.verified().unwrap().value().data().unwrap().received_for().to_vec()
    };
    let told: Vec<_> = taken.iter().flat_map(received_for).collect();
    assert!(told.iter().map(|to| to.text()).eq(to.iter().copied()));
    let logged: Vec<_> = records(&committed).into_iter().filter(|record| record.event == Event::TakenInChargeIssued).collect();
    assert!(logged.iter().all(|record| record.related.len() == 1));
    assert_eq!(logged.iter().map(|record| record.recipients.len()).sum::<usize>(), to.len());
    assert_eq!(committed.outputs.iter().filter(|output| matches!(output, Output::Deliver { .. })).count(), to.len());
}

/// A provider that manages the domain of this address too.
fn with_domain(address: &str) -> Gestore {
    let domain = address.split_once('@').unwrap().1;
    due_with("managedDomains: cert.duepostale.example\n", &format!("managedDomains: cert.duepostale.example\nmanagedDomains: {domain}\n"))
}

/// An envelope from the internal environment, signed by this certificate of its provider.
fn from_internal(pki: &str) -> Vec<u8> {
    let gestore = Gestore::of(UNO, pki);
    let internal = "capo@interna.gestoreuno.example";
    let original = String::from_utf8(ORIGINAL.to_vec()).unwrap().replace(MARIO, internal);
    let facts = gestore.facts_of(original.as_bytes(), internal, &[PROTOCOLLO]);
    let draft = Draft::transport_envelope(gestore.identity(), &facts, original.as_bytes(), &Entropy::new([1; 32])).unwrap();
    gestore.sign(draft)
}

#[test]
fn another_environment_is_told_at_its_own_mailbox() {
    // Under a certificate of its own, or under one that it shares with the main environment (RFC 6109 §4.5.10).
    let ldif = String::from_utf8(read("directory/directory.ldif")).unwrap();
    let (start, end) = (ldif.find("providerCertificateHash").unwrap(), ldif.find("mailReceipt").unwrap());
    let unit = "providerUnit: Ambiente Secondario\n";
    let shared = due_with(unit, &format!("{unit}{}", &ldif[start..end]));
    for (due_, pki) in [(Gestore::due(), "uno-secondary"), (shared, "uno")] {
        let message = from_internal(pki);
        let committed = due_.receive(&State::new(), &[PROTOCOLLO], &message);
        let sent = messages(&committed, "presa-in-carico").len();
        let to = committed.outputs.iter().find_map(|output| match output {
            Output::Send { rcpt_to, .. } => Some(rcpt_to[0].as_str()),
            _ => None,
        });
        assert_eq!((sent, to), (1, Some("ricezione@interna.gestoreuno.example")), "{pki}");
    }
}

/// A provider whose directory has this in place of that.
fn due_with(this: &str, that: &str) -> Gestore {
    let ldif = String::from_utf8(read("directory/directory.ldif")).unwrap();
    assert!(ldif.contains(this), "{this}");
    let directory = Directory::from_ldif(ldif.replacen(this, that, 1).as_bytes()).unwrap();
    let anchored = Verifier::builder().anchors(certificates("pki/root.pem")).intermediates(certificates("pki/issuing.pem"));
    Gestore::under(DUE, "due", Arc::new(anchored.directory(directory).build().unwrap()))
}

#[test]
fn a_provider_without_service_mailbox_is_not_told_and_its_mail_goes_on() {
    let due_ = due_with("mailReceipt: ricezione@pec.gestoreuno.example\n", "");
    let committed = due_.receive(&State::new(), &[PROTOCOLLO], &envelope());
    let expected =
        [format!("log arrived {PROTOCOLLO}"), format!("log forwarded {PROTOCOLLO}"), format!("deliver posta-certificata {PROTOCOLLO}")];
    assert_eq!(lines(&committed), expected);
    assert_eq!(due(&committed), [awaited(PROTOCOLLO, receipt(PROTOCOLLO, "completa"))]);
    assert!(log(&committed, Event::Arrived).note.contains("casella di servizio"));
    let committed = due_.receive_with(&State::new(), &[PROTOCOLLO], &envelope(), VirusVerdict::Infected("EICAR"));
    assert_eq!(lines(&committed), [format!("log arrived {PROTOCOLLO}"), format!("log virus-stored {PROTOCOLLO}"), "store EICAR".into()]);
    assert_eq!(due(&committed), [over(PROTOCOLLO)]);
}

#[test]
fn r19_no_receipt_is_due_in_a_domain_that_the_directory_does_not_give() {
    // The service mailbox may be elsewhere: mail for it is taken, and nobody would believe a receipt.
    let service = "ricezione@servizio.example";
    let due_ = due_with("mailReceipt: ricezione@cert.duepostale.example", "mailReceipt: ricezione@servizio.example");
    let committed = due_.receive(&State::new(), &[service], &Gestore::uno().envelope(&[service], ORIGINAL));
    assert_eq!(lines(&committed)[2], format!("deliver posta-certificata {service}"));
    assert_eq!(due(&committed), [awaited(service, json!("nothing"))]);
}

#[test]
fn s3_4_an_envelope_of_ones_own_users_is_handled_alike() {
    let uno = Gestore::uno();
    let to = "anna@pec.gestoreuno.example";
    let committed = uno.receive(&State::new(), &[to], &uno.envelope(&[to], ORIGINAL));
    let sent = format!("send presa-in-carico posta-certificata@pec.gestoreuno.example {SERVICE}");
    assert!(lines(&committed).contains(&sent), "{:?}", lines(&committed));
    assert_eq!(due(&committed), [awaited(to, receipt(to, "completa"))]);
}

#[test]
fn ten_thousand_recipients_are_handled_at_once() {
    let to: Vec<String> = (0..10_000).map(|n| format!("utente{n}@cert.duepostale.example")).collect();
    let to: Vec<&str> = to.iter().map(String::as_str).collect();
    let message = Gestore::uno().envelope(&to, ORIGINAL);
    let due_ = Gestore::due().with(|settings| settings.batch = 3);
    for virus in [VirusVerdict::Clean, VirusVerdict::Infected("EICAR")] {
        let start = Instant::now();
        let committed = due_.receive_with(&State::new(), &to, &message, virus);
        let mut state = State::new();
        state.apply(&committed.delta);
        assert!(start.elapsed() < Duration::from_secs(30), "{:?}", start.elapsed());
        let (delivered, owed) = match virus {
            VirusVerdict::Clean => (10_000, 10_000),
            _ => (0, 9_997),
        };
        assert_eq!(committed.outputs.iter().filter(|output| matches!(output, Output::Deliver { .. })).count(), delivered);
        assert_eq!(state.awaited().count(), owed);
    }
}
