//! Lists of addresses as header fields hold them (RFC 5322 §3.4, with the obsolete forms of §4.4).

#![warn(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use std::borrow::Cow;

use super::words;

/// The addresses of a field, and whether the field held anything else.
///
/// A display name or a comment never becomes an address, whatever it looks like:
///
/// ```
/// use postacert::{Limits, mime::Tree};
///
/// let raw = b"From: \"posta@gestore.example\" (posta@gestore.example) <x@other.example>\r\n\r\n";
/// let tree = Tree::parse(raw, &Limits::default())?;
/// let from = tree.root().field("From").unwrap().addresses();
/// assert_eq!(from.single().unwrap().address(), "x@other.example");
/// # Ok::<(), postacert::mime::MimeError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AddressList {
    mailboxes: Vec<Mailbox>,
    groups: usize,
    malformed: Option<usize>,
}

/// One address of a list, with the name written beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mailbox {
    name: Option<Box<str>>,
    address: Box<str>,
}

impl Mailbox {
    /// The display name, or the comment that stands for it; encoded words decoded. Anybody may write anything here.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// The addr-spec, `local-part@domain`, without the comments and blanks that may be folded into it.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }
}

impl AddressList {
    /// The addresses, in the order written, those of groups included.
    #[must_use]
    pub fn mailboxes(&self) -> &[Mailbox] {
        &self.mailboxes
    }

    /// How many groups (`name: a@b, c@d;`) there are.
    #[must_use]
    pub fn groups(&self) -> usize {
        self.groups
    }

    /// Where in the unfolded value something first stands that is no address; `None` if all of it reads.
    #[must_use]
    pub fn malformed(&self) -> Option<usize> {
        self.malformed
    }

    /// The address, if there is one and nothing else: no second one, no group, nothing malformed.
    #[must_use]
    pub fn single(&self) -> Option<&Mailbox> {
        match (self.mailboxes.as_slice(), self.groups, self.malformed) {
            ([only], 0, None) => Some(only),
            _ => None,
        }
    }

    /// What stands for a field that was too long to be read.
    pub(super) fn unread() -> Self {
        Self { malformed: Some(0), ..Self::default() }
    }

    pub(super) fn read(value: &[u8]) -> Self {
        let mut reader = Reader { lexer: Lexer { input: value, at: 0 }, list: Self::default(), open_group: false };
        if !value.trim_ascii().is_empty() {
            reader.run();
        }
        reader.list
    }
}

