//! What composing needs, from the fixtures' first provider.

use postacert::compose::{Entropy, Identity, InMemoryKey};
use postacert::{Address, Certificate, Recipient, RecipientKind, Transaction};

use super::support::{base64_lines, fixture};

pub(crate) struct Composer {
    pub(crate) identity: Identity,
    pub(crate) key: InMemoryKey,
    pub(crate) entropy: Entropy,
}

impl Composer {
    pub(crate) fn new() -> Self {
        let certificates = |name: &str| Certificate::from_pem_or_der(&fixture(name)).unwrap();
        let identity =
            Identity::new("Gestore Uno PEC S.p.A.", certificates("pki/uno.pem").remove(0), certificates("pki/issuing.pem")).unwrap();
        Self { identity, key: InMemoryKey::from_pem(fixture("pki/uno.key")).unwrap(), entropy: Entropy::new([7; 32]) }
    }

    pub(crate) fn recipient(&self) -> Address {
        "bruno@pec.gestoreuno.example".parse().unwrap()
    }

    pub(crate) fn transaction(&self) -> Transaction {
        self.transaction_of(0)
    }

    pub(crate) fn transaction_of(&self, message: u64) -> Transaction {
        let to = Recipient::new(self.recipient(), RecipientKind::Certified);
        let when = "2026-11-22T03:50:00+01:00".parse().unwrap();
        let id = self.entropy.derive("message", message).pec_id(self.identity.address().domain());
        Transaction::new("anna@pec.gestoreuno.example".parse().unwrap(), vec![to], self.identity.provider(), when, id)
            .and_then(|t| t.with_subject("Richiesta"))
            .unwrap()
    }
}

/// A message with one attachment, of about so many bytes.
pub(crate) fn original(bytes: usize) -> Vec<u8> {
    let mut raw = b"From: anna@pec.gestoreuno.example\r\nTo: bruno@pec.gestoreuno.example\r\nSubject: Richiesta\r\nMIME-Version: 1.0\r\n\
        Content-Type: multipart/mixed; boundary=\"b1\"\r\n\r\n--b1\r\n\r\nin allegato\r\n\
        --b1\r\nContent-Type: application/pdf; name=\"verbale.pdf\"\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        .to_vec();
    base64_lines(bytes, &mut raw);
    raw.extend_from_slice(b"--b1--\r\n");
    raw
}
