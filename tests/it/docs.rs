//! The tables of codes: sound in themselves, and written down in `docs/what-is-proven.md` as they are.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use postacert::{
    AddressError, Asn1ErrorKind, CertdataDeparture, CertdataErrorKind, CertificateErrorKind, CmsErrorKind, CodeRow, CrlErrorKind,
    DirectoryErrorKind, DirectoryFindingKind, FindingKind, IdentError, NameRule, NotificationError, PathError, ProfileProblem,
    RevocationGap, SignedDirectoryError, TextError, TimeError, Uncheckable, VerifierError, Weakness,
    compose::{ComposeError, FormalRefusal, PrivateKeyError, SignerError},
    crypto::{AlgorithmError, KeyError, SignatureError},
    dossier::{BundleError, BundleFault, Issue, Missing, OtherMessage, Overdue, Progress, Summary},
    dsn::DsnError,
    invoice::{InvoiceError, SdiFinding},
    mbox::MboxError,
    mime::MimeErrorKind,
    receipt_check::CheckFindingKind,
};

/// A set of codes, and what the page says before it.
struct Table {
    name: &'static str,
    introduction: &'static str,
    rows: &'static [CodeRow],
}

macro_rules! tables {
    ($($name:ident: $introduction:literal,)*) => {
        &[$( Table { name: stringify!($name), introduction: $introduction, rows: $name::TABLE } ),*]
    };
}

/// Every set there is, those that a report names first.
const TABLES: &[Table] = tables! {
    FindingKind: "The codes of findings and reasons. Whether one decided anything says the list it stands in: a *reason* did, a *finding* did not.",
    ProfileProblem: "Inside `profile`: how the signer's certificate departs from RFC 6109 §5.5.",
    PathError: "Inside `no-path`: of all that was tried, what came closest to a path.",
    NameRule: "Inside `name-not-permitted`: what the constraint demands.",
    RevocationGap: "Inside `revocation-unknown`: why the lists say nothing of a certificate.",
    Uncheckable: "Why a signature of a certificate or a revocation list cannot be checked.",
    Weakness: "Inside `weak-algorithm`: what is weak.",
    CmsErrorKind: "Inside `cms`: why the signature cannot be read.",
    CertificateErrorKind: "Inside `certificate`: why a certificate cannot be read.",
    CertdataErrorKind: "Inside `daticert`: why the certification data cannot be used.",
    CertdataDeparture: "Inside `daticert-departure`: how the certification data depart from their form without losing their meaning.",
    DirectoryFindingKind: "Findings of a provider directory.",
    DirectoryErrorKind: "Why a provider directory cannot be used, or made.",
    SignedDirectoryError: "Why a signed provider directory was not opened.",
    CrlErrorKind: "Why a revocation list cannot be read.",
    MimeErrorKind: "Why bytes are not read as a message at all.",
    VerifierError: "Why a verifier cannot be built.",
    NotificationError: "Why certification data make no notification or envelope.",
    KeyError: "Why a public key cannot be used.",
    SignatureError: "Why a signature does not hold, or cannot be checked.",
    AlgorithmError: "Why an algorithm identifier names nothing that can be used.",
    Asn1ErrorKind: "What is wrong with an ASN.1 encoding, inside others of these.",
    TimeError: "Why a time cannot be read.",
    AddressError: "Why a text is no mail address or domain.",
    IdentError: "Why a text is no identifier.",
    TextError: "Why a text cannot stand in certification data.",
    ComposeError: "Why a message cannot be composed.",
    SignerError: "Inside `compose-signer`: why there is no signature, or none that can be used.",
    PrivateKeyError: "Why a private key cannot be used.",
    FormalRefusal: "Why an access point does not accept a message, and a submission is not made.",
    CheckFindingKind: "What is found when the copy in a brief or complete receipt is held against the original that its sender kept.",
    DsnError: "Why a message is not read as a delivery status notification.",
    SdiFinding: "What is noticed of the files of SdI in a mail.",
    InvoiceError: "Why an invoice file does not give its content.",
    MboxError: "Why a message of a mailbox file is not given.",
    Progress: "What became of a message for one recipient.",
    Summary: "What became of a message as a whole.",
    Missing: "What has not come.",
    Overdue: "Inside `missing-outcome`: which notice was due.",
    Issue: "What does not fit together among the receipts of a message.",
    OtherMessage: "Why a receipt is not added to a dossier.",
    BundleError: "Why a file does not go into an evidence bundle.",
    BundleFault: "What is wrong with an evidence bundle.",
};

