//! The backend made of the RustCrypto crates: RSA, and ECDSA on P-256 and P-384.
//!
//! Why `rsa` 0.9 meets rule R13 (CVE-2006-4339, CVE-2014-1568): `pkcs1v15_sign_unpad` parses nothing out of the decrypted block. It
//! compares all k bytes of EM with what they must be: 00 01, FF up to the byte before the separator, 00, the `DigestInfo` prefix with
//! its NULL, the digest, which ends the block. Before that it wants a signature of exactly k bytes with a value below the modulus. The
//! form of the `DigestInfo` without NULL, which no signer writes, is not taken.

#![warn(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use const_oid::{ObjectIdentifier, db::rfc5912 as oid};
use rsa::{BigUint, Pkcs1v15Sign, Pss, RsaPublicKey, traits::PublicKeyParts};
use sha1::Sha1;
use sha2::{Sha256, Sha384, Sha512};

use super::{
    AlgorithmIdentifier, Algorithms, Digest, DigestAlgorithm, KeyError, KeyKind, PreparedKey, SignatureError, SignatureScheme,
    scheme::PssParameters,
};
use crate::asn1::{Asn1Error, Asn1ErrorKind, Reader, dotted, tag};

/// The RustCrypto backend: RSA from 1,024 to 8,192 bits with PKCS#1 v1.5 and PSS, ECDSA on P-256 and P-384.
///
/// RSA-PSS is checked where MGF1 uses the digest that is signed, as every signer does.
///
/// ```
/// use postacert::crypto::{Algorithms, KeyError, RustCrypto};
/// assert!(matches!(RustCrypto.prepare(b"no key"), Err(KeyError::Malformed { .. })));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RustCrypto;

impl Algorithms for RustCrypto {
    fn prepare(&self, spki_der: &[u8]) -> Result<Box<dyn PreparedKey>, KeyError> {
        let mut reader = Reader::der(spki_der);
        let mut members = reader.sequence()?;
        reader.finish()?;
        let algorithm = AlgorithmIdentifier::of(&members.expect(tag::SEQUENCE)?)?;
        let key = members.expect(tag::BIT_STRING)?;
        members.finish()?;
        let offset = key.content_offset().saturating_add(1);
        let octets = key.bit_string()?.whole_octets().ok_or_else(|| key.error(Asn1ErrorKind::BadBitString))?;
        Ok(if algorithm.is(oid::RSA_ENCRYPTION) {
            algorithm.absent_or_null()?;
            Box::new(RsaKey::read(octets, offset, Use::Any)?)
        } else if algorithm.is(oid::ID_RSASSA_PSS) {
            // RFC 4055 §3.3: without parameters any will do, with them the signature must have the same digests and no shorter salt.
            let least = algorithm.parameters.as_ref().map(PssParameters::read).transpose();
            Box::new(RsaKey::read(octets, offset, Use::Pss(least.map_err(|error| KeyError::Parameters { error })?))?)
        } else if algorithm.is(oid::ID_EC_PUBLIC_KEY) {
            // RFC 5480 §2.1.1: the curve is named; curves spelled out are refused (CVE-2020-0601).
            let parameters = algorithm.parameters.ok_or(Asn1Error { kind: Asn1ErrorKind::Truncated, offset })?;
            if parameters.tag != tag::OID {
                return Err(parameters.error(Asn1ErrorKind::UnexpectedTag).into());
            }
            let curve = parameters.oid()?;
            // Infinity (00), hybrid (06, 07) and x-only (05) forms are none that RFC 5480 §2.2 has.
            if !matches!(octets.first(), Some(2..=4)) {
                return Err(KeyError::BadPoint);
            }
            if is(curve, oid::SECP_256_R_1) {
                Box::new(P256Key(p256::ecdsa::VerifyingKey::from_sec1_bytes(octets).map_err(|_| KeyError::BadPoint)?))
            } else if is(curve, oid::SECP_384_R_1) {
                Box::new(P384Key(p384::ecdsa::VerifyingKey::from_sec1_bytes(octets).map_err(|_| KeyError::BadPoint)?))
            } else {
                return Err(KeyError::Unsupported { oid: dotted(curve) });
            }
        } else {
            return Err(KeyError::Unsupported { oid: dotted(algorithm.oid) });
        })
    }
}

fn is(octets: &[u8], oid: ObjectIdentifier) -> bool {
    octets == oid.as_bytes()
}

/// What the certificate lets an RSA key do.
#[derive(Debug)]
enum Use {
    Any,
    Pss(Option<PssParameters>),
}

#[derive(Debug)]
struct RsaKey {
    key: RsaPublicKey,
    usage: Use,
}

