//! The access point: where users hand in their mail (RFC 6109 §2.2.1, §3.1).

mod refusal;

use std::collections::{HashMap, HashSet};

use self::refusal::Refusal;
use super::log::{Event, LogRecord};
use super::output::SmtpReply;
use super::pending::Plan;
use super::state::{Change, State, to_follow};
use super::{Operator, Pending, ProviderError, VirusVerdict};
use crate::address::{Address, Domain};
use crate::certdata::{ExtendedError, Fault, Recipient, RecipientKind};
use crate::compose::{ComposeError, Draft, Entropy, receipt_of, subject_of};
use crate::directory::Provider;
use crate::fingerprint::Fingerprint;
use crate::ident::PecId;
use crate::notification::{Acceptance, DeliveryTimeout, NonAcceptance, Transaction, TransportEnvelope};
use crate::time::Timestamp;

/// A mail that a user hands in.
#[derive(Debug, Clone, Copy)]
pub struct Submitted<'a> {
    /// Who has been authenticated: the address of the user's mailbox.
    pub user: &'a Address,
    /// The reverse path (`MAIL FROM`), which is certified as the sender, as it is written; the user's address, whatever the case of its letters.
    pub mail_from: &'a Address,
    /// The forward paths (`RCPT TO`), which are certified as the recipients; one that stands twice counts once. A PEC mailbox is the same whatever the case
    /// of its letters, as it is where the mail arrives.
    pub rcpt_to: &'a [Address],
    /// The mail.
    pub message: &'a [u8],
    /// What the anti-virus says of it.
    pub virus: VirusVerdict<'a>,
}

/// Where users hand in their mail (`punto di accesso`, RFC 6109 §2.2.1).
#[derive(Debug, Clone, Copy)]
pub struct AccessPoint<'o> {
    operator: &'o Operator,
}

impl<'o> AccessPoint<'o> {
    pub(super) fn new(operator: &'o Operator) -> Self {
        Self { operator }
    }

