//! From the lines of a file to its records.

use std::borrow::Cow;
use std::collections::HashMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use super::domains::DomainSet;
use super::finding::{DirectoryFindingKind as Kind, Findings, excerpt};
use super::ldif::{Content, Fault, Line, Lines, Value};
use super::name::RecordName;
use super::provider::{ListedCertificate, MailReceipt, Provider, hex};
use crate::address::{Address, Domain};
use crate::limits::Limits;
use crate::x509::Certificate;

/// What takes the records, one after the other.
pub(super) trait Records {
    /// A provider's record. `lines` says where its certificates and domains stand, each in the order of the provider's.
    fn provider(&mut self, provider: Provider, lines: ValueLines, findings: &mut Findings);
    /// The base root (`o=postacert`).
    fn base_root(&mut self, location_url: Option<Box<str>>, descriptions: Vec<Box<str>>);
}

#[derive(Default)]
pub(super) struct ValueLines {
    pub(super) certificates: Vec<usize>,
    pub(super) domains: Vec<usize>,
}

/// Whether there was any record at all, usable or not.
pub(super) enum Seen {
    Records,
    None,
}

/// Reads all records of a file. A bad value is left out with a finding, and so is a record that is none; the rest is read.
pub(super) fn read(ldif: &[u8], limits: &Limits, findings: &mut Findings, records: &mut impl Records) -> Seen {
    let mut lines = Lines::new(ldif, limits.ldif_line_bytes);
    let mut state = State::Between;
    let mut seen = Seen::None;
    while let Some(Line { number, content }) = lines.next() {
        state = match (content, state) {
            (Content::Blank, state) => {
                state.finish(findings, records);
                State::Between
            }
            (Content::Field { name, value }, state) if name.eq_ignore_ascii_case(b"dn") => {
                state.finish(findings, records);
                seen = Seen::Records;
                Draft::begin(number, value, findings).map_or(State::Skipping, |draft| State::In(Box::new(draft)))
            }
            (_, State::Skipping) => State::Skipping,
            (Content::Field { name, value }, State::In(mut draft)) => match draft.field(number, name, value, limits, findings) {
                Outcome::Read => State::In(draft),
                Outcome::Refused => State::Skipping,
            },
            (Content::Field { name, value }, State::Between) => between(number, name, value, findings),
            (Content::Fault(fault, text), state) => {
                findings.add(number, state.name(), || match fault {
                    Fault::NotAField => Kind::LineMalformed { line: excerpt(text) },
                    Fault::StrayContinuation => Kind::StrayContinuation,
                    Fault::TooLong => Kind::LineTooLong { limit: limits.ldif_line_bytes },
                });
                // A name that is too long must not leave its lines to the record before it.
                if text.get(..3).is_some_and(|t| t.eq_ignore_ascii_case(b"dn:")) {
                    state.finish(findings, records);
                    State::Skipping
                } else {
                    state
                }
            }
        };
    }
    state.finish(findings, records);
    seen
}

/// A line outside any record: the version, or one that has no business there.
fn between(number: usize, name: &[u8], value: Value<'_>, findings: &mut Findings) -> State {
    if name.eq_ignore_ascii_case(b"version") {
        if !matches!(value, Value::Plain(b"1")) {
            findings.add(number, None, || Kind::Version { version: excerpt(value.written()) });
        }
        return State::Between;
    }
    if name.eq_ignore_ascii_case(b"include") {
        findings.add(number, None, || Kind::Include { url: excerpt(value.written()) });
        return State::Between;
    }
    findings.add(number, None, || Kind::NoRecord { attribute: excerpt(name) });
    State::Skipping
}

enum State {
    /// Outside any record.
    Between,
    In(Box<Draft>),
    /// In a record that is not read any further.
    Skipping,
}

impl State {
    fn name(&self) -> Option<&str> {
        match self {
            Self::In(draft) => Some(&draft.dn),
            Self::Between | Self::Skipping => None,
        }
    }

    fn finish(self, findings: &mut Findings, records: &mut impl Records) {
        if let Self::In(draft) = self {
            draft.finish(findings, records);
        }
    }
}

enum Outcome {
    Read,
    /// The record is to be left out.
    Refused,
}

/// A record as far as it was read.
struct Draft {
    line: usize,
    dn: Box<str>,
    /// `None` if it cannot be read.
    record_name: Option<RecordName>,
    is_provider: bool,
    name: Option<Box<str>>,
    unit: Option<Box<str>>,
    mail_receipt: Option<MailReceipt>,
    ldif_location_url: Option<(usize, Box<str>)>,
    descriptions: Vec<Box<str>>,
    hashes: Vec<(usize, Box<str>)>,
    /// The values of `providerCertificate`; `None` for those that could not be read.
    certificates: Vec<(usize, Option<Certificate>)>,
    domains: DomainSet,
    domain_lines: Vec<usize>,
}

