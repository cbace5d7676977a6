//! Puts the evidence of a sent message by, and verifies it again: `cargo run --example archive_bundle --features serde [FOLDER]`.
//!
//! The receipts, byte for byte as they came, and beside them `manifest.json`: what each proves, its SHA-256, and how it was verified. Then it does
//! what somebody will do years later: it reads the folder, and holds everything against the manifest.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use postacert::dossier::{BundleBuilder, Dossier, Manifest, Receipt};
use postacert::{Directory, Message, VerificationTime, Verifier};

const RECEIPTS: [&str; 3] = ["accettazione.eml", "presa-in-carico.eml", "avvenuta-consegna-completa.eml"];
const MANIFEST: &str = "manifest.json";

fn main() -> Result<()> {
    let fixtures = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures"));
    let folder = std::env::args_os().nth(1).map_or_else(|| std::env::temp_dir().join("postacert-bundle"), PathBuf::from);
    // The directory is what everything rests on: keep it as well, it is named by its SHA-256.
    let ldif = fs::read(fixtures.join("directory/directory.ldif"))?;
    let verifier = Verifier::builder().directory(Directory::from_ldif(&ldif)?).build()?;
    let time = VerificationTime::asserted("2026-11-22T03:52:00Z".parse()?);

    // Verify, once.
    let raws: Vec<Vec<u8>> = RECEIPTS.iter().map(|name| fs::read(fixtures.join("valid").join(name))).collect::<Result<_, _>>()?;
    let messages: Vec<Message<'_>> = raws.iter().map(|raw| Message::parse(raw)).collect::<Result<_, _>>()?;
    let reports: Vec<_> = messages.iter().map(|message| verifier.verify(message, time)).collect();
    let mut dossier: Option<Dossier> = None;
    for report in &reports {
        let receipt = Receipt::of(report.verified().with_context(|| report.to_string())?)?;
        match &mut dossier {
            Some(dossier) => {
                dossier.add(receipt)?;
            }
            None => dossier = Some(Dossier::new(receipt)),
        }
    }
    let dossier = dossier.context("no receipts")?;

    // Put by.
    let mut builder = BundleBuilder::new(&dossier);
    for ((name, raw), report) in RECEIPTS.iter().zip(&raws).zip(&reports) {
        builder.receipt(name.parse()?, raw, report)?;
    }
    fs::create_dir_all(&folder)?;
    for (name, raw) in RECEIPTS.iter().zip(&raws) {
        fs::write(folder.join(name), raw)?;
    }
    fs::write(folder.join(MANIFEST), serde_json::to_string_pretty(&builder.finish())?)?;
    println!("{}: {} receipts of {}", folder.display(), RECEIPTS.len(), dossier.id());

    // Years later.
    let manifest: Manifest = serde_json::from_slice(&fs::read(folder.join(MANIFEST))?)?;
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(&folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if name != MANIFEST {
            files.insert(name, fs::read(entry.path())?);
        }
    }
    let faults = manifest.verify_again(&verifier, files.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())));
    for fault in &faults {
        println!("! {fault}");
    }
    ensure!(faults.is_empty(), "the bundle is not what it was");
    for recipient in &manifest.recipients {
        println!("{}: {recipient}", recipient.address);
    }
    Ok(())
}
