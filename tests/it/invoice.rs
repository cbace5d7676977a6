//! Invoices and the notices of SdI.

use std::path::{Path, PathBuf};
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use postacert::invoice::unverified_sdi_sender;
use postacert::invoice::{
    InvoiceError, InvoiceForm, InvoiceName, NoticeForm, NoticeKind, NoticeName, SdiFiles, SdiFinding, is_sdi_address,
};
use postacert::{Language, Limits, Message};
use proptest::prelude::*;

const XML: &[u8] = b"<?xml version=\"1.0\"?><p:FatturaElettronica xmlns:p=\"x\"/>\n";

/// A mail with these attachments, in base64.
fn mail(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut raw = "From: a@x.example\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nciao\r\n".to_owned();
    for (name, bytes) in files {
        raw += &format!("--b\r\nContent-Disposition: attachment; filename=\"{name}\"\r\nContent-Transfer-Encoding: base64\r\n\r\n");
        for line in STANDARD.encode(bytes).as_bytes().chunks(76) {
            raw += core::str::from_utf8(line).unwrap();
            raw += "\r\n";
        }
    }
    (raw + "--b--\r\n").into_bytes()
}

fn opened(name: &str, file: &[u8]) -> Result<Vec<u8>, InvoiceError> {
    let raw = mail(&[(name, file)]);
    let message = Message::parse(&raw).unwrap();
    let files = SdiFiles::of(&message);
    files.invoices()[0].unverified_content().map(std::borrow::Cow::into_owned)
}

fn p7m(file: &[u8]) -> Result<Vec<u8>, InvoiceError> {
    opened("IT01234567890_1.xml.p7m", file)
}

// -- names --

#[test]
fn invoices_are_known_by_their_exact_names() {
    for (name, form) in [
        ("IT01234567890_FPA01.xml", InvoiceForm::Xml),
        ("ITAAABBB99T99X999W_00001.xml.p7m", InvoiceForm::SignedXml),
        ("IT01234567890_a.zip", InvoiceForm::Archive),
        ("DE12_1.xml", InvoiceForm::Xml),
        ("FRaaaaaaaaaaaaaaaaaaaaaaaaaaaa_00001.xml", InvoiceForm::Xml),
    ] {
        let raw = mail(&[(name, XML)]);
        let message = Message::parse(&raw).unwrap();
        let files = SdiFiles::of(&message);
        let [invoice] = files.invoices() else { panic!("{name}") };
        assert_eq!((invoice.form(), invoice.file_name().as_str()), (form, name));
        assert!(files.notices().is_empty());
    }
    for name in [
        "IT0123456789_FPA01.xml",
        "IT01234567890123456_FPA01.xml",
        "it01234567890_FPA01.xml",
        "IT01234567890_FPA001.xml",
        "IT01234567890_.xml",
        "IT01234567890_FP-01.xml",
        "IT01234567890FPA01.xml",
        "IT01234567890_FPA01.XML",
        "IT01234567890_FPA01.xml.P7M",
        "IT01234567890_FPA01.p7m",
        "IT01234567890_FPA01.xml ",
        "x/IT01234567890_FPA01.xml",
        "DE1_1.xml",
        "FRaaaaaaaaaaaaaaaaaaaaaaaaaaaaa_00001.xml",
        "D\u{c8}12_1.xml",
        "IT01234567890_\u{c8}1.xml",
        "IT01234567890_FPA01_XX_001.xml",
        "IT01234567890_FPA01_RC_0001.xml",
        "IT01234567890_FPA01_RC_.xml",
        "IT01234567890_FPA01_rc_001.xml",
        "IT01234567890_FPA01_RC_001.xml.p7m",
        "IT01234567890_FPA01_RC_001.zip",
        "",
    ] {
        let raw = mail(&[(name, XML)]);
        let message = Message::parse(&raw).unwrap();
        let files = SdiFiles::of(&message);
        assert!(files.invoices().is_empty() && files.notices().is_empty(), "{name}");
    }
}

