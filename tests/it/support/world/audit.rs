//! What must be true of everything that a provider does, and of a world in which nothing more happens.

use std::collections::{BTreeMap, BTreeSet};

use postacert::provider::{Committed, DeliveryId, Event, LogRecord, MailBytes, Output, Stage};
use postacert::{Address, Message, PecId, UnixTime, VerificationTime};

use super::mail::{Seen, What};
use super::{Condition, HOUR, Host, Point, World};

/// What was accepted.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    pub(crate) accepted: BTreeMap<PecId, Accepted>,
    /// Whether there is mail that no provider of this world accepted.
    pub(crate) strangers: bool,
}

#[derive(Debug)]
pub(crate) struct Accepted {
    pub(crate) host: usize,
    pub(crate) sender: Address,
    pub(crate) certified: Vec<Address>,
    pub(crate) at: UnixTime,
    /// What was handed on to the sender's mailbox about a recipient, in its order; it may reach the mailbox in another.
    told: Vec<(Address, What)>,
}

/// Of what was just committed: every message passes, is written where it may be, follows from something that happened, and is in the log.
/// Gives what was written or passed on, and to whom.
pub(crate) fn committed(world: &mut World, at: usize, point: Point, committed: &Committed) -> Vec<String> {
    let records: Vec<&LogRecord> = committed.outputs.iter().filter_map(record).collect();
    assert!(!records.is_empty() || committed.outputs.is_empty(), "what is done is in the log: {:?}", committed.outputs);
    assert!(!records.is_empty() || committed.delta.is_empty(), "what is remembered is in the log: {:?}", committed.delta);
    for record in &records {
        assert_eq!(record.when, world.legal_time(), "one instant for all (RFC 6109 §4.1)");
        if record.event == Event::AcceptanceIssued {
            accepted(world, at, record);
        }
    }
    let ids: BTreeSet<&PecId> = records.iter().map(|record| &record.id).collect();
    let mut gave = Vec::new();
    // One message may go to thousands.
    let mut last: Option<(&MailBytes, Seen)> = None;
    for output in &committed.outputs {
        assert!(ids.contains(output.transaction()), "{} is not in the log: {output:?}", output.transaction());
        let (verb, message, to) = match output {
            Output::Send { message, rcpt_to, .. } => ("send", message, rcpt_to.iter().map(Address::as_str).collect::<Vec<_>>().join(" ")),
            Output::Deliver { message, delivery, .. } => ("deliver", message, delivery.mailbox.to_string()),
            Output::Store { virus, .. } => {
                gave.push(format!("store {virus}"));
                continue;
            }
            Output::Refuse { reply, .. } => {
                gave.push(format!("refuse {reply}"));
                continue;
            }
            _ => continue,
        };
        let seen = match &last {
            Some((known, seen)) if *known == message => seen.clone(),
            _ => written(world, at, point, message, &records),
        };
        if let (Output::Deliver { delivery, .. }, Some(recipient)) = (output, &seen.recipient) {
            tell(world, delivery, recipient, &seen);
        }
        last = Some((message, seen.clone()));
        gave.push(format!("{verb} {} to {to}", seen.name));
    }
    gave
}

fn tell(world: &mut World, delivery: &DeliveryId, recipient: &Address, seen: &Seen) {
    let accepted = seen.id.as_ref().and_then(|id| world.ledger.accepted.get_mut(id));
    if let Some(accepted) = accepted.filter(|accepted| accepted.sender == delivery.mailbox) {
        accepted.told.push((recipient.clone(), seen.what));
    }
}

fn record(output: &Output) -> Option<&LogRecord> {
    match output {
        Output::Log { record, .. } => Some(record),
        _ => None,
    }
}

