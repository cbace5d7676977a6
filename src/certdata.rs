//! Certification data: `daticert.xml`, the only thing a provider attests (RFC 6109 §4.4).

#![warn(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

mod encoding;
mod read;
#[cfg(feature = "serde")]
mod serde_form;
mod sniff;
mod terms;
mod write;
mod xml;

use core::fmt;
use core::str::FromStr;

pub(crate) use sniff::has_postacert_root;
pub use terms::{ExtendedError, Fault, PecKind, ReceiptKind, RecipientKind, StatusCode, TextError, UnknownTerm};

pub(crate) use terms::{ANOMALY_SUBJECT_PREFIX, says_something, xml_text};
pub(crate) use xml::is_character as is_xml_character;

use crate::address::Address;
use crate::ident::{MessageId, PecId};
use crate::language::{Language, Say, same_in_all_languages, spoken};
use crate::limits::Limits;
use crate::time::{TimeError, Timestamp};

/// What `daticert.xml` says, element by element (RFC 6109 §4.4), whatever its kind: the faithful mirror of the DTD.
///
/// The order of recipients and their duplicates are kept. Values are the character data of their elements without the white space of XML
/// around them; those with a form of their own are [`Written`], so that a value out of form is not lost. To act upon a receipt, take the
/// [`Notification`](crate::Notification) made of it, which has exactly the fields of its kind.
///
/// ```
/// use postacert::{CertificationData, PecKind};
///
/// let xml = br#"<?xml version="1.0" encoding="UTF-8"?>
/// <postacert tipo="accettazione" errore="nessuno">
///   <intestazione>
///     <mittente>mario@pec.example</mittente>
///     <destinatari tipo="certificato">ufficio@cert.example</destinatari>
///     <risposte>mario@pec.example</risposte>
///     <oggetto>Richiesta</oggetto>
///   </intestazione>
///   <dati>
///     <gestore-emittente>Gestore S.p.A.</gestore-emittente>
///     <data zona="+0200"><giorno>25/05/2025</giorno><ora>10:10:10</ora></data>
///     <identificativo>opec1.20250525@pec.example</identificativo>
///   </dati>
/// </postacert>"#;
/// let (data, departures) = CertificationData::parse(xml)?;
/// assert!(departures.is_empty());
/// assert_eq!(data.kind(), PecKind::Acceptance);
/// assert_eq!(data.sender().text(), "mario@pec.example");
/// assert_eq!(data.when().to_string(), "2025-05-25T10:10:10+02:00");
/// assert_eq!(CertificationData::parse(data.to_xml().as_bytes())?.0, data);
/// # Ok::<(), postacert::CertdataError>(())
/// ```
#[doc(alias("daticert", "postacert"))]
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(try_from = "serde_form::CertdataForm", into = "serde_form::CertdataForm")
)]
pub struct CertificationData {
    pub(crate) kind: PecKind,
    pub(crate) fault: Written<Fault>,
    pub(crate) sender: Written<Address>,
    pub(crate) recipients: Vec<Recipient>,
    pub(crate) reply_to: Option<Box<str>>,
    pub(crate) subject: Option<Box<str>>,
    pub(crate) provider: Option<Box<str>>,
    pub(crate) when: Timestamp,
    pub(crate) id: Written<PecId>,
    pub(crate) message_id: Option<Written<MessageId>>,
    pub(crate) receipt: Option<Written<ReceiptKind>>,
    pub(crate) recipient: Option<Written<Address>>,
    pub(crate) received_for: Vec<Written<Address>>,
    pub(crate) extended_error: Option<ExtendedError>,
}

impl CertificationData {
    /// Reads `daticert.xml` under the default [`Limits`].
    ///
    /// It is read in UTF-8, US-ASCII, ISO-8859-1, windows-1252 or UTF-16, as its byte order mark or XML declaration says. Departures that
    /// leave its meaning alone are returned beside it, sixty-four at most.
    ///
    /// # Errors
    /// XML that is not well-formed, has an internal DTD subset or undefined entities, or outgrows a limit; data without one of the
    /// elements and attributes that nothing can replace, or with one of them twice; an unknown `tipo`; an impossible time.
    pub fn parse(xml: &[u8]) -> Result<(Self, Vec<CertdataDeparture>), CertdataError> {
        Self::parse_with(xml, &Limits::default())
    }

    /// Reads `daticert.xml` under other limits; the rest is as in [`parse`](Self::parse).
    ///
    /// # Errors
    /// Those of [`parse`](Self::parse).
    pub fn parse_with(xml: &[u8], limits: &Limits) -> Result<(Self, Vec<CertdataDeparture>), CertdataError> {
        read::read(xml, limits)
    }

