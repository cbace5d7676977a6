//! A receipt as a dossier keeps it.

use core::cmp::{Ordering, Reverse};
use core::slice;
use std::borrow::Cow;

use super::sorted::Keyed;
use super::{Added, Standing};
use crate::address::Address;
use crate::certdata::{ExtendedError, Fault, PecKind, ReceiptKind};
use crate::fingerprint::Fingerprint;
use crate::message::{CarriedMessage, Content};
use crate::mime::as_crlf;
use crate::notification::{Notification, NotificationError, Transaction};
use crate::time::{Timestamp, UnixTime};
use crate::verify::Verified;

/// A verified receipt, to be added to a dossier.
///
/// Of a [`Verified`] notification alone, or with what else the message holds: the copy of the original that a complete receipt carries, so that
/// receipts of another original are told apart, and a label of the caller's, to find the file again.
///
/// ```
/// use postacert::dossier::{Dossier, Receipt};
/// # use postacert::{Directory, Message, Verifier, VerificationTime};
/// # let directory = Directory::from_ldif(include_bytes!("../../tests/fixtures/directory/directory.ldif"))?;
/// # let verifier = Verifier::builder().directory(directory).build()?;
/// # let time = VerificationTime::asserted("2026-12-01T12:00:00Z".parse()?);
/// # let delivery = include_bytes!("../../tests/fixtures/valid/avvenuta-consegna-completa.eml");
///
/// let content = verifier.verify(&Message::parse(delivery)?, time).into_verified()?;
/// let receipt = Receipt::of(&content)?.with_label("consegna.eml");
/// let dossier = Dossier::new(receipt.clone());
/// let kept = dossier.receipts()[0];
/// assert_eq!((kept.id, kept.label.as_deref()), (receipt.id(), Some("consegna.eml")));
/// assert!(kept.original.is_some());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Receipt<'r> {
    notification: Cow<'r, Verified<Notification>>,
    original: Option<Fingerprint>,
    label: Option<Box<str>>,
}

impl Receipt<'static> {
    /// The receipt that a verified message is, with its copy of the original if it is a complete one.
    ///
    /// # Errors
    /// [`NotificationError`] when it is an envelope, or its data lack what its kind must have.
    pub fn of(content: &Verified<Content<'_>>) -> Result<Self, NotificationError> {
        let notification = content.notification()?;
        let complete = matches!(notification.value(), Notification::Delivery(delivery) if delivery.receipt() == ReceiptKind::Complete);
        let original = content.value().original().filter(|_| complete).map(digest);
        Ok(Self { notification: Cow::Owned(notification), original, label: None })
    }
}

impl<'r> From<&'r Verified<Notification>> for Receipt<'r> {
    fn from(notification: &'r Verified<Notification>) -> Self {
        Self { notification: Cow::Borrowed(notification), original: None, label: None }
    }
}

impl Receipt<'_> {
    /// The same, under a label: the name of the file, or a key of the caller's store.
    #[must_use]
    pub fn with_label(self, label: &str) -> Self {
        Self { label: Some(label.into()), ..self }
    }

    /// What it says.
    #[must_use]
    pub fn notification(&self) -> &Verified<Notification> {
        &self.notification
    }

    /// By what the receipt is known again: the digest of its signed bytes and the certificate that signed them.
    #[must_use]
    pub fn id(&self) -> Fingerprint {
        self.notification.evidence().fingerprint()
    }

    pub(super) fn transaction(&self) -> &Transaction {
        self.notification.value().transaction()
    }

    pub(super) fn entry(self) -> Entry {
        let notification = self.notification.value();
        let (recipients, fault, reason) = match notification {
            Notification::Acceptance(_) => (&[][..], Fault::None, None),
            Notification::NonAcceptance(n) => (&[][..], n.fault(), n.reason()),
            Notification::TakenInCharge(n) => (n.received_for(), Fault::None, None),
            Notification::Delivery(n) => (slice::from_ref(n.recipient()), Fault::None, None),
            Notification::NonDelivery(n) => (slice::from_ref(n.recipient()), n.fault(), n.reason()),
            Notification::DeliveryTimeout(n) => (slice::from_ref(n.recipient()), n.fault(), n.reason()),
            Notification::VirusDetection(n) => (slice::from_ref(n.recipient()), n.fault(), n.reason()),
        };
        let receipt = match notification {
            Notification::Delivery(delivery) => Some(delivery.receipt()),
            _ => None,
        };
        let record = ReceiptRecord {
            id: self.id(),
            kind: notification.kind(),
            when: notification.transaction().when(),
            recipients: recipients.into(),
            fault,
            reason: reason.cloned(),
            receipt,
            provider: notification.transaction().provider().map(Into::into),
            original: self.original,
            label: self.label,
        };
        Entry { record, standing: Standing::Verified }
    }
}

