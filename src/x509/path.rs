//! Certification paths (RFC 5280 §6): from a signer's certificate to an anchor, whatever else lies in the pile.
//!
//! The search goes depth first with budgets and without recursion, the likeliest issuer first. It looks at everything that does not depend
//! on time: an expired certificate does not stop a path here, since what that means depends on why the time is known. Time, revocation and
//! the accepted CAs come in through [`Search::judge`], which can refuse a path or have the search go on for a better one.

use core::cmp::Reverse;
use std::collections::{HashMap, HashSet};

use super::Certificate;
use super::constraints::{COMPARISONS, NameRule, Objection};
use super::facts::KeyPurposes;
use super::link::{LinkError, Uncheckable};
use crate::crypto::{AlgorithmError, KeyError};
use crate::limits::Limits;
use crate::time::UnixTime;

/// Certificates by the name of their subject, each once.
#[derive(Debug, Default)]
pub(crate) struct Pool {
    certificates: Vec<Certificate>,
    by_subject: HashMap<Box<[u8]>, Vec<usize>>,
    known: HashSet<[u8; 32]>,
}

impl FromIterator<Certificate> for Pool {
    fn from_iter<I: IntoIterator<Item = Certificate>>(certificates: I) -> Self {
        let mut pool = Self::default();
        for certificate in certificates {
            if pool.known.insert(*certificate.sha256()) {
                pool.by_subject.entry(certificate.subject_key().into()).or_default().push(pool.certificates.len());
                pool.certificates.push(certificate);
            }
        }
        pool
    }
}

impl Pool {
    pub(crate) fn contains(&self, certificate: &Certificate) -> bool {
        self.known.contains(certificate.sha256())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.certificates.is_empty()
    }

    /// In the order in which they came, without duplicates.
    pub(crate) fn certificates(&self) -> &[Certificate] {
        &self.certificates
    }

    fn of_subject(&self, key: &[u8]) -> impl Iterator<Item = &Certificate> {
        self.by_subject.get(key).into_iter().flatten().filter_map(|index| self.certificates.get(*index))
    }
}

/// A search for a path.
pub(crate) struct Search<'s> {
    /// Where a path may end: any certificate, also one that is not signed by itself.
    pub(crate) anchors: &'s Pool,
    /// What may stand in between: the caller's and the message's, in order of preference.
    pub(crate) intermediates: &'s [&'s Pool],
    /// `chain_certificates` and `chain_signatures` are heeded.
    pub(crate) limits: &'s Limits,
    /// Paths whose issuers are all valid at this time are preferred; no path is refused for it.
    pub(crate) at: UnixTime,
    /// Whether the first certificate's signature holds under the second's key. Asked at most `chain_signatures` times.
    pub(crate) check: &'s dyn Fn(&Certificate, &Certificate) -> Result<(), LinkError>,
    /// What the caller thinks of a path that reached an anchor.
    pub(crate) judge: &'s dyn Fn(&[Certificate]) -> Judgement,
}

/// What a caller thinks of a path.
#[derive(Debug)]
pub(crate) enum Judgement {
    /// As good as any.
    Accept,
    /// It will do if there is no better one; the greater, the worse.
    Worse(u32),
    /// It will not do.
    Refuse(PathError),
}

/// A path: the signer's certificate first, the anchor last, each signed by the next.
#[derive(Debug, Clone)]
pub(crate) struct Path {
    pub(crate) certificates: Vec<Certificate>,
}