#[test]
fn notices_name_their_kind_and_their_invoice() {
    for kind in NoticeKind::ALL {
        let name = format!("IT01234567890_FPA01_{kind}_00A.xml");
        let raw = mail(&[(&name, b"<x/>")]);
        let message = Message::parse(&raw).unwrap();
        let files = SdiFiles::of(&message);
        let [notice] = files.notices() else { panic!("{name}") };
        assert_eq!((notice.name().kind(), notice.file_name().as_str(), notice.form()), (kind, name.as_str(), NoticeForm::Xml));
        assert_eq!((notice.name().invoice().as_str(), notice.name().progressive()), ("IT01234567890_FPA01", "00A"));
        assert_eq!(notice.attachment().decode().bytes(), b"<x/>");
        assert!(Language::ALL.iter().all(|language| !kind.in_language(*language).is_empty()));
    }
    let wire: Vec<_> = NoticeKind::ALL.iter().map(|kind| kind.as_wire()).collect();
    assert_eq!(wire, ["RC", "NS", "MC", "NE", "MT", "EC", "SE", "DT", "AT"]);
    let raw = mail(&[("IT01234567890_FPA01_AT_001.zip", b"PK")]);
    let message = Message::parse(&raw).unwrap();
    let files = SdiFiles::of(&message);
    assert_eq!(
        (files.notices()[0].form(), files.notices()[0].file_name().as_str()),
        (NoticeForm::Archive, "IT01234567890_FPA01_AT_001.zip")
    );
}

#[test]
fn a_name_without_extension_is_read_and_written() {
    let name: InvoiceName = "ITAAABBB99T99X999W_00001".parse().unwrap();
    assert_eq!((name.country(), name.code(), name.progressive()), ("IT", "AAABBB99T99X999W", "00001"));
    assert_eq!("x".parse::<NoticeName>().unwrap_err().to_string(), "the name is not one that SdI gives to invoices or notices");
    #[cfg(feature = "serde")]
    {
        let json = serde_json::to_string(&"IT01234567890_1_NS_1".parse::<NoticeName>().unwrap()).unwrap();
        assert_eq!(json, "\"IT01234567890_1_NS_1\"");
        assert_eq!(serde_json::from_str::<NoticeName>(&json).unwrap().kind(), NoticeKind::Rejected);
        assert!(serde_json::from_str::<InvoiceName>("\"../x\"").is_err());
        assert_eq!(serde_json::to_string(&NoticeKind::Delivered).unwrap(), "\"RC\"");
    }
}

// -- envelopes --

fn tlv(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let length = content.len();
    let mut out = vec![tag];
    match length {
        0..=127 => out.push(length as u8),
        _ => out.extend([0x84, (length >> 24) as u8, (length >> 16) as u8, (length >> 8) as u8, length as u8]),
    }
    out.extend(content);
    out
}

fn indefinite(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    [&[tag, 0x80], parts.concat().as_slice(), &[0, 0]].concat()
}

const SIGNED_DATA: &[u8] = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02";
const DATA: &[u8] = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01";

/// A `SignedData` that nobody signed, around this octet string, if any.
fn signed(octets: Option<&[u8]>, wrap: fn(u8, &[&[u8]]) -> Vec<u8>) -> Vec<u8> {
    let content = octets.map(|octets| wrap(0xA0, &[octets])).unwrap_or_default();
    let inside = wrap(0x30, &[b"\x02\x01\x01", b"\x31\x00", &wrap(0x30, &[DATA, &content]), b"\x31\x00"]);
    wrap(0x30, &[SIGNED_DATA, &wrap(0xA0, &[&inside])])
}

