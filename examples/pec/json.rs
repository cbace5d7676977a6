//! The JSON objects of the command line, one a line. They are the command's own; their shape stays as it is.

use std::fmt::Write as _;

use postacert::{CarriedMessage, CertificationData, Check, CheckState, ContentKind, Report};
use serde_json::{Value, json};

use crate::input::Input;
use crate::terminal::is_unsafe;
use crate::verify::Judged;

/// An object on one line. Characters that could steer a terminal are written `\uXXXX`, which is the same JSON.
pub(crate) fn line(value: &Value) -> String {
    let text = value.to_string();
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if is_unsafe(c) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                let _ = write!(out, "\\u{unit:04x}");
            }
        } else {
            out.push(c);
        }
    }
    out
}

/// What is said of a condition: its stable code and its sentence.
pub(crate) fn condition(code: &str, text: &impl ToString) -> Value {
    json!({ "code": code, "text": text.to_string() })
}

/// The object of one verified file.
pub(crate) fn verification(file: &str, input: &Input, judged: &Judged<'_>) -> Value {
    match judged {
        Judged::Report(report) => of_report(file, input, report),
        Judged::TooLarge(error) => json!({
            "file": file,
            "outcome": "failed",
            "class": "ordinary",
            "reasons": [condition(error.code(), error)],
            "findings": [],
            "checks": checks(|check| if check == Check::Structure { CheckState::Bad } else { CheckState::NotChecked }),
            "content": null,
            "signer": null,
            "digest": null,
            "signing_time": null,
            "message_sha256": hex(&input.sha256()),
        }),
    }
}

fn of_report(file: &str, input: &Input, report: &Report<'_>) -> Value {
    json!({
        "file": file,
        "outcome": report.outcome().as_str(),
        "class": report.class().as_str(),
        "reasons": report.reasons().iter().map(|reason| condition(reason.code(), reason)).collect::<Vec<_>>(),
        "findings": report.findings().iter().map(|finding| condition(finding.code(), finding)).collect::<Vec<_>>(),
        "checks": checks(|check| report.checks().get(check)),
        "content": content(report),
        "signer": signer(report),
        "digest": report.signed_digest().map(|digest| digest.algorithm().name()),
        "signing_time": report.signing_time().map(|time| time.to_string()),
        "message_sha256": hex(&input.sha256()),
    })
}

fn checks(state: impl Fn(Check) -> CheckState) -> Value {
    Check::ALL
        .iter()
        .map(|&check| (check.as_str().to_owned(), Value::from(state(check).as_str())))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

/// The content, from the proven or from the unproven side of the report, which `proof` tells.
fn content(report: &Report<'_>) -> Value {
    if let Some(verified) = report.verified() {
        let content = verified.value();
        return content_of("verified", Some(content.kind()), content.data(), content.original());
    }
    report.unverified_content().map_or(Value::Null, |content| content_of("unverified", content.kind(), content.data(), content.original()))
}

fn content_of(proof: &str, kind: Option<ContentKind>, data: Option<&CertificationData>, original: Option<&CarriedMessage<'_>>) -> Value {
    json!({
        "proof": proof,
        "kind": kind.map(ContentKind::as_wire),
        "errore": data.map(|d| d.fault().text()),
        "receipt": data.and_then(|d| d.receipt()).map(|r| r.text()),
        "identificativo": data.map(|d| d.id().text()),
        "msgid": data.and_then(|d| d.message_id()).map(|id| id.text()),
        "sender": data.map(|d| d.sender().text()),
        "recipients": data.map(recipients).unwrap_or_default(),
        "reply_to": data.and_then(|d| d.reply_to()),
        "subject": data.and_then(|d| d.subject()),
        "consegna": data.and_then(|d| d.recipient()).map(|recipient| recipient.text()),
        "ricezione": data.map(|d| d.received_for().iter().map(|address| address.text()).collect::<Vec<_>>()).unwrap_or_default(),
        "errore_esteso": data.and_then(|d| d.extended_error()).map(|error| error.raw()),
        "provider": data.and_then(|d| d.provider()),
        "when": data.map(|d| d.when().to_string()),
        "original": original.map(|original| json!({ "bytes": original.bytes().len(), "sha256": hex(&original.sha256()) })),
    })
}

fn recipients(data: &CertificationData) -> Vec<[&str; 2]> {
    data.recipients().iter().map(|recipient| [recipient.address().text(), recipient.kind().text()]).collect()
}

fn signer(report: &Report<'_>) -> Value {
    let Some(signer) = report.signer() else { return Value::Null };
    let certificate = signer.certificate();
    json!({
        "subject": certificate.subject(),
        "issuer": certificate.issuer(),
        "serial": certificate.serial(),
        "sha256": hex(certificate.sha256()),
        "email": certificate.emails(),
        "provider": signer.provider(),
    })
}

/// Lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
