//! One constructor for each message.

#![warn(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

mod envelopes;
mod rules;

pub use envelopes::Received;

use super::brief::brief;
use super::entity::{Pieces, Signed, signed_entity};
use super::header::HeaderWriter;
use super::text::{Facts, Readable, Wording};
use super::{ComposeError, Entropy, Identity};
use crate::address::Address;
use crate::certdata::{CertificationData, ExtendedError, Fault, ReceiptKind, RecipientKind};
use crate::crypto::DigestAlgorithm;
use crate::limits::Limits;
use crate::notification::{
    Acceptance, Delivery, DeliveryTimeout, NonAcceptance, NonDelivery, TakenInCharge, TimeoutNotice, Transaction, VirusDetection,
};
use crate::time::Timestamp;

/// A message composed, not yet signed.
///
/// There is one constructor for each message of RFC 6109. Each takes who composes, the facts, and the caller's randomness; the same three give the
/// same message, byte for byte. What is certified is in the facts, so a receipt without a recipient, or one of a kind that may carry
/// no original with one, cannot be written down.
///
/// To sign, give a key to `Draft::sign_with`, or take the bytes to where the key is with [`Draft::to_sign`].
#[derive(Debug, Clone)]
pub struct Draft<'a> {
    pub(super) identity: Identity,
    pub(super) entropy: Entropy,
    /// The outer header but for MIME-Version and Content-Type, which names the digest.
    pub(super) header: Vec<u8>,
    pub(super) signed: Signed<'a>,
    pub(super) when: Timestamp,
    pub(super) digest: DigestAlgorithm,
}

/// What goes into a message besides the transaction.
struct Plan<'p, 'a> {
    data: CertificationData,
    wording: Wording,
    to: &'p Address,
    recipient: Option<&'p Address>,
    reason: Option<&'p ExtendedError>,
    carried: Option<Pieces<'a>>,
}

impl<'p, 'a> Plan<'p, 'a> {
    /// A notification for the original sender, about all recipients.
    fn new(data: impl Into<CertificationData>, wording: Wording, transaction: &'p Transaction) -> Self {
        Self { data: data.into(), wording, to: transaction.sender(), recipient: None, reason: None, carried: None }
    }
}

impl<'a> Draft<'a> {
    /// The acceptance (`accettazione`) for the sender (RFC 6109 §3.1.4).
    ///
    /// # Errors
    /// When the facts are not this provider's, say less than RFC 6109 asks for, which facts read from others' messages may, or more than readers take.
    pub fn acceptance(identity: &Identity, facts: &Acceptance, entropy: &Entropy) -> Result<Self, ComposeError> {
        let plan = Plan::new(facts, Wording::Acceptance, facts.transaction());
        Self::notification(identity, facts.transaction(), plan, entropy)
    }

    /// The notice of non-acceptance (`non-accettazione`) for the sender, for a formal fault or a virus (RFC 6109 §3.1.2, §3.1.3).
    ///
    /// # Errors
    /// As [`Draft::acceptance`], and [`ComposeError::ReasonMissing`].
    pub fn non_acceptance(identity: &Identity, facts: &NonAcceptance, entropy: &Entropy) -> Result<Self, ComposeError> {
        let wording = if facts.fault() == Fault::Virus { Wording::NonAcceptanceVirus } else { Wording::NonAcceptance };
        let plan = Plan { reason: facts.reason(), ..Plan::new(facts, wording, facts.transaction()) };
        Self::notification(identity, facts.transaction(), plan, entropy)
    }

    /// The acceptance between providers (`presa-in-carico`), for the service mailbox of the sending one (RFC 6109 §3.2.1): never for users.
    ///
    /// # Errors
    /// As [`Draft::acceptance`]; [`ComposeError::NotARecipient`] and [`ComposeError::ExternalRecipient`] for those it was received for;
    /// [`ComposeError::ServiceMailbox`] when it would go to a user of the message.
    pub fn taken_in_charge(
        identity: &Identity,
        facts: &TakenInCharge,
        service_mailbox: &Address,
        entropy: &Entropy,
    ) -> Result<Self, ComposeError> {
        let plan = Plan { to: service_mailbox, ..Plan::new(facts, Wording::TakenInCharge, facts.transaction()) };
        Self::notification(identity, facts.transaction(), plan, entropy)
    }

