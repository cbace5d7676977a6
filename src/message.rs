//! A message as it was received: every mail parses, nothing in it is believed.

mod carried;
mod claims;
mod content;
mod mail;

pub use carried::CarriedMessage;
pub use claims::{Claims, OuterKind};
pub use content::{Content, ContentKind, LineForm, UnverifiedContent};
pub use mail::{Attachment, Mail};

pub(crate) use content::Reading;

use core::fmt;
use std::sync::OnceLock;

use crate::finding::{Finding, FindingKind, Place};
use crate::language::{Language, Say, spoken};
use crate::limits::Limits;
use crate::mime::{Entity, LineScan, MimeError, Tree};

/// A message as bytes and what can be seen in them: the tree of MIME parts, the claims of its header, what is signed.
///
/// Any mail can be parsed, PEC or not; nothing is believed. What a PEC provider certifies comes out of
/// [`Verifier::verify`](crate::Verifier::verify) only. The message borrows the bytes and copies none of them.
///
/// ```
/// use postacert::Message;
///
/// let raw = b"From: a@example.org\r\nSubject: =?utf-8?q?Perch=C3=A9?=\r\n\r\nciao\r\n";
/// let message = Message::parse(raw)?;
/// assert_eq!(message.claims().subject().as_deref(), Some("Perché"));
/// assert!(message.signed().is_err(), "ordinary mail");
/// # Ok::<(), postacert::ParseError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Message<'a> {
    tree: Tree<'a>,
    limits: Limits,
    signed: Result<SignedPart<'a>, StructureError>,
    /// Looked for when somebody asks.
    findings: OnceLock<Vec<Finding>>,
}

/// Why bytes cannot be taken as a message at all: they are too many. The bytes remain the caller's; what can be read of a
/// message of lawful size is never an error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParseError(MimeError);

impl ParseError {
    /// The stable code of the limit that was exceeded: `message-too-long` or `header-too-long`; of an original to be hashed also
    /// `too-many-parts`.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.0.kind().code()
    }

    /// What was beyond its limit, and where.
    #[must_use]
    pub fn mime(&self) -> &MimeError {
        &self.0
    }
}

impl From<MimeError> for ParseError {
    fn from(error: MimeError) -> Self {
        Self(error)
    }
}

spoken!(ParseError, StructureError);

impl Say for ParseError {
    fn say(&self, language: Language, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.say(language, f)
    }
}

impl core::error::Error for ParseError {}

/// Why a message has no signed part that could be verified. [`StructureError::code`] names the condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StructureError(Finding);

impl StructureError {
    /// The stable code of the condition, `not-pec` for ordinary mail.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.0.code()
    }

    /// The condition and its place.
    #[must_use]
    pub fn finding(&self) -> &Finding {
        &self.0
    }
}

impl Say for StructureError {
    fn say(&self, language: Language, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.say(language, f)
    }
}

impl std::error::Error for StructureError {}

/// The two children of a root `multipart/signed` (RFC 1847 §2.1): what is signed, and the signature.
#[derive(Debug, Clone, Copy)]
pub struct SignedPart<'a> {
    bytes: &'a [u8],
    offset: usize,
}

impl<'a> SignedPart<'a> {
    /// The exact bytes that the signature covers: the first child with its header, without the line end before the delimiter that
    /// follows it.
    #[must_use]
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// Where they begin in the message, in bytes.
    #[must_use]
    pub fn offset(&self) -> usize {
        self.offset
    }
}

impl<'a> Message<'a> {
    /// Reads a message, PEC or any other, with the usual [`Limits`].
    ///
    /// Lines may end in CR LF or LF; the `From ` line of an mbox is left out.
    ///
    /// # Errors
    /// Only when the message or its header is larger than the limits allow.
    pub fn parse(raw: &'a [u8]) -> Result<Self, ParseError> {
        Self::parse_with(raw, &Limits::default())
    }

    /// Reads a message within the given limits.
    ///
    /// # Errors
    /// As [`Message::parse`].
    pub fn parse_with(raw: &'a [u8], limits: &Limits) -> Result<Self, ParseError> {
        let tree = Tree::parse(raw, limits)?;
        let signed = find_signed(&tree);
        Ok(Self { tree, limits: limits.clone(), signed, findings: OnceLock::new() })
    }

