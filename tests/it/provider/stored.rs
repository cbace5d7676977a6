//! States as a caller reads them back from its store: whatever has happened before, without making it happen.

use std::sync::LazyLock;

use postacert::compose::{Draft, Entropy};
use postacert::provider::{Change, Committed, DeliveryId, Delta, Operator, State};
use postacert::{
    Message, Notification, Outcome, PecId, ReceiptKind, Recipient, RecipientKind, Timestamp, Transaction, TransportEnvelope, UnixTime,
    VerificationTime,
};
use serde_json::{Value, json};

pub(crate) use super::setup::{DUE, GESTORE_DUE, GESTORE_UNO, UNO, VERIFIER, address, later, now, records};

pub(crate) const ENTROPY: Entropy = Entropy::new([7; 32]);
pub(crate) static OPERATOR: LazyLock<Operator> = LazyLock::new(|| GESTORE_UNO.operator.clone());

pub(crate) fn delta(changes: Vec<Value>) -> Delta {
    serde_json::from_value(Value::Array(changes)).unwrap()
}

pub(crate) fn state(changes: Vec<Value>) -> State {
    State::from(delta(changes))
}

/// The certified recipients of a message that was accepted here, each with what is known of it.
pub(crate) fn followed(envelope: &TransportEnvelope, fates: &[(&str, &str, &str)]) -> Value {
    let fates: Vec<_> = fates.iter().map(|(to, stage, delay)| json!([to, {"stage": stage, "delay": delay}])).collect();
    json!({"followed": {"envelope": envelope, "recipients": fates}})
}

/// What was accepted here from one of our users.
pub(crate) fn sent(id: &str, at: UnixTime, recipients: &[&str]) -> TransportEnvelope {
    let at = Timestamp::new(at, 60).unwrap();
    let recipients = recipients.iter().map(|to| Recipient::new(address(to), RecipientKind::Certified)).collect();
    let sender = address("anna@pec.gestoreuno.example");
    let transaction = Transaction::new(sender, recipients, UNO, at, id.parse().unwrap()).and_then(|t| t.with_subject("Richiesta"));
    TransportEnvelope::new(transaction.unwrap(), ReceiptKind::Complete)
}

/// What the other provider certifies of a message to `bruno`, `carla` and, outside of PEC, `dario`.
pub(crate) fn received(receipt: ReceiptKind) -> TransportEnvelope {
    let recipients = [
        ("bruno@pec.gestoreuno.example", RecipientKind::Certified),
        ("carla@pec.studio.gestoreuno.example", RecipientKind::Certified),
        ("dario@pec.gestoreuno.example", RecipientKind::External),
    ];
    let recipients = recipients.into_iter().map(|(to, kind)| Recipient::new(address(to), kind)).collect();
    let sender = address("elena@cert.duepostale.example");
    let transaction = Transaction::new(sender, recipients, DUE, now(), "busta1@cert.duepostale.example".parse().unwrap());
    let transaction = transaction.and_then(|t| t.with_subject("Offerta")).unwrap().with_message_id("abc$1@client.example".parse().unwrap());
    TransportEnvelope::new(transaction, receipt)
}

/// What its sender wrote; with a file of eight bytes attached.
pub(crate) const ORIGINAL: &[u8] = b"Message-ID: <abc$1@client.example>\r\nFrom: Elena <elena@cert.duepostale.example>\r\n\
    To: bruno@pec.gestoreuno.example,\r\n\tcarla@pec.studio.gestoreuno.example\r\nCc: dario@pec.gestoreuno.example\r\nSubject: Offerta\r\n\
    MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=\"=_x\"\r\n\r\n--=_x\r\n\r\nciao\r\n--=_x\r\nContent-Type: application/pdf; \
    name=\"a.pdf\"\r\nContent-Transfer-Encoding: base64\r\n\r\nJVBERg==\r\n--=_x--\r\n";

/// The other provider's envelope.
pub(crate) fn envelope(facts: &TransportEnvelope, original: &[u8]) -> Vec<u8> {
    GESTORE_DUE.sign(Draft::transport_envelope(GESTORE_DUE.identity(), facts, original, &Entropy::new([9; 32])).unwrap())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Under which the message of [`arrived`] is known.
pub(crate) const ARRIVAL: &str = "a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0";

pub(crate) fn arrival(content: &Value, mailboxes: &[(&str, Value)]) -> Value {
    let awaited = |due: &Value| json!({"at": now().instant(), "due": due, "progress": "awaited"});
    let mailboxes: Value = mailboxes.iter().map(|(mailbox, due)| ((*mailbox).to_owned(), awaited(due))).collect();
    json!({"arrived": {"message": ARRIVAL, "arrival": {"content": content, "mailboxes": mailboxes}}})
}

/// An envelope that arrived for `bruno`, from whom a receipt of this kind is due.
pub(crate) fn arrived(facts: &TransportEnvelope, message: &[u8], receipt: ReceiptKind) -> State {
    state(vec![arrival(&content(facts, message), &[("bruno@pec.gestoreuno.example", due("bruno@pec.gestoreuno.example", receipt))])])
}

pub(crate) fn content(facts: &TransportEnvelope, message: &[u8]) -> Value {
    json!({"envelope": {"facts": facts, "message": hex(&Message::parse(message).unwrap().sha256())}})
}

pub(crate) fn due(recipient: &str, receipt: ReceiptKind) -> Value {
    json!({"receipt": {"recipient": recipient, "kind": receipt}})
}

pub(crate) fn delivery_to(mailbox: &str) -> DeliveryId {
    serde_json::from_value(json!({"arrival": ARRIVAL, "mailbox": mailbox})).unwrap()
}

pub(crate) fn events(committed: &Committed) -> Vec<&'static str> {
    records(committed).into_iter().map(|record| record.event.as_str()).collect()
}

pub(crate) fn settled(delta: &Delta) -> Vec<&DeliveryId> {
    let settled = delta.changes().iter().filter_map(|change| match change {
        Change::Settled { delivery } => Some(delivery),
        _ => None,
    });
    settled.collect()
}

/// What a message proves to somebody who judges it at that time, and what it carries.
#[track_caller]
pub(crate) fn proven(raw: &[u8], at: Timestamp) -> (Notification, Option<Vec<u8>>) {
    let message = Message::parse(raw).unwrap();
    let report = VERIFIER.verify(&message, VerificationTime::asserted(at.instant()));
    assert_eq!(report.outcome(), Outcome::Passed, "{report}");
    let content = report.verified().unwrap().value();
    (content.data().unwrap().try_into().unwrap(), content.original().map(|original| original.bytes().to_vec()))
}

pub(crate) fn message_id(raw: &[u8]) -> String {
    let id = Message::parse(raw).unwrap().root().field("Message-ID").unwrap().text().to_string();
    id.trim_matches(['<', '>', ' ']).to_owned()
}

pub(crate) fn pec_id(text: &str) -> PecId {
    text.parse().unwrap()
}
