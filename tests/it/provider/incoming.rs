//! The incoming point: providers of the fixtures receive what others send.

mod anomaly;
mod envelope;
mod hostile;
mod notification;

use postacert::compose::{Draft, Entropy};
use postacert::provider::{Arrived, Committed, Delta, Event, Fate, LogRecord, Output, State, VirusVerdict};
use postacert::{
    Address, CertificationData, Message, Outcome, PecId, Recipient, RecipientKind, Transaction, TransportEnvelope, VerificationTime,
};
use serde_json::{Value, json};

pub(crate) use super::setup::{DUE, Gestore, UNO, VERIFIER, address, now, records};

use crate::fixtures::read;

pub(crate) const TRE: &str = "Gestore Tre Posta S.c.a r.l.";
pub(crate) const MARIO: &str = "mario.rossi@pec.gestoreuno.example";
pub(crate) const PROTOCOLLO: &str = "protocollo@cert.duepostale.example";
pub(crate) const SINDACO: &str = "sindaco@comune.duepostale.example";
/// The identifier in the fixtures.
pub(crate) const ID: &str = "opec21008.20261122035100.40512.118.1.51@pec.gestoreuno.example";

impl Gestore {
    /// An envelope from Mario to these; those with a question mark are external.
    pub(crate) fn envelope(&self, to: &[&str], original: &[u8]) -> Vec<u8> {
        let facts = self.facts_of(original, MARIO, to);
        self.sign(Draft::transport_envelope(self.identity(), &facts, original, &Entropy::new([9; 32])).unwrap())
    }

    /// What is certified of a mail from that sender to these.
    pub(crate) fn facts_of(&self, original: &[u8], from: &str, to: &[&str]) -> TransportEnvelope {
        let (when, id) = ("2026-11-22T04:50:00+01:00".parse().unwrap(), ID.parse().unwrap());
        let facts = self.identity().transaction_of(original, address(from), recipients(to), when, id);
        TransportEnvelope::new(facts.unwrap(), postacert::ReceiptKind::Complete)
    }

    pub(crate) fn receive(&self, state: &State, to: &[&str], message: &[u8]) -> Committed {
        self.receive_with(state, to, message, VirusVerdict::Clean)
    }

    /// Takes the mail; whatever is signed here holds, and whatever is said goes under one time.
    pub(crate) fn receive_with(&self, state: &State, to: &[&str], message: &[u8], virus: VirusVerdict<'_>) -> Committed {
        let rcpt_to: Vec<Address> = to.iter().map(|to| address(to)).collect();
        let arrived = Arrived { mail_from: "chi@altrove.example", rcpt_to: &rcpt_to, message, virus };
        let point = self.operator.incoming_point();
        let committed = point.receive(state, &arrived, &Entropy::new([7; 32]), now()).unwrap().sign_with(&*self.key).unwrap();
        let outputs = &committed.outputs;
        assert!(matches!(outputs.first(), Some(Output::Log { .. })), "{outputs:?}");
        assert!(records(&committed).iter().all(|record| record.when == now()));
        assert!(outputs.iter().all(|output| *output.transaction() == committed.transaction), "{outputs:?}");
        committed
    }
}

/// Those with a question mark are external.
fn recipients(to: &[&str]) -> Vec<Recipient> {
    let recipient = |to: &&str| match to.strip_prefix('?') {
        Some(external) => Recipient::new(address(external), RecipientKind::External),
        None => Recipient::new(address(to), RecipientKind::Certified),
    };
    to.iter().map(recipient).collect()
}

pub(crate) fn transaction(provider: &str, from: &str, to: &[&str]) -> Transaction {
    Transaction::new(address(from), recipients(to), provider, "2026-11-22T04:50:00+01:00".parse().unwrap(), ID.parse().unwrap())
        .and_then(|transaction| transaction.with_subject("Trasmissione del verbale di collaudo"))
        .unwrap()
}

/// What a message is, as it is proven; or that it proves nothing.
pub(crate) fn kind(message: &[u8]) -> String {
    let parsed = Message::parse(message).unwrap();
    let report = VERIFIER.verify(&parsed, VerificationTime::now(now().instant()));
    match report.verified() {
        Some(content) => content.value().kind().as_wire().into(),
        None => report.class().as_str().into(),
    }
}

/// What a message certifies.
pub(crate) fn data(message: &[u8]) -> CertificationData {
    let parsed = Message::parse(message).unwrap();
    let report = VERIFIER.verify(&parsed, VerificationTime::now(now().instant()));
    assert_eq!(report.outcome(), Outcome::Passed, "{report}");
    report.verified().unwrap().value().data().unwrap().clone()
}

/// The outputs in order, a line for each.
pub(crate) fn lines(committed: &Committed) -> Vec<String> {
    let line = |output: &Output| match output {
        Output::Send { mail_from, rcpt_to, message, .. } => format!("send {} {mail_from} {}", kind(message), joined(rcpt_to)),
        Output::Deliver { delivery, message, .. } => format!("deliver {} {}", kind(message), delivery.mailbox),
        Output::Store { virus, .. } => format!("store {virus}"),
        Output::Log { record, .. } => format!("log {} {}", record.event.as_str(), joined(&record.recipients)),
        Output::Refuse { reply, .. } => format!("refuse {reply}"),
        other => panic!("{other:?}"),
    };
    committed.outputs.iter().map(line).collect()
}

