//! From an `AlgorithmIdentifier` (RFC 5280 §4.1.1.2), as raw DER, to a digest algorithm or a signature scheme.
//!
//! Signatures on CMS content and on certificates are named in the same way, but for one difference: CMS may name the key's algorithm
//! alone (`rsaEncryption`), the digest then being the one of `digestAlgorithm`.

#![warn(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use const_oid::{ObjectIdentifier, db::rfc5912 as oid};

use super::{DigestAlgorithm, SignatureScheme};
use crate::asn1::{Asn1Error, Asn1ErrorKind, DEPTH, Reader, Rules, Value, dotted, tag};

coded! {
    /// Why an `AlgorithmIdentifier` names nothing that can be used.
    pub enum AlgorithmError {
        /// It is no `AlgorithmIdentifier`, or its parameters are not those of its algorithm.
        Malformed { error: Asn1ErrorKind, offset: usize } = "algorithm-malformed",
            "the algorithm identifier is malformed at offset {offset}: {error}",
            "l'identificatore dell'algoritmo è malformato alla posizione {offset}: {error}";
        /// An algorithm that is not known here.
        Unsupported { oid: Box<str> } = "algorithm-unsupported",
            "the algorithm {oid} is not supported",
            "l'algoritmo {oid} non è supportato";
        /// An algorithm that proves nothing any more.
        Broken { name: &'static str } = "algorithm-broken",
            "the algorithm {name} is broken",
            "l'algoritmo {name} non è più sicuro";
        /// The algorithm of the signature has another digest than the one stated beside it.
        Mismatch { stated: DigestAlgorithm, used: DigestAlgorithm } = "algorithm-mismatch",
            "the digest algorithm is stated as {stated}, but the signature's is {used}",
            "l'algoritmo di impronta dichiarato è {stated}, ma quello della firma è {used}";
        /// A parameter of RSASSA-PSS that nobody uses.
        PssParameter { what: &'static str } = "algorithm-pss-parameter",
            "RSASSA-PSS is used with {what}, which is not supported",
            "RSASSA-PSS è usato con {what}, che non è supportato";
    }
}

impl core::error::Error for AlgorithmError {}

impl From<Asn1Error> for AlgorithmError {
    fn from(error: Asn1Error) -> Self {
        Self::Malformed { error: error.kind, offset: error.offset }
    }
}

/// The digest algorithm that this DER names; its parameters are absent or NULL (RFC 5754 §2).
pub(crate) fn digest_algorithm(alg_der: &[u8]) -> Result<DigestAlgorithm, AlgorithmError> {
    AlgorithmIdentifier::read(alg_der)?.digest()
}

/// The scheme that this DER names. `digest` is the digest algorithm stated beside it, which it must agree with; a certificate states none.
pub(crate) fn signature_scheme(alg_der: &[u8], digest: Option<DigestAlgorithm>) -> Result<SignatureScheme, AlgorithmError> {
    let algorithm = AlgorithmIdentifier::read(alg_der)?;
    let scheme = if algorithm.is(oid::RSA_ENCRYPTION) {
        algorithm.absent_or_null()?;
        let digest = digest.ok_or_else(|| algorithm.unsupported())?;
        SignatureScheme::RsaPkcs1 { digest }
    } else if algorithm.is(oid::ID_RSASSA_PSS) {
        // RFC 4055 §3.1: in a signature the parameters must be there, be it as an empty SEQUENCE.
        let parameters = algorithm.parameters.ok_or(Asn1Error { kind: Asn1ErrorKind::Truncated, offset: alg_der.len() })?;
        let PssParameters { digest, mgf_digest, salt_len } = PssParameters::read(&parameters)?;
        SignatureScheme::RsaPss { digest, mgf_digest, salt_len }
    } else if let Some(&(_, digest)) = RSA_WITH.iter().find(|(oid, _)| algorithm.is(*oid)) {
        algorithm.absent_or_null()?;
        SignatureScheme::RsaPkcs1 { digest }
    } else if let Some(&(_, digest)) = ECDSA_WITH.iter().find(|(oid, _)| algorithm.is(*oid)) {
        // RFC 5758 §3.2 wants no parameters; some signers write NULL.
        algorithm.absent_or_null()?;
        SignatureScheme::Ecdsa { digest }
    } else {
        return Err(algorithm.broken_or_unsupported());
    };
    match digest {
        Some(stated) if stated != scheme.digest() => Err(AlgorithmError::Mismatch { stated, used: scheme.digest() }),
        _ => Ok(scheme),
    }
}

/// An `AlgorithmIdentifier` taken apart.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AlgorithmIdentifier<'a> {
    /// The content octets of the object identifier.
    pub(crate) oid: &'a [u8],
    /// The parameters, if there are any.
    pub(crate) parameters: Option<Value<'a>>,
}

impl<'a> AlgorithmIdentifier<'a> {
    /// Reads one that is all of `der`. BER is taken: what matters is what it names, and the bytes are compared elsewhere.
    pub(crate) fn read(der: &'a [u8]) -> Result<Self, Asn1Error> {
        let mut reader = Reader::new(der, 0, Rules::Ber, DEPTH);
        let algorithm = Self::of(&reader.expect(tag::SEQUENCE)?)?;
        reader.finish()?;
        Ok(algorithm)
    }

    /// Reads the members of a value, whatever its tag.
    pub(crate) fn of(value: &Value<'a>) -> Result<Self, Asn1Error> {
        let mut members = value.reader();
        let oid = members.oid()?;
        let parameters = if members.is_empty() { None } else { Some(members.read()?) };
        members.finish()?;
        Ok(Self { oid, parameters })
    }

    /// Whether the object identifier is this one.
    pub(crate) fn is(&self, oid: ObjectIdentifier) -> bool {
        self.oid == oid.as_bytes()
    }

    /// Whether both name the same algorithm with the same parameters, absent and NULL being the same (RFC 6211 §3 compares
    /// `AlgorithmIdentifier`s, and signers differ in how they write them within one message).
    pub(crate) fn same_as(&self, other: &Self) -> bool {
        let parameters = |of: &Self| of.parameters.filter(|value| value.tag != tag::NULL).map(|value| value.whole);
        self.oid == other.oid && parameters(self) == parameters(other)
    }

    /// Refuses parameters other than NULL.
    pub(crate) fn absent_or_null(&self) -> Result<(), Asn1Error> {
        match self.parameters {
            None => Ok(()),
            Some(value) if value.tag == tag::NULL => value.null(),
            Some(value) => Err(value.error(Asn1ErrorKind::UnexpectedTag)),
        }
    }

    fn digest(&self) -> Result<DigestAlgorithm, AlgorithmError> {
        let known = DIGESTS.iter().find(|(oid, _)| self.is(*oid));
        let &(_, digest) = known.ok_or_else(|| self.broken_or_unsupported())?;
        self.absent_or_null()?;
        Ok(digest)
    }

    fn broken_or_unsupported(&self) -> AlgorithmError {
        match BROKEN.iter().find(|(oid, _)| self.is(*oid)) {
            Some(&(_, name)) => AlgorithmError::Broken { name },
            None => self.unsupported(),
        }
    }

    fn unsupported(&self) -> AlgorithmError {
        AlgorithmError::Unsupported { oid: dotted(self.oid) }
    }
}

/// The parameters of RSASSA-PSS (RFC 4055 §3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PssParameters {
    pub(crate) digest: DigestAlgorithm,
    pub(crate) mgf_digest: DigestAlgorithm,
    pub(crate) salt_len: usize,
}

