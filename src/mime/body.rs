//! Transfer decoding (RFC 2045 §6), of one body at a time and only when asked.

#![warn(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use std::borrow::Cow;

use base64::Engine;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use memchr::memchr;

use super::lines::without_line_end;
use crate::Finding;

/// A body's content-transfer-encoding (RFC 2045 §6.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TransferEncoding {
    /// `7bit`, the default: the bytes as they are.
    SevenBit,
    /// `8bit`: the bytes as they are.
    EightBit,
    /// `binary`: the bytes as they are.
    Binary,
    /// `quoted-printable`.
    QuotedPrintable,
    /// `base64`.
    Base64,
    /// One that no standard knows: the bytes are taken as they are, with a finding.
    Unknown,
}

impl TransferEncoding {
    /// Reads the value of the field, comments and parameters aside.
    pub(super) fn read(value: &[u8]) -> Self {
        let value = value.trim_ascii();
        let end = value.iter().position(|b| matches!(b, b' ' | b'\t' | b'\r' | b'\n' | b';' | b'(')).unwrap_or(value.len());
        let token = value.get(..end).unwrap_or_default();
        let known = [
            ("7bit", Self::SevenBit),
            ("8bit", Self::EightBit),
            ("binary", Self::Binary),
            ("quoted-printable", Self::QuotedPrintable),
            ("base64", Self::Base64),
        ];
        known.into_iter().find(|(name, _)| token.eq_ignore_ascii_case(name.as_bytes())).map_or(Self::Unknown, |(_, encoding)| encoding)
    }

    /// Whether the bytes of the body are another form of those meant.
    pub(super) fn transforms(self) -> bool {
        matches!(self, Self::QuotedPrintable | Self::Base64)
    }

    pub(crate) fn decode(self, body: &[u8]) -> (Cow<'_, [u8]>, Option<usize>) {
        match self {
            Self::SevenBit | Self::EightBit | Self::Binary | Self::Unknown => (Cow::Borrowed(body), None),
            Self::QuotedPrintable => {
                let (bytes, fault) = quoted_printable(body);
                (Cow::Owned(bytes), fault)
            }
            Self::Base64 => {
                let (bytes, fault) = base64(body);
                (Cow::Owned(bytes), fault)
            }
        }
    }
}

/// A body with its transfer encoding undone.
#[derive(Debug, Clone)]
pub struct Decoded<'a> {
    bytes: Cow<'a, [u8]>,
    finding: Option<Box<Finding>>,
}

impl<'a> Decoded<'a> {
    pub(super) fn new(bytes: Cow<'a, [u8]>, finding: Option<Finding>) -> Self {
        Self { bytes, finding: finding.map(Box::new) }
    }

    /// The bytes: all that could be decoded.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The bytes, borrowed from the message where the encoding leaves them as they are.
    #[must_use]
    pub fn into_bytes(self) -> Cow<'a, [u8]> {
        self.bytes
    }

    /// The first fault of the encoding, with its offset; `None` if it was clean.
    #[must_use]
    pub fn finding(&self) -> Option<&Finding> {
        self.finding.as_deref()
    }
}

/// Padding is judged by [`base64_slowly`]; bits left over in the last character are nobody's data.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::RequireCanonical).with_decode_allow_trailing_bits(true),
);

/// How much base64 is stripped of its line ends before it is decoded: a multiple of four.
const CHUNK: usize = 1024;

/// Decodes base64; gives the bytes and the offset of the first fault, if any.
pub(super) fn base64(body: &[u8]) -> (Vec<u8>, Option<usize>) {
    match base64_strictly(body) {
        Some(bytes) => (bytes, None),
        None => base64_slowly(body),
    }
}

/// The way of all sane bodies: lines of the alphabet, padding only at the very end.
fn base64_strictly(body: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(body.len().checked_div(4)?.saturating_mul(3));
    let mut chunk = [0_u8; CHUNK];
    let mut filled = 0_usize;
    let mut rest = body;
    while !rest.is_empty() {
        let end = memchr(b'\n', rest).map_or(rest.len(), |newline| newline.saturating_add(1));
        let (line, after) = rest.split_at_checked(end)?;
        rest = after;
        let mut line = line.trim_ascii();
        while !line.is_empty() {
            let space = chunk.get_mut(filled..)?;
            let (now, later) = line.split_at(line.len().min(space.len()));
            space.get_mut(..now.len())?.copy_from_slice(now);
            filled = filled.saturating_add(now.len());
            line = later;
            if filled == CHUNK {
                // A padded chunk in the middle would decode; only the last may be padded.
                if !out.len().is_multiple_of(3) {
                    return None;
                }
                BASE64.decode_vec(chunk, &mut out).ok()?;
                filled = 0;
            }
        }
    }
    if filled > 0 {
        if !out.len().is_multiple_of(3) {
            return None;
        }
        BASE64.decode_vec(chunk.get(..filled)?, &mut out).ok()?;
    }
    Some(out)
}

