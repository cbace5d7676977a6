//! From what is to be signed to the bytes of a `ContentInfo`: a detached `SignedData` (RFC 5652 §5) with one signer.
//!
//! The structure is put together by hand, in DER, rather than from the types of a CMS library: certificates must go out byte for byte as
//! they came, and the signer's first. The one thing that is not DER is that order, since DER would sort a SET OF; RFC 5652 asks
//! for DER in the attributes alone, and readers that look for the signer find it first.
//!
//! What is written, and why so:
//! * Versions 1: issuer and serial number name the signer, and nothing needs a later one (RFC 5652 §5.1, §5.3).
//! * Digest algorithms of the SHA-2 family without parameters, which RFC 5754 §2 demands; inside RSASSA-PSS with NULL, as RFC 4055 §2.1
//!   writes them there.
//! * PKCS#1 v1.5 goes by the name `rsaEncryption`: the one that every CMS reader must know (RFC 3370 §3.2), that OpenSSL writes, and that
//!   most PEC bears. It does not name the digest; `digestAlgorithm` beside it does, CMSAlgorithmProtection signs that, and the
//!   signature itself holds it too.
//! * Signed attributes: contentType, messageDigest and signingTime (RFC 5652 §11), signingCertificateV2 (RFC 5035), so that no other certificate
//!   of the same key can be put in place of the signer's, and CMSAlgorithmProtection (RFC 6211).

#![warn(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use const_oid::{
    ObjectIdentifier,
    db::{
        rfc5911::{ID_AA_SIGNING_CERTIFICATE_V_2, ID_CONTENT_TYPE, ID_DATA, ID_MESSAGE_DIGEST, ID_SIGNED_DATA, ID_SIGNING_TIME},
        rfc5912 as oid,
    },
};

use super::attributes::ID_CMS_ALGORITHM_PROTECT;
use crate::{
    asn1::{
        tag,
        write::{self, NULL, sequence, set_of, unsigned, value},
    },
    crypto::{AlgorithmError, Digest, DigestAlgorithm, SignatureScheme},
    time::UnixTime,
    x509::Certificate,
};

/// A `SignedData` that lacks nothing but the signature.
#[derive(Debug, Clone)]
pub(crate) struct SignedDataDraft {
    scheme: SignatureScheme,
    /// The signer's, then the others.
    certificates: Vec<Certificate>,
    /// The whole SET OF.
    attributes: Vec<u8>,
}

impl SignedDataDraft {
    /// Takes the digest of the content, how it will be signed and by whom, the certificates to send along (those that are there twice, or
    /// are the signer's, go once) and the time of signing.
    ///
    /// # Errors
    /// [`AlgorithmError::Mismatch`] when the scheme signs another digest than the content's (R12).
    pub(crate) fn new(
        content: &Digest,
        scheme: SignatureScheme,
        signer: &Certificate,
        chain: &[Certificate],
        signing_time: UnixTime,
    ) -> Result<Self, AlgorithmError> {
        if scheme.digest() != content.algorithm() {
            return Err(AlgorithmError::Mismatch { stated: content.algorithm(), used: scheme.digest() });
        }
        let mut certificates = vec![signer.clone()];
        for certificate in chain {
            if !certificates.contains(certificate) {
                certificates.push(certificate.clone());
            }
        }
        let attributes = set_of(
            tag::SET,
            vec![
                attribute(ID_CONTENT_TYPE, &write::oid(ID_DATA)),
                attribute(ID_MESSAGE_DIGEST, &value(tag::OCTET_STRING, &[content.as_bytes()])),
                attribute(ID_SIGNING_TIME, &time(signing_time)),
                attribute(ID_AA_SIGNING_CERTIFICATE_V_2, &signing_certificate_v2(signer)),
                attribute(ID_CMS_ALGORITHM_PROTECT, &algorithm_protection(scheme)),
            ],
        );
        Ok(Self { scheme, certificates, attributes })
    }

    /// What is to be signed: the attributes as a SET OF in DER (RFC 5652 §5.4).
    pub(crate) fn signed_attributes(&self) -> &[u8] {
        &self.attributes
    }

