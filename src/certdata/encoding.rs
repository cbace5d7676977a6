//! Which encoding certification data are in, and their text.

use std::borrow::Cow;

use super::xml::{At, Cursor, clip};
use super::{CertdataErrorKind, XmlEncoding};

/// The text of an XML document, without its byte order mark.
pub(super) struct Decoded<'a> {
    pub(super) text: Cow<'a, str>,
    pub(super) encoding: XmlEncoding,
    /// The encoding that the XML declaration names, if it is not the one the bytes are in.
    pub(super) contradiction: Option<Box<str>>,
}

/// Decodes a document as its byte order mark says, or else its XML declaration (XML 1.0 §4.3.3, appendix F).
pub(super) fn decode(xml: &[u8]) -> Result<Decoded<'_>, At> {
    let (mark, body) = detect(xml)?;
    match mark {
        Some(encoding) => {
            let text = encoding.decode(body)?;
            let declared = declaration(text.as_bytes())?;
            let contradiction = declared.filter(|&name| !encoding.agrees_with(name)).map(clip);
            Ok(Decoded { text, encoding, contradiction })
        }
        None => {
            let encoding = declared_encoding(body)?;
            Ok(Decoded { text: encoding.decode(body)?, encoding, contradiction: None })
        }
    }
}

/// The encoding of a document, found without decoding it.
pub(super) fn encoding_of(xml: &[u8]) -> Result<XmlEncoding, At> {
    let (mark, body) = detect(xml)?;
    mark.map_or_else(|| declared_encoding(body), Ok)
}

/// The encoding that the first bytes show, unless it is one of those that agree on ASCII; and what follows the byte order mark.
fn detect(xml: &[u8]) -> Result<(Option<XmlEncoding>, &[u8]), At> {
    Ok(match xml {
        [0xff, 0xfe, 0, 0, ..] | [0, 0, 0xfe, 0xff, ..] => {
            return Err(At { kind: CertdataErrorKind::UnsupportedEncoding { name: "UTF-32".into() }, offset: 0 });
        }
        [0xef, 0xbb, 0xbf, body @ ..] => (Some(XmlEncoding::Utf8), body),
        [0xfe, 0xff, body @ ..] => (Some(XmlEncoding::Utf16Be), body),
        [0xff, 0xfe, body @ ..] => (Some(XmlEncoding::Utf16Le), body),
        [0, b'<', 0, _, ..] => (Some(XmlEncoding::Utf16Be), xml),
        [b'<', 0, _, 0, ..] => (Some(XmlEncoding::Utf16Le), xml),
        _ => (None, xml),
    })
}

fn declared_encoding(body: &[u8]) -> Result<XmlEncoding, At> {
    let Some(name) = declaration(body)? else { return Ok(XmlEncoding::Utf8) };
    let encoding = XmlEncoding::named(name).filter(|e| !matches!(e, XmlEncoding::Utf16Be | XmlEncoding::Utf16Le));
    encoding.ok_or_else(|| At { kind: CertdataErrorKind::UnsupportedEncoding { name: clip(name) }, offset: 0 })
}

/// Reads the XML declaration, if the document begins with one, and returns the encoding it names.
///
/// `'<?xml' S 'version' Eq '"1.0"' (S 'encoding' Eq EncName)? (S 'standalone' Eq ('yes' | 'no'))? S? '?>'`
fn declaration(body: &[u8]) -> Result<Option<&str>, At> {
    if !matches!(body, [b'<', b'?', b'x', b'm', b'l', b' ' | b'\t' | b'\r' | b'\n', ..]) {
        return Ok(None);
    }
    let end = memchr::memmem::find(body, b"?>").unwrap_or(body.len());
    let text = body.get(5..end).and_then(|b| core::str::from_utf8(b).ok());
    let parsed = text.and_then(|text| {
        let mut cursor = Cursor::new(text);
        let mut version = None;
        let mut encoding = None;
        let mut step = 0;
        while cursor.skip_white_space() && !cursor.at_end() {
            let name = cursor.name()?;
            let value = cursor.equals_quoted()?;
            let slot = match name {
                "version" if step < 1 => 1,
                "encoding" if step == 1 => 2,
                "standalone" if step == 1 || step == 2 => 3,
                _ => return None,
            };
            match slot {
                1 => version = (value == "1.0").then_some(value),
                2 => encoding = Some(value).filter(|v| is_encoding_name(v)),
                _ if value == "yes" || value == "no" => {}
                _ => return None,
            }
            if (slot == 1 && version.is_none()) || (slot == 2 && encoding.is_none()) {
                return None;
            }
            step = slot;
        }
        (cursor.at_end() && step > 0).then_some(encoding)
    });
    parsed.ok_or(At { kind: CertdataErrorKind::Declaration, offset: 0 })
}

