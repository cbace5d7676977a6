//! R31 at the level of the whole library: whatever arrives ends in a named error or verdict, on a stack of 2 MiB, in linear time.
//!
//! Each input is made in a size N that the rules name. In release builds half of it is read too, and twice the input may cost at most four times
//! the time; in other builds, where the machine is shared by many tests, an absolute bound that a quadratic step would miss by far must do.

use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use postacert::{
    Certificate, CertificationData, Crl, Directory, FindingKind, Limits, Message, Report, VerificationTime, Verifier, VerifierBuilder,
};

use crate::differential::{Bundle, Parts, certificate_with, tlv};

const STACK: usize = 2 << 20;
const BOUND: Duration = Duration::from_secs(60);

/// Runs `read` on an input of `n`, and expects this among what it says.
fn ends<I: Send + Sync>(name: &str, n: usize, expected: &str, make: impl Fn(usize) -> I, read: impl Fn(&I) -> Vec<String> + Sync) {
    let run = |n: usize| {
        let input = make(n);
        std::thread::scope(|scope| {
            let reader = || {
                let start = Instant::now();
                let said = read(&input);
                (said, start.elapsed())
            };
            std::thread::Builder::new().stack_size(STACK).spawn_scoped(scope, reader).unwrap().join().unwrap()
        })
    };
    let (said, time) = run(n);
    assert!(
        said.iter().any(|said| expected.split('|').any(|expected| said == expected)),
        "{name}: {:?}, not {expected}",
        &said[..said.len().min(8)]
    );
    assert!(time < BOUND, "{name}: {time:?}");
    if !cfg!(debug_assertions) {
        let median = |n: usize| {
            let mut times: Vec<Duration> = (0..3).map(|_| run(n).1).collect();
            times.sort();
            times[1]
        };
        let (half, whole) = (median(n / 2), median(n));
        // What takes a few milliseconds is measured by chance.
        assert!(whole < half * 4 + Duration::from_millis(20), "{name}: {half:?} for {}, {whole:?} for {n}", n / 2);
    }
}

fn roomy() -> Limits {
    let mut limits = Limits::default();
    for (limit, greatest) in [
        (&mut limits.message_bytes, 1 << 30),
        (&mut limits.cms_bytes, 1 << 30),
        (&mut limits.cms_certificates, 1 << 20),
        (&mut limits.cms_attributes, 1 << 20),
        (&mut limits.certdata_bytes, 1 << 30),
        (&mut limits.certdata_attributes, 1 << 20),
        (&mut limits.certdata_recipients, 1 << 20),
        (&mut limits.header_bytes, 1 << 30),
        (&mut limits.header_fields, 1 << 24),
        (&mut limits.mime_parts, 1 << 20),
    ] {
        *limit = greatest;
    }
    limits
}

fn verifier(bundle: &Bundle) -> VerifierBuilder {
    Verifier::builder().anchors([bundle.certificate("root")]).accepted_issuers(bundle.issuers())
}

/// Everything that can be asked of a message; gives the codes of what is said.
fn all_of(raw: &[u8], verifier: &Verifier, limits: &Limits) -> Vec<String> {
    let message = match Message::parse_with(raw, limits) {
        Ok(message) => message,
        Err(error) => return vec![error.to_string()],
    };
    let mut said: Vec<String> = message.findings().iter().map(|finding| finding.code().to_owned()).collect();
    let claims = message.claims();
    let _ = (claims.kind(), claims.subject(), claims.date(), claims.from_address(), claims.to(), claims.cc(), claims.message_id());
    let mail = message.mail();
    let _ = (mail.text().map(|text| text.len()), mail.html().map(|text| text.len()));
    for attachment in mail.attachments() {
        let _ = (attachment.name(), attachment.media_type(), attachment.decode().bytes().len());
    }
    // The first few that are carried, and what these carry, some levels down.
    let mut carried: Vec<_> = message.carried_messages().take(8).map(|carried| carried.into_owned()).collect();
    for _ in 0..8 {
        let Some(next) = carried.pop() else { break };
        let Ok(inner) = next.message() else { continue };
        carried.extend(inner.carried_messages().take(2).map(|carried| carried.into_owned()));
    }
    let _ = message.unverified_content();
    let report = verifier.verify(&message, VerificationTime::now("2024-06-01T12:00:00Z".parse().unwrap()));
    let sentences = report.reasons().iter().map(ToString::to_string).chain(report.findings().iter().map(ToString::to_string));
    let _ = sentences.map(|sentence| sentence.len()).sum::<usize>();
    said.extend(codes(&report));
    said
}

