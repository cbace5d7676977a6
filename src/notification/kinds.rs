//! The seven notifications, and the transport envelope.

use super::{Notification, NotificationError, Transaction, meant};
use crate::address::Address;
use crate::certdata::{CertificationData, ExtendedError, Fault, PecKind, ReceiptKind, Written};

/// The sender's provider has accepted the message (`accettazione`, RFC 6109 §3.1.4).
#[doc(alias("accettazione", "ricevuta di accettazione"))]
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(try_from = "CertificationData", into = "CertificationData")
)]
pub struct Acceptance {
    transaction: Transaction,
}

impl Acceptance {
    /// The acceptance of a message.
    #[must_use]
    pub fn new(transaction: Transaction) -> Self {
        Self { transaction }
    }

    fn of(data: &CertificationData) -> Result<Self, NotificationError> {
        lawful_fault(data)?;
        Ok(Self { transaction: Transaction::of(data)? })
    }

    fn to_data(&self) -> CertificationData {
        self.transaction.to_data(PecKind::Acceptance, Fault::None)
    }
}

/// The sender's provider has refused the message (`non-accettazione`, RFC 6109 §3.1.2 and, for a virus, §3.1.3).
#[doc(alias("non-accettazione", "avviso di non accettazione"))]
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(try_from = "CertificationData", into = "CertificationData")
)]
pub struct NonAcceptance {
    transaction: Transaction,
    fault: Fault,
    reason: Option<ExtendedError>,
}

impl NonAcceptance {
    /// The refusal of a message, for a [`Virus`](Fault::Virus) or for [`another`](Fault::Other) reason.
    ///
    /// # Errors
    /// Another fault.
    pub fn new(transaction: Transaction, fault: Fault, reason: Option<ExtendedError>) -> Result<Self, NotificationError> {
        let fault = checked(PecKind::NonAcceptance, fault)?;
        Ok(Self { transaction, fault, reason })
    }

    /// [`Fault::Virus`] or [`Fault::Other`] (`errore`).
    #[doc(alias = "errore")]
    #[must_use]
    pub fn fault(&self) -> Fault {
        self.fault
    }

    /// Why, in the provider's own words (`errore-esteso`).
    #[doc(alias = "errore-esteso")]
    #[must_use]
    pub fn reason(&self) -> Option<&ExtendedError> {
        self.reason.as_ref()
    }

    fn of(data: &CertificationData) -> Result<Self, NotificationError> {
        Self::new(Transaction::of(data)?, lawful_fault(data)?, data.extended_error.clone())
    }

    fn to_data(&self) -> CertificationData {
        CertificationData { extended_error: self.reason.clone(), ..self.transaction.to_data(PecKind::NonAcceptance, self.fault) }
    }
}

/// The recipients' provider has taken the message in charge (`presa-in-carico`, RFC 6109 §3.2.1): said to the sender's provider.
#[doc(alias("presa-in-carico", "ricevuta di presa in carico"))]
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(try_from = "CertificationData", into = "CertificationData")
)]
pub struct TakenInCharge {
    transaction: Transaction,
    received_for: Vec<Address>,
}

impl TakenInCharge {
    /// The message is in charge of a provider, for some of its recipients.
    ///
    /// # Errors
    /// No recipient at all.
    pub fn new(transaction: Transaction, received_for: Vec<Address>) -> Result<Self, NotificationError> {
        if received_for.is_empty() {
            return Err(NotificationError::Missing { element: "ricezione" });
        }
        Ok(Self { transaction, received_for })
    }

    /// The recipients for whom the provider received it (`ricezione`), in their order, duplicates included; at least one.
    #[doc(alias = "ricezione")]
    #[must_use]
    pub fn received_for(&self) -> &[Address] {
        &self.received_for
    }

    fn of(data: &CertificationData) -> Result<Self, NotificationError> {
        lawful_fault(data)?;
        let received_for = data.received_for.iter().map(|w| meant("ricezione", Some(w))).collect::<Result<_, _>>()?;
        Self::new(Transaction::of(data)?, received_for)
    }

