//! What certification data repeat of the header of a user's message: read from it, and held against it.

#![warn(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use super::original::message_id_of;
use super::outer::OuterHeader;
use super::{ComposeError, Identity};
use crate::address::Address;
use crate::certdata::{ReceiptKind, Recipient, is_xml_character};
use crate::ident::{MessageId, PecId};
use crate::mime::HeaderField;
use crate::notification::{NotificationError, Transaction, TransportEnvelope};
use crate::time::Timestamp;

impl Identity {
    /// The facts of a message that a user hands over, certified by this provider: what all its notifications and its envelope have in common.
    ///
    /// `mail_from` and `recipients` are the paths of the SMTP envelope, which alone certify who sends to whom (RFC 6109 §2.1); `when` is when the
    /// provider handles the message, and `id` the identifier that it gives it ([`Entropy::pec_id`](super::Entropy::pec_id)). From the header
    /// come, under no limit:
    ///
    /// * the subject, decoded (`oggetto`);
    /// * `Reply-To`, unfolded, with its encoded words as they are (`risposte`; empty where there is none);
    /// * the `Message-ID` (`msgid`; left out where there is none, or none of the form of a [`MessageId`]), as [`relabel`](super::relabel) finds it.
    ///
    /// A character that no XML document may hold, such as NUL, becomes U+FFFD.
    ///
    /// # Errors
    /// No recipients, or a provider's name with a character that no XML document may hold.
    ///
    /// ```
    /// use postacert::{Certificate, Recipient, RecipientKind, compose::{Entropy, Identity}};
    ///
    /// # let pki = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/pki");
    /// # let certificate = Certificate::from_pem_or_der(&std::fs::read(format!("{pki}/uno.pem"))?)?.remove(0);
    /// # let chain = Certificate::from_pem_or_der(&std::fs::read(format!("{pki}/issuing.pem"))?)?;
    /// let identity = Identity::new("Gestore Uno PEC S.p.A.", certificate, chain)?;
    /// let id = Entropy::new([7; 32]).pec_id(identity.address().domain());
    /// let message = b"From: a@pec.example\r\nTo: b@pec.example\r\nSubject: =?utf-8?q?Citt=C3=A0?=\r\nMessage-ID: <x@y>\r\n\r\n";
    /// let to = Recipient::new("b@pec.example".parse()?, RecipientKind::Certified);
    ///
    /// let facts = identity.transaction_of(message, "a@pec.example".parse()?, vec![to], "2026-11-22T03:00:00+01:00".parse()?, id)?;
    /// assert_eq!(facts.subject(), Some("Città"));
    /// assert_eq!(facts.message_id(), Some(&"x@y".parse()?));
    /// assert_eq!(facts.provider(), Some("Gestore Uno PEC S.p.A."));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn transaction_of(
        &self,
        message: &[u8],
        mail_from: Address,
        recipients: Vec<Recipient>,
        when: Timestamp,
        id: PecId,
    ) -> Result<Transaction, NotificationError> {
        let header = OuterHeader::of(message);
        let mut facts = Transaction::new(mail_from, recipients, self.provider(), when, id)?.with_reply_to(&reply_to(&header))?;
        let subject = subject(&header);
        if !subject.is_empty() {
            facts = facts.with_subject(&subject)?;
        }
        Ok(match message_id_of(&header) {
            Some(id) => facts.with_message_id(id),
            None => facts,
        })
    }
}

/// The subject of a mail as certification data can hold it.
pub(crate) fn subject_of(mail: &[u8]) -> String {
    subject(&OuterHeader::of(mail))
}

/// The receipt that `X-TipoRicevuta` asks for; the complete one where there is none, or no known word (RFC 6109 §3.3.2.1).
pub(crate) fn receipt_of(mail: &[u8]) -> ReceiptKind {
    OuterHeader::of(mail).field("X-TipoRicevuta").and_then(|field| receipt(&field)).unwrap_or(ReceiptKind::Complete)
}

/// The one address in `From`, if that is all that there is.
pub(super) fn from_address(header: &OuterHeader<'_>) -> Option<Address> {
    let mut fields = header.fields().filter(|field| field.is("From"));
    let (only, None) = (fields.next()?, fields.next()) else { return None };
    only.addresses().single()?.address().parse().ok()
}

/// The subject as certification data can hold it.
pub(super) fn subject(header: &OuterHeader<'_>) -> String {
    header.field("Subject").map(|field| storable(&field.text())).unwrap_or_default()
}

fn reply_to(header: &OuterHeader<'_>) -> String {
    header.filled("Reply-To").map(|field| storable(&field.unfolded())).unwrap_or_default()
}

/// Holds facts against the header of the message that they are said to be of. What the header does not say, the facts may not say either, but
/// for an identifier and a kind of receipt.
pub(super) fn agree(envelope: &TransportEnvelope, header: &OuterHeader<'_>, found_id: Option<&MessageId>) -> Result<(), ComposeError> {
    let facts = envelope.transaction();
    if let Some(found) = found_id
        && facts.message_id() != Some(found)
    {
        let found = found.as_str().into();
        return Err(match facts.message_id() {
            Some(facts) => ComposeError::MessageIdentifier { facts: facts.as_str().into(), found },
            None => ComposeError::MessageIdentifierLost { found },
        });
    }
    if let Some(from) = header.filled("From")
        && from_address(header).as_ref() != Some(facts.sender())
    {
        return Err(ComposeError::Sender { facts: facts.sender().clone(), found: clip(&from.unfolded()) });
    }
    let (said, found) = (facts.subject().unwrap_or_default(), subject(header));
    if !same(said, &found) {
        return Err(ComposeError::Subject { facts: clip(said), found: clip(&found) });
    }
    let (said, found) = (facts.reply_to().unwrap_or_default(), reply_to(header));
    let decoded = || header.filled("Reply-To").map(|field| storable(&field.text())).unwrap_or_default();
    if !same(said, &found) && !same(said, &decoded()) {
        return Err(ComposeError::ReplyTo { facts: clip(said), found: clip(&found) });
    }
    match header.field("X-TipoRicevuta").and_then(|field| receipt(&field)) {
        Some(found) if found != envelope.receipt() => Err(ComposeError::Receipt { facts: envelope.receipt(), found }),
        _ => Ok(()),
    }
}

/// The kind of receipt that `X-TipoRicevuta` names, if it is a known word.
fn receipt(field: &HeaderField<'_>) -> Option<ReceiptKind> {
    field.unfolded().trim().to_ascii_lowercase().parse().ok()
}

/// Blanks may differ: folding makes and takes them.
fn same(a: &str, b: &str) -> bool {
    a.split_whitespace().eq(b.split_whitespace())
}

/// A text as XML can hold it.
fn storable(text: &str) -> String {
    text.trim().chars().map(|c| if is_xml_character(c) { c } else { '\u{fffd}' }).collect()
}

/// The beginning of a text, for an error.
fn clip(text: &str) -> Box<str> {
    text.chars().take(120).collect::<String>().into()
}
