//! Two providers, from the first mail to the last receipt: `cargo run --example two_providers`.
//!
//! Four letters go from a user of one provider to users of another: one is delivered (RFC 6109 §3.5), one has a virus that only the second
//! provider knows, one is for a mailbox that is not there, and of one nothing is ever heard. What each point does is printed, with
//! the messages' names on the wire; every message on the way is verified before it is shown.
//!
//! This is what a mail system around the points looks like: decide, sign, store what was decided, act.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use anyhow::{Context as _, Result, ensure};
use postacert::compose::{Entropy, Identity, InMemoryKey};
use postacert::provider::{
    Arrived, Committed, DeliveryId, LogRecord, MailBytes, MailboxOutcome, Operator, Output, Pending, State, Submitted, VirusVerdict,
};
use postacert::{
    Address, Certificate, CertificationData, Crl, DeliveryTimeout, Directory, Message, PecKind, TimeoutNotice, Timestamp, UnixTime,
    VerificationTime, Verifier,
};

const ANNA: &str = "anna@pec.gestoreuno.example";
const BRUNO: &str = "bruno@cert.duepostale.example";
const NOBODY: &str = "nessuno@cert.duepostale.example";
const INDENT: &str = "                                       ";
/// What stands for a virus; the anti-virus of the second provider alone knows it.
const VIRUS: &[u8] = b"X5O!P%@AP";

fn main() -> Result<()> {
    let mut world = World::new()?;
    world.title("1. A complete transaction (RFC 6109 §3.5)");
    world.submit(BRUNO, "Richiesta di documenti", "Si chiede copia del verbale.")?;

    world.title("2. A virus that the first provider does not know (§3.2.3, §3.2.4)");
    world.submit(BRUNO, "Fattura", "X5O!P%@AP")?;

    world.title("3. A mailbox that is not there (§3.3.3)");
    world.submit(NOBODY, "Richiesta di documenti", "Si chiede copia del verbale.")?;

    world.title("4. Nothing is heard of the second provider (§3.1.6)");
    world.reachable = false;
    world.submit(BRUNO, "Sollecito", "Si attende risposta.")?;
    world.wait()?;

    world.title("What lies in the mailboxes");
    for system in &world.systems {
        for (mailbox, mail) in &system.mailboxes {
            println!("  {mailbox}");
            mail.iter().for_each(|(_, name)| println!("      {name}"));
        }
    }
    println!(
        "\n{} messages were sent or delivered, each verified. {} records are in the logs; the first:",
        world.messages,
        world.log.len()
    );
    world.log.iter().take(3).for_each(|record| println!("  {record}"));
    Ok(())
}

/// Both mail systems, the network between them, and a clock that goes on by a second from one act to the next.
struct World {
    systems: [System; 2],
    work: VecDeque<Work>,
    now: UnixTime,
    reachable: bool,
    verifier: Arc<Verifier>,
    messages: usize,
    log: Vec<LogRecord>,
    transactions: u64,
}

/// A provider's mail system.
struct System {
    operator: Operator,
    key: InMemoryKey,
    state: State,
    mailboxes: BTreeMap<Address, Vec<(DeliveryId, String)>>,
}

/// What is to be done next.
enum Work {
    Receive { to: usize, mail_from: String, rcpt_to: Vec<Address>, message: MailBytes },
    Deliver { at: usize, delivery: DeliveryId, message: MailBytes },
}

impl World {
    fn new() -> Result<Self> {
        let directory = Arc::new(Directory::from_ldif(&fixture("directory/directory.ldif")?)?);
        let crls = [fixture("pki/root.crl")?, fixture("pki/issuing.crl")?];
        let crls = crls.iter().map(|list| Crl::from_der(list)).collect::<Result<Vec<_>, _>>()?;
        let trust = Verifier::builder().directory(directory).anchors(certificates("pki/root.pem")?);
        let verifier = Arc::new(trust.intermediates(certificates("pki/issuing.pem")?).crls(crls).build()?);
        let system = |name: &str, files: &str, mailboxes: &[&str]| -> Result<System> {
            let certificate = certificates(&format!("pki/{files}.pem"))?.remove(0);
            let identity = Identity::new(name, certificate, certificates("pki/issuing.pem")?)?;
            let operator = Operator::new(identity, Arc::clone(&verifier))?;
            let mut open = BTreeMap::from([(operator.service_mailbox().clone(), Vec::new())]);
            for mailbox in mailboxes {
                open.insert(mailbox.parse()?, Vec::new());
            }
            Ok(System {
                operator,
                key: InMemoryKey::from_pem(fixture(&format!("pki/{files}.key"))?)?,
                state: State::new(),
                mailboxes: open,
            })
        };
        let systems = [system("Gestore Uno PEC S.p.A.", "uno", &[ANNA])?, system("Servizi Postali Due S.r.l.", "due", &[BRUNO])?];
        // A program takes the time from its clock; the certificates of the fixtures are good on this day.
        let now = "2026-11-23T09:00:00Z".parse()?;
        Ok(Self { systems, work: VecDeque::new(), now, reachable: true, verifier, messages: 0, log: Vec::new(), transactions: 0 })
    }

