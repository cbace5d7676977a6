//! What a certificate says, read once (RFC 5280 §4).

use core::ops::Range;
use std::collections::HashSet;

use sha1::Digest as _;

use super::constraints::NameConstraints;
use super::name::Name;
use super::walk::{Malformed, Value, Walk, dotted, hex, tag, time};
use super::{CertificateError, CertificateErrorKind};
use crate::time::UnixTime;

/// A certificate's bytes and everything read from them; places are offsets into the bytes.
pub(super) struct Facts {
    pub(super) der: Box<[u8]>,
    pub(super) sha256: [u8; 32],
    pub(super) sha1: [u8; 20],
    pub(super) version: u8,
    pub(super) tbs: Range<usize>,
    pub(super) serial: Range<usize>,
    pub(super) serial_hex: Box<str>,
    pub(super) issuer_der: Range<usize>,
    pub(super) issuer: Name,
    pub(super) not_before: UnixTime,
    pub(super) not_after: UnixTime,
    pub(super) subject: Name,
    pub(super) spki: Range<usize>,
    pub(super) public_key: PublicKeyFacts,
    pub(super) signature_algorithm: Range<usize>,
    pub(super) signature: Range<usize>,
    pub(super) extensions: Extensions,
}

impl Facts {
    pub(super) fn slice(&self, place: &Range<usize>) -> &[u8] {
        self.der.get(place.clone()).unwrap_or_default()
    }
}

/// What can be said of a public key without a backend.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PublicKeyFacts {
    /// RSA: the length of the modulus in bits.
    Rsa { bits: usize },
    /// Anything else, or an RSA key that is not well-formed.
    Other,
}

/// The extensions of a certificate (RFC 5280 §4.2): which there are, and what the known ones say.
#[derive(Debug, Default)]
pub(crate) struct Extensions {
    critical: Vec<Box<[u8]>>,
    present: Vec<Box<[u8]>>,
    /// One that stands twice, dotted: such a certificate has two readings.
    pub(crate) duplicate: Option<Box<str>>,
    /// One that is critical and that nothing here understands, dotted.
    pub(crate) unknown_critical: Option<Box<str>>,
    pub(crate) basic_constraints: Option<BasicConstraints>,
    pub(crate) key_usage: Option<KeyUsage>,
    pub(crate) key_purposes: Option<KeyPurposes>,
    /// The keyIdentifier of authorityKeyIdentifier.
    pub(crate) authority_key_id: Option<Box<[u8]>>,
    pub(crate) subject_key_id: Option<Box<[u8]>>,
    pub(crate) alternative_names: Option<AlternativeNames>,
    pub(crate) name_constraints: Option<NameConstraints>,
    policies: Vec<Box<[u8]>>,
    /// The raw names under which its revocation lists are published.
    pub(crate) crl_names: Vec<Box<[u8]>>,
}

/// basicConstraints.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BasicConstraints {
    pub(crate) is_ca: bool,
    pub(crate) path_length: Option<u32>,
}

/// keyUsage.
#[derive(Debug, Clone, Copy)]
pub(crate) struct KeyUsage(u16);

impl KeyUsage {
    pub(crate) fn digital_signature(self) -> bool {
        self.0 & 0x8000 != 0
    }
    pub(crate) fn certificate_sign(self) -> bool {
        self.0 & 0x0400 != 0
    }
    pub(crate) fn crl_sign(self) -> bool {
        self.0 & 0x0200 != 0
    }
}

/// extendedKeyUsage, as far as mail goes.
#[derive(Debug, Clone, Copy)]
pub(crate) enum KeyPurposes {
    /// emailProtection or anyExtendedKeyUsage is among them.
    Mail,
    /// Only other purposes.
    Other,
}

/// subjectAltName.
#[derive(Debug, Default)]
pub(crate) struct AlternativeNames {
    pub(crate) emails: Vec<Box<str>>,
    /// Directory names, in the form that is compared, and for people.
    pub(crate) directory_names: Vec<(Box<[u8]>, Box<str>)>,
    /// Which kinds of GeneralName there are: bit n for `[n]`.
    pub(crate) forms: u16,
}

