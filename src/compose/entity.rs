//! The signed entity: text, certification data, and what is carried, as bytes in a few pieces, so that a carried message is copied once.

#![warn(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use memchr::{memchr, memmem, memrchr};

use super::Entropy;
use super::text::Readable;

/// In which forms the readable part is written (RFC 6109 §4.3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum ReadableForm {
    /// text/plain alone.
    #[default]
    Plain,
    /// multipart/alternative of text/plain and text/html with the same information.
    PlainAndHtml,
}

/// Bytes in pieces.
#[derive(Debug, Clone, Default)]
pub(super) struct Pieces<'a>(Vec<Cow<'a, [u8]>>);

impl<'a> Pieces<'a> {
    /// Pieces that are cut where lines end.
    pub(super) fn of(pieces: impl IntoIterator<Item = Cow<'a, [u8]>>) -> Self {
        Self(pieces.into_iter().collect())
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &[u8]> + Clone {
        self.0.iter().map(|piece| &**piece)
    }

    pub(super) fn len(&self) -> usize {
        self.iter().fold(0, |len, piece| len.saturating_add(piece.len()))
    }
}

/// The signed entity, and the boundary that is left for what stands around it.
#[derive(Debug, Clone)]
pub(super) struct Signed<'a> {
    pub(super) entity: Pieces<'a>,
    pub(super) outer_boundary: String,
}

/// Makes the multipart/mixed that is signed (RFC 6109 §4.3). `carried` is the message in it, if there is one.
///
/// What is carried goes out as it is where any mail server would leave it so, and else in base64. RFC 2046 §5.2.1 wants
/// a message/rfc822 part to be 7bit, 8bit or binary; but a PEC message has to be fit for 7-bit transport (RFC 6109 §4.3), and its
/// original has to stay as it is, to the byte, or the hashes of brief receipts and the sender's own signature would not hold. Readers decode it.
pub(super) fn signed_entity<'a>(
    readable: &Readable,
    form: ReadableForm,
    certdata: Option<&str>,
    carried: Option<Pieces<'a>>,
    entropy: &Entropy,
) -> Signed<'a> {
    let plain = readable.plain();
    let html = match form {
        ReadableForm::Plain => None,
        ReadableForm::PlainAndHtml => Some(readable.html()),
    };
    let texts = [Some(&plain[..]), html.as_deref()];
    let (stem, safety) = free_stem(entropy, carried.as_ref(), texts.into_iter().flatten());
    let carried = carried.map(|carried| match safety {
        Safety::SevenBit => (carried, "7bit"),
        Safety::Encode => (in_base64(&carried), "base64"),
    });
    let boundary = format!("{stem}.1");

    let mut head = format!("Content-Type: multipart/mixed; boundary=\"{boundary}\"\r\n\r\n--{boundary}\r\n").into_bytes();
    match html {
        None => text_part("plain", &plain, &mut head),
        Some(html) => {
            let inner = format!("{stem}.2");
            head.extend_from_slice(format!("Content-Type: multipart/alternative; boundary=\"{inner}\"\r\n\r\n--{inner}\r\n").as_bytes());
            text_part("plain", &plain, &mut head);
            head.extend_from_slice(format!("\r\n--{inner}\r\n").as_bytes());
            text_part("html", &html, &mut head);
            head.extend_from_slice(format!("\r\n--{inner}--\r\n").as_bytes());
        }
    }
    if let Some(xml) = certdata {
        head.extend_from_slice(format!("\r\n--{boundary}\r\n").as_bytes());
        head.extend_from_slice(
            b"Content-Type: application/xml; name=\"daticert.xml\"\r\nContent-Disposition: inline; filename=\"daticert.xml\"\r\n\
              Content-Transfer-Encoding: base64\r\n\r\n",
        );
        base64_lines(core::iter::once(xml.as_bytes()), &mut head);
    }
    let mut entity = Pieces::default();
    if let Some((pieces, encoding)) = carried {
        head.extend_from_slice(format!("\r\n--{boundary}\r\n").as_bytes());
        head.extend_from_slice(
            b"Content-Type: message/rfc822; name=\"postacert.eml\"\r\nContent-Disposition: inline; filename=\"postacert.eml\"\r\n\
              Content-Transfer-Encoding: ",
        );
        head.extend_from_slice(encoding.as_bytes());
        head.extend_from_slice(b"\r\n\r\n");
        entity.0.push(head.into());
        entity.0.extend(pieces.0);
        head = Vec::new();
    }
    head.extend_from_slice(format!("\r\n--{boundary}--\r\n").as_bytes());
    entity.0.push(head.into());
    Signed { entity, outer_boundary: format!("{stem}.0") }
}