    /// The virus detection (`rilevazione-virus`), for the service mailbox of the sending provider (RFC 6109 §3.2.3).
    ///
    /// # Errors
    /// As [`Draft::taken_in_charge`], and [`ComposeError::ReasonMissing`].
    pub fn virus_detection(
        identity: &Identity,
        facts: &VirusDetection,
        service_mailbox: &Address,
        entropy: &Entropy,
    ) -> Result<Self, ComposeError> {
        let (recipient, reason) = (Some(facts.recipient()), facts.reason());
        let plan = Plan { to: service_mailbox, recipient, reason, ..Plan::new(facts, Wording::VirusDetection, facts.transaction()) };
        Self::notification(identity, facts.transaction(), plan, entropy)
    }

    /// The notice of non-delivery (`errore-consegna`) for the sender (RFC 6109 §3.3.3), also after a virus detection (§3.2.4).
    ///
    /// # Errors
    /// As [`Draft::acceptance`]; [`ComposeError::NotARecipient`], [`ComposeError::ExternalRecipient`], [`ComposeError::ReasonMissing`].
    pub fn non_delivery(identity: &Identity, facts: &NonDelivery, entropy: &Entropy) -> Result<Self, ComposeError> {
        let wording = if facts.fault() == Fault::Virus { Wording::NonDeliveryVirus } else { Wording::NonDelivery };
        let (recipient, reason) = (Some(facts.recipient()), facts.reason());
        let plan = Plan { recipient, reason, ..Plan::new(facts, wording, facts.transaction()) };
        Self::notification(identity, facts.transaction(), plan, entropy)
    }

    /// The timeout notice (`preavviso-errore-consegna`) for the sender (RFC 6109 §3.1.6): the text of 24 hours where
    /// [`DeliveryTimeout::notice`] is final, else that of 12 hours.
    ///
    /// # Errors
    /// As [`Draft::acceptance`]; [`ComposeError::NotARecipient`] and [`ComposeError::ExternalRecipient`].
    pub fn delivery_timeout(identity: &Identity, facts: &DeliveryTimeout, entropy: &Entropy) -> Result<Self, ComposeError> {
        let wording = if facts.notice() == TimeoutNotice::Final { Wording::Timeout24h } else { Wording::Timeout12h };
        let (recipient, reason) = (Some(facts.recipient()), facts.reason());
        let plan = Plan { recipient, reason, ..Plan::new(facts, wording, facts.transaction()) };
        Self::notification(identity, facts.transaction(), plan, entropy)
    }
}

impl<'a> Draft<'a> {
    /// The delivery receipt (`avvenuta-consegna`) for the sender (RFC 6109 §3.3.2). `original` is the original message as the transport envelope
    /// carried it: a complete receipt has all of it, a brief one has it with hashes for its attachments ([`brief`]), a concise one has nothing of it.
    /// Which kind is due to a recipient, [`PrimaryRecipients`](super::PrimaryRecipients) tells.
    ///
    /// # Errors
    /// As [`Draft::delivery_timeout`], and [`ComposeError::Original`] when a brief receipt is due and the original is too large to be read.
    pub fn delivery(identity: &Identity, facts: &Delivery, original: &'a [u8], entropy: &Entropy) -> Result<Self, ComposeError> {
        let (wording, carried) = match facts.receipt() {
            ReceiptKind::Complete => (Wording::Delivery, Some(Pieces::of([original.into()]))),
            ReceiptKind::Brief => {
                let brief = brief(original).map_err(|error| ComposeError::Original { error })?;
                (Wording::BriefDelivery, Some(Pieces::of([brief.into_bytes()])))
            }
            ReceiptKind::Concise => (Wording::ConciseDelivery, None),
        };
        let plan = Plan { recipient: Some(facts.recipient()), carried, ..Plan::new(facts, wording, facts.transaction()) };
        Self::notification(identity, facts.transaction(), plan, entropy)
    }
}

