//! Where messages come from: files, folders, Maildir, mbox. Only one message is in memory at a time, and a piece of the file.

use std::borrow::Cow;
use std::ffi::OsStr;
use std::fmt;
use std::fs::{self, File};
use std::io::{self, Read, Seek as _, SeekFrom};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use anyhow::{Context as _, Result, bail};
use postacert::Limits;
use postacert::mbox::{FromLines, Mbox, MboxMessage, Splitter};

use crate::input::Input;
use crate::progress::Bar;

/// What an mbox file begins with.
const FROM: &[u8; 5] = b"From ";

/// Bytes of an mbox file that are read at once.
const PIECE: usize = 1 << 18;

/// The files to read, found in the paths given.
#[derive(Debug, Default)]
pub(crate) struct Mailbox {
    sources: Vec<Source>,
    troubles: Vec<anyhow::Error>,
}

/// A file that holds a message, or many.
#[derive(Debug)]
struct Source {
    path: Rc<Path>,
    bytes: u64,
    expected: Expected,
}

/// What a file is taken for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Expected {
    /// A message, or an mbox if it begins as one.
    Mail,
    /// An mbox if it begins as one, and else nothing of ours.
    MboxOnly,
}

/// Where a message lies.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    path: Rc<Path>,
    part: Option<Part>,
}

/// A message within an mbox file.
#[derive(Debug, Clone)]
struct Part {
    number: u64,
    /// With the separator before it.
    range: Range<u64>,
    quotes: Quotes,
}

/// How the lines `>From ` of a message in an mbox are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Quotes {
    AsWritten,
    Undone,
}

/// The path; in an mbox, with the number of the message: `inbox.mbox#17`.
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.path.to_string_lossy())?;
        self.part.as_ref().map_or(Ok(()), |part| write!(f, "#{}", part.number))
    }
}

impl Place {
    /// The bytes of the message, read again.
    pub(crate) fn read(&self) -> Result<Vec<u8>> {
        let bytes = match &self.part {
            None => fs::read(&self.path),
            Some(part) => part.read(&self.path),
        };
        bytes.with_context(|| self.to_string())
    }
}

impl Part {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        let mut file = File::open(path)?;
        file.seek(SeekFrom::Start(self.range.start))?;
        let mut bytes = Vec::new();
        file.take(self.range.end - self.range.start).read_to_end(&mut bytes)?;
        if bytes.ends_with(b"\n") {
            bytes.push(b'\n'); // the blank line that ends a message
        }
        let message = Mbox::new(&bytes).next().ok_or_else(|| io::Error::other("the file was changed meanwhile"))?;
        Ok(match self.quotes {
            Quotes::AsWritten => message.bytes().to_vec(),
            Quotes::Undone => message.without_mboxrd_quotes().into_owned(),
        })
    }
}

/// A message that was found.
pub(crate) struct Found<'a> {
    place: Place,
    bytes: &'a [u8],
    message: Option<MboxMessage<'a>>,
}

impl<'a> Found<'a> {
    pub(crate) fn place(&self) -> &Place {
        &self.place
    }

    pub(crate) fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// The message without the quotes of an mbox, and its place, if there are any: which of the two was sent, the signature tells.
    pub(crate) fn without_quotes(&self) -> Option<(Vec<u8>, Place)> {
        let Cow::Owned(bytes) = self.message.as_ref()?.without_mboxrd_quotes() else { return None };
        let mut place = self.place.clone();
        if let Some(part) = &mut place.part {
            part.quotes = Quotes::Undone;
        }
        Some((bytes, place))
    }
}

impl Mailbox {
    /// Looks for the files. A folder is looked through with the folders in it: files `*.eml`, mbox files of any name, and Maildir.
    pub(crate) fn find(paths: &[PathBuf]) -> Self {
        let mut mailbox = Self::default();
        for path in paths {
            if path == Path::new("-") {
                mailbox.add(path, 0, Expected::Mail);
                continue;
            }
            match fs::metadata(path) {
                Ok(metadata) if metadata.is_dir() => mailbox.walk(path),
                Ok(metadata) => mailbox.add(path, metadata.len(), Expected::Mail),
                Err(error) => mailbox.trouble(path, error),
            }
        }
        mailbox
    }

    fn add(&mut self, path: &Path, bytes: u64, expected: Expected) {
        self.sources.push(Source { path: path.into(), bytes, expected });
    }

    fn trouble(&mut self, path: &Path, error: io::Error) {
        self.troubles.push(anyhow::Error::new(error).context(path.display().to_string()));
    }

    /// Looks through a folder in the order of the names, and through those in it.
    fn walk(&mut self, folder: &Path) {
        let mut folders = vec![folder.to_owned()];
        while let Some(folder) = folders.pop() {
            let place = Folder::of(&folder);
            if place == Folder::MaildirTmp {
                continue; // what is still being delivered
            }
            match names(&folder) {
                Ok(mut paths) => {
                    paths.sort_unstable();
                    let first = folders.len();
                    for path in paths {
                        self.look_at(&path, place, &mut folders);
                    }
                    folders[first..].reverse();
                }
                Err(error) => self.trouble(&folder, error),
            }
        }
    }

