//! Whatever receipts there are: in whatever order they come, and however often, a dossier is the same.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use postacert::dossier::{Added, Dossier, DossierIndex, DossierRecord, Progress, Receipt, Standing, Threaded};
use postacert::{Fault, Fingerprint, ReceiptKind, RecipientKind};
use proptest::prelude::*;
use proptest::sample::{Index, subsequence};

use super::post::*;

/// Receipts of one message, such as fit together and such as do not.
static RECEIPTS: LazyLock<Vec<Receipt<'static>>> = LazyLock::new(|| {
    let (one, other) = (post(), Post { entropy: 2, sender: "anna@PEC.gestoreuno.example", subject: " Richiesta", ..post() });
    let with_elena = post().to(&[BRUNO, ELENA]);
    let elena_external =
        Post { to: vec![("Elena@pec.gestoreuno.example", RecipientKind::External), (BRUNO, RecipientKind::External)], ..post() };
    let late = |post: &Post, secs, reason| post.late(secs, BRUNO, reason);
    let raws = [
        one.acceptance(0),
        other.acceptance(0),
        one.acceptance(90),
        with_elena.acceptance(30),
        elena_external.acceptance(10),
        one.refusal(2, Fault::Other, "5.7.1 - G - no"),
        other.refusal(1, Fault::Virus, "5.5.1 - G - virus"),
        one.taken(3, &[BRUNO, CARLA]),
        with_elena.taken(3, &[ELENA]),
        one.delivery(5, BRUNO),
        other.delivery(5, BRUNO),
        one.delivery(4, CARLA),
        one.delivery(-2 * HOUR, CARLA),
        with_elena.delivery(20, ELENA),
        elena_external.delivery(21, "Elena@pec.gestoreuno.example"),
        one.delivery_of(6, BRUNO, ReceiptKind::Complete, ORIGINAL),
        one.delivery_of(6, CARLA, ReceiptKind::Complete, ORIGINAL),
        one.delivery_of(7, BRUNO, ReceiptKind::Complete, b"Subject: Richiesta\r\n\r\naltro\r\n"),
        one.delivery_of(8, CARLA, ReceiptKind::Brief, ORIGINAL),
        one.non_delivery(9, BRUNO, Fault::NoRecipient, "5.1.1 - G - indirizzo non valido"),
        one.non_delivery(-HOUR, CARLA, Fault::Virus, "5.5.1 - G - virus"),
        one.virus(9, CARLA),
        late(&one, 12 * HOUR, "4.4.1 - G - in ritardo"),
        late(&other, 22 * HOUR, "4.4.1 - G - in ritardo"),
        late(&one, 24 * HOUR, "5.4.1 - G - scaduto"),
    ];
    // Labels, and receipts once more without their original.
    let labelled = raws.iter().enumerate().map(|(at, raw)| receipt(raw).with_label(&format!("{at}.eml")));
    let bare = raws.iter().take(20).skip(15).map(|raw| Receipt::from(&verified(raw).notification().unwrap()).into_static());
    labelled.chain(bare).collect()
});

/// Of other messages that resemble it.
static FOREIGN: LazyLock<Vec<Receipt<'static>>> = LazyLock::new(|| {
    let others = [
        Post { id: "opec2.20261122@pec.gestoreuno.example".parse().unwrap(), ..post() },
        Post { sender: ELENA, ..post() },
        Post { subject: "Re: Richiesta", ..post() },
    ];
    let of = |post: &Post| [post.acceptance(0), post.delivery(5, BRUNO), post.virus(5, CARLA)];
    others.iter().flat_map(of).map(|raw| receipt(&raw)).collect()
});

/// A receipt borrows what it was made of; the pool keeps it.
trait IntoStatic {
    fn into_static(self) -> Receipt<'static>;
}

impl IntoStatic for Receipt<'_> {
    fn into_static(self) -> Receipt<'static> {
        // Leaked once, for as long as the tests run.
        Receipt::from(&*Box::leak(Box::new(self.notification().clone())))
    }
}

/// How a receipt is handed over.
#[derive(Debug, Clone, Copy)]
enum By {
    Adding,
    Merging,
    /// From a record.
    Record,
}

fn some() -> impl Strategy<Value = Vec<usize>> {
    subsequence((0..RECEIPTS.len()).collect::<Vec<_>>(), 1..=RECEIPTS.len().min(14))
}

