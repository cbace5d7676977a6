//! Every field of [`Limits`] has a row here: N is taken, N + 1 is not, and the limit can be set. A field without a row fails a test.

use std::collections::BTreeSet;
use std::str::FromStr as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use postacert::dsn::DeliveryReport;
use postacert::invoice::SdiFiles;
use postacert::{
    Address, CertificationData, Directory, FindingKind, Limits, Message, Policy, Recipient, RecipientKind, Report, TakenInCharge,
    Transaction, VerificationTime, Verifier,
};

use crate::differential::{Bundle, Parts, tlv};

struct Row {
    field: &'static str,
    /// What it is unless set.
    default: usize,
    set: fn(&mut Limits) -> &mut usize,
    /// A lawful number for the test.
    n: usize,
    /// Reads something that has `n` of what is limited, and gives what is said of it.
    read: fn(usize, &Limits) -> Vec<String>,
    /// What is said beyond the limit.
    beyond: &'static str,
}

macro_rules! row {
    ($field:ident = $default:expr, $n:expr, $read:expr, $beyond:literal) => {
        Row { field: stringify!($field), default: $default, set: |limits| &mut limits.$field, n: $n, read: $read, beyond: $beyond }
    };
}

const ROWS: &[Row] = &[
    row!(message_bytes = 128 << 20, 1_000, |n, limits| parse(&padded("A: b\r\n\r\n", n), limits), "the message is longer than 1000 bytes"),
    row!(
        header_bytes = 2 << 20,
        500,
        |n, limits| parse(&(padded("A: b", n - 2) + "\r\n\r\nbody"), limits),
        "the header of the message is longer than 500 bytes"
    ),
    row!(
        header_bytes = 2 << 20,
        500,
        |n, limits| parse(&(multipart("b", "") + &padded("A: b", n - 2) + "\r\n\r\nbody"), limits),
        "header-too-long"
    ),
    row!(header_fields = 10_000, 7, |n, limits| parse(&("A: b\r\n".repeat(n) + "\r\n"), limits), "too-many-header-fields"),
    row!(header_field_bytes = 64 << 10, 100, |n, limits| parse(&(padded("Subject: ", n) + "\r\n\r\n"), limits), "header-field-too-long"),
    row!(recipients_field_bytes = 1 << 20, 90, |n, limits| parse(&(padded("To: ", n) + "\r\n\r\n"), limits), "header-field-too-long"),
    row!(recipients_field_bytes = 1 << 20, 90, |n, limits| parse(&(padded("CC: ", n) + "\r\n\r\n"), limits), "header-field-too-long"),
    row!(line_bytes = 1 << 20, 200, |n, limits| parse(&(padded("Subject: ", n) + "\r\n\r\n"), limits), "line-too-long"),
    row!(
        boundary_chars = 70,
        20,
        |n, limits| parse(&(multipart(&"b".repeat(n), "") + "\r\n--" + &"b".repeat(n) + "--"), limits),
        "boundary-too-long"
    ),
    row!(
        mime_depth = 32,
        4,
        |n, limits| parse(&(1..n).map(|level| multipart(&format!("b{level}x"), "")).collect::<String>(), limits),
        "depth-limit"
    ),
    row!(mime_parts = 1_000, 5, |n, limits| parse(&(multipart("b", "") + &"\r\n--b\r\n\r\nx".repeat(n - 2)), limits), "parts-limit"),
    row!(cms_bytes = 1 << 20, 4_000, |n, limits| sign(|parts| parts.line_breaks_to(n), limits), "cms-too-large"),
    row!(asn1_depth = 16, 9, |n, limits| sign(|parts| parts.content = Some(nested_octets(n)), limits), "cms-encoding"),
    row!(
        cms_certificates = 16,
        3,
        |n, limits| sign(|parts| parts.certificates.extend(vec![NULL_SEQUENCE.to_vec(); n - 2]), limits),
        "cms-too-many-certificates"
    ),
    row!(cms_crls = 16, 3, |n, limits| sign(|parts| parts.lists = vec![NULL_SEQUENCE.to_vec(); n], limits), "cms-too-many-crls"),
    row!(
        cms_attributes = 32,
        5,
        |n, limits| sign(|parts| parts.attributes.extend((3..n).map(attribute)), limits),
        "cms-too-many-attributes"
    ),
    row!(
        cms_attributes = 32,
        5,
        |n, limits| sign(|parts| parts.unsigned = (0..n).map(attribute).collect(), limits),
        "cms-too-many-attributes"
    ),
    row!(chain_certificates = 6, 4, chain, "chain-too-long"),
    row!(chain_signatures = 32, 4, |n, limits| chain(n + 1, limits), "chain-budget"),
    row!(certdata_bytes = 4 << 20, 2_000, |n, limits| certify(&padded(&daticert("", ""), n), limits), "daticert-too-large"),
    row!(
        certdata_depth = 8,
        6,
        |n, limits| certify(&daticert("", &("<x>".repeat(n - 1) + &"</x>".repeat(n - 1))), limits),
        "daticert-too-deep"
    ),
    row!(
        certdata_attributes = 8,
        4,
        |n, limits| certify(&daticert("", &format!("<x {}/>", (0..n).map(|i| format!(" a{i}=''")).collect::<String>())), limits),
        "daticert-too-many-attributes"
    ),
    row!(
        certdata_recipients = 10_000,
        3,
        |n, limits| certify(&daticert(&"<destinatari tipo=\"certificato\">a@b.example</destinatari>".repeat(n), ""), limits),
        "daticert-too-many-recipients"
    ),
    row!(
        certdata_recipients = 10_000,
        3,
        |n, limits| certify(&daticert("", "").replace("</dati>", &("<ricezione>a@b.example</ricezione>".repeat(n) + "</dati>")), limits),
        "daticert-too-many-recipients"
    ),
    row!(report_bytes = 4 << 20, 500, |n, limits| bounce(&padded("Reporting-MTA: ", n), limits), "report-too-long"),
    row!(report_fields = 100_000, 5, |n, limits| bounce(&"a: b\r\n\r\n".repeat(n), limits), "report-too-many-fields"),
    row!(invoice_bytes = 32 << 20, 500, |n, limits| invoice(&padded("0", n), limits), "invoice-too-large"),
    row!(ldif_bytes = 256 << 20, 5_000, |n, limits| list(&padded(&record(1), n), limits), "directory-too-large"),
    row!(
        ldif_line_bytes = 1 << 20,
        2_000,
        |n, limits| list(&record(1).replace("mailReceipt", &(padded("description: ", n) + "\nmailReceipt")), limits),
        "ldif-line-too-long"
    ),
    row!(ldif_certificates = 64, 2, |n, limits| list(&record(n), limits), "certificates-limit"),
];

