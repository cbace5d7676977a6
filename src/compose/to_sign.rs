//! From a draft to the message: what is to be signed, and what comes of the signature.

#![warn(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use super::draft::Draft;
use super::entity::base64_lines;
use super::sign::{Signer, SignerError, SigningRequest, check_signature_over, scheme_for};
use super::{ComposeError, Entropy, Identity};
use crate::cms::SignedDataDraft;
use crate::crypto::{Algorithms, DigestAlgorithm, SignatureScheme, hasher};

/// A message that lacks nothing but its signature.
///
/// The key may be anywhere: take [`ToSign::request`] there and bring the signature back. It holds the whole message so far and borrows nothing, so it
/// may wait.
///
/// ```
/// # #[cfg(feature = "rustcrypto")] {
/// use postacert::{Acceptance, Certificate, Recipient, RecipientKind, Transaction};
/// use postacert::compose::{Draft, Entropy, Identity, InMemoryKey, Signer};
/// # macro_rules! pki { ($name:literal) => { include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/pki/", $name)) } }
/// # let (certificate, key) = (pki!("uno.pem"), InMemoryKey::from_pem(pki!("uno.key"))?);
///
/// let certificate = Certificate::from_pem_or_der(certificate)?.remove(0);
/// let identity = Identity::new("Gestore Uno PEC S.p.A.", certificate, [])?;
/// let entropy = Entropy::new([7; 32]); // 32 random bytes
/// let to = Recipient::new("b@cert.example".parse()?, RecipientKind::Certified);
/// let id = entropy.pec_id(identity.address().domain());
/// let facts = Transaction::new("a@pec.example".parse()?, vec![to], identity.provider(), "2026-11-22T03:00:00+01:00".parse()?, id)?;
///
/// let to_sign = Draft::acceptance(&identity, &Acceptance::new(facts), &entropy)?.to_sign()?;
/// let signature = key.sign(&to_sign.request())?; // somewhere else, perhaps
/// let message = to_sign.finish(&signature)?;
/// assert!(message.starts_with(b"X-Ricevuta: accettazione\r\n"));
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct ToSign {
    /// Up to the end of the signed entity.
    message: Vec<u8>,
    boundary: String,
    signed_data: SignedDataDraft,
    certificate: crate::x509::Certificate,
    entropy: Entropy,
}

/// RFC 8551 §3.5.1: the types and file name of a detached signature; the older name of the type is what most PEC bears and all readers know.
const SIGNATURE_HEADER: &str = "Content-Type: application/x-pkcs7-signature; name=\"smime.p7s\"\r\nContent-Transfer-Encoding: base64\r\n\
     Content-Disposition: attachment; filename=\"smime.p7s\"\r\n\r\n";

/// What is hashed and then copied at a time.
const BLOCK: usize = 16 << 10;