/// Some receipts, and the same in another order with some of them twice.
fn shuffled() -> impl Strategy<Value = (Vec<usize>, Vec<usize>)> {
    (some(), prop::collection::vec(any::<Index>(), 0..4)).prop_flat_map(|(some, twice)| {
        let mut again = some.clone();
        again.extend(twice.iter().map(|at| *at.get(&some)));
        (Just(some), Just(again).prop_shuffle())
    })
}

fn by() -> impl Strategy<Value = By> {
    prop_oneof![Just(By::Adding), Just(By::Merging), Just(By::Record)]
}

fn of(receipts: &[usize]) -> Dossier {
    let mut dossier = Dossier::new(RECEIPTS[receipts[0]].clone());
    for at in &receipts[1..] {
        dossier.add(RECEIPTS[*at].clone()).unwrap();
    }
    dossier
}

/// Some receipts verified, others from a record.
fn mixed(receipts: &[(usize, By)]) -> Dossier {
    let one = |(at, by): &(usize, By)| match by {
        By::Record => recorded(&of(&[*at])),
        By::Adding | By::Merging => of(&[*at]),
    };
    let mut dossier = one(&receipts[0]);
    for receipt in &receipts[1..] {
        match receipt.1 {
            By::Adding => {
                dossier.add(RECEIPTS[receipt.0].clone()).unwrap();
            }
            By::Merging | By::Record => dossier.merge(one(receipt)).unwrap(),
        }
    }
    dossier
}