    /// The bytes this message was read from.
    #[must_use]
    pub fn raw(&self) -> &'a [u8] {
        self.tree.raw()
    }

    /// The SHA-256 of the bytes this message was read from.
    #[must_use]
    pub fn sha256(&self) -> [u8; 32] {
        use sha2::Digest as _;
        sha2::Sha256::digest(self.raw()).into()
    }

    /// The message itself as a MIME entity: the root of the tree of its parts.
    #[must_use]
    pub fn root(&self) -> Entity<'_, 'a> {
        self.tree.root()
    }

    /// Every entity of the tree, a parent before its children, in the order of the bytes.
    pub fn entities(&self) -> impl Iterator<Item = Entity<'_, 'a>> {
        self.tree.entities()
    }

    /// What the outer header says. Nothing certifies it: anybody can write `X-Ricevuta`, `Subject` or `From`.
    #[must_use]
    pub fn claims(&self) -> Claims<'_, 'a> {
        Claims::of(self.root())
    }

    /// The message as an ordinary mail reader shows it: texts and attachments.
    #[must_use]
    pub fn mail(&self) -> Mail<'_, 'a> {
        Mail::of(self)
    }

    /// The bytes that the signature of a PEC message covers.
    ///
    /// Only the root entity counts (RFC 1847, and rule of every safe mail reader): a `multipart/signed` deeper inside attests nothing about
    /// this message, but can be opened as a message of its own, see [`Message::carried_messages`].
    ///
    /// # Errors
    /// When the root is not `multipart/signed` of exactly two parts.
    pub fn signed(&self) -> Result<&SignedPart<'a>, &StructureError> {
        self.signed.as_ref()
    }

    /// Departures from the mail standards, each with its place. They are said of all the message, signed or not. The first call looks for them.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        self.findings.get_or_init(|| self.look_over())
    }

    /// What the first child of a root `multipart/signed` holds, **without any verification**: a display may need it, nothing should act
    /// on it. `None` where there is no such child.
    #[must_use]
    pub fn unverified_content(&self) -> Option<UnverifiedContent<'a>> {
        let reading = Reading::of(self, LineForm::AsReceived, &self.limits)?;
        Some(UnverifiedContent::from(reading))
    }

    /// The messages carried inside this one, in order: every `message/rfc822` part and every `multipart/signed` that is not the root (a
    /// mailing list may have wrapped a PEC message so). Each can be opened as a message of its own; what it proves, it proves of
    /// itself alone.
    pub fn carried_messages(&self) -> impl Iterator<Item = CarriedMessage<'a>> + '_ {
        self.tree.entities().skip(1).filter(|e| e.is("message", "rfc822") || e.is("multipart", "signed")).map(CarriedMessage::of)
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.limits
    }

    pub(crate) fn tree(&self) -> &Tree<'a> {
        &self.tree
    }

    /// The first child of a root multipart/signed, however many follow it.
    pub(crate) fn signed_entity(&self) -> Option<Entity<'_, 'a>> {
        let root = self.root();
        if !root.is("multipart", "signed") {
            return None;
        }
        root.children().next()
    }

    /// The second child of a root multipart/signed.
    pub(crate) fn signature_entity(&self) -> Option<Entity<'_, 'a>> {
        let root = self.root();
        if !root.is("multipart", "signed") {
            return None;
        }
        root.children().nth(1)
    }

    /// Looks at the parts of the message that are small and that everything rests on, and at what stands outside the signature.
    fn look_over(&self) -> Vec<Finding> {
        let mut findings: Vec<Finding> = self.tree.findings().map(|(_, finding)| finding.clone()).collect();
        let root = self.root();
        scan(&root, &self.limits, &mut findings, |scan| scan.look(root.header_bytes(), root.offset()));
        if let Some(signed) = self.signed_entity() {
            scan(&signed, &self.limits, &mut findings, |scan| look_at_signed(&signed, scan));
        }
        if let Some(signature) = self.signature_entity() {
            scan(&signature, &self.limits, &mut findings, |scan| scan.look(signature.raw(), signature.offset()));
        }
        if self.signed.is_err() && !root.is("multipart", "signed") {
            for name in ["X-Ricevuta", "X-Trasporto"] {
                if root.field(name).is_some() {
                    findings.push(FindingKind::PecHeaderUnsigned { name: name.into() }.into());
                }
            }
        }
        findings
    }
}

fn scan(entity: &Entity<'_, '_>, limits: &Limits, findings: &mut Vec<Finding>, look: impl FnOnce(&mut LineScan)) {
    let mut scan = LineScan::new(limits);
    look(&mut scan);
    findings.append(&mut scan.findings(entity));
}

/// Looks at the signed entity's headers, delimiters, texts and data, but not at the carried original, which is its sender's, nor at what else a
/// provider may attach: whole bodies are looked at only by who hashes them.
fn look_at_signed(signed: &Entity<'_, '_>, scan: &mut LineScan) {
    scan.look(signed.header_bytes(), signed.offset());
    for (offset, delimiter) in signed.delimiters() {
        scan.look(delimiter.trim_ascii_start(), offset.saturating_add(delimiter.len().saturating_sub(delimiter.trim_ascii_start().len())));
    }
    for child in signed.children() {
        let kind = child.content_type();
        if kind.is_kind("text") || kind.is("multipart", "alternative") || child.names().any(|name| content::is_certdata_name(&name)) {
            scan.look(child.raw(), child.offset());
        } else {
            scan.look(child.header_bytes(), child.offset());
        }
    }
}

fn find_signed<'a>(tree: &Tree<'a>) -> Result<SignedPart<'a>, StructureError> {
    let root = tree.root();
    if !root.is("multipart", "signed") {
        return Err(StructureError(FindingKind::NotPec.into()));
    }
    let mut children = root.children();
    match (children.next(), children.next(), children.count()) {
        (Some(content), Some(_), 0) => Ok(SignedPart { bytes: content.raw(), offset: content.offset() }),
        (first, second, more) => {
            let found = usize::from(first.is_some()).saturating_add(usize::from(second.is_some())).saturating_add(more);
            Err(StructureError(Finding::new(FindingKind::SignedPartCount { found }, Place::part(""))))
        }
    }
}
