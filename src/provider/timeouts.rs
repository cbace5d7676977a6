//! What is due when time passes: the notices of silence (RFC 6109 §3.1.6), and virus detections that are still to be written.

use super::incoming::virus_detection;
use super::log::{Event, LogRecord};
use super::pending::Plan;
use super::state::{Change, Followed, Stage, State};
use super::{Operator, Pending, ProviderError};
use crate::address::Address;
use crate::certdata::ExtendedError;
use crate::compose::{Draft, Entropy};
use crate::notification::DeliveryTimeout;
use crate::time::{Timestamp, UnixTime};

/// What is due when time passes (RFC 6109 §3.1.6).
///
/// | of a certified recipient came | first notice | final notice |
/// | --- | --- | --- |
/// | nothing | after 12 hours | after 24 hours |
/// | `presa-in-carico` alone | none, where it came before | after 24 hours |
/// | `avvenuta-consegna` or `errore-consegna` | none, where it came before | none, where it came before |
///
/// What comes after a notice is heard nonetheless. The hours are those of [`Settings`](super::Settings).
///
/// ```
/// # #[cfg(feature = "rustcrypto")] {
/// use postacert::compose::{Entropy, Identity, InMemoryKey};
/// use postacert::provider::{Operator, State};
/// use postacert::{Certificate, Directory, Timestamp, Verifier};
/// # macro_rules! fixture { ($name:literal) => { include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/", $name)) } }
/// # let (certificate, key) = (fixture!("pki/uno.pem"), InMemoryKey::from_pem(fixture!("pki/uno.key"))?);
/// # let directory = Directory::from_ldif(fixture!("directory/directory.ldif"))?;
/// # let (mut state, now): (State, Timestamp) = (State::new(), "2026-11-22T03:00:00+01:00".parse()?);
///
/// let certificate = Certificate::from_pem_or_der(certificate)?.remove(0);
/// let identity = Identity::new("Gestore Uno PEC S.p.A.", certificate, [])?;
/// let operator = Operator::new(identity, Verifier::builder().directory(directory).build()?)?;
///
/// let timeouts = operator.timeouts();
/// while timeouts.next_deadline(&state).is_some_and(|deadline| deadline <= now.instant()) {
///     let entropy = Entropy::new([7; 32]); // 32 random bytes, fresh for each run
///     let committed = timeouts.run(&state, &entropy, now)?.sign_with(&key)?;
///     // Store its outputs and its delta together, then carry the outputs out.
///     state.apply(&committed.delta);
/// }
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Timeouts<'o> {
    operator: &'o Operator,
}

/// Which notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Notice {
    First,
    Final,
}

impl<'o> Timeouts<'o> {
    pub(super) fn new(operator: &'o Operator) -> Self {
        Self { operator }
    }

    /// When [`Timeouts::run`] next has something to do, be it in the past; `None` while nothing is awaited.
    #[must_use]
    pub fn next_deadline(&self, state: &State) -> Option<UnixTime> {
        let settings = self.operator.settings();
        let first = state.silent().next().and_then(|(accepted, _)| accepted.checked_add_secs(settings.first_notice_secs));
        let last = state.open().next().and_then(|(accepted, _)| accepted.checked_add_secs(settings.final_notice_secs));
        let owed = state.owed().next().map(|(at, ..)| at);
        [first, last, owed].into_iter().flatten().min()
    }

    /// Writes the notices that are due, at most [`Settings::batch`](super::Settings::batch) of them, for those who have waited longest: run it
    /// again while [`Timeouts::next_deadline`] has passed.
    ///
    /// Senders get a notice for each recipient (`preavviso-errore-consegna`, RFC 6109 §3.1.6): whoever has waited for the final one gets
    /// no first one before it. Then come the virus detections that the incoming point has left (§3.2.3). What the message in question
    /// leaves no room for is given up, with a record in the log, so that no message keeps the others waiting.
    ///
    /// # Errors
    /// [`ProviderError::NotValid`] when something is due and the certificate is not valid at this time, [`ProviderError::Compose`] when it cannot sign by
    /// the scheme that is asked for. What is due stays due.
    pub fn run(&self, state: &State, entropy: &Entropy, now: Timestamp) -> Result<Pending, ProviderError> {
        let settings = self.operator.settings();
        let mut plan = Plan::new(self.operator, entropy.pec_id(self.operator.host()), now);
        let is_due = |accepted: UnixTime, secs| accepted.checked_add_secs(secs).is_some_and(|due| due <= now.instant());
        // Each message that is looked at has a recipient to tell of, so no more are looked at than notices written.
        let last = state.open().take_while(|(accepted, _)| is_due(*accepted, settings.final_notice_secs)).flat_map(|(_, sent)| {
            let open = sent.recipients().filter(|(_, fate)| fate.stage.is_open());
            open.map(move |(recipient, _)| (Notice::Final, sent, recipient))
        });
        let first = state.silent().take_while(|(accepted, _)| is_due(*accepted, settings.first_notice_secs));
        // Those got their final notice just now.
        let first = first.skip_while(|(accepted, _)| is_due(*accepted, settings.final_notice_secs)).flat_map(|(_, sent)| {
            let silent = sent.recipients().filter(|(_, fate)| fate.is_silent());
            silent.map(move |(recipient, _)| (Notice::First, sent, recipient))
        });
        let mut written = 0_usize;
        for ((notice, sent, recipient), count) in last.chain(first).take(settings.batch).zip(0..) {
            self.notice(&mut plan, notice, sent, recipient, &entropy.derive("timeout-notice", count), now)?;
            written = written.saturating_add(1);
        }
        for ((_, delivery, arrival), count) in state.owed().take(settings.batch.saturating_sub(written)).zip(0..) {
            virus_detection(&mut plan, self.operator, delivery, arrival, &entropy.derive("virus-detection", count), now)?;
        }
        Ok(plan.finish())
    }

    fn notice(
        &self,
        plan: &mut Plan<'_>,
        notice: Notice,
        sent: &Followed,
        recipient: &Address,
        entropy: &Entropy,
        now: Timestamp,
    ) -> Result<(), ProviderError> {
        let (identity, transaction) = (self.operator.identity(), sent.envelope().transaction());
        // RFC 3463 §3.5, a passing and a lasting failure. By 5.4.1 readers know the final notice.
        let (event, status, text) = match notice {
            Notice::First => (Event::FirstNoticeIssued, "4.4.1", "nessun riscontro dal gestore del destinatario"),
            Notice::Final => (Event::FinalNoticeIssued, "5.4.1", "tempo massimo superato"),
        };
        let reason = self.operator.extended_error(status, text);
        let note = reason.as_ref().map_or("", ExtendedError::raw).into();
        let facts = DeliveryTimeout::new(transaction.told_by(identity.provider(), now), recipient.clone(), reason);

        plan.about(transaction.id());
        let written = || Ok(Draft::delivery_timeout(identity, &facts, entropy)?);
        match self.operator.speaks_for(transaction.sender().domain()).and_then(|()| written()) {
            Ok(draft) => {
                let record = LogRecord { recipients: vec![recipient.clone()], note, ..plan.record_on(event, transaction) };
                plan.issue(record, draft, transaction.sender())?;
            }
            Err(error) => plan.cannot_write(transaction, recipient, &error),
        }
        let (id, recipient) = (transaction.id().clone(), recipient.clone());
        plan.change(match notice {
            Notice::First => Change::Delayed { id, recipient },
            Notice::Final => Change::Heard { id, recipients: vec![recipient], stage: Stage::TimedOut },
        });
        Ok(())
    }
}
