//! The mathematics of the signature: R9 to R16.

use std::sync::Arc;

use super::Verifier;
use super::judge::Judge;
use super::verified::Signer;
use crate::cms::{self, CmsError, CmsErrorKind, SignedData, SignerId, Trailing};
use crate::crypto::{AlgorithmError, Algorithms, Digest, DigestAlgorithm, KeyKind, PreparedKey, SignatureError, SignatureScheme};
use crate::finding::{Check, Finding, FindingKind, Place};
use crate::message::{LineForm, Message};
use crate::mime::{self, Entity, LineEnds};
use crate::time::UnixTime;
use crate::x509::Certificate;

/// A signature that could be read, whether it holds or not.
#[derive(Debug)]
pub(super) struct Signed {
    pub(super) signer: Option<Arc<Signer>>,
    /// The certificates that came with it, the signer's excepted.
    pub(super) others: Vec<Certificate>,
    pub(super) key: Option<Arc<dyn PreparedKey>>,
    pub(super) digest: Option<Digest>,
    pub(super) signing_time: Option<UnixTime>,
    pub(super) form: LineForm,
}

impl Verifier {
    /// Reads the signature and checks it over the signed bytes. `None` when there is none that can be read.
    pub(super) fn check_signature(&self, message: &Message<'_>, judge: &mut Judge) -> Option<Signed> {
        let (content, part) = (message.signed_entity()?, message.signature_entity()?);
        note_form(message, &part, judge);
        let decoded = part.decode();
        if let Some(finding) = decoded.finding() {
            judge.bad(Check::Structure, finding.clone());
        }
        let data = match cms::read(decoded.bytes(), &self.limits) {
            Ok(data) => data,
            Err(error) => {
                judge.bad(Check::Signature, Finding::new(FindingKind::Cms { error }, Place::part(&part.section())));
                return None;
            }
        };
        if data.trailing == Trailing::LineBreaks {
            judge.note(Finding::new(FindingKind::CmsTrailingLineBreaks, Place::part(&part.section())));
        }
        if data.e_content.is_some() {
            judge.bad(Check::Signature, FindingKind::OpaqueContent);
        }
        let (certificate, others) = self.signer_certificate(&data, judge);
        let mut signed = Signed {
            signer: certificate.map(|certificate| {
                let listing = self.directory.as_ref().map(|d| d.lookup(&certificate));
                let provider = listing.and_then(|l| l.provider()).map(|p| p.main_name().into());
                Arc::new(Signer::new(certificate, provider))
            }),
            others,
            key: None,
            digest: None,
            signing_time: data.signer.signed_attrs.signing_time().and_then(Result::ok).and_then(UnixTime::from_secs),
            form: LineForm::AsReceived,
        };
        let Some(algorithms) = self.algorithms.as_deref() else {
            judge.unknown(Check::Signature, FindingKind::NoAlgorithms);
            return Some(signed);
        };
        let Some(algorithm) = self.check_digest(&content, &data, algorithms, &mut signed, judge) else { return Some(signed) };
        note_micalg(message, algorithm, judge);
        self.check_mathematics(&data, algorithm, algorithms, &mut signed, judge);
        judge.good(Check::Signature);
        Some(signed)
    }

    /// The certificate that the signer's identifier names: among those that came along, else in the directory (R15). And the others.
    fn signer_certificate(&self, data: &SignedData<'_>, judge: &mut Judge) -> (Option<Certificate>, Vec<Certificate>) {
        let mut found: Option<Certificate> = None;
        let mut others = Vec::new();
        let mut unreadable = None;
        for der in &data.certificates {
            let certificate = match self.memo.certificate(der) {
                Ok(certificate) => certificate,
                Err(error) => {
                    unreadable.get_or_insert(error);
                    continue;
                }
            };
            if !answers_to(&certificate, &data.signer.sid) {
                others.push(certificate);
                continue;
            }
            match &found {
                Some(first) if first.der() != certificate.der() => {
                    judge.bad(Check::Signature, FindingKind::SignerCertificateAmbiguous);
                }
                Some(_) => {}
                None => found = Some(certificate),
            }
        }
        if found.is_none() {
            let providers = self.directory.iter().flat_map(|d| d.providers());
            let mut listed = providers.flat_map(|p| p.certificates()).map(|c| c.certificate());
            found = listed.find(|c| answers_to(c, &data.signer.sid)).cloned();
            if found.is_some() {
                judge.note(FindingKind::SignerCertificateNotEmbedded);
            }
        }
        if found.is_none() {
            judge.bad(
                Check::Signature,
                unreadable.map_or(FindingKind::SignerCertificateMissing, |error| FindingKind::Certificate { error }),
            );
        }
        (found, others)
    }

    /// Hashes the signed bytes, as they are and else with CR LF (R16), and compares with the signed digest.
    fn check_digest(
        &self,
        content: &Entity<'_, '_>,
        data: &SignedData<'_>,
        algorithms: &dyn Algorithms,
        signed: &mut Signed,
        judge: &mut Judge,
    ) -> Option<DigestAlgorithm> {
        let algorithm = match data.signer.digest_algorithm() {
            Ok(algorithm) => algorithm,
            Err(error) => {
                judge.bad(Check::Signature, algorithm_finding(error));
                return None;
            }
        };
        let bytes = content.raw();
        let wanted = data.signer.signed_attrs.message_digest();
        let digest = hash(algorithms, algorithm, |h| h.update(bytes));
        signed.digest = Some(digest);
        if digest.as_bytes() == wanted {
            return Some(algorithm);
        }
        if LineEnds::of(bytes) == LineEnds::LfOnly {
            let converted = hash(algorithms, algorithm, |h| mime::as_crlf(bytes).for_each(|piece| h.update(piece)));
            if converted.as_bytes() == wanted {
                signed.digest = Some(converted);
                signed.form = LineForm::Crlf;
                judge.note(Finding::new(FindingKind::ConvertedLineEndings, Place::part(&content.section())));
                return Some(algorithm);
            }
        }
        judge.bad(Check::Signature, Finding::new(FindingKind::DigestMismatch, Place::part(&content.section())));
        Some(algorithm)
    }

