//! By what a message is known again.

#![warn(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use core::fmt;
use core::num::ParseIntError;
use core::str::FromStr;

use sha2::{Digest as _, Sha256};

use crate::crypto::Digest;

/// A SHA-256 by which a message is known again; in hexadecimal digits where it is written.
///
/// ```
/// use postacert::Fingerprint;
/// let digits = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
/// assert_eq!(Fingerprint::of(b"").to_string(), digits);
/// assert_eq!(digits.parse(), Ok(Fingerprint::of(b"")));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(try_from = "String", into = "String"))]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    /// The SHA-256 of bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// Its bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Of several texts, told apart by their lengths.
    pub(crate) fn of_parts<'p>(parts: impl IntoIterator<Item = &'p [u8]>) -> Self {
        let mut hash = Sha256::new();
        for part in parts {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        Self(hash.finalize().into())
    }

    /// Of a signed message, whatever stands around its signed bytes: the same signed bytes under the same certificate.
    pub(crate) fn signed(digest: &Digest, certificate: &[u8; 32]) -> Self {
        Self::of_parts([digest.algorithm().name().as_bytes(), digest.as_bytes(), certificate])
    }
}

crate::language::same_in_all_languages!(Fingerprint);

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fingerprint({self})")
    }
}

impl FromStr for Fingerprint {
    type Err = ParseIntError;

    fn from_str(s: &str) -> Result<Self, ParseIntError> {
        let mut bytes = [0; 32];
        // Of another length, or with a sign, it is no number of two digits.
        let digits = if s.len() == 64 && !s.contains('+') { s } else { "" };
        for (index, byte) in bytes.iter_mut().enumerate() {
            let at = index.saturating_mul(2);
            *byte = u8::from_str_radix(digits.get(at..at.saturating_add(2)).unwrap_or_default(), 16)?;
        }
        Ok(Self(bytes))
    }
}

impl From<[u8; 32]> for Fingerprint {
    fn from(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl TryFrom<String> for Fingerprint {
    type Error = ParseIntError;

    fn try_from(text: String) -> Result<Self, ParseIntError> {
        text.parse()
    }
}

impl From<Fingerprint> for String {
    fn from(fingerprint: Fingerprint) -> Self {
        fingerprint.to_string()
    }
}
