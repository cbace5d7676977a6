//! `pec bundle`: the files that prove what became of a message, kept together, and checked again.

mod manifest;

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;

use anyhow::{Context as _, Result, anyhow, bail};
use clap::ValueEnum as _;
use postacert::dossier::{BundleBuilder, BundleFault, Dossier, FileName, FileRole, Manifest, ReceiptRecord};
use postacert::{Message, Report};
use serde_json::json;

use crate::args::{BundleCheckArgs, BundleCommand, BundleMakeArgs, PolicyName};
use crate::dossier::{date, word};
use crate::gather::{Gathered, How};
use crate::terminal::{Look, Paint, printable, wrapped};
use crate::{Exit, complain, json, trust};

const MANIFEST: &str = "manifest.json";

/// What the original mail is called in a bundle.
const ORIGINAL: &str = "original.eml";

/// Bytes of an address in the name of a file at most.
const ADDRESS: usize = 80;

pub(crate) fn run(command: &BundleCommand, look: Look) -> Result<Exit> {
    manifest::is_readable()?;
    match command {
        BundleCommand::Make(args) => make(args, look),
        BundleCommand::Check(args) => check(args, look),
    }
}

// -- make --

fn make(args: &BundleMakeArgs, look: Look) -> Result<Exit> {
    if args.paths.iter().any(|path| path == Path::new("-")) {
        bail!("a bundle cannot be made of standard input, which is there once only: give files");
    }
    let time = args.time.time(&["bundle", "make"], trust::now).unwrap_or_else(|error| error.exit());
    let how = How { verifier: trust::verifier(&args.trust, args.policy.policy())?, time, now: time.instant().unwrap_or_else(trust::now) };
    let gathered = Gathered::read(&args.paths, &how, look.language);
    let claims: Vec<_> = gathered.unproven().iter().filter(|unproven| unproven.claims(&args.id)).collect();
    for unproven in &claims {
        let why: Vec<String> = unproven.why.iter().map(|why| why.in_language(look.language)).collect();
        complain(&anyhow!("{}: {}: {}", unproven.place, look.labels.dossier.unproven_short, why.join("; ")), look.language);
    }
    let dossier = match gathered.under(&args.id)[..] {
        [] => {
            complain(&anyhow!("{}: {}", args.id, look.labels.dossier.nothing), look.language);
            return Ok(Exit::NotPassed);
        }
        [dossier] => dossier,
        [..] => bail!("{}: receipts of several messages bear this identifier: give the files of one of them only", args.id),
    };

    let mut folder = Folder::new(&args.out)?;
    let mut builder = BundleBuilder::new(dossier);
    for (number, receipt) in dossier.receipts().into_iter().enumerate() {
        let place = &gathered.filed(receipt).context("each receipt was read from a file")?.place;
        let name = name(number + 1, receipt)?;
        // Read again: all receipts of a message together may be large.
        let bytes = place.read()?;
        let message = Message::parse(&bytes).with_context(|| place.to_string())?;
        let report: Report<'_> = how.verifier.verify(&message, how.time);
        builder.receipt(name.clone(), &bytes, &report).map_err(|error| anyhow!("{place}: {}", error.in_language(look.language)))?;
        folder.write(name.as_str(), &bytes)?;
    }
    if let Some(path) = &args.original {
        let bytes = fs::read(path).with_context(|| path.display().to_string())?;
        builder.original(ORIGINAL.parse()?, &bytes)?;
        folder.write(ORIGINAL, &bytes)?;
    }
    let manifest = builder.finish();
    // Last: where it is, the bundle is complete.
    folder.write(MANIFEST, manifest::text(&manifest)?.as_bytes())?;
    told(&manifest, dossier, look)?;
    Ok(match (gathered.counts.unreadable, claims.is_empty()) {
        (0, true) => Exit::Passed,
        (0, false) => Exit::NotPassed,
        _ => Exit::Trouble,
    })
}

fn told(manifest: &Manifest, dossier: &Dossier, look: Look) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{}: {}", printable(dossier.subject()), dossier.summary().in_language(look.language))?;
    for file in &manifest.files {
        writeln!(out, "  {}  {}", file.sha256, file.name)?;
    }
    Ok(())
}

/// `03-avvenuta-consegna-bruno@pec.example.eml`: in the order of the dates.
fn name(number: usize, receipt: &ReceiptRecord) -> Result<FileName> {
    let about = match &*receipt.recipients {
        [one] => format!("-{}", harmless(one.as_str())),
        _ => String::new(),
    };
    Ok(format!("{number:02}-{}{about}.eml", receipt.kind.as_wire()).parse()?)
}

/// What a name may hold, of an address.
fn harmless(address: &str) -> String {
    let lawful = |c: char| if c.is_ascii_alphanumeric() || "._@+=-".contains(c) { c } else { '_' };
    address.chars().map(lawful).take(ADDRESS).collect()
}