const MARK: &str =
    "<!-- The rest is made from the tables of the source: POSTACERT_WRITE_DOCS=1 cargo test --all-features --test it docs -->\n";

fn generated() -> String {
    let mut page = String::from(
        "\n## Codes\n\nA code is stable: programs may match on it. The sentences, in English and in *Italian*, may be reworded; the words in \
         braces are their values.\n",
    );
    for table in TABLES {
        write!(page, "\n### `{}`\n\n{}\n\n| code | says | meaning |\n| --- | --- | --- |\n", table.name, table.introduction).unwrap();
        for row in table.rows {
            writeln!(page, "| `{}` | {}<br>*{}* | {} |", row.code, cell(row.text), cell(row.italian), cell(row.meaning)).unwrap();
        }
    }
    page
}

/// A text on one line, without links into the source: those mean nothing outside it.
fn cell(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text.trim();
    while let Some((before, after)) = rest.split_once("](crate::") {
        let (before, label) = before.rsplit_once('[').unwrap();
        out += before;
        out += label;
        rest = after.split_once(')').unwrap().1;
    }
    (out + rest).replace('|', "\\|")
}

fn path(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

#[test]
fn the_page_has_the_codes_of_the_tables() {
    let file = path("docs/what-is-proven.md");
    let page = fs::read_to_string(&file).unwrap();
    let (prose, codes) = page.split_once(MARK).expect("the mark after which the page is generated");
    if std::env::var_os("POSTACERT_WRITE_DOCS").is_some() {
        fs::write(&file, format!("{prose}{MARK}{}", generated())).unwrap();
    } else {
        assert!(
            codes == generated(),
            "docs/what-is-proven.md is out of date: POSTACERT_WRITE_DOCS=1 cargo test --all-features --test it docs"
        );
    }
}

#[test]
fn codes_are_kebab_case_and_unique_in_their_table() {
    for table in TABLES {
        let mut seen = BTreeSet::new();
        for row in table.rows {
            let is_kebab = |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
            assert!(row.code.split('-').all(is_kebab), "{}: {}", table.name, row.code);
            assert!(seen.insert(row.code), "{}: {} twice", table.name, row.code);
        }
        assert!(!seen.is_empty());
    }
}

#[test]
fn sentences_name_the_same_values_in_both_languages() {
    for table in TABLES {
        for row in table.rows {
            let values = |text: &'static str| -> BTreeSet<&str> {
                text.split('{').skip(1).map(|value| value.split_once('}').expect(text).0).collect()
            };
            assert_eq!(values(row.text), values(row.italian), "{}: {}", table.name, row.code);
            for text in [row.text, row.italian] {
                assert!(!text.is_empty() && !text.ends_with('.') && text.trim() == text, "{}: {text}", table.name);
            }
            assert!(row.meaning.trim().ends_with('.'), "{}: {}", table.name, row.meaning);
        }
    }
}

/// A table that is missing above would be missing on the page.
#[test]
fn every_table_of_the_source_is_on_the_page() {
    let mut found = BTreeSet::new();
    let mut folders = vec![path("src")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap().path();
            if entry.is_dir() {
                folders.push(entry);
                continue;
            }
            let source = fs::read_to_string(entry).unwrap();
            for table in source.split("\ncoded! {\n").skip(1) {
                let name = table.split_once("pub enum ").unwrap().1.split_once(' ').unwrap().0;
                found.insert(name.to_owned());
            }
        }
    }
    let listed: BTreeSet<String> = TABLES.iter().map(|table| table.name.to_owned()).collect();
    assert_eq!(found, listed);
}

/// A finding that nothing finds would be a promise that is not kept.
#[test]
fn every_finding_is_found_somewhere_in_the_source() {
    let mut source = String::new();
    let mut folders = vec![path("src")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap().path();
            match entry.is_dir() {
                true => folders.push(entry),
                false if entry.ends_with("finding/table.rs") => {}
                false => source += &fs::read_to_string(entry).unwrap(),
            }
        }
    }
    let table = fs::read_to_string(path("src/finding/table.rs")).unwrap();
    let variants: Vec<&str> = table
        .lines()
        .filter_map(|line| line.strip_prefix("        ")?.split_once(" = \""))
        .filter_map(|(row, _)| row.split(' ').next())
        .collect();
    assert!(variants.len() >= FindingKind::TABLE.len(), "{} rows", variants.len());
    for variant in variants {
        let used = source
            .match_indices(&format!("::{variant}"))
            .any(|(at, text)| !source[at + text.len()..].starts_with(|c: char| c.is_ascii_alphanumeric()));
        assert!(used, "{variant} is in the table, and nothing makes it");
    }
}
