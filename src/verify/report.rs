//! The record of a verification.

use core::fmt;
use std::sync::Arc;

use super::policy::TimeBasis;
use super::verified::{DirectorySnapshot, Evidence, Signer, Verified};
use crate::crypto::Digest;
use crate::finding::{Check, Finding};
use crate::language::{Language, Say, spoken};
use crate::message::{Content, LineForm, UnverifiedContent};
use crate::time::UnixTime;

/// How one of the seven checks came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "kebab-case"))]
pub enum CheckState {
    /// It was not made: nothing to make it with, or an earlier one left nothing to look at.
    #[default]
    NotChecked,
    /// It holds.
    Good,
    /// It could not be decided.
    Unknown,
    /// It does not hold.
    Bad,
}

impl CheckState {
    /// `good`, `bad`, `unknown` or `not-checked`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.in_language(Language::English)
    }

    /// The same word, in a language.
    #[must_use]
    pub fn in_language(self, language: Language) -> &'static str {
        match self {
            Self::NotChecked => language.pick("not-checked", "non eseguito"),
            Self::Good => language.pick("good", "in regola"),
            Self::Unknown => language.pick("unknown", "in dubbio"),
            Self::Bad => language.pick("bad", "non in regola"),
        }
    }
}

impl fmt::Display for CheckState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How the seven checks came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Checks {
    /// [`Check::Structure`].
    pub structure: CheckState,
    /// [`Check::Signature`].
    pub signature: CheckState,
    /// [`Check::Chain`].
    pub chain: CheckState,
    /// [`Check::Time`].
    pub time: CheckState,
    /// [`Check::Revocation`].
    pub revocation: CheckState,
    /// [`Check::Authority`].
    pub authority: CheckState,
    /// [`Check::Content`].
    pub content: CheckState,
}

impl Checks {
    /// The state of one check.
    #[must_use]
    pub fn get(&self, check: Check) -> CheckState {
        match check {
            Check::Structure => self.structure,
            Check::Signature => self.signature,
            Check::Chain => self.chain,
            Check::Time => self.time,
            Check::Revocation => self.revocation,
            Check::Authority => self.authority,
            Check::Content => self.content,
        }
    }

    pub(crate) fn get_mut(&mut self, check: Check) -> &mut CheckState {
        match check {
            Check::Structure => &mut self.structure,
            Check::Signature => &mut self.signature,
            Check::Chain => &mut self.chain,
            Check::Time => &mut self.time,
            Check::Revocation => &mut self.revocation,
            Check::Authority => &mut self.authority,
            Check::Content => &mut self.content,
        }
    }

    /// All seven, in order.
    pub fn iter(&self) -> impl Iterator<Item = (Check, CheckState)> + '_ {
        Check::ALL.iter().map(|&check| (check, self.get(check)))
    }
}

/// What a verification came to, in the spirit of ETSI EN 319 102-1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "kebab-case"))]
pub enum Outcome {
    /// Everything the policy asks for holds.
    Passed,
    /// Nothing is wrong, but something that is needed is not known.
    Indeterminate,
    /// Something is wrong.
    Failed,
}

impl Outcome {
    /// `passed`, `indeterminate` or `failed`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.in_language(Language::English)
    }

    /// The same word, in a language.
    #[must_use]
    pub fn in_language(self, language: Language) -> &'static str {
        match self {
            Self::Passed => language.pick("passed", "superata"),
            Self::Indeterminate => language.pick("indeterminate", "indeterminata"),
            Self::Failed => language.pick("failed", "non superata"),
        }
    }
}

impl Say for Outcome {
    fn say(&self, language: Language, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.in_language(language))
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Which of RFC 6109 §2.2.2's ways a message goes on. While an outcome is indeterminate, it is the way it would go if the open questions
/// were answered well.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "kebab-case"))]
pub enum MessageClass {
    /// A PEC transport envelope or notification.
    Certified,
    /// An anomaly envelope, signed by a PEC provider.
    Anomaly,
    /// It comes from a PEC provider (its signature is there, is that provider's, and is valid), but its form is not PEC's.
    Irregular,
    /// Anything else: ordinary mail.
    Ordinary,
}

impl MessageClass {
    /// `certified`, `anomaly`, `irregular` or `ordinary`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.in_language(Language::English)
    }

