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
//! Only a [`Verified`] notification makes proof: what is loaded from a [`DossierRecord`] is shown as [`Standing::Recorded`], until the receipts
//! themselves are verified again.

#![warn(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

mod bundle;
mod index;
mod issue;
mod receipt;
mod record;
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

use core::cmp::Ordering;

use receipt::Entry;

use crate::address::Address;
use crate::certdata::{PecKind, Recipient, RecipientKind};
use crate::fingerprint::Fingerprint;
use crate::ident::PecId;
use crate::notification::Transaction;

/// Lists of so few recipients are merged each time; longer ones are remembered by their digest.
const SHORT_LIST: usize = 16;

/// One sent message and its receipts.
///
/// A receipt belongs to it by its `identificativo`, `mittente` and `oggetto` (white space in it apart), all three of them certified; `msgid` and
/// `X-Riferimento-Message-ID` bind nothing, since the sender's program chose them.
///
/// ```no_run
/// use postacert::{Notification, Verified, dossier::{Dossier, Progress}};
///
/// fn follow(acceptance: &Verified<Notification>, others: &[Verified<Notification>]) {
///     let mut dossier = Dossier::new(acceptance);
///     for receipt in others {
///         if let Err(other) = dossier.add(receipt) {
///             println!("not about this message: {other}");
///         }
///     }
///     for recipient in dossier.recipients() {
///         match recipient.progress() {
///             Progress::Delivered { when, .. } => println!("{}: delivered on {when}", recipient.address()),
///             other => println!("{}: {other}", recipient.address()),
///         }
///     }
/// }
/// ```
#[derive(Debug, Clone)]
pub struct Dossier {
    id: PecId,
    sender: Address,
    subject: Box<str>,
    /// In the order of their addresses, whatever the case of the letters.
    recipients: Vec<Listed>,
    /// In the order of their identities.
    receipts: Vec<Entry>,
    /// The long lists of recipients already merged.
    lists: Vec<Fingerprint>,
}

/// Whether a fact was verified by this program, or comes from a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "kebab-case"))]
pub enum Standing {
    /// It was read from a [`DossierRecord`], which anybody could have written.
    Recorded,
    /// It comes from a [`Verified`] notification.
    Verified,
}

/// A recipient, and who says of which kind it is.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Listed {
    address: Address,
    said: Said,
}

/// Who lists a recipient, and as what: one bit for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Said(u8);

impl Said {
    fn new(by: PecKind, kind: RecipientKind, standing: Standing) -> Self {
        let kind = u32::from(kind == RecipientKind::External);
        let by = if matches!(by, PecKind::Acceptance | PecKind::NonAcceptance) { 2 } else { 0 };
        let standing = if standing == Standing::Verified { 4 } else { 0 };
        Self(1_u8.rotate_left(kind | by | standing))
    }

    fn has(self, by_acceptance: bool, standing: Standing, kind: RecipientKind) -> bool {
        let by = if by_acceptance { PecKind::Acceptance } else { PecKind::Delivery };
        self.0 & Self::new(by, kind, standing).0 != 0
    }

    fn by_acceptance(self, standing: Standing) -> bool {
        self.has(true, standing, RecipientKind::Certified) || self.has(true, standing, RecipientKind::External)
    }

    /// What the acceptance, or the others, say; what is verified counts more.
    fn kind_by(self, by_acceptance: bool) -> Option<RecipientKind> {
        let standings = [Standing::Verified, Standing::Recorded].into_iter();
        let all = standings.flat_map(|standing| [RecipientKind::Certified, RecipientKind::External].map(|kind| (standing, kind)));
        all.into_iter().find(|(standing, kind)| self.has(by_acceptance, *standing, *kind)).map(|(_, kind)| kind)
    }

