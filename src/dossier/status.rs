//! What became of a message, told from its receipts.

use core::cmp::Reverse;

use super::issue::Disputes;
use super::receipt::{Entry, ReceiptRecord};
use super::{Dossier, Listed, Standing, lower};
use crate::address::Address;
use crate::certdata::{ExtendedError, Fault, PecKind, ReceiptKind, RecipientKind};
use crate::time::{Timestamp, UnixTime};

const HOUR: i64 = 3_600;

coded! {
    /// What became of a message for one recipient.
    pub enum Progress {
        /// The recipient is named by a receipt; whether the message was accepted is not known.
        Submitted = "submitted",
            "submitted",
            "inviato";
        /// The sender's provider has accepted the message, and answers for it.
        Accepted { when: Timestamp } = "accepted",
            "accepted on {when}",
            "accettato il {when}";
        /// Accepted, for a recipient outside of PEC: no receipt is to be expected.
        External { when: Timestamp } = "external",
            "accepted on {when} for a recipient outside of PEC, of whom no receipt comes",
            "accettato il {when} per un destinatario esterno alla PEC, dal quale non arrivano ricevute";
        /// The sender's provider has refused the message.
        Refused { when: Timestamp, fault: Fault } = "refused",
            "refused on {when} ({fault})",
            "rifiutato il {when} ({fault})";
        /// Nothing had been heard for 12 hours.
        Delayed { when: Timestamp } = "delayed",
            "nothing heard until {when}",
            "nessuna notizia fino al {when}";
        /// Nothing had been heard for 24 hours: the sending counts as failed (RFC 6109 §3.1.6).
        TimedOut { when: Timestamp } = "timed-out",
            "given up on {when}, when nothing had been heard for 24 hours",
            "considerato non riuscito il {when}, dopo 24 ore senza notizie";
        /// It could not be delivered.
        NotDelivered { when: Timestamp, fault: Fault } = "not-delivered",
            "not delivered, as of {when} ({fault})",
            "non consegnato, secondo l'avviso del {when} ({fault})";
        /// A virus was found in it: it was not delivered.
        Virus { when: Timestamp } = "virus",
            "not delivered because of a virus, as of {when}",
            "non consegnato per un virus, secondo l'avviso del {when}";
        /// It lies in the recipient's mailbox.
        Delivered { when: Timestamp, receipt: ReceiptKind } = "delivered",
            "delivered on {when} (receipt {receipt})",
            "consegnato il {when} (ricevuta {receipt})";
    }
}

coded! {
    /// What became of a message as a whole: what mail clients show as one tick, two ticks, a warning or a failure.
    pub enum Summary {
        /// Neither accepted nor refused, as far as is known.
        Submitted = "submitted",
            "submitted",
            "inviato";
        /// Accepted, and not yet delivered to every certified recipient, if there is one. One tick.
        Accepted = "accepted",
            "accepted",
            "accettato";
        /// Delivered to every certified recipient. Two ticks.
        Delivered = "delivered",
            "delivered",
            "consegnato";
        /// Something is late, or the receipts do not fit together. A warning.
        Warning = "warning",
            "to be looked at",
            "da controllare";
        /// Refused, or not delivered to one recipient at least. A failure.
        Failed = "failed",
            "failed",
            "non riuscito";
    }
}

coded! {
    /// What has not come.
    pub enum Missing {
        /// The acceptance of the message.
        Acceptance = "missing-acceptance",
            "the acceptance has not come",
            "manca l'accettazione";
        /// The delivery receipt of a recipient, or a notice that there will be none.
        Outcome { recipient: Address, since: UnixTime, overdue: Overdue } = "missing-outcome",
            "nothing final has come of {recipient}, accepted on {since} ({overdue})",
            "manca l'esito per {recipient}, accettato il {since} ({overdue})";
    }
}

coded! {
    /// Which notice the sender's provider owed, had nothing been heard (RFC 6109 §3.1.6).
    pub enum Overdue {
        /// None yet.
        No = "not-overdue",
            "within 12 hours",
            "entro 12 ore";
        /// The first.
        TwelveHours = "overdue-12h",
            "after 12 hours",
            "oltre 12 ore";
        /// The final one: it should have come.
        TwentyFourHours = "overdue-24h",
            "after 24 hours",
            "oltre 24 ore";
    }
}

impl Progress {
    /// Whether nothing more is to be expected. After [`TimedOut`](Self::TimedOut) a receipt may still come, but need not.
    #[must_use]
    pub fn is_final(&self) -> bool {
        !matches!(self, Self::Submitted | Self::Accepted { .. } | Self::Delayed { .. })
    }

