//! A private key in this process's memory, by the RustCrypto crates.
//!
//! No random source, yet nothing weaker for it:
//! * ECDSA takes its secret number from the key and the digest (RFC 6979).
//! * RSA blinds the number it works on, so that the time it takes says less of the key ("Marvin", RUSTSEC-2023-0071), and PSS takes a salt.
//!   Both are drawn from HMAC-DRBG (SP 800-90A) seeded with the private exponent, the entropy of the request and the digest: nobody
//!   without the key can foretell them, even if the caller's entropy is poor, and the same request gets the same signature.
//! * `rsa` checks what it computed by the public exponent before it gives it out, so a fault cannot give the key away.

use core::fmt;

use rsa::{
    BigUint, Pkcs1v15Sign, Pss, RsaPrivateKey,
    rand_core::{CryptoRng, Error as RngError, RngCore},
    traits::{PublicKeyParts as _, SignatureScheme as Padded},
};
use sha2::{Digest as _, Sha256, Sha384, Sha512};
use zeroize::Zeroizing;

use super::{
    Curve, KeyAlgorithm, Signer, SignerError, SigningRequest,
    private_key::{EcParts, Form, Parts, PrivateKeyError, RsaParts, find_pem},
    subject_public_key,
};
use crate::{
    asn1::write::{NULL, bit_string, oid, sequence, unsigned},
    crypto::{Algorithms as _, Digest, DigestAlgorithm, KeyError, KeyKind, PssParameters, RustCrypto, SignatureScheme},
    x509::Certificate,
};

/// A private key in memory: RSA from 2,048 to 4,096 bits, or elliptic, on P-256 or P-384.
///
/// RSA keys sign by PKCS#1 v1.5, as all of PEC does, unless [`with_pss`](Self::with_pss) or the key itself asks for PSS. The same request always
/// gets the same signature. The key is wiped when this is dropped, is not shown by `Debug`, and is not cloned: share it in an `Arc`.
///
/// RSA is blinded, but the crate that computes it does not promise a time that is independent of the key
/// ([RUSTSEC-2023-0071](https://rustsec.org/advisories/RUSTSEC-2023-0071)). This is for tests, tools and internal use: a provider's key belongs in a
/// hardware security module (RFC 6109 §5.1), behind a [`Signer`] of yours.
///
/// ```
/// use postacert::compose::{InMemoryKey, Signer, SigningRequest};
/// use postacert::crypto::{Algorithms, DigestAlgorithm, RustCrypto};
/// # let pem = include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/pki/p256.key"));
///
/// let key = InMemoryKey::from_pem(pem)?;
/// let request = SigningRequest::new(b"to be signed", key.scheme(DigestAlgorithm::Sha256), [7; 32]);
/// let signature = key.sign(&request)?;
/// RustCrypto.prepare(key.public_spki())?.verify(request.scheme(), request.digest(), &signature)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct InMemoryKey {
    key: Key,
    spki: Box<[u8]>,
    kind: KeyKind,
}

enum Key {
    Rsa(Box<RsaKey>),
    P256(p256::ecdsa::SigningKey),
    P384(p384::ecdsa::SigningKey),
}

/// The parts that are secret wipe themselves.
struct RsaKey {
    key: RsaPrivateKey,
    algorithm: KeyAlgorithm,
    padding: Padding,
    /// What the generator is seeded with on the part of the key.
    seed: Zeroizing<[u8; 32]>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Padding {
    Pkcs1,
    Pss,
}

impl InMemoryKey {
    /// Reads a key from PEM (RFC 7468): `PRIVATE KEY`, `RSA PRIVATE KEY` or `EC PRIVATE KEY`, alone or among other blocks, such as certificates.
    ///
    /// # Errors
    /// [`PrivateKeyError`] when there is none or several, when it is encrypted, or cannot be used.
    ///
    /// ```
    /// use postacert::compose::{InMemoryKey, PrivateKeyError};
    /// let encrypted = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIIFJDBWBgkq…";
    /// assert_eq!(InMemoryKey::from_pem(encrypted).unwrap_err(), PrivateKeyError::Encrypted);
    /// ```
    pub fn from_pem(text: impl AsRef<[u8]>) -> Result<Self, PrivateKeyError> {
        let (form, der) = find_pem(text.as_ref())?;
        Self::read(form, &der)
    }

