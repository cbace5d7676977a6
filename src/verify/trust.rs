//! The signer's certificate: is it a provider's, and was it good at the time that counts (R18, R22, R24, R25, R27)?

use core::cell::RefCell;
use std::sync::Arc;

use super::judge::Judge;
use super::memo::Link;
use super::policy::{Leniency, RevocationDemand, TimeBasis, VerificationTime};
use super::signature::Signed;
use super::{CheckState, Verifier};
use crate::crypto::{AlgorithmError, Algorithms, DigestAlgorithm, PreparedKey, SignatureScheme};
use crate::directory::Listing;
use crate::finding::{Check, FindingKind, Weakness};
use crate::time::UnixTime;
use crate::x509::{
    Certificate, Crl, Judgement, OutOfTime, PathError, Pool, PublicKeyFacts, Revocation, RevocationGap, Search, Severity, check_signature,
    out_of_time, profile, revocation_status,
};

/// Which certificate authorities are accepted as issuing PEC certificates, where trust comes from anchors alone.
///
/// A public root vouches for many authorities, and most of them issue mail certificates to anybody. So the authority that issued the signer's
/// certificate must be one that is known to issue to PEC providers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AcceptedIssuers {
    known: bool,
    pinned: Vec<Certificate>,
}

/// Organization and common name of the authorities that have issued PEC certificates.
const KNOWN: [(&str, &str); 2] = [("Agenzia per l'Italia Digitale", "AgID CA1"), ("DigitPA", "DigitPA CA1")];

impl Default for AcceptedIssuers {
    fn default() -> Self {
        Self::known()
    }
}

impl AcceptedIssuers {
    /// The authorities known to have issued PEC certificates, by name: "AgID CA1" of Agenzia per l'Italia Digitale (since 2017) and "DigitPA CA1"
    /// of DigitPA (before). The name counts only on a certificate whose path reaches an anchor.
    #[must_use]
    pub fn known() -> Self {
        Self { known: true, pinned: Vec::new() }
    }

    /// These authorities only, each known by its subject and public key: a cross-certificate of the same authority is the same authority.
    #[must_use]
    pub fn pinned(certificates: impl IntoIterator<Item = Certificate>) -> Self {
        Self { known: false, pinned: certificates.into_iter().collect() }
    }

    /// Whether this certificate is one of theirs.
    fn accepts(&self, issuer: &Certificate) -> bool {
        let known = self.known && KNOWN.iter().any(|(organization, name)| issuer.is_named(organization, name));
        known || self.pinned.iter().any(|pinned| pinned.subject_key() == issuer.subject_key() && pinned.spki() == issuer.spki())
    }
}

/// Signatures that were found to hold: of a certificate or a revocation list, under an issuer's certificate.
type Links = RefCell<Vec<Link>>;

impl Verifier {
    /// Checks the signer's certificate. Gives the path it was trusted by, if it was.
    pub(super) fn check_trust(
        &self,
        signed: &Signed,
        time: VerificationTime,
        at: Option<UnixTime>,
        judge: &mut Judge,
    ) -> Option<Vec<Certificate>> {
        let certificate = signed.signer.as_ref()?.certificate();
        let listing = self.directory.as_ref().map(|directory| directory.lookup(certificate));
        self.check_listing(certificate, listing.as_ref(), judge);
        let algorithms = self.algorithms.as_deref()?;
        // Without a time of its own the search prefers the paths of the signer's first day: one must be chosen to prefer any.
        let preferred = at.unwrap_or_else(|| certificate.not_before());
        let links = RefCell::new(Vec::new());
        let path = if self.anchors.is_empty() {
            Some(vec![certificate.clone()])
        } else {
            match self.find_path(certificate, &signed.others, algorithms, preferred, &links) {
                Ok(path) => Some(path),
                Err(error) => {
                    judge.bad(Check::Chain, path_finding(error));
                    None
                }
            }
        };
        let looked_at = path.as_deref().unwrap_or(core::slice::from_ref(certificate));
        self.check_strength(looked_at, judge);
        if !self.anchors.is_empty() {
            judge.good(Check::Chain);
        }
        self.check_time(looked_at, time, at, judge);
        self.check_revocation(looked_at, &signed.others, algorithms, at, &links, judge);
        let path = path?;
        if judge.state(Check::Chain) != CheckState::Bad {
            self.remember(&path, &links.into_inner(), signed.key.as_ref(), algorithms);
        }
        Some(path)
    }

