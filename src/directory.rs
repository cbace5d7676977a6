//! The directory of PEC providers (*indice dei gestori*): whose certificate is whose, and who manages which domain.
//!
//! Data only. Whether a directory is to be believed is its owner's decision: it is what it was read from.

#![cfg_attr(not(test), warn(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects))]

mod domains;
mod finding;
mod ldif;
mod name;
mod provider;
mod record;
mod write;

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use sha2::{Digest as _, Sha256};

use crate::address::Domain;
use crate::limits::Limits;
use crate::time::UnixTime;
use crate::x509::Certificate;
use domains::Index;
use finding::{DirectoryFindingKind as Kind, Findings, excerpt};

pub use finding::{DirectoryError, DirectoryErrorKind, DirectoryFinding, DirectoryFindingKind};
pub use provider::{ListedCertificate, Provider};

/// A snapshot of the directory of PEC providers (*indice dei gestori*, RFC 6109 §4.5), read from LDIF (RFC 2849).
///
/// Read leniently: a bad value or a bad record is left out with a [finding](Self::findings), and the rest is as good as before.
/// Nothing is ever opened or fetched. The signed form (`.p7m`) has to be opened first, under the certificate of its signer.
///
/// ```
/// use postacert::Directory;
///
/// let directory = Directory::from_ldif(b"\
/// dn: providerName=Gestore Uno S.p.A.,o=postacert
/// objectClass: provider
/// providerName: Gestore Uno S.p.A.
/// mailReceipt: ricezione@pec.gestore.example
/// managedDomains: pec.gestore.example
/// managedDomains: Legalmail.example
/// ")?;
/// let provider = directory.by_domain(&"legalmail.EXAMPLE".parse()?).expect("the domain is listed");
/// assert_eq!(provider.name(), "Gestore Uno S.p.A.");
/// assert_eq!(provider.domains().len(), 2);
///
/// // It lists no certificate, so nobody can sign as this provider:
/// let finding = &directory.findings()[0];
/// assert_eq!((finding.line(), finding.code()), (1, "attribute-missing"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
#[doc(alias = "indice dei gestori")]
#[doc(alias = "igpec")]
pub struct Directory {
    sha256: [u8; 32],
    as_of: Option<UnixTime>,
    base_root: Option<BaseRoot>,
    providers: Vec<Provider>,
    findings: Vec<DirectoryFinding>,
    /// Main environments with their secondary ones.
    families: Vec<Family>,
    /// Positions in `families`, by the key of the name they share.
    by_name: HashMap<String, usize>,
    /// Who lists a certificate, by its SHA-256, in order.
    by_certificate: HashMap<[u8; 32], Vec<Listed>>,
    /// Every domain once, with the first who claims it; where others do, too, they stand in `also`.
    claims: Vec<Claim>,
    by_domain: Index,
    also: HashMap<u32, Vec<Claim>>,
}

/// `o=postacert` itself.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct BaseRoot {
    location_url: Option<Box<str>>,
    descriptions: Vec<Box<str>>,
}

#[derive(Debug, Clone, Default)]
struct Family {
    /// Positions in `providers`.
    main: Option<usize>,
    units: Vec<usize>,
    /// The same, by the key of the unit's name.
    by_unit: HashMap<Option<String>, usize>,
}

/// A certificate's place: positions in `families`, in `providers` and in the record's certificates.
#[derive(Debug, Clone, Copy)]
struct Listed {
    family: usize,
    provider: usize,
    certificate: usize,
}

/// A domain's place: positions in `providers` and in the record's domains. In 32 bits: there are as many as domains.
#[derive(Debug, Clone, Copy)]
struct Claim {
    provider: u32,
    domain: u32,
}

