//! Tests of the module `crypto`, with every backend that is compiled in: they must agree to the letter. The judge is OpenSSL: see
//! `tests/fixtures/crypto/README.md`.

#![cfg(feature = "rustcrypto")]

use std::collections::BTreeMap;

use postacert::crypto::{Algorithms, Digest, DigestAlgorithm, KeyError, KeyKind, PreparedKey, SignatureError, SignatureScheme, digest};
use proptest::prelude::*;

use crate::backends::Agreeing;

const MESSAGE: &[u8] = b"postacert\n";
const DIGESTS: [DigestAlgorithm; 4] = [DigestAlgorithm::Sha1, DigestAlgorithm::Sha256, DigestAlgorithm::Sha384, DigestAlgorithm::Sha512];

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

struct Signature {
    key: &'static str,
    scheme: SignatureScheme,
    bytes: Vec<u8>,
}

/// The keys by name, and the signatures.
fn fixtures() -> (BTreeMap<&'static str, Vec<u8>>, Vec<Signature>) {
    let (mut keys, mut signatures) = (BTreeMap::new(), Vec::new());
    for line in include_str!("../fixtures/crypto/openssl.txt").lines().filter(|line| !line.starts_with('#')) {
        match line.split(' ').collect::<Vec<_>>()[..] {
            ["key", name, spki] => drop(keys.insert(name, unhex(spki))),
            ["sig", key, scheme, digest, salt, bytes] => {
                let digest: DigestAlgorithm = digest.parse().unwrap();
                let scheme = match scheme {
                    "pkcs1" => SignatureScheme::RsaPkcs1 { digest },
                    "pss" => SignatureScheme::RsaPss { digest, mgf_digest: digest, salt_len: salt.parse().unwrap() },
                    _ => SignatureScheme::Ecdsa { digest },
                };
                signatures.push(Signature { key, scheme, bytes: unhex(bytes) });
            }
            _ => panic!("{line}"),
        }
    }
    (keys, signatures)
}

fn prepare(spki: &[u8]) -> Result<Box<dyn PreparedKey>, KeyError> {
    Agreeing.prepare(spki)
}

#[test]
fn openssl_signatures_hold_and_no_others() {
    let (keys, signatures) = fixtures();
    let mut run = 0;
    for Signature { key: name, scheme, bytes } in signatures {
        let key = prepare(&keys[name]).unwrap();
        let signed = digest(scheme.digest(), MESSAGE);
        assert_eq!(key.verify(scheme, &signed, &bytes), Ok(()), "{name} {scheme}");
        // Another message.
        assert_eq!(key.verify(scheme, &digest(scheme.digest(), b"postacert"), &bytes), Err(SignatureError::Mismatch), "{name} {scheme}");
        // Any byte changed: ECDSA may notice by the form, the others by the number.
        for at in [0, 1, 2, bytes.len() / 2, bytes.len() - 1] {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            assert!(key.verify(scheme, &signed, &changed).is_err(), "{name} {scheme} byte {at}");
        }
        // Other lengths: a zero before, a zero after, one byte less, none.
        for other in [[&[0], &bytes[..]].concat(), [&bytes[..], &[0]].concat(), bytes[..bytes.len() - 1].to_vec(), Vec::new()] {
            assert!(key.verify(scheme, &signed, &other).is_err(), "{name} {scheme} of {} bytes", other.len());
        }
        // A digest of another algorithm than the scheme's.
        let other = if scheme.digest() == DigestAlgorithm::Sha1 { DigestAlgorithm::Sha256 } else { DigestAlgorithm::Sha1 };
        assert_eq!(
            key.verify(scheme, &digest(other, MESSAGE), &bytes),
            Err(SignatureError::DigestMismatch { scheme, digest: other }),
            "{name} {scheme}"
        );
        run += 1;
    }
    assert!(run >= 25, "{run}");
}

