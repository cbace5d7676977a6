//! The lines that separate the messages of an mbox.

use core::ops::Range;

use memchr::memchr;

/// Which lines that begin with `From ` are taken for separators.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum FromLines {
    /// Those that bear a date as RFC 4155 and all common programs write it, `From a@x.example Sun Nov 22 10:00:00 2026`, with or without seconds, and
    /// with or without a zone before or behind the year. Whether a blank line stands before is not asked: not every program writes one.
    #[default]
    Dated,
    /// Any, at the beginning of the file or behind a blank line. A paragraph of a message may begin so.
    AfterBlankLine,
}

/// Separators are short: an address of 254 bytes, a date. A longer line is none.
const LENGTH_MAX: usize = 1024;

const FROM: &[u8] = b"From ";

/// Whether more bytes may come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Input {
    Partial,
    Complete,
}

/// Finds separators in a buffer that may grow. No byte is looked at more than a bounded number of times, however it grows.
#[derive(Debug, Clone)]
pub(super) struct Scanner {
    /// Up to here everything was looked at.
    at: usize,
    place: Place,
    before: Before,
    from_lines: FromLines,
}

/// Where in its line the next byte is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Start,
    Within,
}

/// What stands before a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Before {
    /// A blank line, or nothing.
    Blank,
    Text,
}

impl Scanner {
    pub(super) fn new(from_lines: FromLines) -> Self {
        Self { at: 0, place: Place::Start, before: Before::Blank, from_lines }
    }

    /// Up to where the buffer was looked at. What comes before belongs to no separator that is still to be found.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// The buffer lost its first bytes, which were looked at.
    pub(super) fn forget(&mut self, bytes: usize) {
        self.at = self.at.saturating_sub(bytes);
    }

    /// The next separator with its line end; `None` where there is none, or none yet.
    pub(super) fn next(&mut self, buffer: &[u8], input: Input) -> Option<Range<usize>> {
        loop {
            let rest = buffer.get(self.at..).unwrap_or_default();
            if rest.is_empty() {
                return None;
            }
            let start = self.at;
            let length = if self.place == Place::Start && may_begin(rest) {
                let looked_at = rest.get(..LENGTH_MAX).unwrap_or(rest);
                match memchr(b'\n', looked_at) {
                    Some(newline) => Some(newline.saturating_add(1)),
                    None if input == Input::Partial && rest.len() < LENGTH_MAX => return None,
                    None => (rest.len() < LENGTH_MAX).then_some(rest.len()),
                }
            } else {
                None
            };
            if let Some(line) = length.and_then(|length| rest.get(..length))
                && self.is_separator(line)
            {
                self.at = start.saturating_add(line.len());
                self.before = Before::Text;
                return Some(start..self.at);
            }
            match memchr(b'\n', rest) {
                Some(newline) => {
                    let blank = self.place == Place::Start && matches!(rest.get(..newline), Some(b"" | b"\r"));
                    self.before = if blank { Before::Blank } else { Before::Text };
                    self.place = Place::Start;
                    self.at = start.saturating_add(newline).saturating_add(1);
                }
                // A CR that a LF may follow: whether the line is blank is not known yet.
                None if self.place == Place::Start && rest == b"\r" => return None,
                None => {
                    self.place = Place::Within;
                    self.at = buffer.len();
                }
            }
        }
    }

    fn is_separator(&self, line: &[u8]) -> bool {
        let Some(rest) = line.strip_prefix(FROM) else { return false };
        match self.from_lines {
            FromLines::Dated => is_dated(rest),
            // A field `From :`, as RFC 5322 §4.5 lets old mail have it, is none.
            FromLines::AfterBlankLine => self.before == Before::Blank && !rest.trim_ascii_start().starts_with(b":"),
        }
    }
}

/// Whether the line that begins so may turn out to be a separator.
fn may_begin(rest: &[u8]) -> bool {
    rest.starts_with(FROM) || FROM.starts_with(rest)
}

/// Whether a weekday, a month, a day, a time, and soon a year, follow each other.
fn is_dated(rest: &[u8]) -> bool {
    let mut words = rest.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    while let Some(word) = words.next() {
        if !WEEKDAYS.contains(&word) {
            continue;
        }
        let mut date = words.clone();
        let [month, day, time] = [date.next(), date.next(), date.next()].map(Option::unwrap_or_default);
        // A zone, in a word or two, may stand before the year.
        if MONTHS.contains(&month) && is_number(day, 1..=2) && is_time(time) && date.take(3).any(|word| is_number(word, 4..=4)) {
            return true;
        }
    }
    false
}

fn is_time(word: &[u8]) -> bool {
    let mut parts = word.split(|byte| *byte == b':');
    parts.by_ref().take(2).filter(|part| is_number(part, 1..=2)).count() == 2 && parts.all(|part| is_number(part, 2..=2))
}

fn is_number(word: &[u8], digits: core::ops::RangeInclusive<usize>) -> bool {
    digits.contains(&word.len()) && word.iter().all(u8::is_ascii_digit)
}

const WEEKDAYS: [&[u8]; 7] = [b"Mon", b"Tue", b"Wed", b"Thu", b"Fri", b"Sat", b"Sun"];
const MONTHS: [&[u8]; 12] = [b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec"];
