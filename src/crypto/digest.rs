//! The digests that are always compiled in: SHA-1, which real providers still sign with, and SHA-2.

use core::{fmt, str::FromStr};

use sha1::Sha1;
use sha2::{Digest as _, Sha256, Sha384, Sha512};

use super::{Digest, DigestAlgorithm, Hasher};
use crate::language::same_in_all_languages;

/// The digest of `bytes`.
///
/// ```
/// use postacert::crypto::{digest, DigestAlgorithm};
/// assert_eq!(digest(DigestAlgorithm::Sha1, b"abc").to_string(), "a9993e364706816aba3e25717850c26c9cd0d89d");
/// ```
#[must_use]
pub fn digest(algorithm: DigestAlgorithm, bytes: &[u8]) -> Digest {
    fn of<D: sha2::Digest>(algorithm: DigestAlgorithm, bytes: &[u8]) -> Digest {
        Digest::from_output(algorithm, &D::digest(bytes))
    }
    match algorithm {
        DigestAlgorithm::Sha1 => of::<Sha1>(algorithm, bytes),
        DigestAlgorithm::Sha256 => of::<Sha256>(algorithm, bytes),
        DigestAlgorithm::Sha384 => of::<Sha384>(algorithm, bytes),
        DigestAlgorithm::Sha512 => of::<Sha512>(algorithm, bytes),
    }
}

/// Begins a digest.
pub(crate) fn hasher(algorithm: DigestAlgorithm) -> Box<dyn Hasher> {
    match algorithm {
        DigestAlgorithm::Sha1 => Box::new(Running { algorithm, state: Sha1::new() }),
        DigestAlgorithm::Sha256 => Box::new(Running { algorithm, state: Sha256::new() }),
        DigestAlgorithm::Sha384 => Box::new(Running { algorithm, state: Sha384::new() }),
        DigestAlgorithm::Sha512 => Box::new(Running { algorithm, state: Sha512::new() }),
    }
}

struct Running<D> {
    algorithm: DigestAlgorithm,
    state: D,
}

impl<D: sha2::Digest + Send> Hasher for Running<D> {
    fn update(&mut self, bytes: &[u8]) {
        self.state.update(bytes);
    }

    fn finish(self: Box<Self>) -> Digest {
        Digest::from_output(self.algorithm, &self.state.finalize())
    }
}

impl DigestAlgorithm {
    /// The name in small letters, without a hyphen: `sha256`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sha1 => "sha1",
            Self::Sha256 => "sha256",
            Self::Sha384 => "sha384",
            Self::Sha512 => "sha512",
        }
    }

    /// The length of its digests in bytes.
    #[must_use]
    pub const fn output_len(self) -> usize {
        match self {
            Self::Sha1 => 20,
            Self::Sha256 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => 64,
        }
    }

    /// Its object identifier in dotted form (RFC 5754 §2).
    #[must_use]
    pub const fn oid(self) -> &'static str {
        match self {
            Self::Sha1 => "1.3.14.3.2.26",
            Self::Sha256 => "2.16.840.1.101.3.4.2.1",
            Self::Sha384 => "2.16.840.1.101.3.4.2.2",
            Self::Sha512 => "2.16.840.1.101.3.4.2.3",
        }
    }
}

same_in_all_languages!(DigestAlgorithm);

/// The [`name`](DigestAlgorithm::name).
impl fmt::Display for DigestAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Reads a name as `micalg` and the tools of the trade write it: any case, with or without hyphen, quoted or not.
///
/// ```
/// use postacert::crypto::DigestAlgorithm;
/// assert_eq!("\"SHA-256\"".parse(), Ok(DigestAlgorithm::Sha256));
/// assert_eq!("sha1".parse(), Ok(DigestAlgorithm::Sha1));
/// assert!("md5".parse::<DigestAlgorithm>().is_err());
/// ```
impl FromStr for DigestAlgorithm {
    type Err = UnknownDigest;

    fn from_str(text: &str) -> Result<Self, UnknownDigest> {
        let bare = text.trim().trim_matches('"').trim();
        let unknown = || UnknownDigest { name: bare.chars().take(32).collect::<String>().into() };
        let (family, number) = bare.split_at_checked(3).ok_or_else(unknown)?;
        if !family.eq_ignore_ascii_case("sha") {
            return Err(unknown());
        }
        match number.strip_prefix('-').unwrap_or(number) {
            "1" => Ok(Self::Sha1),
            "256" => Ok(Self::Sha256),
            "384" => Ok(Self::Sha384),
            "512" => Ok(Self::Sha512),
            _ => Err(unknown()),
        }
    }
}

/// A name that stands for no digest algorithm known here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownDigest {
    name: Box<str>,
}

impl UnknownDigest {
    /// The name, at most its first 32 characters.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl fmt::Display for UnknownDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\" names no digest algorithm known here", self.name)
    }
}

impl core::error::Error for UnknownDigest {}

impl Digest {
    /// A digest made elsewhere: `None` unless `bytes` are as many as the algorithm gives.
    ///
    /// ```
    /// use postacert::crypto::{Digest, DigestAlgorithm};
    /// assert!(Digest::new(DigestAlgorithm::Sha1, &[0; 20]).is_some());
    /// assert!(Digest::new(DigestAlgorithm::Sha1, &[0; 19]).is_none());
    /// ```
    #[must_use]
    pub fn new(algorithm: DigestAlgorithm, bytes: &[u8]) -> Option<Self> {
        (bytes.len() == algorithm.output_len()).then(|| Self::from_output(algorithm, bytes))
    }

    /// The algorithm that made it.
    #[must_use]
    pub const fn algorithm(&self) -> DigestAlgorithm {
        self.algorithm
    }

    /// Its bytes, as many as [`DigestAlgorithm::output_len`] says.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.algorithm.output_len()).unwrap_or(&self.bytes)
    }

    pub(super) fn from_output(algorithm: DigestAlgorithm, output: &[u8]) -> Self {
        let mut bytes = [0; 64];
        for (to, from) in bytes.iter_mut().zip(output) {
            *to = *from;
        }
        Self { algorithm, bytes }
    }
}

impl AsRef<[u8]> for Digest {
    fn as_ref(&self) -> &[u8] {
        self.as_bytes()
    }
}

/// Small hexadecimal digits.
impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::LowerHex::fmt(self, f)
    }
}

impl fmt::LowerHex for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_bytes().iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// `sha256|` and the hexadecimal digits.
impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}|{self:x}", self.algorithm)
    }
}

/// An object of `algorithm` (`"sha256"`) and `hex`.
#[cfg(feature = "serde")]
impl serde::Serialize for Digest {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeStruct;
        let mut object = serializer.serialize_struct("Digest", 2)?;
        object.serialize_field("algorithm", &self.algorithm)?;
        object.serialize_field("hex", &self.to_string())?;
        object.end()
    }
}
