//! What became of a message for each recipient, and as a whole; what is missing.

use postacert::dossier::{Dossier, Missing, Overdue, Progress, Standing, Summary};
use postacert::{Fault, Language, ReceiptKind, RecipientKind};

use super::post::*;
use crate::support::composed::address;

const FIRST: &str = "4.4.1 - G - in ritardo";
const FINAL: &str = "5.4.1 - G - scaduto";

#[test]
fn r28_without_an_acceptance_a_message_is_submitted_at_most() {
    // A server's acceptance says that somebody answers for it; the sender's provider has not said so.
    let dossier = dossier(&[post().taken(1, &[BRUNO])]);
    assert!(dossier.is_orphan());
    assert_eq!(told(&dossier), (vec!["submitted"; 3], Summary::Submitted));
    assert_eq!(progress(&dossier, BRUNO), (Progress::Submitted, Standing::Verified));
    assert_eq!(dossier.missing(after(48 * HOUR)), [Missing::Acceptance]);
}

#[test]
fn r28_an_acceptance_is_one_tick_and_nothing_is_awaited_of_external_recipients() {
    let dossier = dossier(&[post().acceptance(0)]);
    let when = written(0);
    assert!(!dossier.is_orphan());
    assert_eq!(progress(&dossier, BRUNO), (Progress::Accepted { when }, Standing::Verified));
    assert_eq!(progress(&dossier, DARIO), (Progress::External { when }, Standing::Verified));
    assert_eq!(told(&dossier), (vec!["accepted", "accepted", "external"], Summary::Accepted));
    let kinds: Vec<_> = dossier.recipients().iter().map(|status| status.kind()).collect();
    assert_eq!(kinds, [RecipientKind::Certified, RecipientKind::Certified, RecipientKind::External]);
    assert!(dossier.issues().is_empty());

    let only_external = super::post::dossier(&[post().to(&[DARIO]).acceptance(0)]);
    assert_eq!(told(&only_external), (vec!["external"], Summary::Accepted));
    assert_eq!(only_external.missing(after(48 * HOUR)), []);
}

#[test]
fn s3_1_3_a_refusal_is_a_failure_of_the_whole_and_nothing_more_is_awaited() {
    let dossier = dossier(&[post().refusal(0, Fault::Virus, "5.5.1 - G - [W32/Prova.A]")]);
    let refused = Progress::Refused { when: written(0), fault: Fault::Virus };
    for status in dossier.recipients() {
        assert_eq!((status.progress(), status.standing()), (&refused, Standing::Verified));
        assert_eq!(status.reason().unwrap().to_string(), "5.5.1 - G - [W32/Prova.A]");
    }
    assert_eq!(dossier.summary(), Summary::Failed);
    assert_eq!(dossier.missing(after(48 * HOUR)), []);
}

#[test]
fn r28_two_ticks_when_every_certified_recipient_has_it() {
    let mut receipts = vec![post().acceptance(0), post().delivery_of(5, BRUNO, ReceiptKind::Complete, ORIGINAL)];
    let one = dossier(&receipts);
    let delivered = Progress::Delivered { when: written(5), receipt: ReceiptKind::Complete };
    assert_eq!(progress(&one, BRUNO), (delivered, Standing::Verified));
    assert_eq!(told(&one), (vec!["delivered", "accepted", "external"], Summary::Accepted));
    receipts.push(post().delivery(9, CARLA));
    let both = dossier(&receipts);
    assert_eq!(told(&both), (vec!["delivered", "delivered", "external"], Summary::Delivered));
    assert_eq!(both.missing(after(48 * HOUR)), []);
    assert!(both.issues().is_empty());
    // Each has its own receipt, and no other's.
    for status in both.recipients() {
        let due = usize::from(status.kind() == RecipientKind::Certified);
        assert_eq!(status.receipts().len(), due, "{}", status.address());
    }
    // Of the orphan's recipients likewise, where no acceptance has come yet.
    let orphan = dossier(&receipts[1..]);
    assert_eq!(
        (told(&orphan), orphan.missing(after(0))),
        ((vec!["delivered", "delivered", "submitted"], Summary::Delivered), vec![Missing::Acceptance])
    );
}

#[test]
fn r28_the_earliest_of_equal_receipts_tells() {
    let (early, late) = (post().delivery(5, BRUNO), post().delivery(7, BRUNO));
    for receipts in [[&early, &late], [&late, &early]] {
        let dossier = dossier(&[post().acceptance(0), receipts[0].clone(), receipts[1].clone()]);
        assert_eq!(progress(&dossier, BRUNO).0, Progress::Delivered { when: written(5), receipt: ReceiptKind::Concise });
        assert_eq!(dossier.recipients()[0].receipts().len(), 2);
    }
}

