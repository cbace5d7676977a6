//! Tests of the module `provider`.
#![cfg(feature = "rustcrypto")]

mod access;
mod log;
mod setup;