    /// The same word, in a language.
    #[must_use]
    pub fn in_language(self, language: Language) -> &'static str {
        match self {
            Self::Certified => language.pick("certified", "certificata"),
            Self::Anomaly => language.pick("anomaly", "anomalia"),
            Self::Irregular => language.pick("irregular", "irregolare"),
            Self::Ordinary => language.pick("ordinary", "ordinaria"),
        }
    }
}

impl fmt::Display for MessageClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why an outcome is not `passed`: a check, and the finding that decided it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    check: Check,
    finding: Finding,
}

impl Reason {
    pub(crate) fn new(check: Check, finding: Finding) -> Self {
        Self { check, finding }
    }

    /// The check that came out bad or unknown.
    #[must_use]
    pub fn check(&self) -> Check {
        self.check
    }

    /// What decided it.
    #[must_use]
    pub fn finding(&self) -> &Finding {
        &self.finding
    }

    /// The stable code of the finding.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.finding.code()
    }
}

spoken!(Reason, NotVerified);

impl Say for Reason {
    fn say(&self, language: Language, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.finding.say(language, f)
    }
}

/// The record of a verification: seven checks, what they came to, and why.
///
/// It is a record, never a bool: `Passed` means that everything the policy asks for holds, relative to the trust the verifier was given.
///
/// Its [`Display`](fmt::Display), and [`in_language`](Self::in_language), give the lines that a person needs, the weightiest first.
#[derive(Debug, Clone)]
pub struct Report<'a> {
    pub(crate) raw: &'a [u8],
    pub(crate) basis: TimeBasis,
    pub(crate) instant: Option<UnixTime>,
    pub(crate) policy: &'static str,
    pub(crate) directory: Option<DirectorySnapshot>,
    pub(crate) has_anchors: bool,
    pub(crate) outcome: Outcome,
    pub(crate) class: MessageClass,
    pub(crate) checks: Checks,
    pub(crate) reasons: Vec<Reason>,
    pub(crate) findings: Vec<Finding>,
    pub(crate) signature: Option<SignatureFacts>,
    pub(crate) content: Held<'a>,
}

/// What could be read of the signature, whether it holds or not.
#[derive(Debug, Clone)]
pub(crate) struct SignatureFacts {
    pub(crate) signer: Option<Arc<Signer>>,
    pub(crate) digest: Option<Digest>,
    pub(crate) signing_time: Option<UnixTime>,
    pub(crate) form: LineForm,
}

