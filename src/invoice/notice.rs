//! What the notices of SdI tell.

use core::fmt;

use crate::language::Language;

macro_rules! kinds {
    ($( $(#[$meta:meta])* $variant:ident = $wire:literal, $english:literal, $italian:literal; )*) => {
        /// What a notice of SdI (Sistema di Interscambio) tells of an invoice, by the two letters in its name.
        ///
        /// ```
        /// use postacert::{Language, invoice::NoticeKind};
        ///
        /// assert_eq!(NoticeKind::Rejected.as_wire(), "NS");
        /// assert_eq!(NoticeKind::Rejected.in_language(Language::Italian), "notifica di scarto");
        /// ```
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
        #[non_exhaustive]
        pub enum NoticeKind {
            $(
                $(#[$meta])*
                #[doc = concat!("\n\nIn names: `", $wire, "`.")]
                #[doc(alias($wire, $italian))]
                #[cfg_attr(feature = "serde", serde(rename = $wire))]
                $variant,
            )*
        }

        impl NoticeKind {
            /// Every kind.
            pub const ALL: [Self; 9] = [$(Self::$variant),*];

            /// The two letters in the name of the file.
            #[must_use]
            pub const fn as_wire(self) -> &'static str {
                match self { $(Self::$variant => $wire),* }
            }

            /// What such a notice is called, in a language.
            #[must_use]
            pub fn in_language(self, language: Language) -> &'static str {
                match self { $(Self::$variant => language.pick($english, $italian)),* }
            }
        }
    };
}

kinds! {
    /// To who transmitted it: the invoice was delivered to its recipient.
    Delivered = "RC", "delivery receipt of SdI", "ricevuta di consegna";
    /// To who transmitted it: the file did not pass the checks, and counts as never issued.
    Rejected = "NS", "rejection notice", "notifica di scarto";
    /// To who transmitted it: the invoice could not be delivered, for the moment or to this recipient at all.
    NotDelivered = "MC", "non-delivery notice of SdI", "notifica di mancata consegna";
    /// To who transmitted it: the recipient has accepted or refused the invoice.
    Outcome = "NE", "outcome notice", "notifica di esito cedente";
    /// To the recipient, beside the invoice: what SdI knows of the file.
    Metadata = "MT", "metadata of an invoice", "file dei metadati";
    /// From the recipient to SdI: the invoice is accepted or refused.
    RecipientOutcome = "EC", "recipient's outcome", "notifica di esito committente";
    /// To the recipient: its outcome cannot be taken.
    RecipientOutcomeRejected = "SE", "rejection of the recipient's outcome", "notifica di scarto esito committente";
    /// To both: the recipient has let the fifteen days pass in which it could accept or refuse.
    TermElapsed = "DT", "notice that the term has elapsed", "notifica di decorrenza termini";
    /// To who transmitted it: SdI attests that it had the invoice and could not deliver it.
    TransmissionAttested = "AT", "attestation of transmission, delivery being impossible",
        "attestazione di avvenuta trasmissione della fattura con impossibilità di recapito";
}

impl fmt::Display for NoticeKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_wire())
    }
}
