//! Revocation lists (RFC 5280 §5) and what they say of a certificate at a time.
//!
//! A list is read in one pass: its bytes are kept, and of each entry sixteen bytes, sorted by serial number, so that half a million entries
//! cost 8 MB and a lookup some twenty comparisons.

use core::cmp::Ordering;
use core::fmt;
use core::ops::Range;
use std::collections::HashSet;
use std::sync::Arc;

use sha2::Digest as _;

use super::Certificate;
use super::facts::{Extension, full_names};
use super::link::{LinkError, Uncheckable};
use super::name::Name;
use super::read::{Malformed, Named as _, hex, instant, span, span_of_end, unexpected, whole_octets};
use crate::asn1::{Asn1ErrorKind, Reader, Rules, Value, dotted, tag};
use crate::language::{Language, Say, spoken};
use crate::pem::{Unreadable, pem_or_der};
use crate::time::UnixTime;

/// A certificate revocation list (RFC 5280 §5), parsed and immutable. A clone costs nothing.
///
/// Its signature is not checked by reading it: that takes its issuer's certificate, and happens when a certificate is judged by it.
///
/// ```
/// # fn example(bytes: &[u8]) -> Result<(), postacert::CrlError> {
/// for list in postacert::Crl::from_pem_or_der(bytes)? {
///     println!("{}: {} entries on {}", list.issuer(), list.len(), list.this_update());
/// }
/// # Ok(()) }
/// # assert!(example(b"").is_err());
/// ```
#[derive(Clone)]
pub struct Crl(Arc<Facts>);

struct Facts {
    der: Box<[u8]>,
    sha256: [u8; 32],
    issuer: Name,
    this_update: UnixTime,
    next_update: Option<UnixTime>,
    /// From when on certificates stay on the list though they expire (X.509's expiredCertsOnCRL).
    keeps_expired_since: Option<UnixTime>,
    scope: Scope,
    entries: Box<[Entry]>,
    tbs: Range<usize>,
    signature_algorithm: Range<usize>,
    signature: Range<usize>,
}

/// One revocation: where its serial number stands, when it was revoked, why.
#[derive(Clone, Copy)]
struct Entry {
    revoked: UnixTime,
    serial_at: u32,
    serial_len: u8,
    reason: u8,
}

/// Which certificates the absence of an entry speaks for (issuingDistributionPoint, RFC 5280 §5.2.5).
#[derive(Debug, Default)]
struct Scope {
    /// Some: only certificates whose cRLDistributionPoints give one of these raw names.
    published_as: Option<Vec<Box<[u8]>>>,
    kind: ScopeKind,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum ScopeKind {
    #[default]
    All,
    EndEntities,
    Authorities,
    /// Attribute certificates, or some reasons only: no absence can mean anything here.
    Partial,
}

/// reasonCode (RFC 5280 §5.3.1).
const CERTIFICATE_HOLD: u8 = 6;
const REMOVE_FROM_CRL: u8 = 8;

impl Crl {
    /// Reads one list from its DER, which must end where the list does.
    ///
    /// # Errors
    /// [`CrlError`] with the place of the first thing that is not as RFC 5280 wants it. Delta lists, indirect lists and lists with a critical
    /// extension that is not known are refused: they cannot be judged by alone.
    pub fn from_der(der: &[u8]) -> Result<Self, CrlError> {
        read(der).map(|facts| Self(Arc::new(facts)))
    }

    /// Reads lists as people keep them: one in DER, or any number in PEM (`X509 CRL`), in their order.
    ///
    /// # Errors
    /// [`CrlError`] when there is none, or one of them cannot be read.
    pub fn from_pem_or_der(bytes: &[u8]) -> Result<Vec<Self>, CrlError> {
        pem_or_der(bytes, &["X509 CRL", "CRL"], Self::from_der).map_err(|why| match why {
            Unreadable::Value { error, .. } => error,
            Unreadable::Malformed { offset } => CrlError::at(offset, CrlErrorKind::MalformedPem),
            Unreadable::NoneFound => CrlError { kind: CrlErrorKind::NoneFound, offset: None },
        })
    }

