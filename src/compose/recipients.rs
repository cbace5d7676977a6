//! Which receipt a recipient gives: those of `To` the one asked for, those of `Cc` a concise one (RFC 6109 §3.3.2.1).

#![warn(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use std::collections::HashSet;

use crate::address::Address;
use crate::certdata::ReceiptKind;
use crate::message::Message;

/// The recipients of a message as its `To` and `Cc` fields have them, read once for all receipts.
///
/// A sender that asks for complete or brief receipts (`X-TipoRicevuta`) gets them from the primary recipients, those in `To`; recipients in
/// copy, those in `Cc`, give a concise one (RFC 6109 §3.3.2.1, §3.3.2.2). Where the fields leave a doubt the recipient counts as primary:
/// it stands in both or in neither, one of the fields stands twice, or holds something that is no address.
///
/// Addresses are compared whatever the case of their letters, since a delivery point may know its mailbox in another spelling.
///
/// ```
/// use postacert::{Message, ReceiptKind, compose::PrimaryRecipients};
///
/// let message = Message::parse(b"To: a@pec.example\r\nCc: Ufficio <b@pec.example>\r\n\r\n")?;
/// let recipients = PrimaryRecipients::of(&message);
/// assert_eq!(recipients.receipt_for(&"a@pec.example".parse()?, ReceiptKind::Brief), ReceiptKind::Brief);
/// assert_eq!(recipients.receipt_for(&"b@pec.example".parse()?, ReceiptKind::Brief), ReceiptKind::Concise);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct PrimaryRecipients {
    /// The recipients of `Cc` that are not in `To` too; in lower case.
    in_copy: HashSet<String>,
}

impl PrimaryRecipients {
    /// Reads `To` and `Cc` of a message: of the transport envelope or of the original inside, which have the same (RFC 6109 §3.1.5).
    #[must_use]
    pub fn of(message: &Message<'_>) -> Self {
        let claims = message.claims();
        let (to, cc) = (claims.to().unwrap_or_default(), claims.cc().unwrap_or_default());
        let twice = claims.count("To") > 1 || claims.count("Cc") > 1;
        if twice || to.malformed().is_some() || cc.malformed().is_some() {
            return Self { in_copy: HashSet::new() };
        }
        let mut in_copy: HashSet<String> = cc.mailboxes().iter().map(|mailbox| mailbox.address().to_ascii_lowercase()).collect();
        for primary in to.mailboxes() {
            in_copy.remove(&primary.address().to_ascii_lowercase());
        }
        Self { in_copy }
    }

    /// The kind of receipt that this recipient gives, where the sender `asked` for that kind.
    #[must_use]
    pub fn receipt_for(&self, recipient: &Address, asked: ReceiptKind) -> ReceiptKind {
        if self.in_copy.contains(&recipient.folded()) { ReceiptKind::Concise } else { asked }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests may panic")]
mod tests {
    use super::*;

    fn kinds(header: &str, asked: ReceiptKind) -> (ReceiptKind, ReceiptKind) {
        let raw = format!("{header}\r\n\r\n");
        let message = Message::parse(raw.as_bytes()).unwrap();
        let recipients = PrimaryRecipients::of(&message);
        let of = |address: &str| recipients.receipt_for(&address.parse().unwrap(), asked);
        (of("a@pec.example"), of("b@pec.example"))
    }

    #[test]
    fn to_gives_what_is_asked_and_cc_a_concise_one() {
        for asked in [ReceiptKind::Complete, ReceiptKind::Brief] {
            for header in [
                "To: a@pec.example\r\nCc: b@pec.example",
                "cc: Ufficio \"x, a@pec.example\"\r\n <B@PEC.example>, gruppo: c@d, e@f;\r\nTO: x@y, A@pec.example",
                "To: a@pec.example\r\nCc: copie: b@pec.example;",
                "Cc: b@pec.example",
                "To:\r\nCc: b@pec.example",
            ] {
                assert_eq!(kinds(header, asked), (asked, ReceiptKind::Concise), "{header}");
            }
        }
    }

    #[test]
    fn a_doubt_counts_as_to() {
        for header in [
            "Subject: none of both",
            "To: a@pec.example, b@pec.example\r\nCc: b@pec.example",
            "To: a@pec.example, B@PEC.EXAMPLE\r\nCc: b@pec.example",
            "To: a@pec.example\r\nCc: b@pec.example\r\nCc: c@pec.example",
            "To: a@pec.example\r\nTo: c@pec.example\r\nCc: b@pec.example",
            "To: a@pec.example, \"unclosed <x@y>\r\nCc: b@pec.example",
            "To: a@pec.example\r\nCc: b@pec.example, <x@",
            "To: a@pec.example\r\nCc: \"b@pec.example\" <c@pec.example>",
        ] {
            assert_eq!(kinds(header, ReceiptKind::Complete), (ReceiptKind::Complete, ReceiptKind::Complete), "{header}");
        }
    }

    #[test]
    fn concise_is_concise_for_all() {
        let both = (ReceiptKind::Concise, ReceiptKind::Concise);
        assert_eq!(kinds("To: a@pec.example\r\nCc: b@pec.example", ReceiptKind::Concise), both);
        assert_eq!(kinds("Subject: none", ReceiptKind::Concise), both);
    }
}
