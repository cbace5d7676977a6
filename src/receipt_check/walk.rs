//! The parts of a brief receipt's copy held against those of the original, place by place; then those without a counterpart against one
//! another, wherever they are.

#![warn(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use std::collections::HashMap;

use sha1::{Digest as _, Sha1};

use super::Sha1Match;
use super::bytes::{Comparison, compare, split_line_end};
use super::finding::{CheckFinding, CheckFindingKind, label, place};
use super::hash::{self, CopyPart, HashInput, HashedLines, Sha1Bytes};
use super::header::{Role, compare_headers};
use crate::finding::{FindingKind, Place};
use crate::mime::{Entity, Tree};

pub(super) struct Walk<'t, 'a> {
    copy: &'t Tree<'a>,
    original: &'t Tree<'a>,
    /// The second part of a root multipart/signed, which stays as it is (RFC 6109 §3.3.2.2).
    signature: Option<Entity<'t, 'a>>,
    reach: Reach,
    findings: Vec<CheckFinding>,
    matches: Vec<Sha1Match>,
    /// The parts without a counterpart at their place.
    loose_copies: Vec<LooseCopy<'t, 'a>>,
    loose_originals: Vec<LooseOriginal<'t, 'a>>,
}

/// Whether every part was looked into, or there were too many.
#[derive(Clone, Copy)]
enum Reach {
    Whole,
    Cut,
}

struct LooseCopy<'t, 'a> {
    part: Entity<'t, 'a>,
    kind: CopyPart,
    /// What is at its place, as an index of the loose originals.
    opposite: Option<usize>,
}

struct LooseOriginal<'t, 'a> {
    part: Entity<'t, 'a>,
    standing: Standing,
}

/// What a loose part is found by.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Key {
    Hash(Sha1Bytes),
    Content(Sha1Bytes),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Standing {
    Free,
    Taken,
}

impl<'t, 'a> Walk<'t, 'a> {
    pub(super) fn new(copy: &'t Tree<'a>, original: &'t Tree<'a>) -> Self {
        let root = original.root();
        let signature = if root.is("multipart", "signed") { root.children().nth(1) } else { None };
        Self {
            copy,
            original,
            signature,
            reach: if is_cut(copy) || is_cut(original) { Reach::Cut } else { Reach::Whole },
            findings: Vec::new(),
            matches: Vec::new(),
            loose_copies: Vec::new(),
            loose_originals: Vec::new(),
        }
    }

    /// Matches and findings, by their places.
    pub(super) fn run(mut self) -> (Vec<Sha1Match>, Vec<CheckFinding>) {
        let mut pairs = vec![(self.copy.root(), self.original.root())];
        while let Some((copy, original)) = pairs.pop() {
            match (copy.is_opened(), original.is_opened()) {
                (true, true) => self.multiparts(copy, original, &mut pairs),
                (true, false) => self.apart(copy, original),
                (false, _) => self.leaf(copy, original),
            }
        }
        self.moved();
        self.left_over();
        self.matches.sort_by_cached_key(|found| in_order(found.section()));
        self.findings.sort_by_cached_key(|finding| {
            let place = if *finding.copy() == Place::NONE { finding.original() } else { finding.copy() };
            (in_order(place.part.as_deref().unwrap_or_default()), place.offset)
        });
        (self.matches, self.findings)
    }

    // -- place by place --

    fn multiparts(&mut self, copy: Entity<'t, 'a>, original: Entity<'t, 'a>, pairs: &mut Vec<(Entity<'t, 'a>, Entity<'t, 'a>)>) {
        self.headers(copy, original, role_of(&copy));
        self.outside(copy, original);
        let (mut copies, mut originals) = (copy.children(), original.children());
        loop {
            match (copies.next(), originals.next()) {
                (Some(copy), Some(original)) => pairs.push((copy, original)),
                (Some(copy), None) => self.loosen_copy(copy),
                (None, Some(original)) => self.loosen_original(original),
                (None, None) => return,
            }
        }
    }

