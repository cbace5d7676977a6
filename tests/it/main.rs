//! The tests of the public interface, in one binary.

mod certdata;
#[cfg(feature = "rustcrypto")]
mod chains;
mod cms;
mod crypto;
#[cfg(feature = "rustcrypto")]
mod differential;
mod directory;
mod fixtures;
mod mime;
mod notification;
mod vocabulary;
mod x509;
