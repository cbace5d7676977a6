//! Paths and revocation against OpenSSL: hundreds of certificates, each breaking one thing, judged by `openssl verify` when they were made
//! (`tests/fixtures/x509/differential/make.py`) and by a [`Verifier`] here.
//!
//! All signers have one key, so one signature of one message serves them all: the CMS of a case is that signature with the certificates of the case.

use std::collections::HashMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use postacert::{
    AcceptedIssuers, Certificate, Check, CheckState, Crl, FindingKind, Message, Outcome, Policy, Report, RevocationDemand,
    VerificationTime, Verifier,
};

use crate::fixtures::read;

const FOLDER: &str = "x509/differential";

fn table(name: &str) -> String {
    String::from_utf8(read(&format!("{FOLDER}/{name}"))).unwrap()
}

/// The DER of everything, by name.
pub(crate) struct Bundle(HashMap<String, Vec<u8>>);

impl Bundle {
    pub(crate) fn load() -> Self {
        let lines = table("bundle.tsv");
        let rows = lines.lines().map(|line| line.split_once('\t').unwrap());
        Self(rows.map(|(name, der)| (name.to_owned(), STANDARD.decode(der).unwrap())).collect())
    }

    pub(crate) fn der(&self, name: &str) -> &[u8] {
        self.0.get(name).unwrap_or_else(|| panic!("{name} is not in the bundle"))
    }

