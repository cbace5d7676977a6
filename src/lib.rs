//! PEC (Posta Elettronica Certificata, RFC 6109) without I/O.

#![cfg_attr(docsrs, feature(doc_cfg))]

#[macro_use]
mod coded;

mod finding;
mod limits;

mod address;
mod certdata;
mod ident;
mod notification;
mod time;

mod mime;

mod asn1;
mod cms;
pub mod crypto;
mod directory;
// Paths and revocation lists are the verifier's to call.
#[allow(dead_code, unused_imports)]
mod x509;

#[allow(unused_imports)]
pub use address::*;
pub use asn1::Asn1ErrorKind;
#[allow(unused_imports)]
pub use certdata::*;
pub use cms::{CmsError, CmsErrorKind};
#[allow(unused_imports)]
pub use directory::*;
pub use finding::{Check, CodeRow, Finding, FindingKind, Place};
#[allow(unused_imports)]
pub use ident::*;
pub use limits::Limits;
#[allow(unused_imports)]
pub use notification::*;
#[allow(unused_imports)]
pub use time::*;
pub use x509::{
    Certificate, CertificateError, CertificateErrorKind, Crl, CrlError, CrlErrorKind, PathError, ProfileProblem, RevocationGap, Severity,
};