    fn title(&self, title: &str) {
        println!("\n{title}\n");
    }

    /// Anna hands in a letter, and everything happens that follows at once.
    fn submit(&mut self, to: &str, subject: &str, text: &str) -> Result<()> {
        let (from, to): (Address, [Address; 1]) = (ANNA.parse()?, [to.parse()?]);
        let message = format!("From: {from}\r\nTo: {}\r\nSubject: {subject}\r\n\r\n{text}\r\n", to[0]);
        self.say(0, "access point", &format!("gets \"{subject}\" from {from} for {}", to[0]))?;
        let submitted = Submitted { user: &from, mail_from: &from, rcpt_to: &to, message: message.as_bytes(), virus: VirusVerdict::Clean };
        let (entropy, now) = (self.entropy(), self.legal_time()?);
        let system = &self.systems[0];
        let pending = system.operator.access_point().submit(&system.state, &submitted, &entropy, now)?;
        self.commit(0, pending)?;
        self.work()
    }

    /// Until nothing is left to do.
    fn work(&mut self) -> Result<()> {
        while let Some(work) = self.work.pop_front() {
            self.now = self.now.checked_add_secs(1).context("the end of time")?;
            match work {
                Work::Receive { to, .. } if to == 1 && !self.reachable => {
                    self.say(1, "", "cannot be reached: the mail server tries again and again")?
                }
                Work::Receive { to, mail_from, rcpt_to, message } => self.receive(to, &mail_from, &rcpt_to, &message)?,
                Work::Deliver { at, delivery, message } => self.deliver(at, &delivery, &message)?,
            }
        }
        Ok(())
    }

    fn receive(&mut self, to: usize, mail_from: &str, rcpt_to: &[Address], message: &MailBytes) -> Result<()> {
        let infected = to == 1 && message.windows(VIRUS.len()).any(|window| window == VIRUS);
        let virus = if infected { VirusVerdict::Infected("EICAR-Test") } else { VirusVerdict::Clean };
        let found = if infected { ", with a virus" } else { "" };
        self.say(to, "incoming point", &format!("gets {}{found}", self.name(message)?))?;
        let (entropy, now) = (self.entropy(), self.legal_time()?);
        let system = &self.systems[to];
        let arrived = Arrived { mail_from, rcpt_to, message, virus };
        let pending = system.operator.incoming_point().receive(&system.state, &arrived, &entropy, now)?;
        self.commit(to, pending)?;
        self.overdue(to)
    }

    fn deliver(&mut self, at: usize, delivery: &DeliveryId, message: &MailBytes) -> Result<()> {
        let name = self.name(message)?;
        let (entropy, now) = (self.entropy(), self.legal_time()?);
        let outcome = match self.systems[at].mailboxes.get_mut(&delivery.mailbox) {
            Some(mailbox) => {
                // Once, however often it is asked for.
                if !mailbox.iter().any(|(stored, _)| stored == delivery) {
                    mailbox.push((delivery.clone(), name.clone()));
                }
                MailboxOutcome::Stored
            }
            None => MailboxOutcome::NoSuchMailbox,
        };
        let into = if outcome == MailboxOutcome::Stored { "into" } else { "cannot be put into" };
        self.say(at, "delivery point", &format!("{name} {into} {}", delivery.mailbox))?;
        let system = &self.systems[at];
        let pending = system.operator.delivery_point().settle(&system.state, delivery, message, outcome, &entropy, now)?;
        self.commit(at, pending)
    }

    /// Time passes, until nothing more is due at the first provider.
    fn wait(&mut self) -> Result<()> {
        while let Some(due) = self.systems[0].operator.timeouts().next_deadline(&self.systems[0].state) {
            self.now = self.now.max(due);
            self.overdue(0)?;
            self.work()?;
        }
        Ok(())
    }

