//! A world of providers in one process: users with mailboxes, a clock, and a network that delays, loses, doubles, reorders and alters.
//!
//! Each provider is driven as its own mail system would: what a point has decided is committed to the state and to a queue of outputs in one
//! go, then carried out; crashes come before and after. Every commitment is looked at ([`audit`]), and the end of all.
#![allow(dead_code, reason = "the fuzz targets include it, and use one property of it")]

#[path = "world/audit.rs"]
pub(crate) mod audit;
#[path = "world/choices.rs"]
pub(crate) mod choices;
#[path = "world/mail.rs"]
pub(crate) mod mail;
#[path = "world/schedule.rs"]
pub(crate) mod schedule;
#[path = "world/trust.rs"]
pub(crate) mod trust;

use std::collections::BTreeMap;
use std::sync::Arc;

use postacert::compose::{Entropy, Signer};
use postacert::provider::{
    Arrived, Committed, DeliveryId, Delta, LogRecord, MailBytes, MailboxOutcome, Operator, Output, Pending, ProviderError, Settings,
    SmtpReply, State, Submitted, VirusVerdict,
};
use postacert::{Address, Directory, PecId, Timestamp, UnixTime, VerificationTime, Verifier};

use audit::Ledger;
use choices::Choices;
use mail::{Letter, Seen};
use trust::{Keys, Party};

pub(crate) const MINUTE: i64 = 60;
pub(crate) const HOUR: i64 = 3_600;
/// For so long a mail server tries again (RFC 5321 §4.5.4.1).
const PATIENCE: i64 = 4 * 24 * HOUR;

/// The property of the fuzz target `provider_ops`: whatever the bytes choose, of operations and of faults, keeps the promises.
pub fn provider_ops(bytes: &[u8]) {
    schedule::of_bytes(bytes);
}

/// Everything.
pub(crate) struct World {
    pub(crate) hosts: Vec<Host>,
    pub(crate) now: UnixTime,
    pub(crate) faults: Faults,
    pub(crate) choices: Choices,
    /// What left PEC, and for whom.
    pub(crate) outside: Vec<(Address, MailBytes)>,
    pub(crate) transcript: Vec<Happened>,
    pub(crate) ledger: Ledger,
    keys: Keys,
    parties: Vec<Party>,
    events: BTreeMap<(UnixTime, u64), Event>,
    count: u64,
}

/// A provider's mail system.
pub(crate) struct Host {
    pub(crate) operator: Operator,
    /// By whom its messages are judged, beside itself: the directory of everyone's newest records.
    pub(crate) judge: Arc<Verifier>,
    pub(crate) state: State,
    pub(crate) mailboxes: BTreeMap<Address, Mailbox>,
    pub(crate) log: Vec<LogRecord>,
    /// The special storage for infected mail.
    pub(crate) infected: Vec<MailBytes>,
    /// What its anti-virus knows: a mail that contains the word is infected.
    pub(crate) antivirus: Vec<&'static str>,
    /// It neither receives nor delivers.
    pub(crate) down: bool,
    signer: Box<dyn Signer>,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Mailbox {
    pub(crate) condition: Condition,
    pub(crate) mail: Vec<Stored>,
}

/// What lies in a mailbox, and what it was when it came there.
#[derive(Debug, Clone)]
pub(crate) struct Stored {
    pub(crate) delivery: DeliveryId,
    pub(crate) raw: MailBytes,
    pub(crate) seen: Seen,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Condition {
    #[default]
    Open,
    Full,
    Closed,
    Broken,
}

/// What may go wrong, in a hundred cases.
#[derive(Debug, Clone, Default)]
pub(crate) struct Faults {
    pub(crate) lost: usize,
    pub(crate) retried: usize,
    pub(crate) doubled: usize,
    pub(crate) altered: usize,
    pub(crate) slow: usize,
    pub(crate) crashed: usize,
    pub(crate) restarted: usize,
    pub(crate) device: usize,
    /// From which provider to which nothing passes.
    pub(crate) cut: Vec<(usize, usize)>,
}

#[derive(Debug, Clone)]
enum Event {
    Arrival { from: Option<usize>, to: usize, mail: Mail, since: UnixTime },
    Delivery { host: usize, delivery: DeliveryId, message: MailBytes },
    Submission { host: usize, mail: Mail },
}

#[derive(Debug, Clone)]
struct Mail {
    mail_from: String,
    rcpt_to: Vec<Address>,
    message: MailBytes,
}

/// One thing that a point did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Happened {
    pub(crate) host: usize,
    pub(crate) point: Point,
    /// What it got, by its wire name; empty where nothing came in.
    pub(crate) got: String,
    /// What it wrote or passed on, and to whom.
    pub(crate) gave: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Point {
    Access,
    Incoming,
    Delivery,
    Timeouts,
}

/// What became of a hand-over in SMTP.
#[derive(Debug, Clone)]
pub(crate) struct Handed {
    pub(crate) transaction: PecId,
    pub(crate) refused: Option<SmtpReply>,
}

impl World {
    /// So many providers who know each other, of the five of [`trust::parties`].
    pub(crate) fn new(providers: usize, keys: Keys, choices: Choices) -> Self {
        Self::of(trust::parties(providers), keys, choices)
    }