/// The extensions that are known here, by the last octet of 2.5.29.n.
mod id {
    pub(super) const SUBJECT_KEY_ID: u8 = 14;
    pub(super) const KEY_USAGE: u8 = 15;
    pub(super) const SUBJECT_ALT_NAME: u8 = 17;
    pub(super) const ISSUER_ALT_NAME: u8 = 18;
    pub(super) const BASIC_CONSTRAINTS: u8 = 19;
    pub(super) const NAME_CONSTRAINTS: u8 = 30;
    pub(super) const CRL_DISTRIBUTION_POINTS: u8 = 31;
    pub(super) const CERTIFICATE_POLICIES: u8 = 32;
    pub(super) const POLICY_MAPPINGS: u8 = 33;
    pub(super) const AUTHORITY_KEY_ID: u8 = 35;
    pub(super) const POLICY_CONSTRAINTS: u8 = 36;
    pub(super) const EXTENDED_KEY_USAGE: u8 = 37;
    pub(super) const INHIBIT_ANY_POLICY: u8 = 54;
}

/// 1.3.76.16.3.1.1, the policy of certificates issued to PEC providers.
const PEC_POLICY: &[u8] = &[0x2b, 0x4c, 0x10, 3, 1, 1];
const EMAIL_PROTECTION: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 3, 4];
const ANY_EXTENDED_KEY_USAGE: &[u8] = &[0x55, 0x1d, 37, 0];
/// rsaEncryption and id-RSASSA-PSS of PKCS #1.
const RSA: [&[u8]; 2] = [&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1], &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 10]];

/// Extensions that RFC 6109 §5.5.2 speaks of, asked for by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Known {
    BasicConstraints,
    KeyUsage,
    AuthorityKeyId,
    SubjectKeyId,
    SubjectAltName,
}

impl Known {
    fn oid(self) -> [u8; 3] {
        let last = match self {
            Self::BasicConstraints => id::BASIC_CONSTRAINTS,
            Self::KeyUsage => id::KEY_USAGE,
            Self::AuthorityKeyId => id::AUTHORITY_KEY_ID,
            Self::SubjectKeyId => id::SUBJECT_KEY_ID,
            Self::SubjectAltName => id::SUBJECT_ALT_NAME,
        };
        [0x55, 0x1d, last]
    }
}

impl Extensions {
    pub(crate) fn has(&self, extension: Known) -> bool {
        self.present.iter().any(|oid| **oid == extension.oid())
    }

    pub(crate) fn is_critical(&self, extension: Known) -> bool {
        self.critical.iter().any(|oid| **oid == extension.oid())
    }

    /// The first critical extension that RFC 6109 §5.5.2 does not name, dotted.
    pub(crate) fn added_critical(&self) -> Option<String> {
        use Known::{AuthorityKeyId, BasicConstraints, KeyUsage, SubjectAltName, SubjectKeyId};
        let named = [BasicConstraints, KeyUsage, AuthorityKeyId, SubjectKeyId, SubjectAltName].map(Known::oid);
        self.critical.iter().find(|oid| !named.iter().any(|named| named == &***oid)).map(|oid| dotted(oid))
    }

    pub(crate) fn emails(&self) -> &[Box<str>] {
        self.alternative_names.as_ref().map(|names| &*names.emails).unwrap_or_default()
    }

    /// Whether it was issued under 1.3.76.16.3.1.1, the policy for PEC providers.
    pub(crate) fn has_pec_policy(&self) -> bool {
        self.policies.iter().any(|policy| **policy == *PEC_POLICY)
    }
}

impl From<Malformed> for CertificateError {
    fn from(malformed: Malformed) -> Self {
        Self::at(malformed.at, CertificateErrorKind::Malformed { what: malformed.what })
    }
}

impl CertificateError {
    fn at(offset: usize, kind: CertificateErrorKind) -> Self {
        Self { kind, offset: Some(offset), block: None }
    }
}

