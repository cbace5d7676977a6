//! The two languages in which everything is said to people: English, and the Italian of those who use PEC.
//!
//! What is said by [`Display`](fmt::Display) is English; the method `in_language` of findings, reports and errors says the same in either. A
//! sentence says the values inside it in its own language.

use core::fmt::{self, Write as _};
use core::str::FromStr;

/// A language for people. Codes and JSON are the same in both.
///
/// ```
/// use postacert::{FindingKind, Language};
///
/// let language: Language = "it".parse()?;
/// let finding = FindingKind::DigestMismatch;
/// assert_eq!(finding.to_string(), "the signed bytes were changed after signing: their digest is not the signed one");
/// assert_eq!(
///     finding.in_language(language).to_string(),
///     "i byte firmati sono stati modificati dopo la firma: la loro impronta non è quella firmata"
/// );
/// # Ok::<(), postacert::UnknownLanguage>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Language {
    /// English.
    #[default]
    English,
    /// Italian.
    Italian,
}

impl Language {
    /// Both.
    pub const ALL: [Self; 2] = [Self::English, Self::Italian];

    /// `en` or `it` (ISO 639-1).
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Italian => "it",
        }
    }

    /// One of two texts.
    pub(crate) fn pick<T>(self, english: T, italian: T) -> T {
        match self {
            Self::English => english,
            Self::Italian => italian,
        }
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Reads `en` or `it`, in any case.
impl FromStr for Language {
    type Err = UnknownLanguage;

    fn from_str(text: &str) -> Result<Self, UnknownLanguage> {
        Self::ALL.into_iter().find(|language| language.as_str().eq_ignore_ascii_case(text)).ok_or(UnknownLanguage)
    }
}

/// A text that names no language known here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnknownLanguage;

impl fmt::Display for UnknownLanguage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the languages are en and it")
    }
}

impl core::error::Error for UnknownLanguage {}

/// What can be said in each language.
pub(crate) trait Say {
    fn say(&self, language: Language, f: &mut fmt::Formatter<'_>) -> fmt::Result;
}

/// Something to be said in a language.
pub(crate) struct Said<'a, T: ?Sized> {
    pub(crate) value: &'a T,
    pub(crate) language: Language,
}

impl<T: Say + ?Sized> fmt::Display for Said<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.value.say(self.language, f)
    }
}

/// Gives types that can [`Say`] what they are the method `in_language`, and a `Display` in English.
macro_rules! spoken {
    ($($name:ident $(<$life:lifetime>)?),* $(,)?) => { $(
        impl $name $(<$life>)? {
            /// The text of [`Display`](core::fmt::Display), in a language.
            #[must_use]
            pub fn in_language(&self, language: $crate::language::Language) -> impl core::fmt::Display {
                $crate::language::Said { value: self, language }
            }
        }

        impl core::fmt::Display for $name $(<$life>)? {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                $crate::language::Say::say(self, $crate::language::Language::English, f)
            }
        }
    )* };
}
pub(crate) use spoken;

/// A text of the input, as it is: whoever wrote it, it stays on its line and in its place.
impl Say for Box<str> {
    fn say(&self, _: Language, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_tame(self, f)
    }
}

impl Say for Option<Box<str>> {
    fn say(&self, language: Language, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Some(text) => text.say(language, f),
            None => f.write_str(language.pick("none", "nessuno")),
        }
    }
}

/// A fixed word of ours: the name of a field or an element, which stays as it is, or one of [`WORDS`].
impl Say for &'static str {
    fn say(&self, language: Language, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let italian = || WORDS.iter().find(|(english, _)| english == self).map(|(_, italian)| *italian);
        f.write_str(match language {
            Language::English => self,
            Language::Italian => italian().unwrap_or(self),
        })
    }
}

/// The words that stand as values in sentences and are no names of the wire.
const WORDS: &[(&str, &str)] = &[
    // of certificates and revocation lists
    ("attribute of a name", "attributo di un nome"),
    ("certificate", "certificato"),
    ("directory name", "nome di directory"),
    ("distribution point", "punto di distribuzione"),
    ("end of validity", "fine della validità"),
    ("entry extension", "estensione di una voce"),
    ("entry extensions", "estensioni di una voce"),
    ("extension", "estensione"),
    ("extensions", "estensioni"),
    ("general name", "nome generale"),
    ("issuer", "emittente"),
    ("issuer's unique identifier", "identificatore unico dell'emittente"),
    ("name", "nome"),
    ("public key", "chiave pubblica"),
    ("relative name", "nome relativo"),
    ("revocation date", "data della revoca"),
    ("revocation list", "elenco delle revoche"),
    ("revoked certificate", "certificato revocato"),
    ("serial number", "numero di serie"),
    ("signature", "firma"),
    ("signature algorithm", "algoritmo di firma"),
    ("signed part", "parte firmata"),
    ("start of validity", "inizio della validità"),
    ("subject", "titolare"),
    ("subject's unique identifier", "identificatore unico del titolare"),
    ("type of an attribute", "tipo di un attributo"),
    ("validity", "validità"),
    ("value of an attribute", "valore di un attributo"),
    ("version", "versione"),
    // of algorithms
    ("a salt longer than any key", "un salt più lungo di qualsiasi chiave"),
    ("a trailer field other than 1", "un campo finale diverso da 1"),
    // of policies
    ("default", "predefinito"),
    ("default, adjusted", "predefinito, modificato"),
    ("strict", "severo"),
    ("strict, adjusted", "severo, modificato"),
    ("archive", "archivio"),
    ("archive, adjusted", "archivio, modificato"),
    // of authority
    ("sender (From)", "mittente (From)"),
];

/// What reads the same in every language: numbers, names, the words of the wire.
macro_rules! same_in_all_languages {
    ($($ty:ty),*) => { $(
        impl $crate::language::Say for $ty {
            fn say(&self, _: $crate::language::Language, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                core::fmt::Display::fmt(self, f)
            }
        }
    )* };
}
pub(crate) use same_in_all_languages;

same_in_all_languages!(u8, u64, usize, i64);

/// Writes a text of the input so that it can neither begin a new line, nor command a terminal, nor turn around what stands beside it: such
/// characters are replaced.
pub(crate) fn write_tame(text: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let mut pieces = text.split(is_wild);
    f.write_str(pieces.next().unwrap_or_default())?;
    for piece in pieces {
        f.write_char('\u{fffd}')?;
        f.write_str(piece)?;
    }
    Ok(())
}

/// Whether a character begins a new line, commands a terminal, or turns around what stands beside it.
pub(crate) fn is_wild(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}' | '\u{61c}')
}
