//! XML 1.0 as certification data need it, and no more.
//!
//! Whatever a conforming parser calls not well-formed is refused. A document type declaration may stand there with an external
//! identifier, which is never fetched; an internal subset is refused, and so is every entity beyond the five that XML brings along:
//! nothing is ever expanded. Comments and processing instructions are checked and dropped. Namespaces are the reader's business.

use std::borrow::Cow;
use std::collections::HashSet;

use memchr::{memchr, memchr_iter, memchr2, memmem};

use super::CertdataErrorKind;
use crate::limits::Limits;

/// What is wrong, and at which byte of the decoded document.
#[derive(Debug)]
pub(super) struct At {
    pub(super) kind: CertdataErrorKind,
    pub(super) offset: usize,
}

pub(super) enum Token<'a> {
    /// A start tag; its attributes are [`Tokens::attributes`] until the next token.
    Start(&'a str),
    /// An end tag; follows the start of an empty element, too.
    End,
    /// Character data, or a CDATA section, as written: see [`with_line_feeds`].
    Text(&'a str),
    /// A character or predefined entity reference.
    Char(char),
    Eof,
}

pub(super) struct Attribute<'a> {
    pub(super) name: &'a str,
    pub(super) value: Cow<'a, str>,
}

/// The tokens of one well-formed document; the first offence ends it.
pub(super) struct Tokens<'a> {
    xml: &'a str,
    /// Where the next token begins.
    at: usize,
    /// The names of the elements that are open.
    open: Vec<&'a str>,
    attributes: Vec<Attribute<'a>>,
    place: Place,
    max_depth: usize,
    max_attributes: usize,
    /// An empty-element tag was the latest token: its end comes next.
    end_pending: bool,
    doctype_seen: bool,
    offset: usize,
}

/// The names of a tag's attributes: compared one by one while they are few, as they always are unless the limit was raised.
#[derive(Default)]
struct Names<'a> {
    many: HashSet<&'a str>,
}

impl<'a> Names<'a> {
    const FEW: usize = 16;

    /// False when the tag has an attribute of this name already.
    fn insert(&mut self, name: &'a str, so_far: &[Attribute<'a>]) -> bool {
        if so_far.len() < Self::FEW {
            return !so_far.iter().any(|attribute| attribute.name == name);
        }
        if self.many.is_empty() {
            self.many.extend(so_far.iter().map(|attribute| attribute.name));
        }
        self.many.insert(name)
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Prolog,
    Root,
    Epilog,
}

impl<'a> Tokens<'a> {
    /// Begins to read a document, whose byte order mark is gone already.
    pub(super) fn new(xml: &'a str, limits: &Limits) -> Result<Self, At> {
        if let Some(offset) = illegal_character(xml) {
            return Err(At { kind: CertdataErrorKind::Character, offset });
        }
        Ok(Self {
            xml,
            at: 0,
            open: Vec::with_capacity(4),
            attributes: Vec::new(),
            place: Place::Prolog,
            max_depth: limits.certdata_depth,
            max_attributes: limits.certdata_attributes,
            end_pending: false,
            doctype_seen: false,
            offset: 0,
        })
    }

    /// Where the latest token begins.
    pub(super) fn offset(&self) -> usize {
        self.offset
    }

