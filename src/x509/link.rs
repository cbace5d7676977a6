//! One link: whether what an issuer signed, a certificate or a revocation list, holds under its key.

use super::Certificate;
use crate::crypto::{AlgorithmError, Algorithms, KeyError, PreparedKey, SignatureError, signature_scheme};

/// Why something is not signed by a certificate's key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum LinkError {
    /// The signature does not hold.
    Mismatch,
    /// Nobody can say whether it holds.
    Uncheckable(Uncheckable),
}

coded! {
    /// Why the signature of a certificate or of a revocation list cannot be checked.
    pub enum Uncheckable {
        /// Its algorithm is not known, or malformed.
        Algorithm { error: AlgorithmError } = "uncheckable-algorithm",
            "{error}",
            "{error}";
        /// The issuer's key cannot be used.
        Key { error: KeyError } = "uncheckable-key",
            "{error}",
            "{error}";
        /// The key and the algorithm do not go together, or the backend does not know them.
        Signature { error: SignatureError } = "uncheckable-signature",
            "{error}",
            "{error}";
    }
}

impl From<AlgorithmError> for Uncheckable {
    fn from(error: AlgorithmError) -> Self {
        Self::Algorithm { error }
    }
}

impl From<AlgorithmError> for LinkError {
    fn from(error: AlgorithmError) -> Self {
        Self::Uncheckable(error.into())
    }
}

impl From<KeyError> for LinkError {
    fn from(error: KeyError) -> Self {
        Self::Uncheckable(Uncheckable::Key { error })
    }
}

/// Whether `child` is signed by the key of `issuer`, prepared for the occasion; names and extensions are not looked at.
pub(crate) fn link(algorithms: &dyn Algorithms, child: &Certificate, issuer: &Certificate) -> Result<(), LinkError> {
    let key = algorithms.prepare(issuer.spki())?;
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
    let scheme = signature_scheme(algorithm, None)?;
    let mut hasher = algorithms.hasher(scheme.digest());
    hasher.update(signed);
    key.verify(scheme, &hasher.finish(), signature).map_err(|error| match error {
        SignatureError::Unsupported { .. } => LinkError::Uncheckable(Uncheckable::Signature { error }),
        _ => LinkError::Mismatch,
    })
}