#[test]
fn s3_3_3_a_non_delivery_is_a_failure_with_its_reason() {
    let dossier = dossier(&[post().acceptance(0), post().non_delivery(5, CARLA, Fault::NoRecipient, "5.1.1 - G - indirizzo non valido")]);
    let not_delivered = Progress::NotDelivered { when: written(5), fault: Fault::NoRecipient };
    assert_eq!(progress(&dossier, CARLA), (not_delivered, Standing::Verified));
    assert_eq!(told(&dossier), (vec!["accepted", "not-delivered", "external"], Summary::Failed));
    assert_eq!(dossier.recipients()[1].reason().unwrap().to_string(), "5.1.1 - G - indirizzo non valido");
}

#[test]
fn s3_2_4_a_virus_is_a_failure_whichever_notice_says_so() {
    for notice in [post().virus(5, BRUNO), post().non_delivery(5, BRUNO, Fault::Virus, "5.5.1 - G - [W32/Prova.A]")] {
        let dossier = dossier(&[post().acceptance(0), notice]);
        assert_eq!(progress(&dossier, BRUNO), (Progress::Virus { when: written(5) }, Standing::Verified));
        assert_eq!(dossier.summary(), Summary::Failed);
    }
}

#[test]
fn s3_1_6_a_notice_of_twelve_hours_is_a_warning_and_of_twenty_four_a_failure() {
    let dossier_of = |secs, reason| dossier(&[post().acceptance(0), post().late(secs, BRUNO, reason)]);
    let table = [
        (12 * HOUR, FIRST, "delayed", Summary::Warning),
        // 5.4.1 is the final one, whenever it comes.
        (12 * HOUR, FINAL, "timed-out", Summary::Failed),
        (24 * HOUR, FINAL, "timed-out", Summary::Failed),
        // Of what says neither, the final one may not come before 22 hours have passed.
        (22 * HOUR - 1, "G - in ritardo", "delayed", Summary::Warning),
        (22 * HOUR, "G - in ritardo", "timed-out", Summary::Failed),
        (24 * HOUR, FIRST, "timed-out", Summary::Failed),
    ];
    for (secs, reason, code, summary) in table {
        let dossier = dossier_of(secs, reason);
        assert_eq!((progress(&dossier, BRUNO).0.code(), dossier.summary()), (code, summary), "{secs} {reason}");
    }
}

#[test]
fn s3_1_6_without_an_acceptance_only_the_code_tells_the_final_notice() {
    assert_eq!(progress(&dossier(&[post().late(24 * HOUR, BRUNO, FIRST)]), BRUNO).0.code(), "delayed");
    assert_eq!(progress(&dossier(&[post().late(24 * HOUR, BRUNO, FINAL)]), BRUNO).0.code(), "timed-out");
    // A recorded acceptance is not believed about a notice that is verified.
    let mut dossier = recorded(&dossier(&[post().acceptance(0)]));
    dossier.add(receipt(&post().late(24 * HOUR, BRUNO, FIRST))).unwrap();
    assert_eq!(progress(&dossier, BRUNO).0.code(), "delayed");
}

#[test]
fn s3_1_6_what_comes_after_a_notice_counts() {
    let mut receipts = vec![post().acceptance(0), post().late(12 * HOUR, BRUNO, FIRST), post().late(24 * HOUR, BRUNO, FINAL)];
    assert_eq!(progress(&dossier(&receipts), BRUNO).0, Progress::TimedOut { when: written(24 * HOUR) });
    receipts.push(post().delivery(30 * HOUR, BRUNO));
    let dossier = dossier(&receipts);
    assert_eq!(progress(&dossier, BRUNO).0.code(), "delivered");
    assert!(dossier.issues().is_empty());
}

#[test]
fn s3_1_6_missing_is_told_to_the_second() {
    let dossier = dossier(&[post().acceptance(0), post().delivery(5, CARLA)]);
    let table = [
        (-5, Overdue::No),
        (0, Overdue::No),
        (12 * HOUR - 1, Overdue::No),
        (12 * HOUR, Overdue::TwelveHours),
        (24 * HOUR - 1, Overdue::TwelveHours),
        (24 * HOUR, Overdue::TwentyFourHours),
        (30_000 * HOUR, Overdue::TwentyFourHours),
    ];
    for (secs, overdue) in table {
        let missing = Missing::Outcome { recipient: address(BRUNO), since: after(0), overdue };
        assert_eq!(dossier.missing(after(secs)), [missing], "{secs}");
    }
}

#[test]
fn s3_1_6_a_notice_that_did_not_come_is_a_warning() {
    let waiting = dossier(&[post().acceptance(0), post().delivery(5, CARLA)]);
    assert_eq!(waiting.summary(), Summary::Accepted);
    assert_eq!(waiting.summary_at(after(24 * HOUR - 1)), Summary::Accepted);
    assert_eq!(waiting.summary_at(after(24 * HOUR)), Summary::Warning);
    let over = dossier(&[post().to(&[BRUNO]).acceptance(0), post().to(&[BRUNO]).delivery(5, BRUNO)]);
    assert_eq!(over.summary_at(after(30_000 * HOUR)), Summary::Delivered);
}

