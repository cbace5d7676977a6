//! Transport envelopes: presa-in-carico, forwarding, virus detections (RFC 6109 §2.2.2, §3.2.1, §3.2.3).

use std::collections::{BTreeMap, HashMap};

use super::anomaly::Origin;
use super::{About, Reception, deliver, signer};
use crate::address::Address;
use crate::certdata::{ReceiptKind, RecipientKind};
use crate::compose::{ComposeError, Draft, Entropy, PrimaryRecipients};
use crate::directory::Listing;
use crate::fingerprint::Fingerprint;
use crate::language::Language;
use crate::message::{Content, Message};
use crate::mime::outer_header;
use crate::notification::{TakenInCharge, Transaction, TransportEnvelope, VirusDetection};
use crate::provider::log::{Event, LogRecord};
use crate::provider::output::DeliveryId;
use crate::provider::pending::{Message as Planned, Plan};
use crate::provider::state::{Arrival, ArrivalContent, Awaited, Change, Due};
use crate::provider::{Operator, Pending, ProviderError, VirusVerdict, clipped};
use crate::time::Timestamp;
use crate::verify::{Evidence, Verified};

const STRANGER: &str = "il destinatario non è fra quelli indicati nella busta di trasporto";
const NO_SERVICE_MAILBOX: &str = "il gestore mittente non ha una casella di servizio nell'indice";
const TO_ITSELF: &str = "il messaggio è della casella di servizio a cui si darebbe riscontro della presa in carico";

/// The recipients that an envelope names, by address in lower case: a server on the way may spell it otherwise.
struct Named<'t>(HashMap<String, (&'t Address, RecipientKind)>);

impl<'t> Named<'t> {
    fn of(transaction: &'t Transaction) -> Self {
        let mut named = HashMap::new();
        for recipient in transaction.recipients() {
            let Some(address) = recipient.address().value() else { continue };
            // An unknown kind is the default of the DTD (RFC 6109 §4.4).
            let kind = recipient.kind().value().copied().unwrap_or(RecipientKind::Certified);
            let known = named.entry(address.folded()).or_insert((address, kind));
            if known.1 != kind && kind == RecipientKind::Certified {
                *known = (address, kind);
            }
        }
        Self(named)
    }

    fn contains(&self, recipient: &Address) -> bool {
        self.0.contains_key(&recipient.folded())
    }

    /// A certified recipient, as the envelope spells it.
    fn certified(&self, recipient: &Address) -> Option<&'t Address> {
        let (address, kind) = self.0.get(&recipient.folded())?;
        (*kind == RecipientKind::Certified).then_some(*address)
    }
}

/// A correct and undamaged envelope, and for whom it came.
struct Correct<'t> {
    facts: &'t TransportEnvelope,
    /// Where it is missing, which is a finding, there is less to be given back with the receipts, and no more to it.
    original: Option<&'t [u8]>,
    about: About<'t>,
    key: Fingerprint,
    /// Where the sending provider is told (`mailReceipt`).
    service_mailbox: Option<Address>,
    /// The mailboxes of recipients that it names, each with the recipient as it spells it, where that is certified.
    mailboxes: Vec<(Address, Option<Address>)>,
    /// The mailboxes that it does not name.
    strangers: Vec<Address>,
}

impl Correct<'_> {
    fn certified(&self) -> Vec<Address> {
        self.mailboxes.iter().filter_map(|(_, recipient)| recipient.clone()).collect()
    }

    fn named(&self) -> Vec<Address> {
        self.mailboxes.iter().map(|(mailbox, _)| mailbox.clone()).collect()
    }

    /// Each mailbox with what is due for it: for a certified recipient this, for another nothing.
    fn awaited(&self, due: impl Fn(Address) -> Awaited, nothing: &Awaited) -> BTreeMap<Address, Awaited> {
        let awaited = |recipient: &Option<Address>| recipient.clone().map_or_else(|| nothing.clone(), &due);
        self.mailboxes.iter().map(|(mailbox, recipient)| (mailbox.clone(), awaited(recipient))).collect()
    }
}

