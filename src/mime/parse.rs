//! Finding the entities of a message: one pass over its bytes, a stack of open boundaries, no recursion.

#![warn(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use core::num::NonZeroUsize;
use std::borrow::Cow;

use memchr::{memchr, memmem};

use super::body::TransferEncoding;
use super::header::{CappedFields, FieldSize, HeaderCaps, HeaderField, Line, value_of};
use super::lines::without_line_end;
use super::params::{self, ContentType, Disposition, Param};
use super::{MimeError, MimeErrorKind};
use crate::finding::Place;
use crate::{Finding, FindingKind, Limits};

/// One entity, as offsets into the message. Children follow their parent, so the first child of `n` is `n + 1`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Node {
    pub(super) start: usize,
    /// Where the header ends: at the blank line, if there is one.
    pub(super) header_end: usize,
    /// Where the body begins: behind the blank line.
    pub(super) body: usize,
    pub(super) end: usize,
    /// Of a multipart that was opened: where its preamble ends, where its epilogue begins.
    pub(super) preamble_end: usize,
    pub(super) epilogue: usize,
    /// Where the value of `Content-Type` begins, if there is one that could be read.
    pub(super) content_type: Option<NonZeroUsize>,
    /// Where the value of `Content-Disposition` begins, if there is one.
    pub(super) disposition: Option<NonZeroUsize>,
    pub(super) parent: u32,
    pub(super) next_sibling: u32,
    pub(super) children: u32,
    /// Which child of its parent it is, from 1; 0 for the root.
    pub(super) ordinal: u32,
    pub(super) encoding: TransferEncoding,
    pub(super) opened: bool,
    /// Whether it is a part of a multipart/digest, so that it is a message where it does not say.
    pub(super) in_digest: bool,
}

impl Node {
    /// Stands for "no entity" where an index is wanted.
    pub(super) const NONE: u32 = u32::MAX;

    pub(super) const EMPTY: Self = Self {
        start: 0,
        header_end: 0,
        body: 0,
        end: 0,
        preamble_end: usize::MAX,
        epilogue: usize::MAX,
        content_type: None,
        disposition: None,
        parent: Self::NONE,
        next_sibling: Self::NONE,
        children: 0,
        ordinal: 0,
        encoding: TransferEncoding::SevenBit,
        opened: false,
        in_digest: false,
    };

    /// Ends the entity at `end`. What the last delimiter's own line end is shared with moves back to it.
    fn close(&mut self, end: usize) {
        self.end = end;
        for place in [&mut self.start, &mut self.header_end, &mut self.body, &mut self.preamble_end, &mut self.epilogue] {
            *place = end.min(*place);
        }
    }
}

/// What the parser hands to the tree.
pub(super) struct Parsed {
    pub(super) nodes: Vec<Node>,
    pub(super) findings: Vec<(u32, Finding)>,
}

/// Finds the entities of `raw`, whose header begins at `start`.
pub(super) fn parse(raw: &[u8], start: usize, limits: &Limits) -> Result<Parsed, MimeError> {
    let mut parser = Parser {
        raw,
        limits,
        line_then_dashes: memmem::Finder::new(b"\n--"),
        // A PEC envelope has eight entities, nested three deep; a Content-Type has up to four parameters.
        nodes: Vec::with_capacity(8),
        open: Vec::with_capacity(4),
        scratch: Vec::with_capacity(4),
        findings: Vec::new(),
    };
    let mut at = parser.entity(None, start)?;
    while !parser.open.is_empty() {
        let Some(delimiter) = parser.next_delimiter(at) else { break };
        at = parser.delimiter(&delimiter)?;
    }
    parser.end();
    Ok(Parsed { nodes: parser.nodes, findings: parser.findings })
}

struct Parser<'a, 'l> {
    raw: &'a [u8],
    limits: &'l Limits,
    line_then_dashes: memmem::Finder<'static>,
    nodes: Vec<Node>,
    open: Vec<Open<'a>>,
    scratch: Vec<Param<'a>>,
    findings: Vec<(u32, Finding)>,
}

/// A multipart whose close delimiter has not come yet.
struct Open<'a> {
    node: u32,
    last_child: Option<u32>,
    boundary: Cow<'a, [u8]>,
    /// How many bytes the boundaries have in common, from the outermost to this one: a line without them is no delimiter at all.
    common: usize,
    is_digest: bool,
}

/// A line that is a delimiter of the open multipart `level`.
struct Delimiter {
    level: usize,
    line: usize,
    next_line: usize,
    kind: DelimiterKind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum DelimiterKind {
    Part,
    Close,
}

impl<'a> Parser<'a, '_> {
    // -- delimiters --

