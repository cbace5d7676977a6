//! Delivery status notifications (RFC 3464), the bounces of ordinary mail: what mail systems say became of a message that went to a recipient
//! without PEC.
//!
//! Nobody signs them, so all that they say is a claim, and can be forged by anybody: it may be shown beside a sent message, and is never proof of
//! what became of it. One may come as mail of its own or inside an anomaly envelope, which attests that it was received, not that it is true.

#![warn(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

mod fields;

use crate::address::Address;
use crate::certdata::Written;
use crate::ident::MessageId;
use crate::limits::Limits;
use crate::message::{CarriedMessage, Message};
use crate::mime::{Entity, outer_fields};
use crate::time::{TimeError, Timestamp};

pub use fields::{Action, RecipientStatus, StatusField, Typed, UnknownAction};

use fields::{Group, groups};

/// A delivery status notification: a `multipart/report` with `report-type=delivery-status` (RFC 3464 §2).
///
/// ```
/// use postacert::{Message, dsn::{Action, DeliveryReport}};
///
/// let raw = b"Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n\
///     --b\r\n\r\nYour message did not arrive.\r\n\
///     --b\r\nContent-Type: message/delivery-status\r\n\r\n\
///     Reporting-MTA: dns; mx.example\r\n\r\n\
///     Final-Recipient: rfc822; anna@posta.example\r\nAction: failed\r\nStatus: 5.1.1\r\n\
///     Diagnostic-Code: smtp; 550 5.1.1 no such user\r\n\
///     --b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: <opec1@pec.example>\r\n--b--\r\n";
/// let message = Message::parse(raw)?;
/// let report = DeliveryReport::of(&message)?;
/// let recipient = &report.recipients()[0];
/// assert_eq!(recipient.final_recipient().unwrap().address(), "anna@posta.example".parse().ok());
/// assert_eq!(recipient.action().unwrap().value(), Some(&Action::Failed));
/// assert_eq!(recipient.status().unwrap().value().unwrap().to_string(), "5.1.1");
/// assert_eq!(report.claimed_message_id().unwrap().text(), "<opec1@pec.example>");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// Inside an anomaly envelope, it is the carried message that is the report:
///
/// ```
/// use postacert::{Content, Verified, dsn::{DeliveryReport, DsnError}};
///
/// fn show(envelope: &Verified<Content<'_>>) -> Result<(), Box<dyn std::error::Error>> {
///     if let Some(carried) = envelope.value().original() {
///         println!("{} recipients", DeliveryReport::of(&carried.message()?)?.recipients().len());
///     }
///     Ok(())
/// }
/// # let _ = show;
/// ```
#[doc(alias("bounce", "multipart/report", "message/delivery-status"))]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryReport<'a> {
    message: Group,
    recipients: Vec<RecipientStatus>,
    returned: Option<Returned<'a>>,
}

coded! {
    /// Why a message is not read as a delivery status notification.
    pub enum DsnError {
        /// The message is no `multipart/report` at its root.
        NotAReport { found: Box<str> } = "not-a-report",
            "the message is {found}, not multipart/report",
            "il messaggio è {found}, non multipart/report";
        /// It reports something else, as that a message was read.
        OtherReport { found: Box<str> } = "other-report",
            "the report is of the type {found}, not delivery-status",
            "il resoconto è del tipo {found}, non delivery-status";
        /// No part of it is `message/delivery-status`.
        NoStatus = "report-without-status",
            "the report has no part message/delivery-status",
            "il resoconto non ha una parte message/delivery-status";
        /// The status is longer than [`Limits::report_bytes`](crate::Limits::report_bytes).
        StatusTooLong { limit: usize } = "report-too-long",
            "the delivery status is longer than {limit} bytes",
            "lo stato di consegna supera {limit} byte";
        /// The status has more fields than [`Limits::report_fields`](crate::Limits::report_fields).
        TooManyFields { limit: usize } = "report-too-many-fields",
            "the delivery status has more than {limit} fields",
            "lo stato di consegna ha più di {limit} campi";
    }
}

impl core::error::Error for DsnError {}

impl<'a> DeliveryReport<'a> {
    /// Reads the report that a message is, under the limits that the message was read under.
    ///
    /// It is read leniently: unknown fields are kept, and lines that are no field left out.
    ///
    /// # Errors
    /// [`DsnError`], when it is another kind of message, or its status is beyond the limits.
    pub fn of(message: &Message<'a>) -> Result<Self, DsnError> {
        let root = message.root();
        let content_type = root.content_type();
        if !content_type.is("multipart", "report") {
            return Err(DsnError::NotAReport { found: content_type.to_string().into() });
        }
        if let Some(found) = content_type.parameter("report-type")
            && !found.trim().eq_ignore_ascii_case("delivery-status")
        {
            return Err(DsnError::OtherReport { found: found.trim().into() });
        }
        let status = root.children().find(is_status).ok_or(DsnError::NoStatus)?;
        let (message, recipients) = read_status(&status, message.limits())?;
        Ok(Self { message, recipients, returned: root.children().find_map(Returned::of) })
    }

    // -- of all of the message (RFC 3464 §2.2) --

    /// The mail system that says so (`Reporting-MTA`), such as `dns; mx.example`.
    #[must_use]
    pub fn reporting_mta(&self) -> Option<Typed> {
        self.message.typed("Reporting-MTA")
    }

