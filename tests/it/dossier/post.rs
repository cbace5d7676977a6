//! A sent message, and receipts about it, composed by the fixtures' first provider and verified.

use std::sync::LazyLock;

use postacert::compose::{Entropy, Identity};
use postacert::dossier::{Dossier, Progress, Receipt, Standing, Summary};
use postacert::{
    Acceptance, Address, Content, Delivery, DeliveryTimeout, Fault, Message, NonAcceptance, NonDelivery, Notification, Outcome, PecId,
    ReceiptKind, Recipient, RecipientKind, TakenInCharge, Timestamp, Transaction, UnixTime, Verified, Verifier, VirusDetection,
};

use crate::fixtures::{at, verifier};
use crate::support::composed::{Facts, KEY, PROVIDER, address, draft, identity};

pub(super) const ANNA: &str = "anna@pec.gestoreuno.example";
pub(super) const BRUNO: &str = "bruno@pec.gestoreuno.example";
pub(super) const CARLA: &str = "carla@pec.studio.gestoreuno.example";
pub(super) const DARIO: &str = "dario@mail.example";
/// Of a domain of the provider's, so that it may attest deliveries to it.
pub(super) const ELENA: &str = "elena@pec.gestoreuno.example";
pub(super) const HOUR: i64 = 3_600;
pub(super) const ORIGINAL: &[u8] = b"From: anna@pec.gestoreuno.example\r\nSubject: Richiesta\r\n\r\nciao\r\n";

static IDENTITY: LazyLock<Identity> = LazyLock::new(identity);
static VERIFIER: LazyLock<Verifier> = LazyLock::new(verifier);

/// What the receipts repeat of a message.
#[derive(Debug, Clone)]
pub(super) struct Post {
    pub(super) id: PecId,
    pub(super) sender: &'static str,
    pub(super) subject: &'static str,
    pub(super) to: Vec<(&'static str, RecipientKind)>,
    /// Receipts of the same facts with other entropy are other receipts.
    pub(super) entropy: u8,
}

/// A message to Bruno and Carla, who have certified mail, and to Dario, who has not.
pub(super) fn post() -> Post {
    Post {
        id: "opec1.20261122@pec.gestoreuno.example".parse().unwrap(),
        sender: ANNA,
        subject: "Richiesta",
        to: vec![(BRUNO, RecipientKind::Certified), (CARLA, RecipientKind::Certified), (DARIO, RecipientKind::External)],
        entropy: 1,
    }
}

/// So many seconds after the acceptance.
pub(super) fn after(secs: i64) -> UnixTime {
    let accepted: UnixTime = "2026-11-22T04:00:00+01:00".parse().unwrap();
    accepted.checked_add_secs(secs).unwrap()
}

pub(super) fn written(secs: i64) -> Timestamp {
    after(secs).to_string().parse().unwrap()
}

impl Post {
    pub(super) fn to(mut self, to: &[&'static str]) -> Self {
        self.to = to.iter().map(|to| (*to, if *to == DARIO { RecipientKind::External } else { RecipientKind::Certified })).collect();
        self
    }

    fn transaction(&self, secs: i64) -> Transaction {
        let recipients = self.to.iter().map(|(to, kind)| Recipient::new(address(to), *kind)).collect();
        let transaction = Transaction::new(address(self.sender), recipients, PROVIDER, written(secs), self.id.clone());
        transaction.and_then(|transaction| transaction.with_subject(self.subject)).unwrap()
    }

    pub(super) fn acceptance(&self, secs: i64) -> Vec<u8> {
        self.compose(Acceptance::new(self.transaction(secs)), ORIGINAL)
    }

    pub(super) fn refusal(&self, secs: i64, fault: Fault, reason: &str) -> Vec<u8> {
        self.compose(NonAcceptance::new(self.transaction(secs), fault, reason.parse().ok()).unwrap(), ORIGINAL)
    }

    pub(super) fn taken(&self, secs: i64, to: &[&str]) -> Vec<u8> {
        let to = to.iter().map(|to| address(to)).collect();
        self.compose(TakenInCharge::new(self.transaction(secs), to).unwrap(), ORIGINAL)
    }

    pub(super) fn delivery(&self, secs: i64, to: &str) -> Vec<u8> {
        self.delivery_of(secs, to, ReceiptKind::Concise, ORIGINAL)
    }

    pub(super) fn delivery_of(&self, secs: i64, to: &str, kind: ReceiptKind, original: &[u8]) -> Vec<u8> {
        self.compose(Delivery::new(self.transaction(secs), address(to), kind), original)
    }

    pub(super) fn non_delivery(&self, secs: i64, to: &str, fault: Fault, reason: &str) -> Vec<u8> {
        self.compose(NonDelivery::new(self.transaction(secs), address(to), fault, reason.parse().ok()).unwrap(), ORIGINAL)
    }

    pub(super) fn late(&self, secs: i64, to: &str, reason: &str) -> Vec<u8> {
        self.compose(DeliveryTimeout::new(self.transaction(secs), address(to), reason.parse().ok()), ORIGINAL)
    }

    pub(super) fn virus(&self, secs: i64, to: &str) -> Vec<u8> {
        self.compose(VirusDetection::new(self.transaction(secs), address(to), "5.5.1 - G - [W32/Prova.A]".parse().ok()), ORIGINAL)
    }

    fn compose(&self, notification: impl Into<Notification>, original: &[u8]) -> Vec<u8> {
        let facts = Facts::Notification(notification.into());
        draft(&IDENTITY, &facts, original, &Entropy::new([self.entropy; 32])).unwrap().sign_with(&*KEY).unwrap()
    }
}

pub(super) fn verified(raw: &[u8]) -> Verified<Content<'static>> {
    let message = Message::parse(raw).unwrap();
    let report = VERIFIER.verify(&message, at());
    assert_eq!(report.outcome(), Outcome::Passed, "{report}");
    report.into_verified().unwrap().into_owned()
}

pub(super) fn receipt(raw: &[u8]) -> Receipt<'static> {
    Receipt::of(&verified(raw)).unwrap()
}

/// The dossier of these receipts.
#[track_caller]
pub(super) fn dossier(receipts: &[Vec<u8>]) -> Dossier {
    let mut dossier = Dossier::new(receipt(&receipts[0]));
    for raw in &receipts[1..] {
        dossier.add(receipt(raw)).unwrap();
    }
    dossier
}

/// The same as it comes back from where it was kept.
pub(super) fn recorded(dossier: &Dossier) -> Dossier {
    postacert::dossier::DossierRecord::from(dossier).into()
}

pub(super) fn progress(dossier: &Dossier, of: &str) -> (Progress, Standing) {
    let of: Address = address(of);
    let all = dossier.recipients();
    let status = all.iter().find(|status| *status.address() == of).unwrap_or_else(|| panic!("no {of}: {all:#?}"));
    (status.progress().clone(), status.standing())
}

/// The codes of each recipient's progress, in the order of their addresses, and of the summary.
pub(super) fn told(dossier: &Dossier) -> (Vec<&'static str>, Summary) {
    (dossier.recipients().iter().map(|status| status.progress().code()).collect(), dossier.summary())
}

pub(super) fn issues(dossier: &Dossier) -> Vec<&'static str> {
    dossier.issues().iter().map(postacert::dossier::Issue::code).collect()
}