    /// Its bytes, as they were given.
    #[must_use]
    pub fn der(&self) -> &[u8] {
        &self.0.der
    }

    /// The SHA-256 of its bytes.
    #[must_use]
    pub fn sha256(&self) -> &[u8; 32] {
        &self.0.sha256
    }

    /// Who issued it, written as [`Certificate::issuer`] is.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.0.issuer.text
    }

    /// When it was issued.
    #[must_use]
    pub fn this_update(&self) -> UnixTime {
        self.0.this_update
    }

    /// When the next one was due at the latest, if it says so.
    #[must_use]
    pub fn next_update(&self) -> Option<UnixTime> {
        self.0.next_update
    }

    /// How many entries it has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.entries.len()
    }

    /// Whether it has no entry.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.entries.is_empty()
    }

    pub(crate) fn issuer_key(&self) -> &[u8] {
        &self.0.issuer.key
    }

    /// The bytes that its issuer signed.
    pub(crate) fn tbs(&self) -> &[u8] {
        self.0.slice(&self.0.tbs)
    }

    /// The raw AlgorithmIdentifier of its signature.
    pub(crate) fn signature_algorithm(&self) -> &[u8] {
        self.0.slice(&self.0.signature_algorithm)
    }

    pub(crate) fn signature(&self) -> &[u8] {
        self.0.slice(&self.0.signature)
    }

    /// The entry of a serial number that counts: the earliest revocation, a hold only where there is nothing firmer.
    fn entry(&self, serial: &[u8]) -> Option<Entry> {
        let facts = &*self.0;
        let serial = minimal(serial);
        let start = facts.entries.partition_point(|entry| by_serial(facts.serial(entry), serial) == Ordering::Less);
        let same = facts.entries.get(start..).unwrap_or_default().iter().take_while(|entry| facts.serial(entry) == serial);
        same.filter(|entry| entry.reason != REMOVE_FROM_CRL).min_by_key(|entry| (entry.reason == CERTIFICATE_HOLD, entry.revoked)).copied()
    }

    /// Why the absence of an entry does not mean that the certificate was good at a time; none when it does mean that.
    fn silence_means_nothing(&self, certificate: &Certificate, at: UnixTime) -> Option<RevocationGap> {
        let (facts, this_update) = (&*self.0, self.this_update());
        let extensions = certificate.extensions();
        let is_ca = extensions.basic_constraints.is_some_and(|constraints| constraints.is_ca);
        let in_scope = match facts.scope.kind {
            ScopeKind::All => true,
            ScopeKind::EndEntities => !is_ca,
            ScopeKind::Authorities => is_ca,
            ScopeKind::Partial => false,
        };
        let published =
            facts.scope.published_as.as_ref().is_none_or(|names| names.iter().any(|name| extensions.crl_names.binary_search(name).is_ok()));
        if !in_scope || !published {
            return Some(RevocationGap::OtherScope { issuer: self.issuer().into() });
        }
        // Once expired, a certificate may be dropped from the list (RFC 5280 §3.3), unless the list says that it keeps them.
        let keeps = facts.keeps_expired_since.is_some_and(|since| since <= certificate.not_after());
        if this_update > certificate.not_after() && !keeps {
            return Some(RevocationGap::AfterExpiry { this_update: this_update.to_string().into() });
        }
        let is_current = this_update > at || facts.next_update.is_some_and(|next_update| at <= next_update);
        if is_current {
            return None;
        }
        let this_update = this_update.to_string().into();
        Some(match facts.next_update {
            Some(next_update) => RevocationGap::Stale { this_update, next_update: next_update.to_string().into() },
            None => RevocationGap::NoNextUpdate { this_update },
        })
    }
}

impl fmt::Debug for Crl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Crl")
            .field("issuer", &self.issuer())
            .field("this_update", &self.this_update())
            .field("next_update", &self.next_update())
            .field("len", &self.len())
            .field("sha256", &hex(self.sha256()))
            .finish_non_exhaustive()
    }
}

impl PartialEq for Crl {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.0.der == other.0.der
    }
}

impl Eq for Crl {}

impl Facts {
    fn slice(&self, place: &Range<usize>) -> &[u8] {
        self.der.get(place.clone()).unwrap_or_default()
    }

