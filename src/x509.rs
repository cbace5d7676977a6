//! X.509 certificates: what one says, whether it fits RFC 6109 §5.5, whether it leads to an anchor, whether it was revoked.
//!
//! A certificate is parsed once, by a strict DER walker, and keeps its own bytes: signatures are checked over them, never over
//! something written anew. Nothing here knows a clock, a key store or a trust of its own: anchors, time and lists come in.

#![warn(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects))]

mod constraints;
mod crl;
mod facts;
mod link;
mod name;
mod path;
mod profile;
mod read;
#[cfg(all(test, feature = "rustcrypto"))]
mod tests;

pub use constraints::NameRule;
pub use crl::{Crl, CrlError, CrlErrorKind, RevocationGap};
pub(crate) use crl::{Revocation, status as revocation_status};
pub(crate) use facts::{Extensions, PublicKeyFacts};
pub use link::Uncheckable;
pub(crate) use link::{check_signature, link};
pub use path::PathError;
pub(crate) use path::{Judgement, OutOfTime, Pool, Search, out_of_time};
pub(crate) use profile::profile;
pub use profile::{ProfileProblem, Severity};

use core::fmt;
use std::sync::Arc;

use crate::asn1::Asn1ErrorKind;
use crate::crypto::{AlgorithmError, SignatureScheme, signature_scheme};
use crate::language::{Language, Say, spoken};
use crate::pem::{Unreadable, pem_or_der};
use crate::time::UnixTime;

/// An X.509 certificate (RFC 5280), parsed and immutable. A clone costs nothing, and two are equal when their bytes are.
///
/// Being able to read one says nothing about whom to trust.
///
/// ```
/// # fn example(pem: &[u8]) -> Result<(), postacert::CertificateError> {
/// for certificate in postacert::Certificate::from_pem_or_der(pem)? {
///     println!("{} until {}", certificate.subject(), certificate.not_after());
/// }
/// # Ok(()) }
/// # assert!(example(b"").is_err());
/// ```
#[derive(Clone)]
pub struct Certificate(Arc<facts::Facts>);

impl Certificate {
    /// Reads one certificate from its DER, which must end where the certificate does.
    ///
    /// # Errors
    /// [`CertificateError`] with the place of the first thing that is not as RFC 5280 wants it. Serial numbers that are negative or
    /// longer than 20 octets are taken, as they do no harm.
    pub fn from_der(der: &[u8]) -> Result<Self, CertificateError> {
        facts::read(der).map(|facts| Self(Arc::new(facts)))
    }

    /// Reads certificates as people keep them: one in DER, or any number in PEM (RFC 7468), in their order, with whatever text or other
    /// PEM blocks around them.
    ///
    /// # Errors
    /// [`CertificateError`] when there is none, or one of them cannot be read.
    pub fn from_pem_or_der(bytes: &[u8]) -> Result<Vec<Self>, CertificateError> {
        pem_or_der(bytes, &["CERTIFICATE", "X509 CERTIFICATE"], Self::from_der).map_err(|why| match why {
            Unreadable::Value { error, block } => CertificateError { block, ..error },
            Unreadable::Malformed { offset } => {
                CertificateError { kind: CertificateErrorKind::MalformedPem, offset: Some(offset), block: None }
            }
            Unreadable::NoneFound => CertificateError { kind: CertificateErrorKind::NoneFound, offset: None, block: None },
        })
    }

    /// Its bytes, as they were given.
    #[must_use]
    pub fn der(&self) -> &[u8] {
        &self.0.der
    }

    /// The SHA-256 of its bytes: what identifies it.
    #[must_use]
    pub fn sha256(&self) -> &[u8; 32] {
        &self.0.sha256
    }

    /// The SHA-1 of its bytes, which the directory of providers uses as an index (`providerCertificateHash`, RFC 6109 §4.5.3). It proves nothing.
    #[must_use]
    pub fn sha1(&self) -> &[u8; 20] {
        &self.0.sha1
    }

