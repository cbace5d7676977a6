//! Tests of the module `compose`.

#[cfg(feature = "rustcrypto")]
mod sign;
