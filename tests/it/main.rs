//! The tests of the public interface, in one binary.

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
mod signed_directory;
mod vocabulary;
mod x509;
