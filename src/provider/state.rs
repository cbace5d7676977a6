//! What a provider must remember from one decision to the next: plain data, changed by deltas alone.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use super::output::DeliveryId;
use crate::address::Address;
use crate::certdata::{ReceiptKind, RecipientKind};
use crate::fingerprint::Fingerprint;
use crate::ident::PecId;
use crate::notification::TransportEnvelope;
use crate::time::UnixTime;

/// What is remembered: the submissions that were accepted and what is known of each of their recipients, the messages that arrived and
/// what became of them, and the notices still owed.
///
/// It is plain data. Nothing but [`State::apply`] changes it. With the feature `serde` it is saved as the [`Delta`] that would make it from
/// nothing; a caller may as well keep all deltas, and apply them anew. Whoever can write to what is saved decides what the provider
/// certifies: it is to be guarded as the keys are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(from = "Delta", into = "Delta"))]
pub struct State {
    submissions: BTreeMap<Fingerprint, (PecId, UnixTime)>,
    followed: BTreeMap<PecId, Followed>,
    arrivals: BTreeMap<Fingerprint, Arrival>,
    // What follows derives from the above: what may be due, by the time of acceptance or of arrival.
    silent: BTreeSet<(UnixTime, PecId)>,
    open: BTreeSet<(UnixTime, PecId)>,
    owed: BTreeSet<(UnixTime, DeliveryId)>,
}

/// Changes of a [`State`], in their order. To apply those of one decision once more, right after, changes nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(transparent))]
pub struct Delta {
    changes: Vec<Change>,
}

/// One change of a [`State`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "kebab-case"))]
#[non_exhaustive]
pub enum Change {
    /// A submission was answered with an acceptance or a notice of non-acceptance.
    Submitted {
        /// The submission.
        submission: Fingerprint,
        /// The identifier it was given.
        id: PecId,
        /// When.
        at: UnixTime,
    },
    /// A message was accepted, and these certified recipients are followed.
    Followed {
        /// What was certified of it.
        envelope: TransportEnvelope,
        /// What is known of each certified recipient.
        recipients: Vec<(Address, Fate)>,
    },
    /// Something was heard of these recipients, or they have waited too long.
    Heard {
        /// The message.
        id: PecId,
        /// The recipients.
        recipients: Vec<Address>,
        /// What was heard.
        stage: Stage,
    },
    /// The sender was told that nothing has been heard of this recipient (the first notice of RFC 6109 §3.1.6).
    Delayed {
        /// The message.
        id: PecId,
        /// The recipient.
        recipient: Address,
    },
    /// A message arrived for these mailboxes.
    Arrived {
        /// The message.
        message: Fingerprint,
        /// What it is, and for whom.
        arrival: Arrival,
    },
    /// A delivery is over: its outcome is known and what was due to the sender has been written.
    Settled {
        /// The delivery.
        delivery: DeliveryId,
    },
    /// What is over and older than this is no longer remembered.
    Forgotten {
        /// The oldest time that is remembered.
        before: UnixTime,
    },
}

/// What the sending provider knows of a recipient.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "kebab-case"))]
#[non_exhaustive]
pub enum Stage {
    /// Nothing was heard.
    Silent,
    /// The recipient's provider has it.
    #[doc(alias = "presa-in-carico")]
    TakenInCharge,
    /// Nothing certain was heard in time, and the sender was told so with the final notice.
    #[doc(alias = "preavviso-errore-consegna")]
    TimedOut,
    /// It could not be delivered.
    #[doc(alias = "errore-consegna")]
    NotDelivered,
    /// It was delivered.
    #[doc(alias = "avvenuta-consegna")]
    Delivered,
}

impl Stage {
    /// Whether more is awaited. After the final notice it is not, though a receipt may still come (RFC 6109 §2.1.1.1.2).
    #[must_use]
    pub fn is_open(self) -> bool {
        matches!(self, Self::Silent | Self::TakenInCharge)
    }
}

/// What the sending provider knows of a recipient, and whether it has told the sender of the delay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Fate {
    /// What is known.
    pub stage: Stage,
    /// Whether the sender got the first notice of RFC 6109 §3.1.6.
    pub delay: Delay,
}

