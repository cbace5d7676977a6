//! PEM (RFC 7468), read as it is met: text around the blocks, any line ends, any line length.

use base64::Engine as _;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use memchr::memmem;

const BASE64: GeneralPurpose =
    GeneralPurpose::new(&base64::alphabet::STANDARD, GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent));

const BEGIN: &[u8] = b"-----BEGIN ";
const DASHES: &[u8] = b"-----";
/// A label with its dashes and trailing blanks.
const LABEL_BYTES: usize = 128;

/// The decoded blocks with one of these labels, in order; none where no block of any label begins. An error is the offset of the block
/// that is cut short or is not base64. Blocks with other labels are passed over.
pub(super) fn blocks(text: &[u8], labels: &[&str]) -> Result<Option<Vec<Vec<u8>>>, usize> {
    let mut found = None;
    let mut from = 0usize;
    let begin = memmem::Finder::new(BEGIN);
    while let Some(start) = text.get(from..).and_then(|rest| begin.find(rest)).and_then(|at| at.checked_add(from)) {
        let found = found.get_or_insert_with(Vec::new);
        let after = text.get(start.saturating_add(BEGIN.len())..).unwrap_or_default();
        // No label is that long; looking on to the end of the text each time would be quadratic.
        let line = after.get(..LABEL_BYTES).unwrap_or(after);
        let line_end = memchr::memchr2(b'\r', b'\n', line).unwrap_or(line.len());
        let line = after.get(..line_end).unwrap_or_default();
        from = start.saturating_add(BEGIN.len());
        let Some(label) = line.trim_ascii_end().strip_suffix(DASHES) else { continue }; // text that only looks like a beginning
        if !labels.iter().any(|wanted| wanted.as_bytes() == label) {
            continue;
        }
        let body = after.get(line_end..).unwrap_or_default();
        let end = memmem::find(body, DASHES).ok_or(start)?;
        let closing = body.get(end..).unwrap_or_default();
        let closes =
            closing.strip_prefix(b"-----END ").and_then(|rest| rest.strip_prefix(label)).is_some_and(|rest| rest.starts_with(DASHES));
        if !closes {
            return Err(start);
        }
        let digits: Vec<u8> = body.get(..end).unwrap_or_default().iter().copied().filter(|octet| !octet.is_ascii_whitespace()).collect();
        found.push(BASE64.decode(digits).map_err(|_| start)?);
        from = from.saturating_add(line_end).saturating_add(end);
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

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
        assert_eq!(blocks(&b"-----BEGIN ".repeat(1_000_000), &["C"]), Ok(Some(vec![])));
    }
}
