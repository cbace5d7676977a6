//! Tests of the reader: structures of OpenSSL, and ours put together piece by piece.

use proptest::prelude::*;

use super::*;
use crate::{
    Limits,
    asn1::{Asn1ErrorKind, Reader, Rules, tag},
    crypto::{Digest, DigestAlgorithm, Hasher, SignatureScheme, digest},
};

macro_rules! fixture {
    ($name:literal) => {
        include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/cms/", $name)).as_slice()
    };
}

const RSA_SHA256: &[u8] = fixture!("rsa-sha256.der");
const CONTENT: &[u8] = fixture!("content.txt");

fn parse(bytes: &[u8]) -> Result<SignedData<'_>, CmsError> {
    read(bytes, &Limits::default())
}

fn kind(bytes: &[u8]) -> CmsErrorKind {
    parse(bytes).map(drop).unwrap_err().kind
}

/// Takes in bytes and keeps them.
#[derive(Default)]
struct Keep(Vec<u8>);

impl Hasher for Keep {
    fn update(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    fn finish(self: Box<Self>) -> Digest {
        digest(DigestAlgorithm::Sha256, &self.0)
    }
}

fn received(attributes: &SignedAttributes<'_>) -> Vec<u8> {
    let mut keep = Keep::default();
    attributes.hash_as_received(&mut keep);
    keep.0
}

/// The `SubjectPublicKeyInfo` of a certificate.
#[cfg(feature = "rustcrypto")]
fn spki(certificate: &[u8]) -> Vec<u8> {
    let mut tbs = Reader::der(certificate).sequence().unwrap().sequence().unwrap();
    tbs.optional(tag::context_constructed(0)).unwrap();
    for _ in 0..5 {
        tbs.read().unwrap();
    }
    tbs.read().unwrap().whole.to_vec()
}

#[cfg(feature = "rustcrypto")]
#[test]
fn openssl_signatures_read_and_hold() {
    use crate::crypto::{Algorithms, RustCrypto};
    let (sha1, sha256) = (DigestAlgorithm::Sha1, DigestAlgorithm::Sha256);
    for (name, bytes, scheme, certificates, inside) in [
        ("rsa-sha256", RSA_SHA256, SignatureScheme::RsaPkcs1 { digest: sha256 }, 2, false),
        ("rsa-sha1", fixture!("rsa-sha1.der"), SignatureScheme::RsaPkcs1 { digest: sha1 }, 1, false),
        ("pkcs7", fixture!("pkcs7.der"), SignatureScheme::RsaPkcs1 { digest: sha256 }, 1, false),
        ("keyid", fixture!("keyid.der"), SignatureScheme::RsaPkcs1 { digest: sha256 }, 2, false),
        ("content", fixture!("content.der"), SignatureScheme::RsaPkcs1 { digest: sha256 }, 2, true),
        ("ber-content", fixture!("ber-content.der"), SignatureScheme::RsaPkcs1 { digest: sha256 }, 2, true),
        ("pss", fixture!("pss.der"), SignatureScheme::RsaPss { digest: sha256, mgf_digest: sha256, salt_len: 20 }, 2, false),
        ("ec", fixture!("ec.der"), SignatureScheme::Ecdsa { digest: sha256 }, 2, false),
    ] {
        let signed = parse(bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(signed.certificates.len(), certificates, "{name}");
        assert_eq!(signed.trailing, Trailing::None);
        assert_eq!(signed.e_content.map(|content| content.into_cow().into_owned()), inside.then(|| CONTENT.to_vec()), "{name}");
        let signer = &signed.signer;
        assert_eq!(signer.scheme().unwrap(), scheme, "{name}");
        assert_eq!(signer.signed_attrs.message_digest(), digest(scheme.digest(), CONTENT).as_bytes(), "{name}");
        assert!(signer.signed_attrs.signing_time().unwrap().unwrap() > 1_700_000_000, "{name}");
        assert!(signer.signed_attrs.sorted().is_none(), "{name}");
        let by_key_id = matches!(&signer.sid, SignerId::KeyId(id) if id.len() == 20);
        assert_eq!(by_key_id, name == "keyid", "{name}: {:?}", signer.sid);

        let mut hasher = RustCrypto.hasher(scheme.digest());
        signer.signed_attrs.hash_as_received(&mut *hasher);
        // The signer's certificate is somewhere among them.
        let over = hasher.finish();
        let holds = signed
            .certificates
            .iter()
            .filter(|certificate| RustCrypto.prepare(&spki(certificate)).unwrap().verify(scheme, &over, &signer.signature).is_ok());
        assert_eq!(holds.count(), 1, "{name}");
    }
}

#[test]
fn r10_exactly_one_signer() {
    assert_eq!(kind(fixture!("two-signers.der")), CmsErrorKind::MultipleSigners);
    assert_eq!(kind(fixture!("certificates-only.der")), CmsErrorKind::NoSigner);
    assert_eq!(kind(fixture!("certificates-and-crl.der")), CmsErrorKind::NoSigner);
    let signer = Signer::default().der();
    assert_eq!(kind(&Cms { signers: vec![signer.clone(), signer], ..Cms::default() }.der()), CmsErrorKind::MultipleSigners);
}

#[test]
fn other_structures_are_refused() {
    assert_eq!(kind(fixture!("encrypted.der")), CmsErrorKind::NotSignedData { oid: "1.2.840.113549.1.7.3".into() });
    assert_eq!(kind(fixture!("other-type.der")), CmsErrorKind::NotData { oid: "1.2.3.4".into() });
    assert_eq!(kind(fixture!("no-attributes.der")), CmsErrorKind::NoSignedAttributes);
    assert_eq!(kind(b""), CmsErrorKind::Encoding { error: Asn1ErrorKind::Truncated });
    assert_eq!(kind(CONTENT), CmsErrorKind::Encoding { error: Asn1ErrorKind::UnexpectedTag });
}

// -- structures made here --

fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    let octets = content.len().to_be_bytes();
    let significant = &octets[octets.iter().position(|octet| *octet != 0).unwrap_or(octets.len())..];
    let mut out = vec![tag];
    match significant {
        [] => out.push(0),
        [one] if *one < 0x80 => out.push(*one),
        several => {
            out.push(0x80 | u8::try_from(several.len()).unwrap());
            out.extend_from_slice(several);
        }
    }
    out.extend_from_slice(content);
    out
}

fn indefinite(tag: u8, content: &[u8]) -> Vec<u8> {
    [&[tag, 0x80], content, &[0, 0]].concat()
}

fn oid(dotted: &str) -> Vec<u8> {
    der(tag::OID, const_oid::ObjectIdentifier::new(dotted).unwrap().as_bytes())
}

fn algorithm(dotted: &str, parameters: &[u8]) -> Vec<u8> {
    der(tag::SEQUENCE, &[&oid(dotted), parameters].concat())
}

fn attribute(dotted: &str, values: &[Vec<u8>]) -> Vec<u8> {
    der(tag::SEQUENCE, &[oid(dotted), der(tag::SET, &values.concat())].concat())
}

const NULL: &[u8] = &[5, 0];
const DATA: &str = "1.2.840.113549.1.7.1";
const CONTENT_TYPE: &str = "1.2.840.113549.1.9.3";
const MESSAGE_DIGEST: &str = "1.2.840.113549.1.9.4";
const SIGNING_TIME: &str = "1.2.840.113549.1.9.5";
const ALGORITHM_PROTECT: &str = "1.2.840.113549.1.9.52";
const SHA256: &str = "2.16.840.1.101.3.4.2.1";
const RSA: &str = "1.2.840.113549.1.1.1";
const SHA256_RSA: &str = "1.2.840.113549.1.1.11";
const SHA1_RSA: &str = "1.2.840.113549.1.1.5";

fn content_type() -> Vec<u8> {
    attribute(CONTENT_TYPE, &[oid(DATA)])
}

fn message_digest() -> Vec<u8> {
    attribute(MESSAGE_DIGEST, &[der(tag::OCTET_STRING, &[7; 32])])
}

struct Signer {
    sid: Vec<u8>,
    digest: Vec<u8>,
    attributes: Vec<Vec<u8>>,
    signature_algorithm: Vec<u8>,
    signature: Vec<u8>,
    unsigned: Option<Vec<Vec<u8>>>,
}

impl Default for Signer {
    fn default() -> Self {
        Self {
            sid: der(tag::SEQUENCE, &[der(tag::SEQUENCE, &[]), der(tag::INTEGER, &[5])].concat()),
            digest: algorithm(SHA256, NULL),
            attributes: vec![content_type(), message_digest()],
            signature_algorithm: algorithm(RSA, NULL),
            signature: der(tag::OCTET_STRING, &[9; 256]),
            unsigned: None,
        }
    }
}

impl Signer {
    fn der(&self) -> Vec<u8> {
        let unsigned = self.unsigned.as_ref().map(|set| der(0xA1, &set.concat())).unwrap_or_default();
        let parts = [
            der(tag::INTEGER, &[1]),
            self.sid.clone(),
            self.digest.clone(),
            der(0xA0, &self.attributes.concat()),
            self.signature_algorithm.clone(),
            self.signature.clone(),
            unsigned,
        ];
        der(tag::SEQUENCE, &parts.concat())
    }

