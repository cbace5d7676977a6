//! `Content-Type` and `Content-Disposition`: a value, then parameters (RFC 2045 §5.1, RFC 2183, RFC 2231).

#![warn(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use std::borrow::Cow;

use memchr::memchr;

use super::{body, words};

/// The type of an entity's content (RFC 2045 §5).
///
/// Where a parameter stands twice, or in two forms, the first is taken and a finding says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ContentType<'a> {
    kind: &'a [u8],
    subtype: &'a [u8],
    parameters: &'a [u8],
}

impl<'a> ContentType<'a> {
    /// What an entity is that does not say (RFC 2045 §5.2).
    pub(super) const TEXT: ContentType<'static> = ContentType { kind: b"text", subtype: b"plain", parameters: b"" };
    /// What a part of a multipart/digest is that does not say (RFC 2046 §5.1.5).
    pub(super) const MESSAGE: ContentType<'static> = ContentType { kind: b"message", subtype: b"rfc822", parameters: b"" };

    /// Reads the value of the field; `None` if it does not begin with `type "/" subtype`.
    pub(super) fn read(value: &'a [u8]) -> Option<Self> {
        let mut cursor = Cursor { input: value, at: 0, broken: false };
        cursor.skip_comments();
        let kind = cursor.token();
        cursor.skip_comments();
        if !cursor.take(b'/') {
            return None;
        }
        cursor.skip_comments();
        let subtype = cursor.token();
        if kind.is_empty() || subtype.is_empty() {
            return None;
        }
        Some(Self { kind, subtype, parameters: cursor.rest() })
    }

    /// The same type with the parameters of a value that could not be read: a part of no type may still have a name.
    pub(super) fn with_parameters_of(self, value: &'a [u8]) -> Self {
        Self { parameters: value, ..self }
    }

    /// The type before the slash, as written: `multipart`.
    #[must_use]
    pub fn kind(&self) -> &'a str {
        ascii(self.kind)
    }

    /// The subtype after the slash, as written: `signed`.
    #[must_use]
    pub fn subtype(&self) -> &'a str {
        ascii(self.subtype)
    }

    /// Whether this is the type, upper and lower case being the same: `is("multipart", "signed")`.
    #[must_use]
    pub fn is(&self, kind: &str, subtype: &str) -> bool {
        self.is_kind(kind) && self.subtype.eq_ignore_ascii_case(subtype.as_bytes())
    }

    /// Whether the type before the slash is this, upper and lower case being the same.
    #[must_use]
    pub fn is_kind(&self, kind: &str) -> bool {
        self.kind.eq_ignore_ascii_case(kind.as_bytes())
    }

    /// A parameter's value, decoded: quotes, continuations and character sets (RFC 2231), and the encoded words (RFC 2047) that
    /// do not belong here and are met everywhere.
    #[must_use]
    pub fn parameter(&self, name: &str) -> Option<Cow<'a, str>> {
        parameter(self.parameters, name).map(Value::text)
    }

    /// The `name` parameter: what the file was called.
    #[must_use]
    pub fn name(&self) -> Option<Cow<'a, str>> {
        self.parameter("name")
    }

    /// The `boundary` parameter of a multipart, without the blanks that it may not end with (RFC 2046 §5.1.1).
    #[must_use]
    pub fn boundary(&self) -> Option<Cow<'a, [u8]>> {
        parameter(self.parameters, "boundary").map(|value| match value.bytes {
            Cow::Borrowed(bytes) => Cow::Borrowed(bytes.trim_ascii_end()),
            Cow::Owned(mut bytes) => {
                bytes.truncate(bytes.trim_ascii_end().len());
                Cow::Owned(bytes)
            }
        })
    }

    pub(super) fn parameters(&self) -> &'a [u8] {
        self.parameters
    }
}

impl core::fmt::Display for ContentType<'_> {
    /// `type/subtype`, as written, without parameters.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{}/{}", self.kind(), self.subtype())
    }
}

/// How a part is meant to be shown (RFC 2183).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Disposition<'a> {
    kind: &'a [u8],
    parameters: &'a [u8],
}

impl<'a> Disposition<'a> {
    pub(super) fn read(value: &'a [u8]) -> Self {
        let mut cursor = Cursor { input: value, at: 0, broken: false };
        cursor.skip_comments();
        Self { kind: cursor.token(), parameters: cursor.rest() }
    }

