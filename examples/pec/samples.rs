//! The samples that come with the library: what `pec verify` without a file verifies.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use postacert::{Policy, VerificationTime, Verifier};

use crate::args::{Issuers, TrustArgs};
use crate::trust;
use crate::verify::Job;

/// The samples, the verifier that trusts who signed them, and the time they are judged at.
pub(crate) struct Samples {
    pub(crate) jobs: Vec<Job>,
    pub(crate) verifier: Verifier,
    pub(crate) time: VerificationTime,
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
    let names = text("bundled.txt")?;
    let names = names.lines().map(str::trim).filter(|line| !line.is_empty());
    let jobs = names.map(|name| Job { path: folder.join(name), name: name.to_owned() }).collect();
    let trust = TrustArgs {
        directory: Some(folder.join("directory/directory.ldif")),
        directory_date: None,
        directory_signer: None,
        anchors: vec![folder.join("pki/root.pem")],
        certs: vec![folder.join("pki/issuing.pem")],
        issuers: Issuers::Known,
        crl: vec![folder.join("pki/root.crl"), folder.join("pki/issuing.crl")],
    };
    Ok(Samples { jobs, verifier: trust::verifier(&trust, Policy::default())?, time: VerificationTime::asserted(at) })
}
