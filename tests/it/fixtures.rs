//! The messages of `tests/fixtures`, made by OpenSSL, come out as their table says.
#![cfg(feature = "rustcrypto")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use postacert::{Certificate, Crl, Directory, Message, Report, VerificationTime, Verifier};

pub(crate) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

pub(crate) fn read(name: &str) -> Vec<u8> {
    fs::read(folder().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

pub(crate) fn certificates(name: &str) -> Vec<Certificate> {
    Certificate::from_pem_or_der(&read(name)).unwrap()
}

/// The instant the fixtures are judged at: an hour after they were made.
pub(crate) fn at() -> VerificationTime {
    VerificationTime::asserted(String::from_utf8(read("at.txt")).unwrap().trim().parse().unwrap())
}

/// The directory, the anchor, the intermediate and the revocation lists of the fixtures.
pub(crate) fn verifier() -> Verifier {
    let crls = ["pki/root.crl", "pki/issuing.crl"].into_iter().flat_map(|name| Crl::from_pem_or_der(&read(name)).unwrap());
    Verifier::builder()
        .directory(Directory::from_ldif(&read("directory/directory.ldif")).unwrap())
        .anchors(certificates("pki/root.pem"))
        .intermediates(certificates("pki/issuing.pem"))
        .crls(crls)
        .build()
        .unwrap()
}

/// One row of `index.tsv`.
struct Row {
    file: String,
    outcome: String,
    class: String,
    code: String,
    findings: String,
}

fn index() -> Vec<Row> {
    let table = String::from_utf8(read("index.tsv")).unwrap();
    let rows = table.lines().skip(1).map(|line| {
        let columns: Vec<&str> = line.split('\t').collect();
        let [file, _, _, _, outcome, class, code, _, findings, ..] = columns[..] else { panic!("{line}") };
        let owned = |s: &str| s.to_owned();
        Row { file: owned(file), outcome: owned(outcome), class: owned(class), code: owned(code), findings: owned(findings) }
    });
    rows.collect()
}

fn is_one_of(choices: &str, value: &str) -> bool {
    choices == "-" || choices.split('|').any(|choice| choice == value)
}

fn judge(row: &Row, report: &Report<'_>) -> Vec<String> {
    let mut wrong = Vec::new();
    if !is_one_of(&row.outcome, report.outcome().as_str()) {
        wrong.push(format!("outcome {}, not {}", report.outcome(), row.outcome));
    }
    if !is_one_of(&row.class, report.class().as_str()) {
        wrong.push(format!("class {}, not {}", report.class(), row.class));
    }
    let reasons: Vec<&str> = report.reasons().iter().map(|r| r.code()).collect();
    if row.code != "-" && !reasons.iter().any(|code| is_one_of(&row.code, code)) {
        wrong.push(format!("reasons {reasons:?}, not {}", row.code));
    }
    let findings: Vec<&str> = report.findings().iter().map(|f| f.code()).collect();
    for due in row.findings.split(' ').filter(|code| *code != "-" && !code.is_empty()) {
        if !findings.contains(&due) {
            wrong.push(format!("findings {findings:?} without {due}"));
        }
    }
    if (report.outcome() == postacert::Outcome::Passed) != report.reasons().is_empty() {
        wrong.push("reasons and outcome disagree".to_owned());
    }
    if !wrong.is_empty() {
        wrong.extend(report.reasons().iter().map(|r| format!("  {}: {r}", r.code())));
    }
    wrong
}

#[test]
fn every_fixture_comes_out_as_its_table_says() {
    if cfg!(not(feature = "rustcrypto")) {
        eprintln!("skipped: no public-key algorithms are compiled in");
        return;
    }
    let (verifier, at) = (verifier(), at());
    let mut misses = BTreeMap::new();
    let rows = index();
    for row in &rows {
        let raw = read(&row.file);
        let message = Message::parse(&raw).unwrap();
        let wrong = judge(row, &verifier.verify(&message, at));
        if !wrong.is_empty() {
            misses.insert(row.file.clone(), wrong);
        }
    }
    assert!(rows.len() > 200, "{} fixtures", rows.len());
    assert!(misses.is_empty(), "{} of {} fixtures miss: {misses:#?}", misses.len(), rows.len());
}
