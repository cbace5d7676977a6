//! Tests of the module `provider`.
#![cfg(all(feature = "rustcrypto", feature = "serde"))]

mod incoming;