/// A text part in ISO-8859-1, quoted-printable where it is not plain ASCII of short lines.
fn text_part(subtype: &str, text: &[u8], out: &mut Vec<u8>) {
    /// RFC 5322 §2.1.1: lines should be no longer.
    const LINE: usize = 78;
    let fits = |line: &[u8]| line.len() <= LINE && !line.starts_with(b".") && !line.starts_with(b"From ") && !line.ends_with(b" \r");
    let plain = text.is_ascii() && text.split(|b| *b == b'\n').all(fits);
    let encoding = if plain { "7bit" } else { "quoted-printable" };
    let head = format!(
        "Content-Type: text/{subtype}; charset=\"iso-8859-1\"\r\nContent-Disposition: inline\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n"
    );
    out.extend_from_slice(head.as_bytes());
    if plain {
        out.extend_from_slice(text);
    } else {
        text.split_inclusive(|b| *b == b'\n').for_each(|line| quoted_printable(line, out));
    }
}

/// One line, with its CR LF if it has one, in quoted-printable (RFC 2045 §6.7). What mail servers may change at the beginning of a line is encoded.
fn quoted_printable(line: &[u8], out: &mut Vec<u8>) {
    /// RFC 2045 §6.7: with the `=` of a soft line break.
    const LINE: usize = 76;
    let (line, end) = line.strip_suffix(b"\r\n").map_or((line, &b""[..]), |line| (line, b"\r\n"));
    let mut column = 0_usize;
    for (at, byte) in line.iter().enumerate() {
        let last = at.saturating_add(1) == line.len();
        let first = column == 0 && matches!(byte, b'.' | b'F' | b'-');
        let literal = match byte {
            b'=' => false,
            b' ' => !last,
            _ => byte.is_ascii_graphic() && !first,
        };
        let width = if literal { 1 } else { 3 };
        if column.saturating_add(width) > LINE.saturating_sub(1) {
            out.extend_from_slice(b"=\r\n");
            column = 0;
        }
        if literal {
            out.push(*byte);
        } else {
            out.extend_from_slice(format!("={byte:02X}").as_bytes());
        }
        column = column.saturating_add(width);
    }
    out.extend_from_slice(end);
}

/// Whether bytes go through any mail server unchanged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Safety {
    SevenBit,
    Encode,
}

