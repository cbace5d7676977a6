//! What does not fit together among the receipts of a message.

use std::collections::BTreeSet;

use super::receipt::Entry;
use super::status::RecipientStatus;
use super::{Dossier, Standing};
use crate::address::Address;
use crate::certdata::{PecKind, RecipientKind};
use crate::fingerprint::Fingerprint;
use crate::time::{Timestamp, UnixTime};

/// Clocks of providers are within a second of legal time; a minute is no error of theirs.
const CLOCKS_SECS: i64 = 60;

coded! {
    /// What does not fit together among the receipts of one message. Receipts are named by [`ReceiptRecord::id`](super::ReceiptRecord::id).
    ///
    /// A *disputed* receipt is kept and shown, and gives no [`Progress`](super::Progress): nothing is merged by guess. What is merely recorded disputes
    /// nothing that was verified.
    pub enum Issue {
        /// Complete receipts of the same message carry different originals: all of them are disputed.
        OtherOriginal { receipt: Fingerprint } = "other-original",
            "receipt {receipt} carries another original message under the same identifier",
            "la ricevuta {receipt} contiene un altro messaggio originale con lo stesso identificativo";
        /// A receipt is dated before the acceptance of the message: it is disputed.
        BeforeAcceptance { receipt: Fingerprint, when: Timestamp, acceptance: Timestamp } = "before-acceptance",
            "receipt {receipt} is dated {when}, before the acceptance of {acceptance}",
            "la ricevuta {receipt} è datata {when}, prima dell'accettazione del {acceptance}";
        /// A receipt is about a recipient that the acceptance does not name: it is disputed.
        NotARecipient { receipt: Fingerprint, recipient: Address } = "receipt-for-stranger",
            "receipt {receipt} is about {recipient}, to whom the message was not accepted",
            "la ricevuta {receipt} riguarda {recipient}, per il quale il messaggio non è stato accettato";
        /// A receipt lists, among the recipients of the message, one that the acceptance does not name.
        ListedStranger { recipient: Address } = "listed-stranger",
            "receipts list {recipient} among the recipients, to whom the message was not accepted",
            "le ricevute elencano tra i destinatari {recipient}, per il quale il messaggio non è stato accettato";
        /// A receipt is about a recipient that the acceptance calls external, of whom none is expected.
        ForExternal { receipt: Fingerprint, recipient: Address } = "receipt-for-external",
            "receipt {receipt} is about {recipient}, who was accepted as a recipient outside of PEC",
            "la ricevuta {receipt} riguarda {recipient}, accettato come destinatario esterno alla PEC";
        /// One receipt says that the message was delivered to a recipient, another that it could not be.
        Contradiction { recipient: Address } = "contradictory-receipts",
            "receipts say both that the message was, and that it could not be, delivered to {recipient}",
            "secondo le ricevute il messaggio è stato consegnato a {recipient}, e anche non consegnato";
        /// The message was both accepted and refused.
        AcceptedAndRefused = "accepted-and-refused",
            "the message was both accepted and refused",
            "il messaggio è stato sia accettato sia rifiutato";
        /// There are several acceptances, or several notices of non-acceptance.
        SeveralAcceptances { count: usize } = "several-acceptances",
            "there are {count} different acceptances, or refusals, of the message",
            "ci sono {count} accettazioni, o rifiuti, diversi del messaggio";
    }
}

/// The receipts that give no progress, and all that does not fit.
#[derive(Debug, Default)]
pub(super) struct Disputes {
    pub(super) receipts: BTreeSet<Fingerprint>,
    pub(super) issues: Vec<Issue>,
}

impl Dossier {
    /// What does not fit together; empty as a rule.
    #[must_use]
    pub fn issues(&self) -> Vec<Issue> {
        let disputes = self.disputes();
        let recipients = self.told(&disputes);
        self.issues_of(disputes, &recipients)
    }

