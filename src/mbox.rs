//! The messages of an mbox file (RFC 4155), found without reading anything.
//!
//! [`Mbox`] splits a file that is in memory, [`Splitter`] one that comes in pieces. Both give the very bytes of each message: a signature would not
//! hold over others.
//!
//! A message begins behind a line `From …`. In mail that nobody quoted, a line of text may begin so, too; [`FromLines`] says which lines are
//! taken for separators.

#![warn(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

mod from_line;
mod splitter;

use core::ops::Range;
use std::borrow::Cow;

use memchr::memmem;

pub use from_line::FromLines;
pub use splitter::{MboxError, Splitter};

use from_line::{Input, Scanner};

/// The messages of an mbox file in memory, in their order. Nothing is copied.
///
/// ```
/// use postacert::mbox::Mbox;
///
/// let file = b"From a@x.example Sun Nov 22 10:00:00 2026\nSubject: 1\n\none\n\nFrom b@x.example Sun Nov 22 10:00:01 2026\nSubject: 2\n\ntwo\n";
/// let messages: Vec<_> = Mbox::new(file).collect();
/// assert_eq!(messages[0].bytes(), b"Subject: 1\n\none\n");
/// assert_eq!(messages[1].from_line(), b"From b@x.example Sun Nov 22 10:00:01 2026\n");
/// assert_eq!(messages[1].range(), 101..117);
/// ```
#[derive(Debug, Clone)]
pub struct Mbox<'a> {
    file: &'a [u8],
    scanner: Scanner,
    /// The line before the next message.
    from_line: Option<Range<usize>>,
    preamble: &'a [u8],
}

impl<'a> Mbox<'a> {
    /// The messages of this file, behind [dated](FromLines::Dated) lines.
    #[must_use]
    pub fn new(file: &'a [u8]) -> Self {
        Self::with_from_lines(file, FromLines::default())
    }

    /// The messages of this file, behind the lines given.
    #[must_use]
    pub fn with_from_lines(file: &'a [u8], from_lines: FromLines) -> Self {
        let mut scanner = Scanner::new(from_lines);
        let from_line = scanner.next(file, Input::Complete);
        let preamble = file.get(..from_line.as_ref().map_or(file.len(), |line| line.start)).unwrap_or_default();
        Self { file, scanner, from_line, preamble }
    }

    /// What stands before the first separator, and is no message: all of the file where there is none.
    #[must_use]
    pub fn preamble(&self) -> &'a [u8] {
        self.preamble
    }
}

impl<'a> Iterator for Mbox<'a> {
    type Item = MboxMessage<'a>;

    fn next(&mut self) -> Option<MboxMessage<'a>> {
        let line = self.from_line.take()?;
        self.from_line = self.scanner.next(self.file, Input::Complete);
        let end = self.from_line.as_ref().map_or(self.file.len(), |next| next.start);
        Some(MboxMessage::cut(self.file, 0, &line, end))
    }
}

impl core::iter::FusedIterator for Mbox<'_> {}

/// A message of an mbox file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MboxMessage<'a> {
    from_line: &'a [u8],
    bytes: &'a [u8],
    start: u64,
}

impl<'a> MboxMessage<'a> {
    /// The message whose separator is at `line`, and that the next separator, or the file, ends at `end`; `base` bytes were before.
    fn cut(buffer: &'a [u8], base: u64, line: &Range<usize>, end: usize) -> Self {
        let bytes = without_blank_line(buffer.get(line.end..end).unwrap_or_default());
        Self { from_line: buffer.get(line.clone()).unwrap_or_default(), bytes, start: base.saturating_add(line.end as u64) }
    }

    /// The message as it stands in the file, without the line before it and the one blank line that ends it (RFC 4155, Appendix A). Lines that
    /// whoever wrote the file quoted are still quoted.
    #[must_use]
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// The separator before it, with its line end.
    #[must_use]
    pub fn from_line(&self) -> &'a [u8] {
        self.from_line
    }

    /// Where in the file [`bytes`](Self::bytes) are, in bytes from its beginning.
    #[must_use]
    pub fn range(&self) -> Range<u64> {
        self.start..self.start.saturating_add(self.bytes.len() as u64)
    }

    /// The message with the quoting of the form *mboxrd* undone: each line of `From ` behind one or more `>` loses one of them. Borrowed
    /// where there is none.
    ///
    /// No file says which form it is of. Where it is *mboxrd*, only these bytes are what was sent, and signed; where it is another, they may be a
    /// message that nobody sent. So verify [`bytes`](Self::bytes) first, and these where that fails.
    ///
    /// ```
    /// use postacert::mbox::Mbox;
    ///
    /// let file = b"From a@x.example Sun Nov 22 10:00:00 2026\n\n>From Rome\n>>From Milan\n> From Turin\n";
    /// let message = Mbox::new(file).next().unwrap();
    /// assert_eq!(message.bytes(), b"\n>From Rome\n>>From Milan\n> From Turin\n");
    /// assert_eq!(&*message.without_mboxrd_quotes(), b"\nFrom Rome\n>From Milan\n> From Turin\n");
    /// ```
    #[must_use]
    pub fn without_mboxrd_quotes(&self) -> Cow<'a, [u8]> {
        let mut out = Vec::new();
        let mut copied = 0_usize;
        for found in memmem::find_iter(self.bytes, b">From ") {
            let before = self.bytes.get(..found).unwrap_or_default();
            // The quotes before this one: each belongs to one place that is found, so each byte is looked at twice at most.
            let line = before.iter().rposition(|byte| *byte != b'>').map_or(0, |at| at.saturating_add(1));
            if line > 0 && before.get(line.saturating_sub(1)) != Some(&b'\n') {
                continue;
            }
            out.extend_from_slice(self.bytes.get(copied..line).unwrap_or_default());
            copied = line.saturating_add(1);
        }
        if copied == 0 {
            return Cow::Borrowed(self.bytes);
        }
        out.extend_from_slice(self.bytes.get(copied..).unwrap_or_default());
        Cow::Owned(out)
    }
}

/// Without the blank line that ends a message of an mbox, if it is there.
fn without_blank_line(bytes: &[u8]) -> &[u8] {
    let Some(rest) = bytes.strip_suffix(b"\n") else { return bytes };
    let rest = rest.strip_suffix(b"\r").unwrap_or(rest);
    if rest.is_empty() || rest.ends_with(b"\n") { rest } else { bytes }
}
