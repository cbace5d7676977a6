//! A strict DER walker for certificates and revocation lists: what is signed there must have one reading only.
//!
//! It goes one level at a time, in the shape that its caller expects; it never recurses and never copies.

/// Tags, as the one octet that DER writes.
pub(super) mod tag {
    pub(in crate::x509) const BOOLEAN: u8 = 0x01;
    pub(in crate::x509) const INTEGER: u8 = 0x02;
    pub(in crate::x509) const BIT_STRING: u8 = 0x03;
    pub(in crate::x509) const OCTET_STRING: u8 = 0x04;
    pub(in crate::x509) const OID: u8 = 0x06;
    pub(in crate::x509) const ENUMERATED: u8 = 0x0a;
    pub(in crate::x509) const UTF8_STRING: u8 = 0x0c;
    pub(in crate::x509) const NUMERIC_STRING: u8 = 0x12;
    pub(in crate::x509) const PRINTABLE_STRING: u8 = 0x13;
    pub(in crate::x509) const TELETEX_STRING: u8 = 0x14;
    pub(in crate::x509) const IA5_STRING: u8 = 0x16;
    pub(in crate::x509) const UTC_TIME: u8 = 0x17;
    pub(in crate::x509) const GENERALIZED_TIME: u8 = 0x18;
    pub(in crate::x509) const VISIBLE_STRING: u8 = 0x1a;
    pub(in crate::x509) const UNIVERSAL_STRING: u8 = 0x1c;
    pub(in crate::x509) const BMP_STRING: u8 = 0x1e;
    pub(in crate::x509) const SEQUENCE: u8 = 0x30;
    pub(in crate::x509) const SET: u8 = 0x31;
    /// `[n]`, primitive.
    pub(in crate::x509) const fn context(number: u8) -> u8 {
        0x80 | number
    }
    /// `[n]`, constructed.
    pub(in crate::x509) const fn context_constructed(number: u8) -> u8 {
        0xa0 | number
    }
}

/// What is not as it should be, and where: the offset counts from the beginning of the certificate or list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Malformed {
    pub(super) at: usize,
    pub(super) what: &'static str,
}

/// One DER value.
#[derive(Debug, Clone, Copy)]
pub(super) struct Value<'a> {
    pub(super) tag: u8,
    pub(super) content: &'a [u8],
    pub(super) whole: &'a [u8],
    /// Where `whole` begins.
    pub(super) at: usize,
}

impl<'a> Value<'a> {
    /// Where the content begins.
    pub(super) fn content_at(&self) -> usize {
        self.at.saturating_add(self.whole.len().saturating_sub(self.content.len()))
    }

    /// A walk over what is inside.
    pub(super) fn inside(&self) -> Walk<'a> {
        Walk { rest: self.content, at: self.content_at() }
    }

    /// The place of the whole value, for keeping it beyond the borrow.
    pub(super) fn span(&self) -> core::ops::Range<usize> {
        self.at..self.at.saturating_add(self.whole.len())
    }

    /// The place of the content.
    pub(super) fn content_span(&self) -> core::ops::Range<usize> {
        self.content_at()..self.at.saturating_add(self.whole.len())
    }

    pub(super) fn malformed(&self, what: &'static str) -> Malformed {
        Malformed { at: self.at, what }
    }

    /// The content as a small unsigned number; none when negative or above 2^31.
    pub(super) fn small_number(&self) -> Option<u32> {
        match *self.content {
            [first, ..] if first >= 0x80 => None,
            [] => None,
            ref octets => {
                let octets = strip_zeros(octets);
                if octets.len() > 4 {
                    return None;
                }
                let number = octets.iter().fold(0u32, |number, octet| number << 8 | u32::from(*octet));
                (number <= i32::MAX as u32).then_some(number)
            }
        }
    }

    /// The octets of a BIT STRING that is made of whole octets.
    pub(super) fn whole_bits(&self) -> Option<&'a [u8]> {
        match self.content {
            [0, octets @ ..] => Some(octets),
            _ => None,
        }
    }

    /// The first sixteen bits of a BIT STRING of flags: bit 0 of the ASN.1 definition is bit 15 here.
    pub(super) fn flags(&self) -> Option<u16> {
        match *self.content {
            [unused, ..] if unused > 7 => None,
            [0] => Some(0),
            [_, first] => Some(u16::from(first) << 8),
            [_, first, second, ..] => Some(u16::from(first) << 8 | u16::from(second)),
            _ => None,
        }
    }

    /// A BOOLEAN. DER knows 0 and 255 alone; any other value that BER reads as true is read so here too.
    pub(super) fn truth(&self) -> Option<bool> {
        match *self.content {
            [octet] => Some(octet != 0),
            _ => None,
        }
    }
}

