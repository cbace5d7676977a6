//! The closed lists of RFC 6109 §4.4, and the texts with a form.

use core::fmt;
use core::str::FromStr;

use crate::language::Language;

/// Defines an enum of the words that certification data use.
macro_rules! terms {
    ($( $(#[$meta:meta])* pub enum $name:ident { $( $(#[$vmeta:meta])* $variant:ident = $wire:literal, )* } )*) => { $(
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(try_from = "String", into = "String"))]
        pub enum $name {
            $( $(#[$vmeta])* #[doc = concat!("\n\nOn the wire: `", $wire, "`.")] #[doc(alias = $wire)] $variant, )*
        }

        impl $name {
            /// Every value, in the order of RFC 6109.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The word that certification data use.
            #[must_use]
            pub const fn as_wire(self) -> &'static str {
                match self { $(Self::$variant => $wire),* }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_wire())
            }
        }

        impl FromStr for $name {
            type Err = UnknownTerm;

            fn from_str(s: &str) -> Result<Self, UnknownTerm> {
                match s {
                    $($wire => Ok(Self::$variant),)*
                    _ => Err(UnknownTerm(super::xml::clip(s))),
                }
            }
        }

        impl TryFrom<String> for $name {
            type Error = UnknownTerm;

            fn try_from(s: String) -> Result<Self, UnknownTerm> {
                s.parse()
            }
        }

        impl From<$name> for String {
            fn from(term: $name) -> Self {
                term.as_wire().to_owned()
            }
        }
    )* };
}

terms! {
    /// The kind of message that carries certification data (`tipo`).
    ///
    /// ```
    /// use postacert::PecKind;
    ///
    /// assert_eq!("avvenuta-consegna".parse(), Ok(PecKind::Delivery));
    /// assert_eq!(PecKind::Delivery.as_wire(), "avvenuta-consegna");
    /// assert!("Avvenuta-Consegna".parse::<PecKind>().is_err());
    /// ```
    #[non_exhaustive]
    pub enum PecKind {
        /// The sender's provider has accepted the message (RFC 6109 §3.1.4).
        Acceptance = "accettazione",
        /// The sender's provider has refused the message (§3.1.2, §3.1.3).
        NonAcceptance = "non-accettazione",
        /// The recipient's provider has taken the message in charge (§3.2.1).
        TakenInCharge = "presa-in-carico",
        /// The message lies in the recipient's mailbox (§3.3.2).
        Delivery = "avvenuta-consegna",
        /// The message itself, on its way between providers and to its recipient (§3.1.5).
        TransportEnvelope = "posta-certificata",
        /// The message could not be delivered (§3.3.3, §3.2.4).
        NonDelivery = "errore-consegna",
        /// Nothing has been heard of the message for twelve or twenty-four hours (§3.1.6).
        DeliveryTimeout = "preavviso-errore-consegna",
        /// The recipient's provider has found a virus in the message (§3.2.3).
        VirusDetection = "rilevazione-virus",
    }

    /// What went wrong (`errore`).
    pub enum Fault {
        /// Nothing.
        None = "nessuno",
        /// There is no such mailbox.
        NoRecipient = "no-dest",
        /// There is no such domain.
        NoDomain = "no-dominio",
        /// The message carries a virus.
        Virus = "virus",
        /// Something else.
        Other = "altro",
    }

    /// Which delivery receipt the sender asked for (`ricevuta`).
    pub enum ReceiptKind {
        /// With the original message.
        Complete = "completa",
        /// With the original message, its attachments replaced by their hashes.
        Brief = "breve",
        /// Without the original message.
        Concise = "sintetica",
    }

    /// Whether a recipient's mailbox is a certified one (`destinatari/@tipo`).
    pub enum RecipientKind {
        /// A PEC mailbox.
        Certified = "certificato",
        /// A mailbox of ordinary mail: no delivery receipt will come.
        External = "esterno",
    }
}

