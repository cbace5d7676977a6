//! The tests of the public interface, in one binary.

mod certdata;
mod cms;
mod command_line;
mod crypto;
mod directory;
mod fixtures;
mod fuzz_corpus;
mod golden;
mod mime;
mod notification;
mod openssl;
mod properties;
mod rules;
mod samples;
mod signed_directory;
mod support;
mod trust_types;
mod vocabulary;
mod x509;
