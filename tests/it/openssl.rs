//! Everything signed under `tests/fixtures` is judged by the `openssl` command too. It is given our signed span and our decoded signature,
//! so that both are judged with the mathematics.
#![cfg(feature = "rustcrypto")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use postacert::{CheckState, LineForm, Message};

use crate::fixtures::{at, folder, read, verifier};

/// Where these messages and OpenSSL's reading of whole messages part: the column `openssl` of `index.tsv` is about the latter.
const FRAMED_OTHERWISE: [(&str, &str); 1] =
    [("variant/boundary-coppia.eml", "OpenSSL does not undo the quoted pair in the boundary; given the span, it agrees")];

struct Row {
    file: String,
    group: String,
    openssl: String,
}

fn rows() -> Vec<Row> {
    let table = String::from_utf8(read("index.tsv")).unwrap();
    let rows = table.lines().skip(1).map(|line| line.split('\t').map(str::to_owned).collect::<Vec<_>>());
    rows.map(|row| Row { file: row[0].clone(), group: row[1].clone(), openssl: row[3].clone() }).collect()
}

/// `openssl cms` of version 3, which the fixtures were made with, or a word on why not.
fn openssl() -> Option<()> {
    let version = Command::new("openssl").arg("version").output();
    match version {
        Ok(output) if output.stdout.starts_with(b"OpenSSL 3") => Some(()),
        Ok(output) => {
            eprintln!("skipped: openssl is {}", String::from_utf8_lossy(&output.stdout).trim());
            None
        }
        Err(error) => {
            eprintln!("skipped: there is no openssl command ({error})");
            None
        }
    }
}

/// Files for OpenSSL, removed in the end.
struct Desk(PathBuf);

impl Desk {
    fn new(name: &str) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("openssl-{name}-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("cas.pem"), [read("pki/root.pem"), read("pki/issuing.pem")].concat()).unwrap();
        Self(folder)
    }

    /// Whether `openssl cms -verify` takes this signature over this content.
    fn verifies(&self, file: &str, content: &[u8], signature: &[u8], more: &[&str]) -> bool {
        let [content_file, signature_file] = ["content", "p7s"].map(|kind| self.0.join(format!("{}.{kind}", file.replace('/', "-"))));
        fs::write(&content_file, content).unwrap();
        fs::write(&signature_file, signature).unwrap();
        let status = Command::new("openssl")
            .args(["cms", "-verify", "-binary", "-inform", "DER", "-purpose", "any", "-out", "/dev/null"])
            .arg("-in")
            .arg(&signature_file)
            .arg("-content")
            .arg(&content_file)
            .arg("-CAfile")
            .arg(self.0.join("cas.pem"))
            .arg("-certfile")
            .arg(folder().join("pki/uno.pem"))
            .arg("-attime")
            .arg(at().instant().unwrap().as_secs().to_string())
            .args(more)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        status.unwrap().success()
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The signed bytes in the form in which we say that they were signed, and the signature; `None` where the root is not signed.
fn signed(raw: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
    let message = Message::parse(raw).unwrap();
    let content = message.signed().ok()?.bytes();
    let signature = message.root().children().nth(1)?.decode().into_bytes().into_owned();
    let form = verifier().verify(&message, at()).line_form();
    let content = match form {
        Some(LineForm::Crlf) => String::from_utf8_lossy(content).replace('\n', "\r\n").into_bytes(),
        _ => content.to_vec(),
    };
    Some((content, signature))
}

/// Runs over the rows on four threads, and gathers what is wrong.
fn misses(rows: &[Row], judge: impl Fn(&Row) -> Option<String> + Sync) -> Vec<String> {
    let judge = &judge;
    std::thread::scope(|scope| {
        let parts: Vec<_> = rows
            .chunks(rows.len().div_ceil(4))
            .map(|part| scope.spawn(move || part.iter().filter_map(judge).collect::<Vec<_>>()))
            .collect();
        parts.into_iter().flat_map(|part| part.join().unwrap()).collect()
    })
}

#[test]
fn openssl_says_the_same_of_our_spans_and_signatures() {
    let Some(()) = openssl() else { return };
    let desk = Desk::new("whole");
    let rows: Vec<Row> = rows().into_iter().filter(|row| row.group != "hostile").collect();
    let judged = std::sync::atomic::AtomicUsize::new(0);
    let misses = misses(&rows, |row| {
        let (content, signature) = signed(&read(&row.file))?;
        judged.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let expected = row.openssl == "ok" || FRAMED_OTHERWISE.iter().any(|(file, _)| *file == row.file);
        let found = desk.verifies(&row.file, &content, &signature, &[]);
        (found != expected).then(|| format!("{}: OpenSSL takes it: {found}, expected {expected}", row.file))
    });
    assert!(misses.is_empty(), "{misses:#?}");
    assert!(judged.into_inner() > 100);
}

#[test]
fn what_openssl_refuses_mathematically_is_never_good_here() {
    let Some(()) = openssl() else { return };
    let desk = Desk::new("mathematics");
    let refused = std::sync::atomic::AtomicUsize::new(0);
    let misses = misses(&rows(), |row| {
        let raw = read(&row.file);
        let (content, signature) = signed(&raw)?;
        let message = Message::parse(&raw).unwrap();
        let ours = verifier().verify(&message, at()).checks().signature;
        if desk.verifies(&row.file, &content, &signature, &["-noverify"]) {
            return None;
        }
        refused.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        (ours == CheckState::Good).then(|| format!("{}: good here, refused by OpenSSL", row.file))
    });
    assert!(misses.is_empty(), "{misses:#?}");
    assert!(refused.into_inner() > 10);
}