    /// How it is to be signed.
    pub(crate) fn scheme(&self) -> SignatureScheme {
        self.scheme
    }

    /// The signer's certificate.
    pub(crate) fn signer(&self) -> Option<&Certificate> {
        self.certificates.first()
    }

    /// The `ContentInfo` with this signature, which is not checked here.
    pub(crate) fn assemble(&self, signature: &[u8]) -> Vec<u8> {
        let digest_algorithm = digest_algorithm(self.scheme.digest());
        let signers = self.signer().map(|signer| self.signer_info(signer, &digest_algorithm, signature)).unwrap_or_default();
        let certificates: Vec<&[u8]> = self.certificates.iter().map(Certificate::der).collect();
        let signed_data = sequence(&[
            &unsigned(&[1]),
            &value(tag::SET, &[&digest_algorithm]),
            &sequence(&[&write::oid(ID_DATA)]),
            &value(tag::context_constructed(0), &certificates),
            &value(tag::SET, &[&signers]),
        ]);
        sequence(&[&write::oid(ID_SIGNED_DATA), &value(tag::context_constructed(0), &[&signed_data])])
    }

    fn signer_info(&self, signer: &Certificate, digest_algorithm: &[u8], signature: &[u8]) -> Vec<u8> {
        // IMPLICIT: the same set under another identifier octet.
        let mut attributes = self.attributes.clone();
        if let Some(first) = attributes.first_mut() {
            *first = tag::context_constructed(0);
        }
        sequence(&[
            &unsigned(&[1]),
            &issuer_and_serial(signer, signer.issuer_der()),
            digest_algorithm,
            &attributes,
            &signature_algorithm(self.scheme, tag::SEQUENCE),
            &value(tag::OCTET_STRING, &[signature]),
        ])
    }
}

/// An attribute with one value.
fn attribute(oid: ObjectIdentifier, one: &[u8]) -> Vec<u8> {
    sequence(&[&write::oid(oid), &value(tag::SET, &[one])])
}

/// RFC 5652 §11.3: UTCTime in the years that it can hold, 1950 to 2049, else GeneralizedTime; to the second, in UTC.
fn time(time: UnixTime) -> Vec<u8> {
    // RFC 3339 has the same digits in the same order.
    let written = time.to_string();
    let digits: Vec<u8> = written.bytes().filter(u8::is_ascii_digit).collect();
    match digits.split_at_checked(2) {
        Some((b"19", short @ [b'5'..=b'9', ..]) | (b"20", short @ [b'0'..=b'4', ..])) => value(tag::UTC_TIME, &[short, b"Z"]),
        _ => value(tag::GENERALIZED_TIME, &[&digits, b"Z"]),
    }
}

/// `SigningCertificateV2` (RFC 5035 §3) of one certificate. Its digest is SHA-256, the default, which DER leaves out.
fn signing_certificate_v2(certificate: &Certificate) -> Vec<u8> {
    // GeneralNames { directoryName [4] }, explicit because a Name is a CHOICE.
    let issuer = sequence(&[&value(tag::context_constructed(4), &[certificate.issuer_der()])]);
    let hash = value(tag::OCTET_STRING, &[certificate.sha256()]);
    let ess_cert_id = sequence(&[&hash, &issuer_and_serial(certificate, &issuer)]);
    sequence(&[&sequence(&[&ess_cert_id])])
}

/// `CMSAlgorithmProtection` (RFC 6211 §2): both algorithms exactly as they stand in the `SignerInfo`.
fn algorithm_protection(scheme: SignatureScheme) -> Vec<u8> {
    sequence(&[&digest_algorithm(scheme.digest()), &signature_algorithm(scheme, tag::context_constructed(1))])
}

/// A sequence of the issuer, in whatever form, and the serial number with the octets that the certificate has.
fn issuer_and_serial(certificate: &Certificate, issuer: &[u8]) -> Vec<u8> {
    sequence(&[issuer, &value(tag::INTEGER, &[certificate.serial_octets()])])
}

/// The `AlgorithmIdentifier` of a digest, as CMS has it (RFC 5754 §2; RFC 3370 §2.1 for SHA-1).
fn digest_algorithm(digest: DigestAlgorithm) -> Vec<u8> {
    sequence(&[&write::oid(digest_oid(digest))])
}

