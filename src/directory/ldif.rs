//! LDIF (RFC 2849) as lines: unfolded, numbered, split into a name and a value. What the names mean is not known here.
//!
//! One pass over the bytes; a line is copied only when it is folded, and then into one buffer that all lines share.

use memchr::memchr;

/// Reads the logical lines of an LDIF file, one after the other.
pub(super) struct Lines<'a> {
    rest: &'a [u8],
    /// How many physical lines were read.
    read: usize,
    limit: usize,
    unfolded: Vec<u8>,
    /// Whether a line that begins with a blank has a line before it to continue.
    foldable: bool,
}

/// A logical line and the number, from 1, of the physical line it begins on.
pub(super) struct Line<'l> {
    pub(super) number: usize,
    pub(super) content: Content<'l>,
}

pub(super) enum Content<'l> {
    /// The end of a record.
    Blank,
    /// `name;options: value`, without the options.
    Field { name: &'l [u8], value: Value<'l> },
    /// A line that is none.
    Fault(Fault, &'l [u8]),
}

/// A value as written, without the blanks around it.
#[derive(Clone, Copy)]
pub(super) enum Value<'l> {
    Plain(&'l [u8]),
    Base64(&'l [u8]),
    Url(&'l [u8]),
}

pub(super) enum Fault {
    /// No colon, or something before it that is no attribute's name.
    NotAField,
    /// A line that begins with a blank where there is nothing to continue.
    StrayContinuation,
    TooLong,
}

impl<'a> Lines<'a> {
    /// `limit`: the greatest number of bytes that an unfolded line may have.
    pub(super) fn new(bytes: &'a [u8], limit: usize) -> Self {
        let rest = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
        Self { rest, read: 0, limit, unfolded: Vec::new(), foldable: false }
    }

    /// The next line that is no comment.
    pub(super) fn next(&mut self) -> Option<Line<'_>> {
        loop {
            let first = self.physical()?;
            let number = self.read;
            if first.is_empty() {
                self.foldable = false;
                return Some(Line { number, content: Content::Blank });
            }
            if first.first() == Some(&b'#') {
                while self.continuation().is_some() {}
                // A comment and its folds are as if they were not there.
                continue;
            }
            if first.first() == Some(&b' ') && !self.foldable {
                return Some(self.stray(number, first));
            }
            self.foldable = true;
            return Some(self.logical(number, first));
        }
    }

    /// The rest of the line that begins with `first`.
    fn logical(&mut self, number: usize, first: &'a [u8]) -> Line<'_> {
        let mut too_long = first.len() > self.limit;
        let mut folded = false;
        while let Some(more) = self.continuation() {
            if !folded {
                folded = true;
                self.unfolded.clear();
                if !too_long {
                    self.unfolded.extend_from_slice(first);
                }
            }
            too_long = too_long || self.unfolded.len().saturating_add(more.len()) > self.limit;
            if !too_long {
                self.unfolded.extend_from_slice(more);
            }
        }
        if too_long {
            // As much of it as there was room for.
            let line = if folded && first.len() <= self.limit { self.unfolded.as_slice() } else { first };
            return Line { number, content: Content::Fault(Fault::TooLong, line) };
        }
        let line = if folded { self.unfolded.as_slice() } else { first };
        Line { number, content: field(line).unwrap_or(Content::Fault(Fault::NotAField, line)) }
    }

    fn stray(&mut self, number: usize, first: &'a [u8]) -> Line<'_> {
        let mut blank = is_blank(first);
        while let Some(more) = self.continuation() {
            blank = blank && is_blank(more);
        }
        // A line of blanks alone separates records as an empty one does.
        let content = if blank { Content::Blank } else { Content::Fault(Fault::StrayContinuation, first) };
        Line { number, content }
    }

    /// The next physical line without its first blank, if it continues the one before.
    fn continuation(&mut self) -> Option<&'a [u8]> {
        if self.rest.first() != Some(&b' ') {
            return None;
        }
        self.physical()?.get(1..)
    }

    /// The next physical line, without its LF or CR LF.
    fn physical(&mut self) -> Option<&'a [u8]> {
        if self.rest.is_empty() {
            return None;
        }
        let end = memchr(b'\n', self.rest).unwrap_or(self.rest.len());
        let (line, rest) = self.rest.split_at_checked(end)?;
        self.rest = rest.get(1..).unwrap_or_default();
        self.read = self.read.saturating_add(1);
        Some(line.strip_suffix(b"\r").unwrap_or(line))
    }
}

fn field(line: &[u8]) -> Option<Content<'_>> {
    let colon = memchr(b':', line)?;
    let (description, rest) = line.split_at_checked(colon)?;
    if description.is_empty() || !description.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b';' | b'_')) {
        return None;
    }
    let name = description.split(|&b| b == b';').next()?;
    let value = rest.get(1..)?;
    let value = match value.first() {
        Some(b':') => Value::Base64(trim(value.get(1..)?)),
        Some(b'<') => Value::Url(trim(value.get(1..)?)),
        _ => Value::Plain(trim(value)),
    };
    Some(Content::Field { name, value })
}

