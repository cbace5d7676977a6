//! The header of a copy held against that of the original.

#![warn(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use std::collections::{BTreeMap, BTreeSet};

use super::bytes::{Comparison, compare, lines, split_line_end};
use super::finding::{CheckFinding, CheckFindingKind, place};
use crate::finding::{FindingKind, Place};
use crate::mime::{Entity, HeaderField};

const MESSAGE_ID: &str = "Message-ID";
const REFERENCE: &str = "X-Riferimento-Message-ID";

/// What providers and their servers write into a message on its way: RFC 6109 §2.2.1 and §3.3.2, RFC 5322 §3.6.7, RFC 7208 §9.1, RFC 8601,
/// RFC 6376, RFC 8617, RFC 9228.
const PROVIDERS: [&str; 12] = [
    MESSAGE_ID,
    REFERENCE,
    "X-TipoRicevuta",
    "Received",
    "Return-Path",
    "Received-SPF",
    "Authentication-Results",
    "DKIM-Signature",
    "ARC-Seal",
    "ARC-Message-Signature",
    "ARC-Authentication-Results",
    "Delivered-To",
];

/// Whose header it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// The message's: a provider may write into it.
    Message,
    /// That of a message whose one part was replaced by its hash, and the fields that speak of its content with it.
    HashedMessage,
    /// A part's.
    Part,
}

/// Gives what is not the same, in the order of the names.
pub(super) fn compare_headers(copy: &Entity<'_, '_>, original: &Entity<'_, '_>, role: Role) -> Vec<CheckFinding> {
    let mut findings = Vec::new();
    match compare(split_line_end(copy.header_bytes()).text, split_line_end(original.header_bytes()).text) {
        Comparison::Same => return findings,
        Comparison::LineEndsConverted => {
            findings.push(CheckFinding::line_ends_converted());
            return findings;
        }
        Comparison::Differ { .. } => {}
    }
    let (copy_header, original_header) = (Header::of(copy, role), Header::of(original, role));
    let mut names: BTreeMap<String, [Vec<HeaderField<'_>>; 2]> = BTreeMap::new();
    for (side, header) in [&copy_header, &original_header].into_iter().enumerate() {
        for field in &header.fields {
            let sides = names.entry(field.name().to_ascii_lowercase()).or_default();
            if let Some(side) = sides.get_mut(side) {
                side.push(*field);
            }
        }
    }
    let mut pair = Pair { copy, original, role, findings };
    for [copy, original] in names.values() {
        pair.fields(copy, original);
    }
    if role != Role::Part {
        pair.reference(&copy_header, &original_header);
    }
    if let Comparison::Differ { .. } = compare(&copy_header.other_lines, &original_header.other_lines) {
        let kind = if role != Role::Part && (is_cut(copy) || is_cut(original)) {
            CheckFindingKind::BeyondLimits
        } else {
            CheckFindingKind::HeaderChanged
        };
        pair.findings.push(CheckFinding::new(kind, Place::part(&copy.section()), Place::part(&original.section())));
    }
    pair.findings
}

/// Whether the outer header has more fields than were read.
fn is_cut(root: &Entity<'_, '_>) -> bool {
    root.findings().any(|finding| matches!(finding.kind(), FindingKind::TooManyHeaderFields { .. }))
}

/// The fields of a header, and what lies between and behind those that were read.
struct Header<'a> {
    fields: Vec<HeaderField<'a>>,
    other_lines: Vec<u8>,
}

impl<'a> Header<'a> {
    fn of(entity: &Entity<'_, 'a>, role: Role) -> Self {
        let bytes = entity.header_bytes();
        let (mut fields, mut other_lines, mut at) = (Vec::new(), Vec::new(), 0_usize);
        for field in entity.headers() {
            let start = field.offset().saturating_sub(entity.offset());
            other_lines.extend_from_slice(bytes.get(at..start).unwrap_or_default());
            at = start.saturating_add(field.raw().len());
            if role != Role::HashedMessage || !is_content_field(field.name()) {
                fields.push(field);
            }
        }
        other_lines.extend_from_slice(bytes.get(at..).unwrap_or_default());
        // A CR that ends a message without a body becomes part of a line end when a body is written behind it.
        let text = other_lines.iter().rposition(|byte| !matches!(byte, b'\r' | b'\n')).map_or(0, |last| last.saturating_add(1));
        other_lines.truncate(text);
        Self { fields, other_lines }
    }

    /// The identifiers that the fields of a name hold, or whatever they hold.
    fn ids(&self, name: &str) -> impl Iterator<Item = Box<str>> {
        let fields = self.fields.iter().filter(move |field| field.is(name));
        let ids = fields.map(|field| field.message_id().unwrap_or_else(|| field.unfolded().into_owned()));
        ids.filter(|id| !id.is_empty()).map(Box::from)
    }
}

/// A field that speaks of the content, which another has taken the place of.
fn is_content_field(name: &str) -> bool {
    name.get(..8).is_some_and(|start| start.eq_ignore_ascii_case("content-")) || name.eq_ignore_ascii_case("mime-version")
}

