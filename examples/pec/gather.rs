//! A mailbox read through: its receipts verified, and put together by the messages that they are about.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use postacert::dossier::{Added, Dossier, DossierIndex, Receipt, ReceiptRecord, RecipientStatus, Threaded};
use postacert::dsn::DeliveryReport;
use postacert::{
    CertificationData, ContentKind, Finding, Fingerprint, Language, Message, NotificationError, Outcome, OuterKind, PecId, PecKind, Reason,
    Report, UnixTime, VerificationTime, Verifier,
};

use crate::complain;
use crate::mailbox::{Found, Mailbox, Place};
use crate::progress::Bar;

/// By whom and by which time receipts are judged.
pub(crate) struct How {
    pub(crate) verifier: Verifier,
    pub(crate) time: VerificationTime,
    /// The instant by which something is awaited, or late.
    pub(crate) now: UnixTime,
}

/// What was found in a mailbox.
#[derive(Debug, Default)]
pub(crate) struct Gathered {
    index: DossierIndex,
    filed: HashMap<Fingerprint, Filed>,
    unproven: Vec<Unproven>,
    bounces: Vec<Bounce>,
    pub(crate) counts: Counts,
}

/// How many messages came out as what.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Counts {
    /// Receipts, verified.
    pub(crate) receipts: u64,
    /// Files of receipts that were there already.
    pub(crate) duplicates: u64,
    /// Messages that are, and claim to be, no receipts.
    pub(crate) others: u64,
    /// What could not be read.
    pub(crate) unreadable: u64,
}

/// The file of a receipt that was verified.
#[derive(Debug)]
pub(crate) struct Filed {
    pub(crate) place: Place,
    /// Other files of the same receipt.
    pub(crate) copies: Vec<Place>,
    pub(crate) signer: String,
    pub(crate) findings: Vec<Finding>,
}

/// A message that says it is a receipt, and was not verified as one.
#[derive(Debug)]
pub(crate) struct Unproven {
    pub(crate) place: Place,
    pub(crate) outcome: Outcome,
    pub(crate) why: Vec<Why>,
    pub(crate) claimed_kind: Option<PecKind>,
    claimed_id: Option<PecId>,
}

/// Why a message counts for nothing.
#[derive(Debug)]
pub(crate) enum Why {
    Reason(Reason),
    /// It passed, and its data lack what a receipt must have.
    Data(NotificationError),
}

impl Why {
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::Reason(reason) => reason.code(),
            Self::Data(error) => error.code(),
        }
    }

    pub(crate) fn in_language(&self, language: Language) -> String {
        match self {
            Self::Reason(reason) => format!("{}: {}", reason.check().in_language(language), reason.in_language(language)),
            Self::Data(error) => error.in_language(language).to_string(),
        }
    }
}

/// What a mail system says of a recipient outside of PEC. Nobody signs that: it is shown beside the message that it claims to be about, and
/// counts for nothing.
#[derive(Debug)]
pub(crate) struct Bounce {
    pub(crate) place: Place,
    claimed_id: PecId,
    pub(crate) recipients: Vec<Bounced>,
}

/// Of one recipient: the address, what became of the message, and why, as they are written.
#[derive(Debug)]
pub(crate) struct Bounced {
    pub(crate) address: String,
    pub(crate) action: String,
    pub(crate) why: Option<String>,
}

/// A sent message with all there is about it.
pub(crate) struct Sent<'g> {
    pub(crate) dossier: &'g Dossier,
    pub(crate) recipients: Vec<RecipientStatus<'g>>,
    /// The receipts about the message as a whole, and those about nobody whom it names.
    pub(crate) general: Vec<&'g ReceiptRecord>,
    /// What claims to belong to it.
    pub(crate) unproven: Vec<&'g Unproven>,
    pub(crate) bounces: Vec<&'g Bounce>,
}

