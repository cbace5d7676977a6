//! From options to a [`Verifier`]: the files that say whom to trust are read here.

use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result, bail};
use postacert::{AcceptedIssuers, Certificate, Crl, Directory, Policy, SignedDirectory, UnixTime, Verifier};

use crate::args::{Issuers, TrustArgs};
use crate::input;

/// A verifier with the trust that the options name.
pub(crate) fn verifier(args: &TrustArgs, policy: Policy) -> Result<Verifier> {
    let mut builder = Verifier::builder().policy(policy);
    if let Some(path) = &args.directory {
        let mut directory = directory(&input::read(path)?, path, args.directory_signer.as_deref())?;
        if let Some(date) = args.directory_date {
            directory = directory.with_date(date);
        }
        builder = builder.directory(directory);
    } else if args.anchors.is_empty() {
        builder = builder.anchors(public_roots());
    }
    for path in &args.anchors {
        builder = builder.anchors(input::certificates(path)?);
    }
    for path in &args.certs {
        builder = builder.intermediates(input::certificates(path)?);
    }
    if let Issuers::File(path) = &args.issuers {
        builder = builder.accepted_issuers(AcceptedIssuers::pinned(input::certificates(path)?));
    }
    for path in &args.crl {
        builder = builder.crls(Crl::from_pem_or_der(&input::read(path)?).with_context(|| path.display().to_string())?);
    }
    Ok(builder.build()?)
}

/// A provider directory, from LDIF or from its signed form.
pub(crate) fn directory(bytes: &[u8], path: &Path, signer: Option<&Path>) -> Result<Directory> {
    if path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("p7m")) {
        return signed_directory(bytes, path, signer);
    }
    Directory::from_ldif(bytes).with_context(|| path.display().to_string())
}

/// A signed provider directory (`.p7m`), believed only under the signer's certificate that the user names.
fn signed_directory(bytes: &[u8], path: &Path, signer: Option<&Path>) -> Result<Directory> {
    let Some(signer) = signer else {
        bail!("{}: a signed directory is believed only under the certificate of its signer: --directory-signer", path.display());
    };
    let opened = SignedDirectory::pinned(input::certificates(signer)?).open(bytes);
    opened.with_context(|| path.display().to_string())
}

/// The roots that browsers trust. Real provider certificates lead to one of them, and messages carry what lies between.
fn public_roots() -> Vec<Certificate> {
    webpki_root_certs::TLS_SERVER_ROOT_CERTS.iter().filter_map(|root| Certificate::from_der(root).ok()).collect()
}

/// The present. The library has no clock: this is the one place where it is read.
pub(crate) fn now() -> UnixTime {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    i64::try_from(seconds).ok().and_then(UnixTime::from_secs).unwrap_or(UnixTime::MAX)
}
