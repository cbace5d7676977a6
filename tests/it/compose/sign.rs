//! Signing with a key in memory: its forms, its signatures, what it refuses.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use postacert::compose::{InMemoryKey, PrivateKeyError, Signer, SignerError, SigningRequest};
use postacert::crypto::{Algorithms, DigestAlgorithm, KeyError, KeyKind, RustCrypto, SignatureScheme};
use proptest::prelude::*;

use crate::fixtures;

const SHA2: [DigestAlgorithm; 3] = [DigestAlgorithm::Sha256, DigestAlgorithm::Sha384, DigestAlgorithm::Sha512];
const MESSAGE: &[u8] = b"attributes";

fn pem(name: &str) -> Vec<u8> {
    fixtures::read(&format!("pki/{name}.key"))
}

fn key(name: &str) -> InMemoryKey {
    InMemoryKey::from_pem(pem(name)).unwrap()
}

/// The one block of a PEM text.
fn der_of(pem: &[u8]) -> Vec<u8> {
    let text = std::str::from_utf8(pem).unwrap();
    STANDARD.decode(text.lines().filter(|line| !line.starts_with("-----")).collect::<String>()).unwrap()
}

fn pem_of(label: &str, der: &[u8]) -> String {
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", STANDARD.encode(der))
}

/// A value in DER.
fn der(tag: u8, members: &[&[u8]]) -> Vec<u8> {
    let content = members.concat();
    let length = u16::try_from(content.len()).unwrap().to_be_bytes();
    match content.len() {
        0..=127 => [&[tag, length[1]], &content[..]].concat(),
        128..=255 => [&[tag, 0x81, length[1]], &content[..]].concat(),
        _ => [&[tag, 0x82, length[0], length[1]], &content[..]].concat(),
    }
}

/// The members of a constructed value: each whole, and its content.
fn members(value: &[u8]) -> Vec<(Vec<u8>, Vec<u8>)> {
    let (mut rest, mut out) = (content(value).0, Vec::new());
    while !rest.is_empty() {
        let (inner, length) = content(rest);
        out.push((rest[..length].to_vec(), inner.to_vec()));
        rest = &rest[length..];
    }
    out
}

/// The content of the first value, and how long it is with its header.
fn content(value: &[u8]) -> (&[u8], usize) {
    let (header, length) = match value[1] {
        0x81 => (3, usize::from(value[2])),
        0x82 => (4, usize::from(u16::from_be_bytes([value[2], value[3]]))),
        short => (2, usize::from(short)),
    };
    (&value[header..header + length], header + length)
}

/// The key inside a PKCS#8 structure.
fn inside(pkcs8: &[u8]) -> Vec<u8> {
    members(pkcs8)[2].1.clone()
}

fn rsa_pss_pkcs8(parameters: &[u8]) -> Vec<u8> {
    let pss = [6, 9, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 1, 10];
    der(0x30, &[&[2, 1, 0], &der(0x30, &[&pss, parameters]), &der(4, &[&inside(&der_of(&pem("uno")))])])
}

const P256: &[u8] = &[6, 8, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 3, 1, 7];
const P384: &[u8] = &[6, 5, 0x2B, 0x81, 4, 0, 0x22];

fn sec1(scalar: &[u8], curve: &[u8]) -> Vec<u8> {
    der(0x30, &[&[2, 1, 1], &der(4, &[scalar]), &der(0xA0, &[curve])])
}

fn hex(digits: &str) -> Vec<u8> {
    (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap()).collect()
}

fn holds(key: &InMemoryKey, request: &SigningRequest<'_>, signature: &[u8]) -> bool {
    RustCrypto.prepare(key.public_spki()).unwrap().verify(request.scheme(), request.digest(), signature).is_ok()
}

