//! What does not fit together: each a typed result, and nothing merged by guess.

use postacert::dossier::{Dossier, Issue, Progress, Standing, Summary};
use postacert::{Fault, Fingerprint, ReceiptKind, RecipientKind};

use super::post::*;
use crate::support::composed::address;

const ANOTHER: &[u8] = b"From: anna@pec.gestoreuno.example\r\nSubject: Richiesta\r\n\r\naddio\r\n";

fn id(raw: &[u8]) -> Fingerprint {
    receipt(raw).id()
}

#[test]
fn r28_another_original_under_the_same_identifier_disputes_both_receipts() {
    let delivery = |to, original| post().delivery_of(5, to, ReceiptKind::Complete, original);
    let (one, other) = (delivery(BRUNO, ORIGINAL), delivery(CARLA, ANOTHER));
    let dossier = dossier(&[post().acceptance(0), one.clone(), other.clone()]);
    let mut receipts = [id(&one), id(&other)];
    receipts.sort();
    assert_eq!(dossier.issues(), receipts.map(|receipt| Issue::OtherOriginal { receipt }));
    assert_eq!(told(&dossier), (vec!["accepted", "accepted", "external"], Summary::Warning));
    assert_eq!(dossier.recipients()[0].receipts().len(), 1, "it is shown all the same");
    // The same original in both: all is well.
    let same = super::post::dossier(&[post().acceptance(0), one, delivery(CARLA, ORIGINAL)]);
    assert_eq!((issues(&same), same.summary()), (vec![], Summary::Delivered));
}

#[test]
fn r28_a_recorded_receipt_with_another_original_disputes_nothing_that_is_verified() {
    let delivery = |to, original| post().delivery_of(5, to, ReceiptKind::Complete, original);
    let (one, other) = (delivery(BRUNO, ORIGINAL), delivery(CARLA, ANOTHER));
    let mut dossier = dossier(&[post().acceptance(0), one]);
    dossier.merge(recorded(&Dossier::new(receipt(&other)))).unwrap();
    assert_eq!(dossier.issues(), [Issue::OtherOriginal { receipt: id(&other) }]);
    assert_eq!(progress(&dossier, BRUNO).0.code(), "delivered");
    assert_eq!(progress(&dossier, CARLA).0.code(), "accepted");
}

#[test]
fn r28_a_receipt_from_before_the_acceptance_is_disputed() {
    // Clocks may differ by a minute.
    for (secs, disputed) in [(-61, true), (-60, false), (-1, false), (0, false)] {
        let early = post().delivery(secs, BRUNO);
        let dossier = dossier(&[post().acceptance(0), early.clone()]);
        let issue = Issue::BeforeAcceptance { receipt: id(&early), when: written(secs), acceptance: written(0) };
        assert_eq!(dossier.issues(), if disputed { vec![issue] } else { vec![] }, "{secs}");
        assert_eq!(progress(&dossier, BRUNO).0.code(), if disputed { "accepted" } else { "delivered" }, "{secs}");
    }
}

#[test]
fn r28_a_recorded_acceptance_disputes_nothing_that_is_verified() {
    let mut dossier = recorded(&dossier(&[post().to(&[CARLA]).acceptance(100 * HOUR)]));
    dossier.add(receipt(&post().to(&[BRUNO]).delivery(5, BRUNO))).unwrap();
    assert_eq!(issues(&dossier), Vec::<&str>::new());
    assert_eq!(progress(&dossier, BRUNO), (Progress::Delivered { when: written(5), receipt: ReceiptKind::Concise }, Standing::Verified));
    // Verified, it does.
    dossier.add(receipt(&post().to(&[CARLA]).acceptance(100 * HOUR))).unwrap();
    assert_eq!(issues(&dossier), ["before-acceptance", "receipt-for-stranger", "listed-stranger"]);
    assert_eq!(progress(&dossier, BRUNO).0.code(), "submitted");
}

#[test]
fn r28_a_receipt_for_a_stranger_is_disputed() {
    let strange = post().to(&[BRUNO, ELENA]).delivery(5, ELENA);
    let dossier = dossier(&[post().to(&[BRUNO]).acceptance(0), strange.clone()]);
    let expected =
        [Issue::NotARecipient { receipt: id(&strange), recipient: address(ELENA) }, Issue::ListedStranger { recipient: address(ELENA) }];
    assert_eq!(dossier.issues(), expected);
    assert_eq!(told(&dossier), (vec!["accepted", "submitted"], Summary::Warning));
}

