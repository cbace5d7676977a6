//! The tree of MIME entities in a message (RFC 2045, RFC 2046), as slices of its bytes.
//!
//! One pass over the bytes finds every entity; nothing is copied and no body is decoded until it is asked for. Each entity knows its
//! exact bytes, without the line end that belongs to the delimiter after it, so that what is hashed and what is read are the same
//! slice. Parsing fails on size alone; whatever else is wrong with a message becomes a [finding](Tree::findings), and the rest is read.
//!
//! An attached message (`message/rfc822`) is a leaf of this tree. To look into one, its bytes are parsed as a message of their own.

#![warn(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

mod address_list;
mod body;
mod header;
mod lines;
mod params;
mod parse;
mod words;

use core::fmt;
use std::borrow::Cow;

pub use address_list::{AddressList, Mailbox};
pub use body::{Decoded, TransferEncoding};
pub use header::{FieldSize, Fields, HeaderField};
pub use lines::{LineEnds, LineScan};
pub(crate) use lines::{as_crlf, without_crlf_or_lf};
pub use params::{ContentType, Disposition};
pub(crate) use words::decode_words;

use crate::finding::Place;
use crate::language::{Language, Say, spoken};
use crate::{Finding, FindingKind, Limits};
use header::HeaderCaps;
use parse::Node;

/// The entities of one message.
///
/// ```
/// use postacert::{Limits, mime::Tree};
///
/// let raw = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nperch=E9\r\n--b\r\n\
///     Content-Disposition: attachment; filename*=utf-8''caff%C3%A8.txt\r\nContent-Transfer-Encoding: base64\r\n\r\nY2lhbw==\r\n--b--\r\n";
/// let tree = Tree::parse(raw, &Limits::default())?;
/// let parts: Vec<_> = tree.root().children().collect();
/// assert_eq!(parts[0].raw(), b"\r\nperch=E9");
/// assert_eq!(parts[1].section(), "2");
/// assert_eq!(parts[1].name().unwrap(), "caffè.txt");
/// assert_eq!(parts[1].decode().bytes(), b"ciao");
/// # Ok::<(), postacert::mime::MimeError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Tree<'a> {
    raw: &'a [u8],
    start: usize,
    nodes: Vec<Node>,
    findings: Vec<(u32, Finding)>,
    caps: HeaderCaps,
}

impl<'a> Tree<'a> {
    /// Finds the entities of a message.
    ///
    /// Of the limits count `message_bytes`, those of the header, `boundary_chars`, `mime_depth` and `mime_parts`.
    ///
    /// # Errors
    /// When the message, or its outer header, is longer than the limits allow. Nothing else is an error.
    pub fn parse(raw: &'a [u8], limits: &Limits) -> Result<Self, MimeError> {
        if raw.len() > limits.message_bytes {
            return Err(MimeError::new(MimeErrorKind::MessageTooLong { limit: limits.message_bytes }, limits.message_bytes));
        }
        let start = mbox_line(raw);
        let mut parsed = parse::parse(raw, start, limits)?;
        if start > 0 {
            parsed.findings.insert(0, (0, Finding::new(FindingKind::MboxFromLine, Place::at("", 0))));
        }
        Ok(Self { raw, start, nodes: parsed.nodes, findings: parsed.findings, caps: HeaderCaps::from(limits) })
    }

    /// The message itself.
    #[must_use]
    pub fn root(&self) -> Entity<'_, 'a> {
        Entity { tree: self, index: 0 }
    }

    /// Every entity, a parent before its children, in the order of the bytes.
    pub fn entities(&self) -> impl Iterator<Item = Entity<'_, 'a>> {
        (0..u32::try_from(self.nodes.len()).unwrap_or(Node::NONE)).map(|index| Entity { tree: self, index })
    }

    /// What is wrong with the framing and the headers, each with the entity concerned.
    pub fn findings(&self) -> impl Iterator<Item = (Entity<'_, 'a>, &Finding)> {
        self.findings.iter().map(|(index, finding)| (Entity { tree: self, index: *index }, finding))
    }

    /// All bytes given, the line of an mbox included.
    #[must_use]
    pub fn raw(&self) -> &'a [u8] {
        self.raw
    }

    /// The `From ` line of an mbox before the message, with its line end; empty if there is none.
    #[must_use]
    pub fn mbox_line(&self) -> &'a [u8] {
        span(self.raw, 0, self.start)
    }
}

