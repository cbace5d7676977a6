//! The sender's side: a sent message and its receipts, what became of it for each recipient, and what is still awaited.
//!
//! | to | see |
//! | --- | --- |
//! | follow one message | [`Dossier`] |
//! | follow a whole mailbox | [`DossierIndex`] |
//! | know what became of it for a recipient | [`RecipientStatus`], [`Progress`] |
//! | show a message in a list | [`Summary`] |
//! | know what has not come | [`Dossier::missing`] |
//! | see what does not fit | [`Issue`] |
//! | keep it for later | [`DossierRecord`] |
//!
//! A dossier holds receipts; everything it tells follows from the set of them. So it is the same dossier in whatever order they come, and
//! two dossiers of one message merge into the same whichever way round.
//!
//! Only a [`Verified`](crate::Verified) notification makes proof: what is loaded from a [`DossierRecord`] is shown as [`Standing::Recorded`], until the receipts
//! themselves are verified again.

#![warn(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

mod bundle;
mod index;
mod issue;
mod receipt;
mod record;
mod sorted;
mod status;

pub use bundle::{
    BadFileName, BundleBuilder, BundleError, BundleFault, BundleFile, BundleRecipient, FileName, FileRole, Manifest, Proof,
    VerificationRecord,
};
pub use index::{DossierIndex, Threaded};
pub use issue::Issue;
pub use receipt::{Receipt, ReceiptRecord};
pub use record::{DossierRecord, RecipientRecord};
pub use status::{Missing, Overdue, Progress, RecipientStatus, Summary};

use core::cmp::{Ordering, Reverse};
use std::collections::BTreeSet;

use receipt::Entry;
use sorted::{Keyed, Sorted};

use crate::address::Address;
use crate::certdata::{PecKind, Recipient, RecipientKind};
use crate::fingerprint::Fingerprint;
use crate::ident::PecId;
use crate::notification::Transaction;

/// Lists of so few recipients are gone through each time; longer ones are remembered by their digest.
const SHORT_LIST: usize = 16;

/// One sent message and its receipts.
///
/// A receipt belongs to it by its `identificativo`, `mittente` and `oggetto` (white space in it apart), all three of them certified; `msgid` and
/// `X-Riferimento-Message-ID` bind nothing, since the sender's program chose them.
///
/// ```
/// use postacert::dossier::{Dossier, Missing, Progress, Receipt, Standing, Summary};
/// # use postacert::{Directory, Message, Verifier, VerificationTime};
/// # let directory = Directory::from_ldif(include_bytes!("../tests/fixtures/directory/directory.ldif"))?;
/// # let verifier = Verifier::builder().directory(directory).build()?;
/// # let time = VerificationTime::asserted("2026-12-01T12:00:00Z".parse()?);
/// # let acceptance = include_bytes!("../tests/fixtures/valid/accettazione.eml");
/// # let delivery = include_bytes!("../tests/fixtures/valid/avvenuta-consegna-completa.eml");
///
/// // Receipts as they come: verified, and in any order.
/// let mut messages = Vec::new();
/// for raw in [&delivery[..], &acceptance[..]] {
///     messages.push(verifier.verify(&Message::parse(raw)?, time).into_verified()?);
/// }
/// let mut dossier = Dossier::new(Receipt::of(&messages[0])?);
/// assert!(dossier.is_orphan());
/// dossier.add(Receipt::of(&messages[1])?)?;
///
/// let told: Vec<String> = dossier.recipients().iter().map(|r| format!("{}: {}", r.address(), r.progress().code())).collect();
/// assert_eq!(told, [
///     "info@ordinaria.example: external",
///     "protocollo@cert.duepostale.example: delivered",
///     "sindaco@comune.duepostale.example: accepted",
/// ]);
/// assert!(dossier.recipients().iter().all(|r| r.standing() == Standing::Verified));
/// assert_eq!(dossier.summary(), Summary::Accepted);
/// // Whoever looks the next day finds that the final word on the third is late.
/// let missing = dossier.missing("2026-11-23T03:51:01+01:00".parse()?);
/// assert_eq!(missing[0].to_string(),
///     "nothing final has come of sindaco@comune.duepostale.example, accepted on 2026-11-22T02:51:01Z (after 24 hours)");
/// assert!(dossier.issues().is_empty());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// What nobody verified cannot be added:
///
/// ```compile_fail
/// use postacert::{Notification, Verified, dossier::Dossier};
/// fn follow(mut dossier: Dossier, claimed: &Notification, receipt: &Verified<Notification>) {
///     let _ = dossier.add(claimed);
/// }
/// ```
/// ```
/// use postacert::{Notification, Verified, dossier::Dossier};
/// fn follow(mut dossier: Dossier, claimed: &Notification, receipt: &Verified<Notification>) {
///     let _ = dossier.add(receipt);
/// }
/// ```
#[derive(Debug, Clone)]
pub struct Dossier {
    id: PecId,
    sender: Address,
    subject: Box<str>,
    /// In the order of their addresses, whatever the case of the letters.
    recipients: Sorted<Listed>,
    /// In the order of their identities.
    receipts: Sorted<Entry>,
    /// The long lists of recipients that were gone through.
    lists: BTreeSet<Fingerprint>,
}

