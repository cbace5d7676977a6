//! The backend made of aws-lc: C and assembly by Amazon, grown out of BoringSSL.
//!
//! Its checks meet rule R13 as RustCrypto's do: `RSA_verify` builds the whole block that must be there, `DigestInfo` with NULL included, and
//! compares. Keys, and the form of an ECDSA signature, are judged by our own code before aws-lc sees them, so both backends refuse the same
//! with the same words.

#![warn(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use std::sync::OnceLock;

use aws_lc_rs::{
    digest as lc,
    error::Unspecified,
    signature::{
        ECDSA_P256_SHA256_ASN1, ECDSA_P384_SHA384_ASN1, ParsedPublicKey, RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY,
        RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY, RSA_PKCS1_1024_8192_SHA512_FOR_LEGACY_USE_ONLY, RSA_PKCS1_2048_8192_SHA384,
        RSA_PSS_2048_8192_SHA256, RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512, RsaParameters, RsaPssSaltLength,
        VerificationAlgorithm,
    },
};

use super::{
    Algorithms, Digest, DigestAlgorithm, Hasher, KeyError, KeyKind, PreparedKey, SignatureError, SignatureScheme,
    key::{PublicKey, RsaFacts, RsaNumbers, check_digest, leftmost, scalars},
};

/// The aws-lc backend: RSA some eight times as fast as `RustCrypto`'s, at the price of a C compiler.
///
/// It is used where a program asks for it, never because a feature is on:
///
/// ```
/// use postacert::{Verifier, VerifierError, crypto::AwsLc};
/// let builder = Verifier::builder().algorithms(AwsLc);
/// assert!(matches!(builder.build(), Err(VerifierError::NoTrust))); // no directory and no anchors as yet
/// ```
///
/// Four things aws-lc-rs does not do: RSA-PSS with SHA-1, with another digest in MGF1 than the one signed, or with keys below 2,048 bits, and
/// RSA PKCS#1 v1.5 with SHA-384 and keys below 2,048 bits. For these it asks RustCrypto where the feature `rustcrypto` is on; where it
/// is not, they are [`SignatureError::Unsupported`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AwsLc;

impl Algorithms for AwsLc {
    /// Through aws-lc: on x86-64 as fast as the crates `sha1` and `sha2` (1 MB of SHA-1 in 508 to 521 µs, SHA-256 in 570 both, SHA-512 in
    /// 1,445 to 1,486; 50 ns more to begin), on other processors faster, since there `sha2` 0.10 is plain Rust by default.
    fn hasher(&self, algorithm: DigestAlgorithm) -> Box<dyn Hasher> {
        Box::new(Running { algorithm, context: lc::Context::new(digest_of(algorithm)) })
    }

    fn prepare(&self, spki_der: &[u8]) -> Result<Box<dyn PreparedKey>, KeyError> {
        Ok(match PublicKey::read(spki_der)? {
            PublicKey::Rsa(numbers) => Box::new(RsaKey::new(numbers)?),
            PublicKey::P256(point) => Box::new(P256Key(point_key(&ECDSA_P256_SHA256_ASN1, point)?)),
            PublicKey::P384(point) => Box::new(P384Key(point_key(&ECDSA_P384_SHA384_ASN1, point)?)),
        })
    }
}

struct Running {
    algorithm: DigestAlgorithm,
    context: lc::Context,
}

impl Hasher for Running {
    fn update(&mut self, bytes: &[u8]) {
        self.context.update(bytes);
    }

    fn finish(self: Box<Self>) -> Digest {
        Digest::from_output(self.algorithm, self.context.finish().as_ref())
    }
}

fn digest_of(algorithm: DigestAlgorithm) -> &'static lc::Algorithm {
    match algorithm {
        DigestAlgorithm::Sha1 => &lc::SHA1_FOR_LEGACY_USE_ONLY,
        DigestAlgorithm::Sha256 => &lc::SHA256,
        DigestAlgorithm::Sha384 => &lc::SHA384,
        DigestAlgorithm::Sha512 => &lc::SHA512,
    }
}