    fn serial(&self, entry: &Entry) -> &[u8] {
        serial_at(&self.der, entry)
    }
}

/// Why a revocation list could not be read, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CrlError {
    kind: CrlErrorKind,
    offset: Option<usize>,
}

impl CrlError {
    fn at(offset: usize, kind: CrlErrorKind) -> Self {
        Self { kind, offset: Some(offset) }
    }

    /// What is wrong.
    #[must_use]
    pub fn kind(&self) -> &CrlErrorKind {
        &self.kind
    }

    /// Where, in bytes from the beginning of the list's DER; of the PEM text when the PEM is at fault.
    #[must_use]
    pub fn offset(&self) -> Option<usize> {
        self.offset
    }
}

spoken!(CrlError);

impl Say for CrlError {
    fn say(&self, language: Language, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.kind.say(language, f)?;
        match self.offset {
            Some(offset) => write!(f, " (byte {offset})"),
            None => Ok(()),
        }
    }
}

impl core::error::Error for CrlError {}

impl From<Malformed> for CrlError {
    fn from(malformed: Malformed) -> Self {
        Self::at(malformed.offset, CrlErrorKind::Malformed { what: malformed.what, error: malformed.kind })
    }
}

coded! {
    /// What is wrong with a revocation list.
    pub enum CrlErrorKind {
        /// The bytes are not the DER that RFC 5280 describes.
        Malformed { what: &'static str, error: Asn1ErrorKind } = "crl-malformed",
            "the {what} is malformed: {error}",
            "elemento malformato ({what}): {error}";
        /// More bytes follow the list.
        TrailingBytes = "crl-trailing-bytes",
            "bytes follow the revocation list",
            "altri byte seguono l'elenco delle revoche";
        /// A list of more than 4 GiB.
        TooLarge = "crl-too-large",
            "the revocation list is larger than 4 GiB",
            "l'elenco delle revoche supera 4 GiB";
        /// A serial number of more than 255 octets; RFC 5280 allows 20.
        SerialTooLong = "crl-serial-too-long",
            "a serial number has more than 255 octets",
            "un numero di serie ha più di 255 ottetti";
        /// The algorithm that the issuer signed under and the one written beside the signature differ.
        AlgorithmsDiffer = "crl-algorithms-differ",
            "the signature algorithm inside the signed bytes is not the one outside",
            "l'algoritmo di firma dentro i byte firmati non è quello indicato fuori";
        /// A delta list: it only changes another one.
        Delta = "crl-delta",
            "it is a delta list, which only changes another one",
            "è un elenco delta, che si limita a modificarne un altro";
        /// An indirect list: it speaks of certificates of other issuers.
        Indirect = "crl-indirect",
            "it is an indirect list, which speaks of certificates of other issuers",
            "è un elenco indiretto, che riguarda certificati di altri emittenti";
        /// A critical extension that is not understood: RFC 5280 §5.2 forbids to use the list.
        UnknownCriticalExtension { oid: Box<str> } = "crl-unknown-critical-extension",
            "the critical extension {oid} is not known",
            "l'estensione critica {oid} non è conosciuta";
        /// The same extension twice.
        DuplicateExtension { oid: Box<str> } = "crl-duplicate-extension",
            "the extension {oid} stands twice",
            "l'estensione {oid} compare due volte";
        /// PEM that ends in the middle, or holds other characters than base64.
        MalformedPem = "crl-malformed-pem",
            "the PEM is cut short or is not base64",
            "il PEM è troncato o non è base64";
        /// PEM blocks are there, but none is a revocation list.
        NoneFound = "crl-none-found",
            "the PEM holds no revocation list",
            "il PEM non contiene alcun elenco delle revoche";
    }
}

/// What the lists say of a certificate at a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Revocation {
    /// A list that speaks for that time has no entry of it.
    Good,
    /// Revoked at or before that time.
    Revoked { date: UnixTime },
    /// Revoked after that time.
    RevokedLater { date: UnixTime },
    /// No list can say: never to be taken for good.
    NotChecked { why: RevocationGap },
}

