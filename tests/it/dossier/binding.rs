//! Which receipts are of a message, and which are not (R28).

use postacert::dossier::{Added, Dossier, OtherMessage, Receipt, Standing};
use postacert::{Fingerprint, Notification, ReceiptKind, RecipientKind};

use super::post::*;
use crate::support::mail::with_field;

#[test]
fn r28_another_identifier_sender_or_subject_is_another_message() {
    let mut dossier = dossier(&[post().acceptance(0)]);
    let before = dossier.clone();
    let other = "opec2.20261122@pec.gestoreuno.example".parse().unwrap();
    let table = [
        (Post { id: other, ..post() }, "other-message-id"),
        (Post { sender: ELENA, ..post() }, "other-message-sender"),
        // The local part is the mailbox's own, and its case may matter (RFC 5321 §2.4).
        (Post { sender: "Anna@pec.gestoreuno.example", ..post() }, "other-message-sender"),
        (Post { subject: "richiesta", ..post() }, "other-message-subject"),
        (Post { subject: "", ..post() }, "other-message-subject"),
    ];
    for (post, code) in table {
        let foreign = receipt(&post.delivery(5, BRUNO));
        assert_eq!(dossier.add(foreign.clone()).unwrap_err().code(), code);
        assert_eq!(dossier.merge(Dossier::new(foreign)).unwrap_err().code(), code);
        assert_eq!(dossier, before, "nothing changes");
    }
    let error = dossier.add(receipt(&Post { sender: ELENA, ..post() }.delivery(5, BRUNO))).unwrap_err();
    assert!(matches!(error, OtherMessage::Sender { .. }));
    assert_eq!(error.to_string(), "the receipt is about a message of elena@pec.gestoreuno.example, not of anna@pec.gestoreuno.example");
}

#[test]
fn r28_white_space_in_the_subject_and_the_case_of_a_domain_do_not_tell_messages_apart() {
    let mut dossier = dossier(&[Post { subject: "Richiesta  di\taccesso ", ..post() }.acceptance(0)]);
    assert_eq!(dossier.subject(), "Richiesta di accesso");
    let folded = Post { subject: "Richiesta di\n accesso", sender: "anna@PEC.gestoreuno.example", ..post() };
    assert_eq!(dossier.add(receipt(&folded.delivery(5, BRUNO))), Ok(Added::New));
    assert_eq!(progress(&dossier, BRUNO).0.code(), "delivered");
}

#[test]
fn r28_recipients_are_the_same_whatever_their_case() {
    let acceptance = post().to(&["Bruno@pec.gestoreuno.example"]).acceptance(0);
    let delivery = post().to(&[BRUNO]).delivery(5, BRUNO);
    let [one, other] = [[&acceptance, &delivery], [&delivery, &acceptance]].map(|raws| dossier(&raws.map(Clone::clone)));
    assert_eq!(one, other);
    for dossier in [one, other] {
        let all = dossier.recipients();
        assert_eq!(all.len(), 1);
        assert_eq!((all[0].address().as_str(), all[0].progress().code()), ("Bruno@pec.gestoreuno.example", "delivered"));
        assert!(dossier.issues().is_empty());
    }
}

#[test]
fn r28_the_same_signed_bytes_are_one_receipt() {
    let (acceptance, delivery) = (post().acceptance(0), post().delivery(5, BRUNO));
    let mut dossier = dossier(&[acceptance, delivery.clone()]);
    // As it came once more, along another way.
    let again = with_field(&delivery, "Received", "from elsewhere");
    assert_ne!(again, delivery);
    assert_eq!(dossier.add(receipt(&again)), Ok(Added::Duplicate));
    assert_eq!(dossier.receipts().len(), 2);
    // The same facts, said once more, are another receipt.
    assert_eq!(dossier.add(receipt(&Post { entropy: 2, ..post() }.delivery(5, BRUNO))), Ok(Added::New));
    assert_eq!(dossier.receipts().len(), 3);
}

