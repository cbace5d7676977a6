//! The provider directory in its signed form (rule 21).
#![cfg(feature = "rustcrypto")]

use postacert::{Certificate, Limits, SignedDirectory, SignedDirectoryError};

use crate::fixtures::{certificates, read};

fn open(name: &str) -> Result<postacert::Directory, SignedDirectoryError> {
    SignedDirectory::pinned(certificates("pki/index.pem")).open(&read(&format!("directory/{name}")))
}

#[test]
fn r21_der_and_ber_open_under_the_pinned_signer() {
    for name in ["short.ldif.p7m", "ber.ldif.p7m"] {
        let directory = open(name).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!((directory.provider_count(), directory.certificate_count(), directory.domain_count()), (4, 5, 6), "{name}");
        assert!(directory.findings().is_empty(), "{name}");
    }
}

#[test]
fn r21_another_signer_is_not_believed_though_it_chains_to_an_anchor() {
    let error = open("hostile-provider.ldif.p7m").unwrap_err();
    assert_eq!(error, SignedDirectoryError::SignerNotPinned);
    assert_eq!(error.to_string(), "the directory is not signed by the certificate that was pinned");
    let nobody = SignedDirectory::pinned(Vec::<Certificate>::new()).open(&read("directory/short.ldif.p7m"));
    assert_eq!(nobody.unwrap_err(), SignedDirectoryError::SignerNotPinned);
}

#[test]
fn r21_a_changed_letter_is_found() {
    assert_eq!(open("hostile-tampered.ldif.p7m").unwrap_err(), SignedDirectoryError::DigestMismatch);
}

#[test]
fn r21_a_changed_signature_is_found() {
    let mut bytes = read("directory/short.ldif.p7m");
    *bytes.last_mut().unwrap() ^= 1;
    let error = SignedDirectory::pinned(certificates("pki/index.pem")).open(&bytes).unwrap_err();
    assert_eq!(error.code(), "directory-signature");
}

#[test]
fn r21_a_detached_signature_holds_no_directory() {
    assert_eq!(open("hostile-detached.ldif.p7m").unwrap_err(), SignedDirectoryError::NoContent);
}

#[test]
fn r21_bytes_after_the_structure_are_a_finding() {
    let directory = open("hostile-tail.ldif.p7m").unwrap();
    let findings: Vec<_> = directory.findings().iter().map(ToString::to_string).collect();
    assert!(matches!(&findings[..], [only] if only.ends_with("bytes follow the signed directory, and were not read")), "{findings:?}");
    assert_eq!(directory.findings()[0].line(), 0);
}

#[test]
fn r31_a_directory_beyond_the_limit_is_refused() {
    let mut limits = Limits::default();
    limits.ldif_bytes = 100;
    let error = SignedDirectory::pinned(certificates("pki/index.pem")).limits(limits).open(&read("directory/short.ldif.p7m")).unwrap_err();
    assert_eq!(error.code(), "directory-inside");
    assert!(SignedDirectory::pinned(Vec::new()).open(b"").is_err());
    assert!(SignedDirectory::pinned(Vec::new()).open(&[0x30, 0x80].repeat(1000)).is_err());
}