#[test]
fn s3_1_6_after_the_first_notice_an_outcome_is_still_missing_and_after_the_final_one_no_more() {
    let mut receipts = vec![post().to(&[BRUNO]).acceptance(0), post().to(&[BRUNO]).late(12 * HOUR, BRUNO, FIRST)];
    assert_eq!(dossier(&receipts).missing(after(13 * HOUR)).len(), 1);
    receipts.push(post().to(&[BRUNO]).late(24 * HOUR, BRUNO, FINAL));
    assert_eq!(dossier(&receipts).missing(after(25 * HOUR)), []);
}

#[test]
fn r28_what_is_recorded_goes_no_further_than_a_verified_final_word() {
    let acceptance = post().acceptance(0);
    // What is verified, what is recorded, and what is told.
    let table = [
        (post().non_delivery(5, BRUNO, Fault::Other, "5.2.2 - G - piena"), post().delivery(6, BRUNO), "not-delivered", Standing::Verified),
        (post().virus(5, BRUNO), post().delivery(6, BRUNO), "virus", Standing::Verified),
        (post().late(24 * HOUR, BRUNO, FINAL), post().delivery(6, BRUNO), "timed-out", Standing::Verified),
        (post().delivery(6, BRUNO), post().non_delivery(5, BRUNO, Fault::Other, "5.2.2 - G - piena"), "delivered", Standing::Verified),
        // What is not final may be gone beyond, and then shows what it is worth.
        (post().late(12 * HOUR, BRUNO, FIRST), post().delivery(6, BRUNO), "delivered", Standing::Recorded),
        (post().late(12 * HOUR, BRUNO, FIRST), post().taken(6, &[BRUNO]), "delayed", Standing::Verified),
    ];
    for (verified, stored, code, standing) in table {
        let mut dossier = dossier(&[acceptance.clone(), verified]);
        dossier.merge(recorded(&Dossier::new(receipt(&stored)))).unwrap();
        let (progress, worth) = progress(&dossier, BRUNO);
        assert_eq!((progress.code(), worth), (code, standing));
    }
    // Nor beyond a refusal, nor an acceptance for an external recipient.
    let mut refused = dossier(&[post().refusal(0, Fault::Other, "5.7.1 - G - no")]);
    refused.merge(recorded(&dossier(&[acceptance.clone(), post().delivery(6, BRUNO)]))).unwrap();
    assert_eq!(told(&refused), (vec!["refused"; 3], Summary::Failed));
    let external = Post { to: vec![(ELENA, RecipientKind::External)], ..post() };
    let mut external = dossier(&[external.acceptance(0)]);
    external.merge(recorded(&Dossier::new(receipt(&post().to(&[ELENA]).delivery(6, ELENA))))).unwrap();
    assert_eq!(progress(&external, ELENA), (Progress::External { when: written(0) }, Standing::Verified));
}

#[test]
fn r28_only_those_whom_the_acceptance_names_are_accepted() {
    // The delivery lists Elena, whom the acceptance does not name.
    let dossier = dossier(&[post().to(&[BRUNO]).acceptance(0), post().to(&[BRUNO, ELENA]).delivery(5, BRUNO)]);
    assert_eq!(told(&dossier), (vec!["delivered", "submitted"], Summary::Warning));
    assert_eq!(dossier.missing(after(48 * HOUR)), []);
}

#[test]
fn r28_only_those_whom_the_refusal_names_are_refused() {
    let dossier = dossier(&[post().to(&[BRUNO]).acceptance(0), post().to(&[ELENA]).refusal(1, Fault::Other, "5.7.1 - G - no")]);
    assert_eq!(told(&dossier), (vec!["accepted", "refused"], Summary::Failed));
}

#[test]
fn everything_is_said_in_both_languages() {
    let dossier = dossier(&[post().acceptance(0), post().late(12 * HOUR, BRUNO, FIRST)]);
    let progress = progress(&dossier, BRUNO).0;
    assert_eq!(progress.to_string(), "nothing heard until 2026-11-22T15:00:00+00:00");
    assert_eq!(progress.in_language(Language::Italian).to_string(), "nessuna notizia fino al 2026-11-22T15:00:00+00:00");
    assert_eq!(dossier.summary().in_language(Language::Italian).to_string(), "da controllare");
    let missing = dossier.missing(after(13 * HOUR));
    assert_eq!(
        missing[0].in_language(Language::Italian).to_string(),
        "manca l'esito per bruno@pec.gestoreuno.example, accettato il 2026-11-22T03:00:00Z (oltre 12 ore)"
    );
}
