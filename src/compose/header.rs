//! Outer header fields: each value is written so that it stays one field.

use mail_builder::headers::{Header as _, text::Text};

use crate::address::Address;

/// A header under construction.
#[derive(Debug, Clone, Default)]
pub(super) struct HeaderWriter {
    bytes: Vec<u8>,
}

impl HeaderWriter {
    /// A field whose value is of visible ASCII by its type: a word of the protocol, an identifier, a date.
    pub(super) fn word(&mut self, name: &str, value: &str) {
        debug_assert!(value.bytes().all(|b| b == b'\t' || (b' '..0x7f).contains(&b)), "{name}: {value}");
        self.bytes.extend_from_slice(name.as_bytes());
        self.bytes.extend_from_slice(b": ");
        self.bytes.extend(value.bytes().filter(|b| !b.is_ascii_control()));
        self.bytes.extend_from_slice(b"\r\n");
    }

    /// A field of free text: folded, with encoded words (RFC 2047) where it needs them. Line breaks and other control characters become blanks.
    pub(super) fn text(&mut self, name: &str, value: &str) {
        let value: String = value.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        self.bytes.extend_from_slice(name.as_bytes());
        self.bytes.extend_from_slice(b": ");
        Text::new(value).write_header(&mut self.bytes, name.len().saturating_add(2));
        if !self.bytes.ends_with(b"\r\n") {
            self.bytes.extend_from_slice(b"\r\n");
        }
    }

    /// `name: "display" <address>`.
    pub(super) fn mailbox(&mut self, name: &str, display: &str, address: &Address) {
        self.bytes.extend_from_slice(name.as_bytes());
        self.bytes.extend_from_slice(b": \"");
        for byte in display.bytes().filter(|b| (b' '..0x7f).contains(b)) {
            if matches!(byte, b'"' | b'\\') {
                self.bytes.push(b'\\');
            }
            self.bytes.push(byte);
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
}
