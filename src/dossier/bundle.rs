//! The evidence of a dossier: which files must be kept, what each proves, and how that was verified.

mod check;

pub use check::BundleFault;

use std::collections::{BTreeMap, BTreeSet};

use super::{Dossier, Progress, Receipt, RecipientStatus, Standing};
use crate::address::Address;
use crate::certdata::{Fault, PecKind, ReceiptKind, RecipientKind};
use crate::fingerprint::Fingerprint;
use crate::ident::PecId;
use crate::time::{Timestamp, UnixTime};
use crate::verify::{Evidence, Outcome, Report, TimeBasis, UnknownBasis, VerificationTime};

/// What a manifest says it is.
const FORMAT: &str = "postacert evidence bundle";
const VERSION: u32 = 1;

/// Gathers the files that prove what a dossier says.
///
/// Each file is an original message, its bytes untouched, with the report of its verification. What comes of it is a [`Manifest`], to be
/// kept beside the files: as JSON (with the feature `serde`) it is the same for the same dossier and files, byte for byte.
///
/// ```
/// use postacert::dossier::{BundleBuilder, Dossier, FileRole, Proof, Receipt};
/// # use postacert::{Directory, Message, Verifier, VerificationTime};
/// # let directory = Directory::from_ldif(include_bytes!("../../tests/fixtures/directory/directory.ldif"))?;
/// # let verifier = Verifier::builder().directory(directory).build()?;
/// # let time = VerificationTime::asserted("2026-12-01T12:00:00Z".parse()?);
/// # let acceptance = include_bytes!("../../tests/fixtures/valid/accettazione.eml");
///
/// let report = verifier.verify(&Message::parse(acceptance)?, time);
/// let content = report.verified().ok_or("it did not pass")?;
/// let dossier = Dossier::new(Receipt::of(content)?);
///
/// let mut builder = BundleBuilder::new(&dossier);
/// builder.receipt("accettazione.eml".parse()?, acceptance, &report)?;
/// let manifest = builder.finish();
/// assert!(matches!(manifest.files[0].role, FileRole::Receipt { proves: Proof::Acceptance, .. }));
///
/// // Years later, with the files, the same directory and the same policy:
/// let files = [("accettazione.eml", &acceptance[..])];
/// assert!(manifest.verify_again(&verifier, files).is_empty());
/// let mut changed = acceptance.to_vec();
/// changed[5_000] ^= 1;
/// let faults = manifest.check([("accettazione.eml", &changed[..])]);
/// assert_eq!(faults[0].code(), "bundle-file-changed");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct BundleBuilder<'d> {
    dossier: &'d Dossier,
    /// By their names in lower case: some systems do not tell the cases apart.
    files: BTreeMap<String, BundleFile>,
    receipts: BTreeSet<Fingerprint>,
}

impl<'d> BundleBuilder<'d> {
    /// A bundle without files, for the message of this dossier.
    #[must_use]
    pub fn new(dossier: &'d Dossier) -> Self {
        Self { dossier, files: BTreeMap::new(), receipts: BTreeSet::new() }
    }

    /// Adds the file of a receipt, under a name that is free, with the report of its verification.
    ///
    /// # Errors
    /// [`BundleError`]: it did not pass, it is no receipt of this dossier, or its name or itself is there already.
    pub fn receipt(&mut self, name: FileName, bytes: &[u8], report: &Report<'_>) -> Result<(), BundleError> {
        let not_passed = || BundleError::NotPassed { name: name.clone(), outcome: report.outcome() };
        let verified = report.verified().ok_or_else(not_passed)?;
        let foreign = || BundleError::NotInDossier { name: name.clone() };
        if report.message_sha256() != *Fingerprint::of(bytes).as_bytes() {
            return Err(BundleError::OtherBytes { name });
        }
        let receipt = Receipt::of(verified).map_err(|_| foreign())?;
        let id = receipt.id();
        self.dossier.standing(&id).filter(|standing| *standing == Standing::Verified).ok_or_else(foreign)?;
        if self.receipts.contains(&id) {
            return Err(BundleError::ReceiptTwice { name });
        }
        let role = FileRole::of(receipt, VerificationRecord::from(verified.evidence()));
        self.add(name, bytes, role)?;
        self.receipts.insert(id);
        Ok(())
    }

