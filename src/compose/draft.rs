//! One constructor for each message.

use super::entity::{Pieces, signed_entity};
use super::header::HeaderWriter;
use super::text::{Facts, Readable, Wording};
use super::{ComposeError, Entropy, Identity};
use crate::address::Address;
use crate::certdata::{CertificationData, ExtendedError, Fault, ReceiptKind, RecipientKind, subject_prefix};
use crate::message::Message;
use crate::notification::{
    Acceptance, Delivery, DeliveryTimeout, NonAcceptance, NonDelivery, TakenInCharge, TimeoutNotice, Transaction, TransportEnvelope,
    VirusDetection,
};
use crate::time::Timestamp;

/// A message composed, not yet signed.
///
/// What is signed is fixed: [`Draft::entity`]. To sign it, give a key to [`Draft::sign_with`], or take the bytes to where the key is
/// with [`Draft::to_sign`].
#[derive(Debug, Clone)]
pub struct Draft<'a> {
    pub(super) identity: Identity,
    pub(super) entropy: Entropy,
    /// The outer header but for Content-Type, which names the digest.
    pub(super) header: Vec<u8>,
    pub(super) entity: Pieces<'a>,
    pub(super) when: Timestamp,
}

/// A message that arrived and was not certified: what an anomaly envelope says of it.
#[derive(Debug, Clone, Copy)]
pub struct Received<'r> {
    /// The message, as it arrived.
    pub message: &'r [u8],
    /// The reverse path it arrived with (`MAIL FROM`).
    pub mail_from: &'r str,
    /// The forward paths it arrived with (`RCPT TO`).
    pub rcpt_to: &'r [Address],
    /// When it arrived.
    pub when: Timestamp,
    /// Why it was not certified, in a few words.
    pub reason: &'r str,
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
    /// [`ComposeError::OtherProvider`].
    pub fn acceptance(identity: &Identity, facts: &Acceptance, entropy: &Entropy) -> Result<Self, ComposeError> {
        let plan = Plan::new(facts, Wording::Acceptance, facts.transaction());
        Self::notification(identity, facts.transaction(), plan, entropy)
    }

    /// The notice of non-acceptance (`non-accettazione`) for the sender, for a formal fault or a virus (RFC 6109 §3.1.2, §3.1.3).
    ///
    /// # Errors
    /// [`ComposeError::OtherProvider`].
    pub fn non_acceptance(identity: &Identity, facts: &NonAcceptance, entropy: &Entropy) -> Result<Self, ComposeError> {
        let wording = if facts.fault() == Fault::Virus { Wording::NonAcceptanceVirus } else { Wording::NonAcceptance };
        let plan = Plan { reason: facts.reason(), ..Plan::new(facts, wording, facts.transaction()) };
        Self::notification(identity, facts.transaction(), plan, entropy)
    }

    /// The acceptance between providers (`presa-in-carico`), for the service mailbox of the sending one (RFC 6109 §3.2.1): never for users.
    ///
    /// # Errors
    /// [`ComposeError::OtherProvider`].
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
    /// [`ComposeError::OtherProvider`].
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
    /// [`ComposeError::OtherProvider`].
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
    /// [`ComposeError::OtherProvider`].
    pub fn delivery_timeout(identity: &Identity, facts: &DeliveryTimeout, entropy: &Entropy) -> Result<Self, ComposeError> {
        let wording = if facts.notice() == TimeoutNotice::Final { Wording::Timeout24h } else { Wording::Timeout12h };
        let (recipient, reason) = (Some(facts.recipient()), facts.reason());
        let plan = Plan { recipient, reason, ..Plan::new(facts, wording, facts.transaction()) };
        Self::notification(identity, facts.transaction(), plan, entropy)
    }
}
