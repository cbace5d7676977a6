//! From the bytes of a `ContentInfo` to the spans of its `SignedData`.
//!
//! The shell may be BER, as BouncyCastle writes it: indefinite lengths, octet strings in pieces (R14). Certificates and revocation lists
//! are kept as they are, unread, so that an odd one among them hurts nobody; the signed attributes must be DER.

#![warn(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use std::borrow::Cow;

use const_oid::db::rfc5911::{ID_DATA, ID_SIGNED_DATA};

use super::{CmsError, CmsErrorKind, SignedAttributes};
use crate::{
    Limits,
    asn1::{Asn1Error, Asn1ErrorKind, Reader, Rules, Value, dotted, tag},
    crypto::{AlgorithmError, AlgorithmIdentifier, DigestAlgorithm, SignatureScheme, digest_algorithm, signature_scheme},
};

/// A `SignedData` with exactly one signer.
#[derive(Debug, Clone)]
pub(crate) struct SignedData<'a> {
    /// The content, if it is inside. In a message it must not be (R9), in a signed directory it must: the caller decides.
    pub(crate) e_content: Option<OctetString<'a>>,
    /// The X.509 certificates, each with its header, in their order, repeated ones as often as they are there.
    pub(crate) certificates: Vec<&'a [u8]>,
    pub(crate) signer: SignerInfo<'a>,
    pub(crate) trailing: Trailing,
}

/// What stands after the structure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trailing {
    None,
    /// CR and LF alone.
    LineBreaks,
}

/// Who signed, and how.
#[derive(Debug, Clone)]
pub(crate) struct SignerInfo<'a> {
    pub(crate) sid: SignerId<'a>,
    /// `digestAlgorithm`, the whole `AlgorithmIdentifier`.
    pub(crate) digest: &'a [u8],
    pub(crate) signed_attrs: SignedAttributes<'a>,
    /// `signatureAlgorithm`, the whole `AlgorithmIdentifier`.
    pub(crate) signature_algorithm: &'a [u8],
    pub(crate) signature: Cow<'a, [u8]>,
    /// Where `digestAlgorithm` is, for errors.
    digest_offset: usize,
    /// Where `signatureAlgorithm` is, for errors.
    signature_algorithm_offset: usize,
}

/// Which certificate is the signer's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum SignerId<'a> {
    IssuerSerial {
        /// The issuer's `Name`, with its header.
        issuer: &'a [u8],
        /// The content octets of the serial number.
        serial: &'a [u8],
    },
    /// The subject key identifier.
    KeyId(Cow<'a, [u8]>),
}

/// An OCTET STRING, which BER may cut in pieces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OctetString<'a> {
    chunks: Vec<&'a [u8]>,
}

/// Reads a `ContentInfo` that holds a `SignedData`.
///
/// Refused: no signer or several (R10), no signed attributes, or content-type and message-digest not exactly once (R11), a
/// CMSAlgorithmProtection that disagrees (R12), bytes other than line breaks after the end (R14), whatever is beyond the limits. A content
/// inside is not refused here.
pub(crate) fn read<'a>(bytes: &'a [u8], limits: &Limits) -> Result<SignedData<'a>, CmsError> {
    if bytes.len() > limits.cms_bytes {
        return Err(CmsError::new(CmsErrorKind::TooLarge { limit: limits.cms_bytes }, limits.cms_bytes));
    }
    let mut outermost = Reader::new(bytes, 0, Rules::Ber, limits.asn1_depth);
    let mut content_info = outermost.sequence()?;
    let trailing = trailing(&outermost)?;

    let content_type = content_info.expect(tag::OID)?;
    if content_type.oid()? != ID_SIGNED_DATA.as_bytes() {
        return Err(CmsError::new(CmsErrorKind::NotSignedData { oid: dotted(content_type.content) }, content_type.offset));
    }
    let mut content = content_info.expect(tag::context_constructed(0))?.reader();
    content_info.finish()?;
    let mut signed_data = content.sequence()?;
    content.finish()?;

    // The version says which kinds of certificates to expect; signers get it wrong, and it protects nothing.
    signed_data.expect(tag::INTEGER)?.integer()?;
    signed_data.expect(tag::SET)?;

    let mut encapsulated = signed_data.sequence()?;
    let e_content_type = encapsulated.expect(tag::OID)?;
    let e_content = match encapsulated.optional(tag::context_constructed(0))? {
        None => None,
        Some(explicit) => {
            let mut inner = explicit.reader();
            let octets = OctetString::read(&inner.read()?, tag::OCTET_STRING, tag::CONSTRUCTED_OCTET_STRING)?;
            inner.finish()?;
            Some(octets)
        }
    };
    encapsulated.finish()?;
    if e_content_type.oid()? != ID_DATA.as_bytes() {
        return Err(CmsError::new(CmsErrorKind::NotData { oid: dotted(e_content_type.content) }, e_content_type.offset));
    }

    let certificates = signed_data.optional(tag::context_constructed(0))?;
    let too_many = CmsErrorKind::TooManyCertificates { limit: limits.cms_certificates };
    let certificates = choices(certificates, limits.cms_certificates, too_many)?;
    let crls = signed_data.optional(tag::context_constructed(1))?;
    let too_many = CmsErrorKind::TooManyCrls { limit: limits.cms_crls };
    // Revocation is judged by the caller's lists alone (R27): those that came along are counted, and passed over.
    choices(crls, limits.cms_crls, too_many)?;

    let signers = signed_data.expect(tag::SET)?;
    signed_data.finish()?;
    let mut signers = signers.reader();
    if signers.is_empty() {
        return Err(CmsError::new(CmsErrorKind::NoSigner, signers.offset()));
    }
    let signer = signers.expect(tag::SEQUENCE)?;
    if !signers.is_empty() {
        return Err(CmsError::new(CmsErrorKind::MultipleSigners, signers.offset()));
    }
    let signer = SignerInfo::read(&signer, e_content_type.content, limits)?;
    Ok(SignedData { e_content, certificates, signer, trailing })
}

