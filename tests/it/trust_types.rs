//! What the types promise, and what they must not be able to do. (What must not compile is in the documentation of `Verified`'s module.)

use static_assertions::{assert_impl_all, assert_not_impl_any, const_assert};

use core::fmt::{Debug, Display};
use core::ops::{Deref, DerefMut};
use std::borrow::{Borrow, BorrowMut};
use std::error::Error;

use postacert::crypto::{AlgorithmError, KeyError, SignatureError};
use postacert::dossier::{Added, BadFileName, BundleError, Dossier, DossierIndex, OtherMessage, Receipt, ReceiptRecord, Standing};
use postacert::mime::MimeError;
use postacert::{
    AddressError, CarriedMessage, CertdataError, Certificate, CertificateError, CertificationData, CmsError, Content, Crl, CrlError,
    Directory, DirectoryError, Evidence, Finding, IdentError, Message, NotVerified, Notification, NotificationError, ParseError, PathError,
    Report, SignedDirectoryError, Signer, StructureError, TextError, TimeError, UnknownTerm, UnverifiedContent, Verified, VerifiedParts,
    Verifier, VerifierError,
};

type ProvenContent = Verified<Content<'static>>;
type ProvenReceipt = Verified<Notification>;
type ProvenData = Verified<CertificationData>;
type ProvenText = Verified<String>;
type ProvenNumber = Verified<u8>;

