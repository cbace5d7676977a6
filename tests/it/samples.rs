//! A larger exam of messages that our own tools did not make. It lies beside the checkout (`../shared/samples`) or where the environment variable
//! `POSTACERT_SAMPLES` says, and is skipped where it is not.
#![cfg(feature = "rustcrypto")]

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use postacert::{
    Certificate, CertificationData, Check, CheckState, Crl, Directory, Message, MessageClass, Outcome, Report, VerificationTime, Verifier,
};
use serde_json::Value;

/// Lawful for RFC 5652, yet refused on purpose (no signed attributes: R11), or with a digest that was never met in PEC (SHA-224).
const FREE: [&str; 7] = [
    "var-sig-no-attrs.eml",
    "var-sig-no-attrs-sha1.eml",
    "var-openssl-noattr.eml",
    "var-sig-pss-noattrs.eml",
    "var-sig-ecdsa-noattrs.eml",
    "var-sig-md-sha224.eml",
    "var-sig-md-sha224-withrsa-oid.eml",
];

/// Nothing at all is wrong with these: a finding would be noise.
const CLEAN: [&str; 9] = [
    "accettazione.eml",
    "posta-certificata-completa.eml",
    "avvenuta-consegna-completa.eml",
    "avvenuta-consegna-sintetica.eml",
    "presa-in-carico.eml",
    "non-accettazione.eml",
    "preavviso-12h.eml",
    "rilevazione-virus.eml",
    "avvenuta-consegna-breve-pdf.eml",
];

/// The check that must be to blame.
const BLAME: [(&str, Check); 13] = [
    ("host-signer-expired.eml", Check::Time),
    ("host-signer-not-yet-valid.eml", Check::Time),
    ("host-signer-revoked.eml", Check::Revocation),
    ("host-signer-revoked-after.eml", Check::Revocation),
    ("host-signer-unknown-ca.eml", Check::Chain),
    ("host-signer-selfsigned.eml", Check::Chain),
    ("host-signer-issued-by-leaf.eml", Check::Chain),
    ("host-domain-not-managed.eml", Check::Authority),
    ("host-authority-mittente.eml", Check::Authority),
    ("host-authority-consegna.eml", Check::Authority),
    ("host-authority-ricezione.eml", Check::Authority),
    ("host-authority-errore.eml", Check::Authority),
    ("host-tamper-text.eml", Check::Signature),
];

fn samples() -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/samples");
    let folder = std::env::var_os("POSTACERT_SAMPLES").map_or(beside, PathBuf::from);
    let there = folder.join("expect.jsonl").is_file();
    if !there {
        eprintln!("skipped: there are no samples at {}", folder.display());
    }
    there.then_some(folder)
}

#[test]
fn the_samples_come_out_as_expected() {
    let Some(folder) = samples() else { return };
    let exam = Exam::new(&folder);
    let expectations = fs::read_to_string(folder.join("expect.jsonl")).unwrap();
    let records: Vec<Value> = expectations.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let mut verifiers = HashMap::new();
    let mut misses = Vec::new();
    for record in &records {
        let verifier = verifiers.entry(record["crl"].to_string()).or_insert_with(|| exam.verifier(&record["crl"]));
        let file = text(&record["file"]).unwrap();
        let raw = fs::read(folder.join(file)).unwrap();
        let at = text(&record["at"]).unwrap_or("2025-06-01T12:00:00Z").parse().unwrap();
        let wrong = match Message::parse(&raw) {
            Ok(message) => judge(record, &verifier.verify(&message, VerificationTime::asserted(at))),
            Err(error) if record["class"] == "hostile" => {
                println!("{file}: not read: {error}");
                Vec::new()
            }
            Err(error) => vec![format!("not read: {error}")],
        };
        if !wrong.is_empty() {
            misses.push(format!("{file}: {}", wrong.join("; ")));
        }
    }
    println!("{} of {} as expected", records.len() - misses.len(), records.len());
    assert!(!records.is_empty() && misses.is_empty(), "{} of {}: {misses:#?}", misses.len(), records.len());
}

/// The trust that the samples are judged with.
struct Exam<'f> {
    folder: &'f Path,
    directory: std::sync::Arc<Directory>,
}

impl<'f> Exam<'f> {
    fn new(folder: &'f Path) -> Self {
        let ldif = fs::read(folder.join("directory/directory.ldif")).unwrap();
        Self { folder, directory: std::sync::Arc::new(Directory::from_ldif(&ldif).unwrap()) }
    }

    fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.folder.join(name)).unwrap()
    }

    fn verifier(&self, lists: &Value) -> Verifier {
        let lists = lists.as_array().into_iter().flatten();
        let crls = lists.flat_map(|name| Crl::from_pem_or_der(&self.read(text(name).unwrap())).unwrap());
        Verifier::builder()
            .directory(std::sync::Arc::clone(&self.directory))
            .anchors(Certificate::from_pem_or_der(&self.read("pki/root.pem")).unwrap())
            .intermediates(Certificate::from_pem_or_der(&self.read("pki/inter.pem")).unwrap())
            .crls(crls)
            .build()
            .unwrap()
    }
}

fn text(value: &Value) -> Option<&str> {
    value.as_str().filter(|text| !text.is_empty())
}

