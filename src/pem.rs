//! PEM (RFC 7468), read as it is met: text around the blocks, any line ends, any line length.

use base64::Engine as _;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use memchr::memmem;

/// Reads values as people keep them: one in DER, or any number in PEM under one of these labels, in their order.
pub(crate) fn pem_or_der<T, E>(bytes: &[u8], labels: &[&str], from_der: impl Fn(&[u8]) -> Result<T, E>) -> Result<Vec<T>, Unreadable<E>> {
    let not_der = match from_der(bytes) {
        Ok(value) => return Ok(vec![value]),
        Err(error) => error,
    };
    let Some(blocks) = blocks(bytes, labels).map_err(|offset| Unreadable::Malformed { offset })? else {
        return Err(Unreadable::Value { error: not_der, block: None });
    };
    if blocks.is_empty() {
        return Err(Unreadable::NoneFound);
    }
    let read = |(der, number): (&Vec<u8>, usize)| from_der(der).map_err(|error| Unreadable::Value { error, block: Some(number) });
    blocks.iter().zip(1..).map(read).collect()
}

/// Why there are no values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Unreadable<E> {
    /// What is there is not such a value: all of it, or this PEM block, counted from 1.
    Value { error: E, block: Option<usize> },
    /// The PEM block that begins here is cut short or is not base64.
    Malformed { offset: usize },
    /// It is PEM, with other labels.
    NoneFound,
}

/// The decoded blocks with one of these labels, in order; none where no block of any label begins. An error is the offset of the block
/// that is cut short or is not base64. Blocks with other labels are passed over.
fn blocks(text: &[u8], labels: &[&str]) -> Result<Option<Vec<Vec<u8>>>, usize> {
    let mut found = None;
    for block in begun(text) {
        let found = found.get_or_insert_with(Vec::new);
        if labels.iter().any(|wanted| wanted.as_bytes() == block.label) {
            let digits = block.body().map(strip).ok_or(block.offset)?;
            found.push(decode(&digits).ok_or(block.offset)?);
        }
    }
    Ok(found)
}

/// A block that begins: whether it ends is not known yet.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Block<'a> {
    /// What stands between `BEGIN` and the dashes.
    pub(crate) label: &'a [u8],
    /// Where its first dash is.
    pub(crate) offset: usize,
    /// All that follows its first line.
    rest: &'a [u8],
}

impl<'a> Block<'a> {
    /// What stands between its first line and its last, which must bear the same label.
    pub(crate) fn body(&self) -> Option<&'a [u8]> {
        let end = memmem::find(self.rest, DASHES)?;
        let (body, closing) = self.rest.split_at_checked(end)?;
        let after = closing.strip_prefix(b"-----END ")?.strip_prefix(self.label)?;
        after.starts_with(DASHES).then_some(body)
    }
}

/// The first lines of blocks, in order. Text that only looks like one is passed over.
pub(crate) fn begun(text: &[u8]) -> impl Iterator<Item = Block<'_>> {
    let begin = memmem::Finder::new(BEGIN);
    let mut from = 0usize;
    core::iter::from_fn(move || {
        loop {
            let offset = text.get(from..).and_then(|rest| begin.find(rest))?.checked_add(from)?;
            from = offset.saturating_add(BEGIN.len());
            let after = text.get(from..).unwrap_or_default();
            // No label is that long; looking on to the end of the text each time would be quadratic.
            let line = after.get(..LABEL_BYTES).unwrap_or(after);
            let line_end = memchr::memchr2(b'\r', b'\n', line).unwrap_or(line.len());
            let (line, rest) = after.split_at_checked(line_end).unwrap_or_default();
            if let Some(label) = line.trim_ascii_end().strip_suffix(DASHES) {
                return Some(Block { label, offset, rest });
            }
        }
    })
}

/// The body without white space, in one allocation, so that who decodes a secret can wipe it.
pub(crate) fn strip(body: &[u8]) -> Vec<u8> {
    let mut digits = Vec::with_capacity(body.len());
    digits.extend(body.iter().filter(|octet| !octet.is_ascii_whitespace()));
    digits
}

/// The octets that these digits stand for, in one allocation likewise.
pub(crate) fn decode(digits: &[u8]) -> Option<Vec<u8>> {
    BASE64.decode(digits).ok()
}

const BASE64: GeneralPurpose =
    GeneralPurpose::new(&base64::alphabet::STANDARD, GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent));

const BEGIN: &[u8] = b"-----BEGIN ";
const DASHES: &[u8] = b"-----";
/// A label with its dashes and trailing blanks.
const LABEL_BYTES: usize = 128;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_from_der_or_pem() {
        let short = |der: &[u8]| if der.len() < 3 { Ok(der.to_vec()) } else { Err(der.len()) };
        let read = |text: &[u8]| pem_or_der(text, &["C"], short);
        assert_eq!(read(b"xy"), Ok(vec![b"xy".to_vec()]));
        assert_eq!(read(b"nothing"), Err(Unreadable::Value { error: 7, block: None }));
        assert_eq!(read(b"-----BEGIN D-----\n-----END D-----"), Err(Unreadable::NoneFound));
        assert_eq!(read(b"..-----BEGIN C-----\n!\n-----END C-----"), Err(Unreadable::Malformed { offset: 2 }));
        let (good, long) = ("-----BEGIN C-----\nAQI=\n-----END C-----\n", "-----BEGIN C-----\nAQID\n-----END C-----\n");
        assert_eq!(read([good, good].concat().as_bytes()), Ok(vec![vec![1, 2]; 2]));
        assert_eq!(read([good, long].concat().as_bytes()), Err(Unreadable::Value { error: 3, block: Some(2) }));
    }

    #[test]
    fn blocks_are_found_among_text() {
        let text = b"0 s:CN=x\n-----BEGIN KEY-----\nAAAA\n-----END KEY-----\n text -----BEGIN \r\n-----BEGIN C-----  \r\nAQ\r\nI=\r\n-----END C-----\r\n-----BEGIN C-----\nAw\n-----END C-----";
        assert_eq!(blocks(text, &["C"]), Ok(Some(vec![vec![1, 2], vec![3]])));
        assert_eq!(blocks(text, &["D"]), Ok(Some(vec![])));
        assert_eq!(blocks(b"nothing", &["C"]), Ok(None));
        assert_eq!(blocks(b"x-----BEGIN C-----\nAQI=", &["C"]), Err(1));
        assert_eq!(blocks(b"-----BEGIN C-----\nAQI=\n-----END D-----", &["C"]), Err(0));
        assert_eq!(blocks(b"-----BEGIN C-----\n!\n-----END C-----", &["C"]), Err(0));
        assert_eq!(blocks(b"-----BEGIN C-----", &["C"]), Err(0));
        assert_eq!(blocks(&b"-----BEGIN ".repeat(1_000_000), &["C"]), Ok(None));
    }
}