    pub(crate) fn of(parties: Vec<Party>, keys: Keys, choices: Choices) -> Self {
        let directory = trust::directory(&parties);
        let judge = Arc::new(trust::verifier(&directory, keys));
        let host = |party: &Party| Host {
            operator: trust::operator(party, &directory, keys),
            judge: Arc::clone(&judge),
            state: State::new(),
            mailboxes: BTreeMap::new(),
            log: Vec::new(),
            infected: Vec::new(),
            antivirus: Vec::new(),
            down: false,
            signer: keys.signer(party.certificate),
        };
        Self {
            hosts: parties.iter().map(host).collect(),
            now: "2026-11-22T02:00:00Z".parse().expect("a time"),
            faults: Faults::default(),
            choices,
            outside: Vec::new(),
            transcript: Vec::new(),
            ledger: Ledger::default(),
            keys,
            parties,
            events: BTreeMap::new(),
            count: 0,
        }
    }

    /// Opens a mailbox.
    pub(crate) fn open(&mut self, mailbox: &str) {
        self.set(mailbox, Condition::Open);
    }

    pub(crate) fn set(&mut self, mailbox: &str, condition: Condition) {
        let address = mail::address(mailbox);
        let host = self.host_of(&address).expect("somebody serves it");
        self.hosts[host].mailboxes.entry(address).or_default().condition = condition;
    }

    /// Where mail for this address goes.
    pub(crate) fn host_of(&self, address: &Address) -> Option<usize> {
        self.hosts.iter().position(|host| host.operator.serves(address))
    }

    /// Changes the settings of a provider.
    pub(crate) fn settings(&mut self, provider: usize, change: impl FnOnce(&mut Settings)) {
        let operator = self.hosts[provider].operator.clone();
        let mut settings = operator.settings().clone();
        change(&mut settings);
        self.hosts[provider].operator = operator.with_settings(settings).expect("they are lawful");
    }

    /// Legal time: an hour ahead of UTC, as in an Italian winter.
    pub(crate) fn legal_time(&self) -> Timestamp {
        Timestamp::new(self.now, 60).expect("a time of this century")
    }

    /// Changes the record of a provider. Nobody knows until [`World::learn`].
    pub(crate) fn change(&mut self, provider: usize, change: impl FnOnce(&mut Party)) {
        change(&mut self.parties[provider]);
    }

    /// The provider takes the newest directory, and its own newest certificate.
    pub(crate) fn learn(&mut self, provider: usize) {
        let directory = self.directory();
        let judge = Arc::new(trust::verifier(&directory, self.keys));
        let party = &self.parties[provider];
        let settings = self.hosts[provider].operator.settings().clone();
        let operator = trust::operator(party, &directory, self.keys).with_settings(settings).expect("they were good before");
        let host = &mut self.hosts[provider];
        (host.operator, host.judge, host.signer) = (operator, judge, self.keys.signer(party.certificate));
    }

    pub(crate) fn directory(&self) -> Arc<Directory> {
        trust::directory(&self.parties)
    }

    // -- users --

    /// A user hands in a letter; the mail program may try again, having got no answer.
    pub(crate) fn submit(&mut self, letter: &Letter) -> Handed {
        self.submit_as(&letter.sender(), &letter.recipients(), &letter.bytes())
    }

    pub(crate) fn submit_as(&mut self, sender: &Address, rcpt_to: &[Address], message: &[u8]) -> Handed {
        let host = self.host_of(sender).expect("the user has a provider");
        let mail = Mail { mail_from: sender.to_string(), rcpt_to: rcpt_to.to_vec(), message: message.to_vec().into() };
        if self.choices.percent(self.faults.doubled) {
            let later = 1 + self.choices.below(3_600) as i64;
            self.schedule(later, Event::Submission { host, mail: mail.clone() });
        }
        self.access(host, &mail)
    }

