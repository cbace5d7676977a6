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
#[cfg(feature = "rustcrypto")]
mod limits;
mod mime;
mod notification;
mod vocabulary;
mod x509;
