//! Tests of signatures as messages will bear them: composed here, checked by OpenSSL and by our own verifier's parts.

use std::{fs, path::PathBuf, process::Command};

use super::*;
use crate::{
    Limits,
    cms::{self, SignedDataDraft},
    crypto::RustCrypto,
    time::UnixTime,
};

const CONTENT: &[u8] = b"Content-Type: text/plain\r\n\r\nPosta certificata\r\n";

fn fixture(name: &str) -> Vec<u8> {
    fs::read(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)).unwrap()
}

fn certificate(name: &str) -> Certificate {
    Certificate::from_pem_or_der(&fixture(&format!("pki/{name}.pem"))).unwrap().remove(0)
}

fn key(name: &str) -> InMemoryKey {
    InMemoryKey::from_pem(fixture(&format!("pki/{name}.key"))).unwrap()
}

/// The instant of the fixtures.
fn at() -> UnixTime {
    String::from_utf8(fixture("at.txt")).unwrap().trim().parse().unwrap()
}

fn draft(name: &str, scheme: SignatureScheme) -> SignedDataDraft {
    SignedDataDraft::new(&digest(scheme.digest(), CONTENT), scheme, &certificate(name), &[certificate("issuing")], at()).unwrap()
}

/// Every key of the fixtures with every scheme it has.
fn signed() -> Vec<(String, SignedDataDraft, Vec<u8>)> {
    let keys =
        [("uno", key("uno")), ("uno", key("uno").with_pss()), ("rsa4096", key("rsa4096")), ("p256", key("p256")), ("p384", key("p384"))];
    let mut signed = Vec::new();
    for (name, key) in keys {
        for digest in [DigestAlgorithm::Sha256, DigestAlgorithm::Sha384, DigestAlgorithm::Sha512] {
            let draft = draft(name, key.scheme(digest));
            let signature = key.sign(&SigningRequest::new(draft.signed_attributes(), draft.scheme(), [3; 32])).unwrap();
            signed.push((format!("{name}, {}", draft.scheme()), draft, signature));
        }
    }
    assert_eq!(signed.len(), 15);
    signed
}

fn check(draft: &SignedDataDraft, scheme: SignatureScheme, name: &str, signature: &[u8]) -> Result<(), SignerError> {
    check_signature_over(draft.signed_attributes(), scheme, &certificate(name), &RustCrypto, signature)
}

#[test]
fn signatures_hold_over_what_is_read_back() {
    for (what, draft, signature) in signed() {
        let signer = draft.signer().unwrap();
        check_signature_over(draft.signed_attributes(), draft.scheme(), signer, &RustCrypto, &signature)
            .unwrap_or_else(|e| panic!("{what}: {e}"));
        let bytes = draft.assemble(&signature);
        let data = cms::read(&bytes, &Limits::default()).unwrap();
        let mut hasher = RustCrypto.hasher(draft.scheme().digest());
        data.signer.signed_attrs.hash_as_received(&mut *hasher);
        let key = RustCrypto.prepare(signer.spki()).unwrap();
        assert_eq!(key.verify(data.signer.scheme().unwrap(), &hasher.finish(), &data.signer.signature), Ok(()), "{what}");
    }
}