    /// Somebody outside of PEC sends a mail.
    pub(crate) fn mail_from_outside(&mut self, mail_from: &str, rcpt_to: &[&str], message: &[u8]) {
        let rcpt_to: Vec<_> = rcpt_to.iter().map(|to| mail::address(to)).collect();
        let to = self.host_of(&rcpt_to[0]).expect("somebody serves it");
        let mail = Mail { mail_from: mail_from.to_owned(), rcpt_to, message: message.to_vec().into() };
        self.schedule(1, Event::Arrival { from: None, to, mail, since: self.now });
    }

    /// What lies in a mailbox, by wire name, in the order of its arrival.
    pub(crate) fn mailbox(&self, mailbox: &str) -> Vec<String> {
        self.seen(mailbox).into_iter().map(|seen| seen.name).collect()
    }

    pub(crate) fn seen(&self, mailbox: &str) -> Vec<Seen> {
        let address = mail::address(mailbox);
        let host = &self.hosts[self.host_of(&address).expect("somebody serves it")];
        let Some(mailbox) = host.mailboxes.get(&address) else { return Vec::new() };
        mailbox.mail.iter().map(|stored| stored.seen.clone()).collect()
    }

    pub(crate) fn see(&self, raw: &[u8]) -> Seen {
        Seen::of(raw, &self.hosts[0].judge, VerificationTime::now(self.now))
    }

    // -- time --

    /// Lets everything happen that happens until this instant.
    pub(crate) fn drive_until(&mut self, until: UnixTime) {
        let mut steps = 0;
        while self.step(until) {
            steps += 1;
            assert!(steps < 50_000, "it never ends");
        }
        self.now = until;
    }

    pub(crate) fn drive(&mut self, seconds: i64) {
        self.drive_until(self.now.checked_add_secs(seconds).expect("a time of this century"));
    }

    /// Lets the next thing happen, if it does before this instant.
    pub(crate) fn step(&mut self, until: UnixTime) -> bool {
        let deadlines = self.hosts.iter().enumerate().filter(|(_, host)| !host.down);
        let due = deadlines.filter_map(|(at, host)| Some((host.operator.timeouts().next_deadline(&host.state)?, at))).min();
        let event = self.events.first_key_value().map(|((at, _), _)| *at);
        match (due, event) {
            (Some((at, host)), event) if at <= until && event.is_none_or(|event| at <= event) => {
                self.now = self.now.max(at);
                self.timeouts(host);
            }
            (_, Some(at)) if at <= until => {
                self.now = self.now.max(at);
                if let Some((_, event)) = self.events.pop_first() {
                    self.happen(event);
                }
            }
            _ => return false,
        }
        true
    }

    fn schedule(&mut self, seconds: i64, event: Event) {
        self.count += 1;
        let at = self.now.checked_add_secs(seconds).expect("a time of this century");
        self.events.insert((at, self.count), event);
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Submission { host, mail } => drop(self.access(host, &mail)),
            Event::Arrival { from, to, mail, since } => {
                let cut = from.is_some_and(|from| self.faults.cut.contains(&(from, to)));
                if cut || self.hosts[to].down || self.choices.percent(self.faults.retried) {
                    if since.seconds_until(self.now) < PATIENCE {
                        let later = 15 * MINUTE + self.choices.below(1_800) as i64;
                        self.schedule(later, Event::Arrival { from, to, mail, since });
                    }
                    return;
                }
                if self.choices.percent(self.faults.doubled) {
                    // The answer is lost, and the sender tries again.
                    let later = 1 + self.choices.below(3_600) as i64;
                    self.schedule(later, Event::Arrival { from, to, mail: mail.clone(), since });
                }
                self.incoming(to, &mail);
            }
            Event::Delivery { host, delivery, message } => {
                if self.hosts[host].down {
                    return self.schedule(10 * MINUTE, Event::Delivery { host, delivery, message });
                }
                self.delivery(host, &delivery, &message);
            }
        }
    }

    // -- the points --

