//! The tests of the public interface, in one binary.

#[cfg(any(feature = "rustcrypto", feature = "aws-lc-rs"))]
mod backends;
mod certdata;
#[cfg(feature = "rustcrypto")]
mod chains;
mod cms;
mod command_line;
mod compose;
mod crypto;
#[cfg(feature = "rustcrypto")]
mod differential;
mod directory;
#[cfg(feature = "rustcrypto")]
mod docs;
#[cfg(feature = "rustcrypto")]
mod dossier;
mod dsn;
mod finds;
mod fixtures;
mod fuzz_corpus;
#[cfg(feature = "rustcrypto")]
mod glance;
mod golden;
#[cfg(feature = "rustcrypto")]
mod hostile;
mod invoice;
#[cfg(feature = "rustcrypto")]
mod language;
#[cfg(feature = "rustcrypto")]
mod limits;
mod mbox;
mod mime;
mod notification;
mod openssl;
mod own_algorithms;
mod properties;
#[cfg(feature = "rustcrypto")]
mod receipt_check;
mod rfc6109;
mod rules;
mod samples;
mod signed_directory;
mod support;
mod trust_types;
#[cfg(any(feature = "rustcrypto", feature = "aws-lc-rs"))]
mod vectors;
mod vocabulary;
mod x509;
