//! A bounded, zero-copy walker over ASN.1 values in BER or DER (X.690).
//!
//! A [`Reader`] steps over the values of one level; [`Value::reader`] goes one level down. Nothing recurses and nothing is copied. The
//! room for further levels is part of each reader, so depth is bounded wherever a walk begins. The end of a value of indefinite length
//! is found by skipping its members, opening only those that are indefinite themselves: each byte is passed at most once a level, so a
//! walk costs at most depth × length.
//!
//! Tag numbers above 30 are refused: nothing in CMS or X.509 uses them. Times are plain seconds (`i64`) here, in the range that
//! `UnixTime` takes (years 1 to 9999), because this layer knows of no vocabulary.

#![warn(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

pub(crate) mod write;

use core::fmt;

/// The levels allowed where no [`Limits`](crate::Limits) are at hand: those that it has by default.
pub(crate) const DEPTH: usize = 16;

/// Identifier octets: class, constructed bit and number in one.
pub(crate) mod tag {
    pub(crate) const BOOLEAN: u8 = 0x01;
    pub(crate) const INTEGER: u8 = 0x02;
    pub(crate) const BIT_STRING: u8 = 0x03;
    pub(crate) const OCTET_STRING: u8 = 0x04;
    pub(crate) const CONSTRUCTED_OCTET_STRING: u8 = 0x24;
    pub(crate) const NULL: u8 = 0x05;
    pub(crate) const OID: u8 = 0x06;
    pub(crate) const UTC_TIME: u8 = 0x17;
    pub(crate) const GENERALIZED_TIME: u8 = 0x18;
    pub(crate) const SEQUENCE: u8 = 0x30;
    pub(crate) const SET: u8 = 0x31;

    /// The identifier octet of a primitive `[number]`, number ≤ 30.
    pub(crate) const fn context(number: u8) -> u8 {
        0x80 | number
    }

    /// The identifier octet of a constructed `[number]`, number ≤ 30.
    pub(crate) const fn context_constructed(number: u8) -> u8 {
        0xA0 | number
    }

    /// Whether this octet says constructed.
    pub(crate) const fn is_constructed(tag: u8) -> bool {
        tag & 0x20 != 0
    }
}

coded! {
    /// What is wrong with an ASN.1 encoding (X.690).
    pub enum Asn1ErrorKind {
        /// A value, or its header, goes on beyond the end of what contains it.
        Truncated = "truncated",
            "the value goes on beyond the end of the data",
            "il valore continua oltre la fine dei dati";
        /// A length that X.690 §8.1.3 does not allow.
        BadLength = "bad-length",
            "the length is not a lawful one",
            "la lunghezza non è ammessa";
        /// A length beyond what this machine can address.
        LengthTooLarge = "length-too-large",
            "the length is larger than memory",
            "la lunghezza supera la memoria";
        /// An indefinite length where DER is demanded.
        IndefiniteLength = "indefinite-length",
            "the length is indefinite where DER is demanded",
            "la lunghezza è indefinita dove è richiesto il DER";
        /// A length in more octets than needed, where DER is demanded.
        LengthNotMinimal = "length-not-minimal",
            "the length takes more octets than needed where DER is demanded",
            "la lunghezza occupa più ottetti del necessario dove è richiesto il DER";
        /// A tag number above 30.
        HighTag = "high-tag",
            "the tag number is above 30",
            "il numero del tag supera 30";
        /// The end-of-contents octets where no value of indefinite length is open.
        StrayEndOfContents = "stray-end-of-contents",
            "end-of-contents octets stand where a value should",
            "la marca di fine contenuto sta al posto di un valore";
        /// Another type than the one due here.
        UnexpectedTag = "unexpected-tag",
            "the value is of another type than the one due",
            "il valore è di un tipo diverso da quello dovuto";
        /// Values nested beyond the limit.
        TooDeep = "too-deep",
            "values are nested too deeply",
            "i valori sono annidati troppo profondamente";
        /// Bytes after the last value due.
        TrailingBytes = "trailing-bytes",
            "bytes follow the last value due",
            "altri byte seguono l'ultimo valore dovuto";
        /// An INTEGER without octets, in more octets than needed, negative where it must not be, or too large.
        BadInteger = "bad-integer",
            "the integer is malformed or out of range",
            "il numero intero è malformato o fuori dai limiti";
        /// A BOOLEAN that is not one octet, in DER 00 or FF.
        BadBoolean = "bad-boolean",
            "the boolean is malformed",
            "il valore booleano è malformato";
        /// A BIT STRING whose count of unused bits is wrong.
        BadBitString = "bad-bit-string",
            "the bit string is malformed",
            "la stringa di bit è malformata";
        /// A NULL with content.
        BadNull = "bad-null",
            "the null is malformed",
            "il valore nullo è malformato";
        /// An OBJECT IDENTIFIER that is empty or cut short.
        BadOid = "bad-oid",
            "the object identifier is malformed",
            "l'identificatore di oggetto è malformato";
        /// A time in another form than RFC 5280 §4.1.2.5 prescribes, or one that does not exist.
        BadTime = "bad-time",
            "the time is malformed or does not exist",
            "la data e ora è malformata o non esiste";
    }
}