    /// The attributes of the start tag that was the latest token, in their order.
    pub(super) fn attributes(&mut self) -> Vec<Attribute<'a>> {
        core::mem::take(&mut self.attributes)
    }

    /// Gives back what [`Self::attributes`] lent, so that its memory serves the next tag.
    pub(super) fn recycle(&mut self, mut attributes: Vec<Attribute<'a>>) {
        attributes.clear();
        self.attributes = attributes;
    }

    /// Whether the start tag that was the latest token puts its element into a default namespace.
    pub(super) fn namespaced(&self) -> bool {
        self.attributes.iter().any(|a| a.name == "xmlns" && !a.value.is_empty())
    }

    /// Whether a document type declaration has been met.
    pub(super) fn doctype_seen(&self) -> bool {
        self.doctype_seen
    }

    /// How many elements are open.
    pub(super) fn depth(&self) -> usize {
        self.open.len()
    }

    /// The next token.
    pub(super) fn next(&mut self) -> Result<Token<'a>, At> {
        if core::mem::take(&mut self.end_pending) {
            return Ok(self.close());
        }
        loop {
            self.offset = self.at;
            let rest = self.xml.get(self.at..).unwrap_or_default();
            match rest.as_bytes() {
                [] => return self.end(),
                [b'<', b'/', ..] => return self.end_tag(rest),
                [b'<', b'?', ..] => self.instruction()?,
                [b'<', b'!', ..] if rest.starts_with("<!--") => {
                    let comment = self.between("<!--", "-->")?;
                    if comment.contains("--") || comment.ends_with('-') {
                        return self.fail(CertdataErrorKind::Comment);
                    }
                }
                [b'<', b'!', ..] if rest.starts_with("<![CDATA[") => {
                    let text = self.between("<![CDATA[", "]]>")?;
                    return self.in_root(Token::Text(text));
                }
                [b'<', b'!', ..] => self.document_type(rest)?,
                [b'<', ..] => return self.start_tag(rest),
                [b'&', ..] => {
                    let Some(end) = memchr(b';', rest.as_bytes()) else { return self.fail(CertdataErrorKind::Reference) };
                    self.skip(end.saturating_add(1));
                    match reference(rest.get(1..end).unwrap_or_default()) {
                        Ok(c) => return self.in_root(Token::Char(c)),
                        Err(kind) => return self.fail(kind),
                    }
                }
                bytes => {
                    let length = memchr2(b'<', b'&', bytes).unwrap_or(bytes.len());
                    self.skip(length);
                    let text = rest.get(..length).unwrap_or_default();
                    if memchr(b']', text.as_bytes()).is_some() && text.contains("]]>") {
                        return self.fail(CertdataErrorKind::CdataEnd);
                    }
                    if self.place == Place::Root {
                        return Ok(Token::Text(text));
                    }
                    if !is_white_space(text) {
                        return self.fail(CertdataErrorKind::OutsideRoot);
                    }
                }
            }
        }
    }

    fn end(&self) -> Result<Token<'a>, At> {
        match self.place {
            Place::Prolog => self.fail(CertdataErrorKind::NoRoot),
            Place::Root => self.fail(CertdataErrorKind::Truncated),
            Place::Epilog => Ok(Token::Eof),
        }
    }

    /// Character data may stand in the root element only.
    fn in_root(&self, token: Token<'a>) -> Result<Token<'a>, At> {
        if self.place == Place::Root { Ok(token) } else { self.fail(CertdataErrorKind::OutsideRoot) }
    }

    /// Takes what begins and ends so, and gives what stands between.
    fn between(&mut self, begin: &str, end: &str) -> Result<&'a str, At> {
        let inside = self.xml.get(self.at.saturating_add(begin.len())..).unwrap_or_default();
        let Some(length) = memmem::find(inside.as_bytes(), end.as_bytes()) else { return self.fail(CertdataErrorKind::Truncated) };
        self.skip(begin.len().saturating_add(length).saturating_add(end.len()));
        Ok(inside.get(..length).unwrap_or_default())
    }

    fn skip(&mut self, bytes: usize) {
        self.at = self.at.saturating_add(bytes);
    }

    /// `'<?' PITarget (S …)? '?>'`, or the XML declaration, which was read when the encoding was sought; but `<?xml?>` is none.
    fn instruction(&mut self) -> Result<(), At> {
        let content = self.between("<?", "?>")?;
        let declares = content.strip_prefix("xml").map(|rest| rest.bytes().next());
        match declares {
            Some(Some(b)) if is_white_space_byte(b) && self.offset == 0 => Ok(()),
            Some(None) => self.fail(CertdataErrorKind::Declaration),
            Some(Some(b)) if is_white_space_byte(b) => self.fail(CertdataErrorKind::Declaration),
            _ if is_processing_instruction(content) => Ok(()),
            _ => self.fail(CertdataErrorKind::ProcessingInstruction),
        }
    }

    /// `'</' Name S? '>'`, of the element opened last.
    fn end_tag(&mut self, rest: &'a str) -> Result<Token<'a>, At> {
        let named = self.open.last().and_then(|name| rest.strip_prefix("</")?.strip_prefix(*name));
        let mut cursor = Cursor::new(named.unwrap_or_default());
        cursor.skip_white_space();
        match cursor.rest.strip_prefix('>') {
            Some(behind) => self.skip(rest.len().saturating_sub(behind.len())),
            None if memchr(b'>', rest.as_bytes()).is_none() => return self.fail(CertdataErrorKind::Truncated),
            None => return self.fail(CertdataErrorKind::EndTag),
        }
        Ok(self.close())
    }

    fn start_tag(&mut self, rest: &'a str) -> Result<Token<'a>, At> {
        let Some(end) = tag_end(rest.as_bytes()) else { return self.fail(CertdataErrorKind::Truncated) };
        self.skip(end.saturating_add(1));
        let content = rest.get(1..end).unwrap_or_default();
        let empty = content.strip_suffix('/');
        self.end_pending = empty.is_some();
        self.open(empty.unwrap_or(content))
    }

    /// `Name (S Attribute)* S?`
    fn open(&mut self, tag: &'a str) -> Result<Token<'a>, At> {
        if self.place == Place::Epilog {
            return self.fail(CertdataErrorKind::OutsideRoot);
        }
        self.place = Place::Root;
        if self.open.len() >= self.max_depth {
            return self.fail(CertdataErrorKind::TooDeep { limit: self.max_depth });
        }
        let mut cursor = Cursor::new(tag);
        let Some(name) = cursor.name() else { return self.fail(CertdataErrorKind::Name) };
        self.open.push(name);
        self.attributes.clear();
        let mut names = Names::default();
        loop {
            let spaced = cursor.skip_white_space();
            if cursor.at_end() {
                return Ok(Token::Start(name));
            }
            if self.attributes.len() >= self.max_attributes {
                return self.fail(CertdataErrorKind::TooManyAttributes { limit: self.max_attributes });
            }
            let parsed = cursor.name().and_then(|name| Some((name, cursor.equals_quoted()?)));
            let Some((name, raw)) = parsed.filter(|(_, raw)| spaced && memchr(b'<', raw.as_bytes()).is_none()) else {
                return self.fail(CertdataErrorKind::Attribute);
            };
            if !names.insert(name, &self.attributes) {
                return self.fail(CertdataErrorKind::DuplicateAttribute { name: clip(name) });
            }
            match attribute_value(raw) {
                Ok(value) => self.attributes.push(Attribute { name, value }),
                Err(kind) => return self.fail(kind),
            }
        }
    }

    fn close(&mut self) -> Token<'a> {
        self.open.pop();
        if self.open.is_empty() {
            self.place = Place::Epilog;
        }
        Token::End
    }

    /// `'<!DOCTYPE' S Name (S ExternalID)? S? '>'`: what the external identifier names is not looked at.
    fn document_type(&mut self, rest: &'a str) -> Result<(), At> {
        let Some((keyword, content)) = rest.split_at_checked("<!DOCTYPE".len()).filter(|(k, _)| k.eq_ignore_ascii_case("<!DOCTYPE")) else {
            return self.fail(CertdataErrorKind::Markup);
        };
        if self.place != Place::Prolog || core::mem::replace(&mut self.doctype_seen, true) {
            return self.fail(CertdataErrorKind::Doctype);
        }
        let mut c = Cursor::new(content);
        let lawful = (|| {
            (keyword == "<!DOCTYPE").then_some(())?;
            c.skip_white_space().then_some(())?;
            c.name()?;
            if c.skip_white_space() && !matches!(c.peek(), Some('[' | '>')) {
                match c.name()? {
                    "SYSTEM" => {}
                    "PUBLIC" => {
                        c.skip_white_space().then_some(())?;
                        c.quoted().filter(|id| id.bytes().all(is_public_id_byte))?;
                    }
                    _ => return None,
                }
                c.skip_white_space().then_some(())?;
                c.quoted()?;
                c.skip_white_space();
            }
            c.peek()
        })();
        match lawful {
            Some('>') => {
                self.skip(rest.len().saturating_sub(c.rest.len()).saturating_add(1));
                Ok(())
            }
            Some('[') => self.fail(CertdataErrorKind::InternalSubset),
            _ if tag_end(rest.as_bytes()).is_none() => self.fail(CertdataErrorKind::Truncated),
            _ => self.fail(CertdataErrorKind::Doctype),
        }
    }

    fn fail<T>(&self, kind: CertdataErrorKind) -> Result<T, At> {
        Err(At { kind, offset: self.offset })
    }
}

/// Where the tag ends: at the first `>` that stands in no attribute value.
fn tag_end(tag: &[u8]) -> Option<usize> {
    let first = memchr(b'>', tag)?;
    if !tag.get(..first)?.contains(&b'=') {
        return Some(first);
    }
    let mut quote = None;
    tag.iter().position(|&b| {
        match (quote, b) {
            (None, b'>') => return true,
            (None, b'"' | b'\'') => quote = Some(b),
            (Some(open), _) if open == b => quote = None,
            _ => {}
        }
        false
    })
}

/// The white space of XML (`S`): blanks, tabs, line ends.
pub(super) fn is_white_space(s: &str) -> bool {
    s.bytes().all(is_white_space_byte)
}

fn is_white_space_byte(b: u8) -> bool {
    matches!(b, b' ' | b'\t' | b'\r' | b'\n')
}

/// The text without the white space of XML around it.
pub(super) fn trim(s: &str) -> &str {
    // Every byte of white space is one of ASCII, so the cuts lie between characters.
    let bytes = s.as_bytes();
    let content = |b: &u8| !is_white_space_byte(*b);
    match (bytes.iter().position(content), bytes.iter().rposition(content)) {
        (Some(first), Some(last)) => s.get(first..=last).unwrap_or_default(),
        _ => "",
    }
}

/// The beginning of a hostile text, for a message.
pub(super) fn clip(s: &str) -> Box<str> {
    const LONGEST: usize = 120; // characters
    s.char_indices().nth(LONGEST).and_then(|(end, _)| s.get(..end)).unwrap_or(s).into()
}

/// Where the first character stands that XML 1.0 (`Char`) does not know. Surrogates cannot stand in a `str`.
pub(super) fn illegal_character(s: &str) -> Option<usize> {
    let control = |b: u8| b < 0x20 && b != b'\t' && b != b'\n' && b != b'\r';
    let bytes = s.as_bytes();
    let first_control =
        if bytes.iter().fold(false, |found, &b| found | control(b)) { bytes.iter().position(|&b| control(b)) } else { None };
    // U+FFFE and U+FFFF are EF BF BE and EF BF BF.
    let noncharacter = memchr_iter(0xef, bytes).find(|&i| matches!(bytes.get(i..), Some([0xef, 0xbf, 0xbe | 0xbf, ..])));
    first_control.into_iter().chain(noncharacter).min()
}

/// Whether XML 1.0 (`Char`) knows the character.
pub(crate) fn is_character(c: char) -> bool {
    illegal_character(c.encode_utf8(&mut [0; 4])).is_none()
}

/// Makes every line end one LF (XML 1.0 §2.11).
pub(super) fn with_line_feeds(raw: &str) -> Cow<'_, str> {
    if memchr(b'\r', raw.as_bytes()).is_none() {
        return Cow::Borrowed(raw);
    }
    Cow::Owned(raw.replace("\r\n", "\n").replace('\r', "\n"))
}

