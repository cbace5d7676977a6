//! Tests of the module `x509`.

use std::path::Path;

use postacert::{Certificate, CertificateErrorKind, Crl, CrlErrorKind};
use proptest::prelude::*;

fn folder() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/x509")
}

fn file(name: &str) -> Vec<u8> {
    std::fs::read(folder().join(name)).unwrap()
}

fn leaf() -> Certificate {
    Certificate::from_pem_or_der(&file("leaf.pem")).unwrap().remove(0)
}

static_assertions::assert_impl_all!(Certificate: Clone, Eq, std::hash::Hash, Send, Sync, std::fmt::Debug);
static_assertions::assert_impl_all!(Crl: Clone, Eq, Send, Sync, std::fmt::Debug);
static_assertions::assert_impl_all!(postacert::CertificateError: std::error::Error, Send, Sync);
static_assertions::assert_impl_all!(postacert::CrlError: std::error::Error, Send, Sync);
static_assertions::assert_impl_all!(postacert::PathError: std::error::Error, Send, Sync);

#[test]
fn a_certificate_says_what_it_says() {
    let leaf = leaf();
    assert_eq!(leaf.subject(), "CN=Posta Certificata,O=Gestore di Prova S.p.A.,C=IT");
    assert_eq!(leaf.issuer(), "CN=Issuing CA,O=Prova,C=IT");
    assert_eq!(leaf.not_before().to_string(), "2020-01-01T00:00:00Z");
    assert_eq!(leaf.not_after().to_string(), "2045-01-01T00:00:00Z");
    assert_eq!(leaf.emails(), ["posta-certificata@pec.example".into()]);
    assert!(leaf.serial().bytes().all(|digit| digit.is_ascii_hexdigit()) && !leaf.serial().starts_with('0'));
    assert_eq!(Certificate::from_der(leaf.der()).unwrap(), leaf);
    let hash = postacert::crypto::digest(postacert::crypto::DigestAlgorithm::Sha256, leaf.der());
    assert_eq!(hash.as_bytes(), leaf.sha256());
    let hash = postacert::crypto::digest(postacert::crypto::DigestAlgorithm::Sha1, leaf.der());
    assert_eq!(hash.as_bytes(), leaf.sha1());
}

#[test]
fn r20_an_address_in_the_subject_is_no_address() {
    let certificate = Certificate::from_pem_or_der(&file("nc-mail-subject.pem")).unwrap().remove(0);
    assert!(certificate.subject().starts_with("emailAddress=a@elsewhere.example,"));
    assert!(certificate.emails().is_empty());
}

#[cfg(feature = "serde")]
#[test]
fn a_certificate_is_named_in_json() {
    let json = serde_json::to_value(leaf()).unwrap();
    assert_eq!(json["subject"], "CN=Posta Certificata,O=Gestore di Prova S.p.A.,C=IT");
    assert_eq!(json["not_after"], "2045-01-01T00:00:00Z");
    assert_eq!(json["sha256"].as_str().unwrap().len(), 64);
}