fn accepted(world: &mut World, at: usize, record: &LogRecord) {
    let host = &world.hosts[at];
    let directory = host.operator.verifier().directory().expect("a provider has one");
    let certified: Vec<_> = record.recipients.iter().filter(|to| directory.by_domain(to.domain()).is_some()).cloned().collect();
    for recipient in &certified {
        let fate = host.state.fate(&record.id, recipient);
        assert_eq!(fate.map(|fate| fate.stage), Some(Stage::Silent), "{recipient} is followed from the beginning");
    }
    let sender = super::mail::address(&record.sender);
    let before = world.ledger.accepted.insert(record.id.clone(), Accepted { host: at, sender, certified, at: world.now, told: Vec::new() });
    assert!(before.is_none(), "{} was accepted twice", record.id);
}

/// A message that was written or passed on.
fn written(world: &World, at: usize, point: Point, raw: &[u8], records: &[&LogRecord]) -> Seen {
    let host = &world.hosts[at];
    let seen = Seen::of(raw, host.operator.verifier(), VerificationTime::now(world.now));
    if seen.what == What::Unproven {
        let message = Message::parse(raw).expect("it is small");
        let report = host.operator.verifier().verify(&message, VerificationTime::now(world.now));
        panic!("what leaves a point passes: {report}\n{}", String::from_utf8_lossy(&raw[..raw.len().min(3_000)]));
    }

    let id = Message::parse(raw).expect("it is small").claims().message_id().map(|id| id.text().to_owned()).unwrap_or_default();
    let related =
        records.iter().any(|record| record.related.iter().any(|related| related.trim_matches(['<', '>']) == id.trim_matches(['<', '>'])));
    let forwarded = point == Point::Incoming && records.iter().any(|record| record.event == Event::Forwarded);
    assert!(related || forwarded, "{} {id} is in no record: {:?}", seen.name, events(records));

    let accepted = || {
        let accepted = seen.id.as_ref().and_then(|id| world.ledger.accepted.get(id));
        accepted.unwrap_or_else(|| panic!("{} is about nothing that was accepted: {:?}", seen.name, seen.id))
    };
    let waited = || accepted().at.seconds_until(world.now);
    match (seen.what, point) {
        // Passed on, or the beginning of all.
        (What::Acceptance | What::Envelope, Point::Access) => assert_eq!(accepted().host, at),
        (What::NonAcceptance, Point::Access) => {}
        (What::TakenInCharge | What::VirusDetection, Point::Incoming | Point::Timeouts) => {
            assert!(world.ledger.strangers || accepted().at <= world.now)
        }
        (What::Delivery, Point::Delivery) => assert!(lies_in_mailbox(host, &seen), "a receipt without delivery: {}", seen.name),
        (What::NonDelivery, Point::Delivery) => assert!(!lies_in_mailbox(host, &seen), "it was delivered: {}", seen.name),
        (What::NonDelivery | What::Delivery | What::Envelope | What::Anomaly, Point::Incoming) => {}
        (What::FirstNotice, Point::Timeouts) => assert!((12 * HOUR..24 * HOUR).contains(&waited()), "{} after {}", seen.name, waited()),
        (What::FinalNotice, Point::Timeouts) => assert!(waited() >= 22 * HOUR, "{} after {}", seen.name, waited()),
        // Passed on, as a signed message of a provider's.
        (_, Point::Incoming) if world.ledger.strangers => {}
        (what, point) => panic!("{what:?} is not written at {point:?}"),
    }
    seen
}

fn lies_in_mailbox(host: &Host, receipt: &Seen) -> bool {
    let recipient = receipt.recipient.as_ref().expect("it is about a recipient");
    envelopes(host, recipient).into_iter().any(|id| Some(id) == receipt.id.as_ref())
}

/// The transactions whose envelopes lie in a mailbox.
fn envelopes<'h>(host: &'h Host, mailbox: &Address) -> Vec<&'h PecId> {
    let mailboxes = host.mailboxes.iter().filter(|(address, _)| same(address, mailbox));
    let seen = mailboxes.flat_map(|(_, mailbox)| &mailbox.mail).map(|stored| &stored.seen);
    seen.filter(|seen| seen.what == What::Envelope).filter_map(|seen| seen.id.as_ref()).collect()
}

fn same(one: &Address, other: &Address) -> bool {
    one.as_str().eq_ignore_ascii_case(other.as_str())
}