fn strip_zeros(octets: &[u8]) -> &[u8] {
    let zeros = octets.iter().take_while(|octet| **octet == 0).count();
    octets.get(zeros..).unwrap_or_default()
}

/// A walk over DER values in a row.
#[derive(Debug, Clone)]
pub(super) struct Walk<'a> {
    rest: &'a [u8],
    at: usize,
}

impl<'a> Walk<'a> {
    /// A walk over `bytes`, which stand at the offset `at`.
    pub(super) fn new(bytes: &'a [u8], at: usize) -> Self {
        Self { rest: bytes, at }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// The tag of the next value, if there is one.
    pub(super) fn tag(&self) -> Option<u8> {
        self.rest.first().copied()
    }

    /// The next value, whatever it is; `what` names it in an error.
    pub(super) fn next(&mut self, what: &'static str) -> Result<Value<'a>, Malformed> {
        let malformed = Malformed { at: self.at, what };
        let [tag, first, after @ ..] = self.rest else { return Err(malformed) };
        if tag & 0x1f == 0x1f {
            return Err(malformed); // no tag above 30 occurs in X.509
        }
        let (length, header) = if *first < 0x80 {
            (usize::from(*first), 2)
        } else {
            let count = usize::from(first & 0x7f);
            let octets = after.get(..count).ok_or(malformed)?;
            if count == 0 || count > size_of::<usize>() || octets.first() == Some(&0) {
                return Err(malformed); // indefinite, absurd or not minimal
            }
            let length = octets.iter().fold(0usize, |length, octet| length << 8 | usize::from(*octet));
            if length < 0x80 {
                return Err(malformed); // not minimal
            }
            (length, count.saturating_add(2))
        };
        let total = header.checked_add(length).ok_or(malformed)?;
        let (whole, rest) = self.rest.split_at_checked(total).ok_or(malformed)?;
        let content = whole.get(header..).ok_or(malformed)?;
        let at = self.at;
        self.at = at.saturating_add(total);
        self.rest = rest;
        Ok(Value { tag: *tag, content, whole, at })
    }

    /// The next value, which must have this tag.
    pub(super) fn expect(&mut self, tag: u8, what: &'static str) -> Result<Value<'a>, Malformed> {
        if self.tag() == Some(tag) { self.next(what) } else { Err(Malformed { at: self.at, what }) }
    }

    /// The next value if it has this tag.
    pub(super) fn optional(&mut self, tag: u8, what: &'static str) -> Result<Option<Value<'a>>, Malformed> {
        if self.tag() == Some(tag) { self.next(what).map(Some) } else { Ok(None) }
    }

    /// Nothing may follow.
    pub(super) fn end(&self, what: &'static str) -> Result<(), Malformed> {
        if self.rest.is_empty() { Ok(()) } else { Err(Malformed { at: self.at, what }) }
    }
}

/// The seconds since 1970 that a UTCTime or GeneralizedTime means, in the one form that RFC 5280 §4.1.2.5 allows: to the second, in UTC.
pub(super) fn time(value: Value<'_>) -> Option<i64> {
    let digits = value.content.strip_suffix(b"Z")?;
    if !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let number = |range: core::ops::Range<usize>| {
        digits.get(range).map(|digits| digits.iter().fold(0i64, |number, digit| number.wrapping_mul(10).wrapping_add(i64::from(digit.wrapping_sub(b'0')))))
    };
    let (year, rest) = match (value.tag, digits.len()) {
        (tag::UTC_TIME, 12) => {
            let year = number(0..2)?;
            (if year >= 50 { year.wrapping_add(1900) } else { year.wrapping_add(2000) }, 2)
        }
        (tag::GENERALIZED_TIME, 14) => (number(0..4)?, 4usize),
        _ => return None,
    };
    let field = |index: usize| {
        let start = index.checked_mul(2)?.checked_add(rest)?;
        number(start..start.checked_add(2)?)
    };
    let (month, day, hour, minute, second) = (field(0)?, field(1)?, field(2)?, field(3)?, field(4)?);
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days_in_month = match month {
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        1..=12 => 31,
        _ => return None,
    };
    if year == 0 || day == 0 || day > days_in_month || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    Some(seconds(year, month, day, hour, minute, second))
}

/// Seconds since 1970 of a date of the years 1 to 9999: no sum here can overflow 64 bits.
#[allow(clippy::arithmetic_side_effects, reason = "every field was bounded by the caller")]
fn seconds(year: i64, month: i64, day: i64, hour: i64, minute: i64, second: i64) -> i64 {
    // Days by counting years from March, so that the leap day ends them.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = year * 365 + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + (month * 153 + 2) / 5 + day - 1 - 719_468;
    days * 86_400 + hour * 3_600 + minute * 60 + second
}

/// An object identifier in dotted form, for people; what cannot be read so is given in hexadecimal.
pub(super) fn dotted(oid: &[u8]) -> String {
    use core::fmt::Write as _;
    let mut text = String::new();
    let mut arc: u64 = 0;
    let mut first = true;
    for octet in oid {
        if arc > u64::MAX >> 8 {
            return hex(oid);
        }
        arc = arc << 7 | u64::from(octet & 0x7f);
        if octet & 0x80 == 0 {
            if first {
                let top = (arc / 40).min(2);
                let _ = write!(text, "{top}.{}", arc.saturating_sub(top.saturating_mul(40)));
                first = false;
            } else {
                let _ = write!(text, ".{arc}");
            }
            arc = 0;
        }
    }
    if first || oid.last().is_some_and(|octet| octet & 0x80 != 0) { hex(oid) } else { text }
}

/// Octets in lower-case hexadecimal digits.
pub(super) fn hex(octets: &[u8]) -> String {
    use core::fmt::Write as _;
    octets.iter().fold(String::with_capacity(octets.len().saturating_mul(2)), |mut text, octet| {
        let _ = write!(text, "{octet:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(tag: u8, text: &str) -> Option<i64> {
        time(Value { tag, content: text.as_bytes(), whole: text.as_bytes(), at: 0 })
    }

    #[test]
    fn times_are_read_in_their_one_form() {
        assert_eq!(at(tag::UTC_TIME, "700101000000Z"), Some(0));
        assert_eq!(at(tag::UTC_TIME, "491231235959Z"), Some(2_524_607_999));
        assert_eq!(at(tag::UTC_TIME, "500101000000Z"), Some(-631_152_000));
        assert_eq!(at(tag::GENERALIZED_TIME, "20000229120000Z"), Some(951_825_600));
        assert_eq!(at(tag::GENERALIZED_TIME, "99991231235959Z"), Some(253_402_300_799));
        assert_eq!(at(tag::GENERALIZED_TIME, "00010101000000Z"), Some(-62_135_596_800));
        for wrong in ["7001010000Z", "700101000000", "700101000000+0100", "700230000000Z", "701301000000Z", "700101240000Z", "700101000060Z", "7001010000 0Z"] {
            assert_eq!(at(tag::UTC_TIME, wrong), None, "{wrong}");
        }
        assert_eq!(at(tag::GENERALIZED_TIME, "20230229000000Z"), None);
        assert_eq!(at(tag::GENERALIZED_TIME, "00000101000000Z"), None);
        assert_eq!(at(tag::GENERALIZED_TIME, "20230228000000.5Z"), None);
    }

    #[test]
    fn object_identifiers_are_dotted() {
        assert_eq!(dotted(&[0x2b, 0x4c, 0x10, 3, 1, 1]), "1.3.76.16.3.1.1");
        assert_eq!(dotted(&[0x55, 0x1d, 0x0f]), "2.5.29.15");
        assert_eq!(dotted(&[0x88, 0x37, 0x01]), "2.999.1");
        assert_eq!(dotted(&[0x2a, 0x86]), "2a86");
        assert_eq!(dotted(&[]), "");
        assert_eq!(dotted(&[0xff; 12]), "ffffffffffffffffffffffff");
    }

    #[test]
    fn lengths_have_one_form() {
        let read = |bytes: &[u8]| Walk::new(bytes, 7).next("it").map(|value| value.content.len());
        assert_eq!(read(&[4, 0]), Ok(0));
        assert_eq!(read(&[4, 2, 1, 2, 3]), Ok(2));
        for wrong in [&[4][..], &[], &[4, 1], &[4, 0x80, 0, 0], &[4, 0x81, 1, 0], &[4, 0x82, 0, 1, 0], &[0x1f, 0], &[4, 0x88, 255, 255, 255, 255, 255, 255, 255, 255, 0]] {
            assert_eq!(read(wrong), Err(Malformed { at: 7, what: "it" }), "{wrong:?}");
        }
    }
}
