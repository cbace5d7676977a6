//! Tests of the module `compose`.

#[cfg(feature = "rustcrypto")]
mod brief;
#[cfg(feature = "rustcrypto")]
mod envelopes;
#[cfg(feature = "rustcrypto")]
mod facts;
#[cfg(feature = "rustcrypto")]
mod finds;
#[cfg(feature = "rustcrypto")]
mod inherited;
#[cfg(feature = "rustcrypto")]
mod messages;
#[cfg(feature = "rustcrypto")]
mod notifications;
mod original;
#[cfg(feature = "rustcrypto")]
mod others;
#[cfg(feature = "rustcrypto")]
mod refusals;
#[cfg(feature = "rustcrypto")]
mod sign;
#[cfg(feature = "rustcrypto")]
mod steps;
mod submission;
#[cfg(feature = "rustcrypto")]
mod texts;
