//! What a mail client shows of a message in a list: whether it is only a receipt, and else the sender and the subject inside.
//!
//! The outer header of PEC mail says `From: posta-certificata@…` and `Subject: POSTA CERTIFICATA: …` for every message. [`Glance::of`] gives what
//! people look for instead, and its variants say how much of it is proven.

#![warn(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use core::fmt;

use crate::address::Address;
use crate::certdata::{ANOMALY_SUBJECT_PREFIX, CertificationData, Fault, PecKind, Written};
use crate::language::{Language, Say, spoken};
use crate::message::ContentKind;
use crate::mime::{decode_words, outer_fields};
use crate::verify::Report;

/// What to show of a message in a list.
///
/// ```
/// # #[cfg(feature = "rustcrypto")] {
/// # use postacert::{Directory, VerificationTime, Verifier};
/// use postacert::{Message, glance::{Glance, Listing}};
///
/// # let file = |name: &str| std::fs::read(format!("{}/tests/fixtures/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap();
/// # let verifier = Verifier::builder().directory(Directory::from_ldif(&file("directory/directory.ldif")).unwrap()).build().unwrap();
/// # let time = VerificationTime::asserted(String::from_utf8(file("at.txt")).unwrap().trim().parse().unwrap());
/// # let raw = file("valid/accettazione.eml");
/// let message = Message::parse(&raw)?;
/// let report = verifier.verify(&message, time);
/// let glance = Glance::of(&report);
/// assert_eq!(glance.listing(), Listing::Receipt);
/// if let Glance::Receipt(receipt) = &glance {
///     assert_eq!(receipt.sender().text(), "mario.rossi@pec.gestoreuno.example");
///     assert_eq!(receipt.subject(), "Trasmissione del verbale di collaudo");
/// }
/// # }
/// # Ok::<(), postacert::ParseError>(())
/// ```
///
/// Its [`Display`](fmt::Display), and [`in_language`](Self::in_language), give it on one line.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Glance {
    /// A receipt or another notification, proven: it tells of a message, and is none.
    #[doc(alias = "ricevuta")]
    Receipt(CertifiedGlance),
    /// A transport envelope, proven: a certified message.
    #[doc(alias = "busta di trasporto")]
    Envelope(CertifiedGlance),
    /// An anomaly envelope, proven: mail that a provider received, and of which it attests nothing.
    #[doc(alias = "busta di anomalia")]
    Anomaly(CarriedGlance),
    /// A message that did not pass, ordinary mail too: all of it is a claim.
    Unverified(UnverifiedGlance),
}

/// How a message belongs in a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "kebab-case"))]
#[non_exhaustive]
pub enum Listing {
    /// A message to be read. Whatever is not proven to be something else is one.
    Message,
    /// Only a receipt, proven, that all went well so far: clients may hide it, or show it as a mark beside the message sent.
    Receipt,
    /// Only a notification, proven, that something went wrong, or may have: it should not be hidden.
    Warning,
}

impl Glance {
    /// What to show of the message of this report.
    #[must_use]
    pub fn of(report: &Report<'_>) -> Self {
        let Some(verified) = report.verified() else { return Self::Unverified(UnverifiedGlance::of(report)) };
        let content = verified.value();
        match content.data() {
            Some(data) if data.kind() == PecKind::TransportEnvelope => Self::Envelope(CertifiedGlance::of(data)),
            Some(data) => Self::Receipt(CertifiedGlance::of(data)),
            None => Self::Anomaly(CarriedGlance(Header::of(content.original().map(|mail| mail.bytes()).unwrap_or_default()))),
        }
    }

    /// How the message belongs in a list: only what is proven to be a receipt is called one.
    #[must_use]
    pub fn listing(&self) -> Listing {
        match self {
            Self::Receipt(receipt) => match receipt.kind {
                PecKind::Acceptance | PecKind::TakenInCharge | PecKind::Delivery => Listing::Receipt,
                PecKind::NonAcceptance | PecKind::NonDelivery | PecKind::DeliveryTimeout | PecKind::VirusDetection => Listing::Warning,
                PecKind::TransportEnvelope => Listing::Message,
            },
            Self::Envelope(_) | Self::Anomaly(_) | Self::Unverified(_) => Listing::Message,
        }
    }
}

