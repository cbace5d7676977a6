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

/// Messages that carry another.
impl<'a> Draft<'a> {
    /// The delivery receipt (`avvenuta-consegna`) for the sender (RFC 6109 §3.3.2). `original` is the original message as the transport envelope
    /// carried it: a complete receipt has all of it, a brief one has it with hashes for its attachments (§3.3.2.2), a concise one has nothing of it.
    ///
    /// # Errors
    /// [`ComposeError::OtherProvider`]; [`ComposeError::Original`] when a brief receipt is asked for and the original cannot be read.
    pub fn delivery(identity: &Identity, facts: &Delivery, original: &'a [u8], entropy: &Entropy) -> Result<Self, ComposeError> {
        let (wording, carried) = match facts.receipt() {
            ReceiptKind::Complete => (Wording::Delivery, Some(Pieces::from(original))),
            ReceiptKind::Brief => (Wording::BriefDelivery, Some(Pieces::from(brief(original)?))),
            ReceiptKind::Concise => (Wording::ConciseDelivery, None),
        };
        let plan = Plan { recipient: Some(facts.recipient()), carried, ..Plan::new(facts, wording, facts.transaction()) };
        Self::notification(identity, facts.transaction(), plan, entropy)
    }

    /// The transport envelope (`posta-certificata`) of a message that was accepted (RFC 6109 §3.1.5). `original` is the message as the user gave it: it is
    /// carried with the PEC identifier in place of its own (§2.2.1) and is otherwise untouched.
    ///
    /// The envelope takes `Received`, `To`, `Cc`, `Return-Path` and `Reply-To` from the original as they stand; a missing `Reply-To` is made from its `From`.
    ///
    /// # Errors
    /// [`ComposeError::OtherProvider`]; [`ComposeError::Original`]; [`ComposeError::Bcc`].
    pub fn transport_envelope(
        identity: &Identity,
        facts: &TransportEnvelope,
        original: &'a [u8],
        entropy: &Entropy,
    ) -> Result<Self, ComposeError> {
        let transaction = facts.transaction();
        let message = Message::parse(original).map_err(|error| ComposeError::Original { error })?;
        let root = message.root();
        if root.fields("Bcc").any(|field| !field.unfolded().trim().is_empty()) {
            return Err(ComposeError::Bcc);
        }
        let mut header = HeaderWriter::default();
        inherit(&message, &["Return-Path", "Received", "To", "Cc", "Reply-To"], &mut header);
        header.word("X-Trasporto", "posta-certificata");
        header.word("Date", &transaction.when().to_rfc5322());
        header.text("Subject", &subject(Wording::TransportEnvelope, transaction.subject().unwrap_or_default()));
        from_on_behalf(identity, transaction.sender().as_str(), &mut header);
        if root.field("Reply-To").is_none() {
            reply_to(&message, transaction.sender(), &mut header);
        }
        header.word("Message-ID", &format!("<{}>", transaction.id()));
        if let Some(id) = transaction.message_id() {
            header.word("X-Riferimento-Message-ID", &format!("<{id}>"));
        }
        header.word("X-TipoRicevuta", facts.receipt().as_wire());
        let carried = Some(relabelled(original, transaction.id()));
        let plan = Plan { carried, ..Plan::new(facts, Wording::TransportEnvelope, transaction) };
        Self::finish(identity, transaction, header, plan, entropy)
    }

