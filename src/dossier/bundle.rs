//! The evidence of a dossier: which files must be kept, what each proves, and how that was verified.

use std::collections::{BTreeMap, BTreeSet};

use super::{Dossier, Receipt, RecipientStatus, Standing};
use crate::address::Address;
use crate::certdata::{PecKind, RecipientKind};
use crate::fingerprint::Fingerprint;
use crate::ident::PecId;
use crate::message::{Message, ParseError};
use crate::time::{Timestamp, UnixTime};
use crate::verify::{Evidence, Outcome, Report, TimeBasis, UnknownBasis, VerificationTime, Verifier};

/// What a manifest says it is.
const FORMAT: &str = "postacert evidence bundle";
const VERSION: u32 = 1;

/// Gathers the files that prove what a dossier says.
///
/// Each file is an original message, its bytes untouched, with the report of its verification. What comes of it is a [`Manifest`], to be
/// kept beside the files: as JSON (with the feature `serde`) it is the same for the same dossier and files, byte for byte.
#[derive(Debug, Clone)]
pub struct BundleBuilder<'d> {
    dossier: &'d Dossier,
    files: BTreeMap<FileName, BundleFile>,
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
        let value = receipt.notification().value();
        let (when, about) = (value.transaction().when(), self.dossier.receipts());
        let about = about.iter().find(|record| record.id == id).map(|record| record.recipients.to_vec());
        let proof = Proof::of(value.kind());
        let record = VerificationRecord::from(verified.evidence());
        let role = FileRole::Receipt {
            id,
            kind: value.kind(),
            when,
            about: about.unwrap_or_default(),
            proves: proof,
            verification: Box::new(record),
        };
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
        if self.files.contains_key(&name) {
            return Err(BundleError::NameTwice { name });
        }
        let file = BundleFile { name: name.clone(), sha256: Fingerprint::of(bytes), bytes: bytes.len() as u64, role };
        self.files.insert(name, file);
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
        /// The name is taken.
        NameTwice { name: FileName } = "bundle-name-twice",
            "there is already a file {name}",
            "c'è già un file {name}";
    }
}

impl core::error::Error for BundleError {}

/// A name of a file: of letters, digits and `._@+=-`, not beginning with a dot, at most 200 bytes. So it names a file in the folder of the manifest and
/// nothing else, on every system.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(try_from = "String", into = "String"))]
pub struct FileName(Box<str>);

/// A text that is no [`FileName`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BadFileName;

impl core::fmt::Display for BadFileName {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("the name of a file in a bundle has 1 to 200 letters, digits and ._@+=-, and does not begin with a dot")
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
        if lawful && !name.starts_with('.') && (1..=200).contains(&name.len()) { Ok(Self(name.into())) } else { Err(BadFileName) }
    }
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
    /// The code of its [`Progress`](super::Progress).
    pub progress: Box<str>,
    /// The progress in words.
    pub told: Box<str>,
}

impl From<&RecipientStatus<'_>> for BundleRecipient {
    fn from(status: &RecipientStatus<'_>) -> Self {
        let progress = status.progress();
        Self { address: status.address().clone(), kind: status.kind(), progress: progress.code().into(), told: progress.to_string().into() }
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

    /// The first field that another verification of the same file has differently; the version of the library does not count.
    fn difference(&self, other: &Self) -> Option<(&'static str, String, String)> {
        fn pair<T: core::fmt::Debug + PartialEq>(name: &'static str, a: &T, b: &T) -> Option<(&'static str, String, String)> {
            (a != b).then(|| (name, format!("{a:?}"), format!("{b:?}")))
        }
        pair("signed_digest", &self.signed_digest, &other.signed_digest)
            .or_else(|| pair("signer", &self.signer, &other.signer))
            .or_else(|| pair("subject", &self.subject, &other.subject))
            .or_else(|| pair("policy", &self.policy, &other.policy))
            .or_else(|| pair("basis", &self.basis, &other.basis))
            .or_else(|| pair("instant", &self.instant, &other.instant))
            .or_else(|| pair("directory", &self.directory, &other.directory))
            .or_else(|| pair("directory_as_of", &self.directory_as_of, &other.directory_as_of))
            .or_else(|| pair("provider", &self.provider, &other.provider))
            .or_else(|| pair("path", &self.path, &other.path))
            .or_else(|| pair("checks", &self.checks, &other.checks))
            .or_else(|| pair("findings", &self.findings, &other.findings))
    }
}

