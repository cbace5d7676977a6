//! What reading certificates and revocation lists has in common: errors that name the field, and some small forms.

use core::ops::Range;

use crate::asn1::{Asn1Error, Asn1ErrorKind, Value};
use crate::time::UnixTime;

/// The field that is not as it should be, how, and where: the offset counts from the beginning of the certificate or list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Malformed {
    pub(super) what: &'static str,
    pub(super) kind: Asn1ErrorKind,
    pub(super) offset: usize,
}

/// Gives an error the name of the field it is about.
pub(super) trait Named<T> {
    fn named(self, what: &'static str) -> Result<T, Malformed>;
}

impl<T> Named<T> for Result<T, Asn1Error> {
    fn named(self, what: &'static str) -> Result<T, Malformed> {
        self.map_err(|Asn1Error { kind, offset }| Malformed { what, kind, offset })
    }
}

/// A value that is of another type than the one due.
pub(super) fn unexpected(value: &Value<'_>, what: &'static str) -> Malformed {
    Malformed { what, kind: Asn1ErrorKind::UnexpectedTag, offset: value.offset }
}

/// The place of a whole value, for keeping it beyond the borrow.
pub(super) fn span(value: &Value<'_>) -> Range<usize> {
    value.offset..value.offset.saturating_add(value.whole.len())
}

/// The place of a slice that ends where the value does: its content, or the octets of its BIT STRING.
pub(super) fn span_of_end(value: &Value<'_>, end: &[u8]) -> Range<usize> {
    let stop = span(value).end;
    stop.saturating_sub(end.len())..stop
}

/// The octets of a BIT STRING that must be made of whole octets, as signatures and keys are.
pub(super) fn whole_octets<'a>(value: &Value<'a>, what: &'static str) -> Result<&'a [u8], Malformed> {
    let bits = value.bit_string().named(what)?;
    bits.whole_octets().ok_or(Malformed { what, kind: Asn1ErrorKind::BadBitString, offset: value.offset })
}

/// The instant that a time value means.
pub(super) fn instant(value: &Value<'_>, what: &'static str) -> Result<UnixTime, Malformed> {
    let seconds = value.time().named(what)?;
    UnixTime::from_secs(seconds).ok_or(Malformed { what, kind: Asn1ErrorKind::BadTime, offset: value.offset })
}

/// Octets in lower-case hexadecimal digits.
pub(super) fn hex(octets: &[u8]) -> String {
    const DIGITS: [char; 16] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'];
    let digit = |value: u8| DIGITS.get(usize::from(value)).copied().unwrap_or('?');
    octets.iter().flat_map(|octet| [digit(octet >> 4), digit(octet & 0xf)]).collect()
}