/// An RSA key, parsed by aws-lc once for each scheme that it is used with, since a parsed key is bound to one. The dear part, the modulus in
/// Montgomery form, is kept inside a parsed key.
#[derive(Debug)]
struct RsaKey {
    facts: RsaFacts,
    /// `RSAPublicKey` in DER.
    der: Box<[u8]>,
    pkcs1: Parsed,
    /// With a salt as long as the digest, as nearly every signer has it.
    pss: Parsed,
    /// What aws-lc does not do, RustCrypto does.
    #[cfg(feature = "rustcrypto")]
    fallback: OnceLock<Option<Box<super::rustcrypto::RsaKey>>>,
}

impl RsaKey {
    fn new(numbers: RsaNumbers<'_>) -> Result<Self, KeyError> {
        let RsaNumbers { der, facts, refused, .. } = numbers;
        let key = Self {
            facts,
            der: der.into(),
            pkcs1: Parsed::default(),
            pss: Parsed::default(),
            #[cfg(feature = "rustcrypto")]
            fallback: OnceLock::new(),
        };
        // A key that aws-lc refuses is refused here, not at its first signature. The digest is the one met most.
        let most = DigestAlgorithm::Sha256;
        match key.pkcs1_algorithm(most).map(|algorithm| key.pkcs1.get(most, algorithm, der)) {
            Some(Ok(_)) => Ok(key),
            _ => Err(refused),
        }
    }

    /// The names say 1,024 or 2,048 bits, and aws-lc-rs keeps to them.
    fn pkcs1_algorithm(&self, digest: DigestAlgorithm) -> Option<&'static RsaParameters> {
        match digest {
            DigestAlgorithm::Sha1 => Some(&RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY),
            DigestAlgorithm::Sha256 => Some(&RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY),
            DigestAlgorithm::Sha384 => (self.facts.bits >= 2048).then_some(&RSA_PKCS1_2048_8192_SHA384),
            DigestAlgorithm::Sha512 => Some(&RSA_PKCS1_1024_8192_SHA512_FOR_LEGACY_USE_ONLY),
        }
    }

    /// For the salt as long as the digest, and to be changed for others.
    fn pss_algorithm(&self, digest: DigestAlgorithm) -> Option<(&'static RsaParameters, RsaParameters)> {
        match digest {
            _ if self.facts.bits < 2048 => None,
            DigestAlgorithm::Sha1 => None,
            DigestAlgorithm::Sha256 => Some((&RSA_PSS_2048_8192_SHA256, RSA_PSS_2048_8192_SHA256)),
            DigestAlgorithm::Sha384 => Some((&RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA384)),
            DigestAlgorithm::Sha512 => Some((&RSA_PSS_2048_8192_SHA512, RSA_PSS_2048_8192_SHA512)),
        }
    }

    /// What aws-lc says, or `None` where it does not know the scheme for this key.
    fn ask(&self, scheme: SignatureScheme, digest: &Digest, signature: &[u8]) -> Option<Result<(), Unspecified>> {
        let algorithm = digest.algorithm();
        let digest = lc::Digest::import_less_safe(digest.as_bytes(), digest_of(algorithm)).ok()?;
        match scheme {
            SignatureScheme::RsaPkcs1 { .. } => {
                let key = self.pkcs1.get(algorithm, self.pkcs1_algorithm(algorithm)?, &self.der);
                Some(key.and_then(|key| key.verify_digest_sig(&digest, signature)))
            }
            SignatureScheme::RsaPss { mgf_digest, salt_len, .. } if mgf_digest == algorithm => {
                let (usual, other) = self.pss_algorithm(algorithm)?;
                if salt_len == algorithm.output_len() {
                    let key = self.pss.get(algorithm, usual, &self.der);
                    return Some(key.and_then(|key| key.verify_digest_sig(&digest, signature)));
                }
                let salt_len = RsaPssSaltLength::Custom(u16::try_from(salt_len).ok()?);
                Some(other.with_pss_salt_length(salt_len).verify_digest_sig(&self.der, &digest, signature))
            }
            SignatureScheme::RsaPss { .. } | SignatureScheme::Ecdsa { .. } => None,
        }
    }

    #[cfg(feature = "rustcrypto")]
    fn ask_another(&self, scheme: SignatureScheme, digest: &Digest, signature: &[u8]) -> Result<(), SignatureError> {
        let make = || super::rustcrypto::RsaKey::new(self.facts.numbers(&self.der).ok()?).ok().map(Box::new);
        match self.fallback.get_or_init(make) {
            Some(key) => key.verify(scheme, digest, signature),
            None => Err(SignatureError::Unsupported { scheme, key: self.kind() }),
        }
    }

    #[cfg(not(feature = "rustcrypto"))]
    fn ask_another(&self, scheme: SignatureScheme, _: &Digest, _: &[u8]) -> Result<(), SignatureError> {
        Err(SignatureError::Unsupported { scheme, key: self.kind() })
    }
}