fn codes(report: &Report<'_>) -> Vec<String> {
    let code = |finding: &postacert::Finding| match finding.kind() {
        FindingKind::Cms { error } => error.code(),
        FindingKind::NoPath { error } => error.code(),
        FindingKind::Certdata { error } => error.kind().code(),
        FindingKind::Certificate { error } => error.kind().code(),
        kind => kind.code(),
    };
    let reasons = report.reasons().iter().map(|reason| code(reason.finding()).to_owned());
    reasons.chain([report.outcome().to_string()]).collect()
}

/// A message ends so.
fn message_ends(name: &str, n: usize, expected: &str, limits: &Limits, make: impl Fn(usize) -> Vec<u8>) {
    let bundle = Bundle::load();
    let verifier = verifier(&bundle).limits(limits.clone()).build().unwrap();
    ends(name, n, expected, make, |raw| all_of(raw, &verifier, limits));
}

fn multipart(boundary: &str) -> String {
    format!("Content-Type: multipart/mixed; boundary=\"{boundary}\"\r\n\r\n--{boundary}\r\n")
}

/// A receipt that was changed.
fn receipt(change: impl FnOnce(&mut Parts)) -> Vec<u8> {
    let mut parts = Parts::of(&Bundle::load(), &["leaf", "ca"]);
    change(&mut parts);
    parts.message()
}

/// A receipt with these certification data.
fn certified(xml: &str) -> Vec<u8> {
    receipt(|parts| {
        let part = "Content-Type: application/xml; name=daticert.xml\r\nContent-Transfer-Encoding: base64";
        parts.signed = format!("{}{part}\r\n\r\n{}\r\n--inner--", multipart("inner"), STANDARD.encode(xml)).into_bytes();
    })
}

fn daticert(kind: &str, recipients: &str, data: &str, more: &str) -> String {
    format!(
        "<postacert tipo=\"{kind}\" errore=\"nessuno\"><intestazione><mittente>a@b.example</mittente>{recipients}<risposte>a@b.example</risposte>\
         <oggetto>x</oggetto></intestazione><dati><gestore-emittente>G</gestore-emittente><data zona=\"+0200\"><giorno>01/06/2024</giorno>\
         <ora>14:00:00</ora></data><identificativo>1@b.example</identificativo><msgid>&lt;1@b.example&gt;</msgid>{data}</dati>{more}</postacert>"
    )
}

const RECIPIENT: &str = "<destinatari tipo=\"certificato\">a@b.example</destinatari>";

#[test]
fn r31_mime_nested_a_hundred_thousand_deep() {
    let usual = Limits::default();
    message_ends("multiparts", 100_000, "depth-limit", &usual, |n| {
        (0..n).map(|i| multipart(&format!("b{i}x"))).collect::<String>().into_bytes()
    });
    message_ends("messages", 100_000, "not-pec", &usual, |n| b"Content-Type: message/rfc822\r\n\r\n".repeat(n));
    message_ends("encoded messages", 100_000, "encoded-message", &usual, |n| {
        b"Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\n".repeat(n)
    });
    message_ends("messages in multiparts", 50_000, "no-close-delimiter", &usual, |n| {
        (0..n).map(|i| multipart(&format!("b{i}x")) + "Content-Type: message/rfc822\r\n\r\n").collect::<String>().into_bytes()
    });
    message_ends("inside what is signed", 100_000, "depth-limit", &usual, |n| {
        let nested: String = (0..n).map(|i| multipart(&format!("b{i}x"))).collect();
        receipt(|parts| parts.signed = nested.into_bytes())
    });
    message_ends("signed inside signed", 100_000, "depth-limit", &usual, |n| {
        (0..n).map(|i| multipart(&format!("b{i}x")).replace("mixed", "signed")).collect::<String>().into_bytes()
    });
}