fn padded(text: &str, length: usize) -> String {
    let missing = length.checked_sub(text.len()).unwrap();
    text.to_owned()
        + &if text.trim_end().ends_with('>') {
            "\n".repeat(missing)
        } else if text.ends_with("\n\n") {
            "#".repeat(missing)
        } else {
            "x".repeat(missing)
        }
}

fn multipart(boundary: &str, parameters: &str) -> String {
    format!("Content-Type: multipart/mixed; boundary=\"{boundary}\"{parameters}\r\n\r\n--{boundary}\r\n")
}

/// What is said of a message when it is parsed.
fn parse(raw: &str, limits: &Limits) -> Vec<String> {
    match Message::parse_with(raw.as_bytes(), limits) {
        Ok(message) => message.findings().iter().map(|finding| finding.code().to_owned()).collect(),
        Err(error) => vec![error.to_string()],
    }
}

/// What is said of a message when it is verified; it was parsed within the usual limits.
fn verify(raw: &[u8], bundle: &Bundle, limits: &Limits) -> Vec<String> {
    let verifier = Verifier::builder()
        .anchors([bundle.certificate("root")])
        .accepted_issuers(bundle.issuers())
        .policy(Policy::default())
        .limits(limits.clone())
        .build()
        .unwrap();
    codes(&verifier.verify(&Message::parse(raw).unwrap(), VerificationTime::now("2024-06-01T12:00:00Z".parse().unwrap())))
}

fn codes(report: &Report<'_>) -> Vec<String> {
    let code = |finding: &postacert::Finding| match finding.kind() {
        FindingKind::Cms { error } => error.code(),
        FindingKind::NoPath { error } => error.code(),
        FindingKind::Certdata { error } => error.kind().code(),
        kind => kind.code(),
    };
    report.reasons().iter().map(|reason| code(reason.finding()).to_owned()).collect()
}