/// Reads a certificate.
pub(super) fn read(der: &[u8]) -> Result<Facts, CertificateError> {
    let mut outside = Walk::new(der, 0);
    let certificate = outside.expect(tag::SEQUENCE, "certificate")?;
    if !outside.is_empty() {
        return Err(CertificateError::at(certificate.whole.len(), CertificateErrorKind::TrailingBytes));
    }
    let mut parts = certificate.inside();
    let tbs = parts.expect(tag::SEQUENCE, "signed part")?;
    let outer_algorithm = parts.expect(tag::SEQUENCE, "signature algorithm")?;
    let signature = parts.expect(tag::BIT_STRING, "signature")?;
    parts.end("certificate")?;
    let signature_octets = signature.whole_bits().ok_or_else(|| signature.malformed("signature"))?.len();

    let mut fields = tbs.inside();
    let version = version(&mut fields)?;
    let serial = fields.expect(tag::INTEGER, "serial number")?;
    if serial.content.is_empty() {
        return Err(serial.malformed("serial number").into());
    }
    let inner_algorithm = fields.expect(tag::SEQUENCE, "signature algorithm")?;
    if inner_algorithm.whole != outer_algorithm.whole {
        return Err(CertificateError::at(outer_algorithm.at, CertificateErrorKind::AlgorithmsDiffer));
    }
    let issuer = fields.expect(tag::SEQUENCE, "issuer")?;
    let validity = fields.expect(tag::SEQUENCE, "validity")?;
    let mut times = validity.inside();
    let not_before = instant(times.next("start of validity")?, "start of validity")?;
    let not_after = instant(times.next("end of validity")?, "end of validity")?;
    times.end("validity")?;
    let subject = fields.expect(tag::SEQUENCE, "subject")?;
    let spki = fields.expect(tag::SEQUENCE, "public key")?;
    let _issuer_unique_id = fields.optional(tag::context(1), "issuer's unique identifier")?;
    let _subject_unique_id = fields.optional(tag::context(2), "subject's unique identifier")?;
    let extensions = match fields.optional(tag::context_constructed(3), "extensions")? {
        Some(tagged) => {
            let mut inside = tagged.inside();
            let list = inside.expect(tag::SEQUENCE, "extensions")?;
            inside.end("extensions")?;
            extensions(list)?
        }
        None => Extensions::default(),
    };
    fields.end("signed part")?;

    let signature_end = signature.content_span().end;
    Ok(Facts {
        sha256: sha2::Sha256::digest(der).into(),
        sha1: sha1::Sha1::digest(der).into(),
        version,
        tbs: tbs.span(),
        serial: serial.content_span(),
        serial_hex: serial_hex(serial.content),
        issuer_der: issuer.span(),
        issuer: Name::read(issuer)?,
        not_before,
        not_after,
        subject: Name::read(subject)?,
        spki: spki.span(),
        public_key: public_key(spki).unwrap_or(PublicKeyFacts::Other),
        signature_algorithm: outer_algorithm.span(),
        signature: signature_end.saturating_sub(signature_octets)..signature_end,
        extensions,
        der: der.into(),
    })
}

fn version(fields: &mut Walk<'_>) -> Result<u8, CertificateError> {
    let Some(tagged) = fields.optional(tag::context_constructed(0), "version")? else { return Ok(1) };
    let mut inside = tagged.inside();
    let number = inside.expect(tag::INTEGER, "version")?;
    inside.end("version")?;
    match *number.content {
        [0] => Ok(1), // the default, written out all the same
        [1] => Ok(2),
        [2] => Ok(3),
        _ => Err(CertificateError::at(number.at, CertificateErrorKind::UnknownVersion)),
    }
}

/// The instant that a time value means.
pub(super) fn instant(value: Value<'_>, what: &'static str) -> Result<UnixTime, Malformed> {
    time(value).and_then(UnixTime::from_secs).ok_or_else(|| value.malformed(what))
}

fn serial_hex(octets: &[u8]) -> Box<str> {
    let digits = hex(octets);
    match digits.trim_start_matches('0') {
        "" => "0".into(),
        digits => digits.into(),
    }
}

fn public_key(spki: Value<'_>) -> Option<PublicKeyFacts> {
    let mut fields = spki.inside();
    let algorithm = fields.expect(tag::SEQUENCE, "").ok()?.inside().expect(tag::OID, "").ok()?;
    let key = fields.expect(tag::BIT_STRING, "").ok()?;
    if !RSA.contains(&algorithm.content) {
        return None;
    }
    let modulus = Walk::new(key.whole_bits()?, 0).expect(tag::SEQUENCE, "").ok()?.inside().expect(tag::INTEGER, "").ok()?;
    let zeros = modulus.content.iter().take_while(|octet| **octet == 0).count();
    let octets = modulus.content.get(zeros..)?;
    let unused = octets.first()?.leading_zeros() as usize;
    Some(PublicKeyFacts::Rsa { bits: octets.len().checked_mul(8)?.checked_sub(unused)? })
}

