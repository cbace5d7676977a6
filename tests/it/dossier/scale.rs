//! Whole mailboxes, and messages to very many: in linear time, in little memory, and threaded right.

use std::sync::LazyLock;
use std::time::{Duration, Instant};

use postacert::compose::{Draft, Entropy, Identity};
use postacert::dossier::{Dossier, DossierIndex, DossierRecord, Receipt, Standing, Summary, Threaded};
use postacert::{
    Acceptance, Address, Delivery, DeliveryTimeout, Directory, Fault, Fingerprint, Message, NonDelivery, Outcome, PecId, ReceiptKind,
    Recipient, RecipientKind, Transaction, Verifier,
};

use super::cheap::Cheap;
use super::post::*;
use crate::fixtures::{at, read};
use crate::support::composed::{PROVIDER, address, identity};

/// Without optimisation fewer, which test the same; `.ci/run` tests with.
fn so_many(unoptimised: usize, optimised: usize) -> usize {
    if cfg!(debug_assertions) { unoptimised } else { optimised }
}

/// Of four times as many, sixteen times the time would be too much; a busy machine may disturb either.
#[track_caller]
fn linear(quarter: Duration, all: Duration) {
    assert!(all < quarter * 12 + Duration::from_millis(250), "{quarter:?} for a quarter, {all:?} for all");
}

static IDENTITY: LazyLock<Identity> = LazyLock::new(identity);
static VERIFIER: LazyLock<Verifier> = LazyLock::new(|| {
    let directory = Directory::from_ldif(&read("directory/directory.ldif")).unwrap();
    Verifier::builder().directory(directory).algorithms(Cheap).build().unwrap()
});

/// The receipts of a message, by its number: what the mailbox holds of it, and what is to be told of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Acceptance,
    Delivery,
    NonDelivery,
    FinalNotice,
}

fn receipts_of(message: usize) -> (&'static [Kind], Summary) {
    use Kind::{Acceptance, Delivery, FinalNotice, NonDelivery};
    match message % 20 {
        0 => (&[Acceptance], Summary::Accepted),
        1 => (&[Acceptance, NonDelivery], Summary::Failed),
        2 => (&[Acceptance, FinalNotice], Summary::Failed),
        3 => (&[Acceptance, FinalNotice, Delivery], Summary::Delivered),
        // The acceptance was lost.
        4 => (&[Delivery], Summary::Delivered),
        // It is there twice.
        5 => (&[Acceptance, Delivery, Delivery], Summary::Delivered),
        6 => (&[Acceptance, Delivery, NonDelivery], Summary::Warning),
        _ => (&[Acceptance, Delivery], Summary::Delivered),
    }
}

fn id(message: usize) -> PecId {
    // Every hundredth has the identifier of the one before it, of another sender.
    let number = if message % 100 == 99 { message - 1 } else { message };
    format!("opec21008.20261122.{number:08}@pec.gestoreuno.example").parse().unwrap()
}

fn compose(message: usize, kind: Kind) -> Receipt<'static> {
    let to = address(&format!("destinatario{}@pec.gestoreuno.example", message % 1_000));
    let sender = address(&format!("mittente{}@pec.gestoreuno.example", message % 10));
    let secs = match kind {
        Kind::Acceptance => 0,
        Kind::FinalNotice => 24 * HOUR,
        Kind::Delivery | Kind::NonDelivery => 30,
    };
    let recipients = vec![Recipient::new(to.clone(), RecipientKind::Certified)];
    let transaction = Transaction::new(sender, recipients, PROVIDER, written(secs), id(message)).unwrap();
    let transaction = transaction.with_subject(&format!("Pratica n. {message}")).unwrap();
    let entropy = Entropy::new([7; 32]).derive("receipt", message as u64);
    let reason = |text: &str| text.parse().ok();
    let draft = match kind {
        Kind::Acceptance => Draft::acceptance(&IDENTITY, &Acceptance::new(transaction), &entropy),
        Kind::Delivery => Draft::delivery(&IDENTITY, &Delivery::new(transaction, to, ReceiptKind::Concise), b"", &entropy),
        Kind::NonDelivery => {
            let facts = NonDelivery::new(transaction, to, Fault::NoRecipient, reason("5.1.1 - G - indirizzo non valido")).unwrap();
            Draft::non_delivery(&IDENTITY, &facts, &entropy)
        }
        Kind::FinalNotice => {
            Draft::delivery_timeout(&IDENTITY, &DeliveryTimeout::new(transaction, to, reason("5.4.1 - G - scaduto")), &entropy)
        }
    };
    verified_cheaply(&draft.unwrap().sign_and_check_with(&Cheap, &Cheap).unwrap())
}

fn verified_cheaply(raw: &[u8]) -> Receipt<'static> {
    let report = VERIFIER.verify(&Message::parse(raw).unwrap(), at()).into_verified().unwrap();
    Receipt::of(&report).unwrap()
}