    fn is_failure(&self) -> bool {
        matches!(self, Self::Refused { .. } | Self::NotDelivered { .. } | Self::Virus { .. } | Self::TimedOut { .. })
    }

    /// How far it goes, for one to replace another.
    fn rank(&self) -> u8 {
        match self {
            Self::Submitted => 0,
            Self::Refused { .. } => 1,
            Self::Accepted { .. } | Self::External { .. } => 2,
            Self::Delayed { .. } => 3,
            Self::TimedOut { .. } => 4,
            Self::NotDelivered { .. } | Self::Virus { .. } => 5,
            Self::Delivered { .. } => 6,
        }
    }
}

/// What is known of one recipient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecipientStatus<'d> {
    address: &'d Address,
    kind: RecipientKind,
    progress: Progress,
    standing: Standing,
    reason: Option<&'d ExtendedError>,
    receipts: Vec<&'d ReceiptRecord>,
}

impl<'d> RecipientStatus<'d> {
    /// The recipient.
    #[must_use]
    pub fn address(&self) -> &'d Address {
        self.address
    }

    /// Whether it is certified, as the sender's provider says.
    #[must_use]
    pub fn kind(&self) -> RecipientKind {
        self.kind
    }

    /// What became of the message.
    #[must_use]
    pub fn progress(&self) -> &Progress {
        &self.progress
    }

    /// What that is worth: whether the receipt that says so was verified, or comes from a record.
    #[must_use]
    pub fn standing(&self) -> Standing {
        self.standing
    }

    /// Why it was refused or not delivered, in the provider's words (`errore-esteso`).
    #[doc(alias = "errore-esteso")]
    #[must_use]
    pub fn reason(&self) -> Option<&'d ExtendedError> {
        self.reason
    }

    /// The receipts about this recipient, disputed ones too, in the order of their dates; those about all recipients are not among them.
    #[must_use]
    pub fn receipts(&self) -> &[&'d ReceiptRecord] {
        &self.receipts
    }

    fn listed(listed: &'d Listed) -> Self {
        let (address, kind, standing) = (&listed.address, listed.named.kind(), listed.named.standing());
        Self { address, kind, progress: Progress::Submitted, standing, reason: None, receipts: Vec::new() }
    }

    /// Takes over what an entry says, if that goes further. Entries come by their precedence: of equals the first stays, and nothing recorded
    /// goes beyond a final word that was verified.
    fn raise(&mut self, progress: Progress, entry: &'d Entry) {
        let settled = self.progress.is_final() && self.standing > entry.standing;
        if !settled && progress.rank() > self.progress.rank() {
            (self.progress, self.standing, self.reason) = (progress, entry.standing, entry.record.reason.as_ref());
        }
    }
}

