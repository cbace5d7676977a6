//! The delivery point (RFC 6109 §2.2.3, §3.3).

use postacert::compose::{brief, relabel};
use postacert::provider::{Committed, MailboxOutcome, Output, ProviderError, State};
use postacert::{Address, Fault, Message, Notification, ReceiptKind, TransportEnvelope};
use serde_json::json;

use super::stored::{
    ENTROPY, OPERATOR, ORIGINAL, UNO, address, arrival, arrived, content, delivery_to, due, envelope, events, later, message_id, now,
    proven, received, records, settled, state,
};
use crate::support::composed::KEY;

const BRUNO: &str = "bruno@pec.gestoreuno.example";
const KINDS: [ReceiptKind; 3] = [ReceiptKind::Complete, ReceiptKind::Brief, ReceiptKind::Concise];

fn settle_for(mailbox: &str, state: &State, message: &[u8], outcome: MailboxOutcome<'_>) -> Result<Committed, ProviderError> {
    let point = OPERATOR.delivery_point();
    point.settle(state, &delivery_to(mailbox), message, outcome, &ENTROPY, later(60)).and_then(|pending| pending.sign_with(&*KEY))
}

fn settle(state: &State, message: &[u8], outcome: MailboxOutcome<'_>) -> Committed {
    settle_for(BRUNO, state, message, outcome).unwrap()
}

/// The one message that is sent: from, to, bytes.
#[track_caller]
fn sent(committed: &Committed) -> (&Address, &[Address], &[u8]) {
    let sent: Vec<_> = committed.outputs.iter().filter(|output| !matches!(output, Output::Log { .. })).collect();
    let [Output::Send { transaction, mail_from, rcpt_to, message }] = sent[..] else { panic!("{sent:?}") };
    assert_eq!(transaction.as_str(), "busta1@cert.duepostale.example");
    (mail_from, rcpt_to, message)
}

#[track_caller]
fn sends_nothing(committed: &Committed) {
    assert!(committed.outputs.iter().all(|output| matches!(output, Output::Log { .. })), "{committed:?}");
}

fn replying_to(facts: &TransportEnvelope, reply_to: &str) -> TransportEnvelope {
    TransportEnvelope::new(facts.transaction().clone().with_reply_to(reply_to).unwrap(), facts.receipt())
}

/// The original as the envelope carries it.
fn carried(facts: &TransportEnvelope, original: &[u8]) -> Vec<u8> {
    relabel(original, facts.transaction().id()).to_vec()
}

#[test]
fn s3_3_2_a_stored_envelope_gives_the_receipt_that_is_due() {
    for kind in KINDS {
        let facts = replying_to(&received(ReceiptKind::Complete), "altro@cert.duepostale.example");
        let original = [b"Reply-To: altro@cert.duepostale.example\r\n", ORIGINAL].concat();
        let raw = envelope(&facts, &original);
        let mut state = arrived(&facts, &raw, kind);
        let committed = settle(&state, &raw, MailboxOutcome::Stored);
        assert_eq!(events(&committed), ["delivered", "delivery-issued"]);

        let (mail_from, rcpt_to, receipt) = sent(&committed);
        assert_eq!(mail_from.as_str(), "posta-certificata@pec.gestoreuno.example");
        assert_eq!(rcpt_to, [address("elena@cert.duepostale.example")], "the reverse path, not Reply-To (§2.1)");
        let (Notification::Delivery(delivery), copy) = proven(receipt, later(60)) else { panic!("no delivery") };
        let told = delivery.transaction();
        assert_eq!((told.provider(), told.when()), (Some(UNO), later(60)), "one instant (§4.1)");
        let certified = facts.transaction();
        assert_eq!((told.id(), told.sender(), told.subject()), (certified.id(), certified.sender(), certified.subject()));
        assert_eq!((told.recipients(), told.message_id()), (certified.recipients(), certified.message_id()));
        assert_eq!((delivery.recipient().as_str(), delivery.receipt()), (BRUNO, kind));
        let carried = carried(&facts, &original);
        let due = match kind {
            ReceiptKind::Complete => Some(carried),
            ReceiptKind::Brief => Some(brief(&carried).unwrap().into_bytes().into_owned()),
            ReceiptKind::Concise => None,
        };
        assert_eq!(copy, due, "{kind}");

        // The log (§2.3).
        let logs = records(&committed);
        for record in &logs {
            assert_eq!((record.id.as_str(), &*record.sender), ("busta1@cert.duepostale.example", "elena@cert.duepostale.example"));
            assert_eq!((&*record.subject, &*record.provider), ("Offerta", "Servizi Postali Due S.r.l."));
            assert_eq!((&record.recipients[..], record.when), (&[address(BRUNO)][..], later(60)));
        }
        assert_eq!(logs[1].related, [message_id(receipt).into()]);
        assert_eq!(&*logs[1].note, kind.as_wire());

        assert_eq!(settled(&committed.delta), [&delivery_to(BRUNO)]);
        assert_eq!(state.awaited().collect::<Vec<_>>(), [delivery_to(BRUNO)]);
        state.apply(&committed.delta);
        assert_eq!(state.awaited().count(), 0);
    }
}

