//! Distinguished names: how they read, and when two of them are the same (RFC 4514, RFC 5280 §7.1).

use super::read::{Malformed, Named as _, hex, unexpected};
use crate::asn1::{Value, dotted, tag};

/// What is known of a distinguished name.
#[derive(Debug)]
pub(super) struct Name {
    /// As RFC 4514 writes it: the last relative name first.
    pub(super) text: Box<str>,
    /// A form in which equal names are equal octets, and a name that begins with another's relative names begins with its octets.
    pub(super) key: Box<[u8]>,
    pub(super) common_names: Vec<Box<str>>,
    pub(super) organizations: Vec<Box<str>>,
    /// The values of `emailAddress` and `mail`, which RFC 6109 §5.5.1 does not want there.
    pub(super) emails: Vec<Box<str>>,
}

const COMMON_NAME: &[u8] = &[0x55, 4, 3];
const ORGANIZATION: &[u8] = &[0x55, 4, 10];
/// `emailAddress` of PKCS #9.
const EMAIL_ADDRESS: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 1];
/// `mail` of RFC 4524.
const MAIL: &[u8] = &[0x09, 0x92, 0x26, 0x89, 0x93, 0xf2, 0x2c, 0x64, 1, 3];

/// Short names: those of RFC 4514 §3, and of what Italian certificates carry besides.
const SHORT: &[(&[u8], &str)] = &[
    (COMMON_NAME, "CN"),
    (&[0x55, 4, 4], "surname"),
    (&[0x55, 4, 5], "serialNumber"),
    (&[0x55, 4, 6], "C"),
    (&[0x55, 4, 7], "L"),
    (&[0x55, 4, 8], "ST"),
    (&[0x55, 4, 9], "STREET"),
    (ORGANIZATION, "O"),
    (&[0x55, 4, 11], "OU"),
    (&[0x55, 4, 12], "title"),
    (&[0x55, 4, 13], "description"),
    (&[0x55, 4, 17], "postalCode"),
    (&[0x55, 4, 42], "givenName"),
    (&[0x55, 4, 43], "initials"),
    (&[0x55, 4, 46], "dnQualifier"),
    (&[0x55, 4, 65], "pseudonym"),
    (&[0x55, 4, 97], "organizationIdentifier"),
    (&[0x09, 0x92, 0x26, 0x89, 0x93, 0xf2, 0x2c, 0x64, 1, 1], "UID"),
    (&[0x09, 0x92, 0x26, 0x89, 0x93, 0xf2, 0x2c, 0x64, 1, 25], "DC"),
    (MAIL, "mail"),
    (EMAIL_ADDRESS, "emailAddress"),
];

impl Name {
    /// Reads a `Name` (a `SEQUENCE` of relative names).
    pub(super) fn read(name: Value<'_>) -> Result<Self, Malformed> {
        if name.tag != tag::SEQUENCE {
            return Err(unexpected(&name, "name"));
        }
        let mut read =
            Self { text: Box::default(), key: Box::default(), common_names: Vec::new(), organizations: Vec::new(), emails: Vec::new() };
        let mut texts = Vec::new();
        let mut key = Vec::with_capacity(name.content.len());
        let mut relative_names = name.reader();
        while !relative_names.is_empty() {
            let relative = relative_names.expect(tag::SET).named("relative name")?;
            let (text, relative_key) = read.relative(relative)?;
            texts.push(text);
            push_counted(&mut key, &relative_key);
        }
        texts.reverse();
        read.text = texts.join(",").into();
        read.key = key.into();
        Ok(read)
    }

    fn relative(&mut self, relative: Value<'_>) -> Result<(String, Vec<u8>), Malformed> {
        let mut text = String::new();
        let mut keys = Vec::new();
        let mut attributes = relative.reader();
        if attributes.is_empty() {
            return Err(unexpected(&relative, "relative name"));
        }
        while !attributes.is_empty() {
            let attribute = attributes.expect(tag::SEQUENCE).named("attribute of a name")?;
            let mut fields = attribute.reader();
            let oid = fields.expect(tag::OID).named("type of an attribute")?.content;
            let value = fields.read().named("value of an attribute")?;
            fields.finish().named("attribute of a name")?;
            let string = string(value);
            if !text.is_empty() {
                text.push('+');
            }
            write_attribute(&mut text, oid, string.as_deref(), value.whole);
            keys.push(attribute_key(oid, string.as_deref(), value.whole));
            if let Some(string) = string {
                match oid {
                    COMMON_NAME => self.common_names.push(string.into()),
                    ORGANIZATION => self.organizations.push(string.into()),
                    EMAIL_ADDRESS | MAIL => self.emails.push(string.into()),
                    _ => {}
                }
            }
        }
        keys.sort_unstable(); // the order within a SET says nothing
        Ok((text, keys.concat()))
    }
}

