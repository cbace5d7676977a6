//! Outer header fields: each value is written so that it stays one field.

#![warn(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::address::Address;

/// RFC 5322 §2.1.1: a line should be no longer.
const LINE_WANTED: usize = 78;
/// RFC 5322 §2.1.1: a line must be no longer.
const LINE_MAX: usize = 998;

/// A header under construction.
#[derive(Debug, Clone, Default)]
pub(super) struct HeaderWriter {
    bytes: Vec<u8>,
}

impl HeaderWriter {
    /// A field whose value is of visible ASCII, blanks and tabs by its type: a word of the protocol, an identifier, an address, a date.
    pub(super) fn word(&mut self, name: &str, value: &str) {
        self.name(name);
        let length = name.len().saturating_add(2).saturating_add(value.len());
        self.bytes.extend_from_slice(if length > LINE_MAX { b"\r\n " } else { b" " });
        self.bytes.extend(value.bytes().filter(|b| !matches!(b, 0 | b'\r' | b'\n')));
        self.bytes.extend_from_slice(b"\r\n");
    }

    /// A field of free text: folded where it may be, in encoded words (RFC 2047) where it must be. A line break or a tab is written as a blank.
    pub(super) fn text(&mut self, name: &str, value: &str) {
        let value: String = value.trim().chars().map(|c| if matches!(c, '\r' | '\n' | '\t') { ' ' } else { c }).collect();
        self.name(name);
        let start = name.len().saturating_add(1);
        if !fold(&value, start, &mut self.bytes) {
            encoded_words(&value, start, &mut self.bytes);
        }
        self.bytes.extend_from_slice(b"\r\n");
    }

    /// `name: "display"` and `<address>`, on two lines. A display name of plain characters is quoted; another one, or a long one, is in encoded
    /// words, which may stand for a phrase (RFC 2047 §5): inside quotes some readers would decode or see what is not there. A control
    /// character is written as a blank.
    pub(super) fn mailbox(&mut self, name: &str, display: &str, address: &Address) {
        let display: String = display.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        self.name(name);
        if is_plain_phrase(&display) {
            self.bytes.extend_from_slice(b" \"");
            self.bytes.extend_from_slice(display.as_bytes());
            self.bytes.push(b'"');
        } else {
            encoded_words(&display, name.len().saturating_add(1), &mut self.bytes);
        }
        self.bytes.extend_from_slice(b"\r\n <");
        self.bytes.extend_from_slice(address.as_str().as_bytes());
        self.bytes.extend_from_slice(b">\r\n");
    }

    /// A field taken over as it stands, with CR LF at the ends of its lines; lines of blanks alone, which folding may have left, go, and so do
    /// blanks before its colon. It is one field by having been read as one.
    pub(super) fn inherited(&mut self, raw: &[u8]) -> Result<(), Unfit> {
        fits(raw)?;
        for (index, line) in lines(raw).enumerate() {
            for piece in without_gap(index, line) {
                self.bytes.extend_from_slice(piece);
            }
            self.bytes.extend_from_slice(b"\r\n");
        }
        Ok(())
    }