impl Gathered {
    /// Reads all messages of these paths, and verifies those that may be receipts. What cannot be read is told and counted.
    pub(crate) fn read(paths: &[PathBuf], how: &How, language: Language) -> Self {
        let mailbox = Mailbox::find(paths);
        let mut bar = Bar::new(mailbox.bytes());
        let mut gathered = Self::default();
        mailbox.each(&mut bar, |found, bar| {
            bar.count();
            if let Err(error) = found.and_then(|found| gathered.take(&found, how)) {
                gathered.counts.unreadable += 1;
                bar.clear();
                complain(&error, language);
            }
        });
        bar.clear();
        gathered
    }

    /// Takes a message as it stands, or, where only that passes, without the quotes that an mbox puts into it.
    fn take(&mut self, found: &Found<'_>, how: &How) -> Result<()> {
        let message = Message::parse(found.bytes()).with_context(|| found.place().to_string())?;
        let report = how.verifier.verify(&message, how.time);
        if report.outcome() != Outcome::Passed
            && let Some((bytes, place)) = found.without_quotes()
        {
            let message = Message::parse(&bytes).with_context(|| place.to_string())?;
            let report = how.verifier.verify(&message, how.time);
            if report.outcome() == Outcome::Passed {
                self.add(&message, &report, &place);
                return Ok(());
            }
        }
        self.add(&message, &report, found.place());
        Ok(())
    }

    fn add(&mut self, message: &Message<'_>, report: &Report<'_>, place: &Place) {
        if !may_be_receipt(message, report) {
            self.counts.others += 1;
            self.bounces.extend(Bounce::of(message, report, place));
            return;
        }
        let reasons = || report.reasons().iter().cloned().map(Why::Reason).collect();
        match report.verified().map(Receipt::of) {
            Some(Ok(receipt)) => self.file(receipt, report, place),
            Some(Err(error)) => self.unproven.push(Unproven::of(report, place, vec![Why::Data(error)])),
            None => self.unproven.push(Unproven::of(report, place, reasons())),
        }
    }

    fn file(&mut self, receipt: Receipt<'_>, report: &Report<'_>, place: &Place) {
        let id = receipt.id();
        match self.index.add(receipt) {
            Threaded::Added(Added::Duplicate) => {
                self.counts.duplicates += 1;
                if let Some(filed) = self.filed.get_mut(&id) {
                    filed.copies.push(place.clone());
                }
            }
            _ => {
                self.counts.receipts += 1;
                let signer = report.signer().map(|signer| signer.provider().unwrap_or(signer.subject()).to_owned()).unwrap_or_default();
                self.filed.insert(id, Filed { place: place.clone(), copies: Vec::new(), signer, findings: report.findings().to_vec() });
            }
        }
    }

    /// The file of a receipt.
    pub(crate) fn filed(&self, receipt: &ReceiptRecord) -> Option<&Filed> {
        self.filed.get(&receipt.id)
    }

    /// A sentence about receipts, with the names of their files in the place of their identities.
    pub(crate) fn with_names(&self, sentence: &str) -> String {
        let named = |word: &str| self.filed.get(&word.parse::<Fingerprint>().ok()?).map(|filed| filed.place.to_string());
        let words = sentence.split(' ').map(|word| named(word).map_or(Cow::Borrowed(word), Cow::Owned));
        words.collect::<Vec<_>>().join(" ")
    }

    /// The dossiers under an identifier: one as a rule.
    pub(crate) fn under(&self, id: &PecId) -> Vec<&Dossier> {
        self.index.get(id).collect()
    }

