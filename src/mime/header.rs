//! Header fields, found on demand in the bytes of a header (RFC 5322 §2.2).

#![warn(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use core::num::NonZeroUsize;
use std::borrow::Cow;

use memchr::{memchr, memchr_iter};

use super::address_list::AddressList;
use super::lines::without_line_end;
use super::words;
use crate::{FindingKind, Limits};

/// One header field: its exact bytes, and the ways to read its value.
///
/// ```
/// use postacert::{Limits, mime::Tree};
///
/// let raw = b"Subject: =?utf-8?q?perch=C3=A9?=\r\n no\r\n\r\n";
/// let tree = Tree::parse(raw, &Limits::default())?;
/// let subject = tree.root().field("subject").unwrap();
/// assert_eq!(subject.name(), "Subject");
/// assert_eq!(subject.raw_value(), b" =?utf-8?q?perch=C3=A9?=\r\n no");
/// assert_eq!(subject.unfolded(), "=?utf-8?q?perch=C3=A9?= no");
/// assert_eq!(subject.text(), "perché no");
/// # Ok::<(), postacert::mime::MimeError>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct HeaderField<'a> {
    raw: &'a [u8],
    name: &'a [u8],
    value: &'a [u8],
    offset: usize,
    size: FieldSize,
}

/// Whether a field keeps to the limits. One that does not keeps its exact bytes, but its value reads as if it were empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldSize {
    /// Within the limits.
    Within,
    /// Longer than the limits allow, so the value was not read; a finding `header-field-too-long` says so.
    TooLong,
}

impl<'a> HeaderField<'a> {
    /// The name as written. Names are compared without case: see [`HeaderField::is`].
    #[must_use]
    pub fn name(&self) -> &'a str {
        core::str::from_utf8(self.name).unwrap_or_default()
    }

    /// Whether this is the name of the field, upper and lower case being the same.
    #[must_use]
    pub fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name.as_bytes())
    }

    /// The whole field: name, colon, value with its folding, and the line end if there is one.
    #[must_use]
    pub fn raw(&self) -> &'a [u8] {
        self.raw
    }

    /// The value as written: all bytes between the colon and the last line end, folding and blanks included.
    #[must_use]
    pub fn raw_value(&self) -> &'a [u8] {
        self.value
    }

    /// Where the field begins, in bytes from the beginning of the message.
    #[must_use]
    pub fn offset(&self) -> usize {
        self.offset
    }

    /// What the name goes on with behind `prefix`, if it begins so.
    pub(super) fn name_behind(&self, prefix: &[u8]) -> Option<&'a [u8]> {
        let (begin, rest) = self.name.split_at_checked(prefix.len())?;
        begin.eq_ignore_ascii_case(prefix).then_some(rest)
    }

    /// Where its value begins: never at 0, since the name comes before.
    pub(super) fn value_offset(&self) -> Option<NonZeroUsize> {
        let into_raw = without_line_end(self.raw).len().saturating_sub(self.value.len());
        NonZeroUsize::new(self.offset.saturating_add(into_raw))
    }

    /// Whether the field keeps to the limits.
    #[must_use]
    pub fn size(&self) -> FieldSize {
        self.size
    }

    /// The value on one line: line ends removed (RFC 5322 §2.2.3), blanks at both ends trimmed, nothing decoded.
    ///
    /// Bytes outside ASCII are read as UTF-8 or, where they are not that, as windows-1252.
    #[must_use]
    pub fn unfolded(&self) -> Cow<'a, str> {
        words::plain_text(self.unfolded_bytes())
    }

    /// The value as a person reads it: unfolded, and the encoded words of RFC 2047 decoded.
    #[must_use]
    pub fn text(&self) -> Cow<'a, str> {
        words::decode_words(self.unfolded_bytes())
    }

    /// The value read as a list of addresses (RFC 5322 §3.4): `From`, `To`, `Cc`, `Sender`, `Reply-To`.
    #[must_use]
    pub fn addresses(&self) -> AddressList {
        match self.size {
            FieldSize::Within => AddressList::read(&self.unfolded_bytes()),
            FieldSize::TooLong => AddressList::unread(),
        }
    }

    /// The first message identifier of the value, without its angle brackets (RFC 5322 §3.6.4); where there are no brackets, the
    /// whole value if it is one word.
    #[must_use]
    pub fn message_id(&self) -> Option<String> {
        let value = self.unfolded();
        let id = match value.split_once('<') {
            Some((_, rest)) => rest.split_once('>')?.0.trim(),
            None => &*value,
        };
        let one_word = !id.is_empty() && !id.contains([' ', '\t', '<', '>']);
        one_word.then(|| id.to_owned())
    }

    pub(super) fn unfolded_bytes(&self) -> Cow<'a, [u8]> {
        match self.size {
            FieldSize::Within => unfold(self.value),
            FieldSize::TooLong => Cow::Borrowed(b""),
        }
    }
}

/// The fields of a header, in their order. Lines that are no field are left out, and those beyond the limits.
#[derive(Debug, Clone)]
pub struct Fields<'a> {
    lines: CappedFields<'a>,
}