impl<'a> Reception<'_, 'a> {
    pub(super) fn envelope(&self, content: &Verified<Content<'_>>) -> Result<Pending, ProviderError> {
        let evidence = content.evidence();
        let origin = Origin::Provider(signer(evidence));
        let envelope = match content.transport_envelope() {
            Ok(envelope) => envelope,
            Err(error) => return self.not_certified(origin, &clipped(&error.in_language(Language::Italian))),
        };
        let transaction = envelope.value().transaction();
        let named = Named::of(transaction);
        let (to_named, to_strangers) = self.rcpt_to.iter().cloned().partition(|recipient| named.contains(recipient));
        let key = evidence.fingerprint();
        let (mut again, mailboxes) = self.sift(&key, to_named);
        // Nearly always there is none, and no need to know the mail by all its bytes.
        let mut strangers = Vec::new();
        if !to_strangers.is_empty() {
            let (strangers_again, new) = self.sift(&self.key(), to_strangers);
            again.extend(strangers_again);
            strangers = new;
        }
        // What is certified of a recipient is believed from the provider that manages its domain alone.
        let certified = |mailbox: &Address| named.certified(mailbox).filter(|to| self.operator.manages(to.domain())).cloned();
        let correct = Correct {
            facts: envelope.value(),
            original: content.value().original().map(|original| original.bytes()),
            about: About {
                id: transaction.id(),
                sender: transaction.sender().as_str(),
                subject: transaction.subject().unwrap_or_default(),
                provider: signer(evidence),
            },
            key,
            service_mailbox: self.service_mailbox_of(evidence, transaction.sender()),
            mailboxes: mailboxes.into_iter().map(|mailbox| (mailbox.clone(), certified(&mailbox))).collect(),
            strangers,
        };
        self.correct(&correct, &again)
    }

    fn correct(&self, envelope: &Correct<'_>, again: &[Address]) -> Result<Pending, ProviderError> {
        let taken_in_charge = match self.taken_in_charge(envelope) {
            Ok(draft) => draft,
            // What no receipt can be written of is not correct.
            Err(reason) => return self.not_certified(Origin::Provider(envelope.about.provider), &reason),
        };
        let enclosed = match (&envelope.strangers[..], self.arrived.virus) {
            ([], _) | (_, VirusVerdict::Infected(_)) => None,
            (strangers, VirusVerdict::Clean) => match self.enclose(strangers, STRANGER) {
                Ok(draft) => Some(draft),
                Err(error) => return Ok(self.cannot_enclose(&error)),
            },
        };
        let about = envelope.about;
        let mut plan = self.plan(about.id.clone());
        let fresh = [envelope.named(), envelope.strangers.clone()].concat();
        let note = match &envelope.service_mailbox {
            Some(mailbox) if mailbox.folded() == envelope.facts.transaction().sender().folded() => TO_ITSELF,
            Some(_) => "",
            None => NO_SERVICE_MAILBOX,
        };
        self.log_reception(&mut plan, about, note, &fresh, again);
        if let Some(mailbox) = &envelope.service_mailbox {
            for (recipients, draft) in taken_in_charge {
                plan.notify(about.record(&plan, Event::TakenInChargeIssued, &recipients), draft, mailbox)?;
            }
        }
        match self.arrived.virus {
            VirusVerdict::Infected(virus) if !fresh.is_empty() => self.keep_apart(&mut plan, envelope, &fresh, virus)?,
            VirusVerdict::Clean if !envelope.mailboxes.is_empty() => self.forward(&mut plan, envelope),
            VirusVerdict::Infected(_) | VirusVerdict::Clean => {}
        }
        if let Some(draft) = enclosed {
            self.deliver_enclosed(&mut plan, about, draft, &envelope.strangers, STRANGER)?;
        }
        Ok(plan.finish())
    }

    /// The presa-in-carico for the certified recipients: one, or several where the data of one would be larger than readers take (RFC 6109
    /// §3.2.1: "one or more"). Where there is nobody to be told of, none. Or why the envelope is not correct after all.
    fn taken_in_charge(&self, envelope: &Correct<'_>) -> Result<Vec<(Vec<Address>, Draft<'a>)>, String> {
        // So many at most: the list of all recipients stands in each.
        const PARTS: [usize; 4] = [1, 2, 4, 8];
        let (identity, transaction) = (self.operator.identity(), envelope.facts.transaction());
        // Where the sending provider has no mailbox it is composed as well, to see whether it can be.
        let mailbox = envelope.service_mailbox.as_ref().unwrap_or_else(|| self.operator.service_mailbox());
        // It goes to no user of the message, so not to a service mailbox that is one.
        let mut received_for = envelope.certified();
        received_for.retain(|recipient| recipient.folded() != mailbox.folded());
        if received_for.is_empty() || mailbox.folded() == transaction.sender().folded() {
            return Ok(Vec::new());
        }
        let told = transaction.told_by(identity.provider(), self.now);
        let draft = |(count, part): (u64, &[Address])| {
            let facts = TakenInCharge::new(told.clone(), part.to_vec()).map_err(|_| ComposeError::Element { element: "ricezione" })?;
            let draft = Draft::taken_in_charge(identity, &facts, mailbox, &self.entropy.derive("taken-in-charge", count))?;
            Ok((part.to_vec(), draft))
        };
        let mut drafts = Ok(Vec::new());
        for parts in PARTS {
            drafts = (0..).zip(received_for.chunks(received_for.len().div_ceil(parts))).map(draft).collect();
            if !matches!(drafts, Err(ComposeError::CertdataTooLong { .. })) {
                break;
            }
        }
        drafts.map_err(|error| clipped(&error.in_language(Language::Italian)))
    }

    /// Hands it on to the delivery point, unmodified.
    fn forward(&self, plan: &mut Plan<'_>, envelope: &Correct<'_>) {
        let asked = if envelope.original.is_some() { envelope.facts.receipt() } else { ReceiptKind::Concise };
        let primary = envelope.original.and_then(primary_recipients);
        let receipt = |recipient: Address| {
            let kind = primary.as_ref().map_or(asked, |primary| primary.receipt_for(&recipient, asked));
            self.awaited(Due::Receipt { recipient, kind })
        };
        let message = Fingerprint::of(self.arrived.message);
        let arrival = Arrival {
            content: ArrivalContent::Envelope { facts: Box::new(envelope.facts.clone()), message },
            mailboxes: envelope.awaited(receipt, &self.awaited(Due::Nothing)),
        };
        let place = self.place(plan, envelope, &arrival.content, &[message.to_string().as_bytes()]);
        let mailboxes = envelope.named();
        plan.log(envelope.about.record(plan, Event::Forwarded, &mailboxes));
        deliver(plan, &Planned::Ready(self.arrived.message.to_vec().into()), place, &mailboxes);
        plan.change(Change::Arrived { message: place, arrival });
    }

    /// Stores it, hands on nothing, and tells the sending provider of each certified recipient; of the first ones at once.
    fn keep_apart(&self, plan: &mut Plan<'_>, envelope: &Correct<'_>, recipients: &[Address], virus: &str) -> Result<(), ProviderError> {
        self.store(plan, envelope.about, recipients, virus);
        if !envelope.strangers.is_empty() {
            self.done_with(plan, envelope.about.id, &envelope.strangers);
        }
        let Some(service_mailbox) = envelope.service_mailbox.clone() else {
            plan.change(Change::Arrived {
                message: envelope.key,
                arrival: self.arrival(envelope.about.id, &envelope.named(), &self.over()),
            });
            return Ok(());
        };
        let content = ArrivalContent::Infected {
            facts: Box::new(envelope.facts.clone()),
            service_mailbox: service_mailbox.clone(),
            virus: virus.into(),
        };
        let mailboxes = envelope.awaited(|recipient| self.awaited(Due::VirusDetection { recipient }), &self.over());
        let arrival = Arrival { content, mailboxes };
        let place = self.place(plan, envelope, &arrival.content, &[service_mailbox.as_str().as_bytes(), virus.as_bytes()]);
        plan.change(Change::Arrived { message: place, arrival: arrival.clone() });
        let owed = arrival.mailboxes.iter().filter(|(_, awaited)| matches!(awaited.due, Due::VirusDetection { .. }));
        for (count, (mailbox, _)) in (0..).zip(owed.take(self.operator.settings().batch)) {
            let delivery = DeliveryId { arrival: place, mailbox: mailbox.clone() };
            virus_detection(plan, self.operator, &delivery, &arrival, &self.entropy.derive("virus-detection", count), self.now)?;
        }
        Ok(())
    }

    /// Where the arrival is remembered. Only one thing can stand under a key: if the same signed bytes came before with others around them, or
    /// with another verdict of the anti-virus, what comes for further mailboxes stands elsewhere; under the key it is noted that they have it.
    fn place(&self, plan: &mut Plan<'_>, envelope: &Correct<'_>, content: &ArrivalContent, told_apart: &[&[u8]]) -> Fingerprint {
        let key = envelope.key;
        if self.state.arrival(&key).is_none_or(|known| known.content == *content) {
            return key;
        }
        let noted = self.arrival(envelope.about.id, &envelope.named(), &self.over());
        plan.change(Change::Arrived { message: key, arrival: noted });
        let key = key.to_string();
        Fingerprint::of_parts([key.as_bytes()].into_iter().chain(told_apart.iter().copied()))
    }

    /// The service mailbox of the provider that signed: of several environments with one certificate, of that which manages the sender's domain.
    fn service_mailbox_of(&self, evidence: &Evidence, sender: &Address) -> Option<Address> {
        let listing = self.listing_of(evidence);
        let record = match &listing {
            Listing::Shared(records) => records.iter().copied().find(|record| record.manages(sender.domain())),
            Listing::None | Listing::One(_) | Listing::Conflict(_) => None,
        };
        record.or(listing.provider())?.mail_receipt().cloned()
    }
}

