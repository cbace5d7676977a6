//! What the tests of several files share: judging a message, and changing one by text surgery.
#![cfg(feature = "rustcrypto")]

pub(crate) mod composed;
pub(crate) mod der;
pub(crate) mod judged;
pub(crate) mod letters;
pub(crate) mod mail;
#[allow(unreachable_pub, reason = "the fuzz targets, which are crates of their own, include the same file")]
pub(crate) mod world;