    /// Is the certificate listed, and is its profile a provider's?
    fn check_listing(&self, certificate: &Certificate, listing: Option<&Listing<'_>>, judge: &mut Judge) {
        match listing {
            Some(Listing::None) => judge.bad(Check::Chain, FindingKind::NotListed { subject: certificate.subject().into() }),
            Some(Listing::Conflict(providers)) => {
                let names: Vec<_> = providers.iter().map(|p| p.name()).collect();
                judge.bad(Check::Chain, FindingKind::ListedTwice { providers: names.join(", ").into() });
            }
            Some(_) => {}
            None => {
                if !certificate.extensions().has_pec_policy() {
                    judge.bad(Check::Chain, FindingKind::NoPecPolicy);
                }
            }
        }
        let provider = listing.and_then(Listing::provider).map(|p| p.main_name());
        for (problem, severity) in profile(certificate, provider) {
            let leniency = match severity {
                Severity::Fatal => Leniency::Refuse,
                Severity::Strict | Severity::Note => self.policy.profile,
            };
            judge.weak(leniency, Check::Chain, FindingKind::Profile { problem });
        }
    }

    fn find_path(
        &self,
        certificate: &Certificate,
        embedded: &[Certificate],
        algorithms: &dyn Algorithms,
        at: UnixTime,
        links: &Links,
    ) -> Result<Vec<Certificate>, PathError> {
        let embedded: Pool = embedded.iter().cloned().collect();
        let check = |child: &Certificate, issuer: &Certificate| {
            if !self.memo.holds(child.sha256(), issuer.sha256()) {
                let key = self.memo.key(issuer, algorithms)?;
                check_signature(algorithms, &*key, child.signature_algorithm(), child.tbs(), child.signature())?;
            }
            links.borrow_mut().push((*child.sha256(), *issuer.sha256()));
            Ok(())
        };
        let judge_path = |path: &[Certificate]| {
            let issuer = path.get(1);
            if self.directory.is_none() && !issuer.is_some_and(|issuer| self.issuers.accepts(issuer)) {
                let issuer = issuer.map_or("", Certificate::subject).into();
                return Judgement::Refuse(PathError::IssuerNotAccepted { issuer });
            }
            let revoked = links_of(path)
                .any(|(child, issuer)| matches!(self.revocation(child, issuer, algorithms, at, links), Revocation::Revoked { .. }));
            if revoked { Judgement::Worse(1) } else { Judgement::Accept }
        };
        let search = Search {
            anchors: &self.anchors,
            intermediates: &[&embedded, &self.intermediates],
            limits: &self.limits,
            at,
            check: &check,
            judge: &judge_path,
        };
        Ok(search.run(certificate)?.certificates)
    }

    /// R25: certificates signed with SHA-1, short RSA keys. An anchor is trusted for itself, its own signature proves nothing to anybody.
    fn check_strength(&self, path: &[Certificate], judge: &mut Judge) {
        for (index, certificate) in path.iter().enumerate() {
            let is_anchor = index > 0 && index.saturating_add(1) == path.len();
            if !is_anchor {
                match certificate.signed_with().map(SignatureScheme::digest) {
                    Ok(DigestAlgorithm::Sha1) => self.weak(certificate, Weakness::Sha1Signature, judge),
                    Err(AlgorithmError::Broken { name }) => judge.bad(Check::Chain, FindingKind::BrokenAlgorithm { name: name.into() }),
                    Ok(_) | Err(_) => {}
                }
            }
            if let PublicKeyFacts::Rsa { bits } = *certificate.public_key()
                && bits < STRONG_RSA_BITS
            {
                self.weak(certificate, Weakness::ShortRsaKey { bits }, judge);
            }
        }
    }

    fn weak(&self, certificate: &Certificate, weakness: Weakness, judge: &mut Judge) {
        let finding = FindingKind::WeakAlgorithm { subject: certificate.subject().into(), weakness };
        judge.weak(self.policy.weak_certificate, Check::Chain, finding);
    }

    /// The first three rows of R24.
    fn check_time(&self, path: &[Certificate], time: VerificationTime, at: Option<UnixTime>, judge: &mut Judge) {
        let Some(at) = at else { return judge.unknown(Check::Time, FindingKind::NoCertificationTime) };
        let OutOfTime { expired, not_yet_valid } = out_of_time(path, at);
        if let Some(certificate) = expired {
            let (subject, not_after) = (certificate.subject().into(), certificate.not_after().to_string().into());
            judge.unknown(Check::Time, FindingKind::Expired { subject, not_after });
        }
        if let Some(certificate) = not_yet_valid {
            let (subject, not_before) = (certificate.subject().into(), certificate.not_before().to_string().into());
            let finding = FindingKind::NotYetValid { subject, not_before };
            match time.basis() {
                TimeBasis::Now | TimeBasis::Timestamp | TimeBasis::Archive => judge.bad(Check::Time, finding),
                TimeBasis::Asserted | TimeBasis::Certification => judge.unknown(Check::Time, finding),
            }
        }
        if time.basis() == TimeBasis::Certification {
            judge.weak(self.policy.certification_time, Check::Time, FindingKind::SelfAssertedTime);
        }
        judge.good(Check::Time);
    }

