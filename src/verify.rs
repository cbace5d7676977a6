//! Verification: from claims to proof.

mod authority;
mod claims;
mod form;
mod judge;
mod memo;
mod policy;
mod report;
mod signature;
mod signed_directory;
mod summary;
mod trust;
mod verified;

pub use policy::{Leniency, Policy, RevocationDemand, TimeBasis, UnknownBasis, VerificationTime};
pub use report::{CheckState, Checks, MessageClass, NotVerified, Outcome, Reason, Report};
pub use signed_directory::{SignedDirectory, SignedDirectoryError};
pub use trust::AcceptedIssuers;
pub use verified::{DirectorySnapshot, Evidence, Signer, Verified, VerifiedParts};

use std::sync::Arc;

use crate::crypto::Algorithms;
use crate::directory::Directory;
use crate::limits::Limits;
use crate::message::{LineForm, Message, Reading, UnverifiedContent};
use crate::time::UnixTime;
use crate::x509::{Certificate, Crl, Pool};

use judge::Judge;
use memo::Memo;
use report::{Held, SignatureFacts};
use signature::Signed;

/// Verifies PEC messages against the trust it was given: a directory of providers, trust anchors, or both (RFC 6109 §2.2.2).
///
/// A verifier never changes: another directory or policy is another verifier. It can be shared between threads. It has no clock and reads
/// nothing from the system; it remembers parsed certificates and link signatures that led to trust, which makes the next message of the same
/// provider cheaper and never changes a verdict.
///
/// ```
/// use postacert::{Directory, Message, VerificationTime, Verifier};
///
/// let directory = Directory::from_ldif(include_bytes!("../tests/fixtures/directory/directory.ldif"))?;
/// let verifier = Verifier::builder().directory(directory).build()?;
/// let message = Message::parse(include_bytes!("../tests/fixtures/valid/accettazione.eml"))?;
/// let report = verifier.verify(&message, VerificationTime::asserted("2026-12-01T12:00:00Z".parse()?));
/// let content = report.into_verified()?;
/// assert_eq!(content.value().kind().as_wire(), "accettazione");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Verifier {
    algorithms: Option<Arc<dyn Algorithms>>,
    directory: Option<Arc<Directory>>,
    anchors: Pool,
    intermediates: Pool,
    issuers: AcceptedIssuers,
    crls: Vec<Crl>,
    policy: Policy,
    limits: Limits,
    memo: Memo,
}

/// Gathers what a [`Verifier`] trusts and how strict it is.
#[derive(Debug, Default)]
pub struct VerifierBuilder {
    algorithms: Option<Arc<dyn Algorithms>>,
    directory: Option<Arc<Directory>>,
    anchors: Vec<Certificate>,
    intermediates: Vec<Certificate>,
    issuers: AcceptedIssuers,
    crls: Vec<Crl>,
    policy: Policy,
    limits: Limits,
}

coded! {
    /// Why a verifier cannot be built.
    pub enum VerifierError {
        /// There is neither a directory nor a trust anchor: nothing could be verified.
        NoTrust = "verifier-without-trust",
            "a verifier needs a provider directory or trust anchors",
            "un verificatore ha bisogno di un indice dei gestori o di autorità fidate";
    }
}

impl core::error::Error for VerifierError {}

impl VerifierBuilder {
    /// The provider directory: which certificate is whose, and who manages which domain (RFC 6109 §4.5).
    #[must_use]
    pub fn directory(mut self, directory: impl Into<Arc<Directory>>) -> Self {
        self.directory = Some(directory.into());
        self
    }

    /// Certificates of authorities where a path may end. Any certificate can be an anchor, self-signed or not.
    #[must_use]
    pub fn anchors(mut self, anchors: impl IntoIterator<Item = Certificate>) -> Self {
        self.anchors.extend(anchors);
        self
    }

    /// Certificates that may help to find a path, without being trusted: the intermediates that a message does not carry.
    #[must_use]
    pub fn intermediates(mut self, certificates: impl IntoIterator<Item = Certificate>) -> Self {
        self.intermediates.extend(certificates);
        self
    }

    /// Which authorities are accepted as issuing PEC certificates when no directory is given; [`AcceptedIssuers::known`] at first.
    #[must_use]
    pub fn accepted_issuers(mut self, issuers: AcceptedIssuers) -> Self {
        self.issuers = issuers;
        self
    }

    /// Revocation lists.
    #[must_use]
    pub fn crls(mut self, crls: impl IntoIterator<Item = Crl>) -> Self {
        self.crls.extend(crls);
        self
    }

    /// How strict to be; [`Policy::default`] at first.
    #[must_use]
    pub fn policy(mut self, policy: Policy) -> Self {
        self.policy = policy;
        self
    }

    /// The backend of public-key algorithms; RustCrypto at first, where it is compiled in.
    #[must_use]
    pub fn algorithms(mut self, algorithms: impl Algorithms + 'static) -> Self {
        self.algorithms = Some(Arc::new(algorithms));
        self
    }

