//! What a user's mail says of itself that is certified: read from its header under no limit, whatever it holds.

use crate::address::Address;
use crate::certdata::{ReceiptKind, Recipient};
use crate::compose::Identity;
use crate::ident::PecId;
use crate::mime::{HeaderField, outer_fields};
use crate::notification::{NotificationError, Transaction};
use crate::time::Timestamp;

/// The facts of a mail: the subject, decoded; `Reply-To`, unfolded, its encoded words as they are; the `Message-ID`, if it is one.
pub(super) fn transaction_of(
    identity: &Identity,
    mail: &[u8],
    mail_from: Address,
    recipients: Vec<Recipient>,
    when: Timestamp,
    id: PecId,
) -> Result<Transaction, NotificationError> {
    let reply_to = filled(mail, "Reply-To").map(|field| storable(&field.unfolded())).unwrap_or_default();
    let subject = subject_of(mail);
    let mut facts = Transaction::new(mail_from, recipients, identity.provider(), when, id)?.with_reply_to(&reply_to)?;
    if !subject.is_empty() {
        facts = facts.with_subject(&subject)?;
    }
    Ok(match filled(mail, "Message-ID").and_then(|field| field.message_id()?.parse().ok()) {
        Some(id) => facts.with_message_id(id),
        None => facts,
    })
}

/// The subject as certification data can hold it.
pub(super) fn subject_of(mail: &[u8]) -> String {
    fields(mail, "Subject").next().map(|field| storable(&field.text())).unwrap_or_default()
}

/// The receipt that `X-TipoRicevuta` asks for; the complete one where there is none, or no known word (RFC 6109 §3.3.2.1).
pub(super) fn receipt_of(mail: &[u8]) -> ReceiptKind {
    let asked = fields(mail, "X-TipoRicevuta").next();
    asked.and_then(|field| field.unfolded().trim().to_ascii_lowercase().parse().ok()).unwrap_or(ReceiptKind::Complete)
}

fn fields<'a>(mail: &'a [u8], name: &'static str) -> impl Iterator<Item = HeaderField<'a>> {
    outer_fields(mail).filter(move |field| field.is(name))
}

fn filled<'a>(mail: &'a [u8], name: &'static str) -> Option<HeaderField<'a>> {
    fields(mail, name).find(|field| !field.raw_value().trim_ascii().is_empty())
}

/// A text as XML can hold it.
fn storable(text: &str) -> String {
    let foreign = |c| matches!(c, '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}');
    text.trim().chars().map(|c| if foreign(c) { '\u{fffd}' } else { c }).collect()
}