/// What the certification data of a message that passed say of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertifiedGlance {
    kind: PecKind,
    sender: Written<Address>,
    recipient: Option<Written<Address>>,
    subject: Box<str>,
}

impl CertifiedGlance {
    fn of(data: &CertificationData) -> Self {
        let subject = readable(data.subject().unwrap_or_default());
        Self { kind: data.kind(), sender: data.sender().clone(), recipient: data.recipient().cloned(), subject }
    }

    /// The kind of the message.
    #[must_use]
    pub fn kind(&self) -> PecKind {
        self.kind
    }

    /// Who sent the message, or, for a notification, the message that it tells of (`mittente`).
    #[doc(alias = "mittente")]
    #[must_use]
    pub fn sender(&self) -> &Written<Address> {
        &self.sender
    }

    /// The recipient that a notification concerns (`consegna`).
    #[doc(alias = "consegna")]
    #[must_use]
    pub fn recipient(&self) -> Option<&Written<Address>> {
        self.recipient.as_ref()
    }

    /// The subject of the message, or of the one told of (`oggetto`), encoded words decoded, without the prefixes that providers write before it.
    #[doc(alias = "oggetto")]
    #[must_use]
    pub fn subject(&self) -> &str {
        strip_prefixes(&self.subject)
    }

    /// The subject with all its prefixes: a sender may have written one that looks like them.
    #[must_use]
    pub fn whole_subject(&self) -> &str {
        &self.subject
    }
}

/// What the header of the mail in an anomaly envelope says. The provider attests that it received this mail, not who wrote it, nor what it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CarriedGlance(Header);

impl CarriedGlance {
    /// The `From` of the carried mail: its address if it is one, else the whole field. Anybody may have written it.
    #[must_use]
    pub fn carried_sender(&self) -> Option<&str> {
        self.0.from.as_deref()
    }

    /// The `Subject` of the carried mail, decoded. Anybody may have written it.
    #[must_use]
    pub fn carried_subject(&self) -> Option<&str> {
        self.0.subject.as_deref()
    }
}

/// What a message that did not pass claims.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnverifiedGlance {
    kind: Option<ContentKind>,
    header: Header,
}

impl UnverifiedGlance {
    fn of(report: &Report<'_>) -> Self {
        let content = report.unverified_content();
        let kind = content.and_then(|content| content.kind());
        let header = match content.map(|content| (content.data(), content.original())) {
            Some((Some(data), _)) => Header::claimed(data),
            Some((None, Some(original))) if kind == Some(ContentKind::Anomaly) => Header::of(original.bytes()),
            _ => Header::of(report.raw),
        };
        Self { kind, header }
    }

    /// What it claims to be; `None` for ordinary mail, and where nothing readable says so.
    #[must_use]
    pub fn claimed_kind(&self) -> Option<ContentKind> {
        self.kind
    }

    /// Whom it claims to be from: the `mittente` of the certification data that it holds, else the `From` of the mail in what claims to be an
    /// anomaly envelope, else the outer `From`.
    #[must_use]
    pub fn claimed_sender(&self) -> Option<&str> {
        self.header.from.as_deref()
    }

    /// The subject, from where the sender is from. Of an `oggetto`, the prefixes that providers write are left out; a `Subject` is whole.
    #[must_use]
    pub fn claimed_subject(&self) -> Option<&str> {
        self.header.subject.as_deref()
    }
}

/// What a header, or what stands for one, says to people.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Header {
    from: Option<Box<str>>,
    subject: Option<Box<str>>,
}

impl Header {
    fn of(mail: &[u8]) -> Self {
        let mut header = Self::default();
        for field in outer_fields(mail) {
            if header.from.is_none() && field.is("From") {
                let from = field.addresses().single().map(|mailbox| mailbox.address().into());
                header.from = Some(from.unwrap_or_else(|| field.text().trim().into()));
            } else if header.subject.is_none() && field.is("Subject") {
                header.subject = Some(field.text().trim().into());
            }
        }
        header
    }

