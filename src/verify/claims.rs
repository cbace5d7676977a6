//! The outer header against the signed data: each disagreement is a finding that names both (R5).

use super::judge::Judge;
use crate::certdata::{CertificationData, Fault, PecKind};
use crate::finding::FindingKind;
use crate::message::{Claims, ContentKind, OuterKind};

/// The fields that the PEC rules give a meaning to, and that may stand once.
const PEC_FIELDS: [&str; 6] =
    ["X-Ricevuta", "X-Trasporto", "X-TipoRicevuta", "X-VerificaSicurezza", "X-Mittente", "X-Riferimento-Message-ID"];

/// Compares the outer header with the signed certification data, or with there being none (an anomaly envelope). Without a kind the
/// signed data could not be read, and say nothing that a header could contradict.
pub(super) fn compare(
    claims: &Claims<'_, '_>,
    kind: Option<ContentKind>,
    data: Option<&CertificationData>,
    clock_tolerance: i64,
    judge: &mut Judge,
) {
    for name in PEC_FIELDS {
        if claims.count(name) > 1 {
            judge.note(FindingKind::DuplicateHeader { name: name.into() });
        }
    }
    compare_sender(claims, judge);
    compare_kind(claims, kind, judge);
    if let Some(data) = data {
        compare_words(claims, data, judge);
        compare_identifiers(claims, data, judge);
        compare_subject(claims, data, judge);
        if let Some(date) = claims.date() {
            let apart = date.map(|date| date.instant().as_secs().abs_diff(data.when().instant().as_secs()));
            if apart.is_err() || apart.is_ok_and(|seconds| seconds > clock_tolerance.unsigned_abs()) {
                judge.note(mismatch("Date", &claims.text("Date").unwrap_or_default(), &data.when().to_string()));
            }
        }
    }
}

fn compare_sender(claims: &Claims<'_, '_>, judge: &mut Judge) {
    let Some(sender) = claims.sender() else { return };
    let from = claims.from().unwrap_or_default();
    let sender = sender.single().map_or("", |mailbox| mailbox.address());
    let from = from.single().map_or("", |mailbox| mailbox.address());
    let same = match (sender.parse::<crate::address::Address>(), from.parse()) {
        (Ok(sender), Ok(from)) => sender == from,
        _ => sender == from,
    };
    if !same {
        judge.note(FindingKind::SenderMismatch { from: from.into(), sender: sender.into() });
    }
}

fn compare_kind(claims: &Claims<'_, '_>, kind: Option<ContentKind>, judge: &mut Judge) {
    let (receipt, transport) = (claims.receipt(), claims.transport());
    match (&receipt, &transport) {
        (None, None) => judge.note(FindingKind::PecHeaderMissing),
        (Some(_), Some(_)) => judge.note(FindingKind::PecHeaderBoth),
        _ => {}
    }
    let (field, word, claimed) = match claims.kind() {
        Some(OuterKind::Notification(word)) => match word.value() {
            Some(kind) => ("X-Ricevuta", word.text().to_owned(), ContentKind::Certified(*kind)),
            None => return judge.note(FindingKind::PecHeaderUnknown { field: "X-Ricevuta", value: word.text().into() }),
        },
        Some(OuterKind::TransportEnvelope) => {
            ("X-Trasporto", "posta-certificata".to_owned(), ContentKind::Certified(PecKind::TransportEnvelope))
        }
        Some(OuterKind::AnomalyEnvelope) => ("X-Trasporto", "errore".to_owned(), ContentKind::Anomaly),
        Some(OuterKind::UnknownTransport(value)) => return judge.note(FindingKind::PecHeaderUnknown { field: "X-Trasporto", value }),
        None => return,
    };
    if let Some(kind) = kind
        && kind != claimed
    {
        judge.note(mismatch(field, &word, kind.as_wire()));
    }
}

fn compare_words(claims: &Claims<'_, '_>, data: &CertificationData, judge: &mut Judge) {
    if let Some(claimed) = claims.receipt_kind() {
        match (claimed.value(), data.receipt()) {
            (None, _) => judge.note(FindingKind::PecHeaderUnknown { field: "X-TipoRicevuta", value: claimed.text().into() }),
            (Some(word), Some(signed)) if signed.value() != Some(word) => {
                judge.note(mismatch("X-TipoRicevuta", claimed.text(), signed.text()));
            }
            _ => {}
        }
    }
    if let Some(claimed) = claims.security_check() {
        let virus = data.fault().value() == Some(&Fault::Virus);
        if claimed != "errore" {
            judge.note(FindingKind::PecHeaderUnknown { field: "X-VerificaSicurezza", value: claimed.into() });
        } else if !virus {
            judge.note(mismatch("X-VerificaSicurezza", "errore", data.fault().text()));
        }
    }
    if let Some(claimed) = claims.original_sender() {
        let same = match (claimed.value(), data.sender().value()) {
            (Some(a), Some(b)) => a == b,
            _ => claimed.text() == data.sender().text(),
        };
        if !same {
            judge.note(mismatch("X-Mittente", claimed.text(), data.sender().text()));
        }
    }
}

fn compare_identifiers(claims: &Claims<'_, '_>, data: &CertificationData, judge: &mut Judge) {
    if let (Some(claimed), Some(signed)) = (claims.reference(), data.message_id())
        && bare(claimed.text()) != bare(signed.text())
    {
        judge.note(mismatch("X-Riferimento-Message-ID", claimed.text(), signed.text()));
    }
    if data.kind() == PecKind::TransportEnvelope {
        let claimed = claims.message_id();
        let claimed = claimed.as_ref().map_or("", |id| id.text());
        if bare(claimed) != bare(data.id().text()) {
            judge.note(mismatch("Message-ID", claimed, data.id().text()));
        }
    }
}

fn bare(id: &str) -> &str {
    let id = id.trim();
    id.strip_prefix('<').and_then(|id| id.strip_suffix('>')).unwrap_or(id).trim()
}

/// The subject is the kind's prefix and the original's subject (RFC 6109 §3). Only the latter is signed; the prefix is compared with the kind.
fn compare_subject(claims: &Claims<'_, '_>, data: &CertificationData, judge: &mut Judge) {
    let Some(original) = data.subject() else { return };
    let Some(claimed) = claims.subject() else { return };
    let prefix = data.kind().subject_prefix(data.fault().value().copied());
    if claimed.strip_prefix(prefix).and_then(|rest| rest.strip_prefix(": ")) == Some(original) {
        return;
    }
    let expected = format!("{prefix}: {original}");
    let same = |a: &str, b: &str| a.split_whitespace().eq(b.split_whitespace());
    if same(&claimed, &expected) {
        return;
    }
    // The data may hold the subject as it stood in the original header, with its encoded words.
    let decoded = crate::mime::decode_words(original.as_bytes().into());
    if !same(&claimed, &format!("{prefix}: {decoded}")) {
        judge.note(mismatch("Subject", &claimed, &expected));
    }
}

fn mismatch(field: &'static str, claimed: &str, signed: &str) -> FindingKind {
    FindingKind::ClaimMismatch { field, claimed: claimed.into(), signed: signed.into() }
}
