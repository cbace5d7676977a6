//! The original message of a brief receipt: hashes in the place of attachments (RFC 6109 §3.3.2.2).

#![warn(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use std::borrow::Cow;
use std::fmt::Write as _;

use crate::crypto::{Digest, DigestAlgorithm, hasher};
use crate::finding::FindingKind;
use crate::limits::Limits;
use crate::message::ParseError;
use crate::mime::{Entity, LineEnds, MimeError, MimeErrorKind, Tree, as_crlf, without_crlf_or_lf};

use super::outer::{OuterHeader, line_end_of};

/// What is added to the name of a part, RFC 6109 §3.3.2.2.
const SUFFIX: &str = ".hash";
/// What an attached message is called that has no name; as providers do, RFC 6109 does not say.
const NAMELESS_MESSAGE: &str = "messaggio";
/// What a multipart is called that has no name and is nested too deep to look into.
const NAMELESS_MULTIPART: &str = "parti";
/// Of one original. All is linear in them: so many small ones take 50 MB of memory and an eighth of a second, ten times as many ten times that.
const PARTS: usize = 100_000;
/// Bytes of a name: what Linux takes for a whole path. Nothing honest is cut.
const NAME_MAX: usize = 4096;
/// RFC 5322 §2.1.1: a line should not be longer.
const LINE_WANTED: usize = 78;
/// RFC 5322 §2.1.1 says 998; the rest is for the name of the parameter and its marks.
const VALUE_MAX: usize = 900;

/// Makes the copy of the original message that a brief receipt carries: each part with a name, and each attached message, is replaced by a
/// text/plain part that holds its SHA-1 (RFC 6109 §3.3.2.2). All other bytes stay: headers, other parts, preambles, delimiters, line ends.
///
/// **What is replaced.** Every part whose `Content-Type` has a `name` or whose `Content-Disposition` has a `filename`, and every `message/rfc822`,
/// named or not. A message that is one part with a name has its body replaced, and its `Content-` fields; the other fields stay.
///
/// **What is not.**
/// * A root of `application/pkcs7-mime` or `application/x-pkcs7-mime`: its parts cannot be told, the result is the original itself
///   ([`BriefForm::OpaqueSmime`]). Deeper inside, such a part is an attachment as any other.
/// * The second part of a root `multipart/signed`: the signature.
/// * A multipart, though it have a name: its parts are looked at. One that has no usable boundary is one part like any other, and so is an
///   attached message, which is never looked into. One that is nested too deep to look into (`mime_depth`, 32 levels) is replaced whole, named or
///   not, so that no attachment in it goes without a hash; if nameless it is called `parti.hash`.
///
/// **The hash** is over the body of the part as it is written, transfer encoding and all, without the line end that belongs to the delimiter
/// behind it. RFC 6109 leaves the details open. A message with LF line ends alone is hashed as if it had CR LF, which it has in transit. A part
/// that runs to the end of the message (no multipart, or no close delimiter) is hashed without the last line end, which carriers add and drop.
///
/// **The new part** has `Content-Type`, `Content-Disposition` (inline if the part was, else attachment) and `Content-Transfer-Encoding`, and nothing
/// else of the old header, which spoke of what is no longer there (`Content-ID`, `Content-Description`, `Content-MD5`). It is called as
/// [`Entity::name`] says with `.hash` added, both as `name` and `filename`, by RFC 2231 where the name is not plain ASCII; a name beyond
/// 4,096 bytes is cut. A nameless message is called `messaggio.hash`.
///
/// Nothing in a message makes it fail but its size and the number of its parts. Fields beyond the limits are left as they are, and name nothing.
///
/// ```
/// use postacert::compose::{BriefForm, brief};
///
/// let original = b"Subject: x\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nciao\r\n--b\r\n\
///     Content-Type: application/pdf; name=\"a.pdf\"\r\nContent-Transfer-Encoding: base64\r\n\r\nJVBERg==\r\n--b--\r\n";
/// let brief = brief(original)?;
/// assert_eq!(brief.form(), BriefForm::Hashed);
/// assert_eq!((brief.parts()[0].section(), brief.parts()[0].hash_name()), ("2", "a.pdf.hash"));
/// assert_eq!(
///     String::from_utf8_lossy(brief.bytes()),
///     "Subject: x\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nciao\r\n--b\r\n\
///      Content-Type: text/plain; charset=\"us-ascii\"; name=\"a.pdf.hash\"\r\n\
///      Content-Disposition: attachment; filename=\"a.pdf.hash\"\r\n\
///      Content-Transfer-Encoding: 7bit\r\n\r\n\
///      3d7326f046670415ae48b43664fd5f4f12e8cda7\r\n--b--\r\n"
/// );
/// # Ok::<(), postacert::ParseError>(())
/// ```
///
/// # Errors
/// When the message, or its header, is larger than the usual [`Limits`] allow (`message-too-long`, `header-too-long`), or has more than 100,000
/// parts, a hundred times the usual limit (`too-many-parts`): a part passed over would be an attachment without a hash, and nobody would know.
pub fn brief(original: &[u8]) -> Result<Brief<'_>, ParseError> {
    brief_with(original, &Limits { mime_parts: PARTS, ..Limits::default() })
}