impl Draft<'_> {
    /// What is to be signed, in the way that is usual for the key in the certificate: RSA by PKCS#1 v1.5 unless the key is for PSS alone, or ECDSA.
    ///
    /// The time of signing is the time of the message, the only one there is (RFC 6109 §4.1).
    ///
    /// # Errors
    /// [`SignerError::WeakDigest`]; [`SignerError::CertificateKey`] when the certificate's key is of a kind that is not known.
    pub fn to_sign(self) -> Result<ToSign, ComposeError> {
        let scheme = scheme_for(self.identity.certificate(), self.digest)?;
        self.to_sign_by(scheme)
    }

    /// What is to be signed in this way, whose digest must be that of the draft, SHA-256 or what [`Draft::with_digest`] said.
    ///
    /// # Errors
    /// [`SignerError::WeakDigest`] for SHA-1; [`SignerError::Failed`] when the scheme has another digest.
    pub fn to_sign_by(self, scheme: SignatureScheme) -> Result<ToSign, ComposeError> {
        let Self { identity, entropy, header, signed, when, digest } = self;
        if digest == DigestAlgorithm::Sha1 {
            return Err(SignerError::WeakDigest { digest }.into());
        }
        let boundary = signed.outer_boundary;
        let mut message = Vec::with_capacity(header.len().saturating_add(signed.entity.len()).saturating_add(room_for_the_rest(&identity)));
        message.extend_from_slice(&header);
        let micalg = match digest {
            DigestAlgorithm::Sha1 => "sha-1",
            DigestAlgorithm::Sha256 => "sha-256",
            DigestAlgorithm::Sha384 => "sha-384",
            DigestAlgorithm::Sha512 => "sha-512",
        };
        message.extend_from_slice(
            format!(
                "MIME-Version: 1.0\r\nContent-Type: multipart/signed; protocol=\"application/x-pkcs7-signature\";\r\n micalg=\"{micalg}\"; \
                 boundary=\"{boundary}\"\r\n\r\nThis is an S/MIME signed message\r\n\r\n--{boundary}\r\n"
            )
            .as_bytes(),
        );
        let mut hasher = hasher(digest);
        // Copied from the nearest caches, where hashing has just brought it.
        for block in signed.entity.iter().flat_map(|piece| piece.chunks(BLOCK)) {
            hasher.update(block);
            message.extend_from_slice(block);
        }
        let certificate = identity.certificate().clone();
        let signed_data = SignedDataDraft::new(&hasher.finish(), scheme, &certificate, identity.chain(), when.instant());
        let signed_data = signed_data.map_err(SignerError::failed)?;
        Ok(ToSign { message, boundary, signed_data, certificate, entropy })
    }

    /// Signs with this key, and checks the signature with the certificate's: a key of another certificate gives no message.
    ///
    /// # Errors
    /// As [`Draft::to_sign_by`] and [`ToSign::finish`], and what the signer says.
    #[cfg(feature = "rustcrypto")]
    #[cfg_attr(docsrs, doc(cfg(feature = "rustcrypto")))]
    pub fn sign_with(self, signer: &dyn Signer) -> Result<Vec<u8>, ComposeError> {
        self.sign_and_check_with(signer, &crate::crypto::RustCrypto)
    }

    /// Signs with this key, and checks the signature by these algorithms.
    ///
    /// # Errors
    /// As `Draft::sign_with`.
    pub fn sign_and_check_with(self, signer: &dyn Signer, algorithms: &dyn Algorithms) -> Result<Vec<u8>, ComposeError> {
        let scheme = signer.scheme(self.digest);
        let to_sign = self.to_sign_by(scheme)?;
        let signature = signer.sign(&to_sign.request())?;
        to_sign.finish_with(&signature, algorithms)
    }
}

impl ToSign {
    /// The signature to be made: over which bytes, or which digest of them, and how.
    #[must_use]
    pub fn request(&self) -> SigningRequest<'_> {
        let Entropy(entropy) = self.entropy.derive("signature", 0);
        SigningRequest::new(self.signed_data.signed_attributes(), self.signed_data.scheme(), entropy)
    }

    /// The message with this signature, once that has been checked with the certificate's key. An RSA signature is as long as the modulus, an ECDSA
    /// signature the DER of its two numbers.
    ///
    /// # Errors
    /// [`SignerError::DoesNotHold`], [`SignerError::CertificateKey`].
    #[cfg(feature = "rustcrypto")]
    #[cfg_attr(docsrs, doc(cfg(feature = "rustcrypto")))]
    pub fn finish(self, signature: &[u8]) -> Result<Vec<u8>, ComposeError> {
        self.finish_with(signature, &crate::crypto::RustCrypto)
    }

    /// The message with this signature, once that has been checked by these algorithms.
    ///
    /// # Errors
    /// As `ToSign::finish`.
    pub fn finish_with(self, signature: &[u8], algorithms: &dyn Algorithms) -> Result<Vec<u8>, ComposeError> {
        let (attributes, scheme) = (self.signed_data.signed_attributes(), self.signed_data.scheme());
        check_signature_over(attributes, scheme, &self.certificate, algorithms, signature)?;

        let mut message = self.message;
        message.extend_from_slice(format!("\r\n--{}\r\n{SIGNATURE_HEADER}", self.boundary).as_bytes());
        base64_lines(core::iter::once(&*self.signed_data.assemble(signature)), &mut message);
        message.extend_from_slice(format!("\r\n--{}--\r\n", self.boundary).as_bytes());
        Ok(message)
    }
}

/// About what the delimiters and the signature take, in base64; too little would cost a second copy of the message, and nothing else.
fn room_for_the_rest(identity: &Identity) -> usize {
    let certificates = identity.chain().iter().chain([identity.certificate()]).fold(0_usize, |len, c| len.saturating_add(c.der().len()));
    certificates.saturating_add(2_048).saturating_mul(3).div_ceil(2)
}
