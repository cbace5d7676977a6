//! Composing: every message of RFC 6109, from typed facts to signed bytes.

#[allow(dead_code, reason = "for the messages to come")]
mod sign;

#[cfg(feature = "rustcrypto")]
#[cfg_attr(docsrs, doc(cfg(feature = "rustcrypto")))]
pub use sign::{InMemoryKey, PrivateKeyError};
pub use sign::{Signer, SignerError, SigningRequest};
#[allow(unused_imports, reason = "for the messages to come")]
pub(crate) use sign::{check_signature_over, scheme_for};
