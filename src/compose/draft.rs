//! One constructor for each message.

#![warn(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use std::borrow::Cow;
use std::collections::HashSet;

use super::brief::brief;
use super::entity::{Pieces, Signed, signed_entity};
use super::header::HeaderWriter;
use super::original::relabel;
use super::text::{Facts, Readable, Wording};
use super::{ComposeError, Entropy, Identity};
use crate::address::Address;
use crate::certdata::{ANOMALY_SUBJECT_PREFIX, CertificationData, ExtendedError, Fault, ReceiptKind, RecipientKind};
use crate::crypto::DigestAlgorithm;
use crate::ident::MessageId;
use crate::limits::Limits;
use crate::message::Message;
use crate::mime::{FieldSize, outer_header};
use crate::notification::{
    Acceptance, Delivery, DeliveryTimeout, NonAcceptance, NonDelivery, TakenInCharge, TimeoutNotice, Transaction, TransportEnvelope,
    VirusDetection,
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

/// How a message arrived that was not certified: what an anomaly envelope says of it. It is no certified fact.
#[derive(Debug, Clone, Copy)]
pub struct Received<'r> {
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
    /// When the facts are not this provider's, or say less than RFC 6109 asks for, which facts read from others' messages may.
    pub fn acceptance(identity: &Identity, facts: &Acceptance, entropy: &Entropy) -> Result<Self, ComposeError> {
        let plan = Plan::new(facts, Wording::Acceptance, facts.transaction());
        Self::notification(identity, facts.transaction(), plan, entropy)
    }

    /// The notice of non-acceptance (`non-accettazione`) for the sender, for a formal fault or a virus (RFC 6109 §3.1.2, §3.1.3).
    ///
    /// # Errors
    /// When the facts are not this provider's, or say less than RFC 6109 asks for, which facts read from others' messages may.
    pub fn non_acceptance(identity: &Identity, facts: &NonAcceptance, entropy: &Entropy) -> Result<Self, ComposeError> {
        let wording = if facts.fault() == Fault::Virus { Wording::NonAcceptanceVirus } else { Wording::NonAcceptance };
        let plan = Plan { reason: facts.reason(), ..Plan::new(facts, wording, facts.transaction()) };
        Self::notification(identity, facts.transaction(), plan, entropy)
    }

    /// The acceptance between providers (`presa-in-carico`), for the service mailbox of the sending one (RFC 6109 §3.2.1): never for users.
    ///
    /// # Errors
    /// When the facts are not this provider's, or say less than RFC 6109 asks for, which facts read from others' messages may.
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
    /// When the facts are not this provider's, or say less than RFC 6109 asks for, which facts read from others' messages may.
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
    /// When the facts are not this provider's, or say less than RFC 6109 asks for, which facts read from others' messages may.
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
    /// When the facts are not this provider's, or say less than RFC 6109 asks for, which facts read from others' messages may.
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
    /// carried it: a complete receipt has all of it, a brief one has it with hashes for its attachments ([`brief`]), a concise one has nothing of it.
    /// Which kind is due to a recipient, [`PrimaryRecipients`](super::PrimaryRecipients) tells.
    ///
    /// # Errors
    /// As [`Draft::acceptance`], and [`ComposeError::Original`] when a brief receipt is due and the original is too large to be read.
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

    /// The transport envelope (`posta-certificata`) of a message that was accepted (RFC 6109 §3.1.5). `original` is the message as the user gave
    /// it: it is carried with the PEC identifier in place of its own ([`relabel`](super::relabel)) and is otherwise untouched.
    ///
    /// The envelope takes `Received`, `To`, `Cc`, `Return-Path` and `Reply-To` from the original as they stand; a missing `Reply-To` is made from its
    /// `From`. `X-TipoRicevuta` is left out where the original has none and the receipt is the complete one, which is what that means.
    ///
    /// # Errors
    /// As [`Draft::acceptance`]; [`ComposeError::Original`] when the header of the original is too large to be read;
    /// [`ComposeError::Bcc`]; [`ComposeError::MessageIdentifier`].
    pub fn transport_envelope(
        identity: &Identity,
        facts: &TransportEnvelope,
        original: &'a [u8],
        entropy: &Entropy,
    ) -> Result<Self, ComposeError> {
        let transaction = facts.transaction();
        let message = header_of(original)?;
        let root = message.root();
        if root.fields("Bcc").any(|field| !field.raw_value().trim_ascii().is_empty()) {
            return Err(ComposeError::Bcc);
        }
        let relabelled = relabel(original, transaction.id());
        if let Some(found) = relabelled.message_id()
            && transaction.message_id() != Some(found)
        {
            let facts = transaction.message_id().map_or("", MessageId::as_str).into();
            return Err(ComposeError::MessageIdentifier { facts, found: found.as_str().into() });
        }
        let mut header = HeaderWriter::default();
        inherit(&message, &mut header);
        header.word("X-Trasporto", "posta-certificata");
        header.word("Date", &transaction.when().to_rfc5322());
        from_on_behalf(identity, transaction.sender().as_str(), &mut header);
        if root.field("Reply-To").is_none() {
            match root.field("From") {
                Some(from) => header.inherited(&[b"Reply-To:", from.raw_value()].concat()),
                None => header.word("Reply-To", transaction.sender().as_str()),
            }
        }
        header.word("Message-ID", &format!("<{}>", transaction.id()));
        if facts.receipt() != ReceiptKind::Complete || root.field("X-TipoRicevuta").is_some() {
            header.word("X-TipoRicevuta", facts.receipt().as_wire());
        }
        let (head, rest) = relabelled.into_pieces();
        let carried = Some(Pieces::of([Cow::Owned(head), Cow::Borrowed(rest)]));
        let plan = Plan { carried, ..Plan::new(facts, Wording::TransportEnvelope, transaction) };
        Self::certified(identity, transaction, header, plan, entropy)
    }

    /// The anomaly envelope for the recipients of a message that was not certified (RFC 6109 §3.2.2): its text and the received message, nothing
    /// else. It bears no certification data, so whoever verifies it gets no certified fact.
    ///
    /// The envelope takes `Received`, `To`, `Cc`, `Return-Path`, `Reply-To` (§2.1.1.2) and `Message-ID` from the message as they stand; a missing
    /// `Reply-To` is the reverse path.
    ///
    /// # Errors
    /// [`ComposeError::Original`] when the header of the message is too large to be read; what is wrong inside it does not matter.
    pub fn anomaly_envelope(
        identity: &Identity,
        received: &Received<'_>,
        message: &'a [u8],
        entropy: &Entropy,
    ) -> Result<Self, ComposeError> {
        let header_alone = header_of(message)?;
        let root = header_alone.root();
        let mut header = HeaderWriter::default();
        inherit(&header_alone, &mut header);
        root.fields("Message-ID").for_each(|field| header.inherited(field.raw()));
        header.word("X-Trasporto", "errore");
        header.word("Date", &received.when.to_rfc5322());
        let claimed = header_alone.claims().subject().unwrap_or_default();
        header.text("Subject", &format!("{ANOMALY_SUBJECT_PREFIX}: {claimed}"));
        from_on_behalf(identity, received.mail_from, &mut header);
        if root.field("Reply-To").is_none()
            && let Ok(sender) = received.mail_from.parse::<Address>()
        {
            header.word("Reply-To", sender.as_str());
        }
        if root.field("Message-ID").is_none() {
            header.word("Message-ID", &format!("<{}>", entropy.message_id(identity.address().domain())));
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
        let carried = Some(Pieces::of([message.into()]));
        let signed = signed_entity(&readable, identity.readable(), None, carried, entropy);
        Self::of(identity, header, signed, received.when, entropy)
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
        check(identity, transaction, &plan.data)?;
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
        let signed = signed_entity(&readable, identity.readable(), Some(&plan.data.to_xml()), plan.carried, entropy);
        Self::of(identity, header, signed, transaction.when(), entropy)
    }

    fn of(identity: &Identity, header: HeaderWriter, signed: Signed<'a>, when: Timestamp, entropy: &Entropy) -> Result<Self, ComposeError> {
        let (header, limits) = (header.into_bytes(), Limits::default());
        if header.len() > limits.header_bytes.saturating_sub(1_024) {
            return Err(ComposeError::HeaderTooLong { bytes: header.len() });
        }
        // A subject may be longer as it is encoded here than it was.
        let written = Message::parse(&header).map_err(|_| ComposeError::HeaderTooLong { bytes: header.len() })?;
        if let Some(field) = written.root().headers().find(|field| field.size() == FieldSize::TooLong) {
            return Err(ComposeError::HeaderTooLong { bytes: field.raw().len() });
        }
        Ok(Self { identity: identity.clone(), entropy: entropy.clone(), header, signed, when, digest: DigestAlgorithm::Sha256 })
    }
}

/// Holds the facts against the rules that their types leave open: a value may come from another provider's data.
fn check(identity: &Identity, transaction: &Transaction, data: &CertificationData) -> Result<(), ComposeError> {
    let named = transaction.provider().unwrap_or_default();
    if named != identity.provider() {
        return Err(ComposeError::OtherProvider { facts: named.into(), identity: identity.provider().into() });
    }
    if transaction.reply_to().is_none() {
        return Err(ComposeError::Element { element: "risposte" });
    }
    let mut recipients = HashSet::new();
    for recipient in transaction.recipients() {
        match (recipient.address().value(), recipient.kind().value()) {
            (Some(address), Some(_)) => drop(recipients.insert(address)),
            _ => return Err(ComposeError::Element { element: "destinatari" }),
        }
    }
    let concerned = data.recipient().into_iter().chain(data.received_for());
    match concerned.filter_map(|written| written.value()).find(|address| !recipients.contains(address)) {
        Some(stranger) => Err(ComposeError::NotARecipient { address: stranger.clone() }),
        None => Ok(()),
    }
}

/// The message as far as its header goes: nothing else of it is asked, and it may be large.
fn header_of(message: &[u8]) -> Result<Message<'_>, ComposeError> {
    let header = message.get(..outer_header(message).end).unwrap_or_default();
    // Every field counts, however many and long they are: a Bcc must not hide behind a limit.
    let no_limits = Limits {
        header_bytes: usize::MAX,
        header_fields: usize::MAX,
        header_field_bytes: usize::MAX,
        recipients_field_bytes: usize::MAX,
        ..Limits::default()
    };
    Message::parse_with(header, &no_limits).map_err(|error| ComposeError::Original { error })
}

/// `"Per conto di: sender" <provider's address>`, in From and in Sender (RFC 6109 §2.1).
fn from_on_behalf(identity: &Identity, sender: &str, header: &mut HeaderWriter) {
    let display = format!("Per conto di: {sender}");
    header.mailbox("From", &display, identity.address());
    header.mailbox("Sender", &display, identity.address());
}

/// Takes over the fields that every envelope inherits, in their order, as they stand (RFC 6109 §2.1.1.2).
fn inherit(message: &Message<'_>, header: &mut HeaderWriter) {
    const NAMES: [&str; 5] = ["Return-Path", "Received", "To", "Cc", "Reply-To"];
    message.root().headers().filter(|field| NAMES.iter().any(|name| field.is(name))).for_each(|field| header.inherited(field.raw()));
}