/// Whether a fact was verified by this program, or comes from a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "kebab-case"))]
pub enum Standing {
    /// It was read from a [`DossierRecord`], which anybody could have written.
    Recorded,
    /// It comes from a [`Verified`](crate::Verified) notification.
    Verified,
}

/// A recipient, and who names it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Listed {
    address: Address,
    named: Named,
}

/// Who names a recipient, and as what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Named {
    /// The acceptance: the sender's provider knows best.
    by_acceptance: Option<Word>,
    /// The notice of non-acceptance.
    by_refusal: Option<Word>,
    /// Other receipts.
    by_others: Option<Word>,
}

/// Of which kind a recipient is said to be, and what that is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Word {
    standing: Standing,
    kind: RecipientKind,
}

impl Named {
    fn new(by: PecKind, word: Word) -> Self {
        match by {
            PecKind::Acceptance => Self { by_acceptance: Some(word), ..Self::default() },
            PecKind::NonAcceptance => Self { by_refusal: Some(word), ..Self::default() },
            _ => Self { by_others: Some(word), ..Self::default() },
        }
    }

    /// Of two words the one that is worth more stays; where they still differ, the recipient is certified.
    fn and(self, other: Self) -> Self {
        let better = |words: [Option<Word>; 2]| {
            words.into_iter().flatten().max_by_key(|word| (word.standing, word.kind == RecipientKind::Certified))
        };
        Self {
            by_acceptance: better([self.by_acceptance, other.by_acceptance]),
            by_refusal: better([self.by_refusal, other.by_refusal]),
            by_others: better([self.by_others, other.by_others]),
        }
    }

    /// Whether the acceptance, or the notice of non-acceptance, names it, as far as that is worth so much.
    fn by(self, kind: PecKind, standing: Standing) -> bool {
        let word = if kind == PecKind::NonAcceptance { self.by_refusal } else { self.by_acceptance };
        word.is_some_and(|word| word.standing >= standing)
    }

    /// What is recorded does not change what was verified; of what is worth the same, the acceptance is believed first.
    fn kind(self) -> RecipientKind {
        let words = [self.by_acceptance, self.by_refusal, self.by_others].into_iter().flatten();
        words.min_by_key(|word| Reverse(word.standing)).map_or(RecipientKind::Certified, |word| word.kind)
    }

    /// What it is worth that anybody names it.
    fn standing(self) -> Standing {
        let words = [self.by_acceptance, self.by_refusal, self.by_others];
        words.into_iter().flatten().map(|word| word.standing).max().unwrap_or(Standing::Recorded)
    }
}

impl Keyed for Listed {
    /// The address in lower case.
    type Key = Box<str>;

    fn key(&self) -> Box<str> {
        self.address.folded().into()
    }

    fn order(&self, key: &Box<str>) -> Ordering {
        lower(&self.address).cmp(key.bytes())
    }
}

