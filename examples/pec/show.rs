//! `pec show`: a message as a person reads it. Everything shown is a claim, and the first lines say so.

use std::io::{self, Write as _};

use anyhow::{Context as _, Result};
use postacert::mime::{AddressList, Entity};
use postacert::{Claims, Mail, Message};

use crate::Exit;
use crate::args::ShowArgs;
use crate::input::Input;
use crate::terminal::{Look, Paint, printable, wrapped};
use crate::text::{content_fields, field, limited, section, size};

/// Lines of a text that are shown.
const TEXT_LINES: usize = 15;
/// Characters of a line of text that are shown.
const TEXT_COLUMNS: usize = 76;
/// Characters of a file name that are shown.
const NAME: usize = 60;
/// Fields that are shown of a list of addresses.
const ADDRESSES: usize = 8;

pub(crate) fn run(args: &ShowArgs, look: Look) -> Result<Exit> {
    let input = Input::read(&args.file)?;
    let name = args.file.to_string_lossy();
    let message = Message::parse(input.bytes()).with_context(|| name.clone().into_owned())?;
    writeln!(io::stdout(), "{}", shown(&name, &message, look))?;
    Ok(Exit::Passed)
}

fn shown(name: &str, message: &Message<'_>, look: Look) -> String {
    let name = printable(name);
    let mut out = format!("{name}: {}\n", size(message.raw().len(), look));
    out += &look.paint(Paint::Doubt, &wrapped("", &format!("{}: pec verify {name}", look.labels.not_verified)));
    let content = message.unverified_content();
    if let Some(content) = &content {
        let mut fields = content_fields(content.kind(), content.data(), content.original(), look);
        fields.extend(content.data_error().map(|error| wrapped("  ! ", &printable(&error.in_language(look.language).to_string()))));
        out += &section(look.labels.signed_part_says, &fields, look);
    } else {
        out += &format!("\n\n{}", look.labels.ordinary_mail);
    }
    out += &section(look.labels.header_says, &header(&message.claims(), look), look);
    let parts = all_parts(message).into_iter().map(|entity| part(&entity, look));
    out += &section(look.labels.parts, &limited(parts, look), look);
    let original = content.as_ref().and_then(|content| content.original());
    let mut inside = messages_inside(message, "", original.map(|original| original.section()), look);
    match original.map(|original| original.message()) {
        Some(Ok(original)) => {
            out += &section(look.labels.carried_message, &header(&original.claims(), look), look);
            out += &mail(&original.mail(), look);
            inside.extend(messages_inside(&original, "postacert.eml, ", None, look));
        }
        Some(Err(error)) => {
            out +=
                &section(look.labels.carried_message, &[wrapped("  ! ", &printable(&error.in_language(look.language).to_string()))], look)
        }
        None if content.is_none() => out += &mail(&message.mail(), look),
        None => {}
    }
    out += &section(look.labels.messages_inside, &limited(inside, look), look);
    let findings = message.findings().iter().map(|finding| wrapped("  - ", &printable(&finding.in_language(look.language).to_string())));
    out += &section(look.labels.noticed, &limited(findings, look), look);
    out
}

/// The fields of a header that a person wants to see.
fn header(claims: &Claims<'_, '_>, look: Look) -> Vec<String> {
    let mut fields = Vec::new();
    for name in ["X-Ricevuta", "X-Trasporto", "X-TipoRicevuta", "X-VerificaSicurezza"] {
        fields.extend(claims.text(name).map(|value| field(name, &value)));
    }
    fields.extend(addresses(look.labels.from, claims.from(), look));
    fields.extend(addresses(look.labels.to, claims.to(), look));
    fields.extend(addresses(look.labels.cc, claims.cc(), look));
    fields.extend(claims.subject().map(|subject| field(look.labels.subject, &subject)));
    fields.extend(claims.text("Date").map(|date| field(look.labels.date, &date)));
    fields.extend(claims.text("Message-ID").map(|id| field(look.labels.message_id, &id)));
    fields
}

