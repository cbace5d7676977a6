//! The delivery point: what is due when a message was, or could not be, put into a mailbox (RFC 6109 §2.2.3, §3.3).

use std::borrow::Cow;

use super::log::{Event, LogRecord};
use super::output::DeliveryId;
use super::pending::Plan;
use super::state::{ArrivalContent, Change, Due, State};
use super::{Operator, Pending, ProviderError};
use crate::address::Address;
use crate::certdata::{ExtendedError, Fault, ReceiptKind, RecipientKind, says_something};
use crate::compose::{ComposeError, Draft, Entropy, Identity};
use crate::fingerprint::Fingerprint;
use crate::message::{CarriedMessage, LineForm, Message, Reading};
use crate::mime::LineEnds;
use crate::notification::{Delivery, NonDelivery, Transaction, TransportEnvelope};
use crate::time::Timestamp;

/// What came of a delivery, as the mailbox store says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum MailboxOutcome<'a> {
    /// The message lies in the mailbox.
    Stored,
    /// There is no such mailbox.
    NoSuchMailbox,
    /// The mailbox is full.
    Full,
    /// The mailbox is closed.
    Disabled,
    /// It failed for good for another reason, told in a few words.
    Failed(&'a str),
}

/// Where mail goes into mailboxes (`punto di consegna`, RFC 6109 §2.2.3).
#[doc(alias = "punto di consegna")]
#[derive(Debug, Clone, Copy)]
pub struct DeliveryPoint<'o> {
    operator: &'o Operator,
}

impl<'o> DeliveryPoint<'o> {
    pub(super) fn new(operator: &'o Operator) -> Self {
        Self { operator }
    }

    /// Takes the outcome of a delivery, once it is final: while there is hope, try again and say nothing.
    ///
    /// `message` is what was to be delivered ([`Output::Deliver`](super::Output::Deliver)). Where it is a correct transport envelope the sender gets a
    /// delivery receipt of the kind that is due from this recipient (`avvenuta-consegna`, RFC 6109 §3.3.2), or a notice of non-delivery
    /// (`errore-consegna`, §3.3.3); for anything else only the log says what happened. The same outcome told again, or another one told
    /// later, is logged and changes nothing.
    ///
    /// An envelope that carries no original, which it should, is certified all the same: its receipt is a concise one, since there is nothing to copy.
    /// Of an original that cannot be read as far as a brief receipt needs, the receipt has all. Where what the envelope certifies leaves no room for a
    /// notification within the limits of mail, the log says so, and the delivery is settled all the same.
    ///
    /// ```
    /// # #[cfg(feature = "rustcrypto")] {
    /// use postacert::Timestamp;
    /// use postacert::compose::{Entropy, Signer};
    /// use postacert::provider::{Committed, MailboxOutcome, Operator, Output, ProviderError, State};
    /// # fn put(_: &str, _: &[u8]) -> Result<(), &'static str> { Ok(()) }
    ///
    /// /// Carries out a delivery.
    /// fn deliver(
    ///     operator: &Operator,
    ///     state: &State,
    ///     output: &Output,
    ///     signer: &dyn Signer,
    ///     entropy: &Entropy,
    ///     now: Timestamp,
    /// ) -> Result<Option<Committed>, ProviderError> {
    ///     let Output::Deliver { delivery, message, .. } = output else { return Ok(None) };
    ///     let outcome = match put(delivery.mailbox.as_str(), message) {
    ///         Ok(()) => MailboxOutcome::Stored,
    ///         Err(why) => MailboxOutcome::Failed(why),
    ///     };
    ///     let pending = operator.delivery_point().settle(state, delivery, message, outcome, entropy, now)?;
    ///     pending.sign_with(signer).map(Some)
    /// }
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`ProviderError::UnknownDelivery`] when nothing is, or was, to be delivered so; [`ProviderError::OtherMessage`] when a receipt is due and
    /// these are not the bytes that arrived; [`ProviderError::NotValid`] when a message is due and the operator's certificate is not valid at this time;
    /// [`ProviderError::Compose`].
    pub fn settle(
        &self,
        state: &State,
        delivery: &DeliveryId,
        message: &[u8],
        outcome: MailboxOutcome<'_>,
        entropy: &Entropy,
        now: Timestamp,
    ) -> Result<Pending, ProviderError> {
        let unknown = || ProviderError::UnknownDelivery { delivery: delivery.clone() };
        let arrival = state.arrival(&delivery.arrival).ok_or_else(unknown)?;
        let awaited = arrival.mailboxes.get(&delivery.mailbox).ok_or_else(unknown)?;
        let (id, original) = match &arrival.content {
            ArrivalContent::Envelope { facts, .. } => (facts.transaction().id(), Some(facts.transaction())),
            ArrivalContent::Other { transaction } => (transaction, state.followed(transaction).map(|sent| sent.envelope().transaction())),
            // What is infected goes into no mailbox.
            ArrivalContent::Infected { .. } => return Err(unknown()),
        };
        let mut plan = Plan::new(self.operator, id.clone(), now);
        let failure = Failure::of(outcome, self.operator);
        let event = match (awaited.is_over(), &failure) {
            (true, _) => Event::DeliveryRepeated,
            (false, None) => Event::Delivered,
            (false, Some(_)) => Event::NotDelivered,
        };
        plan.log(LogRecord {
            recipients: vec![delivery.mailbox.clone()],
            note: failure.as_ref().map_or("", Failure::text).into(),
            ..record(&plan, event, original)
        });
        if awaited.is_over() {
            return Ok(plan.finish());
        }
        if let (ArrivalContent::Envelope { facts, message: arrived }, Due::Receipt { recipient, kind }) = (&arrival.content, &awaited.due)
            && is_certified(recipient, facts)
        {
            if Fingerprint::of(message) != *arrived {
                return Err(ProviderError::OtherMessage { delivery: delivery.clone() });
            }
            let identity = self.operator.identity();
            let told = facts.transaction().told_by(identity.provider(), now);
            let original = if failure.is_none() { carried(message)? } else { None };
            let written = || match &failure {
                None => receipt(identity, &told, recipient, *kind, original, entropy)
                    .map(|(kind, draft)| (Event::DeliveryIssued, kind.as_wire(), draft)),
                Some(failure) => non_delivery(identity, told.clone(), recipient, failure, entropy)
                    .map(|draft| (Event::NonDeliveryIssued, failure.text(), draft)),
            };
            match self.operator.speaks_for(recipient.domain()).and_then(|()| Ok(written()?)) {
                Ok((event, note, draft)) => {
                    let (recipients, note) = (vec![recipient.clone()], note.into());
                    let record = LogRecord { recipients, note, ..plan.record_on(event, facts.transaction()) };
                    // To the reverse path, whatever Reply-To says (RFC 6109 §2.1).
                    plan.notify(record, draft, facts.transaction().sender())?;
                }
                Err(error) => plan.cannot_write(facts.transaction(), recipient, &error),
            }
        }
        plan.change(Change::Settled { delivery: delivery.clone() });
        Ok(plan.finish())
    }
}

