//! A provider's mail system, without I/O: access point, incoming point, delivery point, timeouts, log (RFC 6109 §2.2–§3).
//!
//! | to | see |
//! | --- | --- |
//! | say who runs the points, and how | [`Operator`], [`Settings`] |
//! | take a mail from a user | [`AccessPoint::submit`] |
//! | take a mail from another server | [`IncomingPoint::receive`] |
//! | say what became of a delivery | [`DeliveryPoint::settle`] |
//! | tell senders of whom nothing is heard | [`Timeouts::run`], [`Timeouts::next_deadline`] |
//! | do what was decided | [`Output`] |
//! | keep what must be remembered | [`State`], [`Delta`] |
//!
//! Each of these is a function that decides and does nothing: it takes the [`State`], what came in, the caller's randomness and the time, and
//! gives a [`Pending`] decision. Once its messages are signed, by a key in memory or by a device far away, it becomes a [`Committed`] one: the
//! [`Output`]s to carry out, and the [`Delta`] of the state. The caller stores both in one transaction of its own, and then acts. A crash
//! before that has changed nothing, and trying again with the same randomness and time gives the same bytes; a crash after it
//! finds the outputs in the store.
//!
//! The caller does SMTP, mailboxes, storage and the search for viruses. One decision at a time is to be made and committed on one state.

#![warn(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

mod access;
mod delivery;
mod incoming;
mod log;
mod output;
mod pending;
mod state;
mod timeouts;

use core::fmt;
use std::sync::Arc;

pub use access::{AccessPoint, Submitted};
pub use delivery::{DeliveryPoint, MailboxOutcome};
pub use incoming::{Arrived, IncomingPoint};
pub use log::{Event, LogRecord, LogRecordError};
pub use output::{DeliveryId, MailBytes, Output, SmtpReply};
pub use pending::{Committed, Pending};
pub use state::{Arrival, Change, Delay, Delta, Fate, Stage, State};
pub use timeouts::Timeouts;

use crate::address::{Address, Domain};
use crate::certdata::{ExtendedError, is_xml_character, xml_text};
use crate::compose::{ComposeError, Identity, SizeLimits};
use crate::crypto::SignatureScheme;
use crate::directory::{Directory, Listing};
use crate::language::is_wild;
use crate::limits::Limits;
use crate::notification::NotificationError;
use crate::time::{Timestamp, UnixTime};
use crate::verify::Verifier;

/// Infected messages and the log are kept for 30 months (RFC 6109 §2.2.4, §2.3): so many days have they at most.
const RETENTION_DAYS: i64 = 915;
const DAY: i64 = 86_400;
const HOUR: i64 = 3_600;

/// Who runs the points: a provider (`gestore`), under the certificate it signs with, and the trust by which it judges what others send.
///
/// It is immutable and cheap to clone. A new certificate or a new directory makes a new one; the [`State`] goes on.
#[doc(alias = "gestore")]
#[derive(Debug, Clone)]
pub struct Operator {
    identity: Identity,
    verifier: Arc<Verifier>,
    service_mailbox: Address,
    settings: Settings,
}

/// What RFC 6109 leaves to the provider.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Settings {
    /// What the access point takes (§3.1.1). By default 30 MB, for the message and for its size by its recipients.
    pub sizes: SizeLimits,
    /// Above so many bytes a submission is refused in SMTP and no notice is written (§3.1.2). By default 100 MiB.
    pub smtp_bytes: u64,
    /// The recipients of one message, each counted once. By default 10,000, which is what readers of certification data take; at least 50 are
    /// due.
    pub recipients: usize,
    /// What becomes of ordinary mail that arrives (§2.2.2).
    pub ordinary_mail: OrdinaryMail,
    /// After so many seconds of silence the sender gets the first notice (§3.1.6). By default 12 hours.
    pub first_notice_secs: i64,
    /// After so many seconds without delivery the sender gets the final notice (§3.1.6): 22 to 24 hours, by default 24.
    pub final_notice_secs: i64,
    /// For so many seconds a submission that comes again, byte for byte, is a repetition of the same one. By default 5 days, for which SMTP
    /// clients try again (RFC 5321 §4.5.4.1).
    pub repetition_secs: i64,
    /// How many messages one call writes at most, where they are one a recipient. By default 100: each may name 10,000 recipients.
    pub batch: usize,
    /// The host in identifiers (§2.2.1); by default the domain of the address that messages come from.
    pub host: Option<Domain>,
    /// How to sign; by default as is usual for the key in the certificate.
    pub scheme: Option<SignatureScheme>,
}

/// What becomes of ordinary mail at the incoming point (RFC 6109 §2.2.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum OrdinaryMail {
    /// It is delivered in an anomaly envelope.
    #[default]
    Deliver,
    /// It is refused in SMTP.
    Refuse,
}