/// One extension or revocation-list extension: its identifier, whether it is critical, and what is in its OCTET STRING.
pub(super) struct Extension<'a> {
    pub(super) oid: Value<'a>,
    pub(super) is_critical: bool,
    content: Value<'a>,
}

impl<'a> Extension<'a> {
    pub(super) fn read(extension: Value<'a>) -> Result<Self, Malformed> {
        let mut fields = extension.inside();
        let oid = fields.expect(tag::OID, "extension")?;
        let is_critical = match fields.optional(tag::BOOLEAN, "extension")? {
            Some(critical) => critical.truth().ok_or_else(|| critical.malformed("extension"))?,
            None => false,
        };
        let content = fields.expect(tag::OCTET_STRING, "extension")?;
        fields.end("extension")?;
        Ok(Self { oid, is_critical, content })
    }

    /// The one value inside, which must have this tag.
    pub(super) fn value(&self, tag: u8, what: &'static str) -> Result<Value<'a>, Malformed> {
        let mut inside = self.content.inside();
        let value = inside.expect(tag, what)?;
        inside.end(what)?;
        Ok(value)
    }

    /// n of 2.5.29.n.
    pub(super) fn number(&self) -> Option<u8> {
        match *self.oid.content {
            [0x55, 0x1d, number] => Some(number),
            _ => None,
        }
    }
}

fn extensions(list: Value<'_>) -> Result<Extensions, CertificateError> {
    let mut read = Extensions::default();
    let mut seen: HashSet<&[u8]> = HashSet::new();
    let mut walk = list.inside();
    while !walk.is_empty() {
        let extension = Extension::read(walk.expect(tag::SEQUENCE, "extension")?)?;
        let oid = extension.oid.content;
        if !seen.insert(oid) {
            read.duplicate.get_or_insert_with(|| dotted(oid).into());
            continue;
        }
        read.present.push(oid.into());
        if extension.is_critical {
            read.critical.push(oid.into());
        }
        if !read.take(&extension)? && extension.is_critical {
            read.unknown_critical.get_or_insert_with(|| dotted(oid).into());
        }
    }
    Ok(read)
}

impl Extensions {
    /// Takes in one extension; false when it is not known here.
    fn take(&mut self, extension: &Extension<'_>) -> Result<bool, CertificateError> {
        match extension.number() {
            Some(id::BASIC_CONSTRAINTS) => self.basic_constraints = Some(basic_constraints(extension)?),
            Some(id::KEY_USAGE) => {
                let usage = extension.value(tag::BIT_STRING, "keyUsage")?;
                self.key_usage = Some(KeyUsage(usage.flags().ok_or_else(|| usage.malformed("keyUsage"))?));
            }
            Some(id::EXTENDED_KEY_USAGE) => self.key_purposes = Some(key_purposes(extension)?),
            Some(id::SUBJECT_KEY_ID) => self.subject_key_id = Some(extension.value(tag::OCTET_STRING, "subjectKeyIdentifier")?.content.into()),
            Some(id::AUTHORITY_KEY_ID) => {
                let mut fields = extension.value(tag::SEQUENCE, "authorityKeyIdentifier")?.inside();
                self.authority_key_id = fields.optional(tag::context(0), "authorityKeyIdentifier")?.map(|id| id.content.into());
            }
            Some(id::SUBJECT_ALT_NAME) => self.alternative_names = Some(alternative_names(extension)?),
            Some(id::NAME_CONSTRAINTS) => {
                let constraints = extension.value(tag::SEQUENCE, "nameConstraints")?;
                self.name_constraints = Some(NameConstraints::read(constraints, extension.is_critical)?);
            }
            Some(id::CERTIFICATE_POLICIES) => {
                let mut policies = extension.value(tag::SEQUENCE, "certificatePolicies")?.inside();
                while !policies.is_empty() {
                    let policy = policies.expect(tag::SEQUENCE, "certificatePolicies")?.inside().expect(tag::OID, "certificatePolicies")?;
                    self.policies.push(policy.content.into());
                }
            }
            // What it says serves to match a partitioned list; not understanding it only means that no list matches.
            Some(id::CRL_DISTRIBUTION_POINTS) => self.crl_names = crl_names(extension).unwrap_or_default(),
            // Policies are not processed beyond asking for the PEC policy: known and tolerated, as OpenSSL does by default.
            Some(id::POLICY_MAPPINGS | id::POLICY_CONSTRAINTS | id::INHIBIT_ANY_POLICY | id::ISSUER_ALT_NAME) => {}
            _ => return Ok(false),
        }
        Ok(true)
    }
}

fn basic_constraints(extension: &Extension<'_>) -> Result<BasicConstraints, Malformed> {
    const WHAT: &str = "basicConstraints";
    let mut fields = extension.value(tag::SEQUENCE, WHAT)?.inside();
    let is_ca = match fields.optional(tag::BOOLEAN, WHAT)? {
        Some(truth) => truth.truth().ok_or_else(|| truth.malformed(WHAT))?,
        None => false,
    };
    let path_length = match fields.optional(tag::INTEGER, WHAT)? {
        Some(number) => Some(number.small_number().ok_or_else(|| number.malformed(WHAT))?),
        None => None,
    };
    fields.end(WHAT)?;
    Ok(BasicConstraints { is_ca, path_length })
}

fn key_purposes(extension: &Extension<'_>) -> Result<KeyPurposes, Malformed> {
    let mut purposes = extension.value(tag::SEQUENCE, "extKeyUsage")?.inside();
    let mut read = KeyPurposes::Other;
    while !purposes.is_empty() {
        let purpose = purposes.expect(tag::OID, "extKeyUsage")?;
        if [EMAIL_PROTECTION, ANY_EXTENDED_KEY_USAGE].contains(&purpose.content) {
            read = KeyPurposes::Mail;
        }
    }
    Ok(read)
}

fn alternative_names(extension: &Extension<'_>) -> Result<AlternativeNames, CertificateError> {
    let mut read = AlternativeNames::default();
    let mut names = extension.value(tag::SEQUENCE, "subjectAltName")?.inside();
    while !names.is_empty() {
        let name = names.next("subjectAltName")?;
        let form = general_name_form(name)?;
        read.forms |= 1 << form;
        match form {
            RFC822_NAME => {
                // An IA5String could hold NUL and other controls, and does so only to be read in two ways.
                let address = core::str::from_utf8(name.content).ok().filter(|text| text.bytes().all(|octet| matches!(octet, b' '..=b'~')));
                let address = address.ok_or_else(|| CertificateError::at(name.at, CertificateErrorKind::AddressNotAscii))?;
                read.emails.push(address.into());
            }
            DIRECTORY_NAME => {
                let directory_name = directory_name(name)?;
                read.directory_names.push((directory_name.key, directory_name.text));
            }
            _ => {}
        }
    }
    Ok(read)
}

/// `[n]` of GeneralName.
pub(super) const RFC822_NAME: u8 = 1;
pub(super) const DIRECTORY_NAME: u8 = 4;

/// Which choice of GeneralName a value is.
pub(super) fn general_name_form(name: Value<'_>) -> Result<u8, Malformed> {
    let form = name.tag & 0x1f;
    let constructed = matches!(form, 0 | 3 | DIRECTORY_NAME | 5);
    let expected = if constructed { tag::context_constructed(form) } else { tag::context(form) };
    if form <= 8 && name.tag == expected { Ok(form) } else { Err(name.malformed("general name")) }
}

/// The name inside the choice directoryName.
pub(super) fn directory_name(name: Value<'_>) -> Result<Name, Malformed> {
    let mut inside = name.inside();
    let read = Name::read(inside.expect(tag::SEQUENCE, "directory name")?)?;
    inside.end("directory name")?;
    Ok(read)
}

fn crl_names(extension: &Extension<'_>) -> Result<Vec<Box<[u8]>>, Malformed> {
    const WHAT: &str = "cRLDistributionPoints";
    let mut read = Vec::new();
    let mut points = extension.value(tag::SEQUENCE, WHAT)?.inside();
    while !points.is_empty() {
        let mut point = points.expect(tag::SEQUENCE, WHAT)?.inside();
        if let Some(name) = point.optional(tag::context_constructed(0), WHAT)? {
            full_names(name, &mut read)?;
        }
    }
    Ok(read)
}

/// Adds the raw names of a DistributionPointName, if it has them in full.
pub(super) fn full_names(distribution_point: Value<'_>, into: &mut Vec<Box<[u8]>>) -> Result<(), Malformed> {
    const WHAT: &str = "distribution point";
    if let Some(full) = distribution_point.inside().optional(tag::context_constructed(0), WHAT)? {
        let mut names = full.inside();
        while !names.is_empty() {
            into.push(names.next(WHAT)?.whole.into());
        }
    }
    Ok(())
}
