//! What the lines of a piece of mail are like: line ends, NUL, length.

#![warn(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use memchr::{memchr, memchr2_iter};

use super::Entity;
use crate::finding::Place;
use crate::{Finding, FindingKind, Limits};

/// Which line ends a piece of mail has, as far as it matters to a signature over it: RFC 5322 and RFC 1847 want CR LF, tools on Unix
/// keep LF alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineEnds {
    /// Neither CR nor LF.
    None,
    /// LF, and not one CR: as a tool would leave it that stored the message with its own line ends.
    LfOnly,
    /// There are CRs.
    WithCr,
}

impl LineEnds {
    /// Looks for CR, then for LF: on mail as it is sent, that ends with the first line.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        if memchr(b'\r', bytes).is_some() {
            Self::WithCr
        } else if memchr(b'\n', bytes).is_some() {
            Self::LfOnly
        } else {
            Self::None
        }
    }
}

/// A line without its end: CR LF, LF, or the CR of an end that was cut in two.
pub(super) fn without_line_end(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// Bytes without the CR LF or LF at their end, if there is one; a CR alone stays.
pub(crate) fn without_crlf_or_lf(bytes: &[u8]) -> &[u8] {
    if bytes.ends_with(b"\n") { without_line_end(bytes) } else { bytes }
}

/// The bytes with every LF made CR LF, piece by piece and without a copy: the form that was signed, of a message that was stored with LF alone.
pub(crate) fn as_crlf(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut lines = bytes.split(|&byte| byte == b'\n').peekable();
    core::iter::from_fn(move || {
        let line = lines.next()?;
        Some([line, if lines.peek().is_some() { b"\r\n" } else { b"" }])
    })
    .flatten()
}

/// Looks at pieces of one message for what no mail should have: NUL, a CR without its LF, both kinds of line end, overlong lines.
///
/// ```
/// use postacert::{Limits, mime::{LineScan, Tree}};
///
/// let limits = Limits::default();
/// let tree = Tree::parse(b"Subject: a\r\nTo: b@c\n\r\n", &limits)?;
/// let mut scan = LineScan::new(&limits);
/// scan.look(tree.root().header_bytes(), tree.root().offset());
/// let findings = scan.findings(&tree.root());
/// assert_eq!(findings.iter().map(|f| f.code()).collect::<Vec<_>>(), ["mixed-line-endings"]);
/// # Ok::<(), postacert::mime::MimeError>(())
/// ```
#[derive(Debug, Clone)]
pub struct LineScan {
    line_bytes: usize,
    crlf: bool,
    lf: bool,
    mixed: Option<usize>,
    bare_cr: Option<usize>,
    nul: Option<usize>,
    long: Option<usize>,
}

impl LineScan {
    /// A scan that has seen nothing yet. Of the limits it takes `line_bytes`.
    #[must_use]
    pub fn new(limits: &Limits) -> Self {
        Self { line_bytes: limits.line_bytes, crlf: false, lf: false, mixed: None, bare_cr: None, nul: None, long: None }
    }

    /// Looks at a piece that begins at `offset` of the message and at the beginning of a line.
    pub fn look(&mut self, piece: &[u8], offset: usize) {
        if !self.lf && piece.len() <= self.line_bytes && is_clean(piece) {
            self.crlf |= memchr(b'\n', piece).is_some();
        } else {
            self.look_closely(piece, offset);
        }
    }

    fn look_closely(&mut self, piece: &[u8], offset: usize) {
        if self.nul.is_none() {
            self.nul = memchr(0, piece).map(|at| offset.saturating_add(at));
        }
        let mut line_start = 0_usize;
        for at in memchr2_iter(b'\r', b'\n', piece) {
            let after = at.saturating_add(1);
            if piece.get(at) == Some(&b'\n') {
                let crlf = at > line_start && piece.get(at.saturating_sub(1)) == Some(&b'\r');
                let ended = if crlf { at.saturating_sub(1) } else { at };
                self.line(line_start, ended, offset);
                self.line_end(crlf, offset.saturating_add(ended));
                line_start = after;
            } else if piece.get(after) != Some(&b'\n') {
                self.bare_cr = self.bare_cr.or(Some(offset.saturating_add(at)));
            }
        }
        self.line(line_start, piece.len(), offset);
    }

    fn line(&mut self, start: usize, end: usize, offset: usize) {
        if end.saturating_sub(start) > self.line_bytes {
            self.long = self.long.or(Some(offset.saturating_add(start)));
        }
    }

    fn line_end(&mut self, crlf: bool, offset: usize) {
        self.crlf |= crlf;
        self.lf |= !crlf;
        if self.crlf && self.lf {
            self.mixed = self.mixed.or(Some(offset));
        }
    }

    /// What was found, each once, at the first place where it stands. The places name the entity's section.
    #[must_use]
    pub fn findings(&self, entity: &Entity<'_, '_>) -> Vec<Finding> {
        let found = [
            (self.nul, FindingKind::NulByte),
            (self.bare_cr, FindingKind::BareCr),
            (self.mixed, FindingKind::MixedLineEndings),
            (self.long, FindingKind::LineTooLong { limit: self.line_bytes }),
        ];
        let present = found.into_iter().filter_map(|(offset, kind)| Some((offset?, kind)));
        present.map(|(offset, kind)| Finding::new(kind, Place::at(&entity.section(), offset))).collect()
    }
}

/// Whether there is no NUL, no CR but before LF, and no LF but behind CR. Without a branch in the loop, it is done many bytes at a time.
fn is_clean(piece: &[u8]) -> bool {
    let (Some((first, behind_first)), Some(last)) = (piece.split_first(), piece.last()) else { return true };
    let flawed = |flawed: bool, (byte, next): (&u8, &u8)| flawed | (*byte == 0) | ((*byte == b'\r') != (*next == b'\n'));
    *first != b'\n' && *last != b'\r' && *last != 0 && !piece.iter().zip(behind_first).fold(false, flawed)
}