    /// Takes a mail, and decides what becomes of it; the first of these that applies:
    ///
    /// 1. It is refused in SMTP ([`Output::Refuse`](super::Output::Refuse)), and no notice is written: the reverse path is not the user's, or not of this
    ///    provider; there is no recipient, or too many; the message is larger than [`Settings::smtp_bytes`](super::Settings::smtp_bytes) (RFC 6109 §3.1.2).
    /// 2. It was handed in before, byte for byte, within [`Settings::repetition_secs`](super::Settings::repetition_secs): a program that got no
    ///    answer tries again. It is logged, and is not certified twice.
    /// 3. It has a virus: the sender gets a notice of non-acceptance, and the message is stored apart (§3.1.3).
    /// 4. It fails the [`formal_checks`](crate::compose::formal_checks), or is such that no message of PEC could carry it, or no notice tell of it: the
    ///    sender gets a notice of non-acceptance, which tells the first ten of its faults (§3.1.2).
    /// 5. It is accepted: the sender gets an acceptance (§3.1.4), and the transport envelope goes to the recipients (§3.1.5), once to each
    ///    provider and once to each domain outside of PEC; to those of this provider too (§3.4). From now on it is known of which certified
    ///    recipients receipts are due (§3.1.6).
    ///
    /// A mail that is refused in 3 and 4, but whose header or recipients are longer than a notice can tell, is refused in SMTP too.
    ///
    /// # Errors
    /// [`ProviderError::NotValid`] when the operator's certificate is not valid at this time, [`ProviderError::Compose`] when it or the settings are such that
    /// nothing can be signed. No mail causes an error.
    ///
    /// ```
    /// # #[cfg(feature = "rustcrypto")] {
    /// use postacert::compose::{Entropy, Identity, InMemoryKey};
    /// use postacert::provider::{Operator, Output, State, Submitted, VirusVerdict};
    /// use postacert::{Certificate, Directory, Verifier};
    /// # macro_rules! fixture { ($name:literal) => { include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/", $name)) } }
    /// # let (certificate, key) = (fixture!("pki/uno.pem"), InMemoryKey::from_pem(fixture!("pki/uno.key"))?);
    /// # let ldif = fixture!("directory/directory.ldif");
    ///
    /// let identity = Identity::new("Gestore Uno PEC S.p.A.", Certificate::from_pem_or_der(certificate)?.remove(0), [])?;
    /// let operator = Operator::new(identity, Verifier::builder().directory(Directory::from_ldif(ldif)?).build()?)?;
    /// let mut state = State::new();
    ///
    /// let (anna, bruno) = ("anna@pec.gestoreuno.example".parse()?, ["bruno@cert.duepostale.example".parse()?]);
    /// let message = b"From: anna@pec.gestoreuno.example\r\nTo: bruno@cert.duepostale.example\r\nSubject: Offerta\r\n\r\nciao\r\n";
    /// let submitted = Submitted { user: &anna, mail_from: &anna, rcpt_to: &bruno, message, virus: VirusVerdict::Clean };
    /// let entropy = Entropy::new([7; 32]); // 32 random bytes
    /// let pending = operator.access_point().submit(&state, &submitted, &entropy, "2026-11-22T03:52:07+01:00".parse()?)?;
    ///
    /// let committed = pending.sign_with(&key)?;
    /// state.apply(&committed.delta); // what is stored, together with the outputs
    /// for output in &committed.outputs {
    ///     match output {
    ///         Output::Deliver { delivery, .. } => assert_eq!(delivery.mailbox, anna, "the acceptance"),
    ///         Output::Send { rcpt_to, .. } => assert_eq!(*rcpt_to, bruno, "the transport envelope"),
    ///         Output::Log { record, .. } => println!("{record}"),
    ///         other => panic!("{other:?}"),
    ///     }
    /// }
    /// assert!(state.fate(&committed.transaction, &bruno[0]).is_some());
    /// # }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn submit<'a>(
        &self,
        state: &State,
        submitted: &Submitted<'a>,
        entropy: &Entropy,
        now: Timestamp,
    ) -> Result<Pending, ProviderError> {
        let recipients = distinct(self.operator, submitted.rcpt_to);
        let case = Case { operator: self.operator, submitted, recipients, entropy, now };
        if let Some(reply) = case.smtp_refusal() {
            return Ok(case.refuse(reply));
        }
        let submission = fingerprint(submitted);
        let repeats = |at| now.instant().seconds_until(at).saturating_neg() <= self.operator.settings().repetition_secs;
        if let Some((id, _)) = state.submission(&submission).filter(|(_, at)| repeats(*at)) {
            return Ok(case.repeat(id));
        }
        let facts = case.facts()?;
        if let VirusVerdict::Infected(virus) = submitted.virus {
            return case.not_accept(facts, Fault::Virus, self.operator.virus_error(virus), submission);
        }
        let error = match Refusal::of(submitted.message, submitted.mail_from, &case.recipients, self.operator.settings().sizes) {
            Some(refusal) => refusal,
            None => match case.drafts(&facts) {
                Ok(drafts) => return case.accept(drafts, submission),
                Err(error) if is_of_the_operator(&error) => return Err(error.into()),
                Err(error) => Refusal::from(&error),
            },
        };
        case.not_accept(facts, Fault::Other, self.operator.extended_error(error.status, &error.text), submission)
    }
}

/// A submission that is being decided on.
struct Case<'c, 'a> {
    operator: &'c Operator,
    submitted: &'c Submitted<'a>,
    /// Each once, in the order given.
    recipients: Vec<Address>,
    entropy: &'c Entropy,
    now: Timestamp,
}

/// What is written for a message that is accepted.
struct Drafts<'a> {
    acceptance: Draft<'a>,
    envelope: Draft<'a>,
    facts: TransportEnvelope,
}

