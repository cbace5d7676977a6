//! Composing: every message of RFC 6109, from typed facts to signed bytes.
//!
//! | to | see |
//! | --- | --- |
//! | hand a mail to a provider | [`Submission`] |
//! | say who composes | [`Identity`] |
//! | mint identifiers and boundaries | [`Entropy`] |
//! | say what a user's message was | [`Identity::transaction_of`] |
//! | write a message | [`Draft`], from facts such as [`Acceptance`](crate::Acceptance) or [`Delivery`](crate::Delivery) |
//! | sign with a key in memory | `InMemoryKey`, `Draft::sign_with` |
//! | sign with a device or a service | [`Signer`], or [`Draft::to_sign`] and [`ToSign`] |
//! | check a mail at the access point | [`formal_checks`] |
//! | do one step by itself | [`relabel`], [`brief`], [`PrimaryRecipients`] |
//!
//! There is no clock and no random source: the same arguments give the same bytes.

#![warn(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

mod brief;
mod draft;
mod entity;
mod header;
mod original;
mod outer;
mod recipients;
mod sign;
mod submission;
mod text;
mod to_sign;
mod transaction;

use core::fmt;
use std::sync::Arc;

use sha2::{Digest as _, Sha256};

pub use brief::{Brief, BriefForm, HashedPart, brief, brief_with};
pub use draft::{Draft, Received};
pub use entity::ReadableForm;
pub use original::{Relabelled, relabel};
pub use recipients::PrimaryRecipients;
#[cfg(feature = "rustcrypto")]
#[cfg_attr(docsrs, doc(cfg(feature = "rustcrypto")))]
pub use sign::{InMemoryKey, PrivateKeyError};
pub use sign::{Signer, SignerError, SigningRequest};
pub use submission::{FormalRefusal, SizeLimits, Submission, SubmissionError, formal_checks};
pub use to_sign::ToSign;

use crate::address::{Address, Domain};
use crate::certdata::{PecKind, ReceiptKind};
use crate::ident::{MessageId, PecId};
use crate::x509::Certificate;

/// Who composes: a provider, under the certificate it signs with (RFC 6109 §2.1).
///
/// The sender address of every message is the one in the certificate, because a receiving mail client compares the two.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity(Arc<IdentityFacts>);

#[derive(Debug, Clone, PartialEq, Eq)]
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
    /// [`ComposeError::CertificateAddress`] when the certificate bears no mail address, or several: it would not be clear from whom messages are.
    pub fn new(provider: &str, certificate: Certificate, chain: impl IntoIterator<Item = Certificate>) -> Result<Self, ComposeError> {
        let no_address = || ComposeError::CertificateAddress { subject: certificate.subject().into() };
        let [address] = certificate.emails() else { return Err(no_address()) };
        let address = address.parse().map_err(|_| no_address())?;
        let facts = IdentityFacts {
            // As the facts and the reader of certification data have it.
            provider: provider.trim().into(),
            address,
            certificate: certificate.clone(),
            chain: chain.into_iter().collect(),
            readable: ReadableForm::default(),
        };
        Ok(Self(Arc::new(facts)))
    }

    /// The same, writing readable parts in another form.
    #[must_use]
    pub fn with_readable(mut self, readable: ReadableForm) -> Self {
        Arc::make_mut(&mut self.0).readable = readable;
        self
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

    /// The certificates of the authorities above, which go along.
    #[must_use]
    pub fn chain(&self) -> &[Certificate] {
        &self.0.chain
    }

    fn readable(&self) -> ReadableForm {
        self.0.readable
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
        Self::new(bytes)
    }
}

impl Entropy {
    /// Takes 32 random bytes.
    ///
    /// ```
    /// use postacert::compose::Entropy;
    /// let mine = Entropy::from([7; 32]);
    /// assert_ne!(mine.derive("receipt", 0), mine.derive("receipt", 1));
    /// ```
    #[must_use]
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

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

