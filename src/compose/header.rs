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

    /// `name: "display"` and `<address>`, on two lines. Of the display name only what is visible ASCII; other characters become `?`.
    pub(super) fn mailbox(&mut self, name: &str, display: &str, address: &Address) {
        self.name(name);
        self.bytes.extend_from_slice(b" \"");
        // Beyond this it is no address that could be answered; the text says it whole.
        for c in display.chars().take(LINE_MAX / 4) {
            let shown = if c == ' ' || c.is_ascii_graphic() { c } else { '?' };
            if matches!(shown, '"' | '\\') {
                self.bytes.push(b'\\');
            }
            self.bytes.extend(u8::try_from(shown));
        }
        self.bytes.extend_from_slice(b"\"\r\n <");
        self.bytes.extend_from_slice(address.as_str().as_bytes());
        self.bytes.extend_from_slice(b">\r\n");
    }

    /// A field taken over as it stands, with CR LF at the ends of its lines. It is one field by having been read as one.
    pub(super) fn inherited(&mut self, raw: &[u8]) {
        let lines = raw.split(|b| *b == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
        for line in lines.filter(|line| !line.trim_ascii().is_empty()) {
            // A NUL or a lone CR could end a field for some readers.
            self.bytes.extend(line.iter().filter(|b| !matches!(b, 0 | b'\r')));
            self.bytes.extend_from_slice(b"\r\n");
        }
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    fn name(&mut self, name: &str) {
        self.bytes.extend_from_slice(name.as_bytes());
        self.bytes.push(b':');
    }
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

    #[test]
    fn a_display_name_ends_where_it_ends() {
        let mut header = HeaderWriter::default();
        header.mailbox("From", "a\"\\\r\nBcc: è", &"p@q.example".parse().unwrap());
        assert_eq!(header.into_bytes(), b"From: \"a\\\"\\\\??Bcc: ?\"\r\n <p@q.example>\r\n");
    }

    #[test]
    fn an_inherited_field_ends_its_lines_with_cr_lf() {
        let mut header = HeaderWriter::default();
        header.inherited(b"To: a@b,\n c@d\r,\r\n e@f\0\n");
        assert_eq!(header.into_bytes(), b"To: a@b,\r\n c@d,\r\n e@f\r\n");
    }
}
