//! The samples that come with the library: what `pec verify` without a file verifies.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use postacert::{Outcome, Policy, VerificationTime, Verifier};

use crate::args::{Issuers, TrustArgs};
use crate::trust;

/// The samples, the verifier that trusts who signed them, and the time they are judged at.
#[derive(Debug)]
pub(crate) struct Samples {
    pub(crate) files: Vec<Sample>,
    pub(crate) verifier: Verifier,
    pub(crate) time: VerificationTime,
}

/// One sample. Some of them are forged or broken on purpose.
#[derive(Debug)]
pub(crate) struct Sample {
    pub(crate) path: PathBuf,
    /// The name in the list of samples.
    pub(crate) name: String,
    /// The outcome that it must come to; `a|b` where either will do.
    pub(crate) expected: String,
}

impl Sample {
    /// Whether it came to what it must.
    pub(crate) fn is_as_expected(&self, outcome: Option<Outcome>) -> bool {
        outcome.is_some_and(|outcome| self.expected.split('|').any(|expected| expected == outcome.as_str()))
    }
}

/// Finds the samples beside the sources that this program was built from.
pub(crate) fn load() -> Result<Samples> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join("fixtures");
    read_from(&folder).context("the bundled samples cannot be read; give a FILE to verify (see `pec help verify`)")
}

fn read_from(folder: &Path) -> Result<Samples> {
    let text = |name: &str| {
        let path = folder.join(name);
        fs::read_to_string(&path).with_context(|| path.display().to_string())
    };
    let at = text("at.txt")?.trim().parse().context("at.txt")?;
    let index = text("index.tsv")?;
    let outcomes = outcomes(&index).context("index.tsv has no columns `file` and `outcome`")?;
    let mut files = Vec::new();
    for name in text("bundled.txt")?.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let expected = *outcomes.get(name).with_context(|| format!("index.tsv does not tell the outcome of {name}"))?;
        files.push(Sample { path: folder.join(name), name: name.to_owned(), expected: expected.to_owned() });
    }
    let trust = TrustArgs {
        directory: Some(folder.join("directory/directory.ldif")),
        directory_date: None,
        directory_signer: None,
        anchors: vec![folder.join("pki/root.pem")],
        certs: vec![folder.join("pki/issuing.pem")],
        issuers: Issuers::Known,
        crl: vec![folder.join("pki/root.crl"), folder.join("pki/issuing.crl")],
    };
    Ok(Samples { files, verifier: trust::verifier(&trust, Policy::default())?, time: VerificationTime::asserted(at) })
}

/// The columns `file` and `outcome` of a table with tabs, whose first line names the columns.
fn outcomes(index: &str) -> Option<HashMap<&str, &str>> {
    let mut lines = index.lines();
    let header: Vec<&str> = lines.next()?.split('\t').collect();
    let column = |name: &str| header.iter().position(|column| *column == name);
    let (file, outcome) = (column("file")?, column("outcome")?);
    let cells = lines.map(|line| line.split('\t').collect::<Vec<_>>());
    Some(cells.filter_map(|row| Some((*row.get(file)?, *row.get(outcome)?))).collect())
}