/// Why a message does not lie in its mailbox.
#[derive(Debug)]
struct Failure {
    fault: Fault,
    reason: Option<ExtendedError>,
}

impl Failure {
    /// The codes are those of RFC 3463 §3.2 to §3.4.
    fn of(outcome: MailboxOutcome<'_>, operator: &Operator) -> Option<Self> {
        let (fault, status, text) = match outcome {
            MailboxOutcome::Stored => return None,
            MailboxOutcome::NoSuchMailbox => (Fault::NoRecipient, "5.1.1", "indirizzo non valido"),
            MailboxOutcome::Full => (Fault::Other, "5.2.2", "casella piena"),
            MailboxOutcome::Disabled => (Fault::Other, "5.2.1", "casella disabilitata"),
            MailboxOutcome::Failed(text) if !says_something(text) => (Fault::Other, "5.3.0", "errore di consegna"),
            MailboxOutcome::Failed(text) => (Fault::Other, "5.3.0", text),
        };
        Some(Self { fault, reason: operator.extended_error(status, text) })
    }

    fn text(&self) -> &str {
        self.reason.as_ref().map_or("", ExtendedError::raw)
    }
}

/// What is known of the message that a record is about.
fn record(plan: &Plan<'_>, event: Event, original: Option<&Transaction>) -> LogRecord {
    match original {
        Some(original) => plan.record_on(event, original),
        None => LogRecord { provider: Box::default(), ..plan.record(event) },
    }
}

/// Whether a recipient of the envelope is one that receipts are for: they are not due from one outside of PEC (`esterno`).
fn is_certified(recipient: &Address, envelope: &TransportEnvelope) -> bool {
    let mut named = envelope.transaction().recipients().iter().filter(|named| named.address().value() == Some(recipient));
    named.any(|named| named.kind().value() != Some(&RecipientKind::External))
}

/// The original in an envelope. Nothing is verified here: the caller has found the envelope to be, byte for byte, the one that was when it arrived.
fn carried(envelope: &[u8]) -> Result<Option<Cow<'_, [u8]>>, ProviderError> {
    let message = Message::parse(envelope).map_err(|error| ComposeError::Original { error })?;
    // Kept with LF alone, it was verified, and travelled, with CR LF.
    let form = match message.signed().map(|signed| LineEnds::of(signed.bytes())) {
        Ok(LineEnds::LfOnly) => LineForm::Crlf,
        _ => LineForm::AsReceived,
    };
    let reading = Reading::of(&message, form, message.limits());
    Ok(reading.and_then(|reading| reading.original).map(CarriedMessage::into_bytes))
}

fn receipt<'a>(
    identity: &Identity,
    told: &Transaction,
    recipient: &Address,
    due: ReceiptKind,
    original: Option<Cow<'a, [u8]>>,
    entropy: &Entropy,
) -> Result<(ReceiptKind, Draft<'a>), ComposeError> {
    let draft = |kind, original: Cow<'a, [u8]>| {
        let facts = Delivery::new(told.clone(), recipient.clone(), kind);
        Draft::delivery(identity, &facts, original, entropy).map(|draft| (kind, draft))
    };
    match (due, original) {
        // There is nothing to copy, and yet the message was delivered.
        (ReceiptKind::Concise, _) | (_, None) => draft(ReceiptKind::Concise, Cow::default()),
        (ReceiptKind::Complete, Some(original)) => draft(ReceiptKind::Complete, original),
        (ReceiptKind::Brief, Some(original)) => match draft(ReceiptKind::Brief, original.clone()) {
            // Where attachments cannot be told, a brief receipt coincides with a complete one (RFC 6109 §3.3.2.2).
            Err(ComposeError::Original { .. }) => draft(ReceiptKind::Complete, original),
            brief => brief,
        },
    }
}

fn non_delivery<'a>(
    identity: &Identity,
    told: Transaction,
    recipient: &Address,
    failure: &Failure,
    entropy: &Entropy,
) -> Result<Draft<'a>, ComposeError> {
    let facts = NonDelivery::new(told, recipient.clone(), failure.fault, failure.reason.clone());
    let facts = facts.map_err(|_| ComposeError::Element { element: "errore" })?;
    Draft::non_delivery(identity, &facts, entropy)
}
