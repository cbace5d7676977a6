//! `pec verify`: files in, one report each out.

use std::io::{self, Write};
use std::path::PathBuf;

use anyhow::Result;
use postacert::mime::Tree;
use postacert::{Limits, Message, Outcome, Report, VerificationTime, Verifier};

use crate::args::VerifyArgs;
use crate::input::Input;
use crate::lang::Labels;
use crate::samples::{self, Sample};
use crate::terminal::{Colours, Progress, printable};
use crate::{Exit, complain, json, text, trust};

/// A file with the name it is called by.
struct Job {
    path: PathBuf,
    name: String,
}

/// What became of one file: a report, unless it was too large to be read as a message at all.
pub(crate) enum Judged<'a> {
    Report(Report<'a>),
    TooLarge(TooLarge),
}

/// Why a file was not read as a message.
pub(crate) struct TooLarge {
    pub(crate) code: &'static str,
    pub(crate) text: String,
}

impl<'a> Judged<'a> {
    fn of(bytes: &'a [u8], verifier: &Verifier, time: VerificationTime) -> Self {
        match Message::parse(bytes) {
            Ok(message) => Self::Report(verifier.verify(&message, time)),
            Err(error) => {
                let code = Tree::parse(bytes, &Limits::default()).err().map_or("message-too-long", |error| error.kind().code());
                Self::TooLarge(TooLarge { code, text: error.to_string() })
            }
        }
    }

    pub(crate) fn outcome(&self) -> Outcome {
        match self {
            Self::Report(report) => report.outcome(),
            Self::TooLarge(_) => Outcome::Failed,
        }
    }
}

pub(crate) fn run(args: &VerifyArgs, labels: &Labels) -> Result<Exit> {
    if args.files.is_empty() {
        args.check_samples().unwrap_or_else(|error| error.exit());
        return run_samples(args, labels);
    }
    let time = args.time.time(trust::now).unwrap_or_else(|error| error.exit());
    let verifier = trust::verifier(&args.trust, args.policy.policy())?;
    let jobs = args.files.iter().map(|path| Job { path: path.clone(), name: path.to_string_lossy().into_owned() }).collect::<Vec<_>>();
    let printer = match (args.json, jobs.len()) {
        (true, _) => Printer::Json,
        (false, 1) => Printer::Text,
        (false, _) => Printer::Table,
    };
    let tally = verify(&jobs, &verifier, time, printer, labels)?;
    if let Printer::Table = printer {
        writeln!(io::stdout(), "{}", tally.summary(labels))?;
    }
    Ok(tally.exit())
}

/// The bundled samples: all is well if each comes to what it must, the forged ones to nothing good.
fn run_samples(args: &VerifyArgs, labels: &Labels) -> Result<Exit> {
    let samples = samples::load()?;
    let jobs = samples.files.iter().map(|sample| Job { path: sample.path.clone(), name: sample.name.clone() }).collect::<Vec<_>>();
    let printer = if args.json { Printer::Json } else { Printer::Table };
    if let Printer::Table = printer {
        let at = samples.time.instant().map(|at| at.to_string()).unwrap_or_default();
        writeln!(io::stdout(), "{} {at}\n", labels.samples_intro)?;
    }
    let tally = verify(&jobs, &samples.verifier, samples.time, printer, labels)?;
    let wrong: Vec<&Sample> = samples.files.iter().zip(&tally.outcomes).filter(|(s, o)| o.map(Outcome::as_str) != Some(&*s.outcome)).map(|(s, _)| s).collect();
    if let Printer::Table = printer {
        let mut out = io::stdout().lock();
        let verdict = if wrong.is_empty() { labels.as_expected } else { labels.not_as_expected };
        writeln!(out, "{}; {verdict}", tally.summary(labels))?;
        for sample in &wrong {
            writeln!(out, "  {} ({})", sample.name, sample.outcome)?;
        }
    }
    Ok(if wrong.is_empty() { Exit::Passed } else { tally.exit().max(Exit::NotPassed) })
}

/// What came of the files: `None` where one could not be read.
#[derive(Debug, Default)]
struct Tally {
    outcomes: Vec<Option<Outcome>>,
}

impl Tally {
    fn exit(&self) -> Exit {
        let each = self.outcomes.iter().map(|outcome| match outcome {
            Some(Outcome::Passed) => Exit::Passed,
            Some(Outcome::Indeterminate | Outcome::Failed) => Exit::NotPassed,
            None => Exit::Trouble,
        });
        each.max().unwrap_or(Exit::Passed)
    }

    fn summary(&self, labels: &Labels) -> String {
        let not_passed = self.outcomes.iter().filter(|outcome| **outcome != Some(Outcome::Passed)).count();
        format!("\n{} {}: {not_passed} {}", self.outcomes.len(), labels.messages, labels.did_not_pass)
    }
}

/// Verifies the files one after the other; only one is in memory at a time.
fn verify(jobs: &[Job], verifier: &Verifier, time: VerificationTime, printer: Printer, labels: &Labels) -> Result<Tally> {
    let colours = Colours::of_stdout();
    let mut out = io::stdout().lock();
    let mut progress = Progress::new(jobs.len());
    let mut tally = Tally::default();
    if let Printer::Table = printer {
        writeln!(out, "{}", text::table_head(labels, colours))?;
    }
    for job in jobs {
        progress.show();
        let input = Input::read(&job.path);
        let outcome = match &input {
            Ok(input) => {
                let judged = Judged::of(input.bytes(), verifier, time);
                let printed = printer.print(&job.name, input, &judged, time, labels, colours);
                progress.clear();
                writeln!(out, "{printed}")?;
                Some(judged.outcome())
            }
            Err(error) => {
                progress.clear();
                complain(error);
                None
            }
        };
        tally.outcomes.push(outcome);
    }
    progress.clear();
    Ok(tally)
}

/// In which form a file's report is printed.
#[derive(Debug, Clone, Copy)]
enum Printer {
    /// One JSON object a line.
    Json,
    /// Everything there is to say of one file.
    Text,
    /// A few lines for each of several files.
    Table,
}

impl Printer {
    fn print(self, name: &str, input: &Input, judged: &Judged<'_>, time: VerificationTime, labels: &Labels, colours: Colours) -> String {
        match self {
            Self::Json => json::line(&json::verification(name, input, judged)),
            Self::Text => text::report(&printable(name), judged, time, labels, colours),
            Self::Table => text::row(&printable(name), judged, labels, colours),
        }
    }
}
