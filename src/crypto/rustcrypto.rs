//! The backend made of the RustCrypto crates: RSA, and ECDSA on P-256 and P-384.
//!
//! Why `rsa` 0.9 meets rule R13 (CVE-2006-4339, CVE-2014-1568): `pkcs1v15_sign_unpad` parses nothing out of the decrypted block. It
//! compares all k bytes of EM with what they must be: 00 01, FF up to the byte before the separator, 00, the `DigestInfo` prefix with
//! its NULL, the digest, which ends the block. Before that it wants a signature of exactly k bytes with a value below the modulus. The
//! form of the `DigestInfo` without NULL, which no signer writes, is not taken.

#![warn(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use rsa::{BigUint, Pkcs1v15Sign, Pss, RsaPublicKey, traits::PublicKeyParts};
use sha1::Sha1;
use sha2::{Sha256, Sha384, Sha512};

use super::{
    Algorithms, Digest, DigestAlgorithm, KeyError, KeyKind, PreparedKey, SignatureError, SignatureScheme,
    key::{PublicKey, RsaFacts, RsaNumbers, check_digest, leftmost, scalars},
};

/// The RustCrypto backend: RSA from 1,024 to 8,192 bits with PKCS#1 v1.5 and PSS (any salt; MGF1 with the digest that is signed, as
/// every signer does), ECDSA on P-256 and P-384.
///
/// ```
/// use postacert::crypto::{Algorithms, KeyError, RustCrypto};
/// assert!(matches!(RustCrypto.prepare(b"no key"), Err(KeyError::Malformed { .. })));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RustCrypto;

impl Algorithms for RustCrypto {
    fn prepare(&self, spki_der: &[u8]) -> Result<Box<dyn PreparedKey>, KeyError> {
        Ok(match PublicKey::read(spki_der)? {
            PublicKey::Rsa(numbers) => Box::new(RsaKey::new(numbers)?),
            PublicKey::P256(point) => Box::new(P256Key(p256::ecdsa::VerifyingKey::from_sec1_bytes(point).map_err(|_| KeyError::BadPoint)?)),
            PublicKey::P384(point) => Box::new(P384Key(p384::ecdsa::VerifyingKey::from_sec1_bytes(point).map_err(|_| KeyError::BadPoint)?)),
        })
    }
}

#[derive(Debug)]
pub(super) struct RsaKey {
    key: RsaPublicKey,
    facts: RsaFacts,
}

impl RsaKey {
    pub(super) fn new(numbers: RsaNumbers<'_>) -> Result<Self, KeyError> {
        let RsaNumbers { modulus, exponent, facts, refused, .. } = numbers;
        let (modulus, exponent) = (BigUint::from_bytes_be(modulus), BigUint::from_bytes_be(exponent));
        let key = RsaPublicKey::new_with_max_size(modulus, exponent, facts.bits).map_err(|_| refused)?;
        Ok(Self { key, facts })
    }

    fn pkcs1(&self, digest: &Digest, signature: &[u8]) -> bool {
        let scheme = match digest.algorithm() {
            DigestAlgorithm::Sha1 => Pkcs1v15Sign::new::<Sha1>(),
            DigestAlgorithm::Sha256 => Pkcs1v15Sign::new::<Sha256>(),
            DigestAlgorithm::Sha384 => Pkcs1v15Sign::new::<Sha384>(),
            DigestAlgorithm::Sha512 => Pkcs1v15Sign::new::<Sha512>(),
        };
        self.key.verify(scheme, digest.as_bytes(), signature).is_ok()
    }

    /// RFC 8017 §8.1.2, with three things that `Pss` leaves out: a salt that cannot fit (its sum could overflow), a number not below the
    /// modulus, and, where the encoded message is a byte shorter than the modulus, that byte of the decrypted block, which must be zero.
    fn pss(&self, digest: &Digest, salt_len: usize, signature: &[u8]) -> bool {
        let number = BigUint::from_bytes_be(signature);
        if signature.len() != self.facts.octets() || number >= *self.key.n() || self.facts.pss_room(digest) < Some(salt_len) {
            return false;
        }
        let em_bits = self.facts.pss_bits();
        if em_bits.div_ceil(8) < self.facts.octets() && number.modpow(self.key.e(), self.key.n()).bits() > em_bits {
            return false;
        }
        let scheme = match digest.algorithm() {
            DigestAlgorithm::Sha1 => Pss::new_with_salt::<Sha1>(salt_len),
            DigestAlgorithm::Sha256 => Pss::new_with_salt::<Sha256>(salt_len),
            DigestAlgorithm::Sha384 => Pss::new_with_salt::<Sha384>(salt_len),
            DigestAlgorithm::Sha512 => Pss::new_with_salt::<Sha512>(salt_len),
        };
        self.key.verify(scheme, digest.as_bytes(), signature).is_ok()
    }
}

impl PreparedKey for RsaKey {
    fn kind(&self) -> KeyKind {
        self.facts.kind()
    }

    fn verify(&self, scheme: SignatureScheme, digest: &Digest, signature: &[u8]) -> Result<(), SignatureError> {
        check_digest(scheme, digest)?;
        self.facts.permit(scheme)?;
        let holds = match scheme {
            SignatureScheme::RsaPss { digest: signed, mgf_digest, .. } if signed != mgf_digest => {
                return Err(SignatureError::Unsupported { scheme, key: self.kind() });
            }
            SignatureScheme::RsaPss { salt_len, .. } => self.pss(digest, salt_len, signature),
            SignatureScheme::RsaPkcs1 { .. } | SignatureScheme::Ecdsa { .. } => self.pkcs1(digest, signature),
        };
        if holds { Ok(()) } else { Err(SignatureError::Mismatch) }
    }
}

/// One struct and its check for a curve: the two crates share traits, but spelling their bounds out takes more lines than this.
macro_rules! ecdsa_key {
    ($name:ident, $curve:ident, $kind:expr, $octets:literal) => {
        #[derive(Debug)]
        struct $name($curve::ecdsa::VerifyingKey);

        impl PreparedKey for $name {
            fn kind(&self) -> KeyKind {
                $kind
            }

            fn verify(&self, scheme: SignatureScheme, digest: &Digest, signature: &[u8]) -> Result<(), SignatureError> {
                use $curve::ecdsa::signature::hazmat::PrehashVerifier;
                check_digest(scheme, digest)?;
                let SignatureScheme::Ecdsa { .. } = scheme else {
                    return Err(SignatureError::Unsupported { scheme, key: self.kind() });
                };
                let (r, s) = scalars::<$octets>(signature).ok_or(SignatureError::Malformed)?;
                // Refuses 0 and anything from the order of the curve up.
                let signature = $curve::ecdsa::Signature::from_scalars(r, s).map_err(|_| SignatureError::Mismatch)?;
                self.0.verify_prehash(&leftmost::<$octets>(digest), &signature).map_err(|_| SignatureError::Mismatch)
            }
        }
    };
}

ecdsa_key!(P256Key, p256, KeyKind::P256, 32);
ecdsa_key!(P384Key, p384, KeyKind::P384, 48);
