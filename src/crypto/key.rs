//! Public keys as certificates carry them: read and judged once, for every backend, so that all refuse the same keys with the same words.

#![warn(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use const_oid::{ObjectIdentifier, db::rfc5912 as oid};

use super::{AlgorithmIdentifier, Digest, KeyError, KeyKind, SignatureError, SignatureScheme, scheme::PssParameters};
use crate::asn1::{Asn1Error, Asn1ErrorKind, Reader, Rules, dotted, tag};

/// The longest RSA key taken: a longer one costs seconds a signature.
const RSA_MAX_BITS: usize = 8192;
/// The shortest (R13).
const RSA_MIN_BITS: usize = 1024;
/// What both backends take; RFC 8017 names no bound, in the field it is 65537.
const RSA_MAX_EXPONENT_BITS: usize = 33;

/// A public key of a kind known here, taken from its `SubjectPublicKeyInfo`.
#[derive(Debug)]
pub(super) enum PublicKey<'a> {
    Rsa(RsaNumbers<'a>),
    /// A point on P-256, in compressed or uncompressed form; whether it is on the curve is for the backend to find.
    P256(&'a [u8]),
    /// A point on P-384, likewise.
    P384(&'a [u8]),
}

/// An RSA key whose numbers are lawful (R13).
#[derive(Debug)]
pub(super) struct RsaNumbers<'a> {
    /// The `RSAPublicKey` (RFC 8017 §A.1.1) in DER.
    #[cfg_attr(not(feature = "aws-lc-rs"), allow(dead_code, reason = "RustCrypto wants the numbers"))]
    pub(super) der: &'a [u8],
    /// Big-endian, without leading zeros.
    #[cfg_attr(not(feature = "rustcrypto"), allow(dead_code, reason = "aws-lc wants the DER"))]
    pub(super) modulus: &'a [u8],
    /// Big-endian, without leading zeros.
    #[cfg_attr(not(feature = "rustcrypto"), allow(dead_code, reason = "aws-lc wants the DER"))]
    pub(super) exponent: &'a [u8],
    pub(super) facts: RsaFacts,
    /// What to say when a backend refuses the numbers all the same.
    pub(super) refused: KeyError,
}

/// What is known of an RSA key beside its numbers.
#[derive(Debug, Clone, Copy)]
pub(super) struct RsaFacts {
    pub(super) bits: usize,
    exponent_is_3: bool,
    usage: Usage,
}

/// What its algorithm identifier lets an RSA key do.
#[derive(Debug, Clone, Copy)]
enum Usage {
    Any,
    Pss(Option<PssParameters>),
}

impl<'a> PublicKey<'a> {
    /// Reads the DER of a `SubjectPublicKeyInfo` (RFC 5280 §4.1.2.7).
    pub(super) fn read(spki_der: &'a [u8]) -> Result<Self, KeyError> {
        let mut reader = Reader::der(spki_der);
        let mut members = reader.sequence()?;
        reader.finish()?;
        let algorithm = AlgorithmIdentifier::of(&members.expect(tag::SEQUENCE)?)?;
        let key = members.expect(tag::BIT_STRING)?;
        members.finish()?;
        let offset = key.content_offset().saturating_add(1);
        let octets = key.bit_string()?.whole_octets().ok_or_else(|| key.error(Asn1ErrorKind::BadBitString))?;
        if algorithm.is(oid::RSA_ENCRYPTION) {
            algorithm.absent_or_null()?;
            Ok(Self::Rsa(RsaNumbers::read(octets, offset, Usage::Any)?))
        } else if algorithm.is(oid::ID_RSASSA_PSS) {
            // RFC 4055 §3.3: without parameters any will do, with them the signature must have the same digests and no shorter salt.
            let least = algorithm.parameters.as_ref().map(PssParameters::read).transpose();
            Ok(Self::Rsa(RsaNumbers::read(octets, offset, Usage::Pss(least.map_err(|error| KeyError::Parameters { error })?))?))
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
                Ok(Self::P256(octets))
            } else if is(curve, oid::SECP_384_R_1) {
                Ok(Self::P384(octets))
            } else {
                Err(KeyError::Unsupported { oid: dotted(curve) })
            }
        } else {
            Err(KeyError::Unsupported { oid: dotted(algorithm.oid) })
        }
    }
}

fn is(octets: &[u8], oid: ObjectIdentifier) -> bool {
    octets == oid.as_bytes()
}

