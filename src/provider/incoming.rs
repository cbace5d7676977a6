//! The incoming point: where mail of other servers arrives (RFC 6109 §2.2.2, §3.2).

mod anomaly;
mod envelope;
mod notification;

use core::cell::OnceCell;
use std::collections::HashSet;

pub(super) use envelope::virus_detection;

use self::anomaly::Origin;
use super::log::{Event, LogRecord};
use super::output::{DeliveryId, SmtpReply};
use super::pending::{Message as Planned, Plan};
use super::state::{Arrival, ArrivalContent, Awaited, Due, State};
use super::{Operator, Pending, ProviderError, VirusVerdict, clipped};
use crate::address::Address;
use crate::certdata::PecKind;
use crate::compose::Entropy;
use crate::fingerprint::Fingerprint;
use crate::ident::PecId;
use crate::language::Language;
use crate::message::{ContentKind, Message};
use crate::time::Timestamp;
use crate::verify::{Evidence, VerificationTime};

/// A mail that another server hands over.
#[derive(Debug, Clone, Copy)]
pub struct Arrived<'a> {
    /// The reverse path (`MAIL FROM`) as it was written, without angle brackets; empty for the null path.
    pub mail_from: &'a str,
    /// The forward paths (`RCPT TO`).
    pub rcpt_to: &'a [Address],
    /// The mail.
    pub message: &'a [u8],
    /// What the anti-virus says of it.
    pub virus: VirusVerdict<'a>,
}

/// Where mail of other servers arrives (`punto di ricezione`, RFC 6109 §2.2.2).
#[doc(alias = "punto di ricezione")]
#[derive(Debug, Clone, Copy)]
pub struct IncomingPoint<'o> {
    operator: &'o Operator,
}

impl<'o> IncomingPoint<'o> {
    pub(super) fn new(operator: &'o Operator) -> Self {
        Self { operator }
    }