    fn claimed(data: &CertificationData) -> Self {
        let subject = data.subject().map(|subject| strip_prefixes(&readable(subject)).into());
        Self { from: Some(data.sender().text().into()), subject }
    }
}

/// Some providers write the subject into certification data as it stands in the header, with encoded words.
fn readable(subject: &str) -> Box<str> {
    decode_words(subject.as_bytes().into()).trim().into()
}

/// A subject without the prefixes that providers write before it (`POSTA CERTIFICATA: `, `CONSEGNA: `, `ANOMALIA MESSAGGIO: ` and the others of RFC
/// 6109 §3), however many there are. They are in capital letters; others are the sender's own words.
///
/// What a message is, no subject says.
///
/// ```
/// use postacert::glance::strip_prefixes;
///
/// assert_eq!(strip_prefixes("POSTA CERTIFICATA: POSTA CERTIFICATA: Verbale"), "Verbale");
/// assert_eq!(strip_prefixes("AVVISO DI MANCATA CONSEGNA PER SUP. TEMPO MASSIMO: Verbale"), "Verbale");
/// assert_eq!(strip_prefixes("Consegna: lavatrice"), "Consegna: lavatrice");
/// ```
#[must_use]
pub fn strip_prefixes(subject: &str) -> &str {
    let mut rest = subject.trim();
    while let Some(inner) = strip_prefix(rest) {
        rest = inner.trim_start();
    }
    rest
}

fn strip_prefix(subject: &str) -> Option<&str> {
    let of_kinds = PecKind::ALL.iter().flat_map(|kind| [None, Some(Fault::Virus)].map(|fault| kind.subject_prefix(fault)));
    let mut prefixes = of_kinds.chain([ANOMALY_SUBJECT_PREFIX]);
    prefixes.find_map(|prefix| subject.strip_prefix(prefix)?.strip_prefix(':'))
}

spoken!(Glance);

impl Say for Glance {
    fn say(&self, language: Language, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Receipt(receipt) => {
                write!(f, "{}: ", receipt.kind.in_language(language))?;
                line(f, language, Some(receipt.sender.text()), Some(receipt.subject()))
            }
            Self::Envelope(envelope) => line(f, language, Some(envelope.sender.text()), Some(envelope.subject())),
            Self::Anomaly(CarriedGlance(header)) => {
                f.write_str(
                    language
                        .pick("anomaly, neither sender nor subject attested: ", "anomalia, né il mittente né l'oggetto sono attestati: "),
                )?;
                line(f, language, header.from.as_deref(), header.subject.as_deref())
            }
            Self::Unverified(UnverifiedGlance { kind, header }) => {
                f.write_str(language.pick("unverified", "non verificato"))?;
                if let Some(kind) = kind {
                    let claims = language.pick("it claims to be a PEC message", "si presenta come messaggio PEC");
                    write!(f, ", {claims} ({})", kind.in_language(language))?;
                }
                f.write_str(": ")?;
                line(f, language, header.from.as_deref(), header.subject.as_deref())
            }
        }
    }
}

/// The subject and the sender, so that neither leaves its place.
fn line(f: &mut fmt::Formatter<'_>, language: Language, sender: Option<&str>, subject: Option<&str>) -> fmt::Result {
    match subject.filter(|subject| !subject.is_empty()) {
        Some(subject) => {
            f.write_str("\"")?;
            crate::language::write_tame(subject, f)?;
            f.write_str("\"")?;
        }
        None => f.write_str(language.pick("no subject", "nessun oggetto"))?,
    }
    f.write_str(language.pick(", from ", ", da "))?;
    match sender.filter(|sender| !sender.is_empty()) {
        Some(sender) => crate::language::write_tame(sender, f),
        None => f.write_str(language.pick("nobody named", "nessuno indicato")),
    }
}