impl<'a> Fields<'a> {
    pub(super) fn new(header: &'a [u8], offset: usize, caps: HeaderCaps) -> Self {
        Self { lines: CappedFields::new(header, offset, caps) }
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = HeaderField<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            match self.lines.next()? {
                Line::Field(field) => return Some(field),
                Line::Malformed { .. } => {}
                Line::Beyond { .. } => return None,
            }
        }
    }
}

/// The bounds of [`Limits`] that a header is read under.
#[derive(Debug, Clone, Copy)]
pub(super) struct HeaderCaps {
    bytes: usize,
    fields: usize,
    field_bytes: usize,
    recipients_bytes: usize,
}

impl From<&Limits> for HeaderCaps {
    fn from(limits: &Limits) -> Self {
        Self {
            bytes: limits.header_bytes,
            fields: limits.header_fields,
            field_bytes: limits.header_field_bytes,
            recipients_bytes: limits.recipients_field_bytes,
        }
    }
}

impl HeaderCaps {
    /// No bounds at all.
    pub(super) const NONE: Self = Self { bytes: usize::MAX, fields: usize::MAX, field_bytes: usize::MAX, recipients_bytes: usize::MAX };

    /// The limit of the field of this name.
    pub(super) fn of_field(&self, name: &str) -> usize {
        if name.eq_ignore_ascii_case("to") || name.eq_ignore_ascii_case("cc") { self.recipients_bytes } else { self.field_bytes }
    }
}

/// What a line of a header, with its continuations, turned out to be.
#[derive(Debug)]
pub(super) enum Line<'a> {
    Field(HeaderField<'a>),
    /// Not a field: no name, or a continuation of nothing.
    Malformed {
        offset: usize,
    },
    /// Here a limit ends the reading.
    Beyond {
        offset: usize,
        kind: FindingKind,
    },
}

/// The lines of a header up to its limits.
#[derive(Debug, Clone)]
pub(super) struct CappedFields<'a> {
    header: &'a [u8],
    offset: usize,
    at: usize,
    count: usize,
    caps: HeaderCaps,
}

impl<'a> CappedFields<'a> {
    pub(super) fn new(header: &'a [u8], offset: usize, caps: HeaderCaps) -> Self {
        Self { header, offset, at: 0, count: 0, caps }
    }
}

impl<'a> Iterator for CappedFields<'a> {
    type Item = Line<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        let start = self.at;
        if start >= self.header.len() {
            return None;
        }
        let offset = self.offset.saturating_add(start);
        let end = start.saturating_add(folded_line(self.header.get(start..).unwrap_or_default()));
        self.at = end;
        if end > self.caps.bytes {
            self.at = self.header.len();
            return Some(Line::Beyond { offset, kind: FindingKind::HeaderTooLong { limit: self.caps.bytes } });
        }
        let raw = self.header.get(start..end).unwrap_or_default();
        let Some((name, value)) = split(raw) else { return Some(Line::Malformed { offset }) };
        self.count = self.count.saturating_add(1);
        if self.count > self.caps.fields {
            self.at = self.header.len();
            return Some(Line::Beyond { offset, kind: FindingKind::TooManyHeaderFields { limit: self.caps.fields } });
        }
        let mut field = HeaderField { raw, name, value, offset, size: FieldSize::Within };
        // Only a long field is worth the comparison of its name.
        let length = without_line_end(raw).len();
        if length > self.caps.field_bytes.min(self.caps.recipients_bytes) && length > self.caps.of_field(field.name()) {
            field.size = FieldSize::TooLong;
        }
        Some(Line::Field(field))
    }
}

/// The length of the line at the beginning, its continuations and line end included.
fn folded_line(header: &[u8]) -> usize {
    let ends = memchr_iter(b'\n', header).map(|newline| newline.saturating_add(1));
    let mut whole = ends.filter(|end| !matches!(header.get(*end), Some(b' ' | b'\t')));
    whole.next().unwrap_or(header.len())
}

/// The value that begins at the beginning of `rest`, up to the line end that it is not continued behind.
pub(super) fn value_of(rest: &[u8]) -> &[u8] {
    without_line_end(rest.get(..folded_line(rest)).unwrap_or_default())
}

/// Name and value of a field: `field-name ":" unstructured CRLF`, where old mail may have blanks before the colon (RFC 5322 §4.5).
fn split(raw: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = raw.iter().position(|b| !matches!(b, 33..=57 | 59..=126))?;
    let (name, rest) = raw.split_at_checked(end)?;
    let colon = rest.iter().position(|b| !matches!(b, b' ' | b'\t'))?;
    let value = rest.get(colon..)?.strip_prefix(b":")?;
    (!name.is_empty()).then_some((name, without_line_end(value)))
}

/// Removes line ends (`CRLF` or `LF`) and trims blanks at both ends.
pub(super) fn unfold(value: &[u8]) -> Cow<'_, [u8]> {
    let value = value.trim_ascii();
    if memchr(b'\n', value).is_none() {
        return Cow::Borrowed(value);
    }
    let mut line = Vec::with_capacity(value.len());
    for piece in value.split_inclusive(|b| *b == b'\n') {
        line.extend_from_slice(without_line_end(piece));
    }
    Cow::Owned(line)
}