#[test]
fn pss_takes_any_salt_but_only_the_stated_one() {
    let (keys, signatures) = fixtures();
    let mut salts = Vec::new();
    for Signature { key: name, scheme, bytes } in signatures {
        let SignatureScheme::RsaPss { digest: signed, mgf_digest, salt_len } = scheme else { continue };
        let key = prepare(&keys[name]).unwrap();
        for other in [salt_len + 1, salt_len.wrapping_sub(1), 1 << 20, usize::MAX - 33, usize::MAX] {
            let wrong = SignatureScheme::RsaPss { digest: signed, mgf_digest, salt_len: other };
            assert!(key.verify(wrong, &digest(signed, MESSAGE), &bytes).is_err(), "{name} {wrong}");
        }
        let wrong = SignatureScheme::RsaPss { digest: signed, mgf_digest: DigestAlgorithm::Sha1, salt_len };
        if signed != DigestAlgorithm::Sha1 {
            let restricted = key.verify(wrong, &digest(signed, MESSAGE), &bytes);
            assert!(matches!(restricted, Err(SignatureError::Mismatch | SignatureError::Unsupported { .. })), "{name} {wrong}");
        }
        salts.push(salt_len);
    }
    assert!(salts.contains(&0) && salts.contains(&222), "{salts:?}");
}

#[test]
fn keys_are_what_they_are() {
    let (keys, _) = fixtures();
    let kind = |name: &str| prepare(&keys[name]).map(|key| key.kind());
    assert_eq!(kind("rsa2048"), Ok(KeyKind::Rsa { bits: 2048, exponent_is_3: false }));
    assert_eq!(kind("rsa1024e3"), Ok(KeyKind::Rsa { bits: 1024, exponent_is_3: true }));
    assert_eq!(kind("rsa1025"), Ok(KeyKind::Rsa { bits: 1025, exponent_is_3: false }));
    for name in ["p256", "p256-compressed"] {
        assert_eq!(kind(name), Ok(KeyKind::P256));
    }
    for name in ["p384", "p384-compressed"] {
        assert_eq!(kind(name), Ok(KeyKind::P384));
    }
    assert_eq!(kind("p521"), Err(KeyError::Unsupported { oid: "1.3.132.0.35".into() }));
    assert_eq!(kind("rsa512"), Err(KeyError::RsaTooShort { bits: 512 }));
    assert!(matches!(kind("p256-explicit"), Err(KeyError::Malformed { .. })));
}

#[test]
fn a_compressed_point_is_the_same_key() {
    let (keys, signatures) = fixtures();
    let mut run = 0;
    for Signature { key: name, scheme, bytes } in signatures {
        if let Some(spki) = keys.get(format!("{name}-compressed").as_str()) {
            assert_eq!(prepare(spki).unwrap().verify(scheme, &digest(scheme.digest(), MESSAGE), &bytes), Ok(()));
            run += 1;
        }
    }
    assert_eq!(run, 8);
}

#[test]
fn a_key_for_pss_alone_signs_nothing_else() {
    let (keys, signatures) = fixtures();
    let signed = digest(DigestAlgorithm::Sha256, MESSAGE);
    for name in ["pssany", "pss256"] {
        let key = prepare(&keys[name]).unwrap();
        let scheme = SignatureScheme::RsaPkcs1 { digest: DigestAlgorithm::Sha256 };
        assert!(matches!(key.verify(scheme, &signed, &[0; 256]), Err(SignatureError::Unsupported { .. })), "{name}");
    }
    // Its salt has at least 32 bytes, its digest is SHA-256.
    let key = prepare(&keys["pss256"]).unwrap();
    let pss = |digest, salt_len| SignatureScheme::RsaPss { digest, mgf_digest: digest, salt_len };
    assert!(matches!(key.verify(pss(DigestAlgorithm::Sha256, 31), &signed, &[0; 256]), Err(SignatureError::Unsupported { .. })));
    let sha384 = digest(DigestAlgorithm::Sha384, MESSAGE);
    assert!(matches!(key.verify(pss(DigestAlgorithm::Sha384, 48), &sha384, &[0; 256]), Err(SignatureError::Unsupported { .. })));
    assert!(signatures.iter().any(|signature| signature.key == "pss256"));
}

