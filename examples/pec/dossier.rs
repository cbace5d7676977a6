//! `pec dossier`: what became of each sent message, from its receipts.

use std::fs::File;
use std::io::{self, BufWriter, Read as _, Write as _};
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use postacert::dossier::{Missing, Overdue, Progress, ReceiptRecord, RecipientStatus, Standing, Summary};
use postacert::{Fault, PecKind, ReceiptKind, RecipientKind, Timestamp, Verifier};
use serde_json::{Value, json};

use crate::args::DossierArgs;
use crate::gather::{Bounce, Filed, Gathered, How, Sent, Unproven};
use crate::lang::dossier::Labels;
use crate::terminal::{Look, Paint, WIDTH, printable, wrapped};
use crate::text::{field, first_of};
use crate::{Exit, json, page, trust};

/// Recipients of a message that the table shows; the others are counted. JSON and the page have all.
const RECIPIENTS: usize = 50;

/// What does not fit, or is late, of one message; a message may have thousands of recipients.
const NOTES: usize = 20;

/// Messages of one sort that are listed below a table.
const LISTED: usize = 30;

pub(crate) fn run(args: &DossierArgs, look: Look) -> Result<Exit> {
    let time = args.time.time(&["dossier"], trust::now).unwrap_or_else(|error| error.exit());
    let verifier: Verifier = trust::verifier(&args.trust, args.policy.policy())?;
    if let Some(path) = &args.html {
        may_be_replaced(path)?;
    }
    let how = How { verifier, time, now: time.instant().unwrap_or_else(trust::now) };
    let gathered = Gathered::read(&args.paths, &how, look.language);
    let messages = gathered.messages();

    let mut out = BufWriter::new(io::stdout().lock());
    for message in &messages {
        if args.json {
            writeln!(out, "{}", json::line(&object(message, &gathered, &how)))?;
        } else {
            writeln!(out, "{}\n", table(message, &gathered, &how, look))?;
        }
    }
    if !args.json {
        write!(out, "{}", strays(&gathered, look))?;
    }
    out.flush()?;
    if let Some(path) = &args.html {
        let trust = page::Trust::of(&args.trust);
        let file = File::create(path).with_context(|| path.display().to_string())?;
        let mut file = BufWriter::new(file);
        page::write(&mut file, &messages, &gathered, &how, trust, look)
            .and_then(|()| file.flush())
            .with_context(|| path.display().to_string())?;
    }
    let _ = writeln!(io::stderr(), "{}", tally(&messages, &gathered, look));
    Ok(exit(&messages, &gathered, &how))
}

/// A page of ours may be replaced by another; a message, which one slip of the shell puts into its place, may not.
fn may_be_replaced(path: &Path) -> Result<()> {
    let Ok(file) = File::open(path) else { return Ok(()) };
    let mut head = Vec::new();
    file.take(page::HEAD.len() as u64).read_to_end(&mut head).with_context(|| path.display().to_string())?;
    if !head.is_empty() && head != page::HEAD.as_bytes() {
        bail!("{}: the file is there, and is no page that may be overwritten", path.display());
    }
    Ok(())
}

