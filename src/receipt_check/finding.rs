//! What is found when a copy is held against the kept original: one table, each row with its weight.

use core::fmt;

use crate::finding::Place;
use crate::language::{Language, Say, spoken};
use crate::mime::Entity;

coded! {
    /// Everything that a copy of a message can be found in when it is held against the original that its sender kept.
    pub enum CheckFindingKind {
        // -- what a provider may do --
        /// The copy has CR LF where the original has LF, or the other way round: it was stored by tools that keep other line ends.
        LineEndsConverted = "line-ends-converted",
            "the line ends of the copy are not those of the original",
            "i fine riga della copia non sono quelli dell'originale";
        /// A header field that providers add: a trace field, an identifier, a field of their own (`X-…`), or a missing `Date`.
        ProviderFieldAdded { name: Box<str> } = "provider-field-added",
            "the provider added the field {name}",
            "il gestore ha aggiunto il campo {name}";
        /// A header field that providers write anew: `Message-ID` (RFC 6109 §2.2.1), a trace field.
        ProviderFieldReplaced { name: Box<str> } = "provider-field-replaced",
            "the provider replaced the field {name}",
            "il gestore ha sostituito il campo {name}";
        /// A header field that providers take out: a trace field, an empty `Bcc`.
        ProviderFieldRemoved { name: Box<str> } = "provider-field-removed",
            "the provider removed the field {name}",
            "il gestore ha tolto il campo {name}";
        /// A header field has the same value on other lines (RFC 5322 §2.2.3).
        FieldRefolded { name: Box<str> } = "field-refolded",
            "the field {name} has the same value on other lines",
            "il campo {name} ha lo stesso valore su righe diverse";
        /// A part that a hash should stand for (RFC 6109 §3.3.2.2) is in the copy itself, and equal: that says more than the hash.
        PartCarriedWhole { name: Box<str> } = "part-carried-whole",
            "the copy has \"{name}\" itself, the same as in the original, and not its hash",
            "la copia contiene \"{name}\" per intero, uguale all'originale, e non la sua impronta";

        // -- what cannot be told --
        /// A part named as a hash is not 40 hexadecimal digits: it says nothing of the original's part.
        HashMalformed { name: Box<str> } = "hash-malformed",
            "the hash \"{name}\" is not 40 hexadecimal digits",
            "l'impronta \"{name}\" non è composta da 40 cifre esadecimali";
        /// A message has more parts, or header fields, than the limits allow, and what lies beyond is not the same to the byte.
        BeyondLimits = "beyond-limits",
            "what lies beyond the limits is not the same and was not looked into",
            "ciò che supera i limiti non è uguale e non è stato esaminato";

        // -- what must not be --
        /// A header field of the copy is not in the original.
        FieldAdded { name: Box<str> } = "field-added",
            "the field {name} is not in the original",
            "il campo {name} non è nell'originale";
        /// A header field has another value in the original.
        FieldChanged { name: Box<str> } = "field-changed",
            "the field {name} has another value in the original",
            "il campo {name} ha un altro valore nell'originale";
        /// A header field of the original is not in the copy.
        FieldRemoved { name: Box<str> } = "field-removed",
            "the field {name} of the original is not in the copy",
            "il campo {name} dell'originale non è nella copia";
        /// Lines of a header that are no fields, or lie beyond the limits, are not the same.
        HeaderChanged = "header-changed",
            "lines of the header that are no fields are not those of the original",
            "le righe dell'intestazione che non sono campi non sono quelle dell'originale";
        /// `X-Riferimento-Message-ID`, where a provider keeps the sender's `Message-ID` (RFC 6109 §2.2.1), names another message.
        ReferenceDiffers { copy: Box<str>, original: Box<str> } = "reference-differs",
            "X-Riferimento-Message-ID is {copy}; the Message-ID of the original is {original}",
            "X-Riferimento-Message-ID è {copy}; il Message-ID dell'originale è {original}";
        /// A hash is that of no part of the original that is not accounted for, whichever way it is computed.
        HashDiffers { name: Box<str>, original: Box<str> } = "hash-differs",
            "the hash \"{name}\" is not that of \"{original}\"",
            "l'impronta \"{name}\" non è quella di \"{original}\"";
        /// A part that stands in the copy itself has another content in the original.
        PartChanged { name: Box<str> } = "part-changed",
            "the content of \"{name}\" is not that of the original",
            "il contenuto di \"{name}\" non è quello dell'originale";
        /// A part has the same decoded content, written in another transfer encoding or on other lines; RFC 6109 §3.3.2.2 forbids that.
        PartReencoded { name: Box<str> } = "part-reencoded",
            "the content of \"{name}\" is the same, but encoded in another way",
            "il contenuto di \"{name}\" è lo stesso, ma codificato in altro modo";
        /// A part, or the hash of one, is not at the place where the original has it.
        PartMoved { name: Box<str> } = "part-moved",
            "\"{name}\" is at another place in the original",
            "\"{name}\" è in un altro punto nell'originale";
        /// A part of the original is not in the copy, neither itself nor by its hash.
        PartMissing { name: Box<str> } = "part-missing",
            "\"{name}\" of the original is not in the copy",
            "\"{name}\" dell'originale non è nella copia";
        /// A part of the copy stands for none of the original.
        PartExtra { name: Box<str> } = "part-extra",
            "\"{name}\" is not in the original",
            "\"{name}\" non è nell'originale";
        /// A hash matches, but its part is not called as the original's with `.hash` behind it.
        NameDiffers { name: Box<str>, original: Box<str> } = "name-differs",
            "the hash of \"{original}\" is called \"{name}\"",
            "l'impronta di \"{original}\" si chiama \"{name}\"";
        /// What stands before the first or behind the last part of a multipart is not the same.
        OutsideTextChanged = "outside-text-changed",
            "the text before or behind the parts is not that of the original",
            "il testo prima o dopo le parti non è quello dell'originale";
        /// The body of a complete copy is not that of the original; the places are where they part.
        BodyChanged = "body-changed",
            "the body is not that of the original",
            "il corpo non è quello dell'originale";
    }
}

