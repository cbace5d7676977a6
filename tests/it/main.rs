//! The tests of the public interface, in one binary.

mod certdata;
mod cms;
mod crypto;
mod differential;
mod directory;
mod fixtures;
mod mime;
mod notification;
mod vocabulary;
mod x509;