impl Dossier {
    /// What is known of each recipient, in the order of their addresses.
    #[must_use]
    pub fn recipients(&self) -> Vec<RecipientStatus<'_>> {
        self.told(&self.disputes())
    }

    pub(super) fn told(&self, disputes: &Disputes) -> Vec<RecipientStatus<'_>> {
        let mut told: Vec<_> = self.recipients.iter().map(RecipientStatus::listed).collect();
        let accepted = self.first(PecKind::Acceptance);
        let mut of_all: Vec<&Entry> = accepted.into_iter().chain(self.first(PecKind::NonAcceptance)).collect();
        of_all.sort_by_key(|entry| Reverse(entry.standing));
        for entry in of_all {
            for (status, listed) in
                told.iter_mut().zip(self.recipients.iter()).filter(|(_, listed)| listed.named.by(entry.record.kind, entry.standing))
            {
                status.raise(general(entry, listed.named.kind()), entry);
            }
        }
        let mut entries: Vec<&Entry> = self.receipts.iter().filter(|entry| !entry.is_of_all()).collect();
        entries.sort_by_key(|entry| entry.precedence());
        for entry in entries {
            let progress = particular(entry, accepted).filter(|_| !disputes.receipts.contains(&entry.record.id));
            for recipient in &entry.record.recipients {
                let at = told.binary_search_by(|status| lower(status.address).cmp(lower(recipient)));
                let Some(status) = at.ok().and_then(|at| told.get_mut(at)) else { continue };
                status.receipts.push(&entry.record);
                if let Some(progress) = &progress {
                    status.raise(progress.clone(), entry);
                }
            }
        }
        for status in &mut told {
            status.receipts.sort_by_key(|receipt| (receipt.when.instant(), receipt.id));
            // One that names a recipient twice is still one.
            status.receipts.dedup_by_key(|receipt| receipt.id);
        }
        told
    }

    /// What became of the message as a whole. What is merely recorded counts, too: it is proven as far as the [`RecipientStatus::standing`] of the
    /// recipients is [`Standing::Verified`].
    #[must_use]
    pub fn summary(&self) -> Summary {
        let disputes = self.disputes();
        let recipients = self.told(&disputes);
        let any = |of: fn(&Progress) -> bool| recipients.iter().any(|status| of(&status.progress));
        if any(Progress::is_failure) {
            return Summary::Failed;
        }
        if any(|progress| matches!(progress, Progress::Delayed { .. })) || !self.issues_of(disputes, &recipients).is_empty() {
            return Summary::Warning;
        }
        let mut certified = recipients.iter().filter(|status| status.kind == RecipientKind::Certified).peekable();
        if certified.peek().is_some() && certified.all(|status| matches!(status.progress, Progress::Delivered { .. })) {
            return Summary::Delivered;
        }
        if self.is_orphan() { Summary::Submitted } else { Summary::Accepted }
    }

    /// What became of it as a whole, by `now`: as [`Dossier::summary`], but a [`Warning`](Summary::Warning) where the notice of 24 hours should have come
    /// for a recipient, and nothing has (RFC 6109 §3.1.6).
    #[must_use]
    pub fn summary_at(&self, now: UnixTime) -> Summary {
        let overdue = |missing: &Missing| matches!(missing, Missing::Outcome { overdue: Overdue::TwentyFourHours, .. });
        match self.summary() {
            Summary::Accepted if self.missing(now).iter().any(overdue) => Summary::Warning,
            summary => summary,
        }
    }

    /// What has not come by `now`, and since when it is awaited.
    #[must_use]
    pub fn missing(&self, now: UnixTime) -> Vec<Missing> {
        let Some(accepted) = self.first(PecKind::Acceptance) else {
            return if self.is_orphan() { vec![Missing::Acceptance] } else { Vec::new() };
        };
        let since = accepted.record.when.instant();
        let overdue = match since.seconds_until(now) {
            secs if secs >= 24 * HOUR => Overdue::TwentyFourHours,
            secs if secs >= 12 * HOUR => Overdue::TwelveHours,
            _ => Overdue::No,
        };
        // Of a recipient that the acceptance does not name nothing is awaited.
        let awaited = self
            .recipients()
            .into_iter()
            .zip(self.recipients.iter())
            .filter(|(status, listed)| !status.progress.is_final() && listed.named.by(PecKind::Acceptance, accepted.standing));
        awaited.map(|(status, _)| Missing::Outcome { recipient: status.address.clone(), since, overdue: overdue.clone() }).collect()
    }
}

/// What an acceptance, or a refusal, says of a recipient it names.
fn general(entry: &Entry, kind: RecipientKind) -> Progress {
    let when = entry.record.when;
    match (entry.record.kind, kind) {
        (PecKind::NonAcceptance, _) => Progress::Refused { when, fault: entry.record.fault },
        (_, RecipientKind::External) => Progress::External { when },
        (_, RecipientKind::Certified) => Progress::Accepted { when },
    }
}

/// What a receipt says of the recipients it names.
fn particular(entry: &Entry, accepted: Option<&Entry>) -> Option<Progress> {
    let (when, fault) = (entry.record.when, entry.record.fault);
    match entry.record.kind {
        PecKind::Delivery => Some(Progress::Delivered { when, receipt: entry.record.receipt.unwrap_or(ReceiptKind::Complete) }),
        PecKind::NonDelivery if fault == Fault::Virus => Some(Progress::Virus { when }),
        PecKind::NonDelivery => Some(Progress::NotDelivered { when, fault }),
        PecKind::VirusDetection => Some(Progress::Virus { when }),
        PecKind::DeliveryTimeout if is_final_notice(entry, accepted) => Some(Progress::TimedOut { when }),
        PecKind::DeliveryTimeout => Some(Progress::Delayed { when }),
        _ => None,
    }
}

/// The notice of 24 hours begins with 5.4.1, as providers have it, or comes 22 hours after the acceptance, before which it may not (RFC 6109 §3.1.6).
fn is_final_notice(notice: &Entry, accepted: Option<&Entry>) -> bool {
    let code = notice.record.reason.as_ref().and_then(ExtendedError::code).map(|code| (code.class(), code.subject(), code.detail()));
    let accepted = accepted.filter(|accepted| accepted.standing >= notice.standing).map(|accepted| accepted.record.when.instant());
    code == Some((5, 4, 1)) || accepted.is_some_and(|accepted| accepted.seconds_until(notice.record.when.instant()) >= 22 * HOUR)
}