/// Whether a sender was told that nothing has been heard of a recipient.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "kebab-case"))]
pub enum Delay {
    /// No.
    Untold,
    /// Yes.
    Told,
}

impl Fate {
    /// Nothing heard, nothing told.
    pub(super) const UNKNOWN: Self = Self { stage: Stage::Silent, delay: Delay::Untold };

    /// Nothing was heard, and the sender was not told so.
    pub(super) fn is_silent(self) -> bool {
        self == Self::UNKNOWN
    }

    /// What a receipt says stays, whatever comes later; the final notice is overtaken by a receipt.
    fn hear(&mut self, stage: Stage) {
        let settled = matches!(self.stage, Stage::Delivered | Stage::NotDelivered);
        if !settled && stage > self.stage {
            self.stage = stage;
        }
    }
}

/// A message that was accepted, and what is known of its certified recipients.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Followed {
    envelope: TransportEnvelope,
    /// By address in lower case, since a receipt may spell it otherwise.
    recipients: BTreeMap<String, (Address, Fate)>,
    silent: usize,
    open: usize,
}

impl Followed {
    fn new(envelope: TransportEnvelope, recipients: Vec<(Address, Fate)>) -> Self {
        let recipients: BTreeMap<_, _> = recipients.into_iter().map(|known| (known.0.folded(), known)).collect();
        let silent = recipients.values().filter(|(_, fate)| fate.is_silent()).count();
        let open = recipients.values().filter(|(_, fate)| fate.stage.is_open()).count();
        Self { envelope, recipients, silent, open }
    }

    pub(super) fn envelope(&self) -> &TransportEnvelope {
        &self.envelope
    }

    /// A recipient, as it is spelled in the envelope, and what is known of it.
    pub(super) fn recipient(&self, address: &Address) -> Option<(&Address, Fate)> {
        self.recipients.get(&address.folded()).map(|(address, fate)| (address, *fate))
    }

    /// All followed recipients.
    pub(super) fn recipients(&self) -> impl Iterator<Item = (&Address, Fate)> {
        self.recipients.values().map(|(address, fate)| (address, *fate))
    }

    fn accepted(&self) -> UnixTime {
        self.envelope.transaction().when().instant()
    }

    fn change(&mut self, address: &Address, change: impl FnOnce(&mut Fate)) {
        let Some((_, fate)) = self.recipients.get_mut(&address.folded()) else { return };
        let before = *fate;
        change(fate);
        // Nothing becomes silent or open again.
        if before.is_silent() && !fate.is_silent() {
            self.silent = self.silent.saturating_sub(1);
        }
        if before.stage.is_open() && !fate.stage.is_open() {
            self.open = self.open.saturating_sub(1);
        }
    }
}

/// A message that arrived, and for whom.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Arrival {
    pub(super) content: ArrivalContent,
    pub(super) mailboxes: BTreeMap<Address, Awaited>,
}

/// What arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "kebab-case"))]
pub(super) enum ArrivalContent {
    /// A correct transport envelope, and the SHA-256 of the message.
    Envelope { facts: Box<TransportEnvelope>, message: Fingerprint },
    /// A correct transport envelope with a virus, and whom to tell.
    Infected { facts: Box<TransportEnvelope>, service_mailbox: Address, virus: Box<str> },
    /// Anything else: no receipt is due. It is delivered under this transaction.
    Other { transaction: PecId },
}

/// A mailbox that a message is for.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Awaited {
    /// When the message arrived for it.
    pub(super) at: UnixTime,
    pub(super) due: Due,
    pub(super) progress: DeliveryProgress,
}

/// What is due to the sender when the delivery has succeeded or failed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "kebab-case"))]
pub(super) enum Due {
    /// Nothing.
    Nothing,
    /// A delivery receipt, or a notice of non-delivery, for this recipient of the envelope.
    Receipt { recipient: Address, kind: ReceiptKind },
    /// A virus detection for this recipient of the envelope, whatever the mailbox.
    VirusDetection { recipient: Address },
}

/// How far a delivery is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "kebab-case"))]
pub(super) enum DeliveryProgress {
    /// It is under way.
    Awaited,
    /// It is over.
    Settled,
}

impl Awaited {
    pub(super) fn new(at: UnixTime, due: Due) -> Self {
        Self { at, due, progress: DeliveryProgress::Awaited }
    }