/// How a field of the copy may come to differ.
#[derive(Debug, Clone, Copy)]
enum Change<'a> {
    Added(HeaderField<'a>),
    Replaced { copy: HeaderField<'a>, original: HeaderField<'a> },
    Removed(HeaderField<'a>),
}

struct Pair<'e, 't, 'a> {
    copy: &'e Entity<'t, 'a>,
    original: &'e Entity<'t, 'a>,
    role: Role,
    findings: Vec<CheckFinding>,
}

impl Pair<'_, '_, '_> {
    /// The fields of one name. Those of the copy that are the original's next one are told from the others, which stand for what is left of
    /// the original's in turn.
    fn fields(&mut self, copy: &[HeaderField<'_>], original: &[HeaderField<'_>]) {
        let mut due = original.iter().peekable();
        let mut others = Vec::new();
        for field in copy {
            match due.peek().map(|due| compare_values(field, due)) {
                Some(Values::Same) => {
                    due.next();
                }
                Some(Values::Refolded) => {
                    let name = field.name().into();
                    let original = due.next();
                    self.find(CheckFindingKind::FieldRefolded { name }, Some(field), original);
                }
                Some(Values::Differ) | None => others.push(*field),
            }
        }
        let is_new = original.is_empty();
        let mut others = others.into_iter();
        loop {
            match (others.next(), due.next()) {
                (None, None) => return,
                (Some(copy), Some(original)) => self.change(Change::Replaced { copy, original: *original }, is_new),
                (Some(copy), None) => self.change(Change::Added(copy), is_new),
                (None, Some(original)) => self.change(Change::Removed(*original), is_new),
            }
        }
    }

    fn change(&mut self, change: Change<'_>, is_new: bool) {
        let is_provider = |name: &str| self.role != Role::Part && PROVIDERS.iter().any(|known| name.eq_ignore_ascii_case(known));
        let is_addable = |name: &str| {
            let is_own = name.get(..2).is_some_and(|start| start.eq_ignore_ascii_case("x-"));
            // RFC 6409 §8.2: a server may put in the date that a program left out.
            self.role != Role::Part && is_new && (is_own || name.eq_ignore_ascii_case("date"))
        };
        match change {
            Change::Added(copy) => {
                let name = copy.name().into();
                let kind = if is_provider(copy.name()) || is_addable(copy.name()) {
                    CheckFindingKind::ProviderFieldAdded { name }
                } else {
                    CheckFindingKind::FieldAdded { name }
                };
                self.find(kind, Some(&copy), None);
            }
            Change::Replaced { copy, original } => {
                let name = copy.name().into();
                let kind = if is_provider(copy.name()) {
                    CheckFindingKind::ProviderFieldReplaced { name }
                } else {
                    CheckFindingKind::FieldChanged { name }
                };
                self.find(kind, Some(&copy), Some(&original));
            }
            Change::Removed(original) => {
                let name = original.name().into();
                let is_empty_bcc = self.role != Role::Part && original.is("Bcc") && original.raw_value().trim_ascii().is_empty();
                let kind = if is_provider(original.name()) || is_empty_bcc {
                    CheckFindingKind::ProviderFieldRemoved { name }
                } else {
                    CheckFindingKind::FieldRemoved { name }
                };
                self.find(kind, None, Some(&original));
            }
        }
    }

    /// The sender's identifier, which the provider keeps under another name, must be the original's.
    fn reference(&mut self, copy: &Header<'_>, original: &Header<'_>) {
        let Some(own) = original.ids(MESSAGE_ID).next() else { return };
        let all: BTreeSet<_> = original.ids(MESSAGE_ID).chain(original.ids(REFERENCE)).collect();
        if let Some(other) = copy.ids(REFERENCE).find(|id| !all.contains(id)) {
            let kind = CheckFindingKind::ReferenceDiffers { copy: other, original: own };
            let field = |header: &Header<'_>, name| header.fields.iter().find(|field| field.is(name)).map(|field| field.offset());
            let (copy_at, original_at) = (field(copy, REFERENCE), field(original, MESSAGE_ID));
            let at = |entity, offset: Option<usize>| place(entity, offset.unwrap_or_default());
            self.findings.push(CheckFinding::new(kind, at(self.copy, copy_at), at(self.original, original_at)));
        }
    }

    fn find(&mut self, kind: CheckFindingKind, copy: Option<&HeaderField<'_>>, original: Option<&HeaderField<'_>>) {
        let at = |entity, field: Option<&HeaderField<'_>>| field.map_or(Place::NONE, |field| place(entity, field.offset()));
        self.findings.push(CheckFinding::new(kind, at(self.copy, copy), at(self.original, original)));
    }
}

enum Values {
    Same,
    Refolded,
    Differ,
}

fn compare_values(one: &HeaderField<'_>, other: &HeaderField<'_>) -> Values {
    let (one, other) = (one.raw_value().trim_ascii(), other.raw_value().trim_ascii());
    match compare(one, other) {
        Comparison::Same | Comparison::LineEndsConverted => Values::Same,
        Comparison::Differ { .. } if unfolded(one).eq(unfolded(other)) => Values::Refolded,
        Comparison::Differ { .. } => Values::Differ,
    }
}

/// The value without its line ends, a tab being a blank: those who fold anew write either. A CR without LF is no line end.
fn unfolded(value: &[u8]) -> impl Iterator<Item = u8> {
    lines(value).flat_map(|line| line.text).map(|byte| if *byte == b'\t' { b' ' } else { *byte })
}
