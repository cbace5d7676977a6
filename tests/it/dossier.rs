//! The sender's side: what receipts tell of a message, in whatever order they come, and the evidence bundle.
#![cfg(feature = "rustcrypto")]

mod binding;
mod bundle;
mod cheap;
mod index;
mod issues;
mod post;
mod progress;
mod properties;
#[cfg(feature = "serde")]
mod record;
mod scale;
