//! `pec directory`: what a provider directory lists.

use std::io::{self, Write as _};

use anyhow::Result;
use postacert::{Directory, DirectoryError, DirectoryFinding, Language, Provider, SignedDirectoryError};
use serde_json::{Value, json};

use crate::Exit;
use crate::args::DirectoryArgs;
use crate::terminal::{Look, Paint, printable, wrapped};
use crate::text::{field, limited, section};
use crate::{input, json, trust};

/// Domains that are named of one provider; the others are counted.
const DOMAINS: usize = 5;

pub(crate) fn run(args: &DirectoryArgs, look: Look) -> Result<Exit> {
    let name = args.file.to_string_lossy();
    let directory = match trust::directory(&input::read(&args.file)?, &args.file, args.directory_signer.as_deref()) {
        Ok(directory) => Ok(directory),
        Err(error) => Err(Refusal::of(error, if args.json { Language::English } else { look.language })?),
    };
    let mut out = io::stdout().lock();
    match (&directory, args.json) {
        (Ok(directory), true) => writeln!(out, "{}", json::line(&object(&name, directory)))?,
        (Err(error), true) => writeln!(out, "{}", json::line(&refused(&name, error)))?,
        (Ok(directory), false) => writeln!(out, "{}", listing(&printable(&name), directory, look))?,
        (Err(error), false) => writeln!(out, "{}", refusal(&printable(&name), error, look))?,
    }
    Ok(if directory.is_ok() { Exit::Passed } else { Exit::NotPassed })
}

/// A directory that is there and cannot be used, in whichever form it came.
struct Refusal {
    code: &'static str,
    text: String,
    findings: Vec<DirectoryFinding>,
}

impl Refusal {
    /// An error of another kind (a file that is missing, a wrong option) is given back.
    fn of(error: anyhow::Error, language: Language) -> Result<Self> {
        match error.downcast::<SignedDirectoryError>() {
            Ok(SignedDirectoryError::Directory { error }) => Ok(Self::of_ldif(&error, language)),
            Ok(error) => Ok(Self { code: error.code(), text: error.in_language(language).to_string(), findings: Vec::new() }),
            Err(error) => Ok(Self::of_ldif(&error.downcast::<DirectoryError>()?, language)),
        }
    }

    fn of_ldif(error: &DirectoryError, language: Language) -> Self {
        Self { code: error.code(), text: error.in_language(language).to_string(), findings: error.findings().to_vec() }
    }
}

fn object(file: &str, directory: &Directory) -> Value {
    json!({
        "file": file,
        "outcome": "passed",
        "providers": directory.provider_count(),
        "certificates": directory.certificate_count(),
        "domains": directory.domain_count(),
        "findings": conditions(directory.findings()),
        "reasons": [],
    })
}

fn refused(file: &str, error: &Refusal) -> Value {
    json!({
        "file": file,
        "outcome": "failed",
        "providers": 0,
        "certificates": 0,
        "domains": 0,
        "findings": conditions(&error.findings),
        "reasons": [json::condition(error.code, &error.text)],
    })
}

fn conditions(findings: &[DirectoryFinding]) -> Vec<Value> {
    findings.iter().map(|finding| json::condition(finding.code(), finding)).collect()
}

fn listing(name: &str, directory: &Directory, look: Look) -> String {
    let counts = [
        (look.labels.providers, directory.provider_count()),
        (look.labels.certificates, directory.certificate_count()),
        (look.labels.domains, directory.domain_count()),
    ];
    let mut out = format!("{name}: {}", counts.map(|(what, count)| format!("{what} {count}")).join(", "));
    for provider in directory.providers() {
        let heading = match provider.unit() {
            Some(unit) => format!("{unit}, {} {}", look.labels.secondary_of, provider.main_name()),
            None => provider.name().to_owned(),
        };
        out += &section(&printable(&heading), &fields(provider, look), look);
    }
    out + &noticed(directory.findings(), look)
}

fn fields(provider: &Provider, look: Look) -> Vec<String> {
    let mut fields = Vec::new();
    for listed in provider.certificates() {
        let certificate = listed.certificate();
        fields.push(wrapped("  - ", &printable(certificate.subject())));
        let dates = format!("    {} {} – {}", look.labels.valid, certificate.not_before(), certificate.not_after());
        fields.push(look.paint(Paint::Dim, &dates));
    }
    if provider.certificates().is_empty() {
        fields.push(format!("  - {}", look.labels.no_certificate));
    }
    let mut domains: Vec<String> = provider.domains().iter().take(DOMAINS).map(ToString::to_string).collect();
    if provider.domains().len() > DOMAINS {
        domains.push(format!("… {} {}", provider.domains().len() - DOMAINS, look.labels.and_more));
    }
    fields.push(field(&format!("{} ({})", look.labels.domains, provider.domains().len()), &domains.join(", ")));
    fields
}

fn refusal(name: &str, error: &Refusal, look: Look) -> String {
    let unusable = look.paint(Paint::Bad, look.labels.unusable);
    format!("{name}: {unusable}\n{}{}", wrapped("  ", &printable(&error.text)), noticed(&error.findings, look))
}

fn noticed(findings: &[DirectoryFinding], look: Look) -> String {
    let lines = findings.iter().map(|finding| wrapped("  - ", &printable(&finding.in_language(look.language).to_string())));
    section(look.labels.noticed, &limited(lines, look), look)
}
