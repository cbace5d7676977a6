//! A test or more for each rule of PEC verification, each named after its rule and made at the public interface.
//!
//! R28 (dossiers) has no code yet, and of R29 only what can be judged without the sender's copy is there. Some rules have their tests
//! closer to the code besides: R13 in `crypto`, R21 in `directory` and `signed_directory`, R22 and R27 in `x509`, R30 in `certdata`,
//! R17 in `mime`.
#![cfg(feature = "rustcrypto")]

mod form;
mod framing;
mod signature;
mod signed;
mod time;
mod trust;