fn exit(messages: &[Sent<'_>], gathered: &Gathered, how: &How) -> Exit {
    let bad = |message: &Sent<'_>| matches!(message.dossier.summary_at(how.now), Summary::Failed | Summary::Warning);
    if gathered.counts.unreadable > 0 {
        Exit::Trouble
    } else if !gathered.unproven().is_empty() || messages.iter().any(bad) {
        Exit::NotPassed
    } else {
        Exit::Passed
    }
}

/// How many of what there were, for standard error.
fn tally(messages: &[Sent<'_>], gathered: &Gathered, look: Look) -> String {
    let (words, counts) = (look.labels.dossier, gathered.counts);
    let unproven = gathered.unproven().len() as u64;
    if messages.is_empty() && unproven == 0 {
        return format!("{} ({}: {})", words.nothing, words.others, counts.others);
    }
    let always = [(words.messages, messages.len() as u64), (words.receipts, counts.receipts)];
    let others = [
        (words.not_verified, unproven),
        (words.duplicates, counts.duplicates),
        (words.others, counts.others),
        (words.unreadable, counts.unreadable),
    ];
    let all = always.into_iter().chain(others.into_iter().filter(|(_, count)| *count > 0));
    all.map(|(what, count)| format!("{what}: {count}")).collect::<Vec<_>>().join(", ")
}

// -- words --

/// What became of a message for a recipient, in a word, by the code of its [`Progress`].
pub(crate) fn word(progress: &str, words: &Labels) -> &'static str {
    match progress {
        "accepted" => words.accepted,
        "external" => words.external,
        "refused" => words.refused,
        "delayed" => words.delayed,
        "timed-out" => words.timed_out,
        "not-delivered" => words.not_delivered,
        "virus" => words.virus,
        "delivered" => words.delivered,
        _ => words.submitted,
    }
}

/// When that was.
pub(crate) fn when(progress: &Progress) -> Option<Timestamp> {
    match progress {
        Progress::Accepted { when }
        | Progress::External { when }
        | Progress::Refused { when, .. }
        | Progress::Delayed { when }
        | Progress::TimedOut { when }
        | Progress::NotDelivered { when, .. }
        | Progress::Virus { when }
        | Progress::Delivered { when, .. } => Some(*when),
        _ => None,
    }
}

fn paint(progress: &Progress) -> Paint {
    match progress {
        Progress::Delivered { .. } => Paint::Good,
        Progress::Delayed { .. } => Paint::Doubt,
        Progress::Refused { .. } | Progress::TimedOut { .. } | Progress::NotDelivered { .. } | Progress::Virus { .. } => Paint::Bad,
        _ => Paint::Dim,
    }
}

/// What a receipt is, in a word or two.
pub(crate) fn receipt_word(receipt: &ReceiptRecord, words: &Labels) -> String {
    let kind = kind_word(receipt.kind, words);
    let more = match (receipt.receipt, receipt.fault) {
        (Some(ReceiptKind::Complete), _) => words.complete,
        (Some(ReceiptKind::Brief), _) => words.brief,
        (Some(ReceiptKind::Concise), _) => words.concise,
        // The word says it, or nothing.
        (None, Fault::None | Fault::Other) => return kind.to_owned(),
        (None, Fault::Virus) if receipt.kind == PecKind::VirusDetection => return kind.to_owned(),
        (None, fault) => fault.as_wire(),
    };
    format!("{kind} ({more})")
}

pub(crate) fn kind_word(kind: PecKind, words: &Labels) -> &'static str {
    match kind {
        PecKind::Acceptance => words.acceptance,
        PecKind::NonAcceptance => words.non_acceptance,
        PecKind::TakenInCharge => words.taken_in_charge,
        PecKind::Delivery => words.delivery,
        PecKind::NonDelivery => words.non_delivery,
        PecKind::DeliveryTimeout => words.timeout,
        PecKind::VirusDetection => words.virus_detection,
        _ => words.envelope,
    }
}

/// The date and time in the receipt's own zone: `2026-11-22 03:52:07 +01:00`, `22/11/2026 03:52:07 +01:00`.
pub(crate) fn date(when: &str, words: &Labels) -> String {
    let (day, rest) = when.split_once('T').unwrap_or((when, ""));
    let (time, zone) = rest.split_at(rest.len().min(8));
    let day = match day.split('-').collect::<Vec<_>>()[..] {
        [year, month, day] if words.lang == "it" => format!("{day}/{month}/{year}"),
        _ => day.to_owned(),
    };
    let zone = if zone == "Z" { "UTC" } else { zone };
    format!("{day} {time} {zone}")
}

/// A sentence with its times written as all others are.
fn with_dates(sentence: &str, words: &Labels) -> String {
    let word = |word: &str| {
        let bare = word.trim_end_matches([',', ':', ')']);
        match bare.parse::<Timestamp>() {
            Ok(_) => date(bare, words) + &word[bare.len()..],
            Err(_) => word.to_owned(),
        }
    };
    sentence.split(' ').map(word).collect::<Vec<_>>().join(" ")
}

pub(crate) fn subject<'s>(message: &'s Sent<'_>, words: &Labels) -> &'s str {
    match message.dossier.subject() {
        "" => words.no_subject,
        subject => subject,
    }
}

/// What does not fit, or is late, in sentences.
pub(crate) fn notes(message: &Sent<'_>, gathered: &Gathered, how: &How, look: Look) -> Vec<String> {
    let (dossier, words) = (message.dossier, look.labels.dossier);
    let issues = dossier.issues();
    let issues = issues.iter().map(|issue| gathered.with_names(&issue.in_language(look.language).to_string()));
    let missing = dossier.missing(how.now);
    let late = missing.iter().filter(|missing| !matches!(missing, Missing::Outcome { overdue: Overdue::No, .. }));
    let late = late.map(|missing| match missing {
        Missing::Acceptance => words.orphan.to_owned(),
        missing => missing.in_language(look.language).to_string(),
    });
    let mut notes: Vec<String> = issues.chain(late).map(|note| with_dates(&note, words)).collect();
    if notes.len() > NOTES {
        let more = notes.len() - NOTES;
        notes.truncate(NOTES);
        notes.push(format!("… {more} {}", look.labels.and_more));
    }
    notes
}