/// Under whom a directory lists a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Listing<'d> {
    /// Under nobody.
    None,
    /// In one record, which it speaks for.
    One(&'d Provider),
    /// In several records of one provider, as in the second example of RFC 6109 §4.5.10: a main environment and secondary ones
    /// that sign with the same key. It speaks for each of them.
    Shared(Vec<&'d Provider>),
    /// Under several providers: it speaks for none of them.
    Conflict(Vec<&'d Provider>),
}

impl<'d> Listing<'d> {
    /// The record that the certificate speaks for; of several of one provider the first in the file. `None` if it is not
    /// listed, and in a conflict.
    #[must_use]
    pub fn provider(&self) -> Option<&'d Provider> {
        match self {
            Self::None | Self::Conflict(_) => None,
            Self::One(provider) => Some(provider),
            Self::Shared(providers) => providers.first().copied(),
        }
    }

    /// Whether the certificate may speak for the domain: a record that lists the certificate lists the domain, too. The
    /// domains of the provider's other environments do not count, and in a conflict none does.
    #[must_use]
    pub fn manages(&self, domain: &Domain) -> bool {
        match self {
            Self::None | Self::Conflict(_) => false,
            Self::One(provider) => provider.manages(domain),
            Self::Shared(providers) => providers.iter().any(|p| p.manages(domain)),
        }
    }
}

impl Directory {
    /// Reads a directory, or a single provider's part of it, with the default [`Limits`].
    ///
    /// # Errors
    ///
    /// If the bytes as a whole are unusable: too large, no LDIF, or without a provider's record that can be read.
    pub fn from_ldif(ldif: &[u8]) -> Result<Self, DirectoryError> {
        Self::from_ldif_with(ldif, &Limits::default())
    }

    /// As [`from_ldif`](Self::from_ldif), with other limits: `ldif_bytes`, `ldif_line_bytes` and `ldif_certificates`. A file of
    /// 4 GiB or more is refused whatever they say.
    ///
    /// # Errors
    ///
    /// As [`from_ldif`](Self::from_ldif).
    pub fn from_ldif_with(ldif: &[u8], limits: &Limits) -> Result<Self, DirectoryError> {
        let limit = limits.ldif_bytes.min(u32::MAX as usize);
        if ldif.len() > limit {
            return Err(DirectoryErrorKind::TooLarge { bytes: ldif.len(), limit }.into());
        }
        // Before anything else: the LDIF inside a signed file would read well, whoever signed it and whether it holds or not.
        if looks_signed(ldif) {
            return Err(DirectoryErrorKind::Signed.into());
        }
        let mut directory = Self::empty(Sha256::digest(ldif).into());
        let mut findings = Findings::default();
        let seen = record::read(ldif, limits, &mut findings, &mut directory);
        directory.units_without_main(&mut findings);
        if directory.providers.is_empty() {
            let kind = match seen {
                record::Seen::Records => DirectoryErrorKind::NoProvider,
                record::Seen::None => DirectoryErrorKind::NotLdif,
            };
            return Err(DirectoryError::new(kind, findings.into_vec()));
        }
        directory.findings = findings.into_vec();
        Ok(directory)
    }

    /// Adds what was noticed of the signature around the file.
    pub(crate) fn note_signature(&mut self, kind: DirectoryFindingKind) {
        self.findings.insert(0, DirectoryFinding { kind, line: 0, record: None });
    }

    fn empty(sha256: [u8; 32]) -> Self {
        Self {
            sha256,
            as_of: None,
            base_root: None,
            providers: Vec::new(),
            findings: Vec::new(),
            families: Vec::new(),
            by_name: HashMap::new(),
            by_certificate: HashMap::new(),
            claims: Vec::new(),
            by_domain: Index::default(),
            also: HashMap::new(),
        }
    }

    /// The same directory, known to be as it was at this time.
    #[must_use]
    pub fn with_date(self, as_of: UnixTime) -> Self {
        Self { as_of: Some(as_of), ..self }
    }

    /// When the directory was as it is here, if the caller [said so](Self::with_date): LDIF does not tell.
    #[must_use]
    pub fn as_of(&self) -> Option<UnixTime> {
        self.as_of
    }

    /// The SHA-256 of the LDIF bytes: which snapshot this is.
    #[must_use]
    pub fn sha256(&self) -> &[u8; 32] {
        &self.sha256
    }

    /// What was noticed while reading, in the order of lines: at most a thousand findings, and one that says if there were more.
    #[must_use]
    pub fn findings(&self) -> &[DirectoryFinding] {
        &self.findings
    }

    /// The records of providers, main and secondary environments, in the order of the file.
    #[must_use]
    pub fn providers(&self) -> &[Provider] {
        &self.providers
    }

    /// How many records of providers there are, main and secondary environments alike; the base root is none.
    #[must_use]
    pub fn provider_count(&self) -> usize {
        self.providers.len()
    }

    /// How many certificates are listed, each record's counted for itself.
    #[must_use]
    pub fn certificate_count(&self) -> usize {
        self.providers.iter().map(|p| p.certificates().len()).sum()
    }

    /// How many domains are listed, each record's counted for itself.
    #[must_use]
    pub fn domain_count(&self) -> usize {
        self.providers.iter().map(|p| p.domains().len()).sum()
    }

    /// Where the signed LDIF file of the whole directory is published (`LDIFLocationURL` of `o=postacert`).
    #[must_use]
    pub fn ldif_location_url(&self) -> Option<&str> {
        self.base_root.as_ref()?.location_url.as_deref()
    }

    /// Under whom a certificate is listed: the same certificate, byte for byte. In constant time.
    #[must_use]
    pub fn lookup(&self, certificate: &Certificate) -> Listing<'_> {
        self.lookup_sha256(certificate.sha256())
    }

    /// As [`lookup`](Self::lookup), for a certificate in DER.
    #[must_use]
    pub fn lookup_der(&self, der: &[u8]) -> Listing<'_> {
        self.lookup_sha256(&Sha256::digest(der).into())
    }

    /// As [`lookup`](Self::lookup), for the certificate with this SHA-256 (of its DER bytes).
    #[must_use]
    pub fn lookup_sha256(&self, sha256: &[u8; 32]) -> Listing<'_> {
        let listed = self.by_certificate.get(sha256).map(Vec::as_slice).unwrap_or_default();
        let mut records = listed.iter().filter_map(|l| self.providers.get(l.provider));
        match listed {
            [] => Listing::None,
            [_] => records.next().map_or(Listing::None, Listing::One),
            [first, rest @ ..] if rest.iter().all(|l| l.family == first.family) => Listing::Shared(records.collect()),
            _ => Listing::Conflict(records.collect()),
        }
    }

    /// The listed certificate with this SHA-256.
    #[must_use]
    pub fn certificate(&self, sha256: &[u8; 32]) -> Option<&Certificate> {
        let listed = self.by_certificate.get(sha256)?.first()?;
        Some(self.providers.get(listed.provider)?.certificates().get(listed.certificate)?.certificate())
    }

    /// The record that lists the domain: itself, not one above or below it, and in whatever case. In constant time.
    ///
    /// If several do (a finding says so), the first in the file; [`claimants`](Self::claimants) has them all.
    #[must_use]
    pub fn by_domain(&self, domain: &Domain) -> Option<&Provider> {
        self.claimants(domain).next()
    }

    /// All records that list the domain, in the order of the file.
    pub fn claimants(&self, domain: &Domain) -> impl Iterator<Item = &Provider> {
        let position = self.claim(domain);
        let first = position.and_then(|p| self.claims.get(p as usize));
        let also = position.and_then(|p| self.also.get(&p)).into_iter().flatten();
        first.into_iter().chain(also).filter_map(|c| self.providers.get(c.provider as usize))
    }

    /// The records of the provider that this one belongs to: its main environment, if it has a record, then the secondary
    /// ones in the order of the file. They belong together whose [`main_name`](Provider::main_name) is the same.
    pub fn environments(&self, of: &Provider) -> impl Iterator<Item = &Provider> {
        let family = self.by_name.get(&name::key(of.main_name())).and_then(|&f| self.families.get(f));
        family.into_iter().flat_map(|f| f.main.iter().chain(&f.units)).filter_map(|&p| self.providers.get(p))
    }

    /// The directory as LDIF (RFC 2849), in UTF-8: the same directory always gives the same bytes, and they read back equal.
    ///
    /// With LF at the end of lines, which are folded at 76 columns. What was left out when it was read is not there.
    #[must_use]
    pub fn to_ldif(&self) -> String {
        write::directory(self.base_root.as_ref(), self.providers.iter())
    }

    /// The position in `claims` of the domain.
    fn claim(&self, domain: &Domain) -> Option<u32> {
        self.by_domain.find(self.by_domain.hash(domain.as_str()), |position| {
            let claim = self.claims.get(position as usize);
            claim.and_then(|c| self.claimed(c)).is_some_and(|d| domains::same(d, domain))
        })
    }

    fn claimed(&self, claim: &Claim) -> Option<&Domain> {
        self.providers.get(claim.provider as usize)?.domains().get(claim.domain as usize)
    }

    fn units_without_main(&self, findings: &mut Findings) {
        for family in self.families.iter().filter(|f| f.main.is_none()) {
            for unit in family.units.iter().filter_map(|&u| self.providers.get(u)) {
                let provider = || excerpt(unit.main_name().as_bytes());
                findings.add(unit.line().unwrap_or_default(), Some(unit.dn()), || Kind::UnitWithoutMain { provider: provider() });
            }
        }
    }

    /// Notes which certificates the record lists.
    fn add_certificates(&mut self, family: usize, provider: usize, lines: &[usize], findings: &mut Findings) {
        let Some(record) = self.providers.get(provider) else { return };
        for (certificate, (listed, &line)) in record.certificates().iter().zip(lines).enumerate() {
            let others = self.by_certificate.entry(*listed.certificate().sha256()).or_default();
            let other = others.first().filter(|l| l.family != family);
            if let Some(first) = other.and_then(|l| self.providers.get(l.provider)) {
                let (name, at) = (first.name(), first.line().unwrap_or_default());
                findings.add(line, Some(record.dn()), || Kind::CertificateConflict { provider: excerpt(name.as_bytes()), line: at });
            }
            others.push(Listed { family, provider, certificate });
        }
    }

    /// Notes which domains the record lists.
    fn add_domains(&mut self, provider: usize, lines: &[usize], findings: &mut Findings) {
        let Some(record) = self.providers.get(provider) else { return };
        let Ok(provider) = u32::try_from(provider) else { return };
        for ((position, domain), &line) in (0u32..).zip(record.domains()).zip(lines) {
            let claim = Claim { provider, domain: position };
            let hash = self.by_domain.hash(domain.as_str());
            let claims = &self.claims;
            let claimed = |c: &Claim| self.providers.get(c.provider as usize)?.domains().get(c.domain as usize);
            let first = self.by_domain.find(hash, |p| claims.get(p as usize).and_then(claimed).is_some_and(|d| domains::same(d, domain)));
            match first {
                None => {
                    let Ok(place) = u32::try_from(self.claims.len()) else { return };
                    self.by_domain.insert(hash, place);
                    self.claims.push(claim);
                }
                Some(first) => {
                    let other = claims.get(first as usize).and_then(|c| self.providers.get(c.provider as usize));
                    findings.add(line, Some(record.dn()), || Kind::DomainClaimedTwice {
                        domain: excerpt(domain.as_str().as_bytes()),
                        dn: excerpt(other.map(Provider::dn).unwrap_or_default().as_bytes()),
                        line: other.and_then(Provider::line).unwrap_or_default(),
                    });
                    self.also.entry(first).or_default().push(claim);
                }
            }
        }
    }
}