    /// The sender's provider knows best, what is verified counts more, and where they still differ the recipient is certified.
    fn kind(self) -> RecipientKind {
        self.kind_by(true).or_else(|| self.kind_by(false)).unwrap_or(RecipientKind::Certified)
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

impl Dossier {
    /// The dossier of the message that this receipt is about. Any receipt will do; while the acceptance has not come,
    /// the dossier is an orphan's ([`Dossier::is_orphan`]).
    #[must_use]
    pub fn new<'r>(receipt: impl Into<Receipt<'r>>) -> Self {
        let receipt = receipt.into();
        let mut dossier = Self::empty(receipt.transaction());
        dossier.take(receipt);
        dossier
    }

    fn empty(transaction: &Transaction) -> Self {
        Self {
            id: transaction.id().clone(),
            sender: transaction.sender().clone(),
            subject: normal(transaction.subject()),
            recipients: Vec::new(),
            receipts: Vec::new(),
            lists: Vec::new(),
        }
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
        self.list(other.recipients);
        for entry in other.receipts {
            self.file(entry);
        }
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
        self.find(receipt).ok().and_then(|at| self.receipts.get(at)).map(|entry| entry.standing)
    }

    /// Whether neither an acceptance nor a notice of non-acceptance has come.
    #[must_use]
    pub fn is_orphan(&self) -> bool {
        !self.receipts.iter().any(|entry| matches!(entry.record.kind, PecKind::Acceptance | PecKind::NonAcceptance))
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
        self.list_of(receipt.notification().value().kind(), receipt.transaction().recipients());
        self.file(receipt.entry())
    }

    fn file(&mut self, entry: Entry) -> Added {
        match self.find(&entry.record.id) {
            Ok(at) => self.receipts.get_mut(at).map_or(Added::Duplicate, |known| known.join(entry)),
            Err(at) => {
                // Most messages have two receipts.
                self.receipts.reserve_exact(if self.receipts.len() < 8 { 1 } else { self.receipts.len() });
                self.receipts.insert(at, entry);
                Added::New
            }
        }
    }

    fn find(&self, receipt: &Fingerprint) -> Result<usize, usize> {
        self.receipts.binary_search_by(|entry| entry.record.id.cmp(receipt))
    }

    /// Merges the recipients that a verified receipt lists. Receipts of one message repeat the same list.
    fn list_of(&mut self, by: PecKind, recipients: &[Recipient]) {
        if recipients.len() > SHORT_LIST {
            let said = [Said::new(by, RecipientKind::Certified, Standing::Verified).0];
            let texts = recipients.iter().flat_map(|recipient| [recipient.address().text().as_bytes(), recipient.kind().text().as_bytes()]);
            let list = Fingerprint::of_parts(core::iter::once(&said[..]).chain(texts));
            if self.lists.contains(&list) {
                return;
            }
            self.lists.push(list);
        }
        let listed = recipients.iter().filter_map(|recipient| {
            let kind = recipient.kind().value().copied().unwrap_or(RecipientKind::Certified);
            Some(Listed { address: recipient.address().value()?.clone(), said: Said::new(by, kind, Standing::Verified) })
        });
        self.list(listed.collect());
    }

    fn list(&mut self, mut listed: Vec<Listed>) {
        let known = core::mem::take(&mut self.recipients);
        listed.extend(known);
        listed.sort_by(|a, b| alphabetical(&a.address, &b.address).then_with(|| a.address.as_str().cmp(b.address.as_str())));
        listed.dedup_by(|later, first| {
            let same = alphabetical(&later.address, &first.address) == Ordering::Equal;
            if same {
                first.said.0 |= later.said.0;
            }
            same
        });
        listed.shrink_to_fit();
        self.recipients = listed;
    }

    fn position(&self, address: &Address) -> Option<usize> {
        self.recipients.binary_search_by(|listed| alphabetical(&listed.address, address)).ok()
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
fn alphabetical(a: &Address, b: &Address) -> Ordering {
    fn lower(address: &Address) -> impl Iterator<Item = u8> + '_ {
        address.as_str().bytes().map(|byte| byte.to_ascii_lowercase())
    }
    lower(a).cmp(lower(b))
}

/// Providers fold and trim subjects in their own ways.
fn normal(subject: Option<&str>) -> Box<str> {
    let words: Vec<&str> = subject.unwrap_or_default().split_whitespace().collect();
    words.join(" ").into()
}