impl PecKind {
    /// What a message of this kind is called, in a language: `delivery receipt`, `ricevuta di avvenuta consegna`.
    #[must_use]
    pub fn in_language(self, language: Language) -> &'static str {
        match self {
            Self::Acceptance => language.pick("acceptance receipt", "ricevuta di accettazione"),
            Self::NonAcceptance => language.pick("non-acceptance notice", "avviso di non accettazione"),
            Self::TakenInCharge => language.pick("taken-in-charge receipt", "ricevuta di presa in carico"),
            Self::Delivery => language.pick("delivery receipt", "ricevuta di avvenuta consegna"),
            Self::TransportEnvelope => language.pick("transport envelope", "busta di trasporto"),
            Self::NonDelivery => language.pick("non-delivery notice", "avviso di mancata consegna"),
            Self::DeliveryTimeout => language.pick("delivery timeout notice", "preavviso di mancata consegna"),
            Self::VirusDetection => language.pick("virus detection notice", "avviso di rilevazione virus"),
        }
    }

    /// The values of `errore` that a message of this kind may have, the usual one first.
    ///
    /// The comments of RFC 6109's DTD reserve `no-dest` and `no-dominio` for `errore-consegna`, and name `virus` for it and for
    /// `non-accettazione`; providers also write it, as one would, into `rilevazione-virus`.
    #[must_use]
    pub const fn lawful_faults(self) -> &'static [Fault] {
        match self {
            Self::Acceptance | Self::TakenInCharge | Self::Delivery | Self::TransportEnvelope => &[Fault::None],
            Self::NonAcceptance => &[Fault::Other, Fault::Virus],
            Self::NonDelivery => &[Fault::Other, Fault::NoRecipient, Fault::NoDomain, Fault::Virus],
            Self::DeliveryTimeout => &[Fault::Other, Fault::None],
            Self::VirusDetection => &[Fault::Virus, Fault::Other, Fault::None],
        }
    }
}

/// What the subject of an anomaly envelope begins with (RFC 6109 §3.2.2).
pub(crate) const ANOMALY_SUBJECT_PREFIX: &str = "ANOMALIA MESSAGGIO";

impl PecKind {
    /// What the subject of a message of this kind begins with, before a colon, a blank and the original subject (RFC 6109 §3).
    pub(crate) const fn subject_prefix(self, fault: Option<Fault>) -> &'static str {
        let virus = matches!(fault, Some(Fault::Virus));
        match self {
            Self::Acceptance => "ACCETTAZIONE",
            Self::NonAcceptance if virus => "AVVISO DI NON ACCETTAZIONE PER VIRUS",
            Self::NonAcceptance => "AVVISO DI NON ACCETTAZIONE",
            Self::TakenInCharge => "PRESA IN CARICO",
            Self::Delivery => "CONSEGNA",
            Self::TransportEnvelope => "POSTA CERTIFICATA",
            Self::NonDelivery if virus => "AVVISO DI MANCATA CONSEGNA PER VIRUS",
            Self::NonDelivery => "AVVISO DI MANCATA CONSEGNA",
            Self::DeliveryTimeout => "AVVISO DI MANCATA CONSEGNA PER SUP. TEMPO MASSIMO",
            Self::VirusDetection => "PROBLEMA DI SICUREZZA",
        }
    }
}

/// A word that is none of those that certification data use in this place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownTerm(Box<str>);

impl fmt::Display for UnknownTerm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "certification data have no word \"{}\" in this place", self.0)
    }
}

impl core::error::Error for UnknownTerm {}

/// An error in the provider's own words (`errore-esteso`).
///
/// Most begin with a code, then name a provider, then say what happened (AgID's note 12, in force since 2016); the raw text is always
/// there, the parts where they can be told apart.
///
/// ```
/// use postacert::ExtendedError;
///
/// let e: ExtendedError = "5.1.1 - ARUBA PEC S.p.A. - indirizzo non valido".parse()?;
/// assert_eq!(e.code().map(|c| c.to_string()).as_deref(), Some("5.1.1"));
/// assert_eq!((e.provider(), e.text()), (Some("ARUBA PEC S.p.A."), Some("indirizzo non valido")));
/// # Ok::<(), postacert::TextError>(())
/// ```
#[doc(alias = "errore-esteso")]
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(try_from = "String", into = "String"))]
pub struct ExtendedError(Box<str>);

impl ExtendedError {
    /// The text was read from XML, and trimmed.
    pub(super) fn read(text: &str) -> Self {
        Self(text.into())
    }

    /// The whole text, without the white space around it.
    #[must_use]
    pub fn raw(&self) -> &str {
        &self.0
    }

    /// The code that the text begins with.
    #[must_use]
    pub fn code(&self) -> Option<StatusCode> {
        self.split().map(|(code, ..)| code)
    }

