//! Reports as texts for people.

use postacert::{CarriedMessage, CertificationData, CheckState, ContentKind, Outcome, Report, VerificationTime};

use crate::json::hex;
use crate::lang::Labels;
use crate::terminal::{Colours, Paint, WIDTH, printable, wrapped};
use crate::verify::Judged;

/// The width of the column of labels.
const LABEL: usize = 16;

/// More recipients than this are counted, not named.
const RECIPIENTS: usize = 8;

/// A labelled value on as many lines as it needs.
pub(crate) fn field(label: &str, value: &str) -> String {
    wrapped(&format!("  {label:<LABEL$} "), &printable(value))
}

/// A heading with its fields below, or nothing if there are none.
pub(crate) fn section(heading: &str, fields: &[String], colours: Colours) -> String {
    if fields.is_empty() {
        return String::new();
    }
    format!("\n\n{}\n{}", colours.paint(Paint::Heading, heading), fields.join("\n"))
}

/// A size for people: `12,345 bytes`.
pub(crate) fn size(bytes: usize, labels: &Labels) -> String {
    let digits = bytes.to_string();
    let mut out = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index) % 3 == 0 {
            out.push(labels.thousands);
        }
        out.push(digit);
    }
    format!("{out} {}", labels.bytes)
}

/// Everything there is to say of one file, in order of weight.
pub(crate) fn report(name: &str, judged: &Judged<'_>, time: VerificationTime, labels: &Labels, colours: Colours) -> String {
    match judged {
        Judged::Report(report) => full(name, report, time, labels, colours),
        Judged::TooLarge(error) => {
            let why = wrapped("  ", &printable(&error.text));
            format!("{name}: {}{}", verdict(Outcome::Failed, labels, colours), section(labels.why, &[why], colours))
        }
    }
}

fn full(name: &str, report: &Report<'_>, time: VerificationTime, labels: &Labels, colours: Colours) -> String {
    let mut out = format!("{name}: {}, {}", verdict(report.outcome(), labels, colours), labels.class_of(report.class()));
    let why: Vec<String> = report.reasons().iter().map(|r| field(labels.check_of(r.check()), &r.to_string())).collect();
    out += &section(labels.why, &why, colours);
    match (report.verified(), report.unverified_content()) {
        (Some(verified), _) => {
            let content = verified.value();
            let fields = content_fields(Some(content.kind()), content.data(), content.original(), labels);
            out += &section(labels.proven, &fields, colours);
        }
        (None, Some(content)) => {
            let fields = content_fields(content.kind(), content.data(), content.original(), labels);
            out += &section(labels.unproven, &fields, colours);
        }
        (None, None) => {}
    }
    out += &section(labels.signature_heading, &signature_fields(report, time, labels), colours);
    let checks: Vec<String> = report.checks().iter().map(|(c, s)| format!("  {:<LABEL$} {}", labels.check_of(c), state(s, labels, colours))).collect();
    out += &section(labels.checks, &checks, colours);
    let noticed: Vec<String> = report.findings().iter().map(|finding| wrapped("  - ", &printable(&finding.to_string()))).collect();
    out += &section(labels.noticed, &noticed, colours);
    out
}

fn signature_fields(report: &Report<'_>, time: VerificationTime, labels: &Labels) -> Vec<String> {
    let Some(signer) = report.signer() else { return Vec::new() };
    let certificate = signer.certificate();
    let mut fields = vec![field(labels.signer, signer.subject()), field(labels.issuer, certificate.issuer())];
    fields.push(field(labels.valid, &format!("{} – {}", certificate.not_before(), certificate.not_after())));
    fields.extend(signer.provider().map(|provider| field(labels.listed_as, provider)));
    fields.extend(report.signed_digest().map(|digest| field(labels.digest, digest.algorithm().name())));
    fields.extend(report.signing_time().map(|time| field(labels.signing_time, &time.to_string())));
    let at = time.instant().map_or_else(String::new, |at| format!("{at} "));
    fields.push(field(labels.judged_at, &format!("{at}({})", time.basis())));
    fields
}

/// What certification data say, field by field.
pub(crate) fn content_fields(
    kind: Option<ContentKind>,
    data: Option<&CertificationData>,
    original: Option<&CarriedMessage<'_>>,
    labels: &Labels,
) -> Vec<String> {
    let kind = kind.map_or_else(|| labels.unknown_kind.to_owned(), |kind| format!("{} ({})", labels.kind_of(kind), kind.as_wire()));
    let mut fields = vec![field(labels.kind, &kind)];
    if let Some(data) = data {
        fields.extend(data_fields(data, labels));
    }
    if let Some(original) = original {
        let size = size(original.bytes().len(), labels);
        fields.push(field(labels.original, &format!("{size}, SHA-256 {}", hex(&original.sha256()))));
    }
    fields
}