    fn to_data(&self) -> CertificationData {
        let received_for = self.received_for.iter().cloned().map(Written::from).collect();
        CertificationData { received_for, ..self.transaction.to_data(PecKind::TakenInCharge, Fault::None) }
    }
}

/// The message lies in the mailbox of one recipient (`avvenuta-consegna`, RFC 6109 §3.3.2).
#[doc(alias("avvenuta-consegna", "ricevuta di avvenuta consegna"))]
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(try_from = "CertificationData", into = "CertificationData")
)]
pub struct Delivery {
    transaction: Transaction,
    recipient: Address,
    receipt: ReceiptKind,
}

impl Delivery {
    /// The delivery of a message to one of its recipients.
    #[must_use]
    pub fn new(transaction: Transaction, recipient: Address, receipt: ReceiptKind) -> Self {
        Self { transaction, recipient, receipt }
    }

    /// To whom it was delivered (`consegna`).
    #[doc(alias = "consegna")]
    #[must_use]
    pub fn recipient(&self) -> &Address {
        &self.recipient
    }

    /// Which receipt this is (`ricevuta`): complete where nothing is said (RFC 6109 §3.3.2.1).
    #[doc(alias = "ricevuta")]
    #[must_use]
    pub fn receipt(&self) -> ReceiptKind {
        self.receipt
    }

    fn of(data: &CertificationData) -> Result<Self, NotificationError> {
        lawful_fault(data)?;
        Ok(Self::new(Transaction::of(data)?, meant("consegna", data.recipient.as_ref())?, receipt(data)?))
    }

    fn to_data(&self) -> CertificationData {
        CertificationData {
            recipient: Some(self.recipient.clone().into()),
            receipt: Some(self.receipt.into()),
            ..self.transaction.to_data(PecKind::Delivery, Fault::None)
        }
    }
}

/// The message could not be delivered to one recipient (`errore-consegna`, RFC 6109 §3.3.3 and, for a virus, §3.2.4).
#[doc(alias("errore-consegna", "avviso di mancata consegna"))]
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(try_from = "CertificationData", into = "CertificationData")
)]
pub struct NonDelivery {
    transaction: Transaction,
    recipient: Address,
    fault: Fault,
    reason: Option<ExtendedError>,
}

impl NonDelivery {
    /// The failed delivery of a message to one of its recipients.
    ///
    /// # Errors
    /// [`Fault::None`].
    pub fn new(
        transaction: Transaction,
        recipient: Address,
        fault: Fault,
        reason: Option<ExtendedError>,
    ) -> Result<Self, NotificationError> {
        let fault = checked(PecKind::NonDelivery, fault)?;
        Ok(Self { transaction, recipient, fault, reason })
    }

    /// To whom it could not be delivered (`consegna`).
    #[doc(alias = "consegna")]
    #[must_use]
    pub fn recipient(&self) -> &Address {
        &self.recipient
    }

    /// What went wrong (`errore`), never [`Fault::None`].
    #[doc(alias = "errore")]
    #[must_use]
    pub fn fault(&self) -> Fault {
        self.fault
    }

    /// What went wrong, in the provider's own words (`errore-esteso`).
    #[doc(alias = "errore-esteso")]
    #[must_use]
    pub fn reason(&self) -> Option<&ExtendedError> {
        self.reason.as_ref()
    }

    fn of(data: &CertificationData) -> Result<Self, NotificationError> {
        let recipient = meant("consegna", data.recipient.as_ref())?;
        Self::new(Transaction::of(data)?, recipient, lawful_fault(data)?, data.extended_error.clone())
    }

    fn to_data(&self) -> CertificationData {
        CertificationData {
            recipient: Some(self.recipient.clone().into()),
            extended_error: self.reason.clone(),
            ..self.transaction.to_data(PecKind::NonDelivery, self.fault)
        }
    }
}

/// Nothing has been heard of the message for twelve or twenty-four hours (`preavviso-errore-consegna`, RFC 6109 §3.1.6).
#[doc(alias("preavviso-errore-consegna", "avviso di mancata consegna per superamento dei tempi massimi"))]
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(try_from = "CertificationData", into = "CertificationData")
)]
pub struct DeliveryTimeout {
    transaction: Transaction,
    recipient: Address,
    fault: Fault,
    reason: Option<ExtendedError>,
}

