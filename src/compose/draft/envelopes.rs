//! The two envelopes, which carry a message and inherit fields of its header.

use std::borrow::Cow;

use super::{Draft, Plan};
use crate::address::Address;
use crate::certdata::{ANOMALY_SUBJECT_PREFIX, ReceiptKind};
use crate::compose::entity::{Pieces, signed_entity};
use crate::compose::header::{HeaderWriter, Unfit, fits};
use crate::compose::original::relabel;
use crate::compose::outer::{OuterHeader, is_empty};
use crate::compose::text::{Facts, Readable, Wording};
use crate::compose::transaction::{agree, from_address, subject};
use crate::compose::{ComposeError, Entropy, Identity};
use crate::mime::HeaderField;
use crate::notification::TransportEnvelope;
use crate::time::Timestamp;

/// The fields that both envelopes inherit (RFC 6109 §2.1.1.2).
const INHERITED: [&str; 5] = ["Return-Path", "Received", "To", "Cc", "Reply-To"];

/// How a message arrived that was not certified: what an anomaly envelope says of it. It is no certified fact.
#[derive(Debug, Clone, Copy)]
pub struct Received<'r> {
    /// The reverse path it arrived with (`MAIL FROM`), with or without its angle brackets; empty where it was the null path.
    pub mail_from: &'r str,
    /// The forward paths it arrived with (`RCPT TO`).
    pub rcpt_to: &'r [Address],
    /// When it arrived.
    pub when: Timestamp,
    /// Why it was not certified, in a few words.
    pub reason: &'r str,
}

