//! The signed entity: text, certification data, and what is carried, as bytes in a few pieces, so that a carried message is copied once.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::Entropy;
use super::text::Readable;

/// In which forms the readable part is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum ReadableForm {
    /// text/plain alone.
    #[default]
    Plain,
    /// multipart/alternative of text/plain and text/html with the same information (RFC 6109 §4.3.1).
    PlainAndHtml,
}

/// Bytes in pieces.
#[derive(Debug, Clone, Default)]
pub(super) struct Pieces<'a>(Vec<Cow<'a, [u8]>>);

impl<'a> Pieces<'a> {
    pub(super) fn push(&mut self, piece: impl Into<Cow<'a, [u8]>>) {
        self.0.push(piece.into());
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &[u8]> {
        self.0.iter().map(|piece| &**piece)
    }

    pub(super) fn len(&self) -> usize {
        self.iter().map(<[u8]>::len).sum()
    }
}

/// Makes the multipart/mixed that is signed. `carried` is the message in it, if there is one.
pub(super) fn signed_entity<'a>(
    readable: &Readable,
    form: ReadableForm,
    certdata: Option<&str>,
    carried: Option<Pieces<'a>>,
    entropy: &Entropy,
) -> Pieces<'a> {
    let boundary = free_boundary(entropy, "mixed", carried.as_ref());
    let mut head = format!("Content-Type: multipart/mixed; boundary=\"{boundary}\"\r\nMIME-Version: 1.0\r\n\r\n--{boundary}\r\n").into_bytes();
    readable_part(readable, form, entropy, &mut head);
    if let Some(xml) = certdata {
        head.extend_from_slice(format!("--{boundary}\r\n").as_bytes());
        head.extend_from_slice(
            b"Content-Type: application/xml; name=\"daticert.xml\"\r\nContent-Disposition: inline; filename=\"daticert.xml\"\r\n\
              Content-Transfer-Encoding: base64\r\n\r\n",
        );
        base64_lines(core::iter::once(xml.as_bytes()), &mut head);
    }
    let mut entity = Pieces::default();
    if let Some(carried) = carried {
        head.extend_from_slice(format!("--{boundary}\r\n").as_bytes());
        head.extend_from_slice(b"Content-Type: message/rfc822; name=\"postacert.eml\"\r\nContent-Disposition: inline; filename=\"postacert.eml\"\r\n");
        if is_seven_bit(&carried) {
            head.extend_from_slice(b"Content-Transfer-Encoding: 7bit\r\n\r\n");
            entity.push(head);
            carried.0.into_iter().for_each(|piece| entity.push(piece));
            entity.push(format!("\r\n--{boundary}--\r\n").into_bytes());
            return entity;
        }
        head.extend_from_slice(b"Content-Transfer-Encoding: base64\r\n\r\n");
        base64_lines(carried.iter(), &mut head);
    }
    head.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
    entity.push(head);
    entity
}

fn readable_part(readable: &Readable, form: ReadableForm, entropy: &Entropy, out: &mut Vec<u8>) {
    match form {
        ReadableForm::Plain => text_part("plain", &readable.plain(), out),
        ReadableForm::PlainAndHtml => {
            let boundary = free_boundary(entropy, "alternative", None);
            out.extend_from_slice(format!("Content-Type: multipart/alternative; boundary=\"{boundary}\"\r\n\r\n--{boundary}\r\n").as_bytes());
            text_part("plain", &readable.plain(), out);
            out.extend_from_slice(format!("--{boundary}\r\n").as_bytes());
            text_part("html", &readable.html(), out);
            out.extend_from_slice(format!("--{boundary}--\r\n\r\n").as_bytes());
        }
    }
}

/// A text part in ISO-8859-1, quoted-printable where it is not plain ASCII of short lines.
fn text_part(subtype: &str, text: &[u8], out: &mut Vec<u8>) {
    /// RFC 5322 §2.1.1: lines should be no longer.
    const LINE: usize = 78;
    let plain = text.is_ascii() && text.split(|b| *b == b'\n').all(|line| line.len() <= LINE);
    let encoding = if plain { "7bit" } else { "quoted-printable" };
    let head = format!(
        "Content-Type: text/{subtype}; charset=\"iso-8859-1\"\r\nContent-Disposition: inline\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n"
    );
    out.extend_from_slice(head.as_bytes());
    if plain {
        out.extend_from_slice(text);
    } else {
        out.extend_from_slice(encodify::qp::BODY.encode(text).as_bytes());
    }
    out.extend_from_slice(b"\r\n");
}

/// Whether bytes can go through any mail server unchanged, as RFC 6109 §4.3 asks: ASCII without NUL, lines of at most 998 characters, each ended by
/// CR LF and nothing else. The pieces are cut at ends of lines.
fn is_seven_bit(carried: &Pieces<'_>) -> bool {
    const LINE: usize = 998;
    let lines_fit = |piece: &[u8]| {
        let mut start = 0_usize;
        let breaks_fit = memchr::memchr2_iter(b'\r', b'\n', piece).all(|at| {
            let fits = at.saturating_sub(start) <= LINE;
            match piece.get(at) {
                Some(b'\r') => fits && piece.get(at.saturating_add(1)) == Some(&b'\n'),
                _ => {
                    let follows_cr = at > start && piece.get(at.saturating_sub(1)) == Some(&b'\r');
                    start = at.saturating_add(1);
                    follows_cr
                }
            }
        });
        breaks_fit && piece.len().saturating_sub(start) <= LINE
    };
    carried.iter().all(|piece| piece.is_ascii() && memchr::memchr(0, piece).is_none() && lines_fit(piece))
}

/// Base64 in lines of 76 characters.
pub(super) fn base64_lines<'p>(pieces: impl Iterator<Item = &'p [u8]>, out: &mut Vec<u8>) {
    const LINE: usize = 57;
    let mut rest: Vec<u8> = Vec::with_capacity(LINE);
    let mut line = String::new();
    let mut write = |bytes: &[u8], out: &mut Vec<u8>| {
        line.clear();
        STANDARD.encode_string(bytes, &mut line);
        out.extend_from_slice(line.as_bytes());
        out.extend_from_slice(b"\r\n");
    };
    for piece in pieces {
        let (first, piece) = piece.split_at(piece.len().min(if rest.is_empty() { 0 } else { LINE.saturating_sub(rest.len()) }));
        rest.extend_from_slice(first);
        if rest.len() == LINE {
            write(&rest, out);
            rest.clear();
        }
        if !rest.is_empty() {
            continue;
        }
        let mut lines = piece.chunks_exact(LINE);
        lines.by_ref().for_each(|bytes| write(bytes, out));
        rest.extend_from_slice(lines.remainder());
    }
    if !rest.is_empty() {
        write(&rest, out);
    }
}

/// A boundary that does not occur in what is carried. It has 128 bits of the caller's entropy, so the first one will do; if somebody knew them and
/// put it there, the next one will.
pub(super) fn free_boundary(entropy: &Entropy, label: &str, carried: Option<&Pieces<'_>>) -> String {
    let mut counter = 0_u64;
    loop {
        let boundary = format!("=_{}", entropy.hex(label, counter));
        let needle = boundary.as_bytes();
        // Pieces are cut at line ends of the carried message, and a delimiter lies within one line.
        if !carried.is_some_and(|pieces| pieces.iter().any(|piece| memchr::memmem::find(piece, needle).is_some())) {
            return boundary;
        }
        counter = counter.wrapping_add(1);
    }
}
