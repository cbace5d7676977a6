//! Text: character sets, and the encoded words of RFC 2047.

#![warn(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use std::borrow::Cow;

use mail_parser::decoders::charsets::map::charset_decoder;
use memchr::{memchr, memmem};

use super::body;

/// Decodes the encoded words in an unfolded value; the rest is read as [`plain_text`].
///
/// Neighbouring words of one character set are joined before they are decoded, since senders split characters between them
/// though RFC 2047 §5 forbids it.
pub(crate) fn decode_words(value: Cow<'_, [u8]>) -> Cow<'_, str> {
    // A search for one byte is quicker to begin than one for two.
    if memchr(b'?', &value).is_none() || memmem::find(&value, b"=?").is_none() {
        return plain_text(value);
    }
    let mut text = String::with_capacity(value.len());
    let mut word: Option<(&[u8], Vec<u8>)> = None;
    let mut rest: &[u8] = &value;
    let mut searched = 0_usize;
    while let Some(found) = rest.get(searched..).and_then(|r| memmem::find(r, b"=?")) {
        let start = searched.saturating_add(found);
        let (before, candidate) = rest.split_at_checked(start).unwrap_or((rest, b""));
        let Some((next, after)) = EncodedWord::read(candidate) else {
            searched = start.saturating_add(2);
            continue;
        };
        let adjacent = word.is_some() && before.iter().all(|b| matches!(b, b' ' | b'\t'));
        match &mut word {
            Some((charset, bytes)) if adjacent && charset.eq_ignore_ascii_case(next.charset) => next.decode_into(bytes),
            _ => {
                flush(&mut word, &mut text);
                if !adjacent {
                    text.push_str(&plain_text(Cow::Borrowed(before)));
                }
                let mut bytes = Vec::new();
                next.decode_into(&mut bytes);
                word = Some((next.charset, bytes));
            }
        }
        rest = after;
        searched = 0;
    }
    flush(&mut word, &mut text);
    text.push_str(&plain_text(Cow::Borrowed(rest)));
    Cow::Owned(text)
}

fn flush(word: &mut Option<(&[u8], Vec<u8>)>, text: &mut String) {
    if let Some((charset, bytes)) = word.take() {
        text.push_str(&in_charset(charset, Cow::Owned(bytes)));
    }
}

/// `"=?" charset "?" encoding "?" encoded-text "?="` (RFC 2047 §2; with `*language` after the charset, RFC 2231 §5).
struct EncodedWord<'a> {
    charset: &'a [u8],
    encoding: u8,
    text: &'a [u8],
}

impl<'a> EncodedWord<'a> {
    /// Reads the word that `input` begins with; gives what follows it.
    fn read(input: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let input = input.strip_prefix(b"=?")?;
        let (charset, input) = split_at_question(input)?;
        let (encoding, input) = split_at_question(input)?;
        let (text, input) = split_at_question(input)?;
        let after = input.strip_prefix(b"=")?;
        let &[encoding @ (b'q' | b'Q' | b'b' | b'B')] = encoding else { return None };
        let charset = charset.split(|b| *b == b'*').next()?;
        if charset.is_empty() || !charset.iter().all(u8::is_ascii_graphic) {
            return None;
        }
        Some((Self { charset, encoding, text }, after))
    }

    fn decode_into(&self, out: &mut Vec<u8>) {
        if matches!(self.encoding, b'b' | b'B') {
            out.extend_from_slice(&body::base64(self.text).0);
        } else {
            body::q_word(self.text, out);
        }
    }
}

fn split_at_question(input: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = memchr(b'?', input)?;
    Some((input.get(..at)?, input.get(at.saturating_add(1)..)?))
}

/// Bytes of no declared character set: UTF-8 if they are that, else windows-1252, which gives every byte a character.
pub(super) fn plain_text(bytes: Cow<'_, [u8]>) -> Cow<'_, str> {
    match bytes {
        Cow::Borrowed(bytes) => match core::str::from_utf8(bytes) {
            Ok(text) => Cow::Borrowed(text),
            Err(_) => Cow::Owned(windows_1252(bytes)),
        },
        Cow::Owned(bytes) => Cow::Owned(String::from_utf8(bytes).unwrap_or_else(|e| windows_1252(e.as_bytes()))),
    }
}

/// Bytes of a declared character set, as text. Total: what does not decode becomes U+FFFD, and an unknown set is read as
/// [`plain_text`].
pub(super) fn in_charset<'a>(charset: &[u8], bytes: Cow<'a, [u8]>) -> Cow<'a, str> {
    let charset = charset.trim_ascii();
    if charset.eq_ignore_ascii_case(b"utf-8") || charset.eq_ignore_ascii_case(b"utf8") {
        return match bytes {
            Cow::Borrowed(bytes) => String::from_utf8_lossy(bytes),
            Cow::Owned(bytes) => {
                Cow::Owned(String::from_utf8(bytes).unwrap_or_else(|e| String::from_utf8_lossy(e.as_bytes()).into_owned()))
            }
        };
    }
    // US-ASCII is also what is written where nothing was chosen: such bytes may be anything.
    if charset.is_empty() || charset.eq_ignore_ascii_case(b"us-ascii") || charset.eq_ignore_ascii_case(b"ascii") {
        return plain_text(bytes);
    }
    match charset_decoder(charset) {
        Some(decoder) => Cow::Owned(decoder(&bytes)),
        None => plain_text(bytes),
    }
}

fn windows_1252(bytes: &[u8]) -> String {
    match charset_decoder(b"windows-1252") {
        Some(decoder) => decoder(bytes),
        None => String::from_utf8_lossy(bytes).into_owned(),
    }
}