    /// Checks the signature over the signed attributes with the signer's key (R12, R13, R25).
    fn check_mathematics(
        &self,
        data: &SignedData<'_>,
        algorithm: DigestAlgorithm,
        algorithms: &dyn Algorithms,
        signed: &mut Signed,
        judge: &mut Judge,
    ) {
        let Some(signer) = &signed.signer else { return };
        let scheme = match data.signer.scheme() {
            Ok(scheme) => scheme,
            Err(error) => return judge.bad(Check::Signature, algorithm_finding(error)),
        };
        let key = match self.memo.key(signer.certificate(), algorithms) {
            Ok(key) => key,
            Err(error) => return judge.bad(Check::Signature, FindingKind::KeyRefused { error }),
        };
        let result = check_attributes(data, algorithm, scheme, &*key, algorithms);
        match result {
            Ok(Order::AsReceived) => {}
            Ok(Order::Der) => judge.note(FindingKind::AttributesReordered),
            Err(SignatureError::Unsupported { .. }) => {
                let name = format!("{} ({}; {})", scheme.name(), scheme.digest(), key.kind()).into();
                judge.unknown(Check::Signature, FindingKind::UnsupportedAlgorithm { name });
            }
            Err(_) => judge.bad(Check::Signature, FindingKind::SignatureMismatch),
        }
        if let KeyKind::Rsa { exponent_is_3: true, .. } = key.kind() {
            judge.note(FindingKind::SmallExponent);
        }
        if algorithm == DigestAlgorithm::Sha1 {
            judge.weak(self.policy.sha1_digest, Check::Signature, FindingKind::WeakDigest { name: "SHA-1".into() });
        }
        signed.key = Some(key);
    }
}

/// In which order of its attributes a signature holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    AsReceived,
    /// As RFC 5652 §5.4 wants them, though they were sent otherwise.
    Der,
}

/// Checks the signature over the signed attributes: as received, and else in DER order (R12).
pub(super) fn check_attributes(
    data: &SignedData<'_>,
    algorithm: DigestAlgorithm,
    scheme: SignatureScheme,
    key: &dyn PreparedKey,
    algorithms: &dyn Algorithms,
) -> Result<Order, SignatureError> {
    let attributes = &data.signer.signed_attrs;
    let digest = hash(algorithms, algorithm, |h| attributes.hash_as_received(h));
    let as_received = key.verify(scheme, &digest, &data.signer.signature);
    match (as_received, attributes.sorted()) {
        (Err(SignatureError::Mismatch), Some(sorted)) => {
            let digest = hash(algorithms, algorithm, |h| sorted.hash(h));
            key.verify(scheme, &digest, &data.signer.signature).map(|()| Order::Der)
        }
        (result, _) => result.map(|()| Order::AsReceived),
    }
}

/// What the header says of the signature's form (R34).
fn note_form(message: &Message<'_>, part: &Entity<'_, '_>, judge: &mut Judge) {
    let root = message.root();
    let protocol = root.content_type().parameter("protocol").unwrap_or_default();
    if !is_pkcs7_signature(&protocol) {
        judge.note(Finding::new(FindingKind::SignatureProtocol { found: protocol.into() }, Place::part("")));
    }
    let found = part.content_type().to_string();
    if !is_pkcs7_signature(&found) {
        judge.note(Finding::new(FindingKind::SignatureType { found: found.into() }, Place::part(&part.section())));
    }
}

fn is_pkcs7_signature(media_type: &str) -> bool {
    let media_type = media_type.trim();
    media_type.eq_ignore_ascii_case("application/pkcs7-signature") || media_type.eq_ignore_ascii_case("application/x-pkcs7-signature")
}

/// `micalg` is a hint: the digest is what the signature says.
fn note_micalg(message: &Message<'_>, used: DigestAlgorithm, judge: &mut Judge) {
    let Some(claimed) = message.root().content_type().parameter("micalg") else { return };
    if claimed.parse() != Ok(used) {
        let finding = FindingKind::MicalgMismatch { claimed: claimed.into(), used: used.name().into() };
        judge.note(Finding::new(finding, Place::part("")));
    }
}

pub(super) fn answers_to(certificate: &Certificate, id: &SignerId<'_>) -> bool {
    match id {
        SignerId::IssuerSerial { issuer, serial } => certificate.issuer_der() == *issuer && certificate.serial_octets() == *serial,
        SignerId::KeyId(id) => certificate.extensions().subject_key_id.as_deref() == Some(&**id),
    }
}

pub(super) fn hash(algorithms: &dyn Algorithms, algorithm: DigestAlgorithm, feed: impl FnOnce(&mut dyn crate::crypto::Hasher)) -> Digest {
    let mut hasher = algorithms.hasher(algorithm);
    feed(&mut *hasher);
    hasher.finish()
}

fn algorithm_finding(error: CmsError) -> FindingKind {
    match error.kind() {
        CmsErrorKind::Algorithm { error: AlgorithmError::Broken { name } } => FindingKind::BrokenAlgorithm { name: (*name).into() },
        CmsErrorKind::Algorithm { error: AlgorithmError::Unsupported { oid } } => FindingKind::UnsupportedAlgorithm { name: oid.clone() },
        _ => FindingKind::Cms { error },
    }
}