    fn leaf(&mut self, copy: Entity<'t, 'a>, original: Entity<'t, 'a>) {
        if !original.is_opened() {
            let comparison = self.bodies(&copy, &original);
            if !matches!(comparison, Comparison::Differ { .. }) {
                return self.whole(copy, original, comparison);
            }
        }
        let kind = CopyPart::of(&copy);
        if let CopyPart::Hash(sha1) | CopyPart::Digits(sha1) = kind
            && let Some(input) = self.input_of(sha1, &original)
        {
            return self.hashed(copy, original, input, sha1);
        }
        if original.is_opened() {
            return self.apart(copy, original);
        }
        self.root_header(copy, original, kind);
        let opposite = Some(self.loose_originals.len());
        self.loose_originals.push(LooseOriginal { part: original, standing: Standing::Free });
        self.loose_copies.push(LooseCopy { part: copy, kind, opposite });
    }

    /// One is a multipart and the other is not, or not one that can be looked into.
    fn apart(&mut self, copy: Entity<'t, 'a>, original: Entity<'t, 'a>) {
        self.root_header(copy, original, CopyPart::of(&copy));
        self.loosen_copy(copy);
        self.loosen_original(original);
    }

    /// The part itself is in the copy.
    fn whole(&mut self, copy: Entity<'t, 'a>, original: Entity<'t, 'a>, comparison: Comparison) {
        self.headers(copy, original, role_of(&copy));
        self.note_line_ends(comparison);
        if self.is_due_a_hash(&original) {
            self.find(CheckFindingKind::PartCarriedWhole { name: label(&original) }, &copy, &original);
        }
    }

    fn hashed(&mut self, copy: Entity<'t, 'a>, original: Entity<'t, 'a>, input: HashInput, sha1: Sha1Bytes) {
        if copy.parent().is_none() && original.parent().is_none() {
            self.headers(copy, original, Role::HashedMessage);
        }
        if !hash::is_name_of_hash(&copy, &original) {
            let kind = CheckFindingKind::NameDiffers { name: label(&copy), original: label(&original) };
            self.find(kind, &copy, &original);
        }
        self.matches.extend(Sha1Match::new(&copy, &original, sha1, input));
    }

    /// Text before and behind the parts. The delimiter lines themselves say nothing.
    fn outside(&mut self, copy: Entity<'t, 'a>, original: Entity<'t, 'a>) {
        let preambles = (copy.body_offset(), copy.preamble(), original.body_offset(), original.preamble());
        let start = |part: &Entity<'_, '_>, text: &[u8]| end_of(part).saturating_sub(text.len());
        let epilogues = (start(&copy, copy.epilogue()), copy.epilogue(), start(&original, original.epilogue()), original.epilogue());
        for (copy_start, copy_text, original_start, original_text) in [preambles, epilogues] {
            let copy_text = until_the_end(copy_text, copy_start, self.copy);
            let original_text = until_the_end(original_text, original_start, self.original);
            match compare(copy_text, original_text) {
                Comparison::Differ { copy: copy_at, original: original_at } => {
                    // Behind the last part that was looked into there are others, and perhaps their hashes.
                    let kind = match self.reach {
                        Reach::Whole => CheckFindingKind::OutsideTextChanged,
                        Reach::Cut => CheckFindingKind::BeyondLimits,
                    };
                    let copy = place(&copy, copy_start.saturating_add(copy_at));
                    let original = place(&original, original_start.saturating_add(original_at));
                    self.findings.push(CheckFinding::new(kind, copy, original));
                }
                same => self.note_line_ends(same),
            }
        }
    }

    /// What of the original's part has this hash.
    fn input_of(&self, sha1: Sha1Bytes, original: &Entity<'t, 'a>) -> Option<HashInput> {
        hash::sha1_of(original, self.original.raw()).find(|(_, of_original)| *of_original == sha1).map(|(input, _)| input)
    }

    fn bodies(&self, copy: &Entity<'_, '_>, original: &Entity<'_, '_>) -> Comparison {
        compare(body_of(copy, self.copy), body_of(original, self.original))
    }

    fn root_header(&mut self, copy: Entity<'t, 'a>, original: Entity<'t, 'a>, kind: CopyPart) {
        if copy.parent().is_none() && original.parent().is_none() {
            let is_hash = matches!(kind, CopyPart::Hash(_) | CopyPart::Malformed);
            self.headers(copy, original, if is_hash { Role::HashedMessage } else { Role::Message });
        }
    }

