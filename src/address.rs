//! Mail addresses and domains.

#![warn(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use core::cmp::Ordering;
use core::fmt;
use core::hash::{Hash, Hasher};
use core::str::FromStr;

/// RFC 5321 §4.5.3.1.1.
const LOCAL_PART_MAX: usize = 64;
/// RFC 5321 §4.5.3.1.2.
const DOMAIN_MAX: usize = 255;

/// A mail address: the `addr-spec` of RFC 5322 §3.4.1, in ASCII, without comments or white space around its parts.
///
/// The local part is a dot-atom or a quoted string of at most 64 bytes, the domain a dot-atom or a domain literal of at most 255.
/// It is kept as written. Two addresses are equal if their local parts are, byte for byte, and their [`Domain`]s are,
/// whatever the case of their letters.
///
/// ```
/// use postacert::Address;
///
/// let a: Address = "mario.rossi@PEC.example".parse()?;
/// assert_eq!((a.local_part(), a.domain().as_str()), ("mario.rossi", "PEC.example"));
/// assert_eq!(a, "mario.rossi@pec.example".parse()?);
/// assert_ne!(a, "Mario.Rossi@pec.example".parse()?);
/// # Ok::<(), postacert::AddressError>(())
/// ```
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(try_from = "String", into = "String"))]
pub struct Address {
    /// The domain, whose text is the whole address: one allocation holds both, and `domain()` can lend a `Domain`.
    domain: Domain,
}

impl Address {
    /// What stands before the `@`, quotes included.
    #[must_use]
    pub fn local_part(&self) -> &str {
        self.domain.start.checked_sub(1).and_then(|at| self.domain.text.get(..at)).unwrap_or_default()
    }

    /// What stands after the `@`.
    #[must_use]
    pub fn domain(&self) -> &Domain {
        &self.domain
    }

    /// The whole address, as written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.domain.text
    }

    /// The address in lower case: as it is compared where servers or providers on the way may have spelled it otherwise.
    pub(crate) fn folded(&self) -> String {
        self.as_str().to_ascii_lowercase()
    }
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(s: &str) -> Result<Self, AddressError> {
        let start = domain_start(s)?;
        Ok(Self { domain: Domain { text: s.into(), start } })
    }
}

/// A mail domain: a dot-atom (`pec.example`) or a domain literal (`[192.0.2.1]`) of at most 255 bytes of ASCII.
///
/// It is kept as written; equality, order and hash do not tell upper-case letters from lower-case ones.
///
/// ```
/// use postacert::Domain;
///
/// let d: Domain = "PEC.Example".parse()?;
/// assert_eq!(d, "pec.example".parse()?);
/// assert_eq!(d.as_str(), "PEC.Example");
/// assert_eq!(d.to_lowercase(), "pec.example");
/// # Ok::<(), postacert::AddressError>(())
/// ```
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(try_from = "String", into = "String"))]
pub struct Domain {
    text: Box<str>,
    /// Where the domain begins in the text; what stands before it is an address's.
    start: usize,
}

impl Domain {
    /// The domain, as written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.text.get(self.start..).unwrap_or_default()
    }

    /// The domain with its letters in lower case.
    #[must_use]
    pub fn to_lowercase(&self) -> String {
        self.as_str().to_ascii_lowercase()
    }
}

impl FromStr for Domain {
    type Err = AddressError;

    fn from_str(s: &str) -> Result<Self, AddressError> {
        check_domain(s.as_bytes(), 0)?;
        Ok(Self { text: s.into(), start: 0 })
    }
}

crate::language::same_in_all_languages!(Address);

coded! {
    /// Why a text is no address, or no domain; offsets are in bytes.
    pub enum AddressError {
        /// There is no text.
        Empty = "address-empty",
            "the address is empty",
            "l'indirizzo è vuoto";
        /// No `@` follows the local part.
        MissingAt { offset: usize } = "address-without-at",
            "the address has no @ after its local part (offset {offset})",
            "l'indirizzo non ha la @ dopo la parte locale (posizione {offset})";
        /// The local part is no dot-atom and no quoted string.
        LocalPart { offset: usize } = "address-local-part",
            "the local part of the address is malformed at offset {offset}",
            "la parte locale dell'indirizzo è malformata alla posizione {offset}";
        /// The domain is no dot-atom and no domain literal.
        Domain { offset: usize } = "address-domain",
            "the domain of the address is malformed at offset {offset}",
            "il dominio dell'indirizzo è malformato alla posizione {offset}";
        /// The local part is longer than RFC 5321 §4.5.3.1.1 lets it be.
        LocalPartTooLong { limit: usize } = "address-local-part-too-long",
            "the local part of the address is longer than {limit} bytes",
            "la parte locale dell'indirizzo supera {limit} byte";
        /// The domain is longer than RFC 5321 §4.5.3.1.2 lets it be.
        DomainTooLong { limit: usize } = "address-domain-too-long",
            "the domain of the address is longer than {limit} bytes",
            "il dominio dell'indirizzo supera {limit} byte";
    }
}

impl core::error::Error for AddressError {}