    /// The sent messages, in the order of their first receipts.
    pub(crate) fn messages(&self) -> Vec<Sent<'_>> {
        let mut claims: HashMap<&PecId, Vec<&Unproven>> = HashMap::new();
        for unproven in &self.unproven {
            if let Some(id) = &unproven.claimed_id {
                claims.entry(id).or_default().push(unproven);
            }
        }
        let mut bounces: HashMap<&PecId, Vec<&Bounce>> = HashMap::new();
        for bounce in &self.bounces {
            bounces.entry(&bounce.claimed_id).or_default().push(bounce);
        }
        let first = |dossier: &Dossier| dossier.receipts().first().map(|receipt| receipt.when.instant());
        let mut dossiers: Vec<&Dossier> = self.index.iter().collect();
        dossiers.sort_by_cached_key(|dossier| first(dossier));
        let sent = dossiers.into_iter().map(|dossier| {
            let unproven = claims.get(dossier.id()).cloned().unwrap_or_default();
            Sent::of(dossier, unproven, bounces.get(dossier.id()).cloned().unwrap_or_default())
        });
        sent.collect()
    }

    /// What claims to be a receipt and was not verified.
    pub(crate) fn unproven(&self) -> &[Unproven] {
        &self.unproven
    }

    /// What claims to be a receipt, was not verified, and belongs to none of the messages.
    pub(crate) fn strays(&self) -> Vec<&Unproven> {
        let known: HashSet<&PecId> = self.index.iter().map(Dossier::id).collect();
        self.unproven.iter().filter(|unproven| unproven.claimed_id.as_ref().is_none_or(|id| !known.contains(id))).collect()
    }
}

impl Unproven {
    fn of(report: &Report<'_>, place: &Place, why: Vec<Why>) -> Self {
        let data = claimed(report);
        let claimed_id = data.and_then(|data| data.id().value().cloned());
        Self { place: place.clone(), outcome: report.outcome(), why, claimed_kind: data.map(CertificationData::kind), claimed_id }
    }

    pub(crate) fn claims(&self, id: &PecId) -> bool {
        self.claimed_id.as_ref() == Some(id)
    }
}

impl Bounce {
    /// The bounce that a message is, or that an anomaly envelope carries.
    fn of(message: &Message<'_>, report: &Report<'_>, place: &Place) -> Option<Self> {
        let bounce = match report.verified().and_then(|verified| verified.value().original()) {
            Some(carried) => Self::read(&carried.message().ok()?),
            None => Self::read(message),
        };
        bounce.map(|(claimed_id, recipients)| Self { place: place.clone(), claimed_id, recipients })
    }

    fn read(message: &Message<'_>) -> Option<(PecId, Vec<Bounced>)> {
        let report = DeliveryReport::of(message).ok()?;
        // Of an envelope, the Message-ID is the identifier.
        let id = report.claimed_message_id()?.text().trim().trim_start_matches('<').trim_end_matches('>').parse().ok()?;
        let recipients = report.recipients().iter().map(|recipient| Bounced {
            address: recipient.final_recipient().map(|address| address.value().to_owned()).unwrap_or_default(),
            action: recipient.action().map(|action| action.text().to_owned()).unwrap_or_default(),
            why: recipient.diagnostic_code().map(|why| why.value().to_owned()).or_else(|| Some(recipient.status()?.text().to_owned())),
        });
        Some((id, recipients.collect()))
    }
}

impl<'g> Sent<'g> {
    fn of(dossier: &'g Dossier, unproven: Vec<&'g Unproven>, bounces: Vec<&'g Bounce>) -> Self {
        let recipients = dossier.recipients();
        let particular: HashSet<Fingerprint> = recipients.iter().flat_map(|status| status.receipts()).map(|receipt| receipt.id).collect();
        let general = dossier.receipts().into_iter().filter(|receipt| !particular.contains(&receipt.id)).collect();
        Self { dossier, recipients, general, unproven, bounces }
    }
}

/// The certification data of a message, whatever they are worth.
fn claimed<'r>(report: &'r Report<'_>) -> Option<&'r CertificationData> {
    match report.verified() {
        Some(verified) => verified.value().data(),
        None => report.unverified_content().and_then(|content| content.data()),
    }
}

/// Whether a message is a receipt or, where nothing is proven of it, says so: in its data or in its header. A mailbox holds all sorts of mail.
fn may_be_receipt(message: &Message<'_>, report: &Report<'_>) -> bool {
    let is_receipt = |kind| matches!(kind, Some(ContentKind::Certified(kind)) if kind != PecKind::TransportEnvelope);
    match report.verified() {
        Some(verified) => is_receipt(Some(verified.value().kind())),
        None => {
            is_receipt(report.unverified_content().and_then(|content| content.kind()))
                || matches!(message.claims().kind(), Some(OuterKind::Notification(_)))
        }
    }
}