coded! {
    /// What is wrong with a bundle.
    pub enum BundleFault {
        /// It is of a form that this version does not know.
        Format { format: Box<str>, version: usize } = "bundle-format",
            "the manifest is of the form \"{format}\" {version}, which is not known",
            "il manifesto è della forma \"{format}\" {version}, che non è nota";
        /// A file is not there.
        FileMissing { name: FileName } = "bundle-file-missing",
            "the file {name} is missing",
            "manca il file {name}";
        /// A file is not the one that was bundled.
        FileChanged { name: FileName, expected: Fingerprint, found: Fingerprint } = "bundle-file-changed",
            "the file {name} was changed: its SHA-256 is {found}, not {expected}",
            "il file {name} è stato modificato: il suo SHA-256 è {found}, non {expected}";
        /// There is a file that the manifest does not name.
        FileUnknown { name: Box<str> } = "bundle-file-unknown",
            "the file \"{name}\" is not in the manifest",
            "il file \"{name}\" non è nel manifesto";
        /// A file cannot be read as a message.
        Unreadable { name: FileName, error: ParseError } = "bundle-unreadable",
            "the file {name} cannot be read: {error}",
            "il file {name} non è leggibile: {error}";
        /// The time in the record is not one to verify by.
        Time { name: FileName } = "bundle-time",
            "the record of {name} names no known basis of time",
            "la registrazione di {name} non indica una base temporale nota";
        /// A file does not pass any more.
        NotPassed { name: FileName, outcome: Outcome } = "bundle-no-longer-passed",
            "verified again, {name} comes out as {outcome}",
            "verificato di nuovo, {name} ha esito: {outcome}";
        /// Verified again, something is other than recorded.
        RecordDiffers { name: FileName, field: &'static str, recorded: Box<str>, found: Box<str> } = "bundle-record-differs",
            "verified again, {name} has another {field}: {found}, recorded was {recorded}",
            "verificato di nuovo, {name} ha un diverso {field}: {found}, era registrato {recorded}";
        /// The files, put together again, say something else of a recipient than the manifest, or of another message.
        ProgressDiffers { recipient: Address, recorded: Box<str>, found: Box<str> } = "bundle-progress-differs",
            "for {recipient} the manifest says \"{recorded}\", and the files say \"{found}\"",
            "per {recipient} il manifesto dice \"{recorded}\", i file dicono \"{found}\"";
        /// A receipt is about another message than the manifest says.
        OtherMessage { name: FileName } = "bundle-other-message",
            "{name} is about another message",
            "{name} riguarda un altro messaggio";
    }
}

impl core::error::Error for BundleFault {}

impl Manifest {
    /// Holds the files against the manifest: each is there with the same bytes, and there is no other. An empty list means that it is so.
    ///
    /// ```no_run
    /// # fn f(manifest: postacert::dossier::Manifest, files: Vec<(String, Vec<u8>)>) {
    /// for fault in manifest.check(files.iter().map(|(name, bytes)| (&**name, &**bytes))) {
    ///     println!("{fault}");
    /// }
    /// # }
    /// ```
    #[must_use]
    pub fn check<'f>(&self, files: impl IntoIterator<Item = (&'f str, &'f [u8])>) -> Vec<BundleFault> {
        let mut faults = self.format_fault();
        let known: BTreeMap<&str, &BundleFile> = self.files.iter().map(|file| (file.name.as_str(), file)).collect();
        let mut seen = BTreeSet::new();
        for (name, bytes) in files {
            match known.get(name) {
                Some(file) => {
                    seen.insert(name);
                    faults.extend(file.check(bytes).err());
                }
                None => faults.push(BundleFault::FileUnknown { name: name.into() }),
            }
        }
        faults.extend(
            self.files
                .iter()
                .filter(|file| !seen.contains(file.name.as_str()))
                .map(|file| BundleFault::FileMissing { name: file.name.clone() }),
        );
        faults
    }

    /// Verifies every receipt again, by the recorded time and with this verifier, and puts them together again: an empty list means that the files
    /// say what the manifest says. A verifier of another trust or policy than the recorded one gives differences that name it.
    #[must_use]
    pub fn verify_again<'f>(&self, verifier: &Verifier, files: impl IntoIterator<Item = (&'f str, &'f [u8])>) -> Vec<BundleFault> {
        let files: BTreeMap<&str, &[u8]> = files.into_iter().collect();
        let mut faults = self.check(files.iter().map(|(name, bytes)| (*name, *bytes)));
        let mut dossier: Option<Dossier> = None;
        for file in &self.files {
            let (Some(bytes), FileRole::Receipt { verification, .. }) = (files.get(file.name.as_str()), &file.role) else { continue };
            match file.verify_again(verifier, verification, bytes) {
                Ok(receipt) => {
                    let transaction = receipt.transaction();
                    if *transaction.id() != self.id || *transaction.sender() != self.sender {
                        faults.push(BundleFault::OtherMessage { name: file.name.clone() });
                    } else if let Some(dossier) = &mut dossier {
                        faults.extend(dossier.add(receipt).err().map(|_| BundleFault::OtherMessage { name: file.name.clone() }));
                    } else {
                        dossier = Some(Dossier::new(receipt));
                    }
                }
                Err(fault) => faults.push(fault),
            }
        }
        // Without all of its receipts a dossier cannot say the same.
        if let Some(dossier) = dossier.filter(|_| self.absent.is_empty() && faults.is_empty()) {
            let found = dossier.recipients();
            let said = |address: &Address| found.iter().find(|status| status.address() == address).map(BundleRecipient::from);
            for recorded in &self.recipients {
                let found = said(&recorded.address).map(|recipient| recipient.told).unwrap_or_default();
                if found != recorded.told {
                    faults.push(BundleFault::ProgressDiffers {
                        recipient: recorded.address.clone(),
                        recorded: recorded.told.clone(),
                        found,
                    });
                }
            }
        }
        faults
    }

    fn format_fault(&self) -> Vec<BundleFault> {
        if &*self.format == FORMAT && self.version == VERSION {
            return Vec::new();
        }
        vec![BundleFault::Format { format: self.format.clone(), version: self.version as usize }]
    }
}