fn trailing(after: &Reader<'_>) -> Result<Trailing, CmsError> {
    let rest = after.remaining();
    match rest.iter().position(|byte| !matches!(byte, b'\r' | b'\n')) {
        Some(at) => Err(CmsError::new(CmsErrorKind::TrailingBytes, after.offset().saturating_add(at))),
        None if rest.is_empty() => Ok(Trailing::None),
        None => Ok(Trailing::LineBreaks),
    }
}

/// The members that are SEQUENCEs: X.509 certificates or revocation lists. Those of other kinds, as attribute certificates are, count against
/// the limit and are passed over.
fn choices<'a>(set: Option<Value<'a>>, limit: usize, too_many: CmsErrorKind) -> Result<Vec<&'a [u8]>, CmsError> {
    let (mut plain, mut left) = (Vec::new(), limit);
    let Some(set) = set else { return Ok(plain) };
    let mut members = set.reader();
    while !members.is_empty() {
        let member = members.read()?;
        left = left.checked_sub(1).ok_or_else(|| CmsError::new(too_many.clone(), member.offset))?;
        if member.tag == tag::SEQUENCE {
            plain.push(member.whole);
        }
    }
    Ok(plain)
}

impl<'a> SignerInfo<'a> {
    fn read(value: &Value<'a>, e_content_type: &[u8], limits: &Limits) -> Result<Self, CmsError> {
        let mut members = value.reader();
        // Version 1 goes with issuer and serial number, 3 with a key identifier; what is there says it better.
        members.expect(tag::INTEGER)?.integer()?;
        let sid = SignerId::read(&members.read()?)?;
        let digest = members.expect(tag::SEQUENCE)?;
        let attributes = members
            .optional(tag::context_constructed(0))?
            .ok_or_else(|| CmsError::new(CmsErrorKind::NoSignedAttributes, members.offset()))?;
        let signed_attrs = SignedAttributes::read(&attributes, e_content_type, limits)?;
        let signature_algorithm = members.expect(tag::SEQUENCE)?;
        let signature = OctetString::read(&members.read()?, tag::OCTET_STRING, tag::CONSTRUCTED_OCTET_STRING)?.into_cow();
        if let Some(unsigned) = members.optional(tag::context_constructed(1))? {
            count_attributes(&unsigned, limits)?;
        }
        members.finish()?;

        if let Some(protection) = signed_attrs.cms_algorithm_protection()
            && !protects(&protection, &digest, &signature_algorithm)?
        {
            return Err(CmsError::new(CmsErrorKind::AlgorithmProtection, protection.offset));
        }
        Ok(Self {
            sid,
            digest: digest.whole,
            signed_attrs,
            signature_algorithm: signature_algorithm.whole,
            signature,
            digest_offset: digest.offset,
            signature_algorithm_offset: signature_algorithm.offset,
        })
    }

    /// The digest algorithm of content and attributes.
    pub(crate) fn digest_algorithm(&self) -> Result<DigestAlgorithm, CmsError> {
        digest_algorithm(self.digest).map_err(|error| algorithm_error(error, self.digest_offset))
    }