#[test]
fn s3_3_2_an_outcome_told_again_changes_nothing() {
    let facts = received(ReceiptKind::Complete);
    let raw = envelope(&facts, ORIGINAL);
    let mut state = arrived(&facts, &raw, ReceiptKind::Complete);
    let first = settle(&state, &raw, MailboxOutcome::Stored);
    assert_eq!(first, settle(&state, &raw, MailboxOutcome::Stored), "after a crash the same entropy gives the same bytes");
    state.apply(&first.delta);
    for outcome in [MailboxOutcome::Stored, MailboxOutcome::NoSuchMailbox, MailboxOutcome::Failed("tardi")] {
        let again = settle(&state, &raw, outcome);
        sends_nothing(&again);
        assert_eq!(events(&again), ["delivery-repeated"]);
        assert!(again.delta.is_empty());
    }
}

#[test]
fn s3_3_3_a_failure_gives_a_notice_of_non_delivery() {
    let facts = received(ReceiptKind::Complete);
    let raw = envelope(&facts, ORIGINAL);
    let state = arrived(&facts, &raw, ReceiptKind::Complete);
    let long = "é".repeat(5_000);
    let before = format!("5.3.0 - {UNO} - ");
    let cut = format!("{before}{}...", "é".repeat(997 - before.len()));
    let table = [
        (MailboxOutcome::NoSuchMailbox, Fault::NoRecipient, "5.1.1 - Gestore Uno PEC S.p.A. - indirizzo non valido"),
        (MailboxOutcome::Full, Fault::Other, "5.2.2 - Gestore Uno PEC S.p.A. - casella piena"),
        (MailboxOutcome::Disabled, Fault::Other, "5.2.1 - Gestore Uno PEC S.p.A. - casella disabilitata"),
        (MailboxOutcome::Failed("disco \"rotto\" & <altro>"), Fault::Other, "5.3.0 - Gestore Uno PEC S.p.A. - disco \"rotto\" & <altro>"),
        (MailboxOutcome::Failed("\0a\r\nBcc: b\u{ffff}\t"), Fault::Other, "5.3.0 - Gestore Uno PEC S.p.A. -  a  Bcc: b"),
        (MailboxOutcome::Failed(&long), Fault::Other, &cut),
        (MailboxOutcome::Failed(""), Fault::Other, "5.3.0 - Gestore Uno PEC S.p.A. - errore di consegna"),
        (MailboxOutcome::Failed("\0 \n"), Fault::Other, "5.3.0 - Gestore Uno PEC S.p.A. - errore di consegna"),
    ];
    for (outcome, fault, text) in table {
        let committed = settle(&state, &raw, outcome);
        assert_eq!(events(&committed), ["not-delivered", "non-delivery-issued"]);
        assert!(records(&committed).iter().all(|record| &*record.note == text), "{committed:?}");
        let (mail_from, rcpt_to, notice) = sent(&committed);
        assert_eq!((mail_from, rcpt_to), (OPERATOR.identity().address(), &[address("elena@cert.duepostale.example")][..]));
        let (Notification::NonDelivery(facts), None) = proven(notice, later(60)) else { panic!("{outcome:?}") };
        assert_eq!((facts.recipient().as_str(), facts.fault()), (BRUNO, fault));
        assert_eq!(facts.reason().unwrap().raw(), text);
        assert_eq!(facts.transaction().when(), later(60));
        assert_eq!(settled(&committed.delta), [&delivery_to(BRUNO)]);
    }
}

