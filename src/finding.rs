//! What was noticed in a message: one table of conditions, each with its code, its sentence and its place.

mod table;

use core::fmt;

use crate::language::{Language, Say, spoken};

pub use table::{FindingKind, Weakness};

/// One row of a table of conditions: what [`FindingKind::TABLE`] and the tables of the error types are made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct CodeRow {
    /// The stable kebab-case name.
    pub code: &'static str,
    /// The English sentence, with the names of its values in braces.
    pub text: &'static str,
    /// The Italian sentence, with the same names.
    pub italian: &'static str,
    /// What it means, in a sentence or two.
    pub meaning: &'static str,
}

/// Where in a message something was noticed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Place {
    /// The MIME section as IMAP numbers it (`"1.2"`), empty for the message itself; `None` where no part is concerned.
    pub part: Option<Box<str>>,
    /// The offset in bytes from the beginning of the message, where one byte can be pointed at.
    pub offset: Option<usize>,
}

impl Place {
    /// No particular place.
    pub(crate) const NONE: Self = Self { part: None, offset: None };

    /// A byte of the message, in the part whose section number is given.
    pub(crate) fn at(part: &str, offset: usize) -> Self {
        Self { part: Some(part.into()), offset: Some(offset) }
    }

    /// A whole part.
    pub(crate) fn part(part: &str) -> Self {
        Self { part: Some(part.into()), offset: None }
    }
}

spoken!(Place, Finding);

impl Say for Place {
    fn say(&self, language: Language, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.part.as_deref() {
            Some("") => f.write_str(language.pick("the message itself", "il messaggio stesso"))?,
            Some(section) => write!(f, "{} {section}", language.pick("part", "parte"))?,
            None => {}
        }
        match self.offset {
            Some(offset) => {
                let comma = if self.part.is_some() { ", " } else { "" };
                write!(f, "{comma}{} {offset}", language.pick("offset", "posizione"))
            }
            None => Ok(()),
        }
    }
}

/// The seven things a verification looks at, in the order of a [`Report`](crate::Report).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "kebab-case"))]
#[non_exhaustive]
pub enum Check {
    /// Is it a signed PEC message at all, framed without ambiguity?
    Structure,
    /// Does the mathematics of the signature hold over the signed bytes?
    Signature,
    /// Is the signer's certificate of the right profile, and does a path lead to a trust anchor or a listing?
    Chain,
    /// Were the certificates valid at the time that counts?
    Time,
    /// Was none of them revoked?
    Revocation,
    /// Was this provider entitled to attest these addresses, and does it speak from its own?
    Authority,
    /// Do the certification data read well, and are they of a lawful form?
    Content,
}

impl Check {
    /// All seven, in order.
    pub const ALL: [Self; 7] =
        [Self::Structure, Self::Signature, Self::Chain, Self::Time, Self::Revocation, Self::Authority, Self::Content];

    /// The lower-case word of the check.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.in_language(Language::English)
    }

    /// The lower-case word of the check, in a language.
    #[must_use]
    pub fn in_language(self, language: Language) -> &'static str {
        match self {
            Self::Structure => language.pick("structure", "struttura"),
            Self::Signature => language.pick("signature", "firma"),
            Self::Chain => language.pick("chain", "catena"),
            Self::Time => language.pick("time", "tempo"),
            Self::Revocation => language.pick("revocation", "revoca"),
            Self::Authority => language.pick("authority", "competenza"),
            Self::Content => language.pick("content", "contenuto"),
        }
    }
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Something noticed: a departure from the rules, or two statements that disagree.
///
/// A finding alone never changes an outcome under the default policy; where one decided, it is the finding of a
/// [`Reason`](crate::Reason).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    kind: FindingKind,
    place: Place,
}

impl Finding {
    pub(crate) fn new(kind: FindingKind, place: Place) -> Self {
        Self { kind, place }
    }

    /// What was noticed.
    #[must_use]
    pub fn kind(&self) -> &FindingKind {
        &self.kind
    }

    /// The stable kebab-case name of what was noticed.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.kind.code()
    }

    /// Where it was noticed.
    #[must_use]
    pub fn place(&self) -> &Place {
        &self.place
    }
}

impl From<FindingKind> for Finding {
    fn from(kind: FindingKind) -> Self {
        Self::new(kind, Place::NONE)
    }
}

impl Say for Finding {
    fn say(&self, language: Language, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.kind.say(language, f)?;
        if self.place == Place::NONE {
            return Ok(());
        }
        write!(f, " ({})", self.place.in_language(language))
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for Finding {
    /// Its code, its sentence, and where it was noticed.
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeStruct as _;
        let mut row = serializer.serialize_struct("Finding", 4)?;
        row.serialize_field("code", self.code())?;
        row.serialize_field("text", &self.kind.to_string())?;
        row.serialize_field("part", &self.place.part)?;
        row.serialize_field("offset", &self.place.offset)?;
        row.end()
    }
}