    fn headers(&mut self, copy: Entity<'t, 'a>, original: Entity<'t, 'a>, role: Role) {
        self.findings.append(&mut compare_headers(&copy, &original, role));
    }

    // -- wherever they are --

    fn loosen_copy(&mut self, part: Entity<'t, 'a>) {
        for part in leaves(part) {
            self.loose_copies.push(LooseCopy { part, kind: CopyPart::of(&part), opposite: None });
        }
    }

    fn loosen_original(&mut self, part: Entity<'t, 'a>) {
        let loose = |part| LooseOriginal { part, standing: Standing::Free };
        self.loose_originals.extend(leaves(part).map(loose));
    }

    /// Finds the loose parts that are another loose one's, each once.
    fn moved(&mut self) {
        let key = |copy: &LooseCopy<'_, '_>| match copy.kind {
            CopyPart::Hash(sha1) => Key::Hash(sha1),
            CopyPart::Digits(_) | CopyPart::Malformed | CopyPart::Whole => Key::Content(content_key(&copy.part, self.copy)),
        };
        let keys: Vec<Key> = self.loose_copies.iter().map(key).collect();
        let mut found: HashMap<Key, Vec<usize>> = keys.iter().map(|key| (*key, Vec::new())).collect();
        let has_hashes = keys.iter().any(|key| matches!(key, Key::Hash(_)));
        // The first of several is to be taken first: from the end of the list.
        for (index, LooseOriginal { part, .. }) in self.loose_originals.iter().enumerate().rev() {
            let hashes = has_hashes.then(|| hash::sha1_of(part, self.original.raw())).into_iter().flatten();
            let hashes = hashes.map(|(_, sha1)| Key::Hash(sha1));
            for key in hashes.chain([Key::Content(content_key(part, self.original))]) {
                if let Some(originals) = found.get_mut(&key) {
                    originals.push(index);
                }
            }
        }
        for (copy, key) in core::mem::take(&mut self.loose_copies).into_iter().zip(keys) {
            let candidates = found.get_mut(&key);
            let Some(original) = candidates.and_then(|candidates| self.take(candidates)) else {
                self.loose_copies.push(copy);
                continue;
            };
            if let Key::Hash(sha1) = key
                && let Some(input) = self.input_of(sha1, &original)
            {
                self.hashed(copy.part, original, input, sha1);
            }
            self.find(CheckFindingKind::PartMoved { name: label(&copy.part) }, &copy.part, &original);
        }
    }

    /// The last of the candidates that is free.
    fn take(&mut self, candidates: &mut Vec<usize>) -> Option<Entity<'t, 'a>> {
        while let Some(index) = candidates.pop() {
            if let Some(part) = self.loose_originals.get_mut(index).and_then(LooseOriginal::take) {
                return Some(part);
            }
        }
        None
    }

    /// What is still loose differs from what is at its place, or there is nothing at its place.
    fn left_over(&mut self) {
        for copy in core::mem::take(&mut self.loose_copies) {
            let opposite = copy.opposite.and_then(|index| self.loose_originals.get_mut(index)).and_then(LooseOriginal::take);
            match opposite {
                Some(original) => self.differs(&copy, original),
                None => {
                    let name = label(&copy.part);
                    let at = Place::part(&copy.part.section());
                    self.findings.push(CheckFinding::new(CheckFindingKind::PartExtra { name }, at, Place::NONE));
                }
            }
        }
        for original in &self.loose_originals {
            if original.standing == Standing::Free {
                let name = label(&original.part);
                let at = Place::part(&original.part.section());
                self.findings.push(CheckFinding::new(CheckFindingKind::PartMissing { name }, Place::NONE, at));
            }
        }
    }