/// Which of the two notices of a [`DeliveryTimeout`] one is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TimeoutNotice {
    /// The one of the twenty-fourth hour: the delivery counts as failed. Its `errore-esteso` begins with `5.4.1`, which
    /// RFC 6109 does not ask for, but providers write.
    Final,
    /// Nothing certified tells which one it is.
    Unknown,
}

impl DeliveryTimeout {
    /// The notice that nothing has been heard of a message to one of its recipients.
    #[must_use]
    pub fn new(transaction: Transaction, recipient: Address, reason: Option<ExtendedError>) -> Self {
        Self { transaction, recipient, fault: Fault::Other, reason }
    }

    /// The recipient of whom nothing has been heard (`consegna`).
    #[doc(alias = "consegna")]
    #[must_use]
    pub fn recipient(&self) -> &Address {
        &self.recipient
    }

    /// [`Fault::Other`], or [`Fault::None`] where a provider writes that (`errore`).
    #[doc(alias = "errore")]
    #[must_use]
    pub fn fault(&self) -> Fault {
        self.fault
    }

    /// What happened, in the provider's own words (`errore-esteso`).
    #[doc(alias = "errore-esteso")]
    #[must_use]
    pub fn reason(&self) -> Option<&ExtendedError> {
        self.reason.as_ref()
    }

    /// Whether this is known to be the final notice.
    #[must_use]
    pub fn notice(&self) -> TimeoutNotice {
        let code = self.reason.as_ref().and_then(ExtendedError::code);
        match code.map(|c| (c.class(), c.subject(), c.detail())) {
            Some((5, 4, 1)) => TimeoutNotice::Final,
            _ => TimeoutNotice::Unknown,
        }
    }

    fn of(data: &CertificationData) -> Result<Self, NotificationError> {
        let recipient = meant("consegna", data.recipient.as_ref())?;
        let fault = lawful_fault(data)?;
        Ok(Self { fault, ..Self::new(Transaction::of(data)?, recipient, data.extended_error.clone()) })
    }

    fn to_data(&self) -> CertificationData {
        CertificationData {
            recipient: Some(self.recipient.clone().into()),
            extended_error: self.reason.clone(),
            ..self.transaction.to_data(PecKind::DeliveryTimeout, self.fault)
        }
    }
}

/// The recipient's provider has found a virus in the message (`rilevazione-virus`, RFC 6109 §3.2.3): said to the sender's provider.
#[doc(alias("rilevazione-virus", "avviso di rilevazione virus"))]
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(try_from = "CertificationData", into = "CertificationData")
)]
pub struct VirusDetection {
    transaction: Transaction,
    recipient: Address,
    fault: Fault,
    reason: Option<ExtendedError>,
}

impl VirusDetection {
    /// The discovery of a virus in a message to one of its recipients.
    #[must_use]
    pub fn new(transaction: Transaction, recipient: Address, reason: Option<ExtendedError>) -> Self {
        Self { transaction, recipient, fault: Fault::Virus, reason }
    }

    /// For whom the message was (`consegna`).
    #[doc(alias = "consegna")]
    #[must_use]
    pub fn recipient(&self) -> &Address {
        &self.recipient
    }

    /// [`Fault::Virus`], or what a provider writes instead: [`Fault::Other`], [`Fault::None`] (`errore`).
    #[doc(alias = "errore")]
    #[must_use]
    pub fn fault(&self) -> Fault {
        self.fault
    }

    /// What was found, in the provider's own words (`errore-esteso`).
    #[doc(alias = "errore-esteso")]
    #[must_use]
    pub fn reason(&self) -> Option<&ExtendedError> {
        self.reason.as_ref()
    }

    fn of(data: &CertificationData) -> Result<Self, NotificationError> {
        let recipient = meant("consegna", data.recipient.as_ref())?;
        let fault = lawful_fault(data)?;
        Ok(Self { fault, ..Self::new(Transaction::of(data)?, recipient, data.extended_error.clone()) })
    }

