//! The identifiers of messages.

#![warn(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use core::fmt;
use core::str::FromStr;

/// A line of mail (RFC 5322 §2.1.1), which an identifier may not outgrow.
const LENGTH_MAX: usize = 998;

/// The identifier that a provider gives to a message (`identificativo`, RFC 6109 §4.4): the one thing that ties a
/// transport envelope and all its receipts together.
///
/// Real ones look like a Message-ID (`opec2941.20250525101010.12345.678.1.52@pec.example`), but a bare GUID is met too: so any text of
/// visible ASCII characters will do, of at most 998 bytes. Angle brackets around it are optional on input and never kept.
/// Two are compared byte for byte: case matters.
///
/// ```
/// use postacert::PecId;
///
/// let id: PecId = "<opec2941.20250525@pec.example>".parse()?;
/// assert_eq!(id.as_str(), "opec2941.20250525@pec.example");
/// # Ok::<(), postacert::IdentError>(())
/// ```
#[doc(alias = "identificativo")]
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(try_from = "String", into = "String"))]
pub struct PecId(Box<str>);

/// The `Message-ID` that the sender's program gave to the original message (`msgid`, RFC 6109 §4.4; RFC 5322 §3.6.4).
///
/// Programs write what they like there, so the form is that of [`PecId`]: visible ASCII characters, at most 998, compared byte for
/// byte; angle brackets optional on input and never kept.
///
/// ```
/// use postacert::MessageId;
///
/// let id: MessageId = "<SN05IE$951DEC16@pec.example>".parse()?;
/// assert_eq!(id, "SN05IE$951DEC16@pec.example".parse()?);
/// assert_eq!(id.to_string(), "SN05IE$951DEC16@pec.example");
/// # Ok::<(), postacert::IdentError>(())
/// ```
#[doc(alias = "msgid")]
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(try_from = "String", into = "String"))]
pub struct MessageId(Box<str>);

impl PecId {
    /// An identifier of this provider's making. Both parts are of visible ASCII and short, by their types.
    pub(crate) fn minted(unique: u128, host: &crate::address::Domain) -> Self {
        Self(format!("{unique:032x}@{host}").into())
    }

    /// The identifier, without brackets.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl MessageId {
    pub(crate) fn minted(unique: u128, host: &crate::address::Domain) -> Self {
        Self(format!("{unique:032x}@{host}").into())
    }

    /// The identifier, without brackets.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for PecId {
    type Err = IdentError;

    fn from_str(s: &str) -> Result<Self, IdentError> {
        bare(s).map(|id| Self(id.into()))
    }
}

impl FromStr for MessageId {
    type Err = IdentError;

    fn from_str(s: &str) -> Result<Self, IdentError> {
        bare(s).map(|id| Self(id.into()))
    }
}

crate::language::same_in_all_languages!(PecId);

crate::address::text_value!(PecId: IdentError, MessageId: IdentError);

coded! {
    /// Why a text is no identifier; offsets are in bytes.
    pub enum IdentError {
        /// There is no text, or none between the brackets.
        Empty = "identifier-empty",
            "the identifier is empty",
            "l'identificativo è vuoto";
        /// One angle bracket without the other.
        Brackets = "identifier-brackets",
            "the identifier has one angle bracket without the other",
            "l'identificativo ha una parentesi angolare senza l'altra";
        /// A blank, a control character, an angle bracket inside, or a character that is not ASCII.
        Character { offset: usize } = "identifier-character",
            "the identifier has an unlawful character at offset {offset}",
            "l'identificativo ha un carattere non ammesso alla posizione {offset}";
        /// No line of mail could hold it.
        TooLong { limit: usize } = "identifier-too-long",
            "the identifier is longer than {limit} bytes",
            "l'identificativo supera {limit} byte";
    }
}

impl core::error::Error for IdentError {}

/// The identifier without its brackets, if its form is lawful.
fn bare(s: &str) -> Result<&str, IdentError> {
    let (id, skipped) = match (s.strip_prefix('<'), s.strip_suffix('>')) {
        (Some(rest), Some(_)) => (rest.strip_suffix('>').ok_or(IdentError::Brackets)?, 1),
        (None, None) => (s, 0),
        _ => return Err(IdentError::Brackets),
    };
    if id.is_empty() {
        return Err(IdentError::Empty);
    }
    if id.len() > LENGTH_MAX {
        return Err(IdentError::TooLong { limit: LENGTH_MAX });
    }
    match id.bytes().position(|b| !b.is_ascii_graphic() || b == b'<' || b == b'>') {
        Some(i) => Err(IdentError::Character { offset: i.saturating_add(skipped) }),
        None => Ok(id),
    }
}