    /// Writes the XML file: UTF-8, the elements in the order of RFC 6109 §4.4, indented by four blanks. The same data give the same
    /// bytes, and reading them gives the same data.
    #[must_use]
    pub fn to_xml(&self) -> String {
        write::write(self)
    }

    /// What kind of message carries these data (`tipo`).
    #[doc(alias = "tipo")]
    #[must_use]
    pub fn kind(&self) -> PecKind {
        self.kind
    }

    /// What went wrong (`errore`): `nessuno` where the attribute is absent.
    #[doc(alias = "errore")]
    #[must_use]
    pub fn fault(&self) -> &Written<Fault> {
        &self.fault
    }

    /// The sender of the original message (`mittente`).
    #[doc(alias = "mittente")]
    #[must_use]
    pub fn sender(&self) -> &Written<Address> {
        &self.sender
    }

    /// All recipients of the original message (`destinatari`), in their order, duplicates included; at least one.
    #[doc(alias = "destinatari")]
    #[must_use]
    pub fn recipients(&self) -> &[Recipient] {
        &self.recipients
    }

    /// The `Reply-To` of the original message (`risposte`); empty where the element is, `None` where it is missing.
    #[doc(alias = "risposte")]
    #[must_use]
    pub fn reply_to(&self) -> Option<&str> {
        self.reply_to.as_deref()
    }

    /// The subject of the original message (`oggetto`), as the provider wrote it: some write it with RFC 2047 encoded words.
    #[doc(alias = "oggetto")]
    #[must_use]
    pub fn subject(&self) -> Option<&str> {
        self.subject.as_deref()
    }

    /// The provider that certifies the data (`gestore-emittente`), in its own words.
    #[doc(alias = "gestore-emittente")]
    #[must_use]
    pub fn provider(&self) -> Option<&str> {
        self.provider.as_deref()
    }

    /// When the provider handled the message (`data`).
    #[doc(alias("data", "giorno", "ora", "zona"))]
    #[must_use]
    pub fn when(&self) -> Timestamp {
        self.when
    }

    /// The identifier that the provider gave to the message (`identificativo`).
    #[doc(alias = "identificativo")]
    #[must_use]
    pub fn id(&self) -> &Written<PecId> {
        &self.id
    }

    /// The `Message-ID` of the original message before the provider replaced it (`msgid`).
    #[doc(alias = "msgid")]
    #[must_use]
    pub fn message_id(&self) -> Option<&Written<MessageId>> {
        self.message_id.as_ref()
    }

    /// Which delivery receipt the sender asked for (`ricevuta`).
    #[doc(alias = "ricevuta")]
    #[must_use]
    pub fn receipt(&self) -> Option<&Written<ReceiptKind>> {
        self.receipt.as_ref()
    }

    /// The recipient whom the notification concerns (`consegna`).
    #[doc(alias = "consegna")]
    #[must_use]
    pub fn recipient(&self) -> Option<&Written<Address>> {
        self.recipient.as_ref()
    }

    /// The recipients for whom a provider took the message in charge (`ricezione`), in their order, duplicates included.
    #[doc(alias = "ricezione")]
    #[must_use]
    pub fn received_for(&self) -> &[Written<Address>] {
        &self.received_for
    }

    /// The error in the provider's own words (`errore-esteso`).
    #[doc(alias = "errore-esteso")]
    #[must_use]
    pub fn extended_error(&self) -> Option<&ExtendedError> {
        self.extended_error.as_ref()
    }
}

/// One `destinatari`: a recipient of the original message, and whether its mailbox is a certified one.
#[doc(alias = "destinatari")]
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Recipient {
    pub(crate) address: Written<Address>,
    pub(crate) kind: Written<RecipientKind>,
}

impl Recipient {
    /// A recipient.
    #[must_use]
    pub fn new(address: Address, kind: RecipientKind) -> Self {
        Self { address: address.into(), kind: kind.into() }
    }

    /// Its address.
    #[must_use]
    pub fn address(&self) -> &Written<Address> {
        &self.address
    }

    /// Whether it is certified (`tipo`): `certificato` where the attribute is absent.
    #[doc(alias = "tipo")]
    #[must_use]
    pub fn kind(&self) -> &Written<RecipientKind> {
        &self.kind
    }
}

/// A value as certification data write it, and what it means if it is of its form.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Written<T> {
    text: Box<str>,
    value: Option<T>,
}

