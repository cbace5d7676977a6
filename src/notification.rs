//! Notifications and transport envelopes: certification data made into values that have exactly the fields of their kind.

#![warn(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

mod kinds;

pub use kinds::{
    Acceptance, Delivery, DeliveryTimeout, NonAcceptance, NonDelivery, TakenInCharge, TimeoutNotice, TransportEnvelope, VirusDetection,
};

use crate::address::Address;
use crate::certdata::{CertificationData, Fault, PecKind, Recipient, RecipientKind, TextError, Written, xml_text};
use crate::ident::{MessageId, PecId};
use crate::time::Timestamp;

/// What a provider tells a sender, or another provider, about a message.
///
/// It is made of [`CertificationData`] (then it is worth as much as they are: see `Verified`), or of one of the structs it wraps; those
/// have constructors that let nothing pass that their kind may not have. What other kinds have, and this one has not, is left
/// out; what this one must have and the data lack is an error that names the element.
///
/// ```
/// use postacert::{CertificationData, Notification};
/// # let xml = br#"<postacert tipo="avvenuta-consegna"><intestazione><mittente>a@pec.example</mittente>
/// # <destinatari>b@cert.example</destinatari><risposte/></intestazione><dati><gestore-emittente>G</gestore-emittente>
/// # <data zona="+0200"><giorno>25/05/2025</giorno><ora>10:10:10</ora></data><identificativo>x@y</identificativo>
/// # <ricevuta tipo="completa"/><consegna>b@cert.example</consegna></dati></postacert>"#;
///
/// let (data, _) = CertificationData::parse(xml)?;
/// match Notification::try_from(&data)? {
///     Notification::Delivery(d) => assert_eq!(d.recipient().as_str(), "b@cert.example"),
///     other => panic!("not a delivery: {other:?}"),
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(try_from = "CertificationData", into = "CertificationData")
)]
#[non_exhaustive]
pub enum Notification {
    /// `accettazione`
    #[doc(alias = "accettazione")]
    Acceptance(Acceptance),
    /// `non-accettazione`
    #[doc(alias = "non-accettazione")]
    NonAcceptance(NonAcceptance),
    /// `presa-in-carico`
    #[doc(alias = "presa-in-carico")]
    TakenInCharge(TakenInCharge),
    /// `avvenuta-consegna`
    #[doc(alias = "avvenuta-consegna")]
    Delivery(Delivery),
    /// `errore-consegna`
    #[doc(alias = "errore-consegna")]
    NonDelivery(NonDelivery),
    /// `preavviso-errore-consegna`
    #[doc(alias = "preavviso-errore-consegna")]
    DeliveryTimeout(DeliveryTimeout),
    /// `rilevazione-virus`
    #[doc(alias = "rilevazione-virus")]
    VirusDetection(VirusDetection),
}

impl Notification {
    /// What kind it is.
    #[must_use]
    pub fn kind(&self) -> PecKind {
        match self {
            Self::Acceptance(_) => PecKind::Acceptance,
            Self::NonAcceptance(_) => PecKind::NonAcceptance,
            Self::TakenInCharge(_) => PecKind::TakenInCharge,
            Self::Delivery(_) => PecKind::Delivery,
            Self::NonDelivery(_) => PecKind::NonDelivery,
            Self::DeliveryTimeout(_) => PecKind::DeliveryTimeout,
            Self::VirusDetection(_) => PecKind::VirusDetection,
        }
    }

    /// The message it is about.
    #[must_use]
    pub fn transaction(&self) -> &Transaction {
        match self {
            Self::Acceptance(n) => n.transaction(),
            Self::NonAcceptance(n) => n.transaction(),
            Self::TakenInCharge(n) => n.transaction(),
            Self::Delivery(n) => n.transaction(),
            Self::NonDelivery(n) => n.transaction(),
            Self::DeliveryTimeout(n) => n.transaction(),
            Self::VirusDetection(n) => n.transaction(),
        }
    }
}

impl TryFrom<&CertificationData> for Notification {
    type Error = NotificationError;

    fn try_from(data: &CertificationData) -> Result<Self, NotificationError> {
        match data.kind {
            PecKind::Acceptance => Acceptance::try_from(data).map(Self::Acceptance),
            PecKind::NonAcceptance => NonAcceptance::try_from(data).map(Self::NonAcceptance),
            PecKind::TakenInCharge => TakenInCharge::try_from(data).map(Self::TakenInCharge),
            PecKind::Delivery => Delivery::try_from(data).map(Self::Delivery),
            PecKind::NonDelivery => NonDelivery::try_from(data).map(Self::NonDelivery),
            PecKind::DeliveryTimeout => DeliveryTimeout::try_from(data).map(Self::DeliveryTimeout),
            PecKind::VirusDetection => VirusDetection::try_from(data).map(Self::VirusDetection),
            PecKind::TransportEnvelope => Err(NotificationError::WrongKind { found: data.kind }),
        }
    }
}

