//! Signatures made by others, good and bad, against every backend: Wycheproof, NIST, OpenSSL.
//!
//! Where a backend says otherwise than the vectors want, `tests/vectors/exceptions.json` says why. An exception that no longer applies
//! fails as well.

mod nist;
mod openssl;
mod wycheproof;

use std::collections::BTreeMap;
use std::fmt;

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

/// A row of `exceptions.json`: `{"suite", "backend", "set", "id", "verdict", "reason"}`; `backend` and `id` may be `*`.
struct Exception {
    row: BTreeMap<String, String>,
    used: bool,
}

impl Exception {
    fn matches(&self, backend: &str, case: &Case<'_>) -> bool {
        let is = |key: &str, value: &str| self.row[key] == "*" || self.row[key] == value;
        is("backend", backend) && is("set", case.set) && is("id", case.id)
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
            assert!(["suite", "backend", "set", "id", "verdict", "reason"].iter().all(|key| !row[*key].is_empty()), "{row:?}");
        }
        let compiled = |row: &BTreeMap<_, _>| row["backend"] == "*" || backends.iter().any(|backend| backend.name == row["backend"]);
        let rows = rows.into_iter().filter(|row| row["suite"] == suite && compiled(row));
        let exceptions = rows.map(|row| Exception { row, used: false }).collect();
        Self { backends, exceptions, run: 0, wrong: Vec::new() }
    }

    fn judge(&mut self, case: &Case<'_>) {
        for backend in &self.backends {
            let said = say(backend, case);
            self.run += 1;
            let mut wanted = case.wanted;
            for exception in self.exceptions.iter_mut().filter(|exception| exception.matches(backend.name, case)) {
                // One that asks for what the vectors want is none.
                if exception.row["verdict"] != case.wanted.to_string() && exception.row["verdict"] == said.to_string() {
                    (wanted, exception.used) = (said, true);
                }
            }
            if said != wanted {
                self.wrong.push(format!("{}: {} {} ({}): {said}, not {wanted}", backend.name, case.set, case.id, case.scheme));
            }
        }
    }

    fn end(mut self, at_least: usize) {
        for exception in self.exceptions.iter().filter(|exception| !exception.used) {
            self.wrong.push(format!("an exception that does not apply: {:?}", exception.row));
        }
        let shown = self.wrong.iter().take(50).cloned().collect::<Vec<_>>().join("\n");
        assert!(self.wrong.is_empty(), "{} of {} are not as they should be:\n{shown}", self.wrong.len(), self.run);
        assert!(self.run >= at_least * self.backends.len(), "only {} were run", self.run);
    }
}

fn say(backend: &Backend, case: &Case<'_>) -> Verdict {
    let Ok(key) = backend.algorithms.prepare(case.spki) else { return Verdict::Unsupported };
    let signed = {
        let mut hasher = backend.algorithms.hasher(case.scheme.digest());
        hasher.update(case.message);
        hasher.finish()
    };
    assert_eq!(signed, digest(case.scheme.digest(), case.message));
    match key.verify(case.scheme, &signed, case.signature) {
        Ok(()) => Verdict::Holds,
        Err(SignatureError::Mismatch | SignatureError::Malformed) => Verdict::Refused,
        Err(SignatureError::Unsupported { .. }) => Verdict::Unsupported,
        Err(other) => panic!("{other}"),
    }
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
