//! What strangers and false providers send to the incoming point: nothing of it is certified, and nothing that is followed changes.

use postacert::compose::{Draft, Entropy, Identity};
use postacert::provider::{Arrived, Output, Stage, State, VirusVerdict};
use postacert::{
    Acceptance, Certificate, Delivery, DeliveryTimeout, ExtendedError, Fault, Message, NonDelivery, Outcome, PecId, ReceiptKind, Recipient,
    RecipientKind, TakenInCharge, Transaction, TransportEnvelope, VerificationTime, VirusDetection,
};

use crate::fixtures;
use crate::support::world::choices::Choices;
use crate::support::world::mail::{Letter, address};
use crate::support::world::trust::{Keys, certificate};
use crate::support::world::{HOUR, MINUTE, Point, World};

const ANNA: &str = "anna@pec.gestoreuno.example";
/// A recipient of the fixtures' envelopes.
const PROTOCOL: &str = "protocollo@cert.duepostale.example";
const BRUNO: &str = "bruno@cert.duepostale.example";

fn world(providers: usize, keys: Keys) -> World {
    let mut world = World::new(providers, keys, Choices::Bytes(Vec::new(), 0));
    world.open(ANNA);
    world.open(BRUNO);
    world
}

/// A letter whose envelope never arrives.
fn waiting() -> (World, PecId) {
    let mut world = world(3, Keys::Cheap);
    world.faults.lost = 100;
    let id = world.submit(&Letter::new(ANNA, &[BRUNO])).transaction;
    world.faults.lost = 0;
    (world, id)
}

/// The same letter in a world without accidents: the same envelope, and what comes of it.
fn genuine() -> World {
    let mut world = world(3, Keys::Cheap);
    world.submit(&Letter::new(ANNA, &[BRUNO]));
    world.drive(MINUTE);
    world
}

fn lying_in(world: &World, mailbox: &str, name: &str) -> Vec<u8> {
    let address = address(mailbox);
    let host = world.host_of(&address).unwrap();
    let mail = &world.hosts[host].mailboxes[&address].mail;
    let found = mail.iter().find(|stored| stored.seen.name.starts_with(name));
    found.unwrap_or_else(|| panic!("{name} in {mailbox}")).raw.to_vec()
}

#[test]
fn no_fixture_brings_a_receipt_that_it_has_not_earned() {
    let mut world = world(3, Keys::Rsa);
    world.ledger.strangers = true;
    world.open("bruno@pec.gestoreuno.example");
    world.open(PROTOCOL);
    let at = String::from_utf8(fixtures::read("at.txt")).unwrap();
    world.now = at.trim().parse().unwrap();
    let (mut fed, mut receipts) = (0, 0);
    for folder in ["valid", "variant", "hostile", "finds"] {
        for entry in std::fs::read_dir(fixtures::folder().join(folder)).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_none_or(|extension| extension != "eml") {
                continue;
            }
            let raw = std::fs::read(&path).unwrap();
            let message = Message::parse(&raw).unwrap();
            let report = world.hosts[0].operator.verifier().verify(&message, VerificationTime::now(world.now));
            let data = report.verified().and_then(|verified| verified.value().data().cloned());
            let envelope = data.and_then(|data| TransportEnvelope::try_from(&data).ok());

            let begun = world.transcript.len();
            for rcpt_to in [["bruno@pec.gestoreuno.example", "ricezione@pec.gestoreuno.example"], [PROTOCOL, BRUNO]] {
                world.mail_from_outside("chiunque@mail.example", &rcpt_to, &raw);
            }
            world.drive(MINUTE);
            let happened = &world.transcript[begun..];
            let gave = happened.iter().filter(|happened| happened.point == Point::Delivery).flat_map(|happened| &happened.gave);
            for gave in gave.filter(|gave| gave.starts_with("send ")) {
                receipts += 1;
                let envelope = envelope.as_ref().unwrap_or_else(|| panic!("{} gave: {gave}", path.display()));
                let recipients = envelope.transaction().recipients().iter().filter_map(|recipient| recipient.address().value());
                assert!(recipients.clone().any(|to| gave.contains(to.as_str())), "{} gave: {gave}", path.display());
            }
            if report.outcome() != Outcome::Passed {
                let passed_on = happened.iter().flat_map(|happened| &happened.gave).filter(|gave| !gave.contains(" anomalia "));
                assert_eq!(passed_on.collect::<Vec<_>>(), [""; 0], "{}", path.display());
            }
            fed += 1;
        }
    }
    assert!(fed > 200 && receipts > 0, "{fed} messages, {receipts} receipts");
    assert_eq!(world.hosts[0].state.next_followed(), None);
}