    /// The first delimiter line at or after `line`, which is the beginning of one.
    fn next_delimiter(&self, mut line: usize) -> Option<Delimiter> {
        loop {
            if let Some(delimiter) = self.delimiter_at(line) {
                return Some(delimiter);
            }
            let found = self.line_then_dashes.find(self.raw.get(line..)?)?;
            line = line.saturating_add(found).saturating_add(1);
        }
    }

    /// `"--" boundary ["--"] transport-padding CRLF` (RFC 2046 §5.1.1), of the innermost multipart that it fits.
    fn delimiter_at(&self, line: usize) -> Option<Delimiter> {
        let rest = self.raw.get(line..)?.strip_prefix(b"--")?;
        let innermost = self.open.last()?;
        if !rest.starts_with(innermost.boundary.get(..innermost.common)?) {
            return None;
        }
        self.open.iter().enumerate().rev().find_map(|(level, open)| {
            let rest = rest.strip_prefix(open.boundary.as_ref())?;
            let (kind, after) = match line_end_after_padding(rest) {
                Some(after) => (DelimiterKind::Part, after),
                None => (DelimiterKind::Close, line_end_after_padding(rest.strip_prefix(b"--")?)?),
            };
            Some(Delimiter { level, line, next_line: self.raw.len().saturating_sub(after.len()), kind })
        })
    }

    /// Acts on a delimiter; gives the line where to look for the next.
    fn delimiter(&mut self, delimiter: &Delimiter) -> Result<usize, MimeError> {
        let end = self.end_of_line_before(delimiter.line);
        self.close_inner(delimiter.level.saturating_add(1), end);
        let Some(open) = self.open.last() else { return Ok(delimiter.next_line) };
        let (parent, last_child) = (open.node, open.last_child);
        match last_child {
            Some(child) => self.with_node(child, |n| n.close(end)),
            None => self.with_node(parent, |n| n.preamble_end = end.max(n.body)),
        }
        match delimiter.kind {
            DelimiterKind::Close => {
                if last_child.is_none() {
                    self.find(parent, delimiter.line, FindingKind::NoDelimiter);
                }
                self.with_node(parent, |n| n.epilogue = delimiter.next_line);
                self.open.pop();
                Ok(delimiter.next_line)
            }
            DelimiterKind::Part if self.nodes.len() >= self.limits.mime_parts => {
                self.find(parent, delimiter.line, FindingKind::PartsLimit { limit: self.limits.mime_parts });
                self.with_node(parent, |n| n.epilogue = end.max(n.body));
                self.open.pop();
                Ok(delimiter.next_line)
            }
            DelimiterKind::Part => self.entity(Some((parent, last_child)), delimiter.next_line),
        }
    }

    /// Ends every multipart from `level` inwards, which a delimiter of an outer one, or the end of the message, cuts short.
    fn close_inner(&mut self, level: usize, end: usize) {
        while self.open.len() > level {
            let Some(open) = self.open.pop() else { return };
            let kind = match open.last_child {
                Some(child) => {
                    self.with_node(child, |n| n.close(end));
                    FindingKind::NoCloseDelimiter
                }
                None => FindingKind::NoDelimiter,
            };
            self.find(open.node, end, kind);
        }
    }

    fn end(&mut self) {
        let end = self.raw.len();
        self.close_inner(0, end);
        self.with_node(0, |n| n.close(end));
    }

    /// Where the line before `line` ends, its line end left out: that belongs to the delimiter.
    fn end_of_line_before(&self, line: usize) -> usize {
        without_line_end(self.raw.get(..line).unwrap_or_default()).len()
    }

    // -- entities --

    /// Reads the header that begins at `start`; gives the line where to look for the next delimiter.
    fn entity(&mut self, place: Option<(u32, Option<u32>)>, start: usize) -> Result<usize, MimeError> {
        let (header_end, body) = self.header_end(start);
        if place.is_none() && header_end.saturating_sub(start) > self.limits.header_bytes {
            let kind = MimeErrorKind::HeaderTooLong { limit: self.limits.header_bytes };
            return Err(MimeError::new(kind, start.saturating_add(self.limits.header_bytes)));
        }
        let index = u32::try_from(self.nodes.len()).unwrap_or(Node::NONE);
        let mut node = Node { start, header_end, body, end: self.raw.len(), ..Node::EMPTY };
        if let Some((parent, last_child)) = place {
            node.parent = parent;
            self.with_node(parent, |n| {
                n.children = n.children.saturating_add(1);
                node.ordinal = n.children;
            });
            if let Some(last) = last_child {
                self.with_node(last, |n| n.next_sibling = index);
            }
            if let Some(open) = self.open.last_mut() {
                open.last_child = Some(index);
                node.in_digest = open.is_digest;
            }
        }
        self.nodes.push(node);
        self.content(index, start, header_end);
        Ok(body)
    }