coded! {
    /// Why revocation lists say nothing of a certificate.
    pub enum RevocationGap {
        /// There is no list of the certificate's issuer.
        NoList { issuer: Box<str> } = "no-list",
            "there is no revocation list of {issuer}",
            "manca l'elenco delle revoche di {issuer}";
        /// The list was not signed by the issuer's key.
        Signature { issuer: Box<str> } = "list-signature",
            "the signature of the revocation list does not hold under the key of {issuer}",
            "la firma dell'elenco delle revoche non regge con la chiave di {issuer}";
        /// The list's signature cannot be checked.
        Unsupported { issuer: Box<str>, why: Uncheckable } = "list-unsupported",
            "the signature of the revocation list of {issuer} cannot be checked: {why}",
            "la firma dell'elenco delle revoche di {issuer} non è verificabile: {why}";
        /// The issuer's keyUsage lacks cRLSign.
        MayNotSign { issuer: Box<str> } = "list-issuer-may-not-sign",
            "the keyUsage of {issuer} does not allow it to sign revocation lists",
            "il keyUsage di {issuer} non gli consente di firmare elenchi delle revoche";
        /// The list is about other certificates, or other reasons.
        OtherScope { issuer: Box<str> } = "list-other-scope",
            "the revocation list of {issuer} is about other certificates, or some reasons only",
            "l'elenco delle revoche di {issuer} riguarda altri certificati, o solo alcuni motivi";
        /// The list was issued when the certificate had expired, and may have dropped it.
        AfterExpiry { this_update: Box<str> } = "list-after-expiry",
            "the revocation list of {this_update} was issued after the certificate expired, and may have dropped it",
            "l'elenco delle revoche del {this_update} è stato emesso dopo la scadenza del certificato, e può averlo tolto";
        /// The list had run out at the time that counts.
        Stale { this_update: Box<str>, next_update: Box<str> } = "list-stale",
            "the revocation list of {this_update} had run out on {next_update}",
            "l'elenco delle revoche del {this_update} era scaduto il {next_update}";
        /// The list does not say until when it holds, so it holds for no time after its own.
        NoNextUpdate { this_update: Box<str> } = "list-without-end",
            "the revocation list of {this_update} does not say until when it holds",
            "l'elenco delle revoche del {this_update} non dice fino a quando vale";
        /// The certificate's issuer is not known, so no list can be its.
        NoIssuer = "issuer-not-at-hand",
            "its issuer is not at hand",
            "il suo emittente non è disponibile";
    }
}

/// What the lists say of `certificate`, issued by `issuer`, at the time `at` (rule 27). `check` says whether a list's signature holds under the
/// issuer's key; it is asked only of lists that bear the issuer's name.
///
/// Of several lists the most telling wins: revoked by that time, revoked later, good, nothing. A revocation counts from a stale list too; but
/// a hold (certificateHold) counts no more when a later list, issued by that time, no longer has it.
pub(crate) fn status(
    lists: &[Crl],
    certificate: &Certificate,
    issuer: &Certificate,
    at: UnixTime,
    check: &dyn Fn(&Crl, &Certificate) -> Result<(), LinkError>,
) -> Revocation {
    let issuer_name = || issuer.subject().into();
    let mut of_issuer =
        lists.iter().filter(|list| list.issuer_key() == certificate.issuer_key() && list.issuer_key() == issuer.subject_key()).peekable();
    if of_issuer.peek().is_none() {
        return Revocation::NotChecked { why: RevocationGap::NoList { issuer: issuer_name() } };
    }
    if issuer.extensions().key_usage.is_some_and(|usage| !usage.crl_sign) {
        return Revocation::NotChecked { why: RevocationGap::MayNotSign { issuer: issuer_name() } };
    }

    let mut revoked: Option<UnixTime> = None;
    let mut held: Option<(UnixTime, UnixTime)> = None;
    let mut last_good_by_then: Option<UnixTime> = None;
    let mut is_good = false;
    let mut gap: Option<RevocationGap> = None;
    for list in of_issuer {
        match check(list, issuer) {
            Ok(()) => {}
            Err(LinkError::Mismatch) => {
                gap.get_or_insert_with(|| RevocationGap::Signature { issuer: issuer_name() });
                continue;
            }
            Err(LinkError::Uncheckable(why)) => {
                gap.get_or_insert_with(|| RevocationGap::Unsupported { issuer: issuer_name(), why });
                continue;
            }
        }
        match list.entry(certificate.serial_octets()) {
            Some(entry) if entry.reason == CERTIFICATE_HOLD => {
                if held.is_none_or(|(listed, _)| list.this_update() > listed) {
                    held = Some((list.this_update(), entry.revoked));
                }
            }
            Some(entry) => revoked = Some(revoked.map_or(entry.revoked, |earliest| earliest.min(entry.revoked))),
            None => match list.silence_means_nothing(certificate, at) {
                None => {
                    is_good = true;
                    if list.this_update() <= at {
                        last_good_by_then = last_good_by_then.max(Some(list.this_update()));
                    }
                }
                // What was learnt of a readable list says more than that another could not be read.
                Some(why) => gap = Some(why),
            },
        }
    }
    if let Some((listed, since)) = held
        && last_good_by_then.is_none_or(|later| later <= listed)
    {
        revoked = Some(revoked.map_or(since, |earliest| earliest.min(since)));
    }

    match (revoked, gap) {
        (Some(date), _) if date <= at => Revocation::Revoked { date },
        (Some(date), _) => Revocation::RevokedLater { date },
        (None, _) if is_good => Revocation::Good,
        (None, Some(why)) => Revocation::NotChecked { why },
        (None, None) => Revocation::NotChecked { why: RevocationGap::NoList { issuer: issuer_name() } },
    }
}