/// `[A-Za-z] ([A-Za-z0-9._] | '-')*`
fn is_encoding_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic()) && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
}

impl XmlEncoding {
    /// The encoding that goes by this name; UTF-16 without an order is big-endian (RFC 2781 §4.3).
    pub(super) fn named(name: &str) -> Option<Self> {
        let names: [(Self, &[&str]); 6] = [
            (Self::Utf8, &["utf-8", "utf8"]),
            (Self::Ascii, &["us-ascii", "ascii", "iso646-us"]),
            (Self::Iso8859_1, &["iso-8859-1", "iso_8859-1", "iso8859-1", "latin1"]),
            (Self::Windows1252, &["windows-1252", "cp1252"]),
            (Self::Utf16Be, &["utf-16be", "utf-16"]),
            (Self::Utf16Le, &["utf-16le"]),
        ];
        names.into_iter().find(|(_, names)| names.iter().any(|n| n.eq_ignore_ascii_case(name))).map(|(e, _)| e)
    }

    fn decode(self, body: &[u8]) -> Result<Cow<'_, str>, At> {
        let invalid = |offset| At { kind: CertdataErrorKind::InvalidEncoding { encoding: self }, offset };
        match self {
            Self::Ascii if !body.is_ascii() => Err(invalid(body.iter().position(|b| !b.is_ascii()).unwrap_or_default())),
            Self::Utf8 | Self::Ascii => core::str::from_utf8(body).map(Cow::Borrowed).map_err(|e| invalid(e.valid_up_to())),
            Self::Iso8859_1 => Ok(single_bytes(body, |b| Some(char::from(b))).map_err(invalid)?),
            Self::Windows1252 => Ok(single_bytes(body, windows_1252).map_err(invalid)?),
            Self::Utf16Be => utf_16(body, u16::from_be_bytes).map_err(invalid),
            Self::Utf16Le => utf_16(body, u16::from_le_bytes).map_err(invalid),
        }
    }
}

fn single_bytes(body: &[u8], char_of: impl Fn(u8) -> Option<char>) -> Result<Cow<'_, str>, usize> {
    if body.is_ascii() {
        return core::str::from_utf8(body).map(Cow::Borrowed).map_err(|e| e.valid_up_to());
    }
    let mut text = String::with_capacity(body.len());
    for &b in body {
        text.push(char_of(b).ok_or(text.len())?);
    }
    Ok(Cow::Owned(text))
}

fn windows_1252(b: u8) -> Option<char> {
    const HIGH: [char; 32] = [
        '€', '\0', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\0', 'Ž', '\0', '\0', '‘', '’', '“', '”', '•', '–', '—', '˜',
        '™', 'š', '›', 'œ', '\0', 'ž', 'Ÿ',
    ];
    match b {
        0x80..=0x9f => HIGH.get(usize::from(b & 0x1f)).copied().filter(|&c| c != '\0'),
        _ => Some(char::from(b)),
    }
}

fn utf_16(body: &[u8], unit: impl Fn([u8; 2]) -> u16) -> Result<Cow<'_, str>, usize> {
    let (pairs, rest) = body.as_chunks::<2>();
    let mut text = String::with_capacity(body.len());
    for c in char::decode_utf16(pairs.iter().map(|&pair| unit(pair))) {
        text.push(c.map_err(|_| text.len())?);
    }
    if rest.is_empty() { Ok(Cow::Owned(text)) } else { Err(text.len()) }
}
