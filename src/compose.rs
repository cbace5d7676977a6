//! Composing: every message of RFC 6109, from typed facts to signed bytes.

mod draft;
mod entity;
mod header;
mod text;

use core::fmt;
use std::sync::Arc;

use sha2::{Digest as _, Sha256};

pub use draft::{Draft, Received};
pub use entity::ReadableForm;

use crate::address::{Address, Domain};
use crate::ident::{MessageId, PecId};
use crate::x509::Certificate;

/// Who composes: a provider, under the certificate it signs with (RFC 6109 §2.1).
///
/// The sender address of every message is the one in the certificate, because a receiving mail client compares the two.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity(Arc<IdentityFacts>);

#[derive(Debug, PartialEq, Eq)]
struct IdentityFacts {
    provider: Box<str>,
    address: Address,
    certificate: Certificate,
    chain: Vec<Certificate>,
    readable: ReadableForm,
}

impl Identity {
    /// A provider's name as the directory has it, the certificate it signs with, and the certificates of the authorities above that receivers may
    /// need (never the root).
    ///
    /// # Errors
    /// [`ComposeError::NoAddress`] when the certificate bears no mail address, or several: then it would not be clear from whom messages are.
    pub fn new(provider: &str, certificate: Certificate, chain: impl IntoIterator<Item = Certificate>) -> Result<Self, ComposeError> {
        let no_address = || ComposeError::NoAddress { subject: certificate.subject().into() };
        let [address] = certificate.emails() else { return Err(no_address()) };
        let address = address.parse().map_err(|_| no_address())?;
        let facts = IdentityFacts {
            provider: provider.into(),
            address,
            certificate: certificate.clone(),
            chain: chain.into_iter().collect(),
            readable: ReadableForm::default(),
        };
        Ok(Self(Arc::new(facts)))
    }

    /// The same, writing readable parts in another form.
    #[must_use]
    pub fn with_readable(&self, readable: ReadableForm) -> Self {
        let facts = &*self.0;
        Self(Arc::new(IdentityFacts {
            provider: facts.provider.clone(),
            address: facts.address.clone(),
            certificate: facts.certificate.clone(),
            chain: facts.chain.clone(),
            readable,
        }))
    }

    /// The provider's name.
    #[must_use]
    pub fn provider(&self) -> &str {
        &self.0.provider
    }

    /// The address that messages come from: `posta-certificata@…` by custom.
    #[must_use]
    pub fn address(&self) -> &Address {
        &self.0.address
    }

    /// The certificate that messages are signed with.
    #[must_use]
    pub fn certificate(&self) -> &Certificate {
        &self.0.certificate
    }
}

/// The caller's randomness for one message: its identifier and its boundaries derive from it, so that the same facts with the same entropy give
/// the same bytes. Take 32 fresh random bytes for each message.
#[derive(Clone, PartialEq, Eq)]
pub struct Entropy([u8; 32]);

impl fmt::Debug for Entropy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Entropy(…)")
    }
}

impl From<[u8; 32]> for Entropy {
    fn from(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl Entropy {
    /// Further entropy, for one purpose and one count: so one fresh value serves a whole transaction.
    #[must_use]
    pub fn derive(&self, purpose: &str, count: u64) -> Self {
        let mut hash = Sha256::new();
        hash.update(b"postacert entropy\0");
        hash.update(self.0);
        hash.update(count.to_be_bytes());
        hash.update(purpose.as_bytes());
        Self(hash.finalize().into())
    }

    /// A new PEC identifier (RFC 6109 §2.2.1): `[alphanumeric]@[host]`, where the host is the provider's mail domain or a mail server's full name.
    ///
    /// ```
    /// let entropy = postacert::compose::Entropy::from([7; 32]);
    /// let id = entropy.pec_id(&"pec.gestore.example".parse()?);
    /// assert!(id.as_str().ends_with("@pec.gestore.example"));
    /// # Ok::<(), postacert::AddressError>(())
    /// ```
    #[must_use]
    pub fn pec_id(&self, host: &Domain) -> PecId {
        PecId::minted(self.number("pec-id", 0), host)
    }

    /// The Message-ID of a message that is composed with this entropy.
    fn message_id(&self, host: &Domain) -> MessageId {
        MessageId::minted(self.number("message-id", 0), host)
    }

    fn number(&self, purpose: &str, count: u64) -> u128 {
        let Self(bytes) = self.derive(purpose, count);
        bytes.iter().take(16).fold(0, |number, byte| (number << 8) | u128::from(*byte))
    }

    fn hex(&self, purpose: &str, count: u64) -> String {
        format!("{:032X}", self.number(purpose, count))
    }
}

coded! {
    /// Why a message cannot be composed: the rule it would break.
    pub enum ComposeError {
        /// The certificate bears no mail address, or several (RFC 6109 §2.1: the sender address must be the certificate's).
        NoAddress { subject: Box<str> } = "compose-no-address", "the certificate of {subject} does not bear exactly one mail address (RFC 6109 §2.1)";
        /// The facts name another provider than the one that composes (RFC 6109 §4.4: gestore-emittente is who certifies).
        OtherProvider { facts: Box<str>, identity: Box<str> } = "compose-other-provider", "the facts are of the provider \"{facts}\", the identity of \"{identity}\" (RFC 6109 §4.4)";
        /// The original message cannot be read at all.
        Original { error: crate::ParseError } = "compose-original", "the original message cannot be read: {error}";
        /// A Bcc field with a value (RFC 6109 §2.1, §3.1.1).
        Bcc = "compose-bcc", "the message has a Bcc field with a value (RFC 6109 §2.1)";
    }
}

impl core::error::Error for ComposeError {}
