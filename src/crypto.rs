//! The cryptographic algorithms that verification asks for, behind one trait.
//!
//! Digests (SHA-1 and the SHA-2 family) are always compiled in. Public-key algorithms come from a backend:
//!
//! * `RustCrypto` (the feature `rustcrypto`, on by default), pure Rust. It is the one used unless another is given.
//! * `AwsLc` (the feature `aws-lc-rs`), C and assembly, several times as fast. It is used only where
//!   [`VerifierBuilder::algorithms`](crate::VerifierBuilder::algorithms) is given it: what a program does must not change because another crate
//!   turned a feature on.
//! * One of the caller's own: anything that implements [`Algorithms`].
//!
//! Both backends take and refuse the same keys and signatures; where aws-lc lacks a scheme, `AwsLc` says what it does instead.
//!
//! ```
//! # #[cfg(feature = "rustcrypto")] {
//! use postacert::crypto::{Algorithms, DigestAlgorithm, KeyKind, RustCrypto, SignatureError, SignatureScheme, digest};
//!
//! // A SubjectPublicKeyInfo, as `openssl pkey -pubout -outform DER` writes it: a point on P-256.
//! let spki = [
//!     &[0x30, 0x39, 0x30, 0x13, 0x06, 0x07, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01, 0x06, 0x08, 0x2A, 0x86, 0x48][..],
//!     &[0xCE, 0x3D, 0x03, 0x01, 0x07, 0x03, 0x22, 0x00, 0x03],
//!     &[0x6B, 0x17, 0xD1, 0xF2, 0xE1, 0x2C, 0x42, 0x47, 0xF8, 0xBC, 0xE6, 0xE5, 0x63, 0xA4, 0x40, 0xF2],
//!     &[0x77, 0x03, 0x7D, 0x81, 0x2D, 0xEB, 0x33, 0xA0, 0xF4, 0xA1, 0x39, 0x45, 0xD8, 0x98, 0xC2, 0x96],
//! ]
//! .concat();
//! let key = RustCrypto.prepare(&spki)?;
//! assert_eq!(key.kind(), KeyKind::P256);
//! let scheme = SignatureScheme::Ecdsa { digest: DigestAlgorithm::Sha256 };
//! let signed = digest(DigestAlgorithm::Sha256, b"the bytes that were signed");
//! assert_eq!(key.verify(scheme, &signed, b"no signature"), Err(SignatureError::Malformed));
//! # }
//! # Ok::<(), postacert::crypto::KeyError>(())
//! ```

#[cfg(feature = "aws-lc-rs")]
mod aws_lc;
mod digest;
#[cfg(any(feature = "rustcrypto", feature = "aws-lc-rs"))]
mod key;
#[cfg(feature = "rustcrypto")]
mod rustcrypto;
mod scheme;

#[cfg(feature = "aws-lc-rs")]
#[cfg_attr(docsrs, doc(cfg(feature = "aws-lc-rs")))]
pub use aws_lc::AwsLc;
pub(crate) use digest::hasher;
pub use digest::{UnknownDigest, digest};
#[cfg(feature = "rustcrypto")]
#[cfg_attr(docsrs, doc(cfg(feature = "rustcrypto")))]
pub use rustcrypto::RustCrypto;
pub use scheme::AlgorithmError;
pub(crate) use scheme::{AlgorithmIdentifier, PssParameters, digest_algorithm, signature_scheme};

use core::fmt;

use crate::asn1::{Asn1Error, Asn1ErrorKind};
use crate::language::{Language, Say, same_in_all_languages, spoken};

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
    /// [`SignatureError::Mismatch`] when it does not hold, [`SignatureError::Malformed`] when it is not in the form of its scheme;
    /// [`SignatureError::Unsupported`] when this key or backend does not know the scheme; [`SignatureError::DigestMismatch`] when the
    /// digest is not of the scheme's algorithm.
    fn verify(&self, scheme: SignatureScheme, digest: &Digest, signature: &[u8]) -> Result<(), SignatureError>;
}

/// A backend of algorithms: digests, and public keys that check signatures.
///
/// A program may bring its own, to use another library or to refuse what the law of its country refuses:
///
/// ```
/// # #[cfg(feature = "rustcrypto")] {
/// use postacert::crypto::{Algorithms, KeyError, KeyKind, PreparedKey, RustCrypto};
///
/// #[derive(Debug)]
/// struct LongKeysOnly;
///
/// impl Algorithms for LongKeysOnly {
///     fn prepare(&self, spki_der: &[u8]) -> Result<Box<dyn PreparedKey>, KeyError> {
///         let key = RustCrypto.prepare(spki_der)?;
///         match key.kind() {
///             KeyKind::Rsa { bits, .. } if bits < 2048 => Err(KeyError::RsaTooShort { bits }),
///             _ => Ok(key),
///         }
///     }
/// }
/// # }
/// ```
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

