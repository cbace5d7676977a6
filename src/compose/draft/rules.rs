//! Facts against the rules that their types leave open: a value may come from another provider's data.

use std::collections::HashMap;

use super::Plan;
use crate::address::Address;
use crate::certdata::{CertificationData, ExtendedError, Fault, PecKind, RecipientKind, says_something};
use crate::compose::{ComposeError, Identity};
use crate::limits::Limits;
use crate::notification::Transaction;

pub(super) fn check(identity: &Identity, transaction: &Transaction, plan: &Plan<'_, '_>) -> Result<(), ComposeError> {
    let data = &plan.data;
    let Some(named) = transaction.provider().filter(|named| !named.is_empty()) else {
        return Err(ComposeError::Element { element: "gestore-emittente" });
    };
    if named != identity.provider() {
        return Err(ComposeError::OtherProvider { facts: named.into(), identity: identity.provider().into() });
    }
    if transaction.reply_to().is_none() {
        return Err(ComposeError::Element { element: "risposte" });
    }
    let limit = Limits::default().certdata_recipients;
    for (element, count) in [("destinatari", transaction.recipients().len()), ("ricezione", data.received_for().len())] {
        if count > limit {
            return Err(ComposeError::TooManyRecipients { element, count, limit });
        }
    }
    recipients(transaction, data)?;
    mailbox(transaction, data, plan.to)?;
    reason(data)
}

/// Whoever a message concerns is one of the recipients, and has a PEC mailbox.
fn recipients(transaction: &Transaction, data: &CertificationData) -> Result<(), ComposeError> {
    let mut listed = HashMap::new();
    for recipient in transaction.recipients() {
        match (recipient.address().value(), recipient.kind().value()) {
            // One that is listed twice has a PEC mailbox if it has one once.
            (Some(address), Some(RecipientKind::Certified)) => drop(listed.insert(address, RecipientKind::Certified)),
            (Some(address), Some(RecipientKind::External)) => drop(listed.entry(address).or_insert(RecipientKind::External)),
            // Who passes on what another provider certified repeats its list to the letter; who certifies a list answers for it.
            (None, Some(_)) if passes_on(data.kind()) => {}
            _ => return Err(ComposeError::Element { element: "destinatari" }),
        }
    }
    let concerned = data.recipient().into_iter().chain(data.received_for());
    for address in concerned.filter_map(|written| written.value()) {
        match listed.get(address) {
            Some(RecipientKind::Certified) => {}
            Some(RecipientKind::External) => {
                return Err(ComposeError::ExternalRecipient { kind: data.kind(), address: address.clone(), section: section(data) });
            }
            None => return Err(ComposeError::NotARecipient { address: address.clone() }),
        }
    }
    Ok(())
}

/// Whether a message of this kind repeats the facts of somebody else's envelope.
fn passes_on(kind: PecKind) -> bool {
    matches!(kind, PecKind::TakenInCharge | PecKind::VirusDetection | PecKind::Delivery | PecKind::NonDelivery)
}

/// What goes to a service mailbox goes to no user whom it concerns, in whatever case the address is written. Among the other recipients a
/// service mailbox may be: somebody wrote to it.
fn mailbox(transaction: &Transaction, data: &CertificationData, to: &Address) -> Result<(), ComposeError> {
    if !matches!(data.kind(), PecKind::TakenInCharge | PecKind::VirusDetection) {
        return Ok(());
    }
    let concerned = data.recipient().into_iter().chain(data.received_for()).map(|written| written.text());
    match concerned.chain([transaction.sender().as_str()]).any(|user| user.eq_ignore_ascii_case(to.as_str())) {
        true => Err(ComposeError::ServiceMailbox { kind: data.kind(), address: to.clone(), section: section(data) }),
        false => Ok(()),
    }
}

/// What says that something went wrong says what.
fn reason(data: &CertificationData) -> Result<(), ComposeError> {
    let due = matches!(data.kind(), PecKind::NonAcceptance | PecKind::NonDelivery | PecKind::VirusDetection);
    let said = says_something(data.extended_error().map_or("", ExtendedError::raw));
    if due && !said { Err(ComposeError::ReasonMissing { kind: data.kind(), section: section(data) }) } else { Ok(()) }
}

/// The section of RFC 6109 that says what a message of this kind is.
fn section(data: &CertificationData) -> &'static str {
    let virus = data.fault().value() == Some(&Fault::Virus);
    match data.kind() {
        PecKind::Acceptance => "3.1.4",
        PecKind::NonAcceptance if virus => "3.1.3",
        PecKind::NonAcceptance => "3.1.2",
        PecKind::TransportEnvelope => "3.1.5",
        PecKind::DeliveryTimeout => "3.1.6",
        PecKind::TakenInCharge => "3.2.1",
        PecKind::VirusDetection => "3.2.3",
        PecKind::NonDelivery if virus => "3.2.4",
        PecKind::NonDelivery => "3.3.3",
        PecKind::Delivery => "3.3.2",
    }
}
