//! The log: what a provider records of every operation (RFC 6109 §2.3).

mod line;

use core::fmt;
use core::str::FromStr;

use crate::address::{Address, AddressError};
use crate::ident::{IdentError, PecId};
use crate::time::{TimeError, Timestamp};

/// A record of the log, with the eight things that RFC 6109 §2.3 asks for, and a note.
///
/// Its text (`Display`, `FromStr`) is one line, whatever it holds, and its form is stable. Nine fields `name=value` stand in this order, with a tab
/// between two: `when` (RFC 3339), `event`, `id`, `sender`, `recipients`, `subject`, `related`, `provider`, `note`. Inside a value
///
/// * `\\` is a backslash, `\t` a tab, `\n` an LF, `\r` a CR;
/// * `\u{…}` is the character with this hexadecimal number: so are written all other control characters, and those that turn around what stands
///   beside them. What is not escaped stands for itself, in UTF-8;
/// * `recipients` and `related` have a comma between two values. A comma in one of them is `\u{2c}`, and an empty one is `\e`.
///
/// So `awk -F'\t'` finds each field in its column, and `split` on commas each recipient.
///
/// ```
/// use postacert::provider::{Event, LogRecord};
///
/// let line = "when=2026-11-22T03:52:07+01:00\tevent=envelope-issued\tid=1f@pec.gestore.example\tsender=anna@pec.gestore.example\t\
///     recipients=bruno@cert.example,carla@cert.example\tsubject=Offerta \"A\"\\nseconda riga\trelated=1f@pec.gestore.example\t\
///     provider=Gestore Uno PEC S.p.A.\tnote=";
/// let record: LogRecord = line.parse()?;
/// assert_eq!(record.event, Event::EnvelopeIssued);
/// assert_eq!(record.recipients[1].as_str(), "carla@cert.example");
/// assert_eq!(&*record.subject, "Offerta \"A\"\nseconda riga");
/// assert_eq!(record.to_string(), line);
/// # Ok::<(), postacert::provider::LogRecordError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct LogRecord {
    /// The identifier of the message: that of PEC, where there is one; else one minted for the log.
    pub id: PecId,
    /// When it happened, in legal time: the one instant of the whole decision (§4.1).
    pub when: Timestamp,
    /// What happened.
    pub event: Event,
    /// The sender of the original message, in at most 1,000 characters; empty where it is not known.
    pub sender: Box<str>,
    /// The recipients that are concerned.
    pub recipients: Vec<Address>,
    /// The subject of the original message; a longer one is cut to 1,000 characters, the last three being dots.
    pub subject: Box<str>,
    /// The Message-IDs of the messages that were written.
    pub related: Vec<Box<str>>,
    /// The provider of the sender, as far as it is known.
    pub provider: Box<str>,
    /// What else is to be known, in at most 1,000 characters: a reason, the name of a virus, the Message-ID of a mail that is not PEC.
    pub note: Box<str>,
}

