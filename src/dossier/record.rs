//! A dossier as it is kept.

use super::receipt::{Entry, ReceiptRecord};
use super::{Dossier, Named, Standing, Word};
use crate::address::Address;
use crate::certdata::RecipientKind;
use crate::ident::PecId;

/// A dossier as plain data, to be stored. It proves nothing: whatever comes back from it is [`Standing::Recorded`], whatever it was before, until
/// the receipts are verified and added again.
///
/// ```
/// use postacert::dossier::{Added, Dossier, DossierRecord, Receipt, Standing};
/// # use postacert::{Directory, Message, Verifier, VerificationTime};
/// # let directory = Directory::from_ldif(include_bytes!("../../tests/fixtures/directory/directory.ldif"))?;
/// # let verifier = Verifier::builder().directory(directory).build()?;
/// # let time = VerificationTime::asserted("2026-12-01T12:00:00Z".parse()?);
/// # let acceptance = include_bytes!("../../tests/fixtures/valid/accettazione.eml");
///
/// let content = verifier.verify(&Message::parse(acceptance)?, time).into_verified()?;
/// let dossier = Dossier::new(Receipt::of(&content)?);
/// let record = DossierRecord::from(&dossier); // with the feature `serde`, to JSON and back
/// let mut back = Dossier::from(record);
/// assert_eq!(back.recipients()[0].standing(), Standing::Recorded);
/// // The receipt itself, verified again, makes proof of it.
/// assert_eq!(back.add(Receipt::of(&content)?)?, Added::Confirmed);
/// assert_eq!(back, dossier);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// A record does not make what is verified, and a receipt that is read from storage is no receipt to be added:
///
/// ```compile_fail
/// use postacert::dossier::{Dossier, Receipt, ReceiptRecord};
/// fn forge(mut dossier: Dossier, stored: ReceiptRecord, receipt: Receipt<'_>) {
///     let _ = dossier.add(stored);
/// }
/// ```
/// ```
/// use postacert::dossier::{Dossier, Receipt, ReceiptRecord};
/// fn forge(mut dossier: Dossier, stored: ReceiptRecord, receipt: Receipt<'_>) {
///     let _ = dossier.add(receipt);
/// }
/// ```
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
    /// Of which kind it is by the acceptance; `None` where none names it.
    pub accepted: Option<RecipientKind>,
    /// Of which kind it is by the notice of non-acceptance.
    pub refused: Option<RecipientKind>,
    /// Of which kind it is by other receipts.
    pub listed: Option<RecipientKind>,
}

impl From<&Dossier> for DossierRecord {
    fn from(dossier: &Dossier) -> Self {
        let recipients = dossier.recipients.iter().map(|listed| RecipientRecord {
            address: listed.address.clone(),
            accepted: listed.named.by_acceptance.map(|word| word.kind),
            refused: listed.named.by_refusal.map(|word| word.kind),
            listed: listed.named.by_others.map(|word| word.kind),
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
        let mut dossier = Self::empty(id, sender, Some(&subject));
        for RecipientRecord { address, accepted, refused, listed } in recipients {
            let word = |kind: Option<RecipientKind>| kind.map(|kind| Word { standing: Standing::Recorded, kind });
            dossier.list(&address, Named { by_acceptance: word(accepted), by_refusal: word(refused), by_others: word(listed) });
        }
        for record in receipts {
            dossier.file(Entry { record, standing: Standing::Recorded });
        }
        dossier
    }
}