impl PreparedKey for RsaKey {
    fn kind(&self) -> KeyKind {
        self.facts.kind()
    }

    fn verify(&self, scheme: SignatureScheme, digest: &Digest, signature: &[u8]) -> Result<(), SignatureError> {
        check_digest(scheme, digest)?;
        self.facts.permit(scheme)?;
        if let SignatureScheme::RsaPss { salt_len, .. } = scheme
            && self.facts.pss_room(digest) < Some(salt_len)
        {
            return Err(SignatureError::Mismatch);
        }
        match self.ask(scheme, digest, signature) {
            Some(answer) => answer.map_err(|Unspecified| SignatureError::Mismatch),
            None => self.ask_another(scheme, digest, signature),
        }
    }
}

/// A key parsed for each digest that it is used with.
#[derive(Debug, Default)]
struct Parsed([OnceLock<ParsedPublicKey>; 4]);

impl Parsed {
    fn get(&self, digest: DigestAlgorithm, algorithm: &'static RsaParameters, der: &[u8]) -> Result<&ParsedPublicKey, Unspecified> {
        let [sha1, sha256, sha384, sha512] = &self.0;
        let cell = match digest {
            DigestAlgorithm::Sha1 => sha1,
            DigestAlgorithm::Sha256 => sha256,
            DigestAlgorithm::Sha384 => sha384,
            DigestAlgorithm::Sha512 => sha512,
        };
        if let Some(key) = cell.get() {
            return Ok(key);
        }
        let key = ParsedPublicKey::new(algorithm, der).map_err(|_| Unspecified)?;
        Ok(cell.get_or_init(|| key))
    }
}

fn point_key(algorithm: &'static dyn VerificationAlgorithm, point: &[u8]) -> Result<ParsedPublicKey, KeyError> {
    ParsedPublicKey::new(algorithm, point).map_err(|_| KeyError::BadPoint)
}

/// One struct and its check for a curve. ECDSA takes as many bits of a digest as the order of the curve has, so every digest is given as one
/// of that length, under the name of the SHA-2 that has it; aws-lc-rs has no names for SHA-1 with P-384.
macro_rules! ecdsa_key {
    ($name:ident, $kind:expr, $octets:literal, $digest:expr) => {
        #[derive(Debug)]
        struct $name(ParsedPublicKey);

        impl PreparedKey for $name {
            fn kind(&self) -> KeyKind {
                $kind
            }

            fn verify(&self, scheme: SignatureScheme, digest: &Digest, signature: &[u8]) -> Result<(), SignatureError> {
                check_digest(scheme, digest)?;
                let SignatureScheme::Ecdsa { .. } = scheme else {
                    return Err(SignatureError::Unsupported { scheme, key: self.kind() });
                };
                // The form is judged as RustCrypto's backend judges it; the numbers by aws-lc.
                scalars::<$octets>(signature).ok_or(SignatureError::Malformed)?;
                let digest = lc::Digest::import_less_safe(&leftmost::<$octets>(digest), $digest);
                let holds = digest.and_then(|digest| self.0.verify_digest_sig(&digest, signature));
                holds.map_err(|Unspecified| SignatureError::Mismatch)
            }
        }
    };
}

ecdsa_key!(P256Key, KeyKind::P256, 32, &lc::SHA256);
ecdsa_key!(P384Key, KeyKind::P384, 48, &lc::SHA384);