/// The `AlgorithmIdentifier` of a scheme, under this identifier octet.
fn signature_algorithm(scheme: SignatureScheme, tag: u8) -> Vec<u8> {
    match scheme {
        SignatureScheme::RsaPkcs1 { .. } => value(tag, &[&write::oid(oid::RSA_ENCRYPTION), NULL]),
        SignatureScheme::RsaPss { digest, mgf_digest, salt_len } => {
            value(tag, &[&write::oid(oid::ID_RSASSA_PSS), &pss_parameters(digest, mgf_digest, salt_len)])
        }
        SignatureScheme::Ecdsa { digest } => value(tag, &[&write::oid(ecdsa_oid(digest))]),
    }
}

/// `RSASSA-PSS-params` (RFC 4055 §3.1). DER leaves out what is the default: SHA-1, MGF1 with SHA-1, 20 bytes, trailer field 1.
fn pss_parameters(digest: DigestAlgorithm, mgf_digest: DigestAlgorithm, salt_len: usize) -> Vec<u8> {
    let hash = |digest| sequence(&[&write::oid(digest_oid(digest)), NULL]);
    let mgf = sequence(&[&write::oid(oid::ID_MGF_1), &hash(mgf_digest)]);
    let salt = unsigned(&salt_len.to_be_bytes());
    let member = |number, value: &[u8], is_default: bool| {
        if is_default { Vec::new() } else { write::value(tag::context_constructed(number), &[value]) }
    };
    sequence(&[
        &member(0, &hash(digest), digest == DigestAlgorithm::Sha1),
        &member(1, &mgf, mgf_digest == DigestAlgorithm::Sha1),
        &member(2, &salt, salt_len == 20),
    ])
}

fn digest_oid(digest: DigestAlgorithm) -> ObjectIdentifier {
    match digest {
        DigestAlgorithm::Sha1 => oid::ID_SHA_1,
        DigestAlgorithm::Sha256 => oid::ID_SHA_256,
        DigestAlgorithm::Sha384 => oid::ID_SHA_384,
        DigestAlgorithm::Sha512 => oid::ID_SHA_512,
    }
}

fn ecdsa_oid(digest: DigestAlgorithm) -> ObjectIdentifier {
    match digest {
        DigestAlgorithm::Sha1 => ECDSA_WITH_SHA_1,
        DigestAlgorithm::Sha256 => oid::ECDSA_WITH_SHA_256,
        DigestAlgorithm::Sha384 => oid::ECDSA_WITH_SHA_384,
        DigestAlgorithm::Sha512 => oid::ECDSA_WITH_SHA_512,
    }
}

