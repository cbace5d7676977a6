//! The content inside a `SignedData`, without a look at who signed it.

#![warn(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use std::borrow::Cow;

use const_oid::db::rfc5911::ID_SIGNED_DATA;

use super::{CmsError, CmsErrorKind};
use crate::asn1::{Asn1Error, Asn1ErrorKind, Reader, Rules, Value, dotted, tag};

/// The content of a `SignedData` in BER, in at most `depth` levels; `None` where it is detached.
///
/// Nothing behind the content is looked at, nor what follows the structure: files are met with padding after them. Whether anybody signed it, and what
/// type it is said to be, makes no difference: whoever wants to know verifies it.
pub(crate) fn encapsulated(bytes: &[u8], depth: usize) -> Result<Option<Cow<'_, [u8]>>, CmsError> {
    let mut content_info = Reader::new(bytes, 0, Rules::Ber, depth).sequence()?;
    let content_type = content_info.expect(tag::OID)?;
    if content_type.oid()? != ID_SIGNED_DATA.as_bytes() {
        return Err(CmsError::new(CmsErrorKind::NotSignedData { oid: dotted(content_type.content) }, content_type.offset));
    }
    let mut signed_data = content_info.expect(tag::context_constructed(0))?.reader().sequence()?;
    signed_data.expect(tag::INTEGER)?;
    signed_data.expect(tag::SET)?;
    let mut encapsulated = signed_data.sequence()?;
    encapsulated.expect(tag::OID)?;
    let Some(explicit) = encapsulated.optional(tag::context_constructed(0))? else { return Ok(None) };
    Ok(Some(octets(&explicit.reader().read()?)?))
}

/// An OCTET STRING in one piece, or in several that are nested as their writer liked (X.690 §8.7.3).
fn octets<'a>(value: &Value<'a>) -> Result<Cow<'a, [u8]>, Asn1Error> {
    match value.tag {
        tag::OCTET_STRING => return Ok(Cow::Borrowed(value.content)),
        tag::CONSTRUCTED_OCTET_STRING => {}
        _ => return Err(value.error(Asn1ErrorKind::UnexpectedTag)),
    }
    let (mut whole, mut levels) = (Vec::new(), vec![value.reader()]);
    while let Some(level) = levels.last_mut() {
        if level.is_empty() {
            levels.pop();
            continue;
        }
        let piece = level.read()?;
        match piece.tag {
            tag::OCTET_STRING => whole.extend_from_slice(piece.content),
            tag::CONSTRUCTED_OCTET_STRING => levels.push(piece.reader()),
            _ => return Err(piece.error(Asn1ErrorKind::UnexpectedTag)),
        }
    }
    Ok(Cow::Owned(whole))
}