#[test]
fn a_scheme_needs_its_kind_of_key() {
    let (keys, signatures) = fixtures();
    for Signature { scheme, bytes, .. } in &signatures {
        let wrong = if matches!(scheme, SignatureScheme::Ecdsa { .. }) { "rsa2048" } else { "p256" };
        let key = prepare(&keys[wrong]).unwrap();
        assert_eq!(
            key.verify(*scheme, &digest(scheme.digest(), MESSAGE), bytes),
            Err(SignatureError::Unsupported { scheme: *scheme, key: key.kind() })
        );
    }
}

/// A value in DER.
fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len();
    let header = match length {
        0..0x80 => vec![tag, u8::try_from(length).unwrap()],
        0x80..0x100 => vec![tag, 0x81, u8::try_from(length).unwrap()],
        _ => vec![tag, 0x82, u8::try_from(length >> 8).unwrap(), u8::try_from(length & 0xFF).unwrap()],
    };
    [header, content.to_vec()].concat()
}

fn integer(magnitude: &[u8]) -> Vec<u8> {
    if magnitude.first().is_none_or(|first| *first >= 0x80) { der(0x02, &[&[0], magnitude].concat()) } else { der(0x02, magnitude) }
}

const RSA: &[u8] = &[0x30, 0x0D, 0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x01, 0x05, 0x00];
const P256: &[u8] =
    &[0x30, 0x13, 0x06, 0x07, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01, 0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07];

fn spki(algorithm: &[u8], key: &[u8]) -> Vec<u8> {
    der(0x30, &[algorithm, &der(0x03, &[&[0], key].concat())].concat())
}

fn rsa(modulus: &[u8], exponent: &[u8]) -> Result<KeyKind, KeyError> {
    let key = der(0x30, &[integer(modulus), integer(exponent)].concat());
    prepare(&spki(RSA, &key)).map(|key| key.kind())
}

/// An odd number of this many bits.
fn modulus(bits: usize) -> Vec<u8> {
    let mut octets = vec![0x5A; bits.div_ceil(8)];
    let top = (bits - 1) % 8;
    octets[0] = 1 << top;
    *octets.last_mut().unwrap() |= 1;
    octets
}

#[test]
fn r13_weak_rsa_keys_are_refused() {
    let f4 = [1, 0, 1];
    assert_eq!(rsa(&modulus(1023), &f4), Err(KeyError::RsaTooShort { bits: 1023 }));
    assert_eq!(rsa(&modulus(1024), &f4), Ok(KeyKind::Rsa { bits: 1024, exponent_is_3: false }));
    assert_eq!(rsa(&modulus(8192), &f4), Ok(KeyKind::Rsa { bits: 8192, exponent_is_3: false }));
    assert_eq!(rsa(&modulus(8193), &f4), Err(KeyError::RsaTooLong { bits: 8193 }));
    assert_eq!(rsa(&[], &f4), Err(KeyError::RsaTooShort { bits: 0 }));
    assert_eq!(rsa(&modulus(2048), &[3]), Ok(KeyKind::Rsa { bits: 2048, exponent_is_3: true }));
    assert_eq!(rsa(&modulus(2048), &[1]), Err(KeyError::ExponentOne));
    assert_eq!(rsa(&modulus(2048), &[]), Err(KeyError::EvenExponent));
    assert_eq!(rsa(&modulus(2048), &[2]), Err(KeyError::EvenExponent));
    assert_eq!(rsa(&modulus(2048), &[1, 0, 0]), Err(KeyError::EvenExponent));
    assert_eq!(
        rsa(&modulus(2048), &[1, 0xFF, 0xFF, 0xFF, 0xFF]).map_err(|e| e.to_string()),
        Ok(KeyKind::Rsa { bits: 2048, exponent_is_3: false })
    );
    assert_eq!(rsa(&modulus(2048), &[2, 0, 0, 0, 1]), Err(KeyError::ExponentTooLarge));
    let mut even = modulus(2048);
    *even.last_mut().unwrap() &= 0xFE;
    assert_eq!(rsa(&even, &f4), Err(KeyError::EvenModulus));
    // A negative modulus.
    let negative = der(0x30, &[der(0x02, &modulus(2048)), integer(&f4)].concat());
    assert!(matches!(prepare(&spki(RSA, &negative)), Err(KeyError::Malformed { .. })));
}