/// RFC 3279 §2.2.3; the database of names lacks it.
const ECDSA_WITH_SHA_1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.1");

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "tests may panic")]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{
        Limits,
        cms::{SignerId, Trailing, read},
        crypto::{Hasher, digest, signature_scheme},
    };

    macro_rules! certificate {
        ($name:literal) => {
            Certificate::from_pem_or_der(include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/pki/", $name, ".pem")))
                .unwrap()
                .remove(0)
        };
    }

    const SHA256: SignatureScheme = SignatureScheme::RsaPkcs1 { digest: DigestAlgorithm::Sha256 };

    fn at(time: &str) -> UnixTime {
        time.parse().unwrap()
    }

    fn draft(scheme: SignatureScheme) -> SignedDataDraft {
        let content = digest(scheme.digest(), b"content");
        SignedDataDraft::new(&content, scheme, &certificate!("uno"), &[certificate!("issuing")], at("2026-03-01T10:00:00Z")).unwrap()
    }

    fn schemes() -> impl Iterator<Item = SignatureScheme> {
        use DigestAlgorithm::{Sha1, Sha256, Sha384, Sha512};
        let digests = [Sha1, Sha256, Sha384, Sha512];
        digests.into_iter().flat_map(move |digest| {
            let pss = digests
                .into_iter()
                .flat_map(move |mgf_digest| [0, 20, 32, 200].map(|salt_len| SignatureScheme::RsaPss { digest, mgf_digest, salt_len }));
            [SignatureScheme::RsaPkcs1 { digest }, SignatureScheme::Ecdsa { digest }].into_iter().chain(pss)
        })
    }

    /// Keeps what it is fed.
    struct Keep(Vec<u8>);

    impl Hasher for Keep {
        fn update(&mut self, bytes: &[u8]) {
            self.0.extend_from_slice(bytes);
        }

        fn finish(self: Box<Self>) -> Digest {
            digest(DigestAlgorithm::Sha256, &self.0)
        }
    }

    #[test]
    fn r12_every_scheme_reads_back() {
        let mut run = 0;
        for scheme in schemes() {
            let written = signature_algorithm(scheme, tag::SEQUENCE);
            assert_eq!(signature_scheme(&written, Some(scheme.digest())), Ok(scheme));
            let draft = draft(scheme);
            let cms = draft.assemble(b"signature");
            let data = read(&cms, &Limits::default()).unwrap_or_else(|error| panic!("{scheme}: {error}"));
            assert_eq!((data.signer.digest_algorithm(), data.signer.scheme()), (Ok(scheme.digest()), Ok(scheme)));
            assert!(data.signer.signed_attrs.cms_algorithm_protection().is_some());
            run += 1;
        }
        assert_eq!(run, 72);
    }

    #[test]
    fn algorithm_identifiers_are_these() {
        let hex = |der: Vec<u8>| der.iter().map(|octet| format!("{octet:02x}")).collect::<String>();
        let rsa = "06092a864886f70d010101";
        assert_eq!(hex(signature_algorithm(SHA256, tag::SEQUENCE)), format!("300d{rsa}0500"));
        assert_eq!(hex(digest_algorithm(DigestAlgorithm::Sha256)), "300b0609608648016503040201");
        let ecdsa = SignatureScheme::Ecdsa { digest: DigestAlgorithm::Sha384 };
        assert_eq!(hex(signature_algorithm(ecdsa, tag::SEQUENCE)), "300a06082a8648ce3d040303");
        let (sha256, mgf1) = ("300d06096086480165030402010500", "06092a864886f70d010108");
        let pss = SignatureScheme::RsaPss { digest: DigestAlgorithm::Sha256, mgf_digest: DigestAlgorithm::Sha256, salt_len: 32 };
        let expected = format!("304106092a864886f70d01010a3034a00f{sha256}a11c301a{mgf1}{sha256}a203020120");
        assert_eq!(hex(signature_algorithm(pss, tag::SEQUENCE)), expected);
    }

    #[test]
    fn times_are_utc_time_as_long_as_it_holds_them() {
        for (instant, tag, text) in [
            ("1949-12-31T23:59:59Z", tag::GENERALIZED_TIME, "19491231235959Z"),
            ("1950-01-01T00:00:00Z", tag::UTC_TIME, "500101000000Z"),
            ("1999-12-31T23:59:59Z", tag::UTC_TIME, "991231235959Z"),
            ("2000-01-01T00:00:00Z", tag::UTC_TIME, "000101000000Z"),
            ("2025-05-25T10:10:10+02:00", tag::UTC_TIME, "250525081010Z"),
            ("2049-12-31T23:59:59Z", tag::UTC_TIME, "491231235959Z"),
            ("2050-01-01T00:00:00Z", tag::GENERALIZED_TIME, "20500101000000Z"),
            ("9999-12-31T23:59:59Z", tag::GENERALIZED_TIME, "99991231235959Z"),
            ("0001-01-01T00:00:00Z", tag::GENERALIZED_TIME, "00010101000000Z"),
            ("1850-06-01T00:00:00Z", tag::GENERALIZED_TIME, "18500601000000Z"),
        ] {
            assert_eq!(time(at(instant)), value(tag, &[text.as_bytes()]), "{instant}");
        }
    }

    #[test]
    fn the_signer_goes_first_and_each_certificate_once() {
        let (signer, issuing, root) = (certificate!("uno"), certificate!("issuing"), certificate!("root"));
        let chain = [issuing.clone(), signer.clone(), root.clone(), issuing.clone()];
        let content = digest(DigestAlgorithm::Sha256, b"");
        let cms = SignedDataDraft::new(&content, SHA256, &signer, &chain, UnixTime::MIN).unwrap().assemble(b"");
        let data = read(&cms, &Limits::default()).unwrap();
        assert_eq!(data.certificates, [signer.der(), issuing.der(), root.der()]);
    }

    #[test]
    fn r12_a_scheme_of_another_digest_is_refused() {
        let content = digest(DigestAlgorithm::Sha512, b"");
        let refused = SignedDataDraft::new(&content, SHA256, &certificate!("uno"), &[], UnixTime::MIN).unwrap_err();
        assert_eq!(refused, AlgorithmError::Mismatch { stated: DigestAlgorithm::Sha512, used: DigestAlgorithm::Sha256 });
    }

    /// The `cms` crate, which takes strict DER only and decodes every member.
    #[test]
    fn another_reader_agrees() {
        use cms::{
            cert::CertificateChoices,
            signed_data::{SignedData, SignerIdentifier},
        };
        use der::{Decode as _, Encode as _};
        for scheme in schemes() {
            let draft = draft(scheme);
            let written = draft.assemble(&[7; 256]);
            let info = cms::content_info::ContentInfo::from_der(&written).unwrap();
            assert_eq!(info.content_type, ID_SIGNED_DATA);
            let data: SignedData = info.content.decode_as().unwrap();
            assert_eq!(data.version, cms::content_info::CmsVersion::V1);
            assert_eq!((data.encap_content_info.econtent_type, data.encap_content_info.econtent), (ID_DATA, None));
            let certificates = data.certificates.unwrap();
            assert!(certificates.0.iter().all(|choice| matches!(choice, CertificateChoices::Certificate(_))));
            assert_eq!(certificates.0.len(), 2);
            let [signer] = data.signer_infos.0.as_slice() else { panic!("one signer") };
            let SignerIdentifier::IssuerAndSerialNumber(sid) = &signer.sid else { panic!("by issuer") };
            assert_eq!(sid.serial_number.as_bytes(), certificate!("uno").serial_octets());
            assert_eq!(signer.signature.as_bytes(), [7; 256]);
            // Their sorting of the attributes is ours.
            assert_eq!(signer.signed_attrs.as_ref().unwrap().to_der().unwrap(), draft.signed_attributes());
            assert_eq!(signer.signed_attrs.as_ref().unwrap().len(), 5);
        }
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(
            octets in prop::array::uniform32(any::<u8>()),
            seconds in UnixTime::MIN.as_secs()..=UnixTime::MAX.as_secs(),
            signature in prop::collection::vec(any::<u8>(), 0..600),
            chain in 0usize..3,
        ) {
            let content = Digest::new(DigestAlgorithm::Sha256, &octets).unwrap();
            let (signer, others) = (certificate!("uno"), [certificate!("issuing"), certificate!("root")]);
            let time = UnixTime::from_secs(seconds).unwrap();
            let draft = SignedDataDraft::new(&content, SHA256, &signer, &others[..chain], time).unwrap();
            let cms = draft.assemble(&signature);
            prop_assert_eq!(&cms, &draft.clone().assemble(&signature));

            let data = read(&cms, &Limits::default()).unwrap();
            prop_assert!(data.e_content.is_none());
            prop_assert_eq!(data.trailing, Trailing::None);
            prop_assert_eq!(data.certificates.len(), chain + 1);
            prop_assert_eq!(data.certificates[0], signer.der());
            let read = data.signer;
            prop_assert_eq!(&read.sid, &SignerId::IssuerSerial { issuer: signer.issuer_der(), serial: signer.serial_octets() });
            prop_assert_eq!(read.signed_attrs.message_digest(), &octets[..]);
            prop_assert_eq!(read.signed_attrs.signing_time().unwrap().unwrap(), seconds);
            prop_assert_eq!(&*read.signature, &signature[..]);
            prop_assert!(read.signed_attrs.sorted().is_none());
            let mut keep = Keep(Vec::new());
            read.signed_attrs.hash_as_received(&mut keep);
            prop_assert_eq!(&keep.0[..], draft.signed_attributes());
        }
    }
}
