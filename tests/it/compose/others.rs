//! Other programs read and verify what is composed: OpenSSL, xmllint, Python. Each is skipped where it is not there.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use postacert::compose::{Draft, Identity, InMemoryKey};
use postacert::crypto::DigestAlgorithm;
use postacert::{Acceptance, CertificationData, Message, Outcome};
use serde_json::Value;

use super::messages::carried;
use crate::fixtures::{at, certificates, folder, read};
use crate::support::composed::{ENTROPY, PROVIDER, compose, compose_html, every_kind, original, transaction, with_report};
use crate::support::mail::signed_span;

/// Runs a program, or says that it is not there.
fn run(program: &str, arguments: &[&str]) -> Option<Output> {
    match Command::new(program).args(arguments).output() {
        Ok(output) => Some(output),
        Err(error) => {
            eprintln!("skipped: there is no {program} command ({error})");
            None
        }
    }
}

fn desk(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("compose-{name}-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    folder
}

struct Composed {
    name: String,
    raw: Vec<u8>,
    /// The message inside.
    carried: Option<Vec<u8>>,
}

/// One of each kind, with and without HTML, under subjects that are plain and that are not. Those with HTML carry an original of 8 bits, so in base64.
fn composed() -> Vec<Composed> {
    let mut all = Vec::new();
    for (which, subject) in ["Richiesta", "Però <\"&'> \u{20ac} \u{1f600} ]]>"].into_iter().enumerate() {
        let original = original(subject);
        for (name, facts) in every_kind(&transaction(subject)) {
            let eight_bits = [&original[..], b"\xe8\n"].concat();
            let (raw, inside) = (compose(&facts, &original), carried(&facts, &original));
            all.push(Composed { name: format!("{name}-{which}"), raw, carried: inside });
            let (raw, inside) = (compose_html(&facts, &eight_bits), carried(&facts, &eight_bits));
            all.push(Composed { name: format!("{name}-{which}-html"), raw, carried: inside });
        }
    }
    all
}

fn openssl_is_there() -> bool {
    let Some(version) = run("openssl", &["version"]) else { return false };
    let there = version.stdout.starts_with(b"OpenSSL 3");
    if !there {
        eprintln!("skipped: openssl is {}", String::from_utf8_lossy(&version.stdout).trim());
    }
    there
}

/// What OpenSSL says of a message, by the root alone: what is between comes with the message.
fn openssl(command: &str, desk: &Path, raw: &[u8]) -> (bool, String) {
    let (file, anchor, time) = (desk.join("message.eml"), folder().join("pki/root.pem"), at().instant().unwrap().as_secs().to_string());
    fs::write(&file, raw).unwrap();
    let (file, anchor) = (file.to_str().unwrap(), anchor.to_str().unwrap());
    let output = run("openssl", &[command, "-verify", "-in", file, "-CAfile", anchor, "-attime", &time, "-out", "/dev/null"]).unwrap();
    (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
}

/// `openssl smime` reads PKCS#7, which knows no PSS: `openssl cms` alone is asked.
#[test]
fn openssl_verifies_every_kind_of_key_and_digest() {
    if !openssl_is_there() {
        return;
    }
    let desk = desk("keys");
    let facts = Acceptance::new(transaction("Richiesta"));
    for (name, pss) in [("uno", false), ("uno", true), ("rsa4096", false), ("pss", false), ("p256", false), ("p384", false)] {
        let key = InMemoryKey::from_pem(read(&format!("pki/{name}.key"))).unwrap();
        let key = if pss { key.with_pss() } else { key };
        let identity =
            Identity::new(PROVIDER, certificates(&format!("pki/{name}.pem")).remove(0), certificates("pki/issuing.pem")).unwrap();
        for digest in [DigestAlgorithm::Sha256, DigestAlgorithm::Sha384, DigestAlgorithm::Sha512] {
            let draft = Draft::acceptance(&identity, &facts, &ENTROPY).unwrap().with_digest(digest);
            let (verified, said) = openssl("cms", &desk, &draft.sign_with(&key).unwrap());
            assert!(verified, "{name}, {digest}: {said}");
        }
    }
    fs::remove_dir_all(desk).unwrap();
}

#[test]
fn openssl_verifies_every_kind_and_no_changed_one() {
    if !openssl_is_there() {
        return;
    }
    let desk = desk("openssl");
    let verifies = |command: &str, raw: &[u8]| openssl(command, &desk, raw);
    for Composed { name, mut raw, .. } in composed() {
        for command in ["cms", "smime"] {
            let (verified, said) = verifies(command, &raw);
            assert!(verified, "{name}: openssl {command}: {said}");
        }
        let span = signed_span(&raw);
        let letters: Vec<usize> = span.filter(|at| raw[*at].is_ascii_alphanumeric()).collect();
        for at in [letters[letters.len() / 3], letters[letters.len() * 2 / 3]] {
            raw[at] ^= 1;
            assert!(!verifies("cms", &raw).0 && !verifies("smime", &raw).0, "{name}: byte {at}");
            with_report(&raw, |report| assert_ne!(report.outcome(), Outcome::Passed, "{name}: byte {at}"));
            raw[at] ^= 1;
        }
    }
    fs::remove_dir_all(desk).unwrap();
}

#[test]
fn xmllint_validates_every_daticert() {
    if run("xmllint", &["--version"]).is_none() {
        return;
    }
    let desk = desk("xmllint");
    let dtd = folder().join("compose/postacert.dtd");
    let mut validated = 0;
    for Composed { name, raw, .. } in composed() {
        let message = Message::parse(&raw).unwrap();
        let Some(part) = message.entities().find(|part| part.name().as_deref() == Some("daticert.xml")) else {
            assert!(name.starts_with("anomalia"), "{name}");
            continue;
        };
        let file = desk.join("daticert.xml");
        fs::write(&file, part.decode().bytes()).unwrap();
        let output = run("xmllint", &["--noout", "--dtdvalid", dtd.to_str().unwrap(), file.to_str().unwrap()]).unwrap();
        assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
        validated += 1;
    }
    assert_eq!(validated, 4 * 17);
    fs::remove_dir_all(desk).unwrap();
}

/// What Python's `email` reads of a file: an object of its parts. It takes the base64 of a message/rfc822 for a message without header, as RFC 2046
/// §5.2.1 lets it: there the base64 is undone here, and there alone may it speak of a defect.
const PYTHON: &str = r#"
import base64, email, email.policy, html.parser, json, sys

class Shown(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.text = ""
    def handle_starttag(self, tag, attributes):
        assert tag in ("html", "head", "title", "body", "h3", "hr", "br") and not attributes, (tag, attributes)
    def handle_data(self, data):
        self.text += data

def original(part):
    inner = part.get_payload(0)
    if part["Content-Transfer-Encoding"] == "base64":
        assert len(inner.defects) == 1, inner.defects
        return base64.b64decode(inner.get_payload().encode("ascii"))
    assert not any(part.defects for part in inner.walk()), path
    return inner.as_bytes()

policy = email.policy.SMTP.clone(refold_source="none")
for path in sys.argv[1:]:
    message = email.message_from_bytes(open(path, "rb").read(), policy=policy)
    signed, signature = message.iter_parts()
    assert signature.get_filename() == "smime.p7s" and signature.get_content()[0] == 0x30
    text, *others = signed.iter_parts()
    texts = list(text.iter_parts()) if text.is_multipart() else [text]
    assert not any(part.defects for part in [message, signed, signature, text, *texts, *others]), path
    shown = Shown()
    for part in texts[1:]:
        assert part.get_content_type() == "text/html"
        shown.feed(part.get_content())
    read = {"subject": message["Subject"], "plain": texts[0].get_content(), "html": shown.text, "names": [part.get_filename() for part in others]}
    for part in others:
        if part.get_filename() == "postacert.eml":
            read["original"] = list(original(part))
        else:
            read["data"] = part.get_content().decode("utf-8")
    print(json.dumps(read))
"#;

#[test]
fn python_reads_every_part() {
    if run("python3", &["--version"]).is_none() {
        return;
    }
    let desk = desk("python");
    let composed = composed();
    let files: Vec<String> = composed
        .iter()
        .map(|Composed { name, raw, .. }| {
            let file = desk.join(format!("{name}.eml"));
            fs::write(&file, raw).unwrap();
            file.to_str().unwrap().to_owned()
        })
        .collect();
    let arguments: Vec<&str> = ["-c", PYTHON].into_iter().chain(files.iter().map(String::as_str)).collect();
    let output = run("python3", &arguments).unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(said.lines().count(), composed.len());
    for (line, Composed { name, raw, carried }) in said.lines().zip(&composed) {
        let read: Value = serde_json::from_str(line).unwrap();
        let message = Message::parse(raw).unwrap();
        assert_eq!(read["subject"], *message.claims().subject().unwrap(), "{name}");

        let plain: Vec<&str> = read["plain"].as_str().unwrap().lines().filter(|line| !line.is_empty()).collect();
        assert!(plain[1].starts_with("Il giorno 22/11/2026 alle ore 03:52:07 (+0100) "), "{name}: {plain:?}");
        let html: String = read["html"].as_str().unwrap().chars().map(in_plain_text).collect();
        let html: Vec<&str> = html.lines().filter(|line| !line.is_empty()).collect();
        if name.ends_with("html") {
            assert_eq!(html, [&plain[..1], &plain[..]].concat(), "{name}: the title of the page, and the text");
        } else {
            assert!(html.is_empty(), "{name}");
        }

        let data = message.unverified_content().and_then(|content| content.data().map(CertificationData::to_xml));
        assert_eq!(read["data"].as_str(), data.as_deref(), "{name}");
        let original: Option<Vec<u8>> = serde_json::from_value(read["original"].clone()).unwrap();
        assert!(original == *carried, "{name}: what is carried");
        let names = [("daticert.xml", data.is_some()), ("postacert.eml", carried.is_some())];
        let names: Vec<&str> = names.into_iter().filter_map(|(name, there)| there.then_some(name)).collect();
        assert_eq!(read["names"], Value::from(names), "{name}");
    }
    fs::remove_dir_all(desk).unwrap();
}

/// What ISO-8859-1 does not have, as plain text writes it.
fn in_plain_text(c: char) -> String {
    if u32::from(c) > 0xff { format!("[U+{:04X}]", u32::from(c)) } else { c.to_string() }
}
