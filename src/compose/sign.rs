//! Signing: what a signer is asked, who may answer, and the check of the answer.
//!
//! RFC 6109 §5.1 wants a provider's key in a hardware security module. Two ways lead there: a [`Signer`] that talks to the device while a message
//! is composed, or no signer at all, the bytes to sign being handed out and the signature brought back. Both end in the same
//! check with the certificate's own key, so that no message leaves with a signature that does not hold.

#![warn(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

#[cfg(feature = "rustcrypto")]
mod in_memory;
#[cfg(feature = "rustcrypto")]
mod private_key;
#[cfg(all(test, feature = "rustcrypto"))]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "tests may panic")]
mod tests;

#[cfg(feature = "rustcrypto")]
pub use in_memory::InMemoryKey;
#[cfg(feature = "rustcrypto")]
pub use private_key::PrivateKeyError;

use core::fmt;

use const_oid::db::rfc5912 as oid;

use crate::{
    asn1::{Asn1Error, Asn1ErrorKind, Reader, dotted, tag},
    crypto::{
        AlgorithmIdentifier, Algorithms, Digest, DigestAlgorithm, KeyError, KeyKind, PssParameters, SignatureError, SignatureScheme, digest,
    },
    x509::Certificate,
};

/// Whoever holds a private key: `InMemoryKey`, or a device or service behind some connection of the caller's.
///
/// What it gives is checked with the key of the certificate before a message goes out, so a signer need not check its own work.
///
/// ```
/// use postacert::compose::{Signer, SignerError, SigningRequest};
/// use postacert::crypto::{DigestAlgorithm, SignatureScheme};
/// # struct Session;
/// # impl Session { fn sign_rsa_pkcs1(&self, _: &str, _: &[u8]) -> Result<Vec<u8>, std::io::Error> { Err(std::io::ErrorKind::TimedOut.into()) } }
///
/// /// A key in a device, reached by its label.
/// struct DeviceKey { session: Session, label: String }
///
/// impl Signer for DeviceKey {
///     fn scheme(&self, digest: DigestAlgorithm) -> SignatureScheme {
///         SignatureScheme::RsaPkcs1 { digest }
///     }
///
///     fn sign(&self, request: &SigningRequest<'_>) -> Result<Vec<u8>, SignerError> {
///         // This device hashes for itself (CKM_SHA256_RSA_PKCS); one that wants the digest takes `request.digest()`.
///         self.session.sign_rsa_pkcs1(&self.label, request.bytes()).map_err(SignerError::failed)
///     }
/// }
/// # let key = DeviceKey { session: Session, label: "pec".into() };
/// # let scheme = key.scheme(DigestAlgorithm::Sha256);
/// # assert_eq!(key.sign(&SigningRequest::new(b"", scheme, [0; 32])).unwrap_err().to_string(), "the signer failed: timed out");
/// ```
pub trait Signer {
    /// How this key signs over a digest of this algorithm. The scheme is written into what is signed, so it is asked first; its digest must be
    /// the one asked for.
    fn scheme(&self, digest: DigestAlgorithm) -> SignatureScheme;

    /// Signs. An RSA signature is as long as the modulus; an ECDSA signature is the DER of `SEQUENCE { r, s }` (RFC 3279 §2.2.3), not the two
    /// numbers side by side that some devices give.
    ///
    /// # Errors
    /// [`SignerError`]: [`SignerError::failed`] makes one from whatever the device said.
    fn sign(&self, request: &SigningRequest<'_>) -> Result<Vec<u8>, SignerError>;
}

impl<S: Signer + ?Sized> Signer for &S {
    fn scheme(&self, digest: DigestAlgorithm) -> SignatureScheme {
        (**self).scheme(digest)
    }

    fn sign(&self, request: &SigningRequest<'_>) -> Result<Vec<u8>, SignerError> {
        (**self).sign(request)
    }
}

impl<S: Signer + ?Sized> Signer for Box<S> {
    fn scheme(&self, digest: DigestAlgorithm) -> SignatureScheme {
        (**self).scheme(digest)
    }

    fn sign(&self, request: &SigningRequest<'_>) -> Result<Vec<u8>, SignerError> {
        (**self).sign(request)
    }
}

/// One signature to be made: over which bytes, and how.
///
/// Composing makes these; [`SigningRequest::new`] is there to try a [`Signer`] out.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SigningRequest<'a> {
    bytes: &'a [u8],
    digest: Digest,
    scheme: SignatureScheme,
    entropy: [u8; 32],
}

impl<'a> SigningRequest<'a> {
    /// A request to sign these bytes. See [`Self::entropy`] for the last argument.
    #[must_use]
    pub fn new(bytes: &'a [u8], scheme: SignatureScheme, entropy: [u8; 32]) -> Self {
        Self { bytes, digest: digest(scheme.digest(), bytes), scheme, entropy }
    }

    /// The exact bytes to sign: the DER of the signed attributes as a SET OF (RFC 5652 §5.4), some 500 bytes.
    #[must_use]
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// Their digest by the scheme's algorithm, for signers that take that.
    #[must_use]
    pub fn digest(&self) -> &Digest {
        &self.digest
    }

    /// How to sign them: what [`Signer::scheme`] said.
    #[must_use]
    pub fn scheme(&self) -> SignatureScheme {
        self.scheme
    }

    /// Randomness for this one signature, from what the caller gave to the message: for the salt of RSA-PSS, and for whatever protects the key
    /// from being measured. The same message with the same entropy gets the same signature. A signer with a source of its own may leave it.
    #[must_use]
    pub fn entropy(&self) -> &[u8; 32] {
        &self.entropy
    }
}

/// Without the entropy.
impl fmt::Debug for SigningRequest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningRequest").field("scheme", &self.scheme).field("digest", &self.digest).finish_non_exhaustive()
    }
}