impl PssParameters {
    /// Reads `RSASSA-PSS-params`; what is left out is SHA-1, MGF1 with SHA-1, 20 bytes, trailer field 1.
    pub(crate) fn read(value: &Value<'_>) -> Result<Self, AlgorithmError> {
        if value.tag != tag::SEQUENCE {
            return Err(value.error(Asn1ErrorKind::UnexpectedTag).into());
        }
        let mut parameters = Self { digest: DigestAlgorithm::Sha1, mgf_digest: DigestAlgorithm::Sha1, salt_len: 20 };
        let mut members = value.reader();
        if let Some(digest) = explicit(&mut members, 0, tag::SEQUENCE)? {
            parameters.digest = AlgorithmIdentifier::of(&digest)?.digest()?;
        }
        if let Some(mgf) = explicit(&mut members, 1, tag::SEQUENCE)? {
            let mgf = AlgorithmIdentifier::of(&mgf)?;
            if !mgf.is(oid::ID_MGF_1) {
                return Err(mgf.unsupported());
            }
            let digest = mgf.parameters.ok_or(members.error(Asn1ErrorKind::Truncated))?;
            parameters.mgf_digest = AlgorithmIdentifier::of(&digest)?.digest()?;
        }
        if let Some(salt) = explicit(&mut members, 2, tag::INTEGER)? {
            // No key has room for more: 8,192 bits are 1,024 bytes.
            parameters.salt_len = usize::try_from(salt.small()?)
                .ok()
                .filter(|n| *n <= 1024)
                .ok_or(AlgorithmError::PssParameter { what: "a salt longer than any key" })?;
        }
        if let Some(trailer) = explicit(&mut members, 3, tag::INTEGER)?
            && trailer.small()? != 1
        {
            return Err(AlgorithmError::PssParameter { what: "a trailer field other than 1" });
        }
        members.finish()?;
        Ok(parameters)
    }
}