    /// Where the header ends and the body begins: around the first empty line, or at a delimiter, or at the end.
    fn header_end(&self, start: usize) -> (usize, usize) {
        let mut line = start;
        loop {
            let rest = self.raw.get(line..).unwrap_or_default();
            match rest {
                [b'\n', ..] => return (line, line.saturating_add(1)),
                [b'\r', b'\n', ..] => return (line, line.saturating_add(2)),
                [b'-', b'-', ..] if self.delimiter_at(line).is_some() => return (line, line),
                _ => {}
            }
            match memchr(b'\n', rest) {
                Some(newline) => line = line.saturating_add(newline).saturating_add(1),
                None => return (self.raw.len(), self.raw.len()),
            }
        }
    }

    /// Reads the fields that say what the content is, and opens a multipart.
    fn content(&mut self, index: u32, start: usize, header_end: usize) {
        let fields = self.content_fields(index, start, header_end);
        let encoding = match &fields.encoding {
            None => TransferEncoding::SevenBit,
            Some(field) => {
                let value = field.unfolded_bytes();
                let encoding = TransferEncoding::read(&value);
                if encoding == TransferEncoding::Unknown {
                    let encoding = String::from_utf8_lossy(value.get(..value.len().min(64)).unwrap_or_default()).into();
                    self.find(index, field.offset(), FindingKind::UnknownEncoding { encoding });
                }
                encoding
            }
        };
        if let Some(field) = &fields.disposition {
            self.parameters(index, field, Disposition::read(field.raw_value()).parameters());
        }
        let mut content_type = None;
        if let Some(field) = &fields.content_type {
            content_type = ContentType::read(field.raw_value());
            match content_type {
                Some(found) => self.parameters(index, field, found.parameters()),
                None => self.find(index, field.offset(), FindingKind::HeaderUnreadable { name: field.name().into() }),
            }
        }
        self.with_node(index, |n| {
            n.encoding = encoding;
            n.content_type = fields.content_type.and_then(|field| field.value_offset());
            n.disposition = fields.disposition.and_then(|field| field.value_offset());
        });
        let Some(content_type) = content_type else { return };
        let offset = fields.content_type.map_or(start, |field| field.offset());
        if content_type.is_kind("multipart") {
            if encoding.transforms() {
                self.find(index, offset, FindingKind::EncodedMultipart);
            }
            self.open_multipart(index, offset, &content_type);
        } else if encoding.transforms() && content_type.is_kind("message") {
            self.find(index, offset, FindingKind::EncodedMessage);
        }
    }

    /// The fields `Content-…`, the first of each; whatever is wrong with any field of the header is found here.
    fn content_fields(&mut self, index: u32, start: usize, header_end: usize) -> ContentFields<'a> {
        let header = self.raw.get(start..header_end).unwrap_or_default();
        let caps = HeaderCaps::from(self.limits);
        let mut fields = ContentFields::default();
        let mut malformed = false;
        for line in CappedFields::new(header, start, caps) {
            match line {
                Line::Field(field) => {
                    if field.size() == FieldSize::TooLong {
                        let limit = caps.of_field(field.name());
                        self.find(index, field.offset(), FindingKind::HeaderFieldTooLong { name: field.name().into(), limit });
                    } else if let Some((place, twice)) = fields.place_of(&field) {
                        if place.is_none() {
                            *place = Some(field);
                        } else if !core::mem::replace(twice, true) {
                            self.find(index, field.offset(), FindingKind::DuplicateHeader { name: field.name().into() });
                        }
                    }
                }
                // A header of garbage gives one finding, not one a line.
                Line::Malformed { offset } if !malformed => {
                    malformed = true;
                    self.find(index, offset, FindingKind::HeaderMalformed);
                }
                Line::Malformed { .. } => {}
                Line::Beyond { offset, kind } => self.find(index, offset, kind),
            }
        }
        fields
    }

    fn parameters(&mut self, index: u32, field: &HeaderField<'a>, parameters: &'a [u8]) {
        let flaws = params::flaws(parameters, &mut self.scratch);
        if flaws == params::Flaws::default() {
            return;
        }
        let header = || Box::from(field.name());
        let name = |name: &[u8]| String::from_utf8_lossy(name).into();
        if let Some(duplicate) = flaws.duplicate {
            self.find(index, field.offset(), FindingKind::DuplicateParameter { header: header(), name: name(duplicate) });
        }
        if let Some(conflict) = flaws.conflict {
            self.find(index, field.offset(), FindingKind::ParameterConflict { header: header(), name: name(conflict) });
        }
        if flaws.broken {
            self.find(index, field.offset(), FindingKind::HeaderUnreadable { name: header() });
        }
    }

    /// Puts a multipart on the stack, unless its parts could not be told or lie too deep: then it stays a leaf.
    fn open_multipart(&mut self, index: u32, offset: usize, content_type: &ContentType<'a>) {
        let Some(boundary) = content_type.boundary() else { return self.find(index, offset, FindingKind::BoundaryMissing) };
        if boundary.is_empty() {
            return self.find(index, offset, FindingKind::BoundaryEmpty);
        }
        if boundary.len() > self.limits.boundary_chars {
            self.find(index, offset, FindingKind::BoundaryTooLong { limit: self.limits.boundary_chars });
        }
        // Its own depth is that of the stack, plus one; its parts would lie one deeper.
        if self.open.len().saturating_add(2) > self.limits.mime_depth {
            return self.find(index, offset, FindingKind::DepthLimit { limit: self.limits.mime_depth });
        }
        if self.open.iter().any(|open| open.boundary.starts_with(&boundary) || boundary.starts_with(&open.boundary)) {
            self.find(index, offset, FindingKind::BoundaryPrefix);
        }
        let common = self.open.last().map_or(boundary.len(), |outer| {
            outer.boundary.iter().take(outer.common).zip(boundary.iter()).take_while(|(a, b)| a == b).count()
        });
        self.with_node(index, |n| n.opened = true);
        self.open.push(Open { node: index, last_child: None, boundary, common, is_digest: content_type.is("multipart", "digest") });
    }

    fn with_node(&mut self, index: u32, change: impl FnOnce(&mut Node)) {
        if let Some(node) = self.nodes.get_mut(index as usize) {
            change(node);
        }
    }

    fn find(&mut self, index: u32, offset: usize, kind: FindingKind) {
        let place = Place::at(&section(&self.nodes, index), offset);
        self.findings.push((index, Finding::new(kind, place)));
    }
}

