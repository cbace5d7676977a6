//! The form that certification data have for serde: what the XML says, as text; read back, every text is judged anew.

use serde::{Deserialize, Serialize};

use super::{CertificationData, ExtendedError, PecKind, Recipient, TextError, Written, xml_text};
use crate::time::Timestamp;

#[derive(Serialize, Deserialize)]
pub(crate) struct CertdataForm {
    kind: PecKind,
    fault: String,
    sender: String,
    recipients: Vec<RecipientForm>,
    reply_to: Option<String>,
    subject: Option<String>,
    provider: Option<String>,
    when: Timestamp,
    id: String,
    message_id: Option<String>,
    receipt: Option<String>,
    recipient: Option<String>,
    received_for: Vec<String>,
    extended_error: Option<ExtendedError>,
}

#[derive(Serialize, Deserialize)]
struct RecipientForm {
    address: String,
    kind: String,
}

impl From<CertificationData> for CertdataForm {
    fn from(d: CertificationData) -> Self {
        fn text<T>(written: &Written<T>) -> String {
            written.text().to_owned()
        }
        Self {
            kind: d.kind,
            fault: text(&d.fault),
            sender: text(&d.sender),
            recipients: d.recipients.iter().map(|r| RecipientForm { address: text(&r.address), kind: text(&r.kind) }).collect(),
            reply_to: d.reply_to.map(Into::into),
            subject: d.subject.map(Into::into),
            provider: d.provider.map(Into::into),
            when: d.when,
            id: text(&d.id),
            message_id: d.message_id.as_ref().map(text),
            receipt: d.receipt.as_ref().map(text),
            recipient: d.recipient.as_ref().map(text),
            received_for: d.received_for.iter().map(text).collect(),
            extended_error: d.extended_error,
        }
    }
}

impl TryFrom<CertdataForm> for CertificationData {
    type Error = FormError;

    fn try_from(f: CertdataForm) -> Result<Self, FormError> {
        fn written<T: core::str::FromStr>(text: &str) -> Result<Written<T>, TextError> {
            xml_text(text).map(|text| Written::read(&text))
        }
        fn optional<T>(text: Option<String>, read: impl Fn(&str) -> Result<T, TextError>) -> Result<Option<T>, TextError> {
            text.as_deref().map(read).transpose()
        }
        if f.recipients.is_empty() {
            return Err(FormError::Missing { element: "destinatari" });
        }
        if f.kind == PecKind::Delivery && f.recipient.is_none() {
            return Err(FormError::Missing { element: "consegna" });
        }
        let recipient = |r: &RecipientForm| Ok(Recipient { address: written(&r.address)?, kind: written(&r.kind)? });
        Ok(Self {
            kind: f.kind,
            fault: written(&f.fault)?,
            sender: written(&f.sender)?,
            recipients: f.recipients.iter().map(recipient).collect::<Result<_, TextError>>()?,
            reply_to: optional(f.reply_to, xml_text)?,
            subject: optional(f.subject, xml_text)?,
            provider: optional(f.provider, xml_text)?,
            when: f.when,
            id: written(&f.id)?,
            message_id: optional(f.message_id, written)?,
            receipt: optional(f.receipt, written)?,
            recipient: optional(f.recipient, written)?,
            received_for: f.received_for.iter().map(|r| written(r)).collect::<Result<_, TextError>>()?,
            extended_error: f.extended_error,
        })
    }
}

/// Why a serialized form is no certification data.
#[derive(Debug)]
pub(crate) enum FormError {
    Text(TextError),
    Missing { element: &'static str },
}

impl From<TextError> for FormError {
    fn from(e: TextError) -> Self {
        Self::Text(e)
    }
}

impl core::fmt::Display for FormError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Text(e) => e.fmt(f),
            Self::Missing { element } => write!(f, "{element} is missing"),
        }
    }
}
