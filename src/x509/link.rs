//! One link: whether what an issuer signed, a certificate or a revocation list, holds under its key.

use super::Certificate;
use crate::crypto::{Algorithms, PreparedKey, SignatureError, signature_scheme};

/// Why something is not signed by a certificate's key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum LinkError {
    /// The signature does not hold.
    Mismatch,
    /// The algorithm, or the key for it, is not supported.
    Unsupported { why: Box<str> },
    /// The issuer's key is refused.
    KeyRefused { why: Box<str> },
}

/// Whether `child` is signed by the key of `issuer`, prepared for the occasion; names and extensions are not looked at.
pub(crate) fn link(algorithms: &dyn Algorithms, child: &Certificate, issuer: &Certificate) -> Result<(), LinkError> {
    let key = algorithms.prepare(issuer.spki()).map_err(|error| LinkError::KeyRefused { why: error.to_string().into() })?;
    check_signature(algorithms, &*key, child.signature_algorithm(), child.tbs(), child.signature())
}

/// Whether a signature holds over `signed`; `algorithm` is its raw AlgorithmIdentifier.
pub(crate) fn check_signature(
    algorithms: &dyn Algorithms,
    key: &dyn PreparedKey,
    algorithm: &[u8],
    signed: &[u8],
    signature: &[u8],
) -> Result<(), LinkError> {
    let scheme = signature_scheme(algorithm, None).map_err(|error| LinkError::Unsupported { why: error.to_string().into() })?;
    let mut hasher = algorithms.hasher(scheme.digest());
    hasher.update(signed);
    key.verify(scheme, &hasher.finish(), signature).map_err(|error| match error {
        SignatureError::Unsupported { .. } => LinkError::Unsupported { why: error.to_string().into() },
        _ => LinkError::Mismatch,
    })
}