const UTF8_STRING: u8 = 0x0c;
const NUMERIC_STRING: u8 = 0x12;
const PRINTABLE_STRING: u8 = 0x13;
const TELETEX_STRING: u8 = 0x14;
const IA5_STRING: u8 = 0x16;
const VISIBLE_STRING: u8 = 0x1a;
const UNIVERSAL_STRING: u8 = 0x1c;
const BMP_STRING: u8 = 0x1e;

/// The text of a string value; none for what is no string, or not well-formed.
fn string(value: Value<'_>) -> Option<String> {
    match value.tag {
        UTF8_STRING => core::str::from_utf8(value.content).ok().map(str::to_owned),
        PRINTABLE_STRING | IA5_STRING | NUMERIC_STRING | VISIBLE_STRING => {
            value.content.is_ascii().then(|| value.content.iter().map(|octet| char::from(*octet)).collect())
        }
        // T.61 is read as Latin-1, as everybody writes it.
        TELETEX_STRING => Some(value.content.iter().map(|octet| char::from(*octet)).collect()),
        BMP_STRING => {
            let (units, []) = value.content.as_chunks::<2>() else { return None };
            char::decode_utf16(units.iter().map(|unit| u16::from_be_bytes(*unit))).collect::<Result<_, _>>().ok()
        }
        UNIVERSAL_STRING => {
            let (units, []) = value.content.as_chunks::<4>() else { return None };
            units.iter().map(|unit| char::from_u32(u32::from_be_bytes(*unit))).collect()
        }
        _ => None,
    }
}

fn write_attribute(text: &mut String, oid: &[u8], string: Option<&str>, whole: &[u8]) {
    let short = SHORT.iter().find(|(known, _)| *known == oid);
    match short {
        Some((_, short)) => text.push_str(short),
        None => text.push_str(&dotted(oid)),
    }
    text.push('=');
    match string {
        Some(string) if short.is_some() => escape(text, string),
        _ => {
            text.push('#');
            text.push_str(&hex(whole));
        }
    }
}

/// Writes a value so that nothing in it can be taken for another attribute, and nothing in it is invisible or turns the line around.
fn escape(text: &mut String, value: &str) {
    let last = value.chars().count().saturating_sub(1);
    for (index, character) in value.chars().enumerate() {
        let at_the_edge = index == 0 || index == last;
        match character {
            ',' | '+' | '"' | '\\' | '<' | '>' | ';' | '=' => {
                text.push('\\');
                text.push(character);
            }
            '#' if index == 0 => text.push_str("\\#"),
            ' ' if at_the_edge => text.push_str("\\ "),
            _ if is_invisible(character) => {
                let mut octets = [0; 4];
                for octet in character.encode_utf8(&mut octets).bytes() {
                    text.push('\\');
                    text.push_str(&hex(&[octet]));
                }
            }
            _ => text.push(character),
        }
    }
}

