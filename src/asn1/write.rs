//! Writing DER (X.690): a value is put together from the encodings of its members, innermost first.
//!
//! What is written here is small (a signature is a few thousand bytes, eight levels deep), so each level copies its members and nothing
//! is measured beforehand. Nothing can fail.

use const_oid::ObjectIdentifier;

use super::tag;

/// NULL.
pub(crate) const NULL: &[u8] = &[tag::NULL, 0];

/// A value with this identifier octet, whose content is these pieces one after the other.
pub(crate) fn value(tag: u8, content: &[&[u8]]) -> Vec<u8> {
    let length = content.iter().fold(0usize, |sum, piece| sum.saturating_add(piece.len()));
    let mut out = Vec::with_capacity(length.saturating_add(10));
    out.push(tag);
    push_length(length, &mut out);
    content.iter().for_each(|piece| out.extend_from_slice(piece));
    out
}

/// A SEQUENCE of these members.
pub(crate) fn sequence(members: &[&[u8]]) -> Vec<u8> {
    value(tag::SEQUENCE, members)
}

/// A SET OF these members, or the same under another identifier octet: X.690 §11.6 puts their encodings in ascending order.
pub(crate) fn set_of(tag: u8, mut members: Vec<Vec<u8>>) -> Vec<u8> {
    members.sort_unstable();
    value(tag, &members.iter().map(Vec::as_slice).collect::<Vec<_>>())
}

/// An OBJECT IDENTIFIER.
pub(crate) fn oid(oid: ObjectIdentifier) -> Vec<u8> {
    value(tag::OID, &[oid.as_bytes()])
}

/// An INTEGER that is not negative, from its big-endian magnitude, with or without zeros before it.
pub(crate) fn unsigned(magnitude: &[u8]) -> Vec<u8> {
    let zeros = magnitude.iter().take_while(|octet| **octet == 0).count();
    match magnitude.get(zeros..).unwrap_or_default() {
        significant @ [first, ..] if *first < 0x80 => value(tag::INTEGER, &[significant]),
        significant => value(tag::INTEGER, &[&[0], significant]),
    }
}

/// A BIT STRING of whole octets: only keys need one.
#[cfg(any(feature = "rustcrypto", test))]
pub(crate) fn bit_string(octets: &[u8]) -> Vec<u8> {
    value(tag::BIT_STRING, &[&[0], octets])
}

/// X.690 §8.1.3 in the minimal form of §10.1.
fn push_length(length: usize, out: &mut Vec<u8>) {
    let octets = length.to_be_bytes();
    let zeros = octets.iter().take_while(|octet| **octet == 0).count();
    match octets.get(zeros..).unwrap_or_default() {
        [] => out.push(0),
        [one] if *one < 0x80 => out.push(*one),
        several => {
            // At most eight octets.
            out.push(0x80 | u8::try_from(several.len()).unwrap_or(0));
            out.extend_from_slice(several);
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "tests may panic")]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::asn1::Reader;

    #[test]
    fn lengths_are_minimal() {
        for (length, header) in [
            (0, &[0x30, 0][..]),
            (1, &[0x30, 1]),
            (127, &[0x30, 127]),
            (128, &[0x30, 0x81, 128]),
            (255, &[0x30, 0x81, 255]),
            (256, &[0x30, 0x82, 1, 0]),
            (65_536, &[0x30, 0x83, 1, 0, 0]),
        ] {
            let written = sequence(&[&vec![7; length]]);
            assert_eq!((&written[..header.len()], written.len() - header.len()), (header, length));
        }
    }

    #[test]
    fn integers_are_minimal_and_not_negative() {
        for (magnitude, written) in [
            (&[][..], &[2, 1, 0][..]),
            (&[0, 0], &[2, 1, 0]),
            (&[0x7F], &[2, 1, 0x7F]),
            (&[0, 0x80], &[2, 2, 0, 0x80]),
            (&[0, 0, 1, 0], &[2, 2, 1, 0]),
        ] {
            assert_eq!(unsigned(magnitude), written, "{magnitude:?}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(magnitude in prop::collection::vec(any::<u8>(), 0..40), others in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..300), 0..5)) {
            let octets: Vec<_> = others.iter().map(|octets| value(tag::OCTET_STRING, &[octets])).collect();
            let written = sequence(&[&unsigned(&magnitude), &bit_string(&magnitude), &set_of(tag::SET, octets.clone())]);
            let mut outer = Reader::der(&written);
            let mut members = outer.sequence().unwrap();
            outer.finish().unwrap();
            let significant: Vec<u8> = magnitude.iter().copied().skip_while(|octet| *octet == 0).collect();
            prop_assert_eq!(members.expect(tag::INTEGER).unwrap().unsigned().unwrap(), &significant[..]);
            prop_assert_eq!(members.expect(tag::BIT_STRING).unwrap().bit_string().unwrap().whole_octets(), Some(&magnitude[..]));
            let mut set = members.expect(tag::SET).unwrap().reader();
            members.finish().unwrap();
            let mut found = Vec::new();
            while !set.is_empty() {
                found.push(set.read().unwrap().whole.to_vec());
            }
            prop_assert!(found.is_sorted());
            found.sort();
            let mut octets = octets;
            octets.sort();
            prop_assert_eq!(found, octets);
        }
    }
}
