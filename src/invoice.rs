//! Electronic invoices (FatturaPA) and the notices of SdI, the Sistema di Interscambio that passes them on, recognised among the attachments of a PEC
//! message by their names.
//!
//! A name proves nothing: anybody can attach a file of any name. That a message came from SdI is said by [`sdi_sender`], on certified data alone. The
//! invoice itself is not read; where it is signed (`.xml.p7m`), it is taken out of its envelope and nobody looks at the signature.

#![warn(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

mod name;
mod notice;
mod open;

use std::borrow::Cow;

use crate::address::Address;
use crate::certdata::PecKind;
use crate::limits::Limits;
use crate::message::{Attachment, Content, Message};
use crate::verify::Verified;

pub use name::{InvoiceName, NameError, NoticeName};
pub use notice::NoticeKind;
pub use open::InvoiceError;

/// The files of SdI that a mail carries: the invoices it sends, or a notice of what became of one.
///
/// In a PEC message they are attached to the message inside: its carried original is the mail to look at.
///
/// ```
/// use postacert::{Message, invoice::SdiFiles};
///
/// let raw = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n\
///     --b\r\nContent-Disposition: attachment; filename=IT01234567890_FPA01.xml\r\n\r\n<a/>\r\n\
///     --b\r\nContent-Disposition: attachment; filename=IT01234567890_FPA00_RC_001.xml\r\n\r\n<b/>\r\n--b--\r\n";
/// let mail = Message::parse(raw)?;
/// let files = SdiFiles::of(&mail);
/// let invoice = &files.invoices()[0];
/// assert_eq!(invoice.name().code(), "01234567890");
/// assert_eq!(&*invoice.unverified_content()?, b"<a/>");
/// assert_eq!(files.notices()[0].name().invoice().progressive(), "FPA00");
/// assert!(files.findings().is_empty());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[doc(alias("FatturaPA", "SdI", "fattura elettronica"))]
#[derive(Debug, Clone)]
pub struct SdiFiles<'m, 'a> {
    message: &'m Message<'a>,
    invoices: Vec<InvoiceFile<'m, 'a>>,
    notices: Vec<SdiNotice<'m, 'a>>,
}

impl<'m, 'a> SdiFiles<'m, 'a> {
    /// Looks at the names of the attachments of a mail.
    #[must_use]
    pub fn of(message: &'m Message<'a>) -> Self {
        let (mut invoices, mut notices) = (Vec::new(), Vec::new());
        for attachment in message.mail().attachments() {
            let Some(text) = attachment.name() else { continue };
            if let Some((name, form)) = invoice_name(&text) {
                invoices.push(InvoiceFile { name, form, attachment, limits: message.limits() });
            } else if let Some((name, form)) = notice_name(&text) {
                notices.push(SdiNotice { name, form, attachment });
            }
        }
        Self { message, invoices, notices }
    }

    /// The invoices, in the order of the attachments.
    #[must_use]
    pub fn invoices(&self) -> &[InvoiceFile<'m, 'a>] {
        &self.invoices
    }

    /// The notices, in the order of the attachments.
    #[must_use]
    pub fn notices(&self) -> &[SdiNotice<'m, 'a>] {
        &self.notices
    }

    /// What SdI would not take, or what another reader may see otherwise: a message or a file beyond the sizes of SdI, an attachment of two names.
    /// Nothing where there is neither an invoice nor a notice.
    #[must_use]
    pub fn findings(&self) -> Vec<SdiFinding> {
        let mut findings = Vec::new();
        if self.invoices.is_empty() && self.notices.is_empty() {
            return findings;
        }
        let bytes = self.message.raw().len();
        if bytes > MESSAGE_BYTES_MAX {
            findings.push(SdiFinding::MessageTooLarge { bytes, limit: MESSAGE_BYTES_MAX });
        }
        let invoices = self.invoices.iter().map(|invoice| (invoice.attachment, invoice.file_name()));
        let notices = self.notices.iter().map(|notice| (notice.attachment, notice.file_name()));
        for (attachment, name) in invoices.chain(notices) {
            if let Some(other) = attachment.entity().names().find(|other| *other != name) {
                findings.push(SdiFinding::TwoNames { name: name.as_str().into(), other: (&*other).into() });
            }
            // A file is no longer than it was encoded.
            if attachment.encoded_len() > FILE_BYTES_MAX {
                let bytes = attachment.decode().bytes().len();
                if bytes > FILE_BYTES_MAX {
                    findings.push(SdiFinding::FileTooLarge { name: name.into(), bytes, limit: FILE_BYTES_MAX });
                }
            }
        }
        findings
    }
}