    /// The name that the sender gave to the transaction (`Original-Envelope-Id`, the `ENVID` of RFC 3461); no Message-ID.
    #[must_use]
    pub fn original_envelope_id(&self) -> Option<&str> {
        self.message.text("Original-Envelope-Id")
    }

    /// The gateway that translated a foreign notification (`DSN-Gateway`).
    #[must_use]
    pub fn gateway(&self) -> Option<Typed> {
        self.message.typed("DSN-Gateway")
    }

    /// From which mail system the message came to the reporting one (`Received-From-MTA`).
    #[must_use]
    pub fn received_from_mta(&self) -> Option<Typed> {
        self.message.typed("Received-From-MTA")
    }

    /// When the message came to the reporting mail system (`Arrival-Date`).
    ///
    /// # Errors
    /// When it is no date of RFC 5322.
    #[must_use]
    pub fn arrival_date(&self) -> Option<Result<Timestamp, TimeError>> {
        self.message.date("Arrival-Date")
    }

    /// Every field about the message, in order, the unknown ones too.
    #[must_use]
    pub fn fields(&self) -> &[StatusField] {
        self.message.fields()
    }

    /// What is said of each recipient, in order. One may be named twice.
    #[must_use]
    pub fn recipients(&self) -> &[RecipientStatus] {
        &self.recipients
    }

    // -- what it is about --

    /// The message that was not delivered, or its header, as it was sent back.
    #[must_use]
    pub fn returned(&self) -> Option<&Returned<'a>> {
        self.returned.as_ref()
    }

    /// The Message-ID of the message that this report claims to be about: that of what was sent back, or else `X-Original-Message-ID`. In an
    /// envelope's bounce it is the `identificativo`. Anybody who knows an identifier can write it here: it relates, and proves nothing.
    #[must_use]
    pub fn claimed_message_id(&self) -> Option<Written<MessageId>> {
        let returned = self.returned.as_ref().and_then(Returned::claimed_message_id);
        returned.or_else(|| self.message.text("X-Original-Message-ID").map(Written::read))
    }

    /// The `X-Riferimento-Message-ID` of what was sent back: the Message-ID that the sender's program gave to the message in an envelope. A
    /// claim, as [`claimed_message_id`](Self::claimed_message_id) is.
    #[doc(alias = "X-Riferimento-Message-ID")]
    #[must_use]
    pub fn claimed_reference(&self) -> Option<Written<MessageId>> {
        self.returned.as_ref().and_then(Returned::claimed_reference)
    }
}

/// `message/delivery-status`, or its form with addresses beyond ASCII (RFC 6533).
fn is_status(part: &Entity<'_, '_>) -> bool {
    part.is("message", "delivery-status") || part.is("message", "global-delivery-status")
}

fn read_status(part: &Entity<'_, '_>, limits: &Limits) -> Result<(Group, Vec<RecipientStatus>), DsnError> {
    let decoded = part.decode();
    if decoded.bytes().len() > limits.report_bytes {
        return Err(DsnError::StatusTooLong { limit: limits.report_bytes });
    }
    groups(decoded.bytes(), limits.report_fields).ok_or(DsnError::TooManyFields { limit: limits.report_fields })
}

/// How much of a message was sent back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "kebab-case"))]
pub enum ReturnedForm {
    /// All of it (`message/rfc822`).
    Message,
    /// Its header (`text/rfc822-headers`).
    Headers,
}

/// A message, or its header, as a mail system sent it back. Nobody attests that it was ever sent; whether its bytes are those of a message
/// of one's own, who has kept that can tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Returned<'a> {
    form: ReturnedForm,
    carried: CarriedMessage<'a>,
}

impl<'a> Returned<'a> {
    fn of(part: Entity<'_, 'a>) -> Option<Self> {
        let form = if part.is("message", "rfc822") || part.is("message", "global") {
            ReturnedForm::Message
        } else if part.is("text", "rfc822-headers") || part.is("message", "global-headers") {
            ReturnedForm::Headers
        } else {
            return None;
        };
        Some(Self { form, carried: CarriedMessage::of(part) })
    }

    /// How much was sent back.
    #[must_use]
    pub fn form(&self) -> ReturnedForm {
        self.form
    }

    /// What was sent back. It opens as a message, one without a body where only the header came.
    #[must_use]
    pub fn carried(&self) -> &CarriedMessage<'a> {
        &self.carried
    }

    /// Its `Message-ID`.
    #[must_use]
    pub fn claimed_message_id(&self) -> Option<Written<MessageId>> {
        self.id("Message-ID")
    }

    /// Its `X-Riferimento-Message-ID`.
    #[doc(alias = "X-Riferimento-Message-ID")]
    #[must_use]
    pub fn claimed_reference(&self) -> Option<Written<MessageId>> {
        self.id("X-Riferimento-Message-ID")
    }

    fn id(&self, name: &str) -> Option<Written<MessageId>> {
        let field = outer_fields(self.carried.bytes()).find(|field| field.is(name))?;
        Some(Written::read(&field.unfolded()))
    }
}

impl RecipientStatus {
    /// The recipient as the sender wrote it, or else as the reporting mail system had it, where that is an address of Internet mail: the
    /// one to compare with the recipients of what was sent.
    #[must_use]
    pub fn claimed_recipient(&self) -> Option<Address> {
        let original = self.original_recipient().and_then(|recipient| recipient.address());
        original.or_else(|| self.final_recipient().and_then(|recipient| recipient.address()))
    }
}