    /// `inline`, `attachment` or another word, as written; empty if there is none.
    #[must_use]
    pub fn kind(&self) -> &'a str {
        ascii(self.kind)
    }

    /// Whether this is the disposition, upper and lower case being the same.
    #[must_use]
    pub fn is(&self, kind: &str) -> bool {
        self.kind.eq_ignore_ascii_case(kind.as_bytes())
    }

    /// A parameter's value, decoded as [`ContentType::parameter`] does.
    #[must_use]
    pub fn parameter(&self, name: &str) -> Option<Cow<'a, str>> {
        parameter(self.parameters, name).map(Value::text)
    }

    /// The `filename` parameter. It may hold anything, path separators included: never a path to write to.
    #[must_use]
    pub fn filename(&self) -> Option<Cow<'a, str>> {
        self.parameter("filename")
    }

    pub(super) fn parameters(&self) -> &'a [u8] {
        self.parameters
    }
}

/// What is ambiguous in the parameters of a field: at most one of each is named.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Flaws<'a> {
    /// A parameter that stands twice.
    pub(super) duplicate: Option<&'a [u8]>,
    /// A parameter whose RFC 2231 form and plain form disagree.
    pub(super) conflict: Option<&'a [u8]>,
    /// A quoted string or a comment without end, or something between a value and the next semicolon.
    pub(super) broken: bool,
}

/// Looks for [`Flaws`]; `scratch` only saves allocations.
pub(super) fn flaws<'a>(parameters: &'a [u8], scratch: &mut Vec<Param<'a>>) -> Flaws<'a> {
    let mut reader = Params::new(parameters);
    scratch.clear();
    scratch.extend(&mut reader);
    let mut flaws = Flaws { broken: reader.cursor.broken, ..Flaws::default() };
    // Sorted, a field of thousands of parameters is still cheap; the order written is kept among equals.
    scratch.sort_by(|a, b| a.compare_name(b).then(a.form.cmp(&b.form)));
    for group in scratch.chunk_by(|a, b| a.compare_name(b).is_eq()) {
        if flaws.duplicate.is_none() {
            flaws.duplicate = group.windows(2).find_map(|pair| match pair {
                [a, b] if a.form == b.form => Some(a.name),
                _ => None,
            });
        }
        let (plain, extended) = group.split_at(group.partition_point(|p| p.form == Form::Plain));
        if let (Some(first), false, None) = (plain.first(), extended.is_empty(), flaws.conflict) {
            let agree = assemble(extended.iter().copied()).is_some_and(|value| value.text() == first.value().text());
            flaws.conflict = (!agree).then_some(first.name);
        }
    }
    flaws
}

/// One parameter as it is written, or one section of one.
#[derive(Debug, Clone, Copy)]
pub(super) struct Param<'a> {
    /// The name, without the marks of RFC 2231.
    name: &'a [u8],
    form: Form,
    /// Whether the value is percent-encoded (RFC 2231 §4).
    encoded: bool,
    value: RawValue<'a>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Form {
    /// `name=value`.
    Plain,
    /// `name*=value` (as section 0) or `name*1=value`, `name*1*=value`.
    Section(u32),
}

#[derive(Debug, Clone, Copy)]
enum RawValue<'a> {
    Bare(&'a [u8]),
    /// Between the quotes.
    Quoted(&'a [u8]),
}

impl<'a> Param<'a> {
    fn compare_name(&self, other: &Self) -> core::cmp::Ordering {
        self.name.iter().map(u8::to_ascii_lowercase).cmp(other.name.iter().map(u8::to_ascii_lowercase))
    }

    /// Splits the marks of RFC 2231 off the name.
    fn new(written: &'a [u8], value: RawValue<'a>) -> Self {
        let plain = Self { name: written, form: Form::Plain, encoded: false, value };
        let (rest, encoded) = written.strip_suffix(b"*").map_or((written, false), |rest| (rest, true));
        let (name, section) = match memchr(b'*', rest) {
            None if encoded => (rest, Some(0)),
            None => return plain,
            Some(star) => (rest.get(..star).unwrap_or_default(), section(rest.get(star.saturating_add(1)..).unwrap_or_default())),
        };
        match section {
            Some(section) if !name.is_empty() => Self { name, form: Form::Section(section), encoded, value },
            _ => plain,
        }
    }

    fn value(&self) -> Value<'a> {
        let bytes = match self.value {
            RawValue::Bare(bytes) if memchr(b'\n', bytes).is_some() => super::header::unfold(bytes),
            RawValue::Bare(bytes) => Cow::Borrowed(bytes),
            RawValue::Quoted(bytes) if memchr::memchr2(b'\\', b'\n', bytes).is_some() => Cow::Owned(unquote(bytes)),
            RawValue::Quoted(bytes) => Cow::Borrowed(bytes),
        };
        Value { bytes, charset: None }
    }
}

