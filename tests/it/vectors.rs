//! Signatures made by others, good and bad, against every backend: Wycheproof, NIST, OpenSSL.
//!
//! Where a backend says otherwise than the vectors want, `tests/vectors/exceptions.json` says why. An exception that no longer applies
//! fails as well.

mod nist;
mod openssl;
mod wycheproof;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::io::Write;

use postacert::crypto::{DigestAlgorithm, SignatureError, SignatureScheme, digest};

use crate::backends::{self, Backend};

/// What is said of a signature, or wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Verdict {
    Holds,
    Refused,
    /// The scheme, or the key, is not one that the backend takes.
    Unsupported,
    /// The vectors leave it open; an exception says what we do.
    Open,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Holds => "holds",
            Self::Refused => "refused",
            Self::Unsupported => "unsupported",
            Self::Open => "open",
        })
    }
}

/// One signature and what the vectors say of it.
struct Case<'a> {
    /// What exceptions name: a set of a suite, and a number or a name in it.
    set: &'a str,
    id: &'a str,
    spki: &'a [u8],
    scheme: SignatureScheme,
    message: &'a [u8],
    signature: &'a [u8],
    wanted: Verdict,
}

/// A row of `exceptions.json`. `backend`, `set` and `id` may be `*`; `count` is how many cases it is for, with each
/// backend; `some` where that is left to chance.
#[derive(Debug)]
struct Exception {
    row: BTreeMap<String, String>,
    used: BTreeMap<&'static str, usize>,
}

impl Exception {
    const COLUMNS: [&str; 8] = ["suite", "backend", "set", "id", "wanted", "verdict", "count", "reason"];

    fn is_for(&self, backend: &str) -> bool {
        ["*", backend].contains(&self.row["backend"].as_str())
    }

    fn matches(&self, backend: &str, case: &Case<'_>, said: Verdict) -> bool {
        let is = |key: &str, value: &str| self.row[key] == "*" || self.row[key] == value;
        let verdicts = self.row["wanted"] == case.wanted.to_string() && self.row["verdict"] == said.to_string() && case.wanted != said;
        self.is_for(backend) && is("set", case.set) && is("id", case.id) && verdicts
    }
}

/// Runs the cases of a suite and collects what is not as it should be.
struct Judge {
    backends: Vec<Backend>,
    exceptions: Vec<Exception>,
    run: usize,
    wrong: Vec<String>,
}

impl Judge {
    fn new(suite: &str) -> Self {
        let backends = backends::all();
        let rows: Vec<BTreeMap<String, String>> = serde_json::from_str(include_str!("../vectors/exceptions.json")).unwrap();
        for row in &rows {
            assert!(row.keys().map(String::as_str).eq(BTreeSet::from(Exception::COLUMNS)) && !row["reason"].is_empty(), "{row:?}");
        }
        let rows = rows.into_iter().filter(|row| row["suite"] == suite);
        let exceptions = rows.map(|row| Exception { row, used: BTreeMap::new() }).collect();
        Self { backends, exceptions, run: 0, wrong: Vec::new() }
    }

    fn judge(&mut self, case: &Case<'_>) {
        for backend in &self.backends {
            self.run += 1;
            let Some(said) = say(backend, case) else { continue };
            if said == case.wanted {
                continue;
            }
            match self.exceptions.iter_mut().find(|exception| exception.matches(backend.name, case, said)) {
                Some(exception) => *exception.used.entry(backend.name).or_default() += 1,
                None => {
                    self.wrong.push(format!("{}: {} {} ({}): {said}, not {}", backend.name, case.set, case.id, case.scheme, case.wanted))
                }
            }
        }
    }

    fn end(mut self, at_least: usize) {
        for exception in &self.exceptions {
            for backend in self.backends.iter().filter(|backend| exception.is_for(backend.name)) {
                let used = exception.used.get(backend.name).copied().unwrap_or(0);
                if exception.row["count"] != used.to_string() && (exception.row["count"] != "some" || used == 0) {
                    self.wrong.push(format!("{}: an exception applies to {used} cases: {:?}", backend.name, exception.row));
                }
            }
        }
        let shown = self.wrong.iter().take(50).cloned().collect::<Vec<_>>().join("\n");
        assert!(self.wrong.is_empty(), "{} of {} are not as they should be:\n{shown}", self.wrong.len(), self.run);
        assert!(self.run >= at_least * self.backends.len(), "only {} were run", self.run);
    }
}

/// `None` where the backend has no means to check this, and says so.
fn say(backend: &Backend, case: &Case<'_>) -> Option<Verdict> {
    let Ok(key) = backend.algorithms.prepare(case.spki) else { return Some(Verdict::Unsupported) };
    let lacking = backends::lacks(backend.name, case.scheme, key.kind());
    let signed = {
        let mut hasher = backend.algorithms.hasher(case.scheme.digest());
        hasher.update(case.message);
        hasher.finish()
    };
    assert_eq!(signed, digest(case.scheme.digest(), case.message));
    match key.verify(case.scheme, &signed, case.signature) {
        Err(SignatureError::Unsupported { .. }) if lacking => None,
        answer if lacking => panic!("{}: {} is not lacking any more: {answer:?}", backend.name, case.scheme),
        Ok(()) => Some(Verdict::Holds),
        Err(SignatureError::Mismatch | SignatureError::Malformed) => Some(Verdict::Refused),
        Err(SignatureError::Unsupported { .. }) => Some(Verdict::Unsupported),
        Err(other) => panic!("{other}"),
    }
}

/// Says so on the real standard error, which the test harness does not swallow, and which is where a person looks.
fn skipped(what: &str) {
    let _ = writeln!(std::io::stderr(), "skipped: {what}");
}

fn pss(digest: DigestAlgorithm, mgf_digest: DigestAlgorithm, salt_len: usize) -> SignatureScheme {
    SignatureScheme::RsaPss { digest, mgf_digest, salt_len }
}

/// A value in DER.
fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len();
    let header = match length {
        0..0x80 => vec![tag, u8::try_from(length).unwrap()],
        0x80..0x100 => vec![tag, 0x81, u8::try_from(length).unwrap()],
        _ => vec![tag, 0x82, u8::try_from(length >> 8).unwrap(), u8::try_from(length & 0xFF).unwrap()],
    };
    [header, content.to_vec()].concat()
}

/// An INTEGER of these big-endian octets.
fn integer(magnitude: &[u8]) -> Vec<u8> {
    let bare = &magnitude[magnitude.iter().position(|octet| *octet != 0).unwrap_or(magnitude.len())..];
    if bare.first().is_none_or(|first| *first >= 0x80) { der(0x02, &[&[0], bare].concat()) } else { der(0x02, bare) }
}

/// A `SubjectPublicKeyInfo` for rsaEncryption.
fn rsa_spki(modulus: &[u8], exponent: &[u8]) -> Vec<u8> {
    let algorithm = [0x30, 0x0D, 0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x01, 0x05, 0x00];
    let key = der(0x30, &[integer(modulus), integer(exponent)].concat());
    der(0x30, &[&algorithm[..], &der(0x03, &[&[0], &key[..]].concat())].concat())
}

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}
