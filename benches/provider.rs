//! A whole transaction between two providers in memory, from submission to the delivery receipt verified by the sender:
//! `cargo bench --bench provider`.
//!
//! A transaction has four signatures (accettazione, posta-certificata, presa-in-carico, avvenuta-consegna), each of them checked before it goes out, and
//! each message is verified where it arrives. It is timed in turn with the same number of bare RSA-2048 signatures and verifications, pair by
//! pair, in one process, so that a slow or busy machine slows both; what is told is the median of the pairs.

use std::collections::VecDeque;
use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use postacert::compose::{Entropy, Identity, InMemoryKey, Signer as _, SigningRequest};
use postacert::crypto::{
    Algorithms, Digest, DigestAlgorithm, KeyError, KeyKind, PreparedKey, RustCrypto, SignatureError, SignatureScheme, digest,
};
use postacert::provider::{Arrived, Committed, MailboxOutcome, Operator, Output, Pending, State, Submitted, VirusVerdict};
use postacert::{Address, Certificate, Message, Outcome, Timestamp, VerificationTime, Verifier};

#[allow(dead_code, reason = "the other benches use more of it")]
mod support;

const SECONDS: Duration = Duration::from_secs(8);
/// All but RSA may take so much of what RSA takes.
const TARGET: f64 = 0.25;

fn main() {
    if !std::env::args().any(|argument| argument == "--bench") {
        println!("nothing was measured: run it with `cargo bench --bench provider`");
        return;
    }
    println!("message\ttransactions/s\tsignatures\tverifications\tRSA, ms\tall else, ms\tall else / RSA\ttarget");
    for (name, bytes) in [("2 KB", 2_000), ("100 KB", 100_000), ("1 MB", 1_000_000)] {
        let (small, mut providers) = (bytes < 10_000, Providers::new());
        providers.transaction(bytes); // the verifiers know the certificates now
        VERIFICATIONS.store(0, Ordering::Relaxed);
        let signatures = providers.transaction(bytes);
        let verifications = VERIFICATIONS.load(Ordering::Relaxed);
        let rsa = BareRsa::new();
        let (mut whole, mut bare) = (Vec::new(), Vec::new());
        let begin = Instant::now();
        while whole.len() < 5 || begin.elapsed() < SECONDS {
            whole.push(timed(|| {
                black_box(providers.transaction(bytes));
            }));
            bare.push(timed(|| rsa.run(signatures, verifications)));
        }
        let rest = median(whole.iter().zip(&bare).map(|(whole, bare)| whole / bare - 1.0).collect());
        let (whole, bare) = (median(whole), median(bare));
        // Large messages are hashed and copied, which takes its time; the target is about what a provider mostly carries.
        let verdict = match (small, rest <= TARGET) {
            (false, _) => "",
            (true, true) => "≤ 0.25\tok",
            (true, false) => "≤ 0.25\tover",
        };
        let (per_second, rsa_ms, rest_ms) = (1.0 / whole, bare * 1e3, (whole - bare) * 1e3);
        println!("{name}\t{per_second:.0}\t{signatures}\t{verifications}\t{rsa_ms:.2}\t{rest_ms:.2}\t{rest:.3}\t{verdict}");
    }
}