impl TryFrom<CertificationData> for Notification {
    type Error = NotificationError;

    fn try_from(data: CertificationData) -> Result<Self, NotificationError> {
        Self::try_from(&data)
    }
}

impl From<&Notification> for CertificationData {
    fn from(notification: &Notification) -> Self {
        match notification {
            Notification::Acceptance(n) => n.into(),
            Notification::NonAcceptance(n) => n.into(),
            Notification::TakenInCharge(n) => n.into(),
            Notification::Delivery(n) => n.into(),
            Notification::NonDelivery(n) => n.into(),
            Notification::DeliveryTimeout(n) => n.into(),
            Notification::VirusDetection(n) => n.into(),
        }
    }
}

impl From<Notification> for CertificationData {
    fn from(notification: Notification) -> Self {
        (&notification).into()
    }
}

/// What all notifications and envelopes of one message have in common: who sent what to whom, which provider says so, and when.
///
/// ```
/// use postacert::{Recipient, RecipientKind, Transaction};
///
/// let to = Recipient::new("b@cert.example".parse()?, RecipientKind::Certified);
/// let when = "2025-05-25T10:10:10+02:00".parse()?;
/// let t = Transaction::new("a@pec.example".parse()?, vec![to], "Gestore S.p.A.", when, "opec1.2025@pec.example".parse()?)?
///     .with_subject("Richiesta")?;
/// assert_eq!(t.subject(), Some("Richiesta"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transaction {
    sender: Address,
    recipients: Vec<Recipient>,
    reply_to: Option<Box<str>>,
    subject: Option<Box<str>>,
    provider: Option<Box<str>>,
    when: Timestamp,
    id: PecId,
    message_id: Option<Written<MessageId>>,
}

impl Transaction {
    /// A message from a sender to its recipients, which a provider handled at some time under an identifier of its own.
    ///
    /// White space around the provider's name is dropped.
    ///
    /// # Errors
    /// No recipients, or a provider's name with a character that no XML document may hold.
    pub fn new(sender: Address, recipients: Vec<Recipient>, provider: &str, when: Timestamp, id: PecId) -> Result<Self, NotificationError> {
        if recipients.is_empty() {
            return Err(NotificationError::Missing { element: "destinatari" });
        }
        let provider = Some(text("gestore-emittente", provider)?);
        // The DTD wants `risposte`, if only an empty one.
        let reply_to = Some("".into());
        Ok(Self { sender, recipients, reply_to, subject: None, provider, when, id, message_id: None })
    }

    /// Adds the `Reply-To` of the original message; white space around it is dropped.
    ///
    /// # Errors
    /// A character that no XML document may hold.
    pub fn with_reply_to(self, reply_to: &str) -> Result<Self, NotificationError> {
        Ok(Self { reply_to: Some(text("risposte", reply_to)?), ..self })
    }

    /// Adds the subject of the original message; white space around it is dropped.
    ///
    /// # Errors
    /// A character that no XML document may hold.
    pub fn with_subject(self, subject: &str) -> Result<Self, NotificationError> {
        Ok(Self { subject: Some(text("oggetto", subject)?), ..self })
    }

    /// Adds the `Message-ID` that the original message had before the provider gave it its own.
    #[must_use]
    pub fn with_message_id(self, id: MessageId) -> Self {
        Self { message_id: Some(id.into()), ..self }
    }

    /// The sender of the original message (`mittente`).
    #[doc(alias = "mittente")]
    #[must_use]
    pub fn sender(&self) -> &Address {
        &self.sender
    }

    /// All its recipients (`destinatari`), in their order, duplicates included; at least one. One that is no lawful address
    /// is there as it was written.
    #[doc(alias = "destinatari")]
    #[must_use]
    pub fn recipients(&self) -> &[Recipient] {
        &self.recipients
    }

    /// Its `Reply-To` (`risposte`).
    #[doc(alias = "risposte")]
    #[must_use]
    pub fn reply_to(&self) -> Option<&str> {
        self.reply_to.as_deref()
    }

