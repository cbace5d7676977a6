//! What is proven, and by what.

use std::sync::Arc;

use super::policy::TimeBasis;
use super::report::Checks;
use crate::certdata::CertificationData;
use crate::crypto::Digest;
use crate::finding::Finding;
use crate::fingerprint::Fingerprint;
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
/// An unproven receipt is refused by the compiler, and there is no constructor to make it proven:
///
/// ```compile_fail
/// # use postacert::{Notification, Verified};
/// # fn file_receipt(_: &Verified<Notification>) {}
/// fn act(claimed: &Notification) {
///     file_receipt(claimed);
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
    /// By what the signed message is known again, whatever stands around its signed bytes: their digest and the signer's certificate.
    pub(crate) fn fingerprint(&self) -> Fingerprint {
        Fingerprint::signed(&self.signed_digest, self.signer.certificate().sha256())
    }

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

/// Each of these does not compile, and its twin, which differs in one line, does: so it is that line which is refused.
///
/// # No literal, for the fields are private
/// ```compile_fail
/// use postacert::{Evidence, Notification, Verified};
/// fn forge(claimed: Notification, evidence: std::sync::Arc<Evidence>, other: Verified<Notification>) -> Verified<Notification> {
///     Verified { value: claimed, evidence }
/// }
/// ```
/// ```
/// use postacert::{Evidence, Notification, Verified};
/// fn forge(claimed: Notification, evidence: std::sync::Arc<Evidence>, other: Verified<Notification>) -> Verified<Notification> {
///     other
/// }
/// ```
///
/// # No constructor
/// ```compile_fail
/// use postacert::{Evidence, Notification, Verified};
/// fn forge(claimed: Notification, evidence: std::sync::Arc<Evidence>, other: Verified<Notification>) -> Verified<Notification> {
///     Verified::new(claimed, evidence)
/// }
/// ```
/// ```
/// use postacert::{Evidence, Notification, Verified};
/// fn forge(claimed: Notification, evidence: std::sync::Arc<Evidence>, other: Verified<Notification>) -> Verified<Notification> {
///     Verified::clone(&other)
/// }
/// ```
///
/// # No struct update from another one
/// ```compile_fail
/// use postacert::{CertificationData, Verified};
/// fn forge(claimed: CertificationData, other: Verified<CertificationData>) -> Verified<CertificationData> {
///     Verified { value: claimed, ..other }
/// }
/// ```
/// ```
/// use postacert::{CertificationData, Verified};
/// fn forge(claimed: CertificationData, other: Verified<CertificationData>) -> Verified<CertificationData> {
///     other
/// }
/// ```
///
/// # No default
/// ```compile_fail
/// let text: postacert::Verified<String> = Default::default();
/// ```
/// ```
/// let text: Option<postacert::Verified<String>> = Default::default();
/// ```
///
/// # No conversion
/// ```compile_fail
/// use postacert::{Notification, Verified};
/// fn forge(claimed: Notification) -> Verified<Notification> {
///     claimed.into()
/// }
/// ```
/// ```
/// use postacert::{Notification, Verified};
/// fn forge(claimed: Notification) -> Notification {
///     claimed.into()
/// }
/// ```
///
/// # No reading back from storage
/// ```compile_fail
/// use postacert::{CertificationData, Verified};
/// fn forge(stored: &str) -> Verified<CertificationData> {
///     serde_json::from_str(stored).unwrap()
/// }
/// ```
#[cfg_attr(feature = "serde", doc = "```")]
#[cfg_attr(not(feature = "serde"), doc = "```ignore")]
/// use postacert::{CertificationData, Verified};
/// fn forge(stored: &str) -> CertificationData {
///     serde_json::from_str(stored).unwrap()
/// }
/// ```
///
/// # Nor of its evidence
/// ```compile_fail
/// fn forge(stored: &str) -> postacert::Evidence {
///     serde_json::from_str(stored).unwrap()
/// }
/// ```
#[cfg_attr(feature = "serde", doc = "```")]
#[cfg_attr(not(feature = "serde"), doc = "```ignore")]
/// fn forge(stored: &str) -> postacert::CertificationData {
///     serde_json::from_str(stored).unwrap()
/// }
/// ```
///
/// # No change of the value inside
/// ```compile_fail
/// fn forge(proven: &mut postacert::Verified<String>) {
///     proven.value().push('!');
/// }
/// ```
/// ```
/// fn forge(proven: &mut postacert::Verified<String>) {
///     proven.value().clone().push('!');
/// }
/// ```
///
/// # No way to the value's own methods
/// ```compile_fail
/// fn forge(proven: &mut postacert::Verified<String>) {
///     proven.push('!');
/// }
/// ```
/// ```
/// fn forge(proven: &mut String) {
///     proven.push('!');
/// }
/// ```
///
/// # No `get_mut`
/// ```compile_fail
/// fn forge(proven: &mut postacert::Verified<String>) {
///     proven.get_mut();
/// }
/// ```
/// ```
/// fn forge(proven: &mut postacert::Verified<String>) {
///     proven.value();
/// }
/// ```
///
/// # No `as_mut`, no `value_mut`
/// ```compile_fail
/// fn forge(proven: &mut postacert::Verified<String>) {
///     proven.value_mut();
/// }
/// ```
/// ```
/// fn forge(proven: &mut postacert::Verified<String>) {
///     proven.evidence();
/// }
/// ```
///
/// # No `map`
/// ```compile_fail
/// fn forge(proven: postacert::Verified<String>) {
///     proven.map(|_| "forged".to_owned());
/// }
/// ```
/// ```
/// fn forge(proven: postacert::Verified<String>) {
///     Some(proven).map(|_| "forged".to_owned());
/// }
/// ```
///
/// # No putting another value in by way of its parts
/// ```compile_fail
/// fn forge(mut parts: postacert::VerifiedParts<'static>, claimed: postacert::CertificationData) {
///     parts.data = Some(claimed);
/// }
/// ```
/// ```
/// fn forge(mut parts: postacert::VerifiedParts<'static>, claimed: postacert::CertificationData) {
///     parts.data = None;
/// }
/// ```
///
/// # An unproven notification is not a proven one
/// ```compile_fail
/// use postacert::{Notification, Verified};
/// fn act(receipt: &Verified<Notification>) {}
/// fn forge(claimed: &Notification) {
///     act(claimed);
/// }
/// ```
/// ```
/// use postacert::{Notification, Verified};
/// fn act(receipt: &Notification) {}
/// fn forge(claimed: &Notification) {
///     act(claimed);
/// }
/// ```
///
/// # Nor is what nobody verified
/// ```compile_fail
/// use postacert::{Content, UnverifiedContent, Verified};
/// fn act(content: &Verified<Content<'static>>) {}
/// fn forge(claimed: &UnverifiedContent<'static>) {
///     act(claimed);
/// }
/// ```
/// ```
/// use postacert::{Content, UnverifiedContent, Verified};
/// fn act(content: &UnverifiedContent<'static>) {}
/// fn forge(claimed: &UnverifiedContent<'static>) {
///     act(claimed);
/// }
/// ```
///
/// # Which becomes neither proven nor content
/// ```compile_fail
/// use postacert::{Content, UnverifiedContent};
/// fn forge(claimed: UnverifiedContent<'static>) -> Content<'static> {
///     claimed.into()
/// }
/// ```
/// ```
/// use postacert::{Content, UnverifiedContent};
/// fn forge(claimed: UnverifiedContent<'static>) -> UnverifiedContent<'static> {
///     claimed.into()
/// }
/// ```
/// ```compile_fail
/// use postacert::{Content, UnverifiedContent};
/// fn forge(claimed: UnverifiedContent<'static>) -> postacert::Verified<Content<'static>> {
///     claimed.try_into().unwrap()
/// }
/// ```
/// ```
/// use postacert::{Content, UnverifiedContent};
/// fn forge(claimed: UnverifiedContent<'static>) -> UnverifiedContent<'static> {
///     claimed.try_into().unwrap()
/// }
/// ```
///
/// # Content cannot be made either
/// ```compile_fail
/// use postacert::{Content, ContentKind};
/// fn forge(kind: ContentKind, other: Content<'static>) -> Content<'static> {
///     Content { kind, data: None, original: None }
/// }
/// ```
/// ```
/// use postacert::{Content, ContentKind};
/// fn forge(kind: ContentKind, other: Content<'static>) -> Content<'static> {
///     other
/// }
/// ```
///
/// # A report cannot be given other content
/// ```compile_fail
/// fn forge(report: &mut postacert::Report<'static>, other: postacert::Outcome) {
///     report.outcome = other;
/// }
/// ```
/// ```
/// fn forge(report: &mut postacert::Report<'static>, other: postacert::Outcome) {
///     report.outcome() == other;
/// }
/// ```
#[cfg(doctest)]
struct Forgeries;