impl<T> Written<T> {
    /// What the XML says, without the white space around it.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What it means; `None` if it is not of its form.
    #[must_use]
    pub fn value(&self) -> Option<&T> {
        self.value.as_ref()
    }
}

impl<T: FromStr> Written<T> {
    pub(crate) fn read(text: &str) -> Self {
        Self { text: text.into(), value: text.parse().ok() }
    }
}

impl<T> fmt::Display for Written<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

macro_rules! written_from {
    ($($value:ty => $text:expr),* $(,)?) => { $(
        impl From<$value> for Written<$value> {
            fn from(value: $value) -> Self {
                let text: fn(&$value) -> Box<str> = $text;
                Self { text: text(&value), value: Some(value) }
            }
        }
    )* };
}

written_from! {
    Address => |v| v.as_str().into(),
    PecId => |v| v.as_str().into(),
    MessageId => |v| format!("<{v}>").into(), // as providers write it
    Fault => |v| v.as_wire().into(),
    ReceiptKind => |v| v.as_wire().into(),
    RecipientKind => |v| v.as_wire().into(),
}

/// The encoding of an XML document.
///
/// ```
/// use postacert::XmlEncoding;
///
/// let found = XmlEncoding::of(b"<?xml version='1.0' encoding='ISO-8859-1'?><postacert/>")?;
/// assert_eq!(found, XmlEncoding::Iso8859_1);
/// assert!(found.agrees_with("iso-8859-1") && !found.agrees_with("UTF-8"));
/// # Ok::<(), postacert::CertdataError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum XmlEncoding {
    /// UTF-8, with or without a byte order mark.
    Utf8,
    /// US-ASCII.
    Ascii,
    /// ISO-8859-1.
    Iso8859_1,
    /// windows-1252.
    Windows1252,
    /// UTF-16, the higher byte first.
    Utf16Be,
    /// UTF-16, the lower byte first.
    Utf16Le,
}

impl XmlEncoding {
    /// The encoding that a document's byte order mark or XML declaration names; UTF-8 where neither says anything.
    ///
    /// # Errors
    /// An encoding that is not read, or a malformed XML declaration.
    pub fn of(xml: &[u8]) -> Result<Self, CertdataError> {
        encoding::encoding_of(xml).map_err(|at| CertdataError { kind: at.kind, offset: at.offset, line: 1 })
    }

    /// Whether a charset name, as a MIME parameter or an XML declaration has it, means this encoding.
    #[must_use]
    pub fn agrees_with(self, charset: &str) -> bool {
        match self {
            Self::Utf16Be | Self::Utf16Le if charset.eq_ignore_ascii_case("utf-16") => true,
            _ => Self::named(charset) == Some(self),
        }
    }
}

same_in_all_languages!(XmlEncoding, PecKind, Fault, ReceiptKind);

impl fmt::Display for XmlEncoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Utf8 => "UTF-8",
            Self::Ascii => "US-ASCII",
            Self::Iso8859_1 => "ISO-8859-1",
            Self::Windows1252 => "windows-1252",
            Self::Utf16Be => "UTF-16BE",
            Self::Utf16Le => "UTF-16LE",
        })
    }
}

/// Why `daticert.xml` cannot be used, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertdataError {
    kind: CertdataErrorKind,
    offset: usize,
    line: usize,
}

impl CertdataError {
    /// What is wrong.
    #[must_use]
    pub fn kind(&self) -> &CertdataErrorKind {
        &self.kind
    }

    /// The stable kebab-case name of what is wrong.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.kind.code()
    }

    /// Where: in bytes from the beginning of the document, as it reads in UTF-8 without a byte order mark.
    #[must_use]
    pub fn offset(&self) -> usize {
        self.offset
    }

    /// The number of the line, from 1.
    #[must_use]
    pub fn line(&self) -> usize {
        self.line
    }
}

spoken!(CertdataError);

impl Say for CertdataError {
    fn say(&self, language: Language, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (line, offset) = language.pick(("line", "offset"), ("riga", "posizione"));
        write!(f, "{} ({line} {}, {offset} {})", self.kind.in_language(language), self.line, self.offset)
    }
}

impl core::error::Error for CertdataError {}