/// What stands between two separators, as it is gathered.
#[derive(Default)]
struct Element<'a> {
    /// The words and marks outside angle brackets.
    tokens: Vec<Token<'a>>,
    /// The tokens inside them.
    angle: Option<Vec<Token<'a>>>,
    comment: Option<&'a [u8]>,
    bad: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Token<'a> {
    /// Letters and marks of `atext`, and anything beyond ASCII (RFC 6532).
    Atom(&'a [u8]),
    /// A quoted string, its quotes included.
    Quoted(&'a [u8]),
    /// A domain literal, its brackets included.
    Literal(&'a [u8]),
    Comment(&'a [u8]),
    /// One of `<>@,;:.`
    Mark(u8),
    /// Anything that no token begins with or that has no end.
    Bad,
}

struct Reader<'a> {
    lexer: Lexer<'a>,
    list: AddressList,
    open_group: bool,
}

impl<'a> Reader<'a> {
    fn run(&mut self) {
        let mut element = Element::default();
        let mut start = 0;
        loop {
            let at = self.lexer.at;
            match self.lexer.next() {
                None => {
                    if !element.is_empty() || self.list.groups == 0 {
                        self.close(element, start);
                    }
                    if self.open_group {
                        self.blame(at);
                    }
                    return;
                }
                Some(Token::Comment(text)) => element.comment = element.comment.or(Some(text)),
                Some(Token::Mark(b'<')) if element.angle.is_none() => element.angle = Some(self.angle()),
                Some(Token::Mark(b',')) => {
                    // After the `;` of a group comes a comma that ends no address.
                    if self.open_group || !element.is_empty() || !self.after_group(at) {
                        self.close(core::mem::take(&mut element), start);
                    }
                    start = self.lexer.at;
                }
                Some(Token::Mark(b':')) if !self.open_group && element.angle.is_none() && element.is_phrase() => {
                    self.open_group = true;
                    self.list.groups = self.list.groups.saturating_add(1);
                    element = Element::default();
                    start = self.lexer.at;
                }
                Some(Token::Mark(b';')) if self.open_group => {
                    if !element.is_empty() {
                        self.close(core::mem::take(&mut element), start);
                    }
                    self.open_group = false;
                    start = self.lexer.at;
                }
                Some(Token::Bad | Token::Mark(b'<' | b'>' | b':' | b';')) => element.bad = true,
                Some(_) if element.angle.is_some() => element.bad = true,
                Some(token) => element.tokens.push(token),
            }
        }
    }

    /// The tokens up to the closing bracket; comments in it are nothing. Without the bracket the last token is [`Token::Bad`].
    fn angle(&mut self) -> Vec<Token<'a>> {
        let mut tokens = Vec::new();
        loop {
            match self.lexer.next() {
                None => {
                    tokens.push(Token::Bad);
                    return tokens;
                }
                Some(Token::Mark(b'>')) => return tokens,
                Some(Token::Comment(_)) => {}
                Some(token) => tokens.push(token),
            }
        }
    }

    /// Whether nothing but blanks stands between the `;` of a group and `at`.
    fn after_group(&self, at: usize) -> bool {
        self.list.groups > 0 && self.lexer.input.get(..at).unwrap_or_default().trim_ascii_end().ends_with(b";")
    }

    fn close(&mut self, element: Element<'a>, start: usize) {
        match element.mailbox() {
            Some(mailbox) => self.list.mailboxes.push(mailbox),
            None => self.blame(start),
        }
    }

    fn blame(&mut self, at: usize) {
        self.list.malformed = self.list.malformed.or(Some(at));
    }
}

impl Element<'_> {
    fn is_empty(&self) -> bool {
        self.tokens.is_empty() && self.angle.is_none() && !self.bad
    }

    /// Words, with the dots that old mail has in names (RFC 5322 §4.1).
    fn is_phrase(&self) -> bool {
        !self.bad
            && !self.tokens.is_empty()
            && self.tokens.iter().all(|t| matches!(t, Token::Atom(_) | Token::Quoted(_) | Token::Mark(b'.')))
    }

    fn mailbox(&self) -> Option<Mailbox> {
        if self.bad {
            return None;
        }
        let Some(angle) = &self.angle else {
            return Some(Mailbox { name: self.comment.map(comment_text), address: addr_spec(&self.tokens)? });
        };
        let name = if self.tokens.is_empty() {
            self.comment.map(comment_text)
        } else if self.is_phrase() {
            Some(phrase_text(&self.tokens))
        } else {
            return None;
        };
        Some(Mailbox { name, address: addr_spec(without_route(angle)?)? })
    }
}

/// `[obs-route] addr-spec`, where the route is `@a,@b:` and means nothing any more.
fn without_route<'t, 'a>(tokens: &'t [Token<'a>]) -> Option<&'t [Token<'a>]> {
    if tokens.first() != Some(&Token::Mark(b'@')) {
        return Some(tokens);
    }
    let colon = tokens.iter().position(|t| *t == Token::Mark(b':'))?;
    tokens.get(colon.saturating_add(1)..)
}