fn data_fields(data: &CertificationData, labels: &Labels) -> Vec<String> {
    let mut fields = Vec::new();
    fields.extend(data.receipt().map(|receipt| field(labels.receipt, receipt.text())));
    if data.fault().text() != "nessuno" {
        fields.push(field(labels.fault, data.fault().text()));
    }
    fields.extend(data.extended_error().map(|error| field(labels.extended_error, error.raw())));
    fields.push(field(labels.sender, data.sender().text()));
    for (index, recipient) in data.recipients().iter().take(RECIPIENTS).enumerate() {
        let label = if index == 0 { labels.recipients } else { "" };
        let external = if recipient.kind().text() == "esterno" { format!(" ({})", labels.external) } else { String::new() };
        fields.push(field(label, &format!("{}{external}", recipient.address().text())));
    }
    if data.recipients().len() > RECIPIENTS {
        fields.push(field("", &format!("… {} {}", data.recipients().len() - RECIPIENTS, labels.and_more)));
    }
    fields.extend(data.recipient().map(|recipient| field(labels.delivered_to, recipient.text())));
    fields.extend(data.received_for().iter().take(RECIPIENTS).map(|address| field(labels.received_for, address.text())));
    fields.extend(data.reply_to().filter(|text| !text.is_empty() && *text != data.sender().text()).map(|text| field(labels.reply_to, text)));
    fields.extend(data.subject().map(|subject| field(labels.subject, subject)));
    fields.push(field(labels.when, &data.when().to_string()));
    fields.extend(data.provider().map(|provider| field(labels.provider, provider)));
    fields.push(field(labels.identifier, data.id().text()));
    fields.extend(data.message_id().map(|id| field(labels.message_id, id.text())));
    fields
}

/// The columns of the table: file, outcome, class. What does not fit stands in the lines below each.
const FILE: usize = 50;
const OUTCOME: usize = 14;

/// The first lines of a table.
pub(crate) fn table_head(labels: &Labels, colours: Colours) -> String {
    let head = format!("{:<FILE$} {:<OUTCOME$} {}", labels.file, labels.outcome, labels.class);
    format!("{}\n    {}\n{}", colours.paint(Paint::Heading, &head), labels.table_details, "-".repeat(WIDTH))
}

/// The lines of one file in a table.
pub(crate) fn row(name: &str, judged: &Judged<'_>, labels: &Labels, colours: Colours) -> String {
    let class = if let Judged::Report(report) = judged { labels.class_of(report.class()) } else { labels.ordinary };
    let name = if name.chars().count() > FILE { format!("{name}\n{:FILE$}", "") } else { format!("{name:<FILE$}") };
    let padding = OUTCOME.saturating_sub(labels.outcome_of(judged.outcome()).chars().count());
    let mut out = format!("{name} {}{:padding$} {class}", verdict(judged.outcome(), labels, colours), "");
    match judged {
        Judged::Report(report) => {
            out = format!("{out}\n{}", wrapped("    ", &printable(&in_short(report, labels))));
            for reason in report.reasons() {
                out = format!("{out}\n{}", wrapped("    ! ", &printable(&format!("{}: {reason}", labels.check_of(reason.check())))));
            }
        }
        Judged::TooLarge(error) => out = format!("{out}\n{}", wrapped("    ! ", &printable(&error.text))),
    }
    out
}

/// Kind, who, when, in one sentence.
fn in_short(report: &Report<'_>, labels: &Labels) -> String {
    let (kind, data) = match (report.verified(), report.unverified_content()) {
        (Some(verified), _) => (Some(verified.value().kind()), verified.value().data()),
        (None, Some(content)) => (content.kind(), content.data()),
        (None, None) => return labels.nothing_signed.to_owned(),
    };
    let mut words = vec![kind.map_or(labels.unknown_kind, |kind| labels.kind_of(kind)).to_owned()];
    if let Some(data) = data {
        words.push(format!("{} {}", labels.from, data.sender().text()));
        words.extend(data.recipient().map(|recipient| format!("{} {}", labels.to, recipient.text())));
        words.push(data.when().to_string());
    }
    let by = report.signer().map(|signer| format!("{} {}", labels.signed_by, signer.provider().unwrap_or(signer.subject())));
    words.extend(by);
    let sentence = words.join(", ");
    if report.verified().is_some() { sentence } else { format!("{}: {sentence}", labels.unproven.to_lowercase()) }
}

fn verdict(outcome: Outcome, labels: &Labels, colours: Colours) -> String {
    let paint = match outcome {
        Outcome::Passed => Paint::Good,
        Outcome::Indeterminate => Paint::Doubt,
        Outcome::Failed => Paint::Bad,
    };
    colours.paint(paint, labels.outcome_of(outcome))
}

fn state(state: CheckState, labels: &Labels, colours: Colours) -> String {
    let paint = match state {
        CheckState::Good => Paint::Good,
        CheckState::Unknown => Paint::Doubt,
        CheckState::Bad => Paint::Bad,
        CheckState::NotChecked => Paint::Dim,
    };
    colours.paint(paint, labels.state_of(state))
}