/// What is wrong, and at which offset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Asn1Error {
    pub(crate) kind: Asn1ErrorKind,
    pub(crate) offset: usize,
}

impl fmt::Display for Asn1Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (offset {})", self.kind, self.offset)
    }
}

impl core::error::Error for Asn1Error {}

/// Which encoding is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rules {
    /// The basic rules: indefinite and wasteful lengths are fine.
    Ber,
    /// The distinguished rules: one encoding of each value.
    Der,
}

/// Steps over the values of one level.
#[derive(Debug, Clone)]
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
    offset: usize,
    rules: Rules,
    room: usize,
}

impl<'a> Reader<'a> {
    /// Reads `input`, whose first byte is at `offset` for the purpose of errors. `depth` levels of values are taken, the first one included.
    pub(crate) fn new(input: &'a [u8], offset: usize, rules: Rules, depth: usize) -> Self {
        Self { rest: input, offset, rules, room: depth }
    }

    /// Reads DER from offset 0, in [`DEPTH`] levels.
    pub(crate) fn der(input: &'a [u8]) -> Self {
        Self::new(input, 0, Rules::Der, DEPTH)
    }

    /// The offset of the next value.
    pub(crate) fn offset(&self) -> usize {
        self.offset
    }

    /// What has not been read yet.
    pub(crate) fn remaining(&self) -> &'a [u8] {
        self.rest
    }

    /// Whether everything was read.
    pub(crate) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// The identifier octet of the next value.
    pub(crate) fn peek(&self) -> Option<u8> {
        self.rest.first().copied()
    }

    /// An error at the next value.
    pub(crate) fn error(&self, kind: Asn1ErrorKind) -> Asn1Error {
        Asn1Error { kind, offset: self.offset }
    }

    /// The next value, whatever it is.
    pub(crate) fn read(&mut self) -> Result<Value<'a>, Asn1Error> {
        let Some(room) = self.room.checked_sub(1) else { return Err(self.error(Asn1ErrorKind::TooDeep)) };
        let header = Header::parse(self.rest, self.rules).map_err(|kind| self.error(kind))?;
        let Some((_, body)) = self.rest.split_at_checked(header.octets) else { return Err(self.error(Asn1ErrorKind::Truncated)) };
        let (content_len, trailer_len) = match header.length {
            Length::Definite(n) => (n, 0_usize),
            Length::Indefinite => {
                let base = self.offset.saturating_add(header.octets);
                (indefinite_end(body, room).map_err(|(kind, at)| Asn1Error { kind, offset: base.saturating_add(at) })?, 2)
            }
        };
        let Some(content) = body.get(..content_len) else { return Err(self.error(Asn1ErrorKind::Truncated)) };
        // None of these sums can overflow: each is the length of a prefix of `rest`.
        let whole_len = header.octets.saturating_add(content_len).saturating_add(trailer_len);
        let Some((whole, rest)) = self.rest.split_at_checked(whole_len) else { return Err(self.error(Asn1ErrorKind::Truncated)) };
        let value = Value { tag: header.tag, content, whole, offset: self.offset, header_len: header.octets, rules: self.rules, room };
        self.rest = rest;
        self.offset = self.offset.saturating_add(whole_len);
        Ok(value)
    }

    /// The next value, which must have this identifier octet.
    pub(crate) fn expect(&mut self, tag: u8) -> Result<Value<'a>, Asn1Error> {
        match self.peek() {
            Some(found) if found == tag => self.read(),
            Some(_) => Err(self.error(Asn1ErrorKind::UnexpectedTag)),
            None => Err(self.error(Asn1ErrorKind::Truncated)),
        }
    }

    /// The next value if it has this identifier octet.
    pub(crate) fn optional(&mut self, tag: u8) -> Result<Option<Value<'a>>, Asn1Error> {
        if self.peek() == Some(tag) { self.read().map(Some) } else { Ok(None) }
    }

    /// Nothing may follow.
    pub(crate) fn finish(&self) -> Result<(), Asn1Error> {
        if self.is_empty() { Ok(()) } else { Err(self.error(Asn1ErrorKind::TrailingBytes)) }
    }

    /// The members of the next value, a SEQUENCE.
    pub(crate) fn sequence(&mut self) -> Result<Self, Asn1Error> {
        Ok(self.expect(tag::SEQUENCE)?.reader())
    }

    /// The content octets of the next value, an OBJECT IDENTIFIER.
    pub(crate) fn oid(&mut self) -> Result<&'a [u8], Asn1Error> {
        self.expect(tag::OID)?.oid()
    }
}