/// Controls, and the format characters that hide or reorder text.
fn is_invisible(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// An attribute in the form that is compared: strings whatever their type, ASCII letters in lower case, white space folded (RFC 5280 §7.1,
/// in the measure of it that OpenSSL compares by); anything else as it stands.
fn attribute_key(oid: &[u8], string: Option<&str>, whole: &[u8]) -> Vec<u8> {
    let mut key = Vec::with_capacity(whole.len().saturating_add(oid.len()).saturating_add(17));
    push_counted(&mut key, oid);
    match string {
        Some(string) => {
            key.push(1);
            let folded = string.split_ascii_whitespace().collect::<Vec<_>>().join(" ").to_ascii_lowercase();
            push_counted(&mut key, folded.as_bytes());
        }
        None => {
            key.push(0);
            push_counted(&mut key, whole);
        }
    }
    key
}

fn push_counted(key: &mut Vec<u8>, octets: &[u8]) {
    key.extend_from_slice(&(octets.len() as u64).to_be_bytes());
    key.extend_from_slice(octets);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::asn1::Reader;

    /// OID content, tag, value.
    type Attribute<'a> = (&'a [u8], u8, &'a [u8]);

    /// A name of relative names, each of attributes.
    fn name(relatives: &[&[Attribute<'_>]]) -> Name {
        let wrap = |tag: u8, content: &[u8]| [&[tag, u8::try_from(content.len()).unwrap()], content].concat();
        let content: Vec<u8> = relatives
            .iter()
            .flat_map(|attributes| {
                let inside: Vec<u8> =
                    attributes.iter().flat_map(|(oid, tag, value)| wrap(0x30, &[wrap(6, oid), wrap(*tag, value)].concat())).collect();
                wrap(0x31, &inside)
            })
            .collect();
        let der = wrap(0x30, &content);
        Name::read(Reader::der(&der).read().named("name").unwrap()).unwrap()
    }

    const C: &[u8] = &[0x55, 4, 6];

    #[test]
    fn names_read_as_rfc_4514_writes_them() {
        let plain =
            name(&[&[(C, 0x13, b"IT")], &[(ORGANIZATION, 0x0c, b"Gestore Uno PEC S.p.A.")], &[(COMMON_NAME, 0x0c, b"Posta Certificata")]]);
        assert_eq!(&*plain.text, "CN=Posta Certificata,O=Gestore Uno PEC S.p.A.,C=IT");
        assert_eq!(plain.organizations, ["Gestore Uno PEC S.p.A.".into()]);
        assert_eq!(&*name(&[&[(COMMON_NAME, 0x0c, b" #a,O=b\\ ")]]).text, "CN=\\ #a\\,O\\=b\\\\\\ ");
        assert_eq!(&*name(&[&[(COMMON_NAME, 0x0c, b"# ")]]).text, "CN=\\#\\ ");
        assert_eq!(&*name(&[&[(COMMON_NAME, 0x0c, "a\0\u{202e}b".as_bytes())]]).text, "CN=a\\00\\e2\\80\\aeb");
        assert_eq!(&*name(&[&[(COMMON_NAME, 0x14, b"citt\xe0")]]).text, "CN=città");
        assert_eq!(&*name(&[&[(COMMON_NAME, 0x1e, &[0, b'a', 0x20, 0xac])]]).text, "CN=a€");
        assert_eq!(&*name(&[&[(COMMON_NAME, 0x0c, &[0xff])]]).text, "CN=#0c01ff");
        assert_eq!(&*name(&[&[(&[0x2a, 3], 0x0c, b"x")]]).text, "1.2.3=#0c0178");
        assert_eq!(&*name(&[&[(COMMON_NAME, 0x0c, b"x"), (C, 0x13, b"IT")]]).text, "CN=x+C=IT");
        assert_eq!(&*name(&[]).text, "");
    }

    #[test]
    fn names_compare_without_case_type_and_space() {
        let one = name(&[&[(C, 0x13, b"IT")], &[(ORGANIZATION, 0x13, b"  Acme   PEC ")]]);
        let two = name(&[&[(C, 0x0c, b"it")], &[(ORGANIZATION, 0x0c, b"ACME Pec")]]);
        assert_eq!(one.key, two.key);
        let longer = name(&[&[(C, 0x13, b"IT")], &[(ORGANIZATION, 0x13, b"Acme PEC")], &[(COMMON_NAME, 0x13, b"x")]]);
        assert!(longer.key.starts_with(&one.key));
        let other = name(&[&[(C, 0x13, b"IT")], &[(ORGANIZATION, 0x13, b"Acme PECx")]]);
        assert!(!other.key.starts_with(&one.key));
        assert_ne!(
            name(&[&[(COMMON_NAME, 0x0c, b"a"), (C, 0x0c, b"b")]]).key,
            name(&[&[(COMMON_NAME, 0x0c, b"a")], &[(C, 0x0c, b"b")]]).key
        );
        assert_eq!(name(&[&[(COMMON_NAME, 0x0c, b"a"), (C, 0x0c, b"b")]]).key, name(&[&[(C, 0x0c, b"b"), (COMMON_NAME, 0x0c, b"a")]]).key);
    }

    #[test]
    fn malformed_names_are_refused() {
        for der in [
            &[0x30, 2, 0x31, 0][..],
            &[0x30, 2, 0x30, 0],
            &[0x31, 0],
            &[0x30, 4, 0x31, 2, 0x30, 0],
            &[0x30, 7, 0x31, 5, 0x30, 3, 6, 1, 0x2a],
        ] {
            assert!(Name::read(Reader::der(der).read().named("name").unwrap()).is_err(), "{der:?}");
        }
    }
}