coded! {
    /// Why there is no signature, or none that can be used.
    pub enum SignerError {
        /// The device, service or library that holds the key said no, or nothing.
        Failed { why: Box<str> } = "signer-failed",
            "the signer failed: {why}",
            "il dispositivo di firma non ha firmato: {why}";
        /// A digest that new messages must not be signed with.
        WeakDigest { digest: DigestAlgorithm } = "signer-weak-digest",
            "{digest} is too weak to sign with",
            "{digest} è troppo debole per firmare";
        /// The key cannot sign in this way.
        Unsupported { scheme: SignatureScheme, key: KeyKind } = "signer-unsupported",
            "{scheme} cannot be made with a key of the kind {key}",
            "non si può firmare con {scheme} usando una chiave del tipo {key}";
        /// The key of the signer's certificate cannot be used.
        CertificateKey { error: KeyError } = "signer-certificate-key",
            "the key of the signer's certificate cannot be used: {error}",
            "la chiave del certificato del firmatario non è utilizzabile: {error}";
        /// The signature does not hold under the key of the signer's certificate: that of another key, over other bytes, or in another scheme.
        DoesNotHold { error: SignatureError } = "signer-does-not-hold",
            "the signature does not hold under the signer's certificate: {error}",
            "la firma non è valida con il certificato del firmatario: {error}";
    }
}

impl core::error::Error for SignerError {}

impl SignerError {
    /// The failure of a device or service, in its own words.
    pub fn failed(why: impl fmt::Display) -> Self {
        Self::Failed { why: why.to_string().into() }
    }
}

/// Whether a signature holds over these attributes under the key of this certificate: asked of every signature before it goes out.
pub(crate) fn check_signature_over(
    attributes: &[u8],
    scheme: SignatureScheme,
    certificate: &Certificate,
    algorithms: &dyn Algorithms,
    signature: &[u8],
) -> Result<(), SignerError> {
    let key = algorithms.prepare(certificate.spki()).map_err(|error| SignerError::CertificateKey { error })?;
    let mut hasher = algorithms.hasher(scheme.digest());
    hasher.update(attributes);
    key.verify(scheme, &hasher.finish(), signature).map_err(|error| SignerError::DoesNotHold { error })
}

/// How the key of this certificate signs unless somebody says otherwise: for the way without a [`Signer`].
pub(crate) fn scheme_for(certificate: &Certificate, digest: DigestAlgorithm) -> Result<SignatureScheme, SignerError> {
    let (algorithm, _) = subject_public_key(certificate.spki()).map_err(|error| SignerError::CertificateKey { error })?;
    Ok(algorithm.scheme(digest))
}

/// What a key is for, as its `AlgorithmIdentifier` says, public or private.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum KeyAlgorithm {
    Rsa,
    /// RSA for PSS alone (RFC 4055 §3.3): with these digests, and no shorter salt, if any are given.
    RsaPss(Option<PssParameters>),
    Ec(Curve),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Curve {
    P256,
    P384,
}

impl KeyAlgorithm {
    fn read(algorithm: &AlgorithmIdentifier<'_>) -> Result<Self, KeyError> {
        if algorithm.is(oid::RSA_ENCRYPTION) {
            algorithm.absent_or_null()?;
            Ok(Self::Rsa)
        } else if algorithm.is(oid::ID_RSASSA_PSS) {
            let parameters = algorithm.parameters.as_ref().map(PssParameters::read).transpose();
            parameters.map(Self::RsaPss).map_err(|error| KeyError::Parameters { error })
        } else if algorithm.is(oid::ID_EC_PUBLIC_KEY) {
            let parameters = algorithm.parameters.ok_or(Asn1Error { kind: Asn1ErrorKind::Truncated, offset: 0 })?;
            if parameters.tag != tag::OID {
                return Err(parameters.error(Asn1ErrorKind::UnexpectedTag).into());
            }
            Curve::read(parameters.oid()?).map(Self::Ec)
        } else {
            Err(KeyError::Unsupported { oid: dotted(algorithm.oid) })
        }
    }

    /// The scheme that is usual for it. A salt is as long as the digest, as RFC 4055 §3.1 recommends.
    fn scheme(self, digest: DigestAlgorithm) -> SignatureScheme {
        match self {
            Self::Rsa => SignatureScheme::RsaPkcs1 { digest },
            Self::RsaPss(least) => {
                let salt_len = least.map_or(0, |least| least.salt_len).max(digest.output_len());
                SignatureScheme::RsaPss { digest, mgf_digest: digest, salt_len }
            }
            Self::Ec(_) => SignatureScheme::Ecdsa { digest },
        }
    }
}

impl Curve {
    fn read(oid: &[u8]) -> Result<Self, KeyError> {
        let known = [(oid::SECP_256_R_1, Self::P256), (oid::SECP_384_R_1, Self::P384)];
        let found = known.into_iter().find(|(known, _)| known.as_bytes() == oid);
        found.map(|(_, curve)| curve).ok_or_else(|| KeyError::Unsupported { oid: dotted(oid) })
    }
}

/// The algorithm and the octets of the key in a `SubjectPublicKeyInfo`.
fn subject_public_key(spki: &[u8]) -> Result<(KeyAlgorithm, &[u8]), KeyError> {
    let mut members = Reader::der(spki).sequence()?;
    let algorithm = KeyAlgorithm::read(&AlgorithmIdentifier::of(&members.expect(tag::SEQUENCE)?)?)?;
    let key = members.expect(tag::BIT_STRING)?;
    let octets = key.bit_string()?.whole_octets().ok_or_else(|| key.error(Asn1ErrorKind::BadBitString))?;
    Ok((algorithm, octets))
}