/// Nothing is followed.
trait Followed {
    fn next_followed(&self) -> Option<PecId>;
}

impl Followed for State {
    fn next_followed(&self) -> Option<PecId> {
        let changes = postacert::provider::Delta::from(self.clone());
        changes.changes().iter().find_map(|change| match change {
            postacert::provider::Change::Followed { envelope, .. } => Some(envelope.transaction().id().clone()),
            _ => None,
        })
    }
}

#[test]
fn no_altered_receipt_is_heard() {
    let (world, id) = waiting();
    let genuine = genuine();
    let host = &world.hosts[0];
    let heard = |raw: &[u8], to: &str| {
        let rcpt_to = [address(to)];
        let arrived = Arrived { mail_from: "", rcpt_to: &rcpt_to, message: raw, virus: VirusVerdict::Clean };
        let pending = host.operator.incoming_point().receive(&host.state, &arrived, &Entropy::new([9; 32]), world.legal_time()).unwrap();
        let mut state = host.state.clone();
        let signatures: Vec<_> = pending.to_sign().map(|request| Keys::Cheap.signer("uno").sign(&request).unwrap()).collect();
        state.apply(&pending.finish_with(&signatures, &Keys::Cheap).unwrap().delta);
        state.fate(&id, &address(BRUNO)).unwrap().stage
    };
    let (receipt, taken) = (lying_in(&genuine, ANNA, "avvenuta"), lying_in(&genuine, "ricezione@pec.gestoreuno.example", "presa"));
    assert_eq!((heard(&receipt, ANNA), heard(&taken, "ricezione@pec.gestoreuno.example")), (Stage::Delivered, Stage::TakenInCharge));

    let mut refused = 0;
    for (raw, to) in [(receipt, ANNA), (taken, "ricezione@pec.gestoreuno.example")] {
        let mut choices = Choices::Seed(7);
        for _ in 0..1_500 {
            let mut altered = raw.clone();
            match choices.below(4) {
                0 => drop(altered.drain(..choices.below(raw.len()))),
                1 => altered.truncate(choices.below(raw.len())),
                2 => {
                    let at = choices.below(raw.len());
                    let line = b"X-Ricevuta: avvenuta-consegna\r\n";
                    drop(altered.splice(at..at, line.iter().copied()));
                }
                _ => altered[choices.below(raw.len())] ^= 1 << choices.below(7),
            }
            let message = Message::parse(&altered).unwrap();
            let passed = host.operator.verifier().verify(&message, VerificationTime::now(world.now)).outcome() == Outcome::Passed;
            if !passed {
                refused += 1;
                assert_eq!(heard(&altered, to), Stage::Silent, "{}", String::from_utf8_lossy(&altered));
            }
        }
    }
    assert!(refused > 1_000, "{refused}");
}

#[test]
fn no_altered_envelope_brings_a_receipt() {
    let genuine = genuine();
    let envelope = lying_in(&genuine, BRUNO, "posta-certificata");
    let mut choices = Choices::Seed(8);
    let mut anomalies = 0;
    for _ in 0..400 {
        let mut altered = envelope.clone();
        altered[choices.below(envelope.len())] ^= 1 << choices.below(7);
        let mut world = world(2, Keys::Cheap);
        world.ledger.strangers = true;
        let passes = world.see(&altered).name == "posta-certificata";
        world.mail_from_outside(ANNA, &[BRUNO], &altered);
        world.drive(MINUTE);
        let gave = world.transcript.iter().flat_map(|happened| &happened.gave);
        let receipts = gave.filter(|gave| gave.starts_with("send ")).count();
        // Presa-in-carico and avvenuta-consegna, or nothing.
        assert_eq!(receipts, if passes { 2 } else { 0 }, "{}", String::from_utf8_lossy(&altered));
        anomalies += usize::from(!passes);
    }
    assert!(anomalies > 100, "{anomalies}");
}

