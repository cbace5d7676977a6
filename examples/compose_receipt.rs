//! Composes and signs an acceptance receipt, then reads and verifies it: `cargo run --example compose_receipt`.
//!
//! The key and the certificate are those of the tests: throw-away, and worth nothing. It prints the message.

use std::io::Write as _;

use anyhow::{Context as _, Result};
use postacert::compose::{Draft, Entropy, Identity, InMemoryKey};
use postacert::{Acceptance, Certificate, Message, Notification, Recipient, RecipientKind, Transaction, VerificationTime, Verifier};

fn main() -> Result<()> {
    let pki = |name: &str| std::fs::read(format!("{}/tests/fixtures/pki/{name}", env!("CARGO_MANIFEST_DIR")));

    // Who composes. A provider reads these once.
    let certificate = Certificate::from_pem_or_der(&pki("uno.pem")?)?.into_iter().next().context("no certificate")?;
    let chain = Certificate::from_pem_or_der(&pki("issuing.pem")?)?;
    let identity = Identity::new("Gestore Uno PEC S.p.A.", certificate, chain)?;
    let key = InMemoryKey::from_pem(pki("uno.key")?)?;

    // What happened. The time comes from the caller's clock, the entropy from its random source: 32 fresh bytes a message.
    let entropy = Entropy::new(std::array::from_fn(|i| i as u8));
    let when = "2026-11-22T03:52:07+01:00".parse()?;
    let recipients = vec![
        Recipient::new("bruno@pec.gestoreuno.example".parse()?, RecipientKind::Certified),
        Recipient::new("dario@mail.example".parse()?, RecipientKind::External),
    ];
    let id = entropy.derive("transaction", 0).pec_id(identity.address().domain());
    let transaction = Transaction::new("anna@pec.gestoreuno.example".parse()?, recipients, identity.provider(), when, id)?
        .with_subject("Richiesta di accesso agli atti")?
        .with_message_id("abc@client.example".parse()?);
    let facts = Acceptance::new(transaction);

    // The message.
    let raw = Draft::acceptance(&identity, &facts, &entropy)?.sign_with(&key)?;
    std::io::stdout().write_all(&raw)?;

    // Whoever receives it reads the same facts.
    let verifier = Verifier::builder().anchors(Certificate::from_pem_or_der(&pki("root.pem")?)?).build()?;
    let message = Message::parse(&raw)?;
    let report = verifier.verify(&message, VerificationTime::asserted(facts.transaction().when().instant()));
    let verified = report.into_verified()?;
    let read = Notification::try_from(verified.value().data().context("no certification data")?)?;
    assert_eq!(read, Notification::from(facts));
    eprintln!("verified: {}", read.transaction().id());
    Ok(())
}