coded! {
    /// Why a public key cannot be used.
    pub enum KeyError {
        /// It is no `SubjectPublicKeyInfo`, or the key inside is not one of its algorithm.
        Malformed { error: Asn1ErrorKind, offset: usize } = "key-malformed",
            "the public key is malformed at offset {offset}: {error}",
            "la chiave pubblica è malformata alla posizione {offset}: {error}";
        /// A kind of key, or a curve, that is not known here.
        Unsupported { oid: Box<str> } = "key-unsupported",
            "keys of the kind {oid} are not supported",
            "le chiavi del tipo {oid} non sono supportate";
        /// The parameters of the key's algorithm cannot be used.
        Parameters { error: AlgorithmError } = "key-parameters",
            "the parameters of the public key cannot be used: {error}",
            "i parametri della chiave pubblica non sono utilizzabili: {error}";
        /// An RSA modulus below 1,024 bits (R13).
        RsaTooShort { bits: usize } = "key-rsa-too-short",
            "the RSA key has {bits} bits, fewer than 1024",
            "la chiave RSA ha {bits} bit, meno di 1024";
        /// An RSA modulus above 8,192 bits: each signature would cost seconds.
        RsaTooLong { bits: usize } = "key-rsa-too-long",
            "the RSA key has {bits} bits, more than 8192",
            "la chiave RSA ha {bits} bit, più di 8192";
        /// An even RSA modulus: one of its factors is 2.
        EvenModulus = "key-even-modulus",
            "the RSA modulus is even",
            "il modulo RSA è pari";
        /// An even RSA exponent, 0 included: it has no inverse.
        EvenExponent = "key-even-exponent",
            "the RSA exponent is even",
            "l'esponente RSA è pari";
        /// The RSA exponent 1: every message would be its own signature.
        ExponentOne = "key-exponent-one",
            "the RSA exponent is 1",
            "l'esponente RSA è 1";
        /// An RSA exponent of more than 33 bits: no key needs it, and each signature would cost as much as a private operation.
        ExponentTooLarge = "key-exponent-too-large",
            "the RSA exponent has more than 33 bits",
            "l'esponente RSA ha più di 33 bit";
        /// A point that is not on its curve, or not written as RFC 5480 §2.2 says.
        BadPoint = "key-bad-point",
            "the elliptic curve key is no point of its curve",
            "la chiave a curva ellittica non è un punto della sua curva";
    }
}

impl core::error::Error for KeyError {}

impl From<Asn1Error> for KeyError {
    fn from(error: Asn1Error) -> Self {
        Self::Malformed { error: error.kind, offset: error.offset }
    }
}

coded! {
    /// Why a signature does not hold.
    pub enum SignatureError {
        /// The signature was not made with this key over this digest.
        Mismatch = "signature-mismatch",
            "the signature was not made with this key over these bytes",
            "la firma non è stata fatta con questa chiave su questi byte";
        /// The signature is not in the form of its scheme.
        Malformed = "signature-malformed",
            "the signature is not in the form of its scheme",
            "la firma non è nella forma del suo schema";
        /// The key, or the backend, does not know this scheme.
        Unsupported { scheme: SignatureScheme, key: KeyKind } = "signature-unsupported",
            "{scheme} cannot be checked with a key of the kind {key}",
            "{scheme} non è verificabile con una chiave del tipo {key}";
        /// The digest given was made by another algorithm than the one of the scheme.
        DigestMismatch { scheme: SignatureScheme, digest: DigestAlgorithm } = "signature-digest-mismatch",
            "{scheme} cannot be checked over a digest of {digest}",
            "{scheme} non è verificabile su un'impronta {digest}";
    }
}

impl core::error::Error for SignatureError {}

impl SignatureScheme {
    /// The digest that the key signs.
    #[must_use]
    pub const fn digest(self) -> DigestAlgorithm {
        match self {
            Self::RsaPkcs1 { digest } | Self::RsaPss { digest, .. } | Self::Ecdsa { digest } => digest,
        }
    }

    /// The family it belongs to.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::RsaPkcs1 { .. } => "RSA PKCS#1 v1.5",
            Self::RsaPss { .. } => "RSA-PSS",
            Self::Ecdsa { .. } => "ECDSA",
        }
    }
}

spoken!(SignatureScheme);

impl Say for SignatureScheme {
    fn say(&self, language: Language, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let with = language.pick("with", "con");
        write!(f, "{} {with} {}", self.name(), self.digest())?;
        match self {
            Self::RsaPss { mgf_digest, salt_len, .. } => {
                write!(f, ", MGF1 {with} {mgf_digest}, {salt_len} {}", language.pick("bytes of salt", "byte di salt"))
            }
            Self::RsaPkcs1 { .. } | Self::Ecdsa { .. } => Ok(()),
        }
    }
}

same_in_all_languages!(KeyKind);

impl fmt::Display for KeyKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rsa { bits, .. } => write!(f, "RSA-{bits}"),
            Self::P256 => f.write_str("P-256"),
            Self::P384 => f.write_str("P-384"),
        }
    }
}
