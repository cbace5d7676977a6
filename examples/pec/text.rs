//! Reports as texts for people.

use postacert::{CarriedMessage, CertificationData, CheckState, ContentKind, MessageClass, Outcome, Report};

use crate::json::hex;
use crate::terminal::{Look, Paint, WIDTH, printable, wrapped};
use crate::verify::Judged;

/// The width of the column of look.labels.
const LABEL: usize = 16;

/// More recipients than this are counted, not named.
const RECIPIENTS: usize = 8;

/// Findings, parts, attachments that are shown; the others are counted.
const ITEMS: usize = 30;

/// The first of many lines, and how many more there are.
pub(crate) fn limited(lines: impl IntoIterator<Item = String>, look: Look) -> Vec<String> {
    first_of(lines, ITEMS, "  ", look)
}

pub(crate) fn first_of(lines: impl IntoIterator<Item = String>, limit: usize, indent: &str, look: Look) -> Vec<String> {
    let mut lines = lines.into_iter();
    let mut shown: Vec<String> = lines.by_ref().take(limit).collect();
    let more = lines.count();
    if more > 0 {
        shown.push(format!("{indent}… {more} {}", look.labels.and_more));
    }
    shown
}

/// A labelled value on as many lines as it needs.
pub(crate) fn field(label: &str, value: &str) -> String {
    wrapped(&format!("  {label:<LABEL$} "), &printable(value))
}

/// A heading with its fields below, or nothing if there are none.
pub(crate) fn section(heading: &str, fields: &[String], look: Look) -> String {
    if fields.is_empty() {
        return String::new();
    }
    format!("\n\n{}\n{}", look.paint(Paint::Heading, heading), fields.join("\n"))
}

/// A size for people: `12,345 bytes`.
pub(crate) fn size(bytes: usize, look: Look) -> String {
    let digits = bytes.to_string();
    let mut out = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(look.labels.thousands);
        }
        out.push(digit);
    }
    format!("{out} {}", look.labels.bytes)
}

/// Everything there is to say of one file, in order of weight.
pub(crate) fn report(name: &str, judged: &Judged<'_>, judged_at: &str, look: Look) -> String {
    match judged {
        Judged::Report(report) => full(name, report, judged_at, look),
        Judged::TooLarge(error) => {
            let why = wrapped("  ", &printable(&error.in_language(look.language).to_string()));
            format!("{name}: {}{}", verdict(Outcome::Failed, look), section(look.labels.why, &[why], look))
        }
    }
}

fn full(name: &str, report: &Report<'_>, judged_at: &str, look: Look) -> String {
    let mut out = format!("{name}: {}, {}", verdict(report.outcome(), look), report.class().in_language(look.language));
    let why: Vec<String> =
        report.reasons().iter().map(|r| field(r.check().in_language(look.language), &r.in_language(look.language).to_string())).collect();
    out += &section(look.labels.why, &why, look);
    match (report.verified(), report.unverified_content()) {
        (Some(verified), _) => {
            let content = verified.value();
            let fields = content_fields(Some(content.kind()), content.data(), content.original(), look);
            out += &section(look.labels.proven, &fields, look);
        }
        (None, Some(content)) => {
            let fields = content_fields(content.kind(), content.data(), content.original(), look);
            out += &section(look.labels.unproven, &fields, look);
        }
        (None, None) => {}
    }
    out += &section(look.labels.signature_heading, &signature_fields(report, look), look);
    let mut checks: Vec<String> =
        report.checks().iter().map(|(c, s)| format!("  {:<LABEL$} {}", c.in_language(look.language), state(s, look))).collect();
    checks.push(field(look.labels.judged_at, judged_at));
    out += &section(look.labels.checks, &checks, look);
    let noticed = report.findings().iter().map(|finding| wrapped("  - ", &printable(&finding.in_language(look.language).to_string())));
    out += &section(look.labels.noticed, &limited(noticed, look), look);
    out
}

fn signature_fields(report: &Report<'_>, look: Look) -> Vec<String> {
    let Some(signer) = report.signer() else { return Vec::new() };
    let certificate = signer.certificate();
    let mut fields = vec![field(look.labels.signer, signer.subject()), field(look.labels.issuer, certificate.issuer())];
    fields.push(field(look.labels.valid, &format!("{} – {}", certificate.not_before(), certificate.not_after())));
    fields.extend(signer.provider().map(|provider| field(look.labels.listed_as, provider)));
    fields.extend(report.signed_digest().map(|digest| field(look.labels.digest, digest.algorithm().name())));
    fields.extend(report.signing_time().map(|time| field(look.labels.signing_time, &time.to_string())));
    fields
}

/// What certification data say, field by field.
pub(crate) fn content_fields(
    kind: Option<ContentKind>,
    data: Option<&CertificationData>,
    original: Option<&CarriedMessage<'_>>,
    look: Look,
) -> Vec<String> {
    let kind = kind
        .map_or_else(|| look.labels.unknown_kind.to_owned(), |kind| format!("{} ({})", kind.in_language(look.language), kind.as_wire()));
    let mut fields = vec![field(look.labels.kind, &kind)];
    if let Some(data) = data {
        fields.extend(data_fields(data, look));
    }
    if let Some(original) = original {
        let size = size(original.bytes().len(), look);
        fields.push(field(look.labels.original, &format!("{size}, SHA-256 {}", hex(&original.sha256()))));
    }
    fields
}