/// The folder of a bundle, which holds nothing else.
struct Folder<'p> {
    path: &'p Path,
}

impl<'p> Folder<'p> {
    fn new(path: &'p Path) -> Result<Self> {
        fs::create_dir_all(path).with_context(|| path.display().to_string())?;
        if fs::read_dir(path).with_context(|| path.display().to_string())?.next().is_some() {
            bail!("{}: the folder is not empty", path.display());
        }
        Ok(Self { path })
    }

    fn write(&mut self, name: &str, bytes: &[u8]) -> Result<()> {
        let path = self.path.join(name);
        let mut file = OpenOptions::new().write(true).create_new(true).open(&path).with_context(|| path.display().to_string())?;
        file.write_all(bytes).with_context(|| path.display().to_string())
    }
}

// -- check --

fn check(args: &BundleCheckArgs, look: Look) -> Result<Exit> {
    let path = args.folder.join(MANIFEST);
    let text = fs::read(&path).with_context(|| path.display().to_string())?;
    let manifest = manifest::read(&text).with_context(|| path.display().to_string())?;
    let policy = args.policy.or_else(|| recorded_policy(&manifest)).unwrap_or_default();
    let verifier = trust::verifier(&args.trust, policy.policy())?;
    let files = read(&args.folder, &manifest)?;
    let faults = manifest.verify_again(&verifier, files.iter().map(|(name, bytes)| (&**name, &**bytes)));

    let mut out = io::stdout().lock();
    if args.json {
        let faults: Vec<_> = faults.iter().map(|fault| json::condition(fault.code(), fault)).collect();
        let object = json!({
            "folder": args.folder.to_string_lossy(),
            "outcome": if faults.is_empty() { "passed" } else { "failed" },
            "identificativo": manifest.id.as_str(),
            "files": manifest.files.len(),
            "judged": judged(&manifest).iter().map(|(at, basis, policy)| json!({ "at": at, "basis": basis, "policy": policy })).collect::<Vec<_>>(),
            "faults": faults,
        });
        writeln!(out, "{}", json::line(&object))?;
    } else {
        write!(out, "{}", checked(&manifest, &faults, look))?;
    }
    Ok(if faults.is_empty() { Exit::Passed } else { Exit::NotPassed })
}

/// By which instants, bases and policies the receipts are judged: what is sound is so by these, and whoever wrote the manifest chose them.
fn judged(manifest: &Manifest) -> BTreeSet<(String, String, String)> {
    let records = manifest.files.iter().filter_map(|file| match &file.role {
        FileRole::Receipt { verification, .. } => Some(verification),
        _ => None,
    });
    records.map(|record| (record.instant.to_string(), record.basis.to_string(), record.policy.to_string())).collect()
}

/// The policy that the bundle was made with.
fn recorded_policy(manifest: &Manifest) -> Option<PolicyName> {
    let record = manifest.files.iter().find_map(|file| match &file.role {
        FileRole::Receipt { verification, .. } => Some(verification),
        _ => None,
    })?;
    PolicyName::value_variants().iter().copied().find(|name| name.policy().name() == &*record.policy)
}

/// The files of the folder, the manifest apart. Those that it does not name are not read.
fn read(folder: &Path, manifest: &Manifest) -> Result<BTreeMap<String, Vec<u8>>> {
    let known: BTreeSet<&str> = manifest.files.iter().map(|file| file.name.as_str()).collect();
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let path = entry.with_context(|| folder.display().to_string())?.path();
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if name == MANIFEST {
            continue;
        }
        if !known.contains(&*name) {
            files.insert(name, Vec::new());
        } else if path.is_file() {
            files.insert(name, fs::read(&path).with_context(|| path.display().to_string())?);
        }
    }
    Ok(files)
}

fn checked(manifest: &Manifest, faults: &[BundleFault], look: Look) -> String {
    let words = look.labels.dossier;
    let mut lines = vec![look.paint(Paint::Heading, &printable(&manifest.subject)), format!("  {}", printable(manifest.id.as_str()))];
    let judged = judged(manifest).into_iter().map(|(at, basis, policy)| {
        let text = format!("{} {} ({basis}), {} {policy}", words.bundle_judged, date(&at, words), look.labels.policy);
        wrapped("  ", &printable(&text))
    });
    lines.extend(judged);
    for recipient in &manifest.recipients {
        lines.push(wrapped("  ", &printable(&format!("{}: {}", recipient.address, word(&recipient.progress, words)))));
    }
    lines.extend(manifest.absent.iter().map(|id| wrapped("  - ", &format!("{} {id}", words.bundle_absent))));
    if faults.is_empty() {
        lines.push(look.paint(Paint::Good, words.bundle_sound));
    } else {
        lines.push(look.paint(Paint::Bad, &format!("{}: {}", words.bundle_faults, faults.len())));
        lines.extend(faults.iter().map(|fault| wrapped("  ! ", &printable(&fault.in_language(look.language).to_string()))));
    }
    lines.join("\n") + "\n"
}