impl CheckFindingKind {
    /// What it means for the outcome.
    #[must_use]
    pub fn weight(&self) -> Weight {
        match self {
            Self::LineEndsConverted
            | Self::ProviderFieldAdded { .. }
            | Self::ProviderFieldReplaced { .. }
            | Self::ProviderFieldRemoved { .. }
            | Self::FieldRefolded { .. }
            | Self::PartCarriedWhole { .. } => Weight::Allowed,
            Self::HashMalformed { .. } | Self::BeyondLimits => Weight::Open,
            Self::FieldAdded { .. }
            | Self::FieldChanged { .. }
            | Self::FieldRemoved { .. }
            | Self::HeaderChanged
            | Self::ReferenceDiffers { .. }
            | Self::HashDiffers { .. }
            | Self::PartChanged { .. }
            | Self::PartReencoded { .. }
            | Self::PartMoved { .. }
            | Self::PartMissing { .. }
            | Self::PartExtra { .. }
            | Self::NameDiffers { .. }
            | Self::OutsideTextChanged
            | Self::BodyChanged => Weight::Difference,
        }
    }
}

/// What a [`CheckFinding`] means for the outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "kebab-case"))]
pub enum Weight {
    /// A provider may do so.
    Allowed,
    /// It cannot be told whether the copy agrees here.
    Open,
    /// The copy does not agree with the original.
    Difference,
}

impl Weight {
    /// `allowed`, `open` or `difference`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Allowed => "allowed",
            Self::Open => "open",
            Self::Difference => "difference",
        }
    }

    /// What it is called for people.
    #[must_use]
    pub fn in_language(self, language: Language) -> &'static str {
        match self {
            Self::Allowed => language.pick("allowed", "consentito"),
            Self::Open => language.pick("open question", "questione aperta"),
            Self::Difference => language.pick("difference", "differenza"),
        }
    }
}

/// The English word of [`Weight::in_language`].
impl fmt::Display for Weight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.in_language(Language::English))
    }
}

/// What a copy held against its original came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "kebab-case"))]
pub enum CheckOutcome {
    /// Every part of the original is in the copy, itself or by a hash that matches, and nothing else is but what a provider may add.
    Agrees,
    /// Nothing differs, but of something it cannot be told.
    Undecided,
    /// Something differs.
    Differs,
}