/// The 5 MB that SdI takes as a file, and the 30 MB of a message, in the larger of the two readings of MB: what is beyond is beyond in both.
const FILE_BYTES_MAX: usize = 5 << 20;
const MESSAGE_BYTES_MAX: usize = 30 << 20;

coded! {
    /// What is noticed of the files of SdI in a mail.
    pub enum SdiFinding {
        /// The message is longer than the 30 MB that SdI takes.
        MessageTooLarge { bytes: usize, limit: usize } = "sdi-message-too-large",
            "the message has {bytes} bytes, SdI takes {limit}",
            "il messaggio ha {bytes} byte, il SdI ne accetta {limit}";
        /// A file is longer than the 5 MB that SdI takes.
        FileTooLarge { name: Box<str>, bytes: usize, limit: usize } = "sdi-file-too-large",
            "the file {name} has {bytes} bytes, SdI takes {limit}",
            "il file {name} ha {bytes} byte, il SdI ne accetta {limit}";
        /// The attachment has two names that differ: each reader takes another.
        TwoNames { name: Box<str>, other: Box<str> } = "sdi-two-names",
            "the file {name} is also named {other}",
            "il file {name} ha anche il nome {other}";
    }
}

/// In which form an invoice file comes, by its extension.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "kebab-case"))]
#[non_exhaustive]
pub enum InvoiceForm {
    /// `.xml`: as it is, signed inside or not.
    Xml,
    /// `.xml.p7m`: in a signed envelope (CAdES).
    SignedXml,
    /// `.zip`: an archive of invoices.
    Archive,
}

impl InvoiceForm {
    /// Every form.
    pub const ALL: [Self; 3] = [Self::Xml, Self::SignedXml, Self::Archive];

    /// The extension, with its dot.
    #[must_use]
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Xml => ".xml",
            Self::SignedXml => ".xml.p7m",
            Self::Archive => ".zip",
        }
    }
}

fn invoice_name(text: &str) -> Option<(InvoiceName, InvoiceForm)> {
    InvoiceForm::ALL.into_iter().find_map(|form| Some((text.strip_suffix(form.extension())?.parse().ok()?, form)))
}

/// In which form a notice comes, by its extension.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "kebab-case"))]
#[non_exhaustive]
pub enum NoticeForm {
    /// `.xml`.
    Xml,
    /// `.zip`: an attestation of transmission, with the invoice beside it. Archives are not opened.
    Archive,
}

fn notice_name(text: &str) -> Option<(NoticeName, NoticeForm)> {
    if let Some(name) = text.strip_suffix(".xml") {
        return Some((name.parse().ok()?, NoticeForm::Xml));
    }
    let name: NoticeName = text.strip_suffix(".zip")?.parse().ok()?;
    (name.kind() == NoticeKind::TransmissionAttested).then_some((name, NoticeForm::Archive))
}

/// An attachment that is named as an invoice of SdI is.
#[doc(alias("FatturaPA", "fattura"))]
#[derive(Debug, Clone)]
pub struct InvoiceFile<'m, 'a> {
    name: InvoiceName,
    form: InvoiceForm,
    attachment: Attachment<'m, 'a>,
    limits: &'m Limits,
}

impl<'m, 'a> InvoiceFile<'m, 'a> {
    /// Its name without the extension.
    #[must_use]
    pub fn name(&self) -> &InvoiceName {
        &self.name
    }

    /// Its form, by the extension.
    #[must_use]
    pub fn form(&self) -> InvoiceForm {
        self.form
    }