#[test]
fn keys_are_read_in_every_form() {
    for name in ["uno", "p256", "p384"] {
        let key = key(name);
        let pkcs8 = der_of(&pem(name));
        let same = |other: Result<InMemoryKey, PrivateKeyError>| assert_eq!(other.unwrap().public_spki(), key.public_spki(), "{name}");
        same(InMemoryKey::from_pkcs8_der(&pkcs8));
        let inner = inside(&pkcs8);
        if name == "uno" {
            same(InMemoryKey::from_pkcs1_der(&inner));
            same(InMemoryKey::from_pem(pem_of("RSA PRIVATE KEY", &inner)));
        } else {
            // Inside PKCS#8 the curve is named outside.
            assert_eq!(InMemoryKey::from_sec1_der(&inner).unwrap_err(), PrivateKeyError::NoCurve);
            let parts = members(&inner);
            let curve = if name == "p256" { P256 } else { P384 };
            let named = der(0x30, &[&parts[0].0, &parts[1].0, &der(0xA0, &[curve]), &parts[2].0]);
            same(InMemoryKey::from_sec1_der(&named));
            same(InMemoryKey::from_sec1_der(&sec1(&parts[1].1, curve)));
            // OpenSSL writes the parameters of the curve before the key, and certificates may stand beside it.
            let certificate = String::from_utf8(fixtures::read(&format!("pki/{name}.pem"))).unwrap();
            let text = pem_of("EC PARAMETERS", curve) + &certificate + &pem_of("EC PRIVATE KEY", &named);
            same(InMemoryKey::from_pem(text.replace('\n', "\r\n")));
        }
        let certificate = &fixtures::certificates(&format!("pki/{name}.pem"))[0];
        assert!(key.belongs_to(certificate), "{name}");
        assert!(!key.belongs_to(&fixtures::certificates("pki/due.pem")[0]), "{name}");
    }
    assert_eq!(key("uno").kind(), KeyKind::Rsa { bits: 2048, exponent_is_3: false });
    assert_eq!((key("p256").kind(), key("p384").kind()), (KeyKind::P256, KeyKind::P384));
}

#[test]
fn the_public_half_is_what_the_certificate_has() {
    for name in ["uno", "rsa4096", "p256", "p384"] {
        let certificate = &fixtures::certificates(&format!("pki/{name}.pem"))[0];
        let (spki, der) = (key(name), certificate.der());
        assert!(der.windows(spki.public_spki().len()).any(|window| window == spki.public_spki()), "{name}");
    }
}

#[test]
fn keys_that_cannot_be_read_say_why() {
    let uno = String::from_utf8(pem("uno")).unwrap();
    let old_encrypted =
        "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nAAAA\n-----END RSA PRIVATE KEY-----\n";
    for (text, error, sentence) in [
        (String::new(), PrivateKeyError::NoneFound, "the PEM holds no private key"),
        (String::from_utf8(fixtures::read("pki/uno.pem")).unwrap(), PrivateKeyError::NoneFound, "the PEM holds no private key"),
        (uno.repeat(2), PrivateKeyError::Several, "the PEM holds more than one private key"),
        (
            pem_of("ENCRYPTED PRIVATE KEY", b"x"),
            PrivateKeyError::Encrypted,
            "the private key is encrypted, which is not supported: it must be decrypted first",
        ),
        (
            old_encrypted.into(),
            PrivateKeyError::Encrypted,
            "the private key is encrypted, which is not supported: it must be decrypted first",
        ),
        (
            pem_of("OPENSSH PRIVATE KEY", b"x"),
            PrivateKeyError::UnknownForm { label: "OPENSSH PRIVATE KEY".into() },
            "private keys of the form \"OPENSSH PRIVATE KEY\" are not supported",
        ),
        (
            format!("text\n{}", &uno[..uno.len() - 30]),
            PrivateKeyError::MalformedPem { offset: 5 },
            "the PEM that begins at offset 5 is cut short or is not base64",
        ),
        (
            uno.replacen('M', "*", 1),
            PrivateKeyError::MalformedPem { offset: 0 },
            "the PEM that begins at offset 0 is cut short or is not base64",
        ),
        (
            String::from_utf8(pem("legacy")).unwrap(),
            PrivateKeyError::RsaLength { bits: 1024 },
            "the RSA key has 1024 bits, not 2048 to 4096",
        ),
    ] {
        let found = InMemoryKey::from_pem(&text).unwrap_err();
        assert_eq!((&found, found.to_string().as_str()), (&error, sentence));
    }
}

