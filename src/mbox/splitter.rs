//! An mbox file that comes in pieces.

use core::ops::Range;

use super::from_line::{FromLines, Input, Scanner};
use super::{MboxMessage, without_blank_line};
use crate::limits::Limits;

/// The messages of an mbox file that comes in pieces of any size: as [`Mbox`](super::Mbox) gives them, in memory for the longest message and a
/// piece.
///
/// Take every message after each piece: those that are not taken are kept.
///
/// ```
/// use postacert::{Limits, mbox::{FromLines, Splitter}};
///
/// # let file = b"From a@x.example Sun Nov 22 10:00:00 2026\nSubject: 1\n\none\n\nFrom b@x.example Sun Nov 22 10:00:01 2026\nSubject: 2\n\ntwo\n";
/// let mut splitter = Splitter::new(FromLines::default(), &Limits::default());
/// let mut lengths = Vec::new();
/// for piece in file.chunks(10) {
///     splitter.push(piece);
///     while let Some(message) = splitter.next_message() {
///         lengths.push(message?.bytes().len());
///     }
/// }
/// splitter.finish();
/// while let Some(message) = splitter.next_message() {
///     lengths.push(message?.bytes().len());
/// }
/// assert_eq!(lengths, [16, 16]);
/// # Ok::<(), postacert::mbox::MboxError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Splitter {
    buffer: Vec<u8>,
    /// How many bytes of the file stood before the buffer.
    base: u64,
    scanner: Scanner,
    open: Open,
    input: Input,
    limit: usize,
    preamble: u64,
}

/// What the buffer begins with. It may have more before that, which goes at the next piece.
#[derive(Debug, Clone)]
enum Open {
    /// Bytes before the first separator.
    Preamble,
    /// A separator, here, and its message.
    Message(Range<usize>),
    /// The rest of a message beyond the limit.
    TooLong,
    Nothing,
}

coded! {
    /// Why a message of an mbox file is not given.
    pub enum MboxError {
        /// The message is longer than [`Limits::message_bytes`](crate::Limits::message_bytes). It is left out, and those behind it are given.
        MessageTooLong { offset: u64, limit: usize } = "mbox-message-too-long",
            "the message at offset {offset} of the file is longer than {limit} bytes",
            "il messaggio alla posizione {offset} del file supera {limit} byte";
    }
}

impl core::error::Error for MboxError {}

impl Splitter {
    /// A splitter at the beginning of a file. Of the limits counts `message_bytes`.
    #[must_use]
    pub fn new(from_lines: FromLines, limits: &Limits) -> Self {
        let scanner = Scanner::new(from_lines);
        Self { buffer: Vec::new(), base: 0, scanner, open: Open::Preamble, input: Input::Partial, limit: limits.message_bytes, preamble: 0 }
    }

    /// The next bytes of the file.
    pub fn push(&mut self, piece: &[u8]) {
        let used = match &self.open {
            Open::Message(line) => line.start,
            Open::Preamble | Open::TooLong | Open::Nothing => self.scanner.at(),
        };
        self.buffer.drain(..used.min(self.buffer.len()));
        self.base = self.base.saturating_add(used as u64);
        self.scanner.forget(used);
        if let Open::Message(line) = &mut self.open {
            *line = 0..line.end.saturating_sub(used);
        }
        self.buffer.extend_from_slice(piece);
    }

    /// The file ends here: the last message is complete.
    pub fn finish(&mut self) {
        self.input = Input::Complete;
    }

    /// The next message that is complete; `None` where there is none until [`push`](Self::push) or [`finish`](Self::finish).
    ///
    /// # Errors
    /// [`MboxError`] in the place of a message that is longer than the limit. Those behind it follow.
    pub fn next_message(&mut self) -> Option<Result<MboxMessage<'_>, MboxError>> {
        let (line, end) = loop {
            let found = self.scanner.next(&self.buffer, self.input);
            let end = match (&found, self.input) {
                (Some(next), _) => next.start,
                (None, Input::Complete) => self.buffer.len(),
                (None, Input::Partial) => return self.too_long_already().map(Err),
            };
            let next = found.map_or(Open::Nothing, Open::Message);
            match core::mem::replace(&mut self.open, next) {
                Open::Message(line) => break (line, end),
                Open::Preamble => self.preamble = self.base.saturating_add(end as u64),
                Open::TooLong => {}
                Open::Nothing => return None,
            }
            if matches!(self.open, Open::Nothing) {
                return None;
            }
        };
        let length = without_blank_line(self.buffer.get(line.end..end).unwrap_or_default()).len();
        if length > self.limit {
            return Some(Err(self.too_long(&line)));
        }
        Some(Ok(MboxMessage::cut(&self.buffer, self.base, &line, end)))
    }

    /// How many bytes stand before the first separator, and are in no message; all of the file where there is none. Known once a message
    /// was given or the file ended.
    #[must_use]
    pub fn preamble_len(&self) -> u64 {
        self.preamble
    }

    /// The message that is still coming, if it is beyond the limit whatever comes.
    fn too_long_already(&mut self) -> Option<MboxError> {
        let Open::Message(line) = &self.open else { return None };
        // The last two bytes may be the blank line that ends it.
        let certain = self.scanner.at().saturating_sub(line.end).saturating_sub(2);
        if certain <= self.limit {
            return None;
        }
        let error = self.too_long(line);
        self.open = Open::TooLong;
        Some(error)
    }

    fn too_long(&self, line: &Range<usize>) -> MboxError {
        MboxError::MessageTooLong { offset: self.base.saturating_add(line.end as u64), limit: self.limit }
    }
}
