//! What is proven, and by what.

use std::sync::Arc;

use super::policy::TimeBasis;
use super::report::Checks;
use crate::certdata::CertificationData;
use crate::crypto::Digest;
use crate::finding::Finding;
use crate::message::{CarriedMessage, Content, LineForm};
use crate::notification::{Notification, NotificationError, TransportEnvelope};
use crate::time::UnixTime;
use crate::x509::Certificate;

/// A value built from signed bytes whose verification passed, with the evidence of it.
///
/// Only [`Verifier::verify`](crate::Verifier::verify) makes one. There is no way to put a value into it, to change the one inside, or to read
/// one back from storage: code that takes a `&Verified<Notification>` cannot be given an unproven receipt.
///
/// ```
/// use postacert::{Notification, Verified};
///
/// fn file_receipt(receipt: &Verified<Notification>) {
///     println!("{} on {}", receipt.value().kind().as_wire(), receipt.value().transaction().when());
/// }
/// # let _ = file_receipt;
/// ```
///
/// The same with an unverified one does not compile, and there is no constructor:
///
/// ```compile_fail
/// use postacert::{Notification, Verified};
///
/// fn file_receipt(receipt: &Notification) {
///     let forged: Verified<Notification> = Verified { value: receipt.clone(), evidence: unimplemented!() };
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Verified<T> {
    value: T,
    evidence: Arc<Evidence>,
}

impl<T> Verified<T> {
    /// The one constructor, for the verifier alone.
    pub(super) fn new(value: T, evidence: Arc<Evidence>) -> Self {
        Self { value, evidence }
    }

    /// What is proven.
    #[must_use]
    pub fn value(&self) -> &T {
        &self.value
    }

    /// By what.
    #[must_use]
    pub fn evidence(&self) -> &Evidence {
        &self.evidence
    }

    /// Gives up the proof, for the value alone.
    #[must_use]
    pub fn into_unproven(self) -> T {
        self.value
    }

    fn with<U>(&self, value: U) -> Verified<U> {
        Verified { value, evidence: Arc::clone(&self.evidence) }
    }
}

/// A verified content in its parts, each with the proof.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct VerifiedParts<'a> {
    /// The certification data, which the provider attests; an anomaly envelope has none.
    pub data: Option<Verified<CertificationData>>,
    /// The carried message: proven is that the provider carried these bytes, not who wrote them.
    pub original: Option<Verified<CarriedMessage<'a>>>,
}

impl<'a> Verified<Content<'a>> {
    /// The notification (receipt) that this message is.
    ///
    /// # Errors
    /// [`NotificationError`] when it is an envelope, or when its data, though verified, lack what its kind must have.
    pub fn notification(&self) -> Result<Verified<Notification>, NotificationError> {
        let data = self.value.data().ok_or(NotificationError::NoData)?;
        Ok(self.with(Notification::try_from(data)?))
    }

    /// The transport envelope (`posta-certificata`) that this message is.
    ///
    /// # Errors
    /// [`NotificationError`] when it is something else, or when its data, though verified, lack what an envelope must have.
    pub fn transport_envelope(&self) -> Result<Verified<TransportEnvelope>, NotificationError> {
        let data = self.value.data().ok_or(NotificationError::NoData)?;
        Ok(self.with(TransportEnvelope::try_from(data)?))
    }

    /// Takes it apart and hands the proof to each part.
    #[must_use]
    pub fn split(self) -> VerifiedParts<'a> {
        let evidence = self.evidence;
        let (data, original) = self.value.into_parts();
        VerifiedParts {
            data: data.map(|value| Verified { value, evidence: Arc::clone(&evidence) }),
            original: original.map(|value| Verified { value, evidence }),
        }
    }

    /// The same, owning the carried bytes.
    #[must_use]
    pub fn into_owned(self) -> Verified<Content<'static>> {
        Verified { value: self.value.into_owned(), evidence: self.evidence }
    }
}

impl Verified<CarriedMessage<'_>> {
    /// The same, owning its bytes.
    #[must_use]
    pub fn into_owned(self) -> Verified<CarriedMessage<'static>> {
        Verified { value: self.value.into_owned(), evidence: self.evidence }
    }
}

/// Who signed, as the certificate and the directory name it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Signer {
    certificate: Certificate,
    provider: Option<Box<str>>,
}

impl Signer {
    pub(crate) fn new(certificate: Certificate, provider: Option<Box<str>>) -> Self {
        Self { certificate, provider }
    }

    /// The signer's certificate.
    #[must_use]
    pub fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// The subject of the certificate, readable.
    #[must_use]
    pub fn subject(&self) -> &str {
        self.certificate.subject()
    }

    /// The provider under which the directory lists the certificate.
    #[must_use]
    pub fn provider(&self) -> Option<&str> {
        self.provider.as_deref()
    }
}

/// What a verification rests on: enough to say what was proven and why, and to run it again.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Evidence {
    pub(crate) library: &'static str,
    pub(crate) policy: &'static str,
    pub(crate) basis: TimeBasis,
    pub(crate) instant: UnixTime,
    pub(crate) checks: Checks,
    pub(crate) signer: Arc<Signer>,
    pub(crate) path: Vec<Certificate>,
    pub(crate) signed_digest: Digest,
    pub(crate) signing_time: Option<UnixTime>,
    pub(crate) line_form: LineForm,
    pub(crate) directory: Option<DirectorySnapshot>,
    pub(crate) findings: Vec<Finding>,
}

/// Which directory was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct DirectorySnapshot {
    /// The SHA-256 of its LDIF.
    pub sha256: [u8; 32],
    /// The date the caller gave it, if any.
    pub as_of: Option<UnixTime>,
}

impl Evidence {
    /// The version of this library.
    #[must_use]
    pub fn library(&self) -> &'static str {
        self.library
    }

    /// The name of the policy, see [`Policy::name`](crate::Policy::name).
    #[must_use]
    pub fn policy(&self) -> &'static str {
        self.policy
    }

    /// Why the instant of the verification was believed.
    #[must_use]
    pub fn basis(&self) -> TimeBasis {
        self.basis
    }

    /// The instant the certificates were judged by.
    #[must_use]
    pub fn instant(&self) -> UnixTime {
        self.instant
    }

    /// How the checks came out.
    #[must_use]
    pub fn checks(&self) -> &Checks {
        &self.checks
    }

    /// Who signed.
    #[must_use]
    pub fn signer(&self) -> &Signer {
        &self.signer
    }

    /// The path from the signer's certificate to the trust anchor, both included; only the signer's when a directory alone was asked.
    #[must_use]
    pub fn path(&self) -> &[Certificate] {
        &self.path
    }

    /// The digest of the signed bytes: with the signer's certificate it identifies the signed message.
    #[must_use]
    pub fn signed_digest(&self) -> Digest {
        self.signed_digest
    }

    /// The signing time that the signer wrote.
    #[must_use]
    pub fn signing_time(&self) -> Option<UnixTime> {
        self.signing_time
    }

    /// In which form of its lines the signature holds.
    #[must_use]
    pub fn line_form(&self) -> LineForm {
        self.line_form
    }

    /// Which directory was asked.
    #[must_use]
    pub fn directory(&self) -> Option<&DirectorySnapshot> {
        self.directory.as_ref()
    }

    /// What was noticed without deciding anything.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }
}