    /// The limits within which a message's signature (`cms_…`, `asn1_depth`), the path of its signer (`chain_…`) and its certification data
    /// (`certdata_…`) are read when it is verified, whatever limits it was parsed with. Its framing was limited when it was parsed, and
    /// a directory when it was read.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// The verifier.
    ///
    /// # Errors
    /// [`VerifierError::NoTrust`] without a directory and without anchors.
    pub fn build(self) -> Result<Verifier, VerifierError> {
        if self.directory.is_none() && self.anchors.is_empty() {
            return Err(VerifierError::NoTrust);
        }
        Ok(Verifier {
            algorithms: self.algorithms.or_else(default_algorithms),
            directory: self.directory,
            anchors: self.anchors.into_iter().collect(),
            intermediates: self.intermediates.into_iter().collect(),
            issuers: self.issuers,
            crls: self.crls,
            policy: self.policy,
            limits: self.limits,
            memo: Memo::default(),
        })
    }
}

#[cfg(feature = "rustcrypto")]
#[allow(clippy::unnecessary_wraps, reason = "without the feature there is no default")]
fn default_algorithms() -> Option<Arc<dyn Algorithms>> {
    Some(Arc::new(crate::crypto::RustCrypto))
}

#[cfg(not(feature = "rustcrypto"))]
fn default_algorithms() -> Option<Arc<dyn Algorithms>> {
    None
}

impl Verifier {
    /// Begins a verifier.
    #[must_use]
    pub fn builder() -> VerifierBuilder {
        VerifierBuilder::default()
    }

    /// The directory it asks.
    #[must_use]
    pub fn directory(&self) -> Option<&Directory> {
        self.directory.as_deref()
    }

    /// The policy it follows.
    #[must_use]
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// Verifies a message at a time whose basis the caller states.
    ///
    /// It always gives a report, for garbage and for ordinary mail too.
    #[must_use]
    pub fn verify<'a>(&self, message: &Message<'a>, time: VerificationTime) -> Report<'a> {
        let mut judge = Judge::new(message.findings());
        judge.structure(message);
        let signed = self.check_signature(message, &mut judge);
        let form = signed.as_ref().map_or(LineForm::AsReceived, |s| s.form);
        let reading = Reading::of(message, form, &self.limits);
        let at = time.instant().or_else(|| reading.as_ref()?.data.as_ref().map(|d| d.when().instant()));
        let trust = signed.as_ref().and_then(|s| self.check_trust(s, time, at, &mut judge));
        let claims = message.claims();
        if let Some(reading) = &reading {
            self.check_content(&claims, reading, signed.as_ref(), &mut judge);
        }
        if let (Some(signed), Some(reading)) = (&signed, &reading) {
            self.check_authority(&claims, signed, reading, at, &mut judge);
        }
        self.report(message, time, at, judge, signed, reading, trust)
    }

    #[allow(clippy::too_many_arguments, reason = "the one place where everything comes together")]
    fn report<'a>(
        &self,
        message: &Message<'a>,
        time: VerificationTime,
        at: Option<UnixTime>,
        judge: Judge,
        signed: Option<Signed>,
        reading: Option<Reading<'a>>,
        path: Option<Vec<Certificate>>,
    ) -> Report<'a> {
        let anomaly = reading.as_ref().is_some_and(|r| r.data.is_none());
        let class = judge.class(anomaly);
        let outcome = judge.outcome(self);
        let (checks, reasons, findings) = judge.into_parts();
        let mut facts = signed.map(|s| SignatureFacts { signer: s.signer, digest: s.digest, signing_time: s.signing_time, form: s.form });
        let directory = self.directory.as_ref().map(|d| DirectorySnapshot { sha256: *d.sha256(), as_of: d.as_of() });
        let mut content = Held::Nothing;
        match (outcome, reading, &mut facts, at) {
            (
                Outcome::Passed,
                Some(reading),
                Some(SignatureFacts { signer: Some(signer), digest: Some(digest), signing_time, form }),
                Some(instant),
            ) => {
                let evidence = Evidence {
                    library: concat!("postacert ", env!("CARGO_PKG_VERSION")),
                    policy: self.policy.name(),
                    basis: time.basis(),
                    instant,
                    checks,
                    signer: Arc::clone(signer),
                    path: path.unwrap_or_default(),
                    signed_digest: *digest,
                    signing_time: *signing_time,
                    line_form: *form,
                    directory: directory.clone(),
                    findings: findings.clone(),
                };
                if let Some(value) = reading.into_content() {
                    content = Held::Verified(Verified::new(value, Arc::new(evidence)));
                }
            }
            (_, Some(reading), _, _) => content = Held::Unverified(UnverifiedContent::from(reading)),
            (_, None, _, _) => {}
        }
        debug_assert_eq!(outcome == Outcome::Passed, matches!(content, Held::Verified(_)), "passed and proven are one");
        Report {
            raw: message.raw(),
            basis: time.basis(),
            instant: at,
            policy: self.policy.name(),
            directory,
            has_anchors: !self.anchors.is_empty(),
            outcome,
            class,
            checks,
            reasons,
            findings,
            signature: facts,
            content,
        }
    }
}