fn is_blank(line: &[u8]) -> bool {
    line.iter().all(|b| matches!(b, b' ' | b'\t'))
}

/// `value` without the blanks around it: RFC 2849's FILL before it, and after it what editors leave behind.
fn trim(value: &[u8]) -> &[u8] {
    let mut value = value;
    while let [b' ' | b'\t', rest @ ..] = value {
        value = rest;
    }
    while let [rest @ .., b' ' | b'\t' | b'\r'] = value {
        value = rest;
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(ldif: &[u8], limit: usize) -> Vec<String> {
        let mut lines = Lines::new(ldif, limit);
        let mut out = Vec::new();
        while let Some(Line { number, content }) = lines.next() {
            let s = |b: &[u8]| String::from_utf8_lossy(b).into_owned();
            out.push(match content {
                Content::Blank => format!("{number} -"),
                Content::Field { name, value: Value::Plain(v) } => format!("{number} {}={}", s(name), s(v)),
                Content::Field { name, value: Value::Base64(v) } => format!("{number} {}:={}", s(name), s(v)),
                Content::Field { name, value: Value::Url(v) } => format!("{number} {}<={}", s(name), s(v)),
                Content::Fault(Fault::NotAField, v) => format!("{number} not a field {}", s(v)),
                Content::Fault(Fault::StrayContinuation, v) => format!("{number} stray {}", s(v)),
                Content::Fault(Fault::TooLong, _) => format!("{number} too long"),
            });
        }
        out
    }

    #[test]
    fn r21_lines_are_unfolded_and_numbered() {
        let ldif = b"\xEF\xBB\xBFversion: 1\r\n\r\ndn: o=post\r\n acert\r\n# a com\n ment: not this\ndescr\n iption;lang-it: one \n  two  \nx:\n  y\n";
        assert_eq!(read(ldif, 100), ["1 version=1", "2 -", "3 dn=o=postacert", "7 description=one  two", "10 x=y"]);
    }

    #[test]
    fn r21_forms_of_values() {
        let ldif = b"a:b\nb:: Yg==\nc:< file:///etc/passwd\nd: <no url\ne: :x\nf:\ng::\n";
        assert_eq!(read(ldif, 100), ["1 a=b", "2 b:=Yg==", "3 c<=file:///etc/passwd", "4 d=<no url", "5 e=:x", "6 f=", "7 g:="]);
    }

    #[test]
    fn r21_lines_that_are_none() {
        let ldif = b" stray\n  more\nno colon\n:x\na b: c\n\n  \n x\nlast: 1";
        let got = ["1 stray  stray", "3 not a field no colon", "4 not a field :x", "5 not a field a b: c", "6 -", "7 stray   ", "9 last=1"];
        assert_eq!(read(ldif, 100), got);
        assert_eq!(read(b"\n \n \na: b", 9), ["1 -", "2 -", "4 a=b"]);
    }

    #[test]
    fn limit_of_a_line_counts_it_unfolded() {
        assert_eq!(read(b"a: 45\n 67\n 890\nb: 1\n", 10), ["1 a=4567890", "4 b=1"]);
        assert_eq!(read(b"a: 45\n 67\n 8901\nb: 1\n", 10), ["1 too long", "4 b=1"]);
        assert_eq!(read(b"a: 4567890\nb: 4567890X\n c\nd: 1\n", 10), ["1 a=4567890", "2 too long", "4 d=1"]);
    }
}
