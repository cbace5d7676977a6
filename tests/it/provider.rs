//! The provider's three points.
#![cfg(feature = "rustcrypto")]

mod world;
mod world_faults;
mod world_hostile;