    fn access(&mut self, host: usize, mail: &Mail) -> Handed {
        let user = mail::address(&mail.mail_from);
        let found = self.hosts[host].scan(&mail.message);
        let submitted = Submitted { user: &user, mail_from: &user, rcpt_to: &mail.rcpt_to, message: &mail.message, virus: verdict(&found) };
        let committed = self.commit(host, Point::Access, "mail", |host, entropy, now| {
            host.operator.access_point().submit(&host.state, &submitted, entropy, now)
        });
        self.handed(host, Point::Access, committed)
    }

    fn incoming(&mut self, host: usize, mail: &Mail) -> Handed {
        let found = self.hosts[host].scan(&mail.message);
        let (rcpt_to, message) = (&mail.rcpt_to[..], &mail.message[..]);
        let arrived = Arrived { mail_from: &mail.mail_from, rcpt_to, message, virus: verdict(&found) };
        let got = self.see(message).name;
        let committed = self.commit(host, Point::Incoming, &got, |host, entropy, now| {
            host.operator.incoming_point().receive(&host.state, &arrived, entropy, now)
        });
        self.handed(host, Point::Incoming, committed)
    }

    fn delivery(&mut self, host: usize, delivery: &DeliveryId, message: &MailBytes) {
        let seen = self.see(message);
        let got = seen.name.clone();
        let outcome = self.hosts[host].store(delivery, message, seen);
        if self.choices.percent(self.faults.crashed) {
            // Before the delivery point was told.
            return self.schedule(MINUTE, Event::Delivery { host, delivery: delivery.clone(), message: message.clone() });
        }
        let again = self.choices.percent(self.faults.crashed);
        for _ in 0..=usize::from(again) {
            let committed = self.commit(host, Point::Delivery, &got, |host, entropy, now| {
                host.operator.delivery_point().settle(&host.state, delivery, message, outcome, entropy, now)
            });
            self.handed(host, Point::Delivery, committed);
        }
    }

    fn timeouts(&mut self, host: usize) {
        let before = self.hosts[host].state.clone();
        let committed =
            self.commit(host, Point::Timeouts, "", |host, entropy, now| host.operator.timeouts().run(&host.state, entropy, now));
        assert_ne!(self.hosts[host].state, before, "something was due at {}", self.now);
        self.handed(host, Point::Timeouts, committed);
    }

    /// Decides, signs, and stores what was decided; now and then it all begins again before it is stored.
    fn commit(
        &mut self,
        at: usize,
        point: Point,
        got: &str,
        decide: impl Fn(&Host, &Entropy, Timestamp) -> Result<Pending, ProviderError>,
    ) -> Committed {
        self.count += 1;
        let mut entropy = [at as u8; 32];
        entropy[..8].copy_from_slice(&self.count.to_be_bytes());
        let (entropy, now, keys) = (Entropy::new(entropy), self.legal_time(), self.keys);
        let (crash, device, restart) = (
            self.choices.percent(self.faults.crashed),
            self.choices.percent(self.faults.device),
            self.choices.percent(self.faults.restarted),
        );
        let host = &mut self.hosts[at];
        let pending = || decide(host, &entropy, now).unwrap_or_else(|error| panic!("{point:?} of {at}, {got}: {error}"));
        let sign = |pending: Pending| pending.sign_and_check_with(&*host.signer, &keys).expect("the key is the certificate's");
        let committed = if device { by_device(pending(), &*host.signer, keys) } else { sign(pending()) };
        if crash {
            assert_eq!(sign(pending()), committed, "the same entropy, the same bytes");
        }
        host.state.apply(&committed.delta);
        if restart {
            let again = State::from(Delta::from(host.state.clone()));
            assert_eq!(again, host.state, "what is stored is the state");
            host.state.apply(&committed.delta);
            assert_eq!(again, host.state, "applied twice is applied once");
        }
        let gave = audit::committed(self, at, point, &committed);
        self.transcript.push(Happened { host: at, point, got: got.to_owned(), gave });
        committed
    }

    /// Carries out what was decided, now and then more than once.
    fn handed(&mut self, host: usize, point: Point, committed: Committed) -> Handed {
        let mut refused = None;
        if self.choices.percent(self.faults.crashed) && !committed.outputs.is_empty() {
            // It stops in the middle, and knows no more how far it came.
            let some = self.choices.below(committed.outputs.len());
            committed.outputs[..some].iter().cloned().for_each(|output| drop(self.carry_out(host, output)));
        }
        for output in committed.outputs {
            refused = self.carry_out(host, output).or(refused);
        }
        assert!(refused.is_none() || matches!(point, Point::Access | Point::Incoming), "nobody is there to be answered");
        Handed { transaction: committed.transaction, refused }
    }