#[test]
fn structures_that_make_no_key_are_refused() {
    let pkcs8 = der_of(&pem("uno"));
    let rsa = members(&inside(&pkcs8));
    let with = |at: usize, magnitude: &[u8]| {
        let changed = der(2, &[&[0], magnitude]);
        let parts: Vec<&[u8]> = rsa.iter().enumerate().map(|(i, (whole, _))| if i == at { &changed[..] } else { whole }).collect();
        InMemoryKey::from_pkcs1_der(&der(0x30, &parts)).unwrap_err()
    };
    // Without the zero that keeps it positive, as `with` adds one.
    let number = |at: usize| rsa[at].1.strip_prefix(&[0]).unwrap_or(&rsa[at].1).to_vec();
    let off_by_two = |at: usize| {
        let mut octets = number(at);
        *octets.last_mut().unwrap() ^= 2;
        octets[0] |= 0x80;
        octets
    };
    for at in [1, 3, 4, 5] {
        assert_eq!(with(at, &off_by_two(at)), PrivateKeyError::Inconsistent, "number {at}");
    }
    // Primes of unequal length would make it compute without end.
    assert_eq!(with(4, &[0x83]), PrivateKeyError::Inconsistent);
    assert_eq!(with(2, &[0x80]), PrivateKeyError::Unusable { error: KeyError::EvenExponent });
    assert_eq!(with(1, &[0xFF; 2000]), PrivateKeyError::RsaLength { bits: 16_000 });
    assert_eq!(with(1, &[0xFF; 640]), PrivateKeyError::RsaLength { bits: 5120 });
    assert_eq!(with(1, &[0xFF; 20]), PrivateKeyError::RsaLength { bits: 160 });
    // Three primes.
    let parts: Vec<&[u8]> = [&[2, 1, 1][..]].into_iter().chain(rsa[1..].iter().map(|(whole, _)| &whole[..])).collect();
    assert_eq!(InMemoryKey::from_pkcs1_der(&der(0x30, &parts)).unwrap_err(), PrivateKeyError::UnknownVersion);

    // Encrypted, of an unknown version, of an unknown kind, cut short, followed by bytes.
    let encrypted = der(0x30, &[&der(0x30, &[P256]), &der(4, &[&[1]])]);
    assert_eq!(InMemoryKey::from_pkcs8_der(&encrypted).unwrap_err(), PrivateKeyError::Encrypted);
    let parts = members(&pkcs8);
    let version = der(0x30, &[&[2, 1, 2], &parts[1].0, &parts[2].0]);
    assert_eq!(InMemoryKey::from_pkcs8_der(&version).unwrap_err(), PrivateKeyError::UnknownVersion);
    let ed25519 = der(0x30, &[&[2, 1, 0], &der(0x30, &[&[6, 3, 0x2B, 0x65, 0x70]]), &der(4, &[&der(4, &[&[1; 32]])])]);
    let unsupported = PrivateKeyError::Unusable { error: KeyError::Unsupported { oid: "1.3.101.112".into() } };
    assert_eq!(InMemoryKey::from_pkcs8_der(&ed25519).unwrap_err(), unsupported);
    assert!(matches!(InMemoryKey::from_pkcs8_der(&pkcs8[..pkcs8.len() - 1]), Err(PrivateKeyError::Malformed { .. })));
    assert!(matches!(InMemoryKey::from_pkcs8_der(&[&pkcs8[..], &[0]].concat()), Err(PrivateKeyError::Malformed { .. })));

    // Elliptic curves: nought, the order or more, the wrong length, another curve, another's point.
    for scalar in [&[0; 32][..], &[0xFF; 32], &[1; 33], &[1; 5], &[]] {
        assert_eq!(InMemoryKey::from_sec1_der(&sec1(scalar, P256)).unwrap_err(), PrivateKeyError::Inconsistent, "{scalar:?}");
    }
    let p521 = &[6, 5, 0x2B, 0x81, 4, 0, 0x23];
    let unsupported = PrivateKeyError::Unusable { error: KeyError::Unsupported { oid: "1.3.132.0.35".into() } };
    assert_eq!(InMemoryKey::from_sec1_der(&sec1(&[1; 66], p521)).unwrap_err(), unsupported);
    let parts = members(&inside(&der_of(&pem("p256"))));
    let other = der(0x30, &[&parts[0].0, &der(4, &[&[1; 32]]), &der(0xA0, &[P256]), &parts[2].0]);
    assert_eq!(InMemoryKey::from_sec1_der(&other).unwrap_err(), PrivateKeyError::Inconsistent);
    let pkcs8 = members(&der_of(&pem("p256")));
    let two_curves = der(0x30, &[&pkcs8[0].0, &pkcs8[1].0, &der(4, &[&sec1(&[1; 48], P384)])]);
    assert_eq!(InMemoryKey::from_pkcs8_der(&two_curves).unwrap_err(), PrivateKeyError::Inconsistent);
}

