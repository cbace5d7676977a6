//! The names of the files that SdI exchanges.

use core::fmt;
use core::str::FromStr;

use super::NoticeKind;

/// The name of an invoice file without its extension: who transmits it, and a progressive, `IT01234567890_FPA01`.
///
/// The transmitter is a country and its code there: `IT` and eleven to sixteen letters or digits, or two other capital letters and two to
/// twenty-eight. The progressive has one to five. Letters are those of ASCII, and case matters.
///
/// ```
/// use postacert::invoice::InvoiceName;
///
/// let name: InvoiceName = "IT01234567890_FPA01".parse()?;
/// assert_eq!((name.country(), name.code(), name.progressive()), ("IT", "01234567890", "FPA01"));
/// # Ok::<(), postacert::invoice::NameError>(())
/// ```
#[doc(alias = "nomenclatura")]
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(try_from = "String", into = "String"))]
pub struct InvoiceName(Box<str>);

impl InvoiceName {
    /// The whole name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The country of the transmitter (ISO 3166-1 alpha-2).
    #[must_use]
    pub fn country(&self) -> &str {
        self.0.get(..COUNTRY).unwrap_or_default()
    }

    /// The tax code of the transmitter, without the country.
    #[must_use]
    pub fn code(&self) -> &str {
        self.parts().0
    }

    /// What tells this file from the others of its transmitter.
    #[must_use]
    pub fn progressive(&self) -> &str {
        self.parts().1
    }

    fn parts(&self) -> (&str, &str) {
        self.0.get(COUNTRY..).and_then(|rest| rest.split_once('_')).unwrap_or_default()
    }
}

/// How long a country is.
const COUNTRY: usize = 2;

impl FromStr for InvoiceName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let (transmitter, progressive) = text.split_once('_').ok_or(NameError)?;
        let (country, code) = transmitter.split_at_checked(COUNTRY).ok_or(NameError)?;
        let lengths = if country == "IT" { 11..=16 } else { 2..=28 };
        let country_is_one = country.bytes().all(|byte| byte.is_ascii_uppercase());
        let good = country_is_one && lengths.contains(&code.len()) && is_alphanumeric(code) && is_progressive(progressive, 5);
        if good { Ok(Self(text.into())) } else { Err(NameError) }
    }
}

/// The name of a notice of SdI without its extension: the invoice it is about, its kind, and a progressive, `IT01234567890_FPA01_RC_001`.
///
/// ```
/// use postacert::invoice::{NoticeKind, NoticeName};
///
/// let name: NoticeName = "IT01234567890_FPA01_RC_001".parse()?;
/// assert_eq!((name.invoice().as_str(), name.kind()), ("IT01234567890_FPA01", NoticeKind::Delivered));
/// # Ok::<(), postacert::invoice::NameError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(try_from = "String", into = "String"))]
pub struct NoticeName {
    invoice: InvoiceName,
    kind: NoticeKind,
    progressive: Box<str>,
}

impl NoticeName {
    /// The invoice file that it is about.
    #[must_use]
    pub fn invoice(&self) -> &InvoiceName {
        &self.invoice
    }

    /// What it tells.
    #[must_use]
    pub fn kind(&self) -> NoticeKind {
        self.kind
    }

    /// What tells it from other notices about the same file: one to three letters or digits.
    #[must_use]
    pub fn progressive(&self) -> &str {
        &self.progressive
    }
}

impl FromStr for NoticeName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let (rest, progressive) = text.rsplit_once('_').ok_or(NameError)?;
        let (invoice, kind) = rest.rsplit_once('_').ok_or(NameError)?;
        if !is_progressive(progressive, 3) {
            return Err(NameError);
        }
        let kind = NoticeKind::ALL.into_iter().find(|known| known.as_wire() == kind).ok_or(NameError)?;
        Ok(Self { invoice: invoice.parse()?, kind, progressive: progressive.into() })
    }
}

fn is_progressive(text: &str, longest: usize) -> bool {
    (1..=longest).contains(&text.len()) && is_alphanumeric(text)
}

fn is_alphanumeric(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

impl fmt::Display for InvoiceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Display for NoticeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}_{}_{}", self.invoice, self.kind.as_wire(), self.progressive)
    }
}

macro_rules! text_form {
    ($($name:ident),*) => { $(
        impl TryFrom<String> for $name {
            type Error = NameError;

            fn try_from(text: String) -> Result<Self, NameError> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> Self {
                name.to_string()
            }
        }
    )* };
}

text_form!(InvoiceName, NoticeName);

/// A text that is no name of a file of SdI.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NameError;

impl fmt::Display for NameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name is not one that SdI gives to invoices or notices")
    }
}

impl core::error::Error for NameError {}