/// Levels of ASN.1 values in a list: its extensions' names are the deepest.
const DEPTH: usize = 16;

fn read(der: &[u8]) -> Result<Facts, CrlError> {
    if u32::try_from(der.len()).is_err() {
        return Err(CrlError { kind: CrlErrorKind::TooLarge, offset: None });
    }
    let mut outside = Reader::new(der, 0, Rules::Der, DEPTH);
    let list = outside.expect(tag::SEQUENCE).named("revocation list")?;
    if !outside.is_empty() {
        return Err(CrlError::at(list.whole.len(), CrlErrorKind::TrailingBytes));
    }
    let mut parts = list.reader();
    let tbs = parts.expect(tag::SEQUENCE).named("signed part")?;
    let outer_algorithm = parts.expect(tag::SEQUENCE).named("signature algorithm")?;
    let signature = parts.expect(tag::BIT_STRING).named("signature")?;
    parts.finish().named("revocation list")?;
    let signature_octets = whole_octets(&signature, "signature")?;

    let mut fields = tbs.reader();
    if let Some(version) = fields.optional(tag::INTEGER).named("version")?
        && !matches!(version.content, [0 | 1])
    {
        return Err(Malformed { what: "version", kind: Asn1ErrorKind::BadInteger, offset: version.offset }.into());
    }
    let inner_algorithm = fields.expect(tag::SEQUENCE).named("signature algorithm")?;
    if inner_algorithm.whole != outer_algorithm.whole {
        return Err(CrlError::at(outer_algorithm.offset, CrlErrorKind::AlgorithmsDiffer));
    }
    let issuer = Name::read(fields.expect(tag::SEQUENCE).named("issuer")?)?;
    let this_update = instant(&fields.read().named("thisUpdate")?, "thisUpdate")?;
    let next_update = match fields.peek() {
        Some(tag::UTC_TIME | tag::GENERALIZED_TIME) => Some(instant(&fields.read().named("nextUpdate")?, "nextUpdate")?),
        _ => None,
    };
    let revoked = fields.optional(tag::SEQUENCE).named("revokedCertificates")?;
    let tagged = fields.optional(tag::context_constructed(0)).named("extensions")?;
    fields.finish().named("signed part")?;
    let ListExtensions { scope, keeps_expired_since } = match tagged {
        Some(tagged) => list_extensions(&tagged)?,
        None => ListExtensions::default(),
    };
    let entries = match revoked {
        Some(revoked) => entries(der, &revoked)?,
        None => Box::default(),
    };
    Ok(Facts {
        sha256: sha2::Sha256::digest(der).into(),
        issuer,
        this_update,
        next_update,
        keeps_expired_since,
        scope,
        entries,
        tbs: span(&tbs),
        signature_algorithm: span(&outer_algorithm),
        signature: span_of_end(&signature, signature_octets),
        der: der.into(),
    })
}

