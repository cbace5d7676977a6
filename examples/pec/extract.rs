//! `pec extract`: the parts of a message as files.
//!
//! Names come from strangers, so a name never decides where a file goes: it is made harmless, and no file is ever opened that is there already.

use std::collections::{HashMap, HashSet};
use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use postacert::{Attachment, Message};

use crate::Exit;
use crate::args::ExtractArgs;
use crate::input::Input;
use crate::terminal::{Look, is_unsafe, printable, wrapped};
use crate::text::size;

/// Names of what the provider adds. An attachment that its sender named so must not be mistaken for it.
const PROVIDERS_NAMES: [&str; 4] = ["daticert.xml", "certdata.xml", "postacert.eml", "smime.p7s"];

pub(crate) fn run(args: &ExtractArgs, look: Look) -> Result<Exit> {
    let input = Input::read(&args.file)?;
    let name = args.file.to_string_lossy();
    let message = Message::parse(input.bytes()).with_context(|| name.clone().into_owned())?;
    let mut folder = Folder::new(&args.out, look);
    let content = message.unverified_content();
    let original = content.as_ref().and_then(|content| content.original());

    let section = original.map(|original| original.section());
    folder.save(&message, "", |attachment| {
        let is_original = section == Some(&attachment.entity().section());
        if is_original { "postacert.eml".to_owned() } else { file_name(attachment) }
    })?;
    if let Some(Ok(original)) = original.map(|original| original.message()) {
        folder.save(&original, "postacert.eml, ", |attachment| {
            let name = file_name(attachment);
            let is_taken = PROVIDERS_NAMES.iter().any(|taken| taken.eq_ignore_ascii_case(&name));
            if is_taken { format!("original-{name}") } else { name }
        })?;
    }

    let mut out = io::stdout().lock();
    if folder.written == 0 {
        writeln!(out, "{}: {}", printable(&name), look.labels.nothing_to_extract)?;
    } else {
        writeln!(out, "{}", wrapped("", &format!("{}: pec verify {}", look.labels.extracted_unverified, printable(&name))))?;
    }
    Ok(Exit::Passed)
}

/// The folder that files are written to: never over another file, never elsewhere.
struct Folder {
    path: PathBuf,
    look: Look,
    made: bool,
    written: usize,
    /// How many files of each name there are, so that a thousand of one name take a thousand steps.
    names: HashMap<String, u32>,
}

impl Folder {
    fn new(path: &Path, look: Look) -> Self {
        Self { path: path.to_owned(), look, made: false, written: 0, names: HashMap::new() }
    }

    /// Saves the attachments of a message, and the signed messages in it that are no attachments (a mailing list may have wrapped one).
    fn save(&mut self, message: &Message<'_>, place: &str, name: impl Fn(&Attachment<'_, '_>) -> String) -> Result<()> {
        let mut saved = HashSet::new();
        for attachment in message.mail().attachments() {
            let section = attachment.entity().section();
            let origin = format!("{place}{} {section}", self.look.labels.part);
            self.write(&name(&attachment), attachment.decode().bytes(), &origin)?;
            saved.insert(section);
        }
        for carried in message.carried_messages().filter(|carried| !saved.contains(carried.section())) {
            let origin = format!("{place}{} {}", self.look.labels.part, carried.section());
            self.write(&format!("part-{}.eml", carried.section()), carried.bytes(), &origin)?;
        }
        Ok(())
    }

    /// Writes a new file under the name given or, if that is taken, under the next that is free.
    fn write(&mut self, name: &str, bytes: &[u8], origin: &str) -> Result<()> {
        if !self.made {
            fs::create_dir_all(&self.path).with_context(|| self.path.display().to_string())?;
            self.made = true;
        }
        let count = self.names.entry(name.to_lowercase()).or_default();
        let (path, mut file) = loop {
            *count += 1;
            let path = self.path.join(numbered(name, *count));
            // `create_new` neither opens what is there nor follows a link that is there.
            match OpenOptions::new().write(true).create_new(true).open(&path) {
                Ok(file) => break (path, file),
                Err(error) if error.kind() == ErrorKind::AlreadyExists && *count < u32::MAX => {}
                Err(error) => return Err(error).with_context(|| path.display().to_string()),
            }
        };
        file.write_all(bytes).with_context(|| path.display().to_string())?;
        self.written += 1;
        writeln!(io::stdout(), "{}  ({origin}, {})", printable(&path.to_string_lossy()), size(bytes.len(), self.look))?;
        Ok(())
    }
}

/// `a.txt`, `a-2.txt`, `a-3.txt`…
fn numbered(name: &str, count: u32) -> String {
    match (count, name.rsplit_once('.')) {
        (1, _) => name.to_owned(),
        (_, Some((stem, extension))) if !stem.is_empty() => format!("{stem}-{count}.{extension}"),
        _ => format!("{name}-{count}"),
    }
}

/// A harmless file name for an attachment: its own, or one made of its section number.
fn file_name(attachment: &Attachment<'_, '_>) -> String {
    let own = attachment.name().map(|name| harmless(&name)).filter(|name| !name.is_empty());
    own.unwrap_or_else(|| {
        let extension = match attachment.media_type().as_str() {
            "message/rfc822" => "eml",
            "application/pdf" => "pdf",
            "application/xml" | "text/xml" => "xml",
            "text/plain" => "txt",
            "text/html" => "html",
            _ => "bin",
        };
        let section = attachment.entity().section();
        if section.is_empty() { format!("message.{extension}") } else { format!("part-{section}.{extension}") }
    })
}

/// Bytes of a name at most. Most file systems take 255; a number must fit behind.
const NAME_BYTES: usize = 160;

/// A name without separators, leading dots, characters that some system or terminal takes for something else, or a device's name; empty
/// if nothing is left of it.
fn harmless(name: &str) -> String {
    let replaced: String = name.chars().map(|c| if is_unsafe(c) || r#"/\:*?"<>|"#.contains(c) { '_' } else { c }).collect();
    let trimmed =
        replaced.trim_start_matches(|c: char| c == '.' || c.is_whitespace()).trim_end_matches(|c: char| c == '.' || c.is_whitespace());
    let mut name = shortened(trimmed);
    // A name that begins with `-` would be an option to many a program.
    if is_device(&name) || name.starts_with('-') {
        name.insert(0, '_');
    }
    name
}

/// Cuts a long name in the middle, so that it keeps its extension.
fn shortened(name: &str) -> String {
    if name.len() <= NAME_BYTES {
        return name.to_owned();
    }
    let (stem, extension) = match name.rsplit_once('.') {
        Some((stem, extension)) if extension.len() <= 16 => (stem, format!(".{extension}")),
        _ => (name, String::new()),
    };
    let end = (0..=NAME_BYTES - extension.len()).rev().find(|&at| stem.is_char_boundary(at)).unwrap_or(0);
    format!("{}{extension}", stem[..end].trim_end())
}

/// Names that Windows takes for devices, whatever the extension.
fn is_device(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default().trim_end().to_ascii_uppercase();
    let numbered = |prefix: &str| {
        stem.strip_prefix(prefix)
            .is_some_and(|n| n.chars().count() == 1 && n.contains(['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', '¹', '²', '³']))
    };
    matches!(&*stem, "CON" | "PRN" | "AUX" | "NUL" | "CONIN$" | "CONOUT$") || numbered("COM") || numbered("LPT")
}