/// What adding a receipt did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Added {
    /// It is new.
    New,
    /// It was known from a record, and is now verified.
    Confirmed,
    /// The same signed bytes were there already.
    Duplicate,
}

coded! {
    /// Why a receipt is not one of this message.
    pub enum OtherMessage {
        /// It has another identifier.
        Id { dossier: PecId, receipt: PecId } = "other-message-id",
            "the receipt is about the message {receipt}, not {dossier}",
            "la ricevuta riguarda il messaggio {receipt}, non {dossier}";
        /// It has the same identifier, and another sender.
        Sender { dossier: Address, receipt: Address } = "other-message-sender",
            "the receipt is about a message of {receipt}, not of {dossier}",
            "la ricevuta riguarda un messaggio di {receipt}, non di {dossier}";
        /// It has the same identifier, and another subject.
        Subject { dossier: Box<str>, receipt: Box<str> } = "other-message-subject",
            "the receipt is about a message with the subject \"{receipt}\", not \"{dossier}\"",
            "la ricevuta riguarda un messaggio con oggetto \"{receipt}\", non \"{dossier}\"";
    }
}

impl core::error::Error for OtherMessage {}

impl Keyed for Dossier {
    /// The sender and the subject: an index has a list for each identifier.
    type Key = (Address, Box<str>);

    fn key(&self) -> (Address, Box<str>) {
        (self.sender.clone(), self.subject.clone())
    }

    fn order(&self, (sender, subject): &(Address, Box<str>)) -> Ordering {
        self.sender.cmp(sender).then_with(|| self.subject.cmp(subject))
    }
}

