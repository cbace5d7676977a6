//! The provider directory in its signed form (`.p7m`, RFC 6109 §4.5): opened only under a signer that the caller pinned (R21).

use std::sync::Arc;

use super::default_algorithms;
use super::signature::{Order, answers_to, check_attributes, hash};
use crate::asn1::{Reader, Rules};
use crate::cms::{self, CmsError};
use crate::crypto::{Algorithms, DigestAlgorithm, KeyError, SignatureError};
use crate::directory::{Directory, DirectoryError, DirectoryFindingKind};
use crate::limits::Limits;
use crate::x509::Certificate;

/// Opens a provider directory in its signed form, a CMS structure (DER or BER) with the LDIF inside.
///
/// It is believed only under the key of a certificate that the caller pinned: a chain to some trust anchor is not enough, since a listed provider's
/// certificate has one too. A pinned certificate is trusted for itself; its dates are not looked at.
///
/// ```
/// use postacert::{Certificate, SignedDirectory};
///
/// let pinned = Certificate::from_pem_or_der(include_bytes!("../../tests/fixtures/pki/index.pem"))?;
/// let opener = SignedDirectory::pinned(pinned);
/// let directory = opener.open(include_bytes!("../../tests/fixtures/directory/short.ldif.p7m"))?;
/// assert_eq!(directory.provider_count(), 4);
///
/// let forged = opener.open(include_bytes!("../../tests/fixtures/directory/hostile-provider.ldif.p7m"));
/// assert_eq!(forged.unwrap_err().code(), "directory-signer-not-pinned");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct SignedDirectory {
    pinned: Vec<Certificate>,
    algorithms: Option<Arc<dyn Algorithms>>,
    limits: Limits,
}

coded! {
    /// Why a signed directory was not opened.
    pub enum SignedDirectoryError {
        /// The CMS structure could not be read.
        Cms { error: CmsError } = "directory-cms",
            "the signed directory could not be read: {error}",
            "l'indice firmato non è leggibile: {error}";
        /// The signature is detached: there is no directory inside.
        NoContent = "directory-detached",
            "the signature holds no directory inside",
            "la firma non contiene alcun indice";
        /// The signer is none of the certificates that the caller pinned.
        SignerNotPinned = "directory-signer-not-pinned",
            "the directory is not signed by the certificate that was pinned",
            "l'indice non è firmato con il certificato indicato";
        /// The pinned certificate's key cannot be used.
        Key { error: KeyError } = "directory-key",
            "the key of the pinned certificate cannot be used: {error}",
            "la chiave del certificato indicato non è utilizzabile: {error}";
        /// The directory was changed after it was signed.
        DigestMismatch = "directory-digest-mismatch",
            "the directory was changed after signing: its digest is not the signed one",
            "l'indice è stato modificato dopo la firma: la sua impronta non è quella firmata";
        /// The signature does not hold.
        Signature { error: SignatureError } = "directory-signature",
            "the signature of the directory does not hold: {error}",
            "la firma dell'indice non regge: {error}";
        /// There is nothing to check it with.
        NoAlgorithms = "directory-no-algorithms",
            "no public-key algorithms are compiled in: build with a backend or give one",
            "nessun algoritmo a chiave pubblica è stato compilato: occorre compilarne uno o fornirlo";
        /// What is inside, though signed, is no directory.
        Directory { error: DirectoryError } = "directory-inside",
            "the directory inside could not be used: {error}",
            "l'indice contenuto non è utilizzabile: {error}";
    }
}

impl core::error::Error for SignedDirectoryError {}

impl From<CmsError> for SignedDirectoryError {
    fn from(error: CmsError) -> Self {
        Self::Cms { error }
    }
}

impl SignedDirectory {
    /// Directories signed by one of these certificates.
    #[must_use]
    pub fn pinned(signers: impl IntoIterator<Item = Certificate>) -> Self {
        Self { pinned: signers.into_iter().collect(), algorithms: default_algorithms(), limits: Limits::default() }
    }

    /// Another backend of public-key algorithms.
    #[must_use]
    pub fn algorithms(self, algorithms: impl Algorithms + 'static) -> Self {
        Self { algorithms: Some(Arc::new(algorithms)), ..self }
    }

    /// Other limits: those of a directory (`ldif_…`), `cms_certificates`, `cms_crls`, `cms_attributes`, `asn1_depth`.
    #[must_use]
    pub fn limits(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }

    /// Checks the signature and reads the directory inside. Bytes after the structure are a finding of the directory.
    ///
    /// # Errors
    /// [`SignedDirectoryError`], also when the directory inside cannot be used.
    pub fn open(&self, p7m: &[u8]) -> Result<Directory, SignedDirectoryError> {
        let algorithms = self.algorithms.as_deref().ok_or(SignedDirectoryError::NoAlgorithms)?;
        let limits = Limits { cms_bytes: self.limits.ldif_bytes.saturating_add(SHELL_BYTES), ..self.limits.clone() };
        let structure = first_value(p7m, &limits)?;
        let data = cms::read(structure, &limits)?;
        let content = data.e_content.clone().ok_or(SignedDirectoryError::NoContent)?.into_cow();
        let signer = self.signer(&data)?;
        let algorithm = data.signer.digest_algorithm()?;
        let digest = hash(algorithms, algorithm, |h| h.update(&content));
        if digest.as_bytes() != data.signer.signed_attrs.message_digest() {
            return Err(SignedDirectoryError::DigestMismatch);
        }
        let key = algorithms.prepare(signer.spki()).map_err(|error| SignedDirectoryError::Key { error })?;
        let scheme = data.signer.scheme()?;
        match check_attributes(&data, algorithm, scheme, &*key, algorithms) {
            Ok(Order::AsReceived | Order::Der) => {}
            Err(error) => return Err(SignedDirectoryError::Signature { error }),
        }
        let mut directory = Directory::from_ldif_with(&content, &self.limits).map_err(|error| SignedDirectoryError::Directory { error })?;
        if algorithm == DigestAlgorithm::Sha1 {
            directory.note_signature(DirectoryFindingKind::WeakSignature);
        }
        let bytes = p7m.len().saturating_sub(structure.len());
        if bytes > 0 {
            directory.note_signature(DirectoryFindingKind::BytesAfterSignature { bytes });
        }
        Ok(directory)
    }

    /// The pinned certificate that answers to the signer's identifier. Certificates that came along are not looked at: the signature must hold
    /// under the pinned one's key.
    fn signer(&self, data: &cms::SignedData<'_>) -> Result<&Certificate, SignedDirectoryError> {
        let named = self.pinned.iter().find(|certificate| answers_to(certificate, &data.signer.sid));
        named.ok_or(SignedDirectoryError::SignerNotPinned)
    }
}

/// Certificates and signature around the LDIF: what a CMS may have besides.
const SHELL_BYTES: usize = 1 << 20;

/// The first ASN.1 value of the bytes, whatever follows it.
fn first_value<'a>(p7m: &'a [u8], limits: &Limits) -> Result<&'a [u8], CmsError> {
    Ok(Reader::new(p7m, 0, Rules::Ber, limits.asn1_depth).read()?.whole)
}