    /// Adds the original mail, as the sender kept it. It proves nothing by itself; receipts carry copies of it, or hashes.
    ///
    /// # Errors
    /// [`BundleError::NameTwice`].
    pub fn original(&mut self, name: FileName, bytes: &[u8]) -> Result<(), BundleError> {
        self.add(name, bytes, FileRole::Original)
    }

    /// The manifest. It names the receipts of the dossier of which there is no file.
    #[must_use]
    pub fn finish(self) -> Manifest {
        let absent = self.dossier.receipts().iter().map(|record| record.id).filter(|id| !self.receipts.contains(id)).collect();
        Manifest {
            format: FORMAT.into(),
            version: VERSION,
            id: self.dossier.id().clone(),
            sender: self.dossier.sender().clone(),
            subject: self.dossier.subject().into(),
            summary: self.dossier.summary().code().into(),
            recipients: self.dossier.recipients().iter().map(BundleRecipient::from).collect(),
            files: self.files.into_values().collect(),
            absent,
        }
    }

    fn add(&mut self, name: FileName, bytes: &[u8], role: FileRole) -> Result<(), BundleError> {
        let key = name.as_str().to_ascii_lowercase();
        if self.files.contains_key(&key) {
            return Err(BundleError::NameTwice { name });
        }
        let file = BundleFile { name, sha256: Fingerprint::of(bytes), bytes: bytes.len() as u64, role };
        self.files.insert(key, file);
        Ok(())
    }
}

coded! {
    /// Why a file cannot be part of a bundle.
    pub enum BundleError {
        /// Only what was verified is evidence.
        NotPassed { name: FileName, outcome: Outcome } = "bundle-not-passed",
            "the verification of {name} came out as {outcome}",
            "la verifica di {name} ha dato esito: {outcome}";
        /// The report is not about these bytes.
        OtherBytes { name: FileName } = "bundle-other-bytes",
            "the report is not about the bytes of {name}",
            "il rapporto non riguarda i byte di {name}";
        /// It is no receipt of the dossier's message, or was not added to the dossier.
        NotInDossier { name: FileName } = "bundle-not-in-dossier",
            "{name} is no receipt of this dossier",
            "{name} non è una ricevuta di questo fascicolo";
        /// The same receipt is there in another file.
        ReceiptTwice { name: FileName } = "bundle-receipt-twice",
            "the receipt in {name} is there already",
            "la ricevuta in {name} è già presente";
        /// The name is taken; case does not tell names apart.
        NameTwice { name: FileName } = "bundle-name-twice",
            "there is already a file {name}",
            "c'è già un file {name}";
    }
}

impl core::error::Error for BundleError {}

/// A name of a file: 1 to 200 ASCII letters, digits and `._@+=-`, the first a letter or a digit, the last no dot, and before its first dot none of the
/// names that Windows keeps for devices. So it names a file in the folder of the manifest and nothing else, on every system.
///
/// ```
/// use postacert::dossier::FileName;
///
/// let name: FileName = "accettazione.eml".parse()?;
/// assert_eq!(name.as_str(), "accettazione.eml");
/// for bad in ["", "../accettazione.eml", "a/b", "a\\b", ".eml", "-rf", "a.eml.", "a:b", "nul.eml", "città.eml"] {
///     assert!(bad.parse::<FileName>().is_err(), "{bad}");
/// }
/// # Ok::<(), postacert::dossier::BadFileName>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(try_from = "String", into = "String"))]
pub struct FileName(Box<str>);

/// A text that is no [`FileName`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BadFileName;

impl core::fmt::Display for BadFileName {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(
            "the name of a file in a bundle has 1 to 200 letters, digits and ._@+=-, begins with a letter or a digit, and names no device",
        )
    }
}

impl core::error::Error for BadFileName {}

impl FileName {
    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl core::str::FromStr for FileName {
    type Err = BadFileName;

    fn from_str(name: &str) -> Result<Self, BadFileName> {
        let lawful = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._@+=-".contains(&byte));
        let begins = name.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric());
        if lawful && begins && !name.ends_with('.') && name.len() <= 200 && !is_device(name) {
            Ok(Self(name.into()))
        } else {
            Err(BadFileName)
        }
    }
}