    /// Whom it is about, as RFC 4514 writes names, e.g. `CN=Posta Certificata,O=Gestore Uno PEC S.p.A.,C=IT`. What could be taken for
    /// something else, is invisible, or turns the line around is escaped.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.0.subject.text
    }

    /// Who signed it, written as [`subject`](Self::subject) is.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.0.issuer.text
    }

    /// Its serial number in lower-case hexadecimal digits, without leading zeros.
    #[must_use]
    pub fn serial(&self) -> &str {
        &self.0.serial_hex
    }

    /// The first instant at which it is valid.
    #[must_use]
    pub fn not_before(&self) -> UnixTime {
        self.0.not_before
    }

    /// The last instant at which it is valid.
    #[must_use]
    pub fn not_after(&self) -> UnixTime {
        self.0.not_after
    }

    /// The mail addresses that it vouches for: the `rfc822Name`s of its subjectAltName, as written there. An address in the subject's name
    /// is not among them (rule: it binds nothing).
    #[must_use]
    pub fn emails(&self) -> &[Box<str>] {
        self.0.extensions.emails()
    }

    /// Everything else that was read.
    pub(crate) fn extensions(&self) -> &Extensions {
        &self.0.extensions
    }

    /// 1, 2 or 3.
    pub(crate) fn version(&self) -> u8 {
        self.0.version
    }

    /// The bytes that its issuer signed.
    pub(crate) fn tbs(&self) -> &[u8] {
        self.0.slice(&self.0.tbs)
    }

    /// The raw `SubjectPublicKeyInfo`.
    pub(crate) fn spki(&self) -> &[u8] {
        self.0.slice(&self.0.spki)
    }

    /// The raw `Name` of its issuer.
    pub(crate) fn issuer_der(&self) -> &[u8] {
        self.0.slice(&self.0.issuer_der)
    }

    /// The content octets of its serial number, as written.
    pub(crate) fn serial_octets(&self) -> &[u8] {
        self.0.slice(&self.0.serial)
    }

    /// The raw AlgorithmIdentifier of its signature.
    pub(crate) fn signature_algorithm(&self) -> &[u8] {
        self.0.slice(&self.0.signature_algorithm)
    }

    /// How its issuer signed it, or why that is not known: for policies that judge weak digests.
    pub(crate) fn signed_with(&self) -> Result<SignatureScheme, AlgorithmError> {
        signature_scheme(self.signature_algorithm(), None)
    }

    /// Its issuer's signature.
    pub(crate) fn signature(&self) -> &[u8] {
        self.0.slice(&self.0.signature)
    }

    /// A form of its subject in which equal names are equal octets (RFC 5280 §7.1).
    pub(crate) fn subject_key(&self) -> &[u8] {
        &self.0.subject.key
    }

    /// The same of its issuer.
    pub(crate) fn issuer_key(&self) -> &[u8] {
        &self.0.issuer.key
    }

    /// Whether subject and issuer are the same name.
    pub(crate) fn is_self_issued(&self) -> bool {
        self.subject_key() == self.issuer_key()
    }

    /// Whether its subject has this organization and this common name, and no other of either.
    pub(crate) fn is_named(&self, organization: &str, common_name: &str) -> bool {
        let subject = &self.0.subject;
        let only = |names: &[Box<str>], wanted: &str| matches!(names, [name] if **name == *wanted);
        only(&subject.organizations, organization) && only(&subject.common_names, common_name)
    }

    /// What its key is made of, as far as it is known without a backend.
    pub(crate) fn public_key(&self) -> &PublicKeyFacts {
        &self.0.public_key
    }
}

impl PartialEq for Certificate {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.0.der == other.0.der
    }
}

impl Eq for Certificate {}

impl core::hash::Hash for Certificate {
    fn hash<H: core::hash::Hasher>(&self, state: &mut H) {
        self.sha256().hash(state);
    }
}