    /// Takes a mail, and decides by the four tests of RFC 6109 §2.2.2 (existence, origin and validity of the signature, correctness of the form) what
    /// becomes of it:
    ///
    /// | what it is | what is done |
    /// | --- | --- |
    /// | a transport envelope | presa-in-carico to the sending provider (§3.2.1); delivered unmodified, a receipt being due |
    /// | the same, infected | presa-in-carico as well; stored, and one rilevazione-virus a recipient to the sending provider (§3.2.3) |
    /// | an envelope for somebody whom it does not name | delivered to him in an anomaly envelope: he gives no receipt |
    /// | a notification | delivered unmodified; what it tells of a message accepted here is remembered |
    /// | a rilevazione-virus about a message accepted here | besides, an errore-consegna to the sender (§3.2.4) |
    /// | anything else from a PEC provider | delivered in an anomaly envelope (§3.2.2); stored if infected |
    /// | ordinary mail | delivered in an anomaly envelope, or [refused](super::OrdinaryMail); dropped if infected |
    /// | the same again | nothing, but for recipients that are new |
    ///
    /// A mail whose signature is not known to be valid, because of what is known of the certificate at this time, is ordinary mail: nothing is certified
    /// on a doubt. Recipients are told apart whatever the case of their letters.
    ///
    /// There is one presa-in-carico, and several only where one for all recipients would be larger than readers take; an envelope of which not even
    /// eight could tell is handled as anything else from a PEC provider. It never goes to a user of the message, be it that the sender, or a
    /// recipient, is the service mailbox itself. A provider without such a mailbox is not told, and the log says so. An envelope that carries no
    /// original, which it should, is an envelope nonetheless: the receipts that are due are concise.
    ///
    /// A mail that is for nobody here is refused, and one that is too large to be read.
    ///
    /// ```
    /// # #[cfg(feature = "rustcrypto")] {
    /// use postacert::compose::{Entropy, Identity, InMemoryKey};
    /// use postacert::provider::{Arrived, Operator, Output, State, VirusVerdict};
    /// use postacert::{Certificate, Directory, Verifier};
    /// # macro_rules! fixture { ($name:literal) => { include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/", $name)) } }
    /// # let (ldif, anchors) = (fixture!("directory/directory.ldif"), Certificate::from_pem_or_der(fixture!("pki/root.pem"))?);
    /// # let (certificate, issuing) = (fixture!("pki/due.pem"), Certificate::from_pem_or_der(fixture!("pki/issuing.pem"))?);
    /// # let (key, message) = (InMemoryKey::from_pem(fixture!("pki/due.key"))?, fixture!("valid/posta-certificata-completa.eml"));
    ///
    /// let verifier = Verifier::builder().directory(Directory::from_ldif(ldif)?).anchors(anchors).intermediates(issuing.clone()).build()?;
    /// let certificate = Certificate::from_pem_or_der(certificate)?.remove(0);
    /// let operator = Operator::new(Identity::new("Servizi Postali Due S.r.l.", certificate, issuing)?, verifier)?;
    ///
    /// let rcpt_to = ["protocollo@cert.duepostale.example".parse()?];
    /// let arrived = Arrived { mail_from: "mario.rossi@pec.gestoreuno.example", rcpt_to: &rcpt_to, message, virus: VirusVerdict::Clean };
    /// let mut state = State::new();
    /// # let entropy = Entropy::new([7; 32]);
    /// let pending = operator.incoming_point().receive(&state, &arrived, &entropy, "2026-11-22T04:51:00+01:00".parse()?)?;
    /// let committed = pending.sign_with(&key)?;
    /// // Store both, then act.
    /// state.apply(&committed.delta);
    /// let sent = committed.outputs.iter().filter(|output| matches!(output, Output::Send { .. })).count();
    /// let delivered = committed.outputs.iter().filter(|output| matches!(output, Output::Deliver { .. })).count();
    /// assert_eq!((sent, delivered), (1, 1), "presa-in-carico, posta-certificata");
    /// # }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`ProviderError::NotValid`] when the operator's certificate is not valid at this time, [`ProviderError::Compose`] when it or the settings are such that
    /// nothing can be signed. No mail causes an error.
    pub fn receive<'a>(&self, state: &State, arrived: &Arrived<'a>, entropy: &Entropy, now: Timestamp) -> Result<Pending, ProviderError> {
        let operator = self.operator;
        let rcpt_to = distinct(arrived.rcpt_to);
        let mut reception =
            Reception { operator, state, arrived, rcpt_to, subject: String::new(), message_id: None, entropy, now, key: OnceCell::new() };
        if reception.rcpt_to.is_empty() || !reception.rcpt_to.iter().all(|recipient| operator.serves(recipient)) {
            return Ok(reception.refuse(SmtpReply::new(550, "5.7.1", "relaying denied"), ""));
        }
        let message = match Message::parse(arrived.message) {
            Ok(message) => message,
            Err(error) => return Ok(reception.refuse(too_large(), &clipped(&error.in_language(Language::Italian)))),
        };
        reception.subject = message.claims().subject().unwrap_or_default().into_owned();
        reception.message_id =
            message.claims().message_id().map(|id| id.value().map_or_else(|| clipped(&id.text()), ToString::to_string).into());
        let report = operator.verifier().verify(&message, VerificationTime::now(now.instant()));
        let Some(content) = report.verified() else {
            return reception.not_certified(Origin::of(&report), &anomaly::reason(&report));
        };
        match content.value().kind() {
            ContentKind::Certified(PecKind::TransportEnvelope) => reception.envelope(content),
            ContentKind::Certified(_) => reception.notification(content),
            ContentKind::Anomaly => reception.not_certified(Origin::of(&report), "il messaggio è una busta di anomalia"),
        }
    }
}

/// A mail under reception.
struct Reception<'r, 'a> {
    operator: &'r Operator,
    state: &'r State,
    arrived: &'r Arrived<'a>,
    /// The forward paths, each mailbox once.
    rcpt_to: Vec<Address>,
    /// As the outer header claims them.
    subject: String,
    message_id: Option<Box<str>>,
    entropy: &'r Entropy,
    now: Timestamp,
    /// What [`Reception::key`] gives, once it was asked: it takes a look at every byte.
    key: OnceCell<Fingerprint>,
}

/// What all records of one reception say.
#[derive(Debug, Clone, Copy)]
struct About<'t> {
    /// The transaction.
    id: &'t PecId,
    sender: &'t str,
    subject: &'t str,
    /// Whose message it is, as its signature proves.
    provider: &'t str,
}