/// At most five digits: no honest parameter has more sections.
fn section(digits: &[u8]) -> Option<u32> {
    if digits.is_empty() || digits.len() > 5 {
        return None;
    }
    digits.iter().try_fold(0_u32, |number, digit| {
        let digit = u32::from(*digit).checked_sub(u32::from(b'0')).filter(|d| *d < 10)?;
        number.checked_mul(10)?.checked_add(digit)
    })
}

/// Quoted pairs resolved, line ends removed.
fn unquote(quoted: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(quoted.len());
    let mut escaped = false;
    for byte in quoted {
        match byte {
            b'\\' if !escaped => {
                escaped = true;
                continue;
            }
            b'\n' => {
                if out.last() == Some(&b'\r') {
                    out.pop();
                }
            }
            byte => out.push(*byte),
        }
        escaped = false;
    }
    out
}

/// A value with its quotes and sections resolved.
struct Value<'a> {
    bytes: Cow<'a, [u8]>,
    charset: Option<&'a [u8]>,
}

impl<'a> Value<'a> {
    fn text(self) -> Cow<'a, str> {
        match self.charset {
            Some(charset) => words::in_charset(charset, self.bytes),
            None => words::decode_words(self.bytes),
        }
    }
}

/// The parameter of this name, in the form that stands first.
fn parameter<'a>(parameters: &'a [u8], name: &str) -> Option<Value<'a>> {
    let mut named = Params::new(parameters).filter(|p| p.name.eq_ignore_ascii_case(name.as_bytes()));
    let first = named.next()?;
    if first.form == Form::Plain {
        return Some(first.value());
    }
    let mut sections = vec![first];
    sections.extend(named.filter(|p| p.form != Form::Plain));
    sections.sort_by_key(|p| p.form);
    assemble(sections.into_iter()).or_else(|| Some(first.value()))
}

/// Joins the sections of a parameter, which come sorted: from 0 on, up to a gap; of two with one number the first counts.
fn assemble<'a>(sections: impl Iterator<Item = Param<'a>>) -> Option<Value<'a>> {
    let mut value: Option<Value<'a>> = None;
    let mut due = 0_u32;
    for section in sections {
        match section.form {
            Form::Section(number) if number == due => due = due.saturating_add(1),
            Form::Section(number) if number < due => continue,
            _ => break,
        }
        let mut raw = section.value().bytes;
        let joined = value.get_or_insert_with(|| {
            let charset = if section.encoded { take_charset(&mut raw, section.value) } else { None };
            Value { bytes: Cow::Borrowed(b""), charset }
        });
        let encoded = section.encoded && memchr(b'%', &raw).is_some();
        match (&mut joined.bytes, encoded) {
            (bytes, false) if bytes.is_empty() => *bytes = raw,
            (bytes, false) => bytes.to_mut().extend_from_slice(&raw),
            (bytes, true) => body::percent(&raw, bytes.to_mut()),
        }
    }
    value
}

/// Takes `charset'language'` off the first section (RFC 2231 §4).
fn take_charset<'a>(raw: &mut Cow<'_, [u8]>, written: RawValue<'a>) -> Option<&'a [u8]> {
    let first = memchr(b'\'', raw)?;
    let second = memchr(b'\'', raw.get(first.saturating_add(1)..)?)?;
    let start = first.saturating_add(second).saturating_add(2);
    let (RawValue::Bare(whole) | RawValue::Quoted(whole)) = written;
    let charset = whole.get(..first)?;
    match raw {
        Cow::Borrowed(bytes) => *bytes = bytes.get(start..)?,
        Cow::Owned(bytes) => drop(bytes.drain(..start.min(bytes.len()))),
    }
    Some(charset)
}

/// The parameters in the order written.
struct Params<'a> {
    cursor: Cursor<'a>,
}

impl<'a> Params<'a> {
    fn new(parameters: &'a [u8]) -> Self {
        Self { cursor: Cursor { input: parameters, at: 0, broken: false } }
    }
}

