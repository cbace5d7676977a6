//! `pec verify`: files in, one report each out.

use std::io::{self, Write};
use std::path::PathBuf;

use anyhow::Result;
use postacert::{Message, Outcome, ParseError, Report, VerificationTime, Verifier};

use crate::args::VerifyArgs;
use crate::input::Input;
use crate::progress::Bar;
use crate::samples;
use crate::terminal::{Look, printable};
use crate::{Exit, complain, json, text, trust};

pub(crate) fn run(args: &VerifyArgs, look: Look) -> Result<Exit> {
    if args.files.is_empty() {
        args.check_samples().unwrap_or_else(|error| error.exit());
        return run_samples(args, look);
    }
    let time = args.time.time(&["verify"], trust::now).unwrap_or_else(|error| error.exit());
    let verifier = trust::verifier(&args.trust, args.policy.policy())?;
    let jobs = args.files.iter().map(|path| Job { path: path.clone(), name: path.to_string_lossy().into_owned() }).collect::<Vec<_>>();
    let form = match (args.json, jobs.len()) {
        (true, _) => Form::Json,
        (false, 1) => Form::Text,
        (false, _) => Form::Table,
    };
    let tally = Run { verifier: &verifier, time, form, look }.verify(&jobs)?;
    if form == Form::Table {
        writeln!(io::stdout(), "\n{}", tally.summary(look))?;
    }
    Ok(tally.exit())
}

/// The bundled samples, which all pass; some with something noticed.
fn run_samples(args: &VerifyArgs, look: Look) -> Result<Exit> {
    let samples = samples::load()?;
    let form = if args.json { Form::Json } else { Form::Table };
    if form == Form::Table {
        let at = samples.time.instant().map(|at| at.to_string()).unwrap_or_default();
        writeln!(io::stdout(), "{} {at}\n", look.labels.samples_intro)?;
    }
    let tally = Run { verifier: &samples.verifier, time: samples.time, form, look }.verify(&samples.jobs)?;
    if form == Form::Table {
        writeln!(io::stdout(), "\n{}\n{}", tally.summary(look), look.labels.samples_more)?;
    }
    Ok(tally.exit())
}

/// A file, and the name it is called by.
#[derive(Debug)]
pub(crate) struct Job {
    pub(crate) path: PathBuf,
    pub(crate) name: String,
}

/// What became of one file: a report, unless it was too large to be read as a message at all.
pub(crate) enum Judged<'a> {
    Report(Box<Report<'a>>),
    TooLarge(ParseError),
}

impl<'a> Judged<'a> {
    fn of(bytes: &'a [u8], verifier: &Verifier, time: VerificationTime) -> Self {
        match Message::parse(bytes) {
            Ok(message) => Self::Report(Box::new(verifier.verify(&message, time))),
            Err(error) => Self::TooLarge(error),
        }
    }

    pub(crate) fn outcome(&self) -> Outcome {
        match self {
            Self::Report(report) => report.outcome(),
            Self::TooLarge(_) => Outcome::Failed,
        }
    }
}

/// In which form reports are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// One JSON object a line.
    Json,
    /// Everything there is to say of one file.
    Text,
    /// A few lines for each of several files.
    Table,
}

/// What is the same for all files.
struct Run<'v> {
    verifier: &'v Verifier,
    time: VerificationTime,
    form: Form,
    look: Look,
}

impl Run<'_> {
    /// Verifies the files one after the other; only one is in memory at a time. One that cannot be read does not keep the others from being.
    fn verify(&self, jobs: &[Job]) -> Result<Tally> {
        let mut out = io::stdout().lock();
        let mut bar = Bar::new(jobs.len() as u64);
        let mut tally = Tally::default();
        if self.form == Form::Table {
            writeln!(out, "{}", text::table_head(self.look))?;
        }
        for job in jobs {
            bar.count();
            let outcome = match Input::read(&job.path) {
                Ok(input) => {
                    let judged = Judged::of(input.bytes(), self.verifier, self.time);
                    let printed = self.printed(&job.name, &input, &judged);
                    bar.clear();
                    writeln!(out, "{printed}")?;
                    Some(judged.outcome())
                }
                Err(error) => {
                    bar.clear();
                    complain(&error, self.look.language);
                    None
                }
            };
            tally.outcomes.push(outcome);
            bar.advance_to(bar.done() + 1);
        }
        bar.clear();
        Ok(tally)
    }

    fn printed(&self, name: &str, input: &Input, judged: &Judged<'_>) -> String {
        match self.form {
            Form::Json => json::line(&json::verification(name, input, judged)),
            Form::Text => text::report(&printable(name), judged, &self.judged_at(), self.look),
            Form::Table => text::row(&printable(name), judged, self.look),
        }
    }

    /// The time that counts, why it is believed, and the policy.
    fn judged_at(&self) -> String {
        let at = self.time.instant().map_or_else(|| self.look.labels.its_own_time.to_owned(), |at| at.to_string());
        format!("{at} ({}), {} {}", self.time.basis(), self.look.labels.policy, self.verifier.policy().name())
    }
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

    fn summary(&self, look: Look) -> String {
        let passed = self.outcomes.iter().filter(|outcome| **outcome == Some(Outcome::Passed)).count();
        format!("{}: {passed} {} {}", look.labels.passed, look.labels.of, self.outcomes.len())
    }
}