#[test]
fn r13_the_whole_encoded_message_is_compared() {
    // With the exponent 3 and a key so long that any cube stays below the modulus, a signature is simply a cube root; a check that skips
    // over garbage would take one that ends or begins right. This block begins as it must, with the digest right after a short padding, and
    // is the cube of its root rounded up in all the leading bytes (CVE-2006-4339).
    use rsa::BigUint;
    let signed = digest(DigestAlgorithm::Sha1, MESSAGE);
    let prefix = [0x30, 0x21, 0x30, 0x09, 0x06, 0x05, 0x2B, 0x0E, 0x03, 0x02, 0x1A, 0x05, 0x00, 0x04, 0x14];
    let mut block = [&[0, 1][..], &[0xFF; 8], &[0], &prefix, signed.as_bytes()].concat();
    let begins = block.len();
    block.resize(384, 0);
    let target = BigUint::from_bytes_be(&block);
    let (mut low, mut high) = (BigUint::from(0_u8), BigUint::from(1_u8) << 1024);
    while low < high {
        let middle = (&low + &high) >> 1;
        if &middle * &middle * &middle < target { low = middle + 1_u8 } else { high = middle }
    }
    let cube = (&low * &low * &low).to_bytes_be();
    assert_eq!(cube[..begins - 1], block[1..begins], "the forged block does not begin as it should");
    let mut signature = low.to_bytes_be();
    while signature.len() < 384 {
        signature.insert(0, 0);
    }
    let key = der(0x30, &[integer(&[0xFF; 384]), integer(&[3])].concat());
    let key = prepare(&spki(RSA, &key)).unwrap();
    let scheme = SignatureScheme::RsaPkcs1 { digest: DigestAlgorithm::Sha1 };
    assert_eq!(key.verify(scheme, &signed, &signature), Err(SignatureError::Mismatch));
}

#[test]
fn malformed_keys_are_refused() {
    let (keys, _) = fixtures();
    for (name, spki) in &keys {
        for end in 0..spki.len() {
            assert!(prepare(&spki[..end]).is_err(), "{name} cut at {end}");
        }
        assert!(matches!(prepare(&[&spki[..], &[0]].concat()), Err(KeyError::Malformed { .. })), "{name} with a byte more");
    }
    // Points: infinity, hybrid, off the curve, too short.
    let point = keys["p256"][26..].to_vec();
    assert!(prepare(&spki(P256, &point)).is_ok());
    for bad in
        [vec![0], [&[6], &point[1..]].concat(), [&[7], &point[1..]].concat(), [&[5], &point[1..33]].concat(), vec![], point[..64].to_vec()]
    {
        assert_eq!(prepare(&spki(P256, &bad)).map(|key| key.kind()), Err(KeyError::BadPoint), "{bad:02x?}");
    }
    let mut off = point.clone();
    off[64] ^= 1;
    assert_eq!(prepare(&spki(P256, &off)).map(|key| key.kind()), Err(KeyError::BadPoint));
}

#[test]
fn ecdsa_numbers_out_of_range_are_refused() {
    let (keys, _) = fixtures();
    let key = prepare(&keys["p256"]).unwrap();
    let scheme = SignatureScheme::Ecdsa { digest: DigestAlgorithm::Sha256 };
    let signed = digest(DigestAlgorithm::Sha256, MESSAGE);
    let order = unhex("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551");
    for (r, s) in [(&[][..], &[1][..]), (&[1], &[]), (&order, &[1]), (&[1], &order), (&[0xFF; 32], &[1])] {
        let signature = der(0x30, &[integer(r), integer(s)].concat());
        assert_eq!(key.verify(scheme, &signed, &signature), Err(SignatureError::Mismatch));
    }
    let longer = der(0x30, &[integer(&[1; 33]), integer(&[1])].concat());
    assert_eq!(key.verify(scheme, &signed, &longer), Err(SignatureError::Malformed));
}