#[test]
fn s2_2_3_nothing_but_an_envelope_gives_a_receipt() {
    let facts = received(ReceiptKind::Complete);
    let raw = envelope(&facts, ORIGINAL);
    let other = json!({"other": {"transaction": "log1@pec.gestoreuno.example"}});
    let states = [
        ("a notification, an anomaly", state(vec![arrival(&other, &[(BRUNO, json!("nothing"))])])),
        ("even if a receipt were noted", state(vec![arrival(&other, &[(BRUNO, due(BRUNO, ReceiptKind::Complete))])])),
        ("an envelope of which nothing is due", state(vec![arrival(&content(&facts, &raw), &[(BRUNO, json!("nothing"))])])),
        ("an external recipient", {
            let external = due("dario@pec.gestoreuno.example", ReceiptKind::Complete);
            state(vec![arrival(&content(&facts, &raw), &[(BRUNO, external)])])
        }),
        ("no recipient of the envelope", {
            let stranger = due("franco@pec.gestoreuno.example", ReceiptKind::Complete);
            state(vec![arrival(&content(&facts, &raw), &[(BRUNO, stranger)])])
        }),
    ];
    for (what, state) in states {
        for (outcome, event) in [(MailboxOutcome::Stored, "delivered"), (MailboxOutcome::NoSuchMailbox, "not-delivered")] {
            // Nothing is certified of these bytes, so they do not matter.
            let committed = settle(&state, b"whatever", outcome);
            sends_nothing(&committed);
            assert_eq!((events(&committed), settled(&committed.delta)), (vec![event], vec![&delivery_to(BRUNO)]), "{what}");
        }
    }
}

#[test]
fn s3_3_1_what_is_not_known_cannot_be_settled() {
    let facts = received(ReceiptKind::Complete);
    let raw = envelope(&facts, ORIGINAL);
    let known = arrived(&facts, &raw, ReceiptKind::Complete);
    let infected = json!({"infected": {"facts": facts, "service_mailbox": "ricezione@cert.duepostale.example", "virus": "W32/Prova"}});
    let infected = state(vec![arrival(&infected, &[(BRUNO, json!({"virus-detection": {"recipient": BRUNO}}))])]);
    for (mailbox, state) in [(BRUNO, &State::new()), ("carla@pec.studio.gestoreuno.example", &known), (BRUNO, &infected)] {
        let refused = settle_for(mailbox, state, &raw, MailboxOutcome::Stored);
        assert_eq!(refused, Err(ProviderError::UnknownDelivery { delivery: delivery_to(mailbox) }));
    }

    // A receipt is for the bytes that were verified, and no others.
    let tampered = [&raw[..], b"\r\n"].concat();
    for outcome in [MailboxOutcome::Stored, MailboxOutcome::Full] {
        let refused = settle_for(BRUNO, &known, &tampered, outcome);
        assert_eq!(refused, Err(ProviderError::OtherMessage { delivery: delivery_to(BRUNO) }));
    }
}

#[test]
fn s3_3_2_1_a_carried_message_in_base64_is_copied_as_its_sender_wrote_it() {
    let original = [ORIGINAL, b"8 bit: \xe0\xe8\x00\n"].concat();
    for kind in KINDS {
        let facts = received(kind);
        let raw = envelope(&facts, &original);
        let committed = settle(&arrived(&facts, &raw, kind), &raw, MailboxOutcome::Stored);
        let (_, copy) = proven(sent(&committed).2, later(60));
        let carried = carried(&facts, &original);
        match kind {
            ReceiptKind::Complete => assert_eq!(copy.unwrap(), carried),
            ReceiptKind::Brief => assert_eq!(copy.unwrap(), *brief(&carried).unwrap().bytes()),
            ReceiptKind::Concise => assert_eq!(copy, None),
        }
    }
}