#[test]
fn every_scheme_signs_and_the_same_request_gets_the_same_signature() {
    let keys = [key("uno"), key("uno").with_pss(), key("p256"), key("p256").with_pss(), key("p384")];
    for key in &keys {
        for digest in SHA2 {
            let request = SigningRequest::new(MESSAGE, key.scheme(digest), [1; 32]);
            let signature = key.sign(&request).unwrap();
            assert!(holds(key, &request, &signature), "{:?} {}", key, request.scheme());
            assert_eq!(key.sign(&request).unwrap(), signature);
            let other = SigningRequest::new(MESSAGE, key.scheme(digest), [2; 32]);
            let pss = matches!(request.scheme(), SignatureScheme::RsaPss { .. });
            assert_eq!(key.sign(&other).unwrap() != signature, pss, "the salt alone takes the entropy");
        }
    }
}

/// RFC 6979 §A.2.5 and §A.2.6, message "sample".
#[test]
fn ecdsa_is_deterministic_by_rfc_6979() {
    for (scalar, curve, digest, r, s) in [
        (
            "C9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721",
            P256,
            DigestAlgorithm::Sha256,
            "EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716",
            "F7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8",
        ),
        (
            "6B9D3DAD2E1B8C1C05B19875B6659F4DE23C3B667BF297BA9AA47740787137D896D5724E4C70A825F872C9EA60D2EDF5",
            P384,
            DigestAlgorithm::Sha384,
            "94EDBB92A5ECB8AAD4736E56C691916B3F88140666CE9FA73D64C4EA95AD133C81A648152E44ACF96E36DD1E80FABE46",
            "99EF4AEB15F178CEA1FE40DB2603138F130E740A19624526203B6351D0A3A94FA329C145786E679E7B82C71A38628AC8",
        ),
    ] {
        let key = InMemoryKey::from_sec1_der(&sec1(&hex(scalar), curve)).unwrap();
        let signature = key.sign(&SigningRequest::new(b"sample", key.scheme(digest), [0; 32])).unwrap();
        assert_eq!(signature, der(0x30, &[&der(2, &[&[0], &hex(r)]), &der(2, &[&[0], &hex(s)])]));
    }
}

#[test]
fn a_key_for_pss_alone_signs_by_pss_as_its_parameters_say() {
    let sha256 = DigestAlgorithm::Sha256;
    let pss = |digest, salt_len| SignatureScheme::RsaPss { digest, mgf_digest: digest, salt_len };
    let pkcs1 = SignatureScheme::RsaPkcs1 { digest: sha256 };
    let sign = |key: &InMemoryKey, scheme| key.sign(&SigningRequest::new(MESSAGE, scheme, [0; 32]));
    let unsupported = |key: &InMemoryKey, scheme| assert_eq!(sign(key, scheme), Err(SignerError::Unsupported { scheme, key: key.kind() }));

    let any = InMemoryKey::from_pkcs8_der(&rsa_pss_pkcs8(&[])).unwrap();
    assert_eq!(any.scheme(sha256), pss(sha256, 32));
    assert!(sign(&any, pss(DigestAlgorithm::Sha512, 0)).is_ok());
    unsupported(&any, pkcs1);
    assert!(any.belongs_to(&fixtures::certificates("pki/uno.pem")[0]));

    // SHA-256, MGF1 with it, at least 40 bytes of salt.
    let hash = hex("300D06096086480165030402010500");
    let mgf = der(0x30, &[&hex("06092A864886F70D010108"), &hash]);
    let parameters = der(0x30, &[&der(0xA0, &[&hash]), &der(0xA1, &[&mgf]), &der(0xA2, &[&[2, 1, 40]])]);
    let bound = InMemoryKey::from_pkcs8_der(&rsa_pss_pkcs8(&parameters)).unwrap();
    assert_eq!(bound.scheme(sha256), pss(sha256, 40));
    assert!(sign(&bound, pss(sha256, 40)).is_ok());
    unsupported(&bound, pss(sha256, 39));
    unsupported(&bound, pss(DigestAlgorithm::Sha512, 64));
    unsupported(&bound, pkcs1);
}