/// Whether bytes go through any mail server unchanged, as RFC 6109 §4.3 asks: ASCII without NUL, lines of at most 998 characters, each ended by
/// CR LF and nothing else; and whether what is sought is in them, looked for at the same time. The pieces are cut where lines end.
fn look_through(carried: &Pieces<'_>, sought: &memmem::Finder<'_>) -> (Safety, bool) {
    /// RFC 5322 §2.1.1, and the line end.
    const LINE: usize = 1_000;
    /// What stays in the nearest cache while it is looked at thrice.
    const BLOCK: usize = 16 << 10;
    let mut found = false;
    for piece in carried.iter() {
        if piece.first() == Some(&b'\n') || piece.last().is_some_and(|last| matches!(last, 0 | b'\r' | 0x80..)) {
            return (Safety::Encode, found);
        }
        let (mut base, mut line) = (0_usize, 0_usize);
        while base < piece.len() {
            let end = base.saturating_add(BLOCK).min(piece.len());
            // Each byte with the one behind it, without a branch, so that many are compared at once.
            let these = piece.get(base..end).unwrap_or_default();
            let next = piece.get(base.saturating_add(1)..end.saturating_add(1).min(piece.len())).unwrap_or_default();
            // As a signed byte NUL and what is beyond ASCII are the ones that are not positive.
            let odd = |a: u8, b: u8| ((a == b'\r') != (b == b'\n')) | (a.cast_signed() <= 0);
            if these.iter().zip(next).fold(false, |bad, (a, b)| bad | odd(*a, *b)) {
                return (Safety::Encode, found);
            }
            // From the beginning of a line to the last one that begins within the length of a line.
            while line.saturating_add(LINE) <= end {
                match memrchr(b'\n', piece.get(line..line.saturating_add(LINE)).unwrap_or_default()) {
                    Some(at) => line = line.saturating_add(at).saturating_add(1),
                    None => return (Safety::Encode, found),
                }
            }
            let overlapping = piece.get(base.saturating_sub(sought.needle().len())..end).unwrap_or_default();
            // Boundaries have an underscore, base64 has none, and one byte is found in half the time.
            found = found || (memchr(b'_', overlapping).is_some() && sought.find(overlapping).is_some());
            base = end;
        }
        let last = piece.get(line..).unwrap_or_default();
        let unended = last.strip_suffix(b"\r\n").map_or(last, |_| b"");
        if unended.len().saturating_add(2) > LINE && memchr(b'\n', unended).is_none() {
            return (Safety::Encode, found);
        }
    }
    (Safety::SevenBit, found)
}

fn in_base64(carried: &Pieces<'_>) -> Pieces<'static> {
    let mut encoded = Vec::with_capacity(carried.len().saturating_mul(78).div_ceil(57).saturating_add(78));
    base64_lines(carried.iter(), &mut encoded);
    Pieces::of([encoded.into()])
}

/// Base64 in lines of 76 characters.
pub(super) fn base64_lines<'p>(pieces: impl Iterator<Item = &'p [u8]>, out: &mut Vec<u8>) {
    const LINE: usize = 57;
    let mut rest: Vec<u8> = Vec::with_capacity(LINE);
    let mut line = String::with_capacity(78);
    let mut write = |bytes: &[u8], out: &mut Vec<u8>| {
        line.clear();
        STANDARD.encode_string(bytes, &mut line);
        out.extend_from_slice(line.as_bytes());
        out.extend_from_slice(b"\r\n");
    };
    for piece in pieces {
        let missing = if rest.is_empty() { 0 } else { LINE.saturating_sub(rest.len()) };
        let (first, piece) = piece.split_at_checked(missing).unwrap_or((piece, b""));
        rest.extend_from_slice(first);
        if rest.len() == LINE {
            write(&rest, out);
            rest.clear();
        }
        let mut lines = piece.chunks_exact(LINE);
        lines.by_ref().for_each(|bytes| write(bytes, out));
        rest.extend_from_slice(lines.remainder());
    }
    if !rest.is_empty() {
        write(&rest, out);
    }
}

/// What all boundaries of a message begin with, which does not occur in what goes out as it is; and how what is carried must go out: base64 has no
/// underscore. It has 128 bits of the caller's entropy, so the first one will do; if somebody knew them and put it there, the next one
/// will. None of the boundaries made of it begins another.
fn free_stem<'p>(entropy: &Entropy, carried: Option<&Pieces<'_>>, texts: impl Iterator<Item = &'p [u8]> + Clone) -> (String, Safety) {
    let mut count = 0_u64;
    loop {
        let stem = format!("=_{}", entropy.hex("boundary", count));
        let finder = memmem::Finder::new(&stem);
        let (safety, found) = carried.map_or((Safety::SevenBit, false), |carried| look_through(carried, &finder));
        let in_carried = found && safety == Safety::SevenBit;
        if !in_carried && !texts.clone().any(|text| finder.find(text).is_some()) {
            return (stem, safety);
        }
        count = count.wrapping_add(1);
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "tests may panic")]
mod tests {
    use super::*;

