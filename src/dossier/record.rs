//! A dossier as it is kept.

use super::receipt::{Entry, ReceiptRecord};
use super::{Dossier, Listed, Said, Standing};
use crate::address::Address;
use crate::certdata::{PecKind, RecipientKind};
use crate::ident::PecId;

/// A dossier as plain data, to be stored. It proves nothing: whatever comes back from it is [`Standing::Recorded`], whatever it was before, until
/// the receipts are verified and added again.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct DossierRecord {
    /// The identifier (`identificativo`).
    pub id: PecId,
    /// The sender (`mittente`).
    pub sender: Address,
    /// The subject (`oggetto`).
    pub subject: Box<str>,
    /// The recipients (`destinatari`), in the order of their addresses.
    pub recipients: Vec<RecipientRecord>,
    /// The receipts, in the order of their identities.
    pub receipts: Vec<ReceiptRecord>,
}

/// A recipient in a [`DossierRecord`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct RecipientRecord {
    /// The address.
    pub address: Address,
    /// Of which kind it is by the acceptance, or the notice of non-acceptance; `None` where none names it.
    pub accepted: Option<RecipientKind>,
    /// Of which kind it is by other receipts.
    pub listed: Option<RecipientKind>,
}

impl From<&Dossier> for DossierRecord {
    fn from(dossier: &Dossier) -> Self {
        let recipients = dossier.recipients.iter().map(|listed| RecipientRecord {
            address: listed.address.clone(),
            accepted: listed.said.kind_by(true),
            listed: listed.said.kind_by(false),
        });
        Self {
            id: dossier.id.clone(),
            sender: dossier.sender.clone(),
            subject: dossier.subject.clone(),
            recipients: recipients.collect(),
            receipts: dossier.receipts.iter().map(|entry| entry.record.clone()).collect(),
        }
    }
}

impl From<DossierRecord> for Dossier {
    fn from(record: DossierRecord) -> Self {
        let DossierRecord { id, sender, subject, recipients, receipts } = record;
        let mut dossier =
            Self { id, sender, subject: super::normal(Some(&subject)), recipients: Vec::new(), receipts: Vec::new(), lists: Vec::new() };
        let said = |by, kind: Option<RecipientKind>| kind.map_or(0, |kind| Said::new(by, kind, Standing::Recorded).0);
        let listed = recipients.into_iter().map(|recipient| Listed {
            said: Said(said(PecKind::Acceptance, recipient.accepted) | said(PecKind::Delivery, recipient.listed)),
            address: recipient.address,
        });
        dossier.list(listed.collect());
        for record in receipts {
            dossier.file(Entry { record, standing: Standing::Recorded });
        }
        dossier
    }
}
