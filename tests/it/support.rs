//! What the tests of several files share: judging a message, and changing one by text surgery.
#![cfg(feature = "rustcrypto")]

pub(crate) mod composed;
pub(crate) mod der;
pub(crate) mod judged;
pub(crate) mod letters;
pub(crate) mod mail;