#[test]
fn der_ber_and_pieces_of_pieces_are_opened() {
    let whole = tlv(4, &[XML]);
    assert_eq!(p7m(&signed(Some(&whole), tlv)).unwrap(), XML);
    assert_eq!(p7m(&signed(Some(&whole), indefinite)).unwrap(), XML);
    let pieces: Vec<Vec<u8>> = XML.chunks(7).map(|piece| tlv(4, &[piece])).collect();
    let pieces: Vec<&[u8]> = pieces.iter().map(Vec::as_slice).collect();
    for wrap in [tlv, indefinite] {
        let nested = wrap(0x24, &[&wrap(0x24, &pieces[..3]), &wrap(0x24, &[]), &wrap(0x24, &[&wrap(0x24, &pieces[3..])])]);
        assert_eq!(p7m(&signed(Some(&nested), wrap)).unwrap(), XML);
    }
    assert_eq!(p7m(&signed(Some(&tlv(4, &[])), tlv)).unwrap(), b"");
    assert_eq!(p7m(&[signed(Some(&whole), tlv), vec![0; 30]].concat()).unwrap(), XML, "padding behind it");
}

#[test]
fn base64_and_pem_are_opened() {
    let der = signed(Some(&tlv(4, &[XML])), tlv);
    let text = STANDARD.encode(&der);
    let lines: String = text.as_bytes().chunks(64).map(|line| core::str::from_utf8(line).unwrap().to_owned() + "\r\n").collect();
    for armoured in [
        text.clone(),
        lines.clone(),
        format!("\n{lines}\n"),
        format!("-----BEGIN PKCS7-----\n{lines}-----END PKCS7-----\n"),
        format!("-----BEGIN CMS-----\r\n{lines}-----END CMS-----"),
        format!("-----BEGIN PKCS #7 SIGNED DATA-----\r\n{lines}-----END PKCS #7 SIGNED DATA-----"),
    ] {
        assert_eq!(p7m(armoured.as_bytes()).unwrap(), XML, "{armoured}");
    }
    for text in ["", "ciao", "<?xml?>", "AAAA", "-----BEGIN CMS-----\nMA==\n", "\u{feff}", "0"] {
        let error = p7m(text.as_bytes()).unwrap_err();
        assert!(matches!(error, InvoiceError::NotCms | InvoiceError::Cms { .. }), "{text}: {error}");
    }
}

#[test]
fn an_envelope_in_an_envelope_is_opened_but_not_without_end() {
    let mut file = XML.to_vec();
    for _ in 0..4 {
        file = signed(Some(&tlv(4, &[&file])), tlv);
        assert_eq!(p7m(&file).unwrap(), XML);
    }
    let text = STANDARD.encode(signed(Some(&tlv(4, &[XML])), tlv));
    assert_eq!(p7m(&signed(Some(&tlv(4, &[text.as_bytes()])), tlv)).unwrap(), XML, "in base64 inside");
    file = signed(Some(&tlv(4, &[&file])), tlv);
    assert_eq!(p7m(&file), Err(InvoiceError::TooManyEnvelopes { limit: 4 }));
}

#[test]
fn what_does_not_open_says_why() {
    assert_eq!(p7m(&signed(None, tlv)), Err(InvoiceError::Detached));
    assert_eq!(opened("IT01234567890_1.zip", b"PK"), Err(InvoiceError::Archive));
    assert_eq!(opened("IT01234567890_1.xml", b"\0").unwrap(), b"\0", "it is not read");
    let der = signed(Some(&tlv(4, &[XML])), tlv);
    let code = |file: &[u8]| match p7m(file) {
        Err(InvoiceError::Cms { error }) => error.to_string(),
        other => panic!("{other:?}"),
    };
    assert_eq!(code(&der[..der.len() - 40]), "the value goes on beyond the end of the data (offset 0)");
    let mut other = der.clone();
    let at = other.windows(SIGNED_DATA.len()).position(|window| window == SIGNED_DATA).unwrap();
    other[at + SIGNED_DATA.len() - 1] = 3;
    assert_eq!(code(&other), "the structure is of the type 1.2.840.113549.1.7.3, not signed data (offset 2)");
    assert_eq!(code(&signed(Some(&tlv(0x0c, &[XML])), tlv)).split(" (").next(), Some("the value is of another type than the one due"));
    let deep = (0..20).fold(tlv(4, &[XML]), |inner, _| tlv(0x24, &[&inner]));
    assert_eq!(code(&signed(Some(&deep), tlv)).split(" (").next(), Some("values are nested too deeply"));
    let error = p7m(&der[..9]).unwrap_err();
    assert_eq!(
        error.in_language(Language::Italian).to_string(),
        "il file firmato non è leggibile: il valore continua oltre la fine dei dati (posizione 0)"
    );
}

