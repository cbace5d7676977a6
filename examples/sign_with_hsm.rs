//! Signing where the key is not: `cargo run --example sign_with_hsm`.
//!
//! RFC 6109 §5.1 wants the key in a hardware security module. Here a thread stands in for it, behind a channel: it is told a digest and a
//! scheme, and answers with a signature. The first message goes through a `Signer`; the second is made in two steps, for when the answer
//! comes later, or from another machine.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use anyhow::{Context as _, Result};
use postacert::compose::{Draft, Entropy, Identity, InMemoryKey, Signer, SignerError, SigningRequest};
use postacert::crypto::{DigestAlgorithm, SignatureScheme};
use postacert::{Acceptance, Certificate, Recipient, RecipientKind, Transaction};

/// What goes to the device, and where it puts the answer.
struct Job {
    bytes: Vec<u8>,
    scheme: SignatureScheme,
    answer: Sender<Result<Vec<u8>, String>>,
}

/// The device: it alone has the key.
fn device(jobs: Receiver<Job>, pem: Vec<u8>) {
    let key = InMemoryKey::from_pem(pem);
    for job in jobs {
        let answer = match &key {
            Ok(key) => key.sign(&SigningRequest::new(&job.bytes, job.scheme, [0; 32])).map_err(|error| error.to_string()),
            Err(error) => Err(error.to_string()),
        };
        // Nobody waits any more if this fails.
        let _ = job.answer.send(answer);
    }
}

/// The connection to it.
struct Device(Sender<Job>);

impl Signer for Device {
    fn scheme(&self, digest: DigestAlgorithm) -> SignatureScheme {
        SignatureScheme::RsaPkcs1 { digest }
    }

    fn sign(&self, request: &SigningRequest<'_>) -> Result<Vec<u8>, SignerError> {
        let (answer, wait) = channel();
        // A device that takes digests would be sent `request.digest()`.
        let job = Job { bytes: request.bytes().to_vec(), scheme: request.scheme(), answer };
        self.0.send(job).map_err(SignerError::failed)?;
        wait.recv().map_err(SignerError::failed)?.map_err(SignerError::failed)
    }
}

fn main() -> Result<()> {
    let pki = |name: &str| std::fs::read(format!("{}/tests/fixtures/pki/{name}", env!("CARGO_MANIFEST_DIR")));
    let certificate = Certificate::from_pem_or_der(&pki("uno.pem")?)?.into_iter().next().context("no certificate")?;
    let identity = Identity::new("Gestore Uno PEC S.p.A.", certificate, Certificate::from_pem_or_der(&pki("issuing.pem")?)?)?;
    let entropy = Entropy::new(std::array::from_fn(|i| i as u8)); // 32 fresh random bytes
    let id = entropy.derive("transaction", 0).pec_id(identity.address().domain());
    let to = Recipient::new("bruno@pec.gestoreuno.example".parse()?, RecipientKind::Certified);
    let when = "2026-11-22T03:52:07+01:00".parse()?;
    let facts = Acceptance::new(Transaction::new("anna@pec.gestoreuno.example".parse()?, vec![to], identity.provider(), when, id)?);

    let (jobs, received) = channel();
    let pem = pki("uno.key")?;
    let standing_in = thread::spawn(move || device(received, pem));
    let device = Device(jobs);

    // In one go: the signature is checked with the certificate's key before the message comes back.
    let at_once = Draft::acceptance(&identity, &facts, &entropy)?.sign_with(&device)?;

    // In two steps.
    let to_sign = Draft::acceptance(&identity, &facts, &entropy)?.to_sign()?;
    println!("to sign: {} bytes, {}: {}", to_sign.request().bytes().len(), to_sign.request().scheme(), to_sign.request().digest());
    let signature = device.sign(&to_sign.request())?;
    let in_steps = to_sign.clone().finish(&signature)?;
    assert_eq!(at_once, in_steps, "the same inputs, the same bytes");

    // A device that answers with something else is found out.
    let refused = to_sign.finish(&signature[1..]).err().context("a bad signature was taken")?;
    println!("a bad answer: {refused}");

    drop(device);
    standing_in.join().map_err(|_| anyhow::anyhow!("the device broke down"))?;
    println!("composed {} bytes", at_once.len());
    Ok(())
}