impl RsaKey {
    const MIN_BITS: usize = 1024;
    const MAX_BITS: usize = 8192;
    /// What `rsa` takes; RFC 8017 names no bound, in the field it is 65537.
    const MAX_EXPONENT_BITS: usize = 33;

    /// Reads `RSAPublicKey` (RFC 8017 §A.1.1).
    fn read(octets: &[u8], offset: usize, usage: Use) -> Result<Self, KeyError> {
        let mut reader = Reader::new(octets, offset, crate::asn1::Rules::Der, 2);
        let mut members = reader.sequence()?;
        reader.finish()?;
        let modulus = members.expect(tag::INTEGER)?.unsigned()?;
        let exponent = members.expect(tag::INTEGER)?;
        let malformed = exponent.error(Asn1ErrorKind::BadInteger);
        let exponent = exponent.unsigned()?;
        members.finish()?;

        // The sizes come first, from the octets, so that no number is made of a megabyte.
        let bits = bit_len(modulus);
        match bits {
            0..Self::MIN_BITS => return Err(KeyError::RsaTooShort { bits }),
            Self::MIN_BITS..=Self::MAX_BITS => {}
            _ => return Err(KeyError::RsaTooLong { bits }),
        }
        let odd = |octets: &[u8]| octets.last().is_some_and(|octet| octet & 1 == 1);
        if !odd(modulus) {
            return Err(KeyError::EvenModulus);
        }
        if !odd(exponent) {
            return Err(KeyError::EvenExponent);
        }
        if exponent == [1] {
            return Err(KeyError::ExponentOne);
        }
        if bit_len(exponent) > Self::MAX_EXPONENT_BITS {
            return Err(KeyError::ExponentTooLarge);
        }
        let (modulus, exponent) = (BigUint::from_bytes_be(modulus), BigUint::from_bytes_be(exponent));
        let key = RsaPublicKey::new_with_max_size(modulus, exponent, Self::MAX_BITS).map_err(|_| malformed)?;
        Ok(Self { key, usage })
    }

    fn pkcs1(&self, digest: &Digest, signature: &[u8]) -> rsa::Result<()> {
        let scheme = match digest.algorithm() {
            DigestAlgorithm::Sha1 => Pkcs1v15Sign::new::<Sha1>(),
            DigestAlgorithm::Sha256 => Pkcs1v15Sign::new::<Sha256>(),
            DigestAlgorithm::Sha384 => Pkcs1v15Sign::new::<Sha384>(),
            DigestAlgorithm::Sha512 => Pkcs1v15Sign::new::<Sha512>(),
        };
        self.key.verify(scheme, digest.as_bytes(), signature)
    }

    fn pss(&self, digest: &Digest, salt_len: usize, signature: &[u8]) -> rsa::Result<()> {
        // Three things that `Pss` leaves out: a salt that cannot fit (its sum could overflow), a number not below the modulus, and,
        // where EM is a byte shorter than the modulus, that byte of the decrypted block, which must be zero (RFC 8017 §8.1.2, steps 1
        // and 2b and 2c).
        let em_bits = bit_len_of(&self.key).saturating_sub(1);
        let em_len = em_bits.div_ceil(8);
        let room = em_len.saturating_sub(digest.algorithm().output_len()).saturating_sub(2);
        let number = BigUint::from_bytes_be(signature);
        if salt_len > room || signature.len() != self.key.size() || number >= *self.key.n() {
            return Err(rsa::Error::Verification);
        }
        if em_len < self.key.size() && number.modpow(self.key.e(), self.key.n()).bits() > em_bits {
            return Err(rsa::Error::Verification);
        }
        let scheme = match digest.algorithm() {
            DigestAlgorithm::Sha1 => Pss::new_with_salt::<Sha1>(salt_len),
            DigestAlgorithm::Sha256 => Pss::new_with_salt::<Sha256>(salt_len),
            DigestAlgorithm::Sha384 => Pss::new_with_salt::<Sha384>(salt_len),
            DigestAlgorithm::Sha512 => Pss::new_with_salt::<Sha512>(salt_len),
        };
        self.key.verify(scheme, digest.as_bytes(), signature)
    }
}

impl PreparedKey for RsaKey {
    fn kind(&self) -> KeyKind {
        KeyKind::Rsa { bits: bit_len_of(&self.key), exponent_is_3: *self.key.e() == BigUint::from(3_u8) }
    }