#[test]
fn r16_an_envelope_kept_with_lf_gives_the_original_that_travelled() {
    let facts = received(ReceiptKind::Complete);
    let mut raw = envelope(&facts, ORIGINAL);
    raw.retain(|byte| *byte != b'\r');
    let committed = settle(&arrived(&facts, &raw, ReceiptKind::Complete), &raw, MailboxOutcome::Stored);
    assert_eq!(proven(sent(&committed).2, later(60)).1.unwrap(), carried(&facts, ORIGINAL));
}

#[test]
fn r34_an_envelope_without_an_original_gives_a_concise_receipt() {
    for kind in KINDS {
        let facts = received(kind);
        // Verified it is, says the state.
        let raw =
            String::from_utf8(envelope(&facts, ORIGINAL)).unwrap().replace("message/rfc822", "image/png").replace("postacert.eml", "logo");
        assert!(Message::parse(raw.as_bytes()).unwrap().unverified_content().unwrap().original().is_none());
        let committed = settle(&arrived(&facts, raw.as_bytes(), kind), raw.as_bytes(), MailboxOutcome::Stored);
        let (Notification::Delivery(delivery), None) = proven(sent(&committed).2, later(60)) else { panic!("{kind}") };
        assert_eq!(delivery.receipt(), ReceiptKind::Concise);
        assert_eq!(&*records(&committed)[1].note, "sintetica");
    }
}

#[test]
fn s3_3_2_2_what_cannot_be_made_brief_is_complete() {
    let facts = received(ReceiptKind::Brief);
    let field = format!("X-Lungo: {}\r\n", "a".repeat(900));
    let original = [field.repeat(3_000).as_bytes(), ORIGINAL].concat();
    assert!(brief(&original).is_err());
    let raw = envelope(&facts, &original);
    let committed = settle(&arrived(&facts, &raw, ReceiptKind::Brief), &raw, MailboxOutcome::Stored);
    let (Notification::Delivery(delivery), Some(copy)) = proven(sent(&committed).2, later(60)) else { panic!() };
    assert_eq!((delivery.receipt(), copy), (ReceiptKind::Complete, carried(&facts, &original)));
}

#[test]
fn s5_1_a_receipt_can_be_signed_elsewhere() {
    let facts = received(ReceiptKind::Complete);
    let raw = envelope(&facts, ORIGINAL);
    let state = arrived(&facts, &raw, ReceiptKind::Complete);
    let settle = || {
        let point = OPERATOR.delivery_point();
        point.settle(&state, &delivery_to(BRUNO), &raw, MailboxOutcome::Stored, &ENTROPY, now()).unwrap()
    };
    use postacert::compose::Signer as _;
    let signatures: Vec<_> = settle().to_sign().map(|request| KEY.sign(&request).unwrap()).collect();
    assert_eq!(signatures.len(), 1);
    assert_eq!(settle().finish(&signatures), settle().sign_with(&*KEY));
    assert_eq!(settle().finish(&[]), Err(ProviderError::Signatures { given: 0, wanted: 1 }));
    assert!(matches!(settle().finish(&[vec![0; 256]]), Err(ProviderError::Compose { .. })));
}

#[test]
fn s3_3_2_ten_thousand_recipients_can_be_settled() {
    let facts = received(ReceiptKind::Concise);
    let raw = envelope(&facts, ORIGINAL);
    let mailboxes: Vec<String> = (0..10_000).map(|n| format!("u{n}@pec.gestoreuno.example")).collect();
    let due: Vec<_> = mailboxes.iter().map(|mailbox| (mailbox.as_str(), due(BRUNO, ReceiptKind::Concise))).collect();
    let mut state = state(vec![arrival(&content(&facts, &raw), &due)]);
    let point = OPERATOR.delivery_point();
    for (n, mailbox) in mailboxes.iter().enumerate() {
        let entropy = ENTROPY.derive("settle", n as u64);
        let pending = point.settle(&state, &delivery_to(mailbox), &raw, MailboxOutcome::Stored, &entropy, now()).unwrap();
        assert_eq!(pending.to_sign().len(), 1);
        // The signatures are not what this is about.
        state.apply(&serde_json::from_value(json!([{"settled": {"delivery": delivery_to(mailbox)}}])).unwrap());
    }
    assert_eq!(state.awaited().count(), 0);
}
