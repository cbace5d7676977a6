//! What became of a message, told from its receipts.

use super::issue::Accepted;
use super::receipt::{Entry, ReceiptRecord};
use super::{Dossier, Standing};
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
        /// Accepted; of certified recipients more is awaited. One tick.
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

    fn raise(&mut self, progress: Progress, entry: &'d Entry) {
        // What is recorded does not go beyond a final word that was verified.
        let weight = |progress: &Progress, standing| {
            let final_and_verified = standing == Standing::Verified && progress.rank() >= 5;
            (final_and_verified, progress.rank(), standing)
        };
        // Entries come in the order of their dates: of equals the first stays.
        if weight(&progress, entry.standing) > weight(&self.progress, self.standing) {
            (self.progress, self.standing, self.reason) = (progress, entry.standing, entry.record.reason.as_ref());
        }
    }
}

impl Dossier {
    /// What is known of each recipient, in the order of their addresses.
    #[must_use]
    pub fn recipients(&self) -> Vec<RecipientStatus<'_>> {
        let disputed = self.disputes().receipts;
        let accepted = self.accepted();
        let mut entries: Vec<&Entry> = self.receipts.iter().collect();
        entries.sort_by_key(|entry| (entry.record.when.instant(), entry.record.id));
        let of_all = entries.iter().filter(|entry| matches!(entry.record.kind, PecKind::Acceptance | PecKind::NonAcceptance));
        let mut all: Vec<_> = self.recipients.iter().map(|listed| self.submitted(&listed.address, listed.said.kind())).collect();
        for entry in of_all {
            all.iter_mut().for_each(|status| {
                let progress = general(entry, status.kind);
                status.raise(progress, entry);
            });
        }
        for entry in entries {
            for recipient in &entry.record.recipients {
                let Some(status) = self.position(recipient).and_then(|at| all.get_mut(at)) else { continue };
                status.receipts.push(&entry.record);
                if !disputed.contains(&entry.record.id)
                    && let Some(progress) = particular(entry, accepted)
                {
                    status.raise(progress, entry);
                }
            }
        }
        all
    }

    /// What became of the message as a whole.
    #[must_use]
    pub fn summary(&self) -> Summary {
        let recipients = self.recipients();
        let any = |of: fn(&Progress) -> bool| recipients.iter().any(|status| of(&status.progress));
        if any(|p| {
            matches!(p, Progress::Refused { .. } | Progress::NotDelivered { .. } | Progress::Virus { .. } | Progress::TimedOut { .. })
        }) {
            return Summary::Failed;
        }
        if any(|p| matches!(p, Progress::Delayed { .. })) || !self.issues().is_empty() {
            return Summary::Warning;
        }
        let certified = || recipients.iter().filter(|status| !matches!(status.progress, Progress::External { .. }));
        if certified().next().is_some() && certified().all(|status| matches!(status.progress, Progress::Delivered { .. })) {
            return Summary::Delivered;
        }
        if self.is_orphan() { Summary::Submitted } else { Summary::Accepted }
    }

    /// What has not come by `now`, and since when it is awaited.
    #[must_use]
    pub fn missing(&self, now: UnixTime) -> Vec<Missing> {
        let mut missing = Vec::new();
        if self.is_orphan() {
            missing.push(Missing::Acceptance);
        }
        let Some(accepted) = self.accepted() else { return missing };
        let since = accepted.when.instant();
        let overdue = match since.seconds_until(now) {
            secs if secs >= 24 * HOUR => Overdue::TwentyFourHours,
            secs if secs >= 12 * HOUR => Overdue::TwelveHours,
            _ => Overdue::No,
        };
        for status in self.recipients().iter().filter(|status| !status.progress.is_final()) {
            missing.push(Missing::Outcome { recipient: status.address.clone(), since, overdue: overdue.clone() });
        }
        missing
    }

    fn submitted<'d>(&self, address: &'d Address, kind: RecipientKind) -> RecipientStatus<'d> {
        let best = self.receipts.iter().map(|entry| entry.standing).max().unwrap_or(Standing::Recorded);
        RecipientStatus { address, kind, progress: Progress::Submitted, standing: best, reason: None, receipts: Vec::new() }
    }
}

/// What an acceptance, or a refusal, says of every recipient.
fn general(entry: &Entry, kind: RecipientKind) -> Progress {
    let when = entry.record.when;
    match (entry.record.kind, kind) {
        (PecKind::NonAcceptance, _) => Progress::Refused { when, fault: entry.record.fault },
        (_, RecipientKind::External) => Progress::External { when },
        (_, RecipientKind::Certified) => Progress::Accepted { when },
    }
}

/// What a receipt says of the recipients it names.
fn particular(entry: &Entry, accepted: Option<Accepted>) -> Option<Progress> {
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
fn is_final_notice(entry: &Entry, accepted: Option<Accepted>) -> bool {
    let code = entry.record.reason.as_ref().and_then(ExtendedError::code).map(|code| (code.class(), code.subject(), code.detail()));
    let late = accepted.is_some_and(|accepted| accepted.when.instant().seconds_until(entry.record.when.instant()) >= 22 * HOUR);
    code == Some((5, 4, 1)) || late
}