#[test]
fn digests_have_their_known_values() {
    for (algorithm, expected) in [
        (DigestAlgorithm::Sha1, "a9993e364706816aba3e25717850c26c9cd0d89d"),
        (DigestAlgorithm::Sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (DigestAlgorithm::Sha384, "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7"),
        (
            DigestAlgorithm::Sha512,
            "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
        ),
    ] {
        let whole = digest(algorithm, b"abc");
        assert_eq!(whole.to_string(), expected);
        assert_eq!(format!("{whole:?}"), format!("{}|{expected}", algorithm.name()));
        assert_eq!(whole.as_bytes().len(), algorithm.output_len());
        let mut hasher = Agreeing.hasher(algorithm);
        hasher.update(b"a");
        hasher.update(b"");
        hasher.update(b"bc");
        assert_eq!(hasher.finish(), whole);
        assert_eq!(Digest::new(algorithm, whole.as_bytes()), Some(whole));
        assert_eq!(Digest::new(algorithm, b""), None);
    }
}

#[test]
fn micalg_forms_are_read() {
    for algorithm in DIGESTS {
        let name = algorithm.name();
        let (_, number) = name.split_at(3);
        for form in
            [name.to_owned(), format!("sha-{number}"), format!("\"sha-{number}\""), format!("SHA{number}"), format!("  Sha-{number} ")]
        {
            assert_eq!(form.parse(), Ok(algorithm), "{form}");
        }
    }
    for form in ["", "sh", "md5", "sha", "sha-", "sha--1", "sha224", "sha3-256", "shà1", "sha1;"] {
        assert!(form.parse::<DigestAlgorithm>().is_err(), "{form}");
    }
    let error = "md5".parse::<DigestAlgorithm>().unwrap_err();
    assert_eq!(error.to_string(), "\"md5\" names no digest algorithm known here");
    assert_eq!("é".repeat(1000).parse::<DigestAlgorithm>().unwrap_err().name().chars().count(), 32);
}

#[test]
fn errors_read_well() {
    assert_eq!(KeyError::RsaTooShort { bits: 512 }.to_string(), "the RSA key has 512 bits, fewer than 1024");
    assert_eq!(
        prepare(&[]).unwrap_err().to_string(),
        "the public key is malformed at offset 0: the value goes on beyond the end of the data"
    );
    let scheme = SignatureScheme::RsaPss { digest: DigestAlgorithm::Sha256, mgf_digest: DigestAlgorithm::Sha1, salt_len: 20 };
    assert_eq!(
        SignatureError::Unsupported { scheme, key: KeyKind::P256 }.to_string(),
        "RSA-PSS with sha256, MGF1 with sha1, 20 bytes of salt cannot be checked with a key of the kind P-256"
    );
}

#[test]
fn types_cross_threads() {
    static_assertions::assert_impl_all!(KeyError: std::error::Error, Send, Sync);
    static_assertions::assert_impl_all!(SignatureError: std::error::Error, Send, Sync);
    static_assertions::assert_impl_all!(postacert::crypto::RustCrypto: Send, Sync, Copy);
    static_assertions::assert_obj_safe!(Algorithms, PreparedKey);
}

proptest! {
    #[test]
    fn r31_arbitrary_keys_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = prepare(&bytes);
        let _ = prepare(&spki(RSA, &bytes));
        let _ = prepare(&spki(P256, &bytes));
    }

    #[test]
    fn r31_arbitrary_signatures_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300), salt_len in any::<usize>()) {
        let (keys, _) = fixtures();
        let signed = digest(DigestAlgorithm::Sha1, MESSAGE);
        for name in ["rsa1025", "p256", "p384"] {
            let key = prepare(&keys[name]).unwrap();
            for scheme in [
                SignatureScheme::RsaPkcs1 { digest: DigestAlgorithm::Sha1 },
                SignatureScheme::RsaPss { digest: DigestAlgorithm::Sha1, mgf_digest: DigestAlgorithm::Sha1, salt_len },
                SignatureScheme::Ecdsa { digest: DigestAlgorithm::Sha1 },
            ] {
                prop_assert!(key.verify(scheme, &signed, &bytes).is_err());
            }
        }
    }
}