#[test]
fn schemes_that_a_key_does_not_have_are_refused() {
    let sha256 = DigestAlgorithm::Sha256;
    let (rsa, p256) = (key("uno"), key("p256"));
    let pss = |mgf_digest, salt_len| SignatureScheme::RsaPss { digest: sha256, mgf_digest, salt_len };
    for (key, scheme) in [
        (&rsa, SignatureScheme::Ecdsa { digest: sha256 }),
        (&rsa, pss(DigestAlgorithm::Sha512, 32)),
        (&rsa, pss(sha256, 223)),
        (&rsa, pss(sha256, usize::MAX)),
        (&p256, SignatureScheme::RsaPkcs1 { digest: sha256 }),
        (&p256, pss(sha256, 32)),
    ] {
        let refused = key.sign(&SigningRequest::new(MESSAGE, scheme, [0; 32]));
        assert_eq!(refused, Err(SignerError::Unsupported { scheme, key: key.kind() }));
    }
    let request = SigningRequest::new(MESSAGE, pss(sha256, 222), [0; 32]);
    assert!(holds(&rsa, &request, &rsa.sign(&request).unwrap()));
}

#[test]
fn r25_nothing_is_signed_over_sha_1() {
    for key in [key("uno"), key("uno").with_pss(), key("p256"), key("p384")] {
        let request = SigningRequest::new(MESSAGE, key.scheme(DigestAlgorithm::Sha1), [0; 32]);
        assert_eq!(key.sign(&request), Err(SignerError::WeakDigest { digest: DigestAlgorithm::Sha1 }));
    }
}

#[test]
fn the_key_is_not_shown_copied_or_tied_to_a_thread() {
    static_assertions::assert_not_impl_any!(InMemoryKey: Clone, std::fmt::Display);
    static_assertions::assert_impl_all!(InMemoryKey: Send, Sync);
    static_assertions::assert_impl_all!(SignerError: std::error::Error, Send, Sync);
    static_assertions::assert_impl_all!(PrivateKeyError: std::error::Error, Send, Sync);
    static_assertions::assert_obj_safe!(Signer);
    assert_eq!(format!("{:?} {:?}", key("uno"), key("p256")), "InMemoryKey { kind: RSA-2048, .. } InMemoryKey { kind: P-256, .. }");
    let request = SigningRequest::new(MESSAGE, key("p256").scheme(DigestAlgorithm::Sha256), [0xEE; 32]);
    assert!(!format!("{request:?}").contains("238"), "{request:?}");
    // As a caller may pass it.
    let boxed: Box<dyn Signer> = Box::new(key("p256"));
    assert_eq!(boxed.sign(&request), key("p256").sign(&request));
}

#[test]
fn codes_and_sentences_keep_to_their_form() {
    let mut seen = std::collections::BTreeSet::new();
    for row in [SignerError::TABLE, PrivateKeyError::TABLE].into_iter().flatten() {
        assert!(row.code.chars().all(|c| c.is_ascii_lowercase() || c == '-'), "{}", row.code);
        assert!(seen.insert(row.code), "{} is there twice", row.code);
        assert!(!row.text.ends_with('.') && !row.meaning.trim().is_empty(), "{}", row.code);
    }
    assert_eq!(SignerError::failed("no route").to_string(), "the signer failed: no route");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_message_signs_and_holds(message in prop::collection::vec(any::<u8>(), 0..600), entropy: [u8; 32]) {
        for key in [key("p256"), key("p384")] {
            let request = SigningRequest::new(&message, key.scheme(DigestAlgorithm::Sha256), entropy);
            prop_assert!(holds(&key, &request, &key.sign(&request).unwrap()));
        }
    }

    #[test]
    fn r31_a_changed_key_is_refused_or_still_signs(at: prop::sample::Index, octet: u8, name in prop::sample::select(vec!["uno", "p256", "p384"])) {
        let mut pkcs8 = der_of(&pem(name));
        let at = at.index(pkcs8.len());
        pkcs8[at] = octet;
        if let Ok(key) = InMemoryKey::from_pkcs8_der(&pkcs8) {
            let request = SigningRequest::new(MESSAGE, key.scheme(DigestAlgorithm::Sha256), [0; 32]);
            prop_assert!(holds(&key, &request, &key.sign(&request).unwrap()));
        }
    }

    #[test]
    fn r31_any_bytes_are_read_without_harm(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        for read in [InMemoryKey::from_pkcs8_der, InMemoryKey::from_pkcs1_der, InMemoryKey::from_sec1_der] {
            prop_assert!(read(&bytes).is_err());
        }
        prop_assert!(InMemoryKey::from_pem(&bytes).is_err());
    }
}