/// Seconds.
fn timed(work: impl FnOnce()) -> f64 {
    let begin = Instant::now();
    work();
    begin.elapsed().as_secs_f64()
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

// -- two providers --

struct Providers {
    both: [System; 2],
    verifier: Arc<Verifier>,
    now: Timestamp,
    decisions: u64,
}

struct System {
    operator: Operator,
    key: InMemoryKey,
    state: State,
}

impl Providers {
    fn new() -> Self {
        let anchors = certificates("pki/root.pem");
        let directory = postacert::Directory::from_ldif(&support::fixture("directory/directory.ldif")).unwrap();
        let trust = Verifier::builder().directory(directory).anchors(anchors).intermediates(certificates("pki/issuing.pem"));
        let verifier = Arc::new(trust.algorithms(Counted).build().unwrap());
        let system = |name: &str, files: &str| {
            let certificate = certificates(&format!("pki/{files}.pem")).remove(0);
            let identity = Identity::new(name, certificate, certificates("pki/issuing.pem")).unwrap();
            let operator = Operator::new(identity, Arc::clone(&verifier)).unwrap();
            let key = InMemoryKey::from_pem(support::fixture(&format!("pki/{files}.key"))).unwrap();
            System { operator, key, state: State::new() }
        };
        let both = [system("Gestore Uno PEC S.p.A.", "uno"), system("Servizi Postali Due S.r.l.", "due")];
        Self { both, verifier, now: "2026-11-23T10:00:00+01:00".parse().unwrap(), decisions: 0 }
    }

    /// One transaction, with a message of about so many bytes; gives the number of signatures.
    fn transaction(&mut self, bytes: usize) -> usize {
        let from: Address = "anna@pec.gestoreuno.example".parse().unwrap();
        let to: [Address; 1] = ["bruno@cert.duepostale.example".parse().unwrap()];
        let mut message = format!("From: {from}\r\nTo: {}\r\nSubject: Richiesta {}\r\n\r\n", to[0], self.decisions).into_bytes();
        support::base64_lines(bytes, &mut message);
        let submitted = Submitted { user: &from, mail_from: &from, rcpt_to: &to, message: &message, virus: VirusVerdict::Clean };
        let (mut signatures, mut receipts) = (0, 0);
        let mut work = VecDeque::new();
        let committed =
            self.commit(0, |system, entropy, now| system.operator.access_point().submit(&system.state, &submitted, entropy, now).unwrap());
        work.extend(committed.outputs.into_iter().map(|output| (0, output)));
        while let Some((at, output)) = work.pop_front() {
            let (host, committed) = match output {
                Output::Send { mail_from, rcpt_to, message, .. } => {
                    signatures += 1;
                    let host = self.both.iter().position(|system| system.operator.serves(&rcpt_to[0])).unwrap();
                    let arrived =
                        Arrived { mail_from: mail_from.as_str(), rcpt_to: &rcpt_to, message: &message, virus: VirusVerdict::Clean };
                    let decide = |system: &System, entropy: &Entropy, now| {
                        system.operator.incoming_point().receive(&system.state, &arrived, entropy, now).unwrap()
                    };
                    (host, self.commit(host, decide))
                }
                Output::Deliver { delivery, message, .. } => {
                    if at == 0 && delivery.mailbox == from {
                        receipts += usize::from(self.is_receipt(&message));
                    }
                    let decide = |system: &System, entropy: &Entropy, now| {
                        let point = system.operator.delivery_point();
                        point.settle(&system.state, &delivery, &message, MailboxOutcome::Stored, entropy, now).unwrap()
                    };
                    (at, self.commit(at, decide))
                }
                _ => continue,
            };
            work.extend(committed.outputs.into_iter().map(|output| (host, output)));
        }
        assert_eq!(receipts, 1, "the sender has the receipt");
        signatures + 1 // the acceptance is sent to nobody
    }

    fn commit(&mut self, at: usize, decide: impl FnOnce(&System, &Entropy, Timestamp) -> Pending) -> Committed {
        self.decisions += 1;
        let entropy = Entropy::new([at as u8; 32]).derive("bench", self.decisions);
        let system = &mut self.both[at];
        let committed = decide(system, &entropy, self.now).sign_and_check_with(&system.key, &Counted).unwrap();
        system.state.apply(&committed.delta);
        committed
    }

    /// The sender verifies what it gets.
    fn is_receipt(&self, raw: &[u8]) -> bool {
        let message = Message::parse(raw).unwrap();
        let report = self.verifier.verify(&message, VerificationTime::now(self.now.instant()));
        assert_eq!(report.outcome(), Outcome::Passed, "{report}");
        report.verified().unwrap().value().kind().as_wire() == "avvenuta-consegna"
    }
}

fn certificates(name: &str) -> Vec<Certificate> {
    Certificate::from_pem_or_der(&support::fixture(name)).unwrap()
}

// -- RSA --

static VERIFICATIONS: AtomicUsize = AtomicUsize::new(0);

/// The usual algorithms, and how often they are asked.
#[derive(Debug)]
struct Counted;

#[derive(Debug)]
struct CountedKey(Box<dyn PreparedKey>);

impl Algorithms for Counted {
    fn prepare(&self, spki_der: &[u8]) -> Result<Box<dyn PreparedKey>, KeyError> {
        Ok(Box::new(CountedKey(RustCrypto.prepare(spki_der)?)))
    }
}

impl PreparedKey for CountedKey {
    fn kind(&self) -> KeyKind {
        self.0.kind()
    }

    fn verify(&self, scheme: SignatureScheme, digest: &Digest, signature: &[u8]) -> Result<(), SignatureError> {
        VERIFICATIONS.fetch_add(1, Ordering::Relaxed);
        self.0.verify(scheme, digest, signature)
    }
}

/// Signatures over some bytes, and nothing else.
struct BareRsa {
    key: InMemoryKey,
    public: Box<dyn PreparedKey>,
    signature: Vec<u8>,
}

const SCHEME: SignatureScheme = SignatureScheme::RsaPkcs1 { digest: DigestAlgorithm::Sha256 };
const BYTES: &[u8] = b"the signed attributes";

impl BareRsa {
    fn new() -> Self {
        use x509_cert::der::{Decode as _, Encode as _};
        let key = InMemoryKey::from_pem(support::fixture("pki/uno.key")).unwrap();
        let certificate = x509_cert::Certificate::from_der(certificates("pki/uno.pem")[0].der()).unwrap();
        let public = RustCrypto.prepare(&certificate.tbs_certificate.subject_public_key_info.to_der().unwrap()).unwrap();
        let signature = key.sign(&SigningRequest::new(BYTES, SCHEME, [7; 32])).unwrap();
        Self { key, public, signature }
    }

    fn run(&self, signatures: usize, verifications: usize) {
        for n in 0..signatures {
            black_box(self.key.sign(&SigningRequest::new(BYTES, SCHEME, [n as u8; 32])).unwrap());
        }
        let signed = digest(DigestAlgorithm::Sha256, BYTES);
        for _ in 0..verifications {
            self.public.verify(SCHEME, black_box(&signed), &self.signature).unwrap();
        }
    }
}