impl Draft {
    fn begin(line: usize, value: Value<'_>, findings: &mut Findings) -> Option<Self> {
        let dn = text("dn", line, value, None, findings)?;
        let record_name = RecordName::parse(&dn);
        if record_name.is_none() {
            findings.add(line, Some(&dn), || Kind::NameMalformed);
        }
        Some(Self {
            line,
            dn: dn.into(),
            record_name,
            is_provider: false,
            name: None,
            unit: None,
            mail_receipt: None,
            ldif_location_url: None,
            descriptions: Vec::new(),
            hashes: Vec::new(),
            certificates: Vec::new(),
            domains: DomainSet::default(),
            domain_lines: Vec::new(),
        })
    }

    fn field(&mut self, line: usize, name: &[u8], value: Value<'_>, limits: &Limits, findings: &mut Findings) -> Outcome {
        let is = |s: &str| name.eq_ignore_ascii_case(s.as_bytes());
        if let Value::Url(url) = value {
            findings.add(line, Some(&self.dn), || Kind::UrlValue { attribute: excerpt(name), url: excerpt(url) });
        } else if is("managedDomains") {
            self.domain(line, value, findings);
        } else if is("providerCertificate") {
            self.certificate(line, value, limits, findings);
        } else if is("providerCertificateHash") {
            // One more than certificates is enough to notice that there are too many.
            if self.hashes.len() <= limits.ldif_certificates
                && let Some(hash) = text("providerCertificateHash", line, value, Some(&self.dn), findings)
            {
                self.hashes.push((line, hash.into()));
            }
        } else if is("providerName") {
            once("providerName", line, value, &self.dn, findings, &mut self.name);
        } else if is("providerUnit") {
            once("providerUnit", line, value, &self.dn, findings, &mut self.unit);
        } else if is("mailReceipt") {
            self.mail_receipt(line, value, findings);
        } else if is("LDIFLocationURL") {
            let mut url = self.ldif_location_url.take().map(|(_, url)| url);
            once("LDIFLocationURL", line, value, &self.dn, findings, &mut url);
            self.ldif_location_url = url.map(|url| (line, url));
        } else if is("description") {
            let description = text("description", line, value, Some(&self.dn), findings).filter(|d| !d.is_empty());
            self.descriptions.extend(description.map(Box::from));
        } else if is("objectClass") {
            self.is_provider |=
                text("objectClass", line, value, Some(&self.dn), findings).is_some_and(|c| c.eq_ignore_ascii_case("provider"));
        } else if is("changetype") || is("control") {
            findings.add(line, Some(&self.dn), || Kind::ChangeRecord { attribute: excerpt(name) });
            return Outcome::Refused;
        } else if is("include") {
            findings.add(line, Some(&self.dn), || Kind::Include { url: excerpt(value.written()) });
        }
        Outcome::Read
    }

    fn domain(&mut self, line: usize, value: Value<'_>, findings: &mut Findings) {
        let Some(written) = text("managedDomains", line, value, Some(&self.dn), findings) else { return };
        match written.parse::<Domain>() {
            // RFC 6109 §4.5.5: in dot-atom form, so no domain literal.
            Ok(domain) if !written.starts_with('[') => {
                if self.domains.insert(domain) {
                    self.domain_lines.push(line);
                } else {
                    findings.add(line, Some(&self.dn), || Kind::DomainTwice { domain: excerpt(written.as_bytes()) });
                }
            }
            _ => findings.add(line, Some(&self.dn), || Kind::DomainMalformed { written: excerpt(written.as_bytes()) }),
        }
    }

    fn certificate(&mut self, line: usize, value: Value<'_>, limits: &Limits, findings: &mut Findings) {
        if self.certificates.len() >= limits.ldif_certificates {
            if self.certificates.len() == limits.ldif_certificates {
                findings.add(line, Some(&self.dn), || Kind::TooManyCertificates { limit: limits.ldif_certificates });
                self.certificates.push((line, None));
            }
            return;
        }
        let certificate = match value {
            Value::Base64(written) => decode("providerCertificate", line, written, Some(&self.dn), findings).and_then(|der| {
                Certificate::from_der(&der).map_err(|error| findings.add(line, Some(&self.dn), || Kind::NotACertificate { error })).ok()
            }),
            Value::Plain(_) | Value::Url(_) => {
                findings.add(line, Some(&self.dn), || Kind::CertificateAsText);
                None
            }
        };
        self.certificates.push((line, certificate));
    }