// -- the table --

/// The columns of recipients: address, progress, time.
const ADDRESS: usize = 32;
const PROGRESS: usize = 14;

fn table(message: &Sent<'_>, gathered: &Gathered, how: &How, look: Look) -> String {
    let (labels, words) = (look.labels, look.labels.dossier);
    let summary = message.dossier.summary_at(how.now);
    let painted = match summary {
        Summary::Delivered => Paint::Good,
        Summary::Warning => Paint::Doubt,
        Summary::Failed => Paint::Bad,
        _ => Paint::Dim,
    };
    let heading = wrapped("", &printable(subject(message, words)));
    let mut lines = vec![look.paint(Paint::Heading, &heading)];
    lines.push(format!("  {:<16} {}", words.status, look.paint(painted, &summary.in_language(look.language).to_string())));
    lines.push(field(labels.sender, message.dossier.sender().as_str()));
    lines.push(field(labels.identifier, message.dossier.id().as_str()));
    let notes = notes(message, gathered, how, look);
    lines.extend(notes.iter().map(|note| wrapped("  ! ", &printable(note))));
    lines.extend(message.general.iter().map(|receipt| receipt_lines(receipt, gathered, look)));
    for status in message.recipients.iter().take(RECIPIENTS) {
        lines.push(recipient_line(status, look));
        lines.extend(status.reason().map(|reason| wrapped("    ", &printable(reason.raw()))));
        lines.extend(status.receipts().iter().map(|receipt| receipt_lines(receipt, gathered, look)));
    }
    if message.recipients.len() > RECIPIENTS {
        lines.push(format!("  … {} {}", message.recipients.len() - RECIPIENTS, words.and_recipients));
    }
    if !message.unproven.is_empty() {
        lines.push(format!("  {}", look.paint(Paint::Bad, words.unproven)));
        lines.extend(first_of(message.unproven.iter().map(|unproven| unproven_lines(unproven, look)), LISTED, "    ", look));
    }
    if !message.bounces.is_empty() {
        lines.push(format!("  {}", look.paint(Paint::Doubt, words.bounces)));
        lines.extend(first_of(bounce_lines(message), LISTED, "    ", look));
    }
    lines.join("\n")
}

fn bounce_lines(message: &Sent<'_>) -> impl Iterator<Item = String> {
    message.bounces.iter().flat_map(|bounce| {
        bounce.recipients.iter().map(|recipient| {
            let why = recipient.why.as_ref().map(|why| format!(" ({why})")).unwrap_or_default();
            wrapped("    - ", &printable(&format!("{}: {}{why}: {}", recipient.address, recipient.action, bounce.place)))
        })
    })
}

fn recipient_line(status: &RecipientStatus<'_>, look: Look) -> String {
    let words = look.labels.dossier;
    let address = printable(status.address().as_str()).into_owned();
    let external = if status.kind() == RecipientKind::External { format!(" ({})", words.external_kind) } else { String::new() };
    let recorded = if status.standing() == Standing::Recorded { format!(" ({})", words.recorded) } else { String::new() };
    let word = word(status.progress().code(), words);
    let padding = PROGRESS.saturating_sub(word.chars().count());
    let when = when(status.progress()).map(|when| date(&when.to_string(), words)).unwrap_or_default();
    let address = format!("{address}{external}");
    let address = if address.chars().count() > ADDRESS { format!("{address}\n  {:ADDRESS$}", "") } else { format!("{address:<ADDRESS$}") };
    format!("  {address} {}{:padding$} {when}{recorded}", look.paint(paint(status.progress()), word), "").trim_end().to_owned()
}

fn receipt_lines(receipt: &ReceiptRecord, gathered: &Gathered, look: Look) -> String {
    let words = look.labels.dossier;
    let first = format!("    - {}  ", date(&receipt.when.to_string(), words));
    let filed = gathered.filed(receipt);
    let file = filed.map(|filed| format!(": {}", filed.place)).unwrap_or_default();
    let line = wrapped(&first, &printable(&format!("{}{file}", receipt_word(receipt, words))));
    let noticed = filed.iter().flat_map(|filed| &filed.findings);
    let noticed = noticed.map(|finding| wrapped("        ", &printable(&finding.in_language(look.language).to_string())));
    std::iter::once(line).chain(noticed).collect::<Vec<_>>().join("\n")
}

