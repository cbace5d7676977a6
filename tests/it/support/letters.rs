//! Messages sent, and their receipts, as two providers of the fixtures write them.
#![cfg(feature = "rustcrypto")]

use std::sync::LazyLock;

use postacert::compose::{Draft, Entropy, Identity, InMemoryKey, relabel};
use postacert::{
    Acceptance, Address, Delivery, DeliveryTimeout, Fault, NonAcceptance, NonDelivery, PecId, ReceiptKind, Recipient, RecipientKind,
    TakenInCharge, Timestamp, Transaction, UnixTime, VirusDetection,
};

use super::composed::{ENTROPY, ORIGINAL};
use crate::fixtures::{certificates, read};

/// A provider that can sign.
struct Provider {
    identity: Identity,
    key: InMemoryKey,
    service: &'static str,
}

impl Provider {
    fn new(name: &str, key: &str, service: &'static str) -> Self {
        let certificate = certificates(&format!("pki/{key}.pem")).remove(0);
        let identity = Identity::new(name, certificate, certificates("pki/issuing.pem")).unwrap();
        Self { identity, key: InMemoryKey::from_pem(read(&format!("pki/{key}.key"))).unwrap(), service }
    }
}

static UNO: LazyLock<Provider> = LazyLock::new(|| Provider::new("Gestore Uno PEC S.p.A.", "uno", "ricezione@pec.gestoreuno.example"));
static DUE: LazyLock<Provider> = LazyLock::new(|| Provider::new("Servizi Postali Due S.r.l.", "due", "ricezione@cert.duepostale.example"));

/// What becomes of a letter for a recipient, so many seconds after it was accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    Delivered(i64, ReceiptKind),
    /// Taken in charge, and nothing more.
    Taken(i64),
    Nothing,
    External,
    NotDelivered(i64, Fault, &'static str),
    Virus(i64),
    /// The notice of 12 hours.
    Late,
    /// The notices of 12 and of 24 hours.
    GivenUp,
}

/// A message sent.
#[derive(Debug, Clone)]
pub(crate) struct Letter {
    pub(crate) number: u64,
    pub(crate) subject: String,
    pub(crate) sender: String,
    pub(crate) when: &'static str,
    pub(crate) recipients: Vec<(String, Fate)>,
    /// What complete receipts carry a copy of.
    pub(crate) original: Vec<u8>,
}

impl Letter {
    pub(crate) fn new(number: u64, subject: &str, recipients: &[(&str, Fate)]) -> Self {
        let recipients = recipients.iter().map(|(address, fate)| ((*address).to_owned(), *fate)).collect();
        Self {
            number,
            subject: subject.into(),
            sender: "anna@pec.gestoreuno.example".into(),
            when: "2026-11-20T09:30:00+01:00",
            recipients,
            original: ORIGINAL.to_vec(),
        }
    }

    pub(crate) fn id(&self) -> PecId {
        self.entropy().pec_id(UNO.identity.address().domain())
    }

    fn entropy(&self) -> Entropy {
        ENTROPY.derive("letter", self.number)
    }

    fn transaction(&self, provider: &Provider, after: i64) -> Transaction {
        let accepted: Timestamp = self.when.parse().unwrap();
        let instant = UnixTime::from_secs(accepted.instant().as_secs() + after).unwrap();
        let when = Timestamp::new(instant, accepted.offset_minutes()).unwrap();
        let kind = |fate| if fate == Fate::External { RecipientKind::External } else { RecipientKind::Certified };
        let recipients = self.recipients.iter().map(|(address, fate)| Recipient::new(address.parse().unwrap(), kind(*fate))).collect();
        let name = provider.identity.provider();
        Transaction::new(self.sender.parse().unwrap(), recipients, name, when, self.id())
            .and_then(|t| t.with_subject(&self.subject))
            .unwrap()
    }

    /// The receipt by which the sender's provider accepts it.
    pub(crate) fn acceptance(&self) -> Vec<u8> {
        let facts = Acceptance::new(self.transaction(&UNO, 0));
        Draft::acceptance(&UNO.identity, &facts, &self.entropy()).unwrap().sign_with(&UNO.key).unwrap()
    }

    pub(crate) fn refusal(&self) -> Vec<u8> {
        let reason = Some("5.7.1 - Gestore Uno - destinatari in copia nascosta".parse().unwrap());
        let facts = NonAcceptance::new(self.transaction(&UNO, 0), Fault::Other, reason).unwrap();
        Draft::non_acceptance(&UNO.identity, &facts, &self.entropy()).unwrap().sign_with(&UNO.key).unwrap()
    }

    /// Every receipt with a name for its file, in the order of their dates.
    pub(crate) fn receipts(&self) -> Vec<(String, Vec<u8>)> {
        let mut receipts = vec![(0, format!("{}-accettazione.eml", self.number), self.acceptance())];
        for (index, (address, fate)) in self.recipients.iter().enumerate() {
            for (after, kind, bytes) in self.receipts_of(address.parse().unwrap(), *fate, index as u64) {
                receipts.push((after, format!("{}-{kind}-{}.eml", self.number, index + 1), bytes));
            }
        }
        receipts.sort_by_key(|(after, ..)| *after);
        receipts.into_iter().map(|(_, name, bytes)| (name, bytes)).collect()
    }

