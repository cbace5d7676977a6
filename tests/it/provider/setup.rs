//! The fixtures' first two providers as operators, and what tests of all points ask of their decisions.

use std::sync::{Arc, LazyLock};

use postacert::compose::{Draft, Entropy, Identity, InMemoryKey};
use postacert::provider::{Committed, DeliveryId, Event, LogRecord, Operator, Output, Settings};
use postacert::{Address, CertificationData, Content, Message, Outcome, PecId, Timestamp, UnixTime, Verifier};

use crate::fixtures::{at, certificates, read, verifier};

pub(crate) const UNO: &str = "Gestore Uno PEC S.p.A.";
pub(crate) const DUE: &str = "Servizi Postali Due S.r.l.";

/// Judges as the fixtures are judged.
pub(crate) static VERIFIER: LazyLock<Arc<Verifier>> = LazyLock::new(|| Arc::new(verifier()));

/// A provider, and the key that it signs with.
#[derive(Clone)]
pub(crate) struct Gestore {
    pub(crate) operator: Operator,
    pub(crate) key: Arc<InMemoryKey>,
}

impl Gestore {
    /// The provider of this name, under the certificate and key in these files.
    pub(crate) fn of(name: &str, pki: &str) -> Self {
        Self::under(name, pki, Arc::clone(&VERIFIER))
    }

    /// A provider that judges others by this.
    pub(crate) fn under(name: &str, pki: &str, verifier: Arc<Verifier>) -> Self {
        let key = InMemoryKey::from_pem(read(&format!("pki/{pki}.key"))).unwrap();
        Self { operator: Operator::new(identity(name, pki), verifier).unwrap(), key: Arc::new(key) }
    }

    pub(crate) fn uno() -> Self {
        GESTORE_UNO.clone()
    }

    pub(crate) fn due() -> Self {
        GESTORE_DUE.clone()
    }

    pub(crate) fn identity(&self) -> &Identity {
        self.operator.identity()
    }

    pub(crate) fn sign(&self, draft: Draft<'_>) -> Vec<u8> {
        draft.sign_with(&*self.key).unwrap()
    }

    /// The same provider with other settings.
    pub(crate) fn with(self, change: impl FnOnce(&mut Settings)) -> Self {
        Self { operator: self.set(change), ..self }
    }

    /// Its operator with other settings.
    pub(crate) fn set(&self, change: impl FnOnce(&mut Settings)) -> Operator {
        let mut settings = self.operator.settings().clone();
        change(&mut settings);
        self.operator.clone().with_settings(settings).unwrap()
    }
}

pub(crate) fn identity(provider: &str, file: &str) -> Identity {
    Identity::new(provider, certificates(&format!("pki/{file}.pem")).remove(0), certificates("pki/issuing.pem")).unwrap()
}

pub(crate) static GESTORE_UNO: LazyLock<Gestore> = LazyLock::new(|| Gestore::of(UNO, "uno"));
pub(crate) static GESTORE_DUE: LazyLock<Gestore> = LazyLock::new(|| Gestore::of(DUE, "due"));

/// The time of the fixtures, as an Italian clock shows it.
pub(crate) fn now() -> Timestamp {
    let instant: UnixTime = String::from_utf8(read("at.txt")).unwrap().trim().parse().unwrap();
    Timestamp::new(instant, 60).unwrap()
}

/// So many seconds after [`now`].
pub(crate) fn later(seconds: i64) -> Timestamp {
    Timestamp::new(now().instant().checked_add_secs(seconds).unwrap(), 60).unwrap()
}

pub(crate) const fn entropy(n: u8) -> Entropy {
    Entropy::new([n; 32])
}

pub(crate) fn address(text: &str) -> Address {
    text.parse().unwrap()
}

pub(crate) fn addresses(texts: &[&str]) -> Vec<Address> {
    texts.iter().copied().map(address).collect()
}

pub(crate) fn records(committed: &Committed) -> Vec<&LogRecord> {
    let logs = committed.outputs.iter().filter_map(|output| match output {
        Output::Log { record, .. } => Some(record),
        _ => None,
    });
    logs.collect()
}

pub(crate) fn events(committed: &Committed) -> Vec<Event> {
    records(committed).iter().map(|record| record.event).collect()
}

/// What is put into mailboxes.
pub(crate) fn delivered(committed: &Committed) -> Vec<(&DeliveryId, &[u8])> {
    let deliveries = committed.outputs.iter().filter_map(|output| match output {
        Output::Deliver { delivery, message, .. } => Some((delivery, &message[..])),
        _ => None,
    });
    deliveries.collect()
}

/// What is sent: reverse path, forward paths, message.
pub(crate) fn sent(committed: &Committed) -> Vec<(&Address, &[Address], &[u8])> {
    let sends = committed.outputs.iter().filter_map(|output| match output {
        Output::Send { mail_from, rcpt_to, message, .. } => Some((mail_from, &rcpt_to[..], &message[..])),
        _ => None,
    });
    sends.collect()
}

/// The order of the outputs, in short.
pub(crate) fn shape(committed: &Committed) -> Vec<&'static str> {
    let shape = committed.outputs.iter().map(|output| match output {
        Output::Send { .. } => "send",
        Output::Deliver { .. } => "deliver",
        Output::Store { .. } => "store",
        Output::Log { record, .. } => record.event.as_str(),
        Output::Refuse { .. } => "refuse",
        other => panic!("{other:?}"),
    });
    shape.collect()
}

/// Every output names its transaction.
#[track_caller]
pub(crate) fn all_of(committed: &Committed, transaction: &PecId) {
    assert_eq!(committed.transaction, *transaction);
    assert!(committed.outputs.iter().all(|output| output.transaction() == transaction), "{:#?}", committed.outputs);
    assert!(!committed.outputs.is_empty());
}

/// A message that another provider verifies without a finding: what it certifies, and what it carries.
#[track_caller]
pub(crate) fn proven(by: &Operator, message: &[u8]) -> (CertificationData, Option<Vec<u8>>) {
    proven_but(by, message, &[])
}

/// As [`proven`], but for findings that are the fault of what is carried.
#[track_caller]
pub(crate) fn proven_but(by: &Operator, message: &[u8], findings: &[&str]) -> (CertificationData, Option<Vec<u8>>) {
    let parsed = Message::parse(message).unwrap();
    let report = by.verifier().verify(&parsed, at());
    assert_eq!(report.outcome(), Outcome::Passed, "{report}\n{}", String::from_utf8_lossy(&message[..message.len().min(2_500)]));
    let content: &Content<'_> = report.verified().unwrap().value();
    let found: Vec<_> = report.findings().iter().filter(|finding| !findings.contains(&finding.code())).collect();
    assert!(found.is_empty(), "{found:#?}");
    (content.data().unwrap().clone(), content.original().map(|original| original.bytes().to_vec()))
}

/// One field of the outer header.
pub(crate) fn outer(message: &[u8], name: &str) -> Option<String> {
    Message::parse(message).unwrap().claims().text(name)
}