impl<'a> Case<'_, 'a> {
    fn smtp_refusal(&self) -> Option<SmtpReply> {
        let (submitted, settings) = (self.submitted, self.operator.settings());
        let reply = |code, status, text| Some(SmtpReply::new(code, status, text));
        if submitted.user.folded() != submitted.mail_from.folded() {
            reply(553, "5.7.1", "the reverse path is not the address of the authenticated user")
        } else if !self.operator.manages(submitted.mail_from.domain()) {
            reply(553, "5.7.1", "the domain of the reverse path is not managed here")
        } else if submitted.message.len() as u64 > settings.smtp_bytes {
            reply(552, "5.3.4", "the message is larger than is taken")
        } else if self.recipients.is_empty() {
            reply(554, "5.5.1", "no valid recipients")
        } else if self.recipients.len() > settings.recipients {
            // For good: the answer is to the message as a whole, and after a 452 a client would offer the same one again for days.
            reply(550, "5.5.3", "too many recipients")
        } else {
            None
        }
    }

    fn id(&self) -> PecId {
        self.entropy.pec_id(self.operator.host())
    }

    fn facts(&self) -> Result<Transaction, ProviderError> {
        let recipients = self.recipients.iter().map(|address| {
            let kind = if provider_of(self.operator, address).is_some() { RecipientKind::Certified } else { RecipientKind::External };
            Recipient::new(address.clone(), kind)
        });
        let (identity, submitted) = (self.operator.identity(), self.submitted);
        Ok(identity.transaction_of(submitted.message, submitted.mail_from.clone(), recipients.collect(), self.now, self.id())?)
    }

    fn drafts(&self, facts: &Transaction) -> Result<Drafts<'a>, ComposeError> {
        let identity = self.operator.identity();
        let acceptance = Draft::acceptance(identity, &Acceptance::new(facts.clone()), &self.entropy.derive("acceptance", 0))?;
        let facts = TransportEnvelope::new(facts.clone(), receipt_of(self.submitted.message));
        let envelope = Draft::transport_envelope(identity, &facts, self.submitted.message, &self.entropy.derive("envelope", 0))?;
        self.leaves_room_for_notices(facts.transaction())?;
        Ok(Drafts { acceptance, envelope, facts })
    }

    /// Whatever becomes of a message that is accepted, there must be room to tell its sender: the notice with the longest header is tried.
    fn leaves_room_for_notices(&self, facts: &Transaction) -> Result<(), ComposeError> {
        let certified = facts.recipients().iter().filter(|recipient| recipient.kind().value() == Some(&RecipientKind::Certified));
        let Some(recipient) = certified.filter_map(|recipient| recipient.address().value()).max_by_key(|to| to.as_str().len()) else {
            return Ok(());
        };
        let reason = self.operator.extended_error("5.4.1", &"&".repeat(1_000));
        let notice = DeliveryTimeout::new(facts.clone(), recipient.clone(), reason);
        Draft::delivery_timeout(self.operator.identity(), &notice, &self.entropy.derive("notice", 0)).map(drop)
    }

    fn accept(&self, drafts: Drafts<'a>, submission: Fingerprint) -> Result<Pending, ProviderError> {
        let Drafts { acceptance, envelope, facts } = drafts;
        let transaction = facts.transaction();
        let mut plan = self.plan(transaction.id());
        self.log_reception(&mut plan, transaction, submission);

        plan.issue(self.record(&plan, Event::AcceptanceIssued, transaction), acceptance, self.submitted.mail_from)?;

        let envelope = plan.sign(envelope)?;
        for recipients in self.groups() {
            let related = vec![transaction.id().as_str().into()];
            let record = self.record_without_recipients(&plan, Event::EnvelopeIssued, transaction);
            plan.log(LogRecord { recipients: recipients.clone(), related, ..record });
            plan.send(envelope.clone(), self.submitted.mail_from, recipients);
        }
        let followed = to_follow(&facts);
        if !followed.is_empty() {
            plan.change(Change::Followed { envelope: facts, recipients: followed });
        }
        Ok(plan.finish())
    }

    /// The notice of non-acceptance, and the storage of what is infected. Where no notice can be written, because of what the mail has in its header, it is
    /// refused in SMTP.
    fn not_accept(
        &self,
        facts: Transaction,
        fault: Fault,
        reason: Option<ExtendedError>,
        submission: Fingerprint,
    ) -> Result<Pending, ProviderError> {
        let note = reason.as_ref().map(ExtendedError::raw).unwrap_or_default().into();
        let refused = NonAcceptance::new(facts, fault, reason)?;
        let facts = refused.transaction();
        let entropy = self.entropy.derive("non-acceptance", 0);
        let draft = match Draft::non_acceptance(self.operator.identity(), &refused, &entropy) {
            Ok(draft) => Some(draft),
            Err(error) if is_of_the_operator(&error) => return Err(error.into()),
            Err(_) => None,
        };
        let mut plan = self.plan(facts.id());
        let reply = SmtpReply::new(554, "5.6.0", "the header or the recipients are longer than a notice can tell");
        match draft {
            Some(_) => self.log_reception(&mut plan, facts, submission),
            None => {
                let note = reply.to_string().into();
                plan.log(LogRecord { note, ..self.record(&plan, Event::SubmissionRefused, facts) });
            }
        }
        if let VirusVerdict::Infected(virus) = self.submitted.virus {
            plan.log(LogRecord { note: virus.into(), ..self.record(&plan, Event::VirusStored, facts) });
            plan.store(self.submitted.message, virus);
        }
        let Some(draft) = draft else {
            plan.refuse(reply);
            return Ok(plan.finish());
        };
        let record = LogRecord { note, ..self.record(&plan, Event::NonAcceptanceIssued, facts) };
        plan.issue(record, draft, self.submitted.mail_from)?;
        Ok(plan.finish())
    }

    fn refuse(&self, reply: SmtpReply) -> Pending {
        let mut plan = self.plan(&self.id());
        let mut record = self.record_without_facts(&plan, Event::SubmissionRefused);
        record.note = match self.submitted.user.folded() == self.submitted.mail_from.folded() {
            true => reply.to_string().into(),
            false => format!("{reply}: {}", self.submitted.user).into(),
        };
        plan.log(record);
        plan.refuse(reply);
        plan.finish()
    }

    fn repeat(&self, first: &PecId) -> Pending {
        let mut plan = self.plan(first);
        plan.log(self.record_without_facts(&plan, Event::SubmissionRepeated));
        plan.finish()
    }

    /// The recipients by where they are reached: those of each provider, those of each domain outside of PEC; in the order in which they first appear.
    fn groups(&self) -> Vec<Vec<Address>> {
        #[derive(PartialEq, Eq, Hash)]
        enum Place<'p> {
            Provider(&'p str),
            Domain(&'p Domain),
        }
        let mut places = HashMap::new();
        let mut groups: Vec<Vec<Address>> = Vec::new();
        for recipient in &self.recipients {
            // A secondary environment is a system of its own, as its record is.
            let place =
                provider_of(self.operator, recipient).map_or(Place::Domain(recipient.domain()), |provider| Place::Provider(provider.dn()));
            let index = *places.entry(place).or_insert(groups.len());
            match groups.get_mut(index) {
                Some(group) => group.push(recipient.clone()),
                None => groups.push(vec![recipient.clone()]),
            }
        }
        groups
    }

    fn plan<'p>(&'p self, id: &PecId) -> Plan<'p> {
        Plan::new(self.operator, id.clone(), self.now)
    }

    fn log_reception(&self, plan: &mut Plan<'_>, facts: &Transaction, submission: Fingerprint) {
        let note = facts.message_id().map_or("", |id| id.as_str()).into();
        plan.log(LogRecord { note, ..self.record(plan, Event::Submitted, facts) });
        plan.change(Change::Submitted { submission, id: facts.id().clone(), at: self.now.instant() });
    }

    fn record(&self, plan: &Plan<'_>, event: Event, facts: &Transaction) -> LogRecord {
        LogRecord { recipients: self.recipients.clone(), ..self.record_without_recipients(plan, event, facts) }
    }

    fn record_without_recipients(&self, plan: &Plan<'_>, event: Event, facts: &Transaction) -> LogRecord {
        let subject = facts.subject().unwrap_or_default().into();
        LogRecord { sender: self.submitted.mail_from.as_str().into(), subject, ..plan.record(event) }
    }

    fn record_without_facts(&self, plan: &Plan<'_>, event: Event) -> LogRecord {
        let (sender, subject) = (self.submitted.mail_from.as_str().into(), subject_of(self.submitted.message).into());
        LogRecord { sender, subject, recipients: self.recipients.clone(), ..plan.record(event) }
    }
}