/// Windows opens a device under these names, whatever their extension.
fn is_device(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default().to_ascii_lowercase();
    let numbered =
        stem.strip_prefix("com").or(stem.strip_prefix("lpt")).is_some_and(|n| n.len() == 1 && n.bytes().all(|b| b.is_ascii_digit()));
    numbered || matches!(&*stem, "con" | "prn" | "aux" | "nul")
}

impl TryFrom<String> for FileName {
    type Error = BadFileName;

    fn try_from(name: String) -> Result<Self, BadFileName> {
        name.parse()
    }
}

impl From<FileName> for String {
    fn from(name: FileName) -> Self {
        name.0.into()
    }
}

impl core::fmt::Display for FileName {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(&self.0)
    }
}

crate::language::same_in_all_languages!(FileName);

/// What a bundle holds, and what that proves. With the feature `serde` it becomes JSON; the order of its fields is fixed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Manifest {
    /// `postacert evidence bundle`.
    pub format: Box<str>,
    /// The version of the form: 1.
    pub version: u32,
    /// The identifier of the message (`identificativo`).
    pub id: PecId,
    /// Its sender (`mittente`).
    pub sender: Address,
    /// Its subject (`oggetto`).
    pub subject: Box<str>,
    /// The code of its [`Summary`](super::Summary).
    pub summary: Box<str>,
    /// What became of it for each recipient.
    pub recipients: Vec<BundleRecipient>,
    /// The files, in the order of their names.
    pub files: Vec<BundleFile>,
    /// The receipts that the dossier knows of and that have no file here, by their [`ReceiptRecord::id`](super::ReceiptRecord::id).
    pub absent: Vec<Fingerprint>,
}

/// What became of the message for a recipient, as the dossier had it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct BundleRecipient {
    /// The recipient.
    pub address: Address,
    /// Whether it is certified.
    pub kind: RecipientKind,
    /// The code of its [`Progress`](super::Progress), which later versions of this library write alike.
    pub progress: Box<str>,
    /// The date of the receipt that says so.
    pub when: Option<Timestamp>,
    /// What went wrong.
    pub fault: Option<Fault>,
    /// The kind of the delivery receipt.
    pub receipt: Option<ReceiptKind>,
}

impl From<&RecipientStatus<'_>> for BundleRecipient {
    fn from(status: &RecipientStatus<'_>) -> Self {
        let (when, fault, receipt) = match *status.progress() {
            Progress::Submitted => (None, None, None),
            Progress::Accepted { when } | Progress::External { when } | Progress::Delayed { when } | Progress::TimedOut { when } => {
                (Some(when), None, None)
            }
            Progress::Virus { when } => (Some(when), Some(Fault::Virus), None),
            Progress::Refused { when, fault } | Progress::NotDelivered { when, fault } => (Some(when), Some(fault), None),
            Progress::Delivered { when, receipt } => (Some(when), None, Some(receipt)),
        };
        Self { address: status.address().clone(), kind: status.kind(), progress: status.progress().code().into(), when, fault, receipt }
    }
}

/// In the words of the manifest, to be held against another.
impl core::fmt::Display for BundleRecipient {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let Self { address: _, kind, progress, when, fault, receipt } = self;
        write!(f, "{progress} ({kind}")?;
        when.map_or(Ok(()), |when| write!(f, ", {when}"))?;
        fault.map_or(Ok(()), |fault| write!(f, ", {fault}"))?;
        receipt.map_or(Ok(()), |receipt| write!(f, ", {receipt}"))?;
        f.write_str(")")
    }
}

/// A file of a bundle.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct BundleFile {
    /// Its name.
    pub name: FileName,
    /// The SHA-256 of its bytes.
    pub sha256: Fingerprint,
    /// How many bytes it has.
    pub bytes: u64,
    /// What it is.
    pub role: FileRole,
}

/// What a file of a bundle is.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "kebab-case"))]
#[non_exhaustive]
pub enum FileRole {
    /// A receipt.
    Receipt {
        /// By what it is known again, see [`ReceiptRecord::id`](super::ReceiptRecord::id).
        id: Fingerprint,
        /// What it is (`tipo`).
        kind: PecKind,
        /// Its date (`data`).
        when: Timestamp,
        /// The recipients it is about; none where it is about all.
        about: Vec<Address>,
        /// What it proves.
        proves: Proof,
        /// How it was verified.
        verification: Box<VerificationRecord>,
    },
    /// The original mail, as the sender kept it.
    Original,
}

