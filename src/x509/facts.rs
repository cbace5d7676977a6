//! What a certificate says, read once (RFC 5280 §4).

use core::ops::Range;
use std::collections::HashSet;

use sha1::Digest as _;

use super::constraints::NameConstraints;
use super::name::Name;
use super::read::{Malformed, Named as _, hex, instant, span, span_of_end, unexpected, whole_octets};
use super::{CertificateError, CertificateErrorKind};
use crate::asn1::{Asn1ErrorKind, BitString, Reader, Value, dotted, tag};
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
    /// The raw names under which its revocation lists are published, sorted.
    pub(super) crl_names: Vec<Box<[u8]>>,
}

/// basicConstraints.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BasicConstraints {
    pub(crate) is_ca: bool,
    pub(crate) path_length: Option<u64>,
}

/// keyUsage.
#[derive(Debug, Clone, Copy)]
pub(crate) struct KeyUsage {
    pub(crate) digital_signature: bool,
    pub(crate) certificate_sign: bool,
    pub(crate) crl_sign: bool,
}

impl KeyUsage {
    fn of(bits: BitString<'_>) -> Self {
        Self { digital_signature: bits.bit(0), certificate_sign: bits.bit(5), crl_sign: bits.bit(6) }
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
    pub(crate) fn added_critical(&self) -> Option<Box<str>> {
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
        Self::at(malformed.offset, CertificateErrorKind::Malformed { what: malformed.what, error: malformed.kind })
    }
}

impl CertificateError {
    fn at(offset: usize, kind: CertificateErrorKind) -> Self {
        Self { kind, offset: Some(offset), block: None }
    }
}

/// Reads a certificate.
pub(super) fn read(der: &[u8]) -> Result<Facts, CertificateError> {
    let mut outside = Reader::der(der);
    let certificate = outside.expect(tag::SEQUENCE).named("certificate")?;
    if !outside.is_empty() {
        return Err(CertificateError::at(certificate.whole.len(), CertificateErrorKind::TrailingBytes));
    }
    let mut parts = certificate.reader();
    let tbs = parts.expect(tag::SEQUENCE).named("signed part")?;
    let outer_algorithm = parts.expect(tag::SEQUENCE).named("signature algorithm")?;
    let signature = parts.expect(tag::BIT_STRING).named("signature")?;
    parts.finish().named("certificate")?;
    let signature_octets = whole_octets(&signature, "signature")?;

    let mut fields = tbs.reader();
    let version = version(&mut fields)?;
    let serial = fields.expect(tag::INTEGER).named("serial number")?;
    if serial.content.is_empty() {
        return Err(Malformed { what: "serial number", kind: Asn1ErrorKind::BadInteger, offset: serial.offset }.into());
    }
    let inner_algorithm = fields.expect(tag::SEQUENCE).named("signature algorithm")?;
    if inner_algorithm.whole != outer_algorithm.whole {
        return Err(CertificateError::at(outer_algorithm.offset, CertificateErrorKind::AlgorithmsDiffer));
    }
    let issuer = fields.expect(tag::SEQUENCE).named("issuer")?;
    let validity = fields.expect(tag::SEQUENCE).named("validity")?;
    let mut times = validity.reader();
    let not_before = instant(&times.read().named("start of validity")?, "start of validity")?;
    let not_after = instant(&times.read().named("end of validity")?, "end of validity")?;
    times.finish().named("validity")?;
    let subject = fields.expect(tag::SEQUENCE).named("subject")?;
    let spki = fields.expect(tag::SEQUENCE).named("public key")?;
    let _issuer_unique_id = fields.optional(tag::context(1)).named("issuer's unique identifier")?;
    let _subject_unique_id = fields.optional(tag::context(2)).named("subject's unique identifier")?;
    let extensions = match fields.optional(tag::context_constructed(3)).named("extensions")? {
        Some(tagged) => {
            let mut inside = tagged.reader();
            let list = inside.expect(tag::SEQUENCE).named("extensions")?;
            inside.finish().named("extensions")?;
            extensions(list)?
        }
        None => Extensions::default(),
    };
    fields.finish().named("signed part")?;

    Ok(Facts {
        sha256: sha2::Sha256::digest(der).into(),
        sha1: sha1::Sha1::digest(der).into(),
        version,
        tbs: span(&tbs),
        serial: span_of_end(&serial, serial.content),
        serial_hex: serial_hex(serial.content),
        issuer_der: span(&issuer),
        issuer: Name::read(issuer)?,
        not_before,
        not_after,
        subject: Name::read(subject)?,
        spki: span(&spki),
        public_key: public_key(spki).unwrap_or(PublicKeyFacts::Other),
        signature_algorithm: span(&outer_algorithm),
        signature: span_of_end(&signature, signature_octets),
        extensions,
        der: der.into(),
    })
}

fn version(fields: &mut Reader<'_>) -> Result<u8, CertificateError> {
    let Some(tagged) = fields.optional(tag::context_constructed(0)).named("version")? else { return Ok(1) };
    let mut inside = tagged.reader();
    let number = inside.expect(tag::INTEGER).named("version")?;
    inside.finish().named("version")?;
    match *number.content {
        [0] => Ok(1), // the default, written out all the same
        [1] => Ok(2),
        [2] => Ok(3),
        _ => Err(CertificateError::at(number.offset, CertificateErrorKind::UnknownVersion)),
    }
}

fn serial_hex(octets: &[u8]) -> Box<str> {
    let digits = hex(octets);
    match digits.trim_start_matches('0') {
        "" => "0".into(),
        digits => digits.into(),
    }
}

fn public_key(spki: Value<'_>) -> Option<PublicKeyFacts> {
    let mut fields = spki.reader();
    let algorithm = fields.sequence().ok()?.oid().ok()?;
    let key = fields.expect(tag::BIT_STRING).ok()?.bit_string().ok()?.whole_octets()?;
    if !RSA.contains(&algorithm) {
        return None;
    }
    let modulus = Reader::der(key).sequence().ok()?.expect(tag::INTEGER).ok()?.unsigned().ok()?;
    let unused = modulus.first()?.leading_zeros() as usize;
    Some(PublicKeyFacts::Rsa { bits: modulus.len().checked_mul(8)?.checked_sub(unused)? })
}

/// One extension or revocation-list extension: its identifier, whether it is critical, and what is in its OCTET STRING.
pub(super) struct Extension<'a> {
    pub(super) oid: Value<'a>,
    pub(super) is_critical: bool,
    content: Value<'a>,
}