    pub(super) fn issues_of(&self, disputes: Disputes, recipients: &[RecipientStatus<'_>]) -> Vec<Issue> {
        let Disputes { receipts: disputed, mut issues } = disputes;
        if let Some(accepted) = self.first(PecKind::Acceptance) {
            let strangers = self.recipients.iter().filter(|listed| !listed.named.by(PecKind::Acceptance, accepted.standing));
            let strangers = strangers.filter(|listed| listed.named.standing() <= accepted.standing);
            issues.extend(strangers.map(|listed| Issue::ListedStranger { recipient: listed.address.clone() }));
            if self.first(PecKind::NonAcceptance).is_some() {
                issues.push(Issue::AcceptedAndRefused);
            }
        }
        for kind in [PecKind::Acceptance, PecKind::NonAcceptance] {
            let count = self.entries(kind).count();
            if count > 1 {
                issues.push(Issue::SeveralAcceptances { count });
            }
        }
        for status in recipients {
            let undisputed = || status.receipts().iter().filter(|receipt| !disputed.contains(&receipt.id));
            let says = |word| undisputed().any(|receipt| final_word(receipt.kind) == Some(word));
            if says(FinalWord::Delivered) && says(FinalWord::NotDelivered) {
                issues.push(Issue::Contradiction { recipient: status.address().clone() });
            }
        }
        issues
    }

    /// The first receipt of a kind; one that was verified before any that is recorded.
    pub(super) fn first(&self, kind: PecKind) -> Option<&Entry> {
        self.entries(kind).min_by_key(|entry| entry.precedence())
    }

    fn entries(&self, kind: PecKind) -> impl Iterator<Item = &Entry> {
        self.receipts.iter().filter(move |entry| entry.record.kind == kind)
    }

    pub(super) fn disputes(&self) -> Disputes {
        let mut disputes = Disputes::default();
        self.other_originals(&mut disputes);
        let Some(accepted) = self.first(PecKind::Acceptance) else { return disputes };
        let acceptance = accepted.record.when;
        for Entry { record, .. } in self.receipts.iter().filter(|entry| !entry.is_of_all() && entry.standing <= accepted.standing) {
            let receipt = record.id;
            if record.when.instant() < earliest(acceptance.instant()) {
                disputes.dispute(Issue::BeforeAcceptance { receipt, when: record.when, acceptance }, receipt);
            }
            for recipient in &record.recipients {
                match self.listed(recipient).filter(|listed| listed.named.by(PecKind::Acceptance, accepted.standing)) {
                    None => disputes.dispute(Issue::NotARecipient { receipt, recipient: recipient.clone() }, receipt),
                    Some(listed) if listed.named.kind() == RecipientKind::External => {
                        disputes.issues.push(Issue::ForExternal { receipt, recipient: recipient.clone() });
                    }
                    Some(_) => {}
                }
            }
        }
        disputes
    }

    fn other_originals(&self, disputes: &mut Disputes) {
        let originals = |standing: Standing| -> BTreeSet<Fingerprint> {
            self.receipts.iter().filter(|entry| entry.standing >= standing).filter_map(|entry| entry.record.original).collect()
        };
        let (verified, all) = (originals(Standing::Verified), originals(Standing::Recorded));
        for entry in self.receipts.iter() {
            let Some(original) = entry.record.original else { continue };
            let differs = match entry.standing {
                Standing::Verified => verified.len() > 1,
                Standing::Recorded if verified.is_empty() => all.len() > 1,
                Standing::Recorded => verified.len() > 1 || !verified.contains(&original),
            };
            if differs {
                disputes.dispute(Issue::OtherOriginal { receipt: entry.record.id }, entry.record.id);
            }
        }
    }
}

impl Disputes {
    fn dispute(&mut self, issue: Issue, receipt: Fingerprint) {
        self.issues.push(issue);
        self.receipts.insert(receipt);
    }
}

/// What a receipt says that nothing follows upon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum FinalWord {
    Delivered,
    NotDelivered,
}

fn final_word(kind: PecKind) -> Option<FinalWord> {
    match kind {
        PecKind::Delivery => Some(FinalWord::Delivered),
        PecKind::NonDelivery | PecKind::VirusDetection => Some(FinalWord::NotDelivered),
        _ => None,
    }
}

fn earliest(accepted: UnixTime) -> UnixTime {
    accepted.checked_add_secs(-CLOCKS_SECS).unwrap_or(UnixTime::MIN)
}