/// The primary recipients as the original has them: its header is signed, that of the envelope is not.
fn primary_recipients(original: &[u8]) -> Option<PrimaryRecipients> {
    let header = original.get(..outer_header(original).end)?;
    Message::parse(header).ok().map(|message| PrimaryRecipients::of(&message))
}

/// Writes the virus detection that is owed for a delivery, to the service mailbox of the sending provider (RFC 6109 §3.2.3).
pub(in crate::provider) fn virus_detection(
    plan: &mut Plan<'_>,
    operator: &Operator,
    delivery: &DeliveryId,
    arrival: &Arrival,
    entropy: &Entropy,
    now: Timestamp,
) -> Result<(), ProviderError> {
    // Whatever comes of it, it is owed no more.
    plan.change(Change::Settled { delivery: delivery.clone() });
    let ArrivalContent::Infected { facts, service_mailbox, virus } = &arrival.content else { return Ok(()) };
    let Some(Due::VirusDetection { recipient }) = arrival.mailboxes.get(&delivery.mailbox).map(|awaited| &awaited.due) else {
        return Ok(());
    };
    let (identity, transaction) = (operator.identity(), facts.transaction());
    let told = transaction.told_by(identity.provider(), now);
    let detection = VirusDetection::new(told, recipient.clone(), operator.virus_error(virus));

    plan.about(transaction.id());
    let written = || Ok(Draft::virus_detection(identity, &detection, service_mailbox, entropy)?);
    match operator.speaks_for(recipient.domain()).and_then(|()| written()) {
        Ok(draft) => {
            let (recipients, note) = (vec![recipient.clone()], virus.clone());
            let record = LogRecord { recipients, note, ..plan.record_on(Event::VirusDetectionIssued, transaction) };
            plan.notify(record, draft, service_mailbox)
        }
        Err(error) => {
            plan.cannot_write(transaction, recipient, &error);
            Ok(())
        }
    }
}
