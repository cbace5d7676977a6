//! The provider's three points.
#![cfg(feature = "rustcrypto")]

mod world;