/// Checks the whole address and tells where its domain begins.
fn domain_start(address: &str) -> Result<usize, AddressError> {
    let bytes = address.as_bytes();
    let at = match bytes.first() {
        None => return Err(AddressError::Empty),
        Some(b'"') => quoted_string_length(bytes)?,
        Some(_) => dot_atom_length(bytes).map_err(|offset| AddressError::LocalPart { offset })?,
    };
    if at > LOCAL_PART_MAX {
        return Err(AddressError::LocalPartTooLong { limit: LOCAL_PART_MAX });
    }
    match bytes.get(at) {
        Some(b'@') => {}
        Some(b) if is_vchar(*b) && at == 0 => return Err(AddressError::LocalPart { offset: at }),
        _ => return Err(AddressError::MissingAt { offset: at }),
    }
    let start = at.saturating_add(1);
    check_domain(bytes.get(start..).unwrap_or_default(), start)?;
    Ok(start)
}

/// `dot-atom-text / "[" *dtext "]"`; `start` is where the domain begins in what the caller gave.
fn check_domain(domain: &[u8], start: usize) -> Result<(), AddressError> {
    let malformed = |at: usize| AddressError::Domain { offset: start.saturating_add(at) };
    if domain.len() > DOMAIN_MAX {
        return Err(AddressError::DomainTooLong { limit: DOMAIN_MAX });
    }
    if let [b'[', literal @ .., b']'] = domain {
        return match literal.iter().position(|&b| !is_vchar(b) || matches!(b, b'[' | b']' | b'\\')) {
            Some(i) => Err(malformed(i.saturating_add(1))),
            None if literal.is_empty() => Err(malformed(1)),
            None => Ok(()),
        };
    }
    let length = dot_atom_length(domain).map_err(malformed)?;
    if length == domain.len() { Ok(()) } else { Err(malformed(length)) }
}

/// The length of the `1*atext *("." 1*atext)` that the bytes begin with, or where an atom is missing.
fn dot_atom_length(bytes: &[u8]) -> Result<usize, usize> {
    let mut before = b'.';
    for (i, &b) in bytes.iter().enumerate() {
        if !is_atext(b) {
            match (b, before) {
                (_, b'.') => return Err(i),
                (b'.', _) => {}
                _ => return Ok(i),
            }
        }
        before = b;
    }
    if before == b'.' { Err(bytes.len()) } else { Ok(bytes.len()) }
}

/// The length of the quoted string that the bytes begin with, quotes included. Of folding white space, blanks and tabs only.
fn quoted_string_length(bytes: &[u8]) -> Result<usize, AddressError> {
    let mut escaped = false;
    for (i, &b) in bytes.iter().enumerate().skip(1) {
        match b {
            _ if !is_vchar(b) && b != b' ' && b != b'\t' => return Err(AddressError::LocalPart { offset: i }),
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return Ok(i.saturating_add(1)),
            _ => {}
        }
    }
    Err(AddressError::LocalPart { offset: bytes.len() })
}

fn is_vchar(b: u8) -> bool {
    matches!(b, 0x21..=0x7e)
}

/// RFC 5322 §3.2.3.
fn is_atext(b: u8) -> bool {
    /// One bit for each ASCII character.
    const ATEXT: u128 = {
        let mut bits = 0;
        let mut all: &[u8] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#$%&'*+-/=?^_`{|}~";
        while let [first, rest @ ..] = all {
            bits |= 1 << *first;
            all = rest;
        }
        bits
    };
    b.is_ascii() && ATEXT >> b & 1 == 1
}

impl Clone for Address {
    fn clone(&self) -> Self {
        Self { domain: Domain { text: self.domain.text.clone(), start: self.domain.start } }
    }
}

impl PartialEq for Address {
    fn eq(&self, other: &Self) -> bool {
        self.local_part() == other.local_part() && self.domain == other.domain
    }
}

impl Eq for Address {}

impl Hash for Address {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.local_part().hash(state);
        self.domain.hash(state);
    }
}

impl PartialOrd for Address {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Address {
    fn cmp(&self, other: &Self) -> Ordering {
        self.domain.cmp(&other.domain).then_with(|| self.local_part().cmp(other.local_part()))
    }
}

impl Clone for Domain {
    fn clone(&self) -> Self {
        Self { text: self.as_str().into(), start: 0 }
    }
}

impl PartialEq for Domain {
    fn eq(&self, other: &Self) -> bool {
        self.as_str().eq_ignore_ascii_case(other.as_str())
    }
}

impl Eq for Domain {}

impl Hash for Domain {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_str().bytes().for_each(|b| state.write_u8(b.to_ascii_lowercase()));
        state.write_u8(0xff);
    }
}

impl PartialOrd for Domain {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Domain {
    fn cmp(&self, other: &Self) -> Ordering {
        let [a, b] = [self, other].map(|d| d.as_str().bytes().map(|b| b.to_ascii_lowercase()));
        a.cmp(b)
    }
}

/// What the types kept as text have in common.
macro_rules! text_value {
    ($($name:ident: $error:ty),*) => { $(
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({:?})"), self.as_str())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                self.as_str()
            }
        }

        impl TryFrom<&str> for $name {
            type Error = $error;

            fn try_from(s: &str) -> Result<Self, $error> {
                s.parse()
            }
        }

        impl TryFrom<String> for $name {
            type Error = $error;

            fn try_from(s: String) -> Result<Self, $error> {
                s.parse()
            }
        }

        impl From<$name> for String {
            fn from(value: $name) -> Self {
                value.as_str().to_owned()
            }
        }
    )* };
}
pub(crate) use text_value;

text_value!(Address: AddressError, Domain: AddressError);