fn unproven_lines(unproven: &Unproven, look: Look) -> String {
    let words = look.labels.dossier;
    let kind = unproven.claimed_kind.map(|kind| format!(", {}", kind_word(kind, words))).unwrap_or_default();
    let line = format!("{}: {}{kind}", unproven.place, unproven.outcome.in_language(look.language));
    let why = unproven.why.iter().map(|why| wrapped("      ! ", &printable(&why.in_language(look.language))));
    std::iter::once(wrapped("    ", &printable(&line))).chain(why).collect::<Vec<_>>().join("\n")
}

/// What claims to be a receipt of a message of which nothing is known.
fn strays(gathered: &Gathered, look: Look) -> String {
    let strays = gathered.strays();
    if strays.is_empty() {
        return String::new();
    }
    let lines = first_of(strays.iter().map(|unproven| unproven_lines(unproven, look)), LISTED, "    ", look).join("\n");
    format!("{}\n{}\n{lines}\n", look.paint(Paint::Heading, look.labels.dossier.strays), "-".repeat(WIDTH))
}

// -- JSON --

fn object(message: &Sent<'_>, gathered: &Gathered, how: &How) -> Value {
    let dossier = message.dossier;
    let issues = dossier.issues();
    let issues: Vec<Value> = issues.iter().map(|issue| json::condition(issue.code(), &gathered.with_names(&issue.to_string()))).collect();
    let missing: Vec<Value> = dossier.missing(how.now).iter().map(missing).collect();
    json!({
        "identificativo": dossier.id().as_str(),
        "subject": dossier.subject(),
        "sender": dossier.sender().as_str(),
        "summary": dossier.summary_at(how.now).code(),
        "orphan": dossier.is_orphan(),
        "receipts": message.general.iter().map(|receipt| receipt_object(receipt, gathered)).collect::<Vec<_>>(),
        "recipients": message.recipients.iter().map(|status| recipient_object(status, gathered)).collect::<Vec<_>>(),
        "missing": missing,
        "issues": issues,
        "unproven": message.unproven.iter().map(|unproven| unproven_object(unproven)).collect::<Vec<_>>(),
        "bounces": message.bounces.iter().flat_map(|bounce| bounce_objects(bounce)).collect::<Vec<_>>(),
    })
}

fn bounce_objects(bounce: &Bounce) -> impl Iterator<Item = Value> {
    bounce.recipients.iter().map(|recipient| {
        json!({ "file": bounce.place.to_string(), "recipient": recipient.address, "action": recipient.action, "why": recipient.why })
    })
}

fn recipient_object(status: &RecipientStatus<'_>, gathered: &Gathered) -> Value {
    let progress = status.progress();
    json!({
        "address": status.address().as_str(),
        "kind": status.kind().as_wire(),
        "progress": progress.code(),
        "when": when(progress).map(|when| when.to_string()),
        "errore_esteso": status.reason().map(|reason| reason.raw()),
        "receipts": status.receipts().iter().map(|receipt| receipt_object(receipt, gathered)).collect::<Vec<_>>(),
    })
}

fn receipt_object(receipt: &ReceiptRecord, gathered: &Gathered) -> Value {
    let filed = gathered.filed(receipt);
    let findings = filed.map(|filed| &*filed.findings).unwrap_or_default();
    json!({
        "kind": receipt.kind.as_wire(),
        "when": receipt.when.to_string(),
        "receipt": receipt.receipt.map(|kind| kind.as_wire()),
        "errore": receipt.fault.as_wire(),
        "errore_esteso": receipt.reason.as_ref().map(|reason| reason.raw()),
        "provider": receipt.provider,
        "signer": filed.map(|filed| &filed.signer),
        "file": filed.map(|filed| filed.place.to_string()),
        "copies": filed.map(copies).unwrap_or_default(),
        "findings": findings.iter().map(|finding| json::condition(finding.code(), finding)).collect::<Vec<_>>(),
    })
}

fn copies(filed: &Filed) -> Vec<String> {
    filed.copies.iter().map(ToString::to_string).collect()
}

fn missing(missing: &Missing) -> Value {
    let (recipient, since, overdue) = match missing {
        Missing::Outcome { recipient, since, overdue } => (Some(recipient.as_str()), Some(since.to_string()), Some(overdue.code())),
        _ => (None, None, None),
    };
    json!({ "code": missing.code(), "recipient": recipient, "since": since, "overdue": overdue })
}

fn unproven_object(unproven: &Unproven) -> Value {
    json!({
        "file": unproven.place.to_string(),
        "outcome": unproven.outcome.as_str(),
        "kind": unproven.claimed_kind.map(|kind| kind.as_wire()),
        "reasons": unproven.why.iter().map(|why| json::condition(why.code(), &why.in_language(postacert::Language::English))).collect::<Vec<_>>(),
    })
}
