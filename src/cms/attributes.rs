//! The signed attributes of a signer (RFC 5652 §5.3, §11): what the signature is really over.

#![warn(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use const_oid::{
    ObjectIdentifier,
    db::rfc5911::{ID_CONTENT_TYPE, ID_MESSAGE_DIGEST, ID_SIGNING_TIME},
};

use super::{CmsError, CmsErrorKind};
use crate::{
    Limits,
    asn1::{self, Asn1Error, Asn1ErrorKind, Rules, Value, dotted, tag},
    crypto::Hasher,
};

/// RFC 6211 §2.
pub(super) const ID_CMS_ALGORITHM_PROTECT: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.52");

/// Signed attributes in DER, with content-type and message-digest there exactly once and content-type being the content's.
#[derive(Debug, Clone)]
pub(crate) struct SignedAttributes<'a> {
    content: &'a [u8],
    members: Vec<&'a [u8]>,
    message_digest: &'a [u8],
    signing_time: Option<Value<'a>>,
    algorithm_protection: Option<Value<'a>>,
}

impl<'a> SignedAttributes<'a> {
    /// Reads the value tagged `[0]` of a `SignerInfo`.
    pub(super) fn read(set: &Value<'a>, e_content_type: &[u8], limits: &Limits) -> Result<Self, CmsError> {
        let mut known = [
            Known::new("content-type", ID_CONTENT_TYPE),
            Known::new("message-digest", ID_MESSAGE_DIGEST),
            Known::new("signing-time", ID_SIGNING_TIME),
            Known::new("CMSAlgorithmProtection", ID_CMS_ALGORITHM_PROTECT),
        ];
        let mut members = Vec::new();
        // Attributes are a DER of their own, and their depth counts anew: ESS signing certificates (RFC 5035) lie nine levels deep in them.
        let mut attributes = asn1::Reader::new(set.content, set.content_offset(), Rules::Der, limits.asn1_depth);
        while !attributes.is_empty() {
            if members.len() >= limits.cms_attributes {
                return Err(CmsError::new(CmsErrorKind::TooManyAttributes { limit: limits.cms_attributes }, attributes.offset()));
            }
            let attribute = attributes.expect(tag::SEQUENCE)?;
            attribute.check_der()?;
            members.push(attribute.whole);
            let mut parts = attribute.reader();
            let oid = parts.oid()?;
            let values = parts.expect(tag::SET)?;
            parts.finish()?;
            if let Some(known) = known.iter_mut().find(|known| oid == known.oid.as_bytes()) {
                known.take(&attribute, &values)?;
            }
        }

        let [content_type, message_digest, signing_time, algorithm_protection] = known;
        let content_type = content_type.required(set)?;
        let message_digest = message_digest.required(set)?;
        if content_type.tag != tag::OID {
            return Err(content_type.error(Asn1ErrorKind::UnexpectedTag).into());
        }
        if content_type.oid()? != e_content_type {
            let kind = CmsErrorKind::ContentTypeMismatch { attribute: dotted(content_type.content), content: dotted(e_content_type) };
            return Err(CmsError::new(kind, content_type.offset));
        }
        if message_digest.tag != tag::OCTET_STRING {
            return Err(message_digest.error(Asn1ErrorKind::UnexpectedTag).into());
        }
        Ok(Self {
            content: set.content,
            members,
            message_digest: message_digest.content,
            signing_time: signing_time.value,
            algorithm_protection: algorithm_protection.value,
        })
    }

    /// The digest of the content, as the signer says. Its length is not checked: compare all of it.
    pub(crate) fn message_digest(&self) -> &'a [u8] {
        self.message_digest
    }

    /// The signing time, the signer's own word, in seconds since 1970-01-01T00:00:00Z, if there is one. A malformed one is for the caller to
    /// judge: it is no part of what a signature proves.
    pub(crate) fn signing_time(&self) -> Option<Result<i64, Asn1Error>> {
        self.signing_time.map(|value| value.time())
    }

    /// The `CMSAlgorithmProtection`, if there is one. It was compared when it was read.
    pub(crate) fn cms_algorithm_protection(&self) -> Option<Value<'a>> {
        self.algorithm_protection
    }

    /// What was signed, by RFC 5652 §5.4: the attributes in the order in which they came, under the tag SET OF.
    pub(crate) fn hash_as_received(&self, hasher: &mut dyn Hasher) {
        self.hash_header(hasher);
        hasher.update(self.content);
    }

    /// What was signed if the signer sorted the attributes, as DER demands of a SET OF, and then sent them unsorted (R12).
    /// `None` if they came sorted: there is no second try then.
    pub(crate) fn sorted(&self) -> Option<SortedAttributes<'_, 'a>> {
        if self.members.is_sorted() {
            return None;
        }
        // X.690 §11.6 compares encodings as octet strings.
        let mut members = self.members.clone();
        members.sort_unstable();
        Some(SortedAttributes { attributes: self, members })
    }

    /// The header of the set in DER: with the tag SET instead of `[0]`, and with a minimal length whatever came.
    fn hash_header(&self, hasher: &mut dyn Hasher) {
        let length = self.content.len();
        let octets = length.to_be_bytes();
        let significant = octets.iter().position(|octet| *octet != 0).and_then(|at| octets.get(at..)).unwrap_or_default();
        match significant {
            [] => hasher.update(&[tag::SET, 0]),
            [one] if *one < 0x80 => hasher.update(&[tag::SET, *one]),
            several => {
                // At most eight octets: 0x80 | 8.
                hasher.update(&[tag::SET, 0x80 | u8::try_from(several.len()).unwrap_or(0)]);
                hasher.update(several);
            }
        }
    }
}

/// The same attributes in the order of DER.
#[derive(Debug)]
pub(crate) struct SortedAttributes<'s, 'a> {
    attributes: &'s SignedAttributes<'a>,
    members: Vec<&'a [u8]>,
}

impl SortedAttributes<'_, '_> {
    pub(crate) fn hash(&self, hasher: &mut dyn Hasher) {
        self.attributes.hash_header(hasher);
        self.members.iter().for_each(|member| hasher.update(member));
    }
}

/// An attribute that may be there once, with one value.
struct Known<'a> {
    name: &'static str,
    oid: ObjectIdentifier,
    value: Option<Value<'a>>,
}

impl<'a> Known<'a> {
    fn new(name: &'static str, oid: ObjectIdentifier) -> Self {
        Self { name, oid, value: None }
    }

    fn take(&mut self, attribute: &Value<'a>, values: &Value<'a>) -> Result<(), CmsError> {
        if self.value.is_some() {
            return Err(CmsError::new(CmsErrorKind::AttributeTwice { attribute: self.name }, attribute.offset));
        }
        let wrong = || CmsError::new(CmsErrorKind::AttributeValues { attribute: self.name }, values.offset);
        let mut values = values.reader();
        if values.is_empty() {
            return Err(wrong());
        }
        let value = values.read()?;
        if !values.is_empty() {
            return Err(wrong());
        }
        self.value = Some(value);
        Ok(())
    }

    fn required(&self, set: &Value<'_>) -> Result<Value<'a>, CmsError> {
        self.value.ok_or_else(|| CmsError::new(CmsErrorKind::AttributeMissing { attribute: self.name }, set.offset))
    }
}