    /// A new PEC identifier (RFC 6109 §2.2.1): `[alphanumeric]@[host]`, where the host is the
    /// provider's mail domain or the full name of a mail server.
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
    /// Why a message cannot be composed or signed: the rule it would break.
    pub enum ComposeError {
        /// The sender address must be the one in the certificate, so there must be one, and no more (RFC 6109 §2.1).
        CertificateAddress { subject: Box<str> } = "compose-certificate-address",
            "the certificate of {subject} does not bear exactly one mail address (RFC 6109 §2.1)",
            "il certificato di {subject} non riporta esattamente un indirizzo di posta (RFC 6109 §2.1)";
        /// The facts name another provider than the one that composes: `gestore-emittente` is who certifies (RFC 6109 §4.4).
        OtherProvider { facts: Box<str>, identity: Box<str> } = "compose-other-provider",
            "the facts are certified by \"{facts}\", and \"{identity}\" composes (RFC 6109 §4.4)",
            "i fatti sono certificati da \"{facts}\", ma compone \"{identity}\" (RFC 6109 §4.4)";
        /// The facts, read from somebody's data, lack what the DTD asks for, or have it in another form (RFC 6109 §4.4).
        Element { element: &'static str } = "compose-element",
            "the facts lack {element}, or have it in another form than the DTD's (RFC 6109 §4.4)",
            "nei fatti manca {element}, o non è della forma della DTD (RFC 6109 §4.4)";
        /// A receipt concerns a recipient of the message (RFC 6109 §3.3.2, §3.2.1).
        NotARecipient { address: Address } = "compose-not-a-recipient",
            "{address} is not among the recipients of the message (RFC 6109 §3.3.2)",
            "{address} non è fra i destinatari del messaggio (RFC 6109 §3.3.2)";
        /// Only PEC mailboxes are told of: the message to a recipient listed as `esterno` leaves PEC, and no provider answers for it (RFC 6109
        /// §3.1.6, §3.2.1, §3.2.3, §3.3.2, §3.3.3).
        ExternalRecipient { kind: PecKind, address: Address, section: &'static str } = "compose-external-recipient",
            "{kind} cannot concern {address}, which is listed as no PEC mailbox (RFC 6109 §{section})",
            "{kind} non può riguardare {address}, che non è indicata come casella PEC (RFC 6109 §{section})";
        /// What providers tell each other goes to a service mailbox, never to the users of the message (RFC 6109 §2.1.1.1.1, §3.2.1, §3.2.3).
        ServiceMailbox { kind: PecKind, address: Address, section: &'static str } = "compose-service-mailbox",
            "{kind} goes to a service mailbox, and {address} is the sender, or a recipient that it is about, (RFC 6109 §{section})",
            "{kind} va a una casella di servizio, e {address} è il mittente, o un destinatario di cui tratta, (RFC 6109 §{section})";
        /// A refusal says why: its text has a place for it (RFC 6109 §3.1.2, §3.1.3, §3.2.3, §3.2.4, §3.3.3).
        ReasonMissing { kind: PecKind, section: &'static str } = "compose-reason-missing",
            "{kind} must say the reason, and errore-esteso is missing or empty (RFC 6109 §{section})",
            "{kind} deve dire il motivo, ed errore-esteso manca o è vuoto (RFC 6109 §{section})";
        /// There are more recipients than readers take.
        TooManyRecipients { element: &'static str, count: usize, limit: usize } = "compose-too-many-recipients",
            "the facts have {count} times {element}, and readers take {limit}",
            "nei fatti {element} ricorre {count} volte, e i lettori ne accettano {limit}";
        /// The certification data would be larger than readers take.
        CertdataTooLong { bytes: usize, limit: usize } = "compose-certdata-too-long",
            "the certification data would have {bytes} bytes, and readers take {limit}",
            "i dati di certificazione avrebbero {bytes} byte, e i lettori ne accettano {limit}";
        /// The message to carry is too large to be read, or its header is.
        Original { error: crate::ParseError } = "compose-original",
            "the message to carry cannot be read: {error}",
            "il messaggio da trasportare non è leggibile: {error}";
        /// The original has a `Bcc` or `Resent-Bcc` field that is not empty, which the system must consider invalid (RFC 6109 §2.1, §3.1.1).
        Bcc = "compose-bcc",
            "the original message has a Bcc field that is not empty (RFC 6109 §2.1)",
            "il messaggio originale ha un campo Bcc non vuoto (RFC 6109 §2.1)";
        /// `msgid` is the identifier that the original message had (RFC 6109 §2.2.1).
        MessageIdentifier { facts: Box<str>, found: Box<str> } = "compose-message-identifier",
            "the facts say that the original message is {facts}, but it is {found} (RFC 6109 §2.2.1)",
            "secondo i fatti il messaggio originale è {facts}, ma è {found} (RFC 6109 §2.2.1)";
        /// The original message had an identifier, and `msgid` does not say so (RFC 6109 §2.2.1).
        MessageIdentifierLost { found: Box<str> } = "compose-message-identifier-lost",
            "the facts name no identifier of the original message, which has {found} (RFC 6109 §2.2.1)",
            "i fatti non indicano l'identificativo del messaggio originale, che è {found} (RFC 6109 §2.2.1)";
        /// The sender is the one address in the `From` of the original message (RFC 6109 §3.1.1).
        Sender { facts: Address, found: Box<str> } = "compose-sender",
            "the facts say that the original message is from {facts}, but its From is \"{found}\" (RFC 6109 §3.1.1)",
            "secondo i fatti il messaggio originale è di {facts}, ma il suo From è \"{found}\" (RFC 6109 §3.1.1)";
        /// `oggetto` is the subject of the original message (RFC 6109 §4.4).
        Subject { facts: Box<str>, found: Box<str> } = "compose-subject",
            "the facts say that the subject is \"{facts}\", but that of the original message is \"{found}\" (RFC 6109 §4.4)",
            "secondo i fatti l'oggetto è \"{facts}\", ma quello del messaggio originale è \"{found}\" (RFC 6109 §4.4)";
        /// `risposte` is the `Reply-To` of the original message (RFC 6109 §2.1, §4.4).
        ReplyTo { facts: Box<str>, found: Box<str> } = "compose-reply-to",
            "the facts say that Reply-To is \"{facts}\", but that of the original message is \"{found}\" (RFC 6109 §4.4)",
            "secondo i fatti Reply-To è \"{facts}\", ma quello del messaggio originale è \"{found}\" (RFC 6109 §4.4)";
        /// `ricevuta` is the receipt that the original message asks for (RFC 6109 §3.1.5).
        Receipt { facts: ReceiptKind, found: ReceiptKind } = "compose-receipt",
            "the facts ask for the receipt {facts}, but the X-TipoRicevuta of the original message for {found} (RFC 6109 §3.1.5)",
            "i fatti chiedono la ricevuta {facts}, ma X-TipoRicevuta del messaggio originale chiede {found} (RFC 6109 §3.1.5)";
        /// A field cannot be inherited unmodified where it is not fit for mail of seven bits (RFC 6109 §2.1.1.2, §4.3).
        Inherited { field: &'static str } = "compose-inherited-field",
            "the field {field} cannot be inherited unmodified: it has a control character, one that is not ASCII, or a line over 998 bytes (RFC 6109 §2.1.1.2)",
            "il campo {field} non si può ereditare immutato: ha un carattere di controllo, uno non ASCII, o una riga oltre i 998 byte (RFC 6109 §2.1.1.2)";
        /// The header would be larger than readers take.
        HeaderTooLong { bytes: usize } = "compose-header-too-long",
            "the header would have {bytes} bytes, more than readers take",
            "l'intestazione avrebbe {bytes} byte, più di quanti i lettori ne accettino";
        /// There is no signature, or none that holds.
        Signer { error: SignerError } = "compose-signer",
            "{error}",
            "{error}";
    }
}

impl core::error::Error for ComposeError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Signer { error } => error.source(),
            _ => None,
        }
    }
}

impl From<SignerError> for ComposeError {
    fn from(error: SignerError) -> Self {
        Self::Signer { error }
    }
}