/// All that a dossier tells.
fn everything(dossier: &Dossier) -> String {
    let record = DossierRecord::from(dossier);
    let standings: Vec<_> = record.receipts.iter().map(|receipt| dossier.standing(&receipt.id)).collect();
    let missing = [0, 12, 24].map(|hours| dossier.missing(after(hours * HOUR)));
    format!(
        "{record:#?}{standings:?}{:#?}{:#?}{:#?}{missing:?}{:?}",
        dossier.recipients(),
        dossier.receipts(),
        dossier.issues(),
        dossier.summary()
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn r28_any_order_of_the_same_receipts_gives_the_same_dossier((some, again) in shuffled()) {
        let (one, other) = (of(&some), of(&again));
        prop_assert_eq!(&one, &other);
        prop_assert_eq!(everything(&one), everything(&other));
    }

    #[test]
    fn r28_verified_and_recorded_receipts_in_any_order_give_the_same_dossier(
        (some, other) in (some(), prop::collection::vec(by(), 40)).prop_flat_map(|(some, by)| {
            let some: Vec<_> = some.into_iter().zip(by).collect();
            (Just(some.clone()), Just(some).prop_shuffle())
        })
    ) {
        let (one, other) = (mixed(&some), mixed(&other));
        prop_assert_eq!(&one, &other);
        prop_assert_eq!(everything(&one), everything(&other));
    }

    #[test]
    fn r28_merging_is_commutative_associative_and_idempotent(a in some(), b in some(), c in some(), stored in any::<[bool; 3]>()) {
        let make = |receipts: &[usize], stored: bool| if stored { recorded(&of(receipts)) } else { of(receipts) };
        let (a, b, c) = (make(&a, stored[0]), make(&b, stored[1]), make(&c, stored[2]));
        let merged = |mut one: Dossier, other: &Dossier| {
            one.merge(other.clone()).unwrap();
            one
        };
        let (ab, ba) = (merged(a.clone(), &b), merged(b.clone(), &a));
        prop_assert_eq!(everything(&ab), everything(&ba));
        prop_assert_eq!(&ab, &ba);
        let (left, right) = (merged(ab.clone(), &c), merged(a.clone(), &merged(b.clone(), &c)));
        prop_assert_eq!(everything(&left), everything(&right));
        prop_assert_eq!(&left, &right);
        prop_assert_eq!(everything(&merged(ab.clone(), &a)), everything(&ab));
        prop_assert_eq!(merged(ab.clone(), &ab), ab);
    }

    #[test]
    fn r28_what_comes_back_from_a_record_is_recorded_until_it_is_added_again(some in some()) {
        let dossier = of(&some);
        let mut back = recorded(&dossier);
        prop_assert_eq!(DossierRecord::from(&back), DossierRecord::from(&dossier));
        for receipt in back.receipts() {
            prop_assert_eq!(back.standing(&receipt.id), Some(Standing::Recorded));
        }
        for status in back.recipients() {
            prop_assert_eq!(status.standing(), Standing::Recorded, "{:?}", status);
        }
        let mut known = BTreeSet::new();
        for at in &some {
            let again = RECEIPTS[*at].clone();
            let expected = if known.insert(again.id()) { Added::Confirmed } else { Added::Duplicate };
            prop_assert_eq!(back.add(again), Ok(expected));
        }
        prop_assert_eq!(everything(&back), everything(&dossier));
        prop_assert_eq!(back, dossier);
    }

    #[test]
    fn r28_nothing_recorded_takes_away_or_goes_beyond_what_is_verified(some in some(), others in some()) {
        let alone = of(&some);
        let mut both = alone.clone();
        both.merge(recorded(&of(&others))).unwrap();
        let told = both.recipients();
        for before in alone.recipients() {
            let after = told.iter().find(|status| status.address().as_str().eq_ignore_ascii_case(before.address().as_str())).unwrap();
            if after.standing() == Standing::Verified {
                prop_assert_eq!(after.progress(), before.progress());
            } else {
                prop_assert!(!before.progress().is_final(), "{:?} after {:?}", after, before);
            }
        }
    }

    #[test]
    fn r28_foreign_receipts_change_nothing(some in some(), foreign in any::<Index>()) {
        let mut dossier = of(&some);
        let before = everything(&dossier);
        prop_assert!(dossier.add(foreign.get(&FOREIGN).clone()).is_err());
        prop_assert!(dossier.merge(Dossier::new(foreign.get(&FOREIGN).clone())).is_err());
        prop_assert_eq!(everything(&dossier), before);
    }

    #[test]
    fn r28_every_progress_rests_on_a_receipt_that_is_not_disputed(some in some()) {
        let dossier = of(&some);
        let ids: BTreeSet<Fingerprint> = dossier.receipts().iter().map(|receipt| receipt.id).collect();
        prop_assert_eq!(ids.len(), dossier.receipts().len());
        for status in dossier.recipients() {
            let kinds: Vec<_> = status.receipts().iter().map(|receipt| (receipt.kind.as_wire(), receipt.when)).collect();
            let rests_on = |kind: &str, when| kinds.contains(&(kind, when));
            let rests = match *status.progress() {
                Progress::Delivered { when, .. } => rests_on("avvenuta-consegna", when),
                Progress::NotDelivered { when, .. } => rests_on("errore-consegna", when),
                Progress::Virus { when } => rests_on("errore-consegna", when) || rests_on("rilevazione-virus", when),
                Progress::TimedOut { when } | Progress::Delayed { when } => rests_on("preavviso-errore-consegna", when),
                _ => true,
            };
            prop_assert!(rests, "{:?}", status);
        }
    }

    #[test]
    fn r28_an_index_is_the_same_in_any_order(
        (one, other) in (some(), prop::collection::vec(any::<Index>(), 0..6)).prop_flat_map(|(some, foreign)| {
            let mut all: Vec<Receipt<'static>> = some.into_iter().map(|at| RECEIPTS[at].clone()).collect();
            all.extend(foreign.iter().map(|at| at.get(&FOREIGN).clone()));
            (Just(all.clone()), Just(all).prop_shuffle())
        })
    ) {
        let thread = |receipts: &[Receipt<'static>]| {
            let mut index = DossierIndex::new();
            let opened = receipts.iter().filter(|receipt| index.add((*receipt).clone()) == Threaded::Opened).count();
            assert_eq!(index.iter().count(), opened);
            index
        };
        let (a, b) = (thread(&one), thread(&other));
        prop_assert_eq!(&a, &b);
        let told = |index: &DossierIndex| index.iter().map(everything).collect::<Vec<_>>();
        prop_assert_eq!(told(&a), told(&b));
        let distinct: BTreeSet<Fingerprint> = one.iter().map(Receipt::id).collect();
        prop_assert_eq!(a.receipts(), distinct.len());
        // Built of dossiers instead of receipts.
        let mut merged = DossierIndex::new();
        other.iter().for_each(|receipt| merged.merge(Dossier::new(receipt.clone())));
        prop_assert_eq!((merged.receipts(), told(&merged)), (a.receipts(), told(&a)));
    }
}