/// One entity of a [`Tree`]: the message itself, or a part of a multipart.
#[derive(Debug, Clone, Copy)]
pub struct Entity<'t, 'a> {
    tree: &'t Tree<'a>,
    index: u32,
}

impl<'t, 'a> Entity<'t, 'a> {
    // -- bytes --

    /// The exact bytes: header, blank line and body. For a part, the line end before the next delimiter is left out, since it belongs
    /// to that (RFC 2046 §5.1.1): these are the bytes that a signature over the part covers.
    #[must_use]
    pub fn raw(&self) -> &'a [u8] {
        self.span(self.node().start, self.node().end)
    }

    /// Where [`Entity::raw`] begins, in bytes from the beginning of the message.
    #[must_use]
    pub fn offset(&self) -> usize {
        self.node().start
    }

    /// The header, without the blank line after it.
    #[must_use]
    pub fn header_bytes(&self) -> &'a [u8] {
        self.span(self.node().start, self.node().header_end)
    }

    /// The body as it is written, transfer encoding and all.
    #[must_use]
    pub fn body(&self) -> &'a [u8] {
        self.span(self.node().body, self.node().end)
    }

    /// Where [`Entity::body`] begins, in bytes from the beginning of the message.
    #[must_use]
    pub fn body_offset(&self) -> usize {
        self.node().body
    }

    // -- header --

    /// The header fields in their order.
    #[must_use]
    pub fn headers(&self) -> Fields<'a> {
        Fields::new(self.header_bytes(), self.node().start, self.tree.caps)
    }

    /// The first field of this name, upper and lower case being the same.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<HeaderField<'a>> {
        self.headers().find(|field| field.is(name))
    }

    /// Every field of this name, upper and lower case being the same.
    pub fn fields<'n>(&self, name: &'n str) -> impl Iterator<Item = HeaderField<'a>> + use<'a, 'n> {
        self.headers().filter(move |field| field.is(name))
    }

    /// The content type: `text/plain` where the header does not say or cannot be read (`message/rfc822` in a multipart/digest). The parameters of
    /// a type that cannot be read are those that are there.
    #[must_use]
    pub fn content_type(&self) -> ContentType<'a> {
        parse::content_type_of(self.tree.raw, self.node())
    }

    /// Whether the content is of this type, upper and lower case being the same: `is("multipart", "signed")`.
    #[must_use]
    pub fn is(&self, kind: &str, subtype: &str) -> bool {
        self.content_type().is(kind, subtype)
    }

    /// The transfer encoding of the body.
    #[must_use]
    pub fn encoding(&self) -> TransferEncoding {
        self.node().encoding
    }

    /// The `Content-Disposition`.
    #[must_use]
    pub fn disposition(&self) -> Option<Disposition<'a>> {
        parse::disposition_of(self.tree.raw, self.node())
    }

    /// The file name: that of `Content-Disposition`, else the `name` of `Content-Type`; decoded. It may hold anything, path separators
    /// included: never a path to write to.
    #[must_use]
    pub fn name(&self) -> Option<Cow<'a, str>> {
        self.disposition().and_then(|d| d.filename()).or_else(|| self.content_type().name())
    }

    /// Both file names, that of `Content-Disposition` and the `name` of `Content-Type`: where they differ, each reader takes another.
    pub fn names(&self) -> impl Iterator<Item = Cow<'a, str>> + use<'a> {
        let (disposition, content_type) = (self.disposition(), self.content_type());
        disposition.and_then(|d| d.filename()).into_iter().chain(core::iter::once_with(move || content_type.name()).flatten())
    }

    // -- the tree --

    /// The number of the section as IMAP counts them (RFC 3501 §6.4.5), `1.2`; empty for the message itself.
    #[must_use]
    pub fn section(&self) -> String {
        parse::section(&self.tree.nodes, self.index)
    }

    /// The multipart that this is a part of.
    #[must_use]
    pub fn parent(&self) -> Option<Self> {
        self.at(self.node().parent)
    }

    /// The parts of a multipart; none of anything else.
    #[must_use]
    pub fn children(&self) -> Children<'t, 'a> {
        let first = if self.node().children > 0 { self.at(self.index.saturating_add(1)) } else { None };
        Children { next: first, left: self.node().children as usize }
    }

    /// Whether this is a multipart that was opened. One without a usable boundary, or nested too deep, is not: its whole content is
    /// [`Entity::body`].
    #[must_use]
    pub fn is_opened(&self) -> bool {
        self.node().opened
    }

    /// What stands in a multipart before its first delimiter, the line end before that left out.
    #[must_use]
    pub fn preamble(&self) -> &'a [u8] {
        if self.node().opened { self.span(self.node().body, self.node().preamble_end) } else { b"" }
    }

    /// What stands in a multipart behind the line of its close delimiter.
    #[must_use]
    pub fn epilogue(&self) -> &'a [u8] {
        if self.node().opened { self.span(self.node().epilogue, self.node().end) } else { b"" }
    }

    /// The delimiter lines of a multipart, each with the line ends before and behind it, and with its offset in the message. Preamble,
    /// delimiters and parts in turn, and epilogue, are the whole body.
    pub fn delimiters(&self) -> impl Iterator<Item = (usize, &'a [u8])> + use<'t, 'a> {
        let entity = *self;
        let node = entity.node();
        let ends = core::iter::once(node.preamble_end).chain(self.children().map(|child| child.node().end));
        let starts = self.children().map(|child| child.node().start).chain(core::iter::once(node.epilogue));
        let gaps = ends.zip(starts).filter(|(end, start)| node.opened && end < start);
        gaps.map(move |(end, start)| (end, entity.span(end, start)))
    }

    // -- content --

    /// The body with its transfer encoding undone: all that can be decoded, and the fault if there is one. A multipart's body is
    /// given as it is.
    #[must_use]
    pub fn decode(&self) -> Decoded<'a> {
        if self.node().opened {
            return Decoded::new(Cow::Borrowed(self.body()), None);
        }
        let encoding = self.encoding();
        let (bytes, fault) = encoding.decode(self.body());
        let finding = fault.map(|at| {
            let kind = if encoding == TransferEncoding::Base64 { FindingKind::BadBase64 } else { FindingKind::BadQuotedPrintable };
            Finding::new(kind, Place::at(&self.section(), self.body_offset().saturating_add(at)))
        });
        Decoded::new(bytes, finding)
    }

    /// What the first bytes of the body decode to.
    pub(crate) fn decode_prefix(&self, encoded: usize) -> Cow<'a, [u8]> {
        let body = self.body();
        self.encoding().decode(body.get(..encoded).unwrap_or(body)).0
    }

    /// The decoded body as text in its declared character set (ISO-8859-1 is read as windows-1252, as everybody does). Total: what cannot be decoded becomes U+FFFD; bytes outside ASCII
    /// without a character set, or with an unknown one, are read as UTF-8 or else as windows-1252.
    #[must_use]
    pub fn decode_text(&self) -> String {
        let charset = self.content_type().parameter("charset").unwrap_or_default();
        words::in_charset(charset.as_bytes(), self.decode().into_bytes()).into_owned()
    }

    // -- findings --

    /// The findings that concern this very entity.
    pub fn findings(&self) -> impl Iterator<Item = &'t Finding> + use<'t, 'a> {
        let index = self.index;
        self.tree.findings.iter().filter(move |(of, _)| *of == index).map(|(_, finding)| finding)
    }

    /// Those of the findings that let two readers see two different structures, or content, in the same bytes: where they concern
    /// what is signed, the message cannot be verified.
    pub fn ambiguities(&self) -> impl Iterator<Item = &'t Finding> + use<'t, 'a> {
        self.findings().filter(|finding| is_ambiguity(finding.kind()))
    }

    fn node(&self) -> &'t Node {
        self.tree.nodes.get(self.index as usize).unwrap_or(&Node::EMPTY)
    }

    fn at(&self, index: u32) -> Option<Self> {
        ((index as usize) < self.tree.nodes.len()).then_some(Self { tree: self.tree, index })
    }

    fn span(&self, from: usize, to: usize) -> &'a [u8] {
        span(self.tree.raw, from, to)
    }
}