/// A receipt whose signature was changed.
fn sign(change: impl FnOnce(&mut Parts), limits: &Limits) -> Vec<String> {
    let bundle = Bundle::load();
    let mut parts = Parts::of(&bundle, &["leaf", "ca"]);
    change(&mut parts);
    verify(&parts.message(), &bundle, limits)
}

const NULL_SEQUENCE: &[u8] = &[0x30, 2, 5, 0];

/// A content whose innermost octet string lies at this depth of the CMS: below ContentInfo, [0], SignedData, its content and [0].
fn nested_octets(depth: usize) -> Vec<u8> {
    (6..depth).fold(tlv(4, &[b"x"]), |inner, _| tlv(0x24, &[&inner]))
}

/// An attribute of nobody's type.
fn attribute(number: usize) -> Vec<u8> {
    tlv(0x30, &[&tlv(6, &[&[0x2a, 3, 4, u8::try_from(number).unwrap()]]), &tlv(0x31, &[&[5, 0]])])
}

/// A receipt whose signer lies that many certificates from the anchor, both included.
fn chain(certificates: usize, limits: &Limits) -> Vec<String> {
    let bundle = Bundle::load();
    let below = certificates - 2;
    let between: Vec<String> = (1..=below).map(|level| format!("chain-{level}")).collect();
    let between: Vec<&str> = between.iter().map(String::as_str).collect();
    verify(&bundle.message(&format!("chain-leaf-{below}"), &between), &bundle, limits)
}

fn daticert(recipients: &str, more: &str) -> String {
    let recipients = if recipients.is_empty() { "<destinatari tipo=\"certificato\">a@b.example</destinatari>" } else { recipients };
    format!(
        "<postacert tipo=\"accettazione\" errore=\"nessuno\"><intestazione><mittente>a@b.example</mittente>{recipients}<risposte>a@b.example</risposte>\
         <oggetto>x</oggetto></intestazione><dati><gestore-emittente>G</gestore-emittente><data zona=\"+0200\"><giorno>01/06/2024</giorno>\
         <ora>14:00:00</ora></data><identificativo>1@b.example</identificativo><msgid>&lt;1@b.example&gt;</msgid></dati>{more}</postacert>"
    )
}

/// Certification data by themselves and inside a message that is verified: the same is said of both.
fn certify(xml: &str, limits: &Limits) -> Vec<String> {
    let bundle = Bundle::load();
    let mut parts = Parts::of(&bundle, &["leaf", "ca"]);
    let part = "Content-Type: application/xml; name=daticert.xml\r\nContent-Transfer-Encoding: base64";
    parts.signed = format!("{}{part}\r\n\r\n{}\r\n--inner--", multipart("inner", ""), STANDARD.encode(xml)).into_bytes();
    let alone = CertificationData::parse_with(xml.as_bytes(), limits);
    let mut said = verify(&parts.message(), &bundle, limits);
    said.retain(|code| code.starts_with("daticert"));
    assert_eq!(said, alone.err().map(|error| error.kind().code().to_owned()).into_iter().collect::<Vec<_>>());
    said
}

/// A provider with so many certificates.
fn record(certificates: usize) -> String {
    let bundle = Bundle::load();
    let listed: String = ["leaf", "ca", "mid"][..certificates]
        .iter()
        .map(|name| {
            let certificate = bundle.certificate(name);
            let hash: String = certificate.sha1().iter().map(|octet| format!("{octet:02x}")).collect();
            format!("providerCertificateHash: {hash}\nproviderCertificate;binary:: {}\n", STANDARD.encode(certificate.der()))
        })
        .collect();
    format!(
        "dn: providerName=Uno,o=postacert\nobjectClass: top\nobjectClass: provider\nproviderName: Uno\n{listed}mailReceipt: r@uno.example\n\
         managedDomains: uno.example\n\n"
    )
}

/// What is said of a delivery status.
fn bounce(status: &str, limits: &Limits) -> Vec<String> {
    let raw = multipart("b", "").replace("mixed", "report") + "Content-Type: message/delivery-status\r\n\r\n" + status + "\r\n--b--\r\n";
    let message = Message::parse_with(raw.as_bytes(), limits).unwrap();
    DeliveryReport::of(&message).err().map(|error| error.code().to_owned()).into_iter().collect()
}