    fn to_data(&self) -> CertificationData {
        CertificationData {
            recipient: Some(self.recipient.clone().into()),
            extended_error: self.reason.clone(),
            ..self.transaction.to_data(PecKind::VirusDetection, self.fault)
        }
    }
}

/// What is certified of a message on its way (`posta-certificata`, RFC 6109 §3.1.5): the envelope that carries the original.
///
/// It is no notification: it tells nobody what became of the message.
#[doc(alias("posta-certificata", "busta di trasporto"))]
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(try_from = "CertificationData", into = "CertificationData")
)]
pub struct TransportEnvelope {
    transaction: Transaction,
    receipt: ReceiptKind,
}

impl TransportEnvelope {
    /// The envelope of a message whose sender asked for this delivery receipt.
    #[must_use]
    pub fn new(transaction: Transaction, receipt: ReceiptKind) -> Self {
        Self { transaction, receipt }
    }

    /// The delivery receipt the sender asked for (`ricevuta`): complete where nothing is said (RFC 6109 §3.3.2.1).
    #[doc(alias = "ricevuta")]
    #[must_use]
    pub fn receipt(&self) -> ReceiptKind {
        self.receipt
    }

    fn of(data: &CertificationData) -> Result<Self, NotificationError> {
        lawful_fault(data)?;
        Ok(Self::new(Transaction::of(data)?, receipt(data)?))
    }

    fn to_data(&self) -> CertificationData {
        CertificationData { receipt: Some(self.receipt.into()), ..self.transaction.to_data(PecKind::TransportEnvelope, Fault::None) }
    }
}

/// The conversions that all of them have.
macro_rules! conversions {
    ($($name:ident),*) => { $(
        impl $name {
            /// The message it is about.
            #[must_use]
            pub fn transaction(&self) -> &Transaction {
                &self.transaction
            }
        }

        impl TryFrom<&CertificationData> for $name {
            type Error = NotificationError;

            fn try_from(data: &CertificationData) -> Result<Self, NotificationError> {
                if data.kind() != PecKind::$name {
                    return Err(NotificationError::WrongKind { found: data.kind() });
                }
                Self::of(data)
            }
        }

        impl TryFrom<CertificationData> for $name {
            type Error = NotificationError;

            fn try_from(data: CertificationData) -> Result<Self, NotificationError> {
                Self::try_from(&data)
            }
        }

        impl From<&$name> for CertificationData {
            fn from(value: &$name) -> Self {
                value.to_data()
            }
        }

        impl From<$name> for CertificationData {
            fn from(value: $name) -> Self {
                value.to_data()
            }
        }
    )* };
}

conversions!(Acceptance, NonAcceptance, TakenInCharge, Delivery, NonDelivery, DeliveryTimeout, VirusDetection, TransportEnvelope);

macro_rules! into_notification {
    ($($name:ident),*) => { $(
        impl From<$name> for Notification {
            fn from(value: $name) -> Self {
                Self::$name(value)
            }
        }
    )* };
}

into_notification!(Acceptance, NonAcceptance, TakenInCharge, Delivery, NonDelivery, DeliveryTimeout, VirusDetection);

/// What `errore` says, if it is a word of the DTD and lawful in this kind.
fn lawful_fault(data: &CertificationData) -> Result<Fault, NotificationError> {
    checked(data.kind(), meant("errore", Some(data.fault()))?)
}

fn checked(kind: PecKind, fault: Fault) -> Result<Fault, NotificationError> {
    if kind.lawful_faults().contains(&fault) { Ok(fault) } else { Err(NotificationError::FaultNotAllowed { fault, kind }) }
}

/// What `ricevuta` says; a message that does not say is treated as one that asks for the complete receipt (RFC 6109 §3.3.2.1).
fn receipt(data: &CertificationData) -> Result<ReceiptKind, NotificationError> {
    data.receipt().map_or(Ok(ReceiptKind::Complete), |written| meant("ricevuta", Some(written)))
}