    /// Its subject (`oggetto`), as the provider wrote it.
    #[doc(alias = "oggetto")]
    #[must_use]
    pub fn subject(&self) -> Option<&str> {
        self.subject.as_deref()
    }

    /// The provider that says all this (`gestore-emittente`); `None` if it does not name itself, against the rules.
    #[doc(alias = "gestore-emittente")]
    #[must_use]
    pub fn provider(&self) -> Option<&str> {
        self.provider.as_deref()
    }

    /// When that provider handled the message (`data`).
    #[doc(alias = "data")]
    #[must_use]
    pub fn when(&self) -> Timestamp {
        self.when
    }

    /// The identifier that ties the envelope and all its notifications together (`identificativo`).
    #[doc(alias = "identificativo")]
    #[must_use]
    pub fn id(&self) -> &PecId {
        &self.id
    }

    /// The `Message-ID` of the original message (`msgid`), if it is there and of its form.
    #[doc(alias = "msgid")]
    #[must_use]
    pub fn message_id(&self) -> Option<&MessageId> {
        self.message_id.as_ref().and_then(Written::value)
    }

    /// The same message, as another provider, or another moment, tells of it. What a lenient reading left open is closed as the DTD has it: no
    /// `risposte` is an empty one, an unknown kind of recipient the default, `certificato` (RFC 6109 §4.4).
    pub(crate) fn told_by(&self, provider: &str, when: Timestamp) -> Self {
        let mut told = Self { provider: Some(provider.into()), when, ..self.clone() };
        told.reply_to.get_or_insert_default();
        for recipient in &mut told.recipients {
            if recipient.kind().value().is_none() {
                recipient.kind = RecipientKind::Certified.into();
            }
        }
        told
    }

    fn of(data: &CertificationData) -> Result<Self, NotificationError> {
        Ok(Self {
            sender: meant("mittente", Some(&data.sender))?,
            recipients: data.recipients.clone(),
            reply_to: data.reply_to.clone(),
            subject: data.subject.clone(),
            provider: data.provider.clone(),
            when: data.when,
            id: meant("identificativo", Some(&data.id))?,
            message_id: data.message_id.clone(),
        })
    }

    /// The certification data of a message of this kind, but for what the kind adds.
    fn to_data(&self, kind: PecKind, fault: Fault) -> CertificationData {
        CertificationData {
            kind,
            fault: fault.into(),
            sender: self.sender.clone().into(),
            recipients: self.recipients.clone(),
            reply_to: self.reply_to.clone(),
            subject: self.subject.clone(),
            provider: self.provider.clone(),
            when: self.when,
            id: self.id.clone().into(),
            message_id: self.message_id.clone(),
            receipt: None,
            recipient: None,
            received_for: Vec::new(),
            extended_error: None,
        }
    }
}

coded! {
    /// Why certification data, or the parts given, make no notification.
    pub enum NotificationError {
        /// An element is missing, or empty, that this kind must have.
        Missing { element: &'static str } = "notification-missing",
            "{element} is missing",
            "manca {element}";
        /// An element has a value that is not of its form.
        Malformed { element: &'static str, value: Box<str> } = "notification-malformed",
            "{element} has the value \"{value}\", which is not of its form",
            "{element} ha il valore \"{value}\", che non è della sua forma";
        /// This kind may not have this `errore`.
        FaultNotAllowed { fault: Fault, kind: PecKind } = "notification-fault",
            "errore \"{fault}\" is not lawful in {kind}",
            "errore \"{fault}\" non è ammesso in {kind}";
        /// There are no certification data: an anomaly envelope has none.
        NoData = "notification-no-data",
            "the message has no certification data",
            "il messaggio non ha dati di certificazione";
        /// The data are of another kind.
        WrongKind { found: PecKind } = "notification-wrong-kind",
            "the data are of the kind {found}",
            "i dati sono del tipo {found}";
        /// A text has a character that no XML document may hold.
        Text { element: &'static str, error: TextError } = "notification-text",
            "{element}: {error}",
            "{element}: {error}";
    }
}

impl core::error::Error for NotificationError {}

/// What a written value means, if it is there and of its form.
fn meant<T: Clone>(element: &'static str, written: Option<&Written<T>>) -> Result<T, NotificationError> {
    let written = written.filter(|w| !w.text().is_empty()).ok_or(NotificationError::Missing { element })?;
    written.value().cloned().ok_or_else(|| NotificationError::Malformed { element, value: written.text().into() })
}

fn text(element: &'static str, text: &str) -> Result<Box<str>, NotificationError> {
    xml_text(text).map_err(|error| NotificationError::Text { element, error })
}
