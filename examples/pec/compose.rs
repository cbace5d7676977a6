//! `pec compose`: one message of each kind, in the name of a provider that does not exist.

use std::fs::{self, OpenOptions};
use std::hash::{BuildHasher as _, RandomState};
use std::io::{self, Write as _};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result};
use postacert::compose::{ComposeError, Draft, Entropy, Identity, InMemoryKey, ReadableForm, Received, relabel};
use postacert::{
    Acceptance, Address, Certificate, Delivery, DeliveryTimeout, Fault, NonAcceptance, NonDelivery, ReceiptKind, Recipient, RecipientKind,
    TakenInCharge, Timestamp, Transaction, TransportEnvelope, UnixTime, VirusDetection,
};

use crate::Exit;
use crate::args::ComposeArgs;
use crate::terminal::printable;

const KEY: &[u8] = include_bytes!("../../tests/fixtures/pki/uno.key");
const CERTIFICATE: &[u8] = include_bytes!("../../tests/fixtures/pki/uno.pem");
const ISSUER: &[u8] = include_bytes!("../../tests/fixtures/pki/issuing.pem");
const ROOT: &[u8] = include_bytes!("../../tests/fixtures/pki/root.pem");

const ORIGINAL: &[u8] = b"From: Anna <anna@pec.gestoreuno.example>\r\nTo: bruno@pec.gestoreuno.example\r\nCc: dario@mail.example\r\n\
    Subject: Richiesta di accesso agli atti\r\nMessage-ID: <abc@client.example>\r\nMIME-Version: 1.0\r\n\
    Content-Type: multipart/mixed; boundary=\"=_o\"\r\n\r\n--=_o\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nIn allegato la richiesta.\r\n\
    --=_o\r\nContent-Type: text/csv; name=\"richiesta.csv\"\r\nContent-Disposition: attachment; filename=\"richiesta.csv\"\r\n\r\n\
    numero;data\r\n1;22/11/2026\r\n--=_o--\r\n";

pub(crate) fn run(args: &ComposeArgs) -> Result<Exit> {
    let first = |pem| -> Result<Certificate> { Certificate::from_pem_or_der(pem)?.into_iter().next().context("no certificate") };
    let form = if args.html { ReadableForm::PlainAndHtml } else { ReadableForm::Plain };
    let identity = Identity::new("Gestore Uno PEC S.p.A.", first(CERTIFICATE)?, [first(ISSUER)?])?.with_readable(form);
    let key = InMemoryKey::from_pem(KEY)?;

    fs::create_dir_all(&args.out).with_context(|| args.out.display().to_string())?;
    let mut out = io::stdout().lock();
    let mut save = |name: &str, bytes: &[u8]| -> Result<()> {
        let path = args.out.join(name);
        let mut file = OpenOptions::new().write(true).create_new(true).open(&path).with_context(|| path.display().to_string())?;
        file.write_all(bytes)?;
        Ok(writeln!(out, "{}", printable(&path.to_string_lossy()))?)
    };
    save("root.pem", ROOT)?;
    for (name, draft) in drafts(&identity)? {
        save(&format!("{name}.eml"), &draft?.sign_with(&key)?)?;
    }
    Ok(Exit::Passed)
}

type Drafts = Vec<(&'static str, Result<Draft<'static>, ComposeError>)>;

