//! PEC (Posta Elettronica Certificata, Italy's certified e-mail, RFC 6109): read, verified, composed and driven, without I/O.
//!
//! | to | see |
//! | --- | --- |
//! | read any mail and see what it claims | [`Message::parse`], [`Message::claims`], [`Message::mail`] |
//! | say whom to trust | [`Directory`], [`Certificate`], [`Verifier::builder`] |
//! | verify | [`Verifier::verify`], which gives a [`Report`] |
//! | use what is proven | [`Report::into_verified`], [`Verified`], [`Notification`], [`CertificationData`] |
//! | compose and sign, as a provider or as its user | [`compose`] |
//! | run a provider's points | [`provider`] |
//! | follow a sent message, keep its evidence | [`dossier`] |
//! | hold a receipt against the original that was kept | [`receipt_check`] |
//! | show a message in a list, and hide receipts | [`glance`] |
//! | read the bounces of ordinary mail | [`dsn`] |
//! | find invoices and the notices of SdI | [`invoice`] |
//! | split a mailbox file | [`mbox`] |
//! | walk the parts of a message | [`mime`] |
//! | know what a result means, and every code | [`what_is_proven`] |
//! | say it to people, in English or Italian | [`Report`]'s `Display`, [`Report::in_language`], [`Language`] |
//! | bring another cryptographic backend | [`crypto`] |
//!
//! Only the bytes of the first child of the root `multipart/signed` are certified in PEC. Everything a [`Message`] shows is a claim; what was proven is a
//! [`Verified`] value, which nothing but a [`Verifier`] can make.
//!
//! # Features
//!
//! Each feature is a dependency, never a behaviour.
//!
//! * `rustcrypto` (default): RSA and ECDSA by the RustCrypto crates, the backend used unless another is given.
//! * `aws-lc-rs`: the backend [`crypto::AwsLc`](crypto), several times as fast, used only where
//!   [`VerifierBuilder::algorithms`] is given it; wants a C compiler.
//! * `serde`: (de)serialisation of the values; [`Verified`] and [`Evidence`] serialise, and never deserialise.
#![cfg_attr(docsrs, feature(doc_cfg))]

#[macro_use]
mod coded;

mod finding;
mod fingerprint;
mod language;
mod limits;

mod address;
mod certdata;
mod ident;
mod notification;
mod time;

mod message;
pub mod mime;

mod asn1;
mod cms;
pub mod crypto;
mod directory;
mod pem;
mod verify;
mod x509;

pub mod compose;

pub mod dossier;
pub mod dsn;
pub mod glance;
pub mod invoice;
pub mod mbox;
pub mod provider;
pub mod receipt_check;

// -- vocabulary --
pub use address::{Address, AddressError, Domain};
pub use certdata::{
    CertdataDeparture, CertdataError, CertdataErrorKind, CertificationData, ExtendedError, Fault, PecKind, ReceiptKind, Recipient,
    RecipientKind, StatusCode, TextError, UnknownTerm, Written, XmlEncoding,
};
pub use fingerprint::Fingerprint;
pub use ident::{IdentError, MessageId, PecId};
pub use notification::{
    Acceptance, Delivery, DeliveryTimeout, NonAcceptance, NonDelivery, Notification, NotificationError, TakenInCharge, TimeoutNotice,
    Transaction, TransportEnvelope, VirusDetection,
};
pub use time::{CertdataTime, TimeError, TimeField, Timestamp, UnixTime, ZoneForm};

// -- the message as received --
pub use finding::{Check, CodeRow, Finding, FindingKind, Place, Weakness};
pub use language::{Language, UnknownLanguage};
pub use limits::Limits;
pub use message::{
    Attachment, CarriedMessage, Claims, Content, ContentKind, LineForm, Mail, Message, OuterKind, ParseError, SignedPart, StructureError,
    UnverifiedContent,
};

// -- trust --
pub use asn1::Asn1ErrorKind;
pub use cms::{CmsError, CmsErrorKind};
pub use directory::{
    Directory, DirectoryBuilder, DirectoryError, DirectoryErrorKind, DirectoryFinding, DirectoryFindingKind, ListedCertificate, Listing,
    Provider,
};
pub use verify::{
    AcceptedIssuers, CheckState, Checks, DirectorySnapshot, Evidence, Leniency, MessageClass, NotVerified, Outcome, Policy, Reason, Report,
    RevocationDemand, SignedDirectory, SignedDirectoryError, Signer, TimeBasis, UnknownBasis, VerificationTime, Verified, VerifiedParts,
    Verifier, VerifierBuilder, VerifierError,
};
pub use x509::{
    Certificate, CertificateError, CertificateErrorKind, Crl, CrlError, CrlErrorKind, NameRule, PathError, ProfileProblem, RevocationGap,
    Severity, Uncheckable,
};

#[doc = include_str!("../docs/what-is-proven.md")]
pub mod what_is_proven {}

/// The README's example, compiled and run with the tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub struct Readme;