impl CheckOutcome {
    /// The weightiest finding decides.
    pub(super) fn of(findings: &[CheckFinding]) -> Self {
        match findings.iter().map(CheckFinding::weight).max() {
            None | Some(Weight::Allowed) => Self::Agrees,
            Some(Weight::Open) => Self::Undecided,
            Some(Weight::Difference) => Self::Differs,
        }
    }

    /// `agrees`, `undecided` or `differs`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Agrees => "agrees",
            Self::Undecided => "undecided",
            Self::Differs => "differs",
        }
    }

    /// The outcome as a sentence.
    #[must_use]
    pub fn in_language(self, language: Language) -> &'static str {
        match self {
            Self::Agrees => language.pick("the copy agrees with the original", "la copia corrisponde all'originale"),
            Self::Undecided => language
                .pick("whether the copy agrees with the original cannot be told", "non si può dire se la copia corrisponda all'originale"),
            Self::Differs => language.pick("the copy does not agree with the original", "la copia non corrisponde all'originale"),
        }
    }
}

/// The English sentence of [`CheckOutcome::in_language`].
impl fmt::Display for CheckOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.in_language(Language::English))
    }
}

/// Something found when a copy was held against its original, and where in each of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckFinding {
    kind: CheckFindingKind,
    copy: Place,
    original: Place,
}

impl CheckFinding {
    pub(super) fn new(kind: CheckFindingKind, copy: Place, original: Place) -> Self {
        Self { kind, copy, original }
    }

    /// Of the messages as wholes.
    pub(super) fn line_ends_converted() -> Self {
        Self::new(CheckFindingKind::LineEndsConverted, Place::NONE, Place::NONE)
    }

    /// What was found.
    #[must_use]
    pub fn kind(&self) -> &CheckFindingKind {
        &self.kind
    }

    /// The stable kebab-case name of what was found.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.kind.code()
    }

    /// What it means for the outcome.
    #[must_use]
    pub fn weight(&self) -> Weight {
        self.kind.weight()
    }

    /// Where in the copy; no place where the copy lacks what was found.
    #[must_use]
    pub fn copy(&self) -> &Place {
        &self.copy
    }

    /// Where in the original; no place where the original has nothing of the kind.
    #[must_use]
    pub fn original(&self) -> &Place {
        &self.original
    }
}

spoken!(CheckFinding);

impl Say for CheckFinding {
    fn say(&self, language: Language, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.kind.say(language, f)?;
        let (copy, original) = (self.copy.in_language(language), self.original.in_language(language));
        let (in_copy, in_original) = (language.pick("copy", "copia"), language.pick("original", "originale"));
        match (self.copy == Place::NONE, self.original == Place::NONE) {
            (true, true) => Ok(()),
            (false, true) => write!(f, " ({in_copy}: {copy})"),
            (true, false) => write!(f, " ({in_original}: {original})"),
            (false, false) => write!(f, " ({in_copy}: {copy}; {in_original}: {original})"),
        }
    }
}

/// The name of a part, or else its content type.
pub(super) fn label(part: &Entity<'_, '_>) -> Box<str> {
    match part.names().find(|name| !name.is_empty()) {
        Some(name) => name.into(),
        None => format!("{}/{}", part.content_type().kind(), part.content_type().subtype()).into(),
    }
}

/// A part, and a byte of its message.
pub(super) fn place(part: &Entity<'_, '_>, offset: usize) -> Place {
    Place::at(&part.section(), offset)
}

#[cfg(feature = "serde")]
impl serde::Serialize for CheckFinding {
    /// Its code, its weight, its sentence, and where it was found in either.
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeStruct as _;
        let mut row = serializer.serialize_struct("CheckFinding", 7)?;
        row.serialize_field("code", self.code())?;
        row.serialize_field("weight", &self.weight())?;
        row.serialize_field("text", &self.kind.to_string())?;
        row.serialize_field("copy_part", &self.copy.part)?;
        row.serialize_field("copy_offset", &self.copy.offset)?;
        row.serialize_field("original_part", &self.original.part)?;
        row.serialize_field("original_offset", &self.original.offset)?;
        row.end()
    }
}
