//! What the outer header of a message says of it.

use std::borrow::Cow;

use crate::address::Address;
use crate::certdata::{PecKind, ReceiptKind, Written};
use crate::ident::MessageId;
use crate::mime::{AddressList, Entity, HeaderField};
use crate::time::{TimeError, Timestamp};

/// What the outer header of a message says. None of it is signed: they are claims, good for display and for comparing with what is
/// proven, never for a decision.
///
/// The fields are those of RFC 6109 §2.1 and §3. They are sought once, and read on each call.
#[derive(Debug, Clone, Copy)]
pub struct Claims<'m, 'a> {
    root: Entity<'m, 'a>,
    /// The first field of each of the [`NAMES`], and how many there are.
    fields: [(Option<HeaderField<'a>>, usize); NAMES.len()],
}

const NAMES: [&str; 14] = [
    "From",
    "Sender",
    "Reply-To",
    "To",
    "Cc",
    "Subject",
    "Date",
    "Message-ID",
    "X-Ricevuta",
    "X-Trasporto",
    "X-TipoRicevuta",
    "X-VerificaSicurezza",
    "X-Mittente",
    "X-Riferimento-Message-ID",
];

/// What `X-Ricevuta` or `X-Trasporto` claims a message to be.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum OuterKind {
    /// `X-Ricevuta: …`, a notification of the kind named, `None` for an unknown word.
    Notification(Written<PecKind>),
    /// `X-Trasporto: posta-certificata`, a transport envelope.
    TransportEnvelope,
    /// `X-Trasporto: errore`, an anomaly envelope.
    AnomalyEnvelope,
    /// `X-Trasporto` with an unknown word.
    UnknownTransport(Box<str>),
}

impl<'m, 'a> Claims<'m, 'a> {
    pub(super) fn of(root: Entity<'m, 'a>) -> Self {
        let mut fields = [(None, 0_usize); NAMES.len()];
        for field in root.headers() {
            if let Some((_, (first, count))) = NAMES.iter().zip(&mut fields).find(|(name, _)| field.is(name)) {
                first.get_or_insert(field);
                *count = count.saturating_add(1);
            }
        }
        Self { root, fields }
    }

    /// `X-Ricevuta`: the kind of notification claimed.
    #[must_use]
    #[doc(alias = "X-Ricevuta")]
    pub fn receipt(&self) -> Option<Written<PecKind>> {
        self.word("X-Ricevuta").map(|word| Written::read(&word))
    }

    /// `X-Trasporto`: `posta-certificata` for a transport envelope, `errore` for an anomaly envelope.
    #[must_use]
    #[doc(alias = "X-Trasporto")]
    pub fn transport(&self) -> Option<String> {
        self.word("X-Trasporto")
    }

    /// What `X-Ricevuta`, or else `X-Trasporto`, claims this message to be.
    #[must_use]
    pub fn kind(&self) -> Option<OuterKind> {
        if let Some(receipt) = self.receipt() {
            return Some(OuterKind::Notification(receipt));
        }
        self.transport().map(|word| match word.as_str() {
            "posta-certificata" => OuterKind::TransportEnvelope,
            "errore" => OuterKind::AnomalyEnvelope,
            _ => OuterKind::UnknownTransport(word.into()),
        })
    }

    /// `X-TipoRicevuta`: the kind of delivery receipt asked for.
    #[must_use]
    #[doc(alias = "X-TipoRicevuta")]
    pub fn receipt_kind(&self) -> Option<Written<ReceiptKind>> {
        self.word("X-TipoRicevuta").map(|word| Written::read(&word))
    }

    /// `X-VerificaSicurezza`: `errore` where a virus was found.
    #[must_use]
    #[doc(alias = "X-VerificaSicurezza")]
    pub fn security_check(&self) -> Option<String> {
        self.word("X-VerificaSicurezza")
    }

    /// `X-Mittente`: the original sender, in virus detection notifications.
    #[must_use]
    #[doc(alias = "X-Mittente")]
    pub fn original_sender(&self) -> Option<Written<Address>> {
        let text = self.text("X-Mittente")?;
        Some(Written::read(text.trim().trim_start_matches('<').trim_end_matches('>')))
    }

    /// `X-Riferimento-Message-ID`: the identifier that the sender's program gave the original message.
    #[must_use]
    #[doc(alias = "X-Riferimento-Message-ID")]
    pub fn reference(&self) -> Option<Written<MessageId>> {
        self.text("X-Riferimento-Message-ID").map(|word| Written::read(&word))
    }

    /// `Message-ID`.
    #[must_use]
    pub fn message_id(&self) -> Option<Written<MessageId>> {
        self.text("Message-ID").map(|word| Written::read(&word))
    }

    /// `Subject`, decoded (RFC 2047).
    #[must_use]
    pub fn subject(&self) -> Option<Cow<'a, str>> {
        self.field("Subject").map(|f| f.text())
    }

    /// `Date`, as it reads.
    ///
    /// # Errors
    /// When it is no date of RFC 5322.
    #[must_use]
    pub fn date(&self) -> Option<Result<Timestamp, TimeError>> {
        self.text("Date").map(|text| Timestamp::from_rfc5322(&text))
    }

    /// `From`, the first field of that name.
    #[must_use]
    pub fn from(&self) -> Option<AddressList> {
        self.addresses("From")
    }

    /// The one address that `From` gives, if it gives exactly one: no group, no second address, no second field, nothing malformed. Only
    /// such a `From` can bind a message to its signer.
    #[must_use]
    pub fn from_address(&self) -> Option<Address> {
        let only = self.field("From").filter(|_| self.count("From") == 1)?;
        only.addresses().single()?.address().parse().ok()
    }

    /// `Sender`.
    #[must_use]
    pub fn sender(&self) -> Option<AddressList> {
        self.addresses("Sender")
    }

    /// `To`.
    #[must_use]
    pub fn to(&self) -> Option<AddressList> {
        self.addresses("To")
    }

    /// `Cc`.
    #[must_use]
    pub fn cc(&self) -> Option<AddressList> {
        self.addresses("Cc")
    }

    /// `Reply-To`.
    #[must_use]
    pub fn reply_to(&self) -> Option<AddressList> {
        self.addresses("Reply-To")
    }

    /// How many fields of this name there are.
    #[must_use]
    pub fn count(&self, name: &str) -> usize {
        self.known(name).map_or_else(|| self.root.fields(name).count(), |(_, count)| *count)
    }

    /// The first field of this name, unfolded and decoded.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<String> {
        self.field(name).map(|f| f.unfolded().trim().to_owned())
    }

    fn field(&self, name: &str) -> Option<HeaderField<'a>> {
        self.known(name).map_or_else(|| self.root.field(name), |(first, _)| *first)
    }

    fn known(&self, name: &str) -> Option<&(Option<HeaderField<'a>>, usize)> {
        NAMES.iter().zip(&self.fields).find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, found)| found)
    }

    fn word(&self, name: &str) -> Option<String> {
        let mut word = self.text(name)?;
        word.make_ascii_lowercase();
        Some(word)
    }

    fn addresses(&self, name: &str) -> Option<AddressList> {
        self.field(name).map(|f| f.addresses())
    }
}