fn drafts(identity: &Identity) -> Result<Drafts> {
    let entropy = random();
    let id = entropy.derive("transaction", 0).pec_id(identity.address().domain());
    let (to, service): (Address, Address) = ("bruno@pec.gestoreuno.example".parse()?, "ricezione@pec.gestoreuno.example".parse()?);
    let recipients =
        vec![Recipient::new(to.clone(), RecipientKind::Certified), Recipient::new("dario@mail.example".parse()?, RecipientKind::External)];
    let transaction = Transaction::new("anna@pec.gestoreuno.example".parse()?, recipients, identity.provider(), now()?, id.clone())?
        .with_subject("Richiesta di accesso agli atti")?
        .with_message_id("abc@client.example".parse()?);
    // The same for as long as the program runs, which is short.
    let carried: &'static [u8] = relabel(ORIGINAL, &id).to_vec().leak();

    let t = || transaction.clone();
    let why = |text: &str| text.parse().map(Some);
    let each = |purpose: &str| entropy.derive(purpose, 0);
    let delivery = |kind, name: &str| Draft::delivery(identity, &Delivery::new(t(), to.clone(), kind), carried, &each(name));
    let refusal = |fault, text: &str| -> Result<_> { Ok(NonAcceptance::new(t(), fault, why(text)?)?) };
    let failure = |fault, text: &str| -> Result<_> { Ok(NonDelivery::new(t(), to.clone(), fault, why(text)?)?) };
    let timeout = |text: &str| -> Result<_> { Ok(DeliveryTimeout::new(t(), to.clone(), why(text)?)) };
    let virus = "5.5.1 - Gestore Uno - presenza di un virus nel messaggio";
    let received = Received {
        mail_from: "qualcuno@mail.example",
        rcpt_to: std::slice::from_ref(&to),
        when: transaction.when(),
        reason: "posta ordinaria",
    };
    Ok(vec![
        ("accettazione", Draft::acceptance(identity, &Acceptance::new(t()), &each("accettazione"))),
        (
            "non-accettazione",
            Draft::non_acceptance(identity, &refusal(Fault::Other, "5.7.1 - Gestore Uno - Bcc")?, &each("non-accettazione")),
        ),
        ("non-accettazione-virus", Draft::non_acceptance(identity, &refusal(Fault::Virus, virus)?, &each("non-accettazione-virus"))),
        (
            "posta-certificata",
            Draft::transport_envelope(identity, &TransportEnvelope::new(t(), ReceiptKind::Complete), ORIGINAL, &each("posta-certificata")),
        ),
        (
            "presa-in-carico",
            Draft::taken_in_charge(identity, &TakenInCharge::new(t(), vec![to.clone()])?, &service, &each("presa-in-carico")),
        ),
        (
            "rilevazione-virus",
            Draft::virus_detection(identity, &VirusDetection::new(t(), to.clone(), why(virus)?), &service, &each("rilevazione-virus")),
        ),
        ("avvenuta-consegna-completa", delivery(ReceiptKind::Complete, "completa")),
        ("avvenuta-consegna-breve", delivery(ReceiptKind::Brief, "breve")),
        ("avvenuta-consegna-sintetica", delivery(ReceiptKind::Concise, "sintetica")),
        (
            "errore-consegna",
            Draft::non_delivery(identity, &failure(Fault::NoRecipient, "5.1.1 - Gestore Uno - indirizzo non valido")?, &each("errore")),
        ),
        ("errore-consegna-virus", Draft::non_delivery(identity, &failure(Fault::Virus, virus)?, &each("errore-virus"))),
        ("preavviso-12h", Draft::delivery_timeout(identity, &timeout("4.4.1 - Gestore Uno - in ritardo")?, &each("12h"))),
        ("preavviso-24h", Draft::delivery_timeout(identity, &timeout("5.4.1 - Gestore Uno - scaduto")?, &each("24h"))),
        ("anomalia", Draft::anomaly_envelope(identity, &received, ORIGINAL, &each("anomalia"))),
    ])
}

fn now() -> Result<Timestamp> {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
    let now = UnixTime::from_secs(i64::try_from(seconds)?).context("the clock is beyond all years")?;
    Ok(now.to_string().parse()?)
}

/// Enough for messages that are thrown away. A provider takes 32 bytes from the system's random source.
fn random() -> Entropy {
    let mut bytes = [0; 32];
    for chunk in bytes.chunks_mut(8) {
        chunk.copy_from_slice(&RandomState::new().hash_one(chunk.len()).to_be_bytes());
    }
    Entropy::new(bytes)
}