/// Makes a directory of one's own, for instance a provider's LDIF file, or one for tests.
///
/// ```
/// use postacert::{Directory, DirectoryBuilder, Provider};
///
/// let provider = Provider::main("Gestore Uno S.p.A.")?
///     .with_mail_receipt("ricezione@pec.gestore.example".parse()?)
///     .with_domain("pec.gestore.example".parse()?);
/// let directory = DirectoryBuilder::new().ldif_location_url("https://indice.example/igpec.ldif.p7m").provider(provider).build()?;
///
/// let ldif = directory.to_ldif();
/// assert!(ldif.contains("\ndn: providerName=Gestore Uno S.p.A.,o=postacert\nobjectClass: top\n"));
/// assert_eq!(Directory::from_ldif(ldif.as_bytes())?.providers(), directory.providers());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct DirectoryBuilder {
    base_root: Option<BaseRoot>,
    providers: Vec<Provider>,
}

impl DirectoryBuilder {
    /// A directory with nothing in it.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the base root (`o=postacert`), which a directory of all providers has, and says where the whole is published.
    #[must_use]
    pub fn ldif_location_url(mut self, url: &str) -> Self {
        let url = url.trim();
        self.base_root.get_or_insert_default().location_url = if url.is_empty() { None } else { Some(url.into()) };
        self
    }