#[test]
fn bundles_are_read_in_their_order() {
    let mut bundle = b"0 s:C = IT, CN = something\n".to_vec();
    bundle.extend(file("root.pem"));
    bundle.extend(b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n");
    bundle.extend(String::from_utf8(file("inter.pem")).unwrap().replace('\n', "\r\n").bytes());
    let read = Certificate::from_pem_or_der(&bundle).unwrap();
    assert_eq!(read.iter().map(Certificate::subject).collect::<Vec<_>>(), ["CN=Root,O=Prova,C=IT", "CN=Issuing CA,O=Prova,C=IT"]);
    assert_eq!(Certificate::from_pem_or_der(leaf().der()).unwrap(), [leaf()]);
}

#[test]
fn errors_say_what_and_where() {
    let error = |bytes: &[u8]| Certificate::from_pem_or_der(bytes).unwrap_err().to_string();
    assert_eq!(error(b""), "the certificate is malformed: the value goes on beyond the end of the data (byte 0)");
    assert_eq!(error(b"nothing"), "the certificate is malformed: the value is of another type than the one due (byte 0)");
    assert_eq!(error(b"-----BEGIN X-----\n-----END X-----\n"), "the PEM holds no certificate");
    assert_eq!(error(b" -----BEGIN CERTIFICATE-----\nAAAA"), "the PEM is cut short or is not base64 (byte 1)");
    let mut two = file("leaf.pem");
    two.extend(b"-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n");
    assert_eq!(error(&two), "the signed part is malformed: the value goes on beyond the end of the data (byte 2 of PEM certificate 2)");

    let mut der = leaf().der().to_vec();
    let length = der.len();
    der.push(0);
    let error = Certificate::from_der(&der).unwrap_err();
    assert_eq!((error.kind(), error.offset()), (&CertificateErrorKind::TrailingBytes, Some(length)));
    assert_eq!(error.to_string(), format!("bytes follow the certificate (byte {length})"));
}

#[test]
fn the_two_signature_algorithms_must_agree() {
    let leaf = leaf();
    let ecdsa_with_sha256 = [0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2];
    let mut der = leaf.der().to_vec();
    let place = der.windows(8).rposition(|window| window == ecdsa_with_sha256).unwrap();
    der[place + 7] = 3;
    assert_eq!(Certificate::from_der(&der).unwrap_err().kind(), &CertificateErrorKind::AlgorithmsDiffer);
}

#[test]
fn serial_numbers_may_be_odd() {
    let leaf = leaf();
    let mut der = leaf.der().to_vec();
    // SEQUENCE, SEQUENCE, [0] version, INTEGER: the serial number is the first INTEGER of twenty octets or so.
    let place = der.windows(6).position(|window| window[..5] == [0xa0, 3, 2, 1, 2] && window[5] == 2).unwrap() + 7;
    der[place] = 0xff;
    assert!(Certificate::from_der(&der).unwrap().serial().starts_with("ff"));
}

#[test]
fn a_list_says_what_it_says() {
    let list = Crl::from_der(&file("revoked.crl")).unwrap();
    assert_eq!(list.issuer(), "CN=Issuing CA,O=Prova,C=IT");
    assert_eq!(list.this_update().to_string(), "2024-01-15T00:00:00Z");
    assert_eq!(list.next_update().unwrap().to_string(), "2024-02-01T00:00:00Z");
    assert_eq!((list.len(), list.is_empty()), (3, false));
    assert_eq!(Crl::from_pem_or_der(list.der()).unwrap(), [list]);
    assert_eq!(Crl::from_pem_or_der(&file("leaf.pem")).unwrap_err().kind(), &CrlErrorKind::NoneFound);
    assert_eq!(
        Crl::from_pem_or_der(b"x").unwrap_err().to_string(),
        "the revocation list is malformed: the value is of another type than the one due (byte 0)"
    );
}

#[test]
fn r31_every_truncation_and_bit_flip_ends_well() {
    let sound = file("leaf-published.pem");
    let sound = Certificate::from_pem_or_der(&sound).unwrap().remove(0);
    let list = file("scope-named.crl");
    for length in 0..sound.der().len() {
        assert!(Certificate::from_der(&sound.der()[..length]).is_err());
    }
    for length in 0..list.len() {
        assert!(Crl::from_der(&list[..length]).is_err());
    }
    for (bytes, read) in
        [(sound.der(), (|bytes| drop(Certificate::from_der(bytes))) as fn(&[u8])), (&list, |bytes| drop(Crl::from_der(bytes)))]
    {
        let mut bytes = bytes.to_vec();
        for place in 0..bytes.len() * 8 {
            bytes[place / 8] ^= 1 << (place % 8);
            read(&bytes);
            bytes[place / 8] ^= 1 << (place % 8);
        }
    }
}

#[test]
fn every_fixture_is_read() {
    let mut run = 0;
    for entry in std::fs::read_dir(folder()).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "pem") {
            let read = Certificate::from_pem_or_der(&std::fs::read(&path).unwrap());
            assert_eq!(read.map(|certificates| certificates.len()), Ok(1), "{}", path.display());
            run += 1;
        }
    }
    assert!(run > 0);
}

proptest! {
    #[test]
    fn r31_anything_ends_well(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = Certificate::from_pem_or_der(&bytes);
        let _ = Crl::from_pem_or_der(&bytes);
        let mut spliced = leaf().der().to_vec();
        let place = bytes.len() % spliced.len();
        spliced.splice(place..place, bytes.iter().copied());
        let _ = Certificate::from_der(&spliced);
    }
}
