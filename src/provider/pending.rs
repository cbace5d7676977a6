//! Decisions that wait for their signatures.

use core::fmt;
use std::collections::BTreeMap;

use super::log::{Event, LogRecord};
use super::output::{DeliveryId, MailBytes, Output, SmtpReply};
use super::state::{Arrival, ArrivalContent, Awaited, Change, Delta, Due};
use super::{Operator, ProviderError, clipped, keep_until};
use crate::address::Address;
use crate::compose::{ComposeError, Draft, Signer, SigningRequest, ToSign};
use crate::crypto::Algorithms;
use crate::fingerprint::Fingerprint;
use crate::ident::PecId;
use crate::notification::Transaction;
use crate::time::Timestamp;

/// What a point has decided, its messages not yet signed. Until it is committed nothing has happened.
#[must_use = "nothing happens before it is signed and carried out"]
#[derive(Clone)]
pub struct Pending {
    transaction: PecId,
    to_sign: Vec<ToSign>,
    planned: Vec<Planned>,
    delta: Delta,
}

/// How much there is of each: what is to be signed is long, and carries letters of others.
impl fmt::Debug for Pending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (to_sign, planned, changes) = (self.to_sign.len(), self.planned.len(), self.delta.changes().len());
        let mut debug = f.debug_struct("Pending");
        debug.field("transaction", &self.transaction).field("to_sign", &to_sign).field("planned", &planned).field("changes", &changes);
        debug.finish_non_exhaustive()
    }
}

/// An output, whose message may wait for its signature.
#[derive(Clone)]
enum Planned {
    Ready(Output),
    Send { message: Message, transaction: PecId, mail_from: Address, rcpt_to: Vec<Address> },
    Deliver { message: Message, transaction: PecId, delivery: DeliveryId },
}

/// A message of an output.
#[derive(Debug, Clone)]
pub(super) enum Message {
    /// One of those to be signed, by its place among them.
    Unsigned(usize),
    /// One that goes on as it is.
    Ready(MailBytes),
}

impl Pending {
    /// The transaction under which all this is logged: the identifier (`identificativo`) of the PEC message it is about; where there is none, one
    /// minted for the log.
    #[must_use]
    pub fn transaction(&self) -> &PecId {
        &self.transaction
    }

    /// The signatures that are needed, in the order in which [`Pending::finish`] wants them; none where no message is written.
    pub fn to_sign(&self) -> impl ExactSizeIterator<Item = SigningRequest<'_>> {
        self.to_sign.iter().map(ToSign::request)
    }

    /// Takes the signatures, and checks each with the key of the certificate.
    ///
    /// # Errors
    /// [`ProviderError::Signatures`] for another number of them, [`ProviderError::Compose`] for one that does not hold. Nothing has happened then.
    #[cfg(feature = "rustcrypto")]
    #[cfg_attr(docsrs, doc(cfg(feature = "rustcrypto")))]
    pub fn finish(self, signatures: &[Vec<u8>]) -> Result<Committed, ProviderError> {
        self.finish_with(signatures, &crate::crypto::RustCrypto)
    }

    /// Takes the signatures, and checks them by these algorithms.
    ///
    /// # Errors
    /// As `Pending::finish`.
    pub fn finish_with(self, signatures: &[Vec<u8>], algorithms: &dyn Algorithms) -> Result<Committed, ProviderError> {
        let Self { transaction, to_sign, planned, delta } = self;
        if signatures.len() != to_sign.len() {
            return Err(ProviderError::Signatures { given: signatures.len(), wanted: to_sign.len() });
        }
        let mut signed = Vec::with_capacity(to_sign.len());
        for (to_sign, signature) in to_sign.into_iter().zip(signatures) {
            signed.push(MailBytes::from(to_sign.finish_with(signature, algorithms)?));
        }
        let outputs = planned.into_iter().filter_map(|planned| planned.output(&signed)).collect();
        Ok(Committed { transaction, outputs, delta })
    }

    /// Signs all with this key, and checks each signature with the key of the certificate.
    ///
    /// # Errors
    /// What the signer says, and as `Pending::finish`.
    #[cfg(feature = "rustcrypto")]
    #[cfg_attr(docsrs, doc(cfg(feature = "rustcrypto")))]
    pub fn sign_with(self, signer: &dyn Signer) -> Result<Committed, ProviderError> {
        self.sign_and_check_with(signer, &crate::crypto::RustCrypto)
    }

    /// Signs all with this key, and checks the signatures by these algorithms.
    ///
    /// # Errors
    /// As `Pending::sign_with`.
    pub fn sign_and_check_with(self, signer: &dyn Signer, algorithms: &dyn Algorithms) -> Result<Committed, ProviderError> {
        let signatures: Result<Vec<_>, _> = self.to_sign().map(|request| signer.sign(&request)).collect();
        self.finish_with(&signatures.map_err(ComposeError::from)?, algorithms)
    }
}

impl Planned {
    fn output(self, signed: &[MailBytes]) -> Option<Output> {
        let bytes = |message| match message {
            Message::Ready(bytes) => Some(bytes),
            Message::Unsigned(index) => signed.get(index).cloned(),
        };
        Some(match self {
            Self::Ready(output) => output,
            Self::Send { message, transaction, mail_from, rcpt_to } => {
                Output::Send { transaction, mail_from, rcpt_to, message: bytes(message)? }
            }
            Self::Deliver { message, transaction, delivery } => Output::Deliver { transaction, delivery, message: bytes(message)? },
        })
    }
}

/// A decision with its signatures: what is to be done, and what is to be remembered. Store both together, then act.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Committed {
    /// The transaction under which all this is logged.
    pub transaction: PecId,
    /// What is to be done, in this order.
    pub outputs: Vec<Output>,
    /// What changes in the state.
    pub delta: Delta,
}

