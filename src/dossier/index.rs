//! The dossiers of a whole mailbox.

use std::collections::BTreeMap;

use super::{Added, Dossier, Receipt};
use crate::ident::PecId;

/// The dossiers of a mailbox: receipts in any order are threaded by `identificativo`, `mittente` and `oggetto`.
///
/// Receipts of a message whose acceptance has not come are kept as an orphan's dossier, which the acceptance, once it comes, completes. Receipts under
/// one identifier that name another sender or subject have a dossier of their own: nothing is merged by guess.
///
/// ```no_run
/// use postacert::{Notification, Verified, dossier::DossierIndex};
///
/// fn thread(receipts: &[Verified<Notification>]) {
///     let mut index = DossierIndex::new();
///     for receipt in receipts {
///         index.add(receipt);
///     }
///     for dossier in index.iter() {
///         println!("{}: {}", dossier.subject(), dossier.summary());
///     }
/// }
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DossierIndex {
    /// Nearly always one each.
    dossiers: BTreeMap<PecId, Vec<Dossier>>,
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
        let known = self.dossiers.get_mut(transaction.id());
        if let Some(dossier) = known.and_then(|dossiers| dossiers.iter_mut().find(|dossier| dossier.about(transaction).is_ok())) {
            let added = dossier.take(receipt);
            if added == Added::New {
                self.receipts = self.receipts.saturating_add(1);
            }
            return Threaded::Added(added);
        }
        self.insert(Dossier::new(receipt));
        Threaded::Opened
    }

    /// Adds a dossier; one of the same message that is there is merged with it.
    pub fn merge(&mut self, dossier: Dossier) {
        let known = self.dossiers.get_mut(dossier.id());
        let same =
            known.and_then(|dossiers| dossiers.iter_mut().find(|known| known.same(&dossier.id, &dossier.sender, &dossier.subject).is_ok()));
        match same {
            Some(known) => {
                let before = known.receipts.len();
                // It is of the same message: that was just found.
                let _ = known.merge(dossier);
                self.receipts = self.receipts.saturating_add(known.receipts.len().saturating_sub(before));
            }
            None => self.insert(dossier),
        }
    }

    /// The dossiers under this identifier: one as a rule, none if it is not known.
    #[must_use]
    pub fn get(&self, id: &PecId) -> &[Dossier] {
        self.dossiers.get(id).map(Vec::as_slice).unwrap_or_default()
    }

    /// All dossiers, in the order of their identifiers.
    pub fn iter(&self) -> impl Iterator<Item = &Dossier> {
        self.dossiers.values().flatten()
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
        let under = self.dossiers.entry(dossier.id.clone()).or_default();
        under.reserve_exact(1);
        // The order in which they came must not show.
        let at = under.partition_point(|known| (known.sender.as_str(), &known.subject) < (dossier.sender.as_str(), &dossier.subject));
        under.insert(at, dossier);
    }
}