/// One value: where it is and what it holds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Value<'a> {
    /// The identifier octet.
    pub(crate) tag: u8,
    /// The content octets, without end-of-contents octets.
    pub(crate) content: &'a [u8],
    /// Header, content and, for an indefinite length, end-of-contents octets.
    pub(crate) whole: &'a [u8],
    /// The offset of the header.
    pub(crate) offset: usize,
    header_len: usize,
    rules: Rules,
    room: usize,
}

impl<'a> Value<'a> {
    /// Reads the content as values, by the rules that this value was read by.
    pub(crate) fn reader(&self) -> Reader<'a> {
        self.reader_as(self.rules)
    }

    /// Reads the content as values, by these rules.
    pub(crate) fn reader_as(&self, rules: Rules) -> Reader<'a> {
        Reader::new(self.content, self.content_offset(), rules, self.room)
    }

    /// The offset of the content.
    pub(crate) fn content_offset(&self) -> usize {
        self.offset.saturating_add(self.header_len)
    }

    /// An error at this value.
    pub(crate) fn error(&self, kind: Asn1ErrorKind) -> Asn1Error {
        Asn1Error { kind, offset: self.offset }
    }

    /// The octets of an INTEGER in two's complement: at least one, no more than needed.
    pub(crate) fn integer(&self) -> Result<&'a [u8], Asn1Error> {
        match self.content {
            [] => Err(self.error(Asn1ErrorKind::BadInteger)),
            [0x00, second, ..] if *second < 0x80 => Err(self.error(Asn1ErrorKind::BadInteger)),
            [0xFF, second, ..] if *second >= 0x80 => Err(self.error(Asn1ErrorKind::BadInteger)),
            octets => Ok(octets),
        }
    }

    /// The magnitude of an INTEGER that must not be negative, big-endian, without leading zeros: empty for 0.
    pub(crate) fn unsigned(&self) -> Result<&'a [u8], Asn1Error> {
        match self.integer()? {
            [0, magnitude @ ..] => Ok(magnitude),
            [first, ..] if *first >= 0x80 => Err(self.error(Asn1ErrorKind::BadInteger)),
            octets => Ok(octets),
        }
    }

    /// An INTEGER from 0 to 2^64 − 1.
    pub(crate) fn small(&self) -> Result<u64, Asn1Error> {
        let magnitude = self.unsigned()?;
        if magnitude.len() > 8 {
            return Err(self.error(Asn1ErrorKind::BadInteger));
        }
        Ok(magnitude.iter().fold(0, |n, octet| (n << 8) | u64::from(*octet)))
    }

    /// A BOOLEAN. BER takes any octet but 0 as true, DER only FF.
    pub(crate) fn boolean(&self) -> Result<bool, Asn1Error> {
        match (self.content, self.rules) {
            ([0], _) => Ok(false),
            ([0xFF], _) | ([_], Rules::Ber) => Ok(true),
            _ => Err(self.error(Asn1ErrorKind::BadBoolean)),
        }
    }

    /// The octets of a primitive BIT STRING and how many of the last one's low bits are unused.
    pub(crate) fn bit_string(&self) -> Result<BitString<'a>, Asn1Error> {
        let bad = || self.error(Asn1ErrorKind::BadBitString);
        let (&unused, octets) = self.content.split_first().ok_or_else(bad)?;
        let last = octets.last().copied().unwrap_or(0);
        let clear = match unused {
            0 => true,
            1..=7 => !octets.is_empty() && (self.rules == Rules::Ber || last.trailing_zeros() >= u32::from(unused)),
            _ => false,
        };
        if clear { Ok(BitString { octets, unused }) } else { Err(bad()) }
    }

    /// A NULL.
    pub(crate) fn null(&self) -> Result<(), Asn1Error> {
        if self.content.is_empty() { Ok(()) } else { Err(self.error(Asn1ErrorKind::BadNull)) }
    }

    /// The content octets of an OBJECT IDENTIFIER, to be compared with known ones.
    pub(crate) fn oid(&self) -> Result<&'a [u8], Asn1Error> {
        match self.content.last() {
            Some(last) if *last < 0x80 => Ok(self.content),
            _ => Err(self.error(Asn1ErrorKind::BadOid)),
        }
    }

    /// A UTCTime or GeneralizedTime as RFC 5280 §4.1.2.5 writes them, in seconds since 1970-01-01T00:00:00Z.
    pub(crate) fn time(&self) -> Result<i64, Asn1Error> {
        let seconds = match self.tag {
            tag::UTC_TIME => utc_time(self.content),
            tag::GENERALIZED_TIME => generalized_time(self.content),
            _ => return Err(self.error(Asn1ErrorKind::UnexpectedTag)),
        };
        seconds.ok_or_else(|| self.error(Asn1ErrorKind::BadTime))
    }

    /// Every value below this one is in DER as far as headers go: definite, minimal lengths, all within their parents.
    pub(crate) fn check_der(&self) -> Result<(), Asn1Error> {
        let mut level = self.reader_as(Rules::Der);
        // The levels above that have something left.
        let mut above = Vec::new();
        loop {
            if level.is_empty() {
                let Some(next) = above.pop() else { return Ok(()) };
                level = next;
                continue;
            }
            let value = level.read()?;
            if tag::is_constructed(value.tag) {
                let left = core::mem::replace(&mut level, value.reader());
                if !left.is_empty() {
                    above.push(left);
                }
            }
        }
    }
}

