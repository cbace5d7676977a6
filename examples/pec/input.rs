//! Reading files, within bounds.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use anyhow::{Context as _, Result};
use postacert::{Certificate, Limits};
use sha2::{Digest as _, Sha256};

/// A message as it lies in a file. One that is longer than the library takes is not kept whole, only one byte further than the limit.
#[derive(Debug)]
pub(crate) struct Input {
    bytes: Vec<u8>,
    sha256: Option<[u8; 32]>,
}

impl Input {
    /// Reads a message, from standard input if its name is `-`.
    pub(crate) fn read(path: &Path) -> Result<Self> {
        if path == Path::new("-") {
            return Self::read_from(&mut io::stdin().lock()).context("standard input");
        }
        File::open(path).and_then(|mut file| Self::read_from(&mut file)).with_context(|| path.display().to_string())
    }

    /// Reads a message to its end.
    pub(crate) fn read_from(source: &mut impl Read) -> io::Result<Self> {
        let limit = Limits::default().message_bytes as u64;
        let mut bytes = Vec::new();
        source.by_ref().take(limit + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 <= limit {
            return Ok(Self { bytes, sha256: None });
        }
        let mut hash = Sha256::new_with_prefix(&bytes);
        let mut buffer = [0; 1 << 16];
        loop {
            match source.read(&mut buffer) {
                Ok(0) => break,
                Ok(count) => hash.update(&buffer[..count]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(Self { bytes, sha256: Some(hash.finalize().into()) })
    }

    /// The bytes, for the library to parse; it refuses those that are too many.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The SHA-256 of the whole file.
    pub(crate) fn sha256(&self) -> [u8; 32] {
        self.sha256.unwrap_or_else(|| Sha256::digest(&self.bytes).into())
    }
}

/// Reads a small file whole: certificates, lists, directories.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path).with_context(|| path.display().to_string())
}

/// The certificates of a file, PEM or DER.
pub(crate) fn certificates(path: &Path) -> Result<Vec<Certificate>> {
    Certificate::from_pem_or_der(&read(path)?).with_context(|| path.display().to_string())
}