coded! {
    /// What can be wrong with `daticert.xml` so that nothing of it is used.
    pub enum CertdataErrorKind {
        /// The file is larger than [`Limits::certdata_bytes`](crate::Limits::certdata_bytes).
        TooLarge { limit: usize } = "daticert-too-large",
            "the certification data are larger than {limit} bytes",
            "i dati di certificazione superano {limit} byte";
        /// More elements stand inside each other than [`Limits::certdata_depth`](crate::Limits::certdata_depth).
        TooDeep { limit: usize } = "daticert-too-deep",
            "more than {limit} elements stand inside each other",
            "più di {limit} elementi stanno uno dentro l'altro";
        /// A tag has more attributes than [`Limits::certdata_attributes`](crate::Limits::certdata_attributes).
        TooManyAttributes { limit: usize } = "daticert-too-many-attributes",
            "a tag has more than {limit} attributes",
            "un tag ha più di {limit} attributi";
        /// There are more `destinatari`, or more `ricezione`, than [`Limits::certdata_recipients`](crate::Limits::certdata_recipients).
        TooManyRecipients { limit: usize } = "daticert-too-many-recipients",
            "there are more than {limit} recipients",
            "ci sono più di {limit} destinatari";

        /// The document names an encoding that is not read, or one that its first bytes contradict.
        UnsupportedEncoding { name: Box<str> } = "xml-unsupported-encoding",
            "the encoding {name} is not read, or not what the document is in",
            "la codifica {name} non viene letta, o non è quella del documento";
        /// The bytes are not of the document's encoding.
        InvalidEncoding { encoding: XmlEncoding } = "xml-invalid-encoding",
            "the bytes are no {encoding}",
            "i byte non sono {encoding}";
        /// A character that XML 1.0 does not know, such as most control characters.
        Character = "xml-character",
            "a character that no XML document may hold",
            "c'è un carattere che nessun documento XML può contenere";
        /// The XML declaration is malformed, not of version 1.0, or not at the very beginning.
        Declaration = "xml-declaration",
            "the XML declaration is malformed or not at the beginning",
            "la dichiarazione XML è malformata o non è all'inizio";
        /// A document type declaration that is malformed, misplaced, or there twice.
        Doctype = "xml-doctype",
            "the document type declaration is malformed or misplaced",
            "la dichiarazione del tipo di documento è malformata o fuori posto";
        /// A document type declaration with an internal subset: entities could hide there.
        InternalSubset = "xml-internal-subset",
            "the document type declaration has an internal subset, which is refused",
            "la dichiarazione del tipo di documento ha un sottoinsieme interno, che non è ammesso";
        /// A reference to an entity that XML does not bring along.
        UndefinedEntity { name: Box<str> } = "xml-undefined-entity",
            "the entity {name} is not defined",
            "l'entità {name} non è definita";
        /// A malformed reference, or one to a character that XML does not know.
        Reference = "xml-reference",
            "a malformed reference",
            "un riferimento è malformato";
        /// A tag without a lawful name.
        Name = "xml-name",
            "a tag has no lawful name",
            "un tag non ha un nome ammesso";
        /// A malformed attribute.
        Attribute = "xml-attribute",
            "an attribute is malformed",
            "un attributo è malformato";
        /// The same attribute twice in one tag.
        DuplicateAttribute { name: Box<str> } = "xml-duplicate-attribute",
            "the attribute {name} stands twice in one tag",
            "l'attributo {name} compare due volte nello stesso tag";
        /// An end tag that closes nothing, or something else.
        EndTag = "xml-end-tag",
            "an end tag does not match the element that is open",
            "un tag di chiusura non corrisponde all'elemento aperto";
        /// `]]>` in plain text.
        CdataEnd = "xml-cdata-end",
            "]]> stands in plain text",
            "]]> compare nel testo semplice";
        /// A malformed comment.
        Comment = "xml-comment",
            "a comment is malformed",
            "un commento è malformato";
        /// A malformed processing instruction, or one named `xml`.
        ProcessingInstruction = "xml-processing-instruction",
            "a processing instruction is malformed",
            "un'istruzione di elaborazione è malformata";
        /// Markup that is none of XML's.
        Markup = "xml-markup",
            "malformed markup",
            "la marcatura è malformata";
        /// Text, or a second element, outside the root element.
        OutsideRoot = "xml-outside-root",
            "something stands outside the root element",
            "c'è qualcosa fuori dell'elemento radice";
        /// The document ends inside an element or a tag.
        Truncated = "xml-truncated",
            "the document is not complete",
            "il documento non è completo";
        /// The document has no element.
        NoRoot = "xml-no-root",
            "the document has no element",
            "il documento non ha alcun elemento";

        /// The root element is not `postacert`.
        UnknownRoot { name: Box<str> } = "daticert-unknown-root",
            "the root element is {name}, not postacert",
            "l'elemento radice è {name}, non postacert";
        /// The root element has a namespace or a prefix.
        NamespacedRoot = "daticert-namespaced-root",
            "the root element has a namespace or a prefix",
            "l'elemento radice ha un namespace o un prefisso";
        /// An element or attribute that nothing can replace is missing.
        Missing { element: &'static str } = "daticert-missing-element",
            "{element} is missing",
            "manca {element}";
        /// An element stands twice that may stand once: nobody can say which one counts.
        Duplicate { element: &'static str } = "daticert-duplicate-element",
            "{element} stands twice",
            "{element} compare due volte";
        /// An element inside one that holds text only.
        ChildInValue { element: &'static str } = "daticert-child-in-value",
            "there is an element inside {element}, which holds text only",
            "c'è un elemento dentro {element}, che contiene solo testo";
        /// The kind (`tipo`) is none of RFC 6109's.
        UnknownKind { value: Box<str> } = "daticert-unknown-kind",
            "tipo has the unknown value \"{value}\"",
            "tipo ha il valore sconosciuto \"{value}\"";
        /// The date, the hour or the zone is malformed, or no calendar or clock has it.
        Time { error: TimeError } = "daticert-time",
            "data cannot be read: {error}",
            "data non è leggibile: {error}";
    }
}

coded! {
    /// How `daticert.xml` departs from its form without losing its meaning.
    pub enum CertdataDeparture {
        /// The document is not in UTF-8.
        Encoding { encoding: XmlEncoding } = "daticert-encoding",
            "the document is in {encoding}, not in UTF-8",
            "il documento è in {encoding}, non in UTF-8";
        /// The XML declaration names another encoding than the byte order mark shows.
        EncodingContradiction { declared: Box<str>, found: XmlEncoding } = "daticert-encoding-contradiction",
            "the XML declaration says {declared}, the bytes are {found}",
            "la dichiarazione XML dice {declared}, i byte sono {found}";
        /// There is a document type declaration; what it names was not fetched.
        Doctype = "daticert-doctype",
            "there is a document type declaration",
            "c'è una dichiarazione del tipo di documento";
        /// Text between elements.
        StrayText { element: &'static str } = "daticert-stray-text",
            "there is text between the elements of {element}",
            "c'è del testo fra gli elementi di {element}";
        /// An element that the DTD does not have in this place; it was left out, with all it holds.
        UnknownElement { name: Box<str>, parent: &'static str } = "daticert-unknown-element",
            "the element {name} does not belong in {parent} and was left out",
            "l'elemento {name} non va in {parent} ed è stato tralasciato";
        /// An attribute that the DTD does not have in this place.
        UnknownAttribute { name: Box<str>, element: &'static str } = "daticert-unknown-attribute",
            "the attribute {name} does not belong in {element}",
            "l'attributo {name} non va in {element}";
        /// A namespace is declared, though the DTD has none.
        Namespace { element: &'static str } = "daticert-namespace",
            "{element} declares a namespace",
            "{element} dichiara un namespace";
        /// An element stands after one that it should precede.
        Order { element: &'static str } = "daticert-order",
            "{element} is not where the DTD wants it",
            "{element} non è dove lo vuole la DTD";
        /// An element is missing that the DTD wants.
        Missing { element: &'static str } = "daticert-element-missing",
            "{element} is missing",
            "manca {element}";
        /// An element is empty that should say something.
        Empty { element: &'static str } = "daticert-element-empty",
            "{element} is empty",
            "{element} è vuoto";
        /// A value that is no mail address; it is kept as written.
        NoAddress { element: &'static str, value: Box<str> } = "daticert-no-address",
            "{element} is no mail address: \"{value}\"",
            "{element} non è un indirizzo di posta: \"{value}\"";
        /// A value that is no identifier; it is kept as written.
        NoIdentifier { element: &'static str, value: Box<str> } = "daticert-no-identifier",
            "{element} is no identifier: \"{value}\"",
            "{element} non è un identificativo: \"{value}\"";
        /// A value that the DTD does not know; it is kept as written.
        UnknownValue { what: &'static str, value: Box<str> } = "daticert-unknown-value",
            "{what} has the unknown value \"{value}\"",
            "{what} ha il valore sconosciuto \"{value}\"";
        /// The zone is written with a colon.
        ZoneWithColon = "daticert-zone-colon",
            "zona is written with a colon",
            "zona è scritta con i due punti";
        /// There are more departures than are listed.
        More { limit: usize } = "daticert-more-departures",
            "there are more departures; only the first {limit} are listed",
            "ci sono altre difformità; ne sono elencate solo le prime {limit}";
    }
}
