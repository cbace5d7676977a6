//! Receipts held against the original that the sender kept (RFC 6109 §3.3.2.1, §3.3.2.2).
//!
//! A complete delivery receipt carries a copy of the original message; a brief one carries a copy in which a hash stands for each attachment, so
//! "to verify the transmitted contents it is necessary for the sender to keep the unaltered original" (§3.3.2.2). [`CopyCheck`] compares the
//! one, [`BriefCheck`] the other.
//!
//! What is compared is bytes. Whether a provider attests that it delivered those of the copy, a [`Verified`] says: code that acts on a check takes
//! [`BriefCheck::of`] or [`CopyCheck::of`], which take nothing else. Attested is then that the provider delivered a message which agrees, or does
//! not, with the kept one; who wrote it, and whether the kept one is what was sent, is the caller's to know.
//!
//! A hash that matches is a [`Sha1Match`], never an identity: somebody who had both contents made can give two of them one SHA-1.
//!
//! # What a provider may do
//!
//! Line ends may be converted and the last one of the message be missing; in the outer header, `Message-ID` is replaced and kept as
//! `X-Riferimento-Message-ID` (§2.2.1), `X-TipoRicevuta` may be written, trace fields (`Received`, `Return-Path` and their like) come and go, further
//! `X-…` fields and a missing `Date` are added, an empty `Bcc` goes; values may be folded anew. Each is a finding of [`Weight::Allowed`]. The order of
//! fields with different names and the delimiter lines between parts say nothing. Whatever else is not the same is a [`Weight::Difference`].

#![warn(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

mod bytes;
mod finding;
mod hash;
mod header;
mod walk;

use core::fmt;

pub use finding::{CheckFinding, CheckFindingKind, CheckOutcome, Weight};
pub use hash::{HashInput, HashedContent, HashedEnd, HashedLines};

use crate::crypto::{Digest, DigestAlgorithm};
use crate::finding::Place;
use crate::language::{Language, Say, spoken, write_tame};
use crate::limits::Limits;
use crate::message::{CarriedMessage, ParseError};
use crate::mime::{Entity, LineEnds, Tree};
use crate::verify::Verified;
use bytes::{Comparison, compare};
use finding::place;
use header::{Role, compare_headers};
use walk::{Walk, body_of};

/// Of a copy and of an original each. What is done is linear in them; beyond, a brief copy cannot be told from a changed one.
const PARTS: usize = 100_000;

/// The copy of a brief delivery receipt (ricevuta breve di avvenuta consegna) held against the kept original, part by part.
///
/// A part of the copy named `….hash` is held against the part at the same place of the original. RFC 6109 §3.3.2.2 leaves open what the
/// hash is computed over, so the encoded and the decoded body are tried, each with the line ends that it has, with CR LF and with LF, and with and
/// without its last line end: the [`Sha1Match`] says which matched. All other parts must be the same. A part that is not at its place is looked for
/// at the others.
///
/// The copy agrees only if every part of the original is accounted for.
///
/// ```
/// use postacert::compose::brief;
/// use postacert::receipt_check::{BriefCheck, CheckOutcome};
///
/// let kept = b"Subject: x\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nciao\r\n--b\r\n\
///     Content-Type: application/pdf; name=\"a.pdf\"\r\nContent-Transfer-Encoding: base64\r\n\r\nJVBERg==\r\n--b--\r\n";
/// let carried = brief(kept)?;
/// let check = BriefCheck::compare(carried.bytes(), kept)?;
/// assert_eq!(check.outcome(), CheckOutcome::Agrees);
/// assert_eq!(
///     check.to_string(),
///     "the copy agrees with the original\n\
///      part 2: SHA-1 3d7326f046670415ae48b43664fd5f4f12e8cda7 matches part 2 (a.pdf.hash), over the encoded body"
/// );
///
/// let another = String::from_utf8_lossy(kept).replace("JVBERg", "JVBERh");
/// let check = BriefCheck::compare(carried.bytes(), another.as_bytes())?;
/// assert_eq!(check.outcome(), CheckOutcome::Differs);
/// assert_eq!(check.findings()[0].code(), "hash-differs");
/// # Ok::<(), postacert::ParseError>(())
/// ```
#[doc(alias = "breve")]
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct BriefCheck {
    outcome: CheckOutcome,
    matches: Vec<Sha1Match>,
    findings: Vec<CheckFinding>,
}