coded! {
    /// Why no path leads from a signer's certificate to an anchor: of all that was tried, what came closest.
    pub enum PathError {
        /// Nobody of the issuer's name is known.
        NoIssuerFound { subject: Box<str>, issuer: Box<str> } = "no-issuer-found",
            "the issuer of {subject} was not found: {issuer}",
            "non è stato trovato l'emittente di {subject}: {issuer}";
        /// The path ends in a certificate that signs itself and that the caller does not trust.
        UntrustedRoot { subject: Box<str> } = "untrusted-root",
            "{subject} is signed by itself and is not an anchor",
            "{subject} è firmato da sé stesso e non è un'autorità fidata";
        /// The signer's own certificate was given as an anchor. An anchor vouches for the certificates it signs, not for messages: a signer to
        /// be trusted for itself belongs in a directory.
        SignerIsAnchor { subject: Box<str> } = "signer-is-anchor",
            "{subject} is itself an anchor, and an anchor vouches for certificates, not for messages",
            "{subject} è esso stesso fra le autorità fidate, e un'autorità garantisce per i certificati, non per i messaggi";
        /// An issuer of the right name, whose key does not agree with the signature.
        SignatureMismatch { subject: Box<str>, issuer: Box<str> } = "certificate-signature-mismatch",
            "the signature of the certificate of {subject} does not hold under the key of {issuer}",
            "la firma del certificato di {subject} non regge con la chiave di {issuer}";
        /// A certificate is signed with MD5 or older.
        BrokenAlgorithm { subject: Box<str>, algorithm: Box<str> } = "certificate-broken-algorithm",
            "the certificate of {subject} is signed with {algorithm}, which is broken",
            "il certificato di {subject} è firmato con {algorithm}, che non è più sicuro";
        /// A certificate is signed in a way that is not supported.
        UnsupportedAlgorithm { subject: Box<str>, why: Uncheckable } = "certificate-unsupported-algorithm",
            "the signature of the certificate of {subject} cannot be checked: {why}",
            "la firma del certificato di {subject} non è verificabile: {why}";
        /// An issuer's key is refused.
        KeyRefused { subject: Box<str>, why: KeyError } = "issuer-key-refused",
            "the key of {subject} is refused: {why}",
            "la chiave di {subject} è rifiutata: {why}";
        /// The issuer is not a certificate authority.
        NotACa { subject: Box<str> } = "issuer-not-a-ca",
            "{subject} is not a certificate authority",
            "{subject} non è un'autorità di certificazione";
        /// The issuer's keyUsage lacks keyCertSign.
        MayNotSignCertificates { subject: Box<str> } = "issuer-may-not-sign",
            "the keyUsage of {subject} does not allow it to sign certificates",
            "il keyUsage di {subject} non gli consente di firmare certificati";
        /// The issuer's extKeyUsage is for other things than mail.
        NotForMail { subject: Box<str> } = "issuer-not-for-mail",
            "the extKeyUsage of {subject} does not allow certificates for mail",
            "l'extKeyUsage di {subject} non consente certificati per la posta";
        /// More certificate authorities lie below the issuer than its pathLenConstraint allows.
        PathLength { subject: Box<str>, allowed: u64, found: usize } = "issuer-path-length",
            "{subject} allows {allowed} certificate authorities below it, and there are {found}",
            "{subject} ammette sotto di sé {allowed} autorità di certificazione, e ce ne sono {found}";
        /// A critical extension of the issuer is not understood.
        UnknownCriticalExtension { subject: Box<str>, oid: Box<str> } = "issuer-unknown-critical-extension",
            "the critical extension {oid} of {subject} is not known",
            "l'estensione critica {oid} di {subject} non è conosciuta";
        /// An extension of the issuer stands twice.
        DuplicateExtension { subject: Box<str>, oid: Box<str> } = "issuer-duplicate-extension",
            "the extension {oid} of {subject} stands twice",
            "l'estensione {oid} di {subject} compare due volte";
        /// The issuer may not speak of a name below it.
        NameNotPermitted { issuer: Box<str>, name: Box<str>, constraint: NameRule } = "name-not-permitted",
            "{issuer} may not speak of {name} ({constraint})",
            "{issuer} non può garantire per {name} ({constraint})";
        /// A critical name constraint of a kind that is not understood.
        ConstraintNotUnderstood { issuer: Box<str>, subject: Box<str> } = "name-constraint-not-understood",
            "{issuer} constrains names of a kind that is not understood, and {subject} has such a name",
            "{issuer} pone sui nomi un vincolo di un genere sconosciuto, e {subject} ha un nome di quel genere";
        /// Without an accepted CA, any mailbox's certificate under a public root could sign (the caller's word).
        IssuerNotAccepted { issuer: Box<str> } = "issuer-not-accepted",
            "{issuer} is not accepted as issuing PEC certificates",
            "{issuer} non è fra gli emittenti accettati per i certificati PEC";
        /// The path is longer than the limit.
        ChainTooLong { limit: usize } = "chain-too-long",
            "the path has more than {limit} certificates",
            "il percorso ha più di {limit} certificati";
        /// So many certificates had to be tried that the search was given up.
        Budget { limit: usize } = "chain-budget",
            "no path was found by checking {limit} signatures",
            "nessun percorso è stato trovato verificando {limit} firme";
        /// So many names met so many constraints that the search was given up.
        ConstraintBudget = "name-constraint-budget",
            "too many names meet too many name constraints",
            "troppi nomi sono soggetti a troppi vincoli sui nomi";
    }
}