/// What a record of evidence needs to name a certificate; the bytes themselves are not in it.
#[cfg(feature = "serde")]
impl serde::Serialize for Certificate {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeStruct as _;
        let mut fields = serializer.serialize_struct("Certificate", 7)?;
        fields.serialize_field("subject", self.subject())?;
        fields.serialize_field("issuer", self.issuer())?;
        fields.serialize_field("serial", self.serial())?;
        fields.serialize_field("sha256", &read::hex(self.sha256()))?;
        fields.serialize_field("not_before", &self.not_before())?;
        fields.serialize_field("not_after", &self.not_after())?;
        fields.serialize_field("emails", self.emails())?;
        fields.end()
    }
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certificate")
            .field("subject", &self.subject())
            .field("issuer", &self.issuer())
            .field("serial", &self.serial())
            .field("sha256", &read::hex(self.sha256()))
            .finish_non_exhaustive()
    }
}

/// Why a certificate could not be read, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateError {
    kind: CertificateErrorKind,
    offset: Option<usize>,
    block: Option<usize>,
}

impl CertificateError {
    /// What is wrong.
    #[must_use]
    pub fn kind(&self) -> &CertificateErrorKind {
        &self.kind
    }

    /// Where, in bytes from the beginning of the certificate's DER; of the PEM text when the PEM is at fault.
    #[must_use]
    pub fn offset(&self) -> Option<usize> {
        self.offset
    }

    /// In which certificate of a PEM text, counted from 1.
    #[must_use]
    pub fn block(&self) -> Option<usize> {
        self.block
    }
}

spoken!(CertificateError);

impl Say for CertificateError {
    fn say(&self, language: Language, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.kind.say(language, f)?;
        let (of, pem) = language.pick(("of", "PEM certificate"), ("del", "certificato PEM"));
        match (self.offset, self.block) {
            (Some(offset), Some(block)) => write!(f, " (byte {offset} {of} {pem} {block})"),
            (Some(offset), None) => write!(f, " (byte {offset})"),
            (None, Some(block)) => write!(f, " ({pem} {block})"),
            (None, None) => Ok(()),
        }
    }
}

impl core::error::Error for CertificateError {}

coded! {
    /// What is wrong with a certificate.
    pub enum CertificateErrorKind {
        /// The bytes are not the DER that RFC 5280 describes.
        Malformed { what: &'static str, error: Asn1ErrorKind } = "certificate-malformed",
            "the {what} is malformed: {error}",
            "elemento malformato ({what}): {error}";
        /// More bytes follow the certificate.
        TrailingBytes = "certificate-trailing-bytes",
            "bytes follow the certificate",
            "altri byte seguono il certificato";
        /// A version that does not exist.
        UnknownVersion = "certificate-unknown-version",
            "the version is none of 1, 2 and 3",
            "la versione non è né 1, né 2, né 3";
        /// The algorithm that the issuer signed under and the one written beside the signature differ.
        AlgorithmsDiffer = "certificate-algorithms-differ",
            "the signature algorithm inside the signed bytes is not the one outside",
            "l'algoritmo di firma dentro i byte firmati non è quello indicato fuori";
        /// A mail address in subjectAltName with NUL, another control character or an octet beyond ASCII: it could be read in two ways.
        AddressNotAscii = "certificate-address-not-ascii",
            "a mail address in subjectAltName holds octets that no address has",
            "un indirizzo di posta in subjectAltName contiene ottetti che nessun indirizzo ha";
        /// PEM that ends in the middle, or holds other characters than base64.
        MalformedPem = "certificate-malformed-pem",
            "the PEM is cut short or is not base64",
            "il PEM è troncato o non è base64";
        /// PEM blocks are there, but none is a certificate.
        NoneFound = "certificate-none-found",
            "the PEM holds no certificate",
            "il PEM non contiene alcun certificato";
    }
}
