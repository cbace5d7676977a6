//! The signed content: is it usable, and is its form what its kind asks for (R26, R29, R34)?

use super::Verifier;
use super::claims;
use super::judge::Judge;
use super::signature::Signed;
use crate::certdata::{CertificationData, PecKind, ReceiptKind};
use crate::finding::{Check, Finding, FindingKind, Place};
use crate::message::{CarriedMessage, Message, Reading};
use crate::mime::Entity;

impl Verifier {
    /// Judges what the signed entity holds, and compares the outer header with it.
    pub(super) fn check_content(&self, message: &Message<'_>, reading: &Reading<'_>, signed: Option<&Signed>, judge: &mut Judge) {
        if let Some(finding) = &reading.framing {
            judge.bad(Check::Structure, finding.clone());
        }
        for finding in &reading.fatal {
            judge.bad(Check::Content, finding.clone());
        }
        for finding in &reading.findings {
            judge.note(finding.clone());
        }
        claims::compare(&message.claims(), reading.kind(), reading.data.as_ref(), self.policy.clock_tolerance, judge);
        if let Some(data) = &reading.data {
            note_fault(data, judge);
            note_recipient(data, judge);
            note_original(data, reading.original.as_ref(), judge);
            if let Some(signed) = signed {
                self.note_times(data, signed, judge);
            }
        }
        if reading.data.is_some() || reading.anomaly {
            judge.good(Check::Content);
        }
    }

    fn note_times(&self, data: &CertificationData, signed: &Signed, judge: &mut Judge) {
        let when = data.when().instant();
        if let Some(signing_time) = signed.signing_time {
            let seconds = signing_time.as_secs().saturating_sub(when.as_secs());
            if seconds.unsigned_abs() > self.policy.clock_tolerance.unsigned_abs() {
                judge.note(FindingKind::SigningTimeApart { seconds });
            }
        }
        if signed.signer.as_ref().is_some_and(|s| when < s.certificate().not_before()) {
            judge.note(FindingKind::OlderThanCertificate);
        }
    }
}

/// The DTD's comments, and what providers send: RFC 6109 §4.4.
fn note_fault(data: &CertificationData, judge: &mut Judge) {
    // An unknown word is already noted by the reader of the data.
    let Some(fault) = data.fault().value() else { return };
    let lawful = data.kind().lawful_faults().contains(fault);
    if !lawful {
        judge.note(FindingKind::FaultNotAllowed { fault: data.fault().text().into(), kind: data.kind().as_wire().into() });
    }
}

fn note_recipient(data: &CertificationData, judge: &mut Judge) {
    let wants_recipient =
        matches!(data.kind(), PecKind::Delivery | PecKind::NonDelivery | PecKind::DeliveryTimeout | PecKind::VirusDetection);
    match data.recipient() {
        None if wants_recipient => judge.note(FindingKind::RecipientMissing { element: "consegna" }),
        Some(recipient) => {
            let listed = data.recipients().iter().any(|r| match (r.address().value(), recipient.value()) {
                (Some(a), Some(b)) => a == b,
                _ => r.address().text() == recipient.text(),
            });
            if !listed {
                judge.note(FindingKind::RecipientNotListed { recipient: recipient.text().into() });
            }
        }
        None => {}
    }
    if data.kind() == PecKind::TakenInCharge && data.received_for().is_empty() {
        judge.note(FindingKind::RecipientMissing { element: "ricezione" });
    }
    if data.kind() == PecKind::Delivery && data.receipt().is_none() {
        judge.note(FindingKind::ReceiptKindMissing);
    }
}

/// Where the original must be and where it must not (RFC 6109 §3), and the form of a brief receipt's (§3.3.2.2).
fn note_original(data: &CertificationData, original: Option<&CarriedMessage<'_>>, judge: &mut Judge) {
    let receipt = data.receipt().and_then(|r| r.value().copied());
    let due = match data.kind() {
        PecKind::TransportEnvelope => Some(true),
        PecKind::Delivery => match receipt {
            Some(ReceiptKind::Complete | ReceiptKind::Brief) => Some(true),
            Some(ReceiptKind::Concise) => Some(false),
            None => None,
        },
        PecKind::NonAcceptance | PecKind::VirusDetection | PecKind::DeliveryTimeout => Some(false),
        PecKind::Acceptance | PecKind::TakenInCharge | PecKind::NonDelivery => None,
    };
    match (due, original) {
        (Some(true), None) => judge.note(FindingKind::OriginalMissing),
        (Some(false), Some(original)) => judge.note(Finding::new(FindingKind::OriginalForbidden, Place::part(original.section()))),
        _ => {}
    }
    if let (PecKind::Delivery, Some(ReceiptKind::Brief), Some(original)) = (data.kind(), receipt, original) {
        note_brief(original, judge);
    }
}

/// R29 without the sender's copy: every named part must be the hash that replaced it, except the parts that RFC 6109 §3.3.2.2 keeps.
fn note_brief(original: &CarriedMessage<'_>, judge: &mut Judge) {
    let Ok(message) = original.message() else { return };
    let root = message.root();
    if is_pkcs7_mime(&root) {
        return;
    }
    let kept_signature = root.is("multipart", "signed").then(|| root.children().nth(1)).flatten();
    for entity in message.tree().entities() {
        if Some(entity) == kept_signature || entity.content_type().is_kind("multipart") {
            continue;
        }
        let name = match entity.name() {
            Some(name) => name,
            None if entity.is("message", "rfc822") => "message/rfc822".into(),
            None => continue,
        };
        let place = || Place::part(&format!("{}.{}", original.section(), entity.section()));
        if !name.to_ascii_lowercase().ends_with(".hash") {
            judge.note(Finding::new(FindingKind::BriefPartUnhashed { name: name.into() }, place()));
        } else if !is_sha1_text(&entity) {
            judge.note(Finding::new(FindingKind::BriefHashMalformed { name: name.into() }, place()));
        }
    }
}

fn is_pkcs7_mime(entity: &Entity<'_, '_>) -> bool {
    entity.is("application", "pkcs7-mime") || entity.is("application", "x-pkcs7-mime")
}

fn is_sha1_text(entity: &Entity<'_, '_>) -> bool {
    /// A hash is 40 digits; what is much longer need not be decoded to be told apart.
    const ENCODED_AT_MOST: usize = 256;
    if entity.body().len() > ENCODED_AT_MOST {
        return false;
    }
    let decoded = entity.decode();
    let text = decoded.bytes().trim_ascii();
    text.len() == 40 && text.iter().all(u8::is_ascii_hexdigit)
}
