//! Bytes held against each other, CR LF and LF being the same.

#![warn(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use crate::mime::without_crlf_or_lf;

/// How two pieces compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comparison {
    Same,
    /// The same but for CR LF here and LF there.
    LineEndsConverted,
    /// They part so many bytes from their beginnings.
    Differ {
        copy: usize,
        original: usize,
    },
}

pub(super) fn compare(copy: &[u8], original: &[u8]) -> Comparison {
    if copy == original {
        return Comparison::Same;
    }
    let (mut copy_at, mut original_at) = (0_usize, 0_usize);
    let (mut copy_lines, mut original_lines) = (lines(copy), lines(original));
    loop {
        let (Line { text, end }, other) = match (copy_lines.next(), original_lines.next()) {
            (None, None) => return Comparison::LineEndsConverted,
            (one, other) => (one.unwrap_or_default(), other.unwrap_or_default()),
        };
        if text != other.text || end.is_empty() != other.end.is_empty() {
            let common = text.iter().zip(other.text).take_while(|(one, other)| one == other).count();
            return Comparison::Differ { copy: copy_at.saturating_add(common), original: original_at.saturating_add(common) };
        }
        copy_at = copy_at.saturating_add(text.len()).saturating_add(end.len());
        original_at = original_at.saturating_add(text.len()).saturating_add(other.end.len());
    }
}

/// A line and its end: CR LF, LF or, for the last one, nothing.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Line<'a> {
    pub(super) text: &'a [u8],
    pub(super) end: &'a [u8],
}

pub(super) fn lines(bytes: &[u8]) -> impl Iterator<Item = Line<'_>> {
    bytes.split_inclusive(|byte| *byte == b'\n').map(split_line_end)
}

/// Takes the last line end, CR LF or LF, from the rest.
pub(super) fn split_line_end(bytes: &[u8]) -> Line<'_> {
    let (text, end) = bytes.split_at_checked(without_crlf_or_lf(bytes).len()).unwrap_or((bytes, b""));
    Line { text, end }
}