fn data_fields(data: &CertificationData, look: Look) -> Vec<String> {
    let mut fields = Vec::new();
    fields.extend(data.receipt().map(|receipt| field(look.labels.receipt, receipt.text())));
    if data.fault().text() != "nessuno" {
        fields.push(field(look.labels.fault, data.fault().text()));
    }
    fields.extend(data.extended_error().map(|error| field(look.labels.extended_error, error.raw())));
    fields.push(field(look.labels.sender, data.sender().text()));
    for (index, recipient) in data.recipients().iter().take(RECIPIENTS).enumerate() {
        let label = if index == 0 { look.labels.recipients } else { "" };
        let external = if recipient.kind().text() == "esterno" { format!(" ({})", look.labels.external) } else { String::new() };
        fields.push(field(label, &format!("{}{external}", recipient.address().text())));
    }
    if data.recipients().len() > RECIPIENTS {
        fields.push(field("", &format!("… {} {}", data.recipients().len() - RECIPIENTS, look.labels.and_more)));
    }
    fields.extend(data.recipient().map(|recipient| field(look.labels.delivered_to, recipient.text())));
    fields.extend(data.received_for().iter().take(RECIPIENTS).map(|address| field(look.labels.received_for, address.text())));
    fields.extend(
        data.reply_to().filter(|text| !text.is_empty() && *text != data.sender().text()).map(|text| field(look.labels.reply_to, text)),
    );
    fields.extend(data.subject().map(|subject| field(look.labels.subject, subject)));
    fields.push(field(look.labels.when, &data.when().to_string()));
    fields.extend(data.provider().map(|provider| field(look.labels.provider, provider)));
    fields.push(field(look.labels.identifier, data.id().text()));
    fields.extend(data.message_id().map(|id| field(look.labels.message_id, id.text())));
    fields
}

/// The columns of the table: file, outcome, class. What does not fit stands in the lines below each.
const FILE: usize = 50;
const OUTCOME: usize = 14;

/// The first lines of a table.
pub(crate) fn table_head(look: Look) -> String {
    let head = format!("{:<FILE$} {:<OUTCOME$} {}", look.labels.file, look.labels.outcome, look.labels.class);
    format!("{}\n    {}\n{}", look.paint(Paint::Heading, &head), look.labels.table_details, "-".repeat(WIDTH))
}

/// The lines of one file in a table.
pub(crate) fn row(name: &str, judged: &Judged<'_>, look: Look) -> String {
    let class = if let Judged::Report(report) = judged { report.class() } else { MessageClass::Ordinary };
    let class = class.in_language(look.language);
    let name = if name.chars().count() > FILE { format!("{name}\n{:FILE$}", "") } else { format!("{name:<FILE$}") };
    let padding = OUTCOME.saturating_sub(judged.outcome().in_language(look.language).chars().count());
    let mut lines = vec![format!("{name} {}{:padding$} {class}", verdict(judged.outcome(), look), "")];
    match judged {
        Judged::Report(report) => {
            lines.push(wrapped("    ", &printable(&in_short(report, look))));
            let reasons =
                report.reasons().iter().map(|r| format!("{}: {}", r.check().in_language(look.language), r.in_language(look.language)));
            lines.extend(first_of(reasons.map(|why| wrapped("    ! ", &printable(&why))), ROW_ITEMS, "    ", look));
            if report.outcome() == Outcome::Passed {
                let noticed = report.findings().iter().map(|f| wrapped("    - ", &printable(&f.in_language(look.language).to_string())));
                lines.extend(first_of(noticed, ROW_ITEMS, "    ", look));
            }
        }
        Judged::TooLarge(error) => lines.push(wrapped("    ! ", &printable(&error.in_language(look.language).to_string()))),
    }
    lines.join("\n")
}

/// Reasons, or findings, that a row shows.
const ROW_ITEMS: usize = 4;

/// Kind, who, when, in one sentence.
fn in_short(report: &Report<'_>, look: Look) -> String {
    let (kind, data) = match (report.verified(), report.unverified_content()) {
        (Some(verified), _) => (Some(verified.value().kind()), verified.value().data()),
        (None, Some(content)) => (content.kind(), content.data()),
        (None, None) => return look.labels.nothing_signed.to_owned(),
    };
    let mut words = vec![kind.map_or(look.labels.unknown_kind, |kind| kind.in_language(look.language)).to_owned()];
    if let Some(data) = data {
        words.push(format!("{} {}", look.labels.from, data.sender().text()));
        words.extend(data.recipient().map(|recipient| format!("{} {}", look.labels.to, recipient.text())));
        words.push(data.when().to_string());
    }
    let by = report.signer().map(|signer| format!("{} {}", look.labels.signed_by, signer.provider().unwrap_or(signer.subject())));
    words.extend(by);
    let sentence = words.join(", ");
    if report.verified().is_some() { sentence } else { format!("{}: {sentence}", look.labels.unproven.to_lowercase()) }
}

fn verdict(outcome: Outcome, look: Look) -> String {
    let paint = match outcome {
        Outcome::Passed => Paint::Good,
        Outcome::Indeterminate => Paint::Doubt,
        Outcome::Failed => Paint::Bad,
    };
    look.paint(paint, outcome.in_language(look.language))
}

fn state(state: CheckState, look: Look) -> String {
    let paint = match state {
        CheckState::Good => Paint::Good,
        CheckState::Unknown => Paint::Doubt,
        CheckState::Bad => Paint::Bad,
        CheckState::NotChecked => Paint::Dim,
    };
    look.paint(paint, state.in_language(look.language))
}