    /// The provider that the text names between code and explanation.
    #[must_use]
    pub fn provider(&self) -> Option<&str> {
        self.split().and_then(|(_, provider, _)| provider)
    }

    /// The explanation that follows the code and the provider.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        self.split().and_then(|(.., text)| text)
    }

    /// `5.1.1 - provider - text`, or with commas; without a second separator, what follows the code is the text.
    fn split(&self) -> Option<(StatusCode, Option<&str>, Option<&str>)> {
        let (code, rest) = StatusCode::at_start(&self.0)?;
        let rest = rest.trim_start();
        let (provider, text) = if let Some(rest) = rest.strip_prefix('-') {
            halves(rest, " - ")
        } else if let Some(rest) = rest.strip_prefix(',') {
            halves(rest, ", ")
        } else {
            (None, rest)
        };
        let said = |s: &'_ &str| !s.is_empty();
        Some((code, provider.map(str::trim).filter(said), Some(text.trim()).filter(said)))
    }
}

fn halves<'a>(rest: &'a str, separator: &str) -> (Option<&'a str>, &'a str) {
    match rest.split_once(separator) {
        // A separator right after the first one parts nothing.
        Some((provider, text)) if !provider.trim().is_empty() => (Some(provider), text),
        _ => (None, rest),
    }
}

impl FromStr for ExtendedError {
    type Err = TextError;

    fn from_str(s: &str) -> Result<Self, TextError> {
        xml_text(s).map(Self)
    }
}

impl TryFrom<String> for ExtendedError {
    type Error = TextError;

    fn try_from(s: String) -> Result<Self, TextError> {
        s.parse()
    }
}

impl From<ExtendedError> for String {
    fn from(e: ExtendedError) -> Self {
        e.0.into()
    }
}

impl fmt::Display for ExtendedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// A code of the form `d.d.d`, as mail systems use it (RFC 3463): class, subject and detail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StatusCode {
    class: u16,
    subject: u16,
    detail: u16,
}

impl StatusCode {
    /// The first number: 4 for a passing failure, 5 for a lasting one.
    #[must_use]
    pub const fn class(self) -> u16 {
        self.class
    }

    /// The second number.
    #[must_use]
    pub const fn subject(self) -> u16 {
        self.subject
    }

    /// The third number.
    #[must_use]
    pub const fn detail(self) -> u16 {
        self.detail
    }

    /// The code that a text begins with, and the rest of the text.
    fn at_start(text: &str) -> Option<(Self, &str)> {
        let number = |s: &'_ str| if matches!(s.len(), 1..=3) { s.parse::<u16>().ok() } else { None };
        let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
        let (code, rest) = text.split_at(end);
        let mut parts = code.split('.');
        let (class, subject, detail) = (parts.next()?, parts.next()?, parts.next()?);
        if class.len() != 1 || parts.next().is_some() {
            return None;
        }
        Some((Self { class: number(class)?, subject: number(subject)?, detail: number(detail)? }, rest))
    }
}

/// Reads the code alone.
impl FromStr for StatusCode {
    type Err = UnknownTerm;

    fn from_str(s: &str) -> Result<Self, UnknownTerm> {
        match Self::at_start(s) {
            Some((code, "")) => Ok(code),
            _ => Err(UnknownTerm(super::xml::clip(s))),
        }
    }
}

impl fmt::Display for StatusCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.class, self.subject, self.detail)
    }
}

coded! {
    /// Why a text cannot stand in certification data.
    pub enum TextError {
        /// A control character, or another that no XML document may hold.
        Character { offset: usize } = "text-character",
            "the text has a character at offset {offset} that no XML document may hold",
            "il testo ha alla posizione {offset} un carattere che nessun documento XML può contenere";
    }
}

impl core::error::Error for TextError {}

/// Whether a text says anything, be it one sign.
pub(crate) fn says_something(text: &str) -> bool {
    text.contains(|c: char| !c.is_whitespace() && !c.is_control())
}

/// A text that XML can hold, without the white space that reading it back would take away.
pub(crate) fn xml_text(s: &str) -> Result<Box<str>, TextError> {
    match super::xml::illegal_character(s) {
        Some(offset) => Err(TextError::Character { offset }),
        None => Ok(super::xml::trim(s).into()),
    }
}