// A proof is not made from nothing, from a value, from a reference, or from anything else; nor does it stand for its value.
assert_not_impl_any!(ProvenContent: Default, Copy, From<Content<'static>>, From<UnverifiedContent<'static>>, From<Vec<u8>>);
assert_not_impl_any!(ProvenReceipt: Default, Copy, From<Notification>, From<CertificationData>, TryFrom<CertificationData>, From<ProvenData>);
assert_not_impl_any!(ProvenData: Default, From<CertificationData>, TryFrom<&'static [u8]>, core::str::FromStr);
assert_not_impl_any!(ProvenNumber: Default, From<u8>, FromIterator<u8>);
assert_not_impl_any!(ProvenText: Deref, DerefMut, AsRef<String>, AsMut<String>, AsRef<str>, AsMut<str>, Borrow<String>, BorrowMut<String>);
assert_not_impl_any!(ProvenText: Display, PartialEq<String>, PartialOrd, std::hash::Hash, Extend<char>, IntoIterator);
assert_not_impl_any!(ProvenText: core::str::FromStr, From<String>, From<&'static str>, core::fmt::Write);
assert_not_impl_any!(Evidence: Default, Copy, Deref, DerefMut, From<Signer>, From<Certificate>, core::str::FromStr);
assert_not_impl_any!(Signer: Default, From<Certificate>);
assert_not_impl_any!(Report<'static>: Default, DerefMut, From<Message<'static>>);
assert_not_impl_any!(VerifiedParts<'static>: Default);

// What nobody verified becomes neither content nor proof.
assert_not_impl_any!(Content<'static>: Default, From<UnverifiedContent<'static>>, From<CertificationData>);
assert_not_impl_any!(UnverifiedContent<'static>: Default, Into<Content<'static>>, Into<ProvenContent>, AsRef<Content<'static>>, Deref);
assert_not_impl_any!(CarriedMessage<'static>: Default, From<Vec<u8>>);
assert_not_impl_any!(Verifier: Default, Clone, DerefMut);

// Of a claimed or stored notification no receipt is made that a dossier takes, and a dossier of what was stored proves nothing.
assert_impl_all!(&'static ProvenReceipt: Into<Receipt<'static>>);
assert_not_impl_any!(&'static Notification: Into<Receipt<'static>>);
assert_not_impl_any!(Receipt<'static>: Default, From<Notification>, From<CertificationData>, From<ReceiptRecord>, From<UnverifiedContent<'static>>);
assert_not_impl_any!(Dossier: Default, From<Notification>, From<ReceiptRecord>, Deref, DerefMut);
assert_not_impl_any!(Standing: Default, From<bool>, core::str::FromStr);

#[cfg(feature = "serde")]
mod stored {
    use serde::Serialize;
    use serde::de::DeserializeOwned;

    use super::*;

    assert_impl_all!(ProvenReceipt: Serialize);
    assert_impl_all!(Evidence: Serialize);
    assert_impl_all!(Notification: Serialize, DeserializeOwned);
    assert_not_impl_any!(ProvenReceipt: DeserializeOwned);
    assert_not_impl_any!(ProvenData: DeserializeOwned);
    assert_not_impl_any!(ProvenText: DeserializeOwned);
    assert_not_impl_any!(Evidence: DeserializeOwned);
    assert_not_impl_any!(Signer: DeserializeOwned);
    assert_not_impl_any!(postacert::Checks: DeserializeOwned);
    assert_not_impl_any!(postacert::DirectorySnapshot: DeserializeOwned);
    assert_impl_all!(postacert::dossier::DossierRecord: Serialize, DeserializeOwned);
    assert_not_impl_any!(Dossier: DeserializeOwned);
    assert_not_impl_any!(DossierIndex: DeserializeOwned);
    assert_not_impl_any!(Receipt<'static>: DeserializeOwned);
    assert_not_impl_any!(Standing: DeserializeOwned);

    #[cfg(feature = "rustcrypto")]
    #[test]
    fn a_proof_is_written_with_its_evidence() {
        let raw = crate::fixtures::read("valid/accettazione.eml");
        let message = Message::parse(&raw).unwrap();
        let verifier = crate::fixtures::verifier();
        let receipt = verifier.verify(&message, crate::fixtures::at()).into_verified().unwrap().notification().unwrap();
        let json = serde_json::to_value(&receipt).unwrap();
        assert_eq!(json["evidence"]["policy"], "default");
        assert_eq!(json["evidence"]["basis"], "asserted");
        assert_eq!(json["evidence"]["checks"]["signature"], "good");
        assert!(json["value"].to_string().contains("mario.rossi@pec.gestoreuno.example"), "{json}");
    }
}

// Between threads.
assert_impl_all!(Verifier: Send, Sync, Debug);
assert_impl_all!(ProvenContent: Send, Sync, Clone, Debug, Eq);
assert_impl_all!(ProvenReceipt: Send, Sync, Clone, Debug, Eq);
assert_impl_all!(Evidence: Send, Sync, Clone, Debug, Eq);
assert_impl_all!(Report<'static>: Send, Sync, Clone, Debug, Display);
assert_impl_all!(Message<'static>: Send, Sync, Clone, Debug);
assert_impl_all!(Directory: Send, Sync, Debug);
assert_impl_all!(Certificate: Send, Sync, Clone);
assert_impl_all!(Crl: Send, Sync, Clone);
assert_impl_all!(Dossier: Send, Sync, Clone, Debug, Eq);
assert_impl_all!(DossierIndex: Send, Sync, Clone, Debug, Default);
assert_impl_all!(Added: Copy, Eq);
assert_impl_all!(Finding: Send, Sync, Clone, Eq, Display);

/// Each is an error that can cross threads and be boxed, and is small enough to be returned.
macro_rules! small_errors {
    ($($error:ty),* $(,)?) => { $(
        assert_impl_all!($error: Error, Send, Sync, Debug, Display);
        const_assert!(size_of::<$error>() <= 64);
        const _: fn($error) -> Box<dyn Error + Send + Sync + 'static> = |error| Box::new(error);
    )* };
}

small_errors! {
    AddressError, AlgorithmError, BadFileName, BundleError, CertdataError, CertificateError, CmsError, CrlError, DirectoryError, IdentError, KeyError, MimeError,
    NotificationError, OtherMessage, ParseError, SignatureError, SignedDirectoryError, TextError, TimeError, UnknownTerm, VerifierError,
}
// Larger, and therefore returned in a box or by reference.
assert_impl_all!(Box<NotVerified>: Error, Send, Sync);
assert_impl_all!(StructureError: Error, Send, Sync);
assert_impl_all!(PathError: Error, Send, Sync);
const_assert!(size_of::<Result<ProvenReceipt, Box<NotVerified>>>() <= size_of::<ProvenReceipt>());

#[test]
fn an_error_can_be_boxed_and_asked_for() {
    let raw = crate::fixtures::read("hostile/vuoto.eml");
    let message = Message::parse(&raw).unwrap();
    let error: Box<dyn Error + Send + Sync> =
        crate::fixtures::verifier().verify(&message, crate::fixtures::at()).into_verified().unwrap_err();
    assert!(error.downcast_ref::<NotVerified>().is_some());
    assert_eq!(error.to_string(), "the verification failed: this is not a PEC message: the message itself is not multipart/signed");
}