impl<'r, 'a> Reception<'r, 'a> {
    fn plan(&self, transaction: PecId) -> Plan<'r> {
        Plan::new(self.operator, transaction, self.now)
    }

    /// An identifier for the log, where there is none of PEC.
    fn minted(&self) -> PecId {
        self.entropy.pec_id(self.operator.host())
    }

    /// What is known of the mail without its signature.
    fn claimed<'t>(&'t self, id: &'t PecId, provider: &'t str) -> About<'t> {
        About { id, sender: self.arrived.mail_from, subject: &self.subject, provider }
    }

    fn refuse(&self, reply: SmtpReply, note: &str) -> Pending {
        let id = self.minted();
        let mut plan = self.plan(id.clone());
        plan.log(LogRecord { note: note.into(), ..self.claimed(&id, "").record(&plan, Event::ArrivalRefused, &self.rcpt_to) });
        plan.refuse(reply);
        plan.finish()
    }

    /// By what the mail is known again where no provider vouches for it.
    fn key(&self) -> Fingerprint {
        *self.key.get_or_init(|| Fingerprint::of_parts([self.arrived.mail_from.as_bytes(), self.arrived.message]))
    }

    /// Parts the recipients into those who had this message before, and the others.
    fn sift(&self, key: &Fingerprint, recipients: Vec<Address>) -> (Vec<Address>, Vec<Address>) {
        let had: HashSet<String> = match self.state.arrival(key) {
            Some(arrival) => arrival.mailboxes.keys().map(Address::folded).collect(),
            None => HashSet::new(),
        };
        recipients.into_iter().partition(|recipient| had.contains(&recipient.folded()))
    }

    /// The first records: of the reception, and of those who had the message before.
    fn log_reception(&self, plan: &mut Plan<'_>, about: About<'_>, note: &str, fresh: &[Address], again: &[Address]) {
        for (event, recipients) in [(Event::Arrived, fresh), (Event::ArrivalRepeated, again)] {
            if !recipients.is_empty() {
                plan.log(LogRecord { note: note.into(), ..about.record(plan, event, recipients) });
            }
        }
    }

    /// Keeps the infected mail apart, and says so.
    fn store(&self, plan: &mut Plan<'_>, about: About<'_>, recipients: &[Address], virus: &str) {
        plan.log(LogRecord { note: virus.into(), ..about.record(plan, Event::VirusStored, recipients) });
        plan.store(self.arrived.message, virus);
    }

    /// An arrival for which nothing is due.
    fn arrival(&self, transaction: &PecId, mailboxes: &[Address], awaited: &Awaited) -> Arrival {
        let content = ArrivalContent::Other { transaction: transaction.clone() };
        Arrival { content, mailboxes: mailboxes.iter().map(|mailbox| (mailbox.clone(), awaited.clone())).collect() }
    }

    /// For a mailbox to which it is handed on, or owed.
    fn awaited(&self, due: Due) -> Awaited {
        Awaited::new(self.now.instant(), due)
    }

    /// For a mailbox that gets nothing.
    fn over(&self) -> Awaited {
        Awaited::over(self.now.instant())
    }
}

impl About<'_> {
    fn record(&self, plan: &Plan<'_>, event: Event, recipients: &[Address]) -> LogRecord {
        LogRecord {
            sender: self.sender.into(),
            recipients: recipients.to_vec(),
            subject: self.subject.into(),
            provider: self.provider.into(),
            ..plan.record(event)
        }
    }
}

/// Delivers one message to several mailboxes.
fn deliver(plan: &mut Plan<'_>, message: &Planned, arrival: Fingerprint, mailboxes: &[Address]) {
    for mailbox in mailboxes {
        plan.deliver(message.clone(), DeliveryId { arrival, mailbox: mailbox.clone() });
    }
}

/// The provider that signed, as the directory names it.
fn signer(evidence: &Evidence) -> &str {
    evidence.signer().provider().unwrap_or_default()
}

fn too_large() -> SmtpReply {
    SmtpReply::new(552, "5.3.4", "message too large")
}

/// Each mailbox once, in the first of its spellings.
fn distinct(addresses: &[Address]) -> Vec<Address> {
    let mut seen = HashSet::new();
    addresses.iter().filter(|address| seen.insert(address.folded())).cloned().collect()
}