impl core::error::Error for PathError {}

/// A certificate to try as the issuer of the last one of the path.
struct Candidate<'s> {
    certificate: &'s Certificate,
    is_anchor: bool,
}

/// The issuers still to be tried for one certificate of the path, the likeliest last.
struct Frame<'s> {
    candidates: Vec<Candidate<'s>>,
    /// Keys that did not agree with the certificate's signature: another certificate with the same key would not either.
    wrong_keys: Vec<&'s [u8]>,
}

struct Progress {
    signatures: usize,
    comparisons: usize,
    best: Option<(Rank, Path)>,
    error: Option<(usize, u8, PathError)>,
}

/// How good a path is: the caller's word first, then whether all its issuers are valid at the time. Less is better.
type Rank = (u32, bool);

impl Progress {
    /// Keeps the error that came closest to an anchor, and of those the most telling.
    fn fail(&mut self, reached: usize, error: PathError) {
        let weight = match error {
            PathError::NoIssuerFound { .. } | PathError::UntrustedRoot { .. } => 0,
            PathError::SignatureMismatch { .. } => 1,
            _ => 2,
        };
        if self.error.as_ref().is_none_or(|(so_far, weight_so_far, _)| (reached, weight) > (*so_far, *weight_so_far)) {
            self.error = Some((reached, weight, error));
        }
    }
}

impl<'s> Search<'s> {
    /// Looks for the best path from `leaf` to an anchor. What the leaf itself must be like is the profile's matter, not looked at here.
    pub(crate) fn run(&self, leaf: &'s Certificate) -> Result<Path, PathError> {
        let mut progress = Progress { signatures: self.limits.chain_signatures, comparisons: COMPARISONS, best: None, error: None };
        let ended = self.search(leaf, &mut progress);
        if let Some((_, path)) = progress.best {
            return Ok(path);
        }
        ended?;
        let nothing = || PathError::NoIssuerFound { subject: leaf.subject().into(), issuer: leaf.issuer().into() };
        match progress.error {
            Some((1, 0, _)) if self.anchors.contains(leaf) => Err(PathError::SignerIsAnchor { subject: leaf.subject().into() }),
            Some((_, _, error)) => Err(error),
            None => Err(nothing()),
        }
    }

    /// An error is a budget that ran out.
    fn search(&self, leaf: &'s Certificate, progress: &mut Progress) -> Result<(), PathError> {
        let mut path = vec![leaf];
        let mut frames = vec![self.frame(&path, progress)];
        while let Some(frame) = frames.last_mut() {
            let Some(candidate) = frame.candidates.pop() else {
                frames.pop();
                path.pop();
                continue;
            };
            match self.link(&path, &candidate, frame, progress) {
                Ok(()) => {}
                Err(error @ (PathError::Budget { .. } | PathError::ConstraintBudget)) => return Err(error),
                Err(error) => {
                    progress.fail(path.len(), error);
                    continue;
                }
            }
            path.push(candidate.certificate);
            if candidate.is_anchor {
                if self.reached(&path, progress) {
                    return Ok(());
                }
                path.pop();
            } else {
                frames.push(self.frame(&path, progress));
            }
        }
        Ok(())
    }

    /// Takes a path that ends in an anchor; true when there can be no better one.
    fn reached(&self, path: &[&Certificate], progress: &mut Progress) -> bool {
        let path = Path { certificates: path.iter().map(|certificate| (*certificate).clone()).collect() };
        let worse = match (self.judge)(&path.certificates) {
            Judgement::Accept => 0,
            Judgement::Worse(worse) => worse,
            Judgement::Refuse(error) => {
                progress.fail(usize::MAX, error);
                return false;
            }
        };
        let out_of_time = path.certificates.iter().skip(1).any(|issuer| !self.is_valid(issuer));
        let rank = (worse, out_of_time);
        if progress.best.as_ref().is_none_or(|(best, _)| rank < *best) {
            progress.best = Some((rank, path));
        }
        rank == (0, false)
    }