impl BriefCheck {
    /// Compares a copy that a provider provably carried.
    ///
    /// ```
    /// use postacert::receipt_check::{BriefCheck, CheckOutcome};
    /// use postacert::{ParseError, VerifiedParts};
    ///
    /// fn contents_were_delivered(receipt: &VerifiedParts<'_>, kept: &[u8]) -> Result<bool, ParseError> {
    ///     let Some(copy) = &receipt.original else { return Ok(false) };
    ///     Ok(BriefCheck::of(copy, kept)?.outcome() == CheckOutcome::Agrees)
    /// }
    /// # let _ = contents_were_delivered;
    /// ```
    ///
    /// # Errors
    /// When either message, or its header, is larger than the usual [`Limits`] allow.
    pub fn of(copy: &Verified<CarriedMessage<'_>>, original: &[u8]) -> Result<Self, ParseError> {
        Self::compare(copy.value().bytes(), original)
    }

    /// Compares bytes, of which nothing is proven.
    ///
    /// # Errors
    /// When either message, or its header, is larger than the usual [`Limits`] allow. Of parts there may be 100,000.
    pub fn compare(copy: &[u8], original: &[u8]) -> Result<Self, ParseError> {
        Self::compare_with(copy, original, &Limits { mime_parts: PARTS, ..Limits::default() })
    }

    /// Compares bytes within the given limits.
    ///
    /// # Errors
    /// When either message, or its header, is larger than the limits allow.
    pub fn compare_with(copy: &[u8], original: &[u8], limits: &Limits) -> Result<Self, ParseError> {
        let (copy, original) = (Tree::parse(copy, limits)?, Tree::parse(original, limits)?);
        let (matches, mut findings) = Walk::new(&copy, &original).run();
        say_line_ends_once(&copy, &original, &mut findings);
        Ok(Self { outcome: CheckOutcome::of(&findings), matches, findings })
    }

    /// Whether the copy agrees with the original.
    #[must_use]
    pub fn outcome(&self) -> CheckOutcome {
        self.outcome
    }

    /// The hashes that match a part of the original, in the order of the copy; those too that match at another place, of which a finding
    /// tells.
    #[must_use]
    pub fn matches(&self) -> &[Sha1Match] {
        &self.matches
    }

    /// What was found, by its place, of every weight.
    #[must_use]
    pub fn findings(&self) -> &[CheckFinding] {
        &self.findings
    }
}

/// A hash of a brief receipt that is the SHA-1 of a part of the kept original. Not more: SHA-1 collides for who makes both contents.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Sha1Match {
    section: Box<str>,
    original_section: Box<str>,
    name: Option<Box<str>>,
    sha1: Digest,
    input: HashInput,
}

impl Sha1Match {
    fn new(copy: &Entity<'_, '_>, original: &Entity<'_, '_>, sha1: hash::Sha1Bytes, input: HashInput) -> Option<Self> {
        Some(Self {
            section: copy.section().into(),
            original_section: original.section().into(),
            name: copy.name().map(Box::from),
            sha1: Digest::new(DigestAlgorithm::Sha1, &sha1)?,
            input,
        })
    }

    /// The MIME section of the hash in the copy, as IMAP numbers it; empty for the message itself.
    #[must_use]
    pub fn section(&self) -> &str {
        &self.section
    }

    /// The MIME section of the part in the original.
    #[must_use]
    pub fn original_section(&self) -> &str {
        &self.original_section
    }

    /// What the hash is called, `.hash` at its end as a rule. It may hold anything: never a path to write to.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// The hash.
    #[must_use]
    pub fn sha1(&self) -> Digest {
        self.sha1
    }

    /// What it was computed over, the first form that matched where several are the same.
    #[must_use]
    pub fn input(&self) -> HashInput {
        self.input
    }
}

/// The copy of a complete delivery receipt (ricevuta completa di avvenuta consegna) held against the kept original: the outer header field by
/// field, the body byte by byte, CR LF and LF being the same.
///
/// ```
/// use postacert::receipt_check::{CheckOutcome, CopyCheck};
///
/// let kept = b"Message-ID: <1@client.example>\nSubject: x\n\nciao\n";
/// let copy = b"Message-ID: <2@pec.example>\r\nX-Riferimento-Message-ID: <1@client.example>\r\nSubject: x\r\n\r\nciao\r\n";
/// let check = CopyCheck::compare(copy, kept)?;
/// assert_eq!(check.outcome(), CheckOutcome::Agrees);
/// let codes: Vec<_> = check.findings().iter().map(|finding| finding.code()).collect();
/// assert_eq!(codes, ["line-ends-converted", "provider-field-replaced", "provider-field-added"]);
///
/// let check = CopyCheck::compare(copy, b"Subject: x\r\n\r\nciar\r\n")?;
/// assert_eq!(check.outcome(), CheckOutcome::Differs);
/// let difference = check.findings().last().unwrap();
/// assert_eq!(
///     difference.to_string(),
///     "the body is not that of the original (copy: the message itself, offset 92; original: the message itself, offset 17)"
/// );
/// # Ok::<(), postacert::ParseError>(())
/// ```
#[doc(alias = "completa")]
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct CopyCheck {
    outcome: CheckOutcome,
    findings: Vec<CheckFinding>,
}

