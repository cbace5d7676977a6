//! A message carried inside another.

use std::borrow::Cow;

use super::{LineForm, Message, ParseError};
use crate::finding::Finding;
use crate::limits::Limits;
use crate::mime::{Entity, TransferEncoding, as_crlf};

/// A message carried inside another, its bytes exact: the original message of a PEC envelope or of a complete receipt
/// (`postacert.eml`, RFC 6109 §4.3.2), the received mail of an anomaly envelope, or any attached mail.
///
/// A provider that signs an envelope proves that it carried these bytes; who wrote them, it does not say.
#[doc(alias = "postacert.eml")]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CarriedMessage<'a> {
    bytes: Cow<'a, [u8]>,
    section: String,
    name: Option<String>,
}

impl<'a> CarriedMessage<'a> {
    /// The message in this part: the decoded body of a message/rfc822, or the entity itself where it is a multipart.
    pub(crate) fn of(entity: Entity<'_, 'a>) -> Self {
        let bytes = if entity.content_type().is_kind("multipart") { Cow::Borrowed(entity.raw()) } else { entity.decode().into_bytes() };
        Self { bytes, section: entity.section(), name: entity.name().map(Cow::into_owned) }
    }

    /// The message in a signed part, in the form of the signed bytes, with the fault of its encoding if there is one.
    pub(super) fn signed(entity: Entity<'_, 'a>, form: LineForm) -> (Self, Option<Finding>) {
        let decoded = entity.decode();
        let finding = decoded.finding().cloned();
        let bytes = match (form, entity.encoding()) {
            (LineForm::AsReceived, _) | (LineForm::Crlf, TransferEncoding::Base64) => decoded.into_bytes(),
            (LineForm::Crlf, encoding) => {
                let body: Vec<u8> = as_crlf(entity.body()).flatten().copied().collect();
                Cow::Owned(encoding.decode(&body).0.into_owned())
            }
        };
        (Self { bytes, section: entity.section(), name: entity.name().map(Cow::into_owned) }, finding)
    }

    /// The bytes of the message, transfer-decoded, up to the line end before the delimiter that ends its part.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The same, without the rest; copied only where they had to be decoded.
    #[must_use]
    pub fn into_bytes(self) -> Cow<'a, [u8]> {
        self.bytes
    }

    /// The MIME section of the part that carries it, as IMAP numbers it.
    #[must_use]
    pub fn section(&self) -> &str {
        &self.section
    }

    /// The name that its part gives it, `postacert.eml` as a rule.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// Opens it as a message of its own.
    ///
    /// # Errors
    /// Only when it is larger than the limits allow.
    pub fn message(&self) -> Result<Message<'_>, ParseError> {
        Message::parse(&self.bytes)
    }

    /// Opens it within the given limits.
    ///
    /// # Errors
    /// As [`CarriedMessage::message`].
    pub fn message_with(&self, limits: &Limits) -> Result<Message<'_>, ParseError> {
        Message::parse_with(&self.bytes, limits)
    }

    /// The SHA-256 of its bytes.
    #[must_use]
    pub fn sha256(&self) -> [u8; 32] {
        use sha2::Digest as _;
        sha2::Sha256::digest(&self.bytes).into()
    }

    /// The same, owning its bytes.
    #[must_use]
    pub fn into_owned(self) -> CarriedMessage<'static> {
        CarriedMessage { bytes: Cow::Owned(self.bytes.into_owned()), section: self.section, name: self.name }
    }
}