    fn mail_receipt(&mut self, line: usize, value: Value<'_>, findings: &mut Findings) {
        let mut written = self.mail_receipt.take().map(|m| m.text);
        once("mailReceipt", line, value, &self.dn, findings, &mut written);
        self.mail_receipt = written.map(|text| {
            let address = text.parse::<Address>().ok();
            // RFC 6109 §4.5.4: dot-atoms on both sides.
            if !address.as_ref().is_some_and(|a| !text.starts_with('"') && !a.domain().as_str().starts_with('[')) {
                findings.add(line, Some(&self.dn), || Kind::MailReceiptMalformed { written: excerpt(text.as_bytes()) });
            }
            MailReceipt { text, address }
        });
    }

    fn finish(mut self, findings: &mut Findings, records: &mut impl Records) {
        if self.record_name.as_ref().is_some_and(RecordName::is_base_root) {
            records.base_root(self.ldif_location_url.map(|(_, url)| url), self.descriptions);
            return;
        }
        let (line, dn) = (self.line, core::mem::take(&mut self.dn));
        let unusual = self.record_name.as_ref().is_some_and(|n| n.unusual || !n.in_directory);
        let [dn_name, dn_unit] = self.record_name.take().map_or([None, None], |n| [n.provider, n.unit]).map(|n| n.and_then(trimmed));
        if !self.is_provider && dn_name.is_none() {
            findings.add(line, Some(&dn), || Kind::UnknownRecord);
            return;
        }
        if unusual {
            findings.add(line, Some(&dn), || Kind::NameUnusual);
        }
        self.missing(&dn, findings);
        let name = match (self.name.take(), dn_name.clone()) {
            (Some(name), _) | (None, Some(name)) => name,
            (None, None) => {
                findings.add(line, Some(&dn), || Kind::Nameless);
                return;
            }
        };
        let main_name = dn_name.unwrap_or_else(|| name.clone());
        if super::name::key(&name) != super::name::key(&main_name) {
            let (attribute, dn_name) = (excerpt(name.as_bytes()), excerpt(main_name.as_bytes()));
            findings.add(line, Some(&dn), || Kind::NameDiffers { attribute, dn: dn_name });
        }
        let key = |unit: &Option<Box<str>>| unit.as_deref().map(super::name::key);
        if key(&self.unit) != key(&dn_unit) {
            let [attribute, dn_unit] = [&self.unit, &dn_unit].map(|u| excerpt(u.as_deref().unwrap_or_default().as_bytes()));
            findings.add(line, Some(&dn), || Kind::UnitDiffers { attribute, dn: dn_unit });
        }
        let unit = self.unit.take().or(dn_unit);
        let ldif_location_url = match self.ldif_location_url.take() {
            Some((line, _)) if unit.is_some() => {
                findings.add(line, Some(&dn), || Kind::UnitLocation);
                None
            }
            url => url.map(|(_, url)| url),
        };
        let (certificates, certificate_lines) = listed(self.hashes, self.certificates, &dn, findings);
        let provider = Provider {
            dn,
            main_name,
            name,
            unit,
            certificates,
            mail_receipt: self.mail_receipt,
            domains: self.domains,
            ldif_location_url,
            descriptions: self.descriptions,
            line: Some(line),
        };
        records.provider(provider, ValueLines { certificates: certificate_lines, domains: self.domain_lines }, findings);
    }

    /// The attributes that RFC 6109 §4.5.9 wants, and the object class.
    fn missing(&self, dn: &str, findings: &mut Findings) {
        for (there, attribute) in [
            (self.is_provider, "objectClass provider"),
            (self.name.is_some(), "providerName"),
            (!self.hashes.is_empty(), "providerCertificateHash"),
            (self.certificates.iter().any(|(_, c)| c.is_some()), "providerCertificate"),
            (self.mail_receipt.is_some(), "mailReceipt"),
            (!self.domains.as_slice().is_empty(), "managedDomains"),
        ] {
            if !there {
                findings.add(self.line, Some(dn), || Kind::AttributeMissing { attribute });
            }
        }
    }
}

