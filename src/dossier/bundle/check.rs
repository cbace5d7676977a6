//! Holding a bundle against its manifest.

use std::collections::{BTreeMap, BTreeSet};

use super::{BundleFile, BundleRecipient, FORMAT, FileName, FileRole, Manifest, VERSION, VerificationRecord};
use crate::address::Address;
use crate::dossier::{Added, Dossier, Receipt};
use crate::fingerprint::Fingerprint;
use crate::message::{Message, ParseError};
use crate::verify::{DirectorySnapshot, Outcome, Verifier};

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
        /// Verified again, something is other than the manifest says.
        RecordDiffers { name: FileName, field: &'static str, recorded: Box<str>, found: Box<str> } = "bundle-record-differs",
            "verified again, {name} differs in {field}: found \"{found}\", recorded \"{recorded}\"",
            "verificato di nuovo, {name} differisce per {field}: trovato \"{found}\", registrato \"{recorded}\"";
        /// The files, put together again, say something else of a recipient than the manifest; "" is nothing at all.
        ProgressDiffers { recipient: Address, recorded: Box<str>, found: Box<str> } = "bundle-progress-differs",
            "for {recipient} the manifest says \"{recorded}\", and the files say \"{found}\"",
            "per {recipient} il manifesto dice \"{recorded}\", i file dicono \"{found}\"";
        /// The files, put together again, have another summary.
        SummaryDiffers { recorded: Box<str>, found: Box<str> } = "bundle-summary-differs",
            "the summary of the manifest is \"{recorded}\", that of the files \"{found}\"",
            "il riepilogo del manifesto è \"{recorded}\", quello dei file \"{found}\"";
        /// The dossier knew receipts that are not in the bundle, so that what is told of its recipients cannot be held against the files.
        Incomplete { absent: usize } = "bundle-incomplete",
            "{absent} receipts of the dossier are not in the bundle: what it says of the recipients cannot be checked",
            "{absent} ricevute del fascicolo mancano: ciò che si dice dei destinatari non è verificabile";
        /// Two files of the manifest are the same receipt, or bear the same name.
        FileTwice { name: FileName } = "bundle-file-twice",
            "{name} is in the manifest twice, by its name or by its receipt",
            "{name} è due volte nel manifesto, per nome o come ricevuta";
        /// A receipt is about another message than the manifest says.
        OtherMessage { name: FileName } = "bundle-other-message",
            "{name} is about another message",
            "{name} riguarda un altro messaggio";
    }
}

impl core::error::Error for BundleFault {}

impl Manifest {
    /// Holds the files against the manifest: each is there with the same bytes, and there is no other. An empty list means that it is so. See [`BundleBuilder`](crate::dossier::BundleBuilder).
    #[must_use]
    pub fn check<'f>(&self, files: impl IntoIterator<Item = (&'f str, &'f [u8])>) -> Vec<BundleFault> {
        let mut faults = self.format_fault();
        let mut known: BTreeMap<&str, Vec<&BundleFile>> = BTreeMap::new();
        for file in &self.files {
            known.entry(file.name.as_str()).or_default().push(file);
        }
        let twice = known.values().filter(|files| files.len() > 1).filter_map(|files| files.first());
        faults.extend(twice.map(|file| BundleFault::FileTwice { name: file.name.clone() }));
        let mut seen = BTreeSet::new();
        for (name, bytes) in files {
            seen.insert(name);
            match known.get(name) {
                Some(files) => faults.extend(files.iter().filter_map(|file| file.check(bytes).err())),
                None => faults.push(BundleFault::FileUnknown { name: name.into() }),
            }
        }
        let missing = self.files.iter().filter(|file| !seen.contains(file.name.as_str()));
        faults.extend(missing.map(|file| BundleFault::FileMissing { name: file.name.clone() }));
        faults
    }

    /// Verifies every receipt again, by the recorded time and with this verifier, and puts them together again: an empty list means that the files
    /// say what the manifest says. A verifier of another trust or policy than the recorded one gives differences that name it.
    ///
    /// What rests on the word of whoever made the bundle is not found out: the time, if its basis is not proven, and that no receipt was left out.
    #[must_use]
    pub fn verify_again<'f>(&self, verifier: &Verifier, files: impl IntoIterator<Item = (&'f str, &'f [u8])>) -> Vec<BundleFault> {
        // Every one is checked: an archive may hold two files of one name.
        let files: Vec<(&str, &[u8])> = files.into_iter().collect();
        let mut faults = self.check(files.iter().copied());
        let files: BTreeMap<&str, &[u8]> = files.into_iter().collect();
        let mut dossier = Dossier::empty(self.id.clone(), self.sender.clone(), Some(&self.subject));
        for file in &self.files {
            let (Some(bytes), FileRole::Receipt { verification, .. }) = (files.get(file.name.as_str()), &file.role) else { continue };
            let Some(receipt) = file.verify_again(verifier, verification, bytes, &mut faults) else { continue };
            match dossier.add(receipt) {
                Ok(Added::New) => {}
                Ok(_) => faults.push(BundleFault::FileTwice { name: file.name.clone() }),
                Err(_) => faults.push(BundleFault::OtherMessage { name: file.name.clone() }),
            }
        }
        if !self.absent.is_empty() {
            faults.push(BundleFault::Incomplete { absent: self.absent.len() });
        }
        if faults.is_empty() {
            self.compare(&dossier, &mut faults);
        }
        faults
    }

    /// What is told of the receipts, against what they tell.
    fn compare(&self, dossier: &Dossier, faults: &mut Vec<BundleFault>) {
        let found: Vec<BundleRecipient> = dossier.recipients().iter().map(BundleRecipient::from).collect();
        let mut said: BTreeMap<&Address, [Vec<String>; 2]> = BTreeMap::new();
        for (side, recipients) in [&self.recipients, &found].into_iter().enumerate() {
            for recipient in recipients {
                let sides = said.entry(&recipient.address).or_default();
                // A manifest may name a recipient twice.
                sides.get_mut(side).into_iter().for_each(|side| side.push(recipient.to_string()));
            }
        }
        for (recipient, [recorded, found]) in said {
            if recorded != found {
                let (recorded, found) = (recorded.join("; ").into(), found.join("; ").into());
                faults.push(BundleFault::ProgressDiffers { recipient: recipient.clone(), recorded, found });
            }
        }
        let found = dossier.summary();
        if *self.summary != *found.code() {
            faults.push(BundleFault::SummaryDiffers { recorded: self.summary.clone(), found: found.code().into() });
        }
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

    /// The receipt, if it passes again; what differs goes among the faults.
    fn verify_again(
        &self,
        verifier: &Verifier,
        record: &VerificationRecord,
        bytes: &[u8],
        faults: &mut Vec<BundleFault>,
    ) -> Option<Receipt<'static>> {
        let name = || self.name.clone();
        let differs = |(field, recorded, found): Difference| BundleFault::RecordDiffers {
            name: name(),
            field,
            recorded: recorded.into(),
            found: found.into(),
        };
        let Ok(time) = record.time() else {
            faults.push(BundleFault::Time { name: name() });
            return None;
        };
        let message = match Message::parse(bytes) {
            Ok(message) => message,
            Err(error) => {
                faults.push(BundleFault::Unreadable { name: name(), error });
                return None;
            }
        };
        let report = verifier.verify(&message, time);
        let Some(verified) = report.verified() else {
            // With another trust or policy it may well not pass.
            faults.extend(record.other_trust(report.policy(), report.directory()).map(differs));
            faults.push(BundleFault::NotPassed { name: name(), outcome: report.outcome() });
            return None;
        };
        let again = VerificationRecord::from(verified.evidence());
        faults.extend(record.difference(&again).map(differs));
        let Ok(receipt) = Receipt::of(verified) else {
            faults.push(BundleFault::OtherMessage { name: name() });
            return None;
        };
        faults.extend(self.role.difference(&FileRole::of(receipt.clone(), again)).map(differs));
        Some(receipt)
    }
}