#[test]
fn r31_xml_nested_a_hundred_thousand_deep() {
    message_ends("elements", 100_000, "daticert-too-deep", &Limits::default(), |n| {
        certified(&daticert("accettazione", RECIPIENT, "", &("<x>".repeat(n) + &"</x>".repeat(n))))
    });
    message_ends("elements without end", 100_000, "daticert-too-deep", &Limits::default(), |n| {
        certified(&("<postacert tipo=\"accettazione\" errore=\"nessuno\">".to_owned() + &"<x>".repeat(n)))
    });
}

#[test]
fn r31_asn_1_nested_a_hundred_thousand_deep() {
    let usual = Limits::default();
    // Definite lengths need the inside first.
    let definite = |tag: u8, n: usize| {
        let mut reversed: Vec<u8> = vec![0, 5];
        for _ in 0..n {
            let header = tlv(tag, &[&vec![0; reversed.len()]])[..].len() - reversed.len();
            let length = reversed.len().to_be_bytes();
            if header == 2 {
                reversed.push(length[7]);
            } else {
                reversed.extend(length.iter().rev().take(header - 2));
                reversed.push(0x80 | u8::try_from(header - 2).unwrap());
            }
            reversed.push(tag);
        }
        reversed.reverse();
        reversed
    };
    let deep = definite(0x30, 3_000);
    assert_eq!(deep[..2], [0x30, 0x82]);
    message_ends("indefinite", 100_000, "cms-encoding", &usual, |n| receipt(|parts| parts.replaced = Some([0x30, 0x80].repeat(n))));
    message_ends("octet strings", 100_000, "cms-encoding", &usual, |n| receipt(|parts| parts.content = Some([0x24, 0x80].repeat(n))));
    message_ends("definite", 3_000, "cms-encoding", &usual, |n| receipt(|parts| parts.replaced = Some(definite(0x30, n))));
    message_ends("an attribute", 3_000, "cms-encoding", &usual, |n| receipt(|parts| parts.attributes.push(definite(0x30, n))));
    message_ends("a certificate beside", 3_000, "passed", &usual, |n| receipt(|parts| parts.certificates.push(definite(0x30, n))));
    ends(
        "certificates and lists",
        100_000,
        "certificate-malformed",
        |n| [0x30, 0x80].repeat(n),
        |der| {
            let certificate = Certificate::from_pem_or_der(der).unwrap_err().kind().code().to_owned();
            vec![certificate, Crl::from_pem_or_der(der).unwrap_err().kind().code().to_owned()]
        },
    );
}

#[test]
fn r31_a_million_header_fields() {
    let too_long = "the header of the message is longer than 2097152 bytes";
    message_ends("fields", 1_000_000, too_long, &Limits::default(), |n| b"A: b\r\n".repeat(n * 2));
    message_ends("fields with room", 1_000_000, "not-pec", &roomy(), |n| b"A: b\r\n".repeat(n));
    message_ends("content types", 200_000, "duplicate-header", &roomy(), |n| b"Content-Type: a/b\r\n".repeat(n));
    message_ends("claims", 200_000, "pec-header-unsigned", &roomy(), |n| b"X-Ricevuta: a\r\n".repeat(n));
    message_ends("in a part", 1_000_000, "too-many-header-fields", &Limits::default(), |n| {
        [multipart("b").as_bytes(), &b"A: b\r\n".repeat(n)].concat()
    });
    message_ends("in every part", 1_000, "parts-limit", &Limits::default(), |n| {
        multipart("b").into_bytes().into_iter().chain(["A: b\r\n".repeat(200) + "\r\n--b\r\n"].concat().into_bytes().repeat(n)).collect()
    });
    message_ends("from many", 1_000_000, "from-not-signer", &roomy(), |n| {
        [b"From: a@b.example\r\n".repeat(n / 10), receipt(|_| {})].concat()
    });
}