/// As [`brief`], within the given limits, that of the parts too (`mime_parts`).
///
/// # Errors
/// As [`brief`].
pub fn brief_with<'a>(original: &'a [u8], limits: &Limits) -> Result<Brief<'a>, ParseError> {
    let tree = Tree::parse(original, limits)?;
    let root = tree.root();
    if root.is("application", "pkcs7-mime") || root.is("application", "x-pkcs7-mime") {
        return Ok(Brief { bytes: Cow::Borrowed(original), form: BriefForm::OpaqueSmime, parts: Vec::new() });
    }
    if let Some((_, beyond)) = tree.findings().find(|(_, finding)| matches!(finding.kind(), FindingKind::PartsLimit { .. })) {
        let kind = MimeErrorKind::TooManyParts { limit: limits.mime_parts };
        return Err(MimeError::new(kind, beyond.place().offset.unwrap_or_default()).into());
    }
    let writer = Writer { original, line_end: line_end_of(original), lf_only: LineEnds::of(original) == LineEnds::LfOnly };
    let signature = if root.is("multipart", "signed") { root.children().nth(1) } else { None };
    let signature = signature.map_or(0..0, |part| part.offset()..part.offset().saturating_add(part.raw().len()));

    let mut bytes = Vec::new();
    let mut copied = 0;
    let mut parts = Vec::new();
    // Between two delimiter lines there may be nothing, not even a line to write on; in a digest it counts as a message.
    let leaves = tree.entities().filter(|e| !e.is_opened() && !e.raw().is_empty());
    for entity in leaves.filter(|e| !signature.contains(&e.offset())) {
        let Some(part) = writer.hashed(&entity) else { continue };
        bytes.extend_from_slice(original.get(copied..entity.offset()).unwrap_or_default());
        writer.replace(&entity, &part, &mut bytes);
        copied = writer.content_end(&entity);
        parts.push(part);
    }
    if parts.is_empty() {
        return Ok(Brief { bytes: Cow::Borrowed(original), form: BriefForm::NothingToHash, parts });
    }
    bytes.extend_from_slice(original.get(copied..).unwrap_or_default());
    Ok(Brief { bytes: Cow::Owned(bytes), form: BriefForm::Hashed, parts })
}

/// The original message as a brief receipt carries it, and what was replaced in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Brief<'a> {
    bytes: Cow<'a, [u8]>,
    form: BriefForm,
    parts: Vec<HashedPart>,
}