impl<'a> Extension<'a> {
    pub(super) fn read(extension: Value<'a>) -> Result<Self, Malformed> {
        let mut fields = extension.reader();
        let oid = fields.expect(tag::OID).named("extension")?;
        let is_critical = match fields.optional(tag::BOOLEAN).named("extension")? {
            Some(critical) => critical.boolean().named("extension")?,
            None => false,
        };
        let content = fields.expect(tag::OCTET_STRING).named("extension")?;
        fields.finish().named("extension")?;
        Ok(Self { oid, is_critical, content })
    }

    /// The one value inside, which must have this tag.
    pub(super) fn value(&self, tag: u8, what: &'static str) -> Result<Value<'a>, Malformed> {
        let mut inside = self.content.reader();
        let value = inside.expect(tag).named(what)?;
        inside.finish().named(what)?;
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
    let mut walk = list.reader();
    while !walk.is_empty() {
        let extension = Extension::read(walk.expect(tag::SEQUENCE).named("extension")?)?;
        let oid = extension.oid.content;
        if !seen.insert(oid) {
            read.duplicate.get_or_insert_with(|| dotted(oid));
            continue;
        }
        read.present.push(oid.into());
        if extension.is_critical {
            read.critical.push(oid.into());
        }
        if !read.take(&extension)? && extension.is_critical {
            read.unknown_critical.get_or_insert_with(|| dotted(oid));
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
                self.key_usage = Some(KeyUsage::of(usage.bit_string().named("keyUsage")?));
            }
            Some(id::EXTENDED_KEY_USAGE) => self.key_purposes = Some(key_purposes(extension)?),
            Some(id::SUBJECT_KEY_ID) => {
                self.subject_key_id = Some(extension.value(tag::OCTET_STRING, "subjectKeyIdentifier")?.content.into())
            }
            Some(id::AUTHORITY_KEY_ID) => {
                let mut fields = extension.value(tag::SEQUENCE, "authorityKeyIdentifier")?.reader();
                self.authority_key_id = fields.optional(tag::context(0)).named("authorityKeyIdentifier")?.map(|id| id.content.into());
            }
            Some(id::SUBJECT_ALT_NAME) => self.alternative_names = Some(alternative_names(extension)?),
            Some(id::NAME_CONSTRAINTS) => {
                let constraints = extension.value(tag::SEQUENCE, "nameConstraints")?;
                self.name_constraints = Some(NameConstraints::read(constraints, extension.is_critical)?);
            }
            Some(id::CERTIFICATE_POLICIES) => {
                let mut policies = extension.value(tag::SEQUENCE, "certificatePolicies")?.reader();
                while !policies.is_empty() {
                    let policy = policies
                        .expect(tag::SEQUENCE)
                        .named("certificatePolicies")?
                        .reader()
                        .expect(tag::OID)
                        .named("certificatePolicies")?;
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
    let mut fields = extension.value(tag::SEQUENCE, WHAT)?.reader();
    let is_ca = match fields.optional(tag::BOOLEAN).named(WHAT)? {
        Some(truth) => truth.boolean().named(WHAT)?,
        None => false,
    };
    let path_length = match fields.optional(tag::INTEGER).named(WHAT)? {
        Some(number) => Some(number.small().named(WHAT)?),
        None => None,
    };
    fields.finish().named(WHAT)?;
    Ok(BasicConstraints { is_ca, path_length })
}

fn key_purposes(extension: &Extension<'_>) -> Result<KeyPurposes, Malformed> {
    let mut purposes = extension.value(tag::SEQUENCE, "extKeyUsage")?.reader();
    let mut read = KeyPurposes::Other;
    while !purposes.is_empty() {
        let purpose = purposes.expect(tag::OID).named("extKeyUsage")?;
        if [EMAIL_PROTECTION, ANY_EXTENDED_KEY_USAGE].contains(&purpose.content) {
            read = KeyPurposes::Mail;
        }
    }
    Ok(read)
}

fn alternative_names(extension: &Extension<'_>) -> Result<AlternativeNames, CertificateError> {
    let mut read = AlternativeNames::default();
    let mut names = extension.value(tag::SEQUENCE, "subjectAltName")?.reader();
    while !names.is_empty() {
        let name = names.read().named("subjectAltName")?;
        let form = general_name_form(name)?;
        read.forms |= 1 << form;
        match form {
            RFC822_NAME => {
                // An IA5String could hold NUL and other controls, and does so only to be read in two ways.
                let address = core::str::from_utf8(name.content).ok().filter(|text| text.bytes().all(|octet| matches!(octet, b' '..=b'~')));
                let address = address.ok_or_else(|| CertificateError::at(name.offset, CertificateErrorKind::AddressNotAscii))?;
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
    if form <= 8 && name.tag == expected { Ok(form) } else { Err(unexpected(&name, "general name")) }
}

/// The name inside the choice directoryName.
pub(super) fn directory_name(name: Value<'_>) -> Result<Name, Malformed> {
    let mut inside = name.reader();
    let read = Name::read(inside.expect(tag::SEQUENCE).named("directory name")?)?;
    inside.finish().named("directory name")?;
    Ok(read)
}

fn crl_names(extension: &Extension<'_>) -> Result<Vec<Box<[u8]>>, Malformed> {
    const WHAT: &str = "cRLDistributionPoints";
    let mut read = Vec::new();
    let mut points = extension.value(tag::SEQUENCE, WHAT)?.reader();
    while !points.is_empty() {
        let mut point = points.expect(tag::SEQUENCE).named(WHAT)?.reader();
        if let Some(name) = point.optional(tag::context_constructed(0)).named(WHAT)? {
            full_names(name, &mut read)?;
        }
    }
    read.sort_unstable();
    Ok(read)
}

/// Adds the raw names of a DistributionPointName, if it has them in full.
pub(super) fn full_names(distribution_point: Value<'_>, into: &mut Vec<Box<[u8]>>) -> Result<(), Malformed> {
    const WHAT: &str = "distribution point";
    if let Some(full) = distribution_point.reader().optional(tag::context_constructed(0)).named(WHAT)? {
        let mut names = full.reader();
        while !names.is_empty() {
            into.push(names.read().named(WHAT)?.whole.into());
        }
    }
    Ok(())
}