    fn differs(&mut self, copy: &LooseCopy<'t, 'a>, original: Entity<'t, 'a>) {
        let name = label(&copy.part);
        match copy.kind {
            CopyPart::Hash(_) => self.find(CheckFindingKind::HashDiffers { name, original: label(&original) }, &copy.part, &original),
            CopyPart::Malformed => self.find(CheckFindingKind::HashMalformed { name }, &copy.part, &original),
            CopyPart::Digits(_) | CopyPart::Whole => {
                if original.parent().is_some() {
                    self.headers(copy.part, original, Role::Part);
                }
                let decoded = compare(copy.part.decode().bytes(), original.decode().bytes());
                if !matches!(decoded, Comparison::Differ { .. }) {
                    return self.find(CheckFindingKind::PartReencoded { name }, &copy.part, &original);
                }
                let Comparison::Differ { copy: copy_at, original: original_at } = self.bodies(&copy.part, &original) else { return };
                let at = |part: &Entity<'_, '_>, offset: usize| place(part, part.body_offset().saturating_add(offset));
                let (copy, original) = (at(&copy.part, copy_at), at(&original, original_at));
                self.findings.push(CheckFinding::new(CheckFindingKind::PartChanged { name }, copy, original));
            }
        }
    }

    // -- saying so --

    fn find(&mut self, kind: CheckFindingKind, copy: &Entity<'_, '_>, original: &Entity<'_, '_>) {
        self.findings.push(CheckFinding::new(kind, Place::part(&copy.section()), Place::part(&original.section())));
    }

    fn note_line_ends(&mut self, comparison: Comparison) {
        if comparison == Comparison::LineEndsConverted {
            self.findings.push(CheckFinding::line_ends_converted());
        }
    }

    /// Whether RFC 6109 §3.3.2.2 has a provider put a hash in the place of this part.
    fn is_due_a_hash(&self, original: &Entity<'t, 'a>) -> bool {
        let is_smime = original.is("application", "pkcs7-mime") || original.is("application", "x-pkcs7-mime");
        let is_kept = Some(*original) == self.signature || (is_smime && original.parent().is_none());
        !is_kept && !original.raw().is_empty() && (original.is("message", "rfc822") || original.names().next().is_some())
    }
}

impl<'t, 'a> LooseOriginal<'t, 'a> {
    fn take(&mut self) -> Option<Entity<'t, 'a>> {
        (core::mem::replace(&mut self.standing, Standing::Taken) == Standing::Free).then_some(self.part)
    }
}

fn role_of(copy: &Entity<'_, '_>) -> Role {
    if copy.parent().is_none() { Role::Message } else { Role::Part }
}

/// The parts inside a multipart that are no multiparts; of a leaf, itself.
fn leaves<'t, 'a>(part: Entity<'t, 'a>) -> impl Iterator<Item = Entity<'t, 'a>> {
    let mut inner = vec![part.children()];
    let mut first = (!part.is_opened()).then_some(part);
    core::iter::from_fn(move || {
        if let Some(leaf) = first.take() {
            return Some(leaf);
        }
        loop {
            match inner.last_mut()?.next() {
                Some(child) if child.is_opened() => inner.push(child.children()),
                Some(child) => return Some(child),
                None => {
                    inner.pop();
                }
            }
        }
    })
}

fn end_of(part: &Entity<'_, '_>) -> usize {
    part.offset().saturating_add(part.raw().len())
}

/// A body; the line end that ends the message is left out, since carriers add it and drop it.
pub(super) fn body_of<'a>(part: &Entity<'_, 'a>, tree: &Tree<'_>) -> &'a [u8] {
    until_the_end(part.body(), part.body_offset(), tree)
}

fn until_the_end<'a>(text: &'a [u8], start: usize, tree: &Tree<'_>) -> &'a [u8] {
    if start.saturating_add(text.len()) < tree.raw().len() { text } else { split_line_end(text).text }
}

/// A part as it is, whatever its line ends.
fn content_key(part: &Entity<'_, '_>, tree: &Tree<'_>) -> Sha1Bytes {
    let mut sha1 = Sha1::new();
    hash::update(&mut sha1, part.header_bytes(), HashedLines::Lf);
    sha1.update(b"\n");
    hash::update(&mut sha1, body_of(part, tree), HashedLines::Lf);
    sha1.finalize().into()
}

/// Whether the tree has more parts than were looked into.
fn is_cut(tree: &Tree<'_>) -> bool {
    tree.findings().any(|(_, finding)| matches!(finding.kind(), FindingKind::PartsLimit { .. }))
}

/// A section so that `2` comes before `10`.
fn in_order(section: &str) -> Vec<u32> {
    section.split('.').filter_map(|number| number.parse().ok()).collect()
}
