//! CMS `SignedData` (RFC 5652 §5), the signature of an S/MIME message: read as raw spans, and written.

mod attributes;
mod encapsulated;
mod read;
#[cfg(test)]
mod tests;
mod write;

use core::fmt;

use crate::{
    asn1::{Asn1Error, Asn1ErrorKind},
    crypto::AlgorithmError,
    language::{Language, Say, spoken},
};

pub(crate) use attributes::SignedAttributes;
pub(crate) use encapsulated::encapsulated;
pub(crate) use read::{SignedData, SignerId, Trailing, read};
pub(crate) use write::SignedDataDraft;

/// Why a CMS signature (`smime.p7s`, RFC 5652) could not be read: what is wrong, and where in its decoded bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CmsError {
    kind: CmsErrorKind,
    offset: usize,
}

impl CmsError {
    pub(crate) fn new(kind: CmsErrorKind, offset: usize) -> Self {
        Self { kind, offset }
    }

    /// What is wrong.
    #[must_use]
    pub fn kind(&self) -> &CmsErrorKind {
        &self.kind
    }

    /// The stable kebab-case name of what is wrong.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.kind.code()
    }

    /// Where it is, in bytes from the beginning of the decoded structure.
    #[must_use]
    pub fn offset(&self) -> usize {
        self.offset
    }
}

spoken!(CmsError);

impl Say for CmsError {
    fn say(&self, language: Language, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let offset = language.pick("offset", "posizione");
        write!(f, "{} ({offset} {})", self.kind.in_language(language), self.offset)
    }
}

impl core::error::Error for CmsError {}

impl From<Asn1Error> for CmsError {
    fn from(error: Asn1Error) -> Self {
        Self::new(CmsErrorKind::Encoding { error: error.kind }, error.offset)
    }
}

coded! {
    /// What is wrong with a CMS signature.
    pub enum CmsErrorKind {
        /// The bytes are not the BER of a `SignedData`, or DER where DER is demanded.
        Encoding { error: Asn1ErrorKind } = "cms-encoding",
            "{error}",
            "{error}";
        /// More bytes than the limit.
        TooLarge { limit: usize } = "cms-too-large",
            "the structure is larger than {limit} bytes",
            "la struttura supera {limit} byte";
        /// More certificates than the limit, those of other kinds included.
        TooManyCertificates { limit: usize } = "cms-too-many-certificates",
            "there are more than {limit} certificates",
            "ci sono più di {limit} certificati";
        /// More revocation lists than the limit, those of other kinds included.
        TooManyCrls { limit: usize } = "cms-too-many-crls",
            "there are more than {limit} revocation lists",
            "ci sono più di {limit} elenchi delle revoche";
        /// More signed, or unsigned, attributes than the limit.
        TooManyAttributes { limit: usize } = "cms-too-many-attributes",
            "the signer has more than {limit} attributes",
            "il firmatario ha più di {limit} attributi";
        /// The content is of another type than `SignedData`, as encrypted mail is.
        NotSignedData { oid: Box<str> } = "cms-not-signed-data",
            "the structure is of the type {oid}, not signed data",
            "la struttura è del tipo {oid}, non sono dati firmati";
        /// The signed content is of another type than `id-data` (R11).
        NotData { oid: Box<str> } = "cms-not-data",
            "the signed content is of the type {oid}, not plain data",
            "il contenuto firmato è del tipo {oid}, non sono dati semplici";
        /// Bytes other than line breaks after the structure.
        TrailingBytes = "cms-trailing-bytes",
            "bytes follow the structure",
            "altri byte seguono la struttura";
        /// Nobody signed (R10).
        NoSigner = "cms-no-signer",
            "there is no signer",
            "non c'è alcun firmatario";
        /// Several signed (R10): which of them speaks would be a guess.
        MultipleSigners = "cms-multiple-signers",
            "there is more than one signer",
            "c'è più di un firmatario";
        /// The signer has no signed attributes (R11).
        NoSignedAttributes = "cms-no-signed-attributes",
            "the signer has no signed attributes",
            "il firmatario non ha attributi firmati";
        /// A signed attribute that must be there is not (R11).
        AttributeMissing { attribute: &'static str } = "cms-attribute-missing",
            "the signed attribute {attribute} is missing",
            "manca l'attributo firmato {attribute}";
        /// A signed attribute that may be there once is there twice (R11).
        AttributeTwice { attribute: &'static str } = "cms-attribute-twice",
            "the signed attribute {attribute} is there twice",
            "l'attributo firmato {attribute} compare due volte";
        /// A signed attribute with other than one value (R11).
        AttributeValues { attribute: &'static str } = "cms-attribute-values",
            "the signed attribute {attribute} has other than one value",
            "l'attributo firmato {attribute} non ha esattamente un valore";
        /// The attribute content-type is not the type of the signed content (R11).
        ContentTypeMismatch { attribute: Box<str>, content: Box<str> } = "cms-content-type-mismatch",
            "the attribute content-type says {attribute}, the content is of the type {content}",
            "l'attributo content-type dice {attribute}, il contenuto è del tipo {content}";
        /// The algorithms of the signer cannot be used, or disagree (R12).
        Algorithm { error: AlgorithmError } = "cms-algorithm",
            "{error}",
            "{error}";
        /// The signed attribute CMSAlgorithmProtection (RFC 6211) names other algorithms than the signer (R12).
        AlgorithmProtection = "cms-algorithm-protection",
            "the signed attribute CMSAlgorithmProtection names other algorithms than the signer",
            "l'attributo firmato CMSAlgorithmProtection indica algoritmi diversi da quelli del firmatario";
    }
}