fn desk() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("invoice-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// OpenSSL signs invoices in every form it has, with certificates and attributes; each opens to the invoice.
#[test]
fn what_openssl_signs_is_opened() {
    let desk = desk();
    let file = |name: &str| desk.join(name);
    std::fs::write(file("fattura.xml"), XML).unwrap();
    let pki = |name: &str| crate::fixtures::folder().join("pki").join(name);
    let sign = |from: &str, to: &str, options: &[&str]| {
        let mut command = Command::new("openssl");
        command
            .args(["cms", "-sign", "-binary", "-nodetach", "-md", "sha256"])
            .args(options)
            .arg("-in")
            .arg(file(from))
            .arg("-out")
            .arg(file(to));
        command.arg("-signer").arg(pki("uno.pem")).arg("-inkey").arg(pki("uno.key")).arg("-certfile").arg(pki("issuing.pem"));
        match command.output() {
            Ok(output) => {
                assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
                Some(std::fs::read(file(to)).unwrap())
            }
            Err(error) => {
                eprintln!("skipped: there is no openssl command ({error})");
                None
            }
        }
    };
    for options in [
        &["-outform", "DER"][..],
        &["-outform", "DER", "-cades"],
        &["-outform", "DER", "-stream", "-indef"],
        &["-outform", "DER", "-noattr", "-nocerts"],
        &["-outform", "PEM"],
        &["-outform", "PEM", "-stream", "-indef"],
    ] {
        let Some(signed) = sign("fattura.xml", "fattura.xml.p7m", options) else { return };
        assert_eq!(p7m(&signed).unwrap(), XML, "{options:?}");
        let twice = sign("fattura.xml.p7m", "fattura.xml.p7m.p7m", &["-outform", "DER"]).unwrap();
        assert_eq!(p7m(&twice).unwrap(), XML, "{options:?}, and once more");
    }
    std::fs::remove_dir_all(desk).unwrap();
}

#[test]
fn r31_hostile_envelopes_take_linear_time() {
    let start = std::time::Instant::now();
    let pieces = b"\x04\x01x".repeat(300_000);
    assert_eq!(p7m(&signed(Some(&indefinite(0x24, &[&pieces])), indefinite)).unwrap().len(), 300_000);
    for file in [b"\x30\x80".repeat(500_000), b"\x24\x80".repeat(500_000), signed(Some(&b"\x24\x80".repeat(500_000)), indefinite)] {
        assert!(p7m(&file).is_err());
    }
    assert!(p7m(&b"-----BEGIN ".repeat(100_000)).is_err());
    assert!(start.elapsed().as_secs() < 20, "{:?}", start.elapsed());
}

// -- what SdI would not take --

#[test]
fn sizes_of_sdi_at_the_limit_and_beyond() {
    let findings = |files: &[(&str, &[u8])]| {
        let raw = mail(files);
        let message = Message::parse(&raw).unwrap();
        SdiFiles::of(&message).findings()
    };
    let limit = 5 << 20;
    let big = vec![b'x'; limit + 1];
    assert_eq!(findings(&[("IT01234567890_1.xml", &big[..limit])]), []);
    let name = "IT01234567890_1.xml".into();
    let too_large = SdiFinding::FileTooLarge { name, bytes: limit + 1, limit };
    let said = findings(&[("IT01234567890_1.xml", &big)]);
    assert_eq!(said, [too_large]);
    assert_eq!(said[0].to_string(), "the file IT01234567890_1.xml has 5242881 bytes, SdI takes 5242880");
    assert_eq!(findings(&[("IT01234567890_1.zip", &big), ("other.pdf", &big)]).len(), 1);
    let many = ["IT01234567890_1.xml", "IT01234567890_2.xml", "IT01234567890_3.xml", "IT01234567890_4.xml", "IT01234567890_5.xml"];
    let many: Vec<(&str, &[u8])> = many.iter().map(|name| (*name, &big[..limit])).collect();
    let said = findings(&many);
    assert!(matches!(said[..], [SdiFinding::MessageTooLarge { limit: 31_457_280, .. }]), "{said:?}");
    assert_eq!(findings(&[("other.pdf", &vec![b'x'; 25 << 20])]), [], "no file of SdI, no rule of SdI");
}

#[test]
fn an_attachment_with_two_names_is_noticed() {
    let raw = b"Content-Type: text/xml; name=altro.xml\r\nContent-Disposition: attachment; filename=IT01234567890_1.xml\r\n\r\n<x/>";
    let message = Message::parse(raw).unwrap();
    let said: Vec<String> = SdiFiles::of(&message).findings().iter().map(ToString::to_string).collect();
    assert_eq!(said, ["the file IT01234567890_1.xml is also named altro.xml"]);
    let raw =
        b"Content-Type: text/xml; name=IT01234567890_1.xml\r\nContent-Disposition: attachment; filename=IT01234567890_1.xml\r\n\r\n<x/>";
    assert_eq!(SdiFiles::of(&Message::parse(raw).unwrap()).findings(), []);
}

// -- from whom --

#[test]
fn addresses_of_sdi() {
    for (address, is) in [
        ("sdi01@pec.fatturapa.it", true),
        ("SDI@PEC.FatturaPA.it", true),
        ("xsdi01@pec.fatturapa.it", false),
        ("sd@pec.fatturapa.it", false),
        ("sdi01@fatturapa.it", false),
        ("sdi01@pec.fatturapa.it.x.example", false),
        ("\"sdi01@pec.fatturapa.it\"@x.example", false),
    ] {
        assert_eq!(is_sdi_address(&address.parse().unwrap()), is, "{address}");
    }
}

#[test]
fn an_ordinary_mail_only_claims_to_be_from_sdi() {
    let from = |raw: &str| unverified_sdi_sender(&Message::parse(raw.as_bytes()).unwrap()).map(|address| address.to_string());
    assert_eq!(from("From: SdI <sdi01@pec.fatturapa.it>\r\n\r\n").as_deref(), Some("sdi01@pec.fatturapa.it"));
    assert_eq!(from("From: sdi01@pec.fatturapa.it <a@x.example>\r\n\r\n"), None);
    assert_eq!(from("From: sdi01@pec.fatturapa.it, a@x.example\r\n\r\n"), None);
}

#[cfg(feature = "rustcrypto")]
#[test]
fn the_sender_is_sdi_by_certified_data_of_an_envelope_alone() {
    use crate::fixtures::{at, certificates, verifier};
    use crate::support::composed::{Facts, PROVIDER, compose, every_kind, id, to, when};
    use postacert::invoice::sdi_sender;
    use postacert::{Outcome, ReceiptKind, Recipient, RecipientKind, Transaction, TransportEnvelope, Verifier};

    let transaction = |sender: &str| {
        let to = vec![Recipient::new(to(), RecipientKind::Certified)];
        Transaction::new(sender.parse().unwrap(), to, PROVIDER, when(), id()).unwrap()
    };
    // No provider of the fixtures manages the domain of SdI; with anchors alone nobody is held to domains.
    let anchors = Verifier::builder().anchors(certificates("pki/root.pem")).intermediates(certificates("pki/issuing.pem")).build().unwrap();
    let sender = |raw: &[u8], verifier: &Verifier| {
        let message = Message::parse(raw).unwrap();
        let report = verifier.verify(&message, at());
        let claimed = unverified_sdi_sender(&message).is_some();
        (report.outcome(), report.verified().and_then(|content| sdi_sender(content)).map(ToString::to_string), claimed)
    };
    let original = mail(&[("IT01234567890_1_RC_001.xml", b"<x/>")]);
    let envelope = |from: &str| compose(&Facts::Envelope(TransportEnvelope::new(transaction(from), ReceiptKind::Complete)), &original);

    let sdi = envelope("sdi01@pec.fatturapa.it");
    assert_eq!(sender(&sdi, &anchors), (Outcome::Passed, Some("sdi01@pec.fatturapa.it".to_owned()), true));
    assert_eq!(
        sender(&sdi, &verifier()),
        (Outcome::Failed, None, true),
        "a provider that does not manage the domain attests nothing of it"
    );
    assert_eq!(sender(&envelope("anna@pec.gestoreuno.example"), &verifier()), (Outcome::Passed, None, false));
    for (name, facts) in every_kind(&transaction("sdi01@pec.fatturapa.it")) {
        if let Facts::Notification(_) = facts {
            let (outcome, sender, claimed) = sender(&compose(&facts, &original), &anchors);
            assert_eq!((outcome, sender, claimed), (Outcome::Passed, None, false), "{name}: it tells of a message of SdI, and is none");
        }
    }
}

proptest! {
    #[test]
    fn any_octets_in_any_pieces_come_out(content in proptest::collection::vec(any::<u8>(), 0..200), size in 1usize..50, ber in any::<bool>()) {
        prop_assume!(content.first() != Some(&0x30));
        let wrap = if ber { indefinite } else { tlv };
        let pieces: Vec<Vec<u8>> = content.chunks(size).map(|piece| tlv(4, &[piece])).collect();
        let pieces: Vec<&[u8]> = pieces.iter().map(Vec::as_slice).collect();
        prop_assert_eq!(p7m(&signed(Some(&wrap(0x24, &pieces)), wrap)).unwrap(), content);
    }

    #[test]
    fn r31_any_bytes_open_or_say_why(mut bytes in proptest::collection::vec(any::<u8>(), 0..300), at in any::<prop::sample::Index>(), with in any::<u8>()) {
        drop(p7m(&bytes));
        bytes.insert(0, 0x30);
        drop(p7m(&bytes));
        let mut der = signed(Some(&tlv(4, &[XML])), indefinite);
        let at = at.index(der.len());
        der[at] = with;
        drop(p7m(&der));
    }

    #[test]
    fn names_are_read_as_the_grammar_says(text in "(IT|DE|It)[A-Za-z0-9]{0,30}_[A-Za-z0-9]{0,6}") {
        // Without look-ahead, which no engine at hand has: the two branches by hand.
        let (head, progressive) = text.split_once('_').unwrap();
        let code = head.len() - 2;
        let due = (1..=5).contains(&progressive.len())
            && match &head[..2] {
                "IT" => (11..=16).contains(&code),
                "DE" => (2..=28).contains(&code),
                _ => false,
            };
        prop_assert_eq!(text.parse::<InvoiceName>().map(|name| name.to_string()).ok(), due.then(|| text.clone()));
    }
}

#[test]
fn r31_a_file_beyond_the_limit_is_named() {
    let mut limits = Limits::default();
    limits.invoice_bytes = 10;
    let raw = mail(&[("IT01234567890_1.xml.p7m", b"0123456789a")]);
    let message = Message::parse_with(&raw, &limits).unwrap();
    assert_eq!(SdiFiles::of(&message).invoices()[0].unverified_content().unwrap_err(), InvoiceError::TooLarge { limit: 10 });
}