    fn receipts_of(&self, to: Address, fate: Fate, index: u64) -> Vec<(i64, &'static str, Vec<u8>)> {
        let provider: &Provider = if to.as_str().contains("duepostale") { &DUE } else { &UNO };
        let identity = &provider.identity;
        let entropy = |purpose: &str| self.entropy().derive(purpose, index);
        let why = |text: &str| Some(text.parse().unwrap());
        let signed = |draft: Draft<'_>, provider: &Provider| draft.sign_with(&provider.key).unwrap();
        let taken = |after: i64| {
            let facts = TakenInCharge::new(self.transaction(provider, after), vec![to.clone()]).unwrap();
            let draft = Draft::taken_in_charge(identity, &facts, &provider.service.parse().unwrap(), &entropy("presa")).unwrap();
            (after, "presa-in-carico", signed(draft, provider))
        };
        let delivered = |after: i64, kind| {
            let original = relabel(&self.original, &self.id()).to_vec();
            let facts = Delivery::new(self.transaction(provider, after), to.clone(), kind);
            (after, "consegna", signed(Draft::delivery(identity, &facts, &original, &entropy("consegna")).unwrap(), provider))
        };
        let failed = |after: i64, fault, reason: &str| {
            let facts = NonDelivery::new(self.transaction(provider, after), to.clone(), fault, why(reason)).unwrap();
            (after, "errore", signed(Draft::non_delivery(identity, &facts, &entropy("errore")).unwrap(), provider))
        };
        let notice = |after: i64, name, reason: &str| {
            let facts = DeliveryTimeout::new(self.transaction(&UNO, after), to.clone(), why(reason));
            (after, name, signed(Draft::delivery_timeout(&UNO.identity, &facts, &entropy(name)).unwrap(), &UNO))
        };
        let twelve = || notice(43_205, "12h", "4.4.1 - Gestore Uno - nessuna notizia dal gestore ricevente");
        match fate {
            Fate::Delivered(after, kind) => vec![taken(after / 2 + 1), delivered(after, kind)],
            Fate::Taken(after) => vec![taken(after)],
            Fate::Nothing | Fate::External => vec![],
            Fate::NotDelivered(after, fault, reason) => vec![taken(after / 2 + 1), failed(after, fault, reason)],
            Fate::Virus(after) => {
                let reason = "5.5.1 - Servizi Postali Due - presenza di un virus nel messaggio";
                let facts = VirusDetection::new(self.transaction(provider, after), to.clone(), why(reason));
                let draft = Draft::virus_detection(identity, &facts, &provider.service.parse().unwrap(), &entropy("virus")).unwrap();
                vec![(after, "virus", signed(draft, provider))]
            }
            Fate::Late => vec![twelve()],
            Fate::GivenUp => vec![twelve(), notice(86_410, "24h", "5.4.1 - Gestore Uno - nessuna notizia nelle 24 ore")],
        }
    }
}

/// One letter with every fate there is.
pub(crate) fn of_every_fate(number: u64) -> Letter {
    use Fate::*;
    Letter::new(
        number,
        "Richiesta di accesso agli atti del procedimento n. 4471/2026",
        &[
            ("bruno.verdi@pec.gestoreuno.example", Delivered(4, ReceiptKind::Complete)),
            ("protocollo@cert.duepostale.example", Delivered(95, ReceiptKind::Brief)),
            (
                "sindaco@comune.duepostale.example",
                NotDelivered(12, Fault::NoRecipient, "5.1.1 - Servizi Postali Due - indirizzo non valido"),
            ),
            ("carla@pec.studio.gestoreuno.example", Late),
            ("ufficio.protocollo.generale.e.archivio.storico@comune.duepostale.example", GivenUp),
            ("virus@cert.duepostale.example", Virus(30)),
            ("tace@cert.duepostale.example", Taken(8)),
            ("dario@mail.example", External),
        ],
    )
}

/// Letters of all sorts, most of them delivered.
pub(crate) fn many(count: u64) -> Vec<Letter> {
    use Fate::*;
    const SUBJECTS: [&str; 8] = [
        "Fattura n. 118/2026",
        "Diffida ad adempiere ai sensi dell'art. 1454 c.c.",
        "Notificazione ai sensi della legge n. 53 del 1994",
        "Trasmissione del verbale di collaudo e della documentazione tecnica allegata, con richiesta di riscontro entro trenta giorni dal ricevimento",
        "Disdetta",
        "Istanza di rimborso IVA – II trimestre",
        "Convocazione dell'assemblea ordinaria dei soci",
        "Comunicazione di variazione dell'indirizzo PEC",
    ];
    const DAYS: [&str; 5] = ["16", "17", "18", "19", "20"];
    (0..count)
        .map(|number| {
            let kind = if number % 3 == 0 { ReceiptKind::Complete } else { ReceiptKind::Brief };
            let seconds = i64::try_from(number * number % 400).unwrap() + 2;
            let mut recipients = vec![("protocollo@cert.duepostale.example", Delivered(seconds, kind))];
            if number % 4 == 1 {
                recipients.push(("bruno.verdi@pec.gestoreuno.example", Delivered(3, kind)));
            }
            match number % 10 {
                3 => recipients.push((
                    "sindaco@comune.duepostale.example",
                    NotDelivered(9, Fault::NoRecipient, "5.1.1 - Servizi Postali Due - indirizzo non valido"),
                )),
                6 => recipients.push(("carla@pec.studio.gestoreuno.example", Late)),
                8 => recipients.push(("tace@cert.duepostale.example", Taken(5))),
                9 => recipients.push(("dario@mail.example", External)),
                _ => {}
            }
            let mut letter = Letter::new(number, SUBJECTS[usize::try_from(number % 8).unwrap()], &recipients);
            let when =
                format!("2026-11-{}T{:02}:{:02}:07+01:00", DAYS[usize::try_from(number % 5).unwrap()], 8 + number % 10, number * 7 % 60);
            letter.when = when.leak();
            letter
        })
        .collect()
}
