//! Gathers what the checks come to, and folds it into an outcome and a class (R33).

use super::Verifier;
use super::report::{CheckState, Checks, MessageClass, Outcome, Reason};
use crate::finding::{Check, Finding};
use crate::message::Message;
use crate::verify::policy::{Leniency, RevocationDemand};

/// The state of a verification under way.
#[derive(Debug)]
pub(super) struct Judge {
    checks: Checks,
    bad: Vec<Reason>,
    unknown: Vec<Reason>,
    findings: Vec<Finding>,
}

impl Judge {
    pub(super) fn new(findings: &[Finding]) -> Self {
        Self { checks: Checks::default(), bad: Vec::new(), unknown: Vec::new(), findings: findings.to_vec() }
    }

    /// The check holds, unless something else was already said of it.
    pub(super) fn good(&mut self, check: Check) {
        let state = self.checks.get_mut(check);
        if *state == CheckState::NotChecked {
            *state = CheckState::Good;
        }
    }

    /// The check does not hold.
    pub(super) fn bad(&mut self, check: Check, finding: impl Into<Finding>) {
        *self.checks.get_mut(check) = CheckState::Bad;
        self.bad.push(Reason::new(check, finding.into()));
    }

    /// The check cannot be decided.
    pub(super) fn unknown(&mut self, check: Check, finding: impl Into<Finding>) {
        let state = self.checks.get_mut(check);
        if *state != CheckState::Bad {
            *state = CheckState::Unknown;
        }
        self.unknown.push(Reason::new(check, finding.into()));
    }

    /// Something worth saying that decides nothing.
    pub(super) fn note(&mut self, finding: impl Into<Finding>) {
        self.findings.push(finding.into());
    }

    /// Something weak: what becomes of it is the policy's to say.
    pub(super) fn weak(&mut self, leniency: Leniency, check: Check, finding: impl Into<Finding>) {
        match leniency {
            Leniency::Accept => self.note(finding),
            Leniency::Doubt => self.unknown(check, finding),
            Leniency::Refuse => self.bad(check, finding),
        }
    }

    pub(super) fn state(&self, check: Check) -> CheckState {
        self.checks.get(check)
    }

    /// Is it multipart/signed of two parts, framed without ambiguity where that is fatal: at the root, the signature part and the signed
    /// multipart with its direct children (R1, R17)?
    pub(super) fn structure(&mut self, message: &Message<'_>) {
        if let Err(error) = message.signed() {
            self.bad(Check::Structure, error.finding().clone());
        }
        if message.root().is("multipart", "signed") {
            let signed = message.signed_entity();
            let fatal = [Some(message.root()), message.signature_entity(), signed];
            for entity in fatal.into_iter().flatten().chain(signed.iter().flat_map(|signed| signed.children())) {
                for finding in entity.ambiguities() {
                    self.findings.retain(|noted| noted != finding);
                    self.bad(Check::Structure, finding.clone());
                }
            }
        }
        self.good(Check::Structure);
    }

    /// R33.
    pub(super) fn outcome(&self, verifier: &Verifier) -> Outcome {
        use CheckState::{Bad, Good, NotChecked, Unknown};
        if self.checks.iter().any(|(_, state)| state == Bad) {
            return Outcome::Failed;
        }
        let listed_alone = verifier.directory.is_some() && verifier.anchors.is_empty();
        let anchored_alone = verifier.directory.is_none();
        let holds = |check: Check| match (check, self.checks.get(check)) {
            (_, Good) => true,
            (_, Unknown | Bad) => false,
            (Check::Chain, NotChecked) => listed_alone,
            (Check::Authority, NotChecked) => anchored_alone,
            (Check::Revocation, NotChecked) => verifier.policy.revocation == RevocationDemand::WhereKnown,
            (_, NotChecked) => false,
        };
        if Check::ALL.into_iter().all(holds) { Outcome::Passed } else { Outcome::Indeterminate }
    }

    /// RFC 6109 §2.2.2: existence, origin and validity of the signature, then the form.
    pub(super) fn class(&self, anomaly: bool) -> MessageClass {
        use CheckState::{Bad, NotChecked};
        let not_bad = |check| self.checks.get(check) != Bad;
        let made = |check| not_bad(check) && self.checks.get(check) != NotChecked;
        let origin =
            made(Check::Structure) && made(Check::Signature) && not_bad(Check::Chain) && not_bad(Check::Time) && not_bad(Check::Revocation);
        let form = not_bad(Check::Authority) && made(Check::Content);
        match (origin, form, anomaly) {
            (false, _, _) => MessageClass::Ordinary,
            (true, false, _) => MessageClass::Irregular,
            (true, true, true) => MessageClass::Anomaly,
            (true, true, false) => MessageClass::Certified,
        }
    }

    /// The checks, the reasons with the weightiest first (bad before unknown, then in the order of the checks), the findings.
    pub(super) fn into_parts(self) -> (Checks, Vec<Reason>, Vec<Finding>) {
        let (mut reasons, mut unknown) = (self.bad, self.unknown);
        reasons.sort_by_key(Reason::check);
        unknown.sort_by_key(Reason::check);
        reasons.append(&mut unknown);
        (self.checks, reasons, self.findings)
    }
}