/// A receipt, as a dossier and its record keep it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct ReceiptRecord {
    /// By what it is known again: the digest of its signed bytes and the certificate that signed them.
    pub id: Fingerprint,
    /// What it is (`tipo`).
    pub kind: PecKind,
    /// Its date (`data`).
    pub when: Timestamp,
    /// The recipients it is about (`consegna`, `ricezione`); none where it is about all of the message's.
    pub recipients: Box<[Address]>,
    /// What went wrong (`errore`).
    pub fault: Fault,
    /// The same in the provider's words (`errore-esteso`).
    pub reason: Option<ExtendedError>,
    /// The kind of a delivery receipt (`ricevuta`).
    pub receipt: Option<ReceiptKind>,
    /// The provider that says so (`gestore-emittente`).
    pub provider: Option<Box<str>>,
    /// What a complete receipt carries as the original: SHA-256 of it with CR LF line ends and without those at its end.
    pub original: Option<Fingerprint>,
    /// The caller's label.
    pub label: Option<Box<str>>,
}

/// A receipt and what it is worth.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) record: ReceiptRecord,
    pub(super) standing: Standing,
}

impl Keyed for Entry {
    type Key = Fingerprint;

    fn key(&self) -> Fingerprint {
        self.record.id
    }

    fn order(&self, key: &Fingerprint) -> Ordering {
        self.record.id.cmp(key)
    }
}

impl Entry {
    /// What is verified before what is recorded, and then the earlier before the later.
    pub(super) fn precedence(&self) -> (Reverse<Standing>, UnixTime, Fingerprint) {
        (Reverse(self.standing), self.record.when.instant(), self.record.id)
    }

    /// Whether it speaks of the message as a whole, and not of one recipient or some.
    pub(super) fn is_of_all(&self) -> bool {
        matches!(self.record.kind, PecKind::Acceptance | PecKind::NonAcceptance)
    }

    /// Takes over what the same receipt, come once more, adds. Whichever comes first, the result is the same.
    pub(super) fn join(&mut self, other: Self) -> Added {
        let (before, labels) = (self.standing, [self.record.label.take(), other.record.label.clone()]);
        let other = Self { record: ReceiptRecord { label: None, ..other.record }, ..other };
        // Two records that tell differently of the same signed bytes: one is wrong, and nothing says which.
        let rank = |entry: &Self| (entry.standing, format!("{:?}", entry.record));
        let replace = other.standing > self.standing || (other.record != self.record && rank(&other) > rank(self));
        if replace {
            *self = other;
        }
        self.record.label = labels.into_iter().flatten().min();
        if self.standing > before { Added::Confirmed } else { Added::Duplicate }
    }
}

/// Providers write the line ends at the end of a message as they like.
fn digest(original: &CarriedMessage<'_>) -> Fingerprint {
    use sha2::Digest as _;
    let bytes = original.bytes();
    let end = bytes.iter().rposition(|byte| !matches!(byte, b'\r' | b'\n')).map_or(0, |last| last.saturating_add(1));
    let bytes = bytes.get(..end).unwrap_or_default();
    let mut hash = sha2::Sha256::new();
    if crate::mime::LineEnds::of(bytes) == crate::mime::LineEnds::LfOnly {
        as_crlf(bytes).for_each(|piece| hash.update(piece));
    } else {
        hash.update(bytes);
    }
    Fingerprint::from(<[u8; 32]>::from(hash.finalize()))
}