impl<'a> Draft<'a> {
    /// The transport envelope (`posta-certificata`) of a message that was accepted (RFC 6109 §3.1.5). `original` is the message as the user gave
    /// it: it is carried with the PEC identifier in place of its own ([`relabel`](crate::compose::relabel)) and is otherwise untouched.
    ///
    /// The facts must be those of the original: [`Identity::transaction_of`] takes them from it.
    ///
    /// The envelope takes `Received`, `To`, `Cc`, `Return-Path` and `Reply-To` from the original as they stand, but for blanks before the colon and
    /// lines of blanks; a missing `Reply-To`, or an empty one, is made from its `From`. `X-TipoRicevuta` is left out where the original has none and the receipt is the complete one, which is
    /// what that means.
    ///
    /// # Errors
    /// As [`Draft::acceptance`]; [`ComposeError::Bcc`]; when the facts are not those of the original (the sender, the subject, `Reply-To`, the
    /// receipt asked for, the identifier); [`ComposeError::Inherited`] when a field to be inherited is one that the
    /// [`formal_checks`](crate::compose::formal_checks) refuse.
    pub fn transport_envelope(
        identity: &Identity,
        facts: &TransportEnvelope,
        original: &'a [u8],
        entropy: &Entropy,
    ) -> Result<Self, ComposeError> {
        let transaction = facts.transaction();
        // Every field counts, however many and long they are: a Bcc must not hide behind a limit.
        let fields = OuterHeader::of(original);
        if ["Bcc", "Resent-Bcc"].iter().any(|name| fields.filled(name).is_some()) {
            return Err(ComposeError::Bcc);
        }
        let relabelled = relabel(original, transaction.id());
        agree(facts, &fields, relabelled.message_id())?;
        let mut header = HeaderWriter::default();
        for field in fields.fields() {
            if let Some(name) = inherited_name(&field) {
                header.inherited(field.raw()).map_err(|Unfit| ComposeError::Inherited { field: name })?;
            }
        }
        header.word("X-Trasporto", "posta-certificata");
        header.word("Date", &transaction.when().to_rfc5322());
        from_on_behalf(identity, transaction.sender().as_str(), &mut header);
        if fields.filled("Reply-To").is_none() {
            reply_to_sender(&fields, transaction.sender(), &mut header)?;
        }
        header.word("Message-ID", &format!("<{}>", transaction.id()));
        if facts.receipt() != ReceiptKind::Complete || fields.field("X-TipoRicevuta").is_some() {
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
    /// The envelope takes `Received`, `To`, `Cc`, `Return-Path`, `Reply-To` (§2.1.1.2) and `Message-ID` from the message; a missing `Reply-To` is the
    /// sender. The sender is the reverse path; where that is null, the address in `From`, if there is exactly one; and else it is
    /// said to be unknown (`mittente sconosciuto`), and no `Reply-To` is made.
    ///
    /// The message must arrive whatever it holds, and the header must be one of 7-bit mail. So fields are taken as they stand where they can stand in
    /// such a header. Elsewhere each control character becomes a blank and each byte beyond ASCII a `?`, and lines over 998 bytes are folded at a
    /// blank; a field that has no blank to be folded at is left out, as is an empty `Reply-To` or `Message-ID`, and counts as missing. The
    /// message inside is untouched.
    ///
    /// # Errors
    /// [`ComposeError::HeaderTooLong`]; what is wrong inside the message does not matter.
    pub fn anomaly_envelope(
        identity: &Identity,
        received: &Received<'_>,
        message: &'a [u8],
        entropy: &Entropy,
    ) -> Result<Self, ComposeError> {
        let fields = OuterHeader::of(message);
        let sender = sender(received, &fields);
        let mut header = HeaderWriter::default();
        let mut reply_to = Found::Missing;
        for field in fields.fields() {
            if let Some(name) = inherited_name(&field)
                && header.mended(field.raw()).is_ok()
                && name == "Reply-To"
            {
                reply_to = Found::There;
            }
        }
        header.word("X-Trasporto", "errore");
        header.word("Date", &received.when.to_rfc5322());
        let claimed = subject(&fields);
        header.text("Subject", &format!("{ANOMALY_SUBJECT_PREFIX}: {claimed}"));
        from_on_behalf(identity, &sender, &mut header);
        if reply_to == Found::Missing
            && let Ok(sender) = sender.parse::<Address>()
        {
            header.word("Reply-To", sender.as_str());
        }
        if fields.filled("Message-ID").is_none_or(|field| header.mended(field.raw()).is_err()) {
            header.word("Message-ID", &format!("<{}>", entropy.message_id(identity.address().domain())));
        }
        let facts = Facts {
            when: Some(received.when),
            subject: &claimed,
            sender: &sender,
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

#[derive(PartialEq, Eq)]
enum Found {
    There,
    Missing,
}

/// `Per conto di: sender`, in From and in Sender (RFC 6109 §2.1).
fn from_on_behalf(identity: &Identity, sender: &str, header: &mut HeaderWriter) {
    let display = format!("Per conto di: {sender}");
    header.mailbox("From", &display, identity.address());
    header.mailbox("Sender", &display, identity.address());
}

/// A `Reply-To` made of what `From` says, names included; of the sender where it says nothing (RFC 6109 §2.1).
fn reply_to_sender(fields: &OuterHeader<'_>, sender: &Address, header: &mut HeaderWriter) -> Result<(), ComposeError> {
    if let Some(from) = fields.filled("From") {
        fits(from.raw()).map_err(|Unfit| ComposeError::Inherited { field: "From" })?;
        // The name of the field is longer now, and with it the line.
        if header.mended(&[b"Reply-To:", from.raw_value()].concat()).is_ok() {
            return Ok(());
        }
    }
    header.word("Reply-To", sender.as_str());
    Ok(())
}

/// The name of a field that envelopes inherit. An empty `Reply-To` is as good as none, and one is made.
fn inherited_name(field: &HeaderField<'_>) -> Option<&'static str> {
    let name = INHERITED.into_iter().find(|name| field.is(name))?;
    (name != "Reply-To" || !is_empty(field)).then_some(name)
}

/// Who sent a message that is not certified, as far as it can be told.
fn sender(received: &Received<'_>, fields: &OuterHeader<'_>) -> String {
    let path = received.mail_from.trim();
    let path = path.strip_prefix('<').and_then(|path| path.strip_suffix('>')).unwrap_or(path).trim();
    match from_address(fields) {
        _ if !path.is_empty() => path.to_owned(),
        Some(from) => from.as_str().to_owned(),
        None => "mittente sconosciuto".to_owned(),
    }
}