/// What all have in common.
impl<'a> Draft<'a> {
    /// The same message, signed over another digest than SHA-256.
    #[must_use]
    pub fn with_digest(self, digest: DigestAlgorithm) -> Self {
        Self { digest, ..self }
    }

    /// The bytes that will be signed: the multipart/mixed with its text, its data and what it carries.
    #[must_use]
    pub fn entity(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.signed.entity.len());
        self.signed.entity.iter().for_each(|piece| bytes.extend_from_slice(piece));
        bytes
    }

    fn notification(identity: &Identity, transaction: &Transaction, plan: Plan<'_, 'a>, entropy: &Entropy) -> Result<Self, ComposeError> {
        let mut header = HeaderWriter::default();
        header.word("X-Ricevuta", plan.data.kind().as_wire());
        if matches!(plan.wording, Wording::NonAcceptanceVirus | Wording::NonDeliveryVirus) {
            header.word("X-VerificaSicurezza", "errore");
        }
        if plan.wording == Wording::VirusDetection {
            header.word("X-Mittente", transaction.sender().as_str());
        }
        header.word("Date", &transaction.when().to_rfc5322());
        header.word("From", identity.address().as_str());
        header.word("Sender", identity.address().as_str());
        header.word("To", plan.to.as_str());
        header.word("Message-ID", &format!("<{}>", entropy.message_id(identity.address().domain())));
        Self::certified(identity, transaction, header, plan, entropy)
    }

    fn certified(
        identity: &Identity,
        transaction: &Transaction,
        mut header: HeaderWriter,
        plan: Plan<'_, 'a>,
        entropy: &Entropy,
    ) -> Result<Self, ComposeError> {
        rules::check(identity, transaction, &plan)?;
        let prefix = plan.data.kind().subject_prefix(plan.data.fault().value().copied());
        header.text("Subject", &format!("{prefix}: {}", transaction.subject().unwrap_or_default()));
        if let Some(id) = transaction.message_id() {
            header.word("X-Riferimento-Message-ID", &format!("<{id}>"));
        }
        let recipients = transaction.recipients().iter().map(|recipient| {
            let kind = match recipient.kind().value() {
                Some(RecipientKind::External) => "posta ordinaria",
                Some(RecipientKind::Certified) | None => "posta certificata",
            };
            (recipient.address().text(), kind)
        });
        // "Accepted by the system" is said of those that this provider serves; the data name all (RFC 6109 §3.2.1).
        let recipients = match plan.wording {
            Wording::TakenInCharge => plan.data.received_for().iter().map(|taken| (taken.text(), "")).collect(),
            _ => recipients.collect(),
        };
        let facts = Facts {
            when: Some(transaction.when()),
            subject: transaction.subject().unwrap_or_default(),
            sender: transaction.sender().as_str(),
            recipients,
            recipient: plan.recipient.map_or("", Address::as_str),
            error: plan.reason.map_or("", ExtendedError::raw),
            id: Some(transaction.id().as_str()),
        };
        let readable = Readable::new(plan.wording, &facts);
        let (data, limit) = (plan.data.to_xml(), Limits::default().certdata_bytes);
        if data.len() > limit {
            return Err(ComposeError::CertdataTooLong { bytes: data.len(), limit });
        }
        let signed = signed_entity(&readable, identity.readable(), Some(&data), plan.carried, entropy);
        Self::of(identity, header, signed, transaction.when(), entropy)
    }

    fn of(identity: &Identity, header: HeaderWriter, signed: Signed<'a>, when: Timestamp, entropy: &Entropy) -> Result<Self, ComposeError> {
        let (header, limits) = (header.into_bytes(), Limits::default());
        if header.len() > limits.header_bytes.saturating_sub(1_024) {
            return Err(ComposeError::HeaderTooLong { bytes: header.len() });
        }
        Ok(Self { identity: identity.clone(), entropy: entropy.clone(), header, signed, when, digest: DigestAlgorithm::Sha256 })
    }
}
