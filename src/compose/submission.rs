//! The mail that an application hands to its PEC provider, and the formal checks that it will meet there (RFC 6109 §3.1.1).

#![warn(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use core::fmt;
use std::collections::HashSet;

use crate::address::Address;
use crate::certdata::ReceiptKind;
use crate::finding::FindingKind;
use crate::ident::MessageId;
use crate::limits::Limits;
use crate::message::{Message, ParseError};
use crate::mime::{AddressList, HeaderField, LineScan};

use super::outer::OuterHeader;

const RECEIPT_KIND: &str = "X-TipoRicevuta";
/// RFC 5322 §2.1.1: a line without its end.
const LINE_MAX: usize = 998;
/// The fields that RFC 5322 §3.6 allows once. `From` is judged on its own.
const ONCE: [&str; 10] = ["Date", "Sender", "Reply-To", "To", "Cc", "Bcc", "Message-ID", "In-Reply-To", "References", "Subject"];

/// A mail ready to be handed to the sender's PEC provider by SMTP: it meets the formal checks of RFC 6109 §3.1.1 and says which receipt is
/// wanted.
///
/// ```
/// use postacert::{ReceiptKind, compose::Submission};
///
/// let mail = b"From: a@pec.example\r\nTo: b@pec.example\r\nSubject: x\r\n\r\nciao\r\n";
/// let submission = Submission::new(mail, "a@pec.example".parse()?, vec!["b@pec.example".parse()?], ReceiptKind::Brief)?;
/// assert!(submission.bytes().starts_with(b"X-TipoRicevuta: breve\r\nFrom: a@pec.example\r\n"));
///
/// let refused = Submission::new(mail, "a@pec.example".parse()?, vec!["c@pec.example".parse()?], ReceiptKind::Brief).unwrap_err();
/// assert_eq!(refused.refusals()[0].code(), "recipient-not-in-to-or-cc");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Submission {
    mail_from: Address,
    rcpt_to: Vec<Address>,
    receipt: ReceiptKind,
    bytes: Vec<u8>,
    message_id: Option<MessageId>,
}

impl Submission {
    /// Makes a mail ready, for a provider that keeps to the usual [`SizeLimits`].
    ///
    /// The field `X-TipoRicevuta` is added with the kind of receipt wanted (RFC 6109 §3.1.5), or takes the place of those that are there; every other byte
    /// stays. `mail_from` and `rcpt_to` are the paths of the SMTP envelope. They must agree with the header, so there is no blind copy.
    ///
    /// # Errors
    /// When the mail is larger than the usual [`Limits`] allow, or fails any of the [`formal_checks`]; all failures are told.
    pub fn new(mail: &[u8], mail_from: Address, rcpt_to: Vec<Address>, receipt: ReceiptKind) -> Result<Self, SubmissionError> {
        Self::new_with(mail, mail_from, rcpt_to, receipt, SizeLimits::default(), &Limits::default())
    }

    /// Makes a mail ready for a provider with these limits of size; `limits` bound the reading of the mail itself.
    ///
    /// # Errors
    /// As [`Submission::new`].
    pub fn new_with(
        mail: &[u8],
        mail_from: Address,
        rcpt_to: Vec<Address>,
        receipt: ReceiptKind,
        sizes: SizeLimits,
        limits: &Limits,
    ) -> Result<Self, SubmissionError> {
        let header = OuterHeader::of(mail);
        let line = format!("{RECEIPT_KIND}: {}{}", receipt.as_wire(), header.line_end());
        let mut bytes = header.with(line.as_bytes(), |field| field.is(RECEIPT_KIND));
        bytes.extend_from_slice(header.rest());

        let message = Message::parse_with(&bytes, limits).map_err(SubmissionError::Parse)?;
        let refusals = formal_checks(&message, &mail_from, &rcpt_to, sizes);
        if !refusals.is_empty() {
            return Err(SubmissionError::Refused(refusals));
        }
        let message_id = message.root().field("Message-ID").and_then(|field| field.message_id()?.parse().ok());
        Ok(Self { mail_from, rcpt_to, receipt, bytes, message_id })
    }

    /// The reverse path of the SMTP envelope: the address in `From`.
    #[must_use]
    #[doc(alias = "MAIL FROM")]
    pub fn mail_from(&self) -> &Address {
        &self.mail_from
    }

    /// The forward paths of the SMTP envelope, in the order given.
    #[must_use]
    #[doc(alias = "RCPT TO")]
    pub fn rcpt_to(&self) -> &[Address] {
        &self.rcpt_to
    }