/// A mailbox in no order: all that was done to the index in it took so long.
fn mailbox(messages: usize) -> (DossierIndex, Duration) {
    let mut all: Vec<(usize, Kind)> =
        (0..messages).flat_map(|message| receipts_of(message).0.iter().map(move |kind| (message, *kind))).collect();
    // Fisher and Yates, with a generator of Knuth's.
    let mut state = 2_026_u64;
    for at in (1..all.len()).rev() {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        all.swap(at, (state >> 33) as usize % (at + 1));
    }
    let (mut index, mut spent, mut opened) = (DossierIndex::new(), Duration::ZERO, 0);
    for (message, kind) in all {
        let receipt = compose(message, kind);
        let begin = Instant::now();
        opened += usize::from(index.add(receipt) == Threaded::Opened);
        spent += begin.elapsed();
    }
    assert_eq!(opened, messages);
    (index, spent)
}

fn threads_right(messages: usize) -> Duration {
    let (index, spent) = mailbox(messages);
    assert_eq!(index.iter().count(), messages);
    let distinct: usize = (0..messages).map(|message| receipts_of(message).0.len() - usize::from(message % 20 == 5)).sum();
    assert_eq!(index.receipts(), distinct);
    assert_eq!(index.orphans().count(), (0..messages).filter(|message| message % 20 == 4).count());
    for message in 0..messages {
        let subject = format!("Pratica n. {message}");
        let found: Vec<&Dossier> = index.get(&id(message)).filter(|dossier| dossier.subject() == subject).collect();
        let [dossier] = found[..] else { panic!("{} dossiers of {message}", found.len()) };
        let (kinds, summary) = receipts_of(message);
        assert_eq!((dossier.summary(), dossier.receipts().len()), (summary, kinds.len() - usize::from(message % 20 == 5)), "{message}");
        assert_eq!(dossier.recipients()[0].address().as_str(), format!("destinatario{}@pec.gestoreuno.example", message % 1_000));
    }
    assert_eq!(index.get(&"nobody@pec.gestoreuno.example".parse().unwrap()).count(), 0);
    spent
}

#[test]
fn r28_a_mailbox_threads_right_in_linear_time() {
    let messages = so_many(2_000, 100_000);
    let few = threads_right(messages / 4);
    let many = threads_right(messages);
    println!("{} messages: {few:?}; {messages}: {many:?}", messages / 4);
    linear(few, many);
}

/// Of one record many: as many receipts as one likes, without a signature each. They lie in memory as those that were verified do.
struct Template(DossierRecord);

impl Template {
    /// Accepted for one recipient, and delivered to it.
    fn new() -> Self {
        Self(DossierRecord::from(&dossier(&[post().to(&[BRUNO]).acceptance(0), post().to(&[BRUNO]).delivery(5, BRUNO)])))
    }

    fn message(&self, number: usize) -> Dossier {
        let mut record = self.0.clone();
        record.id = format!("opec21008.20261122040000.40512.{number:07}.1.51@pec.gestoreuno.example").parse().unwrap();
        record.subject = format!("Trasmissione del verbale di collaudo n. {number}").into();
        for (at, receipt) in record.receipts.iter_mut().enumerate() {
            receipt.id = Fingerprint::of(format!("{number} {at}").as_bytes());
        }
        record.into()
    }

    /// One message to so many, delivered to each.
    fn to_many(&self, recipients: usize) -> Dossier {
        let mut record = self.0.clone();
        let (address, delivery) = (record.recipients[0].clone(), record.receipts.iter().find(|r| r.receipt.is_some()).unwrap().clone());
        record.receipts.retain(|receipt| receipt.receipt.is_none());
        record.recipients.clear();
        for number in 0..recipients {
            let to = one_of_many(number);
            record.receipts.push({
                let mut delivery = delivery.clone();
                delivery.id = Fingerprint::of(to.as_str().as_bytes());
                delivery.recipients = [to.clone()].into();
                delivery
            });
            let mut listed = address.clone();
            listed.address = to;
            record.recipients.push(listed);
        }
        record.into()
    }
}

fn one_of_many(number: usize) -> Address {
    address(&format!("destinatario{number:05}@pec.gestoreuno.example"))
}

/// Bytes on the heap for each receipt of an index.
fn bytes_a_receipt(messages: usize) -> u64 {
    let template = Template::new();
    let mut index = DossierIndex::new();
    let heap = allocation_counter::measure(|| (0..messages).for_each(|number| index.merge(template.message(number))));
    assert_eq!(index.receipts(), 2 * messages);
    u64::try_from(heap.bytes_current).unwrap() / (2 * messages as u64)
}

#[test]
fn a_receipt_takes_less_than_500_bytes_in_an_index() {
    let bytes = bytes_a_receipt(so_many(50_000, 500_000));
    println!("{bytes} bytes a receipt");
    assert!(bytes <= 500, "{bytes} bytes a receipt");
}

/// As much stack as a thread has, and no more.
fn on_a_small_stack<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    std::thread::Builder::new().stack_size(2 << 20).spawn(work).unwrap().join().unwrap()
}