/// When nothing more happens: every accepted recipient came to exactly one end, and the sender knows it.
pub(crate) fn at_the_end(world: &World) {
    for host in &world.hosts {
        assert_eq!(host.state.awaited().count(), 0, "no delivery is forgotten");
        assert_eq!(host.operator.timeouts().next_deadline(&host.state), None, "nothing is due");
    }
    for (id, accepted) in &world.ledger.accepted {
        let sending = &world.hosts[accepted.host];
        let mailbox = sending.mailboxes.get(&accepted.sender).expect("a sender has a mailbox");
        assert_eq!(mailbox.condition, Condition::Open, "senders hear what they are told");
        let seen = mailbox.mail.iter().map(|stored| &stored.seen);
        let told: Vec<_> = seen.filter(|seen| seen.id.as_ref() == Some(id)).collect();
        assert_eq!(told.iter().filter(|seen| seen.what == What::Acceptance).count(), 1, "{id} was accepted once");
        for recipient in &accepted.certified {
            let about = |seen: &&&Seen| seen.recipient.as_ref().is_some_and(|about| same(about, recipient));
            let lies: Vec<What> = told.iter().filter(about).map(|seen| seen.what).collect();
            let heard = accepted.told.iter().filter(|(about, _)| same(about, recipient));
            let heard: Vec<What> = heard.map(|(_, what)| *what).collect();
            let sorted = |mut all: Vec<What>| {
                all.sort();
                all
            };
            assert_eq!(sorted(lies), sorted(heard.clone()), "what the sender is told lies in the mailbox");
            one_end(world, id, accepted.host, recipient, &heard);
        }
        taken_in_charge_once(id, sending);
    }
}

fn one_end(world: &World, id: &PecId, sending: usize, recipient: &Address, heard: &[What]) {
    let fate = world.hosts[sending].state.fate(id, recipient).map(|fate| fate.stage);
    let stage = match heard {
        [What::Delivery] | [What::FirstNotice, What::Delivery] => Stage::Delivered,
        [What::NonDelivery] | [What::FirstNotice, What::NonDelivery] => Stage::NotDelivered,
        [What::FinalNotice] | [What::FirstNotice, What::FinalNotice] => Stage::TimedOut,
        // A receipt overtakes the final notice.
        [What::FinalNotice, What::Delivery] | [What::FirstNotice, What::FinalNotice, What::Delivery] => Stage::Delivered,
        [What::FinalNotice, What::NonDelivery] | [What::FirstNotice, What::FinalNotice, What::NonDelivery] => Stage::NotDelivered,
        other => panic!("{id} to {recipient}: the sender heard {other:?}, and the state has {fate:?}"),
    };
    assert_eq!(fate, Some(stage), "{id} to {recipient}: the sender heard {heard:?}");
    let copies: usize = world.hosts.iter().map(|host| envelopes(host, recipient).into_iter().filter(|found| *found == id).count()).sum();
    match stage {
        Stage::Delivered => assert_eq!(copies, 1, "{id} to {recipient} was delivered once"),
        Stage::NotDelivered => assert_eq!(copies, 0, "{id} to {recipient} was not delivered"),
        _ => assert!(copies <= 1, "{id} to {recipient} was delivered {copies} times"),
    }
}

fn taken_in_charge_once(id: &PecId, sending: &Host) {
    let Some(service) = sending.mailboxes.get(sending.operator.service_mailbox()) else { return };
    let seen = service.mail.iter().map(|stored| &stored.seen);
    let mut taken: Vec<_> = seen.filter(|seen| seen.what == What::TakenInCharge && seen.id.as_ref() == Some(id)).collect();
    let all = taken.len();
    taken.dedup_by(|a, b| a.name == b.name);
    assert_eq!(taken.len(), all, "each provider takes {id} in charge once");
}

fn events(records: &[&LogRecord]) -> Vec<(Event, Vec<Box<str>>)> {
    records.iter().map(|record| (record.event, record.related.clone())).collect()
}