    fn cms(&self) -> Vec<u8> {
        Cms { signers: vec![self.der()], ..Cms::default() }.der()
    }
}

struct Cms {
    wrap: fn(u8, &[u8]) -> Vec<u8>,
    e_content: Vec<u8>,
    certificates: Vec<Vec<u8>>,
    crls: Vec<Vec<u8>>,
    signers: Vec<Vec<u8>>,
}

impl Default for Cms {
    fn default() -> Self {
        Self { wrap: der, e_content: Vec::new(), certificates: Vec::new(), crls: Vec::new(), signers: vec![Signer::default().der()] }
    }
}

impl Cms {
    fn der(&self) -> Vec<u8> {
        let wrap = self.wrap;
        let optional = |tag, members: &[Vec<u8>]| if members.is_empty() { Vec::new() } else { wrap(tag, &members.concat()) };
        let signed_data = [
            der(tag::INTEGER, &[1]),
            wrap(tag::SET, &algorithm(SHA256, NULL)),
            wrap(tag::SEQUENCE, &[oid(DATA), self.e_content.clone()].concat()),
            optional(0xA0, &self.certificates),
            optional(0xA1, &self.crls),
            wrap(tag::SET, &self.signers.concat()),
        ];
        let content = wrap(0xA0, &wrap(tag::SEQUENCE, &signed_data.concat()));
        wrap(tag::SEQUENCE, &[oid("1.2.840.113549.1.7.2"), content].concat())
    }
}

fn with_attributes(attributes: Vec<Vec<u8>>) -> Vec<u8> {
    Signer { attributes, ..Signer::default() }.cms()
}

#[test]
fn r9_content_inside_is_reported() {
    assert!(parse(&Cms::default().der()).unwrap().e_content.is_none());
    let pieces =
        [der(tag::OCTET_STRING, b"ab"), indefinite(0x24, &[der(4, b"c"), der(4, b""), der(0x24, &der(4, b"d"))].concat())].concat();
    for (octets, expected) in [
        (der(tag::OCTET_STRING, b""), &b""[..]),
        (der(tag::OCTET_STRING, b"abcd"), b"abcd"),
        (der(0x24, &pieces), b"abcd"),
        (indefinite(0x24, &pieces), b"abcd"),
        (der(0x24, b""), b""),
    ] {
        let bytes = Cms { e_content: der(0xA0, &octets), ..Cms::default() }.der();
        let content = parse(&bytes).unwrap().e_content.unwrap();
        assert_eq!(content.into_cow(), expected);
    }
    let wrong = Cms { e_content: der(0xA0, &der(tag::SEQUENCE, b"")), ..Cms::default() }.der();
    assert_eq!(kind(&wrong), CmsErrorKind::Encoding { error: Asn1ErrorKind::UnexpectedTag });
}

#[test]
fn r11_required_attributes_are_there_once_with_one_value() {
    assert!(parse(&with_attributes(vec![message_digest(), content_type()])).is_ok());
    let content_type_of = |values: &[Vec<u8>]| attribute(CONTENT_TYPE, values);
    let digest_of = |values: &[Vec<u8>]| attribute(MESSAGE_DIGEST, values);
    let octets = der(tag::OCTET_STRING, &[7; 32]);
    for (attributes, expected) in [
        (vec![], CmsErrorKind::AttributeMissing { attribute: "content-type" }),
        (vec![message_digest()], CmsErrorKind::AttributeMissing { attribute: "content-type" }),
        (vec![content_type()], CmsErrorKind::AttributeMissing { attribute: "message-digest" }),
        (vec![content_type(), content_type(), message_digest()], CmsErrorKind::AttributeTwice { attribute: "content-type" }),
        (vec![message_digest(), content_type(), message_digest()], CmsErrorKind::AttributeTwice { attribute: "message-digest" }),
        (vec![content_type(), digest_of(&[])], CmsErrorKind::AttributeValues { attribute: "message-digest" }),
        (vec![content_type(), digest_of(&[octets.clone(), octets])], CmsErrorKind::AttributeValues { attribute: "message-digest" }),
        (vec![content_type_of(&[oid(DATA), oid(DATA)]), message_digest()], CmsErrorKind::AttributeValues { attribute: "content-type" }),
        (
            vec![content_type_of(&[oid("1.2.3")]), message_digest()],
            CmsErrorKind::ContentTypeMismatch { attribute: "1.2.3".into(), content: DATA.into() },
        ),
        (vec![content_type(), digest_of(&[der(tag::SEQUENCE, &[])])], CmsErrorKind::Encoding { error: Asn1ErrorKind::UnexpectedTag }),
    ] {
        assert_eq!(kind(&with_attributes(attributes)), expected);
    }
    let time = || attribute(SIGNING_TIME, &[der(tag::UTC_TIME, b"250525081010Z")]);
    let twice = with_attributes(vec![content_type(), time(), message_digest(), time()]);
    assert_eq!(kind(&twice), CmsErrorKind::AttributeTwice { attribute: "signing-time" });
    // Attributes that mean nothing here may be there as often as they like.
    let odd = || attribute("1.2.3.4", &[]);
    assert!(parse(&with_attributes(vec![content_type(), odd(), message_digest(), odd()])).is_ok());
}

#[test]
fn signing_times_are_read_and_bad_ones_refuse_nothing() {
    let with = |tag, text: &[u8]| with_attributes(vec![content_type(), message_digest(), attribute(SIGNING_TIME, &[der(tag, text)])]);
    let time = |bytes: &[u8]| parse(bytes).unwrap().signer.signed_attrs.signing_time().map(Result::ok);
    assert_eq!(time(&Cms::default().der()), None);
    assert_eq!(time(&with(tag::UTC_TIME, b"250525081010Z")), Some(Some(1_748_160_610)));
    assert_eq!(time(&with(tag::GENERALIZED_TIME, b"20250525081010Z")), Some(Some(1_748_160_610)));
    assert_eq!(time(&with(tag::UTC_TIME, b"250231081010Z")), Some(None));
    assert_eq!(time(&with(tag::OCTET_STRING, b"250525081010Z")), Some(None));
}

#[test]
fn r12_attributes_are_hashed_as_received_then_sorted() {
    // content-type is the shorter one, so DER puts it first.
    let (sorted, unsorted) = (vec![content_type(), message_digest()], vec![message_digest(), content_type()]);
    let bytes = with_attributes(sorted.clone());
    let signed = parse(&bytes).unwrap();
    assert_eq!(received(&signed.signer.signed_attrs), der(tag::SET, &sorted.concat()));
    assert!(signed.signer.signed_attrs.sorted().is_none());

    let bytes = with_attributes(unsorted.clone());
    let signed = parse(&bytes).unwrap();
    assert_eq!(received(&signed.signer.signed_attrs), der(tag::SET, &unsorted.concat()));
    let mut keep = Keep::default();
    signed.signer.signed_attrs.sorted().unwrap().hash(&mut keep);
    assert_eq!(keep.0, der(tag::SET, &sorted.concat()));

    // Lengths of two octets, of one long octet, and a length of the shell that is not DER.
    for size in [60, 100, 300] {
        let attributes = vec![content_type(), message_digest(), attribute("1.2.3.4", &[der(tag::OCTET_STRING, &vec![1; size])])];
        let bytes = with_attributes(attributes.clone());
        assert_eq!(received(&parse(&bytes).unwrap().signer.signed_attrs), der(tag::SET, &attributes.concat()));
    }
    let signer = Signer::default();
    let plain = der(0xA0, &signer.attributes.concat());
    let whole = signer.der();
    let at = whole.windows(plain.len()).position(|window| window == plain).unwrap();
    let inside = Reader::der(&whole).read().unwrap().content_offset();
    let loose = indefinite(0xA0, &signer.attributes.concat());
    let loose = der(tag::SEQUENCE, &[&whole[inside..at], &loose, &whole[at + plain.len()..]].concat());
    let bytes = Cms { signers: vec![loose], ..Cms::default() }.der();
    assert_eq!(received(&parse(&bytes).unwrap().signer.signed_attrs), der(tag::SET, &signer.attributes.concat()));
}

#[test]
fn r12_algorithms_agree() {
    let scheme = |digest: Vec<u8>, signature_algorithm: Vec<u8>| {
        let bytes = Signer { digest, signature_algorithm, ..Signer::default() }.cms();
        parse(&bytes).unwrap().signer.scheme().map_err(|error| error.kind)
    };
    let pkcs1 = SignatureScheme::RsaPkcs1 { digest: DigestAlgorithm::Sha256 };
    assert_eq!(scheme(algorithm(SHA256, NULL), algorithm(RSA, NULL)), Ok(pkcs1));
    assert_eq!(scheme(algorithm(SHA256, &[]), algorithm(SHA256_RSA, NULL)), Ok(pkcs1));
    assert_eq!(
        scheme(algorithm(SHA256, NULL), algorithm(SHA1_RSA, NULL)),
        Err(CmsErrorKind::Algorithm { error: AlgorithmError::Mismatch { stated: DigestAlgorithm::Sha256, used: DigestAlgorithm::Sha1 } })
    );
    assert_eq!(
        scheme(algorithm("1.2.840.113549.2.5", NULL), algorithm(RSA, NULL)),
        Err(CmsErrorKind::Algorithm { error: AlgorithmError::Broken { name: "MD5" } })
    );
}

#[test]
fn r12_algorithm_protection_agrees() {
    let protection = |digest: &[u8], signature: &[u8]| {
        let mut inner = Reader::der(signature).read().unwrap().content.to_vec();
        inner = der(0xA1, &inner);
        attribute(ALGORITHM_PROTECT, &[der(tag::SEQUENCE, &[digest, &inner].concat())])
    };
    let with = |attribute: Vec<u8>| with_attributes(vec![content_type(), attribute, message_digest()]);
    // The signer says SHA-256 and rsaEncryption, both with NULL; leaving NULL out is no difference.
    for (digest, signature) in [(NULL, NULL), (&[][..], NULL), (NULL, &[]), (&[], &[])] {
        assert!(parse(&with(protection(&algorithm(SHA256, digest), &algorithm(RSA, signature)))).is_ok());
    }
    for other in [
        protection(&algorithm("1.3.14.3.2.26", NULL), &algorithm(RSA, NULL)),
        protection(&algorithm(SHA256, NULL), &algorithm(SHA256_RSA, NULL)),
        protection(&algorithm(SHA256, &[4, 0]), &algorithm(RSA, NULL)),
        // None at all, and one for a MAC.
        attribute(ALGORITHM_PROTECT, &[der(tag::SEQUENCE, &algorithm(SHA256, NULL))]),
        attribute(ALGORITHM_PROTECT, &[der(tag::SEQUENCE, &[algorithm(SHA256, NULL), der(0xA2, &oid(RSA))].concat())]),
    ] {
        assert_eq!(kind(&with(other)), CmsErrorKind::AlgorithmProtection);
    }
    let good = protection(&algorithm(SHA256, NULL), &algorithm(RSA, NULL));
    let twice = with_attributes(vec![content_type(), message_digest(), good.clone(), good]);
    assert_eq!(kind(&twice), CmsErrorKind::AttributeTwice { attribute: "CMSAlgorithmProtection" });
    let malformed = with(attribute(ALGORITHM_PROTECT, &[der(tag::OCTET_STRING, &[])]));
    assert_eq!(kind(&malformed), CmsErrorKind::Encoding { error: Asn1ErrorKind::UnexpectedTag });
}

#[test]
fn r14_the_shell_may_be_ber() {
    let certificate = der(tag::SEQUENCE, &[5, 0]);
    let odd = indefinite(tag::SEQUENCE, b"");
    let bytes = Cms {
        wrap: indefinite,
        certificates: vec![certificate.clone(), der(0xA1, &[]), certificate.clone(), odd.clone()],
        crls: vec![odd.clone(), der(0xA1, &[5, 0])],
        signers: vec![
            Signer {
                signature: indefinite(0x24, &[der(4, &[1, 2]), der(4, &[3])].concat()),
                sid: indefinite(0xA0, &der(4, b"key")),
                unsigned: Some(vec![indefinite(tag::SEQUENCE, &oid("1.2.3"))]),
                ..Signer::default()
            }
            .der(),
        ],
        ..Cms::default()
    }
    .der();
    let signed = parse(&bytes).unwrap();
    assert_eq!(signed.certificates, [&certificate[..], &certificate, &odd]);
    assert_eq!(&*signed.signer.signature, [1, 2, 3]);
    assert_eq!(signed.signer.sid, SignerId::KeyId(b"key"[..].into()));
}

#[test]
fn r14_the_attributes_must_be_der() {
    for (value, expected) in [
        (indefinite(tag::SEQUENCE, b""), Asn1ErrorKind::IndefiniteLength),
        (der(tag::SEQUENCE, &[4, 0x81, 1, 0]), Asn1ErrorKind::LengthNotMinimal),
        (der(tag::SEQUENCE, &[4, 5, 1, 0]), Asn1ErrorKind::Truncated),
    ] {
        let bytes = with_attributes(vec![content_type(), message_digest(), attribute("1.2.3", &[value])]);
        assert_eq!(kind(&bytes), CmsErrorKind::Encoding { error: expected });
    }
    let loose = indefinite(tag::SEQUENCE, &[oid(CONTENT_TYPE), der(tag::SET, &oid(DATA))].concat());
    assert_eq!(kind(&with_attributes(vec![loose, message_digest()])), CmsErrorKind::Encoding { error: Asn1ErrorKind::IndefiniteLength });
}

#[test]
fn r14_what_follows_the_structure() {
    for (after, expected) in [(&b""[..], Trailing::None), (b"\r\n", Trailing::LineBreaks), (b"\n\n\r", Trailing::LineBreaks)] {
        for bytes in [Cms::default().der(), Cms { wrap: indefinite, ..Cms::default() }.der()] {
            assert_eq!(parse(&[&bytes, after].concat()).unwrap().trailing, expected);
        }
    }
    let bytes = Cms::default().der();
    for after in [&b" "[..], b"\0", b"\r\n0", b"\0\0"] {
        let bytes = [&bytes, after].concat();
        assert_eq!(kind(&bytes), CmsErrorKind::TrailingBytes, "{after:?}");
    }
    assert_eq!(parse(&[&bytes[..], b"\r\nx"].concat()).unwrap_err().offset(), bytes.len() + 2);
    // Nor may anything follow inside.
    let inside = Signer { unsigned: None, signature: [der(4, &[1]), der(4, &[2])].concat(), ..Signer::default() }.cms();
    assert_eq!(kind(&inside), CmsErrorKind::Encoding { error: Asn1ErrorKind::TrailingBytes });
}

#[test]
fn r31_limits_hold_at_n_and_beyond() {
    let with =
        |certificates, crls| Cms { certificates: vec![der(0x30, &[]); certificates], crls: vec![der(0x30, &[]); crls], ..Cms::default() };
    assert_eq!(parse(&with(16, 16).der()).unwrap().certificates.len(), 16);
    assert_eq!(kind(&with(17, 0).der()), CmsErrorKind::TooManyCertificates { limit: 16 });
    assert_eq!(kind(&with(0, 17).der()), CmsErrorKind::TooManyCrls { limit: 16 });
    let others = |n: usize| Cms { certificates: vec![der(0xA1, &[]); n], ..Cms::default() }.der();
    assert!(parse(&others(16)).unwrap().certificates.is_empty());
    assert_eq!(kind(&others(17)), CmsErrorKind::TooManyCertificates { limit: 16 });

    let signed = |n: usize| with_attributes([vec![content_type(), message_digest()], vec![attribute("1.2.3", &[]); n - 2]].concat());
    assert!(parse(&signed(32)).is_ok());
    assert_eq!(kind(&signed(33)), CmsErrorKind::TooManyAttributes { limit: 32 });
    let unsigned = |n: usize| Signer { unsigned: Some(vec![attribute("1.2.3", &[]); n]), ..Signer::default() }.cms();
    assert!(parse(&unsigned(32)).is_ok());
    assert_eq!(kind(&unsigned(33)), CmsErrorKind::TooManyAttributes { limit: 32 });

    let bytes = Cms::default().der();
    let limits = |cms_bytes| Limits { cms_bytes, ..Limits::default() };
    assert!(read(&bytes, &limits(bytes.len())).is_ok());
    assert_eq!(read(&bytes, &limits(bytes.len() - 1)).unwrap_err().kind, CmsErrorKind::TooLarge { limit: bytes.len() - 1 });

    // The depth of the attributes counts from themselves: a value is at level 3, fourteen SEQUENCEs reach level 16.
    let deep = |n: usize| (0..n).fold(Vec::new(), |inner: Vec<u8>, _| der(tag::SEQUENCE, &inner));
    let nested = |n: usize| with_attributes(vec![content_type(), message_digest(), attribute("1.2.3", &[deep(n)])]);
    assert!(parse(&nested(14)).is_ok());
    assert_eq!(kind(&nested(15)), CmsErrorKind::Encoding { error: Asn1ErrorKind::TooDeep });
}

#[test]
fn r32_a_huge_length_is_refused_at_once() {
    let mut bytes = Cms::default().der();
    bytes.splice(0..4, [0x30, 0x84, 0xFF, 0xFF, 0xFF, 0xFF]);
    assert_eq!(kind(&bytes), CmsErrorKind::Encoding { error: Asn1ErrorKind::Truncated });
}

#[test]
fn r31_every_truncation_is_an_error() {
    for bytes in [RSA_SHA256, fixture!("ber-content.der"), fixture!("ec.der"), &Cms { wrap: indefinite, ..Cms::default() }.der()] {
        assert!(parse(bytes).is_ok());
        for end in 0..bytes.len() {
            assert!(parse(&bytes[..end]).is_err(), "cut at {end}");
        }
    }
}

#[test]
fn r31_a_mebibyte_of_nested_headers_is_refused_in_linear_time() {
    let start = std::time::Instant::now();
    let header = |n: usize| [0x30, 0x80].repeat(n);
    assert!(parse(&header(1 << 19)).is_err());
    // An octet string in half a million pieces, each in pieces itself.
    let pieces = [0x24, 0x80, 0, 0].repeat((1 << 18) - 256);
    let content = indefinite(0xA0, &indefinite(0x24, &indefinite(0x24, &pieces)));
    let bytes = Cms { wrap: indefinite, e_content: content, ..Cms::default() }.der();
    assert_eq!(parse(&bytes).unwrap().e_content.unwrap().into_cow().len(), 0);
    // 170,000 definite values, each inside the one before it, alone and as the value of an attribute.
    let mut reversed = Vec::new();
    for _ in 0..170_000_u32 {
        let length = u32::try_from(reversed.len()).unwrap();
        reversed.extend_from_slice(&length.to_le_bytes());
        reversed.extend_from_slice(&[0x84, 0x30]);
    }
    let nested: Vec<u8> = reversed.into_iter().rev().collect();
    assert!(parse(&nested).is_err());
    let bytes = with_attributes(vec![content_type(), message_digest(), attribute("1.2.3", &[nested])]);
    assert!(matches!(kind(&bytes), CmsErrorKind::Encoding { error: Asn1ErrorKind::TooDeep | Asn1ErrorKind::LengthNotMinimal }));
    assert!(start.elapsed().as_secs() < 5, "{:?}", start.elapsed());
}

#[test]
fn errors_name_what_and_where() {
    let error = parse(fixture!("no-attributes.der")).unwrap_err();
    assert_eq!(error.to_string(), format!("the signer has no signed attributes (offset {})", error.offset()));
    assert_eq!(error.code(), "cms-no-signed-attributes");
    assert_eq!(parse(b"\x30\x05").unwrap_err().to_string(), "the value goes on beyond the end of the data (offset 0)");
    let bytes = Signer { digest: algorithm(SHA256, &[4, 0]), ..Signer::default() }.cms();
    let error = parse(&bytes).unwrap().signer.digest_algorithm().unwrap_err();
    let CmsErrorKind::Algorithm { error: AlgorithmError::Malformed { offset, .. } } = error.kind() else { panic!("{error}") };
    assert_eq!(bytes[*offset..*offset + 2], [4, 0]);
}

proptest! {
    #[test]
    fn r31_arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = parse(&bytes);
    }

    #[test]
    fn r31_a_real_structure_with_bytes_changed_never_panics(changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6), ber in any::<bool>()) {
        let mut bytes = if ber { fixture!("ber-content.der") } else { RSA_SHA256 }.to_vec();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if let Ok(signed) = parse(&bytes) {
            let _ = (signed.signer.scheme(), signed.signer.signed_attrs.signing_time(), received(&signed.signer.signed_attrs));
        }
    }
}

/// The reader's own rules must not differ from those of the walker that the tests use.
#[test]
fn the_pieces_made_here_are_der() {
    let bytes = Cms::default().der();
    Reader::new(&bytes, 0, Rules::Der, 16).read().unwrap().check_der().unwrap();
}