#[test]
fn what_does_not_hold_is_not_let_out() {
    let scheme = SignatureScheme::RsaPkcs1 { digest: DigestAlgorithm::Sha256 };
    let draft = draft("uno", scheme);
    let signature = key("uno").sign(&SigningRequest::new(draft.signed_attributes(), scheme, [0; 32])).unwrap();
    let does_not_hold = |error| Err(SignerError::DoesNotHold { error });
    assert_eq!(check(&draft, scheme, "uno", &signature), Ok(()));
    assert_eq!(check(&draft, scheme, "uno", &[]), does_not_hold(SignatureError::Mismatch));
    // Another key; another kind of key; another scheme of the same key; other attributes.
    assert_eq!(check(&draft, scheme, "due", &signature), does_not_hold(SignatureError::Mismatch));
    assert_eq!(check(&draft, scheme, "p256", &signature), does_not_hold(SignatureError::Unsupported { scheme, key: KeyKind::P256 }));
    let pss = key("uno").with_pss().scheme(DigestAlgorithm::Sha256);
    assert_eq!(check(&draft, pss, "uno", &signature), does_not_hold(SignatureError::Mismatch));
    let later = at().checked_add_secs(1).unwrap();
    let other = SignedDataDraft::new(&digest(scheme.digest(), CONTENT), scheme, &certificate("uno"), &[], later).unwrap();
    assert_eq!(check(&other, scheme, "uno", &signature), does_not_hold(SignatureError::Mismatch));
    for at in 0..signature.len() {
        let mut changed = signature.clone();
        changed[at] ^= 1;
        assert!(check(&draft, scheme, "uno", &changed).is_err(), "byte {at}");
    }
}

#[test]
fn the_usual_scheme_of_a_certificate_is_that_of_its_key() {
    for name in ["uno", "rsa4096", "p256", "p384"] {
        for digest in [DigestAlgorithm::Sha256, DigestAlgorithm::Sha512] {
            assert_eq!(scheme_for(&certificate(name), digest), Ok(key(name).scheme(digest)), "{name}");
        }
    }
}

#[test]
fn openssl_verifies_them() {
    let Some(openssl) = Openssl::new() else { return };
    let mut run = 0;
    for (what, draft, signature) in signed() {
        let cms = draft.assemble(&signature);
        for (command, extra) in [("cms", &["-cades"][..]), ("smime", &[])] {
            // PKCS#7, which `smime` speaks, is older than PSS.
            if command == "smime" && matches!(draft.scheme(), SignatureScheme::RsaPss { .. }) {
                continue;
            }
            openssl.verify(command, extra, &cms, CONTENT).unwrap_or_else(|error| panic!("{what}: openssl {command}: {error}"));
            assert!(openssl.verify(command, extra, &cms, b"something else").is_err(), "{what}");
            run += 1;
        }
        let mut changed = signature;
        *changed.last_mut().unwrap() ^= 1;
        assert!(openssl.verify("cms", &[], &draft.assemble(&changed), CONTENT).is_err(), "{what}");
    }
    assert_eq!(run, 27);
}

/// What a key in memory is made of wipes itself.
#[test]
fn keys_are_wiped() {
    fn wipes<T: zeroize::ZeroizeOnDrop>() {}
    wipes::<rsa::RsaPrivateKey>();
    wipes::<p256::ecdsa::SigningKey>();
    wipes::<p384::ecdsa::SigningKey>();
    wipes::<zeroize::Zeroizing<[u8; 32]>>();
}

/// The openssl command, with a folder for the files that it reads.
struct Openssl(PathBuf);

impl Openssl {
    fn new() -> Option<Self> {
        if !Command::new("openssl").arg("version").output().is_ok_and(|output| output.status.success()) {
            println!("skipped: there is no openssl command");
            return None;
        }
        let folder = std::env::temp_dir().join(format!("postacert-sign-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        Some(Self(folder))
    }

    fn verify(&self, command: &str, extra: &[&str], cms: &[u8], content: &[u8]) -> Result<(), String> {
        let (signature, file) = (self.0.join("smime.p7s"), self.0.join("content"));
        fs::write(&signature, cms).unwrap();
        fs::write(&file, content).unwrap();
        let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/pki/root.pem");
        let output = Command::new("openssl")
            .args([command, "-verify", "-binary", "-inform", "DER", "-purpose", "smimesign", "-attime", &at().as_secs().to_string()])
            .args(extra)
            .arg("-in")
            .arg(&signature)
            .arg("-content")
            .arg(&file)
            .arg("-CAfile")
            .arg(&root)
            .output()
            .unwrap();
        if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&output.stderr).into_owned()) }
    }
}

impl Drop for Openssl {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