/// `local-part "@" domain`: words with single dots between them, then one `@`, then atoms with single dots or a literal.
fn addr_spec(tokens: &[Token<'_>]) -> Option<Box<str>> {
    let at = tokens.iter().position(|t| *t == Token::Mark(b'@'))?;
    let (local, domain) = tokens.split_at_checked(at)?;
    let domain = domain.get(1..)?;
    let mut text = Vec::new();
    dotted(local, |t| matches!(t, Token::Atom(_) | Token::Quoted(_)), &mut text)?;
    text.push(b'@');
    match domain {
        [Token::Literal(literal)] => text.extend_from_slice(literal),
        _ => dotted(domain, |t| matches!(t, Token::Atom(_)), &mut text)?,
    }
    String::from_utf8(text).ok().map(String::into_boxed_str)
}

fn dotted(tokens: &[Token<'_>], word: impl Fn(&Token<'_>) -> bool, text: &mut Vec<u8>) -> Option<()> {
    let mut word_due = true;
    for token in tokens {
        match token {
            Token::Mark(b'.') if !word_due => text.push(b'.'),
            Token::Atom(bytes) | Token::Quoted(bytes) if word_due && word(token) => text.extend_from_slice(bytes),
            _ => return None,
        }
        word_due = !word_due;
    }
    (!word_due).then_some(())
}

fn phrase_text(tokens: &[Token<'_>]) -> Box<str> {
    let mut phrase = Vec::new();
    for token in tokens {
        if !phrase.is_empty() && *token != Token::Mark(b'.') {
            phrase.push(b' ');
        }
        match token {
            Token::Atom(bytes) => phrase.extend_from_slice(bytes),
            Token::Quoted(bytes) => unquote(bytes, &mut phrase),
            Token::Mark(mark) => phrase.push(*mark),
            Token::Literal(_) | Token::Comment(_) | Token::Bad => {}
        }
    }
    words::decode_words(Cow::Owned(phrase)).into()
}

fn comment_text(comment: &[u8]) -> Box<str> {
    let mut text = Vec::new();
    unquote(comment, &mut text);
    words::decode_words(Cow::Owned(text)).into()
}

/// What stands between the first byte and the last, its quoted pairs resolved.
fn unquote(quoted: &[u8], out: &mut Vec<u8>) {
    let inner = quoted.get(1..quoted.len().saturating_sub(1)).unwrap_or_default();
    let mut escaped = false;
    for byte in inner {
        if *byte == b'\\' && !escaped {
            escaped = true;
        } else {
            out.push(*byte);
            escaped = false;
        }
    }
}

struct Lexer<'a> {
    input: &'a [u8],
    at: usize,
}

impl<'a> Lexer<'a> {
    fn next(&mut self) -> Option<Token<'a>> {
        let rest = self.input.get(self.at..)?;
        let blanks = rest.iter().position(|b| !matches!(b, b' ' | b'\t'))?;
        self.at = self.at.saturating_add(blanks);
        let rest = self.input.get(self.at..)?;
        let (token, length) = match rest.first()? {
            b'"' => enclosed(rest, b'"', Token::Quoted),
            b'(' => enclosed(rest, b')', Token::Comment),
            b'[' => enclosed(rest, b']', Token::Literal),
            mark @ (b'<' | b'>' | b'@' | b',' | b';' | b':' | b'.') => (Token::Mark(*mark), 1),
            byte if is_atext(*byte) => {
                let length = rest.iter().position(|b| !is_atext(*b)).unwrap_or(rest.len());
                (Token::Atom(rest.get(..length)?), length)
            }
            _ => (Token::Bad, 1),
        };
        self.at = self.at.saturating_add(length);
        Some(token)
    }
}

/// A token that ends with a mark of its own; only comments nest.
fn enclosed<'a>(rest: &'a [u8], end: u8, token: impl Fn(&'a [u8]) -> Token<'a>) -> (Token<'a>, usize) {
    let mut depth = 0_usize;
    let mut escaped = true; // the opening mark
    for (at, byte) in rest.iter().enumerate() {
        let length = at.saturating_add(1);
        match *byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'\0' => return (Token::Bad, length),
            b'(' if end == b')' => depth = depth.saturating_add(1),
            byte if byte == end && depth == 0 => return (rest.get(..length).map_or(Token::Bad, token), length),
            b')' if end == b')' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    (Token::Bad, rest.len())
}

/// `atext` of RFC 5322 §3.2.3, with the bytes of UTF-8 (RFC 6532 §3.2).
fn is_atext(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte >= 0x80 || b"!#$%&'*+-/=?^_`{|}~".contains(&byte)
}