    /// Of it nothing is to be done; it is known to have come.
    pub(super) fn over(at: UnixTime) -> Self {
        Self { at, due: Due::Nothing, progress: DeliveryProgress::Settled }
    }

    pub(super) fn is_over(&self) -> bool {
        self.progress == DeliveryProgress::Settled
    }

    /// Whether a virus detection is still to be written.
    fn is_owed(&self) -> bool {
        matches!(self.due, Due::VirusDetection { .. }) && !self.is_over()
    }
}

impl Delta {
    /// The changes.
    #[must_use]
    pub fn changes(&self) -> &[Change] {
        &self.changes
    }

    /// Whether there is nothing to remember.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// Adds the changes of a later decision.
    pub fn append(&mut self, later: Self) {
        self.changes.extend(later.changes);
    }

    pub(super) fn push(&mut self, change: Change) {
        self.changes.push(change);
    }
}

impl State {
    /// A state in which nothing has happened.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Applies changes.
    ///
    /// ```
    /// use postacert::provider::{Delta, State};
    /// let mut state = State::new();
    /// state.apply(&Delta::default());
    /// assert_eq!(state, State::new());
    /// ```
    pub fn apply(&mut self, delta: &Delta) {
        delta.changes.iter().cloned().for_each(|change| self.change(change));
    }

    /// What is known of a recipient of a message that was accepted here; `None` for one that is not certified, or not known.
    #[must_use]
    pub fn fate(&self, id: &PecId, recipient: &Address) -> Option<Fate> {
        self.followed.get(id)?.recipient(recipient).map(|(_, fate)| fate)
    }

    /// The certified recipients of a message that was accepted here, and what is known of each; in alphabetical order.
    pub fn recipients(&self, id: &PecId) -> impl Iterator<Item = (&Address, Fate)> {
        self.followed.get(id).into_iter().flat_map(Followed::recipients)
    }