#[derive(Debug, Clone)]
pub(crate) enum Held<'a> {
    Verified(Verified<Content<'a>>),
    Unverified(UnverifiedContent<'a>),
    Nothing,
}

impl<'a> Report<'a> {
    /// What it came to.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        self.outcome
    }

    /// Which of RFC 6109 §2.2.2's ways the message goes on.
    #[must_use]
    pub fn class(&self) -> MessageClass {
        self.class
    }

    /// Why the instant of the verification was believed, as the caller stated it.
    #[must_use]
    pub fn basis(&self) -> TimeBasis {
        self.basis
    }

    /// The instant the message was judged by; `None` where the certification data were to give it and there are none.
    #[must_use]
    pub fn instant(&self) -> Option<UnixTime> {
        self.instant
    }

    /// The name of the policy, see [`Policy::name`](crate::Policy::name).
    #[must_use]
    pub fn policy(&self) -> &'static str {
        self.policy
    }

    /// Which directory was asked.
    #[must_use]
    pub fn directory(&self) -> Option<&DirectorySnapshot> {
        self.directory.as_ref()
    }

    /// How each check came out.
    #[must_use]
    pub fn checks(&self) -> &Checks {
        &self.checks
    }

    /// Why the outcome is not `passed`, the weightiest first; empty when it is.
    #[must_use]
    pub fn reasons(&self) -> &[Reason] {
        &self.reasons
    }

    /// What was noticed besides, without deciding anything.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// The content, proven: present exactly when the outcome is `passed`.
    #[must_use]
    pub fn verified(&self) -> Option<&Verified<Content<'a>>> {
        match &self.content {
            Held::Verified(verified) => Some(verified),
            Held::Unverified(_) | Held::Nothing => None,
        }
    }

    /// The content, proven, or why not.
    ///
    /// # Errors
    /// [`NotVerified`] with the outcome and its reasons.
    pub fn into_verified(self) -> Result<Verified<Content<'a>>, Box<NotVerified>> {
        match self.content {
            Held::Verified(verified) => Ok(verified),
            Held::Unverified(_) | Held::Nothing => {
                Err(Box::new(NotVerified { outcome: self.outcome, class: self.class, checks: self.checks, reasons: self.reasons }))
            }
        }
    }

    /// The content of a message that did **not** pass, unproven; `None` when it passed or there is nothing signed to read.
    #[must_use]
    pub fn unverified_content(&self) -> Option<&UnverifiedContent<'a>> {
        match &self.content {
            Held::Unverified(content) => Some(content),
            Held::Verified(_) | Held::Nothing => None,
        }
    }

    /// The evidence, when the message passed.
    #[must_use]
    pub fn evidence(&self) -> Option<&Evidence> {
        self.verified().map(Verified::evidence)
    }

    /// The signer as its certificate names it, whether the signature holds or not; `None` when there is no readable signature.
    #[must_use]
    pub fn signer(&self) -> Option<&Signer> {
        self.signature.as_ref()?.signer.as_deref()
    }

    /// The digest of the signed bytes, computed with the signature's algorithm.
    #[must_use]
    pub fn signed_digest(&self) -> Option<Digest> {
        self.signature.as_ref()?.digest
    }

    /// The signing time that the signer wrote: its own word.
    #[must_use]
    pub fn signing_time(&self) -> Option<UnixTime> {
        self.signature.as_ref()?.signing_time
    }

    /// In which form of its lines the signature holds, where it holds.
    #[must_use]
    pub fn line_form(&self) -> Option<LineForm> {
        self.signature.as_ref().map(|s| s.form)
    }

    /// The SHA-256 of the whole message as it was given, computed on each call.
    #[must_use]
    pub fn message_sha256(&self) -> [u8; 32] {
        use sha2::Digest as _;
        sha2::Sha256::digest(self.raw).into()
    }
}

/// A message that did not pass, as an error: the outcome and its reasons.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotVerified {
    outcome: Outcome,
    class: MessageClass,
    checks: Checks,
    reasons: Vec<Reason>,
}

impl NotVerified {
    /// `failed` or `indeterminate`.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        self.outcome
    }

    /// As [`Report::class`].
    #[must_use]
    pub fn class(&self) -> MessageClass {
        self.class
    }

    /// As [`Report::checks`].
    #[must_use]
    pub fn checks(&self) -> &Checks {
        &self.checks
    }

    /// Why, the weightiest first.
    #[must_use]
    pub fn reasons(&self) -> &[Reason] {
        &self.reasons
    }
}

impl Say for NotVerified {
    fn say(&self, language: Language, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.outcome {
            Outcome::Failed => language.pick("the verification failed", "la verifica non è superata"),
            Outcome::Indeterminate | Outcome::Passed => language.pick("the verification is indeterminate", "la verifica è indeterminata"),
        })?;
        for (index, reason) in self.reasons.iter().enumerate() {
            write!(f, "{}{}", if index == 0 { ": " } else { "; " }, reason.in_language(language))?;
        }
        Ok(())
    }
}

impl std::error::Error for NotVerified {}
