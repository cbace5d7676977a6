//! The cryptographic algorithms that verification asks for, behind one trait.
//!
//! Digests (SHA-1 and the SHA-2 family) are always compiled in. Public-key algorithms come from a backend: [`RustCrypto`] (the feature
//! `rustcrypto`, on by default) or one of the caller's own. A backend is chosen by a call, never by which features happen to be on.

#[cfg(feature = "rustcrypto")]
mod rustcrypto;

#[cfg(feature = "rustcrypto")]
pub use rustcrypto::RustCrypto;

use core::fmt;

/// A digest algorithm that a signature may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "lowercase"))]
#[non_exhaustive]
pub enum DigestAlgorithm {
    /// SHA-1, 160 bits: weak, but still what several providers signed with in December 2024.
    Sha1,
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

/// A running digest.
pub trait Hasher: Send {
    /// Takes in more bytes.
    fn update(&mut self, bytes: &[u8]);
    /// Ends the digest.
    fn finish(self: Box<Self>) -> Digest;
}

/// A finished digest, at most 64 bytes.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Digest {
    algorithm: DigestAlgorithm,
    bytes: [u8; 64],
}

/// How a signature was made. The digest is the one that the key signs; for RSASSA-PSS, MGF1 uses `mgf_digest`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SignatureScheme {
    /// RSASSA-PKCS1-v1_5 (RFC 3447 §8.2).
    RsaPkcs1 {
        /// The digest signed.
        digest: DigestAlgorithm,
    },
    /// RSASSA-PSS (RFC 3447 §8.1).
    RsaPss {
        /// The digest signed.
        digest: DigestAlgorithm,
        /// The digest of the mask generation function MGF1.
        mgf_digest: DigestAlgorithm,
        /// The length of the salt in bytes.
        salt_len: usize,
    },
    /// ECDSA with a signature in DER (`SEQUENCE { r, s }`).
    Ecdsa {
        /// The digest signed.
        digest: DigestAlgorithm,
    },
}

/// What kind of key a prepared key is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum KeyKind {
    /// RSA, with the length of its modulus in bits and whether its public exponent is 3.
    Rsa {
        /// Bits of the modulus.
        bits: usize,
        /// Whether the public exponent is 3.
        exponent_is_3: bool,
    },
    /// An elliptic curve key on P-256.
    P256,
    /// An elliptic curve key on P-384.
    P384,
}

/// A public key made ready to check signatures.
pub trait PreparedKey: Send + Sync + fmt::Debug {
    /// What kind of key this is.
    fn kind(&self) -> KeyKind;

    /// Checks a signature over a digest.
    ///
    /// # Errors
    /// [`SignatureError::Mismatch`] when it does not hold; [`SignatureError::Unsupported`] when this key or backend does not know the scheme.
    fn verify(&self, scheme: SignatureScheme, digest: &Digest, signature: &[u8]) -> Result<(), SignatureError>;
}

/// A backend of algorithms.
pub trait Algorithms: Send + Sync + fmt::Debug {
    /// Begins a digest. The default uses the digests that are always compiled in.
    fn hasher(&self, algorithm: DigestAlgorithm) -> Box<dyn Hasher> {
        digest::hasher(algorithm)
    }

    /// Makes a public key ready, from the DER of its `SubjectPublicKeyInfo` (RFC 5280 §4.1.2.7).
    ///
    /// # Errors
    /// [`KeyError`] when the key is malformed, weak beyond use (RSA below 1,024 bits, even exponent, exponent 1) or of an unknown kind.
    fn prepare(&self, spki_der: &[u8]) -> Result<Box<dyn PreparedKey>, KeyError>;
}

mod digest;

/// Why a public key cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyError;

/// Why a signature does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignatureError;