    /// The last rows of R24, from the caller's revocation lists (R27).
    fn check_revocation(
        &self,
        path: &[Certificate],
        embedded: &[Certificate],
        algorithms: &dyn Algorithms,
        at: Option<UnixTime>,
        links: &Links,
        judge: &mut Judge,
    ) {
        let (Some(at), Some(leaf)) = (at, path.first()) else { return };
        // With a directory alone no path was sought, but the signer's issuer may be at hand, and its word against a certificate counts.
        let issuer_at_hand = if path.len() == 1 && !self.crls.is_empty() { self.issuer_at_hand(leaf, embedded, algorithms) } else { None };
        let mut all_good = true;
        for (child, issuer) in links_of(path).chain(issuer_at_hand.iter().map(|issuer| (leaf, issuer))) {
            let subject = || child.subject().into();
            match self.revocation(child, issuer, algorithms, at, links) {
                Revocation::Good => {}
                Revocation::Revoked { date } => {
                    let date = date.to_string().into();
                    judge.unknown(Check::Revocation, FindingKind::Revoked { subject: subject(), date });
                }
                Revocation::RevokedLater { date } => {
                    judge.note(FindingKind::RevokedLater { subject: subject(), date: date.to_string().into() });
                }
                Revocation::NotChecked { why } => {
                    all_good = false;
                    if self.policy.revocation == RevocationDemand::Always {
                        judge.unknown(Check::Revocation, FindingKind::RevocationUnknown { subject: subject(), why });
                    }
                }
            }
        }
        let looked_at_any = path.len() > 1 || issuer_at_hand.is_some();
        if looked_at_any && all_good {
            judge.good(Check::Revocation);
        } else if !looked_at_any && self.policy.revocation == RevocationDemand::Always {
            let (subject, why) = (leaf.subject().into(), RevocationGap::NoIssuer);
            judge.unknown(Check::Revocation, FindingKind::RevocationUnknown { subject, why });
        }
    }

    fn issuer_at_hand(&self, leaf: &Certificate, embedded: &[Certificate], algorithms: &dyn Algorithms) -> Option<Certificate> {
        let candidates = embedded.iter().chain(self.intermediates.certificates());
        let by_name = candidates.filter(|issuer| issuer.subject_key() == leaf.issuer_key()).take(self.limits.chain_signatures);
        by_name.into_iter().find(|issuer| crate::x509::link(algorithms, leaf, issuer).is_ok()).cloned()
    }

    fn revocation(
        &self,
        child: &Certificate,
        issuer: &Certificate,
        algorithms: &dyn Algorithms,
        at: UnixTime,
        links: &Links,
    ) -> Revocation {
        let check = |list: &Crl, issuer: &Certificate| {
            if !self.memo.holds(list.sha256(), issuer.sha256()) {
                let key = self.memo.key(issuer, algorithms)?;
                check_signature(algorithms, &*key, list.signature_algorithm(), list.tbs(), list.signature())?;
            }
            links.borrow_mut().push((*list.sha256(), *issuer.sha256()));
            Ok(())
        };
        revocation_status(&self.crls, child, issuer, at, &check)
    }

    /// Remembers the path, and of the signatures that held those of its issuers.
    fn remember(&self, path: &[Certificate], links: &[Link], key: Option<&Arc<dyn PreparedKey>>, algorithms: &dyn Algorithms) {
        let mut certificates = Vec::with_capacity(path.len());
        for (index, certificate) in path.iter().enumerate() {
            let key = if index == 0 { key.cloned() } else { self.memo.key(certificate, algorithms).ok() };
            certificates.push((certificate.clone(), key));
        }
        let of_path = |link: &&Link| path.iter().skip(1).any(|issuer| *issuer.sha256() == link.1);
        let links: Vec<Link> = links.iter().filter(of_path).copied().collect();
        self.memo.remember(&certificates, &links);
    }
}

/// RSA keys below this are weak (R25). Providers' are of 2,048 bits since 2017.
const STRONG_RSA_BITS: usize = 2048;

fn links_of(path: &[Certificate]) -> impl Iterator<Item = (&Certificate, &Certificate)> {
    path.iter().zip(path.iter().skip(1))
}

fn path_finding(error: PathError) -> FindingKind {
    match error {
        PathError::IssuerNotAccepted { issuer } => FindingKind::IssuerNotAccepted { issuer },
        error => FindingKind::NoPath { error },
    }
}
