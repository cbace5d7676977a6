//! The three points of a provider, and what happens when time passes.
#![cfg(all(feature = "rustcrypto", feature = "serde"))]

mod access;
mod incoming;
mod log;
mod setup;
