//! `pec directory`: what a provider directory lists.

use std::io::{self, Write as _};

use anyhow::Result;
use postacert::{Directory, DirectoryError, DirectoryFinding, Provider};
use serde_json::{Value, json};

use crate::Exit;
use crate::args::DirectoryArgs;
use crate::lang::Labels;
use crate::terminal::{Colours, Paint, printable, wrapped};
use crate::text::{field, section};
use crate::{input, json, trust};

/// Domains that are named of one provider; the others are counted.
const DOMAINS: usize = 5;
/// Findings that are shown to a person.
const FINDINGS: usize = 50;

pub(crate) fn run(args: &DirectoryArgs, labels: &Labels) -> Result<Exit> {
    let name = args.file.to_string_lossy();
    let directory = match trust::directory(&input::read(&args.file)?, &args.file, args.directory_signer.as_deref()) {
        Ok(directory) => Ok(directory),
        Err(error) => Err(error.downcast::<DirectoryError>()?),
    };
    let mut out = io::stdout().lock();
    match (&directory, args.json) {
        (Ok(directory), true) => writeln!(out, "{}", json::line(&object(&name, directory)))?,
        (Err(error), true) => writeln!(out, "{}", json::line(&refused(&name, error)))?,
        (Ok(directory), false) => writeln!(out, "{}", listing(&printable(&name), directory, labels, Colours::of_stdout()))?,
        (Err(error), false) => writeln!(out, "{}", refusal(&printable(&name), error, labels, Colours::of_stdout()))?,
    }
    Ok(if directory.is_ok() { Exit::Passed } else { Exit::NotPassed })
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

fn refused(file: &str, error: &DirectoryError) -> Value {
    json!({
        "file": file,
        "outcome": "failed",
        "providers": 0,
        "certificates": 0,
        "domains": 0,
        "findings": conditions(error.findings()),
        "reasons": [json::condition(error.code(), error)],
    })
}

fn conditions(findings: &[DirectoryFinding]) -> Vec<Value> {
    findings.iter().map(|finding| json::condition(finding.code(), finding)).collect()
}

fn listing(name: &str, directory: &Directory, labels: &Labels, colours: Colours) -> String {
    let mut out = format!(
        "{name}: {} {}, {} {}, {} {}",
        directory.provider_count(),
        labels.providers,
        directory.certificate_count(),
        labels.certificates,
        directory.domain_count(),
        labels.domains
    );
    for provider in directory.providers() {
        let heading = match provider.unit() {
            Some(unit) => format!("{unit}, {} {}", labels.secondary_of, provider.main_name()),
            None => provider.name().to_owned(),
        };
        out += &section(&printable(&heading), &fields(provider, labels, colours), colours);
    }
    out + &noticed(directory.findings(), labels, colours)
}

fn fields(provider: &Provider, labels: &Labels, colours: Colours) -> Vec<String> {
    let mut fields = Vec::new();
    for listed in provider.certificates() {
        let certificate = listed.certificate();
        fields.push(wrapped("  - ", &printable(certificate.subject())));
        let dates = format!("    {} {} – {}", labels.valid, certificate.not_before(), certificate.not_after());
        fields.push(colours.paint(Paint::Dim, &dates));
    }
    if provider.certificates().is_empty() {
        fields.push(format!("  - {}", labels.no_certificate));
    }
    let mut domains: Vec<String> = provider.domains().iter().take(DOMAINS).map(ToString::to_string).collect();
    if provider.domains().len() > DOMAINS {
        domains.push(format!("… {} {}", provider.domains().len() - DOMAINS, labels.and_more));
    }
    fields.push(field(&format!("{} {}", provider.domains().len(), labels.domains), &domains.join(", ")));
    fields
}

fn refusal(name: &str, error: &DirectoryError, labels: &Labels, colours: Colours) -> String {
    let unusable = colours.paint(Paint::Bad, labels.unusable);
    format!("{name}: {unusable}\n{}{}", wrapped("  ", &printable(&error.to_string())), noticed(error.findings(), labels, colours))
}

fn noticed(findings: &[DirectoryFinding], labels: &Labels, colours: Colours) -> String {
    let mut lines: Vec<String> = findings.iter().take(FINDINGS).map(|f| wrapped("  - ", &printable(&f.to_string()))).collect();
    if findings.len() > FINDINGS {
        lines.push(format!("  … {} {}", findings.len() - FINDINGS, labels.and_more));
    }
    section(labels.noticed, &lines, colours)
}