/// The value inside the next member if that is `[number] EXPLICIT`.
fn explicit<'a>(members: &mut Reader<'a>, number: u8, inner: u8) -> Result<Option<Value<'a>>, Asn1Error> {
    let Some(outer) = members.optional(tag::context_constructed(number))? else { return Ok(None) };
    let mut content = outer.reader();
    let value = content.expect(inner)?;
    content.finish()?;
    Ok(Some(value))
}

const DIGESTS: &[(ObjectIdentifier, DigestAlgorithm)] = &[
    (oid::ID_SHA_1, DigestAlgorithm::Sha1),
    (oid::ID_SHA_256, DigestAlgorithm::Sha256),
    (oid::ID_SHA_384, DigestAlgorithm::Sha384),
    (oid::ID_SHA_512, DigestAlgorithm::Sha512),
];

const RSA_WITH: &[(ObjectIdentifier, DigestAlgorithm)] = &[
    (oid::SHA_1_WITH_RSA_ENCRYPTION, DigestAlgorithm::Sha1),
    (oid::SHA_256_WITH_RSA_ENCRYPTION, DigestAlgorithm::Sha256),
    (oid::SHA_384_WITH_RSA_ENCRYPTION, DigestAlgorithm::Sha384),
    (oid::SHA_512_WITH_RSA_ENCRYPTION, DigestAlgorithm::Sha512),
    // The older name of OIW, met in certificates before 2010.
    (ObjectIdentifier::new_unwrap("1.3.14.3.2.29"), DigestAlgorithm::Sha1),
];

const ECDSA_WITH: &[(ObjectIdentifier, DigestAlgorithm)] = &[
    (ObjectIdentifier::new_unwrap("1.2.840.10045.4.1"), DigestAlgorithm::Sha1),
    (oid::ECDSA_WITH_SHA_256, DigestAlgorithm::Sha256),
    (oid::ECDSA_WITH_SHA_384, DigestAlgorithm::Sha384),
    (oid::ECDSA_WITH_SHA_512, DigestAlgorithm::Sha512),
];