#[test]
fn r31_a_line_of_a_hundred_megabytes() {
    let usual = Limits::default();
    let too_long = "the header of the message is longer than 2097152 bytes";
    let long = |n: usize| vec![b'A'; n];
    let n = 100 << 20;
    message_ends("header", n, too_long, &usual, |n| [b"Subject: ".to_vec(), long(n)].concat());
    message_ends("body", n, "not-pec", &usual, |n| [b"Subject: x\r\n\r\n".to_vec(), long(n)].concat());
    message_ends("signature", n, "cms-too-large", &usual, |n| {
        let mut raw = receipt(|parts| parts.replaced = Some(Vec::new()));
        let at = raw.len() - b"--outer--\r\n".len();
        raw.splice(at..at, [long(n / 4 * 4), b"\r\n".to_vec()].concat());
        raw
    });
    message_ends("what is signed", n, "digest-mismatch", &usual, |n| {
        let original =
            [b"--inner\r\nContent-Type: message/rfc822\r\n\r\nA: b\r\n\r\n".to_vec(), long(n), b"\r\n--inner--".to_vec()].concat();
        receipt(|parts| parts.signed = [multipart("inner").as_bytes(), b"\r\nx\r\n", &original].concat())
    });
    message_ends("certification data", n, "daticert-too-large", &usual, |n| {
        let header = "Content-Type: application/xml; name=daticert.xml\r\nContent-Transfer-Encoding: base64\r\n\r\n";
        receipt(|parts| parts.signed = [multipart("inner").as_bytes(), header.as_bytes(), &long(n), b"\r\n--inner--"].concat())
    });
}

#[test]
fn r31_a_hundred_thousand_attributes_on_one_tag() {
    let attributes = |n: usize| {
        let attributes: String = (0..n).map(|i| format!(" a{i}=\"\"")).collect();
        certified(&daticert("accettazione", RECIPIENT, "", &format!("<x{attributes}/>")))
    };
    message_ends("attributes", 100_000, "daticert-too-many-attributes", &Limits::default(), attributes);
    message_ends("attributes with room", 100_000, "digest-mismatch", &roomy(), attributes);
    for n in [2, 16, 17, 18, 100_000] {
        message_ends("the last one twice", n, "xml-duplicate-attribute", &roomy(), |n| {
            let attributes: String = (1..n).chain([n - 1]).map(|i| format!(" a{i}=\"\"")).collect();
            certified(&daticert("accettazione", RECIPIENT, "", &format!("<x{attributes}/>")))
        });
    }
}

#[test]
fn r31_entity_bombs() {
    let bomb: String = (1..=9).map(|i| format!("<!ENTITY l{i} \"{}\">", format!("&l{};", i - 1).repeat(10))).collect();
    message_ends("laughs", 9, "xml-internal-subset", &Limits::default(), |_| {
        certified(&format!("<!DOCTYPE postacert [<!ENTITY l0 \"lol\">{bomb}]>{}", daticert("accettazione", RECIPIENT, "", "&l9;")))
    });
    message_ends("a great entity", 100_000, "xml-internal-subset", &Limits::default(), |n| {
        let entity = format!("<!DOCTYPE postacert [<!ENTITY a \"{}\">]>", "a".repeat(n));
        certified(&(entity + &daticert("accettazione", RECIPIENT, "", &"&a;".repeat(n))))
    });
    message_ends("external", 2, "digest-mismatch", &Limits::default(), |_| {
        certified(&("<!DOCTYPE postacert SYSTEM \"file:///etc/passwd\">".to_owned() + &daticert("accettazione", RECIPIENT, "", "")))
    });
    message_ends("not defined", 100_000, "xml-undefined-entity", &Limits::default(), |n| {
        certified(&daticert("accettazione", RECIPIENT, "", &"&a;".repeat(n)))
    });
    for piece in ["&amp;", "&#x61;", "<!---->", "<?a b?>", "<x/>", "]", "]]&gt;", "\r\n"] {
        message_ends(piece, 500_000, "digest-mismatch", &Limits::default(), |n| {
            certified(&daticert("accettazione", RECIPIENT, "", &piece.repeat(n)))
        });
    }
}