    /// Adds a record.
    #[must_use]
    pub fn provider(mut self, provider: Provider) -> Self {
        self.providers.push(provider);
        self
    }

    /// The directory: what [`Directory::from_ldif`] reads from its LDIF, with the findings and the SHA-256 of that.
    ///
    /// # Errors
    ///
    /// If it has no provider, or is larger than the default [`Limits`] allow.
    pub fn build(self) -> Result<Directory, DirectoryError> {
        Directory::from_ldif(write::directory(self.base_root.as_ref(), self.providers.iter()).as_bytes())
    }
}

impl record::Records for Directory {
    fn provider(&mut self, provider: Provider, lines: record::ValueLines, findings: &mut Findings) {
        let position = self.providers.len();
        let family = *self.by_name.entry(name::key(provider.main_name())).or_insert(self.families.len());
        if family == self.families.len() {
            self.families.push(Family::default());
        }
        let Some(members) = self.families.get_mut(family) else { return };
        match members.by_unit.entry(provider.unit().map(name::key)) {
            // As an LDAP server would, which knows one entry of a name.
            Entry::Occupied(first) => {
                let first = self.providers.get(*first.get()).and_then(Provider::line).unwrap_or_default();
                findings.add(provider.line().unwrap_or_default(), Some(provider.dn()), || Kind::RecordTwice { first });
                return;
            }
            Entry::Vacant(free) => free.insert(position),
        };
        match provider.unit() {
            None => members.main = Some(position),
            Some(_) => members.units.push(position),
        }
        self.providers.push(provider);
        self.add_certificates(family, position, &lines.certificates, findings);
        self.add_domains(position, &lines.domains, findings);
    }

    fn base_root(&mut self, location_url: Option<Box<str>>, descriptions: Vec<Box<str>>) {
        self.base_root.get_or_insert(BaseRoot { location_url, descriptions });
    }
}

/// Whether the bytes begin as a PKCS#7 structure or a PEM file does.
fn looks_signed(bytes: &[u8]) -> bool {
    matches!(bytes, [0x30, 0x80..=0x84, ..]) || bytes.starts_with(b"-----BEGIN")
}
