//! The hashes of a brief receipt: which part of a copy is one, and what it may have been computed over.

#![warn(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use core::fmt;
use std::borrow::Cow;

use sha1::{Digest as _, Sha1};

use super::bytes::{Line, lines, split_line_end};
use crate::language::{Language, Say, spoken};
use crate::mime::{Entity, TransferEncoding};

/// A SHA-1.
pub(super) type Sha1Bytes = [u8; 20];

/// What RFC 6109 §3.3.2.2 adds to the name of a part.
const SUFFIX: &str = ".hash";
/// A hash is 40 digits; what is much longer need not be decoded to be told apart.
const ENCODED_AT_MOST: usize = 256;
/// What of a long name must be left, so that it was cut and not changed: a file system takes 255 bytes.
const NAME_LEFT: usize = 250;

/// What a part of a copy is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CopyPart {
    /// Named as a hash, and one.
    Hash(Sha1Bytes),
    /// 40 digits, but not named so.
    Digits(Sha1Bytes),
    /// Named as a hash, and none.
    Malformed,
    /// Anything else.
    Whole,
}

impl CopyPart {
    pub(super) fn of(part: &Entity<'_, '_>) -> Self {
        let named = part.names().any(|name| stem(&name).is_some());
        match (named, digits(part)) {
            (true, Some(sha1)) => Self::Hash(sha1),
            (false, Some(sha1)) => Self::Digits(sha1),
            (true, None) => Self::Malformed,
            (false, None) => Self::Whole,
        }
    }
}

/// The 40 hexadecimal digits that are all of a part.
fn digits(part: &Entity<'_, '_>) -> Option<Sha1Bytes> {
    if part.body().len() > ENCODED_AT_MOST {
        return None;
    }
    let decoded = part.decode();
    let text = decoded.bytes().trim_ascii();
    let mut sha1 = Sha1Bytes::default();
    let (pairs, rest) = text.as_chunks::<2>();
    if pairs.len() != sha1.len() || !rest.is_empty() {
        return None;
    }
    for (byte, [high, low]) in sha1.iter_mut().zip(pairs) {
        let value = |digit: &u8| char::from(*digit).to_digit(16);
        *byte = u8::try_from((value(high)? << 4) | value(low)?).ok()?;
    }
    Some(sha1)
}

/// What stands before `.hash`.
fn stem(name: &str) -> Option<&str> {
    let (stem, suffix) = name.split_at_checked(name.len().checked_sub(SUFFIX.len())?)?;
    suffix.eq_ignore_ascii_case(SUFFIX).then_some(stem)
}

/// Whether the hash of a part may be called so: as the part with `.hash` behind it, and anything if the part has no name.
pub(super) fn is_name_of_hash(copy: &Entity<'_, '_>, original: &Entity<'_, '_>) -> bool {
    let mut names = original.names().filter(|name| !name.is_empty()).peekable();
    if names.peek().is_none() {
        return true;
    }
    let stems: Vec<_> = copy.names().filter_map(|name| stem(&name).map(str::to_owned)).collect();
    let is_cut = |name: &str, stem: &str| stem.len() >= NAME_LEFT && name.starts_with(stem);
    names.any(|name| stems.iter().any(|stem| *stem == name || is_cut(&name, stem)))
}

/// What a hash was computed over: RFC 6109 §3.3.2.2 leaves that open, so every form is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct HashInput {
    /// With or without its transfer encoding.
    pub content: HashedContent,
    /// In which form of its lines.
    pub lines: HashedLines,
    /// Whether with its last line end.
    pub end: HashedEnd,
}

/// The transfer encoding of what was hashed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "kebab-case"))]
pub enum HashedContent {
    /// The body as it is written, transfer encoding and all: "SHOULD be calculated on base64 encoded parts" (RFC 6109 §3.3.2.2).
    Encoded,
    /// The body with its base64 or quoted-printable undone.
    Decoded,
}

/// The line ends of what was hashed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "kebab-case"))]
pub enum HashedLines {
    /// As the kept original has them.
    AsKept,
    /// CR LF.
    Crlf,
    /// LF.
    Lf,
}

