//! Messages composed in the name of the fixtures' first provider.
#![cfg(feature = "rustcrypto")]

use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use postacert::compose::{ComposeError, Draft, Entropy, Identity, InMemoryKey, ReadableForm, Received};
use postacert::{
    Acceptance, Address, Content, Delivery, DeliveryTimeout, Fault, Message, NonAcceptance, NonDelivery, Notification, Outcome, PecId,
    ReceiptKind, Recipient, RecipientKind, Report, TakenInCharge, Timestamp, Transaction, TransportEnvelope, Verifier, VirusDetection,
};

use crate::fixtures::{at, certificates, read, verifier};

pub(crate) const PROVIDER: &str = "Gestore Uno PEC S.p.A.";
pub(crate) const ENTROPY: Entropy = Entropy::new([42; 32]);
/// A message as a user's program hands it over.
pub(crate) const ORIGINAL: &[u8] = b"Return-Path: <anna@pec.gestoreuno.example>\r\nReceived: from client.example\r\n by access.gestoreuno.example; \
    Sun, 22 Nov 2026 03:50:00 +0100\r\nMessage-ID: <abc$1@client.example>\r\nFrom: Anna <anna@pec.gestoreuno.example>\r\n\
    To: bruno@pec.gestoreuno.example,\r\n\tcarla@pec.studio.gestoreuno.example\r\nCc: dario@mail.example\r\nSubject: Richiesta\r\n\
    MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=\"=_x\"\r\n\r\n--=_x\r\n\r\nciao\r\n--=_x\r\nContent-Type: application/pdf; \
    name=\"a.pdf\"\r\nContent-Transfer-Encoding: base64\r\n\r\nJVBERg==\r\n--=_x--\r\n";

/// [`ORIGINAL`] with another subject, in encoded words.
pub(crate) fn original(subject: &str) -> Vec<u8> {
    let text = String::from_utf8(ORIGINAL.to_vec()).unwrap();
    text.replace("Subject: Richiesta", &format!("Subject: {}", encoded(subject))).into_bytes()
}

/// A value in encoded words of UTF-8 (RFC 2047), one a line.
pub(crate) fn encoded(value: &str) -> String {
    let characters: Vec<char> = value.chars().collect();
    let word = |chars: &[char]| format!("=?utf-8?B?{}?=", STANDARD.encode(chars.iter().collect::<String>()));
    characters.chunks(11).map(word).collect::<Vec<_>>().join("\r\n ")
}

static VERIFIER: LazyLock<Verifier> = LazyLock::new(verifier);
pub(crate) static KEY: LazyLock<InMemoryKey> = LazyLock::new(|| InMemoryKey::from_pem(read("pki/uno.key")).unwrap());

pub(crate) fn identity() -> Identity {
    Identity::new(PROVIDER, certificates("pki/uno.pem").remove(0), certificates("pki/issuing.pem")).unwrap()
}

pub(crate) fn when() -> Timestamp {
    "2026-11-22T03:52:07+01:00".parse().unwrap()
}

pub(crate) fn address(text: &str) -> Address {
    text.parse().unwrap()
}

pub(crate) fn id() -> PecId {
    ENTROPY.pec_id(identity().address().domain())
}

pub(crate) fn to() -> Address {
    address("bruno@pec.gestoreuno.example")
}

pub(crate) fn transaction(subject: &str) -> Transaction {
    let recipients = vec![
        Recipient::new(to(), RecipientKind::Certified),
        Recipient::new(address("carla@pec.studio.gestoreuno.example"), RecipientKind::Certified),
        Recipient::new(address("dario@mail.example"), RecipientKind::External),
    ];
    Transaction::new(address("anna@pec.gestoreuno.example"), recipients, PROVIDER, when(), id())
        .and_then(|t| t.with_subject(subject))
        .unwrap()
        .with_message_id("abc$1@client.example".parse().unwrap())
}

/// What is composed.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Facts {
    Notification(Notification),
    Envelope(TransportEnvelope),
    /// Nothing is certified.
    Anomaly,
}