/// What the caller's anti-virus says of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum VirusVerdict<'v> {
    /// Nothing was found.
    Clean,
    /// This was found: its name, which goes into the notices.
    Infected(&'v str),
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            sizes: SizeLimits::default(),
            smtp_bytes: 100 << 20,
            recipients: 10_000,
            ordinary_mail: OrdinaryMail::default(),
            first_notice_secs: 12 * HOUR,
            final_notice_secs: 24 * HOUR,
            repetition_secs: 5 * DAY,
            batch: 100,
            host: None,
            scheme: None,
        }
    }
}

coded! {
    /// Why a point cannot decide, or a decision cannot be completed.
    pub enum ProviderError {
        /// The verifier has no provider directory, which says who is certified.
        NoDirectory = "provider-no-directory",
            "the verifier has no provider directory",
            "il verificatore non ha un indice dei gestori";
        /// The certificate that is to sign is not in the directory, or is there under several providers: nobody would believe its messages.
        NotListed { subject: Box<str> } = "provider-not-listed",
            "the certificate of {subject} speaks for no provider of the directory",
            "il certificato di {subject} non rappresenta alcun gestore dell'indice";
        /// The provider's record has no service mailbox (`mailReceipt`, RFC 6109 §2.2.5).
        NoServiceMailbox { provider: Box<str> } = "provider-no-service-mailbox",
            "the record of {provider} has no valid mailReceipt",
            "il record di {provider} non ha un mailReceipt valido";
        /// A setting is outside of what RFC 6109 allows.
        Setting { name: &'static str } = "provider-setting",
            "the setting {name} is outside of what RFC 6109 allows",
            "l'impostazione {name} è fuori da quanto RFC 6109 consente";
        /// The facts of a message cannot be certified: by their types, only for the name of the provider.
        Facts { error: NotificationError } = "provider-facts",
            "{error}",
            "{error}";
        /// A domain is no longer managed under the certificate that signs: nobody would believe what it attests of the domain's users.
        NotManaged { domain: Box<str> } = "provider-not-managed",
            "the domain {domain} is not managed under the certificate that signs",
            "il dominio {domain} non è gestito con il certificato di firma";
        /// The certificate that is to sign is not valid at the time given: nobody would believe its messages. Go on with its successor.
        NotValid { subject: Box<str> } = "provider-not-valid",
            "the certificate of {subject} is not valid at the time given",
            "il certificato di {subject} non è valido all'ora indicata";
        /// A message cannot be composed or signed.
        Compose { error: ComposeError } = "provider-compose",
            "{error}",
            "{error}";
        /// There are more or fewer signatures than were asked for.
        Signatures { given: usize, wanted: usize } = "provider-signatures",
            "{given} signatures were given and {wanted} are wanted",
            "sono state fornite {given} firme e ne servono {wanted}";
        /// The state knows of no such delivery.
        UnknownDelivery { delivery: DeliveryId } = "provider-unknown-delivery",
            "no delivery {delivery} is known",
            "la consegna {delivery} non è nota";
        /// The message given is not the one that was to be delivered.
        OtherMessage { delivery: DeliveryId } = "provider-other-message",
            "the message given is not the one of the delivery {delivery}",
            "il messaggio fornito non è quello della consegna {delivery}";
    }
}

impl core::error::Error for ProviderError {}

impl From<NotificationError> for ProviderError {
    fn from(error: NotificationError) -> Self {
        Self::Facts { error }
    }
}

impl From<ComposeError> for ProviderError {
    fn from(error: ComposeError) -> Self {
        Self::Compose { error }
    }
}

impl Operator {
    /// A provider, as the verifier's directory has it under the certificate of `identity`. The verifier judges what other providers send: give it the
    /// directory, the authorities and the revocation lists of the present (RFC 6109 §2.2.2).
    ///
    /// # Errors
    /// [`ProviderError`] when the verifier has no directory, or the certificate or a service mailbox is not in it; when the provider's name has a
    /// character that no XML document may hold.
    pub fn new(identity: Identity, verifier: impl Into<Arc<Verifier>>) -> Result<Self, ProviderError> {
        let verifier = verifier.into();
        // It stands in everything that is certified here.
        let name = xml_text(identity.provider());
        name.map_err(|error| NotificationError::Text { element: "gestore-emittente", error })?;
        let directory = verifier.directory().ok_or(ProviderError::NoDirectory)?;
        let listing = directory.lookup(identity.certificate());
        let Some(record) = listing.provider() else {
            return Err(ProviderError::NotListed { subject: identity.certificate().subject().into() });
        };
        let Some(service_mailbox) = record.mail_receipt().cloned() else {
            return Err(ProviderError::NoServiceMailbox { provider: record.name().into() });
        };
        Ok(Self { identity, verifier, service_mailbox, settings: Settings::default() })
    }

    /// The same, with other settings.
    ///
    /// # Errors
    /// [`ProviderError::Setting`]: fewer than 50 recipients or more than 10,000, a final notice outside of 22 to 24 hours, a first one not before
    /// it, no batch.
    pub fn with_settings(self, settings: Settings) -> Result<Self, ProviderError> {
        let sound = [
            ("recipients", (50..=Limits::default().certdata_recipients).contains(&settings.recipients)),
            ("final_notice_secs", (22 * HOUR..=24 * HOUR).contains(&settings.final_notice_secs)),
            ("first_notice_secs", (1..settings.final_notice_secs).contains(&settings.first_notice_secs)),
            ("repetition_secs", settings.repetition_secs >= 0),
            ("batch", settings.batch > 0),
        ];
        match sound.iter().find(|(_, sound)| !sound) {
            Some((name, _)) => Err(ProviderError::Setting { name }),
            None => Ok(Self { settings, ..self }),
        }
    }

    /// Who signs.
    #[must_use]
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// By whom others are judged.
    #[must_use]
    pub fn verifier(&self) -> &Verifier {
        &self.verifier
    }

    /// Where this provider receives what other providers tell it (`mailReceipt`, RFC 6109 §2.2.5).
    #[doc(alias = "mailReceipt")]
    #[must_use]
    pub fn service_mailbox(&self) -> &Address {
        &self.service_mailbox
    }

    /// The settings.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Whether mail for this address is this provider's: its domain is among those managed under its certificate, or it is
    /// the service mailbox, or the address that its messages come from.
    #[must_use]
    pub fn serves(&self, address: &Address) -> bool {
        *address == self.service_mailbox || address == self.identity.address() || self.manages(address.domain())
    }

    /// Where users hand in their mail.
    #[must_use]
    pub fn access_point(&self) -> AccessPoint<'_> {
        AccessPoint::new(self)
    }

    /// Where mail of other servers arrives, and that of this one for its own users.
    #[must_use]
    pub fn incoming_point(&self) -> IncomingPoint<'_> {
        IncomingPoint::new(self)
    }

    /// Where mail goes into mailboxes.
    #[must_use]
    pub fn delivery_point(&self) -> DeliveryPoint<'_> {
        DeliveryPoint::new(self)
    }

    /// What is due when time passes.
    #[must_use]
    pub fn timeouts(&self) -> Timeouts<'_> {
        Timeouts::new(self)
    }

    fn directory(&self) -> Option<&Directory> {
        self.verifier.directory()
    }

    fn listing(&self) -> Listing<'_> {
        self.directory().map_or(Listing::None, |directory| directory.lookup(self.identity.certificate()))
    }

    fn manages(&self, domain: &Domain) -> bool {
        self.listing().manages(domain)
    }

    /// What is said of this domain's users is believed by others. It may have moved since a message was taken.
    fn speaks_for(&self, domain: &Domain) -> Result<(), ProviderError> {
        if self.manages(domain) { Ok(()) } else { Err(ProviderError::NotManaged { domain: domain.as_str().into() }) }
    }

    /// What goes into `errore-esteso`: `5.1.1 - provider - text`, on one line and of at most 1,000 characters. There is always one.
    fn extended_error(&self, status: &str, text: &str) -> Option<ExtendedError> {
        let foreign = |c: char| is_wild(c) || !is_xml_character(c);
        let said = format!("{status} - {} - {}", self.identity.provider(), text.trim());
        clipped(&said.replace(foreign, " ")).parse().ok()
    }

    /// The same for a virus that was found here; its name may be anything.
    fn virus_error(&self, name: &str) -> Option<ExtendedError> {
        // As providers write it, though RFC 3463 has 5.5.1 for something else.
        self.extended_error("5.5.1", &format!("virus rilevato: {name}"))
    }

    fn host(&self) -> &Domain {
        self.settings.host.as_ref().unwrap_or_else(|| self.identity.address().domain())
    }
}

/// A text that others had a hand in, of a bounded length.
fn clipped(said: &impl fmt::Display) -> String {
    const LONGEST: usize = 1_000;
    let said = said.to_string();
    match said.char_indices().nth(LONGEST) {
        Some(_) => said.chars().take(LONGEST - 3).chain("...".chars()).collect(),
        None => said,
    }
}

/// Until when what is stored at this time must be kept (RFC 6109 §2.2.4, §2.3: 30 months).
fn keep_until(now: Timestamp) -> UnixTime {
    now.instant().checked_add_secs(RETENTION_DAYS * DAY).unwrap_or(UnixTime::MAX)
}
