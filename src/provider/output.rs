//! What a point has decided shall be done.

use core::fmt;
use core::ops::Deref;
use std::sync::Arc;

#[cfg(feature = "serde")]
use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::log::LogRecord;
use crate::address::Address;
use crate::fingerprint::Fingerprint;
use crate::ident::PecId;
use crate::time::UnixTime;

/// One thing to be done, as part of a transaction. All outputs of a decision are to be stored with its [`Delta`](super::Delta), and then carried
/// out, as often as it takes: none of them does harm twice, if the caller keeps to their identifiers.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "kebab-case"))]
#[non_exhaustive]
pub enum Output {
    /// Send a message by SMTP. A recipient may be this provider's own: then it goes to its own incoming point (RFC 6109 §3.4).
    Send {
        /// The identifier of the PEC message that this is about.
        transaction: PecId,
        /// The reverse path.
        mail_from: Address,
        /// The forward paths, all of one provider, or of one domain outside of PEC.
        rcpt_to: Vec<Address>,
        /// The message.
        message: MailBytes,
    },
    /// Put a message into a mailbox, and tell [`DeliveryPoint::settle`](super::DeliveryPoint::settle) what came of it.
    Deliver {
        /// The identifier of the PEC message that this is about.
        transaction: PecId,
        /// Which delivery this is; the mailbox is in it.
        delivery: DeliveryId,
        /// The message, to be stored unmodified.
        message: MailBytes,
    },
    /// Put an infected message into the special storage (RFC 6109 §2.2.4).
    Store {
        /// The identifier of the PEC message that this is about.
        transaction: PecId,
        /// What was found.
        virus: Box<str>,
        /// The message.
        message: MailBytes,
        /// How long it must be kept, at least.
        keep_until: UnixTime,
    },
    /// Add a record to the log (RFC 6109 §2.3).
    Log {
        /// The record, which names its transaction.
        record: LogRecord,
        /// How long it must be kept, at least.
        keep_until: UnixTime,
    },
    /// Answer the SMTP client so, instead of accepting its message.
    Refuse {
        /// The identifier under which the log has it.
        transaction: PecId,
        /// The answer.
        reply: SmtpReply,
    },
}

impl Output {
    /// The transaction that this belongs to.
    #[must_use]
    pub fn transaction(&self) -> &PecId {
        match self {
            Self::Send { transaction, .. }
            | Self::Deliver { transaction, .. }
            | Self::Store { transaction, .. }
            | Self::Refuse { transaction, .. } => transaction,
            Self::Log { record, .. } => &record.id,
        }
    }
}

/// The bytes of a message, shared by the outputs that need them. With the feature `serde` they are written in base64.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct MailBytes(Arc<Vec<u8>>);

impl From<Vec<u8>> for MailBytes {
    fn from(bytes: Vec<u8>) -> Self {
        Self(Arc::new(bytes))
    }
}

impl Deref for MailBytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl AsRef<[u8]> for MailBytes {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for MailBytes {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(&**self))
    }
}

#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for MailBytes {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <String as serde::Deserialize>::deserialize(deserializer)?;
        STANDARD.decode(text).map(Self::from).map_err(serde::de::Error::custom)
    }
}

/// Its length alone.
impl fmt::Debug for MailBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MailBytes({} bytes)", self.0.len())
    }
}

/// An answer in SMTP: reply code (RFC 5321 §4.2), enhanced status code (RFC 3463) and text.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct SmtpReply {
    /// The reply code: `552`.
    pub code: u16,
    /// The enhanced status code: `5.3.4`.
    pub status: Box<str>,
    /// The text, in ASCII.
    pub text: Box<str>,
}

impl SmtpReply {
    pub(super) fn new(code: u16, status: &str, text: &str) -> Self {
        Self { code, status: status.into(), text: text.into() }
    }
}

/// `552 5.3.4 message too large`
impl fmt::Display for SmtpReply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.code, self.status, self.text)
    }
}

/// One message to one mailbox.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct DeliveryId {
    /// The message that arrived.
    pub arrival: Fingerprint,
    /// The mailbox.
    pub mailbox: Address,
}

/// `3f…9a mailbox@domain`
impl fmt::Display for DeliveryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.arrival, self.mailbox)
    }
}

crate::language::same_in_all_languages!(DeliveryId);