impl Dossier {
    /// The dossier of the message that this receipt is about. Any receipt will do; while the acceptance has not come,
    /// the dossier is an orphan's ([`Dossier::is_orphan`]).
    #[must_use]
    pub fn new<'r>(receipt: impl Into<Receipt<'r>>) -> Self {
        let receipt = receipt.into();
        let transaction = receipt.transaction();
        let mut dossier = Self::empty(transaction.id().clone(), transaction.sender().clone(), transaction.subject());
        dossier.take(receipt);
        dossier
    }

    fn empty(id: PecId, sender: Address, subject: Option<&str>) -> Self {
        let subject = normal(subject);
        Self { id, sender, subject, recipients: Sorted::default(), receipts: Sorted::default(), lists: BTreeSet::new() }
    }

    /// Adds a receipt.
    ///
    /// # Errors
    /// [`OtherMessage`] when it is about another message; then nothing changes. A receipt of this message is always kept; one that
    /// contradicts others gives an [`Issue`].
    pub fn add<'r>(&mut self, receipt: impl Into<Receipt<'r>>) -> Result<Added, OtherMessage> {
        let receipt = receipt.into();
        self.about(receipt.transaction())?;
        Ok(self.take(receipt))
    }

    /// Takes over the receipts of another dossier of the same message. Where both have a receipt the better [`Standing`] stays.
    ///
    /// # Errors
    /// [`OtherMessage`] when it is of another message; then nothing changes.
    pub fn merge(&mut self, other: Self) -> Result<(), OtherMessage> {
        self.same(&other.id, &other.sender, &other.subject)?;
        self.spell(&other.sender);
        for listed in other.recipients.into_values() {
            self.list(&listed.address, listed.named);
        }
        for entry in other.receipts.into_values() {
            self.file(entry);
        }
        self.lists.extend(other.lists);
        Ok(())
    }

    /// The identifier (`identificativo`).
    #[doc(alias = "identificativo")]
    #[must_use]
    pub fn id(&self) -> &PecId {
        &self.id
    }

    /// The sender (`mittente`).
    #[doc(alias = "mittente")]
    #[must_use]
    pub fn sender(&self) -> &Address {
        &self.sender
    }

    /// The subject (`oggetto`), with each run of white space as one blank; empty where there is none.
    #[doc(alias = "oggetto")]
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// The receipts, in the order of their dates.
    #[must_use]
    pub fn receipts(&self) -> Vec<&ReceiptRecord> {
        let mut receipts: Vec<_> = self.receipts.iter().map(|entry| &entry.record).collect();
        receipts.sort_by_key(|record| (record.when.instant(), record.id));
        receipts
    }

    /// Whether a receipt was verified, or comes from a record; `None` if it is not here.
    #[must_use]
    pub fn standing(&self, receipt: &Fingerprint) -> Option<Standing> {
        self.receipts.get(receipt).map(|entry| entry.standing)
    }

    /// Whether neither an acceptance nor a notice of non-acceptance has come.
    #[must_use]
    pub fn is_orphan(&self) -> bool {
        !self.receipts.iter().any(Entry::is_of_all)
    }

    fn about(&self, transaction: &Transaction) -> Result<(), OtherMessage> {
        self.same(transaction.id(), transaction.sender(), &normal(transaction.subject()))
    }

    fn same(&self, id: &PecId, sender: &Address, subject: &str) -> Result<(), OtherMessage> {
        if *id != self.id {
            return Err(OtherMessage::Id { dossier: self.id.clone(), receipt: id.clone() });
        }
        if *sender != self.sender {
            return Err(OtherMessage::Sender { dossier: self.sender.clone(), receipt: sender.clone() });
        }
        if *subject != *self.subject {
            return Err(OtherMessage::Subject { dossier: self.subject.clone(), receipt: subject.into() });
        }
        Ok(())
    }

    /// Takes a receipt of this message, and the recipients that it lists.
    fn take(&mut self, receipt: Receipt<'_>) -> Added {
        self.spell(receipt.transaction().sender());
        self.list_all(receipt.notification().value().kind(), receipt.transaction().recipients());
        self.file(receipt.entry())
    }

    /// Of several spellings of the sender one stays, whichever comes first.
    fn spell(&mut self, sender: &Address) {
        if sender.as_str() < self.sender.as_str() {
            self.sender = sender.clone();
        }
    }

    fn file(&mut self, entry: Entry) -> Added {
        match self.receipts.get_mut(&entry.record.id) {
            Some(known) => known.join(entry),
            None => {
                self.receipts.insert(entry);
                Added::New
            }
        }
    }

    /// Takes over the recipients that a verified receipt lists. Receipts of one message repeat the same list.
    fn list_all(&mut self, by: PecKind, recipients: &[Recipient]) {
        if recipients.len() > SHORT_LIST {
            let texts = recipients.iter().flat_map(|recipient| [recipient.address().text().as_bytes(), recipient.kind().text().as_bytes()]);
            if !self.lists.insert(Fingerprint::of_parts(core::iter::once(by.as_wire().as_bytes()).chain(texts))) {
                return;
            }
        }
        for recipient in recipients {
            let Some(address) = recipient.address().value() else { continue };
            let kind = recipient.kind().value().copied().unwrap_or(RecipientKind::Certified);
            self.list(address, Named::new(by, Word { standing: Standing::Verified, kind }));
        }
    }

    fn list(&mut self, address: &Address, named: Named) {
        let key = address.folded().into();
        match self.recipients.get_mut(&key) {
            Some(known) => {
                known.named = known.named.and(named);
                if address.as_str() < known.address.as_str() {
                    known.address = address.clone();
                }
            }
            None => self.recipients.insert(Listed { address: address.clone(), named }),
        }
    }

    fn listed(&self, address: &Address) -> Option<&Listed> {
        self.recipients.get(&address.folded().into())
    }
}

/// Equal if they hold the same receipts, with the same standing.
impl PartialEq for Dossier {
    fn eq(&self, other: &Self) -> bool {
        self.same(&other.id, &other.sender, &other.subject).is_ok()
            && self.recipients == other.recipients
            && self.receipts == other.receipts
    }
}

impl Eq for Dossier {}

/// Receipts may spell an address in another case than the message; no two mailboxes differ in nothing else.
fn lower(address: &Address) -> impl Iterator<Item = u8> + '_ {
    address.as_str().bytes().map(|byte| byte.to_ascii_lowercase())
}

/// Providers fold and trim subjects in their own ways.
fn normal(subject: Option<&str>) -> Box<str> {
    let words: Vec<&str> = subject.unwrap_or_default().split_whitespace().collect();
    words.join(" ").into()
}
