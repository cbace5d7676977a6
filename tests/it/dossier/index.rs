//! Threading a mailbox.

use postacert::dossier::{Added, Dossier, DossierIndex, Summary, Threaded};

use super::post::*;

#[test]
fn r28_orphans_are_kept_and_adopted_when_their_message_comes() {
    let mut index = DossierIndex::new();
    assert_eq!(index.add(receipt(&post().delivery(5, BRUNO))), Threaded::Opened);
    assert_eq!((index.orphans().count(), index.receipts()), (1, 1));
    assert_eq!(index.iter().next().unwrap().recipients()[0].progress().code(), "delivered");
    assert_eq!(index.add(receipt(&post().acceptance(0))), Threaded::Added(Added::New));
    assert_eq!(index.add(receipt(&post().acceptance(0))), Threaded::Added(Added::Duplicate));
    assert_eq!((index.orphans().count(), index.iter().count(), index.receipts()), (0, 1, 2));
}

#[test]
fn r28_one_identifier_of_several_senders_or_subjects_is_several_messages() {
    let others = [post(), Post { sender: ELENA, ..post() }, Post { subject: "Altro", ..post() }];
    let mut index = DossierIndex::new();
    for post in &others {
        assert_eq!(index.add(receipt(&post.acceptance(0))), Threaded::Opened);
    }
    let found: Vec<_> = index.get(&post().id).map(|dossier| (dossier.sender().as_str(), dossier.subject())).collect();
    assert_eq!(found, [(ANNA, "Altro"), (ANNA, "Richiesta"), (ELENA, "Richiesta")]);
    assert_eq!(index.add(receipt(&others[1].delivery(5, BRUNO))), Threaded::Added(Added::New));
    let delivered: Vec<_> = index.iter().map(|dossier| dossier.recipients()[0].progress().code()).collect();
    assert_eq!(delivered, ["accepted", "accepted", "delivered"]);
}

#[test]
fn what_was_recorded_is_merged_and_confirmed() {
    let receipts = [post().to(&[BRUNO]).acceptance(0), post().to(&[BRUNO]).delivery(5, BRUNO)];
    let mut index = DossierIndex::new();
    index.merge(recorded(&dossier(&receipts)));
    index.merge(recorded(&dossier(&receipts[1..])));
    assert_eq!((index.iter().count(), index.receipts()), (1, 2));
    assert_eq!(index.add(receipt(&receipts[0])), Threaded::Added(Added::Confirmed));
    assert_eq!((index.receipts(), index.iter().map(Dossier::summary).next()), (2, Some(Summary::Delivered)));
}