fn addresses(label: &str, list: Option<AddressList>, look: Look) -> Vec<String> {
    let list = list.unwrap_or_default();
    let mailboxes = list.mailboxes();
    let mut fields: Vec<String> = Vec::new();
    for (index, mailbox) in mailboxes.iter().take(ADDRESSES).enumerate() {
        let label = if index == 0 { label } else { "" };
        let address = mailbox.address();
        fields.push(field(label, &mailbox.name().map_or_else(|| address.to_owned(), |name| format!("\"{name}\" <{address}>"))));
    }
    if mailboxes.len() > ADDRESSES {
        fields.push(field("", &format!("… {} {}", mailboxes.len() - ADDRESSES, look.labels.and_more)));
    }
    fields
}

/// Every part, a multipart before what is in it.
fn all_parts<'m, 'a>(message: &'m Message<'a>) -> Vec<Entity<'m, 'a>> {
    let mut parts = Vec::new();
    let mut waiting = vec![message.root()];
    while let Some(entity) = waiting.pop() {
        parts.push(entity);
        let children: Vec<_> = entity.children().collect();
        waiting.extend(children.into_iter().rev());
    }
    parts
}

/// One line of the tree of parts: section, type, name, size.
fn part(entity: &Entity<'_, '_>, look: Look) -> String {
    let section = entity.section();
    let depth = if section.is_empty() { 0 } else { section.split('.').count() };
    let number = if section.is_empty() { look.labels.the_message_itself } else { &section };
    let name = entity.name().map(|name| format!(" \"{}\"", shortened(&name, NAME))).unwrap_or_default();
    let description =
        format!("{}/{}{name}, {}", entity.content_type().kind(), entity.content_type().subtype(), size(entity.raw().len(), look));
    wrapped(&format!("  {:indent$}{number} ", "", indent = depth.saturating_sub(1) * 2), &printable(&description))
}

/// The text and the attachments of a mail.
fn mail(mail: &Mail<'_, '_>, look: Look) -> String {
    let mut out = match (mail.text(), mail.html()) {
        (Some(text), _) => section(look.labels.text, &excerpt(&text, look), look),
        (None, Some(_)) => section(look.labels.text, &[format!("  ({})", look.labels.html_only)], look),
        (None, None) => String::new(),
    };
    let attachments = mail.attachments().map(|attachment| {
        let name = attachment.name().map_or_else(|| look.labels.unnamed.to_owned(), |name| format!("\"{}\"", shortened(&name, NAME)));
        let bytes = size(attachment.decode().bytes().len(), look);
        wrapped("  - ", &printable(&format!("{name}, {}, {bytes}", attachment.media_type())))
    });
    out += &section(look.labels.attachments, &limited(attachments, look), look);
    out
}

/// Messages in a message, but for the one that is shown anyway: a forwarded PEC message, or one that a mailing list wrapped.
fn messages_inside(message: &Message<'_>, place: &str, shown: Option<&str>, look: Look) -> Vec<String> {
    let inside = message.carried_messages().filter(|carried| Some(carried.section()) != shown);
    inside.map(|carried| format!("  - {place}{} {}, {}", look.labels.part, carried.section(), size(carried.bytes().len(), look))).collect()
}

/// The beginning of a text, without its blank lines.
fn excerpt(text: &str, look: Look) -> Vec<String> {
    let mut lines = text.lines().filter(|line| !line.trim().is_empty());
    let mut out: Vec<String> =
        lines.by_ref().take(TEXT_LINES).map(|line| format!("  | {}", printable(&shortened(line, TEXT_COLUMNS)))).collect();
    let more = lines.count();
    if more > 0 {
        out.push(format!("  … {more} {}", look.labels.more_lines));
    }
    out
}

/// The beginning of a line: at most so many characters.
fn shortened(line: &str, limit: usize) -> String {
    let mut characters = line.chars().map(|c| if c == '\t' { ' ' } else { c });
    let mut head: String = characters.by_ref().take(limit).collect();
    if characters.next().is_some() {
        head.pop();
        head.push('…');
    }
    head
}
