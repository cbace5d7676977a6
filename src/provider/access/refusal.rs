//! Why a mail is not accepted, in the words of `errore-esteso`.

use crate::address::Address;
use crate::compose::{ComposeError, FormalRefusal, SizeLimits, formal_checks};
use crate::language::Language;
use crate::message::{Message, ParseError};

/// So many faults are told; whoever reads the notice mends them and tries again.
const TOLD: usize = 10;

/// Why a mail is not accepted: a status code of RFC 3463, and an Italian text.
pub(super) struct Refusal {
    pub(super) status: &'static str,
    pub(super) text: String,
}

impl Refusal {
    /// What the formal checks say of it; `None` if it passes.
    pub(super) fn of(mail: &[u8], mail_from: &Address, recipients: &[Address], sizes: SizeLimits) -> Option<Self> {
        let message = match Message::parse(mail) {
            Ok(message) => message,
            Err(error) => return Some(Self::from(&error)),
        };
        let refusals = formal_checks(&message, mail_from, recipients, sizes);
        let first = refusals.first()?;
        let mut sentences: Vec<String> =
            refusals.iter().take(TOLD).map(|refusal| refusal.in_language(Language::Italian).to_string()).collect();
        let more = refusals.len().saturating_sub(TOLD);
        if more > 0 {
            sentences.push(format!("e altri {more}"));
        }
        Some(Self { status: status(first), text: sentences.join("; ") })
    }
}

/// It is too large to be read.
impl From<&ParseError> for Refusal {
    fn from(error: &ParseError) -> Self {
        Self { status: TOO_LARGE, text: error.in_language(Language::Italian).to_string() }
    }
}

/// No message of PEC could carry it.
impl From<&ComposeError> for Refusal {
    fn from(error: &ComposeError) -> Self {
        Self { status: FORM, text: error.in_language(Language::Italian).to_string() }
    }
}

/// RFC 3463 §3.4: message too big for system.
const TOO_LARGE: &str = "5.3.4";
/// RFC 3463 §3.7: other or undefined media error.
const FORM: &str = "5.6.0";

fn status(refusal: &FormalRefusal) -> &'static str {
    match refusal {
        FormalRefusal::HeaderMalformed { .. }
        | FormalRefusal::HeaderBeyondLimits { .. }
        | FormalRefusal::HeaderNotAscii { .. }
        | FormalRefusal::HeaderControl { .. }
        | FormalRefusal::NulByte { .. }
        | FormalRefusal::BareCr { .. }
        | FormalRefusal::MixedLineEnds { .. }
        | FormalRefusal::LineTooLong { .. }
        | FormalRefusal::FieldTwice { .. } => FORM,
        // RFC 3463 §3.2: bad sender's mailbox address syntax.
        FormalRefusal::FromMissing
        | FormalRefusal::FromMalformed { .. }
        | FormalRefusal::FromSeveral { .. }
        | FormalRefusal::SenderMismatch { .. } => "5.1.7",
        // Bad destination mailbox address syntax.
        FormalRefusal::ToMissing
        | FormalRefusal::ToEmpty { .. }
        | FormalRefusal::ToMalformed { .. }
        | FormalRefusal::CcMalformed { .. }
        | FormalRefusal::NoRecipient => "5.1.3",
        // Other address status.
        FormalRefusal::RecipientNotListed { .. } | FormalRefusal::BccNotEmpty { .. } => "5.1.0",
        FormalRefusal::MessageTooLarge { .. } | FormalRefusal::TotalTooLarge { .. } => TOO_LARGE,
    }
}