    /// The signature scheme, whose digest is the one of [`Self::digest_algorithm`] (R12).
    pub(crate) fn scheme(&self) -> Result<SignatureScheme, CmsError> {
        let digest = self.digest_algorithm()?;
        signature_scheme(self.signature_algorithm, Some(digest)).map_err(|error| algorithm_error(error, self.signature_algorithm_offset))
    }
}

/// Both offsets count from the beginning of the structure.
fn algorithm_error(error: AlgorithmError, base: usize) -> CmsError {
    match error {
        AlgorithmError::Malformed { error, offset } => {
            let offset = offset.saturating_add(base);
            CmsError::new(CmsErrorKind::Algorithm { error: AlgorithmError::Malformed { error, offset } }, base)
        }
        error => CmsError::new(CmsErrorKind::Algorithm { error }, base),
    }
}

/// Unsigned attributes prove nothing and are passed over, but only so many.
fn count_attributes(attributes: &Value<'_>, limits: &Limits) -> Result<(), CmsError> {
    let (mut members, mut left) = (attributes.reader(), limits.cms_attributes);
    while !members.is_empty() {
        let attribute = members.read()?;
        left = left
            .checked_sub(1)
            .ok_or_else(|| CmsError::new(CmsErrorKind::TooManyAttributes { limit: limits.cms_attributes }, attribute.offset))?;
    }
    Ok(())
}

/// Whether a `CMSAlgorithmProtection` (RFC 6211 §2) names these algorithms. One for a MAC does not.
fn protects(protection: &Value<'_>, digest: &Value<'_>, signature: &Value<'_>) -> Result<bool, Asn1Error> {
    if protection.tag != tag::SEQUENCE {
        return Err(protection.error(Asn1ErrorKind::UnexpectedTag));
    }
    let mut members = protection.reader();
    let named_digest = AlgorithmIdentifier::of(&members.expect(tag::SEQUENCE)?)?;
    let Some(named_signature) = members.optional(tag::context_constructed(1))? else { return Ok(false) };
    members.finish()?;
    let same_digest = named_digest.same_as(&AlgorithmIdentifier::of(digest)?);
    Ok(same_digest && AlgorithmIdentifier::of(&named_signature)?.same_as(&AlgorithmIdentifier::of(signature)?))
}

impl<'a> SignerId<'a> {
    fn read(value: &Value<'a>) -> Result<Self, Asn1Error> {
        if value.tag != tag::SEQUENCE {
            return Ok(Self::KeyId(OctetString::read(value, tag::context(0), tag::context_constructed(0))?.into_cow()));
        }
        let mut members = value.reader();
        let issuer = members.expect(tag::SEQUENCE)?.whole;
        let serial = members.expect(tag::INTEGER)?;
        members.finish()?;
        // Serial numbers with a needless zero before them exist; a comparison with the certificate's is all that they are for.
        if serial.content.is_empty() {
            return Err(serial.error(Asn1ErrorKind::BadInteger));
        }
        Ok(Self::IssuerSerial { issuer, serial: serial.content })
    }
}

impl<'a> OctetString<'a> {
    /// Reads an octet string with this identifier octet in one piece or that one in several (X.690 §8.7.3).
    fn read(value: &Value<'a>, primitive: u8, constructed: u8) -> Result<Self, Asn1Error> {
        if value.tag == primitive {
            return Ok(Self { chunks: vec![value.content] });
        }
        if value.tag != constructed {
            return Err(value.error(Asn1ErrorKind::UnexpectedTag));
        }
        let (mut chunks, mut levels) = (Vec::new(), vec![value.reader()]);
        while let Some(level) = levels.last_mut() {
            if level.is_empty() {
                levels.pop();
                continue;
            }
            let piece = level.read()?;
            match piece.tag {
                // Empty pieces are dropped, so that the list stays shorter than the bytes.
                tag::OCTET_STRING if piece.content.is_empty() => {}
                tag::OCTET_STRING => chunks.push(piece.content),
                tag::CONSTRUCTED_OCTET_STRING => levels.push(piece.reader()),
                _ => return Err(piece.error(Asn1ErrorKind::UnexpectedTag)),
            }
        }
        Ok(Self { chunks })
    }

    /// All of it, copied only if it is in pieces.
    pub(crate) fn into_cow(self) -> Cow<'a, [u8]> {
        match self.chunks[..] {
            [] => Cow::Borrowed(&[]),
            [whole] => Cow::Borrowed(whole),
            _ => Cow::Owned(self.chunks.concat()),
        }
    }
}