/// What is said of a signed invoice.
fn invoice(file: &str, limits: &Limits) -> Vec<String> {
    let raw = format!("Content-Disposition: attachment; filename=IT01234567890_1.xml.p7m\r\n\r\n{file}");
    let message = Message::parse_with(raw.as_bytes(), limits).unwrap();
    let opened = SdiFiles::of(&message).invoices()[0].unverified_content();
    opened.err().map(|error| error.code().to_owned()).into_iter().collect()
}

fn list(ldif: &str, limits: &Limits) -> Vec<String> {
    match Directory::from_ldif_with(ldif.as_bytes(), limits) {
        Ok(directory) => directory.findings().iter().map(|finding| finding.code().to_owned()).collect(),
        Err(error) => vec![error.kind().code().to_owned()],
    }
}

#[test]
fn r31_every_limit_holds_at_n_and_not_at_n_and_one() {
    for row in ROWS {
        let within = |limit: usize, size: usize| {
            let mut limits = Limits::default();
            *(row.set)(&mut limits) = limit;
            let said = (row.read)(size, &limits);
            (!said.iter().any(|said| said == row.beyond), said)
        };
        let (n, name) = (row.n, row.field);
        assert!(within(n, n).0, "{name}: {n} of {n}: {:?}", within(n, n).1);
        assert!(!within(n, n + 1).0, "{name}: {} of {n}: {:?}", n + 1, within(n, n + 1).1);
        assert!(within(n + 1, n + 1).0, "{name}: {} of {}: {:?}", n + 1, n + 1, within(n + 1, n + 1).1);
        assert!(within(row.default, n + 1).0, "{name}: by default: {:?}", within(row.default, n + 1).1);
    }
}

/// All of the most recipients may be with one provider, which then names each of them twice (RFC 6109 §3.2.1).
#[test]
fn the_data_of_the_most_recipients_fit_at_addresses_of_150_bytes() {
    let limits = Limits::default();
    let address = |i: usize| Address::from_str(&format!("{:x>10}@{}.example", i, ["x".repeat(63), "x".repeat(63)].join("."))).unwrap();
    let addresses: Vec<Address> = (0..limits.certdata_recipients).map(address).collect();
    assert_eq!(addresses[0].as_str().len(), 146);
    let recipients = addresses.iter().map(|address| Recipient::new(address.clone(), RecipientKind::Certified)).collect();
    let (when, id) = ("2024-06-01T14:00:00+02:00".parse().unwrap(), "1@b.example".parse().unwrap());
    let transaction = Transaction::new("a@b.example".parse().unwrap(), recipients, "G", when, id).unwrap();
    let data = CertificationData::from(&TakenInCharge::new(transaction, addresses).unwrap());
    let (read, departures) = CertificationData::parse_with(data.to_xml().as_bytes(), &limits).unwrap();
    assert_eq!((read, departures), (data, vec![]));
}

#[test]
fn every_limit_has_its_row_and_its_default() {
    // The derived form names every field: `Limits { message_bytes: 134217728, … }`.
    let shown = format!("{:?}", Limits::default());
    let fields: BTreeSet<&str> = shown.split(['{', '}', ',']).filter_map(|part| Some(part.split_once(':')?.0.trim())).collect();
    let rows: BTreeSet<&str> = ROWS.iter().map(|row| row.field).collect();
    assert_eq!(fields, rows);
    let mut limits = Limits::default();
    for row in ROWS {
        assert_eq!(*(row.set)(&mut limits), row.default, "{}", row.field);
    }
}

#[test]
fn r31_a_limit_met_inside_the_original_is_the_originals_own() {
    let original: String = (0..50).map(|level| multipart(&format!("deep{level}x"), "")).collect();
    let raw = multipart("outer", "") + "Content-Type: message/rfc822\r\n\r\n" + &original + "\r\n--outer--\r\n";
    let message = Message::parse(raw.as_bytes()).unwrap();
    assert_eq!(message.findings(), []);
    let carried = message.carried_messages().next().unwrap();
    let inside = carried.message().unwrap().findings().iter().map(|finding| finding.code()).collect::<Vec<_>>();
    assert!(inside.contains(&"depth-limit"), "{inside:?}");
}
