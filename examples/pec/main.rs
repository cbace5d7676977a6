//! `pec`: a command line around the library. It reads files, asks the library, and prints; everything it knows of PEC it was told.
//!
//! `verify.rs` is the main path: a file becomes a `Message`, a `Verifier` (built in `trust.rs`) makes a `Report` of it, and that is printed as
//! a text, a table row (`text.rs`) or a JSON object (`json.rs`). `dossier.rs` takes whole mailboxes (`mailbox.rs`), puts their receipts together
//! (`gather.rs`), and prints them as a table, as JSON, or as a page (`page.rs`).

mod args;
mod bundle;
mod compose;
mod directory;
mod dossier;
mod extract;
mod gather;
mod input;
mod json;
mod lang;
mod mailbox;
mod page;
mod progress;
mod samples;
mod show;
mod terminal;
mod text;
mod trust;
mod verify;

use std::io::{self, Write as _};
use std::process::ExitCode;

use clap::Parser as _;
use postacert::Language;

use args::{Cli, Command};
use terminal::{Colours, Look};

/// What the exit code says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Exit {
    /// 0: everything passed.
    Passed,
    /// 1: something did not.
    NotPassed,
    /// 2: wrong usage, or something could not be read or written.
    Trouble,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let look = Look { language: cli.lang.language(), labels: cli.lang.labels(), colours: Colours::of_stdout() };
    let result = match &cli.command {
        Command::Verify(args) => verify::run(args, look),
        Command::Show(args) => show::run(args, look),
        Command::Extract(args) => extract::run(args, look),
        Command::Directory(args) => directory::run(args, look),
        Command::Dossier(args) => dossier::run(args, look),
        Command::Bundle(command) => bundle::run(command, look),
        Command::Compose(args) => compose::run(args),
    };
    let exit = result.unwrap_or_else(|error| {
        if !is_closed_pipe(&error) {
            complain(&error, look.language);
        }
        Exit::Trouble
    });
    ExitCode::from(exit as u8)
}

/// Tells a person what went wrong.
fn complain(error: &anyhow::Error, language: Language) {
    let _ = writeln!(io::stderr(), "pec: {}", terminal::printable(&lang::causes(error, language)));
}

/// Whoever read our output has seen enough (`pec … | head`).
fn is_closed_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| cause.downcast_ref::<io::Error>().is_some_and(|e| e.kind() == io::ErrorKind::BrokenPipe))
}