const BROKEN: &[(ObjectIdentifier, &str)] = &[
    (ObjectIdentifier::new_unwrap("1.2.840.113549.2.2"), "MD2"),
    (ObjectIdentifier::new_unwrap("1.2.840.113549.2.4"), "MD4"),
    (ObjectIdentifier::new_unwrap("1.2.840.113549.2.5"), "MD5"),
    (ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.2"), "MD2 with RSA"),
    (ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.3"), "MD4 with RSA"),
    (ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.4"), "MD5 with RSA"),
    (ObjectIdentifier::new_unwrap("1.3.14.3.2.3"), "MD5 with RSA"),
];

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "tests may panic")]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn der(tag: u8, content: &[u8]) -> Vec<u8> {
        [&[tag, u8::try_from(content.len()).unwrap()], content].concat()
    }

    fn algorithm(oid: &str, parameters: &[u8]) -> Vec<u8> {
        der(tag::SEQUENCE, &[&der(tag::OID, ObjectIdentifier::new(oid).unwrap().as_bytes()), parameters].concat())
    }

    const NULL: &[u8] = &[tag::NULL, 0];
    const SHA1: &str = "1.3.14.3.2.26";
    const SHA256: &str = "2.16.840.1.101.3.4.2.1";
    const SHA512: &str = "2.16.840.1.101.3.4.2.3";
    const RSA: &str = "1.2.840.113549.1.1.1";
    const PSS: &str = "1.2.840.113549.1.1.10";
    const MGF1: &str = "1.2.840.113549.1.1.8";

    #[test]
    fn digest_algorithms() {
        for (oid, expected) in [
            (SHA1, DigestAlgorithm::Sha1),
            (SHA256, DigestAlgorithm::Sha256),
            ("2.16.840.1.101.3.4.2.2", DigestAlgorithm::Sha384),
            (SHA512, DigestAlgorithm::Sha512),
        ] {
            assert_eq!(digest_algorithm(&algorithm(oid, NULL)), Ok(expected));
            assert_eq!(digest_algorithm(&algorithm(oid, &[])), Ok(expected));
            assert_eq!(expected.oid(), oid);
            let error = digest_algorithm(&algorithm(oid, &[tag::OCTET_STRING, 0])).unwrap_err();
            assert!(matches!(error, AlgorithmError::Malformed { error: Asn1ErrorKind::UnexpectedTag, .. }), "{error}");
            assert!(matches!(digest_algorithm(&algorithm(oid, &[5, 0, 5, 0])), Err(AlgorithmError::Malformed { .. })));
            assert!(matches!(digest_algorithm(&algorithm(oid, &[5, 1, 0])), Err(AlgorithmError::Malformed { .. })));
        }
        for (oid, name) in [("1.2.840.113549.2.5", "MD5"), ("1.2.840.113549.2.4", "MD4"), ("1.2.840.113549.2.2", "MD2")] {
            assert_eq!(digest_algorithm(&algorithm(oid, NULL)), Err(AlgorithmError::Broken { name }));
        }
        let sha224 = "2.16.840.1.101.3.4.2.4";
        assert_eq!(digest_algorithm(&algorithm(sha224, NULL)), Err(AlgorithmError::Unsupported { oid: sha224.into() }));
        assert!(matches!(digest_algorithm(b""), Err(AlgorithmError::Malformed { offset: 0, .. })));
        assert!(matches!(digest_algorithm(&[&algorithm(SHA1, NULL)[..], &[0]].concat()), Err(AlgorithmError::Malformed { .. })));
    }

    #[test]
    fn r12_signature_schemes_agree_with_the_stated_digest() {
        let sha256 = DigestAlgorithm::Sha256;
        assert_eq!(signature_scheme(&algorithm(RSA, NULL), Some(sha256)), Ok(SignatureScheme::RsaPkcs1 { digest: sha256 }));
        assert_eq!(signature_scheme(&algorithm(RSA, NULL), None), Err(AlgorithmError::Unsupported { oid: RSA.into() }));
        for (oid, expected) in [
            ("1.2.840.113549.1.1.5", SignatureScheme::RsaPkcs1 { digest: DigestAlgorithm::Sha1 }),
            ("1.3.14.3.2.29", SignatureScheme::RsaPkcs1 { digest: DigestAlgorithm::Sha1 }),
            ("1.2.840.113549.1.1.11", SignatureScheme::RsaPkcs1 { digest: sha256 }),
            ("1.2.840.113549.1.1.12", SignatureScheme::RsaPkcs1 { digest: DigestAlgorithm::Sha384 }),
            ("1.2.840.113549.1.1.13", SignatureScheme::RsaPkcs1 { digest: DigestAlgorithm::Sha512 }),
            ("1.2.840.10045.4.1", SignatureScheme::Ecdsa { digest: DigestAlgorithm::Sha1 }),
            ("1.2.840.10045.4.3.2", SignatureScheme::Ecdsa { digest: sha256 }),
            ("1.2.840.10045.4.3.3", SignatureScheme::Ecdsa { digest: DigestAlgorithm::Sha384 }),
            ("1.2.840.10045.4.3.4", SignatureScheme::Ecdsa { digest: DigestAlgorithm::Sha512 }),
        ] {
            for parameters in [NULL, &[]] {
                assert_eq!(signature_scheme(&algorithm(oid, parameters), None), Ok(expected));
                assert_eq!(signature_scheme(&algorithm(oid, parameters), Some(expected.digest())), Ok(expected));
            }
            let other = if expected.digest() == sha256 { DigestAlgorithm::Sha512 } else { sha256 };
            assert_eq!(
                signature_scheme(&algorithm(oid, NULL), Some(other)),
                Err(AlgorithmError::Mismatch { stated: other, used: expected.digest() })
            );
            assert!(matches!(signature_scheme(&algorithm(oid, &[0x30, 0]), None), Err(AlgorithmError::Malformed { .. })));
        }
        for (oid, name) in [("1.2.840.113549.1.1.4", "MD5 with RSA"), ("1.2.840.113549.1.1.2", "MD2 with RSA")] {
            assert_eq!(signature_scheme(&algorithm(oid, NULL), None), Err(AlgorithmError::Broken { name }));
        }
        let ed25519 = "1.3.101.112";
        assert_eq!(signature_scheme(&algorithm(ed25519, &[]), Some(sha256)), Err(AlgorithmError::Unsupported { oid: ed25519.into() }));
    }

    fn explicit(number: u8, value: &[u8]) -> Vec<u8> {
        der(tag::context_constructed(number), value)
    }

    fn pss(parameters: &[Vec<u8>]) -> Result<SignatureScheme, AlgorithmError> {
        signature_scheme(&algorithm(PSS, &der(tag::SEQUENCE, &parameters.concat())), None)
    }

    #[test]
    fn pss_parameters_and_their_defaults() {
        let sha1 = DigestAlgorithm::Sha1;
        assert_eq!(pss(&[]), Ok(SignatureScheme::RsaPss { digest: sha1, mgf_digest: sha1, salt_len: 20 }));
        let sha256 = explicit(0, &algorithm(SHA256, NULL));
        let mgf1 = |digest| explicit(1, &algorithm(MGF1, &algorithm(digest, NULL)));
        let salt = |octets: &[u8]| explicit(2, &der(tag::INTEGER, octets));
        let trailer = |n| explicit(3, &der(tag::INTEGER, &[n]));
        assert_eq!(
            pss(&[sha256.clone(), mgf1(SHA512), salt(&[64]), trailer(1)]),
            Ok(SignatureScheme::RsaPss { digest: DigestAlgorithm::Sha256, mgf_digest: DigestAlgorithm::Sha512, salt_len: 64 })
        );
        assert_eq!(pss(&[salt(&[4, 0])]), Ok(SignatureScheme::RsaPss { digest: sha1, mgf_digest: sha1, salt_len: 1024 }));
        for (parameters, expected) in [
            (salt(&[4, 1]), "RSASSA-PSS is used with a salt longer than any key, which is not supported"),
            (trailer(2), "RSASSA-PSS is used with a trailer field other than 1, which is not supported"),
            (explicit(1, &algorithm(RSA, NULL)), "the algorithm 1.2.840.113549.1.1.1 is not supported"),
            (explicit(0, &algorithm("1.2.840.113549.2.5", NULL)), "the algorithm MD5 is broken"),
            (salt(&[0xFF]), "the algorithm identifier is malformed at offset 17: the integer is malformed or out of range"),
        ] {
            assert_eq!(pss(&[parameters]).unwrap_err().to_string(), expected);
        }
        for malformed in [
            vec![salt(&[32]), sha256.clone()],
            vec![sha256.clone(), sha256],
            vec![explicit(1, &algorithm(MGF1, &[]))],
            vec![mgf1(SHA1), NULL.to_vec()],
        ] {
            assert!(matches!(pss(&malformed), Err(AlgorithmError::Malformed { .. })), "{malformed:02x?}");
        }
        assert!(matches!(signature_scheme(&algorithm(PSS, &[]), None), Err(AlgorithmError::Malformed { .. })));
        assert!(matches!(signature_scheme(&algorithm(PSS, NULL), None), Err(AlgorithmError::Malformed { .. })));
        assert_eq!(
            signature_scheme(&algorithm(PSS, &[0x30, 0]), Some(DigestAlgorithm::Sha256)),
            Err(AlgorithmError::Mismatch { stated: DigestAlgorithm::Sha256, used: sha1 })
        );
    }

    #[test]
    fn algorithms_are_the_same_with_null_or_without() {
        let same = |a: &[u8], b: &[u8]| AlgorithmIdentifier::read(a).unwrap().same_as(&AlgorithmIdentifier::read(b).unwrap());
        assert!(same(&algorithm(RSA, NULL), &algorithm(RSA, &[])));
        assert!(!same(&algorithm(RSA, NULL), &algorithm(SHA1, NULL)));
        assert!(!same(&algorithm(RSA, NULL), &algorithm(RSA, &[4, 0])));
        assert!(same(&algorithm(PSS, &[0x30, 0]), &algorithm(PSS, &[0x30, 0])));
    }

    proptest! {
        #[test]
        fn r31_arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..100), pss in any::<bool>()) {
            let bytes = if pss { algorithm(PSS, &der(tag::SEQUENCE, &bytes)) } else { bytes };
            let _ = (digest_algorithm(&bytes), signature_scheme(&bytes, None), signature_scheme(&bytes, Some(DigestAlgorithm::Sha1)));
        }
    }
}