#[test]
fn r28_a_receipt_for_an_external_recipient_is_noticed_and_counts() {
    let external = Post { to: vec![(ELENA, RecipientKind::External)], ..post() };
    let delivery = external.delivery(5, ELENA);
    let dossier = dossier(&[external.acceptance(0), delivery.clone()]);
    assert_eq!(dossier.issues(), [Issue::ForExternal { receipt: id(&delivery), recipient: address(ELENA) }]);
    assert_eq!(told(&dossier), (vec!["delivered"], Summary::Warning));
}

#[test]
fn r28_the_sender_s_provider_knows_best_who_is_external() {
    let mut wrong = post();
    wrong.to.iter_mut().for_each(|(_, kind)| *kind = RecipientKind::External);
    let dossier = dossier(&[post().acceptance(0), wrong.delivery(5, BRUNO)]);
    assert_eq!(told(&dossier), (vec!["delivered", "accepted", "external"], Summary::Accepted));
}

#[test]
fn r28_delivered_and_not_delivered_contradict() {
    for notice in [post().non_delivery(9, BRUNO, Fault::Other, "5.2.2 - G - piena"), post().virus(9, BRUNO)] {
        let dossier = dossier(&[post().acceptance(0), post().delivery(5, BRUNO), notice]);
        assert_eq!(dossier.issues(), [Issue::Contradiction { recipient: address(BRUNO) }]);
        assert_eq!((progress(&dossier, BRUNO).0.code(), dossier.summary()), ("delivered", Summary::Warning));
    }
    // Of two recipients it is none; nor if one of the two is disputed.
    let of_two = dossier(&[post().acceptance(0), post().delivery(5, BRUNO), post().virus(9, CARLA)]);
    assert_eq!(issues(&of_two), Vec::<&str>::new());
    let disputed = dossier(&[post().acceptance(0), post().delivery(-5 * HOUR, BRUNO), post().virus(9, BRUNO)]);
    assert_eq!((issues(&disputed), progress(&disputed, BRUNO).0.code()), (vec!["before-acceptance"], "virus"));
}

#[test]
fn r28_accepted_and_refused_is_noticed() {
    let dossier = dossier(&[post().acceptance(0), post().refusal(1, Fault::Other, "5.7.1 - G - no")]);
    assert_eq!(dossier.issues(), [Issue::AcceptedAndRefused]);
    assert_eq!(told(&dossier), (vec!["accepted", "accepted", "external"], Summary::Warning));
}

#[test]
fn r28_several_acceptances_are_noticed_and_the_earliest_counts() {
    let dossier = dossier(&[post().acceptance(7), post().acceptance(0), Post { entropy: 2, ..post() }.acceptance(7)]);
    assert_eq!(dossier.issues(), [Issue::SeveralAcceptances { count: 3 }]);
    assert_eq!(progress(&dossier, BRUNO).0, Progress::Accepted { when: written(0) });
    let refused = super::post::dossier(&[post().refusal(0, Fault::Other, "a"), post().refusal(1, Fault::Other, "b")]);
    assert_eq!(refused.issues(), [Issue::SeveralAcceptances { count: 2 }]);
    assert_eq!(refused.recipients()[0].reason().unwrap().to_string(), "a");
}

#[test]
fn r28_a_stranger_among_the_listed_recipients_is_noticed_and_disputes_nothing() {
    let dossier = dossier(&[post().to(&[BRUNO]).acceptance(0), post().to(&[BRUNO, ELENA]).delivery(5, BRUNO)]);
    assert_eq!(dossier.issues(), [Issue::ListedStranger { recipient: address(ELENA) }]);
    assert_eq!(told(&dossier), (vec!["delivered", "submitted"], Summary::Warning));
}

#[test]
fn issues_say_what_is_wrong() {
    let strange = post().to(&[BRUNO, ELENA]).delivery(5, ELENA);
    let dossier = dossier(&[post().to(&[BRUNO]).acceptance(0), strange.clone()]);
    let said = dossier.issues()[0].to_string();
    assert_eq!(said, format!("receipt {} is about {ELENA}, to whom the message was not accepted", id(&strange)));
}