/// The value of an attribute: references resolved, other white space made blanks (XML 1.0 §3.3.3, for CDATA).
fn attribute_value(raw: &str) -> Result<Cow<'_, str>, CertdataErrorKind> {
    if !raw.bytes().any(|b| matches!(b, b'&' | b'\t' | b'\r' | b'\n')) {
        return Ok(Cow::Borrowed(raw));
    }
    let mut value = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(i) = rest.find(['&', '\t', '\r', '\n']) {
        let (before, after) = rest.split_at(i);
        value.push_str(before);
        if let Some(named) = after.strip_prefix('&') {
            let (name, after) = named.split_once(';').ok_or(CertdataErrorKind::Reference)?;
            value.push(reference(name)?);
            rest = after;
        } else {
            value.push(' ');
            rest = after.strip_prefix("\r\n").unwrap_or_else(|| after.get(1..).unwrap_or_default());
        }
    }
    value.push_str(rest);
    Ok(Cow::Owned(value))
}

/// The character that `&name;` stands for.
fn reference(name: &str) -> Result<char, CertdataErrorKind> {
    let number = |digits: &str, radix: u32| {
        let lawful = !digits.is_empty() && digits.chars().all(|c| c.is_digit(radix));
        let c = lawful.then(|| u32::from_str_radix(digits, radix).ok()).flatten().and_then(char::from_u32);
        c.filter(|&c| is_character(c)).ok_or(CertdataErrorKind::Reference)
    };
    match name {
        "lt" => Ok('<'),
        "gt" => Ok('>'),
        "amp" => Ok('&'),
        "apos" => Ok('\''),
        "quot" => Ok('"'),
        _ => match name.strip_prefix('#') {
            Some(digits) => match digits.strip_prefix('x') {
                Some(hex) => number(hex, 16),
                None => number(digits, 10),
            },
            None => {
                let mut cursor = Cursor::new(name);
                match cursor.name() {
                    Some(_) if cursor.at_end() => Err(CertdataErrorKind::UndefinedEntity { name: clip(name) }),
                    _ => Err(CertdataErrorKind::Reference),
                }
            }
        },
    }
}

