//! The one way an open set of named conditions is written down: variant, code, sentence, meaning, in one table.

/// Defines an enum whose variants each have a stable kebab-case code, a sentence in English and in Italian, and a meaning.
///
/// A row reads `/// meaning` `Variant { field: Type } = "code", "sentence with {field}", "frase con {field}";`. From it come the enum, `code()`,
/// `Display` (the English sentence), `in_language()` (either sentence, with its values said in the same language), and `TABLE`, from which
/// the documentation of the codes is made.
macro_rules! coded {
    (
        $(#[doc = $edoc:literal])*
        $vis:vis enum $name:ident {
            $(
                $(#[doc = $doc:literal])+
                $variant:ident $({ $($field:ident : $ty:ty),* $(,)? })? = $code:literal, $english:literal, $italian:literal;
            )*
        }
    ) => {
        $(#[doc = $edoc])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        #[non_exhaustive]
        #[allow(missing_docs, reason = "the fields are named in the sentence of their row")]
        $vis enum $name {
            $(
                $(#[doc = $doc])+
                #[doc = concat!("\n\nCode `", $code, "`: ", $english, ".")]
                $variant $({ $($field: $ty),* })?,
            )*
        }

        impl $name {
            /// Every row of this set: code, sentences (with the names of their values in braces) and meaning.
            pub const TABLE: &'static [$crate::finding::CodeRow] = &[
                $( $crate::finding::CodeRow { code: $code, text: $english, italian: $italian, meaning: concat!($($doc),+) }, )*
            ];

            /// The stable, kebab-case name of this condition: it is part of the public interface and of the command line's output.
            #[must_use]
            #[allow(unused_variables, reason = "a row's fields matter to its sentence, not to its code")]
            pub fn code(&self) -> &'static str {
                match self { $( Self::$variant $({ $($field),* })? => $code, )* }
            }
        }

        $crate::language::spoken!($name);

        impl $crate::language::Say for $name {
            #[allow(unused_variables, reason = "not every sentence names a value")]
            fn say(&self, language: $crate::language::Language, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                match self {
                    $(
                        Self::$variant $({ $($field),* })? => {
                            $( $( let $field = $crate::language::Said { value: $field, language }; )* )?
                            match language {
                                $crate::language::Language::English => ::core::write!(f, $english),
                                $crate::language::Language::Italian => ::core::write!(f, $italian),
                            }
                        }
                    )*
                }
            }
        }
    };
}