    fn verify(&self, scheme: SignatureScheme, digest: &Digest, signature: &[u8]) -> Result<(), SignatureError> {
        check_digest(scheme, digest)?;
        let verified = match (scheme, &self.usage) {
            (SignatureScheme::RsaPkcs1 { .. }, Use::Any) => self.pkcs1(digest, signature),
            (SignatureScheme::RsaPss { digest: signed, mgf_digest, salt_len }, usage) if signed == mgf_digest => {
                if let Use::Pss(Some(least)) = usage
                    && (least.digest != signed || least.mgf_digest != mgf_digest || least.salt_len > salt_len)
                {
                    return Err(SignatureError::Unsupported { scheme, key: self.kind() });
                }
                self.pss(digest, salt_len, signature)
            }
            _ => return Err(SignatureError::Unsupported { scheme, key: self.kind() }),
        };
        verified.map_err(|_| SignatureError::Mismatch)
    }
}

/// The length of a big-endian magnitude without leading zeros.
fn bit_len(magnitude: &[u8]) -> usize {
    let Some(first) = magnitude.first() else { return 0 };
    // A slice has fewer than 2^60 octets on any machine, so the product stays in range.
    magnitude.len().saturating_mul(8).saturating_sub(first.leading_zeros() as usize)
}

fn bit_len_of(key: &RsaPublicKey) -> usize {
    key.n().bits()
}

fn check_digest(scheme: SignatureScheme, digest: &Digest) -> Result<(), SignatureError> {
    if scheme.digest() == digest.algorithm() { Ok(()) } else { Err(SignatureError::DigestMismatch { scheme, digest: digest.algorithm() }) }
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

/// The two numbers of `SEQUENCE { r INTEGER, s INTEGER }` in strict DER (RFC 3279 §2.2.3), not negative, in N octets each.
fn scalars<const N: usize>(signature: &[u8]) -> Option<([u8; N], [u8; N])> {
    let mut reader = Reader::new(signature, 0, crate::asn1::Rules::Der, 2);
    let mut members = reader.sequence().ok()?;
    reader.finish().ok()?;
    let mut scalar = || right_aligned(members.expect(tag::INTEGER).ok()?.unsigned().ok()?);
    let (r, s) = (scalar()?, scalar()?);
    members.finish().ok()?;
    Some((r, s))
}

/// The leftmost N octets of the digest, or all of it as a number of N octets (FIPS 186-4 §6.4: both orders are multiples of 8 bits long).
fn leftmost<const N: usize>(digest: &Digest) -> [u8; N] {
    let octets = digest.as_bytes();
    right_aligned(octets.get(..N).unwrap_or(octets)).unwrap_or([0; N])
}

/// A big-endian number in N octets, if it fits.
fn right_aligned<const N: usize>(octets: &[u8]) -> Option<[u8; N]> {
    let mut out = [0; N];
    let at = N.checked_sub(octets.len())?;
    out.get_mut(at..)?.copy_from_slice(octets);
    Some(out)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "tests may panic")]
mod tests {
    use super::*;

    #[test]
    fn digests_longer_and_shorter_than_the_curve() {
        let sha512 = Digest::new(DigestAlgorithm::Sha512, &core::array::from_fn::<u8, 64, _>(|i| u8::try_from(i).unwrap())).unwrap();
        assert_eq!(leftmost::<32>(&sha512)[..], sha512.as_bytes()[..32]);
        let sha1 = Digest::new(DigestAlgorithm::Sha1, &[7; 20]).unwrap();
        assert_eq!((leftmost::<48>(&sha1)[..28].to_vec(), leftmost::<48>(&sha1)[28..].to_vec()), (vec![0; 28], vec![7; 20]));
    }

    #[test]
    fn r13_ecdsa_signatures_are_strict_der() {
        let good = [0x30, 0x06, 0x02, 0x01, 0x05, 0x02, 0x01, 0x07];
        let (r, s) = scalars::<32>(&good).unwrap();
        assert_eq!((r[31], s[31]), (5, 7));
        for bad in [
            &[0x30, 0x80, 0x02, 0x01, 0x05, 0x02, 0x01, 0x07, 0x00, 0x00][..],
            &[0x30, 0x81, 0x06, 0x02, 0x01, 0x05, 0x02, 0x01, 0x07],
            &[0x30, 0x07, 0x02, 0x02, 0x00, 0x05, 0x02, 0x01, 0x07],
            &[0x30, 0x06, 0x02, 0x01, 0x85, 0x02, 0x01, 0x07],
            &[0x30, 0x06, 0x02, 0x01, 0x05, 0x02, 0x01, 0x07, 0x00],
            &[0x30, 0x09, 0x02, 0x01, 0x05, 0x02, 0x01, 0x07, 0x02, 0x01, 0x07],
            &[0x30, 0x03, 0x02, 0x01, 0x05],
            &[],
        ] {
            assert_eq!(scalars::<32>(bad), None, "{bad:02x?}");
        }
    }
}