/// The end of what was hashed. The line end before a delimiter belongs to that, not to the part (RFC 2046 §5.1.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "kebab-case"))]
pub enum HashedEnd {
    /// As the part ends.
    AsKept,
    /// Without the line end that the part ends with.
    Without,
    /// With the line end behind it, which belongs to the delimiter.
    With,
}

spoken!(HashInput);

impl Say for HashInput {
    fn say(&self, language: Language, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.content {
            HashedContent::Encoded => language.pick("the encoded body", "il corpo codificato"),
            HashedContent::Decoded => language.pick("the decoded body", "il corpo decodificato"),
        })?;
        f.write_str(match self.lines {
            HashedLines::AsKept => "",
            HashedLines::Crlf => language.pick(" with CR LF line ends", " con i fine riga CR LF"),
            HashedLines::Lf => language.pick(" with LF line ends", " con i fine riga LF"),
        })?;
        f.write_str(match self.end {
            HashedEnd::AsKept => "",
            HashedEnd::Without => language.pick(", without its last line end", ", senza l'ultimo fine riga"),
            HashedEnd::With => language.pick(", with the line end behind it", ", con il fine riga che lo segue"),
        })
    }
}

/// The SHA-1 of a part in every form, those first that are met most.
pub(super) fn sha1_of<'a>(part: &Entity<'_, 'a>, message: &'a [u8]) -> impl Iterator<Item = (HashInput, Sha1Bytes)> + use<'a> {
    let rest = message.get(part.offset().saturating_add(part.raw().len())..).unwrap_or_default();
    let behind: &[u8] = if rest.starts_with(b"\r\n") {
        b"\r\n"
    } else if rest.starts_with(b"\n") {
        b"\n"
    } else {
        b""
    };
    let (body, encoding) = (part.body(), part.encoding());
    let is_encoded = !part.is_opened() && matches!(encoding, TransferEncoding::Base64 | TransferEncoding::QuotedPrintable);
    let encoded = core::iter::once((HashedContent::Encoded, Cow::Borrowed(body)));
    let decoded = core::iter::once_with(move || is_encoded.then(|| (HashedContent::Decoded, encoding.decode(body).0))).flatten();
    encoded.chain(decoded).flat_map(move |(content, bytes)| {
        line_forms(&bytes).into_iter().flatten().flat_map(move |lines| {
            let sums = sha1_of_ends(&bytes, lines, behind);
            sums.map(|(end, sha1)| (HashInput { content, lines, end }, sha1))
        })
    })
}

/// The forms that differ; where there is no line end at all, the one to be added does.
fn line_forms(bytes: &[u8]) -> [Option<HashedLines>; 3] {
    let (mut crlf, mut lf) = (false, false);
    for line in lines(bytes) {
        crlf |= line.end.len() == 2;
        lf |= line.end.len() == 1;
    }
    [Some(HashedLines::AsKept), (lf || !crlf).then_some(HashedLines::Crlf), (crlf || !lf).then_some(HashedLines::Lf)]
}

/// One form of the lines, with each end, in one pass.
fn sha1_of_ends(bytes: &[u8], form: HashedLines, behind: &[u8]) -> [(HashedEnd, Sha1Bytes); 3] {
    let Line { text, end } = split_line_end(bytes);
    let mut sha1 = Sha1::new();
    update(&mut sha1, text, form);
    let without = sha1.clone();
    update(&mut sha1, end, form);
    let kept = sha1.clone();
    let behind = if form == HashedLines::AsKept { behind } else { b"\n" };
    update(&mut sha1, behind, form);
    [(HashedEnd::AsKept, kept), (HashedEnd::Without, without), (HashedEnd::With, sha1)].map(|(end, sha1)| (end, sha1.finalize().into()))
}

/// Hashes bytes in a form of their lines.
pub(super) fn update(sha1: &mut Sha1, bytes: &[u8], form: HashedLines) {
    let line_end = match form {
        HashedLines::AsKept => return sha1.update(bytes),
        HashedLines::Crlf => b"\r\n".as_slice(),
        HashedLines::Lf => b"\n",
    };
    for Line { text, end } in lines(bytes) {
        sha1.update(text);
        if !end.is_empty() {
            sha1.update(line_end);
        }
    }
}
