//! Distinguished names of a directory's records (RFC 4514; RFC 6109 §4.5 says which there are).

/// What a record's name says of it.
#[derive(Debug, PartialEq, Eq, Default)]
pub(super) struct RecordName {
    /// The value of `providerName`.
    pub(super) provider: Option<String>,
    /// The value of `providerUnit`.
    pub(super) unit: Option<String>,
    /// Whether it ends where the directory's base root is: `o=postacert`.
    pub(super) in_directory: bool,
    /// Whether it has other parts, or these in another order.
    pub(super) unusual: bool,
}

impl RecordName {
    /// `None`: the text is no distinguished name.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut name = Self::default();
        let mut rest = text.as_bytes();
        loop {
            let Part { kind, value, after } = part(rest)?;
            // The unit comes first, then the provider, then the root: anything else is unusual, yet may be told.
            let is = |s: &str| kind.eq_ignore_ascii_case(s.as_bytes());
            let root = is("o") && value.eq_ignore_ascii_case("postacert");
            name.unusual |= name.in_directory;
            name.in_directory = root;
            // RFC 6109 §4.5.7 prints `providerUnits`.
            if is("providerUnit") || is("providerUnits") {
                name.unusual |= name.unit.is_some() || name.provider.is_some();
                name.unit.get_or_insert(value);
            } else if is("providerName") {
                name.unusual |= name.provider.is_some();
                name.provider.get_or_insert(value);
            } else {
                name.unusual |= !root;
            }
            match after {
                None => break,
                Some(more) => rest = more,
            }
        }
        Some(name)
    }

    /// `o=postacert` itself.
    pub(super) fn is_base_root(&self) -> bool {
        self.in_directory && !self.unusual && self.provider.is_none() && self.unit.is_none()
    }
}

/// The form of a provider's or unit's name under which it is compared: without case and without blanks.
///
/// LDAP's `caseIgnoreMatch` makes one blank of several. Here blanks do not count at all: the second example of RFC 6109 §4.5.10
/// is folded so that `Anonymous Certified` loses its blank in one of two places.
pub(super) fn key(name: &str) -> String {
    name.chars().filter(|c| !c.is_whitespace()).flat_map(char::to_lowercase).collect()
}

/// The name of a main environment's record, or of a secondary one's.
pub(super) fn compose(provider: &str, unit: Option<&str>) -> String {
    match unit {
        None => format!("providerName={},o=postacert", escape(provider)),
        Some(unit) => format!("providerUnit={},providerName={},o=postacert", escape(unit), escape(provider)),
    }
}

/// One `type=value`, and what follows its comma.
struct Part<'t> {
    kind: &'t [u8],
    value: String,
    after: Option<&'t [u8]>,
}

fn part(text: &[u8]) -> Option<Part<'_>> {
    let equals = memchr::memchr(b'=', text)?;
    let (kind, rest) = text.split_at_checked(equals)?;
    let kind = kind.trim_ascii();
    if kind.is_empty() || !kind.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.')) {
        return None;
    }
    let mut rest = rest.get(1..)?.trim_ascii_start();
    let mut value = Vec::new();
    let mut quoted = false;
    // The blanks at the end do not count, unless they are quoted or escaped.
    let mut counted = 0;
    let after = loop {
        let Some((&byte, more)) = rest.split_first() else { break None };
        rest = more;
        match byte {
            b'"' => quoted = !quoted,
            b'\\' => {
                let (byte, more) = escaped(rest)?;
                value.push(byte);
                counted = value.len();
                rest = more;
                continue;
            }
            b',' | b';' if !quoted => break Some(rest),
            _ => value.push(byte),
        }
        if quoted || byte != b' ' {
            counted = value.len();
        }
    };
    if quoted {
        return None;
    }
    value.truncate(counted);
    Some(Part { kind, value: String::from_utf8(value).ok()?, after })
}

/// What follows a backslash: two hexadecimal digits, or the character itself.
fn escaped(text: &[u8]) -> Option<(u8, &[u8])> {
    if let [a, b, rest @ ..] = text
        && let (Some(a), Some(b)) = (char::from(*a).to_digit(16), char::from(*b).to_digit(16))
    {
        return Some((u8::try_from((a << 4) | b).ok()?, rest));
    }
    text.split_first().map(|(&byte, rest)| (byte, rest))
}

fn escape(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    let last = value.chars().count().saturating_sub(1);
    for (i, c) in value.chars().enumerate() {
        match c {
            '\0' => out.push_str("\\00"),
            ',' | '+' | '"' | '\\' | '<' | '>' | ';' | '=' => out.extend(['\\', c]),
            ' ' if i == 0 || i == last => out.push_str("\\ "),
            '#' if i == 0 => out.push_str("\\#"),
            _ => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(dn: &str) -> (Option<String>, Option<String>, bool, bool) {
        let n = RecordName::parse(dn).unwrap();
        (n.provider, n.unit, n.in_directory, n.unusual)
    }

    #[test]
    fn names_of_rfc_6109() {
        assert!(RecordName::parse("o=postacert").unwrap().is_base_root());
        assert!(RecordName::parse(" O = PostaCert ").unwrap().is_base_root());
        let some = |s: &str| Some(s.to_owned());
        assert_eq!(parsed("providerName=Postal Services S.p.A,o=postacert"), (some("Postal Services S.p.A"), None, true, false));
        assert_eq!(parsed("providerUnit=Unit, PROVIDERNAME=A B ,o=postacert"), (some("A B"), some("Unit"), true, false));
        assert_eq!(parsed("providerUnits=Unit,providerName=A,o=postacert"), (some("A"), some("Unit"), true, false));
    }

    #[test]
    fn escapes_and_quotes() {
        let name = |dn: &str| parsed(dn).0.unwrap();
        assert_eq!(name(r"providerName=A\, B\2c C\C3\A0\  ,o=postacert"), "A, B, Cà ");
        assert_eq!(name(r#"providerName="A, B " ,o=postacert"#), "A, B ");
        assert_eq!(name("providerName=A+B=C,o=postacert"), "A+B=C");
        assert_eq!(name("providerName=,o=postacert"), "");
    }

    #[test]
    fn unusual_and_malformed_names() {
        for dn in ["providerName=A", "providerName=A,o=other", "providerName=A,o=postacert,c=IT"] {
            let n = RecordName::parse(dn).unwrap();
            assert!(!n.in_directory && n.provider.as_deref() == Some("A") && !n.is_base_root(), "{dn}");
        }
        for dn in
            ["cn=x,providerName=A,o=postacert", "providerName=A,providerUnit=B,o=postacert", "providerName=A,providerName=B,o=postacert"]
        {
            assert!(RecordName::parse(dn).unwrap().unusual, "{dn}");
        }
        for dn in ["", "postacert", "=x", "a b=x", "o=\"x", "providerName=A\\", "providerName=\\ff,o=postacert", "o=postacert,"] {
            assert_eq!(RecordName::parse(dn), None, "{dn}");
        }
    }

    proptest::proptest! {
        #[test]
        fn a_composed_name_reads_back(provider: String, unit: Option<String>) {
            let read = RecordName::parse(&compose(&provider, unit.as_deref())).unwrap();
            proptest::prop_assert_eq!(read, RecordName { provider: Some(provider), unit, in_directory: true, unusual: false });
        }
    }

    #[test]
    fn keys_ignore_case_and_blanks() {
        assert_eq!(key("Anonymous  Certified Mail S.p.A."), key("anonymousCERTIFIED mail s.p.a."));
        assert_ne!(key("A"), key("B"));
    }
}