/// `PITarget (S …)?`, where the target is a name other than `xml` in any case.
fn is_processing_instruction(content: &str) -> bool {
    let mut cursor = Cursor::new(content);
    cursor.name().is_some_and(|target| !target.eq_ignore_ascii_case("xml")) && (cursor.at_end() || cursor.skip_white_space())
}

/// `PubidChar`.
fn is_public_id_byte(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b" \r\n-'()+,./:=?;!*#@$_%".contains(&b)
}

/// Reads the inside of a tag or declaration.
pub(super) struct Cursor<'a> {
    rest: &'a str,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(rest: &'a str) -> Self {
        Self { rest }
    }

    pub(super) fn at_end(&self) -> bool {
        self.rest.is_empty()
    }

    fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    /// Skips white space and tells whether there was any.
    pub(super) fn skip_white_space(&mut self) -> bool {
        let length = self.rest.bytes().position(|b| !is_white_space_byte(b)).unwrap_or(self.rest.len());
        self.rest = self.rest.get(length..).unwrap_or_default();
        length > 0
    }

    /// `Name`.
    pub(super) fn name(&mut self) -> Option<&'a str> {
        self.peek().filter(|&c| is_name_start(c))?;
        // Real names are ASCII; only where one may go on beyond it are characters looked at.
        let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b':');
        let length = match self.rest.bytes().position(|b| !plain(b)) {
            Some(i) if self.rest.as_bytes().get(i).is_some_and(u8::is_ascii) => i,
            Some(_) => self.rest.find(|c| !is_name_character(c)).unwrap_or(self.rest.len()),
            None => self.rest.len(),
        };
        let (name, rest) = self.rest.split_at(length);
        self.rest = rest;
        Some(name)
    }

    /// What stands between two quotes of either kind.
    pub(super) fn quoted(&mut self) -> Option<&'a str> {
        let quote = self.peek().filter(|&c| c == '"' || c == '\'')?;
        let (value, rest) = self.rest.get(1..)?.split_once(quote)?;
        self.rest = rest;
        Some(value)
    }

    /// `Eq` and a quoted value.
    pub(super) fn equals_quoted(&mut self) -> Option<&'a str> {
        self.skip_white_space();
        self.rest = self.rest.strip_prefix('=')?;
        self.skip_white_space();
        self.quoted()
    }
}

/// `NameStartChar` (XML 1.0, fifth edition).
fn is_name_start(c: char) -> bool {
    c.is_ascii_alphabetic()
        || matches!(
            c,
            ':' | '_'
                | '\u{c0}'..='\u{d6}'
                | '\u{d8}'..='\u{f6}'
                | '\u{f8}'..='\u{2ff}'
                | '\u{370}'..='\u{37d}'
                | '\u{37f}'..='\u{1fff}'
                | '\u{200c}'..='\u{200d}'
                | '\u{2070}'..='\u{218f}'
                | '\u{2c00}'..='\u{2fef}'
                | '\u{3001}'..='\u{d7ff}'
                | '\u{f900}'..='\u{fdcf}'
                | '\u{fdf0}'..='\u{fffd}'
                | '\u{10000}'..='\u{effff}'
        )
}

/// `NameChar`.
fn is_name_character(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '\u{b7}' | '\u{300}'..='\u{36f}' | '\u{203f}'..='\u{2040}') || is_name_start(c)
}