impl<'a> Iterator for Params<'a> {
    type Item = Param<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        let cursor = &mut self.cursor;
        loop {
            cursor.skip_to_semicolon();
            cursor.skip_comments();
            cursor.peek()?;
            let name = cursor.take_while(|b| !matches!(b, b' ' | b'\t' | b'\r' | b'\n' | b';' | b'=' | b'"' | b'('));
            cursor.skip_comments();
            if name.is_empty() || !cursor.take(b'=') {
                continue;
            }
            cursor.skip_comments();
            let value = if cursor.take(b'"') {
                RawValue::Quoted(cursor.quoted())
            } else if name.eq_ignore_ascii_case(b"name") || name.eq_ignore_ascii_case(b"filename") {
                // File names are written without quotes in spite of their blanks.
                RawValue::Bare(cursor.take_while(|b| *b != b';').trim_ascii())
            } else {
                // A boundary may hold any mark, `=` and `/` among them, and is met without quotes.
                RawValue::Bare(cursor.take_while(|b| !matches!(b, b' ' | b'\t' | b'\r' | b'\n' | b';')))
            };
            return Some(Param::new(name, value));
        }
    }
}

/// The bytes of a token, looked up: these are read for every part.
#[allow(clippy::indexing_slicing, reason = "the compiler evaluates it")]
const TOKEN: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0_u8;
    while byte < 0x7f {
        table[byte as usize] = matches!(byte, b'!' | b'#'..=b'\'' | b'*' | b'+' | b'-' | b'.' | b'0'..=b'9' | b'A'..=b'Z' | b'^'..=b'~');
        byte += 1;
    }
    table
};

fn ascii(token: &[u8]) -> &str {
    core::str::from_utf8(token).unwrap_or_default()
}

struct Cursor<'a> {
    input: &'a [u8],
    at: usize,
    broken: bool,
}

impl<'a> Cursor<'a> {
    fn rest(&self) -> &'a [u8] {
        self.input.get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<u8> {
        self.input.get(self.at).copied()
    }

    fn advance(&mut self, by: usize) {
        self.at = self.at.saturating_add(by);
    }

    fn take(&mut self, byte: u8) -> bool {
        let taken = self.peek() == Some(byte);
        if taken {
            self.advance(1);
        }
        taken
    }

    fn take_while(&mut self, wanted: impl Fn(&u8) -> bool) -> &'a [u8] {
        let rest = self.rest();
        let taken = rest.get(..rest.iter().position(|b| !wanted(b)).unwrap_or(rest.len())).unwrap_or_default();
        self.advance(taken.len());
        taken
    }

    /// A token of RFC 2045 §5.1, perhaps empty: ASCII without blanks, controls and `()<>@,;:\"/[]?=`.
    fn token(&mut self) -> &'a [u8] {
        self.take_while(|b| TOKEN.get(usize::from(*b)) == Some(&true))
    }

    /// What stands before the closing quote, which is taken too.
    fn quoted(&mut self) -> &'a [u8] {
        let rest = self.rest();
        let mut escaped = false;
        let end = rest.iter().position(|b| {
            let closes = *b == b'"' && !escaped;
            escaped = *b == b'\\' && !escaped;
            closes
        });
        self.broken |= end.is_none();
        self.advance(end.map_or(rest.len(), |end| end.saturating_add(1)));
        rest.get(..end.unwrap_or(rest.len())).unwrap_or_default()
    }

    /// Blanks, line ends and nested comments.
    fn skip_comments(&mut self) {
        let mut depth = 0_usize;
        while let Some(byte) = self.peek() {
            match byte {
                b'(' => depth = depth.saturating_add(1),
                b')' if depth > 0 => depth = depth.saturating_sub(1),
                b'\\' if depth > 0 => self.advance(1),
                b' ' | b'\t' | b'\r' | b'\n' => {}
                _ if depth == 0 => return,
                _ => {}
            }
            self.advance(1);
        }
        self.broken |= depth > 0;
    }

    /// To behind the next semicolon; whatever is passed over but blanks and comments makes the field a broken one.
    fn skip_to_semicolon(&mut self) {
        loop {
            self.skip_comments();
            match self.peek() {
                None => return,
                Some(b';') => return self.advance(1),
                Some(b'"') => {
                    self.broken = true;
                    self.advance(1);
                    self.quoted();
                }
                Some(_) => {
                    self.broken = true;
                    self.take_while(|b| !matches!(b, b' ' | b'\t' | b'\r' | b'\n' | b';' | b'"' | b'('));
                }
            }
        }
    }
}
