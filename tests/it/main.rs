//! The tests of the public interface, in one binary.

#[cfg(any(feature = "rustcrypto", feature = "aws-lc-rs"))]
mod backends;
mod certdata;
mod cms;
mod command_line;
mod compose;
mod crypto;
mod directory;
mod fixtures;
mod fuzz_corpus;
mod golden;
mod mime;
mod notification;
mod own_algorithms;
mod signed_directory;
#[cfg(any(feature = "rustcrypto", feature = "aws-lc-rs"))]
mod vectors;
mod vocabulary;
mod x509;
