//! Judging messages and saying what came out.

use std::sync::LazyLock;

use postacert::{
    AcceptedIssuers, Check, CheckState, Checks, Crl, Directory, Message, MessageClass, Outcome, Policy, Report, UnixTime, VerificationTime,
    Verifier, VerifierBuilder,
};

use crate::fixtures::{at, certificates, read, verifier};

/// A code and its sentence.
pub(crate) type Said = (&'static str, String);

/// What a report says, owned, so that a test can make its message on the spot.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Judged {
    pub(crate) outcome: Outcome,
    pub(crate) class: MessageClass,
    pub(crate) checks: Checks,
    pub(crate) reasons: Vec<(Check, &'static str, String)>,
    pub(crate) findings: Vec<Said>,
    /// The certification data as they were proven, in XML.
    pub(crate) proven: Option<String>,
}

impl Judged {
    pub(crate) fn of(report: &Report<'_>) -> Self {
        Self {
            outcome: report.outcome(),
            class: report.class(),
            checks: *report.checks(),
            reasons: report.reasons().iter().map(|reason| (reason.check(), reason.code(), reason.to_string())).collect(),
            findings: report.findings().iter().map(|finding| (finding.code(), finding.to_string())).collect(),
            proven: report.verified().and_then(|content| content.value().data()).map(postacert::CertificationData::to_xml),
        }
    }

    pub(crate) fn summary(&self) -> (Outcome, MessageClass) {
        (self.outcome, self.class)
    }

    /// Passed, certified, and nothing noticed.
    #[track_caller]
    pub(crate) fn clean(&self) {
        assert_eq!((self.summary(), &self.findings[..]), ((Outcome::Passed, MessageClass::Certified), &[][..]), "{self:#?}");
    }

    /// Passed, certified, and with a finding of this code, whose sentence is given back.
    #[track_caller]
    pub(crate) fn flagged(&self, code: &str) -> &str {
        assert_eq!(self.summary(), (Outcome::Passed, MessageClass::Certified), "{self:#?}");
        self.finding(code)
    }

    #[track_caller]
    pub(crate) fn finding(&self, code: &str) -> &str {
        let found = self.findings.iter().find(|(found, _)| *found == code);
        &found.unwrap_or_else(|| panic!("no finding {code}: {self:#?}")).1
    }

    pub(crate) fn has_finding(&self, code: &str) -> bool {
        self.findings.iter().any(|(found, _)| *found == code)
    }

    /// Failed in this check for the reason of this code, whose sentence is given back.
    #[track_caller]
    pub(crate) fn failed(&self, check: Check, code: &str) -> &str {
        assert_eq!((self.outcome, self.checks.get(check)), (Outcome::Failed, CheckState::Bad), "{self:#?}");
        self.reason(check, code)
    }

    /// Indeterminate in this check for the reason of this code, whose sentence is given back.
    #[track_caller]
    pub(crate) fn undecided(&self, check: Check, code: &str) -> &str {
        assert_eq!((self.outcome, self.checks.get(check)), (Outcome::Indeterminate, CheckState::Unknown), "{self:#?}");
        self.reason(check, code)
    }

    #[track_caller]
    pub(crate) fn reason(&self, check: Check, code: &str) -> &str {
        let found = self.reasons.iter().find(|reason| (reason.0, reason.1) == (check, code));
        &found.unwrap_or_else(|| panic!("no reason {code} of {check}: {self:#?}")).2
    }
}

/// Judges as `index.tsv` says: with directory, anchor, revocation lists, the default policy, the time of `at.txt` as asserted.
pub(crate) fn judge(raw: &[u8]) -> Judged {
    static VERIFIER: LazyLock<Verifier> = LazyLock::new(verifier);
    judge_with(&VERIFIER, at(), raw)
}

pub(crate) fn judge_with(verifier: &Verifier, time: VerificationTime, raw: &[u8]) -> Judged {
    let message = Message::parse(raw).unwrap();
    Judged::of(&verifier.verify(&message, time))
}

/// Judges a fixture.
pub(crate) fn judge_file(name: &str) -> Judged {
    judge(&read(name))
}

pub(crate) fn directory() -> Directory {
    Directory::from_ldif(&read("directory/directory.ldif")).unwrap()
}

pub(crate) fn crls(names: &[&str]) -> Vec<Crl> {
    names.iter().flat_map(|name| Crl::from_pem_or_der(&read(name)).unwrap()).collect()
}

/// The directory, the anchor and the intermediate, without revocation lists.
pub(crate) fn both() -> VerifierBuilder {
    anchored().directory(directory())
}

/// The anchor and the intermediate; the fixtures' authority bears the name of the real one.
pub(crate) fn anchored() -> VerifierBuilder {
    Verifier::builder()
        .anchors(certificates("pki/root.pem"))
        .intermediates(certificates("pki/issuing.pem"))
        .accepted_issuers(AcceptedIssuers::known())
}

/// The directory alone.
pub(crate) fn listed() -> VerifierBuilder {
    Verifier::builder().directory(directory())
}

pub(crate) fn with_policy(policy: Policy) -> Verifier {
    both().crls(crls(&["pki/root.crl", "pki/issuing.crl"])).policy(policy).build().unwrap()
}

pub(crate) fn instant(text: &str) -> UnixTime {
    text.parse().unwrap()
}