/// The content of a BIT STRING.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BitString<'a> {
    pub(crate) octets: &'a [u8],
    pub(crate) unused: u8,
}

impl<'a> BitString<'a> {
    /// The octets, where the bits must fill them.
    pub(crate) fn whole_octets(self) -> Option<&'a [u8]> {
        (self.unused == 0).then_some(self.octets)
    }

    /// Whether the named bit, counted from the first, is there and set.
    pub(crate) fn bit(self, number: usize) -> bool {
        let mask = 0x80_u8 >> (number % 8);
        self.octets.get(number / 8).is_some_and(|octet| octet & mask != 0)
    }
}

/// An object identifier's content octets in dotted form (`1.2.840.113549`); in hexadecimal if they make no lawful one of usual size.
pub(crate) fn dotted(oid: &[u8]) -> Box<str> {
    let shown = oid.get(..64).unwrap_or(oid);
    if shown.len() < oid.len() {
        return hexadecimal(shown);
    }
    arcs(oid).unwrap_or_else(|| hexadecimal(shown))
}

fn hexadecimal(octets: &[u8]) -> Box<str> {
    octets.iter().map(|octet| format!("{octet:02x}")).collect::<String>().into()
}

/// X.690 §8.19: seven bits an octet, the last octet of each arc without the high bit; the first two arcs share a number.
fn arcs(oid: &[u8]) -> Option<Box<str>> {
    let (mut text, mut arc, mut open) = (String::new(), 0_u64, false);
    for octet in oid {
        arc = arc.checked_mul(0x80)?.checked_add(u64::from(octet & 0x7F))?;
        open = *octet >= 0x80;
        if open {
            continue;
        }
        if text.is_empty() {
            let root = (arc / 40).min(2);
            text = format!("{root}.{}", arc.checked_sub(root.checked_mul(40)?)?);
        } else {
            text.push('.');
            text.push_str(&arc.to_string());
        }
        arc = 0;
    }
    (!open && !text.is_empty()).then(|| text.into())
}

struct Header {
    tag: u8,
    octets: usize,
    length: Length,
}