    /// Reads a key from the DER of a `PrivateKeyInfo` (PKCS#8, RFC 5958): `openssl genpkey -outform DER` writes it. An RSA key of the kind
    /// id-RSASSA-PSS signs by PSS alone.
    ///
    /// # Errors
    /// [`PrivateKeyError`] when it is malformed, encrypted, or cannot be used.
    pub fn from_pkcs8_der(der: &[u8]) -> Result<Self, PrivateKeyError> {
        Self::read(Form::Pkcs8, der)
    }

    /// Reads a key from the DER of an `RSAPrivateKey` (PKCS#1, RFC 8017 §A.1.2) of two primes.
    ///
    /// # Errors
    /// [`PrivateKeyError`] when it is malformed or cannot be used.
    pub fn from_pkcs1_der(der: &[u8]) -> Result<Self, PrivateKeyError> {
        Self::read(Form::Pkcs1, der)
    }

    /// Reads a key from the DER of an `ECPrivateKey` (SEC 1, RFC 5915) that names its curve.
    ///
    /// # Errors
    /// [`PrivateKeyError`] when it is malformed or cannot be used.
    pub fn from_sec1_der(der: &[u8]) -> Result<Self, PrivateKeyError> {
        Self::read(Form::Sec1, der)
    }

    /// The same key, signing by RSASSA-PSS with a salt as long as the digest. Elliptic curve keys have no such choice and stay as they are.
    ///
    /// Readers of PKCS#7 rather than CMS, as `openssl smime` is, do not know PSS.
    #[must_use]
    pub fn with_pss(mut self) -> Self {
        if let Key::Rsa(rsa) = &mut self.key {
            rsa.padding = Padding::Pss;
        }
        self
    }

    /// What kind of key it is.
    #[must_use]
    pub fn kind(&self) -> KeyKind {
        self.kind
    }

    /// Its public half: the DER of a `SubjectPublicKeyInfo` (RFC 5280 §4.1.2.7), RSA always as rsaEncryption, an elliptic curve point uncompressed.
    /// [`belongs_to`](Self::belongs_to) compares it with a certificate's.
    #[must_use]
    pub fn public_spki(&self) -> &[u8] {
        &self.spki
    }

    /// Whether it is the key of this certificate. How the certificate writes the key does not matter: points may be compressed, an RSA key may
    /// be for PSS alone.
    #[must_use]
    pub fn belongs_to(&self, certificate: &Certificate) -> bool {
        let (Ok((_, ours)), Ok((algorithm, theirs))) = (subject_public_key(&self.spki), subject_public_key(certificate.spki())) else {
            return false;
        };
        match (&self.key, algorithm) {
            (Key::Rsa(_), KeyAlgorithm::Rsa | KeyAlgorithm::RsaPss(_)) => ours == theirs,
            (Key::P256(key), KeyAlgorithm::Ec(Curve::P256)) => {
                p256::ecdsa::VerifyingKey::from_sec1_bytes(theirs).is_ok_and(|theirs| theirs == *key.verifying_key())
            }
            (Key::P384(key), KeyAlgorithm::Ec(Curve::P384)) => {
                p384::ecdsa::VerifyingKey::from_sec1_bytes(theirs).is_ok_and(|theirs| theirs == *key.verifying_key())
            }
            _ => false,
        }
    }

    fn read(form: Form, der: &[u8]) -> Result<Self, PrivateKeyError> {
        let (key, spki) = match Parts::read(form, der)? {
            Parts::Rsa { algorithm, key } => rsa_key(algorithm, &key)?,
            Parts::Ec { curve: Curve::P256, key } => p256_key(&key)?,
            Parts::Ec { curve: Curve::P384, key } => p384_key(&key)?,
        };
        // What the verifier would refuse is refused here.
        let kind = RustCrypto.prepare(&spki)?.kind();
        Ok(Self { key, spki: spki.into(), kind })
    }
}

impl Signer for InMemoryKey {
    fn scheme(&self, digest: DigestAlgorithm) -> SignatureScheme {
        match &self.key {
            Key::Rsa(rsa) => match (rsa.algorithm, rsa.padding) {
                (KeyAlgorithm::Rsa, Padding::Pss) => KeyAlgorithm::RsaPss(None).scheme(digest),
                (algorithm, _) => algorithm.scheme(digest),
            },
            Key::P256(_) => KeyAlgorithm::Ec(Curve::P256).scheme(digest),
            Key::P384(_) => KeyAlgorithm::Ec(Curve::P384).scheme(digest),
        }
    }