    /// The deliveries that the delivery point has not been told the outcome of.
    pub fn awaited(&self) -> impl Iterator<Item = DeliveryId> + '_ {
        self.arrivals.iter().flat_map(|(message, arrival)| {
            let waiting = arrival.mailboxes.iter().filter(|(_, awaited)| !awaited.is_over());
            waiting.map(|(mailbox, _)| DeliveryId { arrival: *message, mailbox: mailbox.clone() })
        })
    }

    /// The change that gives up what is over and older than this: accepted messages of whose recipients nothing more is awaited, messages that were
    /// delivered. A repetition of something forgotten is new, so remember as long as SMTP servers try again, and a day for the notices.
    #[must_use]
    pub fn forget(before: UnixTime) -> Delta {
        Delta { changes: vec![Change::Forgotten { before }] }
    }

    pub(super) fn submission(&self, submission: &Fingerprint) -> Option<(&PecId, UnixTime)> {
        self.submissions.get(submission).map(|(id, at)| (id, *at))
    }

    pub(super) fn followed(&self, id: &PecId) -> Option<&Followed> {
        self.followed.get(id)
    }

    pub(super) fn arrival(&self, message: &Fingerprint) -> Option<&Arrival> {
        self.arrivals.get(message)
    }

    /// What may be due: the messages with a recipient of whom nothing was heard nor told, the oldest first.
    pub(super) fn silent(&self) -> impl Iterator<Item = (UnixTime, &Followed)> {
        self.oldest(&self.silent)
    }

    /// The messages with a recipient of whom more is awaited, the oldest first.
    pub(super) fn open(&self) -> impl Iterator<Item = (UnixTime, &Followed)> {
        self.oldest(&self.open)
    }

    fn oldest<'s>(&'s self, index: &'s BTreeSet<(UnixTime, PecId)>) -> impl Iterator<Item = (UnixTime, &'s Followed)> {
        index.iter().filter_map(|(accepted, id)| Some((*accepted, self.followed.get(id)?)))
    }

    /// The virus detections that are still to be written, those of the oldest arrivals first.
    pub(super) fn owed(&self) -> impl Iterator<Item = (UnixTime, &DeliveryId, &Arrival)> {
        self.owed.iter().filter_map(|(at, delivery)| Some((*at, delivery, self.arrivals.get(&delivery.arrival)?)))
    }

    fn change(&mut self, change: Change) {
        match change {
            Change::Submitted { submission, id, at } => drop(self.submissions.insert(submission, (id, at))),
            Change::Followed { envelope, recipients } => {
                let id = envelope.transaction().id().clone();
                // To follow it anew would forget what was heard.
                if !self.followed.contains_key(&id) {
                    self.followed.insert(id.clone(), Followed::new(envelope, recipients));
                    self.index(&id);
                }
            }
            Change::Heard { id, recipients, stage } => self.tell(&id, &recipients, |fate| fate.hear(stage)),
            Change::Delayed { id, recipient } => self.tell(&id, &[recipient], |fate| fate.delay = Delay::Told),
            Change::Arrived { message, arrival } => self.arrive(message, arrival),
            Change::Settled { delivery } => self.settle(delivery),
            Change::Forgotten { before } => {
                self.submissions.retain(|_, (_, at)| *at >= before);
                self.followed.retain(|_, followed| followed.open > 0 || followed.accepted() >= before);
                self.arrivals.retain(|_, arrival| {
                    arrival.mailboxes.retain(|_, awaited| awaited.at >= before || !awaited.is_over());
                    !arrival.mailboxes.is_empty()
                });
            }
        }
    }

    fn tell(&mut self, id: &PecId, recipients: &[Address], change: impl Fn(&mut Fate)) {
        let Some(followed) = self.followed.get_mut(id) else { return };
        recipients.iter().for_each(|recipient| followed.change(recipient, &change));
        self.index(id);
    }

    /// Brings what derives from a followed message up to date.
    fn index(&mut self, id: &PecId) {
        let Some(followed) = self.followed.get(id) else { return };
        let entry = (followed.accepted(), id.clone());
        for (count, index) in [(followed.silent, &mut self.silent), (followed.open, &mut self.open)] {
            if count > 0 {
                index.insert(entry.clone());
            } else {
                index.remove(&entry);
            }
        }
    }

    fn arrive(&mut self, message: Fingerprint, arrival: Arrival) {
        let Arrival { content, mailboxes } = arrival;
        // It may be a known message for further mailboxes. Of what is known nothing changes.
        let known = self.arrivals.entry(message).or_insert_with(|| Arrival { content, mailboxes: BTreeMap::new() });
        for (mailbox, awaited) in mailboxes {
            let Entry::Vacant(vacant) = known.mailboxes.entry(mailbox) else { continue };
            if awaited.is_owed() {
                self.owed.insert((awaited.at, DeliveryId { arrival: message, mailbox: vacant.key().clone() }));
            }
            vacant.insert(awaited);
        }
    }

    fn settle(&mut self, delivery: DeliveryId) {
        let Some(arrival) = self.arrivals.get_mut(&delivery.arrival) else { return };
        let Some(awaited) = arrival.mailboxes.get_mut(&delivery.mailbox) else { return };
        awaited.progress = DeliveryProgress::Settled;
        self.owed.remove(&(awaited.at, delivery));
    }
}

impl From<Delta> for State {
    fn from(delta: Delta) -> Self {
        let mut state = Self::new();
        delta.changes.into_iter().for_each(|change| state.change(change));
        state
    }
}

impl From<State> for Delta {
    fn from(state: State) -> Self {
        let submissions = state.submissions.into_iter().map(|(submission, (id, at))| Change::Submitted { submission, id, at });
        let followed = state.followed.into_values().map(|followed| {
            let recipients = followed.recipients.into_values().collect();
            Change::Followed { envelope: followed.envelope, recipients }
        });
        let arrivals = state.arrivals.into_iter().map(|(message, arrival)| Change::Arrived { message, arrival });
        Self { changes: submissions.chain(followed).chain(arrivals).collect() }
    }
}

/// The certified recipients of an envelope, of whom nothing is known yet.
pub(super) fn to_follow(envelope: &TransportEnvelope) -> Vec<(Address, Fate)> {
    let recipients = envelope.transaction().recipients().iter();
    let certified = recipients.filter(|recipient| recipient.kind().value() == Some(&RecipientKind::Certified));
    certified.filter_map(|recipient| Some((recipient.address().value()?.clone(), Fate::UNKNOWN))).collect()
}