    /// The whole name of the file. It holds letters, digits, underscores and dots, and is safe to write to.
    #[must_use]
    pub fn file_name(&self) -> String {
        format!("{}{}", self.name, self.form.extension())
    }

    /// The attachment, with the file as it was sent.
    #[must_use]
    pub fn attachment(&self) -> &Attachment<'m, 'a> {
        &self.attachment
    }

    /// The invoice: the file itself, or what is inside the signed envelope, in DER, BER or base64. **Nobody has looked at the signature**, nor at
    /// what the bytes are.
    ///
    /// # Errors
    /// [`InvoiceError`], for an archive, and where the envelope does not open within the limits of the message.
    pub fn unverified_content(&self) -> Result<Cow<'a, [u8]>, InvoiceError> {
        match self.form {
            InvoiceForm::Xml => Ok(self.attachment.decode().into_bytes()),
            InvoiceForm::SignedXml => open::open(self.attachment.decode().into_bytes(), self.limits),
            InvoiceForm::Archive => Err(InvoiceError::Archive),
        }
    }
}

/// An attachment that is named as a notice of SdI is.
#[doc(alias("notifica", "ricevuta", "esito"))]
#[derive(Debug, Clone)]
pub struct SdiNotice<'m, 'a> {
    name: NoticeName,
    form: NoticeForm,
    attachment: Attachment<'m, 'a>,
}

impl<'m, 'a> SdiNotice<'m, 'a> {
    /// Its name without the extension: what it tells, and of which invoice.
    #[must_use]
    pub fn name(&self) -> &NoticeName {
        &self.name
    }

    /// Its form, by the extension.
    #[must_use]
    pub fn form(&self) -> NoticeForm {
        self.form
    }

    /// The whole name of the file. It holds letters, digits, underscores and dots, and is safe to write to.
    #[must_use]
    pub fn file_name(&self) -> String {
        let extension = match self.form {
            NoticeForm::Xml => ".xml",
            NoticeForm::Archive => ".zip",
        };
        format!("{}{extension}", self.name)
    }

    /// The attachment, with the file as it was sent.
    #[must_use]
    pub fn attachment(&self) -> &Attachment<'m, 'a> {
        &self.attachment
    }
}

/// The address at SdI that sent this message, if one did: the `mittente` of a transport envelope that passed. A notification is not from SdI, whoever
/// sent the message that it tells of.
///
/// The certification data are as good as the verifier's trust: with anchors alone, no provider is held to the domains that it manages.
///
/// ```
/// use postacert::{Content, Verified, invoice::{SdiFiles, sdi_sender}};
///
/// fn notices(envelope: &Verified<Content<'_>>) -> Result<usize, postacert::ParseError> {
///     match (sdi_sender(envelope), envelope.value().original()) {
///         (Some(_), Some(original)) => Ok(SdiFiles::of(&original.message()?).notices().len()),
///         _ => Ok(0),
///     }
/// }
/// # let _ = notices;
/// ```
#[must_use]
pub fn sdi_sender<'c>(content: &'c Verified<Content<'_>>) -> Option<&'c Address> {
    let data = content.value().data().filter(|data| data.kind() == PecKind::TransportEnvelope)?;
    data.sender().value().filter(|sender| is_sdi_address(sender))
}

/// The address at SdI that a mail **claims** to be from, by the `mittente` in what it holds or else by its `From`. Anybody can write that.
#[must_use]
pub fn unverified_sdi_sender(message: &Message<'_>) -> Option<Address> {
    let content = message.unverified_content();
    let sender = match content.as_ref().and_then(|content| content.data()) {
        Some(data) if data.kind() == PecKind::TransportEnvelope => data.sender().value().cloned(),
        Some(_) => None,
        None => message.claims().from_address(),
    };
    sender.filter(is_sdi_address)
}

/// Whether an address is of the form of SdI's: `sdi…@pec.fatturapa.it`. It is the address to send invoices to, too.
#[must_use]
pub fn is_sdi_address(address: &Address) -> bool {
    let begins = address.local_part().get(..3).is_some_and(|begin| begin.eq_ignore_ascii_case("sdi"));
    begins && address.domain().as_str().eq_ignore_ascii_case("pec.fatturapa.it")
}