fn joined(addresses: &[Address]) -> String {
    addresses.iter().map(Address::as_str).collect::<Vec<_>>().join(" ")
}

pub(crate) fn log(committed: &Committed, event: Event) -> &LogRecord {
    records(committed).into_iter().find(|record| record.event == event).unwrap_or_else(|| panic!("{:?}", lines(committed)))
}

/// The messages sent, or delivered, of one kind.
pub(crate) fn messages<'c>(committed: &'c Committed, wanted: &str) -> Vec<&'c [u8]> {
    let message = |output: &'c Output| match output {
        Output::Send { message, .. } | Output::Deliver { message, .. } => Some(&**message),
        _ => None,
    };
    committed.outputs.iter().filter_map(message).filter(|message| kind(message) == wanted).collect()
}

/// What is remembered, as JSON.
pub(crate) fn changes(committed: &Committed) -> Vec<Value> {
    serde_json::to_value(&committed.delta).unwrap().as_array().unwrap().clone()
}

/// Each mailbox with what is due for it and how far its delivery is.
pub(crate) fn due(committed: &Committed) -> Vec<(String, Value, String)> {
    let mut due = Vec::new();
    for change in changes(committed) {
        let Some(mailboxes) = change.pointer("/arrived/arrival/mailboxes") else { continue };
        for (mailbox, awaited) in mailboxes.as_object().unwrap() {
            due.push((mailbox.clone(), awaited["due"].clone(), awaited["progress"].as_str().unwrap().to_owned()));
        }
    }
    due
}

pub(crate) fn heard(committed: &Committed) -> Vec<Value> {
    changes(committed).iter().filter_map(|change| change.get("heard").cloned()).collect()
}

/// A state in which the envelope of the fixtures was accepted, and nothing more is known.
pub(crate) fn accepted() -> State {
    let raw = read("valid/posta-certificata-completa.eml");
    let recipient = |to: &str| json!([to, { "stage": "silent", "delay": "untold" }]);
    let followed = json!([{ "followed": { "envelope": data(&raw), "recipients": [recipient(PROTOCOLLO), recipient(SINDACO)] } }]);
    State::from(serde_json::from_value::<Delta>(followed).unwrap())
}

pub(crate) fn fate(state: &State, recipient: &str) -> Fate {
    state.fate(&ID.parse::<PecId>().unwrap(), &address(recipient)).unwrap()
}

/// The same signed bytes with another header around.
pub(crate) fn with_field(message: &[u8], field: &str) -> Vec<u8> {
    [field.as_bytes(), b"\r\n", message].concat()
}

#[test]
fn a_mail_for_nobody_here_is_refused() {
    let due = Gestore::due();
    let message = read("valid/posta-certificata-completa.eml");
    for to in [&[][..], &[MARIO][..], &[PROTOCOLLO, MARIO][..]] {
        let committed = due.receive(&State::new(), to, &message);
        let log = format!("log arrival-refused {}", to.join(" "));
        assert_eq!(lines(&committed), [log, "refuse 550 5.7.1 relaying denied".into()]);
        assert!(committed.delta.is_empty());
    }
}

#[test]
fn a_mail_that_cannot_be_read_is_refused() {
    let huge = ["X: y\r\n".repeat(400_000).as_bytes(), b"\r\nciao"].concat();
    let committed = Gestore::due().receive(&State::new(), &[PROTOCOLLO], &huge);
    assert_eq!(lines(&committed), [format!("log arrival-refused {PROTOCOLLO}"), "refuse 552 5.3.4 message too large".into()]);
    assert!(log(&committed, Event::ArrivalRefused).note.contains("2097152"), "{committed:?}");
}

#[test]
fn the_same_entropy_gives_the_same_bytes() {
    let due = Gestore::due();
    let message = read("valid/posta-certificata-completa.eml");
    for virus in [VirusVerdict::Clean, VirusVerdict::Infected("EICAR")] {
        let receive = || due.receive_with(&State::new(), &[PROTOCOLLO, SINDACO, "altro@cert.duepostale.example"], &message, virus);
        assert_eq!(receive(), receive());
    }
}

#[test]
fn s2_3_a_record_says_all_eight_things() {
    let committed = Gestore::due().receive(&State::new(), &[PROTOCOLLO], &read("valid/posta-certificata-completa.eml"));
    for event in [Event::Arrived, Event::TakenInChargeIssued, Event::Forwarded] {
        let record = log(&committed, event);
        assert_eq!((record.id.as_str(), &*record.sender, &*record.provider), (ID, MARIO, UNO));
        assert_eq!(&*record.subject, "Trasmissione del verbale di collaudo");
        assert_eq!(record.recipients, [address(PROTOCOLLO)]);
    }
    let sent = messages(&committed, "presa-in-carico")[0];
    let message = Message::parse(sent).unwrap();
    let id = message.claims().message_id().unwrap();
    assert_eq!(log(&committed, Event::TakenInChargeIssued).related, [id.value().unwrap().as_str().into()]);
}
