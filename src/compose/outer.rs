//! The outer header of a message that fields are put into, or taken out of, while every other byte stays.

#![warn(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use core::ops::Range;

use memchr::memchr;

use crate::mime::{Fields, HeaderField, outer_fields, outer_header};

/// The header of a message, under no limit and whatever it holds: a header of garbage can be written into as well.
pub(super) struct OuterHeader<'a> {
    raw: &'a [u8],
    span: Range<usize>,
}

impl<'a> OuterHeader<'a> {
    pub(super) fn of(raw: &'a [u8]) -> Self {
        Self { raw, span: outer_header(raw) }
    }

    pub(super) fn fields(&self) -> Fields<'a> {
        outer_fields(self.raw)
    }

    /// The first field of this name.
    pub(super) fn field(&self, name: &str) -> Option<HeaderField<'a>> {
        self.fields().find(|field| field.is(name))
    }

    /// The first field of this name that is not empty.
    pub(super) fn filled(&self, name: &str) -> Option<HeaderField<'a>> {
        self.fields().find(|field| field.is(name) && !is_empty(field))
    }

    /// The line end of the message: that of its first line, CR LF where there is none.
    pub(super) fn line_end(&self) -> &'static str {
        line_end_of(self.raw)
    }

    /// Everything from the blank line on.
    pub(super) fn rest(&self) -> &'a [u8] {
        self.raw.get(self.span.end..).unwrap_or_default()
    }

    /// All bytes before [`OuterHeader::rest`] (the line of an mbox, the header) without the fields that are `gone`, and with `lines`, whole
    /// lines with their ends, in the place of the first of them; where none is gone, at the top of the header.
    pub(super) fn with(&self, lines: &[u8], gone: impl Fn(&HeaderField<'_>) -> bool) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.span.end.saturating_add(lines.len()).saturating_add(2));
        let mut at = 0;
        let mut place = None;
        for field in self.fields().filter(gone) {
            self.copy(at..field.offset(), &mut out);
            place.get_or_insert(out.len());
            at = field.offset().saturating_add(field.raw().len());
        }
        if at == 0 {
            at = self.top();
            self.copy(0..at, &mut out);
            if !out.is_empty() && !out.ends_with(b"\n") {
                out.extend_from_slice(self.line_end().as_bytes());
            }
            place = Some(out.len());
        }
        self.copy(at..self.span.end, &mut out);
        let place = place.unwrap_or(out.len());
        out.splice(place..place, lines.iter().copied());
        out
    }

    /// Where a field may be put above all others: at the first line that would not be read as its continuation.
    fn top(&self) -> usize {
        let mut line = self.span.start;
        while matches!(self.raw.get(line), Some(b' ' | b'\t')) && line < self.span.end {
            let rest = self.raw.get(line..self.span.end).unwrap_or_default();
            line = memchr(b'\n', rest).map_or(self.span.end, |at| line.saturating_add(at).saturating_add(1));
        }
        line
    }

    fn copy(&self, bytes: Range<usize>, out: &mut Vec<u8>) {
        out.extend_from_slice(self.raw.get(bytes).unwrap_or_default());
    }
}

/// Whether a field has no value but blanks.
pub(super) fn is_empty(field: &HeaderField<'_>) -> bool {
    field.raw_value().trim_ascii().is_empty()
}

/// The line end of the first line, CR LF where there is none.
pub(super) fn line_end_of(raw: &[u8]) -> &'static str {
    match memchr(b'\n', raw) {
        Some(at) if !raw.get(..at).unwrap_or_default().ends_with(b"\r") => "\n",
        _ => "\r\n",
    }
}
