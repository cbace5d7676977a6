//! What does not fit together among the receipts of a message.

use std::collections::{BTreeMap, BTreeSet};

use super::receipt::Entry;
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
            "there are {count} different acceptances of the message",
            "ci sono {count} accettazioni diverse del messaggio";
    }
}

/// The receipts that give no progress, and all that does not fit.
#[derive(Debug, Default)]
pub(super) struct Disputes {
    pub(super) receipts: BTreeSet<Fingerprint>,
    pub(super) issues: Vec<Issue>,
}

/// When the message was accepted, and how far that is known.
#[derive(Debug, Clone, Copy)]
pub(super) struct Accepted {
    pub(super) when: Timestamp,
    pub(super) standing: Standing,
}

impl Dossier {
    /// What does not fit together; empty as a rule.
    #[must_use]
    pub fn issues(&self) -> Vec<Issue> {
        let mut disputes = self.disputes();
        if self.entries(PecKind::Acceptance).next().is_some() && self.entries(PecKind::NonAcceptance).next().is_some() {
            disputes.issues.push(Issue::AcceptedAndRefused);
        }
        for kind in [PecKind::Acceptance, PecKind::NonAcceptance] {
            let count = self.entries(kind).count();
            if count > 1 {
                disputes.issues.push(Issue::SeveralAcceptances { count });
            }
        }
        let mut said: BTreeMap<usize, BTreeSet<bool>> = BTreeMap::new();
        for entry in self.receipts.iter().filter(|entry| !disputes.receipts.contains(&entry.record.id)) {
            let Some(delivered) = final_word(entry.record.kind) else { continue };
            for recipient in entry.record.recipients.iter().filter_map(|recipient| self.position(recipient)) {
                said.entry(recipient).or_default().insert(delivered);
            }
        }
        let both = said.into_iter().filter(|(_, words)| words.len() > 1).filter_map(|(at, _)| self.recipients.get(at));
        disputes.issues.extend(both.map(|listed| Issue::Contradiction { recipient: listed.address.clone() }));
        disputes.issues
    }

    /// The earliest acceptance; one that was verified before any that is recorded.
    pub(super) fn accepted(&self) -> Option<Accepted> {
        let acceptances = self.entries(PecKind::Acceptance).map(|entry| Accepted { when: entry.record.when, standing: entry.standing });
        acceptances.min_by_key(|accepted| (core::cmp::Reverse(accepted.standing), accepted.when.instant(), accepted.when.offset_minutes()))
    }

    pub(super) fn entries(&self, kind: PecKind) -> impl Iterator<Item = &Entry> {
        self.receipts.iter().filter(move |entry| entry.record.kind == kind)
    }

    pub(super) fn disputes(&self) -> Disputes {
        let mut disputes = Disputes::default();
        self.other_originals(&mut disputes);
        let accepted = self.accepted();
        for entry in self.receipts.iter().filter(|entry| !matches!(entry.record.kind, PecKind::Acceptance | PecKind::NonAcceptance)) {
            let (receipt, when) = (entry.record.id, entry.record.when);
            let Some(accepted) = accepted.filter(|accepted| accepted.standing >= entry.standing) else { continue };
            if earliest(accepted.when.instant()) > when.instant() {
                disputes.dispute(Issue::BeforeAcceptance { receipt, when, acceptance: accepted.when }, receipt);
            }
            for recipient in &entry.record.recipients {
                let listed = self.position(recipient).and_then(|at| self.recipients.get(at));
                match listed.filter(|listed| listed.said.by_acceptance(accepted.standing)) {
                    None => disputes.dispute(Issue::NotARecipient { receipt, recipient: recipient.clone() }, receipt),
                    Some(listed) if listed.said.kind() == RecipientKind::External => {
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
        for entry in &self.receipts {
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

/// Whether a receipt of this kind says that the message was delivered, or that it could not be.
fn final_word(kind: PecKind) -> Option<bool> {
    match kind {
        PecKind::Delivery => Some(true),
        PecKind::NonDelivery | PecKind::VirusDetection => Some(false),
        _ => None,
    }
}

fn earliest(accepted: UnixTime) -> UnixTime {
    accepted.checked_add_secs(-CLOCKS_SECS).unwrap_or(UnixTime::MIN)
}