impl BundleFile {
    /// Holds the bytes of a file against the manifest.
    ///
    /// # Errors
    /// [`BundleFault::FileChanged`].
    pub fn check(&self, bytes: &[u8]) -> Result<(), BundleFault> {
        let found = Fingerprint::of(bytes);
        if found == self.sha256 && bytes.len() as u64 == self.bytes {
            return Ok(());
        }
        Err(BundleFault::FileChanged { name: self.name.clone(), expected: self.sha256, found })
    }

    fn verify_again(&self, verifier: &Verifier, record: &VerificationRecord, bytes: &[u8]) -> Result<Receipt<'static>, BundleFault> {
        let name = || self.name.clone();
        let time = record.time().map_err(|_| BundleFault::Time { name: name() })?;
        let message = Message::parse(bytes).map_err(|error| BundleFault::Unreadable { name: name(), error })?;
        let report = verifier.verify(&message, time);
        let verified = report.verified().ok_or_else(|| BundleFault::NotPassed { name: name(), outcome: report.outcome() })?;
        if let Some((field, recorded, found)) = record.difference(&VerificationRecord::from(verified.evidence())) {
            return Err(BundleFault::RecordDiffers { name: name(), field, recorded: recorded.into(), found: found.into() });
        }
        Receipt::of(verified).map_err(|_| BundleFault::OtherMessage { name: name() })
    }
}
