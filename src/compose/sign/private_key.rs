//! The forms in which private keys are kept: PKCS#8 (RFC 5958), PKCS#1 (RFC 8017 §A.1.2) and SEC 1 (RFC 5915), in DER and PEM.
//!
//! They are read by this crate's own DER reader, as spans of the caller's bytes: nothing secret is copied before the numbers are made,
//! and what PEM is decoded into is wiped.

use zeroize::Zeroizing;

use super::{Curve, KeyAlgorithm};
use crate::{
    asn1::{Asn1Error, Asn1ErrorKind, Reader, tag},
    crypto::{AlgorithmIdentifier, KeyError},
    pem,
};

coded! {
    /// Why a private key cannot be read. Nothing of the key is in it.
    pub enum PrivateKeyError {
        /// The PEM holds no private key.
        NoneFound = "private-key-none-found",
            "the PEM holds no private key",
            "il PEM non contiene alcuna chiave privata";
        /// The PEM holds several private keys: which of them to use would be a guess.
        Several = "private-key-several",
            "the PEM holds more than one private key",
            "il PEM contiene più di una chiave privata";
        /// PEM that ends in the middle, or holds other characters than base64.
        MalformedPem { offset: usize } = "private-key-malformed-pem",
            "the PEM that begins at offset {offset} is cut short or is not base64",
            "il PEM che inizia alla posizione {offset} è troncato o non è in base64";
        /// PEM of a form other than `PRIVATE KEY`, `RSA PRIVATE KEY` and `EC PRIVATE KEY`.
        UnknownForm { label: Box<str> } = "private-key-unknown-form",
            "private keys of the form \"{label}\" are not supported",
            "le chiavi private nella forma \"{label}\" non sono supportate";
        /// The key is encrypted with a password.
        Encrypted = "private-key-encrypted",
            "the private key is encrypted, which is not supported: it must be decrypted first",
            "la chiave privata è cifrata, cosa non supportata: va prima decifrata";
        /// The bytes are not the DER of a private key.
        Malformed { error: Asn1ErrorKind, offset: usize } = "private-key-malformed",
            "the private key is malformed at offset {offset}: {error}",
            "la chiave privata è malformata alla posizione {offset}: {error}";
        /// A version that is not known, or an RSA key of more than two primes.
        UnknownVersion = "private-key-unknown-version",
            "the private key is of a version that is not supported",
            "la chiave privata è di una versione non supportata";
        /// An elliptic curve key that does not say on which curve it is.
        NoCurve = "private-key-no-curve",
            "the private key does not name its curve",
            "la chiave privata non indica la sua curva";
        /// An RSA key whose length is not 2,048 to 4,096 bits: below is too weak for new messages, above is not supported.
        RsaLength { bits: usize } = "private-key-rsa-length",
            "the RSA key has {bits} bits, not 2048 to 4096",
            "la chiave RSA ha {bits} bit, non da 2048 a 4096";
        /// The kind of key, or its public half, is none that can be used.
        Unusable { error: KeyError } = "private-key-unusable",
            "the key cannot be used: {error}",
            "la chiave non è utilizzabile: {error}";
        /// The numbers do not make a key, or its public half is that of another.
        Inconsistent = "private-key-inconsistent",
            "the parts of the private key do not belong together",
            "le parti della chiave privata non appartengono alla stessa chiave";
    }
}

impl core::error::Error for PrivateKeyError {}

impl From<Asn1Error> for PrivateKeyError {
    fn from(error: Asn1Error) -> Self {
        Self::Malformed { error: error.kind, offset: error.offset }
    }
}

impl From<KeyError> for PrivateKeyError {
    fn from(error: KeyError) -> Self {
        Self::Unusable { error }
    }
}

/// How the bytes are laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Pkcs8,
    Pkcs1,
    Sec1,
}

/// The one private key in a PEM text, among whatever else is there.
pub(super) fn find_pem(text: &[u8]) -> Result<(Form, Zeroizing<Vec<u8>>), PrivateKeyError> {
    let mut keys = pem::begun(text).filter(|block| block.label.ends_with(b"PRIVATE KEY"));
    let block = keys.next().ok_or(PrivateKeyError::NoneFound)?;
    if keys.next().is_some() {
        return Err(PrivateKeyError::Several);
    }
    let form = match block.label {
        b"PRIVATE KEY" => Form::Pkcs8,
        b"RSA PRIVATE KEY" => Form::Pkcs1,
        b"EC PRIVATE KEY" => Form::Sec1,
        b"ENCRYPTED PRIVATE KEY" => return Err(PrivateKeyError::Encrypted),
        other => return Err(PrivateKeyError::UnknownForm { label: String::from_utf8_lossy(other).into() }),
    };
    let malformed = PrivateKeyError::MalformedPem { offset: block.offset };
    let Some(body) = block.body() else { return Err(malformed) };
    // RFC 1421 §4.6.1.1: what OpenSSL wrote before PKCS#8. Base64 has no colon.
    if body.trim_ascii_start().starts_with(b"Proc-Type:") {
        return Err(PrivateKeyError::Encrypted);
    }
    let digits = Zeroizing::new(pem::strip(body));
    let der = pem::decode(&digits).ok_or(malformed)?;
    Ok((form, Zeroizing::new(der)))
}