/// A decision in the making.
pub(super) struct Plan<'o> {
    operator: &'o Operator,
    now: Timestamp,
    /// The transaction that outputs are now added to.
    about: PecId,
    pending: Pending,
}

impl<'o> Plan<'o> {
    pub(super) fn new(operator: &'o Operator, transaction: PecId, now: Timestamp) -> Self {
        let about = transaction.clone();
        let pending = Pending { transaction, to_sign: Vec::new(), planned: Vec::new(), delta: Delta::default() };
        Self { operator, now, about, pending }
    }

    /// What follows belongs to this transaction.
    pub(super) fn about(&mut self, transaction: &PecId) {
        self.about = transaction.clone();
    }

    /// A message to be signed, with its record.
    pub(super) fn write(&mut self, record: LogRecord, draft: Draft<'_>) -> Result<Message, ProviderError> {
        self.log(LogRecord { related: vec![clipped(&draft.message_id()).into()], ..record });
        self.sign(draft)
    }

    /// A message to be signed, under the scheme of the operator.
    pub(super) fn sign(&mut self, draft: Draft<'_>) -> Result<Message, ProviderError> {
        let (certificate, now) = (self.operator.identity().certificate(), self.now.instant());
        if now < certificate.not_before() || certificate.not_after() < now {
            return Err(ProviderError::NotValid { subject: certificate.subject().into() });
        }
        let to_sign = match self.operator.settings().scheme {
            Some(scheme) => draft.with_digest(scheme.digest()).to_sign_by(scheme)?,
            None => draft.to_sign()?,
        };
        let place = self.pending.to_sign.len();
        self.pending.to_sign.push(to_sign);
        Ok(Message::Unsigned(place))
    }

    pub(super) fn send(&mut self, message: Message, mail_from: &Address, rcpt_to: Vec<Address>) {
        let (transaction, mail_from) = (self.about.clone(), mail_from.clone());
        self.pending.planned.push(Planned::Send { message, transaction, mail_from, rcpt_to });
    }

    pub(super) fn deliver(&mut self, message: Message, delivery: DeliveryId) {
        let transaction = self.about.clone();
        self.pending.planned.push(Planned::Deliver { message, transaction, delivery });
    }

    pub(super) fn store(&mut self, message: &[u8], virus: &str) {
        self.ready(Output::Store {
            transaction: self.about.clone(),
            virus: virus.into(),
            message: message.to_vec().into(),
            keep_until: keep_until(self.now),
        });
    }

    pub(super) fn refuse(&mut self, reply: SmtpReply) {
        self.ready(Output::Refuse { transaction: self.about.clone(), reply });
    }

    /// What others wrote is cut: a message to thousands of domains has a record for each.
    pub(super) fn log(&mut self, record: LogRecord) {
        let cut = |text: &str| clipped(&text).into();
        let (sender, subject, note) = (cut(&record.sender), cut(&record.subject), cut(&record.note));
        let record = LogRecord { sender, subject, note, ..record };
        self.ready(Output::Log { record, keep_until: keep_until(self.now) });
    }

    /// A record with nothing but the event, the time and the provider, to be completed.
    pub(super) fn record(&self, event: Event) -> LogRecord {
        LogRecord::new(self.about.clone(), self.now, event, self.operator.identity().provider())
    }

    /// A record of what happened to this message, as far as its certified facts tell; recipients and messages are to be added.
    pub(super) fn record_on(&self, event: Event, message: &Transaction) -> LogRecord {
        LogRecord {
            sender: message.sender().as_str().into(),
            subject: message.subject().unwrap_or_default().into(),
            provider: message.provider().unwrap_or_default().into(),
            ..self.record(event)
        }
    }

    /// A notification cannot be written, for what the message says that it is about, or since others would not believe it. One message must not keep
    /// all others waiting.
    pub(super) fn cannot_write(&mut self, message: &Transaction, recipient: &Address, error: &ProviderError) {
        let (recipients, note) = (vec![recipient.clone()], error.to_string().into());
        self.log(LogRecord { recipients, note, ..self.record_on(Event::NotificationImpossible, message) });
    }

    /// Sends a notification to where another point, or another provider, takes it; under the reverse path of RFC 6109 §2.2.6.
    pub(super) fn notify(&mut self, record: LogRecord, draft: Draft<'_>, to: &Address) -> Result<(), ProviderError> {
        let message = self.write(record, draft)?;
        self.send(message, self.operator.identity().address(), vec![to.clone()]);
        Ok(())
    }

    /// Puts a message that is written here and now, an acceptance or a notice, into a mailbox of this provider's own. Nothing is due to anybody for
    /// its delivery.
    pub(super) fn issue(&mut self, record: LogRecord, draft: Draft<'_>, mailbox: &Address) -> Result<(), ProviderError> {
        let arrival = Fingerprint::of_parts([b"issued".as_slice(), draft.message_id().as_bytes()]);
        let message = self.write(record, draft)?;
        let content = ArrivalContent::Other { transaction: self.about.clone() };
        let mailboxes = BTreeMap::from([(mailbox.clone(), Awaited::new(self.now.instant(), Due::Nothing))]);
        self.change(Change::Arrived { message: arrival, arrival: Arrival { content, mailboxes } });
        self.deliver(message, DeliveryId { arrival, mailbox: mailbox.clone() });
        Ok(())
    }

    pub(super) fn change(&mut self, change: Change) {
        self.pending.delta.push(change);
    }

    pub(super) fn finish(self) -> Pending {
        self.pending
    }

    fn ready(&mut self, output: Output) {
        self.pending.planned.push(Planned::Ready(output));
    }
}