/// Two handles are equal if they mean the same entity of the same tree.
impl PartialEq for Entity<'_, '_> {
    fn eq(&self, other: &Self) -> bool {
        core::ptr::eq(self.tree.raw, other.tree.raw) && self.index == other.index
    }
}

impl Eq for Entity<'_, '_> {}

/// The parts of a multipart, in their order.
#[derive(Debug, Clone)]
pub struct Children<'t, 'a> {
    next: Option<Entity<'t, 'a>>,
    left: usize,
}

impl<'t, 'a> Iterator for Children<'t, 'a> {
    type Item = Entity<'t, 'a>;

    fn next(&mut self) -> Option<Self::Item> {
        let entity = self.next?;
        self.next = entity.at(entity.node().next_sibling);
        self.left = self.left.saturating_sub(1);
        Some(entity)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl ExactSizeIterator for Children<'_, '_> {}

coded! {
    /// Why a message could not be parsed at all.
    pub enum MimeErrorKind {
        /// The message is longer than [`Limits::message_bytes`](crate::Limits::message_bytes).
        MessageTooLong { limit: usize } = "message-too-long",
            "the message is longer than {limit} bytes",
            "il messaggio supera {limit} byte";
        /// The outer header is longer than [`Limits::header_bytes`](crate::Limits::header_bytes).
        HeaderTooLong { limit: usize } = "header-too-long",
            "the header of the message is longer than {limit} bytes",
            "l'intestazione del messaggio supera {limit} byte";
        /// The message has more parts than [`Limits::mime_parts`](crate::Limits::mime_parts), and each of them is wanted
        /// ([`brief`](crate::compose::brief)). A tree has as many as are allowed, and a finding.
        TooManyParts { limit: usize } = "too-many-parts",
            "the message has more than {limit} parts",
            "il messaggio ha più di {limit} parti";
    }
}

/// Why a message could not be parsed at all, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MimeError {
    kind: MimeErrorKind,
    offset: usize,
}

impl MimeError {
    pub(crate) fn new(kind: MimeErrorKind, offset: usize) -> Self {
        Self { kind, offset }
    }