    fn carry_out(&mut self, host: usize, output: Output) -> Option<SmtpReply> {
        match output {
            Output::Send { mail_from, rcpt_to, message, .. } => {
                self.post(host, Mail { mail_from: mail_from.to_string(), rcpt_to, message });
            }
            Output::Deliver { delivery, message, .. } => {
                let later = if self.choices.percent(self.faults.slow) { self.choices.below(20 * HOUR as usize) as i64 } else { 1 };
                self.schedule(later, Event::Delivery { host, delivery, message });
            }
            Output::Store { message, .. } => self.hosts[host].infected.push(message),
            Output::Log { record, .. } => self.hosts[host].log.push(record),
            Output::Refuse { reply, .. } => return Some(reply),
            other => panic!("{other:?}"),
        }
        None
    }

    /// Gives a mail to the network.
    fn post(&mut self, from: usize, mut mail: Mail) {
        let to = self.host_of(&mail.rcpt_to[0]);
        assert!(mail.rcpt_to.iter().all(|recipient| self.host_of(recipient) == to), "one message goes to one place: {:?}", mail.rcpt_to);
        let Some(to) = to else {
            let message = &mail.message;
            return self.outside.extend(mail.rcpt_to.into_iter().map(|recipient| (recipient, message.clone())));
        };
        if self.choices.percent(self.faults.lost) {
            return;
        }
        if self.choices.percent(self.faults.altered) {
            let mut bytes = mail.message.to_vec();
            let at = self.choices.below(bytes.len());
            bytes[at] = b"\0 =a\n<"[self.choices.below(6)];
            mail.message = bytes.into();
        }
        let delay = if self.choices.percent(self.faults.slow) { self.choices.below(30 * HOUR as usize) as i64 } else { 1 };
        self.schedule(delay, Event::Arrival { from: Some(from), to, mail, since: self.now });
    }
}

impl Host {
    fn scan(&self, message: &[u8]) -> Option<&'static str> {
        let found = |word: &&&str| message.windows(word.len()).any(|window| window == word.as_bytes());
        self.antivirus.iter().find(found).copied()
    }

    /// Puts a message into its mailbox, once.
    fn store(&mut self, delivery: &DeliveryId, message: &MailBytes, seen: Seen) -> MailboxOutcome<'static> {
        let own = delivery.mailbox == *self.operator.service_mailbox() || delivery.mailbox == *self.operator.identity().address();
        if own {
            self.mailboxes.entry(delivery.mailbox.clone()).or_default();
        }
        let found = |address: &Address| address.as_str().eq_ignore_ascii_case(delivery.mailbox.as_str());
        let Some((_, mailbox)) = self.mailboxes.iter_mut().find(|(address, _)| found(address)) else {
            return MailboxOutcome::NoSuchMailbox;
        };
        if mailbox.mail.iter().any(|stored| stored.delivery == *delivery) {
            return MailboxOutcome::Stored;
        }
        match mailbox.condition {
            Condition::Open => {
                mailbox.mail.push(Stored { delivery: delivery.clone(), raw: message.clone(), seen });
                MailboxOutcome::Stored
            }
            Condition::Full => MailboxOutcome::Full,
            Condition::Closed => MailboxOutcome::Disabled,
            Condition::Broken => MailboxOutcome::Failed("disco\r\nrotto"),
        }
    }
}

/// The virus is named otherwise than the word by which it is found, so that a notice about it is clean.
fn verdict<'v>(found: &Option<&'static str>) -> VirusVerdict<'v> {
    found.map_or(VirusVerdict::Clean, |word| VirusVerdict::Infected(if word.ends_with('A') { "W32/Prova.A" } else { "W32/Prova.B <&>" }))
}

/// As with a key in a device: the bytes go out, signatures come back; one that does not hold changes nothing.
fn by_device(pending: Pending, signer: &dyn Signer, keys: Keys) -> Committed {
    let signatures: Vec<_> = pending.to_sign().map(|request| signer.sign(&request).expect("it signs")).collect();
    if let Some(first) = signatures.first() {
        let mut bad = signatures.clone();
        bad[0] = vec![0; first.len()];
        assert!(pending.clone().finish_with(&bad, &keys).is_err(), "a false signature is taken");
        assert!(pending.clone().finish_with(&signatures[1..], &keys).is_err(), "a signature is missing");
    }
    pending.finish_with(&signatures, &keys).expect("they hold")
}