/// What became of the original in a [`Brief`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum BriefForm {
    /// At least one part was replaced by its hash.
    Hashed,
    /// No part has a name: the bytes are those of the original.
    NothingToHash,
    /// The original is one S/MIME object, `application/pkcs7-mime`, and stays whole, as RFC 6109 §3.3.2.2 wants: the bytes are those of the
    /// original, and the brief receipt says as much as a complete one.
    OpaqueSmime,
}

/// A part that was replaced by its hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HashedPart {
    section: String,
    hash_name: String,
    sha1: Digest,
}

impl<'a> Brief<'a> {
    /// The message to carry.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The message to carry, borrowed from the original where nothing was replaced.
    #[must_use]
    pub fn into_bytes(self) -> Cow<'a, [u8]> {
        self.bytes
    }

    /// Whether anything was replaced, and if not, why.
    #[must_use]
    pub fn form(&self) -> BriefForm {
        self.form
    }

    /// The parts that were replaced, in their order.
    #[must_use]
    pub fn parts(&self) -> &[HashedPart] {
        &self.parts
    }
}

impl HashedPart {
    /// Its MIME section, as IMAP numbers it; the same before and after. Empty for the message itself.
    #[must_use]
    pub fn section(&self) -> &str {
        &self.section
    }

    /// The name of the new part, with `.hash` at its end. It may hold anything: never a path to write to.
    #[must_use]
    pub fn hash_name(&self) -> &str {
        &self.hash_name
    }

    /// The SHA-1 of the part, which is the text of the new one.
    #[must_use]
    pub fn sha1(&self) -> Digest {
        self.sha1
    }
}

struct Writer<'a> {
    original: &'a [u8],
    line_end: &'static str,
    lf_only: bool,
}

impl Writer<'_> {
    /// The hash that takes the place of a leaf; `None` if it stays.
    fn hashed(&self, entity: &Entity<'_, '_>) -> Option<HashedPart> {
        // An empty name is no name where there is another; else it is one.
        let named = entity.names().find(|name| !name.is_empty()).or_else(|| entity.names().next());
        let name = match named {
            None | Some(Cow::Borrowed("")) if entity.is("message", "rfc822") => NAMELESS_MESSAGE.into(),
            None if is_too_deep(entity) => NAMELESS_MULTIPART.into(),
            named => named?,
        };
        let name = cut(&name);
        Some(HashedPart { section: entity.section(), hash_name: [name, SUFFIX].concat(), sha1: self.sha1(entity) })
    }

    fn sha1(&self, entity: &Entity<'_, '_>) -> Digest {
        let content = self.original.get(entity.body_offset()..self.content_end(entity)).unwrap_or_default();
        let mut sha1 = hasher(DigestAlgorithm::Sha1);
        if self.lf_only {
            as_crlf(content).for_each(|piece| sha1.update(piece));
        } else {
            sha1.update(content);
        }
        sha1.finish()
    }

    /// Where the content of a part ends: before the line end that ends the message, too.
    fn content_end(&self, entity: &Entity<'_, '_>) -> usize {
        let end = entity.offset().saturating_add(entity.raw().len());
        if end < self.original.len() {
            return end;
        }
        let body = entity.body();
        entity.body_offset().saturating_add(without_crlf_or_lf(body).len())
    }

    /// Writes the new part for one that ends at [`Writer::content_end`].
    fn replace(&self, entity: &Entity<'_, '_>, part: &HashedPart, out: &mut Vec<u8>) {
        let header = self.header(entity, &part.hash_name);
        if entity.parent().is_some() {
            out.extend_from_slice(header.as_bytes());
        } else {
            // The fields of the message stay. The line of an mbox was copied already, and comes again with the header.
            out.clear();
            out.append(&mut OuterHeader::of(self.original).with(header.as_bytes(), |field| is_content_field(field.name())));
            if !out.ends_with(b"\n") {
                out.extend_from_slice(self.line_end.as_bytes());
            }
        }
        // A last line of CR alone has just become the empty one.
        if !out.ends_with(b"\n\r\n") {
            out.extend_from_slice(self.line_end.as_bytes());
        }
        out.extend_from_slice(part.sha1.to_string().as_bytes());
    }

    fn header(&self, entity: &Entity<'_, '_>, name: &str) -> String {
        let inline = entity.disposition().is_some_and(|disposition| disposition.is("inline"));
        let kind = if inline { "inline" } else { "attachment" };
        let mut header = String::new();
        self.field("Content-Type: text/plain; charset=\"us-ascii\"", "name", name, &mut header);
        self.field(&format!("Content-Disposition: {kind}"), "filename", name, &mut header);
        header + "Content-Transfer-Encoding: 7bit" + self.line_end
    }

    /// Writes a field with one more parameter: on the same line, on the next, or on several.
    fn field(&self, start: &str, parameter: &str, value: &str, out: &mut String) {
        let sections = sections(parameter, value);
        out.push_str(start);
        match sections.as_slice() {
            [only] if start.len().saturating_add(only.len()).saturating_add(2) <= LINE_WANTED => {
                out.push_str("; ");
                out.push_str(only);
            }
            sections => sections.iter().for_each(|section| {
                out.push(';');
                out.push_str(self.line_end);
                out.push(' ');
                out.push_str(section);
            }),
        }
        out.push_str(self.line_end);
    }
}