    /// The receipt that `X-TipoRicevuta` asks for.
    #[must_use]
    pub fn receipt(&self) -> ReceiptKind {
        self.receipt
    }

    /// The identifier of the mail, which the receipts will relate as `msgid`; `None` where the mail has none, and then
    /// nothing but the provider's acceptance tells its identifier.
    #[must_use]
    #[doc(alias = "msgid")]
    pub fn message_id(&self) -> Option<&MessageId> {
        self.message_id.as_ref()
    }

    /// The mail to send, its lines ending as they did: SMTP wants CR LF.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Reverse path, forward paths and the mail.
    #[must_use]
    pub fn into_parts(self) -> (Address, Vec<Address>, Vec<u8>) {
        (self.mail_from, self.rcpt_to, self.bytes)
    }
}

/// Why a mail cannot be submitted.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum SubmissionError {
    /// The mail is too large to be read at all.
    Parse(ParseError),
    /// It fails these formal checks, one at least.
    Refused(Vec<FormalRefusal>),
}

impl SubmissionError {
    /// The formal checks that failed; none where the mail could not be read.
    #[must_use]
    pub fn refusals(&self) -> &[FormalRefusal] {
        match self {
            Self::Parse(_) => &[],
            Self::Refused(refusals) => refusals,
        }
    }
}

impl fmt::Display for SubmissionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Parse(error) => error.fmt(f),
            Self::Refused(refusals) => {
                f.write_str("the mail fails the formal checks of PEC: ")?;
                for (index, refusal) in refusals.iter().enumerate() {
                    write!(f, "{}{refusal} ({})", if index == 0 { "" } else { "; " }, refusal.rule())?;
                }
                Ok(())
            }
        }
    }
}

impl core::error::Error for SubmissionError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Parse(error) => error.source(),
            Self::Refused(_) => None,
        }
    }
}

/// What a provider takes, in bytes (RFC 6109 §3.1.1).
///
/// By default both are 30 MB, which every provider must at least offer; of the readings of MB the larger, 31,457,280 bytes, so that nothing
/// is refused that the law grants. Many providers offer more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct SizeLimits {
    /// The size of a message.
    pub message_bytes: u64,
    /// The size of a message multiplied by the number of its recipients.
    pub total_bytes: u64,
}

impl SizeLimits {
    /// The same limit for a message and for its size multiplied by its recipients.
    ///
    /// ```
    /// let limits = postacert::compose::SizeLimits::of(100_000_000);
    /// assert_eq!((limits.message_bytes, limits.total_bytes), (100_000_000, 100_000_000));
    /// ```
    #[must_use]
    pub const fn of(bytes: u64) -> Self {
        Self { message_bytes: bytes, total_bytes: bytes }
    }
}

impl Default for SizeLimits {
    fn default() -> Self {
        Self::of(30 << 20)
    }
}

/// The formal checks that an access point makes on a message before it accepts it (RFC 6109 §3.1.1); an empty list means that it passes.
///
/// `mail_from` and `rcpt_to` are the paths of the SMTP envelope. Addresses are compared as [`Address`]es are: the local part exactly. An address of `To` or
/// `Cc` need not be among `rcpt_to`, since a program may submit one message in several turns. Conformity to RFC 5322 is judged by what
/// alters or splits a message on its way, header and body: line ends, NUL, lines over 998 bytes, a header that does not read, 8-bit
/// bytes and control characters in it, fields that stand twice. `Resent-Bcc` must be as empty as `Bcc`; the other `Resent-` fields are "strictly informational" (RFC
/// 5322 §3.6.6) and not looked at. LF line ends are fine if there are no others: so messages are stored. A missing `Date` is not
/// refused (RFC 6409 §8.2 leaves it to the server).
///
/// ```
/// use postacert::{Message, compose::{SizeLimits, formal_checks}};
///
/// let message = Message::parse(b"From: a@pec.example\r\nBcc: c@pec.example\r\n\r\n")?;
/// let refusals = formal_checks(&message, &"a@pec.example".parse()?, &["b@pec.example".parse()?], SizeLimits::default());
/// let codes: Vec<_> = refusals.iter().map(|refusal| refusal.code()).collect();
/// assert_eq!(codes, ["to-missing", "recipient-not-in-to-or-cc", "bcc-not-empty"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn formal_checks(message: &Message<'_>, mail_from: &Address, rcpt_to: &[Address], sizes: SizeLimits) -> Vec<FormalRefusal> {
    let mut checks = Checks { message, refusals: Vec::new() };
    checks.form();
    checks.fields_once();
    checks.sender(mail_from);
    checks.recipients(rcpt_to);
    checks.blind_copies();
    checks.size(rcpt_to.len(), sizes);
    checks.refusals
}