/// Every message of RFC 6109, in every form it has: about the first recipient, or those with certified mail, or all.
pub(crate) fn every_kind(t: &Transaction) -> Vec<(&'static str, Facts)> {
    let certified = t.recipients().iter().filter(|recipient| recipient.kind().value() == Some(&RecipientKind::Certified));
    let certified: Vec<Address> = certified.map(|recipient| recipient.address().value().unwrap().clone()).collect();
    let to = || certified[0].clone();
    let t = || t.clone();
    let reason = |s: &str| Some(s.parse().unwrap());
    let refused = |fault, text| NonAcceptance::new(t(), fault, reason(text)).unwrap();
    let not_delivered = |fault, text| NonDelivery::new(t(), to(), fault, reason(text)).unwrap();
    let late = |text| DeliveryTimeout::new(t(), to(), reason(text));
    let delivered = |kind| Delivery::new(t(), to(), kind);
    let n = |n: Notification| Facts::Notification(n);
    let envelope = |kind| Facts::Envelope(TransportEnvelope::new(t(), kind));
    vec![
        ("accettazione", n(Acceptance::new(t()).into())),
        ("non-accettazione", n(refused(Fault::Other, "5.7.1 - G - \"To\" <manca> & basta").into())),
        ("non-accettazione-virus", n(refused(Fault::Virus, "5.5.1 - G - [W32/Prova.A]").into())),
        ("posta-certificata-completa", envelope(ReceiptKind::Complete)),
        ("posta-certificata-breve", envelope(ReceiptKind::Brief)),
        ("posta-certificata-sintetica", envelope(ReceiptKind::Concise)),
        ("presa-in-carico", n(TakenInCharge::new(t(), certified.clone()).unwrap().into())),
        ("rilevazione-virus", n(VirusDetection::new(t(), to(), reason("5.5.1 - G - [W32/Prova.A]")).into())),
        ("avvenuta-consegna-completa", n(delivered(ReceiptKind::Complete).into())),
        ("avvenuta-consegna-breve", n(delivered(ReceiptKind::Brief).into())),
        ("avvenuta-consegna-sintetica", n(delivered(ReceiptKind::Concise).into())),
        ("errore-consegna-no-dest", n(not_delivered(Fault::NoRecipient, "5.1.1 - G - indirizzo non valido").into())),
        ("errore-consegna-no-dominio", n(not_delivered(Fault::NoDomain, "5.1.2 - G - dominio non valido").into())),
        ("errore-consegna-altro", n(not_delivered(Fault::Other, "5.2.2 - G - casella piena").into())),
        ("errore-consegna-virus", n(not_delivered(Fault::Virus, "5.5.1 - G - [W32/Prova.A]").into())),
        ("preavviso-12h", n(late("4.4.1 - G - in ritardo").into())),
        ("preavviso-24h", n(late("5.4.1 - G - scaduto").into())),
        ("anomalia", Facts::Anomaly),
    ]
}

pub(crate) fn draft<'a>(identity: &Identity, facts: &Facts, original: &'a [u8], entropy: &Entropy) -> Result<Draft<'a>, ComposeError> {
    let service = address("ricezione@pec.gestoreuno.example");
    match facts {
        Facts::Notification(Notification::Acceptance(n)) => Draft::acceptance(identity, n, entropy),
        Facts::Notification(Notification::NonAcceptance(n)) => Draft::non_acceptance(identity, n, entropy),
        Facts::Notification(Notification::TakenInCharge(n)) => Draft::taken_in_charge(identity, n, &service, entropy),
        Facts::Notification(Notification::Delivery(n)) => Draft::delivery(identity, n, original, entropy),
        Facts::Notification(Notification::NonDelivery(n)) => Draft::non_delivery(identity, n, entropy),
        Facts::Notification(Notification::DeliveryTimeout(n)) => Draft::delivery_timeout(identity, n, entropy),
        Facts::Notification(Notification::VirusDetection(n)) => Draft::virus_detection(identity, n, &service, entropy),
        Facts::Notification(other) => panic!("{other:?}"),
        Facts::Envelope(e) => Draft::transport_envelope(identity, e, original, entropy),
        Facts::Anomaly => {
            let (rcpt_to, mail_from) = ([to()], "qualcuno@mail.example");
            let received = Received { mail_from, rcpt_to: &rcpt_to, when: when(), reason: "firma \"<assente>\"" };
            Draft::anomaly_envelope(identity, &received, original, entropy)
        }
    }
}

pub(crate) fn compose(facts: &Facts, original: &[u8]) -> Vec<u8> {
    draft(&identity(), facts, original, &ENTROPY).unwrap().sign_with(&*KEY).unwrap()
}

/// With HTML beside the text.
pub(crate) fn compose_html(facts: &Facts, original: &[u8]) -> Vec<u8> {
    draft(&identity().with_readable(ReadableForm::PlainAndHtml), facts, original, &ENTROPY).unwrap().sign_with(&*KEY).unwrap()
}

pub(crate) fn with_report<T>(raw: &[u8], look: impl FnOnce(&Report<'_>) -> T) -> T {
    let message = Message::parse(raw).unwrap();
    look(&VERIFIER.verify(&message, at()))
}

/// The message passes without a finding and says what it was made of; gives back what it carries.
#[track_caller]
pub(crate) fn proves(raw: &[u8], facts: &Facts) -> Option<Vec<u8>> {
    proves_but(raw, facts, &[])
}

/// As [`proves`], but for findings that are the fault of what is carried.
#[track_caller]
pub(crate) fn proves_but(raw: &[u8], facts: &Facts, findings: &[&str]) -> Option<Vec<u8>> {
    with_report(raw, |report| {
        assert_eq!(report.outcome(), Outcome::Passed, "{report}\n{}", String::from_utf8_lossy(&raw[..raw.len().min(2_500)]));
        let found: Vec<_> = report.findings().iter().filter(|finding| !findings.contains(&finding.code())).collect();
        assert!(found.is_empty(), "{found:#?}\n{}", String::from_utf8_lossy(&raw[..raw.len().min(2_500)]));
        let content: &Content<'_> = report.verified().unwrap().value();
        match facts {
            Facts::Notification(n) => assert_eq!(Notification::try_from(content.data().unwrap()).as_ref(), Ok(n)),
            Facts::Envelope(e) => assert_eq!(TransportEnvelope::try_from(content.data().unwrap()).as_ref(), Ok(e)),
            Facts::Anomaly => assert!(content.data().is_none()),
        }
        content.original().map(|original| original.bytes().to_vec())
    })
}