impl CopyCheck {
    /// Compares a copy that a provider provably carried.
    ///
    /// # Errors
    /// As [`CopyCheck::compare`].
    pub fn of(copy: &Verified<CarriedMessage<'_>>, original: &[u8]) -> Result<Self, ParseError> {
        Self::compare(copy.value().bytes(), original)
    }

    /// Compares bytes, of which nothing is proven.
    ///
    /// # Errors
    /// When either message, or its header, is larger than the usual [`Limits`] allow.
    pub fn compare(copy: &[u8], original: &[u8]) -> Result<Self, ParseError> {
        Self::compare_with(copy, original, &Limits::default())
    }

    /// Compares bytes within the given limits. Those of parts count only where the place of a difference is told.
    ///
    /// # Errors
    /// When either message, or its header, is larger than the limits allow.
    pub fn compare_with(copy: &[u8], original: &[u8], limits: &Limits) -> Result<Self, ParseError> {
        let (copy, original) = (Tree::parse(copy, limits)?, Tree::parse(original, limits)?);
        let mut findings = compare_headers(&copy.root(), &original.root(), Role::Message);
        findings.sort_by_key(|finding| finding.copy().offset.or(finding.original().offset));
        match compare(body_of(&copy.root(), &copy), body_of(&original.root(), &original)) {
            Comparison::Same => {}
            Comparison::LineEndsConverted => findings.push(CheckFinding::line_ends_converted()),
            Comparison::Differ { copy: copy_at, original: original_at } => {
                let (copy, original) = (place_in_body(&copy, copy_at), place_in_body(&original, original_at));
                findings.push(CheckFinding::new(CheckFindingKind::BodyChanged, copy, original));
            }
        }
        say_line_ends_once(&copy, &original, &mut findings);
        Ok(Self { outcome: CheckOutcome::of(&findings), findings })
    }

    /// Whether the copy agrees with the original.
    #[must_use]
    pub fn outcome(&self) -> CheckOutcome {
        self.outcome
    }

    /// What was found, of every weight: fields of the header, then the first place where the bodies part.
    #[must_use]
    pub fn findings(&self) -> &[CheckFinding] {
        &self.findings
    }
}

/// Converted line ends are noticed in each piece that has several lines, and where the messages as wholes have others.
fn say_line_ends_once(copy: &Tree<'_>, original: &Tree<'_>, findings: &mut Vec<CheckFinding>) {
    let before = findings.len();
    findings.retain(|finding| *finding.kind() != CheckFindingKind::LineEndsConverted);
    let ends = [copy, original].map(|tree| LineEnds::of(tree.raw()));
    if findings.len() < before || matches!(ends, [LineEnds::LfOnly, LineEnds::WithCr] | [LineEnds::WithCr, LineEnds::LfOnly]) {
        findings.insert(0, CheckFinding::line_ends_converted());
    }
}

/// The innermost part that has a byte of the body, and the byte.
fn place_in_body(tree: &Tree<'_>, at: usize) -> Place {
    let offset = tree.root().body_offset().saturating_add(at);
    let holds = |part: &Entity<'_, '_>| (part.offset()..part.offset().saturating_add(part.raw().len())).contains(&offset);
    // A parent stands before its children.
    let part = tree.entities().filter(holds).last().unwrap_or(tree.root());
    place(&part, offset)
}

spoken!(BriefCheck, CopyCheck, Sha1Match);

/// The outcome, and below it a line for each match and each finding.
impl Say for BriefCheck {
    fn say(&self, language: Language, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.outcome.in_language(language))?;
        self.matches.iter().try_for_each(|found| write!(f, "\n{}", found.in_language(language)))?;
        say_findings(&self.findings, language, f)
    }
}

impl Say for CopyCheck {
    fn say(&self, language: Language, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.outcome.in_language(language))?;
        say_findings(&self.findings, language, f)
    }
}

fn say_findings(findings: &[CheckFinding], language: Language, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    findings.iter().try_for_each(|finding| write!(f, "\n{}: {}", finding.weight().in_language(language), finding.in_language(language)))
}

impl Say for Sha1Match {
    fn say(&self, language: Language, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (copy, original) = (Place::part(&self.section), Place::part(&self.original_section));
        let matches = language.pick("matches", "corrisponde a");
        write!(f, "{}: SHA-1 {} {matches} {}", copy.in_language(language), self.sha1, original.in_language(language))?;
        if let Some(name) = &self.name {
            f.write_str(" (")?;
            write_tame(name, f)?;
            f.write_str(")")?;
        }
        write!(f, ", {} {}", language.pick("over", "calcolata su"), self.input.in_language(language))
    }
}
