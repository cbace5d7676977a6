//! Notifications of other providers (RFC 6109 §2.2.2), and what the sender's provider learns from them (§3.1.6, §3.2.4).

use super::anomaly::Origin;
use super::{About, Reception, deliver, signer};
use crate::certdata::{ExtendedError, Fault};
use crate::compose::Draft;
use crate::directory::Listing;
use crate::language::Language;
use crate::message::Content;
use crate::notification::{NonDelivery, Notification, VirusDetection};
use crate::provider::log::{Event, LogRecord};
use crate::provider::pending::{Message, Plan};
use crate::provider::state::{Change, Due, Followed, Stage};
use crate::provider::{Pending, ProviderError, VirusVerdict, clipped};
use crate::verify::{Evidence, Verified};

impl<'a> Reception<'_, 'a> {
    pub(super) fn notification(&self, content: &Verified<Content<'_>>) -> Result<Pending, ProviderError> {
        let evidence = content.evidence();
        let notification = match content.notification() {
            Ok(notification) => notification,
            Err(error) => {
                let reason = clipped(&error.in_language(Language::Italian));
                return self.not_certified(Origin::Provider(signer(evidence)), &reason);
            }
        };
        let transaction = notification.value().transaction();
        let mailboxes = match notification.value() {
            // Between providers, and never for a user, whoever may be named as the recipient (RFC 6109 §2.2.5).
            Notification::TakenInCharge(_) | Notification::VirusDetection(_) => vec![self.operator.service_mailbox().clone()],
            Notification::Acceptance(_)
            | Notification::NonAcceptance(_)
            | Notification::Delivery(_)
            | Notification::NonDelivery(_)
            | Notification::DeliveryTimeout(_) => self.rcpt_to.clone(),
        };
        let key = evidence.fingerprint();
        let (again, fresh) = self.sift(&key, mailboxes);
        let about = About {
            id: transaction.id(),
            sender: transaction.sender().as_str(),
            subject: transaction.subject().unwrap_or_default(),
            provider: signer(evidence),
        };
        let mut plan = self.plan(transaction.id().clone());
        self.log_reception(&mut plan, about, self.message_id.as_deref().unwrap_or_default(), &fresh, &again);
        if fresh.is_empty() {
            return Ok(plan.finish());
        }
        let awaited = match self.arrived.virus {
            VirusVerdict::Clean => self.awaited(Due::Nothing),
            // What it tells goes unheard: the sender, who does not get it, is told by the notices of silence.
            VirusVerdict::Infected(_) => self.over(),
        };
        plan.change(Change::Arrived { message: key, arrival: self.arrival(transaction.id(), &fresh, &awaited) });
        match self.arrived.virus {
            VirusVerdict::Infected(virus) => self.store(&mut plan, about, &fresh, virus),
            VirusVerdict::Clean => {
                self.hear(&mut plan, about, &notification)?;
                plan.log(about.record(&plan, Event::Forwarded, &fresh));
                deliver(&mut plan, &Message::Ready(self.arrived.message.to_vec().into()), key, &fresh);
            }
        }
        Ok(plan.finish())
    }

    /// Takes note of what it says of the recipients of a message that was accepted here, as far as their own provider says it.
    fn hear(&self, plan: &mut Plan<'_>, about: About<'_>, notification: &Verified<Notification>) -> Result<(), ProviderError> {
        let (told, stage) = match notification.value() {
            Notification::TakenInCharge(n) => (n.received_for(), Stage::TakenInCharge),
            Notification::Delivery(n) => (core::slice::from_ref(n.recipient()), Stage::Delivered),
            Notification::NonDelivery(n) => (core::slice::from_ref(n.recipient()), Stage::NotDelivered),
            Notification::VirusDetection(n) => (core::slice::from_ref(n.recipient()), Stage::NotDelivered),
            Notification::Acceptance(_) | Notification::NonAcceptance(_) | Notification::DeliveryTimeout(_) => return Ok(()),
        };
        let transaction = notification.value().transaction();
        let accepted = self.state.followed(transaction.id()).filter(|followed| {
            let sender = followed.envelope().transaction().sender();
            sender.as_str().eq_ignore_ascii_case(transaction.sender().as_str())
        });
        let listing = self.listing_of(notification.evidence());
        let (mut heard, mut unknown) = (Vec::new(), Vec::new());
        for recipient in told {
            // The verifier lets the sender's provider, too, say that a delivery failed; but this one is the sender's provider.
            let theirs = listing.manages(recipient.domain());
            match accepted.filter(|_| theirs).and_then(|followed| followed.recipient(recipient)) {
                Some((recipient, _)) => heard.push(recipient.clone()),
                None => unknown.push(recipient.clone()),
            }
        }
        if !unknown.is_empty() {
            plan.log(about.record(plan, Event::NotificationUnknown, &unknown));
        }
        let (Some(followed), false) = (accepted, heard.is_empty()) else { return Ok(()) };
        // A receipt binds by identifier, sender and recipient; providers may write the subject in their own way.
        let same_subject = followed.envelope().transaction().subject() == transaction.subject();
        let note = if same_subject { "" } else { "l'oggetto non è quello del messaggio accettato" };
        plan.log(LogRecord { note: note.into(), ..about.record(plan, Event::NotificationHeard, &heard) });
        plan.change(Change::Heard { id: transaction.id().clone(), recipients: heard, stage });
        match notification.value() {
            Notification::VirusDetection(virus) => self.tell_sender(plan, followed, virus),
            _ => Ok(()),
        }
    }

    /// The sender learns of the virus (RFC 6109 §3.2.4), unless the outcome for this recipient is known already.
    fn tell_sender(&self, plan: &mut Plan<'_>, followed: &Followed, virus: &VirusDetection) -> Result<(), ProviderError> {
        let operator = self.operator;
        let Some((recipient, fate)) = followed.recipient(virus.recipient()) else { return Ok(()) };
        if matches!(fate.stage, Stage::Delivered | Stage::NotDelivered) {
            return Ok(());
        }
        let accepted = followed.envelope().transaction();
        let entropy = self.entropy.derive("non-delivery", 0);
        let told = accepted.told_by(operator.identity().provider(), self.now);
        // As the other provider has it, but for its length; one must be told (RFC 6109 §3.2.4).
        let said = virus.reason().map(clipped).filter(|said| said.contains(char::is_alphanumeric));
        let reason = said.and_then(|said| said.parse().ok());
        let reason = reason.or_else(|| operator.virus_error("non specificato dal gestore del destinatario"));
        let note = reason.as_ref().map_or("", ExtendedError::raw).into();
        let facts = NonDelivery::new(told, recipient.clone(), Fault::Virus, reason)?;
        let written = || Ok(Draft::non_delivery(operator.identity(), &facts, &entropy)?);
        match operator.speaks_for(accepted.sender().domain()).and_then(|()| written()) {
            Ok(draft) => {
                let recipients = vec![recipient.clone()];
                let record = LogRecord { recipients, note, ..plan.record_on(Event::NonDeliveryIssued, accepted) };
                plan.issue(record, draft, accepted.sender())
            }
            Err(error) => {
                plan.cannot_write(accepted, recipient, &error);
                Ok(())
            }
        }
    }

    pub(super) fn listing_of(&self, evidence: &Evidence) -> Listing<'_> {
        self.operator.directory().map_or(Listing::None, |directory| directory.lookup(evidence.signer().certificate()))
    }
}