#[test]
fn r31_ten_thousand_certificates_attributes_or_signers() {
    let bundle = Bundle::load();
    let ca = bundle.der("ca").to_vec();
    // As many as one likes of one name, each with a key of its own.
    let namesake = |number: usize| certificate_with(&ca, |key| key.extend_from_slice(&number.to_be_bytes()), None);
    assert!(Certificate::from_der(&namesake(1)).is_ok());
    let usual = Limits::default();
    let mut large = Limits::default();
    large.cms_bytes = 1 << 30;
    message_ends("certificates", 10_000, "cms-too-many-certificates", &large, |n| {
        receipt(|parts| parts.certificates = vec![ca.clone(); n])
    });
    message_ends("the same certificate", 10_000, "passed", &roomy(), |n| receipt(|parts| parts.certificates.extend(vec![ca.clone(); n])));
    message_ends("namesakes", 10_000, "chain-budget|passed", &roomy(), |n| {
        receipt(|parts| parts.certificates.splice(1.., (0..n).map(namesake)).for_each(drop))
    });
    message_ends("signers", 10_000, "cms-multiple-signers", &usual, |n| {
        receipt(|parts| {
            parts.certificates.truncate(1);
            parts.signers = n / 5;
        })
    });
    message_ends("signers with room", 10_000, "cms-multiple-signers", &roomy(), |n| receipt(|parts| parts.signers = n));
    let attribute = |number: usize| tlv(0x30, &[&tlv(6, &[&[0x2a, 3], &[u8::try_from(number % 100).unwrap()]]), &tlv(0x31, &[&[5, 0]])]);
    message_ends("signed attributes", 10_000, "cms-too-many-attributes", &usual, |n| {
        receipt(|parts| parts.attributes.extend((0..n).map(attribute)))
    });
    message_ends("signed attributes with room", 10_000, "signature-mismatch", &roomy(), |n| {
        receipt(|parts| parts.attributes.extend((0..n).map(attribute)))
    });
    message_ends("unsigned attributes with room", 10_000, "passed", &roomy(), |n| {
        receipt(|parts| parts.unsigned = (0..n).map(attribute).collect())
    });
}

#[test]
fn r31_a_certificate_of_many_names_under_many_constraints() {
    let bundle = Bundle::load();
    let name = |tag: u8, i: usize| tlv(tag, &[format!("a@d{i}.example").as_bytes()]);
    let extension = |number: u8, content: &[u8]| tlv(0x30, &[&[6, 3, 0x55, 0x1d, number], &tlv(4, &[content])]);
    message_ends("names", 8_000, "name-constraint-budget", &Limits::default(), |n| {
        let constraints: Vec<u8> = (0..n).flat_map(|i| tlv(0x30, &[&name(0x81, i)])).collect();
        let names: Vec<u8> = (0..n).flat_map(|i| name(0x81, i)).collect();
        let constraints = extension(30, &tlv(0x30, &[&tlv(0xa0, &[&constraints])]));
        let names = extension(17, &tlv(0x30, &[&names]));
        receipt(|parts| {
            parts.certificates = vec![
                certificate_with(bundle.der("san-none.leaf-flaw"), |_| {}, Some(&names)),
                certificate_with(bundle.der("ca"), |_| {}, Some(&constraints)),
            ];
        })
    });
    ends(
        "extensions",
        50_000,
        "ok",
        |n| {
            let many: Vec<u8> = (0..n)
                .flat_map(|i| tlv(0x30, &[&tlv(6, &[&[0x2a], &i.to_be_bytes().map(|octet| octet & 0x7f)]), &tlv(4, &[b""])]))
                .collect();
            certificate_with(bundle.der("leaf"), |_| {}, Some(&many))
        },
        |der| vec![Certificate::from_der(der).map_or_else(|error| error.to_string(), |_| "ok".to_owned())],
    );
    ends(
        "relative names",
        50_000,
        "ok",
        |n| {
            let relative = tlv(0x31, &[&tlv(0x30, &[&[6, 3, 0x55, 4, 3], &tlv(0x0c, &[b"=, "])])]);
            let name = tlv(0x30, &[&relative.repeat(n)]);
            let names = extension(17, &tlv(0x30, &[&tlv(0xa4, &[&name])]));
            certificate_with(bundle.der("san-none.leaf-flaw"), |_| {}, Some(&names))
        },
        |der| vec![Certificate::from_der(der).map_or_else(|error| error.to_string(), |_| "ok".to_owned())],
    );
}

