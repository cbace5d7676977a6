//! The tests of the public interface, in one binary.

mod certdata;
#[cfg(feature = "rustcrypto")]
mod chains;
mod cms;
mod command_line;
mod crypto;
#[cfg(feature = "rustcrypto")]
mod differential;
mod directory;
mod fixtures;
mod fuzz_corpus;
mod golden;
#[cfg(feature = "rustcrypto")]
mod hostile;
#[cfg(feature = "rustcrypto")]
mod limits;
mod mime;
mod notification;
mod signed_directory;
mod vocabulary;
mod x509;