enum Length {
    Definite(usize),
    Indefinite,
}

impl Header {
    fn parse(input: &[u8], rules: Rules) -> Result<Self, Asn1ErrorKind> {
        let (&tag, rest) = input.split_first().ok_or(Asn1ErrorKind::Truncated)?;
        if tag & 0x1F == 0x1F {
            return Err(Asn1ErrorKind::HighTag);
        }
        if tag == 0 {
            return Err(Asn1ErrorKind::StrayEndOfContents);
        }
        let (&first, rest) = rest.split_first().ok_or(Asn1ErrorKind::Truncated)?;
        match first {
            0..0x80 => Ok(Self { tag, octets: 2, length: Length::Definite(usize::from(first)) }),
            0x80 if rules == Rules::Der => Err(Asn1ErrorKind::IndefiniteLength),
            0x80 if !tag::is_constructed(tag) => Err(Asn1ErrorKind::BadLength),
            0x80 => Ok(Self { tag, octets: 2, length: Length::Indefinite }),
            0xFF => Err(Asn1ErrorKind::BadLength),
            _ => {
                let count = usize::from(first & 0x7F);
                let octets = rest.get(..count).ok_or(Asn1ErrorKind::Truncated)?;
                let length = octets
                    .iter()
                    .try_fold(0_usize, |n, octet| n.checked_mul(0x100)?.checked_add(usize::from(*octet)))
                    .ok_or(Asn1ErrorKind::LengthTooLarge)?;
                if rules == Rules::Der && (length < 0x80 || octets.first() == Some(&0)) {
                    return Err(Asn1ErrorKind::LengthNotMinimal);
                }
                Ok(Self { tag, octets: count.saturating_add(2), length: Length::Definite(length) })
            }
        }
    }
}

/// Where the content of a value of indefinite length ends. `room` levels may be open inside it. Definite members are stepped over whole.
fn indefinite_end(body: &[u8], room: usize) -> Result<usize, (Asn1ErrorKind, usize)> {
    let mut open = 0_usize;
    let mut at = 0_usize;
    loop {
        let rest = body.get(at..).ok_or((Asn1ErrorKind::Truncated, at))?;
        if rest.starts_with(&[0, 0]) {
            let Some(still_open) = open.checked_sub(1) else { return Ok(at) };
            open = still_open;
            at = at.saturating_add(2);
            continue;
        }
        if open >= room {
            return Err((Asn1ErrorKind::TooDeep, at));
        }
        let header = Header::parse(rest, Rules::Ber).map_err(|kind| (kind, at))?;
        let step = match header.length {
            Length::Definite(n) => header.octets.saturating_add(n),
            Length::Indefinite => {
                open = open.saturating_add(1);
                header.octets
            }
        };
        if step > rest.len() {
            return Err((Asn1ErrorKind::Truncated, at));
        }
        at = at.saturating_add(step);
    }
}

/// `YYMMDDHHMMSSZ`; RFC 5280 §4.1.2.5.1 puts years 50 to 99 into the twentieth century.
fn utc_time(text: &[u8]) -> Option<i64> {
    let (year, rest) = text.split_first_chunk::<2>()?;
    let year = two_digits(*year)?;
    let century = if year >= 50 { 1900 } else { 2000 };
    seconds(year.checked_add(century)?, rest)
}

/// `YYYYMMDDHHMMSSZ`, without fractions (RFC 5280 §4.1.2.5.2). Year 0 is refused, as everywhere in this crate.
fn generalized_time(text: &[u8]) -> Option<i64> {
    let (&[a, b, c, d], rest) = text.split_first_chunk::<4>()?;
    let year = two_digits([a, b])?.checked_mul(100)?.checked_add(two_digits([c, d])?)?;
    if year == 0 { None } else { seconds(year, rest) }
}

fn two_digits(digits: [u8; 2]) -> Option<i64> {
    let digit = |c: u8| c.is_ascii_digit().then(|| i64::from(c & 0x0F));
    digit(digits[0])?.checked_mul(10)?.checked_add(digit(digits[1])?)
}