    fn look_at(&mut self, path: &Path, place: Folder, folders: &mut Vec<PathBuf>) {
        let hidden = path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
        match fs::metadata(path) {
            // Links to folders may lead in circles. Of the hidden folders, Maildir has its own.
            Ok(metadata) if metadata.is_dir() => {
                if !path.is_symlink() && (!hidden || is_maildir(path)) {
                    folders.push(path.to_owned());
                }
            }
            Ok(metadata) if metadata.is_file() && !hidden => {
                let is_eml = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("eml"));
                let expected = if is_eml || place == Folder::MaildirMessages { Expected::Mail } else { Expected::MboxOnly };
                self.add(path, metadata.len(), expected);
            }
            Ok(_) => {}
            Err(error) => self.trouble(path, error),
        }
    }

    /// The bytes of all files together.
    pub(crate) fn bytes(&self) -> u64 {
        self.sources.iter().map(|source| source.bytes).sum()
    }

    /// Gives one message after the other, or why one could not be read.
    pub(crate) fn each(self, bar: &mut Bar, mut take: impl FnMut(Result<Found<'_>>, &mut Bar)) {
        for error in self.troubles {
            take(Err(error), bar);
        }
        for source in &self.sources {
            let done = bar.done();
            if let Err(error) = source.read(bar, &mut take) {
                take(Err(error.context(source.path.display().to_string())), bar);
            }
            bar.advance_to(done + source.bytes);
        }
    }
}

impl Source {
    fn read(&self, bar: &mut Bar, take: &mut impl FnMut(Result<Found<'_>>, &mut Bar)) -> Result<()> {
        if &*self.path == Path::new("-") {
            return self.read_from(io::stdin().lock(), bar, take);
        }
        self.read_from(File::open(&self.path)?, bar, take)
    }

    fn read_from(&self, mut file: impl Read, bar: &mut Bar, take: &mut impl FnMut(Result<Found<'_>>, &mut Bar)) -> Result<()> {
        let mut head = Vec::new();
        file.by_ref().take(FROM.len() as u64).read_to_end(&mut head)?;
        let is_mbox = head == FROM;
        let mut file = head.chain(file);
        if is_mbox {
            return self.read_mbox(file, bar, take);
        }
        if self.expected == Expected::Mail {
            let input = Input::read_from(&mut file)?;
            take(Ok(Found { place: Place { path: self.path.clone(), part: None }, bytes: input.bytes(), message: None }), bar);
        }
        Ok(())
    }

    fn read_mbox(&self, mut file: impl Read, bar: &mut Bar, take: &mut impl FnMut(Result<Found<'_>>, &mut Bar)) -> Result<()> {
        let mut splitter = Splitter::new(FromLines::default(), &Limits::default());
        let mut piece = vec![0; PIECE];
        let mut number = 0;
        loop {
            let count = match file.read(&mut piece) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                read => read?,
            };
            match &piece[..count] {
                [] => splitter.finish(),
                piece => splitter.push(piece),
            }
            while let Some(message) = splitter.next_message() {
                number += 1;
                match message {
                    Ok(message) => take(Ok(self.found(message, number)), bar),
                    Err(error) => take(Err(anyhow::Error::new(error).context(self.path.display().to_string())), bar),
                }
            }
            if count == 0 {
                break;
            }
            bar.advance_to(bar.done() + count as u64);
        }
        if number == 0 {
            bail!("it begins as an mbox does, and no message was found in it");
        }
        Ok(())
    }

    fn found<'a>(&self, message: MboxMessage<'a>, number: u64) -> Found<'a> {
        let range = message.range().start - message.from_line().len() as u64..message.range().end;
        let part = Part { number, range, quotes: Quotes::AsWritten };
        Found { place: Place { path: self.path.clone(), part: Some(part) }, bytes: message.bytes(), message: Some(message) }
    }
}

/// What a folder is to Maildir.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Folder {
    /// `cur` or `new`: every file is a message.
    MaildirMessages,
    MaildirTmp,
    Other,
}

impl Folder {
    fn of(folder: &Path) -> Self {
        let of_maildir = || folder.parent().is_some_and(is_maildir);
        match folder.file_name().and_then(OsStr::to_str) {
            Some("cur" | "new") if of_maildir() => Self::MaildirMessages,
            Some("tmp") if of_maildir() => Self::MaildirTmp,
            _ => Self::Other,
        }
    }
}

fn is_maildir(folder: &Path) -> bool {
    ["cur", "new", "tmp"].iter().all(|name| folder.join(name).is_dir())
}

fn names(folder: &Path) -> io::Result<Vec<PathBuf>> {
    fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path())).collect()
}