    /// Signs in any scheme that the key can be used for, not only the one of [`scheme`](Signer::scheme). SHA-1 is refused.
    fn sign(&self, request: &SigningRequest<'_>) -> Result<Vec<u8>, SignerError> {
        let (scheme, digest) = (request.scheme(), request.digest());
        if digest.algorithm() == DigestAlgorithm::Sha1 {
            return Err(SignerError::WeakDigest { digest: digest.algorithm() });
        }
        let signature = match (&self.key, scheme) {
            (Key::Rsa(rsa), SignatureScheme::RsaPkcs1 { .. } | SignatureScheme::RsaPss { .. }) => rsa.sign(request)?,
            (Key::P256(key), SignatureScheme::Ecdsa { .. }) => p256_sign(key, digest),
            (Key::P384(key), SignatureScheme::Ecdsa { .. }) => p384_sign(key, digest),
            _ => None,
        };
        signature.ok_or(SignerError::Unsupported { scheme, key: self.kind })
    }
}

/// Without the key.
impl fmt::Debug for InMemoryKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InMemoryKey").field("kind", &format_args!("{}", self.kind)).finish_non_exhaustive()
    }
}

// -- RSA --

/// Below is too weak for messages that have years to live.
const MIN_BITS: usize = 2048;
/// What `rsa` takes of a private key.
const MAX_BITS: usize = 4096;

fn rsa_key(algorithm: KeyAlgorithm, parts: &RsaParts<'_>) -> Result<(Key, Vec<u8>), PrivateKeyError> {
    let public_key = sequence(&[&unsigned(parts.modulus), &unsigned(parts.public_exponent)]);
    let spki = sequence(&[&sequence(&[&oid(const_oid::db::rfc5912::RSA_ENCRYPTION), NULL]), &bit_string(&public_key)]);
    // This looks at sizes before any number is made, and tells an exponent that no key may have from numbers that do not belong together.
    let bits = match RustCrypto.prepare(&spki).map(|key| key.kind()) {
        Ok(KeyKind::Rsa { bits, .. }) | Err(KeyError::RsaTooShort { bits } | KeyError::RsaTooLong { bits }) => bits,
        Ok(KeyKind::P256 | KeyKind::P384) => return Err(PrivateKeyError::Inconsistent),
        Err(error) => return Err(error.into()),
    };
    if !(MIN_BITS..=MAX_BITS).contains(&bits) {
        return Err(PrivateKeyError::RsaLength { bits });
    }
    // Primes are about half as long as the modulus. With very unequal ones, which no tool makes, the computation would not end.
    let [p, q] = parts.primes;
    let half = parts.modulus.len() / 2;
    if p.len().abs_diff(half) > 1 || q.len().abs_diff(half) > 1 || parts.private_exponent.len() > parts.modulus.len() {
        return Err(PrivateKeyError::Inconsistent);
    }

    let seed = Sha256::new_with_prefix(b"postacert RSA signing\0").chain_update(parts.private_exponent).finalize();
    let number = BigUint::from_bytes_be;
    let key = RsaPrivateKey::from_components(
        number(parts.modulus),
        number(parts.public_exponent),
        number(parts.private_exponent),
        vec![number(p), number(q)],
    )
    .map_err(|_| PrivateKeyError::Inconsistent)?;
    let padding = if algorithm == KeyAlgorithm::Rsa { Padding::Pkcs1 } else { Padding::Pss };
    Ok((Key::Rsa(Box::new(RsaKey { key, algorithm, padding, seed: Zeroizing::new(seed.into()) })), spki))
}

impl RsaKey {
    /// `None` when this key cannot sign so.
    fn sign(&self, request: &SigningRequest<'_>) -> Result<Option<Vec<u8>>, SignerError> {
        let digest = request.digest();
        match request.scheme() {
            SignatureScheme::RsaPkcs1 { .. } if self.algorithm == KeyAlgorithm::Rsa => match digest.algorithm() {
                DigestAlgorithm::Sha1 => Ok(None),
                DigestAlgorithm::Sha256 => self.sign_padded(Pkcs1v15Sign::new::<Sha256>(), request),
                DigestAlgorithm::Sha384 => self.sign_padded(Pkcs1v15Sign::new::<Sha384>(), request),
                DigestAlgorithm::Sha512 => self.sign_padded(Pkcs1v15Sign::new::<Sha512>(), request),
            },
            SignatureScheme::RsaPss { digest, mgf_digest, salt_len } if self.allows_pss(digest, mgf_digest, salt_len) => match digest {
                DigestAlgorithm::Sha1 => Ok(None),
                DigestAlgorithm::Sha256 => self.sign_padded(Pss::new_blinded_with_salt::<Sha256>(salt_len), request),
                DigestAlgorithm::Sha384 => self.sign_padded(Pss::new_blinded_with_salt::<Sha384>(salt_len), request),
                DigestAlgorithm::Sha512 => self.sign_padded(Pss::new_blinded_with_salt::<Sha512>(salt_len), request),
            },
            _ => Ok(None),
        }
    }

