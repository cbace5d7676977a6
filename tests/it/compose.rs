//! Tests of the module `compose`.

mod brief;
mod original;
#[cfg(feature = "rustcrypto")]
mod sign;
mod submission;