/// Whose the domain is, "through a case-insensitive search" (RFC 6109 §2.2.1).
fn provider_of<'o>(operator: &'o Operator, address: &Address) -> Option<&'o Provider> {
    operator.directory().and_then(|directory| directory.by_domain(address.domain()))
}

/// Each recipient once, in the first of its spellings: a PEC mailbox gives one receipt. Outside of PEC a server may tell local parts apart by case.
fn distinct(operator: &Operator, recipients: &[Address]) -> Vec<Address> {
    let (mut seen, mut mailboxes) = (HashSet::new(), HashSet::new());
    let mut is_new = |address| seen.insert(address) && (provider_of(operator, address).is_none() || mailboxes.insert(address.folded()));
    recipients.iter().filter(|address| is_new(*address)).cloned().collect()
}

/// By what a submission is known again: the same user, paths and bytes, in whatever order the recipients come.
fn fingerprint(submitted: &Submitted<'_>) -> Fingerprint {
    let mut recipients: Vec<&[u8]> = submitted.rcpt_to.iter().map(|recipient| recipient.as_str().as_bytes()).collect();
    recipients.sort_unstable();
    let paths = [submitted.user, submitted.mail_from].map(|path| path.as_str().as_bytes());
    Fingerprint::of_parts(paths.into_iter().chain(recipients).chain([submitted.message]))
}

/// Whether it is not the mail that a message cannot be composed for.
fn is_of_the_operator(error: &ComposeError) -> bool {
    matches!(error, ComposeError::Signer { .. } | ComposeError::OtherProvider { .. } | ComposeError::CertificateAddress { .. })
}