/// A private key taken apart, as far as DER goes: whether its numbers make a key is not known yet.
pub(super) enum Parts<'a> {
    Rsa { algorithm: KeyAlgorithm, key: RsaParts<'a> },
    Ec { curve: Curve, key: EcParts<'a> },
}

/// Big-endian magnitudes without zeros before them.
pub(super) struct RsaParts<'a> {
    pub(super) modulus: &'a [u8],
    pub(super) public_exponent: &'a [u8],
    pub(super) private_exponent: &'a [u8],
    pub(super) primes: [&'a [u8]; 2],
}

pub(super) struct EcParts<'a> {
    pub(super) scalar: &'a [u8],
    /// The point, if it is there.
    pub(super) public: Option<&'a [u8]>,
    curve: Option<Curve>,
}

impl<'a> Parts<'a> {
    pub(super) fn read(form: Form, der: &'a [u8]) -> Result<Self, PrivateKeyError> {
        match form {
            Form::Pkcs8 => Self::pkcs8(der),
            Form::Pkcs1 => Ok(Self::Rsa { algorithm: KeyAlgorithm::Rsa, key: RsaParts::read(Reader::der(der))? }),
            Form::Sec1 => {
                let key = EcParts::read(Reader::der(der))?;
                Ok(Self::Ec { curve: key.curve.ok_or(PrivateKeyError::NoCurve)?, key })
            }
        }
    }

    /// RFC 5958 §2. Attributes and a public key may follow; neither is needed.
    fn pkcs8(der: &'a [u8]) -> Result<Self, PrivateKeyError> {
        let mut reader = Reader::der(der);
        let mut members = reader.sequence()?;
        reader.finish()?;
        // EncryptedPrivateKeyInfo (§3) begins with an algorithm, not with a version.
        if members.peek() == Some(tag::SEQUENCE) {
            return Err(PrivateKeyError::Encrypted);
        }
        if members.expect(tag::INTEGER)?.small()? > 1 {
            return Err(PrivateKeyError::UnknownVersion);
        }
        let algorithm = KeyAlgorithm::read(&AlgorithmIdentifier::of(&members.expect(tag::SEQUENCE)?)?)?;
        let key = members.expect(tag::OCTET_STRING)?;
        members.optional(tag::context_constructed(0))?;
        members.optional(tag::context(1))?;
        members.finish()?;

        let key = key.reader();
        match algorithm {
            KeyAlgorithm::Rsa | KeyAlgorithm::RsaPss(_) => Ok(Self::Rsa { algorithm, key: RsaParts::read(key)? }),
            KeyAlgorithm::Ec(curve) => {
                let key = EcParts::read(key)?;
                match key.curve {
                    Some(other) if other != curve => Err(PrivateKeyError::Inconsistent),
                    _ => Ok(Self::Ec { curve, key }),
                }
            }
        }
    }
}

impl<'a> RsaParts<'a> {
    /// RFC 8017 §A.1.2. What can be computed (exponents and coefficient for the primes) is not taken from here.
    fn read(mut reader: Reader<'a>) -> Result<Self, PrivateKeyError> {
        let mut members = reader.sequence()?;
        reader.finish()?;
        if members.expect(tag::INTEGER)?.small()? != 0 {
            return Err(PrivateKeyError::UnknownVersion);
        }
        let mut number = || members.expect(tag::INTEGER)?.unsigned();
        let (modulus, public_exponent, private_exponent) = (number()?, number()?, number()?);
        let primes = [number()?, number()?];
        let _computed = [number()?, number()?, number()?];
        members.finish()?;
        Ok(Self { modulus, public_exponent, private_exponent, primes })
    }
}

impl<'a> EcParts<'a> {
    /// RFC 5915 §3.
    fn read(mut reader: Reader<'a>) -> Result<Self, PrivateKeyError> {
        let mut members = reader.sequence()?;
        reader.finish()?;
        if members.expect(tag::INTEGER)?.small()? != 1 {
            return Err(PrivateKeyError::UnknownVersion);
        }
        let scalar = members.expect(tag::OCTET_STRING)?.content;
        let curve = match members.optional(tag::context_constructed(0))? {
            None => None,
            Some(parameters) => {
                let mut parameters = parameters.reader();
                let curve = Curve::read(parameters.oid()?)?;
                parameters.finish()?;
                Some(curve)
            }
        };
        let public = match members.optional(tag::context_constructed(1))? {
            None => None,
            Some(public) => {
                let mut inner = public.reader();
                let bits = inner.expect(tag::BIT_STRING)?;
                inner.finish()?;
                Some(bits.bit_string()?.whole_octets().ok_or_else(|| bits.error(Asn1ErrorKind::BadBitString))?)
            }
        };
        members.finish()?;
        Ok(Self { scalar, public, curve })
    }
}
