//! What is not certified: irregular messages of providers, and ordinary mail (RFC 6109 §2.2.2, §3.2.2).

use super::{About, Reception, deliver, too_large};
use crate::address::Address;
use crate::compose::{ComposeError, Draft, Received};
use crate::finding::Check;
use crate::ident::PecId;
use crate::language::Language;
use crate::provider::log::{Event, LogRecord};
use crate::provider::output::SmtpReply;
use crate::provider::pending::Plan;
use crate::provider::state::{Change, Due};
use crate::provider::{OrdinaryMail, Pending, ProviderError, VirusVerdict, clipped};
use crate::verify::{CheckState, MessageClass, Report};

/// Where a mail comes from that is not certified (RFC 6109 §2.2.2).
#[derive(Debug, Clone, Copy)]
pub(super) enum Origin<'p> {
    /// From this PEC provider: the signature is there, is that provider's, and is valid.
    Provider(&'p str),
    /// From elsewhere, as far as is known.
    Ordinary,
}

impl<'p> Origin<'p> {
    pub(super) fn of(report: &'p Report<'_>) -> Self {
        const ORIGIN: [Check; 5] = [Check::Structure, Check::Signature, Check::Chain, Check::Time, Check::Revocation];
        let doubtful = |check: Check| matches!(report.checks().get(check), CheckState::Unknown | CheckState::Bad);
        if report.class() == MessageClass::Ordinary || ORIGIN.into_iter().any(doubtful) {
            return Self::Ordinary;
        }
        Self::Provider(report.signer().and_then(|signer| signer.provider()).unwrap_or_default())
    }

    fn provider(self) -> &'p str {
        match self {
            Self::Provider(provider) => provider,
            Self::Ordinary => "",
        }
    }
}

/// Why it is not certified.
pub(super) fn reason(report: &Report<'_>) -> String {
    match report.reasons().first() {
        Some(reason) if reason.code() != "not-pec" => clipped(&reason.in_language(Language::Italian)),
        _ => "messaggio di posta ordinaria".into(),
    }
}

impl<'a> Reception<'_, 'a> {
    /// All of it, for all recipients.
    pub(super) fn not_certified(&self, origin: Origin<'_>, reason: &str) -> Result<Pending, ProviderError> {
        let (again, fresh) = self.sift(&self.key(), self.rcpt_to.clone());
        let id = self.minted();
        let about = self.claimed(&id, origin.provider());
        let note = self.message_id.as_deref().unwrap_or_default();
        let mut plan = self.plan(id.clone());
        if fresh.is_empty() {
            self.log_reception(&mut plan, about, note, &fresh, &again);
            return Ok(plan.finish());
        }
        let ordinary = self.operator.settings().ordinary_mail;
        match (self.arrived.virus, origin, ordinary) {
            (VirusVerdict::Infected(virus), Origin::Ordinary, _) => {
                self.log_reception(&mut plan, about, note, &fresh, &again);
                plan.log(LogRecord { note: virus.into(), ..about.record(&plan, Event::ArrivalDiscarded, &fresh) });
            }
            (VirusVerdict::Infected(virus), Origin::Provider(_), _) => {
                self.log_reception(&mut plan, about, note, &fresh, &again);
                self.store(&mut plan, about, &fresh, virus);
                self.done_with(&mut plan, &id, &fresh);
            }
            (VirusVerdict::Clean, Origin::Ordinary, OrdinaryMail::Refuse) => {
                return Ok(self.refuse(SmtpReply::new(550, "5.7.1", "ordinary mail is not accepted"), reason));
            }
            (VirusVerdict::Clean, ..) => {
                let draft = match self.enclose(&fresh, reason) {
                    Ok(draft) => draft,
                    Err(error) => return Ok(self.cannot_enclose(&error)),
                };
                self.log_reception(&mut plan, about, note, &fresh, &again);
                self.deliver_enclosed(&mut plan, about, draft, &fresh, reason)?;
            }
        }
        Ok(plan.finish())
    }

    /// The anomaly envelope around the mail.
    pub(super) fn enclose(&self, recipients: &[Address], reason: &str) -> Result<Draft<'a>, ComposeError> {
        let received = Received { mail_from: self.arrived.mail_from, rcpt_to: recipients, when: self.now, reason };
        Draft::anomaly_envelope(self.operator.identity(), &received, self.arrived.message, &self.entropy.derive("anomaly", 0))
    }

    pub(super) fn deliver_enclosed(
        &self,
        plan: &mut Plan<'_>,
        about: About<'_>,
        draft: Draft<'a>,
        recipients: &[Address],
        reason: &str,
    ) -> Result<(), ProviderError> {
        let message = plan.write(LogRecord { note: reason.into(), ..about.record(plan, Event::AnomalyIssued, recipients) }, draft)?;
        deliver(plan, &message, self.key(), recipients);
        let arrival = self.arrival(about.id, recipients, &self.awaited(Due::Nothing));
        plan.change(Change::Arrived { message: self.key(), arrival });
        Ok(())
    }

    /// The mail is known for these recipients, and nothing of it is to be delivered.
    pub(super) fn done_with(&self, plan: &mut Plan<'_>, transaction: &PecId, recipients: &[Address]) {
        let arrival = self.arrival(transaction, recipients, &self.over());
        plan.change(Change::Arrived { message: self.key(), arrival });
    }

    /// What cannot be handed on is given back.
    pub(super) fn cannot_enclose(&self, error: &ComposeError) -> Pending {
        let reply = match error {
            ComposeError::Original { .. } | ComposeError::HeaderTooLong { .. } => too_large(),
            _ => SmtpReply::new(554, "5.6.0", "the message cannot be enclosed"),
        };
        self.refuse(reply, &clipped(&error.in_language(Language::Italian)))
    }
}
