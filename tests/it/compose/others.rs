//! Other programs read and verify what is composed: OpenSSL, xmllint, Python. Each is skipped where it is not there.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use postacert::{Message, Outcome};

use crate::fixtures::{at, folder, read};
use crate::support::composed::{compose, compose_html, every_kind, original, transaction, with_report};
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

/// One of each kind, with and without HTML, under subjects that are plain and that are not.
fn composed() -> Vec<(String, Vec<u8>)> {
    let mut all = Vec::new();
    for (which, subject) in ["Richiesta", "Però <\"&'> \u{20ac} \u{1f600} ]]>"].into_iter().enumerate() {
        let original = original(subject);
        for (name, facts) in every_kind(&transaction(subject)) {
            all.push((format!("{name}-{which}"), compose(&facts, &original)));
            all.push((format!("{name}-{which}-html"), compose_html(&facts, &[&original[..], b"\xe8\n"].concat())));
        }
    }
    all
}

#[test]
fn openssl_verifies_every_kind_and_no_changed_one() {
    let Some(version) = run("openssl", &["version"]) else { return };
    if !version.stdout.starts_with(b"OpenSSL 3") {
        eprintln!("skipped: openssl is {}", String::from_utf8_lossy(&version.stdout).trim());
        return;
    }
    let desk = desk("openssl");
    let (file, anchor) = (desk.join("message.eml"), folder().join("pki/root.pem"));
    let time = at().instant().unwrap().as_secs().to_string();
    // The root alone: what is between comes with the message.
    let verifies = |command: &str, raw: &[u8]| {
        fs::write(&file, raw).unwrap();
        let (file, anchor) = (file.to_str().unwrap(), anchor.to_str().unwrap());
        let arguments = [command, "-verify", "-in", file, "-CAfile", anchor, "-attime", &time, "-out", "/dev/null"];
        let output = run("openssl", &arguments).unwrap();
        (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    for (name, mut raw) in composed() {
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
    for (name, raw) in composed() {
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

#[test]
fn python_reads_every_part() {
    const SCRIPT: &str = r#"
import email, email.policy, sys
for path in sys.argv[1:]:
    message = email.message_from_bytes(open(path, "rb").read(), policy=email.policy.SMTP)
    parts = list(message.walk())
    assert not any(part.defects for part in parts), (path, [part.defects for part in parts])
    signed, signature = message.iter_parts()
    assert signature.get_filename() == "smime.p7s" and signature.get_content()[0] == 0x30
    names = [part.get_filename() for part in signed.iter_parts()]
    texts = [part.get_content() for part in parts[2:5] if part.get_content_type() == "text/plain"]
    data = [part.get_content().decode("utf-8") for part in signed.iter_parts() if part.get_filename() == "daticert.xml"]
    print(path, message["Subject"].replace("\n", ""), names, "Il giorno 22/11/2026" in texts[0], len(data), sep="\t")
"#;
    if run("python3", &["--version"]).is_none() {
        return;
    }
    let desk = desk("python");
    let composed: Vec<_> = composed().into_iter().filter(|(name, _)| !name.ends_with("html")).collect();
    let files: Vec<String> = composed
        .iter()
        .map(|(name, raw)| {
            let file = desk.join(format!("{name}.eml"));
            fs::write(&file, raw).unwrap();
            file.to_str().unwrap().to_owned()
        })
        .collect();
    let arguments: Vec<&str> = ["-c", SCRIPT].into_iter().chain(files.iter().map(String::as_str)).collect();
    let output = run("python3", &arguments).unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(said.lines().count(), composed.len());
    for (line, (name, raw)) in said.lines().zip(&composed) {
        let columns: Vec<&str> = line.split('\t').collect();
        let subject = Message::parse(raw).unwrap().claims().subject().unwrap().into_owned();
        assert_eq!(columns[1], subject, "{name}");
        assert_eq!(columns[3], "True", "{name}");
        assert_eq!(columns[4], if name.starts_with("anomalia") { "0" } else { "1" }, "{name}");
    }
    assert!(!read("compose/postacert.dtd").is_empty());
    fs::remove_dir_all(desk).unwrap();
}