fn entries(der: &[u8], revoked: &Value<'_>) -> Result<Box<[Entry]>, CrlError> {
    let mut entries = Vec::new();
    let mut walk = revoked.reader();
    while !walk.is_empty() {
        let mut fields = walk.expect(tag::SEQUENCE).named("revoked certificate")?.reader();
        let serial = fields.expect(tag::INTEGER).named("serial number")?;
        let octets = minimal(serial.content);
        let serial_len = u8::try_from(octets.len()).map_err(|_| CrlError::at(serial.offset, CrlErrorKind::SerialTooLong))?;
        let serial_at =
            u32::try_from(span_of_end(&serial, octets).start).map_err(|_| CrlError::at(serial.offset, CrlErrorKind::TooLarge))?;
        let revoked = instant(&fields.read().named("revocation date")?, "revocation date")?;
        let reason = match fields.optional(tag::SEQUENCE).named("entry extensions")? {
            Some(extensions) => entry_reason(&extensions)?,
            None => 0,
        };
        fields.finish().named("revoked certificate")?;
        entries.push(Entry { revoked, serial_at, serial_len, reason });
    }
    entries.sort_unstable_by(|one, other| by_serial(serial_at(der, one), serial_at(der, other)).then(one.revoked.cmp(&other.revoked)));
    Ok(entries.into())
}

fn serial_at<'d>(der: &'d [u8], entry: &Entry) -> &'d [u8] {
    let start = entry.serial_at as usize;
    der.get(start..start.saturating_add(usize::from(entry.serial_len))).unwrap_or_default()
}

/// Any total order will do, as long as it is quick.
fn by_serial(one: &[u8], other: &[u8]) -> Ordering {
    one.len().cmp(&other.len()).then_with(|| one.cmp(other))
}

/// An INTEGER without the octets that only repeat its sign: CAs have written serial numbers both ways.
fn minimal(mut octets: &[u8]) -> &[u8] {
    while let [first, rest @ ..] = octets
        && let Some(second) = rest.first()
        && matches!((first, second), (0, 0..=0x7f) | (0xff, 0x80..=0xff))
    {
        octets = rest;
    }
    octets
}

/// The last octet of 2.5.29.n.
mod id {
    pub(super) const CRL_NUMBER: u8 = 20;
    pub(super) const REASON_CODE: u8 = 21;
    pub(super) const INVALIDITY_DATE: u8 = 24;
    pub(super) const DELTA_CRL_INDICATOR: u8 = 27;
    pub(super) const ISSUING_DISTRIBUTION_POINT: u8 = 28;
    pub(super) const CERTIFICATE_ISSUER: u8 = 29;
    pub(super) const AUTHORITY_KEY_ID: u8 = 35;
    pub(super) const EXPIRED_CERTS_ON_CRL: u8 = 60;
}

fn entry_reason(extensions: &Value<'_>) -> Result<u8, CrlError> {
    let mut reason = 0;
    let mut walk = extensions.reader();
    while !walk.is_empty() {
        let extension = Extension::read(walk.expect(tag::SEQUENCE).named("entry extension")?)?;
        match extension.number() {
            Some(id::REASON_CODE) => {
                let code = extension.value(ENUMERATED, "reasonCode")?;
                let [code] = *code.content else { return Err(unexpected(&code, "reasonCode").into()) };
                reason = code;
            }
            Some(id::INVALIDITY_DATE) => {}
            Some(id::CERTIFICATE_ISSUER) => return Err(CrlError::at(extension.oid.offset, CrlErrorKind::Indirect)),
            _ if extension.is_critical => return Err(unknown_critical(&extension)),
            _ => {}
        }
    }
    Ok(reason)
}

const ENUMERATED: u8 = 0x0a;

