//! Brief and complete receipts held against the kept original: RFC 6109 §3.3.2.1 and §3.3.2.2, R29.

mod brief;
mod copies;
mod tampering;
mod texts;

use postacert::crypto::{DigestAlgorithm, digest};
use postacert::receipt_check::{BriefCheck, CheckFinding, CheckOutcome};

pub(crate) fn sha1(bytes: &[u8]) -> String {
    digest(DigestAlgorithm::Sha1, bytes).to_string()
}

/// A message of these parts.
pub(crate) fn mixed(parts: &[&str]) -> String {
    format!("From: a@b\r\nSubject: s\r\nMessage-ID: <1@x>\r\n{}", multipart("mixed", "b", parts))
}

pub(crate) fn multipart(subtype: &str, boundary: &str, parts: &[&str]) -> String {
    let parts: String = parts.iter().map(|part| format!("--{boundary}\r\n{part}\r\n")).collect();
    format!("Content-Type: multipart/{subtype}; boundary={boundary}\r\n\r\npreamble\r\n{parts}--{boundary}--\r\n")
}

pub(crate) const TEXT: &str = "Content-Type: text/plain\r\n\r\nciao\r\na tutti\r\n";
pub(crate) const PDF: &str =
    "Content-Type: application/pdf; name=\"a.pdf\"\r\nContent-Transfer-Encoding: base64\r\n\r\nJVBERi0x\r\nLjQKJQ==\r\n";
pub(crate) const CSV: &str = "Content-Type: text/csv\r\nContent-Disposition: attachment; filename=b.csv\r\n\r\n1;2\r\n3;4";

/// The part that stands for another.
pub(crate) fn hash_part(name: &str, sha1: &str) -> String {
    format!("Content-Type: text/plain; name=\"{name}\"\r\nContent-Disposition: attachment; filename=\"{name}\"\r\n\r\n{sha1}")
}

/// Code, place in the copy and place in the original of each finding.
pub(crate) fn found(findings: &[CheckFinding]) -> Vec<(&'static str, Option<&str>, Option<&str>)> {
    findings.iter().map(|found| (found.code(), found.copy().part.as_deref(), found.original().part.as_deref())).collect()
}

pub(crate) fn compared(copy: &str, original: &str) -> BriefCheck {
    BriefCheck::compare(copy.as_bytes(), original.as_bytes()).unwrap()
}

pub(crate) fn agrees(copy: &str, original: &str) -> BriefCheck {
    let check = compared(copy, original);
    assert_eq!((check.outcome(), check.findings()), (CheckOutcome::Agrees, &[][..]), "{check}");
    check
}