#[test]
fn a_provider_cannot_speak_for_anothers_users() {
    let (mut world, id) = waiting();
    let issuing = Certificate::from_pem_or_der(&fixtures::read("pki/issuing.pem")).unwrap();
    let liar = Identity::new("Gestore Tre Posta S.c.a r.l.", certificate("tre"), issuing).unwrap();
    // What the third provider would have to know, it has read somewhere; it signs in its own name.
    let recipients = vec![Recipient::new(address(BRUNO), RecipientKind::Certified)];
    let transaction = Transaction::new(address(ANNA), recipients, liar.provider(), world.legal_time(), id.clone()).unwrap();
    let entropy = |n| Entropy::new([n; 32]);
    let bruno = || address(BRUNO);
    let service = address("ricezione@pec.gestoreuno.example");
    let reason: Option<ExtendedError> = "5.4.1 - Gestore Tre - tempo massimo superato".parse().ok();
    let facts = (
        Delivery::new(transaction.clone(), bruno(), ReceiptKind::Complete),
        NonDelivery::new(transaction.clone(), bruno(), Fault::NoRecipient, reason.clone()).unwrap(),
        TakenInCharge::new(transaction.clone(), vec![bruno()]).unwrap(),
        VirusDetection::new(transaction.clone(), bruno(), reason.clone()),
        DeliveryTimeout::new(transaction.clone(), bruno(), reason),
        Acceptance::new(transaction.clone()),
        TransportEnvelope::new(transaction, ReceiptKind::Complete),
    );
    let original = b"From: anna@pec.gestoreuno.example\r\nTo: bruno@cert.duepostale.example\r\n\r\nciao\r\n";
    let lies = [
        (ANNA, Draft::delivery(&liar, &facts.0, original, &entropy(1))),
        (ANNA, Draft::non_delivery(&liar, &facts.1, &entropy(2))),
        ("ricezione@pec.gestoreuno.example", Draft::taken_in_charge(&liar, &facts.2, &service, &entropy(3))),
        ("ricezione@pec.gestoreuno.example", Draft::virus_detection(&liar, &facts.3, &service, &entropy(4))),
        (ANNA, Draft::delivery_timeout(&liar, &facts.4, &entropy(5))),
        (ANNA, Draft::acceptance(&liar, &facts.5, &entropy(6))),
        (BRUNO, Draft::transport_envelope(&liar, &facts.6, original, &entropy(7))),
    ];
    for (to, draft) in lies {
        let to_sign = draft.unwrap().to_sign().unwrap();
        let signature = Keys::Cheap.signer("tre").sign(&to_sign.request()).unwrap();
        let raw = to_sign.finish_with(&signature, &Keys::Cheap).unwrap();
        let begun = world.transcript.len();
        world.mail_from_outside("posta-certificata@pec.gestoretre.test", &[to], &raw);
        world.drive(MINUTE);
        assert_eq!(world.hosts[0].state.fate(&id, &bruno()).unwrap().stage, Stage::Silent, "{to}");
        let gave: Vec<_> = world.transcript[begun..].iter().flat_map(|happened| &happened.gave).collect();
        assert_eq!(gave, [&format!("deliver anomalia to {to}")]);
    }
}

#[test]
fn receipts_for_what_was_never_sent_change_nothing() {
    let genuine = genuine();
    let receipt = lying_in(&genuine, ANNA, "avvenuta");
    let mut world = world(3, Keys::Cheap);
    let before = world.hosts[0].state.clone();
    world.mail_from_outside("posta-certificata@cert.duepostale.example", &[ANNA], &receipt);
    world.drive(HOUR);
    let host = &world.hosts[0];
    assert!(host.log.iter().any(|record| record.event == postacert::provider::Event::NotificationUnknown), "{:#?}", host.log);
    assert_eq!(host.state.next_followed(), None);
    assert_eq!(host.operator.timeouts().next_deadline(&host.state), None);
    assert_ne!(host.state, before, "that it arrived is known");
}

#[test]
fn a_relay_is_refused() {
    let world = world(2, Keys::Cheap);
    let rcpt_to = [address("mario@mail.example")];
    let arrived =
        Arrived { mail_from: "a@b.example", rcpt_to: &rcpt_to, message: b"From: a@b.example\r\n\r\n", virus: VirusVerdict::Clean };
    let host = &world.hosts[0];
    let pending = host.operator.incoming_point().receive(&host.state, &arrived, &Entropy::new([9; 32]), world.legal_time()).unwrap();
    let committed = pending.finish_with(&[], &Keys::Cheap).unwrap();
    assert!(committed.outputs.iter().any(|output| matches!(output, Output::Refuse { .. })), "{:?}", committed.outputs);
    assert!(committed.outputs.iter().all(|output| matches!(output, Output::Refuse { .. } | Output::Log { .. })));
}