/// Whether this is a multipart that was not looked into for its depth: nothing else closes one that has a boundary.
fn is_too_deep(entity: &Entity<'_, '_>) -> bool {
    let kind = entity.content_type();
    !entity.is_opened() && kind.is_kind("multipart") && kind.boundary().is_some_and(|boundary| !boundary.is_empty())
}

/// The first [`NAME_MAX`] bytes, whole characters only.
fn cut(name: &str) -> &str {
    let end = name.char_indices().map(|(at, character)| at.saturating_add(character.len_utf8())).take_while(|end| *end <= NAME_MAX).last();
    name.get(..end.unwrap_or_default()).unwrap_or_default()
}

fn is_content_field(name: &str) -> bool {
    name.get(..8).is_some_and(|start| start.eq_ignore_ascii_case("content-"))
}

/// A parameter, in as many sections as its length asks for: quoted if the value is visible ASCII and blanks and reads as itself, else as RFC 2231
/// has it. Nothing that a value holds ends it or the line.
fn sections(parameter: &str, value: &str) -> Vec<String> {
    let plain = value.bytes().all(|b| b == b' ' || b.is_ascii_graphic()) && !value.contains("=?");
    let quoted = value.replace('\\', "\\\\").replace('"', "\\\"");
    if plain && quoted.len() <= VALUE_MAX {
        return vec![format!("{parameter}=\"{quoted}\"")];
    }
    let mut values = vec![String::new()];
    for character in value.chars() {
        // A character is at most four bytes, of three each.
        if values.last().is_none_or(|value| value.len() > VALUE_MAX.saturating_sub(12)) {
            values.push(String::new());
        }
        if let Some(value) = values.last_mut() {
            percent_encode(character, value);
        }
    }
    match values.as_slice() {
        [only] => vec![format!("{parameter}*=UTF-8''{only}")],
        values => {
            let charset = |index| if index == 0 { "UTF-8''" } else { "" };
            values.iter().enumerate().map(|(index, value)| format!("{parameter}*{index}*={}{value}", charset(index))).collect()
        }
    }
}

/// `attribute-char` of RFC 2231 §7 stays, everything else becomes `%XX` of its UTF-8.
fn percent_encode(character: char, out: &mut String) {
    if character.is_ascii_alphanumeric() || "!#$&+-.^_`{|}~".contains(character) {
        out.push(character);
        return;
    }
    for byte in character.encode_utf8(&mut [0; 4]).bytes() {
        // Writing to a string does not fail.
        let _ = write!(out, "%{byte:02X}");
    }
}