    /// What is due by now: notices that nothing was heard, virus detections that are still to be written.
    fn overdue(&mut self, at: usize) -> Result<()> {
        while self.systems[at].operator.timeouts().next_deadline(&self.systems[at].state).is_some_and(|due| due <= self.now) {
            self.say(at, "timeouts", "something is due")?;
            let (entropy, now) = (self.entropy(), self.legal_time()?);
            let system = &self.systems[at];
            let pending = system.operator.timeouts().run(&system.state, &entropy, now)?;
            self.commit(at, pending)?;
        }
        Ok(())
    }

    /// Signs what was decided, keeps it, and queues what is to be done. A program stores state and outputs in one transaction of its database,
    /// so that a crash loses and doubles nothing.
    fn commit(&mut self, at: usize, pending: Pending) -> Result<()> {
        let system = &mut self.systems[at];
        let Committed { outputs, delta, .. } = pending.sign_with(&system.key)?;
        system.state.apply(&delta);
        for output in outputs {
            self.messages += usize::from(matches!(output, Output::Send { .. } | Output::Deliver { .. }));
            match output {
                Output::Send { mail_from, rcpt_to, message, .. } => {
                    let to = self.systems.iter().position(|system| system.operator.serves(&rcpt_to[0])).context("outside of PEC")?;
                    println!("{INDENT}→ sends {} to {}", self.name(&message)?, rcpt_to[0]);
                    self.work.push_back(Work::Receive { to, mail_from: mail_from.to_string(), rcpt_to, message });
                }
                Output::Deliver { delivery, message, .. } => {
                    println!("{INDENT}→ hands {} on, for {}", self.name(&message)?, delivery.mailbox);
                    self.work.push_back(Work::Deliver { at, delivery, message });
                }
                Output::Store { virus, keep_until, .. } => println!("{INDENT}→ stores the mail with {virus} apart, until {keep_until}"),
                Output::Log { record, .. } => self.log.push(record),
                Output::Refuse { reply, .. } => println!("{INDENT}→ refuses it: {reply}"),
                _ => {}
            }
        }
        Ok(())
    }

    /// What a message is, as it proves itself.
    fn name(&self, raw: &[u8]) -> Result<String> {
        let message = Message::parse(raw)?;
        let report = self.verifier.verify(&message, VerificationTime::now(self.now));
        let content = report.verified().with_context(|| format!("a message does not verify: {report}"))?.value();
        let wire = content.kind().as_wire();
        Ok(match content.data() {
            Some(data) => format!("{wire}{}", detail(data)),
            None => wire.to_owned(),
        })
    }

    /// When, who, where, what.
    fn say(&self, at: usize, point: &str, what: &str) -> Result<()> {
        let when = self.legal_time()?.to_string();
        let provider = ["Uno", "Due"][at];
        println!("  {}  {provider}  {point:<15} {what}", when[5..19].replace('T', " "));
        Ok(())
    }

    /// An hour ahead of UTC, as in an Italian winter.
    fn legal_time(&self) -> Result<Timestamp> {
        Ok(Timestamp::new(self.now, 60)?)
    }

    /// A program takes 32 fresh random bytes for each decision.
    fn entropy(&mut self) -> Entropy {
        self.transactions += 1;
        Entropy::new([0; 32]).derive("example", self.transactions)
    }
}

/// What tells a message from others of its name.
fn detail(data: &CertificationData) -> String {
    let receipt = data.receipt().filter(|_| data.kind() == PecKind::Delivery).map(|kind| kind.text());
    let fault = Some(data.fault().text()).filter(|fault| *fault != "nessuno");
    let recipient = data.recipient().map(|recipient| format!("({})", recipient.text()));
    let notice = match DeliveryTimeout::try_from(data) {
        Ok(notice) if notice.notice() == TimeoutNotice::Final => Some("final"),
        Ok(_) => Some("first"),
        Err(_) => None,
    };
    let all = [receipt.or(notice.or(fault)).map(str::to_owned), recipient];
    all.into_iter().flatten().map(|detail| format!(" {detail}")).collect()
}

fn fixture(name: &str) -> Result<Vec<u8>> {
    let path = format!("{}/tests/fixtures/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read(&path).with_context(|| path)
}

fn certificates(name: &str) -> Result<Vec<Certificate>> {
    let found = Certificate::from_pem_or_der(&fixture(name)?)?;
    ensure!(!found.is_empty(), "{name} holds no certificate");
    Ok(found)
}