    /// The anomaly envelope for the recipients of a message that was not certified (RFC 6109 §3.2.2): its text and the received message, nothing else.
    ///
    /// The envelope takes `Received`, `To`, `Cc`, `Return-Path` and `Message-ID` from the message as they stand.
    ///
    /// # Errors
    /// [`ComposeError::Original`] when the message is too large to be read; what is wrong inside it does not matter.
    pub fn anomaly_envelope(identity: &Identity, received: &Received<'a>, entropy: &Entropy) -> Result<Self, ComposeError> {
        let message = Message::parse(received.message).map_err(|error| ComposeError::Original { error })?;
        let mut header = HeaderWriter::default();
        inherit(&message, &["Return-Path", "Received", "To", "Cc", "Message-ID"], &mut header);
        header.word("X-Trasporto", "errore");
        header.word("Date", &received.when.to_rfc5322());
        let claimed = message.claims().subject().unwrap_or_default().into_owned();
        header.text("Subject", &subject(Wording::Anomaly, &claimed));
        from_on_behalf(identity, received.mail_from, &mut header);
        if message.root().field("Reply-To").is_none() {
            if let Ok(sender) = received.mail_from.parse::<Address>() {
                header.word("Reply-To", sender.as_str());
            }
        }
        let facts = Facts {
            when: Some(received.when),
            subject: &claimed,
            sender: received.mail_from,
            recipients: received.rcpt_to.iter().map(|to| (to.as_str(), "")).collect(),
            error: received.reason,
            ..Facts::default()
        };
        let readable = Readable::new(Wording::Anomaly, &facts);
        let entity = signed_entity(&readable, identity.0.readable, None, Some(Pieces::from(received.message)), entropy);
        Ok(Self { identity: identity.clone(), entropy: entropy.clone(), header: header.into_bytes(), entity, when: received.when })
    }
}

/// What all have in common.
impl<'a> Draft<'a> {
    /// The bytes that will be signed: the multipart/mixed with its text, its data and what it carries.
    #[must_use]
    pub fn entity(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.entity.len());
        self.entity.iter().for_each(|piece| bytes.extend_from_slice(piece));
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
        header.text("Subject", &subject(plan.wording, transaction.subject().unwrap_or_default()));
        header.word("From", identity.address().as_str());
        header.word("Sender", identity.address().as_str());
        header.word("To", plan.to.as_str());
        if let Some(id) = transaction.message_id() {
            header.word("X-Riferimento-Message-ID", &format!("<{id}>"));
        }
        header.word("Message-ID", &format!("<{}>", entropy.message_id(identity.address().domain())));
        Self::finish(identity, transaction, header, plan, entropy)
    }

    fn finish(
        identity: &Identity,
        transaction: &Transaction,
        header: HeaderWriter,
        plan: Plan<'_, 'a>,
        entropy: &Entropy,
    ) -> Result<Self, ComposeError> {
        let named = transaction.provider().unwrap_or_default();
        if named != identity.provider() {
            return Err(ComposeError::OtherProvider { facts: named.into(), identity: identity.provider().into() });
        }
        let recipients = transaction.recipients().iter().map(|recipient| {
            let kind = match recipient.kind().value() {
                Some(RecipientKind::External) => "posta ordinaria",
                Some(RecipientKind::Certified) | None => "posta certificata",
            };
            (recipient.address().text(), kind)
        });
        let fault = plan.data.fault().text();
        let facts = Facts {
            when: Some(transaction.when()),
            subject: transaction.subject().unwrap_or_default(),
            sender: transaction.sender().as_str(),
            recipients: recipients.collect(),
            recipient: plan.recipient.map_or("", Address::as_str),
            error: plan.reason.map_or(fault, ExtendedError::raw),
            id: Some(transaction.id().as_str()),
        };
        let readable = Readable::new(plan.wording, &facts);
        let entity = signed_entity(&readable, identity.0.readable, Some(&plan.data.to_xml()), plan.carried, entropy);
        Ok(Self { identity: identity.clone(), entropy: entropy.clone(), header: header.into_bytes(), entity, when: transaction.when() })
    }
}

fn subject(wording: Wording, original: &str) -> String {
    format!("{}: {original}", subject_prefix(wording))
}

/// `"Per conto di: sender" <provider's address>`, in From and in Sender (RFC 6109 §2.1).
fn from_on_behalf(identity: &Identity, sender: &str, header: &mut HeaderWriter) {
    let display = format!("Per conto di: {sender}");
    header.mailbox("From", &display, identity.address());
    header.mailbox("Sender", &display, identity.address());
}

/// Takes over the fields of these names, in their order, as they stand.
fn inherit(message: &Message<'_>, names: &[&str], header: &mut HeaderWriter) {
    for field in message.root().headers() {
        if names.iter().any(|name| field.is(name)) {
            header.inherited(field.raw());
        }
    }
}