    /// A field taken over in a form that is fit for a header, where it is not fit as it stands: control characters become blanks, so that
    /// words stay apart, bytes beyond ASCII `?`, and long lines are folded at blanks.
    pub(super) fn mended(&mut self, raw: &[u8]) -> Result<(), Unfit> {
        if self.inherited(raw).is_ok() {
            return Ok(());
        }
        let mut mended = Vec::with_capacity(raw.len());
        for (index, line) in lines(raw).enumerate() {
            let fit = |b: &u8| match *b {
                b if is_text(b) => b,
                b if b.is_ascii() => b' ',
                _ => b'?',
            };
            let line: Vec<u8> = without_gap(index, line).into_iter().flatten().map(fit).collect();
            let held = if index == 0 { line.iter().position(|b| *b == b':') } else { line.iter().position(|b| !is_blank(*b)) };
            if let Some(held) = held {
                fold_line(&line, held, &mut mended)?;
            }
        }
        self.bytes.append(&mut mended);
        Ok(())
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    fn name(&mut self, name: &str) {
        self.bytes.extend_from_slice(name.as_bytes());
        self.bytes.push(b':');
    }
}

/// A field of another message that cannot stand in a header of 7-bit mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Unfit;

/// Whether a field can stand in a header as it is.
pub(super) fn fits(raw: &[u8]) -> Result<(), Unfit> {
    let unfit = lines(raw).any(|line| line.len() > LINE_MAX || line.iter().any(|b| !is_text(*b)));
    if unfit { Err(Unfit) } else { Ok(()) }
}

/// The lines of a field without their ends, but for those of blanks alone.
fn lines(raw: &[u8]) -> impl Iterator<Item = &[u8]> {
    let lines = raw.split(|b| *b == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    lines.filter(|line| !line.iter().all(|b| is_blank(*b)))
}

/// A line in two pieces, without the blanks that RFC 5322 §4.5.1 lets stand before the colon: many readers take such a line for the body's first.
fn without_gap(index: usize, line: &[u8]) -> [&[u8]; 2] {
    let colon = line.iter().position(|b| *b == b':').filter(|_| index == 0).unwrap_or_default();
    let (name, rest) = line.split_at_checked(colon).unwrap_or((b"", line));
    [name.trim_ascii_end(), rest]
}

fn is_blank(b: u8) -> bool {
    matches!(b, b' ' | b'\t')
}

/// What RFC 5322 §2.2 lets stand in a header.
fn is_text(b: u8) -> bool {
    is_blank(b) || b.is_ascii_graphic()
}

/// Writes a line, folded at blanks behind `held` where it is too long.
fn fold_line(line: &[u8], held: usize, out: &mut Vec<u8>) -> Result<(), Unfit> {
    let (mut rest, mut held) = (line.trim_ascii_end(), held);
    while rest.len() > LINE_MAX {
        let head = rest.get(..=LINE_MAX).unwrap_or_default();
        let blank = head.iter().rposition(|b| is_blank(*b)).filter(|at| *at > held).ok_or(Unfit)?;
        let (head, tail) = rest.split_at_checked(blank).ok_or(Unfit)?;
        out.extend_from_slice(head);
        out.extend_from_slice(b"\r\n");
        // No line may be of blanks alone.
        held = tail.iter().position(|b| !is_blank(*b)).ok_or(Unfit)?;
        rest = tail;
    }
    out.extend_from_slice(rest);
    out.extend_from_slice(b"\r\n");
    Ok(())
}

/// Whether a display name can stand in quotes: no reader takes anything in it for more than a letter.
fn is_plain_phrase(display: &str) -> bool {
    /// Beyond this a line would be too long for too many readers; addresses have 320 characters at most.
    const LONGEST: usize = LINE_MAX / 4;
    let plain = |b: u8| b == b' ' || b.is_ascii_graphic() && !matches!(b, b'"' | b'\\' | b'<' | b'>' | b'(' | b')' | b',' | b';');
    display.len() <= LONGEST && display.bytes().all(plain) && !display.contains("=?") && !display.contains("  ")
}

/// Writes a value that reads as itself, a blank before it, folded at its blanks. Gives it back unwritten where it would not.
fn fold(value: &str, start: usize, out: &mut Vec<u8>) -> bool {
    let plain = value.bytes().all(|b| b == b' ' || b.is_ascii_graphic()) && !value.contains("=?");
    // An empty word would be a line of blanks, or blanks that folding takes away.
    if !plain || value.split(' ').any(|word| word.is_empty() || word.len() > LINE_MAX.saturating_sub(start).saturating_sub(1)) {
        return false;
    }
    let mut column = start;
    for (index, word) in value.split(' ').enumerate() {
        let after = column.saturating_add(1).saturating_add(word.len());
        if after > LINE_WANTED && index > 0 {
            out.extend_from_slice(b"\r\n ");
            column = word.len().saturating_add(1);
        } else {
            out.push(b' ');
            column = after;
        }
        out.extend_from_slice(word.as_bytes());
    }
    true
}

/// Writes a value in encoded words of base64 and UTF-8 (RFC 2047), one a line.
fn encoded_words(value: &str, start: usize, out: &mut Vec<u8>) {
    /// An encoded word has 75 characters at most (RFC 2047 §2), of which `=?utf-8?B?` and `?=` take 12.
    const BYTES: usize = 45;
    let mut room = BYTES.saturating_sub(start.min(BYTES / 2));
    let mut rest = value;
    let mut first = true;
    while !rest.is_empty() {
        let fitting = rest.char_indices().map(|(at, c)| at.saturating_add(c.len_utf8())).take_while(|end| *end <= room).last();
        let (word, after) = rest.split_at_checked(fitting.unwrap_or(rest.len())).unwrap_or((rest, ""));
        out.extend_from_slice(if first { b" " } else { b"\r\n " });
        out.extend_from_slice(format!("=?utf-8?B?{}?=", STANDARD.encode(word)).as_bytes());
        (first, room, rest) = (false, BYTES, after);
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "tests may panic")]
mod tests {
    use super::*;

    fn text(value: &str) -> String {
        let mut header = HeaderWriter::default();
        header.text("Subject", value);
        String::from_utf8(header.into_bytes()).unwrap()
    }

    #[test]
    fn a_text_stays_one_field() {
        assert_eq!(text("CONSEGNA: x"), "Subject: CONSEGNA: x\r\n");
        assert_eq!(text("CONSEGNA: a\r\nBcc: b@c"), "Subject: =?utf-8?B?Q09OU0VHTkE6IGEgIEJjYzogYkBj?=\r\n");
        assert_eq!(text("è"), "Subject: =?utf-8?B?w6g=?=\r\n");
        assert_eq!(text("=?utf-8?Q?x?="), "Subject: =?utf-8?B?PT91dGYtOD9RP3g/PQ==?=\r\n");
        for long in ["parola ".repeat(2_000), "è".repeat(10_000), "x".repeat(10_000), "😀 ".repeat(99)] {
            let written = text(&long);
            let lines: Vec<&str> = written.strip_suffix("\r\n").unwrap().split("\r\n").collect();
            assert!(lines.iter().all(|line| line.len() <= 78 && !line.trim().is_empty()), "{written}");
            assert!(lines[1..].iter().all(|line| line.starts_with(' ')));
        }
    }

    fn written(write: impl FnOnce(&mut HeaderWriter)) -> String {
        let mut header = HeaderWriter::default();
        write(&mut header);
        String::from_utf8(header.into_bytes()).unwrap()
    }

    #[test]
    fn a_display_name_ends_where_it_ends() {
        let mailbox = |display: &str| written(|header| header.mailbox("From", display, &"p@q.example".parse().unwrap()));
        assert_eq!(mailbox("Per conto di: a@b.example"), "From: \"Per conto di: a@b.example\"\r\n <p@q.example>\r\n");
        assert_eq!(mailbox("a\r\nBcc: b"), mailbox("a  Bcc: b"), "a control character is a blank");
        for odd in ["a\"", "a\\", "=?utf-8?q?x?=", "è", "a <b@c>", "a, b@c", "a  b", "(c", &"x".repeat(400), &"😀".repeat(100)] {
            let line = mailbox(odd);
            assert!(line.starts_with("From: =?utf-8?B?") && line.ends_with("?=\r\n <p@q.example>\r\n") && !line.contains('"'), "{line}");
            assert!(line.lines().all(|line| line.len() <= 78), "{line}");
        }
    }

    #[test]
    fn an_inherited_field_ends_its_lines_with_cr_lf() {
        let inherited = |raw: &[u8]| {
            let mut header = HeaderWriter::default();
            header.inherited(raw).map(|()| header.into_bytes())
        };
        assert_eq!(inherited(b"To: a@b,\n c@d,\r\n \t\r\n\te@f\n").unwrap(), b"To: a@b,\r\n c@d,\r\n\te@f\r\n");
        for unfit in ["To: a\0\r\n", "To: a\rb\r\n", "To: a\r\r\n", "To: a\x0bb", "To: a\r\n \x0c\r\n", "To: \x7f", "To: è\r\n"] {
            assert_eq!(inherited(unfit.as_bytes()), Err(Unfit), "{unfit:?}");
        }
        let long = |length: usize| format!("To: {}\r\n", "x".repeat(length - 4));
        assert!(inherited(long(998).as_bytes()).is_ok());
        assert_eq!(inherited(long(999).as_bytes()), Err(Unfit));
    }

    #[test]
    fn a_mended_field_is_fit_and_keeps_its_words_apart() {
        let mended = |raw: &str| {
            let mut header = HeaderWriter::default();
            header.mended(raw.as_bytes()).map(|()| String::from_utf8(header.into_bytes()).unwrap())
        };
        assert_eq!(mended("To: a@b,\n c@d\r\n").unwrap(), "To: a@b,\r\n c@d\r\n");
        assert_eq!(mended("To: a\0b\rc\x0bd\x0ce\x7fè\r\n \0\r\n f\r\n").unwrap(), "To: a b c d e ??\r\n f\r\n");
        // Folded as late as can be, never at the name, never into a line of blanks.
        let (a, b) = ("a".repeat(990), "b".repeat(997));
        assert_eq!(mended(&format!("To: {a} c {b}\r\n")).unwrap(), format!("To: {a} c\r\n {b}\r\n"));
        assert_eq!(mended(&format!("To: {b}")).unwrap(), format!("To:\r\n {b}\r\n"));
        assert_eq!(mended(&format!("To:{}x", " ".repeat(900))).unwrap().lines().count(), 1);
        for hopeless in [
            format!("To: {b}b"),
            format!("To : {b}b"),
            format!("To:{b}"),
            format!("To: a\r\n {b}b"),
            format!("To: a {}c", " ".repeat(2_000)),
        ] {
            assert_eq!(mended(&hopeless), Err(Unfit), "{hopeless}");
        }
        let words = mended(&format!("To: {}", "parola ".repeat(50_000))).unwrap();
        assert!(words.lines().all(|line| line.len() <= 998 && !line.trim().is_empty()));
        assert_eq!(words.replace("\r\n", ""), format!("To: {}", "parola ".repeat(50_000)).trim_end());
    }
}
