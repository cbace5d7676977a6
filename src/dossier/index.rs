//! The dossiers of a whole mailbox.

use std::collections::BTreeMap;

use super::sorted::{Keyed as _, Sorted};
use super::{Added, Dossier, Receipt, normal};
use crate::ident::PecId;

/// The dossiers of a mailbox: receipts in any order are threaded by `identificativo`, `mittente` and `oggetto`.
///
/// Receipts of a message whose acceptance has not come are kept as an orphan's dossier, which the acceptance, once it comes, completes. Receipts under
/// one identifier that name another sender or subject have a dossier of their own: nothing is merged by guess.
///
/// A receipt takes some 460 bytes of memory here, the caller's label apart.
///
/// ```
/// use postacert::dossier::{Added, DossierIndex, Receipt, Summary, Threaded};
/// # use postacert::{Directory, Message, Verifier, VerificationTime};
/// # let directory = Directory::from_ldif(include_bytes!("../../tests/fixtures/directory/directory.ldif"))?;
/// # let verifier = Verifier::builder().directory(directory).build()?;
/// # let time = VerificationTime::asserted("2026-12-01T12:00:00Z".parse()?);
/// # let acceptance = include_bytes!("../../tests/fixtures/valid/accettazione.eml");
/// # let delivery = include_bytes!("../../tests/fixtures/valid/avvenuta-consegna-completa.eml");
///
/// let mut index = DossierIndex::new();
/// let mut threaded = Vec::new();
/// for (file, raw) in [("1.eml", &delivery[..]), ("2.eml", &acceptance[..]), ("3.eml", &delivery[..])] {
///     let content = verifier.verify(&Message::parse(raw)?, time).into_verified()?;
///     threaded.push(index.add(Receipt::of(&content)?.with_label(file)));
/// }
/// assert_eq!(threaded, [Threaded::Opened, Threaded::Added(Added::New), Threaded::Added(Added::Duplicate)]);
/// assert_eq!((index.receipts(), index.orphans().count()), (2, 0));
/// for dossier in index.iter() {
///     assert_eq!((dossier.subject(), dossier.summary()), ("Trasmissione del verbale di collaudo", Summary::Accepted));
///     let files: Vec<_> = dossier.receipts().iter().filter_map(|receipt| receipt.label.as_deref()).collect();
///     assert_eq!(files, ["2.eml", "1.eml"]);
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DossierIndex {
    /// Nearly always one each.
    dossiers: BTreeMap<PecId, Sorted<Dossier>>,
    receipts: usize,
}

/// Where a receipt went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Threaded {
    /// It is the first of its message.
    Opened,
    /// Its message was there.
    Added(Added),
}

impl DossierIndex {
    /// An empty index.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a receipt to the dossier of its message.
    pub fn add<'r>(&mut self, receipt: impl Into<Receipt<'r>>) -> Threaded {
        let receipt = receipt.into();
        let transaction = receipt.transaction();
        let key = (transaction.sender().clone(), normal(transaction.subject()));
        let Some(known) = self.dossiers.get_mut(transaction.id()).and_then(|dossiers| dossiers.get_mut(&key)) else {
            self.insert(Dossier::new(receipt));
            return Threaded::Opened;
        };
        let added = known.take(receipt);
        self.receipts = self.receipts.saturating_add(usize::from(added == Added::New));
        Threaded::Added(added)
    }

    /// Adds a dossier; one of the same message that is there is merged with it.
    pub fn merge(&mut self, dossier: Dossier) {
        let Some(known) = self.dossiers.get_mut(dossier.id()).and_then(|dossiers| dossiers.get_mut(&dossier.key())) else {
            return self.insert(dossier);
        };
        let before = known.receipts.len();
        // It is of the same message: that was just found.
        let _ = known.merge(dossier);
        self.receipts = self.receipts.saturating_add(known.receipts.len().saturating_sub(before));
    }

    /// The dossiers under this identifier: one as a rule, none if it is not known.
    pub fn get<'i>(&'i self, id: &PecId) -> impl Iterator<Item = &'i Dossier> + use<'i> {
        self.dossiers.get(id).into_iter().flat_map(Sorted::iter)
    }

    /// All dossiers, in the order of their identifiers.
    pub fn iter(&self) -> impl Iterator<Item = &Dossier> {
        self.dossiers.values().flat_map(Sorted::iter)
    }

    /// The dossiers of messages whose acceptance has not come.
    pub fn orphans(&self) -> impl Iterator<Item = &Dossier> {
        self.iter().filter(|dossier| dossier.is_orphan())
    }

    /// How many receipts there are, each once.
    #[must_use]
    pub fn receipts(&self) -> usize {
        self.receipts
    }

    fn insert(&mut self, dossier: Dossier) {
        self.receipts = self.receipts.saturating_add(dossier.receipts.len());
        self.dossiers.entry(dossier.id.clone()).or_default().insert(dossier);
    }
}