#[test]
fn r31_ten_thousand_recipients() {
    let recipients =
        |n: usize| -> String { (0..n).map(|i| format!("<destinatari tipo=\"certificato\">a{i}@b{i}.example</destinatari>")).collect() };
    message_ends("destinatari", 10_000, "digest-mismatch", &Limits::default(), |n| {
        certified(&daticert("accettazione", &recipients(n), "", ""))
    });
    message_ends("destinatari beyond", 10_002, "daticert-too-many-recipients", &Limits::default(), |n| {
        certified(&daticert("accettazione", &recipients(n.max(10_001)), "", ""))
    });
    message_ends("destinatari with room", 50_000, "digest-mismatch", &roomy(), |n| {
        certified(&daticert("accettazione", &recipients(n), "", ""))
    });
    let to = |n: usize| {
        let to = (0..n).map(|i| format!("Nome {i} <a{i}@b{i}.example>,\r\n ")).collect::<String>();
        [format!("To: {to}x@y.example\r\n").into_bytes(), receipt(|_| {})].concat()
    };
    message_ends("To", 10_000, "passed", &Limits::default(), to);
    // With a directory, every domain that was received for is looked up.
    let bundle = Bundle::load();
    let domains: String = (0..10_000).map(|i| format!("managedDomains: b{i}.example\n")).collect();
    let verifier = Verifier::builder().directory(Directory::from_ldif(record(&bundle, &domains).as_bytes()).unwrap()).build().unwrap();
    ends(
        "ricezione",
        10_000,
        "wrong-authority",
        |n| {
            let received: String = (0..n - 2).map(|i| format!("<ricezione>a{i}@b{i}.example</ricezione>")).collect();
            certified(&daticert("presa-in-carico", RECIPIENT, &(received + "<ricezione>a@elsewhere.example</ricezione>"), ""))
        },
        |raw| all_of(raw, &verifier, &Limits::default()),
    );
    ends(
        "ricezione elsewhere",
        9_000,
        "wrong-authority",
        |n| {
            let received: String = (0..n).map(|i| format!("<ricezione>a{i}@x{i}.example</ricezione>")).collect();
            certified(&daticert("presa-in-carico", RECIPIENT, &received, ""))
        },
        |raw| all_of(raw, &verifier, &Limits::default()),
    );
}

fn record(bundle: &Bundle, domains: &str) -> String {
    format!(
        "dn: providerName=G,o=postacert\nobjectClass: provider\nproviderName: G\nproviderCertificate;binary:: {}\n\
         mailReceipt: posta-certificata@gestore.example\nmanagedDomains: gestore.example\n{domains}\n",
        STANDARD.encode(bundle.der("leaf"))
    )
}

#[test]
fn r31_directories_without_end() {
    let bundle = Bundle::load();
    let raw = receipt(|_| {});
    let look = |ldif: &String| match Directory::from_ldif(ldif.as_bytes()) {
        Ok(directory) => {
            let mut said: Vec<String> = directory.findings().iter().take(2_000).map(|finding| finding.code().to_owned()).collect();
            let verifier = Verifier::builder().directory(directory).build().unwrap();
            said.extend(all_of(&raw, &verifier, &Limits::default()));
            said
        }
        Err(error) => vec![error.kind().code().to_owned()],
    };
    ends(
        "domains",
        500_000,
        "passed",
        |n| record(&bundle, &(0..n).map(|i| format!("managedDomains: b{i}.example\n")).collect::<String>()),
        look,
    );
    ends("one domain", 500_000, "passed", |n| record(&bundle, &"managedDomains: b.example\n".repeat(n)), look);
    ends("folds", 1_000_000, "ldif-line-too-long", |n| record(&bundle, &("description: x\n".to_owned() + &" xx\n".repeat(n))), look);
    ends(
        "records",
        50_000,
        "passed",
        |n| {
            record(&bundle, "")
                + &(0..n)
                    .map(|i| format!("dn: providerName=P{i},o=postacert\nobjectClass: provider\nproviderName: P{i}\n\n"))
                    .collect::<String>()
        },
        look,
    );
    ends("records of one provider", 20_000, "certificate-conflict|passed", |n| record(&bundle, "").repeat(n), look);
    ends("garbage", 1_000_000, "directory-not-ldif", |n| "x\n".repeat(n), look);
    ends("nothing but dn", 200_000, "directory-without-provider", |n| "dn: o=postacert\n\n".repeat(n), look);
}

#[test]
fn r31_certification_data_of_many_departures() {
    ends(
        "stray text",
        200_000,
        "ok",
        |n| daticert("accettazione", RECIPIENT, "", &"x<y a=\"b\"/>".repeat(n)),
        |xml| vec![CertificationData::parse(xml.as_bytes()).map_or_else(|error| error.to_string(), |_| "ok".to_owned())],
    );
}
