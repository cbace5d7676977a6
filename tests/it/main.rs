//! The tests of the public interface, in one binary.

mod certdata;
mod cms;
mod command_line;
mod crypto;
mod directory;
mod fixtures;
mod mime;
mod notification;
mod vocabulary;
mod x509;
