//! What a verification asks of a certificate.

use super::Certificate;
use crate::crypto::{AlgorithmError, DigestAlgorithm, signature_scheme};

impl Certificate {
    /// The digest that its issuer signed it with.
    ///
    /// # Errors
    /// When that is broken (MD5 and older) or not known.
    pub(crate) fn signed_with(&self) -> Result<DigestAlgorithm, AlgorithmError> {
        signature_scheme(self.signature_algorithm(), None).map(|scheme| scheme.digest())
    }

    /// Whether its subject is of this organization and of this common name.
    pub(crate) fn is_named(&self, organization: &str, common_name: &str) -> bool {
        let subject = &self.0.subject;
        let only = |names: &[Box<str>], wanted: &str| matches!(names, [name] if **name == *wanted);
        only(&subject.organizations, organization) && only(&subject.common_names, common_name)
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for Certificate {
    /// Its DER in base64.
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use base64::Engine as _;
        serializer.serialize_str(&base64::engine::general_purpose::STANDARD.encode(self.der()))
    }
}