    pub(crate) fn certificate(&self, name: &str) -> Certificate {
        Certificate::from_der(self.der(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    pub(crate) fn list(&self, name: &str) -> Crl {
        Crl::from_der(self.der(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// A receipt, signed by the holder of this certificate; the others come along.
    pub(crate) fn message(&self, signer: &str, others: &[&str]) -> Vec<u8> {
        Parts::of(self, &[&[signer], others].concat()).message()
    }

    /// The certificates that can be read, any of which may be a PEC authority.
    pub(crate) fn issuers(&self) -> AcceptedIssuers {
        AcceptedIssuers::pinned(self.0.values().filter_map(|der| Certificate::from_der(der).ok()))
    }
}

/// DER of one value.
pub(crate) fn tlv(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let mut der = vec![tag];
    match content.len() {
        length @ 0..0x80 => der.push(u8::try_from(length).unwrap()),
        length => {
            let octets = length.to_be_bytes();
            let octets = &octets[octets.iter().take_while(|octet| **octet == 0).count()..];
            der.push(0x80 | u8::try_from(octets.len()).unwrap());
            der.extend_from_slice(octets);
        }
    }
    der.extend_from_slice(&content);
    der
}

/// The bytes of the first value and those after it.
fn value(der: &[u8]) -> (&[u8], &[u8]) {
    let (header, length) = match der[1] {
        short @ 0..0x80 => (2, usize::from(short)),
        0x80 => (2, der.len() - 4),
        long => {
            let octets = usize::from(long & 0x7f);
            (2 + octets, der[2..2 + octets].iter().fold(0, |sum, octet| sum << 8 | usize::from(*octet)))
        }
    };
    der.split_at((header + length).min(der.len()))
}

/// What is inside the first value.
fn inside(der: &[u8]) -> &[u8] {
    let header = if der[1] <= 0x80 { 2 } else { 2 + usize::from(der[1] & 0x7f) };
    &value(der).0[header..]
}

/// Issuer and serial number of a certificate.
fn issuer_and_serial(certificate: &[u8]) -> Vec<u8> {
    let mut fields = inside(inside(certificate));
    if fields[0] == 0xa0 {
        fields = value(fields).1;
    }
    let (serial, fields) = value(fields);
    let (_algorithm, fields) = value(fields);
    let (issuer, _) = value(fields);
    tlv(0x30, &[issuer, serial])
}

const SIGNED_DATA: &[u8] = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02";
const DATA: &[u8] = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01";
const SHA_256: &[u8] = b"\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01";
const ECDSA_WITH_SHA_256: &[u8] = b"\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02";

/// A certificate with another key or one more extension, or several: no signature holds over it any more.
pub(crate) fn certificate_with(der: &[u8], change_key: impl FnOnce(&mut Vec<u8>), extension: Option<&[u8]>) -> Vec<u8> {
    let (tbs, algorithm_and_signature) = value(inside(der));
    let (mut rest, mut fields) = (inside(tbs), Vec::new());
    while !rest.is_empty() {
        let (field, after) = value(rest);
        fields.push(field.to_vec());
        rest = after;
    }
    // [0] version, serial number, algorithm, issuer, validity, subject, key, [3] extensions.
    let [.., key, extensions] = &mut fields[..] else { panic!("a certificate of version 3") };
    let mut bits = inside(value(inside(key)).1).to_vec();
    change_key(&mut bits);
    *key = tlv(0x30, &[value(inside(key)).0, &tlv(3, &[&bits])]);
    *extensions = tlv(0xa3, &[&tlv(0x30, &[inside(inside(extensions)), extension.unwrap_or_default()])]);
    let fields: Vec<&[u8]> = fields.iter().map(Vec::as_slice).collect();
    tlv(0x30, &[&tlv(0x30, &fields), algorithm_and_signature])
}

/// What the receipt and its signature are made of, to be changed.
pub(crate) struct Parts {
    /// The signed entity.
    pub(crate) signed: Vec<u8>,
    /// The signer's first.
    pub(crate) certificates: Vec<Vec<u8>>,
    pub(crate) lists: Vec<Vec<u8>>,
    /// The signed attributes.
    pub(crate) attributes: Vec<Vec<u8>>,
    pub(crate) unsigned: Vec<Vec<u8>>,
    /// An octet string inside the signature, where none belongs.
    pub(crate) content: Option<Vec<u8>>,
    /// How often the signer stands there.
    pub(crate) signers: usize,
    /// What stands there in place of the signature.
    pub(crate) replaced: Option<Vec<u8>>,
    signature: Vec<u8>,
    bytes: usize,
}

impl Parts {
    pub(crate) fn of(bundle: &Bundle, certificates: &[&str]) -> Self {
        let mut attributes = Vec::new();
        let mut rest = inside(bundle.der("message-attributes"));
        while !rest.is_empty() {
            let (attribute, after) = value(rest);
            attributes.push(attribute.to_vec());
            rest = after;
        }
        Self {
            signed: bundle.der("message-content").to_vec(),
            certificates: certificates.iter().map(|name| bundle.der(name).to_vec()).collect(),
            lists: Vec::new(),
            attributes,
            unsigned: Vec::new(),
            content: None,
            signers: 1,
            replaced: None,
            signature: bundle.der("message-signature").to_vec(),
            bytes: 0,
        }
    }

    /// Line breaks after the structure make it so long.
    pub(crate) fn line_breaks_to(&mut self, bytes: usize) {
        self.bytes = bytes;
    }

    fn cms(&self) -> Vec<u8> {
        if let Some(replaced) = &self.replaced {
            return replaced.clone();
        }
        let all = |tag: u8, values: &[Vec<u8>]| {
            let values: Vec<&[u8]> = values.iter().map(Vec::as_slice).collect();
            if values.is_empty() { Vec::new() } else { tlv(tag, &values) }
        };
        let (version, digest) = (tlv(2, &[&[1]]), tlv(0x30, &[SHA_256]));
        let id = issuer_and_serial(&self.certificates[0]);
        let (attributes, unsigned) = (all(0xa0, &self.attributes), all(0xa1, &self.unsigned));
        let (algorithm, signature) = (tlv(0x30, &[ECDSA_WITH_SHA_256]), tlv(0x04, &[&self.signature]));
        let signer = tlv(0x30, &[&version, &id, &digest, &attributes, &algorithm, &signature, &unsigned]);
        let content = self.content.as_ref().map(|content| tlv(0xa0, &[content])).unwrap_or_default();
        let content = tlv(0x30, &[DATA, &content]);
        let (certificates, lists) = (all(0xa0, &self.certificates), all(0xa1, &self.lists));
        let data = tlv(0x30, &[&version, &tlv(0x31, &[&digest]), &content, &certificates, &lists, &all(0x31, &vec![signer; self.signers])]);
        let mut cms = tlv(0x30, &[SIGNED_DATA, &tlv(0xa0, &[&data])]);
        cms.resize(self.bytes.max(cms.len()), b'\n');
        cms
    }

    pub(crate) fn message(&self) -> Vec<u8> {
        let mut message = b"From: posta-certificata@gestore.example\r\nX-Ricevuta: accettazione\r\nMIME-Version: 1.0\r\n\
            Content-Type: multipart/signed; protocol=\"application/pkcs7-signature\"; micalg=sha-256; boundary=outer\r\n\r\n--outer\r\n"
            .to_vec();
        message.extend_from_slice(&self.signed);
        message.extend_from_slice(b"\r\n--outer\r\nContent-Type: application/pkcs7-signature\r\nContent-Transfer-Encoding: base64\r\n\r\n");
        message.extend(STANDARD.encode(self.cms()).as_bytes().chunks(76).flat_map(|line| [line, b"\r\n"].concat()));
        message.extend_from_slice(b"--outer--\r\n");
        message
    }
}

/// One line of `cases.tsv`.
struct Case<'t> {
    name: &'t str,
    signer: &'t str,
    intermediates: Vec<&'t str>,
    anchors: Vec<&'t str>,
    lists: Vec<&'t str>,
    time: &'t str,
    flags: &'t str,
    openssl: &'t str,
    ours: &'t str,
    differs: &'t str,
}

impl<'t> Case<'t> {
    fn read(line: &'t str) -> Self {
        let columns: Vec<&str> = line.split('\t').collect();
        let [name, signer, intermediates, anchors, lists, time, flags, openssl, ours, differs] = columns[..] else { panic!("{line}") };
        let names = |column: &'t str| column.split(' ').filter(|name| *name != "-").collect();
        Self {
            name,
            signer,
            intermediates: names(intermediates),
            anchors: names(anchors),
            lists: names(lists),
            time,
            flags,
            openssl,
            ours,
            differs,
        }
    }

    /// `ok`, or the code of what stands against it. The intermediates come with the message, or are the caller's.
    fn verdict(&self, bundle: &Bundle, issuers: &AcceptedIssuers, embedded: bool) -> String {
        let with_lists = self.flags.contains("crl");
        let policy = if self.flags.contains("archive") { Policy::archive() } else { Policy::default() };
        let policy = if with_lists { policy.with_revocation(RevocationDemand::Always) } else { policy };
        let anchors: Result<Vec<_>, _> = self.anchors.iter().map(|name| Certificate::from_der(bundle.der(name))).collect();
        let Ok(anchors) = anchors else { return "anchor-unreadable".to_owned() };
        let verifier = Verifier::builder()
            .anchors(anchors)
            .accepted_issuers(issuers.clone())
            .crls(self.lists.iter().filter_map(|name| Crl::from_der(bundle.der(name)).ok()))
            .policy(policy);
        let known = self.intermediates.iter().filter_map(|name| Certificate::from_der(bundle.der(name)).ok());
        let verifier = if embedded { verifier } else { verifier.intermediates(known) }.build().unwrap();
        let raw = bundle.message(self.signer, if embedded { &self.intermediates } else { &[] });
        let message = Message::parse(&raw).unwrap();
        let report = verifier.verify(&message, VerificationTime::now(self.time.parse().unwrap()));
        verdict(&report, with_lists)
    }
}

/// What stands against the signer's certificate; of the other checks, nothing may.
fn verdict(report: &Report<'_>, with_lists: bool) -> String {
    let of_the_certificate = [Check::Signature, Check::Chain, Check::Time, Check::Revocation];
    if let Some(reason) = report.reasons().iter().find(|reason| of_the_certificate.contains(&reason.check())) {
        let code = match reason.finding().kind() {
            FindingKind::NoPath { error } => error.code(),
            FindingKind::Profile { problem } => problem.code(),
            FindingKind::Certificate { error } => error.kind().code(),
            kind => kind.code(),
        };
        return code.to_owned();
    }
    let checks = report.checks();
    assert_eq!((checks.signature, checks.chain, checks.time), (CheckState::Good, CheckState::Good, CheckState::Good));
    assert_eq!(checks.revocation == CheckState::Good, with_lists);
    // Where the certificate bears the address too, nothing is left to doubt.
    assert_eq!(report.outcome() == Outcome::Passed, report.checks().authority != CheckState::Bad, "{:?}", report.reasons());
    "ok".to_owned()
}

#[test]
fn r22_r24_r25_r27_paths_and_lists_as_openssl_judges_them() {
    let bundle = Bundle::load();
    let issuers = bundle.issuers();
    let cases = table("cases.tsv");
    let cases: Vec<Case<'_>> = cases.lines().skip(1).map(Case::read).collect();
    assert!(cases.len() > 900, "{} cases", cases.len());
    let mut wrong = Vec::new();
    for case in &cases {
        let ours = case.verdict(&bundle, &issuers, true);
        let apart = case.verdict(&bundle, &issuers, false);
        if ours != apart {
            wrong.push(format!("{}: {ours} with the intermediates in the message, else {apart}", case.name));
        }
        if !case.ours.split('|').any(|expected| expected == ours) {
            wrong.push(format!("{}: {ours}, not {} (openssl: {})", case.name, case.ours, case.openssl));
        }
        // A disagreement has its reason, and no reason stands where there is none.
        if ((case.openssl == "ok") != (ours == "ok")) != (case.differs != "-") {
            wrong.push(format!("{}: {ours}, openssl {}: {}", case.name, case.openssl, case.differs));
        }
    }
    assert!(wrong.is_empty(), "{} of {} cases:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}
