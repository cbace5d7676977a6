//! The tests of the public interface, in one binary.

mod certdata;
mod cms;
mod crypto;
mod directory;
mod fixtures;
mod fuzz_corpus;
mod mime;
mod notification;
mod signed_directory;
mod vocabulary;
mod x509;