#[test]
fn r28_a_receipt_is_known_by_its_signed_bytes_and_its_signer() {
    let raw = post().delivery(5, BRUNO);
    let content = verified(&raw);
    let id = Receipt::of(&content).unwrap().id();
    assert_eq!(Receipt::from(&content.notification().unwrap()).id(), id);
    assert_ne!(id, Fingerprint::of(&raw));
    let dossier = dossier(&[raw]);
    assert_eq!((dossier.receipts()[0].id, dossier.standing(&id)), (id, Some(Standing::Verified)));
    assert_eq!(dossier.standing(&Fingerprint::of(b"")), None);
}

#[test]
fn r28_two_recipients_receipts_never_merge() {
    let dossier = dossier(&[post().acceptance(0), post().delivery(5, BRUNO)]);
    assert_eq!(progress(&dossier, BRUNO).0.code(), "delivered");
    assert_eq!(progress(&dossier, CARLA).0.code(), "accepted");
}

#[test]
fn a_receipt_keeps_its_label_and_the_first_of_two_stays() {
    let raw = post().delivery(5, BRUNO);
    for labels in [["a.eml", "b.eml"], ["b.eml", "a.eml"]] {
        let mut dossier = dossier(&[post().acceptance(0)]);
        for label in labels {
            dossier.add(receipt(&raw).with_label(label)).unwrap();
        }
        dossier.add(receipt(&raw)).unwrap();
        assert_eq!(dossier.receipts()[1].label.as_deref(), Some("a.eml"));
    }
}

#[test]
fn an_envelope_is_no_receipt() {
    let raw = crate::fixtures::read("valid/posta-certificata-completa.eml");
    assert_eq!(Receipt::of(&verified(&raw)).unwrap_err().code(), "notification-wrong-kind");
}

#[test]
fn the_original_of_a_complete_receipt_alone_is_kept_and_is_the_same_with_other_line_ends_at_its_end() {
    let id_of = |kind, original: &[u8]| dossier(&[post().delivery_of(5, BRUNO, kind, original)]).receipts()[0].original;
    let whole = id_of(ReceiptKind::Complete, ORIGINAL).unwrap();
    assert_eq!(id_of(ReceiptKind::Complete, &[ORIGINAL, b"\r\n\r\n"].concat()), Some(whole));
    assert_ne!(id_of(ReceiptKind::Complete, &[ORIGINAL, b"x"].concat()), Some(whole));
    assert_eq!(id_of(ReceiptKind::Brief, ORIGINAL), None);
    assert_eq!(id_of(ReceiptKind::Concise, ORIGINAL), None);
    // With the notification alone there is none, and what knows more completes it.
    let content = verified(&post().delivery_of(5, BRUNO, ReceiptKind::Complete, ORIGINAL));
    let mut dossier = Dossier::new(&content.notification().unwrap());
    assert_eq!(dossier.receipts()[0].original, None);
    assert_eq!(dossier.add(Receipt::of(&content).unwrap()), Ok(Added::Duplicate));
    assert_eq!(dossier.receipts()[0].original, Some(whole));
}

#[test]
fn a_receipt_record_says_what_the_receipt_says() {
    let raw = post().non_delivery(5, BRUNO, postacert::Fault::NoDomain, "5.1.2 - G - dominio non valido");
    let dossier = dossier(std::slice::from_ref(&raw));
    let record = dossier.receipts()[0];
    let Notification::NonDelivery(n) = verified(&raw).notification().unwrap().into_unproven() else { panic!("another kind") };
    assert_eq!((record.kind.as_wire(), record.when), ("errore-consegna", n.transaction().when()));
    assert_eq!((&*record.recipients, record.fault, record.reason.as_ref()), (&[n.recipient().clone()][..], n.fault(), n.reason()));
    assert_eq!((record.receipt, record.provider.as_deref()), (None, Some("Gestore Uno PEC S.p.A.")));
    assert_eq!(dossier.recipients().iter().filter(|status| status.kind() == RecipientKind::External).count(), 1);
}