#[test]
fn r31_ten_thousand_recipients_and_their_receipts() {
    let time = |recipients: usize| {
        on_a_small_stack(move || {
            let template = Template::new();
            let begin = Instant::now();
            let dossier = template.to_many(recipients);
            let all = dossier.recipients();
            assert_eq!(all.len(), recipients);
            assert!(all.iter().all(|status| status.progress().code() == "delivered" && status.standing() == Standing::Recorded));
            assert_eq!((dossier.summary(), dossier.issues().len()), (Summary::Delivered, 0));
            assert_eq!((dossier.missing(after(48 * HOUR)).len(), dossier.receipts().len()), (0, recipients + 1));
            let mut twice = dossier.clone();
            twice.merge(template.to_many(recipients)).unwrap();
            assert_eq!(twice, dossier);
            begin.elapsed()
        })
    };
    let (few, many) = (time(2_500), time(10_000));
    println!("2,500 recipients: {few:?}; 10,000: {many:?}");
    linear(few, many);
}

fn to_all(secs: i64, recipients: usize) -> Transaction {
    let all = (0..recipients).map(|number| Recipient::new(one_of_many(number), RecipientKind::Certified)).collect();
    Transaction::new(address(ANNA), all, PROVIDER, written(secs), post().id).and_then(|t| t.with_subject("Richiesta")).unwrap()
}

fn signed(draft: Draft<'_>) -> Receipt<'static> {
    verified_cheaply(&draft.sign_and_check_with(&Cheap, &Cheap).unwrap())
}

fn delivered_to(number: usize, transaction: Transaction) -> Receipt<'static> {
    let facts = Delivery::new(transaction, one_of_many(number), ReceiptKind::Concise);
    signed(Draft::delivery(&IDENTITY, &facts, b"", &Entropy::new([9; 32])).unwrap())
}

#[test]
fn r31_receipts_that_list_ten_thousand_recipients() {
    const MANY: usize = 10_000;
    on_a_small_stack(|| {
        let mut dossier =
            Dossier::new(signed(Draft::acceptance(&IDENTITY, &Acceptance::new(to_all(0, MANY)), &Entropy::new([9; 32])).unwrap()));
        for number in 0..3 {
            dossier.add(delivered_to(number, to_all(5, MANY))).unwrap();
        }
        let counted = |code| dossier.recipients().iter().filter(|status| status.progress().code() == code).count();
        assert_eq!((counted("delivered"), counted("accepted")), (3, MANY - 3));
        assert_eq!((dossier.missing(after(0)).len(), dossier.summary()), (MANY - 3, Summary::Accepted));
    });
}

#[test]
fn r31_ten_thousand_verified_receipts_of_one_message() {
    let many = so_many(1_000, 10_000);
    on_a_small_stack(move || {
        let accepted = signed(Draft::acceptance(&IDENTITY, &Acceptance::new(to_all(0, many)), &Entropy::new([9; 32])).unwrap());
        let mut dossier = Dossier::new(accepted);
        let mut spent = Duration::ZERO;
        for number in (0..many).rev() {
            // Its own recipient is enough to list.
            let to = vec![Recipient::new(one_of_many(number), RecipientKind::Certified)];
            let transaction =
                Transaction::new(address(ANNA), to, PROVIDER, written(5), post().id).unwrap().with_subject("Richiesta").unwrap();
            let receipt = delivered_to(number, transaction);
            let begin = Instant::now();
            dossier.add(receipt).unwrap();
            spent += begin.elapsed();
        }
        println!("added in {spent:?}");
        assert_eq!((dossier.summary(), dossier.receipts().len()), (Summary::Delivered, many + 1));
        assert!(spent < Duration::from_secs(2), "{spent:?}");
    });
}

#[test]
fn r31_one_identifier_of_very_many_messages() {
    let time = |messages: usize| {
        let template = Template::new();
        let begin = Instant::now();
        let mut index = DossierIndex::new();
        for number in 0..messages {
            let mut record = DossierRecord::from(&template.message(number));
            record.id = post().id;
            index.merge(record.into());
        }
        assert_eq!(index.get(&post().id).count(), messages);
        begin.elapsed()
    };
    let (few, many) = (time(2_500), time(10_000));
    linear(few, many);
}

#[test]
fn what_is_composed_cheaply_passes_only_as_it_was_signed() {
    let entropy = Entropy::new([9; 32]);
    let raw = Draft::acceptance(&IDENTITY, &Acceptance::new(to_all(0, 1)), &entropy).unwrap().sign_and_check_with(&Cheap, &Cheap).unwrap();
    let changed = String::from_utf8(raw).unwrap().replacen("ciao", "addio", 1).replacen("accettat", "rifiutat", 1);
    let message = Message::parse(changed.as_bytes()).unwrap();
    assert_eq!(VERIFIER.verify(&message, at()).outcome(), Outcome::Failed);
}