    /// What was beyond its limit.
    #[must_use]
    pub fn kind(&self) -> &MimeErrorKind {
        &self.kind
    }

    /// The first byte beyond the limit, from the beginning of the message.
    #[must_use]
    pub fn offset(&self) -> usize {
        self.offset
    }
}

spoken!(MimeError);

impl Say for MimeError {
    fn say(&self, language: Language, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.kind.say(language, f)
    }
}

impl core::error::Error for MimeError {}

fn is_ambiguity(kind: &FindingKind) -> bool {
    matches!(
        kind,
        FindingKind::DuplicateHeader { .. }
            | FindingKind::DuplicateParameter { .. }
            | FindingKind::ParameterConflict { .. }
            | FindingKind::HeaderUnreadable { .. }
            | FindingKind::HeaderFieldTooLong { .. }
            | FindingKind::HeaderTooLong { .. }
            | FindingKind::TooManyHeaderFields { .. }
            | FindingKind::BoundaryMissing
            | FindingKind::BoundaryEmpty
            | FindingKind::BoundaryTooLong { .. }
            | FindingKind::BoundaryPrefix
            | FindingKind::NoDelimiter
            | FindingKind::NoCloseDelimiter
            | FindingKind::EncodedMultipart
            | FindingKind::DepthLimit { .. }
            | FindingKind::PartsLimit { .. }
    )
}

/// The length of an mbox's `From ` line, with its line end. A field may be written `From : a@b`, which is no such line.
fn mbox_line(raw: &[u8]) -> usize {
    match raw.strip_prefix(b"From ") {
        Some(rest) if !rest.trim_ascii_start().starts_with(b":") => memchr::memchr(b'\n', raw).map_or(raw.len(), |at| at.saturating_add(1)),
        _ => 0,
    }
}

/// Where the header of a message begins, behind the line of an mbox, and where it ends, at the blank line: as a [`Tree`] has them, but
/// found without a look at the body and under no limit.
pub(crate) fn outer_header(raw: &[u8]) -> core::ops::Range<usize> {
    let start = mbox_line(raw);
    let mut line = start;
    loop {
        let rest = span(raw, line, raw.len());
        if rest.is_empty() || rest.starts_with(b"\n") || rest.starts_with(b"\r\n") {
            return start..line;
        }
        line = memchr::memchr(b'\n', rest).map_or(raw.len(), |at| line.saturating_add(at).saturating_add(1));
    }
}

/// The fields of the [`outer_header`], under no limit.
pub(crate) fn outer_fields(raw: &[u8]) -> Fields<'_> {
    let header = outer_header(raw);
    Fields::new(span(raw, header.start, header.end), header.start, HeaderCaps::NONE)
}

fn span(raw: &[u8], from: usize, to: usize) -> &[u8] {
    raw.get(from..to).unwrap_or_default()
}