#[derive(Default)]
struct ContentFields<'a> {
    content_type: Option<HeaderField<'a>>,
    encoding: Option<HeaderField<'a>>,
    disposition: Option<HeaderField<'a>>,
    twice: [bool; 3],
}

impl<'a> ContentFields<'a> {
    /// Where a field of this name belongs, and whether it was already found to stand twice.
    fn place_of(&mut self, field: &HeaderField<'a>) -> Option<(&mut Option<HeaderField<'a>>, &mut bool)> {
        let [type_twice, encoding_twice, disposition_twice] = &mut self.twice;
        let about = field.name_behind(b"content-")?;
        if about.eq_ignore_ascii_case(b"type") {
            Some((&mut self.content_type, type_twice))
        } else if about.eq_ignore_ascii_case(b"transfer-encoding") {
            Some((&mut self.encoding, encoding_twice))
        } else if about.eq_ignore_ascii_case(b"disposition") {
            Some((&mut self.disposition, disposition_twice))
        } else {
            None
        }
    }
}

/// The content type of an entity, read again where the parser found it.
pub(super) fn content_type_of<'a>(raw: &'a [u8], node: &Node) -> ContentType<'a> {
    let default = if node.in_digest { ContentType::MESSAGE } else { ContentType::TEXT };
    value_at(raw, node, node.content_type).map_or(default, |value| ContentType::read(value).unwrap_or(default.with_parameters_of(value)))
}

/// The disposition of an entity, read again where the parser found it.
pub(super) fn disposition_of<'a>(raw: &'a [u8], node: &Node) -> Option<Disposition<'a>> {
    value_at(raw, node, node.disposition).map(Disposition::read)
}

/// The part may have been cut since the field was found, by the delimiter that shares a line end with it.
fn value_at<'a>(raw: &'a [u8], node: &Node, offset: Option<NonZeroUsize>) -> Option<&'a [u8]> {
    raw.get(offset?.get()..node.header_end).map(value_of)
}

/// The section number of an entity as IMAP counts (RFC 3501 §6.4.5): `1.2`; empty for the root.
pub(super) fn section(nodes: &[Node], index: u32) -> String {
    let mut ordinals = Vec::new();
    let mut at = index;
    while let Some(node) = nodes.get(at as usize).filter(|n| n.ordinal > 0) {
        ordinals.push(node.ordinal.to_string());
        at = node.parent;
    }
    ordinals.reverse();
    ordinals.join(".")
}

/// What follows the line end, where only blanks stand before it; at the end of the message none is needed.
fn line_end_after_padding(rest: &[u8]) -> Option<&[u8]> {
    let padding = rest.iter().position(|b| !matches!(b, b' ' | b'\t')).unwrap_or(rest.len());
    let rest = rest.get(padding..)?;
    match rest {
        [] => Some(rest),
        [b'\n', after @ ..] | [b'\r', b'\n', after @ ..] => Some(after),
        _ => None,
    }
}