/// Puts hashes and certificates together. They are two sets, in whatever order: first those that belong together, then, if as
/// many are left of the ones as of the others, one after the other as mismatches.
fn listed(
    hashes: Vec<(usize, Box<str>)>,
    certificates: Vec<(usize, Option<Certificate>)>,
    dn: &str,
    findings: &mut Findings,
) -> (Vec<ListedCertificate>, Vec<usize>) {
    let mut by_value: HashMap<String, Vec<(usize, Box<str>)>> = HashMap::new();
    for (line, hash) in hashes {
        if hash.len() != 40 || !hash.bytes().all(|b| b.is_ascii_hexdigit()) {
            findings.add(line, Some(dn), || Kind::HashMalformed { written: excerpt(hash.as_bytes()) });
        }
        by_value.entry(hash.to_ascii_lowercase()).or_default().push((line, hash));
    }
    // The last hash of a value comes off first; beginning from the end keeps the order of those that are written twice.
    let mut matched: Vec<_> = certificates
        .iter()
        .rev()
        .map(|(_, c)| c.as_ref().and_then(|c| by_value.get_mut(&hex(c.sha1()))).and_then(Vec::pop).map(|(_, hash)| hash))
        .collect();
    matched.reverse();
    let mut left: Vec<(usize, Box<str>)> = by_value.into_values().flatten().collect();
    left.sort_unstable_by_key(|(line, _)| *line);
    let in_pairs = left.len() == matched.iter().filter(|m| m.is_none()).count();
    let mut left = left.into_iter();

    let mut seen = std::collections::HashSet::new();
    let (mut listed, mut lines) = (Vec::new(), Vec::new());
    for ((line, certificate), matched) in certificates.into_iter().zip(matched) {
        let mismatched = if in_pairs && matched.is_none() { left.next() } else { None };
        let Some(certificate) = certificate else { continue };
        if !seen.insert(*certificate.sha256()) {
            findings.add(line, Some(dn), || Kind::CertificateTwice);
            continue;
        }
        let hash_as_written = match (matched, mismatched) {
            (Some(hash), _) => Some(hash),
            (None, Some((line, hash))) => {
                let computed = || hex(certificate.sha1()).into();
                findings.add(line, Some(dn), || Kind::HashMismatch { written: excerpt(hash.as_bytes()), computed: computed() });
                Some(hash)
            }
            (None, None) => {
                findings.add(line, Some(dn), || Kind::HashMissing { computed: hex(certificate.sha1()).into() });
                None
            }
        };
        listed.push(ListedCertificate { certificate, hash_as_written });
        lines.push(line);
    }
    for (line, hash) in left {
        findings.add(line, Some(dn), || Kind::HashAlone { written: excerpt(hash.as_bytes()) });
    }
    (listed, lines)
}

/// Takes a value that may be there once; blanks around it do not count, and an empty one is none.
fn once(attribute: &'static str, line: usize, value: Value<'_>, dn: &str, findings: &mut Findings, slot: &mut Option<Box<str>>) {
    let Some(new) = text(attribute, line, value, Some(dn), findings).and_then(|t| trimmed(t.into_owned())) else { return };
    if slot.is_some() {
        findings.add(line, Some(dn), || Kind::AttributeTwice { attribute });
    } else {
        *slot = Some(new);
    }
}

fn trimmed(text: String) -> Option<Box<str>> {
    let text = text.trim();
    if text.is_empty() { None } else { Some(text.into()) }
}

/// The value as text; what is not UTF-8 in it is replaced, with a finding.
fn text<'l>(attribute: &str, line: usize, value: Value<'l>, dn: Option<&str>, findings: &mut Findings) -> Option<Cow<'l, str>> {
    let bytes = match value {
        Value::Plain(written) => Cow::Borrowed(written),
        Value::Base64(written) => Cow::Owned(decode(attribute, line, written, dn, findings)?),
        Value::Url(url) => {
            findings.add(line, dn, || Kind::UrlValue { attribute: attribute.into(), url: excerpt(url) });
            return None;
        }
    };
    let text = match bytes {
        Cow::Borrowed(b) => String::from_utf8_lossy(b),
        Cow::Owned(v) => match String::from_utf8(v) {
            Ok(s) => return Some(Cow::Owned(s)),
            Err(e) => Cow::Owned(String::from_utf8_lossy(e.as_bytes()).into_owned()),
        },
    };
    if matches!(text, Cow::Owned(_)) {
        findings.add(line, dn, || Kind::NotUtf8 { attribute: attribute.into() });
    }
    Some(text)
}

fn decode(attribute: &str, line: usize, written: &[u8], dn: Option<&str>, findings: &mut Findings) -> Option<Vec<u8>> {
    // Blanks: RFC 6109 §4.5.10 prints its continuation lines further in than RFC 2849 lets them be.
    let stripped =
        if written.contains(&b' ') { Cow::Owned(written.iter().copied().filter(|b| *b != b' ').collect()) } else { Cow::Borrowed(written) };
    let decoded = BASE64.decode(&*stripped);
    if decoded.is_err() {
        findings.add(line, dn, || Kind::BadBase64 { attribute: attribute.into() });
    }
    decoded.ok()
}

impl<'l> Value<'l> {
    fn written(self) -> &'l [u8] {
        match self {
            Self::Plain(v) | Self::Base64(v) | Self::Url(v) => v,
        }
    }
}
