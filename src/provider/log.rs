//! The log: what a provider records of every operation (RFC 6109 §2.3).

use crate::address::Address;
use crate::ident::PecId;
use crate::time::Timestamp;

/// A record of the log, with the eight things that RFC 6109 §2.3 asks for, and a note.
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
    /// The sender of the original message; empty where it is not known.
    pub sender: Box<str>,
    /// The recipients that are concerned.
    pub recipients: Vec<Address>,
    /// The subject of the original message.
    pub subject: Box<str>,
    /// The Message-IDs of the messages that were written.
    pub related: Vec<Box<str>>,
    /// The provider of the sender, as far as it is known.
    pub provider: Box<str>,
    /// What else is to be known: a reason, the name of a virus, the Message-ID of a mail that is not PEC.
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
    /// Why a line is no record of the log.
    pub enum LogRecordError {
        /// TO BE REPLACED
        Malformed = "log-malformed", "the line is no record", "la riga non è una registrazione";
    }
}

impl LogRecord {
    pub(super) fn new(id: PecId, when: Timestamp, event: Event, provider: &str) -> Self {
        let provider = provider.into();
        let (sender, subject, note) = (Box::default(), Box::default(), Box::default());
        Self { id, when, event, sender, recipients: Vec::new(), subject, related: Vec::new(), provider, note }
    }
}