/// The seconds of a year and of `MMDDHHMMSSZ`. Second 60 is refused: X.680 §47 has no leap seconds in UTCTime.
#[expect(clippy::arithmetic_side_effects, reason = "the year has four digits, everything else two")]
fn seconds(year: i64, rest: &[u8]) -> Option<i64> {
    let &[m1, m2, d1, d2, h1, h2, i1, i2, s1, s2, b'Z'] = rest else { return None };
    let (month, day) = (two_digits([m1, m2])?, two_digits([d1, d2])?);
    let (hour, minute, second) = (two_digits([h1, h2])?, two_digits([i1, i2])?, two_digits([s1, s2])?);
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days_in_month = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 => 28 + i64::from(leap),
        _ => return None,
    };
    if !(1..=days_in_month).contains(&day) || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    // Years begin in March here, so that the day of a leap year comes last; day 0 is 0000-03-01, 719,468 days before 1970.
    let march_year = if month <= 2 { year - 1 } else { year };
    let march_month = (month + 9) % 12;
    let day_of_year = (153 * march_month + 2) / 5 + day - 1;
    let days =
        365 * march_year + march_year.div_euclid(4) - march_year.div_euclid(100) + march_year.div_euclid(400) + day_of_year - 719_468;
    Some(((days * 24 + hour) * 60 + minute) * 60 + second)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "tests may panic")]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn ber(bytes: &[u8]) -> Reader<'_> {
        Reader::new(bytes, 0, Rules::Ber, DEPTH)
    }

    fn kind(result: Result<Value<'_>, Asn1Error>) -> Asn1ErrorKind {
        result.unwrap_err().kind
    }

    #[test]
    fn r14_definite_and_indefinite_lengths() {
        let bytes = [0x30, 0x80, 0x04, 0x01, 0x00, 0x30, 0x80, 0x00, 0x00, 0x02, 0x01, 0x05, 0x00, 0x00, 0x05, 0x00];
        let mut reader = ber(&bytes);
        let outer = reader.read().unwrap();
        assert_eq!((outer.tag, outer.content.len(), outer.whole.len(), reader.offset()), (tag::SEQUENCE, 10, 14, 14));
        let mut inner = outer.reader();
        assert_eq!(inner.read().unwrap().content, [0]);
        let empty = inner.read().unwrap();
        assert_eq!((empty.offset, empty.content.len(), empty.whole.len()), (5, 0, 4));
        assert_eq!(inner.read().unwrap().small().unwrap(), 5);
        inner.finish().unwrap();
        reader.expect(tag::NULL).unwrap().null().unwrap();
        reader.finish().unwrap();
        assert_eq!(kind(Reader::der(&bytes).read()), Asn1ErrorKind::IndefiniteLength);
    }

    #[test]
    fn r32_lengths_are_checked() {
        for (bytes, expected) in [
            (&[][..], Asn1ErrorKind::Truncated),
            (&[0x30], Asn1ErrorKind::Truncated),
            (&[0x30, 0x01], Asn1ErrorKind::Truncated),
            (&[0x30, 0x84, 0xFF, 0xFF, 0xFF], Asn1ErrorKind::Truncated),
            (&[0x30, 0x84, 0xFF, 0xFF, 0xFF, 0xFF, 0x00], Asn1ErrorKind::Truncated),
            (&[0x30, 0x88, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x00], Asn1ErrorKind::Truncated),
            (&[0x30, 0x89, 0x01, 0, 0, 0, 0, 0, 0, 0, 0, 0x00], Asn1ErrorKind::LengthTooLarge),
            (&[0x30, 0xFF, 0x00], Asn1ErrorKind::BadLength),
            (&[0x04, 0x80, 0x00, 0x00], Asn1ErrorKind::BadLength),
            (&[0x30, 0x80, 0x00], Asn1ErrorKind::StrayEndOfContents),
            (&[0x30, 0x80], Asn1ErrorKind::Truncated),
            (&[0x00, 0x00], Asn1ErrorKind::StrayEndOfContents),
            (&[0x1F, 0x81, 0x00, 0x00], Asn1ErrorKind::HighTag),
        ] {
            assert_eq!(kind(ber(bytes).read()), expected, "{bytes:02x?}");
        }
        // Wasteful lengths are BER, not DER.
        for bytes in [&[0x04, 0x81, 0x01, 0x00][..], &[0x04, 0x8A, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0x00]] {
            assert_eq!(ber(bytes).read().unwrap().content, [0]);
            assert_eq!(kind(Reader::der(bytes).read()), Asn1ErrorKind::LengthNotMinimal);
        }
    }

    #[test]
    fn r14_depth_at_the_limit_and_beyond() {
        fn walk(bytes: &[u8], depth: usize) -> Result<usize, Asn1Error> {
            let mut reader = Reader::new(bytes, 0, Rules::Ber, depth);
            let mut levels = 0;
            while !reader.is_empty() {
                reader = reader.read()?.reader();
                levels += 1;
            }
            Ok(levels)
        }
        let indefinite = |n: usize| [[0x30, 0x80].repeat(n), [0x00, 0x00].repeat(n)].concat();
        assert_eq!(walk(&indefinite(16), 16), Ok(16));
        assert_eq!(walk(&indefinite(17), 16).unwrap_err().kind, Asn1ErrorKind::TooDeep);
        let definite =
            |n: usize| (0..n).fold(Vec::new(), |inner: Vec<u8>, _| [&[0x30, u8::try_from(inner.len()).unwrap()][..], &inner].concat());
        assert_eq!(walk(&definite(16), 16), Ok(16));
        assert_eq!(walk(&definite(17), 16).unwrap_err(), Asn1Error { kind: Asn1ErrorKind::TooDeep, offset: 32 });
    }

    /// Passes over every value, all levels.
    fn walk_all(bytes: &[u8]) -> usize {
        let mut levels = vec![ber(bytes)];
        let mut values = 0;
        while let Some(level) = levels.last_mut() {
            match level.read() {
                Ok(value) => {
                    values += 1;
                    if tag::is_constructed(value.tag) {
                        levels.push(value.reader());
                    }
                }
                Err(_) => {
                    levels.pop();
                }
            }
        }
        values
    }

    #[test]
    fn r31_a_mebibyte_of_hostile_headers_is_walked_in_linear_time() {
        let start = std::time::Instant::now();
        assert_eq!(walk_all(&[0x30, 0x80].repeat(1 << 19)), 0);
        // Fifteen levels around 260,000 empty indefinite values: each level looks for its end anew.
        let wide = [[0x30, 0x80].repeat(15), [0x30, 0x80, 0, 0].repeat(1 << 18), [0, 0].repeat(15)].concat();
        assert_eq!(walk_all(&wide), 15 + (1 << 18));
        // The same without an end anywhere.
        let open = [[0x30, 0x80].repeat(15), [0x30, 0x80, 0, 0].repeat(1 << 18)].concat();
        assert_eq!(walk_all(&open), 0);
        assert!(start.elapsed().as_secs() < 5, "{:?}", start.elapsed());
    }

    #[test]
    fn integers_booleans_bit_strings() {
        let integer = |bytes: &[u8]| Reader::der(bytes).expect(tag::INTEGER).unwrap().small().ok();
        assert_eq!(integer(&[2, 1, 0]), Some(0));
        assert_eq!(integer(&[2, 2, 0, 0x80]), Some(128));
        assert_eq!(integer(&[2, 9, 0, 255, 255, 255, 255, 255, 255, 255, 255]), Some(u64::MAX));
        for bad in [&[2, 0][..], &[2, 1, 0x80], &[2, 2, 0, 1], &[2, 2, 0xFF, 0x80], &[2, 9, 1, 0, 0, 0, 0, 0, 0, 0, 0]] {
            assert_eq!(integer(bad), None, "{bad:02x?}");
        }
        let boolean = |bytes: &[u8], rules| Reader::new(bytes, 0, rules, 1).read().unwrap().boolean().ok();
        assert_eq!(boolean(&[1, 1, 0xFF], Rules::Der), Some(true));
        assert_eq!(boolean(&[1, 1, 1], Rules::Der), None);
        assert_eq!(boolean(&[1, 1, 1], Rules::Ber), Some(true));
        assert_eq!(boolean(&[1, 2, 0, 0], Rules::Ber), None);
        let bits = |bytes: &'static [u8]| Reader::der(bytes).read().unwrap().bit_string().ok();
        let key_usage = bits(&[3, 2, 7, 0x80]).unwrap();
        assert!(key_usage.bit(0) && !key_usage.bit(1) && !key_usage.bit(9));
        assert_eq!(bits(&[3, 3, 0, 1, 2]).unwrap().whole_octets(), Some(&[1, 2][..]));
        for bad in [&[3, 0][..], &[3, 1, 1], &[3, 2, 8, 0], &[3, 2, 1, 1]] {
            assert_eq!(bits(bad), None, "{bad:02x?}");
        }
    }

    #[test]
    fn r26_times() {
        fn time(tag: u8, text: &str) -> Option<i64> {
            let bytes = [&[tag, u8::try_from(text.len()).unwrap()], text.as_bytes()].concat();
            Reader::der(&bytes).read().unwrap().time().ok()
        }
        for (text, expected) in [
            ("700101000000Z", Some(0)),
            ("250525081010Z", Some(1_748_160_610)),
            ("491231235959Z", Some(2_524_607_999)),
            ("500101000000Z", Some(-631_152_000)),
            ("240229000000Z", Some(1_709_164_800)),
            ("230229000000Z", None),
            ("250231000000Z", None),
            ("251301000000Z", None),
            ("250001000000Z", None),
            ("250100000000Z", None),
            ("250101240000Z", None),
            ("250101006000Z", None),
            ("250101000060Z", None),
            ("2501010000Z", None),
            ("250101000000+0100", None),
            ("250101000000", None),
            ("25010100000 Z", None),
        ] {
            assert_eq!(time(tag::UTC_TIME, text), expected, "{text}");
        }
        for (text, expected) in [
            ("19700101000000Z", Some(0)),
            ("00010101000000Z", Some(-62_135_596_800)),
            ("99991231235959Z", Some(253_402_300_799)),
            ("20000229000000Z", Some(951_782_400)),
            ("19000229000000Z", None),
            ("00000101000000Z", None),
            ("20250101000000.5Z", None),
            ("250101000000Z", None),
        ] {
            assert_eq!(time(tag::GENERALIZED_TIME, text), expected, "{text}");
        }
    }

    #[test]
    fn object_identifiers_are_named() {
        assert_eq!(&*dotted(&[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x07, 0x01]), "1.2.840.113549.1.7.1");
        assert_eq!(&*dotted(&[0x80]), "80");
        for (octets, text) in [
            (&[0x2A][..], "1.2"),
            (&[0x2A, 0x03], "1.2.3"),
            (&[0x00], "0.0"),
            (&[0x27, 0x7F], "0.39.127"),
            (&[0x88, 0x37, 0x81, 0x00], "2.999.128"),
            (&[0x55, 0x04, 0x03], "2.5.4.3"),
            (&[], ""),
            (&[0x2A, 0x81], "2a81"),
        ] {
            assert_eq!(&*dotted(octets), text);
        }
        assert_eq!(dotted(&[0x81; 10_000]).len(), 128);
        assert!(dotted(&[0x01; 64]).len() <= 256);
        assert_eq!(Reader::der(&[6, 0]).oid().unwrap_err().kind, Asn1ErrorKind::BadOid);
        assert_eq!(Reader::der(&[6, 1, 0x80]).oid().unwrap_err().kind, Asn1ErrorKind::BadOid);
    }

    proptest! {
        #[test]
        fn r31_arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..512)) {
            walk_all(&bytes);
            for rules in [Rules::Ber, Rules::Der] {
                if let Ok(value) = Reader::new(&bytes, 0, rules, DEPTH).read() {
                    prop_assert!(value.whole.len() <= bytes.len());
                    let _ = (value.integer(), value.unsigned(), value.small(), value.boolean(), value.bit_string(), value.oid(), value.time());
                    let _ = value.check_der();
                }
            }
        }

        #[test]
        fn times_are_ordered_by_day(days in 0_i64..3_652_000, second in 0_i64..86_399) {
            // Every instant has one text, made here by counting, read back the same.
            let instant = -62_135_596_800 + days * 86_400 + second;
            let (mut year, mut left) = (1, days);
            let leap = |y: i64| y % 4 == 0 && (y % 100 != 0 || y % 400 == 0);
            while left >= 365 + i64::from(leap(year)) {
                left -= 365 + i64::from(leap(year));
                year += 1;
            }
            let mut month = 0;
            let lengths = [31, 28 + i64::from(leap(year)), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
            while left >= lengths[month] {
                left -= lengths[month];
                month += 1;
            }
            let text = format!("{year:04}{:02}{:02}{:02}{:02}{:02}Z", month + 1, left + 1, second / 3600, second / 60 % 60, second % 60);
            prop_assert_eq!(generalized_time(text.as_bytes()), Some(instant), "{}", text);
        }
    }
}