impl<'a> RsaNumbers<'a> {
    /// Reads `RSAPublicKey` (RFC 8017 §A.1.1).
    fn read(octets: &'a [u8], offset: usize, usage: Usage) -> Result<Self, KeyError> {
        let mut reader = Reader::new(octets, offset, Rules::Der, 2);
        let mut members = reader.sequence()?;
        reader.finish()?;
        let modulus = members.expect(tag::INTEGER)?.unsigned()?;
        let exponent = members.expect(tag::INTEGER)?;
        let refused = exponent.error(Asn1ErrorKind::BadInteger).into();
        let exponent = exponent.unsigned()?;
        members.finish()?;

        // The sizes come first, from the octets, so that no number is made of a megabyte.
        let bits = bit_len(modulus);
        match bits {
            0..RSA_MIN_BITS => return Err(KeyError::RsaTooShort { bits }),
            RSA_MIN_BITS..=RSA_MAX_BITS => {}
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
        if bit_len(exponent) > RSA_MAX_EXPONENT_BITS {
            return Err(KeyError::ExponentTooLarge);
        }
        Ok(Self { der: octets, modulus, exponent, facts: RsaFacts { bits, exponent_is_3: exponent == [3], usage }, refused })
    }
}

/// The length of a big-endian magnitude without leading zeros.
fn bit_len(magnitude: &[u8]) -> usize {
    let Some(first) = magnitude.first() else { return 0 };
    // A slice has fewer than 2^60 octets on any machine, so the product stays in range.
    magnitude.len().saturating_mul(8).saturating_sub(first.leading_zeros() as usize)
}

impl RsaFacts {
    pub(super) const fn kind(&self) -> KeyKind {
        KeyKind::Rsa { bits: self.bits, exponent_is_3: self.exponent_is_3 }
    }

    /// The numbers once more, from the DER they were read from.
    #[cfg(all(feature = "aws-lc-rs", feature = "rustcrypto"))]
    pub(super) fn numbers<'a>(&self, der: &'a [u8]) -> Result<RsaNumbers<'a>, KeyError> {
        RsaNumbers::read(der, 0, self.usage)
    }

    /// Bytes of the modulus, and so of every signature.
    #[cfg_attr(not(feature = "rustcrypto"), allow(dead_code, reason = "aws-lc checks it"))]
    pub(super) const fn octets(&self) -> usize {
        self.bits.div_ceil(8)
    }

    /// The bits of the block that PSS encodes (RFC 8017 §8.1.1: modBits − 1).
    pub(super) const fn pss_bits(&self) -> usize {
        self.bits.saturating_sub(1)
    }

    /// The longest salt that fits (RFC 8017 §9.1.1, step 3).
    pub(super) fn pss_room(&self, digest: &Digest) -> Option<usize> {
        self.pss_bits().div_ceil(8).checked_sub(digest.algorithm().output_len())?.checked_sub(2)
    }

    /// Refuses a scheme that the key is not for.
    pub(super) fn permit(&self, scheme: SignatureScheme) -> Result<(), SignatureError> {
        let permitted = match (scheme, self.usage) {
            (SignatureScheme::RsaPkcs1 { .. }, Usage::Any) | (SignatureScheme::RsaPss { .. }, Usage::Any | Usage::Pss(None)) => true,
            (SignatureScheme::RsaPss { digest, mgf_digest, salt_len }, Usage::Pss(Some(least))) => {
                least.digest == digest && least.mgf_digest == mgf_digest && least.salt_len <= salt_len
            }
            (SignatureScheme::RsaPkcs1 { .. }, Usage::Pss(_)) | (SignatureScheme::Ecdsa { .. }, _) => false,
        };
        if permitted { Ok(()) } else { Err(SignatureError::Unsupported { scheme, key: self.kind() }) }
    }
}

/// Refuses a digest made by another algorithm than the scheme's.
pub(super) fn check_digest(scheme: SignatureScheme, digest: &Digest) -> Result<(), SignatureError> {
    if scheme.digest() == digest.algorithm() { Ok(()) } else { Err(SignatureError::DigestMismatch { scheme, digest: digest.algorithm() }) }
}

/// The two numbers of `SEQUENCE { r INTEGER, s INTEGER }` in strict DER (RFC 3279 §2.2.3), not negative, in N octets each.
pub(super) fn scalars<const N: usize>(signature: &[u8]) -> Option<([u8; N], [u8; N])> {
    let mut reader = Reader::new(signature, 0, Rules::Der, 2);
    let mut members = reader.sequence().ok()?;
    reader.finish().ok()?;
    let mut scalar = || right_aligned(members.expect(tag::INTEGER).ok()?.unsigned().ok()?);
    let (r, s) = (scalar()?, scalar()?);
    members.finish().ok()?;
    Some((r, s))
}

/// The leftmost N octets of the digest, or all of it as a number of N octets (FIPS 186-4 §6.4: both orders are multiples of 8 bits long).
pub(super) fn leftmost<const N: usize>(digest: &Digest) -> [u8; N] {
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
    use crate::crypto::DigestAlgorithm;

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