    /// MGF1 uses the digest that is signed, as everywhere; digest and salt fit into the modulus (RFC 8017 §9.1.1, step 3); and the parameters of a key
    /// for PSS alone are kept (RFC 4055 §3.3).
    fn allows_pss(&self, digest: DigestAlgorithm, mgf_digest: DigestAlgorithm, salt_len: usize) -> bool {
        let em_len = self.key.n().bits().saturating_sub(1).div_ceil(8);
        let fits = digest.output_len().saturating_add(salt_len).saturating_add(2) <= em_len;
        let allowed = match self.algorithm {
            KeyAlgorithm::RsaPss(Some(PssParameters { digest: d, mgf_digest: m, salt_len: least })) => {
                d == digest && m == mgf_digest && least <= salt_len
            }
            _ => true,
        };
        digest == mgf_digest && fits && allowed
    }

    fn sign_padded(&self, padding: impl Padded, request: &SigningRequest<'_>) -> Result<Option<Vec<u8>>, SignerError> {
        let digest = request.digest().as_bytes();
        let mut generator = Generator(rfc6979::HmacDrbg::new(&*self.seed, request.entropy(), digest));
        self.key.sign_with_rng(&mut generator, padding, digest).map(Some).map_err(SignerError::failed)
    }
}

/// HMAC-DRBG as the generator that `rsa` asks for.
struct Generator(rfc6979::HmacDrbg<Sha256>);

impl RngCore for Generator {
    fn next_u32(&mut self) -> u32 {
        let mut octets = [0; 4];
        self.fill_bytes(&mut octets);
        u32::from_be_bytes(octets)
    }

    fn next_u64(&mut self) -> u64 {
        let mut octets = [0; 8];
        self.fill_bytes(&mut octets);
        u64::from_be_bytes(octets)
    }

    fn fill_bytes(&mut self, octets: &mut [u8]) {
        self.0.fill_bytes(octets);
    }

    fn try_fill_bytes(&mut self, octets: &mut [u8]) -> Result<(), RngError> {
        self.fill_bytes(octets);
        Ok(())
    }
}

impl CryptoRng for Generator {}

// -- elliptic curves --

/// What there is for each curve: the two crates share traits, but spelling their bounds out takes more lines than this.
macro_rules! curve {
    ($read:ident, $sign:ident, $curve:ident, $kind:ident, $oid:expr) => {
        fn $read(parts: &EcParts<'_>) -> Result<(Key, Vec<u8>), PrivateKeyError> {
            let key = $curve::ecdsa::SigningKey::from_slice(parts.scalar).map_err(|_| PrivateKeyError::Inconsistent)?;
            let public = key.verifying_key();
            if let Some(stated) = parts.public {
                let stated = $curve::ecdsa::VerifyingKey::from_sec1_bytes(stated).map_err(|_| KeyError::BadPoint)?;
                if stated != *public {
                    return Err(PrivateKeyError::Inconsistent);
                }
            }
            let algorithm = sequence(&[&oid(const_oid::db::rfc5912::ID_EC_PUBLIC_KEY), &oid($oid)]);
            let spki = sequence(&[&algorithm, &bit_string(public.to_encoded_point(false).as_bytes())]);
            Ok((Key::$kind(key), spki))
        }

        /// RFC 6979, with the curve's own digest in the generator, whichever digest is signed.
        fn $sign(key: &$curve::ecdsa::SigningKey, digest: &Digest) -> Option<Vec<u8>> {
            use $curve::ecdsa::signature::hazmat::PrehashSigner as _;
            let signature: $curve::ecdsa::Signature = key.sign_prehash(digest.as_bytes()).ok()?;
            let (r, s) = signature.split_bytes();
            Some(sequence(&[&unsigned(&r), &unsigned(&s)]))
        }
    };
}

curve!(p256_key, p256_sign, p256, P256, const_oid::db::rfc5912::SECP_256_R_1);
curve!(p384_key, p384_sign, p384, P384, const_oid::db::rfc5912::SECP_384_R_1);
