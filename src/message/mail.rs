//! A message as an ordinary mail reader shows it.

use std::borrow::Cow;

use super::{Claims, Message};
use crate::mime::{Decoded, Entity};

/// A message as an ordinary mail reader shows it: header, texts, attachments. Nothing here is certified.
///
/// ```
/// use postacert::Message;
///
/// let raw = b"Subject: x\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nhello\r\n--b\r\n\
///     Content-Disposition: attachment; filename=\"a.txt\"\r\nContent-Transfer-Encoding: base64\r\n\r\naGk=\r\n--b--\r\n";
/// let message = Message::parse(raw)?;
/// let mail = message.mail();
/// assert_eq!(mail.text().as_deref(), Some("hello"));
/// let attachment = mail.attachments().next().unwrap();
/// assert_eq!((attachment.name().as_deref(), attachment.decode().bytes()), (Some("a.txt"), &b"hi"[..]));
/// # Ok::<(), postacert::ParseError>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Mail<'m, 'a> {
    message: &'m Message<'a>,
}

impl<'m, 'a> Mail<'m, 'a> {
    pub(super) fn of(message: &'m Message<'a>) -> Self {
        Self { message }
    }

    /// What the header says.
    #[must_use]
    pub fn header(&self) -> Claims<'m, 'a> {
        self.message.claims()
    }

    /// The first text/plain part that is not an attachment, decoded.
    #[must_use]
    pub fn text(&self) -> Option<String> {
        self.shown("plain")
    }

    /// The first text/html part that is not an attachment, decoded. It may hold anything: escape or sanitise before it is shown.
    #[must_use]
    pub fn html(&self) -> Option<String> {
        self.shown("html")
    }

    /// The attachments in order: leaf parts with a name, or disposed as attachments, or of a type that is no text.
    pub fn attachments(&self) -> impl Iterator<Item = Attachment<'m, 'a>> + use<'m, 'a> {
        self.message.tree().entities().filter(|e| is_leaf(e) && is_attachment(e)).map(|entity| Attachment { entity })
    }

    fn shown(&self, subtype: &str) -> Option<String> {
        self.message.tree().entities().find(|e| is_leaf(e) && e.is("text", subtype) && !is_attachment(e)).map(|e| e.decode_text())
    }
}

fn is_leaf(entity: &Entity<'_, '_>) -> bool {
    !entity.is_opened() && !entity.content_type().is_kind("multipart")
}

fn is_attachment(entity: &Entity<'_, '_>) -> bool {
    let text = entity.is("text", "plain") || entity.is("text", "html");
    !text || entity.name().is_some() || entity.disposition().is_some_and(|d| d.is("attachment"))
}

/// A part of a mail that a reader would save rather than show.
#[derive(Debug, Clone, Copy)]
pub struct Attachment<'m, 'a> {
    entity: Entity<'m, 'a>,
}

impl<'m, 'a> Attachment<'m, 'a> {
    /// Its file name as the sender wrote it, decoded. It may hold anything, paths too: never use it as a path.
    #[must_use]
    pub fn name(&self) -> Option<Cow<'a, str>> {
        self.entity.name()
    }

    /// Its media type, lower case, such as `application/pdf`.
    #[must_use]
    pub fn media_type(&self) -> String {
        self.entity.content_type().to_string()
    }

    /// The size of its body as it was sent, encoded, in bytes.
    #[must_use]
    pub fn encoded_len(&self) -> usize {
        self.entity.body().len()
    }

    /// Its bytes, transfer-decoded on each call.
    #[must_use]
    pub fn decode(&self) -> Decoded<'a> {
        self.entity.decode()
    }

    /// The MIME entity.
    #[must_use]
    pub fn entity(&self) -> Entity<'m, 'a> {
        self.entity
    }
}
