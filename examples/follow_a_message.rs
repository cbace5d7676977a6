//! Follows a sent message by its receipts: `cargo run --example follow_a_message`, or with the .eml files of your own receipts as arguments and,
//! in `POSTACERT_DIRECTORY`, the LDIF of your provider directory.
//!
//! Without arguments it reads the bundled receipts of one message to three recipients.

use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result};
use postacert::dossier::{DossierIndex, Receipt};
use postacert::{Directory, Message, UnixTime, VerificationTime, Verifier};

fn main() -> Result<()> {
    let fixtures = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures"));
    let mut files: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    if files.is_empty() {
        files = ["accettazione", "presa-in-carico", "avvenuta-consegna-completa", "preavviso-12h", "posta-certificata-completa"]
            .map(|name| fixtures.join(format!("valid/{name}.eml")))
            .into();
    }
    let directory = std::env::var_os("POSTACERT_DIRECTORY").map_or_else(|| fixtures.join("directory/directory.ldif"), PathBuf::from);
    let verifier = Verifier::builder().directory(Directory::from_ldif(&std::fs::read(directory)?)?).build()?;
    // Receipts that have just come are judged by the clock; the bundled ones by the day they were made.
    let now =
        i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs()).ok().and_then(UnixTime::from_secs).context("the clock")?;
    let time = match std::env::args_os().len() {
        1 => VerificationTime::asserted("2026-11-22T03:52:00Z".parse()?),
        _ => VerificationTime::now(now),
    };

    // In any order; each finds its message.
    let mut index = DossierIndex::new();
    for file in &files {
        let raw = std::fs::read(file).with_context(|| file.display().to_string())?;
        let message = Message::parse(&raw)?;
        match verifier.verify(&message, time).into_verified() {
            Err(not) => println!("{}: not believed: {not}", file.display()),
            Ok(content) => match Receipt::of(&content) {
                Err(other) => println!("{}: no receipt: {other}", file.display()),
                Ok(receipt) => {
                    index.add(receipt.with_label(&file.display().to_string()));
                }
            },
        }
    }

    for dossier in index.iter() {
        println!("\n{} ({})\n  {}", dossier.subject(), dossier.id(), dossier.summary());
        for recipient in dossier.recipients() {
            println!("  {}: {}", recipient.address(), recipient.progress());
        }
        for issue in dossier.issues() {
            println!("  ! {issue}");
        }
        for missing in dossier.missing(time.instant().unwrap_or(now)) {
            println!("  … {missing}");
        }
    }
    Ok(())
}
