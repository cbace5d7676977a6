//! The original message as it goes on inside PEC: with the provider's identifier (RFC 6109 §2.2.1).

#![warn(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use crate::ident::{MessageId, PecId};
use crate::mime::HeaderField;

use super::outer::OuterHeader;

/// RFC 5322 §2.1.1: a line without its end.
const LINE_MAX: usize = 998;
const MESSAGE_ID: &str = "Message-ID";
const REFERENCE: &str = "X-Riferimento-Message-ID";

/// Gives the original message its PEC identifier: the `Message-ID` of the sender's program is replaced by it and kept as
/// `X-Riferimento-Message-ID` (RFC 6109 §2.2.1). Every other byte stays.
///
/// These two fields are the provider's to write, and afterwards there is one `Message-ID` and at most one `X-Riferimento-Message-ID`:
///
/// * They stand, one below the other, where the first field of either name stood. Where there was none, the `Message-ID` is put at
///   the top of the header, behind the line of an mbox and behind lines that begin with a blank and would continue it; so it is read even where
///   lines follow that are no header.
/// * Further `Message-ID` fields are taken out; the first that is not empty counts.
/// * An `X-Riferimento-Message-ID` that was there (of a PEC message sent again, or forged) is taken out: the sender's program would take
///   it for an identifier of its own.
/// * An identifier that is no [`MessageId`], one with blanks say, is related byte for byte as it was written, and
///   [`Relabelled::message_id`] is `None`. An empty `Message-ID` counts as none, and then there is no `X-Riferimento-Message-ID`.
///
/// Written lines end as the first line of the message does: LF in a message of LF. Names of fields are found in any case, values folded or not.
///
/// ```
/// use postacert::compose::relabel;
///
/// let id = "opec1.20250525101010.1.1@pec.example".parse()?;
/// let original = relabel(b"Subject: x\r\nMessage-Id: <abc@client.example>\r\n\r\nciao\r\n", &id);
/// assert_eq!(
///     original.to_vec(),
///     b"Subject: x\r\nMessage-ID: <opec1.20250525101010.1.1@pec.example>\r\n\
///         X-Riferimento-Message-ID: <abc@client.example>\r\n\r\nciao\r\n"
/// );
/// assert_eq!(original.message_id().unwrap().as_str(), "abc@client.example");
/// # Ok::<(), postacert::IdentError>(())
/// ```
#[must_use]
pub fn relabel<'a>(original: &'a [u8], id: &PecId) -> Relabelled<'a> {
    let header = OuterHeader::of(original);
    let written = written_id(&header);
    let message_id = written.and_then(|field| message_id(&field));

    let line_end = header.line_end();
    let mut lines = id_field(MESSAGE_ID, id.as_str(), line_end).into_bytes();
    match (&message_id, written) {
        (Some(message_id), _) => lines.extend_from_slice(id_field(REFERENCE, message_id.as_str(), line_end).as_bytes()),
        (None, Some(field)) => {
            for piece in [REFERENCE.as_bytes(), b":", field.raw_value(), line_end.as_bytes()] {
                lines.extend_from_slice(piece);
            }
        }
        (None, None) => {}
    }
    Relabelled { head: header.with(&lines, |field| is_message_id(field) || field.is(REFERENCE)), rest: header.rest(), message_id }
}

/// An original message with its PEC identifier, in two pieces, so that the body need not be copied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Relabelled<'a> {
    head: Vec<u8>,
    rest: &'a [u8],
    message_id: Option<MessageId>,
}

impl<'a> Relabelled<'a> {
    pub(super) fn into_pieces(self) -> (Vec<u8>, &'a [u8]) {
        (self.head, self.rest)
    }
}

impl Relabelled<'_> {
    /// The identifier that the sender's program had given, which the envelope and all its receipts relate too (`msgid`).
    #[must_use]
    #[doc(alias = "msgid")]
    pub fn message_id(&self) -> Option<&MessageId> {
        self.message_id.as_ref()
    }

    /// The message in its pieces, to be joined: the header that was written; the blank line and the body as they were.
    #[must_use]
    pub fn pieces(&self) -> [&[u8]; 2] {
        [&self.head, self.rest]
    }

    /// The whole message.
    #[must_use]
    pub fn to_vec(&self) -> Vec<u8> {
        self.pieces().concat()
    }
}

/// The identifier that a message bears, which is related as `msgid`: as [`relabel`] finds it.
pub(super) fn message_id_of(header: &OuterHeader<'_>) -> Option<MessageId> {
    message_id(&written_id(header)?)
}

fn written_id<'a>(header: &OuterHeader<'a>) -> Option<HeaderField<'a>> {
    header.filled(MESSAGE_ID)
}

fn message_id(field: &HeaderField<'_>) -> Option<MessageId> {
    field.message_id()?.parse().ok()
}

fn is_message_id(field: &HeaderField<'_>) -> bool {
    field.is(MESSAGE_ID)
}

/// A field with one identifier. It is folded only where it must be: simple readers of these fields take a line at a time.
fn id_field(name: &str, id: &str, line_end: &str) -> String {
    let line = format!("{name}: <{id}>");
    if line.len() <= LINE_MAX { line + line_end } else { format!("{name}:{line_end} <{id}>{line_end}") }
}
