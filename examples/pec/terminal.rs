//! What reaches a terminal: harmless characters, colours where they are wanted, lines that fit.

use std::borrow::Cow;
use std::env;
use std::fmt::Write as _;
use std::io::{self, IsTerminal as _};

use postacert::Language;

use crate::lang::Labels;

/// The width that texts are laid out for. The standard library does not know a terminal's, and 80 columns fit all.
pub(crate) const WIDTH: usize = 80;

/// Characters of a text that are shown at most: a subject may have 64 KB.
const SHOWN: usize = 2_000;

/// A text on one line, with everything that could steer a terminal or turn the reading direction around written as an escape.
///
/// Everything in a mail is its sender's choice: an escape sequence in a subject could rewrite the line above it that says "failed".
pub(crate) fn printable(text: &str) -> Cow<'_, str> {
    let end = text.char_indices().nth(SHOWN).map(|(at, _)| at);
    if end.is_none() && !text.contains(is_unsafe) {
        return Cow::Borrowed(text);
    }
    let mut out = String::new();
    for c in text[..end.unwrap_or(text.len())].chars() {
        match c {
            '\n' | '\r' | '\t' => out.extend(c.escape_default()),
            c if is_unsafe(c) => out.extend(c.escape_unicode()),
            c => out.push(c),
        }
    }
    if end.is_some() {
        out.push('…');
    }
    Cow::Owned(out)
}

/// Whether a character does something to a terminal, to the reading direction or to the eye, rather than show something.
pub(crate) fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' // direction (Unicode UAX #9)
            | '\u{2028}' | '\u{2029}' // line and paragraph separators
            | '\u{200b}' | '\u{2060}'..='\u{2064}' | '\u{206a}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' // invisible
            | '\u{e0000}'..='\u{e007f}') // tags, invisible too
}

/// How a piece of text stands out.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Paint {
    Heading,
    Good,
    Doubt,
    Bad,
    Dim,
}

/// Colours, or none.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Colours {
    on: bool,
}

impl Colours {
    /// Colours if standard output is a terminal that takes them, and the user does not object (<https://no-color.org>).
    pub(crate) fn of_stdout() -> Self {
        let objects = env::var_os("NO_COLOR").is_some_and(|v| !v.is_empty());
        let dumb = env::var_os("TERM").is_some_and(|v| v == "dumb");
        Self { on: io::stdout().is_terminal() && !objects && !dumb }
    }

    fn paint(self, paint: Paint, text: &str) -> String {
        if !self.on {
            return text.to_owned();
        }
        let code = match paint {
            Paint::Heading => "1",
            Paint::Good => "32",
            Paint::Doubt => "33",
            Paint::Bad => "31",
            Paint::Dim => "2",
        };
        format!("\x1b[{code}m{text}\x1b[0m")
    }
}

/// How everything for a person looks: in which language, with colours or without.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Look {
    pub(crate) language: Language,
    pub(crate) labels: &'static Labels,
    pub(crate) colours: Colours,
}

impl Look {
    pub(crate) fn paint(self, paint: Paint, text: &str) -> String {
        self.colours.paint(paint, text)
    }
}

/// Breaks a text (which must be printable) at blanks into lines of at most [`WIDTH`] columns: the first begins with `first`, the others are
/// indented as far. A word that is too long for a line stays whole.
pub(crate) fn wrapped(first: &str, text: &str) -> String {
    let indent = first.chars().count();
    let mut out = first.to_owned();
    let mut column = indent;
    let mut fresh = true;
    for word in text.split(' ') {
        let width = word.chars().count();
        if !fresh && column + 1 + width > WIDTH {
            let _ = write!(out, "\n{:indent$}", "");
            (column, fresh) = (indent, true);
        }
        if !fresh {
            out.push(' ');
            column += 1;
        }
        out.push_str(word);
        column += width;
        fresh = false;
    }
    out
}