    fn is_valid(&self, certificate: &Certificate) -> bool {
        certificate.not_before() <= self.at && self.at <= certificate.not_after()
    }

    /// The issuers that the last certificate of the path may have.
    fn frame(&self, path: &[&'s Certificate], progress: &mut Progress) -> Frame<'s> {
        let mut frame = Frame { candidates: Vec::new(), wrong_keys: Vec::new() };
        let Some(child) = path.last() else { return frame };
        if let Err(error) = usable_algorithm(child) {
            progress.fail(path.len(), error);
            return frame;
        }
        let name = child.issuer_key();
        let anchors = self.anchors.of_subject(name).map(|certificate| Candidate { certificate, is_anchor: true });
        let others = self.intermediates.iter().flat_map(|pool| pool.of_subject(name));
        let others =
            others.filter(|certificate| !self.anchors.contains(certificate)).map(|certificate| Candidate { certificate, is_anchor: false });
        // A name with the key it already has in the path would only lead round in a circle.
        let leads_on = |candidate: &Candidate<'_>| {
            !path
                .iter()
                .any(|below| below.spki() == candidate.certificate.spki() && below.subject_key() == candidate.certificate.subject_key())
        };
        frame.candidates = anchors.chain(others).filter(leads_on).collect();
        frame.candidates.sort_by_cached_key(|candidate| {
            let issuer = candidate.certificate;
            (!self.is_valid(issuer), key_id_disagreement(child, issuer), !candidate.is_anchor, Reverse(issuer.not_after()))
        });
        frame.candidates.reverse(); // they are taken from the end
        if frame.candidates.is_empty() {
            let subject = child.subject().into();
            let error = if child.is_self_issued() {
                PathError::UntrustedRoot { subject }
            } else {
                PathError::NoIssuerFound { subject, issuer: child.issuer().into() }
            };
            progress.fail(path.len(), error);
        }
        frame
    }

    /// Whether the candidate may, and did, issue the last certificate of the path.
    fn link(
        &self,
        path: &[&Certificate],
        candidate: &Candidate<'s>,
        frame: &mut Frame<'s>,
        progress: &mut Progress,
    ) -> Result<(), PathError> {
        let issuer = candidate.certificate;
        let limit = self.limits.chain_certificates;
        // A path that goes on needs room for its anchor too.
        let needed = path.len().saturating_add(if candidate.is_anchor { 1 } else { 2 });
        if needed > limit {
            return Err(PathError::ChainTooLong { limit });
        }
        may_issue(issuer, candidate.is_anchor)?;
        may_lie_above(issuer, path)?;
        permits_names(issuer, path, &mut progress.comparisons)?;

        let Some(child) = path.last() else { return Ok(()) };
        let mismatch = || PathError::SignatureMismatch { subject: child.subject().into(), issuer: issuer.subject().into() };
        if frame.wrong_keys.contains(&issuer.spki()) {
            return Err(mismatch());
        }
        progress.signatures = progress.signatures.checked_sub(1).ok_or(PathError::Budget { limit: self.limits.chain_signatures })?;
        (self.check)(child, issuer).map_err(|error| match error {
            LinkError::Mismatch => {
                frame.wrong_keys.push(issuer.spki());
                mismatch()
            }
            LinkError::Uncheckable(Uncheckable::Key { error: why }) => PathError::KeyRefused { subject: issuer.subject().into(), why },
            LinkError::Uncheckable(why) => PathError::UnsupportedAlgorithm { subject: child.subject().into(), why },
        })
    }
}

fn usable_algorithm(certificate: &Certificate) -> Result<(), PathError> {
    let subject = || certificate.subject().into();
    match certificate.signed_with() {
        Ok(_) => Ok(()),
        Err(AlgorithmError::Broken { name }) => Err(PathError::BrokenAlgorithm { subject: subject(), algorithm: name.into() }),
        Err(error) => Err(PathError::UnsupportedAlgorithm { subject: subject(), why: error.into() }),
    }
}

/// 0 where authority and subject key identifier agree, 1 where one is missing, 2 where they differ: a hint only (RFC 5280 §4.2.1.1 has it
/// help to find the issuer; CAs have got it wrong).
fn key_id_disagreement(child: &Certificate, issuer: &Certificate) -> u8 {
    match (&child.extensions().authority_key_id, &issuer.extensions().subject_key_id) {
        (Some(one), Some(other)) if one == other => 0,
        (Some(_), Some(_)) => 2,
        _ => 1,
    }
}

/// What an issuer must be, wherever it stands (RFC 5280 §6.1.4 k–o).
fn may_issue(issuer: &Certificate, is_anchor: bool) -> Result<(), PathError> {
    let extensions = issuer.extensions();
    let subject = || issuer.subject().into();
    if let Some(oid) = &extensions.duplicate {
        return Err(PathError::DuplicateExtension { subject: subject(), oid: oid.clone() });
    }
    if let Some(oid) = &extensions.unknown_critical {
        return Err(PathError::UnknownCriticalExtension { subject: subject(), oid: oid.clone() });
    }
    let is_ca = match extensions.basic_constraints {
        Some(constraints) => constraints.is_ca,
        // Before version 3 nobody could say so: then only the caller's own word makes it a CA.
        None => is_anchor && issuer.version() < 3,
    };
    if !is_ca {
        return Err(PathError::NotACa { subject: subject() });
    }
    if extensions.key_usage.is_some_and(|usage| !usage.certificate_sign) {
        return Err(PathError::MayNotSignCertificates { subject: subject() });
    }
    // RFC 5280 is silent on extKeyUsage of CAs; everybody (OpenSSL's S/MIME purpose, NSS, browsers) takes it as a constraint on what lies below.
    if matches!(extensions.key_purposes, Some(KeyPurposes::Other)) {
        return Err(PathError::NotForMail { subject: subject() });
    }
    Ok(())
}

/// pathLenConstraint: self-issued certificates and the signer's do not count (RFC 5280 §4.2.1.9).
fn may_lie_above(issuer: &Certificate, path: &[&Certificate]) -> Result<(), PathError> {
    let Some(allowed) = issuer.extensions().basic_constraints.and_then(|constraints| constraints.path_length) else { return Ok(()) };
    let found = path.iter().skip(1).filter(|below| !below.is_self_issued()).count();
    if u64::try_from(found).is_ok_and(|found| found <= allowed) {
        return Ok(());
    }
    Err(PathError::PathLength { subject: issuer.subject().into(), allowed, found })
}

/// Name constraints, those of an anchor too (RFC 5280 leaves that open; OpenSSL does the same).
fn permits_names(issuer: &Certificate, path: &[&Certificate], comparisons: &mut usize) -> Result<(), PathError> {
    let Some(constraints) = &issuer.extensions().name_constraints else { return Ok(()) };
    for (index, below) in path.iter().enumerate() {
        if index > 0 && below.is_self_issued() {
            continue; // RFC 5280 §6.1.3 b: a CA that rolls its key over does not name anybody new
        }
        constraints.check(below, comparisons).map_err(|objection| match objection {
            Objection::NotPermitted { name, constraint } => {
                PathError::NameNotPermitted { issuer: issuer.subject().into(), name, constraint }
            }
            Objection::NotUnderstood => {
                PathError::ConstraintNotUnderstood { issuer: issuer.subject().into(), subject: below.subject().into() }
            }
            Objection::Budget => PathError::ConstraintBudget,
        })?;
    }
    Ok(())
}

/// Which certificates of a path are out of their time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct OutOfTime<'c> {
    /// The first, from the signer's on, that had expired.
    pub(crate) expired: Option<&'c Certificate>,
    /// The first that was not valid yet.
    pub(crate) not_yet_valid: Option<&'c Certificate>,
}

/// Looks at the validity of every certificate at one instant; both ends of a validity belong to it (RFC 5280 §4.1.2.5).
pub(crate) fn out_of_time(certificates: &[Certificate], at: UnixTime) -> OutOfTime<'_> {
    OutOfTime {
        expired: certificates.iter().find(|certificate| certificate.not_after() < at),
        not_yet_valid: certificates.iter().find(|certificate| at < certificate.not_before()),
    }
}
