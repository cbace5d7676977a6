//! `pec show`: a message as a person reads it. Everything shown is a claim, and the first lines say so.

use std::io::{self, Write as _};

use anyhow::{Context as _, Result};
use postacert::mime::{AddressList, Entity};
use postacert::{Claims, Mail, Message};

use crate::args::ShowArgs;
use crate::input::Input;
use crate::lang::Labels;
use crate::terminal::{Colours, Paint, printable, wrapped};
use crate::text::{content_fields, field, section, size};
use crate::Exit;

/// Lines of a text that are shown.
const TEXT_LINES: usize = 15;
/// Characters of a line of text that are shown.
const TEXT_COLUMNS: usize = 76;
/// Fields that are shown of a list of addresses.
const ADDRESSES: usize = 8;
/// Parts, attachments and findings that are shown.
const ITEMS: usize = 50;

pub(crate) fn run(args: &ShowArgs, labels: &Labels) -> Result<Exit> {
    let input = Input::read(&args.file)?;
    let name = args.file.to_string_lossy();
    let message = Message::parse(input.bytes()).with_context(|| name.clone().into_owned())?;
    writeln!(io::stdout(), "{}", shown(&name, &message, labels, Colours::of_stdout()))?;
    Ok(Exit::Passed)
}

fn shown(name: &str, message: &Message<'_>, labels: &Labels, colours: Colours) -> String {
    let name = printable(name);
    let mut out = format!("{name}: {}\n", size(message.raw().len(), labels));
    out += &colours.paint(Paint::Doubt, &wrapped("", &format!("{}: pec verify {name}", labels.not_verified)));
    let content = message.unverified_content();
    if let Some(content) = &content {
        let mut fields = content_fields(content.kind(), content.data(), content.original(), labels);
        fields.extend(content.data_error().map(|error| wrapped("  ! ", &printable(&error.to_string()))));
        out += &section(labels.signed_part_says, &fields, colours);
    } else {
        out += &format!("\n\n{}", labels.ordinary_mail);
    }
    out += &section(labels.header_says, &header(&message.claims(), labels), colours);
    let parts = all_parts(message).into_iter().map(|entity| part(&entity, labels));
    out += &section(labels.parts, &limited(parts, labels), colours);
    match content.as_ref().and_then(|content| content.original()).map(|original| original.message()) {
        Some(Ok(original)) => {
            out += &section(labels.carried_message, &header(&original.claims(), labels), colours);
            out += &mail(&original.mail(), labels, colours);
        }
        Some(Err(error)) => out += &section(labels.carried_message, &[wrapped("  ! ", &printable(&error.to_string()))], colours),
        None if content.is_none() => out += &mail(&message.mail(), labels, colours),
        None => {}
    }
    let findings = message.findings().iter().map(|finding| wrapped("  - ", &printable(&finding.to_string())));
    out += &section(labels.noticed, &limited(findings, labels), colours);
    out
}

/// The fields of a header that a person wants to see.
fn header(claims: &Claims<'_, '_>, labels: &Labels) -> Vec<String> {
    let mut fields = Vec::new();
    for name in ["X-Ricevuta", "X-Trasporto", "X-TipoRicevuta", "X-VerificaSicurezza"] {
        fields.extend(claims.text(name).map(|value| field(name, &value)));
    }
    fields.extend(addresses(labels.from, claims.from(), labels));
    fields.extend(addresses(labels.to, claims.to(), labels));
    fields.extend(addresses(labels.cc, claims.cc(), labels));
    fields.extend(claims.subject().map(|subject| field(labels.subject, &subject)));
    fields.extend(claims.text("Date").map(|date| field(labels.date, &date)));
    fields.extend(claims.text("Message-ID").map(|id| field(labels.message_id, &id)));
    fields
}

fn addresses(label: &str, list: Option<AddressList>, labels: &Labels) -> Vec<String> {
    let list = list.unwrap_or_default();
    let mailboxes = list.mailboxes();
    let mut fields: Vec<String> = Vec::new();
    for (index, mailbox) in mailboxes.iter().take(ADDRESSES).enumerate() {
        let label = if index == 0 { label } else { "" };
        let address = mailbox.address();
        fields.push(field(label, &mailbox.name().map_or_else(|| address.to_owned(), |name| format!("\"{name}\" <{address}>"))));
    }
    if mailboxes.len() > ADDRESSES {
        fields.push(field("", &format!("… {} {}", mailboxes.len() - ADDRESSES, labels.and_more)));
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
fn part(entity: &Entity<'_, '_>, labels: &Labels) -> String {
    let section = entity.section();
    let depth = if section.is_empty() { 0 } else { section.split('.').count() };
    let number = if section.is_empty() { labels.the_message_itself } else { &section };
    let name = entity.name().map(|name| format!(" \"{name}\"")).unwrap_or_default();
    let description = format!("{}/{}{name}, {}", entity.content_type().kind(), entity.content_type().subtype(), size(entity.raw().len(), labels));
    wrapped(&format!("  {:indent$}{number} ", "", indent = depth.saturating_sub(1) * 2), &printable(&description))
}

/// The text and the attachments of a mail.
fn mail(mail: &Mail<'_, '_>, labels: &Labels, colours: Colours) -> String {
    let mut out = match (mail.text(), mail.html()) {
        (Some(text), _) => section(labels.text, &excerpt(&text, labels), colours),
        (None, Some(_)) => section(labels.text, &[format!("  ({})", labels.html_only)], colours),
        (None, None) => String::new(),
    };
    let attachments = mail.attachments().map(|attachment| {
        let name = attachment.name().map_or_else(|| labels.unnamed.to_owned(), |name| format!("\"{name}\""));
        let bytes = size(attachment.decode().bytes().len(), labels);
        wrapped("  - ", &printable(&format!("{name}, {}, {bytes}", attachment.media_type())))
    });
    out += &section(labels.attachments, &limited(attachments, labels), colours);
    out
}

/// The beginning of a text.
fn excerpt(text: &str, labels: &Labels) -> Vec<String> {
    let mut lines = text.trim_end().lines();
    let mut out: Vec<String> = lines.by_ref().take(TEXT_LINES).map(|line| format!("  | {}", shortened(line))).collect();
    let more = lines.count();
    if more > 0 {
        out.push(format!("  … {more} {}", labels.more_lines));
    }
    out
}

fn shortened(line: &str) -> String {
    let mut characters = line.chars().map(|c| if c == '\t' { ' ' } else { c });
    let mut head: String = characters.by_ref().take(TEXT_COLUMNS).collect();
    if characters.next().is_some() {
        head.pop();
        head.push('…');
    }
    printable(&head).into_owned()
}

fn limited(mut items: impl Iterator<Item = String>, labels: &Labels) -> Vec<String> {
    let mut shown: Vec<String> = items.by_ref().take(ITEMS).collect();
    let more = items.count();
    if more > 0 {
        shown.push(format!("  … {more} {}", labels.and_more));
    }
    shown
}