fn judge(record: &Value, report: &Report<'_>) -> Vec<String> {
    let mut wrong = Vec::new();
    let file = text(&record["file"]).unwrap();
    let passed = report.outcome() == Outcome::Passed;
    let reasons: Vec<_> = report.reasons().iter().map(|reason| reason.code()).collect();
    let findings: Vec<_> = report.findings().iter().map(|finding| finding.code()).collect();
    if passed != reasons.is_empty() {
        wrong.push(format!("{}, but the reasons are {reasons:?}", report.outcome()));
    }
    if record["signature"] == "invalid" && report.checks().signature == CheckState::Good {
        wrong.push("bad mathematics called good".to_owned());
    }
    let taken = passed && matches!(report.class(), MessageClass::Certified | MessageClass::Anomaly);
    let must = text(&record["must"]).unwrap_or_default();
    if must == "flag" && taken && findings.is_empty() {
        wrong.push("passed without a finding".to_owned());
    }
    if record["class"] == "hostile" {
        if must == "reject" && taken {
            wrong.push(format!("taken for good ({})", report.class()));
        }
        if let Some((_, check)) = BLAME.iter().find(|(name, _)| *name == file)
            && !matches!(report.checks().get(*check), CheckState::Bad | CheckState::Unknown)
        {
            wrong.push(format!("the check {check} is {}", report.checks().get(*check)));
        }
        return wrong;
    }
    if ["survive", "flag"].contains(&must) || FREE.contains(&file) {
        return wrong;
    }
    if record["kind"] == "ordinary" {
        if passed || report.class() != MessageClass::Ordinary {
            wrong.push(format!("ordinary mail: {}, {}", report.outcome(), report.class()));
        }
        return wrong;
    }
    if record["signature"] == "valid" && record["trusted"] == true && record["signer_in_directory"] == true {
        let class = if record["kind"] == "anomalia" { MessageClass::Anomaly } else { MessageClass::Certified };
        if !passed || report.class() != class {
            wrong.push(format!("{}, {}: {reasons:?}", report.outcome(), report.class()));
        }
        if report.signer().is_none() || report.signed_digest().is_none() {
            wrong.push("the signer or the digest is missing".to_owned());
        }
    } else if record["signature"] == "valid" && record["trusted"] == false && passed {
        wrong.push("passed, but not trusted".to_owned());
    }
    if record["flags"].as_array().is_some_and(|flags| !flags.is_empty()) && passed && findings.is_empty() {
        wrong.push(format!("no finding for {}", record["flags"]));
    }
    if CLEAN.contains(&file) && !findings.is_empty() {
        wrong.push(format!("findings on a clean message: {findings:?}"));
    }
    wrong.extend(compare_content(record, report));
    wrong
}

fn compare_content(record: &Value, report: &Report<'_>) -> Vec<String> {
    let mut wrong = Vec::new();
    let (verified, unverified) = (report.verified().map(postacert::Verified::value), report.unverified_content());
    let kind = verified.map(postacert::Content::kind).or_else(|| unverified.and_then(postacert::UnverifiedContent::kind));
    let data = verified.and_then(postacert::Content::data).or_else(|| unverified.and_then(postacert::UnverifiedContent::data));
    let original = verified.and_then(postacert::Content::original).or_else(|| unverified.and_then(postacert::UnverifiedContent::original));
    let found = original.map(|original| original.sha256().iter().map(|byte| format!("{byte:02x}")).collect::<String>());
    if record["has_original"] != found.is_some() {
        wrong.push(format!("an original: {}", found.is_some()));
    } else if let (Some(found), Some(wanted)) = (&found, text(&record["original_sha256"]))
        && found != wanted
    {
        wrong.push("the bytes of the original differ".to_owned());
    }
    let kind = kind.map(postacert::ContentKind::as_wire);
    if kind != text(&record["kind"]) {
        wrong.push(format!("kind {kind:?}, not {}", record["kind"]));
    }
    match data {
        Some(data) => wrong.extend(compare_data(record, data)),
        None if record["kind"] == "anomalia" => {}
        None => wrong.push("no certification data".to_owned()),
    }
    wrong
}

fn compare_data(record: &Value, data: &CertificationData) -> Vec<String> {
    let mut wrong = Vec::new();
    let bare = |text: &str| text.trim_matches(|c: char| c.is_whitespace() || c == '<' || c == '>').to_owned();
    let fields = [
        ("errore", Some(data.fault().text())),
        ("receipt_type", data.receipt().map(postacert::Written::text)),
        ("sender", Some(data.sender().text())),
        ("subject", data.subject()),
        ("provider", data.provider()),
        ("consegna", data.recipient().map(postacert::Written::text)),
        ("reply_to", data.reply_to()),
        ("errore_esteso", data.extended_error().map(postacert::ExtendedError::raw)),
    ];
    for (name, found) in fields {
        let found = found.filter(|found| !found.is_empty());
        if found != text(&record[name]) {
            wrong.push(format!("{name} {found:?}, not {}", record[name]));
        }
    }
    for (name, found) in [("identificativo", Some(data.id().text())), ("msgid", data.message_id().map(postacert::Written::text))] {
        if found.map(bare).filter(|found| !found.is_empty()) != text(&record[name]).map(bare) {
            wrong.push(format!("{name} {found:?}, not {}", record[name]));
        }
    }
    let recipients: Vec<[&str; 2]> = data.recipients().iter().map(|r| [r.address().text(), r.kind().text()]).collect();
    if serde_json::json!(recipients) != record["recipients"] {
        wrong.push(format!("recipients {recipients:?}, not {}", record["recipients"]));
    }
    let received: Vec<&str> = data.received_for().iter().map(postacert::Written::text).collect();
    if serde_json::json!(received) != record["ricezione"] {
        wrong.push(format!("ricezione {received:?}, not {}", record["ricezione"]));
    }
    if let Some(when) = text(&record["when"]) {
        let wanted: postacert::Timestamp = when.parse().unwrap();
        if wanted.instant().as_secs().abs_diff(data.when().instant().as_secs()) > 1 {
            wrong.push(format!("when {}, not {when}", data.when()));
        }
    }
    wrong
}