impl FileRole {
    fn of(receipt: Receipt<'_>, verification: VerificationRecord) -> Self {
        let record = receipt.entry().record;
        let (id, kind, when, about) = (record.id, record.kind, record.when, record.recipients.into());
        Self::Receipt { id, kind, when, about, proves: Proof::of(kind), verification: Box::new(verification) }
    }
}

/// What a receipt proves, under the trust that its verification rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "kebab-case"))]
#[non_exhaustive]
pub enum Proof {
    /// That the sender's provider took the message, when, and for whom.
    Acceptance,
    /// That the sender's provider refused the message.
    Refusal,
    /// That a recipient's provider answered for the message.
    TakenInCharge,
    /// That the message was put into a recipient's mailbox, and when.
    Delivery,
    /// That the message could not be delivered to a recipient.
    NonDelivery,
    /// That the sender's provider had heard nothing of a recipient.
    Silence,
    /// That a virus was found.
    Virus,
}

impl Proof {
    fn of(kind: PecKind) -> Self {
        match kind {
            PecKind::Acceptance | PecKind::TransportEnvelope => Self::Acceptance,
            PecKind::NonAcceptance => Self::Refusal,
            PecKind::TakenInCharge => Self::TakenInCharge,
            PecKind::Delivery => Self::Delivery,
            PecKind::NonDelivery => Self::NonDelivery,
            PecKind::DeliveryTimeout => Self::Silence,
            PecKind::VirusDetection => Self::Virus,
        }
    }
}

/// How a file was verified: enough to do it again, and to compare.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct VerificationRecord {
    /// The library and its version.
    pub library: Box<str>,
    /// The policy.
    pub policy: Box<str>,
    /// Why the instant was believed: the word of a [`TimeBasis`].
    pub basis: Box<str>,
    /// The instant that certificates were judged by.
    pub instant: UnixTime,
    /// The digest of the signed bytes: its algorithm and hexadecimal digits.
    pub signed_digest: Box<str>,
    /// The SHA-256 of the signer's certificate.
    pub signer: Fingerprint,
    /// Its subject.
    pub subject: Box<str>,
    /// The provider under which the directory lists it.
    pub provider: Option<Box<str>>,
    /// The SHA-256 of each certificate of the path, the signer's first.
    pub path: Vec<Fingerprint>,
    /// The SHA-256 of the directory's LDIF.
    pub directory: Option<Fingerprint>,
    /// The date of the directory.
    pub directory_as_of: Option<UnixTime>,
    /// How each check came out, in their order.
    pub checks: Vec<(Box<str>, Box<str>)>,
    /// The codes of what was noticed.
    pub findings: Vec<Box<str>>,
}

impl From<&Evidence> for VerificationRecord {
    fn from(evidence: &Evidence) -> Self {
        let digest = evidence.signed_digest();
        let (signer, directory) = (evidence.signer(), evidence.directory());
        Self {
            library: evidence.library().into(),
            policy: evidence.policy().into(),
            basis: evidence.basis().as_str().into(),
            instant: evidence.instant(),
            signed_digest: format!("{} {digest}", digest.algorithm()).into(),
            signer: (*signer.certificate().sha256()).into(),
            subject: signer.subject().into(),
            provider: signer.provider().map(Into::into),
            path: evidence.path().iter().map(|certificate| (*certificate.sha256()).into()).collect(),
            directory: directory.map(|snapshot| snapshot.sha256.into()),
            directory_as_of: directory.and_then(|snapshot| snapshot.as_of),
            checks: evidence.checks().iter().map(|(check, state)| (check.as_str().into(), state.as_str().into())).collect(),
            findings: evidence.findings().iter().map(|finding| finding.code().into()).collect(),
        }
    }
}

impl VerificationRecord {
    /// The time to verify by again.
    ///
    /// # Errors
    /// [`UnknownBasis`] when a record that was read has another word.
    pub fn time(&self) -> Result<VerificationTime, UnknownBasis> {
        Ok(VerificationTime::on(self.basis.parse::<TimeBasis>()?, self.instant))
    }
}