/// The name of a field, what was recorded, and what was found.
type Difference = (&'static str, String, String);

fn difference<T: core::fmt::Debug + PartialEq>(name: &'static str, recorded: &T, found: &T) -> Option<Difference> {
    (recorded != found).then(|| (name, format!("{recorded:?}"), format!("{found:?}")))
}

impl FileRole {
    /// The first thing that is told otherwise of a receipt, its verification apart.
    fn difference(&self, other: &Self) -> Option<Difference> {
        match (self, other) {
            (
                Self::Receipt { id, kind, when, about, proves, verification: _ },
                Self::Receipt {
                    id: other_id,
                    kind: other_kind,
                    when: other_when,
                    about: other_about,
                    proves: other_proves,
                    verification: _,
                },
            ) => difference("id", id, other_id)
                .or_else(|| difference("kind", kind, other_kind))
                .or_else(|| difference("when", when, other_when))
                .or_else(|| difference("about", about, other_about))
                .or_else(|| difference("proves", proves, other_proves)),
            _ => None,
        }
    }
}

impl VerificationRecord {
    /// The first field that another verification of the same file has differently; the version of the library does not count.
    fn difference(&self, other: &Self) -> Option<Difference> {
        difference("signed_digest", &self.signed_digest, &other.signed_digest)
            .or_else(|| difference("signer", &self.signer, &other.signer))
            .or_else(|| difference("subject", &self.subject, &other.subject))
            .or_else(|| difference("policy", &self.policy, &other.policy))
            .or_else(|| difference("basis", &self.basis, &other.basis))
            .or_else(|| difference("instant", &self.instant, &other.instant))
            .or_else(|| difference("directory", &self.directory, &other.directory))
            .or_else(|| difference("directory_as_of", &self.directory_as_of, &other.directory_as_of))
            .or_else(|| difference("provider", &self.provider, &other.provider))
            .or_else(|| difference("path", &self.path, &other.path))
            .or_else(|| self.checks_difference(other))
            .or_else(|| difference("findings", &self.findings, &other.findings))
    }

    /// The checks that came out otherwise, and those alone.
    fn checks_difference(&self, other: &Self) -> Option<Difference> {
        let told = |record: &Self, other: &Self| {
            let different = record.checks.iter().filter(|check| !other.checks.contains(check));
            different.map(|(check, state)| format!("{check} {state}")).collect::<Vec<_>>().join(", ")
        };
        (self.checks != other.checks).then(|| ("checks", told(self, other), told(other, self)))
    }

    /// Another policy, or another directory.
    fn other_trust(&self, policy: &str, directory: Option<&DirectorySnapshot>) -> Option<Difference> {
        difference("policy", &&*self.policy, &policy)
            .or_else(|| difference("directory", &self.directory, &directory.map(|snapshot| snapshot.sha256.into())))
            .or_else(|| difference("directory_as_of", &self.directory_as_of, &directory.and_then(|snapshot| snapshot.as_of)))
    }
}