fn unknown_critical(extension: &Extension<'_>) -> CrlError {
    CrlError::at(extension.oid.offset, CrlErrorKind::UnknownCriticalExtension { oid: dotted(extension.oid.content) })
}

#[derive(Default)]
struct ListExtensions {
    scope: Scope,
    keeps_expired_since: Option<UnixTime>,
}

fn list_extensions(tagged: &Value<'_>) -> Result<ListExtensions, CrlError> {
    let mut read = ListExtensions::default();
    let mut seen = HashSet::new();
    let mut inside = tagged.reader();
    let mut walk = inside.expect(tag::SEQUENCE).named("extensions")?.reader();
    inside.finish().named("extensions")?;
    while !walk.is_empty() {
        let extension = Extension::read(walk.expect(tag::SEQUENCE).named("extension")?)?;
        if !seen.insert(extension.oid.content) {
            return Err(CrlError::at(extension.oid.offset, CrlErrorKind::DuplicateExtension { oid: dotted(extension.oid.content) }));
        }
        match extension.number() {
            Some(id::DELTA_CRL_INDICATOR) => return Err(CrlError::at(extension.oid.offset, CrlErrorKind::Delta)),
            Some(id::ISSUING_DISTRIBUTION_POINT) => read.scope = scope(&extension)?,
            Some(id::EXPIRED_CERTS_ON_CRL) => {
                let since = extension.value(tag::GENERALIZED_TIME, "expiredCertsOnCRL")?;
                read.keeps_expired_since = Some(instant(&since, "expiredCertsOnCRL")?);
            }
            Some(id::CRL_NUMBER | id::AUTHORITY_KEY_ID) => {}
            _ if extension.is_critical => return Err(unknown_critical(&extension)),
            _ => {}
        }
    }
    Ok(read)
}

fn scope(extension: &Extension<'_>) -> Result<Scope, CrlError> {
    const WHAT: &str = "issuingDistributionPoint";
    let mut read = Scope::default();
    let mut fields = extension.value(tag::SEQUENCE, WHAT)?.reader();
    if let Some(point) = fields.optional(tag::context_constructed(0)).named(WHAT)? {
        let mut names = Vec::new();
        full_names(point, &mut names)?;
        read.published_as = Some(names);
    }
    while !fields.is_empty() {
        let field = fields.read().named(WHAT)?;
        // onlySomeReasons is a set of bits, the others are BOOLEANs with another tag.
        let is_set = match field.tag {
            ONLY_SOME_REASONS => true,
            ONLY_USERS | ONLY_AUTHORITIES | INDIRECT | ONLY_ATTRIBUTES => field.boolean().named(WHAT)?,
            _ => return Err(unexpected(&field, WHAT).into()),
        };
        read.kind = match (is_set, field.tag, read.kind) {
            (false, _, so_far) => so_far,
            (true, INDIRECT, _) => return Err(CrlError::at(field.offset, CrlErrorKind::Indirect)),
            (true, ONLY_USERS, ScopeKind::All) => ScopeKind::EndEntities,
            (true, ONLY_AUTHORITIES, ScopeKind::All) => ScopeKind::Authorities,
            // Two limits at once, which RFC 5280 forbids, leave nothing to speak for.
            (true, _, _) => ScopeKind::Partial,
        };
    }
    Ok(read)
}

const ONLY_USERS: u8 = tag::context(1);
const ONLY_AUTHORITIES: u8 = tag::context(2);
const ONLY_SOME_REASONS: u8 = tag::context(3);
const INDIRECT: u8 = tag::context(4);
const ONLY_ATTRIBUTES: u8 = tag::context(5);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn serial_numbers_compare_as_numbers() {
        assert_eq!(minimal(&[0, 0, 1]), [1]);
        assert_eq!(minimal(&[0, 0x80]), [0, 0x80]);
        assert_eq!(minimal(&[0xff, 0xff, 0x80]), [0x80]);
        assert_eq!(minimal(&[0xff, 0x7f]), [0xff, 0x7f]);
        assert_eq!(minimal(&[0]), [0]);
        assert_eq!(minimal(&[]), []);
        assert_eq!(size_of::<Entry>(), 16);
    }
}