    fn fits(text: &[u8]) -> bool {
        look_through(&Pieces::of([Cow::Borrowed(text)]), &memmem::Finder::new("?")).0 == Safety::SevenBit
    }

    #[test]
    fn what_any_server_leaves_alone() {
        for text in [&b""[..], b"x", b"a: b\r\n\r\nx\r\n", b"\r\n", &[b'x'; 998], &[&[b'x'; 998][..], b"\r\ny"].concat()] {
            assert!(fits(text), "{text:?}");
        }
        for text in
            [&b"\n"[..], b"\r", b"a\rb\r\n", b"a\nb\r\n", b"\0", b"\xe8", b"x\r\n\r", &[b'x'; 999], &[&[b'x'; 999][..], b"\r\ny"].concat()]
        {
            assert!(!fits(text), "{text:?}");
        }
        let long = b"abc\r\n".repeat(10_000);
        assert!(fits(&long) && !fits(&[&long[..], b"\xff"].concat()));
    }

    #[test]
    fn text_that_some_server_would_change_is_encoded() {
        let written = |text: &str| {
            let mut out = Vec::new();
            text_part("plain", text.as_bytes(), &mut out);
            String::from_utf8(out).unwrap().rsplit_once("\r\n\r\n").unwrap().1.to_owned()
        };
        for (text, wanted) in [
            ("a b\r\n", "a b\r\n"),
            ("a \r\nb\r\n", "a=20\r\nb\r\n"),
            (".\r\nFrom a-\r\n", "=2E\r\n=46rom a-\r\n"),
            ("a=3D\r\n", "a=3D\r\n"),
            ("è=\r\n", "=C3=A8=3D\r\n"),
        ] {
            assert_eq!(written(text), wanted, "{text:?}");
        }
        assert_eq!(written(&"x".repeat(80)), format!("{}=\r\n{}", "x".repeat(75), "x".repeat(5)));
    }

    #[test]
    fn base64_goes_over_the_pieces() {
        let text: Vec<u8> = (0..=255).cycle().take(1_000).collect();
        for cut in [0, 1, 56, 57, 58, 500, 999, 1_000] {
            let mut out = Vec::new();
            base64_lines([&text[..cut], &[], &text[cut..]].into_iter(), &mut out);
            let lines: Vec<&[u8]> = out.strip_suffix(b"\r\n").unwrap().split(|b| *b == b'\n').collect();
            assert!(lines.iter().all(|line| line.len() <= 77));
            assert_eq!(STANDARD.decode(out.into_iter().filter(|b| !b.is_ascii_whitespace()).collect::<Vec<_>>()).unwrap(), text);
        }
    }

    #[test]
    fn a_boundary_that_is_there_is_not_taken() {
        let entropy = Entropy::from([7; 32]);
        let free = |carried: &[u8], text: &[u8]| free_stem(&entropy, Some(&Pieces::of([carried.into()])), [text].into_iter()).0;
        let first = free(b"", b"");
        let far = |stem: &str, at: usize| [&b"x\r\n".repeat(at / 3)[..], stem.as_bytes()].concat();
        let second = free(&far(&first, 99), b"");
        assert_ne!(first, second);
        // Across the edge of two blocks, too.
        for at in (16 << 10) - 36..(16 << 10) + 3 {
            assert_eq!(free(&far(&first, at), b""), second, "{at}");
        }
        assert_eq!(free(first.as_bytes(), second.as_bytes()), format!("=_{}", entropy.hex("boundary", 2)));
        assert_eq!(free(format!("{first}\n").as_bytes(), b""), first, "it will be in base64");
    }
}