/// Decodes what can be decoded: bytes outside the alphabet are passed over, padding ends the data whatever follows.
fn base64_slowly(body: &[u8]) -> (Vec<u8>, Option<usize>) {
    let mut out = Vec::with_capacity(body.len().saturating_div(4).saturating_mul(3).saturating_add(3));
    let mut fault = None;
    let mut bits = 0_u32;
    let mut held = 0_usize;
    let mut padding: Option<usize> = None;
    for (at, byte) in body.iter().enumerate() {
        match (*byte, padding) {
            (b' ' | b'\t' | b'\r' | b'\n' | b'\x0c', _) => {}
            (b'=', None) if held >= 2 => padding = Some(3_usize.saturating_sub(held)),
            (b'=', Some(due @ 1..)) => padding = Some(due.saturating_sub(1)),
            (_, Some(_)) => {
                fault = fault.or(Some(at));
                break;
            }
            (byte, None) => match sextet(byte) {
                Some(value) => {
                    bits = (bits << 6) | value;
                    held = held.saturating_add(1);
                    if held == 4 {
                        push_group(bits, held, &mut out);
                        (bits, held) = (0, 0);
                    }
                }
                None => fault = fault.or(Some(at)),
            },
        }
    }
    push_group(bits, held, &mut out);
    if held > 0 && padding != Some(0) {
        fault = fault.or(Some(body.len()));
    }
    (out, fault)
}

/// The bytes of `held` characters: 3 of 4, 2 of 3, 1 of 2, none of a lone one.
fn push_group(bits: u32, held: usize, out: &mut Vec<u8>) {
    let missing = u32::try_from(4_usize.saturating_sub(held)).unwrap_or_default();
    let [_, bytes @ ..] = (bits << missing.saturating_mul(6)).to_be_bytes();
    out.extend_from_slice(bytes.get(..held.saturating_sub(1)).unwrap_or_default());
}

fn sextet(byte: u8) -> Option<u32> {
    let value = match byte {
        b'A'..=b'Z' => byte.wrapping_sub(b'A'),
        b'a'..=b'z' => byte.wrapping_sub(b'a').wrapping_add(26),
        b'0'..=b'9' => byte.wrapping_sub(b'0').wrapping_add(52),
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    };
    Some(u32::from(value))
}

/// Decodes quoted-printable (RFC 2045 §6.7); gives the bytes and the offset of the first fault, if any.
///
/// Blanks at line ends go, soft line breaks go, line ends stay as they are written; an `=` that begins nothing is kept.
fn quoted_printable(body: &[u8]) -> (Vec<u8>, Option<usize>) {
    let mut out = Vec::with_capacity(body.len());
    let mut fault = None;
    let mut offset = 0_usize;
    for line in body.split_inclusive(|b| *b == b'\n') {
        let content = without_line_end(line);
        let line_end = line.get(content.len()..).unwrap_or_default();
        let content = content.trim_ascii_end();
        match content.strip_suffix(b"=") {
            Some(soft) => unescape(soft, offset, &mut out, &mut fault),
            None => {
                unescape(content, offset, &mut out, &mut fault);
                out.extend_from_slice(line_end);
            }
        }
        offset = offset.saturating_add(line.len());
    }
    (out, fault)
}

/// The `=XX` of a line; an `=` that begins nothing is a fault, and kept.
fn unescape(line: &[u8], offset: usize, out: &mut Vec<u8>, fault: &mut Option<usize>) {
    let mut rest = line;
    while let Some(at) = memchr(b'=', rest) {
        let (plain, escape) = rest.split_at(at);
        out.extend_from_slice(plain);
        let taken = match escaped_byte(escape) {
            Some(byte) => {
                out.push(byte);
                3
            }
            None => {
                out.push(b'=');
                *fault = fault.or(Some(offset.saturating_add(line.len()).saturating_sub(escape.len())));
                1
            }
        };
        rest = escape.get(taken..).unwrap_or_default();
    }
    out.extend_from_slice(rest);
}

/// The `Q` encoding of RFC 2047 §4.2: as quoted-printable, and `_` for a space. What is malformed stays.
pub(super) fn q_word(text: &[u8], out: &mut Vec<u8>) {
    replace_escapes(text, b'=', |byte| if byte == b'_' { b' ' } else { byte }, out);
}

/// The `%XX` of RFC 2231 §4. What is malformed stays.
pub(super) fn percent(text: &[u8], out: &mut Vec<u8>) {
    replace_escapes(text, b'%', |byte| byte, out);
}

fn replace_escapes(mut text: &[u8], mark: u8, plain: impl Fn(u8) -> u8, out: &mut Vec<u8>) {
    while let [first, rest @ ..] = text {
        let escaped = if *first == mark { escaped_byte(text) } else { None };
        out.push(escaped.unwrap_or_else(|| plain(*first)));
        text = if escaped.is_some() { text.get(3..).unwrap_or_default() } else { rest };
    }
}

/// The byte that a mark and two hexadecimal digits stand for.
fn escaped_byte(escape: &[u8]) -> Option<u8> {
    let [_, high, low, ..] = escape else { return None };
    Some((hex(*high)? << 4) | hex(*low)?)
}

fn hex(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit.wrapping_sub(b'0')),
        b'A'..=b'F' => Some(digit.wrapping_sub(b'A').wrapping_add(10)),
        b'a'..=b'f' => Some(digit.wrapping_sub(b'a').wrapping_add(10)),
        _ => None,
    }
}
