//! Mail of a world: what users write, and what a message that somebody gets is called on the wire.

use postacert::{
    Address, ContentKind, Delivery, DeliveryTimeout, Message, NonAcceptance, NonDelivery, Notification, Outcome, PecId, Report,
    TimeoutNotice, TransportEnvelope, VerificationTime, Verifier,
};

/// What a user writes.
#[derive(Debug, Clone)]
pub(crate) struct Letter {
    pub(crate) from: String,
    pub(crate) to: Vec<String>,
    pub(crate) cc: Vec<String>,
    /// `X-TipoRicevuta`.
    pub(crate) receipt: Option<&'static str>,
    pub(crate) subject: String,
    pub(crate) body: String,
    /// Other fields, with their line ends.
    pub(crate) fields: String,
}

impl Letter {
    pub(crate) fn new(from: &str, to: &[&str]) -> Self {
        let owned = |all: &[&str]| all.iter().map(|one| (*one).to_owned()).collect();
        let (subject, body, fields) = ("Richiesta".to_owned(), "ciao".to_owned(), String::new());
        Self { from: from.to_owned(), to: owned(to), cc: Vec::new(), receipt: None, subject, body, fields }
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        let list = |name: &str, all: &[String]| if all.is_empty() { String::new() } else { format!("{name}: {}\r\n", all.join(",\r\n ")) };
        let receipt = self.receipt.map_or(String::new(), |kind| format!("X-TipoRicevuta: {kind}\r\n"));
        let Self { from, to, cc, subject, body, fields, .. } = self;
        let (to, cc) = (list("To", to), list("Cc", cc));
        format!("From: {from}\r\n{to}{cc}Subject: {subject}\r\n{receipt}{fields}\r\n{body}\r\n").into_bytes()
    }

    pub(crate) fn sender(&self) -> Address {
        address(&self.from)
    }

    pub(crate) fn recipients(&self) -> Vec<Address> {
        self.to.iter().chain(&self.cc).map(|to| address(to)).collect()
    }
}

pub(crate) fn address(text: &str) -> Address {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// A message as somebody gets it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Seen {
    /// By its wire name, and what tells it from others of the name: `errore-consegna no-dest bruno@…`.
    pub(crate) name: String,
    /// The transaction it is about.
    pub(crate) id: Option<PecId>,
    /// The recipient that it is about, where it is about one.
    pub(crate) recipient: Option<Address>,
    pub(crate) what: What,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum What {
    Acceptance,
    NonAcceptance,
    Envelope,
    TakenInCharge,
    VirusDetection,
    Delivery,
    NonDelivery,
    FirstNotice,
    FinalNotice,
    Anomaly,
    /// Its signature holds, and what it says means nothing.
    Unreadable,
    /// It proves nothing.
    Unproven,
}

impl Seen {
    pub(crate) fn of(raw: &[u8], verifier: &Verifier, time: VerificationTime) -> Self {
        let message = Message::parse(raw).expect("it is small");
        Self::told(&verifier.verify(&message, time))
    }

    fn told(report: &Report<'_>) -> Self {
        let bare = |name: &str, what| Self { name: name.to_owned(), id: None, recipient: None, what };
        let Some(verified) = report.verified().filter(|_| report.outcome() == Outcome::Passed) else {
            return bare("nessuna prova", What::Unproven);
        };
        let content = verified.value();
        let wire = content.kind().as_wire();
        let Some(data) = content.data() else {
            assert_eq!(content.kind(), ContentKind::Anomaly);
            return bare(wire, What::Anomaly);
        };
        let id = data.id().value().cloned();
        let seen = |what, detail: String, recipient: Option<&Address>| {
            let words = [wire.to_owned(), detail, recipient.map_or(String::new(), Address::to_string)];
            let words: Vec<_> = words.into_iter().filter(|word| !word.is_empty()).collect();
            Self { name: words.join(" "), id: id.clone(), recipient: recipient.cloned(), what }
        };
        if TransportEnvelope::try_from(data).is_ok() {
            return seen(What::Envelope, String::new(), None);
        }
        let Ok(notification) = Notification::try_from(data) else { return seen(What::Unreadable, "?".to_owned(), None) };
        match notification {
            Notification::Acceptance(_) => seen(What::Acceptance, String::new(), None),
            Notification::TakenInCharge(taken) => {
                let all: Vec<_> = taken.received_for().iter().map(Address::as_str).collect();
                seen(What::TakenInCharge, all.join(" "), None)
            }
            Notification::NonAcceptance(n) => seen(What::NonAcceptance, NonAcceptance::fault(&n).as_wire().to_owned(), None),
            Notification::Delivery(n) => seen(What::Delivery, Delivery::receipt(&n).as_wire().to_owned(), Some(n.recipient())),
            Notification::NonDelivery(n) => seen(What::NonDelivery, NonDelivery::fault(&n).as_wire().to_owned(), Some(n.recipient())),
            Notification::VirusDetection(n) => seen(What::VirusDetection, String::new(), Some(n.recipient())),
            Notification::DeliveryTimeout(n) => match DeliveryTimeout::notice(&n) {
                TimeoutNotice::Final => seen(What::FinalNotice, "24h".to_owned(), Some(n.recipient())),
                _ => seen(What::FirstNotice, "12h".to_owned(), Some(n.recipient())),
            },
            other => panic!("{other:?}"),
        }
    }
}