coded! {
    /// Why an access point does not accept a message (RFC 6109 §3.1.1). Offsets are in bytes from the beginning of the message.
    pub enum FormalRefusal {
        /// A line of the header is no field.
        HeaderMalformed { offset: usize } = "header-malformed",
            "the header has a line that is no field (offset {offset})",
            "l'intestazione ha una riga che non è un campo (posizione {offset})";
        /// The header has more or longer fields than are read.
        HeaderBeyondLimits { offset: usize } = "header-beyond-limits",
            "the header is too long to be read (offset {offset})",
            "l'intestazione è troppo lunga per essere letta (posizione {offset})";
        /// The header has a byte that is not ASCII.
        HeaderNotAscii { offset: usize } = "header-not-ascii",
            "the header has a character that is not ASCII (offset {offset})",
            "l'intestazione ha un carattere non ASCII (posizione {offset})";
        /// The header has a control character, other than a tab or a line end, or NUL, which has a row of its own.
        HeaderControl { offset: usize } = "header-control",
            "the header has a control character (offset {offset})",
            "l'intestazione ha un carattere di controllo (posizione {offset})";
        /// There is a NUL.
        NulByte { offset: usize } = "nul-byte",
            "the message has a NUL (offset {offset})",
            "il messaggio ha un NUL (posizione {offset})";
        /// There is a CR without LF.
        BareCr { offset: usize } = "bare-cr",
            "the message has a CR without LF (offset {offset})",
            "il messaggio ha un CR senza LF (posizione {offset})";
        /// Some lines end in CR LF, others in LF.
        MixedLineEnds { offset: usize } = "mixed-line-ends",
            "the message has two kinds of line ends (offset {offset})",
            "il messaggio ha due tipi di fine riga (posizione {offset})";
        /// A line is longer than mail may have.
        LineTooLong { offset: usize } = "line-too-long",
            "the message has a line longer than 998 bytes (offset {offset})",
            "il messaggio ha una riga più lunga di 998 byte (posizione {offset})";
        /// A field stands twice that may stand once.
        FieldTwice { name: &'static str, offset: usize } = "field-twice",
            "the header has the field {name} twice (offset {offset})",
            "l'intestazione ha due volte il campo {name} (posizione {offset})";
        /// There is no `From`.
        FromMissing = "from-missing",
            "the field From is missing",
            "manca il campo From";
        /// `From` holds no address, or something else.
        FromMalformed { offset: usize } = "from-malformed",
            "the field From holds no valid address (offset {offset})",
            "il campo From non contiene un indirizzo valido (posizione {offset})";
        /// `From` stands twice or holds several addresses.
        FromSeveral { offset: usize } = "from-several",
            "there is more than one sender in From (offset {offset})",
            "in From c'è più di un mittente (posizione {offset})";
        /// The reverse path is not the address in `From`.
        SenderMismatch { mail_from: Address, from: Address } = "sender-mismatch",
            "MAIL FROM is {mail_from}, but From is {from}",
            "MAIL FROM è {mail_from}, ma From è {from}";
        /// There is no `To`.
        ToMissing = "to-missing",
            "the field To is missing",
            "manca il campo To";
        /// `To` holds no address.
        ToEmpty { offset: usize } = "to-empty",
            "the field To holds no address (offset {offset})",
            "il campo To non contiene indirizzi (posizione {offset})";
        /// `To` holds something that is no address.
        ToMalformed { offset: usize } = "to-malformed",
            "the field To holds something that is no valid address (offset {offset})",
            "il campo To contiene qualcosa che non è un indirizzo valido (posizione {offset})";
        /// `Cc` holds something that is no address.
        CcMalformed { offset: usize } = "cc-malformed",
            "the field Cc holds something that is no valid address (offset {offset})",
            "il campo Cc contiene qualcosa che non è un indirizzo valido (posizione {offset})";
        /// There is no forward path.
        NoRecipient = "no-recipient",
            "no recipient is given",
            "non è indicato alcun destinatario";
        /// A forward path is neither in `To` nor in `Cc`.
        RecipientNotListed { recipient: Address } = "recipient-not-in-to-or-cc",
            "the recipient {recipient} is neither in To nor in Cc",
            "il destinatario {recipient} non è né in To né in Cc";
        /// `Bcc` has a value, or `Resent-Bcc`, which names blind copies just the same (RFC 5322 §3.6.6).
        BccNotEmpty { name: &'static str, offset: usize } = "bcc-not-empty",
            "the field {name} is not empty (offset {offset})",
            "il campo {name} non è vuoto (posizione {offset})";
        /// The message is larger than the provider takes.
        MessageTooLarge { bytes: u64, limit: u64 } = "message-too-large",
            "the message has {bytes} bytes, and {limit} are taken",
            "il messaggio è di {bytes} byte, e se ne accettano {limit}";
        /// Size by recipients is more than the provider takes.
        TotalTooLarge { bytes: u64, recipients: usize, limit: u64 } = "total-too-large",
            "the message has {bytes} bytes for {recipients} recipients, and {limit} are taken in all",
            "il messaggio è di {bytes} byte per {recipients} destinatari, e se ne accettano in tutto {limit}";
    }
}

impl FormalRefusal {
    /// The rule that is broken: the document and its section.
    #[must_use]
    pub fn rule(&self) -> &'static str {
        match self {
            Self::HeaderMalformed { .. } | Self::HeaderNotAscii { .. } | Self::HeaderControl { .. } => "RFC 5322 §2.2",
            Self::NulByte { .. } | Self::BareCr { .. } | Self::MixedLineEnds { .. } => "RFC 5322 §2.3",
            Self::LineTooLong { .. } => "RFC 5322 §2.1.1",
            Self::FieldTwice { .. } => "RFC 5322 §3.6",
            Self::CcMalformed { .. } => "RFC 5322 §3.6.3",
            Self::HeaderBeyondLimits { .. }
            | Self::FromMissing
            | Self::FromMalformed { .. }
            | Self::FromSeveral { .. }
            | Self::SenderMismatch { .. }
            | Self::ToMissing
            | Self::ToEmpty { .. }
            | Self::ToMalformed { .. }
            | Self::NoRecipient
            | Self::RecipientNotListed { .. }
            | Self::BccNotEmpty { .. }
            | Self::MessageTooLarge { .. }
            | Self::TotalTooLarge { .. } => "RFC 6109 §3.1.1",
        }
    }
}

impl core::error::Error for FormalRefusal {}

struct Checks<'m, 'a> {
    message: &'m Message<'a>,
    refusals: Vec<FormalRefusal>,
}

impl<'a> Checks<'_, 'a> {
    /// "formal conformity as defined in [EMAIL]"
    fn form(&mut self) {
        let root = self.message.root();
        if root.offset() > 0 {
            // The line of an mbox belongs to a file, not to a message.
            self.refuse(FormalRefusal::HeaderMalformed { offset: 0 });
        }
        for finding in root.findings() {
            let offset = finding.place().offset.unwrap_or_default();
            match finding.kind() {
                FindingKind::HeaderMalformed => self.refuse(FormalRefusal::HeaderMalformed { offset }),
                FindingKind::HeaderFieldTooLong { .. } | FindingKind::TooManyHeaderFields { .. } | FindingKind::HeaderTooLong { .. } => {
                    self.refuse(FormalRefusal::HeaderBeyondLimits { offset });
                }
                _ => {}
            }
        }
        if let Some(at) = root.header_bytes().iter().position(|byte| !byte.is_ascii()) {
            self.refuse(FormalRefusal::HeaderNotAscii { offset: root.offset().saturating_add(at) });
        }
        let control = |byte: &u8| byte.is_ascii_control() && !matches!(byte, b'\0' | b'\t' | b'\r' | b'\n');
        if let Some(at) = root.header_bytes().iter().position(control) {
            self.refuse(FormalRefusal::HeaderControl { offset: root.offset().saturating_add(at) });
        }
        let mut limits = self.message.limits().clone();
        limits.line_bytes = LINE_MAX;
        let mut scan = LineScan::new(&limits);
        scan.look(root.raw(), root.offset());
        for finding in scan.findings(&root) {
            let offset = finding.place().offset.unwrap_or_default();
            match finding.kind() {
                FindingKind::NulByte => self.refuse(FormalRefusal::NulByte { offset }),
                FindingKind::BareCr => self.refuse(FormalRefusal::BareCr { offset }),
                FindingKind::MixedLineEndings => self.refuse(FormalRefusal::MixedLineEnds { offset }),
                _ => self.refuse(FormalRefusal::LineTooLong { offset }),
            }
        }
    }

    fn fields_once(&mut self) {
        for name in ONCE {
            if let Some(second) = self.fields(name).get(1) {
                let offset = second.offset();
                self.refuse(FormalRefusal::FieldTwice { name, offset });
            }
        }
    }

    /// "a From: header field holding an [EMAIL] compliant email address", with which the reverse path coincides
    fn sender(&mut self, mail_from: &Address) {
        let fields = self.fields("From");
        let field = match fields.as_slice() {
            [] => return self.refuse(FormalRefusal::FromMissing),
            [only] => only,
            [_, second, ..] => return self.refuse(FormalRefusal::FromSeveral { offset: second.offset() }),
        };
        let offset = field.offset();
        let list = field.addresses();
        if list.mailboxes().len() > 1 {
            return self.refuse(FormalRefusal::FromSeveral { offset });
        }
        match list.single().and_then(|mailbox| mailbox.address().parse::<Address>().ok()) {
            None => self.refuse(FormalRefusal::FromMalformed { offset }),
            Some(from) if from != *mail_from => self.refuse(FormalRefusal::SenderMismatch { mail_from: mail_from.clone(), from }),
            Some(_) => {}
        }
    }

    /// "a To: header field holding one or more [EMAIL] compliant email addresses"; the forward paths coincide with those of To and Cc
    fn recipients(&mut self, rcpt_to: &[Address]) {
        let mut listed = HashSet::new();
        let to = self.fields("To");
        if to.is_empty() {
            self.refuse(FormalRefusal::ToMissing);
        }
        for field in to {
            let (list, offset) = (field.addresses(), field.offset());
            if !read_into(&list, &mut listed) {
                self.refuse(FormalRefusal::ToMalformed { offset });
            } else if list.mailboxes().is_empty() {
                self.refuse(FormalRefusal::ToEmpty { offset });
            }
        }
        for field in self.fields("Cc") {
            if !read_into(&field.addresses(), &mut listed) {
                self.refuse(FormalRefusal::CcMalformed { offset: field.offset() });
            }
        }
        if rcpt_to.is_empty() {
            self.refuse(FormalRefusal::NoRecipient);
        }
        for recipient in rcpt_to.iter().filter(|recipient| !listed.contains(*recipient)) {
            self.refuse(FormalRefusal::RecipientNotListed { recipient: recipient.clone() });
        }
    }

    /// "Bcc: header field does not contain any value"; `Resent-Bcc` "functions identically" (RFC 5322 §3.6.6): receipts would disclose whom it
    /// names, and who is named there alone is in neither To nor Cc. It may stand several times.
    fn blind_copies(&mut self) {
        for name in ["Bcc", "Resent-Bcc"] {
            if let Some(field) = self.fields(name).iter().find(|field| !field.raw_value().trim_ascii().is_empty()) {
                let offset = field.offset();
                self.refuse(FormalRefusal::BccNotEmpty { name, offset });
            }
        }
    }

    /// "total message size falls within the limits accepted by the provider", and multiplied by the recipients too
    fn size(&mut self, recipients: usize, sizes: SizeLimits) {
        let bytes = self.message.raw().len() as u64;
        let total = bytes.saturating_mul(recipients as u64);
        let too_large = bytes > sizes.message_bytes;
        if too_large {
            self.refuse(FormalRefusal::MessageTooLarge { bytes, limit: sizes.message_bytes });
        }
        // For one recipient it would be said twice.
        if total > sizes.total_bytes && !(too_large && recipients == 1) {
            self.refuse(FormalRefusal::TotalTooLarge { bytes, recipients, limit: sizes.total_bytes });
        }
    }

    fn fields(&self, name: &'static str) -> Vec<HeaderField<'a>> {
        self.message.root().fields(name).collect()
    }

    fn refuse(&mut self, refusal: FormalRefusal) {
        self.refusals.push(refusal);
    }
}

/// Adds the addresses of a field; tells whether all of it was addresses.
fn read_into(list: &AddressList, listed: &mut HashSet<Address>) -> bool {
    let mut all = list.malformed().is_none();
    for mailbox in list.mailboxes() {
        match mailbox.address().parse() {
            Ok(address) => drop(listed.insert(address)),
            Err(_) => all = false,
        }
    }
    all
}