/// Defines [`Event`], with the word of each.
macro_rules! events {
    ($( $(#[doc = $doc:literal])+ $event:ident = $word:literal, )*) => {
        /// What happened. Each event has a word of its own, which is part of the public interface.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "kebab-case"))]
        #[non_exhaustive]
        pub enum Event {
            $( $(#[doc = $doc])+ $event, )*
        }

        impl Event {
            /// Every event.
            pub const ALL: &'static [Self] = &[$( Self::$event, )*];

            /// Its word.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $( Self::$event => $word, )* }
            }
        }
    };
}

events! {
    /// The access point got a message from a user.
    Submitted = "submitted",
    /// The access point got the same message again, and did nothing.
    SubmissionRepeated = "submission-repeated",
    /// The access point refused a message in SMTP.
    SubmissionRefused = "submission-refused",
    /// An acceptance was written.
    AcceptanceIssued = "acceptance-issued",
    /// A notice of non-acceptance was written.
    NonAcceptanceIssued = "non-acceptance-issued",
    /// A transport envelope was written, and sent to these recipients.
    EnvelopeIssued = "envelope-issued",
    /// The incoming point got a message.
    Arrived = "arrived",
    /// The incoming point got the same message again, and did nothing.
    ArrivalRepeated = "arrival-repeated",
    /// The incoming point refused a message in SMTP.
    ArrivalRefused = "arrival-refused",
    /// The incoming point dropped a message.
    ArrivalDiscarded = "arrival-discarded",
    /// An acceptance between providers was written.
    TakenInChargeIssued = "taken-in-charge-issued",
    /// An anomaly envelope was written.
    AnomalyIssued = "anomaly-issued",
    /// An infected message was stored apart.
    VirusStored = "virus-stored",
    /// A virus detection was written.
    VirusDetectionIssued = "virus-detection-issued",
    /// A notification of another provider told something of a recipient.
    NotificationHeard = "notification-heard",
    /// A notification is about a message, or a recipient, that is not known here.
    NotificationUnknown = "notification-unknown",
    /// A message was handed on to the delivery point.
    Forwarded = "forwarded",
    /// A message lies in its mailbox.
    Delivered = "delivered",
    /// A message could not be put into its mailbox.
    NotDelivered = "not-delivered",
    /// The delivery point was told the same outcome again, and did nothing.
    DeliveryRepeated = "delivery-repeated",
    /// A delivery receipt was written.
    DeliveryIssued = "delivery-issued",
    /// A notice of non-delivery was written.
    NonDeliveryIssued = "non-delivery-issued",
    /// The first notice was written: nothing has been heard of a recipient.
    FirstNoticeIssued = "first-notice-issued",
    /// The final notice was written.
    FinalNoticeIssued = "final-notice-issued",
    /// A notification was due and cannot be written, since the message it is about leaves no room for it. The note says why. It is given up.
    NotificationImpossible = "notification-impossible",
}

coded! {
    /// Why a line is no record of the log. Offsets are in bytes from the beginning of the line.
    pub enum LogRecordError {
        /// The field that is due is not there.
        Field { name: &'static str, offset: usize } = "log-field",
            "the field {name} is due at offset {offset}",
            "alla posizione {offset} si attende il campo {name}";
        /// Something follows the last field.
        Tail { offset: usize } = "log-tail",
            "something follows the last field (offset {offset})",
            "qualcosa segue l'ultimo campo (posizione {offset})";
        /// A character stands for itself that must be escaped.
        Character { offset: usize } = "log-character",
            "a character at offset {offset} is not escaped",
            "alla posizione {offset} un carattere non è codificato";
        /// A backslash is followed by something that has no meaning there.
        Escape { offset: usize } = "log-escape",
            "the backslash at offset {offset} begins no escape",
            "la barra inversa alla posizione {offset} non inizia una codifica";
        /// The time is none.
        Time { error: TimeError, offset: usize } = "log-time",
            "at offset {offset}: {error}",
            "alla posizione {offset}: {error}";
        /// The event has no word that is known.
        Event { offset: usize } = "log-event",
            "the word at offset {offset} names no event",
            "la parola alla posizione {offset} non indica alcun evento";
        /// The identifier is none.
        Id { error: IdentError, offset: usize } = "log-id",
            "at offset {offset}: {error}",
            "alla posizione {offset}: {error}";
        /// A recipient is no address.
        Recipient { error: AddressError, offset: usize } = "log-recipient",
            "at offset {offset}: {error}",
            "alla posizione {offset}: {error}";
    }
}

impl core::error::Error for LogRecordError {}

/// The word.
impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Reads the word.
impl FromStr for Event {
    type Err = LogRecordError;

    fn from_str(word: &str) -> Result<Self, LogRecordError> {
        Self::ALL.iter().copied().find(|event| event.as_str() == word).ok_or(LogRecordError::Event { offset: 0 })
    }
}

impl LogRecord {
    pub(super) fn new(id: PecId, when: Timestamp, event: Event, provider: &str) -> Self {
        let provider = provider.into();
        let (sender, subject, note) = (Box::default(), Box::default(), Box::default());
        Self { id, when, event, sender, recipients: Vec::new(), subject, related: Vec::new(), provider, note }
    }
}
